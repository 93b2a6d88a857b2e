//! The network between a primary and its replica: as slow as somebody wants, and cut when a region is lost.
//!
//! The replica connects to the link, the link to its source. What is on its way when the link is cut never arrives.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How much is read at once.
const CHUNK: usize = 64 * 1024;
/// How many chunks may be on their way: whoever falls further behind is waited for.
const ON_THE_WAY: usize = 4_096;

/// Says how a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// What goes in comes out so much later.
    Open(Duration),
    /// Nothing goes through.
    Cut,
}

/// Is a link. It ends when it is dropped.
#[derive(Debug)]
pub(super) struct Link {
    at: SocketAddrV4,
    way: watch::Sender<Way>,
    task: JoinHandle<()>,
}

impl Link {
    /// Lays a link to whatever listens where `source` says, which may change when a server is started elsewhere.
    pub(super) async fn lay(source: watch::Receiver<Option<SocketAddrV4>>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let SocketAddr::V4(at) = listener.local_addr()? else {
            return Err(io::Error::other("a loopback listener has no IPv4 address"));
        };
        let (way, seen) = watch::channel(Way::Open(Duration::ZERO));
        let task = tokio::spawn(serve(listener, source, seen));
        Ok(Self { at, way, task })
    }

    /// Returns where the replica connects.
    pub(super) fn at(&self) -> SocketAddrV4 {
        self.at
    }

    /// Changes how it is.
    pub(super) fn set(&self, way: Way) {
        self.way.send_replace(way);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.way.send_replace(Way::Cut);
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, source: watch::Receiver<Option<SocketAddrV4>>, way: watch::Receiver<Way>) {
    loop {
        let Ok((replica, _)) = listener.accept().await else { continue };
        let Some(at) = *source.borrow() else { continue };
        if *way.borrow() == Way::Cut {
            continue;
        }
        let way = way.clone();
        // It ends with either side, or with the link, whose end it sees.
        tokio::spawn(async move {
            if let Ok(primary) = TcpStream::connect(at).await {
                join(replica, primary, way).await;
            }
        });
    }
}

async fn join(replica: TcpStream, primary: TcpStream, mut way: watch::Receiver<Way>) {
    replica.set_nodelay(true).ok();
    primary.set_nodelay(true).ok();
    let ((from_replica, to_replica), (from_primary, to_primary)) = (replica.into_split(), primary.into_split());
    let cut = way.clone();
    let cut = async {
        let mut cut = cut;
        // A link that is gone is cut.
        drop(cut.wait_for(|way| *way == Way::Cut).await);
    };
    tokio::select! {
        () = pass(from_replica, to_primary) => {}
        () = delayed(from_primary, to_replica, &mut way) => {}
        () = cut => {}
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    // Its end is the connection's end, whatever the reason.
    drop(tokio::io::copy(&mut from, &mut to).await);
}

/// Passes on what comes, each part so much later than it came.
async fn delayed(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, way: &mut watch::Receiver<Way>) {
    let (sender, mut receiver) = mpsc::channel::<(Instant, Arc<[u8]>)>(ON_THE_WAY);
    let read = async move {
        let mut buffer = vec![0; CHUNK];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            let part = buffer.get(..length).unwrap_or_default();
            if sender.send((Instant::now(), part.into())).await.is_err() {
                return;
            }
        }
    };
    let write = async {
        while let Some((came, part)) = receiver.recv().await {
            // A delay that changes holds for what is on its way already.
            loop {
                let Way::Open(delay) = *way.borrow_and_update() else { return };
                tokio::select! {
                    () = tokio::time::sleep_until(came + delay) => break,
                    changed = way.changed() => if changed.is_err() { return },
                }
            }
            if to.write_all(&part).await.is_err() {
                return;
            }
        }
    };
    tokio::join!(read, write);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_on_its_way_when_the_link_is_cut_never_arrives() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let SocketAddr::V4(at) = listener.local_addr().unwrap() else { panic!("no IPv4") };
        let (_source, source) = watch::channel(Some(at));
        let link = Link::lay(source).await.unwrap();
        let mut replica = TcpStream::connect(link.at()).await.unwrap();
        let (mut primary, _) = listener.accept().await.unwrap();
        primary.write_all(b"first").await.unwrap();
        let mut got = [0; 5];
        replica.read_exact(&mut got).await.unwrap();
        assert_eq!(&got, b"first");
        link.set(Way::Open(Duration::from_secs(600)));
        primary.write_all(b"never").await.unwrap();
        link.set(Way::Cut);
        let mut rest = Vec::new();
        replica.read_to_end(&mut rest).await.ok();
        assert!(rest.is_empty(), "{rest:?}");
        assert_eq!(primary.read(&mut got).await.unwrap_or(0), 0);
    }
}
