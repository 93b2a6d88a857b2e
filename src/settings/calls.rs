//! How the screens call somebody back to them: the bell, and a notification that the terminal shows.

use serde::{Deserialize, Serialize};

/// Names the ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Calls {
    /// Not at all.
    Off,
    /// The bell.
    Bell,
    /// The bell, and the notification of iTerm2, kitty, `WezTerm`, Ghostty and others: OSC 9.
    Osc9,
    /// The bell, and the notification of rxvt, foot, and the terminals of GNOME: OSC 777.
    Osc777,
}

/// Says what stands between lifeboat and the terminal that people look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// Nothing.
    Terminal,
    /// tmux, which keeps what it does not know to itself unless it is asked to hand it on.
    Tmux,
}

impl Within {
    /// Tells by the environment.
    pub fn of(read: impl Fn(&'static str) -> Option<String>) -> Self {
        if read("TMUX").is_some_and(|socket| !socket.is_empty()) { Self::Tmux } else { Self::Terminal }
    }
}

/// How many characters of a call a notification shows.
const LONGEST: usize = 200;

impl Calls {
    /// Returns what is written to call somebody back: a notification, where there is one, and the bell. Within tmux the
    /// notification is wrapped, and tmux hands it on where its `allow-passthrough` is on; the bell is tmux's own.
    pub fn bytes(self, words: &str, within: Within) -> String {
        // Both forms end at the first control character, and one takes `;` for the end of its title.
        let words: String = words.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
        let notification = match self {
            Self::Off => return String::new(),
            Self::Bell => return "\u{7}".to_owned(),
            Self::Osc9 => format!("\u{1b}]9;lifeboat: {words}\u{1b}\\"),
            Self::Osc777 => format!("\u{1b}]777;notify;lifeboat;{}\u{1b}\\", words.replace(';', ",")),
        };
        match within {
            Within::Terminal => format!("{notification}\u{7}"),
            Within::Tmux => format!("\u{1b}Ptmux;{}\u{1b}\\\u{7}", notification.replace('\u{1b}', "\u{1b}\u{1b}")),
        }
    }

    /// Chooses a way that the terminal understands, as far as the environment tells which one it is. A terminal that
    /// knows neither notification passes over it; the console of Linux would print it.
    pub fn of_terminal(read: impl Fn(&'static str) -> Option<String>) -> Self {
        let term = read("TERM").unwrap_or_default();
        let begins = |names: &[&str]| names.iter().any(|name| term.starts_with(name));
        if begins(&["linux", "vt", "dumb"]) || term.is_empty() {
            return Self::Bell;
        }
        if read("VTE_VERSION").is_some_and(|version| !version.is_empty()) || begins(&["rxvt", "foot"]) {
            return Self::Osc777;
        }
        Self::Osc9
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_gets_what_it_understands() {
        let of = |term: &str, vte: &str| {
            let read = |name| Some(if name == "TERM" { term.to_owned() } else { vte.to_owned() });
            Calls::of_terminal(read)
        };
        assert_eq!(of("xterm-256color", ""), Calls::Osc9);
        assert_eq!(of("xterm-256color", "7003"), Calls::Osc777);
        assert_eq!(of("foot", ""), Calls::Osc777);
        assert_eq!(of("linux", ""), Calls::Bell);
        assert_eq!(of("", ""), Calls::Bell);
    }

    #[test]
    fn what_is_written_is_a_notification_and_the_bell_and_nothing_of_the_words_ends_it_early() {
        use Within::{Terminal, Tmux};
        let words = "REAL INCIDENT: a; b\u{7}\u{1b}\\c";
        for (how, within, written) in [
            (Calls::Off, Terminal, ""),
            (Calls::Bell, Terminal, "\u{7}"),
            (Calls::Bell, Tmux, "\u{7}"),
            (Calls::Osc9, Terminal, "\u{1b}]9;lifeboat: REAL INCIDENT: a; b\\c\u{1b}\\\u{7}"),
            (Calls::Osc777, Terminal, "\u{1b}]777;notify;lifeboat;REAL INCIDENT: a, b\\c\u{1b}\\\u{7}"),
            (
                Calls::Osc9,
                Tmux,
                "\u{1b}Ptmux;\u{1b}\u{1b}]9;lifeboat: REAL INCIDENT: a; b\\c\u{1b}\u{1b}\\\u{1b}\\\u{7}",
            ),
        ] {
            assert_eq!(how.bytes(words, within), written, "{how:?} {within:?}");
        }
        assert!(Calls::Osc9.bytes(&"x".repeat(5_000), Terminal).len() < 300);
        assert_eq!(Within::of(|_| Some("/tmp/tmux-1000/default,1,0".to_owned())), Tmux);
        assert_eq!(Within::of(|_| Some(String::new())), Terminal);
        assert_eq!(Within::of(|_| None), Terminal);
    }
}
