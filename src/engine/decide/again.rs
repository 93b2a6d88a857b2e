//! Trying a failed action again: what must not run twice only once it is known not to have happened.

use super::draft::Draft;
use super::operator::{free, goes_forward, not_stopping, said, turn};
use crate::engine::again::{Again, Seen, Sight};
use crate::engine::event::Event;
use crate::engine::refusal::Refusal;
use crate::engine::state::{StepState, Strand};
use crate::kernel::{AttemptId, StepId};

/// Puts a failed action before its next try. What a person says that they know counts where nothing else tells.
pub(super) fn retry(draft: &mut Draft, id: &StepId, word: Option<&String>, by: &str) -> Result<(), Refusal> {
    not_stopping(draft)?;
    let (strand, StepState::Failed { .. }) = turn(draft, id)? else { return Err(Refusal::NotFailed(id.clone())) };
    goes_forward(draft, strand)?;
    free(draft, strand)?;
    let evidence = match (draft.run.again(strand), word) {
        (Again::Free | Again::NotHappened(_), _) => None,
        (Again::Looking, _) => return Err(Refusal::BeingLookedAt(id.clone())),
        (Again::Happened(what), _) => return Err(Refusal::Happened { step: id.clone(), what }),
        (Again::Untold(why), None) => return Err(Refusal::MayHaveHappened { step: id.clone(), why }),
        (Again::Untold(_), Some(word)) => Some(said(word).ok_or(Refusal::EvidenceMissing)?),
    };
    draft.add(Event::RetryChosen { step: id.clone(), evidence, by: by.to_owned() })
}

/// Looks again, as somebody wishes.
pub(super) fn look(draft: &mut Draft, id: &StepId, by: &str) -> Result<(), Refusal> {
    not_stopping(draft)?;
    let (strand, StepState::Failed { attempt, .. }) = turn(draft, id)? else {
        return Err(Refusal::NotFailed(id.clone()));
    };
    let looking = attempt.is_some_and(|attempt| draft.run.sights.get(&attempt) == Some(&Sight::Asked));
    match draft.run.can_look(strand).cloned() {
        Some(attempt) => draft.add(Event::LookAsked { step: id.clone(), attempt, by: by.to_owned() }),
        None if looking => Err(Refusal::BeingLookedAt(id.clone())),
        None => Err(Refusal::NothingLooks(id.clone())),
    }
}

/// Looks unasked where an attempt just failed and may have happened. What is in doubt was looked at just now.
pub(super) fn look_at_once(draft: &mut Draft, strand: Strand) -> Result<(), Refusal> {
    let open = matches!(draft.run.again(strand), Again::Untold(_));
    match draft.run.can_look(strand).cloned().filter(|attempt| open && !draft.run.was_settled(attempt)) {
        Some(attempt) => draft.add(Event::LookAsked { step: draft.id(strand), attempt, by: "lifeboat".to_owned() }),
        None => Ok(()),
    }
}

/// A look told something. Whoever went on meanwhile needs it no more; it stays true.
pub(super) fn looked(draft: &mut Draft, attempt: &AttemptId, seen: Seen, what: &str) -> Result<(), Refusal> {
    if draft.run.sights.get(attempt) != Some(&Sight::Asked) {
        return Err(Refusal::NotRunning(attempt.clone()));
    }
    draft.add(Event::Looked { attempt: attempt.clone(), seen, what: what.to_owned() })
}
