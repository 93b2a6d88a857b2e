//! Two verifiers that share no code agree on every kind of damage: ours, and the one of `tests/verify_log.py`.

use std::fs;
use std::path::Path;

use crate::fixture::{Drill, note, practice, practice_trust, sealed, second_opinion, signers_of};
use lifeboat::engine::Mode;
use lifeboat::journal::{Severity, Verification};
use lifeboat::kernel::sha256_hex;
use lifeboat::store::{LogPlace, Runs, SignError, verify_run};

type Damage = fn(&mut Vec<Vec<u8>>);
/// The line, from 1, that has to be named first; 0: any.
type Named = fn(&[Vec<u8>]) -> usize;

/// Splits a log into lines without LF.
fn lines_of(log: &[u8]) -> Vec<Vec<u8>> {
    let text = log.strip_suffix(b"\n").unwrap();
    text.split(|&b| b == b'\n').map(<[u8]>::to_vec).collect()
}

fn edit(line: &mut Vec<u8>, from: &str, to: &str) {
    let text = String::from_utf8(line.clone()).unwrap();
    assert!(text.contains(from), "{text}");
    *line = text.replacen(from, to, 1).into_bytes();
}

fn find(lines: &[Vec<u8>], what: &str) -> usize {
    lines.iter().position(|line| String::from_utf8_lossy(line).contains(what)).unwrap()
}

/// Makes the numbers and links anew, as somebody without the session's key can.
fn relink(lines: &mut [Vec<u8>]) {
    let mut prev = String::new();
    for (seq, line) in lines.iter_mut().enumerate() {
        let text = String::from_utf8(line.clone()).unwrap();
        let (_, rest) = text.split_once(",\"t\":").unwrap();
        let rest = if rest.contains("\"k\":\"checkpoint\"") {
            let (before, after) = rest.split_once("\"lines\":").unwrap();
            let (_, after) = after.split_once(',').unwrap();
            format!("{before}\"lines\":{seq},{after}")
        } else {
            rest.to_owned()
        };
        *line = format!("{{\"seq\":{seq},\"prev\":\"{prev}\",\"t\":{rest}").into_bytes();
        prev = sha256_hex(line).as_str().to_owned();
    }
}

/// Writes damaged lines to the run and asks both verifiers, who must agree.
fn judge(name: &str, drill: &Drill, log: &[u8]) -> Verification {
    let place = drill.place();
    fs::write(&place.log, log).unwrap();
    both(name, &place, &drill.state, &signers_of(drill))
}

fn both(name: &str, place: &LogPlace, state: &Path, signers: &Path) -> Verification {
    let ours = verify_run(place, &practice_trust(state)).unwrap();
    let (code, words) = second_opinion(signers, place.folder.as_deref().unwrap());
    assert_eq!((i32::from(ours.verdict.exit_code()), ours.words()), (code, words), "{name}: {:#?}", ours.findings);
    ours
}

#[test]
fn every_damage_is_found_by_both() {
    let root = tempfile::tempdir().unwrap();
    let drill = sealed(root.path());
    let whole = fs::read(drill.folder.log()).unwrap();
    let good = judge("untouched", &drill, &whole);
    assert_eq!(good.words(), "SEALED by a practice key", "{:#?}", good.findings);
    assert_eq!(good.coverage.uncovered, 0);

    let damages: &[(&str, Damage, Named)] = &[
        ("a byte in the open line", |l| edit(&mut l[0], "bastion", "bastiom"), |_| 1),
        ("a byte in the delegation", |l| edit(&mut l[1], "lifeboat session", "lifeboat sessiom"), |_| 2),
        ("a byte in a note", |l| edit(&mut l[3], "declared", "declareD"), |_| 4),
        ("a byte in a time", |l| edit(&mut l[3], "2026-11-22T09", "2026-11-22T08"), |_| 4),
        ("a byte in a number", |l| edit(&mut l[3], "{\"seq\":3", "{\"seq\":4"), |_| 4),
        ("a byte in a link", |l| l[4][20] = if l[4][20] == b'0' { b'1' } else { b'0' }, |_| 4),
        ("a line deleted", |l| drop(l.remove(4)), |_| 5),
        ("a line inserted", |l| l.insert(4, l[3].clone()), |_| 5),
        ("lines swapped", |l| l.swap(3, 4), |_| 4),
        ("a line after the seal", |l| l.push(l[3].clone()), |l| l.len() + 1),
        (
            "a byte in the seal's signature",
            |l| {
                let at = l.len() - 1;
                edit(&mut l[at], "AAAA", "AAAB");
            },
            |l| l.len(),
        ),
        (
            "a byte in the seal's time",
            |l| {
                let at = l.len() - 1;
                edit(&mut l[at], "2026-", "2025-");
            },
            |l| l.len(),
        ),
        (
            "who seals",
            |l| {
                let at = find(l, "\"sealing\"");
                edit(&mut l[at], "practice@", "practise@");
            },
            |_| 0,
        ),
        (
            "the links made anew",
            |l| {
                edit(&mut l[3], "declared", "declareD");
                relink(l);
            },
            |_| 0,
        ),
        (
            "deleted, and the links made anew",
            |l| {
                l.remove(3);
                relink(l);
            },
            |_| 0,
        ),
        (
            "a line twice, and the links made anew",
            |l| {
                l.insert(4, l[3].clone());
                relink(l);
            },
            |_| 0,
        ),
        ("a BOM", |l| l[0].splice(0..0, *b"\xef\xbb\xbf").for_each(drop), |_| 1),
        ("CRLF", |l| l[3].push(b'\r'), |_| 4),
        ("a duplicate key", |l| edit(&mut l[3], "\"by\":", "\"text\":\"x\",\"by\":"), |_| 4),
        ("NaN", |l| edit(&mut l[3], "\"declared\"", "NaN"), |_| 4),
        ("a float", |l| edit(&mut l[3], "\"declared\"", "1.0"), |_| 4),
        ("a lone surrogate", |l| edit(&mut l[3], "declared", "\\ud800"), |_| 4),
        ("white space", |l| edit(&mut l[3], "\"text\":", "\"text\": "), |_| 4),
        ("no UTF-8", |l| l[3][200] = 0xff, |_| 4),
        ("a huge integer", |l| edit(&mut l[3], "\"declared\"", "9007199254740992"), |_| 4),
        ("an empty line", |l| l.insert(5, Vec::new()), |_| 6),
    ];
    for (name, damage, place) in damages {
        let mut lines = lines_of(&whole);
        let expected = place(&lines);
        damage(&mut lines);
        let mut log = lines.join(&b'\n');
        log.push(b'\n');
        let found = judge(name, &drill, &log);
        assert_eq!(found.words(), "TAMPERED", "{name}");
        let first = found.findings.first().unwrap();
        assert_eq!(first.severity, Severity::Damage, "{name}");
        assert!(expected == 0 || first.line == Some(expected as u64), "{name}: {:#?}", found.findings);
    }
    let mut torn = whole.clone();
    torn.extend_from_slice(b"{\"seq\"");
    assert_eq!(judge("bytes after the seal", &drill, &torn).words(), "TAMPERED");
    fs::write(drill.folder.log(), &whole).unwrap();

    for (name, file) in [("an output", "output/9.1.out"), ("the runbook", "runbook.md")] {
        let path = drill.folder.path().join(file);
        let text = fs::read(&path).unwrap();
        fs::write(&path, [&text[1..], b"x"].concat()).unwrap();
        let found = judge(name, &drill, &whole);
        assert_eq!(found.words(), "TAMPERED", "{name}");
        assert!(found.findings[0].text.contains(file), "{name}");
        fs::remove_file(&path).unwrap();
        assert_eq!(judge(name, &drill, &whole).words(), "TAMPERED", "{name} is gone");
        fs::write(&path, text).unwrap();
    }
    fs::rename(drill.folder.output(), drill.folder.path().join("elsewhere")).unwrap();
    let alone = judge("the log alone", &drill, &whole);
    assert_eq!(alone.words(), "SEALED by a practice key");
    assert!(alone.findings.iter().any(|f| f.severity == Severity::Note && f.text.contains("not checked")));
    fs::rename(drill.folder.path().join("elsewhere"), drill.folder.output()).unwrap();
    assert_eq!(judge("all put back", &drill, &whole).words(), "SEALED by a practice key");
}

#[test]
fn a_cut_tail_is_open_and_never_passes() {
    let root = tempfile::tempdir().unwrap();
    let drill = sealed(root.path());
    let whole = fs::read(drill.folder.log()).unwrap();
    let lines = lines_of(&whole);
    let cut_at = |count: usize| [lines[..count].join(&b'\n'), b"\n".to_vec()].concat();
    let cut = judge("the seal is gone", &drill, &cut_at(lines.len() - 1));
    assert_eq!((cut.words().as_str(), cut.coverage.uncovered), ("OPEN", 0));
    let at = find(&lines, "line 1") + 1;
    let cut = judge("a note without its checkpoint", &drill, &cut_at(at));
    assert_eq!((cut.words().as_str(), cut.coverage.uncovered), ("OPEN", 1));
    let torn = [cut_at(at + 1), b"{\"seq\":99\0\0\0".to_vec()].concat();
    let torn = judge("torn", &drill, &torn);
    assert_eq!((torn.words().as_str(), torn.coverage.torn), ("OPEN", 12));
    assert_eq!(judge("only the open line", &drill, &cut_at(1)).words(), "UNTRUSTED");
    let mut edited = lines[..at].to_vec();
    edit(&mut edited[3], "declared", "declareD");
    relink(&mut edited);
    let found = judge("cut, edited, linked anew", &drill, &[edited.join(&b'\n'), b"\n".to_vec()].concat());
    assert_eq!(found.words(), "TAMPERED");
    assert!(found.findings[0].text.contains("in lines 4 to 6"), "{:#?}", found.findings);

    fs::write(drill.folder.log(), b"").unwrap();
    assert!(verify_run(&drill.place(), &practice_trust(&drill.state)).is_err());
    assert_eq!(second_opinion(&signers_of(&drill), drill.folder.path()).0, 2);
}

#[test]
fn trust_is_more_than_a_signature() {
    let root = tempfile::tempdir().unwrap();
    let drill = sealed(root.path());
    let stranger = tempfile::tempdir().unwrap();
    drop(practice(stranger.path()));
    let state = stranger.path().join("state");
    let other = lifeboat::store::practice_signers(&state);
    assert_eq!(both("a wrong signer", &drill.place(), &state, &other).words(), "UNTRUSTED");

    let ours = signers_of(&drill);
    let line = fs::read_to_string(&ours).unwrap();
    let tightened = [
        ("namespaces", line.replace("seal@lifeboat", "other@lifeboat")),
        ("nobody", "# nobody\n".to_owned()),
        ("another name", line.replace("practice@", "carol@")),
        ("not valid yet", line.replace("namespaces=", "valid-after=\"20990101Z\",namespaces=")),
        ("no longer valid", line.replace("namespaces=", "valid-before=\"20250101Z\",namespaces=")),
    ];
    for (name, text) in tightened {
        fs::write(&ours, text).unwrap();
        assert_eq!(both(name, &drill.place(), &drill.state, &ours).words(), "UNTRUSTED", "{name}");
    }
    fs::write(&ours, line).unwrap();

    // A practice key in a real run counts for nothing.
    let operator = practice(root.path());
    let real = Drill::begin(root.path(), Mode::Real, Ok(&operator));
    real.begun.writer.seal_blocking(operator.clone()).unwrap();
    assert_eq!(both("practice in a real run", &real.place(), &real.state, &ours).words(), "UNTRUSTED");

    // Without any key the run is recorded, and sealed by a key that turns up at the end.
    let bare = Drill::begin(root.path(), Mode::Drill, Err(SignError::NoKey));
    bare.begun.writer.append_blocking(vec![note("no key at three in the morning")]).unwrap();
    assert_eq!(both("unsigned", &bare.place(), &bare.state, &ours).words(), "UNTRUSTED");
    bare.begun.writer.seal_blocking(operator).unwrap();
    assert_eq!(both("sealed late", &bare.place(), &bare.state, &ours).words(), "SEALED by a practice key");
}

/// Whatever byte of a sealed log is changed, it does not pass for sealed. A sample, from all parts of the file.
#[test]
fn no_byte_of_a_sealed_log_can_be_changed() {
    let root = tempfile::tempdir().unwrap();
    let operator = practice(root.path());
    let drill = Drill::begin(root.path(), Mode::Drill, Ok(&operator));
    drill.begun.writer.append_blocking(vec![note("x")]).unwrap();
    drill.begun.writer.seal_blocking(operator).unwrap();
    let whole = fs::read(drill.folder.log()).unwrap();
    let trust = practice_trust(&drill.state);
    for at in (0..whole.len()).step_by(29).chain([whole.len() - 1]) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        let found = lifeboat::journal::verify(&mut [std::io::Cursor::new(bytes)], &trust, &mut |_| {});
        let exit = found.map_or(2, |found| found.verdict.exit_code());
        assert_ne!(exit, 0, "byte {at}");
    }
    assert_eq!(Runs::at(drill.state.join("runs")).list().unwrap().len(), 1);
}
