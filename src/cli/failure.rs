//! How a command fails: what, why, what next, and the exit code.

use std::process::ExitCode;

use super::say;
use crate::drive::wire::Over;
use crate::kernel::SafeText;

/// Lists the exit codes that are not success. Documented in `docs/exit-codes.md` and in `lifeboat --help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Problems were found.
    Problems = 1,
    /// The command line is wrong, or something it names can't be read.
    Usage = 2,
    /// The runbook can't run.
    Runbook = 3,
    /// An objective was missed.
    Missed = 10,
    /// The operator stopped the run.
    Stopped = 11,
    /// Service was not restored.
    NotRecovered = 12,
    /// An unattended run met something that only a person may do.
    NeedsPerson = 13,
    /// The log can't be written.
    Log = 20,
    /// The terminal was lost.
    Terminal = 30,
    /// A defect of lifeboat.
    Internal = 70,
}

/// Is a failure of a command, with what to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// The exit code: a [`Kind`].
    kind: u8,
    message: String,
    hints: Vec<String>,
}

impl Failure {
    /// Makes a failure; `message` is a sentence without its period.
    pub(super) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind: kind as u8, message: message.into(), hints: Vec::new() }
    }

    /// Adds what to do next.
    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Is it of this kind?
    pub(super) fn is(&self, kind: Kind) -> bool {
        self.kind == kind as u8
    }

    /// Says it in a line, with what to do next.
    pub(super) fn in_a_line(&self) -> String {
        [std::slice::from_ref(&self.message), &self.hints].concat().join("; ")
    }

    /// Says it as the end of a run, for a screen in another process.
    pub(super) fn over(&self) -> Over {
        Over { code: self.kind, message: self.message.clone(), hints: self.hints.clone() }
    }

    /// Takes what another process said as the end of a run.
    pub(super) fn of_over(over: Over) -> Self {
        Self { kind: over.code, message: over.message, hints: over.hints }
    }

    /// Prints it on standard error and gives the exit code.
    pub(super) fn exit(&self) -> ExitCode {
        if !self.message.is_empty() {
            say::aside(format_args!("lifeboat: {}", SafeText::new(&self.message)));
        }
        for hint in &self.hints {
            say::aside(format_args!("  next: {}", SafeText::new(hint)));
        }
        ExitCode::from(self.kind)
    }
}
