//! How a run gets on: the next action of a step, the next step, the end.

use super::draft::Draft;
use super::values;
use crate::engine::event::Event;
use crate::engine::objectives::runnable;
use crate::engine::prepare::{Prepared, observes, prepare, uses};
use crate::engine::refusal::Refusal;
use crate::engine::state::{AttemptState, Progress, Prompt, Recovery, StepState};
use crate::kernel::{AttemptId, StepId};
use crate::runbook::{Action, Impact, Step};

/// Begins the offered step, unless it is not for this case.
pub(super) fn begin(draft: &mut Draft) -> Result<(), Refusal> {
    let Some((step, StepState::Offered)) = draft.step() else { return Ok(()) };
    match values::unless(draft, step.when.as_ref())? {
        Ok(None) => {}
        Ok(Some(why)) => {
            draft.add(Event::NotApplicable { step: step.id, action: None, why })?;
            return go_on_by_itself(draft);
        }
        Err(why) if runnable(&step).is_empty() => {
            // Nothing runs here: whoever does it by hand reads the condition, too.
            draft
                .add(Event::Noticed { what: format!("Whether step {} applies cannot be told: {why}", step.number) })?;
        }
        Err(why) => {
            draft.add(Event::StepStarted { step: step.id.clone() })?;
            return draft.add(Event::StepFailed { step: step.id, attempt: None, why });
        }
    }
    draft.add(Event::StepStarted { step: step.id })?;
    go_on(draft)
}

/// Goes on with the current step where it stands: starts or asks for its next action, or settles it.
///
/// Values that the step asks for come first. Checklist and manual part come after the actions: a person vouches for what
/// was done, not for what is about to be.
pub(super) fn go_on(draft: &mut Draft) -> Result<(), Refusal> {
    loop {
        let Some((step, StepState::Paused { cursor })) = draft.step() else { return Ok(()) };
        if !draft.run.asked().is_empty() {
            return Ok(());
        }
        let Some(action) = runnable(&step).get(cursor) else {
            draft.add(Event::StepDone {
                step: step.id.clone(),
                how: "ran".to_owned(),
                note: None,
                by: "lifeboat".to_owned(),
            })?;
            return go_on_by_itself(draft);
        };
        let needed = match values::unless(draft, action.when.as_ref())? {
            Ok(None) => values::derive(draft, &uses(&draft.run.plan, action))?,
            Ok(Some(why)) => {
                draft.add(Event::NotApplicable { step: step.id.clone(), action: Some(action.name.clone()), why })?;
                continue;
            }
            Err(why) => Err(why),
        };
        return match needed.and_then(|()| prepare(&draft.run, &step, action, draft.now.utc)) {
            Err(why) => draft.add(Event::StepFailed { step: step.id.clone(), attempt: None, why }),
            Ok(Prepared { ask: None, impact, command, target }) => start(
                draft,
                &step,
                Event::AttemptStarted {
                    attempt: AttemptId::new(""),
                    step: Some(step.id.clone()),
                    action: Some(action.name.clone()),
                    impact,
                    command,
                    target,
                },
            ),
            Ok(prepared) => ask(draft, &step.id, action, prepared),
        };
    }
}

fn ask(draft: &mut Draft, step: &StepId, action: &Action, prepared: Prepared) -> Result<(), Refusal> {
    let Some(ask) = prepared.ask else { return Ok(()) };
    draft.add(Event::ConfirmationAsked {
        prompt: draft.run.prompts.saturating_add(1),
        step: Some(step.clone()),
        action: Some(action.name.clone()),
        impact: prepared.impact,
        command: prepared.command,
        target: prepared.target,
        ask,
    })
}

/// Starts what was confirmed: exactly what the prompt showed.
pub(super) fn start_confirmed(draft: &mut Draft, prompt: Prompt) -> Result<(), Refusal> {
    let started = Event::AttemptStarted {
        attempt: AttemptId::new(format!("x.{}", draft.run.improvised.saturating_add(1))),
        step: prompt.step,
        action: prompt.action,
        impact: prompt.impact,
        command: prompt.command,
        target: prompt.target,
    };
    match draft.step() {
        Some((step, StepState::Paused { .. })) if matches!(&started, Event::AttemptStarted { step: Some(_), .. }) => {
            start(draft, &step, started)
        }
        _ => draft.add(started),
    }
}

/// Starts an attempt of the current step under the step's next number.
fn start(draft: &mut Draft, step: &Step, mut started: Event) -> Result<(), Refusal> {
    let tries = draft.run.tries.get(draft.run.current).copied().unwrap_or_default();
    if let Event::AttemptStarted { attempt, .. } = &mut started {
        *attempt = AttemptId::new(format!("{}.{}", step.number, tries.saturating_add(1)));
    }
    draft.add(started)
}

/// Asks anew where the values of an open confirmation changed, so that nobody confirms what they did not read.
pub(super) fn ask_anew(draft: &mut Draft) -> Result<(), Refusal> {
    let Some(open) = draft.run.prompt.clone() else { return Ok(()) };
    let Some((step, StepState::Confirming { cursor, .. })) = draft.step() else { return Ok(()) };
    let Some(action) = draft.action(cursor) else { return Ok(()) };
    match prepare(&draft.run, &step, &action, open.at.utc) {
        Ok(prepared) => ask(draft, &step.id, &action, prepared),
        Err(_) => Ok(()),
    }
}

/// Tells whether an open confirmation of a step would read differently by now.
pub(super) fn reads_differently(draft: &Draft) -> bool {
    let (Some(open), Some((step, StepState::Confirming { cursor, .. }))) = (&draft.run.prompt, draft.step()) else {
        return false;
    };
    let now = draft.action(cursor).and_then(|action| prepare(&draft.run, &step, &action, open.at.utc).ok());
    now.is_some_and(|now| {
        now.command != open.command || now.target != open.target || now.ask.as_ref() != Some(&open.ask)
    })
}

/// Tries a failed action again. What does more than observe runs again only as it was confirmed.
pub(super) fn try_again(draft: &mut Draft, number: u64) -> Result<(), Refusal> {
    let Some(retry) = draft.run.retry.clone().filter(|retry| retry.number == number) else { return Ok(()) };
    let Some((step, StepState::Running { cursor, .. })) = draft.step() else { return Ok(()) };
    let Some(action) = draft.action(cursor) else { return Ok(()) };
    let at = draft.run.confirmed_at.unwrap_or(draft.now);
    let prepared = match prepare(&draft.run, &step, &action, at.utc) {
        Ok(prepared) => prepared,
        Err(why) => {
            return draft.add(Event::StepFailed { step: step.id, attempt: Some(retry.attempt), why });
        }
    };
    let same = draft.run.attempts.get(&retry.attempt).is_some_and(|last| last.command == prepared.command);
    if prepared.impact == Impact::Observe || (same && draft.run.confirmed_at.is_some()) {
        let Prepared { impact, command, target, .. } = prepared;
        let started = Event::AttemptStarted {
            attempt: retry.attempt,
            step: Some(step.id.clone()),
            action: Some(action.name),
            impact,
            command,
            target,
        };
        return start(draft, &step, started);
    }
    ask(draft, &step.id, &action, prepared)
}

/// Decides what a failure leads to.
pub(super) fn failed(draft: &mut Draft, attempt: &AttemptId, why: &str) -> Result<(), Refusal> {
    if draft.run.retry.is_some() {
        return Ok(());
    }
    let Some((step, StepState::Running { cursor, .. })) = draft.step() else { return Ok(()) };
    let Some(action) = draft.action(cursor) else { return Ok(()) };
    let interrupted = draft.run.attempts.get(attempt).is_some_and(|attempt| match &attempt.state {
        AttemptState::Finished { outcome, .. } => *outcome == crate::engine::Outcome::Interrupted,
        AttemptState::Running => false,
    });
    let goes_on = action.optional == crate::runbook::Necessity::Optional
        || action.on_failure == crate::runbook::OnFailure::Continue;
    let optional_step = step.optional == crate::runbook::Necessity::Optional;
    // Whoever interrupts has something in mind: the choice is theirs, whatever the author wrote.
    if interrupted || !(goes_on || optional_step) {
        let (step, attempt) = (step.id, Some(attempt.clone()));
        return draft.add(Event::StepFailed { step, attempt, why: why.to_owned() });
    }
    draft.add(Event::FailurePassed { step: step.id.clone(), action: action.name, why: why.to_owned() })?;
    if goes_on {
        return go_on(draft);
    }
    draft.add(Event::StepSkipped {
        step: step.id,
        reason: format!("optional, and it failed: {why}"),
        by: "lifeboat".to_owned(),
    })?;
    go_on_by_itself(draft)
}

/// Passes what is not for this case and reading matter, which asks nothing of anybody; then starts the offered step if progress is automatic and all
/// it does is observe, unasked.
pub(super) fn go_on_by_itself(draft: &mut Draft) -> Result<(), Refusal> {
    if draft.run.prompt.is_some() || draft.run.stopping.is_some() || draft.run.working() {
        return Ok(());
    }
    while let Some((step, StepState::Offered)) = draft.step() {
        match values::unless(draft, step.when.as_ref())? {
            Ok(Some(why)) => draft.add(Event::NotApplicable { step: step.id, action: None, why })?,
            _ if is_reading(&step) => {
                let (how, note, by) = ("read".to_owned(), None, "lifeboat".to_owned());
                draft.add(Event::StepStarted { step: step.id.clone() })?;
                draft.add(Event::StepDone { step: step.id, how, note, by })?;
            }
            _ => break,
        }
    }
    let automatic = draft.run.progress == Progress::Automatic;
    let Some((step, StepState::Offered)) = draft.step().filter(|_| automatic) else { return Ok(()) };
    let actions = runnable(&step);
    let unasked = draft.run.asked().is_empty() && actions.iter().all(|a| a.confirm.is_none() && observes(a));
    if actions.is_empty() || !unasked { Ok(()) } else { begin(draft) }
}

/// Is the step text alone: nothing runs, nothing is ticked, nobody vouches for it?
fn is_reading(step: &Step) -> bool {
    runnable(step).is_empty() && step.checklist.is_empty() && step.manual.is_none() && step.ask.is_empty()
}

/// Ends the run where nothing is left: it was asked to stop, or all is settled and service is restored.
pub(super) fn conclude(draft: &mut Draft) -> Result<(), Refusal> {
    let run = &draft.run;
    if !draft.is_open() || !run.running.is_empty() {
        return Ok(());
    }
    if let Some(stopping) = run.stopping.clone() {
        return draft.end(&stopping.how, stopping.reason, &stopping.by);
    }
    if run.current < run.steps.len() || run.prompt.is_some() {
        return Ok(());
    }
    match (&run.recovery, &run.plan.meta.recovered_when) {
        (Recovery::Restored { .. }, _) => draft.end("recovered", None, "lifeboat"),
        (Recovery::NotYet, None) => draft.end("finished", None, "lifeboat"),
        (Recovery::NotYet, Some(_)) | (Recovery::Holding(_), _) => Ok(()),
    }
}
