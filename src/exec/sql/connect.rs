//! How a server is reached: by name through the run's resolver, by address, by socket; encrypted where that is wished.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};

use super::refusal::Trouble;
use super::{SqlContext, tls};
use crate::engine::Database;
use crate::exec::Reach;
use crate::exec::dns::{DnsContext, Refusal, addresses, permitted};
use crate::runbook::SslMode;

/// How long one of several addresses is tried.
const ONE_ADDRESS: Duration = Duration::from_secs(5);

/// Is a connection, encrypted or not.
pub(super) type Stream = Box<dyn Duplex>;

/// Reads and writes.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// Says where a server was found.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    place: Place,
    cover: Cover,
}

#[derive(Clone, Debug)]
enum Place {
    Tcp(SocketAddr),
    Socket(PathBuf),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cover {
    Plain,
    Encrypted,
}

impl Peer {
    /// Says whether nobody on the way can read along.
    pub(super) fn is_private(&self) -> bool {
        match &self.place {
            Place::Socket(_) => true,
            Place::Tcp(address) => address.ip().is_loopback() || self.cover == Cover::Encrypted,
        }
    }
}

/// Connects, without logging in.
pub(super) async fn reach(cx: &SqlContext, database: &Database) -> Result<(Stream, Peer), Trouble> {
    if database.host.starts_with('/') {
        return socket(cx, database).await;
    }
    let mut why = Trouble::Unreachable(format!("{} has no address", database.host));
    for address in look_up(cx, database).await? {
        let address = SocketAddr::new(address, database.port);
        match tokio::time::timeout(ONE_ADDRESS.min(cx.timeout), TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // What is written is written whole; waiting for more of it only delays.
                stream.set_nodelay(true).ok();
                let (stream, cover) = secure(Box::new(stream), cx.reach, address.ip(), database).await?;
                return Ok((stream, Peer { place: Place::Tcp(address), cover }));
            }
            Ok(Err(error)) => why = Trouble::Unreachable(no_connection(&error, &address.to_string())),
            Err(_) => why = Trouble::Unreachable(format!("{address} did not take the connection in time")),
        }
    }
    Err(why)
}

/// Connects to the same server once more, to have it cancel something.
pub(super) async fn again(peer: &Peer, database: &Database) -> io::Result<Stream> {
    match &peer.place {
        Place::Socket(path) => Ok(Box::new(UnixStream::connect(path).await?)),
        Place::Tcp(address) => {
            let stream: Stream = Box::new(TcpStream::connect(address).await?);
            if peer.cover == Cover::Plain {
                return Ok(stream);
            }
            let secured = secure(stream, Reach::Anywhere, address.ip(), database).await;
            secured.map(|(stream, _)| stream).map_err(|trouble| io::Error::other(trouble.to_string()))
        }
    }
}

async fn socket(cx: &SqlContext, database: &Database) -> Result<(Stream, Peer), Trouble> {
    if cx.reach == Reach::LoopbackOnly {
        return Err(Trouble::Unusable(
            "a drill never leaves the practice estate, which has no sockets in the file system; nothing was sent"
                .to_owned(),
        ));
    }
    let path = PathBuf::from(&database.host).join(format!(".s.PGSQL.{}", database.port));
    let stream = UnixStream::connect(&path).await;
    let stream = stream.map_err(|error| Trouble::Unreachable(no_connection(&error, &path.display().to_string())))?;
    Ok((Box::new(stream), Peer { place: Place::Socket(path), cover: Cover::Plain }))
}

async fn look_up(cx: &SqlContext, database: &Database) -> Result<Vec<IpAddr>, Trouble> {
    let host = database.host.as_str();
    let literal: Option<IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
    let found = if let Some(address) = literal {
        vec![address]
    } else if cx.resolver.is_some() || cx.reach == Reach::LoopbackOnly {
        let dns = DnsContext { timeout: cx.timeout, resolver: cx.resolver, reach: cx.reach };
        addresses(&dns, host).await.map_err(|refusal| match refusal {
            Refusal::Unreachable(why) => Trouble::Unreachable(why),
            Refusal::Unusable(why) => Trouble::Unusable(why),
        })?
    } else {
        let found = tokio::net::lookup_host((host, database.port)).await;
        let found = found.map_err(|error| Trouble::Unreachable(format!("{host} could not be looked up: {error}")))?;
        found.map(|address| address.ip()).collect()
    };
    for address in &found {
        permitted(cx.reach, *address, &format!("`{host}`")).map_err(Trouble::Unusable)?;
    }
    Ok(found)
}

/// Encrypts the connection as far as `sslmode` asks and the server can.
async fn secure(
    mut stream: Stream,
    reach: Reach,
    address: IpAddr,
    database: &Database,
) -> Result<(Stream, Cover), Trouble> {
    if database.sslmode == SslMode::Disable {
        return Ok((stream, Cover::Plain));
    }
    let mut request = bytes::BytesMut::new();
    postgres_protocol::message::frontend::ssl_request(&mut request);
    let mut answer = [0];
    let asked = async {
        stream.write_all(&request).await?;
        stream.flush().await?;
        // One byte and no more: what follows it belongs to the encrypted connection.
        stream.read_exact(&mut answer).await
    };
    asked.await.map_err(|error| Trouble::Unreachable(format!("it hung up when asked for encryption: {error}")))?;
    match answer {
        [b'S'] => {
            let stream = tls::wrap(stream, database).await?;
            Ok((Box::new(stream), Cover::Encrypted))
        }
        // In a drill nothing leaves this machine, and the practice databases have no certificates.
        [b'N'] if database.sslmode == SslMode::Prefer || (reach == Reach::LoopbackOnly && address.is_loopback()) => {
            Ok((stream, Cover::Plain))
        }
        [b'N'] => Err(Trouble::Unusable(
            "the server does not encrypt, and the connection's sslmode asks for it; nothing was sent".to_owned(),
        )),
        _ => Err(Trouble::Unreachable("what answers there does not speak PostgreSQL's protocol".to_owned())),
    }
}

fn no_connection(error: &io::Error, place: &str) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => format!("{place} refused the connection: nothing listens there"),
        io::ErrorKind::NotFound => format!("there is no socket {place}"),
        _ => format!("no connection to {place}: {error}"),
    }
}
