//! A session that the operator's key vouches for some lines after it began: nothing is lost by waiting, and what was signed
//! for one session vouches for no other.

use std::fs;
use std::io::Write as _;

use lifeboat::engine::{Event, Mode, Resumed};
use lifeboat::store::{Begun, Left, LogWriter, Operator, SignError};

use crate::attacks::{both, edit, judge, lines_of, relink};
use crate::fixture::{Drill, note, practice, practice_trust, released, signers_of};

/// Has the operator vouch for the session now.
fn delegate(begun: &Begun, operator: &Operator) {
    let sig = operator.delegate(&begun.statement).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(begun.writer.delegate(operator.principal(), sig)).unwrap();
}

fn resumed() -> Resumed {
    let text = |text: &str| text.to_owned();
    Resumed {
        by: text("alice@example.com"),
        session: String::new(),
        host: text("bastion"),
        boot: text("b"),
        pid: 2,
        tool: text("t"),
        clock: lifeboat::kernel::ClockSync::Unknown,
        torn: None,
    }
}

/// A drill whose first session is vouched for at its end, and whose second one some lines after its beginning.
fn drill(root: &std::path::Path) -> Drill {
    let operator = practice(root);
    let mut drill = Drill::begin(root, Mode::Drill, Err(SignError::Awaited));
    drill.play();
    let (place, state, signers) = (drill.place(), drill.state.clone(), signers_of(&drill));
    assert_eq!(both("nobody vouches for it", &place, &state, &signers).words(), "UNTRUSTED");
    delegate(&drill.begun, &operator);
    let found = both("vouched for", &place, &state, &signers);
    assert_eq!((found.words().as_str(), found.coverage.uncovered), ("OPEN", 0), "{:#?}", found.findings);
    let begun = drill.begun;
    drop(begun);
    released(&place);
    let left = Left::take(&place, &practice_trust(&state)).unwrap();
    let last = left.last();
    drill.begun = LogWriter::go_on(left, resumed(), Err(SignError::Awaited), Box::new(move || last)).unwrap();
    drill.begun.writer.append_blocking(vec![note("taken up")]).unwrap();
    let uncovered = both("taken up", &place, &state, &signers).coverage.uncovered;
    assert_eq!(uncovered, 4, "the new session's lines: {uncovered}");
    delegate(&drill.begun, &operator);
    drill.begun.writer.append_blocking(vec![note("after it")]).unwrap();
    assert_eq!(both("vouched for again", &place, &state, &signers).coverage.uncovered, 0);
    drill
}

#[test]
fn a_delegation_may_come_later_and_is_for_its_own_session() {
    let root = tempfile::tempdir().unwrap();
    let drill = drill(root.path());
    drill.begun.writer.seal_blocking(practice(root.path())).unwrap();
    let whole = fs::read(drill.folder.log()).unwrap();
    assert_eq!(judge("sealed", &drill, &whole).words(), "SEALED by a practice key");

    let lines = lines_of(&whole);
    let is_delegation = |line: &[u8]| String::from_utf8_lossy(line).contains("\"k\":\"delegation\"");
    let at: Vec<usize> = (0..lines.len()).filter(|at| is_delegation(&lines[*at])).collect();
    let [first, second] = at[..] else { panic!("{at:?}") };
    let member = |line: usize, name: &str| {
        let line: serde_json::Value = serde_json::from_slice(&lines[line]).unwrap();
        line[name].as_str().unwrap().to_owned()
    };
    let quoted = |text: String| serde_json::Value::from(text).to_string();
    let head = |line: usize| member(line, "statement").split("head ").nth(1).unwrap().trim().to_owned();
    // The links are made anew each time, so that the delegation alone is what does not fit.
    let forged = [
        ("another beginning", second, format!("head {}", head(second)), format!("head {}", head(first))),
        ("the line before it", second, format!("head {}", head(second)), format!("head {}", member(second, "prev"))),
        ("another run", first, "\\nrun 2".to_owned(), "\\nrun 3".to_owned()),
        (
            "the first session's statement",
            second,
            quoted(member(second, "statement")),
            quoted(member(first, "statement")),
        ),
        ("the first session's signature", second, quoted(member(second, "sig")), quoted(member(first, "sig"))),
    ];
    for (name, line, from, to) in forged {
        let mut lines = lines.clone();
        edit(&mut lines[line], &from, &to);
        relink(&mut lines);
        let found = judge(name, &drill, &[lines.join(&b'\n'), b"\n".to_vec()].concat());
        assert_eq!(found.words(), "TAMPERED", "{name}");
        assert_eq!(found.findings[0].line, Some(line as u64 + 1), "{name}: {:#?}", found.findings);
    }
}

#[test]
fn a_delegation_is_recorded_where_the_log_goes_on() {
    let root = tempfile::tempdir().unwrap();
    let drill = Drill::begin(root.path(), Mode::Drill, Err(SignError::Awaited));
    let mut file = fs::OpenOptions::new().append(true).open(drill.folder.log()).unwrap();
    file.write_all(b"x").unwrap();
    delegate(&drill.begun, &practice(root.path()));
    let facts = drill.begun.writer.append_blocking(vec![note("after it")]).unwrap();
    assert!(facts.iter().any(|fact| matches!(fact.event, Event::Continues(_))), "{facts:?}");
    let (place, state, signers) = (drill.place(), drill.state.clone(), signers_of(&drill));
    let found = both("two parts", &place, &state, &signers);
    assert_eq!(
        (found.words().as_str(), found.parts, found.coverage.uncovered),
        ("OPEN", 2, 0),
        "{:#?}",
        found.findings
    );
    // With its first line missing nobody knows how the session began; that is said, and nothing worse.
    fs::remove_file(drill.folder.log()).unwrap();
    let found = both("the first part is missing", &place, &state, &signers);
    assert_eq!(found.words(), "OPEN", "{:#?}", found.findings);
    assert!(found.findings.iter().any(|finding| finding.text.contains("incident.jsonl is missing")));
}
