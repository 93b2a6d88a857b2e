//! Changes of a database instance, and of whether a cluster runs: is it as the call would have it, or about to be?

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{CLUSTERS, INSTANCES, Told, first};
use crate::runbook::aws::{GENERAL, operation, option};

/// Lists the calls that are settled here.
pub(super) const CALLS: [&str; 6] = [
    "modify-db-instance",
    "reboot-db-instance",
    "start-db-instance",
    "stop-db-instance",
    "start-db-cluster",
    "stop-db-cluster",
];

/// How far back events are asked for, in minutes: as far as the service keeps them.
const FAR_BACK: &str = "20160";

/// Says what is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// It has these settings, or they are about to come: what the call named, and what it wanted.
    Settings(Vec<Setting>),
    /// It has another name.
    Renamed { from: String, to: String },
    /// It is in one of these states; in the other one nothing happened.
    Status { after: &'static [&'static str], before: &'static str },
    /// Its events tell that it restarted.
    Restarted,
}

/// Is one thing that a call wanted of an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    option: &'static str,
    /// The member that shows it.
    member: &'static str,
    /// The value, as text; of a list its items, in order.
    wanted: Vec<String>,
}

/// Lists options by the members that show what became of them.
const SHOWN: [(&str, &str); 14] = [
    ("--db-instance-class", "DBInstanceClass"),
    ("--allocated-storage", "AllocatedStorage"),
    ("--storage-type", "StorageType"),
    ("--iops", "Iops"),
    ("--engine-version", "EngineVersion"),
    ("--backup-retention-period", "BackupRetentionPeriod"),
    ("--preferred-backup-window", "PreferredBackupWindow"),
    ("--multi-az", "MultiAZ"),
    ("--deletion-protection", "DeletionProtection"),
    ("--copy-tags-to-snapshot", "CopyTagsToSnapshot"),
    ("--enable-iam-database-authentication", "IAMDatabaseAuthenticationEnabled"),
    ("--ca-certificate-identifier", "CACertificateIdentifier"),
    ("--db-parameter-group-name", "DBParameterGroups"),
    ("--vpc-security-group-ids", "VpcSecurityGroups"),
];

/// Options that leave nothing behind.
const SILENT: [&str; 3] = ["--db-instance-identifier", "--apply-immediately", "--allow-major-version-upgrade"];

/// Returns the words of the look and what it has to show; nothing where a look cannot tell.
pub(super) fn of(words: &[String]) -> Option<(Vec<String>, Sign)> {
    let status = |after, before| Sign::Status { after, before };
    if let Some(id) = option(words, CLUSTERS.1) {
        let look = ["rds", CLUSTERS.0, CLUSTERS.1, id].map(str::to_owned).to_vec();
        return match words.get(1)?.as_str() {
            "start-db-cluster" => Some((look, status(&["starting", "available"], "stopped"))),
            "stop-db-cluster" => Some((look, status(&["stopping", "stopped"], "available"))),
            _ => None,
        };
    }
    let id = option(words, "--db-instance-identifier")?.to_owned();
    let one = |id: &str| ["rds", INSTANCES.0, INSTANCES.1, id].map(str::to_owned).to_vec();
    match words.get(1)?.as_str() {
        "start-db-instance" => Some((one(&id), status(&["starting", "available"], "stopped"))),
        "stop-db-instance" => Some((one(&id), status(&["stopping", "stopped"], "available"))),
        "reboot-db-instance" => {
            let events = ["rds", "describe-events", "--source-type", "db-instance", "--source-identifier", &id];
            let events = events.into_iter().chain(["--duration", FAR_BACK]).map(str::to_owned).collect();
            Some((events, Sign::Restarted))
        }
        // What has another name by now is found among all.
        _ if words.iter().any(|word| word.starts_with("--new-db-instance-identifier")) => {
            let to = option(words, "--new-db-instance-identifier")?.to_owned();
            Some((["rds", INSTANCES.0].map(str::to_owned).to_vec(), Sign::Renamed { from: id, to }))
        }
        _ => {
            let settings = settings(words)?;
            (!settings.is_empty()).then(|| (one(&id), Sign::Settings(settings)))
        }
    }
}

/// Takes apart what the call wanted; nothing where it wanted something that no look shows.
fn settings(words: &[String]) -> Option<Vec<Setting>> {
    let modify = operation(words)?;
    let mut settings = Vec::new();
    for (at, word) in words.iter().enumerate().filter(|(_, word)| word.starts_with("--")) {
        let name = crate::runbook::aws::named(modify, word)?;
        if SILENT.contains(&name) || GENERAL.contains(&name) {
            continue;
        }
        let (option, member) = *SHOWN.iter().find(|(option, _)| *option == name)?;
        let wanted = match word.split_once('=') {
            Some((_, value)) => vec![value.to_owned()],
            None => words.iter().skip(at + 1).take_while(|word| !word.starts_with("--")).cloned().collect(),
        };
        let wanted = match wanted.as_slice() {
            [] => vec![(!word.starts_with("--no-")).to_string()],
            _ => wanted,
        };
        settings.push(Setting { option, member, wanted });
    }
    Some(settings)
}

impl Sign {
    /// Says what an answer tells of a call that was made at `made`, or a moment later.
    pub(super) fn tells(&self, answer: &Value, made: DateTime<Utc>) -> Told {
        match self {
            Self::Renamed { from, to } => return renamed(from, to, answer),
            Self::Restarted => return restarted(answer, made),
            Self::Settings(_) | Self::Status { .. } => {}
        }
        let Some(instance) = first(answer, INSTANCES.2).or_else(|| first(answer, CLUSTERS.2)) else {
            return Told::Unclear("the answer names no instance".to_owned());
        };
        let now = super::status(instance);
        match self {
            Self::Status { after, before } => {
                let now = now.trim_start_matches(", ");
                if after.contains(&now) {
                    Told::Happened(format!("it is {now}"))
                } else if now == *before {
                    Told::NotHappened(format!("it is {now} still"))
                } else {
                    Told::Unclear(format!("it is {now}"))
                }
            }
            Self::Settings(settings) => match settings.iter().find(|setting| !setting.holds(instance)) {
                None => Told::Happened(format!("it has what the call asked for{now}")),
                Some(setting) if now == ", available" => Told::NotHappened(format!(
                    "its {} is {}, {} is not about to come, and it is available",
                    setting.member,
                    setting.shown(instance),
                    setting.option
                )),
                Some(setting) => Told::Unclear(format!("its {} is {}{now}", setting.member, setting.shown(instance))),
            },
            Self::Renamed { .. } | Self::Restarted => Told::Unclear(now),
        }
    }
}

impl Setting {
    /// Is it so, or about to be?
    fn holds(&self, instance: &Value) -> bool {
        let pending = instance.get("PendingModifiedValues").and_then(|pending| pending.get(self.member));
        let matches = |value: &Value| values(value) == self.wanted;
        pending.is_some_and(matches) || instance.get(self.member).is_some_and(matches)
    }

    fn shown(&self, instance: &Value) -> String {
        instance.get(self.member).map_or_else(|| "not shown".to_owned(), |value| values(value).join(" "))
    }
}

/// Gives a value, or the names of a list's items, as text.
fn values(value: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let name = |item: &Value| {
        let name = ["VpcSecurityGroupId", "DBParameterGroupName"].into_iter().find_map(|name| item.get(name));
        text(name.unwrap_or(item))
    };
    match value {
        Value::Array(items) => items.iter().map(name).collect(),
        other => vec![text(other)],
    }
}

/// Events come some time after what they tell of, so that there is none proves nothing.
fn restarted(answer: &Value, made: DateTime<Utc>) -> Told {
    let events = answer.get("Events").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let told = events.iter().find_map(|event| {
        let text = |name: &str| event.get(name).and_then(Value::as_str);
        let (message, date) = (text("Message")?, text("Date")?);
        let at = DateTime::parse_from_rfc3339(date).ok()?;
        // The service's times are whole seconds, or come close to them.
        let since = at.signed_duration_since(made).num_milliseconds() >= -1_000;
        (since && message.contains("restarted")).then(|| format!("its events say `{message}` at {date}"))
    });
    told.map_or_else(|| Told::Unclear("none of its events since then tells of a restart".to_owned()), Told::Happened)
}

fn renamed(from: &str, to: &str, answer: &Value) -> Told {
    let empty = Vec::new();
    let listed = answer.get(INSTANCES.2).and_then(Value::as_array).unwrap_or(&empty);
    let named = |name: &str| {
        listed.iter().find(|one| {
            let id = one.get("DBInstanceIdentifier").and_then(Value::as_str);
            id.is_some_and(|id| id.eq_ignore_ascii_case(name))
        })
    };
    match (named(from), named(to)) {
        (None, Some(instance)) => Told::Happened(format!("it is called {to}{}", super::status(instance))),
        (Some(instance), None) => {
            let pending = instance.get("PendingModifiedValues").and_then(|pending| pending.get("DBInstanceIdentifier"));
            let now = super::status(instance);
            if pending.and_then(Value::as_str).is_some_and(|name| name.eq_ignore_ascii_case(to)) || now == ", renaming"
            {
                Told::Happened(format!("it is about to be called {to}{now}"))
            } else if now == ", available" {
                Told::NotHappened(format!("it is called {from} still{now}"))
            } else {
                Told::Unclear(format!("it is called {from}{now}"))
            }
        }
        (Some(_), Some(_)) => Told::NotHappened(format!("{from} is there, and {to} is another instance")),
        (None, None) => Told::Unclear(format!("neither {from} nor {to} is there")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{told, words};

    #[test]
    fn a_changed_instance_has_what_was_asked_for_or_is_about_to() {
        let call = "rds modify-db-instance --region r --db-instance-identifier x --multi-az --no-deletion-protection \
                    --backup-retention-period 14 --vpc-security-group-ids sg-1 sg-2 --apply-immediately";
        let call = call.split_ascii_whitespace().filter(|word| *word != "\\").collect::<Vec<_>>().join(" ");
        let instance = |status: &str, retention: u32, pending: serde_json::Value| {
            json!({"DBInstances": [{
                "DBInstanceStatus": status, "MultiAZ": false, "DeletionProtection": false,
                "BackupRetentionPeriod": retention, "PendingModifiedValues": pending,
                "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-1"}, {"VpcSecurityGroupId": "sg-2"}],
            }]})
        };
        let pending = json!({"MultiAZ": true});
        assert_eq!(told(&call, &instance("available", 14, pending.clone())), Some(true));
        assert_eq!(told(&call, &instance("available", 7, pending.clone())), Some(false));
        assert_eq!(told(&call, &instance("modifying", 7, pending)), None, "it may come yet");
        assert_eq!(told(&call, &json!({"DBInstances": []})), None);
        for blind in ["--master-user-password x", "--apply-immediately", "--new-thing x"] {
            let call = format!("rds modify-db-instance --db-instance-identifier x {blind}");
            assert_eq!(super::super::probe(&words(&call)), None, "{blind}: nothing shows it");
        }
    }

    #[test]
    fn a_restarted_instance_tells_so_by_an_event_since_the_call() {
        let call = "rds reboot-db-instance --db-instance-identifier x";
        let event = |message: &str, date: &str| json!({"Events": [{"Message": message, "Date": date}]});
        assert_eq!(told(call, &event("DB instance restarted", "2026-11-22T10:00:31+00:00")), Some(true));
        assert_eq!(told(call, &event("DB instance restarted", "2026-11-22T09:59:31+00:00")), None, "another restart");
        assert_eq!(told(call, &event("Backing up DB instance", "2026-11-22T10:00:31+00:00")), None);
        assert_eq!(told(call, &json!({"Events": []})), None, "it may be told yet");
    }

    #[test]
    fn a_renamed_instance_is_found_by_either_name() {
        let call = "rds modify-db-instance --db-instance-identifier old --new-db-instance-identifier new";
        let list = |items: &[(&str, &str)]| {
            let items: Vec<_> = items
                .iter()
                .map(|(id, status)| json!({"DBInstanceIdentifier": id, "DBInstanceStatus": status}))
                .collect();
            json!({"DBInstances": items})
        };
        assert_eq!(told(call, &list(&[("New", "available"), ("third", "available")])), Some(true));
        assert_eq!(told(call, &list(&[("old", "available")])), Some(false));
        assert_eq!(told(call, &list(&[("old", "renaming")])), Some(true));
        assert_eq!(told(call, &list(&[("old", "modifying")])), None);
        assert_eq!(told(call, &list(&[("old", "available"), ("new", "available")])), Some(false));
        assert_eq!(told(call, &list(&[])), None);
        for (call, before, after) in [("start", "stopped", "starting"), ("stop", "available", "stopping")] {
            let call = format!("rds {call}-db-instance --db-instance-identifier old");
            assert_eq!(told(&call, &list(&[("old", before)])), Some(false));
            assert_eq!(told(&call, &list(&[("old", after)])), Some(true));
            assert_eq!(told(&call, &list(&[("old", "failed")])), None);
        }
        for (call, before, after) in [("start", "stopped", "starting"), ("stop", "available", "stopping")] {
            let call = format!("rds {call}-db-cluster --db-cluster-identifier c");
            let cluster = |status: &str| json!({"DBClusters": [{"Status": status}]});
            assert_eq!(told(&call, &cluster(before)), Some(false));
            assert_eq!(told(&call, &cluster(after)), Some(true));
            assert_eq!(told(&call, &cluster("inaccessible-encryption-credentials")), None);
        }
    }
}
