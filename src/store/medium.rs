//! Where the log's bytes go: a file, and where the next one can be when a file failed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::{grip, runs};
use crate::journal::part_name;

/// Is a file of the log, as its writer uses it.
pub(super) trait Medium: Write + std::fmt::Debug + Send {
    /// Returns its length.
    fn length(&self) -> io::Result<u64>;
    /// Returns when everything written is on the disk.
    fn settle(&mut self) -> io::Result<()>;
}

impl Medium for File {
    fn length(&self) -> io::Result<u64> {
        let data = self.metadata()?;
        if data.nlink() == 0 {
            return Err(io::Error::new(io::ErrorKind::NotFound, "it was removed"));
        }
        Ok(data.len())
    }

    fn settle(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// Is a file for a part, and where it lies.
pub(super) type Made = Result<(Box<dyn Medium>, PathBuf), StoreError>;

/// Makes new files for further parts of a log.
pub(super) trait Places: std::fmt::Debug + Send {
    /// Makes the file of a part in the place of this number, from 0. There are no more places where this is `None`.
    fn make(&self, place: usize, part: u32) -> Option<Made>;
    /// Takes a file away that never held a line which counted.
    fn unmake(&self, path: &Path);
    /// Says in the run's own folder where the part lies, if that can be said.
    fn point(&self, path: &Path, part: u32);
}

/// Is the row of folders in which a log may go on: what is configured, the state folder, last the run's own.
#[derive(Debug)]
pub(super) struct Folders {
    /// The run's own folder.
    pub(super) own: PathBuf,
    /// The folders of this run in other places.
    pub(super) spares: Vec<PathBuf>,
}

impl Places for Folders {
    fn make(&self, place: usize, part: u32) -> Option<Made> {
        let folder = self.spares.get(place).or((place == self.spares.len()).then_some(&self.own))?;
        let made = || {
            if *folder != self.own {
                runs::folder(folder)?;
            }
            let path = folder.join(part_name(part));
            let file = made(&path)?;
            runs::sync_folder(folder)?;
            Ok((Box::new(file) as Box<dyn Medium>, path))
        };
        Some(made())
    }

    fn unmake(&self, path: &Path) {
        // One that stays is shorter than the one that counts, and is passed over.
        drop(fs::remove_file(path));
    }

    fn point(&self, path: &Path, part: u32) {
        let own = self.own.join(part_name(part));
        if own != path {
            // Where nothing can be written, the other places are looked through.
            drop(std::os::unix::fs::symlink(path, own));
        }
    }
}

/// Makes a new file and holds its lock.
pub(super) fn made(path: &Path) -> Result<File, StoreError> {
    let file = runs::create(path)?;
    if grip::hold(&file).is_err() {
        return Err(StoreError::Locked { path: path.to_owned() });
    }
    Ok(file)
}
