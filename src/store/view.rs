//! The views behind `lifeboat log show` and `lifeboat log tail`: one readable, harmless line a line of the log.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use super::error::StoreError;
use super::grip;
use super::lines::Lines;
use super::runs::LogPlace;
use crate::engine::{Disclosure, Event};
use crate::journal::{Addenda, Addition, Body, Entry, read_entry};
use crate::kernel::{ClockSync, SafeText, clock};

/// How long a follower sleeps before it looks at the file again.
const LOOK: Duration = Duration::from_millis(200);

/// Says how lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Words for people.
    Text,
    /// The lines as they stand in the file.
    Json,
}

/// Says whether to wait for more.
#[derive(Clone, Copy)]
pub enum Follow<'f> {
    /// Stop at the end of the file.
    No,
    /// Go on until the seal, until the writer is gone, or until this says stop.
    Until(&'f dyn Fn() -> bool),
}

impl std::fmt::Debug for Follow<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::No => "No",
            Self::Until(_) => "Until",
        })
    }
}

/// Writes the whole log. `narrate` gives the words for a fact. A reader that goes away (`| head`) is no error.
///
/// # Errors
/// If the log cannot be read.
pub fn show(
    place: &LogPlace,
    format: Format,
    narrate: &dyn Fn(&Event) -> String,
    out: &mut dyn Write,
) -> Result<(), StoreError> {
    let mut lines = Lines::open(place)?;
    while let Some(line) = lines.next(place)? {
        if put(&line, format, narrate, out).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// Writes the last `count` lines and, if asked, those that come.
///
/// # Errors
/// If the log cannot be read.
pub fn tail(
    place: &LogPlace,
    count: usize,
    follow: Follow<'_>,
    format: Format,
    narrate: &dyn Fn(&Event) -> String,
    out: &mut dyn Write,
) -> Result<(), StoreError> {
    let mut lines = Lines::open(place)?;
    let mut last = std::collections::VecDeque::new();
    let mut sealed = false;
    while let Some(line) = lines.next(place)? {
        sealed = is_seal(&line);
        last.push_back(line);
        if last.len() > count {
            last.pop_front();
        }
    }
    for line in &last {
        if put(line, format, narrate, out).is_err() {
            return Ok(());
        }
    }
    let Follow::Until(stop) = follow else { return Ok(()) };
    while !sealed && !stop() {
        // Asked before reading: what a writer wrote before it went away is still read below.
        let written = is_being_written(&place.log);
        while let Some(line) = lines.next(place)? {
            sealed = is_seal(&line);
            if put(&line, format, narrate, out).is_err() {
                return Ok(());
            }
        }
        if out.flush().is_err() {
            return Ok(());
        }
        if !written {
            return Ok(());
        }
        if !sealed {
            std::thread::sleep(LOOK);
        }
    }
    Ok(())
}

/// Writes what was added after the seal, a line each.
///
/// # Errors
/// If `out` cannot be written.
pub fn show_addenda(addenda: &Addenda, out: &mut dyn Write) -> io::Result<()> {
    for entry in &addenda.entries {
        let what = match &entry.what {
            Addition::Note { text } => format!("note: {text}"),
            Addition::Correction { of, text } => format!("correction of {of}: {text}"),
            Addition::Issue { number, text, owner, due } => {
                format!("issue {number}, {owner}, by {due}: {text}")
            }
            Addition::Closed { what, text } => format!("closed {what}: {text}"),
            Addition::Disclosed { injects, .. } => {
                let named = |disclosure: &Disclosure| format!("{}: {}", disclosure.inject, disclosure.text);
                format!("injects disclosed: {}", injects.iter().map(named).collect::<Vec<_>>().join("; "))
            }
            Addition::Unblinded { broken } => format!("what was broken: {}", broken.text),
            Addition::Countersigned { .. } => "countersigned: the log is as it was when it was sealed".to_owned(),
        };
        let by = entry.by.as_ref().map_or("nobody who counts", |by| &by.by);
        let time = entry.at.utc.format("%Y-%m-%d %H:%M:%SZ");
        writeln!(out, "{:>5}  {time}  {by}: {}", format!("+{}", entry.seq), SafeText::line(&what))?;
    }
    Ok(())
}

/// Tells whether a lifeboat holds the log for writing.
pub fn is_being_written(log: &Path) -> bool {
    grip::is_held(log)
}

fn is_seal(line: &[u8]) -> bool {
    read_entry(line).is_ok_and(|entry| entry.body == Body::Seal)
}

fn put(line: &[u8], format: Format, narrate: &dyn Fn(&Event) -> String, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Json => {
            out.write_all(line)?;
            out.write_all(b"\n")
        }
        Format::Text => match read_entry(line) {
            Ok(entry) => writeln!(out, "{}", words(&entry, narrate)),
            Err(broken) => writeln!(out, "       broken: the line {broken}"),
        },
    }
}

/// `   41  2026-11-22 09:26:30Z  +23:41  promotion confirmed …`
fn words(entry: &Entry, narrate: &dyn Fn(&Event) -> String) -> String {
    let what = match &entry.body {
        Body::Event(event) => narrate(event),
        Body::Delegation { by } => format!("{by} lets this session's key sign"),
        Body::Checkpoint => "checkpoint: everything above is signed by the session's key".to_owned(),
        Body::Heartbeat { clock: ClockSync::Unsynced } => "nothing new; NO TIME SERVER KEEPS THE CLOCK".to_owned(),
        Body::Heartbeat { .. } => "nothing new".to_owned(),
        Body::Sealing { by } => format!("{by} seals the log"),
        Body::Seal => "seal: everything above is signed by the operator's key".to_owned(),
        Body::Unknown { kind, text } => format!("unknown kind `{kind}`: {text}"),
    };
    let since = clock(Duration::from_micros(entry.at.mono));
    let time = entry.at.utc.format("%Y-%m-%d %H:%M:%SZ");
    format!("{:>5}  {time}  {:>8}  {}", entry.seq, format!("+{since}"), SafeText::line(&what))
}
