//! What is broken in the estate, and how it gets broken: the faults, carried out.

use std::collections::BTreeMap;

use serde_json::json;

use super::aurora::Light;
use super::bucket::Version;
use super::effect::{DataEffect, DataId, Flow};
use super::failover::Failover;
use super::fault::{Ending, Fault, Impairment, Injected, InstanceFailure, Victim};
use super::instance::{Ailment, Changes, Instance, Role};
use super::key::{Key, KeyState};
use super::place::{PRIMARY_DB, Region};
use super::rds::{Backups, FinalSnapshot};
use super::stock::{ASSETS, IMAGES_PREFIX};
use super::time::{Moment, SECOND};
use super::world::{Release, World};
use crate::kernel::scramble;

/// For how long an interface is impaired when nobody ends it before.
const IMPAIRED: i64 = 300 * SECOND;
/// How many faults may wait for their time.
const MOST_WAITING: usize = 50;
/// How many entries of the facilitator's record are kept.
const MOST_INJECTED: usize = 500;

/// Holds what is broken, and what will be.
#[derive(Clone, Debug, Default)]
pub struct Breakage {
    /// What was made to happen, in order.
    pub injected: Vec<Injected>,
    /// What the shop's monitoring reports that customers do not notice: when, and what it says.
    pub alarm: Option<(Moment, &'static str)>,
    /// The failover that the estate plays by itself, while it is under way.
    pub failover: Option<Failover>,
    /// When writers were first found to damage data.
    pub first_bad_write: Option<(DataId, Moment)>,
    waiting: Vec<(Moment, String, Fault)>,
    region: Option<RegionLoss>,
    impaired: BTreeMap<Impairment, Moment>,
    alarm_due: Option<Moment>,
    takeover_due: Option<(DataId, Moment)>,
}

/// Is the loss of the primary region.
#[derive(Clone, Copy, Debug)]
struct RegionLoss {
    injected: Moment,
    cut: Moment,
    hangs: bool,
}

impl Breakage {
    /// Returns when the primary region is cut off.
    pub fn region_cut(&self) -> Option<Moment> {
        self.region.map(|loss| loss.cut)
    }

    /// Returns when the loss of the primary region was injected.
    pub fn region_lost_at(&self) -> Option<Moment> {
        self.region.map(|loss| loss.injected)
    }

    /// Tells whether every call to the lost region hangs.
    pub fn always_hangs(&self) -> bool {
        self.region.is_some_and(|loss| loss.hangs)
    }

    /// Tells whether an interface is impaired at `now`.
    pub fn is_impaired(&self, which: Impairment, now: Moment) -> bool {
        self.impaired.get(&which).is_some_and(|until| now < *until)
    }

    /// Has the standby of a database take over, as soon as nothing else is being done to it.
    pub fn await_takeover(&mut self, data: DataId, since: Moment) {
        self.takeover_due = Some((data, since));
    }

    /// Lists what waits for its time.
    pub fn waiting(&self) -> impl Iterator<Item = (Moment, &str)> {
        self.waiting.iter().map(|(at, text, _)| (*at, text.as_str()))
    }
}

impl World {
    /// Makes a fault happen, by the text that somebody typed, or notes that it will.
    ///
    /// # Errors
    /// When it is no fault, or makes no sense now.
    pub fn inject_named(&mut self, text: &str) -> Result<Moment, InjectError> {
        let (fault, delay) = super::fault::schedule(text).map_err(InjectError::Unknown)?;
        if delay == 0 {
            return self.inject_as(text, fault).map(|()| self.now()).map_err(InjectError::Refused);
        }
        if self.broken.waiting.len() >= MOST_WAITING {
            return Err(InjectError::Refused("too many faults are waiting for their time"));
        }
        let at = self.now().plus(delay);
        self.broken.waiting.push((at, text.to_owned(), fault));
        Ok(at)
    }

    /// Makes `fault` happen.
    ///
    /// # Errors
    /// When it makes no sense now.
    pub fn inject(&mut self, fault: Fault) -> Result<(), &'static str> {
        self.inject_as(&format!("{fault:?}"), fault)
    }

    fn inject_as(&mut self, text: &str, fault: Fault) -> Result<(), &'static str> {
        let done = self.break_it(fault);
        if self.broken.injected.len() < MOST_INJECTED {
            self.broken.injected.push(Injected { at: self.now(), fault: text.to_owned(), refused: done.err() });
        }
        done
    }

    fn break_it(&mut self, fault: Fault) -> Result<(), &'static str> {
        match fault {
            Fault::RegionFailure => self.lose_region(false),
            Fault::RegionHangs => self.lose_region(true),
            Fault::RegionReturn => self.regain_region(),
            Fault::FailedOver => self.begin_failover(),
            Fault::InstanceFailure(how) => self.fail_instance(how),
            Fault::ZoneFailure(zone) => self.lose_zone(zone),
            Fault::ZoneReturn => self.regain_zone(),
            Fault::DataCorruption => self.corrupt(),
            Fault::AccidentalDeletion(victim) => self.delete_by_accident(victim),
            Fault::StorageFull => {
                let data = self.healthy_primary()?;
                self.rds.ail(data, Some(Ailment::StorageFull), self.now());
                self.tell("the storage of the primary database is full");
                Ok(())
            }
            Fault::ReplicaLag(seconds) => self.lag(Some(seconds * SECOND)),
            Fault::KmsDisabled => self.disable_key(),
            Fault::Impairment(which) => {
                let until = self.now().plus(IMPAIRED);
                self.broken.impaired.insert(which, until);
                Ok(())
            }
            Fault::Ends(Ending::Of(which)) => {
                self.broken.impaired.remove(&which).map(|_| ()).ok_or("nothing of that kind is under way")
            }
            Fault::Ends(Ending::ReplicaLag) => self.lag(None),
        }
    }

    fn primary(&self) -> Result<&Instance, &'static str> {
        let used = self.used_by(Region::East).filter(|instance| instance.role == Role::Primary);
        let used = used.or_else(|| self.used_by(Region::West).filter(|instance| instance.role == Role::Primary));
        used.ok_or("no shop has a primary database")
    }

    fn healthy_primary(&self) -> Result<DataId, &'static str> {
        let primary = self.primary()?;
        if primary.ailment.is_some() || primary.is_busy() {
            return Err("the primary database fails already, or something is being done to it");
        }
        Ok(primary.data)
    }

    pub(super) fn lose_region(&mut self, hangs: bool) -> Result<(), &'static str> {
        if self.broken.region.is_some() {
            return Err("us-east-1 is lost already");
        }
        let now = self.now();
        let cut = now.plus(self.seed.millis("replication-breaks-before", 500, 20_000));
        self.broken.region = Some(RegionLoss { injected: now, cut, hangs });
        self.rds.freeze_backups_from(Region::East, now);
        for replica in self.replicas_between_regions() {
            self.rds.data.flow(replica, Flow::Cut, now, &mut self.rds.outbox);
        }
        self.rds.aurora.flow_from(Region::East, Flow::Cut, now);
        self.tell("replication from us-east-1 broke");
        Ok(())
    }

    pub(super) fn regain_region(&mut self) -> Result<(), &'static str> {
        self.broken.region.take().ok_or("us-east-1 is not lost")?;
        let now = self.now();
        self.rds.thaw_backups_from(Region::East);
        for replica in self.replicas_between_regions() {
            // It catches up from what its source kept.
            self.rds.data.flow(replica, Flow::Mended, now, &mut self.rds.outbox);
            if let Some(instance) = self.rds.by_data_mut(replica) {
                instance.replication = super::instance::Replication::Replicating;
            }
        }
        self.rds.aurora.flow_from(Region::East, Flow::Mended, now);
        let east: Vec<DataId> = self.of_region(Region::East);
        for data in east {
            self.rds.outbox.ask(now, DataEffect::Resume { data });
        }
        self.tell("us-east-1 is back, unfenced");
        Ok(())
    }

    fn of_region(&self, region: Region) -> Vec<DataId> {
        let here = self.rds.instances.iter().filter(|instance| instance.region == region);
        here.map(|instance| instance.data).collect()
    }

    /// Lists replicas whose source is in the other region and still stands.
    fn replicas_between_regions(&self) -> Vec<DataId> {
        let apart = |instance: &&Instance| match &instance.role {
            Role::Replica(source) => self.rds.by_arn(source).is_some_and(|source| source.region != instance.region),
            Role::Primary => false,
        };
        self.rds.instances.iter().filter(apart).map(|instance| instance.data).collect()
    }

    fn fail_instance(&mut self, how: InstanceFailure) -> Result<(), &'static str> {
        let (data, now) = (self.healthy_primary()?, self.now());
        let gray = match how {
            InstanceFailure::Gray => true,
            InstanceFailure::Crash => false,
            InstanceFailure::Drawn => self.seed.bits("instance-failure").is_multiple_of(2),
            InstanceFailure::Alone => {
                if let Some(instance) = self.rds.by_data_mut(data) {
                    instance.settings.multi_az = false;
                    instance.standby = None;
                }
                self.rds.ail(data, Some(Ailment::HostLost), now);
                self.tell("the host of the primary database dies, and it had no standby");
                return Ok(());
            }
        };
        if gray {
            self.rds.ail(data, Some(Ailment::Stalled), now);
            self.tell("the host of the primary database stalls");
            return Ok(());
        }
        self.rds.ail(data, Some(Ailment::HostLost), now);
        self.tell("the host of the primary database dies");
        self.broken.takeover_due = Some((data, now));
        Ok(())
    }

    fn lose_zone(&mut self, zone: Option<&'static str>) -> Result<(), &'static str> {
        let region = Region::East;
        if self.fleet(region).lost_zone().is_some() {
            return Err("a zone is lost already");
        }
        let (now, usual) = (self.now(), self.used_by(region).map_or("us-east-1a", |instance| instance.zone));
        let zone = zone.unwrap_or(usual);
        self.fleet_mut(region).lose(zone, now);
        self.rds.aurora.zone(region, zone, Light::Out);
        self.tell(format!("the zone {zone} is lost"));
        let hit: Vec<(DataId, bool)> = self
            .rds
            .instances
            .iter()
            .filter(|instance| instance.region == region)
            .filter(|instance| instance.zone == zone || instance.standby == Some(zone))
            .map(|instance| (instance.data, instance.zone == zone))
            .collect();
        // In a gray failure nothing takes over by itself.
        let by_itself = !self.seed.bits("az-failure").is_multiple_of(3);
        for (data, is_primary) in hit {
            if is_primary {
                self.rds.ail(data, Some(Ailment::HostLost), now);
                if by_itself {
                    self.broken.takeover_due = Some((data, now));
                }
            } else if let Some(instance) = self.rds.by_data_mut(data) {
                instance.lose_standby(now.plus(3_600 * SECOND));
            }
        }
        Ok(())
    }

    fn regain_zone(&mut self) -> Result<(), &'static str> {
        let zone = self.fleet(Region::East).lost_zone().ok_or("no zone is lost")?;
        self.fleet_mut(Region::East).regain();
        self.rds.aurora.zone(Region::East, zone, Light::On);
        let now = self.now();
        for data in self.of_region(Region::East) {
            let stalled = self.rds.by_data(data).is_some_and(|instance| {
                instance.zone == zone && instance.ailment == Some(Ailment::HostLost) && !instance.is_busy()
            });
            if stalled {
                self.rds.ail(data, None, now);
            }
        }
        self.tell(format!("the zone {zone} is back"));
        Ok(())
    }

    fn corrupt(&mut self) -> Result<(), &'static str> {
        if self.releases.last().is_some_and(|release| release.mangles_from.is_some()) {
            return Err("a release that mangles rows runs already");
        }
        let now = self.now();
        let from = now.plus(self.seed.millis("first-bad-write", 20 * SECOND, 90 * SECOND));
        self.broken.alarm_due = Some(from.plus(self.seed.millis("reconciliation", 120 * SECOND, 240 * SECOND)));
        self.releases.push(Release { version: "2026.48.0", deployed: now, mangles_from: Some(from) });
        self.tell("release 2026.48.0 is deployed");
        Ok(())
    }

    fn delete_by_accident(&mut self, victim: Victim) -> Result<(), &'static str> {
        let now = self.now();
        if matches!(victim, Victim::Instance | Victim::Both) {
            let data = self.healthy_primary()?;
            let (region, id) = self
                .rds
                .by_data(data)
                .map_or((Region::East, PRIMARY_DB.to_owned()), |instance| (instance.region, instance.id.clone()));
            let retained = self.seed.bits("retained-backups").is_multiple_of(2);
            let who = ("ci-terraform", "APN/1.0 HashiCorp/1.0 Terraform/1.11.4");
            if let Some(instance) = self.rds.by_data_mut(data) {
                let off = Changes { deletion_protection: Some(false), ..Changes::default() };
                off.make(&mut instance.settings);
            }
            let parameters =
                json!({ "dBInstanceIdentifier": id, "deletionProtection": false, "applyImmediately": true });
            self.record_call(region, ("rds.amazonaws.com", "ModifyDBInstance"), who, &id, parameters);
            let parameters = json!({
                "dBInstanceIdentifier": id, "skipFinalSnapshot": true, "deleteAutomatedBackups": !retained,
            });
            self.record_call(region, ("rds.amazonaws.com", "DeleteDBInstance"), who, &id, parameters);
            let backups = if retained { Backups::Retained } else { Backups::Deleted };
            let gone = self.rds.delete(region, &id, FinalSnapshot::Skipped, backups, now);
            gone.map_err(|_| "the primary database cannot be deleted now")?;
            self.tell(format!("{id} is being deleted by accident"));
        }
        if matches!(victim, Victim::Objects | Victim::Both) {
            let keys = self.images();
            let (seed, name) = (self.seed, ASSETS[0]);
            for (place, key) in keys.iter().enumerate() {
                if let Some(bucket) = self.bucket_mut(name) {
                    bucket.delete(key, None, seed.hex(&format!("accident/{place}"), 32), now);
                }
            }
            self.tell(format!("{} objects of {name} are deleted by accident", keys.len()));
        }
        if victim == Victim::Versions {
            let (keys, name) = (self.images(), ASSETS[0]);
            let mut gone = 0_usize;
            if let Some(bucket) = self.bucket_mut(name) {
                for key in keys.iter().take(5) {
                    let ids: Vec<String> = bucket
                        .versions()
                        .filter(|(known, _)| *known == key.as_str())
                        .map(|(_, version): (_, &Version)| version.id.clone())
                        .collect();
                    for id in ids {
                        bucket.delete(key, Some(&id), String::new(), now);
                        gone += 1;
                    }
                }
            }
            self.tell(format!("{gone} versions of objects of {name} are destroyed by accident"));
        }
        if matches!(victim, Victim::Objects | Victim::Versions) {
            self.broken.alarm_due = Some(now.plus(self.seed.millis("missing-images", 5 * SECOND, 40 * SECOND)));
        }
        Ok(())
    }

    fn images(&self) -> Vec<String> {
        let bucket = self.bucket(ASSETS[0]);
        let all = bucket.into_iter().flat_map(|bucket| bucket.list().map(|(key, ..)| key.to_owned()));
        all.filter(|key| key.starts_with(IMAGES_PREFIX)).collect()
    }

    fn lag(&mut self, most: Option<i64>) -> Result<(), &'static str> {
        let (now, usual) = (self.now(), self.rds.lag);
        let replicas: Vec<DataId> = self.rds.data.followers().map(|(id, _)| id).collect();
        if replicas.is_empty() {
            return Err("there is no replica");
        }
        for replica in replicas {
            let lag = Flow::Lagging(most.unwrap_or(usual));
            self.rds.data.flow(replica, lag, now, &mut self.rds.outbox);
        }
        self.tell(if most.is_some() { "the replica falls behind" } else { "the replica catches up" });
        Ok(())
    }

    fn disable_key(&mut self) -> Result<(), &'static str> {
        let now = self.now();
        let arn = self.primary()?.kms_key.clone();
        let pending = self.seed.bits("kms-disabled").is_multiple_of(2);
        let key = self.keys.iter_mut().find(|key| key.arn() == arn).ok_or("the database has no key of its own")?;
        if key.state != KeyState::Enabled {
            return Err("the key is disabled already");
        }
        if pending {
            key.schedule_deletion(7, now);
        } else {
            key.state = KeyState::Disabled;
        }
        self.keys_changed();
        self.tell("the key of the primary database cannot be used any more");
        Ok(())
    }

    /// Draws the consequences of what became of keys: databases without theirs stop.
    pub fn keys_changed(&mut self) {
        let now = self.now();
        let lost = self.keys.iter().filter(|key| key.state != KeyState::Enabled).map(Key::arn).collect();
        self.rds.lost_keys = lost;
        let stopped: Vec<DataId> = self
            .rds
            .instances
            .iter()
            .filter(|instance| instance.ailment.is_none() && self.rds.lost_keys.contains(&instance.kms_key))
            .map(|instance| instance.data)
            .collect();
        for data in stopped {
            self.rds.ail(data, Some(Ailment::KeyLost), now);
        }
    }

    /// Carries out what has come due.
    pub(super) fn break_what_is_due(&mut self) {
        let now = self.now();
        self.go_on_with_failover();
        if self.broken.region_cut() == Some(now) {
            self.tell("us-east-1 is lost");
            for data in self.of_region(Region::East) {
                self.rds.outbox.ask(now, DataEffect::Halt { data });
            }
        }
        if self.broken.waiting.iter().any(|(at, ..)| *at <= now) {
            let all = std::mem::take(&mut self.broken.waiting).into_iter();
            let (due, waiting): (Vec<_>, Vec<_>) = all.partition(|(at, ..)| *at <= now);
            self.broken.waiting = waiting;
            for (_, text, fault) in due {
                // What is refused is on the facilitator's record.
                self.inject_as(&text, fault).ok();
            }
        }
        if let Some((data, _)) = self.broken.takeover_due.filter(|(_, since)| now > *since) {
            // Nothing takes over while something else is being done; then it is tried again.
            let needed = self.rds.by_data(data).is_some_and(|instance| instance.ailment == Some(Ailment::HostLost));
            if !needed || self.rds.fail_over(data, now) {
                self.broken.takeover_due = None;
            }
        }
        if self.broken.first_bad_write.is_none() && self.mangles() {
            self.broken.first_bad_write = Region::ALL
                .iter()
                .filter_map(|region| self.connected(*region).ok())
                .find_map(|instance| Some((instance.data, self.rds.data.ledger(instance.data).first_bad_at()?)));
        }
        if let Some(due) = self.broken.alarm_due.filter(|due| *due <= now) {
            self.broken.alarm_due = None;
            let what = if self.broken.first_bad_write.is_some() {
                "the reconciliation: totals of orders do not match their lines"
            } else {
                "the shop's monitoring: images of the shop are missing"
            };
            self.broken.alarm = Some((due, what));
            self.tell("the monitoring raises the alarm");
        }
    }

    /// Puts the application back to the release before the one that runs; `None` where there is none.
    pub fn roll_back(&mut self) -> Option<&'static str> {
        let now = self.now();
        let before = self.releases.iter().rev().nth(1)?.clone();
        self.releases.push(Release { deployed: now, ..before.clone() });
        self.tell(format!("release {} is deployed again", before.version));
        Some(before.version)
    }

    /// Draws something that changes with every call.
    pub fn chance(&mut self) -> u64 {
        let serial = self.next_serial();
        scramble(self.seed.0 ^ serial)
    }
}

/// Says why a fault was not injected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InjectError {
    /// It is no fault.
    Unknown(String),
    /// It makes no sense now.
    Refused(&'static str),
}
