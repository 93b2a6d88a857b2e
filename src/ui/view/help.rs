//! The help overlay: the keymap as it is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::pane::Pane;
use super::text::{cut, line, put_all, span};
use crate::settings::keymap::Group;
use crate::settings::theme::Role;
use crate::ui::model::{Model, Place};
use crate::ui::offered::below;

fn groups(model: &Model) -> &'static [Group] {
    match &model.place {
        Place::Picker(_) => &[Group::Picker, Group::Everywhere],
        Place::Facilitator(_) => &[Group::Facilitator, Group::Everywhere],
        Place::Compare(_) => &[Group::Compare, Group::Everywhere],
        Place::Run(screen) if screen.replay.is_some() => &[Group::Replay, Group::Output, Group::Everywhere],
        Place::Run(_) => &[Group::Run, Group::Output, Group::Question, Group::Everywhere],
    }
}

/// Returns how many lines help has.
pub(in crate::ui) fn help_lines(model: &Model) -> usize {
    let of = |group: &Group| model.keymap.bindings().iter().filter(|binding| binding.group == *group).count() + 2;
    groups(model).iter().map(of).sum()
}

pub(super) fn draw(model: &Model, area: Rect, buf: &mut Buffer) {
    let right = "bright: can be had now; esc closes";
    let inner = Pane { title: "Help", right, border: Role::Focus, ..Pane::default() }.draw(model, area, buf);
    let columns = usize::from(inner.width);
    let mut lines: Vec<Line<'static>> = Vec::new();
    let offers = below(model);
    for group in groups(model) {
        lines.push(line(model, Role::Title, group.title()));
        for binding in model.keymap.bindings().iter().filter(|binding| binding.group == *group) {
            let keys: Vec<String> = binding.chords.iter().map(ToString::to_string).collect();
            // What can't be had now stands back; the palette says why.
            let can = *group == Group::Question || offers.iter().any(|offer| offer.command == binding.command);
            let (key, text) = if can { (Role::Key, Role::Text) } else { (Role::Dim, Role::Dim) };
            lines.push(Line::from(vec![
                span(model, key, format!("  {:<12}", keys.join(" "))),
                span(model, text, cut(binding.help, columns.saturating_sub(14))),
            ]));
        }
        lines.push(Line::default());
    }
    let top = model.help.unwrap_or(0).min(lines.len().saturating_sub(usize::from(inner.height)));
    put_all(buf, inner, lines.get(top..).unwrap_or_default());
}
