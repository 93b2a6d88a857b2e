//! RDS of both regions: instances, snapshots, events, and which calls are refused.

use super::draw::Seed;
use super::instance::{Changes, Happening, Instance, Role, Status, Work};
use super::place::{PRIMARY_DB, REPLICA_DB, Region};
use super::time::{DAY, Moment, SECOND};

/// How many events are kept; AWS keeps fourteen days, a drill makes a few dozen.
const MOST_EVENTS: usize = 1_000;
/// How many manual snapshots an account may have in a region.
const MOST_SNAPSHOTS: usize = 100;

/// Says why RDS refuses a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such instance.
    NoInstance(String),
    /// There is no such snapshot.
    NoSnapshot(String),
    /// There is a snapshot of that name.
    SnapshotExists(String),
    /// The instance is not in a state for it.
    State(String),
    /// A parameter is wrong.
    Value(String),
    /// There are too many snapshots.
    SnapshotQuota,
}

/// Is one snapshot.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Its name.
    pub id: String,
    /// Of which instance.
    pub instance: String,
    /// Where it is.
    pub region: Region,
    /// `manual` or `automated`.
    pub kind: &'static str,
    /// When it was asked for.
    pub begun: Moment,
    /// When it was finished.
    pub finished: Option<Moment>,
}

/// Is one event.
#[derive(Clone, Debug)]
pub struct Event {
    /// When.
    pub at: Moment,
    /// Where.
    pub region: Region,
    /// The instance it is about.
    pub instance: String,
    /// Its category.
    pub category: &'static str,
    /// What it says.
    pub message: String,
}

/// Is RDS of the account.
#[derive(Clone, Debug)]
pub struct Rds {
    /// The instances.
    pub instances: Vec<Instance>,
    /// The snapshots.
    pub snapshots: Vec<Snapshot>,
    /// The events, oldest first.
    pub events: Vec<Event>,
    seed: Seed,
}

impl Rds {
    /// Makes the reference stack's databases.
    pub fn new(seed: Seed) -> Self {
        let primary = Instance::new(PRIMARY_DB, Region::East, Role::Primary, seed, Moment(-400 * DAY));
        let replica = Instance::new(REPLICA_DB, Region::West, Role::Replica(primary.arn()), seed, Moment(-200 * DAY));
        let nightly = (0..14).map(|nights: i64| {
            let begun = Moment(-nights * DAY - 5 * 3_600 * SECOND);
            Snapshot {
                id: format!("rds:{PRIMARY_DB}-night-{:02}", 14 - nights),
                instance: PRIMARY_DB.to_owned(),
                region: Region::East,
                kind: "automated",
                begun,
                finished: Some(begun.plus(180 * SECOND)),
            }
        });
        Self { snapshots: nightly.collect(), instances: vec![primary, replica], events: Vec::new(), seed }
    }

    /// Finds the instance `id` of `region`.
    pub fn find(&self, region: Region, id: &str) -> Result<&Instance, Refusal> {
        self.instances
            .iter()
            .find(|instance| instance.region == region && instance.id.eq_ignore_ascii_case(id))
            .ok_or_else(|| Refusal::NoInstance(id.to_owned()))
    }

    /// Returns the reference stack's instance of `region`.
    pub fn of(&self, region: Region) -> Option<&Instance> {
        self.instances.iter().find(|instance| instance.region == region)
    }

    fn idle(&mut self, region: Region, id: &str, what: &str) -> Result<&mut Instance, Refusal> {
        let instance = self
            .instances
            .iter_mut()
            .find(|instance| instance.region == region && instance.id.eq_ignore_ascii_case(id))
            .ok_or_else(|| Refusal::NoInstance(id.to_owned()))?;
        if instance.is_busy() {
            // The status may still read `available`; what is under way refuses the call all the same.
            let status = match instance.status() {
                Status::Available => "modifying",
                status => status.name(),
            };
            return Err(Refusal::State(format!(
                "Instance {} cannot be {what}: it is in state {status}, not available.",
                instance.id
            )));
        }
        Ok(instance)
    }

    /// Begins the promotion of a replica; without a retention it gets a single day.
    pub fn promote(&mut self, region: Region, id: &str, retention: Option<u8>, now: Moment) -> Result<(), Refusal> {
        let retention = retention.unwrap_or(1);
        if retention > 35 {
            return Err(Refusal::Value(format!("Invalid backup retention period: {retention}. It must be 0 to 35.")));
        }
        let seed = self.seed;
        let instance = self.idle(region, id, "promoted")?;
        if instance.role == Role::Primary {
            return Err(Refusal::State(format!("DB Instance {} is not a read replica.", instance.id)));
        }
        instance.begin(Work::Promotion { retention }, seed, now);
        self.note(now, region, id, "notification", "The read replica is being promoted to a standalone instance.");
        Ok(())
    }

    /// Begins to change settings: at once, or what disturbs the instance in its maintenance window.
    pub fn modify(
        &mut self,
        region: Region,
        id: &str,
        asked: Changes,
        when: ApplyWhen,
        now: Moment,
    ) -> Result<(), Refusal> {
        if let Some(days @ 36..) = asked.retention {
            return Err(Refusal::Value(format!("Invalid backup retention period: {days}. It must be 0 to 35.")));
        }
        let seed = self.seed;
        let instance = self.idle(region, id, "modified")?;
        let quiet = instance.retention > 0 && asked.retention != Some(0);
        let mut at_once = asked;
        let deferred = Changes {
            retention: if quiet { None } else { at_once.retention },
            multi_az: at_once.multi_az.filter(|wanted| *wanted != instance.multi_az),
            class: at_once.class.clone().filter(|wanted| *wanted != instance.class),
            ..Changes::default()
        };
        instance.pending.retention = deferred.retention.or(instance.pending.retention);
        instance.pending.multi_az = deferred.multi_az.or(instance.pending.multi_az);
        instance.pending.class = deferred.class.clone().or_else(|| instance.pending.class.clone());
        if when == ApplyWhen::MaintenanceWindow {
            at_once.retention = at_once.retention.filter(|_| quiet);
            at_once.multi_az = None;
            at_once.class = None;
        }
        if !at_once.is_empty() {
            instance.begin(Work::Modification(at_once), seed, now);
            self.note(now, region, id, "configuration change", "The settings of the DB instance are being changed.");
        }
        Ok(())
    }

    /// Begins a restart; a forced failover needs a standby.
    pub fn reboot(&mut self, region: Region, id: &str, how: Restart, now: Moment) -> Result<(), Refusal> {
        let seed = self.seed;
        let instance = self.idle(region, id, "rebooted")?;
        if how == Restart::Failover {
            if !instance.multi_az {
                return Err(Refusal::Value(format!(
                    "Cannot force a failover of {}: it is not a Multi-AZ instance.",
                    instance.id
                )));
            }
            std::mem::swap(&mut instance.zone, &mut instance.standby_zone);
        }
        instance.begin(Work::Reboot, seed, now);
        Ok(())
    }

    /// Begins a manual snapshot.
    pub fn snapshot(&mut self, region: Region, id: &str, name: &str, now: Moment) -> Result<(), Refusal> {
        let of_region = self.snapshots.iter().filter(|snapshot| snapshot.region == region);
        if of_region.clone().any(|snapshot| snapshot.id == name) {
            return Err(Refusal::SnapshotExists(name.to_owned()));
        }
        if of_region.filter(|snapshot| snapshot.kind == "manual").count() >= MOST_SNAPSHOTS {
            return Err(Refusal::SnapshotQuota);
        }
        let seed = self.seed;
        let instance = self.idle(region, id, "backed up")?;
        instance.begin(Work::Snapshot(name.to_owned()), seed, now);
        let instance = instance.id.clone();
        self.snapshots.push(Snapshot {
            id: name.to_owned(),
            instance,
            region,
            kind: "manual",
            begun: now,
            finished: None,
        });
        self.note(now, region, id, "creation", &format!("Creating the manual snapshot {name}."));
        Ok(())
    }

    /// Records an event.
    pub fn note(&mut self, at: Moment, region: Region, id: &str, category: &'static str, message: &str) {
        if self.events.len() >= MOST_EVENTS {
            self.events.remove(0);
        }
        self.events.push(Event { at, region, instance: id.to_owned(), category, message: message.to_owned() });
    }

    /// Brings the instances of `region` to `now` and returns what happened to which.
    pub fn advance(&mut self, region: Region, now: Moment) -> Vec<(Moment, String, Happening)> {
        let mut all = Vec::new();
        for instance in self.instances.iter_mut().filter(|instance| instance.region == region) {
            if instance.is_busy() {
                let happened = instance.advance(now);
                all.extend(happened.into_iter().map(|(at, what)| (at, instance.id.clone(), what)));
            }
        }
        for (at, id, what) in &all {
            let (category, message) = match what {
                Happening::Restarted => ("availability", "DB instance restarted.".to_owned()),
                Happening::Promoted => ("notification", "Promoted to a standalone DB instance.".to_owned()),
                Happening::BackedUp => ("backup", "Finished the backup of the DB instance.".to_owned()),
                Happening::SnapshotTaken(name) => ("backup", format!("Finished the manual snapshot {name}.")),
                Happening::Modified => ("configuration change", "Finished the change of settings.".to_owned()),
            };
            self.note(*at, region, id, category, &message);
            match what {
                Happening::BackedUp => self.snapshots.push(Snapshot {
                    id: format!("rds:{id}-first-own-backup"),
                    instance: id.clone(),
                    region,
                    kind: "automated",
                    begun: *at,
                    finished: Some(*at),
                }),
                Happening::SnapshotTaken(name) => {
                    for snapshot in self.snapshots.iter_mut().filter(|s| s.region == region && s.id == *name) {
                        snapshot.finished = Some(*at);
                    }
                }
                Happening::Restarted | Happening::Promoted | Happening::Modified => {}
            }
        }
        all
    }
}

/// Says when changes that disturb an instance are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplyWhen {
    /// Now.
    Immediately,
    /// In its next maintenance window.
    MaintenanceWindow,
}

/// Says how an instance restarts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// In place.
    InPlace,
    /// By failing over to the standby.
    Failover,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advance_until_idle(rds: &mut Rds, mut now: Moment) -> Moment {
        while rds.instances.iter().any(Instance::is_busy) {
            now = now.plus(100);
            rds.advance(Region::West, now);
        }
        now
    }

    #[test]
    fn a_promotion_without_a_retention_leaves_one_day() {
        let mut rds = Rds::new(Seed(1));
        rds.promote(Region::West, REPLICA_DB, None, Moment(0)).unwrap();
        advance_until_idle(&mut rds, Moment(0));
        let promoted = rds.find(Region::West, REPLICA_DB).unwrap();
        assert_eq!((promoted.retention, &promoted.role), (1, &Role::Primary));
        assert!(rds.snapshots.iter().any(|s| s.instance == REPLICA_DB && s.kind == "automated"));
    }

    #[test]
    fn stacked_calls_are_refused_even_while_the_status_reads_available() {
        let mut rds = Rds::new(Seed(1));
        rds.promote(Region::West, REPLICA_DB, Some(14), Moment(0)).unwrap();
        assert_eq!(rds.find(Region::West, REPLICA_DB).unwrap().status(), Status::Available);
        let changes = Changes { retention: Some(7), ..Changes::default() };
        let now = Moment(100);
        for refused in [
            rds.promote(Region::West, REPLICA_DB, Some(14), now),
            rds.modify(Region::West, REPLICA_DB, changes, ApplyWhen::Immediately, now),
            rds.reboot(Region::West, REPLICA_DB, Restart::InPlace, now),
            rds.snapshot(Region::West, REPLICA_DB, "s", now),
        ] {
            assert!(matches!(refused, Err(Refusal::State(_))), "{refused:?}");
        }
    }

    #[test]
    fn a_promotion_is_refused_while_backing_up_and_for_what_is_no_replica() {
        let mut rds = Rds::new(Seed(1));
        rds.snapshot(Region::West, REPLICA_DB, "before", Moment(0)).unwrap();
        let mut now = Moment(0);
        while rds.find(Region::West, REPLICA_DB).unwrap().status() != Status::BackingUp {
            now = now.plus(100);
            rds.advance(Region::West, now);
        }
        let refused = rds.promote(Region::West, REPLICA_DB, Some(14), now).unwrap_err();
        assert!(matches!(&refused, Refusal::State(message) if message.contains("backing-up")), "{refused:?}");
        advance_until_idle(&mut rds, now);
        assert!(rds.snapshots.iter().any(|s| s.id == "before" && s.finished.is_some()));
        assert!(matches!(rds.promote(Region::East, PRIMARY_DB, None, now), Err(Refusal::State(_))));
        assert!(matches!(rds.promote(Region::West, PRIMARY_DB, None, now), Err(Refusal::NoInstance(_))));
        assert!(matches!(rds.promote(Region::West, REPLICA_DB, Some(36), now), Err(Refusal::Value(_))));
    }

    #[test]
    fn what_disturbs_waits_for_the_window_unless_told_otherwise() {
        let mut rds = Rds::new(Seed(1));
        let changes = Changes { multi_az: Some(true), deletion_protection: Some(true), ..Changes::default() };
        rds.modify(Region::West, REPLICA_DB, changes.clone(), ApplyWhen::MaintenanceWindow, Moment(0)).unwrap();
        let now = advance_until_idle(&mut rds, Moment(0));
        let replica = rds.find(Region::West, REPLICA_DB).unwrap();
        assert!(replica.deletion_protection && !replica.multi_az);
        assert_eq!(replica.pending.multi_az, Some(true));
        rds.modify(Region::West, REPLICA_DB, changes, ApplyWhen::Immediately, now).unwrap();
        advance_until_idle(&mut rds, now);
        let replica = rds.find(Region::West, REPLICA_DB).unwrap();
        assert!(replica.multi_az && replica.pending.is_empty());
    }
}
