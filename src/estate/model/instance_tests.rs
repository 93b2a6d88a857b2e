//! One instance and what is done to it: statuses in their order, what waits for data, what a failover moves.

use super::*;
use crate::estate::model::effect::DataEffect;

fn replica() -> Instance {
    let role = Role::Replica("arn".into());
    Instance::new("r", Region::West, role, DataId(2), Seed(7), Moment(0))
}

fn primary() -> Instance {
    Instance::new("p", Region::East, Role::Primary, DataId(1), Seed(7), Moment(0))
}

/// Brings `instance` forward until nothing is under way, and returns the statuses seen and when it ended.
fn finish(instance: &mut Instance, seed: u64, outbox: &mut Outbox) -> (Vec<Status>, Moment) {
    let mut now = Moment(0);
    let mut seen = vec![instance.status(now)];
    while instance.is_busy() {
        now = now.plus(100);
        instance.advance(now, Seed(seed), outbox);
        if seen.last() != Some(&instance.status(now)) {
            seen.push(instance.status(now));
        }
    }
    (seen, now)
}

#[test]
fn a_promotion_takes_three_to_six_minutes_and_shows_its_statuses_in_order() {
    use Status::{Available, BackingUp, Modifying, Rebooting};
    for seed in 0..100 {
        let (mut replica, mut outbox) = (replica(), Outbox::default());
        replica.begin(Work::Promotion { retention: 14 }, Seed(seed), Moment(0), &mut outbox);
        let (seen, now) = finish(&mut replica, seed, &mut outbox);
        assert_eq!(seen, [Available, Modifying, Rebooting, BackingUp, Available]);
        assert!((180_000..=360_100).contains(&now.0), "{now:?}");
        assert!(replica.is_writable(now) && replica.settings.retention == 14 && replica.backups_since.is_some());
    }
}

#[test]
fn it_still_reads_available_for_some_seconds_after_a_call() {
    let (mut replica, mut outbox) = (replica(), Outbox::default());
    replica.begin(Work::Promotion { retention: 1 }, Seed(1), Moment(0), &mut outbox);
    replica.advance(Moment(2_900), Seed(1), &mut outbox);
    assert_eq!(replica.status(Moment(2_900)), Status::Available);
    assert!(replica.is_busy() && !replica.is_writable(Moment(2_900)));
}

#[test]
fn one_long_step_gives_what_many_short_ones_give() {
    let (mut one, mut many, mut outbox) = (replica(), replica(), Outbox::default());
    for replica in [&mut one, &mut many] {
        replica.begin(Work::Promotion { retention: 14 }, Seed(3), Moment(0), &mut outbox);
    }
    let long = one.advance(Moment(400_000), Seed(3), &mut outbox);
    let short: Vec<_> = (0..4_000).flat_map(|tick| many.advance(Moment(tick * 100), Seed(3), &mut outbox)).collect();
    assert_eq!(long, short);
    assert_eq!(long.len(), 3);
}

#[test]
fn a_status_waits_for_data_that_are_not_ready() {
    let (mut replica, mut outbox) = (replica(), Outbox::default());
    outbox.external();
    replica.begin(Work::Promotion { retention: 14 }, Seed(3), Moment(0), &mut outbox);
    assert!(outbox.take().is_empty(), "the promotion begins with its restart");
    let mut now = Moment(0);
    while replica.status(now) != Status::Rebooting {
        now = now.plus(100);
        replica.advance(now, Seed(3), &mut outbox);
    }
    let ordered = outbox.take();
    assert_eq!(ordered[0].effect, DataEffect::Promote { data: DataId(2) });
    now = now.plus(3_600_000);
    assert!(replica.advance(now, Seed(3), &mut outbox).is_empty());
    assert_eq!((replica.status(now), replica.is_writable(now)), (Status::Rebooting, false));
    outbox.done(ordered[0].id);
    let happened = replica.advance(now.plus(100), Seed(3), &mut outbox);
    assert!(happened.contains(&(now.plus(100), Happening::Promoted)), "{happened:?}");
}

#[test]
fn data_that_cannot_be_restored_end_in_an_error() {
    let (mut fresh, mut outbox) = (primary(), Outbox::default());
    outbox.external();
    let effect = DataEffect::Delete { data: DataId(9) };
    let work = Work::Creation { how: Origin::PointInTime, data: effect };
    fresh.begin(work, Seed(3), Moment(0), &mut outbox);
    let id = outbox.take()[0].id;
    outbox.failed(id);
    assert_eq!(fresh.advance(Moment(100), Seed(3), &mut outbox), [(Moment(100), Happening::Broke)]);
    assert_eq!(fresh.status(Moment(100)), Status::RestoreError);
}

#[test]
fn a_failover_takes_one_to_two_minutes_and_the_api_shows_the_old_zone_for_a_while() {
    for seed in 0..50 {
        let (mut primary, mut outbox) = (primary(), Outbox::default());
        primary.ailment = Some(Ailment::Stalled);
        let (from, to) = (primary.zone, primary.standby.unwrap());
        primary.begin(Work::Failover(Cause::Asked), Seed(seed), Moment(0), &mut outbox);
        let (seen, now) = finish(&mut primary, seed, &mut outbox);
        assert_eq!(seen, [Status::Available, Status::Rebooting, Status::Available]);
        assert!((60_000..=120_100).contains(&now.0), "{now:?}");
        assert_eq!((primary.zone, primary.zone_shown(now), primary.standby), (to, from, None));
        assert!(primary.is_writable(now), "the stalled host is left behind");
        let later = now.plus(900_000);
        let happened = primary.advance(later, Seed(seed), &mut outbox);
        assert!(happened.iter().any(|(_, what)| *what == Happening::StandbyReady), "{happened:?}");
        assert_eq!((primary.zone_shown(later), primary.standby.is_some()), (to, true));
    }
}

#[test]
fn a_restart_in_place_does_not_leave_a_stalled_host() {
    let (mut primary, mut outbox) = (primary(), Outbox::default());
    primary.ailment = Some(Ailment::Stalled);
    primary.begin(Work::Reboot, Seed(3), Moment(0), &mut outbox);
    let (_, now) = finish(&mut primary, 3, &mut outbox);
    assert!(!primary.is_reachable(now));
}

#[test]
fn another_name_restarts_it_and_leads_to_it_only_after_minutes() {
    let (mut primary, mut outbox) = (primary(), Outbox::default());
    let changes = Changes { rename: Some("p-old".into()), ..Changes::default() };
    primary.begin(Work::Modification(changes), Seed(3), Moment(0), &mut outbox);
    let (seen, now) = finish(&mut primary, 3, &mut outbox);
    assert_eq!(seen, [Status::Available, Status::Renaming, Status::Rebooting, Status::Available]);
    assert_eq!((primary.id.as_str(), primary.starts), ("p-old", 2));
    assert!(primary.named_from > now.plus(60_000));
}

#[test]
fn more_storage_ends_a_full_one_and_settles_for_hours() {
    let (mut primary, mut outbox) = (primary(), Outbox::default());
    primary.ailment = Some(Ailment::StorageFull);
    assert_eq!(primary.status(Moment(0)), Status::StorageFull);
    let changes = Changes { storage: Some(440), ..Changes::default() };
    primary.begin(Work::Modification(changes), Seed(3), Moment(0), &mut outbox);
    let (_, now) = finish(&mut primary, 3, &mut outbox);
    assert_eq!((primary.status(now), primary.settings.storage), (Status::StorageOptimization, 440));
    assert!(primary.is_writable(now));
    assert_eq!(primary.status(now.plus(7 * 3_600_000)), Status::Available);
}
