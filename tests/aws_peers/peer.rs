//! A peer: an emulator or the estate, lifeboat's calls to it, and the AWS CLI's.

use std::cell::RefCell;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use lifeboat::engine::Outcome;
use lifeboat::exec::Reply;
use lifeboat::exec::aws::{Aws, AwsContext, Credentials, Reach};
use lifeboat::kernel::Secret;
use serde_json::{Value, json};

pub(crate) struct Peer {
    aws: Aws,
    cli: RefCell<Cli>,
    pub(crate) folder: tempfile::TempDir,
}

/// Returns moto's server, or says that the test is skipped.
pub(crate) fn moto(test: &str) -> Option<Peer> {
    moto_in("eu-west-1", test)
}

/// Returns moto's server for a test that lists what there is, and wants a region to itself.
pub(crate) fn moto_in(region: &str, test: &str) -> Option<Peer> {
    let python = python(test)?;
    let place = place(test, "LIFEBOAT_MOTO", "moto_server")?;
    let endpoint = format!("http://{place}");
    Some(Peer::at(&python, (&endpoint, &endpoint), region, ("AKIDPRACTICE", "s")))
}

/// Returns what a variable says of where an emulator is.
pub(crate) fn place(test: &str, variable: &str, what: &str) -> Option<String> {
    let place = std::env::var(variable).ok();
    if place.is_none() {
        println!("SKIPPED: {test}: set {variable}=host:port to a running {what}");
    }
    place
}

/// Returns the Python that has the AWS CLI.
pub(crate) fn python(test: &str) -> Option<String> {
    let python = std::env::var("LIFEBOAT_AWSCLI").ok();
    if python.is_none() {
        println!("SKIPPED: {test}: set LIFEBOAT_AWSCLI to a python that has awscli");
    }
    python
}

/// Is the AWS CLI, in a process that takes one call after the other.
struct Cli {
    process: Child,
    calls: Option<ChildStdin>,
    results: BufReader<ChildStdout>,
}

impl Drop for Cli {
    fn drop(&mut self) {
        // It ends when nobody has calls for it any more.
        drop(self.calls.take());
        drop(self.process.wait());
    }
}

impl Peer {
    /// Reaches one endpoint as lifeboat and one as the AWS CLI.
    pub(crate) fn at(python: &str, (ours, clis): (&str, &str), region: &str, (key, secret): (&str, &str)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let context = AwsContext {
            endpoint_url: Some(ours.to_owned()),
            region: Some(region.to_owned()),
            credentials: Some(Credentials { id: key.to_owned(), secret: Secret::new(secret.to_owned()), token: None }),
            reach: Reach::LoopbackOnly,
            poll: Duration::from_millis(60),
            folder: folder.path().to_owned(),
            ..AwsContext::default()
        };
        // The time format is the one that version 2 has by default.
        let config = folder.path().join("config");
        std::fs::write(&config, "[default]\ncli_timestamp_format = iso8601\n").unwrap();
        let mut process = Command::new(python)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/aws_peers/cli_calls.py"))
            .current_dir(folder.path())
            .env("AWS_ENDPOINT_URL", clis)
            .env("AWS_CONFIG_FILE", config)
            .env("AWS_REGION", region)
            .env("AWS_DEFAULT_REGION", region)
            .env("AWS_ACCESS_KEY_ID", key)
            .env("AWS_SECRET_ACCESS_KEY", secret)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (calls, results) = (process.stdin.take(), BufReader::new(process.stdout.take().unwrap()));
        let cli = RefCell::new(Cli { process, calls, results });
        Self { aws: Aws::new(context), cli, folder }
    }

    pub(crate) async fn reply(&self, line: &str) -> Reply {
        self.aws.call(&shlex::split(line).unwrap(), Duration::from_secs(20)).await
    }

    pub(crate) async fn text(&self, line: &str) -> String {
        let reply = self.reply(line).await;
        assert!(
            matches!(reply.outcome, Outcome::Answered { .. }),
            "{line}: {:?} {}",
            reply.outcome,
            String::from_utf8_lossy(&reply.stderr)
        );
        String::from_utf8(reply.stdout).unwrap()
    }

    pub(crate) async fn json(&self, line: &str) -> Value {
        let text = self.text(line).await;
        if text.is_empty() { json!({}) } else { serde_json::from_str(&text).unwrap() }
    }

    /// Runs a call by the AWS CLI: exit code, standard output and error.
    pub(crate) fn cli(&self, line: &str) -> (i32, String, String) {
        let mut cli = self.cli.borrow_mut();
        let words = json!(shlex::split(line).unwrap());
        writeln!(cli.calls.as_mut().unwrap(), "{words}").unwrap();
        let mut result = String::new();
        cli.results.read_line(&mut result).unwrap();
        serde_json::from_str(&result).unwrap_or_else(|_| panic!("the AWS CLI ended at: {line}"))
    }

    /// Compares a call with the AWS CLI's, and says in what they differ.
    ///
    /// `@@` in a call that acts is a name of ours in our call and one of the AWS CLI's in its own.
    pub(crate) async fn differs(&self, line: &str) -> Option<String> {
        let ours = self.reply(&line.replace("@@", "ours")).await;
        let (code, out, err) = self.cli(&line.replace("@@", "clis"));
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

    /// Panics with every call whose result differs from the AWS CLI's.
    pub(crate) async fn same(&self, lines: &[&str]) {
        let mut different = Vec::new();
        for line in lines {
            different.extend(self.differs(line).await);
        }
        assert!(different.is_empty(), "{} of {} differ:\n{}", different.len(), lines.len(), different.join("\n"));
    }
}

/// Hides what is another value a second later, or with another name.
fn masked(line: &str) -> String {
    static HIDDEN: LazyLock<Vec<(regex::Regex, &str)>> = LazyLock::new(|| {
        let hidden = [
            (r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+\+00:00", "<time>"),
            (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uuid>"),
            (r"\b(db|cluster)-[A-Z0-9]{20,}", "<resource>"),
            (r"(cluster|cluster-ro|global)-[0-9a-z]{8,12}\b", "<endpoint>"),
            (r#""[A-Z0-9]{14}""#, "<zone>"),
            (r#"-[A-Za-z]{6}""#, "<suffix>"),
            (r"\b(i|r|eni|vol|snap|acl|aclassoc|sgr)-[0-9a-f]{8,17}\b", "<id>"),
            (r#"VersionId": "[0-9a-f]{32}""#, "<version>"),
            (r"\b(ours|clis)\b", "@@"),
        ];
        hidden.map(|(pattern, name)| (regex::Regex::new(pattern).unwrap(), name)).into()
    });
    HIDDEN.iter().fold(line.to_owned(), |line, (pattern, name)| pattern.replace_all(&line, *name).into_owned())
}
