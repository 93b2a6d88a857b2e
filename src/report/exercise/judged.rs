//! When injects are due, and whether what was expected was done.

use std::time::Duration;

use super::board::{Board, Item};
use super::happened::happened;
use super::words::between;
use crate::engine::{Event, Fact, HowFired, Mark, Run, Stage};
use crate::kernel::Stamp;
use crate::runbook::injects::{Expectation, When};

/// Is an inject that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Its number.
    pub inject: u32,
    /// By what.
    pub how: HowFired,
}

/// Lists the injects that are due by themselves. None is while the exercise is paused, before the run began, or after
/// its end; a pause puts off what comes at a time.
pub fn due(board: &Board, run: &Run, facts: &[Fact], now: Stamp) -> Vec<Due> {
    let began = facts.iter().find(|fact| matches!(fact.event, Event::Open(_))).map(|fact| fact.at);
    let Some(began) = began.filter(|_| run.stage == Stage::Open && run.exercise.paused.is_none()) else {
        return Vec::new();
    };
    if board.closed.is_some() || board.is_astray(run) {
        return Vec::new();
    }
    let passed = now.since(&began).saturating_sub(run.exercise.paused_by(now));
    let by_itself = |item: &Item| match &item.inject.when {
        When::After(after) => (passed >= Duration::from_millis(*after) / run.speed()).then_some(HowFired::Time),
        When::On(trigger) => happened(trigger, &run.plan, facts, None).map(|_| HowFired::Trigger),
        When::ByHand => None,
    };
    let waiting = board.items.iter().filter(|item| item.came.is_none());
    waiting.filter_map(|item| by_itself(item).map(|how| Due { inject: item.number, how })).collect()
}

/// Says whether something expected was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Was it? `None` while that is open, or where the inject never came.
    pub mark: Option<Mark>,
    /// How long it took from the inject, where that is known.
    pub took: Option<Duration>,
    /// Who says so.
    pub by: By,
}

/// Says on what a mark rests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// A line of the run's log.
    Fact(u64),
    /// The facilitator, in that line of their log.
    Facilitator(u64),
    /// Nothing was seen.
    Nobody,
}

/// Judges an expectation of an inject: the facilitator's word goes before what the facts show.
pub fn judge(item: &Item, number: u32, expected: &Expectation, run: &Run, facts: &[Fact]) -> Judged {
    let open = Judged { mark: None, took: None, by: By::Nobody };
    let Some(came) = &item.came else { return open };
    let within = expected.within(run.speed());
    let shown = expected.met_by.as_ref().and_then(|met| happened(met, &run.plan, facts, Some(came.after_seq)));
    let took = shown.map(|fact| between(came.at, fact.at.utc));
    if let Some((mark, noted)) = item.marks.get(&number) {
        // Where the facts say when, their time counts; else the facilitator's mark was made when it was seen, unless it was
        // made once the run was over.
        let seen_then =
            matches!(mark, Mark::Met | Mark::Late) && !matches!(&run.stage, Stage::Ended(end) if noted.at > end.at.utc);
        let took = took.or_else(|| seen_then.then(|| between(came.at, noted.at)));
        return Judged { mark: Some(*mark), took, by: By::Facilitator(noted.seq) };
    }
    let over = matches!(run.stage, Stage::Ended(_));
    match (shown, took) {
        (Some(fact), Some(took)) => {
            let late = within.is_some_and(|within| took > within);
            Judged { mark: Some(if late { Mark::Late } else { Mark::Met }), took: Some(took), by: By::Fact(fact.seq) }
        }
        _ if !over => open,
        _ if expected.met_by.is_some() => Judged { mark: Some(Mark::Missed), ..open },
        _ => Judged { mark: Some(Mark::NotSeen), ..open },
    }
}
