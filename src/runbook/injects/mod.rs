//! What a facilitator does to a drill: a list of injects, each with when it comes, what the team sees, what is expected.

mod read;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::plan::Moment;
pub use read::{Known, read_injects};

/// How many injects a list holds at most.
pub const MOST_INJECTS: usize = 100;

/// Is a list of injects, in the order of its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InjectList {
    /// What the exercise is for.
    pub title: String,
    /// The injects; their numbers count from 1.
    pub injects: Vec<Inject>,
}

/// Is something that happens to the team. Its JSON is what a run's log holds a digest of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inject {
    /// A name of a word or two.
    pub name: String,
    /// When it comes.
    pub when: When,
    /// The fault of the practice estate, as `lifeboat estate fault` takes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub does: Option<String>,
    /// What the team is told. Without it they see what the estate shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sees: Option<String>,
    /// What is expected of the team.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expects: Vec<Expectation>,
}

/// Says when an inject comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// So long after the run began, in milliseconds of the estate's time.
    After(u64),
    /// Once this happened.
    On(Trigger),
    /// When the facilitator says so.
    ByHand,
}

/// Names something that a run's facts show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// A step began.
    StepBegun(String),
    /// A step is done, skipped, owed, or not for this case.
    StepSettled(String),
    /// A step failed.
    StepFailed(String),
    /// The first step of a phase began; the phase is named by its heading's slug.
    Phase(String),
    /// A moment was fixed.
    Moment(Moment),
    /// A fact of this kind was recorded, by its name in the log.
    Fact(String),
}

impl Trigger {
    /// Returns it as lists write it.
    pub fn words(&self) -> String {
        match self {
            Self::StepBegun(id) => format!("step-begun:{id}"),
            Self::StepSettled(id) => format!("step-settled:{id}"),
            Self::StepFailed(id) => format!("step-failed:{id}"),
            Self::Phase(anchor) => format!("phase:{anchor}"),
            Self::Moment(moment) => format!("moment:{}", moment.word()),
            Self::Fact(kind) => format!("fact:{kind}"),
        }
    }
}

/// Is something that the team is expected to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// What, in a sentence.
    pub what: String,
    /// Within which time from the inject, in milliseconds of the estate's time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_ms: Option<u64>,
    /// What in the run's facts shows that it was done; without it the facilitator has to see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub met_by: Option<Trigger>,
}

impl Expectation {
    /// Returns within which time on the clock it is expected, at this speed of the estate.
    pub fn within(&self, speed: u32) -> Option<Duration> {
        self.within_ms.map(|within| Duration::from_millis(within) / speed.max(1))
    }
}

impl Inject {
    /// Writes it as the text that a digest is made of.
    pub fn canonical(&self) -> String {
        // Texts, numbers and lists of them are always JSON.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads [`Inject::canonical`] again.
    pub fn of_canonical(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}
