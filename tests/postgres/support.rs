//! One house with servers for a test, cleared at its end.

use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use lifeboat::estate::postgres::{House, Programs, Server};

/// Longer than anything here takes, so that what hangs fails instead.
const PATIENCE: Duration = Duration::from_secs(40);

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

pub(crate) fn free() -> SocketAddrV4 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    SocketAddrV4::new(Ipv4Addr::LOCALHOST, listener.local_addr().unwrap().port())
}

pub(crate) async fn house() -> Arc<House> {
    let programs = Programs::find().unwrap_or_else(|absent| panic!("{absent}; tests/all.sh installs them"));
    Arc::new(House::build(programs).await.unwrap())
}

/// A primary with a small shop in it.
pub(crate) async fn shop(house: &Arc<House>) -> Server {
    let server = Server::create(house, "shop-db", free()).await.unwrap();
    server.sql("postgres", "CREATE DATABASE shop").await.unwrap();
    let make = "CREATE TABLE orders (id bigserial PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp(), note text); \
                CREATE TABLE stock (item text PRIMARY KEY, left_over int NOT NULL); \
                INSERT INTO orders (note) SELECT 'order ' || n FROM generate_series(1, 1000) n; \
                INSERT INTO stock SELECT 'item ' || n, n FROM generate_series(1, 50) n";
    server.sql("shop", make).await.unwrap();
    server
}

/// Waits until it holds, looking again every 20 ms: a server has no event to wait for.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    let looking = async {
        while !holds().await {
            looks.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.unwrap_or_else(|_| panic!("{what} never came about"));
}

pub(crate) async fn clear(house: Arc<House>) {
    let folder = house.folder().to_owned();
    Arc::into_inner(house).unwrap().clear().await.unwrap();
    assert!(!folder.exists());
}
