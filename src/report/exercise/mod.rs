//! An exercise in words and figures: its facts, what its injects wait for, how the team did, the page for the hot wash.

mod board;
mod diagnosis;
mod happened;
mod hot_wash;
mod judged;
mod words;

pub use board::{Board, Came, Item, Noted, Scored};
pub(super) use diagnosis::section as diagnosis_section;
pub use diagnosis::{Choice, Chosen, Diagnosis, chose, diagnosis, unblinded};
pub use happened::happened;
pub use hot_wash::{Washed, fate_words, hot_wash};
pub use judged::{By, Due, Judged, due, judge};
pub(super) use words::{exercised, facilitated};

#[cfg(test)]
mod tests;
