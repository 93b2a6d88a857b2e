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
        "the supervisor process of {run_dir} is gone and left no outcome of attempt {attempt}: its processes may still \
         be running; look at them, and at {run_dir}/supervisor.err, before you go on"
    )]
    Gone {
        /// The run folder.
        run_dir: PathBuf,
        /// The attempt.
        attempt: AttemptId,
    },
}

type Waiting = Arc<Mutex<Option<HashMap<AttemptId, oneshot::Sender<Said>>>>>;

/// Is the engine's hold on the supervisor of a run. Dropping it hangs up: what runs goes on to its end.
#[derive(Debug)]
pub struct Supervisor {
    run_dir: PathBuf,
    pid: u32,
    /// `None` once the supervisor is gone.
    waiting: Waiting,
    requests: Mutex<UnixStream>,
}

impl Supervisor {
    /// Starts the supervisor of a run, in a session of its own: `program __supervise RUN_DIR`.
    pub fn start(program: &Path, run_dir: &Path) -> Result<Self, SupervisorError> {
        Self::start_without(program, run_dir, &[])
    }

    /// Starts it without the environment variables `hidden`: no shell block sees them.
    pub fn start_without(program: &Path, run_dir: &Path, hidden: &[OsString]) -> Result<Self, SupervisorError> {
        let error = |source| SupervisorError::Start { run_dir: run_dir.to_owned(), source };
        let run_dir = std::path::absolute(run_dir).map_err(error)?;
        let error = |source| SupervisorError::Start { run_dir: run_dir.clone(), source };
        for part in ["attempts", "output", "state"] {
            make_dir(&run_dir.join(part)).map_err(error)?;
        }
        let complaints = open_append(&run_dir.join("supervisor.err")).map_err(error)?;
        let (ours, theirs) = UnixStream::pair().map_err(error)?;
        let (replies, say) = io::pipe().map_err(error)?;
        let mut command = Command::new(program);
        command
            .arg("__supervise")
            .arg(&run_dir)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::from(OwnedFd::from(say)))
            .stderr(Stdio::from(complaints));
        for name in hidden {
            command.env_remove(name);
        }
        if let Some(path) = with_folder_of(program) {
            command.env("PATH", path);
        }
        let child = CommandWrap::from(command).wrap(ProcessSession).spawn().map_err(error)?;
        let pid = child.id();
        let waiting: Waiting = Arc::new(Mutex::new(Some(HashMap::new())));
        let listener = Arc::clone(&waiting);
        // On the runtime's own thread: a thread between it and the pipe would cost each block one switch more.
        let runtime = tokio::runtime::Handle::try_current().map_err(|outside| error(io::Error::other(outside)))?;
        let entered = runtime.enter();
        let replies = pipe::Receiver::from_owned_fd(OwnedFd::from(replies)).map_err(error)?;
        drop(entered);
        runtime.spawn(listen(replies, listener, child));
        Ok(Self { run_dir, pid, waiting, requests: Mutex::new(ours) })
    }

    /// Returns the supervisor's process id.
    pub fn pid(&self) -> u32 {
        self.pid
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
        match lock(&self.waiting).as_mut() {
            Some(waiting) if waiting.contains_key(&attempt) => {
                let error = format!("attempt {attempt} is running already; wait for its end");
                return Ok(ShellEnd::not_run(Outcome::Unusable { error }));
            }
            Some(waiting) => drop(waiting.insert(attempt.clone(), tx)),
            None => return Err(gone()),
        }
        // A spec is text and numbers: it can be written as JSON.
        let asked = serde_json::to_string(&spec).map_err(io::Error::other);
        if asked.and_then(|spec| self.ask(&format!("start {spec}\n"))).is_err() {
            self.forget(&attempt);
            return Err(gone());
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
        let values = serde_json::to_string(values).map_err(io::Error::other)?;
        self.ask(&format!("secrets {values}\n"))
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
        self.ask(&format!("interrupt {attempt} {how}\n"))
            .map_err(|_| SupervisorError::Gone { run_dir: self.run_dir.clone(), attempt: attempt.clone() })
    }

    fn ask(&self, line: &str) -> io::Result<()> {
        lock(&self.requests).write_all(line.as_bytes())
    }

    fn forget(&self, attempt: &AttemptId) {
        if let Some(waiting) = lock(&self.waiting).as_mut() {
            drop(waiting.remove(attempt));
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // Half a hang-up: the supervisor sees that nothing more comes, and can still say what it has to say.
        drop(lock(&self.requests).shutdown(Shutdown::Write));
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
