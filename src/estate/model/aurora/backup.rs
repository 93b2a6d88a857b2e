//! What is kept of clusters: snapshots, copies of them, automated backups, those of deleted clusters among them.

use super::super::effect::{DataId, DataPoint};
use super::super::place::{ACCOUNT, Region};
use super::super::rds::{BackupWindow, MOST_SNAPSHOTS, Rds, Refusal};
use super::super::time::{DAY, Moment, SECOND};
use super::cluster::{Cluster, ClusterStatus, ClusterWork};
use super::terms::Terms;

/// How far behind the point is to which a cluster can be restored, at most.
const BEHIND: i64 = 300 * SECOND;

/// Is one snapshot of a cluster.
#[derive(Clone, Debug)]
pub struct ClusterSnapshot {
    /// Its name.
    pub id: String,
    /// Of which cluster.
    pub cluster: String,
    /// Where it is.
    pub region: Region,
    /// `manual` or `automated`.
    pub kind: &'static str,
    /// When it was asked for.
    pub begun: Moment,
    /// When it is finished.
    pub finished: Moment,
    /// What it holds.
    pub of: DataPoint,
    /// The settings of its cluster then.
    pub terms: Terms,
    /// The tags.
    pub tags: Vec<(String, String)>,
    /// The resource id of its cluster.
    pub resource_id: String,
    /// The key that encrypts it.
    pub kms_key: Option<String>,
    /// When its cluster was made.
    pub cluster_created: Moment,
    /// The ARN of the snapshot of which it is a copy.
    pub copy_of: Option<String>,
    /// With which accounts it is shared.
    pub shared: Vec<String>,
}

impl ClusterSnapshot {
    pub(super) fn of(
        cluster: &Cluster,
        id: &str,
        kind: &'static str,
        of: DataPoint,
        (begun, length): (Moment, i64),
    ) -> Self {
        Self {
            id: id.to_owned(),
            cluster: cluster.id.clone(),
            region: cluster.region,
            kind,
            begun,
            finished: begun.plus(length),
            of,
            terms: cluster.terms.clone(),
            tags: if cluster.terms.copy_tags { cluster.tags.clone() } else { Vec::new() },
            resource_id: cluster.resource_id.clone(),
            kms_key: cluster.kms_key.clone(),
            cluster_created: cluster.created,
            copy_of: None,
            shared: Vec::new(),
        }
    }

    /// Returns its ARN.
    pub fn arn(&self) -> String {
        format!("arn:aws:rds:{}:{ACCOUNT}:cluster-snapshot:{}", self.region.name(), self.id)
    }
}

/// Is the automated backups of a cluster, one that is gone among them.
#[derive(Clone, Debug)]
pub struct ClusterBackup {
    /// Their ARN.
    pub arn: String,
    /// Where they are.
    pub region: Region,
    /// The identifier of their cluster.
    pub cluster: String,
    /// Its ARN.
    pub cluster_arn: String,
    /// Its resource id.
    pub resource_id: String,
    /// Its volume.
    pub volume: DataId,
    /// Its settings.
    pub terms: Terms,
    /// The key that encrypts them.
    pub kms_key: Option<String>,
    /// When it was made.
    pub cluster_created: Moment,
    /// What of it can be restored.
    pub window: BackupWindow,
}

impl ClusterBackup {
    pub(super) fn retained(cluster: &Cluster, now: Moment) -> Self {
        let own = Self::of(cluster, now);
        Self { window: BackupWindow { latest: now, ..own.window }, ..own }
    }

    /// Returns those of a cluster that stands.
    pub fn of(cluster: &Cluster, now: Moment) -> Self {
        Self {
            arn: cluster.backup_arn(),
            region: cluster.region,
            cluster: cluster.id.clone(),
            cluster_arn: cluster.arn(),
            resource_id: cluster.resource_id.clone(),
            volume: cluster.volume,
            terms: cluster.terms.clone(),
            kms_key: cluster.kms_key.clone(),
            cluster_created: cluster.created,
            window: cluster.window(now),
        }
    }
}

impl Cluster {
    /// Returns what of it can be restored at `now`.
    pub fn window(&self, now: Moment) -> BackupWindow {
        let earliest = self.created.max(now.plus(-i64::from(self.terms.retention) * DAY));
        BackupWindow { earliest, latest: Moment(now.0 - now.0.rem_euclid(BEHIND)).max(earliest) }
    }
}

impl Rds {
    /// Finds a snapshot of a cluster by its name, or by its ARN.
    pub fn find_cluster_snapshot(&self, region: Region, id: &str) -> Result<&ClusterSnapshot, Refusal> {
        let named = |known: &&ClusterSnapshot| {
            if id.starts_with("arn:") { known.arn() == id } else { known.region == region && known.id == id }
        };
        self.aurora.snapshots.iter().find(named).ok_or_else(|| Refusal::NoClusterSnapshot(id.to_owned()))
    }

    pub(super) fn room_for_cluster_snapshot(&self, region: Region, name: &str) -> Result<(), Refusal> {
        if self.aurora.snapshots.iter().any(|known| known.region == region && known.id == name) {
            return Err(Refusal::ClusterSnapshotExists(name.to_owned()));
        }
        let manual = |known: &&ClusterSnapshot| known.region == region && known.kind == "manual";
        if self.aurora.snapshots.iter().filter(manual).count() >= MOST_SNAPSHOTS {
            return Err(Refusal::SnapshotQuota);
        }
        Ok(())
    }

    /// Begins a manual snapshot of a cluster.
    pub fn snapshot_cluster(
        &mut self,
        region: Region,
        id: &str,
        name: &str,
        tags: Option<Vec<(String, String)>>,
        now: Moment,
    ) -> Result<(), Refusal> {
        self.room_for_cluster_snapshot(region, name)?;
        let (key, of) = {
            let cluster = self.idle_cluster(region, id, "backed up", &[ClusterStatus::Available], now)?;
            (cluster.key, self.aurora.data.point(cluster.volume, now))
        };
        self.begin_cluster(key, ClusterWork::Snapshot, now);
        if let Some(cluster) = self.aurora.by_key(key) {
            let length = cluster.course.as_ref().map_or(0, |course| course.end().since(now));
            let mut taken = ClusterSnapshot::of(cluster, name, "manual", of, (now, length));
            taken.tags = tags.unwrap_or(taken.tags);
            self.aurora.snapshots.push(taken);
        }
        Ok(())
    }

    /// Begins to copy a snapshot of a cluster; one in another region is named by its ARN.
    pub fn copy_cluster_snapshot(
        &mut self,
        region: Region,
        source: &str,
        name: &str,
        kms_key: Option<String>,
        now: Moment,
    ) -> Result<&mut ClusterSnapshot, Refusal> {
        self.room_for_cluster_snapshot(region, name)?;
        let found = self.available_cluster_snapshot(region, source, now)?;
        let elsewhere = found.region != region;
        if elsewhere && kms_key.is_none() && found.kms_key.is_some() {
            let message = "Cannot copy an encrypted snapshot across regions without a KMS key of the target region; \
                           specify KmsKeyId.";
            return Err(Refusal::Combination(message.to_owned()));
        }
        let mut copy = found.clone();
        copy.copy_of = Some(found.arn());
        (copy.id, copy.region, copy.kind) = (name.to_owned(), region, "manual");
        copy.kms_key = kms_key.or(copy.kms_key);
        copy.shared = Vec::new();
        let (low, high) = if elsewhere { (600, 1_200) } else { (60, 150) };
        let length = self.seed.millis(&format!("copy/{}/{name}", region.name()), low * SECOND, high * SECOND);
        (copy.begun, copy.finished) = (now, now.plus(length));
        self.aurora.snapshots.push(copy);
        self.aurora.snapshots.last_mut().ok_or_else(|| Refusal::NoClusterSnapshot(name.to_owned()))
    }

    pub(super) fn available_cluster_snapshot(
        &self,
        region: Region,
        id: &str,
        now: Moment,
    ) -> Result<&ClusterSnapshot, Refusal> {
        let found = self.find_cluster_snapshot(region, id)?;
        if found.finished > now {
            let message = format!("The DB cluster snapshot {} is not available yet.", found.id);
            return Err(Refusal::ClusterSnapshotState(message));
        }
        Ok(found)
    }

    /// Deletes a manual snapshot of a cluster.
    pub fn delete_cluster_snapshot(&mut self, region: Region, id: &str) -> Result<ClusterSnapshot, Refusal> {
        let gone = self.find_cluster_snapshot(region, id)?.clone();
        if gone.kind == "automated" {
            let message = format!("The DB cluster snapshot {id} is automated and cannot be deleted.");
            return Err(Refusal::ClusterSnapshotState(message));
        }
        self.aurora.snapshots.retain(|known| !(known.region == gone.region && known.id == gone.id));
        Ok(gone)
    }

    /// Shares a snapshot of a cluster with accounts, or no longer.
    pub fn share_cluster_snapshot(
        &mut self,
        region: Region,
        id: &str,
        add: &[String],
        remove: &[String],
    ) -> Result<(), Refusal> {
        let name = self.find_cluster_snapshot(region, id)?.id.clone();
        for known in self.aurora.snapshots.iter_mut().filter(|known| known.region == region && known.id == name) {
            known.shared.retain(|account| !remove.contains(account));
            let fresh: Vec<String> = add.iter().filter(|account| !known.shared.contains(account)).cloned().collect();
            known.shared.extend(fresh);
        }
        Ok(())
    }
}
