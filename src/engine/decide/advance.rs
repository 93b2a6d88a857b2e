//! How a run gets on: the next action of a step, the next step, the end.

use super::draft::Draft;
use super::{again, choose, items, values};
use crate::engine::event::{Also, Approval, Event, Requested};
use crate::engine::objectives::runnable;
use crate::engine::prepare::{Prepared, observes, prepare, uses};
use crate::engine::refusal::Refusal;
use crate::engine::state::{Agreed, AttemptState, Progress, Prompt, Recovery, Run, StepState, Strand};
use crate::kernel::AttemptId;
use crate::runbook::{Action, Impact, OnFailure, Step};

/// Begins an offered step, unless it is not for this case.
pub(super) fn begin(draft: &mut Draft, strand: Strand) -> Result<(), Refusal> {
    let Some((step, StepState::Offered)) = draft.at(strand) else { return Ok(()) };
    match values::unless(draft, strand, step.when.as_ref())? {
        Ok(None) => {}
        Ok(Some(why)) => return draft.add(Event::NotApplicable { step: step.id, action: None, why }),
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
    draft.add(Event::StepStarted { step: step.id })
}

/// Starts whatever may begin without a person, until nothing more does: the next actions, and the next steps.
pub(super) fn settle(draft: &mut Draft) -> Result<(), Refusal> {
    loop {
        // A command of the operator's own has the run's shell for itself.
        let own = draft.run.prompt.as_ref().is_some_and(|prompt| prompt.step.is_none());
        let paused = draft.run.exercise.paused.is_some();
        if !draft.is_open() || draft.run.stopping.is_some() || paused || own || draft.run.improvised_runs() {
            return Ok(());
        }
        let before = draft.len();
        let back = draft.run.is_rolling_back();
        for strand in draft.run.open_strands() {
            // While what was done is taken back nothing else goes on.
            if back && draft.run.undoes(strand).is_none() {
                continue;
            }
            match draft.run.state(strand) {
                Some(StepState::Ready { .. }) => go_on(draft, strand)?,
                Some(StepState::Spread { .. }) => items::look_at(draft, strand)?,
                _ => {}
            }
        }
        if !draft.run.is_rolling_back() {
            begin_by_itself(draft)?;
        }
        if draft.len() == before {
            return Ok(());
        }
    }
}

/// Goes on with a strand where it stands: starts or asks for its next action, or settles it.
///
/// Values that the step asks for come first. Checklist and manual part come after the actions: a person vouches for what
/// was done, not for what is about to be.
pub(super) fn go_on(draft: &mut Draft, strand: Strand) -> Result<(), Refusal> {
    let Some((step, StepState::Ready { cursor } | StepState::Paused { cursor })) = draft.at(strand) else {
        return Ok(());
    };
    if strand.item.is_none() && !draft.run.asked_by(strand.step).is_empty() {
        return Ok(());
    }
    let Some(action) = draft.action(strand, cursor) else {
        let (how, by) = ("ran".to_owned(), "lifeboat".to_owned());
        return draft.add(Event::StepDone { step: draft.id(strand), how, note: None, by });
    };
    if items::waits_for_others(draft, strand) {
        return Ok(());
    }
    if strand.item.is_none()
        && let Some((foreach, _)) = Run::spread_at(&step, cursor)
    {
        return items::begin(draft, strand, foreach);
    }
    let needed = match values::unless(draft, strand, action.when.as_ref())? {
        Ok(None) => values::derive(draft, &uses(&draft.run.plan, &action))?,
        Ok(Some(why)) => {
            return draft.add(Event::NotApplicable { step: draft.id(strand), action: Some(action.name), why });
        }
        Err(why) => Err(why),
    };
    let agreed = draft.run.turn(strand).and_then(|turn| turn.agreed.get(&cursor)).cloned();
    let at = agreed.as_ref().map_or(draft.now, |agreed| agreed.at);
    match needed.and_then(|()| prepare(&draft.run, strand, &step, &action, at.utc)) {
        Err(why) => draft.add(Event::StepFailed { step: draft.id(strand), attempt: None, why }),
        Ok(prepared) if prepared.ask.is_none() || is_agreed(&prepared, agreed.as_ref()) => {
            start(draft, strand, &action, prepared)
        }
        Ok(_) if draft.run.prompt.is_some() || draft.run.is_background(strand) => Ok(()),
        Ok(prepared) => ask(draft, strand, &action, prepared),
    }
}

fn is_agreed(prepared: &Prepared, agreed: Option<&Agreed>) -> bool {
    agreed.is_some_and(|agreed| agreed.command == prepared.command && agreed.target == prepared.target)
}

fn ask(draft: &mut Draft, strand: Strand, action: &Action, prepared: Prepared) -> Result<(), Refusal> {
    let Some(ask) = prepared.ask else { return Ok(()) };
    // What cannot be undone is read and answered one by one.
    let also = if prepared.impact < Impact::Irreversible { others(draft, strand, action) } else { Vec::new() };
    let attempt = next_attempt(draft, strand);
    // Where the log stands is filled in by whoever records it.
    let request =
        |approval| Approval { request: Some(Requested { attempt, lines: 0, head: String::new() }), ..approval };
    let approval = prepared.approval.map(request);
    draft.add(Event::ConfirmationAsked {
        prompt: draft.run.prompts.saturating_add(1),
        step: Some(draft.id(strand)),
        action: Some(action.name.clone()),
        impact: prepared.impact,
        command: prepared.command,
        target: prepared.target,
        ask,
        also,
        approval,
    })
}

/// Lists the same action for the other items that have it before them, as far as their values are known by now.
fn others(draft: &Draft, strand: Strand, action: &Action) -> Vec<Also> {
    let Some(cursor) = draft.run.state(strand).map(StepState::cursor) else { return Vec::new() };
    let Some(step) = draft.run.plan.steps.get(strand.step) else { return Vec::new() };
    let before = |state: &StepState| match state {
        StepState::Ready { cursor: at } | StepState::Paused { cursor: at } => *at <= cursor,
        StepState::Running { cursor: at, .. } => *at < cursor,
        _ => false,
    };
    let siblings = draft.run.siblings(strand).filter(|(other, lane)| *other != strand && before(&lane.state));
    let asked = siblings.filter_map(|(other, lane)| {
        let prepared = prepare(&draft.run, other, step, action, draft.now.utc).ok()?;
        let known = is_agreed(&prepared, lane.turn.agreed.get(&cursor)) || prepared.impact == Impact::Irreversible;
        let Prepared { command, target, .. } = prepared;
        (!known).then(|| Also { step: draft.id(other), command, target })
    });
    asked.collect()
}

/// Starts what was confirmed: exactly what the prompt showed.
pub(super) fn start_confirmed(draft: &mut Draft, prompt: Prompt) -> Result<(), Refusal> {
    let attempt = match prompt.step.as_ref().and_then(|step| draft.run.strand(step)) {
        Some(strand) => next_attempt(draft, strand),
        None => AttemptId::new(format!("x.{}", draft.run.improvised.saturating_add(1))),
    };
    draft.add(Event::AttemptStarted {
        attempt,
        step: prompt.step,
        action: prompt.action,
        impact: prompt.impact,
        command: prompt.command,
        target: prompt.target,
    })
}

fn start(draft: &mut Draft, strand: Strand, action: &Action, prepared: Prepared) -> Result<(), Refusal> {
    let Prepared { impact, command, target, .. } = prepared;
    draft.add(Event::AttemptStarted {
        attempt: next_attempt(draft, strand),
        step: Some(draft.id(strand)),
        action: Some(action.name.clone()),
        impact,
        command,
        target,
    })
}

/// Names the next attempt of a step, whatever it is for.
fn next_attempt(draft: &Draft, strand: Strand) -> AttemptId {
    let number = draft.run.plan.steps.get(strand.step).map_or(0, |step| step.number);
    let tries = draft.run.tries.get(strand.step).copied().unwrap_or_default();
    AttemptId::new(format!("{number}.{}", tries.saturating_add(1)))
}

/// Returns the open question with its strand and its action, if it is about a step.
fn asked(draft: &Draft) -> Option<(Prompt, Strand, Step, Action)> {
    let open = draft.run.prompt.clone()?;
    let strand = draft.run.strand(open.step.as_ref()?)?;
    let (step, StepState::Confirming { cursor, .. }) = draft.at(strand)? else { return None };
    let action = draft.action(strand, cursor)?;
    Some((open, strand, step, action))
}

/// Asks anew where the values of an open confirmation changed, so that nobody confirms what they did not read.
pub(super) fn ask_anew(draft: &mut Draft) -> Result<(), Refusal> {
    let Some((open, strand, step, action)) = asked(draft) else { return Ok(()) };
    match prepare(&draft.run, strand, &step, &action, open.at.utc) {
        Ok(prepared) => ask(draft, strand, &action, prepared),
        Err(_) => Ok(()),
    }
}

/// Tells whether an open confirmation of a step would read differently by now.
pub(super) fn reads_differently(draft: &Draft) -> bool {
    let Some((open, strand, step, action)) = asked(draft) else { return false };
    let now = prepare(&draft.run, strand, &step, &action, open.at.utc).ok();
    now.is_some_and(|now| {
        now.command != open.command
            || now.target != open.target
            || now.ask.as_ref() != Some(&open.ask)
            || !match (&now.approval, &open.approval) {
                (Some(now), Some(open)) => now.wants_as(open),
                (now, open) => now.is_none() && open.is_none(),
            }
    })
}

/// Tries a failed action again. What does more than observe runs again only as it was confirmed.
pub(super) fn try_again(draft: &mut Draft, number: u64) -> Result<(), Refusal> {
    // A pause holds it up, and what follows a pause wakes it again.
    if draft.run.exercise.paused.is_some() {
        return Ok(());
    }
    let Some(strand) = draft.run.retried(number) else { return Ok(()) };
    let Some((step, StepState::Running { attempt: last, cursor })) = draft.at(strand) else { return Ok(()) };
    let Some(action) = draft.action(strand, cursor) else { return Ok(()) };
    let confirmed_at = draft.run.turn(strand).and_then(|turn| turn.confirmed_at);
    let prepared = match prepare(&draft.run, strand, &step, &action, confirmed_at.unwrap_or(draft.now).utc) {
        Ok(prepared) => prepared,
        Err(why) => return draft.add(Event::StepFailed { step: draft.id(strand), attempt: Some(last), why }),
    };
    let same = draft.run.attempts.get(&last).is_some_and(|last| last.command == prepared.command);
    if prepared.impact == Impact::Observe || (same && confirmed_at.is_some()) {
        return start(draft, strand, &action, prepared);
    }
    if draft.run.prompt.is_some() {
        let why = "it was to be tried again with other values while another question was open".to_owned();
        return draft.add(Event::StepFailed { step: draft.id(strand), attempt: Some(last), why });
    }
    ask(draft, strand, &action, prepared)
}

/// Decides what a failure leads to.
pub(super) fn failed(draft: &mut Draft, strand: Strand, attempt: &AttemptId, why: &str) -> Result<(), Refusal> {
    if draft.run.turn(strand).is_some_and(|turn| turn.retry.is_some()) {
        return Ok(());
    }
    let Some((step, StepState::Running { cursor, .. })) = draft.at(strand) else { return Ok(()) };
    let Some(action) = draft.action(strand, cursor) else { return Ok(()) };
    let for_a_person = draft.run.attempts.get(attempt).is_some_and(|attempt| match &attempt.state {
        AttemptState::Finished { outcome, .. } => outcome.is_for_a_person(),
        AttemptState::Running => false,
    });
    let goes_on = action.optional == crate::runbook::Necessity::Optional || action.on_failure == OnFailure::Continue;
    let optional_step = step.optional == crate::runbook::Necessity::Optional && strand.item.is_none();
    if let (OnFailure::Jump(to), false) = (action.on_failure, for_a_person)
        && choose::jump(draft, strand, to, why)?
    {
        return Ok(());
    }
    // Whoever interrupts has something in mind, and what may have happened somebody has to look at: the choice is
    // theirs, whatever the author wrote.
    if for_a_person || !(goes_on || optional_step) {
        let (step, attempt) = (draft.id(strand), Some(attempt.clone()));
        draft.add(Event::StepFailed { step, attempt, why: why.to_owned() })?;
        return again::look_at_once(draft, strand);
    }
    draft.add(Event::FailurePassed { step: draft.id(strand), action: action.name, why: why.to_owned() })?;
    if goes_on {
        return Ok(());
    }
    draft.add(Event::StepSkipped {
        step: draft.id(strand),
        reason: format!("optional, and it failed: {why}"),
        by: "lifeboat".to_owned(),
    })
}

/// Passes what is not for this case, and reading matter, which asks nothing of anybody; starts the offered steps if
/// progress is automatic and all they do is observe, unasked.
fn begin_by_itself(draft: &mut Draft) -> Result<(), Refusal> {
    for strand in draft.run.open_strands() {
        let Some((step, StepState::Offered)) = draft.at(strand) else { continue };
        if draft.run.prompt.is_some() && !step.parallel {
            continue;
        }
        match values::unless(draft, strand, step.when.as_ref())? {
            Ok(Some(why)) => draft.add(Event::NotApplicable { step: step.id, action: None, why })?,
            _ if step.is_reading() => {
                let (how, by) = ("read".to_owned(), "lifeboat".to_owned());
                draft.add(Event::StepStarted { step: step.id.clone() })?;
                draft.add(Event::StepDone { step: step.id, how, note: None, by })?;
            }
            _ if starts_unasked(draft, strand, &step) => begin(draft, strand)?,
            _ => {}
        }
    }
    Ok(())
}

fn starts_unasked(draft: &Draft, strand: Strand, step: &Step) -> bool {
    let actions = runnable(step);
    draft.run.progress == Progress::Automatic
        && !actions.is_empty()
        && draft.run.asked_by(strand.step).is_empty()
        && actions.iter().all(|action| action.confirm.is_none() && action.approvals.is_none() && observes(action))
}

/// Ends the run where nothing is left: it was asked to stop, or all is settled and service is restored.
pub(super) fn conclude(draft: &mut Draft) -> Result<(), Refusal> {
    if !draft.is_open() {
        return Ok(());
    }
    if let Some(stopping) = draft.run.stopping.clone() {
        if !draft.run.running.is_empty() {
            return Ok(());
        }
        return draft.end(&stopping.how, stopping.reason, &stopping.by);
    }
    if draft.run.current < draft.run.steps.len() || draft.run.prompt.is_some() || draft.run.working() {
        return Ok(());
    }
    let how = match (&draft.run.recovery, &draft.run.plan.meta.recovered_when) {
        (Recovery::Restored { .. }, _) => "recovered",
        (Recovery::NotYet, None) => "finished",
        (Recovery::NotYet, Some(_)) | (Recovery::Holding(_), _) => return Ok(()),
    };
    if draft.run.running.is_empty() {
        return draft.end(how, None, "lifeboat");
    }
    if draft.run.running.iter().all(|attempt| Some(attempt) == draft.run.watch.as_ref()) {
        return Ok(());
    }
    // Nobody waits any more for what still runs in the background.
    let by = "lifeboat".to_owned();
    draft.add(Event::StopAsked { how: how.to_owned(), reason: None, by: by.clone() })?;
    for attempt in draft.run.running.clone() {
        draft.add(Event::InterruptAsked { attempt, force: false, by: by.clone() })?;
    }
    Ok(())
}
