//! One line a fact of an exercise.

use std::time::Duration;

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

/// Says when an inject comes.
pub(super) fn when(when: &When) -> String {
    match when {
        When::After(after) => format!("{} after the beginning", clock(Duration::from_millis(*after))),
        When::On(trigger) => format!("on {}", trigger.words()),
        When::ByHand => "by hand".to_owned(),
    }
}
