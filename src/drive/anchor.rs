//! Where a log stood is said outside of it: in S3, as an object that nobody can change, and by a time stamp authority.
//!
//! The folder `anchors` beside the log is the outbox: what could not be sent waits there, and is sent the next time.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha512};
use tokio::sync::mpsc;

use super::host::Heard;
use crate::engine::{Event, Input, Notice, Outcome};
use crate::exec::Reach;
use crate::exec::aws::{Aws, AwsContext};
use crate::exec::http::{self, HttpContext};
use crate::journal::{nonce_bytes, read_stamp, stamp_request};
use crate::kernel::SafeText;
use crate::runbook::Impact;
use crate::settings::config::Anchoring;
use crate::store::{self, LogPlace, Receipt, Statement};

/// How often a log is anchored while its run goes on, and what waits is tried again.
const EVERY: Duration = Duration::from_mins(5);
/// How long one place may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Anchors the log of one run.
#[derive(Clone, Debug)]
pub struct Anchorer {
    place: LogPlace,
    folder: PathBuf,
    run: String,
    object: Option<Object>,
    stamps: Option<(HttpContext, String)>,
    /// One at a time sends: the outbox is one.
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// Is where statements are put as objects.
#[derive(Clone, Debug)]
struct Object {
    aws: Aws,
    bucket: String,
    prefix: String,
    region: Option<String>,
    days: Option<u32>,
}

/// Says what came of anchoring, a sentence each.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// What is anchored now.
    pub anchored: Vec<String>,
    /// What is not, and why.
    pub failed: Vec<String>,
}

impl Anchorer {
    /// Makes one for a run's log, if the settings name a place.
    ///
    /// # Errors
    /// If they name none that can be.
    pub fn new(settings: &Anchoring, place: LogPlace, run: &str) -> Result<Option<Self>, String> {
        let Some(folder) = place.folder.clone() else { return Ok(None) };
        let object = match &settings.s3 {
            None => None,
            Some(url) => {
                let path = url.strip_prefix("s3://").filter(|path| !path.starts_with('/') && !path.is_empty());
                let path = path.ok_or_else(|| format!("`{url}` is no place in S3; write s3://BUCKET/PREFIX"))?;
                let (bucket, prefix) = path.split_once('/').unwrap_or((path, ""));
                let prefix = prefix.trim_end_matches('/');
                let context = AwsContext {
                    region: settings.region.clone(),
                    profile: settings.aws_profile.clone(),
                    ..AwsContext::default()
                };
                Some(Object {
                    aws: Aws::new(context),
                    bucket: bucket.to_owned(),
                    prefix: if prefix.is_empty() { String::new() } else { format!("{prefix}/") },
                    region: settings.region.clone(),
                    days: settings.days,
                })
            }
        };
        let http = HttpContext { timeout: PATIENCE, resolver: None, reach: Reach::Anywhere };
        let stamps = settings.timestamp.clone().map(|url| (http, url));
        let any = object.is_some() || stamps.is_some();
        Ok(any.then(|| Self { place, folder, run: run.to_owned(), object, stamps, turn: Arc::default() }))
    }

    /// States where the log stands, and sends what waits, the newest first.
    pub async fn send(&self) -> Told {
        let _turn = self.turn.lock().await;
        let mut told = Told::default();
        match store::stands(&self.place, &self.run) {
            Ok(Some(anchor)) => {
                if let Err(error) = store::state(&self.folder, anchor) {
                    told.failed.push(error.to_string());
                }
            }
            Ok(None) => {}
            Err(error) => told.failed.push(error.to_string()),
        }
        for statement in store::statements(&self.folder).iter().rev() {
            let lines = statement.anchor.lines;
            if let Some(object) = self.object.as_ref().filter(|_| !statement.has(Receipt::Object)) {
                let key = format!("s3://{}/{}", object.bucket, object.key(statement));
                match object.put(statement).await {
                    Ok(()) => told.anchored.push(format!("Line {lines} is anchored in {key}.")),
                    Err(why) => told.failed.push(format!("Line {lines} could not be anchored in {key}: {why}")),
                }
            }
            if let Some((http, url)) = self.stamps.as_ref().filter(|_| !statement.has(Receipt::Stamp)) {
                match stamp(http, url, statement).await {
                    Ok(at) => told.anchored.push(format!("Line {lines} was stamped at {at} by {url}.")),
                    Err(why) => told.failed.push(format!("Line {lines} could not be stamped: {why}")),
                }
            }
            if !told.failed.is_empty() {
                // Whoever does not answer now does not answer for the others either.
                break;
            }
        }
        told
    }

    /// Anchors at once, after whatever changed something, and from time to time, as long as a run is heard of.
    pub fn begin(self, inbox: mpsc::UnboundedSender<Input>) -> mpsc::UnboundedSender<Heard> {
        // Unbounded, both: a listener never holds the host up, and a word more or less does not matter.
        let (tell, mut heard) = mpsc::unbounded_channel();
        let (want, wanted) = mpsc::unbounded_channel();
        tokio::spawn(self.attend(wanted, inbox));
        tokio::spawn(async move {
            let mut grave = BTreeSet::new();
            while let Some(heard) = heard.recv().await {
                let Heard::Facts(facts) = heard else { continue };
                for fact in facts {
                    match &fact.event {
                        Event::AttemptStarted { attempt, impact, .. } if *impact > Impact::Observe => {
                            grave.insert(attempt.clone());
                        }
                        Event::AttemptFinished { attempt, .. } if grave.remove(attempt) => drop(want.send(())),
                        _ => {}
                    }
                }
            }
        });
        tell
    }

    /// Anchors from time to time, until whoever holds the other end of `wanted` is gone; each word there anchors at once.
    /// What came of it is told in the log: a success that ends a failure, and the first failure of a row.
    async fn attend(self, mut wanted: mpsc::UnboundedReceiver<()>, inbox: mpsc::UnboundedSender<Input>) {
        let mut failing = false;
        loop {
            // Several words are one.
            while wanted.try_recv().is_ok() {}
            let Told { anchored, failed } = self.send().await;
            let news = match (failed.first(), anchored.first()) {
                (Some(why), _) if !failing => Some(format!("{why}. It is tried again every few minutes.")),
                (None, Some(what)) if failing => Some(what.clone()),
                _ => None,
            };
            failing = !failed.is_empty();
            if let Some(news) = news {
                // A host that ended has no use for it.
                drop(inbox.send(Input::Host(Notice::Remark(SafeText::line(&news).into_string()))));
            }
            match tokio::time::timeout(EVERY, wanted.recv()).await {
                Ok(Some(())) | Err(_) => {}
                Ok(None) => return,
            }
        }
    }
}

impl Object {
    /// Names the object of a statement.
    fn key(&self, statement: &Statement) -> String {
        format!("{}{}/{:08}.txt", self.prefix, statement.anchor.run, statement.anchor.lines)
    }

    /// Puts a statement where there is none; one that is there has to be the same.
    async fn put(&self, statement: &Statement) -> Result<(), String> {
        let key = self.key(statement);
        let path = std::path::absolute(&statement.path).map_err(|error| error.to_string())?;
        let mut words = vec!["s3api".to_owned(), "put-object".to_owned()];
        let mut with = |option: &str, value: &str| words.extend([option.to_owned(), value.to_owned()]);
        with("--bucket", &self.bucket);
        with("--key", &key);
        with("--body", &path.to_string_lossy());
        with("--content-type", "text/plain");
        with("--if-none-match", "*");
        if let Some(region) = &self.region {
            with("--region", region);
        }
        if let Some(days) = self.days {
            let until = chrono::Utc::now() + chrono::Duration::days(i64::from(days));
            with("--object-lock-mode", "COMPLIANCE");
            with("--object-lock-retain-until-date", &until.format("%Y-%m-%dT%H:%M:%SZ").to_string());
        }
        let reply = self.aws.call(&words, PATIENCE).await;
        let receipt = match reply.outcome {
            Outcome::Answered { .. } => reply.stdout,
            // An answer that was lost, or somebody else's statement.
            Outcome::AwsRefused { ref code, .. } if code == "PreconditionFailed" || code == "412" => {
                self.is_the_same(statement, &key).await?;
                b"{}\n".to_vec()
            }
            other => return Err(other.words()),
        };
        let place = format!("{{\"bucket\":{:?},\"key\":{key:?},\"answer\":", self.bucket).into_bytes();
        let answer = if receipt.is_empty() { &b"{}"[..] } else { receipt.trim_ascii() };
        let receipt = [&place, answer, b"}\n"].concat();
        statement.keep(Receipt::Object, &receipt).map_err(|error| error.to_string())
    }

    async fn is_the_same(&self, statement: &Statement, key: &str) -> Result<(), String> {
        let folder = tempfile_beside(&statement.path);
        let mut words = ["s3api", "get-object", "--bucket", &self.bucket, "--key", key].map(str::to_owned).to_vec();
        if let Some(region) = &self.region {
            words.extend(["--region".to_owned(), region.clone()]);
        }
        words.push(folder.to_string_lossy().into_owned());
        let reply = self.aws.call(&words, PATIENCE).await;
        let there = std::fs::read_to_string(&folder);
        drop(std::fs::remove_file(&folder));
        match (reply.outcome, there) {
            (Outcome::Answered { .. }, Ok(text)) if text == statement.anchor.text() => Ok(()),
            (Outcome::Answered { .. }, Ok(_)) => {
                Err("another statement about this run is there: somebody anchored another log in its name".to_owned())
            }
            (Outcome::Answered { .. }, Err(error)) => Err(error.to_string()),
            (other, _) => Err(format!("one is there already, and can't be read: {}", other.words())),
        }
    }
}

/// Names a file beside a statement, for what is compared with it.
fn tempfile_beside(path: &std::path::Path) -> PathBuf {
    let path = path.with_extension("there");
    std::path::absolute(&path).unwrap_or(path)
}

/// Asks an authority for a stamp, and keeps it if it is one over this statement. Gives its time.
async fn stamp(http: &HttpContext, url: &str, statement: &Statement) -> Result<String, String> {
    let digest = Sha512::digest(statement.anchor.text().as_bytes()).into();
    let nonce = store::nonce().map_err(|error| error.to_string())?;
    let request = stamp_request(&digest, nonce);
    let answer = http::post(http, url, "application/timestamp-query", request).await?;
    let stamp = read_stamp(&answer).map_err(|why| format!("{url} {why}"))?;
    if stamp.digest != digest || stamp.nonce.as_ref() != Some(&nonce_bytes(nonce)) {
        return Err(format!("{url} answered another request"));
    }
    statement.keep(Receipt::Stamp, &answer).map_err(|error| error.to_string())?;
    Ok(stamp.at.format("%Y-%m-%dT%H:%M:%SZ").to_string())
}
