//! Where problems are gathered while a file is read.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::kernel::{Problem, Severity, Source};

pub(super) use crate::kernel::nearest;

/// Says whether the author wrote for lifeboat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dress {
    /// No annotation at all: whatever the file holds, it is a checklist.
    Plain,
    /// Somebody wrote annotations and relies on them.
    Annotated,
}

/// Gathers problems.
pub(super) struct Sink<'s> {
    pub source: &'s Source,
    pub dress: Dress,
    /// Every place that a jump can lead to.
    pub anchors: &'s BTreeSet<String>,
    problems: Vec<Problem>,
}

impl<'s> Sink<'s> {
    pub(super) fn new(source: &'s Source, dress: Dress, anchors: &'s BTreeSet<String>) -> Self {
        Self { source, dress, anchors, problems: Vec::new() }
    }

    /// Reports what stops the runbook.
    pub(super) fn error(
        &mut self,
        code: &'static str,
        at: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.problems.push(self.source.problem(Severity::Error, code, at, message, help));
    }

    /// Reports what somebody should look at.
    pub(super) fn warn(
        &mut self,
        code: &'static str,
        at: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.problems.push(self.source.problem(Severity::Warning, code, at, message, help));
    }

    /// Reports what stops a runbook that was written for lifeboat, and is no more than a remark on any other file.
    pub(super) fn error_if_annotated(
        &mut self,
        code: &'static str,
        at: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        match self.dress {
            Dress::Annotated => self.error(code, at, message, help),
            Dress::Plain => self.warn(code, at, message, help),
        }
    }

    /// Reports a part of the format that this version does not have.
    pub(super) fn not_yet(&mut self, at: Range<usize>, what: &str, help: &str) {
        self.error("not-supported", at, format!("{what} is not supported yet"), help);
    }

    /// Says whether a problem of this kind was found.
    pub(super) fn has(&self, code: &str) -> bool {
        self.problems.iter().any(|problem| problem.code == code)
    }

    /// Gives the problems away in the order of the file, errors before warnings at the same place.
    pub(super) fn finish(self) -> Vec<Problem> {
        let mut problems = self.problems;
        problems.sort_by_key(|problem| (problem.span.start, problem.severity));
        problems
    }
}
