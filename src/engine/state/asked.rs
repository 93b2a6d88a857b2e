//! What people are asked: the open confirmation, and what was done without those who were to agree.

use serde::{Deserialize, Serialize};

use crate::engine::event::{Also, Approval, Ask, Target};
use crate::kernel::{ActionName, Stamp, StepId};
use crate::runbook::Impact;

/// Is an open confirmation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// Its number.
    pub number: u64,
    /// The step, or `None` for an improvised command.
    pub step: Option<StepId>,
    /// The action, or `None` for an improvised command.
    pub action: Option<ActionName>,
    /// How grave.
    pub impact: Impact,
    /// What will run.
    pub command: String,
    /// Where.
    pub target: Target,
    /// What is asked.
    pub ask: Ask,
    /// The same action for other items: one answer is for all.
    pub also: Vec<Also>,
    /// Whose agreement is wanted besides.
    pub approval: Option<Approval>,
    /// Who agreed.
    pub approved: Vec<Approver>,
    /// The operator goes on without those who are missing.
    pub alone: Alone,
    /// When it was asked.
    pub at: Stamp,
}

/// Is somebody who agreed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approver {
    /// The name.
    pub name: String,
    /// The fingerprint of the key that signed; `None` where the operator of a drill said so.
    pub key: Option<String>,
}

/// Says whether missing approvals were waived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Alone {
    /// They are wanted.
    No,
    /// The operator goes on alone.
    Yes,
}

impl Prompt {
    /// Returns how many approvals are missing.
    pub fn lacks(&self) -> u32 {
        match (&self.approval, self.alone) {
            (Some(wanted), Alone::No) => {
                wanted.count.saturating_sub(u32::try_from(self.approved.len()).unwrap_or(u32::MAX))
            }
            (Some(_) | None, _) => 0,
        }
    }
}

/// Is an action that ran without approvals that the runbook asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unapproved {
    /// What it belongs to, for people.
    pub what: String,
    /// How many approvals were missing.
    pub missing: u32,
    /// How long they were waited for, in seconds.
    pub waited_s: u64,
    /// Why the operator went on.
    pub reason: String,
    /// Who.
    pub by: String,
}
