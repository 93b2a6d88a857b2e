//! The end of an exercise: what was promised is disclosed beside the run's log, and both logs are read side by side.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::Utc;

use super::book::{BookError, place_of};
use crate::drive::record::{RecordError, Recording, integrity};
use crate::engine::{Fact, Fate};
use crate::journal::{Addition, Trust, read_log};
use crate::kernel::{RunId, Sha256Hex, Stamp};
use crate::report::{Board, Integrity, Report, Washed, hot_wash};
use crate::store::{self, AddError, LogPlace, Operator};

/// Says why there is no page, or nothing was disclosed.
#[derive(Debug, thiserror::Error)]
pub enum WashError {
    /// The run's record.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The facilitator's log.
    #[error(transparent)]
    Book(#[from] BookError),
    /// Nothing was added to the run's log.
    #[error("the injects were not disclosed: {0}")]
    Add(#[from] AddError),
    /// Nobody facilitated it.
    #[error("{0} was not facilitated: its log says nothing of injects")]
    NoExercise(RunId),
}

/// Reads a facilitator's log as it lies there.
fn read(place: &LogPlace, trust: &Trust) -> Result<(Vec<Fact>, Board, Integrity, [u8; 64]), BookError> {
    let verified = store::verify_log(place, trust)?;
    let bytes = std::fs::read(&place.log)
        .map_err(|error| BookError::Senseless(format!("{} can't be read: {error}", place.log.display())))?;
    let facts = read_log(&bytes).into_facts();
    let board = Board::of(&facts).map_err(BookError::Senseless)?;
    Ok((facts, board, integrity(&verified, Vec::new()), verified.log_sha512))
}

/// Discloses the injects of an exercise beside the run's log, which is sealed; once. Says whether that was done now.
///
/// # Errors
/// If it was not done, and why.
pub fn disclose(
    state: &Path,
    (run, place): (&RunId, &LogPlace),
    operator: &Operator,
    trust: &Trust,
) -> Result<bool, WashError> {
    let own = place_of(state, run)?;
    let (_, board, _, digest) = read(&own, trust)?;
    let log_sha512 = Sha256Hex::from_digest(&digest).as_str().to_owned();
    let what = Addition::Disclosed { injects: board.disclosures, log_sha512 };
    if let Some(folder) = &place.folder {
        let verified = store::verify_log(place, trust).map_err(BookError::Store)?;
        let addenda = store::read_addenda(folder, &verified, trust).map_err(BookError::Store)?;
        if addenda.counting().any(|(entry, _)| entry.what == what) {
            return Ok(false);
        }
    }
    store::add(place, what, operator, trust, Stamp { utc: Utc::now(), mono: 0 })?;
    Ok(true)
}

/// Compares what a run's log promised of injects with what was disclosed beside it; `None` where nothing was promised,
/// or the record can't be read.
pub fn promised(place: &LogPlace, trust: &Trust) -> Option<BTreeMap<u32, Fate>> {
    let recording = Recording::read(place, trust).ok()?;
    recording.run.exercise.committed.as_ref()?;
    Some(Washed { record: &recording.record(), facilitator: None }.fates())
}

/// Makes the page for the hot wash. Without the facilitator's log, as on another machine, it holds what was disclosed.
/// Says also whether every inject is what it was promised to be.
///
/// # Errors
/// If the run's record can't be read, or nobody facilitated it.
pub fn wash(state: &Path, place: &LogPlace, trust: &Trust) -> Result<(Report, bool), WashError> {
    let recording = Recording::read(place, trust)?;
    let run = recording.run.opened.as_ref().map_or_else(|| RunId::new(""), |opened| opened.run.clone());
    if recording.run.exercise.committed.is_none() {
        return Err(WashError::NoExercise(run));
    }
    let own = match place_of(state, &run) {
        Ok(own) => Some(read(&own, trust)?),
        Err(_) => None,
    };
    let record = recording.record();
    let facilitator = own.as_ref().map(|(facts, board, integrity, _)| (facts.as_slice(), board, integrity));
    let washed = Washed { record: &record, facilitator };
    let kept = washed.fates().values().all(|fate| *fate == Fate::Kept);
    Ok((hot_wash(&washed), kept))
}
