//! What engine and supervisor tell each other: what was asked for and how it ended.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::engine::{Ended, Outcome, Streams};
use crate::exec::folder::output_file;
use crate::kernel::AttemptId;
use crate::runbook::{Keyboard, Secrecy, Shell};

/// Describes one shell attempt completely. It is not kept: it holds values that may be secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShellSpec {
    /// The attempt; its files bear this name.
    pub attempt: AttemptId,
    /// Which shell.
    pub shell: Shell,
    /// The block, as written.
    pub script: String,
    /// Inputs, captures and built-in values: the environment. They win over what earlier blocks left.
    pub vars: BTreeMap<String, String>,
    /// Where the block runs, if its author said so. Relative to where lifeboat was started.
    pub cwd: Option<PathBuf>,
    /// When it is given up.
    pub timeout: Option<Duration>,
    /// How long its processes have between TERM and KILL.
    pub grace: Duration,
    /// What becomes of the shell state it leaves.
    pub state: StateRule,
    /// Whether it gets a terminal, at which a screen can sit down.
    pub keyboard: Keyboard,
    /// Whether what it prints is secret: then it is kept in memory alone, and nothing is carried over.
    pub output: Secrecy,
}

impl ShellSpec {
    /// How long processes have between TERM and KILL unless somebody says otherwise.
    pub const GRACE: Duration = Duration::from_secs(5);
}

/// Says what becomes of the variables and the working directory that a block leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StateRule {
    /// The next block finds them, if this one ends with one of these exit codes (none given: 0).
    CarryOver(Vec<i32>),
    /// They are forgotten: a watch that looks again and again beside the steps.
    Forget,
}

/// Says how an attempt is interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Force {
    /// TERM, grace, KILL.
    Gentle,
    /// KILL.
    AtOnce,
}

/// Says how a shell attempt ended. Kept in the supervisor's journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The attempt.
    pub attempt: AttemptId,
    /// How it ended.
    pub outcome: Outcome,
    /// Its output files.
    pub streams: Streams,
    /// Where this performance's part of standard output begins; earlier ones lie before it.
    pub out_from: u64,
    /// How long it took on the monotonic clock, in microseconds, until the last process of its group was gone.
    pub took_us: u64,
    /// Processes were left behind in its group when the block itself had ended, and were ended by lifeboat.
    pub left_behind: bool,
    /// Why the state it left was not kept, where it should have been.
    pub state_lost: Option<String>,
}

/// Is what the supervisor tells the engine: the record, and what nobody may keep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Told {
    /// How it ended.
    pub(super) record: Record,
    /// The beginning of a secret standard output, and whether there was more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) secret: Option<(String, bool)>,
}

/// Is what came of one performance of a shell block.
#[derive(Clone, Debug, PartialEq)]
pub struct ShellEnd {
    /// How it ended.
    pub outcome: Outcome,
    /// Its output files.
    pub streams: Streams,
    /// The beginning of this performance's standard output, at most [`Ended::STDOUT_CAP`] bytes, lossily decoded.
    pub stdout_head: String,
    /// Was there more?
    pub truncated: bool,
    /// How long it took.
    pub took: Duration,
    /// Processes were left behind in the background and were ended.
    pub left_behind: bool,
    /// Why the shell state it left was not kept, where it should have been.
    pub state_lost: Option<String>,
}

impl ShellEnd {
    /// Makes the end of an attempt that never began.
    pub(super) fn not_run(outcome: Outcome) -> Self {
        Self {
            outcome,
            streams: Streams::default(),
            stdout_head: String::new(),
            truncated: false,
            took: Duration::ZERO,
            left_behind: false,
            state_lost: None,
        }
    }

    /// Completes what the supervisor told.
    pub(super) fn told(run_dir: &Path, told: Told) -> Self {
        let end = Self::read(run_dir, told.record);
        match told.secret {
            None => end,
            Some((stdout_head, truncated)) => Self { stdout_head, truncated, ..end },
        }
    }

    /// Completes a record with the beginning of the standard output that came after `from`.
    pub(super) fn read(run_dir: &Path, record: Record) -> Self {
        let wanted = record.streams.out_bytes.saturating_sub(record.out_from);
        let stdout_head = head(&output_file(run_dir, &record.attempt, "out"), record.out_from, wanted);
        Self {
            outcome: record.outcome,
            truncated: wanted > Ended::STDOUT_CAP as u64,
            streams: record.streams,
            stdout_head,
            took: Duration::from_micros(record.took_us),
            left_behind: record.left_behind,
            state_lost: record.state_lost,
        }
    }
}

fn head(path: &Path, from: u64, wanted: u64) -> String {
    let read = || -> std::io::Result<Vec<u8>> {
        use std::io::Seek as _;
        let mut bytes = Vec::new();
        if wanted > 0 {
            let mut file = std::fs::File::open(path)?;
            file.seek(std::io::SeekFrom::Start(from))?;
            file.take(wanted.min(Ended::STDOUT_CAP as u64)).read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    };
    // An output file that somebody removed meanwhile reads as empty; its digest stays in the record.
    String::from_utf8_lossy(&read().unwrap_or_default()).into_owned()
}
