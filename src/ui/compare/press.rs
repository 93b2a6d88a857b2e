//! Keys of a comparison.

use super::{Beside, Pane, watch};
use crate::settings::keymap::Command;
use crate::ui::message::Output;
use crate::ui::model::Behind;
use crate::ui::offered::Offer;
use crate::ui::press::scrolled;

/// Lists what can be done now, the likeliest first.
pub(in crate::ui) fn offered(beside: &Beside) -> Vec<Offer> {
    use Command as C;
    let mut list: Vec<Offer> = Vec::new();
    if beside.pane == Pane::Whole {
        list.push(Offer { command: C::Back, words: Some("close") });
    } else if beside.behind == Behind::Screen {
        list.push(Offer { command: C::Back, words: Some("go back") });
    }
    list.extend([C::NextDifference, C::Order, C::Whole].map(Offer::from));
    list.extend([C::WatchA, C::WatchB, C::PreviousDifference].map(Offer::from));
    if beside.pane != Pane::Whole {
        list.extend([C::NextPane, C::PreviousPane].map(Offer::from));
    }
    list.extend([C::Help, C::Palette].map(Offer::from));
    list.push(Offer { command: C::Quit, words: beside.behind.words() });
    list.extend([C::Up, C::Down, C::PageUp, C::PageDown, C::Top, C::Bottom].map(Offer::from));
    list
}

/// Says why a command can't be had.
pub(in crate::ui) fn why_not(beside: &Beside, command: Command) -> &'static str {
    match command {
        Command::Back => "this is the first level",
        Command::NextPane | Command::PreviousPane if beside.pane == Pane::Whole => "what is read has the whole screen",
        _ => "it has no meaning in a comparison",
    }
}

/// Does what a key means. The screen has `rows`, and what is read can be scrolled as far as `last`.
pub(in crate::ui) fn perform(beside: &mut Beside, command: Command, (rows, last): (u16, usize)) -> Option<Output> {
    let count = beside.listed.len();
    match (command, beside.pane) {
        (Command::Quit, _) => return Some(beside.behind.left()),
        (Command::Back | Command::Whole, Pane::Whole) => (beside.pane, beside.top) = (Pane::Steps, 0),
        (Command::Back, _) if beside.behind == Behind::Screen => return Some(Output::Back),
        (Command::Whole, _) => (beside.pane, beside.top) = (Pane::Whole, 0),
        (Command::NextPane | Command::PreviousPane, Pane::Steps) => beside.pane = Pane::Detail,
        (Command::NextPane | Command::PreviousPane, Pane::Detail) => beside.pane = Pane::Steps,
        (Command::Order, _) => beside.reorder(),
        (Command::NextDifference, _) => {
            if let Some(row) = beside.difference(beside.selected + 1..=count) {
                beside.go(row);
            }
        }
        (Command::PreviousDifference, _) => {
            if let Some(row) = beside.difference((1..beside.selected).rev()) {
                beside.go(row);
            }
        }
        (Command::WatchA, _) => {
            let did = beside.step().and_then(|step| step.did.a.as_ref());
            return Some(Output::Watch(watch(&beside.folders.a, did)));
        }
        (Command::WatchB, _) => {
            let did = beside.step().and_then(|step| step.did.b.as_ref());
            return Some(Output::Watch(watch(&beside.folders.b, did)));
        }
        (command, Pane::Steps) => {
            let page = usize::from(rows / 3).max(1);
            if let Some(row) = scrolled(command, beside.selected, page, count) {
                beside.go(row);
            }
        }
        (command, Pane::Detail | Pane::Whole) => {
            let part = if beside.pane == Pane::Whole { rows.saturating_sub(7) } else { rows / 3 };
            let top = beside.top.min(last);
            beside.top = scrolled(command, top, usize::from(part).max(1), last).unwrap_or(top);
        }
    }
    None
}
