//! Taking back what was done: what a rollback would undo, newest first. Nothing of it runs unasked.

use super::draft::Draft;
use super::operator::{idle, not_stopping, said, turn};
use crate::engine::event::{Event, Undo, Verdict};
use crate::engine::refusal::Refusal;
use crate::engine::state::{Acted, Run, StepState};
use crate::kernel::{ActionName, StepId};
use crate::runbook::{Action, Section, Step, UndoUntil};

/// Chooses a rollback at a step that failed or stands still; `run` still has its past.
pub(super) fn roll_back(run: &Run, draft: &mut Draft, id: &StepId, reason: &str, by: &str) -> Result<(), Refusal> {
    not_stopping(draft)?;
    let (_, StepState::Failed { .. } | StepState::Paused { .. }) = turn(draft, id)? else {
        return Err(Refusal::NotFailed(id.clone()));
    };
    if draft.run.is_rolling_back() {
        return Err(Refusal::RollingBack);
    }
    if let Some(prompt) = &draft.run.prompt {
        return Err(Refusal::PromptOpen(prompt.number));
    }
    idle(draft)?;
    let reason = said(reason).ok_or(Refusal::ReasonMissing)?;
    let (undo, expired) = run.undoable();
    if undo.is_empty() {
        return Err(Refusal::NothingToUndo);
    }
    draft.add(Event::RollbackChosen { step: id.clone(), undo, expired, reason, by: by.to_owned() })
}

impl Run {
    /// Lists what a rollback would undo, newest first, and what can be undone no more.
    pub fn undoable(&self) -> (Vec<Undo>, Vec<ActionName>) {
        let mut undo: Vec<Undo> = Vec::new();
        let mut expired = Vec::new();
        for Acted { strand, action: name } in self.acted.iter().rev() {
            let Some((at, action)) = self.plan.action(name) else { continue };
            let Some(step) = self.plan.steps.get(at) else { continue };
            if action.undo_until.as_ref().is_some_and(|until| self.is_past(until)) {
                expired.push(name.clone());
                continue;
            }
            let Some(of) = self.strand_id(*strand) else { continue };
            let known = undo.iter().position(|known| known.of == of);
            let at = known.unwrap_or(undo.len());
            if known.is_none() {
                undo.push(Undo { of, actions: Vec::new() });
            }
            if let Some(slot) = undo.get_mut(at) {
                for way in self.ways_back(step, action) {
                    if !slot.actions.contains(&way) {
                        slot.actions.push(way);
                    }
                }
            }
        }
        undo.retain(|undo| !undo.actions.is_empty());
        (undo, expired)
    }

    /// Names what undoes an action: what it says, else its step's `Rollback`, but for what undoes something else.
    pub fn ways_back(&self, step: &Step, action: &Action) -> Vec<ActionName> {
        if let Some(undo) = &action.undo {
            return vec![undo.clone()];
        }
        let named = |name: &ActionName| {
            self.plan.steps.iter().flat_map(|step| &step.actions).any(|a| a.undo.as_ref() == Some(name))
        };
        let section = step.actions.iter().filter(|action| action.section == Section::Rollback);
        section.map(|action| action.name.clone()).filter(|name| !named(name)).collect()
    }

    fn is_past(&self, until: &UndoUntil) -> bool {
        match until {
            UndoUntil::Moment(moment) => self.moments.contains_key(moment),
            UndoUntil::Done(name) => {
                let step = self.plan.steps.iter().position(|step| step.id.as_str() == name);
                let is_done = |at: usize| matches!(self.steps.get(at), Some(StepState::Done { .. }));
                let passed = |action: &ActionName| {
                    self.results.get(action).is_some_and(|result| result.verdict == Verdict::Passed)
                };
                step.is_some_and(is_done) || passed(&ActionName::new(name.as_str()))
            }
        }
    }
}
