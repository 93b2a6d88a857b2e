//! Keys and pastes in a question: confirmations, reasons, and what Ctrl-C asks.

use crossterm::event::{KeyCode, KeyEvent};

use super::approval;
use super::asking::{self, Answered};
use super::confirm::{Answer, Confirmation};
use super::field::{Edited, Field};
use super::form::FormKind;
use super::message::Output;
use super::model::{Break, Model, Place, RunScreen};
use crate::engine::{Ask, Intent, Mode};
use crate::kernel::{ActionName, Stamp};
use crate::settings::keymap::{Chord, Command, Keymap};
use crate::settings::theme::Role;

/// Takes what came out of the editor: one line goes on being edited in place, more of them are a command.
pub(super) fn edited(screen: &mut RunScreen, text: &str) -> Option<Output> {
    let form = screen.form.as_mut().filter(|form| matches!(form.kind, FormKind::Edit(_) | FormKind::Improvise))?;
    let text = text.trim_end();
    if !text.contains('\n') && text.len() < Field::CAP {
        form.field = Field::default();
        form.field.insert(text);
        return None;
    }
    let command = text.to_owned();
    let intent = match &form.kind {
        FormKind::Edit(step) => Intent::Edit { step: step.clone(), command },
        _ => Intent::Improvise { command },
    };
    screen.form = None;
    Some(Output::Intent(intent))
}

/// Takes a key in the question that asks for text.
pub(super) fn form(screen: &mut RunScreen, key: KeyEvent, now: Stamp, keymap: &Keymap) -> Option<Output> {
    let run = &screen.run;
    let form = screen.form.as_mut()?;
    let wants = |command| super::press::chord(key).is_some_and(|chord| keymap.commands(chord).any(|c| c == command));
    if matches!(form.kind, FormKind::Edit(_) | FormKind::Improvise) && wants(Command::Editor) {
        return Some(Output::Edit(form.field.text()));
    }
    match key.code {
        KeyCode::Esc => {
            screen.form = None;
            None
        }
        KeyCode::Enter => match asking::answer(run, form, now.utc) {
            Ok(Answered::Wish(intent)) => {
                screen.form = None;
                Some(Output::Intent(intent))
            }
            Ok(Answered::Next(next)) => {
                screen.form = Some(next);
                None
            }
            Err(why) => {
                form.problem = Some(why);
                None
            }
        },
        _ => {
            if form.field.key(key) == Edited::Yes {
                form.problem = None;
            }
            None
        }
    }
}

/// Takes a key in a confirmation. Nothing but `y`, or Enter after the whole phrase, runs anything.
pub(super) fn confirmation(screen: &mut RunScreen, key: KeyEvent, now: Stamp, keymap: &Keymap) -> Option<Output> {
    let prompt = screen.run.prompt.as_ref()?;
    let confirmation = screen.confirmation.as_mut()?;
    if !confirmation.is_awake(now) || confirmation.answer == Answer::Sent {
        return None;
    }
    match key.code {
        KeyCode::Esc => {
            confirmation.answer = Answer::Sent;
            return Some(Output::Intent(Intent::Decline { prompt: prompt.number }));
        }
        KeyCode::PageDown | KeyCode::Down => {
            confirmation.scroll = confirmation.scroll.saturating_add(1);
            return None;
        }
        KeyCode::PageUp | KeyCode::Up => {
            confirmation.scroll = confirmation.scroll.saturating_sub(1);
            return None;
        }
        _ => {}
    }
    if prompt.lacks() > 0 {
        return approval::key(&screen.run, prompt, confirmation, key, keymap);
    }
    let asked = prompt.action.as_ref().and_then(|name| screen.run.plan.action(name));
    if let Some(watch) = asked.and_then(|(_, action)| screen.run.blocked_by(action)) {
        return seen(watch, confirmation, key);
    }
    match &prompt.ask {
        Ask::Key => {
            let chord = super::press::chord(key)?;
            let answer = keymap.commands(chord).find(|command| matches!(command, Command::Yes | Command::No));
            let intent = match answer {
                Some(Command::Yes) => Intent::Confirm { prompt: prompt.number, typed: None },
                Some(_) => Intent::Decline { prompt: prompt.number },
                None => return None,
            };
            confirmation.answer = Answer::Sent;
            Some(Output::Intent(intent))
        }
        Ask::Type { phrase } => {
            if key.code != KeyCode::Enter {
                if confirmation.typed.key(key) == Edited::Yes {
                    confirmation.problem = None;
                }
                return None;
            }
            let typed = confirmation.typed.text();
            if typed == *phrase {
                confirmation.answer = Answer::Sent;
                return Some(Output::Intent(Intent::Confirm { prompt: prompt.number, typed: Some(typed) }));
            }
            confirmation.problem = Some(if typed.is_empty() {
                "Nothing was typed; nothing was run.".to_owned()
            } else {
                "That is not the phrase; nothing was run.".to_owned()
            });
            None
        }
    }
}

/// Takes a key while a watch fails that the action requires: Enter acknowledges it, with what was typed.
fn seen(watch: &ActionName, confirmation: &mut Confirmation, key: KeyEvent) -> Option<Output> {
    if key.code != KeyCode::Enter {
        confirmation.typed.key(key);
        return None;
    }
    let note = confirmation.typed.text().trim().to_owned();
    confirmation.typed = Field::default();
    Some(Output::Intent(Intent::SeeAlarm { action: watch.clone(), note }))
}

/// Takes a key in the question that Ctrl-C asked.
pub(super) fn breaking(screen: &mut RunScreen, key: KeyEvent, keymap: &Keymap) -> Option<Output> {
    let meant = super::press::chord(key).map(|chord| keymap.commands(chord).collect::<Vec<_>>()).unwrap_or_default();
    let wanted = |command| meant.contains(&command);
    if wanted(Command::Back) || super::press::chord(key) == Some(Chord::Enter) {
        screen.breaking = Break::None;
        return None;
    }
    if wanted(Command::Interrupt) && screen.running().is_some() {
        screen.breaking = Break::None;
        return super::press::interrupt(screen);
    }
    if wanted(Command::Stop) && !screen.is_ended() {
        screen.breaking = Break::None;
        screen.form = super::offered::question(screen, Command::Stop).map(super::form::Form::new);
        return None;
    }
    if wanted(Command::Detach) {
        return Some(Output::Detach);
    }
    None
}

/// No signed approval is longer, in bytes.
const LONGEST_APPROVAL: usize = 64 * 1024;

/// Takes pasted text: into questions that take text, never as keys, never as the phrase of a real run.
pub(super) fn paste(model: &mut Model, text: &str) -> Option<Output> {
    let approves = matches!(&model.place, Place::Run(screen)
        if screen.form.is_none() && screen.run.prompt.as_ref().is_some_and(|prompt| prompt.lacks() > 0));
    let most = if approves { LONGEST_APPROVAL } else { Field::CAP };
    if text.len() > most {
        // Half of it would be worse than nothing.
        let words = format!(
            "What was pasted has {} KiB, and {} KiB is the most that is taken here: nothing of it was taken.",
            text.len() / 1024,
            most / 1024
        );
        model.news.answer(Role::Warn, words.clone());
        if let Place::Run(screen) = &mut model.place {
            if let Some(form) = &mut screen.form {
                form.problem = Some(words);
            } else if let Some(confirmation) = &mut screen.confirmation {
                confirmation.problem = Some(words);
            }
        }
        return None;
    }
    let screen = match &mut model.place {
        Place::Run(screen) => screen,
        Place::Picker(picker) => {
            if let Some(field) = picker.finding.as_mut().filter(|_| model.help.is_none() && model.finder.is_none()) {
                field.insert(text);
            }
            return None;
        }
        Place::Facilitator(_) | Place::Compare(_) => return None,
    };
    if model.help.is_some() || screen.breaking == Break::Asked {
        return None;
    }
    let mode = screen.mode();
    if let Some(form) = &mut screen.form {
        form.field.insert(text);
        form.problem = None;
    } else if let Some(confirmation) = &mut screen.confirmation {
        if let Some(prompt) = screen.run.prompt.as_ref().filter(|prompt| prompt.lacks() > 0) {
            let awake = confirmation.is_awake(model.now) && confirmation.answer == Answer::Open;
            return if awake { approval::pasted(prompt, confirmation, text) } else { None };
        }
        let typed = matches!(screen.run.prompt.as_ref().map(|prompt| &prompt.ask), Some(Ask::Type { .. }));
        match mode {
            Some(Mode::Drill) if typed && confirmation.is_awake(model.now) => confirmation.typed.insert(text),
            Some(Mode::Drill) => {}
            Some(Mode::Real) | None => {
                confirmation.problem = Some("Pasting is refused here; type the phrase.".to_owned());
            }
        }
    } else {
        model.news.answer(Role::Dim, "Pasted text was dropped: no question is open.");
    }
    None
}
