//! The whole estate moving through virtual time: what is up, who writes where, who is served.

use std::net::Ipv4Addr;

use super::alarm::{self, Alarm};
use super::breakage::Breakage;
use super::bucket::{Access, Bucket};
use super::customers::Customers;
use super::draw::Seed;
use super::effect::DataId;
use super::fleet::Fleet;
use super::health::{Check, verdict};
use super::instance::{Ailment, Instance, Role};
use super::key::{self, Key};
use super::ledger::{Commit, Ledger, Write};
use super::numbers::Numbers;
use super::place::{Region, SERVICE, ZONE};
use super::rds::Rds;
use super::replication::UnderWay;
use super::secret::{self, Secret};
use super::shop::{Front, Refused, Session, Shop};
use super::stock::{self, CheckIds, HISTORY};
use super::time::{Moment, TICK};
use super::trail::{Trail, TrailEvent};
use super::upload::Upload;
use super::zone::{Answer, Zone};
use crate::kernel::scramble;

/// How much of the story is kept; a drill's has some thirty lines.
const LONGEST_STORY: usize = 2_000;

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

/// Is what the application of both regions runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Its version.
    pub version: &'static str,
    /// When it was deployed.
    pub deployed: Moment,
    /// From when on it mangles rows.
    pub mangles_from: Option<Moment>,
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
    /// The multipart uploads that are not finished.
    pub uploads: Vec<Upload>,
    /// What is on its way from one bucket to another.
    pub copies: Vec<UnderWay>,
    /// The alarms.
    pub alarms: Vec<Alarm>,
    /// The keys.
    pub keys: Vec<Key>,
    /// The secrets.
    pub secrets: Vec<Secret>,
    /// The application's machines in each region.
    pub fleets: [Fleet; 2],
    /// Who called what.
    pub trail: Trail,
    /// The customers and their record.
    pub customers: Customers,
    /// The releases of the application, the one that runs last.
    pub releases: Vec<Release>,
    /// What happened, in order.
    pub story: Vec<(Moment, String)>,
    /// What was broken.
    pub broken: Breakage,
    pub(super) now: Moment,
    pub(super) east_shop: Shop,
    pub(super) west_shop: Shop,
    pub(super) recovered: Option<(DataId, Option<Moment>)>,
    /// Up to which commit a promoted database was found to have everything.
    pub(super) found_at_promotion: Option<(DataId, Option<Moment>)>,
    pub(super) surviving: DataId,
    pub(super) orders: u64,
    pub(super) serial: u64,
    pub(super) fates: u64,
}

impl World {
    /// Makes the reference stack, at rest, from `seed`.
    pub fn new(seed: Seed) -> Self {
        let (check_ids, checks) = stock::checks(seed);
        let rds = Rds::new(seed);
        let surviving = rds.instances.first().map_or(DataId(1), |primary| primary.data);
        let release = Release { version: "2026.47.1", deployed: Moment(-5 * super::time::DAY), mangles_from: None };
        let mut world = Self {
            rds,
            zone: Zone::new(seed, &check_ids.primary, &check_ids.secondary),
            checks,
            check_ids,
            buckets: stock::buckets(seed),
            uploads: Vec::new(),
            copies: Vec::new(),
            alarms: alarm::stock(),
            keys: key::stock(seed),
            secrets: secret::stock(seed),
            fleets: Region::ALL.map(|region| Fleet::new(region, seed)),
            trail: Trail::default(),
            customers: Customers::default(),
            releases: vec![release],
            story: Vec::new(),
            broken: Breakage::default(),
            now: Moment::START,
            east_shop: Shop::new(Region::East, Front::Serving),
            west_shop: Shop::new(Region::West, Front::Maintenance),
            recovered: None,
            found_at_promotion: None,
            surviving,
            orders: HISTORY,
            serial: 0,
            fates: 0,
            seed,
        };
        for region in Region::ALL {
            world.connect(region);
        }
        world
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
        region != Region::East || self.broken.region_cut().is_none_or(|cut| self.now < cut)
    }

    /// Returns the commit up to which the recovery side had everything when it was promoted.
    pub fn recovered(&self) -> Option<Moment> {
        self.recovered.filter(|(data, _)| *data == self.surviving).and_then(|(_, at)| at)
    }

    /// Notes what a database was found to hold when it was promoted: its last commit.
    pub fn found_at_promotion(&mut self, data: DataId, last: Option<Moment>) {
        self.found_at_promotion = Some((data, last));
    }

    /// Says that the server of a database died by itself: its host is lost, and a standby takes over if there is one.
    pub fn server_died(&mut self, data: DataId, unwritten: &Numbers) {
        let now = self.now;
        self.customers.acknowledged.withdraw(unwritten);
        let Some(id) = self.rds.by_data(data).map(|instance| instance.id.clone()) else { return };
        self.tell(format!("the database server of {id} died"));
        self.rds.ail(data, Some(Ailment::HostLost), now);
        self.broken.await_takeover(data, now);
    }

    /// Returns the database that will go on: of those that a shop uses, the one that became a primary last. Until a
    /// lost region's replica is promoted, that replica.
    pub fn surviving(&self) -> DataId {
        self.surviving
    }

    /// Returns the machines of `region`.
    pub fn fleet(&self, region: Region) -> &Fleet {
        let [east, west] = &self.fleets;
        if region == Region::East { east } else { west }
    }

    /// Returns the machines of `region` for a change.
    pub fn fleet_mut(&mut self, region: Region) -> &mut Fleet {
        let [east, west] = &mut self.fleets;
        if region == Region::East { east } else { west }
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

    /// Finds the instance to which the name of a host leads, through aliases of the zone.
    pub fn instance_named(&self, host: &str) -> Option<&Instance> {
        let mut name = host.trim_end_matches('.').to_ascii_lowercase();
        for _ in 0..4 {
            if let Some(instance) = self.endpoint(&name) {
                return Some(instance);
            }
            match self.answer(&name, "CNAME") {
                Answer::Values { values, .. } => {
                    name = values.first()?.trim_end_matches('.').to_ascii_lowercase();
                }
                Answer::NoData | Answer::NoName | Answer::NotOurs => return None,
            }
        }
        None
    }

    /// Finds the instance whose endpoint has this name; a new name leads nowhere at first.
    fn endpoint(&self, name: &str) -> Option<&Instance> {
        let (id, rest) = name.split_once('.')?;
        let region = Region::named(rest.strip_suffix(ZONE)?.strip_suffix(".rds.")?)?;
        let found = self.rds.find(region, id).ok()?;
        (found.named_from <= self.now).then_some(found)
    }

    /// Returns the address of an instance: its third part changes with the zone.
    pub fn address_of(instance: &Instance) -> Ipv4Addr {
        let host = u8::try_from(instance.data.0 % 200).unwrap_or(0).saturating_add(10);
        Ipv4Addr::new(127, 77, instance.octet(), host)
    }

    /// Returns the host that the shop of `region` is told to use.
    pub fn database_host(&self, region: Region) -> Option<String> {
        let secret = self.secrets.iter().find(|secret| secret.region == region && secret.deleted_at.is_none())?;
        secret.host()
    }

    /// Returns the instance that the shop of `region` uses: by its open connections, else by the name that it is told.
    pub fn used_by(&self, region: Region) -> Option<&Instance> {
        let open = self.shop(region).session().and_then(|session| self.rds.by_data(session.data));
        open.or_else(|| self.instance_named(&self.database_host(region)?))
    }

    /// Lets the shop of `region` open connections to its database, where it can.
    pub fn connect(&mut self, region: Region) {
        let now = self.now;
        let opened = self.try_connect(region).ok();
        if opened.is_none() && self.shop(region).session().is_none() {
            return;
        }
        self.shop_mut(region).connect(opened.map(|(data, starts)| Session { data, starts, since: now }));
    }

    fn try_connect(&self, region: Region) -> Result<(DataId, u32), Refused> {
        let host = self.database_host(region).ok_or(Refused::NoDatabase)?;
        let instance = self.instance_named(&host).ok_or(Refused::NoDatabase)?;
        if !instance.is_reachable(self.now) || !self.is_up(instance.region) {
            return Err(Refused::DatabaseUnreachable);
        }
        if instance.admits_shop() { Ok((instance.data, instance.starts)) } else { Err(Refused::ShutOut) }
    }

    /// Returns the database to which the shop of `region` is connected, or why it is not.
    pub fn connected(&self, region: Region) -> Result<&Instance, Refused> {
        if !self.is_up(region) {
            return Err(Refused::RegionDown);
        }
        let session = self.shop(region).session();
        let instance = session
            .and_then(|session| self.rds.by_data(session.data).filter(|instance| instance.starts == session.starts));
        match instance {
            Some(instance) if instance.is_reachable(self.now) && self.is_up(instance.region) => Ok(instance),
            Some(_) => Err(Refused::DatabaseUnreachable),
            None => Err(self.try_connect(region).err().unwrap_or(Refused::DatabaseUnreachable)),
        }
    }

    /// Tells whether the database of the shop of `region` takes writes now, or why not.
    pub fn writable(&self, region: Region) -> Result<(), Refused> {
        match self.connected(region)?.role {
            Role::Replica(_) => Err(Refused::ReadOnly),
            Role::Primary => Ok(()),
        }
    }

    /// Returns what the database of the shop of `region` holds; nothing where it has none.
    pub fn ledger(&self, region: Region) -> &Ledger {
        self.rds.data.ledger(self.used_by(region).map_or(DataId(0), |instance| instance.data))
    }

    /// Places an order in the shop of `region` and returns its number once it is committed.
    pub fn place_order(&mut self, region: Region) -> Result<u64, Refused> {
        if !self.is_up(region) {
            return Err(Refused::RegionDown);
        }
        self.serial += 1;
        if !self.fleet(region).serves(self.serial, self.now) {
            return Err(Refused::ZoneDown);
        }
        if self.shop(region).front == Front::Maintenance {
            return Err(Refused::Maintenance);
        }
        self.writable(region)?;
        self.orders += 1;
        let number = self.orders;
        self.commit(region, Write::Order(number));
        if self.mangles() && scramble(number ^ self.seed.0).is_multiple_of(3) {
            self.commit(region, Write::Mangled(number));
        }
        Ok(number)
    }

    /// Tells whether the release that runs mangles rows now.
    pub fn mangles(&self) -> bool {
        self.releases.last().and_then(|release| release.mangles_from).is_some_and(|from| from <= self.now)
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
        self.ledger(region).canary().filter(|read| *read == canary).ok_or(Refused::DatabaseUnreachable)
    }

    /// Copies into the database of the shop of `region` the orders that `from` has and it has not, and puts right what
    /// is wrong there and right in `from`; returns how many of each. What is wrong in `from` is left.
    pub fn repair_from(&mut self, region: Region, from: DataId) -> Result<(u64, u64), Refused> {
        self.writable(region)?;
        let into = self.connected(region)?.data;
        let (ours, theirs) = (self.rds.data.ledger(into), self.rds.data.ledger(from));
        let bad = Numbers::of(theirs.bad().iter().map(|number| (*number, *number)));
        let missing = theirs.numbers().without(&ours.numbers()).without(&bad);
        let known = theirs.numbers();
        let right: Vec<u64> =
            ours.bad().iter().copied().filter(|number| known.contains(*number) && !bad.contains(*number)).collect();
        let now = self.now;
        if let Some(ledger) = self.rds.data.ledger_mut(into) {
            ledger.import(&missing, now);
        }
        for number in &right {
            self.commit(region, Write::Repaired(*number));
        }
        self.tell(format!("{} orders were carried over, {} put right", missing.count(), right.len()));
        Ok((missing.count(), right.len() as u64))
    }

    /// Returns what the name servers answer.
    pub fn answer(&self, name: &str, kind: &str) -> Answer {
        let plain = name.trim_end_matches('.').to_ascii_lowercase();
        if let Some(instance) = self.endpoint(&plain) {
            let values = vec![Self::address_of(instance).to_string()];
            return if kind == "A" { Answer::Values { ttl: 5, values } } else { Answer::NoData };
        }
        if let Some(address) = self.rds.aurora.address(&plain) {
            let values = vec![address.to_string()];
            return if kind == "A" { Answer::Values { ttl: 5, values } } else { Answer::NoData };
        }
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
        let hangs = self.broken.always_hangs() || self.seed.bits(&format!("fate/{}", self.fates)) % 10 < 6;
        if hangs { Fate::Hangs } else { Fate::Unavailable }
    }

    /// Returns what the monitoring has noticed: since when customers fail, or when it found what they do not notice,
    /// and what it says.
    pub fn alarm(&self) -> Option<(Moment, &'static str)> {
        let failing = self.customers.onset.map(|onset| (onset, "the shop's monitoring: first failed request"));
        failing.into_iter().chain(self.broken.alarm).min_by_key(|(at, _)| *at)
    }

    /// Adds a line to the story.
    pub fn tell(&mut self, what: impl Into<String>) {
        if self.story.len() < LONGEST_STORY {
            self.story.push((self.now, what.into()));
        }
    }

    /// Records a call in the trail.
    pub fn record_call(
        &mut self,
        region: Region,
        (source, name): (&'static str, &str),
        (user, agent): (&'static str, &'static str),
        resource: &str,
        parameters: serde_json::Value,
    ) {
        let serial = self.next_serial();
        self.trail.push(TrailEvent {
            id: self.seed.uuid(&format!("trail/{serial}")),
            at: self.now,
            region,
            source,
            name: name.to_owned(),
            user,
            agent,
            resource: resource.to_owned(),
            parameters,
        });
    }

    pub(super) fn commit(&mut self, region: Region, write: Write) {
        let Ok(data) = self.connected(region).map(|instance| instance.data) else { return };
        let commit = Commit { at: self.now, write };
        self.rds.data.commit(data, commit, &mut self.rds.outbox);
    }

    /// Tells whether an anonymous GET of an object answers 200.
    pub fn anybody_reads(&self, bucket: &str, key: &str) -> bool {
        self.bucket(bucket).is_some_and(|bucket| {
            self.is_up(bucket.region) && bucket.access == Access::PublicRead && bucket.get(key, None).is_ok()
        })
    }
}

#[cfg(test)]
#[path = "world_tests.rs"]
mod tests;
