//! A log may lie in several files: which number each has, and how much of it counts.

use std::io::{self, BufRead as _, BufReader, Read, Seek, SeekFrom};

use super::line::MAX_LINE;
use crate::engine::{Continues, Event, PartBefore};

/// Describes one part that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its place among the readers.
    pub index: usize,
    /// Its number; the first part is 1.
    pub number: u32,
    /// How many bytes of it count, where a later part says so.
    pub counts: Option<u64>,
}

/// Reads what the first line of a further part says; a first part says nothing of the kind.
pub fn continues(first: &[u8]) -> Option<Continues> {
    match super::read_entry(first.strip_suffix(b"\n").unwrap_or(first)).ok()?.into_fact()?.event {
        Event::Continues(continues) if continues.part > 1 => Some(*continues),
        _ => None,
    }
}

/// Puts the parts of a log in order. Each is read to the end of its first line and rewound.
///
/// # Errors
/// If one cannot be read.
pub fn in_order<R: Read + Seek>(logs: &mut [R]) -> io::Result<Vec<Part>> {
    let mut found = Vec::new();
    for (index, log) in logs.iter_mut().enumerate() {
        let mut first = Vec::new();
        log.rewind()?;
        BufReader::new(log.by_ref().take(MAX_LINE as u64 + 1)).read_until(b'\n', &mut first)?;
        log.rewind()?;
        found.push((index, continues(&first)));
    }
    // One whose first line is broken is taken for what its place says; reading it finds the damage.
    let number = |(index, continues): &(usize, Option<Continues>)| {
        continues.as_ref().map_or(u32::try_from(*index).unwrap_or(u32::MAX).saturating_add(1), |known| known.part)
    };
    found.sort_by_key(number);
    let said = |part: u32| -> Option<&PartBefore> {
        let later = found.iter().find_map(|(_, continues)| continues.as_ref().filter(|later| later.part > part));
        later?.parts.get(usize::try_from(part).ok()?.checked_sub(1)?)
    };
    let of = |part: &(usize, Option<Continues>)| {
        let number = number(part);
        Part { index: part.0, number, counts: said(number).map(|part| part.bytes) }
    };
    Ok(found.iter().map(of).collect())
}

/// Returns how many bytes a part has.
pub(super) fn length(log: &mut impl Seek) -> io::Result<u64> {
    let length = log.seek(SeekFrom::End(0))?;
    log.rewind()?;
    Ok(length)
}

/// Names the file of a part.
pub fn part_name(number: u32) -> String {
    if number <= 1 { "incident.jsonl".to_owned() } else { format!("incident.{number}.jsonl") }
}
