//! One tick of the estate after the other: databases, replication, applications, health checks, customers.

use super::effect::DataId;
use super::health::{Health, Subject};
use super::instance::{Happening, Instance, Replication, Role};
use super::ledger::Write;
use super::place::Region;
use super::shop::{Front, Hold, Refused};
use super::time::SECOND;
use super::world::World;
use crate::kernel::scramble;

impl World {
    pub(super) fn step(&mut self) {
        self.break_what_is_due();
        for region in Region::ALL {
            if self.is_up(region) {
                self.databases(region);
            }
        }
        self.global_clusters();
        self.replication();
        self.replicate_objects();
        self.age_objects();
        self.zone.advance(self.now);
        for region in Region::ALL {
            self.application(region);
        }
        self.choose_surviving();
        self.health();
        self.watch_metrics();
        self.customer();
    }

    fn databases(&mut self, region: Region) {
        for (at, id, happened) in self.rds.advance(region, self.now) {
            self.tell(match &happened {
                Happening::Created(_) => format!("{id} stands"),
                Happening::Restarted => format!("{id} restarted"),
                Happening::FailedOver(_) => format!("the standby of {id} took over"),
                Happening::StandbyReady => format!("{id} has a standby again"),
                Happening::Promoted => format!("{id} is a primary"),
                Happening::BackedUp => format!("{id} has its first backup"),
                Happening::SnapshotTaken(name) => format!("snapshot {name} is finished"),
                Happening::Modified => format!("{id} is modified"),
                Happening::Renamed(old) => format!("{old} is called {id}"),
                Happening::Started => format!("{id} started"),
                Happening::Stopped => format!("{id} stopped"),
                Happening::Deleted => format!("{id} is gone"),
                Happening::Broke => format!("{id} broke"),
            });
            if happened == Happening::Promoted
                && let Ok(promoted) = self.rds.find(region, &id).map(|instance| instance.data)
            {
                let found = self.found_at_promotion.filter(|(data, _)| *data == promoted);
                self.recovered = Some(found.unwrap_or_else(|| {
                    (promoted, self.rds.data.ledger(promoted).last_commit().filter(|last| *last <= at))
                }));
            }
        }
        for told in self.rds.advance_aurora(region, self.now) {
            self.tell(told);
        }
        for replica in self.replicas(region) {
            self.rds.data.receive(replica, self.now);
        }
        let connected = self.connected(region).map(|instance| (instance.data, instance.starts)).ok();
        let old = self.shop(region).session().is_some_and(|session| session.is_old(self.now));
        if connected.is_none() || old {
            self.connect(region);
        }
        if self.now.0.rem_euclid(SECOND) == 0 && self.writable(region).is_ok() {
            self.commit(region, Write::Heartbeat);
            if self.mangles() && self.shop(region).hold == Hold::Free {
                self.mangle_an_old_row(region);
            }
        }
    }

    fn global_clusters(&mut self) {
        let up: Vec<Region> = Region::ALL.into_iter().filter(|region| self.is_up(*region)).collect();
        for told in self.rds.advance_globals(&up, self.now) {
            self.tell(told);
        }
    }

    /// Lets the background worker of a bad release overwrite the row of an old order.
    fn mangle_an_old_row(&mut self, region: Region) {
        let known = self.orders.saturating_sub(1).max(1);
        let number = scramble(self.seed.0 ^ u64::try_from(self.now.0).unwrap_or(0)) % known + 1;
        self.commit(region, Write::Mangled(number));
    }

    fn replicas(&self, region: Region) -> Vec<DataId> {
        let here = |instance: &&Instance| {
            instance.region == region && instance.is_reachable(self.now) && matches!(instance.role, Role::Replica(_))
        };
        self.rds.instances.iter().filter(here).map(|instance| instance.data).collect()
    }

    /// Lets replicas report, once, that they have given up on their source.
    fn replication(&mut self) {
        let gave_up: Vec<(DataId, Region, String)> = self
            .rds
            .instances
            .iter()
            .filter(|instance| matches!(instance.role, Role::Replica(_)) && self.is_up(instance.region))
            .filter(|instance| instance.replication == Replication::Replicating)
            .filter(|instance| self.rds.data.gave_up(instance.data, self.now))
            .map(|instance| (instance.data, instance.region, instance.id.clone()))
            .collect();
        for (data, region, id) in gave_up {
            let message = "Replication has stopped: the source of the read replica does not answer.";
            self.rds.note(self.now, region, &id, "read replica", message);
            if let Some(instance) = self.rds.by_data_mut(data) {
                instance.replication = Replication::Error;
            }
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

    /// Decides which database will go on: of those that the shops use, the one that became a primary last.
    fn choose_surviving(&mut self) {
        if self.now.0.rem_euclid(SECOND) != 0 {
            return;
        }
        let used = Region::ALL.iter().filter_map(|region| self.shop(*region).session());
        let primaries = used
            .filter_map(|session| self.rds.by_data(session.data))
            .filter(|instance| instance.role == Role::Primary && self.is_up(instance.region));
        let chosen = primaries.max_by_key(|instance| instance.primary_since).map(|instance| instance.data);
        let left = || {
            if self.is_up(Region::East) {
                return None;
            }
            self.used_by(Region::West).map(|instance| instance.data)
        };
        if let Some(data) = chosen.or_else(left) {
            self.surviving = data;
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
            let changed = self.checks.get_mut(at).and_then(|check| Some((check.name.clone(), check.look(now, seen)?)));
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
