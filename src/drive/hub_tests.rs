//! The hub beside screens that hold control, look on, hand over or go.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha512};
use ssh_key::private::Ed25519Keypair;
use ssh_key::{LineEnding, PrivateKey};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::*;
use crate::drive::delegation::Delegation;
use crate::drive::signing::{self, Signer, ToSign, Wanted};
use crate::engine::{Facilitate, Intent, Opened};
use crate::journal::{Body, SEAL_NAMESPACE, Trust, read_log, verify};
use crate::kernel::Stamp;
use crate::store::{Begun, LogWriter, Message, Runs};

const PATIENCE: Duration = Duration::from_secs(20);

/// An engine's end with nothing behind it.
struct Engine {
    hub: Hub,
    folder: tempfile::TempDir,
    tell: UnboundedSender<Input>,
    inbox: UnboundedReceiver<Input>,
    /// Where there is one.
    log: PathBuf,
    _listening: Listening,
    runtime: Runtime,
}

impl Engine {
    fn listen() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (hub, folder) = (Hub::default(), tempfile::tempdir().unwrap());
        let (tell, inbox) = unbounded_channel();
        let listening = {
            let _inside = runtime.enter();
            hub.listen(folder.path(), tell.clone()).unwrap()
        };
        Self { hub, folder, tell, inbox, log: PathBuf::new(), _listening: listening, runtime }
    }

    fn heard(&mut self) -> Input {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.inbox.try_recv() {
                Ok(input) => return input,
                Err(_) => assert!(Instant::now() < until, "the engine heard nothing"),
            }
            std::thread::park_timeout(Duration::from_millis(2));
        }
    }

    fn remark(&mut self) -> String {
        match self.heard() {
            Input::Host(Notice::Remark(text)) => text,
            other => panic!("{other:?}"),
        }
    }

    /// Waits until the screen in control says that it has this person's key.
    fn operator(&self, by: &str) -> Operator {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.hub.operator() {
                Some(operator) if operator.principal() == by => return operator,
                _ => assert!(Instant::now() < until, "{by} does not sign"),
            }
            std::thread::park_timeout(Duration::from_millis(2));
        }
    }
}

struct Screen {
    reader: BufReader<UnixStream>,
    key: Arc<Operator>,
    /// Where it looks for the log.
    folder: PathBuf,
}

impl Screen {
    fn attach(engine: &Engine, by: &str, wants: Wants) -> Self {
        let stream = short(engine.folder.path(), UnixStream::connect).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let folder = engine.folder.path().to_owned();
        let mut screen = Self { reader: BufReader::new(stream), key: key(&folder, by), folder };
        screen.write(&Hello { protocol: PROTOCOL, version: version(), by: by.to_owned(), wants });
        let _answer: Answer = screen.read();
        screen.write(&FromScreen::Signs(Ok(SigningKey::of(&screen.key))));
        screen
    }

    fn write(&mut self, message: &impl serde::Serialize) {
        self.reader.get_mut().write_all(line(message).as_bytes()).unwrap();
    }

    fn read<T: serde::de::DeserializeOwned>(&mut self) -> T {
        let mut text = String::from("\n");
        // An engine that has nothing to tell says that it is there.
        while text == "\n" {
            text.clear();
            self.reader.read_line(&mut text).unwrap();
        }
        serde_json::from_str(&text).unwrap()
    }

    fn words(&mut self) -> String {
        loop {
            match self.read() {
                ToScreen::Said(what) | ToScreen::Refused(what) => return what,
                ToScreen::Control | ToScreen::Watching(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Returns who holds control, as the screen is told next: `you`, somebody, or nobody.
    fn holder(&mut self) -> String {
        loop {
            match self.read() {
                ToScreen::Control => return "you".to_owned(),
                ToScreen::Watching(by) => return by.unwrap_or_default(),
                ToScreen::Said(_) | ToScreen::Refused(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn asked(&mut self) -> ToSign {
        loop {
            if let ToScreen::Sign(asked) = self.read() {
                return asked;
            }
        }
    }

    fn signature(&self, asked: &ToSign) -> Result<String, String> {
        signing::sign(&self.key, &self.folder, &asked.what)
    }

    fn wish(&mut self) {
        self.write(&FromScreen::Wish(Intent::Auto { on: true }));
    }
}

fn key(folder: &Path, by: &str) -> Arc<Operator> {
    let path = folder.join(by);
    let seed = Sha512::digest(by.as_bytes());
    let key = PrivateKey::from(Ed25519Keypair::from_seed(seed[..32].try_into().unwrap()));
    std::fs::write(&path, key.to_openssh(LineEnding::LF).unwrap().as_bytes()).unwrap();
    let signer = Signer { by: by.to_owned(), key: Some(path), state: folder.to_owned(), aws_profile: None };
    Arc::new(signer.operator().unwrap())
}

/// Has the screen in control seal a log, on the thread that waits for it.
fn sealing(operator: Operator, log: &Path) -> std::thread::JoinHandle<Result<crate::journal::Armour, SignError>> {
    let (log, bytes) = (log.to_owned(), std::fs::read(log).unwrap());
    std::thread::spawn(move || {
        let digest = Sha512::digest(&bytes).into();
        operator.sign(SEAL_NAMESPACE, &digest, Message::File { path: &log, bytes: bytes.len() as u64 })
    })
}

#[test]
fn the_seal_is_signed_by_the_screen_in_control_and_by_no_other() {
    let mut engine = Engine::listen();
    let log = engine.folder.path().join("log");
    std::fs::write(&log, "one\ntwo\n").unwrap();
    assert!(engine.hub.operator().is_none(), "there is no screen");
    let mut alice = Screen::attach(&engine, "alice", Wants::Control);
    let operator = engine.operator("alice");
    let mut bob = Screen::attach(&engine, "bob", Wants::Control);
    assert!(bob.words().contains("alice holds control"));

    let sealed = sealing(operator.clone(), &log);
    let asked = alice.asked();
    // An answer of somebody who was not asked is none.
    bob.write(&FromScreen::Signed { id: asked.id, sig: Err("no".to_owned()) });
    bob.wish();
    assert!(bob.words().contains("alice holds control"), "it was heard before");
    alice.write(&FromScreen::Signed { id: asked.id, sig: alice.signature(&asked) });
    let sig = sealed.join().unwrap().unwrap();
    assert!(alice.key.holds(sig.key()));

    // A screen seals what it sees, and with the key that it announced.
    std::fs::write(&log, "one\nTWO\n").unwrap();
    assert!(alice.signature(&asked).unwrap_err().contains("nothing was signed"));
    let sealed = sealing(operator.clone(), &log);
    let asked = alice.asked();
    alice.write(&FromScreen::Signed { id: asked.id, sig: bob.signature(&asked) });
    assert!(matches!(sealed.join().unwrap(), Err(SignError::Refused(_))));
    let sealed = sealing(operator.clone(), &log);
    let asked = alice.asked();
    alice.write(&FromScreen::Signed { id: asked.id, sig: Err("the key was not touched".to_owned()) });
    assert_eq!(sealed.join().unwrap().unwrap_err(), SignError::Screen("the key was not touched".to_owned()));

    // A screen that goes away is not waited for; the next one that wants control has it, and its key.
    let sealed = sealing(operator, &log);
    alice.asked();
    drop(alice);
    assert_eq!(sealed.join().unwrap().unwrap_err(), SignError::Screen("it is gone".to_owned()));
    assert_eq!(engine.remark(), "The screen of alice, who held control, is gone; bob holds it now.");
    assert_eq!(engine.operator("bob").fingerprint(), bob.key.fingerprint());
}

#[test]
fn control_is_handed_over_to_who_waits_for_it() {
    let mut engine = Engine::listen();
    let mut alice = Screen::attach(&engine, "alice", Wants::Control);
    engine.operator("alice");
    alice.write(&FromScreen::HandOver);
    assert!(alice.words().starts_with("Nobody waits for control."));
    let mut carol = Screen::attach(&engine, "carol", Wants::Watch);
    assert!(carol.words().starts_with("You watch; alice holds control"));
    alice.write(&FromScreen::HandOver);
    assert!(alice.words().starts_with("Nobody waits for control."), "who watches does not want it");
    let mut bob = Screen::attach(&engine, "bob", Wants::Control);
    assert!(bob.words().contains("They hand it over with H"));
    bob.write(&FromScreen::HandOver);
    assert!(bob.words().contains("alice holds control"), "only who has it can give it");
    alice.write(&FromScreen::HandOver);
    assert_eq!(bob.words(), "You hold control of the run now.");
    assert_eq!(alice.words(), "You handed control over to bob. You watch now.");
    assert_eq!(engine.remark(), "alice handed control over to bob.");
    alice.wish();
    assert_eq!(alice.words(), "you watch, and bob holds control");
    bob.wish();
    assert!(matches!(engine.heard(), Input::Operator { by, intent: Intent::Auto { on: true } } if by == "bob"));
    drop(bob);
    assert_eq!(alice.words(), "You hold control of the run now.");
    // Who watches is not addressed, and knows each time who it is.
    assert_eq!([carol.holder(), carol.holder(), carol.holder()], ["alice", "bob", "alice"]);
    drop(alice);
    assert_eq!(carol.holder(), "");
}

/// Who loses control hears it at once, before anything that the taker wishes is done.
#[test]
fn control_is_taken_over_and_who_had_it_hears_it() {
    let mut engine = Engine::listen();
    let mut alice = Screen::attach(&engine, "alice", Wants::Control);
    engine.operator("alice");
    let mut bob = Screen::attach(&engine, "bob", Wants::TakeOver("alice\u{1b}[2J sleeps".to_owned()));
    bob.wish();
    assert!(engine.remark().starts_with("bob took control over from alice: alice"));
    assert!(matches!(engine.heard(), Input::Operator { by, intent: Intent::Auto { on: true } } if by == "bob"));
    let lost = alice.words();
    assert!(lost.starts_with("bob took control over: alice") && lost.ends_with("You watch now."), "{lost}");
    alice.wish();
    assert_eq!(alice.holder(), "bob");
    assert_eq!(alice.words(), "you watch, and bob holds control");
    // It is the next one's again that waits for it.
    drop(bob);
    assert_eq!(alice.words(), "You hold control of the run now.");
    assert_eq!(alice.holder(), "you");
    assert_eq!(engine.remark(), "The screen of bob, who held control, is gone; alice holds it now.");
}

/// Begins a log in the engine's folder that nobody vouches for yet.
fn begun(engine: &mut Engine) -> Begun {
    let folder = Runs::at(engine.folder.path()).create(chrono::DateTime::UNIX_EPOCH).unwrap();
    let opened: Opened = serde_json::from_value(serde_json::json!({
        "v": "lifeboat-log/1", "run": "", "mode": "real", "by": "alice", "session": "", "host": "h", "boot": "b", "pid": 1,
        "tool": "t", "runbook": "r.md", "runbook_sha256": "", "account": "none", "arn": "", "region": "", "rto_s": 0,
        "rpo_s": 0, "seed": null, "speed": 1, "prev_run": null, "prev_sha512": null
    }))
    .unwrap();
    let clock = Box::new(|| Stamp { utc: chrono::DateTime::UNIX_EPOCH, mono: 0 });
    engine.log = folder.log();
    LogWriter::begin(&folder, opened, Err(SignError::Awaited), clock).unwrap()
}

impl Engine {
    /// Asks for the signature that vouches for the log.
    fn ask(&self, begun: &Begun, own: Result<Operator, SignError>) -> crate::drive::delegation::Asking {
        let _inside = self.runtime.enter();
        let (statement, screens, log) = (begun.statement.clone(), self.hub.clone(), begun.writer.clone());
        Delegation { statement, screens, log, inbox: self.tell.clone() }.ask(own)
    }

    /// Waits until somebody vouches for the log.
    fn vouched(&self) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let bytes = std::fs::read(&self.log).unwrap();
            let by = |body| if let Body::Delegation { by } = body { Some(by) } else { None };
            if let Some(by) = read_log(&bytes).entries.into_iter().find_map(|entry| by(entry.body)) {
                let verified = verify(&mut [std::io::Cursor::new(bytes)], &Trust::default(), &mut |_| {}).unwrap();
                assert_eq!(verified.delegated_by.unwrap().by, by, "{:?}", verified.findings);
                return by;
            }
            assert!(Instant::now() < until, "nobody vouches for the log");
            std::thread::park_timeout(Duration::from_millis(2));
        }
    }
}

#[test]
fn the_session_is_vouched_for_by_the_screen_in_control() {
    let mut engine = Engine::listen();
    let begun = begun(&mut engine);
    let own = key(engine.folder.path(), "engine");
    let _asking = engine.ask(&begun, Ok((*own).clone()));
    begun.writer.append_blocking(vec![note("before")]).unwrap();
    let mut alice = Screen::attach(&engine, "alice", Wants::Control);
    alice.folder = engine.log.parent().unwrap().to_owned();
    let asked = alice.asked();
    begun.writer.append_blocking(vec![note("the run does not wait for it")]).unwrap();
    // A screen signs what the log in its own folder says, and no other session.
    let Wanted::Delegation { statement } = &asked.what else { panic!("{asked:?}") };
    let other = Wanted::Delegation { statement: statement.replace("head ", "head 0") };
    assert!(signing::sign(&alice.key, &alice.folder, &other).unwrap_err().contains("nothing was signed"));
    let sig = alice.signature(&asked);
    alice.write(&FromScreen::Signed { id: asked.id, sig });
    assert_eq!(engine.vouched(), "alice");

    // Whoever comes next need not vouch again, and seals.
    let _bob = Screen::attach(&engine, "bob", Wants::TakeOver("alice sleeps".to_owned()));
    assert_eq!(engine.remark(), "bob took control over from alice: alice sleeps");
    assert!(engine.remark().starts_with("The key of bob (SHA256:"));
}

#[test]
fn where_the_screen_does_not_sign_the_engine_does_with_what_it_has_and_else_says_what_it_lacks() {
    let mut engine = Engine::listen();
    let begun = begun(&mut engine);
    let own = key(engine.folder.path(), "engine");
    let asking = engine.ask(&begun, Err(SignError::NoKey));
    let mut alice = Screen::attach(&engine, "alice", Wants::Control);
    let asked = alice.asked();
    alice.write(&FromScreen::Signed { id: asked.id, sig: Err("it was not touched".to_owned()) });
    let lacks = engine.remark();
    assert!(
        lacks.starts_with("UNSIGNED: the screen that holds control did not sign: it was not touched. The engine's")
    );
    drop(alice);
    assert!(engine.remark().contains("is gone"));
    // A later screen is asked anew.
    let mut bob = Screen::attach(&engine, "bob", Wants::Control);
    assert_eq!(engine.remark(), "bob holds control of the run now.");
    assert!(matches!(bob.asked().what, Wanted::Delegation { .. }));
    drop((asking, bob));
    // Or the next one would only wait for control.
    assert!(engine.remark().contains("is gone"));

    let _asking = engine.ask(&begun, Ok((*own).clone()));
    let mut carol = Screen::attach(&engine, "carol", Wants::Control);
    let asked = carol.asked();
    carol.write(&FromScreen::Signed { id: asked.id, sig: Err("no".to_owned()) });
    assert_eq!(engine.vouched(), "engine");
}

fn note(text: &str) -> crate::engine::Event {
    crate::engine::Event::NoteAdded { text: text.to_owned(), occurred_at: None, by: "alice".to_owned() }
}

#[test]
fn a_facilitator_is_heard_as_one_holds_nothing_and_nobody_else_is_one() {
    let mut engine = Engine::listen();
    let pause = || Facilitate::Pause { why: "smoke".to_owned() };
    let mut eve = Screen::attach(&engine, "eve", Wants::Facilitate);
    assert_eq!(engine.remark(), "eve came to facilitate.");
    eve.write(&FromScreen::Facilitate(pause()));
    assert_eq!(engine.heard(), Input::Facilitator { by: "eve".to_owned(), wish: pause() });
    // Nobody holds control by facilitating, though nobody else is there: the run is not theirs.
    eve.wish();
    assert!(eve.words().starts_with("you watch; leave"), "a facilitator has no wishes for the run");
    assert!(engine.hub.operator().is_none(), "nor is their key the log's");

    let mut alice = Screen::attach(&engine, "alice", Wants::Control);
    assert_eq!(engine.remark(), "alice holds control of the run now.");
    alice.write(&FromScreen::Facilitate(pause()));
    assert_eq!(alice.words(), "only `lifeboat facilitate` tells the team anything");
    alice.write(&FromScreen::HandOver);
    assert!(alice.words().starts_with("Nobody waits for control."), "a facilitator does not wait for it");
    // Their going changes nothing; when the operator goes, control is not theirs.
    let mut second = Screen::attach(&engine, "carol", Wants::Facilitate);
    assert_eq!(engine.remark(), "carol came to facilitate.");
    drop(alice);
    assert_eq!(engine.remark(), "The screen of alice, who held control, is gone; the run goes on without one.");
    second.write(&FromScreen::Facilitate(Facilitate::GoOn));
    assert_eq!(engine.heard(), Input::Facilitator { by: "carol".to_owned(), wish: Facilitate::GoOn });
}
