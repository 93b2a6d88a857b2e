//! Clusters that span regions: one primary that takes the writes, one secondary that follows it, and how they change places.
//!
//! A **switchover** stops the writes, waits until the secondary has all of them, and loses nothing; it needs both regions. A
//! **failover** takes what the secondary has. The old primary then follows the new one, from scratch, once its region is
//! there: what it alone had is kept in a snapshot, nowhere else.

use super::super::effect::Flow;
use super::super::place::{ACCOUNT, Region};
use super::super::rds::{Rds, Refusal};
use super::super::time::{Moment, SECOND};
use super::backup::ClusterSnapshot;
use super::cluster::{Cluster, ClusterKey, ClusterStatus, ClusterWork};
use super::course::Course;
use super::{Aurora, Member};

/// How many global clusters an account may have.
const MOST_GLOBALS: usize = 20;

/// Says how the primary and the secondary change places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandOver {
    /// In order, without loss.
    Switchover,
    /// At once, without what has not arrived.
    Failover,
}

/// Is how far a change of places is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GlobalStatus {
    /// Both are looked at.
    Pending,
    /// They change places.
    UnderWay,
}

/// Says whether the secondary follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Synchronization {
    /// It does.
    Connected,
    /// It was the primary before an unplanned failover, and is not made anew yet.
    PendingResync,
}

/// Is a change of places under way.
#[derive(Clone, Debug)]
pub struct GlobalOperation {
    /// How.
    pub how: HandOver,
    /// The primary that is demoted.
    pub from: ClusterKey,
    /// The secondary that is promoted.
    pub to: ClusterKey,
    course: Course<(), GlobalStatus>,
}

impl GlobalOperation {
    /// Returns how far it is.
    pub fn status(&self, now: Moment) -> GlobalStatus {
        self.course.status(now).unwrap_or(GlobalStatus::UnderWay)
    }
}

/// Is one global cluster.
#[derive(Clone, Debug)]
pub struct Global {
    /// Its identifier.
    pub id: String,
    /// The immutable resource id.
    pub resource_id: String,
    /// The primary.
    pub writer: Option<ClusterKey>,
    /// The secondary.
    pub reader: Option<ClusterKey>,
    /// Whether that follows.
    pub synchronization: Synchronization,
    /// Whether deletion is refused.
    pub deletion_protection: bool,
    /// The name of the database in it.
    pub database: Option<String>,
    /// Its tags.
    pub tags: Vec<(String, String)>,
    /// The change of places under way.
    pub operation: Option<GlobalOperation>,
}

impl Global {
    /// Returns its ARN, which has no region.
    pub fn arn(&self) -> String {
        format!("arn:aws:rds::{ACCOUNT}:global-cluster:{}", self.id)
    }
}

/// Is what a call changes of a global cluster.
#[derive(Clone, Debug, Default)]
pub struct GlobalChanges {
    /// Another identifier.
    pub rename: Option<String>,
    /// Whether deletion is refused.
    pub deletion_protection: Option<bool>,
}

impl Aurora {
    /// Finds a global cluster.
    pub fn find_global(&self, id: &str) -> Result<&Global, Refusal> {
        let found = self.globals.iter().find(|global| global.id.eq_ignore_ascii_case(id));
        found.ok_or_else(|| Refusal::NoGlobal(id.to_owned()))
    }

    fn global_mut(&mut self, id: &str) -> Option<&mut Global> {
        self.globals.iter_mut().find(|global| global.id.eq_ignore_ascii_case(id))
    }

    /// Returns the global cluster in which a cluster is.
    pub fn global_of(&self, key: ClusterKey) -> Option<&Global> {
        self.globals.iter().find(|global| global.writer == Some(key) || global.reader == Some(key))
    }

    /// Tells whether a cluster follows another one, or will.
    pub fn is_secondary(&self, key: ClusterKey) -> bool {
        let follows = self.by_key(key).is_some_and(|cluster| self.data.follow(cluster.volume).is_some());
        follows || self.globals.iter().any(|global| global.reader == Some(key))
    }

    /// Tells whether a cluster was a primary that was left behind, and does not follow yet.
    pub(super) fn is_left_behind(&self, key: ClusterKey) -> bool {
        let left = |global: &Global| global.synchronization == Synchronization::PendingResync;
        self.globals.iter().any(|global| global.reader == Some(key) && left(global))
    }

    /// Tells whether a cluster takes no writes now because it changes places.
    pub(super) fn hands_over(&self, key: ClusterKey, now: Moment) -> bool {
        let operations = self.globals.iter().filter_map(|global| global.operation.as_ref());
        operations
            .filter(|operation| operation.from == key || operation.to == key)
            .any(|operation| operation.status(now) == GlobalStatus::UnderWay)
    }

    /// Finds the primary that a new cluster in `region` would follow; `None` where it would be the primary itself.
    pub(super) fn primary_for(&self, global: &str, region: Region, now: Moment) -> Result<Option<&Cluster>, Refusal> {
        let found = self.find_global(global)?;
        idle(found)?;
        let Some(primary) = found.writer.and_then(|writer| self.by_key(writer)) else { return Ok(None) };
        if primary.region == region || found.reader.is_some() {
            let message = format!("The global cluster {global} has a DB cluster in {} already.", region.name());
            return Err(Refusal::GlobalState(message));
        }
        if !primary.status(now).connects() {
            let message = format!("The primary DB cluster of {global} is not in the available state.");
            return Err(Refusal::ClusterState(message));
        }
        Ok(Some(primary))
    }

    pub(super) fn join(&mut self, global: &str, key: ClusterKey) {
        let Some(global) = self.global_mut(global) else { return };
        if global.writer.is_none() { global.writer = Some(key) } else { global.reader = Some(key) }
    }

    /// Cuts what comes from `region` off, or lets it come again.
    pub fn flow_from(&mut self, region: Region, flow: Flow, now: Moment) {
        let between: Vec<_> = self
            .globals
            .iter()
            .filter(|global| global.operation.is_none())
            .filter(|global| global.writer.and_then(|key| self.by_key(key)).is_some_and(|from| from.region == region))
            .filter_map(|global| self.by_key(global.reader?).map(|reader| reader.volume))
            .collect();
        for volume in between {
            self.data.flow(volume, flow, now, &mut self.outbox);
        }
    }

    /// Returns how many milliseconds a secondary is behind its primary.
    pub fn global_lag(&self, cluster: &Cluster, now: Moment) -> Option<i64> {
        self.data.follow(cluster.volume).map(|follow| now.since(follow.position))
    }
}

fn idle(global: &Global) -> Result<(), Refusal> {
    match &global.operation {
        None => Ok(()),
        Some(_) => Err(Refusal::GlobalState(format!("Global cluster {} is not in the available state.", global.id))),
    }
}

impl Rds {
    /// Makes a global cluster: around a cluster that stands, or empty.
    pub fn create_global(
        &mut self,
        id: &str,
        source: Option<(Region, &str)>,
        changes: GlobalChanges,
        tags: Vec<(String, String)>,
        now: Moment,
    ) -> Result<(), Refusal> {
        super::super::rds::sound("GlobalClusterIdentifier", id)?;
        if self.aurora.find_global(id).is_ok() {
            return Err(Refusal::GlobalExists(id.to_owned()));
        }
        if self.aurora.globals.len() >= MOST_GLOBALS {
            return Err(Refusal::GlobalQuota);
        }
        let mut writer = None;
        let mut database = None;
        if let Some((region, source)) = source {
            let cluster = self.idle_cluster(region, source, "made global", &[ClusterStatus::Available], now)?;
            if self.aurora.global_of(cluster.key).is_some() {
                let message = format!("DB cluster {} is part of a global cluster already.", cluster.id);
                return Err(Refusal::ClusterState(message));
            }
            (writer, database) = (Some(cluster.key), cluster.terms.database.clone());
        }
        let number = self.aurora.next();
        self.aurora.globals.push(Global {
            id: id.to_ascii_lowercase(),
            resource_id: format!("cluster-{}", self.seed.hex(&format!("aurora-global/{number}"), 16)),
            writer,
            reader: None,
            synchronization: Synchronization::Connected,
            deletion_protection: changes.deletion_protection.unwrap_or(false),
            database,
            tags,
            operation: None,
        });
        Ok(())
    }

    /// Changes a global cluster.
    pub fn modify_global(&mut self, id: &str, changes: GlobalChanges) -> Result<(), Refusal> {
        idle(self.aurora.find_global(id)?)?;
        if let Some(name) = &changes.rename {
            super::super::rds::sound("NewGlobalClusterIdentifier", name)?;
            if self.aurora.find_global(name).is_ok() {
                return Err(Refusal::GlobalExists(name.clone()));
            }
        }
        if let Some(global) = self.aurora.global_mut(id) {
            global.deletion_protection = changes.deletion_protection.unwrap_or(global.deletion_protection);
            if let Some(name) = changes.rename {
                global.id = name.to_ascii_lowercase();
            }
        }
        Ok(())
    }

    /// Deletes a global cluster that nothing is in any more.
    pub fn delete_global(&mut self, id: &str) -> Result<Global, Refusal> {
        let global = self.aurora.find_global(id)?.clone();
        idle(&global)?;
        if global.deletion_protection {
            let message = "Cannot delete protected Global Cluster, please disable deletion protection and try again.";
            return Err(Refusal::Combination(message.to_owned()));
        }
        if global.writer.is_some() || global.reader.is_some() {
            return Err(Refusal::GlobalState(format!("Global Cluster {} is not empty", global.arn())));
        }
        self.aurora.globals.retain(|known| known.id != global.id);
        Ok(global)
    }

    /// Takes a cluster out of a global one. A secondary becomes a cluster of its own, with what has arrived.
    pub fn remove_from_global(
        &mut self,
        id: &str,
        (region, cluster): (Region, &str),
        now: Moment,
    ) -> Result<(), Refusal> {
        idle(self.aurora.find_global(id)?)?;
        let key = self.aurora.find(region, cluster)?.key;
        let global = self.aurora.find_global(id)?;
        let (is_writer, is_reader) = (global.writer == Some(key), global.reader == Some(key));
        if is_writer && global.reader.is_some() {
            let message =
                "The primary DB cluster cannot be removed while the global cluster has secondary DB clusters.";
            return Err(Refusal::GlobalState(message.to_owned()));
        }
        if !is_writer && !is_reader {
            return Err(Refusal::NoCluster(cluster.to_owned()));
        }
        if is_reader {
            self.idle_cluster(region, cluster, "removed", &[ClusterStatus::Available], now)?;
        }
        if let Some(global) = self.aurora.global_mut(id) {
            if is_writer {
                global.writer = None;
            } else {
                (global.reader, global.synchronization) = (None, Synchronization::Connected);
            }
        }
        if is_reader {
            if let Some(volume) = self.aurora.by_key(key).map(|cluster| cluster.volume) {
                let Aurora { data, outbox, .. } = &mut self.aurora;
                data.flow(volume, Flow::Cut, now, outbox);
            }
            self.begin_cluster(key, ClusterWork::Promotion, now);
        }
        Ok(())
    }

    /// Begins to have the primary and the secondary of a global cluster change places.
    pub fn hand_over(
        &mut self,
        id: &str,
        (region, target): (Region, &str),
        how: HandOver,
        now: Moment,
    ) -> Result<(), Refusal> {
        let global = self.aurora.find_global(id)?;
        idle(global)?;
        let to = self.aurora.find(region, target)?;
        let (Some(from), true) = (global.writer, global.reader == Some(to.key)) else {
            let message = format!("DB cluster {} is not a secondary of the global cluster {id}.", to.id);
            return Err(Refusal::ClusterState(message));
        };
        if global.synchronization == Synchronization::PendingResync {
            let message = format!("DB cluster {} does not follow the primary yet.", to.id);
            return Err(Refusal::GlobalState(message));
        }
        if !self.aurora.members_of(to.key).any(|member: &Member| member.is_reachable(now)) {
            let message = format!("DB cluster {} has no available instance to promote.", to.id);
            return Err(Refusal::ClusterState(message));
        }
        let (key, volume) = (to.key, to.volume);
        self.idle_cluster(to.region, &to.id, "promoted", &[ClusterStatus::Available], now)?;
        if how == HandOver::Switchover {
            let cut = self.aurora.data.follow(volume).is_none_or(|follow| follow.cut.is_some());
            let healthy = self.aurora.by_key(from).is_some_and(|cluster| self.aurora.is_writable(cluster, now));
            if cut || !healthy {
                let message = "The primary DB cluster is not available: a switchover needs both. FailoverGlobalCluster \
                               with AllowDataLoss takes what the secondary has.";
                return Err(Refusal::GlobalState(message.to_owned()));
            }
        } else {
            let Aurora { data, outbox, .. } = &mut self.aurora;
            data.flow(volume, Flow::Cut, now, outbox);
        }
        let number = self.aurora.next();
        let draw = |what: &str, low: i64, high: i64| {
            self.seed.millis(&format!("hand-over/{number}/{what}"), low * SECOND, high * SECOND)
        };
        let phases = match how {
            HandOver::Switchover => [("pending", 5, 15), ("switchover", 60, 150)],
            HandOver::Failover => [("pending", 2, 8), ("failover", 60, 180)],
        };
        let [pending, under_way] = phases.map(|(what, low, high)| draw(what, low, high));
        let phases = [(GlobalStatus::Pending, pending), (GlobalStatus::UnderWay, under_way)];
        let operation = GlobalOperation { how, from, to: key, course: Course::new((), now, &phases) };
        if let Some(global) = self.aurora.global_mut(id) {
            global.operation = Some(operation);
        }
        Ok(())
    }

    /// Brings the global clusters to `now`, the regions `up` being there, and returns what happened, in words.
    pub fn advance_globals(&mut self, up: &[Region], now: Moment) -> Vec<String> {
        let ids: Vec<String> = self.aurora.globals.iter().map(|global| global.id.clone()).collect();
        ids.iter().filter_map(|id| self.advance_global(id, up, now)).collect()
    }

    fn advance_global(&mut self, id: &str, up: &[Region], now: Moment) -> Option<String> {
        let global = self.aurora.find_global(id).ok()?;
        let there = |key: ClusterKey| self.aurora.by_key(key).filter(|cluster| up.contains(&cluster.region));
        let Some(operation) = global.operation.clone() else {
            if global.synchronization != Synchronization::PendingResync {
                return None;
            }
            let (left, primary) = (there(global.reader?)?.clone(), self.aurora.by_key(global.writer?)?.volume);
            self.take_back(id, &left, primary, now);
            return Some(format!("cluster {} follows the new primary of {id}, made anew", left.id));
        };
        let (from, to) = (there(operation.from).cloned(), there(operation.to).cloned());
        if operation.how == HandOver::Switchover && (from.is_none() || to.is_none()) {
            self.aurora.global_mut(id)?.operation = None;
            return Some(format!("the switchover of {id} was cancelled: a region is not there"));
        }
        let to = to.filter(|_| operation.course.is_over(now))?;
        if let (HandOver::Switchover, Some(from)) = (operation.how, &from) {
            let has = self.aurora.data.follow(to.volume).map(|follow| follow.position);
            if self.aurora.ledger(from).last_commit() > has {
                return None;
            }
        }
        self.aurora.data.detach(to.volume);
        let writer = to.writer.or_else(|| self.next_writer(to.key, now));
        self.aurora.by_key_mut(to.key)?.writer = writer;
        let lag = self.lag;
        let global = self.aurora.global_mut(id)?;
        (global.operation, global.writer, global.reader) = (None, Some(operation.to), Some(operation.from));
        match operation.how {
            HandOver::Switchover => {
                let volume = self.aurora.data.follower(to.volume, lag, now.plus(-lag));
                self.aurora.by_key_mut(operation.from)?.volume = volume;
            }
            HandOver::Failover => global.synchronization = Synchronization::PendingResync,
        }
        self.note_cluster(now, to.region, &to.id, "global-failover", "Is the primary of its global cluster now.");
        Some(format!("cluster {} is the primary of {id}", to.id))
    }

    /// Keeps what a primary that was left behind has, and makes it anew as a secondary.
    fn take_back(&mut self, id: &str, left: &Cluster, primary: super::super::effect::DataId, now: Moment) {
        let name = format!("rds:unplanned-global-failover-{}-{}", left.id, now.0 / SECOND);
        let point = self.aurora.data.point(left.volume, now);
        let taken = ClusterSnapshot::of(left, &name, "automated", point, (now, 90 * SECOND));
        self.aurora.snapshots.push(taken);
        let volume = self.aurora.data.follower(primary, self.lag, now.plus(-self.lag));
        if let Some(cluster) = self.aurora.by_key_mut(left.key) {
            cluster.volume = volume;
        }
        if let Some(global) = self.aurora.global_mut(id) {
            global.synchronization = Synchronization::Connected;
        }
        let message = "Was left behind by a global failover: its volume was kept in a snapshot and made anew.";
        self.note_cluster(now, left.region, &left.id, "global-failover", message);
    }
}
