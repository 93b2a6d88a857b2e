//! How an attempt ended, and what that means.

use chrono::{DateTime, Utc};

use super::advance::failed;
use super::draft::Draft;
use super::{objective, recovery, values, watch};
use crate::engine::effect::Judge;
use crate::engine::event::{Event, Verdict};
use crate::engine::input::Ended;
use crate::engine::measure::{Measured, read_loss, read_time};
use crate::engine::outcome::Outcome;
use crate::engine::prepare::{divided, judge_of, vars};
use crate::engine::refusal::Refusal;
use crate::engine::state::{Attempt, StepState, Strand};
use crate::kernel::AttemptId;
use crate::runbook::{Action, Capture, Measure};

/// Holds what an attempt's output says besides success.
struct Yield {
    captures: Vec<(String, String)>,
    loss: Option<Measured>,
}

pub(super) fn finished(draft: &mut Draft, id: &AttemptId, ended: &Ended) -> Result<(), Refusal> {
    let known = draft.run.attempts.get(id).filter(|_| draft.run.running.contains(id)).cloned();
    let attempt = known.ok_or_else(|| Refusal::NotRunning(id.clone()))?;
    let is_recovery = draft.run.watch.as_ref() == Some(id);
    let watched = draft.run.watching.get(id).cloned();
    let strand = draft.run.strand_of(id);
    let turn = strand.and_then(|strand| match draft.run.state(strand) {
        Some(StepState::Running { attempt: ran, cursor }) if ran == id => {
            Some((strand, draft.action(strand, *cursor)?))
        }
        _ => None,
    });
    let Some((strand, action)) = turn else {
        let verdict = match Judge::default().judge(&ended.outcome, &ended.stdout) {
            Ok(()) => Verdict::Passed,
            Err(why) => Verdict::Failed { why },
        };
        add_finished(draft, id, ended, verdict)?;
        if is_recovery {
            return recovery::unwatched(draft, &ended.outcome.words());
        }
        if let Some(action) = watched {
            return watch::ended(draft, action, &ended.outcome.words());
        }
        return Ok(());
    };
    match verdict(draft, strand, &attempt, &action, ended) {
        Ok(gave) => {
            add_finished(draft, id, ended, Verdict::Passed)?;
            keep_output(draft, id, &action, ended)?;
            passed(draft, id, &attempt, &action, ended, gave)
        }
        Err(why) => {
            add_finished(draft, id, ended, Verdict::Failed { why: why.clone() })?;
            keep_output(draft, id, &action, ended)?;
            if draft.run.stopping.is_some() { Ok(()) } else { failed(draft, strand, id, &why) }
        }
    }
}

fn add_finished(draft: &mut Draft, id: &AttemptId, ended: &Ended, verdict: Verdict) -> Result<(), Refusal> {
    draft.add(Event::AttemptFinished {
        attempt: id.clone(),
        outcome: ended.outcome.clone(),
        verdict,
        polls: ended.polls,
        took_ms: ended.took_ms,
        streams: ended.streams.clone(),
        aws: ended.aws.clone(),
    })
}

/// Keeps the output where other parts of the runbook use it as `ACTION.stdout`.
fn keep_output(draft: &mut Draft, id: &AttemptId, action: &Action, ended: &Ended) -> Result<(), Refusal> {
    if !draft.run.plan.recalled.contains(&action.name) {
        return Ok(());
    }
    let (name, value) = (format!("{}.stdout", action.name), ended.stdout.trim().to_owned());
    draft.add(Event::Captured { name, value, attempt: id.clone() })
}

/// Judges an attempt of a step. Output that cannot be read as what it is declared to be is a failure: a loss that
/// nobody could read must not pass for no loss.
fn verdict(draft: &Draft, strand: Strand, attempt: &Attempt, action: &Action, ended: &Ended) -> Result<Yield, String> {
    let at = draft.run.turn(strand).and_then(|turn| turn.confirmed_at).unwrap_or(attempt.started);
    let judge = judge_of(action, &vars(&draft.run, strand, at.utc));
    match (&action.until, &ended.poll_failure) {
        (_, Some(why)) => return Err(why.clone()),
        (Some(_), None) => {
            // The poller saw `until` hold; what could not even be performed cannot have held.
            match &ended.outcome {
                Outcome::Interrupted
                | Outcome::SpawnFailed { .. }
                | Outcome::Unusable { .. }
                | Outcome::InDoubt { .. }
                | Outcome::NotCarriedOut { .. } => {
                    return Err(ended.outcome.words());
                }
                Outcome::Exited { .. }
                | Outcome::Signalled { .. }
                | Outcome::TimedOut { .. }
                | Outcome::Answered { .. }
                | Outcome::AwsRefused { .. }
                | Outcome::SqlRefused { .. }
                | Outcome::Throttled { .. }
                | Outcome::Unreachable { .. } => {}
            }
            if judge.expect.is_some() {
                judge.judge(&ended.outcome, &ended.stdout)?;
            }
        }
        (None, None) => judge.judge(&ended.outcome, &ended.stdout)?,
    }
    let recalled = draft.run.plan.recalled.contains(&action.name);
    if ended.truncated && (recalled || !action.capture.is_empty() || action.measures.is_some()) {
        return Err(format!("its output is longer than {} KiB and cannot be captured", Ended::STDOUT_CAP / 1024));
    }
    let captures = Capture::read(&action.capture, &ended.stdout)?;
    let loss = match action.measures {
        Some(Measure::Rpo) => Some(read_loss(&ended.stdout)?),
        None => None,
    };
    Ok(Yield { captures, loss })
}

fn passed(
    draft: &mut Draft,
    id: &AttemptId,
    attempt: &Attempt,
    action: &Action,
    ended: &Ended,
    gave: Yield,
) -> Result<(), Refusal> {
    for (name, value) in gave.captures {
        draft.add(Event::Captured { name, value, attempt: id.clone() })?;
    }
    if !action.capture.is_empty()
        && let Err(why) = values::derive_again(draft)?
    {
        draft.add(Event::Noticed { what: format!("A value may be stale: {why}") })?;
    }
    if let Some(moment) = action.marks {
        let now = draft.now.utc;
        let said = read_time(&ended.stdout).filter(|time| *time <= now);
        objective::fix(draft, moment, said.unwrap_or(now), "lifeboat", format!("attempt {id}"))?;
    }
    if let Some(loss) = &gave.loss {
        objective::measure(draft, id, loss)?;
    }
    if draft.run.plan.meta.recovered_when.as_ref() == Some(&action.name) {
        let since = stretch(draft, attempt, action, ended);
        recovery::seen(draft, since, id, attempt)?;
    }
    watch::begin(draft, attempt, action)
}

/// Returns when the success began. Of a poll only its last look, and what `hold` proved before it, is known to be one.
fn stretch(draft: &Draft, attempt: &Attempt, action: &Action, ended: &Ended) -> DateTime<Utc> {
    if action.until.is_none() || ended.polls <= 1 {
        return attempt.started.utc;
    }
    let hold = action.hold.map(|hold| divided(hold, draft.run.speed())).unwrap_or_default();
    let hold = chrono::Duration::from_std(hold).unwrap_or_default();
    let looked_at = ended.looked_at.min(draft.now.utc);
    looked_at.checked_sub_signed(hold).unwrap_or(looked_at).max(attempt.started.utc)
}
