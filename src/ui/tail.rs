//! The newest output of an attempt, bounded: the file has all of it.

use std::collections::VecDeque;

use crate::kernel::{SafeText, Stamp};

/// Holds the last lines of an attempt's output, made harmless.
#[derive(Clone, Debug, Default)]
pub struct Tail {
    lines: VecDeque<String>,
    held: usize,
    /// How many bytes the attempt printed.
    total: u64,
    last: Option<Stamp>,
    /// The last line has no line feed yet.
    open: bool,
    /// A carriage return came: the next character starts the line anew.
    rewind: bool,
    escape: Escape,
    seen: u64,
    lost: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Escape {
    #[default]
    None,
    Started,
    Csi,
    Text,
    TextEnding,
}

impl Tail {
    /// Holds at most this many lines.
    pub const LINES: usize = 2_000;
    /// Holds at most this many bytes.
    pub const BYTES: usize = 256 * 1024;
    /// Holds at most this many bytes of one line.
    pub const LINE: usize = 8 * 1024;

    /// Takes a piece of output, of which `total` bytes are printed by now.
    pub fn push(&mut self, text: &str, total: u64, at: Stamp) {
        let came = total.saturating_sub(self.seen);
        if came > text.len() as u64 {
            self.lost = true;
            self.open = false;
            self.escape = Escape::None;
        }
        self.seen = self.seen.max(total);
        self.total = self.total.max(total);
        self.last = Some(at);
        // Only the end of a huge piece can be kept.
        let mut start = text.len().saturating_sub(Self::BYTES);
        while !text.is_char_boundary(start) {
            start += 1;
        }
        for c in text.get(start..).unwrap_or_default().chars() {
            self.take(c);
        }
    }

    /// Returns the lines, oldest first.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator {
        self.lines.iter().map(String::as_str)
    }

    /// Returns how many bytes the attempt printed.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Returns when the last piece came.
    pub fn last(&self) -> Option<Stamp> {
        self.last
    }

    /// Says whether earlier output is missing here.
    pub fn is_cut(&self) -> bool {
        self.lost
    }

    fn take(&mut self, c: char) {
        self.escape = match (self.escape, c) {
            // A line feed ends any sequence: a broken one must not swallow the rest of the output.
            (_, '\n') => {
                self.character(c);
                Escape::None
            }
            (Escape::None, '\u{1b}') | (Escape::Started, '\u{20}'..='\u{2f}') => Escape::Started,
            (Escape::None, '\u{9b}') | (Escape::Started, '[') | (Escape::Csi, '\u{20}'..='\u{3f}') => Escape::Csi,
            (Escape::None, c) => {
                self.character(c);
                Escape::None
            }
            (Escape::Text | Escape::TextEnding, '\u{7}' | '\u{9c}') | (Escape::TextEnding, '\\') => Escape::None,
            (Escape::Text | Escape::TextEnding, '\u{1b}') => Escape::TextEnding,
            (Escape::Started, ']' | 'P' | 'X' | '^' | '_') | (Escape::Text | Escape::TextEnding, _) => Escape::Text,
            (Escape::Started | Escape::Csi, _) => Escape::None,
        };
    }

    fn character(&mut self, c: char) {
        match c {
            '\n' => {
                if !self.open {
                    self.lines.push_back(String::new());
                }
                self.open = false;
                self.rewind = false;
                self.trim();
            }
            '\r' => self.rewind = true,
            '\u{8}' => {
                if let Some(line) = self.lines.back_mut().filter(|_| self.open)
                    && let Some(gone) = line.pop()
                {
                    self.held = self.held.saturating_sub(gone.len_utf8());
                }
            }
            '\u{7}' => {}
            c => {
                if !self.open {
                    self.lines.push_back(String::new());
                    self.open = true;
                }
                if let Some(line) = self.lines.back_mut() {
                    if self.rewind {
                        self.held = self.held.saturating_sub(line.len());
                        line.clear();
                        self.rewind = false;
                    }
                    if line.len() < Self::LINE {
                        let before = line.len();
                        if c == ' ' || c.is_ascii_graphic() {
                            line.push(c);
                        } else {
                            line.push_str(SafeText::new(c.encode_utf8(&mut [0; 4])).as_str());
                        }
                        self.held += line.len() - before;
                    }
                }
                self.trim();
            }
        }
    }

    fn trim(&mut self) {
        while self.lines.len() > Self::LINES || self.held > Self::BYTES {
            let Some(gone) = self.lines.pop_front() else { break };
            self.held = self.held.saturating_sub(gone.len());
            self.lost = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stamp() -> Stamp {
        Stamp { utc: chrono::DateTime::from_timestamp(0, 0).unwrap(), mono: 0 }
    }

    fn tail(pieces: &[&str]) -> Vec<String> {
        let mut tail = Tail::default();
        let mut total = 0;
        for piece in pieces {
            total += piece.len() as u64;
            tail.push(piece, total, stamp());
        }
        tail.lines().map(str::to_owned).collect()
    }

    #[test]
    fn lines_carriage_returns_and_sequences() {
        let table: [(&[&str], &[&str]); 7] = [
            (&["a\nb\n"], &["a", "b"]),
            (&["a", "b\nc"], &["ab", "c"]),
            (&["10%\r50%\r100%\ndone\r\n"], &["100%", "done"]),
            (&["\u{1b}[31mred\u{1b}[0m\u{1b}[2J\n"], &["red"]),
            (&["\u{1b}]0;title\u{7}x\u{1b}]8;;http://a\u{1b}\\y\n"], &["xy"]),
            (&["\u{1b}]0;never ends\nnext\n"], &["", "next"]),
            (&["a\u{1b}", "[1", "mb\n\nc\td\u{202e}"], &["ab", "", "c    d\u{fffd}"]),
        ];
        for (pieces, expected) in table {
            assert_eq!(tail(pieces), expected, "{pieces:?}");
        }
    }

    #[test]
    fn a_flood_stays_bounded_and_says_so() {
        let mut tail = Tail::default();
        let piece = "x".repeat(1 << 20);
        for n in 1..=8_u64 {
            tail.push(&piece, n << 27, stamp());
        }
        assert!(tail.lines().map(str::len).sum::<usize>() <= Tail::BYTES);
        assert!(tail.is_cut() && tail.total() == 1 << 30);
        let mut tail = Tail::default();
        tail.push(&"y\n".repeat(100_000), 200_000, stamp());
        assert!(tail.lines().len() <= Tail::LINES && tail.is_cut());
    }

    proptest! {
        #[test]
        fn nothing_steers_the_terminal(text in any::<String>()) {
            for line in tail(&[&text]) {
                prop_assert!(!line.chars().any(char::is_control), "{line:?}");
            }
        }
    }
}
