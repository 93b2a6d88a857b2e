//! The output pane: the end of what an attempt printed, and how old that is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::pane::Pane;
use super::text::{cut, fold, line, put_all};
use crate::engine::{Attempt, AttemptState, Streams};
use crate::kernel::{AttemptId, SafeText, clock, counted};
use crate::settings::theme::Role;
use crate::ui::model::{Focus, Model, RunScreen};
use crate::ui::tail::Tail;

/// Below so many rows the output of the step before would hide what the current one says.
const ROOM_FOR_BEFORE: u16 = 26;

/// Returns how many of `rows` the output takes beside a step whose text takes `text` of them. That of the step before has
/// what the text leaves.
pub(super) fn height(screen: &RunScreen, rows: u16, text: impl FnOnce() -> usize) -> u16 {
    /// A frame and a line.
    const LEAST: u16 = 3;
    let wanted = (screen.lines_held().max(1) as u16).saturating_add(2);
    if screen.output_of().is_some() {
        return if rows < 12 { rows / 2 } else { wanted.clamp(5, rows / 2) };
    }
    if screen.outputs_of().is_empty() {
        return 0;
    }
    if rows >= ROOM_FOR_BEFORE {
        return wanted.clamp(5, rows / 2);
    }
    let left = rows.saturating_sub((text() as u16).saturating_add(2));
    if left < LEAST { 0 } else { wanted.min(left) }
}

pub(super) fn draw(model: &Model, screen: &RunScreen, area: Rect, buf: &mut Buffer) {
    let border = if screen.focus == Focus::Output { Role::Focus } else { Role::Border };
    let outputs = screen.outputs_of();
    let (Some((id, attempt)), Some((first, _))) = (outputs.last().copied(), outputs.first()) else {
        let inner = Pane { title: "Output", border, ..Pane::default() }.draw(model, area, buf);
        put_all(buf, inner, &[line(model, Role::Dim, "Nothing has run here yet.")]);
        return;
    };
    let tail = screen.tails.get(id);
    let age = tail.and_then(Tail::last).map(|at| clock(model.now.since(&at)));
    let back = match screen.output_back {
        0 => String::new(),
        back => format!(", {} back", counted(back, "line")),
    };
    let right = match (&attempt.state, age) {
        (AttemptState::Running, Some(age)) => format!("{}, last {age} ago{back}", size(tail.map_or(0, Tail::total))),
        (AttemptState::Running, None) => format!("silent for {}", clock(model.now.since(&attempt.started))),
        (AttemptState::Finished { outcome, .. }, _) => format!("{}{back}", SafeText::line(&outcome.words())),
    };
    let title = if outputs.len() > 1 { format!("Output of {first} to {id}") } else { format!("Output of {id}") };
    let inner = Pane { title: &title, right: &right, border, ..Pane::default() }.draw(model, area, buf);
    if outputs.len() > 1 {
        put_all(buf, inner, &lines_of_all(model, screen, &outputs, inner));
        return;
    }
    let Some(tail) = tail else {
        if let Some((last, _)) = screen.last_line(id) {
            let before = line(model, Role::Text, "(what came before is in the output file)");
            put_all(buf, inner, &[before, line(model, Role::Text, cut(last, usize::from(inner.width)))]);
            return;
        }
        let words = match &attempt.state {
            AttemptState::Running => "No output yet.".to_owned(),
            AttemptState::Finished { streams, .. } if streams.out_bytes == 0 && streams.err_bytes == 0 => {
                "It printed nothing.".to_owned()
            }
            AttemptState::Finished { streams, .. } => in_files(id, streams),
        };
        put_all(buf, inner, &[line(model, Role::Dim, words)]);
        return;
    };
    put_all(buf, inner, &last_lines(model, tail, screen.output_back, inner));
}

/// Lays out the end of several outputs, each under a line that names its attempt.
fn lines_of_all(
    model: &Model,
    screen: &RunScreen,
    outputs: &[(&AttemptId, &Attempt)],
    area: Rect,
) -> Vec<Line<'static>> {
    let columns = usize::from(area.width);
    let mut rows: Vec<(Role, String)> = Vec::new();
    let mut back = screen.output_back;
    let mut add = |role: Role, text: &str| {
        if back > 0 {
            back -= 1;
        } else {
            rows.extend(fold(text, columns, Tail::LINE).into_iter().rev().map(|row| (role, row)));
        }
        rows.len() >= usize::from(area.height)
    };
    'outputs: for (id, attempt) in outputs.iter().rev() {
        match (screen.tails.get(*id), &attempt.state) {
            (Some(tail), _) => {
                for text in tail.lines().rev() {
                    if add(Role::Text, text) {
                        break 'outputs;
                    }
                }
            }
            (None, AttemptState::Finished { streams, .. }) if streams.out_bytes + streams.err_bytes > 0 => {
                if add(Role::Dim, &in_files(id, streams)) {
                    break;
                }
            }
            (None, _) => {}
        }
        let name = attempt.action.as_ref().map_or("", |name| name.as_str());
        let how = match &attempt.state {
            AttemptState::Running => "runs".to_owned(),
            AttemptState::Finished { outcome, .. } => outcome.words(),
        };
        let head = SafeText::line(&format!("{id} {name}: {how}")).into_string();
        if add(Role::Dim, &cut(&head, columns)) {
            break;
        }
    }
    rows.truncate(usize::from(area.height));
    rows.into_iter().rev().map(|(role, row)| line(model, role, row)).collect()
}

/// Lays out the lines that fit above the place `back` lines before the end.
pub(super) fn last_lines(model: &Model, tail: &Tail, back: usize, area: Rect) -> Vec<Line<'static>> {
    let height = usize::from(area.height);
    let mut rows: Vec<String> = Vec::new();
    let mut reached = back;
    for text in tail.lines().rev().skip(back) {
        rows.extend(fold(text, usize::from(area.width), Tail::LINE).into_iter().rev());
        reached += 1;
        if rows.len() >= height {
            break;
        }
    }
    rows.truncate(height);
    if tail.is_cut() && reached >= tail.lines().len() && rows.len() < height {
        rows.push("(what came before is in the output file)".to_owned());
    }
    rows.into_iter().rev().map(|row| line(model, Role::Text, row)).collect()
}

/// Says where an output is that this screen did not see.
pub(super) fn in_files(id: &AttemptId, streams: &Streams) -> String {
    format!("{} in {id}.out, {} in {id}.err", size(streams.out_bytes), size(streams.err_bytes))
}

/// Says a number of bytes.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{}.{} kB", bytes / 1_000, bytes / 100 % 10),
        1_000_000..1_000_000_000 => format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10),
        _ => format!("{}.{} GB", bytes / 1_000_000_000, bytes / 100_000_000 % 10),
    }
}
