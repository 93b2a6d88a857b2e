//! What there is to say in a line: what a key led to and what is wrong at once, the rest one after the other.

use std::collections::VecDeque;

use crate::settings::theme::Role;

/// Holds what was said and nobody has seen yet, each until a key is pressed.
#[derive(Clone, Debug, Default)]
pub(super) struct News {
    lines: VecDeque<(Role, String)>,
    /// What is so until something else is said.
    meanwhile: Option<String>,
}

impl News {
    /// Keeps so many: whoever left the screen alone reads the newest in the timeline.
    const MOST: usize = 8;

    /// Says it now: it answers the key that was just pressed.
    pub(super) fn answer(&mut self, role: Role, text: impl Into<String>) {
        self.meanwhile = None;
        self.lines.push_front((role, text.into()));
        self.lines.truncate(Self::MOST);
    }

    /// Says it behind what nobody has seen yet; a warning before that, since the newest says how things are.
    pub(super) fn add(&mut self, role: Role, text: impl Into<String>) {
        let text = text.into();
        self.meanwhile = None;
        if self.lines.iter().any(|(_, known)| *known == text) {
            return;
        }
        if role == Role::Warn {
            self.lines.push_front((role, text));
            self.lines.truncate(Self::MOST);
            return;
        }
        self.lines.push_back((role, text));
        if self.lines.len() > Self::MOST {
            self.lines.pop_front();
        }
    }

    /// Says it until something else is said.
    pub(super) fn meanwhile(&mut self, text: String) {
        self.meanwhile = Some(text);
    }

    /// Returns what stands on the screen, and how much comes behind it.
    pub(super) fn first(&self) -> Option<(Role, String)> {
        let Some((role, text)) = self.lines.front() else {
            return self.meanwhile.clone().map(|text| (Role::Text, text));
        };
        Some(match self.lines.len() - 1 {
            0 => (*role, text.clone()),
            more => (*role, format!("(1 of {}) {text}", more + 1)),
        })
    }

    /// A key was pressed: the first of it was seen.
    pub(super) fn seen(&mut self) {
        if self.lines.pop_front().is_none() {
            self.meanwhile = None;
        }
    }

    /// Forgets what begins so, and is over.
    pub(super) fn forget(&mut self, beginning: &str) {
        self.lines.retain(|(_, text)| !text.starts_with(beginning));
    }

    /// Forgets all of it.
    pub(super) fn clear(&mut self) {
        self.lines.clear();
        self.meanwhile = None;
    }

    /// Gives all of it away.
    pub(super) fn take(&mut self) -> impl Iterator<Item = String> + use<> {
        std::mem::take(&mut self.lines).into_iter().map(|(_, text)| text).chain(self.meanwhile.take())
    }
}
