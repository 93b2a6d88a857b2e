//! S3 over REST: buckets, objects, versions, delete markers; anonymous reads of public buckets.

mod configuration;
mod listing;
mod making;
mod objects;
mod putting;
mod uploads;

use axum::http::Method;
use percent_encoding::percent_decode_str;

use super::xml::{Element, Xml};
use super::{Call, End, Reply, Service};
use crate::estate::model::bucket::{Access, Bucket, Versioning};
use crate::estate::model::place::Region;
use crate::estate::model::world::{Fate, World};

/// Answers a call, or leaves it hanging where a region is gone.
pub(super) fn answer(call: &Call<'_>, world: &mut World) -> End {
    let path = percent_decode_str(call.path.trim_start_matches('/')).decode_utf8_lossy().into_owned();
    let (name, key) = path.split_once('/').unwrap_or((&path, ""));
    if name.is_empty() {
        return End::Reply(list_buckets(call, world));
    }
    let makes = key.is_empty() && matches!(call.method, Method::PUT | Method::DELETE) && sub_resource(call).is_empty();
    if makes && call.region.is_some() {
        return making::answer(call, world, name);
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
    if key.is_empty() { bucket_call(call, world, name) } else { End::Reply(objects::answer(call, world, name, key)) }
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
    const PLAIN: [&str; 12] = [
        "key-marker",
        "version-id-marker",
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

/// Answers where the control plane of all buckets is gone: it stands in `us-east-1`.
fn without_control_plane(call: &Call<'_>, world: &mut World) -> Option<End> {
    match world.fate(Region::East) {
        Fate::Answered => None,
        Fate::Hangs => Some(End::Hang),
        Fate::Unavailable => Some(End::Reply(Service::S3.unavailable(&call.id))),
    }
}

fn bucket_call(call: &Call<'_>, world: &mut World, name: &str) -> End {
    let what = sub_resource(call);
    if matches!(call.method, Method::PUT | Method::DELETE)
        && !what.is_empty()
        && let Some(end) = without_control_plane(call, world)
    {
        return end;
    }
    if (&call.method, what) == (&Method::GET, "uploads") {
        return End::Reply(uploads::list(call, &world.uploads, name));
    }
    let Some(bucket) = world.bucket_mut(name) else {
        return End::Reply(error(call, 404, "NoSuchBucket", "The specified bucket does not exist"));
    };
    End::Reply(match (&call.method, what) {
        (&Method::HEAD, "") => Reply::empty(200).with("x-amz-bucket-region", bucket.region.name()),
        (&Method::GET, "") => listing::list_objects(call, bucket),
        (&Method::GET, "versions") => listing::list_versions(call, bucket),
        (&Method::GET, "location") => document("LocationConstraint", |_| ()).located(bucket.region),
        (&Method::GET, "versioning") => document("VersioningConfiguration", |xml| match bucket.versioning {
            Versioning::Off => {}
            Versioning::Enabled => drop(xml.text("Status", "Enabled")),
            Versioning::Suspended => drop(xml.text("Status", "Suspended")),
        }),
        (&Method::PUT, "versioning") => put_versioning(call, bucket),
        (&Method::POST, "delete") => return End::Reply(objects::delete_many(call, world, name)),
        (&Method::GET, "encryption") => document("ServerSideEncryptionConfiguration", |xml| {
            xml.nest("Rule", |xml| {
                xml.nest("ApplyServerSideEncryptionByDefault", |xml| {
                    xml.text("SSEAlgorithm", "AES256");
                });
            });
        }),
        (method, what) if configuration::KINDS.iter().any(|kind| kind.query == what) => {
            configuration::answer(call, bucket, method, what)
        }
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
