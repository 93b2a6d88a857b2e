//! Blind drills: the team is not told what is broken, and finds the runbook by itself.
//!
//! The estate stands in a folder of the drill's own, beside what is hidden and what the team chose so far. Each runbook
//! that it opens is a run with a log, whose folder leads to the estate. A run that is stopped does not end the drill;
//! any other end does, and what was broken is disclosed then, beside the log of each of its runs.

mod hide;
mod kept;
mod waiting;

use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::facilitate::{self, Injects};
use super::library::{Library, Source};
use super::practice::{Practice, PracticeError};
use super::record::Recording;
use super::start::{self, StartError};
use crate::engine::{Abandoned, Blind, Broken, Disclosure, Fact, Run, Stage};
use crate::journal::Addition;
use crate::kernel::{RunId, Stamp};
use crate::report::{Diagnosis, chose, diagnosis, runbook_name, unblinded};
use crate::runbook::Plan;
use crate::store::{self, LogPlace, RunFolder, Runs, StoreError};

pub use hide::{HideError, Wish, hide};
use kept::{Chosen, Kept};
pub use waiting::{Held, all};

/// The name under which a run's folder holds its estate, or leads to it.
const ESTATE: &str = "estate";

/// Says why a blind drill can't go on.
#[derive(Debug, thiserror::Error)]
pub enum BlindError {
    /// The folder.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of it.
    #[error("the blind drill's {}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It makes no sense.
    #[error("the blind drill's {} makes no sense: {why}", path.display())]
    Senseless {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The estate.
    #[error(transparent)]
    Practice(#[from] PracticeError),
}

/// Is what a blind drill begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begins {
    /// What is broken.
    pub broken: Broken,
    /// The runbook for that, by path or name.
    pub runbook: String,
    /// The list of injects, in a drill that is facilitated; empty for the usual one.
    pub injects: Option<String>,
    /// Inputs, `NAME=VALUE`, for every runbook.
    pub set: Vec<String>,
    /// Where the runs are kept, if not in the usual place.
    pub runs: Option<PathBuf>,
}

/// Is a blind drill that is not over.
#[derive(Clone, Debug)]
pub struct BlindDrill {
    folder: PathBuf,
    kept: Kept,
}

impl BlindDrill {
    /// Makes the folder of a drill that hides what is broken. What the team may choose stands behind [`Self::shown`].
    ///
    /// # Errors
    /// If it can't be made.
    pub fn begin(state: &Path, begins: Begins) -> Result<Self, BlindError> {
        let folder = Runs::at(state.join("blind")).create(Utc::now())?.path().to_owned();
        let hidden = begins.broken.hidden(store::salt()?);
        let drill = Self { folder, kept: Kept { hidden, begins, shown_at: Utc::now(), chosen: Vec::new() } };
        drill.save()?;
        Ok(drill)
    }

    /// Takes up the drill in `folder`.
    ///
    /// # Errors
    /// If its file is not there or makes no sense.
    pub fn open(folder: &Path) -> Result<Self, BlindError> {
        Ok(Self { folder: folder.to_owned(), kept: Kept::read(folder)? })
    }

    /// Returns the drill that a run is part of, while that goes on.
    pub fn of_run(folder: &Path) -> Option<Self> {
        let estate = std::fs::canonicalize(folder.join(ESTATE)).ok()?;
        Self::open(estate.parent()?).ok()
    }

    /// Returns its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the folder of its estate.
    pub fn estate(&self) -> PathBuf {
        self.folder.join(ESTATE)
    }

    /// Returns what it began with.
    pub fn begins(&self) -> &Begins {
        &self.kept.begins
    }

    /// Counts the runs so far.
    pub fn runs(&self) -> usize {
        self.kept.chosen.len()
    }

    /// Returns what is to be disclosed of that.
    pub fn hidden(&self) -> &Disclosure {
        &self.kept.hidden
    }

    /// Lists the runbooks that were left again, with how long the team was in each.
    pub fn left(&self) -> Vec<(String, std::time::Duration)> {
        let left = self.kept.chosen.iter().filter_map(|chosen| {
            let stayed = chosen.left_at?.signed_duration_since(chosen.at).to_std().unwrap_or_default();
            Some((runbook_name(&chosen.runbook), stayed))
        });
        left.collect()
    }

    /// Puts alarms and runbooks before the team, from now on.
    ///
    /// # Errors
    /// If that can't be kept.
    pub fn shown(&mut self) -> Result<(), BlindError> {
        self.kept.shown_at = Utc::now();
        self.save()
    }

    /// Finds the injects of a drill that is facilitated: those for what is broken, whatever runbook the team is in.
    ///
    /// # Errors
    /// As [`facilitate::find`] has it.
    pub fn injects(&self, library: &Library) -> Result<Option<Injects>, StartError> {
        let Some(named) = &self.kept.begins.injects else { return Ok(None) };
        let source = library.find(&self.kept.begins.runbook)?;
        let plan = start::plan(&source)?;
        facilitate::find(Some(Path::new(named)).filter(|_| !named.is_empty()), &source, &plan).map(Some)
    }

    /// Leads a run to the estate, and keeps that the team chose its runbook at that moment. Returns what the run's log is
    /// to hold of how it came to that.
    ///
    /// # Errors
    /// If the folder can't be written.
    pub fn enter(
        &mut self,
        run: &RunFolder,
        (source, plan): (&Source, &Plan),
        at: DateTime<Utc>,
    ) -> Result<Blind, BlindError> {
        let link = run.path().join(ESTATE);
        symlink(self.estate(), &link).map_err(|error| BlindError::File { path: link, error })?;
        let before = self.kept.chosen.iter().filter_map(Chosen::abandoned).collect();
        let blind = Blind {
            sha256: self.kept.hidden.digest(),
            shown_at: self.kept.shown_at,
            chosen_at: at.max(self.kept.last()),
            before,
        };
        self.kept.chosen.push(Chosen {
            run: run.id().clone(),
            folder: run.path().to_owned(),
            runbook: source.path.clone(),
            scenario: plan.meta.scenario.clone(),
            at: blind.chosen_at,
            left_at: None,
        });
        self.save()?;
        Ok(blind)
    }

    /// Forgets a run that did not begin.
    ///
    /// # Errors
    /// If the folder can't be written.
    pub fn withdraw(&mut self, run: &RunId) -> Result<(), BlindError> {
        self.kept.chosen.retain(|chosen| chosen.run != *run);
        self.save()
    }

    /// Keeps that the team left a run's runbook again.
    ///
    /// # Errors
    /// If the folder can't be written.
    pub fn leave(&mut self, folder: &Path, at: DateTime<Utc>) -> Result<(), BlindError> {
        if let Some(chosen) = self.kept.chosen.iter_mut().find(|chosen| chosen.folder == folder) {
            chosen.left_at = Some(at.max(chosen.at));
        }
        self.save()
    }

    /// Discloses what was broken beside the log of each run of the drill that is sealed. Returns why it was not, for each
    /// where it was not.
    pub fn disclose(&self, state: &Path) -> Vec<String> {
        let by = super::identity::user();
        let now = Utc::now();
        let operator = match facilitate::key_of(state, &by, None) {
            Ok(operator) => operator,
            Err(why) => return vec![why.to_string()],
        };
        let trust = match store::load_trust(&[], None, Some(state), now) {
            Ok(trust) => trust,
            Err(why) => return vec![why.to_string()],
        };
        let mut failed = Vec::new();
        for chosen in &self.kept.chosen {
            let root = chosen.folder.parent().unwrap_or(&chosen.folder);
            let place: LogPlace = Runs::at(root).place(chosen.folder.clone());
            let what = Addition::Unblinded { broken: self.kept.hidden.clone() };
            if let Err(why) = store::add(&place, what, &operator, &trust, Stamp { utc: now, mono: 0 }) {
                failed.push(format!("{}: {why}", chosen.run));
            }
        }
        failed
    }

    /// Ends the estate, and removes what was hidden: nothing more can be chosen.
    ///
    /// # Errors
    /// If the estate does not answer, or the folder stays.
    pub async fn clear(self) -> Result<(), BlindError> {
        let down = match Practice::find(&self.estate()) {
            Ok(practice) => practice.down().await,
            // It has ended already.
            Err(_) => Ok(()),
        };
        for chosen in &self.kept.chosen {
            // It led to the estate: what stays leads nowhere.
            drop(std::fs::remove_file(chosen.folder.join(ESTATE)));
        }
        std::fs::remove_dir_all(&self.folder).map_err(|error| BlindError::File { path: self.folder.clone(), error })?;
        Ok(down?)
    }

    fn save(&self) -> Result<(), BlindError> {
        self.kept.write(&self.folder)
    }
}

/// Judges how a team came to a recorded run's runbook; `None` where it was told what is broken.
pub fn diagnosed(recording: &Recording) -> Option<Diagnosis> {
    diagnosis(&recording.run, &unblinded(&recording.additions))
}

/// Returns how a run ended, if it did, from its facts.
pub fn ended(facts: &[Fact]) -> Option<(String, DateTime<Utc>)> {
    facts.iter().rev().find_map(|fact| match &fact.event {
        crate::engine::Event::Ended { how, .. } => Some((how.clone(), fact.at.utc)),
        _ => None,
    })
}

/// Does a run's end leave its drill going on?
pub fn goes_on(how: &str) -> bool {
    how == "stopped"
}

/// Was the run of a blind drill stopped, so that another runbook can be chosen?
pub fn is_left(run: &Run) -> bool {
    let stopped = matches!(&run.stage, Stage::Ended(ending) if goes_on(&ending.how));
    stopped && run.exercise.blind.is_some()
}

/// Ends a blind drill with its run, or says that it goes on, as lines of the summary. Where the drill is over, what was
/// broken is disclosed.
pub fn concluded(run: &Run, folder: &RunFolder) -> Vec<String> {
    let Some(blind) = BlindDrill::of_run(folder.path()) else { return Vec::new() };
    if !matches!(run.stage, Stage::Ended(_)) {
        return Vec::new();
    }
    if is_left(run) {
        return vec!["BLIND the drill goes on: leave this page, and choose another runbook".to_owned()];
    }
    let mut lines: Vec<String> = chose(run, std::slice::from_ref(blind.hidden())).into_iter().collect();
    let state = store::state_dir(&|name| std::env::var_os(name));
    let failed = state.map_or_else(|error| vec![error.to_string()], |state| blind.disclose(&state));
    lines.extend(failed.into_iter().map(|why| format!("BLIND what was broken is NOT DISCLOSED beside {why}")));
    lines
}
