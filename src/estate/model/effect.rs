//! What the model asks of the data: the contract with whatever keeps it.
//!
//! The model decides what happens and when; a **data backend** carries it out. The modelled data of
//! [`Ledger`](super::ledger::Ledger) are one backend: they are ready at once, so nothing is queued. Another one (real
//! database servers) takes the effects out of the [`Outbox`] in their order, does them, and reports each as done; until
//! then a status that waits for one does not change, however long its time has passed.
//!
//! ```text
//! outbox.external()                    once, before the first tick: from now on effects are queued
//! outbox.take() -> Vec<Ordered>        after every step; first come the databases of the reference stack
//! outbox.done(id)                      the status that waits for it may change
//! outbox.failed(id)                    the instance ends in `failed` (a promotion) or `restore-error` (a restore)
//! ```

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use super::ledger::Commit;
use super::place::Region;
use super::time::Moment;

/// Names one database's data for good, whatever its instance is called and whether it still stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DataId(pub u32);

impl fmt::Display for DataId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "data-{}", self.0)
    }
}

/// Names one effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EffectId(pub u64);

/// Is a database as it was at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataPoint {
    /// Which database.
    pub data: DataId,
    /// Everything that was committed until then, by the time of the commit on its primary, and nothing after.
    pub through: Moment,
}

/// Says how replication to a database goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// It follows, a commit taking so many milliseconds of the estate's time.
    Lagging(i64),
    /// Nothing more arrives: what was not there at that moment never comes over this link.
    Cut,
    /// The link is there again, and it catches up.
    Mended,
}

/// Is one thing to be done with data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataEffect {
    /// The primary of the reference stack is to stand, with its history. Nothing waits.
    Found {
        /// Its data.
        data: DataId,
        /// Where.
        region: Region,
    },
    /// A new database is to follow `source` from everything that it holds. `creating` waits.
    Follow {
        /// The new one.
        data: DataId,
        /// Where.
        region: Region,
        /// What it follows.
        source: DataId,
    },
    /// A new database is to hold what another one held. `creating` waits.
    Restore {
        /// The new one.
        data: DataId,
        /// Where.
        region: Region,
        /// What it is to hold.
        from: DataPoint,
    },
    /// A copy is to be kept of what a database holds. `backing-up` waits.
    Snapshot {
        /// The snapshot's name, unique in its region.
        name: String,
        /// Where.
        region: Region,
        /// What it holds.
        of: DataPoint,
    },
    /// A replica is to become a primary of its own. The end of the promotion's `rebooting` waits.
    Promote {
        /// Which.
        data: DataId,
    },
    /// The server is to restart; where `failover` is given, as the standby in that zone. `rebooting` waits.
    Restart {
        /// Which.
        data: DataId,
        /// The zone to which it moves.
        failover: Option<&'static str>,
    },
    /// The server does not answer any more (its zone, its host, its key, its region is gone). Nothing waits.
    Halt {
        /// Which.
        data: DataId,
    },
    /// It answers again. Nothing waits.
    Resume {
        /// Which.
        data: DataId,
    },
    /// Replication goes on differently. Nothing waits.
    Replication {
        /// The replica.
        data: DataId,
        /// How.
        flow: Flow,
    },
    /// A transaction is to be committed, in this order. Nothing waits.
    Write {
        /// Where.
        data: DataId,
        /// What.
        commit: Commit,
    },
    /// The instance is gone; its data may go once no snapshot and no backup needs them. Nothing waits.
    Delete {
        /// Which.
        data: DataId,
    },
}

/// Is one effect in its turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ordered {
    /// Its id.
    pub id: EffectId,
    /// When it was asked for.
    pub at: Moment,
    /// What is to be done.
    pub effect: DataEffect,
}

/// Says who keeps the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Backing {
    Modelled,
    External,
}

/// Says how far an effect is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Whatever waits for it goes on waiting.
    UnderWay,
    /// It is done.
    Done,
    /// It cannot be done.
    Failed,
}

/// Holds what is to be done with data and what is not finished yet.
#[derive(Clone, Debug)]
pub struct Outbox {
    backing: Backing,
    queue: VecDeque<Ordered>,
    open: BTreeMap<EffectId, Progress>,
    next: u64,
}

impl Default for Outbox {
    fn default() -> Self {
        Self { backing: Backing::Modelled, queue: VecDeque::new(), open: BTreeMap::new(), next: 0 }
    }
}

impl Outbox {
    /// Has effects queued from now on, for a backend that takes them out.
    pub fn external(&mut self) {
        self.backing = Backing::External;
    }

    /// Tells whether a backend takes the effects out.
    pub fn is_external(&self) -> bool {
        self.backing == Backing::External
    }

    /// Asks for an effect for which nothing waits.
    pub fn ask(&mut self, at: Moment, effect: DataEffect) {
        if self.is_external() {
            self.push(at, effect);
        }
    }

    /// Asks for an effect for which a status waits; `None` where the modelled data are ready at once.
    pub fn order(&mut self, at: Moment, effect: DataEffect) -> Option<EffectId> {
        if !self.is_external() {
            return None;
        }
        let id = self.push(at, effect);
        self.open.insert(id, Progress::UnderWay);
        Some(id)
    }

    fn push(&mut self, at: Moment, effect: DataEffect) -> EffectId {
        self.next += 1;
        let id = EffectId(self.next);
        self.queue.push_back(Ordered { id, at, effect });
        id
    }

    /// Takes out what was asked for since the last time, in its order.
    pub fn take(&mut self) -> Vec<Ordered> {
        self.queue.drain(..).collect()
    }

    /// Notes that an effect is done.
    pub fn done(&mut self, id: EffectId) {
        self.open.remove(&id);
    }

    /// Notes that an effect cannot be done.
    pub fn failed(&mut self, id: EffectId) {
        if let Some(progress) = self.open.get_mut(&id) {
            *progress = Progress::Failed;
        }
    }

    /// Tells how far an effect is that a status waits for.
    pub fn progress(&self, id: EffectId) -> Progress {
        self.open.get(&id).copied().unwrap_or(Progress::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modelled_data_queue_nothing_and_keep_nobody_waiting() {
        let mut outbox = Outbox::default();
        assert_eq!(outbox.order(Moment(0), DataEffect::Promote { data: DataId(1) }), None);
        assert!(outbox.take().is_empty());
    }

    #[test]
    fn what_is_ordered_is_open_until_it_is_done() {
        let mut outbox = Outbox::default();
        outbox.external();
        let id = outbox.order(Moment(5), DataEffect::Promote { data: DataId(1) }).unwrap();
        outbox.ask(Moment(6), DataEffect::Delete { data: DataId(2) });
        let taken = outbox.take();
        assert_eq!(taken.iter().map(|ordered| ordered.at).collect::<Vec<_>>(), [Moment(5), Moment(6)]);
        assert_eq!(outbox.progress(id), Progress::UnderWay);
        outbox.done(id);
        assert_eq!(outbox.progress(id), Progress::Done);
    }
}
