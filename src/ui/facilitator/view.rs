//! The facilitator's screen, drawn.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::rows::{Row, rows};
use super::{Asking, Desk};
use crate::kernel::{SafeText, clock};
use crate::settings::theme::{Glyphs, Role};
use crate::ui::model::Model;
use crate::ui::view::{clock_draw, hints, text};

/// Draws the whole screen.
pub(in crate::ui) fn draw(model: &Model, desk: &Desk, area: Rect, buf: &mut Buffer) {
    let line = |y: u16, height: u16| Rect { y: area.y + y, height, ..area }.intersection(area);
    head(model, desk, line(0, 1), buf);
    clock_draw(model, &desk.screen, line(1, 2), buf);
    let mut top = 3;
    if let Some(pause) = &desk.screen.run.exercise.paused {
        let words = format!(" EXERCISE PAUSED ({}): {}", clock(model.now.since(&pause.since)), pause.why);
        let style = model.palette.style(Role::Fail);
        buf.set_style(line(3, 1), style);
        text::put(buf, line(3, 1), &Line::styled(SafeText::line(&words).into_string(), style));
        top = 4;
    }
    if let Some(unwritten) = &desk.unwritten {
        let style = model.palette.style(Role::Fail);
        for row in text::wrap(&unwritten.words(), usize::from(area.width.saturating_sub(2)), 4) {
            buf.set_style(line(top, 1), style);
            text::put(buf, line(top, 1), &Line::styled(format!(" {row}"), style));
            top += 1;
        }
    }
    if let Some((role, words)) = desk.chosen() {
        let rows = text::wrap(&words, usize::from(area.width.saturating_sub(2)), 2);
        for row in rows {
            text::put(buf, line(top, 1), &text::line(model, role, format!(" {row}")));
            top += 1;
        }
    }
    let asked = asked(model, desk, usize::from(area.width.saturating_sub(2)));
    let below = asked.1.len() as u16 + 1;
    let body = line(top, area.height.saturating_sub(top + below));
    let rows = rows(desk, model.now);
    // What the team does keeps a third of the room, where there is any.
    let wanted = (rows.len() as u16).saturating_add(1);
    let (injects, team) = text::split(body, wanted.min(body.height.saturating_sub(body.height / 3)));
    list(model, desk, &rows, injects, buf);
    told(model, desk, team, buf);
    let style = model.palette.style(asked.0);
    for (at, words) in asked.1.iter().enumerate() {
        let y = area.height.saturating_sub(below) + at as u16;
        text::put(buf, Rect { x: area.x + 1, ..line(y, 1) }, &Line::styled(words.clone(), style));
    }
    hints(model, line(area.height.saturating_sub(1), 1), buf);
}

fn head(model: &Model, desk: &Desk, area: Rect, buf: &mut Buffer) {
    let word = match model.palette.glyphs {
        Glyphs::Unicode => "▌FACILITATOR▐",
        Glyphs::Ascii => "[FACILITATOR]",
    };
    let run = &desk.screen.run;
    let id = run.opened.as_ref().map(|opened| opened.run.as_str()).unwrap_or_default();
    let title = desk.board.as_ref().map(|board| board.title.clone()).unwrap_or_default();
    let title = if title.is_empty() { run.plan.title.clone() } else { title };
    let right = "the team does not see this ";
    let left = format!("{word} run {} · {title}", id.rsplit('-').next().unwrap_or_default());
    let columns = usize::from(area.width);
    let left = text::cut(&SafeText::line(&left).into_string(), columns.saturating_sub(text::width(right) + 1));
    let gap = columns.saturating_sub(text::width(&left) + text::width(right));
    let style = model.palette.style(Role::Drill);
    buf.set_style(area, style);
    text::put(buf, area, &Line::styled(format!("{left}{}{right}", " ".repeat(gap)), style));
}

fn list(model: &Model, desk: &Desk, rows: &[Row], area: Rect, buf: &mut Buffer) {
    let (title, body) = text::split(area, 1);
    let came = desk.board.iter().flat_map(|board| &board.items).filter(|item| item.came.is_some()).count();
    let all = desk.board.as_ref().map_or(0, |board| board.items.len());
    text::put(buf, title, &text::line(model, Role::Title, format!(" Injects, {came} of {all} came")));
    let height = usize::from(body.height);
    let first = desk.selected.saturating_sub(height.saturating_sub(1));
    for (at, row) in rows.iter().enumerate().skip(first).take(height) {
        let y = body.y + (at - first) as u16;
        let selected = at == desk.selected;
        let mark = if selected { model.palette.glyph("▶", ">") } else { " " };
        let indent = if row.expectation.is_some() { "  " } else { "" };
        let columns = usize::from(body.width);
        let state = text::cut(&row.state, columns / 2);
        let left = format!(" {mark} {indent}{:<4}{}", row.name, row.what);
        let left = text::cut(&left, columns.saturating_sub(text::width(&state) + 2));
        let gap = columns.saturating_sub(text::width(&left) + text::width(&state) + 1);
        let role = if selected { Role::Focus } else { Role::Text };
        let mut line = Line::from(text::span(model, role, left));
        line.push_span(text::span(model, role, " ".repeat(gap)));
        line.push_span(text::span(model, row.role, state));
        text::put(buf, Rect { y, height: 1, ..body }, &line);
    }
}

/// Shows the last that the team did.
fn told(model: &Model, desk: &Desk, area: Rect, buf: &mut Buffer) {
    if area.height < 2 {
        return;
    }
    let (title, body) = text::split(area, 1);
    let doing = SafeText::line(&desk.screen.run.told()).into_string();
    let heading = text::cut(&format!(" The team: {doing}"), usize::from(area.width));
    text::put(buf, title, &text::line(model, Role::Title, heading));
    let height = usize::from(body.height);
    let told = &desk.screen.told;
    for (at, told) in told.iter().skip(told.len().saturating_sub(height)).enumerate() {
        let words = format!(" {} {}", told.at.utc.format("%H:%M:%S"), told.text);
        let line = text::line(model, Role::Text, text::cut(&words, usize::from(body.width)));
        text::put(buf, Rect { y: body.y + at as u16, height: 1, ..body }, &line);
    }
}

/// Says what is asked of the facilitator, or the news.
fn asked(model: &Model, desk: &Desk, columns: usize) -> (Role, Vec<String>) {
    if let Some((asking, field)) = &desk.asking {
        let mut lines = text::wrap(&question(desk, *asking), columns, 3);
        if !matches!(asking, Asking::Fire(_) | Asking::End) {
            let (before, after) = field.around();
            let typed = format!("> {before}{}{after}", model.palette.glyph("▏", "_"));
            let long = text::width(&typed).saturating_sub(columns);
            lines.push(typed.chars().skip(long).collect());
        }
        lines.extend(desk.problem.iter().flat_map(|problem| text::wrap(problem, columns, 2)));
        return (Role::Ask, lines);
    }
    if let Some((role, news)) = model.news.first() {
        return (role, text::brief(&news, columns, 2));
    }
    if let Some(broken) = &desk.screen.broken {
        return (Role::Fail, text::wrap(&format!("The run's facts make no sense: {broken}"), columns, 2));
    }
    let closed = desk.board.as_ref().is_some_and(|board| board.closed.is_some());
    let words = match (closed, desk.screen.is_ended()) {
        (true, true) => "The exercise is over; both logs are being closed.".to_owned(),
        (true, false) => "The exercise was ended: nothing more comes. It is over when the run is.".to_owned(),
        (false, true) if desk.screen.goes_on_blind() => {
            "The team left this runbook, and the blind drill goes on. Mark what is open, end the exercise here, and go \
             after them: `lifeboat facilitate`."
                .to_owned()
        }
        (false, true) => "The run is over. Mark what is open, give points, then end the exercise.".to_owned(),
        (false, false) => sees(desk, model).unwrap_or_else(|| "Injects come by themselves at their time.".to_owned()),
    };
    (Role::Text, text::wrap(&words, columns, 3))
}

/// Says what the team sees, or saw, of the selected inject.
fn sees(desk: &Desk, model: &Model) -> Option<String> {
    let row = rows(desk, model.now).into_iter().nth(desk.selected)?;
    let item = desk.board.as_ref()?.item(row.inject)?;
    let sees = item.inject.sees.as_deref().unwrap_or("what the estate shows, nothing else");
    Some(SafeText::line(&format!("Inject {}, the team sees: {sees}", row.inject)).into_string())
}

fn question(desk: &Desk, asking: Asking) -> String {
    let words = match asking {
        Asking::Fire(inject) => {
            let item = desk.board.as_ref().and_then(|board| board.item(inject));
            let (name, does, sees) = item.map_or((String::new(), None, None), |item| {
                (item.inject.name.clone(), item.inject.does.clone(), item.inject.sees.clone())
            });
            let does = does.map(|does| format!(" The estate: {does}.")).unwrap_or_default();
            let sees = sees.map(|sees| format!(" The team is told: {sees}")).unwrap_or_default();
            format!("Let inject {inject} ({name}) come now?{does}{sees} y or n")
        }
        Asking::Mark { inject, expectation, mark } => {
            format!("{inject}.{expectation} {}: what is to be said about it? Enter alone is enough.", mark.word())
        }
        Asking::Note => "Note for the hot wash:".to_owned(),
        Asking::Tell => "Tell the team:".to_owned(),
        Asking::Pause => "Pause the exercise. Nothing is begun, what runs goes on, the RTO clock too. Why?".to_owned(),
        Asking::Score => "Points: AREA 1-5 WHY, as in `communication 4 roles were said aloud`".to_owned(),
        Asking::End => "End the exercise? Nothing more comes, and the team is told to stop the run. y or n".to_owned(),
    };
    SafeText::line(&words).into_string()
}
