//! One HTTP request, as `.http` files write it: `METHOD url [HTTP/1.1]`, headers, a blank line, the body.
//!
//! Lines before the request line that begin with `#` or `//` are comments. `###` would begin a second request and is
//! refused. Redirects are answers like others and not followed; a drill asks no proxy and never leaves this machine.

use std::error::Error as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Url};

use super::dns::{DnsContext, Refusal, addresses, permitted};
use super::{Reach, Reply};
use crate::engine::Outcome;

/// The most that is read of a body.
const BODY_CAP: usize = 16 * 1024 * 1024;

/// Holds what requests of a run share.
#[derive(Clone, Debug)]
pub struct HttpContext {
    /// When a request is given up, from the first look-up to the last byte.
    pub timeout: Duration,
    /// The resolver that is asked for names instead of the system's: the estate's.
    pub resolver: Option<SocketAddr>,
    /// How far a request may go.
    pub reach: Reach,
}

#[derive(Debug)]
struct Wanted {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: String,
}

/// Sends one request and reads the answer; standard output is its body.
pub async fn request(cx: &HttpContext, text: &str) -> Reply {
    let wanted = match parse(text) {
        Ok(wanted) => wanted,
        Err(error) => return Reply::failed(Outcome::Unusable { error }),
    };
    match tokio::time::timeout(cx.timeout, send(cx, &wanted)).await {
        Ok(Ok(reply)) => reply,
        Ok(Err(refusal)) => Reply::failed(refusal.into()),
        Err(_) => Reply::failed(Outcome::Unreachable {
            error: format!(
                "{} gave no whole answer within {}",
                place(&wanted.url),
                crate::kernel::say_duration(cx.timeout)
            ),
        }),
    }
}

/// Asks a server for its time, by the `Date` of its answer, whatever else it answers.
///
/// # Errors
/// If it gives none, in words.
pub async fn date(cx: &HttpContext, url: &str) -> Result<DateTime<Utc>, String> {
    let url: Url = url.parse().map_err(|error| format!("`{url}` is not an address: {error}"))?;
    let asked = async {
        let client = client(cx, &url).await.map_err(|refusal| Outcome::from(refusal).words())?;
        client.head(url.clone()).send().await.map_err(|error| words(&url, &error))
    };
    let answer = tokio::time::timeout(cx.timeout, asked).await;
    let answer = answer.map_err(|_| format!("{} gave no answer", place(&url)))??;
    let date = answer.headers().get(http::header::DATE).and_then(|date| date.to_str().ok());
    let date = date.and_then(|date| DateTime::parse_from_rfc2822(date).ok());
    date.map(|date| date.to_utc()).ok_or_else(|| format!("{} says no time", place(&url)))
}

/// Sends bytes and returns those of the answer, if it is a success.
///
/// # Errors
/// Why there is none, in words.
pub async fn post(cx: &HttpContext, url: &str, kind: &'static str, body: Vec<u8>) -> Result<Vec<u8>, String> {
    let url: Url = url.parse().map_err(|error| format!("`{url}` is not an address: {error}"))?;
    let asked = async {
        let client = client(cx, &url).await.map_err(|refusal| Outcome::from(refusal).words())?;
        let request = client.post(url.clone()).header(http::header::CONTENT_TYPE, kind).body(body);
        let answer = request.send().await.map_err(|error| words(&url, &error))?;
        if !answer.status().is_success() {
            return Err(format!("{} answered {}", place(&url), answer.status()));
        }
        let bytes = answer.bytes().await.map_err(|error| words(&url, &error))?;
        Ok(bytes.to_vec())
    };
    tokio::time::timeout(cx.timeout, asked).await.map_err(|_| format!("{} gave no answer", place(&url)))?
}

fn parse(text: &str) -> Result<Wanted, String> {
    const USAGE: &str = "write for example `GET https://shop.example/health`";
    let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    if text.lines().any(|line| line.starts_with("###")) {
        return Err("`###` begins a second request; a block holds one, so make a block for each".to_owned());
    }
    let comment = |line: &str| line.trim_start().starts_with('#') || line.trim_start().starts_with("//");
    let first = lines.by_ref().find(|line| !line.trim().is_empty() && !comment(line));
    let first = first.ok_or_else(|| format!("there is no request; {USAGE}"))?;
    let mut words = first.split_whitespace();
    let (Some(method), Some(url), version, None) = (words.next(), words.next(), words.next(), words.next()) else {
        return Err(format!("`{first}` is not a request line; {USAGE}"));
    };
    if version.is_some_and(|version| !version.starts_with("HTTP/")) {
        return Err(format!("`{first}` does not end in an HTTP version; a blank in the address is written `%20`"));
    }
    let method =
        Method::from_bytes(method.as_bytes()).map_err(|_| format!("`{method}` is not an HTTP method; {USAGE}"))?;
    let url: Url = url.parse().map_err(|error| format!("`{url}` is not an address: {error}; {USAGE}"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(format!("`{url}` is not an address of http or https; {USAGE}"));
    }
    let mut headers = HeaderMap::new();
    for line in lines.by_ref().take_while(|line| !line.trim().is_empty()) {
        if comment(line) {
            continue;
        }
        let wrong = || format!("`{line}` is not a header; write `Name: value`, and a blank line before the body");
        let (name, value) = line.split_once(':').ok_or_else(wrong)?;
        let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| wrong())?;
        headers.append(name, HeaderValue::from_str(value.trim()).map_err(|_| wrong())?);
    }
    let body = lines.collect::<Vec<_>>().join("\n");
    // The line feed before the closing fence is the block's, not the body's.
    let body = body.strip_suffix('\n').unwrap_or(&body).to_owned();
    Ok(Wanted { method, url, headers, body })
}

/// Names the host and port of an address, without user, path and query, which may hold secrets.
fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port_or_known_default().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

async fn send(cx: &HttpContext, wanted: &Wanted) -> Result<Reply, Refusal> {
    let client = client(cx, &wanted.url).await?;
    let mut request = client.request(wanted.method.clone(), wanted.url.clone()).headers(wanted.headers.clone());
    if !wanted.body.is_empty() {
        request = request.body(wanted.body.clone());
    }
    let failed = |error: &reqwest::Error| Refusal::Unreachable(words(&wanted.url, error));
    let mut answer = request.send().await.map_err(|error| failed(&error))?;
    let status = answer.status();
    let mut stdout = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| failed(&error))? {
        if stdout.len() + chunk.len() > BODY_CAP {
            return Err(Refusal::Unusable(format!(
                "{} answered {status} with a body of more than {} MiB; ask for less, or use a shell block with curl",
                place(&wanted.url),
                BODY_CAP / 1024 / 1024
            )));
        }
        stdout.extend_from_slice(&chunk);
    }
    let stderr =
        if status.is_success() { String::new() } else { format!("{} answered {status}\n", place(&wanted.url)) };
    Ok(Reply {
        outcome: Outcome::Answered { status: Some(status.as_u16()) },
        stdout,
        stderr: stderr.into_bytes(),
        aws: None,
    })
}

async fn client(cx: &HttpContext, url: &Url) -> Result<Client, Refusal> {
    // Another part of the program may have installed it first: the same one.
    drop(rustls::crypto::ring::default_provider().install_default());
    let dns = DnsContext { timeout: cx.timeout, resolver: cx.resolver, reach: cx.reach };
    let host = url.host_str().unwrap_or_default();
    let literal: Option<IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
    if let Some(address) = literal {
        permitted(cx.reach, address, &format!("`{host}`")).map_err(Refusal::Unusable)?;
    }
    let mut builder = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(cx.timeout)
        .user_agent(concat!("lifeboat/", env!("CARGO_PKG_VERSION")));
    if cx.reach == Reach::LoopbackOnly {
        builder = builder.no_proxy();
    }
    if url.scheme() == "http" {
        // Without redirects nothing is ever encrypted here: the host's root certificates, which a bare machine may
        // not have, need not be read.
        builder = builder.tls_certs_only([]);
    }
    if literal.is_none() && (cx.resolver.is_some() || cx.reach == Reach::LoopbackOnly) {
        let found = addresses(&dns, host).await?;
        for address in &found {
            permitted(cx.reach, *address, &format!("`{host}`")).map_err(Refusal::Unusable)?;
        }
        builder = builder.no_proxy().dns_resolver(Looked(found.into()));
    }
    builder.build().map_err(|error| Refusal::Unusable(format!("cannot make an HTTP client: {}", root(&error))))
}

/// Answers with the addresses that were looked up and permitted, and no others.
struct Looked(Arc<[IpAddr]>);

impl Resolve for Looked {
    fn resolve(&self, _: Name) -> Resolving {
        let found: Vec<SocketAddr> = self.0.iter().map(|address| SocketAddr::new(*address, 0)).collect();
        Box::pin(std::future::ready(Ok(Box::new(found.into_iter()) as Addrs)))
    }
}

/// Says in one sentence why there is no answer.
fn words(url: &Url, error: &reqwest::Error) -> String {
    let place = place(url);
    let root = root(error);
    let io = std::iter::successors(error.source(), |error| (*error).source())
        .find_map(|error| error.downcast_ref::<std::io::Error>())
        .map(std::io::Error::kind);
    match io {
        Some(std::io::ErrorKind::ConnectionRefused) => format!("{place} refused the connection: nothing listens there"),
        Some(std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::UnexpectedEof) => {
            format!("{place} broke the connection off before its answer was whole")
        }
        _ if error.is_timeout() => format!("{place} did not answer in time"),
        _ if root.contains("lookup") || root.contains("resolve") => {
            format!("the name {place} could not be looked up: {root}")
        }
        _ if error.is_connect() => format!("no connection to {place}: {root}"),
        _ => format!("{place} gave no usable answer: {root}"),
    }
}

/// Returns the innermost cause, which is the one that says something.
fn root(error: &reqwest::Error) -> String {
    std::iter::successors(error.source(), |error| (*error).source())
        .last()
        .map_or_else(|| error.to_string(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_as_files_write_them() {
        let wanted = parse("# a comment\n\n// another\nPOST http://shop.example:8080/orders?x=1 HTTP/1.1\r\nContent-Type: application/json\n# between\nX-A: b: c\n\n{\"a\": 1}\n\n# not a comment\n").unwrap();
        assert_eq!((wanted.method, wanted.url.as_str()), (Method::POST, "http://shop.example:8080/orders?x=1"));
        assert_eq!(wanted.headers.len(), 2);
        assert_eq!(wanted.headers.get("x-a").unwrap(), "b: c");
        assert_eq!(wanted.body, "{\"a\": 1}\n\n# not a comment");
        assert_eq!(parse("GET http://[::1]:80/\n").unwrap().body, "");
        for text in [
            "",
            "# only a comment",
            "GET",
            "GET /health",
            "GET ftp://x/",
            "G@T http://x/",
            "GET http://x/ y",
            "GET http://x/\nnot a header\n",
            "GET http://x/\nA: \u{1}\n",
            "GET http://x/\n\n###\nGET http://y/",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text: String) {
            drop(parse(&text));
        }
    }
}
