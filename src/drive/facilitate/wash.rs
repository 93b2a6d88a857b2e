//! The end of an exercise: what was promised is disclosed beside the run's log, and both logs are read side by side.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::Utc;

use super::book::{BookError, place_of};
use crate::drive::blind::BlindDrill;
use crate::drive::record::{RecordError, Recording, facts, integrity};
use crate::engine::{Fact, Fate};
use crate::journal::{Addition, Trust};
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
    let facts = facts(place)
        .map_err(|error| BookError::Senseless(format!("{} can't be read: {error}", place.log.display())))?;
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

/// Compares what a run's log promised of injects with what was disclosed beside it; `None` where nothing was promised.
pub fn promised(recording: &Recording) -> Option<BTreeMap<u32, Fate>> {
    recording.run.exercise.committed.as_ref()?;
    Some(Washed { record: &recording.record(), facilitator: None }.fates())
}

/// Is what the page for the hot wash is made of.
#[derive(Debug)]
pub struct Hot {
    /// The run's record.
    pub recording: Recording,
    /// The facilitator's log, what it says, and what it is worth; nothing where it is not at hand, as on another machine.
    own: Option<(Vec<Fact>, Board, Integrity)>,
}

impl Hot {
    /// Makes the page. Says also whether every inject is what it was promised to be.
    pub fn page(&self) -> (Report, bool) {
        let record = self.recording.record();
        let facilitator = self.own.as_ref().map(|(facts, board, integrity)| (facts.as_slice(), board, integrity));
        let washed = Washed { record: &record, facilitator };
        let kept = washed.fates().values().all(|fate| *fate == Fate::Kept);
        (hot_wash(&washed), kept)
    }

    /// Returns the facts of the facilitator's log.
    pub fn facilitator(&self) -> &[Fact] {
        self.own.as_ref().map(|(facts, ..)| facts.as_slice()).unwrap_or_default()
    }
}

/// Reads both logs of an exercise: the facilitator's from the pack that holds the run, else from this machine's. Without it
/// the page holds what was disclosed.
///
/// # Errors
/// If one of them can't be read, they do not belong together, or nobody facilitated the run.
pub fn wash(state: &Path, place: &LogPlace, trust: &Trust) -> Result<Hot, WashError> {
    let recording = Recording::read(place, trust)?;
    let run = recording.run.opened.as_ref().map_or_else(|| RunId::new(""), |opened| opened.run.clone());
    if recording.run.exercise.committed.is_none() {
        return Err(WashError::NoExercise(run));
    }
    let packed = place.folder.as_deref().and_then(store::packed_facilitator);
    let own = match packed.map_or_else(|| place_of(state, &run), Ok) {
        Ok(own) => {
            let (facts, board, integrity, _) = read(&own, trust)?;
            if board.run != run {
                let why = format!("{} is that of another run, {}", own.log.display(), board.run);
                return Err(BookError::Senseless(why).into());
            }
            Some((facts, board, integrity))
        }
        Err(_) => None,
    };
    Ok(Hot { recording, own })
}

/// Returns the facilitator's log of a run that may be handed on with it, or why there is none.
///
/// # Errors
/// Why it stays where it is, in a sentence without its period; nothing where there is none.
pub fn to_hand_on(state: &Path, place: &LogPlace, trust: &Trust) -> Result<LogPlace, Option<String>> {
    let (opened, _) = store::header(&place.log).map_err(|_| None)?;
    let own = place_of(state, &opened.run).map_err(|_| None)?;
    if place.folder.as_deref().and_then(BlindDrill::of_run).is_some() {
        return Err(Some("the blind drill goes on, and it says what is broken".to_owned()));
    }
    match store::verify_log(&own, trust) {
        Ok(verified) if verified.sealed_by.is_some() => Ok(own),
        Ok(_) => Err(Some("it is not sealed: the exercise was not ended".to_owned())),
        Err(error) => Err(Some(error.to_string())),
    }
}
