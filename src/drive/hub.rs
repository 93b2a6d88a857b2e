//! The engine's end of its screens: they come and go, one of them holds control, and none of them holds the engine up.

mod far_key;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::unix::OwnedReadHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

use far_key::KeyOfScreen;

use super::renewal::Keys;
use super::signing::{KEY_PATIENCE, SigningKey};
use super::silence::PULSE;
use super::wire::{Answer, FromScreen, Hello, LONGEST, PROTOCOL, SOCKET, ToScreen, Wants, line, said, version};
use crate::engine::{Input, Notice};
use crate::kernel::{AttemptId, SafeText};
use crate::store::{Operator, SignError};
use crate::ui::Progress;

/// How many pieces of output may wait for a screen; more are dropped.
const PROGRESS: usize = 64;
/// How many attempts' newest output a screen finds that comes later.
const TAILS: usize = 8;
/// How long a screen may take to say hello.
const HELLO: Duration = Duration::from_secs(5);
/// How long a screen may take to come and to find its person's key.
const TOLD: Duration = Duration::from_secs(10);
/// How long screens may take to hear the end.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Is what all screens of a run have in common.
#[derive(Clone, Debug, Default)]
pub struct Hub {
    inner: Arc<Mutex<Inner>>,
    /// A screen came, told of its key, or took control.
    changed: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Facts, and at the end the summary: what a screen that comes later has to hear as well.
    said: Vec<Arc<str>>,
    /// The newest output of the newest attempts.
    tails: BTreeMap<AttemptId, Arc<str>>,
    log: Option<Arc<str>>,
    screens: BTreeMap<u64, Screen>,
    control: Option<u64>,
    /// How many screens there were.
    came: u64,
    writers: Vec<JoinHandle<()>>,
    /// Signatures that screens are asked for.
    asked: BTreeMap<u64, Asked>,
    /// How many there were.
    signing: u64,
    /// AWS credentials are wanted.
    keys_wanted: bool,
    /// Where credentials go that a screen sends. Unbounded: screens send some only when they are asked.
    renewals: Option<mpsc::UnboundedSender<(String, Keys)>>,
}

/// Is a signature that a screen is asked for. Dropped without an answer, whoever waits for it learns that none will come.
#[derive(Debug)]
struct Asked {
    screen: u64,
    // One answer at most: the bound is never reached.
    answer: std::sync::mpsc::SyncSender<Result<String, String>>,
}

#[derive(Debug)]
struct Screen {
    by: String,
    wants: Wants,
    /// With which key it can sign for the log, or why with none; nothing where it did not tell yet.
    signs: Option<Result<SigningKey, String>>,
    /// What it was told last about who holds control.
    told: ToScreen,
    /// Unbounded, since no fact may be dropped; pieces of output are counted, and dropped where they pile up.
    lines: mpsc::UnboundedSender<(Arc<str>, Weight)>,
    behind: Arc<AtomicUsize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    Light,
    Kept,
}

/// Listens for screens until it is dropped.
#[derive(Debug)]
pub struct Listening {
    path: PathBuf,
    task: JoinHandle<()>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
        // One that is left behind refuses connections, which tells as much.
        drop(std::fs::remove_file(&self.path));
    }
}

impl Hub {
    /// Tells every screen.
    pub fn tell(&self, message: &ToScreen) {
        let text: Arc<str> = line(message).into();
        let mut inner = self.lock();
        match message {
            ToScreen::Fact { .. } | ToScreen::Summary(_) | ToScreen::Over(_) => inner.said.push(Arc::clone(&text)),
            ToScreen::Log(_) => inner.log = Some(Arc::clone(&text)),
            ToScreen::Progress { .. }
            | ToScreen::Refused(_)
            | ToScreen::Said(_)
            | ToScreen::Sign(_)
            | ToScreen::Credentials
            | ToScreen::Terminal(_)
            | ToScreen::Control
            | ToScreen::Watching(_) => {}
        }
        for screen in inner.screens.values() {
            screen.send(&text, Weight::Kept);
        }
    }

    /// Shows every screen a piece of output, unless it is behind.
    pub fn progress(&self, progress: Progress) {
        let attempt = progress.attempt.clone();
        let text: Arc<str> = line(&ToScreen::progress(progress)).into();
        let mut inner = self.lock();
        for screen in inner.screens.values() {
            screen.send(&text, Weight::Light);
        }
        if inner.tails.len() >= TAILS && !inner.tails.contains_key(&attempt) {
            inner.tails.pop_first();
        }
        inner.tails.insert(attempt, text);
    }

    /// Lets every screen know that the engine is there; one that is behind hears enough of it.
    fn pulse(&self) {
        let text: Arc<str> = "\n".into();
        for screen in self.lock().screens.values() {
            screen.send(&text, Weight::Light);
        }
    }

    /// Listens for screens at the socket in a run's folder; what they wish goes to `inbox`.
    ///
    /// # Errors
    /// If the socket can't be made.
    pub fn listen(&self, folder: &Path, inbox: mpsc::UnboundedSender<Input>) -> io::Result<Listening> {
        let path = folder.join(SOCKET);
        // An engine that was killed left its own behind; whoever is here holds the run's log.
        drop(std::fs::remove_file(&path));
        let listener = short(folder, UnixListener::bind)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        let me = self.clone();
        let task = tokio::spawn(async move {
            let mut pulse = tokio::time::interval(PULSE);
            loop {
                let came = tokio::select! {
                    came = listener.accept() => came,
                    _ = pulse.tick() => {
                        me.pulse();
                        continue;
                    }
                };
                match came {
                    Ok((stream, _)) => {
                        let (me, inbox) = (me.clone(), inbox.clone());
                        tokio::spawn(async move { me.serve(stream, &inbox).await });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a screen could not be let in");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                }
            }
        });
        Ok(Listening { path, task })
    }

    /// Waits until a screen came: the one of whoever started the engine is on its way, however soon the run is over.
    pub async fn first(&self) {
        let first = async {
            loop {
                let came = self.changed.notified();
                if self.lock().came > 0 {
                    return;
                }
                came.await;
            }
        };
        drop(tokio::time::timeout(HELLO, first).await);
    }

    /// Returns what screens send as AWS credentials.
    pub fn renewals(&self) -> mpsc::UnboundedReceiver<(String, Keys)> {
        let (tell, renewals) = mpsc::unbounded_channel();
        self.lock().renewals = Some(tell);
        renewals
    }

    /// Asks the screen that holds control for AWS credentials, and whichever holds it later, until there are some.
    pub fn wants_keys(&self) {
        let mut inner = self.lock();
        if inner.renewals.is_some() {
            inner.keys_wanted = true;
            inner.ask_for_keys();
        }
    }

    /// Asks no more.
    pub fn has_keys(&self) {
        self.lock().keys_wanted = false;
    }

    /// Returns the operator whose key the screen reaches that holds control, if it does.
    pub fn operator(&self) -> Option<Operator> {
        self.holder()?.1.ok()
    }

    /// Waits until it is known whether the screen in control has a key, if one came at all.
    pub async fn told(&self) {
        let known = async {
            loop {
                let changed = self.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                if self.lock().knows_whose_key() {
                    return;
                }
                changed.await;
            }
        };
        drop(tokio::time::timeout(TOLD, known).await);
    }

    /// Waits until a screen that is none of these holds control and told of its key, or why it has none.
    pub async fn signer(&self, but: &BTreeSet<u64>) -> (u64, Result<Operator, SignError>) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // From here on no change is missed.
            changed.as_mut().enable();
            match self.holder() {
                Some((id, signer)) if !but.contains(&id) => return (id, signer),
                _ => changed.await,
            }
        }
    }

    /// Returns the screen in control, once it told of its key.
    fn holder(&self) -> Option<(u64, Result<Operator, SignError>)> {
        let (screen, signs) = {
            let inner = self.lock();
            let screen = inner.control?;
            (screen, inner.screens.get(&screen)?.signs.clone()?)
        };
        let signer = signs.map_err(|why| SignError::Screen(SafeText::line(&why).into_string())).and_then(|signs| {
            let key = Arc::new(KeyOfScreen { hub: self.clone(), screen });
            Operator::far(&signs.by, &signs.key, key, KEY_PATIENCE)
        });
        Some((screen, signer))
    }

    /// Waits until every screen has heard what there was to say, and lets them go.
    pub async fn close(&self) {
        let writers = {
            let mut inner = self.lock();
            inner.screens.clear();
            std::mem::take(&mut inner.writers)
        };
        let all = async {
            for writer in writers {
                // A panic of a writer has been reported where it happened.
                drop(writer.await);
            }
        };
        drop(tokio::time::timeout(LAST_WORDS, all).await);
    }

    async fn serve(&self, stream: UnixStream, inbox: &mpsc::UnboundedSender<Input>) {
        let own = rustix::process::geteuid().as_raw();
        if stream.peer_cred().map(|peer| peer.uid()).ok() != Some(own) {
            tracing::warn!("a screen of another user was turned away");
            return;
        }
        let (reader, mut writer) = stream.into_split();
        let mut reader = BufReader::new(reader);
        let answer = Answer { protocol: PROTOCOL, version: version(), pid: std::process::id() };
        if writer.write_all(line(&answer).as_bytes()).await.is_err() {
            return;
        }
        let first = tokio::time::timeout(HELLO, next_line(&mut reader)).await.ok().flatten();
        let Some(hello) = first.and_then(|text| serde_json::from_slice::<Hello>(&text).ok()) else { return };
        if hello.protocol != PROTOCOL {
            // The answer told the screen which lifeboat this is.
            return;
        }
        let (lines, mut waiting) = mpsc::unbounded_channel::<(Arc<str>, Weight)>();
        let behind = Arc::new(AtomicUsize::new(0));
        let written = Arc::clone(&behind);
        let writing = tokio::spawn(async move {
            while let Some((text, weight)) = waiting.recv().await {
                if weight == Weight::Light {
                    written.fetch_sub(1, Ordering::Relaxed);
                }
                if writer.write_all(text.as_bytes()).await.is_err() {
                    return;
                }
            }
        });
        let (by, wants, told) = (hello.by.clone(), hello.wants.clone(), ToScreen::Control);
        let screen = Screen { by, wants, signs: None, told, lines, behind };
        let id = self.let_in(screen, &hello.wants, writing, inbox);
        while let Some(text) = next_line(&mut reader).await {
            let held = self.in_control();
            match (said(&text), held) {
                (None, _) => self.say_to(id, &ToScreen::Refused("the engine does not know this wish".to_owned())),
                (Some(FromScreen::Facilitate(wish)), _) if hello.wants == Wants::Facilitate => {
                    drop(inbox.send(Input::Facilitator { by: hello.by.clone(), wish }));
                }
                (Some(FromScreen::Facilitate(_)), _) => {
                    let why = "only `lifeboat facilitate` tells the team anything";
                    self.say_to(id, &ToScreen::Refused(why.to_owned()));
                }
                (Some(FromScreen::Signs(key)), _) => self.signs(id, key),
                (Some(FromScreen::Signed { id: asked, sig }), _) => self.signed(id, asked, sig),
                (Some(FromScreen::Credentials(keys)), Some((holder, _))) if holder == id => {
                    self.keys(&hello.by, keys, inbox);
                }
                (Some(FromScreen::Credentials(_)), _) => {}
                (Some(FromScreen::Wish(intent)), Some((holder, _))) if holder == id => {
                    // A host that ended takes no more wishes; the summary is on the screen then.
                    drop(inbox.send(Input::Operator { by: hello.by.clone(), intent }));
                }
                (Some(FromScreen::HandOver), Some((holder, _))) if holder == id => self.hand_over(id, inbox),
                (Some(FromScreen::Terminal(attempt)), Some((holder, _))) if holder == id => {
                    self.say_to(id, &ToScreen::Terminal(attempt));
                }
                (Some(FromScreen::Wish(_) | FromScreen::HandOver | FromScreen::Terminal(_)), held) => {
                    self.say_to(id, &ToScreen::Refused(only_watching(held.as_ref())));
                }
            }
        }
        self.gone(id, inbox);
    }

    fn let_in(
        &self,
        screen: Screen,
        wants: &Wants,
        writing: JoinHandle<()>,
        inbox: &mpsc::UnboundedSender<Input>,
    ) -> u64 {
        let mut inner = self.lock();
        inner.came += 1;
        let id = inner.came;
        let by = SafeText::line(&screen.by).into_string();
        let held = inner.control.and_then(|holder| inner.screens.get(&holder)).map(|holder| holder.by.clone());
        let said = inner.said.iter().chain(inner.tails.values()).chain(inner.log.iter());
        for text in said {
            screen.send(text, Weight::Kept);
        }
        let note = |text: String| drop(inbox.send(Input::Host(Notice::Remark(text))));
        if *wants == Wants::Facilitate {
            note(format!("{by} came to facilitate."));
        }
        let word = match (wants, held) {
            (Wants::Facilitate, _) => None,
            (Wants::Watch, held) => Some(match held {
                Some(held) => format!("You watch; {held} holds control."),
                None => "You watch; nobody holds control.".to_owned(),
            }),
            (Wants::Control, Some(held)) => Some(format!(
                "You watch: {held} holds control. They hand it over with H; `lifeboat resume --take-over WHY` takes it."
            )),
            (Wants::TakeOver(why), Some(held)) => {
                note(format!("{by} took control over from {held}: {}", SafeText::line(why)));
                if let Some(holder) = inner.control.and_then(|holder| inner.screens.get(&holder)) {
                    let lost = ToScreen::Refused(format!("{by} took control over: {why}. You watch now."));
                    holder.send(&line(&lost).into(), Weight::Kept);
                }
                inner.control = Some(id);
                None
            }
            (Wants::Control | Wants::TakeOver(_), None) => {
                if id > 1 {
                    note(format!("{by} holds control of the run now."));
                }
                inner.control = Some(id);
                None
            }
        };
        if let Some(word) = word {
            screen.send(&line(&ToScreen::Said(word)).into(), Weight::Kept);
        }
        inner.screens.insert(id, screen);
        inner.tell_control();
        if inner.control == Some(id) {
            inner.ask_for_keys();
        }
        inner.writers.retain(|writer| !writer.is_finished());
        inner.writers.push(writing);
        self.changed.notify_waiters();
        id
    }

    fn gone(&self, id: u64, inbox: &mpsc::UnboundedSender<Input>) {
        let mut inner = self.lock();
        let Some(screen) = inner.screens.remove(&id) else { return };
        inner.asked.retain(|_, asked| asked.screen != id);
        if inner.control == Some(id) {
            inner.control = None;
            let by = SafeText::line(&screen.by);
            let text = match inner.next_in_control(id) {
                Some(next) => format!("The screen of {by}, who held control, is gone; {next} holds it now."),
                None => format!("The screen of {by}, who held control, is gone; the run goes on without one."),
            };
            drop(inbox.send(Input::Host(Notice::Remark(text))));
            inner.tell_control();
        }
        drop(inner);
        self.changed.notify_waiters();
    }

    /// Gives control to the screen that has waited for it the longest.
    fn hand_over(&self, id: u64, inbox: &mpsc::UnboundedSender<Input>) {
        let mut inner = self.lock();
        let by = inner.screens.get(&id).map(|screen| SafeText::line(&screen.by).into_string()).unwrap_or_default();
        let said = match inner.next_in_control(id) {
            Some(next) => {
                drop(inbox.send(Input::Host(Notice::Remark(format!("{by} handed control over to {next}.")))));
                format!("You handed control over to {next}. You watch now.")
            }
            None => "Nobody waits for control. A colleague asks for it with `lifeboat resume`.".to_owned(),
        };
        if let Some(screen) = inner.screens.get(&id) {
            screen.send(&line(&ToScreen::Said(said)).into(), Weight::Kept);
        }
        inner.tell_control();
        drop(inner);
        self.changed.notify_waiters();
    }

    /// Takes the AWS credentials of the screen in control, if any are wanted.
    fn keys(&self, by: &str, keys: Result<Keys, String>, inbox: &mpsc::UnboundedSender<Input>) {
        let inner = self.lock();
        let Some(renewals) = inner.renewals.as_ref().filter(|_| inner.keys_wanted) else { return };
        match keys {
            // Whoever takes them ends with the engine.
            Ok(keys) => drop(renewals.send((by.to_owned(), keys))),
            Err(why) => {
                let (by, why) = (SafeText::line(by), SafeText::line(&why));
                let text = format!("The screen of {by} has no AWS credentials: {why}.");
                drop(inbox.send(Input::Host(Notice::Remark(text))));
            }
        }
    }

    /// Takes note of the key that a screen reaches.
    fn signs(&self, id: u64, key: Result<SigningKey, String>) {
        if let Some(screen) = self.lock().screens.get_mut(&id) {
            screen.signs = Some(key);
        }
        self.changed.notify_waiters();
    }

    /// Takes a screen's answer, if it was asked.
    fn signed(&self, screen: u64, asked: u64, sig: Result<String, String>) {
        let mut inner = self.lock();
        if inner.asked.get(&asked).is_some_and(|asked| asked.screen == screen)
            && let Some(asked) = inner.asked.remove(&asked)
        {
            // Whoever asked may have lost patience.
            drop(asked.answer.send(sig));
        }
    }

    fn in_control(&self) -> Option<(u64, String)> {
        let inner = self.lock();
        let holder = inner.control?;
        Some((holder, inner.screens.get(&holder)?.by.clone()))
    }

    fn say_to(&self, id: u64, message: &ToScreen) {
        if let Some(screen) = self.lock().screens.get(&id) {
            screen.send(&line(message).into(), Weight::Kept);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn knows_whose_key(&self) -> bool {
        let holder = self.control.and_then(|holder| self.screens.get(&holder));
        holder.map_or(self.came > 0, |holder| holder.signs.is_some())
    }

    /// Tells each screen whether it holds control, where that is not what it was told last.
    fn tell_control(&mut self) {
        let by = self.control.and_then(|holder| self.screens.get(&holder)).map(|holder| holder.by.clone());
        for (id, screen) in self.screens.iter_mut().filter(|(_, screen)| screen.wants != Wants::Facilitate) {
            let now = if self.control == Some(*id) { ToScreen::Control } else { ToScreen::Watching(by.clone()) };
            if screen.told != now {
                screen.send(&line(&now).into(), Weight::Kept);
                screen.told = now;
            }
        }
    }

    /// Asks the screen in control for AWS credentials, if any are wanted.
    fn ask_for_keys(&self) {
        let holder = self.control.and_then(|holder| self.screens.get(&holder));
        if let Some(holder) = holder.filter(|_| self.keys_wanted) {
            holder.send(&line(&ToScreen::Credentials).into(), Weight::Kept);
        }
    }

    /// Lets the screen hold control that has waited for it the longest, and says whose it is.
    fn next_in_control(&mut self, but: u64) -> Option<String> {
        let (id, next) = self.screens.iter().find(|(id, screen)| {
            let waits = matches!(screen.wants, Wants::Control | Wants::TakeOver(_));
            **id != but && waits
        })?;
        let told = ToScreen::Said("You hold control of the run now.".to_owned());
        next.send(&line(&told).into(), Weight::Kept);
        let by = SafeText::line(&next.by).into_string();
        self.control = Some(*id);
        self.ask_for_keys();
        Some(by)
    }
}

impl Screen {
    fn send(&self, text: &Arc<str>, weight: Weight) {
        if weight == Weight::Light && self.behind.fetch_add(1, Ordering::Relaxed) >= PROGRESS {
            self.behind.fetch_sub(1, Ordering::Relaxed);
            return;
        }
        // A screen that is gone takes nothing; its reader notices.
        drop(self.lines.send((Arc::clone(text), weight)));
    }
}

fn only_watching(held: Option<&(u64, String)>) -> String {
    match held {
        Some((_, by)) => format!("you watch, and {} holds control", SafeText::line(by)),
        None => "you watch; leave, and `lifeboat resume` gives control".to_owned(),
    }
}

async fn next_line(reader: &mut BufReader<OwnedReadHalf>) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let read = (&mut *reader).take(LONGEST).read_until(b'\n', &mut text).await.ok()?;
    (read > 0 && text.pop() == Some(b'\n')).then_some(text)
}

/// Uses the socket of a run's folder by a name that is short: those of sockets are, and folders may lie deep.
pub(super) fn short<T>(folder: &Path, with: impl Fn(PathBuf) -> io::Result<T>) -> io::Result<T> {
    crate::exec::folder::near(folder, SOCKET, with)
}

#[cfg(test)]
#[path = "hub_tests.rs"]
mod tests;
