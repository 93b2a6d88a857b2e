//! The shop's customers: who asks for what, when, by which cached address; and their own record of what they were told.

use std::net::Ipv4Addr;

use super::numbers::Numbers;
use super::time::{Moment, SECOND, TICK};

/// How many customers there are; each writes one order a second, one after the other.
pub const HOW_MANY: usize = 10;
/// How many attempts in a row must fail before the monitoring raises the alarm.
const ALARM_AFTER: u32 = 10;
/// How many of the last [`WINDOW`] attempts must fail before it does, where others succeed in between.
const ALARM_SHARE: u32 = 15;
/// How many attempts the monitoring remembers.
const WINDOW: u32 = 100;

/// Is what a customer keeps of DNS.
#[derive(Clone, Copy, Debug, Default)]
struct Cached {
    address: Option<Ipv4Addr>,
    until: Moment,
}

/// Is a stretch of acknowledged orders, one a tick.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    first: u64,
    last: u64,
    from: Moment,
}

/// Holds what was acknowledged to customers, with its time.
#[derive(Clone, Debug, Default)]
pub struct Acknowledged {
    /// The numbers of the orders.
    pub orders: Numbers,
    stretches: Vec<Stretch>,
}

impl Acknowledged {
    /// Records one.
    pub fn push(&mut self, number: u64, at: Moment) {
        self.orders.push(number);
        match self.stretches.last_mut() {
            Some(stretch) if stretch.last + 1 == number && stretch.at(number) == at => stretch.last = number,
            _ => self.stretches.push(Stretch { first: number, last: number, from: at }),
        }
    }

    /// Takes back what was acknowledged too early: its database died with it.
    pub fn withdraw(&mut self, numbers: &Numbers) {
        self.orders = self.orders.without(numbers);
    }

    /// Returns when `number` was acknowledged.
    pub fn time_of(&self, number: u64) -> Option<Moment> {
        let after = self.stretches.partition_point(|stretch| stretch.first <= number);
        let stretch = self.stretches.get(after.checked_sub(1)?)?;
        (number <= stretch.last).then(|| stretch.at(number))
    }
}

impl Stretch {
    fn at(&self, number: u64) -> Moment {
        self.from.plus(i64::try_from(number - self.first).unwrap_or(0).saturating_mul(TICK))
    }
}

/// Is all customers together.
#[derive(Clone, Debug, Default)]
pub struct Customers {
    cached: [Cached; HOW_MANY],
    /// What was acknowledged.
    pub acknowledged: Acknowledged,
    /// How many attempts failed.
    pub failed: u64,
    /// The first failed attempt.
    pub first_failed: Option<Moment>,
    /// The last failed attempt.
    pub last_failed: Option<Moment>,
    /// The first success after the last failure: the start of the stretch that holds so far.
    pub served_again: Option<Moment>,
    /// The first failed attempt of the outage the alarm is about.
    pub onset: Option<Moment>,
    failing_since: Option<Moment>,
    in_a_row: u32,
    recent: u128,
}

impl Customers {
    /// Returns where the customer whose turn it is at `now` goes; `resolve` is asked when its cache has run out.
    pub fn destination(&mut self, now: Moment, resolve: impl FnOnce() -> Option<(Ipv4Addr, u32)>) -> Option<Ipv4Addr> {
        let turn = usize::try_from(now.0.div_euclid(TICK)).unwrap_or(0) % HOW_MANY;
        let first_time = self.cached.iter().all(|cached| cached.address.is_none());
        let cached = self.cached.get_mut(turn)?;
        if cached.address.is_none() || cached.until <= now {
            let (address, ttl) = resolve()?;
            // Customers did not all arrive in the same second: their caches run out one after the other.
            let spread = if first_time || cached.until == Moment::START {
                i64::try_from(turn).unwrap_or(0) * i64::from(ttl) * SECOND / i64::try_from(HOW_MANY).unwrap_or(1)
            } else {
                0
            };
            *cached = Cached { address: Some(address), until: now.plus(i64::from(ttl) * SECOND - spread) };
        }
        cached.address
    }

    /// Returns how many of the attempts that the monitoring remembers failed, and how many these are.
    pub fn lately(&self) -> (u32, u32) {
        let remembered = self.recent & (u128::MAX >> (u128::BITS - WINDOW));
        let asked = self.acknowledged.orders.count().saturating_add(self.failed);
        (remembered.count_ones(), u32::try_from(asked).unwrap_or(WINDOW).min(WINDOW))
    }

    /// Begins the record anew with nothing failed; what was acknowledged and is not among `kept` is written off.
    pub fn close_books(&mut self, kept: &Numbers) {
        let lost = self.acknowledged.orders.without(kept);
        let orders = self.acknowledged.orders.without(&lost);
        let stretches = std::mem::take(&mut self.acknowledged.stretches);
        *self = Self { cached: self.cached, acknowledged: Acknowledged { orders, stretches }, ..Self::default() };
    }

    /// Records an acknowledged order.
    pub fn served(&mut self, number: u64, at: Moment) {
        self.acknowledged.push(number, at);
        self.in_a_row = 0;
        self.failing_since = None;
        self.recent <<= 1;
        if self.first_failed.is_some() && self.served_again.is_none() {
            self.served_again = Some(at);
        }
    }

    /// Records a failed attempt; `true` when that raises the alarm.
    pub fn refused(&mut self, at: Moment) -> bool {
        self.failed += 1;
        self.first_failed.get_or_insert(at);
        self.last_failed = Some(at);
        self.served_again = None;
        self.in_a_row += 1;
        self.recent = (self.recent << 1) | 1;
        let since = *self.failing_since.get_or_insert(at);
        let remembered = self.recent & (u128::MAX >> (u128::BITS - WINDOW));
        let often = remembered.count_ones() >= ALARM_SHARE;
        let raises = (self.in_a_row == ALARM_AFTER || often) && self.onset.is_none();
        if raises {
            let oldest = i64::from(u128::BITS - 1 - remembered.leading_zeros().min(u128::BITS - 1));
            self.onset = Some(if often { since.min(at.plus(-oldest * TICK)) } else { since });
        }
        raises
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_customer_keeps_an_address_for_the_ttl() {
        let mut customers = Customers::default();
        let (old, new) = (Ipv4Addr::new(127, 77, 0, 1), Ipv4Addr::new(127, 77, 0, 2));
        let mut moved = Vec::new();
        for tick in 1..=3_000 {
            let now = Moment(tick * TICK);
            let answer = if now >= Moment(120_000) { new } else { old };
            let went = customers.destination(now, || Some((answer, 60))).unwrap();
            if went == new {
                moved.push(now);
            } else {
                assert!(now < Moment(180_000 + 1_000), "still at the old address at {now:?}");
            }
        }
        assert!(moved[0] >= Moment(120_000) && moved[0] <= Moment(127_000), "{:?}", moved[0]);
    }

    #[test]
    fn the_stretch_that_holds_begins_after_the_last_failure() {
        let mut customers = Customers::default();
        customers.served(1, Moment(100));
        assert_eq!(customers.served_again, None);
        for at in [200, 300] {
            customers.refused(Moment(at));
        }
        customers.served(2, Moment(400));
        customers.refused(Moment(500));
        customers.served(3, Moment(600));
        customers.served(4, Moment(700));
        assert_eq!((customers.first_failed, customers.served_again), (Some(Moment(200)), Some(Moment(600))));
        assert_eq!(customers.acknowledged.time_of(4), Some(Moment(700)));
        assert_eq!(customers.acknowledged.time_of(5), None);
        assert_eq!(customers.onset, None);
    }

    #[test]
    fn a_share_of_failures_raises_the_alarm_too() {
        let mut customers = Customers::default();
        let mut raised = None;
        for tick in 1..=200 {
            let at = Moment(tick * TICK);
            if tick > 50 && tick % 3 == 0 {
                raised = raised.or(customers.refused(at).then_some(at));
            } else {
                customers.served(u64::try_from(tick).unwrap(), at);
            }
        }
        assert_eq!((customers.onset, raised), (Some(Moment(5_100)), Some(Moment(9_300))));
    }

    #[test]
    fn what_failed_lately_is_counted_over_what_is_remembered() {
        let mut customers = Customers::default();
        assert_eq!(customers.lately(), (0, 0));
        for number in 1..=40 {
            customers.served(number, Moment(i64::try_from(number).unwrap() * TICK));
        }
        customers.refused(Moment(40 * TICK));
        assert_eq!(customers.lately(), (1, 41));
        for tick in 41..300 {
            customers.refused(Moment(tick * TICK));
        }
        assert_eq!(customers.lately(), (100, 100));
    }

    #[test]
    fn the_alarm_names_the_first_of_ten_failures() {
        let mut customers = Customers::default();
        let raised: Vec<bool> = (1..=12).map(|tick| customers.refused(Moment(tick * TICK))).collect();
        assert_eq!(raised.iter().filter(|raised| **raised).count(), 1);
        assert!(raised[9]);
        assert_eq!(customers.onset, Some(Moment(100)));
    }
}
