//! Attempts of an engine that is gone: an engine that comes back finds them, waits for them, interrupts them.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::record::{Force, ShellEnd, read_record};
use crate::exec::folder::{Durability, attempt_dir, is_file_name, write_whole};
use crate::kernel::AttemptId;

/// How often the end of an orphan is looked for.
const LOOK: Duration = Duration::from_millis(50);

/// Says what became of an attempt that an earlier engine started.
#[derive(Debug)]
pub enum Found {
    /// It ended.
    Ended(Box<ShellEnd>),
    /// It still runs, under the supervisor of the earlier engine.
    Running(Orphan),
    /// There is no outcome and nobody supervises it: it is in doubt, and may never have begun.
    InDoubt,
}

/// Is a running attempt of an engine that is gone.
#[derive(Debug)]
pub struct Orphan {
    run_dir: PathBuf,
    attempt: AttemptId,
}

/// Looks what became of a shell attempt that an earlier engine started in this run folder.
///
/// # Errors
/// Its folder cannot be read.
pub fn adopt(run_dir: &Path, attempt: &AttemptId) -> io::Result<Found> {
    if !is_file_name(attempt) {
        return Ok(Found::InDoubt);
    }
    let ended = || read_record(run_dir, attempt).map(|record| Found::Ended(Box::new(ShellEnd::read(run_dir, record))));
    if let Some(found) = ended() {
        return Ok(found);
    }
    let spec = match File::open(attempt_dir(run_dir, attempt).join("spec.json")) {
        Ok(spec) => spec,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::InDoubt),
        Err(error) => return Err(error),
    };
    match spec.try_lock_shared() {
        // The outcome may have been written since the first look, just before the lock was given up.
        Ok(()) => Ok(ended().unwrap_or(Found::InDoubt)),
        Err(std::fs::TryLockError::WouldBlock) => {
            Ok(Found::Running(Orphan { run_dir: run_dir.to_owned(), attempt: attempt.clone() }))
        }
        Err(std::fs::TryLockError::Error(error)) => Err(error),
    }
}

impl Orphan {
    /// Waits for its end; `None` if its supervisor was ended too, so that it is in doubt.
    ///
    /// # Errors
    /// Its folder cannot be read.
    pub async fn end(&self) -> io::Result<Option<ShellEnd>> {
        loop {
            match adopt(&self.run_dir, &self.attempt)? {
                Found::Ended(end) => return Ok(Some(*end)),
                Found::InDoubt => return Ok(None),
                Found::Running(_) => tokio::time::sleep(LOOK).await,
            }
        }
    }

    /// Interrupts it: its supervisor finds the note within a few looks.
    ///
    /// # Errors
    /// The note cannot be written.
    pub fn interrupt(&self, force: Force) -> io::Result<()> {
        let note: &[u8] = match force {
            Force::Gentle => b"gentle",
            Force::AtOnce => b"force",
        };
        write_whole(&attempt_dir(&self.run_dir, &self.attempt).join("interrupt"), note, Durability::Process)
    }
}
