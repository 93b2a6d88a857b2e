//! Questions about strands: what is worked on side by side, whose turn it is, and which of them asks for a person.

use super::state::{Attempt, AttemptState, Lane, Run, StepState, Strand, Turn, Undoes};
use crate::engine::objectives::runnable;
use crate::kernel::{AttemptId, StepId};
use crate::runbook::{Action, Foreach, Step, Until};

impl Run {
    /// Finds a strand by the id of its step, or of what the step does for one item.
    pub fn strand(&self, id: &StepId) -> Option<Strand> {
        let (step, item) = id.parts();
        // Almost always it is the current one: looking there first keeps long runbooks fast.
        let here = self.plan.steps.get(self.current).is_some_and(|current| current.id.as_str() == step);
        let step = if here { self.current } else { self.plan.step_index(id)? };
        let strand = Strand { step, item };
        self.state(strand).map(|_| strand)
    }

    /// Returns the id under which the facts speak of a strand.
    pub fn strand_id(&self, strand: Strand) -> Option<StepId> {
        let id = &self.plan.steps.get(strand.step)?.id;
        Some(strand.item.map_or_else(|| id.clone(), |item| id.for_item(item)))
    }

    /// Returns where a strand is.
    pub fn state(&self, strand: Strand) -> Option<&StepState> {
        match strand.item {
            None => self.steps.get(strand.step),
            Some(_) => self.lanes.get(&strand).map(|lane| &lane.state),
        }
    }

    /// Returns how far the current action of a strand is.
    pub fn turn(&self, strand: Strand) -> Option<&Turn> {
        match strand.item {
            None => self.turns.get(strand.step),
            Some(_) => self.lanes.get(&strand).map(|lane| &lane.turn),
        }
    }

    /// Returns the strand that an attempt belongs to.
    pub fn strand_of(&self, attempt: &AttemptId) -> Option<Strand> {
        self.strand(self.attempts.get(attempt)?.step.as_ref()?)
    }

    /// Returns what a step does for its items, in the order of the items.
    pub fn lanes_of(&self, step: usize) -> impl Iterator<Item = (Strand, &Lane)> {
        let from = Strand { step, item: Some(0) };
        let to = Strand::whole(step.saturating_add(1));
        self.lanes.range(from..to).map(|(strand, lane)| (*strand, lane))
    }

    /// Returns what the last pass over a step does for its items, in their order.
    pub fn items_of(&self, step: usize) -> impl Iterator<Item = (Strand, &Lane)> {
        let pass = self.last_pass(step);
        self.lanes_of(step).filter(move |(_, lane)| lane.undoes.is_none() && Some(lane.first) == pass)
    }

    /// Lists everything whose turn it is, in the runbook's order: open steps, what they do for their items, and what
    /// goes on in the background.
    pub fn open_strands(&self) -> Vec<Strand> {
        let live = |state: &StepState| *state != StepState::Waiting && !state.is_settled();
        let mut open: Vec<Strand> =
            self.lanes.iter().filter(|(_, lane)| live(&lane.state)).map(|(strand, _)| *strand).collect();
        let steps = (self.current..self.steps.len()).take_while(|at| self.may_be_open(*at));
        open.extend(steps.filter(|at| self.steps.get(*at).is_some_and(live)).map(Strand::whole));
        open.sort_unstable();
        open
    }

    /// Is the step the current one, or parallel to it?
    fn may_be_open(&self, step: usize) -> bool {
        let parallel = |at: usize| self.plan.steps.get(at).is_some_and(|step| step.parallel);
        step == self.current || (parallel(self.current) && parallel(step))
    }

    /// Returns the end of the steps that may be open: one behind the last.
    pub(super) fn open_end(&self) -> usize {
        let end = self.plan.steps.iter().enumerate().skip(self.current).find(|(at, _)| !self.may_be_open(*at));
        end.map_or(self.plan.steps.len(), |(at, _)| at)
    }

    /// Has the turn of this step come? Everything before it is settled, but for what is parallel to it and what it does
    /// not need.
    pub(super) fn turn_has_come(&self, step: usize) -> bool {
        let Some(plan) = self.plan.steps.get(step) else { return false };
        let needs = |other: &Step| !other.parallel || plan.needs.contains(&other.id);
        let mut waits_for = (self.current..step).filter(|at| {
            self.steps.get(*at).is_some_and(|state| !state.is_settled()) && self.plan.steps.get(*at).is_some_and(needs)
        });
        waits_for.next().is_none() && self.may_be_open(step)
    }

    /// Has the turn of this step come, now or before?
    pub fn was_reached(&self, step: usize) -> bool {
        self.came.get(step).is_some_and(Option::is_some)
    }

    /// Returns the number of the first item of a step's last pass.
    pub(super) fn last_pass(&self, step: usize) -> Option<usize> {
        let from = Strand { step, item: Some(0) };
        let to = Strand::whole(step.saturating_add(1));
        let mut lanes = self.lanes.range(from..to).rev();
        lanes.find(|(_, lane)| lane.undoes.is_none()).map(|(_, lane)| lane.first)
    }

    /// Does this strand go on beside what follows, since enough other items of its step are done?
    pub fn is_background(&self, strand: Strand) -> bool {
        match self.lanes.get(&strand) {
            Some(lane) if lane.undoes.is_some() => false,
            // What an earlier pass over the step began, nobody waits for any more.
            Some(lane) => {
                self.steps.get(strand.step) != Some(&StepState::Spread { cursor: lane.from })
                    || self.last_pass(strand.step) != Some(lane.first)
            }
            None => false,
        }
    }

    /// Does an attempt belong to what runs in the background: a watch, or an item whose step went on without it?
    pub fn runs_in_background(&self, attempt: &AttemptId) -> bool {
        self.is_watch(attempt) || self.strand_of(attempt).is_some_and(|strand| self.is_background(strand))
    }

    /// Does this attempt look again and again?
    pub fn is_watch(&self, attempt: &AttemptId) -> bool {
        Some(attempt) == self.watch.as_ref() || self.watching.contains_key(attempt)
    }

    /// Lists the watches that run, the recovery's first.
    pub fn all_watches(&self) -> impl Iterator<Item = &AttemptId> {
        self.watch.iter().chain(self.watching.keys())
    }

    /// Returns the foreach that a step begins at action number `cursor`, with the number of the first action behind it.
    pub(super) fn spread_at(step: &Step, cursor: usize) -> Option<(&Foreach, usize)> {
        let actions = runnable(step);
        match (&step.foreach, actions.get(cursor)) {
            (Some(foreach), Some(_)) if cursor == 0 => Some((foreach, actions.len())),
            (None, Some(action)) => action.foreach.as_ref().map(|foreach| (foreach, cursor.saturating_add(1))),
            _ => None,
        }
    }

    /// Returns the foreach of a lane, with the number of the first action behind it.
    pub(super) fn spread_of(&self, strand: Strand) -> Option<(&Foreach, usize)> {
        let from = self.lanes.get(&strand)?.from;
        Self::spread_at(self.plan.steps.get(strand.step)?, from)
    }

    /// Returns for which items something runs, of what runs for one of them.
    pub fn foreach_of(&self, strand: Strand) -> Option<&Foreach> {
        self.spread_of(strand).map(|(foreach, _)| foreach)
    }

    /// Is being taken back what was done?
    pub fn is_rolling_back(&self) -> bool {
        !self.rollback.is_empty()
    }

    /// Returns what a strand undoes, if it belongs to a rollback.
    pub fn undoes(&self, strand: Strand) -> Option<&Undoes> {
        self.lanes.get(&strand)?.undoes.as_ref()
    }

    /// Returns the action that a strand stands at; `None` past its last one.
    pub fn action_at(&self, strand: Strand, cursor: usize) -> Option<&Action> {
        if let Some(undoes) = self.undoes(strand) {
            return self.plan.action(undoes.actions.get(cursor)?).map(|(_, action)| action);
        }
        let end = self.spread_of(strand).map_or(usize::MAX, |(_, end)| end);
        runnable(self.plan.steps.get(strand.step)?).get(cursor).filter(|_| cursor < end)
    }

    /// Returns the action that an attempt performs.
    pub(super) fn action_of(&self, attempt: &Attempt) -> Option<&Action> {
        let name = attempt.action.as_ref()?;
        // Almost always it is one of its step: looking there first keeps long runbooks fast.
        let step = attempt.step.as_ref().and_then(|step| self.plan.steps.get(self.strand(step)?.step));
        let here = step.and_then(|step| step.actions.iter().find(|action| action.name == *name));
        here.or_else(|| self.plan.action(name).map(|(_, action)| action))
    }

    /// Returns the lanes of the same list as this one, itself included.
    pub(super) fn siblings(&self, strand: Strand) -> impl Iterator<Item = (Strand, &Lane)> {
        let first = self.lanes.get(&strand).map(|lane| lane.first);
        self.lanes_of(strand.step).filter(move |(_, lane)| Some(lane.first) == first)
    }

    /// Does a failed strand need no answer, since its step may go on without it?
    pub fn is_tolerated(&self, strand: Strand) -> bool {
        let Some((foreach, _)) = self.spread_of(strand) else { return false };
        if self.is_background(strand) {
            return true;
        }
        let failed = self.siblings(strand).filter(|(_, lane)| matches!(lane.state, StepState::Failed { .. })).count();
        let hope = |state: &StepState| !matches!(state, StepState::Failed { .. } | StepState::Skipped { .. });
        failed <= foreach.max_errors
            || (foreach.until == Until::Any && self.siblings(strand).any(|(_, lane)| hope(&lane.state)))
    }

    /// Does this strand wait for a person?
    pub fn awaits_person(&self, strand: Strand) -> bool {
        match self.state(strand) {
            Some(StepState::Offered | StepState::Paused { .. } | StepState::ByHand | StepState::Confirming { .. }) => {
                !self.is_background(strand)
            }
            Some(StepState::Failed { .. }) => !self.is_tolerated(strand),
            Some(StepState::Ready { .. }) => strand.item.is_none() && !self.asked_by(strand.step).is_empty(),
            Some(
                StepState::Waiting
                | StepState::Spread { .. }
                | StepState::Running { .. }
                | StepState::Done { .. }
                | StepState::Skipped { .. }
                | StepState::Owed { .. }
                | StepState::NotApplicable { .. },
            )
            | None => false,
        }
    }

    /// Returns the one strand that the operator's keys act on: whose question is open, else what failed, else what waits
    /// for a person, else what runs. `None` when every step is settled.
    pub fn focus(&self) -> Option<Strand> {
        let open = self.open_strands();
        let asked = self.prompt.as_ref().and_then(|prompt| self.strand(prompt.step.as_ref()?));
        let first = |wanted: &dyn Fn(Strand) -> bool| open.iter().copied().find(|strand| wanted(*strand));
        let failed =
            |strand| self.awaits_person(strand) && matches!(self.state(strand), Some(StepState::Failed { .. }));
        let foreground = |strand: Strand| !self.is_background(strand);
        let works = |strand| foreground(strand) && !matches!(self.state(strand), Some(StepState::Spread { .. }));
        // A failure that nobody has to answer stands behind what goes on.
        let goes_on = |strand| works(strand) && !matches!(self.state(strand), Some(StepState::Failed { .. }));
        asked
            .or_else(|| first(&|strand| self.undoes(strand).is_some()))
            .or_else(|| first(&failed))
            .or_else(|| first(&|strand| self.awaits_person(strand)))
            .or_else(|| first(&goes_on))
            .or_else(|| first(&works))
            .or_else(|| first(&foreground))
    }

    /// Does an attempt of the operator's own run?
    pub(super) fn improvised_runs(&self) -> bool {
        let own = |id: &AttemptId| self.attempts.get(id).is_some_and(|attempt| attempt.action.is_none());
        self.running.iter().any(own)
    }

    /// Returns the strand whose failed attempt waits for retry number `number`.
    pub(super) fn retried(&self, number: u64) -> Option<Strand> {
        let waits = |strand: &Strand| {
            self.turn(*strand).and_then(|turn| turn.retry.as_ref()).is_some_and(|retry| retry.number == number)
        };
        self.open_strands().into_iter().find(waits)
    }

    /// Lists the automatic retries that wait for their timers.
    pub fn retries_pending(&self) -> Vec<(Strand, &super::state::PendingRetry)> {
        let of = |strand: Strand| self.turn(strand).and_then(|turn| turn.retry.as_ref()).map(|retry| (strand, retry));
        self.open_strands().into_iter().filter_map(of).collect()
    }

    /// Does an attempt that a strand waits for run?
    pub fn attempt_runs(&self, attempt: &AttemptId) -> bool {
        self.attempts.get(attempt).is_some_and(|attempt| attempt.state == AttemptState::Running)
    }
}
