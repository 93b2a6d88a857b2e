//! What is so after the event: protection, what is owed, issues and notes, and what the log is worth.

use super::{Added, Cite, Record, Row, Section};
use crate::engine::{Broken, Event};
use crate::report::narrate;
use crate::runbook::Moment;

pub(super) fn protection(record: &Record<'_>) -> Section {
    let mut rows = Vec::new();
    if let Some(fixed) = record.run.moment(Moment::Protected) {
        let shown =
            format!("since {}, on this evidence: {}", fixed.occurred_at.format("%H:%M:%S%.3fZ"), fixed.evidence);
        rows.push(Row::new(["protected again", &shown], record.cite(fixed.seq)));
    }
    for (fact, words) in record.each(|event| matches!(event, Event::StepOwed { .. }).then(|| narrate(event))) {
        rows.push(Row::new(["owed".to_owned(), words], [Cite::of(fact)]));
    }
    for (action, alarm) in &record.run.alarms {
        let words = format!("{action}: {}", alarm.why);
        let fact = record
            .facts
            .iter()
            .rev()
            .find(|fact| matches!(&fact.event, Event::WatchFailed { action: of, .. } if of == action));
        rows.push(Row::new(["alarm that stands".to_owned(), words], fact.map(Cite::of)));
    }
    Section::list("protection", "Protection after the event", rows)
}

pub(super) fn issues(record: &Record<'_>) -> Section {
    let mut rows = Vec::new();
    for word in record.additions {
        let by = word.by.as_deref().unwrap_or("NOBODY WHO COUNTS");
        let (what, state, text) = match &word.what {
            Added::Issue { number, text, owner, due } => {
                let closed = record.additions.iter().find_map(|other| match &other.what {
                    Added::Closed { what, text } if *what == number.to_string() => Some(text),
                    _ => None,
                });
                let state =
                    closed.map_or_else(|| format!("OPEN, due {due}, {owner}"), |text| format!("closed: {text}"));
                (format!("issue {number}"), state, text.clone())
            }
            Added::Closed { what, text } => (format!("closed {what}"), String::new(), text.clone()),
            Added::Note(text) => ("note".to_owned(), String::new(), text.clone()),
            Added::Correction { of, text } => (format!("correction of line {of}"), String::new(), text.clone()),
            Added::Disclosed { injects, .. } => {
                ("injects disclosed".to_owned(), String::new(), format!("{} injects of the exercise", injects.len()))
            }
            Added::Unblinded(said) => {
                let was = Broken::of(said).map_or_else(|| said.text.clone(), |broken| broken.scenario);
                ("what was broken".to_owned(), String::new(), was)
            }
            Added::Countersigned => continue,
        };
        rows.push(Row::new(
            [what, state, text, format!("{by}, {}", word.at.utc.format("%Y-%m-%d %H:%MZ"))],
            [Cite::after(word)],
        ));
    }
    Section::new("issues", "Issues and additions", &["what", "state", "text", "signed by, at"], rows)
}

/// Says what the log is worth: nothing of it is a line of the log, so nothing is cited.
pub(super) fn integrity(record: &Record<'_>) -> Section {
    let found = record.integrity;
    let mut rows = vec![
        ("verdict", found.verdict.clone()),
        ("lines", format!("{}, of which {} at the end are covered by no signature", found.lines, found.uncovered)),
        ("signed checkpoints", found.checkpoints.to_string()),
        ("SHA-512 of the log", found.sha512.clone()),
        ("the same in words", found.spoken.clone()),
    ];
    let named = |what: &'static str, who: &Option<String>| (what, who.clone().unwrap_or_else(|| "nobody".to_owned()));
    rows.push(named("session key delegated by", &found.delegated_by));
    rows.push(named("sealed by", &found.sealed_by));
    let witnesses =
        if found.countersigned_by.is_empty() { "nobody".to_owned() } else { found.countersigned_by.join(", ") };
    rows.push(("countersigned by", witnesses));
    rows.extend(found.findings.iter().map(|finding| ("finding", finding.clone())));
    rows.push(("verified with", "lifeboat log verify, and without lifeboat as docs/incident-log.md shows".to_owned()));
    let rows = rows.into_iter().map(|(what, shown)| Row::new([what, &shown], None)).collect();
    Section::list("integrity", "Integrity", rows)
}
