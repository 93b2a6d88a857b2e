//! The AWS adapter against an independent peer: moto, and the AWS CLI's own output for the same calls.
//!
//! Set `LIFEBOAT_MOTO=host:port` to a running `moto_server`; without it the tests say that they are skipped. With
//! `LIFEBOAT_AWSCLI` set to an `aws` program of version 1, its output is compared with ours, byte for byte where the
//! order of members allows.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::process::Command;
use std::time::Duration;

use lifeboat::engine::Outcome;
use lifeboat::exec::Reply;
use lifeboat::exec::aws::{Aws, AwsContext, Credentials, Reach};
use lifeboat::kernel::Secret;
use serde_json::{Value, json};

struct Peer {
    aws: Aws,
    endpoint: String,
    folder: tempfile::TempDir,
}

async fn peer(test: &str) -> Option<Peer> {
    let Ok(place) = std::env::var("LIFEBOAT_MOTO") else {
        println!("SKIPPED: {test}: set LIFEBOAT_MOTO=host:port to a running moto_server");
        return None;
    };
    let folder = tempfile::tempdir().unwrap();
    let endpoint = format!("http://{place}");
    let context = AwsContext {
        endpoint_url: Some(endpoint.clone()),
        region: Some("eu-west-1".to_owned()),
        credentials: Some(Credentials {
            id: "AKIDPRACTICE".to_owned(),
            secret: Secret::new("s".to_owned()),
            token: None,
        }),
        reach: Reach::LoopbackOnly,
        poll: Duration::from_millis(60),
        folder: folder.path().to_owned(),
        ..AwsContext::default()
    };
    Some(Peer { aws: Aws::new(context).await, endpoint, folder })
}

impl Peer {
    async fn reply(&self, line: &str) -> Reply {
        self.aws.call(&shlex::split(line).unwrap(), Duration::from_secs(20)).await
    }

    async fn text(&self, line: &str) -> String {
        let reply = self.reply(line).await;
        assert!(
            matches!(reply.outcome, Outcome::Answered { .. }),
            "{line}: {:?} {}",
            reply.outcome,
            String::from_utf8_lossy(&reply.stderr)
        );
        String::from_utf8(reply.stdout).unwrap()
    }

    async fn json(&self, line: &str) -> Value {
        let text = self.text(line).await;
        if text.is_empty() { json!({}) } else { serde_json::from_str(&text).unwrap() }
    }

    /// Runs the same call by the AWS CLI, with the time format that version 2 has by default.
    fn cli(&self, line: &str) -> Option<(i32, String, String)> {
        let program = std::env::var("LIFEBOAT_AWSCLI").ok()?;
        let config = self.folder.path().join("config");
        std::fs::write(&config, "[default]\ncli_timestamp_format = iso8601\n").unwrap();
        let output = Command::new(program)
            .args(shlex::split(line).unwrap())
            .current_dir(self.folder.path())
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("AWS_CONFIG_FILE", config)
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_DEFAULT_REGION", "eu-west-1")
            .env("AWS_ACCESS_KEY_ID", "AKIDPRACTICE")
            .env("AWS_SECRET_ACCESS_KEY", "s")
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Some((output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr)))
    }

    /// Compares a call with the AWS CLI's, and says in what they differ.
    async fn differs(&self, line: &str) -> Option<String> {
        let ours = self.reply(line).await;
        let (code, out, err) = self.cli(line)?;
        let worked = matches!(ours.outcome, Outcome::Answered { .. });
        let (one, other) = if worked {
            (String::from_utf8(ours.stdout).unwrap(), out)
        } else {
            (String::from_utf8(ours.stderr).unwrap(), err.replace("aws: [ERROR]: ", ""))
        };
        // Members come in AWS's order from us and in the model's from the AWS CLI; text is sorted by both.
        let lines = |text: &str| {
            let mut lines: Vec<_> = text.lines().map(|line| masked(line.trim_end_matches(','))).collect();
            if worked && !line.contains("--output text") {
                lines.sort_unstable();
            }
            lines
        };
        let (one, other) = (lines(&one), lines(&other));
        if worked == (code == 0) && one == other {
            return None;
        }
        let only = |these: &[String], those: &[String]| {
            these.iter().filter(|line| !those.contains(line)).cloned().collect::<Vec<_>>()
        };
        Some(format!(
            "{line}\n  {:?} {code}\n  ours {:#?}\n  cli {:#?}",
            ours.outcome,
            only(&one, &other),
            only(&other, &one)
        ))
    }

    async fn same(&self, lines: &[&str]) {
        let mut different = Vec::new();
        for line in lines {
            different.extend(self.differs(line).await);
        }
        assert!(different.is_empty(), "{} of {} differ:\n{}", different.len(), lines.len(), different.join("\n"));
    }
}

/// Hides what is another value a second later.
fn masked(line: &str) -> String {
    let times = regex::Regex::new(r"20\d\d-\d\d-\d\dT[0-9:.]+\+00:00").unwrap();
    times.replace_all(line, "<time>").into_owned()
}

#[tokio::test]
async fn sts_and_rds() {
    let Some(peer) = peer("sts_and_rds").await else { return };
    let identity = peer.json("sts get-caller-identity").await;
    assert_eq!(identity["Account"].as_str().unwrap().len(), 12, "{identity}");
    for id in ["orders", "stock"] {
        // The emulator is filled by the peer's own client where lifeboat has no such operation.
        let line = format!(
            "rds create-db-instance --db-instance-identifier {id} --db-instance-class db.t3.micro --engine postgres \
             --allocated-storage 20 --master-username a --master-user-password abcdefgh1"
        );
        let Some((code, _, err)) = peer.cli(&line) else {
            println!("SKIPPED: sts_and_rds: set LIFEBOAT_AWSCLI to an aws program");
            return;
        };
        assert!(code == 0 || err.contains("AlreadyExists"), "{err}");
    }
    peer.same(&[
        "sts get-caller-identity",
        "sts get-caller-identity --query Account --output text",
        "sts get-caller-identity --output text",
        "rds describe-db-instances",
        "rds describe-db-instances --output text",
        "rds describe-db-instances --db-instance-identifier orders --query 'DBInstances[0].DBInstanceStatus' --output text",
        "rds describe-db-instances --query 'DBInstances[].[DBInstanceIdentifier,MultiAZ,AllocatedStorage,Endpoint.Port,Nope]' --output text",
        "rds describe-db-instances --query 'DBInstances[].{id:DBInstanceIdentifier,up:InstanceCreateTime}' --output text",
        "rds describe-db-instances --query 'DBInstances[?MultiAZ==`false`]|length(@)'",
        "rds describe-db-instances --filters Name=engine,Values=postgres,mysql --query 'DBInstances[].Engine'",
        "rds describe-db-instances --query 'DBInstances[].Nothing' --output text",
        "rds describe-db-instances --query 'Nothing'",
        "rds describe-db-instances --query 'Nothing' --output text",
        "rds describe-db-instances --no-paginate",
        "rds describe-db-instances --max-records 20",
        "rds describe-db-instances --db-instance-identifier nope",
        "rds describe-db-instances --db-instance-identifier nope --output text",
        "rds describe-events",
        "rds describe-events --source-type db-instance --source-identifier orders --duration 60 --output text",
        "rds describe-db-snapshots",
        "rds modify-db-instance --db-instance-identifier nope --multi-az",
        "rds modify-db-instance --db-instance-identifier orders --backup-retention-period 14 --apply-immediately",
        "rds modify-db-instance --db-instance-identifier orders --no-multi-az --output text",
        "rds describe-db-instance-automated-backups",
    ])
    .await;
    let snapshot = peer
        .json("rds create-db-snapshot --db-snapshot-identifier s1 --db-instance-identifier orders --tags Key=a,Value=b")
        .await;
    assert_eq!(snapshot["DBSnapshot"]["DBSnapshotIdentifier"], "s1");
    peer.same(&[
        "rds describe-db-snapshots --db-snapshot-identifier s1",
        "rds describe-db-snapshots --output text",
        "rds create-db-snapshot --db-snapshot-identifier s1 --db-instance-identifier orders",
        "rds wait db-snapshot-available --db-snapshot-identifier s1",
        "rds wait db-instance-available --db-instance-identifier orders",
        "rds reboot-db-instance --db-instance-identifier orders --query DBInstance.DBInstanceStatus",
    ])
    .await;
    let reply = peer.reply("rds describe-db-instances --region us-west-2").await;
    let receipt = reply.aws.unwrap();
    assert_eq!((receipt.operation.as_str(), receipt.region.as_str()), ("rds:DescribeDBInstances", "us-west-2"));
    assert!(receipt.status == Some(200) && receipt.date.is_some() && receipt.request_id.is_some(), "{receipt:?}");
}

#[tokio::test]
async fn route53() {
    let Some(peer) = peer("route53").await else { return };
    let Some((_, out, _)) = peer
        .cli("route53 create-hosted-zone --name shop.example --caller-reference a --query HostedZone.Id --output text")
    else {
        println!("SKIPPED: route53: set LIFEBOAT_AWSCLI to an aws program");
        return;
    };
    let zone = out.trim().trim_start_matches("/hostedzone/").to_owned();
    let (_, out, err) = peer
        .cli("route53 create-health-check --caller-reference a --health-check-config Type=HTTP,IPAddress=127.0.0.1,Port=80,ResourcePath=/,RequestInterval=10,FailureThreshold=3 --query HealthCheck.Id --output text")
        .unwrap();
    let check = out.trim().to_owned();
    assert!(!check.is_empty(), "{err}");
    let batch = json!({"Comment": "c", "Changes": [
        {"Action": "UPSERT", "ResourceRecordSet": {"Name": "app.shop.example", "Type": "A", "SetIdentifier": "primary",
            "Failover": "PRIMARY", "TTL": 30, "ResourceRecords": [{"Value": "192.0.2.1"}], "HealthCheckId": check}},
        {"Action": "UPSERT", "ResourceRecordSet": {"Name": "app.shop.example", "Type": "A", "SetIdentifier": "secondary",
            "Failover": "SECONDARY", "TTL": 30, "ResourceRecords": [{"Value": "192.0.2.2"}]}},
        {"Action": "UPSERT", "ResourceRecordSet": {"Name": "w.shop.example", "Type": "TXT", "SetIdentifier": "w", "Weight": 7,
            "TTL": 5, "ResourceRecords": [{"Value": "\"x;y\""}, {"Value": "\"z\""}]}}]});
    std::fs::write(peer.folder.path().join("batch.json"), batch.to_string()).unwrap();
    let change = peer
        .json(&format!("route53 change-resource-record-sets --hosted-zone-id {zone} --change-batch file://batch.json"))
        .await;
    let id = change["ChangeInfo"]["Id"].as_str().unwrap().to_owned();
    let lines = [
        format!("route53 wait resource-record-sets-changed --id {id}"),
        format!("route53 get-change --id {id}"),
        format!("route53 list-resource-record-sets --hosted-zone-id {zone}"),
        format!("route53 list-resource-record-sets --hosted-zone-id {zone} --output text"),
        format!(
            "route53 list-resource-record-sets --hosted-zone-id {zone} --query \"ResourceRecordSets[?Type=='A'].[SetIdentifier,Failover,TTL,ResourceRecords[0].Value]\" --output text"
        ),
        format!("route53 list-resource-record-sets --hosted-zone-id {zone} --no-paginate"),
        format!("route53 get-health-check --health-check-id {check}"),
        format!("route53 get-health-check-status --health-check-id {check}"),
        format!("route53 get-health-check-status --health-check-id {check} --output text"),
        "route53 get-health-check --health-check-id 00000000-0000-0000-0000-000000000000".to_owned(),
        "route53 list-hosted-zones-by-name --dns-name shop.example".to_owned(),
        "route53 list-resource-record-sets --hosted-zone-id ZNOPE".to_owned(),
        format!(
            "route53 change-resource-record-sets --hosted-zone-id {zone} --change-batch '{batch}' --query ChangeInfo.Status --output text"
        ),
    ];
    peer.same(&lines.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let wrong = peer
        .reply(&format!("route53 change-resource-record-sets --hosted-zone-id {zone} --change-batch '{{\"Changes\":[{{\"Akshun\":1}}]}}'"))
        .await;
    let Outcome::Unusable { error } = wrong.outcome else { panic!("{:?}", wrong.outcome) };
    assert!(error.contains("Changes: [0]: there is no `Akshun`"), "{error}");
}

#[tokio::test]
async fn s3() {
    let Some(peer) = peer("s3").await else { return };
    let Some(_) =
        peer.cli("s3api create-bucket --bucket latch --create-bucket-configuration LocationConstraint=eu-west-1")
    else {
        println!("SKIPPED: s3: set LIFEBOAT_AWSCLI to an aws program");
        return;
    };
    peer.same(&["s3api get-bucket-versioning --bucket latch"]).await;
    peer.cli("s3api put-bucket-versioning --bucket latch --versioning-configuration Status=Enabled").unwrap();
    std::fs::write(peer.folder.path().join("open"), "open\n").unwrap();
    let put = peer
        .json("s3api put-object --bucket latch --key a/b --body open --content-type text/plain --cache-control no-store --metadata who=me,why=x")
        .await;
    assert!(put["ETag"].as_str().unwrap().starts_with('"') && put["VersionId"].is_string(), "{put}");
    assert!(!peer.text("s3api put-object --bucket latch --key empty").await.is_empty());
    peer.same(&[
        "s3api head-object --bucket latch --key a/b",
        "s3api head-object --bucket latch --key a/b --output text",
        "s3api head-object --bucket latch --key a/b --query '[ContentLength,ETag,Metadata.who]' --output text",
        "s3api head-object --bucket latch --key nope",
        "s3api head-object --bucket nope-nope --key nope",
        "s3api get-bucket-versioning --bucket latch",
        "s3api get-bucket-versioning --bucket latch --query Status --output text",
        "s3api get-bucket-versioning --bucket nope-nope",
        "s3api get-object-tagging --bucket latch --key a/b",
        "s3api get-object-tagging --bucket latch --key nope",
        "s3api list-object-versions --bucket latch",
        "s3api wait object-exists --bucket latch --key a/b",
        "s3api head-bucket --bucket nope-nope",
        "s3api delete-object --bucket latch --key never-there --query DeleteMarker",
    ])
    .await;
    let gone = peer.json("s3api delete-object --bucket latch --key a/b").await;
    assert_eq!(gone["DeleteMarker"], true);
}
