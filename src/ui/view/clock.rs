//! The clock: time used of the RTO, gauge, forecast, spare; RPO and measured loss; phase.

use std::collections::BTreeSet;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::text::{plain, put, span, width};
use crate::engine::{Loss, Outlook, Recovery, StepState};
use crate::kernel::{SafeText, clock, range};
use crate::report::percent;
use crate::runbook::{Moment, Step};
use crate::settings::theme::Role;
use crate::ui::model::{Model, RunScreen};

/// Says in words how late it is, with its role. Words turn at 50, 75, 90 and 100 percent.
pub(super) fn lateness(used: Duration, limit: Duration) -> (String, Role) {
    let percent = used.as_millis().saturating_mul(100) / limit.as_millis().max(1);
    match percent {
        0..50 => ("in time".to_owned(), Role::Ok),
        50..75 => ("half gone".to_owned(), Role::Text),
        75..90 => ("GETTING LATE".to_owned(), Role::Warn),
        90..100 => ("ALMOST OVER".to_owned(), Role::Warn),
        _ => (format!("OVER BY {}", clock(used.saturating_sub(limit))), Role::Fail),
    }
}

/// Returns the clock in its shortest form, with its role.
pub(super) fn short(model: &Model, screen: &RunScreen) -> (String, Role) {
    let run = &screen.run;
    match (run.rto(), run.elapsed(model.now.utc)) {
        (Some(limit), Some(used)) => {
            let (words, role) = lateness(used, limit);
            (format!("{}/{} {words}", clock(used), clock(limit)), role)
        }
        (Some(limit), None) => (format!("-:--/{} no onset", clock(limit)), Role::Warn),
        (None, Some(used)) => (clock(used), Role::Text),
        (None, None) => ("-:--".to_owned(), Role::Dim),
    }
}

pub(in crate::ui) fn draw(model: &Model, screen: &RunScreen, area: Rect, buf: &mut Buffer) {
    put(buf, area, &rto(model, screen, usize::from(area.width)));
    let second = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    put(buf, second, &rpo(model, screen));
}

/// Says the clock in two lines, without its gauge.
pub(in crate::ui) fn lines(model: &Model, screen: &RunScreen) -> [String; 2] {
    [rto(model, screen, 0), rpo(model, screen)].map(|line| plain(&line).trim().to_owned())
}

fn rto(model: &Model, screen: &RunScreen, columns: usize) -> Line<'static> {
    let run = &screen.run;
    let (used, limit) = match (run.elapsed(model.now.utc), run.rto()) {
        (Some(used), Some(limit)) => (used, limit),
        (None, Some(limit)) => {
            return Line::from(vec![
                span(model, Role::Title, format!(" RTO -:-- of {}  ", clock(limit))),
                span(model, Role::Warn, onset_unknown(screen)),
            ]);
        }
        (Some(used), None) => {
            return Line::from(span(model, Role::Title, format!(" {} since onset, no RTO", clock(used))));
        }
        (None, None) => return Line::from(span(model, Role::Dim, " no RTO, no onset")),
    };
    let (mut words, mut role) = lateness(used, limit);
    let mut after = String::new();
    let forecast = run.forecast(model.now);
    match &run.recovery {
        Recovery::Restored { .. } if used <= limit => (words, role) = ("RESTORED, RTO met".to_owned(), Role::Ok),
        Recovery::Restored { .. } => {
            (words, role) = (format!("RESTORED, RTO missed by {}", clock(used.saturating_sub(limit))), Role::Fail);
        }
        Recovery::Holding(candidate) => {
            let held = model.now.utc.signed_duration_since(candidate.since).to_std().unwrap_or_default();
            after = format!(" · holding for {}", clock(held));
        }
        Recovery::NotYet if screen.is_ended() => after.push_str(" · not restored"),
        Recovery::NotYet => {
            if let Some(outlook) = &screen.outlook {
                after = format!(" · {}", ahead(outlook));
            } else if let Some(forecast) = forecast {
                let sign = if forecast.unknown > 0 { "≥" } else { "" };
                let spare = match limit.checked_sub(forecast.finish) {
                    Some(spare) => format!("spare {}", clock(spare)),
                    None => format!("over by {}", clock(forecast.finish.saturating_sub(limit))),
                };
                after = format!(" · forecast {sign}{}, {spare}", clock(forecast.finish));
            }
        }
    }
    let before = format!(" RTO {} of {} ", clock(used), clock(limit));
    let free = columns.saturating_sub(width(&before) + width(&words) + width(&after) + 2);
    let mut line = Line::from(span(model, Role::Title, before));
    if free >= 6 {
        let by_history = screen.outlook.as_ref().and_then(|outlook| outlook.middle_ms).map(Duration::from_millis);
        let ahead = by_history.or(forecast.map(|forecast| forecast.finish));
        line.push_span(span(model, role, gauge(model, (used, ahead), (limit, &budgets(screen)), free.min(48))));
        line.push_span(span(model, Role::Text, " "));
    }
    line.push_span(span(model, role, words));
    line.push_span(span(model, Role::Text, after));
    line
}

/// Says the forecast by earlier runs: the middle, the chance to be in time, and what a narrow screen may cut: eight of ten.
fn ahead(outlook: &Outlook) -> String {
    let time = |ms: Option<u64>| ms.map_or_else(|| "never".to_owned(), |ms| clock(Duration::from_millis(ms)));
    let chance = outlook.chance.map(|chance| format!(", RTO {} likely", percent(chance))).unwrap_or_default();
    let spread = range(&time(outlook.low_ms), &time(outlook.high_ms));
    format!("forecast {}{chance} ({spread})", time(outlook.middle_ms))
}

/// Says how the clock comes to count: by a step that fixes the onset, if one is still to come, or by the operator.
fn onset_unknown(screen: &RunScreen) -> String {
    let run = &screen.run;
    if screen.replay.is_some() {
        return "no onset was known yet: the clock could not count".to_owned();
    }
    let fixes = |(step, state): &(&Step, &StepState)| {
        !state.is_settled() && step.actions.iter().any(|action| action.marks == Some(Moment::Onset))
    };
    match run.plan.steps.iter().zip(run.steps.iter()).find(fixes) {
        Some((step, _)) => format!("the clock begins with step {}; o sets the onset before", step.number),
        None => "onset unknown: the clock cannot count; o sets it".to_owned(),
    }
}

/// Lists when each phase but the last is to be over by its budget and those before it, from the onset. A phase without a
/// budget ends the list: what comes behind it can't be told.
fn budgets(screen: &RunScreen) -> Vec<Duration> {
    let run = &screen.run;
    let declared = run.moment(Moment::Declared).zip(run.onset());
    let declared = declared.map(|(fixed, onset)| fixed.occurred_at.signed_duration_since(onset).to_std());
    let mut at = declared.and_then(Result::ok).unwrap_or_default();
    let known = run.plan.phases.iter().map_while(|phase| phase.budget);
    let mut ends: Vec<Duration> = known
        .map(|budget| {
            at += budget;
            at
        })
        .collect();
    if ends.len() == run.plan.phases.len() {
        ends.pop();
    }
    ends
}

/// Draws used, forecast and free time as a bar that reads without colour, with a mark where each phase is to be over.
fn gauge(
    model: &Model,
    times: (Duration, Option<Duration>),
    (limit, marks): (Duration, &[Duration]),
    columns: usize,
) -> String {
    let cells = |time: Duration| {
        let cells = time.as_millis().saturating_mul(columns as u128) / limit.as_millis().max(1);
        usize::try_from(cells).unwrap_or(columns).min(columns)
    };
    let full = cells(times.0);
    let ahead = times.1.map_or(full, cells).max(full);
    let glyph = |unicode, ascii| model.palette.glyph(unicode, ascii);
    let marked: BTreeSet<usize> = marks.iter().filter(|mark| **mark < limit).map(|mark| cells(*mark)).collect();
    let cell = |at: usize| match at {
        _ if marked.contains(&at) => glyph("┊", "|"),
        at if at < full => glyph("█", "#"),
        at if at < ahead => glyph("▒", "="),
        _ => glyph("░", "."),
    };
    (0..columns).map(cell).collect()
}

/// Says a loss as a range.
pub(super) fn loss(loss: &Loss) -> String {
    range(&clock(loss.low), &clock(loss.high))
}

/// Says RPO and measured loss, with the role of the verdict.
pub(super) fn rpo_words(screen: &RunScreen) -> (String, Role) {
    match (screen.run.rpo(), screen.run.latest_loss()) {
        (Some(limit), Some(measured)) => {
            let (word, role) = if measured.high <= limit { ("within", Role::Ok) } else { ("OVER", Role::Fail) };
            (format!("RPO {}, loss {}, {word}", clock(limit), loss(measured)), role)
        }
        (Some(limit), None) => (format!("RPO {}, not measured yet", clock(limit)), Role::Dim),
        (None, Some(measured)) => (format!("loss measured {}", loss(measured)), Role::Text),
        (None, None) => ("no RPO".to_owned(), Role::Dim),
    }
}

fn rpo(model: &Model, screen: &RunScreen) -> Line<'static> {
    let (words, role) = rpo_words(screen);
    let mut line = Line::from(span(model, role, format!(" {words}")));
    let run = &screen.run;
    let phase = run.plan.steps.get(run.current).map(|step| step.phase);
    if let Some((index, phase)) = phase.and_then(|index| run.plan.phases.get(index).map(|phase| (index, phase))) {
        let used = run.phase_time(index, model.now).unwrap_or_default();
        let title = SafeText::line(&phase.title).into_string();
        let (budget, role) = match phase.budget {
            Some(budget) => (format!(" of {}", clock(budget)), lateness(used, budget).1),
            None => (String::new(), Role::Text),
        };
        let role = if role == Role::Ok { Role::Text } else { role };
        line.push_span(span(model, Role::Dim, " · "));
        line.push_span(span(model, role, format!("{title} {}{budget}", clock(used))));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_turn_at_the_thresholds() {
        let table = [
            (499, "in time"),
            (500, "half gone"),
            (750, "GETTING LATE"),
            (900, "ALMOST OVER"),
            (1000, "OVER BY 0:00"),
            (1090, "OVER BY 1:30"),
        ];
        for (used, words) in table {
            assert_eq!(lateness(Duration::from_secs(used), Duration::from_secs(1000)).0, words);
        }
    }
}
