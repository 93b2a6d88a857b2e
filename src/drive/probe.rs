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
mod tests {
    use std::fmt::Write as _;

    use serde_json::json;

    use super::*;
    use crate::engine::AwsReceipt;
    use crate::runbook::aws::{Member, Part::Resource as ResourcePart, Type, only_reads};
    use crate::runbook::{Impact, Necessity};

    pub(super) fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    fn reply(outcome: Outcome, answer: &str) -> Reply {
        Reply { outcome, stdout: answer.as_bytes().to_vec(), stderr: Vec::new(), aws: None }
    }

    /// Says whether this answer shows that the call happened.
    pub(super) fn told(call: &str, answer: &Value) -> Option<bool> {
        said(call, Outcome::Answered { status: Some(200) }, &answer.to_string())
    }

    /// Says whether it shows that the call happened that the look was refused so.
    pub(super) fn said_of(call: &str, code: &str) -> Option<bool> {
        said(call, Outcome::AwsRefused { code: code.into(), message: String::new() }, "")
    }

    fn said(call: &str, outcome: Outcome, answer: &str) -> Option<bool> {
        let made = DateTime::parse_from_rfc3339("2026-11-22T10:00:00.900Z").unwrap().to_utc();
        let probe = probe(&words(call)).unwrap();
        assert!(only_reads(&probe.words), "{:?}", probe.words);
        match probe.tells(&reply(outcome, answer), made) {
            Told::Happened(_) => Some(true),
            Told::NotHappened(_) => Some(false),
            Told::Unclear(_) => None,
        }
    }

    #[test]
    fn what_has_the_name_and_was_there_before_was_not_made_by_the_call() {
        let (before, after) = ("2026-11-22T09:59:58+00:00", "2026-11-22T10:00:00+00:00");
        for (call, list, member) in [
            ("create-db-snapshot --db-snapshot-identifier s", "DBSnapshots", "SnapshotCreateTime"),
            ("create-db-instance --db-instance-identifier i", "DBInstances", "InstanceCreateTime"),
            ("create-db-cluster --db-cluster-identifier c", "DBClusters", "ClusterCreateTime"),
            (
                "copy-db-cluster-snapshot --target-db-cluster-snapshot-identifier s",
                "DBClusterSnapshots",
                "SnapshotCreateTime",
            ),
        ] {
            // What it was made of is older.
            let found = |at: &str| {
                let mut item = json!({"InstanceCreateTime": before, "ClusterCreateTime": before});
                item[member] = at.into();
                json!({list: [item]})
            };
            assert_eq!(told(&format!("rds {call}"), &found(before)), Some(false), "{call}");
            assert_eq!(told(&format!("rds {call}"), &found(after)), Some(true), "{call}");
        }
        let call = "rds create-db-snapshot --db-snapshot-identifier s";
        let begun = json!({"DBSnapshots": [{"Status": "creating", "InstanceCreateTime": before}]});
        assert_eq!(told(call, &begun), Some(true), "it has no time of its own yet");
    }

    #[test]
    fn times_of_a_service_are_read_by_its_own_clock() {
        let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
        let (made, now) = (at("2026-11-22T10:00:00.900Z"), at("2026-11-22T10:00:08.400Z"));
        let dated = |date: Option<&str>| {
            let (operation, region) = ("s3:HeadObject".to_owned(), "us-west-2".to_owned());
            let date = date.map(str::to_owned);
            let aws = AwsReceipt { operation, region, request_id: None, status: Some(200), date };
            let object = r#"{"LastModified": "2026-11-22T09:58:00+00:00"}"#;
            Reply { aws: Some(aws), ..reply(Outcome::Answered { status: Some(200) }, object) }
        };
        for unsaid in [dated(None), dated(Some("yesterday"))] {
            assert_eq!(by_their_clock(&unsaid, made, now), made);
        }
        // Ours is two minutes ahead of theirs.
        let answer = dated(Some("Sun, 22 Nov 2026 09:58:08 GMT"));
        let by_theirs = by_their_clock(&answer, made, now);
        assert_eq!(by_theirs, at("2026-11-22T09:58:00.500Z"));
        let look = probe(&words("s3api put-object --bucket b --key k")).unwrap();
        assert!(matches!(look.tells(&answer, made), Told::NotHappened(_)));
        assert!(matches!(look.tells(&answer, by_theirs), Told::Happened(_)));
    }

    #[test]
    fn each_call_is_settled_by_what_it_leaves_behind() {
        let ok = || Outcome::Answered { status: Some(200) };
        let refused = |code: &str| Outcome::AwsRefused { code: code.into(), message: String::new() };
        let promote = "rds promote-read-replica --region us-west-2 --db-instance-identifier west";
        assert_eq!(probe(&words(promote)).unwrap().words[4..], ["--region", "us-west-2"].map(str::to_owned));
        let replica = |status: &str| {
            format!(
                r#"{{"DBInstances":[{{"DBInstanceStatus":"{status}","ReadReplicaSourceDBInstanceIdentifier":"east"}}]}}"#
            )
        };
        for (call, outcome, answer, expected) in [
            (promote, ok(), r#"{"DBInstances":[{"DBInstanceStatus":"modifying"}]}"#.to_owned(), Some(true)),
            (promote, ok(), replica("available"), Some(false)),
            (promote, ok(), replica("modifying"), None),
            (promote, Outcome::Unreachable { error: "x".into() }, String::new(), None),
            (
                "rds restore-db-instance-to-point-in-time --target-db-instance-identifier new",
                ok(),
                r#"{"DBInstances":[{"DBInstanceStatus":"creating"}]}"#.to_owned(),
                Some(true),
            ),
            (
                "rds create-db-snapshot --db-snapshot-identifier s",
                refused("DBSnapshotNotFound"),
                String::new(),
                Some(false),
            ),
            (
                "rds delete-db-instance --db-instance-identifier old",
                refused("DBInstanceNotFound"),
                String::new(),
                Some(true),
            ),
            (
                "rds delete-db-instance --db-instance-identifier old",
                ok(),
                r#"{"DBInstances":[{"DBInstanceStatus":"available"}]}"#.to_owned(),
                Some(false),
            ),
            (
                "s3api put-object --bucket b --key k",
                ok(),
                r#"{"LastModified":"2026-11-22T10:00:00+00:00"}"#.to_owned(),
                Some(true),
            ),
            (
                "s3api put-object --bucket b --key k",
                ok(),
                r#"{"LastModified":"2026-11-22T09:59:58Z"}"#.to_owned(),
                Some(false),
            ),
            ("s3api put-object --bucket b --key k", refused("404"), String::new(), Some(false)),
        ] {
            assert_eq!(said(call, outcome, &answer), expected, "{call}: {answer}");
        }
        assert_eq!(probe(&words("rds modify-db-instance --db-instance-identifier x")), None);
        let gone = "s3api delete-object --bucket b --key k";
        assert_eq!(said(gone, refused("404"), ""), Some(true));
        assert_eq!(probe(&words("rds promote-read-replica")), None);
    }

    /// What a call is given besides what it cannot do without.
    const MORE: [(&str, &str); 21] = [
        ("modify-db-instance", "--backup-retention-period 14"),
        ("modify-db-cluster", "--deletion-protection"),
        ("modify-global-cluster", "--deletion-protection"),
        ("cancel-zonal-shift", "--zonal-shift-id x"),
        ("update-zonal-shift", "--comment x"),
        ("update-auto-scaling-group", "--min-size 1"),
        ("modify-listener", "--port 1"),
        ("modify-rule", "--actions Type=forward,TargetGroupArn=x"),
        ("update-service", "--desired-count 1"),
        ("update-health-check", "--port 1"),
        ("authorize-security-group-ingress", "--ip-protocol tcp --from-port 1 --to-port 1 --cidr-ip 10.0.0.0/8"),
        ("revoke-security-group-ingress", "--ip-protocol tcp --from-port 1 --to-port 1 --cidr-ip 10.0.0.0/8"),
        ("replace-route", "--destination-cidr-block x --gateway-id x"),
        ("create-snapshot", "--description x"),
        ("update-secret-version-stage", "--move-to-version-id x"),
        ("put-object-retention", r#"--retention {"Mode":"x"}"#),
        ("put-object-legal-hold", r#"--legal-hold {"Status":"ON"}"#),
        ("put-bucket-lifecycle-configuration", r#"--lifecycle-configuration {"Rules":[]}"#),
        ("put-object-lock-configuration", r#"--object-lock-configuration {"ObjectLockEnabled":"Enabled"}"#),
        ("modify-db-snapshot-attribute", "--values-to-add x"),
        ("modify-db-cluster-snapshot-attribute", "--values-to-add x"),
    ];

    /// Makes the words of a value.
    fn sample(name: &str, holds: &Type) -> Vec<String> {
        match (name, holds) {
            ("change-resource-record-sets", Type::Record(_)) => {
                vec![r#"{"Changes":[{"Action":"UPSERT","ResourceRecordSet":{"Name":"a","Type":"A"}}]}"#.to_owned()]
            }
            ("delete-objects", Type::Record(_)) => vec![r#"{"Objects":[{"Key":"k","VersionId":"v"}]}"#.to_owned()],
            (_, Type::Flag) => Vec::new(),
            (_, holds) => match value(holds) {
                Value::String(text) => vec![text],
                other => vec![other.to_string()],
            },
        }
    }

    fn value(holds: &Type) -> Value {
        match holds {
            Type::Integer | Type::Float => "1".into(),
            Type::Time => "2026-11-22T10:00:00Z".into(),
            Type::Flag => true.into(),
            Type::Pairs => serde_json::json!({"a": "b"}),
            Type::List { item, .. } => vec![value(item)].into(),
            Type::Record(members) if members.is_empty() => serde_json::json!({"Status": "x"}),
            Type::Record(members) => members
                .iter()
                .map(|one| (one.name.to_owned(), value(&one.holds)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            Type::Text | Type::Token | Type::Secret | Type::File => "x".into(),
        }
    }

    /// Whoever adds an operation says here how one of unknown end is settled: by which look, or by asking a person.
    #[test]
    fn every_operation_that_changes_something_is_settled_by_a_look_or_asked_about() {
        let mut table = String::new();
        for operation in crate::runbook::aws::OPERATIONS.iter().filter(|one| one.impact > Impact::Observe) {
            let mut call = vec![operation.service.to_owned(), operation.name.clone()];
            let needed = |member: &&Member| member.needed == Necessity::Required || member.part == ResourcePart;
            for member in operation.members.iter().filter(needed) {
                call.push(member.option.clone());
                call.extend(sample(&operation.name, &member.holds));
            }
            let more = MORE.iter().find(|(name, _)| *name == operation.name).map_or("", |(_, more)| more);
            let more = more.split(' ').filter(|word| !word.is_empty()).map(str::to_owned);
            let more: Vec<String> = more.collect();
            if more.first().is_none_or(|first| !call.contains(first)) {
                call.extend(more);
            }
            let look = probe(&call);
            assert!(look.as_ref().is_none_or(|look| only_reads(&look.words)), "{look:?}");
            let settled = look.map_or_else(|| format!("asked: {}", why_asked(&call)), |look| look.words[..2].join(" "));
            let _ = writeln!(table, "{} {}: {settled}", operation.service, operation.name);
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn a_change_of_records_is_compared_with_the_zone() {
        let batch = r#"{"Changes":[{"Action":"UPSERT","ResourceRecordSet":{"Name":"db.shop.example","Type":"CNAME","TTL":5}}]}"#;
        let mut call = words("route53 change-resource-record-sets --hosted-zone-id Z --change-batch");
        call.push(batch.to_owned());
        let probe = probe(&call).unwrap();
        let set = |ttl: u32| {
            let set = format!(r#"{{"Name":"db.shop.example.","Type":"CNAME","TTL":{ttl},"ResourceRecords":[]}}"#);
            reply(Outcome::Answered { status: None }, &format!(r#"{{"ResourceRecordSets":[{set}]}}"#))
        };
        assert!(matches!(probe.tells(&set(5), Utc::now()), Told::Happened(_)));
        assert!(matches!(probe.tells(&set(60), Utc::now()), Told::NotHappened(_)));
    }
}
