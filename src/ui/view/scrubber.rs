//! The line of a recording: whether it plays and how fast, where it is, and what lies where.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::dialog::field;
use super::text::{put, span, width};
use crate::kernel::clock;
use crate::settings::theme::Role;
use crate::ui::model::Model;
use crate::ui::replay::{Going, Idle, Mark, Played, Replay, Typed};

/// The line of marks is not longer than this.
const LONGEST: usize = 160;

pub(super) fn draw(model: &Model, replay: &Replay, area: Rect, buf: &mut Buffer) {
    if let Some((what, typed)) = &replay.asking {
        let word = match what {
            Typed::Spot => " go to ",
            Typed::Search => " search ",
        };
        put(buf, area, &Line::from(span(model, Role::Key, word)));
        let wide = (width(word) as u16).min(area.width);
        let rest = Rect { x: area.x + wide, width: area.width - wide, ..area };
        put(buf, rest, &field(model, typed, usize::from(rest.width)));
    } else if let Some(played) = &replay.played {
        put(buf, area, &line(model, played, usize::from(area.width)));
    }
}

fn line(model: &Model, played: &Played, columns: usize) -> Line<'static> {
    let glyph = |unicode, ascii| model.palette.glyph(unicode, ascii);
    let (sign, role) = match played.going {
        Going::Playing => (glyph("▶", ">"), Role::Focus),
        Going::Paused => (glyph("‖", "="), Role::Title),
        Going::Ended => (glyph("■", "#"), Role::Title),
    };
    let length = played.to.saturating_sub(played.from);
    let at = model.now.mono.saturating_sub(played.from).min(length);
    let of = |micros: u64| clock(Duration::from_micros(micros));
    let head = format!(" {sign} {}{} ", glyph("×", "x"), played.speed);
    let times = format!("{} of {} ", of(at), of(length));
    let tail = match played.reading {
        Some(percent) => format!(" reading the log, {percent}%"),
        None if played.idle == Idle::Kept => format!(" fact {} of {}, idle kept", played.fact, played.facts),
        None => format!(" fact {} of {}", played.fact, played.facts),
    };
    let fixed = width(&head) + width(&times);
    // What counts facts goes first where there is no room.
    let tail = if columns > fixed + width(&tail) + 20 { tail } else { String::new() };
    let room = columns.saturating_sub(fixed + width(&tail) + 1).min(LONGEST);
    let mut line = Line::from(vec![span(model, role, head), span(model, Role::Title, times)]);
    let here = usize::try_from(u128::from(at) * (room.saturating_sub(1)) as u128 / u128::from(length.max(1)));
    let here = here.unwrap_or_default().min(room.saturating_sub(1));
    for (column, mark) in played.marks.columns(room).into_iter().enumerate() {
        let (sign, role) = match mark {
            _ if column == here => (glyph("●", "@"), Role::Focus),
            Some(Mark::Breach) => ("!", Role::Fail),
            Some(Mark::Failure) => (glyph("✗", "X"), Role::Fail),
            Some(Mark::Decision) => (glyph("◆", "D"), Role::Key),
            Some(Mark::Note) => (glyph("✎", "n"), Role::Key),
            Some(Mark::Step) => (glyph("┬", "\'"), Role::Text),
            None if column < here => (glyph("━", "="), Role::Text),
            None => (glyph("─", "-"), Role::Dim),
        };
        line.push_span(span(model, role, sign));
    }
    line.push_span(span(model, Role::Dim, tail));
    line
}

/// Says what is asked of the reader, or what has to be known where the recording ends.
pub(super) fn sentence(replay: &Replay) -> Option<(Role, String)> {
    match (&replay.asking, &replay.played) {
        (Some((Typed::Spot, _)), _) => {
            let words = "Where to? 12:30 since it began, +12:30 since onset, 10:31:07Z, 50%, #126 (line), start, end.";
            Some((Role::Ask, words.to_owned()))
        }
        (Some((Typed::Search, _)), _) => {
            Some((Role::Ask, "Search what was printed, from here on. n goes on, N goes back.".to_owned()))
        }
        (None, Some(played)) if played.awaiting => {
            Some((Role::Text, "That part of the log is being read …".to_owned()))
        }
        (None, Some(played)) if played.going == Going::Ended && !played.remarks.is_empty() => {
            Some((Role::Warn, played.remarks.join(" ")))
        }
        (None, _) => None,
    }
}
