//! Keys of the facilitator's screen.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind};

use super::rows::rows;
use super::{Asking, Desk};
use crate::engine::Mark;
use crate::settings::keymap::Command;
use crate::settings::theme::Role;
use crate::ui::field::Field;
use crate::ui::message::Output;
use crate::ui::model::{Model, Place};
use crate::ui::offered::Offer;
use crate::ui::order::{Order, noted, score};

/// Lists what can be done now, the likeliest first.
pub(in crate::ui) fn offered(desk: &Desk, now: crate::kernel::Stamp) -> Vec<Offer> {
    use Command as C;
    if desk.asking.is_some() {
        return vec![C::Back.into()];
    }
    let row = rows(desk, now).into_iter().nth(desk.selected);
    let item = row.as_ref().and_then(|row| desk.board.as_ref()?.item(row.inject));
    let closed = desk.board.as_ref().is_some_and(|board| board.closed.is_some());
    let open = !desk.screen.is_ended() && !desk.facts.is_empty();
    let mut list: Vec<Offer> = Vec::new();
    if item.is_some_and(|item| item.came.is_none()) && open && !closed {
        list.push(C::Fire.into());
    }
    if item.is_some_and(|item| item.came.is_some() && !item.inject.expects.is_empty()) {
        list.extend([C::Met, C::Late, C::Missed].map(Offer::from));
    }
    list.push(C::Jot.into());
    if open {
        let pause = if desk.screen.run.exercise.paused.is_some() { C::GoOn } else { C::PauseExercise };
        list.extend([C::Tell, pause].map(Offer::from));
    }
    list.push(C::Score.into());
    if !closed {
        list.push(C::EndExercise.into());
    }
    list.push(Offer { command: C::Quit, words: Some("leave") });
    list.extend([C::Help, C::Up, C::Down, C::Top, C::Bottom].map(Offer::from));
    list
}

/// Takes a key.
pub(in crate::ui) fn press(model: &mut Model, key: KeyEvent) -> Option<Output> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    model.news.seen();
    let now = model.now;
    let meant: Vec<Command> =
        crate::ui::press::chord(key).map(|chord| model.keymap.commands(chord).collect()).unwrap_or_default();
    if meant.contains(&Command::Suspend) {
        return Some(Output::Suspend);
    }
    if meant.contains(&Command::Repaint) {
        return Some(Output::Repaint);
    }
    if model.help.is_some() {
        crate::ui::press::help(model, &meant);
        return None;
    }
    let Place::Facilitator(desk) = &mut model.place else { return None };
    if desk.asking.is_some() {
        return if meant.contains(&Command::Break) { put_away(desk) } else { typed(desk, key) };
    }
    if meant.contains(&Command::Break) {
        return Some(Output::Order(Order::Leave));
    }
    let offers = offered(desk, now);
    let command = meant.iter().copied().find(|command| offers.iter().any(|offer| offer.command == *command));
    let Some(command) = command else {
        if !meant.is_empty() {
            model.news.answer(Role::Dim, "That key does nothing now; ? shows what does.");
        }
        return None;
    };
    let rows = rows(desk, now);
    let last = rows.len().saturating_sub(1);
    let row = rows.get(desk.selected);
    let mark = |mark: Mark| {
        let row = row?;
        Some(Asking::Mark { inject: row.inject, expectation: row.expectation.unwrap_or(1), mark })
    };
    let asking = match command {
        Command::Up => {
            desk.selected = desk.selected.saturating_sub(1);
            None
        }
        Command::Down => {
            desk.selected = desk.selected.saturating_add(1).min(last);
            None
        }
        Command::Top => {
            desk.selected = 0;
            None
        }
        Command::Bottom => {
            desk.selected = last;
            None
        }
        Command::Help => {
            model.help = Some(0);
            return None;
        }
        Command::Quit => return Some(Output::Order(Order::Leave)),
        Command::GoOn => return Some(Output::Order(Order::GoOn)),
        Command::Fire => row.map(|row| Asking::Fire(row.inject)),
        Command::Met => mark(Mark::Met),
        Command::Late => mark(Mark::Late),
        Command::Missed => mark(Mark::Missed),
        Command::Jot => Some(Asking::Note),
        Command::Tell => Some(Asking::Tell),
        Command::PauseExercise => Some(Asking::Pause),
        Command::Score => Some(Asking::Score),
        Command::EndExercise => Some(Asking::End),
        _ => None,
    };
    desk.problem = None;
    desk.asking = asking.map(|asking| (asking, Field::default()));
    None
}

fn put_away(desk: &mut Desk) -> Option<Output> {
    (desk.asking, desk.problem) = (None, None);
    None
}

/// Takes a key while something is typed.
fn typed(desk: &mut Desk, key: KeyEvent) -> Option<Output> {
    let Some((asking, field)) = &mut desk.asking else { return None };
    let asking = *asking;
    match (key.code, asking) {
        (KeyCode::Esc, _) | (KeyCode::Char('n'), Asking::Fire(_) | Asking::End) => return put_away(desk),
        (KeyCode::Char('y'), Asking::Fire(inject)) => {
            put_away(desk);
            return Some(Output::Order(Order::Fire(inject)));
        }
        (KeyCode::Char('y'), Asking::End) => {
            put_away(desk);
            return Some(Output::Order(Order::Close));
        }
        (_, Asking::Fire(_) | Asking::End) => return None,
        (KeyCode::Enter, _) => {}
        _ => {
            field.key(key);
            desk.problem = None;
            return None;
        }
    }
    match meant(asking, &field.text()) {
        Ok(order) => {
            put_away(desk);
            Some(Output::Order(order))
        }
        Err(why) => {
            desk.problem = Some(why);
            None
        }
    }
}

/// Says what was meant by what was typed.
fn meant(asking: Asking, text: &str) -> Result<Order, String> {
    let said = || noted(text).ok_or_else(|| "A few words are needed; esc goes back.".to_owned());
    Ok(match asking {
        Asking::Mark { inject, expectation, mark } => Order::Mark { inject, expectation, mark, note: noted(text) },
        Asking::Note => Order::Note(said()?),
        Asking::Tell => Order::Tell(said()?),
        Asking::Pause => Order::Pause(said()?),
        Asking::Score => score(text.trim())?,
        Asking::Fire(inject) => Order::Fire(inject),
        Asking::End => Order::Close,
    })
}
