//! Changes of a bucket: is the object there, gone, or on its way back?

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::Told;
use crate::runbook::aws::option;

/// Lists the calls that are settled here.
pub(super) const CALLS: [&str; 5] = ["put-object", "copy-object", "delete-object", "delete-objects", "restore-object"];

/// Says what is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// The object is there, and was written after the call.
    Written,
    /// The object, or this version of it, is not there.
    Deleted,
    /// None of these versions is there: key and version.
    NoVersions(Vec<(String, String)>),
    /// The object comes back from its archive.
    Restored,
}

/// Returns the words of the look and what it has to show; nothing where a look cannot tell.
pub(super) fn of(words: &[String]) -> Option<(Vec<String>, Sign)> {
    let bucket = option(words, "--bucket")?;
    let name = words.get(1)?.as_str();
    if name == "delete-objects" {
        let versions = versions(option(words, "--delete")?)?;
        let prefix = common(versions.iter().map(|(key, _)| key.as_str()));
        let mut look = ["s3api", "list-object-versions", "--bucket", bucket].map(str::to_owned).to_vec();
        if !prefix.is_empty() {
            look.extend(["--prefix".to_owned(), prefix]);
        }
        return Some((look, Sign::NoVersions(versions)));
    }
    let sign = match name {
        "put-object" | "copy-object" => Sign::Written,
        "delete-object" => Sign::Deleted,
        "restore-object" => Sign::Restored,
        _ => return None,
    };
    let mut look =
        ["s3api", "head-object", "--bucket", bucket, "--key", option(words, "--key")?].map(str::to_owned).to_vec();
    // A version that is written gets its name from the call.
    if let Some(version) = option(words, "--version-id").filter(|_| sign != Sign::Written) {
        look.extend(["--version-id".to_owned(), version.to_owned()]);
    }
    Some((look, sign))
}

/// Takes the versions of a `--delete`; nothing where an entry names none, since then a marker is made and nothing goes.
fn versions(delete: &str) -> Option<Vec<(String, String)>> {
    let delete: Value = serde_json::from_str(delete).ok()?;
    let text = |one: &Value, name: &str| Some(one.get(name)?.as_str()?.to_owned());
    let objects = delete.get("Objects")?.as_array()?.iter();
    let versions = objects.map(|one| Some((text(one, "Key")?, text(one, "VersionId")?)));
    versions.collect::<Option<Vec<_>>>().filter(|versions| !versions.is_empty())
}

/// Returns what all keys begin with.
fn common<'k>(mut keys: impl Iterator<Item = &'k str>) -> String {
    let first = keys.next().unwrap_or_default().to_owned();
    keys.fold(first, |common, key| {
        common.chars().zip(key.chars()).take_while(|(one, other)| one == other).map(|(one, _)| one).collect()
    })
}

impl Sign {
    /// Says what it tells that there is no such object.
    pub(super) fn absent(&self, code: &str) -> Told {
        match self {
            Self::Deleted => Told::Happened(format!("it is gone ({code})")),
            Self::Written => Told::NotHappened(format!("it is not there ({code})")),
            Self::NoVersions(_) | Self::Restored => Told::Unclear(format!("it is not there ({code})")),
        }
    }

    /// Says what an answer tells of a call that was made at `made`, or a moment later.
    pub(super) fn tells(&self, answer: &Value, made: DateTime<Utc>) -> Told {
        match self {
            Self::Written => written(answer, made),
            Self::Deleted => Told::NotHappened("the object is there".to_owned()),
            Self::Restored => match answer.get("Restore").and_then(Value::as_str) {
                Some(how) => Told::Happened(format!("it comes back, or is there: {how}")),
                None => Told::NotHappened("nothing brings it back".to_owned()),
            },
            Self::NoVersions(versions) => {
                let empty = Vec::new();
                let list = |name: &str| answer.get(name).and_then(Value::as_array).unwrap_or(&empty).iter();
                let there: std::collections::BTreeSet<_> = list("Versions")
                    .chain(list("DeleteMarkers"))
                    .filter_map(|one| Some((one.get("Key")?.as_str()?, one.get("VersionId")?.as_str()?)))
                    .collect();
                let left = versions.iter().filter(|(key, id)| there.contains(&(key.as_str(), id.as_str()))).count();
                match left {
                    0 => Told::Happened(format!("none of the {} versions is there", versions.len())),
                    left if left == versions.len() => Told::NotHappened(format!("all {left} versions are there")),
                    left => Told::Unclear(format!("{left} of {} versions are there", versions.len())),
                }
            }
        }
    }
}

/// S3 tells times to the second, by its own clock.
fn written(answer: &Value, made: DateTime<Utc>) -> Told {
    let Some(at) = answer.get("LastModified").and_then(Value::as_str) else {
        return Told::Unclear("the answer does not say when the object was written".to_owned());
    };
    match DateTime::parse_from_rfc3339(at) {
        Ok(time) if time.timestamp() >= made.timestamp() => Told::Happened(format!("the object was written at {at}")),
        Ok(_) => Told::NotHappened(format!("the object was written at {at}, before the call")),
        Err(_) => Told::Unclear(format!("the object was written at `{at}`, which is no time")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{told, words};
    use super::common;

    #[test]
    fn what_was_deleted_is_gone_in_that_version() {
        let call = "s3api delete-object --bucket b --key k --version-id v";
        let look = super::super::probe(&words(call)).unwrap().words;
        assert_eq!(look[2..], words("--bucket b --key k --version-id v"));
        assert_eq!(told(call, &json!({"LastModified": "2026-11-22T09:59:58Z"})), Some(false));
        let restore = "s3api restore-object --bucket b --key k";
        assert_eq!(told(restore, &json!({"Restore": "ongoing-request=\"true\""})), Some(true));
        assert_eq!(told(restore, &json!({})), Some(false));
    }

    #[test]
    fn many_versions_are_looked_for_below_what_their_keys_share() {
        let delete = r#"{"Objects":[{"Key":"in/a1","VersionId":"1"},{"Key":"in/a2","VersionId":"2"}]}"#;
        let call = format!("s3api delete-objects --bucket b --delete {delete}");
        let look = super::super::probe(&words(&call)).unwrap().words;
        assert_eq!(look[4..], words("--prefix in/a"));
        let there = |ids: &[&str]| {
            let markers: Vec<_> = ids.iter().map(|id| json!({"Key": format!("in/a{id}"), "VersionId": id})).collect();
            json!({"Versions": [{"Key": "in/a1", "VersionId": "9"}], "DeleteMarkers": markers})
        };
        assert_eq!(told(&call, &there(&[])), Some(true));
        assert_eq!(told(&call, &there(&["1", "2"])), Some(false));
        assert_eq!(told(&call, &there(&["2"])), None, "some went: somebody has to look");
        let unversioned = r#"{"Objects":[{"Key":"in/a1"}]}"#;
        assert_eq!(
            super::super::probe(&words(&format!("s3api delete-objects --bucket b --delete {unversioned}"))),
            None
        );
        assert_eq!((common(["ü1", "ü2"].into_iter()), common(["a", "b"].into_iter())), ("ü".into(), String::new()));
    }
}
