//! What a bucket is told to do: lifecycle, replication, object lock, tags. Shown as it was put.

use axum::http::Method;

use super::super::xml::Element;
use super::{Call, Reply, error};
use crate::estate::model::bucket::{Bucket, Class};
use crate::estate::model::lifecycle::Rule;

/// Is one kind of configuration.
pub(super) struct Kind {
    /// Its name in a request.
    pub(super) query: &'static str,
    /// Its name in the model.
    name: &'static str,
    /// The root of its document.
    root: &'static str,
    /// What is answered where there is none.
    missing: &'static str,
}

/// The kinds there are.
pub(super) const KINDS: [Kind; 4] = [
    Kind {
        query: "lifecycle",
        name: "lifecycle",
        root: "LifecycleConfiguration",
        missing: "NoSuchLifecycleConfiguration",
    },
    Kind {
        query: "replication",
        name: "replication",
        root: "ReplicationConfiguration",
        missing: "ReplicationConfigurationNotFoundError",
    },
    Kind {
        query: "object-lock",
        name: "object-lock",
        root: "ObjectLockConfiguration",
        missing: "ObjectLockConfigurationNotFoundError",
    },
    Kind { query: "tagging", name: "tagging", root: "Tagging", missing: "NoSuchTagSet" },
];

/// Answers a call about one of the kinds.
pub(super) fn answer(call: &Call<'_>, bucket: &mut Bucket, method: &Method, what: &str) -> Reply {
    let Some(kind) = KINDS.iter().find(|kind| kind.query == what) else {
        return error(call, 501, "NotImplemented", "The practice estate does not model it.");
    };
    match *method {
        Method::GET => match bucket.configured.get(kind.name) {
            Some(document) => {
                let mut reply = Reply::xml(200, document.clone());
                reply.headers = vec![("content-type".to_owned(), "application/xml".to_owned())];
                reply
            }
            None => error(call, 404, kind.missing, "The configuration does not exist"),
        },
        Method::PUT => put(call, bucket, kind),
        Method::DELETE if kind.name != "object-lock" => {
            bucket.configured.remove(kind.name);
            match kind.name {
                "replication" => bucket.replicates_to = None,
                "lifecycle" => bucket.rules.clear(),
                _ => {}
            }
            Reply::empty(204)
        }
        _ => error(call, 405, "MethodNotAllowed", "The specified method is not allowed against this resource."),
    }
}

fn put(call: &Call<'_>, bucket: &mut Bucket, kind: &Kind) -> Reply {
    let malformed = || error(call, 400, "MalformedXML", "The XML you provided was not well-formed");
    let (Ok(root), Ok(document)) = (Element::parse(&call.body), std::str::from_utf8(&call.body)) else {
        return malformed();
    };
    if root.name != kind.root {
        return malformed();
    }
    if kind.name == "replication" {
        if bucket.versioning != super::Versioning::Enabled {
            let message = "Versioning must be 'Enabled' on the bucket to apply a replication configuration";
            return error(call, 400, "InvalidRequest", message);
        }
        let rule = root.all("Rule").find(|rule| rule.text_of("Status") == Some("Enabled"));
        let target = rule.and_then(|rule| rule.child("Destination")?.text_of("Bucket"));
        bucket.replicates_to = target.and_then(|arn| arn.strip_prefix("arn:aws:s3:::")).map(str::to_owned);
    }
    if kind.name == "lifecycle" {
        match root.all("Rule").filter(|rule| rule.text_of("Status") == Some("Enabled")).map(rule).collect() {
            Ok(rules) => bucket.rules = rules,
            Err(what) => {
                let message = format!("The practice estate does not carry out {what} of a lifecycle rule.");
                return error(call, 501, "NotImplemented", &message);
            }
        }
    }
    bucket.configured.insert(kind.name, document.to_owned());
    Reply::empty(200)
}

/// Reads a lifecycle rule, or says what in it is not carried out here.
fn rule(rule: &Element) -> Result<Rule, String> {
    let days = |element: &Element, name: &str| element.text_of(name).and_then(|text| text.parse::<i64>().ok());
    let mut read = Rule::default();
    for part in &rule.children {
        match part.name.as_str() {
            // Uploads that nobody finishes cost nothing here.
            "ID" | "Status" | "AbortIncompleteMultipartUpload" => {}
            "Prefix" => read.prefix.clone_from(&part.text),
            "Filter" => {
                if let Some(stray) = part.children.iter().find(|child| child.name != "Prefix") {
                    return Err(format!("a filter by {}", stray.name));
                }
                part.text_of("Prefix").unwrap_or_default().clone_into(&mut read.prefix);
            }
            "Transition" => {
                let class = part.text_of("StorageClass").unwrap_or_default();
                let known = Class::named(class).ok_or_else(|| format!("the storage class {class}"))?;
                let after = days(part, "Days").ok_or("a transition without days")?;
                read.transitions.push((after, known));
            }
            "Expiration" => read.expiration = Some(days(part, "Days").ok_or("an expiration without days")?),
            "NoncurrentVersionExpiration" => {
                if part.child("NewerNoncurrentVersions").is_some() {
                    return Err("NewerNoncurrentVersions".to_owned());
                }
                read.replaced = Some(days(part, "NoncurrentDays").ok_or("an expiration without NoncurrentDays")?);
            }
            other => return Err(other.to_owned()),
        }
    }
    Ok(read)
}
