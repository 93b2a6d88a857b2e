//! The figures: what customers lost and for how long, against the objectives, and where the time went.

use std::time::Duration;

use super::{Bar, Cite, Record, Row, Section};
use crate::engine::{Event, Recovery};
use crate::kernel::{clock, say_duration};
use crate::report::narrate::{exact, exact_range};
use crate::report::{RpoVerdict, RtoVerdict, rpo_verdict, rto_verdict};
use crate::runbook::{LossKind, Moment};

/// Says the four things that the people who pay ask for.
pub(super) fn who_pays(record: &Record<'_>) -> Section {
    let run = record.run;
    let onset = run.moment(Moment::Onset);
    let restored = match &run.recovery {
        Recovery::Restored { since, rto, seq } => Some((since, rto, seq)),
        Recovery::NotYet | Recovery::Holding(_) => None,
    };
    let from = onset.map_or_else(
        || "from a time that nobody fixed".to_owned(),
        |onset| format!("from {}", onset.occurred_at.format("%Y-%m-%d %H:%M:%S%.3fZ")),
    );
    let to = restored.map_or_else(
        || "; restoration was not seen".to_owned(),
        |(since, rto, _)| {
            let how_long = if onset.is_some() { format!(", {}", exact(millis(*rto))) } else { String::new() };
            format!(" to {}{how_long}", since.format("%Y-%m-%d %H:%M:%S%.3fZ"))
        },
    );
    let cites = onset.and_then(|onset| record.cite(onset.seq)).into_iter();
    let cites = cites.chain(restored.and_then(|(_, _, seq)| record.cite(*seq)));
    let mut rows = vec![Row::new(["customers failed", &format!("{from}{to}")], cites)];
    rows.push(match run.latest_loss() {
        None => Row::new(["accepted and then missing", "not measured"], None),
        Some(loss) => {
            let count = loss.orders.map_or_else(|| "not counted".to_owned(), |count| count.to_string());
            let span = exact_range(millis(loss.low), millis(loss.high));
            let shown = format!("number {count}, amount not recorded; {span} of them");
            Row::new(["accepted and then missing", &shown], record.cite(loss.seq))
        }
    });
    rows.push(match onset {
        Some(onset) => {
            let shown = format!("{}, on this evidence: {}", onset.by, onset.evidence);
            Row::new(["who fixed the onset", &shown], record.cite(onset.seq))
        }
        None => Row::new(["who fixed the onset", "nobody"], None),
    });
    let mut open: Vec<(String, Cite)> = record
        .each(|event| match event {
            Event::StepOwed { step, owner, due, .. } => {
                Some(format!("{step}: {owner} owes it until {}", due.format("%Y-%m-%d %H:%MZ")))
            }
            _ => None,
        })
        .into_iter()
        .map(|(fact, owed)| (owed, Cite::of(fact)))
        .collect();
    let protected = run.moment(Moment::Protected);
    let mut words: Vec<String> = Vec::new();
    match protected {
        Some(protected) => {
            words.push(format!("protected again since {}", protected.occurred_at.format("%H:%M:%S%.3fZ")));
        }
        None => words.push("protection is not shown to be restored".to_owned()),
    }
    words.extend(open.iter().map(|(owed, _)| owed.clone()));
    let cites =
        protected.and_then(|fixed| record.cite(fixed.seq)).into_iter().chain(open.drain(..).map(|(_, cite)| cite));
    rows.push(Row::new(["what is unprotected, and who owes it", &words.join("; ")], cites));
    Section::list("who-pays", "For the people who pay", rows)
}

/// Lists every measured loss, with its method and the raw figures.
pub(super) fn recovery_point(record: &Record<'_>) -> Section {
    let measured = record.each(|event| match event {
        Event::LossMeasured { attempt, of, low_ms, high_ms, orders, last_commit, method } => {
            Some((attempt, of, low_ms, high_ms, orders, last_commit, method))
        }
        _ => None,
    });
    let rows = measured.into_iter().map(|(fact, (attempt, of, low, high, orders, commit, method))| {
        let kind = match of {
            LossKind::Replication => "replication",
            LossKind::RecoveryPoint => "recovery point",
            LossKind::Discarded => "discarded",
        };
        let commit = commit.map(|commit| format!("; last commit {}", commit.format("%Y-%m-%d %H:%M:%S%.3fZ")));
        let orders = orders.map(|orders| format!("; {orders} orders")).unwrap_or_default();
        let shown = format!("{}{orders}{}; {method}", exact_range(*low, *high), commit.unwrap_or_default());
        let attempt_ended = record
            .facts
            .iter()
            .find(|other| matches!(&other.event, Event::AttemptFinished { attempt: of, .. } if of == attempt));
        let what = format!("loss ({kind}), attempt {attempt}");
        Row::new([what, shown], [Cite::of(fact)].into_iter().chain(attempt_ended.map(Cite::of)))
    });
    Section::list("recovery-point", "Recovery point", rows.collect())
}

/// Judges the objectives, with the method of each figure.
pub(super) fn objectives(record: &Record<'_>) -> Section {
    let run = record.run;
    let meta = &run.plan.meta;
    let rto = meta.objectives.rto.map(clock).unwrap_or_default();
    let sustain = say_duration(meta.sustain / run.speed());
    let (verdict, figure) = match rto_verdict(run) {
        RtoVerdict::NoObjective => ("no verdict", "no objective, or no onset".to_owned()),
        RtoVerdict::Met(took) => ("MET", format!("{} of {rto}", exact(millis(took)))),
        RtoVerdict::Missed(took) => ("MISSED", format!("{} of {rto}", exact(millis(took)))),
        RtoVerdict::NotRestored => ("NOT RESTORED", format!("objective {rto}")),
    };
    let method = format!("from onset to the start of the stretch in which the service held for {sustain}");
    let recovered = match &run.recovery {
        Recovery::Restored { seq, .. } => record.cite(*seq),
        Recovery::NotYet | Recovery::Holding(_) => None,
    };
    let onset = run.moment(Moment::Onset).and_then(|fixed| record.cite(fixed.seq));
    let mut rows = vec![Row::new(["RTO", verdict, &figure, &method], onset.into_iter().chain(recovered.clone()))];
    if let (Some(declared), Recovery::Restored { since, .. }) = (run.moment(Moment::Declared), &run.recovery) {
        let took = since.signed_duration_since(declared.occurred_at).to_std().unwrap_or_default();
        let cites = record.cite(declared.seq).into_iter().chain(recovered);
        rows.push(Row::new(["since declaration", "", &exact(millis(took)), "from declaration to the same"], cites));
    }
    let limit = meta.objectives.rpo.as_ref().map(|rpo| clock(rpo.max)).unwrap_or_default();
    let loss = run.latest_loss();
    let range = loss.map(|loss| format!("{} of {limit}", exact_range(millis(loss.low), millis(loss.high))));
    let verdict = match rpo_verdict(run) {
        RpoVerdict::NoObjective => "no objective",
        RpoVerdict::NotMeasured => "NOT MEASURED",
        RpoVerdict::Met => "MET",
        RpoVerdict::NotShown => "NOT SHOWN: only the low end is within it",
        RpoVerdict::Missed => "MISSED",
    };
    let method = loss.map(|loss| loss.method.clone()).unwrap_or_default();
    rows.push(Row::new(
        ["RPO", verdict, &range.unwrap_or_default(), &method],
        loss.and_then(|loss| record.cite(loss.seq)),
    ));
    for (fact, words) in record.each(|event| match event {
        Event::Breached { objective, limit_ms, actual_ms } => Some((objective, exact(*actual_ms), exact(*limit_ms))),
        _ => None,
    }) {
        let (objective, actual, limit) = words;
        let what = format!("{} breached", objective.to_uppercase());
        rows.push(Row::new([what, String::new(), format!("{actual} of {limit}"), String::new()], [Cite::of(fact)]));
    }
    Section::new("objectives", "Objectives", &["what", "verdict", "figure", "method"], rows)
}

/// Says where the time went, with bars, against the phases' budgets.
pub(super) fn time(record: &Record<'_>) -> Section {
    let run = record.run;
    let mut rows = Vec::new();
    let ended = record.each(|event| match event {
        Event::Ended { machine_ms, people_ms, idle_ms, .. } => Some([*machine_ms, *people_ms, *idle_ms]),
        _ => None,
    });
    if let Some((fact, spent)) = ended.into_iter().next_back() {
        let whole = spent.iter().sum::<u64>().max(1);
        for (what, part) in ["machine", "waiting for people", "idle"].into_iter().zip(spent) {
            let share = format!("{} percent", part * 100 / whole);
            let bar = Bar { part, whole, budget: None };
            rows.push(Row::new([what, &exact(part), &share], [Cite::of(fact)]).drawn(bar));
        }
    }
    let Some(last) = run.last else { return section(rows) };
    let phases: Vec<(usize, Duration)> =
        (0..run.plan.phases.len()).filter_map(|at| Some((at, run.phase_time(at, last)?))).collect();
    let longest = phases.iter().map(|(at, took)| {
        let budget = run.plan.phases.get(*at).and_then(|phase| phase.budget).map(|budget| budget / run.speed());
        millis((*took).max(budget.unwrap_or_default()))
    });
    let longest = longest.max().unwrap_or_default().max(1);
    for (at, took) in phases {
        let Some(phase) = run.plan.phases.get(at) else { continue };
        let ids: Vec<&str> =
            run.plan.steps.get(phase.steps.clone()).unwrap_or_default().iter().map(|step| step.id.as_str()).collect();
        let of_phase = |fact: &&crate::engine::Fact| {
            let (Event::StepStarted { step }
            | Event::StepDone { step, .. }
            | Event::StepSkipped { step, .. }
            | Event::StepOwed { step, .. }
            | Event::NotApplicable { step, action: None, .. }) = &fact.event
            else {
                return false;
            };
            ids.contains(&step.parts().0)
        };
        let first = record.facts.iter().find(of_phase);
        let end =
            record.facts.iter().rev().find(of_phase).filter(|end| first.is_some_and(|first| first.seq != end.seq));
        let budget = phase.budget.map(|budget| budget / run.speed());
        let against =
            budget.map_or_else(|| "no budget".to_owned(), |budget| format!("budget {}", exact(millis(budget))));
        let bar = Bar { part: millis(took), whole: longest, budget: budget.map(millis) };
        let cites = first.map(Cite::of).into_iter().chain(end.map(Cite::of));
        rows.push(Row::new([phase.title.clone(), exact(millis(took)), against], cites).drawn(bar));
    }
    section(rows)
}

fn section(rows: Vec<Row>) -> Section {
    Section::new("time", "Where the time went", &["what", "time", "against", "bar"], rows)
}

/// Returns a duration in whole milliseconds.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
