//! The world of the practice estate in motion: what a region failure does, and what does not come back.

use bytes::Bytes;
use chrono::DateTime;

use super::*;
use crate::estate::model::bucket::Object;
use crate::estate::model::place::{LATCH_BUCKET, LATCH_KEY, REPLICA_DB};
use crate::estate::model::time::Timeline;
use crate::estate::model::truth::Truth;

const MINUTE: i64 = 60 * SECOND;

fn latch(world: &mut World) {
    let now = world.now();
    let object = Object::new(Bytes::from_static(b"on"), "text/html");
    world.bucket_mut(LATCH_BUCKET).unwrap().put(LATCH_KEY, "v".into(), now, object);
}

fn unlatch(world: &mut World) {
    let now = world.now();
    world.bucket_mut(LATCH_BUCKET).unwrap().delete(LATCH_KEY, None, "m".into(), now);
}

fn go(world: &mut World, millis: i64) {
    let to = world.now().plus(millis);
    world.advance(to);
}

fn region(world: &World) -> Region {
    Region::at(world.service().unwrap().0).unwrap()
}

fn truth(world: &World) -> Truth {
    Truth::of(world, &Timeline { started: DateTime::from_timestamp(0, 0).unwrap(), speed: 10 })
}

/// Plays a whole exercise with its actions at fixed moments.
fn exercise(seed: u64, step: i64) -> World {
    let mut world = World::new(Seed(seed));
    let go = |world: &mut World, millis: i64| {
        let end = world.now().plus(millis);
        while world.now() < end {
            let to = world.now().plus(step).min(end);
            world.advance(to);
        }
    };
    go(&mut world, 2 * MINUTE);
    world.inject(Fault::RegionFailure).unwrap();
    go(&mut world, MINUTE);
    latch(&mut world);
    go(&mut world, MINUTE);
    let now = world.now();
    world.rds.promote(Region::West, REPLICA_DB, Some(14), now).unwrap();
    go(&mut world, 10 * MINUTE);
    world
}

#[test]
fn a_region_failure_from_the_first_failure_to_orders_again() {
    for seed in 0..40 {
        let world = exercise(seed, MINUTE);
        let truth = truth(&world);
        let figures = &truth.virtual_ms;
        let cut = figures.first_failed_at.unwrap();
        assert!((120_500..=140_000).contains(&cut), "seed {seed}: {figures:?}");
        let down = figures.downtime_ms.unwrap();
        assert!(down > 2 * MINUTE && down < 9 * MINUTE, "seed {seed}: {figures:?}");
        // What is gone lies between the last commit that arrived and the first failure, one order a tick.
        let last = figures.last_surviving_commit.unwrap();
        assert!(truth.orders_lost > 0 && figures.loss_ms >= 500, "seed {seed}: {truth:?}");
        assert_eq!(figures.last_lost_order_at, Some(cut - TICK), "seed {seed}");
        assert_eq!(i64::try_from(truth.orders_lost).unwrap() * TICK, figures.loss_ms, "seed {seed}");
        assert_eq!(figures.loss_ms, cut - TICK - last, "seed {seed}");
        assert_eq!(truth.loss_ms, figures.loss_ms / 10);
        assert_eq!(truth.surviving, "us-west-2");
    }
}

#[test]
fn the_same_seed_tells_the_same_story_in_steps_of_any_size() {
    let (one, other) = (exercise(7, MINUTE), exercise(7, 300));
    assert_eq!(one.story, other.story);
    assert_eq!(truth(&one), truth(&other));
    assert!(one.story.len() > 8, "{:?}", one.story);
    assert_ne!(exercise(8, MINUTE).story, one.story);
}

#[test]
fn before_anything_fails_nothing_is_lost() {
    let mut world = World::new(Seed(1));
    go(&mut world, 10 * MINUTE);
    let truth = truth(&world);
    assert_eq!((truth.orders_acknowledged, truth.orders_lost, truth.requests_failed), (6_000, 0, 0));
    assert_eq!(truth.virtual_ms.downtime_ms, None);
    let behind = world.now().since(world.ledger(Region::West).last_commit.unwrap());
    assert!((200..=900).contains(&behind), "{behind}");
}

#[test]
fn traffic_moves_by_itself_and_comes_back_by_itself_unless_latched() {
    let mut world = World::new(Seed(3));
    go(&mut world, MINUTE);
    world.inject(Fault::RegionFailure).unwrap();
    go(&mut world, MINUTE);
    assert_eq!(region(&world), Region::West);
    world.inject(Fault::RegionReturn).unwrap();
    go(&mut world, 41 * SECOND);
    assert_eq!(region(&world), Region::East);
    world.inject(Fault::RegionFailure).unwrap();
    go(&mut world, MINUTE);
    latch(&mut world);
    go(&mut world, 41 * SECOND);
    world.inject(Fault::RegionReturn).unwrap();
    go(&mut world, 5 * MINUTE);
    assert_eq!(region(&world), Region::West);
    unlatch(&mut world);
    go(&mut world, 41 * SECOND);
    assert_eq!(region(&world), Region::East);
}

#[test]
fn the_latch_moves_traffic_of_a_healthy_primary_into_maintenance() {
    let mut world = World::new(Seed(3));
    go(&mut world, MINUTE);
    latch(&mut world);
    go(&mut world, 29 * SECOND - TICK);
    assert_eq!(region(&world), Region::East);
    go(&mut world, 12 * SECOND);
    assert_eq!(region(&world), Region::West);
    go(&mut world, 2 * MINUTE);
    assert!(truth(&world).requests_failed > 0, "the recovery side answers maintenance");
    assert_eq!(world.place_order(Region::West), Err(Refused::Maintenance));
    assert_eq!(world.write_probe(Region::West), Err(Refused::ReadOnly));
}

#[test]
fn a_private_latch_never_fires() {
    let mut world = World::new(Seed(3));
    world.bucket_mut(LATCH_BUCKET).unwrap().access = Access::Private;
    latch(&mut world);
    go(&mut world, 5 * MINUTE);
    assert_eq!(region(&world), Region::East);
}

#[test]
fn an_unfenced_primary_that_returns_takes_writes_that_are_lost() {
    let mut world = World::new(Seed(5));
    go(&mut world, MINUTE);
    world.inject(Fault::RegionFailure).unwrap();
    go(&mut world, MINUTE);
    let now = world.now();
    world.rds.promote(Region::West, REPLICA_DB, None, now).unwrap();
    go(&mut world, 8 * MINUTE);
    let before = truth(&world).orders_lost;
    world.inject(Fault::RegionReturn).unwrap();
    go(&mut world, 5 * MINUTE);
    assert_eq!(region(&world), Region::East);
    assert!(truth(&world).orders_lost > before + 1_000);
}

#[test]
fn the_replica_notices_after_a_while_that_its_source_is_gone() {
    let mut world = World::new(Seed(5));
    go(&mut world, MINUTE);
    world.inject(Fault::RegionFailure).unwrap();
    go(&mut world, 39 * SECOND);
    assert!(!world.replication_broken());
    go(&mut world, 2 * SECOND);
    assert!(world.replication_broken());
    let reports = world.rds.events.iter().filter(|event| event.category == "read replica").count();
    assert_eq!(reports, 1);
    assert!(world.rds.of(Region::West).is_some_and(|west| !west.is_writable()));
    let fates: Vec<Fate> = (0..50).map(|_| world.fate(Region::East)).collect();
    assert!(fates.contains(&Fate::Hangs) && fates.contains(&Fate::Unavailable));
    assert_eq!(world.fate(Region::West), Fate::Answered);
}
