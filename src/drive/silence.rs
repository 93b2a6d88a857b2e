//! Hears lines from an engine that says at times that it is there: one that is stopped, or waits for a disk, is silent.

use std::io::{self, BufRead as _, BufReader, Read as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::wire::LONGEST;

/// How often an engine says that it is there.
pub(super) const PULSE: Duration = Duration::from_secs(2);
/// From when on it is silent.
pub(super) const SILENCE: Duration = Duration::from_secs(10);

/// Is what was heard.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// A line, without its LF.
    Line(Vec<u8>),
    /// Nothing for as long as it may be silent.
    Silence,
    /// The connection has ended.
    End,
}

/// Is what an engine says, line by line.
#[derive(Debug)]
pub(super) struct Lines {
    reader: BufReader<UnixStream>,
    /// The beginning of a line whose end has not come.
    begun: Vec<u8>,
}

impl Lines {
    /// Hears `stream`, which may be silent for `limit`.
    pub(super) fn of(stream: UnixStream, limit: Duration) -> Self {
        // Where the system can't, silence is not noticed.
        drop(stream.set_read_timeout(Some(limit)));
        Self { reader: BufReader::with_capacity(64 * 1024, stream), begun: Vec::new() }
    }

    /// Waits for the next line.
    pub(super) fn next(&mut self) -> Heard {
        let room = LONGEST.saturating_sub(self.begun.len() as u64);
        match self.reader.by_ref().take(room).read_until(b'\n', &mut self.begun) {
            Ok(_) if self.begun.last() == Some(&b'\n') => {
                let mut line = std::mem::take(&mut self.begun);
                line.pop();
                Heard::Line(line)
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => Heard::Silence,
            Ok(_) | Err(_) => Heard::End,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn silence_in_the_middle_of_a_line_loses_nothing_of_it() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let mut lines = Lines::of(ours, Duration::from_millis(20));
        assert_eq!(lines.next(), Heard::Silence);
        theirs.write_all(b"one ").unwrap();
        assert_eq!(lines.next(), Heard::Silence);
        theirs.write_all(b"line\nand").unwrap();
        assert_eq!(lines.next(), Heard::Line(b"one line".to_vec()));
        drop(theirs);
        assert_eq!(lines.next(), Heard::End);
    }
}
