//! What a blind drill keeps in its folder, readable by its owner alone.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Abandoned, Begins, BlindError, Disclosure};
use crate::kernel::RunId;

/// Is the name of the file.
const FILE: &str = "hidden.json";

/// Holds what is hidden, and what the team chose so far.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    /// What is broken, with the salt of its digest.
    pub(super) hidden: Disclosure,
    /// What the drill began with.
    pub(super) begins: Begins,
    /// When alarms and runbooks were put before the team.
    pub(super) shown_at: DateTime<Utc>,
    /// The runbooks that it opened, in order.
    pub(super) chosen: Vec<Chosen>,
}

/// Is a runbook that was opened.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Chosen {
    /// Its run.
    pub(super) run: RunId,
    /// The run's folder.
    pub(super) folder: PathBuf,
    /// The runbook.
    pub(super) runbook: String,
    /// The scenario that it is for.
    pub(super) scenario: String,
    /// When it was chosen.
    pub(super) at: DateTime<Utc>,
    /// When it was left again.
    pub(super) left_at: Option<DateTime<Utc>>,
}

impl Chosen {
    /// Says of one that was left what a later run's log holds of it.
    pub(super) fn abandoned(&self) -> Option<Abandoned> {
        Some(Abandoned {
            run: self.run.clone(),
            runbook: self.runbook.clone(),
            scenario: self.scenario.clone(),
            chosen_at: self.at,
            left_at: self.left_at?,
        })
    }
}

impl Kept {
    /// Returns the latest moment in it: clocks that are set back make nothing earlier.
    pub(super) fn last(&self) -> DateTime<Utc> {
        let chosen = self.chosen.iter().flat_map(|chosen| std::iter::once(chosen.at).chain(chosen.left_at));
        chosen.chain([self.shown_at]).max().unwrap_or(self.shown_at)
    }

    pub(super) fn read(folder: &Path) -> Result<Self, BlindError> {
        let path = folder.join(FILE);
        let bytes = fs::read(&path).map_err(|error| BlindError::File { path: path.clone(), error })?;
        serde_json::from_slice(&bytes).map_err(|error| BlindError::Senseless { path, why: error.to_string() })
    }

    /// Writes all of it or nothing.
    pub(super) fn write(&self, folder: &Path) -> Result<(), BlindError> {
        let path = folder.join(FILE);
        let partial = folder.join(format!(".{FILE}.{}", std::process::id()));
        let failed = |error| BlindError::File { path: path.clone(), error };
        let text = serde_json::to_vec(self)
            .map_err(|error| BlindError::Senseless { path: path.clone(), why: error.to_string() })?;
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        options
            .open(&partial)
            .and_then(|mut file| file.write_all(&text).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&partial, &path))
            .map_err(failed)
    }
}
