//! Where the servers' write-ahead logs are kept: in the estate's S3, a bucket a region, an object a segment.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::{Database, Databases};
use crate::estate::model::bucket::{Access, Bucket, Object};
use crate::estate::model::place::Region;
use crate::estate::model::{Moment, World};
use crate::estate::postgres::{House, PostgresError};
use crate::estate::standing::Standing;

/// How often the servers' archives are emptied onto the shelf.
const LOOK: Duration = Duration::from_millis(100);
/// How long a segment is; what is not used of it is not stored.
const SEGMENT: usize = 1 << 20;
/// How long the name of a segment is.
const NAME: usize = 24;

/// Returns the name of a region's bucket.
pub(super) fn bucket(region: Region) -> &'static str {
    match region {
        Region::East => "shop-backups-us-east-1",
        Region::West => "shop-backups-us-west-2",
    }
}

/// Puts the buckets up.
pub(super) fn put_up(world: &mut World) {
    for region in Region::ALL {
        world.buckets.push(Bucket::new(bucket(region), region, Moment::START, Access::Private));
    }
}

/// Brings what the servers archive onto the shelf, until the estate ends.
pub(super) async fn keep(databases: Arc<Databases>, standing: Arc<Standing>) {
    let mut looks = tokio::time::interval(LOOK);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let ended = standing.ended();
    tokio::pin!(ended);
    loop {
        tokio::select! {
            () = &mut ended => return,
            _ = looks.tick() => {}
        }
        for database in databases.each() {
            empty(&databases.house, &database, &standing).await;
        }
    }
}

/// Brings what one server has archived onto the shelf.
async fn empty(house: &House, database: &Database, standing: &Standing) {
    let folder = house.archive(&database.name);
    let read = tokio::task::spawn_blocking(move || files(&folder, |path| fs::read(path).ok().map(made))).await;
    for (name, path, object) in read.unwrap_or_default() {
        let key = key(database, &name);
        let put = standing.with(|world| {
            let (now, seed) = (world.now(), world.seed);
            let shelf = world.bucket_mut(bucket(database.region)).filter(|shelf| shelf.has_room())?;
            Some(shelf.put(&key, seed.hex(&key, 32), now, object))
        });
        // What finds no room stays where it is, and is found there when it is needed.
        if put.is_some() {
            drop(fs::remove_file(path));
        }
    }
}

fn made(mut bytes: Vec<u8>) -> Object {
    // A segment that was closed early is zeros to its end.
    let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    bytes.truncate(used);
    Object::new(Bytes::from(bytes), "application/octet-stream")
}

fn key(database: &Database, file: &str) -> String {
    format!("{}/wal/{file}", database.name)
}

/// Lists the complete files of an archive, oldest first, each with what `read` makes of it.
fn files<T>(folder: &Path, read: impl Fn(&Path) -> Option<T>) -> Vec<(String, PathBuf, T)> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    // A file that is being written has a dot before its name.
    let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
    names.sort();
    let full = names.into_iter().map(|name| (folder.join(&name), name));
    full.filter_map(|(path, name)| Some((name, path.clone(), read(&path)?))).collect()
}

/// Tells whether a segment of a server's log is kept.
pub(super) fn holds(database: &Database, house: &House, standing: &Standing, file: &str) -> bool {
    let shelved = standing.with(|world| {
        world.bucket(bucket(database.region)).is_some_and(|shelf| shelf.get(&key(database, file), None).is_ok())
    });
    shelved || house.archive(&database.name).join(file).exists()
}

/// Brings what is kept of a server's log, from the file `first` on, into `folder`, as the server wrote it.
///
/// # Errors
/// When the folder cannot be written.
pub(super) async fn fetch(
    (house, standing): (&Arc<House>, &Standing),
    database: &Database,
    first: &str,
    folder: &Path,
) -> Result<(), PostgresError> {
    let prefix = key(database, "");
    let kept: Vec<(String, Bytes)> = standing.with(|world| {
        let shelf = world.bucket(bucket(database.region)).into_iter();
        let all = shelf.flat_map(|shelf| shelf.list().map(|(key, _, object)| (key.to_owned(), object.body.clone())));
        let own = all.filter_map(|(key, body)| Some((key.strip_prefix(&prefix)?.to_owned(), body)));
        own.filter(|(file, _)| file.as_str() >= first || file.len() != NAME).collect()
    });
    house.make(folder)?;
    let (house, folder) = (Arc::clone(house), folder.to_owned());
    let archive = house.archive(&database.name);
    let written = tokio::task::spawn_blocking(move || {
        for (file, body) in kept {
            let mut bytes = body.to_vec();
            if file.len() == NAME {
                bytes.resize(SEGMENT, 0);
            }
            house.write(&folder.join(file), bytes)?;
        }
        for (file, _, bytes) in files(&archive, |path| fs::read(path).ok()) {
            house.write(&folder.join(file), bytes)?;
        }
        Ok(())
    });
    let lost = |error: tokio::task::JoinError| PostgresError::File {
        doing: "write",
        path: PathBuf::from("the log to be replayed"),
        source: std::io::Error::other(error.to_string()),
    };
    written.await.map_err(lost)?
}
