//! A run's engine in a session of its own, and the screen before it: starting the one, attaching the other.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use process_wrap::std::{ChildWrapper, CommandWrap, ProcessSession};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::unix::pipe;
use tokio::runtime::Runtime;

use super::failure::{Failure, Kind};
use super::places;
use super::work::{Seat, Signals};
use crate::drive::attach::{AttachError, Engine, Left};
use crate::drive::identity;
use crate::drive::signing::Signer;
use crate::drive::start::Options;
use crate::drive::wire::{Over, Wants};
use crate::term::Exit;

/// Is what an engine says before screens can be attached to it, a line each, on its standard output.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum News {
    /// How far it is.
    Says(String),
    /// Screens can be attached: the run's folder.
    Ready(PathBuf),
    /// It did not come to that.
    Failed(Over),
}

/// Says to whoever started this engine how far it is.
pub(super) fn say(what: &str) {
    tell(&News::Says(what.to_owned()));
}

/// Says that screens can be attached.
pub(super) fn ready(folder: &Path) {
    tell(&News::Ready(folder.to_owned()));
}

/// Says why it did not come to that. After [`ready`] nobody hears it.
pub(super) fn failed(failure: &Failure) {
    tell(&News::Failed(failure.over()));
}

fn tell(news: &News) {
    // Whoever started it may be gone: the run goes on.
    if let Ok(text) = serde_json::to_string(news) {
        writeln!(io::stdout(), "{text}").ok();
    }
}

/// Says who sits at a screen.
#[derive(Clone, Debug)]
pub(super) struct Person {
    /// The name.
    pub(super) by: String,
    /// How their key is reached, where it seals the log.
    pub(super) signer: Option<Signer>,
}

impl Person {
    /// Is somebody whose key seals nothing: the practice key of a drill lies at the engine's hand.
    pub(super) fn without_key() -> Self {
        Self { by: identity::user(), signer: None }
    }

    /// Is whoever operates a real run.
    pub(super) fn of(options: &Options) -> Result<Self, Failure> {
        let aws_profile = options.profile.as_ref().and_then(|profile| profile.aws_profile.clone());
        let signer = Signer { by: options.by.clone(), key: options.key.clone(), state: places::state()?, aws_profile };
        Ok(Self { by: options.by.clone(), signer: Some(signer) })
    }
}

/// Starts an engine for a command, and attaches a screen to it.
pub(super) fn start(command: Vec<OsString>, person: &Person, seat: &Seat) -> Result<ExitCode, Failure> {
    attach(&launch(command)?, person, Wants::Control, seat)
}

/// Starts an engine for a command, and returns the run's folder once screens can be attached.
pub(super) fn launch(command: Vec<OsString>) -> Result<PathBuf, Failure> {
    let runtime = super::work::runtime()?;
    let folder = runtime.block_on(begin(command))?;
    // Nothing of it is needed any more, and the screen has threads of its own.
    Runtime::shutdown_background(runtime);
    Ok(folder)
}

/// Starts the engine and waits until it is ready. Ctrl-C meanwhile ends it.
async fn begin(command: Vec<OsString>) -> Result<PathBuf, Failure> {
    let failed = |error: io::Error| Failure::new(Kind::Internal, format!("the engine could not be started: {error}"));
    let mut signals = Signals::listen()?;
    let (news, say) = io::pipe().map_err(failed)?;
    let mut engine = spawn(command, say.into()).map_err(failed)?;
    let mut lines = BufReader::new(pipe::Receiver::from_owned_fd(news.into()).map_err(failed)?).lines();
    loop {
        let line = tokio::select! {
            line = lines.next_line() => line.ok().flatten(),
            _ = signals.next() => {
                // One that has ended needs no signal; its last word is still to be read.
                let pid = i32::try_from(engine.id()).ok().and_then(Pid::from_raw);
                pid.map(|pid| kill_process(pid, Signal::TERM));
                continue;
            }
        };
        match line.and_then(|line| serde_json::from_str::<News>(&line).ok()) {
            Some(News::Says(what)) => super::say::aside(what),
            Some(News::Ready(folder)) => return Ok(folder),
            Some(News::Failed(over)) => return Err(Failure::of_over(over)),
            None => {
                let how = engine.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
                return Err(Failure::new(Kind::Stopped, format!("the engine ended before the run began ({how})"))
                    .hint("nothing was executed; diagnostics/ in the state folder may say more"));
            }
        }
    }
}

/// Starts this program again, in a session of its own: what ends the terminal does not end it.
fn spawn(command: Vec<OsString>, say: OwnedFd) -> io::Result<Box<dyn ChildWrapper>> {
    let complaints = places::state().ok().and_then(|state| {
        let path = state.join("diagnostics/engine.err");
        std::fs::create_dir_all(path.parent()?).ok()?;
        File::options().append(true).create(true).mode(0o600).open(path).ok()
    });
    let mut engine = Command::new(std::env::current_exe()?);
    engine
        .arg("__engine")
        .args(command)
        .stdin(Stdio::null())
        .stdout(Stdio::from(say))
        .stderr(complaints.map_or_else(Stdio::null, Stdio::from));
    CommandWrap::from(engine).wrap(ProcessSession).spawn()
}

/// Attaches a screen to the engine that works the run in `folder`, and says how it was left.
pub(super) fn attach(folder: &Path, person: &Person, wants: Wants, seat: &Seat) -> Result<ExitCode, Failure> {
    let controls = matches!(wants, Wants::Control | Wants::TakeOver(_));
    let Person { by, signer } = person;
    let signer = signer.clone().filter(|_| controls);
    let engine = Engine::find(folder).map_err(of_attach)?;
    let left = match seat {
        Seat::Screens(looks) => engine.show(by, wants, signer, looks),
        Seat::Lines(typed) => engine.speak(by, wants, signer, typed, &mut io::stdout()),
    };
    let left = left.map_err(of_attach)?;
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    match left {
        Left { exit: Exit::HungUp, .. } => Err(Failure::new(Kind::Terminal, "")),
        Left { over: Some(over), .. } => {
            super::say::line(format_args!("log:    {}", folder.join("incident.jsonl").display()));
            super::say::line(format_args!("verify: lifeboat log verify {}", folder.display()));
            if over.message.is_empty() && over.hints.is_empty() {
                return Ok(ExitCode::from(over.code));
            }
            Err(Failure::of_over(over))
        }
        Left { exit: Exit::Signalled(signal), over: None } => {
            Err(Failure::new(Kind::Terminal, format!("signal {signal} ended the screen; the run goes on"))
                .hint(format!("`lifeboat resume {name}` attaches to it again")))
        }
        Left { .. } if controls => {
            super::say::line(format_args!("the run goes on; `lifeboat resume {name}` attaches to it again"));
            Ok(ExitCode::SUCCESS)
        }
        Left { .. } => Ok(ExitCode::SUCCESS),
    }
}

/// Says why no screen was attached.
pub(super) fn of_attach(error: AttachError) -> Failure {
    match error {
        AttachError::Start(error) => super::work::of_start(error),
        AttachError::Store(error) => places::of_store(error),
        AttachError::Terminal(error) => Failure::new(Kind::Terminal, error.to_string())
            .hint("the run goes on without a screen; `lifeboat resume` attaches one"),
        error @ AttachError::NoEngine { .. } => Failure::new(Kind::Usage, error.to_string())
            .hint("`lifeboat resume` takes the run up again; `lifeboat log show` reads it"),
        error @ (AttachError::Stranger { .. } | AttachError::Version { .. } | AttachError::Answer { .. }) => {
            Failure::new(Kind::Usage, error.to_string())
        }
    }
}
