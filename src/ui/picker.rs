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
    /// What a run of it would do, line by line.
    pub dry_run: Vec<String>,
}

/// Names what of a runbook can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// Its text.
    Text,
    /// What a run of it would do.
    DryRun,
}

/// Says what is read, and from where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What.
    pub page: Page,
    /// The first visible line.
    pub top: usize,
}

impl Reading {
    /// Opens a page at its beginning.
    pub fn begin(page: Page) -> Self {
        Self { page, top: 0 }
    }
}

/// Holds the list and where the operator is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picker {
    /// The runbooks.
    pub entries: Vec<Entry>,
    /// The selected one.
    pub selected: usize,
    /// What of the selected one is shown instead of the list.
    pub reading: Option<Reading>,
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
