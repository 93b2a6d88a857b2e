//! Steps whose actions run once for each of several items.

use super::strands::{open_strand, set_state, stand};
use super::{Legal, require};
use crate::engine::state::{Lane, Run, StepState, Strand, Turn};
use crate::kernel::StepId;

/// Puts every item before the first of its actions.
pub(super) fn begun(run: &mut Run, step: &StepId, items: &[String]) -> Legal {
    let strand = open_strand(run, step)?;
    let Some(StepState::Ready { cursor }) = run.state(strand) else {
        return Err("the step is not where its items could begin".to_owned());
    };
    let (from, whole) = (*cursor, strand.item.is_none());
    let step = run.plan.steps.get(strand.step);
    let spreads = step.is_some_and(|step| Run::spread_at(step, from).is_some());
    require(whole && spreads && !items.is_empty(), "the step does not run for items here")?;
    let first = run.lanes_of(strand.step).count();
    for (index, item) in items.iter().enumerate() {
        let lane = Lane {
            from,
            first,
            item: item.clone(),
            state: StepState::Ready { cursor: from },
            turn: Turn::default(),
            vars: std::collections::BTreeMap::new(),
            times: (None, None),
            undoes: None,
        };
        run.lanes.insert(Strand { step: strand.step, item: Some(first.saturating_add(index)) }, lane);
    }
    set_state(run, strand, StepState::Spread { cursor: from });
    Ok(())
}

/// Goes on behind what ran for the items.
pub(super) fn passed(run: &mut Run, step: &StepId) -> Legal {
    let strand = open_strand(run, step)?;
    let Some(StepState::Spread { cursor }) = run.state(strand) else {
        return Err("the step does not run for items".to_owned());
    };
    let step = run.plan.steps.get(strand.step);
    let end = step.and_then(|step| Run::spread_at(step, *cursor)).map_or(usize::MAX, |(_, end)| end);
    stand(run, strand, end);
    Ok(())
}
