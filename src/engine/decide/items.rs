//! What runs once for each item of a list: how it begins, how many run at a time, when the step goes on.

use super::draft::Draft;
use crate::engine::event::Event;
use crate::engine::prepare::vars;
use crate::engine::refusal::Refusal;
use crate::engine::state::{StepState, Strand};
use crate::runbook::{Foreach, Until, list};

/// Begins to run side by side for each item.
pub(super) fn begin(draft: &mut Draft, strand: Strand, foreach: &Foreach) -> Result<(), Refusal> {
    let step = draft.id(strand);
    let items = match list::items(&foreach.items, &vars(&draft.run, strand, draft.now.utc)) {
        Ok(items) => items,
        Err(unset) => return draft.add(Event::StepFailed { step, attempt: None, why: unset.to_string() }),
    };
    if items.is_empty() || items.len() > Foreach::MOST {
        let (list, most) = (&foreach.items, Foreach::MOST);
        let why = match items.len() {
            0 => format!("it runs for each item of `{list}`, and there is none"),
            count => format!("it runs for each item of `{list}`, and {count} are more than {most}"),
        };
        return draft.add(Event::StepFailed { step, attempt: None, why });
    }
    draft.add(Event::ItemsBegun { step, items })
}

/// Has an item to wait with its first action until fewer others run?
pub(super) fn waits_for_others(draft: &Draft, strand: Strand) -> bool {
    let (Some(lane), Some((foreach, _))) = (draft.run.lanes.get(&strand), draft.run.spread_of(strand)) else {
        return false;
    };
    if lane.times.0.is_some() {
        return false;
    }
    // What nobody has to wait for any more is not begun.
    if draft.run.is_background(strand) {
        return true;
    }
    let works = |state: &StepState| !state.is_settled() && !matches!(state, StepState::Failed { .. });
    let begun = draft.run.siblings(strand).filter(|(_, lane)| lane.times.0.is_some() && works(&lane.state)).count();
    begun >= foreach.concurrency
}

/// Looks whether a step may go on behind its items.
pub(super) fn look_at(draft: &mut Draft, strand: Strand) -> Result<(), Refusal> {
    let Some(StepState::Spread { cursor }) = draft.run.state(strand) else { return Ok(()) };
    let lanes: Vec<_> = draft.run.lanes_of(strand.step).filter(|(_, lane)| lane.from == *cursor).collect();
    let last = lanes.iter().map(|(_, lane)| lane.first).max();
    let lanes: Vec<_> = lanes.into_iter().filter(|(_, lane)| Some(lane.first) == last).collect();
    let Some((first, _)) = lanes.first().copied() else { return Ok(()) };
    let Some((foreach, _)) = draft.run.spread_of(first) else { return Ok(()) };
    let done = lanes.iter().any(|(_, lane)| matches!(lane.state, StepState::Done { .. }));
    let over = lanes.iter().all(|(other, lane)| match &lane.state {
        StepState::Failed { .. } => draft.run.is_tolerated(*other),
        state => state.is_settled(),
    });
    let step = draft.id(strand);
    match foreach.until {
        Until::Any if done => draft.add(Event::ItemsPassed { step }),
        Until::All if over && done => draft.add(Event::ItemsPassed { step }),
        Until::Any | Until::All if over => {
            let why = "none of its items is done".to_owned();
            draft.add(Event::StepFailed { step, attempt: None, why })
        }
        Until::Any | Until::All => Ok(()),
    }
}
