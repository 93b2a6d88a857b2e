//! What becomes of rows: printed, counted, passed over.

use std::io;

use bytes::Bytes;
use fallible_iterator::FallibleIterator as _;
use postgres_protocol::message::backend::DataRowBody;

use crate::engine::Ended;

/// How much is gathered before it is written.
const CHUNK: usize = 64 * 1024;

/// Is the values of one row, in the server's text format.
#[derive(Debug)]
pub struct Columns<'r>(&'r DataRowBody);

impl<'r> Columns<'r> {
    pub(super) fn new(row: &'r DataRowBody) -> Self {
        Self(row)
    }

    /// Returns the values, `None` for NULL.
    ///
    /// # Errors
    /// When the row is not what the protocol says.
    pub fn values(&self) -> io::Result<Vec<Option<&'r [u8]>>> {
        let bytes = self.0.buffer();
        self.0.ranges().map(|range| Ok(range.map(|range| bytes.get(range).unwrap_or_default()))).collect()
    }
}

/// Takes what a statement gives.
pub trait Take: Send {
    /// Takes one row.
    ///
    /// # Errors
    /// When it could not be kept; the statement is cancelled then.
    fn row(&mut self, columns: &Columns<'_>) -> io::Result<()>;

    /// Takes a piece of what `COPY … TO STDOUT` sends.
    ///
    /// # Errors
    /// As [`Take::row`].
    fn copied(&mut self, bytes: &Bytes) -> io::Result<()>;
}

/// Passes everything over.
#[derive(Debug)]
pub(super) struct Passed;

impl Take for Passed {
    fn row(&mut self, _: &Columns<'_>) -> io::Result<()> {
        Ok(())
    }

    fn copied(&mut self, _: &Bytes) -> io::Result<()> {
        Ok(())
    }
}

/// Prints rows as text; keeps the beginning for conditions and captures.
pub(super) struct Printed<'o> {
    out: &'o mut super::Output<'o>,
    pending: Vec<u8>,
    head: Vec<u8>,
    any: bool,
}

impl<'o> Printed<'o> {
    pub(super) fn new(out: &'o mut super::Output<'o>) -> Self {
        Self { out, pending: Vec::new(), head: Vec::new(), any: false }
    }

    /// Says what a statement without rows did. Of rows the tag says nothing that they do not say themselves.
    pub(super) fn tag(&mut self, tag: &str) -> io::Result<()> {
        let shows = ["SELECT", "FETCH", "COPY", "SHOW", "EXPLAIN", "VALUES"].iter().any(|word| tag.starts_with(word));
        if !self.any && !shows && !tag.is_empty() {
            self.pending.extend_from_slice(tag.as_bytes());
            self.pending.push(b'\n');
        }
        self.flush()
    }

    /// Writes what is left.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.flush()
    }

    /// Returns the beginning of what was printed, longer than a capture may be if there was more.
    pub(super) fn into_head(self) -> Vec<u8> {
        self.head
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        // One byte more than what is kept says that there was more.
        let room = (Ended::STDOUT_CAP + 1).saturating_sub(self.head.len());
        self.head.extend_from_slice(self.pending.get(..room.min(self.pending.len())).unwrap_or_default());
        let written = (self.out)(&self.pending);
        self.pending.clear();
        written
    }
}

impl Take for Printed<'_> {
    fn row(&mut self, columns: &Columns<'_>) -> io::Result<()> {
        self.any = true;
        match columns.values()?.as_slice() {
            [only] => self.pending.extend_from_slice(only.unwrap_or_default()),
            several => {
                for (at, value) in several.iter().enumerate() {
                    if at > 0 {
                        self.pending.push(b'\t');
                    }
                    match value {
                        Some(value) => escaped(value, &mut self.pending),
                        None => self.pending.extend_from_slice(b"\\N"),
                    }
                }
            }
        }
        self.pending.push(b'\n');
        if self.pending.len() >= CHUNK { self.flush() } else { Ok(()) }
    }

    fn copied(&mut self, bytes: &Bytes) -> io::Result<()> {
        self.any = true;
        self.pending.extend_from_slice(bytes);
        if self.pending.len() >= CHUNK { self.flush() } else { Ok(()) }
    }
}

/// Writes a value as `COPY` does.
fn escaped(value: &[u8], into: &mut Vec<u8>) {
    for byte in value {
        match byte {
            b'\t' => into.extend_from_slice(b"\\t"),
            b'\n' => into.extend_from_slice(b"\\n"),
            b'\r' => into.extend_from_slice(b"\\r"),
            b'\\' => into.extend_from_slice(b"\\\\"),
            byte => into.push(*byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_break_a_line_is_escaped() {
        let mut into = Vec::new();
        escaped(b"a\tb\nc\\d\r\xc3\xa4", &mut into);
        assert_eq!(into, b"a\\tb\\nc\\\\d\\r\xc3\xa4");
    }

    #[test]
    fn the_head_says_that_there_was_more() {
        let mut kept = Vec::new();
        let mut out = |bytes: &[u8]| {
            kept.extend_from_slice(bytes);
            Ok(())
        };
        let mut printed = Printed::new(&mut out);
        let line = Bytes::from(vec![b'x'; 1000]);
        for _ in 0..1000 {
            printed.copied(&line).unwrap();
        }
        printed.tag("COPY 1000").unwrap();
        printed.finish().unwrap();
        assert_eq!(printed.into_head().len(), Ended::STDOUT_CAP + 1);
        assert_eq!(kept.len(), 1_000_000);
    }
}
