//! When service will probably be restored: what passed, and what remains on the way that the run will probably take.

mod ahead;
mod history;
mod outlook;
mod pace;
mod spread;
mod usual;

use std::collections::BTreeSet;
use std::time::Duration;

use super::decide::{after, ruled_out};
use super::input::Intent;
use super::objectives::{between, runnable};
use super::state::{AttemptState, Recovery, Run, StepState, Strand};
use crate::kernel::Stamp;
use crate::runbook::{Branch, Moment};
pub use history::{Followed, History, Past};
pub use outlook::{LIVE_ROUNDS, Outlook, StepOutlook};
pub use usual::{Took, Usual};

/// Says when service will probably be restored by what the runbook says of its actions: without earlier runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// Onset to the expected recovery; from the declaration while no onset is known.
    pub finish: Duration,
    /// How many of the remaining actions say how long they take.
    pub known: usize,
    /// How many do not, and count as nothing, and how many decisions are to be made before: with these the forecast is a
    /// lower bound.
    pub unknown: usize,
}

impl Forecast {
    fn certain(finish: Duration) -> Self {
        Self { finish, known: 0, unknown: 0 }
    }
}

/// Is what is still to be taken back.
#[derive(Clone, Copy, Debug, Default)]
struct Back {
    takes: Duration,
    /// How many of its actions say how long they take.
    known: usize,
    /// How many do not.
    unknown: usize,
}

impl Run {
    /// Forecasts the recovery: what passed, and what the remaining actions usually take, up to and including
    /// `recovered_when`. `None` where no remaining action says how long it takes.
    pub fn forecast(&self, now: Stamp) -> Option<Forecast> {
        let origin = self.onset().or_else(|| self.moment(Moment::Declared).map(|fixed| fixed.occurred_at))?;
        match &self.recovery {
            Recovery::Restored { since, .. } => return Some(Forecast::certain(between(origin, *since))),
            Recovery::Holding(candidate) => return Some(Forecast::certain(between(origin, candidate.since))),
            Recovery::NotYet => {}
        }
        let speed = self.speed();
        let (mut sum, mut known, mut unknown) = (Duration::ZERO, 0, 0);
        // Steps side by side take as long as the longest of them.
        let mut group = Duration::ZERO;
        let goal = self.plan.meta.recovered_when.as_ref();
        let passed_by = self.passed_by(now);
        for (index, step) in self.plan.steps.iter().enumerate().skip(self.current) {
            if passed_by.contains(&index) {
                continue;
            }
            let Some(state) = self.steps.get(index).filter(|state| !state.is_settled()) else { continue };
            unknown += usize::from(step.decision.is_some());
            let mut own = Duration::ZERO;
            let mut reached = false;
            for (at, action) in runnable(step).iter().enumerate().skip(state.cursor()) {
                match action.expected {
                    Some(expected) => {
                        known += 1;
                        let gone = if at == state.cursor() { self.running_for(index, now) } else { Duration::ZERO };
                        own = own.saturating_add((expected / speed).saturating_sub(gone));
                    }
                    None => unknown += 1,
                }
                if Some(&action.name) == goal {
                    reached = true;
                    break;
                }
            }
            if !step.parallel {
                sum = sum.saturating_add(std::mem::take(&mut group));
            }
            group = if step.parallel { group.max(own) } else { own };
            if reached {
                break;
            }
        }
        // What is taken back is taken back first.
        let back = self.rollback_left(now);
        let sum = sum.saturating_add(group).saturating_add(back.takes);
        (known, unknown) = (known + back.known, unknown + back.unknown);
        (known > 0).then(|| Forecast { finish: between(origin, now.utc).saturating_add(sum), known, unknown })
    }

    /// Forecasts the recovery as it would be after a person's choice; `None` where it can't be chosen now.
    pub fn forecast_if(&self, intent: &Intent, now: Stamp) -> Option<Forecast> {
        after(self, intent, now)?.forecast(now)
    }

    /// Returns what is still to be taken back.
    fn rollback_left(&self, now: Stamp) -> Back {
        let mut back = Back::default();
        for strand in &self.rollback {
            let Some((lane, undoes)) = self.lanes.get(strand).and_then(|lane| Some((lane, lane.undoes.as_ref()?)))
            else {
                continue;
            };
            for (at, name) in undoes.actions.iter().enumerate().skip(lane.state.cursor()) {
                let Some(expected) = self.plan.action(name).and_then(|(_, action)| action.expected) else {
                    back.unknown += 1;
                    continue;
                };
                let gone = if at == lane.state.cursor() { self.runs_for(&lane.state, now) } else { Duration::ZERO };
                back.known += 1;
                back.takes = back.takes.saturating_add((expected / self.speed()).saturating_sub(gone));
            }
        }
        back
    }

    /// Returns for how long the current action of a step has run; of several items, the first one that began.
    fn running_for(&self, step: usize, now: Stamp) -> Duration {
        let strands = std::iter::once(Strand::whole(step)).chain(self.lanes_of(step).map(|(strand, _)| strand));
        strands.filter_map(|strand| Some(self.runs_for(self.state(strand)?, now))).max().unwrap_or_default()
    }

    fn runs_for(&self, state: &StepState, now: Stamp) -> Duration {
        let runs = match state {
            StepState::Running { attempt, .. } => self.attempts.get(attempt),
            _ => None,
        };
        let runs = runs.filter(|attempt| attempt.state == AttemptState::Running);
        runs.map(|attempt| now.since(&attempt.started)).unwrap_or_default()
    }

    /// Lists the steps that are not for this case if every decision that is still to be made goes as its conditions or
    /// its default say, else the shortest way.
    fn passed_by(&self, now: Stamp) -> BTreeSet<usize> {
        let mut out = BTreeSet::new();
        for (index, step) in self.plan.steps.iter().enumerate().skip(self.current) {
            let open = self.steps.get(index).is_some_and(|state| !state.is_settled()) && !out.contains(&index);
            let Some(decision) = step.decision.as_ref().filter(|_| open) else { continue };
            let goes_on = |branch: &&Branch| branch.target().is_some_and(|to| to > index);
            let advised = self.advice(index, now.utc).unwrap_or(decision.default);
            let advised = advised.and_then(|at| decision.branches.get(at));
            let shortest = || decision.branches.iter().filter(goes_on).min_by_key(|branch| self.usual(branch));
            if let Some(branch) = advised.filter(goes_on).or_else(shortest) {
                out.extend(ruled_out(self, index, branch));
            }
        }
        out
    }

    /// Returns how long the steps of a branch usually take.
    fn usual(&self, branch: &Branch) -> Duration {
        let steps = self.plan.steps.get(branch.steps.clone()).unwrap_or_default();
        steps.iter().flat_map(runnable).filter_map(|action| action.expected).sum()
    }
}
