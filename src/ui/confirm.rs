//! An open confirmation as the screen sees it. Whether a confirmation is open is the run's state, not the screen's;
//! the screen adds what was typed and since when it could be read.

use std::time::Duration;

use super::field::Field;
use crate::kernel::Stamp;

/// Says for how long a question that just appeared takes no key: nobody answers what he cannot have read.
pub const DEAD_TIME: Duration = Duration::from_millis(400);

/// Holds the screen's side of a confirmation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// The prompt's number.
    pub prompt: u64,
    /// What was typed.
    pub typed: Field,
    /// When it was first shown in full view.
    pub shown: Option<Stamp>,
    /// Why the last answer was not taken.
    pub problem: Option<String>,
    /// Whether an answer is on its way to the engine.
    pub answer: Answer,
    /// How far its text is scrolled.
    pub scroll: u16,
}

/// Says whether an answer is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nothing was answered.
    Open,
    /// An answer was sent; it is not sent twice.
    Sent,
}

impl Confirmation {
    /// Opens the screen's side of prompt `prompt`.
    pub fn new(prompt: u64) -> Self {
        Self { prompt, typed: Field::default(), shown: None, problem: None, answer: Answer::Open, scroll: 0 }
    }

    /// May it be answered yet?
    pub fn is_awake(&self, now: Stamp) -> bool {
        self.shown.is_some_and(|shown| now.since(&shown) >= DEAD_TIME)
    }
}
