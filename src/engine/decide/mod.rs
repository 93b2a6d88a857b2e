//! What an input means, as facts.
//!
//! Several facts come of one input and the later ones depend on the earlier ones, so each is folded onto a sketch of the
//! run as it is decided: what `evolve` would refuse is never decided.

mod advance;
mod again;
mod approve;
mod choose;
mod draft;
mod duty;
mod exercise;
mod items;
mod objective;
mod open;
mod operator;
mod recovery;
mod report;
mod undo;
mod values;
mod watch;

use super::event::Event;
use super::input::{Input, Intent, Notice, Report, TimerId};
use super::refusal::Refusal;
use super::state::{Run, Stage};
use crate::kernel::Stamp;
pub(super) use choose::ruled_out;
use draft::Draft;
pub(super) use values::{is_read, same_person};

/// Decides what an input means for a run, as facts; `now` is when it came, and the stamp that the facts are to have.
///
/// A stale timer means nothing and gives no facts.
///
/// # Errors
/// [`Refusal`], in a sentence for the operator; nothing is to be recorded then.
pub fn decide(run: &Run, input: &Input, now: Stamp) -> Result<Vec<Event>, Refusal> {
    Ok(drafted(run, input, now)?.into_events())
}

/// Returns a sketch of the run as it would be after a person's choice, without its past; `None` where it can't be chosen.
pub(super) fn after(run: &Run, intent: &Intent, now: Stamp) -> Option<Run> {
    let input = Input::Operator { by: String::new(), intent: intent.clone() };
    Some(drafted(run, &input, now).ok()?.run)
}

fn drafted(run: &Run, input: &Input, now: Stamp) -> Result<Draft, Refusal> {
    match (&run.stage, input) {
        (Stage::New, Input::Open { .. }) | (Stage::Open, _) => {}
        (Stage::New, _) => return Err(Refusal::NotBegun),
        (Stage::Ended(_), _) => return Err(Refusal::Over),
    }
    if let Input::Operator { intent, .. } = input {
        exercise::not_paused(run, intent)?;
    }
    let mut draft = Draft::new(run, now);
    match input {
        Input::Open { opened, inputs, onset } => open::open(&mut draft, opened, inputs, onset.as_ref())?,
        Input::Operator { by, intent: Intent::RollBack { step, reason } } => {
            undo::roll_back(run, &mut draft, step, reason, by)?;
        }
        Input::Operator { by, intent } => operator::wish(&mut draft, by, intent)?,
        Input::Facilitator { by, wish } => exercise::wish(&mut draft, by, wish)?,
        Input::Approval { by, signed } => approve::signed(&mut draft, signed, by)?,
        Input::Report(Report::Finished { attempt, result }) => report::finished(&mut draft, attempt, result)?,
        Input::Report(Report::Watched { attempt, looked_at, seen }) => {
            if draft.run.watching.contains_key(attempt) {
                watch::looked(&mut draft, attempt, seen.as_ref())?;
            } else {
                recovery::watched(&mut draft, attempt, *looked_at, seen.as_ref())?;
            }
        }
        Input::Report(Report::Looked { attempt, seen, what }) => again::looked(&mut draft, attempt, *seen, what)?,
        // The objectives are looked at after every input; the timer only makes sure that there is one.
        Input::Clock(TimerId::Rto) => {}
        Input::Clock(TimerId::Deadline(turn)) => duty::deadline(&mut draft, *turn)?,
        Input::Clock(TimerId::Message(sent)) => duty::due(&mut draft, *sent)?,
        Input::Clock(TimerId::Retry(number)) => advance::try_again(&mut draft, *number)?,
        Input::Host(Notice::Remark(what)) => draft.add(Event::Noticed { what: what.clone() })?,
        Input::Host(Notice::Exercise(what)) => exercise::begun(&mut draft, what)?,
        Input::Host(Notice::ScreenLost) => {
            draft
                .add(Event::Noticed { what: "The screen is gone, and nobody can come back to this run.".to_owned() })?;
            draft.end("lost", None, "lifeboat")?;
        }
    }
    advance::settle(&mut draft)?;
    objective::look_at_rto(&mut draft, run.onset())?;
    advance::conclude(&mut draft)?;
    Ok(draft)
}
