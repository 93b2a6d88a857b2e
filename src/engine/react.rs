//! What to do about a fact. Called with the state after it, once it is durable.

use std::time::Duration;

use super::again::Sight;
use super::effect::{Doubt, Effect, Job, Poll};
use super::event::{Event, Exercise, Fact};
use super::input::TimerId;
use super::prepare::{divided, improvised_job, job};
use super::state::{AttemptState, PendingRetry, Recovery, Run, Stage, StepState};
use crate::kernel::{ActionName, AttemptId, Stamp};
use crate::runbook::Moment;

/// Says what to do about a fact; `run` is the state after this fact and before the next.
pub fn react(run: &Run, fact: &Fact) -> Vec<Effect> {
    match &fact.event {
        Event::AttemptStarted { attempt, .. } => begin(run, attempt, fact.at),
        Event::AttemptFinished { attempt, .. } => {
            let strand = run.strand_of(attempt);
            let waits = strand.and_then(|strand| run.turn(strand)?.retry.as_ref());
            waits.filter(|retry| retry.attempt == *attempt).and_then(|again| retry(run, again)).into_iter().collect()
        }
        Event::InterruptAsked { attempt, .. } if run.is_watch(attempt) => {
            vec![Effect::Unwatch(attempt.clone())]
        }
        Event::InterruptAsked { attempt, force, .. } => {
            vec![Effect::Interrupt { attempt: attempt.clone(), force: *force }]
        }
        Event::LookAsked { attempt, .. } => look(run, attempt, fact.at).into_iter().collect(),
        Event::MomentFixed { moment: Moment::Onset, .. } => rto(run, fact.at).into_iter().collect(),
        Event::Recovered { .. } => run.watch.iter().cloned().map(Effect::Unwatch).collect(),
        Event::Ended { .. } => run.all_watches().cloned().map(Effect::Unwatch).chain([Effect::Seal]).collect(),
        Event::MessageSent { message, .. } => nag(run, message).into_iter().collect(),
        // What was to be tried again while the exercise was paused.
        Event::Exercise(Exercise::WentOn { .. }) => {
            run.retries_pending().into_iter().filter_map(|(_, again)| retry(run, again)).collect()
        }
        Event::Resumed(_) => match run.stage {
            Stage::Ended(_) => vec![Effect::Seal],
            Stage::New | Stage::Open => rearm(run, fact.at),
        },
        Event::Open(_)
        | Event::StepDone { .. }
        | Event::StepSkipped { .. }
        | Event::StepOwed { .. }
        | Event::NotApplicable { .. }
        | Event::Jumped { .. }
        | Event::JumpChosen { .. }
        | Event::Decided { .. } => deadlines(run, fact.at),
        Event::InputSet { .. }
        | Event::FirstRead { .. }
        | Event::SecondRead { .. }
        | Event::SecondReaderWaived { .. }
        | Event::DeadlinePassed { .. }
        | Event::MessageDue { .. }
        | Event::RollbackChosen { .. }
        | Event::WatchFailed { .. }
        | Event::WatchHeld { .. }
        | Event::AlarmSeen { .. }
        | Event::MomentFixed { .. }
        | Event::AutoSwitched { .. }
        | Event::StepStarted { .. }
        | Event::ItemsBegun { .. }
        | Event::ItemsPassed { .. }
        | Event::ConfirmationAsked { .. }
        | Event::Approved { .. }
        | Event::ApprovalStated { .. }
        | Event::ApprovalWaived { .. }
        | Event::Confirmed { .. }
        | Event::Declined { .. }
        | Event::Captured { .. }
        | Event::LossMeasured { .. }
        | Event::ItemTicked { .. }
        | Event::StepFailed { .. }
        | Event::Looked { .. }
        | Event::RetryChosen { .. }
        | Event::CommandEdited { .. }
        | Event::FailurePassed { .. }
        | Event::NoteAdded { .. }
        | Event::RecoverySeen { .. }
        | Event::RecoveryLost { .. }
        | Event::Breached { .. }
        | Event::Exercise(_)
        | Event::Facilitation(_)
        | Event::Noticed { .. }
        | Event::Continues(_)
        | Event::WentUnrecorded { .. }
        | Event::RecordedAgain { .. }
        | Event::StopAsked { .. } => Vec::new(),
    }
}

/// Says what a run that is taken up again needs: its timers and its watch, which died with the process that had them,
/// and an end for every attempt that may have run meanwhile. None of these is started again.
pub fn rearm(run: &Run, now: Stamp) -> Vec<Effect> {
    if run.stage != Stage::Open {
        return Vec::new();
    }
    let watch = run.all_watches().filter(|_| run.stopping.is_none()).flat_map(|attempt| begin(run, attempt, now));
    let retries = run.retries_pending().into_iter().filter_map(|(_, again)| retry(run, again));
    let nags = run.sent_at.keys().filter(|name| !run.due.contains(*name)).filter_map(|name| nag(run, name));
    let deadlines = (0..run.came.len()).filter_map(|step| deadline(run, step, now));
    let asked = run.sights.iter().filter(|(_, sight)| **sight == Sight::Asked);
    let looks = asked.filter_map(|(attempt, _)| look(run, attempt, now));
    let timers = rto(run, now).into_iter().chain(retries).chain(deadlines).chain(nags);
    timers.chain(watch).chain(looks).chain(doubts(run, now)).collect()
}

/// Wakes when the steps whose turn came with a fact have waited for too long.
fn deadlines(run: &Run, at: Stamp) -> Vec<Effect> {
    let came = |step: &usize| run.came.get(*step).is_some_and(|turn| turn.is_some_and(|turn| turn.since == at));
    (run.current..run.open_end()).filter(came).filter_map(|step| deadline(run, step, at)).collect()
}

/// Wakes when a step has waited for too long.
fn deadline(run: &Run, step: usize, now: Stamp) -> Option<Effect> {
    if run.overdue.contains(&step) || run.steps.get(step).is_none_or(StepState::is_settled) {
        return None;
    }
    let limit = run.plan.steps.get(step)?.duty.deadline?;
    let turn = (*run.came.get(step)?)?;
    let after = divided(limit, run.speed()).saturating_sub(now.since(&turn.since));
    Some(Effect::Wake { timer: TimerId::Deadline(turn.number), after })
}

/// Wakes when people wait for the next message of this kind.
fn nag(run: &Run, name: &ActionName) -> Option<Effect> {
    if matches!(run.recovery, Recovery::Restored { .. }) {
        return None;
    }
    let message = run.plan.steps.iter().flat_map(|step| &step.messages).find(|message| message.name == *name)?;
    let sent = *run.sent_at.get(name)?;
    Some(Effect::Wake { timer: TimerId::Message(sent), after: divided(message.every?, run.speed()) })
}

fn doubts(run: &Run, now: Stamp) -> impl Iterator<Item = Effect> {
    let open = run.running.iter().filter(|attempt| !run.is_watch(attempt));
    open.flat_map(move |id| begin(run, id, now).into_iter().map(move |effect| (id, effect))).filter_map(
        move |(id, effect)| {
            let Effect::Start(job) = effect else { return None };
            let attempt = run.attempts.get(id)?;
            let doubt = Doubt { job: *job, impact: attempt.impact, age: now.since(&attempt.started) };
            Some(Effect::Settle(Box::new(doubt)))
        },
    )
}

/// Looks whether a failed attempt happened.
fn look(run: &Run, id: &AttemptId, now: Stamp) -> Option<Effect> {
    let attempt = run.attempts.get(id)?;
    let action = run.action_of(attempt)?;
    let job = job(run, id, attempt.step.as_ref(), action, &attempt.command);
    let age = now.since(&attempt.started);
    Some(Effect::Look(Box::new(Doubt { job, impact: attempt.impact, age })))
}

fn begin(run: &Run, id: &AttemptId, at: Stamp) -> Vec<Effect> {
    let Some(attempt) = run.attempts.get(id).filter(|attempt| attempt.state == AttemptState::Running) else {
        return Vec::new();
    };
    if attempt.action.is_none() {
        return vec![Effect::Start(Box::new(improvised_job(run, id, &attempt.command, at.utc)))];
    }
    let Some(action) = run.action_of(attempt) else { return Vec::new() };
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

fn retry(run: &Run, retry: &PendingRetry) -> Option<Effect> {
    let action = run.action_of(run.attempts.get(&retry.attempt)?)?;
    let after = divided(action.every, run.speed()).max(Duration::from_millis(1));
    Some(Effect::Wake { timer: TimerId::Retry(retry.number), after })
}
