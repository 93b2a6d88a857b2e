//! `wait`: when a waiter is content. Pure: looks in, verdicts out.
//!
//! After a change AWS may answer with the status from before for some seconds more, with the change not begun. A
//! waiter that believed the first look would return at once and the next step would act on an instance in motion. So
//! a good status counts only when two looks agree, when nothing is pending, and, if this process changed the thing a
//! moment ago, when the status was seen to leave or the time in which AWS shows stale answers is over. After a
//! promotion it counts only when the instance is no replica any more.

use std::time::Duration;

use serde_json::Value;

use super::waiters::{Goal, Status, Waiter, items, text};

/// Is what one look showed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Look<'a> {
    /// An answer.
    Answer(&'a Value),
    /// A refusal, by its code.
    Refusal(&'a str),
}

/// Says what this process did to the thing that is waited for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Changed {
    /// How long ago.
    pub(super) ago: Duration,
    /// AWS's name of the operation.
    pub(super) by: &'static str,
}

/// Is what a look means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is there. A remark, if the operator should know one.
    Done(Option<String>),
    /// It looks well: look again soon to be sure.
    Confirm,
    /// Not yet: what it is now.
    Wait(String),
    /// It will never be.
    Never(String),
    /// The refusal is an error of the call.
    Refused,
}

/// Remembers what earlier looks showed.
#[derive(Debug)]
pub(super) struct Watch {
    waiter: &'static Waiter,
    /// The time in which AWS may show stale answers.
    settle: Duration,
    /// Whether a status other than the wanted one was seen.
    moved: Seen,
    /// Since when every look was good.
    good_since: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Moving,
    NothingYet,
}

impl Watch {
    /// Begins one.
    pub(super) fn new(waiter: &'static Waiter, settle: Duration) -> Self {
        Self { waiter, settle, moved: Seen::NothingYet, good_since: None }
    }

    /// Judges a look made at `at`; `changed` says how and how long ago this process changed the thing, if it did.
    pub(super) fn judge(&mut self, look: Look<'_>, at: Duration, changed: Option<Changed>) -> Verdict {
        match (&self.waiter.goal, look) {
            (Goal::Status(status), Look::Answer(answer)) => {
                self.status(&items(answer, status.list), status, at, changed)
            }
            (Goal::Status(status), Look::Refusal(said)) if said == status.not_yet => {
                Verdict::Wait("it is not there yet".to_owned())
            }
            (Goal::Whole(judge), Look::Answer(answer)) => judge(answer),
            (Goal::Gone { list, .. }, Look::Answer(answer)) => match answer.get(list).and_then(Value::as_array) {
                Some(items) if items.is_empty() => Verdict::Done(None),
                _ => Verdict::Wait("it is still there".to_owned()),
            },
            (Goal::Gone { code, .. }, Look::Refusal(said)) if said == *code => Verdict::Done(None),
            (Goal::Value { pointer, wanted }, Look::Answer(answer)) => match answer.pointer(pointer) {
                Some(Value::String(found)) if found == wanted => Verdict::Done(None),
                Some(Value::String(found)) => Verdict::Wait(format!("it is `{found}`")),
                _ => Verdict::Wait("the answer does not say".to_owned()),
            },
            (Goal::Answer { .. }, Look::Answer(_)) => Verdict::Done(None),
            (Goal::Answer { not_yet }, Look::Refusal(said)) if said == *not_yet => {
                Verdict::Wait("it is not there".to_owned())
            }
            (_, Look::Refusal(_)) => Verdict::Refused,
        }
    }

    fn status(&mut self, items: &[&Value], goal: &Status, at: Duration, changed: Option<Changed>) -> Verdict {
        let (id, status) = (|item: &Value| text(item, goal.id), |item: &Value| text(item, goal.now));
        let good = |item: &Value| {
            let status = status(item);
            status == goal.wanted || goal.as_good.is_some_and(|(as_good, _)| status == as_good)
        };
        // The status may still be the one that this process changed the thing for.
        let fresh = changed.is_some_and(|changed| changed.ago < self.settle) && self.moved == Seen::NothingYet;
        let lost = |item: &&&Value| !good(item) && (goal.never)(&status(item));
        if let Some(item) = items.iter().find(lost) {
            if fresh {
                return Verdict::Wait(format!("`{}` is `{}`, and was changed a moment ago", id(item), status(item)));
            }
            return Verdict::Never(format!("`{}` is `{}`, which waiting does not mend", id(item), status(item)));
        }
        let Some(first) = items.first() else {
            self.good_since = None;
            return Verdict::Wait("there is none".to_owned());
        };
        if let Some(item) = items.iter().find(|item| !good(item)) {
            self.moved = Seen::Moving;
            self.good_since = None;
            return Verdict::Wait(format!("`{}` is `{}`", id(item), status(item)));
        }
        if changed.is_some_and(|changed| changed.by == "PromoteReadReplica")
            && let Some(source) =
                items.iter().find_map(|item| item.get(REPLICA_OF)?.as_str().filter(|of| !of.is_empty()))
        {
            return Verdict::Wait(format!("`{}` is `{}`, and still a replica of `{source}`", id(first), status(first)));
        }
        let Some(since) = self.good_since else {
            self.good_since = Some(at);
            return Verdict::Confirm;
        };
        if fresh {
            return Verdict::Wait(format!(
                "`{}` is `{}`, and was changed a moment ago: the answer may be stale",
                id(first),
                status(first)
            ));
        }
        let pending = |item: &&&Value| {
            item.get("PendingModifiedValues").and_then(Value::as_object).is_some_and(|values| !values.is_empty())
        };
        let remark = || {
            let (as_good, remark) = goal.as_good?;
            let item = items.iter().find(|item| status(item) == as_good)?;
            Some(format!("`{}` is `{as_good}`: {remark}", id(item)))
        };
        match items.iter().find(pending) {
            None => Verdict::Done(remark()),
            // What waits for the maintenance window or a reboot stays pending for days.
            Some(item) if at.saturating_sub(since) >= self.settle => Verdict::Done(Some(format!(
                "`{}` is {} with values pending: {}",
                id(item),
                status(item),
                item.get("PendingModifiedValues").map(Value::to_string).unwrap_or_default()
            ))),
            Some(item) => Verdict::Wait(format!("`{}` is {}, with values pending", id(item), status(item))),
        }
    }
}

/// The member that says of which instance an instance is a replica.
const REPLICA_OF: &str = "ReadReplicaSourceDBInstanceIdentifier";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::waiters::waiter;
    use super::*;
    use crate::runbook::aws::OPERATIONS;

    const SETTLE: Duration = Duration::from_secs(60);

    fn instance(status: &str) -> Value {
        json!({"DBInstances": [{"DBInstanceIdentifier": "orders", "DBInstanceStatus": status, "PendingModifiedValues": {}}]})
    }

    fn watch() -> Watch {
        Watch::new(waiter("rds", "wait db-instance-available").unwrap(), SETTLE)
    }

    fn modified(seconds: u64) -> Changed {
        Changed { ago: at(seconds), by: "ModifyDBInstance" }
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn every_waiter_of_the_catalogue_is_here() {
        for row in OPERATIONS.iter().filter(|row| row.name.starts_with("wait ")) {
            let waiter = waiter(row.service, &row.name).unwrap_or_else(|| panic!("{}", row.name));
            let look = OPERATIONS.iter().find(|other| other.service == row.service && other.name == waiter.look);
            assert_eq!(look.unwrap().api, row.api, "{}", row.name);
        }
    }

    #[test]
    fn available_counts_when_two_looks_agree() {
        let (mut watch, good) = (watch(), instance("available"));
        assert!(matches!(watch.judge(Look::Answer(&instance("modifying")), at(0), None), Verdict::Wait(_)));
        assert_eq!(watch.judge(Look::Answer(&good), at(30), None), Verdict::Confirm);
        assert!(matches!(watch.judge(Look::Answer(&instance("rebooting")), at(35), None), Verdict::Wait(_)));
        assert_eq!(watch.judge(Look::Answer(&good), at(65), None), Verdict::Confirm);
        assert_eq!(watch.judge(Look::Answer(&good), at(70), None), Verdict::Done(None));
    }

    #[test]
    fn a_stale_available_is_not_believed() {
        let (mut watch, good) = (watch(), instance("available"));
        assert_eq!(watch.judge(Look::Answer(&good), at(0), Some(modified(1))), Verdict::Confirm);
        assert!(matches!(watch.judge(Look::Answer(&good), at(5), Some(modified(6))), Verdict::Wait(_)));
        assert!(matches!(
            watch.judge(Look::Answer(&instance("modifying")), at(9), Some(modified(10))),
            Verdict::Wait(_)
        ));
        assert_eq!(watch.judge(Look::Answer(&good), at(20), Some(modified(21))), Verdict::Confirm);
        assert_eq!(watch.judge(Look::Answer(&good), at(25), Some(modified(26))), Verdict::Done(None));
    }

    #[test]
    fn a_change_that_never_shows_ends_when_answers_have_settled() {
        let (mut watch, good) = (watch(), instance("available"));
        watch.judge(Look::Answer(&good), at(0), Some(modified(1)));
        assert_eq!(watch.judge(Look::Answer(&good), at(60), Some(modified(61))), Verdict::Done(None));
    }

    #[test]
    fn pending_values_are_waited_for_but_not_for_ever() {
        let mut watch = watch();
        let pending = json!({"DBInstances": [{"DBInstanceIdentifier": "orders", "DBInstanceStatus": "available",
            "PendingModifiedValues": {"BackupRetentionPeriod": 14}}]});
        assert_eq!(watch.judge(Look::Answer(&pending), at(0), None), Verdict::Confirm);
        assert!(matches!(watch.judge(Look::Answer(&pending), at(5), None), Verdict::Wait(_)));
        assert!(matches!(watch.judge(Look::Answer(&pending), at(65), None), Verdict::Done(Some(_))));
    }

    #[test]
    fn a_promotion_is_over_when_it_is_no_replica_any_more() {
        let (mut watch, good) = (watch(), instance("available"));
        let promoted = |seconds| Some(Changed { ago: at(seconds), by: "PromoteReadReplica" });
        let mut replica = good.clone();
        replica["DBInstances"][0]["ReadReplicaSourceDBInstanceIdentifier"] = json!("shop-db");
        assert!(matches!(watch.judge(Look::Answer(&replica), at(300), promoted(300)), Verdict::Wait(_)));
        assert_eq!(watch.judge(Look::Answer(&good), at(330), promoted(330)), Verdict::Confirm);
        assert_eq!(watch.judge(Look::Answer(&good), at(335), promoted(335)), Verdict::Done(None));
    }

    #[test]
    fn what_was_just_mended_may_still_look_broken() {
        let (mut watch, full) = (watch(), instance("storage-full"));
        assert!(matches!(watch.judge(Look::Answer(&full), at(0), Some(modified(1))), Verdict::Wait(_)));
        assert!(matches!(watch.judge(Look::Answer(&full), at(60), Some(modified(61))), Verdict::Never(_)));
    }

    #[test]
    fn what_can_be_used_is_available_with_a_remark() {
        let (mut watch, usable) = (watch(), instance("storage-optimization"));
        assert_eq!(watch.judge(Look::Answer(&usable), at(0), None), Verdict::Confirm);
        assert!(matches!(watch.judge(Look::Answer(&usable), at(5), None), Verdict::Done(Some(_))));
    }

    #[test]
    fn what_waiting_does_not_mend_fails_at_once() {
        for status in [
            "deleted",
            "deleting",
            "failed",
            "incompatible-network",
            "incompatible-option-group",
            "incompatible-parameters",
            "incompatible-restore",
            "inaccessible-encryption-credentials",
            "inaccessible-encryption-credentials-recoverable",
            "insufficient-capacity",
            "restore-error",
            "stopped",
            "storage-full",
        ] {
            assert!(
                matches!(watch().judge(Look::Answer(&instance(status)), at(0), None), Verdict::Never(_)),
                "{status}"
            );
        }
        for status in ["creating", "backing-up", "modifying", "rebooting", "starting", "new-one"] {
            assert!(
                matches!(watch().judge(Look::Answer(&instance(status)), at(0), None), Verdict::Wait(_)),
                "{status}"
            );
        }
        assert_eq!(watch().judge(Look::Refusal("DBInstanceNotFound"), at(0), None), Verdict::Refused);
    }

    #[test]
    fn the_other_waiters() {
        let mut gone = Watch::new(waiter("rds", "wait db-instance-deleted").unwrap(), SETTLE);
        assert!(matches!(gone.judge(Look::Answer(&instance("deleting")), at(0), None), Verdict::Wait(_)));
        assert_eq!(gone.judge(Look::Refusal("DBInstanceNotFound"), at(1), None), Verdict::Done(None));
        let mut change = Watch::new(waiter("route53", "wait resource-record-sets-changed").unwrap(), SETTLE);
        let status = |status: &str| json!({"ChangeInfo": {"Status": status}});
        assert!(matches!(change.judge(Look::Answer(&status("PENDING")), at(0), None), Verdict::Wait(_)));
        assert_eq!(change.judge(Look::Answer(&status("INSYNC")), at(1), None), Verdict::Done(None));
        let mut object = Watch::new(waiter("s3api", "wait object-exists").unwrap(), SETTLE);
        assert!(matches!(object.judge(Look::Refusal("404"), at(0), None), Verdict::Wait(_)));
        assert_eq!(object.judge(Look::Refusal("403"), at(0), None), Verdict::Refused);
        assert_eq!(object.judge(Look::Answer(&json!({})), at(1), None), Verdict::Done(None));
    }

    #[test]
    fn waiters_of_the_other_services() {
        let servers = |state: &str| {
            json!({"Reservations": [{"Instances": [{"InstanceId": "i-1", "State": {"Name": "running"}}]},
            {"Instances": [{"InstanceId": "i-2", "State": {"Name": state}}]}]})
        };
        let targets = |state: &str| json!({"TargetHealthDescriptions": [{"Target": {"Id": "i-1"}, "TargetHealth": {"State": state}}]});
        let tasks = |running: u32| json!({"services": [{"serviceName": "s", "runningCount": running, "desiredCount": 2, "deployments": [{}]}], "failures": []});
        for (of, look, said) in [
            (("ec2", "wait instance-running"), servers("pending"), "`i-2` is `pending`"),
            (("ec2", "wait instance-running"), servers("terminated"), "does not mend"),
            (("ec2", "wait instance-stopped"), servers("stopping"), "`i-1` is `running`"),
            (("elbv2", "wait target-in-service"), targets("unhealthy"), "`i-1` is `unhealthy`"),
            (("elbv2", "wait target-deregistered"), targets("draining"), "`i-1` is `draining`"),
            (("ecs", "wait services-stable"), tasks(1), "1 of 2 tasks"),
            (("ecs", "wait services-stable"), json!({"failures": [{"arn": "a", "reason": "MISSING"}]}), "MISSING"),
            (("cloudwatch", "wait alarm-exists"), json!({"MetricAlarms": []}), "there is none"),
        ] {
            let mut watch = Watch::new(waiter(of.0, of.1).unwrap(), SETTLE);
            let (Verdict::Wait(found) | Verdict::Never(found)) = watch.judge(Look::Answer(&look), at(0), None) else {
                panic!("{of:?} is content with {look}")
            };
            assert!(found.contains(said), "{of:?}: {found}");
        }
        for (of, look) in [
            (("ec2", "wait instance-running"), servers("running")),
            (("elbv2", "wait target-in-service"), targets("healthy")),
            (("elbv2", "wait target-deregistered"), targets("unused")),
            (("ecs", "wait services-stable"), tasks(2)),
            (("cloudwatch", "wait alarm-exists"), json!({"MetricAlarms": [{}]})),
        ] {
            let mut watch = Watch::new(waiter(of.0, of.1).unwrap(), SETTLE);
            let first = watch.judge(Look::Answer(&look), at(0), None);
            let found = if first == Verdict::Confirm { watch.judge(Look::Answer(&look), at(5), None) } else { first };
            assert_eq!(found, Verdict::Done(None), "{of:?}");
        }
        let mut gone = Watch::new(waiter("s3api", "wait object-not-exists").unwrap(), SETTLE);
        assert!(matches!(gone.judge(Look::Answer(&json!({})), at(0), None), Verdict::Wait(_)));
        assert_eq!(gone.judge(Look::Refusal("404"), at(1), None), Verdict::Done(None));
    }
}
