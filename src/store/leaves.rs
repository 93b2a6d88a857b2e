//! Leaves of output files: what stands around any place of a file of any size, in bounded memory.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use regex::bytes::{Regex, RegexBuilder};

use crate::ui::{Leaf, LeafLine, Seek, Want, Way};

/// A line that is longer than this goes on as another one.
const LINE: usize = 1_000;
/// How much is read at once to find the beginnings of lines before a place.
const BACK: u64 = 64 * 1024;
/// How much is read at once to find a text.
const FIND: u64 = 1024 * 1024;

/// Reads the leaf around a place, as if the file had no more than `most` bytes. A file that is not there yet is an empty one.
///
/// # Errors
/// If the file can't be read.
pub fn leaf(folder: &Path, seek: &Seek, most: u64) -> io::Result<Leaf> {
    let path = folder.join(seek.attempt.output_file(seek.stream.word()));
    let mut leaf = Leaf {
        attempt: seek.attempt.clone(),
        stream: seek.stream,
        want: seek.want.clone(),
        size: 0,
        lines: Vec::new(),
        next: 0,
        hit: None,
    };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(leaf),
        Err(error) => return Err(error),
    };
    leaf.size = file.metadata()?.len().min(most);
    let at = match &seek.want {
        Want::End => leaf.size,
        Want::At(at) => (*at).min(leaf.size),
        Want::Find { text, from, way } => {
            let Some(found) = find(&mut file, (0, leaf.size), text, *from, *way)? else { return Ok(leaf) };
            // The line that it stands in begins before it.
            let line = back(&mut file, found + 1, 1)?;
            leaf.hit = Some(line);
            line
        }
    };
    let from = back(&mut file, at, seek.lines)?;
    (leaf.lines, leaf.next) = forward(&mut file, (from, at, leaf.size), seek.lines)?;
    Ok(leaf)
}

/// Finds where the `count`th line before `at` begins.
fn back(file: &mut File, at: u64, count: usize) -> io::Result<u64> {
    let (mut end, mut earliest, mut found) = (at, at, 0);
    while end > 0 && found < count {
        let from = end.saturating_sub(BACK);
        let bytes = read(file, from, end - from)?;
        let before = found;
        let ends =
            bytes.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| from + at as u64 + 1);
        // The end of the last line before the place begins no line before it.
        for begin in ends.filter(|begin| *begin < at) {
            (earliest, found) = (begin, found + 1);
            if found == count {
                return Ok(earliest);
            }
        }
        if from == 0 || found == before {
            // The first line, or one that is endless.
            (earliest, found) = (from, found + 1);
        }
        end = from;
    }
    Ok(earliest)
}

/// Reads lines from `from` on, until there are twice `count` behind `at`. Keeps `count` of those before it.
fn forward(file: &mut File, (from, at, size): (u64, u64, u64), count: usize) -> io::Result<(Vec<LeafLine>, u64)> {
    file.seek(SeekFrom::Start(from))?;
    // What came after the size was taken is another leaf's.
    let mut reader = BufReader::with_capacity(BACK as usize, file.take(size - from));
    let mut lines = std::collections::VecDeque::new();
    let (mut place, mut before, mut after) = (from, 0, 0);
    while after < 2 * count {
        let mut bytes = Vec::new();
        let read = reader.by_ref().take(LINE as u64).read_until(b'\n', &mut bytes)?;
        if read == 0 {
            break;
        }
        let whole = bytes.last() == Some(&b'\n');
        if !whole && read == LINE {
            // A character is not cut: what is missing of it comes now.
            while bytes.len() < LINE + 3 && is_cut(&bytes) {
                match reader.fill_buf()?.first() {
                    Some(byte) => bytes.push(*byte),
                    None => break,
                }
                reader.consume(1);
            }
        }
        let text = String::from_utf8_lossy(bytes.strip_suffix(b"\n").unwrap_or(&bytes)).into_owned();
        lines.push_back(LeafLine { at: place, text });
        if place < at {
            before += 1;
            if before > count {
                lines.pop_front();
            }
        } else {
            after += 1;
        }
        place += bytes.len() as u64;
    }
    Ok((lines.into(), place))
}

fn is_cut(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

fn read(file: &mut File, from: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(from))?;
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Finds a text in a file between two places: at `from` or behind it, or before it. Without a capital letter in it capitals
/// make no difference.
///
/// # Errors
/// If the file can't be read.
pub fn find(file: &mut File, (least, size): (u64, u64), text: &str, from: u64, way: Way) -> io::Result<Option<u64>> {
    let Ok(wanted) = RegexBuilder::new(&regex::escape(text))
        .case_insensitive(!text.chars().any(char::is_uppercase))
        .size_limit(1 << 20)
        .build()
    else {
        return Ok(None);
    };
    // A text that lies across two pieces is found in the one that has both its ends.
    let overlap = 4 * text.len() as u64;
    match way {
        Way::Down => {
            let mut place = from.max(least);
            while place < size {
                let bytes = read(file, place, (FIND + overlap).min(size - place))?;
                if let Some(found) = wanted.find(&bytes) {
                    return Ok(Some(place + found.start() as u64));
                }
                place += FIND;
            }
        }
        Way::Up => {
            let mut end = from.min(size);
            while end > least {
                let start = end.saturating_sub(FIND).max(least);
                let bytes = read(file, start, (end - start + overlap).min(size - start))?;
                let last = last(&wanted, &bytes, end - start);
                if let Some(found) = last {
                    return Ok(Some(start + found));
                }
                end = start;
            }
        }
    }
    Ok(None)
}

/// Finds the last place that lies before `end`.
fn last(wanted: &Regex, bytes: &[u8], end: u64) -> Option<u64> {
    wanted.find_iter(bytes).map(|found| found.start() as u64).take_while(|start| *start < end).last()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::AttemptId;
    use crate::ui::Stream;

    fn with(text: &[u8]) -> (tempfile::TempDir, AttemptId) {
        let folder = tempfile::tempdir().unwrap();
        let attempt = AttemptId::new("1.1");
        let path = folder.path().join(attempt.output_file("out"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        (folder, attempt)
    }

    fn numbered(count: usize) -> String {
        (0..count).fold(String::new(), |text, n| text + "line " + &n.to_string() + "\n")
    }

    fn seek(folder: &Path, attempt: &AttemptId, want: Want, lines: usize) -> Leaf {
        leaf(folder, &Seek { attempt: attempt.clone(), stream: Stream::Out, want, lines }, u64::MAX).unwrap()
    }

    fn texts(leaf: &Leaf) -> Vec<&str> {
        leaf.lines.iter().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn a_leaf_has_what_stands_around_a_place() {
        let text = numbered(1_000);
        let (folder, attempt) = with(text.as_bytes());
        let at = text.find("line 500\n").unwrap() as u64;
        let leaf = seek(folder.path(), &attempt, Want::At(at), 2);
        assert_eq!(texts(&leaf), ["line 498", "line 499", "line 500", "line 501", "line 502", "line 503"]);
        assert_eq!(leaf.lines[2].at, at);
        assert_eq!(texts(&seek(folder.path(), &attempt, Want::End, 2)), ["line 998", "line 999"]);
        assert_eq!(texts(&seek(folder.path(), &attempt, Want::At(0), 1)), ["line 0", "line 1"]);
        let err = Seek { attempt, stream: Stream::Err, want: Want::End, lines: 3 };
        assert_eq!(super::leaf(folder.path(), &err, u64::MAX).unwrap().lines, []);
    }

    #[test]
    fn what_is_searched_is_found_in_both_directions() {
        let text = numbered(200_000);
        let (folder, attempt) = with(text.as_bytes());
        let find = |text: &str, from: u64, way| {
            let leaf = seek(folder.path(), &attempt, Want::Find { text: text.to_owned(), from, way }, 1);
            leaf.hit.and_then(|hit| leaf.lines.iter().find(|line| line.at == hit)).map(|line| line.text.clone())
        };
        let size = text.len() as u64;
        assert_eq!(find("LINE 150000", 0, Way::Down), None, "capitals are meant");
        assert_eq!(find("line 150000", 0, Way::Down).as_deref(), Some("line 150000"));
        assert_eq!(find("e 7", size, Way::Up).as_deref(), Some("line 79999"));
        assert_eq!(find("e 7", 0, Way::Down).as_deref(), Some("line 7"));
        assert_eq!(find("line 5", 10, Way::Up), None);
        for n in [104_856, 104_857, 110_000] {
            let wanted = format!("line {n}");
            assert_eq!(find(&wanted, 0, Way::Down), Some(wanted.clone()));
            assert_eq!(find(&wanted, size, Way::Up), Some(wanted.clone()));
        }
    }

    #[test]
    fn nothing_is_seen_behind_the_bytes_that_count() {
        let (folder, attempt) = with(b"one\ntwo\nthree\n");
        let seek = |want| Seek { attempt: attempt.clone(), stream: Stream::Out, want, lines: 9 };
        let read = leaf(folder.path(), &seek(Want::End), 8).unwrap();
        assert_eq!((texts(&read), read.size), (vec!["one", "two"], 8));
        let wanted = Want::Find { text: "three".to_owned(), from: 0, way: Way::Down };
        assert_eq!(leaf(folder.path(), &seek(wanted.clone()), 12).unwrap().hit, None);
        assert_eq!(leaf(folder.path(), &seek(wanted), 13).unwrap().hit, Some(8));
    }

    #[test]
    fn endless_lines_and_broken_characters_do_not_stop_it() {
        let mut text = "ß".repeat(200_000).into_bytes();
        text.extend(b"\xff\xfe\nend");
        let (folder, attempt) = with(&text);
        let leaf = seek(folder.path(), &attempt, Want::At(150_000), 4);
        assert!(
            leaf.lines.iter().all(|line| line.text.len() <= LINE + 6),
            "{:?}",
            leaf.lines.iter().map(|l| l.text.len()).max()
        );
        assert!(leaf.lines.len() <= 12 && leaf.lines.iter().filter(|line| line.at < 150_000).count() >= 4);
        assert_eq!(texts(&seek(folder.path(), &attempt, Want::End, 1)), ["end"]);
    }
}
