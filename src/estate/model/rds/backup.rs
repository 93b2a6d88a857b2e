//! What is kept of a database: snapshots, copies of them, automated backups retained or replicated.

use super::super::draw::Seed;
use super::super::effect::{DataEffect, DataId, DataPoint};
use super::super::instance::{Instance, Settings, Status, Work};
use super::super::place::{ACCOUNT, Region};
use super::super::time::{DAY, Moment, SECOND};
use super::{Rds, Refusal};

/// How far behind the point is to which an instance can be restored, at most.
const LOG_SHIPPING: i64 = 300 * SECOND;
/// How many manual snapshots an account may have in a region.
pub(in super::super) const MOST_SNAPSHOTS: usize = 100;

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
    /// What it holds.
    pub of: DataPoint,
    /// The settings of its instance then.
    pub settings: Settings,
    /// The tags.
    pub tags: Vec<(String, String)>,
    /// The resource id of its instance.
    pub resource_id: String,
    /// The key that encrypts it.
    pub kms_key: String,
    /// When its instance was made.
    pub instance_created: Moment,
    /// The name of its instance's zone.
    pub zone: &'static str,
    /// The ARN of the snapshot of which it is a copy.
    pub copy_of: Option<String>,
    /// With which accounts it is shared.
    pub shared: Vec<String>,
    /// When a copy will be finished.
    due: Option<Moment>,
}

impl Snapshot {
    /// Makes a snapshot of `instance` that holds `of`.
    pub fn of(instance: &Instance, id: String, kind: &'static str, of: DataPoint, begun: Moment) -> Self {
        Self {
            id,
            instance: instance.id.clone(),
            region: instance.region,
            kind,
            begun,
            finished: None,
            of,
            settings: instance.settings.clone(),
            tags: if instance.settings.copy_tags { instance.tags.clone() } else { Vec::new() },
            resource_id: instance.resource_id.clone(),
            kms_key: instance.kms_key.clone(),
            instance_created: instance.created,
            zone: instance.zone,
            copy_of: None,
            shared: Vec::new(),
            due: None,
        }
    }

    /// Returns its ARN.
    pub fn arn(&self) -> String {
        format!("arn:aws:rds:{}:{ACCOUNT}:snapshot:{}", self.region.name(), self.id)
    }
}

/// Says what automated backups these are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackupKind {
    /// Their instance is gone.
    Retained,
    /// They come from another region.
    Replicated,
}

/// Is the stretch of time of which any moment can be restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackupWindow {
    /// Its beginning.
    pub earliest: Moment,
    /// Its end.
    pub latest: Moment,
}

/// Is automated backups that are not those of an instance that stands in the same region.
#[derive(Clone, Debug)]
pub struct Backup {
    /// Their ARN.
    pub arn: String,
    /// Where they are.
    pub region: Region,
    /// Whether they are retained or replicated.
    pub kind: BackupKind,
    /// The identifier of their instance.
    pub instance: String,
    /// Its ARN.
    pub instance_arn: String,
    /// Its resource id.
    pub resource_id: String,
    /// Its data.
    pub data: DataId,
    /// Its settings.
    pub settings: Settings,
    /// The key that encrypts them.
    pub kms_key: String,
    /// When their instance was made.
    pub instance_created: Moment,
    /// For how many days they are kept.
    pub retention: u8,
    since: Moment,
    behind: i64,
    frozen: Option<Moment>,
}

impl Backup {
    /// Keeps the backups of an instance that goes, up to `latest`.
    pub fn retained(instance: &Instance, latest: Option<Moment>, seed: Seed) -> Self {
        let mut kept = Self::of(instance, instance.region, BackupKind::Retained, seed);
        kept.frozen = Some(latest.unwrap_or(instance.created));
        kept.arn = instance.backup_arn();
        kept
    }

    /// Keeps the backups of an instance in `region`, from `since` on.
    pub fn replicated(instance: &Instance, region: Region, seed: Seed, since: Moment) -> Self {
        let mut kept = Self::of(instance, region, BackupKind::Replicated, seed);
        (kept.since, kept.behind) = (since, seed.millis("backup-replication", 300 * SECOND, 600 * SECOND));
        kept
    }

    fn of(instance: &Instance, region: Region, kind: BackupKind, seed: Seed) -> Self {
        let name = format!("backup/{}/{}", instance.resource_id, region.name());
        Self {
            arn: format!("arn:aws:rds:{}:{ACCOUNT}:auto-backup:ab-{}", region.name(), seed.hex(&name, 24)),
            region,
            kind,
            instance: instance.id.clone(),
            instance_arn: instance.arn(),
            resource_id: instance.resource_id.clone(),
            data: instance.data,
            settings: instance.settings.clone(),
            kms_key: super::super::key::database_key(region, seed),
            instance_created: instance.created,
            retention: instance.settings.retention,
            since: instance.backups_since.unwrap_or(instance.created),
            behind: 0,
            frozen: None,
        }
    }

    /// Says that nothing new comes to them.
    pub fn freeze(&mut self, now: Moment) {
        let latest = self.window(now).latest;
        self.frozen.get_or_insert(latest);
    }

    /// Returns what of them can be restored at `now`.
    pub fn window(&self, now: Moment) -> BackupWindow {
        let kept = now.plus(-i64::from(self.retention) * DAY);
        let shipped = now.0 - self.behind;
        let latest = self.frozen.unwrap_or(Moment(shipped - shipped.rem_euclid(LOG_SHIPPING)));
        BackupWindow { earliest: self.since.max(kept), latest: latest.max(self.since) }
    }
}

impl Instance {
    /// Returns the ARN of its own automated backups.
    pub fn backup_arn(&self) -> String {
        let id: String = self.resource_id.trim_start_matches("db-").to_lowercase();
        format!("arn:aws:rds:{}:{ACCOUNT}:auto-backup:ab-{id}", self.region.name())
    }
}

impl Rds {
    /// Returns the last moment to which an instance can be restored; `None` where it keeps no backups.
    pub fn latest_restorable(&self, instance: &Instance, now: Moment) -> Option<Moment> {
        let since = instance.backups_since.filter(|since| instance.settings.retention > 0 && *since <= now)?;
        // Logs are shipped only while the instance lives.
        let lives = instance.is_reachable(now) || instance.status(now) == Status::Deleting;
        let last = if lives { now } else { self.data.ledger(instance.data).last_commit().unwrap_or(now) };
        Some(since.max(Moment(last.0 - last.0.rem_euclid(LOG_SHIPPING))))
    }

    /// Returns the first moment to which an instance can be restored; `None` where it keeps no backups.
    pub fn earliest_restorable(&self, instance: &Instance, now: Moment) -> Option<Moment> {
        let since = instance.backups_since.filter(|since| instance.settings.retention > 0 && *since <= now)?;
        Some(since.max(now.plus(-i64::from(instance.settings.retention) * DAY)))
    }

    /// Finds a snapshot by its name, or by its ARN.
    pub fn find_snapshot(&self, region: Region, id: &str) -> Result<&Snapshot, Refusal> {
        let found = self
            .snapshots
            .iter()
            .find(|known| (known.region == region && known.id == id) || (id.starts_with("arn:") && known.arn() == id));
        found.ok_or_else(|| Refusal::NoSnapshot(id.to_owned()))
    }

    fn room_for_snapshot(&self, region: Region, name: &str) -> Result<(), Refusal> {
        let of_region = self.snapshots.iter().filter(|snapshot| snapshot.region == region);
        if of_region.clone().any(|snapshot| snapshot.id == name) {
            return Err(Refusal::SnapshotExists(name.to_owned()));
        }
        if of_region.filter(|snapshot| snapshot.kind == "manual").count() >= MOST_SNAPSHOTS {
            return Err(Refusal::SnapshotQuota);
        }
        Ok(())
    }

    /// Begins a manual snapshot.
    pub fn snapshot(&mut self, region: Region, id: &str, name: &str, now: Moment) -> Result<(), Refusal> {
        self.room_for_snapshot(region, name)?;
        let seed = self.seed;
        let found = self.idle(region, id, "backed up", &[], now)?.data;
        let of = self.data.point(found, now);
        let Some(instance) = self.instances.iter_mut().find(|instance| instance.data == found) else {
            return Err(Refusal::NoInstance(id.to_owned()));
        };
        let data = DataEffect::Snapshot { name: name.to_owned(), region, of };
        let taken = Snapshot::of(instance, name.to_owned(), "manual", of, now);
        instance.begin(Work::Snapshot { name: name.to_owned(), data }, seed, now, &mut self.outbox);
        self.snapshots.push(taken);
        self.note(now, region, id, "creation", &format!("Creating the manual snapshot {name}."));
        Ok(())
    }

    /// Takes the last snapshot of an instance that goes.
    pub(super) fn final_snapshot(
        &mut self,
        region: Region,
        id: &str,
        name: &str,
        now: Moment,
    ) -> Result<Snapshot, Refusal> {
        let instance = self.find(region, id)?;
        let of = self.data.point(instance.data, now);
        let mut taken = Snapshot::of(instance, name.to_owned(), "manual", of, now);
        taken.due = Some(now.plus(self.seed.millis(&format!("final/{name}"), 60 * SECOND, 180 * SECOND)));
        self.outbox.ask(now, DataEffect::Snapshot { name: name.to_owned(), region, of });
        Ok(taken)
    }

    /// Begins to copy a snapshot; one in another region is named by its ARN.
    pub fn copy_snapshot(
        &mut self,
        region: Region,
        source: &str,
        name: &str,
        kms_key: Option<String>,
        now: Moment,
    ) -> Result<(), Refusal> {
        self.room_for_snapshot(region, name)?;
        let found = self.find_snapshot(region, source)?;
        if found.finished.is_none() {
            return Err(Refusal::SnapshotState(format!("The snapshot {} is not available yet.", found.id)));
        }
        let elsewhere = found.region != region;
        if elsewhere && kms_key.is_none() {
            let message = "Cannot copy an encrypted snapshot across regions without a KMS key of the target region; \
                           specify KmsKeyId.";
            return Err(Refusal::Combination(message.to_owned()));
        }
        let mut copy = found.clone();
        copy.copy_of = Some(found.arn());
        (copy.id, copy.region, copy.kind) = (name.to_owned(), region, "manual");
        copy.kms_key = kms_key.unwrap_or(copy.kms_key);
        let (low, high) = if elsewhere { (600, 1_200) } else { (60, 150) };
        let length = self.seed.millis(&format!("copy/{}/{name}", region.name()), low * SECOND, high * SECOND);
        (copy.begun, copy.finished, copy.due) = (now, None, Some(now.plus(length)));
        copy.shared = Vec::new();
        let effect = DataEffect::Snapshot { name: name.to_owned(), region, of: copy.of };
        self.outbox.ask(now, effect);
        self.snapshots.push(copy);
        Ok(())
    }

    /// Deletes a manual snapshot.
    pub fn delete_snapshot(&mut self, region: Region, id: &str) -> Result<Snapshot, Refusal> {
        let found = self.find_snapshot(region, id)?;
        if found.kind == "automated" {
            return Err(Refusal::SnapshotState(format!("The snapshot {id} is automated and cannot be deleted.")));
        }
        let gone = found.clone();
        self.snapshots.retain(|known| !(known.region == region && known.id == gone.id));
        Ok(gone)
    }

    /// Shares a snapshot with accounts, or no longer.
    pub fn share_snapshot(
        &mut self,
        region: Region,
        id: &str,
        add: &[String],
        remove: &[String],
    ) -> Result<(), Refusal> {
        let name = self.find_snapshot(region, id)?.id.clone();
        for known in self.snapshots.iter_mut().filter(|known| known.region == region && known.id == name) {
            known.shared.retain(|account| !remove.contains(account));
            let fresh: Vec<String> = add.iter().filter(|account| !known.shared.contains(account)).cloned().collect();
            known.shared.extend(fresh);
        }
        Ok(())
    }

    /// Begins to replicate the automated backups of an instance of the other region.
    pub fn replicate_backups(
        &mut self,
        region: Region,
        source: &str,
        retention: Option<u8>,
        now: Moment,
    ) -> Result<Backup, Refusal> {
        let instance = self.by_arn(source).ok_or_else(|| Refusal::NoInstance(source.to_owned()))?;
        if instance.region == region {
            let message = "The source DB instance must be in another region than its replicated backups.";
            return Err(Refusal::Value(message.to_owned()));
        }
        if instance.settings.retention == 0 {
            let message = format!("Automated backups are not enabled for {}.", instance.id);
            return Err(Refusal::State(message));
        }
        let there = |backup: &&Backup| backup.region == region && backup.data == instance.data;
        if self.backups.iter().any(|backup| there(&backup) && backup.frozen.is_none()) {
            let message = format!("Automated backups of {} are already replicated here.", instance.id);
            return Err(Refusal::BackupState(message));
        }
        let mut made = Backup::replicated(instance, region, self.seed, now);
        made.retention = retention.unwrap_or(7);
        self.backups.push(made.clone());
        Ok(made)
    }

    /// Ends the replication of automated backups; what came stays.
    pub fn stop_replicating_backups(&mut self, source: &str, now: Moment) -> Result<Backup, Refusal> {
        let found = self
            .backups
            .iter_mut()
            .find(|backup| backup.instance_arn == source && backup.kind == BackupKind::Replicated)
            .ok_or_else(|| Refusal::NoInstance(source.to_owned()))?;
        found.freeze(now);
        Ok(found.clone())
    }

    /// Deletes retained or replicated automated backups.
    pub fn delete_backup(&mut self, region: Region, matches: impl Fn(&Backup) -> bool) -> Result<Backup, Refusal> {
        let place = self
            .backups
            .iter()
            .position(|backup| backup.region == region && matches(backup))
            .ok_or_else(|| Refusal::NoBackup("the automated backup".to_owned()))?;
        Ok(self.backups.remove(place))
    }

    /// Stops what comes from a region that is gone, or lets it come again.
    pub fn freeze_backups_from(&mut self, region: Region, now: Moment) {
        let sources: Vec<DataId> =
            self.instances.iter().filter(|instance| instance.region == region).map(|instance| instance.data).collect();
        for backup in self.backups.iter_mut().filter(|backup| sources.contains(&backup.data)) {
            backup.freeze(now);
        }
    }

    /// Lets what comes from a region come again.
    pub fn thaw_backups_from(&mut self, region: Region) {
        let sources: Vec<DataId> =
            self.instances.iter().filter(|instance| instance.region == region).map(|instance| instance.data).collect();
        for backup in self.backups.iter_mut().filter(|backup| sources.contains(&backup.data)) {
            backup.frozen = None;
        }
    }

    pub(super) fn keep_own_backup(&mut self, region: Region, at: Moment, data: DataId) {
        let Some(instance) = self.by_data(data) else { return };
        let of = self.data.point(data, at);
        let id = format!("rds:{}-first-own-backup", instance.id);
        let mut kept = Snapshot::of(instance, id, "automated", of, at);
        kept.finished = Some(at);
        self.snapshots.retain(|known| !(known.region == region && known.id == kept.id));
        self.snapshots.push(kept);
    }

    pub(super) fn finish_snapshot(&mut self, region: Region, name: &str, at: Moment) {
        for snapshot in self.snapshots.iter_mut().filter(|known| known.region == region && known.id == name) {
            snapshot.finished = Some(at);
        }
    }

    pub(super) fn finish_copies(&mut self, region: Region, now: Moment) {
        for snapshot in self.snapshots.iter_mut().filter(|known| known.region == region) {
            if let Some(due) = snapshot.due.filter(|due| *due <= now) {
                (snapshot.finished, snapshot.due) = (Some(due), None);
            }
        }
    }
}
