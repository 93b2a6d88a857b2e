//! The facts of a recording in order, from any of its lines on, and why they end where they end.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::engine::Fact;
use crate::journal::{Body, read_entry};
use crate::kernel::{SafeText, Stamp, say_duration};
use crate::store::{LineAt, Lines, LogPlace};

/// Is a fact, and where its line begins.
#[derive(Clone, Debug)]
pub(super) struct Read {
    pub(super) fact: Fact,
    pub(super) at: LineAt,
}

/// Says why there are no further facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum End {
    /// The last line is whole.
    Whole,
    /// The last line is not whole: it was being written, or the machine went away.
    Torn(usize),
    /// A line is broken.
    Broken {
        /// Its number, from 1.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
    /// A fact does not fit what went before.
    Senseless {
        /// Its `seq`.
        seq: u64,
        /// Why.
        why: String,
    },
    /// The file can't be read any further.
    Unreadable(String),
}

impl End {
    /// Says in a sentence what has to be known about it, if anything.
    pub(super) fn remark(&self) -> Option<String> {
        match self {
            Self::Whole => None,
            Self::Torn(bytes) => {
                Some(format!("The recording ends here: the {bytes} bytes behind its last whole line were torn off."))
            }
            Self::Broken { line, why } => Some(format!(
                "The recording ends here: line {line} {}. What follows it is not shown; `lifeboat log verify` says more.",
                SafeText::line(why)
            )),
            Self::Senseless { seq, why } => Some(format!(
                "The recording ends here: fact {seq} does not fit what went before ({}). `lifeboat log verify` says more.",
                SafeText::line(why)
            )),
            Self::Unreadable(why) => Some(format!("The recording can't be read any further: {}.", SafeText::line(why))),
        }
    }
}

/// Reads facts.
#[derive(Debug)]
pub(super) struct Reader {
    lines: Lines,
    place: LogPlace,
    /// How many lines were read, counted from the beginning of the log.
    pub(super) line: u64,
    /// Kinds of lines that this lifeboat does not know.
    pub(super) unknown: u64,
}

impl Reader {
    /// Begins at a line, which is the `line`th, from 0.
    pub(super) fn open(place: &LogPlace, at: LineAt, line: u64) -> Result<Self, End> {
        let lines = Lines::open_at(place, at).map_err(|error| End::Unreadable(error.to_string()))?;
        Ok(Self { lines, place: place.clone(), line, unknown: 0 })
    }

    /// Returns where the next line begins.
    pub(super) fn at(&self) -> LineAt {
        self.lines.at()
    }

    /// Reads the next fact.
    pub(super) fn next(&mut self) -> Result<Read, End> {
        loop {
            let at = self.lines.at();
            let bytes = match self.lines.next(&self.place) {
                Ok(Some(bytes)) => bytes,
                Ok(None) if self.lines.torn() > 0 => return Err(End::Torn(self.lines.torn())),
                Ok(None) => return Err(End::Whole),
                Err(error) => return Err(End::Unreadable(error.to_string())),
            };
            self.line += 1;
            let entry = match read_entry(&bytes) {
                Ok(entry) => entry,
                Err(broken) => return Err(End::Broken { line: self.line, why: broken.to_string() }),
            };
            match entry.body {
                Body::Event(event) => {
                    return Ok(Read { fact: Fact { seq: entry.seq, at: entry.at, event: *event }, at });
                }
                Body::Unknown { .. } => self.unknown += 1,
                Body::Delegation { .. }
                | Body::Checkpoint
                | Body::Heartbeat { .. }
                | Body::Sealing { .. }
                | Body::Seal => {}
            }
        }
    }
}

/// Watches the two clocks of a log: the time of a recording never goes back, whatever the log says.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Clocks {
    time: u64,
    last: Option<Stamp>,
    /// By how much, and where, a clock was set back most.
    back: Option<(Duration, u64)>,
}

impl Clocks {
    /// Goes on from a time of the recording.
    pub(super) fn from(time: u64) -> Self {
        Self { time, ..Self::default() }
    }

    /// Takes a fact, and returns the time of the recording at it.
    pub(super) fn at(&mut self, fact: &Fact) -> u64 {
        if let Some(last) = &self.last {
            let passed = i64::try_from(fact.at.mono.saturating_sub(last.mono)).unwrap_or(i64::MAX);
            let wall = fact.at.utc.signed_duration_since(last.utc).num_microseconds().unwrap_or(i64::MAX);
            let mono = last.mono.saturating_sub(fact.at.mono);
            let back = u64::try_from(passed.saturating_sub(wall)).unwrap_or(0).max(mono);
            let back = Duration::from_micros(back);
            // Clocks are kept in step all the time; only a jump is worth a word.
            if back >= Duration::from_secs(1) && self.back.is_none_or(|(most, _)| back > most) {
                self.back = Some((back, fact.seq));
            }
        }
        self.time = self.time.max(fact.at.mono);
        self.last = Some(fact.at);
        self.time
    }

    /// Says in a sentence what has to be known about the clocks, if anything.
    pub(super) fn remark(&self) -> Option<String> {
        let (back, seq) = self.back?;
        Some(format!(
            "A clock was set back by {} at fact {seq}: times of the day before and after it do not compare.",
            say_duration(back)
        ))
    }
}
