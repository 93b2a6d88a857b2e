//! The attack table of `docs/incident-log.md`, a test a row, and both verifiers asked: ours, and the one of
//! `tests/verify_log.py`, which shares no code with it.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use lifeboat::engine::{Event, Mode, Resumed};
use lifeboat::journal::{Chain, SEAL_NAMESPACE, SESSION_NAMESPACE, SessionKey, Severity, Trust, Verdict, Verification};
use lifeboat::kernel::{Stamp, sha256_hex};
use lifeboat::store::{
    AppendError, Follow, Format, Left, LogPlace, LogWriter, Message, SealError, SignError, StoreError, audit, show,
    tail, verify_run,
};
use sha2::{Digest as _, Sha512};

use crate::approvals::{ALICE, PROMOTE, Stage, approved, confirmed, request_of, started};
use crate::fixture::{
    Drill, RUNBOOK, note, now, opened, practice, practice_trust, released, run_clock, sealed, second_opinion,
    signers_of,
};
use crate::parts;

type Damage = fn(&mut Vec<Vec<u8>>);
/// The line, from 1, that has to be named first; 0: any.
type Named = fn(&[Vec<u8>]) -> usize;

/// Splits a log into lines without LF.
pub(crate) fn lines_of(log: &[u8]) -> Vec<Vec<u8>> {
    let text = log.strip_suffix(b"\n").unwrap();
    text.split(|&b| b == b'\n').map(<[u8]>::to_vec).collect()
}

pub(crate) fn edit(line: &mut Vec<u8>, from: &str, to: &str) {
    let text = String::from_utf8(line.clone()).unwrap();
    assert!(text.contains(from), "{text}");
    *line = text.replacen(from, to, 1).into_bytes();
}

fn find(lines: &[Vec<u8>], what: &str) -> usize {
    lines.iter().position(|line| String::from_utf8_lossy(line).contains(what)).unwrap()
}

/// Makes the numbers and links anew, as somebody without the session's key can.
pub(crate) fn relink(lines: &mut [Vec<u8>]) {
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
pub(crate) fn judge(name: &str, drill: &Drill, log: &[u8]) -> Verification {
    let place = drill.place();
    fs::write(&place.log, log).unwrap();
    both(name, &place, &drill.state, &signers_of(drill))
}

pub(crate) fn both(name: &str, place: &LogPlace, state: &Path, signers: &Path) -> Verification {
    let ours = verify_run(place, &practice_trust(state)).unwrap();
    let (code, words) = second_opinion(signers, place.folder.as_deref().unwrap());
    assert_eq!((i32::from(ours.verdict.exit_code()), ours.words()), (code, words), "{name}: {:#?}", ours.findings);
    ours
}

/// Judges each damage of a sealed log: TAMPERED, and the first bad line named.
fn tampered(drill: &Drill, damages: &[(&str, Damage, Named)]) {
    let whole = fs::read(drill.folder.log()).unwrap();
    for (name, damage, place) in damages {
        let mut lines = lines_of(&whole);
        let expected = place(&lines);
        damage(&mut lines);
        let mut log = lines.join(&b'\n');
        log.push(b'\n');
        let found = judge(name, drill, &log);
        assert_eq!(found.words(), "TAMPERED", "{name}");
        let first = found.findings.first().unwrap();
        assert_eq!(first.severity, Severity::Damage, "{name}");
        assert!(expected == 0 || first.line == Some(expected as u64), "{name}: {:#?}", found.findings);
    }
    fs::write(drill.folder.log(), whole).unwrap();
}

#[test]
fn edited_deleted_inserted_reordered_and_appended_lines_are_named() {
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
    tampered(&drill, damages);
    let torn = [&whole[..], b"{\"seq\""].concat();
    assert_eq!(judge("bytes after the seal", &drill, &torn).words(), "TAMPERED");
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
fn rewritten_with_the_links_made_anew_does_not_fit_the_checkpoints() {
    let root = tempfile::tempdir().unwrap();
    let damages: &[(&str, Damage, Named)] = &[
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
    ];
    tampered(&sealed(root.path()), damages);
}

/// Whoever holds the operator's key can write another past and sign all of it, but for the approver's signature.
#[test]
fn a_past_that_its_author_rewrote_does_not_fit_its_approvals() {
    let stage = Stage::new();
    let request = stage.ask(1, PROMOTE);
    let signed = stage.judge(&stage.trust(), &request, &stage.sign("bob", &request)).unwrap();
    stage.record(vec![approved(signed), confirmed(), started(PROMOTE)]);
    stage.seal();
    let whole = fs::read(stage.drill.folder.log()).unwrap();
    assert_eq!(stage.both(&stage.trust(), None).0, Verdict::Sealed);
    for forged in [Forged::KeepsAll, Forged::PlacesTheQuestion, Forged::WritesTheRequestAnew] {
        fs::write(stage.drill.folder.log(), rewritten(&stage, &whole, forged)).unwrap();
        assert_eq!(stage.both(&stage.trust(), None).0, Verdict::Tampered, "{forged:?}");
    }
}

/// Says what the author of a false log does to the question and to the approval.
#[derive(Clone, Copy, Debug)]
enum Forged {
    KeepsAll,
    PlacesTheQuestion,
    WritesTheRequestAnew,
}

fn rewritten(stage: &Stage, whole: &[u8], forged: Forged) -> Vec<u8> {
    let session = SessionKey::from_seed(&[9; 32]);
    let mut opened = stage.opened();
    opened.session = session.public_text();
    let mut chain = Chain::new(opened.run.clone(), Some(session));
    let (mut log, at) = (Vec::new(), Stamp { utc: now(), mono: 0 });
    let sign = |namespace, text: &[u8]| {
        let digest = Sha512::digest(text).into();
        stage.alice.sign(namespace, &digest, Message::Text(std::str::from_utf8(text).unwrap())).unwrap()
    };
    let mut request = String::new();
    for fact in lifeboat::journal::read_log(whole).into_facts() {
        let mut event = fact.event;
        match &mut event {
            Event::Open(open) => **open = opened.clone(),
            Event::NoteAdded { text, .. } => text.push_str(", and nobody objected"),
            Event::ConfirmationAsked { .. } => {
                if !matches!(forged, Forged::KeepsAll) {
                    chain.place(&mut event);
                }
                request = request_of(&opened, &event);
            }
            Event::Approved { request: theirs, .. } if matches!(forged, Forged::WritesTheRequestAnew) => {
                theirs.clone_from(&request);
            }
            _ => {}
        }
        chain.event(at, &event, &mut log).unwrap();
        if let Event::Open(_) = event {
            let statement = chain.delegation_statement().unwrap();
            let sig = sign(SESSION_NAMESPACE, statement.as_bytes());
            chain.delegation(at, ALICE, &sig, &mut log).unwrap();
        }
    }
    chain.checkpoint(&mut log).unwrap();
    chain.sealing(at, ALICE, &mut log).unwrap();
    chain.checkpoint(&mut log).unwrap();
    let sig = sign(SEAL_NAMESPACE, &log);
    chain.seal(&sig, &mut log).unwrap();
    log
}

#[test]
fn an_audit_misses_a_run_that_is_gone_and_one_that_was_replaced() {
    let root = tempfile::tempdir().unwrap();
    let operator = practice(root.path());
    let first = sealed(root.path());
    let trust = practice_trust(&first.state);
    let folder = |n: &str| first.runs.root().join(n);
    let follow = |before: Option<(&lifeboat::kernel::RunId, String)>| {
        let run = first.runs.create(now()).unwrap();
        run.write_runbook(RUNBOOK.as_bytes()).unwrap();
        let mut opened = opened(Mode::Drill);
        (opened.prev_run, opened.prev_sha512) = before.map(|(run, sha512)| (run.clone(), sha512)).unzip();
        let begun = LogWriter::begin(&run, opened, Ok(&operator), run_clock()).unwrap();
        (run, begun.writer)
    };
    let known = |run: &lifeboat::store::RunFolder| {
        let before = lifeboat::store::prev_run(&first.runs, "alice@example.com", "bastion").unwrap();
        let before = before.filter(|before| before.run == *run.id());
        before.map(|before| before.sha512)
    };
    // The second begins while the first is the latest; the third while the second is still open.
    let (second, writer) = follow(known(&first.folder).map(|sha512| (first.folder.id(), sha512)));
    let digest = lifeboat::kernel::Sha256Hex::from_digest(&verify_run(&second.place(), &trust).unwrap().log_sha512);
    let (third, last) = follow(Some((second.id(), digest.as_str().to_owned())));
    writer.append_blocking(vec![note("it went on")]).unwrap();
    writer.seal_blocking(operator.clone()).unwrap();
    last.seal_blocking(operator.clone()).unwrap();
    let found = audit(&first.runs, &trust).unwrap();
    assert_eq!((found.runs.len(), found.exit_code(), found.breaks.as_slice()), (3, 0, &[][..]));
    // Replaced by another log that verifies.
    let kept = fs::read(second.log()).unwrap();
    let other = sealed(&root.path().join("elsewhere"));
    fs::copy(other.place().log, second.log()).unwrap();
    let found = audit(&first.runs, &trust).unwrap();
    assert_eq!((found.exit_code(), found.breaks.len()), (5, 2), "{:?}", found.breaks);
    fs::write(second.log(), kept).unwrap();
    fs::remove_dir_all(folder(second.id().as_str())).unwrap();
    let found = audit(&first.runs, &trust).unwrap();
    assert_eq!(found.exit_code(), 5);
    assert!(found.breaks[0].starts_with(&format!("{} is missing: {}", second.id(), third.id())), "{:?}", found.breaks);
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

#[test]
fn lines_without_a_signature_are_open_and_counted() {
    let root = tempfile::tempdir().unwrap();
    let drill = sealed(root.path());
    let whole = fs::read(drill.folder.log()).unwrap();
    let mut lines = lines_of(&whole);
    lines.truncate(find(&lines, "line 1"));
    for text in ["it was calm", "all went well"] {
        let (last, seq) = (lines.last().unwrap(), lines.len());
        let text = format!(
            "{{\"seq\":{seq},\"prev\":\"{}\",\"t\":\"2026-11-22T09:26:31.000000Z\",\"mono\":900000,\"k\":\"note-added\",\
             \"text\":\"{text}\",\"occurred_at\":null,\"by\":\"alice@example.com\"}}",
            sha256_hex(last)
        );
        lines.push(text.into_bytes());
    }
    let found = judge("made up at the end", &drill, &[lines.join(&b'\n'), b"\n".to_vec()].concat());
    assert_eq!((found.words().as_str(), found.coverage.uncovered), ("OPEN", 2));
    assert!(found.findings.iter().any(|finding| finding.text == "no signature covers the last 2 lines"));
}

#[test]
fn a_changed_output_or_runbook_is_named() {
    let root = tempfile::tempdir().unwrap();
    let drill = sealed(root.path());
    let whole = fs::read(drill.folder.log()).unwrap();
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
fn an_attempt_whose_end_does_not_vouch_for_its_output_is_damage_in_a_log_that_nobody_signed() {
    let root = tempfile::tempdir().unwrap();
    let drill = Drill::begin(root.path(), Mode::Drill, Err(SignError::NoKey));
    drill.play();
    let (place, state) = (drill.place(), drill.state.clone());
    let signers = signers_of(&drill);
    drop(drill);
    released(&place);
    let mut lines = lines_of(&fs::read(&place.log).unwrap());
    // The session's key vouches for nothing that could be held against the change.
    lines.retain(|line| !String::from_utf8_lossy(line).contains("\"k\":\"checkpoint\""));
    let end = find(&lines, "\"attempt-finished\"");
    let judged = |name: &str, from: &str, to: &str| {
        let mut lines = lines.clone();
        edit(&mut lines[end], from, to);
        relink(&mut lines);
        fs::write(&place.log, [lines.join(&b'\n'), b"\n".to_vec()].concat()).unwrap();
        both(name, &place, &state, &signers)
    };
    let damages = [
        ("no streams", "\"streams\":", "\"strains\":"),
        ("streams of another kind", "\"streams\":", "\"streams\":[],\"strains\":"),
        ("no size", "\"out_bytes\":", "\"out_bites\":"),
        ("no number", "\"out_bytes\":", "\"out_bytes\":-"),
        ("no digest", "\"out_sha256\":", "\"out_sha256\":7,\"digest\":"),
        ("no attempt", "\"attempt\":", "\"attempt\":7,\"named\":"),
    ];
    for folder in ["beside its outputs", "alone"] {
        for (name, from, to) in damages {
            let found = judged(&format!("{name}, {folder}"), from, to);
            assert_eq!(found.words(), "TAMPERED", "{name}, {folder}");
            assert_eq!(found.findings[0].line, Some(end as u64 + 1), "{name}, {folder}: {:#?}", found.findings);
        }
        // What it says of clocks is another matter.
        let odd = judged("an odd time", "\"took_ms\":", "\"took_ms\":\"long\",\"took\":");
        assert_eq!(odd.words(), "UNTRUSTED", "{folder}: {:#?}", odd.findings);
        if folder != "alone" {
            let output = place.folder.as_ref().unwrap().join("output");
            fs::rename(&output, output.with_file_name("elsewhere")).unwrap();
        }
    }
}

#[test]
fn a_torn_line_and_zeros_after_a_power_cut_are_set_aside_on_the_record() {
    for tail in [&b"{\"seq\":9,\"prev\":\"00"[..], &[0; 512], b"{\"seq\":9}\0\0"] {
        let root = tempfile::tempdir().unwrap();
        let operator = practice(root.path());
        let drill = Drill::begin(root.path(), Mode::Drill, Ok(&operator));
        drill.play();
        let (place, state) = (drill.place(), drill.state.clone());
        let signers = signers_of(&drill);
        drop(drill);
        released(&place);
        let whole = fs::read(&place.log).unwrap();
        fs::write(&place.log, [&whole, tail].concat()).unwrap();
        let found = both("torn", &place, &state, &signers);
        assert_eq!((found.words().as_str(), found.coverage.torn), ("OPEN", tail.len() as u64));
        let left = Left::take(&place, &practice_trust(&state)).unwrap();
        let last = left.last();
        let resumed = Resumed {
            by: ALICE.to_owned(),
            session: String::new(),
            host: "bastion".to_owned(),
            boot: "b".to_owned(),
            pid: 2,
            tool: "t".to_owned(),
            clock: lifeboat::kernel::ClockSync::Unknown,
            torn: None,
        };
        let begun = LogWriter::go_on(left, resumed, Ok(&operator), Box::new(move || last)).unwrap();
        let Event::Resumed(resumed) = &begun.open.event else { panic!("{:?}", begun.open) };
        let torn = resumed.torn.as_ref().unwrap();
        assert_eq!((torn.bytes, &torn.sha256), (tail.len() as u64, &sha256_hex(tail)));
        assert_eq!(fs::read(place.log.with_file_name(&torn.file)).unwrap(), tail);
        begun.writer.seal_blocking(operator).unwrap();
        assert_eq!(both("set aside", &place, &state, &signers).words(), "SEALED by a practice key");
        assert!(fs::read(&place.log).unwrap().starts_with(&whole));
    }
}

#[test]
fn another_writer_is_noticed_and_final() {
    let root = tempfile::tempdir().unwrap();
    let operator = practice(root.path());
    let drill = Drill::begin(root.path(), Mode::Drill, Ok(&operator));
    fs::OpenOptions::new().append(true).open(drill.folder.log()).unwrap().write_all(b"x").unwrap();
    // No other place takes it.
    fs::write(drill.state.join("spare"), b"").unwrap();
    fs::create_dir(drill.folder.path().join("incident.2.jsonl")).unwrap();
    for _ in 0..2 {
        let refused = drill.begun.writer.append_blocking(vec![note("mine")]).unwrap_err();
        assert!(
            matches!(&refused, AppendError::Final { why, .. } if why.contains("something else writes")),
            "{refused}"
        );
    }
    assert!(matches!(drill.begun.writer.seal_blocking(operator), Err(SealError::Append(AppendError::Final { .. }))));
}

#[test]
fn a_log_is_made_once() {
    let root = tempfile::tempdir().unwrap();
    let drill = Drill::begin(root.path(), Mode::Drill, Err(SignError::NoKey));
    let again = LogWriter::begin(&drill.folder, opened(Mode::Drill), Err(SignError::NoKey), run_clock());
    assert!(matches!(again, Err(StoreError::Io { what: "create the file", .. })));
}

#[test]
fn a_missing_part_is_open_and_named() {
    for number in 1..=3_usize {
        let root = tempfile::tempdir().unwrap();
        let moved = parts::sealed(root.path());
        let name = if number == 1 { "incident.jsonl".to_owned() } else { format!("incident.{number}.jsonl") };
        let parts = moved.drill.place().parts();
        let gone = parts.iter().find(|part| part.file_name().is_some_and(|file| file.to_str() == Some(&name))).unwrap();
        fs::remove_file(gone.canonicalize().unwrap()).unwrap();
        drop(fs::remove_file(gone));
        let found = parts::both(&name, &moved);
        assert_eq!(found.words(), "OPEN", "{name}: {:#?}", found.findings);
        let named = found.findings.iter().any(|finding| {
            finding.severity == Severity::Open && finding.text.starts_with(&format!("{name} is missing"))
        });
        assert!(named || number == 3, "{name}: {:#?}", found.findings);
        if number == 2 {
            let place = moved.drill.place();
            drop(moved);
            released(&place);
            let refused = Left::take(&place, &Trust::default()).unwrap_err();
            assert!(matches!(refused, StoreError::Missing { .. }), "{refused}");
        }
    }
}

#[test]
fn views_are_harmless_and_raw_on_request() {
    let root = tempfile::tempdir().unwrap();
    let drill = sealed(root.path());
    let narrate = |event: &Event| format!("{event:?} \u{1b}[31m");
    let mut text = Vec::new();
    show(&drill.place(), Format::Text, &narrate, &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    let raw = fs::read_to_string(drill.folder.log()).unwrap();
    assert_eq!(text.lines().count(), raw.lines().count());
    assert!(!text.contains('\u{1b}') && text.contains("practice@lifeboat seals the log"), "{text}");
    let mut json = Vec::new();
    show(&drill.place(), Format::Json, &narrate, &mut json).unwrap();
    assert_eq!(String::from_utf8(json).unwrap(), raw);
    let mut last = Vec::new();
    tail(&drill.place(), 2, Follow::Until(&|| false), Format::Json, &narrate, &mut last).unwrap();
    assert_eq!(String::from_utf8(last).unwrap().lines().count(), 2, "a sealed log has no more to come");
}
