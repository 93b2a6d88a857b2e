//! A shell that stands by for the next block, so that a small block need not wait for one to start.
//!
//! Most of what a block of a few commands costs is the start of its shell. While one small block runs, and while the engine
//! records how it ended, the supervisor starts the shell of the next, as the last one was started, and holds it at a gate
//! before it reads anything of a block. The gate opens once the next attempt is asked for, which is after that was
//! recorded. A shell that would not fit (another environment, folder or shell) is killed there, and has done nothing; so
//! is one beside a block that turns out to take long.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{ChildStdin, Command, Stdio};

use rustix::process::{Pid, Signal};

use super::process::Slot;
use crate::exec::carry;

/// Waits for a line on standard input, takes what it says into the environment, and has an empty standard input from
/// then on. Without a line the supervisor is gone: nothing is done.
const GATE: &str = "read -r lifeboat_go__ || exit 0\neval \"$lifeboat_go__\"\nunset lifeboat_go__\nexec </dev/null\n";

/// Variables that begin so are lifeboat's own, differ from block to block, and hold nothing that a shell treats in a way
/// of its own: they may be set after the shell began.
const OWN: &[u8] = b"LIFEBOAT_";

/// Is the shell at the gate.
pub(super) struct Standby {
    pid: Pid,
    gate: ChildStdin,
    /// How the shell would have been started without a gate.
    fits: Command,
    slot: Option<Slot>,
    open: bool,
}

impl Standby {
    /// Starts a shell as `fits` would, which is for the files of `slot`, and with these files for its output.
    pub(super) fn start(fits: Command, slot: Slot, out: File, err: File) -> io::Result<Self> {
        let mut command = Command::new(fits.get_program());
        let mut script_follows = false;
        for arg in fits.get_args() {
            if std::mem::replace(&mut script_follows, arg == "-c") {
                let mut gated = OsString::from(GATE);
                gated.push(arg);
                command.arg(gated);
            } else {
                command.arg(arg);
            }
        }
        surround(&mut command, &fits);
        let mut child = command.stdin(Stdio::piped()).stdout(out).stderr(err).process_group(0).spawn()?;
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::Unsupported)?;
        let gate = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Self { pid, gate, fits, slot: Some(slot), open: false })
    }

    /// Returns the shell's process id.
    pub(super) fn pid(&self) -> Pid {
        self.pid
    }

    /// Tells whether it is all that this process, the reaper of what blocks leave behind, has for a child: then nothing is
    /// alive that a block started. Only we take children away, so none is passed over while they are listed.
    pub(super) fn is_only_child(&self) -> bool {
        let this = std::process::id();
        let children = std::fs::read_to_string(format!("/proc/{this}/task/{this}/children"));
        children.is_ok_and(|children| children.trim() == self.pid.as_raw_nonzero().to_string())
    }

    /// Hands over the files that the shell reads: they are written before the gate opens.
    pub(super) fn slot(&mut self) -> Option<Slot> {
        self.slot.take()
    }

    /// Opens the gate, if `command` would start this very shell; else nothing happened.
    pub(super) fn go(mut self, command: &Command) -> Option<Pid> {
        let mut line = differences(&self.fits, command)?;
        line.push(b'\n');
        // A few variables: the pipe takes them at once, or the shell is gone.
        self.gate.write_all(&line).ok()?;
        self.open = true;
        Some(self.pid)
    }
}

impl Drop for Standby {
    fn drop(&mut self) {
        if !self.open {
            // One that is gone needs no signal.
            let _ = rustix::process::kill_process_group(self.pid, Signal::KILL);
        }
    }
}

/// Gives a command the environment and the folder of another.
pub(super) fn surround(command: &mut Command, other: &Command) {
    for (name, value) in other.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    if let Some(cwd) = other.get_current_dir() {
        command.current_dir(cwd);
    }
}

/// Returns what turns the environment of one command into that of the other, in the words of a shell, if nothing but
/// lifeboat's own variables differs.
fn differences(from: &Command, to: &Command) -> Option<Vec<u8>> {
    if from.get_program() != to.get_program()
        || from.get_current_dir() != to.get_current_dir()
        || !from.get_args().eq(to.get_args())
    {
        return None;
    }
    let before: BTreeMap<&OsStr, Option<&OsStr>> = from.get_envs().collect();
    let after: BTreeMap<&OsStr, Option<&OsStr>> = to.get_envs().collect();
    if !before.keys().eq(after.keys()) {
        return None;
    }
    let mut line = Vec::new();
    for (name, value) in after.iter().filter(|(name, value)| before.get(*name) != Some(*value)) {
        let value = value.filter(|value| name.as_bytes().starts_with(OWN) && !value.as_bytes().contains(&b'\n'))?;
        line.extend_from_slice(b"export ");
        line.extend_from_slice(name.as_bytes());
        line.push(b'=');
        carry::quote(value.as_bytes(), &mut line);
        line.push(b';');
    }
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(envs: &[(&str, &str)]) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-e", "-c", "true", "sh"]).envs(envs.iter().copied());
        command
    }

    #[test]
    fn only_a_shell_that_differs_in_what_is_lifeboats_own_fits() {
        let before = command(&[("A", "1"), ("LIFEBOAT_NOW", "1")]);
        let line = |after: &Command| differences(&before, after).map(|line| String::from_utf8(line).unwrap());
        assert_eq!(line(&command(&[("A", "1"), ("LIFEBOAT_NOW", "1")])), Some(String::new()));
        assert_eq!(
            line(&command(&[("A", "1"), ("LIFEBOAT_NOW", "it's 2")])),
            Some(r"export LIFEBOAT_NOW='it'\''s 2';".to_owned())
        );
        for other in [
            command(&[("A", "2"), ("LIFEBOAT_NOW", "1")]),
            command(&[("A", "1")]),
            command(&[("A", "1"), ("LIFEBOAT_NOW", "1"), ("B", "")]),
            command(&[("A", "1"), ("LIFEBOAT_NOW", "two\nlines")]),
        ] {
            assert_eq!(line(&other), None, "{other:?}");
        }
        let mut elsewhere = command(&[("A", "1"), ("LIFEBOAT_NOW", "1")]);
        elsewhere.current_dir("/");
        assert_eq!(line(&elsewhere), None);
        let mut without = command(&[("A", "1"), ("LIFEBOAT_NOW", "1")]);
        without.env_remove("PATH");
        assert_eq!(line(&without), None);
    }
}
