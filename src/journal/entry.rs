//! What a line says, for those who read a log: a fact of the engine, or one of the journal's own kinds.

use crate::engine::{Event, Fact};
use crate::kernel::{ClockSync, Stamp};

/// Is one line, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its number.
    pub seq: u64,
    /// Its times.
    pub at: Stamp,
    /// What it says.
    pub body: Body,
}

/// Says what kind of line it is.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// A fact of the engine.
    Event(Box<Event>),
    /// The operator lets the session key sign.
    Delegation {
        /// Who.
        by: String,
    },
    /// The session key signed everything before this line.
    Checkpoint,
    /// Nothing happened, and that is recorded.
    Heartbeat {
        /// Whether a time server keeps the machine's clock.
        clock: ClockSync,
    },
    /// Somebody is about to seal the log.
    Sealing {
        /// Who.
        by: String,
    },
    /// The operator's key signed everything before this line.
    Seal,
    /// A kind that this version does not know: shown, never dropped.
    Unknown {
        /// Its kind.
        kind: String,
        /// The whole line, as it stands in the file; not safe for a terminal.
        text: String,
    },
}

impl Entry {
    /// Gives the engine's fact, if it is one.
    pub fn into_fact(self) -> Option<Fact> {
        match self.body {
            Body::Event(event) => Some(Fact { seq: self.seq, at: self.at, event: *event }),
            _ => None,
        }
    }
}
