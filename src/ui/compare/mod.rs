//! Two runs side by side on the screen: their steps, and what each did at the one that is selected. It only shows.

mod detail;
mod press;
mod view;

use super::message::Watch;
use super::model::Behind;
use crate::kernel::AttemptId;
use crate::report::{Comparison, Did, Printed, Sides};

pub(super) use press::{offered, perform, why_not};
pub(super) use view::draw;

/// Holds a comparison, and where its reader is in it.
#[derive(Clone, Debug)]
pub struct Beside {
    pub(super) compared: Comparison,
    printed: Sides<Vec<Printed>>,
    /// The runs' folders.
    folders: Sides<String>,
    /// Places of `compared.steps`, in the order in which they are listed.
    listed: Vec<usize>,
    order: Order,
    /// The selected row of the list: the runs as wholes, then the steps.
    selected: usize,
    pane: Pane,
    /// The first line of the detail that is seen.
    top: usize,
    pub(super) behind: Behind,
}

/// Says how steps are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// As planned.
    Planned,
    /// What took most differently first, then what was done differently.
    ByDifference,
}

/// Names the panes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pane {
    /// The list has the keys.
    Steps,
    /// What both did has them.
    Detail,
    /// What both did has the whole screen.
    Whole,
}

impl Beside {
    /// Shows a comparison, with what either run printed, and the folder of each.
    pub fn new(compared: Comparison, printed: Sides<Vec<Printed>>, folders: Sides<String>) -> Self {
        let listed = (0..compared.steps.len()).collect();
        Self {
            compared,
            printed,
            folders,
            listed,
            order: Order::Planned,
            selected: 0,
            pane: Pane::Steps,
            top: 0,
            behind: Behind::Nothing,
        }
    }

    /// Returns the selected step; `None`: the runs as wholes.
    fn step(&self) -> Option<&crate::report::Aligned> {
        let at = self.listed.get(self.selected.checked_sub(1)?)?;
        self.compared.steps.get(*at)
    }

    /// Selects a step by its place in the plan.
    pub(super) fn select(&mut self, step: usize) {
        if let Some(at) = self.listed.iter().position(|listed| *listed == step) {
            self.go(at + 1);
        }
    }

    fn go(&mut self, selected: usize) {
        (self.selected, self.top) = (selected.min(self.listed.len()), 0);
    }

    /// Orders the steps anew. The selected one stays selected.
    fn reorder(&mut self) {
        let step = self.selected.checked_sub(1).and_then(|at| self.listed.get(at)).copied();
        self.listed = (0..self.compared.steps.len()).collect();
        self.order = match self.order {
            Order::Planned => {
                let steps = &self.compared.steps;
                self.listed.sort_by_key(|at| {
                    let step = steps.get(*at);
                    let gap = step.and_then(crate::report::Aligned::gained).map_or(0, i64::unsigned_abs);
                    std::cmp::Reverse((gap, step.is_some_and(crate::report::Aligned::differs)))
                });
                Order::ByDifference
            }
            Order::ByDifference => Order::Planned,
        };
        if let Some(step) = step {
            self.select(step);
        }
    }

    /// Finds the next row that differs, or the one before.
    fn difference(&self, rows: impl Iterator<Item = usize>) -> Option<usize> {
        let differs = |row: &usize| {
            let at = row.checked_sub(1).and_then(|at| self.listed.get(at));
            at.and_then(|at| self.compared.steps.get(*at)).is_some_and(crate::report::Aligned::differs)
        };
        rows.into_iter().find(differs)
    }

    /// Returns what either run printed in an attempt.
    fn printed(&self, side: fn(&Sides<Vec<Printed>>) -> &Vec<Printed>, attempt: &AttemptId) -> Option<&Printed> {
        side(&self.printed).iter().find(|printed| printed.attempt == *attempt)
    }
}

/// Says what is to be watched of one of them.
fn watch(folder: &str, did: Option<&Did>) -> Watch {
    Watch { folder: folder.to_owned(), seq: did.and_then(|did| did.began_seq) }
}
