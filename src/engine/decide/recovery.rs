//! Is service restored? The first success, and whether it holds.

use chrono::{DateTime, Utc};

use super::draft::Draft;
use super::objective::millis;
use crate::engine::event::Event;
use crate::engine::objectives::between;
use crate::engine::prepare::{divided, prepare};
use crate::engine::refusal::Refusal;
use crate::engine::state::{Attempt, Recovery, Strand};
use crate::kernel::AttemptId;
use crate::runbook::{Impact, Moment};

/// `recovered_when` succeeded as part of its step: looks on whether it holds.
pub(super) fn seen(
    draft: &mut Draft,
    since: DateTime<Utc>,
    attempt: &AttemptId,
    passed: &Attempt,
) -> Result<(), Refusal> {
    if draft.run.recovery != Recovery::NotYet {
        return Ok(());
    }
    draft.add(Event::RecoverySeen { since, attempt: attempt.clone() })?;
    if draft.run.plan.meta.sustain.is_zero() {
        return recovered(draft, since, since);
    }
    if draft.run.stopping.is_some() {
        return Ok(());
    }
    let repeatable = passed
        .action
        .as_ref()
        .and_then(|name| draft.run.plan.action(name))
        .is_some_and(|(_, action)| action.repeatable);
    if passed.impact > Impact::Observe && !repeatable {
        draft.add(Event::Noticed {
            what: "The action that proves the recovery changes something and is not marked repeatable: whether it \
                   holds was not watched."
                .to_owned(),
        })?;
        return recovered(draft, since, since);
    }
    if draft.run.watch.is_none() {
        look_on(draft, passed.clone())?;
    }
    Ok(())
}

/// Begins to look on, with exactly the command that succeeded.
pub(super) fn look_on(draft: &mut Draft, passed: Attempt) -> Result<(), Refusal> {
    draft.add(Event::AttemptStarted {
        attempt: AttemptId::new(format!("w.{}", draft.run.watches.saturating_add(1))),
        step: None,
        action: passed.action,
        impact: passed.impact,
        command: passed.command,
        target: passed.target,
    })
}

/// Watches for the recovery although its step is settled: it was skipped, marked as done, or the watch was ended.
pub(super) fn watch_again(draft: &mut Draft, index: usize) -> Result<bool, Refusal> {
    let Some(name) = draft.run.plan.meta.recovered_when.clone() else { return Ok(false) };
    let plan = draft.run.plan.clone();
    let Some((at, action)) = plan.action(&name) else { return Ok(false) };
    let Some(step) = plan.steps.get(at).filter(|_| at == index) else { return Ok(false) };
    if draft.run.recovery != Recovery::NotYet || draft.run.watch.is_some() {
        return Ok(false);
    }
    let prepared = prepare(&draft.run, Strand::whole(at), step, action, draft.now.utc).map_err(Refusal::BadValue)?;
    if prepared.impact > Impact::Observe {
        return Ok(false);
    }
    let (impact, command, target) = (prepared.impact, prepared.command, prepared.target);
    draft.add(Event::AttemptStarted {
        attempt: AttemptId::new(format!("w.{}", draft.run.watches.saturating_add(1))),
        step: None,
        action: Some(name),
        impact,
        command,
        target,
    })?;
    Ok(true)
}

/// One look of the watch.
pub(super) fn watched(
    draft: &mut Draft,
    attempt: &AttemptId,
    looked_at: DateTime<Utc>,
    seen: Result<&(), &String>,
) -> Result<(), Refusal> {
    if draft.run.watch.as_ref() != Some(attempt) {
        return Err(Refusal::NotRunning(attempt.clone()));
    }
    if draft.run.stopping.is_some() {
        return Ok(());
    }
    let looked_at = looked_at.min(draft.now.utc);
    match (draft.run.recovery.clone(), seen) {
        (Recovery::NotYet, Ok(())) => {
            draft.add(Event::RecoverySeen { since: looked_at, attempt: attempt.clone() })?;
            held(draft, looked_at, looked_at)
        }
        (Recovery::Holding(candidate), Ok(())) => held(draft, candidate.since, looked_at),
        (Recovery::Holding(_), Err(why)) => draft.add(Event::RecoveryLost { why: why.clone() }),
        (Recovery::NotYet, Err(_)) | (Recovery::Restored { .. }, _) => Ok(()),
    }
}

/// The watch ended; if by itself, nobody looks any more whether the recovery holds.
pub(super) fn unwatched(draft: &mut Draft, why: &str) -> Result<(), Refusal> {
    match draft.run.recovery {
        Recovery::Holding(_) if draft.run.stopping.is_none() => {
            draft.add(Event::RecoveryLost { why: format!("the watch ended: {why}") })
        }
        Recovery::NotYet | Recovery::Holding(_) | Recovery::Restored { .. } => Ok(()),
    }
}

/// The stretch is proven from its start to the beginning of the last look that succeeded.
fn held(draft: &mut Draft, since: DateTime<Utc>, looked_at: DateTime<Utc>) -> Result<(), Refusal> {
    let sustain = divided(draft.run.plan.meta.sustain, draft.run.speed());
    if between(since, looked_at) >= sustain { recovered(draft, since, looked_at) } else { Ok(()) }
}

fn recovered(draft: &mut Draft, since: DateTime<Utc>, until: DateTime<Utc>) -> Result<(), Refusal> {
    let declared = draft.run.moment(Moment::Declared).map(|fixed| fixed.occurred_at);
    let origin = draft.run.onset().or(declared).unwrap_or(since);
    draft.add(Event::Recovered {
        since,
        held_s: between(since, until).as_secs(),
        rto_ms: millis(between(origin, since)),
    })
}
