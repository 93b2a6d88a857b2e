//! One cluster: what it is, what is being done to it, and the statuses that follow from that.

use super::super::draw::Seed;
use super::super::effect::DataId;
use super::super::place::{ACCOUNT, Region, ZONE};
use super::super::time::{Moment, SECOND};
use super::course::Course;
use super::terms::{TermChanges, Terms};

/// Names a cluster for good, whatever it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClusterKey(pub u32);

/// Is what the status of a cluster says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClusterStatus {
    /// Usable.
    Available,
    /// It is being made.
    Creating,
    /// A snapshot is being taken; usable.
    BackingUp,
    /// A change is being made; usable.
    Modifying,
    /// It is getting another identifier; usable.
    Renaming,
    /// Another instance becomes the writer.
    FailingOver,
    /// It becomes a cluster of its own.
    Promoting,
    /// It is being deleted.
    Deleting,
    /// It is being started.
    Starting,
    /// It is being stopped.
    Stopping,
    /// It is stopped.
    Stopped,
}

impl ClusterStatus {
    /// Returns AWS's word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Creating => "creating",
            Self::BackingUp => "backing-up",
            Self::Modifying => "modifying",
            Self::Renaming => "renaming",
            Self::FailingOver => "failing-over",
            Self::Promoting => "promoting",
            Self::Deleting => "deleting",
            Self::Starting => "starting",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
        }
    }

    /// Tells whether its instances take connections while it says this.
    pub const fn connects(self) -> bool {
        match self {
            Self::Available | Self::BackingUp | Self::Modifying | Self::Renaming => true,
            Self::Creating
            | Self::FailingOver
            | Self::Promoting
            | Self::Deleting
            | Self::Starting
            | Self::Stopping
            | Self::Stopped => false,
        }
    }
}

/// Is what is being done to a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ClusterWork {
    /// It comes into being, empty or as the secondary of another one.
    Creation,
    /// It comes into being, with what another one held.
    Restore,
    /// Settings change.
    Modification(Box<TermChanges>),
    /// It gets another identifier.
    Renaming(String),
    /// The instance of that number becomes the writer.
    Failover(u32),
    /// A secondary becomes a cluster of its own.
    Promotion,
    /// A snapshot is taken.
    Snapshot,
    /// It starts.
    Start,
    /// It stops.
    Stop,
    /// It goes away.
    Deletion,
}

/// Is one cluster.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// Its key.
    pub key: ClusterKey,
    /// Its identifier.
    pub id: String,
    /// Where it is.
    pub region: Region,
    /// Its volume.
    pub volume: DataId,
    /// The immutable resource id.
    pub resource_id: String,
    /// Its settings.
    pub terms: Terms,
    /// Its tags.
    pub tags: Vec<(String, String)>,
    /// The key that encrypts it; `None`: it is not encrypted.
    pub kms_key: Option<String>,
    /// When it was made.
    pub created: Moment,
    /// The number of the instance that takes its writes.
    pub writer: Option<u32>,
    /// Of which cluster it is a clone that shares storage with it.
    pub clone_of: Option<String>,
    pub(super) course: Option<Course<ClusterWork, ClusterStatus>>,
    pub(super) stopped: bool,
    pub(super) works: u32,
}

impl Cluster {
    /// Returns its ARN.
    pub fn arn(&self) -> String {
        arn(self.region, &self.id)
    }

    /// Returns the ARN of its automated backups.
    pub fn backup_arn(&self) -> String {
        let id = self.resource_id.to_lowercase();
        format!("arn:aws:rds:{}:{ACCOUNT}:cluster-auto-backup:ab-{id}", self.region.name())
    }

    /// Returns the name that leads to its writer.
    pub fn endpoint(&self) -> String {
        format!("{}.cluster.{}.rds.{ZONE}", self.id, self.region.name())
    }

    /// Returns the name that leads to a reader, or to the writer where it has none.
    pub fn reader_endpoint(&self) -> String {
        format!("{}.cluster-ro.{}.rds.{ZONE}", self.id, self.region.name())
    }

    /// Returns what its status says at `now`.
    pub fn status(&self, now: Moment) -> ClusterStatus {
        let usual = if self.stopped { ClusterStatus::Stopped } else { ClusterStatus::Available };
        self.course.as_ref().and_then(|course| course.status(now)).unwrap_or(usual)
    }

    pub(super) fn begin(&mut self, work: ClusterWork, seed: Seed, now: Moment) {
        self.works += 1;
        let draw = |what: &str, low: i64, high: i64| {
            seed.millis(&format!("{}/{}/{what}", self.resource_id, self.works), low * SECOND, high * SECOND)
        };
        let unseen = (ClusterStatus::Available, draw("unseen", 1, 4));
        let phases = match &work {
            ClusterWork::Creation => vec![(ClusterStatus::Creating, draw("creation", 30, 90))],
            ClusterWork::Restore => vec![(ClusterStatus::Creating, draw("restore", 300, 600))],
            ClusterWork::Modification(_) => vec![unseen, (ClusterStatus::Modifying, draw("modify", 5, 20))],
            ClusterWork::Renaming(_) => vec![unseen, (ClusterStatus::Renaming, draw("rename", 15, 45))],
            ClusterWork::Failover(_) => vec![unseen, (ClusterStatus::FailingOver, draw("failover", 20, 50))],
            ClusterWork::Promotion => vec![unseen, (ClusterStatus::Promoting, draw("promotion", 30, 90))],
            ClusterWork::Snapshot => vec![unseen, (ClusterStatus::BackingUp, draw("snapshot", 60, 150))],
            ClusterWork::Start => vec![(ClusterStatus::Starting, draw("start", 120, 300))],
            ClusterWork::Stop => vec![(ClusterStatus::Stopping, draw("stop", 120, 300))],
            ClusterWork::Deletion => vec![(ClusterStatus::Deleting, draw("deletion", 60, 120))],
        };
        self.course = Some(Course::new(work, now, &phases));
    }
}

fn arn(region: Region, id: &str) -> String {
    format!("arn:aws:rds:{}:{ACCOUNT}:cluster:{id}", region.name())
}
