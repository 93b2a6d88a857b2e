//! The legality table, and the only place where the state of a run changes.
//!
//! Whatever comes here was either decided a moment ago or read from a log; a fact that does not fit is refused with the
//! state untouched, so a forged or torn log cannot make a state that no run was ever in.

mod attempts;
mod course;
mod duties;
mod exercise;
mod items;
mod prompts;
mod recovery;
mod rollback;
mod steps;
mod strands;
mod values;
mod watches;

use std::time::Duration;

use super::event::{Event, Fact};
use super::state::{
    Alone, Approver, Attempt, AttemptState, Breach, Ending, Fixed, Loss, Note, Progress, Prompt, Run, Stage, Stopping,
    Unapproved,
};
use crate::kernel::AttemptId;
use strands::{change_turn, offer};

/// Says which fact does not fit, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("fact {seq} does not fit what went before: {why}")]
pub struct IllegalHistory {
    /// The fact's `seq`.
    pub seq: u64,
    /// Why.
    pub why: String,
}

type Legal = Result<(), String>;

/// Folds one fact into the state. A fact that is refused changes nothing.
///
/// # Errors
/// [`IllegalHistory`] if the fact cannot follow what went before.
pub fn evolve(run: &mut Run, fact: &Fact) -> Result<(), IllegalHistory> {
    let illegal = |why: String| IllegalHistory { seq: fact.seq, why };
    if run.last_seq.is_some_and(|last| last >= fact.seq) {
        return Err(illegal("its number is not above the last one's".to_owned()));
    }
    match (&run.stage, &fact.event) {
        (Stage::New, Event::Open(_)) | (Stage::Open, _) => {}
        (Stage::Ended(_), Event::Resumed(_) | Event::Continues(_) | Event::RecordedAgain { .. }) => {
            // The run is over; only its seal is missing.
            run.last_seq = Some(fact.seq);
            return Ok(());
        }
        (Stage::New, _) => return Err(illegal("the run has not begun".to_owned())),
        (Stage::Ended(_), _) => return Err(illegal("the run has ended".to_owned())),
    }
    // Time is attributed by the state in which it passed, so before the fact is applied.
    let spent = run.spent_at(fact.at);
    apply(run, fact).map_err(illegal)?;
    run.spent = spent;
    run.last = Some(fact.at);
    run.last_seq = Some(fact.seq);
    Ok(())
}

/// Every arm checks first and changes afterwards.
fn apply(run: &mut Run, fact: &Fact) -> Legal {
    let at = fact.at;
    match &fact.event {
        Event::Open(opened) => {
            require(run.stage == Stage::New, "the run has begun already")?;
            run.opened = Some((**opened).clone());
            run.stage = Stage::Open;
            offer(run, at);
        }
        Event::InputSet { name, value, source, .. } => values::set(run, name, value, *source)?,
        Event::FirstRead { name, value, by } => values::read(run, name, value, by),
        Event::SecondRead { name, by } => values::read_again(run, name, by)?,
        Event::SecondReaderWaived { name, reason, by } => values::waived(run, name, reason, by)?,
        Event::Captured { name, value, attempt } => values::captured(run, name, value, attempt)?,
        Event::Resumed(_) => values::missed(run),
        Event::StepStarted { step } => steps::started(run, step, at)?,
        Event::StepDone { step, how, note, .. } => steps::done(run, step, how, note.as_ref(), at)?,
        Event::StepFailed { step, attempt, why } => steps::failed(run, step, attempt.as_ref(), why)?,
        Event::StepSkipped { step, reason, .. } => steps::skipped(run, step, reason, at)?,
        Event::FailurePassed { step, action, .. } => steps::failure_passed(run, step, action)?,
        Event::ItemTicked { step, item, .. } => steps::ticked(run, step, *item)?,
        Event::NotApplicable { step, action: Some(action), .. } => steps::action_not_applicable(run, step, action)?,
        Event::NotApplicable { step, action: None, why } => steps::not_applicable(run, step, why, at)?,
        Event::ItemsBegun { step, items } => items::begun(run, step, items)?,
        Event::ItemsPassed { step } => items::passed(run, step)?,
        Event::StepOwed { step, owner, due, note, .. } => {
            duties::owed(run, step, (owner, *due, note.as_ref()), at)?;
        }
        Event::DeadlinePassed { step } => duties::overdue(run, step)?,
        Event::MessageSent { step, message, .. } => duties::sent(run, step, message)?,
        Event::MessageDue { message } => duties::due(run, message)?,
        Event::Decided { step, branch, label, ruled_out, again, note, .. } => {
            course::decided(run, (step, *branch, label, note.as_ref()), ruled_out, again, at)?;
        }
        Event::Jumped { step, to, why, ruled_out } => course::jumped(run, step, to, why, ruled_out, at)?,
        Event::JumpChosen { step, to, reason, ruled_out, again, .. } => {
            course::jump_chosen(run, (step, to, reason), ruled_out, again, at)?;
        }
        Event::RollbackChosen { step, undo, .. } => rollback::chosen(run, step, undo)?,
        Event::ConfirmationAsked { prompt, step, action, impact, command, target, ask, also, approval } => {
            let open = Prompt {
                number: *prompt,
                step: step.clone(),
                action: action.clone(),
                impact: *impact,
                command: command.clone(),
                target: target.clone(),
                ask: ask.clone(),
                also: also.clone(),
                approval: approval.clone(),
                approved: Vec::new(),
                alone: Alone::No,
                at,
            };
            prompts::asked(run, open)?;
        }
        Event::Confirmed { prompt, step, how, .. } => prompts::confirmed(run, *prompt, step.as_ref(), how)?,
        Event::Declined { prompt, step, .. } => prompts::declined(run, *prompt, step.as_ref())?,
        Event::Approved { prompt, approver, key, request, by, .. } => {
            let approver = Approver { name: approver.clone(), key: Some(key.clone()) };
            prompts::approved(run, *prompt, approver, request, by)?;
        }
        Event::ApprovalStated { prompt, approver, command, by } => {
            prompts::approval_stated(run, *prompt, approver, command, by)?;
        }
        Event::ApprovalWaived { prompt, missing, waited_s, reason, by } => {
            prompts::approval_waived(run, *prompt, |what| Unapproved {
                what,
                missing: *missing,
                waited_s: *waited_s,
                reason: reason.clone(),
                by: by.clone(),
            })?;
        }
        Event::AttemptStarted { attempt, step, action, impact, command, target } => {
            let started = Attempt {
                step: step.clone(),
                action: action.clone(),
                impact: *impact,
                command: command.clone(),
                target: target.clone(),
                started: at,
                state: AttemptState::Running,
            };
            attempts::started(run, attempt, started)?;
        }
        Event::AttemptFinished { attempt, outcome, verdict, polls, streams, aws, .. } => {
            let end = AttemptState::Finished {
                at,
                outcome: outcome.clone(),
                verdict: verdict.clone(),
                polls: *polls,
                streams: streams.clone(),
                aws: aws.clone(),
            };
            attempts::finished(run, attempt, (outcome, verdict), end)?;
        }
        Event::InterruptAsked { attempt, .. } => require(run.running.contains(attempt), "the attempt does not run")?,
        Event::LookAsked { step, attempt, .. } => attempts::look_asked(run, step, attempt)?,
        Event::Looked { attempt, seen, what } => attempts::looked(run, attempt, *seen, what)?,
        Event::RetryChosen { step, .. } => attempts::retried(run, step, None)?,
        Event::CommandEdited { step, action, after, .. } => attempts::retried(run, step, Some((action, after)))?,
        Event::WatchFailed { action, why } => watches::failed(run, action, why, at)?,
        Event::WatchHeld { action } => watches::held(run, action)?,
        Event::AlarmSeen { action, by, .. } => watches::seen(run, action, by)?,
        Event::MomentFixed { moment, occurred_at, by, evidence } => {
            let fixed = Fixed { occurred_at: *occurred_at, by: by.clone(), evidence: evidence.clone(), seq: fact.seq };
            recovery::fixed(run, *moment, fixed);
        }
        Event::LossMeasured { attempt, of, low_ms, high_ms, orders, last_commit, method } => {
            known(run, attempt)?;
            require(low_ms <= high_ms, "its low end is above its high end")?;
            run.losses.push(Loss {
                of: *of,
                low: Duration::from_millis(*low_ms),
                high: Duration::from_millis(*high_ms),
                orders: *orders,
                last_commit: *last_commit,
                method: method.clone(),
                attempt: attempt.clone(),
                seq: fact.seq,
            });
        }
        Event::RecoverySeen { since, attempt } => recovery::seen(run, *since, attempt)?,
        Event::RecoveryLost { .. } => recovery::lost(run)?,
        Event::Recovered { since, rto_ms, .. } => {
            recovery::restored(run, *since, Duration::from_millis(*rto_ms), fact.seq)?;
        }
        Event::Breached { objective, limit_ms, actual_ms } => run.breaches.push(Breach {
            objective: objective.clone(),
            limit: Duration::from_millis(*limit_ms),
            actual: Duration::from_millis(*actual_ms),
            seq: fact.seq,
        }),
        Event::AutoSwitched { on, .. } => {
            run.progress = if *on { Progress::Automatic } else { Progress::Manual };
        }
        Event::NoteAdded { text, occurred_at, by } => {
            run.notes.push(Note { text: text.clone(), at, occurred_at: *occurred_at, by: by.clone() });
        }
        Event::Exercise(what) => exercise::exercised(run, what, at)?,
        Event::Facilitation(_) => return Err("it belongs in a facilitator's log".to_owned()),
        Event::Noticed { .. } | Event::Continues(_) | Event::WentUnrecorded { .. } | Event::RecordedAgain { .. } => {}
        Event::StopAsked { how, reason, by } => {
            run.stopping = Some(Stopping { how: how.clone(), reason: reason.clone(), by: by.clone() });
            for strand in run.open_strands() {
                change_turn(run, strand, |turn| turn.retry = None);
            }
        }
        Event::Ended { how, reason, .. } => {
            run.prompt = None;
            run.stage = Stage::Ended(Ending { how: how.clone(), reason: reason.clone(), at });
        }
    }
    Ok(())
}

fn require(holds: bool, why: &str) -> Legal {
    if holds { Ok(()) } else { Err(why.to_owned()) }
}

fn known(run: &Run, attempt: &AttemptId) -> Legal {
    require(run.attempts.contains_key(attempt), "it names an attempt that never was")
}
