//! Secrets Manager: what the shop reads to find its database, with its versions.

use super::draw::Seed;
use super::place::{ACCOUNT, DATABASE, DATABASE_PASSWORD, DATABASE_SECRET, DATABASE_USER, Region};
use super::time::{DAY, Moment};

/// How many versions of a secret are kept.
const MOST_VERSIONS: usize = 20;

/// Is one version of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretVersion {
    /// Its id.
    pub id: String,
    /// What it says.
    pub value: String,
    /// When it was made.
    pub at: Moment,
    /// The host that it names: read once, asked for with every order.
    host: Option<String>,
}

/// Is one secret in one region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Its name.
    pub name: String,
    /// Where.
    pub region: Region,
    /// Its ARN.
    pub arn: String,
    /// Whether it follows a secret of the other region, and cannot be written here.
    pub replica: bool,
    /// When it is deleted for good, if that is scheduled.
    pub deleted_at: Option<Moment>,
    versions: Vec<SecretVersion>,
}

impl Secret {
    /// Returns the version that counts.
    pub fn current(&self) -> Option<&SecretVersion> {
        self.versions.last()
    }

    /// Returns the version before that.
    pub fn previous(&self) -> Option<&SecretVersion> {
        self.versions.iter().rev().nth(1)
    }

    /// Finds a version by its id.
    pub fn version(&self, id: &str) -> Option<&SecretVersion> {
        self.versions.iter().find(|version| version.id == id)
    }

    /// Takes in another value.
    pub fn put(&mut self, id: String, value: String, at: Moment) {
        if self.versions.len() >= MOST_VERSIONS {
            self.versions.remove(0);
        }
        let host = host_in(&value);
        self.versions.push(SecretVersion { id, value, at, host });
    }

    /// Tells whether a caller means this secret: by name or ARN.
    pub fn is_named(&self, name: &str) -> bool {
        name == self.name || name == self.arn || self.arn.starts_with(&format!("{name}-"))
    }

    /// Has its value name another port.
    pub fn name_port(&mut self, port: u16) {
        let Some(version) = self.versions.last_mut() else { return };
        if let Ok(mut value) = serde_json::from_str::<serde_json::Value>(&version.value)
            && let Some(member) = value.get_mut("port")
        {
            *member = port.into();
            version.value = value.to_string();
        }
    }

    /// Returns the host that it names, if it holds JSON with one.
    pub fn host(&self) -> Option<String> {
        self.current()?.host.clone()
    }
}

fn host_in(value: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(value).ok()?;
    Some(value.get("host")?.as_str()?.to_ascii_lowercase())
}

/// Makes the secrets of the reference stack: one a region, which leads to the region's own database.
pub fn stock(seed: Seed) -> Vec<Secret> {
    let secret = |region: Region| {
        let host = region.database_alias();
        let value = serde_json::json!({
            "engine": "postgres", "host": host, "port": 5432, "dbname": DATABASE, "username": DATABASE_USER, "password": DATABASE_PASSWORD,
        });
        let tail: String = seed.hex(&format!("secret/{}", region.name()), 6);
        let arn = format!("arn:aws:secretsmanager:{}:{ACCOUNT}:secret:{DATABASE_SECRET}-{tail}", region.name());
        let mut made = Secret {
            name: DATABASE_SECRET.to_owned(),
            region,
            arn,
            replica: false,
            deleted_at: None,
            versions: Vec::new(),
        };
        made.put(seed.uuid(&format!("secret-version/{}", region.name())), value.to_string(), Moment(-90 * DAY));
        made
    };
    Region::ALL.map(secret).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_leads_to_a_host_and_keeps_what_it_said_before() {
        let mut secret = stock(Seed(1)).remove(0);
        assert_eq!(secret.host().as_deref(), Some("db.us-east-1.practice.example"));
        let before = secret.current().unwrap().id.clone();
        secret.put("v2".into(), "{\"host\": \"Other.example\"}".into(), Moment(1));
        assert_eq!(secret.host().as_deref(), Some("other.example"));
        assert_eq!(secret.previous().unwrap().id, before);
        secret.put("v3".into(), "no JSON".into(), Moment(2));
        assert_eq!(secret.host(), None);
    }
}
