//! The after-action report: what a run's record shows, section by section, every figure with the lines that it comes from,
//! and what the record does not show. Pure: facts in, sections out.

mod chart;
mod controls;
mod course;
mod figures;
mod identity;
mod markdown;
mod since;

use serde::Serialize;

use super::exercise::{diagnosis_section, unblinded};
use crate::engine::{Disclosure, Event, Fact, Run};
use crate::kernel::{SafeText, Stamp};

pub use chart::{Bar, BurnDown, Settled};
pub use markdown::markdown;

/// Is everything that a report is made from.
#[derive(Clone, Copy, Debug)]
pub struct Record<'r> {
    /// The run, folded from the facts.
    pub run: &'r Run,
    /// Its facts, in order.
    pub facts: &'r [Fact],
    /// What its log is worth.
    pub integrity: &'r Integrity,
    /// What was added after the seal.
    pub additions: &'r [Afterword],
}

/// Says what a log is worth, as whoever verified it found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Integrity {
    /// `SEALED`, `OPEN` …
    pub verdict: String,
    /// Complete lines of the log.
    pub lines: u64,
    /// Lines at its end that no signature covers.
    pub uncovered: u64,
    /// Signed checkpoints.
    pub checkpoints: u64,
    /// SHA-512 of all lines, in hex.
    pub sha512: String,
    /// The same in words, to be read out.
    pub spoken: String,
    /// Who let the session's key sign.
    pub delegated_by: Option<String>,
    /// Who sealed it.
    pub sealed_by: Option<String>,
    /// Who else vouches for it.
    pub countersigned_by: Vec<String>,
    /// What was found besides.
    pub findings: Vec<String>,
}

/// Is something that was added to a sealed log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Afterword {
    /// Its line in the file of additions.
    pub seq: u64,
    /// When it was added.
    pub at: Stamp,
    /// Who signed it; `None`: nobody who counts.
    pub by: Option<String>,
    /// What it says.
    pub what: Added,
}

/// Says what was added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Added {
    /// Something worth knowing.
    Note(String),
    /// A line of the log says something that was otherwise.
    Correction {
        /// The line.
        of: u64,
        /// How it was.
        text: String,
    },
    /// Something to be done.
    Issue {
        /// Its number.
        number: u64,
        /// What.
        text: String,
        /// By whom.
        owner: String,
        /// Until when.
        due: String,
    },
    /// Something is done.
    Closed {
        /// The issue's number, or the name of what was owed.
        what: String,
        /// How it is known.
        text: String,
    },
    /// A facilitator disclosed the injects of an exercise.
    Disclosed {
        /// The injects, with their salts.
        injects: Vec<Disclosure>,
        /// SHA-512 of the facilitator's own log as it was sealed, hex.
        log_sha512: String,
    },
    /// What was broken in a drill that did not tell the team.
    Unblinded(Disclosure),
    /// Somebody vouches for the log.
    Countersigned,
}

/// Is the whole report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What kind of report it is.
    pub heading: &'static str,
    /// What was recovered: the runbook's title.
    pub title: String,
    /// The run.
    pub run: String,
    /// What has to be read before everything else: less care than the runbook asks for.
    pub first: Vec<Row>,
    /// The sections, in order.
    pub sections: Vec<Section>,
    /// How the steps went against the RTO.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub burn_down: Option<BurnDown>,
}

/// Is a section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Section {
    /// Its name for programs.
    pub key: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// The columns of its rows.
    pub columns: Vec<&'static str>,
    /// What the record shows.
    pub rows: Vec<Row>,
}

/// Is one thing that the record shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// One text a column.
    pub cells: Vec<String>,
    /// The lines that it comes from.
    pub cites: Vec<Cite>,
    /// What its last cell shows, for whoever can draw it better.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bar: Option<Bar>,
    /// What backticks in it mean, for whoever can show that.
    #[serde(skip)]
    pub backticks: Backticks,
}

/// Says what backticks in a text mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backticks {
    /// Themselves: a command may have them.
    #[default]
    Literal,
    /// What stands between them is code, as in Markdown.
    Code,
}

/// Names a line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Cite {
    /// The file.
    pub file: File,
    /// Its `seq`.
    pub seq: u64,
    /// Its kind.
    pub kind: String,
}

/// Names the files that lines come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum File {
    /// The log.
    Log,
    /// What was added to it.
    Addenda,
    /// The facilitator's own log.
    Facilitator,
}

impl Cite {
    /// Names the line of a fact.
    pub fn of(fact: &Fact) -> Self {
        Self { file: File::Log, seq: fact.seq, kind: kind(&fact.event) }
    }

    pub(in crate::report) fn after(word: &Afterword) -> Self {
        let kind = match &word.what {
            Added::Note(_) => "note",
            Added::Correction { .. } => "correction",
            Added::Issue { .. } => "issue",
            Added::Closed { .. } => "closed",
            Added::Disclosed { .. } => "disclosed",
            Added::Unblinded(_) => "unblinded",
            Added::Countersigned => "countersigned",
        };
        Self { file: File::Addenda, seq: word.seq, kind: kind.to_owned() }
    }
}

/// Returns the kind of an event as its line has it.
pub fn kind(event: &Event) -> String {
    let line = serde_json::to_value(event).ok();
    line.and_then(|line| line.get("k")?.as_str().map(str::to_owned)).unwrap_or_default()
}

impl Row {
    /// Makes a row whose cells are harmless.
    pub(in crate::report) fn new<C: AsRef<str>>(
        cells: impl IntoIterator<Item = C>,
        cites: impl IntoIterator<Item = Cite>,
    ) -> Self {
        Self {
            cells: cells.into_iter().map(|cell| SafeText::line(cell.as_ref().trim()).into_string()).collect(),
            cites: cites.into_iter().collect(),
            bar: None,
            backticks: Backticks::Literal,
        }
    }

    /// Is prose: what stands between backticks is code.
    pub(in crate::report) fn prose(self) -> Self {
        Self { backticks: Backticks::Code, ..self }
    }

    /// Adds a cell with a bar.
    fn drawn(mut self, bar: Bar) -> Self {
        self.cells.push(bar.text());
        self.bar = Some(bar);
        self
    }
}

impl Section {
    pub(in crate::report) fn new(
        key: &'static str,
        title: &'static str,
        columns: &[&'static str],
        rows: Vec<Row>,
    ) -> Self {
        Self { key, title, columns: columns.to_vec(), rows }
    }

    /// Is prose, row by row.
    pub(in crate::report) fn prose(mut self) -> Self {
        self.rows = self.rows.into_iter().map(Row::prose).collect();
        self
    }

    /// A section of names and what they are.
    pub(in crate::report) fn list(key: &'static str, title: &'static str, rows: Vec<Row>) -> Self {
        Self::new(key, title, &["what", "shown"], rows)
    }
}

impl<'r> Record<'r> {
    /// Finds the fact of a number.
    fn fact(&self, seq: u64) -> Option<&'r Fact> {
        self.facts.binary_search_by_key(&seq, |fact| fact.seq).ok().and_then(|at| self.facts.get(at))
    }

    fn cite(&self, seq: u64) -> Option<Cite> {
        self.fact(seq).map(Cite::of)
    }

    /// Lists facts in order, with what `pick` takes of them.
    fn each<T>(&self, pick: impl Fn(&'r Event) -> Option<T>) -> Vec<(&'r Fact, T)> {
        self.facts.iter().filter_map(|fact| pick(&fact.event).map(|of| (fact, of))).collect()
    }
}

/// Writes the report.
pub fn after_action(record: &Record<'_>) -> Report {
    let run = record.run;
    let mut sections = vec![
        figures::who_pays(record),
        identity::identity(record),
        identity::authorisation(record),
        course::timeline(record),
        course::steps(record),
        figures::recovery_point(record),
        figures::objectives(record),
        figures::time(record),
        chart::burnt(record),
        course::verification(record),
        since::protection(record),
        course::deviations(record),
        since::issues(record),
        since::integrity(record),
    ];
    let at = sections.iter().position(|section| section.key == "timeline").unwrap_or(0);
    let said = unblinded(record.additions);
    if let Some(section) = diagnosis_section(record, &said) {
        sections.insert(at, section);
    }
    sections.push(controls::controls(&sections));
    sections.push(controls::not_evidenced(record));
    Report {
        heading: "After-action report",
        title: run.plan.title.clone(),
        run: run.opened.as_ref().map(|opened| opened.run.as_str().to_owned()).unwrap_or_default(),
        first: course::first(record),
        sections,
        burn_down: chart::burn_down(record),
    }
}

#[cfg(test)]
mod tests;
