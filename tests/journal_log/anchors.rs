//! Anchors: where a log stood, said outside of it. Both verifiers see a log that is not the one, and one that is shorter.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::{DateTime, Utc};
use lifeboat::drive::anchor::Anchorer;
use lifeboat::journal::{AllowedSigners, Anchor, Severity, Trust, Verification};
use lifeboat::settings::config::Anchoring;
use lifeboat::store::{given_anchor, stands, state, statements, verify_run};

use crate::fixture::{Drill, note, practice_trust, sealed, second_report, signers_of};

/// Asks both verifiers, with anchors that the reader vouches for; they have to agree.
fn both(name: &str, drill: &Drill, given: &[&Path]) -> Verification {
    let mut trust = practice_trust(&drill.state);
    trust.anchors = given.iter().map(|path| given_anchor(path).unwrap()).collect();
    let ours = verify_run(&drill.place(), &trust).unwrap();
    let signers = signers_of(drill);
    let (code, said) = second_report(&[&[&*signers, drill.folder.path()], given].concat());
    let words = said.lines().next().unwrap().to_owned();
    assert_eq!((i32::from(ours.verdict.exit_code()), ours.words()), (code, words), "{name}: {:#?}", ours.findings);
    ours
}

/// States where the log stands, and takes a copy to where its author can't reach it.
fn anchored(drill: &Drill, elsewhere: &Path, name: &str) -> PathBuf {
    let anchor = stands(&drill.place(), drill.folder.id().as_str()).unwrap().unwrap();
    let statement = state(drill.folder.path(), anchor).unwrap();
    let copy = elsewhere.join(name);
    fs::copy(statement.path, &copy).unwrap();
    copy
}

#[test]
fn a_log_that_its_anchor_does_not_know_is_a_mismatch() {
    let root = tempfile::tempdir().unwrap();
    let drill = sealed(root.path());
    let whole = fs::read(drill.folder.log()).unwrap();
    let end = anchored(&drill, root.path(), "end.txt");
    let found = both("beside the log only", &drill, &[]);
    assert_eq!(found.words(), "SEALED by a practice key");
    assert!(found.findings.iter().any(|finding| finding.text.contains("it proves nothing")), "{:#?}", found.findings);
    let mut found = both("from elsewhere", &drill, &[&end]);
    assert_eq!(found.words(), "SEALED by a practice key, ANCHORED");
    found.require_anchored();
    assert_eq!(found.verdict.exit_code(), 0);

    // Cut: what an anchor knows is missing.
    let lines: Vec<_> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    fs::write(drill.folder.log(), lines[..lines.len() - 2].concat()).unwrap();
    let found = both("cut", &drill, &[&end]);
    assert_eq!((found.words().as_str(), found.verdict.exit_code()), ("ANCHOR MISMATCH", 5));
    assert!(found.findings[0].text.contains("its end is missing"), "{:#?}", found.findings);
    // A false statement, or another run's.
    fs::write(drill.folder.log(), &whole).unwrap();
    let text = fs::read_to_string(&end).unwrap();
    let anchor = Anchor::parse(&text).unwrap();
    let false_one = Anchor { head: "ab".repeat(32), lines: 3, ..anchor.clone() };
    let strange = Anchor { run: "20261122T092630Z-7f3k".to_owned(), ..anchor };
    for (name, anchor, line) in [("another past", false_one, Some(3)), ("another run", strange, None)] {
        let path = root.path().join("given.txt");
        fs::write(&path, anchor.text()).unwrap();
        let mut found = both(name, &drill, &[&path]);
        assert_eq!(found.words(), "ANCHOR MISMATCH", "{name}");
        let first = &found.findings[0];
        assert_eq!((first.severity, first.line), (Severity::Anchor, line), "{name}");
        found.require_anchored();
        assert_eq!(found.verdict.exit_code(), 5, "{name}: the graver one stays");
    }
    let mut found = both("nothing given", &drill, &[]);
    found.require_anchored();
    assert_eq!(found.verdict.exit_code(), 4);
}

/// Whoever holds the key writes another log of the same run, and seals it: only what was said outside tells.
#[test]
fn a_log_that_its_own_author_replaced_is_a_mismatch() {
    let root = tempfile::tempdir().unwrap();
    let operator = crate::fixture::practice(root.path());
    let drill = Drill::begin(root.path(), lifeboat::engine::Mode::Drill, Ok(&operator));
    drill.begun.writer.append_blocking(vec![note("it was me")]).unwrap();
    drill.begun.writer.append_blocking(vec![note("and nobody else")]).unwrap();
    // While it is being written the last batch may not be on the disk, so the one before is stated.
    let copy = anchored(&drill, root.path(), "early.txt");
    assert_eq!(Anchor::parse(&fs::read_to_string(&copy).unwrap()).unwrap().lines, 5);
    drill.begun.writer.seal_blocking(operator.clone()).unwrap();
    assert_eq!(both("as it was", &drill, &[&copy]).words(), "SEALED by a practice key");
    fs::remove_file(drill.folder.log()).unwrap();
    let begun = lifeboat::store::LogWriter::begin(
        &drill.folder,
        crate::fixture::opened(lifeboat::engine::Mode::Drill),
        Ok(&operator),
        crate::fixture::run_clock(),
    )
    .unwrap();
    begun.writer.append_blocking(vec![note("it was bob")]).unwrap();
    begun.writer.append_blocking(vec![note("and nobody else")]).unwrap();
    begun.writer.seal_blocking(operator).unwrap();
    let found = both("written anew", &drill, &[&copy]);
    assert_eq!((found.words().as_str(), found.findings[0].line), ("ANCHOR MISMATCH", Some(5)));
}

/// Makes an authority of a time stamp service: its folder, with `ca.pem` and what `openssl ts` needs.
fn authority(root: &Path) -> PathBuf {
    let folder = root.join("tsa");
    fs::create_dir(&folder).unwrap();
    fs::write(
        folder.join("tsa.cnf"),
        "[tsa]\ndefault_tsa = t\n[t]\nserial = serial\ncrypto_device = builtin\nsigner_cert = tsa.pem\ncerts = ca.pem\n\
         signer_key = tsa.key\nsigner_digest = sha256\ndefault_policy = 1.2.3.4\ndigests = sha256, sha512\n\
         accuracy = secs:1\nordering = yes\ness_cert_id_chain = no\n[ext]\nextendedKeyUsage = critical,timeStamping\n",
    )
    .unwrap();
    fs::write(folder.join("serial"), "01\n").unwrap();
    let openssl = |arguments: &str| {
        let done = Command::new("openssl").args(arguments.split(' ')).current_dir(&folder).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    openssl("req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=ca -days 3650");
    openssl("req -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr -subj /CN=tsa");
    openssl(
        "x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out tsa.pem -days 3650 -extfile tsa.cnf -extensions ext",
    );
    folder
}

/// Answers requests for stamps as an authority does, until the test's process ends. Returns its address.
fn responder(folder: &Path) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/tsr", listener.local_addr().unwrap());
    let folder = folder.to_owned();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut bytes, mut buffer) = (stream.unwrap(), Vec::new(), [0; 4096]);
            let body = loop {
                let read = stream.read(&mut buffer).unwrap();
                bytes.extend_from_slice(&buffer[..read]);
                let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
                let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
                assert!(head.contains("content-type: application/timestamp-query"), "{head}");
                let length: usize =
                    head.split("content-length: ").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
                if bytes.len() >= end + 4 + length {
                    break bytes[end + 4..].to_vec();
                }
            };
            fs::write(folder.join("query"), body).unwrap();
            let mut openssl = Command::new("openssl");
            openssl.args(["ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "reply"]);
            let done = openssl.current_dir(&folder).output().unwrap();
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            let reply = fs::read(folder.join("reply")).unwrap();
            write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", reply.len()).unwrap();
            stream.write_all(&reply).unwrap();
        }
    });
    url
}

#[test]
fn a_time_stamp_says_since_when_and_outlives_the_key() {
    let root = tempfile::tempdir().unwrap();
    let drill = sealed(root.path());
    let folder = authority(root.path());
    let settings = Anchoring { timestamp: Some(responder(&folder)), ..Anchoring::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let told = runtime.block_on(async {
        let anchorer = Anchorer::new(&settings, drill.place(), drill.folder.id().as_str()).unwrap().unwrap();
        let told = anchorer.send().await;
        assert_eq!(anchorer.send().await, lifeboat::drive::anchor::Told::default(), "nothing waits any more");
        told
    });
    assert!(told.failed.is_empty() && told.anchored.len() == 1, "{told:?}");
    let ca = folder.join("ca.pem");
    let trust = |line: &str, at: DateTime<Utc>| Trust {
        signers: AllowedSigners::parse(line),
        authorities: Some(ca.clone()),
        at,
        ..Trust::default()
    };
    let signers = fs::read_to_string(signers_of(&drill)).unwrap();
    let found = verify_run(&drill.place(), &trust(&signers, Utc::now())).unwrap();
    assert_eq!(found.words(), "SEALED by a practice key, ANCHORED", "{:#?}", found.findings);
    let (code, said) = second_report(&[&signers_of(&drill), drill.folder.path(), &ca]);
    assert_eq!((code, said.lines().next()), (0, Some("SEALED by a practice key, ANCHORED")));
    // Stock openssl, in the words of the page.
    let path = &statements(drill.folder.path())[0].path;
    let mut stock = Command::new("openssl");
    stock.args(["ts", "-verify", "-data"]).arg(path).arg("-in").arg(path.with_extension("tsr")).arg("-CAfile").arg(&ca);
    assert!(stock.output().unwrap().status.success());

    // The key was good when the log was stamped, and is out of time now.
    let line = signers.replace("namespaces=", "valid-before=\"20900101Z\",namespaces=");
    let late = DateTime::parse_from_rfc3339("2099-01-01T00:00:00Z").unwrap().to_utc();
    let found = verify_run(&drill.place(), &trust(&line, late)).unwrap();
    assert_eq!(found.words(), "SEALED by a practice key, ANCHORED", "{:#?}", found.findings);
    let nobody = Trust { authorities: None, ..trust(&line, late) };
    assert_eq!(verify_run(&drill.place(), &nobody).unwrap().words(), "UNTRUSTED");
    // A stamp over something else, and one of nobody that is trusted.
    let stamp = fs::read(path.with_extension("tsr")).unwrap();
    let other = authority(&root.path().join("state"));
    let stranger = Trust { authorities: Some(other.join("ca.pem")), ..trust(&signers, Utc::now()) };
    let found = verify_run(&drill.place(), &stranger).unwrap();
    assert_eq!(found.words(), "SEALED by a practice key");
    assert!(found.has(Severity::Warning), "{:#?}", found.findings);
    for at in (0..stamp.len()).step_by(97) {
        let mut bytes = stamp.clone();
        bytes[at] ^= 1;
        fs::write(path.with_extension("tsr"), bytes).unwrap();
        let found = verify_run(&drill.place(), &trust(&line, late)).unwrap();
        // Some bytes of a stamp are no part of what was signed; then it still says the same.
        let counts = found.words() == "SEALED by a practice key, ANCHORED";
        assert!(
            counts || (found.words() == "UNTRUSTED" && found.has(Severity::Warning)),
            "byte {at}: {:#?}",
            found.findings
        );
    }
}

#[test]
fn what_cannot_be_sent_waits_and_is_said() {
    let root = tempfile::tempdir().unwrap();
    let drill = sealed(root.path());
    let settings = Anchoring { timestamp: Some("http://127.0.0.1:1/".to_owned()), ..Anchoring::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let told = runtime.block_on(async {
        Anchorer::new(&settings, drill.place(), drill.folder.id().as_str()).unwrap().unwrap().send().await
    });
    assert!(told.anchored.is_empty() && told.failed[0].contains("could not be stamped"), "{told:?}");
    assert_eq!(statements(drill.folder.path()).len(), 1, "it waits");
    let settings = Anchoring { s3: Some("bucket/prefix".to_owned()), ..Anchoring::default() };
    let refused = Anchorer::new(&settings, drill.place(), "r").unwrap_err();
    assert!(refused.contains("s3://BUCKET/PREFIX"), "{refused}");
}
