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
    ///
    /// `@@` in a call that acts is a name of ours in our call and one of the AWS CLI's in its own.
    async fn differs(&self, line: &str) -> Option<String> {
        let ours = self.reply(&line.replace("@@", "ours")).await;
        let (code, out, err) = self.cli(&line.replace("@@", "clis"))?;
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

/// Hides what is another value a second later, or with another name.
fn masked(line: &str) -> String {
    let hidden = [
        (r"20\d\d-\d\d-\d\dT[0-9:.]+\+00:00", "<time>"),
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uuid>"),
        (r"\b(db|cluster)-[A-Z0-9]{20,}", "<resource>"),
        (r"(cluster|cluster-ro|global)-[0-9a-z]{8,12}\b", "<endpoint>"),
        (r#""[A-Z0-9]{14}""#, "<zone>"),
        (r#"-[A-Za-z]{6}""#, "<suffix>"),
        (r"\b(i|r|eni|vol|snap|acl|aclassoc|sgr)-[0-9a-f]{8,17}\b", "<id>"),
        ("\\b(ours|clis)\\b", "@@"),
    ];
    hidden.iter().fold(line.to_owned(), |line, (pattern, name)| {
        regex::Regex::new(pattern).unwrap().replace_all(&line, *name).into_owned()
    })
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

#[tokio::test]
async fn rds_recovers() {
    let Some(peer) = peer("rds_recovers").await else { return };
    let line = "rds create-db-instance --db-instance-identifier shop --db-instance-class db.t3.micro --engine postgres \
        --allocated-storage 20 --master-username a --master-user-password abcdefgh1 --backup-retention-period 7";
    let Some(_) = peer.cli(line) else {
        println!("SKIPPED: rds_recovers: set LIFEBOAT_AWSCLI to an aws program");
        return;
    };
    peer.json("rds create-db-snapshot --db-snapshot-identifier shop-s --db-instance-identifier shop").await;
    let arn = "arn:aws:rds:eu-west-1:123456789012";
    peer.same(&[
        "rds create-db-instance-read-replica --db-instance-identifier replica-@@ --source-db-instance-identifier shop --no-multi-az --tags Key=a,Value=b",
        "rds create-db-snapshot --db-snapshot-identifier by-@@ --db-instance-identifier shop",
        "rds restore-db-instance-to-point-in-time --source-db-instance-identifier shop --target-db-instance-identifier pit-@@ --use-latest-restorable-time --no-multi-az --db-instance-class db.t3.small",
        "rds restore-db-instance-to-point-in-time --source-db-instance-identifier nope --target-db-instance-identifier pit-@@2 --restore-time 2026-01-01T00:00:00Z",
        "rds restore-db-instance-from-db-snapshot --db-instance-identifier snap-@@ --db-snapshot-identifier shop-s --deletion-protection --vpc-security-group-ids sg-1 sg-2",
        "rds restore-db-instance-from-db-snapshot --db-instance-identifier snap-@@2 --db-snapshot-identifier nope",
        "rds copy-db-snapshot --source-db-snapshot-identifier shop-s --target-db-snapshot-identifier copy-@@ --copy-tags",
        "rds describe-db-snapshot-attributes --db-snapshot-identifier copy-@@",
        "rds modify-db-snapshot-attribute --db-snapshot-identifier copy-@@ --attribute-name restore --values-to-add 123456789012",
        "rds delete-db-snapshot --db-snapshot-identifier copy-@@",
        "rds wait db-snapshot-deleted --db-snapshot-identifier copy-@@",
        "rds modify-db-instance --db-instance-identifier pit-@@ --new-db-instance-identifier new-@@ --apply-immediately --deletion-protection",
        "rds modify-db-instance --db-instance-identifier new-@@ --no-deletion-protection",
        "rds reboot-db-instance --db-instance-identifier shop --force-failover --query DBInstance.DBInstanceStatus",
        "rds stop-db-instance --db-instance-identifier new-@@ --query DBInstance.DBInstanceStatus",
        "rds start-db-instance --db-instance-identifier new-@@ --query DBInstance.DBInstanceStatus",
        "rds delete-db-instance --db-instance-identifier new-@@ --skip-final-snapshot --no-delete-automated-backups --query DBInstance.DBInstanceIdentifier",
        "rds wait db-instance-deleted --db-instance-identifier new-@@",
        &format!("rds add-tags-to-resource --resource-name {arn}:db:snap-@@ --tags Key=k,Value='a b' Key=l,Value=m"),
        &format!("rds list-tags-for-resource --resource-name {arn}:db:snap-@@"),
        &format!("rds remove-tags-from-resource --resource-name {arn}:db:snap-@@ --tag-keys k"),
        &format!("rds list-tags-for-resource --resource-name {arn}:db:snap-@@ --output text"),
        "rds create-db-parameter-group --db-parameter-group-name group-@@ --db-parameter-group-family postgres15 --description d",
        "rds describe-db-parameter-groups --db-parameter-group-name group-@@",
        "rds modify-db-parameter-group --db-parameter-group-name group-@@ --parameters ParameterName=max_connections,ParameterValue=200,ApplyMethod=pending-reboot",
        "rds describe-db-parameters --db-parameter-group-name group-@@",
        "rds describe-db-subnet-groups",
        "rds describe-db-instances --db-instance-identifier snap-@@ --query 'DBInstances[0].[DBInstanceStatus,VpcSecurityGroups[].VpcSecurityGroupId,DeletionProtection]'",
    ])
    .await;
    // What the peer does not know: lifeboat says so as it would of any failure, and does not fall over.
    for line in [
        "rds switchover-read-replica --db-instance-identifier replica-ours",
        "rds start-db-instance-automated-backups-replication --source-db-instance-arn x",
        "rds describe-db-log-files --db-instance-identifier shop",
    ] {
        let outcome = peer.reply(line).await.outcome;
        assert!(!matches!(outcome, Outcome::Unusable { .. }), "{line}: {outcome:?}");
    }
}

#[tokio::test]
async fn aurora() {
    let Some(peer) = peer("aurora").await else { return };
    let Some(_) = peer.cli("sts get-caller-identity") else {
        println!("SKIPPED: aurora: set LIFEBOAT_AWSCLI to an aws program");
        return;
    };
    peer.same(&[
        "rds create-global-cluster --global-cluster-identifier world-@@ --engine aurora-postgresql --engine-version 15.4",
        "rds create-db-cluster --db-cluster-identifier sea-@@ --engine aurora-postgresql --engine-version 15.4 --master-username a --manage-master-user-password --global-cluster-identifier world-@@ --backup-retention-period 14",
        "rds create-db-instance --db-instance-identifier one-@@ --db-cluster-identifier sea-@@ --db-instance-class db.r6g.large --engine aurora-postgresql",
        "rds create-db-instance --db-instance-identifier two-@@ --db-cluster-identifier sea-@@ --db-instance-class db.r6g.large --engine aurora-postgresql",
        "rds describe-db-clusters --db-cluster-identifier sea-@@",
        "rds describe-db-clusters --db-cluster-identifier sea-@@ --query 'DBClusters[0].DBClusterMembers[?IsClusterWriter].DBInstanceIdentifier' --output text",
        "rds describe-db-clusters --db-cluster-identifier nope",
        "rds failover-db-cluster --db-cluster-identifier sea-@@ --query DBCluster.DBClusterIdentifier",
        "rds create-db-cluster-snapshot --db-cluster-identifier sea-@@ --db-cluster-snapshot-identifier shot-@@",
        "rds describe-db-cluster-snapshots --db-cluster-snapshot-identifier shot-@@",
        "rds wait db-cluster-snapshot-available --db-cluster-snapshot-identifier shot-@@",
        "rds copy-db-cluster-snapshot --source-db-cluster-snapshot-identifier shot-@@ --target-db-cluster-snapshot-identifier shot2-@@",
        // The peer fails at `restore-db-cluster-from-snapshot`.
        "rds describe-global-clusters --global-cluster-identifier world-@@",
        "rds modify-db-cluster --db-cluster-identifier sea-@@ --backup-retention-period 35 --apply-immediately --query DBCluster.BackupRetentionPeriod",
        "rds wait db-cluster-available --db-cluster-identifier sea-@@",
        "rds delete-db-cluster-snapshot --db-cluster-snapshot-identifier shot2-@@",
        "rds wait db-cluster-snapshot-deleted --db-cluster-snapshot-identifier shot2-@@",
    ])
    .await;
}

#[tokio::test]
async fn alarms_keys_and_secrets() {
    let Some(peer) = peer("alarms_keys_and_secrets").await else { return };
    let Some((_, key, _)) = peer.cli("kms create-key --query KeyMetadata.KeyId --output text") else {
        println!("SKIPPED: alarms_keys_and_secrets: set LIFEBOAT_AWSCLI to an aws program");
        return;
    };
    let key = key.trim();
    peer.cli("secretsmanager create-secret --name shop/db --secret-string hunter2").unwrap();
    peer.cli("cloudwatch put-metric-data --namespace Shop --metric-data MetricName=Lag,Value=1.5,Dimensions=[{Name=Db,Value=shop}]").unwrap();
    std::fs::write(peer.folder.path().join("secret"), "hunter3").unwrap();
    peer.same(&[
        "cloudwatch put-metric-alarm --alarm-name lag-@@ --namespace Shop --metric-name Lag --statistic Maximum --period 60 --evaluation-periods 3 --threshold 300 --comparison-operator GreaterThanThreshold --dimensions Name=Db,Value=shop",
        "cloudwatch describe-alarms --alarm-names lag-@@",
        "cloudwatch wait alarm-exists --alarm-names lag-@@",
        "cloudwatch set-alarm-state --alarm-name lag-@@ --state-value ALARM --state-reason drill",
        "cloudwatch describe-alarms --alarm-names lag-@@ --query 'MetricAlarms[0].[StateValue,StateReason]' --output text",
        "cloudwatch set-alarm-state --alarm-name nope --state-value ALARM --state-reason drill",
        "cloudwatch list-metrics --namespace Shop",
        "cloudwatch get-metric-statistics --namespace Shop --metric-name Lag --dimensions Name=Db,Value=shop --start-time 2026-01-01T00:00:00Z --end-time 2026-01-01T01:00:00Z --period 60 --statistics Maximum Average",
        r#"cloudwatch get-metric-data --start-time 2026-01-01T00:00:00Z --end-time 2026-01-01T01:00:00Z --metric-data-queries '[{"Id":"lag","MetricStat":{"Metric":{"Namespace":"Shop","MetricName":"Lag"},"Period":60,"Stat":"Maximum"}}]'"#,
        "cloudwatch delete-alarms --alarm-names lag-@@",
        &format!("kms describe-key --key-id {key}"),
        "kms describe-key --key-id 00000000-0000-0000-0000-000000000000",
        &format!("kms disable-key --key-id {key}"),
        &format!("kms describe-key --key-id {key} --query 'KeyMetadata.[KeyState,Enabled]' --output text"),
        &format!("kms enable-key --key-id {key}"),
        &format!("kms schedule-key-deletion --key-id {key} --pending-window-in-days 7"),
        &format!("kms describe-key --key-id {key}"),
        &format!("kms cancel-key-deletion --key-id {key}"),
        &format!("kms get-key-policy --key-id {key} --policy-name default"),
        "secretsmanager describe-secret --secret-id shop/db --query '[Name,VersionIdsToStages]'",
        "secretsmanager describe-secret --secret-id nope",
        "secretsmanager list-secrets --query 'SecretList[].[Name,CreatedDate]' --output text",
        "secretsmanager put-secret-value --secret-id shop/db --secret-string file://secret --query Name",
        "secretsmanager get-secret-value --secret-id nope",
        "cloudtrail describe-trails",
    ])
    .await;
    peer.json("secretsmanager delete-secret --secret-id shop/db --recovery-window-in-days 7").await;
    peer.same(&[
        "secretsmanager get-secret-value --secret-id shop/db",
        "secretsmanager restore-secret --secret-id shop/db",
    ])
    .await;
    let secret = peer.text("secretsmanager get-secret-value --secret-id shop/db --query '[Name,SecretString]'").await;
    assert!(secret.contains("shop/db") && secret.contains("not shown") && !secret.contains("hunter"), "{secret}");
    let role = "sts assume-role --role-arn arn:aws:iam::123456789012:role/x --role-session-name s";
    let role = peer.json(role).await;
    assert_eq!(role["Credentials"]["SecretAccessKey"], "(secret, not shown)");
}

#[tokio::test]
async fn applications() {
    let Some(peer) = peer("applications").await else { return };
    let Some((_, image, _)) = peer.cli("ec2 describe-images --owners amazon --query 'Images[0].ImageId' --output text")
    else {
        println!("SKIPPED: applications: set LIFEBOAT_AWSCLI to an aws program");
        return;
    };
    let text = |line: &str| peer.cli(line).unwrap().1.trim().to_owned();
    let id = text(&format!(
        "ec2 run-instances --image-id {} --instance-type t3.micro --query 'Instances[0].InstanceId' --output text",
        image.trim()
    ));
    let subnets = text("ec2 describe-subnets --query 'Subnets[0:2].SubnetId' --output text").replace('\t', " ");
    let vpc = text("ec2 describe-vpcs --query 'Vpcs[0].VpcId' --output text");
    let acl = text("ec2 describe-network-acls --query 'NetworkAcls[0].NetworkAclId' --output text");
    let group = text("ec2 describe-security-groups --query 'SecurityGroups[0].GroupId' --output text");
    let target = text(&format!(
        "elbv2 create-target-group --name web --protocol HTTP --port 80 --vpc-id {vpc} --query 'TargetGroups[0].TargetGroupArn' --output text"
    ));
    text(&format!("elbv2 create-load-balancer --name front --subnets {subnets}"));
    text(
        "autoscaling create-launch-configuration --launch-configuration-name l --image-id ami-1 --instance-type t3.micro",
    );
    text(&format!(
        "autoscaling create-auto-scaling-group --auto-scaling-group-name web --launch-configuration-name l --min-size 1 --max-size 4 --desired-capacity 2 --vpc-zone-identifier {}",
        subnets.replace(' ', ",")
    ));
    peer.same(&[
        "ec2 describe-availability-zones",
        "ec2 describe-availability-zones --query 'AvailabilityZones[].[ZoneName,ZoneId,State]' --output text",
        "ec2 describe-regions --region-names eu-west-1",
        &format!("ec2 describe-instances --instance-ids {id}"),
        "ec2 describe-instances --instance-ids i-0123456789abcdef0",
        "ec2 describe-instances --filters Name=instance-state-name,Values=running,stopped --query 'Reservations[].Instances[].State.Name'",
        &format!("ec2 describe-instance-status --instance-ids {id} --include-all-instances"),
        &format!("ec2 describe-security-groups --group-ids {group}"),
        "ec2 describe-subnets",
        "ec2 describe-vpcs",
        "ec2 describe-route-tables",
        &format!("ec2 stop-instances --instance-ids {id} --query 'StoppingInstances[].InstanceId'"),
        &format!("ec2 wait instance-stopped --instance-ids {id}"),
        &format!("ec2 start-instances --instance-ids {id} --query 'StartingInstances[].CurrentState.Name'"),
        &format!("ec2 wait instance-running --instance-ids {id}"),
        &format!("ec2 reboot-instances --instance-ids {id}"),
        &format!("ec2 create-tags --resources {id} --tags Key=a,Value=b Key=c,Value=d"),
        &format!(r#"ec2 authorize-security-group-ingress --group-id {group} --ip-permissions '[{{"IpProtocol":"tcp","FromPort":5432,"ToPort":5432,"IpRanges":[{{"CidrIp":"10.0.0.0/8"}}]}}]' --dry-run"#),
        &format!("ec2 describe-network-acls --network-acl-ids {acl}"),
        "autoscaling describe-auto-scaling-groups --auto-scaling-group-names web",
        "autoscaling suspend-processes --auto-scaling-group-name web --scaling-processes AZRebalance ReplaceUnhealthy",
        "autoscaling describe-auto-scaling-groups --query 'AutoScalingGroups[0].SuspendedProcesses'",
        "autoscaling resume-processes --auto-scaling-group-name web --scaling-processes AZRebalance",
        "autoscaling update-auto-scaling-group --auto-scaling-group-name web --min-size 2 --desired-capacity 3",
        "autoscaling set-desired-capacity --auto-scaling-group-name web --desired-capacity 2 --no-honor-cooldown",
        "autoscaling describe-auto-scaling-instances --query 'length(AutoScalingInstances)'",
        "elbv2 describe-load-balancers --names front",
        "elbv2 describe-load-balancers --names nope",
        "elbv2 wait load-balancer-available --names front",
        "elbv2 describe-target-groups --names web",
        &format!("elbv2 register-targets --target-group-arn {target} --targets Id={id},Port=80"),
        &format!("elbv2 describe-target-health --target-group-arn {target}"),
        &format!("elbv2 describe-target-group-attributes --target-group-arn {target}"),
        &format!("elbv2 modify-target-group-attributes --target-group-arn {target} --attributes Key=deregistration_delay.timeout_seconds,Value=30"),
        "ecs describe-clusters",
        "elasticache describe-replication-groups",
    ])
    .await;
}

#[tokio::test]
async fn zones_and_health() {
    let Some(peer) = peer("zones_and_health").await else { return };
    let Some(_) = peer.cli("route53 create-hosted-zone --name zones.example --caller-reference z") else {
        println!("SKIPPED: zones_and_health: set LIFEBOAT_AWSCLI to an aws program");
        return;
    };
    let zone = "route53 list-hosted-zones-by-name --dns-name zones.example --query 'HostedZones[0].Id' --output text";
    let zone = peer.text(zone).await.trim().to_owned();
    let config = "Type=HTTPS,FullyQualifiedDomainName=a.example,Port=443,ResourcePath=/health,RequestInterval=10,FailureThreshold=3";
    peer.same(&[
        &format!("route53 get-hosted-zone --id {zone}"),
        "route53 get-hosted-zone --id ZNOPE",
        "route53 list-hosted-zones --query 'HostedZones[].Name'",
        &format!("route53 create-health-check --caller-reference ref-@@ --health-check-config {config} --query HealthCheck.HealthCheckConfig"),
        "route53 list-health-checks --query 'HealthChecks[].HealthCheckConfig.Type'",
        "route53 delete-health-check --health-check-id 00000000-0000-0000-0000-000000000000",
    ])
    .await;
    let check =
        peer.json(&format!("route53 create-health-check --caller-reference mine --health-check-config {config}")).await;
    let check = check["HealthCheck"]["Id"].as_str().unwrap().to_owned();
    let inverted = peer
        .json(&format!("route53 update-health-check --health-check-id {check} --inverted --failure-threshold 2"))
        .await;
    assert_eq!(inverted["HealthCheck"]["HealthCheckConfig"]["Inverted"], true);
    peer.text(&format!("route53 delete-health-check --health-check-id {check}")).await;
}

#[tokio::test]
async fn objects_and_versions() {
    let Some(peer) = peer("objects_and_versions").await else { return };
    let Some(_) = peer.cli(
        "s3api create-bucket --bucket store --object-lock-enabled-for-bucket --create-bucket-configuration LocationConstraint=eu-west-1",
    ) else {
        println!("SKIPPED: objects_and_versions: set LIFEBOAT_AWSCLI to an aws program");
        return;
    };
    std::fs::write(peer.folder.path().join("one"), "one\n").unwrap();
    for key in ["a", "b", "c/d"] {
        peer.text(&format!("s3api put-object --bucket store --key {key} --body one")).await;
    }
    let lifecycle = r#"{"Rules":[{"ID":"dumps","Status":"Enabled","Filter":{"Prefix":"dumps/"},"Transitions":[{"Days":30,"StorageClass":"GLACIER"}],"Expiration":{"Days":2557}}]}"#;
    let lock = r#"{"ObjectLockEnabled":"Enabled","Rule":{"DefaultRetention":{"Mode":"GOVERNANCE","Days":1}}}"#;
    peer.same(&[
        "s3api list-buckets --query 'Buckets[].Name'",
        "s3api get-bucket-location --bucket store",
        "s3api list-objects-v2 --bucket store",
        "s3api list-objects-v2 --bucket store --delimiter / --query '[Contents[].Key,CommonPrefixes]'",
        "s3api get-object --bucket store --key a fetched-@@",
        "s3api get-object --bucket store --key nope fetched-@@",
        "s3api copy-object --bucket store --key copy-@@ --copy-source store/a --query CopyObjectResult.ETag",
        "s3api get-object-attributes --bucket store --key a --object-attributes ETag ObjectSize",
        "s3api put-object-tagging --bucket store --key a --tagging '{\"TagSet\":[{\"Key\":\"k\",\"Value\":\"v\"}]}' --query nothing",
        &format!("s3api put-bucket-lifecycle-configuration --bucket store --lifecycle-configuration '{lifecycle}'"),
        "s3api get-bucket-lifecycle-configuration --bucket store",
        "s3api delete-bucket-lifecycle --bucket store",
        "s3api get-bucket-lifecycle-configuration --bucket store",
        "s3api get-bucket-replication --bucket store",
        &format!("s3api put-object-lock-configuration --bucket store --object-lock-configuration '{lock}'"),
        "s3api get-object-lock-configuration --bucket store",
        // The peer answers with headers that this call has not, at AWS.
        "s3api put-object-legal-hold --bucket store --key a --legal-hold Status=ON --query nothing",
        "s3api get-object-legal-hold --bucket store --key a --query LegalHold",
        "s3api put-object-legal-hold --bucket store --key a --legal-hold Status=OFF --query nothing",
        "s3api get-bucket-tagging --bucket store",
        "s3api wait object-not-exists --bucket store --key nope",
        "s3api wait bucket-exists --bucket store",
    ])
    .await;
    assert_eq!(std::fs::read_to_string(peer.folder.path().join("fetched-ours")).unwrap(), "one\n");
    // What was deleted comes back when its marker is deleted by the marker's own version.
    for key in ["b", "c/d"] {
        peer.text(&format!("s3api delete-object --bucket store --key {key}")).await;
    }
    let markers = peer.json("s3api list-object-versions --bucket store --query 'DeleteMarkers[?IsLatest].{Key:Key,VersionId:VersionId}'").await;
    assert_eq!(markers.as_array().unwrap().len(), 2, "{markers}");
    let delete = json!({"Objects": markers, "Quiet": false});
    let deleted = peer
        .json(&format!("s3api delete-objects --bucket store --delete '{delete}' --bypass-governance-retention"))
        .await;
    assert_eq!(deleted["Deleted"].as_array().unwrap().len(), 2, "{deleted}");
    peer.same(&["s3api list-objects-v2 --bucket store --query 'Contents[].[Key,Size]' --output text"]).await;
}
