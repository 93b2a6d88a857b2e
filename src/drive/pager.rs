//! A thread that reads output files for a screen: no frame waits for the disk.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};

use crate::kernel::AttemptId;
use crate::store::{Saves, leaf};
use crate::term::Feed;
use crate::ui::{Msg, Seek, Stream, Want};

/// Reads for a screen, in a thread of its own: no frame waits for the disk.
#[derive(Debug)]
pub struct Pager {
    wishes: Sender<Seek>,
    saves: Saves,
    folder: PathBuf,
    feed: Feed,
}

impl Pager {
    /// Starts to read the output files of the run in `folder`, and answers to `feed`.
    ///
    /// # Errors
    /// If there can be no thread.
    pub fn start(folder: &Path, feed: Feed) -> io::Result<Self> {
        // Unbounded: a person presses few keys, and only the newest place is read.
        let (wishes, wished) = channel();
        let (place, teller) = (folder.to_owned(), feed.clone());
        // Not waited for: it ends with this, or with the process.
        std::thread::Builder::new().name("pager".to_owned()).spawn(move || serve(&place, &teller, &wished))?;
        Ok(Self { wishes, saves: Saves::default(), folder: folder.to_owned(), feed })
    }

    /// Asks for a leaf.
    pub fn seek(&self, seek: Seek) {
        drop(self.wishes.send(seek));
    }

    /// Begins to copy a whole file to `path`; it is read on meanwhile.
    pub fn save(&mut self, attempt: &AttemptId, stream: Stream, path: &str) {
        let feed = self.feed.clone();
        let from = self.folder.join(attempt.output_file(stream.word()));
        self.saves.begin(from, path, move |msg| feed.send(msg));
    }
}

fn serve(folder: &Path, feed: &Feed, wished: &Receiver<Seek>) {
    while let Ok(seek) = wished.recv() {
        match leaf(folder, &seek, u64::MAX) {
            Ok(leaf) => {
                if let (Want::Find { text, .. }, None) = (&seek.want, leaf.hit) {
                    feed.send(Msg::Say(format!("`{text}` is not there.")));
                }
                feed.send(Msg::Leaf(leaf));
            }
            Err(error) => feed.send(Msg::Refused(format!("the output can't be read: {error}"))),
        }
    }
}
