//! What a run knows of the exercise that it may be: who may surprise the team with what, what they were told, pauses.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::engine::event::{Blind, Commitment};
use crate::kernel::Stamp;

/// Holds what the facts say of an exercise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exercising {
    /// The injects that may come; `None` where nobody facilitates.
    pub committed: Option<Vec<Commitment>>,
    /// What the team was told last, and when.
    pub told: Option<(String, Stamp)>,
    /// The pause that lasts.
    pub paused: Option<Pause>,
    /// How long the pauses before took, in all.
    pub paused_for: Duration,
    /// How many pauses there were, one that lasts among them.
    pub pauses: u32,
    /// How the team came to this runbook, where it was not told what is broken.
    pub blind: Option<Blind>,
}

/// Is a pause of an exercise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Why.
    pub why: String,
    /// Who paused it.
    pub by: String,
    /// Since when.
    pub since: Stamp,
}

impl Exercising {
    /// Returns how long the exercise was paused by then, in all.
    pub fn paused_by(&self, now: Stamp) -> Duration {
        let lasts = self.paused.as_ref().map(|pause| now.since(&pause.since)).unwrap_or_default();
        self.paused_for.saturating_add(lasts)
    }
}
