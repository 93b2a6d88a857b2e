//! A key with its modifier: how it is written and read.

use std::fmt;

/// Is a key with its modifier, as far as lifeboat binds any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Chord {
    /// A character.
    Char(char),
    /// A character with Ctrl.
    Ctrl(char),
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Tab with Shift.
    BackTab,
    /// The arrow up.
    Up,
    /// The arrow down.
    Down,
    /// The arrow left.
    Left,
    /// The arrow right.
    Right,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Home.
    Home,
    /// End.
    End,
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Char(' ') => f.pad("space"),
            Self::Char(c) => f.pad(c.encode_utf8(&mut [0; 4])),
            Self::Ctrl(c) => f.pad(&format!("^{}", c.to_ascii_uppercase())),
            Self::Enter => f.pad("enter"),
            Self::Esc => f.pad("esc"),
            Self::Tab => f.pad("tab"),
            Self::BackTab => f.pad("shift-tab"),
            Self::Up => f.pad("up"),
            Self::Down => f.pad("down"),
            Self::Left => f.pad("left"),
            Self::Right => f.pad("right"),
            Self::PageUp => f.pad("pgup"),
            Self::PageDown => f.pad("pgdn"),
            Self::Home => f.pad("home"),
            Self::End => f.pad("end"),
        }
    }
}

impl Chord {
    /// Reads a key as it is written: what [`Chord`]'s `Display` writes.
    pub fn parse(text: &str) -> Option<Self> {
        let mut chars = text.chars();
        Some(match (text, chars.next(), chars.next(), chars.next()) {
            ("space", ..) => Self::Char(' '),
            ("enter", ..) => Self::Enter,
            ("esc", ..) => Self::Esc,
            ("tab", ..) => Self::Tab,
            ("shift-tab", ..) => Self::BackTab,
            ("up", ..) => Self::Up,
            ("down", ..) => Self::Down,
            ("left", ..) => Self::Left,
            ("right", ..) => Self::Right,
            ("pgup", ..) => Self::PageUp,
            ("pgdn", ..) => Self::PageDown,
            ("home", ..) => Self::Home,
            ("end", ..) => Self::End,
            (_, Some('^'), Some(c), None) if c.is_ascii_alphabetic() => Self::Ctrl(c.to_ascii_lowercase()),
            (_, Some(c), None, _) if !c.is_control() && !c.is_whitespace() => Self::Char(c),
            _ => return None,
        })
    }
}
