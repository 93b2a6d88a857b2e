//! Sets of order numbers, kept as ranges: an exercise makes a hundred thousand numbers and a dozen gaps.

/// Is a set of order numbers that arrive mostly in sequence, kept as ranges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbers(Vec<(u64, u64)>);

impl Numbers {
    /// Collects ranges that come in any order and may touch, not overlap.
    pub fn of(ranges: impl IntoIterator<Item = (u64, u64)>) -> Self {
        let mut sorted: Vec<(u64, u64)> = ranges.into_iter().collect();
        sorted.sort_unstable();
        let mut all: Vec<(u64, u64)> = Vec::with_capacity(sorted.len());
        for (first, last) in sorted {
            match all.last_mut() {
                Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
                _ => all.push((first, last)),
            }
        }
        Self(all)
    }

    /// Lists the ranges, each with its first and last number.
    pub fn ranges(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.0.iter().copied()
    }

    /// Lists the numbers.
    pub fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.iter().flat_map(|(first, last)| *first..=*last)
    }

    /// Adds `number`, which is larger than all before it.
    pub fn push(&mut self, number: u64) {
        match self.0.last_mut() {
            Some((_, last)) if number <= *last => {}
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => self.0.push((number, number)),
        }
    }

    /// Tells whether `number` is in it.
    pub fn contains(&self, number: u64) -> bool {
        let after = self.0.partition_point(|(first, _)| *first <= number);
        after.checked_sub(1).and_then(|at| self.0.get(at)).is_some_and(|(_, last)| number <= *last)
    }

    /// Returns the largest.
    pub fn last(&self) -> Option<u64> {
        self.0.last().map(|(_, last)| *last)
    }

    /// Returns those that are not in `other`.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let mut left = Vec::new();
        for (first, last) in self.0.iter().copied() {
            let mut from = first;
            let begin = other.0.partition_point(|(_, end)| *end < first);
            for (start, end) in other.0.iter().skip(begin).copied().take_while(|(start, _)| *start <= last) {
                if start > from {
                    left.push((from, start - 1));
                }
                from = from.max(end.saturating_add(1));
            }
            if from <= last {
                left.push((from, last));
            }
        }
        Self(left)
    }

    /// Returns how many there are.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|(first, last)| last - first + 1).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_with_gaps() {
        let mut numbers = Numbers::default();
        for number in [1, 2, 3, 7, 8, 12] {
            numbers.push(number);
        }
        assert_eq!(numbers.count(), 6);
        let found: Vec<u64> = (0..=13).filter(|n| numbers.contains(*n)).collect();
        assert_eq!(found, [1, 2, 3, 7, 8, 12]);
        assert_eq!(numbers.last(), Some(12));
    }

    proptest::proptest! {
        #[test]
        fn without_is_the_difference(ours: std::collections::BTreeSet<u8>, theirs: std::collections::BTreeSet<u8>) {
            let set = |numbers: &std::collections::BTreeSet<u8>| {
                let mut set = Numbers::default();
                for number in numbers {
                    set.push(u64::from(*number));
                }
                set
            };
            let expected: std::collections::BTreeSet<u8> = ours.difference(&theirs).copied().collect();
            let left = set(&ours).without(&set(&theirs));
            proptest::prop_assert_eq!(left.count(), expected.len() as u64);
            proptest::prop_assert!((0..=255).all(|n: u8| left.contains(u64::from(n)) == expected.contains(&n)));
        }
    }
}
