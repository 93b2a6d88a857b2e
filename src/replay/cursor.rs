//! A place in a recording: the run as it was there, and the fact that comes next.

use std::collections::VecDeque;

use super::fold::{EXACT, fold};
use super::index::Index;
use super::reader::{Clocks, Reader};
use super::recording::Recording;
use crate::engine::{Fact, Run};
use crate::kernel::Stamp;
use crate::ui::Told;

/// So many facts in words are at hand in a recording that is too long for all of them.
const TOLD: usize = 512;

/// Is a place in a recording.
#[derive(Debug)]
pub(super) struct Cursor {
    pub(super) run: Run,
    /// After so many facts.
    pub(super) facts: u64,
    /// The time of the last of them, and its own times.
    pub(super) time: u64,
    pub(super) stamp: Stamp,
    clocks: Clocks,
    reader: Option<Reader>,
    /// The fact that comes next, with its time.
    ahead: Option<(Fact, u64)>,
    told: VecDeque<Told>,
}

impl Cursor {
    /// Goes to where so many facts were recorded, as far as the index knows.
    pub(super) fn at(recording: &Recording, index: &Index, facts: u64) -> Option<Self> {
        let facts = facts.clamp(1, index.facts.max(1));
        let (near, run) = index.before(facts)?;
        let mut told = VecDeque::new();
        let words = if facts > EXACT { facts.saturating_sub(TOLD as u64) } else { facts };
        let earlier = index.last_with(|checkpoint| checkpoint.facts <= words);
        if let Some(earlier) = earlier.filter(|earlier| facts > EXACT && earlier.facts < near.facts) {
            // Only told: the state begins at the nearer one.
            let mut reader = Reader::open(&recording.place, earlier.at, earlier.line).ok()?;
            for number in earlier.facts..near.facts {
                let Ok(read) = reader.next() else { break };
                if number >= words {
                    told.push_back(Told::of(&read.fact));
                }
            }
        }
        let mut cursor = Self {
            stamp: run.last.unwrap_or(recording.began),
            run,
            facts: near.facts,
            time: near.time,
            clocks: Clocks::from(near.time),
            reader: Reader::open(&recording.place, near.at, near.line).ok(),
            ahead: None,
            told,
        };
        cursor.look(index);
        while cursor.facts < facts {
            let (fact, _) = cursor.step(index)?;
            if facts > EXACT && cursor.facts > words {
                cursor.told.push_back(Told::of(&fact));
            }
        }
        Some(cursor)
    }

    /// Returns the time of the fact that comes next.
    pub(super) fn next(&self) -> Option<u64> {
        self.ahead.as_ref().map(|(_, time)| *time)
    }

    /// Returns the line of the fact that comes next.
    pub(super) fn next_seq(&self) -> Option<u64> {
        self.ahead.as_ref().map(|(fact, _)| fact.seq)
    }

    /// Takes the next fact.
    pub(super) fn advance(&mut self, index: &Index) -> Option<Fact> {
        let (fact, _) = self.step(index)?;
        if self.facts > EXACT {
            self.told.push_back(Told::of(&fact));
            if self.told.len() > TOLD {
                self.told.pop_front();
            }
        }
        Some(fact)
    }

    /// Returns the facts up to here in words.
    pub(super) fn told(&self, index: &Index) -> Vec<Told> {
        index.told(self.facts).map_or_else(|| self.told.iter().cloned().collect(), <[Told]>::to_vec)
    }

    fn step(&mut self, index: &Index) -> Option<(Fact, u64)> {
        let (fact, time) = self.ahead.take()?;
        // The index has folded the same facts already.
        fold(&mut self.run, &fact, self.facts + 1).ok()?;
        (self.facts, self.time, self.stamp) = (self.facts + 1, time, fact.at);
        self.look(index);
        Some((fact, time))
    }

    /// Reads the fact that comes next, if the index knows it.
    fn look(&mut self, index: &Index) {
        self.ahead = None;
        if self.facts < index.facts
            && let Some(Ok(read)) = self.reader.as_mut().map(Reader::next)
        {
            let time = self.clocks.at(&read.fact);
            self.ahead = Some((read.fact, time));
        }
    }

    /// Looks again, when more of the recording is known.
    pub(super) fn look_again(&mut self, index: &Index) {
        if self.ahead.is_none() {
            self.look(index);
        }
    }
}
