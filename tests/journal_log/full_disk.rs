//! A disk that is really full: the log goes on in another place, and all parts of it are one log.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use lifeboat::engine::{Event, Mode};
use lifeboat::store::{LogWriter, Runs, Saves, verify_run};
use lifeboat::ui::Msg;

use crate::fixture::{RUNBOOK, note, now, opened, practice, practice_trust, run_clock, second_report};
use crate::small_disk::Small;

/// Fills it to the last byte.
fn fill(small: &Small) {
    let mut junk = fs::File::create(small.path().join("junk")).unwrap();
    for size in [4096, 1] {
        while junk.write_all(&vec![b'x'; size]).is_ok() {}
    }
}

#[test]
fn a_full_disk_moves_the_log_and_nothing_is_lost() {
    let root = tempfile::tempdir().unwrap();
    let Some(small) = Small::mounted(&root.path().join("small"), "128k") else { return };
    let operator = practice(root.path());
    let runs = Runs::at(small.path().join("runs")).with_spares(vec![root.path().join("spare")]);
    let folder = runs.create(now()).unwrap();
    folder.write_runbook(RUNBOOK.as_bytes()).unwrap();
    let begun = LogWriter::begin(&folder, opened(Mode::Drill), Ok(&operator), run_clock()).unwrap();
    begun.writer.append_blocking(vec![note("before")]).unwrap();
    fill(&small);
    let mut facts = Vec::new();
    // The last page of the file may have room for a few more lines.
    for n in 0..20 {
        facts.extend(begun.writer.append_blocking(vec![note(&format!("{n} {}", "full ".repeat(200)))]).unwrap());
    }
    let moved = facts.iter().find_map(|fact| match &fact.event {
        Event::Continues(continues) => Some(continues.why.clone()),
        _ => None,
    });
    assert!(moved.as_ref().is_some_and(|why| why.contains("No space left")), "{moved:?}");
    begun.writer.seal_blocking(operator).unwrap();
    let state = root.path().join("state");
    let found = verify_run(&folder.place(), &practice_trust(&state)).unwrap();
    assert_eq!((found.words().as_str(), found.parts), ("SEALED by a practice key", 2), "{:#?}", found.findings);
    let notes = facts.iter().filter(|fact| matches!(fact.event, Event::NoteAdded { .. })).count();
    assert_eq!((notes, found.coverage.uncovered), (20, 0));
    let signers = lifeboat::store::practice_signers(&state);
    let parts = folder.place().parts();
    let elsewhere = parts.iter().filter(|part| !part.starts_with(folder.path())).map(PathBuf::as_path);
    let arguments: Vec<&Path> = [&*signers, folder.path()].into_iter().chain(elsewhere).collect();
    let (code, said) = second_report(&arguments);
    assert_eq!(code, 0, "{said}");
}

#[test]
fn an_output_for_which_the_disk_has_no_room_is_not_saved_and_nothing_is_left_of_it() {
    let root = tempfile::tempdir().unwrap();
    let Some(small) = Small::mounted(&root.path().join("small"), "128k") else { return };
    let output = root.path().join("1.1.out");
    fs::write(&output, vec![b'x'; 3 << 20]).unwrap();
    let (tell, said) = std::sync::mpsc::channel();
    let mut saves = Saves::default();
    let to = small.path().join("copy");
    saves.begin(output, to.to_str().unwrap(), move |msg| drop(tell.send(msg)));
    let said: Vec<Msg> = said.iter().collect();
    let Some(Msg::Say(words)) = said.last() else { panic!("{said:?}") };
    let wanted =
        format!("Not saved: the disk of {} is full after 0 B of 3.0 MiB, and nothing is left there", to.display());
    assert!(words.starts_with(&wanted), "{words}");
    assert_eq!(fs::read_dir(small.path()).unwrap().count(), 0);
}
