//! A program that is talked to line by line, with a script that answers what is asked.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::support::Home;

/// Longer than anything here takes, so that what hangs fails instead.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Is a run at whose lines a script sits.
pub(crate) struct Talk {
    child: Child,
    typed: ChildStdin,
    lines: Receiver<String>,
    /// Everything that was said.
    said: Vec<String>,
}

impl Talk {
    pub(crate) fn begin(home: &Home, arguments: &[&str]) -> Self {
        let mut command = home.command(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (tell, lines) = channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in out.lines() {
                let Ok(line) = line else { return };
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        let typed = child.stdin.take().unwrap();
        Self { child, typed, lines, said: Vec::new() }
    }

    pub(crate) fn next(&mut self, until: Instant) -> Option<String> {
        let line = self.lines.recv_timeout(until.saturating_duration_since(Instant::now())).ok()?;
        self.said.push(line.clone());
        Some(line)
    }

    /// Waits for a line that holds `text`, and returns it.
    pub(crate) fn wait(&mut self, text: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.next(until) {
                Some(line) if line.contains(text) => return line,
                Some(_) => {}
                None => panic!("`{text}` was not said; said was:\n{}", self.said.join("\n")),
            }
        }
    }

    pub(crate) fn type_in(&mut self, line: &str) {
        writeln!(self.typed, "{line}").unwrap();
    }

    /// Types an answer again as long as it comes too soon after its question.
    pub(crate) fn answer(&mut self, line: &str, taken: &str) {
        let until = Instant::now() + PATIENCE;
        self.type_in(line);
        loop {
            match self.next(until) {
                Some(said) if said.contains(taken) => return,
                Some(said)
                    if said.contains("Answer again")
                        || said.contains("press again")
                        || said.contains("were dropped") =>
                {
                    self.type_in(line);
                }
                Some(_) => {}
                None => panic!("`{taken}` did not come of `{line}`; said was:\n{}", self.said.join("\n")),
            }
        }
    }

    /// Returns the number of a choice in the list that is printed next.
    pub(crate) fn number(&mut self, hint: &str) -> String {
        self.type_in("?");
        let line = self.wait(&format!("  {hint}"));
        line.split_whitespace().next().unwrap().to_owned()
    }

    /// Returns what can be done now, in the words of the list.
    pub(crate) fn menu(&mut self) -> Vec<String> {
        self.type_in("?");
        let (until, mut offers) = (Instant::now() + PATIENCE, Vec::new());
        while let Some(line) = self.next(until) {
            match line.trim().split_once("  ") {
                Some(("t", _)) => return offers,
                Some((number, words)) if number.parse::<u32>().is_ok() => offers.push(words.to_owned()),
                _ => {}
            }
        }
        panic!("no list was said; said was:\n{}", self.said.join("\n"));
    }

    /// Stops the run for good, and returns the exit code.
    pub(crate) fn stop(mut self) -> Option<i32> {
        let stop = self.number("stop…");
        self.type_in(&stop);
        self.wait("Stop the run for good:");
        self.type_in("seen enough");
        self.wait("verify: lifeboat log verify");
        self.end().0
    }

    /// Ends the program as nothing asks it to.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn end(mut self) -> (Option<i32>, Vec<String>) {
        drop(self.typed);
        let until = Instant::now() + PATIENCE;
        while let Ok(line) = self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            self.said.push(line);
        }
        (self.child.wait().unwrap().code(), self.said)
    }
}
