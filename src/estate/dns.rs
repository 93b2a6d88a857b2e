//! The authoritative name server, UDP and TCP, around the model's zone.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::{Edns, Message, MessageType, OpCode, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, CNAME, NS, SOA, TXT};
use hickory_proto::rr::{DNSClass, Name, RData, Record};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinSet;

use super::model::place::ZONE;
use super::model::zone::Answer;
use super::standing::Standing;

/// The kinds of record that can be served, and therefore made.
pub(super) const KINDS: [&str; 6] = ["A", "AAAA", "CNAME", "NS", "SOA", "TXT"];
/// What fits into a UDP answer for a client that does not say otherwise.
const PLAIN_UDP: usize = 512;
/// How long a TCP client may be silent.
const TCP_SILENCE: Duration = Duration::from_secs(10);
/// How many aliases are followed.
const LONGEST_CHAIN: usize = 4;
/// How many TCP clients are served at once.
const MOST_TCP: usize = 64;

/// Serves queries that come by datagram.
pub(super) async fn serve_udp(socket: UdpSocket, standing: Arc<Standing>) -> io::Result<()> {
    let mut buffer = vec![0_u8; 4096];
    loop {
        // A client that is gone again makes the next receive fail; that is no reason to stop.
        let Ok((length, from)) = socket.recv_from(&mut buffer).await else { continue };
        let reply = buffer.get(..length).and_then(|query| answer(query, &standing, Transport::Udp));
        if let Some(reply) = reply {
            drop(socket.send_to(&reply, from).await);
        }
    }
}

/// Serves queries that come by connection.
pub(super) async fn serve_tcp(listener: TcpListener, standing: Arc<Standing>) -> io::Result<()> {
    let mut clients = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, most likely: wait for one to be given back.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        while clients.len() >= MOST_TCP {
            drop(clients.join_next().await);
        }
        clients.spawn(converse(stream, standing.clone()));
        while clients.try_join_next().is_some() {}
    }
}

async fn converse(mut stream: TcpStream, standing: Arc<Standing>) -> io::Result<()> {
    loop {
        let length = tokio::time::timeout(TCP_SILENCE, stream.read_u16()).await??;
        let mut query = vec![0_u8; usize::from(length)];
        tokio::time::timeout(TCP_SILENCE, stream.read_exact(&mut query)).await??;
        let Some(reply) = answer(&query, &standing, Transport::Tcp) else { return Ok(()) };
        let length = u16::try_from(reply.len()).map_err(io::Error::other)?;
        stream.write_u16(length).await?;
        stream.write_all(&reply).await?;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Transport {
    Udp,
    Tcp,
}

/// Answers one query; `None` for what is none.
fn answer(query: &[u8], standing: &Standing, transport: Transport) -> Option<Vec<u8>> {
    let query = Message::from_vec(query).ok()?;
    if query.metadata.message_type != MessageType::Query {
        return None;
    }
    standing.touch();
    let mut reply = Message::response(query.metadata.id, query.metadata.op_code);
    reply.metadata.recursion_desired = query.metadata.recursion_desired;
    reply.metadata.response_code = ResponseCode::NoError;
    let mut room = PLAIN_UDP;
    if let Some(edns) = &query.edns {
        room = usize::from(edns.max_payload()).clamp(PLAIN_UDP, 1232);
        let mut ours = Edns::new();
        ours.set_max_payload(1232);
        reply.set_edns(ours);
    }
    match query.queries.as_slice() {
        [question] if query.metadata.op_code == OpCode::Query => {
            reply.add_query(question.clone());
            let kind = question.query_type().to_string();
            if question.query_class() == DNSClass::IN {
                fill(&mut reply, question.name(), &kind, standing);
            } else {
                reply.metadata.response_code = ResponseCode::Refused;
            }
        }
        [_] => reply.metadata.response_code = ResponseCode::NotImp,
        _ => reply.metadata.response_code = ResponseCode::FormErr,
    }
    let bytes = reply.to_vec().ok()?;
    if transport == Transport::Udp && bytes.len() > room { reply.truncate().to_vec().ok() } else { Some(bytes) }
}

fn fill(reply: &mut Message, name: &Name, kind: &str, standing: &Standing) {
    let mut name = name.clone();
    // An alias is followed as a name server does: the client gets it and what it leads to.
    for _ in 0..LONGEST_CHAIN {
        let asked = name.to_ascii();
        let alias = standing.with(|world| match (kind, world.answer(&asked, kind)) {
            ("CNAME", _) | (_, Answer::Values { .. } | Answer::NoName | Answer::NotOurs) => None,
            (_, Answer::NoData) => Some(world.answer(&asked, "CNAME")),
        });
        let Some(Answer::Values { ttl, values }) = alias else { break };
        let Some(next) =
            values.first().and_then(|value| Name::from_str(&format!("{}.", value.trim_end_matches('.'))).ok())
        else {
            break;
        };
        let records = values.iter().filter_map(|value| record(&name, "CNAME", ttl, value, standing));
        reply.add_answers(records.collect::<Vec<_>>());
        name = next;
    }
    let (name, asked) = (&name, name.to_ascii());
    let (found, soa) = standing.with(|world| (world.answer(&asked, kind), world.answer(ZONE, "SOA")));
    reply.metadata.authoritative = found != Answer::NotOurs;
    match found {
        Answer::Values { ttl, values } => {
            let records = values.iter().filter_map(|value| record(name, kind, ttl, value, standing));
            reply.add_answers(records.collect::<Vec<_>>());
        }
        Answer::NotOurs => reply.metadata.response_code = ResponseCode::Refused,
        Answer::NoName | Answer::NoData => {
            if found == Answer::NoName {
                reply.metadata.response_code = ResponseCode::NXDomain;
            }
            if let (Answer::Values { ttl, values }, Ok(zone)) = (soa, Name::from_str(&format!("{ZONE}."))) {
                let ttl = ttl.min(60);
                let records = values.iter().filter_map(|value| record(&zone, "SOA", ttl, value, standing));
                reply.add_authorities(records.collect::<Vec<_>>());
            }
        }
    }
}

fn record(name: &Name, kind: &str, ttl: u32, value: &str, standing: &Standing) -> Option<Record> {
    let data = match kind {
        "A" => RData::A(A(value.parse::<Ipv4Addr>().ok()?)),
        "AAAA" => RData::AAAA(AAAA(value.parse::<Ipv6Addr>().ok()?)),
        "CNAME" => RData::CNAME(CNAME(Name::from_str(value).ok()?)),
        "NS" => RData::NS(NS(Name::from_str(value).ok()?)),
        "TXT" => RData::TXT(TXT::new(vec![value.trim_matches('"').to_owned()])),
        "SOA" => {
            let words: Vec<&str> = value.split_whitespace().collect();
            let [server, person, serial, refresh, retry, expire, minimum] = words.as_slice() else { return None };
            RData::SOA(SOA::new(
                Name::from_str(server).ok()?,
                Name::from_str(person).ok()?,
                serial.parse().ok()?,
                refresh.parse().ok()?,
                retry.parse().ok()?,
                expire.parse().ok()?,
                minimum.parse().ok()?,
            ))
        }
        _ => return None,
    };
    // A real client counts in real seconds; it must not keep an answer longer than the estate's own customers do,
    // and DNS knows nothing shorter than a second.
    let ttl = ttl.div_ceil(standing.line().speed.max(1)).max(1);
    Some(Record::from_rdata(name.clone(), ttl, data))
}
