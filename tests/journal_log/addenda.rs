//! What is added after the seal: it counts if somebody who counts signed it, and nothing of it can be changed.

use std::fs;
use std::path::Path;

use lifeboat::engine::Mode;
use lifeboat::journal::{Addenda, Addition, AllowedSigners, Severity, Trust};
use lifeboat::kernel::Stamp;
use lifeboat::store::{AddError, KeyWish, Operator, add, countersign, operator, read_addenda, verify_run};

use crate::fixture::{Drill, WAIT, note, now, practice, practice_trust, sealed, second_opinion, signers_of};
use crate::keys::key;

fn at() -> Stamp {
    Stamp { utc: now(), mono: 0 }
}

/// A person with a key of their own, and the allowed signers' line for it.
pub(crate) fn person(root: &Path, name: &str) -> (Operator, String) {
    let path = key(root, name, &["ed25519"], "");
    let principal = format!("{name}@example.com");
    let wish =
        KeyWish { principal: &principal, key: Some(&path), agent: None, mode: Mode::Real, state: root, wait: WAIT };
    let public = fs::read_to_string(path.with_extension("pub")).unwrap();
    (operator(&wish).unwrap(), format!("{principal} {public}"))
}

fn issue(text: &str) -> Addition {
    Addition::Issue { number: 0, text: text.to_owned(), owner: "bob".to_owned(), due: "2026-12-01".to_owned() }
}

fn closed(what: &str) -> Addition {
    Addition::Closed { what: what.to_owned(), text: "seen".to_owned() }
}

#[test]
fn issues_are_numbered_closed_once_and_shown() {
    let root = tempfile::tempdir().unwrap();
    let drill = sealed(root.path());
    let (operator, trust) = (practice(root.path()), practice_trust(&drill.state));
    let put = |what| add(&drill.place(), what, &operator, &trust, at());
    assert_eq!(put(issue("the latch has no owner")).unwrap(), Some(1));
    assert_eq!(put(issue("the replica's alarm is silent\u{1b}[2J")).unwrap(), Some(2));
    assert_eq!(put(closed("1")).unwrap(), None);
    assert!(matches!(put(closed("1")), Err(AddError::NoIssue(_))));
    assert!(matches!(put(closed("7")), Err(AddError::NoIssue(_))));
    assert_eq!(put(closed("protection")).unwrap(), None);
    assert_eq!(put(Addition::Correction { of: 3, text: "it was bob".to_owned() }).unwrap(), None);
    let nowhere = put(Addition::Correction { of: 900, text: "x".to_owned() });
    assert!(matches!(nowhere, Err(AddError::NoLine { of: 900, .. })), "{nowhere:?}");
    let log = verify_run(&drill.place(), &trust).unwrap();
    assert_eq!(log.words(), "SEALED by a practice key", "{:?}", log.findings);
    let addenda = read_addenda(drill.folder.path(), &log, &trust).unwrap();
    assert_eq!((addenda.entries.len(), addenda.counting().count()), (5, 5));
    let mut shown = Vec::new();
    lifeboat::store::show_addenda(&addenda, &mut shown).unwrap();
    let shown = String::from_utf8(shown).unwrap();
    assert!(shown.contains("issue 1, bob, by 2026-12-01: the latch has no owner"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "{shown}");
    assert_eq!(second_opinion(&signers_of(&drill), drill.folder.path()).0, 0);
}

#[test]
fn nothing_of_it_can_be_changed() {
    let root = tempfile::tempdir().unwrap();
    let drill = sealed(root.path());
    let (operator, trust) = (practice(root.path()), practice_trust(&drill.state));
    for n in 0..3 {
        add(&drill.place(), issue(&format!("number {n}")), &operator, &trust, at()).unwrap();
    }
    let path = drill.folder.path().join("addenda.jsonl");
    let whole = fs::read(&path).unwrap();
    let judge = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        verify_run(&drill.place(), &trust).unwrap()
    };
    let log = judge(&whole);
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        let found = Addenda::read(&bytes, &log, &trust);
        assert!(found.damage().is_some(), "byte {at}: {:?}", found.findings);
        // A sample for the other verifier, which starts a process for each signature.
        if at % 211 == 0 {
            assert!(judge(&bytes).has(Severity::Damage), "byte {at}");
            assert_eq!(second_opinion(&signers_of(&drill), drill.folder.path()).0, 1, "byte {at}");
        }
    }
    let lines: Vec<_> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    // Cut where a signature belongs: the addition is there and does not count. What is cut whole is not missed.
    let found = judge(&lines[..lines.len() - 1].concat());
    assert!(found.has(Severity::Warning) && !found.has(Severity::Damage), "{:?}", found.findings);
    assert_eq!(judge(&lines[..lines.len() - 2].concat()).findings, []);
    for bytes in [[&lines[0..1], &lines[3..]].concat().concat(), [&whole[..], &whole[..]].concat()] {
        assert!(judge(&bytes).has(Severity::Damage));
        let refused = add(&drill.place(), issue("more"), &operator, &trust, at());
        assert!(matches!(refused, Err(AddError::Damaged { .. })), "{refused:?}");
    }
}

#[test]
fn only_a_sealed_log_is_added_to() {
    let root = tempfile::tempdir().unwrap();
    let operator = practice(root.path());
    let open = Drill::begin(root.path(), Mode::Drill, Ok(&operator));
    open.play();
    let trust = practice_trust(&open.state);
    let refused = add(&open.place(), issue("too early"), &operator, &trust, at());
    assert!(matches!(&refused, Err(AddError::NotSealed { verdict, .. }) if verdict == "OPEN"), "{refused:?}");
    open.begun.writer.seal_blocking(operator.clone()).unwrap();
    add(&open.place(), issue("now"), &operator, &trust, at()).unwrap();
    // The log of another run has other additions.
    let other = sealed(root.path());
    fs::copy(open.folder.path().join("addenda.jsonl"), other.folder.path().join("addenda.jsonl")).unwrap();
    let found = verify_run(&other.place(), &trust).unwrap();
    assert!(found.findings.iter().any(|found| found.text.contains("another log")), "{:?}", found.findings);
}

#[test]
fn a_witness_is_somebody_else_whom_the_readers_know() {
    let root = tempfile::tempdir().unwrap();
    let (alice, alice_line) = person(root.path(), "alice");
    let (bob, bob_line) = person(root.path(), "bob");
    let drill = Drill::begin(root.path(), Mode::Real, Ok(&alice));
    drill.begun.writer.append_blocking(vec![note("on the record")]).unwrap();
    drill.begun.writer.seal_blocking(alice.clone()).unwrap();
    let trust = |lines: &str| Trust { signers: AllowedSigners::parse(lines), at: now(), ..Trust::default() };
    let both = trust(&format!("{alice_line}{bob_line}"));
    let own = countersign(&drill.place(), &alice, &both, at());
    assert!(matches!(own, Err(AddError::OwnSeal(_))), "{own:?}");
    assert!(matches!(countersign(&drill.place(), &practice(root.path()), &both, at()), Err(AddError::Practice)));
    countersign(&drill.place(), &bob, &both, at()).unwrap();
    let names = |trust: &Trust| -> Vec<String> {
        let log = verify_run(&drill.place(), trust).unwrap();
        assert_eq!(log.words(), "SEALED", "{:?}", log.findings);
        log.countersigned_by.into_iter().map(|by| by.by).collect()
    };
    assert_eq!(names(&both), ["bob@example.com"]);
    assert!(names(&trust(&alice_line)).is_empty(), "a witness whom nobody knows does not count");
    let sealing =
        format!("{alice_line}bob@example.com namespaces=\"seal@lifeboat\" {}", bob_line.split_once(' ').unwrap().1);
    assert!(names(&trust(&sealing)).is_empty(), "nor one who may not sign this");
    // Stock ssh-keygen says the same of the witness's signature.
    let log = verify_run(&drill.place(), &both).unwrap();
    let addenda = read_addenda(drill.folder.path(), &log, &both).unwrap();
    let Addition::Countersigned { sig } = &addenda.entries[0].what else { panic!("{addenda:?}") };
    let (signers, armour) = (root.path().join("signers"), root.path().join("witness.sig"));
    fs::write(&signers, bob_line).unwrap();
    fs::write(&armour, sig).unwrap();
    let mut keygen = std::process::Command::new("ssh-keygen");
    keygen.args(["-Y", "verify", "-I", "bob@example.com", "-n", "witness@lifeboat", "-f"]).arg(&signers).arg("-s");
    let input = fs::File::open(&drill.place().log).unwrap();
    assert!(keygen.arg(&armour).stdin(input).stdout(std::process::Stdio::null()).status().unwrap().success());
}
