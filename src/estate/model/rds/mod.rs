//! RDS of both regions: instances and their data, snapshots, backups, events, and which calls are refused.
//!
//! `change` changes what stands, `make` makes what does not stand yet, `backup` keeps what may be needed.

mod backup;
mod change;
mod groups;
mod make;

pub(super) use backup::MOST_SNAPSHOTS;
pub use backup::{Backup, BackupKind, BackupWindow, Snapshot};
pub(super) use change::days;
pub use change::{ApplyWhen, Backups, FinalSnapshot, Restart};
pub use groups::{Group, Parameter};
pub(super) use make::placed;
pub use make::{Target, Until, Wanted, Whence};

use super::aurora::Aurora;
use super::data::Data;
use super::draw::Seed;
use super::effect::{DataEffect, DataId, Flow, Outbox};
use super::instance::{Ailment, Cause, Happening, Instance, Origin, Replication, Role, Status};
use super::ledger::Ledger;
use super::place::{ACCOUNT, PRIMARY_DB, REPLICA_DB, Region};
use super::stock;
use super::time::{DAY, Moment};

/// How many events are kept; AWS keeps fourteen days, a drill makes a few dozen.
const MOST_EVENTS: usize = 1_000;
/// PostgreSQL's own port.
const PORT: u16 = 5432;
/// How many instances an account may have in a region.
const MOST_INSTANCES: usize = 40;

/// Says why RDS refuses a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such instance.
    NoInstance(String),
    /// There is an instance of that name.
    InstanceExists(String),
    /// There are too many instances.
    InstanceQuota,
    /// There is no such snapshot.
    NoSnapshot(String),
    /// There is a snapshot of that name.
    SnapshotExists(String),
    /// The snapshot is not in a state for it.
    SnapshotState(String),
    /// There is no such automated backup.
    NoBackup(String),
    /// The automated backup is not in a state for it.
    BackupState(String),
    /// The source keeps no automated backups.
    NotRestorable(String),
    /// The instance is not in a state for it.
    State(String),
    /// A parameter is wrong.
    Value(String),
    /// Parameters do not go together.
    Combination(String),
    /// There is no such parameter group.
    NoParameterGroup(String),
    /// There is a parameter group of that name.
    ParameterGroupExists(String),
    /// There is no such subnet group.
    NoSubnetGroup(String),
    /// The network does not allow it.
    Network(String),
    /// The key cannot be used.
    Key(String),
    /// There are too many snapshots.
    SnapshotQuota,
    /// There is no such cluster.
    NoCluster(String),
    /// There is a cluster of that name.
    ClusterExists(String),
    /// There are too many clusters.
    ClusterQuota,
    /// The cluster is not in a state for it.
    ClusterState(String),
    /// There is no such snapshot of a cluster.
    NoClusterSnapshot(String),
    /// There is a snapshot of a cluster of that name.
    ClusterSnapshotExists(String),
    /// The snapshot of a cluster is not in a state for it.
    ClusterSnapshotState(String),
    /// There is no such automated backup of a cluster.
    NoClusterBackup(String),
    /// There is no such parameter group of clusters.
    NoClusterParameterGroup(String),
    /// A cluster cannot be restored to that.
    Restore(String),
    /// There is no such global cluster.
    NoGlobal(String),
    /// There is a global cluster of that name.
    GlobalExists(String),
    /// There are too many global clusters.
    GlobalQuota,
    /// The global cluster is not in a state for it.
    GlobalState(String),
}

/// Says what an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// An instance.
    Instance,
    /// A cluster.
    Cluster,
}

impl Source {
    /// Returns AWS's word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Instance => "db-instance",
            Self::Cluster => "db-cluster",
        }
    }

    /// Returns the part of an ARN that says it.
    pub const fn part(self) -> &'static str {
        match self {
            Self::Instance => "db",
            Self::Cluster => "cluster",
        }
    }
}

/// Is one event.
#[derive(Clone, Debug)]
pub struct Event {
    /// When.
    pub at: Moment,
    /// Where.
    pub region: Region,
    /// What kind of thing it is about.
    pub of: Source,
    /// The identifier of that.
    pub id: String,
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
    /// What every database holds.
    pub data: Data,
    /// What is to be done with data.
    pub outbox: Outbox,
    /// The snapshots.
    pub snapshots: Vec<Snapshot>,
    /// The automated backups of instances that are gone, and those replicated to another region.
    pub backups: Vec<Backup>,
    /// The parameter groups.
    pub groups: Vec<Group>,
    /// The events, oldest first.
    pub events: Vec<Event>,
    /// The keys that cannot be used now.
    pub lost_keys: Vec<String>,
    /// How many milliseconds a commit is on its way to the replica of the reference stack.
    pub lag: i64,
    /// The port of databases for which nobody chooses another.
    pub port: u16,
    /// Aurora: clusters, and what belongs to them.
    pub aurora: Aurora,
    pub(super) seed: Seed,
}

impl Rds {
    /// Makes the reference stack's databases.
    pub fn new(seed: Seed) -> Self {
        let (mut data, lag) = (Data::default(), seed.millis("replication-lag", 200, 900));
        let first = data.add(stock::history());
        let second = data.follower(first, lag, Moment(-lag));
        let primary = Instance::new(PRIMARY_DB, Region::East, Role::Primary, first, seed, Moment(-400 * DAY));
        let source = Role::Replica(primary.arn());
        let replica = Instance::new(REPLICA_DB, Region::West, source, second, seed, Moment(-200 * DAY));
        Self {
            snapshots: stock::snapshots(&primary),
            backups: vec![Backup::replicated(&primary, Region::West, seed, Moment(-13 * DAY))],
            groups: groups::stock(),
            instances: vec![primary, replica],
            data,
            outbox: Outbox::default(),
            events: Vec::new(),
            lost_keys: Vec::new(),
            lag,
            port: PORT,
            aurora: Aurora::default(),
            seed,
        }
    }

    /// Has data effects queued for a backend, beginning with the databases that stand already.
    pub fn back_externally(&mut self, now: Moment) {
        self.outbox.external();
        let standing: Vec<(DataId, Region)> =
            self.instances.iter().map(|instance| (instance.data, instance.region)).collect();
        for (data, region) in standing {
            let effect = match self.data.follow(data) {
                None => DataEffect::Found { data, region },
                Some(follow) => DataEffect::Follow { data, region, source: follow.source },
            };
            self.outbox.ask(now, effect);
        }
    }

    /// Has all databases listen at `port`, those that stand and those that nobody wants elsewhere later.
    pub fn listen_at(&mut self, port: u16) {
        self.port = port;
        for instance in &mut self.instances {
            instance.settings.port = port;
        }
        for snapshot in &mut self.snapshots {
            snapshot.settings.port = port;
        }
    }

    /// Finds the instance `id` of `region`; an ARN of that region will do.
    pub fn find(&self, region: Region, id: &str) -> Result<&Instance, Refusal> {
        let name = id.rsplit(':').next().unwrap_or(id);
        self.instances
            .iter()
            .find(|instance| instance.region == region && instance.id.eq_ignore_ascii_case(name))
            .ok_or_else(|| Refusal::NoInstance(id.to_owned()))
    }

    /// Finds the instance with these data.
    pub fn by_data(&self, data: DataId) -> Option<&Instance> {
        self.instances.iter().find(|instance| instance.data == data)
    }

    /// Finds the instance with these data for a change.
    pub fn by_data_mut(&mut self, data: DataId) -> Option<&mut Instance> {
        self.instances.iter_mut().find(|instance| instance.data == data)
    }

    /// Finds an instance by its ARN, wherever it is.
    pub fn by_arn(&self, arn: &str) -> Option<&Instance> {
        self.instances.iter().find(|instance| instance.arn() == arn)
    }

    /// Lists what follows the instance with this ARN.
    pub fn replicas_of(&self, arn: &str) -> impl Iterator<Item = &Instance> {
        self.instances.iter().filter(move |other| matches!(&other.role, Role::Replica(source) if source == arn))
    }

    /// Finds an instance in one of the states `fit`, with nothing under way, for what it is to be.
    fn idle(
        &mut self,
        region: Region,
        id: &str,
        what: &str,
        fit: &[Status],
        now: Moment,
    ) -> Result<&mut Instance, Refusal> {
        let name = id.rsplit(':').next().unwrap_or(id);
        let instance = self
            .instances
            .iter_mut()
            .find(|instance| instance.region == region && instance.id.eq_ignore_ascii_case(name))
            .ok_or_else(|| Refusal::NoInstance(id.to_owned()))?;
        let status = instance.status(now);
        let busy = instance.is_busy();
        let usual = [Status::Available, Status::StorageOptimization].contains(&status);
        if busy || !(usual || fit.contains(&status)) {
            // The status may still read `available`; what is under way refuses the call all the same.
            let status = if busy && usual { Status::Modifying } else { status };
            return Err(Refusal::State(format!(
                "Instance {} cannot be {what}: it is in state {}, not available.",
                instance.id,
                status.name()
            )));
        }
        Ok(instance)
    }

    /// Records an event of an instance.
    pub fn note(&mut self, at: Moment, region: Region, id: &str, category: &'static str, message: &str) {
        let (of, id) = (Source::Instance, id.to_owned());
        self.record(Event { at, region, of, id, category, message: message.to_owned() });
    }

    /// Records an event of a cluster.
    pub fn note_cluster(&mut self, at: Moment, region: Region, id: &str, category: &'static str, message: &str) {
        let (of, id) = (Source::Cluster, id.to_owned());
        self.record(Event { at, region, of, id, category, message: message.to_owned() });
    }

    fn record(&mut self, event: Event) {
        if self.events.len() >= MOST_EVENTS {
            self.events.remove(0);
        }
        self.events.push(event);
    }

    /// Begins a failover by itself, where there is a standby and nothing else is under way.
    pub fn fail_over(&mut self, data: DataId, now: Moment) -> bool {
        let (seed, outbox) = (self.seed, &mut self.outbox);
        let found = self.instances.iter_mut().find(|instance| instance.data == data);
        let Some(instance) = found.filter(|instance| instance.standby.is_some() && !instance.is_busy()) else {
            return false;
        };
        instance.begin(super::work::Work::Failover(Cause::Automatic), seed, now, outbox);
        let (region, id) = (instance.region, instance.id.clone());
        self.note(now, region, &id, "failover", "Multi-AZ instance failover started.");
        true
    }

    /// Has an ailment come over an instance, or leaves it healthy again.
    pub fn ail(&mut self, data: DataId, ailment: Option<Ailment>, now: Moment) {
        let Some(instance) = self.instances.iter_mut().find(|instance| instance.data == data) else { return };
        if instance.ailment == ailment {
            return;
        }
        let halted = |ailment: Option<Ailment>| ailment.is_some_and(|ailment| ailment != Ailment::StorageFull);
        let (before, after) = (halted(instance.ailment), halted(ailment));
        instance.ailment = ailment;
        match (before, after) {
            (false, true) => self.outbox.ask(now, DataEffect::Halt { data }),
            (true, false) => self.outbox.ask(now, DataEffect::Resume { data }),
            _ => {}
        }
    }

    /// Brings the instances of `region` to `now` and returns what happened to which.
    pub fn advance(&mut self, region: Region, now: Moment) -> Vec<(Moment, String, Happening)> {
        let mut all = Vec::new();
        for instance in self.instances.iter_mut().filter(|instance| instance.region == region) {
            if instance.is_waiting() {
                let happened = instance.advance(now, self.seed, &mut self.outbox);
                all.extend(happened.into_iter().map(|(at, what)| (at, instance.data, instance.id.clone(), what)));
            }
        }
        for (at, data, id, what) in &all {
            self.settle(region, *at, *data, id, what);
        }
        self.finish_copies(region, now);
        all.into_iter().map(|(at, _, id, what)| (at, id, what)).collect()
    }

    /// Draws the consequences of what happened to an instance.
    fn settle(&mut self, region: Region, at: Moment, data: DataId, id: &str, what: &Happening) {
        let (category, message) = match what {
            Happening::Created(Origin::PointInTime) => ("recovery", "Restored from a point in time.".to_owned()),
            Happening::Created(Origin::Snapshot) => ("recovery", "Restored from a snapshot.".to_owned()),
            Happening::Created(_) => ("creation", "DB instance created.".to_owned()),
            Happening::Restarted => ("availability", "DB instance restarted.".to_owned()),
            Happening::FailedOver(_) => ("failover", "Multi-AZ instance failover completed.".to_owned()),
            Happening::StandbyReady => ("notification", "The standby is available in another zone.".to_owned()),
            Happening::Promoted => ("notification", "Promoted to a standalone DB instance.".to_owned()),
            Happening::BackedUp => ("backup", "Finished the backup of the DB instance.".to_owned()),
            Happening::SnapshotTaken(name) => ("backup", format!("Finished the manual snapshot {name}.")),
            Happening::Modified => ("configuration change", "Finished the change of settings.".to_owned()),
            Happening::Renamed(old) => ("configuration change", format!("Renamed instance from {old} to {id}.")),
            Happening::Started => ("notification", "DB instance started.".to_owned()),
            Happening::Stopped => ("notification", "DB instance stopped.".to_owned()),
            Happening::Deleted => ("deletion", "DB instance deleted.".to_owned()),
            Happening::Broke => ("failure", "DB instance put into a state that it does not leave.".to_owned()),
        };
        self.note(at, region, id, category, &message);
        match what {
            Happening::Promoted => self.data.detach(data),
            Happening::BackedUp => self.keep_own_backup(region, at, data),
            Happening::SnapshotTaken(name) => self.finish_snapshot(region, name, at),
            Happening::Renamed(old) => self.rename_source(region, old, id),
            Happening::Deleted => {
                self.instances.retain(|instance| instance.data != data);
                self.outbox.ask(at, DataEffect::Delete { data });
            }
            _ => {}
        }
    }

    /// Lets replicas name their source as it is called now.
    fn rename_source(&mut self, region: Region, old: &str, new: &str) {
        let arn = |id: &str| format!("arn:aws:rds:{}:{ACCOUNT}:db:{id}", region.name());
        let (old, new) = (arn(old), arn(new));
        for replica in &mut self.instances {
            if replica.role == Role::Replica(old.clone()) {
                replica.role = Role::Replica(new.clone());
            }
        }
    }

    /// Terminates or promotes what follows an instance that goes: a replica elsewhere is left behind, one in the same
    /// region becomes a primary of its own.
    fn orphan(&mut self, arn: &str, region: Region, now: Moment) {
        let orphans: Vec<(DataId, Region, String)> =
            self.replicas_of(arn).map(|replica| (replica.data, replica.region, replica.id.clone())).collect();
        for (data, elsewhere, id) in orphans {
            if elsewhere == region && self.promote(elsewhere, &id, Some(1), now).is_ok() {
                continue;
            }
            self.data.flow(data, Flow::Cut, now, &mut self.outbox);
            if let Some(replica) = self.by_data_mut(data) {
                replica.replication = Replication::Terminated;
            }
            let message = "Replication has been terminated: the source of the read replica was deleted.";
            self.note(now, elsewhere, &id, "read replica", message);
        }
    }

    pub(super) fn room_for_one(&self, region: Region, id: &str) -> Result<(), Refusal> {
        sound("DBInstanceIdentifier", id)?;
        if self.find(region, id).is_ok() || self.aurora.member(region, id).is_some() {
            return Err(Refusal::InstanceExists(id.to_owned()));
        }
        let standing = self.instances.iter().filter(|instance| instance.region == region).count();
        let members = self.aurora.members.iter().filter(|member| member.region == region).count();
        if standing + members >= MOST_INSTANCES { Err(Refusal::InstanceQuota) } else { Ok(()) }
    }

    /// Returns what a database that did not exist holds.
    pub fn ledger_of(&self, region: Region, id: &str) -> Result<&Ledger, Refusal> {
        Ok(self.data.ledger(self.find(region, id)?.data))
    }
}

/// Refuses what is no identifier.
pub(super) fn sound(parameter: &str, id: &str) -> Result<(), Refusal> {
    let sound = id.len() <= 63
        && id.starts_with(|first: char| first.is_ascii_alphabetic())
        && id.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
        && !id.ends_with('-')
        && !id.contains("--");
    if sound {
        return Ok(());
    }
    Err(Refusal::Value(format!(
        "The parameter {parameter} is not a valid identifier: `{id}`. Identifiers must begin with a letter; must contain \
         only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens."
    )))
}

#[cfg(test)]
#[path = "../rds_tests.rs"]
mod tests;
