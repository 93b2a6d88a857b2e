//! The summary of a run that ended: verdict, steps, time, what is owed, and where the record is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::pane::Pane;
use super::text::{line, put_all, wrap};
use crate::engine::{Recovery, StepState};
use crate::kernel::{SafeText, clock};
use crate::settings::theme::Role;
use crate::ui::model::{Model, RunScreen};

pub(super) fn draw(model: &Model, screen: &RunScreen, area: Rect, buf: &mut Buffer) {
    let right = if screen.summary.is_empty() { "" } else { "arrows scroll" };
    let pane = Pane { title: "Summary", right, border: Role::Focus, ..Pane::default() };
    let inner = pane.draw(model, area, buf);
    let columns = usize::from(inner.width);
    let mut lines = verdict(model, screen);
    let mut say = |role: Role, text: &str| {
        let text = SafeText::line(text).into_string();
        lines.extend(wrap(&text, columns, 6).into_iter().map(|row| line(model, role, row)));
    };
    say(Role::Text, &steps(screen));
    for text in &screen.summary {
        say(Role::Text, text);
    }
    if !screen.truth.is_empty() {
        say(Role::Title, "What the customers saw");
        for text in &screen.truth {
            say(Role::Text, text);
        }
    }
    say(Role::Title, "The record");
    say(Role::Text, &screen.log_path);
    if let Some(opened) = &screen.run.opened {
        say(Role::Text, &format!("Verify it: lifeboat log verify {}", opened.run));
    }
    let top = screen.summary_scroll.min(lines.len().saturating_sub(usize::from(inner.height)));
    put_all(buf, inner, lines.get(top..).unwrap_or_default());
}

fn verdict(model: &Model, screen: &RunScreen) -> Vec<Line<'static>> {
    let run = &screen.run;
    let rto = match (&run.recovery, run.rto()) {
        (Recovery::Restored { rto, .. }, Some(limit)) if *rto <= limit => {
            (Role::Ok, format!("RTO MET: {} of {}", clock(*rto), clock(limit)))
        }
        (Recovery::Restored { rto, .. }, Some(limit)) => {
            (Role::Fail, format!("RTO MISSED: {} of {}", clock(*rto), clock(limit)))
        }
        (Recovery::Restored { rto, .. }, None) => (Role::Text, format!("Restored after {}, no RTO", clock(*rto))),
        (Recovery::Holding(_) | Recovery::NotYet, Some(_)) => {
            (Role::Fail, "RTO NOT MET: service was not restored".to_owned())
        }
        (Recovery::Holding(_) | Recovery::NotYet, None) => (Role::Warn, "Service was not restored".to_owned()),
    };
    let (rpo, rpo_role) = match (run.rpo(), run.latest_loss()) {
        (Some(limit), Some(loss)) if loss.high <= limit => {
            (format!("RPO MET: lost {} of {}", super::clock::loss(loss), clock(limit)), Role::Ok)
        }
        (Some(limit), Some(loss)) => {
            (format!("RPO MISSED: lost {} of {}", super::clock::loss(loss), clock(limit)), Role::Fail)
        }
        (Some(_), None) => ("RPO UNKNOWN: no loss was measured".to_owned(), Role::Warn),
        (None, _) => (super::clock::rpo_words(screen).0, Role::Text),
    };
    vec![line(model, rto.0, rto.1), line(model, rpo_role, rpo)]
}

fn steps(screen: &RunScreen) -> String {
    let count = |wanted: fn(&StepState) -> bool| screen.run.steps.iter().filter(|state| wanted(state)).count();
    let marked = count(|state| matches!(state, StepState::Done { how, .. } if how == "marked"));
    let done = count(|state| matches!(state, StepState::Done { .. })) - marked;
    let skipped = count(|state| matches!(state, StepState::Skipped { .. }));
    let open = count(|state| !state.is_settled());
    format!("Steps: {done} done, {marked} marked done, {skipped} skipped, {open} not done")
}
