//! Facts in the making, folded onto a sketch of the run.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::again::Sight;
use crate::engine::event::{Event, Fact};
use crate::engine::evolve::evolve;
use crate::engine::refusal::Refusal;
use crate::engine::state::{Run, Stage, StepState, Strand};
use crate::kernel::{AttemptId, Stamp, StepId};
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

    /// Returns a strand's step and where it is, for as long as the facts are added around it.
    pub(super) fn at(&self, strand: Strand) -> Option<(Step, StepState)> {
        Some((self.run.plan.steps.get(strand.step)?.clone(), self.run.state(strand)?.clone()))
    }

    /// Returns the action that a strand stands at.
    pub(super) fn action(&self, strand: Strand, cursor: usize) -> Option<Action> {
        self.run.action_at(strand, cursor).cloned()
    }

    /// Returns the id under which the facts speak of a strand.
    pub(super) fn id(&self, strand: Strand) -> StepId {
        self.run.strand_id(strand).unwrap_or_else(|| StepId::new(""))
    }

    /// Returns how many facts there are so far.
    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    pub(super) fn into_events(self) -> Vec<Event> {
        self.events
    }
}

/// Copies what the next facts can depend on, and leaves out the past: a decision late in a long run costs what an early
/// one does.
fn sketch(run: &Run) -> Run {
    let retried = run.retries_pending().into_iter().map(|(_, retry)| &retry.attempt);
    let recent = run.losses.iter().map(|loss| &loss.attempt).chain(retried);
    let lanes = run.lanes.values().map(|lane| &lane.state);
    let open = run.steps.range(run.current..run.open_end());
    let failed: BTreeSet<_> = open.chain(lanes).filter_map(failed).collect();
    let wanted: BTreeSet<_> = run.running.iter().chain(recent).chain(failed.iter().copied()).collect();
    let open = |(id, sight): &(&AttemptId, &Sight)| **sight == Sight::Asked || failed.contains(id);
    let sights = run.sights.iter().filter(open).map(|(id, sight)| (id.clone(), sight.clone())).collect();
    let attempts =
        wanted.into_iter().filter_map(|id| run.attempts.get(id).map(|attempt| (id.clone(), attempt.clone()))).collect();
    Run {
        plan: run.plan.clone(),
        opened: run.opened.clone(),
        stage: run.stage.clone(),
        vars: run.vars.clone(),
        sources: run.sources.clone(),
        entered: run.entered.clone(),
        lost: run.lost.clone(),
        readings: run.readings.clone(),
        ruled_out: run.ruled_out.clone(),
        came: run.came.sketch(),
        turns_come: run.turns_come,
        overdue: run.overdue.clone(),
        sent: run.sent.clone(),
        sent_at: run.sent_at.clone(),
        due: run.due.clone(),
        messages: run.messages,
        waivers: Vec::new(),
        steps: run.steps.sketch(),
        step_times: run.step_times.sketch(),
        turns: run.turns.sketch(),
        lanes: run.lanes.clone(),
        acted: run.acted.clone(),
        rollback: run.rollback.clone(),
        ticks: run.ticks.sketch(),
        current: run.current,
        attempts,
        order: Vec::new(),
        sights,
        running: run.running.clone(),
        tries: run.tries.sketch(),
        improvised: run.improvised,
        watches: run.watches,
        watch: run.watch.clone(),
        watching: run.watching.clone(),
        alarms: run.alarms.clone(),
        retries: run.retries,
        improvising: run.improvising.clone(),
        stopping: run.stopping.clone(),
        prompt: run.prompt.clone(),
        unapproved: Vec::new(),
        prompts: run.prompts,
        progress: run.progress,
        moments: run.moments.clone(),
        losses: run.losses.clone(),
        results: BTreeMap::new(),
        recovery: run.recovery.clone(),
        breaches: run.breaches.clone(),
        notes: Vec::new(),
        exercise: run.exercise.clone(),
        spent: run.spent,
        last: run.last,
        last_seq: run.last_seq,
    }
}

fn failed(state: &StepState) -> Option<&AttemptId> {
    match state {
        StepState::Failed { attempt, .. } => attempt.as_ref(),
        _ => None,
    }
}
