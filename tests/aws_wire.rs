//! The AWS adapter against servers that misbehave: they hang, close, dribble, throttle, lose answers.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use lifeboat::engine::Outcome;
use lifeboat::exec::Reply;
use lifeboat::exec::aws::{Aws, AwsContext, Credentials, Reach};
use lifeboat::kernel::Secret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Is what the server does with one request.
#[derive(Clone, Debug)]
enum Act {
    /// Answers with this status and body.
    Answer(u16, String),
    /// Answers never.
    Hang,
    /// Closes the connection without a word: an answer that is lost.
    Close,
    /// Sends the head and half of the body, then nothing.
    Dribble,
    /// Announces a body and closes in its middle.
    BreakOff,
}

struct Server {
    endpoint: String,
    requests: Arc<AtomicUsize>,
    seen: Arc<Mutex<Vec<String>>>,
}

/// Starts a server that performs `script` request by request, and its last act for ever.
async fn server(script: Vec<Act>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::new(AtomicUsize::new(0));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (count, heard, script) = (Arc::clone(&requests), Arc::clone(&seen), Arc::new(script));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&script), Arc::clone(&count), Arc::clone(&heard)));
        }
    });
    Server { endpoint, requests, seen }
}

async fn serve(mut stream: TcpStream, script: Arc<Vec<Act>>, count: Arc<AtomicUsize>, seen: Arc<Mutex<Vec<String>>>) {
    while let Some(request) = read_request(&mut stream).await {
        seen.lock().unwrap().push(request);
        let at = count.fetch_add(1, Ordering::SeqCst);
        let act = script.get(at).or(script.last()).cloned().unwrap_or(Act::Close);
        let head = |status: u16, length: usize| {
            format!(
                "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nx-amzn-requestid: r-{at}\r\ndate: Sun, 22 Nov 2026 16:00:00 GMT\r\n\r\n"
            )
        };
        match act {
            Act::Answer(status, body) => {
                let answer = format!("{}{body}", head(status, body.len()));
                if stream.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
            }
            Act::Hang => std::future::pending::<()>().await,
            Act::Close => return,
            Act::Dribble => {
                drop(stream.write_all(format!("{}<Desc", head(200, 1000)).as_bytes()).await);
                std::future::pending::<()>().await;
            }
            Act::BreakOff => {
                drop(stream.write_all(format!("{}<Desc", head(200, 1000)).as_bytes()).await);
                return;
            }
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut seen = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).await.ok().filter(|read| *read > 0)?;
        seen.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&seen).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                return Some(text);
            }
        }
    }
}

fn aws(endpoint: &str) -> Aws {
    Aws::new(AwsContext {
        endpoint_url: Some(endpoint.to_owned()),
        region: Some("eu-west-1".to_owned()),
        credentials: Some(Credentials {
            id: "AKIDPRACTICE".to_owned(),
            secret: Secret::new("s".to_owned()),
            token: None,
        }),
        reach: Reach::LoopbackOnly,
        call_timeout: Duration::from_millis(600),
        poll: Duration::from_millis(30),
        ..AwsContext::default()
    })
}

async fn call(server: &Server, line: &str) -> Reply {
    aws(&server.endpoint).call(&shlex::split(line).unwrap(), Duration::from_secs(10)).await
}

fn instances(status: &str) -> Act {
    Act::Answer(
        200,
        format!(
            "<DescribeDBInstancesResponse><DescribeDBInstancesResult><DBInstances><DBInstance>\
             <DBInstanceIdentifier>orders</DBInstanceIdentifier><DBInstanceStatus>{status}</DBInstanceStatus>\
             <PendingModifiedValues/></DBInstance></DBInstances></DescribeDBInstancesResult></DescribeDBInstancesResponse>"
        ),
    )
}

fn promoted() -> Act {
    let body = "<PromoteReadReplicaResponse><PromoteReadReplicaResult><DBInstance>\
        <DBInstanceIdentifier>orders</DBInstanceIdentifier><DBInstanceStatus>modifying</DBInstanceStatus>\
        </DBInstance></PromoteReadReplicaResult></PromoteReadReplicaResponse>";
    Act::Answer(200, body.to_owned())
}

fn error(status: u16, code: &str) -> Act {
    let body = format!("<ErrorResponse><Error><Code>{code}</Code><Message>said so</Message></Error></ErrorResponse>");
    Act::Answer(status, body)
}

fn unreachable(reply: &Reply) -> &str {
    let Outcome::Unreachable { error } = &reply.outcome else { panic!("{:?}", reply.outcome) };
    error
}

const PROMOTE: &str = "rds promote-read-replica --db-instance-identifier orders";
const LOOK: &str = "rds describe-db-instances --query 'DBInstances[0].DBInstanceStatus' --output text";
const WAIT: &str = "rds wait db-instance-available --db-instance-identifier orders";

#[tokio::test]
async fn a_server_that_does_not_answer_is_given_up_in_time() {
    for act in [Act::Hang, Act::Dribble] {
        for line in [PROMOTE, LOOK, "s3api head-object --bucket b --key k", "sts get-caller-identity", WAIT] {
            let server = server(vec![act.clone()]).await;
            let began = Instant::now();
            let aws = aws(&server.endpoint);
            let reply = aws.call(&shlex::split(line).unwrap(), Duration::from_millis(1500)).await;
            assert!(began.elapsed() < Duration::from_secs(4), "{line}: {:?}", began.elapsed());
            match reply.outcome {
                Outcome::Unreachable { error } => assert!(error.contains("no answer"), "{line}: {error}"),
                Outcome::TimedOut { after_ms } => assert_eq!((line, after_ms), (WAIT, 1500)),
                // The head of an answer is the whole answer to a HEAD request.
                Outcome::Answered { .. } => assert!(line.contains("head-object"), "{line}"),
                other => panic!("{line}: {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn an_act_is_sent_once_when_its_answer_is_lost() {
    for act in
        [Act::Close, Act::Hang, Act::BreakOff, error(500, "InternalFailure"), Act::Answer(503, "<html/>".to_owned())]
    {
        let server = server(vec![act.clone(), promoted()]).await;
        let reply = call(&server, PROMOTE).await;
        assert!(reply.outcome.is_transient(), "{act:?}: {:?}", reply.outcome);
        assert_eq!(server.requests.load(Ordering::SeqCst), 1, "{act:?}");
        assert!(reply.outcome.words().contains("whether AWS acted is not known"), "{act:?}: {:?}", reply.outcome);
    }
}

#[tokio::test]
async fn an_act_that_was_throttled_is_sent_again() {
    let server = server(vec![error(400, "Throttling"), promoted()]).await;
    let reply = call(&server, PROMOTE).await;
    assert_eq!(reply.outcome, Outcome::Answered { status: Some(200) });
    assert_eq!(server.requests.load(Ordering::SeqCst), 2);
    assert_eq!(reply.aws.unwrap().request_id.as_deref(), Some("r-1"));
}

#[tokio::test]
async fn a_look_is_sent_again() {
    for act in [Act::Close, error(500, "InternalFailure"), error(400, "Throttling")] {
        let server = server(vec![act.clone(), instances("available")]).await;
        let context = Aws::new(AwsContext {
            endpoint_url: Some(server.endpoint.clone()),
            credentials: Some(Credentials { id: "A".to_owned(), secret: Secret::new("s".to_owned()), token: None }),
            reach: Reach::LoopbackOnly,
            ..AwsContext::default()
        });
        let reply = context.call(&shlex::split(LOOK).unwrap(), Duration::from_secs(10)).await;
        assert_eq!(String::from_utf8(reply.stdout).unwrap(), "available\n", "{act:?}: {:?}", reply.outcome);
        assert_eq!(server.requests.load(Ordering::SeqCst), 2, "{act:?}");
    }
}

#[tokio::test]
async fn throttling_that_goes_on_is_said() {
    let server = server(vec![error(400, "Throttling")]).await;
    let reply = call(&server, PROMOTE).await;
    assert_eq!(reply.outcome, Outcome::Throttled { code: "Throttling".to_owned(), message: "said so".to_owned() });
    assert_eq!(server.requests.load(Ordering::SeqCst), 3);
    assert_eq!(
        String::from_utf8(reply.stderr).unwrap(),
        "\nAn error occurred (Throttling) when calling the PromoteReadReplica operation: said so\n"
    );
}

#[tokio::test]
async fn a_refusal_is_permanent_and_kept_with_its_receipt() {
    let server = server(vec![error(400, "InvalidDBInstanceState")]).await;
    let reply = call(&server, PROMOTE).await;
    let Outcome::AwsRefused { code, .. } = &reply.outcome else { panic!("{:?}", reply.outcome) };
    assert_eq!(code, "InvalidDBInstanceState");
    let receipt = reply.aws.unwrap();
    assert_eq!(receipt.operation, "rds:PromoteReadReplica");
    assert_eq!(receipt.region, "eu-west-1");
    assert_eq!((receipt.status, receipt.request_id.as_deref()), (Some(400), Some("r-0")));
    assert_eq!(receipt.date.as_deref(), Some("Sun, 22 Nov 2026 16:00:00 GMT"));
}

#[tokio::test]
async fn nobody_listening_means_that_nothing_was_done() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let reply = aws(&endpoint).call(&shlex::split(PROMOTE).unwrap(), Duration::from_secs(5)).await;
    let error = unreachable(&reply);
    assert!(error.contains("refused") && !error.contains("not known"), "{error}");
}

#[tokio::test]
async fn an_answer_that_is_no_answer_is_not_taken_for_one() {
    for body in ["<html>captive portal", "not xml", &"<a>".repeat(5000)] {
        let server = server(vec![Act::Answer(200, body.to_owned())]).await;
        let reply = call(&server, LOOK).await;
        assert!(unreachable(&reply).contains("not XML"), "{:?}", reply.outcome);
    }
}

#[tokio::test]
async fn a_waiter_sees_the_whole_way() {
    let script = ["available", "modifying", "rebooting", "backing-up", "available"].map(instances);
    let mut script = script.to_vec();
    script.insert(2, error(503, "ServiceUnavailable"));
    script.insert(0, promoted());
    let server = server(script).await;
    let aws = aws(&server.endpoint);
    let words = |line: &str| shlex::split(line).unwrap();
    let reply = aws.call(&words(PROMOTE), Duration::from_secs(5)).await;
    assert_eq!(reply.outcome, Outcome::Answered { status: Some(200) });
    let reply = aws.call(&words(WAIT), Duration::from_secs(10)).await;
    assert_eq!(reply.outcome, Outcome::Answered { status: Some(200) }, "{}", String::from_utf8_lossy(&reply.stderr));
    assert!(server.requests.load(Ordering::SeqCst) >= 8);
    assert_eq!((reply.stdout, reply.stderr), (Vec::new(), Vec::new()));
}

#[tokio::test]
async fn a_waiter_fails_at_once_on_what_waiting_does_not_mend() {
    let server = server(vec![instances("modifying"), instances("storage-full")]).await;
    let reply = call(&server, WAIT).await;
    let Outcome::AwsRefused { code, message } = &reply.outcome else { panic!("{:?}", reply.outcome) };
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("WaiterFailed", "`orders` is `storage-full`, which waiting does not mend")
    );
}

#[tokio::test]
async fn a_waiter_says_what_it_saw_last() {
    let server = server(vec![instances("modifying")]).await;
    let aws = aws(&server.endpoint);
    let reply = aws.call(&shlex::split(WAIT).unwrap(), Duration::from_millis(200)).await;
    assert_eq!(reply.outcome, Outcome::TimedOut { after_ms: 200 });
    assert!(String::from_utf8(reply.stderr).unwrap().contains("`orders` is `modifying`"));
}

#[tokio::test]
async fn a_drill_stays_on_this_machine() {
    let elsewhere = aws("https://rds.us-east-1.amazonaws.com");
    let none = Aws::new(AwsContext { reach: Reach::LoopbackOnly, ..AwsContext::default() });
    let nonsense = aws("nonsense");
    let reply = nonsense.call(&shlex::split(PROMOTE).unwrap(), Duration::from_secs(5)).await;
    assert!(reply.outcome.words().contains("is not an address"), "{:?}", reply.outcome);
    for aws in [elsewhere, none] {
        let reply = aws.call(&shlex::split(PROMOTE).unwrap(), Duration::from_secs(5)).await;
        let Outcome::Unusable { error } = &reply.outcome else { panic!("{:?}", reply.outcome) };
        assert!(error.contains("this machine only"), "{error}");
        assert!(reply.aws.is_none());
    }
}

#[tokio::test]
async fn what_can_not_be_called_is_one_sentence_and_sends_nothing() {
    let server = server(vec![promoted()]).await;
    for (line, said) in [
        ("rds promote-read-replica", "needs `--db-instance-identifier`"),
        ("rds promote-read-replica --db-instance-identifier orders --backup-retention-period many", "not a number"),
        ("rds promote-read-replica --db-instance-identifier orders --query 'a['", "not a JMESPath expression"),
        ("rds modify-db-instance --db-instance-identifier orders --multi-az yes", "takes no value"),
        ("rds describe-events --start-time yesterday", "not a time"),
        ("s3api put-object --bucket b --key k --body nowhere.txt", "can't read"),
        ("route53 change-resource-record-sets --hosted-zone-id Z --change-batch nonsense", "neither JSON nor"),
        ("route53 change-resource-record-sets --hosted-zone-id Z --change-batch {\"Changes\":", "not JSON"),
        ("route53 change-resource-record-sets --hosted-zone-id Z --change-batch '{}'", "`changes` is missing"),
        ("s3api head-object --bucket '' --key k", "can't be made"),
        ("lambda invoke", "does not know"),
    ] {
        let reply = call(&server, line).await;
        let Outcome::Unusable { error } = &reply.outcome else { panic!("{line}: {:?}", reply.outcome) };
        assert!(error.contains(said), "{line}: {error}");
        assert!(!error.contains('\n'), "{line}: {error}");
    }
    assert_eq!(server.requests.load(Ordering::SeqCst), 0);
}

/// Runs the test `inner` of this program again with an environment of its own.
fn again(inner: &str, environment: &[(&str, &str)]) {
    let home = tempfile::tempdir().unwrap();
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args([inner, "--exact", "--nocapture"])
        .env_clear()
        .env("LIFEBOAT_TEST_INNER", inner)
        .env("HOME", home.path())
        // Nobody may ask the real metadata service from a test.
        .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:9")
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn is_inner(inner: &str) -> bool {
    std::env::var("LIFEBOAT_TEST_INNER").is_ok_and(|running| running == inner)
}

#[tokio::test]
async fn no_credentials_is_one_sentence() {
    if !is_inner("no_credentials_is_one_sentence") {
        again("no_credentials_is_one_sentence", &[]);
        return;
    }
    let server = server(vec![promoted()]).await;
    let began = Instant::now();
    for (profile, said) in [(None, "no AWS credentials are to be found"), (Some("prod"), "prod")] {
        let aws = Aws::new(AwsContext {
            endpoint_url: Some(server.endpoint.clone()),
            region: Some("eu-west-1".to_owned()),
            profile: profile.map(str::to_owned),
            ..AwsContext::default()
        });
        let reply = aws.call(&shlex::split(PROMOTE).unwrap(), Duration::from_secs(20)).await;
        let Outcome::Unusable { error } = &reply.outcome else { panic!("{:?}", reply.outcome) };
        assert!(error.contains(said) && !error.contains('\n'), "{error}");
    }
    let aws = Aws::new(AwsContext { endpoint_url: Some(server.endpoint.clone()), ..AwsContext::default() });
    let reply = aws.call(&shlex::split(LOOK).unwrap(), Duration::from_secs(20)).await;
    let Outcome::Unusable { error } = &reply.outcome else { panic!("{:?}", reply.outcome) };
    assert!(error.contains("no region is set"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(server.requests.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn environment_and_profile_are_read() {
    if !is_inner("environment_and_profile_are_read") {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        std::fs::write(path("config"), "[profile prod]\nregion = sa-east-1\n").unwrap();
        std::fs::write(path("credentials"), "[prod]\naws_access_key_id = A\naws_secret_access_key = s\n").unwrap();
        again(
            "environment_and_profile_are_read",
            &[("AWS_CONFIG_FILE", &path("config")), ("AWS_SHARED_CREDENTIALS_FILE", &path("credentials"))],
        );
        return;
    }
    let server = server(vec![promoted()]).await;
    let aws = Aws::new(AwsContext {
        endpoint_url: Some(server.endpoint.clone()),
        profile: Some("prod".to_owned()),
        ..AwsContext::default()
    });
    let reply = aws.call(&shlex::split(PROMOTE).unwrap(), Duration::from_secs(5)).await;
    assert_eq!(reply.outcome, Outcome::Answered { status: Some(200) });
    assert_eq!(reply.aws.unwrap().region, "sa-east-1");
}

#[tokio::test]
async fn json_services_are_called_signed_and_understood() {
    let refused = r#"{"__type":"com.amazonaws.kms#KMSInvalidStateException","message":"it is pending deletion"}"#;
    let server = server(vec![
        Act::Answer(200, r#"{"KeyMetadata":{"KeyState":"PendingDeletion","DeletionDate":1764000000.0}}"#.to_owned()),
        Act::Answer(400, refused.to_owned()),
    ])
    .await;
    let reply =
        call(&server, "kms describe-key --key-id k --query KeyMetadata.[KeyState,DeletionDate] --output text").await;
    assert_eq!(String::from_utf8(reply.stdout).unwrap(), "PendingDeletion\t2025-11-24T16:00:00+00:00\n");
    let receipt = reply.aws.unwrap();
    assert_eq!((receipt.operation.as_str(), receipt.region.as_str()), ("kms:DescribeKey", "eu-west-1"));
    assert_eq!(receipt.request_id.as_deref(), Some("r-0"));
    let reply = call(&server, "kms enable-key --key-id k").await;
    assert_eq!(
        String::from_utf8(reply.stderr).unwrap(),
        "\nAn error occurred (KMSInvalidStateException) when calling the EnableKey operation: it is pending deletion\n"
    );
    let seen = server.seen.lock().unwrap().clone();
    let first = seen[0].to_lowercase();
    assert!(
        first.contains("x-amz-target: trentservice.describekey") && seen[0].ends_with(r#"{"KeyId":"k"}"#),
        "{first}"
    );
    assert!(first.contains("/eu-west-1/kms/aws4_request"), "{first}");
}

#[tokio::test]
async fn a_call_with_a_token_is_sent_again_with_the_same_token() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("secret"), "hunter2").unwrap();
    let server = server(vec![Act::Close, Act::Answer(200, r#"{"Name":"n"}"#.to_owned())]).await;
    let line = format!(
        "secretsmanager put-secret-value --secret-id n --secret-string file://{}",
        folder.path().join("secret").display()
    );
    let reply = call(&server, &line).await;
    assert_eq!(reply.outcome, Outcome::Answered { status: Some(200) });
    let seen = server.seen.lock().unwrap().clone();
    let body = |request: &String| request.split_once("\r\n\r\n").unwrap().1.to_owned();
    assert_eq!(seen.len(), 2);
    assert_eq!(body(&seen[0]), body(&seen[1]));
    assert!(body(&seen[0]).contains("ClientRequestToken") && body(&seen[0]).contains("hunter2"));
}

#[tokio::test]
async fn a_call_that_reads_elsewhere_is_signed_for_there_too() {
    let body = "<CopyDBSnapshotResponse><CopyDBSnapshotResult><DBSnapshot><Status>creating</Status></DBSnapshot></CopyDBSnapshotResult></CopyDBSnapshotResponse>";
    let server = server(vec![Act::Answer(200, body.to_owned())]).await;
    let line = "rds copy-db-snapshot --source-db-snapshot-identifier arn:aws:rds:us-east-1:1:snapshot:s \
        --target-db-snapshot-identifier t --kms-key-id k --source-region us-east-1 --region us-west-2";
    assert_eq!(call(&server, line).await.outcome, Outcome::Answered { status: Some(200) });
    let request = server.seen.lock().unwrap()[0].clone();
    let fields: Vec<(String, String)> =
        form_urlencoded::parse(request.split_once("\r\n\r\n").unwrap().1.as_bytes()).into_owned().collect();
    let field = |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str());
    assert_eq!((field("SourceRegion"), field("KmsKeyId")), (None, Some("k")));
    let there = field("PreSignedUrl").unwrap();
    for part in
        ["Action=CopyDBSnapshot", "DestinationRegion=us-west-2", "X-Amz-Signature=", "us-east-1%2Frds%2Faws4_request"]
    {
        assert!(there.contains(part), "{part}: {there}");
    }
    assert!(!there.contains("PreSignedUrl"), "{there}");
}

#[tokio::test]
async fn credentials_that_expire_during_a_wait_end_it_with_the_next_step() {
    let server = server(vec![instances("modifying"), error(403, "ExpiredToken")]).await;
    let reply = call(&server, WAIT).await;
    let Outcome::AwsRefused { code, .. } = &reply.outcome else { panic!("{:?}", reply.outcome) };
    assert_eq!(code, "ExpiredToken");
    assert!(String::from_utf8(reply.stderr).unwrap().contains("renew them"));
}

#[tokio::test]
async fn what_is_gone_was_waited_for() {
    let server = server(vec![instances("deleting"), error(404, "DBInstanceNotFound")]).await;
    let reply = call(&server, "rds wait db-instance-deleted --db-instance-identifier orders").await;
    assert_eq!(reply.outcome, Outcome::Answered { status: Some(404) });
    assert_eq!(reply.stderr, b"");
}

#[tokio::test]
async fn an_object_has_its_name_when_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let context = |endpoint: &str| AwsContext {
        endpoint_url: Some(endpoint.to_owned()),
        region: Some("eu-west-1".to_owned()),
        credentials: Some(Credentials { id: "A".to_owned(), secret: Secret::new("s".to_owned()), token: None }),
        reach: Reach::LoopbackOnly,
        folder: folder.path().to_owned(),
        ..AwsContext::default()
    };
    let get = shlex::split("s3api get-object --bucket b --key k dump.sql --query ContentLength").unwrap();
    let whole = server(vec![Act::Answer(200, "select 1;\n".repeat(100_000))]).await;
    let reply = Aws::new(context(&whole.endpoint)).call(&get, Duration::from_secs(20)).await;
    assert_eq!(
        (reply.outcome, reply.stdout.as_slice()),
        (Outcome::Answered { status: Some(200) }, b"1000000\n".as_slice())
    );
    assert_eq!(std::fs::metadata(folder.path().join("dump.sql")).unwrap().len(), 1_000_000);
    std::fs::remove_file(folder.path().join("dump.sql")).unwrap();
    let broken = server(vec![Act::BreakOff]).await;
    let reply = Aws::new(context(&broken.endpoint)).call(&get, Duration::from_secs(20)).await;
    assert!(matches!(reply.outcome, Outcome::Unreachable { .. }), "{:?}", reply.outcome);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
