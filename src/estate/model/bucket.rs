//! S3's buckets and objects: versions, delete markers, who may read.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;
use md5::{Digest as _, Md5};

use super::lifecycle::Rule;
use super::place::Region;
use super::time::Moment;

/// The largest object that is put at once: as much as clients send in one part. What drills store is a few kilobytes.
pub const LARGEST_OBJECT: usize = 8 * 1024 * 1024;
/// The most versions one bucket keeps, so that a runaway loop cannot eat the machine's memory.
const MOST_VERSIONS: usize = 250_000;
/// The most bytes one bucket keeps.
const MOST_BYTES: usize = 128 * 1024 * 1024;

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

/// Says how an object is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// At hand.
    Standard,
    /// Archived; minutes to hours.
    Glacier,
    /// Archived deep; half a day to two.
    DeepArchive,
}

impl Class {
    /// Returns AWS's word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "STANDARD",
            Self::Glacier => "GLACIER",
            Self::DeepArchive => "DEEP_ARCHIVE",
        }
    }

    /// Returns how deep in the archive it is; objects are only ever moved deeper.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Standard => 0,
            Self::Glacier => 1,
            Self::DeepArchive => 2,
        }
    }

    /// Finds the class of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Standard, Self::Glacier, Self::DeepArchive].into_iter().find(|class| class.name() == name)
    }
}

/// Is a copy at hand of an archived object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thawed {
    /// From when on it can be read.
    pub ready: Moment,
    /// Until when.
    pub until: Moment,
}

/// Says how the replication of an object stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copying {
    /// It waits.
    Pending,
    /// The other bucket has it.
    Completed,
    /// It is the other bucket's.
    Replica,
}

impl Copying {
    /// Returns AWS's word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Completed => "COMPLETED",
            Self::Replica => "REPLICA",
        }
    }
}

/// Says how an object is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Whether nobody at all may delete it (`COMPLIANCE`), or whoever may bypass it (`GOVERNANCE`).
    pub compliance: Strictness,
    /// Until when.
    pub until: Moment,
}

/// Says whom a lock binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// Whoever does not say that he bypasses it.
    Governance,
    /// Everybody.
    Compliance,
}

/// Is one version of a key: an object, or `None` for a delete marker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its id; `null` where versioning is not enabled.
    pub id: String,
    /// When it was made.
    pub at: Moment,
    /// What it is; versions that are copies share it.
    pub object: Option<Arc<Object>>,
    /// How it is stored.
    pub class: Class,
    /// Its copy at hand, if it is archived.
    pub thawed: Option<Thawed>,
    /// How its replication stands.
    pub copying: Option<Copying>,
    /// How it is locked.
    pub retention: Option<Retention>,
    /// Whether it is held.
    pub held: bool,
    /// Its tags.
    pub tags: Vec<(String, String)>,
}

impl Version {
    /// Tells whether it cannot be read because it is archived.
    pub fn is_frozen(&self, now: Moment) -> bool {
        self.class != Class::Standard && !self.thawed.is_some_and(|copy| copy.ready <= now && now < copy.until)
    }

    /// Tells whether nobody may delete it, or nobody who does not bypass its lock.
    pub fn is_locked(&self, now: Moment, bypass: Option<Strictness>) -> bool {
        let bound = self.retention.is_some_and(|lock| {
            now < lock.until && !(lock.compliance == Strictness::Governance && bypass == Some(Strictness::Governance))
        });
        bound || self.held
    }
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
    /// The name of the bucket to which what is put here is replicated.
    pub replicates_to: Option<String>,
    /// Its configurations as they were put: `lifecycle`, `replication`, `object-lock`, `tagging`.
    pub configured: BTreeMap<&'static str, String>,
    /// What is done with what is old.
    pub rules: Vec<Rule>,
    keys: BTreeMap<String, Vec<Version>>,
    held: usize,
    bytes: usize,
}

impl Bucket {
    /// Makes an empty bucket that keeps versions.
    pub fn new(name: &str, region: Region, created: Moment, access: Access) -> Self {
        let (name, keys) = (name.to_owned(), BTreeMap::new());
        Self {
            name,
            region,
            created,
            versioning: Versioning::Enabled,
            access,
            replicates_to: None,
            configured: BTreeMap::new(),
            rules: Vec::new(),
            keys,
            held: 0,
            bytes: 0,
        }
    }

    /// Tells whether it can keep one version more.
    pub fn has_room(&self) -> bool {
        self.held < MOST_VERSIONS && self.bytes < MOST_BYTES
    }

    /// Puts `object` under `key` as version `id` (ignored where versioning is not enabled) and returns the id it got.
    pub fn put(&mut self, key: &str, id: String, at: Moment, object: Object) -> String {
        self.put_shared(key, id, at, Arc::new(object))
    }

    /// Puts an object that another version holds too.
    pub fn put_shared(&mut self, key: &str, id: String, at: Moment, object: Arc<Object>) -> String {
        self.add(key, id, at, Some(object))
    }

    fn add(&mut self, key: &str, id: String, at: Moment, object: Option<Arc<Object>>) -> String {
        let id = if self.versioning == Versioning::Enabled { id } else { "null".to_owned() };
        let versions = self.keys.entry(key.to_owned()).or_default();
        if self.versioning != Versioning::Enabled
            && let Some(place) = versions.iter().position(|version| version.id == "null")
        {
            let gone = versions.remove(place);
            self.held -= 1;
            self.bytes -= size(&gone);
        }
        let version = Version {
            id: id.clone(),
            at,
            object,
            class: Class::Standard,
            thawed: None,
            copying: None,
            retention: None,
            held: false,
            tags: Vec::new(),
        };
        self.held += 1;
        self.bytes += size(&version);
        versions.push(version);
        id
    }

    /// Finds a version for a change: the newest, or the one with that id.
    pub fn version_mut(&mut self, key: &str, id: Option<&str>) -> Option<&mut Version> {
        let versions = self.keys.get_mut(key)?;
        match id {
            Some(id) => versions.iter_mut().find(|version| version.id == id),
            None => versions.last_mut(),
        }
    }

    /// Finds the object under `key`, or a certain version of it.
    pub fn get(&self, key: &str, version: Option<&str>) -> Result<(&Version, &Object), Missing> {
        let versions = self.keys.get(key).ok_or(if version.is_some() { Missing::Version } else { Missing::Key })?;
        let found = match version {
            Some(id) => versions.iter().find(|version| version.id == id).ok_or(Missing::Version)?,
            None => versions.last().ok_or(Missing::Key)?,
        };
        match (found.object.as_deref(), version) {
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
            self.held -= 1;
            self.bytes -= size(&gone);
            return Deleted::Version { id: gone.id, marker: gone.object.is_none() };
        }
        if self.versioning == Versioning::Off {
            for gone in self.keys.remove(key).into_iter().flatten() {
                self.held -= 1;
                self.bytes -= size(&gone);
            }
            return Deleted::Nothing;
        }
        Deleted::Marked(self.add(key, marker, at, None))
    }

    /// Lists keys whose newest version is an object, in order.
    pub fn list(&self) -> impl Iterator<Item = (&str, &Version, &Object)> {
        self.keys.iter().filter_map(|(key, versions)| {
            let newest = versions.last()?;
            Some((key.as_str(), newest, newest.object.as_deref()?))
        })
    }

    /// Lists all versions of keys with `prefix` from after the version `id` of `key` on: newest first within a key, each
    /// with whether it is its key's newest. Without an id it begins after all versions of `key`.
    pub fn versions_after<'b>(
        &'b self,
        prefix: &'b str,
        key: Option<&'b str>,
        id: Option<&'b str>,
    ) -> impl Iterator<Item = (&'b str, &'b Version, bool)> {
        let from = match (key, id) {
            (Some(key), Some(_)) if key >= prefix => Bound::Included(key),
            (Some(key), None) if key >= prefix => Bound::Excluded(key),
            _ => Bound::Included(prefix),
        };
        let keys = self.keys.range::<str, _>((from, Bound::Unbounded));
        keys.take_while(move |(known, _)| known.starts_with(prefix)).flat_map(move |(known, versions)| {
            let resumed = id.filter(|_| key == Some(known.as_str()));
            let place = resumed.and_then(|id| versions.iter().rev().position(|version| version.id == id));
            let skipped = place.map_or(0, |place| place + 1);
            let numbered = versions.iter().rev().enumerate().skip(skipped);
            numbered.map(move |(place, version)| (known.as_str(), version, place == 0))
        })
    }

    /// Lists keys with `prefix` after `key` whose newest version is an object, in order.
    pub fn list_after<'b>(
        &'b self,
        prefix: &'b str,
        key: &'b str,
    ) -> impl Iterator<Item = (&'b str, &'b Version, &'b Object)> {
        let from = if key > prefix { Bound::Excluded(key) } else { Bound::Included(prefix) };
        let keys = self.keys.range::<str, _>((from, Bound::Unbounded));
        keys.take_while(move |(known, _)| known.starts_with(prefix)).filter_map(move |(known, versions)| {
            let newest = versions.last().filter(|_| known != key || key.is_empty())?;
            Some((known.as_str(), newest, newest.object.as_deref()?))
        })
    }

    /// Lists all versions of all keys, newest first within a key.
    pub fn versions(&self) -> impl Iterator<Item = (&str, &Version)> {
        self.keys.iter().flat_map(|(key, versions)| versions.iter().rev().map(move |version| (key.as_str(), version)))
    }
}

fn size(version: &Version) -> usize {
    version.object.as_ref().map_or(0, |object| object.body.len())
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
    fn versions_go_on_where_a_page_ended() {
        let mut bucket = Bucket::new("b", Region::West, Moment(0), Access::Private);
        for (key, id) in [("a", "1"), ("a", "2"), ("a", "3"), ("b", "4"), ("c", "5")] {
            bucket.put(key, id.into(), Moment(1), Object::new(Bytes::from_static(b"x"), "x"));
        }
        let ids = |key, id| -> Vec<(String, bool)> {
            bucket.versions_after("", key, id).map(|(_, version, latest)| (version.id.clone(), latest)).collect()
        };
        let named = |all: &[(&str, bool)]| -> Vec<(String, bool)> {
            all.iter().map(|(id, latest)| ((*id).to_owned(), *latest)).collect()
        };
        assert_eq!(ids(None, None), named(&[("3", true), ("2", false), ("1", false), ("4", true), ("5", true)]));
        assert_eq!(ids(Some("a"), Some("3")), named(&[("2", false), ("1", false), ("4", true), ("5", true)]));
        assert_eq!(ids(Some("a"), None), named(&[("4", true), ("5", true)]));
        assert_eq!(bucket.versions_after("b", Some("a"), Some("1")).count(), 1);
        assert_eq!(bucket.list_after("", "a").count(), 2);
    }

    #[test]
    fn a_hundred_thousand_versions_page_through() {
        let mut bucket = Bucket::new("b", Region::West, Moment(0), Access::Private);
        let object = Arc::new(Object::new(Bytes::from_static(b"x"), "x"));
        for number in 0..50_000 {
            let key = format!("k/{number:05}");
            bucket.put_shared(&key, format!("v{number}"), Moment(1), object.clone());
            bucket.delete(&key, None, format!("m{number}"), Moment(2));
        }
        let (mut key, mut id, mut seen) = (None, None, 0);
        loop {
            let page: Vec<(String, String)> = bucket
                .versions_after("k/", key.as_deref(), id.as_deref())
                .take(1_000)
                .map(|(key, version, _)| (key.to_owned(), version.id.clone()))
                .collect();
            let Some((last_key, last_id)) = page.last().cloned() else { break };
            seen += page.len();
            (key, id) = (Some(last_key), Some(last_id));
        }
        assert_eq!(seen, 100_000);
    }

    #[test]
    fn locks_hold_until_their_time_and_archives_thaw() {
        let mut bucket = Bucket::new("b", Region::West, Moment(0), Access::Private);
        bucket.put("k", "v".into(), Moment(0), Object::new(Bytes::new(), "x"));
        let version = bucket.version_mut("k", None).unwrap();
        version.retention = Some(Retention { compliance: Strictness::Governance, until: Moment(100) });
        assert!(version.is_locked(Moment(0), None) && !version.is_locked(Moment(0), Some(Strictness::Governance)));
        assert!(!version.is_locked(Moment(100), None));
        version.class = Class::Glacier;
        version.thawed = Some(Thawed { ready: Moment(50), until: Moment(90) });
        assert!(version.is_frozen(Moment(49)) && !version.is_frozen(Moment(50)) && version.is_frozen(Moment(90)));
    }

    #[test]
    fn the_entity_tag_is_the_digest() {
        assert_eq!(Object::new(Bytes::new(), "x").etag, "\"d41d8cd98f00b204e9800998ecf8427e\"");
    }
}
