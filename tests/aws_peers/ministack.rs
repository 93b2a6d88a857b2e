//! Lifeboat against ministack, which is stricter than moto where recoveries are at stake: change batches of Route 53,
//! replication and locks of S3, an instance that is seen to reboot.

use lifeboat::engine::Outcome;
use serde_json::json;

use super::peer::{Peer, place, python};

/// What ministack does not have, or has otherwise than AWS; moto and the practice estate have it.
const GAPS: &[(&str, &str)] = &[
    ("rds promote-read-replica --db-instance-identifier shop", "InvalidAction"),
    ("rds switchover-read-replica --db-instance-identifier shop", "InvalidAction"),
    (
        "rds restore-db-instance-to-point-in-time --source-db-instance-identifier shop --target-db-instance-identifier p --use-latest-restorable-time",
        "InvalidAction",
    ),
    ("rds copy-db-snapshot --source-db-snapshot-identifier s-ours --target-db-snapshot-identifier t", "InvalidAction"),
    ("rds describe-db-instance-automated-backups", "InvalidAction"),
    ("rds start-db-instance-automated-backups-replication --source-db-instance-arn x", "InvalidAction"),
];

fn ministack(test: &str) -> Option<Peer> {
    let python = python(test)?;
    let endpoint = format!("http://{}", place(test, "LIFEBOAT_MINISTACK", "ministack")?);
    Some(Peer::at(&python, (&endpoint, &endpoint), "eu-west-1", ("AKIDPRACTICE", "s")))
}

#[tokio::test]
async fn ministack_databases() {
    let Some(peer) = ministack("ministack_databases") else { return };
    // Snapshots carry members there that AWS's have not, which lifeboat shows as it was sent them.
    peer.cli(
        "rds create-db-instance --db-instance-identifier shop --db-instance-class db.t3.micro --engine postgres \
         --allocated-storage 20 --master-username a --master-user-password abcdefgh1",
    );
    peer.same(&[
        "sts get-caller-identity",
        "rds wait db-instance-available --db-instance-identifier shop",
        "rds describe-db-instances --db-instance-identifier shop",
        "rds describe-db-instances --db-instance-identifier nope",
        "rds modify-db-instance --db-instance-identifier shop --backup-retention-period 14 --apply-immediately",
        "rds create-db-snapshot --db-snapshot-identifier s-@@ --db-instance-identifier shop --tags Key=a,Value=b --query DBSnapshot.[DBSnapshotIdentifier,Status,Engine]",
        "rds create-db-snapshot --db-snapshot-identifier s-@@ --db-instance-identifier shop",
        "rds wait db-snapshot-available --db-snapshot-identifier s-@@",
        "rds describe-db-snapshots --db-snapshot-identifier s-@@ --query DBSnapshots[0].[DBSnapshotIdentifier,Status,Engine]",
        "rds restore-db-instance-from-db-snapshot --db-instance-identifier from-@@ --db-snapshot-identifier s-@@ --query DBInstance.DBInstanceIdentifier",
        "rds delete-db-instance --db-instance-identifier from-@@ --skip-final-snapshot --query DBInstance.DBInstanceIdentifier",
        "rds wait db-instance-deleted --db-instance-identifier from-@@",
        "rds delete-db-snapshot --db-snapshot-identifier s-@@ --query DBSnapshot.DBSnapshotIdentifier",
    ])
    .await;
    // It reboots for a look or two: the waiter sees it through.
    let status = "--db-instance-identifier shop --query DBInstance.DBInstanceStatus --output text";
    assert_eq!(peer.text(&format!("rds reboot-db-instance {status}")).await, "rebooting\n");
    peer.text("rds wait db-instance-available --db-instance-identifier shop").await;
    for (line, code) in GAPS {
        let outcome = peer.reply(line).await.outcome;
        let Outcome::AwsRefused { code: found, .. } = &outcome else { panic!("no gap any more? {line}: {outcome:?}") };
        assert_eq!(found, code, "{line}");
    }
}

#[tokio::test]
async fn ministack_names() {
    let Some(peer) = ministack("ministack_names") else { return };
    let zone = peer
        .text(
            "route53 create-hosted-zone --name strict.example --caller-reference a --query HostedZone.Id --output text",
        )
        .await;
    let zone = zone.trim().trim_start_matches("/hostedzone/").to_owned();
    let batch = |action: &str| {
        let record =
            json!({"Name": "app.strict.example", "Type": "A", "TTL": 30, "ResourceRecords": [{"Value": "192.0.2.1"}]});
        let batch = json!({"Changes": [{"Action": action, "ResourceRecordSet": record}]});
        format!("route53 change-resource-record-sets --hosted-zone-id {zone} --change-batch '{batch}'")
    };
    let change = peer.json(&batch("CREATE")).await;
    let id = change["ChangeInfo"]["Id"].as_str().unwrap().to_owned();
    peer.text(&format!("route53 wait resource-record-sets-changed --id {id}")).await;
    peer.same(&[
        &batch("CREATE"),
        &format!("{} --query ChangeInfo.Status", batch("UPSERT")),
        &format!("route53 get-change --id {id}"),
        "route53 get-change --id C00000000000000000000",
        &format!("route53 list-resource-record-sets --hosted-zone-id {zone}"),
        "route53 list-resource-record-sets --hosted-zone-id Z00000000000000000000",
        &format!("route53 get-hosted-zone --id {zone}"),
        "route53 list-hosted-zones-by-name --dns-name strict.example",
    ])
    .await;
    peer.text(&batch("DELETE")).await;
    peer.same(&[&batch("DELETE")]).await;
}

#[tokio::test]
async fn ministack_objects() {
    let Some(peer) = ministack("ministack_objects") else { return };
    let here = "--create-bucket-configuration LocationConstraint=eu-west-1";
    peer.cli(&format!("s3api create-bucket --bucket locked --object-lock-enabled-for-bucket {here}"));
    for bucket in ["source", "copies"] {
        peer.cli(&format!("s3api create-bucket --bucket {bucket} {here}"));
        peer.text(&format!("s3api put-bucket-versioning --bucket {bucket} --versioning-configuration Status=Enabled"))
            .await;
    }
    std::fs::write(peer.folder.path().join("body"), "one\n").unwrap();
    let rule = json!({"Role": "arn:aws:iam::000000000000:role/r", "Rules": [{"ID": "all", "Status": "Enabled", "Priority": 1,
        "Filter": {"Prefix": ""}, "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": "arn:aws:s3:::copies"}}]});
    peer.text(&format!("s3api put-bucket-replication --bucket source --replication-configuration '{rule}'")).await;
    peer.text("s3api put-object --bucket source --key a --body body --metadata who=me").await;
    peer.text("s3api put-object --bucket locked --key kept --body body").await;
    peer.text("s3api put-object --bucket source --key cold --body body --storage-class GLACIER").await;
    peer.text("s3api restore-object --bucket source --key cold --restore-request Days=1").await;
    let until = "Mode=COMPLIANCE,RetainUntilDate=2040-01-01T00:00:00Z";
    let version = peer.text("s3api head-object --bucket locked --key kept --query VersionId --output text").await;
    peer.same(&[
        "s3api get-bucket-replication --bucket source",
        "s3api wait object-exists --bucket copies --key a",
        "s3api head-object --bucket copies --key a",
        "s3api head-object --bucket source --key a",
        &format!("s3api put-object-retention --bucket locked --key kept --retention {until}"),
        "s3api get-object-retention --bucket locked --key kept",
        "s3api get-object-lock-configuration --bucket locked",
        "s3api head-object --bucket source --key cold",
        "s3api get-object --bucket source --key a fetched-@@",
        "s3api list-object-versions --bucket source",
        "s3api head-object --bucket source --key nope",
        "s3api get-bucket-versioning --bucket copies",
        "s3api list-objects-v2 --bucket source --query 'Contents[].[Key,Size,StorageClass]' --output text",
    ])
    .await;
    // What is locked stays, and no permission would help.
    let line = format!("s3api delete-object --bucket locked --key kept --version-id {}", version.trim());
    let reply = peer.reply(&line).await;
    let said = String::from_utf8(reply.stderr).unwrap();
    assert!(said.contains("(AccessDenied)") && said.contains("get-object-retention"), "{said}");
    assert!(!said.contains("permission"), "{said}");
    peer.text("s3api delete-object --bucket source --key a").await;
    let markers = "s3api list-object-versions --bucket source --query 'DeleteMarkers[].VersionId' --output text";
    let marker = peer.text(markers).await;
    peer.text(&format!("s3api delete-object --bucket source --key a --version-id {}", marker.trim())).await;
    peer.same(&["s3api head-object --bucket source --key a"]).await;
}

#[tokio::test]
async fn ministack_applications() {
    let Some(peer) = ministack("ministack_applications") else { return };
    let (_, key, _) = peer.cli("kms create-key --query KeyMetadata.KeyId --output text");
    let key = key.trim();
    peer.cli("secretsmanager create-secret --name shop/db --secret-string hunter2");
    peer.same(&[
        &format!("kms describe-key --key-id {key}"),
        &format!("kms disable-key --key-id {key}"),
        &format!("kms enable-key --key-id {key}"),
        &format!("kms schedule-key-deletion --key-id {key} --pending-window-in-days 7 --query KeyState"),
        &format!("kms cancel-key-deletion --key-id {key}"),
        "kms describe-key --key-id 00000000-0000-0000-0000-000000000000",
        "secretsmanager describe-secret --secret-id shop/db --query '[Name,RotationEnabled]'",
        "secretsmanager describe-secret --secret-id nope",
        "cloudwatch put-metric-alarm --alarm-name lag-@@ --namespace Shop --metric-name Lag --statistic Maximum --period 60 --evaluation-periods 3 --threshold 300 --comparison-operator GreaterThanThreshold",
        "cloudwatch describe-alarms --alarm-names lag-@@ --query 'MetricAlarms[].[AlarmName,Threshold,Period]'",
        "cloudwatch set-alarm-state --alarm-name lag-@@ --state-value ALARM --state-reason drill",
        "cloudwatch delete-alarms --alarm-names lag-@@",
        "ec2 describe-availability-zones",
        "ec2 describe-vpcs --query 'Vpcs[].IsDefault'",
        "autoscaling describe-auto-scaling-groups",
        "elbv2 describe-load-balancers",
        "elbv2 describe-load-balancers --names nope",
        "cloudtrail describe-trails",
        "ecs list-services --cluster nope",
    ])
    .await;
}
