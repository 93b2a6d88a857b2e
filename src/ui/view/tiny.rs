//! The run on very few rows: the clock and the current question always, then what else fits.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::text::{cut, line, put_all, width, wrap};
use super::{dialog, head, hint_words};
use crate::engine::Ask;
use crate::kernel::{SafeText, counted};
use crate::settings::theme::Role;
use crate::ui::approval;
use crate::ui::asking;
use crate::ui::calls::shout;
use crate::ui::model::{Break, Model, RunScreen};

pub(super) fn draw(model: &Model, screen: &RunScreen, area: Rect, buf: &mut Buffer) {
    let columns = usize::from(area.width);
    let height = usize::from(area.height);
    let (clock, clock_role) = super::clock::short(model, screen);
    let (mode, mode_role) = head::mode(model, screen);
    let mode = mode.trim_matches(['▌', '▐', '#', ' ', '[', ']']);
    let first = if width(mode) + width(&clock) < columns {
        Line::from(vec![
            super::text::span(model, mode_role, mode.to_owned()),
            super::text::span(model, clock_role, format!(" {clock}")),
        ])
    } else {
        // The mode must not be lost: its first letter and its colour stay.
        let letter = mode.get(..1).unwrap_or_default().to_owned();
        Line::from(vec![
            super::text::span(model, mode_role, letter),
            super::text::span(model, clock_role, cut(&format!(" {clock}"), columns.saturating_sub(1))),
        ])
    };
    let mut lines = vec![first];
    if let Some(words) = shout(screen, model.now).filter(|_| height > 3) {
        lines.push(line(model, Role::Fail, cut(&words, columns)));
    }
    let keys = hint_words(model).into_iter().take(4).map(|(key, words)| format!("{key} {words}"));
    let keys = keys.collect::<Vec<_>>().join("  ");
    let room = height.saturating_sub(1 + lines.len());
    lines.extend(question(model, screen, columns, room.max(1)));
    if lines.len() < height {
        lines.push(line(model, Role::Key, cut(&keys, columns)));
    }
    put_all(buf, area, &lines);
}

fn question(model: &Model, screen: &RunScreen, columns: usize, room: usize) -> Vec<Line<'static>> {
    let said = |role: Role, text: &str, limit: usize| -> Vec<Line<'static>> {
        wrap(text, columns, limit).into_iter().map(|row| line(model, role, row)).collect()
    };
    let masked = screen.form.as_ref().filter(|form| asking::hides(&screen.run, &form.kind));
    let masked = masked.map(|form| form.field.masked());
    let typed = if screen.breaking == Break::Asked {
        None
    } else if let Some(form) = &screen.form {
        let field = masked.as_ref().unwrap_or(&form.field);
        Some((form.problem.clone().unwrap_or_else(|| form.question().to_owned()), field))
    } else if let (Some(prompt), Some(confirmation)) = (&screen.run.prompt, &screen.confirmation) {
        let command = SafeText::line(&prompt.command).into_string();
        let impact = dialog::impact_words(prompt.impact);
        match &prompt.ask {
            _ if prompt.lacks() > 0 => {
                let missing = counted(prompt.lacks() as usize, "approval");
                let about = format!("{impact}: {missing} missing. {}", approval::how(&screen.run));
                Some((confirmation.problem.clone().unwrap_or(about), &confirmation.typed))
            }
            _ if dialog::blocked_by(screen, prompt).is_some() => {
                let watch = dialog::blocked_by(screen, prompt).unwrap_or_default();
                Some((format!("{watch} does not hold: enter acknowledges it"), &confirmation.typed))
            }
            Ask::Type { phrase } => {
                let about = format!("{impact}: type {} to run {command}", SafeText::line(phrase));
                Some((confirmation.problem.clone().unwrap_or(about), &confirmation.typed))
            }
            Ask::Key => return said(Role::Ask, &format!("{impact}: y runs {command}"), room),
        }
    } else {
        None
    };
    if let Some((about, field)) = typed {
        let mut lines = said(Role::Ask, &about, room.saturating_sub(1).max(1));
        lines.push(dialog::field(model, field, columns));
        return lines;
    }
    let (role, sentence) = super::news(model, screen).unwrap_or_else(|| super::sentence(screen));
    let mut lines = said(role, &sentence, room);
    if let Some(tail) = screen.output_of().and_then(|(id, _)| screen.tails.get(id))
        && lines.len() < room
    {
        let height = (room - lines.len()) as u16;
        let area = Rect { x: 0, y: 0, width: columns as u16, height };
        lines.extend(super::output::last_lines(model, tail, screen.output_back, area));
    }
    lines
}
