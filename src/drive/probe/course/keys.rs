//! Keys and secrets: the state they are in, and what became of versions and replicas.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::with;
use crate::drive::probe::Told;
use crate::drive::probe::call::{Call, holds, judge, list, since, text};

/// Returns the words of the look; nothing where a look cannot tell.
pub(super) fn of(call: &Call) -> Option<Vec<String>> {
    match call.names() {
        ("kms", "disable-key" | "schedule-key-deletion") => with(call, &["kms", "describe-key", "--key-id"], "KeyId"),
        ("kms", "create-grant") => with(call, &["kms", "list-grants", "--key-id"], "KeyId"),
        ("kms", "put-key-policy") => with(call, &["kms", "get-key-policy", "--key-id"], "KeyId"),
        (
            "secretsmanager",
            "rotate-secret" | "replicate-secret-to-regions" | "stop-replication-to-replica" | "delete-secret",
        ) => with(call, &["secretsmanager", "describe-secret", "--secret-id"], "SecretId"),
        ("secretsmanager", "put-secret-value") => {
            call.text("ClientRequestToken")?;
            with(
                call,
                &["secretsmanager", "list-secret-version-ids", "--include-deprecated", "--secret-id"],
                "SecretId",
            )
        }
        ("secretsmanager", "update-secret-version-stage") => {
            call.text("MoveToVersionId")?;
            with(
                call,
                &["secretsmanager", "list-secret-version-ids", "--include-deprecated", "--secret-id"],
                "SecretId",
            )
        }
        _ => None,
    }
}

/// Says what an answer tells of a call that was made at `made`, or a moment later.
pub(super) fn told(call: &Call, answer: &Value, made: DateTime<Utc>) -> Option<Told> {
    Some(match call.names() {
        ("kms", "create-grant") => {
            let grants = list(answer, "/Grants")?.iter();
            let wanted = ["GranteePrincipal", "Operations", "Name"].map(|name| (name, call.get(name)));
            let mut ours = grants.filter(|grant| {
                let same = |(name, value): &(&str, Option<&Value>)| {
                    value.is_none_or(|value| grant.get(*name).is_some_and(|found| holds(value, found)))
                };
                wanted.iter().all(same)
            });
            match ours.next() {
                Some(grant) => Told::Happened(format!("the key has such a grant, {}", text(grant, "GrantId")?)),
                None => Told::NotHappened("the key has no such grant".to_owned()),
            }
        }
        ("kms", "put-key-policy") => {
            let read = |text: Option<&str>| serde_json::from_str::<Value>(text?).ok();
            match (read(text(answer, "Policy")), read(call.text("Policy"))) {
                (Some(now), Some(wanted)) if now == wanted => Told::Happened("the key has that policy".to_owned()),
                _ => Told::Unclear("the key's policy reads differently; compare the two".to_owned()),
            }
        }
        ("kms", verb) => {
            let state = answer.pointer("/KeyMetadata/KeyState")?.as_str()?;
            let said = format!("the key is {state}");
            match (verb, state) {
                ("disable-key", "Disabled")
                | ("schedule-key-deletion", "PendingDeletion" | "PendingReplicaDeletion") => Told::Happened(said),
                (_, "Enabled") | ("schedule-key-deletion", "Disabled") => Told::NotHappened(said),
                _ => Told::Unclear(said),
            }
        }
        ("secretsmanager", verb) => secret(call, verb, answer, made)?,
        _ => return None,
    })
}

fn secret(call: &Call, verb: &str, answer: &Value, made: DateTime<Utc>) -> Option<Told> {
    if let Some(versions) = list(answer, "/Versions") {
        let (id, stage) = match verb {
            "put-secret-value" => (call.text("ClientRequestToken")?, None),
            _ => (call.text("MoveToVersionId")?, call.text("VersionStage")),
        };
        let version = versions.iter().find(|one| text(one, "VersionId") == Some(id));
        let staged =
            |one: &Value| list(one, "/VersionStages").is_some_and(|all| all.iter().any(|one| one.as_str() == stage));
        return Some(match (version, stage) {
            (Some(_), None) => Told::Happened("the secret has that version".to_owned()),
            (None, None) => Told::NotHappened("the secret has no such version".to_owned()),
            (Some(one), Some(stage)) if staged(one) => Told::Happened(format!("that version is {stage}")),
            (_, Some(stage)) => Told::NotHappened(format!("that version is not {stage}")),
        });
    }
    text(answer, "ARN")?;
    let given = |name: &str| answer.get(name).filter(|value| !value.is_null());
    Some(match verb {
        "rotate-secret" if since(given("LastRotatedDate"), made) => Told::Happened("it was rotated since".to_owned()),
        "rotate-secret" => Told::Unclear("it was not rotated since; a rotation may be under way".to_owned()),
        "delete-secret" => match given("DeletedDate") {
            Some(date) => Told::Happened(format!("it is about to be deleted, since {date}")),
            None => Told::NotHappened("it is not about to be deleted".to_owned()),
        },
        "stop-replication-to-replica" => {
            // A primary that has replicas names itself.
            let own = text(answer, "ARN").and_then(|arn| arn.split(':').nth(3));
            match given("PrimaryRegion").and_then(Value::as_str).filter(|primary| Some(*primary) != own) {
                None => Told::Happened("it is no replica".to_owned()),
                Some(region) => Told::NotHappened(format!("it is a replica of the one in {region}")),
            }
        }
        _ => {
            let there = list(answer, "/ReplicationStatus").unwrap_or_default();
            let wanted = call.items("AddReplicaRegions");
            let held =
                wanted.iter().filter(|one| there.iter().any(|found| text(found, "Region") == text(one, "Region")));
            judge("replicas", held.count(), wanted.len())
        }
    })
}
