//! The writer: what it has answered is on the disk, in order, and readable as the same facts.

use std::fs;

use lifeboat::engine::{Event, Fact, Mode};
use lifeboat::journal::{Body, read_log};
use lifeboat::store::{
    AppendError, Follow, Format, SignError, StoreError, is_being_written, prev_run, state_dir, tail,
};

use crate::fixture::{Drill, note, now, practice, practice_trust, sealed};

#[test]
fn what_is_answered_is_on_the_disk_as_the_same_facts() {
    let root = tempfile::tempdir().unwrap();
    let operator = practice(root.path());
    let drill = Drill::begin(root.path(), Mode::Drill, Ok(&operator));
    let mut facts: Vec<Fact> = vec![drill.begun.open.clone()];
    for n in 0..5 {
        facts
            .extend(drill.begun.writer.append_blocking(vec![note(&format!("{n}")), note("\u{0} ü \u{2028}")]).unwrap());
        assert_eq!(read_log(&fs::read(drill.folder.log()).unwrap()).into_facts(), facts);
    }
    let reading = read_log(&fs::read(drill.folder.log()).unwrap());
    assert_eq!(reading.entries.last().unwrap().body, Body::Checkpoint);
    assert!(reading.broken.is_none() && reading.torn == 0);
    assert!(is_being_written(&drill.folder.log()));
    drop(drill.begun);
    assert!(!is_being_written(&drill.folder.log()));
}

#[test]
fn batches_of_many_writers_are_whole_and_in_one_chain() {
    let root = tempfile::tempdir().unwrap();
    let drill = Drill::begin(root.path(), Mode::Drill, Err(SignError::NoKey));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..8 {
            let writer = drill.begun.writer.clone();
            tasks.spawn(async move {
                for n in 0..4 {
                    let facts = writer.append(vec![note(&format!("{task}.{n}a")), note("b")]).await.unwrap();
                    assert_eq!(facts[0].seq + 1, facts[1].seq);
                }
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
    });
    let reading = read_log(&fs::read(drill.folder.log()).unwrap());
    let checkpoints = reading.entries.iter().filter(|entry| entry.body == Body::Checkpoint).count();
    assert_eq!(reading.into_facts().len(), 1 + 8 * 4 * 2);
    assert!(checkpoints <= 1 + 8 * 4, "{checkpoints}");
}

#[test]
fn a_fact_that_fits_no_line_is_refused_and_the_log_goes_on() {
    let root = tempfile::tempdir().unwrap();
    let operator = practice(root.path());
    let drill = Drill::begin(root.path(), Mode::Drill, Ok(&operator));
    let writer = &drill.begun.writer;
    let refused = writer.append_blocking(vec![note("small"), note(&"x".repeat(1 << 20))]).unwrap_err();
    assert!(matches!(refused, AppendError::Unfit(_)), "{refused}");
    assert!(refused.to_string().contains("note-added"), "{refused}");
    let huge = Event::Breached { objective: "rto".to_owned(), limit_ms: 1 << 53, actual_ms: 0 };
    assert!(matches!(writer.append_blocking(vec![huge]), Err(AppendError::Unfit(_))));
    assert_eq!(read_log(&fs::read(drill.folder.log()).unwrap()).into_facts().len(), 1, "none of the batch is recorded");
    writer.append_blocking(vec![note("after")]).unwrap();
    let sealed = writer.seal_blocking(operator).unwrap();
    assert_eq!(sealed.lines, read_log(&fs::read(drill.folder.log()).unwrap()).entries.len() as u64);
    assert!(matches!(writer.append_blocking(vec![note("late")]), Err(AppendError::Unfit(_))), "nothing follows a seal");
}

#[test]
fn runs_are_found_by_any_unique_beginning() {
    let root = tempfile::tempdir().unwrap();
    let first = sealed(root.path());
    let second = sealed(root.path());
    let runs = &first.runs;
    assert_eq!(runs.list().unwrap().len(), 2);
    assert_eq!(runs.find(first.folder.id().as_str()).unwrap(), first.place());
    let shared = "20261122T092630Z-";
    assert!(matches!(runs.find(shared), Err(StoreError::Ambiguous { count: 2, .. })));
    assert!(matches!(runs.find("1999"), Err(StoreError::NoSuchRun { .. })));
    assert!(matches!(runs.find(""), Err(StoreError::NoSuchRun { .. })));
    let path = first.folder.path().to_str().unwrap();
    assert_eq!(runs.find(path).unwrap(), first.place());
    assert_eq!(runs.find(first.folder.log().to_str().unwrap()).unwrap(), first.place());
    let before = prev_run(runs, "alice@example.com", "bastion").unwrap().unwrap();
    assert!([first.folder.id(), second.folder.id()].contains(&&before.run));
    assert_eq!(before.sha512.len(), 128);
    assert!(prev_run(runs, "bob@example.com", "bastion").unwrap().is_none());
}

#[test]
fn a_place_that_cannot_hold_runs_says_so() {
    assert!(matches!(state_dir(&|_| None), Err(StoreError::NoHome)));
    assert!(matches!(state_dir(&|_| Some("relative".into())), Err(StoreError::NoHome)));
    let state = state_dir(&|name| (name == "HOME").then(|| "/home/alice".into())).unwrap();
    assert_eq!(state.to_str(), Some("/home/alice/.local/state/lifeboat"));
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    fs::write(&file, b"").unwrap();
    let error = lifeboat::store::Runs::at(file.join("runs")).create(now()).unwrap_err().to_string();
    assert!(error.contains("a part of the path is a file") && error.contains("file/runs"), "{error}");
    let error = lifeboat::store::Runs::at("/proc/lifeboat/runs").create(now()).unwrap_err().to_string();
    assert!(error.contains("/proc/lifeboat"), "{error}");
}

#[test]
fn a_follower_reads_until_the_seal() {
    let root = tempfile::tempdir().unwrap();
    let operator = practice(root.path());
    let drill = Drill::begin(root.path(), Mode::Drill, Ok(&operator));
    let place = drill.place();
    let follower = std::thread::spawn(move || {
        let mut seen = Vec::new();
        tail(&place, 100, Follow::Until(&|| false), Format::Json, &|_| String::new(), &mut seen).unwrap();
        seen
    });
    drill.play();
    drill.begun.writer.seal_blocking(operator).unwrap();
    assert_eq!(follower.join().unwrap(), fs::read(drill.folder.log()).unwrap());
    let answer = lifeboat::store::verify_run(&drill.place(), &practice_trust(&drill.state)).unwrap();
    let mut words = Vec::new();
    lifeboat::store::write_verification(&answer, &mut words).unwrap();
    assert!(String::from_utf8(words).unwrap().starts_with("SEALED by a practice key\n"));
}
