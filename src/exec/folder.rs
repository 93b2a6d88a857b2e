//! Where things lie in a run folder, and files that only their owner can read.
//!
//! ```text
//! attempts/<n>.jsonl                what the nth supervisor began and how it ended, a line each; locked while it lives
//! attempts/<attempt>.interrupt      `gentle` or `force`, from an engine that took over (see `supervisor::adopt`)
//! attempts/<attempt>.tty            the socket of an interactive attempt's terminal, while it runs
//! output/<attempt>.out .err .idx    what it printed, and when which byte came
//! state/carried.sh carried.bash     what one block leaves for the next (see `carry`)
//! state/<pid>-<n>.block .left       the block that runs, as its shell reads it, and what the shell lists at its end
//! state/<pid>-<n>.out .err          empty files for what blocks to come print
//! supervisor.err                    what the supervisor process had to complain about
//! ```

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::kernel::AttemptId;

/// Tells whether an attempt's name can name files: letters, digits, `.`, `-`, `_`, not beginning with a dot.
pub fn is_file_name(attempt: &AttemptId) -> bool {
    attempt.names_files()
}

/// Returns the note by which an engine that took over interrupts an attempt.
pub fn interrupt_note(run_dir: &Path, attempt: &AttemptId) -> PathBuf {
    run_dir.join("attempts").join(format!("{attempt}.interrupt"))
}

/// Returns the file that holds an attempt's output of one kind: `out`, `err` or `idx`.
pub fn output_file(run_dir: &Path, attempt: &AttemptId, kind: &str) -> PathBuf {
    run_dir.join(attempt.output_file(kind))
}

/// Uses the socket `name` of a folder by a path that is short: those of sockets are, and folders may lie deep.
///
/// # Errors
/// The folder can't be opened, or what `with` says.
pub fn near<T>(folder: &Path, name: &str, with: impl Fn(PathBuf) -> io::Result<T>) -> io::Result<T> {
    #[cfg(target_os = "linux")]
    {
        use std::os::fd::AsRawFd as _;
        let held = File::open(folder)?;
        let near = PathBuf::from(format!("/proc/self/fd/{}", held.as_raw_fd()));
        if near.exists() {
            return with(near.join(name));
        }
    }
    with(folder.join(name))
}

/// Makes a folder and its parents, closed to others; one that exists is left as it is.
pub fn make_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Opens a file for appending and reading, closed to others when it is new.
pub fn open_append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).read(true).create(true).mode(0o600).open(path)
}

/// Makes a file anew, closed to others.
pub fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// Gives a file a name that nothing has yet.
///
/// # Errors
/// The system's; that there is something of this name among them.
pub fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // Some file systems cannot.
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::OPNOTSUPP) => {}
            renamed => return Ok(renamed?),
        }
    }
    if to.symlink_metadata().is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    std::fs::rename(from, to)
}

/// Is there no space left for what is written in this folder? Where the system does not say, there is some.
pub fn is_full(folder: &Path) -> bool {
    rustix::fs::statvfs(folder).is_ok_and(|room| room.f_blocks > 0 && room.f_bavail == 0)
}

/// Says whether a file has to survive a crash of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// It survives a crash of lifeboat.
    Process,
    /// It survives a crash of the machine.
    Machine,
}

/// Writes a file whole or not at all.
pub fn write_whole(path: &Path, bytes: &[u8], durability: Durability) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    let temporary = PathBuf::from(temporary);
    let mut file = create(&temporary)?;
    file.write_all(bytes)?;
    if durability == Durability::Machine {
        file.sync_all()?;
    }
    std::fs::rename(&temporary, path)?;
    if durability == Durability::Machine
        && let Some(parent) = path.parent()
    {
        File::open(parent)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_from_outside_cannot_leave_the_folder() {
        for good in ["9.1", "x.1", "w.1", "a_b-c"] {
            assert!(is_file_name(&AttemptId::from(good)), "{good}");
        }
        for bad in ["", "..", ".hidden", "a/b", "a\nb", "a b", "ä", &"x".repeat(101)] {
            assert!(!is_file_name(&AttemptId::from(bad)), "{bad}");
        }
    }
}
