//! A confirmation that still wants approvals: signatures are pasted or named by their file, or the operator says why they
//! go on alone.

use crossterm::event::{KeyCode, KeyEvent};

use super::confirm::Confirmation;
use super::field::{Edited, Field};
use super::message::Output;
use super::press::chord;
use crate::engine::{Intent, Mode, Prompt, Run};
use crate::settings::keymap::{Command, Keymap};

/// Takes a key. Enter hands in the file that was named, or goes on without approvals; in a drill a name is enough.
pub(super) fn key(
    run: &Run,
    prompt: &Prompt,
    confirmation: &mut Confirmation,
    key: KeyEvent,
    keymap: &Keymap,
) -> Option<Output> {
    if chord(key).is_some_and(|chord| keymap.commands(chord).any(|command| command == Command::CopyRequest)) {
        return prompt.request(run.opened.as_ref()?).map(Output::Copy);
    }
    if key.code != KeyCode::Enter {
        if confirmation.typed.key(key) == Edited::Yes {
            confirmation.problem = None;
        }
        return None;
    }
    let typed = confirmation.typed.text().trim().to_owned();
    let (first, rest) = typed.split_once(char::is_whitespace).unwrap_or((&typed, ""));
    let (first, reason, number) = (first.trim_end_matches(':'), rest.trim().to_owned(), prompt.number);
    let drill = is_drill(run);
    let problem = match (first, drill) {
        ("", true) => Some("Who agreed? Or type `alone` and why."),
        ("", false) => Some("Paste what they signed, or type `alone` and why."),
        ("alone", _) if reason.is_empty() => Some("Type why after `alone`."),
        _ => None,
    };
    if let Some(problem) = problem {
        confirmation.problem = Some(problem.to_owned());
        return None;
    }
    confirmation.typed = Field::default();
    Some(if first == "alone" {
        Output::Intent(Intent::Waive { prompt: number, reason })
    } else if drill && !typed.contains('/') {
        Output::Intent(Intent::Approve { prompt: number, approver: typed })
    } else {
        Output::HandIn { prompt: number, file: typed }
    })
}

/// Takes pasted text, the only one that a confirmation of a real run takes: it runs nothing.
pub(super) fn pasted(prompt: &Prompt, confirmation: &mut Confirmation, text: &str) -> Option<Output> {
    confirmation.problem = None;
    if text.contains("-----BEGIN SSH SIGNATURE-----") {
        confirmation.typed = Field::default();
        return Some(Output::Intent(Intent::HandIn { prompt: prompt.number, answer: text.to_owned() }));
    }
    confirmation.typed.insert(text);
    None
}

/// Says how approvals are given here.
pub(super) fn how(run: &Run) -> &'static str {
    if is_drill(run) {
        "^Y copies the request. Paste what they signed or name its file; in a drill a name is enough. Alone: `alone WHY`."
    } else {
        "^Y copies the request for `lifeboat approve`. Paste what they signed, or name its file, Enter. Alone: `alone WHY`."
    }
}

fn is_drill(run: &Run) -> bool {
    run.opened.as_ref().is_some_and(|opened| opened.mode == Mode::Drill)
}
