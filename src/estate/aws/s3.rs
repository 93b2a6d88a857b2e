//! S3 over REST: buckets, objects, versions, delete markers; anonymous reads of public buckets.

use axum::http::Method;
use percent_encoding::percent_decode_str;

use super::checksum::{CHECKSUMS, compute, sha256_hex, unchunk};
use super::xml::{Element, Xml};
use super::{Call, End, Reply, Service};
use crate::estate::model::bucket::{Access, Bucket, Deleted, LARGEST_OBJECT, Missing, Object, Versioning};
use crate::estate::model::place::{LATCH_BUCKET, LATCH_KEY, Region};
use crate::estate::model::time::Moment;
use crate::estate::model::world::{Fate, World};

/// How much user metadata an object may have, as at AWS.
const MOST_METADATA: usize = 2048;

/// Answers a call, or leaves it hanging where a region is gone.
pub(super) fn answer(call: &Call<'_>, world: &mut World) -> End {
    let path = percent_decode_str(call.path.trim_start_matches('/')).decode_utf8_lossy().into_owned();
    let (name, key) = path.split_once('/').unwrap_or((&path, ""));
    if name.is_empty() {
        return End::Reply(list_buckets(call, world));
    }
    let Some((region, access)) = world.bucket(name).map(|bucket| (bucket.region, bucket.access)) else {
        return End::Reply(error(call, 404, "NoSuchBucket", "The specified bucket does not exist"));
    };
    match world.fate(region) {
        Fate::Answered => {}
        Fate::Hangs => return End::Hang,
        Fate::Unavailable => return End::Reply(Service::S3.unavailable(&call.id)),
    }
    match call.region {
        None => {
            let reads = matches!(call.method, Method::GET | Method::HEAD) && !key.is_empty();
            if access == Access::Private || !reads {
                return End::Reply(error(call, 403, "AccessDenied", "Access Denied"));
            }
        }
        Some(signed) if signed != region => {
            let message = "The bucket is in another region; address it there.";
            let reply = error(call, 301, "PermanentRedirect", message);
            return End::Reply(reply.with("x-amz-bucket-region", region.name()));
        }
        Some(_) => {}
    }
    if key.is_empty() { bucket_call(call, world, name) } else { End::Reply(object_call(call, world, name, key)) }
}

fn error(call: &Call<'_>, status: u16, code: &str, message: &str) -> Reply {
    if call.method == Method::HEAD {
        return Reply::empty(status);
    }
    Service::S3.error(status, code, message, &call.id)
}

fn document(name: &str, fill: impl FnOnce(&mut Xml)) -> Reply {
    let mut reply = Reply::xml(200, Xml::document(name, Service::S3.namespace(), fill));
    reply.headers = vec![("content-type".to_owned(), "application/xml".to_owned())];
    reply
}

fn list_buckets(call: &Call<'_>, world: &World) -> Reply {
    if call.region.is_none() {
        return error(call, 403, "AccessDenied", "Access Denied");
    }
    document("ListAllMyBucketsResult", |xml| {
        xml.nest("Owner", |xml| {
            xml.text("ID", "practice");
        })
        .nest("Buckets", |xml| {
            for bucket in &world.buckets {
                xml.nest("Bucket", |xml| {
                    xml.text("Name", &bucket.name)
                        .text("CreationDate", call.standing.iso(bucket.created))
                        .text("BucketRegion", bucket.region.name());
                });
            }
        });
    })
}

/// Names what a call on a bucket is about: the sub-resource in its query.
fn sub_resource<'c>(call: &'c Call<'_>) -> &'c str {
    const PLAIN: [&str; 10] = [
        "list-type",
        "prefix",
        "delimiter",
        "max-keys",
        "start-after",
        "encoding-type",
        "fetch-owner",
        "marker",
        "x-id",
        "continuation-token",
    ];
    let names = call.query.iter().map(|(name, _)| name.as_str());
    names.into_iter().find(|name| !PLAIN.contains(name) && !name.starts_with("X-Amz-")).unwrap_or("")
}

fn bucket_call(call: &Call<'_>, world: &mut World, name: &str) -> End {
    let what = sub_resource(call);
    if matches!(call.method, Method::PUT | Method::DELETE) {
        // The configuration of every bucket is kept by the control plane in us-east-1.
        match world.fate(Region::East) {
            Fate::Answered => {}
            Fate::Hangs => return End::Hang,
            Fate::Unavailable => return End::Reply(Service::S3.unavailable(&call.id)),
        }
    }
    let Some(bucket) = world.bucket_mut(name) else {
        return End::Reply(error(call, 404, "NoSuchBucket", "The specified bucket does not exist"));
    };
    End::Reply(match (&call.method, what) {
        (&Method::HEAD, "") => Reply::empty(200).with("x-amz-bucket-region", bucket.region.name()),
        (&Method::GET, "") => list_objects(call, bucket),
        (&Method::GET, "versions") => list_versions(call, bucket),
        (&Method::GET, "location") => document("LocationConstraint", |_| ()).located(bucket.region),
        (&Method::GET, "versioning") => document("VersioningConfiguration", |xml| match bucket.versioning {
            Versioning::Off => {}
            Versioning::Enabled => drop(xml.text("Status", "Enabled")),
            Versioning::Suspended => drop(xml.text("Status", "Suspended")),
        }),
        (&Method::PUT, "versioning") => put_versioning(call, bucket),
        (method, what) => {
            let message = format!("The practice estate does not model {method} of a bucket's `{what}`.");
            error(call, 501, "NotImplemented", &message)
        }
    })
}

impl Reply {
    /// Writes a bucket's location; `us-east-1` is written as nothing.
    fn located(self, region: Region) -> Self {
        if region == Region::East {
            return self;
        }
        let namespace = Service::S3.namespace();
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<LocationConstraint xmlns=\"{namespace}\">{}</LocationConstraint>",
            region.name()
        );
        Self { body: body.into(), ..self }
    }
}

fn put_versioning(call: &Call<'_>, bucket: &mut Bucket) -> Reply {
    let status = Element::parse(&call.body).ok().and_then(|root| root.text_of("Status").map(str::to_owned));
    bucket.versioning = match status.as_deref() {
        Some("Enabled") => Versioning::Enabled,
        Some("Suspended") => Versioning::Suspended,
        _ => return error(call, 400, "MalformedXML", "The XML you provided was not well-formed"),
    };
    Reply::empty(200)
}

fn list_objects(call: &Call<'_>, bucket: &Bucket) -> Reply {
    let prefix = call.query("prefix").unwrap_or("");
    let most: usize = call.query("max-keys").and_then(|text| text.parse().ok()).unwrap_or(1000).min(1000);
    let after = call.query("continuation-token").or(call.query("start-after")).or(call.query("marker")).unwrap_or("");
    if call.query("delimiter").is_some_and(|delimiter| !delimiter.is_empty()) {
        return error(call, 501, "NotImplemented", "The practice estate does not model `delimiter`.");
    }
    let all: Vec<_> = bucket.list().filter(|(key, ..)| key.starts_with(prefix) && *key > after).collect();
    let page = all.get(..most.min(all.len())).unwrap_or(&all);
    document("ListBucketResult", |xml| {
        xml.text("Name", &bucket.name)
            .text("Prefix", prefix)
            .text("KeyCount", page.len())
            .text("MaxKeys", most)
            .text("IsTruncated", page.len() < all.len());
        if page.len() < all.len() {
            xml.maybe("NextContinuationToken", page.last().map(|(key, ..)| *key));
        }
        for (key, version, object) in page {
            xml.nest("Contents", |xml| {
                xml.text("Key", key)
                    .text("LastModified", call.standing.iso(version.at))
                    .text("ETag", &object.etag)
                    .text("Size", object.body.len())
                    .text("StorageClass", "STANDARD");
            });
        }
    })
}

fn list_versions(call: &Call<'_>, bucket: &Bucket) -> Reply {
    let prefix = call.query("prefix").unwrap_or("");
    document("ListVersionsResult", |xml| {
        xml.text("Name", &bucket.name).text("Prefix", prefix).text("MaxKeys", 1000).text("IsTruncated", false);
        let mut previous = "";
        for (key, version) in bucket.versions().filter(|(key, _)| key.starts_with(prefix)) {
            let latest = key != previous;
            previous = key;
            xml.nest(if version.object.is_some() { "Version" } else { "DeleteMarker" }, |xml| {
                xml.text("Key", key)
                    .text("VersionId", &version.id)
                    .text("IsLatest", latest)
                    .text("LastModified", call.standing.iso(version.at));
                if let Some(object) = &version.object {
                    xml.text("ETag", &object.etag).text("Size", object.body.len()).text("StorageClass", "STANDARD");
                }
            });
        }
    })
}

fn object_call(call: &Call<'_>, world: &mut World, bucket: &str, key: &str) -> Reply {
    let what = call
        .query
        .iter()
        .map(|(name, _)| name.as_str())
        .find(|name| !["versionId", "x-id"].contains(name) && !name.starts_with("X-Amz-"));
    if let Some(what) = what {
        let message = format!("The practice estate does not model `{what}` of an object.");
        return error(call, 501, "NotImplemented", &message);
    }
    match call.method {
        Method::GET | Method::HEAD => match world.bucket(bucket) {
            Some(bucket) => get(call, bucket, key),
            None => error(call, 404, "NoSuchBucket", "The specified bucket does not exist"),
        },
        Method::PUT => put(call, world, bucket, key),
        Method::DELETE => delete(call, world, bucket, key),
        _ => error(call, 405, "MethodNotAllowed", "The specified method is not allowed against this resource."),
    }
}

fn get(call: &Call<'_>, bucket: &Bucket, key: &str) -> Reply {
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
    if call.method == Method::HEAD {
        return reply.with("content-length", object.body.len().to_string());
    }
    Reply { body: object.body.clone(), ..reply }
}

fn http_date(call: &Call<'_>, at: Moment) -> String {
    call.standing.line().wall(at).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Takes the object out of a request after its checksums were verified.
fn received(call: &Call<'_>) -> Result<Object, Reply> {
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
        let message = "The practice estate keeps objects of at most one mebibyte.";
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

fn put(call: &Call<'_>, world: &mut World, bucket: &str, key: &str) -> Reply {
    if call.headers.contains_key("x-amz-copy-source") {
        return error(call, 501, "NotImplemented", "The practice estate does not model CopyObject.");
    }
    if key.len() > 1024 {
        return error(call, 400, "KeyTooLongError", "Your key is too long");
    }
    let object = match received(call) {
        Ok(object) => object,
        Err(refusal) => return refusal,
    };
    let (serial, now, seed) = (world.next_serial(), world.now(), world.seed);
    let (etag, checksum) = (object.etag.clone(), object.checksum.clone());
    let Some(found) = world.bucket_mut(bucket) else {
        return error(call, 404, "NoSuchBucket", "The specified bucket does not exist");
    };
    if call.header("if-none-match") == Some("*") && found.get(key, None).is_ok() {
        let message = "At least one of the pre-conditions you specified did not hold";
        return error(call, 412, "PreconditionFailed", message);
    }
    if !found.has_room() {
        let message = "The practice estate keeps at most 200 versions in a bucket; delete some.";
        return error(call, 503, "SlowDown", message);
    }
    let id = found.put(key, seed.hex(&format!("put/{serial}"), 32), now, object);
    let versioned = found.versioning != Versioning::Off;
    if (bucket, key) == (LATCH_BUCKET, LATCH_KEY) {
        world.tell("the latch is set");
    }
    let mut reply = Reply::empty(200).with("etag", etag);
    if versioned {
        reply = reply.with("x-amz-version-id", id);
    }
    if let Some((header, value)) = checksum {
        reply = reply.with(&header, value).with("x-amz-checksum-type", "FULL_OBJECT");
    }
    reply
}

fn delete(call: &Call<'_>, world: &mut World, bucket: &str, key: &str) -> Reply {
    let (serial, now, seed) = (world.next_serial(), world.now(), world.seed);
    let Some(found) = world.bucket_mut(bucket) else {
        return error(call, 404, "NoSuchBucket", "The specified bucket does not exist");
    };
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
