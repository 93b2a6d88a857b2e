//! One RDS instance: what it is, what is being done to it, and the statuses that follow from that.

use super::draw::Seed;
use super::effect::{DataId, EffectId, Outbox, Progress};
use super::place::{ACCOUNT, Network, Region, zone_named};
pub use super::settings::{Changes, Settings};
pub use super::status::{Ailment, Status};
use super::time::{Moment, SECOND};
use super::work::Operation;
pub use super::work::{Cause, Origin, Work};

/// For how long storage settles after a change of its size.
const STORAGE_SETTLES: i64 = 6 * 3_600 * SECOND;

/// Says whether an instance takes writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// It does.
    Primary,
    /// It follows the instance with this ARN.
    Replica(String),
}

/// Says how replication to a replica stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replication {
    /// It follows.
    Replicating,
    /// It cannot reach its source.
    Error,
    /// Its source is gone for good; it must be promoted or deleted.
    Terminated,
}

/// Is something that happened to an instance, for the event stream and for the rest of the estate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// It stands.
    Created(Origin),
    /// The engine restarted.
    Restarted,
    /// The standby took over.
    FailedOver(Cause),
    /// The standby is there again.
    StandbyReady,
    /// It became a primary.
    Promoted,
    /// An automated backup ended.
    BackedUp,
    /// A manual snapshot of that name ended.
    SnapshotTaken(String),
    /// A change was made.
    Modified,
    /// It had this identifier, and has another one now.
    Renamed(String),
    /// It started.
    Started,
    /// It stopped.
    Stopped,
    /// It is gone.
    Deleted,
    /// Its data could not be done.
    Broke,
}

/// Is one instance.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Its identifier.
    pub id: String,
    /// Where it is.
    pub region: Region,
    /// Whether it takes writes.
    pub role: Role,
    /// How replication to it stands, where it is a replica.
    pub replication: Replication,
    /// Its data.
    pub data: DataId,
    /// The immutable resource id.
    pub resource_id: String,
    /// Its settings.
    pub settings: Settings,
    /// Its tags.
    pub tags: Vec<(String, String)>,
    /// The name of the zone it is in.
    pub zone: &'static str,
    /// The name of the zone of its standby, if that is ready.
    pub standby: Option<&'static str>,
    /// Whether the parameter group waits for a restart.
    pub parameters_pending: bool,
    /// The key that encrypts it.
    pub kms_key: String,
    /// When it was made.
    pub created: Moment,
    /// Since when it has been a primary.
    pub primary_since: Moment,
    /// When its automated backups begin to reach back to; `None` without any.
    pub backups_since: Option<Moment>,
    /// Changes that wait for the maintenance window, or for the work under way.
    pub pending: Changes,
    /// What ails it.
    pub ailment: Option<Ailment>,
    /// How often its engine has started: sessions of an earlier start are cut.
    pub starts: u32,
    /// From when on its name leads to it; a new name takes a while.
    pub named_from: Moment,
    /// Until when its storage settles.
    pub settles_until: Moment,
    zone_before: &'static str,
    zone_shown_from: Moment,
    standby_due: Option<Moment>,
    operation: Option<Operation>,
    pub(super) works: u32,
}

impl Instance {
    /// Makes an available instance with the settings of the reference stack.
    pub fn new(id: &str, region: Region, role: Role, data: DataId, seed: Seed, created: Moment) -> Self {
        let primary = role == Role::Primary;
        let mut settings = Settings::shop(region);
        (settings.multi_az, settings.deletion_protection) = (primary, primary);
        settings.retention = if primary { 14 } else { 0 };
        let zone = match region {
            Region::East => "us-east-1a",
            Region::West => "us-west-2b",
        };
        let mut instance = Self::made(id, region, role, data, seed, created, settings, zone);
        instance.backups_since = primary.then_some(Moment(-14 * super::time::DAY));
        instance.standby = primary.then(|| instance.other_zone()).flatten();
        instance.tags = [("service", "shop"), ("owner", "payments-oncall")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .to_vec();
        instance
    }

    /// Makes an instance with `settings` in the zone of that name, without a standby.
    #[expect(clippy::too_many_arguments, reason = "an instance is what its call says, in one place")]
    pub fn made(
        id: &str,
        region: Region,
        role: Role,
        data: DataId,
        seed: Seed,
        created: Moment,
        settings: Settings,
        zone: &'static str,
    ) -> Self {
        let name = if data.0 <= 2 { id.to_owned() } else { data.to_string() };
        Self {
            id: id.to_owned(),
            region,
            role,
            replication: Replication::Replicating,
            data,
            resource_id: format!("db-{}", seed.hex(&format!("resource/{name}"), 24).to_uppercase()),
            settings,
            tags: Vec::new(),
            zone,
            standby: None,
            parameters_pending: false,
            kms_key: super::key::database_key(region, seed),
            created,
            primary_since: created,
            backups_since: None,
            pending: Changes::default(),
            ailment: None,
            starts: 1,
            named_from: created,
            settles_until: Moment(i64::MIN / 4),
            zone_before: zone,
            zone_shown_from: created,
            standby_due: None,
            operation: None,
            works: 0,
        }
    }

    /// Returns its ARN.
    pub fn arn(&self) -> String {
        format!("arn:aws:rds:{}:{ACCOUNT}:db:{}", self.region.name(), self.id)
    }

    /// Returns what its status says at `now`.
    pub fn status(&self, now: Moment) -> Status {
        let phase = self.operation.as_ref().and_then(|operation| operation.phases.get(operation.passed));
        match (phase.map(|phase| phase.status), self.ailment) {
            (None | Some(Status::Available), Some(ailment)) => ailment.status(),
            (Some(status), _) => status,
            (None, None) if self.settles_until > now => Status::StorageOptimization,
            (None, None) => Status::Available,
        }
    }

    /// Tells whether work is under way, whatever the status says yet.
    pub fn is_busy(&self) -> bool {
        self.operation.is_some()
    }

    /// Tells whether anybody can connect to it (its region and its security groups permitting).
    pub fn is_reachable(&self, now: Moment) -> bool {
        self.ailment.is_none() && self.status(now).connects()
    }

    /// Tells whether it takes writes (its region permitting).
    pub fn is_writable(&self, now: Moment) -> bool {
        self.is_reachable(now) && self.role == Role::Primary
    }

    /// Tells whether the shop of its region gets a new connection to it: network and security group must be the shop's.
    pub fn admits_shop(&self) -> bool {
        self.settings.network(self.region) == Network::Shop
            && self.settings.security_groups.iter().any(|group| group == self.region.security_group())
    }

    /// Returns the work under way.
    pub fn work(&self) -> Option<&Work> {
        self.operation.as_ref().map(|operation| &operation.work)
    }

    /// Returns the zone that the API shows: for minutes after a failover still the old one.
    pub fn zone_shown(&self, now: Moment) -> &'static str {
        if now >= self.zone_shown_from { self.zone } else { self.zone_before }
    }

    /// Returns the name of a zone of its region that is not its own.
    pub fn other_zone(&self) -> Option<&'static str> {
        self.region.zones().find(|zone| zone.name != self.zone).map(|zone| zone.name)
    }

    /// Returns the third part of the addresses in its zone.
    pub fn octet(&self) -> u8 {
        zone_named(self.zone).map_or(0, |zone| zone.octet)
    }

    /// Says that its standby is lost, and when there will be another one.
    pub fn lose_standby(&mut self, due: Moment) {
        self.standby = None;
        self.standby_due = Some(due);
    }

    /// Begins `work`; its durations are drawn from `seed`.
    pub fn begin(&mut self, work: Work, seed: Seed, now: Moment, outbox: &mut Outbox) {
        self.works += 1;
        let mut operation = Operation { phases: self.phases(&work, seed), work, passed: 0, until: now, gate: None };
        operation.enter(now, outbox);
        self.operation = Some(operation);
    }

    /// Brings it to `now` and returns what happened on the way, in order, each with its moment.
    pub fn advance(&mut self, now: Moment, seed: Seed, outbox: &mut Outbox) -> Vec<(Moment, Happening)> {
        let mut happened = Vec::new();
        while let Some(mut operation) = self.operation.take() {
            let Some(status) = operation.phases.get(operation.passed).map(|phase| phase.status) else { break };
            let progress = operation.gate.map_or(Progress::Done, |gate| outbox.progress(gate));
            if progress == Progress::Failed {
                outbox.done(operation.gate.unwrap_or(EffectId(0)));
                let restoring = matches!(operation.work, Work::Creation { .. });
                self.ailment = Some(if restoring { Ailment::RestoreError } else { Ailment::Failed });
                happened.push((now, Happening::Broke));
                break;
            }
            if operation.until > now || progress == Progress::UnderWay {
                self.operation = Some(operation);
                break;
            }
            // Whoever was waited for decides when the rest begins.
            let ended = if operation.gate.is_some() { now } else { operation.until };
            operation.passed += 1;
            let work = operation.work.clone();
            if operation.passed < operation.phases.len() {
                operation.enter(ended, outbox);
                self.operation = Some(operation);
            }
            self.pass(&work, status, ended, seed, &mut happened);
        }
        if let Some(due) = self.standby_due.filter(|due| *due <= now && self.settings.multi_az) {
            self.standby_due = None;
            self.standby = self.other_zone();
            happened.push((due, Happening::StandbyReady));
        }
        happened
    }

    /// Tells whether time alone changes something about it.
    pub fn is_waiting(&self) -> bool {
        self.operation.is_some() || self.standby_due.is_some()
    }

    /// Returns what its durations are drawn under: the same for the same instance, whatever it is called later.
    pub(super) fn resource_name(&self) -> &str {
        &self.resource_id
    }

    fn pass(&mut self, work: &Work, ended: Status, at: Moment, seed: Seed, happened: &mut Vec<(Moment, Happening)>) {
        let drawn = format!("{}/{}", self.resource_name(), self.works);
        let draw =
            |what: &str, low: i64, high: i64| seed.millis(&format!("{drawn}/{what}"), low * SECOND, high * SECOND);
        if ended == Status::Rebooting {
            self.parameters_pending = false;
            self.starts += 1;
            if self.ailment == Some(Ailment::HostLost) && *work == Work::Reboot {
                // The host was replaced.
                self.ailment = None;
            }
            happened.push((at, Happening::Restarted));
        }
        match (work, ended) {
            (Work::Creation { how, .. }, Status::Creating) => {
                self.primary_since = at;
                happened.push((at, Happening::Created(*how)));
            }
            (Work::Creation { .. } | Work::Promotion { retention: 1.. }, Status::BackingUp) => {
                self.backups_since = Some(at);
                happened.push((at, Happening::BackedUp));
            }
            (Work::Promotion { retention }, Status::Rebooting) => {
                self.role = Role::Primary;
                self.primary_since = at;
                self.settings.retention = *retention;
                happened.push((at, Happening::Promoted));
            }
            (Work::Modification(changes), Status::Renaming) => {
                if let Some(name) = &changes.rename {
                    let old = std::mem::replace(&mut self.id, name.clone());
                    self.named_from = at.plus(draw("name", 240, 600));
                    happened.push((at, Happening::Renamed(old)));
                }
                self.take(changes, at, seed);
            }
            (Work::Modification(changes), Status::Modifying) => {
                self.take(changes, at, seed);
                happened.push((at, Happening::Modified));
            }
            (Work::Failover(cause), Status::Rebooting) => {
                self.zone_before = self.zone;
                self.zone_shown_from = at.plus(draw("shown", 60, 240));
                let next = self.standby.or_else(|| self.other_zone()).unwrap_or(self.zone);
                self.zone = next;
                self.lose_standby(at.plus(draw("standby", 300, 900)));
                if matches!(self.ailment, Some(Ailment::Stalled | Ailment::HostLost)) {
                    self.ailment = None;
                }
                happened.push((at, Happening::FailedOver(*cause)));
            }
            (Work::Snapshot { name, .. }, Status::BackingUp) => {
                happened.push((at, Happening::SnapshotTaken(name.clone())));
            }
            (Work::Start, Status::Starting) => {
                self.ailment = None;
                self.starts += 1;
                happened.push((at, Happening::Started));
            }
            (Work::Stop, Status::Stopping) => {
                self.ailment = Some(Ailment::Stopped);
                happened.push((at, Happening::Stopped));
            }
            (Work::Deletion, Status::Deleting) => happened.push((at, Happening::Deleted)),
            _ => {}
        }
    }

    fn take(&mut self, changes: &Changes, at: Moment, seed: Seed) {
        if let Some(group) = &changes.parameter_group {
            self.parameters_pending = *group != self.settings.parameter_group;
        }
        if changes.storage.is_some() {
            self.settles_until = at.plus(STORAGE_SETTLES);
            if self.ailment == Some(Ailment::StorageFull) {
                self.ailment = None;
            }
        }
        let (multi_az, retention) = (self.settings.multi_az, self.settings.retention);
        changes.make(&mut self.settings);
        match (multi_az, self.settings.multi_az) {
            (false, true) => self.standby = self.other_zone(),
            (true, false) => {
                self.standby = None;
                self.standby_due = None;
            }
            _ => {}
        }
        match (retention, self.settings.retention) {
            (0, 1..) => {
                let name = format!("{}/{}/window", self.resource_name(), self.works);
                self.backups_since = Some(at.plus(seed.millis(&name, 30 * SECOND, 90 * SECOND)));
            }
            (1.., 0) => self.backups_since = None,
            _ => {}
        }
        // What waited for this work no longer waits; what waits for the window still does.
        let waiting = &mut self.pending;
        if waiting.retention == changes.retention {
            waiting.retention = None;
        }
        if waiting.multi_az == changes.multi_az {
            waiting.multi_az = None;
        }
        if waiting.class == changes.class {
            waiting.class = None;
        }
        if waiting.storage == changes.storage {
            waiting.storage = None;
        }
        if waiting.rename == changes.rename {
            waiting.rename = None;
        }
        if waiting.port == changes.port {
            waiting.port = None;
        }
    }
}

#[cfg(test)]
#[path = "instance_tests.rs"]
mod tests;
