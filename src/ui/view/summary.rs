//! The summary of a run that ended: verdict, steps, time, what is owed, and where the record is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::pane::{Pane, foot};
use super::text::{line, put_all, wrap};
use crate::kernel::SafeText;
use crate::report::{chose, summary};
use crate::settings::theme::Role;
use crate::ui::model::{Model, RunScreen};

/// How many columns the label of a summary line takes.
const LABEL: usize = 6;

pub(super) fn draw(model: &Model, screen: &RunScreen, area: Rect, buf: &mut Buffer) {
    let right = if screen.summary.is_empty() { "" } else { "arrows scroll" };
    let pane = Pane { title: "Summary", right, border: Role::Focus, ..Pane::default() };
    let inner = pane.draw(model, area, buf);
    let columns = usize::from(inner.width);
    let mut lines = Vec::new();
    let of_run: Vec<String>;
    let said = if screen.summary.is_empty() {
        let blind = screen.replay.as_ref().and_then(|replay| chose(&screen.run, replay.disclosed()));
        of_run = blind.into_iter().chain(summary(&screen.run, None)).collect();
        &of_run
    } else {
        &screen.summary
    };
    // The verdicts and the record come first: at 80x24 the rest has to be scrolled to.
    let is_record = |text: &&String| ["log ", "words ", "anchor "].iter().any(|label| text.starts_with(label));
    let verdicts = said.iter().position(|text| text.starts_with("RPO")).map_or(0, |at| at + 1);
    let (verdicts, rest) = said.split_at_checked(verdicts).unwrap_or((said, &[]));
    for text in verdicts.iter().chain(rest.iter().filter(is_record)) {
        lines.extend(labelled(model, text, columns));
    }
    lines.extend(labelled(model, &format!("path  {}", screen.log_path), columns));
    if let Some(opened) = &screen.run.opened {
        lines.extend(labelled(model, &format!("next  lifeboat log verify {}", opened.run), columns));
    }
    lines.push(Line::default());
    for text in rest.iter().filter(|text| !is_record(text)) {
        lines.extend(labelled(model, text, columns));
    }
    let mut say = |role: Role, text: &str| {
        let text = SafeText::line(text).into_string();
        lines.extend(wrap(&text, columns, 6).into_iter().map(|row| line(model, role, row)));
    };
    if !screen.truth.is_empty() {
        say(Role::Title, "What the customers saw");
        for text in &screen.truth {
            say(Role::Text, text);
        }
    }
    let last = lines.len().saturating_sub(usize::from(inner.height));
    model.shelf.can_scroll_to(last);
    let top = screen.summary_scroll.min(last);
    put_all(buf, inner, lines.get(top..).unwrap_or_default());
    foot(model, area, buf, top..lines.len());
}

/// Lays out a line of the summary: its label stays in a column of its own, its words decide the colour.
fn labelled(model: &Model, text: &str, columns: usize) -> Vec<Line<'static>> {
    let text = SafeText::line(text).into_string();
    let rest_at = text.char_indices().nth(LABEL).map_or(text.len(), |(at, _)| at);
    let (label, rest) = text.split_at_checked(rest_at).unwrap_or((&text, ""));
    let role = match rest.split([':', ' ']).next() {
        Some("MET" | "SEALED") => Role::Ok,
        Some("MISSED") => Role::Fail,
        Some("NOT" | "OPEN" | "LOST") => Role::Warn,
        _ if ["WAIVED", "ALARM"].contains(&label.trim_end()) => Role::Warn,
        _ if ["FAILED", "SKIPPED", "UNVERIFIED", "NOT EXERCISED"].iter().any(|word| rest.contains(word)) => Role::Warn,
        _ => Role::Text,
    };
    let rows = wrap(rest, columns.saturating_sub(LABEL), 6);
    let rows = if rows.is_empty() { vec![String::new()] } else { rows };
    let indent = |at: usize| if at == 0 { format!("{label:<LABEL$}") } else { " ".repeat(LABEL) };
    rows.into_iter().enumerate().map(|(at, row)| line(model, role, format!("{}{row}", indent(at)))).collect()
}
