//! Attempts of an engine that is gone: an engine that comes back finds them, waits for them, interrupts them.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::journal::{Told, look_up};
use super::record::{Force, ShellEnd};
use crate::exec::folder::{Durability, interrupt_note, is_file_name, write_whole};
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
#[derive(Clone, Debug)]
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
    let ended = |record| Found::Ended(Box::new(ShellEnd::read(run_dir, record)));
    let journal = match look_up(run_dir, attempt)? {
        Told::Nothing => return Ok(Found::InDoubt),
        Told::Ended(record) => return Ok(ended(*record)),
        Told::Began(journal) => journal,
    };
    match journal.try_lock_shared() {
        // The end may have been written since the first look, just before the lock was given up.
        Ok(()) => Ok(match look_up(run_dir, attempt)? {
            Told::Ended(record) => ended(*record),
            Told::Began(_) | Told::Nothing => Found::InDoubt,
        }),
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
        write_whole(&interrupt_note(&self.run_dir, &self.attempt), note, Durability::Process)
    }
}
