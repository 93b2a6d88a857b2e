//! What a supervisor began and how it ended, a line each, in one file: it costs a small block less than files of its own
//! would, and an engine that comes back finds all of it in one place.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::record::Record;
use crate::exec::folder::Durability;
use crate::kernel::AttemptId;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Line<'l> {
    Began(AttemptId),
    Ended(std::borrow::Cow<'l, Record>),
}

/// Is the journal that a supervisor writes, locked for as long as it lives.
pub(super) struct Journal {
    file: File,
    folder: PathBuf,
}

impl Journal {
    /// Begins the next journal of a run.
    pub(super) fn begin(run_dir: &Path) -> io::Result<Self> {
        let folder = run_dir.join("attempts");
        let mut number = all(&folder)?.last().map_or(0, |(number, _)| *number);
        loop {
            number += 1;
            let path = folder.join(format!("{number}.jsonl"));
            match File::options().append(true).create_new(true).mode(0o600).open(&path) {
                Ok(file) => {
                    file.lock()?;
                    return Ok(Self { file, folder });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Notes that an attempt is about to begin.
    pub(super) fn began(&mut self, attempt: &AttemptId) -> io::Result<()> {
        self.write(&Line::Began(attempt.clone()))
    }

    /// Notes how an attempt ended.
    pub(super) fn ended(&mut self, record: &Record, durability: Durability) -> io::Result<()> {
        self.write(&Line::Ended(std::borrow::Cow::Borrowed(record)))?;
        if durability == Durability::Machine {
            self.file.sync_data()?;
            File::open(&self.folder)?.sync_all()?;
        }
        Ok(())
    }

    fn write(&mut self, line: &Line<'_>) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(line).map_err(io::Error::other)?;
        bytes.push(b'\n');
        self.file.write_all(&bytes)
    }
}

/// Says what the journals of a run tell about an attempt.
pub(super) enum Told {
    /// Nothing.
    Nothing,
    /// It began; the file is locked for as long as its supervisor lives.
    Began(File),
    /// It ended.
    Ended(Box<Record>),
}

/// Looks an attempt up; the newest journal that knows it counts.
pub(super) fn look_up(run_dir: &Path, attempt: &AttemptId) -> io::Result<Told> {
    for (_, path) in all(&run_dir.join("attempts"))?.into_iter().rev() {
        let bytes = std::fs::read(&path)?;
        // A line that is not whole is one that is just being written, or on which its supervisor died.
        let said = bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Line<'_>>(line).ok());
        let mut told = said.filter(|line| match line {
            Line::Began(began) => began == attempt,
            Line::Ended(record) => record.attempt == *attempt,
        });
        match told.next_back() {
            None => {}
            Some(Line::Began(_)) => return Ok(Told::Began(File::open(&path)?)),
            Some(Line::Ended(record)) => return Ok(Told::Ended(Box::new(record.into_owned()))),
        }
    }
    Ok(Told::Nothing)
}

/// Lists the attempts that the supervisors of a run began.
///
/// # Errors
/// A journal cannot be read.
pub fn known(run_dir: &Path) -> io::Result<std::collections::BTreeSet<AttemptId>> {
    let mut known = std::collections::BTreeSet::new();
    for (_, path) in all(&run_dir.join("attempts"))? {
        let bytes = std::fs::read(&path)?;
        let said = bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Line<'_>>(line).ok());
        known.extend(said.map(|line| match line {
            Line::Began(began) => began,
            Line::Ended(record) => record.into_owned().attempt,
        }));
    }
    Ok(known)
}

/// Lists the journals of a folder by number.
fn all(folder: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let number = |path: &Path| path.file_name()?.to_str()?.strip_suffix(".jsonl")?.parse().ok();
    let mut found: Vec<(u64, PathBuf)> =
        entries.flatten().map(|entry| entry.path()).filter_map(|path| Some((number(&path)?, path))).collect();
    found.sort();
    Ok(found)
}
