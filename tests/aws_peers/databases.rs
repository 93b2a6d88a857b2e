//! RDS and Aurora, and who is asking, against moto.

use lifeboat::engine::Outcome;

use super::peer::{moto, moto_in};

#[tokio::test]
async fn sts_and_rds() {
    let Some(peer) = moto_in("eu-central-1", "sts_and_rds") else { return };
    let identity = peer.json("sts get-caller-identity").await;
    assert_eq!(identity["Account"].as_str().unwrap().len(), 12, "{identity}");
    for id in ["orders", "stock"] {
        // The emulator is filled by the peer's own client where lifeboat has no such operation.
        let line = format!(
            "rds create-db-instance --db-instance-identifier {id} --db-instance-class db.t3.micro --engine postgres \
             --allocated-storage 20 --master-username a --master-user-password abcdefgh1"
        );
        let (code, _, err) = peer.cli(&line);
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
async fn rds_recovers() {
    let Some(peer) = moto("rds_recovers") else { return };
    let line = "rds create-db-instance --db-instance-identifier shop --db-instance-class db.t3.micro --engine postgres \
        --allocated-storage 20 --master-username a --master-user-password abcdefgh1 --backup-retention-period 7";
    peer.cli(line);
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
    let Some(peer) = moto("aurora") else { return };
    peer.cli("sts get-caller-identity");
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
