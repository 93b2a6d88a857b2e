//! What happened: moments, decisions, steps with their attempts, checks, and what was done otherwise than written.

use std::time::Duration;

use super::{Cite, Record, Row, Section};
use crate::engine::{AttemptState, Event, Verdict};
use crate::kernel::say_duration;
use crate::report::narrate;
use crate::runbook::{Moment, Section as Part};

const COLUMNS: [&str; 3] = ["time (UTC)", "since onset", "what"];

/// Says first what was done with less care than the runbook asks for.
pub(super) fn first(record: &Record<'_>) -> Vec<Row> {
    let pick = |event: &Event| {
        matches!(event, Event::ApprovalWaived { .. } | Event::SecondReaderWaived { .. }).then(|| narrate(event))
    };
    record.each(pick).into_iter().map(|(fact, words)| Row::new([words], [Cite::of(fact)])).collect()
}

/// Lists moments, decisions, breaches, alarms, messages and notes with the time of the fact.
pub(super) fn timeline(record: &Record<'_>) -> Section {
    let wanted = |event: &Event| {
        matches!(
            event,
            Event::MomentFixed { .. }
                | Event::Decided { .. }
                | Event::Breached { .. }
                | Event::WatchFailed { .. }
                | Event::WatchHeld { .. }
                | Event::AlarmSeen { .. }
                | Event::MessageSent { .. }
                | Event::NoteAdded { .. }
                | Event::DeadlinePassed { .. }
                | Event::RecoverySeen { .. }
                | Event::RecoveryLost { .. }
                | Event::Recovered { .. }
                | Event::LossMeasured { .. }
                | Event::Exercise(_)
                | Event::Noticed { .. }
                | Event::Resumed(_)
                | Event::Ended { .. }
        )
        .then(|| narrate(event))
    };
    let onset = record.run.onset();
    let rows = record.each(wanted).into_iter().map(|(fact, words)| {
        let since = onset.map(|onset| fact.at.utc.signed_duration_since(onset));
        let since = since.map_or_else(String::new, |since| match since.to_std() {
            Ok(since) => say_duration(since),
            Err(_) => format!("{} before", say_duration((-since).to_std().unwrap_or_default())),
        });
        Row::new([fact.at.utc.format("%H:%M:%S%.3f").to_string(), since, words], [Cite::of(fact)])
    });
    Section::new("timeline", "Timeline", &COLUMNS, rows.collect())
}

/// Lists every attempt with what ran, where, how it ended and what its outputs are known by.
pub(super) fn steps(record: &Record<'_>) -> Section {
    let run = record.run;
    let started = record.each(|event| match event {
        Event::AttemptStarted { attempt, step, action, impact, command, target } => {
            Some((attempt, step, action, impact, command, target))
        }
        _ => None,
    });
    let mut rows = Vec::new();
    for (fact, (attempt, step, action, impact, command, target)) in started {
        let ended = record
            .facts
            .iter()
            .find(|other| matches!(&other.event, Event::AttemptFinished { attempt: of, .. } if of == attempt));
        let title = step.as_ref().and_then(|id| run.strand(id)).map(|strand| run.label(strand)).unwrap_or_default();
        let name = action.as_ref().map_or("improvised", |name| name.as_str());
        let place: Vec<&str> = [target.account.as_str(), target.region.as_str(), target.resource.as_str()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        let (result, evidence) = match ended.map(|ended| &ended.event) {
            Some(Event::AttemptFinished { outcome, verdict, polls, took_ms, streams, aws, .. }) => {
                let verdict = match verdict {
                    Verdict::Passed => "passed".to_owned(),
                    Verdict::Failed { why } => format!("FAILED: {why}"),
                };
                let polls = if *polls > 1 { format!(", {polls} looks") } else { String::new() };
                let took = say_duration(Duration::from_millis(*took_ms));
                let mut evidence: Vec<String> = Vec::new();
                if let Some(receipt) = aws {
                    let id = receipt.request_id.as_deref().unwrap_or("no id");
                    evidence.push(format!("AWS {} {} request {id}", receipt.operation, receipt.region));
                    evidence.extend(receipt.date.as_ref().map(|date| format!("at {date} by AWS's clock")));
                }
                evidence.extend(
                    streams
                        .out_sha256
                        .as_ref()
                        .map(|digest| format!("stdout {} bytes, SHA-256 {digest}", streams.out_bytes)),
                );
                evidence.extend(
                    streams
                        .err_sha256
                        .as_ref()
                        .map(|digest| format!("stderr {} bytes, SHA-256 {digest}", streams.err_bytes)),
                );
                (format!("{verdict}; {} after {took}{polls}", outcome.words()), evidence.join("; "))
            }
            _ => ("its end is not recorded: it may have happened".to_owned(), String::new()),
        };
        let cells = [
            fact.at.utc.format("%H:%M:%S%.3f").to_string(),
            format!("{attempt} {title}"),
            format!("{name} [{}] {}", impact.word(), place.join(" · ")),
            command.trim().to_owned(),
            result,
            evidence,
        ];
        rows.push(Row::new(cells, [Cite::of(fact)].into_iter().chain(ended.map(Cite::of))));
    }
    let columns = ["time (UTC)", "attempt, step", "action, where", "what ran", "how it ended", "evidence"];
    Section::new("steps", "What ran", &columns, rows)
}

/// Lists the checks: what is expected, what came, and the declaration of recovery.
pub(super) fn verification(record: &Record<'_>) -> Section {
    let run = record.run;
    let is_check = |name: &crate::kernel::ActionName| {
        let action = run.plan.action(name).map(|(_, action)| action);
        run.plan.meta.recovered_when.as_ref() == Some(name)
            || action.is_some_and(|action| action.section == Part::Verify || action.marks == Some(Moment::Validated))
    };
    let mut rows = Vec::new();
    for (fact, (attempt, name)) in record.each(|event| match event {
        Event::AttemptStarted { attempt, action: Some(name), .. } => Some((attempt, name)),
        _ => None,
    }) {
        if !is_check(name) {
            continue;
        }
        let Some(known) = run.attempts.get(attempt) else { continue };
        let AttemptState::Finished { outcome, verdict, .. } = &known.state else { continue };
        let ended = record
            .facts
            .iter()
            .find(|other| matches!(&other.event, Event::AttemptFinished { attempt: of, .. } if of == attempt));
        let shown = match verdict {
            Verdict::Passed => format!("as expected: {}", outcome.words()),
            Verdict::Failed { why } => format!("NOT as expected: {why}"),
        };
        let what = format!("{name} ({attempt})");
        rows.push(Row::new([what, shown], [Cite::of(fact)].into_iter().chain(ended.map(Cite::of))));
    }
    for (fact, words) in record.each(|event| matches!(event, Event::Recovered { .. }).then(|| narrate(event))) {
        rows.push(Row::new(["declared recovered".to_owned(), words], [Cite::of(fact)]));
    }
    Section::list("verification", "Verification", rows)
}

/// Lists what was skipped, edited, retried, improvised, passed over, undone.
pub(super) fn deviations(record: &Record<'_>) -> Section {
    let wanted = |event: &Event| {
        let is = match event {
            Event::StepDone { how, .. } => how == "marked",
            Event::AttemptStarted { action, step, .. } => action.is_none() && step.is_none(),
            Event::StepFailed { .. }
            | Event::StepSkipped { .. }
            | Event::RetryChosen { .. }
            | Event::CommandEdited { .. }
            | Event::JumpChosen { .. }
            | Event::FailurePassed { .. }
            | Event::Jumped { .. }
            | Event::RollbackChosen { .. }
            | Event::InterruptAsked { .. }
            | Event::Declined { .. }
            | Event::ApprovalWaived { .. }
            | Event::SecondReaderWaived { .. }
            | Event::StopAsked { .. } => true,
            _ => false,
        };
        is.then(|| narrate(event))
    };
    let onset = record.run.onset();
    let rows = record.each(wanted).into_iter().map(|(fact, words)| {
        let since = onset.and_then(|onset| fact.at.utc.signed_duration_since(onset).to_std().ok());
        let since = since.map(say_duration).unwrap_or_default();
        Row::new([fact.at.utc.format("%H:%M:%S%.3f").to_string(), since, words], [Cite::of(fact)])
    });
    Section::new("deviations", "Deviations", &COLUMNS, rows.collect())
}
