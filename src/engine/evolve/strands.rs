//! How a strand's state changes: where it stands, when it is settled, what is offered then.

use std::collections::BTreeMap;

use super::course::recall_all;
use super::rollback;
use crate::engine::state::{Came, Run, StepState, Strand, Turn};
use crate::kernel::{ActionName, Stamp, StepId};
use crate::runbook::{Step, list};

/// Returns the strand that `id` names, if its turn has come and it is not settled.
pub(super) fn open_strand(run: &Run, id: &StepId) -> Result<Strand, String> {
    let strand = run.strand(id).filter(|strand| {
        let state = run.state(*strand);
        let reachable = strand.item.is_some() || (run.current..run.open_end()).contains(&strand.step);
        reachable && state.is_some_and(|state| *state != StepState::Waiting && !state.is_settled())
    });
    strand.ok_or_else(|| format!("it is not the turn of step `{id}`"))
}

/// Returns the cursor of a strand whose action may be asked for.
pub(super) fn askable(run: &Run, strand: Strand) -> Result<usize, String> {
    match run.state(strand) {
        Some(StepState::Confirming { cursor, .. }) => Ok(*cursor),
        _ => startable(run, strand),
    }
}

/// Returns the cursor of a strand whose action may start.
pub(super) fn startable(run: &Run, strand: Strand) -> Result<usize, String> {
    let retries = run.turn(strand).is_some_and(|turn| turn.retry.is_some());
    match run.state(strand) {
        Some(StepState::Ready { cursor } | StepState::Paused { cursor }) => Ok(*cursor),
        Some(StepState::Running { cursor, .. }) if retries => Ok(*cursor),
        _ => Err("the step is not where an action could start".to_owned()),
    }
}

pub(super) fn names(run: &Run, strand: Strand, cursor: usize, action: Option<&ActionName>) -> bool {
    let turn = run.action_at(strand, cursor);
    turn.map(|turn| &turn.name) == action && action.is_some()
}

/// Returns the strand that waits for a confirmation, and where it stands.
pub(super) fn asked_at(run: &Run, step: &StepId) -> Result<(Strand, usize), String> {
    let strand = open_strand(run, step)?;
    match run.state(strand) {
        Some(StepState::Confirming { cursor, .. }) => Ok((strand, *cursor)),
        _ => Err("the step does not wait for a confirmation".to_owned()),
    }
}

pub(super) fn set_state(run: &mut Run, strand: Strand, state: StepState) {
    let slot = match strand.item {
        None => run.steps.get_mut(strand.step),
        Some(_) => run.lanes.get_mut(&strand).map(|lane| &mut lane.state),
    };
    if let Some(slot) = slot {
        *slot = state;
    }
}

pub(super) fn change_turn(run: &mut Run, strand: Strand, change: impl FnOnce(&mut Turn)) {
    let turn = match strand.item {
        None => run.turns.get_mut(strand.step),
        Some(_) => run.lanes.get_mut(&strand).map(|lane| &mut lane.turn),
    };
    if let Some(turn) = turn {
        change(turn);
    }
}

/// Puts a strand before its action number `cursor`; past a step's last one a person has the rest, if there is any.
pub(super) fn stand(run: &mut Run, strand: Strand, cursor: usize) {
    let by_hand = strand.item.is_none() && run.action_at(strand, cursor).is_none() && owes(run, strand.step);
    change_turn(run, strand, |turn| {
        turn.tried = 0;
        turn.retry = None;
        turn.confirmed_at = None;
        turn.edited = None;
    });
    set_state(run, strand, if by_hand { StepState::ByHand } else { StepState::Ready { cursor } });
}

/// Is a person's word missing before the step is done?
pub(super) fn owes(run: &Run, step: usize) -> bool {
    let plan = run.plan.clone();
    let owes = |step: &Step| step.manual.is_some() || step.decision.is_some() || run.unsent(step).is_some();
    plan.steps.get(step).is_some_and(owes) || run.ticks.get(step).is_some_and(|ticks| ticks.contains(&false))
}

/// Nobody holds the secrets that a step was to capture and did not: it was marked done, skipped, or left to others.
fn miss(run: &mut Run, step: usize) {
    let Some(step) = run.plan.steps.get(step) else { return };
    let captures = step.actions.iter().flat_map(|action| &action.capture).map(|capture| &capture.name);
    let secret = captures.filter(|name| run.plan.secrets.iter().any(|secret| secret.name == **name));
    let missed: Vec<String> = secret.filter(|name| !run.vars.contains_key(*name)).cloned().collect();
    run.lost.extend(missed);
}

pub(super) fn settle(run: &mut Run, strand: Strand, state: StepState, at: Stamp) {
    let done = matches!(state, StepState::Done { .. });
    // What did not run has an outcome as well, so that conditions can ask for it.
    let word = match &state {
        StepState::Skipped { .. } | StepState::Owed { .. } => Some("skipped"),
        StepState::NotApplicable { .. } => Some("not-applicable"),
        _ => None,
    };
    if let Some(word) = word.filter(|_| run.undoes(strand).is_none()) {
        recall_all(run, strand.step, word);
    }
    set_state(run, strand, state);
    if strand.item.is_some() {
        if let Some(lane) = run.lanes.get_mut(&strand) {
            lane.times.1 = Some(at);
            lane.turn = Turn::default();
        }
        if done && run.lanes.get(&strand).map(|lane| lane.first) == run.last_pass(strand.step) {
            collect(run, strand);
        }
        rollback::settled(run, strand);
        return;
    }
    if let Some((_, settled)) = run.step_times.get_mut(strand.step) {
        *settled = Some(at);
    }
    change_turn(run, strand, |turn| *turn = Turn::default());
    miss(run, strand.step);
    while run.steps.get(run.current).is_some_and(StepState::is_settled) {
        run.current = run.current.saturating_add(1);
    }
    offer(run, at);
}

/// Makes lists of what the items that are done have captured, in the order of the items.
pub(super) fn collect(run: &mut Run, strand: Strand) {
    let mut lists: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (_, lane) in run.siblings(strand).filter(|(_, lane)| matches!(lane.state, StepState::Done { .. })) {
        for (name, value) in &lane.vars {
            lists.entry(name.clone()).or_default().push(value.clone());
        }
    }
    run.vars.extend(lists.into_iter().map(|(name, values)| (name, list::written(&values))));
}

/// Notes when the turn of a step came, or that it has not come yet after all.
pub(super) fn came(run: &mut Run, step: usize, when: Option<Came>) {
    if let Some(slot) = run.came.get_mut(step) {
        *slot = when;
    }
}

/// Offers every step whose turn has come.
pub(super) fn offer(run: &mut Run, at: Stamp) {
    for step in run.current..run.open_end() {
        if run.steps.get(step) == Some(&StepState::Waiting) && run.turn_has_come(step) {
            set_state(run, Strand::whole(step), StepState::Offered);
            run.turns_come = run.turns_come.saturating_add(1);
            came(run, step, Some(Came { number: run.turns_come, since: at }));
        }
    }
}
