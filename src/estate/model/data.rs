//! The data of every database, by name of the data: what each holds, and which follows which.

use std::collections::BTreeMap;

use super::effect::{DataEffect, DataId, DataPoint, Flow, Outbox};
use super::ledger::{Commit, Ledger};
use super::time::{Moment, SECOND};

/// After how long a replica reports that it cannot reach its source.
const REPLICATION_TIMEOUT: i64 = 40 * SECOND;

/// Says how a database follows another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Follow {
    /// What it follows.
    pub source: DataId,
    /// Up to when it has everything.
    pub position: Moment,
    /// How many milliseconds a commit is on its way.
    pub lag: i64,
    /// Since when nothing arrives any more.
    pub cut: Option<Moment>,
}

/// Holds all data.
#[derive(Clone, Debug, Default)]
pub struct Data {
    ledgers: BTreeMap<DataId, Ledger>,
    follows: BTreeMap<DataId, Follow>,
    origins: BTreeMap<DataId, DataPoint>,
    next: u32,
}

impl Data {
    /// Takes in a database and returns its name.
    pub fn add(&mut self, ledger: Ledger) -> DataId {
        self.next += 1;
        let id = DataId(self.next);
        self.ledgers.insert(id, ledger);
        id
    }

    /// Makes a database that follows `source`, a commit taking `lag` milliseconds; so far it has all until `position`.
    pub fn follower(&mut self, source: DataId, lag: i64, position: Moment) -> DataId {
        let id = self.add(self.ledger(source).as_of(position));
        self.follows.insert(id, Follow { source, position, lag, cut: None });
        id
    }

    /// Makes a database that holds what another one held.
    pub fn restored(&mut self, from: DataPoint) -> DataId {
        let id = self.add(self.ledger(from.data).as_of(from.through));
        self.origins.insert(id, from);
        id
    }

    /// Returns what a database holds; nothing, where there is none of that name.
    pub fn ledger(&self, id: DataId) -> &Ledger {
        static NOTHING: Ledger = Ledger::empty();
        self.ledgers.get(&id).unwrap_or(&NOTHING)
    }

    /// Returns what a database was restored from.
    pub fn origin(&self, id: DataId) -> Option<DataPoint> {
        self.origins.get(&id).copied()
    }

    /// Returns how a database follows another one.
    pub fn follow(&self, id: DataId) -> Option<&Follow> {
        self.follows.get(&id)
    }

    /// Returns what a database holds now, as a point that stays.
    pub fn point(&self, id: DataId, now: Moment) -> DataPoint {
        DataPoint { data: id, through: self.follows.get(&id).map_or(now, |follow| follow.position) }
    }

    /// Commits a transaction.
    pub fn commit(&mut self, id: DataId, commit: Commit, outbox: &mut Outbox) {
        if let Some(ledger) = self.ledgers.get_mut(&id) {
            ledger.apply(commit);
            outbox.ask(commit.at, DataEffect::Write { data: id, commit });
        }
    }

    /// Returns a database for a change that is no transaction of customers.
    pub fn ledger_mut(&mut self, id: DataId) -> Option<&mut Ledger> {
        self.ledgers.get_mut(&id)
    }

    /// Brings the replica `id` to what has arrived by `now`.
    pub fn receive(&mut self, id: DataId, now: Moment) {
        let Some(follow) = self.follows.get_mut(&id) else { return };
        let through = follow.cut.map_or(now, |cut| cut.min(now)).plus(-follow.lag);
        if through <= follow.position {
            return;
        }
        let (source, from) = (follow.source, follow.position);
        follow.position = through;
        if let (Some(mut ledger), Some(source)) = (self.ledgers.remove(&id), self.ledgers.get(&source)) {
            ledger.follow(source, from, through);
            self.ledgers.insert(id, ledger);
        }
    }

    /// Changes how replication to `id` goes on.
    pub fn flow(&mut self, id: DataId, flow: Flow, now: Moment, outbox: &mut Outbox) {
        let Some(follow) = self.follows.get_mut(&id) else { return };
        match flow {
            Flow::Lagging(lag) => follow.lag = lag,
            Flow::Cut => drop(follow.cut.get_or_insert(now)),
            Flow::Mended => follow.cut = None,
        }
        outbox.ask(now, DataEffect::Replication { data: id, flow });
    }

    /// Makes `id` a database of its own.
    pub fn detach(&mut self, id: DataId) {
        self.follows.remove(&id);
    }

    /// Lists what follows something.
    pub fn followers(&self) -> impl Iterator<Item = (DataId, &Follow)> {
        self.follows.iter().map(|(id, follow)| (*id, follow))
    }

    /// Tells whether the replica `id` has given up on its source by `now`.
    pub fn gave_up(&self, id: DataId, now: Moment) -> bool {
        let cut = self.follows.get(&id).and_then(|follow| follow.cut);
        cut.is_some_and(|cut| now.since(cut) >= REPLICATION_TIMEOUT)
    }

    /// Tells whether the replica `id` gives up on its source at `now`, to the tick.
    pub fn gives_up(&self, id: DataId, now: Moment) -> bool {
        let cut = self.follows.get(&id).and_then(|follow| follow.cut);
        cut.is_some_and(|cut| now.since(cut) == REPLICATION_TIMEOUT)
    }

    /// Returns how many milliseconds the replica `id` is behind what its source has committed, as `ReplicaLag` says it:
    /// now minus the last commit that it has replayed.
    pub fn replica_lag(&self, id: DataId, now: Moment) -> Option<i64> {
        self.follows.get(&id)?;
        Some(now.since(self.ledger(id).last_commit()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estate::model::ledger::Write;

    #[test]
    fn a_replica_has_what_arrived_before_the_link_broke_and_catches_up_when_it_is_mended() {
        let (mut data, mut outbox) = (Data::default(), Outbox::default());
        let primary = data.add(Ledger::default());
        let replica = data.follower(primary, 300, Moment(0));
        for number in 1..=20 {
            let at = Moment(i64::try_from(number).unwrap() * 100);
            data.commit(primary, Commit { at, write: Write::Order(number) }, &mut outbox);
            data.receive(replica, at);
            if number == 10 {
                data.flow(replica, Flow::Cut, at, &mut outbox);
            }
        }
        assert_eq!((data.ledger(replica).count(), data.ledger(replica).last_order()), (7, Some(7)));
        assert!(!data.gave_up(replica, Moment(40_900)) && data.gave_up(replica, Moment(41_000)));
        data.flow(replica, Flow::Mended, Moment(50_000), &mut outbox);
        data.receive(replica, Moment(50_000));
        assert_eq!(data.ledger(replica), data.ledger(primary));
    }

    #[test]
    fn a_snapshot_of_a_replica_holds_what_it_had_replayed() {
        let (mut data, mut outbox) = (Data::default(), Outbox::default());
        let primary = data.add(Ledger::default());
        let replica = data.follower(primary, 500, Moment(0));
        for number in 1..=20 {
            let at = Moment(i64::try_from(number).unwrap() * 100);
            data.commit(primary, Commit { at, write: Write::Order(number) }, &mut outbox);
            data.receive(replica, at);
        }
        let point = data.point(replica, Moment(2_000));
        let restored = data.restored(point);
        assert_eq!(data.ledger(restored).count(), 15);
        assert_eq!(data.origin(restored), Some(point));
    }
}
