//! The AWS adapter against a practice estate in trouble: a region that hangs, a session that ends in the middle of a wait,
//! a prefix with a hundred thousand versions. Its own process, whose memory is measured.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::time::{Duration, Instant};

use lifeboat::drive::probe::{Told, probe};
use lifeboat::engine::Outcome;
use lifeboat::estate::EstateRecord;
use lifeboat::exec::Reply;
use lifeboat::exec::aws::{Aws, AwsContext, Credentials, Reach};
use lifeboat::kernel::Secret;
use lifeboat::runbook::aws::only_reads;

/// A standing estate in a process of its own, so that what it needs is not measured here.
struct Estate {
    process: std::process::Child,
    record: EstateRecord,
    dir: tempfile::TempDir,
}

impl Estate {
    async fn stand(speed: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let process = std::process::Command::new(env!("CARGO_BIN_EXE_lifeboat"))
            .args(["estate", "up", "--seed", "7", "--speed", speed, "--dir"])
            .arg(dir.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let record = async {
            let mut beats = tokio::time::interval(Duration::from_millis(10));
            loop {
                beats.tick().await;
                if let Some(record) = EstateRecord::read(dir.path()).unwrap() {
                    return record;
                }
            }
        };
        let record = tokio::time::timeout(Duration::from_secs(30), record).await.unwrap();
        Self { process, record, dir }
    }

    fn fault(&self, name: &str) {
        let told = std::process::Command::new(env!("CARGO_BIN_EXE_lifeboat"))
            .args(["estate", "fault", name, "--dir"])
            .arg(self.dir.path())
            .output()
            .unwrap();
        assert!(told.status.success(), "{name}: {}", String::from_utf8_lossy(&told.stderr));
    }

    fn aws(&self, folder: &Path, call_timeout: Duration) -> Aws {
        let env = |name: &str| self.record.env[name].clone();
        Aws::new(AwsContext {
            endpoint_url: Some(self.record.aws_endpoint.clone()),
            region: Some("us-east-1".to_owned()),
            credentials: Some(Credentials {
                id: env("AWS_ACCESS_KEY_ID"),
                secret: Secret::new(env("AWS_SECRET_ACCESS_KEY")),
                token: None,
            }),
            reach: Reach::LoopbackOnly,
            call_timeout,
            poll: Duration::from_millis(60),
            folder: folder.to_owned(),
            ..AwsContext::default()
        })
    }
}

impl Drop for Estate {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

async fn call(aws: &Aws, line: &str, patience: Duration) -> Reply {
    aws.call(&shlex::split(line).unwrap(), patience).await
}

fn said(reply: &Reply) -> String {
    String::from_utf8_lossy(&reply.stderr).into_owned()
}

#[tokio::test]
async fn a_region_that_hangs_is_given_up_in_time() {
    let (estate, folder) = (Estate::stand("60").await, tempfile::tempdir().unwrap());
    let aws = estate.aws(folder.path(), Duration::from_millis(400));
    estate.fault("region-hangs");
    let patience = Duration::from_secs(10);
    // The control planes go some seconds of the estate's time after the network between the regions.
    let deadline = Instant::now() + Duration::from_secs(20);
    while let Outcome::Answered { .. } = call(&aws, "sts get-caller-identity", patience).await.outcome {
        assert!(Instant::now() < deadline, "the region goes on answering");
    }
    let began = Instant::now();
    for line in ["rds describe-db-instances", "route53 list-hosted-zones", "ec2 describe-availability-zones"] {
        let reply = call(&aws, line, patience).await;
        assert!(matches!(reply.outcome, Outcome::Unreachable { .. }), "{line}: {:?}", reply.outcome);
    }
    // A call that acts is sent once, and nobody knows whether it did.
    let reply = call(&aws, "rds reboot-db-instance --db-instance-identifier shop-db", patience).await;
    let Outcome::Unreachable { error } = &reply.outcome else { panic!("{:?}", reply.outcome) };
    assert!(error.contains("not known"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    // A waiter goes on looking until its own time is over, and says what it saw.
    let began = Instant::now();
    let line = "rds wait db-instance-available --db-instance-identifier shop-db";
    let reply = call(&aws, line, Duration::from_secs(2)).await;
    assert!(matches!(reply.outcome, Outcome::TimedOut { .. }), "{:?} {}", reply.outcome, said(&reply));
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    // The other region answers meanwhile.
    let reply = call(&aws, "rds describe-db-instances --region us-west-2", patience).await;
    assert!(matches!(reply.outcome, Outcome::Answered { .. }), "{}", said(&reply));
}

#[tokio::test]
async fn a_session_that_ends_in_the_middle_of_a_wait_ends_the_wait_and_nothing_else() {
    let (estate, folder) = (Estate::stand("1").await, tempfile::tempdir().unwrap());
    let aws = estate.aws(folder.path(), Duration::from_secs(30));
    let patience = Duration::from_secs(20);
    let line = "rds create-db-snapshot --db-instance-identifier shop-db --db-snapshot-identifier by-hand";
    let made = call(&aws, line, patience).await;
    assert!(matches!(made.outcome, Outcome::Answered { .. }), "{}", said(&made));
    let wait = "rds wait db-snapshot-available --db-snapshot-identifier by-hand";
    // The snapshot takes minutes; the session ends after some looks at it.
    estate.fault("expired-credentials@+2s");
    let began = Instant::now();
    let waited = call(&aws, wait, patience).await;
    assert!(began.elapsed() > Duration::from_secs(1), "{:?}", began.elapsed());
    let Outcome::AwsRefused { code, .. } = &waited.outcome else { panic!("{:?}", waited.outcome) };
    assert_eq!(code, "ExpiredToken");
    assert!(said(&waited).contains("renew them"), "{}", said(&waited));
    for line in ["kms list-keys", "ec2 describe-availability-zones", "s3api list-buckets", "route53 list-hosted-zones"]
    {
        let reply = call(&aws, line, patience).await;
        assert!(said(&reply).contains("credentials have expired"), "{line}: {}", said(&reply));
    }
    estate.fault("expired-credentials:off");
    let line =
        "rds describe-db-snapshots --db-snapshot-identifier by-hand --query 'DBSnapshots[0].Status' --output text";
    let after = call(&aws, line, patience).await;
    assert_eq!(String::from_utf8_lossy(&after.stdout), "creating\n", "{}", said(&after));
}

/// Calls that change something, in an order in which each finds what it needs; `{NAME}` is an input of the estate.
const CHANGES: &[&str] = &[
    "autoscaling update-auto-scaling-group --auto-scaling-group-name {SCALING_GROUP} --max-size 11",
    "autoscaling set-desired-capacity --auto-scaling-group-name {SCALING_GROUP} --desired-capacity 7",
    "rds add-tags-to-resource --resource-name arn:aws:rds:us-east-1:000000000000:db:shop-db --tags Key=why,Value=drill",
    "rds remove-tags-from-resource --resource-name arn:aws:rds:us-east-1:000000000000:db:shop-db --tag-keys why",
    "rds modify-db-parameter-group --db-parameter-group-name {PRIMARY_PARAMETER_GROUP} --parameters ParameterName=max_connections,ParameterValue=321,ApplyMethod=pending-reboot",
    "rds reset-db-parameter-group --db-parameter-group-name {PRIMARY_PARAMETER_GROUP} --reset-all-parameters",
    "rds create-db-cluster --db-cluster-identifier sea --engine aurora-postgresql --engine-version 16.4 --master-username peer --manage-master-user-password",
    "rds wait db-cluster-available --db-cluster-identifier sea",
    "rds create-db-instance --db-instance-identifier sea-1 --db-cluster-identifier sea --db-instance-class db.r6g.large --engine aurora-postgresql",
    "rds wait db-instance-available --db-instance-identifier sea-1",
    "rds create-db-instance --db-instance-identifier sea-2 --db-cluster-identifier sea --db-instance-class db.r6g.large --engine aurora-postgresql",
    "rds wait db-instance-available --db-instance-identifier sea-2",
    "rds modify-db-cluster --db-cluster-identifier sea --backup-retention-period 21 --apply-immediately",
    "rds wait db-cluster-available --db-cluster-identifier sea",
    "rds failover-db-cluster --db-cluster-identifier sea",
    "rds wait db-cluster-available --db-cluster-identifier sea",
    "rds failover-db-cluster --db-cluster-identifier sea --target-db-instance-identifier sea-1",
    "rds wait db-cluster-available --db-cluster-identifier sea",
    "rds create-global-cluster --global-cluster-identifier world --source-db-cluster-identifier arn:aws:rds:us-east-1:000000000000:cluster:sea",
    "rds modify-global-cluster --global-cluster-identifier world --deletion-protection",
    "rds create-db-cluster --region us-west-2 --db-cluster-identifier lake --engine aurora-postgresql --engine-version 16.4 --global-cluster-identifier world",
    "rds wait db-cluster-available --region us-west-2 --db-cluster-identifier lake",
    "rds create-db-instance --region us-west-2 --db-instance-identifier lake-1 --db-cluster-identifier lake --db-instance-class db.r6g.large --engine aurora-postgresql",
    "rds wait db-instance-available --region us-west-2 --db-instance-identifier lake-1",
    "rds switchover-global-cluster --global-cluster-identifier world --target-db-cluster-identifier arn:aws:rds:us-west-2:000000000000:cluster:lake",
    "route53 create-health-check --caller-reference of-mine --health-check-config Type=HTTP,IPAddress=127.77.0.2,Port=80,ResourcePath=/health,RequestInterval=10,FailureThreshold=2",
    "route53 update-health-check --health-check-id {SECONDARY_HEALTH_CHECK_ID} --failure-threshold 7",
    "route53 delete-health-check --health-check-id {SECONDARY_HEALTH_CHECK_ID}",
    r#"s3api put-object-tagging --bucket {PRIMARY_ASSETS_BUCKET} --key images/0001.jpg --tagging '{"TagSet":[{"Key":"a","Value":"b"}]}'"#,
    r#"s3api put-bucket-lifecycle-configuration --bucket {PRIMARY_ASSETS_BUCKET} --lifecycle-configuration '{"Rules":[{"ID":"mine","Status":"Enabled","Filter":{"Prefix":"x/"},"Expiration":{"Days":30}}]}'"#,
    "s3api delete-bucket-lifecycle --bucket {PRIMARY_ASSETS_BUCKET}",
    "s3api put-bucket-versioning --bucket {PRIMARY_ASSETS_BUCKET} --versioning-configuration Status=Suspended",
    "cloudwatch put-metric-alarm --alarm-name mine --namespace AWS/RDS --metric-name ReplicaLag --statistic Maximum --period 60 --evaluation-periods 3 --threshold 300 --comparison-operator GreaterThanThreshold --dimensions Name=DBInstanceIdentifier,Value=shop-db-west",
    "cloudwatch disable-alarm-actions --alarm-names mine",
    "cloudwatch enable-alarm-actions --alarm-names mine",
    "cloudwatch delete-alarms --alarm-names mine",
    "kms schedule-key-deletion --key-id {PRIMARY_KMS_KEY} --pending-window-in-days 7",
    "secretsmanager delete-secret --secret-id {DB_SECRET} --recovery-window-in-days 7",
];

/// What each look says before a call and after it: nothing that did not happen counts as done, and what did is seen.
#[tokio::test]
async fn a_call_in_doubt_is_settled_by_its_look_before_and_after_it_happened() {
    let (estate, folder) = (Estate::stand("600").await, tempfile::tempdir().unwrap());
    let aws = estate.aws(folder.path(), Duration::from_secs(30));
    let patience = Duration::from_secs(30);
    let mut wrong = Vec::new();
    for line in CHANGES {
        let inputs = estate.record.inputs.iter();
        let filled = inputs.fold((*line).to_owned(), |line, (name, value)| line.replace(&format!("{{{name}}}"), value));
        let words = shlex::split(&filled).unwrap();
        if only_reads(&words) {
            let waited = call(&aws, &filled, patience).await;
            if !matches!(waited.outcome, Outcome::Answered { .. }) {
                wrong.push(format!("{filled}: {:?} {}", waited.outcome, said(&waited)));
            }
            continue;
        }
        let Some(look) = probe(&words) else { panic!("nothing settles {filled}") };
        let made = chrono::Utc::now();
        let before = look.tells(&aws.call(&look.words, patience).await, made);
        if matches!(before, Told::Happened(_)) {
            wrong.push(format!("{filled}: it did not happen yet, and {before:?}"));
        }
        let reply = call(&aws, &filled, patience).await;
        if !matches!(reply.outcome, Outcome::Answered { .. }) {
            wrong.push(format!("{filled}: {}", said(&reply)));
            continue;
        }
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let after = look.tells(&aws.call(&look.words, patience).await, made);
            if matches!(after, Told::Happened(_)) {
                break;
            }
            if Instant::now() >= until {
                wrong.push(format!("{filled}: it happened, and {after:?}"));
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_versions_are_listed_and_deleted_in_little_memory() {
    const VERSIONS: usize = 100_000;
    let (estate, folder) = (Estate::stand("1").await, tempfile::tempdir().unwrap());
    let aws = estate.aws(folder.path(), Duration::from_secs(30));
    let patience = Duration::from_secs(120);
    let bucket = "--bucket shop-dumps-us-east-1";
    let began = Instant::now();
    let batch = |at: usize, id: &dyn Fn(usize) -> String| {
        let keys: Vec<String> =
            (at..at + 1_000).map(|number| format!("{{\"Key\":\"many/{number:06}\"{}}}", id(number))).collect();
        let name = format!("batch-{at}");
        std::fs::write(folder.path().join(&name), format!("{{\"Quiet\":true,\"Objects\":[{}]}}", keys.join(",")))
            .unwrap();
        format!("s3api delete-objects {bucket} --delete file://{name}")
    };
    // Whoever deletes what is not there makes a marker: a version, a thousand of them a call, four calls at once.
    let each = async |lines: Vec<String>| {
        for four in lines.chunks(4) {
            let calls = four.iter().map(|line| {
                let (aws, line) = (aws.clone(), line.clone());
                tokio::spawn(async move { call(&aws, &line, patience).await })
            });
            for reply in calls.collect::<Vec<_>>() {
                let reply = reply.await.unwrap();
                assert!(matches!(reply.outcome, Outcome::Answered { .. }), "{:?} {}", reply.outcome, said(&reply));
            }
        }
    };
    each((0..VERSIONS).step_by(1_000).map(|at| batch(at, &|_| String::new())).collect()).await;
    let before = peak();
    let list = format!(
        "s3api list-object-versions {bucket} --prefix many/ --query 'DeleteMarkers[].[Key,VersionId]' --output text"
    );
    let listed = call(&aws, &list, patience).await;
    assert!(matches!(listed.outcome, Outcome::Answered { .. }), "{:?} {}", listed.outcome, said(&listed));
    let text = String::from_utf8(listed.stdout).unwrap();
    let ids: Vec<&str> = text.lines().filter_map(|line| Some(line.split_once('\t')?.1)).collect();
    assert_eq!(ids.len(), VERSIONS);
    each(
        (0..VERSIONS)
            .step_by(1_000)
            .map(|at| batch(at, &|number| format!(",\"VersionId\":\"{}\"", ids.get(number).copied().unwrap_or("?"))))
            .collect(),
    )
    .await;
    let grown = peak().saturating_sub(before);
    let (took, grown_by) = (began.elapsed(), grown / 1024);
    println!("{VERSIONS} versions made, listed and deleted in {took:?}, with {grown_by} MiB more than before");
    assert!(grown < 96 * 1024, "{grown} KiB");
    let left = call(&aws, &list, patience).await;
    assert_eq!(String::from_utf8_lossy(&left.stdout), "None\n", "{}", said(&left));
}

/// Returns the most memory that this process ever had, in KiB.
#[cfg(target_os = "linux")]
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// What an answered call says.
fn answer(reply: &Reply) -> serde_json::Value {
    assert!(matches!(reply.outcome, Outcome::Answered { .. }), "{:?} {}", reply.outcome, said(reply));
    serde_json::from_slice(&reply.stdout).unwrap_or_default()
}

fn refusal(reply: &Reply) -> String {
    match &reply.outcome {
        Outcome::AwsRefused { code, .. } => code.clone(),
        other => panic!("{other:?} {}", said(reply)),
    }
}

async fn answered(aws: &Aws, line: String, patience: Duration) -> serde_json::Value {
    answer(&call(aws, &line, patience).await)
}

async fn refused_with(aws: &Aws, line: String, code: &str, patience: Duration) {
    assert_eq!(refusal(&call(aws, &line, patience).await), code, "{line}");
}

/// Waits until a global cluster has a primary in `region` and nothing under way.
async fn primary_in(aws: &Aws, region: &str, patience: Duration) {
    let deadline = Instant::now() + patience;
    let mut beats = tokio::time::interval(Duration::from_millis(50));
    loop {
        beats.tick().await;
        let line = format!("rds describe-global-clusters --global-cluster-identifier reports --region {region}");
        let global = answer(&call(aws, &line, patience).await)["GlobalClusters"][0].clone();
        let writer =
            global["GlobalClusterMembers"].as_array().unwrap().iter().find(|one| one["IsWriter"] == true).unwrap();
        if global["Status"] == "available" && writer["DBClusterArn"].as_str().unwrap().contains(region) {
            assert!(global["FailoverState"].is_null());
            return;
        }
        assert!(Instant::now() < deadline, "{global}");
    }
}

/// An Aurora cluster from its making to a failover over regions, through the Rust SDK and lifeboat's own waiters.
#[tokio::test]
async fn aurora_is_made_fails_over_and_loses_what_had_not_arrived() {
    let (estate, folder) = (Estate::stand("60").await, tempfile::tempdir().unwrap());
    let aws = estate.aws(folder.path(), Duration::from_secs(30));
    let patience = Duration::from_secs(60);
    let done = |line: String| answered(&aws, line, patience);
    let refused = |line: &str, code| refused_with(&aws, line.to_owned(), code, patience);
    let create = "rds create-db-cluster --engine aurora-postgresql --db-cluster-identifier";
    let made = done(format!("{create} reports --master-username reports --manage-master-user-password")).await;
    assert_eq!(
        (made["DBCluster"]["Status"].as_str(), made["DBCluster"]["BackupRetentionPeriod"].as_i64()),
        (Some("creating"), Some(1))
    );
    refused(&format!("{create} reports --master-username reports"), "DBClusterAlreadyExistsFault").await;
    done("rds wait db-cluster-available --db-cluster-identifier reports".to_owned()).await;
    let instance = "rds create-db-instance --engine aurora-postgresql --db-instance-class db.r6g.large";
    for id in ["reports-1", "reports-2"] {
        done(format!("{instance} --db-instance-identifier {id} --db-cluster-identifier reports")).await;
    }
    refused(
        &format!(
            "{instance} --db-instance-identifier other --db-cluster-identifier reports --backup-retention-period 7"
        ),
        "InvalidParameterCombination",
    )
    .await;
    for id in ["reports-1", "reports-2"] {
        done(format!("rds wait db-instance-available --db-instance-identifier {id}")).await;
    }
    let writer = |cluster: &serde_json::Value| {
        let members = cluster["DBClusters"][0]["DBClusterMembers"].as_array().unwrap().clone();
        members.iter().find(|one| one["IsClusterWriter"] == true).unwrap()["DBInstanceIdentifier"].clone()
    };
    let describe = "rds describe-db-clusters --db-cluster-identifier reports".to_owned();
    assert_eq!(writer(&done(describe.clone()).await), "reports-1");
    done(
        "rds failover-db-cluster --db-cluster-identifier reports --target-db-instance-identifier reports-2".to_owned(),
    )
    .await;
    refused("rds failover-db-cluster --db-cluster-identifier reports", "InvalidDBClusterStateFault").await;
    let deadline = Instant::now() + patience;
    while writer(&done(describe.clone()).await) != "reports-2" {
        assert!(Instant::now() < deadline, "the writer did not change");
    }
    done("rds wait db-cluster-available --db-cluster-identifier reports".to_owned()).await;

    // A global cluster over both regions; a switchover and back would lose nothing, the loss of the region does.
    let arn = done(describe.clone()).await["DBClusters"][0]["DBClusterArn"].as_str().unwrap().to_owned();
    done(format!("rds create-global-cluster --global-cluster-identifier reports --source-db-cluster-identifier {arn}"))
        .await;
    let west = "--region us-west-2";
    done(format!("{create} reports-west --global-cluster-identifier reports {west}")).await;
    done(format!("rds wait db-cluster-available --db-cluster-identifier reports-west {west}")).await;
    let target = "arn:aws:rds:us-west-2:000000000000:cluster:reports-west";
    let over = format!("--global-cluster-identifier reports --target-db-cluster-identifier {target}");
    refused(&format!("rds switchover-global-cluster {over}"), "InvalidDBClusterStateFault").await;
    done(format!("{instance} --db-instance-identifier west-1 --db-cluster-identifier reports-west {west}")).await;
    done(format!("rds wait db-instance-available --db-instance-identifier west-1 {west}")).await;
    let begun = done(format!("rds switchover-global-cluster {over}")).await;
    let state = &begun["GlobalCluster"]["FailoverState"];
    assert_eq!(
        (begun["GlobalCluster"]["Status"].as_str(), state["Status"].as_str()),
        (Some("switching-over"), Some("pending"))
    );
    assert_eq!(state["IsDataLossAllowed"], false);
    primary_in(&aws, "us-west-2", patience).await;
    let back = format!(
        "rds switchover-global-cluster --global-cluster-identifier reports --target-db-cluster-identifier {arn} {west}"
    );
    done(back).await;
    primary_in(&aws, "us-east-1", patience).await;
    refused("rds delete-global-cluster --global-cluster-identifier reports", "InvalidGlobalClusterStateFault").await;
    refused(
        &format!("rds failover-global-cluster {over} --allow-data-loss --switchover"),
        "InvalidParameterCombination",
    )
    .await;

    estate.fault("region-failure");
    let deadline = Instant::now() + patience;
    while let Outcome::Answered { .. } = call(&aws, "sts get-caller-identity", Duration::from_secs(1)).await.outcome {
        assert!(Instant::now() < deadline, "the region goes on answering");
    }
    refused(&format!("rds switchover-global-cluster {over} {west}"), "InvalidGlobalClusterStateFault").await;
    done(format!("rds failover-global-cluster {over} --allow-data-loss {west}")).await;
    primary_in(&aws, "us-west-2", patience).await;
    estate.fault("region-return");
    let deadline = Instant::now() + patience;
    let kept = loop {
        let all = call(&aws, "rds describe-db-cluster-snapshots --snapshot-type automated", patience).await;
        if let Outcome::Answered { .. } = all.outcome
            && let Some(kept) = answer(&all)["DBClusterSnapshots"].as_array().unwrap().first()
        {
            break kept.clone();
        }
        assert!(Instant::now() < deadline, "what the old primary alone had was not kept");
    };
    assert!(
        kept["DBClusterSnapshotIdentifier"].as_str().unwrap().starts_with("rds:unplanned-global-failover-reports-")
    );
}

/// What is kept of a cluster, and what a restore of it leaves out, until all of it is gone again.
#[tokio::test]
async fn an_aurora_cluster_is_restored_without_instances_and_deleted_last() {
    let (estate, folder) = (Estate::stand("60").await, tempfile::tempdir().unwrap());
    let aws = estate.aws(folder.path(), Duration::from_secs(30));
    let patience = Duration::from_secs(60);
    let done = |line: String| answered(&aws, line, patience);
    let refused = |line: &str, code| refused_with(&aws, line.to_owned(), code, patience);
    let engine = "--engine aurora-postgresql";
    done(format!("rds create-db-cluster {engine} --db-cluster-identifier reports --master-username reports --manage-master-user-password")).await;
    done("rds wait db-cluster-available --db-cluster-identifier reports".to_owned()).await;
    let instance = "--db-instance-identifier reports-1";
    done(format!(
        "rds create-db-instance {engine} {instance} --db-cluster-identifier reports --db-instance-class db.r6g.large"
    ))
    .await;
    done(format!("rds wait db-instance-available {instance}")).await;
    let snapshot = "--db-cluster-snapshot-identifier kept";
    done(format!("rds create-db-cluster-snapshot {snapshot} --db-cluster-identifier reports")).await;
    let restore = format!(
        "rds restore-db-cluster-from-snapshot {engine} --db-cluster-identifier again --snapshot-identifier kept"
    );
    refused(&restore, "InvalidDBClusterSnapshotStateFault").await;
    done(format!("rds wait db-cluster-snapshot-available {snapshot}")).await;
    done("rds wait db-cluster-available --db-cluster-identifier reports".to_owned()).await;
    let arn = "arn:aws:rds:us-east-1:000000000000:cluster-snapshot:kept";
    let copy = format!("--source-db-cluster-snapshot-identifier {arn} --target-db-cluster-snapshot-identifier copied");
    done(format!("rds copy-db-cluster-snapshot {copy} --region us-west-2")).await;
    done(
        "rds wait db-cluster-snapshot-available --db-cluster-snapshot-identifier copied --region us-west-2".to_owned(),
    )
    .await;
    done(restore).await;
    let point =
        "rds restore-db-cluster-to-point-in-time --source-db-cluster-identifier reports --db-cluster-identifier";
    done(format!("{point} cloned --restore-type copy-on-write --use-latest-restorable-time")).await;
    refused(&format!("{point} later --restore-to-time 2040-01-01T00:00:00Z"), "InvalidRestoreFault").await;
    for id in ["again", "cloned"] {
        done(format!("rds wait db-cluster-available --db-cluster-identifier {id}")).await;
        let restored =
            done(format!("rds describe-db-clusters --db-cluster-identifier {id}")).await["DBClusters"][0].clone();
        assert_eq!(
            restored["DBClusterMembers"].as_array().map(Vec::len),
            Some(0),
            "whoever restores has no instance yet"
        );
        assert_eq!((&restored["DeletionProtection"], &restored["DBSubnetGroup"]), (&false.into(), &"default".into()));
    }
    let delete = "rds delete-db-cluster --skip-final-snapshot --db-cluster-identifier reports";
    refused(delete, "InvalidDBClusterStateFault").await;
    let last = format!("rds delete-db-instance {instance} --final-db-snapshot-identifier last");
    refused(&last, "InvalidParameterCombination").await;
    done(format!("rds delete-db-instance {instance} --skip-final-snapshot")).await;
    done(format!("rds wait db-instance-deleted {instance}")).await;
    done(delete.to_owned()).await;
    done("rds wait db-cluster-deleted --db-cluster-identifier reports".to_owned()).await;
    done(format!("rds delete-db-cluster-snapshot {snapshot}")).await;
    done(format!("rds wait db-cluster-snapshot-deleted {snapshot}")).await;
    refused("rds describe-db-clusters --db-cluster-identifier reports", "DBClusterNotFoundFault").await;
}
