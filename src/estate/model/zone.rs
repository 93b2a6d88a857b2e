//! The hosted zone: records, failover answers, and changes that take a while to be served.

use super::draw::Seed;
use super::health::Health;
use super::place::{PRIMARY_DB, REPLICA_DB, Region, SERVICE, ZONE};
use super::time::{Moment, SECOND};

/// Says which of a failover pair a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failover {
    /// Answered while healthy.
    Primary,
    /// Answered otherwise.
    Secondary,
}

/// Is one resource record set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordSet {
    /// Its name, lower-case, without the final dot.
    pub name: String,
    /// `A`, `NS` ...
    pub kind: String,
    /// Seconds for which an answer may be kept.
    pub ttl: u32,
    /// Its values.
    pub values: Vec<String>,
    /// What tells it from others of the same name and kind.
    pub set_id: Option<String>,
    /// Which of a failover pair it is.
    pub failover: Option<Failover>,
    /// The id of its health check.
    pub check: Option<String>,
}

impl RecordSet {
    fn simple(name: &str, kind: &str, ttl: u32, value: &str) -> Self {
        let (name, kind, values) = (name.to_owned(), kind.to_owned(), vec![value.to_owned()]);
        Self { name, kind, ttl, values, set_id: None, failover: None, check: None }
    }

    fn key(&self) -> (&str, &str, Option<&str>) {
        (&self.name, &self.kind, self.set_id.as_deref())
    }
}

/// Is what a name server says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// These values, to be kept for so many seconds.
    Values {
        /// The seconds.
        ttl: u32,
        /// The values.
        values: Vec<String>,
    },
    /// The name exists, that kind of record does not.
    NoData,
    /// There is no such name.
    NoName,
    /// The name is not in the zone.
    NotOurs,
}

/// Is one step of a change batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Must not exist yet.
    Create,
    /// Is made or replaced.
    Upsert,
    /// Must exist exactly so.
    Delete,
}

/// Is a change that was accepted.
#[derive(Clone, Debug)]
pub struct Change {
    /// Its id.
    pub id: String,
    /// When it was accepted.
    pub submitted: Moment,
    /// When all name servers serve it.
    pub in_sync: Moment,
    records: Vec<RecordSet>,
}

/// Is the hosted zone.
#[derive(Clone, Debug)]
pub struct Zone {
    listed: Vec<RecordSet>,
    served: Vec<RecordSet>,
    changes: Vec<Change>,
    made: u32,
    seed: Seed,
}

impl Zone {
    /// Makes the zone of the reference stack with the health checks of its failover pair.
    pub fn new(seed: Seed, primary_check: &str, secondary_check: &str) -> Self {
        let pair = |region: Region, failover, set_id: &str, check: &str| RecordSet {
            set_id: Some(set_id.to_owned()),
            failover: Some(failover),
            check: Some(check.to_owned()),
            ..RecordSet::simple(SERVICE, "A", 60, &region.address().to_string())
        };
        let name_server = format!("ns1.{ZONE}");
        let soa = format!("{name_server}. hostmaster.{ZONE}. 1 7200 900 1209600 60");
        let listed = vec![
            RecordSet::simple(ZONE, "NS", 172_800, &format!("{name_server}.")),
            RecordSet::simple(ZONE, "SOA", 900, &soa),
            RecordSet::simple(&name_server, "A", 172_800, "127.0.0.1"),
            pair(Region::East, Failover::Primary, "shop-primary-us-east-1", primary_check),
            pair(Region::West, Failover::Secondary, "shop-secondary-us-west-2", secondary_check),
            RecordSet::simple(Region::East.database_alias(), "CNAME", 5, &Region::East.endpoint(PRIMARY_DB)),
            RecordSet::simple(Region::West.database_alias(), "CNAME", 5, &Region::West.endpoint(REPLICA_DB)),
        ];
        Self { served: listed.clone(), listed, changes: Vec::new(), made: 0, seed }
    }

    /// Lists what the control plane shows, ordered as it does.
    pub fn list(&self) -> &[RecordSet] {
        &self.listed
    }

    /// Answers a query; `health` says what a health check says.
    pub fn answer(&self, name: &str, kind: &str, health: impl Fn(&str) -> Health) -> Answer {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        if name != ZONE && !name.strip_suffix(ZONE).is_some_and(|rest| rest.ends_with('.')) {
            return Answer::NotOurs;
        }
        if !self.served.iter().any(|set| set.name == name) {
            return Answer::NoName;
        }
        let sets: Vec<&RecordSet> = self.served.iter().filter(|set| set.name == name && set.kind == kind).collect();
        let healthy = |set: &RecordSet| set.check.as_deref().is_none_or(|check| health(check) == Health::Healthy);
        let of = |failover| sets.iter().find(|set| set.failover == Some(failover)).copied();
        // Nobody healthy counts as everybody healthy: the primary is answered.
        let chosen = match (of(Failover::Primary), of(Failover::Secondary)) {
            (Some(primary), Some(secondary)) if !healthy(primary) && healthy(secondary) => Some(secondary),
            (Some(primary), _) => Some(primary),
            (None, Some(secondary)) => Some(secondary),
            (None, None) => sets.first().copied(),
        };
        chosen.map_or(Answer::NoData, |set| Answer::Values { ttl: set.ttl, values: set.values.clone() })
    }

    /// Accepts a batch of changes, all or none.
    ///
    /// # Errors
    /// What is wrong with which record, in AWS's manner.
    pub fn change(&mut self, batch: Vec<(Action, RecordSet)>, now: Moment) -> Result<Change, Vec<String>> {
        let (mut records, mut wrong) = (self.listed.clone(), Vec::new());
        for (action, set) in batch {
            let place = records.iter().position(|known| known.key() == set.key());
            let name = &set.name;
            if name != ZONE && !name.strip_suffix(ZONE).is_some_and(|rest| rest.ends_with('.')) {
                wrong.push(format!("RRSet with DNS name {name}. is not permitted in zone {ZONE}."));
                continue;
            }
            match (action, place) {
                (Action::Create, Some(_)) => wrong.push(format!(
                    "Tried to create resource record set [name='{name}.', type='{}'] but it already exists",
                    set.kind
                )),
                (Action::Create | Action::Upsert, None) => records.push(set),
                (Action::Upsert, Some(place)) => {
                    if let Some(known) = records.get_mut(place) {
                        *known = set;
                    }
                }
                (Action::Delete, Some(place)) if records.get(place) == Some(&set) => {
                    records.remove(place);
                }
                (Action::Delete, Some(_)) => wrong.push(format!(
                    "Tried to delete resource record set [name='{name}.', type='{}'] but the values provided do not match the current values",
                    set.kind
                )),
                (Action::Delete, None) => wrong.push(format!(
                    "Tried to delete resource record set [name='{name}.', type='{}'] but it was not found",
                    set.kind
                )),
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        self.made += 1;
        let name = format!("change/{}", self.made);
        let change = Change {
            id: format!("C{}", self.seed.hex(&name, 20).to_uppercase()),
            submitted: now,
            in_sync: now.plus(self.seed.millis(&name, 10 * SECOND, 50 * SECOND)),
            records: records.clone(),
        };
        self.listed = records;
        self.changes.push(change.clone());
        Ok(change)
    }

    /// Finds the change `id`.
    pub fn find_change(&self, id: &str) -> Option<&Change> {
        self.changes.iter().find(|change| change.id == id)
    }

    /// Serves what has come in sync by `now`.
    pub fn advance(&mut self, now: Moment) {
        for change in self.changes.iter_mut().filter(|change| change.in_sync <= now) {
            if !change.records.is_empty() {
                self.served = std::mem::take(&mut change.records);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(zone: &Zone, primary: Health, secondary: Health) -> String {
        let health = |id: &str| if id == "p" { primary } else { secondary };
        match zone.answer("SHOP.practice.example.", "A", health) {
            Answer::Values { ttl: 60, values } => values.join(","),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn failover_truth_table() {
        use Health::{Healthy, Unhealthy};
        let zone = Zone::new(Seed(1), "p", "s");
        for (primary, secondary, expected) in [
            (Healthy, Healthy, "127.77.0.1"),
            (Healthy, Unhealthy, "127.77.0.1"),
            (Unhealthy, Healthy, "127.77.0.2"),
            (Unhealthy, Unhealthy, "127.77.0.1"),
        ] {
            assert_eq!(served(&zone, primary, secondary), expected, "{primary:?} {secondary:?}");
        }
    }

    #[test]
    fn names_outside_and_kinds_that_are_not_there() {
        let zone = Zone::new(Seed(1), "p", "s");
        let healthy = |_: &str| Health::Healthy;
        assert_eq!(zone.answer("example.com", "A", healthy), Answer::NotOurs);
        assert_eq!(zone.answer("notpractice.example", "A", healthy), Answer::NotOurs);
        assert_eq!(zone.answer("no.practice.example", "A", healthy), Answer::NoName);
        assert_eq!(zone.answer("shop.practice.example", "AAAA", healthy), Answer::NoData);
    }

    #[test]
    fn a_change_is_served_only_when_in_sync_and_a_bad_batch_changes_nothing() {
        let mut zone = Zone::new(Seed(1), "p", "s");
        let set = RecordSet::simple("new.practice.example", "A", 60, "127.0.0.9");
        let bad = vec![
            (Action::Create, set.clone()),
            (Action::Delete, RecordSet::simple("no.practice.example", "A", 1, "x")),
        ];
        assert_eq!(zone.change(bad, Moment(0)).unwrap_err().len(), 1);
        let change = zone.change(vec![(Action::Create, set.clone())], Moment(0)).unwrap();
        let healthy = |_: &str| Health::Healthy;
        zone.advance(change.in_sync.plus(-1));
        assert_eq!(zone.answer("new.practice.example", "A", healthy), Answer::NoName);
        zone.advance(change.in_sync);
        assert!(matches!(zone.answer("new.practice.example", "A", healthy), Answer::Values { .. }));
        assert!(zone.change(vec![(Action::Create, set)], Moment(0)).is_err());
    }
}
