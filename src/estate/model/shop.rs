//! The shop's application in one region: serving, or answering maintenance until its database takes writes.

use super::place::Region;
use super::time::{Moment, SECOND};

/// How often the application looks whether its database takes writes.
const LOOK_EVERY: i64 = 5 * SECOND;

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
    /// The database is restarting.
    #[error("the database does not accept connections")]
    DatabaseUnreachable,
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
}

impl Shop {
    /// Starts it.
    pub fn new(region: Region, front: Front) -> Self {
        Self { region, front, hold: Hold::Free, looked: Moment::START }
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
