//! `wait`: what each waiter looks at and when it is content. Pure: looks in, verdicts out.
//!
//! After a change RDS may answer `available` for some seconds more, with the change not begun. A waiter that believed
//! the first look would return at once and the next step would act on an instance in motion. So `available` counts
//! only when two looks agree, when nothing is pending, and, if this process changed the instance a moment ago, when
//! the status was seen to leave `available` or the time in which AWS shows stale answers is over.

use std::time::Duration;

use serde_json::Value;

/// Describes a waiter.
#[derive(Debug)]
pub(super) struct Waiter {
    /// Service and name, as in the catalogue.
    of: (&'static str, &'static str),
    /// The operation it looks with.
    pub(super) look: &'static str,
    /// What it waits for.
    goal: Goal,
}

#[derive(Debug)]
enum Goal {
    /// Each item of a list has the status `available`.
    Available { list: &'static str, id: &'static str, status: &'static str },
    /// The refusal with this code.
    Gone { code: &'static str, list: &'static str },
    /// The value at this place.
    Value { pointer: &'static str, wanted: &'static str },
    /// Any answer; the refusal with this code means not yet.
    Answer { not_yet: &'static str },
}

const WAITERS: &[Waiter] = &[
    Waiter {
        of: ("rds", "wait db-instance-available"),
        look: "describe-db-instances",
        goal: Goal::Available { list: "DBInstances", id: "DBInstanceIdentifier", status: "DBInstanceStatus" },
    },
    Waiter {
        of: ("rds", "wait db-snapshot-available"),
        look: "describe-db-snapshots",
        goal: Goal::Available { list: "DBSnapshots", id: "DBSnapshotIdentifier", status: "Status" },
    },
    Waiter {
        of: ("rds", "wait db-instance-deleted"),
        look: "describe-db-instances",
        goal: Goal::Gone { code: "DBInstanceNotFound", list: "DBInstances" },
    },
    Waiter {
        of: ("route53", "wait resource-record-sets-changed"),
        look: "get-change",
        goal: Goal::Value { pointer: "/ChangeInfo/Status", wanted: "INSYNC" },
    },
    Waiter { of: ("s3api", "wait object-exists"), look: "head-object", goal: Goal::Answer { not_yet: "404" } },
];

/// Statuses that no waiting mends. The AWS CLI's own waiter knows the first three and two of the `incompatible-` ones.
fn is_terminal(status: &str) -> bool {
    matches!(status, "deleted" | "deleting" | "failed" | "storage-full" | "restore-error" | "insufficient-capacity")
        || status.starts_with("incompatible-")
        || status.starts_with("inaccessible-encryption-credentials")
}

/// Finds the waiter `name` of `service`.
pub(super) fn waiter(service: &str, name: &str) -> Option<&'static Waiter> {
    WAITERS.iter().find(|waiter| waiter.of == (service, name))
}

/// Is what one look showed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Look<'a> {
    /// An answer.
    Answer(&'a Value),
    /// A refusal, by its code.
    Refusal(&'a str),
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

    /// Judges a look made at `at`; `changed` says how long ago this process changed the thing, if it did.
    pub(super) fn judge(&mut self, look: Look<'_>, at: Duration, changed: Option<Duration>) -> Verdict {
        match (&self.waiter.goal, look) {
            (Goal::Available { list, id, status }, Look::Answer(answer)) => {
                let items = answer.get(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                self.available(items, (id, status), at, changed)
            }
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

    fn available(
        &mut self,
        items: &[Value],
        (id, status): (&str, &str),
        at: Duration,
        changed: Option<Duration>,
    ) -> Verdict {
        let text = |item: &Value, name: &str| item.get(name).and_then(Value::as_str).unwrap_or("?").to_owned();
        if let Some(item) = items.iter().find(|item| is_terminal(&text(item, status))) {
            return Verdict::Never(format!(
                "`{}` is `{}`, which waiting does not mend",
                text(item, id),
                text(item, status)
            ));
        }
        let Some(first) = items.first() else {
            self.good_since = None;
            return Verdict::Wait("there is none".to_owned());
        };
        if let Some(item) = items.iter().find(|item| text(item, status) != "available") {
            self.moved = Seen::Moving;
            self.good_since = None;
            return Verdict::Wait(format!("`{}` is `{}`", text(item, id), text(item, status)));
        }
        let Some(since) = self.good_since else {
            self.good_since = Some(at);
            return Verdict::Confirm;
        };
        let fresh = changed.is_some_and(|ago| ago < self.settle) && self.moved == Seen::NothingYet;
        if fresh {
            return Verdict::Wait(format!(
                "`{}` is `available`, and was changed a moment ago: the answer may be stale",
                text(first, id)
            ));
        }
        let pending = |item: &&Value| {
            item.get("PendingModifiedValues").and_then(Value::as_object).is_some_and(|values| !values.is_empty())
        };
        match items.iter().find(pending) {
            None => Verdict::Done(None),
            // What waits for the maintenance window or a reboot stays pending for days.
            Some(item) if at.saturating_sub(since) >= self.settle => Verdict::Done(Some(format!(
                "`{}` is available with values pending: {}",
                text(item, id),
                item.get("PendingModifiedValues").map(Value::to_string).unwrap_or_default()
            ))),
            Some(item) => Verdict::Wait(format!("`{}` is available, with values pending", text(item, id))),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::runbook::aws::OPERATIONS;

    const SETTLE: Duration = Duration::from_secs(60);

    fn instance(status: &str) -> Value {
        json!({"DBInstances": [{"DBInstanceIdentifier": "orders", "DBInstanceStatus": status, "PendingModifiedValues": {}}]})
    }

    fn watch() -> Watch {
        Watch::new(waiter("rds", "wait db-instance-available").unwrap(), SETTLE)
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn every_waiter_of_the_catalogue_is_here() {
        for row in OPERATIONS.iter().filter(|row| row.name.starts_with("wait ")) {
            let waiter = waiter(row.service, row.name).unwrap();
            let look =
                OPERATIONS.iter().find(|other| (other.service, other.name) == (row.service, waiter.look)).unwrap();
            assert_eq!((look.options, look.required), (row.options, row.required), "{}", row.name);
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
        assert_eq!(watch.judge(Look::Answer(&good), at(0), Some(at(1))), Verdict::Confirm);
        assert!(matches!(watch.judge(Look::Answer(&good), at(5), Some(at(6))), Verdict::Wait(_)));
        assert!(matches!(watch.judge(Look::Answer(&instance("modifying")), at(9), Some(at(10))), Verdict::Wait(_)));
        assert_eq!(watch.judge(Look::Answer(&good), at(20), Some(at(21))), Verdict::Confirm);
        assert_eq!(watch.judge(Look::Answer(&good), at(25), Some(at(26))), Verdict::Done(None));
    }

    #[test]
    fn a_change_that_never_shows_ends_when_answers_have_settled() {
        let (mut watch, good) = (watch(), instance("available"));
        watch.judge(Look::Answer(&good), at(0), Some(at(1)));
        assert_eq!(watch.judge(Look::Answer(&good), at(60), Some(at(61))), Verdict::Done(None));
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
            "storage-full",
        ] {
            assert!(
                matches!(watch().judge(Look::Answer(&instance(status)), at(0), None), Verdict::Never(_)),
                "{status}"
            );
        }
        for status in
            ["creating", "backing-up", "modifying", "rebooting", "storage-optimization", "starting", "new-one"]
        {
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
}
