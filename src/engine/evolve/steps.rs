//! How a step begins, and how it is settled: done, left out, not for this case, or waiting for the operator's choice.

use super::course::recall;
use super::strands::{change_turn, names, open_strand, set_state, settle, stand};
use super::{Legal, require};
use crate::engine::state::{Run, StepState};
use crate::kernel::{ActionName, AttemptId, Stamp, StepId};

/// Passes an action that is not for this case.
pub(super) fn action_not_applicable(run: &mut Run, step: &StepId, action: &ActionName) -> Legal {
    let strand = open_strand(run, step)?;
    let cursor = match run.state(strand) {
        Some(StepState::Ready { cursor } | StepState::Paused { cursor }) => *cursor,
        _ => return Err("it is not an action's turn".to_owned()),
    };
    require(names(run, strand, cursor, Some(action)), "it is another action's turn")?;
    recall(run, action, "not-applicable", None);
    stand(run, strand, cursor.saturating_add(1));
    Ok(())
}

/// Settles a step that is not for this case.
pub(super) fn not_applicable(run: &mut Run, step: &StepId, why: &str, at: Stamp) -> Legal {
    let strand = open_strand(run, step)?;
    require(run.state(strand) == Some(&StepState::Offered), "the step was not offered")?;
    settle(run, strand, StepState::NotApplicable { why: why.to_owned() }, at);
    Ok(())
}

/// Begins a step.
pub(super) fn started(run: &mut Run, step: &StepId, at: Stamp) -> Legal {
    let strand = open_strand(run, step)?;
    require(run.state(strand) == Some(&StepState::Offered), "the step was not offered")?;
    if let Some((started, _)) = run.step_times.get_mut(strand.step) {
        *started = Some(at);
    }
    stand(run, strand, 0);
    Ok(())
}

/// Ticks an item of a checklist.
pub(super) fn ticked(run: &mut Run, step: &StepId, item: u32) -> Legal {
    let strand = open_strand(run, step)?;
    let tick = run.ticks.get_mut(strand.step).and_then(|ticks| ticks.get_mut(item as usize));
    match tick {
        Some(tick) if !*tick => *tick = true,
        Some(_) => return Err("the item was ticked already".to_owned()),
        None => return Err("the step has no such item".to_owned()),
    }
    Ok(())
}

/// Settles a step that is done.
pub(super) fn done(run: &mut Run, step: &StepId, how: &str, note: Option<&String>, at: Stamp) -> Legal {
    let strand = open_strand(run, step)?;
    let fits = match (how, run.state(strand)) {
        ("ran" | "read", Some(StepState::Ready { cursor })) => run.action_at(strand, *cursor).is_none(),
        ("by-hand", Some(StepState::ByHand)) => {
            run.plan.steps.get(strand.step).is_some_and(|step| step.decision.is_none())
        }
        ("marked", Some(state)) => {
            matches!(state, StepState::Failed { .. } | StepState::Paused { .. } | StepState::Offered)
        }
        _ => false,
    };
    require(fits, "the step cannot be done from where it is")?;
    settle(run, strand, StepState::Done { how: how.to_owned(), note: note.cloned() }, at);
    Ok(())
}

/// Has a step wait for the operator's choice.
pub(super) fn failed(run: &mut Run, step: &StepId, attempt: Option<&AttemptId>, why: &str) -> Legal {
    let strand = open_strand(run, step)?;
    let cursor = match run.state(strand) {
        Some(StepState::Ready { cursor } | StepState::Paused { cursor } | StepState::Spread { cursor })
            if attempt.is_none() =>
        {
            *cursor
        }
        Some(StepState::Running { attempt: ran, cursor })
            if attempt.is_none_or(|attempt| attempt == ran) && !run.running.contains(ran) =>
        {
            *cursor
        }
        _ => return Err("the step cannot fail from where it is".to_owned()),
    };
    change_turn(run, strand, |turn| {
        turn.retry = None;
        turn.confirmed_at = None;
    });
    set_state(run, strand, StepState::Failed { attempt: attempt.cloned(), cursor, why: why.to_owned() });
    Ok(())
}

/// Settles a step that is left out.
pub(super) fn skipped(run: &mut Run, step: &StepId, reason: &str, at: Stamp) -> Legal {
    let strand = open_strand(run, step)?;
    let fits = match run.state(strand) {
        Some(
            StepState::Offered
            | StepState::Ready { .. }
            | StepState::Paused { .. }
            | StepState::Failed { .. }
            | StepState::ByHand,
        ) => true,
        Some(StepState::Running { attempt, .. }) => !run.running.contains(attempt),
        Some(
            StepState::Waiting
            | StepState::Confirming { .. }
            | StepState::Spread { .. }
            | StepState::Done { .. }
            | StepState::Skipped { .. }
            | StepState::Owed { .. }
            | StepState::NotApplicable { .. },
        )
        | None => false,
    };
    require(fits, "the step cannot be left out from where it is")?;
    settle(run, strand, StepState::Skipped { reason: reason.to_owned() }, at);
    Ok(())
}

/// Goes on behind an action that failed.
pub(super) fn failure_passed(run: &mut Run, step: &StepId, action: &ActionName) -> Legal {
    let strand = open_strand(run, step)?;
    let Some(StepState::Running { attempt, cursor }) = run.state(strand) else {
        return Err("nothing failed that could be passed over".to_owned());
    };
    let cursor = *cursor;
    require(!run.running.contains(attempt), "the attempt still runs")?;
    require(names(run, strand, cursor, Some(action)), "another action failed")?;
    stand(run, strand, cursor.saturating_add(1));
    Ok(())
}
