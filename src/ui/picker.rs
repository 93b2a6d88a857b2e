//! The list of runbooks.

/// Is a runbook in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The name by which it is started: `region-failure`.
    pub name: String,
    /// What it says of itself, once it was read.
    pub about: Option<About>,
}

/// Describes a runbook that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Its title.
    pub title: String,
    /// `region-failure`, `data-corruption` …
    pub scenario: String,
    /// The service it recovers.
    pub service: String,
    /// Its recovery time objective: `30 min`, or empty.
    pub rto: String,
    /// Its recovery point objective: `5 min`, or empty.
    pub rpo: String,
    /// How many steps it has.
    pub steps: usize,
    /// What the check found, a sentence each.
    pub problems: Vec<String>,
    /// Its text.
    pub text: String,
}

/// Holds the list and where the operator is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picker {
    /// The runbooks.
    pub entries: Vec<Entry>,
    /// The selected one.
    pub selected: usize,
    /// The first visible line of the selected one's text, while that is shown.
    pub reading: Option<usize>,
}

impl Picker {
    /// Makes a list.
    pub fn new(entries: Vec<Entry>) -> Self {
        Self { entries, selected: 0, reading: None }
    }

    /// Takes in what a runbook of the list says of itself.
    pub fn learn(&mut self, name: &str, about: About) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.name == name) {
            entry.about = Some(about);
        }
    }

    /// Returns the selected runbook.
    pub fn entry(&self) -> Option<&Entry> {
        self.entries.get(self.selected)
    }
}
