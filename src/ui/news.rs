//! What there is to say in a line: what a key led to at once, what came from elsewhere one after the other.

use std::collections::VecDeque;

use crate::settings::theme::Role;

/// Holds what was said and nobody has seen yet, each until a key is pressed.
#[derive(Clone, Debug, Default)]
pub(super) struct News {
    lines: VecDeque<(Role, String)>,
}

impl News {
    /// Keeps so many: whoever left the screen alone reads the newest in the timeline.
    const MOST: usize = 8;

    /// Says it now: it answers the key that was just pressed.
    pub(super) fn answer(&mut self, role: Role, text: impl Into<String>) {
        self.lines.push_front((role, text.into()));
        self.lines.truncate(Self::MOST);
    }

    /// Says it behind what nobody has seen yet.
    pub(super) fn add(&mut self, role: Role, text: impl Into<String>) {
        let text = text.into();
        if self.lines.iter().any(|(_, known)| *known == text) {
            return;
        }
        self.lines.push_back((role, text));
        if self.lines.len() > Self::MOST {
            self.lines.pop_front();
        }
    }

    /// Returns what stands on the screen, with a word about what comes behind it.
    pub(super) fn first(&self) -> Option<(Role, String)> {
        let (role, text) = self.lines.front()?;
        Some(match self.lines.len() - 1 {
            0 => (*role, text.clone()),
            more => (*role, format!("{text} [{more} more: press a key]")),
        })
    }

    /// A key was pressed: the first of it was seen.
    pub(super) fn seen(&mut self) {
        self.lines.pop_front();
    }

    /// Forgets what is not so any more.
    pub(super) fn forget(&mut self, text: &str) {
        self.lines.retain(|(_, known)| known != text);
    }

    /// Forgets all of it.
    pub(super) fn clear(&mut self) {
        self.lines.clear();
    }

    /// Gives all of it away.
    pub(super) fn take(&mut self) -> impl Iterator<Item = String> + use<> {
        std::mem::take(&mut self.lines).into_iter().map(|(_, text)| text)
    }
}
