//! The hub beside screens that hold control, look on, hand over or go.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha512};
use ssh_key::private::Ed25519Keypair;
use ssh_key::{LineEnding, PrivateKey};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::*;
use crate::drive::signing::{self, Signer};
use crate::engine::Intent;
use crate::journal::SEAL_NAMESPACE;
use crate::store::Message;

const PATIENCE: Duration = Duration::from_secs(20);

/// An engine's end with nothing behind it.
struct Engine {
    hub: Hub,
    folder: tempfile::TempDir,
    inbox: UnboundedReceiver<Input>,
    _listening: Listening,
    _runtime: Runtime,
}

impl Engine {
    fn listen() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (hub, folder) = (Hub::default(), tempfile::tempdir().unwrap());
        let (tell, inbox) = unbounded_channel();
        let listening = {
            let _inside = runtime.enter();
            hub.listen(folder.path(), tell).unwrap()
        };
        Self { hub, folder, inbox, _listening: listening, _runtime: runtime }
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
}

impl Screen {
    fn attach(engine: &Engine, by: &str, wants: Wants) -> Self {
        let stream = short(engine.folder.path(), UnixStream::connect).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut screen = Self { reader: BufReader::new(stream), key: key(engine.folder.path(), by) };
        screen.write(&Hello { protocol: PROTOCOL, version: version(), by: by.to_owned(), wants });
        let _answer: Answer = screen.read();
        screen.write(&FromScreen::Signs(SigningKey::of(&screen.key)));
        screen
    }

    fn write(&mut self, message: &impl serde::Serialize) {
        self.reader.get_mut().write_all(line(message).as_bytes()).unwrap();
    }

    fn read<T: serde::de::DeserializeOwned>(&mut self) -> T {
        let mut text = String::new();
        self.reader.read_line(&mut text).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    fn words(&mut self) -> String {
        match self.read() {
            ToScreen::Said(what) | ToScreen::Refused(what) => what,
            other => panic!("{other:?}"),
        }
    }

    fn asked(&mut self) -> ToSeal {
        loop {
            if let ToScreen::Seal(asked) = self.read() {
                return asked;
            }
        }
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
    bob.write(&FromScreen::Sealed { id: asked.id, sig: Err("no".to_owned()) });
    bob.wish();
    assert!(bob.words().contains("alice holds control"), "it was heard before");
    alice.write(&FromScreen::Sealed { id: asked.id, sig: signing::seal(&alice.key, &asked) });
    let sig = sealed.join().unwrap().unwrap();
    assert!(alice.key.holds(sig.key()));

    // A screen seals what it sees, and with the key that it announced.
    std::fs::write(&log, "one\nTWO\n").unwrap();
    assert!(signing::seal(&alice.key, &asked).unwrap_err().contains("nothing was signed"));
    let sealed = sealing(operator.clone(), &log);
    let asked = alice.asked();
    alice.write(&FromScreen::Sealed { id: asked.id, sig: signing::seal(&bob.key, &asked) });
    assert!(matches!(sealed.join().unwrap(), Err(SignError::Refused(_))));
    let sealed = sealing(operator.clone(), &log);
    let asked = alice.asked();
    alice.write(&FromScreen::Sealed { id: asked.id, sig: Err("the key was not touched".to_owned()) });
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
    assert!(carol.reader.buffer().is_empty(), "who watches is told nothing of it");
}
