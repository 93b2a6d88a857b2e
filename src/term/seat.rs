//! A seat at the terminal of an attempt: keys go there as they are, and what it prints comes here, until it ends or the
//! person comes back.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::tcgetwinsize;

use super::input::keyboard;
use crate::kernel::Word;

/// Ctrl-] comes back, as it does elsewhere from the console of another machine.
const BACK: u8 = 0x1d;
/// How much is read at once.
const CHUNK: usize = 16 * 1024;
/// What was typed waits for a program that does not read it, up to so many bytes; more is dropped.
const WAITING: usize = 1024 * 1024;
/// How often the size of the terminal and signals are looked at.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

/// Says why the person rose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rose {
    /// They, or a signal to this process, said so.
    CameBack,
    /// The attempt ended, or another screen has the seat.
    Over,
    /// The terminal here is gone.
    HungUp,
}

/// Sits at `stream` until one of these.
///
/// # Errors
/// The terminal here does not take what is printed.
pub(super) fn sit(stream: UnixStream, tty: &File, called_away: &mut dyn FnMut() -> bool) -> io::Result<Rose> {
    stream.set_nonblocking(true)?;
    let mut keys = File::from(keyboard()?);
    let (mut stream, mut tty) = (&stream, tty);
    let mut bytes = [0; CHUNK];
    let mut said = Vec::new();
    let mut size = (0, 0);
    loop {
        if let Ok(now) = tcgetwinsize(tty)
            && (now.ws_col, now.ws_row) != size
        {
            size = (now.ws_col, now.ws_row);
            said.extend(Word::Size { columns: size.0, rows: size.1 }.bytes());
        }
        while !said.is_empty() {
            match stream.write(&said) {
                Ok(sent) => drop(said.drain(..sent)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // What it printed last is still to be read.
                Err(_) => said.clear(),
            }
        }
        let mut wanted = PollFlags::IN;
        wanted.set(PollFlags::OUT, !said.is_empty());
        let mut watched = [PollFd::new(&keys, PollFlags::IN), PollFd::new(&stream, wanted)];
        match poll(&mut watched, Some(&LOOK)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let [typed, printed] = watched.map(|fd| fd.revents());
        if typed.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
            return Ok(Rose::HungUp);
        }
        if typed.contains(PollFlags::IN) {
            let read = keys.read(&mut bytes)?;
            let typed = bytes.get(..read).unwrap_or_default();
            let back = typed.iter().position(|byte| *byte == BACK);
            let typed = typed.get(..back.unwrap_or(read)).unwrap_or_default();
            if said.len() + typed.len() < WAITING {
                said.extend(Word::Typed(typed.to_vec()).bytes());
            }
            if read == 0 {
                return Ok(Rose::HungUp);
            }
            if back.is_some() {
                // What a program does not take now it will not miss.
                drop(stream.write(&said));
                return Ok(Rose::CameBack);
            }
        }
        if !printed.is_empty() {
            match stream.read(&mut bytes) {
                Ok(0) => return Ok(Rose::Over),
                Ok(read) => tty.write_all(bytes.get(..read).unwrap_or_default())?,
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
                Err(_) => return Ok(Rose::Over),
            }
        }
        if called_away() {
            return Ok(Rose::CameBack);
        }
    }
}
