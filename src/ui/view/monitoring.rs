//! The page of monitoring over the list of runbooks, for a team that is not told what is broken.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::pane::Pane;
use super::text::{cut, put_all, span, split};
use crate::settings::theme::{Glyphs, Role};
use crate::ui::blind::{Blind, Ending, Known};
use crate::ui::model::Model;
use crate::ui::picker::Picker;

/// How many columns the heads of lines take.
const HEAD: usize = 11;

/// Says over everything else what this is.
pub(super) fn banner(model: &Model, columns: usize) -> Line<'static> {
    let word = match model.palette.glyphs {
        Glyphs::Unicode => "▌DRILL▐",
        Glyphs::Ascii => "[DRILL]",
    };
    let said = cut(" Something is broken. Choose the runbook.", columns.saturating_sub(8));
    Line::from(vec![span(model, Role::Drill, word), span(model, Role::Title, said)])
}

/// Draws it at the top, and returns what is left below.
pub(super) fn draw(model: &Model, blind: &Blind, area: Rect, buf: &mut Buffer) -> Rect {
    let known = blind.known(model.now.utc);
    // The list keeps half of the room.
    let wanted = u16::try_from(known.len()).unwrap_or(u16::MAX).saturating_add(2).min(area.height / 2);
    let (top, rest) = split(area, wanted);
    let inner = if top.height < 4 {
        top
    } else {
        let time = model.now.utc.format("%H:%M:%SZ").to_string();
        Pane { title: "Monitoring", right: &time, border: Role::Border, ..Pane::default() }.draw(model, top, buf)
    };
    let room = usize::from(inner.width).saturating_sub(HEAD);
    let of = |known: &Known| {
        let head = span(model, Role::Dim, format!("{:<HEAD$}", known.about));
        Line::from(vec![head, span(model, known.role, cut(&known.text, room))])
    };
    put_all(buf, inner, &known.iter().map(of).collect::<Vec<_>>());
    rest
}

/// Says what the selected runbook is good for here.
pub(super) fn asked(picker: &Picker, blind: &Blind) -> String {
    match (blind.ending, picker.entry()) {
        (Ending::Asked, _) => "End the drill? What was broken is said then. q ends it, any other key stays.".to_owned(),
        (Ending::No, Some(entry)) => {
            let name = super::picker::safe(&entry.name);
            format!("d opens {name} and begins its run. There, S leaves a wrong one.")
        }
        (Ending::No, None) => "There are no runbooks: put Markdown files into ./runbooks.".to_owned(),
    }
}
