//! Has a thread of its own start the shell that stands by: who starts a process waits until it has begun, and often stays
//! in line behind it for the same processor although the other one is idle.

use std::fs::File;
use std::sync::mpsc::{self, Receiver, Sender};

use rustix::process::Pid;

use super::process::{Pattern, Slot};
use super::standby::Standby;

/// Is the shell that stands by, if one does.
pub(super) struct Standing {
    wishes: Option<Sender<Wish>>,
    begun: Receiver<Option<Standby>>,
    now: Now,
}

enum Now {
    Nobody,
    /// It was asked for; these children ended meanwhile, and it may be one of them.
    Begins(Vec<Pid>),
    There(Standby),
}

struct Wish {
    command: std::process::Command,
    slot: Slot,
    out: File,
    err: File,
}

impl Standing {
    /// Begins the thread; without it nobody ever stands by.
    pub(super) fn new() -> Self {
        let (wishes, wished) = mpsc::channel::<Wish>();
        let (tell, begun) = mpsc::channel();
        let start = move || {
            for Wish { command, slot, out, err } in wished {
                // Where this cannot be done the next attempt starts its shell itself, and says so if it cannot.
                if tell.send(Standby::start(command, slot, out, err).ok()).is_err() {
                    break;
                }
            }
        };
        let thread = std::thread::Builder::new().name("standby".to_owned()).spawn(start);
        Self { wishes: thread.is_ok().then_some(wishes), begun, now: Now::Nobody }
    }

    /// Tells whether a shell may be asked for.
    pub(super) fn is_free(&self) -> bool {
        self.wishes.is_some() && matches!(self.now, Now::Nobody)
    }

    /// Asks for a shell that would be started like this, for the files of `slot`, with these files for its output.
    pub(super) fn ask(&mut self, pattern: &Pattern, slot: Slot, (out, err): (File, File)) {
        let wish = Wish { command: pattern.with(&slot), slot, out, err };
        if self.wishes.as_ref().is_some_and(|wishes| wishes.send(wish).is_ok()) {
            self.now = Now::Begins(Vec::new());
        }
    }

    /// Takes the shell for a block, and waits for one that begins.
    pub(super) fn take(&mut self) -> Option<Standby> {
        self.settle();
        match std::mem::replace(&mut self.now, Now::Nobody) {
            Now::There(standby) => Some(standby),
            Now::Nobody | Now::Begins(_) => None,
        }
    }

    /// Ends the shell, unless it only begins.
    pub(super) fn dismiss(&mut self) {
        if let Ok(begun) = self.begun.try_recv() {
            self.met(begun);
        }
        if matches!(self.now, Now::There(_)) {
            self.now = Now::Nobody;
        }
    }

    /// Learns that a child of this process ended.
    pub(super) fn notice_end(&mut self, child: Pid) {
        match &mut self.now {
            Now::Begins(ended) => ended.push(child),
            Now::There(standby) if standby.pid() == child => self.now = Now::Nobody,
            Now::There(_) | Now::Nobody => {}
        }
    }

    /// Tells whether the shell is all that this process has for a child, and waits for one that begins.
    pub(super) fn is_only_child(&mut self) -> bool {
        self.settle();
        matches!(&self.now, Now::There(standby) if standby.is_only_child())
    }

    fn settle(&mut self) {
        if matches!(self.now, Now::Begins(_)) {
            let begun = self.begun.recv().ok().flatten();
            self.met(begun);
        }
    }

    fn met(&mut self, begun: Option<Standby>) {
        let Now::Begins(ended) = std::mem::replace(&mut self.now, Now::Nobody) else { return };
        if let Some(standby) = begun.filter(|standby| !ended.contains(&standby.pid())) {
            self.now = Now::There(standby);
        }
    }
}
