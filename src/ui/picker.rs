//! The list of runbooks and runs: what is in it, what is found in it, and where the operator is.

use chrono::{DateTime, Utc};
use crossterm::event::{KeyCode, KeyEvent};

use super::blind::{Blind, Monitoring};
use super::field::{Edited, Field};
use super::fuzzy::score;
use crate::engine::Mode;
use crate::report::Finding;

/// Is a runbook in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The name by which it is started: `region-failure`.
    pub name: String,
    /// What it says of itself, once it was read.
    pub about: Option<About>,
    /// How its last drill went, once that was looked up.
    pub drilled: Option<LastDrill>,
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
    /// Its phases, each with how many steps it has.
    pub phases: Vec<(String, usize)>,
    /// What a real run of it asks before something runs: how often, then each, a sentence each.
    pub confirmations: Vec<String>,
    /// What the check found, a sentence each.
    pub problems: Vec<String>,
    /// Its text.
    pub text: String,
    /// What a run of it would do, line by line.
    pub dry_run: Vec<String>,
}

/// Says how the last drill of a runbook went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LastDrill {
    /// None is recorded here.
    Never,
    /// It met its objectives; when, and what was measured.
    Met(String),
    /// It did not, or that was not shown; when, and what was measured.
    NotMet(String),
}

/// Is a run that is recorded on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastRun {
    /// Its id.
    pub run: String,
    /// Its folder, by which it is taken up again or reported.
    pub folder: String,
    /// The name of its runbook.
    pub runbook: String,
    /// Whether it is real.
    pub mode: Mode,
    /// Who began it, and on which machine.
    pub by: String,
    /// When it was last written.
    pub last: DateTime<Utc>,
    /// What became of it, in a word or two.
    pub standing: String,
    /// What it waits for, in a sentence; empty where it is over.
    pub waits: String,
    /// When customers began to fail, and how long it may take from then on, in seconds, if both are known.
    pub clock: Option<(DateTime<Utc>, u64)>,
}

/// Is what the list learns behind its first frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Learnt {
    /// A runbook was read.
    Runbook {
        /// Its name.
        name: String,
        /// What it says of itself.
        about: Box<About>,
    },
    /// The recorded runs, each newest first.
    Runs {
        /// Those that are not over.
        unfinished: Vec<PastRun>,
        /// The others.
        ended: Vec<PastRun>,
        /// Recordings that lie beside the runbooks, in the order of their folders.
        recordings: Vec<PastRun>,
    },
    /// Somebody came back to the list from the run in this folder.
    Left(String),
    /// How the last drill of a runbook went.
    Drilled {
        /// The runbook's name.
        name: String,
        /// How.
        how: LastDrill,
    },
    /// What was found about this machine.
    Preflight(Vec<Finding>),
    /// What the monitoring says, or why nothing.
    Monitoring(Result<Monitoring, String>),
    /// The report of a run that is over, or why there is none.
    Report {
        /// The run's folder.
        folder: String,
        /// Its text, in Markdown.
        text: Result<String, String>,
    },
}

/// Names what can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// A runbook's text.
    Text,
    /// What a run of it would do.
    DryRun,
    /// The report of a run that is over.
    Report,
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

/// Names a row of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// A run that is not over, by its index.
    Unfinished(usize),
    /// A runbook, by its index.
    Runbook(usize),
    /// A run that is over, by its index.
    Ended(usize),
    /// A recording, by its index.
    Recording(usize),
}

/// Holds the list and where the operator is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picker {
    /// Runs that are not over.
    pub unfinished: Vec<PastRun>,
    /// The runbooks.
    pub entries: Vec<Entry>,
    /// Runs that are over.
    pub ended: Vec<PastRun>,
    /// Recordings.
    pub recordings: Vec<PastRun>,
    /// The folder of the run that another one is to be compared with.
    pub(super) marked: Option<String>,
    /// The selected row.
    pub selected: Row,
    /// What of the selected one is shown instead of the list.
    pub reading: Option<Reading>,
    /// What the team sees that is not told what is broken; `None` where nothing is.
    pub blind: Option<Blind>,
    /// What was found about this machine, once somebody looked.
    pub preflight: Option<Vec<Finding>>,
    /// The report that was made last, with its run's folder.
    pub(super) report: Option<(String, Result<String, String>)>,
    /// Only what has this in it is listed.
    pub(super) find: String,
    /// The same, while it is typed.
    pub(super) finding: Option<Field>,
}

impl Picker {
    /// Makes a list.
    pub fn new(entries: Vec<Entry>) -> Self {
        Self {
            unfinished: Vec::new(),
            entries,
            ended: Vec::new(),
            recordings: Vec::new(),
            marked: None,
            selected: Row::Runbook(0),
            reading: None,
            blind: None,
            preflight: None,
            report: None,
            find: String::new(),
            finding: None,
        }
    }

    /// Takes in what was learnt. The selection stays on what it is on.
    pub fn learn(&mut self, learnt: Learnt) {
        let entry = |entries: &mut Vec<Entry>, name: &str| entries.iter().position(|entry| entry.name == name);
        match learnt {
            Learnt::Runbook { name, about } => {
                if let Some(entry) = entry(&mut self.entries, &name).and_then(|at| self.entries.get_mut(at)) {
                    entry.about = Some(*about);
                }
            }
            Learnt::Runs { unfinished, ended, recordings } => {
                let selected = self.run().map(|run| run.folder.clone());
                (self.unfinished, self.ended, self.recordings) = (unfinished, ended, recordings);
                if let Some(folder) = selected {
                    self.select(&folder);
                }
            }
            Learnt::Left(folder) => self.select(&folder),
            Learnt::Drilled { name, how } => {
                if let Some(entry) = entry(&mut self.entries, &name).and_then(|at| self.entries.get_mut(at)) {
                    entry.drilled = Some(how);
                }
            }
            Learnt::Preflight(findings) => self.preflight = Some(findings),
            Learnt::Monitoring(says) => {
                if let Some(blind) = &mut self.blind {
                    blind.monitoring = Some(says);
                }
            }
            Learnt::Report { folder, text } => self.report = Some((folder, text)),
        }
    }

    /// Returns the selected runbook.
    pub fn entry(&self) -> Option<&Entry> {
        match self.selected {
            Row::Runbook(at) => self.entries.get(at),
            Row::Unfinished(_) | Row::Ended(_) | Row::Recording(_) => None,
        }
    }

    /// Returns the selected run.
    pub fn run(&self) -> Option<&PastRun> {
        self.run_of(self.selected)
    }

    /// Returns the run of a row.
    pub(super) fn run_of(&self, row: Row) -> Option<&PastRun> {
        match row {
            Row::Unfinished(at) => self.unfinished.get(at),
            Row::Ended(at) => self.ended.get(at),
            Row::Recording(at) => self.recordings.get(at),
            Row::Runbook(_) => None,
        }
    }

    /// Selects the run in this folder; where it is gone, the first runbook.
    fn select(&mut self, folder: &str) {
        let unfinished = (0..self.unfinished.len()).map(Row::Unfinished);
        let ended = (0..self.ended.len()).map(Row::Ended);
        let recordings = (0..self.recordings.len()).map(Row::Recording);
        let is = |row: &Row| self.run_of(*row).is_some_and(|run| run.folder == folder);
        self.selected = unfinished.chain(ended).chain(recordings).find(is).unwrap_or(Row::Runbook(0));
    }

    /// Marks the selected run, which is over, as the one that another is compared with; with one that is marked it is
    /// compared.
    pub(super) fn compare(&mut self) -> Option<(String, String)> {
        let folder = self.run().filter(|_| self.is_over())?.folder.clone();
        match self.marked.take() {
            None => self.marked = Some(folder),
            Some(marked) if marked == folder => {}
            Some(marked) => return Some((marked, folder)),
        }
        None
    }

    /// Is a run selected that is over?
    pub(super) fn is_over(&self) -> bool {
        matches!(self.selected, Row::Ended(_) | Row::Recording(_)) && self.run().is_some()
    }

    /// Returns what is searched for.
    pub(super) fn wanted(&self) -> String {
        self.finding.as_ref().map_or_else(|| self.find.clone(), Field::text)
    }

    /// Lists the rows that are shown: runs that are not over, runbooks, runs that are over, recordings; where something is searched
    /// for, those in which it is found, the best of each first.
    pub(super) fn rows(&self) -> Vec<Row> {
        let wanted = self.wanted();
        let run = |run: &PastRun| score(&wanted, &format!("{} {} {}", run.runbook, run.run, run.standing));
        let runbook = |entry: &Entry| {
            let about = entry.about.as_ref();
            let told = about.map(|about| format!("{} {} {}", about.title, about.scenario, about.service));
            // The name counts more than what the runbook says of itself.
            let named = score(&wanted, &entry.name).map(|score| score + 20);
            named.into_iter().chain(told.and_then(|told| score(&wanted, &told))).max()
        };
        let ranked = |scores: Vec<Option<i64>>, row: fn(usize) -> Row| {
            let mut found: Vec<(i64, Row)> =
                scores.into_iter().enumerate().filter_map(|(at, score)| Some((score?, row(at)))).collect();
            // A stable sort: without anything typed the order is that of the list.
            found.sort_by_key(|(score, _)| -score);
            found
        };
        let unfinished = ranked(self.unfinished.iter().map(run).collect(), Row::Unfinished);
        let runbooks = ranked(self.entries.iter().map(runbook).collect(), Row::Runbook);
        let ended = ranked(self.ended.iter().map(run).collect(), Row::Ended);
        let recordings = ranked(self.recordings.iter().map(run).collect(), Row::Recording);
        unfinished.into_iter().chain(runbooks).chain(ended).chain(recordings).map(|(_, row)| row).collect()
    }

    /// Takes a key while something is searched for; what is found first is selected.
    pub(super) fn typed(&mut self, key: KeyEvent) -> Edited {
        let Some(field) = &mut self.finding else { return Edited::No };
        match key.code {
            KeyCode::Up | KeyCode::Down | KeyCode::PageUp | KeyCode::PageDown => return Edited::No,
            KeyCode::Esc => (self.finding, self.find) = (None, String::new()),
            KeyCode::Enter => {
                self.find = field.text();
                self.finding = None;
            }
            _ => {
                field.key(key);
                let rows = self.rows();
                let runbook = rows.iter().find(|row| matches!(row, Row::Runbook(_)));
                if let Some(best) = runbook.or(rows.first()) {
                    self.selected = *best;
                }
            }
        }
        Edited::Yes
    }

    /// Begins to search, with what was searched for last.
    pub(super) fn search(&mut self) {
        let mut field = Field::default();
        field.insert(&self.find);
        self.finding = Some(field);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(name: &str, runbook: &str) -> PastRun {
        PastRun {
            run: name.to_owned(),
            folder: format!("/runs/{name}"),
            runbook: runbook.to_owned(),
            mode: Mode::Drill,
            by: "alice on bastion".to_owned(),
            last: DateTime::UNIX_EPOCH,
            standing: "sealed".to_owned(),
            waits: String::new(),
            clock: None,
        }
    }

    fn picker() -> Picker {
        let entry = |name: &str| Entry { name: name.to_owned(), ..Entry::default() };
        let mut picker = Picker::new(["az-failure", "data-corruption", "region-failure"].map(entry).to_vec());
        picker.learn(Learnt::Runs {
            unfinished: vec![run("20261122T1-7f3k", "region-failure")],
            ended: vec![run("20261121T1-aaaa", "az-failure"), run("20261120T1-bbbb", "region-failure")],
            recordings: Vec::new(),
        });
        picker
    }

    #[test]
    fn what_is_not_over_stands_on_top_and_the_selection_stays() {
        let picker = picker();
        assert_eq!(picker.selected, Row::Runbook(0));
        assert_eq!(
            picker.rows(),
            [Row::Unfinished(0), Row::Runbook(0), Row::Runbook(1), Row::Runbook(2), Row::Ended(0), Row::Ended(1)]
        );
    }

    #[test]
    fn what_is_selected_stays_so_where_it_stands_by_now_and_what_somebody_comes_back_from_is() {
        let mut picker = picker();
        picker.selected = Row::Ended(1);
        let left = || run("20261122T1-7f3k", "region-failure");
        let ended = vec![left(), run("20261121T1-aaaa", "az-failure"), run("20261120T1-bbbb", "region-failure")];
        picker.learn(Learnt::Runs { unfinished: Vec::new(), ended, recordings: Vec::new() });
        assert_eq!(picker.run().unwrap().run, "20261120T1-bbbb");
        picker.learn(Learnt::Left(left().folder));
        assert_eq!(picker.selected, Row::Ended(0));
        picker.learn(Learnt::Runs { unfinished: Vec::new(), ended: Vec::new(), recordings: Vec::new() });
        assert_eq!(picker.selected, Row::Runbook(0), "what is gone is not selected");
    }

    #[test]
    fn a_search_keeps_what_it_finds_and_selects_the_best_runbook() {
        let mut picker = picker();
        picker.search();
        for c in "regf".chars() {
            picker.typed(KeyEvent::from(KeyCode::Char(c)));
        }
        assert_eq!(picker.rows(), [Row::Unfinished(0), Row::Runbook(2), Row::Ended(1)]);
        assert_eq!(picker.selected, Row::Runbook(2));
        picker.typed(KeyEvent::from(KeyCode::Enter));
        assert_eq!((picker.find.as_str(), picker.finding.is_none()), ("regf", true));
        picker.search();
        picker.typed(KeyEvent::from(KeyCode::Esc));
        assert_eq!(picker.rows().len(), 6);
    }
}
