//! Two runs of a runbook side by side: where the time went, what was done differently, which was faster and why. Pure.

mod did;
mod diff;
mod text;
mod verdict;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::narrate::{exact, exact_range};
use super::summary::{RpoVerdict, RtoVerdict, rpo_verdict, rto_verdict};
use crate::engine::{Event, Fact, Run};
use crate::kernel::{SafeText, StepId, clock, counted};

pub use did::{Did, Tried};
pub use diff::{Differing, diff};
pub use text::{bar_parts, side_by_side, step_shown};

/// A difference that is smaller than this is none, in milliseconds.
const SAME: u64 = 500;

/// Is a run with its facts.
#[derive(Clone, Copy, Debug)]
pub struct Compared<'r> {
    /// The run.
    pub run: &'r Run,
    /// Its facts.
    pub facts: &'r [Fact],
}

/// Is what is known of two runs, A and B. Everything in it is harmless text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// What is said of each run as a whole.
    pub heads: Vec<Head>,
    /// What each spent on what.
    pub spent: Sides<Spent>,
    /// How long it took until the service was restored, in milliseconds, where it was.
    pub restored_ms: Sides<Option<u64>>,
    /// The steps of both in one order: that of A, with those of B alone where they stand there.
    pub steps: Vec<Aligned>,
    /// What else was done differently, a sentence each.
    pub differences: Vec<String>,
    /// Which was faster, and why, a sentence each.
    pub verdict: Vec<String>,
}

/// Holds the same of A and of B.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sides<T> {
    /// Of the first run.
    pub a: T,
    /// Of the second.
    pub b: T,
}

impl<T> Sides<T> {
    /// Makes the same of both.
    fn of<F>(one: F, other: F, make: impl Fn(F) -> T) -> Self {
        Self { a: make(one), b: make(other) }
    }

    /// Returns A and B by reference.
    pub fn each(&self) -> [&T; 2] {
        [&self.a, &self.b]
    }
}

/// Is something that is said of each run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Head {
    /// What.
    pub what: &'static str,
    /// It.
    #[serde(flatten)]
    pub of: Sides<String>,
}

/// Says what a run spent on what, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Spent {
    /// Something ran.
    pub machine_ms: u64,
    /// A person was waited for.
    pub people_ms: u64,
    /// Neither.
    pub idle_ms: u64,
}

/// Is a step of one run beside the same step of the other. Steps are the same by their id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Aligned {
    /// Its number and title.
    pub title: String,
    /// What each did there; `None`: it is not in that one's runbook.
    #[serde(flatten)]
    pub did: Sides<Option<Did>>,
    /// How much longer B took, in milliseconds, where at least one took any time.
    pub gap_ms: Option<i64>,
    /// What was done differently there, a sentence each.
    pub differences: Vec<String>,
}

impl Aligned {
    /// Returns how much time the two took differently, and nothing where that is too little to be a difference.
    pub fn gained(&self) -> Option<i64> {
        self.gap_ms.filter(|gap| gap.unsigned_abs() >= SAME)
    }

    /// Is anything different here?
    pub fn differs(&self) -> bool {
        self.gained().is_some() || !self.differences.is_empty()
    }

    /// Returns how long each took, in milliseconds; what did not happen took no time.
    pub fn took(&self) -> [u64; 2] {
        self.did.each().map(|did| did.as_ref().and_then(|did| did.took_ms).unwrap_or(0))
    }
}

/// Says why two runs can't be compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{one} and {other} share no step: they are runs of different runbooks (`{first}` and `{second}`)")]
pub struct NothingShared {
    one: String,
    other: String,
    first: String,
    second: String,
}

/// Says whether an event counts.
type Is = fn(&Event) -> bool;

/// Compares two runs, the first one (A) with the second (B).
///
/// # Errors
/// [`NothingShared`] if no step of one is in the other.
pub fn compare(one: Compared<'_>, other: Compared<'_>) -> Result<Comparison, NothingShared> {
    let (did_one, did_other) = (did::did(one), did::did(other));
    if !did_one.keys().any(|id| did_other.contains_key(id)) {
        let title = |run: &Run| SafeText::line(&run.plan.title).into_string();
        return Err(NothingShared {
            one: name(one.run),
            other: name(other.run),
            first: title(one.run),
            second: title(other.run),
        });
    }
    let steps = aligned(one.run, other.run, &did_one, &did_other);
    let spent = |run: &Run| Spent {
        machine_ms: ms(run.spent.machine),
        people_ms: ms(run.spent.people),
        idle_ms: ms(run.spent.idle),
    };
    Ok(Comparison {
        heads: heads(one.run, other.run),
        spent: Sides::of(one.run, other.run, spent),
        restored_ms: Sides::of(one.run, other.run, |run| verdict::restored(run).map(ms)),
        differences: differences(one, other),
        verdict: verdict::verdict(one.run, other.run, &steps),
        steps,
    })
}

fn name(run: &Run) -> String {
    run.opened.as_ref().map(|opened| safe(opened.run.as_str())).unwrap_or_default()
}

fn heads(one: &Run, other: &Run) -> Vec<Head> {
    let head = |what: &'static str, of: &dyn Fn(&Run) -> String| Head {
        what,
        of: Sides::of(one, other, |run| safe(&of(run))),
    };
    vec![
        head("run", &name),
        head("runbook", &|run| {
            let digest = run.opened.as_ref().and_then(|opened| opened.runbook_sha256.as_str().get(..8));
            format!("{} ({})", run.plan.title, digest.unwrap_or_default())
        }),
        head("worked by", &|run| run.opened.as_ref().map(|opened| opened.by.clone()).unwrap_or_default()),
        head("speed", &|run| format!("×{}", run.speed())),
        head("RTO", &|run| match rto_verdict(run) {
            RtoVerdict::NoObjective => verdict::restored(run).map_or("no verdict".to_owned(), |took| exact(ms(took))),
            RtoVerdict::Met(took) => format!("MET, {}", exact(ms(took))),
            RtoVerdict::Missed(took) => format!("MISSED, {}", exact(ms(took))),
            RtoVerdict::NotRestored => "NOT RESTORED".to_owned(),
        }),
        head("RPO", &|run| {
            let loss = run.latest_loss().map(|loss| format!(", {}", exact_range(ms(loss.low), ms(loss.high))));
            let word = match rpo_verdict(run) {
                RpoVerdict::NoObjective => "no objective",
                RpoVerdict::NotMeasured => "NOT MEASURED",
                RpoVerdict::Met => "MET",
                RpoVerdict::NotShown => "NOT SHOWN",
                RpoVerdict::Missed => "MISSED",
            };
            format!("{word}{}", loss.unwrap_or_default())
        }),
        head("time", &|run| {
            let spent = run.spent;
            format!("machine {}, people {}, idle {}", clock(spent.machine), clock(spent.people), clock(spent.idle))
        }),
    ]
}

/// Lists the steps of both in one order: that of the first, with those of the second alone where they stand there.
fn aligned(one: &Run, other: &Run, did_one: &BTreeMap<StepId, Did>, did_other: &BTreeMap<StepId, Did>) -> Vec<Aligned> {
    let named = |run: &Run| -> Vec<(StepId, String)> {
        let name = |step: &crate::runbook::Step| (step.id.clone(), safe(&format!("{} {}", step.number, step.title)));
        run.plan.steps.iter().map(name).collect()
    };
    let mut all = named(one);
    let mut behind = 0;
    for (id, title) in named(other) {
        if let Some(at) = all.iter().position(|(known, _)| *known == id) {
            behind = at + 1;
        } else {
            all.insert(behind.min(all.len()), (id, title));
            behind += 1;
        }
    }
    let beside = |(id, title): (StepId, String)| {
        let did = Sides { a: did_one.get(&id).cloned(), b: did_other.get(&id).cloned() };
        let took = |did: &Option<Did>| did.as_ref().and_then(|did| did.took_ms).map(signed);
        let gap_ms = match (took(&did.a), took(&did.b)) {
            (Some(a), Some(b)) => Some(b - a),
            (Some(a), None) => Some(-a),
            (None, Some(b)) => Some(b),
            (None, None) => None,
        };
        let differences = did::differences(&did);
        Aligned { title, did, gap_ms, differences }
    };
    all.into_iter().map(beside).collect()
}

/// Lists what was done differently besides at the single steps: the text, values, commands of people's own, waivers.
fn differences(one: Compared<'_>, other: Compared<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let digest = |run: &Run| run.opened.as_ref().map(|opened| opened.runbook_sha256.clone());
    if digest(one.run) != digest(other.run) {
        found.push("the runbook: its text is not the same".to_owned());
    }
    let inputs =
        one.run.sources.keys().chain(other.run.sources.keys().filter(|name| !one.run.sources.contains_key(*name)));
    for name in inputs {
        let value = |run: &Run| {
            run.vars.get(name).map_or_else(|| "nothing".to_owned(), |value| format!("`{}`", text::cut(value, 40)))
        };
        let (a, b) = (value(one.run), value(other.run));
        if a != b {
            found.push(format!("{name}: A {a}, B {b}"));
        }
    }
    let counted: [(&str, Is); 4] = [
        ("commands of people's own", |event| matches!(event, Event::AttemptStarted { step: None, action: None, .. })),
        ("approvals and second readers waived", |event| {
            matches!(event, Event::ApprovalWaived { .. } | Event::SecondReaderWaived { .. })
        }),
        ("confirmations declined", |event| matches!(event, Event::Declined { .. })),
        ("interrupts", |event| matches!(event, Event::InterruptAsked { .. })),
    ];
    for (what, is) in counted {
        let count = |of: Compared<'_>| of.facts.iter().filter(|fact| is(&fact.event)).count();
        let (a, b) = (count(one), count(other));
        if a != b {
            found.push(format!("{what}: A {a}, B {b}"));
        }
    }
    found.into_iter().map(|line| safe(&line)).collect()
}

fn safe(text: &str) -> String {
    SafeText::line(text).into_string()
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn signed(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

/// Shows how much longer something took, with its sign.
pub fn gap_words(gap: i64) -> String {
    let sign = if gap < 0 { "-" } else { "+" };
    format!("{sign}{}", exact(gap.unsigned_abs()))
}

#[cfg(test)]
mod tests;
