//! The practice estate asked by lifeboat and by the AWS CLI: every operation that a runbook of ours calls is answered,
//! and both understand the answer alike.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use lifeboat::estate::{EstateRecord, Options, serve};

use super::peer::{Peer, python};

async fn stand(dir: &Path) -> EstateRecord {
    tokio::spawn(serve(Options::new(dir, 7)));
    let up = async {
        let mut beats = tokio::time::interval(Duration::from_millis(10));
        loop {
            beats.tick().await;
            if let Some(record) = EstateRecord::read(dir).unwrap() {
                return record;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), up).await.unwrap()
}

/// The calls, in an order in which each finds what it needs. `{NAME}` is an input of the estate.
const CALLS: &[&str] = &[
    "sts get-caller-identity",
    "rds describe-db-instances",
    "rds describe-db-instances --db-instance-identifier shop-db --query 'DBInstances[0].[DBInstanceStatus,MultiAZ,ReadReplicaDBInstanceIdentifiers]' --output text",
    "rds describe-db-instances --db-instance-identifier nobody",
    "rds describe-db-instance-automated-backups --db-instance-identifier shop-db --query 'DBInstanceAutomatedBackups[].[DBInstanceIdentifier,Status,BackupRetentionPeriod]'",
    "rds describe-db-snapshots --db-instance-identifier shop-db",
    "rds describe-db-snapshots --snapshot-type automated --query 'DBSnapshots[].DBSnapshotIdentifier' --output text",
    "rds describe-db-snapshots --max-records 20 --query 'length(DBSnapshots)'",
    "rds describe-events --source-type db-instance --duration 60",
    "rds describe-db-parameter-groups",
    "rds describe-db-subnet-groups",
    "rds list-tags-for-resource --resource-name arn:aws:rds:us-east-1:000000000000:db:shop-db",
    "rds create-db-snapshot --db-instance-identifier shop-db --db-snapshot-identifier by-hand --tags Key=a,Value='b c'",
    "rds reboot-db-instance --db-instance-identifier shop-db --force-failover",
    "rds modify-db-instance --db-instance-identifier shop-db --backup-retention-period 14 --apply-immediately",
    "rds start-db-instance --db-instance-identifier shop-db",
    "rds create-db-instance-read-replica --db-instance-identifier shop-db-2 --source-db-instance-identifier shop-db --db-subnet-group-name {PRIMARY_SUBNET_GROUP} --vpc-security-group-ids {PRIMARY_SECURITY_GROUP}",
    "rds restore-db-instance-to-point-in-time --source-db-instance-identifier shop-db --target-db-instance-identifier candidate --restore-time 2040-01-01T00:00:00Z",
    "rds restore-db-instance-to-point-in-time --source-db-instance-identifier shop-db --target-db-instance-identifier candidate --use-latest-restorable-time --db-subnet-group-name {PRIMARY_SUBNET_GROUP} --vpc-security-group-ids {PRIMARY_SECURITY_GROUP} --db-parameter-group-name {PRIMARY_PARAMETER_GROUP} --multi-az --deletion-protection",
    "rds restore-db-instance-from-db-snapshot --db-instance-identifier from-snapshot --db-snapshot-identifier rds:shop-db-night-13 --no-multi-az",
    "rds describe-db-instances --query 'DBInstances[].[DBInstanceIdentifier,DBInstanceStatus,MultiAZ,BackupRetentionPeriod]' --output text",
    "rds delete-db-instance --db-instance-identifier shop-db --skip-final-snapshot",
    "rds promote-read-replica --db-instance-identifier shop-db",
    "rds promote-read-replica --db-instance-identifier shop-db-west --backup-retention-period 14 --region us-west-2",
    "rds promote-read-replica --db-instance-identifier shop-db-west --region us-west-2",
    "rds describe-db-clusters",
    "rds create-db-cluster --db-cluster-identifier sea --engine aurora-postgresql --engine-version 16.4 --master-username peer --manage-master-user-password --backup-retention-period 14",
    "rds create-db-cluster --db-cluster-identifier sea --engine aurora-postgresql --master-username peer --manage-master-user-password",
    "rds create-db-instance --db-instance-identifier sea-1 --db-cluster-identifier sea --db-instance-class db.r6g.large --engine aurora-postgresql",
    "rds describe-db-clusters --db-cluster-identifier sea --query 'DBClusters[0].[DBClusterIdentifier,Engine,BackupRetentionPeriod,MultiAZ]'",
    "rds describe-db-clusters --db-cluster-identifier nobody",
    "rds create-db-cluster-snapshot --db-cluster-identifier sea --db-cluster-snapshot-identifier early",
    "rds failover-db-cluster --db-cluster-identifier nobody",
    "rds restore-db-cluster-to-point-in-time --source-db-cluster-identifier nobody --db-cluster-identifier other --use-latest-restorable-time",
    "rds describe-db-cluster-snapshots",
    "rds describe-db-cluster-endpoints --db-cluster-identifier sea --query 'length(DBClusterEndpoints)'",
    "rds describe-global-clusters",
    "rds switchover-global-cluster --global-cluster-identifier world --target-db-cluster-identifier arn:aws:rds:us-west-2:000000000000:cluster:sea",
    "rds delete-db-cluster --db-cluster-identifier sea --skip-final-snapshot",
    "ec2 describe-availability-zones",
    "ec2 describe-instances --query 'Reservations[].Instances[].[InstanceId,State.Name,Placement.AvailabilityZone]' --output text",
    "ec2 describe-security-groups --query 'SecurityGroups[].GroupId'",
    "autoscaling suspend-processes --auto-scaling-group-name {SCALING_GROUP} --scaling-processes AZRebalance",
    "autoscaling resume-processes --auto-scaling-group-name {SCALING_GROUP} --scaling-processes AZRebalance",
    "autoscaling describe-auto-scaling-groups",
    "elbv2 describe-target-health --target-group-arn {TARGET_GROUP_ARN}",
    "arc-zonal-shift start-zonal-shift --resource-identifier {LOAD_BALANCER_ARN} --away-from use1-az4 --expires-in 12h --comment drill",
    "arc-zonal-shift list-zonal-shifts",
    "arc-zonal-shift cancel-zonal-shift --zonal-shift-id 00000000-0000-0000-0000-000000000000",
    "kms describe-key --key-id {PRIMARY_KMS_KEY}",
    "kms schedule-key-deletion --key-id {PRIMARY_KMS_KEY} --pending-window-in-days 7",
    "kms cancel-key-deletion --key-id {PRIMARY_KMS_KEY}",
    "kms enable-key --key-id {PRIMARY_KMS_KEY}",
    "secretsmanager delete-secret --secret-id {DB_SECRET} --recovery-window-in-days 7 --query Name",
    "secretsmanager restore-secret --secret-id {DB_SECRET}",
    "secretsmanager get-secret-value --secret-id nope",
    "cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=CreateDBSnapshot --query 'Events[].[EventName,Username]'",
    "cloudwatch describe-alarms",
    "cloudwatch put-metric-alarm --alarm-name lag --namespace AWS/RDS --metric-name ReplicaLag --statistic Maximum --period 60 --evaluation-periods 3 --threshold 300 --comparison-operator GreaterThanThreshold --dimensions Name=DBInstanceIdentifier,Value=shop-db-west",
    "cloudwatch set-alarm-state --alarm-name lag --state-value ALARM --state-reason drill",
    "cloudwatch set-alarm-state --alarm-name nope --state-value ALARM --state-reason drill",
    "cloudwatch describe-alarms --alarm-names lag",
    "cloudwatch describe-alarm-history --alarm-name lag --query 'AlarmHistoryItems[].HistorySummary'",
    "cloudwatch delete-alarms --alarm-names lag",
    "cloudwatch list-metrics --namespace AWS/RDS",
    "route53 list-hosted-zones",
    "route53 list-hosted-zones-by-name --dns-name practice.example",
    "route53 list-resource-record-sets --hosted-zone-id {ZONE_ID}",
    "route53 test-dns-answer --hosted-zone-id {ZONE_ID} --record-name shop.practice.example --record-type A",
    r#"route53 change-resource-record-sets --hosted-zone-id {ZONE_ID} --change-batch '{"Changes":[{"Action":"UPSERT","ResourceRecordSet":{"Name":"x.practice.example","Type":"CNAME","TTL":5,"ResourceRecords":[{"Value":"db.us-west-2.practice.example"}]}}]}' --query ChangeInfo.Status"#,
    "route53 get-change --id C0000000000000",
    "route53 get-health-check --health-check-id {PRIMARY_HEALTH_CHECK_ID}",
    "route53 get-health-check-status --health-check-id {ENDPOINT_HEALTH_CHECK_ID} --query 'HealthCheckObservations[].StatusReport.Status'",
    "route53 create-health-check --caller-reference mine --health-check-config Type=HTTP,IPAddress=127.77.0.2,Port=80,ResourcePath=/health,RequestInterval=10,FailureThreshold=2",
    "route53 create-health-check --caller-reference mine --health-check-config Type=HTTP,IPAddress=127.77.0.2,Port=80,ResourcePath=/health,RequestInterval=10,FailureThreshold=2",
    "route53 create-health-check --caller-reference other --health-check-config Type=TCP,IPAddress=192.0.2.1,Port=5432",
    "route53 update-health-check --health-check-id {SECONDARY_HEALTH_CHECK_ID} --inverted --failure-threshold 2",
    "route53 update-health-check --health-check-id {SECONDARY_HEALTH_CHECK_ID} --no-inverted --health-check-version 1",
    "route53 delete-health-check --health-check-id {SECONDARY_HEALTH_CHECK_ID}",
    "route53 get-health-check --health-check-id {SECONDARY_HEALTH_CHECK_ID}",
    "s3api list-buckets --query 'Buckets[].Name'",
    "s3api get-bucket-versioning --bucket {PRIMARY_ASSETS_BUCKET}",
    "s3api put-object --bucket {PRIMARY_ASSETS_BUCKET} --key one --body body --query ETag",
    "s3api head-object --bucket {PRIMARY_ASSETS_BUCKET} --key one --query '[ContentLength,ETag]'",
    "s3api list-objects-v2 --bucket {PRIMARY_ASSETS_BUCKET} --prefix images/ --query 'Contents[].[Key,Size]' --output text",
    "s3api list-object-versions --bucket {PRIMARY_ASSETS_BUCKET} --prefix images/ --query 'Versions[].[Key,VersionId]' --output text",
    "s3api delete-object --bucket {PRIMARY_ASSETS_BUCKET} --key one",
    r#"s3api delete-objects --bucket {PRIMARY_ASSETS_BUCKET} --delete '{"Objects":[{"Key":"images/0001.jpg"}]}'"#,
    "s3api get-object --bucket {PRIMARY_ASSETS_BUCKET} --key images/0001.jpg fetched",
    "s3api list-object-versions --bucket {PRIMARY_ASSETS_BUCKET} --query 'DeleteMarkers[].Key'",
    "s3api get-bucket-lifecycle-configuration --bucket {PRIMARY_ASSETS_BUCKET}",
    "s3api head-bucket --bucket nope-nope",
    "s3api copy-object --bucket {PRIMARY_ASSETS_BUCKET} --key copied --copy-source {PRIMARY_ASSETS_BUCKET}/images/0002.jpg --query CopyObjectResult.ETag",
    "s3api restore-object --bucket {PRIMARY_ASSETS_BUCKET} --key images/0002.jpg --restore-request Days=1",
    "secretsmanager describe-secret --secret-id nope",
    "rds copy-db-snapshot --source-db-snapshot-identifier nope --target-db-snapshot-identifier nope-copy",
    "rds describe-db-log-files --db-instance-identifier nope",
    "cloudwatch get-metric-statistics --namespace AWS/RDS --metric-name CPUUtilization --dimensions Name=DBInstanceIdentifier,Value=nope --start-time 2026-01-01T00:00:00Z --end-time 2026-01-01T01:00:00Z --period 300 --statistics Average --query 'length(Datapoints)'",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_of_a_runbook_is_answered_to_both_alike() {
    let Some(python) = python("every_operation_of_a_runbook_is_answered_to_both_alike") else { return };
    // Two estates of one seed, so that both clients can act and neither is in the other's way.
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [ours, clis] = [stand(&dirs[0].path().join("e")).await, stand(&dirs[1].path().join("e")).await];
    let env = |name: &str| ours.env[name].clone();
    let keys = (env("AWS_ACCESS_KEY_ID"), env("AWS_SECRET_ACCESS_KEY"));
    let endpoints = (ours.aws_endpoint.as_str(), clis.aws_endpoint.as_str());
    let peer = Peer::at(&python, endpoints, "us-east-1", (&keys.0, &keys.1));
    std::fs::write(peer.folder.path().join("body"), "one\n").unwrap();
    let filled = |line: &&str| {
        ours.inputs.iter().fold((*line).to_owned(), |line, (name, value)| line.replace(&format!("{{{name}}}"), value))
    };
    let lines: Vec<String> = CALLS.iter().map(filled).collect();
    peer.same(&lines.iter().map(String::as_str).collect::<Vec<_>>()).await;

    let call = regex::Regex::new(r"(?m)^\s*aws ([a-z0-9]+[a-z0-9-]*) ([a-z0-9-]+)").unwrap();
    let named = |text: &str| -> BTreeSet<String> {
        call.captures_iter(text).map(|found| format!("{} {}", &found[1], &found[2])).collect()
    };
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/runbooks");
    let texts = std::fs::read_dir(folder).unwrap().map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    let wanted: BTreeSet<String> = texts.flat_map(|text| named(&text)).collect();
    let asked = named(&format!("aws {}", lines.join("\naws ")));
    // A waiter looks with the operation that describes.
    let missing: Vec<_> = wanted.difference(&asked).filter(|call| !call.ends_with(" wait")).collect();
    assert!(wanted.len() > 25 && missing.is_empty(), "not asked of the estate: {missing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_know_the_secret_stays_outside() {
    let test = "who_does_not_know_the_secret_stays_outside";
    let Some(python) = python(test) else { return };
    let dir = tempfile::tempdir().unwrap();
    let estate = stand(&dir.path().join("e")).await;
    let key = estate.env["AWS_ACCESS_KEY_ID"].as_str();
    let endpoint = estate.aws_endpoint.as_str();
    let peer = Peer::at(&python, (endpoint, endpoint), "us-east-1", (key, "a secret of somebody else's"));
    let lines = [
        ("sts get-caller-identity", "SignatureDoesNotMatch"),
        ("rds describe-db-instances", "SignatureDoesNotMatch"),
        ("s3api list-buckets", "SignatureDoesNotMatch"),
        ("route53 list-hosted-zones", "SignatureDoesNotMatch"),
        ("ec2 describe-availability-zones", "AuthFailure"),
        ("kms list-keys", "InvalidSignatureException"),
        ("cloudwatch describe-alarms", "InvalidSignatureException"),
    ];
    for (line, code) in lines {
        let said = String::from_utf8(peer.reply(line).await.stderr).unwrap();
        assert!(said.contains(&format!("({code})")), "{line}: {said}");
        assert!(peer.cli(line).2.contains(&format!("({code})")), "{line}");
    }
}
