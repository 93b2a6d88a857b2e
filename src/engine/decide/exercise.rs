//! Wishes of a facilitator, and what a pause holds up.

use super::draft::Draft;
use crate::engine::event::{Event, Exercise, Mode};
use crate::engine::input::{Facilitate, Intent};
use crate::engine::refusal::Refusal;
use crate::engine::state::Run;

/// Records what the host says of the exercise that the run is.
pub(super) fn begun(draft: &mut Draft, what: &Exercise) -> Result<(), Refusal> {
    is_drill(draft)?;
    if matches!(what, Exercise::Committed { .. }) && draft.run.exercise.committed.is_some() {
        return Err(Refusal::FacilitatedAlready);
    }
    if matches!(what, Exercise::Blind(_)) && draft.run.exercise.blind.is_some() {
        return Err(Refusal::BlindAlready);
    }
    if matches!(what, Exercise::Blind(blind) if !blind.is_in_order()) {
        return Err(Refusal::BlindOutOfOrder);
    }
    draft.add(Event::Exercise(what.clone()))
}

fn is_drill(draft: &Draft) -> Result<(), Refusal> {
    let drill = draft.run.opened.as_ref().is_some_and(|opened| opened.mode == Mode::Drill);
    if drill { Ok(()) } else { Err(Refusal::NoExercise) }
}

/// Decides a facilitator's wish.
pub(super) fn wish(draft: &mut Draft, by: &str, wish: &Facilitate) -> Result<(), Refusal> {
    is_drill(draft)?;
    let Some(committed) = &draft.run.exercise.committed else { return Err(Refusal::NotFacilitated) };
    let by = by.to_owned();
    let said = |text: &str| match text.trim() {
        "" => Err(Refusal::ReasonMissing),
        text => Ok(text.to_owned()),
    };
    let what = match wish {
        Facilitate::Announce { inject: Some(inject), .. } if committed.iter().all(|known| known.inject != *inject) => {
            return Err(Refusal::NoSuchInject(*inject));
        }
        Facilitate::Announce { inject, text } => Exercise::Announced { inject: *inject, text: said(text)?, by },
        Facilitate::Pause { .. } if draft.run.exercise.paused.is_some() => return Err(Refusal::PausedAlready),
        Facilitate::Pause { why } => Exercise::Paused { why: said(why)?, by },
        Facilitate::GoOn => return end_pause(draft, by),
    };
    draft.add(Event::Exercise(what))
}

/// Ends a pause: the facilitator may, and so may the operator, since a facilitator who is gone holds nobody up.
pub(super) fn end_pause(draft: &mut Draft, by: String) -> Result<(), Refusal> {
    if draft.run.exercise.paused.is_none() {
        return Err(Refusal::NotPaused);
    }
    draft.add(Event::Exercise(Exercise::WentOn { by }))
}

/// Refuses what would begin something while the exercise is paused. What runs goes on.
pub(super) fn not_paused(run: &Run, intent: &Intent) -> Result<(), Refusal> {
    let Some(pause) = &run.exercise.paused else { return Ok(()) };
    match intent {
        Intent::Run { .. }
        | Intent::Confirm { .. }
        | Intent::ConfirmByScript { .. }
        | Intent::Retry { .. }
        | Intent::RetryOnWord { .. }
        | Intent::Edit { .. }
        | Intent::RollBack { .. }
        | Intent::Improvise { .. } => Err(Refusal::Paused { by: pause.by.clone(), why: pause.why.clone() }),
        Intent::HandIn { .. }
        | Intent::Approve { .. }
        | Intent::Waive { .. }
        | Intent::Decline { .. }
        | Intent::Tick { .. }
        | Intent::Done { .. }
        | Intent::Jump { .. }
        | Intent::Skip { .. }
        | Intent::MarkDone { .. }
        | Intent::Interrupt { .. }
        | Intent::Look { .. }
        | Intent::Note { .. }
        | Intent::FixMoment { .. }
        | Intent::SetInput { .. }
        | Intent::ReadAgain { .. }
        | Intent::WaiveReader { .. }
        | Intent::Choose { .. }
        | Intent::Owe { .. }
        | Intent::SeeAlarm { .. }
        | Intent::Sent { .. }
        | Intent::Auto { .. }
        | Intent::EndPause
        | Intent::Stop { .. }
        | Intent::GiveUpWaiting
        | Intent::GoOnUnrecorded { .. } => Ok(()),
    }
}
