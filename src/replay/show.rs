//! A recording on a terminal: the screen on its thread, the player on another one, so that no frame waits for the disk. A
//! comparison is shown instead, and the recording stands meanwhile.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::pace::Stretch;
use super::player::{BESIDE, Player, Start};
use super::recording::{Recording, ReplayError};
use crate::journal::{Addition, Trust, Verdict};
use crate::kernel::Stamp;
use crate::settings::keymap::Keymap;
use crate::settings::theme::Theme;
use crate::store::{self, Saves};
use crate::term::{self, Exit, Feed};
use crate::ui::{Model, Msg, Output, Rivals, Seek, Spot, Transport, Verified, Worth};

/// While it plays the screen is told the time so often at least: at 64 times the speed seconds pass quickly.
const TICK: Duration = Duration::from_millis(33);
/// While the log is being read it is said so often how far.
const NEWS: Duration = Duration::from_millis(250);

/// So long is searched before the next wish is heard.
const SLICE: Duration = Duration::from_millis(30);

enum Ask {
    Transport(Transport),
    Seek(Seek),
    Verified(Verified),
    /// Nobody looks: it stands until somebody plays on.
    Rest,
}

/// Is what a recording's screen leads to and does not know by itself.
#[expect(missing_debug_implementations, reason = "it holds functions")]
pub struct Beyond<'b> {
    /// Finds the other runs that the recording can be compared with. It may take its time.
    pub rivals: Box<dyn FnOnce() -> Rivals + Send>,
    /// Shows the runs in two folders side by side; returns how that was left, or why there is nothing to see.
    pub compare: &'b mut dyn FnMut(&str, &str) -> Result<Exit, String>,
}

/// Is the recording's clock as both threads see it.
#[derive(Clone, Debug)]
struct Shown(Arc<Mutex<(Stretch, Instant, Stamp)>>);

impl Shown {
    fn of(player: &Player) -> Self {
        Self(Arc::new(Mutex::new(player.stretch())))
    }

    fn set(&self, player: &Player) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = player.stretch();
    }

    fn now(&self) -> Stamp {
        let (stretch, began, base) = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mono = stretch.after(began.elapsed());
        let later = i64::try_from(mono.saturating_sub(base.mono)).unwrap_or(i64::MAX);
        let utc = base.utc.checked_add_signed(chrono::TimeDelta::microseconds(later)).unwrap_or(base.utc);
        Stamp { utc, mono }
    }
}

/// Shows a recording until its reader leaves.
///
/// # Errors
/// [`ReplayError`] if it can't be read, or the terminal does not work.
pub fn show(
    recording: Recording,
    trust: Trust,
    start: Start,
    (theme, keys): (&Theme, &Keymap),
    beyond: Beyond<'_>,
) -> Result<Exit, ReplayError> {
    let Beyond { rivals, compare } = beyond;
    let local = chrono::Offset::fix(chrono::Local::now().offset());
    let log = recording.place.log.display().to_string();
    let model = Model::replay(Arc::clone(&recording.plan), log, theme, recording.began);
    let mut model = model.in_local_time(local).with_keys(keys.clone()).before(start.behind);
    let (place, folder) = (recording.place.clone(), recording.folder.clone());
    let mut player = Player::open(recording, start.speed)?;
    let shown = Shown::of(&player);
    let (feed, inbox) = term::channel();
    for msg in player.first() {
        feed.send(msg);
    }
    // Unbounded: a person presses few keys.
    let (asks, asked) = channel();
    let begin = match start.at {
        Spot::Beginning => Transport::Play,
        spot => Transport::To(spot),
    };
    drop(asks.send(Ask::Transport(begin)));
    spawn("verify", {
        let asks = asks.clone();
        move || {
            drop(asks.send(Ask::Verified(verify(&place, &trust))));
        }
    })?;
    let told = feed.clone();
    spawn("rivals", move || told.send(Msg::Rivals(rivals())))?;
    let clock = shown.clone();
    let (refused, saying, mut saves) = (feed.clone(), feed.clone(), Saves::default());
    spawn("player", move || play(player, &feed, &asked, &shown))?;
    let mut wish = |output: Output| {
        let ask = match output {
            Output::Replay(transport) => Ask::Transport(transport),
            Output::Seek(seek) => Ask::Seek(seek),
            Output::Save { attempt, stream, path } if attempt.names_files() => {
                let feed = saying.clone();
                saves.begin(folder.join(attempt.output_file(stream.word())), &path, move |msg| feed.send(msg));
                return;
            }
            Output::Save { .. } => {
                saying.send(Msg::Refused("that is no output of this recording".to_owned()));
                return;
            }
            // Nothing else can be wished: a recording acts on nothing.
            _ => return,
        };
        drop(asks.send(ask));
    };
    loop {
        let exit = term::run(&mut model, &inbox, &mut wish, &|| clock.now())?;
        let Exit::Compare(one, other) = &exit else { return Ok(exit) };
        drop(asks.send(Ask::Rest));
        match compare(one, other) {
            Ok(Exit::Back) => {}
            Ok(exit) => return Ok(exit),
            Err(why) => refused.send(Msg::Refused(why)),
        }
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), ReplayError> {
    // Not waited for: it ends with the screen, or with the process.
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map(drop).map_err(ReplayError::Thread)
}

/// Verifies the log of a recording, and reads what was disclosed behind it.
pub fn verify(place: &store::LogPlace, trust: &Trust) -> Verified {
    match store::verify_run(place, trust) {
        Ok(log) => {
            let addenda = place.folder.as_ref().and_then(|folder| store::read_addenda(folder, &log, trust).ok());
            let disclosed =
                addenda.into_iter().flat_map(|addenda| addenda.entries).filter_map(|entry| match entry.what {
                    Addition::Unblinded { broken } => Some(broken),
                    _ => None,
                });
            let worth = match log.verdict {
                Verdict::Sealed => Worth::Sound,
                Verdict::Open | Verdict::Untrusted => Worth::Doubtful,
                Verdict::AnchorMismatch | Verdict::Tampered => Worth::Damaged,
            };
            Verified { worth, words: log.words(), disclosed: disclosed.collect() }
        }
        Err(_) => Verified { worth: Worth::Doubtful, words: "can't be verified".to_owned(), disclosed: Vec::new() },
    }
}

/// Plays until the screen is gone.
fn play(mut player: Player, feed: &Feed, asked: &Receiver<Ask>, shown: &Shown) {
    let mut told = Instant::now();
    loop {
        let wait = match (player.has_more() || player.searches(), player.due(Instant::now())) {
            (true, _) => Some(Duration::ZERO),
            (false, Some(due)) => Some(due.min(TICK)),
            (false, None) => None,
        };
        let ask = match wait {
            Some(wait) => match asked.recv_timeout(wait) {
                Ok(ask) => Some(ask),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            },
            None => match asked.recv() {
                Ok(ask) => Some(ask),
                Err(_) => return,
            },
        };
        let mut said = Vec::new();
        match ask {
            Some(Ask::Transport(wish)) => said.extend(player.wish(wish, Instant::now())),
            Some(Ask::Seek(seek)) => said.push(player.leaf(&seek)),
            Some(Ask::Verified(verified)) => said.push(player.verified(verified)),
            Some(Ask::Rest) => said.extend(player.rest(Instant::now())),
            None => {}
        }
        let playing = player.due(Instant::now()).is_some();
        said.extend(player.advance(Instant::now()));
        said.extend(player.search_on(SLICE, Instant::now()));
        if player.has_more() {
            said.extend(player.read_on(BESIDE, Instant::now()));
            if told.elapsed() >= NEWS || !player.has_more() {
                told = Instant::now();
                said.push(player.played());
            }
        }
        shown.set(&player);
        for msg in said {
            feed.send(msg);
        }
        if playing {
            feed.send(Msg::Tick(shown.now()));
        }
    }
}
