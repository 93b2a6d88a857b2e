//! The SDK's clients, one a service and region, and what they share: credentials, HTTP, how a call is retried.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials as Keys;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

use super::arguments::{Arguments, is_region};
use super::capture::{Tap, is_loopback};
use super::failure::{self, Trouble};
use super::services::{self, Carrier, Protocol};
use super::signed::{self, Signer};
use super::{AwsContext, Reach, bindings, input};
use crate::kernel::Secret;
use crate::runbook::aws::Operation;

/// Off EC2 nobody answers on the metadata address, and the chain should say so at once.
const METADATA_TIMEOUT: Duration = Duration::from_millis(500);
/// A healthy region's endpoint accepts within milliseconds; a dead one should not eat the call's time.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The source of credentials may be a program that asks somebody.
const CREDENTIALS_LIMIT: Duration = Duration::from_secs(30);

/// The option that names the region a call reads from. The SDK has none; it takes the address signed for it.
const SOURCE_REGION: &str = "--source-region";

/// How often a call is sent that may be sent twice.
const ATTEMPTS: u32 = 3;

/// Says what it means to send a call twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeats {
    /// No more than to send it once.
    Harmless,
    /// It may act twice.
    Unknown,
}

/// Is a call on its way.
pub(super) type Sending = Pin<Box<dyn Future<Output = Result<(), Trouble>> + Send>>;

/// Says how one call is made.
#[derive(Clone, Debug)]
pub(super) struct Manner {
    /// How often a signed call is sent at most.
    pub(super) attempts: u32,
    /// When one attempt of a signed call is given up.
    pub(super) attempt_limit: Duration,
    /// What the SDK sends again by itself.
    pub(super) retries: RetryConfig,
    /// When an attempt is given up.
    pub(super) timeouts: TimeoutConfig,
    /// What keeps the answer.
    pub(super) tap: Tap,
}

impl Manner {
    /// Decides by whether a call may be sent twice and how long it may take.
    ///
    /// A call that only observes is sent up to three times, and so is one that AWS knows again by its token. One that acts is sent once: when an answer is lost, the
    /// SDK can't know whether AWS acted, would send it again, and the second answer (`InvalidDBInstanceState` after a
    /// promotion that succeeded) would hide the first.
    pub(super) fn new(repeats: Repeats, limit: Duration, reach: Reach) -> Self {
        let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT.min(limit)).operation_timeout(limit);
        let (attempts, attempt_limit, retries, timeouts) = match repeats {
            // Half of the limit: one attempt that hangs leaves time for another.
            Repeats::Harmless => {
                let retries = RetryConfig::standard().with_max_attempts(ATTEMPTS);
                (ATTEMPTS, limit / 2, retries, timeouts.operation_attempt_timeout(limit / 2))
            }
            Repeats::Unknown => (1, limit, RetryConfig::disabled(), timeouts),
        };
        Self { attempts, attempt_limit, retries, timeouts: timeouts.build(), tap: Tap::new(reach) }
    }
}

#[derive(Clone, Debug)]
enum Client {
    Rds(aws_sdk_rds::Client),
    Route53(aws_sdk_route53::Client),
    S3(aws_sdk_s3::Client),
    Sts(aws_sdk_sts::Client),
}

/// Holds the configuration, the clients made from it, and what signs everything else.
#[derive(Clone, Debug)]
pub(super) struct Clients {
    config: Arc<SdkConfig>,
    refusal: Option<String>,
    cache: Arc<Mutex<HashMap<(String, String), Client>>>,
    signer: Signer,
}

impl Clients {
    /// Reads what `context` leaves open from files and environment. In a drill nothing is read: it has what it is given.
    pub(super) async fn new(context: &AwsContext) -> Self {
        let config = match context.reach {
            Reach::Anywhere => from_environment(context).await,
            Reach::LoopbackOnly => drill(context),
        };
        let refusal = match (context.reach, &context.endpoint_url) {
            (_, Some(url)) if !is_address(url) => {
                Some(format!("the endpoint `{url}` is not an address such as `http://127.0.0.1:4566`; correct it"))
            }
            (Reach::Anywhere, _) => None,
            (Reach::LoopbackOnly, Some(url)) if is_loopback(url) => context.credentials.is_none().then(|| {
                "a drill calls AWS with throw-away credentials only, and has none; start the practice estate".to_owned()
            }),
            (Reach::LoopbackOnly, Some(url)) => {
                Some(format!("a drill calls this machine only, and the endpoint is {url}; use one on 127.0.0.1"))
            }
            (Reach::LoopbackOnly, None) => {
                Some("a drill calls this machine only, and no endpoint is set; start the practice estate".to_owned())
            }
        };
        Self::of(config, refusal, context.reach)
    }

    fn of(config: SdkConfig, refusal: Option<String>, reach: Reach) -> Self {
        let endpoint = config.endpoint_url().map(str::to_owned);
        let signer = Signer::new(endpoint, config.credentials_provider(), reach);
        Self { config: Arc::new(config), refusal, cache: Arc::default(), signer }
    }

    /// Returns the region of a call.
    ///
    /// # Errors
    /// One sentence, if there is none.
    pub(super) fn region(&self, service: &str, asked: Option<&str>) -> Result<String, String> {
        let region = asked.or_else(|| self.config.region().map(AsRef::as_ref));
        match (region, service) {
            (Some(region), _) if is_region(region) => Ok(region.to_owned()),
            (Some(region), _) => Err(format!("`{region}` is not the name of a region, such as `eu-west-1`")),
            // Route 53 has one endpoint, signed for this region.
            (None, "route53") => Ok("us-east-1".to_owned()),
            (None, _) => {
                Err("no region is set; add `--region`, or set `AWS_REGION` or `region` in the profile".to_owned())
            }
        }
    }

    /// Builds the call of `operation` in `region`; `name` is the operation's, or the one that a waiter looks with.
    ///
    /// # Errors
    /// One sentence, if the call may not or can't be made.
    pub(super) fn send(
        &self,
        (operation, name, region): (&'static Operation, &str, &str),
        arguments: &Arguments,
        manner: &Manner,
    ) -> Result<Sending, String> {
        if let Some(refusal) = &self.refusal {
            return Err(refusal.clone());
        }
        let service = services::find(operation.service)
            .ok_or_else(|| format!("`{}` is not known; report this", operation.service))?;
        // Where the row says what each option holds, it says what is wrong with one.
        let typed = service.protocol != Protocol::RestXml;
        let input = if typed { input::read(operation, arguments)? } else { serde_json::Map::new() };
        let call = signed::Call { service, operation, region: region.to_owned(), input };
        if service.carrier == Carrier::Signed {
            return Ok(Box::pin(self.signer.clone().send(call, manner.clone())));
        }
        match self.client(service.name, region) {
            Client::Rds(client) if arguments.has(SOURCE_REGION) => {
                let (signer, name) = (self.signer.clone(), name.to_owned());
                let (mut arguments, manner) = (arguments.clone(), manner.clone());
                Ok(Box::pin(async move {
                    arguments.set("--pre-signed-url", signer.presigned(&call).await?);
                    bindings::rds::send(&client, &name, &arguments, &manner).map_err(Trouble::Unbuilt)?.await
                }))
            }
            Client::Rds(client) => bindings::rds::send(&client, name, arguments, manner),
            Client::Route53(client) => bindings::route53::send(&client, name, arguments, manner),
            Client::S3(client) => bindings::s3api::send(&client, name, arguments, manner),
            Client::Sts(client) => bindings::sts::send(&client, name, arguments, manner),
        }
    }

    fn client(&self, service: &str, region: &str) -> Client {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            let config = self.config.to_builder().region(Region::new(region.to_owned())).build();
            match service {
                "rds" => return Client::Rds(aws_sdk_rds::Client::new(&config)),
                "route53" => return Client::Route53(aws_sdk_route53::Client::new(&config)),
                "sts" => return Client::Sts(aws_sdk_sts::Client::new(&config)),
                _ => {}
            }
            // Behind an endpoint of one address a bucket is no host name.
            let own = aws_sdk_s3::config::Builder::from(&config).force_path_style(config.endpoint_url().is_some());
            Client::S3(aws_sdk_s3::Client::from_conf(own.build()))
        };
        cache.entry((service.to_owned(), region.to_owned())).or_insert_with(make).clone()
    }
}

fn is_address(url: &str) -> bool {
    url.parse::<http::Uri>().is_ok_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some())
}

fn given(context: &AwsContext) -> Option<SharedCredentialsProvider> {
    let keys = context.credentials.as_ref()?;
    let token = keys.token.as_ref().map(|token| token.reveal().clone());
    Some(SharedCredentialsProvider::new(Keys::new(&keys.id, keys.secret.reveal(), token, None, "lifeboat")))
}

fn drill(context: &AwsContext) -> SdkConfig {
    let region = context.region.clone().map_or(Region::from_static("us-east-1"), Region::new);
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(region)
        .http_client(http(ProxyConfig::disabled));
    config.set_endpoint_url(context.endpoint_url.clone());
    config.set_credentials_provider(given(context));
    config.build()
}

/// Resolves the credentials with which a call would be signed.
pub(super) async fn credentials(context: &AwsContext) -> Result<super::Credentials, String> {
    let config = from_environment(context).await;
    let provider = config.credentials_provider().ok_or_else(|| failure::NO_CREDENTIALS.to_owned())?;
    let found = tokio::time::timeout(CREDENTIALS_LIMIT, provider.provide_credentials()).await;
    let keys = found.map_err(|_| failure::SLOW_CREDENTIALS.to_owned())?.map_err(|error| error.to_string())?;
    let token = keys.session_token().map(|token| Secret::new(token.to_owned()));
    let secret = Secret::new(keys.secret_access_key().to_owned());
    Ok(super::Credentials { id: keys.access_key_id().to_owned(), secret, token })
}

async fn from_environment(context: &AwsContext) -> SdkConfig {
    let http = http(ProxyConfig::from_env);
    let provider = ProviderConfig::default().with_http_client(http.clone());
    let mut profile_region = ProfileFileRegionProvider::builder();
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http);
    if let Some(profile) = &context.profile {
        profile_region = profile_region.profile_name(profile);
        loader = loader.profile_name(profile);
    }
    let region = if let Some(region) = &context.region {
        Some(Region::new(region.clone()))
    } else {
        // Not the whole default chain: it ends in asking EC2's metadata service.
        let chain = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new());
        chain.or_else(profile_region.build()).region().await
    };
    let credentials = if let Some(keys) = given(context) {
        keys
    } else {
        let metadata = aws_config::imds::Client::builder()
            .configure(&provider)
            .connect_timeout(METADATA_TIMEOUT)
            .read_timeout(METADATA_TIMEOUT)
            .max_attempts(1)
            .build();
        let mut chain = DefaultCredentialsChain::builder().imds_client(metadata);
        chain.set_region(region.clone());
        if let Some(profile) = &context.profile {
            chain = chain.profile_name(profile);
        }
        let provider = provider.with_region(region.clone());
        SharedCredentialsProvider::new(chain.configure(provider).build().await)
    };
    loader = loader.credentials_provider(credentials);
    if let Some(url) = &context.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    // An empty chain stands for "none": the loader's own default would ask EC2's metadata service.
    loader = loader.region(RegionProviderChain::first_try(region));
    loader.load().await
}

fn http(proxies: fn() -> ProxyConfig) -> SharedHttpClient {
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector =
            Connector::builder().tls_provider(Provider::Rustls(CryptoMode::Ring)).proxy_config(proxies());
        if let Some(settings) = settings {
            connector = connector.connector_settings(settings.clone());
        }
        if let Some(sleep) = components.and_then(RuntimeComponents::sleep_impl) {
            connector = connector.sleep_impl(sleep);
        }
        connector.build()
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use aws_smithy_runtime_api::client::http::{HttpConnectorFuture, SharedHttpConnector, http_client_fn};
    use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
    use aws_smithy_runtime_api::client::result::ConnectorError;

    use super::*;
    use crate::exec::aws::arguments::Request;

    /// Keeps the first request's address and answers nothing.
    #[derive(Clone, Debug, Default)]
    struct Nowhere(Arc<Mutex<String>>);

    impl aws_smithy_runtime_api::client::http::HttpConnector for Nowhere {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            request.uri().clone_into(&mut self.0.lock().unwrap());
            HttpConnectorFuture::ready(Err(ConnectorError::user("nobody".into())))
        }
    }

    async fn address(endpoint: Option<&str>, line: &str) -> (String, Option<String>) {
        let nowhere = Nowhere::default();
        let connector = nowhere.clone();
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(Keys::new("A", "s", None, None, "test")))
            .http_client(http_client_fn(move |_, _| SharedHttpConnector::new(connector.clone())));
        config.set_endpoint_url(endpoint.map(str::to_owned));
        let clients = Clients::of(config.build(), None, Reach::Anywhere);
        let request = Request::parse(&shlex::split(line).unwrap(), Path::new(".")).unwrap();
        let manner = Manner::new(Repeats::Unknown, Duration::from_secs(1), Reach::Anywhere);
        let region = clients.region(request.operation.service, request.region.as_deref()).unwrap();
        let call = (request.operation, request.operation.name.as_str(), region.as_str());
        clients.send(call, &request.arguments, &manner).unwrap().await.unwrap_err();
        let uri = nowhere.0.lock().unwrap().clone();
        (uri, manner.tap.kept().region)
    }

    #[tokio::test]
    async fn addresses_are_those_of_aws() {
        for (endpoint, line, uri, region) in [
            (None, "sts get-caller-identity", "https://sts.eu-west-1.amazonaws.com/", "eu-west-1"),
            (None, "sts get-caller-identity --region us-east-1", "https://sts.us-east-1.amazonaws.com/", "us-east-1"),
            (None, "rds describe-events --region us-west-2", "https://rds.us-west-2.amazonaws.com/", "us-west-2"),
            (Some("http://127.0.0.1:9"), "rds describe-events", "http://127.0.0.1:9/", "eu-west-1"),
            (None, "route53 get-change --id C1", "https://route53.amazonaws.com/2013-04-01/change/C1", "us-east-1"),
            (None, "s3api head-bucket --bucket latch", "https://latch.s3.eu-west-1.amazonaws.com/", "eu-west-1"),
            (Some("http://127.0.0.1:9"), "s3api head-bucket --bucket latch", "http://127.0.0.1:9/latch", "eu-west-1"),
        ] {
            let found = address(endpoint, line).await;
            assert_eq!(
                (found.0.trim_end_matches('/'), found.1.as_deref()),
                (uri.trim_end_matches('/'), Some(region)),
                "{line}"
            );
        }
    }

    #[tokio::test]
    async fn route53_behind_an_endpoint_is_signed_for_some_region() {
        let (uri, region) = address(Some("http://127.0.0.1:9"), "route53 get-change --id /change/C1").await;
        assert_eq!(uri, "http://127.0.0.1:9/2013-04-01/change/C1");
        assert_eq!(region.as_deref(), Some("eu-west-1"));
    }
}
