//! A thread that reads output files for a screen: no frame waits for the disk.

use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};

use crate::kernel::AttemptId;
use crate::store::{leaf, save};
use crate::term::Feed;
use crate::ui::{Msg, Seek, Stream, Want};

enum Wish {
    Seek(Seek),
    Save { attempt: AttemptId, stream: Stream, path: String },
}

/// Reads for a screen, in a thread of its own: no frame waits for the disk.
#[derive(Debug)]
pub struct Pager {
    wishes: Sender<Wish>,
}

impl Pager {
    /// Starts to read the output files of the run in `folder`, and answers to `feed`.
    ///
    /// # Errors
    /// If there can be no thread.
    pub fn start(folder: &Path, feed: Feed) -> io::Result<Self> {
        // Unbounded: a person presses few keys, and only the newest place is read.
        let (wishes, wished) = channel();
        let folder = folder.to_owned();
        // Not waited for: it ends with this, or with the process.
        std::thread::Builder::new().name("pager".to_owned()).spawn(move || serve(&folder, &feed, &wished))?;
        Ok(Self { wishes })
    }

    /// Asks for a leaf.
    pub fn seek(&self, seek: Seek) {
        drop(self.wishes.send(Wish::Seek(seek)));
    }

    /// Asks for a copy of a whole file at `path`.
    pub fn save(&self, attempt: AttemptId, stream: Stream, path: String) {
        drop(self.wishes.send(Wish::Save { attempt, stream, path }));
    }
}

fn serve(folder: &Path, feed: &Feed, wished: &Receiver<Wish>) {
    while let Ok(wish) = wished.recv() {
        match wish {
            Wish::Seek(seek) => match leaf(folder, &seek, u64::MAX) {
                Ok(leaf) => {
                    if let (Want::Find { text, .. }, None) = (&seek.want, leaf.hit) {
                        feed.send(Msg::Say(format!("`{text}` is not there.")));
                    }
                    feed.send(Msg::Leaf(leaf));
                }
                Err(error) => feed.send(Msg::Refused(format!("the output can't be read: {error}"))),
            },
            Wish::Save { attempt, stream, path } => {
                let said = match save(&folder.join(attempt.output_file(stream.word())), Path::new(&path)) {
                    Ok(bytes) => format!("Saved: {bytes} bytes in {path}."),
                    Err(error) => format!("{path} could not be written: {error}."),
                };
                feed.send(Msg::Say(said));
            }
        }
    }
}
