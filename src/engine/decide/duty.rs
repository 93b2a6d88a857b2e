//! Who does what until when: deadlines that remind, steps left to their owners, messages to people.

use super::draft::Draft;
use super::operator::{not_stopping, running, said, take_in_hand, turn};
use super::values::known_to;
use crate::engine::event::{Event, Mode};
use crate::engine::objectives::runnable;
use crate::engine::refusal::Refusal;
use crate::engine::state::{Recovery, Run, StepState, Strand};
use crate::kernel::{ActionName, StepId};
use crate::runbook::{Evidence, Message, Step, words};

/// What a message of a drill begins and ends with, so that nobody takes it for the real thing.
const EXERCISE: &str = "EXERCISE EXERCISE EXERCISE";

/// Leaves a step to its owner.
pub(super) fn owe(draft: &mut Draft, id: &StepId, note: &str, by: &str) -> Result<(), Refusal> {
    not_stopping(draft)?;
    let (strand, state) = turn(draft, id)?;
    let duty = draft.at(strand).filter(|_| strand.item.is_none()).map(|(step, _)| step.duty).unwrap_or_default();
    let (Some(owed), Some(owner)) = (duty.owed, duty.owner) else { return Err(Refusal::NotOwed(id.clone())) };
    match state {
        StepState::Offered | StepState::Paused { .. } | StepState::Failed { .. } | StepState::ByHand => {}
        StepState::Confirming { prompt, .. } => return Err(Refusal::PromptOpen(prompt)),
        StepState::Running { attempt, .. } => return Err(running(draft, attempt)),
        StepState::Ready { .. } | StepState::Spread { .. } => return Err(Refusal::GoesOn(id.clone())),
        StepState::Waiting
        | StepState::Done { .. }
        | StepState::Skipped { .. }
        | StepState::Owed { .. }
        | StepState::NotApplicable { .. } => return Err(Refusal::SettledAlready(id.clone())),
    }
    let owed = chrono::Duration::from_std(owed).unwrap_or_default();
    let due = draft.now.utc.checked_add_signed(owed).unwrap_or(draft.now.utc);
    let (step, note, by) = (id.clone(), said(note), by.to_owned());
    draft.add(Event::StepOwed { step, owner, due, note, by })
}

/// Takes a person's word that a message was sent: a message of a step whose turn has come.
pub(super) fn sent(draft: &mut Draft, name: &ActionName, by: &str) -> Result<(), Refusal> {
    let plan = draft.run.plan.clone();
    let reached = plan.steps.iter().enumerate().filter(|(at, _)| draft.run.was_reached(*at));
    let mut found = reached.flat_map(|(at, step)| step.messages.iter().map(move |message| (at, step, message)));
    let (at, step, message) =
        found.find(|(_, _, message)| message.name == *name).ok_or_else(|| Refusal::NoSuchMessage(name.clone()))?;
    let text = draft.run.message_text(message, draft.now.utc).map_err(Refusal::BadValue)?;
    let strand = Strand::whole(at);
    take_in_hand(draft, strand)?;
    draft.add(Event::MessageSent {
        step: step.id.clone(),
        message: name.clone(),
        to: message.to.clone(),
        text,
        by: by.to_owned(),
    })?;
    match draft.at(strand) {
        // A step that only tells people is done with its last message.
        Some((step, StepState::ByHand))
            if step.manual == Some(Evidence::Welcome)
                && step.checklist.is_empty()
                && step.decision.is_none()
                && runnable(&step).is_empty()
                && draft.run.asked_by(at).is_empty()
                && draft.run.unsent(&step).is_none() =>
        {
            let (how, note, by) = ("by-hand".to_owned(), None, by.to_owned());
            draft.add(Event::StepDone { step: step.id, how, note, by })
        }
        _ => Ok(()),
    }
}

/// Reminds of a step that waits, if it still does.
pub(super) fn deadline(draft: &mut Draft, turn: u64) -> Result<(), Refusal> {
    let came = draft.run.came.iter().position(|came| came.is_some_and(|came| came.number == turn));
    let Some(strand) = came.map(Strand::whole).filter(|strand| draft.run.open_strands().contains(strand)) else {
        return Ok(());
    };
    if draft.run.overdue.contains(&strand.step) {
        return Ok(());
    }
    draft.add(Event::DeadlinePassed { step: draft.id(strand) })
}

/// Says that a message is due again, unless the service is restored or it was sent since.
pub(super) fn due(draft: &mut Draft, sent: u64) -> Result<(), Refusal> {
    if matches!(draft.run.recovery, Recovery::Restored { .. }) || draft.run.stopping.is_some() {
        return Ok(());
    }
    let plan = draft.run.plan.clone();
    let waits = |message: &&Message| draft.run.sent_at.get(&message.name) == Some(&sent);
    let message = plan.steps.iter().flat_map(|step| &step.messages).find(waits).map(|message| message.name.clone());
    match message {
        Some(message) if !draft.run.due.contains(&message) => draft.add(Event::MessageDue { message }),
        _ => Ok(()),
    }
}

impl Run {
    /// Returns a message as it is to be sent, values put in; in a drill it says so.
    ///
    /// # Errors
    /// A sentence that says which value is missing.
    pub fn message_text(&self, message: &Message, now: chrono::DateTime<chrono::Utc>) -> Result<String, String> {
        let names: Vec<String> = words::variables(&message.text).into_iter().map(|(name, _)| name).collect();
        let known = known_to(self, &names, now)?;
        let text = words::fill(&message.text, &known).map_err(|unset| unset.to_string())?;
        Ok(match self.opened.as_ref().map(|opened| opened.mode) {
            Some(Mode::Drill) => format!("{EXERCISE}\n{text}\n{EXERCISE}"),
            Some(Mode::Real) | None => text,
        })
    }

    /// Returns the first message of a step that was not sent.
    pub fn unsent<'s>(&self, step: &'s Step) -> Option<&'s Message> {
        step.messages.iter().find(|message| !self.sent.contains(&message.name))
    }

    /// Returns the message that is to be sent next: one of an open step, else one that is due again.
    pub fn to_send(&self) -> Option<&Message> {
        let here = |strand: Strand| {
            let step = self.plan.steps.get(strand.step).filter(|_| strand.item.is_none())?;
            let by_hand = match self.state(strand)? {
                StepState::ByHand => true,
                StepState::Offered => runnable(step).is_empty(),
                _ => false,
            };
            self.unsent(step).filter(|_| by_hand)
        };
        self.focus().and_then(here).or_else(|| self.open_strands().into_iter().find_map(here)).or_else(|| {
            let mut all = self.plan.steps.iter().flat_map(|step| &step.messages);
            all.find(|message| self.due.contains(&message.name))
        })
    }
}
