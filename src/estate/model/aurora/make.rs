//! Calls that make a cluster that does not stand yet. None of them makes instances: whoever restores a cluster has a volume
//! and a name, and nobody who answers.

use super::super::effect::{DataId, DataPoint};
use super::super::ledger::Ledger;
use super::super::place::{DEFAULT_SUBNET_GROUP, Region};
use super::super::rds::{Rds, Refusal, Target, Until};
use super::super::time::Moment;
use super::cluster::{Cluster, ClusterKey, ClusterStatus, ClusterWork};
use super::terms::{TermChanges, Terms, check_terms};
use super::{DEFAULT_CLUSTER_PARAMETER_GROUP, MOST_CLUSTERS};

/// Is what a call wants of the cluster that it makes; what is not given gets AWS's default.
#[derive(Clone, Debug, Default)]
pub struct ClusterWanted {
    /// The settings that are given.
    pub given: TermChanges,
    /// The name of the role that owns everything.
    pub master: Option<String>,
    /// The name of a database to make in it.
    pub database: Option<String>,
    /// The tags.
    pub tags: Option<Vec<(String, String)>>,
    /// The key.
    pub kms_key: Option<String>,
    /// The global cluster that it joins.
    pub global: Option<String>,
}

/// Names what a point in time of a cluster is restored from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Volume {
    /// A cluster that stands.
    Cluster(String),
    /// The resource id of one that stands or whose backups were retained.
    Resource(String),
}

/// Says how a point in time of a cluster is restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoreType {
    /// Into a volume of its own.
    FullCopy,
    /// Into one that shares with its source what neither has changed; of now alone.
    CopyOnWrite,
}

impl Rds {
    pub(super) fn room_for_cluster(&self, region: Region, id: &str) -> Result<(), Refusal> {
        super::super::rds::sound("DBClusterIdentifier", id)?;
        if self.aurora.find(region, id).is_ok() {
            return Err(Refusal::ClusterExists(id.to_owned()));
        }
        let standing = self.aurora.clusters.iter().filter(|cluster| cluster.region == region).count();
        if standing >= MOST_CLUSTERS { Err(Refusal::ClusterQuota) } else { Ok(()) }
    }

    fn default_terms(&self, region: Region) -> Terms {
        Terms {
            port: self.port,
            retention: 1,
            deletion_protection: false,
            security_groups: vec![region.default_security_group().to_owned()],
            subnet_group: DEFAULT_SUBNET_GROUP.to_owned(),
            parameter_group: DEFAULT_CLUSTER_PARAMETER_GROUP.to_owned(),
            iam_authentication: false,
            copy_tags: false,
            backup_window: "05:00-05:30".to_owned(),
            maintenance_window: "sun:06:00-sun:06:30".to_owned(),
            master: "postgres".to_owned(),
            database: None,
        }
    }

    /// Begins to make a cluster: of its own, the first of a global cluster, or the secondary of one.
    pub fn create_cluster(&mut self, target: Target<'_>, wanted: ClusterWanted, now: Moment) -> Result<(), Refusal> {
        self.room_for_cluster(target.region, target.id)?;
        let mut terms = self.default_terms(target.region);
        wanted.given.make(&mut terms);
        check_terms(target.region, &terms)?;
        let primary = match &wanted.global {
            Some(global) => self.aurora.primary_for(global, target.region, now)?.cloned(),
            None => None,
        };
        let volume = if let Some(primary) = &primary {
            if wanted.master.is_some() || wanted.database.is_some() {
                let message = "MasterUsername and DatabaseName cannot be specified for a secondary cluster of a \
                                   global cluster: it takes them from the primary.";
                return Err(Refusal::Combination(message.to_owned()));
            }
            if primary.kms_key.is_some() && wanted.kms_key.is_none() {
                let message = "For encrypted cross-region replica, kmsKeyId should be explicitly specified";
                return Err(Refusal::Combination(message.to_owned()));
            }
            (terms.master, terms.database) = (primary.terms.master.clone(), primary.terms.database.clone());
            self.aurora.data.follower(primary.volume, self.lag, now.plus(-self.lag))
        } else {
            terms.master = wanted.master.ok_or_else(|| {
                Refusal::Value("The parameter MasterUsername must be provided and must not be blank.".to_owned())
            })?;
            terms.database = wanted.database;
            self.aurora.data.add(Ledger::default())
        };
        let key = self.stand(target, (volume, ClusterWork::Creation), terms, wanted.kms_key, now);
        if let (Some(tags), Some(cluster)) = (wanted.tags, self.aurora.by_key_mut(key)) {
            cluster.tags = tags;
        }
        if let Some(global) = &wanted.global {
            self.aurora.join(global, key);
        }
        Ok(())
    }

    /// Begins to restore a point in time of a cluster into a new one without instances, outside of any global cluster.
    pub fn restore_cluster_point(
        &mut self,
        target: Target<'_>,
        (from, until, kind): (&Volume, Until, RestoreType),
        wanted: ClusterWanted,
        now: Moment,
    ) -> Result<(), Refusal> {
        self.room_for_cluster(target.region, target.id)?;
        let source = self.restorable_volume(target.region, from, now)?;
        let through = match (until, kind) {
            (Until::Latest, RestoreType::CopyOnWrite) => now,
            (Until::Time(_), RestoreType::CopyOnWrite) => {
                let message = "RestoreToTime cannot be specified for a clone; use UseLatestRestorableTime.";
                return Err(Refusal::Combination(message.to_owned()));
            }
            (Until::Latest, RestoreType::FullCopy) => source.latest,
            (Until::Time(time), RestoreType::FullCopy) if time > source.latest || time < source.earliest => {
                return Err(Refusal::Restore(format!(
                    "The specified DB cluster {} cannot be restored to that time: it is not between its earliest and its \
                     latest restorable time.",
                    source.name
                )));
            }
            // What was committed at that very moment is not in it.
            (Until::Time(time), RestoreType::FullCopy) => time.plus(-1),
        };
        let from = DataPoint { data: source.volume, through };
        let key = self.restore_volume(target, from, (source.terms, source.kms_key), wanted, now)?;
        if kind == RestoreType::CopyOnWrite
            && let Some(cluster) = self.aurora.by_key_mut(key)
        {
            cluster.clone_of = Some(source.name);
        }
        Ok(())
    }

    /// Begins to restore a snapshot of a cluster into a new one without instances.
    pub fn restore_cluster_snapshot(
        &mut self,
        target: Target<'_>,
        snapshot: &str,
        wanted: ClusterWanted,
        now: Moment,
    ) -> Result<(), Refusal> {
        self.room_for_cluster(target.region, target.id)?;
        let found = self.available_cluster_snapshot(target.region, snapshot, now)?.clone();
        self.restore_volume(target, found.of, (found.terms, found.kms_key), wanted, now).map(drop)
    }

    fn restore_volume(
        &mut self,
        target: Target<'_>,
        from: DataPoint,
        (source, kms_key): (Terms, Option<String>),
        wanted: ClusterWanted,
        now: Moment,
    ) -> Result<ClusterKey, Refusal> {
        if let Some(key) = kms_key.as_ref().filter(|key| self.lost_keys.contains(key)) {
            return Err(Refusal::Key(format!("The KMS key {key} cannot be used.")));
        }
        let mut terms = Terms {
            retention: source.retention,
            master: source.master,
            database: source.database,
            backup_window: source.backup_window,
            ..self.default_terms(target.region)
        };
        wanted.given.make(&mut terms);
        check_terms(target.region, &terms)?;
        let volume = self.aurora.data.restored(from);
        let key = self.stand(target, (volume, ClusterWork::Restore), terms, wanted.kms_key.or(kms_key), now);
        if let (Some(tags), Some(cluster)) = (wanted.tags, self.aurora.by_key_mut(key)) {
            cluster.tags = tags;
        }
        Ok(key)
    }

    fn restorable_volume(&self, region: Region, from: &Volume, now: Moment) -> Result<Source, Refusal> {
        let standing = |cluster: &Cluster| {
            let window = cluster.window(now);
            Source {
                name: cluster.id.clone(),
                volume: cluster.volume,
                terms: cluster.terms.clone(),
                kms_key: cluster.kms_key.clone(),
                earliest: window.earliest,
                latest: window.latest,
            }
        };
        match from {
            Volume::Cluster(id) => {
                let cluster = self.aurora.find(region, id)?;
                let lasting = ![ClusterStatus::Creating, ClusterStatus::Deleting].contains(&cluster.status(now));
                if !lasting {
                    return Err(Refusal::ClusterState(format!("DB cluster {} is not in a valid state.", cluster.id)));
                }
                Ok(standing(cluster))
            }
            Volume::Resource(id) => {
                let here = |cluster: &&Cluster| cluster.region == region && cluster.resource_id == *id;
                if let Some(cluster) = self.aurora.clusters.iter().find(here) {
                    return Ok(standing(cluster));
                }
                let kept = self.aurora.backups.iter().find(|kept| kept.region == region && kept.resource_id == *id);
                let kept = kept.ok_or_else(|| Refusal::NoClusterBackup(id.clone()))?;
                Ok(Source {
                    name: kept.cluster.clone(),
                    volume: kept.volume,
                    terms: kept.terms.clone(),
                    kms_key: kept.kms_key.clone(),
                    earliest: kept.window.earliest,
                    latest: kept.window.latest,
                })
            }
        }
    }

    fn stand(
        &mut self,
        target: Target<'_>,
        (volume, work): (DataId, ClusterWork),
        terms: Terms,
        kms_key: Option<String>,
        now: Moment,
    ) -> ClusterKey {
        let (key, seed) = (ClusterKey(self.aurora.next()), self.seed);
        let id = target.id.to_ascii_lowercase();
        let mut cluster = Cluster {
            key,
            resource_id: format!("cluster-{}", seed.hex(&format!("aurora-cluster/{}", key.0), 24).to_uppercase()),
            id: id.clone(),
            region: target.region,
            volume,
            terms,
            tags: Vec::new(),
            kms_key,
            created: now,
            writer: None,
            clone_of: None,
            course: None,
            stopped: false,
            works: 0,
        };
        cluster.begin(work, seed, now);
        self.aurora.clusters.push(cluster);
        self.note_cluster(now, target.region, &id, "creation", "The DB cluster is being created.");
        key
    }
}

/// Is what a cluster is restored from.
struct Source {
    name: String,
    volume: DataId,
    terms: Terms,
    kms_key: Option<String>,
    earliest: Moment,
    latest: Moment,
}
