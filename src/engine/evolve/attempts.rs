//! How attempts begin and end: what may start, and where its end leaves its step.

use super::course::recall;
use super::strands::{change_turn, names, open_strand, set_state, stand, startable};
use super::{Legal, require, rollback};
use crate::engine::again::{Seen, Sight};
use crate::engine::event::Verdict;
use crate::engine::outcome::Outcome;
use crate::engine::state::{ActionResult, Attempt, AttemptState, PendingRetry, Recovery, Run, StepState};
use crate::kernel::{ActionName, AttemptId, StepId};
use crate::runbook::{Impact, Watching};

/// Starts an attempt.
pub(super) fn started(run: &mut Run, id: &AttemptId, attempt: Attempt) -> Legal {
    require(!run.attempts.contains_key(id), "an attempt cannot start twice")?;
    start(run, id, &attempt)?;
    run.running.insert(id.clone());
    run.order.push(id.clone());
    run.attempts.insert(id.clone(), attempt);
    Ok(())
}

/// Ends an attempt; `end` says how.
pub(super) fn finished(
    run: &mut Run,
    id: &AttemptId,
    (outcome, verdict): (&Outcome, &Verdict),
    end: AttemptState,
) -> Legal {
    finish(run, id, outcome, verdict)?;
    run.running.remove(id);
    if let Some(known) = run.attempts.get_mut(id) {
        known.state = end;
    }
    Ok(())
}

/// Checks that an attempt may start now. What does more than observe needs its confirmation, in any history.
fn start(run: &mut Run, attempt: &AttemptId, what: &Attempt) -> Legal {
    require(run.stopping.is_none(), "the run is stopping")?;
    match (&what.step, what.action.as_ref()) {
        (Some(step), action) => {
            let strand = open_strand(run, step)?;
            let cursor = startable(run, strand)?;
            require(names(run, strand, cursor, action), "it is another action's turn")?;
            let turn = run.turn(strand).cloned().unwrap_or_default();
            let agreed = turn.agreed.get(&cursor).filter(|agreed| {
                turn.confirmed_at.is_none() && agreed.command == what.command && agreed.target == what.target
            });
            let confirmed_at = turn.confirmed_at.or(agreed.map(|agreed| agreed.at));
            require(what.impact == Impact::Observe || confirmed_at.is_some(), "nobody confirmed it")?;
            require(!run.improvised_runs() && run.improvising.is_none(), "something else is open")?;
            change_turn(run, strand, |turn| {
                turn.retry = None;
                turn.tried = turn.tried.saturating_add(1);
                turn.confirmed_at = confirmed_at;
                turn.agreed.remove(&cursor);
            });
            if let Some(lane) = run.lanes.get_mut(&strand) {
                lane.times.0.get_or_insert(what.started);
            }
            if let Some(tries) = run.tries.get_mut(strand.step) {
                *tries = tries.saturating_add(1);
            }
            set_state(run, strand, StepState::Running { attempt: attempt.clone(), cursor });
            rollback::acted(run, strand, what.action.as_ref(), what.impact);
        }
        (None, Some(action)) => {
            let is_watch = run.plan.action(action).is_some_and(|(_, action)| action.watch == Watching::UntilTheEnd);
            if is_watch && run.plan.meta.recovered_when.as_ref() != Some(action) {
                require(!run.watching.values().any(|name| name == action), "it is watched already")?;
                require(what.impact == Impact::Observe, "only what observes is watched")?;
                run.watches = run.watches.saturating_add(1);
                run.watching.insert(attempt.clone(), action.clone());
                return Ok(());
            }
            require(run.plan.meta.recovered_when.as_ref() == Some(action), "nothing else is watched")?;
            require(run.watch.is_none(), "the recovery is watched already")?;
            run.watches = run.watches.saturating_add(1);
            run.watch = Some(attempt.clone());
            if let Recovery::Holding(candidate) = &mut run.recovery {
                candidate.watch = attempt.clone();
            }
        }
        (None, None) => {
            require(run.improvising.as_ref() == Some(&what.command), "nobody confirmed this command")?;
            require(!run.working(), "something else runs")?;
            run.improvising = None;
            run.improvised = run.improvised.saturating_add(1);
        }
    }
    Ok(())
}

/// Puts a failed action before its next try, with the command that the operator wrote for it, if there is one.
pub(super) fn retried(run: &mut Run, step: &StepId, edited: Option<(&ActionName, &String)>) -> Legal {
    let strand = open_strand(run, step)?;
    let cursor = match run.state(strand) {
        Some(StepState::Failed { cursor, .. }) => *cursor,
        Some(StepState::Paused { cursor }) if edited.is_some() && run.failed_before(strand).is_some() => *cursor,
        _ => return Err("the step has not failed".to_owned()),
    };
    let is_its = |(action, _): &(&ActionName, &String)| names(run, strand, cursor, Some(action));
    require(edited.as_ref().is_none_or(is_its), "another action failed")?;
    set_state(run, strand, StepState::Ready { cursor });
    change_turn(run, strand, |turn| {
        turn.tried = 0;
        turn.edited = edited.map(|(action, command)| (action.clone(), command.clone()));
    });
    Ok(())
}

fn finish(run: &mut Run, attempt: &AttemptId, outcome: &Outcome, verdict: &Verdict) -> Legal {
    require(run.running.contains(attempt), "the attempt does not run")?;
    if run.watch.as_ref() == Some(attempt) {
        run.watch = None;
        return Ok(());
    }
    if run.watching.remove(attempt).is_some() {
        return Ok(());
    }
    let Some(strand) = run.strand_of(attempt) else { return Ok(()) };
    let cursor = match run.state(strand) {
        Some(StepState::Running { attempt: ran, cursor }) if ran == attempt => *cursor,
        _ => return Ok(()),
    };
    let Some(action) = run.action_at(strand, cursor) else { return Ok(()) };
    let observing = run.attempts.get(attempt).is_some_and(|attempt| attempt.impact == Impact::Observe);
    let again = run.stopping.is_none()
        && run.turn(strand).is_some_and(|turn| turn.tried <= action.retry)
        && (observing || action.repeatable)
        && !outcome.is_for_a_person();
    let name = action.name.clone();
    let word = match (verdict, outcome) {
        (Verdict::Passed, _) => "ok",
        (Verdict::Failed { .. }, Outcome::TimedOut { .. }) => "timed-out",
        (Verdict::Failed { .. }, Outcome::Unreachable { .. }) => "unreachable",
        (Verdict::Failed { .. }, _) => "failed",
    };
    let exit = match outcome {
        Outcome::Exited { code } => Some(*code),
        _ => None,
    };
    let result = ActionResult { attempt: attempt.clone(), verdict: verdict.clone() };
    recall(run, &name, word, exit);
    run.results.insert(name, result);
    match verdict {
        Verdict::Passed => stand(run, strand, cursor.saturating_add(1)),
        Verdict::Failed { .. } if again => {
            run.retries = run.retries.saturating_add(1);
            let number = run.retries;
            change_turn(run, strand, |turn| turn.retry = Some(PendingRetry { number, attempt: attempt.clone() }));
        }
        Verdict::Failed { .. } => {}
    }
    Ok(())
}

/// Begins to look whether a failed attempt happened.
pub(super) fn look_asked(run: &mut Run, step: &StepId, attempt: &AttemptId) -> Legal {
    let strand = open_strand(run, step)?;
    require(run.can_look(strand) == Some(attempt), "nothing failed there that a look could tell about")?;
    run.sights.insert(attempt.clone(), Sight::Asked);
    Ok(())
}

pub(super) fn looked(run: &mut Run, attempt: &AttemptId, seen: Seen, what: &str) -> Legal {
    require(run.sights.get(attempt) == Some(&Sight::Asked), "nobody looks at that attempt")?;
    run.sights.insert(attempt.clone(), Sight::Told { seen, what: what.to_owned() });
    Ok(())
}
