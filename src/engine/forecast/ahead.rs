//! The rest of a plan as a simulation needs it: steps with the spread of their times, and the ways that decisions may go.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::history::{Followed, History, Past, goal_of};
use super::pace::{Piece, Waits, standing};
use super::spread::Spread;
use crate::engine::decide::ruled_out;
use crate::engine::objectives::runnable;
use crate::engine::state::Run;
use crate::kernel::StepId;
use crate::runbook::{Branch, Plan, Step};

/// How many combinations of ways are simulated at most.
const MOST_WAYS: usize = 64;

/// What differs by less, in seconds, is the same.
const SOON: f32 = 0.05;

/// Is a step ahead, or what is left of one.
#[derive(Clone, Debug)]
pub(super) struct Leg {
    /// Its index in the plan.
    pub(super) at: usize,
    pub(super) parallel: bool,
    /// Has it begun?
    begun: bool,
    /// The earlier runs that worked it, by their places.
    worked: BTreeSet<usize>,
    /// Legs that have to be over before, by their places.
    pub(super) needs: Vec<usize>,
    /// What is left of it in each earlier run, in seconds; `None` where it was not worked.
    pub(super) by_run: Vec<Option<f32>>,
    /// What is left of it by all of them: at the machines, and with people. One of a step that has not begun holds both.
    pub(super) left: [Spread; 2],
    /// Does the recovery come in it?
    pub(super) goal: bool,
    /// From how many earlier runs its time is known.
    pub(super) samples: usize,
    /// How many of its actions neither an earlier run nor `expected` says anything of.
    pub(super) unknown: usize,
}

/// Is one combination of ways.
#[derive(Clone, Debug)]
pub(super) struct Way {
    /// How likely it is among all.
    pub(super) weight: f64,
    /// What is chosen on it: steps and labels.
    pub(super) choices: Vec<(StepId, String)>,
    /// The legs on it, by their places, in order, up to the one in which the recovery comes.
    pub(super) legs: Vec<usize>,
    /// Does the recovery come on it?
    pub(super) recovers: bool,
}

/// Is all that is ahead.
#[derive(Clone, Debug)]
pub(super) struct Ahead {
    pub(super) legs: Vec<Leg>,
    pub(super) ways: Vec<Way>,
    /// The earlier runs that may be like this one, by their places: they went the ways that it went, and nothing that
    /// goes on now was over in them by this time.
    pub(super) alike: Vec<usize>,
}

impl Ahead {
    /// Looks ahead from a time, unless the run has not begun; `speed` divides what the runbook expects.
    pub(super) fn of(
        followed: &Followed,
        history: &History,
        (now, speed): (Option<crate::kernel::Stamp>, u32),
    ) -> Self {
        let run = &followed.run;
        let at = now.map_or_else(|| run.last.map(|last| last.utc).unwrap_or_default(), |now| now.utc);
        let mut pace = followed.pace.clone();
        if let Some(now) = now {
            pace.pass(run, now);
        }
        let mut legs: Vec<Leg> = Vec::new();
        let mut over = BTreeSet::new();
        let mut places: BTreeMap<usize, usize> = BTreeMap::new();
        for (index, step) in run.plan.steps.iter().enumerate().skip(run.current) {
            if run.steps.get(index).is_none_or(crate::engine::StepState::is_settled) {
                continue;
            }
            let begun = standing(run, index).filter(|_| now.is_some());
            let gone = begun.map(|(slot, waits)| Begun { slot, waits, piece: pace.piece(index, slot) });
            let mut leg = leg(&run.plan, (index, step), gone.as_ref(), history, speed.max(1));
            over.extend(leg.over());
            let needed = step.needs.iter().filter_map(|need| run.plan.step_index(need));
            leg.needs = needed.filter_map(|need| places.get(&need).copied()).collect();
            places.insert(index, legs.len());
            legs.push(leg);
        }
        let ways = ways(run, history, &legs, at);
        let alike = alike(followed, history, &ways, &over);
        if alike.iter().any(|run| over.contains(run)) {
            // Nothing took as long as this does: what is left of it is anybody's guess.
            for leg in legs.iter_mut().filter(|leg| leg.begun) {
                leg.by_run.fill(None);
            }
        }
        Self { legs, ways, alike }
    }
}

/// Lists the earlier runs that may be like this one; all of them where none is.
fn alike(followed: &Followed, history: &History, ways: &[Way], over: &BTreeSet<usize>) -> Vec<usize> {
    let went = |past: &Past| {
        let agrees = |step: &StepId, label: &String| past.way(step).is_none_or(|way| way == label);
        followed.ways().all(|(step, label)| agrees(step, label))
            && ways.iter().any(|way| way.choices.iter().all(|(step, label)| agrees(step, label)))
    };
    let all = || 0..history.runs.len();
    let same: Vec<usize> = all().filter(|at| history.runs.get(*at).is_some_and(went)).collect();
    let same = if same.is_empty() { all().collect() } else { same };
    let open: Vec<usize> = same.iter().copied().filter(|at| !over.contains(at)).collect();
    if open.is_empty() { same } else { open }
}

/// Says how far a step is that has begun.
struct Begun {
    slot: usize,
    waits: Waits,
    piece: Piece,
}

impl Begun {
    /// Says what is left, if it goes on longer than by now.
    fn left(&self, machine: f32, people: f32) -> Option<f32> {
        let (ran, waited) = (self.piece.machine.as_secs_f32(), self.piece.people.as_secs_f32());
        let (took, gone) = match self.waits {
            Waits::Machine => (machine, ran),
            Waits::Person => (people, waited),
        };
        // What is over a little sooner is no other case.
        let over = gone > took * 1.05 + SOON;
        (!over).then(|| (machine - ran).max(0.0) + (people - waited).max(0.0))
    }
}

impl Leg {
    /// Lists the earlier runs in which what goes on now was over by this time.
    fn over(&self) -> impl Iterator<Item = usize> {
        let ended = |(at, left): (usize, &Option<f32>)| (left.is_none() && self.worked.contains(&at)).then_some(at);
        self.by_run.iter().enumerate().filter_map(ended)
    }
}

fn leg(plan: &Plan, (at, step): (usize, &Step), begun: Option<&Begun>, history: &History, speed: u32) -> Leg {
    let goal = goal_of(plan, step);
    let actions = runnable(step);
    let from = begun.map_or(0, |begun| begun.slot);
    // The service is restored before a person has said so: what comes behind is not waited for.
    let end = goal.map_or(actions.len(), |goal| goal);
    let total = |pieces: &[Piece], of: fn(&Piece) -> Duration| -> f32 {
        pieces.get(from..=end).unwrap_or_default().iter().map(of).sum::<Duration>().as_secs_f32()
    };
    // Machines and people, of each run that worked it.
    let each: Vec<Option<(f32, f32)>> = history
        .runs
        .iter()
        .map(|past| {
            past.pieces(step).map(|pieces| (total(pieces, |piece| piece.machine), total(pieces, |piece| piece.people)))
        })
        .collect();
    let known = || each.iter().flatten();
    let samples = known().count();
    let (mut left, mut unknown) = ([Spread::default(), Spread::default()], 0);
    match begun {
        _ if samples == 0 => {
            let ahead = actions.get(from..).unwrap_or_default().iter().take(end.saturating_sub(from) + 1);
            let mut seconds = 0.0;
            for (place, action) in ahead.enumerate() {
                match action.expected {
                    Some(expected) => {
                        let gone = match begun {
                            Some(begun) if place == 0 => begun.piece.machine,
                            _ => Duration::ZERO,
                        };
                        seconds += (expected / speed).saturating_sub(gone).as_secs_f32();
                    }
                    None => unknown += 1,
                }
            }
            left[0] = Spread::always(seconds);
        }
        None => left[0] = Spread::of(known().map(|(machine, people)| machine + people).collect()),
        Some(begun) => {
            let (machine, people) = (begun.piece.machine.as_secs_f32(), begun.piece.people.as_secs_f32());
            // Only what goes on now is known to last longer than it has; of the other, what was spent is spent.
            let rest = |samples: Vec<f32>, gone: f32| {
                Spread::of(samples.into_iter().map(|sample| (sample - gone).max(0.0)).collect())
            };
            let (work, wait) = known().copied().unzip();
            left = match begun.waits {
                Waits::Machine => [Spread::left(work, Some(machine)), rest(wait, people)],
                Waits::Person => [rest(work, machine), Spread::left(wait, Some(people))],
            };
        }
    }
    Leg {
        at,
        parallel: step.parallel,
        begun: begun.is_some(),
        needs: Vec::new(),
        worked: each.iter().enumerate().filter(|(_, run)| run.is_some()).map(|(at, _)| at).collect(),
        by_run: each
            .iter()
            .map(|run| {
                run.and_then(|(machine, people)| {
                    begun.map_or(Some(machine + people), |begun| begun.left(machine, people))
                })
            })
            .collect(),
        left,
        goal: goal.is_some_and(|goal| goal >= from),
        samples,
        unknown,
    }
}

/// Lists the ways that the decisions ahead may go, each with its weight.
fn ways(run: &Run, history: &History, legs: &[Leg], now: DateTime<Utc>) -> Vec<Way> {
    let mut found = Vec::new();
    let mut open = vec![(0, 1.0, BTreeSet::new(), Vec::new())];
    while let Some((from, weight, out, choices)) = open.pop() {
        let ahead = legs.iter().enumerate().skip(from).filter(|(_, leg)| !out.contains(&leg.at));
        let mut decisions = ahead.filter(|(_, leg)| step_of(run, leg).is_some_and(|step| step.decision.is_some()));
        let Some((place, leg)) = decisions.next() else {
            found.push(Way { weight, choices, ..way(legs, &out) });
            continue;
        };
        for (branch, share) in branches(run, history, leg.at, now) {
            let (mut next, mut chosen) = (out.clone(), choices.clone());
            next.extend(ruled_out(run, leg.at, branch));
            chosen.extend(step_of(run, leg).map(|step| (step.id.clone(), branch.label.clone())));
            if found.len() + open.len() < MOST_WAYS {
                open.push((place + 1, weight * share, next, chosen));
            }
        }
    }
    found
}

fn step_of<'r>(run: &'r Run, leg: &Leg) -> Option<&'r Step> {
    run.plan.steps.get(leg.at)
}

fn way(legs: &[Leg], out: &BTreeSet<usize>) -> Way {
    let on = legs.iter().enumerate().filter(|(_, leg)| !out.contains(&leg.at));
    let mut way = Way { weight: 0.0, choices: Vec::new(), legs: Vec::new(), recovers: false };
    for (place, leg) in on {
        way.legs.push(place);
        if leg.goal {
            way.recovers = true;
            break;
        }
    }
    way
}

/// Says how likely each branch of a decision is: as its conditions say, as it went before, else the default or the shortest.
/// A way back is a new pass, and none that somebody counts on.
fn branches<'r>(run: &'r Run, history: &History, at: usize, now: DateTime<Utc>) -> Vec<(&'r Branch, f64)> {
    let Some((step, decision)) = run.plan.steps.get(at).and_then(|step| Some((step, step.decision.as_ref()?))) else {
        return Vec::new();
    };
    let goes_on = |branch: &&Branch| branch.target().is_none_or(|to| to > at);
    let advised = run.advice(at, now);
    if let Ok(Some(branch)) = &advised
        && let Some(branch) = decision.branches.get(*branch).filter(goes_on)
        && branch.when.is_some()
    {
        return vec![(branch, 1.0)];
    }
    let went: Vec<(&Branch, usize)> = decision
        .branches
        .iter()
        .filter(goes_on)
        .map(|branch| (branch, history.went(&step.id, &branch.label)))
        .filter(|(_, count)| *count > 0)
        .collect();
    let all: usize = went.iter().map(|(_, count)| count).sum();
    if all > 0 {
        return went.into_iter().map(|(branch, count)| (branch, count as f64 / all as f64)).collect();
    }
    let default = advised.unwrap_or(decision.default).and_then(|at| decision.branches.get(at)).filter(goes_on);
    let shortest = || decision.branches.iter().filter(goes_on).min_by_key(|branch| run.usual(branch));
    default.or_else(shortest).map(|branch| (branch, 1.0)).into_iter().collect()
}
