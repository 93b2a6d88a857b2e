//! A failover that the estate plays by itself, for exercises that begin after it: `us-west-2` serves behind the latch, and
//! `us-east-1` is back as it was, unfenced.

use bytes::Bytes;

use super::bucket::Object;
use super::effect::DataId;
use super::numbers::Numbers;
use super::place::{LATCH_BUCKET, LATCH_KEY, Region};
use super::time::{Moment, SECOND};
use super::world::World;

/// How long customers are served in `us-west-2` before `us-east-1` is back.
const SERVED: i64 = 120 * SECOND;
/// How long `us-east-1` has been back when the exercise begins: its health check has seen it.
const BACK: i64 = 60 * SECOND;

/// Says how far a failover has come that the estate plays by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failover {
    /// Nobody has noticed yet that the region is lost.
    Unnoticed,
    /// The replica is being promoted.
    Promoting(DataId),
    /// The region has been back since then.
    Back(Moment),
}

impl World {
    /// Begins a failover that is played to its end without anybody.
    ///
    /// # Errors
    /// When `us-east-1` is lost already, or `us-west-2` has no replica that could be promoted.
    pub(super) fn begin_failover(&mut self) -> Result<(), &'static str> {
        let recovery = self.used_by(Region::West).filter(|instance| instance.is_reachable(self.now()));
        if recovery.is_none_or(|instance| instance.is_busy() || instance.is_writable(self.now())) {
            return Err("the recovery region has no idle replica to fail over to");
        }
        self.lose_region(false)?;
        self.broken.failover = Some(Failover::Unnoticed);
        Ok(())
    }

    /// Does what is next, if it is time.
    pub(super) fn go_on_with_failover(&mut self) {
        let now = self.now();
        match self.broken.failover {
            Some(Failover::Unnoticed) if self.customers.onset.is_some() => {
                let id = self.seed.hex("failover/latch", 32);
                if let Some(bucket) = self.bucket_mut(LATCH_BUCKET) {
                    bucket.put(LATCH_KEY, id, now, Object::new(Bytes::new(), "text/html"));
                }
                self.tell("the latch is set");
                let replica = self.used_by(Region::West).map(|instance| (instance.data, instance.id.clone()));
                // Nothing but this acts on the estate meanwhile; whoever does has ended it.
                self.broken.failover = replica.and_then(|(data, id)| {
                    self.rds.promote(Region::West, &id, Some(14), now).ok().map(|()| Failover::Promoting(data))
                });
            }
            Some(Failover::Promoting(data)) => {
                let idle = self.rds.by_data(data).is_some_and(|instance| !instance.is_busy());
                let served = self.customers.served_again.is_some_and(|since| now.since(since) >= SERVED);
                if !(idle && served) {
                    return;
                }
                if let Some(instance) = self.rds.by_data_mut(data) {
                    instance.settings.deletion_protection = true;
                }
                // It is lost, or somebody has brought it back already.
                self.regain_region().ok();
                self.broken.failover = Some(Failover::Back(now));
            }
            Some(Failover::Back(since)) if now.since(since) >= BACK => {
                self.broken.failover = None;
                self.recovered = None;
                let kept = self.rds.data.ledger(self.surviving()).numbers();
                let lost = self.customers.acknowledged.orders.without(&kept);
                let unsure = match lost.iter().next() {
                    // A server's replica may have received less than the model says: it is the last half minute's orders.
                    Some(first) if self.rds.outbox.is_external() => Numbers::of([(first.saturating_sub(300), first)]),
                    _ => Numbers::default(),
                };
                self.customers.close_books(&kept.without(&unsure));
                self.tell("the failover is over, its books are closed");
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::draw::Seed;
    use super::super::fault::Fault;
    use super::super::time::TICK;
    use super::super::truth::Truth;
    use super::super::{Timeline, place::PRIMARY_DB, place::REPLICA_DB};
    use super::*;

    #[test]
    fn it_ends_with_the_west_serving_the_east_back_unfenced_and_the_latch_in_place() {
        for seed in 1..=4 {
            let mut world = World::new(Seed(seed));
            world.advance(Moment(60 * SECOND));
            world.inject(Fault::FailedOver).unwrap();
            assert!(world.inject(Fault::FailedOver).is_err());
            while world.broken.failover.is_some() {
                assert!(world.now() < Moment(1_800 * SECOND), "{:?}", world.story);
                world.advance(world.now().plus(TICK));
            }
            let now = world.now();
            let of = |region, id| world.rds.find(region, id).unwrap();
            assert!(of(Region::East, PRIMARY_DB).is_writable(now) && of(Region::West, REPLICA_DB).is_writable(now));
            assert_eq!(of(Region::West, REPLICA_DB).settings.retention, 14);
            assert!(world.anybody_reads(LATCH_BUCKET, LATCH_KEY) && world.is_up(Region::East));
            assert_eq!(world.service().and_then(|(address, _)| Region::at(address)), Some(Region::West));
            // The books of the failover are closed: what it lost is written off, and customers are served.
            let line = Timeline::from(chrono::DateTime::UNIX_EPOCH, 1);
            let truth = |world: &World| Truth::of(world, &line, &|data| world.rds.data.ledger(data).into());
            let over = truth(&world);
            assert_eq!((over.orders_lost, over.requests_failed, over.first_failed_at), (0, 0, None));
            assert!(over.orders_acknowledged > 600 && over.surviving == "us-west-2");
            world.advance(now.plus(60 * SECOND));
            let later = truth(&world);
            assert_eq!((later.orders_lost, later.requests_failed), (0, 0));
            assert!(later.orders_acknowledged > over.orders_acknowledged + 590);
        }
    }
}
