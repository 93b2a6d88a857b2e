//! The output pane: the end of what an attempt printed, and how old that is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::pane::Pane;
use super::text::{fold, line, put_all};
use crate::engine::AttemptState;
use crate::kernel::{SafeText, clock};
use crate::settings::theme::Role;
use crate::ui::model::{Focus, Model, RunScreen};
use crate::ui::tail::Tail;

/// Returns how many lines there are to show, or `None` if nothing ran.
pub(super) fn lines_held(screen: &RunScreen) -> Option<usize> {
    let (id, _) = screen.output_of()?;
    Some(screen.tails.get(id).map_or(1, |tail| tail.lines().len().max(1)))
}

pub(super) fn draw(model: &Model, screen: &RunScreen, area: Rect, buf: &mut Buffer) {
    let border = if screen.focus == Focus::Output { Role::Focus } else { Role::Border };
    let Some((id, attempt)) = screen.output_of() else {
        let inner = Pane { title: "Output", border, ..Pane::default() }.draw(model, area, buf);
        put_all(buf, inner, &[line(model, Role::Dim, "Nothing has run here yet.")]);
        return;
    };
    let tail = screen.tails.get(id);
    let age = tail.and_then(Tail::last).map(|at| clock(model.now.since(&at)));
    let back = match screen.output_back {
        0 => String::new(),
        back => format!(", {back} lines back"),
    };
    let right = match (&attempt.state, age) {
        (AttemptState::Running, Some(age)) => format!("{}, last {age} ago{back}", size(tail.map_or(0, Tail::total))),
        (AttemptState::Running, None) => format!("silent for {}", clock(model.now.since(&attempt.started))),
        (AttemptState::Finished { outcome, .. }, _) => format!("{}{back}", SafeText::line(&outcome.words())),
    };
    let title = format!("Output of {id}");
    let inner = Pane { title: &title, right: &right, border, ..Pane::default() }.draw(model, area, buf);
    let Some(tail) = tail else {
        let words = match &attempt.state {
            AttemptState::Running => "No output yet.".to_owned(),
            AttemptState::Finished { streams, .. } if streams.out_bytes == 0 && streams.err_bytes == 0 => {
                "It printed nothing.".to_owned()
            }
            AttemptState::Finished { streams, .. } => {
                format!("{} in {id}.out, {} in {id}.err", size(streams.out_bytes), size(streams.err_bytes))
            }
        };
        put_all(buf, inner, &[line(model, Role::Dim, words)]);
        return;
    };
    put_all(buf, inner, &last_lines(model, tail, screen.output_back, inner));
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

/// Says a number of bytes.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{}.{} kB", bytes / 1_000, bytes / 100 % 10),
        1_000_000..1_000_000_000 => format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10),
        _ => format!("{}.{} GB", bytes / 1_000_000_000, bytes / 100_000_000 % 10),
    }
}
