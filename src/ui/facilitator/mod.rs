//! The facilitator's screen: the injects and what is expected, beside what the team does. The team never sees it.

mod lines;
mod press;
mod rows;
mod view;

use std::sync::Arc;

use super::field::Field;
use super::message::{Msg, Output};
use super::model::{Model, Place, RunScreen};
use super::timeline::Told;
use crate::engine::{Fact, Mark, evolve};
use crate::kernel::{SafeText, Stamp};
use crate::report::{Board, Chosen, diagnosis};
use crate::settings::theme::Role;

pub use lines::Lines as FacilitatorLines;
pub(super) use press::{offered, press};
pub(super) use view::draw;

/// Holds what a facilitator sees.
#[derive(Clone, Debug)]
pub struct Desk {
    /// The team's run.
    pub(super) screen: RunScreen,
    /// Its facts.
    pub(super) facts: Vec<Fact>,
    /// The facilitator's own log, once it is at hand.
    pub(super) board: Option<Board>,
    /// The row that keys act on.
    pub(super) selected: usize,
    /// What is being typed, and what for.
    pub(super) asking: Option<(Asking, Field)>,
    /// What is wrong with it.
    pub(super) problem: Option<String>,
    /// Why the facilitator's own log can't be written, if so.
    pub(super) unwritten: Option<Unwritten>,
}

/// Says that a facilitator's log can't be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwritten {
    /// Why.
    pub why: String,
    /// How many of the facilitator's entries wait for it.
    pub kept: usize,
}

impl Unwritten {
    fn words(&self) -> String {
        let kept = match self.kept {
            0 => String::new(),
            1 => " One entry of yours is kept until then.".to_owned(),
            kept => format!(" {kept} entries of yours are kept until then."),
        };
        let why = self.why.trim_end_matches('.');
        let words = format!(
            "YOUR LOG CAN'T BE WRITTEN: {why}. No inject comes and the exercise can't be ended meanwhile; the drill goes \
             on. It is tried again every few seconds.{kept}"
        );
        SafeText::line(&words).into_string()
    }
}

/// Says what is being typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asking {
    /// Whether this inject is really to come: `y`.
    Fire(u32),
    /// What is to be said about an expectation.
    Mark {
        /// The inject.
        inject: u32,
        /// The expectation.
        expectation: u32,
        /// Was it done?
        mark: Mark,
    },
    /// A note.
    Note,
    /// What to tell the team.
    Tell,
    /// Why the exercise pauses.
    Pause,
    /// Area and points.
    Score,
    /// Whether the exercise is really to end: `y`.
    End,
}

impl Desk {
    pub(super) fn new(screen: RunScreen) -> Self {
        Self { screen, facts: Vec::new(), board: None, selected: 0, asking: None, problem: None, unwritten: None }
    }

    /// Returns the keys of a question that is open.
    pub(super) fn asking_hints(&self) -> Option<Vec<(String, &'static str)>> {
        let (asking, _) = self.asking.as_ref()?;
        let keys = match asking {
            Asking::Fire(_) | Asking::End => [("y", "yes"), ("esc", "no")],
            _ => [("enter", "write it down"), ("esc", "back")],
        };
        Some(keys.map(|(key, words)| (key.to_owned(), words)).to_vec())
    }

    /// Says how the team came to the runbook, where it was not told what is broken, and whether it is the right one.
    pub(super) fn chosen(&self) -> Option<(Role, String)> {
        let hidden = self.board.as_ref()?.hidden.clone()?;
        let found = diagnosis(&self.screen.run, &[hidden])?;
        let role = match found.choices.last().map(|choice| choice.judged) {
            Some(Chosen::Right) => Role::Ok,
            _ => Role::Warn,
        };
        Some((role, SafeText::line(&format!("BLIND, the team chose {}", found.words())).into_string()))
    }

    /// Returns when the run began.
    pub(super) fn began(&self) -> Option<Stamp> {
        self.facts.first().map(|fact| fact.at)
    }

    fn fact(&mut self, fact: &Arc<Fact>) {
        self.screen.told.push(Told::of(fact));
        if let Err(why) = evolve(&mut self.screen.run, fact) {
            self.screen.broken = Some(SafeText::line(&why.to_string()).into_string());
        }
        self.facts.push(Fact::clone(fact));
    }
}

/// Takes a message into a facilitator's screen.
pub(super) fn take(model: &mut Model, msg: Msg) -> Option<Output> {
    model.dirty |= !matches!(msg, Msg::Tick(_) | Msg::Drawn | Msg::Progress(_));
    match msg {
        Msg::Key(key) => return press(model, key),
        Msg::Hangup => return Some(Output::Gone),
        Msg::Closed => return Some(Output::Quit),
        Msg::Resize { columns, rows } => (model.columns, model.rows) = (columns, rows),
        Msg::Tick(now) => {
            model.dirty |= now.mono / 1_000_000 != model.now.mono / 1_000_000;
            model.now = now;
        }
        Msg::Refused(why) | Msg::Parted(why) => model.news.add(Role::Warn, SafeText::line(&why).into_string()),
        Msg::Meanwhile(what) => model.news.meanwhile(SafeText::line(&what).into_string()),
        Msg::Say(what) => model.news.add(Role::Text, SafeText::line(&what).into_string()),
        msg => {
            let now = model.now;
            let Place::Facilitator(desk) = &mut model.place else { return None };
            match msg {
                Msg::Fact(fact) => desk.fact(&fact),
                Msg::Board(board) => desk.board = Some(*board),
                Msg::Unwritten(unwritten) => desk.unwritten = unwritten,
                Msg::Paste(text) => {
                    if let Some((_, field)) = &mut desk.asking {
                        field.insert(&text);
                    }
                }
                Msg::Log(health) => desk.screen.log = Some((health, now)),
                Msg::Outlook(outlook) => desk.screen.outlook = outlook,
                _ => {}
            }
        }
    }
    None
}
