//! One shell attempt as the supervisor sees it: from spawn to the last process of its group.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::FileExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitStatus};

use super::pipes::{Pipes, SecretOutput};
use super::record::{Force, Record, ShellSpec, StateRule};
use super::standby::{Standby, surround};
use super::terminal::{Terminal, on_terminal};
use crate::engine::Outcome;
use crate::exec::carry::{self, Carried, CarriedFiles, Directory, Dump};
use crate::exec::folder::{self, Durability};
use crate::exec::output::Digests;
use crate::exec::plain::is_plain;
use crate::exec::shell::{self, BlockFiles, Shells};
use crate::kernel::{AttemptId, Redactor};
use crate::runbook::{Keyboard, Secrecy, Shell};

/// How often sizes are sampled while something changes.
const SAMPLE: Duration = Duration::from_millis(50);
/// How long processes that outlive their block have to leave by themselves (`exec > >(tee log)`).
const LINGER: Duration = Duration::from_millis(500);
/// How often a group without its leader is looked at: where we are not its reaper, it ends without a signal to us.
const LOOK: Duration = Duration::from_millis(3);
/// How long a group that was killed may still be there before it is given up (a process stuck in the kernel, or
/// one that belongs to another user).
const GIVE_UP: Duration = Duration::from_millis(500);
/// An attempt that took longer has its outcome forced to disk. A shorter one is journalled by the engine in the
/// same moment; where the machine crashes in between it is in doubt, which is the truth.
const WORTH_A_SYNC: Duration = Duration::from_secs(1);

/// Where blocks take less than this, the start of a shell is worth saving.
const SMALL: Duration = Duration::from_millis(50);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    TimedOut,
    Interrupted,
    LeftBehind,
}

/// Says what to do about an attempt next.
pub(super) enum Next {
    /// Look again at this time, or when a child ends.
    At(Instant),
    /// There is work to go on with at once.
    Now,
    /// It is over.
    Over,
}

/// Is a pair of files that blocks use one after the other: making and removing files for each block would cost more
/// than a small block itself.
///
/// Where the system can, they lie in memory and the names in `state/` lead there: what a shell lists at its end holds
/// the whole environment, and emptying a file on disk makes the next forced write carry that, too.
pub(super) struct Slot {
    /// The block, as the shell reads it.
    block: PathBuf,
    /// What the shell lists on its way out.
    left: PathBuf,
    /// Keeps what lies in memory.
    memory: (Option<File>, Option<File>),
}

impl Slot {
    /// Makes the files of the `number`th block that runs at the same time; process ids keep supervisors apart.
    pub(super) fn make(run_dir: &Path, number: usize) -> io::Result<Self> {
        let name = |kind: &str| run_dir.join("state").join(format!("{}-{number}.{kind}", std::process::id()));
        let mut slot = Self { block: name("block"), left: name("left"), memory: (None, None) };
        let make = |path: &Path| {
            // An earlier supervisor may have had this process id.
            drop(std::fs::remove_file(path));
            in_memory(path).map(Some).or_else(|_| folder::create(path).map(|_| None))
        };
        slot.memory = (make(&slot.block)?, make(&slot.left)?);
        Ok(slot)
    }

    /// Puts a block where its shell reads it.
    fn fill(&self, script: &[u8]) -> io::Result<()> {
        match &self.memory.0 {
            Some(memory) => memory.write_all_at(script, 0).and_then(|()| memory.set_len(script.len() as u64)),
            None => folder::create(&self.block)?.write_all(script),
        }
    }
}

/// Makes a file in memory that `path` leads to, for as long as it is held and this process lives.
#[cfg(target_os = "linux")]
fn in_memory(path: &Path) -> io::Result<File> {
    use std::os::fd::AsRawFd as _;
    let memory = File::from(rustix::fs::memfd_create("lifeboat", rustix::fs::MemfdFlags::CLOEXEC)?);
    let place = format!("/proc/{}/fd/{}", std::process::id(), memory.as_raw_fd());
    std::os::unix::fs::symlink(place, path)?;
    // A container may have no /proc, or one that shows nothing.
    match File::options().write(true).open(path) {
        Ok(_) => Ok(memory),
        Err(error) => std::fs::remove_file(path).and(Err(error)),
    }
}

#[cfg(not(target_os = "linux"))]
fn in_memory(_path: &Path) -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

impl Drop for Slot {
    fn drop(&mut self) {
        // Where they stay they hold one block, and nothing that a shell left.
        drop(std::fs::remove_file(&self.block));
        drop(std::fs::remove_file(&self.left));
    }
}

/// Remembers the last block that left the state as it is: one that began there and leaves the same list changes
/// nothing, and most blocks do just that.
pub(super) struct Unchanged {
    left: Vec<u8>,
    shell: Shell,
    given: Vec<String>,
    state: Carried,
}

/// Is what all attempts of a run share.
pub(super) struct Ground<'s> {
    pub(super) run_dir: &'s Path,
    pub(super) shells: &'s mut Shells,
    /// The supervisor's own.
    pub(super) environment: &'s BTreeMap<Vec<u8>, Vec<u8>>,
    /// What is secret in this run.
    pub(super) redactor: &'s Redactor,
}

/// Is what is left of an attempt that is over.
pub(super) struct Finished {
    pub(super) record: Record,
    pub(super) durability: Durability,
    pub(super) slot: Slot,
    /// How its shell was started, if it was so soon over that a shell should stand by for the next.
    pub(super) small: Option<Pattern>,
    /// What it printed, if that is secret.
    pub(super) secret: Option<SecretOutput>,
    /// What something may still write to that outlived it.
    pub(super) leaked: Option<Pipes>,
}

/// Is how a shell is started, with whichever files.
pub(super) struct Pattern {
    shell: Shell,
    carried: CarriedFiles,
    /// The block surely leaves the state as it is: its shell is not asked.
    plain: bool,
    /// The program, its environment and its folder.
    surroundings: Command,
}

impl Pattern {
    /// Returns the command for a block in these files.
    pub(super) fn with(&self, slot: &Slot) -> Command {
        let files = BlockFiles {
            block: &slot.block,
            carried: self.carried.sh.as_deref(),
            carried_bash: self.carried.bash.as_deref(),
            dump: (!self.plain).then_some(slot.left.as_path()),
        };
        let mut command = shell::command(self.shell, Path::new(self.surroundings.get_program()), files);
        surround(&mut command, &self.surroundings);
        command
    }
}

/// Is a running attempt.
pub(super) struct Attempt {
    spec: ShellSpec,
    slot: Slot,
    /// How its shell was started.
    pattern: Pattern,
    /// What it prints, where that does not go straight to its files.
    pipes: Option<Pipes>,
    /// Its terminal, if it has one.
    terminal: Option<Terminal>,
    secret: Option<SecretOutput>,
    run_dir: PathBuf,
    start_state: Carried,
    pid: Pid,
    started: Instant,
    deadline: Option<Instant>,
    stopping: Option<Why>,
    kill_at: Option<Instant>,
    killed_at: Option<Instant>,
    leader: Option<(WaitStatus, Instant)>,
    left_behind: bool,
    sample_at: Instant,
    /// When the last process was gone.
    gone: Option<Instant>,
}

impl Attempt {
    /// Starts the shell, or lets the one that stands by go on, if it fits and its output goes to this attempt's files.
    /// `Err` is the reason, in words for the operator.
    pub(super) fn start(
        ground: Ground<'_>,
        spec: ShellSpec,
        slot: Slot,
        standby: Option<Standby>,
        output: &Digests,
        now: Instant,
    ) -> Result<Self, String> {
        let Ground { run_dir, shells, environment, redactor } = ground;
        let named = |what: &str, path: &Path, error: &io::Error| format!("{what} {}: {error}", path.display());
        let unread = |error| named("cannot read", &run_dir.join("state"), &error);
        let (mut state, mut carried) = Carried::load(run_dir).map_err(unread)?;
        if state.yield_to(spec.vars.keys()) {
            carried = state.save(run_dir).map_err(|error| named("cannot write", &run_dir.join("state"), &error))?;
        }
        let mut script = spec.script.clone().into_bytes();
        if !script.ends_with(b"\n") {
            script.push(b'\n');
        }
        slot.fill(&script).map_err(|error| named("cannot write", &slot.block, &error))?;
        let plain = is_plain(&spec.script, environment.keys());
        let mut surroundings = Command::new(shells.find(spec.shell));
        for (name, value) in &spec.vars {
            surroundings.env(name, value);
        }
        let cwd = match (&spec.cwd, &state.cwd) {
            (Some(wanted), _) if wanted.is_absolute() => Some(wanted.clone()),
            (Some(wanted), _) => std::env::current_dir().ok().map(|here| here.join(wanted)),
            (None, Some(left)) => Some(left.clone()),
            (None, None) => None,
        };
        if let Some(cwd) = &cwd {
            if !cwd.is_dir() {
                let whence = if spec.cwd.is_some() { "its `cwd`" } else { "where an earlier block left off" };
                return Err(format!(
                    "there is no folder {} ({whence}); make it, or run another block that goes elsewhere",
                    cwd.display()
                ));
            }
            surroundings.current_dir(cwd).env("PWD", cwd);
        }
        for name in environment.keys().filter(|name| state.vars.get(*name) == Some(&carry::Value::Removed)) {
            surroundings.env_remove(std::ffi::OsString::from_vec(name.clone()));
        }
        let pattern = Pattern { shell: spec.shell, carried, plain, surroundings };
        let mut command = pattern.with(&slot);
        let sits = spec.keyboard == Keyboard::Operator;
        let passes = redactor.guards() || spec.output == Secrecy::Secret;
        // A shell that stands by writes straight to the files.
        let standing = standby.filter(|_| !passes && !sits).and_then(|standby| standby.go(&command));
        let mut terminal = None;
        let (pid, pipes) = match standing {
            None if sits => {
                let (pid, made) = spawn_on_terminal(&command, run_dir, &spec.attempt)?;
                terminal = Some(made);
                (pid, None)
            }
            Some(pid) => (pid, None),
            None if passes => {
                let (pid, pipes) = spawn_behind_pipes(&mut command, shell::name(spec.shell), spec.output)?;
                (pid, Some(pipes))
            }
            None => (spawn(&mut command, shell::name(spec.shell), output)?, None),
        };
        Ok(Self {
            deadline: spec.timeout.and_then(|timeout| now.checked_add(timeout)),
            spec,
            slot,
            pattern,
            pipes,
            terminal,
            secret: None,
            run_dir: run_dir.to_owned(),
            start_state: state,
            pid,
            started: now,
            stopping: None,
            kill_at: None,
            killed_at: None,
            leader: None,
            left_behind: false,
            sample_at: now + SAMPLE,
            gone: None,
        })
    }

    /// Returns how its shell was started, if one that stands by can be started like it.
    pub(super) fn pattern(&self) -> Option<&Pattern> {
        self.writes_straight().then_some(&self.pattern)
    }

    fn writes_straight(&self) -> bool {
        self.pipes.is_none() && self.terminal.is_none()
    }

    /// Tells whether it is no small one.
    pub(super) fn takes_long(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.started) > SMALL
    }

    /// Ends the attempt because the operator says so.
    pub(super) fn interrupt(&mut self, force: Force, now: Instant) {
        if self.gone.is_some() {
            return;
        }
        if self.stopping.is_none() {
            self.stop(Why::Interrupted, self.spec.grace, now);
        }
        if force == Force::AtOnce {
            self.kill(now);
        }
    }

    /// Obeys the note that an engine left which took over and has no connection to this process.
    pub(super) fn obey_note(&mut self, now: Instant) {
        match std::fs::read(folder::interrupt_note(&self.run_dir, &self.spec.attempt)).as_deref() {
            Ok(b"force") => self.interrupt(Force::AtOnce, now),
            Ok(_) => self.interrupt(Force::Gentle, now),
            Err(_) => {}
        }
    }

    fn stop(&mut self, why: Why, grace: Duration, now: Instant) {
        self.stopping = Some(why);
        self.signal(Signal::TERM);
        // A stopped process cannot act on TERM until it goes on.
        self.signal(Signal::CONT);
        self.kill_at = now.checked_add(grace);
    }

    fn kill(&mut self, now: Instant) {
        self.signal(Signal::KILL);
        self.killed_at.get_or_insert(now);
        self.kill_at = None;
    }

    fn signal(&self, signal: Signal) {
        // A group that is gone needs no signal; one that may not be signalled is given up in the end.
        let _ = rustix::process::kill_process_group(self.pid, signal);
        if let Some(terminal) = &self.terminal {
            // What a shell put into the foreground is in a group of its own.
            terminal.signal(signal);
        }
    }

    /// Takes note of an ended child, if it is this attempt's shell.
    pub(super) fn notice_end(&mut self, child: Pid, status: WaitStatus, now: Instant) {
        if child == self.pid && self.leader.is_none() {
            self.leader = Some((status, now));
        }
    }

    /// Returns the pipes through which its output passes, if it does.
    pub(super) fn pipes(&self) -> Option<&Pipes> {
        self.pipes.as_ref()
    }

    /// Returns its terminal, if it has one.
    pub(super) fn terminal(&self) -> Option<&Terminal> {
        self.terminal.as_ref()
    }

    /// Looks at the attempt and moves it on.
    pub(super) fn step(&mut self, output: &mut Digests, redactor: &Redactor, now: Instant) -> Next {
        if self.gone.is_none() {
            if let Some(pipes) = &mut self.pipes {
                pipes.take(output, redactor);
            }
            if let Some(terminal) = &mut self.terminal {
                terminal.carry(output, redactor);
            }
            let at = self.watch(output, now);
            if self.gone.is_none() {
                return Next::At(at);
            }
            let shown = self.terminal.as_mut().map(|terminal| terminal.finish(output, redactor).map(|()| None));
            match self.pipes.as_mut().map(|pipes| pipes.finish(output, redactor)).or(shown) {
                None | Some(Ok(None)) => {}
                Some(Ok(secret)) => self.secret = secret,
                Some(Err(error)) => super::serve::complain(&format!(
                    "output of attempt {} could not be kept: {error}",
                    self.spec.attempt
                )),
            }
        }
        if output.catch_up() { Next::Now } else { Next::Over }
    }

    fn watch(&mut self, output: &mut Digests, now: Instant) -> Instant {
        if now >= self.sample_at {
            output.sample(now);
            self.sample_at = now + SAMPLE;
        }
        if self.kill_at.is_some_and(|at| now >= at) {
            self.kill(now);
        }
        let mut wake = self.sample_at;
        if let Some((_, ended)) = self.leader {
            let there = rustix::process::test_kill_process_group(self.pid) != Err(rustix::io::Errno::SRCH);
            let given_up = self.killed_at.is_some_and(|at| now >= at + GIVE_UP);
            if !there || given_up {
                self.gone = Some(now);
                return now;
            }
            if self.stopping.is_none() && now >= ended + LINGER {
                self.left_behind = true;
                self.stop(Why::LeftBehind, self.spec.grace.min(Duration::from_secs(1)), now);
            }
            wake = wake.min(now + LOOK);
        } else if self.stopping.is_none() && self.deadline.is_some_and(|at| now >= at) {
            self.stop(Why::TimedOut, self.spec.grace, now);
        }
        for at in [self.kill_at, self.deadline.filter(|_| self.stopping.is_none())].into_iter().flatten() {
            wake = wake.min(at);
        }
        wake
    }

    /// Says how it ended, and keeps the state that the block left.
    pub(super) fn finish(
        self,
        output: &mut Digests,
        out_from: u64,
        (environment, redactor): (&BTreeMap<Vec<u8>, Vec<u8>>, &Redactor),
        unchanged: &mut Option<Unchanged>,
    ) -> Finished {
        let ended = self.gone.unwrap_or_else(Instant::now);
        output.sample_the_end(ended);
        let outcome = self.outcome();
        let state_lost = self.keep_state(&outcome, (environment, redactor), unchanged).err();
        let took = ended.saturating_duration_since(self.started);
        let record = Record {
            attempt: self.spec.attempt.clone(),
            outcome,
            streams: output.streams(),
            out_from,
            took_us: took.as_micros() as u64,
            left_behind: self.left_behind,
            state_lost,
        };
        let durability = if took > WORTH_A_SYNC { Durability::Machine } else { Durability::Process };
        let small = (took < SMALL && self.writes_straight()).then_some(self.pattern);
        let leaked = self.pipes.filter(Pipes::is_open);
        Finished { record, durability, slot: self.slot, small, secret: self.secret, leaked }
    }

    fn outcome(&self) -> Outcome {
        match self.stopping {
            Some(Why::TimedOut) => {
                Outcome::TimedOut { after_ms: self.spec.timeout.map_or(0, |timeout| timeout.as_millis() as u64) }
            }
            Some(Why::Interrupted) => Outcome::Interrupted,
            Some(Why::LeftBehind) | None => match self.leader.map(|(status, _)| status) {
                Some(status) => match (status.exit_status(), status.terminating_signal()) {
                    (Some(code), _) => Outcome::Exited { code },
                    (None, Some(signal)) => Outcome::Signalled { signal },
                    (None, None) => Outcome::Signalled { signal: 0 },
                },
                None => Outcome::Signalled { signal: 0 },
            },
        }
    }

    fn keep_state(
        &self,
        outcome: &Outcome,
        (environment, redactor): (&BTreeMap<Vec<u8>, Vec<u8>>, &Redactor),
        unchanged: &mut Option<Unchanged>,
    ) -> Result<(), String> {
        if self.pattern.plain {
            return Ok(());
        }
        let dump = &self.slot.left;
        let unreadable = |error: io::Error| format!("cannot keep the shell state: {error}");
        let read = || -> Result<Vec<u8>, String> {
            let size = std::fs::metadata(dump).map_err(unreadable)?.len();
            if size > carry::LIMIT {
                return Err(format!("the variables take {size} bytes; at most {} are carried over", carry::LIMIT));
            }
            std::fs::read(dump).map_err(unreadable)
        };
        let left = read();
        // It holds the whole environment, secrets included: it does not stay on disk.
        folder::create(dump).map_err(unreadable)?;
        let StateRule::CarryOver(good) = &self.spec.state else { return Ok(()) };
        if self.spec.output == Secrecy::Secret {
            return Ok(());
        }
        let Outcome::Exited { code } = outcome else { return Ok(()) };
        if !(good.contains(code) || (good.is_empty() && *code == 0)) {
            return Ok(());
        }
        let left = left?;
        if left.is_empty() {
            return Err("the block replaced its shell or its EXIT trap; the state before it stays".to_owned());
        }
        let (before, _) = Carried::load(&self.run_dir).map_err(unreadable)?;
        let now = Unchanged {
            left,
            shell: self.spec.shell,
            given: self.spec.vars.keys().cloned().collect(),
            state: before.clone(),
        };
        if before == self.start_state
            && unchanged.as_ref().is_some_and(|then| {
                (&then.left, then.shell, &then.given, &then.state) == (&now.left, now.shell, &now.given, &now.state)
            })
        {
            return Ok(());
        }
        let mut left = Dump::parse(&now.left)?;
        left.forget(|value| redactor.holds(value));
        let mut state = before.clone();
        let directory = if self.spec.cwd.is_some() { Directory::Stays } else { Directory::Follows };
        carry::merge(&mut state, &self.start_state, left, self.spec.shell, &self.spec.vars, environment, directory);
        if state != before {
            state.save(&self.run_dir).map_err(unreadable)?;
        }
        // What a block leaves that kept the directory to itself says nothing about one that does not.
        *unchanged = (directory == Directory::Follows).then_some(Unchanged { state, ..now });
        Ok(())
    }
}

/// Starts a shell with its output in the attempt's files.
fn spawn(command: &mut Command, program: &str, output: &Digests) -> Result<Pid, String> {
    let stdio = |file: &File| file.try_clone().map_err(|error| format!("cannot hand over the output: {error}"));
    command.stdout(stdio(output.out())?).stderr(stdio(output.err())?);
    start(command, program)
}

/// Starts a shell whose output passes through here.
fn spawn_behind_pipes(command: &mut Command, program: &str, secrecy: Secrecy) -> Result<(Pid, Pipes), String> {
    let (pipes, out, err) = Pipes::open(secrecy).map_err(|error| format!("cannot hand over the output: {error}"))?;
    command.stdout(out).stderr(err);
    let started = start(command, program);
    // Our copies of the writing ends would keep the pipes open.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    Ok((started?, pipes))
}

/// Starts a shell on a terminal of its own.
fn spawn_on_terminal(command: &Command, run_dir: &Path, attempt: &AttemptId) -> Result<(Pid, Terminal), String> {
    let unmade = |error: io::Error| format!("cannot make a terminal for it: {error}");
    let (terminal, slave) = Terminal::open(run_dir, attempt).map_err(unmade)?;
    let mut leader = on_terminal(command, &slave).map_err(unmade)?;
    // It leads a session of its own, so it must not lead a group before.
    let child = leader.spawn().map_err(unmade)?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    Ok((pid.ok_or_else(|| "it has no process id".to_owned())?, terminal))
}

fn start(command: &mut Command, program: &str) -> Result<Pid, String> {
    // A group of its own, in the supervisor's session, which has no terminal. A session of its own would need
    // code between fork and exec, and then the system copies all of this process's tables first.
    let child = command.process_group(0).spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => format!("there is no `{program}` in PATH; install it or change the block"),
        _ => format!("cannot start `{program}`: {error}"),
    })?;
    i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or_else(|| format!("`{program}` has no process id"))
}
