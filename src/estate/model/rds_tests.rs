//! What RDS refuses, what its defaults do, what is left of what was deleted.

use super::super::instance::{Changes, Origin, Work};
use super::super::place::{DEFAULT_PARAMETER_GROUP, DEFAULT_SUBNET_GROUP};
use super::*;

fn finish(rds: &mut Rds, mut now: Moment) -> Moment {
    while rds.instances.iter().any(Instance::is_busy) || rds.snapshots.iter().any(|known| known.finished.is_none()) {
        now = now.plus(100);
        for region in Region::ALL {
            rds.advance(region, now);
        }
    }
    now
}

fn west(id: &str) -> Target<'_> {
    Target { region: Region::West, id }
}

fn east(id: &str) -> Target<'_> {
    Target { region: Region::East, id }
}

fn unprotect(rds: &mut Rds, now: Moment) -> Moment {
    let off = Changes { deletion_protection: Some(false), ..Changes::default() };
    rds.modify(Region::East, PRIMARY_DB, off, ApplyWhen::Immediately, now).unwrap();
    finish(rds, now)
}

#[test]
fn a_promotion_without_a_retention_leaves_one_day() {
    let mut rds = Rds::new(Seed(1));
    rds.promote(Region::West, REPLICA_DB, None, Moment(0)).unwrap();
    finish(&mut rds, Moment(0));
    let promoted = rds.find(Region::West, REPLICA_DB).unwrap();
    assert_eq!((promoted.settings.retention, &promoted.role), (1, &Role::Primary));
    assert!(rds.snapshots.iter().any(|known| known.instance == REPLICA_DB && known.kind == "automated"));
}

#[test]
fn stacked_calls_are_refused_even_while_the_status_reads_available() {
    let mut rds = Rds::new(Seed(1));
    rds.promote(Region::West, REPLICA_DB, Some(14), Moment(0)).unwrap();
    assert_eq!(rds.find(Region::West, REPLICA_DB).unwrap().status(Moment(0)), Status::Available);
    let changes = Changes { retention: Some(7), ..Changes::default() };
    let now = Moment(100);
    for refused in [
        rds.promote(Region::West, REPLICA_DB, Some(14), now),
        rds.modify(Region::West, REPLICA_DB, changes, ApplyWhen::Immediately, now),
        rds.reboot(Region::West, REPLICA_DB, Restart::InPlace, now),
        rds.snapshot(Region::West, REPLICA_DB, "s", now),
        rds.stop(Region::West, REPLICA_DB, now),
    ] {
        assert!(matches!(refused, Err(Refusal::State(_))), "{refused:?}");
    }
}

#[test]
fn a_promotion_is_refused_while_backing_up_and_for_what_is_no_replica() {
    let mut rds = Rds::new(Seed(1));
    rds.snapshot(Region::West, REPLICA_DB, "before", Moment(0)).unwrap();
    let mut now = Moment(0);
    while rds.find(Region::West, REPLICA_DB).unwrap().status(now) != Status::BackingUp {
        now = now.plus(100);
        rds.advance(Region::West, now);
    }
    let refused = rds.promote(Region::West, REPLICA_DB, Some(14), now).unwrap_err();
    assert!(matches!(&refused, Refusal::State(message) if message.contains("backing-up")), "{refused:?}");
    let now = finish(&mut rds, now);
    assert!(rds.snapshots.iter().any(|known| known.id == "before" && known.finished.is_some()));
    assert!(matches!(rds.promote(Region::East, PRIMARY_DB, None, now), Err(Refusal::State(_))));
    assert!(matches!(rds.promote(Region::West, PRIMARY_DB, None, now), Err(Refusal::NoInstance(_))));
    assert!(matches!(rds.promote(Region::West, REPLICA_DB, Some(36), now), Err(Refusal::Value(_))));
}

#[test]
fn what_disturbs_waits_for_the_window_unless_told_otherwise() {
    let mut rds = Rds::new(Seed(1));
    let changes = Changes { multi_az: Some(true), deletion_protection: Some(true), ..Changes::default() };
    rds.modify(Region::West, REPLICA_DB, changes.clone(), ApplyWhen::MaintenanceWindow, Moment(0)).unwrap();
    let now = finish(&mut rds, Moment(0));
    let replica = rds.find(Region::West, REPLICA_DB).unwrap();
    assert!(replica.settings.deletion_protection && !replica.settings.multi_az);
    assert_eq!(replica.pending.multi_az, Some(true));
    rds.modify(Region::West, REPLICA_DB, changes, ApplyWhen::Immediately, now).unwrap();
    finish(&mut rds, now);
    let replica = rds.find(Region::West, REPLICA_DB).unwrap();
    assert!(replica.settings.multi_az && replica.pending.is_empty() && replica.standby.is_some());
}

#[test]
fn a_restore_with_the_defaults_is_open_to_nobody_unprotected_and_alone() {
    let mut rds = Rds::new(Seed(1));
    let whence = Whence::Instance(PRIMARY_DB.into());
    rds.restore_point(east("plain"), &whence, Until::Latest, Wanted::default(), Moment(900_000)).unwrap();
    let given = Changes {
        subnet_group: Some(Region::East.subnet_group().into()),
        security_groups: Some(vec![Region::East.security_group().into()]),
        parameter_group: Some(Region::East.parameter_group().into()),
        multi_az: Some(false),
        deletion_protection: Some(true),
        retention: Some(14),
        ..Changes::default()
    };
    let wanted = Wanted { given: given.clone(), ..Wanted::default() };
    rds.restore_point(east("whole"), &whence, Until::Latest, wanted, Moment(900_000)).unwrap();
    finish(&mut rds, Moment(900_000));
    let plain = rds.find(Region::East, "plain").unwrap();
    assert_eq!(plain.settings.parameter_group, DEFAULT_PARAMETER_GROUP);
    assert_eq!(plain.settings.subnet_group, DEFAULT_SUBNET_GROUP);
    assert_eq!(
        (plain.settings.retention, plain.settings.multi_az, plain.settings.deletion_protection),
        (14, false, false)
    );
    assert!(!plain.admits_shop());
    let whole = rds.find(Region::East, "whole").unwrap();
    assert!(whole.admits_shop() && whole.settings.deletion_protection && whole.settings.retention == 14);
    let apart = Changes { subnet_group: None, ..given };
    let wanted = Wanted { given: apart, ..Wanted::default() };
    let refused = rds.restore_point(east("apart"), &whence, Until::Latest, wanted, Moment(9_000_000));
    assert!(matches!(refused, Err(Refusal::Network(_))), "{refused:?}");
}

#[test]
fn a_point_outside_the_window_is_refused() {
    let mut rds = Rds::new(Seed(1));
    let whence = Whence::Instance(PRIMARY_DB.into());
    let now = Moment(1_000_000);
    let primary = rds.find(Region::East, PRIMARY_DB).unwrap();
    let (first, last) = (rds.earliest_restorable(primary, now).unwrap(), rds.latest_restorable(primary, now).unwrap());
    assert!(last <= now && now.since(last) < 300_000);
    for time in [first.plus(-1), last.plus(1), now.plus(DAY)] {
        let refused = rds.restore_point(east("new"), &whence, Until::Time(time), Wanted::default(), now);
        assert!(matches!(refused, Err(Refusal::Value(_))), "{refused:?}");
    }
    let refused = rds.restore_point(east(PRIMARY_DB), &whence, Until::Latest, Wanted::default(), now);
    assert!(matches!(refused, Err(Refusal::InstanceExists(_))), "{refused:?}");
    let replica = Whence::Instance(REPLICA_DB.into());
    let refused = rds.restore_point(west("new"), &replica, Until::Latest, Wanted::default(), now);
    assert!(matches!(refused, Err(Refusal::NotRestorable(_))), "{refused:?}");
    assert!(rds.restore_point(east("new"), &whence, Until::Time(first), Wanted::default(), now).is_ok());
}

#[test]
fn a_deleted_instance_leaves_what_was_told_to_stay() {
    let now = Moment(1_000_000);
    for (backups, retained) in [(Backups::Deleted, 0), (Backups::Retained, 1)] {
        let mut rds = Rds::new(Seed(1));
        let refused = rds.delete(Region::East, PRIMARY_DB, FinalSnapshot::Skipped, backups, now);
        assert!(matches!(refused, Err(Refusal::Combination(_))), "protected: {refused:?}");
        let now = unprotect(&mut rds, now);
        let resource = rds.find(Region::East, PRIMARY_DB).unwrap().resource_id.clone();
        rds.delete(Region::East, PRIMARY_DB, FinalSnapshot::Named("last".into()), backups, now).unwrap();
        let now = finish(&mut rds, now);
        assert!(matches!(rds.find(Region::East, PRIMARY_DB), Err(Refusal::NoInstance(_))));
        assert_eq!(rds.backups.iter().filter(|kept| kept.kind == BackupKind::Retained).count(), retained);
        let automated = rds.snapshots.iter().filter(|known| known.kind == "automated").count();
        assert_eq!(automated, 14 * retained, "automated snapshots go with the backups");
        // Backups in the other region stay whatever was said.
        let replicated = rds.backups.iter().find(|kept| kept.kind == BackupKind::Replicated).unwrap().arn.clone();
        let replica = rds.find(Region::West, REPLICA_DB).unwrap();
        assert_eq!((replica.replication, replica.role != Role::Primary), (Replication::Terminated, true));
        let by_resource = Whence::Resource(resource);
        let restored = rds.restore_point(east(PRIMARY_DB), &by_resource, Until::Latest, Wanted::default(), now);
        assert_eq!(restored.is_ok(), retained == 1, "{restored:?}");
        let elsewhere = Whence::Backups(replicated);
        rds.restore_point(west("from-backups"), &elsewhere, Until::Latest, Wanted::default(), now).unwrap();
        rds.restore_snapshot(east("from-last"), "last", Wanted::default(), now).unwrap();
        rds.promote(Region::West, REPLICA_DB, Some(14), now).unwrap();
        finish(&mut rds, now);
        assert_eq!(rds.find(Region::West, REPLICA_DB).unwrap().role, Role::Primary);
    }
}

#[test]
fn a_replica_in_the_same_region_is_promoted_when_its_source_goes() {
    let mut rds = Rds::new(Seed(1));
    rds.replicate(east("near"), PRIMARY_DB, Wanted::default(), Moment(0)).unwrap();
    let now = finish(&mut rds, Moment(0));
    let near = rds.find(Region::East, "near").unwrap();
    assert_eq!(near.settings.parameter_group, Region::East.parameter_group());
    assert!(near.admits_shop());
    let now = unprotect(&mut rds, now);
    rds.delete(Region::East, PRIMARY_DB, FinalSnapshot::Skipped, Backups::Deleted, now).unwrap();
    finish(&mut rds, now);
    assert_eq!(rds.find(Region::East, "near").unwrap().role, Role::Primary);
}

#[test]
fn a_replica_elsewhere_needs_a_key_and_gets_the_defaults_of_its_region() {
    let mut rds = Rds::new(Seed(1));
    let arn = rds.find(Region::East, PRIMARY_DB).unwrap().arn();
    let refused = rds.replicate(west("third"), &arn, Wanted::default(), Moment(0));
    assert!(matches!(refused, Err(Refusal::Combination(_))), "{refused:?}");
    let wanted = Wanted { kms_key: Some("arn:aws:kms:us-west-2:000000000000:key/x".into()), ..Wanted::default() };
    rds.replicate(west("third"), &arn, wanted, Moment(0)).unwrap();
    let now = finish(&mut rds, Moment(0));
    assert!(now.0 >= 900_000, "{now:?}");
    let third = rds.find(Region::West, "third").unwrap();
    assert_eq!((third.settings.parameter_group.as_str(), third.admits_shop()), (DEFAULT_PARAMETER_GROUP, false));
    assert_eq!(rds.replicas_of(&arn).count(), 2);
}

#[test]
fn storage_grows_by_a_tenth_at_least_and_then_settles() {
    let mut rds = Rds::new(Seed(1));
    let grow = |storage| Changes { storage: Some(storage), ..Changes::default() };
    for (storage, fits) in [(300, false), (420, false), (440, true)] {
        let asked = rds.modify(Region::East, PRIMARY_DB, grow(storage), ApplyWhen::Immediately, Moment(0));
        assert_eq!(asked.is_ok(), fits, "{storage}: {asked:?}");
    }
    let now = finish(&mut rds, Moment(0));
    let again = rds.modify(Region::East, PRIMARY_DB, grow(600), ApplyWhen::Immediately, now);
    assert!(matches!(again, Err(Refusal::State(_))), "{again:?}");
    assert!(rds.snapshot(Region::East, PRIMARY_DB, "meanwhile", now).is_ok(), "the rest goes on");
}

#[test]
fn a_renamed_source_keeps_its_replicas() {
    let mut rds = Rds::new(Seed(1));
    let rename = Changes { rename: Some("shop-db-old".into()), ..Changes::default() };
    rds.modify(Region::East, PRIMARY_DB, rename, ApplyWhen::Immediately, Moment(0)).unwrap();
    let now = finish(&mut rds, Moment(0));
    let arn = rds.find(Region::East, "shop-db-old").unwrap().arn();
    assert_eq!(rds.replicas_of(&arn).count(), 1);
    let whence = Whence::Instance("shop-db-old".into());
    assert!(rds.restore_point(east(PRIMARY_DB), &whence, Until::Latest, Wanted::default(), now.plus(600_000)).is_ok());
}

#[test]
fn a_failover_without_a_standby_is_taken_and_abandoned() {
    let mut rds = Rds::new(Seed(1));
    let refused = rds.reboot(Region::West, REPLICA_DB, Restart::Failover, Moment(0));
    assert!(matches!(refused, Err(Refusal::Combination(_))), "{refused:?}");
    rds.reboot(Region::East, PRIMARY_DB, Restart::Failover, Moment(0)).unwrap();
    let mut now = Moment(0);
    while rds.find(Region::East, PRIMARY_DB).unwrap().is_busy() {
        now = now.plus(100);
        rds.advance(Region::East, now);
    }
    rds.reboot(Region::East, PRIMARY_DB, Restart::Failover, now).unwrap();
    assert!(!rds.find(Region::East, PRIMARY_DB).unwrap().is_busy());
    assert!(rds.events.iter().any(|event| event.message.contains("abandoned")));
}

#[test]
fn a_backend_is_told_of_the_databases_that_stand() {
    let mut rds = Rds::new(Seed(1));
    rds.back_externally(Moment(0));
    let effects: Vec<DataEffect> = rds.outbox.take().into_iter().map(|ordered| ordered.effect).collect();
    assert!(matches!(effects[..], [DataEffect::Found { .. }, DataEffect::Follow { .. }]), "{effects:?}");
    let whence = Whence::Instance(PRIMARY_DB.into());
    rds.restore_point(east("new"), &whence, Until::Latest, Wanted::default(), Moment(900_000)).unwrap();
    let ordered = rds.outbox.take().remove(0);
    assert!(matches!(ordered.effect, DataEffect::Restore { .. }));
    rds.advance(Region::East, Moment(9_000_000));
    assert_eq!(rds.find(Region::East, "new").unwrap().status(Moment(9_000_000)), Status::Creating);
    assert!(matches!(
        rds.find(Region::East, "new").unwrap().work(),
        Some(Work::Creation { how: Origin::PointInTime, .. })
    ));
    rds.outbox.done(ordered.id);
    rds.advance(Region::East, Moment(9_000_100));
    assert_ne!(rds.find(Region::East, "new").unwrap().status(Moment(9_000_100)), Status::Creating);
}
