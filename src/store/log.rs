//! A log that is being written: the file, what is on the disk of it, and what becomes of it when the file fails.
//!
//! A failed write or fsync is final for a file, since what lies on the disk is unknown then. The log goes on in another
//! file, whose first line says up to where the one before counts. With no place left for one, nothing can be recorded;
//! if the operator goes on all the same, lines are kept in memory until there is a place again.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::error::{SignError, StoreError};
use super::medium::{Medium, Places};
use super::operator::{Message, Operator};
use super::writer::{AppendError, Clock, SealError, Sealed};
use crate::engine::{Continues, Event, Fact, Mode, PartBefore};
use crate::journal::{Armour, Chain, ChainError, Mark, Placed, SEAL_NAMESPACE, Signed};
use crate::kernel::{ClockSync, Sha256Hex};

/// Within one batch a checkpoint follows at least every so many bytes.
const CHECKPOINT_BYTES: u64 = 256 * 1024;

/// Says how the log is, to whoever listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogNews {
    /// It is written, in this file now. Facts that say so wait to be fetched by the next append.
    GoesOn(PathBuf),
    /// It can be written nowhere; why. Nothing is recorded until there is a place, or somebody goes on without.
    Halted(String),
    /// It is kept in memory.
    InMemory,
    /// A person's key vouches for it from here on; whose, in words.
    Delegated(String),
}

#[derive(Debug)]
enum State {
    Sound,
    /// There is no place. Nothing is recorded.
    Halted {
        why: String,
    },
    /// There is no place, and lines that are told as recorded wait for one.
    InMemory {
        why: String,
        lines: Vec<u8>,
        facts: u64,
    },
}

/// Is the log of one run.
pub(super) struct Log {
    file: Box<dyn Medium>,
    path: PathBuf,
    /// Files of earlier parts: their locks keep other engines away.
    locks: Vec<Box<dyn Medium>>,
    /// What counts of them.
    before: Vec<PartBefore>,
    chain: Chain,
    /// What is known to be on the disk.
    durable: Mark,
    places: Box<dyn Places>,
    state: State,
    /// Facts of the log itself that nobody was told yet.
    untold: Vec<Fact>,
    mode: Mode,
    session: String,
    clock: Clock,
    news: Option<Box<dyn Fn(LogNews) + Send>>,
    /// Says how the machine's clock is kept, for heartbeats.
    kept: Option<Box<dyn Fn() -> ClockSync + Send>>,
    stirred: Instant,
}

/// Says what a log begins with.
pub(super) struct Begin {
    pub(super) file: Box<dyn Medium>,
    pub(super) path: PathBuf,
    pub(super) locks: Vec<Box<dyn Medium>>,
    pub(super) before: Vec<PartBefore>,
    pub(super) chain: Chain,
    pub(super) places: Box<dyn Places>,
    pub(super) mode: Mode,
    pub(super) session: String,
    pub(super) clock: Clock,
}

type Compose<'c> = &'c mut dyn FnMut(&mut Chain, &Clock, &mut Vec<u8>) -> Result<(), ChainError>;

impl Log {
    fn new(begin: Begin, durable: Mark) -> Self {
        let Begin { file, path, locks, before, chain, places, mode, session, clock } = begin;
        Self {
            file,
            path,
            locks,
            before,
            chain,
            durable,
            places,
            state: State::Sound,
            untold: Vec::new(),
            mode,
            session,
            clock,
            news: None,
            kept: None,
            stirred: Instant::now(),
        }
    }

    /// Writes the first lines of a log. With a file that does not take them nothing begins.
    pub(super) fn begin(begin: Begin, start: Mark, first: &[u8]) -> Result<Self, StoreError> {
        let mut log = Self::new(begin, start);
        match log.write(first) {
            Ok(()) => Ok(log),
            Err(why) => Err(log.unwritable(why)),
        }
    }

    /// Goes on with a log whose chain stands behind its last line; where its file failed, in the next one.
    pub(super) fn go_on(
        begin: Begin,
        session: String,
        failed: Option<String>,
        compose: Compose<'_>,
    ) -> Result<Self, StoreError> {
        let durable = begin.chain.mark();
        let mut log = Self::new(begin, durable);
        let why = if let Some(why) = failed {
            Err(why)
        } else {
            let mut lines = Vec::new();
            compose(&mut log.chain, &log.clock, &mut lines)?;
            log.chain.checkpoint(&mut lines)?;
            log.write(&lines)
        };
        if let Err(why) = why
            && let Err(error) = log.go_on_elsewhere(why.clone(), compose)
        {
            return Err(match error {
                AppendError::Unfit(error) => error.into(),
                AppendError::Final { .. } | AppendError::Ended => log.unwritable(why),
            });
        }
        log.session = session;
        Ok(log)
    }

    fn unwritable(&self, why: String) -> StoreError {
        StoreError::Io { what: "write", path: self.path.clone(), source: std::io::Error::other(why) }
    }

    /// Returns the file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn listen(&mut self, news: Box<dyn Fn(LogNews) + Send>) {
        match &self.state {
            State::Sound if self.before.is_empty() => {}
            State::Sound => news(LogNews::GoesOn(self.path.clone())),
            State::Halted { why } => news(LogNews::Halted(why.clone())),
            State::InMemory { .. } => news(LogNews::InMemory),
        }
        self.news = Some(news);
    }

    pub(super) fn watch_clock(&mut self, kept: Box<dyn Fn() -> ClockSync + Send>) {
        self.kept = Some(kept);
    }

    fn tell(&self, news: LogNews) {
        if let Some(listener) = &self.news {
            listener(news);
        }
    }

    /// Tells whether a place is looked for.
    pub(super) fn waits(&self) -> bool {
        !matches!(self.state, State::Sound)
    }

    /// Hands out the facts of the log itself that nobody was told yet.
    pub(super) fn take_untold(&mut self) -> Vec<Fact> {
        std::mem::take(&mut self.untold)
    }

    /// Makes lines of a batch: all of them or none.
    pub(super) fn record(&mut self, mut events: Vec<Event>, buffer: &mut Vec<u8>) -> Result<Vec<Fact>, AppendError> {
        if let State::Halted { why } = &self.state {
            return Err(AppendError::Final { path: self.path.clone(), why: why.clone() });
        }
        for event in &mut events {
            self.chain.place(event);
        }
        let drafts = events.iter().map(|event| self.chain.draft(event)).collect::<Result<Vec<_>, _>>()?;
        let mut facts = Vec::with_capacity(events.len());
        for (mut event, mut draft) in events.into_iter().zip(drafts) {
            if self.chain.place(&mut event) == Placed::Here {
                draft = self.chain.placed(&event)?;
            }
            let (seq, at) = self.chain.add((self.clock)(), &draft, buffer)?;
            facts.push(Fact { seq, at, event });
            if self.chain.unsigned_bytes() > CHECKPOINT_BYTES {
                self.chain.checkpoint(buffer)?;
            }
        }
        Ok(facts)
    }

    /// Makes the lines of a batch durable. Where the file fails they are made anew behind the line that says so, and
    /// their facts get the numbers that they have there.
    pub(super) fn commit(&mut self, mut buffer: Vec<u8>, facts: &mut [&mut Fact]) -> Result<(), AppendError> {
        if buffer.is_empty() {
            return Ok(());
        }
        if let State::InMemory { lines, facts: kept, .. } = &mut self.state {
            lines.extend_from_slice(&buffer);
            *kept += facts.len() as u64;
            return Ok(());
        }
        self.chain.checkpoint(&mut buffer)?;
        let Err(why) = self.write(&buffer) else { return Ok(()) };
        self.go_on_elsewhere(why, &mut |chain, clock, out| {
            for fact in &mut *facts {
                chain.place(&mut fact.event);
                (fact.seq, fact.at) = chain.event(clock(), &fact.event, out)?;
                if chain.unsigned_bytes() > CHECKPOINT_BYTES {
                    chain.checkpoint(out)?;
                }
            }
            Ok(())
        })
    }

    /// Returns when it was last written, or that was tried.
    pub(super) fn last_stirred(&self) -> Instant {
        self.stirred
    }

    /// Nobody waits for the answer: a file that fails here is told at once, and at the next append.
    pub(super) fn heartbeat(&mut self) {
        self.stirred = Instant::now();
        let mut buffer = Vec::new();
        let kept = self.kept.as_ref().map(|kept| kept());
        let mut beat =
            |chain: &mut Chain, clock: &Clock, out: &mut Vec<u8>| chain.heartbeat(clock(), kept, out).map(drop);
        if self.waits() || beat(&mut self.chain, &self.clock, &mut buffer).is_err() {
            return;
        }
        if self.chain.checkpoint(&mut buffer).is_ok()
            && let Err(why) = self.write(&buffer)
        {
            // Whoever listens has heard of it.
            drop(self.go_on_elsewhere(why, &mut beat));
        }
    }

    /// Records that the operator lets the session's key sign.
    pub(super) fn delegation(&mut self, by: &str, sig: &Armour) -> Result<(), AppendError> {
        if let State::Halted { why } = &self.state {
            return Err(AppendError::Final { path: self.path.clone(), why: why.clone() });
        }
        let mut delegate =
            |chain: &mut Chain, clock: &Clock, out: &mut Vec<u8>| chain.delegation(clock(), by, sig, out);
        let mut buffer = Vec::new();
        delegate(&mut self.chain, &self.clock, &mut buffer)?;
        if let State::InMemory { lines, .. } = &mut self.state {
            lines.extend_from_slice(&buffer);
        } else {
            self.chain.checkpoint(&mut buffer)?;
            if let Err(why) = self.write(&buffer) {
                self.go_on_elsewhere(why, &mut delegate)?;
            }
        }
        let signed = Signed::new(by, sig.key());
        self.tell(LogNews::Delegated(format!("{} ({})", signed.by, signed.fingerprint)));
        Ok(())
    }

    /// Keeps lines in memory from here on, where there is no place for them.
    pub(super) fn keep_in_memory(&mut self) {
        let State::Halted { why } = &self.state else { return };
        let why = why.clone();
        let mut lines = Vec::new();
        if let Ok(fact) = self.next_part(&why, &mut lines) {
            self.untold.push(fact);
            self.state = State::InMemory { why, lines, facts: 1 };
            self.tell(LogNews::InMemory);
        }
    }

    /// Looks for a place again.
    pub(super) fn try_again(&mut self) {
        match std::mem::replace(&mut self.state, State::Sound) {
            State::Sound => {}
            State::Halted { why } => {
                self.state = State::Halted { why: why.clone() };
                // Whoever listens has heard of it.
                drop(self.go_on_elsewhere(why, &mut |_, _, _| Ok(())));
            }
            State::InMemory { why, mut lines, facts } => {
                let (before, length) = (self.chain.mark(), lines.len());
                let event = Event::RecordedAgain { since: self.durable.last().utc, facts };
                let again = self.chain.event((self.clock)(), &event, &mut lines);
                let ready = again.and_then(|again| self.chain.checkpoint(&mut lines).map(|()| again));
                if let Ok((seq, at)) = ready
                    && self.place_for(&lines)
                {
                    self.untold.push(Fact { seq, at, event });
                    self.tell(LogNews::GoesOn(self.path.clone()));
                } else {
                    self.chain.back_to(before);
                    lines.truncate(length);
                    self.state = State::InMemory { why, lines, facts };
                }
            }
        }
    }

    /// Seals the log. A file that fails meanwhile is followed by another one, which is sealed then.
    pub(super) fn seal(&mut self, operator: &Operator) -> Result<Sealed, SealError> {
        loop {
            if self.waits() {
                self.try_again();
            }
            if let State::Halted { why } | State::InMemory { why, .. } = &self.state {
                return Err(AppendError::Final { path: self.path.clone(), why: why.clone() }.into());
            }
            let mut buffer = Vec::new();
            self.chain.sealing((self.clock)(), operator.principal(), &mut buffer).map_err(AppendError::from)?;
            self.chain.checkpoint(&mut buffer).map_err(AppendError::from)?;
            let written = self.write(&buffer);
            let sealed = match written {
                Ok(()) => {
                    let sig = self.sign(operator)?;
                    let mut buffer = Vec::new();
                    self.chain.seal(&sig, &mut buffer).map_err(AppendError::from)?;
                    self.write(&buffer)
                }
                Err(why) => Err(why),
            };
            match sealed {
                Ok(()) => return Ok(self.sealed()),
                Err(why) => self.go_on_elsewhere(why, &mut |_, _, _| Ok(()))?,
            }
        }
    }

    fn sign(&self, operator: &Operator) -> Result<Armour, SignError> {
        let message = Message::File { path: &self.path, bytes: self.durable.bytes() };
        operator.sign(SEAL_NAMESPACE, &self.chain.digest(), message)
    }

    fn sealed(&self) -> Sealed {
        let digest = self.chain.digest();
        Sealed { lines: self.chain.lines(), sha512: Sha256Hex::from_digest(&digest).as_str().to_owned() }
    }

    /// Makes the first line of the next part: up to where the parts before count. Nothing of it is written yet.
    fn next_part(&mut self, why: &str, out: &mut Vec<u8>) -> Result<Fact, ChainError> {
        self.chain.back_to(self.durable.clone());
        self.chain.begin_part();
        let parts = self.parts_before();
        let event = Event::Continues(Box::new(Continues {
            run: self.chain.run().clone(),
            mode: self.mode,
            part: u32::try_from(parts.len() + 1).unwrap_or(u32::MAX),
            parts,
            session: self.session.clone(),
            since: self.durable.last().utc,
            why: why.to_owned(),
        }));
        let (seq, at) = self.chain.event((self.clock)(), &event, out)?;
        Ok(Fact { seq, at, event })
    }

    /// Describes all parts up to the one that failed. A file in which nothing counts is none.
    fn parts_before(&self) -> Vec<PartBefore> {
        let mut parts = self.before.clone();
        if self.durable.bytes() > 0 {
            parts.push(self.durable.as_part());
        }
        parts
    }

    /// Goes on in the first place that takes it, with the lines that `compose` makes behind the first one.
    fn go_on_elsewhere(&mut self, why: String, compose: Compose<'_>) -> Result<(), AppendError> {
        let mut lines = Vec::new();
        let composed = self.next_part(&why, &mut lines).and_then(|fact| {
            compose(&mut self.chain, &self.clock, &mut lines)?;
            self.chain.checkpoint(&mut lines)?;
            Ok(fact)
        });
        match composed {
            Ok(fact) if self.place_for(&lines) => {
                self.untold.push(fact);
                self.state = State::Sound;
                self.tell(LogNews::GoesOn(self.path.clone()));
                Ok(())
            }
            composed => {
                self.chain.back_to(self.durable.clone());
                let told = matches!(self.state, State::Halted { .. });
                self.state = State::Halted { why: why.clone() };
                if !told {
                    self.tell(LogNews::Halted(why.clone()));
                }
                composed?;
                Err(AppendError::Final { path: self.path.clone(), why })
            }
        }
    }

    /// Finds a place that takes these lines as the beginning of a part, and goes on there.
    fn place_for(&mut self, lines: &[u8]) -> bool {
        self.stirred = Instant::now();
        let parts = self.parts_before();
        let part = u32::try_from(parts.len() + 1).unwrap_or(u32::MAX);
        for place in 0.. {
            let Some(made) = self.places.make(place, part) else { return false };
            let (mut file, path) = match made {
                Ok(made) => made,
                Err(error) => {
                    tracing::warn!(%error, "the log can't go on here");
                    continue;
                }
            };
            if let Err(error) = file.write_all(lines).and_then(|()| file.settle()) {
                tracing::warn!(%error, path = %path.display(), "the log can't go on here");
                self.places.unmake(&path);
                continue;
            }
            self.places.point(&path, part);
            self.locks.push(std::mem::replace(&mut self.file, file));
            (self.path, self.before) = (path, parts);
            self.durable = self.chain.mark();
            return true;
        }
        false
    }

    fn write(&mut self, buffer: &[u8]) -> Result<(), String> {
        self.stirred = Instant::now();
        let length = self.file.length().map_err(|e| e.to_string())?;
        if length != self.durable.bytes() {
            return Err(format!(
                "it has {length} bytes where this run left {}: something else writes to it or has cut it",
                self.durable.bytes()
            ));
        }
        self.file.write_all(buffer).and_then(|()| self.file.settle()).map_err(|e| match e.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => format!("{e}; the disk is full"),
            _ => e.to_string(),
        })?;
        self.durable = self.chain.mark();
        Ok(())
    }
}

/// How often a place is looked for, where there is none.
pub(super) const LOOK_FOR_A_PLACE: Duration = Duration::from_secs(2);
