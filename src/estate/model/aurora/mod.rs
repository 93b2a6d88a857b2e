//! Aurora: clusters over a shared volume, the instances in them, their snapshots, and clusters that span both regions.
//!
//! The data are a model, with real database servers behind the estate too: a volume takes a row a tick while its cluster
//! has a writer, a secondary in the other region follows it, and what had not arrived is lost with an unplanned failover.

mod backup;
mod change;
mod cluster;
mod course;
mod global;
mod make;
mod member;
mod terms;

pub use backup::{ClusterBackup, ClusterSnapshot};
pub use cluster::{Cluster, ClusterKey, ClusterStatus};
pub use global::{Global, GlobalChanges, GlobalOperation, GlobalStatus, HandOver, Synchronization};
pub use make::{ClusterWanted, RestoreType, Volume};
pub use member::{Member, MemberWanted};
pub use terms::{TermChanges, Terms};

use std::net::Ipv4Addr;

use super::data::Data;
use super::effect::Outbox;
use super::ledger::{Commit, Ledger, Write};
use super::place::{Region, ZONE, zone_named};
use super::rds::{Rds, Refusal};
use super::time::Moment;

/// The only engine of clusters here.
pub const ENGINE: &str = "aurora-postgresql";
/// Its version.
pub const ENGINE_VERSION: &str = "16.4";
/// The cluster parameter group of whoever names none.
pub const DEFAULT_CLUSTER_PARAMETER_GROUP: &str = "default.aurora-postgresql16";
/// How many clusters an account may have in a region.
const MOST_CLUSTERS: usize = 40;

/// Holds what there is of Aurora.
#[derive(Clone, Debug, Default)]
pub struct Aurora {
    /// The clusters.
    pub clusters: Vec<Cluster>,
    /// The instances in them.
    pub members: Vec<Member>,
    /// The snapshots.
    pub snapshots: Vec<ClusterSnapshot>,
    /// The automated backups of clusters that are gone.
    pub backups: Vec<ClusterBackup>,
    /// The clusters that span regions.
    pub globals: Vec<Global>,
    /// What every volume holds.
    pub data: Data,
    /// Nobody takes anything out of it: the data are modelled.
    outbox: Outbox,
    made: u32,
}

impl Aurora {
    /// Finds the cluster `id` of `region`, or the one with this ARN, wherever it is.
    pub fn find(&self, region: Region, id: &str) -> Result<&Cluster, Refusal> {
        let named = |cluster: &&Cluster| {
            if id.starts_with("arn:") {
                cluster.arn().eq_ignore_ascii_case(id)
            } else {
                cluster.region == region && cluster.id.eq_ignore_ascii_case(id)
            }
        };
        self.clusters.iter().find(named).ok_or_else(|| Refusal::NoCluster(id.to_owned()))
    }

    /// Finds a cluster by its key.
    pub fn by_key(&self, key: ClusterKey) -> Option<&Cluster> {
        self.clusters.iter().find(|cluster| cluster.key == key)
    }

    fn by_key_mut(&mut self, key: ClusterKey) -> Option<&mut Cluster> {
        self.clusters.iter_mut().find(|cluster| cluster.key == key)
    }

    /// Finds the instance `id` of `region` that is in a cluster; an ARN of that region will do.
    pub fn member(&self, region: Region, id: &str) -> Option<&Member> {
        let name = id.rsplit(':').next().unwrap_or(id);
        self.members.iter().find(|member| member.region == region && member.id.eq_ignore_ascii_case(name))
    }

    /// Lists the instances of a cluster.
    pub fn members_of(&self, key: ClusterKey) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(move |member| member.cluster == key)
    }

    /// Returns the instance of a cluster that takes its writes.
    pub fn writer_of(&self, cluster: &Cluster) -> Option<&Member> {
        let number = cluster.writer.filter(|_| !self.is_secondary(cluster.key))?;
        self.members.iter().find(|member| member.number == number)
    }

    /// Tells whether a cluster takes writes (its region permitting).
    pub fn is_writable(&self, cluster: &Cluster, now: Moment) -> bool {
        cluster.status(now).connects()
            && !self.hands_over(cluster.key, now)
            && self.writer_of(cluster).is_some_and(|writer| writer.is_reachable(now))
    }

    /// Returns what the volume of a cluster holds.
    pub fn ledger(&self, cluster: &Cluster) -> &Ledger {
        self.data.ledger(cluster.volume)
    }

    /// Finds what a reader of the cluster or of the instance `id` reads: the cluster, and whether it takes no writes there.
    /// `None` where there is none of that name, `Err` where nobody answers.
    pub fn read(&self, region: Region, id: &str, now: Moment) -> Result<Option<(&Cluster, ReadFrom)>, Silent> {
        let member = self.member(region, id);
        let cluster = match member {
            Some(member) => self.by_key(member.cluster),
            None => self.find(region, id).ok().filter(|_| !id.starts_with("arn:")),
        };
        let Some(cluster) = cluster else { return Ok(None) };
        let writer = self.writer_of(cluster).map(|writer| writer.number);
        let answers = |member: &&Member| member.is_reachable(now);
        let asked = match member {
            Some(member) => Some(member).filter(answers),
            // The cluster's own endpoint leads to its writer; a secondary cluster has readers alone.
            None if self.is_secondary(cluster.key) => self.members_of(cluster.key).find(answers),
            None => self.writer_of(cluster).filter(answers),
        };
        let there = cluster.status(now).connects() && !self.is_left_behind(cluster.key);
        let asked = asked.filter(|_| there).ok_or(Silent)?;
        let from = if writer == Some(asked.number) { ReadFrom::Writer } else { ReadFrom::Reader };
        Ok(Some((cluster, from)))
    }

    /// Returns to which address a name leads: an instance's, a cluster's, or the one for readers.
    pub fn address(&self, name: &str) -> Option<Ipv4Addr> {
        let rest = name.strip_suffix(ZONE)?.strip_suffix(".rds.")?;
        let (rest, region) = rest.rsplit_once('.')?;
        let region = Region::named(region)?;
        let member = match rest.split_once('.') {
            None => self.member(region, rest)?,
            Some((id, "cluster")) => self.writer_of(self.find(region, id).ok()?)?,
            Some((id, "cluster-ro")) => {
                let cluster = self.find(region, id).ok()?;
                let writer = self.writer_of(cluster).map(|writer| writer.number);
                let reader = self.members_of(cluster.key).find(|member| Some(member.number) != writer);
                reader.or(self.writer_of(cluster))?
            }
            Some(_) => return None,
        };
        let octet = zone_named(member.zone).map_or(0, |zone| zone.octet);
        let host = u8::try_from(member.number % 40).unwrap_or(0).saturating_add(211);
        Some(Ipv4Addr::new(127, 77, octet, host))
    }

    fn next(&mut self) -> u32 {
        self.made += 1;
        self.made
    }

    /// Has a zone of `region` lost, or back.
    pub fn zone(&mut self, region: Region, zone: &str, light: Light) {
        for member in self.members.iter_mut().filter(|member| member.region == region && member.zone == zone) {
            member.light = light;
        }
    }

    /// Commits a row into every volume of `region` whose cluster takes writes, and brings what follows to `now`.
    fn write(&mut self, region: Region, now: Moment) {
        let here = |cluster: &&Cluster| cluster.region == region;
        let writing: Vec<ClusterKey> = self
            .clusters
            .iter()
            .filter(here)
            .filter(|cluster| self.is_writable(cluster, now))
            .map(|cluster| cluster.key)
            .collect();
        for key in writing {
            let Some(volume) = self.by_key(key).map(|cluster| cluster.volume) else { continue };
            let row = self.data.ledger(volume).last_order().unwrap_or(0) + 1;
            self.data.commit(volume, Commit { at: now, write: Write::Order(row) }, &mut self.outbox);
        }
        let volumes: Vec<_> = self.clusters.iter().filter(here).map(|cluster| cluster.volume).collect();
        for volume in volumes {
            self.data.receive(volume, now);
        }
    }
}

/// Says whether the zone of an instance is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Light {
    /// It is.
    On,
    /// It is lost.
    Out,
}

/// Says which instance of a cluster is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadFrom {
    /// The one that takes its writes.
    Writer,
    /// One that only reads.
    Reader,
}

/// Says that nobody answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silent;

impl Rds {
    /// Brings Aurora in `region` to `now` and returns what happened, in words.
    pub fn advance_aurora(&mut self, region: Region, now: Moment) -> Vec<String> {
        if self.aurora.clusters.is_empty() {
            return Vec::new();
        }
        let mut told = self.advance_members(region, now);
        told.extend(self.advance_clusters(region, now));
        self.aurora.write(region, now);
        told
    }
}

#[cfg(test)]
#[path = "../aurora_tests.rs"]
mod tests;
