//! Two runs of a runbook side by side: where the time went, what was done differently, which was faster and why. Pure.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use super::narrate::exact;
use super::summary::{RpoVerdict, RtoVerdict, rpo_verdict, rto_verdict};
use crate::engine::{Event, Fact, Run, StepState};
use crate::kernel::{SafeText, StepId, clock, counted};
use crate::runbook::Moment;

/// A difference that is smaller than this is none.
const SAME: Duration = Duration::from_millis(500);
/// So many steps are named as the reasons.
const REASONS: usize = 3;

/// Is a run with its facts.
#[derive(Clone, Copy, Debug)]
pub struct Compared<'r> {
    /// The run.
    pub run: &'r Run,
    /// Its facts.
    pub facts: &'r [Fact],
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

/// Is what one run did at a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Did {
    /// How long it took from its beginning to its end.
    took: Option<Duration>,
    state: String,
    attempts: usize,
    failed: usize,
    /// What people did about it: retries, skips, marks, decisions.
    people: Vec<String>,
}

/// Compares two runs, the first one with the second.
///
/// # Errors
/// [`NothingShared`] if no step of one is in the other.
pub fn compare(one: Compared<'_>, other: Compared<'_>) -> Result<String, NothingShared> {
    let ids = |run: &Run| -> Vec<StepId> { run.plan.steps.iter().map(|step| step.id.clone()).collect() };
    let (first, second) = (ids(one.run), ids(other.run));
    if !first.iter().any(|id| second.contains(id)) {
        let name = |run: &Run| run.opened.as_ref().map(|opened| opened.run.to_string()).unwrap_or_default();
        let title = |run: &Run| SafeText::line(&run.plan.title).into_string();
        return Err(NothingShared {
            one: name(one.run),
            other: name(other.run),
            first: title(one.run),
            second: title(other.run),
        });
    }
    let mut text = String::new();
    heads(&mut text, one, other);
    let (did_one, did_other) = (did(one), did(other));
    let mut gained: Vec<(i128, String)> = Vec::new();
    let mut line = |cells: [&str; 4]| {
        let [step, one, other, gap] = cells;
        let row = format!("{:<40} {:>14} {:>14} {:>10}", cut(step, 40), cut(one, 14), cut(other, 14), gap);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", row.trim_end());
    };
    line(["step", "A", "B", "B - A"]);
    let empty = Did::default();
    for (id, title) in aligned(one.run, other.run) {
        let (a, b) = (did_one.get(&id).unwrap_or(&empty), did_other.get(&id).unwrap_or(&empty));
        let gap = match (a.took, b.took) {
            (Some(a), Some(b)) => Some(millis(b) - millis(a)),
            (Some(a), None) => Some(-millis(a)),
            (None, Some(b)) => Some(millis(b)),
            (None, None) => None,
        };
        if let Some(gap) = gap.filter(|gap| gap.unsigned_abs() >= SAME.as_millis()) {
            gained.push((gap, title.clone()));
        }
        line([
            &title,
            &shown(a, first.contains(&id)),
            &shown(b, second.contains(&id)),
            &gap.map(signed).unwrap_or_default(),
        ]);
    }
    text.push_str("\nwhat was done differently\n");
    let mut same = true;
    for difference in differences(one, other, &did_one, &did_other) {
        same = false;
        let _ = writeln!(text, "  {difference}");
    }
    if same {
        text.push_str("  nothing that is recorded\n");
    }
    text.push('\n');
    text.push_str(&verdict(one, other, &mut gained));
    Ok(SafeText::new(&text).into_string())
}

fn heads(text: &mut String, one: Compared<'_>, other: Compared<'_>) {
    let mut row = |what: &str, of: &dyn Fn(&Run) -> String| {
        let _ = writeln!(text, "{what:<10} A  {:<44} B  {}", cut(&of(one.run), 44), of(other.run));
    };
    row("run", &|run| run.opened.as_ref().map(|opened| opened.run.to_string()).unwrap_or_default());
    row("runbook", &|run| {
        let digest =
            run.opened.as_ref().map(|opened| opened.runbook_sha256.as_str().get(..8).unwrap_or_default().to_owned());
        format!("{} ({})", run.plan.title, digest.unwrap_or_default())
    });
    row("worked by", &|run| run.opened.as_ref().map(|opened| opened.by.clone()).unwrap_or_default());
    row("speed", &|run| format!("×{}", run.speed()));
    row("RTO", &|run| match rto_verdict(run) {
        RtoVerdict::NoObjective => restored(run).map_or("no verdict".to_owned(), |took| exact(ms(took))),
        RtoVerdict::Met(took) => format!("MET, {}", exact(ms(took))),
        RtoVerdict::Missed(took) => format!("MISSED, {}", exact(ms(took))),
        RtoVerdict::NotRestored => "NOT RESTORED".to_owned(),
    });
    row("RPO", &|run| {
        let loss = run.latest_loss().map(|loss| format!(", {} to {}", exact(ms(loss.low)), exact(ms(loss.high))));
        let word = match rpo_verdict(run) {
            RpoVerdict::NoObjective => "no objective",
            RpoVerdict::NotMeasured => "NOT MEASURED",
            RpoVerdict::Met => "MET",
            RpoVerdict::NotShown => "NOT SHOWN",
            RpoVerdict::Missed => "MISSED",
        };
        format!("{word}{}", loss.unwrap_or_default())
    });
    row("time", &|run| {
        let spent = run.spent;
        format!("machine {}, people {}, idle {}", clock(spent.machine), clock(spent.people), clock(spent.idle))
    });
    text.push('\n');
}

/// Lists the steps of both in one order: that of the first, with those of the second alone where they stand there.
fn aligned(one: &Run, other: &Run) -> Vec<(StepId, String)> {
    let named = |run: &Run| -> Vec<(StepId, String)> {
        let name = |step: &crate::runbook::Step| {
            (step.id.clone(), SafeText::line(&format!("{} {}", step.number, step.title)).into_string())
        };
        run.plan.steps.iter().map(name).collect()
    };
    let mut all = named(one);
    let mut behind = 0;
    for (id, title) in named(other) {
        if let Some(at) = all.iter().position(|(known, _)| *known == id) {
            behind = at + 1;
        } else {
            all.insert(behind.min(all.len()), (id, format!("{title} (B alone)")));
            behind += 1;
        }
    }
    all
}

fn did(of: Compared<'_>) -> BTreeMap<StepId, Did> {
    let run = of.run;
    let mut all: BTreeMap<StepId, Did> = BTreeMap::new();
    for ((step, state), times) in run.plan.steps.iter().zip(&run.steps).zip(&run.step_times) {
        let took = times.0.zip(times.1).map(|(began, ended)| ended.since(&began));
        let state = match state {
            StepState::Done { how, .. } if how == "marked" => "marked done",
            StepState::Done { .. } => "",
            StepState::Skipped { .. } => "skipped",
            StepState::Owed { .. } => "owed",
            StepState::NotApplicable { .. } => "not this case",
            StepState::Failed { .. } => "FAILED",
            _ => "not done",
        };
        all.insert(step.id.clone(), Did { took, state: state.to_owned(), ..Did::default() });
    }
    for fact in of.facts {
        let mut said = |step: &StepId, words: String| {
            if let Some(did) = all.get_mut(&StepId::new(step.parts().0)) {
                did.people.push(words);
            }
        };
        match &fact.event {
            Event::RetryChosen { step, .. } => said(step, "tried again by a person".to_owned()),
            Event::StepSkipped { step, reason, .. } => said(step, format!("skipped: {reason}")),
            Event::StepOwed { step, owner, .. } => said(step, format!("left to {owner}")),
            Event::StepDone { step, how, note, .. } if how == "marked" => {
                said(step, format!("marked done: {}", note.as_deref().unwrap_or("no evidence")));
            }
            Event::Decided { step, label, .. } => said(step, format!("decided: {label}")),
            Event::RollbackChosen { step, reason, .. } => said(step, format!("taken back: {reason}")),
            Event::AttemptStarted { step: Some(step), .. } => {
                if let Some(did) = all.get_mut(&StepId::new(step.parts().0)) {
                    did.attempts += 1;
                }
            }
            Event::StepFailed { step, .. } => {
                if let Some(did) = all.get_mut(&StepId::new(step.parts().0)) {
                    did.failed += 1;
                }
            }
            _ => {}
        }
    }
    all
}

/// Lists what was done differently: values, steps, people's choices, commands of their own, waivers.
fn differences(
    one: Compared<'_>,
    other: Compared<'_>,
    did_one: &BTreeMap<StepId, Did>,
    did_other: &BTreeMap<StepId, Did>,
) -> Vec<String> {
    let mut found = Vec::new();
    if one.run.opened.as_ref().map(|of| &of.runbook_sha256) != other.run.opened.as_ref().map(|of| &of.runbook_sha256) {
        found.push("the runbook: its text is not the same".to_owned());
    }
    let inputs =
        one.run.sources.keys().chain(other.run.sources.keys().filter(|name| !one.run.sources.contains_key(*name)));
    for name in inputs {
        let value = |run: &Run| {
            run.vars.get(name).map_or_else(|| "nothing".to_owned(), |value| format!("`{}`", cut(value, 40)))
        };
        let (a, b) = (value(one.run), value(other.run));
        if a != b {
            found.push(format!("{name}: A {a}, B {b}"));
        }
    }
    for (id, title) in aligned(one.run, other.run) {
        let (Some(a), Some(b)) = (did_one.get(&id), did_other.get(&id)) else {
            let whose = if did_one.contains_key(&id) { "A" } else { "B" };
            found.push(format!("{title}: only in the runbook of {whose}"));
            continue;
        };
        let word = |state: &str| if state.is_empty() { "done".to_owned() } else { state.to_owned() };
        if a.state != b.state {
            found.push(format!("{title}: A {}, B {}", word(&a.state), word(&b.state)));
        }
        if (a.attempts, a.failed) != (b.attempts, b.failed) {
            let of = |did: &Did| {
                format!("{}, {} of the step", counted(did.attempts, "attempt"), counted(did.failed, "failure"))
            };
            found.push(format!("{title}: A {}, B {}", of(a), of(b)));
        }
        if a.people != b.people {
            let of = |did: &Did| if did.people.is_empty() { "nothing".to_owned() } else { did.people.join(", ") };
            found.push(format!("{title}: A {}; B {}", of(a), of(b)));
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
    found.into_iter().map(|line| SafeText::line(&line).into_string()).collect()
}

/// Says which was faster, and which steps made it so.
fn verdict(one: Compared<'_>, other: Compared<'_>, gained: &mut [(i128, String)]) -> String {
    let (Some(a), Some(b)) = (restored(one.run), restored(other.run)) else {
        let not = |run: &Run, name: &str| restored(run).is_none().then(|| name.to_owned());
        let which: Vec<String> = [not(one.run, "A"), not(other.run, "B")].into_iter().flatten().collect();
        return format!("Neither is faster: the service was not seen to be restored in {}.\n", which.join(" and "));
    };
    let gap = millis(b) - millis(a);
    if gap.unsigned_abs() < SAME.as_millis() {
        return format!("Both took {} until the service was restored.\n", clock(a));
    }
    let (faster, slower) = if gap > 0 { ("A", "B") } else { ("B", "A") };
    let mut said = format!("{faster} restored the service {} earlier than {slower}", short(gap.unsigned_abs()));
    if one.run.speed() != other.run.speed() {
        said.push_str(", but the estate's speed was not the same");
    }
    said.push_str(".\n");
    gained.sort_by_key(|(gained, _)| -gained.abs());
    let of = gained.iter().filter(|(gained, _)| (*gained > 0) == (gap > 0)).take(REASONS);
    let reasons: Vec<String> =
        of.map(|(gained, title)| format!("{title} ({})", short(gained.unsigned_abs()))).collect();
    if !reasons.is_empty() {
        let _ = writeln!(said, "Most of it was gained in {}.", reasons.join(", "));
    }
    let people = millis(other.run.spent.people) - millis(one.run.spent.people);
    if people.unsigned_abs() >= SAME.as_millis() && (people > 0) == (gap > 0) {
        let _ = writeln!(said, "{slower} waited {} longer for people.", short(people.unsigned_abs()));
    }
    said
}

/// Returns how long it took until the service was restored: since onset, or since the declaration where none is known.
fn restored(run: &Run) -> Option<Duration> {
    match &run.recovery {
        crate::engine::Recovery::Restored { rto, since, .. } => {
            Some(match (run.onset(), run.moment(Moment::Declared)) {
                (None, Some(declared)) => since.signed_duration_since(declared.occurred_at).to_std().unwrap_or(*rto),
                _ => *rto,
            })
        }
        crate::engine::Recovery::NotYet | crate::engine::Recovery::Holding(_) => None,
    }
}

fn shown(did: &Did, there: bool) -> String {
    match (there, did.took) {
        (false, _) => "–".to_owned(),
        (true, Some(took)) if did.state.is_empty() => exact(ms(took)),
        (true, _) => did.state.clone(),
    }
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn millis(duration: Duration) -> i128 {
    i128::from(ms(duration))
}

fn short(millis: u128) -> String {
    exact(u64::try_from(millis).unwrap_or(u64::MAX))
}

fn signed(gap: i128) -> String {
    let sign = if gap < 0 { "-" } else { "+" };
    format!("{sign}{}", short(gap.unsigned_abs()))
}

fn cut(text: &str, columns: usize) -> String {
    let text = SafeText::line(text).into_string();
    match text.char_indices().nth(columns) {
        None => text,
        Some(_) => text.chars().take(columns.saturating_sub(1)).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engine::evolve;
    use crate::journal::read_log;
    use crate::runbook::parse;

    fn recorded(change: impl Fn(&mut Fact)) -> (Run, Vec<Fact>) {
        let mut facts = read_log(include_bytes!("../../tests/fixtures/recording/incident.jsonl")).into_facts();
        facts.iter_mut().for_each(change);
        let parsed = parse("runbook.md", include_bytes!("../../tests/fixtures/recording/runbook.md"));
        let mut run = Run::new(Arc::new(parsed.plan.unwrap()));
        for fact in &facts {
            evolve(&mut run, fact).unwrap();
        }
        (run, facts)
    }

    fn said(one: &(Run, Vec<Fact>), other: &(Run, Vec<Fact>)) -> String {
        let of = |(run, facts): &'static (Run, Vec<Fact>)| Compared { run, facts };
        let keep = |pair: &(Run, Vec<Fact>)| -> &'static (Run, Vec<Fact>) { Box::leak(Box::new(pair.clone())) };
        compare(of(keep(one)), of(keep(other))).unwrap()
    }

    #[test]
    fn a_run_is_as_fast_as_itself_and_did_the_same() {
        let one = recorded(|_| {});
        let said = said(&one, &one);
        assert!(said.contains("nothing that is recorded") && said.contains("Both took 0:21"), "{said}");
        assert!(said.contains("1 Look from outside"), "{said}");
    }

    #[test]
    fn what_took_longer_is_found_and_named() {
        let one = recorded(|_| {});
        // Everything from the promotion on came ten seconds later, and somebody else had another value.
        let promoted = one.1.iter().find(|fact| matches!(&fact.event, Event::StepStarted { step } if one.0.plan.step(step).is_some_and(|step| step.number == 9)));
        let from = promoted.unwrap().seq;
        let other = recorded(|fact| {
            if fact.seq > from {
                fact.at.mono += 10_000_000;
                fact.at.utc += chrono::TimeDelta::seconds(10);
            }
            match &mut fact.event {
                Event::Recovered { since, rto_ms, .. } => {
                    *since += chrono::TimeDelta::seconds(10);
                    *rto_ms += 10_000;
                }
                Event::RecoverySeen { since, .. } => {
                    *since += chrono::TimeDelta::seconds(10);
                }
                Event::InputSet { name, value, .. } if name == "REPLICA_ID" => *value = "other-west".to_owned(),
                _ => {}
            }
        });
        let text = said(&one, &other);
        assert!(text.contains("B waited 10.0 s longer for people."), "{text}");
        assert!(text.contains("A restored the service 10.0 s earlier than B."), "{text}");
        assert!(text.contains("Most of it was gained in 9 Promote the replica (10.0 s)"), "{text}");
        assert!(text.contains("REPLICA_ID: A `shop-db-west`, B `other-west`"), "{text}");
        let back = said(&other, &one);
        assert!(back.contains("B restored the service 10.0 s earlier than A."), "{back}");
    }

    #[test]
    fn runs_that_share_no_step_are_refused_by_name() {
        let one = recorded(|_| {});
        let parsed = parse("other.md", b"# Other\n\n### Another thing\n\n```sh {name=x impact=observe}\ntrue\n```\n");
        let other = Run::new(Arc::new(parsed.plan.unwrap()));
        let refused =
            compare(Compared { run: &one.0, facts: &one.1 }, Compared { run: &other, facts: &[] }).unwrap_err();
        assert!(refused.to_string().contains("share no step") && refused.to_string().contains("`Other`"), "{refused}");
    }
}
