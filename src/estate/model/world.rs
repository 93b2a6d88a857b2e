//! The whole estate moving through virtual time: what is up, who writes where, what breaks when.

use std::net::Ipv4Addr;

use super::bucket::{Access, Bucket};
use super::customers::Customers;
use super::draw::Seed;
use super::health::{Check, Health, Subject, verdict};
use super::instance::{Happening, Role};
use super::ledger::{Commit, Ledger, Link, Write};
use super::place::{Region, SERVICE};
use super::rds::Rds;
use super::shop::{Front, Refused, Shop};
use super::stock::{self, CheckIds};
use super::time::{Moment, SECOND, TICK};
use super::zone::{Answer, Zone};

/// After how long a replica reports that it cannot reach its source.
const REPLICATION_TIMEOUT: i64 = 40 * SECOND;
/// How much of the story is kept; a drill's has some thirty lines.
const LONGEST_STORY: usize = 2_000;

/// Is something that can be made to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `us-east-1` is lost: compute, database, control planes.
    RegionFailure,
    /// `us-east-1` comes back as it was, unfenced.
    RegionReturn,
}

impl Fault {
    /// Finds the fault of that name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "region-failure" => Some(Self::RegionFailure),
            "region-return" => Some(Self::RegionReturn),
            _ => None,
        }
    }
}

/// Says what becomes of a call to a control plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is answered.
    Answered,
    /// Nothing ever comes back.
    Hangs,
    /// A 503 comes back.
    Unavailable,
}

/// Is the whole estate.
#[derive(Clone, Debug)]
pub struct World {
    /// What everything is drawn from.
    pub seed: Seed,
    /// RDS.
    pub rds: Rds,
    /// The hosted zone.
    pub zone: Zone,
    /// The health checks.
    pub checks: Vec<Check>,
    /// Their ids.
    pub check_ids: CheckIds,
    /// The buckets.
    pub buckets: Vec<Bucket>,
    /// The customers and their record.
    pub customers: Customers,
    /// What happened, in order.
    pub story: Vec<(Moment, String)>,
    now: Moment,
    east: Ledger,
    west: Ledger,
    link: Link,
    east_shop: Shop,
    west_shop: Shop,
    lost: Option<(Moment, Moment)>,
    recovered: Option<Moment>,
    orders: u64,
    serial: u64,
    fates: u64,
}

impl World {
    /// Makes the reference stack, at rest, from `seed`.
    pub fn new(seed: Seed) -> Self {
        let (check_ids, checks) = stock::checks(seed);
        Self {
            rds: Rds::new(seed),
            zone: Zone::new(seed, &check_ids.primary, &check_ids.secondary),
            checks,
            check_ids,
            buckets: stock::buckets(seed),
            customers: Customers::default(),
            story: Vec::new(),
            now: Moment::START,
            east: Ledger::default(),
            west: Ledger::default(),
            link: Link::new(seed.millis("replication-lag", 200, 900)),
            east_shop: Shop::new(Region::East, Front::Serving),
            west_shop: Shop::new(Region::West, Front::Maintenance),
            lost: None,
            recovered: None,
            orders: 0,
            serial: 0,
            fates: 0,
            seed,
        }
    }

    /// Returns the moment at which the estate is.
    pub fn now(&self) -> Moment {
        self.now
    }

    /// Brings it forward to the last tick that is not after `to`.
    pub fn advance(&mut self, to: Moment) {
        while self.now.plus(TICK) <= to {
            self.now = self.now.plus(TICK);
            self.step();
        }
    }

    /// Tells whether `region` is up.
    pub fn is_up(&self, region: Region) -> bool {
        region != Region::East || self.lost.is_none_or(|(_, cut)| self.now < cut)
    }

    /// Returns when the failure of the region was injected.
    pub fn failed_at(&self) -> Option<Moment> {
        self.lost.map(|(injected, _)| injected)
    }

    /// Returns the commit up to which the recovery side had everything when it was promoted.
    pub fn recovered(&self) -> Option<Moment> {
        self.recovered
    }

    /// Returns what the database of `region` holds.
    pub fn ledger(&self, region: Region) -> &Ledger {
        match region {
            Region::East => &self.east,
            Region::West => &self.west,
        }
    }

    /// Returns the shop of `region`.
    pub fn shop(&self, region: Region) -> &Shop {
        match region {
            Region::East => &self.east_shop,
            Region::West => &self.west_shop,
        }
    }

    /// Returns the shop of `region` for a change.
    pub fn shop_mut(&mut self, region: Region) -> &mut Shop {
        match region {
            Region::East => &mut self.east_shop,
            Region::West => &mut self.west_shop,
        }
    }

    /// Tells whether the database of `region` takes writes now, or why not.
    pub fn writable(&self, region: Region) -> Result<(), Refused> {
        let instance = self.rds.of(region).ok_or(Refused::DatabaseUnreachable)?;
        match (self.is_up(region), instance.is_reachable(), &instance.role) {
            (false, _, _) => Err(Refused::RegionDown),
            (true, false, _) => Err(Refused::DatabaseUnreachable),
            (true, true, Role::Replica(_)) => Err(Refused::ReadOnly),
            (true, true, Role::Primary) => Ok(()),
        }
    }

    /// Tells whether the replica of `region` has given up on its source.
    pub fn replication_broken(&self) -> bool {
        self.link.broken().is_some_and(|since| self.now.since(since) >= REPLICATION_TIMEOUT)
    }

    /// Places an order in the shop of `region` and returns its number once it is committed.
    pub fn place_order(&mut self, region: Region) -> Result<u64, Refused> {
        if !self.is_up(region) {
            return Err(Refused::RegionDown);
        }
        if self.shop(region).front == Front::Maintenance {
            return Err(Refused::Maintenance);
        }
        self.writable(region)?;
        self.orders += 1;
        let number = self.orders;
        self.commit(region, Write::Order(number));
        Ok(number)
    }

    /// Places an order for somebody who is none of the ten customers; it counts as acknowledged, not as their request.
    pub fn order_from_outside(&mut self, region: Region) -> Result<u64, Refused> {
        let number = self.place_order(region)?;
        self.customers.acknowledged.push(number, self.now);
        Ok(number)
    }

    /// Writes a canary row to the database of `region`, reads it back, and returns its number.
    pub fn write_probe(&mut self, region: Region) -> Result<u64, Refused> {
        self.writable(region)?;
        let canary = self.next_serial();
        self.commit(region, Write::Canary(canary));
        self.ledger(region).canary.filter(|read| *read == canary).ok_or(Refused::DatabaseUnreachable)
    }

    /// Returns what the name servers answer.
    pub fn answer(&self, name: &str, kind: &str) -> Answer {
        self.zone.answer(name, kind, |id| verdict(&self.checks, id))
    }

    /// Returns where the public name leads, and for how many seconds that may be kept.
    pub fn service(&self) -> Option<(Ipv4Addr, u32)> {
        match self.answer(SERVICE, "A") {
            Answer::Values { ttl, values } => Some((values.first()?.parse().ok()?, ttl)),
            Answer::NoData | Answer::NoName | Answer::NotOurs => None,
        }
    }

    /// Finds a bucket.
    pub fn bucket(&self, name: &str) -> Option<&Bucket> {
        self.buckets.iter().find(|bucket| bucket.name == name)
    }

    /// Finds a bucket for a change.
    pub fn bucket_mut(&mut self, name: &str) -> Option<&mut Bucket> {
        self.buckets.iter_mut().find(|bucket| bucket.name == name)
    }

    /// Returns a number that was never returned before.
    pub fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// Decides what becomes of a call to a control plane in `region`.
    pub fn fate(&mut self, region: Region) -> Fate {
        if self.is_up(region) {
            return Fate::Answered;
        }
        self.fates += 1;
        if self.seed.bits(&format!("fate/{}", self.fates)) % 10 < 6 { Fate::Hangs } else { Fate::Unavailable }
    }

    /// Makes `fault` happen.
    ///
    /// # Errors
    /// When it makes no sense now.
    pub fn inject(&mut self, fault: Fault) -> Result<(), &'static str> {
        match (fault, self.lost) {
            (Fault::RegionFailure, Some(_)) => Err("us-east-1 is lost already"),
            (Fault::RegionReturn, None) => Err("us-east-1 is not lost"),
            (Fault::RegionFailure, None) => {
                let cut = self.now.plus(self.seed.millis("replication-breaks-before", 500, 20_000));
                self.lost = Some((self.now, cut));
                self.link.cut(self.now);
                self.tell("replication from us-east-1 broke");
                Ok(())
            }
            (Fault::RegionReturn, Some(_)) => {
                self.lost = None;
                if self.rds.of(Region::West).is_some_and(|west| matches!(west.role, Role::Replica(_))) {
                    // The replica catches up from what its source kept.
                    self.west = self.east.clone();
                    self.link.mend();
                }
                self.tell("us-east-1 is back, unfenced");
                Ok(())
            }
        }
    }

    /// Adds a line to the story.
    pub fn tell(&mut self, what: impl Into<String>) {
        if self.story.len() < LONGEST_STORY {
            self.story.push((self.now, what.into()));
        }
    }

    fn commit(&mut self, region: Region, write: Write) {
        let commit = Commit { at: self.now, write };
        match region {
            Region::East => {
                self.east.apply(commit);
                self.link.send(commit);
            }
            Region::West => self.west.apply(commit),
        }
    }

    fn step(&mut self) {
        if self.lost.is_some_and(|(_, cut)| cut == self.now) {
            self.tell("us-east-1 is lost");
        }
        for region in Region::ALL {
            if self.is_up(region) {
                self.databases(region);
            }
        }
        self.replication();
        self.zone.advance(self.now);
        for region in Region::ALL {
            self.application(region);
        }
        self.health();
        self.customer();
    }

    fn databases(&mut self, region: Region) {
        for (_, id, happened) in self.rds.advance(region, self.now) {
            self.tell(match &happened {
                Happening::Restarted => format!("{id} restarted"),
                Happening::Promoted => format!("{id} is a primary"),
                Happening::BackedUp => format!("{id} has its first backup"),
                Happening::SnapshotTaken(name) => format!("snapshot {name} is finished"),
                Happening::Modified => format!("{id} is modified"),
            });
            if happened == Happening::Promoted && region == Region::West {
                self.link.cut(self.now);
                self.recovered = self.west.last_commit;
            }
        }
        if self.now.0.rem_euclid(SECOND) == 0 && self.writable(region).is_ok() {
            self.commit(region, Write::Heartbeat);
        }
        if region == Region::West && self.writable(Region::West) == Err(Refused::ReadOnly) {
            while let Some(arrived) = self.link.receive(self.now) {
                self.west.apply(arrived);
            }
        }
    }

    /// Lets the replica report, once, that it has given up on its source.
    fn replication(&mut self) {
        let gave_up = self.link.broken().is_some_and(|since| self.now.since(since) == REPLICATION_TIMEOUT);
        let replica = self.rds.of(Region::West).filter(|west| matches!(west.role, Role::Replica(_)));
        if let (true, Some(id)) = (gave_up, replica.map(|west| west.id.clone())) {
            let message = "Replication has stopped: the source of the read replica does not answer.";
            self.rds.note(self.now, Region::West, &id, "read replica", message);
            self.tell(format!("{id} reports that replication stopped"));
        }
    }

    fn application(&mut self, region: Region) {
        if !self.is_up(region) {
            return;
        }
        let (now, writable) = (self.now, self.writable(region).is_ok());
        if let Some(front) = self.shop_mut(region).look(now, writable) {
            let does = match front {
                Front::Serving => "takes orders",
                Front::Maintenance => "answers maintenance",
            };
            self.tell(format!("the shop in {} {does}", region.name()));
        }
    }

    fn health(&mut self) {
        let due: Vec<usize> =
            self.checks.iter().enumerate().filter(|(_, check)| check.is_due(self.now)).map(|(at, _)| at).collect();
        if due.is_empty() {
            return;
        }
        let before = self.service();
        for at in due {
            let Some(subject) = self.checks.get(at).map(|check| check.subject.clone()) else { continue };
            let seen = Health::when(match &subject {
                Subject::Shop(region) => self.is_up(*region),
                Subject::Object { bucket, key } => self.anybody_reads(bucket, key),
                Subject::Checks { .. } => continue,
            });
            let now = self.now;
            let changed = self.checks.get_mut(at).and_then(|check| Some((check.name, check.look(now, seen)?)));
            if let Some((name, health)) = changed {
                self.tell(format!(
                    "health check {name} is {}",
                    if health == Health::Healthy { "healthy" } else { "unhealthy" }
                ));
            }
        }
        let after = self.service();
        if let Some((address, _)) = after.filter(|_| after != before) {
            let region = Region::at(address).map_or("elsewhere", Region::name);
            self.tell(format!("DNS answers {region}"));
        }
    }

    /// Tells whether an anonymous GET of an object answers 200.
    pub fn anybody_reads(&self, bucket: &str, key: &str) -> bool {
        self.bucket(bucket).is_some_and(|bucket| {
            self.is_up(bucket.region) && bucket.access == Access::PublicRead && bucket.get(key, None).is_ok()
        })
    }

    fn customer(&mut self) {
        let now = self.now;
        // Taken out for the call, so that only the customer whose cache has run out asks the name servers.
        let mut customers = std::mem::take(&mut self.customers);
        let destination = customers.destination(now, || self.service()).and_then(Region::at);
        self.customers = customers;
        let outcome = destination.ok_or(Refused::RegionDown).and_then(|region| self.place_order(region));
        if let Ok(number) = outcome {
            let again = self.customers.first_failed.is_some() && self.customers.served_again.is_none();
            self.customers.served(number, now);
            if again {
                self.tell("customers are served");
            }
            return;
        }
        if self.customers.first_failed.is_none() {
            self.tell("the first customer's request fails");
        }
        if self.customers.refused(now) {
            self.tell("the monitoring raises the alarm");
        }
    }
}

#[cfg(test)]
#[path = "world_tests.rs"]
mod tests;
