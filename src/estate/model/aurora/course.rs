//! Work that takes its time: the statuses that it shows, one after the other.

use super::super::time::Moment;

/// Is work under way.
#[derive(Clone, Debug)]
pub(super) struct Course<W, S> {
    /// What is being done.
    pub(super) work: W,
    phases: Vec<(Moment, S)>,
}

impl<W, S: Copy> Course<W, S> {
    /// Begins `work`, which shows each status for so many milliseconds.
    pub(super) fn new(work: W, now: Moment, phases: &[(S, i64)]) -> Self {
        let mut end = now;
        let phases = phases.iter().map(|(status, length)| {
            end = end.plus(*length);
            (end, *status)
        });
        Self { phases: phases.collect(), work }
    }

    /// Returns what the status says at `now`: the last of them until somebody has seen that the work is over.
    pub(super) fn status(&self, now: Moment) -> Option<S> {
        let current = self.phases.iter().find(|(end, _)| *end > now).or(self.phases.last());
        current.map(|(_, status)| *status)
    }

    /// Returns when it ends.
    pub(super) fn end(&self) -> Moment {
        self.phases.last().map_or(Moment::START, |(end, _)| *end)
    }

    /// Tells whether it is over at `now`.
    pub(super) fn is_over(&self, now: Moment) -> bool {
        self.end() <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_shows_one_status_after_the_other_and_ends() {
        let course = Course::new((), Moment(1_000), &[('a', 500), ('b', 200)]);
        let seen = [1_000, 1_499, 1_500, 1_699, 1_700].map(|at| course.status(Moment(at)).unwrap());
        assert_eq!(seen, ['a', 'a', 'b', 'b', 'b']);
        assert!(!course.is_over(Moment(1_699)) && course.is_over(Moment(1_700)));
    }
}
