//! What lies where in a recording: few kinds of marks, in so many buckets that a line of any width can be drawn from them.

/// Names what is worth going to, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark {
    /// An objective was breached.
    Breach,
    /// Something failed.
    Failure,
    /// A person decided something.
    Decision,
    /// A note was made.
    Note,
    /// A step began.
    Step,
}

impl Mark {
    /// Lists all kinds, the gravest first.
    pub const ALL: [Self; 5] = [Self::Breach, Self::Failure, Self::Decision, Self::Note, Self::Step];

    /// Returns its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Breach => "breach",
            Self::Failure => "failure",
            Self::Decision => "decision",
            Self::Note => "note",
            Self::Step => "step",
        }
    }

    fn bit(self) -> u8 {
        1 << Self::ALL.iter().position(|known| *known == self).unwrap_or_default()
    }
}

/// Is a recording from end to end in buckets of equal time, with the kinds of marks in each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marks {
    buckets: Vec<u8>,
}

impl Default for Marks {
    fn default() -> Self {
        Self { buckets: vec![0; Self::BUCKETS] }
    }
}

impl Marks {
    /// Wider than any terminal that people read.
    const BUCKETS: usize = 1_024;

    /// Puts a mark where it lies between the beginning and the end of the recording, `part` of `whole`.
    pub fn put(&mut self, mark: Mark, part: u64, whole: u64) {
        let at = u128::from(part).saturating_mul(Self::BUCKETS as u128) / u128::from(whole.max(1));
        let at = usize::try_from(at).unwrap_or(usize::MAX).min(Self::BUCKETS - 1);
        if let Some(bucket) = self.buckets.get_mut(at) {
            *bucket |= mark.bit();
        }
    }

    /// Returns the gravest mark in each of so many columns.
    pub fn columns(&self, columns: usize) -> Vec<Option<Mark>> {
        let mut row = vec![0_u8; columns];
        for (at, bits) in self.buckets.iter().enumerate() {
            if let Some(cell) = row.get_mut(at * columns / Self::BUCKETS) {
                *cell |= bits;
            }
        }
        row.into_iter().map(|bits| Mark::ALL.into_iter().find(|mark| bits & mark.bit() != 0)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gravest_mark_of_a_column_is_seen_at_every_width() {
        let mut marks = Marks::default();
        for (mark, part) in [(Mark::Step, 0), (Mark::Failure, 500), (Mark::Step, 501), (Mark::Breach, 1_000)] {
            marks.put(mark, part, 1_000);
        }
        for columns in [1, 2, 10, 77, 200, 1_024] {
            let row = marks.columns(columns);
            assert_eq!(row.len(), columns);
            assert_eq!(row.last(), Some(&Some(Mark::Breach)), "{columns}");
            if columns > 2 {
                assert_eq!(row[0], Some(Mark::Step));
                assert_eq!(row[columns / 2], Some(Mark::Failure), "{columns}");
            }
        }
        assert_eq!(Marks::default().columns(3), [None; 3]);
    }
}
