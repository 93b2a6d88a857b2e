//! What watches, lets in and runs applications, against moto.

use super::peer::moto;

#[tokio::test]
async fn alarms_keys_and_secrets() {
    let Some(peer) = moto("alarms_keys_and_secrets") else { return };
    let (_, key, _) = peer.cli("kms create-key --query KeyMetadata.KeyId --output text");
    let key = key.trim();
    peer.cli("secretsmanager create-secret --name shop/db --secret-string hunter2");
    peer.cli("cloudwatch put-metric-data --namespace Shop --metric-data MetricName=Lag,Value=1.5,Dimensions=[{Name=Db,Value=shop}]");
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
    let Some(peer) = moto("applications") else { return };
    let (_, image, _) = peer.cli("ec2 describe-images --owners amazon --query 'Images[0].ImageId' --output text");
    let text = |line: &str| peer.cli(line).1.trim().to_owned();
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
