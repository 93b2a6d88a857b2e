//! A rollback: what undoes a strand is a strand of its own, one after the other, newest first.

use std::collections::BTreeMap;

use super::strands::{open_strand, stand};
use super::{Legal, require};
use crate::engine::event::Undo;
use crate::engine::state::{Acted, Lane, Run, StepState, Strand, Turn, Undoes};
use crate::kernel::{ActionName, StepId};
use crate::runbook::{Impact, Section};

/// Begins a rollback.
pub(super) fn chosen(run: &mut Run, step: &StepId, undo: &[Undo]) -> Legal {
    let strand = open_strand(run, step)?;
    let stands = matches!(run.state(strand), Some(StepState::Failed { .. } | StepState::Paused { .. }));
    require(stands && run.rollback.is_empty() && !undo.is_empty(), "there is nothing to roll back from")?;
    let mut found = Vec::new();
    for Undo { of, actions } in undo {
        let of = run.strand(of).filter(|of| run.acted.iter().any(|acted| acted.strand == *of));
        let of = of.ok_or("it undoes what never acted")?;
        let is_way_back =
            |name: &ActionName| run.plan.action(name).is_some_and(|(_, action)| action.section == Section::Rollback);
        require(!actions.is_empty() && actions.iter().all(is_way_back), "it undoes by what is no rollback")?;
        found.push((of, actions.clone()));
    }
    for (of, actions) in found {
        let at = run.lanes_of(of.step).count();
        let lane = Lane {
            from: usize::MAX,
            first: at,
            item: "undo".to_owned(),
            state: StepState::Waiting,
            turn: Turn::default(),
            vars: BTreeMap::new(),
            times: (None, None),
            undoes: Some(Undoes { of, actions }),
        };
        let strand = Strand { step: of.step, item: Some(at) };
        run.lanes.insert(strand, lane);
        run.rollback.push(strand);
    }
    next(run);
    Ok(())
}

/// Remembers what may have acted, where something can undo it.
pub(super) fn acted(run: &mut Run, strand: Strand, action: Option<&ActionName>, impact: Impact) {
    if impact == Impact::Observe {
        return;
    }
    let plan = run.plan.clone();
    let known = action.and_then(|name| plan.action(name));
    let Some((step, action)) = known.and_then(|(at, action)| Some((plan.steps.get(at)?, action))) else { return };
    let undoes = run.lanes.get(&strand).is_some_and(|lane| lane.undoes.is_some());
    if undoes || run.ways_back(step, action).is_empty() {
        return;
    }
    let acted = Acted { strand, action: action.name.clone() };
    run.acted.retain(|known| *known != acted);
    run.acted.push(acted);
}

/// Goes on with the next once one is settled; what is undone did not act any more.
pub(super) fn settled(run: &mut Run, strand: Strand) {
    let undoes = run.lanes.get(&strand).and_then(|lane| Some((lane.undoes.clone()?, lane.state.clone())));
    let Some((undoes, state)) = undoes else { return };
    if matches!(state, StepState::Done { .. }) {
        run.acted.retain(|acted| acted.strand != undoes.of);
    }
    run.rollback.retain(|other| *other != strand);
    next(run);
}

fn next(run: &mut Run) {
    if let Some(strand) = run.rollback.first().copied()
        && run.state(strand) == Some(&StepState::Waiting)
    {
        stand(run, strand, 0);
    }
}
