//! The estate's databases before its clock begins: a primary with its history, backups, a dump with its manifest, a
//! replica.

use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use super::chart::{Base, Chart};
use super::link::Link;
use super::nightly::Dump;
use super::{ManifestTaker, rows};
use crate::estate::model::Moment;
use crate::estate::model::place::DATABASE;
use crate::estate::model::stock::{HISTORY, OLD_ORDERS, history_time};
use crate::estate::model::time::{SECOND, Timeline};
use crate::estate::postgres::{Backup, Client, House, Position, PostgresError, QueryError, Server};

/// How many orders of the past are one transaction: an hour of the old ones, a minute of the fresh ones.
const OLD_CHUNK: u64 = 60;
const FRESH_CHUNK: u64 = 600;

/// When the last nightly dump was made.
pub(super) const LAST_NIGHT: Moment = Moment(-5 * 3_600 * SECOND);

/// Closes the file of a log, so that it is archived, and gives its name. What was noted before stands before a record.
pub(super) const CLOSE_LOG: &str =
    "SELECT pg_walfile_name(pg_logical_emit_message(false, 'lifeboat', 'closed')); SELECT pg_switch_wal()";

/// Is what stands before the clock begins.
pub(super) struct Opening {
    pub(super) primary: Server,
    pub(super) chart: Chart,
    pub(super) replica: Server,
    pub(super) link: Link,
    /// Where the primary listens, for the link.
    pub(super) source: watch::Sender<Option<SocketAddrV4>>,
    pub(super) version: String,
    pub(super) dump: Dump,
    /// Where the history ends on the wall clock.
    pub(super) history: DateTime<Utc>,
}

/// Finds a port that nobody uses.
pub(super) fn free() -> Result<SocketAddrV4, PostgresError> {
    let failed = |source| PostgresError::File { doing: "find", path: "a free port of 127.0.0.1".into(), source };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    Ok(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port))
}

/// Says what the server of that name did not do.
pub(super) fn query(server: &str, what: &'static str) -> impl Fn(QueryError) -> PostgresError {
    let server = server.to_owned();
    move |source| PostgresError::Query { server: server.clone(), what, source }
}

/// Asks for the position at which the next record of the log will stand.
pub(super) async fn position(client: &mut Client, server: &str) -> Result<Position, PostgresError> {
    let rows = client.query("SELECT pg_current_wal_insert_lsn()").await.map_err(query(server, "tell its position"))?;
    let said = rows.first().and_then(|row| row.first()?.as_deref()).and_then(Position::read);
    said.ok_or_else(|| query(server, "tell its position")(QueryError::Refused("it told none".to_owned())))
}

/// Takes a base backup of a server that runs.
pub(super) async fn base(
    house: &Arc<House>,
    (server, at): (&str, SocketAddrV4),
    name: &str,
) -> Result<Base, PostgresError> {
    let mut client =
        Client::open(at, "postgres", house.password(), "postgres").await.map_err(query(server, "answer"))?;
    let first = "SELECT pg_walfile_name(pg_current_wal_lsn())";
    let rows = client.query(first).await.map_err(query(server, "name the file of its log"))?;
    let first_file = rows.first().and_then(|row| row.first()?.clone()).unwrap_or_default();
    let backup = Backup::take(house, (server, at), name).await?;
    Ok(Base { backup, complete: position(&mut client, server).await?, first_file })
}

/// Makes the databases of the reference stack, `primary` and `replica` being their servers' names.
///
/// # Errors
/// [`PostgresError`].
pub(super) async fn open(
    house: &Arc<House>,
    (primary, replica): (&str, &str),
    manifest: Option<&ManifestTaker>,
) -> Result<Opening, PostgresError> {
    let name = primary;
    let primary = Server::create(house, name, free()?).await?;
    let password = house.password();
    let mut client =
        Client::open(primary.at(), "postgres", password, "postgres").await.map_err(query(name, "answer"))?;
    for statement in rows::role() {
        client.query(&statement).await.map_err(query(name, "take the shop's role"))?;
    }
    let rows = client.query("SHOW server_version").await.map_err(query(name, "tell its version"))?;
    let version = rows.first().and_then(|row| row.first()?.clone()).unwrap_or_default();
    let version = version.split_whitespace().next().unwrap_or_default().to_owned();
    let mut shop = Client::open(primary.at(), "postgres", password, DATABASE).await.map_err(query(name, "answer"))?;
    shop.query(rows::TABLES).await.map_err(query(name, "take the shop's tables"))?;
    let mut chart = Chart::default();
    chart.mark(Moment(i64::MIN / 4), position(&mut client, name).await?);
    chart.keep(base(house, (name, primary.at()), "at-the-beginning").await?);
    // A little later than now: nothing of the past may lie after the moment at which the clock begins.
    let history = Utc::now();
    let line = Timeline::from(history, 1);
    let past = |first, last, chunk| Past { first, last, chunk };
    let last_night = OLD_ORDERS - 180;
    past(1, last_night, OLD_CHUNK).write(&mut shop, name, &line, &mut chart).await?;
    let dump = Dump::take(house, (name, primary.at()), manifest).await?;
    past(last_night + 1, OLD_ORDERS, OLD_CHUNK).write(&mut shop, name, &line, &mut chart).await?;
    past(OLD_ORDERS + 1, HISTORY, FRESH_CHUNK).write(&mut shop, name, &line, &mut chart).await?;
    shop.query("ANALYZE orders").await.map_err(query(name, "look at its rows"))?;
    let (source, seen) = watch::channel(Some(primary.at()));
    let laid = Link::lay(seen).await;
    let link = laid.map_err(|source| PostgresError::File { doing: "listen on", path: "127.0.0.1".into(), source })?;
    let (base, replica) = tokio::join!(
        base(house, (name, primary.at()), "before-the-exercise"),
        Server::follow(house, link.at(), replica, free()?)
    );
    chart.keep(base?);
    chart.mark(Moment::START, position(&mut client, name).await?);
    // What lies before the start can be restored even if the server is lost in the first minute.
    client.query(CLOSE_LOG).await.map_err(query(name, "close its log"))?;
    Ok(Opening { primary, chart, replica: replica?, link, source, version, dump, history })
}

/// Is a stretch of orders from before the estate came up.
struct Past {
    first: u64,
    last: u64,
    chunk: u64,
}

impl Past {
    async fn write(
        &self,
        shop: &mut Client,
        server: &str,
        line: &Timeline,
        chart: &mut Chart,
    ) -> Result<(), PostgresError> {
        let mut from = self.first;
        while from <= self.last {
            let to = self.last.min(from + self.chunk - 1);
            let mut lines = String::new();
            for number in from..=to {
                rows::order_line(&mut lines, number, line.wall(history_time(number).unwrap_or_default()));
            }
            shop.copy_in(rows::COPY_ORDERS, lines.into_bytes()).await.map_err(query(server, "take the shop's past"))?;
            chart.mark(history_time(to).unwrap_or_default(), position(shop, server).await?);
            from = to + 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estate::model::stock::FRESH_ORDERS;

    #[test]
    fn the_last_night_ends_where_a_chunk_does() {
        assert!(history_time(OLD_ORDERS - 180).unwrap() <= LAST_NIGHT);
        assert!(history_time(OLD_ORDERS - 180 + 1).unwrap() >= LAST_NIGHT);
        assert_eq!((OLD_ORDERS - 180) % OLD_CHUNK, 0);
        assert_eq!(FRESH_ORDERS % FRESH_CHUNK, 0);
    }
}
