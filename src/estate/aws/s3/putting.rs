//! Objects that come: checksums, metadata, locks, copies of others.

use std::sync::Arc;

use chrono::DateTime;
use percent_encoding::percent_decode_str;

use super::super::checksum::{CHECKSUMS, compute, sha256_hex, unchunk};
use super::{Call, Reply, document, error};
use crate::estate::model::bucket::{Bucket, Class, LARGEST_OBJECT, Missing, Object, Retention, Strictness, Versioning};
use crate::estate::model::place::{LATCH_BUCKET, LATCH_KEY};
use crate::estate::model::world::World;

/// How much user metadata an object may have, as at AWS.
const MOST_METADATA: usize = 2048;

/// Takes the object out of a request after its checksums were verified.
pub(super) fn received(call: &Call<'_>) -> Result<Object, Reply> {
    let signed = call.header("x-amz-content-sha256").unwrap_or("UNSIGNED-PAYLOAD");
    let (body, trailers) = if signed.starts_with("STREAMING-") {
        unchunk(&call.body).ok_or_else(|| {
            error(call, 400, "IncompleteBody", "The chunks of the request body cannot be put together.")
        })?
    } else {
        (call.body.clone(), Vec::new())
    };
    let hashed = signed.len() == 64;
    if hashed && sha256_hex(&body) != signed {
        let message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
        return Err(error(call, 400, "XAmzContentSHA256Mismatch", message));
    }
    if body.len() > LARGEST_OBJECT {
        let message = "The practice estate takes at most 8 MiB at once; larger objects come in parts.";
        return Err(error(call, 400, "EntityTooLarge", message));
    }
    if let Some(sent) = call.header("content-md5")
        && compute("content-md5", &body).as_deref() != Some(sent)
    {
        let message = "The Content-MD5 you specified did not match what we received.";
        return Err(error(call, 400, "BadDigest", message));
    }
    let mut object = Object::new(body, call.header("content-type").unwrap_or("binary/octet-stream"));
    let sent_header = |name: &str| call.header(name).map(str::to_owned);
    let sent_trailer = |name: &str| trailers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    for header in CHECKSUMS {
        let Some(sent) = sent_header(header).or_else(|| sent_trailer(header)) else { continue };
        if compute(header, &object.body).as_deref() != Some(sent.as_str()) {
            let message = format!("The {header} you specified did not match the calculated checksum.");
            return Err(error(call, 400, "BadDigest", &message));
        }
        object.checksum = Some((header.to_owned(), sent));
    }
    if call.headers.contains_key("x-amz-checksum-sha1") {
        let message = "The practice estate cannot verify SHA-1; send another checksum.";
        return Err(error(call, 501, "NotImplemented", message));
    }
    for (name, value) in &call.headers {
        if let (Some(name), Ok(value)) = (name.as_str().strip_prefix("x-amz-meta-"), value.to_str()) {
            object.metadata.push((name.to_owned(), value.to_owned()));
        }
    }
    if object.metadata.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > MOST_METADATA {
        let message = "Your metadata headers exceed the maximum allowed metadata size.";
        return Err(error(call, 400, "MetadataTooLarge", message));
    }
    Ok(object)
}

pub(super) fn put(call: &Call<'_>, world: &mut World, bucket: &str, key: &str) -> Reply {
    if call.headers.contains_key("x-amz-copy-source") {
        return copy(call, world, bucket, key);
    }
    let object = match received(call) {
        Ok(object) => object,
        Err(refusal) => return refusal,
    };
    if call.header("if-none-match") == Some("*")
        && world.bucket(bucket).is_some_and(|found| found.get(key, None).is_ok())
    {
        let message = "At least one of the pre-conditions you specified did not hold";
        return error(call, 412, "PreconditionFailed", message);
    }
    let (etag, checksum) = (object.etag.clone(), object.checksum.clone());
    let kept = keep(call, world, bucket, key, object, |found, id| dress(call, found, key, id));
    let id = match kept {
        Ok(id) => id,
        Err(refusal) => return refusal,
    };
    let mut reply = Reply::empty(200).with("etag", etag);
    if id != "null" || world.bucket(bucket).is_some_and(|found| found.versioning != Versioning::Off) {
        reply = reply.with("x-amz-version-id", id);
    }
    if let Some((header, value)) = checksum {
        reply = reply.with(&header, value).with("x-amz-checksum-type", "FULL_OBJECT");
    }
    reply
}

/// Keeps an object as a new version, which `dress` completes, and returns the version's id.
pub(super) fn keep(
    call: &Call<'_>,
    world: &mut World,
    bucket: &str,
    key: &str,
    object: Object,
    dress: impl FnOnce(&mut Bucket, &str) -> Result<(), Reply>,
) -> Result<String, Reply> {
    if key.len() > 1024 {
        return Err(error(call, 400, "KeyTooLongError", "Your key is too long"));
    }
    let (serial, now, seed) = (world.next_serial(), world.now(), world.seed);
    let Some(found) = world.bucket_mut(bucket) else {
        return Err(error(call, 404, "NoSuchBucket", "The specified bucket does not exist"));
    };
    if !found.has_room() {
        let message = "The practice estate keeps at most 250,000 versions and 128 MiB in a bucket; delete some.";
        return Err(error(call, 503, "SlowDown", message));
    }
    let id = found.put(key, seed.hex(&format!("put/{serial}"), 32), now, object);
    dress(found, &id)?;
    world.replicate_object(bucket, key, &id);
    if (bucket, key) == (LATCH_BUCKET, LATCH_KEY) {
        world.tell("the latch is set");
    }
    Ok(id)
}

/// Gives a version the class, lock and tags that its request asks for.
fn dress(call: &Call<'_>, bucket: &mut Bucket, key: &str, id: &str) -> Result<(), Reply> {
    let class = match call.header("x-amz-storage-class") {
        None => Class::Standard,
        Some(name) => Class::named(name)
            .ok_or_else(|| error(call, 400, "InvalidStorageClass", "The storage class you specified is not valid"))?,
    };
    let lock = match (call.header("x-amz-object-lock-mode"), call.header("x-amz-object-lock-retain-until-date")) {
        (None, None) => None,
        (mode, until) => Some(
            retention(call, mode, until)
                .ok_or_else(|| error(call, 400, "InvalidArgument", "The object lock is not valid"))?,
        ),
    };
    let held = call.header("x-amz-object-lock-legal-hold") == Some("ON");
    if (lock.is_some() || held) && !bucket.configured.contains_key("object-lock") {
        let message = "Bucket is missing Object Lock Configuration";
        return Err(error(call, 400, "InvalidRequest", message));
    }
    let tags = call.header("x-amz-tagging").map(|tags| form_urlencoded::parse(tags.as_bytes()).into_owned().collect());
    if let Some(version) = bucket.version_mut(key, Some(id)) {
        (version.class, version.retention, version.held) = (class, lock, held);
        version.tags = tags.unwrap_or_default();
    }
    Ok(())
}

/// Reads a lock: its mode and its time.
pub(super) fn retention(call: &Call<'_>, mode: Option<&str>, until: Option<&str>) -> Option<Retention> {
    let compliance = match mode? {
        "GOVERNANCE" => Strictness::Governance,
        "COMPLIANCE" => Strictness::Compliance,
        _ => return None,
    };
    let until = DateTime::parse_from_rfc3339(until?).ok()?.to_utc();
    Some(Retention { compliance, until: call.standing.line().moment_of(until) })
}

/// Copies a version of an object, of the same bucket or another one, of the other region too.
fn copy(call: &Call<'_>, world: &mut World, bucket: &str, key: &str) -> Reply {
    let invalid = |message: &str| error(call, 400, "InvalidArgument", message);
    let Some(source) = call.header("x-amz-copy-source") else { return invalid("The copy source is missing") };
    let (path, id) = source.split_once("?versionId=").map_or((source, None), |(path, id)| (path, Some(id)));
    let path = percent_decode_str(path.trim_start_matches('/')).decode_utf8_lossy().into_owned();
    let Some((from, from_key)) = path.split_once('/') else {
        return invalid("Copy Source must mention the source bucket and key: sourcebucket/sourcekey");
    };
    let now = world.now();
    let Some(found) = world.bucket(from) else {
        return error(call, 404, "NoSuchBucket", "The specified bucket does not exist");
    };
    if !world.is_up(found.region) {
        return super::Service::S3.unavailable(&call.id);
    }
    let (source, object) = match found.get(from_key, id) {
        Ok((version, _)) => (version, version.object.clone()),
        Err(Missing::Version) => return error(call, 404, "NoSuchVersion", "The specified version does not exist."),
        Err(Missing::IsMarker(_)) => {
            return error(
                call,
                400,
                "InvalidRequest",
                "The source of a copy request may not specifically refer to a delete marker by version id.",
            );
        }
        Err(Missing::Key | Missing::Marked(_)) => {
            return error(call, 404, "NoSuchKey", "The specified key does not exist.");
        }
    };
    if source.is_frozen(now) {
        return error(call, 403, "InvalidObjectState", "Operation is not valid for the source object's storage class");
    }
    let Some(mut object) = object else { return error(call, 404, "NoSuchKey", "The specified key does not exist.") };
    let (tags, source_id) = (source.tags.clone(), source.id.clone());
    let replaces = call.header("x-amz-metadata-directive") == Some("REPLACE");
    let changes = replaces || id.is_some() || call.headers.contains_key("x-amz-storage-class");
    if (from, from_key) == (bucket, key) && !changes {
        let message = "This copy request is illegal because it is trying to copy an object to itself without changing \
                       the object's metadata, storage class, website redirect location or encryption attributes.";
        return error(call, 400, "InvalidRequest", message);
    }
    if replaces {
        let fresh = Arc::make_mut(&mut object);
        call.header("content-type").unwrap_or("binary/octet-stream").clone_into(&mut fresh.content_type);
        fresh.metadata = metadata(call);
    }
    let (serial, seed) = (world.next_serial(), world.seed);
    let Some(target) = world.bucket_mut(bucket) else {
        return error(call, 404, "NoSuchBucket", "The specified bucket does not exist");
    };
    if !target.has_room() {
        return error(call, 503, "SlowDown", "The practice estate keeps no more versions in this bucket; delete some.");
    }
    let etag = object.etag.clone();
    let made = target.put_shared(key, seed.hex(&format!("put/{serial}"), 32), now, object);
    let versioned = target.versioning != Versioning::Off;
    if let Err(refusal) = dress(call, target, key, &made) {
        return refusal;
    }
    if call.header("x-amz-tagging-directive") != Some("REPLACE")
        && let Some(version) = target.version_mut(key, Some(&made))
    {
        version.tags = tags;
    }
    world.replicate_object(bucket, key, &made);
    let reply = document("CopyObjectResult", |xml| {
        xml.text("LastModified", call.standing.iso(now)).text("ETag", &etag);
    });
    let reply = if versioned { reply.with("x-amz-version-id", made) } else { reply };
    reply.with("x-amz-copy-source-version-id", source_id)
}

/// Returns the user metadata that a request carries.
pub(super) fn metadata(call: &Call<'_>) -> Vec<(String, String)> {
    let named = |name: &axum::http::HeaderName| name.as_str().strip_prefix("x-amz-meta-").map(str::to_owned);
    let pairs = call.headers.iter().filter_map(|(name, value)| Some((named(name)?, value.to_str().ok()?.to_owned())));
    pairs.collect()
}
