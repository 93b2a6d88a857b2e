//! Keeps what goes over the wire: an interceptor on every call of the SDK holds the answer as AWS sent it.
//!
//! The SDK's outputs don't serialise, and the AWS CLI's JSON follows the answer, not the SDK's types. The same
//! interceptor is the last look before a request leaves: in a drill nothing goes beyond this machine.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

use super::Reach;

/// Holds an answer as it came.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    /// The HTTP status.
    pub(super) status: u16,
    /// The headers, names in lower case.
    pub(super) headers: Vec<(String, String)>,
    /// The body.
    pub(super) body: String,
}

impl Answer {
    /// Returns the header `name`.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }
}

/// Holds what is known of the last attempt of a call.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    /// `PromoteReadReplica`.
    pub(super) operation: String,
    /// The region that the request was signed for.
    pub(super) region: Option<String>,
    /// The host that it went to.
    pub(super) host: Option<String>,
    /// The answer, complete with its body.
    pub(super) answer: Option<Answer>,
}

/// Is the interceptor, shared with the one who calls.
#[derive(Clone, Debug)]
pub(super) struct Tap {
    reach: Reach,
    kept: Arc<Mutex<Kept>>,
}

impl Tap {
    /// Makes one for a call.
    pub(super) fn new(reach: Reach) -> Self {
        Self { reach, kept: Arc::default() }
    }

    /// Notes that a request of `operation`, signed for `region`, leaves for `host`.
    pub(super) fn leaves(&self, operation: &str, region: &str, host: &str) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Kept {
            operation: operation.to_owned(),
            region: Some(region.to_owned()),
            host: Some(host.to_owned()),
            answer: None,
        };
    }

    /// Keeps the whole answer to it.
    pub(super) fn keep(&self, answer: Answer) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).answer = Some(answer);
    }

    /// Returns what was kept.
    pub(super) fn kept(&self) -> Kept {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[dyn_dispatch_hint]
impl Intercept for Tap {
    fn name(&self) -> &'static str {
        "lifeboat"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request();
        if self.reach == Reach::LoopbackOnly && !is_loopback(request.uri()) {
            return Err(
                format!("a drill calls this machine only, and this request would go to {}", request.uri()).into()
            );
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.answer = None;
        kept.operation = cfg.load::<Metadata>().map(|of| of.name().to_owned()).unwrap_or_default();
        kept.host = request.uri().parse::<http::Uri>().ok().and_then(|uri| Some(uri.authority()?.to_string()));
        kept.region = request.headers().get("authorization").and_then(signed_region);
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        // A body that broke off is not bytes: no answer, then. The body of an object is nobody's to keep here.
        let object =
            cfg.load::<Metadata>().is_some_and(|of| of.name() == "GetObject") && response.status().is_success();
        if let Some(body) = response.body().bytes().or(object.then_some(&[])) {
            let headers = response.headers().iter().map(|(name, value)| (name.to_lowercase(), value.to_owned()));
            let answer = Answer {
                status: response.status().as_u16(),
                headers: headers.collect(),
                body: String::from_utf8_lossy(body).into_owned(),
            };
            self.kept.lock().unwrap_or_else(PoisonError::into_inner).answer = Some(answer);
        }
        Ok(())
    }
}

/// Finds the region in the credential scope: `Credential=<id>/<date>/<region>/<service>/aws4_request`.
fn signed_region(authorization: &str) -> Option<String> {
    let scope = authorization.split_once("Credential=")?.1;
    scope.split(',').next()?.split('/').nth(2).map(str::to_owned)
}

/// Says whether the host of `url` is this machine.
pub(super) fn is_loopback(url: &str) -> bool {
    let Ok(url) = url.parse::<http::Uri>() else { return false };
    let Some(host) = url.host() else { return false };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for url in ["http://127.0.0.1:5501", "http://127.9.9.9/x?y", "http://[::1]:80/", "http://localhost:1"] {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "https://rds.us-east-1.amazonaws.com",
            "http://127.0.0.1.example.com",
            "http://127.0.0.1@example.com/",
            "http://localhost.example.com",
            "http://169.254.169.254/",
            "nonsense",
            "",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
    }

    #[test]
    fn the_region_is_read_from_the_signature() {
        let header = "AWS4-HMAC-SHA256 Credential=AK/20261122/eu-west-1/rds/aws4_request, SignedHeaders=host";
        assert_eq!(signed_region(header).as_deref(), Some("eu-west-1"));
        assert_eq!(signed_region("Bearer x"), None);
    }
}
