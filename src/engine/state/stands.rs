//! Where steps stand: strands, how far each is, and what a step does for items or to undo.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::PendingRetry;
use crate::engine::event::Target;
use crate::kernel::{ActionName, AttemptId, Stamp};

/// Names what is worked on at one time: a step, or what a step does for one of its items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Strand {
    /// Index of the step.
    pub step: usize,
    /// Number of the item among all that the step ever ran for; `None`: the step itself.
    pub item: Option<usize>,
}

impl Strand {
    /// Names a step itself.
    pub fn whole(step: usize) -> Self {
        Self { step, item: None }
    }
}

/// Says how far the current action of a strand is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// How often it was tried since the operator last had a say in it.
    pub tried: u32,
    /// The failed attempt that will be tried again by itself.
    pub retry: Option<PendingRetry>,
    /// When its confirmation was asked, once it was given: the time of the values that were read.
    pub confirmed_at: Option<Stamp>,
    /// The command that the operator wrote for an action instead of the runbook's.
    pub edited: Option<(ActionName, String)>,
    /// What was confirmed ahead, by the number of the action: it runs unasked if it is still exactly this.
    pub agreed: BTreeMap<usize, Agreed>,
}

/// Is an action that was confirmed together with the same action of another item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreed {
    /// Exactly what will run.
    pub command: String,
    /// Where.
    pub target: Target,
    /// When it was asked.
    pub at: Stamp,
}

/// Is what a step does for one of its items.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    /// Index of the first action that runs for each item.
    pub from: usize,
    /// Number of the first item of its list among all that the step ever ran for.
    pub first: usize,
    /// The item: `${t}`.
    pub item: String,
    /// Where it is.
    pub state: StepState,
    /// How far its current action is.
    pub turn: Turn,
    /// What its actions captured.
    pub vars: BTreeMap<String, String>,
    /// When its first attempt started and when it was settled.
    pub times: (Option<Stamp>, Option<Stamp>),
    /// It runs for no item, but undoes what was done.
    pub undoes: Option<Undoes>,
}

/// Says what a strand of a rollback undoes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undoes {
    /// What did it.
    pub of: Strand,
    /// The actions that undo it, in order.
    pub actions: Vec<ActionName>,
}

/// Is something that may have acted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acted {
    /// Where it stands.
    pub strand: Strand,
    /// What may have acted.
    pub action: ActionName,
}

/// Says where a step is. Impossible combinations do not exist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StepState {
    /// Its turn has not come.
    Waiting,
    /// It is its turn; the operator may run it.
    Offered,
    /// Its action number `cursor` waits for confirmation.
    Confirming {
        /// The prompt.
        prompt: u64,
        /// Index into [`crate::runbook::Step::actions`].
        cursor: usize,
    },
    /// Its action number `cursor` is next and begins by itself as soon as it may: a question about something else is
    /// open, enough others run, or the run is stopping.
    Ready {
        /// Index into [`crate::runbook::Step::actions`].
        cursor: usize,
    },
    /// Its actions from number `cursor` on run once for each item, side by side: see [`Run::lanes`](super::Run::lanes).
    Spread {
        /// Index into [`crate::runbook::Step::actions`].
        cursor: usize,
    },
    /// Its action number `cursor` runs, or waits for its retry.
    Running {
        /// The attempt.
        attempt: AttemptId,
        /// Index into [`crate::runbook::Step::actions`].
        cursor: usize,
    },
    /// The operator declined at action number `cursor`; running it goes on there.
    Paused {
        /// Index into [`crate::runbook::Step::actions`].
        cursor: usize,
    },
    /// A manual step, or the checklist of another, waits for a person.
    ByHand,
    /// It failed at action number `cursor`; the operator has to choose.
    Failed {
        /// The attempt that failed.
        attempt: Option<AttemptId>,
        /// Index into [`crate::runbook::Step::actions`].
        cursor: usize,
        /// Why.
        why: String,
    },
    /// Done.
    Done {
        /// As in [`Event::StepDone`](crate::engine::Event::StepDone).
        how: String,
        /// Note or evidence.
        note: Option<String>,
    },
    /// Left out.
    Skipped {
        /// Why.
        reason: String,
    },
    /// Left to its owner, to be done after the run.
    Owed {
        /// Who owes it.
        owner: String,
        /// Until when.
        due: DateTime<Utc>,
        /// What was said about it.
        note: Option<String>,
    },
    /// Not for this case.
    NotApplicable {
        /// Why.
        why: String,
    },
}

impl StepState {
    /// Is nothing left to do here?
    pub fn is_settled(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Skipped { .. } | Self::Owed { .. } | Self::NotApplicable { .. })
    }
}
