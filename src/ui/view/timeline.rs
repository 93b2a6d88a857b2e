//! The timeline at full height: wall time, offset from the onset, what happened; and where the time went.

use chrono::TimeDelta;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::dialog::field;
use super::pane::{Pane, foot};
use super::text::{line, put, put_all, span, split, wrap};
use crate::kernel::clock;
use crate::settings::theme::Role;
use crate::ui::model::{Model, RunScreen};
use crate::ui::timeline::{Timeline, Told};

/// No fact takes more rows than this.
const ROWS: usize = 6;

pub(super) fn draw(model: &Model, screen: &RunScreen, timeline: &Timeline, area: Rect, buf: &mut Buffer) {
    let spent = screen.run.spent_at(model.now);
    let right = format!(
        "machine {}, waiting for people {}, idle {}",
        clock(spent.machine),
        clock(spent.people),
        clock(spent.idle)
    );
    let inner =
        Pane { title: "Timeline", right: &right, border: Role::Focus, ..Pane::default() }.draw(model, area, buf);
    let filtered = timeline.asking.is_some() || !timeline.filter.is_empty();
    let (body, below) = split(inner, inner.height.saturating_sub(u16::from(filtered)));
    match &timeline.asking {
        Some(typed) => {
            put(buf, below, &line(model, Role::Key, "/ "));
            let rest = Rect { x: below.x + 2, width: below.width.saturating_sub(2), ..below };
            put(buf, rest, &field(model, typed, usize::from(rest.width)));
        }
        None if filtered => {
            put(
                buf,
                below,
                &line(model, Role::Warn, format!("only what has `{}` in it; / changes that", timeline.filter)),
            );
        }
        None => {}
    }
    let shown = timeline.shown(&screen.told);
    let back = timeline.back.min(shown.len().saturating_sub(1));
    let last = shown.len() - back.min(shown.len());
    let (columns, height) = (usize::from(body.width), usize::from(body.height));
    let mut rows: Vec<Line<'static>> = Vec::new();
    for told in shown.iter().take(last).rev() {
        rows.extend(fact(model, screen, told, columns).into_iter().rev());
        if rows.len() >= height {
            break;
        }
    }
    rows.truncate(height);
    rows.reverse();
    if shown.is_empty() {
        rows.push(line(model, Role::Dim, "Nothing that was recorded says that."));
    }
    put_all(buf, body, &rows);
    if shown.len() > height {
        foot(model, area, buf, last.saturating_sub(height)..shown.len());
    }
}

fn fact(model: &Model, screen: &RunScreen, told: &Told, columns: usize) -> Vec<Line<'static>> {
    let zero = screen.run.onset().or_else(|| screen.told.first().map(|first| first.at.utc));
    let offset = zero.map_or_else(TimeDelta::zero, |zero| told.at.utc.signed_duration_since(zero));
    let sign = if offset < TimeDelta::zero() { '-' } else { '+' };
    let offset = format!("{sign}{}", clock(offset.abs().to_std().unwrap_or_default()));
    // On a narrow screen the offset says enough.
    let head = match columns {
        0..60 => format!("{offset:>8} "),
        _ => format!("{} {offset:>8} ", told.at.utc.format("%H:%M:%SZ")),
    };
    let indent = head.len();
    let text = wrap(&told.text, columns.saturating_sub(indent), ROWS);
    let rows = text.into_iter().enumerate().map(|(at, row)| {
        let head = if at == 0 { head.clone() } else { " ".repeat(indent) };
        Line::from(vec![span(model, Role::Dim, head), span(model, role(&told.text), row)])
    });
    rows.collect()
}

/// A fact that somebody has to look at says so in capitals.
fn role(text: &str) -> Role {
    match text {
        text if ["FAILED", "LOST", "MISSED", "BREACHED"].iter().any(|word| text.contains(word)) => Role::Fail,
        text if ["WAIVED", "SKIPPED", "WATCH"].iter().any(|word| text.contains(word)) => Role::Warn,
        _ => Role::Text,
    }
}
