//! One question to one server: UDP with one retry, TCP where the answer does not fit.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hickory_proto::op::{Edns, Message, Query};
use hickory_proto::rr::{Name, RecordType};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

/// How long one try waits.
const TRY: Duration = Duration::from_secs(2);
/// What fits into one packet on every path.
const ROOM: u16 = 1232;

/// Says whom a question is meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// A resolver, which asks on.
    Recursive,
    /// A server that knows by itself.
    Direct,
}

/// Asks one server; `Err` says in words why it gave no answer.
pub(super) async fn ask(server: SocketAddr, name: &Name, kind: RecordType, wish: Wish) -> Result<Message, String> {
    let mut query = Message::query();
    query.metadata.id = fastrand::u16(..);
    query.metadata.recursion_desired = wish == Wish::Recursive;
    query.add_query(Query::query(name.clone(), kind));
    let mut edns = Edns::new();
    edns.set_max_payload(ROOM);
    query.set_edns(edns);
    let bytes = query.to_vec().map_err(|error| format!("the question cannot be written: {error}"))?;
    let mut why = String::new();
    for _ in 0..2 {
        match timeout(TRY, over_udp(server, &bytes, &query)).await {
            Ok(Ok(answer)) if answer.metadata.truncation => {
                return match timeout(TRY, over_tcp(server, &bytes, &query)).await {
                    Ok(answer) => answer.map_err(|error| says(server, &error)),
                    Err(_) => Err(format!("the name server {server} did not answer over TCP in time")),
                };
            }
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => why = says(server, &error),
            Err(_) => why = format!("the name server {server} did not answer in time, asked twice"),
        }
    }
    Err(why)
}

fn says(server: SocketAddr, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => format!("no name server listens on {server}"),
        _ => format!("the name server {server} cannot be asked: {error}"),
    }
}

async fn over_udp(server: SocketAddr, bytes: &[u8], query: &Message) -> io::Result<Message> {
    let here: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(here).await?;
    // A connected socket hears this server alone.
    socket.connect(server).await?;
    socket.send(bytes).await?;
    let mut buffer = vec![0; 65_535];
    loop {
        let length = socket.recv(&mut buffer).await?;
        // What does not belong to the question may be forged: the right answer may still come.
        if let Some(answer) = belongs(buffer.get(..length).unwrap_or_default(), query) {
            return Ok(answer);
        }
    }
}

async fn over_tcp(server: SocketAddr, bytes: &[u8], query: &Message) -> io::Result<Message> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(bytes.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), bytes].concat()).await?;
    let length = stream.read_u16().await?;
    let mut answer = vec![0; usize::from(length)];
    stream.read_exact(&mut answer).await?;
    belongs(&answer, query)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "its answer is not to the question"))
}

fn belongs(bytes: &[u8], query: &Message) -> Option<Message> {
    let answer = Message::from_vec(bytes).ok()?;
    // Servers may leave the question out of an error.
    let same = answer.queries.is_empty() || answer.queries == query.queries;
    (answer.metadata.id == query.metadata.id && same).then_some(answer)
}
