//! What people wish, and the drill's script.

use chrono::{DateTime, Utc};

use super::advance::{ask_anew, begin, go_on, reads_differently, start_confirmed};
use super::choose::{self, choose};
use super::draft::Draft;
use super::{again, approve, duty, exercise, objective, recovery, values, watch};
use crate::engine::event::{Ask, Event, Mode, UNRECORDED_PHRASE};
use crate::engine::input::Intent;
use crate::engine::objectives::runnable;
use crate::engine::prepare::{ask_improvised, prepare, shell_target};
use crate::engine::refusal::Refusal;
use crate::engine::state::{Progress, Prompt, StepState, Strand};
use crate::kernel::{AttemptId, StepId};
use crate::runbook::{Evidence, Impact, Moment};

/// Decides one wish. While the run stops, only what leads out of it, and the record, is open.
pub(super) fn wish(draft: &mut Draft, by: &str, intent: &Intent) -> Result<(), Refusal> {
    match intent {
        Intent::Run { step } => run(draft, step),
        Intent::Confirm { prompt, typed } => confirm(draft, *prompt, typed.as_deref(), by),
        Intent::ConfirmByScript { prompt } => confirm_by_script(draft, *prompt, by),
        Intent::Approve { prompt, approver } => approve::state(draft, *prompt, approver, by),
        // What is handed in reaches the engine as an approval, once it was verified.
        Intent::HandIn { .. } => Err(Refusal::Unverified),
        Intent::Waive { prompt, reason } => approve::waive(draft, *prompt, reason, by),
        Intent::Decline { prompt } => decline(draft, *prompt, by),
        Intent::Tick { step, item } => tick(draft, step, *item, by),
        Intent::Done { step, note } => done(draft, step, note, by),
        Intent::Retry { step } => again::retry(draft, step, None, by),
        Intent::RetryOnWord { step, evidence } => again::retry(draft, step, Some(evidence), by),
        Intent::Look { step } => again::look(draft, step, by),
        Intent::Edit { step, command } => edit(draft, step, command, by),
        Intent::Jump { step, to, reason } => choose::jump_to(draft, (step, to), reason, by),
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
        Intent::Choose { step, branch, note } => choose(draft, step, *branch, note, by),
        Intent::Owe { step, note } => duty::owe(draft, step, note, by),
        Intent::Sent { message } => duty::sent(draft, message, by),
        Intent::SeeAlarm { action, note } => watch::acknowledge(draft, action, note, by),
        // It needs what a draft has no longer.
        Intent::RollBack { .. } => Err(Refusal::NothingToUndo),
        Intent::Auto { on } => auto(draft, *on, by),
        Intent::EndPause => exercise::end_pause(draft, by.to_owned()),
        Intent::Stop { reason } => stop(draft, reason, by),
        Intent::GiveUpWaiting => give_up_waiting(draft, by),
        Intent::GoOnUnrecorded { typed } => go_on_unrecorded(draft, typed, by),
    }
}

fn run(draft: &mut Draft, id: &StepId) -> Result<(), Refusal> {
    not_stopping(draft)?;
    let index = draft.run.plan.step_index(id).ok_or_else(|| Refusal::NoSuchStep(id.clone()))?;
    if index < draft.run.current && id.parts().1.is_none() {
        return if recovery::watch_again(draft, index)? { Ok(()) } else { Err(Refusal::SettledAlready(id.clone())) };
    }
    let (strand, state) = turn(draft, id)?;
    goes_forward(draft, strand)?;
    match state {
        StepState::Offered => {
            free(draft, strand)?;
            begin(draft, strand)
        }
        StepState::Paused { .. } => {
            free(draft, strand)?;
            go_on(draft, strand)
        }
        StepState::Failed { .. } => Err(Refusal::Failed(id.clone())),
        StepState::ByHand => Err(Refusal::InYourHands(id.clone())),
        StepState::Running { attempt, .. } => Err(running(draft, attempt)),
        StepState::Confirming { prompt, .. } => Err(Refusal::PromptOpen(prompt)),
        StepState::Ready { .. } | StepState::Spread { .. } => Err(Refusal::GoesOn(id.clone())),
        StepState::Waiting
        | StepState::Done { .. }
        | StepState::Skipped { .. }
        | StepState::Owed { .. }
        | StepState::NotApplicable { .. } => Err(Refusal::SettledAlready(id.clone())),
    }
}

fn confirm(draft: &mut Draft, number: u64, typed: Option<&str>, by: &str) -> Result<(), Refusal> {
    let prompt = approved(open_prompt(draft, number)?)?;
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
    let prompt = approved(open_prompt(draft, number)?)?;
    confirmed(draft, prompt, "drill-script", None, by)
}

fn approved(prompt: Prompt) -> Result<Prompt, Refusal> {
    match prompt.lacks() {
        0 => Ok(prompt),
        missing => Err(Refusal::ApprovalMissing { missing }),
    }
}

fn confirmed(draft: &mut Draft, prompt: Prompt, how: &str, typed: Option<String>, by: &str) -> Result<(), Refusal> {
    not_stopping(draft)?;
    let asked = prompt.action.as_ref().and_then(|name| draft.run.plan.action(name));
    if let Some(watch) = asked.and_then(|(_, action)| draft.run.blocked_by(action)) {
        let why = draft.run.failing(watch).unwrap_or_default().to_owned();
        return Err(Refusal::WatchFails { watch: watch.clone(), why });
    }
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
    draft.add(Event::Declined { prompt: number, step: prompt.step, by: by.to_owned() })
}

fn tick(draft: &mut Draft, id: &StepId, item: u32, by: &str) -> Result<(), Refusal> {
    let (strand, _) = turn(draft, id)?;
    let ticks = draft.run.ticks.get(strand.step);
    match ticks.and_then(|ticks| ticks.get(item as usize)) {
        None => return Err(Refusal::NoSuchItem(item)),
        Some(true) => return Err(Refusal::TickedAlready),
        Some(false) => {}
    }
    take_in_hand(draft, strand)?;
    draft.add(Event::ItemTicked { step: id.clone(), item, by: by.to_owned() })?;
    let all = draft.run.ticks.get(strand.step).is_some_and(|ticks| !ticks.contains(&false));
    match draft.at(strand) {
        // The last tick is the word that was missing; a manual step takes its note or evidence besides.
        Some((step, StepState::ByHand))
            if all
                && step.manual.is_none()
                && step.decision.is_none()
                && draft.run.unsent(&step).is_none()
                && draft.run.asked_by(strand.step).is_empty() =>
        {
            settle(draft, id, "by-hand", None, by)
        }
        _ => Ok(()),
    }
}

fn done(draft: &mut Draft, id: &StepId, note: &str, by: &str) -> Result<(), Refusal> {
    let (strand, state) = turn(draft, id)?;
    let open = draft.run.ticks.get(strand.step).map_or(0, |ticks| ticks.iter().filter(|t| !**t).count());
    let plan = draft.run.plan.clone();
    let step = plan.steps.get(strand.step).filter(|_| strand.item.is_none());
    let in_hand = match (step, state) {
        (Some(_), StepState::ByHand) => true,
        (Some(step), StepState::Offered) => {
            runnable(step).is_empty() && (step.manual.is_some() || step.decision.is_some())
        }
        _ => false,
    };
    if !in_hand {
        return Err(Refusal::NotInYourHands(id.clone()));
    }
    if step.is_some_and(|step| step.decision.is_some()) {
        return Err(Refusal::ToDecide(id.clone()));
    }
    if let Some(missing) = draft.run.asked_by(strand.step).first() {
        return Err(Refusal::ValuesMissing(missing.name.clone()));
    }
    if let Some(unsent) = step.and_then(|step| draft.run.unsent(step)) {
        return Err(Refusal::Unsent(unsent.name.clone()));
    }
    if open > 0 {
        return Err(Refusal::ItemsOpen { open });
    }
    let evidence = step.and_then(|step| step.manual);
    if evidence == Some(Evidence::Required) && said(note).is_none() {
        return Err(Refusal::EvidenceMissing);
    }
    take_in_hand(draft, strand)?;
    settle(draft, id, "by-hand", said(note), by)
}

/// Begins an offered step in which nothing runs: whoever ticks or finishes it has plainly begun it.
pub(super) fn take_in_hand(draft: &mut Draft, strand: Strand) -> Result<(), Refusal> {
    match draft.at(strand) {
        Some((step, StepState::Offered)) if runnable(&step).is_empty() => {
            draft.add(Event::StepStarted { step: step.id })
        }
        _ => Ok(()),
    }
}

fn settle(draft: &mut Draft, id: &StepId, how: &str, note: Option<String>, by: &str) -> Result<(), Refusal> {
    draft.add(Event::StepDone { step: id.clone(), how: how.to_owned(), note, by: by.to_owned() })
}

/// Runs a failed action again with a command that the operator wrote: what it was, and what it is now, are recorded.
fn edit(draft: &mut Draft, id: &StepId, command: &str, by: &str) -> Result<(), Refusal> {
    not_stopping(draft)?;
    let (strand, state) = turn(draft, id)?;
    let cursor = match state {
        StepState::Failed { cursor, .. } => cursor,
        StepState::Paused { cursor } if draft.run.failed_before(strand).is_some() => cursor,
        _ => return Err(Refusal::NotFailed(id.clone())),
    };
    goes_forward(draft, strand)?;
    free(draft, strand)?;
    let after = said(command).ok_or(Refusal::CommandMissing)?;
    let failed = draft.at(strand).zip(draft.action(strand, cursor));
    let ((step, _), action) = failed.ok_or_else(|| Refusal::NotFailed(id.clone()))?;
    let prepared = prepare(&draft.run, strand, &step, &action, draft.now.utc);
    let before = prepared.map_or_else(|_| action.code.clone(), |prepared| prepared.command);
    if before.trim() == after {
        return Err(Refusal::NothingEdited);
    }
    draft.add(Event::CommandEdited { step: id.clone(), action: action.name, before, after, by: by.to_owned() })
}

fn skip(draft: &mut Draft, id: &StepId, reason: &str, by: &str) -> Result<(), Refusal> {
    not_stopping(draft)?;
    let (_, state) = turn(draft, id)?;
    let reason = said(reason).ok_or(Refusal::ReasonMissing)?;
    match state {
        StepState::Offered
        | StepState::Ready { .. }
        | StepState::Paused { .. }
        | StepState::Failed { .. }
        | StepState::ByHand => {}
        StepState::Confirming { prompt, .. } => return Err(Refusal::PromptOpen(prompt)),
        StepState::Running { attempt, .. } => return Err(running(draft, attempt)),
        StepState::Spread { .. } => return Err(Refusal::GoesOn(id.clone())),
        StepState::Waiting
        | StepState::Done { .. }
        | StepState::Skipped { .. }
        | StepState::Owed { .. }
        | StepState::NotApplicable { .. } => {
            return Err(Refusal::SettledAlready(id.clone()));
        }
    }
    draft.add(Event::StepSkipped { step: id.clone(), reason, by: by.to_owned() })
}

fn mark_done(draft: &mut Draft, id: &StepId, evidence: &str, by: &str) -> Result<(), Refusal> {
    not_stopping(draft)?;
    let (_, StepState::Failed { .. } | StepState::Paused { .. }) = turn(draft, id)? else {
        return Err(Refusal::NotFailed(id.clone()));
    };
    let evidence = said(evidence).ok_or(Refusal::EvidenceMissing)?;
    settle(draft, id, "marked", Some(evidence), by)
}

fn improvise(draft: &mut Draft, command: &str) -> Result<(), Refusal> {
    not_stopping(draft)?;
    let command = said(command).ok_or(Refusal::CommandMissing)?;
    alone(draft)?;
    draft.add(Event::ConfirmationAsked {
        prompt: draft.run.prompts.saturating_add(1),
        step: None,
        action: None,
        impact: Impact::Change,
        command,
        target: shell_target(&draft.run),
        ask: ask_improvised(&draft.run),
        also: Vec::new(),
        approval: None,
    })
}

fn interrupt(draft: &mut Draft, attempt: &AttemptId, force: bool, by: &str) -> Result<(), Refusal> {
    if draft.run.running.contains(attempt) {
        return draft.add(Event::InterruptAsked { attempt: attempt.clone(), force, by: by.to_owned() });
    }
    let retried = draft.run.retries_pending().into_iter().find(|(_, retry)| retry.attempt == *attempt);
    let Some((strand, _)) = retried else { return Err(Refusal::NotRunning(attempt.clone())) };
    draft.add(Event::StepFailed {
        step: draft.id(strand),
        attempt: Some(attempt.clone()),
        why: format!("{by} put an end to its retries"),
    })
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
    Ok(())
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

fn go_on_unrecorded(draft: &mut Draft, typed: &str, by: &str) -> Result<(), Refusal> {
    if typed.trim() != UNRECORDED_PHRASE {
        return Err(Refusal::WrongPhrase { phrase: UNRECORDED_PHRASE.to_owned() });
    }
    draft.add(Event::WentUnrecorded { typed: typed.trim().to_owned(), by: by.to_owned() })
}

fn give_up_waiting(draft: &mut Draft, by: &str) -> Result<(), Refusal> {
    not_stopping(draft)?;
    idle(draft)?;
    if draft.run.running.is_empty() {
        return draft.end("waiting", None, by);
    }
    draft.add(Event::StopAsked { how: "waiting".to_owned(), reason: None, by: by.to_owned() })?;
    interrupt_all(draft, false, by)
}

pub(super) fn interrupt_all(draft: &mut Draft, force: bool, by: &str) -> Result<(), Refusal> {
    for attempt in draft.run.running.clone() {
        draft.add(Event::InterruptAsked { attempt, force, by: by.to_owned() })?;
    }
    Ok(())
}

pub(super) fn not_stopping(draft: &Draft) -> Result<(), Refusal> {
    if draft.run.stopping.is_some() { Err(Refusal::Stopping) } else { Ok(()) }
}

/// Refuses to go on with anything else while what was done is taken back.
pub(super) fn goes_forward(draft: &Draft, strand: Strand) -> Result<(), Refusal> {
    let waits = draft.run.is_rolling_back() && draft.run.undoes(strand).is_none();
    if waits { Err(Refusal::RollingBack) } else { Ok(()) }
}

/// Refuses while another question is open, or a command of the operator's own runs.
pub(super) fn free(draft: &Draft, strand: Strand) -> Result<(), Refusal> {
    if let Some(prompt) = &draft.run.prompt {
        return Err(Refusal::PromptOpen(prompt.number));
    }
    let beside = |attempt: &&AttemptId| draft.run.strand_of(attempt).is_some_and(|other| other != strand);
    let foreground = |attempt: &&AttemptId| !draft.run.runs_in_background(attempt);
    let own = draft.run.running.iter().filter(foreground).find(|attempt| !beside(attempt));
    own.map_or(Ok(()), |attempt| Err(Refusal::Busy(attempt.clone())))
}

/// Refuses while a question is open or something runs or is about to run again.
fn alone(draft: &Draft) -> Result<(), Refusal> {
    match &draft.run.prompt {
        Some(prompt) => Err(Refusal::PromptOpen(prompt.number)),
        None => idle(draft),
    }
}

/// Refuses while something that people wait for runs or is about to run again.
pub(super) fn idle(draft: &Draft) -> Result<(), Refusal> {
    let busy = draft.run.running.iter().find(|attempt| !draft.run.runs_in_background(attempt));
    if let Some(attempt) = busy {
        return Err(Refusal::Busy(attempt.clone()));
    }
    let retried = draft.run.retries_pending().into_iter().find(|(strand, _)| !draft.run.is_background(*strand));
    retried.map_or(Ok(()), |(_, retry)| Err(Refusal::WaitsForRetry(retry.attempt.clone())))
}

pub(super) fn running(draft: &Draft, attempt: AttemptId) -> Refusal {
    if draft.run.running.contains(&attempt) { Refusal::Busy(attempt) } else { Refusal::WaitsForRetry(attempt) }
}

pub(super) fn open_prompt(draft: &Draft, number: u64) -> Result<Prompt, Refusal> {
    match &draft.run.prompt {
        None => Err(Refusal::NoPrompt),
        Some(open) if open.number != number => Err(Refusal::StalePrompt { answered: number, open: open.number }),
        Some(open) => Ok(open.clone()),
    }
}

/// Returns the strand that is named and where it is, if it is its turn.
pub(super) fn turn(draft: &Draft, id: &StepId) -> Result<(Strand, StepState), Refusal> {
    let Some(index) = draft.run.plan.step_index(id) else { return Err(Refusal::NoSuchStep(id.clone())) };
    let strand = draft.run.strand(id).ok_or_else(|| Refusal::NoSuchStep(id.clone()))?;
    if draft.run.open_strands().contains(&strand)
        && let Some((_, state)) = draft.at(strand)
    {
        return Ok((strand, state));
    }
    let current = draft.run.plan.steps.get(draft.run.current).filter(|_| index > draft.run.current);
    match (current, draft.run.state(strand)) {
        (Some(current), Some(StepState::Waiting)) => {
            Err(Refusal::NotItsTurn { step: id.clone(), current: current.id.clone() })
        }
        _ => Err(Refusal::SettledAlready(id.clone())),
    }
}

pub(super) fn said(text: &str) -> Option<String> {
    Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned)
}
