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
/// The key of a dump of the western bucket that lies in Glacier.
pub const ARCHIVED_DUMP: &str = "archive/shop-db-minus-200.sql";
/// The security group of the primary; the shop of `us-east-1` gets through it.
pub const EAST_SECURITY_GROUP: &str = "sg-0east0shop0db0001";
/// The security group of the replica; the shop of `us-west-2` gets through it.
pub const WEST_SECURITY_GROUP: &str = "sg-0west0shop0db0001";
/// The parameter group of the primary.
pub const EAST_PARAMETER_GROUP: &str = "shop-postgres16-east";
/// The parameter group of the replica.
pub const WEST_PARAMETER_GROUP: &str = "shop-postgres16-west";
/// The parameter group of whoever names none.
pub const DEFAULT_PARAMETER_GROUP: &str = "default.postgres16";
/// The subnet group of whoever names none.
pub const DEFAULT_SUBNET_GROUP: &str = "default";
/// The option group of whoever names none.
pub const DEFAULT_OPTION_GROUP: &str = "default:postgres-16";
/// The shop's database on its server.
pub const DATABASE: &str = "shop";
/// The role as which the shop logs in.
pub const DATABASE_USER: &str = "shop";
/// Its password. It opens nothing but a practice estate.
pub const DATABASE_PASSWORD: &str = "practice";
/// The secret that tells the shop where its database is, in both regions.
pub const DATABASE_SECRET: &str = "shop/database";

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

    /// Returns the security group that lets the shop in.
    pub const fn security_group(self) -> &'static str {
        match self {
            Self::East => EAST_SECURITY_GROUP,
            Self::West => WEST_SECURITY_GROUP,
        }
    }

    /// Returns the security group that lets nobody in.
    pub const fn closed_security_group(self) -> &'static str {
        match self {
            Self::East => "sg-0deny0all0east00",
            Self::West => "sg-0deny0all0west00",
        }
    }

    /// Returns the security group of whoever names none.
    pub const fn default_security_group(self) -> &'static str {
        match self {
            Self::East => "sg-0default0east0000",
            Self::West => "sg-0default0west0000",
        }
    }

    /// Returns the parameter group of the shop's databases.
    pub const fn parameter_group(self) -> &'static str {
        match self {
            Self::East => EAST_PARAMETER_GROUP,
            Self::West => WEST_PARAMETER_GROUP,
        }
    }

    /// Returns the subnet group of the shop's databases.
    pub const fn subnet_group(self) -> &'static str {
        match self {
            Self::East => "shop-private-us-east-1",
            Self::West => "shop-private-us-west-2",
        }
    }

    /// Returns the network in which a subnet group is.
    pub const fn network(self, place: Network) -> &'static str {
        match (self, place) {
            (Self::East, Network::Shop) => "vpc-0us0east01",
            (Self::West, Network::Shop) => "vpc-0us0west02",
            (Self::East, Network::Default) => "vpc-0default0east",
            (Self::West, Network::Default) => "vpc-0default0west",
        }
    }

    /// Returns in which network the subnets of a group are.
    pub fn network_of(self, subnet_group: &str) -> Network {
        if subnet_group == self.subnet_group() { Network::Shop } else { Network::Default }
    }

    /// Returns the alias under which the shop finds its database.
    pub const fn database_alias(self) -> &'static str {
        match self {
            Self::East => "db.us-east-1.practice.example",
            Self::West => "db.us-west-2.practice.example",
        }
    }

    /// Returns the name of an instance's endpoint: inside the practice zone, so that it reaches nobody else's database.
    pub fn endpoint(self, id: &str) -> String {
        format!("{id}.{}.rds.{ZONE}", self.name())
    }

    /// Returns the availability zones.
    pub fn zones(self) -> impl Iterator<Item = &'static AvailabilityZone> {
        ZONES.iter().filter(move |zone| zone.region == self)
    }

    /// Finds the region whose shop listens at `address`.
    pub fn at(address: Ipv4Addr) -> Option<Self> {
        Self::ALL.into_iter().find(|region| region.address() == address)
    }
}

/// Names a network of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// The shop's.
    Shop,
    /// The one that is there when nobody names one; the shop does not get into it.
    Default,
}

/// Is an availability zone: its name holds for this account alone, its id for everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AvailabilityZone {
    /// The name, as this account knows it.
    pub name: &'static str,
    /// The id.
    pub id: &'static str,
    /// Where it is.
    pub region: Region,
    /// The shop's subnet in it.
    pub subnet: &'static str,
    /// The third part of the addresses in it.
    pub octet: u8,
}

/// The availability zones of both regions. Names and ids do not go side by side, as in most accounts.
pub const ZONES: [AvailabilityZone; 6] = [
    zone("us-east-1a", "use1-az4", Region::East, "subnet-0east0a", 11),
    zone("us-east-1b", "use1-az6", Region::East, "subnet-0east0b", 12),
    zone("us-east-1c", "use1-az1", Region::East, "subnet-0east0c", 13),
    zone("us-west-2a", "usw2-az2", Region::West, "subnet-0west0a", 21),
    zone("us-west-2b", "usw2-az1", Region::West, "subnet-0west0b", 22),
    zone("us-west-2c", "usw2-az3", Region::West, "subnet-0west0c", 23),
];

const fn zone(
    name: &'static str,
    id: &'static str,
    region: Region,
    subnet: &'static str,
    octet: u8,
) -> AvailabilityZone {
    AvailabilityZone { name, id, region, subnet, octet }
}

/// Finds an availability zone by its name or its id.
pub fn zone_named(name: &str) -> Option<&'static AvailabilityZone> {
    ZONES.iter().find(|zone| zone.name == name || zone.id == name)
}
