//! Facts in the making, folded onto a sketch of the run.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::event::{Event, Fact};
use crate::engine::evolve::evolve;
use crate::engine::refusal::Refusal;
use crate::engine::state::{Run, Stage, StepState};
use crate::kernel::Stamp;
use crate::runbook::{Action, Step};

/// Collects the facts of one input.
pub(super) struct Draft {
    /// The run as it will be.
    pub(super) run: Run,
    /// When the input came.
    pub(super) now: Stamp,
    events: Vec<Event>,
}

impl Draft {
    pub(super) fn new(run: &Run, now: Stamp) -> Self {
        Self { run: sketch(run), now, events: Vec::new() }
    }

    /// Decides a fact.
    pub(super) fn add(&mut self, event: Event) -> Result<(), Refusal> {
        let seq = self.run.last_seq.map_or(0, |last| last.saturating_add(1));
        let fact = Fact { seq, at: self.now, event };
        evolve(&mut self.run, &fact)?;
        self.events.push(fact.event);
        Ok(())
    }

    /// Ends the run, with the account of its time.
    pub(super) fn end(&mut self, how: &str, reason: Option<String>, by: &str) -> Result<(), Refusal> {
        let spent = self.run.spent_at(self.now);
        let millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.add(Event::Ended {
            how: how.to_owned(),
            reason,
            by: by.to_owned(),
            machine_ms: millis(spent.machine),
            people_ms: millis(spent.people),
            idle_ms: millis(spent.idle),
        })
    }

    pub(super) fn is_open(&self) -> bool {
        self.run.stage == Stage::Open
    }

    /// Returns the current step, for as long as the facts are added around it.
    pub(super) fn step(&self) -> Option<(Step, StepState)> {
        Some((self.run.plan.steps.get(self.run.current)?.clone(), self.run.steps.get(self.run.current)?.clone()))
    }

    /// Returns the current step's action number `cursor`.
    pub(super) fn action(&self, cursor: usize) -> Option<Action> {
        self.run.plan.steps.get(self.run.current)?.actions.get(cursor).cloned()
    }

    pub(super) fn into_events(self) -> Vec<Event> {
        self.events
    }
}

/// Copies what the next facts can depend on, and leaves out the past: a decision late in a long run costs what an early
/// one does.
fn sketch(run: &Run) -> Run {
    let mut steps = vec![StepState::Waiting; run.steps.len()];
    if let (Some(slot), Some(state)) = (steps.get_mut(run.current), run.steps.get(run.current)) {
        *slot = state.clone();
    }
    for (slot, state) in steps.iter_mut().zip(&run.steps).skip(run.current.saturating_add(1)) {
        if state.is_settled() {
            *slot = state.clone();
        }
    }
    let mut ticks = vec![Vec::new(); run.ticks.len()];
    for index in [run.current, run.current.saturating_add(1)] {
        if let (Some(slot), Some(ticked)) = (ticks.get_mut(index), run.ticks.get(index)) {
            slot.clone_from(ticked);
        }
    }
    let recent = run.losses.iter().map(|loss| &loss.attempt).chain(run.retry.iter().map(|retry| &retry.attempt));
    let wanted: BTreeSet<_> = run.running.iter().chain(recent).collect();
    let attempts =
        wanted.into_iter().filter_map(|id| run.attempts.get(id).map(|attempt| (id.clone(), attempt.clone()))).collect();
    Run {
        plan: run.plan.clone(),
        opened: run.opened.clone(),
        stage: run.stage.clone(),
        vars: run.vars.clone(),
        sources: run.sources.clone(),
        entered: run.entered.clone(),
        readings: run.readings.clone(),
        waivers: Vec::new(),
        steps,
        step_times: vec![(None, None); run.step_times.len()],
        ticks,
        current: run.current,
        attempts,
        order: Vec::new(),
        running: run.running.clone(),
        tries: run.tries.clone(),
        improvised: run.improvised,
        watches: run.watches,
        watch: run.watch.clone(),
        tried: run.tried,
        retry: run.retry.clone(),
        retries: run.retries,
        confirmed_at: run.confirmed_at,
        improvising: run.improvising.clone(),
        stopping: run.stopping.clone(),
        prompt: run.prompt.clone(),
        prompts: run.prompts,
        progress: run.progress,
        moments: run.moments.clone(),
        losses: run.losses.clone(),
        results: BTreeMap::new(),
        recovery: run.recovery.clone(),
        breaches: run.breaches.clone(),
        notes: Vec::new(),
        spent: run.spent,
        last: run.last,
        last_seq: run.last_seq,
    }
}
