//! The terminal of an interactive attempt: its program has the one end, and whichever screen sits down at it the other.
//!
//! A screen connects to `attempts/<attempt>.tty` and says with [`Word`]s what was typed and how large it is; what the
//! program prints comes back as it is. One screen at a time sits there: who comes later takes the seat. Nobody has to:
//! the program waits, and what it prints is kept for the first who comes, and recorded like other output.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::event::{PollFd, PollFlags};
use rustix::process::{Pid, Signal};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcgetpgrp, tcsetwinsize};

use crate::exec::folder::near;
use crate::exec::output::Digests;
use crate::kernel::{AttemptId, Redactor, Word, Words};

/// How much is read at once.
const CHUNK: usize = 16 * 1024;
/// How often it is read before other attempts have their turn.
const TURNS: usize = 16;
/// How much waits for a screen before the program has to wait, and how much of the end is kept for one to come.
const WAITING: usize = 64 * 1024;
/// Its size until a screen says another.
const SIZE: Winsize = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };

/// Holds the supervisor's end of a terminal, and the screen that sits at it.
pub(super) struct Terminal {
    master: File,
    listener: UnixListener,
    path: PathBuf,
    seat: Option<Seat>,
    /// What was printed and not sent.
    waiting: Vec<u8>,
    /// What was typed and not taken.
    typed: Vec<u8>,
    /// Nothing more will be printed.
    over: bool,
    lost: Option<io::Error>,
}

struct Seat {
    stream: UnixStream,
    words: Words,
}

impl Terminal {
    /// Makes a terminal, and listens for screens; the program gets the end that comes back.
    pub(super) fn open(run_dir: &Path, attempt: &AttemptId) -> io::Result<(Self, OwnedFd)> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let name = ptsname(&master, Vec::new())?;
        let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY | rustix::fs::OFlags::CLOEXEC;
        let slave = rustix::fs::open(name.as_c_str(), flags, rustix::fs::Mode::empty())?;
        tcsetwinsize(&slave, SIZE)?;
        rustix::io::ioctl_fionbio(&master, true)?;
        let folder = run_dir.join("attempts");
        let name = socket(attempt);
        let path = folder.join(&name);
        // An earlier performance may have left one.
        drop(std::fs::remove_file(&path));
        let listener = near(&folder, &name, UnixListener::bind)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        listener.set_nonblocking(true)?;
        let master = File::from(master);
        let (waiting, typed) = (Vec::new(), Vec::new());
        Ok((Self { master, listener, path, seat: None, waiting, typed, over: false, lost: None }, slave))
    }

    /// Lists what to wait for.
    pub(super) fn ends(&self) -> impl Iterator<Item = (BorrowedFd<'_>, PollFlags)> {
        let mut from_program = PollFlags::empty();
        // A screen that does not keep up holds its program up, as a terminal does.
        from_program.set(PollFlags::IN, self.has_room());
        from_program.set(PollFlags::OUT, !self.typed.is_empty());
        let program = (!self.over && !from_program.is_empty()).then(|| (self.master.as_fd(), from_program));
        let seat = self.seat.as_ref().map(|seat| {
            let mut flags = PollFlags::IN;
            flags.set(PollFlags::OUT, !self.waiting.is_empty());
            (seat.stream.as_fd(), flags)
        });
        std::iter::once((self.listener.as_fd(), PollFlags::IN)).chain(program).chain(seat)
    }

    fn has_room(&self) -> bool {
        self.seat.is_none() || self.waiting.len() < WAITING
    }

    /// Carries what there is, both ways.
    pub(super) fn carry(&mut self, output: &mut Digests, redactor: &Redactor) {
        self.seat_whoever_came();
        self.hear();
        self.type_on();
        self.read(output, redactor);
        self.show();
    }

    fn seat_whoever_came(&mut self) {
        while let Ok((stream, _)) = self.listener.accept() {
            #[cfg(target_os = "linux")]
            if rustix::net::sockopt::socket_peercred(&stream).map(|peer| peer.uid).ok()
                != Some(rustix::process::geteuid())
            {
                continue;
            }
            if stream.set_nonblocking(true).is_ok() {
                self.seat = Some(Seat { stream, words: Words::default() });
            }
        }
    }

    /// Hears what the screen says.
    fn hear(&mut self) {
        let mut bytes = [0; CHUNK];
        while let Some(seat) = self.seat.as_mut().filter(|_| self.typed.len() < WAITING) {
            match seat.stream.read(&mut bytes) {
                Ok(0) => self.seat = None,
                Ok(read) => {
                    seat.words.push(bytes.get(..read).unwrap_or_default());
                    while let Some(word) = self.seat.as_mut().and_then(|seat| seat.words.next()) {
                        self.obey(word);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => self.seat = None,
            }
        }
    }

    fn obey(&mut self, word: Word) {
        match word {
            Word::Typed(bytes) => self.typed.extend_from_slice(&bytes),
            Word::Size { columns, rows } => {
                // A program that is gone has no use for it.
                let _ = tcsetwinsize(&self.master, Winsize { ws_row: rows, ws_col: columns, ..SIZE });
                // Of the same size as before nobody would hear, and a screen that just came shows nothing yet.
                self.signal(Signal::WINCH);
            }
        }
    }

    /// Sends a signal to what has the terminal now.
    pub(super) fn signal(&self, signal: Signal) {
        if let Ok(group) = tcgetpgrp(&self.master) {
            let _ = rustix::process::kill_process_group(group, signal);
        }
    }

    fn type_on(&mut self) {
        while !self.typed.is_empty() {
            match self.master.write(&self.typed) {
                Ok(written) => drop(self.typed.drain(..written)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => self.typed.clear(),
            }
        }
    }

    fn read(&mut self, output: &mut Digests, redactor: &Redactor) {
        let mut bytes = [0; CHUNK];
        for _ in 0..TURNS {
            if self.over || !self.has_room() {
                return;
            }
            match self.master.read(&mut bytes) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // The last process closed its end, which Linux calls an error.
                Ok(0) | Err(_) => self.over = true,
                Ok(read) => {
                    let printed = bytes.get(..read).unwrap_or_default();
                    if let Err(error) = output.keep_out(redactor, printed) {
                        self.lost = Some(error);
                    }
                    self.waiting.extend_from_slice(printed);
                    if self.seat.is_none() {
                        self.waiting.drain(..self.waiting.len().saturating_sub(WAITING));
                    }
                }
            }
        }
    }

    /// Shows the screen what waits, as far as it takes it.
    fn show(&mut self) {
        while let Some(seat) = self.seat.as_mut().filter(|_| !self.waiting.is_empty()) {
            match seat.stream.write(&self.waiting) {
                Ok(sent) => drop(self.waiting.drain(..sent)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => self.seat = None,
            }
        }
    }

    /// Takes the rest, once everything that belongs to the attempt is gone, and ends its files.
    ///
    /// # Errors
    /// If some of it could not be written.
    pub(super) fn finish(&mut self, output: &mut Digests, redactor: &Redactor) -> io::Result<()> {
        self.read(output, redactor);
        self.show();
        // A screen that does not keep up must not keep the end from the record.
        self.seat = None;
        self.read(output, redactor);
        drop(std::fs::remove_file(&self.path));
        let ended = output.end(redactor);
        self.lost.take().map_or(ended, Err)
    }
}

/// Names the socket of an attempt's terminal in `attempts/`.
fn socket(attempt: &AttemptId) -> String {
    format!("{attempt}.tty")
}

/// Sits down at the terminal of a running attempt.
///
/// # Errors
/// It has none, or none any more.
pub fn sit_down(run_dir: &Path, attempt: &AttemptId) -> io::Result<UnixStream> {
    if !crate::exec::folder::is_file_name(attempt) {
        return Err(io::ErrorKind::NotFound.into());
    }
    near(&run_dir.join("attempts"), &socket(attempt), UnixStream::connect)
}

/// Has `command` started on a terminal: a session of its own is made by a process of ours that then becomes it.
pub(super) fn on_terminal(command: &Command, slave: &OwnedFd) -> io::Result<Command> {
    let mut leader = Command::new(std::env::current_exe()?);
    leader.arg("__terminal").arg(command.get_program()).args(command.get_args());
    super::standby::surround(&mut leader, command);
    let stdio = || slave.try_clone().map(Stdio::from);
    leader.stdin(stdio()?).stdout(stdio()?).stderr(stdio()?);
    // Most programs ask what they write to; a screen of ours understands what an xterm does, as far as its own does.
    if std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb") {
        leader.env("TERM", "xterm-256color");
    }
    Ok(leader)
}

/// Makes this process the leader of a session on the terminal at its standard input, and becomes the program.
///
/// # Errors
/// Always: it returns only where that failed.
pub fn lead(program: &std::ffi::OsStr, arguments: &[std::ffi::OsString]) -> io::Error {
    let led = rustix::process::setsid().and_then(|_: Pid| rustix::process::ioctl_tiocsctty(io::stdin()));
    match led {
        Ok(()) => Command::new(program).args(arguments).exec(),
        Err(error) => error.into(),
    }
}

/// Waits on `fd`.
pub(super) fn polled<'f>((fd, flags): &'f (BorrowedFd<'_>, PollFlags)) -> PollFd<'f> {
    PollFd::new(fd, *flags)
}
