//! The keyboard: a thread that reads keys and notices when the terminal goes away.
//!
//! crossterm parses the bytes, but is asked only when there are some: left to wait by itself it spins once the other
//! end has closed. Resizes come by signal.

use std::fs::File;
use std::io::{self, IsTerminal as _, PipeWriter};
use std::os::fd::{AsFd as _, OwnedFd};
use std::thread::JoinHandle;
use std::time::Duration;

use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyModifiers};
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

/// Returns the keyboard. The same choice as crossterm's: standard input if it is a terminal, else the controlling one.
pub(super) fn keyboard() -> io::Result<OwnedFd> {
    let stdin = io::stdin();
    if stdin.is_terminal() { stdin.as_fd().try_clone_to_owned() } else { Ok(File::open("/dev/tty")?.into()) }
}

/// Starts to read keys.
pub(super) fn watch(feed: Feed) -> io::Result<Watch> {
    let keyboard = keyboard()?;
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

/// Keeps back what a terminal answers to somebody who asked it something: an editor that ended before the answer came.
/// Colours, names and abilities come as strings between ESC and BEL or ESC `\`; read as keys they would be commands.
#[derive(Default)]
struct Answers {
    inside: bool,
}

impl Answers {
    /// Is the key part of an answer?
    fn takes(&mut self, key: &KeyEvent) -> bool {
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        let ends = key.code == KeyCode::Char('g') && key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            _ if self.inside && (ends || (alt && key.code == KeyCode::Char('\\'))) => self.inside = false,
            // Nobody's keys are bound to these.
            KeyCode::Char(']' | 'P' | '_' | '^' | 'X') if alt => self.inside = true,
            _ => return self.inside,
        }
        true
    }
}

/// Reads what there is. What a person presses never comes in one piece with what a terminal answers.
fn read(feed: &Feed) -> io::Result<()> {
    let mut answers = Answers::default();
    while event::poll(REST)? || event::poll(REST)? {
        match event::read()? {
            Event::Key(key) if answers.takes(&key) => {}
            Event::Key(key) => feed.send(Msg::Key(key)),
            Event::Paste(text) => feed.send(Msg::Paste(text)),
            Event::Resize(columns, rows) => feed.send(Msg::Resize { columns, rows }),
            Event::FocusGained | Event::FocusLost | Event::Mouse(_) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(keys: &[(char, KeyModifiers)]) -> String {
        let mut answers = Answers::default();
        let keys = keys.iter().filter(|(c, held)| !answers.takes(&KeyEvent::new(KeyCode::Char(*c), *held)));
        keys.map(|(c, _)| *c).collect()
    }

    #[test]
    fn what_a_terminal_answers_is_nobody_s_key() {
        let (none, alt, ctrl) = (KeyModifiers::NONE, KeyModifiers::ALT, KeyModifiers::CONTROL);
        let answer =
            |last: (char, KeyModifiers)| [(']', alt), ('1', none), ('r', none), ('q', none), last, ('j', none)];
        assert_eq!(passed(&answer(('\\', alt))), "j");
        assert_eq!(passed(&answer(('g', ctrl))), "j");
        assert_eq!(passed(&[('r', none), (']', none), ('q', none)]), "r]q");
    }
}
