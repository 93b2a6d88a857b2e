//! How long a recovery usually takes before it begins, for each way in which its decisions can go.
//!
//! Steps stand one behind the other, parallel ones beside each other and behind what they need: as the engine works them.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Serialize;

use crate::engine::objectives::runnable;
use crate::engine::state::Run;
use crate::runbook::{Action, Plan, Step, Way};

/// How many courses are worked out at most.
const MOST: usize = 64;

/// Is one way through the runbook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Course {
    /// What is chosen on it.
    pub choices: Vec<Choice>,
    /// Steps that it works, by their numbers.
    pub steps: Vec<u32>,
    /// The runbook that goes on at its end.
    pub hands_over_to: Option<String>,
    /// From its beginning until `recovered_when` succeeds, in seconds, as far as actions say; `None` where that is not on
    /// its way.
    pub recovered_s: Option<u64>,
    /// To its end, in seconds, as far as actions say.
    pub whole_s: u64,
    /// The steps that this time hangs on, by their numbers: shortening another one gains nothing.
    pub critical: Vec<u32>,
    /// How many of its actions say how long they take.
    pub known: usize,
    /// How many do not.
    pub unknown: usize,
    /// How many times it waits for a person at least: confirmations, steps by hand, decisions.
    pub people: usize,
    /// The sum of its phases' budgets, in seconds, where all have one.
    pub budgets_s: Option<u64>,
}

/// Is what is chosen in one decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// The step's number.
    pub step: u32,
    /// The words of the way.
    pub label: String,
}

/// Works out each course; the second figure says how many were left out. `never` are steps that are not for this case.
pub(super) fn courses(run: &Run, never: &BTreeSet<usize>, left_out: &dyn Fn(&Action) -> bool) -> (Vec<Course>, usize) {
    let mut found = Vec::new();
    let mut more = 0;
    let begun = Walk { out: never.clone(), choices: Vec::new(), over: None };
    let mut open = vec![(0, begun)];
    while let Some((from, walk)) = open.pop() {
        let steps = run.plan.steps.iter().enumerate().skip(from);
        let mut decisions = steps.filter(|(at, step)| step.decision.is_some() && !walk.out.contains(at));
        let decided = decisions.next().filter(|_| walk.over.is_none());
        let Some((at, step)) = decided else {
            if found.len() < MOST {
                found.push(measured(&run.plan, walk, left_out));
            } else {
                more += 1;
            }
            continue;
        };
        // The first way is looked at first: what is pushed last is taken first.
        for branch in step.decision.iter().flat_map(|decision| decision.branches.iter().rev()) {
            let mut next = walk.clone();
            match &branch.way {
                // A new pass goes over steps that are counted already, and comes to the same decision again.
                Way::Step(to) if *to <= at => continue,
                Way::Step(_) => {}
                Way::Runbook(path) => next.over = Some(path.clone()),
            }
            next.out.extend(crate::engine::decide::ruled_out(run, at, branch));
            next.choices.push(Choice { step: step.number, label: branch.label.clone() });
            if open.len() + found.len() < MOST {
                open.push((at + 1, next));
            } else {
                more += 1;
            }
        }
    }
    (found, more)
}

#[derive(Clone, Debug)]
struct Walk {
    out: BTreeSet<usize>,
    choices: Vec<Choice>,
    over: Option<String>,
}

fn measured(plan: &Plan, walk: Walk, left_out: &dyn Fn(&Action) -> bool) -> Course {
    let on: Vec<(usize, &Step)> = plan.steps.iter().enumerate().filter(|(at, _)| !walk.out.contains(at)).collect();
    let runs = |step: &'_ Step| runnable(step).iter().filter(|action| !left_out(action)).cloned().collect::<Vec<_>>();
    let (mut known, mut unknown, mut people) = (0, 0, 0);
    // When each step ends, and behind which one it began.
    let mut ends: Vec<(usize, Duration, Option<usize>)> = Vec::new();
    let mut recovered = None;
    let (mut begin, mut behind): (Duration, Option<usize>) = (Duration::ZERO, None);
    let mut group: Option<(Duration, Option<usize>)> = None;
    for (at, step) in &on {
        match (&group, step.parallel) {
            (None, true) => group = Some((begin, behind)),
            (Some(_), false) => group = None,
            (Some(_), true) | (None, false) => {}
        }
        let (mut from, mut after) = group.unwrap_or((begin, behind));
        if group.is_some() {
            for need in &step.needs {
                let needed = ends.iter().find(|(at, ..)| plan.steps.get(*at).is_some_and(|step| step.id == *need));
                if let Some((needed, end, _)) = needed.filter(|(_, end, _)| *end > from) {
                    (from, after) = (*end, Some(*needed));
                }
            }
        }
        let mut own = Duration::ZERO;
        for action in runs(step) {
            match action.expected {
                Some(expected) => {
                    known += 1;
                    own += expected;
                }
                None => unknown += 1,
            }
            if plan.meta.recovered_when.as_ref() == Some(&action.name) && recovered.is_none() {
                recovered = Some(from + own);
            }
        }
        people += asked(step);
        let end = from + own;
        ends.push((*at, end, after));
        if end >= begin {
            (begin, behind) = (end, Some(*at));
        }
    }
    let mut critical = Vec::new();
    let mut last = behind;
    while let Some((at, end, after)) = last.and_then(|last| ends.iter().find(|(at, ..)| *at == last)) {
        let began =
            after.and_then(|after| ends.iter().find(|(at, ..)| *at == after)).map_or(Duration::ZERO, |end| end.1);
        if *end > began {
            critical.extend(plan.steps.get(*at).map(|step| step.number));
        }
        last = *after;
    }
    critical.reverse();
    let phases = plan.phases.iter().filter(|phase| on.iter().any(|(at, _)| phase.steps.contains(at)));
    let budgets: Option<Duration> = phases.map(|phase| phase.budget).sum();
    Course {
        choices: walk.choices,
        steps: on.iter().map(|(_, step)| step.number).collect(),
        hands_over_to: walk.over,
        recovered_s: recovered.map(|recovered| recovered.as_secs()),
        whole_s: begin.as_secs(),
        critical,
        known,
        unknown,
        people,
        budgets_s: budgets.map(|budgets| budgets.as_secs()),
    }
}

/// Counts what a step asks of a person at least; a key that only starts it is not counted.
fn asked(step: &Step) -> usize {
    let confirms = runnable(step).iter().filter(|action| !crate::engine::prepare::observes(action)).count();
    let by_hand = step.manual.is_some() || !step.checklist.is_empty() || step.decision.is_some();
    confirms + usize::from(by_hand) + step.ask.len() + step.messages.len()
}
