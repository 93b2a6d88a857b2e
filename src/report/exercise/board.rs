//! What a facilitator knows: the fold of their own log.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::engine::{Broken, Disclosure, Event, Facilitation, Fact, HowFired, Mark, Run};
use crate::kernel::{RunId, Sha256Hex};
use crate::runbook::injects::Inject;

/// Holds what the facts of a facilitator's log say.
#[derive(Clone, Debug, PartialEq)]
pub struct Board {
    /// The run.
    pub run: RunId,
    /// SHA-256 of the runbook that it works.
    pub runbook_sha256: Sha256Hex,
    /// Where the list of injects came from.
    pub list: String,
    /// What the exercise is for.
    pub title: String,
    /// The injects with their salts, as they were at the start.
    pub disclosures: Vec<Disclosure>,
    /// What is broken, where the team was not told.
    pub hidden: Option<Disclosure>,
    /// The injects, and what became of each.
    pub items: Vec<Item>,
    /// What the facilitator noted.
    pub notes: Vec<Noted>,
    /// What the facilitator gave points for, the last word on each area.
    pub scores: BTreeMap<String, Scored>,
    /// When the exercise was ended, and by whom.
    pub closed: Option<(DateTime<Utc>, String)>,
}

/// Is an inject and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Its number, from 1.
    pub number: u32,
    /// The inject.
    pub inject: Inject,
    /// How it came, if it did.
    pub came: Option<Came>,
    /// Why what it was to do did not happen.
    pub refused: Option<String>,
    /// What the facilitator saw of each expectation, by its number from 1: the last word.
    pub marks: BTreeMap<u32, (Mark, Noted)>,
}

/// Says how an inject came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Came {
    /// When.
    pub at: DateTime<Utc>,
    /// By what.
    pub how: HowFired,
    /// The last line of the run's log before it.
    pub after_seq: u64,
    /// The line of the facilitator's log.
    pub seq: u64,
}

/// Is something that somebody noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    /// When.
    pub at: DateTime<Utc>,
    /// What; may be empty beside a mark.
    pub text: String,
    /// Who.
    pub by: String,
    /// The line of the facilitator's log.
    pub seq: u64,
}

/// Is what was given for an area.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scored {
    /// 1 to 5.
    pub points: u8,
    /// Why, by whom, when.
    pub noted: Noted,
}

impl Board {
    /// Folds the facts of a facilitator's log.
    ///
    /// # Errors
    /// If they are those of another log, or make no sense, in a sentence.
    pub fn of(facts: &[Fact]) -> Result<Self, String> {
        let prepared = facts.iter().find_map(|fact| match &fact.event {
            Event::Facilitation(what) => match what.as_ref() {
                Facilitation::Prepared { run, runbook_sha256, list, title, injects, broken } => {
                    Some((run, runbook_sha256, list, title, injects, broken))
                }
                _ => None,
            },
            _ => None,
        });
        let Some((run, runbook_sha256, list, title, injects, hidden)) = prepared else {
            return Err("it is no facilitator's log: no exercise was prepared in it".to_owned());
        };
        let item = |disclosure: &Disclosure| {
            let number = disclosure.inject;
            let inject = Inject::of_canonical(&disclosure.text);
            let inject =
                inject.ok_or_else(|| format!("its inject {number} is of a kind that this version does not know"))?;
            Ok(Item { number, inject, came: None, refused: None, marks: BTreeMap::new() })
        };
        let mut board = Self {
            run: run.clone(),
            runbook_sha256: runbook_sha256.clone(),
            list: list.clone(),
            title: title.clone(),
            disclosures: injects.clone(),
            hidden: hidden.clone(),
            items: injects.iter().map(item).collect::<Result<_, String>>()?,
            notes: Vec::new(),
            scores: BTreeMap::new(),
            closed: None,
        };
        for fact in facts {
            board.take(fact);
        }
        Ok(board)
    }

    /// Takes another fact of that log.
    pub fn take(&mut self, fact: &Fact) {
        let Event::Facilitation(what) = &fact.event else { return };
        let (at, seq) = (fact.at.utc, fact.seq);
        let noted = |text: &str, by: &str| Noted { at, text: text.to_owned(), by: by.to_owned(), seq };
        match what.as_ref() {
            Facilitation::Prepared { .. } => {}
            Facilitation::Fired(fired) => {
                if let Some(item) = self.item_mut(fired.inject) {
                    let came = Came { at, how: fired.how, after_seq: fired.after_seq, seq };
                    item.came.get_or_insert(came);
                }
            }
            Facilitation::Refused { inject, why } => {
                if let Some(item) = self.item_mut(*inject) {
                    item.refused = Some(why.clone());
                }
            }
            Facilitation::Observed { inject, expectation, mark, note, by } => {
                let noted = noted(note.as_deref().unwrap_or_default(), by);
                if let Some(item) = self.item_mut(*inject) {
                    item.marks.insert(*expectation, (*mark, noted));
                }
            }
            Facilitation::Noted { text, by } => self.notes.push(noted(text, by)),
            Facilitation::Scored { area, points, note, by } => {
                let noted = noted(note.as_deref().unwrap_or_default(), by);
                self.scores.insert(area.clone(), Scored { points: *points, noted });
            }
            Facilitation::Closed { by } => {
                self.closed.get_or_insert((at, by.clone()));
            }
        }
    }

    /// Returns what is broken, where the team was not told.
    pub fn broken(&self) -> Option<Broken> {
        self.hidden.as_ref().and_then(Broken::of)
    }

    /// Is the team in a runbook that is not for what is broken? The list is for the one that is: elsewhere only a hand lets
    /// something come.
    pub fn is_astray(&self, run: &Run) -> bool {
        self.broken().is_some_and(|broken| broken.scenario != run.plan.meta.scenario)
    }

    /// Returns an inject by its number.
    pub fn item(&self, number: u32) -> Option<&Item> {
        self.items.iter().find(|item| item.number == number)
    }

    fn item_mut(&mut self, number: u32) -> Option<&mut Item> {
        self.items.iter_mut().find(|item| item.number == number)
    }
}
