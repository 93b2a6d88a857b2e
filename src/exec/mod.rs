//! Floor 5: acts: shell blocks through the supervisor, AWS, HTTP, DNS and SQL. It knows jobs and outcomes, nothing of runs.

pub mod aws;
pub mod carry;
pub mod dns;
pub mod fingerprint;
pub mod folder;
pub mod http;
pub mod output;
mod plain;
pub mod shell;
pub mod sql;
pub mod supervisor;
mod words;

use crate::engine::{AwsReceipt, Outcome};

/// Is what one performance of a native action gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// How it ended.
    pub outcome: Outcome,
    /// Standard output, as the command-line tool would have printed it.
    pub stdout: Vec<u8>,
    /// Standard error, likewise.
    pub stderr: Vec<u8>,
    /// What AWS said.
    pub aws: Option<AwsReceipt>,
}

impl Reply {
    /// Makes the reply of a call that gave nothing but an outcome; its words go to standard error.
    pub fn failed(outcome: Outcome) -> Self {
        let stderr = format!("{}\n", outcome.words()).into_bytes();
        Self { outcome, stdout: Vec::new(), stderr, aws: None }
    }
}

/// Says how far a native action may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Anywhere: a real run.
    Anywhere,
    /// Nothing but this host's loopback: a drill.
    LoopbackOnly,
}
