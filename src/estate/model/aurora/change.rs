//! Calls that change a cluster that stands, and what follows when their works are over.

use super::super::place::Region;
use super::super::rds::{Backups, FinalSnapshot, Rds, Refusal};
use super::super::status::Status;
use super::super::time::{Moment, SECOND};
use super::backup::{ClusterBackup, ClusterSnapshot};
use super::cluster::{Cluster, ClusterKey, ClusterStatus, ClusterWork};
use super::member::{Member, MemberWork};
use super::terms::{TermChanges, check_terms};

impl Rds {
    /// Finds a cluster in one of the states `fit`, with nothing under way, for what it is to be.
    pub(super) fn idle_cluster(
        &self,
        region: Region,
        id: &str,
        what: &str,
        fit: &[ClusterStatus],
        now: Moment,
    ) -> Result<&Cluster, Refusal> {
        let cluster = self.aurora.find(region, id)?;
        let status = cluster.status(now);
        let busy = cluster.course.is_some() || self.aurora.hands_over(cluster.key, now);
        if busy || !fit.contains(&status) {
            let status = if busy && status == ClusterStatus::Available { ClusterStatus::Modifying } else { status };
            let (id, status) = (&cluster.id, status.name());
            return Err(Refusal::ClusterState(format!(
                "DB cluster {id} cannot be {what}: it is in state {status}, not available."
            )));
        }
        Ok(cluster)
    }

    pub(super) fn begin_cluster(&mut self, key: ClusterKey, work: ClusterWork, now: Moment) {
        let seed = self.seed;
        if let Some(cluster) = self.aurora.by_key_mut(key) {
            cluster.begin(work, seed, now);
        }
    }

    /// Begins to change the settings of a cluster.
    pub fn modify_cluster(
        &mut self,
        region: Region,
        id: &str,
        changes: TermChanges,
        now: Moment,
    ) -> Result<(), Refusal> {
        let cluster = self.idle_cluster(region, id, "modified", &[ClusterStatus::Available], now)?;
        let (key, mut changed) = (cluster.key, cluster.terms.clone());
        changes.make(&mut changed);
        check_terms(region, &changed)?;
        self.begin_cluster(key, ClusterWork::Modification(Box::new(changes)), now);
        Ok(())
    }

    /// Begins to rename a cluster.
    pub fn rename_cluster(&mut self, region: Region, id: &str, name: &str, now: Moment) -> Result<(), Refusal> {
        self.room_for_cluster(region, name)?;
        let key = self.idle_cluster(region, id, "renamed", &[ClusterStatus::Available], now)?.key;
        self.begin_cluster(key, ClusterWork::Renaming(name.to_ascii_lowercase()), now);
        Ok(())
    }

    /// Begins a failover inside a cluster; without a `target`, to the reader with the lowest tier.
    pub fn fail_over_cluster(
        &mut self,
        region: Region,
        id: &str,
        target: Option<&str>,
        now: Moment,
    ) -> Result<(), Refusal> {
        let cluster = self.idle_cluster(region, id, "failed over", &[ClusterStatus::Available], now)?;
        let key = cluster.key;
        if self.aurora.is_secondary(key) {
            let message = format!("DB cluster {} is a secondary of a global cluster: it has no writer.", cluster.id);
            return Err(Refusal::ClusterState(message));
        }
        let writer = self.aurora.writer_of(cluster).map(|writer| writer.number);
        let to = match target {
            Some(name) => {
                let member = self.aurora.member(region, name).filter(|member| member.cluster == key);
                let member = member.ok_or_else(|| Refusal::NoInstance(name.to_owned()))?;
                if Some(member.number) == writer {
                    let message = format!("The DB instance {name} is the writer of the DB cluster already.");
                    return Err(Refusal::State(message));
                }
                if !member.is_reachable(now) {
                    let message = format!("The DB instance {name} is not available.");
                    return Err(Refusal::State(message));
                }
                Some(member.number)
            }
            None => self.next_writer(key, now),
        };
        let to = to.ok_or_else(|| {
            Refusal::ClusterState(format!("DB cluster {} has no other available instance to fail over to.", cluster.id))
        })?;
        self.begin_failover(key, to, now);
        Ok(())
    }

    /// Returns the reader that would take over: the one with the lowest tier, the oldest of those.
    pub(super) fn next_writer(&self, key: ClusterKey, now: Moment) -> Option<u32> {
        let writer = self.aurora.by_key(key)?.writer;
        let fit = |member: &&Member| Some(member.number) != writer && member.is_reachable(now);
        let best = self.aurora.members_of(key).filter(fit).min_by_key(|member| (member.tier, member.number));
        best.map(|member| member.number)
    }

    pub(super) fn begin_failover(&mut self, key: ClusterKey, to: u32, now: Moment) {
        let (seed, from) = (self.seed, self.aurora.by_key(key).and_then(|cluster| cluster.writer));
        for member in &mut self.aurora.members {
            if member.cluster == key && member.course.is_none() && [Some(to), from].contains(&Some(member.number)) {
                member.begin(MemberWork::Restart, seed, now);
            }
        }
        self.begin_cluster(key, ClusterWork::Failover(to), now);
        if let Some(cluster) = self.aurora.by_key(key) {
            let (region, id) = (cluster.region, cluster.id.clone());
            self.note_cluster(now, region, &id, "failover", "Started the failover of the DB cluster.");
        }
    }

    /// Begins to stop a cluster with all its instances.
    pub fn stop_cluster(&mut self, region: Region, id: &str, now: Moment) -> Result<(), Refusal> {
        let cluster = self.idle_cluster(region, id, "stopped", &[ClusterStatus::Available], now)?;
        let key = cluster.key;
        if self.aurora.global_of(key).is_some() {
            return Err(Refusal::ClusterState(format!("DB cluster {} is part of a global cluster.", cluster.id)));
        }
        self.begin_cluster(key, ClusterWork::Stop, now);
        Ok(())
    }

    /// Begins to start a cluster that was stopped.
    pub fn start_cluster(&mut self, region: Region, id: &str, now: Moment) -> Result<(), Refusal> {
        let key = self.idle_cluster(region, id, "started", &[ClusterStatus::Stopped], now)?.key;
        self.begin_cluster(key, ClusterWork::Start, now);
        Ok(())
    }

    /// Begins to delete a cluster. Its instances must be gone, or going.
    pub fn delete_cluster(
        &mut self,
        region: Region,
        id: &str,
        last: FinalSnapshot,
        backups: Backups,
        now: Moment,
    ) -> Result<(), Refusal> {
        let cluster = self.aurora.find(region, id)?;
        let (key, name) = (cluster.key, cluster.id.clone());
        if cluster.status(now) == ClusterStatus::Deleting {
            return Err(Refusal::ClusterState(format!("DB cluster {name} is already being deleted.")));
        }
        if cluster.terms.deletion_protection {
            let message = "Cannot delete protected Cluster, please disable deletion protection and try again.";
            return Err(Refusal::Combination(message.to_owned()));
        }
        if self.aurora.global_of(key).is_some() {
            let message = "This cluster is a part of a global cluster, please remove it from globalcluster first";
            return Err(Refusal::ClusterState(message.to_owned()));
        }
        if self.aurora.members_of(key).any(|member| member.status(now) != Status::Deleting) {
            let message = "Cluster cannot be deleted, it still contains DB instances in non-deleting state.";
            return Err(Refusal::ClusterState(message.to_owned()));
        }
        if let FinalSnapshot::Named(snapshot) = &last {
            self.room_for_cluster_snapshot(region, snapshot)?;
            let length = self.seed.millis(&format!("final/{snapshot}"), 60 * SECOND, 180 * SECOND);
            let taken = self.aurora.find(region, id).map(|cluster| {
                ClusterSnapshot::of(
                    cluster,
                    snapshot,
                    "manual",
                    self.aurora.data.point(cluster.volume, now),
                    (now, length),
                )
            })?;
            self.aurora.snapshots.push(taken);
        }
        let cluster = self.aurora.find(region, id)?;
        if backups == Backups::Retained {
            let kept = ClusterBackup::retained(cluster, now);
            self.aurora.backups.push(kept);
        }
        self.begin_cluster(key, ClusterWork::Deletion, now);
        self.note_cluster(now, region, &name, "deletion", "The DB cluster is being deleted.");
        Ok(())
    }

    /// Draws the consequences of works that are over in `region`.
    pub(super) fn advance_clusters(&mut self, region: Region, now: Moment) -> Vec<String> {
        let mut told = Vec::new();
        let here = |cluster: &&mut Cluster| cluster.region == region;
        let mut over = Vec::new();
        for cluster in self.aurora.clusters.iter_mut().filter(here) {
            if cluster.course.as_ref().is_some_and(|course| course.is_over(now))
                && let Some(course) = cluster.course.take()
            {
                over.push((cluster.key, cluster.id.clone(), course.work));
            }
        }
        for (key, id, work) in over {
            let (category, message) = self.conclude(key, work);
            self.note_cluster(now, region, &id, category, message);
            told.push(format!("cluster {id}: {message}"));
        }
        self.take_over_lost_writers(region, now);
        told
    }

    fn conclude(&mut self, key: ClusterKey, work: ClusterWork) -> (&'static str, &'static str) {
        let Some(cluster) = self.aurora.by_key_mut(key) else { return ("notification", "It is gone.") };
        match work {
            ClusterWork::Creation => ("creation", "DB cluster created."),
            ClusterWork::Restore => ("recovery", "Restored the DB cluster; it has no instances."),
            ClusterWork::Modification(changes) => {
                changes.make(&mut cluster.terms);
                ("configuration change", "Finished the change of settings.")
            }
            ClusterWork::Renaming(name) => {
                cluster.id = name;
                ("configuration change", "Renamed the DB cluster.")
            }
            ClusterWork::Failover(to) => {
                cluster.writer = Some(to);
                ("failover", "Completed the failover of the DB cluster.")
            }
            ClusterWork::Promotion => {
                let volume = cluster.volume;
                self.aurora.data.detach(volume);
                ("notification", "Promoted to a DB cluster of its own.")
            }
            ClusterWork::Snapshot => ("backup", "Finished the manual snapshot."),
            ClusterWork::Start => {
                cluster.stopped = false;
                ("notification", "DB cluster started.")
            }
            ClusterWork::Stop => {
                cluster.stopped = true;
                ("notification", "DB cluster stopped.")
            }
            ClusterWork::Deletion => {
                self.aurora.clusters.retain(|known| known.key != key);
                self.aurora.members.retain(|member| member.cluster != key);
                ("deletion", "DB cluster deleted.")
            }
        }
    }

    /// Has a reader take over where the zone of the writer is lost.
    fn take_over_lost_writers(&mut self, region: Region, now: Moment) {
        let lost: Vec<ClusterKey> = self
            .aurora
            .clusters
            .iter()
            .filter(|cluster| cluster.region == region && cluster.course.is_none())
            .filter(|cluster| self.aurora.writer_of(cluster).is_some_and(|writer| writer.light == super::Light::Out))
            .map(|cluster| cluster.key)
            .collect();
        for key in lost {
            if let Some(to) = self.next_writer(key, now) {
                self.begin_failover(key, to, now);
            }
        }
    }
}
