//! Floor 5: the terminal: keys and signals in, frames out. It knows the screen's model, nothing of engines or logs.
//!
//! ```text
//! let (feed, inbox) = term::channel();      // feed: Clone + Send, for facts, progress, refusals
//! let exit = term::run(&mut model, inbox, &mut |wish| …, &|| stamp_now())?;
//! ```
//!
//! The terminal is restored on every way out but one: when it is gone, nothing is written to it any more.

mod editor;
mod input;
mod paint;
mod screen;
mod seat;
mod signals;

use std::collections::VecDeque;
use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use crate::kernel::{AttemptId, Stamp};
use crate::ui::{Model, Msg, Output, Watch, update};
use screen::Screen;

pub use paint::painted;

/// At most one frame in this time, for what arrives by itself.
const FRAME: Duration = Duration::from_millis(33);
/// At most one frame in this time, in answer to keys.
const KEY_FRAME: Duration = Duration::from_millis(4);
/// Takes no more messages than this between two looks at the frame clock.
const BATCH: usize = 64;
/// A terminal is asked for again after so long.
const AGAIN: Duration = Duration::from_millis(20);
/// A terminal that is not there is waited for so long: its attempt may just be starting.
const AWAITED: Duration = Duration::from_secs(10);
/// Queues no more pieces of output than this; more are dropped, which [`crate::ui::Progress::total`] tells.
const PROGRESS: usize = 64;

/// Says why the screen could not be shown.
#[derive(Debug, thiserror::Error)]
pub enum TermError {
    /// There is no terminal.
    #[error("there is no terminal to show a screen on ({0}); run with --unattended, or from a terminal")]
    NoTerminal(#[source] io::Error),
    /// It cannot be put into its mode.
    #[error("the terminal cannot be prepared for the screen: {0}")]
    Mode(#[source] io::Error),
    /// Signals or the watch on the keyboard cannot be set up.
    #[error("keys and signals cannot be watched: {0}")]
    Watch(#[source] io::Error),
    /// A frame could not be written.
    #[error("the terminal does not take the frame: {0}")]
    Draw(#[source] io::Error),
}

/// Says how the screen ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The operator quit; the run, if there was one, had ended.
    Quit,
    /// The operator left while the run was open.
    Detached,
    /// The operator chose a drill from the list.
    Drill(String),
    /// The operator goes on with the run in this folder.
    Resume(String),
    /// The reader watches a recording.
    Watch(Watch),
    /// The reader compares the runs in these folders.
    Compare(String, String),
    /// The reader goes back to the screen before.
    Back,
    /// The terminal is gone.
    HungUp,
    /// A signal asked the process to end.
    Signalled(i32),
}

enum Event {
    Msg(Msg),
    Signal(i32),
}

/// Hands messages to a screen. Facts are never dropped; output is, when the screen does not keep up.
#[derive(Clone, Debug)]
pub struct Feed {
    tx: Sender<Event>,
    pieces: Arc<AtomicUsize>,
}

impl Feed {
    /// Sends a message; a screen that is gone takes none.
    pub fn send(&self, msg: Msg) {
        if matches!(msg, Msg::Progress(_)) && self.pieces.fetch_add(1, Ordering::Relaxed) >= PROGRESS {
            self.pieces.fetch_sub(1, Ordering::Relaxed);
            return;
        }
        // The screen may have ended: then there is nobody to tell.
        drop(self.tx.send(Event::Msg(msg)));
    }

    fn signal(&self, signal: i32) {
        drop(self.tx.send(Event::Signal(signal)));
    }
}

/// Is the screen's end of a [`Feed`].
#[derive(Debug)]
pub struct Inbox {
    feed: Feed,
    rx: Receiver<Event>,
}

impl std::fmt::Debug for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Msg(msg) => msg.fmt(f),
            Self::Signal(signal) => write!(f, "Signal({signal})"),
        }
    }
}

/// Makes a feed and its inbox. The channel is unbounded for facts, which are few, and bounded for output.
pub fn channel() -> (Feed, Inbox) {
    let (tx, rx) = mpsc::channel();
    let feed = Feed { tx, pieces: Arc::default() };
    (feed.clone(), Inbox { feed, rx })
}

/// Shows `model` until the operator leaves, the terminal goes, or a signal ends it.
///
/// The same inbox can show one model after another. Intents go to `wishes`, which must not block. Ctrl-Z stops this process; a run goes on in another one. `clock` says the time now.
///
/// # Errors
/// When there is no terminal or it does not work.
pub fn run(
    model: &mut Model,
    inbox: &Inbox,
    wishes: &mut dyn FnMut(Output),
    clock: &dyn Fn() -> Stamp,
) -> Result<Exit, TermError> {
    run_seated(model, inbox, wishes, clock, &|_| Err(io::ErrorKind::Unsupported.into()))
}

/// Says where the terminal of an attempt is.
pub type SitDown<'s> = &'s dyn Fn(&AttemptId) -> io::Result<UnixStream>;

/// Shows `model` as [`run`] does, where attempts may have terminals to sit down at.
///
/// # Errors
/// When there is no terminal or it does not work.
pub fn run_seated(
    model: &mut Model,
    inbox: &Inbox,
    wishes: &mut dyn FnMut(Output),
    clock: &dyn Fn() -> Stamp,
    sit: SitDown<'_>,
) -> Result<Exit, TermError> {
    let _signals = signals::watch(inbox.feed.clone()).map_err(TermError::Watch)?;
    let mut screen = Screen::open()?;
    let keys = Some(input::watch(inbox.feed.clone()).map_err(TermError::Watch)?);
    // Keys that came while another screen had the terminal were not meant for this one.
    let held = inbox.rx.try_iter().filter(|event| !matches!(event, Event::Msg(Msg::Key(_) | Msg::Paste(_)))).collect();
    let mut show = Loop { model, inbox, wishes, clock, sit, keys, held, awaited: None, urgent: Urgency::Calm };
    let (columns, rows) = screen.size();
    show.take(&mut screen, Msg::Resize { columns, rows })?;
    let exit = show.run(&mut screen);
    if !matches!(exit, Err(_) | Ok(Exit::HungUp | Exit::Signalled(_)))
        && let Some(keys) = show.keys.take()
    {
        // The next screen reads the next key: this one must not take it away.
        keys.end();
    }
    match exit {
        Ok(Exit::HungUp) => {
            screen.forget();
            Ok(Exit::HungUp)
        }
        // What fails because the other end closed is no failure of the screen.
        Err(_) if screen.is_gone() => {
            screen.forget();
            Ok(Exit::HungUp)
        }
        other => other,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Urgency {
    Calm,
    Key,
}

struct Loop<'a> {
    model: &'a mut Model,
    inbox: &'a Inbox,
    wishes: &'a mut dyn FnMut(Output),
    clock: &'a dyn Fn() -> Stamp,
    sit: SitDown<'a>,
    /// Reads keys, unless an editor has the terminal.
    keys: Option<input::Watch>,
    /// Messages that were taken out of the queue while keys were thrown away.
    held: VecDeque<Event>,
    /// The terminal of an attempt that is not there yet, and until when it is waited for.
    awaited: Option<(AttemptId, Instant)>,
    urgent: Urgency,
}

impl Loop<'_> {
    fn run(&mut self, screen: &mut Screen) -> Result<Exit, TermError> {
        let mut drawn: Option<Instant> = None;
        let mut due = true;
        loop {
            if let Some((attempt, until)) = self.awaited.take()
                && let Some(exit) = self.reach(screen, attempt, until)?
            {
                return Ok(exit);
            }
            due |= self.model.take_dirty();
            if let Some(words) = self.model.take_call() {
                screen.call(self.model.calls(), &words).map_err(TermError::Draw)?;
            }
            let pause = match (due, self.urgent, drawn) {
                (true, _, None) => Duration::ZERO,
                (true, Urgency::Key, Some(at)) => KEY_FRAME.saturating_sub(at.elapsed()),
                (true, Urgency::Calm, Some(at)) => FRAME.saturating_sub(at.elapsed()),
                (false, ..) => self.to_next_second(),
            };
            if due && pause.is_zero() {
                screen.draw(self.model).map_err(TermError::Draw)?;
                drawn = Some(Instant::now());
                (due, self.urgent) = (false, Urgency::Calm);
                if let Some(exit) = self.take(screen, Msg::Drawn)? {
                    return Ok(exit);
                }
                continue;
            }
            let mut next = self.next(if self.awaited.is_some() { pause.min(AGAIN) } else { pause });
            if let Some(exit) = self.take(screen, Msg::Tick((self.clock)()))? {
                return Ok(exit);
            }
            for _ in 0..BATCH {
                let Some(event) = next else { break };
                if let Some(exit) = self.event(screen, event)? {
                    return Ok(exit);
                }
                next = self.next(Duration::ZERO);
            }
            if let Some(left) = next {
                self.held.push_front(left);
            }
        }
    }

    fn to_next_second(&self) -> Duration {
        let into = (self.clock)().mono % 1_000_000;
        // A clock that stands does not keep the processor busy.
        Duration::from_micros((1_000_000 - into).max(10_000))
    }

    fn next(&mut self, pause: Duration) -> Option<Event> {
        match self.held.pop_front() {
            Some(event) => Some(event),
            // A timeout is no event; a disconnect cannot be, since the inbox holds a feed itself.
            None => self.inbox.rx.recv_timeout(pause).ok(),
        }
    }

    fn event(&mut self, screen: &mut Screen, event: Event) -> Result<Option<Exit>, TermError> {
        if matches!(event, Event::Msg(Msg::Progress(_))) {
            self.inbox.feed.pieces.fetch_sub(1, Ordering::Relaxed);
        }
        match event {
            Event::Signal(signal) => self.signal(screen, signal),
            Event::Msg(Msg::Resize { .. }) => {
                // The size is read anew: by the time the message is taken it may be another.
                let (columns, rows) = screen.resized().map_err(TermError::Draw)?;
                self.take(screen, Msg::Resize { columns, rows })
            }
            Event::Msg(msg) => {
                if matches!(msg, Msg::Key(_) | Msg::Paste(_)) {
                    self.urgent = Urgency::Key;
                    // Whoever does something else meanwhile does not want to be taken away from it.
                    self.awaited = None;
                }
                self.take(screen, msg)
            }
        }
    }

    fn signal(&mut self, screen: &mut Screen, signal: i32) -> Result<Option<Exit>, TermError> {
        match signals::meaning(signal) {
            signals::Meaning::HungUp => Ok(Some(Exit::HungUp)),
            signals::Meaning::End => Ok(Some(Exit::Signalled(signal))),
            signals::Meaning::Resized => self.event(screen, Event::Msg(Msg::Resize { columns: 0, rows: 0 })),
            signals::Meaning::Stop => self.act(screen, Output::Suspend),
            signals::Meaning::Continued => {
                let (columns, rows) = screen.again()?;
                self.take(screen, Msg::Resize { columns, rows })
            }
        }
    }

    fn take(&mut self, screen: &mut Screen, msg: Msg) -> Result<Option<Exit>, TermError> {
        match update(self.model, msg) {
            Some(output) => self.act(screen, output),
            None => Ok(None),
        }
    }

    fn act(&mut self, screen: &mut Screen, output: Output) -> Result<Option<Exit>, TermError> {
        match output {
            Output::Intent(_)
            | Output::HandIn { .. }
            | Output::HandOver
            | Output::Terminal(_)
            | Output::Seek(_)
            | Output::Save { .. }
            | Output::Report(_)
            | Output::Order(_)
            | Output::Replay(_) => {
                (self.wishes)(output);
            }
            Output::DropTypeahead => self.drop_typeahead(screen),
            Output::Copy(text) => {
                let said = if screen.copy(&text).map_err(TermError::Draw)? {
                    "Copied, if your terminal allows it."
                } else {
                    "Too long for the terminal's clipboard; select it with the mouse."
                };
                return self.take(screen, Msg::Say(said.to_owned()));
            }
            Output::Edit(text) => {
                let edited = self.edit(screen, &text)?;
                return self.take(screen, Msg::Edited(edited));
            }
            Output::SitDown(attempt) => {
                let words = format!("Waiting for the terminal of attempt {attempt}; any key stays here.");
                self.take(screen, Msg::Meanwhile(words))?;
                return self.reach(screen, attempt, Instant::now() + AWAITED);
            }
            Output::Suspend => {
                Screen::suspend()?;
                self.wait_to_go_on();
            }
            Output::Repaint => {
                let (columns, rows) = screen.repaint().map_err(TermError::Draw)?;
                return self.take(screen, Msg::Resize { columns, rows });
            }
            Output::Drill(name) => return Ok(Some(Exit::Drill(name))),
            Output::Resume(folder) => return Ok(Some(Exit::Resume(folder))),
            Output::Watch(watch) => return Ok(Some(Exit::Watch(watch))),
            Output::Compare(one, other) => return Ok(Some(Exit::Compare(one, other))),
            Output::Back => return Ok(Some(Exit::Back)),
            Output::Quit => return Ok(Some(Exit::Quit)),
            Output::Detach => return Ok(Some(Exit::Detached)),
            Output::Gone => return Ok(Some(Exit::HungUp)),
        }
        Ok(None)
    }

    /// Gives the terminal to the operator's editor, and takes it back.
    fn edit(&mut self, screen: &mut Screen, text: &str) -> Result<Result<String, String>, TermError> {
        if let Some(keys) = self.keys.take() {
            keys.end();
        }
        Screen::give_away();
        let edited = editor::edit(text);
        // What was typed to the editor to end or stop it was not meant for the run.
        let mut waiting: Vec<Event> = self.inbox.rx.try_iter().collect();
        waiting.retain(|event| match event {
            Event::Signal(signal) => {
                matches!(signals::meaning(*signal), signals::Meaning::HungUp | signals::Meaning::Resized)
                    || *signal == signal_hook::consts::SIGTERM
            }
            Event::Msg(_) => true,
        });
        self.held.extend(waiting);
        let (columns, rows) = screen.again()?;
        self.keys = Some(input::watch(self.inbox.feed.clone()).map_err(TermError::Watch)?);
        self.take(screen, Msg::Resize { columns, rows })?;
        Ok(edited)
    }

    /// Sits down at the terminal of an attempt, or has it waited for.
    fn reach(&mut self, screen: &mut Screen, attempt: AttemptId, until: Instant) -> Result<Option<Exit>, TermError> {
        match (self.sit)(&attempt) {
            Ok(stream) => self.sit_down(screen, stream, &attempt),
            Err(error) if not_yet(&error) && Instant::now() < until => {
                self.awaited = Some((attempt, until));
                Ok(None)
            }
            Err(error) => {
                let why = format!("Attempt {attempt} has no terminal ({error}); it has probably ended.");
                self.take(screen, Msg::Refused(why))
            }
        }
    }

    /// Gives the terminal to that of an attempt, until that ends or the person comes back.
    fn sit_down(
        &mut self,
        screen: &mut Screen,
        stream: UnixStream,
        attempt: &AttemptId,
    ) -> Result<Option<Exit>, TermError> {
        if let Some(keys) = self.keys.take() {
            keys.end();
        }
        let (inbox, held) = (self.inbox, &mut self.held);
        let mut called_away = || {
            let from = held.len();
            held.extend(inbox.rx.try_iter());
            held.range(from..).any(|event| match event {
                Event::Signal(signal) => {
                    matches!(signals::meaning(*signal), signals::Meaning::HungUp | signals::Meaning::End)
                }
                Event::Msg(msg) => matches!(msg, Msg::Hangup),
            })
        };
        let words = format!("The terminal of attempt {attempt}. Every key goes there; Ctrl-] comes back.");
        let rose = screen.lend(&words).and_then(|tty| seat::sit(stream, &tty, &mut called_away));
        let rose = rose.map_err(TermError::Draw)?;
        if rose == seat::Rose::HungUp {
            return Ok(Some(Exit::HungUp));
        }
        let (columns, rows) = screen.take_back()?;
        // What was typed to the program to end it was not meant for the run.
        self.drop_typeahead(screen);
        self.keys = Some(input::watch(self.inbox.feed.clone()).map_err(TermError::Watch)?);
        self.take(screen, Msg::Resize { columns, rows })?;
        let said = match rose {
            seat::Rose::CameBack => "Back from its terminal; it runs on.",
            seat::Rose::Over | seat::Rose::HungUp => "Its terminal is closed.",
        };
        self.take(screen, Msg::Say(said.to_owned()))
    }

    /// Holds everything back until the process goes on or has to end: the terminal belongs to somebody else.
    fn wait_to_go_on(&mut self) {
        while let Ok(event) = self.inbox.rx.recv() {
            let resumes = match &event {
                Event::Signal(signal) => {
                    !matches!(signals::meaning(*signal), signals::Meaning::Resized | signals::Meaning::Stop)
                }
                Event::Msg(msg) => matches!(msg, Msg::Hangup),
            };
            if resumes {
                self.held.push_front(event);
                return;
            }
            if !matches!(event, Event::Signal(_)) {
                self.held.push_back(event);
            }
        }
    }

    /// Throws away keys that were pressed before the question that just opened could be read.
    fn drop_typeahead(&mut self, screen: &Screen) {
        screen.flush_input();
        let waiting: Vec<Event> = self.held.drain(..).chain(self.inbox.rx.try_iter()).collect();
        self.held =
            waiting.into_iter().filter(|event| !matches!(event, Event::Msg(Msg::Key(_) | Msg::Paste(_)))).collect();
    }
}

/// May what could not be reached be there in a moment?
fn not_yet(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}
