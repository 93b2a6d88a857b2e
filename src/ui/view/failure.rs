//! The failure screen: what happened in words, the end of the output, and every choice. Nothing is chosen for anybody.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::output::last_lines;
use super::pane::Pane;
use super::text::{cut, line, put_all, span, split, width, wrap};
use crate::engine::{AttemptState, Event, StepState};
use crate::kernel::{SafeText, clock, say_duration};
use crate::settings::keymap::Command;
use crate::settings::theme::Role;
use crate::ui::model::{Model, RunScreen};
use crate::ui::offered::can_undo;

pub(super) fn draw(model: &Model, screen: &RunScreen, area: Rect, buf: &mut Buffer) {
    let Some(strand) = screen.subject() else { return };
    let Some(StepState::Failed { attempt, why, .. }) = screen.run.state(strand) else { return };
    let title = format!("{} {} FAILED", model.palette.glyph("✗", "X"), screen.run.label(strand));
    let tries = if strand.item.is_none() { screen.run.tries.get(strand.step).copied().unwrap_or_default() } else { 0 };
    let right = if tries > 1 { format!("after {tries} attempts") } else { String::new() };
    let found = attempt.as_ref().and_then(|id| screen.run.attempts.get_key_value(id));
    let tail = found.and_then(|(id, _)| screen.tails.get(id));
    let output_height = match tail {
        Some(tail) if area.height > 17 => (tail.lines().len() as u16).saturating_add(2).clamp(3, area.height - 14),
        _ => 0,
    };
    let (above, below) = split(area, area.height - output_height);
    let pane = Pane { title: &title, role: Role::Fail, right: &right, border: Role::Fail, ..Pane::default() };
    let inner = pane.draw(model, above, buf);
    let columns = usize::from(inner.width);
    let choices = choices(model, screen, columns);
    let room = usize::from(inner.height).saturating_sub(choices.len() + 1).max(1);
    let mut lines: Vec<Line<'static>> = Vec::new();
    let why = SafeText::new(why).into_string();
    lines.extend(wrap(&why, columns, room).into_iter().map(|row| line(model, Role::Text, row)));
    if let Some((id, attempt)) = found
        && let AttemptState::Finished { at, outcome, .. } = &attempt.state
    {
        let took = say_duration(at.since(&attempt.started));
        let words = SafeText::line(&outcome.words()).into_string();
        lines.push(line(model, Role::Dim, format!("Attempt {id} {words}, after {took}.")));
        let command = SafeText::line(&attempt.command).into_string();
        lines.push(line(model, Role::Code, cut(&format!("  {command}"), columns)));
    }
    lines.truncate(room);
    lines.push(Line::default());
    lines.extend(choices);
    put_all(buf, inner, &lines);
    if let Some(tail) = tail
        && output_height > 0
    {
        let inner = Pane { title: "The end of its output", ..Pane::default() }.draw(model, below, buf);
        put_all(buf, inner, &last_lines(model, tail, screen.output_back, inner));
    }
}

fn choices(model: &Model, screen: &RunScreen, columns: usize) -> Vec<Line<'static>> {
    let undo = can_undo(screen).then_some(Command::RollBack);
    [Command::Retry, Command::Edit, Command::Skip, Command::MarkDone]
        .into_iter()
        .chain(undo)
        .chain([Command::Jump, Command::Improvise, Command::Stop])
        .filter_map(|command| {
            let binding = model.keymap.binding(command)?;
            let key = binding.chords.first()?.to_string();
            let text = binding.help.trim_start_matches("After a failure: ");
            let mut text = text.to_owned();
            if let Some(first) = text.get(..1).map(str::to_uppercase) {
                text.replace_range(..1, &first);
            }
            let (effect, role) = effect(model, screen, command).unwrap_or((String::new(), Role::Dim));
            let room = columns.saturating_sub(18 + width(&effect));
            let text = cut(&text, room);
            let gap = " ".repeat(room.saturating_sub(width(&text)));
            Some(Line::from(vec![
                span(model, Role::Key, format!("  {key}  ")),
                span(model, Role::Title, format!("{:<12}", binding.hint)),
                span(model, Role::Text, format!(" {text}{gap}")),
                span(model, role, effect),
            ]))
        })
        .collect()
}

/// Says when service would be back after a choice, as far as the runbook says how long things take.
fn effect(model: &Model, screen: &RunScreen, command: Command) -> Option<(String, Role)> {
    let run = &screen.run;
    let step = screen.current_id()?;
    let by = String::new();
    let event = match command {
        Command::Retry => Event::RetryChosen { step, by },
        Command::Skip => Event::StepSkipped { step, reason: String::new(), by },
        Command::MarkDone => Event::StepDone { step, how: "marked".to_owned(), note: None, by },
        _ => return None,
    };
    let forecast = run.forecast_after(event, model.now)?;
    let sign = if forecast.unknown > 0 { "≥" } else { "" };
    let over = run.rto().is_some_and(|limit| forecast.finish > limit);
    let (word, role) = if over { (", OVER", Role::Fail) } else { ("", Role::Dim) };
    Some((format!(" → {sign}{}{word}", clock(forecast.finish)), role))
}
