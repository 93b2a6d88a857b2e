//! Native AWS calls in the AWS CLI's syntax, through the AWS SDK, with the AWS CLI's answers.
//!
//! Purpose: words in ([`Aws::call`]), a [`Reply`] out. It knows nothing of runs, steps or screens. `docs/aws.md` says
//! what differs from the AWS CLI and how an operation is added.

mod answer;
mod arguments;
mod bind;
mod bindings;
mod call;
mod capture;
mod clients;
mod failure;
mod input;
mod output;
mod paging;
mod query;
mod services;
mod shapes;
mod signed;
mod wait;
mod waiters;
mod wire;
mod xml;

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::OnceCell;

pub use super::Reach;
use super::Reply;
use crate::engine::Outcome;
use crate::kernel::Secret;
use crate::runbook::Secrecy;

/// Says where calls go and as whom.
#[derive(Clone, Debug)]
pub struct AwsContext {
    /// Every service's endpoint; `None`: AWS itself.
    pub endpoint_url: Option<String>,
    /// The region of calls without `--region`; `None`: the profile's or the environment's.
    pub region: Option<String>,
    /// The profile of the AWS configuration files; `None`: the environment's.
    pub profile: Option<String>,
    /// Credentials that go before every other source.
    pub credentials: Option<Credentials>,
    /// When one request is given up (twenty seconds by default).
    pub call_timeout: Duration,
    /// The pause between the looks of a waiter (thirty seconds by default).
    pub poll: Duration,
    /// How far calls may go.
    pub reach: Reach,
    /// The folder that relative paths of `file://` and `--body` start from: the runbook's working directory.
    pub folder: PathBuf,
}

impl Default for AwsContext {
    fn default() -> Self {
        Self {
            endpoint_url: None,
            region: None,
            profile: None,
            credentials: None,
            call_timeout: Duration::from_secs(20),
            poll: Duration::from_secs(30),
            reach: Reach::Anywhere,
            folder: PathBuf::from("."),
        }
    }
}

/// Holds one set of credentials.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The access key's id.
    pub id: String,
    /// The secret access key.
    pub secret: Secret<String>,
    /// The session token of temporary credentials.
    pub token: Option<Secret<String>>,
}

/// Makes AWS calls; cheap to clone, clients and credentials are shared.
#[derive(Clone, Debug)]
pub struct Aws {
    /// Replaced where credentials are renewed; a call that is under way keeps the one that it began with.
    source: Arc<RwLock<Arc<Source>>>,
}

/// Is what calls are made with. It is read at the first call: a run that makes none reads no configuration, loads no
/// certificates and asks nobody for credentials.
#[derive(Debug)]
struct Source {
    context: AwsContext,
    caller: OnceCell<call::Caller>,
}

impl Aws {
    /// Makes calls with what the AWS configuration (files, environment) says, as far as `context` leaves it open.
    pub fn new(context: AwsContext) -> Self {
        Self { source: Arc::new(RwLock::new(Arc::new(Source { context, caller: OnceCell::new() }))) }
    }

    /// Makes the same calls with other credentials. What calls already goes on with its own.
    #[must_use]
    pub fn with(&self, credentials: Credentials) -> Self {
        Self::new(AwsContext { credentials: Some(credentials), ..self.current().context.clone() })
    }

    /// Calls as `other` does from now on, wherever this is shared.
    pub fn take(&self, other: &Self) {
        let theirs = other.current();
        *self.source.write().unwrap_or_else(PoisonError::into_inner) = theirs;
    }

    fn current(&self) -> Arc<Source> {
        Arc::clone(&self.source.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Performs one call; `words` are what stands after `aws`. Dropping the future gives the call up.
    ///
    /// `timeout` bounds the whole call: for a waiter how long it waits, for everything else with
    /// [`AwsContext::call_timeout`] a request. Something that went wrong is an outcome, never a panic or an error.
    pub async fn call(&self, words: &[String], timeout: Duration) -> Reply {
        self.perform(words, timeout, Secrecy::Open).await
    }

    /// Performs one call like [`Aws::call`] whose reply nobody keeps or shows: what else is hidden of an answer is in it.
    pub async fn call_secretly(&self, words: &[String], timeout: Duration) -> Reply {
        self.perform(words, timeout, Secrecy::Secret).await
    }

    async fn perform(&self, words: &[String], timeout: Duration, kept: Secrecy) -> Reply {
        let source = self.current();
        let caller = source.caller.get_or_init(|| call::Caller::new(source.context.clone())).await;
        caller.call(words, timeout, kept).await
    }
}

/// Resolves credentials as a real run does, in the environment of this process; `profile` goes before the environment's.
///
/// # Errors
/// Why there are none, in words.
pub async fn credentials(profile: Option<&str>) -> Result<Credentials, String> {
    clients::credentials(&AwsContext { profile: profile.map(str::to_owned), ..AwsContext::default() }).await
}

/// Tells whether a call failed since its credentials are over or not to be had.
pub fn wants_credentials(outcome: &Outcome) -> bool {
    failure::is_for_credentials(outcome)
}

/// Reads what a call asks for, by AWS's names, without making it; nothing where its options can't be read.
pub fn asked_for(words: &[String]) -> Option<serde_json::Map<String, serde_json::Value>> {
    let request = arguments::Request::parse(words, Path::new("")).ok()?;
    input::asked_for(request.operation, &request.arguments).ok()
}

/// Checks a call without making it: operation, options, `--query`, `--output`. Values are checked when it is made.
///
/// # Errors
/// One sentence that says what is wrong and what to do.
pub fn check(words: &[String]) -> Result<(), String> {
    arguments::Request::parse(words, Path::new("")).map(drop)
}
