//! Databases and caches: who leads, and what came since.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{event, with};
use crate::drive::probe::Told;
use crate::drive::probe::call::{Call, list, look, since, text};

/// How far back events are asked for, in minutes: as far as the service keeps them.
const FAR_BACK: &str = "20160";

/// Returns the words of the look; nothing where a look cannot tell.
pub(super) fn of(call: &Call) -> Option<Vec<String>> {
    let clusters = ["rds", "describe-db-clusters", "--db-cluster-identifier"];
    match call.names() {
        ("rds", "failover-db-cluster") if call.get("TargetDBInstanceIdentifier").is_some() => {
            with(call, &clusters, "DBClusterIdentifier")
        }
        ("rds", "failover-db-cluster") => {
            let id = call.text("DBClusterIdentifier")?;
            let events = ["rds", "describe-events", "--source-type", "db-cluster", "--source-identifier", id];
            Some(look(&events.into_iter().chain(["--duration", FAR_BACK]).collect::<Vec<_>>()))
        }
        ("rds", "promote-read-replica-db-cluster") => with(call, &clusters, "DBClusterIdentifier"),
        ("rds", "backtrack-db-cluster") => {
            with(call, &["rds", "describe-db-cluster-backtracks", "--db-cluster-identifier"], "DBClusterIdentifier")
        }
        ("rds", "switchover-read-replica") => {
            with(call, &["rds", "describe-db-instances", "--db-instance-identifier"], "DBInstanceIdentifier")
        }
        ("rds", "switchover-global-cluster" | "failover-global-cluster" | "remove-from-global-cluster") => {
            with(call, &["rds", "describe-global-clusters", "--global-cluster-identifier"], "GlobalClusterIdentifier")
        }
        (
            "rds",
            "start-db-instance-automated-backups-replication" | "stop-db-instance-automated-backups-replication",
        ) => Some(look(&["rds", "describe-db-instance-automated-backups"])),
        ("rds", "delete-db-instance-automated-backup") => {
            let backups = |option| ["rds", "describe-db-instance-automated-backups", option];
            with(call, &backups("--dbi-resource-id"), "DbiResourceId").or_else(|| {
                with(call, &backups("--db-instance-automated-backups-arn"), "DBInstanceAutomatedBackupsArn")
            })
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
        _ => None,
    }
}

/// Says what an answer tells of a call that was made at `made`, or a moment later.
pub(super) fn told(call: &Call, answer: &Value, made: DateTime<Utc>) -> Option<Told> {
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
