//! The application's machines: zones, instances, their scaling group, their load balancer, shifts of its traffic.

use super::draw::Seed;
use super::place::{ACCOUNT, AvailabilityZone, Region, ZONES, zone_named};
use super::time::{DAY, Moment, SECOND};
use crate::kernel::scramble;

/// After how long a load balancer sees that a machine is gone.
const LOAD_BALANCER_LOOKS: i64 = 30 * SECOND;
/// After how long a shift has moved the traffic.
const SHIFT_TAKES: i64 = 30 * SECOND;
/// How many machines stand in each zone.
const MACHINES_A_ZONE: usize = 2;

/// Says how a machine stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    /// It serves.
    Serving,
    /// It is being made until then.
    Launching(Moment),
    /// Its zone is gone since then.
    Lost(Moment),
}

/// Is one machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its id.
    pub id: String,
    /// Its zone.
    pub zone: &'static AvailabilityZone,
    /// How it stands.
    pub machine: Machine,
    /// Its address in the network.
    pub address: String,
}

/// Is the shift of a load balancer's traffic away from a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    /// Its id.
    pub id: String,
    /// Of what.
    pub resource: String,
    /// Away from which zone, by its id.
    pub away_from: String,
    /// When it began.
    pub since: Moment,
    /// When it ends by itself.
    pub until: Moment,
    /// When it was called off.
    pub cancelled: Option<Moment>,
    /// What was said about it last.
    pub comment: String,
}

impl Shift {
    /// Tells whether it counts.
    pub fn is_active(&self, now: Moment) -> bool {
        self.cancelled.is_none() && now < self.until
    }
}

/// Is the application's machines in one region.
#[derive(Clone, Debug)]
pub struct Fleet {
    /// Where.
    pub region: Region,
    /// The machines.
    pub servers: Vec<Server>,
    /// How many there must be at least.
    pub min: u32,
    /// How many there may be at most.
    pub max: u32,
    /// How many there should be.
    pub desired: u32,
    /// The zones in which it may make machines, by name.
    pub zones: Vec<&'static str>,
    /// What the scaling group does not do now.
    pub suspended: Vec<String>,
    /// The shifts, oldest first.
    pub shifts: Vec<Shift>,
    lost: Option<(&'static str, Moment)>,
    made: u32,
    seed: Seed,
}

impl Fleet {
    /// Makes the machines of a region, all serving.
    pub fn new(region: Region, seed: Seed) -> Self {
        let zones: Vec<&'static str> = region.zones().map(|zone| zone.name).collect();
        let count = u32::try_from(zones.len() * MACHINES_A_ZONE).unwrap_or(6);
        let mut fleet = Self {
            region,
            servers: Vec::new(),
            min: count,
            max: count * 2,
            desired: count,
            zones,
            suspended: Vec::new(),
            shifts: Vec::new(),
            lost: None,
            made: 0,
            seed,
        };
        for zone in ZONES.iter().filter(|zone| zone.region == region) {
            for _ in 0..MACHINES_A_ZONE {
                fleet.launch(zone, Machine::Serving);
            }
        }
        fleet
    }

    fn launch(&mut self, zone: &'static AvailabilityZone, machine: Machine) {
        self.made += 1;
        let id = format!("i-0{}", self.seed.hex(&format!("machine/{}/{}", self.region.name(), self.made), 16));
        let address = format!("10.{}.{}.{}", u8::from(self.region == Region::West), zone.octet, 10 + self.made % 200);
        self.servers.push(Server { id, zone, machine, address });
    }

    /// Returns the ARN of the load balancer.
    pub fn load_balancer(&self) -> String {
        format!("arn:aws:elasticloadbalancing:{}:{ACCOUNT}:loadbalancer/app/shop/50dc6c495c0c9188", self.region.name())
    }

    /// Returns the ARN of the target group.
    pub fn target_group(&self) -> String {
        format!("arn:aws:elasticloadbalancing:{}:{ACCOUNT}:targetgroup/shop/73e2d6bc24d8a067", self.region.name())
    }

    /// Returns the ARN of the scaling group.
    pub fn scaling_group(&self) -> String {
        let id = self.seed.uuid(&format!("asg/{}", self.region.name()));
        format!("arn:aws:autoscaling:{}:{ACCOUNT}:autoScalingGroup:{id}:autoScalingGroupName/shop", self.region.name())
    }

    /// Returns the name of the zone that is gone.
    pub fn lost_zone(&self) -> Option<&'static str> {
        self.lost.map(|(zone, _)| zone)
    }

    /// Loses a zone.
    pub fn lose(&mut self, zone: &'static str, now: Moment) {
        self.lost = Some((zone, now));
        for server in self.servers.iter_mut().filter(|server| server.zone.name == zone) {
            server.machine = Machine::Lost(now);
        }
    }

    /// Gets its zones back.
    pub fn regain(&mut self) {
        self.lost = None;
        for server in &mut self.servers {
            if matches!(server.machine, Machine::Lost(_)) {
                server.machine = Machine::Serving;
            }
        }
    }

    /// Tells whether a machine takes requests as its load balancer sees it.
    pub fn is_healthy(server: &Server, now: Moment) -> bool {
        match server.machine {
            Machine::Serving => true,
            Machine::Launching(until) => now >= until,
            Machine::Lost(since) => now.since(since) < LOAD_BALANCER_LOOKS,
        }
    }

    /// Tells whether a request that comes under `number` is served: the load balancer's own part in a lost zone gets
    /// its share of requests until a shift has moved them away.
    pub fn serves(&self, number: u64, now: Moment) -> bool {
        let Some((lost, _)) = self.lost else { return true };
        let away = |zone: &AvailabilityZone| {
            self.shifts.iter().any(|shift| {
                shift.is_active(now) && shift.away_from == zone.id && now.since(shift.since) >= SHIFT_TAKES
            })
        };
        let open: Vec<&AvailabilityZone> = self.region.zones().filter(|zone| !away(zone)).collect();
        let count = u64::try_from(open.len()).unwrap_or(0).max(1);
        let at = usize::try_from(scramble(number ^ self.seed.0) % count).unwrap_or(0);
        open.get(at).is_some_and(|zone| zone.name != lost)
    }

    /// Begins to shift traffic away from a zone.
    ///
    /// # Errors
    /// Which shift is there already.
    pub fn shift(&mut self, away_from: &str, lasts: i64, comment: &str, now: Moment) -> Result<Shift, String> {
        if let Some(there) = self.shifts.iter().find(|shift| shift.is_active(now)) {
            return Err(there.id.clone());
        }
        let name = format!("shift/{}/{}", self.region.name(), self.shifts.len());
        let shift = Shift {
            id: self.seed.uuid(&name),
            resource: self.load_balancer(),
            away_from: away_from.to_owned(),
            since: now,
            until: now.plus(lasts),
            cancelled: None,
            comment: comment.to_owned(),
        };
        self.shifts.push(shift.clone());
        Ok(shift)
    }

    /// Gives the machines that should be there a zone, and takes away those of zones that are no longer used.
    pub fn arrange(&mut self, now: Moment) {
        let zones = self.zones.clone();
        self.servers.retain(|server| zones.contains(&server.zone.name));
        let desired = usize::try_from(self.desired).unwrap_or(0);
        self.servers.truncate(desired.max(1));
        while self.servers.len() < desired {
            let counted = |name: &str| self.servers.iter().filter(|server| server.zone.name == name).count();
            let Some(zone) = zones.iter().min_by_key(|name| counted(name)).and_then(|name| zone_named(name)) else {
                return;
            };
            if self.lost_zone() == Some(zone.name) {
                return;
            }
            let name = format!("launch/{}/{}", self.region.name(), self.made);
            let ready = now.plus(self.seed.millis(&name, 60 * SECOND, 180 * SECOND));
            self.launch(zone, Machine::Launching(ready));
        }
    }

    /// Replaces a machine.
    pub fn replace(&mut self, id: &str, now: Moment) -> bool {
        let before = self.servers.len();
        self.servers.retain(|server| server.id != id);
        let found = self.servers.len() < before;
        if found && !self.suspended.iter().any(|process| process == "Launch") {
            self.arrange(now);
        }
        found
    }

    /// Returns how long ago the group was made.
    pub const fn created() -> Moment {
        Moment(-300 * DAY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_zone_fails_its_share_until_traffic_is_shifted_away_by_its_id() {
        let mut fleet = Fleet::new(Region::East, Seed(3));
        fleet.lose("us-east-1a", Moment(0));
        let failed = |fleet: &Fleet, now: Moment| (0..3_000).filter(|number| !fleet.serves(*number, now)).count();
        assert!((800..1_200).contains(&failed(&fleet, Moment(0))));
        fleet.shift("us-east-1a", 3_600_000, "by its name", Moment(0)).unwrap();
        assert!(failed(&fleet, Moment(60_000)) > 800, "a name is no id");
        fleet.shifts.clear();
        fleet.shift("use1-az4", 3_600_000, "by its id", Moment(0)).unwrap();
        assert!(failed(&fleet, Moment(10_000)) > 800, "it takes a moment");
        assert_eq!(failed(&fleet, Moment(60_000)), 0);
        assert!(failed(&fleet, Moment(3_700_000)) > 800, "it has expired");
        assert!(fleet.shift("use1-az4", 1, "", Moment(60_000)).is_err(), "one at a time");
    }

    #[test]
    fn machines_come_back_in_the_zones_that_are_left() {
        let mut fleet = Fleet::new(Region::East, Seed(3));
        fleet.lose("us-east-1a", Moment(0));
        let healthy = |fleet: &Fleet, now| fleet.servers.iter().filter(|server| Fleet::is_healthy(server, now)).count();
        assert_eq!(healthy(&fleet, Moment(60_000)), 4);
        fleet.zones.retain(|zone| *zone != "us-east-1a");
        fleet.arrange(Moment(60_000));
        assert_eq!((fleet.servers.len(), healthy(&fleet, Moment(61_000))), (6, 4));
        assert_eq!(healthy(&fleet, Moment(300_000)), 6);
    }
}
