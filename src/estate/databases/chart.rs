//! Which moment of the estate is which position of a server's log, and from which base backups it can be restored.

use crate::estate::model::Moment;
use crate::estate::model::effect::DataId;
use crate::estate::postgres::{Backup, Position};

/// The most positions that are remembered; older ones are thinned out.
const MOST: usize = 200_000;

/// Is a base backup, and from where in the log on it can be used.
#[derive(Clone, Debug)]
pub(super) struct Base {
    pub(super) backup: Backup,
    /// The position at which it was complete.
    pub(super) complete: Position,
    /// The first file of the log that it needs.
    pub(super) first_file: String,
}

/// Is the chart of one server's log.
#[derive(Debug, Default)]
pub(super) struct Chart {
    marks: Vec<(Moment, Position)>,
    bases: Vec<Base>,
    /// Whose log holds what was committed until then.
    before: Option<(DataId, Moment)>,
}

impl Chart {
    /// Begins a chart of a server whose own log begins at `from`: what lies before is in the log of `source`.
    pub(super) fn after(source: DataId, from: Moment) -> Self {
        Self { before: Some((source, from)), ..Self::default() }
    }

    /// Notes that everything until `at` stands before `position`.
    pub(super) fn mark(&mut self, at: Moment, position: Position) {
        if self.marks.len() >= MOST {
            let mut odd = false;
            self.marks.retain(|_| {
                odd = !odd;
                odd
            });
        }
        self.marks.push((at, position));
    }

    /// Notes a base backup.
    pub(super) fn keep(&mut self, base: Base) {
        self.bases.push(base);
    }

    /// Tells whose log holds `through`, where that is another server's.
    pub(super) fn elsewhere(&self, through: Moment) -> Option<(DataId, Moment)> {
        let (source, until) = self.before?;
        let own = self.marks.first().is_some_and(|(first, _)| *first <= through);
        (!own).then_some((source, through.min(until)))
    }

    /// Finds up to where the log is to be replayed to hold what was committed until `through`, and onto what.
    pub(super) fn route(&self, through: Moment) -> Option<(Base, Position)> {
        let after = self.marks.partition_point(|(at, _)| *at <= through);
        let (_, position) = self.marks.get(after.checked_sub(1)?)?;
        let base = self.bases.iter().filter(|base| base.complete <= *position).max_by_key(|base| base.complete)?;
        Some((base.clone(), *position))
    }
}
