//! Blind drills of which nobody is in a runbook: which there are, and who holds one.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use chrono::{DateTime, Utc};

use super::{BlindDrill, BlindError};
use crate::drive::identity;
use crate::drive::practice::Practice;
use crate::engine::Mode;
use crate::store;
use crate::ui::PastRun;

/// Is the name of the file that whoever chooses holds.
const HELD: &str = "held";

/// Holds a blind drill while it lives: nobody else chooses its runbook meanwhile.
#[derive(Debug)]
pub struct Held {
    _file: File,
}

/// Lists the blind drills of a state folder that are not over, newest first. What can't be read is passed over.
pub fn all(state: &Path) -> Vec<BlindDrill> {
    let folders = fs::read_dir(state.join("blind")).into_iter().flatten().flatten();
    let mut all: Vec<BlindDrill> = folders.filter_map(|folder| BlindDrill::open(&folder.path()).ok()).collect();
    all.sort_by_key(|drill| std::cmp::Reverse(drill.last()));
    all
}

impl BlindDrill {
    /// Holds it; `None` if somebody else does.
    ///
    /// # Errors
    /// If its folder can't be written.
    pub fn hold(&self) -> Result<Option<Held>, BlindError> {
        let path = self.folder.join(HELD);
        let failed = |error| BlindError::File { path: path.clone(), error };
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).mode(0o600).open(&path).map_err(failed)?;
        match store::hold(&file) {
            Ok(()) => Ok(Some(Held { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// Does somebody choose its runbook now?
    pub fn is_held(&self) -> bool {
        store::is_held(&self.folder.join(HELD))
    }

    /// Returns the name of its folder, by which it is gone on with.
    pub fn name(&self) -> String {
        self.folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// Is it meant by a name: its own, the word at the end of that, or its folder?
    pub fn is_called(&self, name: &str) -> bool {
        let own = self.name();
        own == name || own.rsplit('-').next() == Some(name) || self.folder == Path::new(name)
    }

    /// Says when something was last shown or chosen in it.
    pub fn last(&self) -> DateTime<Utc> {
        self.kept.last()
    }

    /// Returns the folder of the run that was begun last.
    pub fn last_run(&self) -> Option<&Path> {
        self.kept.chosen.last().map(|chosen| chosen.folder.as_path())
    }

    /// Describes it for the list of runs that are not over. Nothing of that says what is broken.
    pub fn described(&self) -> PastRun {
        let gone = self.estate_gone();
        PastRun {
            run: self.name(),
            folder: self.folder.display().to_string(),
            runbook: "blind drill".to_owned(),
            mode: Mode::Drill,
            by: identity::user(),
            last: self.last(),
            standing: if gone.is_some() { "its estate is gone" } else { "its runbook is to be chosen" }.to_owned(),
            waits: match gone {
                None => "Something is broken. Choose the runbook.".to_owned(),
                Some(_) => "It can't go on: it ends, and it is said what was broken.".to_owned(),
            },
            clock: None,
        }
    }

    /// Says why its estate is gone, if it is.
    pub fn estate_gone(&self) -> Option<String> {
        Practice::find(&self.estate()).err()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Begins;
    use super::*;
    use crate::engine::Broken;

    fn drill(state: &Path) -> BlindDrill {
        let broken = Broken { scenario: "az-failure".to_owned(), faults: Vec::new() };
        let begins = Begins { broken, runbook: "az-failure".to_owned(), injects: None, set: Vec::new(), runs: None };
        BlindDrill::begin(state, begins).unwrap()
    }

    #[test]
    fn a_drill_is_found_by_its_name_and_held_by_one() {
        let state = tempfile::tempdir().unwrap();
        assert!(all(state.path()).is_empty());
        let drill = drill(state.path());
        fs::create_dir(state.path().join("blind/another")).unwrap();
        let found = all(state.path());
        let [found] = found.as_slice() else { panic!("{found:?}") };
        let name = drill.name();
        let (_, word) = name.rsplit_once('-').unwrap();
        for called in [name.as_str(), word, drill.folder().to_str().unwrap()] {
            assert!(found.is_called(called), "{called}");
        }
        assert!(!found.is_called("") && !found.is_called(name.get(..8).unwrap()));
        assert!(found.last_run().is_none() && found.estate_gone().is_some());

        let held = drill.hold().unwrap();
        assert!(held.is_some() && found.hold().unwrap().is_none() && found.is_held());
        drop(held);
        assert!(!found.is_held() && found.hold().unwrap().is_some());
    }
}
