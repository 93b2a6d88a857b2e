//! S3's buckets and objects: versions, delete markers, who may read.

use std::collections::BTreeMap;

use bytes::Bytes;
use md5::{Digest as _, Md5};

use super::place::Region;
use super::time::Moment;

/// The largest object the estate keeps; what drills store is a few kilobytes.
pub const LARGEST_OBJECT: usize = 1024 * 1024;
/// The most versions one bucket keeps, so that a runaway loop cannot eat the machine's memory.
const MOST_VERSIONS: usize = 200;

/// Says whether a bucket keeps old versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versioning {
    /// It never did.
    Off,
    /// It does.
    Enabled,
    /// It did once.
    Suspended,
}

/// Says who may read a bucket's objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Its owner.
    Private,
    /// Anybody.
    PublicRead,
}

/// Is what was put under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// The bytes.
    pub body: Bytes,
    /// The entity tag, with its quotes.
    pub etag: String,
    /// The media type.
    pub content_type: String,
    /// The header (`x-amz-checksum-crc32` ...) and value of a checksum that came with it.
    pub checksum: Option<(String, String)>,
    /// User metadata: header names without their prefix, and values.
    pub metadata: Vec<(String, String)>,
}

impl Object {
    /// Makes an object of `body`.
    pub fn new(body: Bytes, content_type: impl Into<String>) -> Self {
        let digest = Md5::digest(&body);
        let hex = digest.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        Self {
            body,
            etag: format!("\"{hex}\""),
            content_type: content_type.into(),
            checksum: None,
            metadata: Vec::new(),
        }
    }
}

/// Is one version of a key: an object, or `None` for a delete marker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its id; `null` where versioning is not enabled.
    pub id: String,
    /// When it was made.
    pub at: Moment,
    /// What it is.
    pub object: Option<Object>,
}

/// Says what a deletion did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deleted {
    /// A delete marker with this id now hides the key.
    Marked(String),
    /// A version is gone for good; it was a delete marker, or an object.
    Version {
        /// Its id.
        id: String,
        /// Whether it was a marker.
        marker: bool,
    },
    /// Nothing was there.
    Nothing,
}

/// Says why a read finds nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// There is no such key.
    Key,
    /// A delete marker with this id hides it.
    Marked(String),
    /// There is no such version.
    Version,
    /// That version is a delete marker.
    IsMarker(String),
}

/// Is one bucket.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub region: Region,
    /// When it was made.
    pub created: Moment,
    /// Whether it keeps old versions.
    pub versioning: Versioning,
    /// Who may read it.
    pub access: Access,
    keys: BTreeMap<String, Vec<Version>>,
    held: usize,
}

impl Bucket {
    /// Makes an empty bucket that keeps versions.
    pub fn new(name: &str, region: Region, created: Moment, access: Access) -> Self {
        let (name, keys) = (name.to_owned(), BTreeMap::new());
        Self { name, region, created, versioning: Versioning::Enabled, access, keys, held: 0 }
    }

    /// Tells whether it can keep one version more.
    pub fn has_room(&self) -> bool {
        self.held < MOST_VERSIONS
    }

    /// Puts `object` under `key` as version `id` (ignored where versioning is not enabled) and returns the id it got.
    pub fn put(&mut self, key: &str, id: String, at: Moment, object: Object) -> String {
        self.add(key, id, at, Some(object))
    }

    fn add(&mut self, key: &str, id: String, at: Moment, object: Option<Object>) -> String {
        let versions = self.keys.entry(key.to_owned()).or_default();
        let id = if self.versioning == Versioning::Enabled { id } else { "null".to_owned() };
        if self.versioning != Versioning::Enabled {
            versions.retain(|version| version.id != "null");
        }
        versions.push(Version { id: id.clone(), at, object });
        self.held = self.keys.values().map(Vec::len).sum();
        id
    }

    /// Finds the object under `key`, or a certain version of it.
    pub fn get(&self, key: &str, version: Option<&str>) -> Result<(&Version, &Object), Missing> {
        let versions = self.keys.get(key).ok_or(if version.is_some() { Missing::Version } else { Missing::Key })?;
        let found = match version {
            Some(id) => versions.iter().find(|version| version.id == id).ok_or(Missing::Version)?,
            None => versions.last().ok_or(Missing::Key)?,
        };
        match (&found.object, version) {
            (Some(object), _) => Ok((found, object)),
            (None, Some(_)) => Err(Missing::IsMarker(found.id.clone())),
            (None, None) => Err(Missing::Marked(found.id.clone())),
        }
    }

    /// Deletes `key`: without a version by a marker with the id `marker`, with one for good.
    pub fn delete(&mut self, key: &str, version: Option<&str>, marker: String, at: Moment) -> Deleted {
        if let Some(id) = version {
            let Some(versions) = self.keys.get_mut(key) else { return Deleted::Nothing };
            let Some(place) = versions.iter().position(|version| version.id == id) else { return Deleted::Nothing };
            let gone = versions.remove(place);
            if versions.is_empty() {
                self.keys.remove(key);
            }
            self.held = self.keys.values().map(Vec::len).sum();
            return Deleted::Version { id: gone.id, marker: gone.object.is_none() };
        }
        if self.versioning == Versioning::Off {
            self.keys.remove(key);
            self.held = self.keys.values().map(Vec::len).sum();
            return Deleted::Nothing;
        }
        Deleted::Marked(self.add(key, marker, at, None))
    }

    /// Lists keys whose newest version is an object, in order.
    pub fn list(&self) -> impl Iterator<Item = (&str, &Version, &Object)> {
        self.keys.iter().filter_map(|(key, versions)| {
            let newest = versions.last()?;
            Some((key.as_str(), newest, newest.object.as_ref()?))
        })
    }

    /// Lists all versions of all keys, newest first within a key.
    pub fn versions(&self) -> impl Iterator<Item = (&str, &Version)> {
        self.keys.iter().flat_map(|(key, versions)| versions.iter().rev().map(move |version| (key.as_str(), version)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_hides_and_deleting_the_marker_shows_again() {
        let mut bucket = Bucket::new("b", Region::West, Moment(0), Access::Private);
        bucket.put("k", "v1".into(), Moment(1), Object::new(Bytes::from_static(b"one"), "text/plain"));
        assert_eq!(bucket.delete("k", None, "m1".into(), Moment(2)), Deleted::Marked("m1".into()));
        assert_eq!(bucket.get("k", None).unwrap_err(), Missing::Marked("m1".into()));
        assert!(bucket.get("k", Some("v1")).is_ok());
        assert_eq!(bucket.get("k", Some("v9")).unwrap_err(), Missing::Version);
        let gone = bucket.delete("k", Some("m1"), String::new(), Moment(3));
        assert_eq!(gone, Deleted::Version { id: "m1".into(), marker: true });
        assert_eq!(bucket.get("k", None).unwrap().1.body, Bytes::from_static(b"one"));
        assert_eq!(bucket.get("nothing", None).unwrap_err(), Missing::Key);
    }

    #[test]
    fn the_entity_tag_is_the_digest() {
        assert_eq!(Object::new(Bytes::new(), "x").etag, "\"d41d8cd98f00b204e9800998ecf8427e\"");
    }
}
