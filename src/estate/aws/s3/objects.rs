//! Calls about objects: reading, deleting, restoring from the archive, locks and tags.

use axum::http::Method;

use super::super::xml::Element;
use super::putting::{put, retention};
use super::{Call, Reply, document, error, uploads};
use crate::estate::model::bucket::{Bucket, Class, Deleted, Missing, Strictness, Thawed, Version, Versioning};
use crate::estate::model::place::{LATCH_BUCKET, LATCH_KEY};
use crate::estate::model::time::{DAY, Moment, SECOND};
use crate::estate::model::world::World;

/// Answers a call.
pub(super) fn answer(call: &Call<'_>, world: &mut World, bucket: &str, key: &str) -> Reply {
    if uploads::is_meant(call) {
        return uploads::answer(call, world, bucket, key);
    }
    let what = call
        .query
        .iter()
        .map(|(name, _)| name.as_str())
        .find(|name| !["versionId", "x-id"].contains(name) && !name.starts_with("X-Amz-"));
    let now = world.now();
    match (&call.method, what) {
        (&Method::GET | &Method::HEAD, None) => match world.bucket(bucket) {
            Some(bucket) => get(call, bucket, key, now),
            None => error(call, 404, "NoSuchBucket", "The specified bucket does not exist"),
        },
        (&Method::PUT, None) => put(call, world, bucket, key),
        (&Method::DELETE, None) => delete(call, world, bucket, key),
        (method, Some(what)) => {
            let serial = world.next_serial();
            let Some(found) = world.bucket_mut(bucket) else {
                return error(call, 404, "NoSuchBucket", "The specified bucket does not exist");
            };
            let lockable = found.configured.contains_key("object-lock");
            let Some(version) = found.version_mut(key, call.query("versionId")) else {
                return error(call, 404, "NoSuchKey", "The specified key does not exist.");
            };
            if version.object.is_none() {
                return error(
                    call,
                    405,
                    "MethodNotAllowed",
                    "The specified method is not allowed against this resource.",
                );
            }
            match (method, what) {
                (&Method::POST, "restore") => thaw(call, version, now, serial),
                (&Method::GET, "tagging") => get_tags(version),
                (&Method::PUT, "tagging") => put_tags(call, version),
                (&Method::GET, "attributes") => attributes(call, version),
                (_, "retention" | "legal-hold") if !lockable => {
                    error(call, 400, "InvalidRequest", "Bucket is missing Object Lock Configuration")
                }
                (&Method::GET, "retention") => get_retention(call, version),
                (&Method::PUT, "retention") => put_retention(call, version, now),
                (&Method::GET, "legal-hold") => document("LegalHold", |xml| {
                    xml.text("Status", if version.held { "ON" } else { "OFF" });
                }),
                (&Method::PUT, "legal-hold") => {
                    let root = Element::parse(&call.body).unwrap_or_default();
                    version.held = root.text_of("Status") == Some("ON");
                    Reply::empty(200)
                }
                _ => {
                    let message = format!("The practice estate does not model `{what}` of an object.");
                    error(call, 501, "NotImplemented", &message)
                }
            }
        }
        _ => error(call, 405, "MethodNotAllowed", "The specified method is not allowed against this resource."),
    }
}

/// Adds what a version says of itself: class, copy at hand, replication, locks.
fn dressed(call: &Call<'_>, version: &Version, mut reply: Reply, now: Moment) -> Reply {
    if version.class != Class::Standard {
        reply = reply.with("x-amz-storage-class", version.class.name());
    }
    if let Some(copy) = version.thawed.filter(|copy| now < copy.until) {
        let says = if copy.ready > now {
            "ongoing-request=\"true\"".to_owned()
        } else {
            format!("ongoing-request=\"false\", expiry-date=\"{}\"", http_date(call, copy.until))
        };
        reply = reply.with("x-amz-restore", says);
    }
    if let Some(copying) = version.copying {
        reply = reply.with("x-amz-replication-status", copying.name());
    }
    if let Some(lock) = version.retention {
        let mode = if lock.compliance == Strictness::Compliance { "COMPLIANCE" } else { "GOVERNANCE" };
        reply = reply
            .with("x-amz-object-lock-mode", mode)
            .with("x-amz-object-lock-retain-until-date", call.standing.iso(lock.until));
    }
    if version.held {
        reply = reply.with("x-amz-object-lock-legal-hold", "ON");
    }
    reply
}

/// Begins to bring an archived object to hand.
fn thaw(call: &Call<'_>, version: &mut Version, now: Moment, serial: u64) -> Reply {
    let root = Element::parse(&call.body).unwrap_or_default();
    let days: i64 = root.text_of("Days").and_then(|days| days.parse().ok()).unwrap_or(1);
    let tier = root.child("GlacierJobParameters").and_then(|job| job.text_of("Tier")).or(root.text_of("Tier"));
    let (low, high) = match (version.class, tier.unwrap_or("Standard")) {
        (Class::Standard, _) => {
            return error(
                call,
                403,
                "InvalidObjectState",
                "Restore is not allowed for the object's current storage class",
            );
        }
        (Class::Glacier, "Expedited") => (60, 300),
        (Class::Glacier, "Standard") => (3 * 3_600, 5 * 3_600),
        (Class::Glacier, "Bulk") => (5 * 3_600, 12 * 3_600),
        (Class::DeepArchive, "Standard") => (11 * 3_600, 12 * 3_600),
        (Class::DeepArchive, "Bulk") => (40 * 3_600, 48 * 3_600),
        (Class::DeepArchive, "Expedited") => {
            return error(
                call,
                503,
                "GlacierExpeditedRetrievalNotAvailable",
                "Glacier expedited retrievals are not available for this class",
            );
        }
        _ => return error(call, 400, "MalformedXML", "The XML you provided was not well-formed"),
    };
    if let Some(copy) = version.thawed.as_mut().filter(|copy| now < copy.until) {
        if copy.ready > now {
            return error(call, 409, "RestoreAlreadyInProgress", "Object restore is already in progress");
        }
        copy.until = now.plus(days.clamp(1, 3_650) * DAY);
        return Reply::empty(200);
    }
    let spread = u64::try_from(high - low).unwrap_or(1).max(1);
    let length = low + i64::try_from(crate::kernel::scramble(serial) % spread).unwrap_or(0);
    let ready = now.plus(length * SECOND);
    version.thawed = Some(Thawed { ready, until: ready.plus(days.clamp(1, 3_650) * DAY) });
    Reply::empty(202)
}

fn get_tags(version: &Version) -> Reply {
    document("Tagging", |xml| {
        xml.nest("TagSet", |xml| {
            for (key, value) in &version.tags {
                xml.nest("Tag", |xml| {
                    xml.text("Key", key).text("Value", value);
                });
            }
        });
    })
}

fn put_tags(call: &Call<'_>, version: &mut Version) -> Reply {
    let root = Element::parse(&call.body).unwrap_or_default();
    let Some(set) = root.child("TagSet") else {
        return error(call, 400, "MalformedXML", "The XML you provided was not well-formed");
    };
    let tag = |tag: &Element| Some((tag.text_of("Key")?.to_owned(), tag.text_of("Value").unwrap_or("").to_owned()));
    version.tags = set.all("Tag").filter_map(tag).take(10).collect();
    Reply::empty(200)
}

fn attributes(call: &Call<'_>, version: &Version) -> Reply {
    let Some(object) = &version.object else { return Reply::empty(404) };
    document("GetObjectAttributesResponse", |xml| {
        xml.text("ETag", object.etag.trim_matches('"'));
        if let Some((header, value)) = &object.checksum {
            let name = header.trim_start_matches("x-amz-checksum-").to_uppercase();
            xml.nest("Checksum", |xml| {
                xml.text(&format!("Checksum{name}"), value).text("ChecksumType", "FULL_OBJECT");
            });
        }
        xml.text("ObjectSize", object.body.len()).text("StorageClass", version.class.name());
    })
    .with("last-modified", http_date(call, version.at))
    .with("x-amz-version-id", &version.id)
}

fn get_retention(call: &Call<'_>, version: &Version) -> Reply {
    let Some(lock) = version.retention else {
        return error(
            call,
            404,
            "NoSuchObjectLockConfiguration",
            "The specified object does not have a ObjectLock configuration",
        );
    };
    document("Retention", |xml| {
        let mode = if lock.compliance == Strictness::Compliance { "COMPLIANCE" } else { "GOVERNANCE" };
        xml.text("Mode", mode).text("RetainUntilDate", call.standing.iso(lock.until));
    })
}

fn put_retention(call: &Call<'_>, version: &mut Version, now: Moment) -> Reply {
    let root = Element::parse(&call.body).unwrap_or_default();
    let Some(wanted) = retention(call, root.text_of("Mode"), root.text_of("RetainUntilDate")) else {
        return error(call, 400, "MalformedXML", "The XML you provided was not well-formed");
    };
    let bypass = call.header("x-amz-bypass-governance-retention") == Some("true");
    let shortens = version.retention.is_some_and(|lock| {
        let bound = lock.compliance == Strictness::Compliance || !bypass;
        now < lock.until && wanted.until < lock.until && bound
    });
    if shortens {
        return error(call, 403, "AccessDenied", "Access Denied because object protected by object lock.");
    }
    version.retention = Some(wanted);
    Reply::empty(200)
}

/// Deletes up to a thousand keys or versions.
pub(super) fn delete_many(call: &Call<'_>, world: &mut World, name: &str) -> Reply {
    let root = Element::parse(&call.body).unwrap_or_default();
    let all: Vec<(String, Option<String>)> = root
        .all("Object")
        .filter_map(|one| Some((one.text_of("Key")?.to_owned(), one.text_of("VersionId").map(str::to_owned))))
        .collect();
    if root.name != "Delete" || all.is_empty() || all.len() > 1_000 {
        return error(
            call,
            400,
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
        );
    }
    let quiet = root.text_of("Quiet") == Some("true");
    let (first, seed, now) = (world.next_serial(), world.seed, world.now());
    let bypass = call.header("x-amz-bypass-governance-retention") == Some("true");
    let bypass = bypass.then_some(Strictness::Governance);
    let Some(bucket) = world.bucket_mut(name) else {
        return error(call, 404, "NoSuchBucket", "The specified bucket does not exist");
    };
    let mut done: Vec<(String, Option<String>, Result<Deleted, ()>)> = Vec::new();
    for (place, (key, id)) in all.into_iter().enumerate() {
        let locked = id.is_some()
            && bucket.version_mut(&key, id.as_deref()).is_some_and(|version| version.is_locked(now, bypass));
        let marker = seed.hex(&format!("marker/{first}/{place}"), 32);
        let outcome = if locked { Err(()) } else { Ok(bucket.delete(&key, id.as_deref(), marker, now)) };
        done.push((key, id, outcome));
    }
    if name == LATCH_BUCKET && done.iter().any(|(key, ..)| key == LATCH_KEY) {
        world.tell("the latch object is deleted");
    }
    document("DeleteResult", |xml| {
        for (key, id, outcome) in &done {
            match outcome {
                Ok(_) if quiet => {}
                Ok(deleted) => drop(xml.nest("Deleted", |xml| {
                    xml.text("Key", key).maybe("VersionId", id.as_deref());
                    match deleted {
                        Deleted::Marked(marker) => {
                            xml.text("DeleteMarker", true).text("DeleteMarkerVersionId", marker);
                        }
                        Deleted::Version { id, marker: true } => {
                            xml.text("DeleteMarker", true).text("DeleteMarkerVersionId", id);
                        }
                        Deleted::Version { .. } | Deleted::Nothing => {}
                    }
                })),
                Err(()) => drop(xml.nest("Error", |xml| {
                    xml.text("Key", key)
                        .maybe("VersionId", id.as_deref())
                        .text("Code", "AccessDenied")
                        .text("Message", "Access Denied because object protected by object lock.");
                })),
            }
        }
    })
}

fn get(call: &Call<'_>, bucket: &Bucket, key: &str, now: Moment) -> Reply {
    let (version, object) = match bucket.get(key, call.query("versionId")) {
        Ok(found) => found,
        Err(Missing::Key) => return error(call, 404, "NoSuchKey", "The specified key does not exist."),
        Err(Missing::Version) => {
            return error(call, 404, "NoSuchVersion", "The specified version does not exist.");
        }
        Err(Missing::Marked(id)) => {
            let reply = error(call, 404, "NoSuchKey", "The specified key does not exist.");
            return reply.with("x-amz-delete-marker", "true").with("x-amz-version-id", id);
        }
        Err(Missing::IsMarker(id)) => {
            let message = "The specified method is not allowed against this resource.";
            let reply = error(call, 405, "MethodNotAllowed", message);
            return reply.with("x-amz-delete-marker", "true").with("x-amz-version-id", id);
        }
    };
    let mut reply = Reply::empty(200)
        .with("content-type", &object.content_type)
        .with("etag", &object.etag)
        .with("last-modified", http_date(call, version.at))
        .with("accept-ranges", "bytes");
    if bucket.versioning != Versioning::Off {
        reply = reply.with("x-amz-version-id", &version.id);
    }
    for (name, value) in &object.metadata {
        reply = reply.with(&format!("x-amz-meta-{name}"), value);
    }
    if let (Some("ENABLED"), Some((header, value))) = (call.header("x-amz-checksum-mode"), &object.checksum) {
        reply = reply.with(header, value).with("x-amz-checksum-type", "FULL_OBJECT");
    }
    reply = dressed(call, version, reply, now);
    if call.method == Method::HEAD {
        return reply.with("content-length", object.body.len().to_string());
    }
    if version.is_frozen(now) {
        let message = "The operation is not valid for the object's storage class";
        return error(call, 403, "InvalidObjectState", message);
    }
    Reply { body: object.body.clone(), ..reply }
}

fn http_date(call: &Call<'_>, at: Moment) -> String {
    call.standing.line().wall(at).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn delete(call: &Call<'_>, world: &mut World, bucket: &str, key: &str) -> Reply {
    let (serial, now, seed) = (world.next_serial(), world.now(), world.seed);
    let Some(found) = world.bucket_mut(bucket) else {
        return error(call, 404, "NoSuchBucket", "The specified bucket does not exist");
    };
    if let Some(id) = call.query("versionId") {
        let bypass = call.header("x-amz-bypass-governance-retention") == Some("true");
        let bypass = bypass.then_some(Strictness::Governance);
        if found.version_mut(key, Some(id)).is_some_and(|version| version.is_locked(now, bypass)) {
            let message = "Access Denied because object protected by object lock.";
            return error(call, 403, "AccessDenied", message);
        }
    }
    let deleted = found.delete(key, call.query("versionId"), seed.hex(&format!("marker/{serial}"), 32), now);
    if (bucket, key) == (LATCH_BUCKET, LATCH_KEY) {
        world.tell("the latch object is deleted");
    }
    let reply = Reply::empty(204);
    match deleted {
        Deleted::Marked(id) | Deleted::Version { id, marker: true } => {
            reply.with("x-amz-delete-marker", "true").with("x-amz-version-id", id)
        }
        Deleted::Version { id, marker: false } => reply.with("x-amz-version-id", id),
        Deleted::Nothing => reply,
    }
}
