//! The header of a run: who works what, where, and who takes it up again.

use serde::{Deserialize, Serialize};

use crate::kernel::{ClockSync, RunId};

/// Holds what is known when a run begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// `lifeboat-log/1`.
    pub v: String,
    /// The run.
    pub run: RunId,
    /// Real, or a drill.
    pub mode: Mode,
    /// The operator.
    pub by: String,
    /// The session's public key in OpenSSH form; empty if nothing is signed.
    pub session: String,
    /// The host's name.
    pub host: String,
    /// The boot id: monotonic times compare only within one.
    pub boot: String,
    /// The process.
    pub pid: u32,
    /// Name, version and digest of the program.
    pub tool: String,
    /// Path of the runbook, as given.
    pub runbook: String,
    /// SHA-256 of its text.
    pub runbook_sha256: crate::kernel::Sha256Hex,
    /// The resolved AWS account, or `none`.
    pub account: String,
    /// The identity's ARN, or empty.
    pub arn: String,
    /// The default region.
    pub region: String,
    /// RTO in seconds; 0 if there is none.
    pub rto_s: u64,
    /// RPO in seconds; 0 if there is none.
    pub rpo_s: u64,
    /// The estate's seed, in a drill.
    pub seed: Option<u64>,
    /// By how much the estate's durations, and every, timeout, hold and sustain, are divided. 1 in a real run.
    pub speed: u32,
    /// Whether a time server keeps the machine's clock.
    #[serde(default)]
    pub clock: ClockSync,
    /// The run before this one by the same operator on this machine.
    pub prev_run: Option<RunId>,
    /// SHA-512 of that run's whole log, hex.
    pub prev_sha512: Option<String>,
    /// What whoever takes the run up again needs besides.
    #[serde(default, skip_serializing_if = "Began::is_unknown")]
    pub began: Began,
}

/// Says how a run was begun, for whoever takes it up again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Began {
    /// The profile of the configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The folder in which lifeboat was started: where shell blocks begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Who was to attend it.
    #[serde(default)]
    pub attended: Attended,
}

impl Began {
    fn is_unknown(&self) -> bool {
        *self == Self::default()
    }
}

/// Says who attends a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Attended {
    /// A person at a screen.
    #[default]
    Person,
    /// Nobody: `--unattended`.
    Nobody,
}

/// Holds what is known when a run is taken up again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resumed {
    /// Who took it up.
    pub by: String,
    /// The public key of the new session in OpenSSH form; the one before signs nothing any more.
    pub session: String,
    /// The host's name.
    pub host: String,
    /// The boot id.
    pub boot: String,
    /// The process.
    pub pid: u32,
    /// Name, version and digest of the program.
    pub tool: String,
    /// Whether a time server keeps this machine's clock.
    #[serde(default)]
    pub clock: ClockSync,
    /// What lay behind the last signed line and was set aside: never acted upon, since it was not durable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub torn: Option<Torn>,
}

/// Describes bytes at the end of a log that were set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Torn {
    /// The file beside the log that holds them.
    pub file: String,
    /// How many.
    pub bytes: u64,
    /// SHA-256 of them.
    pub sha256: crate::kernel::Sha256Hex,
}

/// Says whether it is real.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Against a real account.
    Real,
    /// Against the practice estate.
    Drill,
}

/// Says where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InputSource {
    /// `--set`.
    Set,
    /// The profile.
    Profile,
    /// The process environment.
    Env,
    /// The runbook's default.
    Default,
    /// The operator, when asked.
    Operator,
    /// The practice estate.
    Estate,
    /// Worked out from other values, as the runbook says.
    Derived,
}
