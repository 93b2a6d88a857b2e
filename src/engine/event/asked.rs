//! What facts say of an action: whose agreement it wants, what is asked, where it acts, what its end means.

use serde::{Deserialize, Serialize};

use crate::kernel::{ActionName, AttemptId, StepId};

/// Says whose agreement a confirmation wants besides the operator's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// How many people.
    pub count: u32,
    /// Their role; empty if anybody may agree.
    pub role: String,
    /// How long to wait for them, in seconds.
    pub within_s: u64,
    /// What their signature binds besides what is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Requested>,
}

impl Approval {
    /// Tells whether the same people are wanted, for the same time.
    pub fn wants_as(&self, other: &Self) -> bool {
        (self.count, &self.role, self.within_s) == (other.count, &other.role, other.within_s)
    }
}

/// Says for which attempt approvals are wanted, and how the log stood when they were asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requested {
    /// The attempt that was to come next.
    pub attempt: AttemptId,
    /// How many lines the log had. Whoever records the question fills it in.
    pub lines: u64,
    /// The SHA-256 of the last of them, likewise.
    pub head: String,
}

/// Says what undoes a step, or what it did for one item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    /// The step, or what it did for an item.
    pub of: StepId,
    /// The actions that undo it, in order.
    pub actions: Vec<ActionName>,
}

/// Is the same action for another item, confirmed by the same answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Also {
    /// What the step does for that item: `restore[1]`.
    pub step: StepId,
    /// Exactly what will run, every value resolved.
    pub command: String,
    /// Where.
    pub target: Target,
}

/// Says what is asked of the operator in a confirmation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case")]
pub enum Ask {
    /// Press a key.
    Key,
    /// Type this.
    Type {
        /// The phrase, exactly.
        phrase: String,
    },
}

/// Says what an attempt acts on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The AWS account, or `local`.
    pub account: String,
    /// The region, or empty.
    pub region: String,
    /// The resource, or empty.
    pub resource: String,
}

/// Says what an attempt's end means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// It did what was expected.
    Passed,
    /// It did not.
    Failed {
        /// Why, in words, with what was expected and what came.
        why: String,
    },
}
