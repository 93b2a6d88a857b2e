//! Signals, as messages of the screen's one channel.

use std::io;
use std::thread::JoinHandle;

use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::{Handle, Signals};

use super::Feed;

/// Says what a signal means for the screen.
pub(super) enum Meaning {
    /// The terminal went away.
    HungUp,
    /// The process is asked to end.
    End,
    /// The terminal has another size.
    Resized,
    /// The process is asked to stop for a while.
    Stop,
    /// It goes on.
    Continued,
}

pub(super) fn meaning(signal: i32) -> Meaning {
    match signal {
        SIGHUP => Meaning::HungUp,
        SIGWINCH => Meaning::Resized,
        SIGTSTP => Meaning::Stop,
        SIGCONT => Meaning::Continued,
        _ => Meaning::End,
    }
}

/// Ends the watch when it is dropped.
pub(super) struct Watch {
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.handle.close();
        if let Some(thread) = self.thread.take() {
            // It has nothing to tell; a panic in it was printed.
            drop(thread.join());
        }
    }
}

/// Starts to watch. A hang-up signal that was ignored when the process began is heard from now on.
pub(super) fn watch(feed: Feed) -> io::Result<Watch> {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGCONT, SIGWINCH])?;
    let handle = signals.handle();
    let thread = std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for signal in signals.forever() {
            feed.signal(signal);
        }
    })?;
    Ok(Watch { handle, thread: Some(thread) })
}
