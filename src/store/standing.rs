//! What became of each run of a folder, by the first and the last lines of its log.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::runs::{LogPlace, Runs};
use super::view::is_being_written;
use crate::engine::{Event, Opened};
use crate::journal::{Body, Entry, MAX_LINE, read_entry};
use crate::kernel::{RunId, Stamp};

/// How much of a log's end is read.
const TAIL: u64 = 256 * 1024;

/// Says what became of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// The run.
    pub run: RunId,
    /// Its folder.
    pub folder: PathBuf,
    /// Its header.
    pub opened: Opened,
    /// The first line's times.
    pub began: Stamp,
    /// The last line's times.
    pub last: Stamp,
    /// Whether it is over.
    pub end: End,
}

/// Says whether a run is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// An engine works it.
    Worked,
    /// Its engine is gone, and it is not over: it can be taken up again.
    Open,
    /// It is over, and its seal is missing. How it ended.
    Unsealed(String),
    /// It is over and sealed. How it ended, if that was found.
    Sealed(Option<String>),
}

/// Says what became of each run, oldest first. Folders that hold no readable log are passed over.
pub fn standings(runs: &Runs) -> Vec<Standing> {
    let ids = runs.list().unwrap_or_default();
    let standing = |run: RunId| standing(run.clone(), &runs.place(runs.root().join(run.as_str()))).ok().flatten();
    ids.into_iter().filter_map(standing).collect()
}

/// Lists the folders among the runs that hold none that can be read, each with the reason.
pub fn strange(runs: &Runs) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(runs.root()).into_iter().flatten().flatten();
    let mut all: Vec<(String, String)> = entries
        .filter_map(|entry| {
            let (name, path) = (entry.file_name().to_string_lossy().into_owned(), entry.path());
            if name.starts_with('.') || !path.is_dir() {
                return None;
            }
            let why = match runs.place(path).log {
                _ if entry.file_name().to_str().is_none() => "its name is no text".to_owned(),
                log if !log.is_file() => "it holds no incident.jsonl".to_owned(),
                log => match first(&log) {
                    Ok(Some(_)) => return None,
                    Ok(None) => "the first line of its log begins no run".to_owned(),
                    Err(error) => format!("its log can't be read: {error}"),
                },
            };
            Some((name, why))
        })
        .collect();
    all.sort();
    all
}

/// Reads the header of a log, and when it was written.
///
/// # Errors
/// If there is none that can be read.
pub fn header(log: &Path) -> Result<(Opened, Stamp), StoreError> {
    let missing = || io::Error::other("its first line begins no run");
    first(log).and_then(|first| first.ok_or_else(missing)).map_err(StoreError::io("read the header of", log))
}

fn first(log: &Path) -> io::Result<Option<(Opened, Stamp)>> {
    let mut first = Vec::new();
    BufReader::new(File::open(log)?.take(MAX_LINE as u64 + 1)).read_until(b'\n', &mut first)?;
    let first = first.strip_suffix(b"\n").and_then(|line| read_entry(line).ok());
    Ok(match first {
        Some(Entry { body: Body::Event(event), at, .. }) => match *event {
            Event::Open(opened) => Some((*opened, at)),
            _ => None,
        },
        _ => None,
    })
}

fn standing(run: RunId, place: &LogPlace) -> io::Result<Option<Standing>> {
    let Some((opened, at)) = first(&place.log)? else { return Ok(None) };
    let (log, folder) = (place.last_part(), place.folder.clone().unwrap_or_default());
    let written = is_being_written(&place.log);
    let (mut last, mut sealed, mut how) = (None, false, None);
    // From the end on: nothing before the run's end is asked for.
    for line in tail(&log)?.rsplit(|byte| *byte == b'\n') {
        // The first one may be the end of a line, and the last one torn.
        let Ok(entry) = read_entry(line) else { continue };
        last.get_or_insert(entry.at);
        match entry.body {
            Body::Seal => sealed = true,
            Body::Event(event) => {
                if let Event::Ended { how: ended, .. } = *event {
                    how = Some(ended);
                    break;
                }
            }
            _ => {}
        }
    }
    let last = last.unwrap_or(at);
    let end = match (sealed, written, how) {
        (true, _, how) => End::Sealed(how),
        (false, true, _) => End::Worked,
        (false, false, Some(how)) => End::Unsealed(how),
        (false, false, None) => End::Open,
    };
    Ok(Some(Standing { run, folder, opened, began: at, last, end }))
}

/// Reads a log's end, as far as its lines are complete.
fn tail(log: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(log)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
    bytes.truncate(whole);
    Ok(bytes)
}
