//! A log in several parts: both verifiers, the views, and whoever takes it up again see one log.

use std::fs;
use std::path::PathBuf;

use lifeboat::engine::{Event, Fact, Mode};
use lifeboat::journal::Trust;
use lifeboat::store::{Format, Left, LogPlace, Runs, StoreError, show, verify_run};

use crate::fixture::{Drill, note, now, practice, practice_trust, second_opinion, signers_of};

/// A drill whose log went on twice: in a spare place, and from there in the run's own folder again.
pub(crate) struct Moved {
    pub(crate) drill: Drill,
    facts: Vec<Fact>,
}

fn grow(path: &PathBuf) {
    let mut bytes = fs::read(path).unwrap();
    bytes.extend_from_slice(b"x");
    fs::write(path, bytes).unwrap();
}

fn moved(root: &std::path::Path) -> Moved {
    let operator = practice(root);
    let drill = Drill::begin(root, Mode::Drill, Ok(&operator));
    drill.play();
    let mut facts = Vec::new();
    for text in ["in the second part", "in the third part"] {
        let last = drill.place().last_part();
        grow(&last);
        facts.extend(drill.begun.writer.append_blocking(vec![note(text)]).unwrap());
        if text.contains("second") {
            // It is full there, too.
            let spare = &drill.place().spares[0];
            fs::create_dir_all(spare.join("incident.3.jsonl")).unwrap();
        }
    }
    Moved { drill, facts }
}

pub(crate) fn sealed(root: &std::path::Path) -> Moved {
    let moved = moved(root);
    moved.drill.begun.writer.seal_blocking(practice(root)).unwrap();
    moved
}

pub(crate) fn both(name: &str, moved: &Moved) -> lifeboat::journal::Verification {
    let place = moved.drill.place();
    let ours = verify_run(&place, &practice_trust(&moved.drill.state)).unwrap();
    let (code, words) = second_opinion(&signers_of(&moved.drill), moved.drill.folder.path());
    assert_eq!((i32::from(ours.verdict.exit_code()), ours.words()), (code, words), "{name}: {:#?}", ours.findings);
    ours
}

#[test]
fn it_goes_on_where_there_is_a_place_and_says_so() {
    let root = tempfile::tempdir().unwrap();
    let moved = sealed(root.path());
    let parts = moved.drill.place().parts();
    assert_eq!(parts.len(), 3, "{parts:?}");
    let continues: Vec<_> = moved.facts.iter().filter(|fact| matches!(fact.event, Event::Continues(_))).collect();
    let [Event::Continues(second), Event::Continues(third)] =
        &continues.iter().map(|f| &f.event).collect::<Vec<_>>()[..]
    else {
        panic!("{continues:?}")
    };
    assert!(second.why.contains("something else writes"), "{second:?}");
    assert_eq!((second.parts.len(), third.parts.len(), third.part), (1, 2, 3));
    assert_eq!(second.parts[0], third.parts[0], "each part vouches for all before it");
    let found = both("whole", &moved);
    assert_eq!((found.words().as_str(), found.parts), ("SEALED by a practice key", 3), "{:#?}", found.findings);
    assert_eq!(found.coverage.uncovered, 0);
    let notes = found.findings.iter().filter(|finding| finding.text.contains("1 bytes of incident")).count();
    assert_eq!(notes, 2, "what does not count is said: {:#?}", found.findings);
    // One log to whoever reads it: no number is missing, and nothing is there twice.
    let mut text = Vec::new();
    show(&moved.drill.place(), Format::Json, &|_| String::new(), &mut text).unwrap();
    let seqs: Vec<_> = String::from_utf8(text)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(seqs, (0..found.coverage.lines).collect::<Vec<_>>());
}

#[test]
fn a_change_in_any_part_is_found_with_its_line() {
    let root = tempfile::tempdir().unwrap();
    let moved = sealed(root.path());
    let mut line = 0;
    for part in moved.drill.place().parts() {
        let whole = fs::read(&part).unwrap();
        let lines = whole.split(|byte| *byte == b'\n').count() - 1;
        for at in [0, 1, lines - 1] {
            let begin = whole.split_inclusive(|byte| *byte == b'\n').take(at).map(<[u8]>::len).sum::<usize>();
            // In the middle of the line's times: nothing else reads these.
            let mut changed = whole.clone();
            let place = begin + String::from_utf8_lossy(&whole[begin..]).find("\"t\":\"2026").unwrap() + 5;
            changed[place] = b'3';
            fs::write(&part, &changed).unwrap();
            let found = both(&format!("{} line {at}", part.display()), &moved);
            assert_eq!(found.words(), "TAMPERED");
            let first = found.findings.first().unwrap();
            assert_eq!(first.line, Some((line + at + 1) as u64), "{}: {:#?}", part.display(), found.findings);
        }
        // Cut, so that a later part vouches for more than there is.
        let (last, _) = whole.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n').nth(1).unwrap();
        fs::write(&part, &whole[..=last]).unwrap();
        let found = both(&format!("{} cut", part.display()), &moved);
        let cut_last = line + lines == usize::try_from(found.coverage.lines).unwrap() + 1;
        assert_eq!(
            found.words(),
            if cut_last { "OPEN" } else { "TAMPERED" },
            "{}: {:#?}",
            part.display(),
            found.findings
        );
        fs::write(&part, &whole).unwrap();
        line += lines;
    }
    assert_eq!(both("put back", &moved).words(), "SEALED by a practice key");
}

#[test]
fn whoever_takes_it_up_reads_all_parts() {
    let root = tempfile::tempdir().unwrap();
    let moved = moved(root.path());
    let run = moved.drill.folder.id().clone();
    let place: LogPlace = moved.drill.runs.find(run.as_str()).unwrap();
    assert!(matches!(Left::take(&place, &Trust::default()), Err(StoreError::Locked { .. })));
    drop(moved.drill.begun);
    let left = Left::take(&place, &practice_trust(&moved.drill.state)).unwrap();
    let seqs: Vec<_> = left.facts().iter().map(|fact| fact.seq).collect();
    assert!(seqs.windows(2).all(|pair| pair[0] < pair[1]), "{seqs:?}");
    let notes = left.facts().iter().filter(|fact| matches!(fact.event, Event::NoteAdded { .. })).count();
    assert_eq!(notes, 8);
    // The next run of the same operator names it by its last part.
    let before = lifeboat::store::prev_run(&moved.drill.runs, "alice@example.com", "bastion").unwrap().unwrap();
    let begun = moved.drill.runs.create(now()).unwrap();
    drop(begun);
    assert_eq!(before.run, run);
    assert!(Runs::at(moved.drill.runs.root()).find(run.as_str()).is_ok());
}
