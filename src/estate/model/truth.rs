//! The truth about an exercise: what customers saw, which acknowledged orders are gone, what corruption cost.

use chrono::SecondsFormat;
use serde::{Deserialize, Serialize};

use super::contents::Contents;
use super::effect::DataId;
use super::numbers::Numbers;
use super::place::Region;
use super::stock::{ASSETS, HISTORY, IMAGES_PREFIX, history_time};
use super::time::{Moment, Timeline};
use super::world::World;
use crate::kernel::scramble;

/// Is the truth in the estate's own time: milliseconds since it came up, and true lengths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualTruth {
    /// As [`Truth::first_failed_at`].
    pub first_failed_at: Option<i64>,
    /// As [`Truth::served_again_at`].
    pub served_again_at: Option<i64>,
    /// As [`Truth::downtime_ms`].
    pub downtime_ms: Option<i64>,
    /// As [`Truth::last_surviving_commit`].
    pub last_surviving_commit: Option<i64>,
    /// As [`Truth::last_lost_order_at`].
    pub last_lost_order_at: Option<i64>,
    /// As [`Truth::loss_ms`].
    pub loss_ms: i64,
}

/// Is what corruption cost: three figures, and what is left of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorruptionTruth {
    /// When the first row was mangled.
    pub first_bad_write_at: String,
    /// When the last order was written into the damaged database; `None` while orders still are.
    pub frozen_at: Option<String>,
    /// The moment to which the surviving database was restored; `None` where it is the damaged one.
    pub restored_to: Option<String>,
    /// From the restored moment to the first bad write, in the estate's own milliseconds.
    pub recovery_point_age_ms: Option<i64>,
    /// Good orders that were acknowledged and are not in the surviving database.
    pub discarded_orders: u64,
    /// What they were worth, in cents.
    pub discarded_cents: u64,
    /// From the restored moment to the freeze, in the estate's own milliseconds; 0 where no good order is discarded.
    pub discarded_ms: i64,
    /// From the first bad write to the freeze, in the estate's own milliseconds.
    pub exposure_ms: i64,
    /// How many rows of the surviving database are wrong.
    pub bad_rows_left: u64,
}

/// Is the truth about an exercise, with wall-clock times and lengths as they really passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truth {
    /// When the first request of a customer failed.
    pub first_failed_at: Option<String>,
    /// When the stretch began in which every request has been served since.
    pub served_again_at: Option<String>,
    /// From the one to the other.
    pub downtime_ms: Option<i64>,
    /// The commit time of the last transaction that the surviving database had from the lost one.
    pub last_surviving_commit: Option<String>,
    /// When the last acknowledged order that is gone was acknowledged.
    pub last_lost_order_at: Option<String>,
    /// From the last surviving commit to that order; 0 if none is gone.
    pub loss_ms: i64,
    /// How many orders were acknowledged since the estate came up.
    pub orders_acknowledged: u64,
    /// How many acknowledged orders the surviving database does not have, older ones among them.
    pub orders_lost: u64,
    /// What they were worth, in cents.
    pub cents_lost: u64,
    /// How many requests of customers failed.
    pub requests_failed: u64,
    /// The region of the surviving database.
    pub surviving: String,
    /// The identifier of its instance, while that stands.
    pub surviving_database: Option<String>,
    /// How many of the shop's images customers do not get.
    pub objects_missing: u64,
    /// What corruption cost, if there was any.
    pub corruption: Option<CorruptionTruth>,
    /// The same at real durations.
    pub virtual_ms: VirtualTruth,
}

/// Returns what an order is worth, in cents.
pub fn cents(number: u64) -> u64 {
    let (quantity, unit) = line(number);
    quantity * unit
}

/// Returns the line of an order: how many were ordered, and what one costs, in cents.
pub fn line(number: u64) -> (u64, u64) {
    let quantity = 1 + number % 3;
    (quantity, (500 + scramble(number) % 9_500) / quantity)
}

impl Truth {
    /// Reads it from `world`; `held` says what a database was found to hold.
    pub fn of(world: &World, line: &Timeline, held: &dyn Fn(DataId) -> Contents) -> Self {
        let survivor = world.surviving();
        let found = held(survivor);
        let instance = world.rds.by_data(survivor);
        let region = instance.map_or(Region::East, |instance| instance.region);
        let acknowledged = &world.customers.acknowledged;
        let all = Numbers::of(acknowledged.orders.ranges().chain([(1, HISTORY)]));
        let gone = all.without(&found.orders);
        let restored = world.rds.data.origin(survivor).map(|point| point.through);
        let unpromoted = || found.last_commit.filter(|_| !world.is_up(Region::East) && region == Region::West);
        let recovered = world.recovered().or(restored).or_else(unpromoted);
        let time_of = |number: u64| acknowledged.time_of(number).or_else(|| history_time(number));
        let last_lost = gone.last().and_then(time_of);
        let (first_failed, served_again) = (world.customers.first_failed, world.customers.served_again);
        let span = |from: Option<Moment>, to: Option<Moment>| Some(to?.since(from?));
        let (down, loss) = (span(first_failed, served_again), span(recovered, last_lost).unwrap_or(0).max(0));
        // What lies before the estate opened is as long ago as it says: no speed shortens it.
        let elapsed = |from: Option<Moment>, to: Option<Moment>| {
            Some(line.wall(to?).signed_duration_since(line.wall(from?)).num_milliseconds())
        };
        let wall = |moment: Option<Moment>| {
            moment.map(|moment| line.wall(moment).to_rfc3339_opts(SecondsFormat::Millis, true))
        };
        let number = |moment: Option<Moment>| moment.map(|moment| moment.0);
        Self {
            first_failed_at: wall(first_failed),
            served_again_at: wall(served_again),
            downtime_ms: down.map(|down| line.real(down)),
            last_surviving_commit: wall(recovered),
            last_lost_order_at: wall(last_lost),
            loss_ms: elapsed(recovered, last_lost).filter(|_| loss > 0).unwrap_or(0),
            orders_acknowledged: acknowledged.orders.count(),
            orders_lost: gone.count(),
            cents_lost: gone.iter().map(cents).sum(),
            requests_failed: world.customers.failed,
            surviving: region.name().to_owned(),
            surviving_database: instance.map(|instance| instance.id.clone()),
            objects_missing: missing_objects(world),
            corruption: corruption(world, line, &gone, &found, held),
            virtual_ms: VirtualTruth {
                first_failed_at: number(first_failed),
                served_again_at: number(served_again),
                downtime_ms: down,
                last_surviving_commit: number(recovered),
                last_lost_order_at: number(last_lost),
                loss_ms: loss,
            },
        }
    }
}

fn corruption(
    world: &World,
    line: &Timeline,
    gone: &Numbers,
    new: &Contents,
    held: &dyn Fn(DataId) -> Contents,
) -> Option<CorruptionTruth> {
    let (damaged, first_bad) = world.broken.first_bad_write?;
    let survivor = world.surviving();
    let old = held(damaged);
    let last_write = old.last_order_at.unwrap_or(first_bad);
    // Orders come ten a second: a database into which none came for a second is one that no writer uses.
    let frozen = (world.now().since(last_write) > super::time::SECOND).then_some(last_write);
    let until = frozen.unwrap_or(world.now());
    let restored = if survivor == damaged { None } else { world.rds.data.origin(survivor).map(|point| point.through) };
    let bad = Numbers::of(old.bad.iter().map(|number| (*number, *number)));
    let discarded = gone.without(&bad);
    let wall = |moment: Moment| line.wall(moment).to_rfc3339_opts(SecondsFormat::Millis, true);
    let discarded_ms = match restored {
        Some(point) if discarded.count() > 0 => until.since(point).max(0),
        _ => 0,
    };
    Some(CorruptionTruth {
        first_bad_write_at: wall(first_bad),
        frozen_at: frozen.map(wall),
        restored_to: restored.map(wall),
        recovery_point_age_ms: restored.map(|point| first_bad.since(point)),
        discarded_orders: discarded.count(),
        discarded_cents: discarded.iter().map(cents).sum(),
        discarded_ms,
        exposure_ms: until.since(first_bad).max(0),
        bad_rows_left: new.bad.len() as u64,
    })
}

/// Counts the shop's images that are not there in the bucket that customers read.
fn missing_objects(world: &World) -> u64 {
    let serving = world.service().and_then(|(address, _)| Region::at(address)).unwrap_or(Region::East);
    let [east, west] = ASSETS;
    let (read, other) = if serving == Region::East { (east, west) } else { (west, east) };
    let keys = |name: &str| -> std::collections::BTreeSet<String> {
        let bucket = world.bucket(name).into_iter();
        let known = bucket.flat_map(|bucket| bucket.versions().map(|(key, _)| key.to_owned()).collect::<Vec<_>>());
        known.filter(|key| key.starts_with(IMAGES_PREFIX)).collect()
    };
    let mut all = keys(read);
    all.extend(keys(other));
    let there = |key: &&String| world.bucket(read).is_some_and(|bucket| bucket.get(key, None).is_ok());
    (all.len() - all.iter().filter(there).count()) as u64
}
