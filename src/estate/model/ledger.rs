//! What a database holds, as a log of commits, and the replication link between two of them.

use std::collections::VecDeque;

use super::draw::scramble;
use super::time::Moment;

/// Is what a transaction did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// A customer's order, by its number.
    Order(u64),
    /// The heartbeat row took the time of the commit.
    Heartbeat,
    /// A probe wrote its canary row.
    Canary(u64),
}

/// Is one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commit {
    /// When it was committed on the primary.
    pub at: Moment,
    /// What it did.
    pub write: Write,
}

/// Is a set of order numbers that arrive mostly in sequence, kept as ranges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbers(Vec<(u64, u64)>);

impl Numbers {
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

/// Holds what one database contains.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// The orders.
    pub orders: Numbers,
    /// A sum over all orders; equal contents give equal sums.
    pub checksum: u64,
    /// When the last transaction in it was committed.
    pub last_commit: Option<Moment>,
    /// What the heartbeat row says.
    pub heartbeat: Option<Moment>,
    /// The last canary.
    pub canary: Option<u64>,
}

impl Ledger {
    /// Takes in one transaction.
    pub fn apply(&mut self, commit: Commit) {
        self.last_commit = Some(commit.at);
        match commit.write {
            Write::Order(number) => {
                self.orders.push(number);
                self.checksum = self.checksum.wrapping_add(scramble(number));
            }
            Write::Heartbeat => self.heartbeat = Some(commit.at),
            Write::Canary(number) => self.canary = Some(number),
        }
    }
}

/// Is the stream from the primary to its replica: asynchronous, in order, and it can break.
#[derive(Clone, Debug)]
pub struct Link {
    lag: i64,
    under_way: VecDeque<Commit>,
    broken: Option<Moment>,
}

impl Link {
    /// Opens a link over which a commit takes `lag` milliseconds.
    pub fn new(lag: i64) -> Self {
        Self { lag, under_way: VecDeque::new(), broken: None }
    }

    /// Sends one transaction; what is sent over a broken link is lost to the replica.
    pub fn send(&mut self, commit: Commit) {
        if self.broken.is_none() {
            self.under_way.push_back(commit);
        }
    }

    /// Takes out the next transaction that has arrived by `now`.
    pub fn receive(&mut self, now: Moment) -> Option<Commit> {
        let now = self.broken.map_or(now, |broken| broken.min(now));
        let first = self.under_way.front()?;
        if first.at.plus(self.lag) <= now { self.under_way.pop_front() } else { None }
    }

    /// Breaks the link; what has not arrived by `now` never will.
    pub fn cut(&mut self, now: Moment) {
        self.broken.get_or_insert(now);
    }

    /// Mends the link and forgets what was under way.
    pub fn mend(&mut self) {
        self.broken = None;
        self.under_way.clear();
    }

    /// Returns since when it is broken.
    pub fn broken(&self) -> Option<Moment> {
        self.broken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_has_what_arrived_before_the_link_broke() {
        let (mut primary, mut replica, mut link) = (Ledger::default(), Ledger::default(), Link::new(300));
        for number in 1..=20 {
            let at = Moment(i64::try_from(number).unwrap() * 100);
            let commit = Commit { at, write: Write::Order(number) };
            primary.apply(commit);
            link.send(commit);
            while let Some(arrived) = link.receive(at) {
                replica.apply(arrived);
            }
            if number == 10 {
                link.cut(at);
            }
        }
        assert_eq!(replica.orders.count(), 7);
        assert_eq!(replica.last_commit, Some(Moment(700)));
        assert!(replica.orders.contains(7) && !replica.orders.contains(8));
        assert_ne!(primary.checksum, replica.checksum);
    }

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
