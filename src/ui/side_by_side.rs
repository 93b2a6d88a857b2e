//! What is worked on side by side: the rows of its table in the runbook's order, which of them is looked at, and what each
//! printed last.

use std::ops::Range;

use super::message::Progress;
use super::model::RunScreen;
use super::press::scrolled;
use super::tail::Tail;
use crate::engine::{Run, Strand};
use crate::kernel::{AttemptId, Stamp};
use crate::settings::keymap::Command;

/// Keeps the output of so many attempts at hand; of the others the last line is kept, and all of it is in their files.
const TAILS: usize = 16;

/// Holds at most so many characters of a last line.
const LAST: usize = 240;

/// Names the rows of a table: steps whose turns come together, or one step that does something for several items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// The steps, by their indices.
    pub(super) steps: Range<usize>,
}

/// Is the last line that an attempt printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LastLine {
    text: String,
    at: Option<Stamp>,
}

impl Group {
    /// Finds the group of a step; `None` where the step is worked alone, its turn has not come, or things are being undone.
    pub(super) fn of(run: &Run, step: usize) -> Option<Self> {
        let group = Self { steps: run.plan.beside(step) };
        let begun = group.steps.clone().any(|at| run.was_reached(at)) && !run.is_rolling_back();
        (begun && group.rows(run).nth(1).is_some()).then_some(group)
    }

    /// Is it of several steps, so that each is a row of its own?
    pub(super) fn is_of_steps(&self) -> bool {
        self.steps.len() > 1
    }

    /// Goes through its rows: each step of several with its items, or the items of the only one.
    pub(super) fn rows<'r>(&self, run: &'r Run) -> impl Iterator<Item = Strand> + use<'r> {
        let several = self.is_of_steps();
        self.steps.clone().flat_map(move |at| {
            let head = several.then_some(Strand::whole(at));
            head.into_iter().chain(run.items_of(at).map(|(strand, _)| strand))
        })
    }
}

impl RunScreen {
    /// Returns the group that the step which is shown belongs to.
    pub(super) fn group(&self) -> Option<Group> {
        Group::of(&self.run, self.shown())
    }

    /// Returns the item that is looked at, if it belongs to the step that is shown.
    pub(super) fn picked(&self) -> Option<Strand> {
        let picked = self.picked.filter(|strand| strand.step == self.shown())?;
        self.run.items_of(picked.step).any(|(strand, _)| strand == picked).then_some(picked)
    }

    /// Returns the row of the table that everything beside it is about.
    pub(super) fn row(&self) -> Option<Strand> {
        let shown = self.shown();
        self.picked().or_else(|| self.subject().filter(|strand| strand.step == shown)).or(Some(Strand::whole(shown)))
    }

    /// Goes to another row of the table.
    pub(super) fn pick(&mut self, command: Command, page: usize) {
        let Some(group) = self.group() else { return };
        let rows = || group.rows(&self.run);
        let here = self.row();
        let at = rows().position(|row| Some(row) == here).unwrap_or_default();
        let to = scrolled(command, at, page, rows().count().saturating_sub(1));
        let Some(row) = to.and_then(|to| rows().nth(to)) else { return };
        self.look_at(row.step);
        self.picked = row.item.map(|_| row);
    }

    /// Looks at a step; at the one that it is the turn of, by following the run.
    pub(super) fn look_at(&mut self, step: usize) {
        let focus = self.run.focus().map_or(self.run.current, |strand| strand.step);
        self.look = (step != focus).then_some(step);
        (self.picked, self.step_scroll, self.output_back) = (None, 0, 0);
    }

    /// Is a step or an item looked at, instead of following the run?
    pub(super) fn looks(&self) -> bool {
        self.look.is_some() || self.picked().is_some()
    }

    /// Follows the run again.
    pub(super) fn look_back(&mut self) {
        (self.look, self.picked) = (None, None);
    }

    /// Returns the last line that an attempt printed and when it did, as far as this screen saw it.
    pub(super) fn last_line(&self, attempt: &AttemptId) -> Option<(&str, Option<Stamp>)> {
        let tail = self.tails.get(attempt);
        let said = tail.and_then(|tail| Some((tail.lines().rev().find(|line| !line.trim().is_empty())?, tail.last())));
        said.or_else(|| self.last_lines.get(attempt).map(|last| (last.text.as_str(), last.at)))
    }

    /// Takes a piece of output, and says by how many lines its attempt's has grown.
    pub(super) fn heard(&mut self, progress: Progress) -> usize {
        if !self.tails.contains_key(&progress.attempt) && self.tails.len() >= TAILS {
            self.forget_a_tail();
        }
        let tail: &mut Tail = self.tails.entry(progress.attempt).or_default();
        let before = tail.lines().len();
        tail.push(&progress.text, progress.total, progress.at);
        tail.lines().len().saturating_sub(before)
    }

    /// Makes room: for the output that is over first, then for the one that has been silent for longest.
    fn forget_a_tail(&mut self) {
        let key = |(id, tail): &(&AttemptId, &Tail)| (self.run.running.contains(*id), tail.last().map(|at| at.mono));
        let Some(id) = self.tails.iter().min_by_key(key).map(|(id, _)| id.clone()) else { return };
        let said = self.last_line(&id).map(|(line, at)| LastLine { text: line.chars().take(LAST).collect(), at });
        self.tails.remove(&id);
        self.last_lines.extend(said.map(|last| (id, last)));
    }
}
