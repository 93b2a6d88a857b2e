//! The AWS adapter against a practice estate in trouble: a region that hangs, a session that ends in the middle of a wait,
//! a prefix with a hundred thousand versions. Its own process, whose memory is measured.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::time::{Duration, Instant};

use lifeboat::engine::Outcome;
use lifeboat::estate::EstateRecord;
use lifeboat::exec::Reply;
use lifeboat::exec::aws::{Aws, AwsContext, Credentials, Reach};
use lifeboat::kernel::Secret;

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

    async fn aws(&self, folder: &Path, call_timeout: Duration) -> Aws {
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
        .await
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
    let aws = estate.aws(folder.path(), Duration::from_millis(400)).await;
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
    let aws = estate.aws(folder.path(), Duration::from_secs(30)).await;
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

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_versions_are_listed_and_deleted_in_little_memory() {
    const VERSIONS: usize = 100_000;
    let (estate, folder) = (Estate::stand("1").await, tempfile::tempdir().unwrap());
    let aws = estate.aws(folder.path(), Duration::from_secs(30)).await;
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
