//! Removes runs, and leaves word of it: what goes is on the disk in `removed.jsonl`, signed, before anything goes; a folder
//! is moved aside as a whole before it is emptied. What a crash left half done is found, and finished by who removes next.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::error::{SignError, StoreError};
use super::operator::{Message, Operator};
use super::retention::{Beyond, held};
use super::runs::{self, LogPlace, Runs};
use crate::journal::{ADDENDUM_NAMESPACE, ChainError, Removal, RemovalStage, Removals, Trust};
use crate::kernel::{RunId, Stamp};

/// Is the name of the file in a folder of runs.
const FILE: &str = "removed.jsonl";
/// Is where a run lies while it is being removed.
const ASIDE: &str = ".removing";
/// How large the file may be: it is read whole.
const LIMIT: u64 = 64 * 1024 * 1024;

/// Says why nothing was removed, or not everything.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// A file cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was recorded before is damaged.
    #[error("{}: line {line} {why}; nothing is removed while it can't be trusted", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
    /// It does not fit a line.
    #[error(transparent)]
    Line(#[from] ChainError),
    /// The key did not sign.
    #[error("nothing was removed: {0}")]
    Sign(#[from] SignError),
}

/// Reads what was removed from a folder of runs; no file is an empty one.
///
/// # Errors
/// If it is there and can't be read.
pub fn removals(runs: &Runs, trust: &Trust) -> Result<Removals, StoreError> {
    let path = runs.root().join(FILE);
    match File::open(&path) {
        Ok(mut file) => Ok(Removals::read(&contents(&mut file, &path)?, trust)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Removals::default()),
        Err(error) => Err(StoreError::io("read", &path)(error)),
    }
}

/// Removes runs of one folder, one process at a time.
#[derive(Debug)]
pub struct Remover<'r> {
    runs: &'r Runs,
    trust: &'r Trust,
    path: PathBuf,
    file: File,
}

impl<'r> Remover<'r> {
    /// Waits for whoever removes now, and looks what was removed before. A last line that is not whole was not acted
    /// upon: it goes.
    ///
    /// # Errors
    /// If the file can't be used.
    pub fn open(runs: &'r Runs, trust: &'r Trust) -> Result<Self, RemoveError> {
        let path = runs.root().join(FILE);
        let mut options = OpenOptions::new();
        let file = options.read(true).append(true).create(true).mode(0o600).open(&path);
        let mut file = file.map_err(StoreError::io("open", &path))?;
        file.lock().map_err(StoreError::io("lock", &path))?;
        let bytes = contents(&mut file, &path)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        if whole < bytes.len() {
            let cut = || file.set_len(whole as u64).and_then(|()| file.sync_all());
            cut().map_err(StoreError::io("write", &path))?;
        }
        let remover = Self { runs, trust, path, file };
        remover.read()?;
        Ok(remover)
    }

    /// Records that these go, in `operator`'s name if there is a key, and makes that durable. Those of them that somebody
    /// took up again meanwhile stay, and are named.
    ///
    /// # Errors
    /// If it can't be recorded: then nothing goes.
    pub fn begin(
        &mut self,
        what: Vec<Beyond>,
        by: &str,
        operator: Option<&Operator>,
        at: Stamp,
    ) -> Result<Begun, RemoveError> {
        let mut begun = Begun::default();
        let mut records = Vec::new();
        for beyond in what {
            let Some(removal) = beyond.removal(by) else { continue };
            match held(&beyond.place) {
                Ok(logs) => {
                    records.push(removal.clone());
                    begun.going.push(Going { removal, place: beyond.place, _logs: logs });
                }
                Err(error) => begun.stay.push((beyond.standing.run, error.to_string())),
            }
        }
        if records.is_empty() {
            return Ok(begun);
        }
        let (old, removals) = self.read()?;
        let pending = removals.begin(at, &records)?;
        let lines = match operator {
            None => pending.lines,
            Some(operator) => {
                let whole = String::from_utf8_lossy(&old).into_owned() + &pending.lines;
                let sig = operator.sign(ADDENDUM_NAMESPACE, &pending.digest, Message::Text(&whole))?;
                pending.sign(&sig)?
            }
        };
        self.append(&lines)?;
        runs::sync_folder(self.runs.root())?;
        Ok(begun)
    }

    /// Removes a run of which it is recorded that it goes, and records that it is gone.
    ///
    /// # Errors
    /// If something of it can't be removed: it is found and finished later.
    pub fn remove(&mut self, going: &Going, at: Stamp) -> Result<(), RemoveError> {
        let folder = going.place.folder.as_deref().unwrap_or(Path::new(""));
        let aside = self.runs.root().join(ASIDE);
        if !aside.is_dir() {
            DirBuilder::new().mode(0o700).create(&aside).map_err(StoreError::io("create the folder", &aside))?;
        }
        let to = aside.join(going.removal.run.as_str());
        fs::rename(folder, &to).map_err(StoreError::io("move aside", folder))?;
        runs::sync_folder(self.runs.root())?;
        self.empty(&going.removal.run, &going.place.spares, at)
    }

    /// Finishes what was begun and moved aside, or is gone without a word that it is; names the runs. One that still
    /// stands in its place is not touched: it is judged anew.
    ///
    /// # Errors
    /// If something can't be removed.
    pub fn finish(&mut self, at: Stamp) -> Result<Vec<RunId>, RemoveError> {
        let mut finished = Vec::new();
        for removal in self.unfinished()? {
            if self.runs.root().join(removal.run.as_str()).exists() {
                continue;
            }
            let spares = self.runs.spares_of(&removal.run);
            self.empty(&removal.run, &spares, at)?;
            finished.push(removal.run);
        }
        Ok(finished)
    }

    fn unfinished(&self) -> Result<Vec<Removal>, RemoveError> {
        let (_, removals) = self.read()?;
        let begun = |entry: &crate::journal::RecordedRemoval| {
            entry.stage == RemovalStage::Begun && removals.of(&entry.removal.run) == Some(entry)
        };
        Ok(removals.entries.iter().filter(|entry| begun(entry)).map(|entry| entry.removal.clone()).collect())
    }

    /// Removes what was moved aside, and what lies in other places.
    fn empty(&mut self, run: &RunId, spares: &[PathBuf], at: Stamp) -> Result<(), RemoveError> {
        // A name that is no plain one leads nowhere.
        let name = Path::new(run.as_str());
        if name.file_name().is_some_and(|plain| plain == name) {
            let aside = self.runs.root().join(ASIDE);
            for folder in spares.iter().map(PathBuf::as_path).chain([aside.join(name).as_path()]) {
                match fs::remove_dir_all(folder) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(StoreError::io("remove", folder)(error).into());
                    }
                    _ => {}
                }
            }
            if aside.is_dir() {
                runs::sync_folder(&aside)?;
            }
        }
        let (_, removals) = self.read()?;
        let line = removals.done(at, run)?;
        self.append(&line)
    }

    fn read(&self) -> Result<(Vec<u8>, Removals), RemoveError> {
        let mut file = &self.file;
        file.rewind().map_err(StoreError::io("read", &self.path))?;
        let bytes = contents(&mut file, &self.path)?;
        let removals = Removals::read(&bytes, self.trust);
        match &removals.damage {
            None => Ok((bytes, removals)),
            Some((line, why)) => Err(RemoveError::Damaged { path: self.path.clone(), line: *line, why: why.clone() }),
        }
    }

    fn append(&mut self, lines: &str) -> Result<(), RemoveError> {
        let written = self.file.write_all(lines.as_bytes()).and_then(|()| self.file.sync_all());
        Ok(written.map_err(StoreError::io("write", &self.path))?)
    }
}

/// Is what was recorded.
#[derive(Debug, Default)]
pub struct Begun {
    /// The runs that go.
    pub going: Vec<Going>,
    /// Those that stay, and why.
    pub stay: Vec<(RunId, String)>,
}

/// Is a run that goes: nobody else can write to it.
#[derive(Debug)]
pub struct Going {
    /// What was recorded of it.
    pub removal: Removal,
    place: LogPlace,
    _logs: Vec<File>,
}

fn contents(file: &mut impl io::Read, path: &Path) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::new();
    file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(StoreError::io("read", path))?;
    if bytes.len() as u64 > LIMIT {
        return Err(StoreError::io("read", path)(io::Error::other("it has more than 64 MiB")));
    }
    Ok(bytes)
}
