//! The run on very few rows: the clock and the current question always, then what else fits.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::text::{cut, line, put_all, width, wrap};
use super::{dialog, head, hint_words};
use crate::engine::{Ask, Prompt};
use crate::kernel::{SafeText, counted};
use crate::settings::theme::Role;
use crate::ui::approval;
use crate::ui::asking;
use crate::ui::calls::shout;
use crate::ui::confirm::{Answer, Confirmation};
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
    let room = height.saturating_sub(1 + lines.len()).max(1);
    let (asked, hidden) = match to_confirm(screen) {
        Some((text, prompt, confirmation)) => confirm(model, (&text, prompt, confirmation), columns, room),
        None => (question(model, screen, columns, room), Hidden::Nothing),
    };
    lines.extend(asked);
    let more = (hidden == Hidden::More).then(|| ("down".to_owned(), "more"));
    let keys = more.into_iter().chain(hint_words(model)).take(4).map(|(key, words)| format!("{key} {words}"));
    let keys = keys.collect::<Vec<_>>().join("  ");
    if lines.len() < height {
        lines.push(line(model, Role::Key, cut(&keys, columns)));
    }
    put_all(buf, area, &lines);
}

/// Says whether a part of the command has no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hidden {
    Nothing,
    More,
}

/// Returns what a phrase or a key confirms, with what it does at worst before it, if nothing else is asked first.
fn to_confirm(screen: &RunScreen) -> Option<(String, &Prompt, &Confirmation)> {
    let asked = screen.breaking == Break::Asked || screen.form.is_some();
    let (prompt, confirmation) = screen.run.prompt.as_ref().zip(screen.confirmation.as_ref()).filter(|_| !asked)?;
    if prompt.lacks() > 0 || dialog::blocked_by(screen, prompt).is_some() {
        return None;
    }
    // The first word of it says how grave it is.
    let impact = dialog::impact_words(prompt.impact).split(':').next().unwrap_or_default();
    Some((format!("{impact}: {}", SafeText::line(&dialog::command(screen, prompt))), prompt, confirmation))
}

/// Lays out a confirmation: what answers it always, and of the command as much as there is room for, scrolled.
fn confirm(
    model: &Model,
    (text, prompt, confirmation): (&str, &Prompt, &Confirmation),
    columns: usize,
    room: usize,
) -> (Vec<Line<'static>>, Hidden) {
    let how = match (&prompt.ask, confirmation.answer) {
        (_, Answer::Sent) => "Answered; waiting for the engine.".to_owned(),
        (Ask::Type { phrase }, Answer::Open) => format!("type {}", SafeText::line(phrase)),
        (Ask::Key, Answer::Open) => "y runs it".to_owned(),
    };
    let (how, role) = confirmation.problem.as_ref().map_or((&how, Role::Ask), |problem| (problem, Role::Fail));
    let mut answers: Vec<Line<'static>> = wrap(how, columns, 2).into_iter().map(|row| line(model, role, row)).collect();
    if matches!(prompt.ask, Ask::Type { .. }) {
        answers.push(dialog::field(model, &confirmation.typed, columns));
    }
    let free = room.saturating_sub(answers.len()).max(1);
    let rows = wrap(text, columns, dialog::ROWS);
    let scroll = usize::from(confirmation.scroll).min(rows.len().saturating_sub(free));
    let hidden = if rows.len() > scroll + free { Hidden::More } else { Hidden::Nothing };
    let mut rows: Vec<String> = rows.into_iter().skip(scroll).take(free).collect();
    // Where there is no room for the key that shows the rest, it is seen all the same that there is one.
    if let Some(last) = rows.last_mut().filter(|last| hidden == Hidden::More && width(last) < columns) {
        last.push('…');
    }
    let mut lines: Vec<Line<'static>> = rows.into_iter().map(|row| line(model, Role::Code, row)).collect();
    lines.extend(answers);
    (lines, hidden)
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
            // What only has to be confirmed is asked with all of its command.
            Ask::Type { .. } | Ask::Key => None,
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
