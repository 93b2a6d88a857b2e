//! The thread that owns a log's file: what it has answered is on the disk.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha512};

use super::error::{SignError, StoreError};
use super::operator::{Message, Operator};
use super::runs::{self, RunFolder};
use super::taken::Left;
use crate::engine::{Event, Fact, Opened, Resumed};
use crate::journal::{Armour, Chain, ChainError, Placed, SEAL_NAMESPACE, SESSION_NAMESPACE, SessionKey, SignerKind};
use crate::kernel::Stamp;

/// Tells the time of the run: the writer stamps every line itself, so that times in the file never go back.
pub type Clock = Box<dyn Fn() -> Stamp + Send>;

/// Silence is recorded, and signed, this often.
const HEARTBEAT: Duration = Duration::from_secs(60);
/// Within one batch a checkpoint follows at least every so many bytes.
const CHECKPOINT_BYTES: u64 = 256 * 1024;

/// Says why facts were not recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// A fact of the batch cannot be a line. Nothing of the batch was recorded; the log goes on.
    #[error(transparent)]
    Unfit(#[from] ChainError),
    /// The file failed, now or earlier. A failed write or fsync is final for a file: what lies on the disk is unknown.
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
}

type Answer<T> = Box<dyn FnOnce(T) + Send>;

enum Request {
    Append { events: Vec<Event>, answer: Answer<Result<Vec<Fact>, AppendError>> },
    Seal { operator: Box<Operator>, answer: Answer<Result<Sealed, SealError>> },
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
        Self::begin_beating(folder, opened, operator, clock, HEARTBEAT)
    }

    fn begin_beating(
        folder: &RunFolder,
        mut opened: Opened,
        operator: Result<&Operator, SignError>,
        clock: Clock,
        silence: Duration,
    ) -> Result<Begun, StoreError> {
        let session = SessionKey::from_seed(&runs::random::<32>()?);
        opened.run = folder.id().clone();
        opened.session = session.public_text();
        let path = folder.log();
        let file = runs::create(&path)?;
        if file.try_lock().is_err() {
            return Err(StoreError::Locked { path });
        }
        let mut chain = Chain::new(opened.run.clone(), Some(session));
        let mut buffer = Vec::new();
        let event = Event::Open(Box::new(opened));
        let (seq, at) = chain.event(clock(), &event, &mut buffer)?;
        let signing = delegated(&mut chain, operator, &clock, &mut buffer)?;
        chain.checkpoint(&mut buffer)?;
        let log = Log { file, path, chain, length: 0, failed: None, clock, silence };
        let writer = Self::start(log, &buffer)?;
        runs::sync_folder(folder.path())?;
        Ok(Begun { writer, open: Fact { seq, at, event }, signing })
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
        let run = left.opened().run.clone();
        let (file, path, whole, torn) = left.set_aside()?;
        resumed.torn = torn;
        let mut chain = Chain::go_on(run, session, &whole)?;
        let mut buffer = Vec::new();
        let event = Event::Resumed(Box::new(resumed));
        let (seq, at) = chain.event(clock(), &event, &mut buffer)?;
        let signing = delegated(&mut chain, operator, &clock, &mut buffer)?;
        chain.checkpoint(&mut buffer)?;
        let length = whole.len() as u64;
        let log = Log { file, path, chain, length, failed: None, clock, silence: HEARTBEAT };
        Ok(Begun { writer: Self::start(log, &buffer)?, open: Fact { seq, at, event }, signing })
    }

    /// Writes the first lines, and starts the thread that writes all others.
    fn start(mut log: Log, first: &[u8]) -> Result<Self, StoreError> {
        let path = log.path.clone();
        log.write(first).map_err(|why| StoreError::Io {
            what: "write",
            path: path.clone(),
            source: std::io::Error::other(why),
        })?;
        let (requests, inbox) = mpsc::channel();
        let handle = std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || log.serve(&inbox))
            .map_err(StoreError::io("start the writer of", &path))?;
        let thread = Thread { requests: Some(requests), handle: Some(handle) };
        Ok(Self { thread: Arc::new(thread) })
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

    /// Does the same and blocks the thread; not for use on an async runtime's own threads.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub fn append_blocking(&self, events: Vec<Event>) -> Result<Vec<Fact>, AppendError> {
        let (tx, rx) = mpsc::sync_channel(1);
        self.request(|answer| Request::Append { events, answer }, move |reply| drop(tx.send(reply)));
        rx.recv().unwrap_or(Err(AppendError::Ended))
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
        if let Some(requests) = &self.thread.requests {
            drop(requests.send(request(Box::new(answer))));
        }
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
) -> Result<Signing, StoreError> {
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
    let statement = chain.delegation_statement().unwrap_or_default();
    let digest = Sha512::digest(statement.as_bytes()).into();
    operator.sign(SESSION_NAMESPACE, &digest, Message::Text(&statement))
}

struct Log {
    file: File,
    path: PathBuf,
    chain: Chain,
    /// The length that the file has if nobody else writes.
    length: u64,
    failed: Option<String>,
    clock: Clock,
    /// How long nothing may happen before that is recorded.
    silence: Duration,
}

impl Log {
    fn serve(mut self, inbox: &mpsc::Receiver<Request>) {
        let mut beat = Instant::now() + self.silence;
        loop {
            match inbox.recv_timeout(beat.saturating_duration_since(Instant::now())) {
                Ok(first) => self.commit(first, inbox),
                Err(mpsc::RecvTimeoutError::Timeout) => self.heartbeat(),
                Err(mpsc::RecvTimeoutError::Disconnected) => return,
            }
            beat = Instant::now() + self.silence;
        }
    }

    /// Makes everything that waits durable in one go.
    fn commit(&mut self, first: Request, inbox: &mpsc::Receiver<Request>) {
        let mut buffer = Vec::new();
        let mut recorded = Vec::new();
        let mut next = Some(first);
        let mut seal = None;
        while let Some(request) = next.take() {
            match request {
                Request::Append { events, answer } => match self.record(events, &mut buffer) {
                    Ok(facts) => recorded.push((facts, answer)),
                    Err(error) => answer(Err(error)),
                },
                Request::Seal { operator, answer } => {
                    seal = Some((operator, answer));
                    break;
                }
            }
            next = inbox.try_recv().ok();
        }
        let written = self.signed_write(buffer);
        for (facts, answer) in recorded {
            answer(written.clone().map(|()| facts));
        }
        if let Some((operator, answer)) = seal {
            answer(self.seal(&operator));
        }
    }

    /// Makes lines of a batch: all of them or none.
    fn record(&mut self, mut events: Vec<Event>, buffer: &mut Vec<u8>) -> Result<Vec<Fact>, AppendError> {
        self.usable()?;
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

    /// Nobody waits for the answer: a file that fails here says so at the next append.
    fn heartbeat(&mut self) {
        let mut buffer = Vec::new();
        if self.failed.is_none() && self.chain.heartbeat((self.clock)(), &mut buffer).is_ok() {
            drop(self.signed_write(buffer));
        }
    }

    fn seal(&mut self, operator: &Operator) -> Result<Sealed, SealError> {
        self.usable()?;
        let mut buffer = Vec::new();
        self.chain.sealing((self.clock)(), operator.principal(), &mut buffer).map_err(AppendError::from)?;
        self.signed_write(buffer)?;
        let message = Message::File { path: &self.path, bytes: self.length };
        let sig = operator.sign(SEAL_NAMESPACE, &self.chain.digest(), message)?;
        let mut buffer = Vec::new();
        self.chain.seal(&sig, &mut buffer).map_err(AppendError::from)?;
        self.write_or_fail(&buffer)?;
        let digest = self.chain.digest();
        Ok(Sealed {
            lines: self.chain.lines(),
            sha512: crate::kernel::Sha256Hex::from_digest(&digest).as_str().to_owned(),
        })
    }

    fn signed_write(&mut self, mut buffer: Vec<u8>) -> Result<(), AppendError> {
        if buffer.is_empty() {
            return Ok(());
        }
        self.chain.checkpoint(&mut buffer)?;
        self.write_or_fail(&buffer)
    }

    fn write_or_fail(&mut self, buffer: &[u8]) -> Result<(), AppendError> {
        if let Err(why) = self.write(buffer) {
            self.failed = Some(why);
        }
        self.usable()
    }

    fn usable(&self) -> Result<(), AppendError> {
        match &self.failed {
            None => Ok(()),
            Some(why) => Err(AppendError::Final { path: self.path.clone(), why: why.clone() }),
        }
    }

    fn write(&mut self, buffer: &[u8]) -> Result<(), String> {
        let length = self.file.metadata().map_err(|e| e.to_string())?.len();
        if length != self.length {
            return Err(format!(
                "it has {length} bytes where this run left {}: something else writes to it or has cut it",
                self.length
            ));
        }
        self.file.write_all(buffer).and_then(|()| self.file.sync_data()).map_err(|e| match e.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => format!("{e}; the disk is full"),
            _ => e.to_string(),
        })?;
        self.length += buffer.len() as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Body, read_log};
    use crate::store::Runs;
    use crate::store::fixture::{opened, stopped};

    #[test]
    fn silence_is_recorded_and_signed() {
        let root = tempfile::tempdir().unwrap();
        let folder = Runs::at(root.path()).create(chrono::DateTime::UNIX_EPOCH).unwrap();
        let silence = Duration::from_millis(1);
        let begun = LogWriter::begin_beating(&folder, opened(), Err(SignError::NoKey), stopped(), silence).unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let bodies: Vec<_> =
                read_log(&std::fs::read(folder.log()).unwrap()).entries.into_iter().map(|entry| entry.body).collect();
            if bodies.windows(2).any(|pair| pair == [Body::Heartbeat, Body::Checkpoint]) {
                break;
            }
            assert!(Instant::now() < deadline, "{bodies:?}");
            std::thread::yield_now();
        }
        drop(begun);
    }

    #[test]
    fn a_full_disk_is_final_and_says_so() {
        let file = File::options().write(true).open("/dev/full").unwrap();
        let chain = Chain::new(crate::kernel::RunId::new("r"), None);
        let path = PathBuf::from("/dev/full");
        let mut log = Log { file, path, chain, length: 0, failed: None, clock: stopped(), silence: HEARTBEAT };
        for _ in 0..2 {
            let error = log.write_or_fail(b"line\n").unwrap_err().to_string();
            assert!(error.contains("/dev/full") && error.contains("the disk is full"), "{error}");
        }
    }
}
