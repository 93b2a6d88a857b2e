//! The list of runbooks.

/// Describes a runbook for the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The name by which it is started: `region-failure`.
    pub name: String,
    /// Its title.
    pub title: String,
    /// `region-failure`, `corruption` …
    pub scenario: String,
    /// The service it recovers.
    pub service: String,
    /// `RTO 30 min`, or empty.
    pub rto: String,
    /// `RPO 5 min`, or empty.
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

    /// Returns the selected runbook.
    pub fn entry(&self) -> Option<&Entry> {
        self.entries.get(self.selected)
    }
}
