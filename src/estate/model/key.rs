//! KMS keys: what encrypts the databases, and what becomes of them without it.

use super::draw::Seed;
use super::place::{ACCOUNT, Region};
use super::time::{DAY, Moment};

/// Says what may be done with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Everything.
    Enabled,
    /// Nothing, until it is enabled again.
    Disabled,
    /// Nothing; it is deleted then unless somebody calls that off.
    PendingDeletion(Moment),
}

impl KeyState {
    /// Returns AWS's word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enabled => "Enabled",
            Self::Disabled => "Disabled",
            Self::PendingDeletion(_) => "PendingDeletion",
        }
    }
}

/// Is one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its id.
    pub id: String,
    /// Where.
    pub region: Region,
    /// Its alias, with `alias/`.
    pub alias: String,
    /// What it is for.
    pub description: String,
    /// What may be done with it.
    pub state: KeyState,
}

impl Key {
    /// Returns its ARN.
    pub fn arn(&self) -> String {
        format!("arn:aws:kms:{}:{ACCOUNT}:key/{}", self.region.name(), self.id)
    }

    /// Tells whether a caller means this key: by id, ARN or alias.
    pub fn is_named(&self, name: &str) -> bool {
        name == self.id || name == self.arn() || name == self.alias || name.ends_with(&format!(":{}", self.alias))
    }

    /// Schedules its deletion.
    pub fn schedule_deletion(&mut self, days: i64, now: Moment) -> Moment {
        let at = now.plus(days * DAY);
        self.state = KeyState::PendingDeletion(at);
        at
    }
}

/// Returns the ARN of the key that encrypts the databases of `region`.
pub fn database_key(region: Region, seed: Seed) -> String {
    let name = match region {
        Region::East => "kms/shop-db",
        Region::West => "kms/shop-db-west",
    };
    format!("arn:aws:kms:{}:{ACCOUNT}:key/{}", region.name(), seed.uuid(name))
}

/// Makes the keys of the reference stack.
pub fn stock(seed: Seed) -> Vec<Key> {
    let key = |region: Region| {
        let arn = database_key(region, seed);
        Key {
            id: arn.rsplit('/').next().unwrap_or_default().to_owned(),
            region,
            alias: "alias/shop-db".to_owned(),
            description: format!("Encrypts the shop's databases in {}", region.name()),
            state: KeyState::Enabled,
        }
    };
    Region::ALL.map(key).to_vec()
}
