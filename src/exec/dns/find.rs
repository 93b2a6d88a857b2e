//! Whom to ask: the named server, the estate's, or the servers that a zone's delegation names.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};

use super::wire::{Wish, ask};
use super::{DnsContext, Wanted, permitted};
use crate::engine::Outcome;

/// How many steps a chain of aliases may have.
const ALIASES: usize = 8;
/// How many authoritative servers are tried.
const SERVERS: usize = 4;

/// Says why nothing was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody answered, or the name does not exist.
    Unreachable(String),
    /// It must not be asked, or makes no sense.
    Unusable(String),
}

impl From<Refusal> for Outcome {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unreachable(error) => Self::Unreachable { error },
            Refusal::Unusable(error) => Self::Unusable { error },
        }
    }
}

/// Finds the answer, and who gave it.
pub(super) async fn answer(cx: &DnsContext, wanted: &Wanted) -> Result<(SocketAddr, Message), Refusal> {
    if let Some(server) = &wanted.server {
        let server = named(cx, server).await?;
        return Ok((server, put(cx, server, &wanted.name, wanted.kind, Wish::Recursive).await?));
    }
    if let Some(resolver) = cx.resolver {
        let answer = put(cx, resolver, &wanted.name, wanted.kind, Wish::Recursive).await?;
        if answer.metadata.authoritative {
            return Ok((resolver, answer));
        }
    }
    let mut why = None;
    for server in authorities(cx, &wanted.name).await? {
        match put(cx, server, &wanted.name, wanted.kind, Wish::Direct).await {
            Ok(answer) if answer.metadata.authoritative => return Ok((server, answer)),
            Ok(_) => {
                let lame = format!("{server} should know about {}, but does not (lame delegation)", wanted.name);
                why = Some(Refusal::Unreachable(lame));
            }
            Err(refusal @ Refusal::Unusable(_)) => return Err(refusal),
            Err(refusal) => why = Some(refusal),
        }
    }
    Err(why.unwrap_or_else(|| Refusal::Unreachable(format!("no name server is known for {}", wanted.name))))
}

/// Returns the addresses of a host, following aliases.
pub async fn addresses(cx: &DnsContext, host: &str) -> Result<Vec<IpAddr>, Refusal> {
    if let Ok(address) = host.parse() {
        return Ok(vec![address]);
    }
    if host.eq_ignore_ascii_case("localhost") {
        return Ok(vec![Ipv4Addr::LOCALHOST.into()]);
    }
    let mut name =
        Name::from_utf8(host).map_err(|error| Refusal::Unusable(format!("`{host}` is not a name: {error}")))?;
    name.set_fqdn(true);
    let mut why = Refusal::Unreachable(format!("no name server is known that could look up {host}"));
    for resolver in resolvers(cx) {
        match resolve(cx, resolver, name.clone()).await {
            Ok(found) if found.is_empty() => {
                return Err(Refusal::Unreachable(format!("{host} has no address, says {resolver}")));
            }
            Ok(found) => return Ok(found),
            Err(refusal) => why = refusal,
        }
    }
    Err(why)
}

async fn resolve(cx: &DnsContext, resolver: SocketAddr, mut name: Name) -> Result<Vec<IpAddr>, Refusal> {
    for _ in 0..ALIASES {
        let mut alias = None;
        for kind in [RecordType::A, RecordType::AAAA] {
            let answer = put(cx, resolver, &name, kind, Wish::Recursive).await?;
            match answer.metadata.response_code {
                ResponseCode::NoError => {}
                ResponseCode::NXDomain => {
                    return Err(Refusal::Unreachable(format!("{name} does not exist, says {resolver} (NXDOMAIN)")));
                }
                code => return Err(Refusal::Unreachable(format!("{resolver} does not answer for {name}: {code}"))),
            }
            let found: Vec<IpAddr> = answer.answers.iter().filter_map(|record| address(&record.data)).collect();
            if !found.is_empty() {
                return Ok(found);
            }
            alias = answer.answers.iter().rev().find_map(|record| match &record.data {
                RData::CNAME(target) => Some(target.0.clone()),
                _ => None,
            });
            if alias.is_some() {
                break;
            }
        }
        match alias {
            Some(target) => name = target,
            None => return Ok(Vec::new()),
        }
    }
    Err(Refusal::Unreachable(format!("{name} stands in a chain of too many aliases")))
}

fn address(data: &RData) -> Option<IpAddr> {
    match data {
        RData::A(address) => Some(address.0.into()),
        RData::AAAA(address) => Some(address.0.into()),
        _ => None,
    }
}

/// Asks a server, if it may be asked.
async fn put(
    cx: &DnsContext,
    server: SocketAddr,
    name: &Name,
    kind: RecordType,
    wish: Wish,
) -> Result<Message, Refusal> {
    permitted(cx.reach, server.ip(), "the name server").map_err(Refusal::Unusable)?;
    ask(server, name, kind, wish).await.map_err(Refusal::Unreachable)
}

/// Reads `server[:port]`, looking the server up where it is a name.
async fn named(cx: &DnsContext, server: &str) -> Result<SocketAddr, Refusal> {
    if let Ok(address) = server.parse() {
        return Ok(address);
    }
    if let Ok(address) = server.trim_start_matches('[').trim_end_matches(']').parse() {
        return Ok(SocketAddr::new(address, 53));
    }
    let (host, port) = match server.rsplit_once(':') {
        None => (server, None),
        Some((host, port)) => match port.parse() {
            Ok(port) => (host, Some(port)),
            Err(_) => return Err(Refusal::Unusable(format!("`{port}` in `@{server}` is not a port"))),
        },
    };
    let address = addresses(cx, host).await?.into_iter().next();
    let address = address.ok_or_else(|| Refusal::Unreachable(format!("{host} has no address")))?;
    Ok(SocketAddr::new(address, port.unwrap_or_else(|| port_for(cx, address))))
}

/// Name servers of the estate listen where its resolver does, all others on the usual port.
fn port_for(cx: &DnsContext, address: IpAddr) -> u16 {
    cx.resolver.filter(|_| address.is_loopback()).map_or(53, |resolver| resolver.port())
}

/// Finds the servers of the zone that `name` lies in.
async fn authorities(cx: &DnsContext, name: &Name) -> Result<Vec<SocketAddr>, Refusal> {
    let mut why =
        Refusal::Unreachable("no name server is known; is there a line `nameserver` in /etc/resolv.conf?".into());
    for resolver in resolvers(cx) {
        match delegation(cx, resolver, name).await {
            Ok(servers) => return Ok(servers),
            Err(refusal @ Refusal::Unusable(_)) => return Err(refusal),
            Err(refusal) => why = refusal,
        }
    }
    Err(why)
}

async fn delegation(cx: &DnsContext, resolver: SocketAddr, name: &Name) -> Result<Vec<SocketAddr>, Refusal> {
    let mut zone = name.clone();
    loop {
        let answer = put(cx, resolver, &zone, RecordType::NS, Wish::Recursive).await?;
        let servers: Vec<Name> = answer
            .answers
            .iter()
            .filter(|record| record.name == zone)
            .filter_map(|record| match &record.data {
                RData::NS(server) => Some(server.0.clone()),
                _ => None,
            })
            .collect();
        if !servers.is_empty() {
            return located(cx, resolver, &servers, &answer).await;
        }
        if zone.is_root() {
            return Err(Refusal::Unreachable(format!("{resolver} knows no name servers for {name}")));
        }
        zone = zone.base_name();
    }
}

async fn located(
    cx: &DnsContext,
    resolver: SocketAddr,
    servers: &[Name],
    answer: &Message,
) -> Result<Vec<SocketAddr>, Refusal> {
    let mut found = Vec::new();
    let mut why = None;
    for server in servers {
        if found.len() >= SERVERS {
            break;
        }
        let glue = answer.additionals.iter().filter(|record| &record.name == server);
        let mut addresses: Vec<IpAddr> = glue.filter_map(|record| address(&record.data)).collect();
        if addresses.is_empty() {
            match resolve(cx, resolver, server.clone()).await {
                Ok(resolved) => addresses = resolved,
                Err(refusal) => why = Some(refusal),
            }
        }
        // The old protocol first: a host without the new one fails at it at once, but fails.
        addresses.sort_by_key(IpAddr::is_ipv6);
        found.extend(addresses.into_iter().take(1).map(|address| SocketAddr::new(address, port_for(cx, address))));
    }
    match why {
        Some(refusal) if found.is_empty() => Err(refusal),
        _ => Ok(found),
    }
}

/// Returns the resolvers to ask: the estate's, else the system's.
fn resolvers(cx: &DnsContext) -> Vec<SocketAddr> {
    match cx.resolver {
        Some(resolver) => vec![resolver],
        None => system(&std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default()),
    }
}

/// Reads the name servers of `/etc/resolv.conf`; without any, this host is asked, as the C library does.
fn system(text: &str) -> Vec<SocketAddr> {
    let mut servers: Vec<SocketAddr> = text
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let server = (words.next()? == "nameserver").then(|| words.next())??;
            // A zone index (`fe80::1%eth0`) is not understood; such a server is passed over.
            server.parse().ok().map(|address| SocketAddr::new(address, 53))
        })
        .take(3)
        .collect();
    if servers.is_empty() {
        servers.push((Ipv4Addr::LOCALHOST, 53).into());
    }
    servers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_s_resolvers() {
        let text = "# made by hand\nsearch example.com\nnameserver 10.0.0.2\n nameserver\tfd00::2 # inside\nnameserver fe80::1%eth0\noptions ndots:5\nnameserver";
        assert_eq!(system(text), ["10.0.0.2:53".parse().unwrap(), "[fd00::2]:53".parse().unwrap()]);
        assert_eq!(system(""), ["127.0.0.1:53".parse().unwrap()]);
    }
}
