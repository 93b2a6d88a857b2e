//! The operator's key by every way to it, and every way in which it can be missing.

use std::fs;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lifeboat::engine::Mode;
use lifeboat::journal::AllowedSigners;
use lifeboat::store::{KeyWish, Operator, SignError, Signing, operator, verify_run};

use crate::fixture::{Drill, WAIT, note, now};

const ALICE: &str = "alice@example.com";

/// Makes a key with ssh-keygen and returns its path.
pub(crate) fn key(root: &Path, name: &str, kind: &[&str], passphrase: &str) -> PathBuf {
    let path = root.join(name);
    let made = Command::new("ssh-keygen")
        .args(["-q", "-N", passphrase, "-C", "test", "-t"])
        .args(kind)
        .arg("-f")
        .arg(&path)
        .status();
    assert!(made.unwrap().success());
    path
}

struct Agent {
    child: Child,
    socket: PathBuf,
}

impl Agent {
    fn start(root: &Path) -> Self {
        let socket = root.join("agent.sock");
        let child = Command::new("ssh-agent").arg("-D").arg("-a").arg(&socket).stdout(Stdio::null()).spawn().unwrap();
        let deadline = Instant::now() + WAIT;
        while std::os::unix::net::UnixStream::connect(&socket).is_err() {
            assert!(Instant::now() < deadline, "the agent does not come up");
            std::thread::yield_now();
        }
        Self { child, socket }
    }

    fn add(&self, key: &Path) {
        let added = Command::new("ssh-add").arg("-q").arg(key).env("SSH_AUTH_SOCK", &self.socket).status();
        assert!(added.unwrap().success());
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn wish<'w>(state: &'w Path, key: Option<&'w Path>, agent: Option<&'w Path>) -> KeyWish<'w> {
    KeyWish { principal: ALICE, key, agent, mode: Mode::Real, state, wait: WAIT }
}

/// Runs a real run with this key from open to seal and has it verified.
fn seals(root: &Path, operator: Operator, public: &Path) {
    let drill = Drill::begin(root, Mode::Real, Ok(&operator));
    assert!(matches!(&drill.begun.signing, Signing::Delegated { by, .. } if by == ALICE));
    drill.begun.writer.append_blocking(vec![note("on the record")]).unwrap();
    drill.begun.writer.seal_blocking(operator).unwrap();
    let line = format!("{ALICE} {}", fs::read_to_string(public).unwrap());
    let trust = lifeboat::journal::Trust { signers: AllowedSigners::parse(&line), at: now(), ..Default::default() };
    let found = verify_run(&drill.place(), &trust).unwrap();
    assert_eq!(found.words(), "SEALED", "{:#?}", found.findings);
    let revoked = ssh_key::PublicKey::from_openssh(&fs::read_to_string(public).unwrap()).unwrap();
    let trust = lifeboat::journal::Trust { revoked: vec![revoked], ..trust };
    assert_eq!(verify_run(&drill.place(), &trust).unwrap().words(), "UNTRUSTED");
}

#[test]
fn key_files_sign() {
    let root = tempfile::tempdir().unwrap();
    let kinds: [(&str, &[&str]); 3] =
        [("ed25519", &["ed25519"]), ("ecdsa", &["ecdsa", "-b", "256"]), ("rsa", &["rsa", "-b", "2048"])];
    for (name, kind) in kinds {
        let path = key(root.path(), name, kind, "");
        let operator = operator(&wish(root.path(), Some(&path), None)).unwrap();
        seals(root.path(), operator, &path.with_extension("pub"));
    }
}

#[test]
fn the_agent_signs() {
    let root = tempfile::tempdir().unwrap();
    let rsa = key(root.path(), "rsa", &["rsa", "-b", "2048"], "");
    let ed25519 = key(root.path(), "ed25519", &["ed25519"], "");
    let absent = key(root.path(), "absent", &["ed25519"], "");
    let agent = Agent::start(root.path());
    let socket = Some(agent.socket.as_path());
    assert!(matches!(operator(&wish(root.path(), None, socket)), Err(SignError::Empty { .. })));
    agent.add(&rsa);
    agent.add(&ed25519);
    let (rsa_pub, ed25519_pub) = (rsa.with_extension("pub"), ed25519.with_extension("pub"));
    seals(root.path(), operator(&wish(root.path(), Some(&rsa_pub), socket)).unwrap(), &rsa_pub);
    seals(root.path(), operator(&wish(root.path(), None, socket)).unwrap(), &ed25519_pub);
    let absent = absent.with_extension("pub");
    assert!(matches!(operator(&wish(root.path(), Some(&absent), socket)), Err(SignError::Missing { .. })));
}

#[test]
fn a_key_that_is_not_to_be_had_is_a_reason_in_words() {
    let root = tempfile::tempdir().unwrap();
    let nowhere = root.path().join("nowhere.sock");
    let locked = key(root.path(), "locked", &["ed25519"], "a passphrase");
    let rubbish = root.path().join("rubbish");
    fs::write(&rubbish, "hello").unwrap();
    let missing = root.path().join("missing");
    for (wish, words) in [
        (wish(root.path(), None, None), "SSH_AUTH_SOCK is not set"),
        (wish(root.path(), None, Some(&nowhere)), "cannot be reached"),
        (wish(root.path(), Some(&locked), None), "it is encrypted"),
        (wish(root.path(), Some(&rubbish), None), "neither a private nor a public"),
        (wish(root.path(), Some(&missing), None), "missing"),
    ] {
        let reason = operator(&wish).unwrap_err().to_string();
        assert!(reason.contains(words), "{reason}");
    }
}

/// An agent that takes calls and never answers.
#[test]
fn an_agent_that_hangs_ends_in_an_unsigned_run() {
    let root = tempfile::tempdir().unwrap();
    let socket = root.path().join("hangs.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let begun = Instant::now();
    let wish = KeyWish { wait: Duration::from_millis(100), ..wish(root.path(), None, Some(&socket)) };
    let reason = operator(&wish).unwrap_err();
    assert!(matches!(reason, SignError::TimedOut(_) | SignError::Refused(_)), "{reason}");
    assert!(begun.elapsed() < Duration::from_secs(5));
    drop(listener);
    let drill = Drill::begin(root.path(), Mode::Real, Err(reason.clone()));
    assert_eq!(drill.begun.signing, Signing::Unsigned { reason });
    drill.begun.writer.append_blocking(vec![note("the recovery goes on")]).unwrap();
}
