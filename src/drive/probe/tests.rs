//! Each operation that changes something, and what its look tells before and after.

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
        Type::Record(members) => {
            members.iter().map(|one| (one.name.to_owned(), value(&one.holds))).collect::<serde_json::Map<_, _>>().into()
        }
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
    let batch =
        r#"{"Changes":[{"Action":"UPSERT","ResourceRecordSet":{"Name":"db.shop.example","Type":"CNAME","TTL":5}}]}"#;
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
