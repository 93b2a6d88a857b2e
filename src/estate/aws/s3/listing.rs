//! Lists of objects and of their versions, page by page.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::super::xml::Xml;
use super::{Call, Reply, document};
use crate::estate::model::bucket::{Bucket, Version};

/// What stays as it is where a client asks for encoded keys.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b'/');

/// Says how a page is written.
struct Page<'c> {
    prefix: &'c str,
    delimiter: Option<&'c str>,
    most: usize,
    encodes: bool,
}

impl<'c> Page<'c> {
    fn of(call: &'c Call<'_>) -> Self {
        Self {
            prefix: call.query("prefix").unwrap_or(""),
            delimiter: call.query("delimiter").filter(|delimiter| !delimiter.is_empty()),
            most: call.query("max-keys").and_then(|text| text.parse().ok()).unwrap_or(1000).min(1000),
            encodes: call.query("encoding-type") == Some("url"),
        }
    }

    fn write(&self, text: &str) -> String {
        if self.encodes { utf8_percent_encode(text, PLAIN).to_string() } else { text.to_owned() }
    }

    /// Returns what a key is rolled up into, where there is a delimiter after the prefix.
    fn rolled<'k>(&self, key: &'k str) -> Option<&'k str> {
        let (delimiter, rest) = (self.delimiter?, key.strip_prefix(self.prefix)?);
        let place = rest.find(delimiter)?;
        key.get(..self.prefix.len() + place + delimiter.len())
    }

    fn head(&self, xml: &mut Xml, bucket: &Bucket) {
        xml.text("Name", &bucket.name)
            .text("Prefix", self.write(self.prefix))
            .maybe("Delimiter", self.delimiter.map(|delimiter| self.write(delimiter)))
            .text("MaxKeys", self.most)
            .maybe("EncodingType", self.encodes.then_some("url"));
    }

    fn common(&self, xml: &mut Xml, prefixes: &[&str]) {
        for prefix in prefixes {
            xml.nest("CommonPrefixes", |xml| {
                xml.text("Prefix", self.write(prefix));
            });
        }
    }
}

/// Lists objects, in either version of the call.
pub(super) fn list_objects(call: &Call<'_>, bucket: &Bucket) -> Reply {
    let page = Page::of(call);
    let second = call.query("list-type") == Some("2");
    let after = call.query("continuation-token").or(call.query("start-after")).or(call.query("marker")).unwrap_or("");
    let (mut found, mut rolled): (Vec<_>, Vec<&str>) = (Vec::new(), Vec::new());
    let (mut last, mut more) = ("", false);
    for (key, version, object) in bucket.list_after(page.prefix, after) {
        let common = page.rolled(key);
        if common.is_some_and(|common| rolled.last() == Some(&common) || after.starts_with(common) && after == common) {
            continue;
        }
        if found.len() + rolled.len() >= page.most {
            more = true;
            break;
        }
        if let Some(common) = common {
            rolled.push(common);
            last = common;
        } else {
            found.push((key, version, object));
            last = key;
        }
    }
    document("ListBucketResult", |xml| {
        page.head(xml, bucket);
        xml.text("KeyCount", found.len() + rolled.len()).text("IsTruncated", more);
        if more {
            xml.text(if second { "NextContinuationToken" } else { "NextMarker" }, page.write(last));
        }
        for (key, version, object) in &found {
            xml.nest("Contents", |xml| {
                xml.text("Key", page.write(key))
                    .text("LastModified", call.standing.iso(version.at))
                    .text("ETag", &object.etag)
                    .text("Size", object.body.len())
                    .text("StorageClass", version.class.name());
            });
        }
        page.common(xml, &rolled);
    })
}

/// Lists versions and delete markers.
pub(super) fn list_versions(call: &Call<'_>, bucket: &Bucket) -> Reply {
    let page = Page::of(call);
    let (key_marker, id_marker) = (
        call.query("key-marker").filter(|marker| !marker.is_empty()),
        call.query("version-id-marker").filter(|marker| !marker.is_empty()),
    );
    let (mut found, mut rolled): (Vec<(&str, &Version, bool)>, Vec<&str>) = (Vec::new(), Vec::new());
    let mut more = false;
    for (key, version, latest) in bucket.versions_after(page.prefix, key_marker, id_marker) {
        let common = page.rolled(key);
        if common.is_some_and(|common| rolled.last() == Some(&common) || key_marker == Some(common)) {
            continue;
        }
        if found.len() + rolled.len() >= page.most {
            more = true;
            break;
        }
        match common {
            Some(common) => rolled.push(common),
            None => found.push((key, version, latest)),
        }
    }
    document("ListVersionsResult", |xml| {
        page.head(xml, bucket);
        xml.maybe("KeyMarker", key_marker.map(|key| page.write(key)))
            .maybe("VersionIdMarker", id_marker)
            .text("IsTruncated", more);
        if more {
            match (found.last(), rolled.last()) {
                (Some((key, ..)), Some(common)) if common > key => drop(xml.text("NextKeyMarker", page.write(common))),
                (None, Some(common)) => drop(xml.text("NextKeyMarker", page.write(common))),
                (Some((key, version, _)), _) => {
                    xml.text("NextKeyMarker", page.write(key)).text("NextVersionIdMarker", &version.id);
                }
                (None, None) => {}
            }
        }
        for (key, version, latest) in &found {
            xml.nest(if version.object.is_some() { "Version" } else { "DeleteMarker" }, |xml| {
                xml.text("Key", page.write(key))
                    .text("VersionId", &version.id)
                    .text("IsLatest", latest)
                    .text("LastModified", call.standing.iso(version.at));
                if let Some(object) = &version.object {
                    xml.text("ETag", &object.etag)
                        .text("Size", object.body.len())
                        .text("StorageClass", version.class.name());
                }
                xml.nest("Owner", |xml| {
                    xml.text("ID", "practice");
                });
            });
        }
        page.common(xml, &rolled);
    })
}
