//! Who and where we are: AWS account, host, boot, operator.

use std::time::Duration;

use serde::Deserialize;

use crate::engine::Outcome;
use crate::exec::aws::Aws;

/// Is the resolved AWS identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The account, or [`Identity::NONE`], or why it is not known.
    pub account: String,
    /// The ARN, or empty.
    pub arn: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Caller {
    account: String,
    arn: String,
}

impl Identity {
    /// Stands for a run that makes no AWS call.
    pub const NONE: &'static str = "none";

    /// Makes the identity of a run that makes no AWS call.
    pub fn none() -> Self {
        Self { account: Self::NONE.to_owned(), arn: String::new() }
    }

    /// Makes the identity of a run whose account could not be resolved; the banner shows it.
    pub fn unresolved(why: &str) -> Self {
        tracing::warn!(why, "the AWS account could not be resolved");
        Self { account: "unresolved".to_owned(), arn: String::new() }
    }
}

/// Asks STS, in `region`: the lost region's endpoint may be gone.
///
/// # Errors
/// Why it could not be resolved, in words.
pub async fn resolve(aws: &Aws, region: &str) -> Result<Identity, String> {
    let mut words = vec!["sts".to_owned(), "get-caller-identity".to_owned()];
    if !region.is_empty() {
        words.extend(["--region".to_owned(), region.to_owned()]);
    }
    let reply = aws.call(&words, Duration::from_secs(10)).await;
    match reply.outcome {
        Outcome::Answered { .. } => {
            let caller: Caller = serde_json::from_slice(&reply.stdout).map_err(|error| error.to_string())?;
            Ok(Identity { account: caller.account, arn: caller.arn })
        }
        outcome => Err(outcome.words()),
    }
}

/// Returns the host's name.
pub fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Returns the kernel's boot id, or `unknown`.
pub fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map_or_else(|_| "unknown".to_owned(), |id| id.trim().to_owned())
}

/// Returns the operator's name: `user@host`.
pub fn user() -> String {
    let name =
        ["LOGNAME", "USER"].into_iter().find_map(|name| std::env::var(name).ok()).filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| format!("uid{}", rustix::process::getuid().as_raw()));
    format!("{name}@{}", host_name())
}
