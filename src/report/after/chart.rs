//! What a report draws: lengths against a budget, and how the run burnt its RTO down. Each is text and a picture alike.

use serde::Serialize;

use super::figures::millis;
use super::{Cite, Record, Row, Section};
use crate::engine::{Event, Fact, Recovery, StepState};
use crate::report::narrate::exact;

/// How wide a bar is, in characters.
const WIDE: usize = 30;

/// Is a length, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Bar {
    /// The length.
    pub part: u64,
    /// The longest one beside it, budgets included.
    pub whole: u64,
    /// How long it should be at most.
    pub budget: Option<u64>,
}

impl Bar {
    /// Draws it with characters: what is over a budget stands out (`▓`), what is left of it is light (`░`).
    pub(super) fn text(self) -> String {
        let cells = |of: u64| {
            usize::try_from(u128::from(of) * WIDE as u128 / u128::from(self.whole.max(1))).unwrap_or(WIDE).min(WIDE)
        };
        let full = cells(self.part).max(usize::from(self.part > 0));
        let within = self.budget.map_or(full, |budget| cells(budget).min(full));
        let left = self.budget.map_or(0, |budget| cells(budget).saturating_sub(full));
        ["█".repeat(within), "▓".repeat(full - within), "░".repeat(left)].concat()
    }
}

/// Is how many steps were left at which time since onset, against the RTO.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BurnDown {
    /// The RTO, in milliseconds.
    pub limit_ms: u64,
    /// When the record ends, since onset.
    pub end_ms: u64,
    /// When service was restored, since onset.
    pub restored_ms: Option<u64>,
    /// How many steps there are.
    pub steps: usize,
    /// When a step was settled, and how many were left then; in order.
    pub settled: Vec<Settled>,
}

/// Is the moment at which a step was settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Settled {
    /// When, since onset.
    pub at_ms: u64,
    /// How many steps were left.
    pub left: usize,
    /// Which one it was.
    pub what: String,
    /// Its line.
    pub seq: u64,
}

/// Draws how steps were settled against the RTO; `None` where there is no onset or no RTO.
pub(super) fn burn_down(record: &Record<'_>) -> Option<BurnDown> {
    let run = record.run;
    let (onset, limit) = (run.onset()?, run.rto()?);
    let since = |fact: &Fact| u64::try_from(fact.at.utc.signed_duration_since(onset).num_milliseconds()).unwrap_or(0);
    let mut done: Vec<(&Fact, String)> = Vec::new();
    for (step, state) in run.plan.steps.iter().zip(run.steps.iter()) {
        if let Some(fact) = record.facts.iter().rev().find(|fact| settles(&fact.event, step.id.as_str()))
            && state.is_settled()
        {
            done.push((fact, format!("{} {}", step.number, step.title)));
        }
    }
    done.sort_by_key(|(fact, _)| fact.seq);
    let steps = run.plan.steps.len();
    let settled = done.into_iter().enumerate().map(|(at, (fact, what))| Settled {
        at_ms: since(fact),
        left: steps.saturating_sub(at + 1),
        what,
        seq: fact.seq,
    });
    let restored_ms = match &run.recovery {
        Recovery::Restored { rto, .. } => Some(millis(*rto)),
        Recovery::NotYet | Recovery::Holding(_) => None,
    };
    let end_ms = record.facts.last().map_or(0, since).max(restored_ms.unwrap_or_default());
    Some(BurnDown { limit_ms: millis(limit), end_ms, restored_ms, steps, settled: settled.collect() })
}

/// Does an event settle a step, as a whole and not for one of its items?
fn settles(event: &Event, id: &str) -> bool {
    let (Event::StepDone { step, .. }
    | Event::StepSkipped { step, .. }
    | Event::StepOwed { step, .. }
    | Event::NotApplicable { step, action: None, .. }) = event
    else {
        return false;
    };
    step.parts().0 == id
}

/// Says what was left of the RTO when each phase was done, up to the restoration, where its clock stops.
pub(super) fn burnt(record: &Record<'_>) -> Section {
    let run = record.run;
    let columns = ["since onset", "what", "left of the RTO", "bar"];
    let section = |rows| Section::new("burn-down", "RTO burn-down", &columns, rows);
    let (Some(burn), Some(onset)) = (burn_down(record), run.moment(crate::runbook::Moment::Onset)) else {
        return section(Vec::new());
    };
    let limit = burn.limit_ms;
    let line = |at: u64, what: &str, cite: Option<Cite>| {
        let (left, bar) = match limit.checked_sub(at) {
            Some(left) => (exact(left), Bar { part: left, whole: limit, budget: None }),
            None => (format!("over by {}", exact(at - limit)), Bar { part: at - limit, whole: limit, budget: Some(0) }),
        };
        Row::new([exact(at), what.to_owned(), left], cite).drawn(bar)
    };
    let mut moments: Vec<(u64, String, Option<Cite>)> = Vec::new();
    for phase in &run.plan.phases {
        let states = run.steps.range(phase.steps.clone());
        if phase.steps.is_empty() || !states.clone().all(StepState::is_settled) {
            continue;
        }
        let names = run.plan.steps.get(phase.steps.clone()).unwrap_or_default();
        let of_phase = |seq: u64| {
            let event = record.fact(seq).map(|fact| &fact.event);
            event.is_some_and(|event| names.iter().any(|step| settles(event, step.id.as_str())))
        };
        if let Some(last) = burn.settled.iter().rev().find(|settled| of_phase(settled.seq)) {
            moments.push((
                last.at_ms,
                format!("{} done; steps left: {}", phase.title, last.left),
                record.cite(last.seq),
            ));
        }
    }
    moments.sort_by_key(|(at, ..)| *at);
    moments.retain(|(at, ..)| burn.restored_ms.is_none_or(|restored| *at <= restored));
    match (&run.recovery, burn.restored_ms) {
        (Recovery::Restored { seq, .. }, Some(at)) => {
            moments.push((at, "service restored: the clock stops".to_owned(), record.cite(*seq)));
        }
        _ => moments.push((
            burn.end_ms,
            "the record ends, service is not restored".to_owned(),
            record.facts.last().map(Cite::of),
        )),
    }
    let first = line(0, "onset", record.cite(onset.seq));
    section(std::iter::once(first).chain(moments.into_iter().map(|(at, what, cite)| line(at, &what, cite))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_shows_what_is_over_its_budget() {
        let bar = |part, whole, budget| Bar { part, whole, budget }.text();
        assert_eq!(bar(15, 30, None), "█".repeat(15));
        assert_eq!(bar(30, 30, Some(20)), format!("{}{}", "█".repeat(20), "▓".repeat(10)));
        assert_eq!(bar(10, 30, Some(20)), format!("{}{}", "█".repeat(10), "░".repeat(10)));
        assert_eq!(bar(0, 0, None), "");
        assert_eq!(bar(5, 10, Some(0)), "▓".repeat(15));
    }
}
