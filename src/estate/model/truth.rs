//! The truth about an exercise: what customers saw, and which acknowledged orders are gone.

use chrono::SecondsFormat;
use serde::{Deserialize, Serialize};

use super::instance::Role;
use super::place::Region;
use super::time::{Moment, Timeline};
use super::world::World;

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
    /// How many orders were acknowledged.
    pub orders_acknowledged: u64,
    /// How many of them the surviving database does not have.
    pub orders_lost: u64,
    /// How many requests of customers failed.
    pub requests_failed: u64,
    /// The region of the surviving database.
    pub surviving: String,
    /// The same at real durations.
    pub virtual_ms: VirtualTruth,
}

impl Truth {
    /// Reads it from `world`.
    pub fn of(world: &World, line: &Timeline) -> Self {
        let surviving = surviving(world);
        let acknowledged = &world.customers.acknowledged;
        let gone = acknowledged.orders.without(&world.ledger(surviving).orders);
        let recovered = if world.failed_at().is_some() && surviving == Region::West {
            world.recovered().or(world.ledger(Region::West).last_commit)
        } else {
            None
        };
        let last_lost = gone.last().and_then(|number| acknowledged.time_of(number));
        let (first_failed, served_again) = (world.customers.first_failed, world.customers.served_again);
        let span = |from: Option<Moment>, to: Option<Moment>| Some(to?.since(from?));
        let (down, loss) = (span(first_failed, served_again), span(recovered, last_lost).unwrap_or(0).max(0));
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
            loss_ms: line.real(loss),
            orders_acknowledged: acknowledged.orders.count(),
            orders_lost: gone.count(),
            requests_failed: world.customers.failed,
            surviving: surviving.name().to_owned(),
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

/// Names the region of the database that will go on: the recovery side once it was promoted or is all there is.
fn surviving(world: &World) -> Region {
    let promoted = world.rds.of(Region::West).is_some_and(|west| west.role == Role::Primary);
    if promoted || !world.is_up(Region::East) { Region::West } else { Region::East }
}
