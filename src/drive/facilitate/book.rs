//! The facilitator's own log: a folder, a chain, a session key and a seal of its own, apart from the run that it is about.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};

use crate::clock::Clock;
use crate::drive::signing::KEY_PATIENCE;
use crate::drive::{identity, program, start};
use crate::engine::{Commitment, Disclosure, Event, Exercise, Facilitation, Fact, Mode, Opened, Resumed};
use crate::journal::Trust;
use crate::kernel::{ClockSync, RunId, Stamp};
use crate::report::Board;
use crate::store::{
    self, AppendError, KeyWish, Left, LogNews, LogPlace, LogWriter, Operator, RunFolder, Runs, SealError, Sealed,
    SignError, StoreError,
};

use super::list::Injects;

/// Says what is wrong with a facilitator's log.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// The run has none.
    #[error("{0} began without --facilitate: there is no facilitator's log of it")]
    Missing(RunId),
    /// It can't be read, written or made.
    #[error("the facilitator's log: {0}")]
    Store(#[from] StoreError),
    /// It can't be gone on with.
    #[error("the facilitator's log: {0}")]
    Append(#[from] AppendError),
    /// It can't be sealed.
    #[error("the facilitator's log: {0}")]
    Seal(#[from] SealError),
    /// It makes no sense.
    #[error("the facilitator's log: {0}")]
    Senseless(String),
}

/// Returns the folder in which facilitators' logs lie.
fn shelf(state: &Path) -> Runs {
    Runs::at(state.join("facilitated"))
}

fn name_of(run: &RunId) -> RunId {
    RunId::new(format!("{run}-facilitator"))
}

/// Returns where the facilitator's log of a run lies.
///
/// # Errors
/// If there is none.
pub fn place_of(state: &Path, run: &RunId) -> Result<LogPlace, BookError> {
    shelf(state).find(name_of(run).as_str()).map_err(|_| BookError::Missing(run.clone()))
}

/// Begins the facilitator's log of a run that begins: it holds the injects with their salts. Returns what the run's log
/// is to hold of them. `hidden` is what is broken, where the team is not told.
///
/// # Errors
/// If the log can't be made: then the drill does not begin, since nothing would show what was prepared.
pub fn commit(
    (injects, hidden): (&Injects, Option<&Disclosure>),
    opened: &Opened,
    run: &RunFolder,
    (state, clock): (&Path, Clock),
) -> Result<Exercise, BookError> {
    let disclose = |(inject, number): (&crate::runbook::injects::Inject, u32)| {
        Ok(Disclosure { inject: number, salt: store::salt()?, text: inject.canonical() })
    };
    let disclosures: Vec<Disclosure> =
        injects.list.injects.iter().zip(1..).map(disclose).collect::<Result<_, StoreError>>()?;
    let folder = shelf(state).create_named(name_of(run.id()))?;
    let own = Opened { prev_run: None, prev_sha512: None, ..opened.clone() };
    let operator = key_of(state, &opened.by, None);
    let wish = operator.as_ref().map_err(Clone::clone);
    let begun = LogWriter::begin(&folder, own, wish, Box::new(move || clock.now()))?;
    let commitments: Vec<Commitment> = disclosures.iter().map(Disclosure::commitment).collect();
    let prepared = Facilitation::Prepared {
        run: run.id().clone(),
        runbook_sha256: opened.runbook_sha256.clone(),
        list: injects.path.clone(),
        title: injects.list.title.clone(),
        injects: disclosures,
        broken: hidden.cloned(),
    };
    begun.writer.append_blocking(vec![Event::Facilitation(Box::new(prepared))])?;
    // What the exercise is for would tell what comes: the team learns how much may come, and no more.
    Ok(Exercise::Committed { injects: commitments })
}

/// Finds the key that signs a facilitator's log: the one that is named, else the practice key.
///
/// # Errors
/// Why there is none.
pub fn key_of(state: &Path, by: &str, key: Option<&Path>) -> Result<Operator, SignError> {
    let agent = std::env::var_os("SSH_AUTH_SOCK").map(PathBuf::from);
    store::operator(&KeyWish {
        principal: by,
        key,
        agent: agent.as_deref(),
        mode: Mode::Drill,
        state,
        wait: KEY_PATIENCE,
    })
}

/// Is a facilitator's log that is being written.
#[derive(Debug)]
pub struct Book {
    /// `None` while the log can't be written.
    writer: Option<LogWriter>,
    news: Receiver<LogNews>,
    again: Again,
    operator: Result<Operator, SignError>,
    /// The facts so far.
    pub facts: Vec<Fact>,
    /// What they say.
    pub board: Board,
    /// How it is signed, in words.
    pub signed: String,
    /// What was to be in it and is not, in words.
    pub unwritten: Vec<String>,
}

/// Is what a log is taken up with again.
#[derive(Clone, Debug)]
struct Again {
    state: PathBuf,
    run: RunId,
    by: String,
    key: Option<PathBuf>,
    trust: Trust,
}

impl Book {
    /// Takes up the log of a run; nobody else can meanwhile.
    ///
    /// # Errors
    /// If it is not there, sealed, held by another facilitator, changed, or can't be written.
    pub fn take(
        state: &Path,
        run: &RunId,
        (by, key): (&str, Option<PathBuf>),
        trust: &Trust,
    ) -> Result<Self, BookError> {
        let place = place_of(state, run)?;
        let left = Left::take(&place, trust)?;
        let mut facts = left.facts().to_vec();
        let board = Board::of(&facts).map_err(BookError::Senseless)?;
        let clock = Clock::go_on(left.last());
        let resumed = Resumed {
            by: by.to_owned(),
            session: String::new(),
            host: identity::host_name(),
            boot: identity::boot_id(),
            pid: std::process::id(),
            tool: std::env::current_exe().map(|program| program::said(&program, state)).unwrap_or_default(),
            clock: ClockSync::Unknown,
            torn: None,
        };
        let operator = key_of(state, by, key.as_deref());
        let wish = operator.as_ref().map_err(Clone::clone);
        let begun = LogWriter::go_on(left, resumed, wish, Box::new(move || clock.now()))?;
        facts.push(begun.open);
        let signed = start::signed(&begun.signing);
        let again = Again { state: state.to_owned(), run: run.clone(), by: by.to_owned(), key, trust: trust.clone() };
        let (tell, news) = channel();
        begun.writer.listen(move |what| drop(tell.send(what)));
        let writer = Some(begun.writer);
        Ok(Self { writer, news, again, operator, facts, board, signed, unwritten: Vec::new() })
    }

    /// Returns the file in which the log goes on by now, if that is news.
    pub fn moved(&self) -> Option<PathBuf> {
        let to = |news| if let LogNews::GoesOn(path) = news { Some(path) } else { None };
        self.news.try_iter().filter_map(to).last()
    }

    /// Takes the log up again after it could not be written: what is on the disk counts.
    ///
    /// # Errors
    /// As [`Self::take`] has it; then it can be tried again.
    pub fn retake(&mut self) -> Result<(), BookError> {
        // It lets go of the file.
        self.writer = None;
        let Again { state, run, by, key, trust } = self.again.clone();
        *self = Self::take(&state, &run, (&by, key), &trust)?;
        Ok(())
    }

    /// Records something; after this it is on the disk.
    ///
    /// # Errors
    /// If it is not.
    pub fn record(&mut self, what: Facilitation) -> Result<Stamp, BookError> {
        let writer = self.writer.as_ref().ok_or(AppendError::Ended)?;
        let recorded = writer.append_blocking(vec![Event::Facilitation(Box::new(what))])?;
        for fact in &recorded {
            self.board.take(fact);
        }
        let at = recorded.last().map_or(Stamp { utc: chrono::DateTime::UNIX_EPOCH, mono: 0 }, |fact| fact.at);
        self.facts.extend(recorded);
        Ok(at)
    }

    /// Seals the log.
    ///
    /// # Errors
    /// If it stays open, and why.
    pub fn seal(self) -> Result<(Sealed, Operator), BookError> {
        let operator = self.operator.map_err(|why| BookError::Seal(SealError::Unsigned(why)))?;
        let writer = self.writer.ok_or(BookError::Append(AppendError::Ended))?;
        let sealed = writer.seal_blocking(operator.clone())?;
        Ok((sealed, operator))
    }
}
