//! The output view: a stretch of an attempt's file at full height, its colours kept, where the reader is in it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthChar as _;

use super::dialog::field;
use super::output::{last_lines, size};
use super::pane::Pane;
use super::text::{line, put, put_all, span, split};
use crate::engine::AttemptState;
use crate::kernel::{SafeText, clock};
use crate::settings::theme::Role;
use crate::ui::message::Stream;
use crate::ui::model::{Model, RunScreen};
use crate::ui::reader::{Asking, Follow, Lines, Reader};
use crate::ui::sgr::pieces;
use crate::ui::tail::Tail;

pub(super) fn draw(model: &Model, screen: &RunScreen, reader: &Reader, area: Rect, buf: &mut Buffer) {
    let title = format!("Output of {} ({})", reader.attempt, reader.stream.name());
    let right = place(model, screen, reader);
    let inner = Pane { title: &title, right: &right, border: Role::Focus, ..Pane::default() }.draw(model, area, buf);
    let (body, foot) = split(inner, inner.height - u16::from(reader.asking.is_some()).min(inner.height));
    if let Some((asking, typed)) = &reader.asking {
        let word = match asking {
            Asking::Search => "/ ",
            Asking::Save => "save to ",
        };
        put(buf, foot, &line(model, Role::Key, word));
        let wide = word.len() as u16;
        let rest = Rect { x: foot.x + wide, width: foot.width.saturating_sub(wide), ..foot };
        put(buf, rest, &field(model, typed, usize::from(rest.width)));
    }
    let Some(leaf) = &reader.leaf else {
        // What this screen has seen itself bridges the moment until the file is read.
        return match screen.tails.get(&reader.attempt).filter(|_| reader.stream == Stream::Out) {
            Some(tail) => put_all(buf, body, &last_lines(model, tail, 0, body)),
            None => put(buf, body, &line(model, Role::Dim, "It is being read.")),
        };
    };
    if leaf.lines.is_empty() {
        return put(buf, body, &line(model, Role::Dim, "Nothing was printed here."));
    }
    let (columns, height) = (usize::from(body.width), usize::from(body.height));
    let rows = match reader.follow {
        Follow::Place => {
            let lines = leaf.lines.iter().skip(reader.top).take(height);
            lines.flat_map(|line| rows(model, reader, &line.text, columns)).take(height).collect()
        }
        Follow::End => {
            let mut rows_back: Vec<Line<'static>> = Vec::new();
            for line in leaf.lines.iter().rev().take(height) {
                rows_back.extend(rows(model, reader, &line.text, columns).into_iter().rev());
                if rows_back.len() >= height {
                    break;
                }
            }
            rows_back.truncate(height);
            rows_back.reverse();
            rows_back
        }
    };
    put_all(buf, body, &rows);
}

/// Says where in the file the reader is, whether the end is followed, and how old the last of it is.
fn place(model: &Model, screen: &RunScreen, reader: &Reader) -> String {
    let mut parts = Vec::new();
    if let Some(leaf) = &reader.leaf {
        let at = match reader.follow {
            Follow::End => leaf.size,
            Follow::Place => leaf.lines.get(reader.top).map_or(0, |line| line.at),
        };
        parts.push(format!("{} of {}", size(at), size(leaf.size)));
    }
    if reader.lines == Lines::Cut {
        parts.push("lines cut".to_owned());
    }
    if reader.follow == Follow::End {
        parts.push("FOLLOWS".to_owned());
    }
    match screen.run.attempts.get(&reader.attempt).map(|attempt| &attempt.state) {
        Some(AttemptState::Running) => {
            let last = screen.tails.get(&reader.attempt).and_then(Tail::last);
            parts.extend(last.map(|at| format!("last {} ago", clock(model.now.since(&at)))));
        }
        Some(AttemptState::Finished { outcome, .. }) => parts.push(SafeText::line(&outcome.words()).into_string()),
        None => {}
    }
    parts.join(", ")
}

/// Lays a line out, its own colours kept, what was searched for marked.
fn rows(model: &Model, reader: &Reader, text: &str, columns: usize) -> Vec<Line<'static>> {
    let base = model.palette.style(Role::Text);
    let mut cells: Vec<(char, Style)> = pieces(text)
        .into_iter()
        .flat_map(|(style, text)| {
            let style = base.patch(model.palette.foreign(style));
            text.chars().map(move |c| (c, style)).collect::<Vec<_>>()
        })
        .collect();
    if let Some(wanted) = &reader.search {
        mark(&mut cells, wanted, model.palette.style(Role::Match));
    }
    let mut rows = vec![Line::default()];
    let mut used = 0;
    for (c, style) in cells {
        let wide = c.width().unwrap_or(0);
        if used + wide > columns.max(2) {
            if reader.lines == Lines::Cut {
                if let Some(last) = rows.last_mut() {
                    last.spans.pop();
                    last.push_span(span(model, Role::Dim, "…"));
                }
                break;
            }
            rows.push(Line::default());
            used = 0;
        }
        used += wide;
        let Some(row) = rows.last_mut() else { break };
        // Cut lines give their last cell away: there each character is a span of its own.
        match row.spans.last_mut() {
            Some(last) if last.style == style && reader.lines == Lines::Wrapped => last.content.to_mut().push(c),
            _ => row.push_span(Span::styled(c.to_string(), style)),
        }
    }
    rows
}

/// Gives what was searched for its own look. Without a capital letter in it capitals make no difference.
fn mark(cells: &mut [(char, Style)], wanted: &str, style: Style) {
    let exact = wanted.chars().any(char::is_uppercase);
    let wanted: Vec<char> = wanted.chars().collect();
    let same = |one: char, other: char| one == other || (!exact && one.to_lowercase().eq(other.to_lowercase()));
    let mut at = 0;
    while let Some(window) = cells.get_mut(at..at + wanted.len()).filter(|window| !window.is_empty()) {
        if window.iter().zip(&wanted).all(|((c, _), wanted)| same(*c, *wanted)) {
            for (_, look) in window {
                *look = style;
            }
            at += wanted.len();
        } else {
            at += 1;
        }
    }
}
