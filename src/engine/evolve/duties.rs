//! What people owe: steps left to their owners, steps that wait for too long, messages that are to be sent.

use chrono::{DateTime, Utc};

use super::strands::{open_strand, settle};
use super::{Legal, require};
use crate::engine::state::{Run, StepState};
use crate::kernel::{ActionName, Stamp, StepId};

/// Leaves a step to its owner.
pub(super) fn owed(
    run: &mut Run,
    step: &StepId,
    (owner, due, note): (&str, DateTime<Utc>, Option<&String>),
    at: Stamp,
) -> Legal {
    let strand = open_strand(run, step)?;
    let owed = run.plan.steps.get(strand.step).is_some_and(|step| step.duty.owed.is_some());
    let stands = matches!(
        run.state(strand),
        Some(StepState::Offered | StepState::Paused { .. } | StepState::Failed { .. } | StepState::ByHand)
    );
    require(owed && stands && strand.item.is_none(), "the step cannot be left open from where it is")?;
    settle(run, strand, StepState::Owed { owner: owner.to_owned(), due, note: note.cloned() }, at);
    Ok(())
}

/// Notes that a step waits for too long.
pub(super) fn overdue(run: &mut Run, step: &StepId) -> Legal {
    let strand = open_strand(run, step)?;
    run.overdue.insert(strand.step);
    Ok(())
}

/// Notes that a message was sent.
pub(super) fn sent(run: &mut Run, step: &StepId, message: &ActionName) -> Legal {
    let index = run.plan.step_index(step).ok_or("there is no such step")?;
    let has = run.plan.steps.get(index).is_some_and(|step| step.messages.iter().any(|m| m.name == *message));
    require(has && run.was_reached(index), "there is no such message yet")?;
    run.messages = run.messages.saturating_add(1);
    run.sent.insert(message.clone());
    run.sent_at.insert(message.clone(), run.messages);
    run.due.remove(message);
    Ok(())
}

/// Notes that people wait for the next message of a kind.
pub(super) fn due(run: &mut Run, message: &ActionName) -> Legal {
    require(run.sent_at.contains_key(message), "the message was never sent")?;
    run.due.insert(message.clone());
    Ok(())
}
