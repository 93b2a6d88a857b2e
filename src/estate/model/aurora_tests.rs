//! What Aurora's clusters do: who writes, what a restore leaves out, what a change of places loses.

use super::super::draw::Seed;
use super::super::fault::Fault;
use super::super::instance::Status;
use super::super::place::PRIMARY_DB;
use super::super::rds::{Backups, FinalSnapshot, Target, Until};
use super::super::time::SECOND;
use super::super::world::World;
use super::*;

const MINUTE: i64 = 60 * SECOND;

fn east(id: &str) -> Target<'_> {
    Target { region: Region::East, id }
}

fn west(id: &str) -> Target<'_> {
    Target { region: Region::West, id }
}

fn wanted() -> ClusterWanted {
    ClusterWanted { master: Some("reports".to_owned()), ..ClusterWanted::default() }
}

fn member() -> MemberWanted {
    MemberWanted { class: Some("db.r6g.large".to_owned()), ..MemberWanted::default() }
}

fn go(world: &mut World, millis: i64) {
    let to = world.now().plus(millis);
    world.advance(to);
}

/// Goes on until nothing of Aurora is under way.
fn settle(world: &mut World) {
    for _ in 0..20_000 {
        let aurora = &world.rds.aurora;
        let busy = aurora.clusters.iter().any(|cluster| cluster.course.is_some())
            || aurora.members.iter().any(|member| member.course.is_some())
            || aurora.globals.iter().any(|global| global.operation.is_some());
        if !busy {
            return;
        }
        go(world, 100);
    }
    panic!("{:?}", world.story);
}

fn rows(world: &World, region: Region, id: &str) -> u64 {
    world.rds.aurora.ledger(world.rds.aurora.find(region, id).unwrap()).count()
}

fn writer(world: &World, region: Region, id: &str) -> Option<String> {
    let aurora = &world.rds.aurora;
    aurora.writer_of(aurora.find(region, id).unwrap()).map(|member| member.id.clone())
}

/// A cluster with two instances, that writes.
fn standing(seed: u64) -> World {
    let mut world = World::new(Seed(seed));
    world.rds.create_cluster(east("reports"), wanted(), world.now()).unwrap();
    settle(&mut world);
    for id in ["reports-1", "reports-2"] {
        let now = world.now();
        world.rds.create_member(east(id), "reports", member(), now).unwrap();
    }
    settle(&mut world);
    world
}

/// A global cluster over both regions, that writes in the east.
fn global(seed: u64) -> World {
    let mut world = standing(seed);
    let now = world.now();
    let source = Some((Region::East, "reports"));
    world.rds.create_global("reports-global", source, GlobalChanges::default(), Vec::new(), now).unwrap();
    let joining = ClusterWanted { global: Some("reports-global".to_owned()), ..ClusterWanted::default() };
    world.rds.create_cluster(west("reports-west"), joining, now).unwrap();
    settle(&mut world);
    let now = world.now();
    world.rds.create_member(west("reports-west-1"), "reports-west", member(), now).unwrap();
    settle(&mut world);
    go(&mut world, MINUTE);
    world
}

fn hand_over(world: &mut World, to: (Region, &str), how: HandOver) -> Result<(), Refusal> {
    let now = world.now();
    world.rds.hand_over("reports-global", to, how, now)
}

#[test]
fn a_cluster_without_instances_is_available_and_answers_nobody() {
    let mut world = World::new(Seed(3));
    world.rds.create_cluster(east("reports"), wanted(), world.now()).unwrap();
    let aurora = |world: &World| world.rds.aurora.clone();
    assert_eq!(aurora(&world).find(Region::East, "reports").unwrap().status(world.now()), ClusterStatus::Creating);
    settle(&mut world);
    go(&mut world, MINUTE);
    let now = world.now();
    assert_eq!(aurora(&world).find(Region::East, "reports").unwrap().status(now), ClusterStatus::Available);
    assert_eq!(aurora(&world).read(Region::East, "reports", now).err(), Some(Silent));
    assert_eq!((rows(&world, Region::East, "reports"), aurora(&world).address("x")), (0, None));
    // Days of backups of whoever names none; none at all is refused.
    assert_eq!(aurora(&world).find(Region::East, "reports").unwrap().terms.retention, 1);
    let none = TermChanges { retention: Some(0), ..TermChanges::default() };
    assert!(matches!(world.rds.modify_cluster(Region::East, "reports", none, now), Err(Refusal::Value(_))));
}

#[test]
fn a_failover_swaps_the_writer_and_where_the_name_leads() {
    for seed in 1..=5 {
        let mut world = standing(seed);
        assert_eq!(writer(&world, Region::East, "reports").as_deref(), Some("reports-1"));
        let (endpoint, readers) = {
            let cluster = world.rds.aurora.find(Region::East, "reports").unwrap();
            (cluster.endpoint(), cluster.reader_endpoint())
        };
        let before = (world.rds.aurora.address(&endpoint), world.rds.aurora.address(&readers));
        assert!(before.0.is_some() && before.0 != before.1);
        let (now, had) = (world.now(), rows(&world, Region::East, "reports"));
        world.rds.fail_over_cluster(Region::East, "reports", None, now).unwrap();
        assert!(matches!(
            world.rds.fail_over_cluster(Region::East, "reports", None, now.plus(100)),
            Err(Refusal::ClusterState(_))
        ));
        settle(&mut world);
        assert!(world.now().since(now) <= MINUTE + 10 * SECOND, "{:?}", world.story);
        assert_eq!(writer(&world, Region::East, "reports").as_deref(), Some("reports-2"));
        assert_eq!((world.rds.aurora.address(&readers), world.rds.aurora.address(&endpoint)), before);
        go(&mut world, MINUTE);
        // The volume is one and the same: nothing is lost, and writes went on.
        assert!(rows(&world, Region::East, "reports") > had + 500);
    }
}

#[test]
fn a_failover_needs_another_instance_that_answers() {
    let mut world = standing(1);
    let now = world.now();
    world.rds.delete_member(Region::East, "reports-2", now).unwrap();
    let alone = world.rds.fail_over_cluster(Region::East, "reports", None, now.plus(SECOND));
    assert!(matches!(alone, Err(Refusal::ClusterState(_))), "{alone:?}");
    settle(&mut world);
    let now = world.now();
    for (target, wrong) in [("reports-1", "writer already"), ("reports-2", "gone"), (PRIMARY_DB, "in no cluster")] {
        assert!(world.rds.fail_over_cluster(Region::East, "reports", Some(target), now).is_err(), "{wrong}");
    }
}

#[test]
fn a_reader_takes_over_when_the_writer_is_deleted_or_loses_its_zone() {
    let mut world = standing(2);
    let now = world.now();
    world.rds.delete_member(Region::East, "reports-1", now).unwrap();
    settle(&mut world);
    assert_eq!(writer(&world, Region::East, "reports").as_deref(), Some("reports-2"));
    let mut world = standing(2);
    let zone = world.rds.aurora.member(Region::East, "reports-1").unwrap().zone;
    world.inject(Fault::ZoneFailure(Some(zone))).unwrap();
    go(&mut world, SECOND);
    settle(&mut world);
    assert_eq!(writer(&world, Region::East, "reports").as_deref(), Some("reports-2"));
}

#[test]
fn a_restored_cluster_has_what_was_committed_then_the_defaults_and_no_instances() {
    let mut world = standing(4);
    go(&mut world, 20 * MINUTE);
    let now = world.now();
    let from = Volume::Cluster("reports".to_owned());
    let at = now.plus(-10 * MINUTE);
    let restore = |world: &mut World, until, kind| {
        world.rds.restore_cluster_point(east("restored"), (&from, until, kind), ClusterWanted::default(), now)
    };
    for wrong in [now, now.plus(-600 * MINUTE)] {
        assert!(matches!(restore(&mut world, Until::Time(wrong), RestoreType::FullCopy), Err(Refusal::Restore(_))));
    }
    let clone_of_then = restore(&mut world, Until::Time(at), RestoreType::CopyOnWrite);
    assert!(matches!(clone_of_then, Err(Refusal::Combination(_))));
    restore(&mut world, Until::Time(at), RestoreType::FullCopy).unwrap();
    settle(&mut world);
    let restored = world.rds.aurora.find(Region::East, "restored").unwrap();
    assert!(world.rds.aurora.ledger(restored).last_commit().unwrap() < at);
    assert_eq!(world.rds.aurora.members_of(restored.key).count(), 0);
    assert_eq!(restored.terms.security_groups, [Region::East.default_security_group()]);
    assert!(!restored.terms.deletion_protection);
}

#[test]
fn snapshots_restore_and_copies_to_another_region_want_a_key_there() {
    let mut world = standing(5);
    let mut encrypted = wanted();
    encrypted.kms_key = Some("arn:of-a-key".to_owned());
    let now = world.now();
    world.rds.create_cluster(east("secret"), encrypted, now).unwrap();
    settle(&mut world);
    for (cluster, name) in [("reports", "kept"), ("secret", "kept-secret")] {
        let now = world.now();
        world.rds.snapshot_cluster(Region::East, cluster, name, None, now).unwrap();
        let unfinished = world.rds.restore_cluster_snapshot(east("early"), name, ClusterWanted::default(), now);
        assert!(matches!(unfinished, Err(Refusal::ClusterSnapshotState(_))));
        settle(&mut world);
    }
    let (now, had) = (world.now(), rows(&world, Region::East, "reports"));
    let arn = world.rds.find_cluster_snapshot(Region::East, "kept-secret").unwrap().arn();
    let copy = world.rds.copy_cluster_snapshot(Region::West, &arn, "copied", None, now).map(drop);
    assert!(matches!(copy, Err(Refusal::Combination(_))), "{copy:?}");
    let key = Some("arn:of-a-key-in-the-west".to_owned());
    world.rds.copy_cluster_snapshot(Region::West, &arn, "copied", key, now).unwrap();
    world.rds.restore_cluster_snapshot(east("again"), "kept", ClusterWanted::default(), now).unwrap();
    let again = rows(&world, Region::East, "again");
    assert!(again > 0 && again < had, "{again} of {had}");
    assert!(world.rds.snapshot_cluster(Region::East, "reports", "kept", None, now).is_err());
}

#[test]
fn a_cluster_is_deleted_only_when_its_instances_go_and_nothing_protects_it() {
    let mut world = global(6);
    let delete = |world: &mut World, region, id: &str| {
        let now = world.now();
        world.rds.delete_cluster(region, id, FinalSnapshot::Named("last".to_owned()), Backups::Retained, now)
    };
    assert!(
        matches!(delete(&mut world, Region::East, "reports"), Err(Refusal::ClusterState(_))),
        "part of a global one"
    );
    let now = world.now();
    let primary = world.rds.remove_from_global("reports-global", (Region::East, "reports"), now);
    assert!(matches!(primary, Err(Refusal::GlobalState(_))), "{primary:?}");
    assert!(matches!(world.rds.delete_global("reports-global"), Err(Refusal::GlobalState(_))));
    world.rds.remove_from_global("reports-global", (Region::West, "reports-west"), now).unwrap();
    world.rds.remove_from_global("reports-global", (Region::East, "reports"), now).unwrap();
    settle(&mut world);
    world.rds.delete_global("reports-global").unwrap();
    // Whoever was taken out of it takes writes of its own: from here on there are two truths.
    let (in_east, in_west) = (rows(&world, Region::East, "reports"), rows(&world, Region::West, "reports-west"));
    go(&mut world, MINUTE);
    assert!(rows(&world, Region::East, "reports") > in_east && rows(&world, Region::West, "reports-west") > in_west);
    assert!(matches!(delete(&mut world, Region::East, "reports"), Err(Refusal::ClusterState(_))), "it has instances");
    for id in ["reports-1", "reports-2"] {
        let now = world.now();
        world.rds.delete_member(Region::East, id, now).unwrap();
        settle(&mut world);
    }
    let resource = world.rds.aurora.find(Region::East, "reports").unwrap().resource_id.clone();
    delete(&mut world, Region::East, "reports").unwrap();
    settle(&mut world);
    assert!(world.rds.aurora.find(Region::East, "reports").is_err());
    assert!(world.rds.find_cluster_snapshot(Region::East, "last").unwrap().finished <= world.now());
    let from = (&Volume::Resource(resource), Until::Latest, RestoreType::FullCopy);
    let now = world.now();
    world.rds.restore_cluster_point(east("reports"), from, ClusterWanted::default(), now).unwrap();
    assert!(rows(&world, Region::East, "reports") >= in_east);
}

#[test]
fn a_switchover_loses_nothing_and_the_old_primary_follows() {
    for seed in 1..=5 {
        let mut world = global(seed);
        assert_eq!(writer(&world, Region::West, "reports-west"), None);
        hand_over(&mut world, (Region::West, "reports-west"), HandOver::Switchover).unwrap();
        let stacked = hand_over(&mut world, (Region::West, "reports-west"), HandOver::Switchover);
        assert!(matches!(stacked, Err(Refusal::GlobalState(_))));
        let mut most = 0;
        while world.rds.aurora.find_global("reports-global").unwrap().operation.is_some() {
            most = rows(&world, Region::East, "reports");
            go(&mut world, 100);
        }
        assert_eq!(rows(&world, Region::West, "reports-west"), most, "all that was committed, before any new row");
        assert_eq!(writer(&world, Region::East, "reports"), None);
        go(&mut world, MINUTE);
        let (east, west) = (rows(&world, Region::East, "reports"), rows(&world, Region::West, "reports-west"));
        assert!(west > most + 500 && east > most + 400 && east <= west, "{east} follows {west}");
    }
}

#[test]
fn an_unplanned_failover_loses_what_had_not_arrived_and_keeps_it_in_a_snapshot_alone() {
    for seed in 1..=5 {
        let mut world = global(seed);
        world.inject(Fault::RegionFailure).unwrap();
        go(&mut world, 30 * SECOND);
        assert!(!world.is_up(Region::East));
        let (old, new) = (rows(&world, Region::East, "reports"), rows(&world, Region::West, "reports-west"));
        assert!(old > new, "what was committed after replication broke is in the east alone");
        let switchover = hand_over(&mut world, (Region::West, "reports-west"), HandOver::Switchover);
        assert!(matches!(switchover, Err(Refusal::GlobalState(_))), "it needs both: {switchover:?}");
        hand_over(&mut world, (Region::West, "reports-west"), HandOver::Failover).unwrap();
        settle(&mut world);
        assert_eq!(rows(&world, Region::West, "reports-west"), new);
        assert_eq!(writer(&world, Region::West, "reports-west").as_deref(), Some("reports-west-1"));
        go(&mut world, MINUTE);
        world.inject(Fault::RegionReturn).unwrap();
        go(&mut world, MINUTE);
        // The old primary is fenced, made anew, and follows; what it alone had is in a snapshot.
        assert_eq!(writer(&world, Region::East, "reports"), None);
        let global = world.rds.aurora.find_global("reports-global").unwrap();
        assert_eq!(global.synchronization, Synchronization::Connected);
        let (east, west) = (rows(&world, Region::East, "reports"), rows(&world, Region::West, "reports-west"));
        assert!(east <= west && east + 20 >= west, "{east} of {west}");
        let kept = world.rds.aurora.snapshots.iter().find(|kept| kept.id.starts_with("rds:unplanned-global-failover"));
        let kept = kept.unwrap();
        assert_eq!(world.rds.aurora.data.ledger(kept.of.data).as_of(kept.of.through).count(), old);
    }
}

#[test]
fn a_secondary_without_instances_is_no_target() {
    let mut world = global(7);
    let now = world.now();
    world.rds.delete_member(Region::West, "reports-west-1", now).unwrap();
    settle(&mut world);
    for how in [HandOver::Switchover, HandOver::Failover] {
        let refused = hand_over(&mut world, (Region::West, "reports-west"), how);
        assert!(matches!(refused, Err(Refusal::ClusterState(_))), "{refused:?}");
    }
}

#[test]
fn a_stopped_cluster_writes_nothing_and_its_instances_say_so() {
    let mut world = standing(8);
    let now = world.now();
    world.rds.stop_cluster(Region::East, "reports", now).unwrap();
    settle(&mut world);
    let had = rows(&world, Region::East, "reports");
    go(&mut world, MINUTE);
    let aurora = &world.rds.aurora;
    let cluster = aurora.find(Region::East, "reports").unwrap();
    let status = aurora.members_of(cluster.key).next().unwrap().status_in(cluster, world.now());
    assert_eq!((cluster.status(world.now()), status), (ClusterStatus::Stopped, Status::Stopped));
    assert_eq!(rows(&world, Region::East, "reports"), had);
    let now = world.now();
    world.rds.start_cluster(Region::East, "reports", now).unwrap();
    settle(&mut world);
    go(&mut world, MINUTE);
    assert!(rows(&world, Region::East, "reports") > had);
}
