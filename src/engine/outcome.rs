//! How an attempt ends: the whole space, as values.

use serde::{Deserialize, Serialize};

use crate::kernel::Sha256Hex;

/// Says how one attempt ended. A failure is an outcome, never an error of the engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum Outcome {
    /// A process ended by itself.
    Exited {
        /// Its exit code.
        code: i32,
    },
    /// A process was ended by a signal that lifeboat did not send.
    Signalled {
        /// The signal's number.
        signal: i32,
    },
    /// The time ran out; the whole group was ended.
    TimedOut {
        /// The limit, in milliseconds.
        after_ms: u64,
    },
    /// The operator interrupted it.
    Interrupted,
    /// It could not be started.
    SpawnFailed {
        /// Why.
        error: String,
    },
    /// A native call succeeded (AWS 2xx, DNS answer, HTTP response of any status).
    Answered {
        /// The HTTP status, where there is one.
        status: Option<u16>,
    },
    /// AWS refused the call: an error that trying again will not mend.
    AwsRefused {
        /// AWS's error code.
        code: String,
        /// AWS's message.
        message: String,
    },
    /// A database refused a statement or a login: an error that trying again will not mend.
    SqlRefused {
        /// The SQLSTATE.
        code: String,
        /// Where, and the server's message.
        message: String,
    },
    /// AWS or a server asked to slow down, or failed in a way that trying again may mend.
    Throttled {
        /// The error code.
        code: String,
        /// The message.
        message: String,
    },
    /// Nobody answered: refused connection, unknown name, no answer in time.
    Unreachable {
        /// Why.
        error: String,
    },
    /// The call itself is wrong: unknown operation, missing option, unset variable, bad expression.
    Unusable {
        /// Why, and what to do.
        error: String,
    },
    /// Its engine was gone before it ended, and nothing tells how it did: it may have happened.
    InDoubt {
        /// What was found when somebody looked.
        evidence: String,
    },
    /// Its engine was gone before it ended, and what it was to change shows that it was not carried out.
    NotCarriedOut {
        /// What was found when somebody looked.
        evidence: String,
    },
}

/// What stands in an outcome of a call that acts and may have reached AWS, although no word of AWS's came back.
pub const AWS_MAY_HAVE_ACTED: &str = "whether AWS acted is not known: look before you do it again";

impl Outcome {
    /// Did a call that acts end so that AWS may have carried it out, whatever came back?
    pub(super) fn may_have_acted(&self) -> bool {
        match self {
            Self::Answered { .. } | Self::TimedOut { .. } | Self::Interrupted | Self::InDoubt { .. } => true,
            Self::Unreachable { error: text } | Self::Throttled { message: text, .. } => {
                text.contains(AWS_MAY_HAVE_ACTED)
            }
            Self::Exited { .. }
            | Self::Signalled { .. }
            | Self::SpawnFailed { .. }
            | Self::AwsRefused { .. }
            | Self::SqlRefused { .. }
            | Self::Unusable { .. }
            | Self::NotCarriedOut { .. } => false,
        }
    }

    /// May the same call succeed a little later? Polling goes on through these.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Throttled { .. } | Self::Unreachable { .. } | Self::TimedOut { .. })
    }

    /// Is what comes next a person's choice, whatever the author wrote about failures?
    pub(super) fn is_for_a_person(&self) -> bool {
        matches!(self, Self::Interrupted | Self::InDoubt { .. } | Self::NotCarriedOut { .. })
    }

    /// Says it in words for a screen, a report, a log reader.
    pub fn words(&self) -> String {
        match self {
            Self::Exited { code } => format!("exited with {code}"),
            Self::Signalled { signal } => format!("ended by signal {signal}"),
            Self::TimedOut { after_ms } => {
                format!("timed out after {}", crate::kernel::say_duration(std::time::Duration::from_millis(*after_ms)))
            }
            Self::Interrupted => "interrupted".to_owned(),
            Self::SpawnFailed { error } => format!("could not start: {error}"),
            Self::Answered { status: Some(status) } => format!("answered {status}"),
            Self::Answered { status: None } => "answered".to_owned(),
            Self::AwsRefused { code, message } | Self::SqlRefused { code, message } => {
                format!("refused: {code}: {message}")
            }
            Self::Throttled { code, message } => format!("throttled: {code}: {message}"),
            Self::Unreachable { error } => format!("unreachable: {error}"),
            Self::Unusable { error } => error.clone(),
            Self::InDoubt { evidence } => format!("in doubt, it may have happened: {evidence}"),
            Self::NotCarriedOut { evidence } => format!("not carried out: {evidence}"),
        }
    }
}

/// Describes the output files of an attempt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Streams {
    /// Size of `output/<attempt>.out` in bytes.
    pub out_bytes: u64,
    /// SHA-256 of it.
    pub out_sha256: Option<Sha256Hex>,
    /// Size of `output/<attempt>.err` in bytes.
    pub err_bytes: u64,
    /// SHA-256 of it.
    pub err_sha256: Option<Sha256Hex>,
}

/// Keeps what AWS said about a call, as evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwsReceipt {
    /// `rds:PromoteReadReplica`.
    pub operation: String,
    /// The region it went to.
    pub region: String,
    /// AWS's request id.
    pub request_id: Option<String>,
    /// The HTTP status.
    pub status: Option<u16>,
    /// The `Date` header, as sent: a clock that is not ours.
    pub date: Option<String>,
}
