//! The palette over the screen: what was typed, and what is found, with its key or why it can't be had.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::dialog::field;
use super::pane::Pane;
use super::text::{cut, put, span, split, width};
use crate::settings::theme::Role;
use crate::ui::finder::{Finder, Found, found};
use crate::ui::model::Model;

/// Names stand in so many columns where there is room.
const NAME: usize = 30;

pub(super) fn draw(model: &Model, finder: &Finder, area: Rect, buf: &mut Buffer) {
    let list = found(model, finder);
    let right = "enter chooses, esc closes";
    let inner =
        Pane { title: finder.lists.title(), right, border: Role::Focus, ..Pane::default() }.draw(model, area, buf);
    let (line, rows) = split(inner, 1);
    put(buf, line, &field(model, &finder.field, usize::from(line.width)));
    let height = usize::from(rows.height);
    let selected = finder.selected.min(list.len().saturating_sub(1));
    let top = (selected + 1).saturating_sub(height);
    for (row, (at, found)) in list.iter().enumerate().skip(top).take(height).enumerate() {
        let area = Rect { y: rows.y + row as u16, height: 1, ..rows };
        let mark = if at == selected { model.palette.glyph("▶ ", "> ") } else { "  " };
        put(buf, area, &entry(model, found, mark, usize::from(rows.width)));
    }
    if list.is_empty() && height > 0 {
        put(buf, rows, &Line::from(span(model, Role::Dim, "  Nothing here is called that.")));
    }
}

fn entry(model: &Model, found: &Found, mark: &'static str, columns: usize) -> Line<'static> {
    let name_columns = NAME.min(columns / 2);
    let name = cut(&found.name, name_columns);
    let gap = " ".repeat(name_columns.saturating_sub(width(&name)) + 1);
    let rest = columns.saturating_sub(10 + name_columns);
    let (role, key_role, said) = match &found.why_not {
        Some(why) => (Role::Dim, Role::Dim, format!("not now: {why}")),
        None => (Role::Text, Role::Key, found.help.clone()),
    };
    Line::from(vec![
        span(model, Role::Focus, mark),
        span(model, key_role, format!("{:<7}", found.key)),
        span(model, if mark.trim().is_empty() { role } else { Role::Focus }, name),
        span(model, Role::Dim, format!("{gap}{}", cut(&said, rest))),
    ])
}
