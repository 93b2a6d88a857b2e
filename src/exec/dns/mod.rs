//! One DNS query: `name TYPE [@server[:port]]`.
//!
//! Without a server the zone's authoritative ones are asked, since a resolver's cache says what was. The answer's
//! values stand one a line, sorted, names with their final dot, the strings of a TXT record joined, as they are.
//! A name without records of that type is an answer without lines; a name that does not exist is unreachable.

mod find;
mod wire;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};

use super::{Reach, Reply};
use crate::engine::Outcome;

pub use find::{Refusal, addresses};

/// Holds what queries of a run share.
#[derive(Clone, Debug)]
pub struct DnsContext {
    /// When a query is given up, all its tries and look-ups together.
    pub timeout: Duration,
    /// The resolver that is asked instead of the system's: the estate's.
    pub resolver: Option<SocketAddr>,
    /// How far a query may go.
    pub reach: Reach,
}

#[derive(Debug)]
struct Wanted {
    name: Name,
    kind: RecordType,
    server: Option<String>,
}

/// Asks one query and returns the answers, sorted, one a line.
pub async fn query(cx: &DnsContext, text: &str) -> Reply {
    let wanted = match parse(text) {
        Ok(wanted) => wanted,
        Err(error) => return Reply::failed(Outcome::Unusable { error }),
    };
    match tokio::time::timeout(cx.timeout, find::answer(cx, &wanted)).await {
        Ok(Ok((server, answer))) => reply(&wanted, server, &answer),
        Ok(Err(refusal)) => Reply::failed(refusal.into()),
        Err(_) => Reply::failed(Outcome::Unreachable {
            error: format!("no answer for {} within {}", wanted.name, crate::kernel::say_duration(cx.timeout)),
        }),
    }
}

fn parse(text: &str) -> Result<Wanted, String> {
    const USAGE: &str = "write `name TYPE`, or `name TYPE @server` to ask one server";
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let line = lines.next().ok_or_else(|| format!("there is no query; {USAGE}"))?;
    if lines.next().is_some() {
        return Err("there are several queries; a block holds one, so make a block for each".to_owned());
    }
    let mut words = line.split_whitespace();
    let (name, kind, server) = (words.next(), words.next(), words.next());
    let (Some(name), Some(kind), None) = (name, kind, words.next()) else {
        return Err(format!("`{line}` is not a query; {USAGE}"));
    };
    let server = match server.map(|server| server.strip_prefix('@')) {
        None => None,
        Some(Some(server)) if !server.is_empty() => Some(server.to_owned()),
        Some(_) => return Err(format!("`{line}` names no server after the type; {USAGE}")),
    };
    let mut parsed = Name::from_utf8(name).map_err(|error| format!("`{name}` is not a name: {error}"))?;
    parsed.set_fqdn(true);
    let kind = kind.to_ascii_uppercase().parse().map_err(|_| {
        format!("`{kind}` is not a record type; known are A, AAAA, CNAME, MX, NS, SOA, SRV, TXT and more")
    })?;
    Ok(Wanted { name: parsed, kind, server })
}

fn reply(wanted: &Wanted, server: SocketAddr, answer: &Message) -> Reply {
    let (name, kind) = (&wanted.name, wanted.kind);
    let unreachable = |error: String| Reply::failed(Outcome::Unreachable { error });
    match answer.metadata.response_code {
        ResponseCode::NoError => {}
        ResponseCode::NXDomain => return unreachable(format!("{name} does not exist, says {server} (NXDOMAIN)")),
        ResponseCode::ServFail => {
            return unreachable(format!("{server} could not find out about {name} {kind} (SERVFAIL)"));
        }
        ResponseCode::Refused => return unreachable(format!("{server} does not answer for {name} (REFUSED)")),
        code => return unreachable(format!("{server} answered {name} {kind} with an error: {code}")),
    }
    let of = |kind: RecordType| {
        let records = answer.answers.iter().filter(move |record| record.record_type() == kind);
        records.map(|record| words(&record.data)).collect::<Vec<_>>()
    };
    let mut values = of(kind);
    if values.is_empty() {
        values = of(RecordType::CNAME);
    }
    values.sort();
    values.dedup();
    let stderr =
        if values.is_empty() { format!("{name} has no {kind} records, says {server}\n") } else { String::new() };
    let stdout = values.iter().flat_map(|value| [value.as_str(), "\n"]).collect::<String>();
    Reply {
        outcome: Outcome::Answered { status: None },
        stdout: stdout.into_bytes(),
        stderr: stderr.into_bytes(),
        aws: None,
    }
}

fn words(data: &RData) -> String {
    match data {
        RData::TXT(text) => text.txt_data.iter().map(|part| String::from_utf8_lossy(part)).collect(),
        data => data.to_string(),
    }
}

/// Tells whether an address may be reached; `Err` says why not.
pub(super) fn permitted(reach: Reach, address: IpAddr, what: &str) -> Result<(), String> {
    match reach {
        Reach::LoopbackOnly if !address.is_loopback() => Err(format!(
            "{what} is at {address}, outside this machine; a drill never leaves the practice estate, so nothing was sent"
        )),
        Reach::Anywhere | Reach::LoopbackOnly => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_as_people_write_them() {
        for (text, name, kind, server) in [
            ("shop.example A", "shop.example.", RecordType::A, None),
            (
                "# who\n\n shop.example.  txt @127.0.0.1:5353 \n",
                "shop.example.",
                RecordType::TXT,
                Some("127.0.0.1:5353"),
            ),
            ("_pg._tcp.shop.example SRV @ns1", "_pg._tcp.shop.example.", RecordType::SRV, Some("ns1")),
        ] {
            let wanted = parse(text).unwrap();
            assert_eq!(wanted.name.to_string(), name);
            assert_eq!((wanted.kind, wanted.server.as_deref()), (kind, server));
        }
        for text in
            ["", "shop.example", "shop.example NONSENSE", "a A 1.2.3.4", "a A @", "a A @b c", "a A\nb A", "a..b A"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
