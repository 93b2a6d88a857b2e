//! The table of waiters: what each looks at, and what it is content with.

use serde_json::Value;

use super::wait::Verdict;

/// Describes a waiter.
#[derive(Debug)]
pub(super) struct Waiter {
    /// Service and name, as in the catalogue.
    of: (&'static str, &'static str),
    /// The operation it looks with.
    pub(super) look: &'static str,
    /// What it waits for.
    pub(super) goal: Goal,
}

/// Says what a waiter waits for.
#[derive(Debug)]
pub(super) enum Goal {
    /// Each item of a list has a status.
    Status(Status),
    /// The refusal with this code, or an empty list.
    Gone { code: &'static str, list: &'static str },
    /// The value at this place.
    Value { pointer: &'static str, wanted: &'static str },
    /// Any answer; the refusal with this code means not yet.
    Answer { not_yet: &'static str },
    /// What a function says of the whole answer.
    Whole(fn(&Value) -> Verdict),
}

/// Describes a status that each item of a list must have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Status {
    /// Where the items are, lists within lists with dots between.
    pub(super) list: &'static str,
    /// The pointer to an item's name.
    pub(super) id: &'static str,
    /// The pointer to an item's status.
    pub(super) now: &'static str,
    /// The status.
    pub(super) wanted: &'static str,
    /// A status that is as good, with something to say.
    pub(super) as_good: Option<(&'static str, &'static str)>,
    /// Statuses that no waiting mends.
    pub(super) never: fn(&str) -> bool,
    /// The refusal that means not yet.
    pub(super) not_yet: &'static str,
}

/// Statuses of RDS that no waiting mends. The AWS CLI's own waiter knows the first three and two of the
/// `incompatible-` ones.
fn is_terminal(status: &str) -> bool {
    matches!(
        status,
        "deleted"
            | "deleting"
            | "failed"
            | "storage-full"
            | "restore-error"
            | "insufficient-capacity"
            | "stopped"
            | "cloning-failed"
            | "migration-failed"
    ) || status.starts_with("incompatible-")
        || status.starts_with("inaccessible-encryption-credentials")
}

const INSTANCE: Status = Status {
    list: "DBInstances",
    id: "/DBInstanceIdentifier",
    now: "/DBInstanceStatus",
    wanted: "available",
    as_good: Some(("storage-optimization", "it can be used; its storage can't be changed for some hours")),
    never: is_terminal,
    not_yet: "",
};
const SNAPSHOT: Status =
    Status { list: "DBSnapshots", id: "/DBSnapshotIdentifier", now: "/Status", as_good: None, ..INSTANCE };
const CLUSTER: Status = Status { list: "DBClusters", id: "/DBClusterIdentifier", ..SNAPSHOT };
const CLUSTER_SNAPSHOT: Status = Status { list: "DBClusterSnapshots", id: "/DBClusterSnapshotIdentifier", ..SNAPSHOT };
const SERVER: Status = Status {
    list: "Reservations.Instances",
    id: "/InstanceId",
    now: "/State/Name",
    wanted: "running",
    as_good: None,
    never: |status| matches!(status, "shutting-down" | "terminated" | "stopping"),
    not_yet: "InvalidInstanceID.NotFound",
};
const HEALTH: Status =
    Status { list: "InstanceStatuses", now: "/InstanceStatus/Status", wanted: "ok", never: |_| false, ..SERVER };
const TARGET: Status = Status {
    list: "TargetHealthDescriptions",
    id: "/Target/Id",
    now: "/TargetHealth/State",
    wanted: "healthy",
    as_good: None,
    never: |_| false,
    not_yet: "InvalidTarget",
};

const WAITERS: &[Waiter] = &[
    rds("wait db-instance-available", "describe-db-instances", Goal::Status(INSTANCE)),
    rds("wait db-snapshot-available", "describe-db-snapshots", Goal::Status(SNAPSHOT)),
    rds("wait db-cluster-available", "describe-db-clusters", Goal::Status(CLUSTER)),
    rds("wait db-cluster-snapshot-available", "describe-db-cluster-snapshots", Goal::Status(CLUSTER_SNAPSHOT)),
    rds("wait db-instance-deleted", "describe-db-instances", gone("DBInstanceNotFound", "DBInstances")),
    rds("wait db-snapshot-deleted", "describe-db-snapshots", gone("DBSnapshotNotFound", "DBSnapshots")),
    rds("wait db-cluster-deleted", "describe-db-clusters", gone("DBClusterNotFoundFault", "DBClusters")),
    rds(
        "wait db-cluster-snapshot-deleted",
        "describe-db-cluster-snapshots",
        gone("DBClusterSnapshotNotFoundFault", "DBClusterSnapshots"),
    ),
    Waiter {
        of: ("route53", "wait resource-record-sets-changed"),
        look: "get-change",
        goal: Goal::Value { pointer: "/ChangeInfo/Status", wanted: "INSYNC" },
    },
    Waiter { of: ("s3api", "wait object-exists"), look: "head-object", goal: Goal::Answer { not_yet: "404" } },
    Waiter { of: ("s3api", "wait bucket-exists"), look: "head-bucket", goal: Goal::Answer { not_yet: "404" } },
    Waiter { of: ("s3api", "wait object-not-exists"), look: "head-object", goal: gone("404", "") },
    Waiter { of: ("s3api", "wait bucket-not-exists"), look: "head-bucket", goal: gone("404", "") },
    Waiter { of: ("ec2", "wait instance-running"), look: "describe-instances", goal: Goal::Status(SERVER) },
    Waiter {
        of: ("ec2", "wait instance-stopped"),
        look: "describe-instances",
        goal: Goal::Status(Status {
            wanted: "stopped",
            never: |status| matches!(status, "pending" | "shutting-down" | "terminated"),
            ..SERVER
        }),
    },
    Waiter {
        of: ("ec2", "wait instance-terminated"),
        look: "describe-instances",
        goal: Goal::Status(Status { wanted: "terminated", never: |status| status == "pending", ..SERVER }),
    },
    Waiter { of: ("ec2", "wait instance-status-ok"), look: "describe-instance-status", goal: Goal::Status(HEALTH) },
    Waiter {
        of: ("ec2", "wait system-status-ok"),
        look: "describe-instance-status",
        goal: Goal::Status(Status { now: "/SystemStatus/Status", ..HEALTH }),
    },
    Waiter {
        of: ("ec2", "wait volume-available"),
        look: "describe-volumes",
        goal: Goal::Status(Status {
            list: "Volumes",
            id: "/VolumeId",
            now: "/State",
            wanted: "available",
            never: |status| matches!(status, "deleting" | "deleted" | "error"),
            not_yet: "",
            ..SERVER
        }),
    },
    Waiter {
        of: ("ec2", "wait snapshot-completed"),
        look: "describe-snapshots",
        goal: Goal::Status(Status {
            list: "Snapshots",
            id: "/SnapshotId",
            now: "/State",
            wanted: "completed",
            never: |status| status == "error",
            not_yet: "",
            ..SERVER
        }),
    },
    Waiter {
        of: ("elbv2", "wait load-balancer-available"),
        look: "describe-load-balancers",
        goal: Goal::Status(Status {
            list: "LoadBalancers",
            id: "/LoadBalancerName",
            now: "/State/Code",
            wanted: "active",
            never: |status| status == "failed",
            not_yet: "LoadBalancerNotFound",
            ..TARGET
        }),
    },
    Waiter { of: ("elbv2", "wait target-in-service"), look: "describe-target-health", goal: Goal::Status(TARGET) },
    Waiter {
        of: ("elbv2", "wait target-deregistered"),
        look: "describe-target-health",
        goal: Goal::Whole(|answer| {
            match items(answer, "TargetHealthDescriptions")
                .into_iter()
                .find(|target| text(target, TARGET.now) != "unused")
            {
                None => Verdict::Done(None),
                Some(target) => {
                    Verdict::Wait(format!("`{}` is `{}`", text(target, TARGET.id), text(target, TARGET.now)))
                }
            }
        }),
    },
    Waiter {
        of: ("cloudwatch", "wait alarm-exists"),
        look: "describe-alarms",
        goal: Goal::Whole(|answer| {
            let found = ["MetricAlarms", "CompositeAlarms"].into_iter().any(|list| !items(answer, list).is_empty());
            if found { Verdict::Done(None) } else { Verdict::Wait("there is none".to_owned()) }
        }),
    },
    Waiter { of: ("ecs", "wait services-stable"), look: "describe-services", goal: Goal::Whole(stable) },
    Waiter {
        of: ("elasticache", "wait replication-group-available"),
        look: "describe-replication-groups",
        goal: Goal::Status(Status {
            list: "ReplicationGroups",
            id: "/ReplicationGroupId",
            never: |status| matches!(status, "deleting" | "deleted" | "create-failed"),
            ..SNAPSHOT
        }),
    },
];

const fn rds(name: &'static str, look: &'static str, goal: Goal) -> Waiter {
    Waiter { of: ("rds", name), look, goal }
}

const fn gone(code: &'static str, list: &'static str) -> Goal {
    Goal::Gone { code, list }
}

/// Every task runs that should, of one deployment.
fn stable(answer: &Value) -> Verdict {
    if let Some(missing) = items(answer, "failures").first() {
        return Verdict::Never(format!("`{}`: {}", text(missing, "/arn"), text(missing, "/reason")));
    }
    let services = items(answer, "services");
    for service in &services {
        let (name, status) = (text(service, "/serviceName"), text(service, "/status"));
        if matches!(status.as_str(), "DRAINING" | "INACTIVE") {
            return Verdict::Never(format!("`{name}` is `{status}`, which waiting does not mend"));
        }
        let count = |name: &str| service.get(name).and_then(Value::as_i64).unwrap_or_default();
        let (running, desired) = (count("runningCount"), count("desiredCount"));
        if running != desired || items(service, "deployments").len() != 1 {
            return Verdict::Wait(format!("`{name}` has {running} of {desired} tasks running"));
        }
    }
    if services.is_empty() { Verdict::Wait("there is none".to_owned()) } else { Verdict::Done(None) }
}

/// Lists what is at `path`, lists within lists with dots between.
pub(super) fn items<'v>(value: &'v Value, path: &str) -> Vec<&'v Value> {
    path.split('.').fold(vec![value], |found, name| {
        let lists = found.into_iter().filter_map(|value| value.get(name)?.as_array());
        lists.flatten().collect()
    })
}

/// Returns the text at a place.
pub(super) fn text(item: &Value, pointer: &str) -> String {
    item.pointer(pointer).and_then(Value::as_str).unwrap_or("?").to_owned()
}

/// Finds the waiter `name` of `service`.
pub(super) fn waiter(service: &str, name: &str) -> Option<&'static Waiter> {
    WAITERS.iter().find(|waiter| waiter.of == (service, name))
}
