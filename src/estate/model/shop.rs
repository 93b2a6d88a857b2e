//! The shop's application in one region: serving, or answering maintenance until its database takes writes.

use super::effect::DataId;
use super::place::Region;
use super::time::{Moment, SECOND};

/// How often the application looks whether its database takes writes.
const LOOK_EVERY: i64 = 5 * SECOND;
/// For how long the application keeps its connections before it asks again where its database is.
const SESSION_LIFE: i64 = 60 * SECOND;

/// Says what the application does with customers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Front {
    /// It takes orders.
    Serving,
    /// It says maintenance.
    Maintenance,
}

/// Says who decides about maintenance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// The application itself, by its database.
    Free,
    /// An operator holds it in maintenance.
    Held,
}

/// Says why an order or a probe is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The region is gone.
    #[error("the region does not answer")]
    RegionDown,
    /// The application says maintenance.
    #[error("maintenance")]
    Maintenance,
    /// The availability zone in which the request arrived is gone.
    #[error("the request was not served: no target answers in the zone in which it arrived")]
    ZoneDown,
    /// The database is restarting, stalled or gone.
    #[error("the database does not accept connections")]
    DatabaseUnreachable,
    /// The name of the database leads nowhere.
    #[error("the name of the database does not resolve to an instance")]
    NoDatabase,
    /// The network or the security group lets nobody in.
    #[error("the connection to the database timed out: its network or its security group does not let the shop in")]
    ShutOut,
    /// The database is a replica.
    #[error("the database is in recovery and read-only")]
    ReadOnly,
}

/// Is the application in one region.
#[derive(Clone, Debug)]
pub struct Shop {
    /// Where it runs.
    pub region: Region,
    /// What it does with customers.
    pub front: Front,
    /// Who decides about that.
    pub hold: Hold,
    looked: Moment,
    session: Option<Session>,
}

/// Is the application's connections to its database: they hold until it restarts, or until they are old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// The database.
    pub data: DataId,
    /// Which start of its engine they belong to.
    pub starts: u32,
    /// Since when.
    pub since: Moment,
}

impl Session {
    /// Tells whether the application asks again where its database is.
    pub fn is_old(&self, now: Moment) -> bool {
        now.since(self.since) >= SESSION_LIFE
    }
}

impl Shop {
    /// Starts it.
    pub fn new(region: Region, front: Front) -> Self {
        Self { region, front, hold: Hold::Free, looked: Moment::START, session: None }
    }

    /// Returns its connections.
    pub fn session(&self) -> Option<Session> {
        self.session
    }

    /// Opens connections, or drops them.
    pub fn connect(&mut self, session: Option<Session>) {
        self.session = session;
    }

    /// Lets it look at its database, if it is time to; `Some` when it changed what it does.
    pub fn look(&mut self, now: Moment, writable: bool) -> Option<Front> {
        if now.since(self.looked) < LOOK_EVERY {
            return None;
        }
        self.looked = now;
        let front = if writable && self.hold == Hold::Free { Front::Serving } else { Front::Maintenance };
        (front != self.front).then(|| {
            self.front = front;
            front
        })
    }
}
