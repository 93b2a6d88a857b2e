//! What the attempts of a record printed, read back for a page: whole where it is short, else its beginning and its end.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use crate::engine::{Event, Fact};
use crate::kernel::{AttemptId, Sha256Hex};
use crate::report::{Excerpt, Printed};

/// So much is shown of either end of an output that is longer than twice this.
const END: u64 = 8 * 1024;
/// So much of all outputs is shown; what comes later is only named.
const MOST: u64 = 4 * 1024 * 1024;

/// Reads what was printed, as far as a page has room for it.
pub fn outputs(folder: &Path, facts: &[Fact]) -> Vec<Printed> {
    let mut room = MOST;
    let mut all = Vec::new();
    for fact in facts {
        let Event::AttemptFinished { attempt, streams, .. } = &fact.event else { continue };
        let of = [
            ("stdout", "out", streams.out_bytes, &streams.out_sha256),
            ("stderr", "err", streams.err_bytes, &streams.err_sha256),
        ];
        let of = of.into_iter().filter(|(_, _, bytes, _)| *bytes > 0);
        let streams: Vec<Excerpt> = of
            .map(|(name, kind, bytes, digest)| excerpt(folder, attempt, (name, kind), (bytes, digest), &mut room))
            .collect();
        if !streams.is_empty() {
            all.push(Printed { attempt: attempt.clone(), streams });
        }
    }
    all
}

fn excerpt(
    folder: &Path,
    attempt: &AttemptId,
    (name, kind): (&'static str, &str),
    (bytes, digest): (u64, &Option<Sha256Hex>),
    room: &mut u64,
) -> Excerpt {
    let file = attempt.output_file(kind);
    let (head, tail) = if bytes > 2 * END { (END, END) } else { (bytes, 0) };
    let read = if *room < head + tail {
        Err(format!("There is no room for it on this page; it is in {file} of the run's folder."))
    } else {
        *room -= head + tail;
        ends(folder, attempt, &file, (bytes, head, tail))
            .map_err(|why| format!("{file} of the run's folder can't be shown: {why}."))
    };
    let sha256 = digest.as_ref().map(ToString::to_string).unwrap_or_default();
    let (head, tail, left_out) = match read {
        Ok((first, last)) => (Ok(first), last, bytes - head - tail),
        Err(why) => (Err(why), String::new(), 0),
    };
    Excerpt { name, file, bytes, sha256, head, left_out, tail }
}

/// Reads both ends of an output file. A name that leads elsewhere and what is no file (a pipe would never end) are refused.
fn ends(
    folder: &Path,
    attempt: &AttemptId,
    file: &str,
    (bytes, head, tail): (u64, u64, u64),
) -> Result<(String, String), String> {
    if !attempt.names_files() {
        return Err("its name is no attempt's".to_owned());
    }
    let path = folder.join(file);
    let found = path.symlink_metadata().map_err(|error| error.to_string())?;
    if !found.is_file() {
        return Err("it is no file".to_owned());
    }
    if found.len() != bytes {
        return Err(format!("it has {} bytes, the log says {bytes}", found.len()));
    }
    let opened = File::open(&path).map_err(|error| error.to_string())?;
    let piece = |from: u64, size: u64| {
        let mut piece = vec![0; usize::try_from(size).unwrap_or(0)];
        opened.read_exact_at(&mut piece, from).map_err(|error| error.to_string())?;
        Ok::<_, String>(String::from_utf8_lossy(&piece).into_owned())
    };
    Ok((piece(0, head)?, piece(bytes - tail, tail)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(folder: &Path, bytes: u64) -> Excerpt {
        excerpt(folder, &AttemptId::new("1.1"), ("stdout", "out"), (bytes, &None), &mut (2 * END + 1))
    }

    #[test]
    fn of_a_long_output_both_ends_are_read_and_what_is_left_out_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("output")).unwrap();
        let path = folder.path().join("output/1.1.out");
        let text = format!("begin{}end", "x".repeat(100_000));
        std::fs::write(&path, &text).unwrap();
        let seen = of(folder.path(), text.len() as u64);
        assert!(seen.head.as_ref().unwrap().starts_with("begin") && seen.tail.ends_with("end"));
        assert_eq!(seen.left_out, text.len() as u64 - 2 * END);
        assert!(of(folder.path(), 3).head.unwrap_err().contains("the log says 3"));
        std::fs::remove_file(&path).unwrap();
        assert!(of(folder.path(), 3).head.unwrap_err().contains("output/1.1.out"));
        std::os::unix::fs::symlink("/etc/passwd", &path).unwrap();
        assert!(of(folder.path(), 3).head.unwrap_err().contains("no file"));
    }

    #[test]
    fn a_name_from_a_forged_log_leads_out_of_no_folder() {
        let folder = tempfile::tempdir().unwrap();
        let forged = AttemptId::new("../../etc/passwd");
        let seen = excerpt(folder.path(), &forged, ("stdout", "out"), (3, &None), &mut 99);
        assert!(seen.head.unwrap_err().contains("no attempt's"));
    }
}
