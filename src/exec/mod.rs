//! Floor 5: acts: shell blocks through the supervisor, AWS, HTTP and DNS. It knows jobs and outcomes, nothing of runs.

pub mod aws;

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
