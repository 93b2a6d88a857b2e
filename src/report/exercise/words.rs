//! One line a fact of an exercise.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::engine::{Exercise, Facilitation, HowFired};
use crate::kernel::{clock, counted};
use crate::runbook::injects::When;

/// Says what the team sees.
pub(in crate::report) fn exercised(what: &Exercise) -> String {
    match what {
        Exercise::Committed { injects } => {
            let count = counted(injects.len(), "inject");
            format!("this drill is facilitated, {count} may come; the log holds a digest of each")
        }
        Exercise::Announced { inject, text, by } => {
            let of = inject.map(|number| format!(" (inject {number})")).unwrap_or_default();
            format!("TOLD by {by}{of}: {text}")
        }
        Exercise::Paused { why, by } => format!("EXERCISE PAUSED by {by}: {why}; the RTO clock goes on"),
        Exercise::WentOn { by } => format!("the exercise goes on (by {by})"),
        Exercise::Blind(blind) => {
            let took = clock(between(blind.shown_at, blind.chosen_at));
            let before = blind.before.iter().map(|left| {
                let stayed = clock(between(left.chosen_at, left.left_at));
                format!("{} ({stayed} in it)", left.scenario)
            });
            let before: Vec<String> = before.collect();
            let before = if before.is_empty() { String::new() } else { format!(", after {}", before.join(", ")) };
            format!(
                "this drill is blind: the log holds a digest of what is broken; this runbook was chosen {took} after the \
                 alarms were shown{before}"
            )
        }
    }
}

/// Says what only the facilitator sees.
pub(in crate::report) fn facilitated(what: &Facilitation) -> String {
    let noted = |note: &Option<String>| note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
    match what {
        Facilitation::Prepared { run, list, injects, .. } => {
            format!("run {run} is facilitated with {} of {list}", counted(injects.len(), "inject"))
        }
        Facilitation::Fired(fired) => {
            let how = match fired.how {
                HowFired::Time => "at its time",
                HowFired::Trigger => "by its trigger",
                HowFired::Hand => "by hand",
            };
            format!("inject {} fired {how} (by {})", fired.inject, fired.by)
        }
        Facilitation::Refused { inject, why } => format!("inject {inject} did NOT happen: {why}"),
        Facilitation::Observed { inject, expectation, mark, note, by } => {
            let mark = mark.word().to_uppercase();
            format!("expectation {inject}.{expectation} {mark} (by {by}){}", noted(note))
        }
        Facilitation::Noted { text, by } => format!("note by {by}: {text}"),
        Facilitation::Scored { area, points, note, by } => {
            format!("{area}: {points} of 5 points (by {by}){}", noted(note))
        }
        Facilitation::Closed { by } => format!("the exercise was ended by {by}"),
    }
}

/// Returns the time between two moments; none where the second comes first.
pub(super) fn between(from: DateTime<Utc>, to: DateTime<Utc>) -> Duration {
    to.signed_duration_since(from).to_std().unwrap_or_default()
}

/// Says when an inject comes.
pub(super) fn when(when: &When) -> String {
    match when {
        When::After(after) => format!("{} after the beginning", clock(Duration::from_millis(*after))),
        When::On(trigger) => format!("on {}", trigger.words()),
        When::ByHand => "by hand".to_owned(),
    }
}
