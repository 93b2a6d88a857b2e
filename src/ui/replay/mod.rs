//! The run's screen when a recording drives it: where the reader is in it, what the keys ask for, the line with the marks.
//!
//! It shows and asks; whoever has the recording answers with [`Moment`]s and the facts between them.

mod marks;
mod spot;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent};

pub use marks::{Mark, Marks};
pub use spot::Spot;

use super::field::{Edited, Field};
use super::message::{Output, Way};
use super::model::{Model, Place, RunScreen, Zoom};
use super::picker::PastRun;
use super::tail::Tail;
use super::timeline::Told;
use crate::engine::{Disclosure, Run};
use crate::kernel::{AttemptId, Stamp};
use crate::settings::keymap::Command;
use crate::settings::theme::Role;

/// How far an arrow leads, in seconds.
const LEAP: u32 = 10;

/// Is what the reader asks of whoever has the recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Play, or pause.
    Play,
    /// Twice as fast, or half as fast.
    Speed(Way),
    /// Shorten idle time, or don't.
    Idle,
    /// One fact on or back.
    Event(Way),
    /// So many seconds on or back.
    Seconds(Way, u32),
    /// To the next mark of this kind, or the one before.
    Mark(Mark, Way),
    /// To a place.
    To(Spot),
    /// To the next moment at which this text was printed, or the one before.
    Find(String, Way),
    /// Search no further.
    StopSearch,
    /// Bring the attempts and outputs of this step.
    Show(usize),
}

/// Is the run at a moment: everything that the screen does not keep by itself.
#[derive(Clone, Debug)]
pub struct Moment {
    /// The run, folded up to the moment.
    pub run: Run,
    /// The outputs as they were then, of the attempts that matter there.
    pub tails: BTreeMap<AttemptId, Tail>,
    /// The facts before it, in words: all of them, or the last ones of a long recording.
    pub told: Vec<Told>,
    /// The time then.
    pub at: Stamp,
}

/// Says how the recording is being played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Played {
    /// Does time go on?
    pub going: Going,
    /// By how much faster than it was.
    pub speed: u32,
    /// What becomes of idle time.
    pub idle: Idle,
    /// When the recording begins, in microseconds of the run's own clock.
    pub from: u64,
    /// When it ends, likewise.
    pub to: u64,
    /// How many facts were seen.
    pub fact: u64,
    /// How many there are.
    pub facts: u64,
    /// What lies where.
    pub marks: Arc<Marks>,
    /// How much of the log was read, in percent, while it is being read.
    pub reading: Option<u8>,
    /// Is a text searched for?
    pub searching: bool,
    /// Does a wish wait until more of the log is read?
    pub awaiting: bool,
    /// What the log is worth, once it was verified.
    pub verdict: Option<Verified>,
    /// What has to be known about the recording: where it ends before its end, what is missing.
    pub remarks: Vec<String>,
}

/// Says whether time goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Going {
    /// It does.
    Playing,
    /// It stands.
    Paused,
    /// It stands at the end.
    Ended,
}

/// Says what becomes of time in which nothing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idle {
    /// It is shortened.
    Shortened,
    /// It takes as long as it took.
    Kept,
}

/// Says what came of verifying a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// What it is worth.
    pub worth: Worth,
    /// The same in words.
    pub words: String,
    /// What was disclosed behind it that a team was not told.
    pub disclosed: Vec<Disclosure>,
}

/// Says what a log is worth, as far as its colour goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// Sealed and trusted.
    Sound,
    /// Intact, and not sealed or not trusted.
    Doubtful,
    /// Changed.
    Damaged,
}

/// Says what is being typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// Where to go.
    Spot,
    /// What to search.
    Search,
}

/// Holds what a recording can be compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rivals {
    /// The recording's own folder.
    pub of: String,
    /// Other runs of its runbook that are over, newest first.
    pub runs: Vec<PastRun>,
}

/// Holds where the reader of a recording is.
#[derive(Clone, Debug, Default)]
pub(super) struct Replay {
    /// How it is played, once that is known.
    pub(super) played: Option<Played>,
    /// What is being typed.
    pub(super) asking: Option<(Typed, Field)>,
    /// What was searched for last.
    pub(super) search: Option<String>,
    /// What it can be compared with, once that was looked up.
    pub(super) rivals: Option<Rivals>,
    /// The step whose attempts and outputs are at hand.
    shown: Option<usize>,
}

impl Replay {
    /// Returns what was disclosed behind the log, as far as it was read.
    pub(super) fn disclosed(&self) -> &[Disclosure] {
        let verdict = self.played.as_ref().and_then(|played| played.verdict.as_ref());
        verdict.map(|verified| verified.disclosed.as_slice()).unwrap_or_default()
    }

    /// Is a text searched for?
    pub(super) fn searches(&self) -> bool {
        self.played.as_ref().is_some_and(|played| played.searching)
    }

    /// Is there another run that it can be compared with?
    pub(super) fn has_rivals(&self) -> bool {
        self.rivals.as_ref().is_some_and(|rivals| !rivals.runs.is_empty())
    }

    /// Returns the folders of the recording and of the run that it is compared with.
    pub(super) fn beside(&self, rival: usize) -> Option<(String, String)> {
        let rivals = self.rivals.as_ref()?;
        Some((rivals.of.clone(), rivals.runs.get(rival)?.folder.clone()))
    }
}

impl RunScreen {
    /// Takes the run as it was at another moment.
    pub(super) fn moment(&mut self, moment: Moment) -> Option<Output> {
        let Moment { run, tails, told, at } = moment;
        (self.run, self.tails, self.told) = (run, tails, told);
        (self.changed, self.output_back, self.summary) = (at, 0, Vec::new());
        self.broken = None;
        self.last_lines.clear();
        self.confirmation = self.run.prompt.as_ref().map(|prompt| super::confirm::Confirmation::new(prompt.number));
        if let Some(confirmation) = &mut self.confirmation {
            confirmation.shown = Some(at);
        }
        match &mut self.zoom {
            Zoom::Output(reader) if !self.run.attempts.contains_key(&reader.attempt) => {
                self.zoom = Zoom::Shared;
                None
            }
            Zoom::Output(reader) => Some(reader.moved()),
            Zoom::Shared | Zoom::Timeline(_) => None,
        }
    }
}

/// Asks for the attempts and outputs of the step that is looked at, if they are not those at hand.
pub(super) fn missing(model: &mut Model) -> Option<Output> {
    let Place::Run(screen) = &mut model.place else { return None };
    let shown = screen.shown();
    let replay = screen.replay.as_mut()?;
    (replay.shown.replace(shown) != Some(shown)).then_some(Output::Replay(Transport::Show(shown)))
}

/// Takes a key while something is typed.
pub(super) fn typed(model: &mut Model, key: KeyEvent) -> (Edited, Option<Output>) {
    let Place::Run(screen) = &mut model.place else { return (Edited::No, None) };
    let Some(replay) = screen.replay.as_mut() else { return (Edited::No, None) };
    let Some((what, field)) = &mut replay.asking else { return (Edited::No, None) };
    let (what, text) = (*what, field.text());
    match key.code {
        KeyCode::Esc => replay.asking = None,
        KeyCode::Enter if text.trim().is_empty() => replay.asking = None,
        KeyCode::Enter => match what {
            Typed::Spot => match Spot::parse(&text) {
                Ok(spot) => {
                    replay.asking = None;
                    return (Edited::Yes, Some(Output::Replay(Transport::To(spot))));
                }
                // What was typed stays, to be mended.
                Err(why) => model.news.answer(Role::Warn, why),
            },
            Typed::Search => {
                replay.asking = None;
                replay.search = Some(text.clone());
                return (Edited::Yes, Some(Output::Replay(Transport::Find(text, Way::Down))));
            }
        },
        _ => {
            field.key(key);
        }
    }
    (Edited::Yes, None)
}

/// Does what a key of a replay means; goes on if it is none.
pub(super) fn perform(replay: &mut Replay, command: Command) -> ControlFlow<Option<Output>> {
    use Command as C;
    let mark = |mark, way| Transport::Mark(mark, way);
    let transport = match command {
        C::Play => Transport::Play,
        C::Faster => Transport::Speed(Way::Down),
        C::Slower => Transport::Speed(Way::Up),
        C::ShortenIdle => Transport::Idle,
        C::NextEvent => Transport::Event(Way::Down),
        C::PreviousEvent => Transport::Event(Way::Up),
        C::Forward => Transport::Seconds(Way::Down, LEAP),
        C::Backward => Transport::Seconds(Way::Up, LEAP),
        C::NextStep => mark(Mark::Step, Way::Down),
        C::PreviousStep => mark(Mark::Step, Way::Up),
        C::NextFailure => mark(Mark::Failure, Way::Down),
        C::PreviousFailure => mark(Mark::Failure, Way::Up),
        C::NextDecision => mark(Mark::Decision, Way::Down),
        C::PreviousDecision => mark(Mark::Decision, Way::Up),
        C::NextBreach => mark(Mark::Breach, Way::Down),
        C::PreviousBreach => mark(Mark::Breach, Way::Up),
        C::NextNote => mark(Mark::Note, Way::Down),
        C::PreviousNote => mark(Mark::Note, Way::Up),
        C::Beginning => Transport::To(Spot::Beginning),
        C::Ending => Transport::To(Spot::Ending),
        C::GoTo => {
            replay.asking = Some((Typed::Spot, Field::default()));
            return ControlFlow::Break(None);
        }
        C::Back if replay.searches() => Transport::StopSearch,
        C::Search => {
            let mut field = Field::default();
            field.insert(replay.search.as_deref().unwrap_or_default());
            replay.asking = Some((Typed::Search, field));
            return ControlFlow::Break(None);
        }
        C::NextMatch | C::PreviousMatch => {
            let Some(text) = replay.search.clone() else { return ControlFlow::Continue(()) };
            Transport::Find(text, if command == C::NextMatch { Way::Down } else { Way::Up })
        }
        _ => return ControlFlow::Continue(()),
    };
    ControlFlow::Break(Some(Output::Replay(transport)))
}
