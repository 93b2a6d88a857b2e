//! Calls that make an instance that does not stand yet: replicas, restores of a point in time, restores of snapshots.

use super::super::effect::{DataEffect, DataId, DataPoint};
use super::super::instance::{Changes, Instance, Origin, Role, Settings, Status, Work};
use super::super::place::{
    DEFAULT_OPTION_GROUP, DEFAULT_PARAMETER_GROUP, DEFAULT_SUBNET_GROUP, Network, Region, zone_named,
};
use super::super::time::{Moment, SECOND};
use super::{Rds, Refusal};

/// Is what a call wants of the instance that it makes; what is not given gets AWS's default, not the source's setting.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The settings that are given.
    pub given: Changes,
    /// The name of the zone.
    pub zone: Option<String>,
    /// The tags.
    pub tags: Option<Vec<(String, String)>>,
    /// The key.
    pub kms_key: Option<String>,
}

/// Names what a point in time is restored from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whence {
    /// An instance that stands.
    Instance(String),
    /// The resource id of one that stands or whose backups were retained.
    Resource(String),
    /// The ARN of automated backups, retained or replicated.
    Backups(String),
}

/// Says which point is restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// The last one that can be.
    Latest,
    /// This one.
    Time(Moment),
}

/// Names the instance to make.
#[derive(Clone, Copy, Debug)]
pub struct Target<'t> {
    /// Where.
    pub region: Region,
    /// Its identifier.
    pub id: &'t str,
}

/// Is what a restore starts from.
struct Source {
    name: String,
    data: DataId,
    settings: Settings,
    tags: Vec<(String, String)>,
    kms_key: String,
    earliest: Moment,
    latest: Moment,
}

impl Rds {
    /// Begins to make a read replica of the instance named (in the region) or given by its ARN (in any).
    pub fn replicate(&mut self, target: Target<'_>, source: &str, wanted: Wanted, now: Moment) -> Result<(), Refusal> {
        self.room_for_one(target.region, target.id)?;
        let found = match self.by_arn(source) {
            Some(instance) => instance,
            None if source.starts_with("arn:") => return Err(Refusal::NoInstance(source.to_owned())),
            None => self.find(target.region, source)?,
        };
        let (arn, data, elsewhere) = (found.arn(), found.data, found.region != target.region);
        if found.settings.retention == 0 && found.role == Role::Primary {
            let message = format!("Automated backups are not enabled for this database instance {}.", found.id);
            return Err(Refusal::State(message));
        }
        if !found.status(now).connects() {
            let message = format!("Instance {} is in state {}, not available.", found.id, found.status(now).name());
            return Err(Refusal::State(message));
        }
        if elsewhere && wanted.kms_key.is_none() {
            let message = "Cannot create a cross region read replica of an encrypted instance without a KMS key of the \
                           target region; specify KmsKeyId.";
            return Err(Refusal::Combination(message.to_owned()));
        }
        let mut settings = defaults(&found.settings, target.region, self.port);
        settings.retention = 0;
        if !elsewhere {
            // In its own region a replica takes after its source.
            settings.parameter_group.clone_from(&found.settings.parameter_group);
            settings.subnet_group.clone_from(&found.settings.subnet_group);
            settings.security_groups.clone_from(&found.settings.security_groups);
        }
        let key = if elsewhere { wanted.kms_key.clone() } else { None }.unwrap_or_else(|| found.kms_key.clone());
        let settings = self.settle_settings(target.region, settings, &wanted)?;
        let how = if elsewhere { Origin::CrossRegionReplica } else { Origin::Replica };
        let lag = if elsewhere { self.lag } else { self.lag.min(100) };
        let made = self.data.follower(data, lag, now.plus(-lag));
        let effect = DataEffect::Follow { data: made, region: target.region, source: data };
        let tags = wanted.tags.clone().unwrap_or_default();
        self.create(target, (made, Role::Replica(arn), effect, how), settings, (tags, key, wanted.zone), now)
    }

    /// Begins to restore a point in time into a new instance.
    pub fn restore_point(
        &mut self,
        target: Target<'_>,
        whence: &Whence,
        until: Until,
        wanted: Wanted,
        now: Moment,
    ) -> Result<(), Refusal> {
        self.room_for_one(target.region, target.id)?;
        let source = self.restorable(target.region, whence, now)?;
        let through = match until {
            Until::Latest => source.latest,
            Until::Time(time) if time > source.latest => {
                return Err(Refusal::Value(format!(
                    "The specified instance cannot be restored to a time later than its latest restorable time: {}.",
                    source.name
                )));
            }
            Until::Time(time) if time < source.earliest => {
                return Err(Refusal::Value(format!(
                    "The specified instance cannot be restored to a time earlier than its earliest restorable time: {}.",
                    source.name
                )));
            }
            // What was committed at that very moment is not in it.
            Until::Time(time) => time.plus(-1),
        };
        if self.lost_keys.contains(&source.kms_key) {
            return Err(Refusal::Key(format!("The KMS key {} cannot be used.", source.kms_key)));
        }
        let settings =
            self.settle_settings(target.region, defaults(&source.settings, target.region, self.port), &wanted)?;
        let from = DataPoint { data: source.data, through };
        let made = self.data.restored(from);
        let effect = DataEffect::Restore { data: made, region: target.region, from };
        let tags = wanted.tags.clone().unwrap_or(source.tags);
        let key = source.kms_key;
        self.create(target, (made, Role::Primary, effect, Origin::PointInTime), settings, (tags, key, wanted.zone), now)
    }

    /// Begins to restore a snapshot into a new instance.
    pub fn restore_snapshot(
        &mut self,
        target: Target<'_>,
        snapshot: &str,
        wanted: Wanted,
        now: Moment,
    ) -> Result<(), Refusal> {
        self.room_for_one(target.region, target.id)?;
        let found = self.find_snapshot(target.region, snapshot)?;
        if found.finished.is_none() {
            return Err(Refusal::SnapshotState(format!("The snapshot {} is not available yet.", found.id)));
        }
        if self.lost_keys.contains(&found.kms_key) {
            return Err(Refusal::Key(format!("The KMS key {} cannot be used.", found.kms_key)));
        }
        let (from, key, tags) = (found.of, found.kms_key.clone(), found.tags.clone());
        let settings =
            self.settle_settings(target.region, defaults(&found.settings, target.region, self.port), &wanted)?;
        let made = self.data.restored(from);
        let effect = DataEffect::Restore { data: made, region: target.region, from };
        let tags = wanted.tags.clone().unwrap_or(tags);
        self.create(target, (made, Role::Primary, effect, Origin::Snapshot), settings, (tags, key, wanted.zone), now)
    }

    fn restorable(&self, region: Region, whence: &Whence, now: Moment) -> Result<Source, Refusal> {
        let standing = |instance: &Instance| -> Result<Source, Refusal> {
            let off = || Refusal::NotRestorable(format!("Point in time restore is not enabled for {}.", instance.id));
            if instance.status(now) == Status::Deleting {
                return Err(Refusal::State(format!("Instance {} is being deleted.", instance.id)));
            }
            Ok(Source {
                name: instance.id.clone(),
                data: instance.data,
                settings: instance.settings.clone(),
                tags: instance.tags.clone(),
                kms_key: instance.kms_key.clone(),
                earliest: self.earliest_restorable(instance, now).ok_or_else(off)?,
                latest: self.latest_restorable(instance, now).ok_or_else(off)?,
            })
        };
        let kept = |matches: &dyn Fn(&super::Backup) -> bool| {
            self.backups.iter().find(|backup| backup.region == region && matches(backup)).map(|backup| {
                let window = backup.window(now);
                Source {
                    name: backup.instance.clone(),
                    data: backup.data,
                    settings: backup.settings.clone(),
                    tags: Vec::new(),
                    kms_key: backup.kms_key.clone(),
                    earliest: window.earliest,
                    latest: window.latest,
                }
            })
        };
        match whence {
            Whence::Instance(id) => standing(self.find(region, id)?),
            Whence::Resource(id) => {
                let instance = self.instances.iter().find(|known| known.region == region && known.resource_id == *id);
                match instance.map(standing) {
                    Some(Ok(source)) => Ok(source),
                    other => kept(&|backup| backup.resource_id == *id)
                        .map_or_else(|| other.unwrap_or_else(|| Err(Refusal::NoBackup(id.clone()))), Ok),
                }
            }
            Whence::Backups(arn) => {
                let own = self.instances.iter().find(|known| known.region == region && known.backup_arn() == *arn);
                match own.filter(|instance| instance.status(now) != Status::Deleting) {
                    Some(instance) => standing(instance),
                    None => kept(&|backup| backup.arn == *arn).ok_or_else(|| Refusal::NoBackup(arn.clone())),
                }
            }
        }
    }

    /// Completes the settings with what is wanted, and refuses what does not go together.
    fn settle_settings(&self, region: Region, mut settings: Settings, wanted: &Wanted) -> Result<Settings, Refusal> {
        wanted.given.make(&mut settings);
        if settings.retention > 35 {
            let message = format!("Invalid backup retention period: {}. It must be 0 to 35.", settings.retention);
            return Err(Refusal::Value(message));
        }
        self.parameter_group(region, &settings.parameter_group)?;
        if settings.multi_az && wanted.zone.is_some() {
            let message = "Requesting a specific availability zone is not valid for Multi-AZ instances.";
            return Err(Refusal::Combination(message.to_owned()));
        }
        placed((&settings.subnet_group, &settings.security_groups), region)?;
        Ok(settings)
    }

    fn create(
        &mut self,
        target: Target<'_>,
        (data, role, effect, how): (DataId, Role, DataEffect, Origin),
        settings: Settings,
        (tags, kms_key, zone): (Vec<(String, String)>, String, Option<String>),
        now: Moment,
    ) -> Result<(), Refusal> {
        let usual = target.region.zones().next().map_or("", |zone| zone.name);
        let zone = match zone {
            None => usual,
            Some(name) => zone_named(&name)
                .filter(|zone| zone.region == target.region)
                .map(|zone| zone.name)
                .ok_or_else(|| Refusal::Value(format!("{name} is not a valid availability zone.")))?,
        };
        let multi_az = settings.multi_az;
        let (region, id, seed) = (target.region, target.id.to_ascii_lowercase(), self.seed);
        let mut instance = Instance::made(&id, region, role, data, seed, now, settings, zone);
        (instance.tags, instance.kms_key) = (tags, kms_key);
        instance.standby = if multi_az { instance.other_zone() } else { None };
        instance.named_from = now.plus(30 * SECOND);
        instance.begin(Work::Creation { how, data: effect }, seed, now, &mut self.outbox);
        self.instances.push(instance);
        self.note(now, region, &id, "creation", "The DB instance is being created.");
        Ok(())
    }
}

/// Returns what an instance gets when nobody says otherwise: the hardware and the days of backups of its source, the
/// defaults of the region for the rest, no standby, no protection.
fn defaults(source: &Settings, region: Region, port: u16) -> Settings {
    Settings {
        multi_az: false,
        deletion_protection: false,
        security_groups: vec![region.default_security_group().to_owned()],
        parameter_group: DEFAULT_PARAMETER_GROUP.to_owned(),
        option_group: DEFAULT_OPTION_GROUP.to_owned(),
        subnet_group: DEFAULT_SUBNET_GROUP.to_owned(),
        iam_authentication: false,
        copy_tags: false,
        port,
        ..source.clone()
    }
}

/// Refuses a subnet group that does not exist, and security groups of another network than that of the subnets.
pub(in super::super) fn placed((subnets, groups): (&str, &[String]), region: Region) -> Result<(), Refusal> {
    if ![DEFAULT_SUBNET_GROUP, region.subnet_group()].contains(&subnets) {
        return Err(Refusal::NoSubnetGroup(subnets.to_owned()));
    }
    let network = region.network_of(subnets);
    if network == Network::Default && groups.iter().any(|group| group != region.default_security_group()) {
        return Err(Refusal::Network(format!(
            "The DB instance and EC2 security group are in different VPCs. The DB instance is in {} and the EC2 security \
             group is in {}",
            region.network(Network::Default),
            region.network(Network::Shop)
        )));
    }
    Ok(())
}
