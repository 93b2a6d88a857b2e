//! May a failed action be tried again? What must not run twice has to be known not to have happened.

use serde::{Deserialize, Serialize};

use super::event::Verdict;
use super::outcome::Outcome;
use super::prepare::read_calls;
use super::state::{Attempt, AttemptState, Run, StepState, Strand};
use crate::kernel::AttemptId;
use crate::runbook::aws::only_reads;
use crate::runbook::{Action, Impact, Kind};

/// Says what a look at what an attempt was to change tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seen {
    /// It happened.
    Happened,
    /// Nothing of it happened.
    NotHappened,
    /// It can't be told.
    Unclear,
}

/// Says how far it was looked whether an attempt happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sight {
    /// It is being looked at.
    Asked,
    /// Somebody looked.
    Told {
        /// What it tells.
        seen: Seen,
        /// By what that is known.
        what: String,
    },
}

/// Says whether a failed action may be tried again, and by what that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Again {
    /// It may: it did nothing, it harms nobody twice, or everybody saw how it ended.
    Free,
    /// It may: a look shows that nothing of it happened.
    NotHappened(String),
    /// Not yet: it is being looked at.
    Looking,
    /// It may not: a look shows that it happened.
    Happened(String),
    /// Only on a person's word that it did not happen: why nothing else tells.
    Untold(String),
}

impl Run {
    /// Says whether the action at which a strand failed may be tried again.
    pub fn again(&self, strand: Strand) -> Again {
        let Some((id, attempt, action)) = self.failed_at(strand) else { return Again::Free };
        let AttemptState::Finished { outcome, .. } = &attempt.state else { return Again::Free };
        match (outcome, self.sights.get(id)) {
            _ if attempt.impact == Impact::Observe || action.repeatable => Again::Free,
            (_, Some(Sight::Asked)) => Again::Looking,
            (_, Some(Sight::Told { seen: Seen::Happened, what })) => Again::Happened(what.clone()),
            (_, Some(Sight::Told { seen: Seen::NotHappened, what })) => Again::NotHappened(what.clone()),
            (_, Some(Sight::Told { seen: Seen::Unclear, what })) => Again::Untold(what.clone()),
            (Outcome::NotCarriedOut { evidence }, None) => Again::NotHappened(evidence.clone()),
            (_, None) => untold(attempt, action, outcome).map_or(Again::Free, Again::Untold),
        }
    }

    /// Returns the attempt at which a strand failed, if reads may tell whether it happened and nobody is looking.
    pub fn can_look(&self, strand: Strand) -> Option<&AttemptId> {
        let (id, attempt, action) = self.failed_at(strand)?;
        let acts = action.kind == Kind::Aws && acting(attempt) > 0;
        let open = matches!(self.again(strand), Again::NotHappened(_) | Again::Happened(_) | Again::Untold(_));
        (acts && open).then_some(id)
    }

    /// Was it looked at already when its end became known?
    pub(super) fn was_settled(&self, attempt: &AttemptId) -> bool {
        self.attempts.get(attempt).is_some_and(|attempt| {
            matches!(&attempt.state, AttemptState::Finished { outcome: Outcome::InDoubt { .. }, .. })
        })
    }

    /// Returns the failed attempt of the action that a strand stands before, where whatever was asked since was declined:
    /// the choices that a failure leaves are still to be made.
    pub fn failed_before(&self, strand: Strand) -> Option<&AttemptId> {
        let StepState::Paused { cursor } = self.state(strand)? else { return None };
        let action = &self.action_at(strand, *cursor)?.name;
        let of = |attempt: &Attempt| attempt.step.as_ref().and_then(|step| self.strand(step));
        let mut newest = self.order.iter().rev().filter_map(|id| self.attempts.get_key_value(id));
        let last =
            newest.find(|(_, attempt)| attempt.action.as_ref() == Some(action) && of(attempt) == Some(strand))?;
        let failed = matches!(&last.1.state, AttemptState::Finished { verdict: Verdict::Failed { .. }, .. });
        failed.then_some(last.0)
    }

    /// Returns what the operator wrote instead of the command that a strand stands before.
    pub fn edited_before(&self, strand: Strand) -> Option<&str> {
        let StepState::Paused { cursor } = self.state(strand)? else { return None };
        let action = &self.action_at(strand, *cursor)?.name;
        let (of, command) = self.turn(strand)?.edited.as_ref()?;
        (of == action).then_some(command.as_str())
    }

    fn failed_at(&self, strand: Strand) -> Option<(&AttemptId, &Attempt, &Action)> {
        let StepState::Failed { attempt: Some(id), cursor, .. } = self.state(strand)? else { return None };
        Some((id, self.attempts.get(id)?, self.action_at(strand, *cursor)?))
    }
}

/// How many of its calls do more than read?
fn acting(attempt: &Attempt) -> usize {
    read_calls(&attempt.command).iter().filter(|call| !only_reads(call)).count()
}

/// Says why it can't be told from how an attempt ended whether it happened; `None` where it can.
fn untold(attempt: &Attempt, action: &Action, outcome: &Outcome) -> Option<String> {
    let unheard = outcome.is_transient() || *outcome == Outcome::Interrupted;
    let why = match (action.kind, outcome) {
        (_, Outcome::InDoubt { evidence }) => return Some(evidence.clone()),
        (Kind::Aws, _) if acting(attempt) == 0 => return None,
        (Kind::Aws, Outcome::Answered { .. }) => "and AWS took the call",
        // The outcome says so itself.
        (Kind::Aws, Outcome::Unreachable { .. } | Outcome::Throttled { .. }) if outcome.may_have_acted() => {
            return Some(outcome.words());
        }
        (Kind::Aws, _) if outcome.may_have_acted() => "and AWS may have got the call",
        (Kind::Aws, _) if acting(attempt) > 1 => "and the calls before the one that failed may have happened",
        (Kind::Http, _) if unheard => "and the server may have got the request",
        (Kind::Sql, _) if unheard => "and the database may have committed it",
        // How a process ended is seen, and what it printed can be read.
        _ => return None,
    };
    Some(format!("{}, {why}", outcome.words()))
}
