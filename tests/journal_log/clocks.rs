//! What the log's two clocks say of each other, and AWS's answers of the wall clock: both verifiers say the same of it.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::TimeDelta;
use lifeboat::engine::{AwsReceipt, Event, Mode, Opened, Outcome, Streams, Verdict};
use lifeboat::journal::Severity;
use lifeboat::kernel::{AttemptId, ClockSync, Stamp};

use crate::attacks::{both, edit, judge, lines_of, relink};
use crate::fixture::{Drill, note, now, opened, practice, run_clock, second_report, signers_of};

/// Returns what both verifiers say of clocks, gravest first, once they agree on it.
fn said(drill: &Drill) -> Vec<String> {
    let ours = both("clocks", &drill.place(), &drill.state, &signers_of(drill));
    let of_clocks = ours.findings.iter().filter(|finding| finding.text.contains("clock"));
    let ours: Vec<_> = of_clocks
        .map(|finding| {
            assert!(matches!(finding.severity, Severity::Warning | Severity::Note), "{finding:?}");
            finding.line.map_or_else(String::new, |line| format!("line {line}: ")) + &finding.text
        })
        .collect();
    let (_, report) = second_report(&[&signers_of(drill), drill.folder.path()]);
    let theirs: Vec<_> = report.lines().map(str::trim).filter(|line| line.contains("clock")).collect();
    assert_eq!(ours, theirs);
    ours
}

/// Seals a drill in which an attempt of five seconds ended at 09:27:30.1, one at 09:28:30.1 and so on, and AWS answered
/// each.
fn answered(root: &Path, dates: &[&str]) -> Drill {
    let operator = practice(root);
    let minutes = Arc::new(AtomicU32::new(0));
    let passed = Arc::clone(&minutes);
    let clock = move || {
        let minutes = passed.load(Ordering::SeqCst);
        Stamp { utc: now() + TimeDelta::minutes(minutes.into()), mono: u64::from(minutes) * 60_000_000 }
    };
    let drill = Drill::begin_at(root, Mode::Drill, Ok(&operator), Box::new(clock));
    for (n, date) in dates.iter().enumerate() {
        minutes.fetch_add(1, Ordering::SeqCst);
        let finished = Event::AttemptFinished {
            attempt: AttemptId::new(format!("1.{n}")),
            outcome: Outcome::Exited { code: 0 },
            verdict: Verdict::Passed,
            polls: 1,
            took_ms: 5_000,
            streams: Streams { out_bytes: 0, out_sha256: None, err_bytes: 0, err_sha256: None },
            aws: Some(AwsReceipt {
                operation: "sts:GetCallerIdentity".to_owned(),
                region: "us-west-2".to_owned(),
                request_id: None,
                status: Some(200),
                date: Some((*date).to_owned()),
            }),
        };
        drill.begun.writer.append_blocking(vec![finished]).unwrap();
    }
    drill.begun.writer.seal_blocking(operator).unwrap();
    drill
}

/// Finds the lines, from 1, that hold AWS's answers.
fn answers(drill: &Drill) -> Vec<usize> {
    let lines = lines_of(&fs::read(drill.folder.log()).unwrap());
    let lines = lines.iter().zip(1..);
    lines.filter(|(line, _)| String::from_utf8_lossy(line).contains("sts:")).map(|(_, at)| at).collect()
}

#[test]
fn an_answer_of_aws_says_of_the_same_line_how_wrong_the_wall_clock_was() {
    let cases: &[(&[&str], &str)] = &[
        // At most so much before its attempt began, or after it ended.
        (&["Sun, 22 Nov 2026 09:27:24 GMT", "Sun, 22 Nov 2026 09:28:32 GMT"], "agrees with AWS's in 2 answers"),
        (&["Sun, 22 Nov 2026 09:27:28 GMT"], "agrees with AWS's in 1 answer, to two seconds"),
        (&["Sun, 22 Nov 2026 09:27:33 GMT"], "line {}: the wall clock was 2 s behind AWS's"),
        (&["Sun, 22 Nov 2026 09:27:22 GMT"], "line {}: the wall clock was 3 s ahead of AWS's, or this was recorded"),
        (&["Mon, 23 Nov 2026 10:57:30 GMT"], "line {}: the wall clock was 25 h 29 min behind AWS's"),
        (&["Sun, 22 Nov 2026 09:27:28 GMT", "Sun, 22 Nov 2026 09:18:20 GMT"], "ahead of AWS's"),
        // Another form than HTTP's, and a day that is not that day of the week.
        (&["2026-11-22T10:27:28Z", "Sun, 22 Nov 2026 10:27:28 +0000", "Mon, 22 Nov 2026 10:27:28 GMT", "", "x"], ""),
    ];
    for (dates, wanted) in cases {
        let root = tempfile::tempdir().unwrap();
        let drill = answered(root.path(), dates);
        let found = said(&drill);
        let wanted = wanted.replace("{}", &answers(&drill)[0].to_string());
        assert_eq!(found.len(), usize::from(!wanted.is_empty()), "{dates:?}: {found:?}");
        assert!(found.iter().all(|found| found.contains(&wanted)), "{dates:?}: {found:?}");
    }
    // The greatest difference counts, the first one of several.
    let root = tempfile::tempdir().unwrap();
    let dates = ["09:27:00", "10:28:30", "08:29:26", "10:30:30"].map(|time| format!("Sun, 22 Nov 2026 {time} GMT"));
    let drill = answered(root.path(), &dates.each_ref().map(String::as_str));
    let second = answers(&drill)[1];
    assert_eq!(said(&drill), [format!("line {second}: the wall clock was 59 min 59 s behind AWS's")]);
}

#[test]
fn a_clock_that_was_set_back_is_a_warning_with_the_size_of_the_jump() {
    let root = tempfile::tempdir().unwrap();
    let operator = practice(root.path());
    let drill = Drill::begin_at(root.path(), Mode::Drill, Ok(&operator), {
        let (told, clock) = (AtomicU32::new(0), run_clock());
        // Three lines begin the log; from then on the wall clock is an hour behind, and the monotonic one goes on.
        Box::new(move || {
            let at = clock();
            let told = told.fetch_add(1, Ordering::SeqCst);
            Stamp { utc: if told > 2 { at.utc - TimeDelta::hours(1) } else { at.utc }, mono: at.mono }
        })
    });
    for text in ["before", "and after"] {
        drill.begun.writer.append_blocking(vec![note(text)]).unwrap();
    }
    drill.begun.writer.seal_blocking(operator).unwrap();
    let found = said(&drill);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("the wall clock was set back by 1 h"), "{found:?}");

    // Somebody has the monotonic clock go back, and makes the links anew.
    let mut lines = lines_of(&fs::read(drill.folder.log()).unwrap());
    let at = lines
        .iter()
        .position(|line| line.ends_with(b"\"text\":\"and after\",\"occurred_at\":null,\"by\":\"alice@example.com\"}"))
        .unwrap();
    edit(&mut lines[at], "\"mono\":", "\"mono\":0,\"was\":");
    let text = String::from_utf8(lines[at].clone()).unwrap();
    let (before, after) = text.split_once(",\"was\":").unwrap();
    lines[at] = format!("{before},{}", after.split_once(',').unwrap().1).into_bytes();
    relink(&mut lines);
    let found = judge("the monotonic clock", &drill, &[lines.join(&b'\n'), b"\n".to_vec()].concat());
    assert_eq!(found.words(), "TAMPERED");
    assert!(said(&drill).contains(&format!("line {}: the monotonic clock went back", at + 1)));
}

#[test]
fn a_clock_that_no_time_server_kept_is_a_warning_and_one_that_nobody_knows_of_is_no_news() {
    for (clock, wanted) in [
        (ClockSync::Synced, "the wall clock was kept by a time server, as the machine said once"),
        (ClockSync::Unsynced, "line 1: the wall clock was kept by no time server, as the machine said once"),
        (ClockSync::Unknown, ""),
    ] {
        let root = tempfile::tempdir().unwrap();
        let operator = practice(root.path());
        let opened = Opened { clock, ..opened(Mode::Drill) };
        let drill = Drill::begin_as(root.path(), opened, Ok(&operator), run_clock());
        drill.begun.writer.append_blocking(vec![note("one")]).unwrap();
        drill.begun.writer.seal_blocking(operator).unwrap();
        assert_eq!(said(&drill).join("; "), wanted);
    }
}
