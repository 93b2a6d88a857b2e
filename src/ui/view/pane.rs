//! Frames around panes, with a title and a word on the right.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::symbols::border;
use ratatui::text::Line;
use ratatui::widgets::{Block, Borders, Clear, Widget as _};

use super::text::{cut, put, span, width};
use crate::settings::theme::{Glyphs, Role};
use crate::ui::model::Model;

const ASCII: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

/// Describes a pane's frame.
pub(in crate::ui) struct Pane<'a> {
    /// The title.
    pub(in crate::ui) title: &'a str,
    /// How the title looks.
    pub(in crate::ui) role: Role,
    /// A word on the right.
    pub(in crate::ui) right: &'a str,
    /// How that looks.
    pub(in crate::ui) right_role: Role,
    /// How the frame looks.
    pub(in crate::ui) border: Role,
}

impl Default for Pane<'_> {
    fn default() -> Self {
        Self { title: "", role: Role::Title, right: "", right_role: Role::Dim, border: Role::Border }
    }
}

impl Pane<'_> {
    /// Draws the frame, clears what was below it, and returns what is inside.
    pub(in crate::ui) fn draw(&self, model: &Model, area: Rect, buf: &mut Buffer) -> Rect {
        let area = area.intersection(buf.area);
        let right = cut(self.right, usize::from(area.width.saturating_sub(8)));
        let taken = if right.is_empty() { 4 } else { width(&right) + 7 };
        let title = cut(self.title, usize::from(area.width).saturating_sub(taken));
        let set = match model.palette.glyphs {
            Glyphs::Unicode => border::PLAIN,
            Glyphs::Ascii => ASCII,
        };
        let block = Block::new().borders(Borders::ALL).border_style(model.palette.style(self.border)).border_set(set);
        let inner = block.inner(area);
        Clear.render(area, buf);
        block.render(area, buf);
        let top = Rect { x: area.x + 1, width: area.width.saturating_sub(2), height: area.height.min(1), ..area };
        if !title.is_empty() {
            put(buf, top, &Line::from(span(model, self.role, format!(" {title} "))));
        }
        if !right.is_empty() {
            let wide = (width(&right) as u16 + 2).min(top.width);
            let x = top.right() - wide;
            put(buf, Rect { x, width: wide, ..top }, &Line::from(span(model, self.right_role, format!(" {right} "))));
        }
        inner
    }
}

/// Says at the lower right which rows of a text are seen, where it goes on: `rows` begins with the first one that is.
pub(in crate::ui) fn foot(model: &Model, area: Rect, buf: &mut Buffer, rows: Range<usize>) {
    let area = area.intersection(buf.area);
    let height = usize::from(area.height.saturating_sub(2));
    if rows.end <= height || area.height < 3 {
        return;
    }
    let words = format!(" {}-{} of {} ", rows.start + 1, (rows.start + height).min(rows.end), rows.end);
    let wide = (width(&words) as u16).min(area.width.saturating_sub(2));
    let at = Rect { x: area.right() - 1 - wide, y: area.bottom() - 1, width: wide, height: 1 };
    put(buf, at, &Line::from(span(model, Role::Dim, words)));
}
