//! What steps, and what they do for single items, usually take, by what earlier runs took: from start to end, as the screen
//! counts it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::history::History;
use crate::engine::objectives::runnable;
use crate::engine::state::{Run, Strand};
use crate::kernel::StepId;
use crate::runbook::Plan;

/// Says how long something took in earlier runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Took {
    /// Half of the times are shorter.
    pub middle: Duration,
    /// It never took longer.
    pub longest: Duration,
}

/// Says how long each step of a runbook, and each item of it, took in earlier runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usual {
    steps: BTreeMap<StepId, Took>,
    /// By the index of the first action that runs for the items.
    items: BTreeMap<StepId, BTreeMap<usize, Items>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Items {
    each: BTreeMap<String, Took>,
    /// All of them together.
    any: Option<Took>,
}

impl Took {
    fn of(mut times: Vec<Duration>) -> Option<Self> {
        times.sort_unstable();
        let half = times.len() / 2;
        let (middle, longest) = (*times.get(half)?, *times.last()?);
        let below = times.get(half.saturating_sub(1)).filter(|_| times.len().is_multiple_of(2));
        Some(Self { middle: below.map_or(middle, |below| (middle + *below) / 2), longest })
    }
}

impl History {
    /// Says what the steps of a plan usually take, as far as they were worked as they are now.
    pub fn usual(&self, plan: &Plan) -> Usual {
        let mut usual = Usual::default();
        for step in &plan.steps {
            let same = || self.runs.iter().filter_map(|past| past.step(step));
            if let Some(took) = Took::of(same().filter_map(|past| past.took).collect()) {
                usual.steps.insert(step.id.clone(), took);
            }
            let mut each: BTreeMap<(usize, &str), Vec<Duration>> = BTreeMap::new();
            let mut any: BTreeMap<usize, Vec<Duration>> = BTreeMap::new();
            for item in same().flat_map(|past| &past.items) {
                each.entry((item.from, &item.item)).or_default().push(item.took);
                any.entry(item.from).or_default().push(item.took);
            }
            let mut items: BTreeMap<usize, Items> = BTreeMap::new();
            for (from, times) in any {
                items.entry(from).or_default().any = Took::of(times);
            }
            for ((from, item), times) in each {
                let of = items.entry(from).or_default();
                of.each.extend(Took::of(times).map(|took| (item.to_owned(), took)));
            }
            if !items.is_empty() {
                usual.items.insert(step.id.clone(), items);
            }
        }
        usual
    }
}

impl Usual {
    /// Says how long a strand of a run usually takes: an item as it took itself where it was there before, else as any
    /// item of its step.
    pub fn of(&self, run: &Run, strand: Strand) -> Option<Took> {
        let id = &run.plan.steps.get(strand.step)?.id;
        if strand.item.is_none() {
            return self.steps.get(id).copied();
        }
        let lane = run.lanes.get(&strand)?;
        let items = self.items.get(id)?.get(&lane.from)?;
        items.each.get(&lane.item).copied().or(items.any)
    }
}

impl Run {
    /// Returns how long a strand takes by what the runbook says of its actions, at the estate's speed; `None` where it says
    /// nothing.
    pub fn expected(&self, strand: Strand) -> Option<Duration> {
        let all: Duration = match self.lanes.get(&strand) {
            Some(lane) => {
                (lane.from..).map_while(|at| self.action_at(strand, at)).filter_map(|action| action.expected).sum()
            }
            None => runnable(self.plan.steps.get(strand.step)?).iter().filter_map(|action| action.expected).sum(),
        };
        (!all.is_zero()).then(|| all / self.speed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_longest_of_times() {
        let took = |times: &[u64]| {
            let took = Took::of(times.iter().copied().map(Duration::from_secs).collect())?;
            Some((took.middle.as_secs(), took.longest.as_secs()))
        };
        assert_eq!(took(&[]), None);
        assert_eq!(took(&[7]), Some((7, 7)));
        assert_eq!(took(&[90, 10]), Some((50, 90)));
        assert_eq!(took(&[5, 1, 90]), Some((5, 90)));
    }
}
