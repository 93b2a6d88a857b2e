//! What people wish, and the drill's script.

use chrono::{DateTime, Utc};

use super::advance::{ask_anew, begin, go_on, go_on_by_itself, reads_differently, start_confirmed};
use super::draft::Draft;
use super::{objective, recovery, values};
use crate::engine::event::{Ask, Event, Mode};
use crate::engine::input::Intent;
use crate::engine::objectives::runnable;
use crate::engine::prepare::{ask_improvised, shell_target};
use crate::engine::refusal::Refusal;
use crate::engine::state::{Progress, Prompt, StepState};
use crate::kernel::{AttemptId, StepId};
use crate::runbook::{Evidence, Impact, Moment};

/// Decides one wish. While the run stops, only what leads out of it, and the record, is open.
pub(super) fn wish(draft: &mut Draft, by: &str, intent: &Intent) -> Result<(), Refusal> {
    match intent {
        Intent::Run { step } => run(draft, step),
        Intent::Confirm { prompt, typed } => confirm(draft, *prompt, typed.as_deref(), by),
        Intent::ConfirmByScript { prompt } => confirm_by_script(draft, *prompt, by),
        Intent::Decline { prompt } => decline(draft, *prompt, by),
        Intent::Tick { step, item } => tick(draft, step, *item, by),
        Intent::Done { step, note } => done(draft, step, note, by),
        Intent::Retry { step } => retry(draft, step, by),
        Intent::Skip { step, reason } => skip(draft, step, reason, by),
        Intent::MarkDone { step, evidence } => mark_done(draft, step, evidence, by),
        Intent::Improvise { command } => improvise(draft, command),
        Intent::Interrupt { attempt, force } => interrupt(draft, attempt, *force, by),
        Intent::Note { text, occurred_at } => {
            let text = said(text).ok_or(Refusal::NoteMissing)?;
            draft.add(Event::NoteAdded { text, occurred_at: *occurred_at, by: by.to_owned() })
        }
        Intent::FixMoment { moment, occurred_at, evidence } => fix_moment(draft, *moment, *occurred_at, evidence, by),
        Intent::SetInput { name, value } => values::set_input(draft, name, value, by),
        Intent::ReadAgain { name, value, reader } => values::read_again(draft, name, value, reader),
        Intent::WaiveReader { name, reason } => values::waive_reader(draft, name, reason, by),
        Intent::Auto { on } => auto(draft, *on, by),
        Intent::Stop { reason } => stop(draft, reason, by),
        Intent::GiveUpWaiting => give_up_waiting(draft, by),
    }
}

fn run(draft: &mut Draft, id: &StepId) -> Result<(), Refusal> {
    not_stopping(draft)?;
    let index = draft.run.plan.step_index(id).ok_or_else(|| Refusal::NoSuchStep(id.clone()))?;
    if index < draft.run.current {
        return if recovery::watch_again(draft, index)? { Ok(()) } else { Err(Refusal::SettledAlready(id.clone())) };
    }
    let state = current(draft, id)?;
    free(draft)?;
    match state {
        StepState::Offered => begin(draft),
        StepState::Paused { .. } => go_on(draft),
        StepState::Failed { .. } => Err(Refusal::Failed(id.clone())),
        StepState::ByHand => Err(Refusal::InYourHands(id.clone())),
        StepState::Running { attempt, .. } => Err(Refusal::Busy(attempt)),
        StepState::Confirming { prompt, .. } => Err(Refusal::PromptOpen(prompt)),
        StepState::Waiting | StepState::Done { .. } | StepState::Skipped { .. } | StepState::NotApplicable { .. } => {
            Err(Refusal::SettledAlready(id.clone()))
        }
    }
}

fn confirm(draft: &mut Draft, number: u64, typed: Option<&str>, by: &str) -> Result<(), Refusal> {
    let prompt = open_prompt(draft, number)?;
    let (how, typed) = match &prompt.ask {
        Ask::Key => ("key", None),
        Ask::Type { phrase } if typed == Some(phrase.as_str()) => ("typed", typed.map(str::to_owned)),
        Ask::Type { phrase } => return Err(Refusal::WrongPhrase { phrase: phrase.clone() }),
    };
    confirmed(draft, prompt, how, typed, by)
}

fn confirm_by_script(draft: &mut Draft, number: u64, by: &str) -> Result<(), Refusal> {
    if draft.run.opened.as_ref().is_none_or(|opened| opened.mode != Mode::Drill) {
        return Err(Refusal::ScriptInRealRun);
    }
    let prompt = open_prompt(draft, number)?;
    confirmed(draft, prompt, "drill-script", None, by)
}

fn confirmed(draft: &mut Draft, prompt: Prompt, how: &str, typed: Option<String>, by: &str) -> Result<(), Refusal> {
    not_stopping(draft)?;
    draft.add(Event::Confirmed {
        prompt: prompt.number,
        step: prompt.step.clone(),
        how: how.to_owned(),
        typed,
        by: by.to_owned(),
    })?;
    start_confirmed(draft, prompt)
}

fn decline(draft: &mut Draft, number: u64, by: &str) -> Result<(), Refusal> {
    let prompt = open_prompt(draft, number)?;
    draft.add(Event::Declined { prompt: number, step: prompt.step, by: by.to_owned() })?;
    go_on_by_itself(draft)
}

fn tick(draft: &mut Draft, id: &StepId, item: u32, by: &str) -> Result<(), Refusal> {
    current(draft, id)?;
    let ticks = draft.run.ticks.get(draft.run.current);
    match ticks.and_then(|ticks| ticks.get(item as usize)) {
        None => return Err(Refusal::NoSuchItem(item)),
        Some(true) => return Err(Refusal::TickedAlready),
        Some(false) => {}
    }
    take_in_hand(draft)?;
    draft.add(Event::ItemTicked { step: id.clone(), item, by: by.to_owned() })?;
    let all = draft.run.ticks.get(draft.run.current).is_some_and(|ticks| !ticks.contains(&false));
    match draft.step() {
        // The last tick is the word that was missing; a manual step takes its note or evidence besides.
        Some((step, StepState::ByHand)) if all && step.manual.is_none() && draft.run.asked().is_empty() => {
            settle(draft, id, "by-hand", None, by)
        }
        _ => Ok(()),
    }
}

fn done(draft: &mut Draft, id: &StepId, note: &str, by: &str) -> Result<(), Refusal> {
    current(draft, id)?;
    let open = draft.run.ticks.get(draft.run.current).map_or(0, |ticks| ticks.iter().filter(|t| !**t).count());
    let in_hand = match draft.step() {
        Some((_, StepState::ByHand)) => true,
        Some((step, StepState::Offered)) => runnable(&step).is_empty() && step.manual.is_some(),
        _ => false,
    };
    if !in_hand {
        return Err(Refusal::NotInYourHands(id.clone()));
    }
    if let Some(missing) = draft.run.asked().first() {
        return Err(Refusal::ValuesMissing(missing.name.clone()));
    }
    if open > 0 {
        return Err(Refusal::ItemsOpen { open });
    }
    let evidence = draft.run.plan.steps.get(draft.run.current).and_then(|step| step.manual);
    if evidence == Some(Evidence::Required) && said(note).is_none() {
        return Err(Refusal::EvidenceMissing);
    }
    take_in_hand(draft)?;
    settle(draft, id, "by-hand", said(note), by)
}

/// Begins an offered step in which nothing runs: whoever ticks or finishes it has plainly begun it.
pub(super) fn take_in_hand(draft: &mut Draft) -> Result<(), Refusal> {
    match draft.step() {
        Some((step, StepState::Offered)) if runnable(&step).is_empty() => {
            draft.add(Event::StepStarted { step: step.id })
        }
        _ => Ok(()),
    }
}

fn settle(draft: &mut Draft, id: &StepId, how: &str, note: Option<String>, by: &str) -> Result<(), Refusal> {
    draft.add(Event::StepDone { step: id.clone(), how: how.to_owned(), note, by: by.to_owned() })?;
    go_on_by_itself(draft)
}

fn retry(draft: &mut Draft, id: &StepId, by: &str) -> Result<(), Refusal> {
    not_stopping(draft)?;
    let StepState::Failed { .. } = current(draft, id)? else { return Err(Refusal::NotFailed(id.clone())) };
    free(draft)?;
    draft.add(Event::RetryChosen { step: id.clone(), by: by.to_owned() })?;
    go_on(draft)
}

fn skip(draft: &mut Draft, id: &StepId, reason: &str, by: &str) -> Result<(), Refusal> {
    not_stopping(draft)?;
    let state = current(draft, id)?;
    let reason = said(reason).ok_or(Refusal::ReasonMissing)?;
    match state {
        StepState::Offered | StepState::Paused { .. } | StepState::Failed { .. } | StepState::ByHand => {}
        StepState::Confirming { prompt, .. } => return Err(Refusal::PromptOpen(prompt)),
        StepState::Running { attempt, .. } => return Err(running(draft, attempt)),
        StepState::Waiting | StepState::Done { .. } | StepState::Skipped { .. } | StepState::NotApplicable { .. } => {
            return Err(Refusal::SettledAlready(id.clone()));
        }
    }
    draft.add(Event::StepSkipped { step: id.clone(), reason, by: by.to_owned() })?;
    go_on_by_itself(draft)
}

fn mark_done(draft: &mut Draft, id: &StepId, evidence: &str, by: &str) -> Result<(), Refusal> {
    not_stopping(draft)?;
    let (StepState::Failed { .. } | StepState::Paused { .. }) = current(draft, id)? else {
        return Err(Refusal::NotFailed(id.clone()));
    };
    let evidence = said(evidence).ok_or(Refusal::EvidenceMissing)?;
    settle(draft, id, "marked", Some(evidence), by)
}

fn improvise(draft: &mut Draft, command: &str) -> Result<(), Refusal> {
    not_stopping(draft)?;
    let command = said(command).ok_or(Refusal::CommandMissing)?;
    free(draft)?;
    draft.add(Event::ConfirmationAsked {
        prompt: draft.run.prompts.saturating_add(1),
        step: None,
        action: None,
        impact: Impact::Change,
        command,
        target: shell_target(&draft.run),
        ask: ask_improvised(&draft.run),
    })
}

fn interrupt(draft: &mut Draft, attempt: &AttemptId, force: bool, by: &str) -> Result<(), Refusal> {
    if draft.run.running.contains(attempt) {
        return draft.add(Event::InterruptAsked { attempt: attempt.clone(), force, by: by.to_owned() });
    }
    match (draft.run.retry.clone(), draft.step()) {
        (Some(retry), Some((step, _))) if retry.attempt == *attempt => draft.add(Event::StepFailed {
            step: step.id,
            attempt: Some(retry.attempt),
            why: format!("{by} put an end to its retries"),
        }),
        _ => Err(Refusal::NotRunning(attempt.clone())),
    }
}

fn fix_moment(
    draft: &mut Draft,
    moment: Moment,
    occurred_at: DateTime<Utc>,
    evidence: &str,
    by: &str,
) -> Result<(), Refusal> {
    if occurred_at > draft.now.utc {
        return Err(Refusal::InTheFuture(moment));
    }
    objective::fix(draft, moment, occurred_at, by, evidence.trim().to_owned())?;
    if reads_differently(draft) { ask_anew(draft) } else { Ok(()) }
}

fn auto(draft: &mut Draft, on: bool, by: &str) -> Result<(), Refusal> {
    let wanted = if on { Progress::Automatic } else { Progress::Manual };
    if draft.run.progress != wanted {
        draft.add(Event::AutoSwitched { on, by: by.to_owned() })?;
    }
    go_on_by_itself(draft)
}

fn stop(draft: &mut Draft, reason: &str, by: &str) -> Result<(), Refusal> {
    let reason = said(reason).ok_or(Refusal::ReasonMissing)?;
    if draft.run.running.is_empty() {
        return draft.end("stopped", Some(reason), by);
    }
    let again = draft.run.stopping.is_some();
    if !again {
        draft.add(Event::StopAsked { how: "stopped".to_owned(), reason: Some(reason), by: by.to_owned() })?;
    }
    interrupt_all(draft, again, by)
}

fn give_up_waiting(draft: &mut Draft, by: &str) -> Result<(), Refusal> {
    not_stopping(draft)?;
    let own = draft.run.running.iter().find(|attempt| Some(*attempt) != draft.run.watch.as_ref()).cloned();
    if let Some(attempt) = own {
        return Err(Refusal::Busy(attempt));
    }
    if let Some(retry) = draft.run.retry.clone() {
        return Err(Refusal::WaitsForRetry(retry.attempt));
    }
    if draft.run.running.is_empty() {
        return draft.end("waiting", None, by);
    }
    draft.add(Event::StopAsked { how: "waiting".to_owned(), reason: None, by: by.to_owned() })?;
    interrupt_all(draft, false, by)
}

fn interrupt_all(draft: &mut Draft, force: bool, by: &str) -> Result<(), Refusal> {
    for attempt in draft.run.running.clone() {
        draft.add(Event::InterruptAsked { attempt, force, by: by.to_owned() })?;
    }
    Ok(())
}

fn not_stopping(draft: &Draft) -> Result<(), Refusal> {
    if draft.run.stopping.is_some() { Err(Refusal::Stopping) } else { Ok(()) }
}

/// Refuses while a question is open or something runs or is about to run again: one thing at a time.
fn free(draft: &Draft) -> Result<(), Refusal> {
    if let Some(prompt) = &draft.run.prompt {
        return Err(Refusal::PromptOpen(prompt.number));
    }
    let own = draft.run.running.iter().find(|attempt| Some(*attempt) != draft.run.watch.as_ref());
    if let Some(attempt) = own {
        return Err(Refusal::Busy(attempt.clone()));
    }
    match &draft.run.retry {
        Some(retry) => Err(Refusal::WaitsForRetry(retry.attempt.clone())),
        None => Ok(()),
    }
}

fn running(draft: &Draft, attempt: AttemptId) -> Refusal {
    if draft.run.running.contains(&attempt) { Refusal::Busy(attempt) } else { Refusal::WaitsForRetry(attempt) }
}

fn open_prompt(draft: &Draft, number: u64) -> Result<Prompt, Refusal> {
    match &draft.run.prompt {
        None => Err(Refusal::NoPrompt),
        Some(open) if open.number != number => Err(Refusal::StalePrompt { answered: number, open: open.number }),
        Some(open) => Ok(open.clone()),
    }
}

/// Returns the state of the step that is named, if it is its turn.
fn current(draft: &Draft, id: &StepId) -> Result<StepState, Refusal> {
    let Some(index) = draft.run.plan.step_index(id) else { return Err(Refusal::NoSuchStep(id.clone())) };
    match draft.step() {
        Some((step, state)) if step.id == *id => Ok(state),
        Some((step, _)) if index > draft.run.current => Err(Refusal::NotItsTurn { step: id.clone(), current: step.id }),
        _ => Err(Refusal::SettledAlready(id.clone())),
    }
}

pub(super) fn said(text: &str) -> Option<String> {
    Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned)
}
