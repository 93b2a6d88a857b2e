//! What ran, where, on whose behalf, and who agreed.

use super::{Cite, Record, Row, Section};
use crate::engine::{Ask, Event, Mode};
use crate::kernel::say_duration;
use crate::report::narrate::approvals;
use std::time::Duration;

pub(super) fn identity(record: &Record<'_>) -> Section {
    let run = record.run;
    let Some((fact, opened)) =
        record.each(|event| if let Event::Open(opened) = event { Some(opened) } else { None }).into_iter().next()
    else {
        return Section::list("identity", "Identity", Vec::new());
    };
    let mode = match opened.mode {
        Mode::Real => "incident (real run)".to_owned(),
        Mode::Drill => format!(
            "drill in the practice estate, seed {}, speed {}",
            opened.seed.map_or_else(|| "unknown".to_owned(), |seed| seed.to_string()),
            opened.speed
        ),
    };
    let meta = &run.plan.meta;
    let limit = |seconds: u64| match seconds {
        0 => "none".to_owned(),
        seconds => say_duration(Duration::from_secs(seconds)),
    };
    let regions = meta.regions.as_ref().map(|regions| format!("{} lost, {} recovers", regions.lost, regions.recovery));
    let mut rows: Vec<(&str, String)> = vec![
        ("record", opened.run.as_str().to_owned()),
        ("type", mode),
        ("service", meta.service.clone()),
        ("scenario", meta.scenario.clone()),
        ("runbook", format!("{}, SHA-256 {}", opened.runbook, opened.runbook_sha256)),
        ("account", opened.account.clone()),
        ("identity", opened.arn.clone()),
        ("default region", opened.region.clone()),
        ("regions of the runbook", regions.unwrap_or_default()),
        ("profile", opened.began.profile.clone().unwrap_or_default()),
        ("objectives", format!("RTO {}, RPO {}", limit(opened.rto_s), limit(opened.rpo_s))),
        ("operator", opened.by.clone()),
        ("host", format!("{}, boot {}", opened.host, opened.boot)),
        ("clock", opened.clock.words().to_owned()),
        ("tool", opened.tool.clone()),
        ("log format", opened.v.clone()),
    ];
    if let Some(previous) = &opened.prev_run {
        rows.push(("the operator's run before on this machine", previous.as_str().to_owned()));
    }
    rows.retain(|(_, shown)| !shown.is_empty());
    let mut rows: Vec<Row> = rows.into_iter().map(|(what, shown)| Row::new([what, &shown], [Cite::of(fact)])).collect();
    for (fact, resumed) in record.each(|event| if let Event::Resumed(resumed) = event { Some(resumed) } else { None }) {
        let torn = resumed.torn.as_ref().map(|torn| format!("; {} torn bytes set aside in {}", torn.bytes, torn.file));
        let shown = format!(
            "{} by {} on {}, clock {}{}",
            fact.at.utc.format("%H:%M:%SZ"),
            resumed.by,
            resumed.host,
            resumed.clock.words(),
            torn.unwrap_or_default()
        );
        rows.push(Row::new(["taken up again", &shown], [Cite::of(fact)]));
    }
    Section::list("identity", "Identity", rows)
}

pub(super) fn authorisation(record: &Record<'_>) -> Section {
    let mut rows = Vec::new();
    let open = record.facts.first().filter(|fact| matches!(fact.event, Event::Open(_)));
    if let Some(approved) = &record.run.plan.meta.approved {
        let shown = format!("approved by {} on {}, as its own front matter says", approved.by, approved.on);
        rows.push(Row::new(["runbook", &shown], open.map(Cite::of)));
    }
    for (fact, event) in record.each(Some) {
        let row = match event {
            Event::ConfirmationAsked { prompt, impact, command, ask, approval, .. } => {
                let answers = record.facts.iter().filter(|other| other.seq > fact.seq);
                let answer = answers.into_iter().find(|other| match &other.event {
                    Event::Confirmed { prompt: of, .. } | Event::Declined { prompt: of, .. } => of == prompt,
                    _ => false,
                });
                let how = match (answer.map(|answer| &answer.event), ask) {
                    (Some(Event::Confirmed { how, typed, by, .. }), _) => {
                        let typed = typed.as_ref().map(|typed| format!(", typed `{typed}`")).unwrap_or_default();
                        format!("confirmed by {by} ({how}{typed})")
                    }
                    (Some(Event::Declined { by, .. }), _) => format!("declined by {by}"),
                    (_, Ask::Key) => "never answered; a key was asked".to_owned(),
                    (_, Ask::Type { phrase }) => format!("never answered; `{phrase}` was asked"),
                };
                let wanted = approval.as_ref().map(|wanted| format!("; {} asked for", approvals(wanted)));
                let command = command.trim();
                let shown = format!("[{}] {command}: {how}{}", impact.word(), wanted.unwrap_or_default());
                Row::new(["confirmation", &shown], [Cite::of(fact)].into_iter().chain(answer.map(Cite::of)))
            }
            Event::Approved { approver, key, by, .. } => {
                let shown = format!("{approver} agreed, signed with {key}; handed in by {by}");
                Row::new(["approval", &shown], [Cite::of(fact)])
            }
            Event::ApprovalStated { approver, command, by, .. } => {
                let shown = format!("{approver} agreed to {command}, as {by} states: it is not signed");
                Row::new(["approval", &shown], [Cite::of(fact)])
            }
            Event::SecondRead { name, by } => {
                Row::new(["second reader", &format!("{by} read the same for {name}")], [Cite::of(fact)])
            }
            _ => continue,
        };
        rows.push(row);
    }
    Section::list("authorisation", "Authorisation", rows)
}
