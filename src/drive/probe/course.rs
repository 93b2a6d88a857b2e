//! Calls whose course shows by who leads, by a moment, or by a name that only the call can have given.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::Told;
use super::call::{Call, holds, list, look, since, text};

/// How far back events are asked for, in minutes: as far as the service keeps them.
const FAR_BACK: &str = "20160";

/// Returns the words of the look; nothing where a look cannot tell.
pub(super) fn of(call: &Call) -> Option<Vec<String>> {
    let with = |words: &[&str], member: &str| {
        let value = call.text(member)?;
        Some(look(&words.iter().copied().chain([value]).collect::<Vec<_>>()))
    };
    let clusters = ["rds", "describe-db-clusters", "--db-cluster-identifier"];
    match call.names() {
        ("rds", "failover-db-cluster") if call.get("TargetDBInstanceIdentifier").is_some() => {
            with(&clusters, "DBClusterIdentifier")
        }
        ("rds", "failover-db-cluster") => {
            let id = call.text("DBClusterIdentifier")?;
            let events = ["rds", "describe-events", "--source-type", "db-cluster", "--source-identifier", id];
            Some(look(&events.into_iter().chain(["--duration", FAR_BACK]).collect::<Vec<_>>()))
        }
        ("rds", "promote-read-replica-db-cluster") => with(&clusters, "DBClusterIdentifier"),
        ("rds", "backtrack-db-cluster") => {
            with(&["rds", "describe-db-cluster-backtracks", "--db-cluster-identifier"], "DBClusterIdentifier")
        }
        ("rds", "switchover-read-replica") => {
            with(&["rds", "describe-db-instances", "--db-instance-identifier"], "DBInstanceIdentifier")
        }
        ("rds", "switchover-global-cluster" | "failover-global-cluster" | "remove-from-global-cluster") => {
            with(&["rds", "describe-global-clusters", "--global-cluster-identifier"], "GlobalClusterIdentifier")
        }
        (
            "rds",
            "start-db-instance-automated-backups-replication" | "stop-db-instance-automated-backups-replication",
        ) => Some(look(&["rds", "describe-db-instance-automated-backups"])),
        ("rds", "delete-db-instance-automated-backup") => {
            let backups = |option| ["rds", "describe-db-instance-automated-backups", option];
            with(&backups("--dbi-resource-id"), "DbiResourceId")
                .or_else(|| with(&backups("--db-instance-automated-backups-arn"), "DBInstanceAutomatedBackupsArn"))
        }
        ("elasticache", "failover-global-replication-group") => {
            let id = call.text("GlobalReplicationGroupId")?;
            let words = ["elasticache", "describe-global-replication-groups", "--global-replication-group-id", id];
            Some(look(&words.into_iter().chain(["--show-member-info"]).collect::<Vec<_>>()))
        }
        ("elasticache", "test-failover") => {
            let id = call.text("ReplicationGroupId")?;
            let words =
                ["elasticache", "describe-events", "--source-type", "replication-group", "--source-identifier", id];
            Some(look(&words.into_iter().chain(["--duration", FAR_BACK]).collect::<Vec<_>>()))
        }
        ("route53", "create-hosted-zone") => Some(look(&["route53", "list-hosted-zones"])),
        ("route53", "create-health-check") => Some(look(&["route53", "list-health-checks"])),
        ("route53", "delete-health-check") => {
            with(&["route53", "get-health-check", "--health-check-id"], "HealthCheckId")
        }
        ("s3api", "delete-bucket-lifecycle") => {
            with(&["s3api", "get-bucket-lifecycle-configuration", "--bucket"], "Bucket")
        }
        ("s3api", "delete-bucket-replication") => with(&["s3api", "get-bucket-replication", "--bucket"], "Bucket"),
        ("ec2", "create-snapshot") => {
            call.text("Description")?;
            let filter = format!("Name=volume-id,Values={}", call.text("VolumeId")?);
            Some(look(&["ec2", "describe-snapshots", "--owner-ids", "self", "--filters", &filter]))
        }
        ("autoscaling", "terminate-instance-in-auto-scaling-group") => {
            with(&["autoscaling", "describe-auto-scaling-instances", "--instance-ids"], "InstanceId")
        }
        ("arc-zonal-shift", "update-zonal-shift") => {
            let comment = call.text("comment").filter(|_| call.get("expiresIn").is_none());
            comment.map(|_| look(&["arc-zonal-shift", "list-zonal-shifts"]))
        }
        ("cloudwatch", "put-metric-alarm") => with(&["cloudwatch", "describe-alarms", "--alarm-names"], "AlarmName"),
        ("backup", "put-restore-validation-result") => {
            with(&["backup", "describe-restore-job", "--restore-job-id"], "RestoreJobId")
        }
        ("kms", "disable-key" | "schedule-key-deletion") => with(&["kms", "describe-key", "--key-id"], "KeyId"),
        ("kms", "create-grant") => with(&["kms", "list-grants", "--key-id"], "KeyId"),
        ("kms", "put-key-policy") => with(&["kms", "get-key-policy", "--key-id"], "KeyId"),
        (
            "secretsmanager",
            "rotate-secret" | "replicate-secret-to-regions" | "stop-replication-to-replica" | "delete-secret",
        ) => with(&["secretsmanager", "describe-secret", "--secret-id"], "SecretId"),
        ("secretsmanager", "put-secret-value") => {
            call.text("ClientRequestToken")?;
            with(&["secretsmanager", "list-secret-version-ids", "--include-deprecated", "--secret-id"], "SecretId")
        }
        ("secretsmanager", "update-secret-version-stage") => {
            call.text("MoveToVersionId")?;
            with(&["secretsmanager", "list-secret-version-ids", "--include-deprecated", "--secret-id"], "SecretId")
        }
        _ => None,
    }
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
        ("rds", "failover-db-cluster") if call.get("TargetDBInstanceIdentifier").is_some() => writer(call, answer)?,
        ("rds", "failover-db-cluster") => {
            let began = |message: &str| message.starts_with("Started") || message.starts_with("Completed");
            event(answer, made, &|message| began(message) && message.contains("failover"))?
        }
        ("elasticache", "test-failover") => {
            event(answer, made, &|message| message.starts_with("Test Failover API called"))?
        }
        ("rds", "promote-read-replica-db-cluster") => {
            let cluster = answer.pointer("/DBClusters/0")?;
            match (
                text(cluster, "ReplicationSourceIdentifier").filter(|source| !source.is_empty()),
                text(cluster, "Status"),
            ) {
                (None, _) => Told::Happened("it follows nothing any more".to_owned()),
                (Some(source), Some("available")) => {
                    Told::NotHappened(format!("it follows {source}, and is available"))
                }
                (Some(source), _) => Told::Unclear(format!("it follows {source} still")),
            }
        }
        ("rds", "backtrack-db-cluster") => {
            let made = list(answer, "/DBClusterBacktracks")?
                .iter()
                .find(|one| since(one.get("BacktrackRequestCreationTime"), made))
                .and_then(|one| text(one, "Status"));
            match made {
                Some(status) => Told::Happened(format!("a backtrack was asked for since, and is {status}")),
                None => Told::Unclear("no backtrack since then is listed".to_owned()),
            }
        }
        ("rds", "switchover-read-replica") => switched(answer)?,
        ("rds", "switchover-global-cluster" | "failover-global-cluster") => led(call, answer)?,
        ("rds", "remove-from-global-cluster") => {
            let members = list(answer, "/GlobalClusters/0/GlobalClusterMembers")?;
            if members.iter().any(|member| is_cluster(member, call.text("DbClusterIdentifier"))) {
                Told::NotHappened("it is a member still".to_owned())
            } else {
                Told::Happened("it is no member".to_owned())
            }
        }
        ("rds", "delete-db-instance-automated-backup") => match list(answer, "/DBInstanceAutomatedBackups")? {
            [] => Told::Happened("it is gone".to_owned()),
            [one, ..] if text(one, "Status") == Some("deleting") => Told::Happened("it is being deleted".to_owned()),
            [..] => Told::NotHappened("it is there".to_owned()),
        },
        ("rds", verb) => {
            let source = call.text("SourceDBInstanceArn")?;
            let backups = list(answer, "/DBInstanceAutomatedBackups")?;
            let found = backups.iter().find(|one| text(one, "DBInstanceArn") == Some(source));
            let status = found.and_then(|one| text(one, "Status"));
            let starts = verb.starts_with("start");
            match (starts, status) {
                (true, Some(status @ ("replicating" | "pending"))) => {
                    Told::Happened(format!("its backups are {status} here"))
                }
                (false, Some("replicating")) => Told::NotHappened("its backups are replicating here".to_owned()),
                (true, None) => Told::NotHappened("none of its backups is here".to_owned()),
                (false, None) => Told::Happened("none of its backups is replicated here".to_owned()),
                (_, Some(status)) => Told::Unclear(format!("its backups here are {status}")),
            }
        }
        ("elasticache", _) => {
            let group = answer.pointer("/GlobalReplicationGroups/0")?;
            let wanted = call.text("PrimaryReplicationGroupId")?;
            let members = list(group, "/Members")?;
            let role = members
                .iter()
                .find(|one| text(one, "ReplicationGroupId") == Some(wanted))
                .and_then(|one| text(one, "Role"));
            match (role, text(group, "Status")) {
                (Some(role), _) if role.eq_ignore_ascii_case("primary") => {
                    Told::Happened(format!("{wanted} is the primary"))
                }
                (Some(_), Some("available")) => {
                    Told::NotHappened(format!("{wanted} is no primary, and the group is available"))
                }
                _ => Told::Unclear(format!("{wanted} is no primary yet")),
            }
        }
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

fn writer(call: &Call, answer: &Value) -> Option<Told> {
    let wanted = call.text("TargetDBInstanceIdentifier")?;
    let members = list(answer, "/DBClusters/0/DBClusterMembers")?;
    let writes = members.iter().find(|one| one.get("IsClusterWriter") == Some(&Value::Bool(true)));
    let writes = writes.and_then(|one| text(one, "DBInstanceIdentifier"))?;
    Some(match answer.pointer("/DBClusters/0/Status").and_then(Value::as_str) {
        _ if writes.eq_ignore_ascii_case(wanted) => Told::Happened(format!("{writes} is the writer")),
        Some("available") => Told::NotHappened(format!("{writes} is the writer, and the cluster is available")),
        now => Told::Unclear(format!(
            "{writes} is the writer still; the cluster is {}",
            now.unwrap_or("in no state that is shown")
        )),
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

/// A replica that took its primary's place has that as its own replica.
fn switched(answer: &Value) -> Option<Told> {
    let instance = answer.pointer("/DBInstances/0")?;
    let source = text(instance, "ReadReplicaSourceDBInstanceIdentifier").filter(|source| !source.is_empty());
    let replicas = list(instance, "/ReadReplicaDBInstanceIdentifiers").unwrap_or_default();
    Some(match (source, replicas, text(instance, "DBInstanceStatus")) {
        (None, [_, ..], _) => Told::Happened("it has replicas, and follows nothing".to_owned()),
        (None, [], _) => Told::Unclear("it follows nothing, and nothing follows it".to_owned()),
        (Some(source), _, Some("available")) => Told::NotHappened(format!("it follows {source}, and is available")),
        (Some(source), ..) => Told::Unclear(format!("it follows {source} still")),
    })
}

fn is_cluster(member: &Value, named: Option<&str>) -> bool {
    let (Some(arn), Some(named)) = (text(member, "DBClusterArn"), named) else { return false };
    arn == named || !named.contains(':') && arn.ends_with(&format!(":cluster:{named}"))
}

/// Who leads a global cluster, or is about to.
fn led(call: &Call, answer: &Value) -> Option<Told> {
    let global = answer.pointer("/GlobalClusters/0")?;
    let wanted = call.text("TargetDbClusterIdentifier");
    let member = list(global, "/GlobalClusterMembers")?.iter().find(|one| is_cluster(one, wanted));
    let Some(member) = member else { return Some(Told::Unclear("the target is no member".to_owned())) };
    let about = text(global.get("FailoverState").unwrap_or(&Value::Null), "ToDbClusterArn");
    let (writes, now) = (member.get("IsWriter") == Some(&Value::Bool(true)), text(global, "Status"));
    Some(match now {
        _ if writes => Told::Happened("the target is the primary".to_owned()),
        _ if about.is_some() && about == text(member, "DBClusterArn") => {
            Told::Happened("the target is about to be the primary".to_owned())
        }
        Some("available") => Told::NotHappened("the target is a secondary, and nothing is under way".to_owned()),
        now => Told::Unclear(format!(
            "the target is a secondary; the global cluster is {}",
            now.unwrap_or("in no state that is shown")
        )),
    })
}

/// A caller reference is given once in the life of an account.
fn named(call: &Call, there: &[Value]) -> Option<Told> {
    let wanted = call.text("CallerReference")?;
    Some(match there.iter().find(|one| text(one, "CallerReference") == Some(wanted)) {
        Some(one) => Told::Happened(format!("{} has that caller reference", text(one, "Id")?)),
        None => Told::NotHappened("nothing has that caller reference".to_owned()),
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
            super::call::judge("replicas", held.count(), wanted.len())
        }
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
