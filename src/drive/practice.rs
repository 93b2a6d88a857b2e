//! The practice estate as a drill uses it: raise it in a process of its own, break it, ask what customers saw, end it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::engine::Outcome;
use crate::estate::model::truth::Truth;
use crate::estate::{DataServed, DataWish, EstateRecord, ManifestTaker};
use crate::exec::Reach;
use crate::exec::fingerprint::{self, AppendOnly, Snapshot, Wish};
use crate::exec::http::{self, HttpContext};
use crate::exec::sql::{SqlContext, parse_url};
use crate::report::{Corruption, Customers, Exercised};
use crate::ui::Monitoring;

/// How long an estate may take to stand, and a fault to reach the customers, beyond its own time.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a failover may take in the estate's own time that plays before an exercise.
const LONGEST_FAILOVER: Duration = Duration::from_secs(1_800);

/// How long an estate may take to end.
const LAST_WORDS: Duration = Duration::from_secs(20);

/// The scenarios that the practice estate can play: faults by which one begins.
pub const SCENARIOS: [&str; 7] =
    ["instance-failure", "az-failure", "region-failure", FAILBACK, "data-corruption", "accidental-deletion", EXERCISE];

/// The scenario that begins when a failover is over.
const FAILBACK: &str = "region-failback";

/// The scenario in which nothing is broken: a backup is restored beside what goes on.
const EXERCISE: &str = "restore-drill";

/// The scenarios of which somebody is alarmed: those that a drill can hide.
pub const ALARMING: [&str; 5] =
    ["instance-failure", "az-failure", "region-failure", "data-corruption", "accidental-deletion"];

/// Scenarios whose fault can come in several ways, one at a time.
const FAIL_ONCE: [&str; 2] = ["instance-failure", "az-failure"];

/// The scenario that nobody notices at first: the estate's clock goes on at once until somebody does.
const UNNOTICED: &str = "data-corruption";

/// Says why there is no practice estate.
#[derive(Debug, thiserror::Error)]
pub enum PracticeError {
    /// The process could not be started.
    #[error("the practice estate could not be started: {0}")]
    Start(std::io::Error),
    /// It ended before it stood.
    #[error("the practice estate did not come up: {0}")]
    Ended(String),
    /// It took too long.
    #[error("the practice estate did not come up within {} s", PATIENCE.as_secs())]
    Late,
    /// Its console refused or did not answer.
    #[error("the practice estate's console: {0}")]
    Console(String),
}

/// Returns what takes the manifest of an estate's databases: lifeboat's own fingerprint.
pub fn manifest_taker() -> ManifestTaker {
    ManifestTaker::new(|(url, snapshot), (table, column)| async move {
        let database = parse_url(&url, None).map_err(|bad| bad.to_string())?;
        let cx = SqlContext { timeout: PATIENCE, resolver: None, reach: Reach::LoopbackOnly };
        let (append_only, of) = ([AppendOnly { table, column }], Snapshot::Exported(&snapshot));
        let (mut said, never) = (|_: &str| (), std::future::pending());
        let taken = fingerprint::take(&cx, &database, (Wish::Whole(&append_only), of), &mut said, never).await;
        Ok(taken.map_err(|error| error.to_string())?.write())
    })
}

/// Is a standing estate.
#[derive(Debug)]
pub struct Practice {
    folder: PathBuf,
    record: EstateRecord,
    /// The process, if it is ours: it ends with this value at the latest.
    process: tokio::sync::Mutex<Option<tokio::process::Child>>,
}

#[derive(Debug, Deserialize)]
struct Alarm {
    onset: Option<DateTime<Utc>>,
    says: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Faults {
    injected: Vec<Injected>,
    failing_over: bool,
}

#[derive(Debug, Deserialize)]
struct Injected {
    noticed: bool,
}

#[derive(Debug, Deserialize)]
struct Complaint {
    error: String,
}

impl Practice {
    /// Starts an estate in `folder` and waits until it stands.
    ///
    /// # Errors
    /// [`PracticeError`], with what the estate said last.
    pub async fn raise(
        program: &Path,
        folder: &Path,
        (seed, speed): (u64, u32),
        data: DataWish,
    ) -> Result<Self, PracticeError> {
        let data = match data {
            DataWish::Best => "best",
            DataWish::Postgres => "postgres",
            DataWish::Modelled => "modelled",
        };
        let complaints_path = folder.with_extension("err");
        let complaints = std::fs::File::create(&complaints_path).map_err(PracticeError::Start)?;
        let mut child = tokio::process::Command::new(program)
            .args([
                "estate",
                "up",
                "--own-session",
                "--seed",
                &seed.to_string(),
                "--speed",
                &speed.to_string(),
                "--data",
                data,
                "--dir",
            ])
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(complaints)
            // Whoever gives up raising it, or using it, leaves nothing standing.
            .kill_on_drop(true)
            .spawn()
            .map_err(PracticeError::Start)?;
        let began = Instant::now();
        loop {
            if let Ok(Some(record)) = EstateRecord::read(folder) {
                let process = tokio::sync::Mutex::new(Some(child));
                return Ok(Self { folder: folder.to_owned(), record, process });
            }
            if let Ok(Some(_)) = child.try_wait() {
                let said = std::fs::read_to_string(&complaints_path).unwrap_or_default();
                return Err(PracticeError::Ended(said.trim().to_owned()));
            }
            if began.elapsed() > PATIENCE {
                return Err(PracticeError::Late);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Takes up an estate that stands in `folder`.
    ///
    /// # Errors
    /// What is wrong with its record, in a sentence.
    pub fn find(folder: &Path) -> Result<Self, String> {
        let record = EstateRecord::read(folder)
            .map_err(|error| error.to_string())?
            .ok_or_else(|| format!("no practice estate stands in {}", folder.display()))?;
        if !record.is_alive() {
            return Err(format!(
                "no practice estate stands in {}: its process {} is gone",
                folder.display(),
                record.pid
            ));
        }
        Ok(Self { folder: folder.to_owned(), record, process: tokio::sync::Mutex::new(None) })
    }

    /// Stands for an estate that is gone: nothing of it answers.
    pub fn gone(folder: &Path, seed: u64, speed: u32) -> Self {
        let nowhere = || "http://127.0.0.1:1".to_owned();
        let record = EstateRecord {
            version: 1,
            pid: 0,
            seed,
            speed,
            started_at: DateTime::UNIX_EPOCH,
            aws_endpoint: nowhere(),
            dns: "127.0.0.1:1".to_owned(),
            shop_port: 1,
            console: nowhere(),
            console_token: String::new(),
            env: std::collections::BTreeMap::new(),
            inputs: std::collections::BTreeMap::new(),
            data: DataServed::Modelled { why: "the estate is gone".to_owned() },
        };
        Self { folder: folder.to_owned(), record, process: tokio::sync::Mutex::new(None) }
    }

    /// Returns how to reach it.
    pub fn record(&self) -> &EstateRecord {
        &self.record
    }

    /// Returns its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Says who keeps its data.
    pub fn exercised(&self) -> Exercised {
        match &self.record.data {
            DataServed::Postgresql { version } => Exercised::Postgresql(version.clone()),
            DataServed::Modelled { why } => Exercised::Modelled(why.clone()),
        }
    }

    /// Breaks something, now or later: `FAULT` or `FAULT@+3m`.
    ///
    /// # Errors
    /// What the console said.
    pub async fn inject(&self, fault: &str) -> Result<(), PracticeError> {
        let body = serde_json::json!({ "fault": fault }).to_string();
        self.ask("POST", "/inject", &body).await.map(|_| ())
    }

    /// Breaks what a scenario begins with, if it begins with anything, and then `others`. One of them that says how the
    /// scenario's own instance or zone fails takes its place: it can't fail twice.
    ///
    /// # Errors
    /// What the console said.
    pub async fn play(&self, scenario: &str, others: &[String]) -> Result<(), PracticeError> {
        let mut others: Vec<&str> = others.iter().map(String::as_str).collect();
        let says_how = |fault: &&str| {
            let way = fault.strip_prefix(scenario).and_then(|rest| rest.strip_prefix(':'));
            FAIL_ONCE.contains(&scenario) && way.is_some_and(|way| !way.contains('@'))
        };
        let how = others.iter().position(says_how).map(|at| others.remove(at));
        self.begin(scenario, how).await?;
        for fault in others {
            self.inject(fault).await?;
        }
        Ok(())
    }

    async fn begin(&self, scenario: &str, how: Option<&str>) -> Result<(), PracticeError> {
        if scenario == EXERCISE {
            return Ok(());
        }
        let (fault, until) = match scenario {
            FAILBACK => ("failed-over", Some("failed-over")),
            UNNOTICED => (scenario, Some("alarm")),
            _ => (how.unwrap_or(scenario), None),
        };
        let body = serde_json::json!({ "fault": fault, "until": until }).to_string();
        self.ask("POST", "/inject", &body).await?;
        let began = Instant::now();
        // A server's data cannot be hurried: there the failover takes its time.
        while self.faults().await?.failing_over {
            if began.elapsed() > LONGEST_FAILOVER / self.record.speed.max(1) + PATIENCE {
                return Err(PracticeError::Console("the failover before the exercise did not end".to_owned()));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    async fn faults(&self) -> Result<Faults, PracticeError> {
        let answer = self.ask("GET", "/faults", "").await?;
        serde_json::from_slice(&answer).map_err(|error| PracticeError::Console(error.to_string()))
    }

    /// Waits until the shop's monitoring has noticed something, and returns since when, and what it says; `None` where
    /// nothing was broken that it could notice.
    ///
    /// # Errors
    /// What the console said, or that nothing failed in time.
    pub async fn onset(&self) -> Result<Option<(DateTime<Utc>, String)>, PracticeError> {
        if !self.faults().await?.injected.iter().any(|fault| fault.noticed) {
            return Ok(None);
        }
        let began = Instant::now();
        loop {
            let answer = self.ask("GET", "/alarm", "").await?;
            let alarm: Alarm = serde_json::from_slice(&answer).map_err(|e| PracticeError::Console(e.to_string()))?;
            if let Some(onset) = alarm.onset {
                let says = alarm.says.unwrap_or_else(|| "the shop's monitoring".to_owned());
                return Ok(Some((onset, says)));
            }
            if began.elapsed() > PATIENCE {
                return Err(PracticeError::Console("the fault reached no customer".to_owned()));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Returns what a page of monitoring shows.
    ///
    /// # Errors
    /// What the console said.
    pub async fn monitoring(&self) -> Result<Monitoring, PracticeError> {
        let answer = self.ask("GET", "/monitoring", "").await?;
        serde_json::from_slice(&answer).map_err(|error| PracticeError::Console(error.to_string()))
    }

    /// Lets it stand without this process: whoever finds it goes on with it, and it ends by itself when nobody does.
    pub async fn let_stand(&self) {
        // Dropped, the handle would end the process.
        if let Some(child) = self.process.lock().await.take() {
            std::mem::forget(child);
        }
    }

    /// Returns what the customers saw, by their own record.
    ///
    /// # Errors
    /// What the console said.
    pub async fn customers(&self) -> Result<Customers, PracticeError> {
        let answer = self.ask("GET", "/truth", "").await?;
        let truth: Truth = serde_json::from_slice(&answer).map_err(|e| PracticeError::Console(e.to_string()))?;
        let millis = |ms: i64| Duration::from_millis(u64::try_from(ms).unwrap_or(0));
        let time = |text: Option<String>| text.and_then(|text| text.parse::<DateTime<Utc>>().ok());
        Ok(Customers {
            failed_from: time(truth.first_failed_at),
            served_from: time(truth.served_again_at),
            orders_lost: truth.orders_lost,
            loss: millis(truth.loss_ms),
            corruption: truth.corruption.map(|cost| Corruption {
                recovery_point_age: cost.recovery_point_age_ms.map(millis),
                discarded: cost.discarded_orders,
                discarded_cents: cost.discarded_cents,
                discarded_span: millis(cost.discarded_ms),
                exposure: millis(cost.exposure_ms),
                bad_rows_left: cost.bad_rows_left,
            }),
            objects_missing: truth.objects_missing,
            estate_downtime: truth.virtual_ms.downtime_ms.map(millis),
            estate_loss: millis(truth.virtual_ms.loss_ms),
            loss_before_opening: match (truth.virtual_ms.loss_ms, truth.virtual_ms.last_surviving_commit) {
                (loss @ 1.., Some(last)) => millis(loss.min(-last)),
                _ => Duration::ZERO,
            },
            data: self.exercised(),
        })
    }

    /// Ends the estate and waits until its process is gone.
    ///
    /// # Errors
    /// What the console said, or that the process goes on. One of our own is ended by force then.
    pub async fn down(&self) -> Result<(), PracticeError> {
        let asked = self.ask("POST", "/down", "").await.map(|_| ());
        let gone = tokio::time::timeout(LAST_WORDS, async {
            if let Some(child) = self.process.lock().await.as_mut() {
                child.wait().await.ok();
                return;
            }
            // Whoever raised it may not have reaped it yet; the record goes last.
            while self.record.is_alive() && matches!(EstateRecord::read(&self.folder), Ok(Some(_))) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        if asked.is_ok() && gone.await.is_ok() {
            return Ok(());
        }
        if let Some(child) = self.process.lock().await.as_mut() {
            child.kill().await.ok();
        }
        let pid = self.record.pid;
        asked.and(Err(PracticeError::Console(format!(
            "its process {pid} did not end within {} s",
            LAST_WORDS.as_secs()
        ))))
    }

    async fn ask(&self, method: &str, path: &str, body: &str) -> Result<Vec<u8>, PracticeError> {
        let context = HttpContext { timeout: Duration::from_secs(10), resolver: None, reach: Reach::LoopbackOnly };
        let (console, token) = (&self.record.console, &self.record.console_token);
        let request =
            format!("{method} {console}{path}\nx-console-token: {token}\ncontent-type: application/json\n\n{body}");
        let reply = http::request(&context, &request).await;
        match reply.outcome {
            Outcome::Answered { status: Some(200..300) } => Ok(reply.stdout),
            outcome => {
                let said = serde_json::from_slice::<Complaint>(&reply.stdout).map(|complaint| complaint.error);
                let said = said.unwrap_or_else(|_| format!("{method} {path}: {}", outcome.words()));
                Err(PracticeError::Console(said))
            }
        }
    }
}
