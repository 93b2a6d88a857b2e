//! Signatures, version 4: what a request was signed for, and whether its signer knows the estate's secret.
//!
//! The chunks of a streamed upload are not looked at one by one; its headers are, and its checksum is.

use std::time::SystemTime;

use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use axum::http::{HeaderMap, Method};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::checksum::sha256_hex;
use super::{Reply, Service};
use crate::estate::model::place::{ACCESS_KEY, SECRET_KEY};

/// What RFC 3986 leaves as it is.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The same, and what parts a path.
const PATH: &AsciiSet = &UNRESERVED.remove(b'/');
/// How far the clock of a signer may be off.
const SKEW: TimeDelta = TimeDelta::minutes(15);
/// How long a presigned request may be good for at most.
const LONGEST: i64 = 7 * 24 * 3600;

/// Is what a request was signed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scope {
    pub(super) key: String,
    date: String,
    pub(super) region: String,
    pub(super) service: String,
    signed_headers: String,
    signature: String,
    placed: Placed,
}

/// Says where a signature stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Placed {
    Header,
    Query,
}

impl Scope {
    /// Reads it from a request's header, or from its query where it was presigned.
    pub(super) fn of(headers: &HeaderMap, query: &[(String, String)]) -> Option<Self> {
        let header = headers.get("authorization").and_then(|value| value.to_str().ok());
        let (credential, signed_headers, signature, placed) = if let Some(header) = header {
            let fields = header.strip_prefix("AWS4-HMAC-SHA256")?;
            let field =
                |name: &str| fields.split(',').find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='));
            (field("Credential")?, field("SignedHeaders")?, field("Signature")?, Placed::Header)
        } else {
            let field = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
            let signature = field("X-Amz-Signature")?;
            (field("X-Amz-Credential")?, field("X-Amz-SignedHeaders")?, signature, Placed::Query)
        };
        let mut parts = credential.split('/').map(str::to_owned);
        Some(Self {
            key: parts.next()?,
            date: parts.next()?,
            region: parts.next()?,
            service: parts.next()?,
            signed_headers: signed_headers.to_owned(),
            signature: signature.to_owned(),
            placed,
        })
    }
}

/// Is a request as it was signed.
pub(super) struct Signed<'r> {
    pub(super) method: &'r Method,
    /// The path as it was sent, percent-encoded.
    pub(super) path: &'r str,
    /// The query as it was sent, without the question mark.
    pub(super) query: &'r str,
    pub(super) headers: &'r HeaderMap,
    pub(super) body: &'r [u8],
}

/// Says why a signature is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// The access key is somebody else's.
    Key,
    /// It was made with another secret, or for another request.
    Signature,
    /// It was made too long ago, or is yet to come.
    Clock,
    /// The time that a presigned request was good for is over.
    Over,
}

impl Signed<'_> {
    /// Says what is wrong with the request's signature at `now`.
    pub(super) fn doubt(&self, scope: &Scope, now: DateTime<Utc>) -> Option<Doubt> {
        if scope.key != ACCESS_KEY {
            return Some(Doubt::Key);
        }
        let Some((text, at)) = self.time(scope) else { return Some(Doubt::Signature) };
        let good_for = match scope.placed {
            Placed::Header => SKEW,
            Placed::Query => {
                let seconds = self.in_query("X-Amz-Expires").and_then(|text| text.parse().ok()).unwrap_or(0);
                if !(1..=LONGEST).contains(&seconds) {
                    return Some(Doubt::Signature);
                }
                TimeDelta::seconds(seconds)
            }
        };
        if at - now > SKEW || (scope.placed == Placed::Header && now - at > good_for) {
            return Some(Doubt::Clock);
        }
        if now - at > good_for {
            return Some(Doubt::Over);
        }
        let canonical = sha256_hex(self.canonical(scope).as_bytes());
        let Scope { date, region, service, .. } = scope;
        let text = format!("AWS4-HMAC-SHA256\n{text}\n{date}/{region}/{service}/aws4_request\n{canonical}");
        let key = generate_signing_key(SECRET_KEY, SystemTime::from(at), region, service);
        let good = at.format("%Y%m%d").to_string() == *date;
        (!good || calculate_signature(key, text.as_bytes()) != scope.signature).then_some(Doubt::Signature)
    }

    fn in_query(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(self.query.as_bytes())
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.into_owned())
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns when it was signed, as it says and as a time.
    fn time(&self, scope: &Scope) -> Option<(String, DateTime<Utc>)> {
        let text = match scope.placed {
            Placed::Header => self.header("x-amz-date")?.to_owned(),
            Placed::Query => self.in_query("X-Amz-Date")?,
        };
        let at = NaiveDateTime::parse_from_str(&text, "%Y%m%dT%H%M%SZ").ok()?.and_utc();
        Some((text, at))
    }

    /// Writes the request in the one form in which both sides sign it.
    fn canonical(&self, scope: &Scope) -> String {
        // S3 signs the path as it is sent, the others encode it once more.
        let path =
            if scope.service == "s3" { self.path.to_owned() } else { utf8_percent_encode(self.path, PATH).to_string() };
        let encoded = |text: &str| {
            let plain: Vec<u8> = percent_decode_str(text).collect();
            percent_encoding::percent_encode(&plain, UNRESERVED).to_string()
        };
        let mut query: Vec<(String, String)> = self
            .query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .filter(|(name, _)| *name != "X-Amz-Signature")
            .map(|(name, value)| (encoded(name), encoded(value)))
            .collect();
        query.sort_unstable();
        let query: Vec<String> = query.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        let headers = scope.signed_headers.split(';').fold(String::new(), |text, name| {
            let values = self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
            let values: Vec<String> =
                values.map(|value| value.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
            format!("{text}{name}:{}\n", values.join(","))
        });
        let body = match (self.header("x-amz-content-sha256"), scope.placed) {
            (Some(said), _) if scope.service == "s3" => said.to_owned(),
            (_, Placed::Query) if scope.service == "s3" => "UNSIGNED-PAYLOAD".to_owned(),
            _ => sha256_hex(self.body),
        };
        let (method, signed) = (self.method, &scope.signed_headers);
        format!("{method}\n{path}\n{}\n{headers}\n{signed}\n{body}", query.join("&"))
    }
}

impl Doubt {
    /// Refuses the request as `service` does.
    pub(super) fn reply(self, service: Service, id: &str) -> Reply {
        const KEY: &str = "The access key is not the practice estate's; take the credentials of its estate.json.";
        const SIGNATURE: &str = "The request signature we calculated does not match the signature you provided. Check \
                                 your AWS Secret Access Key and signing method. The practice estate's secret is in its \
                                 estate.json.";
        const CLOCK: &str = "Signature expired or not yet current: the clocks of signer and service are too far apart.";
        let s3 = service == Service::S3;
        let in_json = service.speaks_json();
        let (status, code, message) = match self {
            Self::Key if s3 => (403, "InvalidAccessKeyId", KEY),
            Self::Key if in_json => (400, "UnrecognizedClientException", KEY),
            Self::Key if service == Service::Ec2 => (401, "AuthFailure", KEY),
            Self::Key => (403, "InvalidClientTokenId", KEY),
            Self::Signature if in_json => (400, "InvalidSignatureException", SIGNATURE),
            Self::Signature if service == Service::Ec2 => (401, "AuthFailure", SIGNATURE),
            Self::Signature => (403, "SignatureDoesNotMatch", SIGNATURE),
            Self::Clock if s3 => (403, "RequestTimeTooSkewed", CLOCK),
            Self::Clock if in_json => (400, "InvalidSignatureException", CLOCK),
            Self::Clock => (403, "SignatureDoesNotMatch", CLOCK),
            Self::Over => (403, "AccessDenied", "Request has expired"),
        };
        service.error(status, code, message, id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: &str = "20261122T160000Z";

    fn now() -> DateTime<Utc> {
        "2026-11-22T16:00:00Z".parse().unwrap()
    }

    fn headers(authorization: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("host", "127.0.0.1:4566".parse().unwrap());
        headers.insert("x-amz-date", DATE.parse().unwrap());
        headers.insert("authorization", authorization.parse().unwrap());
        headers
    }

    /// Signs as a client does: by a library that is not ours.
    fn signed(secret: &str, uri: &str, service: &'static str, body: &[u8]) -> HeaderMap {
        use aws_credential_types::Credentials;
        use aws_sigv4::http_request::{
            PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode, sign,
        };
        let identity = Credentials::new(ACCESS_KEY, secret, None, None, "test").into();
        let mut settings = SigningSettings::default();
        if service == "s3" {
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        }
        let params = aws_sigv4::sign::v4::SigningParams::builder()
            .identity(&identity)
            .region("us-west-2")
            .name(service)
            .time(SystemTime::from(now()))
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let request =
            SignableRequest::new("POST", uri, [("x-a", " b  c ")].into_iter(), SignableBody::Bytes(body)).unwrap();
        let (instructions, _) = sign(request, &params).unwrap().into_parts();
        let mut headers = HeaderMap::new();
        headers.insert("host", "127.0.0.1:4566".parse().unwrap());
        headers.insert("x-a", " b  c ".parse().unwrap());
        for (name, value) in instructions.headers() {
            headers.insert(axum::http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn who_knows_the_secret_comes_in_and_nobody_else() {
        let (body, other) = (&b"Action=X"[..], &b"Action=Y"[..]);
        for (service, path, query) in [
            ("rds", "/", ""),
            ("kms", "/", "b=2&a=1%2F&a=%20x&e"),
            ("s3", "/bucket/a%20b/%C3%BC%2B", "versionId=1&list-type=2"),
            ("route53", "/2013-04-01/hostedzone/Z%2F1/rrset", "name=a.b"),
        ] {
            let uri = format!("http://127.0.0.1:4566{path}?{query}");
            let check = |headers: &HeaderMap, body: &[u8], now| {
                let scope = Scope::of(headers, &[]).unwrap();
                Signed { method: &Method::POST, path, query, headers, body }.doubt(&scope, now)
            };
            let mut good = signed(SECRET_KEY, &uri, service, body);
            if service == "s3" {
                // Its clients send the digest of the body, which is signed in place of the body.
                good.insert("x-amz-content-sha256", sha256_hex(body).parse().unwrap());
            }
            assert_eq!(check(&good, body, now()), None, "{service}");
            if service != "s3" {
                assert_eq!(check(&good, other, now()), Some(Doubt::Signature), "{service}");
            }
            assert_eq!(check(&good, body, now() + TimeDelta::minutes(16)), Some(Doubt::Clock));
            let bad = signed("another secret", &uri, service, body);
            assert_eq!(check(&bad, body, now()), Some(Doubt::Signature), "{service}");
        }
    }

    #[test]
    fn what_a_signature_is_for() {
        let header = "AWS4-HMAC-SHA256 Credential=AKIA/20261122/us-west-2/rds/aws4_request, SignedHeaders=host, \
                      Signature=00";
        let found = Scope::of(&headers(header), &[]).unwrap();
        assert_eq!((found.key.as_str(), found.region.as_str(), found.service.as_str()), ("AKIA", "us-west-2", "rds"));
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let presigned = [
            pair("X-Amz-Credential", "K/d/us-east-1/s3/aws4_request"),
            pair("X-Amz-SignedHeaders", "host"),
            pair("X-Amz-Signature", "00"),
        ];
        assert_eq!(Scope::of(&HeaderMap::new(), &presigned).unwrap().service, "s3");
        for bad in ["", "Basic x", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=h, Signature=0"]
        {
            assert_eq!(Scope::of(&headers(bad), &[]), None, "{bad}");
        }
    }

    #[test]
    fn each_service_refuses_in_its_own_words() {
        for (service, doubt, status) in [
            (Service::Rds, Doubt::Key, 403),
            (Service::S3, Doubt::Signature, 403),
            (Service::Keys, Doubt::Signature, 400),
            (Service::Ec2, Doubt::Key, 401),
        ] {
            assert_eq!(doubt.reply(service, "id").status, status);
        }
    }
}
