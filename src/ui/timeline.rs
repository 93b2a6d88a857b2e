//! The timeline: every fact in words, as it came, and where the reader is in it.

use crossterm::event::{KeyCode, KeyEvent};

use super::field::{Edited, Field};
use crate::engine::Fact;
use crate::kernel::Stamp;
use crate::report::narrate;
use crate::settings::keymap::Command;

/// Is a fact in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its line.
    pub(super) seq: u64,
    /// When it was recorded.
    pub(super) at: Stamp,
    /// What it says.
    pub(super) text: String,
}

impl Told {
    /// Tells a fact.
    pub fn of(fact: &Fact) -> Self {
        Self { seq: fact.seq, at: fact.at, text: narrate(&fact.event) }
    }
}

/// Holds where the reader of the timeline is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Timeline {
    /// Only facts with these words in them are shown.
    pub(super) filter: String,
    /// The filter, while it is typed.
    pub(super) asking: Option<Field>,
    /// So many facts that are shown lie behind the last one in view.
    pub(super) back: usize,
}

impl Timeline {
    /// Picks the facts that are shown.
    pub(super) fn shown<'t>(&self, told: &'t [Told]) -> Vec<&'t Told> {
        let typed = self.asking.as_ref().map(Field::text);
        let filter = typed.as_ref().unwrap_or(&self.filter).to_lowercase();
        let words: Vec<&str> = filter.split_whitespace().collect();
        let holds = |told: &&Told| {
            let text = told.text.to_lowercase();
            words.iter().all(|word| text.contains(word))
        };
        told.iter().filter(holds).collect()
    }

    /// Does what a key of the view means; a page has `page` rows, and `count` facts are shown.
    pub(super) fn perform(&mut self, command: Command, page: usize, count: usize) {
        let last = count.saturating_sub(1);
        self.back = match command {
            Command::Up => (self.back + 1).min(last),
            Command::Down => self.back.saturating_sub(1),
            Command::PageUp => (self.back + page).min(last),
            Command::PageDown => self.back.saturating_sub(page),
            Command::Top => last,
            Command::Bottom => 0,
            Command::Search => {
                let mut field = Field::default();
                field.insert(&self.filter);
                self.asking = Some(field);
                0
            }
            _ => self.back,
        };
    }

    /// Takes a key while the filter is typed.
    pub(super) fn typed(&mut self, key: KeyEvent) -> Edited {
        let Some(field) = &mut self.asking else { return Edited::No };
        match key.code {
            KeyCode::Esc => (self.asking, self.filter) = (None, String::new()),
            KeyCode::Enter => {
                self.filter = field.text();
                self.asking = None;
            }
            _ => {
                field.key(key);
                self.back = 0;
            }
        }
        Edited::Yes
    }
}
