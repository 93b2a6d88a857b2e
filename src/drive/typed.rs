//! Lines that are typed, for one listener after the other: none is lost between them.

use std::collections::VecDeque;
use std::io::{self, BufRead};
use std::sync::{Arc, Mutex, PoisonError};

/// Takes a line, or `None` at the end of what is typed; says whether it still listens.
type Listener = Box<dyn Fn(Option<String>) -> Hears + Send>;

/// Says whether somebody took a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hears {
    /// The line was taken.
    Yes,
    /// Nobody is there any more.
    No,
}

/// Is what is typed at a terminal, or comes through a pipe.
#[derive(Clone, Default)]
pub struct Typed(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    /// Is it being read?
    begun: Begun,
    listener: Option<Listener>,
    /// Lines that nobody took. Unbounded: people type little, and a pipe is as long as it is.
    waiting: VecDeque<Option<String>>,
}

#[derive(Default, PartialEq, Eq)]
enum Begun {
    #[default]
    No,
    Yes,
}

impl std::fmt::Debug for Typed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Typed")
    }
}

impl Typed {
    /// Hands everything that was not taken yet, and what comes from here on, to this listener. Reading begins with the
    /// first one.
    ///
    /// # Errors
    /// If the thread can't be started that reads.
    pub fn to<I: BufRead>(
        &self,
        open: impl FnOnce() -> I + Send + 'static,
        listener: impl Fn(Option<String>) -> Hears + Send + 'static,
    ) -> io::Result<()> {
        let mut inner = self.lock();
        inner.listener = Some(Box::new(listener));
        inner.hand_on();
        if std::mem::replace(&mut inner.begun, Begun::Yes) == Begun::Yes {
            return Ok(());
        }
        drop(inner);
        let me = self.clone();
        let read = move || {
            for line in open().lines() {
                let Ok(line) = line else { break };
                me.take(Some(line));
            }
            me.take(None);
        };
        // Not waited for: it ends with the input, or with the process.
        std::thread::Builder::new().name("lines".to_owned()).spawn(read).map(drop)
    }

    fn take(&self, line: Option<String>) {
        let mut inner = self.lock();
        inner.waiting.push_back(line);
        inner.hand_on();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn hand_on(&mut self) {
        while let (Some(listener), Some(line)) = (&self.listener, self.waiting.front()) {
            if listener(line.clone()) == Hears::No {
                self.listener = None;
                return;
            }
            // The end is there for everybody who comes later, too.
            if line.is_none() {
                return;
            }
            self.waiting.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Cursor};
    use std::sync::mpsc::{Receiver, channel};
    use std::time::Duration;

    use super::*;

    fn listen(typed: &Typed, text: &'static str) -> Receiver<Option<String>> {
        let (tell, heard) = channel();
        let listener = move |line| if tell.send(line).is_ok() { Hears::Yes } else { Hears::No };
        typed.to(move || BufReader::new(Cursor::new(text)), listener).unwrap();
        heard
    }

    fn next(heard: &Receiver<Option<String>>) -> Option<String> {
        heard.recv_timeout(Duration::from_secs(20)).unwrap()
    }

    #[test]
    fn what_one_did_not_take_is_the_next_ones() {
        let typed = Typed::default();
        drop(listen(&typed, "one\ntwo\n"));
        let first = listen(&typed, "never read\n");
        // What was sent before the first listener was gone went with it.
        let said: Vec<_> = std::iter::from_fn(|| next(&first)).collect();
        assert!(said.ends_with(&["two".to_owned()]) || said.is_empty(), "{said:?}");
        drop(first);
        let second = listen(&typed, "");
        assert_eq!(next(&second), None, "the end is there for whoever comes later");
    }
}
