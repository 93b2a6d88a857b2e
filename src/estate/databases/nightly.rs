//! Nightly dumps: `pg_dump` of the database that serves, with the fingerprint of the same snapshot beside it, once a day
//! of the estate's time.

use std::net::SocketAddrV4;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::opening::{LAST_NIGHT, query};
use super::{Databases, ManifestTaker, rows};
use crate::estate::model::World;
use crate::estate::model::bucket::Object;
use crate::estate::model::effect::DataId;
use crate::estate::model::place::{DATABASE, Region};
use crate::estate::model::time::{DAY, Moment};
use crate::estate::postgres::{Client, House, PostgresError, dump};
use crate::estate::standing::Standing;

/// How often it is looked whether a night has come.
const LOOK: Duration = Duration::from_millis(200);

/// Is a dump, and what proves a copy made from it.
pub(super) struct Dump {
    pub(super) bytes: Vec<u8>,
    pub(super) manifest: Option<String>,
}

impl Dump {
    /// Takes one of the server of that name, which answers at that address; whatever is written meanwhile is in neither
    /// the dump nor its fingerprint.
    ///
    /// # Errors
    /// [`PostgresError`].
    pub(super) async fn take(
        house: &Arc<House>,
        (server, at): (&str, SocketAddrV4),
        manifest: Option<&ManifestTaker>,
    ) -> Result<Self, PostgresError> {
        let path = house.folder().join("backups").join(format!("{server}.dump"));
        let failed = query(server, "keep a snapshot for its dump");
        let opened = Client::open(at, "postgres", house.password(), DATABASE).await;
        let mut holder = opened.map_err(query(server, "answer"))?;
        let rows = holder.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT pg_export_snapshot()").await;
        let snapshot = rows.map_err(failed)?.first().and_then(|row| row.first()?.clone()).unwrap_or_default();
        let url = format!("postgresql://postgres:{}@{at}/{DATABASE}", house.password());
        let (dumped, manifest) = tokio::join!(dump(house, (server, at), (DATABASE, &snapshot), &path), async {
            match manifest {
                Some(taker) => Some(taker.take(&url, &snapshot, rows::APPEND_ONLY).await),
                None => None,
            }
        });
        dumped?;
        let manifest = manifest.transpose().map_err(|said| {
            let (program, server) = ("the fingerprint".to_owned(), server.to_owned());
            PostgresError::Failed { program, server, said }
        })?;
        let read = std::fs::read(&path).and_then(|bytes| std::fs::remove_file(&path).map(|()| bytes));
        let bytes = read.map_err(|source| PostgresError::File { doing: "read", path, source })?;
        Ok(Self { bytes, manifest })
    }

    /// Puts it under these names into the bucket for dumps of each region that is up.
    pub(super) fn put(&self, world: &mut World, (dump, manifest): (&str, &str), at: Moment) {
        for region in Region::ALL {
            let (seed, name) = (world.seed, format!("shop-dumps-{}", region.name()));
            if !world.is_up(region) {
                continue;
            }
            let Some(bucket) = world.bucket_mut(&name).filter(|bucket| bucket.has_room()) else { continue };
            let mut put = |key: &str, body: &[u8], media: &str| {
                let id = seed.hex(&format!("version/{name}/{key}"), 32);
                bucket.put(key, id, at, Object::new(Bytes::copy_from_slice(body), media));
            };
            put(dump, &self.bytes, "application/octet-stream");
            if let Some(text) = &self.manifest {
                put(manifest, text.as_bytes(), "application/json");
            }
        }
    }
}

/// Dumps the database that serves, each night, until the estate ends.
pub(super) async fn keep(databases: Arc<Databases>, standing: Arc<Standing>) {
    let mut looks = tokio::time::interval(LOOK);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let ended = standing.ended();
    tokio::pin!(ended);
    let mut next = LAST_NIGHT.plus(DAY);
    loop {
        tokio::select! {
            () = &mut ended => return,
            _ = looks.tick() => {}
        }
        let now = standing.with(|world| world.now());
        if now < next {
            continue;
        }
        while next <= now {
            next = next.plus(DAY);
        }
        if let Err(why) = night(&databases, &standing).await {
            tracing::warn!(%why, "there is no dump of this night");
            standing.with(|world| world.tell(format!("there is no dump of this night: {why}")));
        }
    }
}

async fn night(databases: &Databases, standing: &Standing) -> Result<(), String> {
    let serving = |world: &mut World| -> Option<(DataId, Moment)> {
        let instance = world.rds.by_data(world.surviving())?;
        let takes = world.is_up(instance.region) && instance.is_writable(world.now());
        takes.then_some((instance.data, world.now()))
    };
    let (data, begun) = standing.with(serving).ok_or("no database serves")?;
    let database = databases.find(data).ok_or("its server is not there")?;
    let at = databases.address(data).ok_or("its server does not run")?;
    let taken = Dump::take(&databases.house, (&database.name, at), databases.manifest.as_ref()).await;
    let taken = taken.map_err(|error| error.to_string())?;
    // Nights pass within one day of the wall clock, so the name says the second.
    let name = standing.line().wall(begun).format("nightly/%Y-%m-%dT%H%M%SZ").to_string();
    standing.with(|world| {
        let now = world.now();
        taken.put(world, (&format!("{name}/shop.dump"), &format!("{name}/shop.fingerprint.json")), now);
        world.tell(format!("the dump of this night is {name}/shop.dump"));
    });
    Ok(())
}
