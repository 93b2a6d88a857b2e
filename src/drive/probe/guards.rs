//! Changes of what keeps, lets in, scales and steers: keys, secrets, scaling groups, zonal shifts.

use serde_json::Value;

use super::{Told, first};
use crate::runbook::aws::option;

/// Says what is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// The key is in another state than this one.
    KeyNot(&'static str),
    /// The secret is not about to be deleted.
    SecretKept,
    /// These processes of the scaling group are suspended; without names any is.
    Suspended(Vec<String>),
    /// None of these is.
    Resumed(Vec<String>),
    /// Traffic is shifted away from this zone.
    Shifted(String),
    /// This shift is not active.
    ShiftOver(String),
}

/// Returns the words of the look and what it has to show; nothing where a look cannot tell.
pub(super) fn of(words: &[String]) -> Option<(Vec<String>, Sign)> {
    let (service, name) = (words.first()?.as_str(), words.get(1)?.as_str());
    let look = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
    match (service, name) {
        ("kms", "enable-key" | "cancel-key-deletion") => {
            let before = if name == "enable-key" { "Disabled" } else { "PendingDeletion" };
            Some((look(&["kms", "describe-key", "--key-id", option(words, "--key-id")?]), Sign::KeyNot(before)))
        }
        ("secretsmanager", "restore-secret") => {
            let id = option(words, "--secret-id")?;
            Some((look(&["secretsmanager", "describe-secret", "--secret-id", id]), Sign::SecretKept))
        }
        ("autoscaling", "suspend-processes" | "resume-processes") => {
            let group = option(words, "--auto-scaling-group-name")?;
            let processes = processes(words);
            let sign = if name == "suspend-processes" { Sign::Suspended(processes) } else { Sign::Resumed(processes) };
            let looks = ["autoscaling", "describe-auto-scaling-groups", "--auto-scaling-group-names", group];
            Some((look(&looks), sign))
        }
        ("arc-zonal-shift", "start-zonal-shift") => {
            let (resource, zone) = (option(words, "--resource-identifier")?, option(words, "--away-from")?);
            let looks = ["arc-zonal-shift", "list-zonal-shifts", "--resource-identifier", resource];
            Some((look(&looks), Sign::Shifted(zone.to_owned())))
        }
        ("arc-zonal-shift", "cancel-zonal-shift") => {
            let id = option(words, "--zonal-shift-id")?.to_owned();
            Some((look(&["arc-zonal-shift", "list-zonal-shifts"]), Sign::ShiftOver(id)))
        }
        _ => None,
    }
}

/// Returns the processes that a call names: behind its option, as words or as a JSON list.
fn processes(words: &[String]) -> Vec<String> {
    let behind = words.iter().skip_while(|word| *word != "--scaling-processes").skip(1);
    let named: Vec<String> = behind.take_while(|word| !word.starts_with("--")).cloned().collect();
    match named.as_slice() {
        [one] => serde_json::from_str(one).unwrap_or(named),
        _ => named,
    }
}

impl Sign {
    /// Says what an answer tells.
    pub(super) fn tells(&self, answer: &Value) -> Told {
        match self {
            Self::KeyNot(before) => match answer.pointer("/KeyMetadata/KeyState").and_then(Value::as_str) {
                None => Told::Unclear("the answer does not say how the key is".to_owned()),
                Some(state) if state == *before => Told::NotHappened(format!("the key is {state} still")),
                Some(state) => Told::Happened(format!("the key is {state}")),
            },
            Self::SecretKept => match (answer.get("ARN"), answer.get("DeletedDate").filter(|date| !date.is_null())) {
                (None, _) => Told::Unclear("the answer names no secret".to_owned()),
                (_, Some(date)) => Told::NotHappened(format!("the secret is about to be deleted, since {date}")),
                (_, None) => Told::Happened("the secret is not about to be deleted".to_owned()),
            },
            Self::Suspended(named) => scaling(answer, |there| {
                let missing = named.iter().find(|name| !there.contains(&name.as_str()));
                match (missing, there.is_empty()) {
                    (Some(name), _) => Told::NotHappened(format!("{name} is not suspended")),
                    (None, true) => Told::NotHappened("nothing is suspended".to_owned()),
                    (None, false) => Told::Happened(format!("suspended is {}", there.join(" "))),
                }
            }),
            Self::Resumed(named) => scaling(answer, |there| {
                match there.iter().find(|there| named.is_empty() || named.iter().any(|name| name == *there)) {
                    Some(name) => Told::NotHappened(format!("{name} is suspended")),
                    None => Told::Happened("nothing of it is suspended".to_owned()),
                }
            }),
            Self::Shifted(zone) => match shifts(answer, |shift| text(shift, "awayFrom") == Some(zone)) {
                Some(true) => Told::Happened(format!("traffic is shifted away from {zone}")),
                Some(false) => Told::NotHappened(format!("nothing is shifted away from {zone}")),
                None => Told::Unclear("the answer lists no shifts".to_owned()),
            },
            Self::ShiftOver(id) => match shifts(answer, |shift| text(shift, "zonalShiftId") == Some(id)) {
                Some(true) => Told::NotHappened(format!("shift {id} is active")),
                Some(false) => Told::Happened(format!("shift {id} is not active")),
                None => Told::Unclear("the answer lists no shifts".to_owned()),
            },
        }
    }
}

/// Judges by the processes of a group that are suspended.
fn scaling(answer: &Value, judge: impl FnOnce(&[&str]) -> Told) -> Told {
    let Some(group) = first(answer, "AutoScalingGroups") else {
        return Told::Unclear("the answer names no scaling group".to_owned());
    };
    let empty = Vec::new();
    let suspended = group.get("SuspendedProcesses").and_then(Value::as_array).unwrap_or(&empty);
    let names: Vec<&str> = suspended.iter().filter_map(|one| text(one, "ProcessName")).collect();
    judge(&names)
}

fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name)?.as_str()
}

/// Is there an active shift of this kind? Nothing where the answer lists none at all.
fn shifts(answer: &Value, kind: impl Fn(&Value) -> bool) -> Option<bool> {
    let items = answer.get("items")?.as_array()?;
    Some(items.iter().any(|shift| kind(shift) && text(shift, "status") == Some("ACTIVE")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::told;

    #[test]
    fn processes_are_suspended_all_or_not_at_all() {
        let group = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| json!({"ProcessName": name})).collect();
            json!({"AutoScalingGroups": [{"SuspendedProcesses": names}]})
        };
        let call = |verb: &str, which: &str| format!("autoscaling {verb}-processes --auto-scaling-group-name g{which}");
        let named = " --scaling-processes AZRebalance Launch --region r";
        for (call, suspended, expected) in [
            (call("suspend", named), &["Launch", "AZRebalance"][..], Some(true)),
            (call("suspend", named), &["Launch"], Some(false)),
            (call("suspend", ""), &[], Some(false)),
            (call("resume", named), &["Terminate"], Some(true)),
            (call("resume", named), &["Launch"], Some(false)),
            (call("resume", ""), &["Terminate"], Some(false)),
            (call("resume", " --scaling-processes [\"Launch\"]"), &["AZRebalance"], Some(true)),
        ] {
            assert_eq!(told(&call, &group(suspended)), expected, "{call}: {suspended:?}");
        }
        assert_eq!(told(&call("suspend", named), &json!({"AutoScalingGroups": []})), None);
    }

    #[test]
    fn keys_secrets_and_shifts_show_how_they_are() {
        let key = |state: &str| json!({"KeyMetadata": {"KeyState": state}});
        assert_eq!(told("kms enable-key --key-id k", &key("Enabled")), Some(true));
        assert_eq!(told("kms enable-key --key-id k", &key("Disabled")), Some(false));
        assert_eq!(told("kms cancel-key-deletion --key-id k", &key("PendingDeletion")), Some(false));
        assert_eq!(told("kms cancel-key-deletion --key-id k", &json!({})), None);
        let secret = "secretsmanager restore-secret --secret-id s";
        assert_eq!(told(secret, &json!({"ARN": "a"})), Some(true));
        assert_eq!(told(secret, &json!({"ARN": "a", "DeletedDate": "2026-11-22"})), Some(false));
        let shift = |status: &str| json!({"items": [{"zonalShiftId": "i", "awayFrom": "use1-az1", "status": status}]});
        let start = "arc-zonal-shift start-zonal-shift --resource-identifier a --away-from use1-az1 --expires-in 1h";
        assert_eq!(told(start, &shift("ACTIVE")), Some(true));
        assert_eq!(told(start, &shift("CANCELED")), Some(false));
        let cancel = "arc-zonal-shift cancel-zonal-shift --zonal-shift-id i";
        assert_eq!(told(cancel, &shift("ACTIVE")), Some(false));
        assert_eq!(told(cancel, &json!({"items": []})), Some(true));
        assert_eq!(told(cancel, &json!({})), None);
    }
}
