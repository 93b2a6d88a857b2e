//! What earlier runs of a runbook teach: how long each step took, and which way its decisions went.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::pace::{Pace, Piece};
use crate::engine::event::{Event, Fact};
use crate::engine::objectives::{between, runnable};
use crate::engine::state::{Lane, Recovery, Run, StepState};
use crate::engine::{IllegalHistory, evolve};
use crate::kernel::{ActionName, Stamp, StepId};
use crate::runbook::{Plan, Step};

/// Is what earlier runs of a runbook teach. Whoever gathers them answers for it that they are of one kind.
#[derive(Clone, Debug, Default)]
pub struct History {
    pub(super) runs: Vec<Past>,
}

/// Is what one earlier run teaches.
#[derive(Clone, Debug)]
pub struct Past {
    /// From the onset until the run began.
    pub(super) lead: Option<Duration>,
    steps: BTreeMap<StepId, PastStep>,
    /// The way that each decision went, last time.
    ways: BTreeMap<StepId, String>,
    /// Onset to recovery, if it came to that.
    restored: Option<Duration>,
}

#[derive(Clone, Debug)]
pub(super) struct PastStep {
    actions: Vec<ActionName>,
    /// One an action, and one for what a person did besides.
    pieces: Vec<Piece>,
    /// From start to end, if it was done.
    pub(super) took: Option<Duration>,
    /// What it did for single items.
    pub(super) items: Vec<PastItem>,
}

/// Is what a step did for one item.
#[derive(Clone, Debug)]
pub(super) struct PastItem {
    /// Index of the first action that ran for it.
    pub(super) from: usize,
    pub(super) item: String,
    /// From start to end.
    pub(super) took: Duration,
}

/// Is a run with the time that it took so far.
#[derive(Clone, Debug)]
pub struct Followed {
    pub(super) run: Run,
    pub(super) pace: Pace,
    ways: BTreeMap<StepId, String>,
}

impl Followed {
    /// Begins before the first fact.
    pub fn new(plan: Arc<Plan>) -> Self {
        Self { run: Run::new(plan), pace: Pace::default(), ways: BTreeMap::new() }
    }

    /// Learns of the next fact.
    ///
    /// # Errors
    /// If it makes no sense after those before.
    pub fn learn(&mut self, fact: &Fact) -> Result<(), IllegalHistory> {
        self.pace.pass(&self.run, fact.at);
        evolve(&mut self.run, fact)?;
        if let Event::Decided { step, label, .. } = &fact.event {
            self.ways.insert(step.clone(), label.clone());
        }
        Ok(())
    }

    /// Returns the run.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// Returns the ways that its decisions went so far.
    pub(super) fn ways(&self) -> impl Iterator<Item = (&StepId, &String)> {
        self.ways.iter()
    }

    /// Returns what the run teaches, as far as it came.
    pub fn past(&self) -> Past {
        let run = &self.run;
        let restored = match &run.recovery {
            Recovery::Restored { since, .. } => Some(*since),
            Recovery::NotYet | Recovery::Holding(_) => None,
        };
        let began = run.opened.as_ref().and(run.moment(crate::runbook::Moment::Declared));
        let onset = run.onset();
        let mut steps = BTreeMap::new();
        for (at, (step, state)) in run.plan.steps.iter().zip(run.steps.iter()).enumerate() {
            let goal = goal_of(&run.plan, step);
            // What a decision ruled out says nothing of how long it takes.
            let worked = match (state, goal) {
                (_, Some(_)) => restored.is_some() && self.pace.goal_from().is_some(),
                (state, None) => state.is_settled(),
            };
            if !worked || (run.ruled_out.contains_key(&at) && matches!(state, StepState::NotApplicable { .. })) {
                continue;
            }
            let actions: Vec<ActionName> = runnable(step).iter().map(|action| action.name.clone()).collect();
            let mut pieces: Vec<Piece> = (0..=actions.len()).map(|slot| self.pace.piece(at, slot)).collect();
            if let (Some(goal), Some(from), Some(since)) = (goal, self.pace.goal_from(), restored)
                && let Some(piece) = pieces.get_mut(goal)
            {
                // It counts until the stretch began that held, not until the action that saw it was over.
                let whole = between(from, since);
                let people = piece.people.min(whole);
                *piece = Piece { machine: whole.saturating_sub(people), people };
            }
            let took = taken(state, run.step_times.get(at).copied().unwrap_or_default());
            let lanes = run.lanes_of(at).map(|(_, lane)| lane).filter(|lane| lane.undoes.is_none());
            let item = |lane: &Lane| {
                let took = taken(&lane.state, lane.times)?;
                Some(PastItem { from: lane.from, item: lane.item.clone(), took })
            };
            steps.insert(step.id.clone(), PastStep { actions, pieces, took, items: lanes.filter_map(item).collect() });
        }
        Past {
            lead: onset.zip(began).map(|(onset, began)| between(onset, began.occurred_at)),
            steps,
            ways: self.ways.clone(),
            restored: onset.zip(restored).map(|(onset, since)| between(onset, since)),
        }
    }
}

/// Returns how long something took that was done; what was only declared so teaches nothing.
fn taken(state: &StepState, times: (Option<Stamp>, Option<Stamp>)) -> Option<Duration> {
    let done = matches!(state, StepState::Done { how, .. } if how != "marked");
    let (from, to) = times;
    from.zip(to).filter(|_| done).map(|(from, to)| to.since(&from))
}

/// Returns the place of the action in a step whose success means that the service is restored, if it stands there.
pub(super) fn goal_of(plan: &Plan, step: &Step) -> Option<usize> {
    let goal = plan.meta.recovered_when.as_ref()?;
    runnable(step).iter().position(|action| action.name == *goal)
}

impl Past {
    /// Returns how long the recovery took from onset, if it came to that.
    pub fn restored(&self) -> Option<Duration> {
        self.restored
    }

    /// Returns the way that a decision went.
    pub(super) fn way(&self, step: &StepId) -> Option<&String> {
        self.ways.get(step)
    }

    /// Returns the times of a step, if it was worked and had the same actions.
    pub(super) fn pieces(&self, step: &Step) -> Option<&[Piece]> {
        self.step(step).map(|past| past.pieces.as_slice())
    }

    /// Returns what is known of a step, if it was worked and had the same actions.
    pub(super) fn step(&self, step: &Step) -> Option<&PastStep> {
        let past = self.steps.get(&step.id)?;
        let same = past.actions.iter().eq(runnable(step).iter().map(|action| &action.name));
        same.then_some(past)
    }
}

impl History {
    /// Adds a run.
    pub fn add(&mut self, past: Past) {
        self.runs.push(past);
    }

    /// Returns how many runs it holds.
    pub fn len(&self) -> usize {
        self.runs.len()
    }

    /// Says whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Counts the runs that restored the service.
    pub fn restored(&self) -> usize {
        self.runs.iter().filter(|past| past.restored.is_some()).count()
    }

    /// Counts how often a decision went this way.
    pub(super) fn went(&self, step: &StepId, label: &str) -> usize {
        self.runs.iter().filter(|past| past.ways.get(step).is_some_and(|way| way == label)).count()
    }
}
