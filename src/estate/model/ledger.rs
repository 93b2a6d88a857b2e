//! What a database holds, as its log of commits in time: any moment of it can be restored, a replica follows it.
//!
//! Orders come one a tick for hours, so the log keeps stretches of them, not every commit by itself.

use std::collections::BTreeSet;

use super::numbers::Numbers;
use super::time::{Moment, SECOND, TICK};
use crate::kernel::scramble;

/// The most rows that are kept as mangled or repaired; a drill's corruption mangles some hundreds.
const MOST_MARKS: usize = 50_000;

/// Is what a transaction did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// A customer's order, by its number.
    Order(u64),
    /// The heartbeat row took the time of the commit.
    Heartbeat,
    /// A probe wrote its canary row.
    Canary(u64),
    /// The row of an order was overwritten with wrong figures.
    Mangled(u64),
    /// The row of an order was put right again.
    Repaired(u64),
}

/// Is one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commit {
    /// When it was committed on the primary.
    pub at: Moment,
    /// What it did.
    pub write: Write,
}

/// Is a stretch of orders with successive numbers, committed at equal distances in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stretch {
    first: u64,
    last: u64,
    from: Moment,
    stride: i64,
}

impl Stretch {
    fn at(&self, number: u64) -> Moment {
        self.from.plus(i64::try_from(number.saturating_sub(self.first)).unwrap_or(0).saturating_mul(self.stride))
    }

    fn end(&self) -> Moment {
        self.at(self.last)
    }

    /// Returns what of it was committed after `after` and not after `through`.
    fn between(&self, after: Moment, through: Moment) -> Option<Self> {
        if self.stride == 0 {
            return (self.from > after && self.from <= through).then_some(*self);
        }
        let steps = |moment: Moment| {
            let passed = moment.since(self.from);
            if passed < 0 { None } else { u64::try_from(passed / self.stride).ok() }
        };
        let skipped = steps(after).map_or(0, |steps| steps + 1);
        let last = self.first.saturating_add(steps(through)?).min(self.last);
        let first = self.first.saturating_add(skipped);
        (first <= last).then(|| Self { first, last, from: self.at(first), stride: self.stride })
    }
}

/// Is a stretch of heartbeats, one a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Beats {
    from: Moment,
    to: Moment,
}

/// Holds what one database contains, and when each part of it was committed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    orders: Vec<Stretch>,
    beats: Vec<Beats>,
    canaries: Vec<(Moment, u64)>,
    marks: Vec<Commit>,
    bad: BTreeSet<u64>,
    sum: u64,
    last_commit: Option<Moment>,
}

impl Ledger {
    /// Makes a database without anything in it.
    pub const fn empty() -> Self {
        Self {
            orders: Vec::new(),
            beats: Vec::new(),
            canaries: Vec::new(),
            marks: Vec::new(),
            bad: BTreeSet::new(),
            sum: 0,
            last_commit: None,
        }
    }

    /// Makes a database in which orders `first` to `last` were committed, one every `stride` from `from` on.
    pub fn with_history(first: u64, last: u64, from: Moment, stride: i64) -> Self {
        let mut ledger = Self::default();
        ledger.take_stretch(Stretch { first, last, from, stride });
        ledger
    }

    /// Adds orders `first` to `last`, one every `stride` from `from` on, later than all before them.
    pub fn extend_history(&mut self, first: u64, last: u64, from: Moment, stride: i64) {
        self.take_stretch(Stretch { first, last, from, stride });
    }

    /// Takes in one transaction; later than all before it.
    pub fn apply(&mut self, commit: Commit) {
        let Commit { at, write } = commit;
        match write {
            Write::Order(number) => self.take_stretch(Stretch { first: number, last: number, from: at, stride: TICK }),
            Write::Heartbeat => self.take_beats(Beats { from: at, to: at }),
            Write::Canary(number) => self.canaries.push((at, number)),
            Write::Mangled(number) => self.mark(commit, number, Row::Bad),
            Write::Repaired(number) => self.mark(commit, number, Row::Good),
        }
        self.last_commit = Some(self.last_commit.map_or(at, |last| last.max(at)));
    }

    /// Takes in orders `numbers`, all committed in one transaction at `at`.
    pub fn import(&mut self, numbers: &Numbers, at: Moment) {
        for (first, last) in numbers.ranges() {
            self.take_stretch(Stretch { first, last, from: at, stride: 0 });
        }
    }

    fn mark(&mut self, commit: Commit, number: u64, row: Row) {
        if self.marks.len() >= MOST_MARKS {
            return;
        }
        self.marks.push(commit);
        let (changed, weight) = match row {
            Row::Bad => (self.bad.insert(number), scramble(!number)),
            Row::Good => (self.bad.remove(&number), scramble(!number).wrapping_neg()),
        };
        if changed {
            self.sum = self.sum.wrapping_add(weight);
        }
    }

    fn take_stretch(&mut self, stretch: Stretch) {
        self.sum = (stretch.first..=stretch.last).fold(self.sum, |sum, number| sum.wrapping_add(scramble(number)));
        self.last_commit = Some(self.last_commit.map_or(stretch.end(), |last| last.max(stretch.end())));
        match self.orders.last_mut() {
            Some(last)
                if last.stride == stretch.stride
                    && last.last + 1 == stretch.first
                    && last.at(stretch.first) == stretch.from =>
            {
                last.last = stretch.last;
            }
            _ => self.orders.push(stretch),
        }
    }

    fn take_beats(&mut self, beats: Beats) {
        self.last_commit = Some(self.last_commit.map_or(beats.to, |last| last.max(beats.to)));
        match self.beats.last_mut() {
            Some(last) if last.to.plus(SECOND) == beats.from => last.to = beats.to,
            _ => self.beats.push(beats),
        }
    }

    /// Takes from `source` what it committed after `after` and not after `through`, in its order.
    pub fn follow(&mut self, source: &Self, after: Moment, through: Moment) {
        let fresh = source.orders.iter().rev().take_while(|stretch| stretch.end() > after).count();
        for stretch in source.orders.iter().skip(source.orders.len() - fresh) {
            if let Some(part) = stretch.between(after, through) {
                self.take_stretch(part);
            }
        }
        let fresh = source.beats.iter().rev().take_while(|beats| beats.to > after).count();
        for beats in source.beats.iter().skip(source.beats.len() - fresh) {
            let from = if beats.from > after {
                beats.from
            } else {
                beats.from.plus((after.since(beats.from) / SECOND + 1) * SECOND)
            };
            let to = if beats.to <= through {
                beats.to
            } else {
                beats.from.plus(through.since(beats.from).div_euclid(SECOND) * SECOND)
            };
            if from <= to {
                self.take_beats(Beats { from, to });
            }
        }
        let fresh = source.canaries.iter().rev().take_while(|(at, _)| *at > after).count();
        let canaries = source.canaries.iter().skip(source.canaries.len() - fresh).take_while(|(at, _)| *at <= through);
        for (at, number) in canaries.copied() {
            self.apply(Commit { at, write: Write::Canary(number) });
        }
        let fresh = source.marks.iter().rev().take_while(|mark| mark.at > after).count();
        for mark in source.marks.iter().skip(source.marks.len() - fresh).take_while(|mark| mark.at <= through) {
            self.apply(*mark);
        }
    }

    /// Returns the database as it was at `moment`: everything committed until then, nothing after.
    #[must_use]
    pub fn as_of(&self, moment: Moment) -> Self {
        let mut restored = Self::default();
        restored.follow(self, Moment(i64::MIN / 4), moment);
        restored
    }

    /// Returns the numbers of its orders.
    pub fn numbers(&self) -> Numbers {
        Numbers::of(self.orders.iter().map(|stretch| (stretch.first, stretch.last)))
    }

    /// Returns how many orders it has.
    pub fn count(&self) -> u64 {
        self.orders.iter().map(|stretch| stretch.last - stretch.first + 1).sum()
    }

    /// Returns the numbers of orders whose rows are wrong.
    pub fn bad(&self) -> &BTreeSet<u64> {
        &self.bad
    }

    /// Returns when a row was first overwritten that is still wrong.
    pub fn first_bad_at(&self) -> Option<Moment> {
        let mangled = |mark: &&Commit| matches!(mark.write, Write::Mangled(number) if self.bad.contains(&number));
        self.marks.iter().find(mangled).map(|mark| mark.at)
    }

    /// Returns a sum over all orders; equal contents give equal sums.
    pub fn checksum(&self) -> u64 {
        self.sum
    }

    /// Returns the order with the largest number.
    pub fn last_order(&self) -> Option<u64> {
        self.orders.iter().map(|stretch| stretch.last).max()
    }

    /// Returns when the last order was committed.
    pub fn last_order_at(&self) -> Option<Moment> {
        self.orders.last().map(Stretch::end)
    }

    /// Returns when the order was committed.
    pub fn committed_at(&self, number: u64) -> Option<Moment> {
        self.orders
            .iter()
            .find(|stretch| (stretch.first..=stretch.last).contains(&number))
            .map(|stretch| stretch.at(number))
    }

    /// Returns the last order whose row is right, before the first that is wrong.
    pub fn last_good_order(&self) -> Option<u64> {
        match self.first_bad_at() {
            None => self.last_order(),
            Some(bad) => {
                let parts = self.orders.iter().filter_map(|part| part.between(Moment(i64::MIN / 4), bad.plus(-1)));
                parts.map(|part| part.last).max()
            }
        }
    }

    /// Returns when the last transaction in it was committed.
    pub fn last_commit(&self) -> Option<Moment> {
        self.last_commit
    }

    /// Returns what the heartbeat row says.
    pub fn heartbeat(&self) -> Option<Moment> {
        self.beats.last().map(|beats| beats.to)
    }

    /// Returns the last canary.
    pub fn canary(&self) -> Option<u64> {
        self.canaries.last().map(|(_, number)| *number)
    }
}

/// Says what became of a row.
#[derive(Clone, Copy)]
enum Row {
    Bad,
    Good,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(numbers: std::ops::RangeInclusive<u64>) -> Ledger {
        let mut ledger = Ledger::default();
        for number in numbers {
            let at = Moment(i64::try_from(number).unwrap() * TICK);
            ledger.apply(Commit { at, write: Write::Order(number) });
            if at.0 % SECOND == 0 {
                ledger.apply(Commit { at, write: Write::Heartbeat });
            }
        }
        ledger
    }

    #[test]
    fn a_restore_holds_what_was_committed_until_then_and_nothing_after() {
        let mut ledger = ordered(1..=100);
        ledger.apply(Commit { at: Moment(10_000), write: Write::Mangled(7) });
        let restored = ledger.as_of(Moment(5_050));
        assert_eq!((restored.count(), restored.last_order()), (50, Some(50)));
        assert_eq!((restored.last_commit(), restored.heartbeat()), (Some(Moment(5_000)), Some(Moment(5_000))));
        assert!(restored.bad().is_empty() && ledger.bad().contains(&7));
        assert_eq!(restored, ordered(1..=50));
        assert_eq!(ledger.as_of(Moment(0)), Ledger::default());
        assert_eq!(ledger.as_of(Moment(i64::MAX / 4)), ledger);
    }

    #[test]
    fn following_in_steps_of_any_size_gives_the_same() {
        let mut source = ordered(1..=97);
        source.apply(Commit { at: Moment(9_700), write: Write::Canary(3) });
        source.apply(Commit { at: Moment(9_800), write: Write::Mangled(12) });
        source.apply(Commit { at: Moment(9_900), write: Write::Repaired(12) });
        for step in [100, 300, 1_700, 20_000] {
            let (mut replica, mut position) = (Ledger::default(), Moment(-1));
            while position < Moment(20_000) {
                let to = position.plus(step);
                replica.follow(&source, position, to);
                position = to;
            }
            assert_eq!(replica, source, "in steps of {step}");
        }
    }

    #[test]
    fn what_is_mangled_changes_the_sum_and_repair_gives_it_back() {
        let mut ledger = ordered(1..=20);
        let sound = ledger.checksum();
        for number in [19, 3] {
            ledger.apply(Commit { at: Moment(2_000), write: Write::Mangled(number) });
        }
        assert_ne!(ledger.checksum(), sound);
        assert_eq!((ledger.first_bad_at(), ledger.last_good_order()), (Some(Moment(2_000)), Some(19)));
        for number in [3, 19] {
            ledger.apply(Commit { at: Moment(2_100), write: Write::Repaired(number) });
        }
        assert_eq!((ledger.checksum(), ledger.first_bad_at()), (sound, None));
    }

    #[test]
    fn imported_orders_may_be_older_than_those_there() {
        let mut ledger = ordered(1..=10);
        ledger.apply(Commit { at: Moment(5_000), write: Write::Order(20) });
        ledger.import(&Numbers::of([(12, 15)]), Moment(6_000));
        assert_eq!((ledger.count(), ledger.last_order()), (15, Some(20)));
        assert!(ledger.numbers().contains(13) && !ledger.numbers().contains(16));
        assert_eq!(ledger.as_of(Moment(5_500)).count(), 11);
    }
}
