//! The injects and what is expected, a row each, with what became of them.

use std::time::Duration;

use super::Desk;
use crate::engine::Mark;
use crate::kernel::{SafeText, Stamp, clock};
use crate::report::{By, Item, judge};
use crate::runbook::injects::{Expectation, When};
use crate::settings::theme::Role;

/// Is a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The inject.
    pub(super) inject: u32,
    /// Its expectation, if the row is of one.
    pub(super) expectation: Option<u32>,
    /// Its name.
    pub(super) name: String,
    /// What it is.
    pub(super) what: String,
    /// What became of it.
    pub(super) state: String,
    /// How that looks.
    pub(super) role: Role,
}

/// Lists the rows.
pub(super) fn rows(desk: &Desk, now: Stamp) -> Vec<Row> {
    let items = desk.board.iter().flat_map(|board| &board.items);
    let of = |item| {
        let item: &Item = item;
        let each =
            item.inject.expects.iter().zip(1..).map(move |(wanted, number)| expected(desk, item, number, wanted, now));
        std::iter::once(inject(desk, item, now)).chain(each)
    };
    items.flat_map(of).collect()
}

fn safe(text: &str) -> String {
    SafeText::line(text).into_string()
}

fn inject(desk: &Desk, item: &Item, now: Stamp) -> Row {
    let (state, role) = match (&item.came, &item.refused) {
        (Some(_), Some(why)) => (format!("did NOT happen: {why}"), Role::Fail),
        (Some(came), None) => (format!("came {}", came.at.format("%H:%M:%S")), Role::Ok),
        (None, _) if desk.screen.is_ended() || desk.board.as_ref().is_some_and(|board| board.closed.is_some()) => {
            ("never used".to_owned(), Role::Dim)
        }
        (None, _) => match &item.inject.when {
            When::After(_) | When::On(_)
                if desk.board.as_ref().is_some_and(|board| board.is_astray(&desk.screen.run)) =>
            {
                ("in the right runbook".to_owned(), Role::Dim)
            }
            When::After(after) => (countdown(desk, Duration::from_millis(*after), now), Role::Text),
            When::On(trigger) => (format!("on {}", trigger.words()), Role::Text),
            When::ByHand => ("by hand".to_owned(), Role::Text),
        },
    };
    let does = item.inject.does.as_ref().map(|does| format!(" [{does}]")).unwrap_or_default();
    let what = safe(&format!("{}{does}", item.inject.name));
    Row { inject: item.number, expectation: None, name: item.number.to_string(), what, state: safe(&state), role }
}

fn countdown(desk: &Desk, after: Duration, now: Stamp) -> String {
    let run = &desk.screen.run;
    let Some(began) = desk.began() else { return format!("after {}", clock(after)) };
    let passed = now.since(&began).saturating_sub(run.exercise.paused_by(now));
    let left = (after / run.speed()).saturating_sub(passed);
    let paused = if run.exercise.paused.is_some() { ", paused" } else { "" };
    format!("in {}{paused}", clock(left))
}

fn expected(desk: &Desk, item: &Item, number: u32, wanted: &Expectation, now: Stamp) -> Row {
    let run = &desk.screen.run;
    let judged = judge(item, number, wanted, run, &desk.facts);
    let within = wanted.within(run.speed());
    let took = judged.took.map(|took| format!(" {}", clock(took))).unwrap_or_default();
    let by = match judged.by {
        By::Fact(seq) => format!(" #{seq}"),
        By::Facilitator(_) | By::Nobody => String::new(),
    };
    let open = |came: chrono::DateTime<chrono::Utc>| {
        let waited = now.utc.signed_duration_since(came).to_std().unwrap_or_default();
        match within {
            Some(within) => match within.checked_sub(waited) {
                Some(left) => (format!("{} left", clock(left)), Role::Focus),
                None => (format!("OVERDUE {}", clock(waited.saturating_sub(within))), Role::Warn),
            },
            None => ("to be seen".to_owned(), Role::Focus),
        }
    };
    let (state, role) = match (judged.mark, &item.came) {
        (Some(Mark::Met), _) => (format!("MET{took}{by}"), Role::Ok),
        (Some(Mark::Late), _) => (format!("LATE{took}{by}"), Role::Warn),
        (Some(Mark::Missed), _) => ("MISSED".to_owned(), Role::Fail),
        (Some(Mark::NotSeen), _) => ("not seen".to_owned(), Role::Warn),
        (None, Some(came)) => open(came.at),
        (None, None) => (within.map(|within| format!("within {}", clock(within))).unwrap_or_default(), Role::Dim),
    };
    let name = format!("{}.{number}", item.number);
    Row { inject: item.number, expectation: Some(number), name, what: safe(&wanted.what), state, role }
}
