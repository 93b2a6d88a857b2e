//! What to do about a fact. Called with the state after it, once it is durable.

use std::time::Duration;

use super::effect::{Effect, Job, Poll};
use super::event::{Event, Fact};
use super::input::TimerId;
use super::prepare::{divided, improvised_job, job};
use super::state::{AttemptState, PendingRetry, Recovery, Run, Stage, Strand};
use crate::kernel::{AttemptId, Stamp};
use crate::runbook::Moment;

/// Says what to do about a fact; `run` is the state after this fact and before the next.
pub fn react(run: &Run, fact: &Fact) -> Vec<Effect> {
    match &fact.event {
        Event::AttemptStarted { attempt, .. } => begin(run, attempt, fact.at),
        Event::AttemptFinished { attempt, .. } => {
            let strand = run.strand_of(attempt);
            let waits = strand.and_then(|strand| run.turn(strand)?.retry.as_ref().map(|retry| (strand, retry)));
            waits.filter(|(_, retry)| retry.attempt == *attempt).and_then(|at| retry(run, at)).into_iter().collect()
        }
        Event::InterruptAsked { attempt, .. } if run.watch.as_ref() == Some(attempt) => {
            vec![Effect::Unwatch(attempt.clone())]
        }
        Event::InterruptAsked { attempt, force, .. } => {
            vec![Effect::Interrupt { attempt: attempt.clone(), force: *force }]
        }
        Event::MomentFixed { moment: Moment::Onset, .. } => rto(run, fact.at).into_iter().collect(),
        Event::Recovered { .. } => run.watch.iter().cloned().map(Effect::Unwatch).collect(),
        Event::Ended { .. } => run.watch.iter().cloned().map(Effect::Unwatch).chain([Effect::Seal]).collect(),
        Event::Open(_)
        | Event::InputSet { .. }
        | Event::FirstRead { .. }
        | Event::SecondRead { .. }
        | Event::SecondReaderWaived { .. }
        | Event::NotApplicable { .. }
        | Event::MomentFixed { .. }
        | Event::AutoSwitched { .. }
        | Event::StepStarted { .. }
        | Event::ItemsBegun { .. }
        | Event::ItemsPassed { .. }
        | Event::ConfirmationAsked { .. }
        | Event::Confirmed { .. }
        | Event::Declined { .. }
        | Event::Captured { .. }
        | Event::LossMeasured { .. }
        | Event::ItemTicked { .. }
        | Event::StepDone { .. }
        | Event::StepFailed { .. }
        | Event::StepSkipped { .. }
        | Event::RetryChosen { .. }
        | Event::FailurePassed { .. }
        | Event::NoteAdded { .. }
        | Event::RecoverySeen { .. }
        | Event::RecoveryLost { .. }
        | Event::Breached { .. }
        | Event::Noticed { .. }
        | Event::StopAsked { .. } => Vec::new(),
    }
}

/// Says what a run that is taken up again needs: its timers and its watch, which died with the process that had them.
/// Attempts in doubt are not started again.
pub fn rearm(run: &Run, now: Stamp) -> Vec<Effect> {
    if run.stage != Stage::Open {
        return Vec::new();
    }
    let watch = run.watch.iter().filter(|_| run.stopping.is_none()).flat_map(|attempt| begin(run, attempt, now));
    let retries = run.retries_pending().into_iter().filter_map(|at| retry(run, at));
    rto(run, now).into_iter().chain(retries).chain(watch).collect()
}

fn begin(run: &Run, id: &AttemptId, at: Stamp) -> Vec<Effect> {
    let Some(attempt) = run.attempts.get(id).filter(|attempt| attempt.state == AttemptState::Running) else {
        return Vec::new();
    };
    let Some(name) = &attempt.action else {
        return vec![Effect::Start(Box::new(improvised_job(run, id, &attempt.command, at.utc)))];
    };
    let here =
        attempt.step.as_ref().and_then(|step| run.strand(step)).and_then(|strand| run.plan.steps.get(strand.step));
    let here = here.and_then(|step| step.actions.iter().find(|action| action.name == *name));
    let Some(action) = here.or_else(|| run.plan.action(name).map(|(_, action)| action)) else { return Vec::new() };
    let job = job(run, id, attempt.step.as_ref(), action, &attempt.command);
    if attempt.step.is_some() {
        return vec![Effect::Start(Box::new(job))];
    }
    let until = job.poll.as_ref().and_then(|poll| poll.until.clone());
    let every = divided(action.every, run.speed()).max(Duration::from_millis(1));
    let poll = Some(Poll { every, limit: None, until, hold: Duration::ZERO, fail_if: None });
    vec![Effect::Watch(Box::new(Job { poll, ..job }))]
}

/// Wakes when the RTO runs out. One that did already is found by `decide` with the fact that told.
fn rto(run: &Run, now: Stamp) -> Option<Effect> {
    if matches!(run.recovery, Recovery::Restored { .. }) {
        return None;
    }
    let limit = chrono::Duration::from_std(run.rto()?).ok()?;
    let deadline = run.onset()?.checked_add_signed(limit)?;
    let after = deadline.signed_duration_since(now.utc).to_std().ok()?;
    Some(Effect::Wake { timer: TimerId::Rto, after })
}

fn retry(run: &Run, (strand, retry): (Strand, &PendingRetry)) -> Option<Effect> {
    let name = run.attempts.get(&retry.attempt)?.action.as_ref()?;
    let step = run.plan.steps.get(strand.step)?;
    let action = step.actions.iter().find(|action| action.name == *name)?;
    let after = divided(action.every, run.speed()).max(Duration::from_millis(1));
    Some(Effect::Wake { timer: TimerId::Retry(retry.number), after })
}
