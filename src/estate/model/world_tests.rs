//! The world of the practice estate in motion: what a region failure does, and what does not come back.

use bytes::Bytes;
use chrono::DateTime;

use super::*;
use crate::estate::model::InjectError;
use crate::estate::model::bucket::{Access, Object};
use crate::estate::model::fault::Fault;
use crate::estate::model::instance::{Changes, Replication};
use crate::estate::model::key::KeyState;
use crate::estate::model::place::zone_named;
use crate::estate::model::place::{LATCH_BUCKET, LATCH_KEY, PRIMARY_DB, REPLICA_DB};
use crate::estate::model::rds::{ApplyWhen, Refusal, Restart, Target, Until, Wanted, Whence};
use crate::estate::model::shop::Hold;
use crate::estate::model::time::{SECOND, Timeline};
use crate::estate::model::truth::Truth;
use crate::estate::model::zone::Action;

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
    Truth::of(world, &Timeline::from(DateTime::from_timestamp(0, 0).unwrap(), 10), &|data| {
        world.rds.data.ledger(data).into()
    })
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
    let behind = world.now().since(world.ledger(Region::West).last_commit().unwrap());
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
    let replication = |world: &World| world.rds.find(Region::West, REPLICA_DB).unwrap().replication;
    assert_eq!(replication(&world), Replication::Replicating);
    go(&mut world, 2 * SECOND);
    assert_eq!(replication(&world), Replication::Error);
    let reports = world.rds.events.iter().filter(|event| event.category == "read replica").count();
    assert_eq!(reports, 1);
    assert!(world.used_by(Region::West).is_some_and(|west| !west.is_writable(world.now())));
    let fates: Vec<Fate> = (0..50).map(|_| world.fate(Region::East)).collect();
    assert!(fates.contains(&Fate::Hangs) && fates.contains(&Fate::Unavailable));
    assert_eq!(world.fate(Region::West), Fate::Answered);
}

fn primary(world: &World) -> DataId {
    world.rds.find(Region::East, PRIMARY_DB).unwrap().data
}

#[test]
fn a_crashed_instance_is_taken_over_by_itself_without_loss() {
    for seed in 0..10 {
        let mut world = World::new(Seed(seed));
        go(&mut world, MINUTE);
        world.inject(Fault::named("instance-failure:crash").unwrap()).unwrap();
        go(&mut world, 5 * MINUTE);
        let truth = truth(&world);
        let down = truth.virtual_ms.downtime_ms.unwrap();
        assert!((60_000..=130_000).contains(&down), "seed {seed}: {down}");
        assert_eq!((truth.orders_lost, truth.surviving_database.as_deref()), (0, Some(PRIMARY_DB)));
        assert!(world.rds.events.iter().any(|event| event.message == "Multi-AZ instance failover completed."));
    }
}

#[test]
fn a_stalled_instance_is_left_only_by_a_forced_failover() {
    let mut world = World::new(Seed(2));
    go(&mut world, MINUTE);
    world.inject(Fault::named("instance-failure:gray").unwrap()).unwrap();
    go(&mut world, 5 * MINUTE);
    assert_eq!(world.writable(Region::East), Err(Refused::DatabaseUnreachable));
    let now = world.now();
    world.rds.reboot(Region::East, PRIMARY_DB, Restart::InPlace, now).unwrap();
    go(&mut world, 3 * MINUTE);
    assert!(world.place_order(Region::East).is_err(), "a restart in place stays on the same host");
    let now = world.now();
    world.rds.reboot(Region::East, PRIMARY_DB, Restart::Failover, now).unwrap();
    go(&mut world, 3 * MINUTE);
    assert!(world.place_order(Region::East).is_ok());
    assert_eq!(truth(&world).orders_lost, 0);
}

#[test]
fn an_instance_without_a_standby_comes_back_by_a_restart_alone() {
    let mut world = World::new(Seed(2));
    go(&mut world, MINUTE);
    world.inject(Fault::named("instance-failure:alone").unwrap()).unwrap();
    go(&mut world, 5 * MINUTE);
    assert_eq!(world.writable(Region::East), Err(Refused::DatabaseUnreachable), "nothing takes over");
    let now = world.now();
    let refused = world.rds.reboot(Region::East, PRIMARY_DB, Restart::Failover, now).unwrap_err();
    assert!(matches!(refused, Refusal::Combination(_)), "{refused:?}");
    world.rds.reboot(Region::East, PRIMARY_DB, Restart::InPlace, now).unwrap();
    go(&mut world, 3 * MINUTE);
    assert!(world.place_order(Region::East).is_ok());
    assert_eq!(truth(&world).orders_lost, 0);
}

#[test]
fn a_lost_zone_fails_a_share_of_requests_until_its_traffic_is_shifted() {
    for seed in 0..6 {
        let mut world = World::new(Seed(seed));
        go(&mut world, MINUTE);
        world.inject(Fault::named("az-failure").unwrap()).unwrap();
        go(&mut world, 5 * MINUTE);
        assert!(world.alarm().is_some(), "seed {seed}");
        let zone = zone_named(world.fleet(Region::East).lost_zone().unwrap()).unwrap();
        assert_eq!(zone.id, "use1-az4");
        if world.writable(Region::East).is_err() {
            let now = world.now();
            world.rds.reboot(Region::East, PRIMARY_DB, Restart::Failover, now).unwrap();
            go(&mut world, 3 * MINUTE);
        }
        let before = truth(&world).requests_failed;
        go(&mut world, MINUTE);
        let share = truth(&world).requests_failed - before;
        assert!((140..260).contains(&share), "seed {seed}: {share} of 600");
        let now = world.now();
        world.fleet_mut(Region::East).shift(zone.id, 12 * 3_600_000, "", now).unwrap();
        go(&mut world, 31 * SECOND);
        let before = truth(&world).requests_failed;
        go(&mut world, 3 * MINUTE);
        assert_eq!(truth(&world).requests_failed, before, "seed {seed}");
        assert_eq!(truth(&world).orders_lost, 0);
    }
}

/// Restores the primary database as it was at `point` into `id`, with the shop's own settings.
fn restore(world: &mut World, id: &str, point: Moment) {
    let given = Changes {
        subnet_group: Some(Region::East.subnet_group().into()),
        security_groups: Some(vec![Region::East.security_group().into()]),
        parameter_group: Some(Region::East.parameter_group().into()),
        retention: Some(14),
        ..Changes::default()
    };
    let wanted = Wanted { given, ..Wanted::default() };
    let (now, whence) = (world.now(), Whence::Instance(PRIMARY_DB.into()));
    let target = Target { region: Region::East, id };
    world.rds.restore_point(target, &whence, Until::Time(point), wanted, now).unwrap();
}

fn point_alias_at(world: &mut World, id: &str) {
    let mut set = world.zone.list().iter().find(|set| set.name == Region::East.database_alias()).unwrap().clone();
    set.values = vec![Region::East.endpoint(id)];
    let now = world.now();
    world.zone.change(vec![(Action::Upsert, set)], now).unwrap();
}

#[test]
fn a_loss_that_begins_before_the_estate_opened_is_as_long_as_it_was_there() {
    let mut world = World::new(Seed(3));
    go(&mut world, 2 * MINUTE);
    let (now, backups) = (world.now(), world.rds.backups[0].arn.clone());
    let last = world.rds.backups[0].window(now).latest;
    assert!(last < Moment::START, "replicated backups are minutes behind: {last:?}");
    let given = Changes {
        subnet_group: Some(Region::West.subnet_group().into()),
        security_groups: Some(vec![Region::West.security_group().into()]),
        parameter_group: Some(Region::West.parameter_group().into()),
        ..Changes::default()
    };
    let target = Target { region: Region::West, id: "restored" };
    let wanted = Wanted { given, ..Wanted::default() };
    world.rds.restore_point(target, &Whence::Backups(backups), Until::Latest, wanted, now).unwrap();
    go(&mut world, 20 * MINUTE);
    latch(&mut world);
    let mut set = world.zone.list().iter().find(|set| set.name == Region::West.database_alias()).unwrap().clone();
    set.values = vec![Region::West.endpoint("restored")];
    let now = world.now();
    world.zone.change(vec![(Action::Upsert, set)], now).unwrap();
    go(&mut world, 5 * MINUTE);
    let truth = truth(&world);
    assert_eq!(truth.surviving_database.as_deref(), Some("restored"), "{:?}", world.story);
    let figures = &truth.virtual_ms;
    let lost_at = figures.last_lost_order_at.unwrap();
    assert_eq!(figures.loss_ms, lost_at - last.0);
    // The drill runs ten times as fast as the wall clock, from the opening on.
    assert_eq!(truth.loss_ms, lost_at / 10 - last.0);
}

#[test]
fn corruption_costs_three_figures() {
    for seed in 0..5 {
        let mut world = World::new(Seed(seed));
        go(&mut world, MINUTE);
        world.inject(Fault::DataCorruption).unwrap();
        while world.alarm().is_none() {
            go(&mut world, TICK);
        }
        assert_eq!(world.customers.failed, 0, "nobody is refused anything");
        let first_bad = world.rds.data.ledger(primary(&world)).first_bad_at().unwrap();
        // Freeze, and wait until the log of the good minutes is shipped.
        (world.shop_mut(Region::East).hold, world.shop_mut(Region::East).front) = (Hold::Held, Front::Maintenance);
        let frozen = world.now();
        go(&mut world, 6 * MINUTE);
        let bad = world.rds.data.ledger(primary(&world)).bad().len();
        assert!(bad > 100, "seed {seed}: {bad}");
        restore(&mut world, "shop-db-pitr", first_bad);
        go(&mut world, 20 * MINUTE);
        let candidate = world.rds.find(Region::East, "shop-db-pitr").unwrap().data;
        let restored = world.rds.data.ledger(candidate);
        assert!(restored.bad().is_empty() && restored.count() > 72_000, "seed {seed}");
        point_alias_at(&mut world, "shop-db-pitr");
        world.roll_back().unwrap();
        go(&mut world, 2 * MINUTE);
        assert_eq!(world.used_by(Region::East).unwrap().id, "shop-db-pitr");
        world.shop_mut(Region::East).hold = Hold::Free;
        go(&mut world, 5 * MINUTE);
        let told = truth(&world);
        let cost = told.corruption.clone().unwrap();
        assert_eq!(cost.recovery_point_age_ms, Some(1), "restored to just before");
        assert!(cost.discarded_orders > 500 && cost.discarded_cents > 500 * cost.discarded_orders, "{cost:?}");
        assert!(cost.discarded_orders < told.orders_lost, "bad orders are none that is discarded");
        assert!((cost.exposure_ms - frozen.since(first_bad)).abs() <= 100, "{cost:?}");
        assert_eq!((cost.bad_rows_left, told.surviving_database.as_deref()), (0, Some("shop-db-pitr")));
        // What was good after the restored point is carried over.
        let damaged = primary(&world);
        let (imported, _) = world.repair_from(Region::East, damaged).unwrap();
        assert_eq!(imported, cost.discarded_orders);
        assert_eq!(truth(&world).corruption.unwrap().discarded_orders, 0);
    }
}

#[test]
fn a_bad_release_goes_on_damaging_what_was_restored() {
    let mut world = World::new(Seed(1));
    go(&mut world, MINUTE);
    world.inject(Fault::DataCorruption).unwrap();
    go(&mut world, 12 * MINUTE);
    let first_bad = world.rds.data.ledger(primary(&world)).first_bad_at().unwrap();
    restore(&mut world, "shop-db-pitr", first_bad);
    go(&mut world, 20 * MINUTE);
    point_alias_at(&mut world, "shop-db-pitr");
    go(&mut world, 5 * MINUTE);
    assert!(truth(&world).corruption.unwrap().bad_rows_left > 0);
}

#[test]
fn an_instance_deleted_by_accident_leaves_a_replica_to_promote_and_a_trail() {
    let mut world = World::new(Seed(4));
    go(&mut world, MINUTE);
    world.inject(Fault::named("accidental-deletion").unwrap()).unwrap();
    go(&mut world, 5 * MINUTE);
    assert!(world.rds.find(Region::East, PRIMARY_DB).is_err());
    assert_eq!(world.writable(Region::East), Err(Refused::NoDatabase));
    let deleted = world.trail.of(Region::East).find(|event| event.name == "DeleteDBInstance").unwrap();
    assert_eq!((deleted.user, &deleted.parameters["skipFinalSnapshot"]), ("ci-terraform", &true.into()));
    latch(&mut world);
    let now = world.now();
    world.rds.promote(Region::West, REPLICA_DB, Some(14), now).unwrap();
    go(&mut world, 10 * MINUTE);
    let truth = truth(&world);
    assert_eq!((truth.surviving.as_str(), truth.orders_lost < 12), ("us-west-2", true), "{truth:?}");
    assert!(world.place_order(Region::West).is_ok());
}

#[test]
fn deleted_objects_are_missed_until_their_markers_are_gone() {
    let mut world = World::new(Seed(4));
    go(&mut world, MINUTE);
    world.inject(Fault::named("accidental-deletion:objects").unwrap()).unwrap();
    go(&mut world, MINUTE);
    assert_eq!((truth(&world).objects_missing, world.alarm().is_some()), (40, true));
    let bucket = world.bucket_mut("shop-assets-us-east-1").unwrap();
    let markers: Vec<(String, String)> = bucket
        .versions()
        .filter(|(_, version)| version.object.is_none())
        .map(|(key, version)| (key.to_owned(), version.id.clone()))
        .collect();
    for (key, id) in &markers {
        bucket.delete(key, Some(id), String::new(), Moment(0));
    }
    assert_eq!((markers.len(), truth(&world).objects_missing), (40, 0));
}

#[test]
fn a_full_storage_and_a_lost_key_stop_the_database_until_they_are_mended() {
    let mut world = World::new(Seed(4));
    go(&mut world, MINUTE);
    world.inject(Fault::StorageFull).unwrap();
    go(&mut world, MINUTE);
    assert!(world.place_order(Region::East).is_err());
    let more = Changes { storage: Some(500), ..Changes::default() };
    let now = world.now();
    world.rds.modify(Region::East, PRIMARY_DB, more, ApplyWhen::Immediately, now).unwrap();
    go(&mut world, 2 * MINUTE);
    assert!(world.place_order(Region::East).is_ok());
    world.inject(Fault::KmsDisabled).unwrap();
    go(&mut world, MINUTE);
    let now = world.now();
    assert!(matches!(world.rds.start(Region::East, PRIMARY_DB, now), Err(Refusal::Key(_))));
    for key in &mut world.keys {
        key.state = KeyState::Enabled;
    }
    world.keys_changed();
    world.rds.start(Region::East, PRIMARY_DB, now).unwrap();
    go(&mut world, 5 * MINUTE);
    assert!(world.place_order(Region::East).is_ok());
}

#[test]
fn a_replica_that_lags_loses_more() {
    let mut world = World::new(Seed(4));
    go(&mut world, MINUTE);
    world.inject(Fault::ReplicaLag(120)).unwrap();
    go(&mut world, 5 * MINUTE);
    let replica = world.rds.find(Region::West, REPLICA_DB).unwrap().data;
    let lag = world.rds.data.replica_lag(replica, world.now()).unwrap();
    assert!((119_000..=121_000).contains(&lag), "{lag}");
    world.inject(Fault::named("replica-lag:off").unwrap()).unwrap();
    go(&mut world, SECOND);
    assert!(world.rds.data.replica_lag(replica, world.now()).unwrap() < 2_000);
}

#[test]
fn a_fault_comes_when_it_was_told_to() {
    let mut world = World::new(Seed(4));
    world.inject_named("storage-full@+2m").unwrap();
    go(&mut world, MINUTE);
    assert_eq!((world.broken.injected.len(), world.broken.waiting().count()), (0, 1));
    go(&mut world, 2 * MINUTE);
    assert_eq!(world.broken.injected[0].at, Moment(120_000));
    assert!(world.place_order(Region::East).is_err());
    assert!(matches!(world.inject_named("nothing"), Err(InjectError::Unknown(_))));
}

#[test]
fn a_shop_keeps_its_connections_where_a_security_group_closes_and_gets_no_new_ones() {
    let mut world = World::new(Seed(4));
    go(&mut world, MINUTE);
    let closed = vec![Region::East.closed_security_group().to_owned()];
    let changes = Changes { security_groups: Some(closed), ..Changes::default() };
    let now = world.now();
    world.rds.modify(Region::East, PRIMARY_DB, changes, ApplyWhen::Immediately, now).unwrap();
    go(&mut world, 54 * SECOND);
    assert!(world.place_order(Region::East).is_ok(), "open connections are not cut");
    go(&mut world, MINUTE);
    assert_eq!(world.writable(Region::East), Err(Refused::ShutOut));
}
