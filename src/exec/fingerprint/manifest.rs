//! The manifest: a fingerprint as JSON, version 1. `docs/fingerprint.md` describes every member.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::kernel::Sha256Hex;

/// The word by which a manifest is known.
const FORMAT: &str = "lifeboat-fingerprint";
/// The version that is written and read.
const VERSION: u32 = 1;

/// Describes the contents of a database at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Always `lifeboat-fingerprint`.
    pub format: String,
    /// Always 1.
    pub version: u32,
    /// The database's name.
    pub database: String,
    /// The server's version, as it words it.
    pub server_version: String,
    /// The server's clock when the snapshot was taken.
    pub taken_at: String,
    /// The write-ahead log's position then; on a standby the last one replayed.
    pub lsn: String,
    /// Whether the server was a standby.
    pub in_recovery: bool,
    /// Settings that text output, and so the checksums, depend on.
    pub settings: BTreeMap<String, String>,
    /// The structure.
    pub schema: Schema,
    /// Extensions, by name.
    pub extensions: Vec<Extension>,
    /// Sequences, by name.
    pub sequences: Vec<Sequence>,
    /// Tables, by name.
    pub tables: Vec<Table>,
    /// How many large objects there are. Their contents are not covered.
    pub large_objects: u64,
}

/// Digests the structure: one SHA-256 for each kind of object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Schema(pub BTreeMap<String, Sha256Hex>);

/// Names an extension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// Says where a sequence stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sequence {
    /// Its name with its schema, quoted where needed.
    pub name: String,
    /// The last value given out; `null` if none was.
    pub last_value: Option<i64>,
}

/// Describes one table's rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Its name with its schema, quoted where needed.
    pub name: String,
    /// How many rows it has.
    pub rows: u64,
    /// The sum of all rows' 64-bit hashes, whatever their order.
    pub checksum: String,
    /// For an append-only table: the column by which it grows, and how far it had grown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watermark: Option<Watermark>,
}

/// Says how far an append-only table had grown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watermark {
    /// A column that only grows, and is never NULL.
    pub column: String,
    /// Its largest value, as text; `null` in an empty table.
    pub value: Option<String>,
}

/// Says why a file is no manifest.
#[derive(Debug, thiserror::Error)]
pub enum BadManifest {
    /// It is not JSON of this shape.
    #[error("it is not a fingerprint: {0}")]
    NotOne(serde_json::Error),
    /// It is another version.
    #[error("it is a fingerprint of version {0}, and this lifeboat reads version {VERSION}")]
    Version(u32),
}

impl Manifest {
    /// Makes an empty one.
    pub(super) fn new(database: &str) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            database: database.to_owned(),
            server_version: String::new(),
            taken_at: String::new(),
            lsn: String::new(),
            in_recovery: false,
            settings: BTreeMap::new(),
            schema: Schema::default(),
            extensions: Vec::new(),
            sequences: Vec::new(),
            tables: Vec::new(),
            large_objects: 0,
        }
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// [`BadManifest`] where it is none, or one of another version.
    pub fn read(bytes: &[u8]) -> Result<Self, BadManifest> {
        #[derive(Deserialize)]
        struct Head {
            version: u32,
        }
        let head: Head = serde_json::from_slice(bytes).map_err(BadManifest::NotOne)?;
        if head.version != VERSION {
            return Err(BadManifest::Version(head.version));
        }
        let manifest: Self = serde_json::from_slice(bytes).map_err(BadManifest::NotOne)?;
        if manifest.format != FORMAT {
            let wrong = serde::de::Error::custom(format!("its `format` is not `{FORMAT}`"));
            return Err(BadManifest::NotOne(wrong));
        }
        Ok(manifest)
    }

    /// Writes a manifest, a member a line.
    pub fn write(&self) -> String {
        // A value of these types is always JSON.
        serde_json::to_string_pretty(self).map_or_else(|_| String::new(), |text| text + "\n")
    }

    /// Finds a table.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let mut manifest = Manifest::new("shop");
        manifest.tables.push(Table {
            name: "public.orders".to_owned(),
            rows: 3,
            checksum: "-5".to_owned(),
            watermark: Some(Watermark { column: "id".to_owned(), value: Some("3".to_owned()) }),
        });
        assert_eq!(Manifest::read(manifest.write().as_bytes()).unwrap(), manifest);
    }

    #[test]
    fn what_is_no_manifest_is_said_to_be_none() {
        for (text, part) in [
            ("", "not a fingerprint"),
            ("{}", "not a fingerprint"),
            ("{\"version\": 2}", "version 2"),
            ("{\"version\": 1, \"format\": \"x\"}", "not a fingerprint"),
        ] {
            let bad = Manifest::read(text.as_bytes()).unwrap_err().to_string();
            assert!(bad.contains(part), "{text}: {bad}");
        }
        let other = Manifest { format: "other".to_owned(), ..Manifest::new("shop") };
        assert!(Manifest::read(other.write().as_bytes()).is_err());
    }
}
