//! What the terminal can do, as far as it can be known without asking it.

use std::io::IsTerminal as _;

use rustix::termios::tcgetwinsize;

use crate::report::{Finding, Part};

/// The size that the screens are made for.
const SIZE: (u16, u16) = (80, 24);

pub(super) fn look() -> Vec<Finding> {
    let term = std::env::var("TERM").unwrap_or_default();
    let mut found = vec![kind(&term)];
    found.push(colours(&term));
    found.push(utf8());
    found.push(size());
    found.push(paste_and_copy(&term));
    found
}

fn kind(term: &str) -> Finding {
    if !(std::io::stdin().is_terminal() && std::io::stdout().is_terminal()) {
        let says = "standard input and output are no terminal here, so screens can't open";
        return Finding::warn(Part::Terminal, "terminal", says, "start it in a terminal, or work line by line");
    }
    match term {
        "" | "dumb" => {
            let says = if term.is_empty() { "TERM is not set".to_owned() } else { "TERM is dumb".to_owned() };
            Finding::warn(
                Part::Terminal,
                "terminal",
                says,
                "set TERM to what the terminal is, for example xterm-256color",
            )
        }
        term => Finding::ok(Part::Terminal, "terminal", term),
    }
}

fn colours(term: &str) -> Finding {
    let say = |says: &str| Finding::ok(Part::Terminal, "colours", says);
    if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        return say("none, as NO_COLOR asks");
    }
    let colorterm = std::env::var("COLORTERM").unwrap_or_default();
    match colorterm.as_str() {
        "truecolor" | "24bit" => say("true colour"),
        _ if term.contains("256color") || term.contains("direct") => say("256"),
        _ => say("16"),
    }
}

fn utf8() -> Finding {
    let named = ["LC_ALL", "LC_CTYPE", "LANG"];
    let set = named.into_iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    let locale = set.unwrap_or_default();
    let upper = locale.to_ascii_uppercase();
    if upper.contains("UTF-8") || upper.contains("UTF8") {
        return Finding::ok(Part::Terminal, "characters", locale);
    }
    let says = if locale.is_empty() { "no locale is set".to_owned() } else { format!("the locale is {locale}") };
    let says = format!("{says}, so signs beyond ASCII may come out wrong");
    Finding::warn(Part::Terminal, "characters", says, "export LC_ALL=C.UTF-8")
}

fn size() -> Finding {
    let Ok(size) = tcgetwinsize(std::io::stdout()) else {
        return Finding::ok(Part::Terminal, "size", "not known here");
    };
    let says = format!("{} x {}", size.ws_col, size.ws_row);
    if size.ws_col >= SIZE.0 && size.ws_row >= SIZE.1 {
        return Finding::ok(Part::Terminal, "size", says);
    }
    let next = format!("make the window {} x {} or larger", SIZE.0, SIZE.1);
    Finding::warn(Part::Terminal, "size", format!("{says}: not everything fits"), next)
}

/// A terminal is not asked here: it may not answer, or late, into what is typed next.
fn paste_and_copy(term: &str) -> Finding {
    let name = "paste, copy";
    if term == "linux" || term.is_empty() || term == "dumb" {
        let says = "this terminal tells no paste from typing, and takes nothing for a clipboard";
        return Finding::warn(Part::Terminal, name, says, "use a terminal of the xterm family");
    }
    if std::env::var_os("TMUX").is_some() {
        let says = "inside of tmux: pastes are told from typing; copying needs `set -g set-clipboard on` there";
        return Finding::ok(Part::Terminal, name, says);
    }
    let says = "bracketed paste and OSC 52 are asked for; whether the terminal allows the second is not known";
    Finding::ok(Part::Terminal, name, says)
}
