//! Where things are: the two regions of the reference stack, and every fixed name in it.

use std::net::Ipv4Addr;

/// The account that owns everything.
pub const ACCOUNT: &str = "000000000000";
/// The access key that the estate gives out; no other is accepted.
pub const ACCESS_KEY: &str = "AKIAPRACTICEESTATE00";
/// The secret that belongs to it. It opens nothing but a practice estate.
pub const SECRET_KEY: &str = "practice/estate/secret/opens/nothing/else";
/// The primary database.
pub const PRIMARY_DB: &str = "shop-db";
/// Its replica in the recovery region.
pub const REPLICA_DB: &str = "shop-db-west";
/// The hosted zone.
pub const ZONE: &str = "practice.example";
/// The zone's id.
pub const ZONE_ID: &str = "Z0PRACTICE000EXAMPLE";
/// The public name of the shop.
pub const SERVICE: &str = "shop.practice.example";
/// The bucket of the latch.
pub const LATCH_BUCKET: &str = "shop-latch-us-west-2";
/// The object that latches traffic away from the primary region.
pub const LATCH_KEY: &str = "initiate-failover.html";
/// The security group of the replica.
pub const WEST_SECURITY_GROUP: &str = "sg-0west0shop0db0001";
/// The parameter group of the replica.
pub const WEST_PARAMETER_GROUP: &str = "shop-postgres16-west";

/// Names a region of the reference stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Region {
    /// `us-east-1`, the primary.
    East,
    /// `us-west-2`, the recovery side.
    West,
}

impl Region {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::East, Self::West];

    /// Returns its name at AWS.
    pub const fn name(self) -> &'static str {
        match self {
            Self::East => "us-east-1",
            Self::West => "us-west-2",
        }
    }

    /// Finds the region of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|region| region.name() == name)
    }

    /// Returns where its shop listens.
    pub const fn address(self) -> Ipv4Addr {
        match self {
            Self::East => Ipv4Addr::new(127, 77, 0, 1),
            Self::West => Ipv4Addr::new(127, 77, 0, 2),
        }
    }

    /// Finds the region whose shop listens at `address`.
    pub fn at(address: Ipv4Addr) -> Option<Self> {
        Self::ALL.into_iter().find(|region| region.address() == address)
    }
}
