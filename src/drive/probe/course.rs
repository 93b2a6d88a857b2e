//! Calls whose course shows by who leads, by a moment, or by a name that only the call can have given.

mod databases;
mod keys;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::Told;
use super::call::{Call, list, look, since, text};

/// Returns the words of the look; nothing where a look cannot tell.
pub(super) fn of(call: &Call) -> Option<Vec<String>> {
    match call.names() {
        ("rds" | "elasticache", _) => databases::of(call),
        ("kms" | "secretsmanager", _) => keys::of(call),
        ("route53", "create-hosted-zone") => Some(look(&["route53", "list-hosted-zones"])),
        ("route53", "create-health-check") => Some(look(&["route53", "list-health-checks"])),
        ("route53", "delete-health-check") => {
            with(call, &["route53", "get-health-check", "--health-check-id"], "HealthCheckId")
        }
        ("s3api", "delete-bucket-lifecycle") => {
            with(call, &["s3api", "get-bucket-lifecycle-configuration", "--bucket"], "Bucket")
        }
        ("s3api", "delete-bucket-replication") => {
            with(call, &["s3api", "get-bucket-replication", "--bucket"], "Bucket")
        }
        ("ec2", "create-snapshot") => {
            call.text("Description")?;
            let filter = format!("Name=volume-id,Values={}", call.text("VolumeId")?);
            Some(look(&["ec2", "describe-snapshots", "--owner-ids", "self", "--filters", &filter]))
        }
        ("autoscaling", "terminate-instance-in-auto-scaling-group") => {
            with(call, &["autoscaling", "describe-auto-scaling-instances", "--instance-ids"], "InstanceId")
        }
        ("arc-zonal-shift", "update-zonal-shift") => {
            let comment = call.text("comment").filter(|_| call.get("expiresIn").is_none());
            comment.map(|_| look(&["arc-zonal-shift", "list-zonal-shifts"]))
        }
        ("cloudwatch", "put-metric-alarm") => {
            with(call, &["cloudwatch", "describe-alarms", "--alarm-names"], "AlarmName")
        }
        ("backup", "put-restore-validation-result") => {
            with(call, &["backup", "describe-restore-job", "--restore-job-id"], "RestoreJobId")
        }
        _ => None,
    }
}

/// Makes a look of words that end in what the call says of a member.
fn with(call: &Call, words: &[&str], member: &str) -> Option<Vec<String>> {
    let value = call.text(member)?;
    Some(look(&words.iter().copied().chain([value]).collect::<Vec<_>>()))
}

/// Says what it tells that there is nothing to show.
pub(super) fn absent(call: &Call, code: &str) -> Option<Told> {
    let gone = matches!(
        (call.names(), code),
        (("s3api", "delete-bucket-lifecycle"), "NoSuchLifecycleConfiguration")
            | (("s3api", "delete-bucket-replication"), "ReplicationConfigurationNotFoundError")
            | (("route53", "delete-health-check"), "NoSuchHealthCheck")
            | (("rds", "delete-db-instance-automated-backup"), "DBInstanceAutomatedBackupNotFound")
    );
    // One that can be recovered is shown until its days are over: that there is none tells of another name, not of a deletion.
    let secret = (call.names(), code) == (("secretsmanager", "delete-secret"), "ResourceNotFoundException");
    let gone = gone || secret && call.get("ForceDeleteWithoutRecovery") == Some(&Value::Bool(true));
    let missing = (call.names(), code) == (("cloudwatch", "put-metric-alarm"), "ResourceNotFound");
    match (gone, missing) {
        (true, _) => Some(Told::Happened(format!("it is gone ({code})"))),
        (_, true) => Some(Told::NotHappened(format!("it is not there ({code})"))),
        _ => None,
    }
}

/// Says what an answer tells of a call that was made at `made`, or a moment later.
pub(super) fn tells(call: &Call, answer: &Value, made: DateTime<Utc>) -> Told {
    told(call, answer, made).unwrap_or_else(|| Told::Unclear("the answer does not show it".to_owned()))
}

fn told(call: &Call, answer: &Value, made: DateTime<Utc>) -> Option<Told> {
    Some(match call.names() {
        ("rds" | "elasticache", _) => databases::told(call, answer, made)?,
        ("kms" | "secretsmanager", _) => keys::told(call, answer, made)?,
        ("route53", "create-hosted-zone") => named(call, list(answer, "/HostedZones")?)?,
        ("route53", "create-health-check") => named(call, list(answer, "/HealthChecks")?)?,
        ("route53" | "s3api", _) => Told::NotHappened("it is there".to_owned()),
        ("ec2", _) => {
            let described = call.text("Description");
            let snapshots = list(answer, "/Snapshots")?.iter();
            let mut ours =
                snapshots.filter(|one| text(one, "Description") == described && since(one.get("StartTime"), made));
            match ours.next() {
                Some(one) => {
                    Told::Happened(format!("{} of that description was begun since", text(one, "SnapshotId")?))
                }
                None => Told::NotHappened("no snapshot of that description was begun since".to_owned()),
            }
        }
        ("autoscaling", _) => {
            match answer.pointer("/AutoScalingInstances/0").and_then(|one| text(one, "LifecycleState")) {
                Some(state) if state.starts_with("Terminat") => Told::Happened(format!("it is {state}")),
                Some("InService") => Told::NotHappened("it is InService".to_owned()),
                Some(state) => Told::Unclear(format!("it is {state}")),
                None => Told::Unclear("it is in no group any more".to_owned()),
            }
        }
        ("arc-zonal-shift", _) => {
            let id = call.text("zonalShiftId")?;
            let shift = list(answer, "/items")?.iter().find(|one| text(one, "zonalShiftId") == Some(id))?;
            if text(shift, "comment") == call.text("comment") {
                Told::Happened("it has that comment".to_owned())
            } else {
                Told::NotHappened("it has another comment".to_owned())
            }
        }
        ("cloudwatch", _) => {
            match answer.pointer("/MetricAlarms/0").map(|alarm| alarm.get("AlarmConfigurationUpdatedTimestamp")) {
                Some(at) if since(at, made) => Told::Happened("the alarm was set since".to_owned()),
                Some(Some(_)) => Told::NotHappened("the alarm was not set since".to_owned()),
                Some(None) => return None,
                None => Told::NotHappened("there is no such alarm".to_owned()),
            }
        }
        ("backup", _) => match (text(answer, "ValidationStatus"), call.text("ValidationStatus")) {
            (Some(now), Some(wanted)) if now == wanted => Told::Happened(format!("the result is {now}")),
            (now, _) => Told::NotHappened(format!("the result is {}", now.unwrap_or("not there"))),
        },
        _ => return None,
    })
}

/// Events come some time after what they tell of, so that there is none proves nothing.
fn event(answer: &Value, made: DateTime<Utc>, tells: &dyn Fn(&str) -> bool) -> Option<Told> {
    let mut events = list(answer, "/Events")?.iter().filter(|one| since(one.get("Date"), made));
    let told = events.find_map(|one| {
        let message = text(one, "Message")?;
        tells(message)
            .then(|| format!("its events say `{message}` at {}", text(one, "Date").unwrap_or("a time not shown")))
    });
    Some(told.map_or_else(|| Told::Unclear("none of its events since then tells of it".to_owned()), Told::Happened))
}

/// A caller reference is given once in the life of an account.
fn named(call: &Call, there: &[Value]) -> Option<Told> {
    let wanted = call.text("CallerReference")?;
    Some(match there.iter().find(|one| text(one, "CallerReference") == Some(wanted)) {
        Some(one) => Told::Happened(format!("{} has that caller reference", text(one, "Id")?)),
        None => Told::NotHappened("nothing has that caller reference".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{said_of, told};

    const SINCE: &str = "2026-11-22T10:00:31+00:00";
    const BEFORE: &str = "2026-11-22T09:59:31+00:00";

    #[test]
    fn a_failover_shows_by_who_writes_or_by_an_event_since() {
        let call = "rds failover-db-cluster --db-cluster-identifier sea --target-db-instance-identifier b";
        let cluster = |writer: &str, status: &str| {
            let members = json!([{"DBInstanceIdentifier": writer, "IsClusterWriter": true}]);
            json!({"DBClusters": [{"Status": status, "DBClusterMembers": members}]})
        };
        assert_eq!(told(call, &cluster("b", "available")), Some(true));
        assert_eq!(told(call, &cluster("a", "available")), Some(false));
        assert_eq!(told(call, &cluster("a", "failing-over")), None);
        let call = "rds failover-db-cluster --db-cluster-identifier sea";
        let event = |date: &str| json!({"Events": [{"Message": "Completed failover to DB instance: b", "Date": date}]});
        assert_eq!(told(call, &event(SINCE)), Some(true));
        assert_eq!(told(call, &event(BEFORE)), None, "another failover");
        let failed = json!({"Events": [{"Message": "Cluster failover failed, check the health", "Date": SINCE}]});
        assert_eq!(told(call, &failed), None, "that is none");
        assert_eq!(told(call, &json!({"Events": []})), None, "events come late");
    }

    #[test]
    fn a_global_cluster_shows_who_leads_it_and_who_is_about_to() {
        let arn = "arn:aws:rds:us-west-2:1:cluster:west";
        let global = |writes: bool, status: &str, to: Option<&str>| {
            let state = to.map(|to| json!({"Status": "switching-over", "ToDbClusterArn": to}));
            json!({"GlobalClusters": [{"Status": status, "FailoverState": state,
                "GlobalClusterMembers": [{"DBClusterArn": arn, "IsWriter": writes}]}]})
        };
        for (verb, target) in [("switchover", arn), ("failover", arn), ("failover", "west")] {
            let call = format!(
                "rds {verb}-global-cluster --global-cluster-identifier world --target-db-cluster-identifier {target}"
            );
            assert_eq!(told(&call, &global(true, "available", None)), Some(true), "{call}");
            assert_eq!(told(&call, &global(false, "available", None)), Some(false));
            assert_eq!(told(&call, &global(false, "switching-over", Some(arn))), Some(true));
            assert_eq!(told(&call, &global(false, "switching-over", Some("another"))), None);
        }
        let call =
            format!("rds remove-from-global-cluster --global-cluster-identifier w --db-cluster-identifier {arn}");
        assert_eq!(told(&call, &global(true, "available", None)), Some(false));
        assert_eq!(told(&call, &json!({"GlobalClusters": [{"GlobalClusterMembers": []}]})), Some(true));
    }

    #[test]
    fn what_only_the_call_named_is_there_or_not() {
        let call = "route53 create-hosted-zone --name a.example --caller-reference mine";
        let zones = |reference: &str| json!({"HostedZones": [{"Id": "/hostedzone/Z", "CallerReference": reference}]});
        assert_eq!(told(call, &zones("mine")), Some(true));
        assert_eq!(told(call, &zones("others")), Some(false));
        let call = "ec2 create-snapshot --volume-id v --description before";
        let snapshot =
            |date: &str| json!({"Snapshots": [{"SnapshotId": "s", "Description": "before", "StartTime": date}]});
        assert_eq!(told(call, &snapshot(SINCE)), Some(true));
        assert_eq!(told(call, &snapshot(BEFORE)), Some(false), "an earlier one of that description");
        let call = "secretsmanager update-secret-version-stage --secret-id s --version-stage AWSCURRENT --move-to-version-id v";
        let version = |stage: &str| json!({"Versions": [{"VersionId": "v", "VersionStages": [stage]}]});
        assert_eq!(told(call, &version("AWSCURRENT")), Some(true));
        assert_eq!(told(call, &version("AWSPREVIOUS")), Some(false));
        let call = "kms create-grant --key-id k --grantee-principal p --operations Decrypt";
        let grant =
            |who: &str| json!({"Grants": [{"GrantId": "g", "GranteePrincipal": who, "Operations": ["Decrypt"]}]});
        assert_eq!(told(call, &grant("p")), Some(true));
        assert_eq!(told(call, &grant("q")), Some(false));
    }

    #[test]
    fn what_is_gone_was_deleted_and_what_the_service_does_itself_tells_nothing() {
        let lifecycle = "s3api delete-bucket-lifecycle --bucket b";
        assert_eq!(said_of(lifecycle, "NoSuchLifecycleConfiguration"), Some(true));
        assert_eq!(said_of(lifecycle, "NoSuchBucket"), None);
        assert_eq!(told(lifecycle, &json!({"Rules": []})), Some(false));
        assert_eq!(said_of("route53 delete-health-check --health-check-id h", "NoSuchHealthCheck"), Some(true));
        let secret = "secretsmanager delete-secret --secret-id s";
        let at_once = format!("{secret} --force-delete-without-recovery");
        assert_eq!(said_of(&at_once, "ResourceNotFoundException"), Some(true));
        assert_eq!(said_of(secret, "ResourceNotFoundException"), None, "it would be shown until its days are over");
        let key = |state: &str| json!({"KeyMetadata": {"KeyState": state}});
        for (call, after, before) in [
            ("kms disable-key --key-id k", "Disabled", "Enabled"),
            ("kms schedule-key-deletion --key-id k", "PendingDeletion", "Disabled"),
        ] {
            assert_eq!(told(call, &key(after)), Some(true), "{call}");
            assert_eq!(told(call, &key(before)), Some(false), "{call}");
            assert_eq!(told(call, &key("Unavailable")), None, "{call}");
        }
        let rotate = "secretsmanager rotate-secret --secret-id s";
        assert_eq!(told(rotate, &json!({"ARN": "a", "LastRotatedDate": SINCE})), Some(true));
        assert_eq!(told(rotate, &json!({"ARN": "a", "LastRotatedDate": BEFORE})), None, "it may be under way");
        let alone = "secretsmanager stop-replication-to-replica --secret-id s";
        let secret = |primary: &str| json!({"ARN": "arn:aws:secretsmanager:west:1:secret:s", "PrimaryRegion": primary});
        assert_eq!(told(alone, &secret("east")), Some(false));
        assert_eq!(told(alone, &secret("west")), Some(true), "its own primary");
        let alarm = "cloudwatch put-metric-alarm --alarm-name lag --evaluation-periods 1 --comparison-operator c";
        let set = |date: &str| json!({"MetricAlarms": [{"AlarmConfigurationUpdatedTimestamp": date}]});
        assert_eq!(told(alarm, &set(SINCE)), Some(true));
        assert_eq!(told(alarm, &set(BEFORE)), Some(false));
        assert_eq!(told(alarm, &json!({"MetricAlarms": []})), Some(false));
    }
}
