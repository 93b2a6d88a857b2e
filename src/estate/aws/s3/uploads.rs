//! Multipart uploads: begun, filled part by part, put together or given up.

use axum::http::Method;
use bytes::Bytes;

use super::super::xml::{Element, Xml};
use super::putting::{keep, metadata, received};
use super::{Call, Reply, document, error};
use crate::estate::model::bucket::{Class, Object};
use crate::estate::model::upload::{LARGEST_WHOLE, LAST_PART, Part, Unfit, Upload, has_room};
use crate::estate::model::world::World;

/// Tells whether a call on an object is about an upload.
pub(super) fn is_meant(call: &Call<'_>) -> bool {
    call.query("uploads").is_some() || call.query("uploadId").is_some()
}

/// Answers a call on an object about an upload.
pub(super) fn answer(call: &Call<'_>, world: &mut World, bucket: &str, key: &str) -> Reply {
    if call.method == Method::POST && call.query("uploads").is_some() {
        return begin(call, world, bucket, key);
    }
    let id = call.query("uploadId").unwrap_or_default().to_owned();
    let place = world.uploads.iter().position(|open| open.id == id && open.bucket == bucket && open.key == key);
    let Some(place) = place else {
        let message = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been \
                       aborted or completed.";
        return error(call, 404, "NoSuchUpload", message);
    };
    match call.method {
        Method::PUT => take(call, world, place),
        Method::POST => complete(call, world, place),
        Method::GET => world.uploads.get(place).map_or(Reply::empty(404), |upload| list_parts(call, upload)),
        Method::DELETE => {
            drop(world.uploads.remove(place));
            Reply::empty(204)
        }
        _ => error(call, 405, "MethodNotAllowed", "The specified method is not allowed against this resource."),
    }
}

fn begin(call: &Call<'_>, world: &mut World, bucket: &str, key: &str) -> Reply {
    let locks = ["x-amz-object-lock-mode", "x-amz-object-lock-legal-hold"];
    if let Some(stray) = locks.into_iter().find(|name| call.headers.contains_key(*name)) {
        let message = format!("The practice estate does not model {stray} of a multipart upload.");
        return error(call, 501, "NotImplemented", &message);
    }
    let class = match call.header("x-amz-storage-class").map(Class::named) {
        None => Class::Standard,
        Some(Some(class)) => class,
        Some(None) => return error(call, 400, "InvalidStorageClass", "The storage class you specified is not valid"),
    };
    if !has_room(&world.uploads, 0) {
        return error(call, 503, "SlowDown", "The practice estate keeps no more uploads open; abort some.");
    }
    let mut like = Object::new(Bytes::new(), call.header("content-type").unwrap_or("binary/octet-stream"));
    like.metadata = metadata(call);
    let tags = call.header("x-amz-tagging").map(|tags| form_urlencoded::parse(tags.as_bytes()).into_owned().collect());
    let id = world.seed.hex(&format!("upload/{}", world.next_serial()), 64);
    world.uploads.push(Upload {
        id: id.clone(),
        bucket: bucket.to_owned(),
        key: key.to_owned(),
        begun: world.now(),
        like,
        class,
        tags: tags.unwrap_or_default(),
        parts: std::collections::BTreeMap::new(),
    });
    document("InitiateMultipartUploadResult", |xml| {
        xml.text("Bucket", bucket).text("Key", key).text("UploadId", id);
    })
}

fn take(call: &Call<'_>, world: &mut World, place: usize) -> Reply {
    if call.headers.contains_key("x-amz-copy-source") {
        return error(call, 501, "NotImplemented", "The practice estate does not model parts that are copies.");
    }
    let number = call.query("partNumber").and_then(|text| text.parse().ok());
    let Some(number) = number.filter(|number| (1..=LAST_PART).contains(number)) else {
        let message = "Part number must be an integer between 1 and 10000, inclusive";
        return error(call, 400, "InvalidArgument", message);
    };
    let object = match received(call) {
        Ok(object) => object,
        Err(refusal) => return refusal,
    };
    if !has_room(&world.uploads, object.body.len()) {
        let message = "The practice estate keeps at most 128 MiB of parts; complete or abort uploads.";
        return error(call, 503, "SlowDown", message);
    }
    let at = world.now();
    let mut reply = Reply::empty(200).with("etag", object.etag.clone());
    if let Some((header, value)) = object.checksum {
        reply = reply.with(&header, value);
    }
    if let Some(upload) = world.uploads.get_mut(place) {
        upload.parts.insert(number, Part { body: object.body, etag: object.etag, at });
    }
    reply
}

fn complete(call: &Call<'_>, world: &mut World, place: usize) -> Reply {
    let malformed = || error(call, 400, "MalformedXML", "The XML you provided was not well-formed");
    let Ok(root) = Element::parse(&call.body) else { return malformed() };
    let named: Option<Vec<(u32, String)>> = root
        .all("Part")
        .map(|part| Some((part.text_of("PartNumber")?.parse().ok()?, part.text_of("ETag")?.to_owned())))
        .collect();
    let (Some(named), Some(upload)) = (named, world.uploads.get(place)) else { return malformed() };
    let object = match upload.whole(&named) {
        Ok(object) => object,
        Err(Unfit::None) => return malformed(),
        Err(Unfit::Part) => {
            let message = "One or more of the specified parts could not be found.";
            return error(call, 400, "InvalidPart", message);
        }
        Err(Unfit::Order) => {
            let message = "The list of parts was not in ascending order.";
            return error(call, 400, "InvalidPartOrder", message);
        }
        Err(Unfit::Small) => {
            let message = "Your proposed upload is smaller than the minimum allowed size";
            return error(call, 400, "EntityTooSmall", message);
        }
        Err(Unfit::Large) => {
            let message = format!("The practice estate keeps objects of at most {LARGEST_WHOLE} bytes.");
            return error(call, 400, "EntityTooLarge", &message);
        }
    };
    let etag = object.etag.clone();
    let (bucket, key, class, tags) = (upload.bucket.clone(), upload.key.clone(), upload.class, upload.tags.clone());
    let kept = keep(call, world, &bucket, &key, object, |found, id| {
        if let Some(version) = found.version_mut(&key, Some(id)) {
            (version.class, version.tags) = (class, tags);
        }
        Ok(())
    });
    let id = match kept {
        Ok(id) => id,
        Err(refusal) => return refusal,
    };
    drop(world.uploads.remove(place));
    let reply = document("CompleteMultipartUploadResult", |xml| {
        xml.text("Location", format!("/{bucket}/{key}")).text("Bucket", &bucket).text("Key", &key).text("ETag", etag);
    });
    if id == "null" { reply } else { reply.with("x-amz-version-id", id) }
}

fn list_parts(call: &Call<'_>, upload: &Upload) -> Reply {
    let after: u32 = call.query("part-number-marker").and_then(|text| text.parse().ok()).unwrap_or(0);
    let most: usize = call.query("max-parts").and_then(|text| text.parse().ok()).unwrap_or(1_000).clamp(1, 1_000);
    let found = || upload.parts.range(after + 1..);
    document("ListPartsResult", |xml| {
        xml.text("Bucket", &upload.bucket).text("Key", &upload.key).text("UploadId", &upload.id);
        xml.text("PartNumberMarker", after)
            .maybe("NextPartNumberMarker", found().take(most).last().map(|(number, _)| *number))
            .text("MaxParts", most)
            .text("IsTruncated", found().count() > most);
        for (number, part) in found().take(most) {
            xml.nest("Part", |xml| {
                xml.text("PartNumber", number)
                    .text("LastModified", call.standing.iso(part.at))
                    .text("ETag", &part.etag)
                    .text("Size", part.body.len());
            });
        }
        xml.text("StorageClass", upload.class.name());
    })
}

/// Lists the uploads of a bucket that are not finished.
pub(super) fn list(call: &Call<'_>, uploads: &[Upload], bucket: &str) -> Reply {
    let prefix = call.query("prefix").unwrap_or_default();
    let show = |xml: &mut Xml, upload: &Upload| {
        xml.nest("Upload", |xml| {
            xml.text("Key", &upload.key)
                .text("UploadId", &upload.id)
                .text("StorageClass", upload.class.name())
                .text("Initiated", call.standing.iso(upload.begun));
        });
    };
    document("ListMultipartUploadsResult", |xml| {
        xml.text("Bucket", bucket).text("Prefix", prefix).text("MaxUploads", 1_000).text("IsTruncated", false);
        for upload in uploads.iter().filter(|open| open.bucket == bucket && open.key.starts_with(prefix)) {
            show(xml, upload);
        }
    })
}
