//! Progress for the eye: the newest output of running attempts, lossy and bounded. The files hold all of it.

use std::borrow::Cow;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::oneshot;

use super::hub::Hub;
use crate::clock::Clock;
use crate::exec::Reply;
use crate::kernel::AttemptId;
use crate::ui::Progress;

/// How often a growing file is looked at.
const EVERY: Duration = Duration::from_millis(50);
/// The most that one look shows; what lies before it is in the file.
const MOST: u64 = 16 * 1024;

/// Sends progress to the screens, if there can be any.
#[derive(Clone, Debug)]
pub struct Show {
    screens: Option<Hub>,
    clock: Clock,
}

/// Follows the output files of one attempt until told that it ended.
#[derive(Debug)]
pub struct Follow {
    stop: Option<(oneshot::Sender<()>, tokio::task::JoinHandle<()>)>,
}

impl Show {
    /// Makes a show for `screens`.
    pub fn new(screens: Option<Hub>, clock: Clock) -> Self {
        Self { screens, clock }
    }

    /// Can there be screens?
    pub fn has_screens(&self) -> bool {
        self.screens.is_some()
    }

    /// Shows what a native action gave.
    pub fn native(&self, attempt: &AttemptId, reply: &Reply) {
        for bytes in [&reply.stdout, &reply.stderr] {
            if !bytes.is_empty() {
                let tail = bytes.len().saturating_sub(MOST as usize);
                self.send(attempt, &closed(bytes.get(tail..).unwrap_or_default()), bytes.len() as u64);
            }
        }
    }

    /// Shows the end of what an attempt printed that nobody followed.
    pub fn all_of(&self, folder: &Path, attempt: &AttemptId) {
        for (mut seen, path) in files(folder, attempt, |_| 0) {
            self.look(attempt, &path, &mut seen);
        }
    }

    /// Follows a shell block's files while it runs.
    pub fn follow(&self, folder: &Path, attempt: &AttemptId) -> Follow {
        let there = |path: &Path| std::fs::metadata(path).map_or(0, |data| data.len());
        self.following(attempt, || files(folder, attempt, there))
    }

    /// Follows a shell block's files, and shows what they hold already.
    pub fn follow_from_start(&self, folder: &Path, attempt: &AttemptId) -> Follow {
        self.following(attempt, || files(folder, attempt, |_| 0))
    }

    fn following(&self, attempt: &AttemptId, files: impl FnOnce() -> Vec<(u64, PathBuf)>) -> Follow {
        if self.screens.is_none() {
            return Follow { stop: None };
        }
        let files = files();
        let me = self.clone();
        let attempt = attempt.clone();
        let (stop, mut stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            let mut files = files;
            loop {
                let last = tokio::time::timeout(EVERY, &mut stopped).await.is_ok();
                for (seen, path) in &mut files {
                    me.look(&attempt, path, seen);
                }
                if last {
                    return;
                }
            }
        });
        Follow { stop: Some((stop, task)) }
    }

    fn look(&self, attempt: &AttemptId, path: &Path, seen: &mut u64) {
        let Ok(mut file) = std::fs::File::open(path) else { return };
        let Ok(size) = file.metadata().map(|data| data.len()) else { return };
        if size <= *seen {
            return;
        }
        let from = (*seen).max(size.saturating_sub(MOST));
        let mut bytes = Vec::new();
        if file.seek(SeekFrom::Start(from)).is_ok() && file.take(size - from).read_to_end(&mut bytes).is_ok() {
            *seen = size;
            self.send(attempt, &bytes, size);
        }
    }

    fn send(&self, attempt: &AttemptId, bytes: &[u8], total: u64) {
        let Some(screens) = &self.screens else { return };
        let text = String::from_utf8_lossy(bytes).into_owned();
        // The hub drops progress where a screen is behind; the engine is never delayed.
        screens.progress(Progress { attempt: attempt.clone(), text, total, at: self.clock.now() });
    }
}

/// Ends the last line: the answers of a poll, and what is said about them, do not run into each other on a screen.
fn closed(bytes: &[u8]) -> Cow<'_, [u8]> {
    if bytes.ends_with(b"\n") { Cow::Borrowed(bytes) } else { Cow::Owned([bytes, b"\n"].concat()) }
}

/// Lists the output files of an attempt, each with how much of it counts as seen.
fn files(folder: &Path, attempt: &AttemptId, seen: impl Fn(&Path) -> u64) -> Vec<(u64, PathBuf)> {
    let paths = ["out", "err"].map(|kind| crate::exec::folder::output_file(folder, attempt, kind));
    paths.into_iter().map(|path| (seen(&path), path)).collect()
}

impl Follow {
    /// Shows the rest and stops.
    pub async fn finish(mut self) {
        if let Some((stop, task)) = self.stop.take() {
            stop.send(()).ok();
            task.await.ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_without_an_end_of_line_gets_one_on_the_screen() {
        assert_eq!(&*closed(br#"{"error":"maintenance"}"#), b"{\"error\":\"maintenance\"}\n");
        assert_eq!(&*closed(b"available\n"), b"available\n");
    }
}
