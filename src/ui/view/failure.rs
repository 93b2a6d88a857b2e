//! The failure screen: what happened in words, the end of the output, and every choice. Nothing is chosen for anybody.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::output::last_lines;
use super::pane::Pane;
use super::text::{brief, capital, clipped, cut, fold, line, put_all, span, split, width, wrap};
use crate::engine::{Again, Attempt, AttemptState, StepState};
use crate::kernel::{AttemptId, SafeText, Stamp, say_duration};
use crate::settings::keymap::Command;
use crate::settings::theme::Role;
use crate::ui::effects::{Late, effect};
use crate::ui::model::{Model, RunScreen};
use crate::ui::offered::{again, can_undo, no_jump};

/// Shows so many rows of the command that failed.
const COMMAND: usize = 3;

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
    // A list of times without a heading is a riddle.
    let heading = choices.iter().any(|(_, effect)| *effect).then_some("service back at");
    let choices: Vec<Line<'static>> = choices.into_iter().map(|(line, _)| line).collect();
    let room = usize::from(inner.height).saturating_sub(choices.len() + 1).max(1);
    let mut lines: Vec<Line<'static>> = Vec::new();
    let why = SafeText::new(why).into_string();
    let happened = happened(model, screen, columns);
    let first = room.saturating_sub(happened.len()).max(1);
    let ended = found.and_then(|(id, attempt)| match &attempt.state {
        AttemptState::Finished { at, outcome, .. } => Some((id, attempt, *at, outcome.words())),
        AttemptState::Running => None,
    });
    let attempted = |id: &AttemptId, attempt: &Attempt, at: Stamp, words: &str| {
        let took = say_duration(at.since(&attempt.started));
        format!("Attempt {id} {}, after {took}.", SafeText::line(words))
    };
    let ended = ended.map(|(id, attempt, at, words)| (attempt, attempted(id, attempt, at, &words), words));
    // Whoever reads it once whole need not read it twice.
    let said = ended.as_ref().is_some_and(|(_, line, words)| *words == why && width(line) <= columns);
    if !said {
        lines.extend(clipped(&why, columns, first).into_iter().map(|row| line(model, Role::Text, row)));
    }
    lines.extend(happened);
    if let Some((attempt, words, _)) = ended {
        lines.push(line(model, Role::Dim, words));
        let rows = room.saturating_sub(lines.len()).min(COMMAND);
        let command = SafeText::new(attempt.command.trim_end()).into_string();
        let mut command = fold(&command, columns.saturating_sub(2), rows + 1);
        if command.len() > rows {
            command.truncate(rows);
            if let Some(last) = command.last_mut() {
                *last = format!("{}…", cut(last, columns.saturating_sub(3)).trim_end_matches('…'));
            }
        }
        lines.extend(command.into_iter().map(|row| line(model, Role::Code, format!("  {row}"))));
    }
    lines.truncate(room);
    let indent = columns.saturating_sub(heading.map_or(0, width));
    lines.push(
        heading.map_or_else(Line::default, |words| line(model, Role::Dim, format!("{}{words}", " ".repeat(indent)))),
    );
    lines.extend(choices);
    put_all(buf, inner, &lines);
    if let Some(tail) = tail
        && output_height > 0
    {
        let inner = Pane { title: "The end of its output", ..Pane::default() }.draw(model, below, buf);
        put_all(buf, inner, &last_lines(model, tail, screen.output_back, inner));
    }
}

/// Lists the choices, and whether each says when service would be back.
fn choices(model: &Model, screen: &RunScreen, columns: usize) -> Vec<(Line<'static>, bool)> {
    let undo = can_undo(screen).then_some(Command::RollBack);
    let look = screen.subject().filter(|strand| screen.run.can_look(*strand).is_some()).map(|_| Command::Look);
    let barred = |command| match (command, again(screen)) {
        (Command::Retry, Some(Again::Looking)) => {
            Some("Not now: it is being looked at whether it happened.".to_owned())
        }
        (Command::Retry, Some(Again::Happened(_))) => Some("Not again: it happened.".to_owned()),
        (Command::Jump, _) => no_jump(screen).map(|why| format!("{}.", capital(&why))),
        _ => None,
    };
    let next = screen.subject().and_then(|strand| screen.run.plan.steps.get(strand.step + 1));
    std::iter::once(Command::Retry)
        .chain(look)
        .chain([Command::Edit, Command::Skip, Command::MarkDone])
        .chain(undo)
        .chain([Command::Jump, Command::Improvise, Command::Stop])
        .filter_map(|command| {
            let binding = model.keymap.binding(command)?;
            let key = binding.chords.first()?.to_string();
            let text = binding.help.trim_start_matches("After a failure: ");
            let mut text = capital(text);
            let (effect, role) = match effect(screen, command, model.now) {
                Some((effect, late)) => {
                    // Where a jump leads is asked; the next step is an example.
                    let at = next.filter(|_| command == Command::Jump);
                    let at = at.map(|step| format!(" at {}", step.number)).unwrap_or_default();
                    (format!("{at} → {effect}"), if late == Late::Yes { Role::Fail } else { Role::Dim })
                }
                None => (String::new(), Role::Dim),
            };
            let (key_role, hint_role, text_role) = match barred(command) {
                Some(why) => {
                    text = why;
                    (Role::Dim, Role::Dim, Role::Dim)
                }
                None => (Role::Key, Role::Title, Role::Text),
            };
            if let (Command::Retry, Some(Again::Untold(_))) = (command, again(screen)) {
                "Asks how you know that it did not happen.".clone_into(&mut text);
            }
            let room = columns.saturating_sub(18 + width(&effect));
            let text = brief(&text, room, 1).concat();
            let gap = " ".repeat(room.saturating_sub(width(&text)));
            let tells = !effect.is_empty();
            let line = Line::from(vec![
                span(model, key_role, format!("  {key}  ")),
                span(model, hint_role, format!("{:<12}", binding.hint)),
                span(model, text_role, format!(" {text}{gap}")),
                span(model, role, effect),
            ]);
            Some((line, tells))
        })
        .collect()
}

/// Says what is known of whether it happened, where that decides about a retry.
fn happened(model: &Model, screen: &RunScreen, columns: usize) -> Vec<Line<'static>> {
    let (role, text) = match again(screen) {
        None | Some(Again::Free) => return Vec::new(),
        Some(Again::Looking) => {
            (Role::Dim, "Did it happen? That is being looked at, by calls that only read.".to_owned())
        }
        Some(Again::Happened(what)) => (Role::Warn, format!("IT HAPPENED, so it is not tried again: {what}")),
        Some(Again::NotHappened(what)) => (Role::Ok, format!("It did not happen and may be tried again: {what}")),
        Some(Again::Untold(why)) => (Role::Warn, format!("It may have happened, retry only if you know: {why}")),
    };
    let text = SafeText::line(&text).into_string();
    wrap(&text, columns, 3).into_iter().map(|row| line(model, role, row)).collect()
}
