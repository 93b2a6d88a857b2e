//! A one-line input with a cursor.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::kernel::SafeText;

/// Holds one line that is being typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    before: String,
    after: String,
}

/// Says what a key did to a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edited {
    /// The text or the cursor changed.
    Yes,
    /// The key means nothing to a field.
    No,
}

impl Field {
    /// Holds no more than this many bytes.
    pub const CAP: usize = 4096;

    /// Returns what was typed.
    pub fn text(&self) -> String {
        format!("{}{}", self.before, self.after)
    }

    /// Returns a field of the same length in which nothing can be read.
    #[must_use]
    pub fn masked(&self) -> Self {
        let mask = |text: &str| text.chars().map(|_| '*').collect();
        Self { before: mask(&self.before), after: mask(&self.after) }
    }

    /// Returns what stands before and after the cursor.
    pub fn around(&self) -> (&str, &str) {
        (&self.before, &self.after)
    }

    /// Inserts text on one line, made harmless.
    pub fn insert(&mut self, text: &str) {
        let safe = SafeText::line(text.trim_end_matches(['\r', '\n']));
        for c in safe.as_str().chars() {
            if self.before.len() + self.after.len() + c.len_utf8() > Self::CAP {
                break;
            }
            self.before.push(c);
        }
    }

    /// Takes a key.
    pub fn key(&mut self, key: KeyEvent) -> Edited {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('u') if ctrl => self.before.clear(),
            KeyCode::Char('w') if ctrl => {
                let kept = self.before.trim_end().rfind(' ').map_or(0, |at| at + 1);
                self.before.truncate(kept);
            }
            KeyCode::Char('a') if ctrl => self.home(),
            KeyCode::Char('e') if ctrl => self.end(),
            KeyCode::Char(_) if ctrl || key.modifiers.contains(KeyModifiers::ALT) => return Edited::No,
            KeyCode::Char(c) => self.insert(c.encode_utf8(&mut [0; 4])),
            KeyCode::Backspace => {
                self.before.pop();
            }
            KeyCode::Delete => {
                let mut rest = self.after.chars();
                rest.next();
                self.after = rest.as_str().to_owned();
            }
            KeyCode::Left => {
                if let Some(c) = self.before.pop() {
                    self.after.insert(0, c);
                }
            }
            KeyCode::Right => {
                let mut rest = self.after.chars();
                if let Some(c) = rest.next() {
                    self.before.push(c);
                    self.after = rest.as_str().to_owned();
                }
            }
            KeyCode::Home => self.home(),
            KeyCode::End => self.end(),
            _ => return Edited::No,
        }
        Edited::Yes
    }

    fn home(&mut self) {
        self.after = self.text();
        self.before.clear();
    }

    fn end(&mut self) {
        self.before = self.text();
        self.after.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn type_in(field: &mut Field, text: &str) {
        for c in text.chars() {
            assert_eq!(field.key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)), Edited::Yes);
        }
    }

    #[test]
    fn a_line_is_edited_in_the_middle() {
        let mut field = Field::default();
        type_in(&mut field, "shop-dh");
        for code in [KeyCode::Backspace, KeyCode::Char('b'), KeyCode::Home, KeyCode::Delete, KeyCode::Char('S')] {
            field.key(KeyEvent::new(code, KeyModifiers::NONE));
        }
        assert_eq!(field.text(), "Shop-db");
        assert_eq!(field.around(), ("S", "hop-db"));
        field.key(KeyEvent::new(KeyCode::Char('e'), KeyModifiers::CONTROL));
        field.key(KeyEvent::new(KeyCode::Char('w'), KeyModifiers::CONTROL));
        assert_eq!(field.text(), "");
    }

    #[test]
    fn what_is_inserted_is_harmless_and_bounded() {
        let mut field = Field::default();
        field.insert("a\nb\u{1b}[2J\n");
        assert_eq!(field.text(), "a␊b␛[2J");
        field.insert(&"x".repeat(10_000));
        assert!(field.text().len() <= Field::CAP);
    }
}
