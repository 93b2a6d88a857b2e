//! The thread that writes a log: what it has answered is on the disk.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::error::{SignError, StoreError};
use super::log::{Begin, LOOK_FOR_A_PLACE, Log, LogNews};
use super::medium::{self, Medium, Places};
use super::operator::Operator;
use super::runs::{self, RunFolder};
use super::taken::{Held, Left};
use crate::engine::{Event, Fact, Opened, Resumed};
use crate::journal::{Armour, Chain, ChainError, SessionKey, SignerKind};
use crate::kernel::{ClockSync, Stamp};

/// Tells the time of the run: the writer stamps every line itself, so that times in the file never go back.
pub type Clock = Box<dyn Fn() -> Stamp + Send>;

/// Silence is recorded, and signed, this often.
const HEARTBEAT: Duration = Duration::from_secs(60);

/// Says why facts were not recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// A fact of the batch cannot be a line. Nothing of the batch was recorded; the log goes on.
    #[error(transparent)]
    Unfit(#[from] ChainError),
    /// The file failed, now or earlier, and there is no other place. Nothing of the batch counts as recorded.
    #[error("the log {} cannot be written any more: {why}", path.display())]
    Final {
        /// The log.
        path: PathBuf,
        /// What happened, and what to do.
        why: String,
    },
    /// The writer is gone.
    #[error("the log's writer has ended")]
    Ended,
}

/// Says why a log was not sealed. It stays open, and nothing of it is lost.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The operator's key did not sign. Sealing can be tried again.
    #[error("the log is not sealed: {0}")]
    Unsigned(#[from] SignError),
    /// The log cannot be written.
    #[error("the log is not sealed: {0}")]
    Append(#[from] AppendError),
}

/// Says how a run is signed from the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signing {
    /// The operator's key vouches for the session key.
    Delegated {
        /// The operator's name.
        by: String,
        /// The key's fingerprint.
        fingerprint: String,
        /// A person's key, or a practice key.
        kind: SignerKind,
    },
    /// Nobody's key does. The run goes on, its banner says UNSIGNED.
    Unsigned {
        /// Why.
        reason: SignError,
    },
}

/// Is a log that has begun: its first lines are on the disk.
#[derive(Debug)]
pub struct Begun {
    /// Appends to it.
    pub writer: LogWriter,
    /// Its first fact, as recorded.
    pub open: Fact,
    /// How it is signed.
    pub signing: Signing,
    /// What the operator signs to vouch for it, now or later: the delegation's statement.
    pub statement: String,
}

/// Describes a sealed log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Lines, the seal among them.
    pub lines: u64,
    /// SHA-512 of every byte of the file, hex: what the next run's `prev_sha512` will say.
    pub sha512: String,
}

/// Appends facts to the log of a run. Clones share the thread; it ends, without a seal, when the last one is dropped.
#[derive(Clone, Debug)]
pub struct LogWriter {
    thread: Arc<Thread>,
}

#[derive(Debug)]
struct Thread {
    /// Unbounded: the engine waits for every answer, so at most a handful of requests exist.
    requests: Option<mpsc::Sender<Request>>,
    handle: Option<JoinHandle<()>>,
    log: Shared,
}

/// Is the log, which mostly the thread uses. Nothing can panic halfway through a change of it that would not be final.
#[derive(Clone)]
struct Shared(Arc<Mutex<Log>>);

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shared")
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Answer<T> = Box<dyn FnOnce(T) + Send>;

enum Request {
    Append {
        events: Vec<Event>,
        answer: Answer<Result<Vec<Fact>, AppendError>>,
    },
    Delegate {
        by: String,
        sig: Box<Armour>,
        answer: Answer<Result<(), AppendError>>,
    },
    Seal {
        operator: Box<Operator>,
        answer: Answer<Result<Sealed, SealError>>,
    },
    KeepInMemory,
    Listen(Box<dyn Fn(LogNews) + Send>),
    WatchClock(Box<dyn Fn() -> ClockSync + Send>),
    /// Somebody else found that there is no place left.
    LookForAPlace,
}

impl LogWriter {
    /// Begins the log of a run: open line, delegation, checkpoint, on the disk. `opened.run` and `opened.session` are filled in here.
    ///
    /// With an operator it takes as long as the signature, within the operator's patience. A key that does not sign
    /// never holds up the run: the log begins unsigned, and `signing` says why.
    ///
    /// # Errors
    /// If the file cannot be created, locked or written.
    pub fn begin(
        folder: &RunFolder,
        opened: Opened,
        operator: Result<&Operator, SignError>,
        clock: Clock,
    ) -> Result<Begun, StoreError> {
        let path = folder.log();
        let file = medium::made(&path)?;
        Self::begin_in((Box::new(file), path), Box::new(folder.further()), folder, opened, operator, clock, HEARTBEAT)
    }

    pub(super) fn begin_in(
        (file, path): (Box<dyn Medium>, PathBuf),
        places: Box<dyn Places>,
        folder: &RunFolder,
        mut opened: Opened,
        operator: Result<&Operator, SignError>,
        clock: Clock,
        silence: Duration,
    ) -> Result<Begun, StoreError> {
        let session = SessionKey::from_seed(&runs::random::<32>()?);
        opened.run = folder.id().clone();
        opened.session = session.public_text();
        let (mode, session_text) = (opened.mode, opened.session.clone());
        let mut chain = Chain::new(opened.run.clone(), Some(session));
        let start = chain.mark();
        let mut buffer = Vec::new();
        let event = Event::Open(Box::new(opened));
        let (seq, at) = chain.event(clock(), &event, &mut buffer)?;
        let statement = chain.delegation_statement().unwrap_or_default();
        let signing = delegated(&mut chain, operator, &clock, &mut buffer)?;
        chain.checkpoint(&mut buffer)?;
        let begin = Begin {
            file,
            path,
            locks: Vec::new(),
            before: Vec::new(),
            chain,
            places,
            mode,
            session: session_text,
            clock,
        };
        let writer = Self::start(Log::begin(begin, start, &buffer)?, silence)?;
        runs::sync_folder(folder.path())?;
        Ok(Begun { writer, open: Fact { seq, at, event }, signing, statement })
    }

    /// Goes on with a log that an engine which is gone left behind: who takes it up, with which new key, delegated
    /// again over the head that was found. `resumed.session` and `resumed.torn` are filled in here.
    ///
    /// It takes as long as the signature, as [`Self::begin`] does, and is as little held up by one that does not come.
    ///
    /// # Errors
    /// If what is left over cannot be set aside, or the file cannot be written.
    pub fn go_on(
        left: Left,
        mut resumed: Resumed,
        operator: Result<&Operator, SignError>,
        clock: Clock,
    ) -> Result<Begun, StoreError> {
        let session = SessionKey::from_seed(&runs::random::<32>()?);
        resumed.session = session.public_text();
        let (session_text, mode, run) = (resumed.session.clone(), left.opened().mode, left.opened().run.clone());
        let Held { file, path, whole, torn, failed, locks, before, session: old, places } = left.set_aside();
        resumed.torn = torn;
        let chain = Chain::go_on(run, session, &whole)?;
        let begin = Begin { file, path, locks, before, chain, places, mode, session: old, clock };
        let mut resumption = None;
        let log = Log::go_on(begin, session_text, failed, &mut |chain, clock, buffer| {
            let event = Event::Resumed(Box::new(resumed.clone()));
            let (seq, at) = chain.event(clock(), &event, buffer)?;
            let statement = chain.delegation_statement().unwrap_or_default();
            let signing = delegated(chain, operator.clone(), clock, buffer)?;
            resumption = Some((Fact { seq, at, event }, signing, statement));
            Ok(())
        })?;
        let (open, signing, statement) = resumption.ok_or_else(|| StoreError::Damaged {
            path: log.path().to_owned(),
            line: 1,
            what: "nothing could be added".to_owned(),
        })?;
        Ok(Begun { writer: Self::start(log, HEARTBEAT)?, open, signing, statement })
    }

    /// Starts the thread that writes all further lines.
    fn start(log: Log, silence: Duration) -> Result<Self, StoreError> {
        let path = log.path().to_owned();
        let (requests, inbox) = mpsc::channel();
        let log = Shared(Arc::new(Mutex::new(log)));
        let desk = Desk { log: log.clone(), silence };
        let handle = std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || desk.serve(&inbox))
            .map_err(StoreError::io("start the writer of", &path))?;
        let thread = Thread { requests: Some(requests), handle: Some(handle), log };
        Ok(Self { thread: Arc::new(thread) })
    }

    /// Has `news` called, on the writer's thread, whenever the log moves to another file or can be written nowhere.
    pub fn listen(&self, news: impl Fn(LogNews) + Send + 'static) {
        self.send(Request::Listen(Box::new(news)));
    }

    /// Has heartbeats say what `clock` says of the machine's clock. It is asked on the writer's thread, and waits for nothing.
    pub fn watch_clock(&self, clock: impl Fn() -> ClockSync + Send + 'static) {
        self.send(Request::WatchClock(Box::new(clock)));
    }

    /// Keeps what is recorded from here on in memory until there is a place for it; only where there is none.
    pub fn keep_in_memory(&self) {
        self.send(Request::KeepInMemory);
    }

    fn send(&self, request: Request) {
        if let Some(requests) = &self.thread.requests {
            // A writer that is gone takes nothing.
            drop(requests.send(request));
        }
    }

    /// Records a batch and waits until it is on the disk. Gives the facts as recorded, in order.
    ///
    /// # Errors
    /// If nothing of the batch was recorded, or it is unknown how much.
    pub async fn append(&self, events: Vec<Event>) -> Result<Vec<Fact>, AppendError> {
        let (tx, rx) = tokio::sync::oneshot::channel();
        self.request(|answer| Request::Append { events, answer }, move |reply| drop(tx.send(reply)));
        rx.await.unwrap_or(Err(AppendError::Ended))
    }

    /// Does the same on the caller's thread, which waits for the disk: two switches between threads less, for a run that
    /// nobody looks at. What was asked of the log's thread before must have been answered.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub fn append_here(&self, events: Vec<Event>) -> Result<Vec<Fact>, AppendError> {
        let mut log = self.thread.log.lock();
        let mut buffer = Vec::new();
        let mut facts = log.record(events, &mut buffer)?;
        let written = log.commit(buffer, &mut facts.iter_mut().collect::<Vec<_>>());
        if log.waits() {
            self.send(Request::LookForAPlace);
        }
        written.map(|()| told(&mut log, facts))
    }

    /// Does the same as [`Self::append`] and blocks the thread; not for use on an async runtime's own threads.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub fn append_blocking(&self, events: Vec<Event>) -> Result<Vec<Fact>, AppendError> {
        let (tx, rx) = mpsc::sync_channel(1);
        self.request(|answer| Request::Append { events, answer }, move |reply| drop(tx.send(reply)));
        rx.recv().unwrap_or(Err(AppendError::Ended))
    }

    /// Records that `by` lets the session's key sign: `sig` is theirs over [`Begun::statement`].
    ///
    /// # Errors
    /// If it was not recorded.
    pub async fn delegate(&self, by: &str, sig: Armour) -> Result<(), AppendError> {
        let (tx, rx) = tokio::sync::oneshot::channel();
        let (by, sig) = (by.to_owned(), Box::new(sig));
        self.request(|answer| Request::Delegate { by, sig, answer }, move |reply| drop(tx.send(reply)));
        rx.await.unwrap_or(Err(AppendError::Ended))
    }

    /// Seals the log with the operator's key. Afterwards nothing can be appended. It takes as long as the signature.
    ///
    /// # Errors
    /// If the log stays open, and why.
    pub async fn seal(&self, operator: Operator) -> Result<Sealed, SealError> {
        let (tx, rx) = tokio::sync::oneshot::channel();
        let operator = Box::new(operator);
        self.request(|answer| Request::Seal { operator, answer }, move |reply| drop(tx.send(reply)));
        rx.await.unwrap_or(Err(SealError::Append(AppendError::Ended)))
    }

    /// Does the same and blocks the thread.
    ///
    /// # Errors
    /// As [`Self::seal`].
    pub fn seal_blocking(&self, operator: Operator) -> Result<Sealed, SealError> {
        let (tx, rx) = mpsc::sync_channel(1);
        let operator = Box::new(operator);
        self.request(|answer| Request::Seal { operator, answer }, move |reply| drop(tx.send(reply)));
        rx.recv().unwrap_or(Err(SealError::Append(AppendError::Ended)))
    }

    /// Sends a request. A writer that is gone drops it and with it the answer, which the caller sees.
    fn request<T>(&self, request: impl FnOnce(Answer<T>) -> Request, answer: impl FnOnce(T) + Send + 'static) {
        self.send(request(Box::new(answer)));
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        drop(self.requests.take());
        if let Some(handle) = self.handle.take() {
            // A panic of the thread has been reported where it happened.
            drop(handle.join());
        }
    }
}

/// Has the operator let the session's key sign, if their key can be had.
fn delegated(
    chain: &mut Chain,
    operator: Result<&Operator, SignError>,
    clock: &Clock,
    buffer: &mut Vec<u8>,
) -> Result<Signing, ChainError> {
    match operator.and_then(|operator| Ok((delegate(chain, operator)?, operator))) {
        Ok((sig, operator)) => {
            chain.delegation(clock(), operator.principal(), &sig, buffer)?;
            Ok(Signing::Delegated {
                by: operator.principal().to_owned(),
                fingerprint: operator.fingerprint(),
                kind: operator.kind(),
            })
        }
        Err(reason) => Ok(Signing::Unsigned { reason }),
    }
}

fn delegate(chain: &Chain, operator: &Operator) -> Result<Armour, SignError> {
    operator.delegate(&chain.delegation_statement().unwrap_or_default())
}

/// Adds to the facts of a batch what the log had to say of itself.
fn told(log: &mut Log, facts: Vec<Fact>) -> Vec<Fact> {
    let mut told = log.take_untold();
    told.extend(facts);
    // What became of the log may have been recorded before the facts or after them.
    told.sort_by_key(|fact| fact.seq);
    told
}

/// Answers requests, and beats.
struct Desk {
    log: Shared,
    /// How long nothing may happen before that is recorded.
    silence: Duration,
}

impl Desk {
    fn serve(self, inbox: &mpsc::Receiver<Request>) {
        let mut beat = Instant::now() + self.silence;
        let mut looked = Instant::now();
        loop {
            // However much is asked meanwhile, a place is looked for in time.
            let next = if self.log.lock().waits() { beat.min(looked + LOOK_FOR_A_PLACE) } else { beat };
            let request = inbox.recv_timeout(next.saturating_duration_since(Instant::now()));
            let mut log = self.log.lock();
            match request {
                Ok(first) => commit(&mut log, first, inbox),
                Err(mpsc::RecvTimeoutError::Disconnected) => return,
                Err(mpsc::RecvTimeoutError::Timeout) if log.waits() => {}
                // Others write, too.
                Err(mpsc::RecvTimeoutError::Timeout) if log.last_stirred().elapsed() < self.silence => {}
                Err(mpsc::RecvTimeoutError::Timeout) => log.heartbeat(),
            }
            if !log.waits() {
                looked = Instant::now();
            } else if looked.elapsed() >= LOOK_FOR_A_PLACE {
                log.try_again();
                looked = Instant::now();
            }
            let quiet_since = if log.waits() { Instant::now() } else { log.last_stirred() };
            beat = quiet_since + self.silence;
        }
    }
}

/// Makes everything that waits durable in one go.
fn commit(log: &mut Log, first: Request, inbox: &mpsc::Receiver<Request>) {
    let mut buffer = Vec::new();
    let mut recorded = Vec::new();
    let mut next = Some(first);
    let mut last = None;
    while let Some(request) = next.take() {
        match request {
            Request::Append { events, answer } => match log.record(events, &mut buffer) {
                Ok(facts) => recorded.push((facts, answer)),
                Err(error) => answer(Err(error)),
            },
            other => {
                last = Some(other);
                break;
            }
        }
        next = inbox.try_recv().ok();
    }
    let mut facts: Vec<&mut Fact> = recorded.iter_mut().flat_map(|(facts, _)| facts.iter_mut()).collect();
    let written = log.commit(buffer, &mut facts);
    for (facts, answer) in recorded {
        answer(written.clone().map(|()| told(log, facts)));
    }
    match last {
        Some(Request::Delegate { by, sig, answer }) => answer(log.delegation(&by, &sig)),
        Some(Request::Seal { operator, answer }) => answer(log.seal(&operator)),
        Some(Request::KeepInMemory) => log.keep_in_memory(),
        Some(Request::Listen(news)) => log.listen(news),
        Some(Request::WatchClock(clock)) => log.watch_clock(clock),
        Some(Request::Append { .. } | Request::LookForAPlace) | None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Body, read_log};
    use crate::store::Runs;
    use crate::store::fixture::{opened, stopped};

    #[test]
    fn silence_is_recorded_and_signed_with_how_the_clock_is_kept() {
        let root = tempfile::tempdir().unwrap();
        let folder = Runs::at(root.path()).create(chrono::DateTime::UNIX_EPOCH).unwrap();
        let file: Box<dyn Medium> = Box::new(medium::made(&folder.log()).unwrap());
        let (places, silence) = (Box::new(folder.further()), Duration::from_millis(1));
        let at = (file, folder.log());
        let begun =
            LogWriter::begin_in(at, places, &folder, opened(), Err(SignError::NoKey), stopped(), silence).unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let bodies: Vec<_> =
                read_log(&std::fs::read(folder.log()).unwrap()).entries.into_iter().map(|entry| entry.body).collect();
            if bodies.windows(2).any(|pair| pair == [Body::Heartbeat { clock: ClockSync::Unknown }, Body::Checkpoint]) {
                break;
            }
            assert!(Instant::now() < deadline, "{bodies:?}");
            std::thread::yield_now();
        }
        begun.writer.watch_clock(|| ClockSync::Unsynced);
        loop {
            let text = std::fs::read_to_string(folder.log()).unwrap();
            let read = read_log(text.as_bytes());
            if read.entries.iter().any(|entry| entry.body == Body::Heartbeat { clock: ClockSync::Unsynced }) {
                break;
            }
            assert!(Instant::now() < deadline, "{text}");
            std::thread::yield_now();
        }
        drop(begun);
    }
}
