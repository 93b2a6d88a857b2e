//! What an attempt had printed by when: sizes by its index file, bytes from its output files, never a whole file at once.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use crate::kernel::{AttemptId, Stamp};
use crate::ui::{Progress, Stream, Tail};

/// More samples of one attempt are thinned out: its times get coarser, nothing is lost.
const MOST_SAMPLES: usize = 100_000;
/// A line of an index is not longer.
const LONGEST_LINE: u64 = 64;
/// So much of one piece is shown, as on the screen of the run itself; the file has all of it.
pub(super) const PIECE: u64 = 16 * 1024;

/// Says how much was printed at a time since the attempt began, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sample {
    at: u64,
    out: u64,
    err: u64,
}

/// Holds when an attempt printed what.
#[derive(Clone, Debug, Default)]
pub(super) struct Samples {
    list: Vec<Sample>,
}

impl Samples {
    /// Reads the index of an attempt, as far as it can be read; without one it is not known when anything was printed.
    pub(super) fn read(folder: &Path, attempt: &AttemptId) -> Self {
        let mut list: Vec<Sample> = Vec::new();
        let file = attempt.names_files().then(|| File::open(folder.join(attempt.output_file("idx"))));
        let Some(Ok(file)) = file else { return Self { list } };
        let mut reader = BufReader::with_capacity(64 * 1024, file);
        let (mut last, mut line) = (Sample::default(), String::new());
        let (mut stride, mut passed) = (1_usize, 0_usize);
        loop {
            line.clear();
            match reader.by_ref().take(LONGEST_LINE).read_line(&mut line) {
                Ok(1..) => {}
                Ok(0) | Err(_) => break,
            }
            let mut words = line.split_ascii_whitespace();
            let (at, name, size) = (words.next(), words.next(), words.next());
            let (Some(Ok(at)), Some(Ok(size))) = (at.map(str::parse::<u64>), size.map(str::parse::<u64>)) else {
                break;
            };
            let before = last;
            // Times and sizes never go back, whatever stands there.
            last.at = last.at.max(at);
            match name {
                Some("out") => last.out = last.out.max(size),
                Some("err") => last.err = last.err.max(size),
                _ => break,
            }
            passed += 1;
            if last.at == before.at
                && let Some(newest) = list.last_mut().filter(|newest| newest.at == last.at)
            {
                *newest = last;
            } else if passed.is_multiple_of(stride) {
                list.push(last);
            }
            if list.len() > MOST_SAMPLES {
                let mut at = 0;
                list.retain(|_| {
                    at += 1;
                    at % 2 == 0
                });
                stride *= 2;
            }
        }
        if list.last().is_some_and(|newest| *newest != last) {
            list.push(last);
        }
        Self { list }
    }
}

impl Samples {
    /// Lists when how much of a stream was there, of an attempt that began at this time.
    pub(super) fn sizes(&self, stream: Stream, started: u64) -> Vec<(u64, u64)> {
        let size = |sample: &Sample| if stream == Stream::Out { sample.out } else { sample.err };
        let mut sizes: Vec<(u64, u64)> = Vec::new();
        for sample in &self.list {
            if size(sample) > sizes.last().map_or(0, |(_, size)| *size) {
                sizes.push((started.saturating_add(sample.at), size(sample)));
            }
        }
        sizes
    }

    /// Is it not known when anything was printed?
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

/// Is an attempt's output in the time of the recording.
#[derive(Clone, Debug)]
pub(super) struct Printed {
    /// When the attempt began.
    pub(super) started: u64,
    /// When it ended, or the recording did, and what it had printed then in all.
    pub(super) ended: Option<(u64, u64, u64)>,
    /// Do its answers come one by one, each on lines of its own?
    pub(super) answers: Answers,
    pub(super) samples: Samples,
}

/// Says how an output is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answers {
    /// As it is printed.
    AsPrinted,
    /// One answer a look: the screen of the run ends each with a line feed.
    OneByOne,
}

/// Is a piece of one output file that came at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    stream: Stream,
    from: u64,
    to: u64,
    /// When it came, in the recording's time.
    pub(super) at: u64,
    /// How much had come by then, of both files.
    total: u64,
}

impl Printed {
    /// Returns how much of both files was there at a time.
    pub(super) fn sizes(&self, time: u64) -> (u64, u64) {
        match self.ended {
            Some((ended, out, err)) if time >= ended => (out, err),
            _ => {
                let since = time.saturating_sub(self.started);
                let known = self.samples.list.partition_point(|sample| sample.at <= since);
                let sample = known.checked_sub(1).and_then(|at| self.samples.list.get(at)).copied().unwrap_or_default();
                if time < self.started { (0, 0) } else { (sample.out, sample.err) }
            }
        }
    }

    /// Returns when something comes next, after a time.
    pub(super) fn next(&self, time: u64) -> Option<u64> {
        let since = time.saturating_sub(self.started);
        let at = if time < self.started { 0 } else { self.samples.list.partition_point(|sample| sample.at <= since) };
        let next = self.samples.list.get(at).map(|sample| self.started.saturating_add(sample.at));
        let ended = self.ended.map(|(ended, ..)| ended);
        // What was sampled late came before the end was recorded.
        let next = next.map(|next| ended.map_or(next, |ended| next.min(ended)));
        next.or(ended).filter(|next| *next > time && self.sizes(*next) != self.sizes(time))
    }

    /// Returns when a byte of a stream had come.
    pub(super) fn when(&self, stream: Stream, byte: u64) -> u64 {
        let size = |sample: &Sample| if stream == Stream::Out { sample.out } else { sample.err };
        let at = self.samples.list.partition_point(|sample| size(sample) <= byte);
        let sampled = self.samples.list.get(at).map(|sample| self.started.saturating_add(sample.at));
        match (sampled, self.ended) {
            (Some(sampled), Some((ended, ..))) => sampled.min(ended),
            (Some(sampled), None) => sampled,
            (None, Some((ended, ..))) => ended,
            (None, None) => u64::MAX,
        }
    }

    /// Lists what came after one time, up to another.
    pub(super) fn pieces(&self, after: u64, to: u64) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let (mut at, mut had) = (after, self.sizes(after));
        while let Some(next) = self.next(at).filter(|next| *next <= to) {
            let has = self.sizes(next);
            push(&mut pieces, next, had, has);
            (at, had) = (next, has);
        }
        pieces
    }

    /// Lists what came up to the end, of which so much had been seen.
    pub(super) fn rest(&self, had: (u64, u64)) -> Vec<Piece> {
        let mut pieces = Vec::new();
        if let Some((at, out, err)) = self.ended {
            push(&mut pieces, at, had, (out, err));
        }
        pieces
    }

    /// Lists the newest pieces up to a time, as many as make up so many bytes.
    fn newest(&self, time: u64, most: u64) -> Vec<Piece> {
        let mut groups: Vec<Vec<Piece>> = Vec::new();
        let mut has = self.sizes(time);
        let since = time.saturating_sub(self.started);
        let known =
            if time < self.started { 0 } else { self.samples.list.partition_point(|sample| sample.at <= since) };
        let mut held = 0;
        let mut at = self.ended.map_or(time, |(ended, ..)| ended.min(time));
        for sample in self.samples.list.get(..known).unwrap_or_default().iter().rev() {
            let had = (sample.out.min(has.0), sample.err.min(has.1));
            let mut group = Vec::new();
            push(&mut group, at, had, has);
            held += (has.0 - had.0) + (has.1 - had.1);
            groups.push(group);
            (has, at) = (had, self.started.saturating_add(sample.at));
            if held >= most {
                break;
            }
        }
        if held < most {
            let mut group = Vec::new();
            push(&mut group, at, (0, 0), has);
            groups.push(group);
        }
        groups.into_iter().rev().flatten().collect()
    }

    /// Returns the end of what was printed by a time, reading no more than `most` bytes or so.
    pub(super) fn tail(&self, folder: &Path, attempt: &AttemptId, time: u64, most: u64) -> Tail {
        let mut tail = Tail::default();
        let pieces = self.newest(time, most);
        let skip = pieces.iter().map(|piece| piece.to - piece.from).sum::<u64>().saturating_sub(most);
        let mut left = skip;
        for piece in pieces {
            let length = piece.to - piece.from;
            let cut = left.min(length);
            left -= cut;
            if cut < length {
                let piece = Piece { from: piece.from + cut, ..piece };
                let progress = self.text(folder, attempt, piece, most);
                tail.push(&progress.text, progress.total, progress.at);
            }
        }
        tail
    }

    /// Reads the end of a piece, at most `most` bytes of it.
    pub(super) fn text(&self, folder: &Path, attempt: &AttemptId, piece: Piece, most: u64) -> Progress {
        let from = piece.from.max(piece.to.saturating_sub(most));
        let name = attempt.output_file(piece.stream.word());
        let read = || {
            let mut bytes = vec![0; usize::try_from(piece.to - from).unwrap_or(0)];
            File::open(folder.join(&name))?.read_exact_at(&mut bytes, from)?;
            Ok::<_, std::io::Error>(bytes)
        };
        let mut text = match attempt.names_files().then(read) {
            Some(Ok(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
            Some(Err(_)) | None => {
                format!("(bytes {from} to {} of {name} are missing from the recording)\n", piece.to)
            }
        };
        if self.answers == Answers::OneByOne && !text.ends_with('\n') {
            text.push('\n');
        }
        let at = Stamp { utc: chrono::DateTime::UNIX_EPOCH, mono: piece.at };
        Progress { attempt: attempt.clone(), text, total: piece.total, at }
    }
}

/// Adds what came at a time, when so much had come before.
fn push(pieces: &mut Vec<Piece>, at: u64, had: (u64, u64), has: (u64, u64)) {
    if has.0 > had.0 {
        pieces.push(Piece { stream: Stream::Out, from: had.0, to: has.0, at, total: has.0 + had.1 });
    }
    if has.1 > had.1 {
        pieces.push(Piece { stream: Stream::Err, from: had.1, to: has.1, at, total: has.0 + has.1 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(index: &str, ended: Option<(u64, u64, u64)>) -> (tempfile::TempDir, Printed) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("output")).unwrap();
        std::fs::write(folder.path().join("output/1.1.idx"), index).unwrap();
        std::fs::write(folder.path().join("output/1.1.out"), "one\ntwo\nthree\n").unwrap();
        std::fs::write(folder.path().join("output/1.1.err"), "oops\n").unwrap();
        let samples = Samples::read(folder.path(), &AttemptId::new("1.1"));
        (folder, Printed { started: 1_000, ended, answers: Answers::AsPrinted, samples })
    }

    fn lines(folder: &Path, printed: &Printed, time: u64) -> Vec<String> {
        printed.tail(folder, &AttemptId::new("1.1"), time, 1 << 16).lines().map(str::to_owned).collect()
    }

    #[test]
    fn output_appears_when_it_appeared() {
        let (folder, printed) = printed("10 out 4\n20 err 5\n20 out 8\n500 out 14\n", Some((1_400, 14, 5)));
        for (time, seen) in [
            (0, &[] as &[&str]),
            (1_009, &[]),
            (1_010, &["one"]),
            (1_020, &["one", "two", "oops"]),
            (1_399, &["one", "two", "oops"]),
            (1_400, &["one", "two", "oops", "three"]),
        ] {
            assert_eq!(lines(folder.path(), &printed, time), seen, "at {time}");
        }
        let (mut times, mut at) = (Vec::new(), 0);
        while let Some(next) = printed.next(at) {
            times.push(next);
            at = next;
        }
        assert_eq!(times, [1_010, 1_020, 1_400], "what was sampled late came by the end");
        assert_eq!(printed.pieces(1_010, 1_400).len(), 3);
        assert_eq!([0, 4, 13].map(|byte| printed.when(Stream::Out, byte)), [1_010, 1_020, 1_400]);
    }

    #[test]
    fn only_the_end_of_much_is_read() {
        let (folder, printed) = printed("10 out 4\n20 out 8\n30 out 14\n", Some((1_400, 14, 5)));
        let tail = printed.tail(folder.path(), &AttemptId::new("1.1"), 1_030, 8);
        assert_eq!(tail.lines().collect::<Vec<_>>(), ["o", "three"]);
        assert!(tail.is_cut() && tail.total() == 14);
    }

    #[test]
    fn without_an_index_everything_comes_at_the_end_and_what_is_missing_is_said() {
        let (folder, printed) = printed("nonsense\n10 out 4\n", Some((1_400, 14, 5)));
        assert_eq!(lines(folder.path(), &printed, 1_399), [""; 0]);
        assert_eq!(lines(folder.path(), &printed, 1_400), ["one", "two", "three", "oops"]);
        std::fs::remove_file(folder.path().join("output/1.1.out")).unwrap();
        let seen = lines(folder.path(), &printed, 1_400);
        assert_eq!(seen, ["(bytes 0 to 14 of output/1.1.out are missing from the recording)", "oops"]);
    }

    #[test]
    fn a_name_from_a_forged_log_leads_out_of_no_folder() {
        let (folder, printed) = printed("10 out 4\n", Some((1_400, 14, 5)));
        std::fs::write(folder.path().join("secret.out"), "secret").unwrap();
        let tail = printed.tail(folder.path(), &AttemptId::new("../secret"), 1_400, 99);
        assert!(tail.lines().all(|line| line.contains("missing")), "{:?}", tail.lines().collect::<Vec<_>>());
    }

    #[test]
    fn a_huge_index_is_thinned_out_and_ends_with_the_whole_size() {
        let index: String = (1..=250_000_u32).fold(String::new(), |text, n| text + &format!("{n} out {}\n", n * 2));
        let (_folder, printed) = printed(&index, None);
        assert!(printed.samples.list.len() <= MOST_SAMPLES + 1);
        assert_eq!(printed.sizes(u64::MAX), (500_000, 0));
        assert!(printed.samples.list.is_sorted_by_key(|sample| sample.at));
    }
}
