//! The engine's end of the supervisor: start it, give it blocks, hear how they ended.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use process_wrap::std::{ChildWrapper, CommandWrap, ProcessSession};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::unix::pipe;
use tokio::sync::oneshot;

use super::journal::{Told, look_up};
use super::record::{Force, ShellEnd, ShellSpec, Told as Said};
use crate::engine::Outcome;
use crate::exec::folder::{is_file_name, make_dir, open_append};
use crate::kernel::AttemptId;

/// Says why the supervisor could not be used. What was running may go on all the same.
#[derive(Debug, thiserror::Error)]
pub enum SupervisorError {
    /// It could not be started.
    #[error("cannot start the supervisor process of {run_dir}: {source}; no shell block can run without it")]
    Start {
        /// The run folder.
        run_dir: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// It is gone, and left no outcome: the attempt is in doubt.
    #[error(
        "the supervisor process is gone and left no outcome of attempt {attempt}: its processes may still be running. \
         Look at them, at what they were to do, and at {run_dir}/supervisor.err"
    )]
    Gone {
        /// The run folder.
        run_dir: PathBuf,
        /// The attempt.
        attempt: AttemptId,
    },
}

impl SupervisorError {
    /// Returns the run's folder, if the supervisor could not be started since nothing can be written there.
    pub fn nothing_can_be_written(&self) -> Option<&Path> {
        use io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        match self {
            Self::Start { run_dir, source } => {
                matches!(source.kind(), PermissionDenied | QuotaExceeded | ReadOnlyFilesystem | StorageFull)
                    .then_some(run_dir)
            }
            Self::Gone { .. } => None,
        }
    }
}

type Waiting = Arc<Mutex<Option<HashMap<AttemptId, oneshot::Sender<Said>>>>>;

/// Is the engine's hold on the supervisor of a run. Dropping it hangs up: what runs goes on to its end.
#[derive(Debug)]
pub struct Supervisor {
    run_dir: PathBuf,
    program: PathBuf,
    /// Environment variables that no shell block sees.
    hidden: Vec<OsString>,
    link: Mutex<Link>,
}

/// Says whether another supervisor process had to be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revived {
    /// The one there was is there.
    No,
    /// It was gone; what it ran is in doubt, and may still run.
    Yes,
}

/// Is the connection to one supervisor process.
#[derive(Debug)]
struct Link {
    pid: u32,
    /// `None` once the supervisor is gone.
    waiting: Waiting,
    requests: UnixStream,
}

impl Supervisor {
    /// Starts the supervisor of a run, in a session of its own: `program __supervise RUN_DIR`.
    pub fn start(program: &Path, run_dir: &Path) -> Result<Self, SupervisorError> {
        Self::start_without(program, run_dir, &[])
    }

    /// Starts it without the environment variables `hidden`: no shell block sees them.
    pub fn start_without(program: &Path, run_dir: &Path, hidden: &[OsString]) -> Result<Self, SupervisorError> {
        let error = |source| SupervisorError::Start { run_dir: run_dir.to_owned(), source };
        let absolute = std::path::absolute(run_dir).map_err(error)?;
        let link = Link::make(program, &absolute, hidden).map_err(error)?;
        Ok(Self { run_dir: absolute, program: program.to_owned(), hidden: hidden.to_vec(), link: Mutex::new(link) })
    }

    /// Starts another supervisor process where the one there was is gone, and tells it the values of `secrets`. What the
    /// one before ran is neither waited for nor started again.
    ///
    /// # Errors
    /// None could be started.
    pub fn revive(
        &self,
        secrets: impl FnOnce() -> Option<BTreeMap<String, String>>,
    ) -> Result<Revived, SupervisorError> {
        let mut link = lock(&self.link);
        if lock(&link.waiting).is_some() {
            return Ok(Revived::No);
        }
        let error = |source| SupervisorError::Start { run_dir: self.run_dir.clone(), source };
        let mut next = Link::make(&self.program, &self.run_dir, &self.hidden).map_err(error)?;
        // Before anybody can have it run something.
        if let Some(values) = secrets() {
            next.keep_secret(&values).map_err(error)?;
        }
        *link = next;
        Ok(Revived::Yes)
    }

    /// Returns the supervisor's process id.
    pub fn pid(&self) -> u32 {
        lock(&self.link).pid
    }

    /// Performs a shell block once and waits for its end. Further performances under the same name append to the
    /// same output files. Dropping the future leaves the block running.
    ///
    /// # Errors
    /// [`SupervisorError::Gone`]: the attempt is in doubt.
    pub async fn run(&self, spec: ShellSpec) -> Result<ShellEnd, SupervisorError> {
        let attempt = spec.attempt.clone();
        if !is_file_name(&attempt) {
            let error = format!("`{attempt}` cannot name an attempt; use letters, digits, `.`, `-` and `_`");
            return Ok(ShellEnd::not_run(Outcome::Unusable { error }));
        }
        let gone = || SupervisorError::Gone { run_dir: self.run_dir.clone(), attempt: attempt.clone() };
        let (tx, rx) = oneshot::channel();
        let asked = lock(&self.link).start(&spec, tx);
        match asked {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let error = format!("attempt {attempt} is running already; wait for its end");
                return Ok(ShellEnd::not_run(Outcome::Unusable { error }));
            }
            Err(_) => return Err(gone()),
        }
        let said = match rx.await {
            Ok(said) => said,
            Err(_) => match look_up(&self.run_dir, &attempt) {
                Ok(Told::Ended(record)) => Said { record: *record, secret: None },
                Ok(Told::Began(_) | Told::Nothing) | Err(_) => return Err(gone()),
            },
        };
        Ok(ShellEnd::told(&self.run_dir, said))
    }

    /// Tells the values of secrets, by name: from here on they are replaced in whatever it writes. Told nothing yet, even
    /// without values, it hands the output of blocks straight to their files.
    ///
    /// # Errors
    /// The supervisor is gone.
    pub fn keep_secret(&self, values: &BTreeMap<String, String>) -> io::Result<()> {
        lock(&self.link).keep_secret(values)
    }

    /// Interrupts an attempt; one that is over is left alone.
    ///
    /// # Errors
    /// The supervisor is gone.
    pub fn interrupt(&self, attempt: &AttemptId, force: Force) -> Result<(), SupervisorError> {
        if !is_file_name(attempt) {
            return Ok(());
        }
        let how = match force {
            Force::Gentle => "gentle",
            Force::AtOnce => "force",
        };
        lock(&self.link)
            .ask(&format!("interrupt {attempt} {how}\n"))
            .map_err(|_| SupervisorError::Gone { run_dir: self.run_dir.clone(), attempt: attempt.clone() })
    }
}

impl Link {
    fn make(program: &Path, run_dir: &Path, hidden: &[OsString]) -> io::Result<Self> {
        for part in ["attempts", "output", "state"] {
            make_dir(&run_dir.join(part))?;
        }
        let complaints = open_append(&run_dir.join("supervisor.err"))?;
        let (ours, theirs) = UnixStream::pair()?;
        let (replies, say) = io::pipe()?;
        let mut command = Command::new(program);
        command
            .arg("__supervise")
            .arg(run_dir)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::from(OwnedFd::from(say)))
            .stderr(Stdio::from(complaints));
        for name in hidden {
            command.env_remove(name);
        }
        if let Some(path) = with_folder_of(program) {
            command.env("PATH", path);
        }
        let child = CommandWrap::from(command).wrap(ProcessSession).spawn()?;
        let pid = child.id();
        let waiting: Waiting = Arc::new(Mutex::new(Some(HashMap::new())));
        let listener = Arc::clone(&waiting);
        // On the runtime's own thread: a thread between it and the pipe would cost each block one switch more.
        let runtime = tokio::runtime::Handle::try_current().map_err(io::Error::other)?;
        let entered = runtime.enter();
        let replies = pipe::Receiver::from_owned_fd(OwnedFd::from(replies))?;
        drop(entered);
        runtime.spawn(listen(replies, listener, child));
        Ok(Self { pid, waiting, requests: ours })
    }

    /// Has a block started, and its end told to `told`.
    fn start(&mut self, spec: &ShellSpec, told: oneshot::Sender<Said>) -> io::Result<()> {
        match lock(&self.waiting).as_mut() {
            Some(waiting) if waiting.contains_key(&spec.attempt) => return Err(io::ErrorKind::AlreadyExists.into()),
            Some(waiting) => drop(waiting.insert(spec.attempt.clone(), told)),
            None => return Err(io::ErrorKind::BrokenPipe.into()),
        }
        // A spec is text and numbers: it can be written as JSON.
        let asked = serde_json::to_string(spec).map_err(io::Error::other);
        let asked = asked.and_then(|spec| self.ask(&format!("start {spec}\n")));
        if asked.is_err()
            && let Some(waiting) = lock(&self.waiting).as_mut()
        {
            drop(waiting.remove(&spec.attempt));
        }
        asked
    }

    fn keep_secret(&mut self, values: &BTreeMap<String, String>) -> io::Result<()> {
        let values = serde_json::to_string(values).map_err(io::Error::other)?;
        self.ask(&format!("secrets {values}\n"))
    }

    fn ask(&mut self, line: &str) -> io::Result<()> {
        self.requests.write_all(line.as_bytes())
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // Half a hang-up: the supervisor sees that nothing more comes, and can still say what it has to say.
        drop(self.requests.shutdown(Shutdown::Write));
    }
}

/// Returns PATH with the folder of `program` behind the others: a block that calls `lifeboat` finds the one that runs
/// it, where no other is installed.
fn with_folder_of(program: &Path) -> Option<OsString> {
    let folder = program.parent().filter(|folder| folder.is_absolute())?.to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::env::split_paths(&path).chain([folder])).ok()
}

/// Hears how attempts end, until the supervisor is gone. It may outlive the value that it was started for by as long
/// as a block runs, and owns nothing but its end of the pipe and the child to be reaped.
async fn listen(replies: pipe::Receiver, waiting: Waiting, mut child: Box<dyn ChildWrapper>) {
    let mut lines = BufReader::new(replies).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let Ok(said) = serde_json::from_str::<Said>(&line) else { continue };
        let sender = lock(&waiting).as_mut().and_then(|waiting| waiting.remove(&said.record.attempt));
        if let Some(sender) = sender {
            // Nobody waits any more: the outcome is in its file.
            drop(sender.send(said));
        }
    }
    // Dropping the senders wakes everybody who still waits.
    drop(lock(&waiting).take());
    // Reaped, so that it does not stay a zombie for as long as the engine lives.
    drop(tokio::task::spawn_blocking(move || child.wait()).await);
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
