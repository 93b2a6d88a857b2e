//! What one run did at each step, and what the other one did differently there.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Compared, Sides, counted, ms, safe};
use crate::engine::{Attempt, AttemptState, Event, StepState, Verdict};
use crate::kernel::{AttemptId, SafeText, StepId};
use crate::report::steps::word;

/// Is what one run did at a step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Did {
    /// The line of the log at which it began, last time.
    pub began_seq: Option<u64>,
    /// How long it took from its beginning to its end, in milliseconds.
    pub took_ms: Option<u64>,
    /// How it ended: `done`, `skipped` …
    pub state: &'static str,
    /// How often it failed.
    pub failed: usize,
    /// What people did about it: retries, edits, skips, marks, decisions.
    pub people: Vec<String>,
    /// What ran, oldest first.
    pub attempts: Vec<Tried>,
}

/// Is an attempt as it is compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tried {
    /// Which.
    pub attempt: AttemptId,
    /// Its action.
    pub action: String,
    /// What ran, with its line feeds.
    pub command: String,
    /// How long it took, in milliseconds; `None`: no end is recorded.
    pub took_ms: Option<u64>,
    /// What came of it.
    pub result: String,
}

/// Tells what a run did at each of its steps.
pub(super) fn did(of: Compared<'_>) -> BTreeMap<StepId, Did> {
    let run = of.run;
    let mut all: BTreeMap<StepId, Did> = BTreeMap::new();
    for ((step, state), times) in run.plan.steps.iter().zip(run.steps.iter()).zip(run.step_times.iter()) {
        let took_ms = times.0.zip(times.1).map(|(began, ended)| ms(ended.since(&began)));
        all.insert(step.id.clone(), Did { took_ms, state: ended(state), ..Did::default() });
    }
    for fact in of.facts {
        let mut at = |step: &StepId, act: &mut dyn FnMut(&mut Did)| {
            if let Some(did) = all.get_mut(&StepId::new(step.parts().0)) {
                act(did);
            }
        };
        let mut said = |step: &StepId, words: String| at(step, &mut |did| did.people.push(safe(&words)));
        match &fact.event {
            Event::StepStarted { step } => at(step, &mut |did| did.began_seq = Some(fact.seq)),
            Event::RetryChosen { step, .. } => said(step, "tried again by a person".to_owned()),
            Event::CommandEdited { step, action, .. } => said(step, format!("command of {action} edited")),
            Event::StepSkipped { step, reason, .. } => said(step, format!("skipped: {reason}")),
            Event::StepOwed { step, owner, .. } => said(step, format!("left to {owner}")),
            Event::StepDone { step, how, note, .. } if how == "marked" => {
                said(step, format!("marked done: {}", note.as_deref().unwrap_or("no evidence")));
            }
            Event::Decided { step, label, .. } => said(step, format!("decided: {label}")),
            Event::RollbackChosen { step, reason, .. } => said(step, format!("taken back: {reason}")),
            Event::AttemptStarted { attempt: id, step: Some(step), .. } => {
                if let Some(attempt) = run.attempts.get(id) {
                    at(step, &mut |did| did.attempts.push(tried(id, attempt)));
                }
            }
            Event::StepFailed { step, .. } => at(step, &mut |did| did.failed += 1),
            _ => {}
        }
    }
    all
}

/// What is over says how it ended.
fn ended(state: &StepState) -> &'static str {
    if state.is_settled() || matches!(state, StepState::Failed { .. }) { word(state) } else { "not done" }
}

fn tried(id: &AttemptId, attempt: &Attempt) -> Tried {
    let (took_ms, result) = match &attempt.state {
        AttemptState::Running => (None, "no end is recorded".to_owned()),
        AttemptState::Finished { at, outcome, verdict, .. } => {
            let result = match verdict {
                Verdict::Passed => outcome.words(),
                Verdict::Failed { why } => format!("FAILED: {why}"),
            };
            (Some(ms(at.since(&attempt.started))), result)
        }
    };
    Tried {
        attempt: id.clone(),
        action: attempt.action.as_ref().map_or_else(|| "own command".to_owned(), |name| safe(name.as_str())),
        command: SafeText::new(&attempt.command).into_string(),
        took_ms,
        result: safe(&result),
    }
}

/// Lists what was done differently at a step, besides how long it took.
pub(super) fn differences(did: &Sides<Option<Did>>) -> Vec<String> {
    let (a, b) = match (&did.a, &did.b) {
        (Some(a), Some(b)) => (a, b),
        (Some(_), None) => return vec!["only in the runbook of A".to_owned()],
        (None, Some(_)) => return vec!["only in the runbook of B".to_owned()],
        (None, None) => return Vec::new(),
    };
    let mut found = Vec::new();
    if a.state != b.state {
        found.push(format!("A {}, B {}", a.state, b.state));
    }
    if (a.attempts.len(), a.failed) != (b.attempts.len(), b.failed) {
        let of = |did: &Did| {
            format!("{}, {} of the step", counted(did.attempts.len(), "attempt"), counted(did.failed, "failure"))
        };
        found.push(format!("A {}, B {}", of(a), of(b)));
    }
    if a.people != b.people {
        let of = |did: &Did| if did.people.is_empty() { "nothing".to_owned() } else { did.people.join(", ") };
        found.push(format!("A {}; B {}", of(a), of(b)));
    }
    found
}
