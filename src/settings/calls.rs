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

impl Calls {
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
}
