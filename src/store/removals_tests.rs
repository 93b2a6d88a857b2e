//! Tests of what goes and what stays, and of removals that a crash left half done.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::fixture::copy;
use super::removals::{RemoveError, Remover, removals};
use super::retention::{Asked, Beyond, Limits, beyond};
use super::runs::Runs;
use super::{audit, header};
use crate::journal::{RemovalStage, Trust};
use crate::kernel::Stamp;

const NONE: Limits = Limits { count: Some(0), age: None, bytes: None };

fn now() -> Stamp {
    Stamp { utc: chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap(), mono: 0 }
}

/// Puts samples into a folder of runs, under their own names.
fn put(root: &Path, samples: &[&str]) -> Vec<PathBuf> {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings");
    let one = |sample: &&str| {
        let (opened, _) = header(&from.join(sample).join("incident.jsonl")).unwrap();
        let to = root.join(opened.run.as_str());
        copy(&from.join(sample), &to);
        to
    };
    samples.iter().map(one).collect()
}

fn over(runs: &Runs, asked: Asked) -> Vec<Beyond> {
    beyond(runs, &NONE, asked, &Trust::default(), now().utc).0
}

/// Says of the only run why it stays; nothing if it goes.
fn stays(runs: &Runs, asked: Asked) -> Option<String> {
    let mut all = over(runs, asked);
    assert_eq!(all.len(), 1);
    all.remove(0).goes.err()
}

#[test]
fn what_is_not_sealed_anchored_worked_or_tampered_with_stays() {
    let root = tempfile::tempdir().unwrap();
    let runs = Runs::at(root.path());
    let folder = put(root.path(), &["az-failure"]).remove(0);
    let (log, unasked) = (folder.join("incident.jsonl"), Asked::default());
    let whole = fs::read_to_string(&log).unwrap();
    assert_eq!(stays(&runs, unasked), None);

    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    fs::write(&log, lines[..lines.len() - 1].concat()).unwrap();
    assert!(stays(&runs, unasked).unwrap().contains("not sealed"));
    assert_eq!(stays(&runs, Asked { unsealed: true, ..unasked }), None);
    fs::write(&log, &whole).unwrap();

    let anchor = super::stands(&runs.place(folder.clone()), folder.file_name().unwrap().to_str().unwrap()).unwrap();
    super::state(&folder, anchor.unwrap()).unwrap();
    assert!(stays(&runs, unasked).unwrap().contains("anchored"));
    assert_eq!(stays(&runs, Asked { anchored: true, ..unasked }), None);
    fs::remove_dir_all(folder.join("anchors")).unwrap();

    let all = Asked { unsealed: true, anchored: true };
    let held = File::open(&log).unwrap();
    held.lock().unwrap();
    assert!(stays(&runs, all).unwrap().contains("an engine works it"));
    drop(held);
    fs::create_dir_all(folder.join("attempts")).unwrap();
    let journal = File::create(folder.join("attempts/1.jsonl")).unwrap();
    journal.lock().unwrap();
    assert!(stays(&runs, all).unwrap().contains("still runs"));
    drop(journal);
    assert_eq!(stays(&runs, all), None);

    fs::write(&log, whole.replacen("az-failure", "az-falsify", 1)).unwrap();
    assert!(stays(&runs, all).unwrap().contains("TAMPERED"));
    fs::write(&log, &whole).unwrap();
    fs::rename(&folder, root.path().join("another-name")).unwrap();
    assert!(stays(&runs, all).unwrap().contains("the log of another run"));
    let elsewhere = tempfile::tempdir().unwrap();
    copy(&root.path().join("another-name"), &elsewhere.path().join("run"));
    fs::remove_dir_all(root.path().join("another-name")).unwrap();
    std::os::unix::fs::symlink(elsewhere.path().join("run"), &folder).unwrap();
    assert!(stays(&runs, all).unwrap().contains("a link"));
}

#[test]
fn a_run_that_is_taken_up_again_between_looking_and_removing_stays() {
    let root = tempfile::tempdir().unwrap();
    let (runs, trust) = (Runs::at(root.path()), Trust::default());
    let folder = put(root.path(), &["az-failure"]).remove(0);
    let all = over(&runs, Asked::default());
    let held = File::open(folder.join("incident.jsonl")).unwrap();
    held.lock().unwrap();
    let begun = Remover::open(&runs, &trust).unwrap().begin(all, "alice", None, now()).unwrap();
    assert_eq!((begun.going.len(), begun.stay.len()), (0, 1));
    assert!(begun.stay[0].1.contains("being written"), "{:?}", begun.stay);
    assert_eq!(fs::metadata(root.path().join("removed.jsonl")).unwrap().len(), 0, "nothing was recorded");
}

#[test]
fn a_removal_is_recorded_before_it_begins_and_a_crash_anywhere_in_it_is_finished_or_told() {
    let root = tempfile::tempdir().unwrap();
    let (runs, trust) = (Runs::at(root.path()), Trust::default());
    let folders = put(root.path(), &["az-failure", "instance-failure", "restore-drill", "region-failure"]);
    // The process ends after it recorded that all of them go.
    let going =
        Remover::open(&runs, &trust).unwrap().begin(over(&runs, Asked::default()), "alice", None, now()).unwrap();
    assert_eq!(going.going.len(), 4);
    drop(going);
    assert!(folders.iter().all(|folder| folder.is_dir()));
    let found = audit(&runs, &trust).unwrap();
    assert_eq!(found.doubts.iter().filter(|doubt| doubt.contains("not carried out, or put back")).count(), 4);
    // Or after it moved one aside, after it emptied half of another, and after a third was gone.
    let aside = root.path().join(".removing");
    fs::create_dir(&aside).unwrap();
    for folder in &folders[..3] {
        fs::rename(folder, aside.join(folder.file_name().unwrap())).unwrap();
    }
    fs::remove_file(aside.join(folders[1].file_name().unwrap()).join("incident.jsonl")).unwrap();
    fs::remove_dir_all(aside.join(folders[2].file_name().unwrap())).unwrap();
    let told = audit(&runs, &trust).unwrap();
    assert_eq!(told.doubts.iter().filter(|doubt| doubt.contains("was not finished")).count(), 3, "{:?}", told.doubts);
    let mut remover = Remover::open(&runs, &trust).unwrap();
    assert_eq!(remover.finish(now()).unwrap().len(), 3);
    assert_eq!(remover.finish(now()).unwrap().len(), 0);
    assert_eq!(fs::read_dir(&aside).unwrap().count(), 0);
    assert!(folders[3].is_dir(), "what still stands in its place is judged anew");
    let again = remover.begin(over(&runs, Asked::default()), "alice", None, now()).unwrap();
    remover.remove(&again.going[0], now()).unwrap();
    assert!(!folders[3].exists());
    let removed = removals(&runs, &trust).unwrap();
    assert!(removed.damage.is_none());
    for folder in &folders {
        let entry = removed.of(&crate::kernel::RunId::new(folder.file_name().unwrap().to_str().unwrap())).unwrap();
        assert_eq!(entry.stage, RemovalStage::Done);
        assert!(entry.removal.verdict.contains("UNTRUSTED") && entry.removal.log_sha512.len() == 128);
    }
}

#[test]
fn half_a_line_goes_and_a_changed_one_stops_everything() {
    let root = tempfile::tempdir().unwrap();
    let (runs, trust) = (Runs::at(root.path()), Trust::default());
    put(root.path(), &["az-failure"]);
    let file = root.path().join("removed.jsonl");
    drop(Remover::open(&runs, &trust).unwrap().begin(over(&runs, Asked::default()), "alice", None, now()).unwrap());
    let whole = fs::read_to_string(&file).unwrap();
    let whole_line = |at: &usize| whole.as_bytes()[at - 1] == b'\n';
    for torn in (1..whole.len()).step_by(97).filter(|at| !whole_line(at)) {
        fs::write(&file, &whole.as_bytes()[..torn]).unwrap();
        assert!(audit(&runs, &trust).unwrap().breaks.iter().any(|text| text.contains("is not complete")));
        drop(Remover::open(&runs, &trust).unwrap());
        assert!(fs::read_to_string(&file).unwrap().len() < torn);
    }
    fs::write(&file, whole.replacen("alice", "mallory", 1) + &whole).unwrap();
    let refused = Remover::open(&runs, &trust).unwrap_err();
    assert!(
        matches!(refused, RemoveError::Damaged { .. }) && refused.to_string().contains("removed.jsonl: line 3"),
        "{refused}"
    );
    assert_eq!(audit(&runs, &trust).unwrap().exit_code(), 5);
}
