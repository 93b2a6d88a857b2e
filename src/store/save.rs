//! Copies of output files where people want them: under the name stands the whole of one or nothing, and no key waits for it.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::runs::random_tail;
use crate::kernel::say_size;
use crate::ui::Msg;

/// So much is copied between two looks at whether it is still wanted.
const PIECE: usize = 1024 * 1024;
/// So much is brought to the disk at once: what was written counts, and its end is never long in coming.
const AT_ONCE: u64 = 64 * 1024 * 1024;
/// It is said so often how far it is.
const NEWS: Duration = Duration::from_millis(250);

/// Says why a copy was not made. Nothing of it is there then.
#[derive(Debug, thiserror::Error)]
enum SaveError {
    /// The output.
    #[error("the output can't be read: {0}")]
    Unread(#[source] io::Error),
    /// Something is there.
    #[error("{} is there already, and nothing is written over; save it under another name", .0.display())]
    There(PathBuf),
    /// The disk is full.
    #[error("the disk of {} is full after {} of {}, and nothing is left there; free some of it, or save elsewhere", to.display(), say_size(*done), say_size(*whole))]
    Full {
        /// Where it was to be.
        to: PathBuf,
        /// How many bytes there was room for.
        done: u64,
        /// How many there are.
        whole: u64,
    },
    /// It can't be written.
    #[error("{} can't be written: {error}; nothing is left there", to.display())]
    Unwritten {
        /// Where it was to be.
        to: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Nobody wants it any more.
    #[error("it was not waited for, and nothing is left of it")]
    Left,
}

/// Makes copies, each in a thread of its own. Dropped, it ends those that are not done, and nothing is left of them.
#[derive(Debug, Default)]
pub struct Saves {
    left: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Saves {
    /// Begins to copy a file to a place where there is none. `tell` hears how far that is, and what came of it.
    pub fn begin(&mut self, from: PathBuf, to: &str, tell: impl Fn(Msg) + Clone + Send + 'static) {
        let (left, say) = (Arc::clone(&self.left), tell.clone());
        let to = std::path::absolute(to).unwrap_or_else(|_| PathBuf::from(to));
        let work = move || {
            let mut told: Option<Instant> = None;
            let mut on = |done, whole| {
                if left.load(Ordering::Relaxed) {
                    return ControlFlow::Break(());
                }
                if told.is_none_or(|told| told.elapsed() >= NEWS) {
                    told = Some(Instant::now());
                    say(Msg::Meanwhile(saving(&to, done, whole)));
                }
                ControlFlow::Continue(())
            };
            match save(&from, &to, &mut on) {
                Ok(bytes) => say(Msg::Say(format!("Saved: {bytes} bytes in {}.", to.display()))),
                Err(SaveError::Left) => {}
                Err(error) => say(Msg::Say(format!("Not saved: {error}."))),
            }
        };
        match std::thread::Builder::new().name("save".to_owned()).spawn(work) {
            Ok(thread) => self.threads.push(thread),
            Err(error) => tell(Msg::Say(format!("Not saved: {error}."))),
        }
    }
}

impl Drop for Saves {
    fn drop(&mut self) {
        self.left.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // One that failed has nothing more to take away.
            drop(thread.join());
        }
    }
}

fn saving(to: &Path, done: u64, whole: u64) -> String {
    let name = to.file_name().unwrap_or_default().display();
    format!("Saving {name}: {} of {}. Whoever leaves this screen ends that.", say_size(done), say_size(whole.max(done)))
}

/// Is a file that is being written beside the place where it is to be: it goes again unless it is kept.
struct Part {
    file: File,
    path: PathBuf,
}

impl Part {
    fn beside(to: &Path) -> io::Result<Self> {
        let tail = random_tail().map_err(io::Error::other)?;
        let path = to.with_file_name(format!(".lifeboat-{tail}.part"));
        Ok(Self { file: File::options().write(true).create_new(true).open(&path)?, path })
    }

    /// Gives it its name, if nothing has that.
    fn keep(&self, to: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        match renameat_with(CWD, &self.path, CWD, to, RenameFlags::NOREPLACE) {
            // Some file systems rename only over what is there.
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::NOTSUP) => {
                fs::hard_link(&self.path, to)
            }
            renamed => renamed.map_err(io::Error::from),
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // One that was kept is not there any more, or has another name as well.
        drop(fs::remove_file(&self.path));
    }
}

/// Copies a file to a place where there is none, and returns how many bytes it has. `on` is told how many of how many are
/// on the disk, and says whether to go on.
fn save(from: &Path, to: &Path, on: &mut dyn FnMut(u64, u64) -> ControlFlow<()>) -> Result<u64, SaveError> {
    let mut source = File::open(from).map_err(SaveError::Unread)?;
    let whole = source.metadata().map_err(SaveError::Unread)?.len();
    let failed = |error: io::Error, done: u64| match error.kind() {
        io::ErrorKind::AlreadyExists => SaveError::There(to.to_owned()),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => SaveError::Full { to: to.to_owned(), done, whole },
        _ => SaveError::Unwritten { to: to.to_owned(), error },
    };
    if to.symlink_metadata().is_ok() {
        return Err(SaveError::There(to.to_owned()));
    }
    let mut part = Part::beside(to).map_err(|error| failed(error, 0))?;
    let (mut done, mut synced) = (0_u64, 0_u64);
    let mut piece = vec![0; PIECE];
    loop {
        if on(done, whole).is_break() {
            return Err(SaveError::Left);
        }
        let count = match source.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(SaveError::Unread(error)),
        };
        part.file.write_all(piece.get(..count).unwrap_or_default()).map_err(|error| failed(error, done))?;
        done += count as u64;
        if done - synced >= AT_ONCE {
            part.file.sync_data().map_err(|error| failed(error, synced))?;
            synced = done;
        }
    }
    part.keep(to).map_err(|error| failed(error, synced))?;
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn it_says_that_it_saves_and_where_it_went_and_writes_over_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("1.1.out"), folder.path().join("copy"));
        fs::write(&from, "a\nb\n").unwrap();
        let (tell, said) = channel();
        let mut saves = Saves::default();
        for _ in 0..2 {
            let tell = tell.clone();
            saves.begin(from.clone(), to.to_str().unwrap(), move |msg| tell.send(msg).unwrap());
            saves.threads.pop().unwrap().join().unwrap();
        }
        let said: Vec<Msg> = said.try_iter().collect();
        let there = to.display();
        let [Msg::Meanwhile(saving), Msg::Say(saved), Msg::Say(refused)] = said.as_slice() else { panic!("{said:?}") };
        assert_eq!(saving, "Saving copy: 0 B of 4 B. Whoever leaves this screen ends that.");
        assert_eq!(*saved, format!("Saved: 4 bytes in {there}."));
        let words =
            format!("Not saved: {there} is there already, and nothing is written over; save it under another name.");
        assert_eq!(*refused, words);
        assert_eq!(fs::read(&to).unwrap(), b"a\nb\n");
        assert_eq!(names(folder.path()), ["1.1.out", "copy"]);
    }

    #[test]
    fn what_is_left_or_comes_between_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("1.1.out"), folder.path().join("copy"));
        fs::write(&from, vec![b'x'; 3 * PIECE]).unwrap();
        let mut seen = Vec::new();
        let left = save(&from, &to, &mut |done, whole| {
            seen.push((done, whole));
            if done == 0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        assert!(matches!(left, Err(SaveError::Left)), "{left:?}");
        assert_eq!(seen, [(0, 3 * PIECE as u64), (PIECE as u64, 3 * PIECE as u64)]);
        assert_eq!(names(folder.path()), ["1.1.out"]);
        // Somebody else takes the name meanwhile.
        let there = save(&from, &to, &mut |_, _| {
            fs::write(&to, "theirs").unwrap();
            ControlFlow::Continue(())
        });
        assert!(matches!(there, Err(SaveError::There(_))), "{there:?}");
        assert_eq!((fs::read(&to).unwrap().as_slice(), names(folder.path()).len()), (&b"theirs"[..], 2));
        let nowhere = save(&from, &folder.path().join("no/copy"), &mut |_, _| ControlFlow::Continue(()));
        assert!(nowhere.unwrap_err().to_string().contains("can't be written: No such file"));
    }
}
