//! The keyboard: a thread that reads keys and notices when the terminal goes away.
//!
//! crossterm parses the bytes, but is asked only when there are some: left to wait by itself it spins once the other
//! end has closed. Resizes come by signal.

use std::fs::File;
use std::io::{self, IsTerminal as _, PipeWriter};
use std::os::fd::{AsFd as _, OwnedFd};
use std::thread::JoinHandle;
use std::time::Duration;

use crossterm::event::{self, Event};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::Feed;
use crate::ui::Msg;

/// Ends the watch when it is dropped. The thread is not waited for: it may sit in a half-read escape sequence, owns
/// nothing, and ends with the process.
#[derive(Debug)]
pub(super) struct Watch {
    stop: PipeWriter,
    thread: JoinHandle<()>,
}

impl Watch {
    /// Ends it, and waits until no key is read any more: the terminal is about to be another program's.
    pub(super) fn end(self) {
        drop(self.stop);
        // It has nothing to tell; a panic in it was printed.
        drop(self.thread.join());
    }
}

/// Starts to read keys.
pub(super) fn watch(feed: Feed) -> io::Result<Watch> {
    // The same choice as crossterm's: standard input if it is a terminal, else the controlling one.
    let stdin = io::stdin();
    let keyboard: OwnedFd =
        if stdin.is_terminal() { stdin.as_fd().try_clone_to_owned()? } else { File::open("/dev/tty")?.into() };
    let (stopped, stop) = io::pipe()?;
    let thread = std::thread::Builder::new().name("keys".to_owned()).spawn(move || {
        loop {
            let mut watched = [PollFd::new(&keyboard, PollFlags::IN), PollFd::new(&stopped, PollFlags::IN)];
            match poll(&mut watched, Some(&LOOK)) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => break feed.send(Msg::Hangup),
            }
            let [keys, end] = watched.map(|fd| fd.revents());
            if !end.is_empty() {
                break;
            }
            if keys.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
                break feed.send(Msg::Hangup);
            }
            if read(&feed).is_err() {
                break feed.send(Msg::Hangup);
            }
        }
    })?;
    Ok(Watch { stop, thread })
}

/// Looks for keys at least this often, should crossterm still hold one that it did not give.
const LOOK: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };
/// Waits so long for the rest. A busy machine may let it pass before crossterm looks at the keys that it has read
/// already; so it is asked twice, and after [`LOOK`] again.
const REST: Duration = Duration::from_millis(20);

/// Reads what there is.
fn read(feed: &Feed) -> io::Result<()> {
    while event::poll(REST)? || event::poll(REST)? {
        match event::read()? {
            Event::Key(key) => feed.send(Msg::Key(key)),
            Event::Paste(text) => feed.send(Msg::Paste(text)),
            Event::Resize(columns, rows) => feed.send(Msg::Resize { columns, rows }),
            Event::FocusGained | Event::FocusLost | Event::Mouse(_) => {}
        }
    }
    Ok(())
}
