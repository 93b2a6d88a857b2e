//! The lines of a log, part by part, from any place on.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;

use super::error::StoreError;
use super::runs::LogPlace;
use crate::journal::{MAX_LINE, in_order};

/// How much is read at once.
const READ: usize = 64 * 1024;

/// Is where a line of a log begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineAt {
    /// In which part of the log, from 0.
    pub part: u16,
    /// At which byte of it.
    pub byte: u64,
}

/// Gives complete lines, part by part; what follows the last LF waits until it is complete.
#[derive(Debug)]
pub struct Lines {
    reader: BufReader<File>,
    partial: Vec<u8>,
    /// Which part is read, from 0.
    part: usize,
    /// Bytes read of it.
    read: u64,
    /// How many bytes of it count, once another part says so.
    counts: Option<u64>,
}

impl Lines {
    /// Opens a log at its first line.
    ///
    /// # Errors
    /// If it can't be opened.
    pub fn open(place: &LogPlace) -> Result<Self, StoreError> {
        Self::open_at(place, LineAt::default())
    }

    /// Opens a log at the beginning of a line.
    ///
    /// # Errors
    /// If it can't be opened.
    pub fn open_at(place: &LogPlace, at: LineAt) -> Result<Self, StoreError> {
        Self::part(place, usize::from(at.part), at.byte).map_err(StoreError::io("open the log", &place.log))
    }

    fn part(place: &LogPlace, part: usize, byte: u64) -> io::Result<Self> {
        let parts = place.parts();
        let mut file = File::open(parts.get(part).ok_or(io::ErrorKind::NotFound)?)?;
        let counts = counts(&parts, part)?;
        file.seek(SeekFrom::Start(byte))?;
        Ok(Self { reader: BufReader::with_capacity(READ, file), partial: Vec::new(), part, read: byte, counts })
    }

    /// Returns where the next line begins.
    pub fn at(&self) -> LineAt {
        // A part that is read to its end is followed by the next one; that is found when it is read.
        LineAt { part: u16::try_from(self.part).unwrap_or(u16::MAX), byte: self.read }
    }

    /// Returns how many bytes follow the last whole line: one that is being written, or was torn.
    pub fn torn(&self) -> usize {
        self.partial.len()
    }

    /// Returns the next line without its LF. A line longer than the log allows comes in pieces, each of which is broken.
    ///
    /// # Errors
    /// If the log can't be read.
    pub fn next(&mut self, place: &LogPlace) -> Result<Option<Vec<u8>>, StoreError> {
        self.line(place).map_err(StoreError::io("read the log", &place.log))
    }

    fn line(&mut self, place: &LogPlace) -> io::Result<Option<Vec<u8>>> {
        loop {
            if self.counts.is_some_and(|counts| self.read >= counts) {
                *self = Self::part(place, self.part + 1, 0)?;
            }
            let room = (MAX_LINE + 1).saturating_sub(self.partial.len()) as u64;
            self.reader.by_ref().take(room).read_until(b'\n', &mut self.partial)?;
            let whole = self.partial.ends_with(b"\n");
            if whole || self.partial.len() > MAX_LINE {
                self.read += self.partial.len() as u64;
                if whole {
                    self.partial.pop();
                }
                return Ok(Some(std::mem::take(&mut self.partial)));
            }
            // The end of this file: of the log, too, unless it went on in another one.
            let known = self.counts.is_some();
            self.counts = counts(&place.parts(), self.part)?;
            match self.counts {
                None => return Ok(None),
                // It was cut: the rest of it is not there.
                Some(_) if known => self.counts = Some(self.read),
                Some(_) => {}
            }
        }
    }
}

/// Returns how many bytes of a part count, if another one follows it.
fn counts(parts: &[PathBuf], part: usize) -> io::Result<Option<u64>> {
    let Some(following) = parts.get(part..).filter(|rest| rest.len() > 1) else { return Ok(None) };
    let mut files = following.iter().map(File::open).collect::<io::Result<Vec<_>>>()?;
    Ok(in_order(&mut files)?.iter().find(|found| found.index == 0).and_then(|found| found.counts))
}
