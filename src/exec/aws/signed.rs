//! The generic signed call: a request in the service's protocol, signed, sent, sent again where that is safe.
//!
//! A crate of the SDK costs up to a minute of build time. What all services have in common is a signature over a
//! request, which is here once; RDS, S3, Route 53 and STS, which recoveries stand on, have their SDK.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials as Keys;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SignatureLocation, SigningInstructions, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use serde_json::{Map, Value};
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

use super::capture::{Answer, Tap, is_loopback};
use super::clients::{CONNECT_TIMEOUT, Manner};
use super::failure::{self, Sent, Trouble};
use super::services::Service;
use super::wire::{self, Wire};
use super::{Reach, answer};
use crate::runbook::aws::Operation;

/// The most that is read of an answer.
const MOST: usize = 64 * 1024 * 1024;
/// How long credentials may take: SSO and roles ask a service themselves.
const KEYS_TIMEOUT: Duration = Duration::from_secs(10);
/// How long credentials without an end are believed, as in the SDK.
const KEYS_AGE: Duration = Duration::from_secs(15 * 60);
/// Credentials that end in a moment would end on the way.
const KEYS_MARGIN: Duration = Duration::from_secs(10);
/// How long AWS accepts a request that was signed beforehand.
const PRESIGNED_FOR: Duration = Duration::from_secs(3600);

/// Sends signed requests; cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Signer {
    endpoint: Option<String>,
    provider: Option<SharedCredentialsProvider>,
    keys: Arc<Mutex<Option<(Keys, SystemTime)>>>,
    http: Arc<OnceLock<reqwest::Client>>,
    reach: Reach,
}

/// Is a call that is ready to be signed.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// The service.
    pub(super) service: &'static Service,
    /// The operation.
    pub(super) operation: &'static Operation,
    /// The region it is signed for.
    pub(super) region: String,
    /// What it takes, by member.
    pub(super) input: Map<String, Value>,
}

impl Signer {
    /// Makes one. `endpoint` stands for every service's address.
    pub(super) fn new(endpoint: Option<String>, provider: Option<SharedCredentialsProvider>, reach: Reach) -> Self {
        Self { endpoint, provider, keys: Arc::default(), http: Arc::default(), reach }
    }

    /// Sends a call, up to `manner.attempts` times.
    pub(super) async fn send(self, call: Call, manner: Manner) -> Result<(), Trouble> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let ended = match timeout(manner.attempt_limit, self.once(&call, &manner.tap)).await {
                Ok(ended) => ended,
                Err(_) => Err(Trouble::Lost { why: "no answer in time".to_owned(), sent: Sent::Perhaps }),
            };
            let again = match &ended {
                Err(Trouble::Lost { .. }) => true,
                Err(trouble @ Trouble::Refused { .. }) => {
                    let outcome = failure::outcome(trouble.clone(), &manner.tap.kept());
                    self.forget_expired(&outcome).await;
                    outcome.is_transient()
                }
                Ok(()) | Err(Trouble::Unbuilt(_) | Trouble::Credentials(_)) => false,
            };
            if !again || attempt >= manner.attempts {
                return ended;
            }
            let most = 100_u64 << attempt.min(6);
            sleep(Duration::from_millis(fastrand::u64(most / 2..=most))).await;
        }
    }

    async fn once(&self, call: &Call, tap: &Tap) -> Result<(), Trouble> {
        let keys = self.keys().await?;
        let wire = wire::request(call.service, call.operation, &call.input).map_err(Trouble::Unbuilt)?;
        let url = format!("{}{}", self.address(call.service, &call.region), wire.path);
        let host = reqwest::Url::parse(&url).ok().and_then(|url| host_of(&url));
        let Some(host) = host else { return Err(Trouble::Unbuilt(format!("`{url}` is not an address"))) };
        if self.reach == Reach::LoopbackOnly && !is_loopback(&url) {
            let why = format!("a drill calls this machine only, and this request would go to {url}");
            return Err(Trouble::Unbuilt(why));
        }
        let request = self.request(call, &keys, &wire, &url)?;
        tap.leaves(call.operation.api, &call.region, &host);
        let mut response = request.send().await.map_err(|error| lost(&error))?;
        let mut answer = Answer {
            status: response.status().as_u16(),
            headers: response
                .headers()
                .iter()
                .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
                .collect(),
            body: String::new(),
        };
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|error| lost(&error))? {
            if body.len() + part.len() > MOST {
                let why = format!("the answer is larger than {} MiB; ask for less", MOST / 1024 / 1024);
                return Err(Trouble::Lost { why, sent: Sent::Perhaps });
            }
            body.extend_from_slice(&part);
        }
        answer.body = String::from_utf8_lossy(&body).into_owned();
        let refusal = answer::refusal(&answer);
        let refused = answer.status / 100 != 2;
        tap.keep(answer);
        if refused {
            let (code, message) = refusal.unzip();
            return Err(Trouble::Refused { code, message });
        }
        Ok(())
    }

    fn request(&self, call: &Call, keys: &Keys, wire: &Wire, url: &str) -> Result<reqwest::RequestBuilder, Trouble> {
        let settings = SigningSettings::default();
        let signed = signature(call, keys, settings, (wire.method, url, &wire.headers, &wire.body))?;
        let method =
            reqwest::Method::from_bytes(wire.method.as_bytes()).map_err(|error| Trouble::Unbuilt(error.to_string()))?;
        let mut request = self.client()?.request(method, url).body(wire.body.clone());
        for (name, value) in &wire.headers {
            request = request.header(*name, value);
        }
        for (name, value) in signed.headers() {
            request = request.header(name, value);
        }
        Ok(request)
    }

    /// Signs a call for the region it reads from, `--source-region`, as an address that proves it to that region.
    pub(super) async fn presigned(&self, call: &Call) -> Result<String, Trouble> {
        let source = call.input.get(wire::SOURCE_REGION).and_then(Value::as_str).unwrap_or_default();
        if !super::arguments::is_region(source) {
            return Err(Trouble::Unbuilt(format!("`{source}` is not the name of a region, such as `eu-west-1`")));
        }
        let keys = self.keys().await?;
        let there = Call { region: source.to_owned(), ..call.clone() };
        let mut fields = wire::form(call.service, call.operation, &call.input);
        fields.push(("DestinationRegion".to_owned(), call.region.clone()));
        let url = format!("{}/?{}", self.address(call.service, &there.region), wire::encoded(&fields));
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(PRESIGNED_FOR);
        let signed = signature(&there, &keys, settings, ("GET", &url, &[], ""))?;
        let added: Vec<_> =
            signed.params().iter().map(|(name, value)| ((*name).to_owned(), value.to_string())).collect();
        Ok(format!("{url}&{}", wire::encoded(&added)))
    }

    fn address(&self, service: &Service, region: &str) -> String {
        let endpoint = self.endpoint.clone().unwrap_or_else(|| service.address(region));
        endpoint.trim_end_matches('/').to_owned()
    }

    fn client(&self) -> Result<&reqwest::Client, Trouble> {
        if let Some(client) = self.http.get() {
            return Ok(client);
        }
        // Another part of the program may have installed it first: the same one.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            // AWS closes idle connections after a minute; a request into a closed one would look lost.
            .pool_idle_timeout(Duration::from_secs(20))
            .user_agent(concat!("lifeboat/", env!("CARGO_PKG_VERSION")));
        if self.reach == Reach::LoopbackOnly {
            builder = builder.no_proxy();
        }
        if self.endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http:")) {
            // Nothing is encrypted: the host's root certificates, which a bare machine may not have, need not be read.
            builder = builder.tls_certs_only([]);
        }
        let client =
            builder.build().map_err(|error| Trouble::Unbuilt(format!("no HTTP client: {}", innermost(&error))))?;
        Ok(self.http.get_or_init(|| client))
    }

    async fn keys(&self) -> Result<Keys, Trouble> {
        let mut kept = self.keys.lock().await;
        let now = SystemTime::now();
        if let Some((keys, until)) = kept.as_ref()
            && *until > now + KEYS_MARGIN
        {
            return Ok(keys.clone());
        }
        let provider =
            self.provider.as_ref().ok_or_else(|| Trouble::Credentials(failure::NO_CREDENTIALS.to_owned()))?;
        let keys = match timeout(KEYS_TIMEOUT, provider.provide_credentials()).await {
            Ok(Ok(keys)) => keys,
            Ok(Err(error)) => {
                let said = failure::credentials(&error).unwrap_or_else(|| innermost(&error));
                return Err(Trouble::Credentials(said));
            }
            Err(_) => return Err(Trouble::Credentials(failure::SLOW_CREDENTIALS.to_owned())),
        };
        let until = keys.expiry().unwrap_or(now + KEYS_AGE);
        *kept = Some((keys.clone(), until));
        Ok(keys)
    }

    /// Credentials that AWS calls expired are read anew for the next call: somebody may have renewed them.
    async fn forget_expired(&self, outcome: &crate::engine::Outcome) {
        if failure::is_expired(outcome) {
            *self.keys.lock().await = None;
        }
    }
}

/// Signs a request: method, address, headers, body.
fn signature(
    call: &Call,
    keys: &Keys,
    settings: SigningSettings,
    (method, url, headers, body): (&str, &str, &[(&'static str, String)], &str),
) -> Result<SigningInstructions, Trouble> {
    let unbuilt = |error: &dyn std::fmt::Display| Trouble::Unbuilt(format!("it can't be signed: {error}"));
    let identity = keys.clone().into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(&call.region)
        .name(call.service.signing)
        .time(SystemTime::now())
        .settings(settings)
        .build()
        .map_err(|error| unbuilt(&error))?
        .into();
    let headers = headers.iter().map(|(name, value)| (*name, value.as_str()));
    let request = SignableRequest::new(method, url, headers, SignableBody::Bytes(body.as_bytes()))
        .map_err(|error| unbuilt(&error))?;
    let signed = sign(request, &params).map_err(|error| unbuilt(&error))?;
    Ok(signed.into_parts().0)
}

fn host_of(url: &reqwest::Url) -> Option<String> {
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

fn lost(error: &reqwest::Error) -> Trouble {
    let sent = if error.is_connect() { Sent::No } else { Sent::Perhaps };
    let why = if error.is_timeout() {
        "no answer in time".to_owned()
    } else if error.is_connect() {
        innermost(error)
    } else {
        format!("the answer broke off: {}", innermost(error))
    };
    Trouble::Lost { why, sent }
}

fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}
