//! Did it happen? For an AWS call whose engine was gone before the answer came: what to look at, and what it tells.
//! Pure: words in, words and verdicts out. Only reads are asked for.

mod asked;
mod call;
mod course;
mod entries;
mod guards;
mod instance;
mod objects;
mod settings;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::engine::Outcome;
use crate::exec::Reply;
use crate::runbook::aws::option;

/// Is the look that settles a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The words after `aws`.
    pub words: Vec<String>,
    sign: Sign,
}

/// Says what tells that the call was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Sign {
    /// The replica follows nothing any more.
    Promoted,
    /// The thing is there.
    Exists(&'static str),
    /// The thing is gone, or about to be.
    Gone(&'static str),
    /// The record sets are as the changes would have them.
    Records(Vec<Change>),
    /// What a database instance shows.
    Instance(instance::Sign),
    /// What a bucket holds.
    Object(objects::Sign),
    /// What keeps, lets in, and scales.
    Guard(guards::Sign),
    /// What one thing is set to.
    Setting(call::Call),
    /// What is in a list.
    Entries(call::Call),
    /// Who leads, what came since, what has a name that only this call gave.
    Course(call::Call),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Change {
    delete: bool,
    set: Value,
}

/// Says what a look tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// It happened; by what that is known.
    Happened(String),
    /// It did not; by what that is known.
    NotHappened(String),
    /// It can't be told yet: what was seen.
    Unclear(String),
}

/// RDS calls by what they leave behind: operation, option that names it, what looks at it, its option, its list.
const MADE: [(&str, &str, &str, &str, &str); 20] = [
    ("create-db-instance", "--db-instance-identifier", INSTANCES.0, INSTANCES.1, INSTANCES.2),
    ("create-db-instance-read-replica", "--db-instance-identifier", INSTANCES.0, INSTANCES.1, INSTANCES.2),
    ("restore-db-instance-from-db-snapshot", "--db-instance-identifier", INSTANCES.0, INSTANCES.1, INSTANCES.2),
    ("restore-db-instance-from-s3", "--db-instance-identifier", INSTANCES.0, INSTANCES.1, INSTANCES.2),
    ("restore-db-instance-to-point-in-time", "--target-db-instance-identifier", INSTANCES.0, INSTANCES.1, INSTANCES.2),
    ("create-db-snapshot", "--db-snapshot-identifier", SNAPSHOTS.0, SNAPSHOTS.1, SNAPSHOTS.2),
    ("copy-db-snapshot", "--target-db-snapshot-identifier", SNAPSHOTS.0, SNAPSHOTS.1, SNAPSHOTS.2),
    ("create-db-cluster", "--db-cluster-identifier", CLUSTERS.0, CLUSTERS.1, CLUSTERS.2),
    ("restore-db-cluster-from-snapshot", "--db-cluster-identifier", CLUSTERS.0, CLUSTERS.1, CLUSTERS.2),
    ("restore-db-cluster-to-point-in-time", "--db-cluster-identifier", CLUSTERS.0, CLUSTERS.1, CLUSTERS.2),
    ("delete-db-instance", "--db-instance-identifier", INSTANCES.0, INSTANCES.1, INSTANCES.2),
    ("delete-db-snapshot", "--db-snapshot-identifier", SNAPSHOTS.0, SNAPSHOTS.1, SNAPSHOTS.2),
    ("delete-db-cluster", "--db-cluster-identifier", CLUSTERS.0, CLUSTERS.1, CLUSTERS.2),
    ("create-db-cluster-snapshot", COPIES.1, COPIES.0, COPIES.1, COPIES.2),
    ("copy-db-cluster-snapshot", "--target-db-cluster-snapshot-identifier", COPIES.0, COPIES.1, COPIES.2),
    ("delete-db-cluster-snapshot", COPIES.1, COPIES.0, COPIES.1, COPIES.2),
    ("create-global-cluster", GLOBAL.1, GLOBAL.0, GLOBAL.1, GLOBAL.2),
    ("delete-global-cluster", GLOBAL.1, GLOBAL.0, GLOBAL.1, GLOBAL.2),
    ("create-db-parameter-group", GROUPS.1, GROUPS.0, GROUPS.1, GROUPS.2),
    ("copy-db-parameter-group", "--target-db-parameter-group-identifier", GROUPS.0, GROUPS.1, GROUPS.2),
];
const INSTANCES: (&str, &str, &str) = ("describe-db-instances", "--db-instance-identifier", "DBInstances");
const SNAPSHOTS: (&str, &str, &str) = ("describe-db-snapshots", "--db-snapshot-identifier", "DBSnapshots");
const CLUSTERS: (&str, &str, &str) = ("describe-db-clusters", "--db-cluster-identifier", "DBClusters");
const COPIES: (&str, &str, &str) =
    ("describe-db-cluster-snapshots", "--db-cluster-snapshot-identifier", "DBClusterSnapshots");
const GLOBAL: (&str, &str, &str) = ("describe-global-clusters", "--global-cluster-identifier", "GlobalClusters");
const GROUPS: (&str, &str, &str) = ("describe-db-parameter-groups", "--db-parameter-group-name", "DBParameterGroups");

/// Lists and the member of their items that shows when something was made.
const MADE_AT: [(&[&str], &str); 3] = [
    (&[SNAPSHOTS.2, COPIES.2], "SnapshotCreateTime"),
    (&[INSTANCES.2], "InstanceCreateTime"),
    (&[CLUSTERS.2], "ClusterCreateTime"),
];

/// Returns the look that settles a call, where there is one.
pub fn probe(words: &[String]) -> Option<Probe> {
    let (service, name) = (words.first()?.as_str(), words.get(1)?.as_str());
    let region = option(words, "--region").map(|region| ["--region", region]);
    let look = |parts: &[&str]| {
        let parts = parts.iter().copied().chain(region.into_iter().flatten());
        parts.map(str::to_owned).collect::<Vec<_>>()
    };
    match (service, name) {
        ("rds", "promote-read-replica") => {
            let id = option(words, "--db-instance-identifier")?;
            Some(Probe { words: look(&["rds", INSTANCES.0, INSTANCES.1, id]), sign: Sign::Promoted })
        }
        ("rds", _) if instance::CALLS.contains(&name) => {
            let (looks, sign) = instance::of(words)?;
            Some(Probe { words: look(&as_words(&looks)), sign: Sign::Instance(sign) })
        }
        ("rds", _) if MADE.iter().any(|(made, ..)| *made == name) => {
            let (made, by, looks, with, list) = MADE.iter().find(|(made, ..)| *made == name)?;
            let id = option(words, by)?;
            let sign = if made.starts_with("delete-") { Sign::Gone(list) } else { Sign::Exists(list) };
            Some(Probe { words: look(&["rds", looks, with, id]), sign })
        }
        ("route53", "change-resource-record-sets") => {
            let zone = option(words, "--hosted-zone-id")?;
            let changes = changes(option(words, "--change-batch")?)?;
            Some(Probe {
                words: look(&["route53", "list-resource-record-sets", "--hosted-zone-id", zone]),
                sign: Sign::Records(changes),
            })
        }
        ("s3api", _) if objects::CALLS.contains(&name) => {
            let (looks, sign) = objects::of(words)?;
            Some(Probe { words: look(&as_words(&looks)), sign: Sign::Object(sign) })
        }
        _ => {
            let (looks, sign) = match guards::of(words) {
                Some((looks, sign)) => (looks, Sign::Guard(sign)),
                None => by_what_it_asked(call::Call::of(words)?)?,
            };
            Some(Probe { words: look(&as_words(&looks)), sign })
        }
    }
}

fn by_what_it_asked(call: call::Call) -> Option<(Vec<String>, Sign)> {
    if let Some(looks) = settings::of(&call) {
        return Some((looks, Sign::Setting(call)));
    }
    if let Some(looks) = entries::of(&call) {
        return Some((looks, Sign::Entries(call)));
    }
    course::of(&call).map(|looks| (looks, Sign::Course(call)))
}

/// Says why no look settles a call.
pub fn why_asked(words: &[String]) -> &'static str {
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    asked::why(word(0), word(1))
}

fn as_words(parts: &[String]) -> Vec<&str> {
    parts.iter().map(String::as_str).collect()
}

fn changes(batch: &str) -> Option<Vec<Change>> {
    let batch: Value = serde_json::from_str(batch).ok()?;
    let changes = batch.get("Changes")?.as_array()?.iter().map(|change| {
        let delete = change.get("Action")?.as_str()? == "DELETE";
        Some(Change { delete, set: change.get("ResourceRecordSet")?.clone() })
    });
    changes.collect::<Option<Vec<_>>>().filter(|changes| !changes.is_empty())
}

/// Says when a call was made by the clock of whoever answered a look at `now`: what they tell of times is by theirs.
pub fn by_their_clock(reply: &Reply, made: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    let date = reply.aws.as_ref().and_then(|aws| aws.date.as_deref());
    let theirs = date.and_then(|date| DateTime::parse_from_rfc2822(date).ok());
    // Theirs is cut to the second, and was written before it was heard: the call may seem to have been made a moment
    // early, never late.
    theirs.map_or(made, |theirs| theirs.to_utc() - now.signed_duration_since(made))
}

impl Probe {
    /// Says what an answer tells of a call that was made at `made`, by the clock of whoever answers, or a moment later.
    pub fn tells(&self, reply: &Reply, made: DateTime<Utc>) -> Told {
        if let Outcome::AwsRefused { code, .. } = &reply.outcome {
            let told = match &self.sign {
                Sign::Setting(call) => settings::absent(call, code),
                Sign::Course(call) => course::absent(call, code),
                _ => None,
            };
            if let Some(told) = told {
                return told;
            }
        }
        let absent = match &reply.outcome {
            Outcome::Answered { .. } => None,
            Outcome::AwsRefused { code, .. } if code.contains("NotFound") || code == "404" || code == "NoSuchKey" => {
                Some(code.clone())
            }
            other => return Told::Unclear(other.words()),
        };
        let answer: Value = serde_json::from_slice(&reply.stdout).unwrap_or(Value::Null);
        match (&self.sign, absent) {
            (Sign::Gone(_), Some(code)) => Told::Happened(format!("it is gone ({code})")),
            (Sign::Object(sign), Some(code)) => sign.absent(&code),
            (Sign::Promoted | Sign::Exists(_) | Sign::Records(_), Some(code)) => {
                Told::NotHappened(format!("it is not there ({code})"))
            }
            (_, Some(code)) => Told::Unclear(format!("it is not there ({code})")),
            (Sign::Promoted, None) => promoted(&answer),
            (Sign::Exists(list), None) => match first(&answer, list) {
                Some(item) => exists(item, list, made),
                None => Told::NotHappened("it is not there".to_owned()),
            },
            (Sign::Gone(list), None) => match first(&answer, list) {
                None => Told::Happened("it is gone".to_owned()),
                Some(item) if status(item).contains("deleting") => Told::Happened("it is being deleted".to_owned()),
                Some(item) => Told::NotHappened(format!("it is there{}", status(item))),
            },
            (Sign::Instance(sign), None) => sign.tells(&answer, made),
            (Sign::Object(sign), None) => sign.tells(&answer, made),
            (Sign::Guard(sign), None) => sign.tells(&answer),
            (Sign::Setting(call), None) => settings::tells(call, &answer),
            (Sign::Entries(call), None) => entries::tells(call, &answer),
            (Sign::Course(call), None) => course::tells(call, &answer, made),
            (Sign::Records(changes), None) => records(changes, &answer),
        }
    }
}

fn first<'a>(answer: &'a Value, list: &str) -> Option<&'a Value> {
    answer.get(list)?.as_array()?.first()
}

fn status(item: &Value) -> String {
    let status = ["DBInstanceStatus", "Status"].into_iter().find_map(|name| item.get(name)?.as_str());
    status.map(|status| format!(", {status}")).unwrap_or_default()
}

/// One that was there before has the name, and the call would be refused. While it is made it may show no time yet.
fn exists(item: &Value, list: &str, made: DateTime<Utc>) -> Told {
    let shown = MADE_AT.iter().find(|(lists, _)| lists.contains(&list)).and_then(|(_, name)| item.get(*name));
    match shown.filter(|at| call::is_time(at)) {
        Some(at) if !call::since(Some(at), made) => {
            Told::NotHappened(format!("one of that name is there since {}, before the call", call::plain(at)))
        }
        _ => Told::Happened(format!("it is there{}", status(item))),
    }
}

fn promoted(answer: &Value) -> Told {
    let Some(instance) = first(answer, INSTANCES.2) else {
        return Told::Unclear("the answer names no instance".to_owned());
    };
    let source = instance.get("ReadReplicaSourceDBInstanceIdentifier").and_then(Value::as_str);
    match source.filter(|source| !source.is_empty()) {
        None => Told::Happened(format!("it is no replica any more{}", status(instance))),
        Some(source) if status(instance) == ", available" => {
            Told::NotHappened(format!("it is a replica of {source}, and available"))
        }
        Some(source) => Told::Unclear(format!("it is a replica of {source} still{}", status(instance))),
    }
}

fn records(changes: &[Change], answer: &Value) -> Told {
    let none = Vec::new();
    let listed = answer.get("ResourceRecordSets").and_then(Value::as_array).unwrap_or(&none);
    let name =
        |set: &Value| set.get("Name").and_then(Value::as_str).unwrap_or_default().trim_end_matches('.').to_owned();
    let same = |wanted: &Value, found: &Value| {
        name(wanted).eq_ignore_ascii_case(&name(found))
            && wanted.as_object().is_some_and(|wanted| {
                wanted.iter().filter(|(key, _)| *key != "Name").all(|(key, value)| found.get(key) == Some(value))
            })
    };
    let done = changes.iter().filter(|change| listed.iter().any(|set| same(&change.set, set)) != change.delete).count();
    if done == changes.len() {
        Told::Happened("the zone holds what the call asked for".to_owned())
    } else if done == 0 {
        Told::NotHappened("the zone holds nothing of what the call asked for".to_owned())
    } else {
        Told::Unclear(format!("the zone holds {done} of {} changes", changes.len()))
    }
}

#[cfg(test)]
mod tests;
