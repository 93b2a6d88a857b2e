//! One instance of a cluster: it has no data of its own, only a part to play over the cluster's volume.

use super::super::draw::Seed;
use super::super::instance::Status;
use super::super::place::{ACCOUNT, Region, zone_named};
use super::super::rds::{Rds, Refusal, Target};
use super::super::time::{Moment, SECOND};
use super::Light;
use super::cluster::{Cluster, ClusterKey, ClusterStatus};
use super::course::Course;

/// The tier of whoever says nothing.
const USUAL_TIER: u8 = 1;
/// How many instances a cluster may have.
const MOST_MEMBERS: usize = 16;

/// Is what is being done to an instance of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MemberWork {
    Creation,
    Modification,
    Restart,
    Deletion,
}

/// Is what a call wants of an instance of a cluster.
#[derive(Clone, Debug, Default)]
pub struct MemberWanted {
    /// Its class.
    pub class: Option<String>,
    /// Its tier: the lowest becomes the writer first.
    pub tier: Option<u8>,
    /// The name of its zone.
    pub zone: Option<String>,
    /// Its tags.
    pub tags: Vec<(String, String)>,
}

/// Is one instance of a cluster.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its number.
    pub number: u32,
    /// Its identifier.
    pub id: String,
    /// The cluster it is in.
    pub cluster: ClusterKey,
    /// Where it is.
    pub region: Region,
    /// The immutable resource id.
    pub resource_id: String,
    /// Its class.
    pub class: String,
    /// Its tier.
    pub tier: u8,
    /// The name of its zone.
    pub zone: &'static str,
    /// Whether that is there.
    pub light: Light,
    /// When it was made.
    pub created: Moment,
    /// Its tags.
    pub tags: Vec<(String, String)>,
    pub(super) course: Option<Course<MemberWork, Status>>,
    works: u32,
}

impl Member {
    /// Returns its ARN.
    pub fn arn(&self) -> String {
        format!("arn:aws:rds:{}:{ACCOUNT}:db:{}", self.region.name(), self.id)
    }

    /// Returns what its status says, as far as it is its own.
    pub fn status(&self, now: Moment) -> Status {
        self.course.as_ref().and_then(|course| course.status(now)).unwrap_or(Status::Available)
    }

    /// Returns what its status says in its cluster: whoever stops or starts that stops and starts all of it.
    pub fn status_in(&self, cluster: &Cluster, now: Moment) -> Status {
        match cluster.status(now) {
            ClusterStatus::Stopping => Status::Stopping,
            ClusterStatus::Stopped => Status::Stopped,
            ClusterStatus::Starting => Status::Starting,
            _ => self.status(now),
        }
    }

    /// Tells whether anybody can connect to it (its cluster and its region permitting).
    pub fn is_reachable(&self, now: Moment) -> bool {
        self.light == Light::On && self.status(now).connects()
    }

    pub(super) fn begin(&mut self, work: MemberWork, seed: Seed, now: Moment) {
        self.works += 1;
        let draw = |what: &str, low: i64, high: i64| {
            seed.millis(&format!("{}/{}/{what}", self.resource_id, self.works), low * SECOND, high * SECOND)
        };
        let unseen = (Status::Available, draw("unseen", 1, 4));
        let phases = match work {
            MemberWork::Creation => {
                vec![(Status::Creating, draw("creation", 240, 480)), (Status::Modifying, draw("settle", 20, 60))]
            }
            MemberWork::Modification => {
                vec![unseen, (Status::Modifying, draw("modify", 120, 300)), (Status::Rebooting, draw("reboot", 20, 60))]
            }
            MemberWork::Restart => vec![unseen, (Status::Rebooting, draw("reboot", 20, 40))],
            MemberWork::Deletion => vec![(Status::Deleting, draw("deletion", 60, 180))],
        };
        self.course = Some(Course::new(work, now, &phases));
    }
}

impl Rds {
    /// Begins to make an instance in the cluster `id`. The first of a cluster is its writer.
    pub fn create_member(
        &mut self,
        target: Target<'_>,
        id: &str,
        wanted: MemberWanted,
        now: Moment,
    ) -> Result<(), Refusal> {
        self.room_for_one(target.region, target.id)?;
        let fit = [ClusterStatus::Available, ClusterStatus::BackingUp, ClusterStatus::Modifying];
        let cluster = self.aurora.find(target.region, id)?;
        if !fit.contains(&cluster.status(now)) {
            return Err(Refusal::ClusterState(format!("DB cluster {} is not in the available state.", cluster.id)));
        }
        let (key, has) = (cluster.key, self.aurora.members_of(cluster.key).count());
        if has >= MOST_MEMBERS {
            return Err(Refusal::InstanceQuota);
        }
        let class = wanted.class.ok_or_else(|| Refusal::Value("DBInstanceClass must be given.".to_owned()))?;
        let zones: Vec<&'static str> = target.region.zones().map(|zone| zone.name).collect();
        let zone = match wanted.zone {
            // Each next one stands in another zone.
            None => zones.get(has % zones.len().max(1)).copied().unwrap_or_default(),
            Some(name) => zone_named(&name)
                .filter(|zone| zone.region == target.region)
                .map(|zone| zone.name)
                .ok_or_else(|| Refusal::Value(format!("{name} is not a valid availability zone.")))?,
        };
        let (number, seed) = (self.aurora.next(), self.seed);
        let mut member = Member {
            number,
            id: target.id.to_ascii_lowercase(),
            cluster: key,
            region: target.region,
            resource_id: format!("db-{}", seed.hex(&format!("aurora/{number}"), 24).to_uppercase()),
            class,
            tier: tier(wanted.tier)?.unwrap_or(USUAL_TIER),
            zone,
            light: Light::On,
            created: now,
            tags: wanted.tags,
            course: None,
            works: 0,
        };
        member.begin(MemberWork::Creation, seed, now);
        let name = member.id.clone();
        self.aurora.members.push(member);
        if let Some(cluster) = self.aurora.by_key_mut(key) {
            cluster.writer.get_or_insert(number);
        }
        self.note(now, target.region, &name, "creation", "The DB instance is being created in its cluster.");
        Ok(())
    }

    fn idle_member(&mut self, region: Region, id: &str, what: &str, now: Moment) -> Result<&mut Member, Refusal> {
        let number = self.aurora.member(region, id).map(|member| member.number);
        let member = self.aurora.members.iter_mut().find(|member| Some(member.number) == number);
        let member = member.ok_or_else(|| Refusal::NoInstance(id.to_owned()))?;
        if member.course.is_some() {
            let (id, status) = (&member.id, member.status(now));
            let status = if status == Status::Available { Status::Modifying } else { status };
            let message = format!("Instance {id} cannot be {what}: it is in state {}, not available.", status.name());
            return Err(Refusal::State(message));
        }
        Ok(member)
    }

    /// Begins to change an instance of a cluster; its tier counts at once.
    pub fn modify_member(
        &mut self,
        region: Region,
        id: &str,
        wanted: MemberWanted,
        now: Moment,
    ) -> Result<(), Refusal> {
        let (seed, tier) = (self.seed, tier(wanted.tier)?);
        let member = self.idle_member(region, id, "modified", now)?;
        member.tier = tier.unwrap_or(member.tier);
        if let Some(class) = wanted.class.filter(|class| *class != member.class) {
            member.class = class;
            member.begin(MemberWork::Modification, seed, now);
        }
        Ok(())
    }

    /// Begins to restart an instance of a cluster in place.
    pub fn reboot_member(&mut self, region: Region, id: &str, now: Moment) -> Result<(), Refusal> {
        let seed = self.seed;
        self.idle_member(region, id, "rebooted", now)?.begin(MemberWork::Restart, seed, now);
        Ok(())
    }

    /// Begins to delete an instance of a cluster; the volume stays. Where it was the writer, a reader takes over.
    pub fn delete_member(&mut self, region: Region, id: &str, now: Moment) -> Result<(), Refusal> {
        let seed = self.seed;
        let member = self.idle_member(region, id, "deleted", now)?;
        member.begin(MemberWork::Deletion, seed, now);
        let (number, key, name) = (member.number, member.cluster, member.id.clone());
        if self.aurora.by_key(key).is_some_and(|cluster| cluster.writer == Some(number)) {
            match self.next_writer(key, now) {
                Some(to) if !self.aurora.is_secondary(key) => self.begin_failover(key, to, now),
                next => {
                    if let Some(cluster) = self.aurora.by_key_mut(key) {
                        cluster.writer = next;
                    }
                }
            }
        }
        self.note(now, region, &name, "deletion", "The DB instance is being deleted from its cluster.");
        Ok(())
    }

    /// Draws the consequences of works that are over in `region`.
    pub(super) fn advance_members(&mut self, region: Region, now: Moment) -> Vec<String> {
        let mut told = Vec::new();
        for member in self.aurora.members.iter_mut().filter(|member| member.region == region) {
            if member.course.as_ref().is_some_and(|course| course.is_over(now))
                && let Some(course) = member.course.take()
            {
                told.push((member.number, member.id.clone(), course.work));
            }
        }
        let mut said = Vec::new();
        for (number, id, work) in told {
            let (category, message) = match work {
                MemberWork::Creation => ("creation", "DB instance created."),
                MemberWork::Modification => ("configuration change", "Finished the change of settings."),
                MemberWork::Restart => ("availability", "DB instance restarted."),
                MemberWork::Deletion => ("deletion", "DB instance deleted."),
            };
            if work == MemberWork::Deletion {
                self.aurora.members.retain(|member| member.number != number);
            }
            self.note(now, region, &id, category, message);
            said.push(format!("{id}: {message}"));
        }
        said
    }
}

fn tier(wanted: Option<u8>) -> Result<Option<u8>, Refusal> {
    match wanted {
        Some(tier) if tier > 15 => Err(Refusal::Value(format!("Invalid promotion tier: {tier}. It must be 0 to 15."))),
        other => Ok(other),
    }
}
