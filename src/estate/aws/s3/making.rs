//! Buckets that are made and deleted.

use axum::http::Method;

use super::super::xml::Element;
use super::{Call, End, Reply, error, without_control_plane};
use crate::estate::model::bucket::{Access, Bucket, Versioning};
use crate::estate::model::place::Region;
use crate::estate::model::world::World;

/// How many buckets the account may have.
const MOST: usize = 100;
/// What an object lock that a bucket is made with looks like.
const LOCK: &str = "<ObjectLockConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
                    <ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>";

/// Answers a call that makes or deletes the bucket `name`.
pub(super) fn answer(call: &Call<'_>, world: &mut World, name: &str) -> End {
    if let Some(end) = without_control_plane(call, world) {
        return end;
    }
    let made = if call.method == Method::PUT { create(call, world, name) } else { delete(call, world, name) };
    End::Reply(made.unwrap_or_else(|refusal| refusal))
}

fn create(call: &Call<'_>, world: &mut World, name: &str) -> Result<Reply, Reply> {
    let region = call.region.unwrap_or(Region::East);
    if !is_valid(name) {
        return Err(error(call, 400, "InvalidBucketName", "The specified bucket is not valid."));
    }
    let wanted = if call.body.is_empty() {
        None
    } else {
        let root = Element::parse(&call.body).ok().filter(|root| root.name == "CreateBucketConfiguration");
        let root = root.ok_or_else(|| error(call, 400, "MalformedXML", "The XML you provided was not well-formed"))?;
        root.text_of("LocationConstraint").map(str::to_owned)
    };
    let expected = (region != Region::East).then(|| region.name());
    if wanted.as_deref() != expected {
        let wanted = wanted.as_deref().unwrap_or("unspecified");
        let message = format!(
            "The {wanted} location constraint is incompatible for the region specific endpoint this request was sent to."
        );
        return Err(error(call, 400, "IllegalLocationConstraintException", &message));
    }
    if let Some(known) = world.bucket(name) {
        // The oldest region answers as it always did.
        if region == Region::East && known.region == Region::East {
            return Ok(Reply::empty(200).with("location", format!("/{name}")));
        }
        let message = "Your previous request to create the named bucket succeeded and you already own it.";
        return Err(error(call, 409, "BucketAlreadyOwnedByYou", message));
    }
    if world.buckets.len() >= MOST {
        let message = "You have attempted to create more buckets than allowed";
        return Err(error(call, 400, "TooManyBuckets", message));
    }
    let mut bucket = Bucket::new(name, region, world.now(), Access::Private);
    bucket.versioning = Versioning::Off;
    if call.header("x-amz-bucket-object-lock-enabled") == Some("true") {
        bucket.versioning = Versioning::Enabled;
        bucket.configured.insert("object-lock", LOCK.to_owned());
    }
    world.buckets.push(bucket);
    world.tell(format!("bucket {name} is made"));
    Ok(Reply::empty(200).with("location", format!("/{name}")))
}

fn delete(call: &Call<'_>, world: &mut World, name: &str) -> Result<Reply, Reply> {
    let missing = || error(call, 404, "NoSuchBucket", "The specified bucket does not exist");
    let bucket = world.bucket(name).ok_or_else(missing)?;
    if call.region != Some(bucket.region) {
        let reply = error(call, 301, "PermanentRedirect", "The bucket is in another region; address it there.");
        return Err(reply.with("x-amz-bucket-region", bucket.region.name()));
    }
    if bucket.versions().next().is_some() || world.uploads.iter().any(|open| open.bucket == name) {
        return Err(error(call, 409, "BucketNotEmpty", "The bucket you tried to delete is not empty"));
    }
    world.buckets.retain(|bucket| bucket.name != name);
    world.tell(format!("bucket {name} is deleted"));
    Ok(Reply::empty(204))
}

/// Tells whether a bucket may have that name.
fn is_valid(name: &str) -> bool {
    let ends = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    (3..=63).contains(&name.len())
        && name.starts_with(ends)
        && name.ends_with(ends)
        && name.chars().all(|letter| ends(letter) || letter == '-' || letter == '.')
        && !name.contains("..")
        && name.parse::<std::net::Ipv4Addr>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_buckets() {
        for good in ["abc", "restored-dumps.2026", &"a".repeat(63)] {
            assert!(is_valid(good), "{good}");
        }
        for bad in ["ab", "Abc", "a_b", "-ab", "ab-", "a..b", "10.0.0.1", &"a".repeat(64), ""] {
            assert!(!is_valid(bad), "{bad}");
        }
    }
}
