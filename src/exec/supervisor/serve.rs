//! The supervisor's own process: one thread, one loop over the engine's requests, ended children and deadlines.
//!
//! Requests come on standard input, a socket; replies go to standard output, a pipe.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::WaitOptions;

use super::journal::Journal;
use super::pipes::{Pipes, SecretOutput};
use super::process::{Attempt, Finished, Ground, Next, Pattern, Slot, Unchanged};
use super::record::{Force, Record, ShellSpec, Told};
use super::spares::Spares;
use super::standby::Standby;
use super::terminal::{Terminal, polled};
use crate::engine::Outcome;
use crate::exec::folder::{self, Durability};
use crate::exec::output::Digests;
use crate::exec::shell::Shells;
use crate::kernel::{AttemptId, Redactor};

/// How long a request may be: a block and its variables.
const LINE: usize = 64 * 1024 * 1024;
/// How much of it is read at once.
const CHUNK: usize = 16 * 1024;
/// How many attempts' digests are kept for further performances; a forgotten one is digested again from its file.
const REMEMBERED: usize = 64;
/// How often notes of a later engine are looked for, once the own engine is gone.
const NOTES: Duration = Duration::from_millis(50);

/// Says why a supervisor could not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Its standard input is no socket, or it has no standard output.
    #[error(
        "the supervisor of {run_dir} is not connected to an engine ({source}); it is started by `lifeboat run`, not by hand"
    )]
    Connection {
        /// The run folder.
        run_dir: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The system refused what it needs.
    #[error("the supervisor of {run_dir} cannot {what}: {source}")]
    System {
        /// The run folder.
        run_dir: PathBuf,
        /// What it cannot do.
        what: &'static str,
        /// The cause.
        source: io::Error,
    },
}

/// Serves the engine on standard input until it is gone and the last attempt has ended.
pub fn serve(run_dir: &Path) -> Result<(), ServeError> {
    let connection = |source| ServeError::Connection { run_dir: run_dir.to_owned(), source };
    let system = |what| move |source| ServeError::System { run_dir: run_dir.to_owned(), what, source };
    let engine = io::stdin().as_fd().try_clone_to_owned().map_err(connection)?;
    let engine = UnixStream::from(engine);
    engine.peer_addr().map_err(connection)?;
    engine.set_nonblocking(true).map_err(connection)?;
    let replies = io::stdout().as_fd().try_clone_to_owned().map_err(connection)?;
    rustix::io::ioctl_fionbio(&replies, true).map_err(|error| connection(error.into()))?;
    let (mut ended, bell) = UnixStream::pair().map_err(system("make a pipe"))?;
    ended.set_nonblocking(true).map_err(system("make a pipe"))?;
    signal_hook::low_level::pipe::register(signal_hook::consts::SIGCHLD, bell)
        .map_err(system("learn of ended children"))?;
    let journal = Journal::begin(run_dir).map_err(system("begin its journal in attempts/"))?;
    let mut server = Server {
        run_dir: run_dir.to_owned(),
        journal,
        spares: Spares::new(run_dir),
        shells: Shells::default(),
        engine,
        replies: Some(File::from(replies)),
        request: Vec::new(),
        reply: Vec::new(),
        running: Vec::new(),
        free: Vec::new(),
        slots: 0,
        unchanged: None,
        small: None,
        standby: None,
        outputs: HashMap::new(),
        environment: std::env::vars_os().map(|(name, value)| (name.into_vec(), value.into_vec())).collect(),
        redactor: Redactor::default(),
        leaked: Vec::new(),
        childless: false,
        orphaned: false,
    };
    // What blocks leave behind becomes our child and is reaped here: in a container nobody else may do it, and a
    // zombie would look like a process that is still there. Elsewhere the system's first process does it.
    #[cfg(target_os = "linux")]
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))
        .map_err(|error| system("take in what blocks leave behind")(error.into()))?;
    let mut wake = None;
    while !(server.orphaned && server.running.is_empty()) {
        server.wait(&ended, wake).map_err(system("wait"))?;
        drain(&mut ended);
        server.hear();
        server.reap();
        wake = server.step();
        server.discard();
        server.tell();
        // Now, while the engine records what it was told.
        server.stand_by();
    }
    Ok(())
}

fn drain(bell: &mut UnixStream) {
    let mut rings = [0; 64];
    while matches!(bell.read(&mut rings), Ok(read) if read > 0) {}
}

struct Running {
    attempt: AttemptId,
    out_from: u64,
    process: Attempt,
    /// Its shell stood by: the block before was a small one, and this one probably is.
    stood_by: bool,
}

struct Server {
    run_dir: PathBuf,
    journal: Journal,
    spares: Spares,
    shells: Shells,
    /// What the engine asks for.
    engine: UnixStream,
    /// Where it is told how attempts ended, as long as it listens.
    replies: Option<File>,
    request: Vec<u8>,
    reply: Vec<u8>,
    running: Vec<Running>,
    /// Files of blocks that ended, for those to come.
    free: Vec<Slot>,
    /// How many such pairs were made.
    slots: usize,
    unchanged: Option<Unchanged>,
    /// How the last shell was started, if its block was a small one.
    small: Option<Pattern>,
    standby: Option<Standby>,
    outputs: HashMap<AttemptId, Digests>,
    environment: BTreeMap<Vec<u8>, Vec<u8>>,
    /// What is secret in this run.
    redactor: Redactor,
    /// What something may still write to that outlived its attempt.
    leaked: Vec<Pipes>,
    /// Nothing that an attempt ever started is alive: it would be our child by now.
    childless: bool,
    /// The engine hung up: nothing more will be asked.
    orphaned: bool,
}

impl Server {
    fn wait(&self, bell: &UnixStream, wake: Option<Instant>) -> io::Result<()> {
        let mut fds = vec![PollFd::new(bell, PollFlags::IN)];
        let running = self.running.iter().filter_map(|running| running.process.pipes());
        let ends: Vec<BorrowedFd<'_>> = running.chain(&self.leaked).flat_map(Pipes::ends).collect();
        fds.extend(ends.iter().map(|end| PollFd::new(end, PollFlags::IN)));
        let terminals = self.running.iter().filter_map(|running| running.process.terminal());
        let sides: Vec<_> = terminals.flat_map(Terminal::ends).collect();
        fds.extend(sides.iter().map(polled));
        if !self.orphaned {
            fds.push(PollFd::new(&self.engine, PollFlags::IN));
        }
        if let Some(replies) = self.replies.as_ref().filter(|_| !self.reply.is_empty()) {
            fds.push(PollFd::new(replies, PollFlags::OUT));
        }
        let timeout = wake.map(|at| at.saturating_duration_since(Instant::now()));
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        match rustix::event::poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads what the engine asks for.
    fn hear(&mut self) {
        let mut bytes = [0; CHUNK];
        while !self.orphaned {
            let known = self.request.len();
            match self.engine.read(&mut bytes) {
                Ok(0) => self.orphaned = true,
                Ok(read) => self.request.extend_from_slice(bytes.get(..read).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => self.orphaned = true,
            }
            // What was there already holds no end of a line.
            let mut from = known;
            while let Some(end) = self.request.iter().skip(from).position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.request.drain(..=from + end).collect();
                self.obey(String::from_utf8_lossy(&line).trim_end());
                from = 0;
            }
            if self.request.len() > LINE {
                complain("the engine sent a request that does not end; it is no longer listened to");
                self.orphaned = true;
            }
        }
    }

    fn obey(&mut self, line: &str) {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match (verb, rest.split_once(' ')) {
            ("start", _) => match serde_json::from_str::<ShellSpec>(rest) {
                Ok(spec) if folder::is_file_name(&spec.attempt) => self.start(spec),
                Ok(spec) => complain(&format!("`{}` cannot name an attempt", spec.attempt)),
                Err(error) => complain(&format!("the engine asked for a start that is not understood: {error}")),
            },
            ("secrets", _) => self.keep_secret(rest),
            ("interrupt", Some((attempt, "gentle"))) => self.interrupt(&AttemptId::new(attempt), Force::Gentle),
            ("interrupt", Some((attempt, "force"))) => self.interrupt(&AttemptId::new(attempt), Force::AtOnce),
            _ => complain(&format!("the engine asked for something unknown: {verb}")),
        }
    }

    fn keep_secret(&mut self, values: &str) {
        // What the engine says was read as the same before; what it is must not be said here.
        let values = serde_json::from_str(values).ok();
        match values.as_ref().map(Redactor::new) {
            Some(Ok(redactor)) => self.redactor = redactor,
            Some(Err(_)) | None => complain("the engine named secrets that are not understood"),
        }
    }

    fn interrupt(&mut self, attempt: &AttemptId, force: Force) {
        for running in self.running.iter_mut().filter(|running| &running.attempt == attempt) {
            running.process.interrupt(force, Instant::now());
        }
    }

    fn start(&mut self, spec: ShellSpec) {
        let attempt = spec.attempt.clone();
        if let Err(error) = self.try_start(spec) {
            let streams = self.outputs.get_mut(&attempt).map(|output| {
                while output.catch_up() {}
                output.streams()
            });
            let record = Record {
                attempt,
                outcome: Outcome::SpawnFailed { error },
                out_from: streams.as_ref().map_or(0, |streams| streams.out_bytes),
                streams: streams.unwrap_or_default(),
                took_us: 0,
                left_behind: false,
                state_lost: None,
            };
            self.answer(record, None, Durability::Process);
        }
    }

    fn try_start(&mut self, spec: ShellSpec) -> Result<(), String> {
        let attempt = &spec.attempt.clone();
        if self.running.iter().any(|running| &running.attempt == attempt) {
            return Err("it is running already".to_owned());
        }
        let now = Instant::now();
        if !self.run_dir.join("state").is_dir() {
            return Err(format!(
                "the run's folder {} was removed, and with it what earlier blocks left in their shell; put it back, or do \
                 this by hand and mark it done",
                self.run_dir.display()
            ));
        }
        // What was said to an earlier performance does not concern this one.
        drop(std::fs::remove_file(folder::interrupt_note(&self.run_dir, attempt)));
        self.journal
            .began(attempt)
            .map_err(|error| format!("cannot write in {}/attempts: {error}", self.run_dir.display()))?;
        if self.outputs.len() >= REMEMBERED && !self.outputs.contains_key(attempt) {
            let running = &self.running;
            self.outputs.retain(|kept, _| running.iter().any(|running| &running.attempt == kept));
        }
        self.small = None;
        let mut standby = self.standby.take();
        let output = if let Some(output) = self.outputs.remove(attempt) {
            standby = None;
            output
        } else {
            // A shell that stands by writes to the spare files.
            let given = self.spares.give(&self.run_dir, attempt, now);
            standby = standby.filter(|_| given.is_some());
            given.map_or_else(|| Digests::open(&self.run_dir, attempt, now), Ok).map_err(|error| {
                format!("cannot open its output files in {}/output: {error}", self.run_dir.display())
            })?
        };
        let output = self.outputs.entry(attempt.clone()).or_insert(output);
        // A shell that stands by has printed nothing, and nobody else had its files.
        let stood_by = standby.is_some();
        let out_from = if stood_by { 0 } else { output.out_size() };
        let slot = match standby.as_mut().and_then(Standby::slot) {
            Some(slot) => slot,
            None => free_slot(&mut self.free, &mut self.slots, &self.run_dir)
                .map_err(|error| format!("cannot write in {}/state: {error}", self.run_dir.display()))?,
        };
        let ground = Ground {
            run_dir: &self.run_dir,
            shells: &mut self.shells,
            environment: &self.environment,
            redactor: &self.redactor,
        };
        let process = Attempt::start(ground, spec, slot, standby, output, now)?;
        self.running.push(Running { attempt: attempt.clone(), out_from, process, stood_by });
        // Now, while the block has the processor's other core.
        self.spares.lay_in();
        Ok(())
    }

    /// Collects ended children.
    fn reap(&mut self) {
        let now = Instant::now();
        let last = loop {
            match rustix::process::wait(WaitOptions::NOHANG) {
                Ok(Some((child, status))) => {
                    for running in &mut self.running {
                        running.process.notice_end(child, status, now);
                    }
                    drop(self.standby.take_if(|standby| standby.pid() == child));
                }
                last => break last,
            }
        };
        // Only where we are the reaper of all descendants does this speak of those that left their group, too.
        self.childless = cfg!(target_os = "linux") && matches!(last, Err(rustix::io::Errno::CHILD));
    }

    /// Moves every attempt on; returns when to look again.
    fn step(&mut self) -> Option<Instant> {
        let now = Instant::now();
        let mut wake: Option<Instant> = None;
        let mut over = Vec::new();
        for (at, running) in self.running.iter_mut().enumerate() {
            if self.orphaned {
                running.process.obey_note(now);
                wake = Some(wake.map_or(now + NOTES, |wake| wake.min(now + NOTES)));
            }
            let Some(output) = self.outputs.get_mut(&running.attempt) else { continue };
            match running.process.step(output, &self.redactor, now) {
                Next::At(at) => wake = Some(wake.map_or(at, |wake| wake.min(at))),
                Next::Now => wake = Some(now),
                Next::Over => over.push(at),
            }
        }
        for at in over.into_iter().rev() {
            let Running { attempt, out_from, process, .. } = self.running.remove(at);
            let Some(output) = self.outputs.get_mut(&attempt) else { continue };
            let told = (&self.environment, &self.redactor);
            let Finished { record, durability, slot, small, secret, leaked } =
                process.finish(output, out_from, told, &mut self.unchanged);
            self.leaked.extend(leaked);
            self.small = small;
            let silent = output.is_empty();
            self.free.push(slot);
            self.answer(record, secret, durability);
            // What is left to do can wait until the engine knows.
            self.tell();
            if silent
                && self.running.is_empty()
                && (self.childless || self.standby.as_ref().is_some_and(Standby::is_only_child))
                && let Some(output) = self.outputs.remove(&attempt)
            {
                self.spares.take_back(&self.run_dir, &attempt, output);
            }
        }
        wake
    }

    /// Reads on for nobody what outlived its attempt, until it is gone.
    fn discard(&mut self) {
        self.leaked.iter_mut().for_each(Pipes::discard);
        self.leaked.retain(Pipes::is_open);
    }

    /// Has a shell stand by after a small block, or beside one: the next is probably small, too.
    fn stand_by(&mut self) {
        let now = Instant::now();
        if self.running.iter().any(|running| running.process.takes_long(now)) {
            self.standby = None;
        }
        if self.standby.is_some() || self.orphaned {
            return;
        }
        let small = self.small.take();
        let pattern = match self.running.as_slice() {
            [] => small.as_ref(),
            [only] if only.stood_by && !only.process.takes_long(now) => only.process.pattern(),
            _ => None,
        };
        let Some(pattern) = pattern else { return };
        // Where this cannot be done the next attempt starts its shell itself, and says so if it cannot.
        let Ok(slot) = free_slot(&mut self.free, &mut self.slots, &self.run_dir) else { return };
        let Some((out, err)) = self.spares.lend() else { return self.free.push(slot) };
        self.standby = Standby::start(pattern.with(&slot), slot, out, err).ok();
    }

    fn answer(&mut self, mut record: Record, secret: Option<SecretOutput>, durability: Durability) {
        for text in record.outcome.texts().into_iter().chain(&mut record.state_lost) {
            *text = self.redactor.text(text).into_owned();
        }
        if let Err(error) = self.journal.ended(&record, durability) {
            complain(&format!("cannot journal the end of attempt {}: {error}", record.attempt));
        }
        // The whole record goes back, so that the engine learns it where the disk is full too.
        let secret = secret.map(|SecretOutput { text, truncated }| (text, truncated));
        if let Ok(line) = serde_json::to_vec(&Told { record, secret }) {
            self.reply.extend_from_slice(&line);
            self.reply.push(b'\n');
        }
    }

    /// Sends what there is to tell, as far as the engine takes it.
    fn tell(&mut self) {
        let Some(replies) = &mut self.replies else { return self.reply.clear() };
        while !self.reply.is_empty() {
            match replies.write(&self.reply) {
                Ok(sent) => drop(self.reply.drain(..sent)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => {
                    self.replies = None;
                    self.orphaned = true;
                    return self.reply.clear();
                }
            }
        }
    }
}

/// Returns files for a block that no block uses; `made` counts how many pairs there are.
fn free_slot(free: &mut Vec<Slot>, made: &mut usize, run_dir: &Path) -> io::Result<Slot> {
    if let Some(slot) = free.pop() {
        return Ok(slot);
    }
    *made += 1;
    Slot::make(run_dir, *made)
}

/// Says something in `supervisor.err`, which is this process's standard error.
pub(super) fn complain(what: &str) {
    // There is nobody else to tell.
    drop(writeln!(io::stderr(), "{what}"));
}
