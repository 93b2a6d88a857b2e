//! Where the time of a run goes, step by step and action by action: to the machines, or to people.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::engine::objectives::runnable;
use crate::engine::state::{Run, Stage, StepState};
use crate::kernel::Stamp;

/// Is the time that an action took, or what a person does in a step besides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Piece {
    /// It ran, or waited to be tried again.
    pub(super) machine: Duration,
    /// It waited for a person: to be started, confirmed, decided about.
    pub(super) people: Duration,
}

/// Keeps where the time of a run went so far. A step that is worked again, in a new pass, takes more of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace {
    pieces: BTreeMap<(usize, usize), Piece>,
    /// When the action first stood at whose success the service is restored.
    goal_from: Option<DateTime<Utc>>,
}

/// Says whom a step waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waits {
    Machine,
    Person,
}

impl Pace {
    /// Accounts for the time from the last fact until `to`, before the run learns of the next one.
    pub(super) fn pass(&mut self, run: &Run, to: Stamp) {
        let (Some(last), Stage::Open) = (run.last, &run.stage) else { return };
        let passed = to.since(&last);
        let goal = run.plan.meta.recovered_when.as_ref();
        for at in run.current..run.open_end() {
            let Some((slot, waits)) = standing(run, at) else { continue };
            let step = run.plan.steps.get(at);
            let action = step.and_then(|step| runnable(step).get(slot));
            if goal.is_some() && action.map(|action| &action.name) == goal && self.goal_from.is_none() {
                self.goal_from = Some(last.utc);
            }
            if passed.is_zero() {
                continue;
            }
            let piece = self.pieces.entry((at, slot)).or_default();
            match waits {
                Waits::Machine => piece.machine += passed,
                Waits::Person => piece.people += passed,
            }
        }
    }

    /// Returns the time of an action of a step; behind the last one, what a person did besides.
    pub(super) fn piece(&self, step: usize, slot: usize) -> Piece {
        self.pieces.get(&(step, slot)).copied().unwrap_or_default()
    }

    /// Returns when the action first stood at whose success the service is restored.
    pub(super) fn goal_from(&self) -> Option<DateTime<Utc>> {
        self.goal_from
    }
}

/// Says at which action a step stands whose turn has come, and whom it waits for. Behind the last action stands what a
/// person does besides: ticking, deciding, sending.
pub(super) fn standing(run: &Run, at: usize) -> Option<(usize, Waits)> {
    let (step, state) = (run.plan.steps.get(at)?, run.steps.get(at)?);
    let machine = |works: bool| if works { Waits::Machine } else { Waits::Person };
    match state {
        StepState::Waiting
        | StepState::Done { .. }
        | StepState::Skipped { .. }
        | StepState::Owed { .. }
        | StepState::NotApplicable { .. } => None,
        StepState::ByHand => Some((runnable(step).len(), Waits::Person)),
        StepState::Running { cursor, .. } => Some((*cursor, Waits::Machine)),
        StepState::Ready { cursor } => Some((*cursor, machine(!run.awaits_person(crate::engine::Strand::whole(at))))),
        StepState::Spread { cursor } => {
            let works = |state: &StepState| matches!(state, StepState::Running { .. } | StepState::Ready { .. });
            Some((*cursor, machine(run.lanes_of(at).any(|(_, lane)| works(&lane.state)))))
        }
        StepState::Offered | StepState::Confirming { .. } | StepState::Paused { .. } | StepState::Failed { .. } => {
            Some((state.cursor(), Waits::Person))
        }
    }
}
