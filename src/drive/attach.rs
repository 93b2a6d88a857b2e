//! A screen in a process of its own: what the engine tells goes to it, what its person wishes goes to the engine.

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, mpsc};
use std::time::Duration;

use super::hub::short;
use super::library::Source;
use super::pager::Pager;
use super::renewal;
use super::signing::{self, Signer, SigningKey, ToSign};
use super::silence::{Heard, Lines, SILENCE};
use super::start::{self, StartError};
use super::wire::{Answer, FromScreen, Hello, Over, PROTOCOL, ToScreen, Wants, line, version};
use super::{changed, foresee};
use crate::clock::Clock;
use crate::engine::Intent;
use crate::exec::supervisor::sit_down;
use crate::kernel::say_duration;
use crate::runbook::Plan;
use crate::settings::calls::Calls;
use crate::settings::keymap::Keymap;
use crate::settings::theme::Theme;
use crate::store::{self, Operator, StoreError};
use crate::term::{self, Exit, TermError};
use crate::ui::{Behind, Model, Msg, Output};

/// How long the engine may take to say how the run ended, once it showed that it did.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// No approval is longer, in bytes.
const LONGEST_ANSWER: u64 = 64 * 1024;

/// Says why a screen could not be attached to a run.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// No engine listens.
    #[error("no engine works the run in {}: {source}", folder.display())]
    NoEngine {
        /// The run's folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It belongs to somebody else.
    #[error("the engine in {} is another user's; nothing was sent to it", folder.display())]
    Stranger {
        /// The run's folder.
        folder: PathBuf,
    },
    /// It is another lifeboat.
    #[error(
        "the run is worked by lifeboat {theirs} (process {pid}), and this is {}: they do not understand each other; use that one",
        version()
    )]
    Version {
        /// The engine's version.
        theirs: String,
        /// Its process.
        pid: u32,
    },
    /// It does not answer as an engine does.
    #[error("what listens in {} does not answer as an engine does: {why}", folder.display())]
    Answer {
        /// The run's folder.
        folder: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The run's folder.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The runbook in it.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The terminal.
    #[error(transparent)]
    Terminal(#[from] TermError),
}

/// Says how screens look, what their keys are, how they call somebody back, and where leaving them leads.
#[derive(Clone, Debug)]
pub struct Looks {
    /// Colours and glyphs.
    pub theme: Theme,
    /// Keys.
    pub keys: Keymap,
    /// Bell and notifications.
    pub calls: Calls,
    /// What lies behind them.
    pub behind: Behind,
}

/// Says how a screen ended.
#[derive(Debug)]
pub struct Left {
    /// How the screen was left.
    pub exit: Exit,
    /// How the run ended, if it did.
    pub over: Option<Over>,
}

/// Is a connection to a living engine.
#[derive(Debug)]
pub struct Engine {
    stream: UnixStream,
    folder: PathBuf,
}

impl Engine {
    /// Connects to the engine that works the run in `folder`.
    ///
    /// # Errors
    /// If none does, or it is another user's.
    pub fn find(folder: &Path) -> Result<Self, AttachError> {
        let folder = folder.to_owned();
        let stream = match short(&folder, UnixStream::connect) {
            Ok(stream) => stream,
            Err(source) => return Err(AttachError::NoEngine { folder, source }),
        };
        #[cfg(target_os = "linux")]
        if rustix::net::sockopt::socket_peercred(&stream).map(|peer| peer.uid).ok() != Some(rustix::process::geteuid())
        {
            return Err(AttachError::Stranger { folder });
        }
        Ok(Self { stream, folder })
    }

    /// Shows the run until its person leaves. The first frame does not wait for the engine.
    ///
    /// # Errors
    /// If the terminal does not work or the folder can't be read; the run goes on.
    pub fn show(self, by: &str, wants: Wants, signer: Option<Signer>, looks: &Looks) -> Result<Left, AttachError> {
        let (feed, inbox) = term::channel();
        let teller = feed.clone();
        let mut begun = self.begin(by, wants, signer, move |msg| feed.send(msg))?;
        let local = chrono::Offset::fix(chrono::Local::now().offset());
        let clock = begun.clock;
        let mut model = Model::run(begun.plan.clone(), begun.log.clone(), &looks.theme, clock.now())
            .in_local_time(local)
            .with_keys(looks.keys.clone())
            .that_calls(looks.calls)
            .before(looks.behind);
        let wishes = begun.wishes.clone();
        let mut pager = Pager::start(&begun.folder, teller.clone()).map_err(|error| begun.unusable(error))?;
        let mut wish = |output: Output| match output {
            Output::Seek(seek) => pager.seek(seek),
            Output::Save { attempt, stream, path } => pager.save(&attempt, stream, &path),
            output => match wished(output) {
                // An engine that is gone was said to be.
                Some(Ok(wish)) => drop(wishes.send(wish)),
                Some(Err(why)) => teller.send(Msg::Refused(why)),
                None => {}
            },
        };
        let exit = term::run_seated(&mut model, &inbox, &mut wish, &|| clock.now(), &|attempt| {
            sit_down(&begun.folder, attempt)
        })?;
        begun.ended = model.run_screen().is_some_and(crate::ui::RunScreen::is_ended);
        begun.end(exit)
    }

    /// Reads the run's folder, and begins to hear the engine. What it says goes to `hearer`, which must not block.
    pub(super) fn begin(
        self,
        by: &str,
        wants: Wants,
        signer: Option<Signer>,
        hearer: impl Fn(Msg) + Clone + Send + 'static,
    ) -> Result<Begun, AttachError> {
        let Self { stream, folder } = self;
        let log = folder.join("incident.jsonl");
        let (opened, began) = store::header(&log)?;
        let runbook = folder.join("runbook.md");
        let bytes = std::fs::read(&runbook).map_err(|source| AttachError::Answer {
            folder: folder.clone(),
            why: format!("{} can't be read: {source}", runbook.display()),
        })?;
        let plan = start::plan(&Source { path: opened.runbook.clone(), bytes })?;
        let unusable = |error: io::Error| AttachError::Answer { folder: folder.clone(), why: error.to_string() };
        let (told, over) = mpsc::channel();
        let reading = stream.try_clone().map_err(unusable)?;
        // Unbounded: a person wishes little, and a key never waits for the engine.
        let (wishes, wished) = mpsc::channel::<FromScreen>();
        let key = Arc::new(OnceLock::new());
        let aws_profile = signer.as_ref().and_then(|signer| signer.aws_profile.clone());
        if let Some(signer) = signer {
            let (key, wishes) = (Arc::clone(&key), wishes.clone());
            spawn("key", move || announce(&signer, &key, &wishes)).map_err(unusable)?;
        }
        let (tell_facts, facts) = mpsc::channel();
        let (say, tell, place) = (hearer.clone(), hearer.clone(), folder.clone());
        let (seen, header) = (plan.clone(), opened.clone());
        let clock = Clock::go_on(began);
        let ahead = move || foresee::follow((seen, &header), &place, clock, &facts, &tell);
        spawn("forecast", ahead).map_err(unusable)?;
        let hearer = move |msg: Msg| {
            if let Msg::Fact(fact) = &msg {
                // Without earlier runs nobody forecasts.
                drop(tell_facts.send(Arc::clone(fact)));
            }
            hearer(msg);
        };
        let place = folder.clone();
        // The disk may be slow, and the first frame does not wait for it.
        let look = move || {
            if let Some(words) = changed::since_start(&opened, &place) {
                say(Msg::Say(words));
            }
        };
        spawn("runbook", look).map_err(unusable)?;
        let answers = wishes.clone();
        let at_hand = AtHand { key, folder: folder.clone(), aws_profile, answers };
        spawn("engine", move || hear(reading, &hearer, &told, &at_hand)).map_err(unusable)?;
        let writing = stream.try_clone().map_err(unusable)?;
        let hello = Hello { protocol: PROTOCOL, version: version(), by: by.to_owned(), wants };
        spawn("wishes", move || speak(writing, &hello, &wished)).map_err(unusable)?;
        Ok(Begun {
            plan,
            log: log.display().to_string(),
            clock,
            wishes,
            over,
            last_word: None,
            stream,
            folder,
            ended: false,
        })
    }
}

/// Is a run that is shown: what is needed to show it, and where wishes go.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) plan: Arc<Plan>,
    pub(super) log: String,
    pub(super) clock: Clock,
    wishes: mpsc::Sender<FromScreen>,
    over: mpsc::Receiver<End>,
    last_word: Option<End>,
    stream: UnixStream,
    folder: PathBuf,
    /// Was it seen to end? Then the engine's last words are waited for.
    ended: bool,
}

impl Begun {
    /// Leaves the engine, and says how the run ended, if it did.
    pub(super) fn end(self, exit: Exit) -> Result<Left, AttachError> {
        let patience = if self.ended && exit == Exit::Quit { LAST_WORDS } else { Duration::ZERO };
        let over = match self.last_word.map_or_else(|| self.over.recv_timeout(patience), Ok) {
            Ok(End::Over(over)) => Some(over),
            Ok(End::Version(answer)) => {
                return Err(AttachError::Version { theirs: answer.version, pid: answer.pid });
            }
            Err(_) => None,
        };
        // It ends both threads; an engine that is gone has ended them already.
        drop(self.stream.shutdown(std::net::Shutdown::Both));
        Ok(Left { exit, over })
    }

    /// Has the engine said its last word, or is it gone?
    pub(super) fn is_over(&mut self) -> bool {
        match self.over.try_recv() {
            Ok(word) => self.last_word = Some(word),
            Err(mpsc::TryRecvError::Empty) => return self.last_word.is_some(),
            Err(mpsc::TryRecvError::Disconnected) => {}
        }
        true
    }

    /// Hands a wish to the engine; one that is gone was said to be.
    pub(super) fn wish(&self, wish: FromScreen) {
        drop(self.wishes.send(wish));
    }

    /// Says why something of this side does not work.
    pub(super) fn unusable(&self, error: io::Error) -> AttachError {
        AttachError::Answer { folder: self.folder.clone(), why: error.to_string() }
    }
}

/// Makes a wish of what a screen asks for, if it is one.
///
/// # Errors
/// Why it is none after all, in a sentence.
pub(super) fn wished(output: Output) -> Option<Result<FromScreen, String>> {
    match output {
        Output::Intent(intent) => Some(Ok(FromScreen::Wish(intent))),
        Output::HandOver => Some(Ok(FromScreen::HandOver)),
        Output::Terminal(attempt) => Some(Ok(FromScreen::Terminal(attempt))),
        Output::HandIn { prompt, file } => {
            Some(answer_of(&file).map(|answer| FromScreen::Wish(Intent::HandIn { prompt, answer })))
        }
        _ => None,
    }
}

/// Reads what somebody signed; the person who typed the name sits where this runs.
fn answer_of(file: &str) -> Result<String, String> {
    let path = match (file.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => PathBuf::from(file),
    };
    let read = || {
        let mut text = String::new();
        std::fs::File::open(&path)?.take(LONGEST_ANSWER).read_to_string(&mut text)?;
        Ok::<_, io::Error>(text)
    };
    read().map_err(|error| {
        format!(
            "{} can't be read: {error}. Name the file that they signed, or paste it; the phrase is asked for once all agreed.",
            path.display()
        )
    })
}

/// Says why nothing more comes.
#[derive(Debug)]
enum End {
    Over(Over),
    Version(Answer),
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    // Not waited for: it ends with the connection, or with the process.
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
}

/// Is the person's key, once it was found.
type Key = OnceLock<Arc<Operator>>;

/// Finds the person's key, and tells the engine whether this screen can sign for the log.
fn announce(signer: &Signer, key: &Key, wishes: &mpsc::Sender<FromScreen>) {
    let signs = signer.operator().map_err(|why| why.to_string()).map(|operator| {
        let signs = SigningKey::of(&operator);
        // It is found once.
        drop(key.set(Arc::new(operator)));
        signs
    });
    // An engine that is gone asks for nothing.
    drop(wishes.send(FromScreen::Signs(signs)));
}

/// Has the person's key sign, on a thread of its own: they may have to touch it.
fn sign(ToSign { id, what }: ToSign, at_hand: &AtHand) {
    let (key, folder, answers) = (at_hand.key.get().cloned(), at_hand.folder.clone(), at_hand.answers.clone());
    let work = move || {
        let key = key.ok_or_else(|| "this screen has no key".to_owned());
        let sig = key.and_then(|key| signing::sign(&key, &folder, &what));
        // An engine that is gone needs no signature.
        drop(answers.send(FromScreen::Signed { id, sig }));
    };
    // Without a thread the engine loses its patience.
    drop(spawn("signature", work));
}

/// Resolves AWS credentials here, on a thread of its own: their source may ask somebody.
fn renew(aws_profile: Option<String>, wishes: mpsc::Sender<FromScreen>) {
    let work = move || {
        // An engine that is gone needs none.
        drop(wishes.send(FromScreen::Credentials(renewal::resolve(aws_profile.as_deref()))));
    };
    // Without a thread the engine has what it has.
    drop(spawn("aws", work));
}

/// Is what this screen has for its engine, where it is asked.
struct AtHand {
    key: Arc<Key>,
    folder: PathBuf,
    aws_profile: Option<String>,
    answers: mpsc::Sender<FromScreen>,
}

fn hear(stream: UnixStream, feed: &impl Fn(Msg), told: &mpsc::Sender<End>, at_hand: &AtHand) {
    let mut lines = Lines::of(stream, SILENCE);
    let answer = next_line(&mut lines, feed, None).and_then(|text| serde_json::from_slice::<Answer>(&text).ok());
    let engine = match answer {
        Some(answer) if answer.protocol == PROTOCOL => answer.pid,
        Some(answer) => {
            let why = format!(
                "The run is worked by lifeboat {} (process {}), and this is {}. Leave with D, and use that one.",
                answer.version,
                answer.pid,
                version()
            );
            drop(told.send(End::Version(answer)));
            return feed(Msg::Parted(why));
        }
        None => return feed(Msg::Parted(GONE.to_owned())),
    };
    while let Some(text) = next_line(&mut lines, feed, Some(engine)) {
        let message = serde_json::from_slice::<ToScreen>(&text);
        match &message {
            Ok(ToScreen::Sign(asked)) => sign(asked.clone(), at_hand),
            Ok(ToScreen::Credentials) => renew(at_hand.aws_profile.clone(), at_hand.answers.clone()),
            _ => {}
        }
        match message.map(ToScreen::into_msg) {
            Ok(Ok(msg)) => feed(msg),
            Ok(Err(over)) => {
                drop(told.send(End::Over(over)));
                return;
            }
            Err(error) => feed(Msg::Refused(format!("the engine said something unknown: {error}"))),
        }
    }
    feed(Msg::Parted(GONE.to_owned()));
}

const GONE: &str =
    "The engine of this run is gone; what runs goes on under its supervisor. Leave with D, then `lifeboat resume`.";

/// Waits for the next line. An engine that is silent for too long is said to be, and said to be there again.
fn next_line(lines: &mut Lines, feed: &impl Fn(Msg), engine: Option<u32>) -> Option<Vec<u8>> {
    let mut silent = Duration::ZERO;
    loop {
        match lines.next() {
            Heard::Line(line) => {
                if !silent.is_zero() {
                    feed(Msg::Refused("The engine answers again.".to_owned()));
                }
                silent = Duration::ZERO;
                if !line.is_empty() {
                    return Some(line);
                }
            }
            Heard::Silence => {
                if silent.is_zero() {
                    feed(Msg::Refused(silence(engine)));
                }
                silent = silent.saturating_add(SILENCE);
            }
            Heard::End => return None,
        }
    }
}

/// Says that an engine is silent, and what to do.
fn silence(engine: Option<u32>) -> String {
    let for_how_long = say_duration(SILENCE);
    let pid = engine.map(|pid| format!(", process {pid}")).unwrap_or_default();
    let kill = engine.map_or_else(|| "end it".to_owned(), |pid| format!("`kill -9 {pid}`"));
    format!(
        "The engine (lifeboat{pid}) has not answered for {for_how_long}: keys do nothing until it does; what runs goes on. If it \
         stays so, {kill}, leave with D, and `lifeboat resume`."
    )
}

fn speak(mut stream: UnixStream, hello: &Hello, wished: &mpsc::Receiver<FromScreen>) {
    let mut said = stream.write_all(line(hello).as_bytes());
    while said.is_ok() {
        let Ok(wish) = wished.recv() else { return };
        said = stream.write_all(line(&wish).as_bytes());
    }
}
