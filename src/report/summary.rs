//! The summary of a run: verdicts with their method, what was left out, what is owed. Never more than was seen.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::narrate::{exact, exact_range};
use crate::engine::{
    Alarm, Attempt, AttemptState, Condition, Lane, Recovery, Run, Stage, StepState, Strand, Unapproved, Undoes,
    Verdict, Waiver,
};
use crate::kernel::{ActionName, SafeText, StepId, clock, counted};
use crate::runbook::{Action, Kind, Moment, Section, Step, Until};

/// Is what the customers of a drill's shop saw, by their own record.
#[derive(Clone, Debug, PartialEq)]
pub struct Customers {
    /// Their first failed request.
    pub failed_from: Option<DateTime<Utc>>,
    /// The start of the stretch in which they were served again.
    pub served_from: Option<DateTime<Utc>>,
    /// Orders that were acknowledged to them and are not in the surviving database.
    pub orders_lost: u64,
    /// The time that those orders span, from the last surviving commit to the last lost one.
    pub loss: Duration,
    /// The downtime by the estate's own clock, which runs at the drill's speed.
    pub estate_downtime: Option<Duration>,
    /// The time that the missing orders span by that clock.
    pub estate_loss: Duration,
    /// How much of that lies before the estate opened: no speed shortens it.
    pub loss_before_opening: Duration,
    /// What corruption cost, if there was any.
    pub corruption: Option<Corruption>,
    /// How many of the shop's objects they do not get.
    pub objects_missing: u64,
    /// Who kept the data.
    pub data: Exercised,
}

/// Says who kept the data of a drill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exercised {
    /// Real PostgreSQL of that version.
    Postgresql(String),
    /// A model; why, in words.
    Modelled(String),
}

impl Exercised {
    /// Says what of the data was exercised and what was not.
    pub fn words(&self) -> String {
        match self {
            Self::Postgresql(version) => format!(
                "real: rows in PostgreSQL {version}, its own replication, promotion, backups and recovery; orders are \
                 counted in them; dumps from before last night are modelled"
            ),
            Self::Modelled(why) => format!(
                "modelled ({why}); not exercised: PostgreSQL's replication, promotion, backups and recovery, `sql` fences"
            ),
        }
    }
}

/// Is what corruption cost by the estate's own clock: three figures, never one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corruption {
    /// From the restored moment to the first bad write; `None` where nothing was restored.
    pub recovery_point_age: Option<Duration>,
    /// How many good orders were acknowledged and are not in the surviving database.
    pub discarded: u64,
    /// What they were worth, in cents.
    pub discarded_cents: u64,
    /// From the restored moment to the freeze; 0 where nothing is discarded.
    pub discarded_span: Duration,
    /// From the first bad write to the freeze.
    pub exposure: Duration,
    /// How many rows of the surviving database are wrong.
    pub bad_rows_left: u64,
}

/// Says whether the RTO was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RtoVerdict {
    /// There is no objective, or no onset.
    NoObjective,
    /// Restored in time.
    Met(Duration),
    /// Restored too late.
    Missed(Duration),
    /// Service was not seen restored.
    NotRestored,
}

/// Says whether the RPO was met, by the high end of the loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RpoVerdict {
    /// There is no objective.
    NoObjective,
    /// Nothing was measured.
    NotMeasured,
    /// Even the high end is within the objective.
    Met,
    /// The low end is within the objective, the high end is not.
    NotShown,
    /// Even the low end is beyond the objective.
    Missed,
}

/// Judges the RTO.
pub fn rto_verdict(run: &Run) -> RtoVerdict {
    let Some(limit) = run.plan.meta.objectives.rto else { return RtoVerdict::NoObjective };
    match &run.recovery {
        Recovery::Restored { .. } if run.onset().is_none() => RtoVerdict::NoObjective,
        Recovery::Restored { rto, .. } if *rto <= limit => RtoVerdict::Met(*rto),
        Recovery::Restored { rto, .. } => RtoVerdict::Missed(*rto),
        Recovery::NotYet | Recovery::Holding(_) => RtoVerdict::NotRestored,
    }
}

/// Judges the RPO by the last measured loss.
pub fn rpo_verdict(run: &Run) -> RpoVerdict {
    let Some(rpo) = &run.plan.meta.objectives.rpo else { return RpoVerdict::NoObjective };
    match run.latest_loss() {
        None => RpoVerdict::NotMeasured,
        Some(loss) if loss.high <= rpo.max => RpoVerdict::Met,
        Some(loss) if loss.low <= rpo.max => RpoVerdict::NotShown,
        Some(_) => RpoVerdict::Missed,
    }
}

/// Writes the summary, a line an element, harmless for a terminal.
pub fn summary(run: &Run, customers: Option<&Customers>) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(waiver_lines(run));
    lines.extend(alarm_lines(run));
    lines.push(rto_line(run));
    lines.extend(pause_line(run));
    lines.push(rpo_line(run));
    if let Some(customers) = customers {
        lines.push(customers_line(customers));
        lines.extend(estate_time_line(run, customers));
        lines.extend(cost_lines(customers));
        lines.push(format!("DATA  {}", customers.data.words()));
    }
    lines.extend(sql_line(run));
    lines.push(String::new());
    lines.extend(time_lines(run));
    lines.extend(moment_lines(run));
    lines.extend(step_lines(run));
    lines.extend(owed_lines(run));
    lines.iter().map(|line| SafeText::line(line).into_string()).collect()
}

fn rto_line(run: &Run) -> String {
    let limit = run.plan.meta.objectives.rto.map(clock).unwrap_or_default();
    match rto_verdict(run) {
        RtoVerdict::NoObjective => "RTO   no verdict: no objective, or the onset was never fixed".to_owned(),
        RtoVerdict::Met(rto) => format!(
            "RTO   MET: {} of {limit}, from onset to the start of the stretch in which the service held{}",
            exact(millis(rto)),
            sustained(run)
        ),
        RtoVerdict::Missed(rto) => format!("RTO   MISSED: {} of {limit}", exact(millis(rto))),
        RtoVerdict::NotRestored => format!("RTO   NOT RESTORED: the service was not seen to hold (objective {limit})"),
    }
}

/// Says how long an exercise was paused. The clock went on: the verdict counts the pauses, the second figure does not.
fn pause_line(run: &Run) -> Option<String> {
    let exercise = &run.exercise;
    let paused = exercise.paused_by(run.last?);
    let net = match &run.recovery {
        Recovery::Restored { rto, .. } => format!("; {} without them", exact(millis(rto.saturating_sub(paused)))),
        Recovery::NotYet | Recovery::Holding(_) => String::new(),
    };
    let times = if exercise.pauses == 1 { "once".to_owned() } else { format!("{} times", exercise.pauses) };
    let paused = exact(millis(paused));
    (exercise.pauses > 0).then(|| format!("      INTERRUPTED: the exercise was paused {times}, {paused} in all{net}"))
}

fn sustained(run: &Run) -> String {
    let sustain = run.plan.meta.sustain;
    let speed = run.opened.as_ref().map_or(1, |opened| opened.speed.max(1));
    match (sustain.is_zero(), speed) {
        (true, _) => String::new(),
        (false, 1) => format!(" for {}", clock(sustain)),
        (false, speed) => format!(" for {} ({} at speed {speed})", exact(millis(sustain / speed)), clock(sustain)),
    }
}

fn rpo_line(run: &Run) -> String {
    let limit = run.plan.meta.objectives.rpo.as_ref().map(|rpo| clock(rpo.max)).unwrap_or_default();
    let range = run
        .latest_loss()
        .map(|loss| format!("{} of {limit}; {}", exact_range(millis(loss.low), millis(loss.high)), loss.method))
        .unwrap_or_default();
    match rpo_verdict(run) {
        RpoVerdict::NoObjective => "RPO   no objective".to_owned(),
        RpoVerdict::NotMeasured => format!("RPO   NOT MEASURED (objective {limit})"),
        RpoVerdict::Met => format!("RPO   MET: {range}"),
        RpoVerdict::NotShown => {
            format!("RPO   NOT SHOWN: {range}. Only the low end is within the objective; reconcile to settle it")
        }
        RpoVerdict::Missed => format!("RPO   MISSED: {range}"),
    }
}

fn customers_line(customers: &Customers) -> String {
    let downtime = match (customers.failed_from, customers.served_from) {
        (Some(from), Some(to)) => format!(
            "failed from {} to {}, {}",
            from.format("%H:%M:%S%.3fZ"),
            to.format("%H:%M:%S%.3fZ"),
            exact(u64::try_from((to - from).num_milliseconds()).unwrap_or(0))
        ),
        (Some(from), None) => format!("failed from {} on and were not served again", from.format("%H:%M:%S%.3fZ")),
        (None, _) => "never failed".to_owned(),
    };
    format!(
        "SEEN  customers {downtime}; {} acknowledged orders are missing, {} of orders (the customers' own record)",
        customers.orders_lost,
        exact(millis(customers.loss))
    )
}

fn cost_lines(customers: &Customers) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(cost) = &customers.corruption {
        let age = cost.recovery_point_age.map_or("nothing was restored".to_owned(), |age| {
            format!("restored to {} before the first bad write", exact(millis(age)))
        });
        lines.push(format!(
            "COST  {age}; {} good orders discarded ({}.{:02}, {} of orders); exposed for {}; {} wrong rows are left (by the \
             estate's clock)",
            cost.discarded,
            cost.discarded_cents / 100,
            cost.discarded_cents % 100,
            exact(millis(cost.discarded_span)),
            exact(millis(cost.exposure)),
            cost.bad_rows_left
        ));
        let wrong = customers.orders_lost.saturating_sub(cost.discarded);
        if wrong > 0 {
            lines.push(format!("      {wrong} of the missing orders were written wrong, which no restore brings back"));
        }
    }
    if customers.objects_missing > 0 {
        lines.push(format!("      {} objects of the shop are still missing", customers.objects_missing));
    }
    lines
}

fn estate_time_line(run: &Run, customers: &Customers) -> Option<String> {
    let speed = run.speed();
    let downtime = customers.estate_downtime.filter(|_| speed > 1).map(|down| format!("were down for {}", clock(down)));
    let loss = (speed > 1 && !customers.estate_loss.is_zero()).then(|| lost_by_the_estate(run, customers));
    let seen: Vec<String> = downtime.into_iter().chain(loss).collect();
    (!seen.is_empty()).then(|| {
        format!(
            "      by the estate's clock, {speed} times as fast as ours, they {}; the verdicts above use elapsed time",
            seen.join(" and ")
        )
    })
}

/// Says what is missing by the estate's clock, and whether the objective would hold at that.
fn lost_by_the_estate(run: &Run, customers: &Customers) -> String {
    let lost = format!("miss {} of orders", exact(millis(customers.estate_loss)));
    let old = exact(millis(customers.loss_before_opening));
    let old = (!customers.loss_before_opening.is_zero())
        .then(|| format!(" ({old} of it from before the estate opened, which no speed shortens)"));
    let limit = run.plan.meta.objectives.rpo.as_ref().map(|rpo| rpo.max);
    let passed = matches!(rpo_verdict(run), RpoVerdict::Met | RpoVerdict::NotShown);
    let more = limit
        .filter(|limit| passed && customers.estate_loss > *limit)
        .map(|limit| format!(", MORE THAN THE RPO of {}", clock(limit)));
    [Some(lost), old, more].into_iter().flatten().collect()
}

/// Says how many of the runbook's `sql` fences a database answered; the others prove nothing.
fn sql_line(run: &Run) -> Option<String> {
    let fences = || {
        let actions = run.plan.steps.iter().flat_map(|step| step.actions.iter().map(move |action| (step, action)));
        actions.filter(|(_, action)| action.kind == Kind::Sql && action.section <= Section::Verify)
    };
    let last = last_attempts(run);
    let verdict = |(step, action): (&Step, &Action)| match &last.get(&(&step.id, &action.name))?.state {
        AttemptState::Finished { verdict, .. } => Some(*verdict == Verdict::Passed),
        AttemptState::Running => None,
    };
    let (all, ran) = (fences().count(), fences().filter_map(verdict).collect::<Vec<_>>());
    let held = ran.iter().filter(|held| **held).count();
    let failed = ran.len() - held;
    (all > 0).then(|| {
        format!(
            "SQL   {held} of {all} `sql` fences ran on a database and held, {failed} failed, {} not exercised",
            all - ran.len()
        )
    })
}

fn time_lines(run: &Run) -> Vec<String> {
    let spent = run.spent;
    vec![format!(
        "time  machine {}, waiting for people {}, idle {}",
        clock(spent.machine),
        clock(spent.people),
        clock(spent.idle)
    )]
}

fn moment_lines(run: &Run) -> Vec<String> {
    let mut lines = Vec::new();
    for moment in Moment::ALL {
        match run.moments.get(&moment).and_then(|fixed| fixed.last()) {
            Some(fixed) => lines.push(format!(
                "      {:<12}{}  {} (seq {})",
                moment.word(),
                fixed.occurred_at.format("%H:%M:%S%.3fZ"),
                fixed.evidence,
                fixed.seq
            )),
            None if moment == Moment::Fenced && !run.losses.is_empty() && fences(run) => {
                lines.push(
                    "      fenced      never proven: the loss has no upper bound until it is reconciled".to_owned(),
                );
            }
            None => {}
        }
    }
    lines
}

/// Does the runbook prove somewhere that the old side can't write any more? Others lose nothing by its absence.
fn fences(run: &Run) -> bool {
    run.plan.steps.iter().flat_map(|step| &step.actions).any(|action| action.marks == Some(Moment::Fenced))
}

/// Names what failed and was not needed: a step that is done has not done that.
fn passed_over(last: &LastAttempts<'_>, step: &Step) -> Vec<String> {
    let goes_on = |action: &&Action| action.section <= Section::Verify;
    let failed = |action: &Action| match &last.get(&(&step.id, &action.name))?.state {
        AttemptState::Finished { verdict: Verdict::Failed { why }, .. } => {
            Some(format!("{} FAILED and was passed over: {why}", action.name))
        }
        _ => None,
    };
    step.actions.iter().filter(goes_on).filter_map(failed).collect()
}

type LastAttempts<'r> = HashMap<(&'r StepId, &'r ActionName), &'r Attempt>;

/// Finds the last attempt at each action of each step.
fn last_attempts(run: &Run) -> LastAttempts<'_> {
    let attempts = run.order.iter().filter_map(|id| run.attempts.get(id));
    attempts.filter_map(|attempt| Some(((attempt.step.as_ref()?, attempt.action.as_ref()?), attempt))).collect()
}

fn step_lines(run: &Run) -> Vec<String> {
    let last = last_attempts(run);
    let done = run.steps.iter().filter(|state| matches!(state, StepState::Done { .. })).count();
    let total = run.steps.len();
    let retries = run
        .attempts
        .values()
        .filter(|attempt| matches!(&attempt.state, AttemptState::Finished { verdict: Verdict::Failed { .. }, .. }));
    let mut lines = vec![format!("steps {done} of {total} done, {} failed", counted(retries.count(), "attempt"))];
    for (step, state) in run.plan.steps.iter().zip(run.steps.iter()) {
        if matches!(state, StepState::Done { how, .. } if how != "marked") {
            let missing = passed_over(&last, step).into_iter();
            lines.extend(missing.map(|what| format!("      {} {}: {what}", step.number, step.title)));
        }
        let what = match state {
            _ if step.is_reading() => continue,
            StepState::Skipped { reason } => format!("SKIPPED: {reason}"),
            StepState::Failed { why, .. } => format!("FAILED: {why}"),
            StepState::Done { how, note: Some(note) } if how == "decided" => format!("decided: {note}"),
            StepState::NotApplicable { why } => format!("not for this case: {why}"),
            StepState::Done { how, note } if how == "marked" => {
                format!("UNVERIFIED, marked done: {}", note.as_deref().unwrap_or("no evidence"))
            }
            state if !state.is_settled() && matches!(run.stage, Stage::Ended(_)) => "NOT EXERCISED".to_owned(),
            _ => continue,
        };
        lines.push(format!("      {} {}: {what}", step.number, step.title));
    }
    for (strand, lane) in &run.lanes {
        let what = match &lane.state {
            StepState::Skipped { reason } => format!("SKIPPED: {reason}"),
            StepState::Failed { why, .. } => format!("FAILED: {why}"),
            StepState::Done { how, note } if how == "marked" => {
                format!("UNVERIFIED, marked done: {}", note.as_deref().unwrap_or("no evidence"))
            }
            _ => continue,
        };
        lines.push(format!("      {}: {what}", run.label(*strand)));
    }
    lines
}

/// What was done with less care than the runbook asks for comes first.
fn waiver_lines(run: &Run) -> Vec<String> {
    let line = |waiver: &Waiver| format!("WAIVED nobody else read {}: {} ({})", waiver.name, waiver.reason, waiver.by);
    let alone = |without: &Unapproved| {
        let waited = clock(Duration::from_secs(without.waited_s));
        let Unapproved { what, missing, reason, by, .. } = without;
        let missing = counted(*missing as usize, "approval");
        format!("WAIVED {what} ran with {missing} missing, waited for {waited}: {reason} ({by})")
    };
    run.unapproved.iter().map(alone).chain(run.waivers.iter().map(line)).collect()
}

/// Names the watched conditions that did not hold when the run ended.
fn alarm_lines(run: &Run) -> Vec<String> {
    let line = |(name, alarm): (&ActionName, &Alarm)| {
        let how = match alarm.condition {
            Condition::Fails => "does not hold",
            Condition::Holds => "did not hold for a while, and nobody acknowledged it",
        };
        format!("ALARM {name} {how}: {}", alarm.why)
    };
    run.alarms.iter().map(line).collect()
}

fn owed_lines(run: &Run) -> Vec<String> {
    let mut lines = left_to_owners(run);
    lines.extend(left_over(run));
    lines.extend(taken_back(run));
    lines.extend(protection(run));
    lines
}

/// Names the steps that were left to their owners.
fn left_to_owners(run: &Run) -> Vec<String> {
    let mut lines = Vec::new();
    for (step, state) in run.plan.steps.iter().zip(run.steps.iter()) {
        let StepState::Owed { owner, due, note } = state else { continue };
        let note = note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
        let until = due.format("%Y-%m-%d %H:%MZ");
        lines.push(format!("owed  {} {}: {owner} owes it until {until}{note}", step.number, step.title));
    }
    lines
}

/// Says what a rollback undid, and what it did not.
fn taken_back(run: &Run) -> Vec<String> {
    let undone = run.lanes.iter().filter_map(|(strand, lane)| Some((strand, lane, lane.undoes.as_ref()?)));
    let line = |(_, lane, undoes): (&Strand, &Lane, &Undoes)| {
        let what = run.label(undoes.of);
        match &lane.state {
            StepState::Done { how, note } if how == "marked" => {
                let evidence = note.as_deref().unwrap_or("no evidence");
                format!("undone {what}: UNVERIFIED, marked done: {evidence}")
            }
            StepState::Done { .. } => format!("undone {what}"),
            StepState::Skipped { reason } => format!("owed  {what} was not undone: {reason}"),
            StepState::Failed { why, .. } => format!("owed  {what} was not undone, which FAILED: {why}"),
            _ => format!("owed  {what} was not undone"),
        }
    };
    undone.map(line).collect()
}

/// Names what was begun for items that nobody waited for: it stands around and costs money.
fn left_over(run: &Run) -> Vec<String> {
    let taken = |strand: Strand, lane: &Lane| {
        let same = run.lanes_of(strand.step).filter(|(_, other)| other.first == lane.first);
        let done = same.filter(|(_, other)| matches!(other.state, StepState::Done { .. }));
        done.min_by_key(|(_, other)| other.times.1.map(|stamp| stamp.mono)).map(|(first, _)| first) == Some(strand)
    };
    let any = |strand| run.foreach_of(strand).is_some_and(|foreach| foreach.until == Until::Any);
    run.lanes
        .iter()
        .filter(|(strand, lane)| any(**strand) && lane.times.0.is_some() && !taken(**strand, lane))
        .map(|(strand, lane)| {
            let how = match &lane.state {
                StepState::Done { .. } => "is done too",
                StepState::Skipped { .. } => "was given up",
                StepState::Failed { .. } => "failed",
                _ => "is not done",
            };
            format!("owed  clean-up: {} was begun and {how}", run.label(*strand))
        })
        .collect()
}

fn protection(run: &Run) -> Vec<String> {
    if run.moments.contains_key(&Moment::Protected) || run.plan.meta.scenario.is_empty() {
        return Vec::new();
    }
    vec!["owed  protection is not restored: no moment `protected` was fixed in this run".to_owned()]
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
