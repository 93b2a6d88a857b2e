//! Every byte of a small log changed, and logs cut at every byte of their last lines: no panic, the right verdict, the
//! first bad line named, and both verifiers say the same.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use lifeboat::engine::Mode;
use lifeboat::journal::{Severity, Trust, Verdict, Verification, verify};
use lifeboat::store::{Left, verify_log};

use crate::attacks::{edit, lines_of, relink};
use crate::fixture::{Drill, Opinion, note, practice, practice_trust, released, second_opinions, signers_of};

/// A sealed log of a few lines.
fn small(root: &Path) -> (Drill, Vec<u8>) {
    let operator = practice(root);
    let drill = Drill::begin(root, Mode::Drill, Ok(&operator));
    drill.begun.writer.append_blocking(vec![note("x")]).unwrap();
    drill.begun.writer.seal_blocking(operator).unwrap();
    let whole = fs::read(drill.folder.log()).unwrap();
    (drill, whole)
}

fn judged(bytes: &[u8], trust: &Trust) -> Option<Verification> {
    verify(&mut [Cursor::new(bytes)], trust, &mut |_| {}).ok()
}

/// Returns the verdict and the first damaged line as the second verifier says them.
fn as_opinion(found: Option<&Verification>) -> Opinion {
    let Some(found) = found else { return Opinion { code: 2, damage: None } };
    let damage = found.findings.iter().find(|finding| finding.severity == Severity::Damage);
    Opinion { code: i32::from(found.verdict.exit_code()), damage: damage.and_then(|damage| damage.line) }
}

/// Writes each log to a folder of its own and asks the other verifier about all of them at once.
fn others(root: &Path, drill: &Drill, logs: &[Vec<u8>]) -> Vec<Opinion> {
    let folders: Vec<PathBuf> = (0..logs.len()).map(|n| root.join("cases").join(n.to_string())).collect();
    for (folder, log) in folders.iter().zip(logs) {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join("incident.jsonl"), log).unwrap();
    }
    second_opinions(&signers_of(drill), &folders)
}

/// Says which line, from 1, a byte belongs to, and what stands before it there.
fn place(whole: &[u8], at: usize) -> (u64, String) {
    let begin = whole[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |lf| lf + 1);
    let line = whole[..at].split(|byte| *byte == b'\n').count() as u64;
    (line, String::from_utf8_lossy(&whole[begin..at]).into_owned())
}

/// Says what a changed byte has to be found as: the verdict, and the line that is named.
fn expected(whole: &[u8], at: usize, now: u8) -> (Verdict, Option<u64>) {
    let (line, before) = place(whole, at);
    let last = whole.split_inclusive(|byte| *byte == b'\n').count() as u64;
    // Without its LF the seal is a line that was torn, and under another name it is no seal.
    let kind_like = matches!(now, b'a'..=b'z' | b'0'..=b'9' | b'-');
    let in_kind = before.split_once("\"k\":\"").is_some_and(|(_, kind)| !kind.contains('"')) && whole[at] != b'"';
    if line == last && (at + 1 == whole.len() || (in_kind && kind_like)) {
        return (Verdict::Open, None);
    }
    // Of a link that does not fit nobody can tell which of its two ends was changed; the first is named.
    let link = before.split_once("\"prev\":\"").is_some_and(|(_, link)| !link.contains('"'));
    let linked = link && whole[at] != b'"' && matches!(now, b'0'..=b'9' | b'a'..=b'f');
    (Verdict::Tampered, Some(if linked { line - 1 } else { line }))
}

#[test]
fn every_byte_of_a_small_log_is_vouched_for() {
    let root = tempfile::tempdir().unwrap();
    let (drill, whole) = small(root.path());
    let trust = practice_trust(&drill.state);
    let mut ones = Vec::new();
    for at in 0..whole.len() {
        // One that makes other characters of the kind, one that makes others, and each of the rest for some bytes.
        for bit in [0, 4].into_iter().chain([at % 8].into_iter().filter(|bit| !matches!(bit, 0 | 4))) {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << bit;
            let found = judged(&bytes, &trust).unwrap();
            let (verdict, line) = expected(&whole, at, bytes[at]);
            let said = (found.verdict, as_opinion(Some(&found)).damage);
            assert_eq!(said, (verdict, line), "byte {at} bit {bit}: {:#?}", found.findings);
            if bit == 4 * (at % 2) {
                ones.push((at, bytes, as_opinion(Some(&found))));
            }
        }
    }
    let logs: Vec<_> = ones.iter().map(|(_, log, _)| log.clone()).collect();
    for ((at, log, ours), theirs) in ones.iter().zip(others(root.path(), &drill, &logs)) {
        assert_eq!(*ours, theirs, "byte {at}, now {:?}", log[*at] as char);
    }
}

#[test]
fn a_log_that_is_cut_anywhere_in_its_last_two_lines_is_open() {
    for sealed in [true, false] {
        let root = tempfile::tempdir().unwrap();
        let (drill, mut whole) = small(root.path());
        if !sealed {
            let ends: Vec<_> = (0..whole.len()).filter(|at| whole[*at] == b'\n').collect();
            // Without what sealed it the last two lines are a note and its checkpoint.
            whole.truncate(ends[ends.len() - 4] + 1);
        }
        let lines: Vec<_> = whole.split_inclusive(|byte| *byte == b'\n').collect();
        let last = lines[lines.len() - 2..].iter().map(|line| line.len()).sum::<usize>();
        let begin = whole.len() - last;
        let trust = practice_trust(&drill.state);
        let (place, state) = (drill.place(), drill.state.clone());
        let logs: Vec<_> = (begin..=whole.len()).map(|cut| whole[..cut].to_vec()).collect();
        let theirs = others(root.path(), &drill, &logs);
        drop(drill);
        released(&place);
        for (log, theirs) in logs.iter().zip(theirs) {
            let (cut, whole_again) = (log.len(), log.len() == whole.len());
            let found = judged(log, &trust).unwrap();
            let verdict = if sealed && whole_again { Verdict::Sealed } else { Verdict::Open };
            assert_eq!(found.verdict, verdict, "cut at {cut}: {:#?}", found.findings);
            assert_eq!(as_opinion(Some(&found)), theirs, "cut at {cut}");
            let torn = log.iter().rev().take_while(|byte| **byte != b'\n').count() as u64;
            assert_eq!(found.coverage.torn, torn, "cut at {cut}");
            // Whoever takes it up goes on from the last checkpoint, and loses nothing that was acted upon.
            fs::write(&place.log, log).unwrap();
            match Left::take(&place, &practice_trust(&state)) {
                Ok(left) => assert_eq!(left.verified().coverage.torn, 0, "cut at {cut}"),
                Err(refused) => assert!(sealed && whole_again, "cut at {cut}: {refused}"),
            }
        }
    }
}

/// A log that is worth a thread of its own for its digest says what it says without one, whatever was done to it.
#[test]
fn a_long_log_is_judged_as_a_short_one_is() {
    let root = tempfile::tempdir().unwrap();
    let operator = practice(root.path());
    let drill = Drill::begin(root.path(), Mode::Drill, Ok(&operator));
    for n in 0..60 {
        drill.begun.writer.append_blocking(vec![note(&format!("{n}: {}", "waited. ".repeat(2_000)))]).unwrap();
    }
    drill.begun.writer.seal_blocking(operator).unwrap();
    let (place, trust) = (drill.place(), practice_trust(&drill.state));
    let whole = fs::read(&place.log).unwrap();
    assert!(whole.len() > 900_000);
    let mut logs = vec![whole.clone(), whole[..whole.len() / 2].to_vec()];
    for part in 0..23 {
        let mut log = whole.clone();
        log[whole.len() * part / 23 + part] ^= 1;
        logs.push(log);
    }
    // Between two checkpoints, with the links made anew: first to last, and in the last lines.
    for line in [3, 41, lines_of(&whole).len() - 6] {
        let mut lines = lines_of(&whole);
        let note = (line..lines.len()).find(|at| lines[*at].windows(7).any(|text| text == b"waited.")).unwrap();
        edit(&mut lines[note], "waited.", "slept.");
        relink(&mut lines);
        logs.push(lines.join(&b'\n'));
        logs.last_mut().unwrap().push(b'\n');
    }
    let mut verdicts = Vec::new();
    for (n, log) in logs.iter().enumerate() {
        fs::write(&place.log, log).unwrap();
        let beside = verify_log(&place, &trust).unwrap();
        assert_eq!(Some(&beside), judged(log, &trust).as_ref(), "log {n}");
        verdicts.push(beside.verdict);
    }
    assert_eq!(verdicts[..2], [Verdict::Sealed, Verdict::Open]);
    assert!(verdicts[2..].iter().all(|verdict| *verdict == Verdict::Tampered), "{verdicts:?}");
}
