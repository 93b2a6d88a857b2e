//! Secrets Manager, KMS and CloudTrail: what lets in, what encrypts, and who did it. JSON, the operation in a header.

use serde_json::{Value, json};

use super::{Call, OPERATOR, Reply, Service, json_call, unknown_operation};
use crate::estate::model::Moment;
use crate::estate::model::key::{Key, KeyState};
use crate::estate::model::place::{ACCOUNT, Region};
use crate::estate::model::secret::Secret;
use crate::estate::model::time::DAY;
use crate::estate::model::world::World;

fn seconds(call: &Call<'_>, moment: Moment) -> f64 {
    call.standing.line().wall(moment).timestamp_millis() as f64 / 1_000.0
}

fn refused(service: Service, call: &Call<'_>, code: &str, message: &str) -> Reply {
    service.error(400, code, message, &call.id)
}

fn text<'b>(body: &'b Value, name: &str) -> Option<&'b str> {
    body.get(name).and_then(Value::as_str)
}

/// Answers a call to Secrets Manager.
pub(super) fn secrets(call: &Call<'_>, world: &mut World) -> Reply {
    let (action, body) = json_call(call);
    let region = call.region.unwrap_or(Region::West);
    let service = Service::Secrets;
    if action == "ListSecrets" {
        let all: Vec<Value> = world
            .secrets
            .iter()
            .filter(|secret| secret.region == region && secret.deleted_at.is_none())
            .map(|secret| json!({ "ARN": secret.arn, "Name": secret.name }))
            .collect();
        return Reply::json(200, &json!({ "SecretList": all }));
    }
    let known = ["DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecret", "DeleteSecret", "RestoreSecret"];
    if !known.contains(&action.as_str()) && action != "StopReplicationToReplica" {
        return unknown_operation(service, &action, "2017-10-17", &call.id);
    }
    let (serial, now, seed) = (world.next_serial(), world.now(), world.seed);
    let name = text(&body, "SecretId").unwrap_or_default().to_owned();
    let found = world.secrets.iter_mut().find(|secret| secret.region == region && secret.is_named(&name));
    let Some(secret) = found else {
        let message = "Secrets Manager can't find the specified secret.";
        return refused(service, call, "ResourceNotFoundException", message);
    };
    if secret.deleted_at.is_some() && !["RestoreSecret", "DescribeSecret"].contains(&action.as_str()) {
        let message = "You can't perform this operation on the secret because it was marked for deletion.";
        return refused(service, call, "InvalidRequestException", message);
    }
    let reply = match action.as_str() {
        "DescribeSecret" => describe_secret(call, secret),
        "GetSecretValue" => {
            let version = match (text(&body, "VersionId"), text(&body, "VersionStage")) {
                (Some(id), _) => secret.version(id),
                (None, Some("AWSPREVIOUS")) => secret.previous(),
                (None, _) => secret.current(),
            };
            let Some(version) = version else {
                let message = "Secrets Manager can't find the specified secret value.";
                return refused(service, call, "ResourceNotFoundException", message);
            };
            return Reply::json(
                200,
                &json!({
                    "ARN": secret.arn, "Name": secret.name, "VersionId": version.id, "SecretString": version.value,
                    "CreatedDate": seconds(call, version.at), "VersionStages": ["AWSCURRENT"],
                }),
            );
        }
        "PutSecretValue" | "UpdateSecret" => {
            let Some(value) = text(&body, "SecretString").filter(|value| value.len() <= 65_536) else {
                let message = "You must provide a SecretString of at most 65536 bytes.";
                return refused(service, call, "InvalidParameterException", message);
            };
            let id = seed.uuid(&format!("secret/{serial}"));
            secret.put(id.clone(), value.to_owned(), now);
            json!({ "ARN": secret.arn, "Name": secret.name, "VersionId": id, "VersionStages": ["AWSCURRENT"] })
        }
        "DeleteSecret" => {
            let days = body.get("RecoveryWindowInDays").and_then(Value::as_i64).unwrap_or(30);
            let days = if body.get("ForceDeleteWithoutRecovery") == Some(&Value::Bool(true)) { 0 } else { days };
            let at = now.plus(days.clamp(0, 30) * DAY);
            secret.deleted_at = Some(at);
            json!({ "ARN": secret.arn, "Name": secret.name, "DeletionDate": seconds(call, at) })
        }
        "RestoreSecret" => {
            secret.deleted_at = None;
            json!({ "ARN": secret.arn, "Name": secret.name })
        }
        _ => {
            secret.replica = false;
            json!({ "ARN": secret.arn })
        }
    };
    if action != "DescribeSecret" {
        let parameters = json!({ "secretId": name });
        world.record_call(region, ("secretsmanager.amazonaws.com", &action), OPERATOR, &name, parameters);
    }
    Reply::json(200, &reply)
}

fn describe_secret(call: &Call<'_>, secret: &Secret) -> Value {
    let mut stages = serde_json::Map::new();
    if let Some(version) = secret.current() {
        stages.insert(version.id.clone(), json!(["AWSCURRENT"]));
    }
    if let Some(version) = secret.previous() {
        stages.insert(version.id.clone(), json!(["AWSPREVIOUS"]));
    }
    let mut said = json!({
        "ARN": secret.arn, "Name": secret.name, "RotationEnabled": false, "VersionIdsToStages": stages,
    });
    if let (Some(at), Some(fields)) = (secret.deleted_at, said.as_object_mut()) {
        fields.insert("DeletedDate".to_owned(), json!(seconds(call, at)));
    }
    said
}

/// Answers a call to KMS.
pub(super) fn keys(call: &Call<'_>, world: &mut World) -> Reply {
    let (action, body) = json_call(call);
    let region = call.region.unwrap_or(Region::West);
    let service = Service::Keys;
    match action.as_str() {
        "ListKeys" => {
            let all: Vec<Value> = world
                .keys
                .iter()
                .filter(|key| key.region == region)
                .map(|key| json!({ "KeyId": key.id, "KeyArn": key.arn() }))
                .collect();
            return Reply::json(200, &json!({ "Keys": all, "Truncated": false }));
        }
        "ListAliases" => {
            let all: Vec<Value> = world
                .keys
                .iter()
                .filter(|key| key.region == region)
                .map(|key| {
                    let arn = format!("arn:aws:kms:{}:{ACCOUNT}:{}", region.name(), key.alias);
                    json!({ "AliasName": key.alias, "AliasArn": arn, "TargetKeyId": key.id })
                })
                .collect();
            return Reply::json(200, &json!({ "Aliases": all, "Truncated": false }));
        }
        "DescribeKey" | "EnableKey" | "DisableKey" | "ScheduleKeyDeletion" | "CancelKeyDeletion" => {}
        _ => return unknown_operation(service, &action, "2014-11-01", &call.id),
    }
    let (now, name) = (world.now(), text(&body, "KeyId").unwrap_or_default().to_owned());
    let found = world.keys.iter_mut().find(|key| key.region == region && key.is_named(&name));
    let Some(key) = found else {
        return refused(service, call, "NotFoundException", &format!("Key '{name}' does not exist"));
    };
    let state = |key: &Key| {
        let message = format!("{} is {}.", key.arn(), key.state.name());
        refused(service, call, "KMSInvalidStateException", &message)
    };
    let reply = match (action.as_str(), key.state) {
        ("DescribeKey", state) => {
            let mut metadata = json!({
                "AWSAccountId": ACCOUNT, "KeyId": key.id, "Arn": key.arn(), "Description": key.description,
                "CreationDate": seconds(call, Moment(-400 * DAY)), "Enabled": state == KeyState::Enabled,
                "KeyState": state.name(), "KeyUsage": "ENCRYPT_DECRYPT", "KeyManager": "CUSTOMER",
                "Origin": "AWS_KMS", "MultiRegion": false,
            });
            if let (KeyState::PendingDeletion(at), Some(fields)) = (state, metadata.as_object_mut()) {
                fields.insert("DeletionDate".to_owned(), json!(seconds(call, at)));
            }
            return Reply::json(200, &json!({ "KeyMetadata": metadata }));
        }
        ("EnableKey" | "DisableKey" | "ScheduleKeyDeletion", KeyState::PendingDeletion(_)) => return state(key),
        ("EnableKey", _) => {
            key.state = KeyState::Enabled;
            json!({})
        }
        ("DisableKey", _) => {
            key.state = KeyState::Disabled;
            json!({})
        }
        ("CancelKeyDeletion", KeyState::PendingDeletion(_)) => {
            // It comes back disabled: enabling it is a step of its own.
            key.state = KeyState::Disabled;
            json!({ "KeyId": key.arn() })
        }
        ("CancelKeyDeletion", _) => return state(key),
        _ => {
            let days = body.get("PendingWindowInDays").and_then(Value::as_i64).unwrap_or(30).clamp(7, 30);
            let at = key.schedule_deletion(days, now);
            json!({ "KeyId": key.arn(), "DeletionDate": seconds(call, at), "KeyState": "PendingDeletion" })
        }
    };
    world.keys_changed();
    world.record_call(region, ("kms.amazonaws.com", &action), OPERATOR, &name, json!({ "keyId": name }));
    Reply::json(200, &reply)
}

/// Answers a call to CloudTrail.
pub(super) fn trail(call: &Call<'_>, world: &World) -> Reply {
    let (action, body) = json_call(call);
    if action != "LookupEvents" {
        return unknown_operation(Service::Trail, &action, "2013-11-01", &call.id);
    }
    let region = call.region.unwrap_or(Region::West);
    let asked: Vec<(&str, &str)> = body
        .get("LookupAttributes")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|one| Some((text(one, "AttributeKey")?, text(one, "AttributeValue")?)))
        .collect();
    let bound = |name: &str| body.get(name).and_then(Value::as_f64);
    let (from, to) = (bound("StartTime"), bound("EndTime"));
    let most = body.get("MaxResults").and_then(Value::as_u64).unwrap_or(50).clamp(1, 50);
    let skipped: usize = text(&body, "NextToken").and_then(|token| token.parse().ok()).unwrap_or(0);
    let found: Vec<_> = world
        .trail
        .of(region)
        .filter(|event| {
            asked.iter().all(|(key, value)| match *key {
                "EventName" => event.name == *value,
                "EventSource" => event.source == *value,
                "Username" => event.user == *value,
                "ResourceName" => event.resource == *value,
                "EventId" => event.id == *value,
                "ReadOnly" => *value == "false",
                _ => false,
            })
        })
        .filter(|event| {
            let at = seconds(call, event.at);
            from.is_none_or(|from| at >= from) && to.is_none_or(|to| at <= to)
        })
        .collect();
    let most = usize::try_from(most).unwrap_or(50);
    let page = found.iter().skip(skipped).take(most);
    let events: Vec<Value> = page
        .map(|event| {
            let detail = json!({
                "eventVersion": "1.10", "eventTime": call.standing.iso(event.at), "eventSource": event.source,
                "eventName": event.name, "awsRegion": event.region.name(), "userAgent": event.agent,
                "sourceIPAddress": "198.51.100.77", "requestParameters": event.parameters, "eventID": event.id,
                "userIdentity": {
                    "type": "AssumedRole", "accountId": ACCOUNT,
                    "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/{0}/{0}", event.user),
                },
            });
            json!({
                "EventId": event.id, "EventName": event.name, "ReadOnly": "false", "EventSource": event.source,
                "EventTime": seconds(call, event.at), "Username": event.user,
                "Resources": [{ "ResourceName": event.resource }], "CloudTrailEvent": detail.to_string(),
            })
        })
        .collect();
    let mut reply = json!({ "Events": events });
    if let (true, Some(fields)) = (skipped + most < found.len(), reply.as_object_mut()) {
        fields.insert("NextToken".to_owned(), json!((skipped + most).to_string()));
    }
    Reply::json(200, &reply)
}
