//! The output files of an attempt: two streams, and an index that says when which byte came.
//!
//! `output/<attempt>.idx` is text, a line a sample: microseconds since the attempt's first performance began, `out`
//! or `err`, and the size of that stream then, in bytes:
//!
//! ```text
//! 50211 out 4096
//! 50211 err 17
//! 100498 out 9000
//! ```
//!
//! Times never go back; sizes of one stream grow. A stream is sampled some twenty times a second, and only when it
//! grew. The last sample of each stream is its whole size, so an attempt without output has no index.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use sha2::{Digest as _, Sha256};

use super::folder::{make_dir, open_append, output_file};
use crate::engine::Streams;
use crate::kernel::{AttemptId, Passage, Redactor, Sha256Hex};

/// How much is read at once; all that output ever takes of memory.
const CHUNK: usize = 256 * 1024;
/// How many chunks are digested beside a sample while the attempt goes on.
const CHUNKS_A_SAMPLE: usize = 32;

#[derive(Debug)]
struct Stream {
    file: File,
    name: &'static str,
    /// How large it was when it was looked at last.
    size: u64,
    sampled: u64,
    digested: u64,
    digest: Sha256,
    /// What was given and is not written yet, since it may be the beginning of a secret.
    passage: Passage,
}

impl Stream {
    fn open(run_dir: &Path, attempt: &AttemptId, name: &'static str) -> io::Result<Self> {
        Ok(Self::of(open_append(&output_file(run_dir, attempt, name))?, name))
    }

    fn of(file: File, name: &'static str) -> Self {
        Self { file, name, size: 0, sampled: 0, digested: 0, digest: Sha256::new(), passage: Passage::default() }
    }

    fn keep(&mut self, redactor: &Redactor, bytes: &[u8]) -> io::Result<()> {
        if !redactor.guards() {
            return self.file.write_all(bytes);
        }
        let mut kept = Vec::with_capacity(bytes.len());
        self.passage.push(redactor, bytes, &mut kept);
        self.file.write_all(&kept)
    }

    fn end(&mut self, redactor: &Redactor) -> io::Result<()> {
        let mut kept = Vec::new();
        self.passage.end(redactor, &mut kept);
        self.file.write_all(&kept)
    }

    fn look(&mut self) {
        self.size = self.file.metadata().map_or(self.digested, |found| found.len());
    }

    /// Digests one chunk; tells whether there is more.
    fn digest_some(&mut self, buffer: &mut [u8]) -> bool {
        match self.file.read_at(buffer, self.digested) {
            Ok(0) => false,
            Ok(read) => {
                self.digest.update(buffer.get(..read).unwrap_or_default());
                self.digested += read as u64;
                true
            }
            Err(error) => error.kind() == io::ErrorKind::Interrupted,
        }
    }
}

/// Samples and digests the output files of one attempt, over all its performances, in constant memory.
#[derive(Debug)]
pub struct Digests {
    out: Stream,
    err: Stream,
    index_path: PathBuf,
    index: Option<File>,
    started: Instant,
    /// The index's last time when it was opened: an attempt that is taken up again goes on from there.
    since: u64,
    buffer: Vec<u8>,
}

impl Digests {
    /// Opens the output files of an attempt; those of an earlier performance are appended to.
    pub fn open(run_dir: &Path, attempt: &AttemptId, now: Instant) -> io::Result<Self> {
        let open = || -> io::Result<Self> {
            Ok(Self {
                out: Stream::open(run_dir, attempt, "out")?,
                err: Stream::open(run_dir, attempt, "err")?,
                index_path: output_file(run_dir, attempt, "idx"),
                index: None,
                started: now,
                since: last_time(&output_file(run_dir, attempt, "idx")),
                buffer: Vec::new(),
            })
        };
        match open() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make_dir(&run_dir.join("output"))?;
                open()
            }
            opened => opened,
        }
    }

    /// Takes the output files of an attempt that has not begun: they are empty, and bear its name already.
    pub fn of_new(run_dir: &Path, attempt: &AttemptId, (out, err): (File, File), now: Instant) -> Self {
        Self {
            out: Stream::of(out, "out"),
            err: Stream::of(err, "err"),
            index_path: output_file(run_dir, attempt, "idx"),
            index: None,
            started: now,
            since: 0,
            buffer: Vec::new(),
        }
    }

    /// Gives the files back.
    pub fn into_files(self) -> (File, File) {
        (self.out.file, self.err.file)
    }

    /// Returns the file of standard output.
    pub fn out(&self) -> &File {
        &self.out.file
    }

    /// Returns the file of standard error.
    pub fn err(&self) -> &File {
        &self.err.file
    }

    /// Appends to standard output what an attempt printed, its secrets replaced.
    pub fn keep_out(&mut self, redactor: &Redactor, bytes: &[u8]) -> io::Result<()> {
        self.out.keep(redactor, bytes)
    }

    /// Appends to standard error likewise.
    pub fn keep_err(&mut self, redactor: &Redactor, bytes: &[u8]) -> io::Result<()> {
        self.err.keep(redactor, bytes)
    }

    /// Appends what was held back, since one performance is over.
    pub fn end(&mut self, redactor: &Redactor) -> io::Result<()> {
        self.out.end(redactor)?;
        self.err.end(redactor)
    }

    /// Returns the size of standard output now.
    pub fn out_size(&mut self) -> u64 {
        self.out.look();
        self.out.size
    }

    /// Tells whether nothing had been printed when it was looked at last.
    pub fn is_empty(&self) -> bool {
        (self.out.size, self.err.size) == (0, 0)
    }

    fn look(&mut self) {
        self.out.look();
        self.err.look();
    }

    /// Adds a line to the index for each stream that grew, and digests some of what came.
    pub fn sample(&mut self, now: Instant) {
        self.look();
        self.note(now);
        for _ in 0..CHUNKS_A_SAMPLE {
            if !self.digest_some() {
                break;
            }
        }
    }

    /// Ends the index with what was digested in the end.
    pub fn sample_the_end(&mut self, now: Instant) {
        for stream in [&mut self.out, &mut self.err] {
            stream.size = stream.digested;
        }
        self.note(now);
    }

    fn note(&mut self, now: Instant) {
        let at = u128::from(self.since) + now.saturating_duration_since(self.started).as_micros();
        let mut lines = String::new();
        for stream in [&mut self.out, &mut self.err] {
            if stream.size > stream.sampled {
                use std::fmt::Write as _;
                stream.sampled = stream.size;
                // Writing to a String cannot fail.
                let _ = writeln!(lines, "{at} {} {}", stream.name, stream.size);
            }
        }
        if !lines.is_empty() {
            // The index is a convenience of replay; where the disk is full the attempt goes on without.
            if self.index.is_none() {
                self.index = open_append(&self.index_path).ok();
            }
            if let Some(index) = &mut self.index {
                drop(index.write_all(lines.as_bytes()));
            }
        }
    }

    /// Digests one chunk of what is not digested yet; tells whether there may be more.
    pub fn catch_up(&mut self) -> bool {
        if !self.is_behind() {
            self.look();
        }
        self.digest_some()
    }

    fn is_behind(&self) -> bool {
        self.out.size != self.out.digested || self.err.size != self.err.digested
    }

    fn digest_some(&mut self) -> bool {
        if !self.is_behind() {
            return false;
        }
        self.buffer.resize(CHUNK, 0);
        let more_out = self.out.digest_some(&mut self.buffer);
        let more_err = self.err.digest_some(&mut self.buffer);
        more_out || more_err
    }

    /// Returns sizes and digests of what was digested so far, and frees the buffer.
    pub fn streams(&mut self) -> Streams {
        self.buffer = Vec::new();
        let digest = |stream: &Stream| Some(Sha256Hex::from_digest(&stream.digest.clone().finalize()));
        Streams {
            out_bytes: self.out.digested,
            out_sha256: digest(&self.out),
            err_bytes: self.err.digested,
            err_sha256: digest(&self.err),
        }
    }
}

/// Reads the time of an index's last line; 0 where there is none.
fn last_time(index: &Path) -> u64 {
    let read = || -> io::Result<Vec<u8>> {
        let file = File::open(index)?;
        let from = file.metadata()?.len().saturating_sub(128);
        let mut tail = vec![0; 128];
        let read = file.read_at(&mut tail, from)?;
        tail.truncate(read);
        Ok(tail)
    };
    let tail = read().unwrap_or_default();
    let tail = String::from_utf8_lossy(&tail);
    tail.lines().last().and_then(|line| line.split(' ').next()?.parse().ok()).unwrap_or(0)
}

/// Holds the output files of a native action, which runs in the engine.
#[derive(Debug)]
pub struct OutputFiles {
    digests: Digests,
}

impl OutputFiles {
    /// Opens the output files of an attempt, once for all its looks.
    pub fn open(run_dir: &Path, attempt: &AttemptId) -> io::Result<Self> {
        if !super::folder::is_file_name(attempt) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("`{attempt}` cannot name output files; use letters, digits, `.`, `-` and `_`"),
            ));
        }
        Ok(Self { digests: Digests::open(run_dir, attempt, Instant::now())? })
    }

    /// Appends what one look gave, its secrets replaced.
    pub fn append(&mut self, redactor: &Redactor, stdout: &[u8], stderr: &[u8]) -> io::Result<()> {
        self.digests.keep_out(redactor, stdout)?;
        self.digests.keep_err(redactor, stderr)?;
        self.digests.sample(Instant::now());
        Ok(())
    }

    /// Ends the files, and returns sizes and digests of all that was appended.
    ///
    /// # Errors
    /// If the end of it could not be written.
    pub fn end(&mut self, redactor: &Redactor) -> (Streams, io::Result<()>) {
        let ended = self.digests.end(redactor);
        (self.streams(), ended)
    }

    fn streams(&mut self) -> Streams {
        while self.digests.catch_up() {}
        self.digests.streams()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::sha256_hex;

    #[test]
    fn looks_append_and_the_digest_covers_the_whole_file() {
        let run = tempfile::tempdir().unwrap();
        let (attempt, none) = (AttemptId::from("3.1"), Redactor::default());
        let mut files = OutputFiles::open(run.path(), &attempt).unwrap();
        files.append(&none, b"modifying\n", b"").unwrap();
        files.append(&none, b"", b"").unwrap();
        files.append(&none, b"available\n", b"late\n").unwrap();
        let streams = files.end(&none).0;
        assert_eq!((streams.out_bytes, streams.err_bytes), (20, 5));
        assert_eq!(streams.out_sha256, Some(sha256_hex(b"modifying\navailable\n")));
        assert_eq!(streams.err_sha256, Some(sha256_hex(b"late\n")));
        let index = std::fs::read_to_string(output_file(run.path(), &attempt, "idx")).unwrap();
        let said: Vec<_> = index.lines().map(|line| line.split_once(' ').unwrap().1).collect();
        assert_eq!(said, ["out 10", "out 20", "err 5"]);
        // A second opening, by a later engine, goes on where the first ended.
        let mut files = OutputFiles::open(run.path(), &attempt).unwrap();
        files.append(&none, b"x", b"").unwrap();
        assert_eq!(files.end(&none).0.out_sha256, Some(sha256_hex(b"modifying\navailable\nx")));
        let index = std::fs::read_to_string(output_file(run.path(), &attempt, "idx")).unwrap();
        let times = index.lines().map(|line| line.split(' ').next().unwrap().parse::<u64>().unwrap());
        assert!(times.is_sorted(), "{index}");
    }

    #[test]
    fn a_secret_that_is_split_between_looks_is_nowhere_in_the_file() {
        let run = tempfile::tempdir().unwrap();
        let attempt = AttemptId::from("3.1");
        let redactor = Redactor::new(&[("PW".to_owned(), "hunter2".to_owned())].into()).unwrap();
        let mut files = OutputFiles::open(run.path(), &attempt).unwrap();
        files.append(&redactor, b"pw hun", b"hunter2\n").unwrap();
        files.append(&redactor, b"ter2 hunt\n", b"").unwrap();
        let (streams, ended) = files.end(&redactor);
        ended.unwrap();
        let whole = b"pw [secret:PW] hunt\n";
        assert_eq!(std::fs::read(output_file(run.path(), &attempt, "out")).unwrap(), whole);
        assert_eq!(std::fs::read(output_file(run.path(), &attempt, "err")).unwrap(), b"[secret:PW]\n");
        assert_eq!(streams.out_sha256, Some(sha256_hex(whole)));
    }

    #[test]
    fn a_name_that_leaves_the_folder_is_refused() {
        let run = tempfile::tempdir().unwrap();
        assert!(OutputFiles::open(run.path(), &AttemptId::from("../x")).is_err());
    }
}
