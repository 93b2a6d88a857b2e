//! The estate's databases as real PostgreSQL servers: they follow the model's effects, hold the shop's rows, and tell the
//! model what became of them.
//!
//! ```text
//! model --effects--> Databases::dispatch --a queue a database--> keeper --> server
//!       <--done, failed, died--------------------------------------------'
//! ```
//!
//! `opening` makes what stands before the clock begins, `keeper` looks after one server, `link` is the network between a
//! primary and its replica, `door` the endpoint that `psql` reaches, `shelf` keeps the write-ahead logs in the estate's
//! S3, `chart` knows which moment is which position of a log, `rows` are the shop's tables.

mod chart;
mod door;
mod keeper;
mod link;
mod nightly;
mod opening;
mod rows;
mod shelf;

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::net::SocketAddrV4;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use self::chart::Chart;
use self::keeper::{Keeper, Make, Task};
use self::nightly::Dump;
pub(super) use self::rows::Signs;
use super::model::World;
use super::model::contents::Contents;
use super::model::effect::{DataEffect, DataId, Ordered};
use super::model::place::{DATABASE, Region};
use super::model::time::Timeline;
use super::postgres::{Client, House, PostgresError, Programs, QueryError, Row};
use super::standing::Standing;

/// How much older than the order to take it a snapshot is that is copied, in the estate's milliseconds.
const COPY: i64 = 10_000;

/// How long a question to a database may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Takes the manifest of a database: what is in it, by which a copy can be proved to be one.
///
/// It gets the database's URL, the snapshot of it that is meant, and the table that only grows with the column by which
/// it does.
#[derive(Clone)]
pub struct ManifestTaker(Arc<Take>);

type Take = dyn Fn((String, String), (String, String)) -> Taken + Send + Sync;
type Taken = Pin<Box<dyn Future<Output = Result<String, String>> + Send>>;

impl ManifestTaker {
    /// Makes one of a function that connects, reads, and returns the manifest, or what went wrong.
    pub fn new<F, T>(take: F) -> Self
    where
        F: Fn((String, String), (String, String)) -> T + Send + Sync + 'static,
        T: Future<Output = Result<String, String>> + Send + 'static,
    {
        Self(Arc::new(move |of, append_only| Box::pin(take(of, append_only))))
    }

    async fn take(&self, url: &str, snapshot: &str, (table, column): (&str, &str)) -> Result<String, String> {
        (self.0)((url.to_owned(), snapshot.to_owned()), (table.to_owned(), column.to_owned())).await
    }
}

impl fmt::Debug for ManifestTaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ManifestTaker")
    }
}

/// Is one database: its server, while it has one, and what is known of it.
pub(super) struct Database {
    id: DataId,
    /// The server's name.
    name: String,
    region: Region,
    tasks: mpsc::UnboundedSender<Task>,
    address: watch::Sender<Option<SocketAddrV4>>,
    chart: Mutex<Chart>,
    reader: tokio::sync::Mutex<Option<Client>>,
    seen: Mutex<Option<Contents>>,
}

impl Database {
    fn chart(&self) -> MutexGuard<'_, Chart> {
        self.chart.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Is a database that nobody looks after yet, what it has to do, and where its server comes from.
type Ready = (Arc<Database>, mpsc::UnboundedReceiver<Task>, Make);

/// Is all of them.
pub(super) struct Databases {
    house: Arc<House>,
    all: Mutex<BTreeMap<DataId, Arc<Database>>>,
    keepers: tokio::sync::Mutex<JoinSet<()>>,
    standing: OnceLock<Weak<Standing>>,
    version: String,
    history: DateTime<Utc>,
    dump: Dump,
    /// Takes the manifests of the nights that pass.
    manifest: Option<ManifestTaker>,
    /// What is there before the clock begins, until its keepers take it.
    ready: Mutex<Vec<Ready>>,
}

impl Databases {
    /// Makes the databases of the reference stack.
    ///
    /// # Errors
    /// [`PostgresError`].
    pub(super) async fn open(programs: Programs, manifest: Option<&ManifestTaker>) -> Result<Self, PostgresError> {
        let house = Arc::new(House::build(programs).await?);
        // The model numbers the reference stack's databases so.
        let (first, second) = (DataId(1), DataId(2));
        let opened = opening::open(&house, (&first.to_string(), &second.to_string()), manifest).await;
        let opened = match opened {
            Ok(opened) => opened,
            Err(error) => {
                house.clear().await.ok();
                return Err(error);
            }
        };
        let (primary, primary_tasks) = database(first, Region::East, opened.source, opened.chart);
        let at = watch::Sender::new(Some(opened.replica.at()));
        let chart = Chart::after(first, super::model::Moment(i64::MAX / 4));
        let (replica, replica_tasks) = database(second, Region::West, at, chart);
        let make = Make::Follower { server: opened.replica, link: opened.link, source: first };
        let ready = vec![
            (primary.clone(), primary_tasks, Make::Primary(opened.primary)),
            (replica.clone(), replica_tasks, make),
        ];
        Ok(Self {
            house,
            all: Mutex::new([(first, primary), (second, replica)].into()),
            keepers: tokio::sync::Mutex::default(),
            standing: OnceLock::new(),
            version: opened.version,
            history: opened.history,
            dump: opened.dump,
            manifest: manifest.cloned(),
            ready: Mutex::new(ready),
        })
    }

    /// Returns PostgreSQL's version.
    pub(super) fn version(&self) -> &str {
        &self.version
    }

    /// Returns where the databases' history ends on the wall clock.
    pub(super) fn history(&self) -> DateTime<Utc> {
        self.history
    }

    /// Puts into the world what it has to know of real databases: that its effects are carried out, where they listen,
    /// and what stands in its buckets.
    pub(super) fn furnish(&self, world: &mut World, port: u16, keys: &DumpKeys) {
        world.rds.back_externally(world.now());
        world.rds.listen_at(port);
        for secret in &mut world.secrets {
            secret.name_port(port);
        }
        shelf::put_up(world);
        self.dump.put(world, (&keys.dump, &keys.manifest), opening::LAST_NIGHT);
    }

    /// Begins to look after everything.
    pub(super) async fn begin(self: &Arc<Self>, standing: &Arc<Standing>) {
        drop(self.standing.set(Arc::downgrade(standing)));
        let ready = std::mem::take(&mut *self.ready.lock().unwrap_or_else(PoisonError::into_inner));
        let mut keepers = self.keepers.lock().await;
        for (database, tasks, make) in ready {
            keepers.spawn(Keeper::new(database, self.clone(), standing.clone()).keep(make, tasks));
        }
        keepers.spawn(door::keep(self.clone(), standing.clone()));
        keepers.spawn(shelf::keep(self.clone(), standing.clone()));
        keepers.spawn(nightly::keep(self.clone(), standing.clone()));
        drop(keepers);
        // It stands when what its customers ordered before is in the replica too.
        let began = Instant::now();
        let ordered = standing.with(|world| world.rds.data.ledger(world.surviving()).last_order_at());
        self.settle(DataId(1)).await;
        while began.elapsed() < PATIENCE {
            let signs = self.signs(DataId(2), &standing.line()).await.ok();
            if signs.is_some_and(|signs| signs.last_commit >= ordered) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Ends all servers and removes what they leave.
    ///
    /// # Errors
    /// When the folder is still there afterwards.
    pub(super) async fn close(&self) -> Result<(), PostgresError> {
        self.keepers.lock().await.shutdown().await;
        self.house.clear().await
    }

    /// Hands the model's effects to those who carry them out. Times are those of `line` now.
    pub(super) fn dispatch(self: &Arc<Self>, effects: Vec<Ordered>, line: &Timeline) {
        for Ordered { id, at, effect } in effects {
            let (data, task) = match effect {
                DataEffect::Write { data, commit } => {
                    let due = rows::Due { at: commit.at, wall: line.wall(commit.at), write: commit.write };
                    (data, Task::Write(due))
                }
                DataEffect::Found { data, .. } => (data, Task::Pass { effect: id }),
                DataEffect::Follow { data, region, source } => {
                    if self.find(data).is_none() {
                        self.add((data, region), Chart::after(source, at), Make::Follow { effect: id, source });
                    }
                    continue;
                }
                DataEffect::Restore { data, region, from } => {
                    let chart = Chart::after(from.data, from.through);
                    self.add((data, region), chart, Make::Restore { effect: id, from, at });
                    continue;
                }
                // A copy of a snapshot holds what the snapshot held.
                DataEffect::Snapshot { of, .. } if at.since(of.through) > COPY => (of.data, Task::Pass { effect: id }),
                DataEffect::Snapshot { name, of, .. } => (of.data, Task::Snapshot { effect: id, name }),
                DataEffect::Promote { data } => (data, Task::Promote { effect: id, at }),
                DataEffect::Restart { data, .. } => (data, Task::Restart { effect: id }),
                DataEffect::Halt { data } => (data, Task::Halt),
                DataEffect::Resume { data } => (data, Task::Resume),
                DataEffect::Replication { data, flow } => (data, Task::Flow(flow)),
                DataEffect::Delete { data } => (data, Task::Delete),
            };
            if let Some(database) = self.find(data) {
                // A keeper that has ended has nothing to do any more.
                drop(database.tasks.send(task));
            }
        }
    }

    /// Moves what primaries hold into the past, after all that was dispatched before.
    pub(super) fn backdate(&self, length: chrono::TimeDelta) {
        for database in self.each() {
            drop(database.tasks.send(Task::Backdate(length)));
        }
    }

    /// Waits until everything that was dispatched for a database is done; tells whether all of it was written.
    pub(super) async fn settle(&self, data: DataId) -> bool {
        let Some(database) = self.find(data) else { return false };
        let (sender, receiver) = oneshot::channel();
        if database.tasks.send(Task::Settle(sender)).is_err() {
            return false;
        }
        matches!(tokio::time::timeout(PATIENCE, receiver).await, Ok(Ok(true)))
    }

    /// Reads the last signs of life of a database.
    ///
    /// # Errors
    /// [`QueryError`] when its server does not answer.
    pub(super) async fn signs(&self, data: DataId, line: &Timeline) -> Result<Signs, QueryError> {
        let database = self.known(data)?;
        Ok(rows::signs(&self.ask(&database, rows::SIGNS).await?, line))
    }

    /// Reads what a database holds.
    ///
    /// # Errors
    /// [`QueryError`] when its server does not answer.
    pub(super) async fn contents(&self, data: DataId, line: &Timeline) -> Result<Contents, QueryError> {
        let database = self.known(data)?;
        let found = rows::contents(&self.ask(&database, rows::CONTENTS).await?, line);
        *database.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(found.clone());
        Ok(found)
    }

    /// Returns what a database was found to hold the last time that its server answered.
    pub(super) fn seen(&self, data: DataId) -> Option<Contents> {
        self.find(data)?.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads a canary back.
    ///
    /// # Errors
    /// [`QueryError`] when the server does not answer.
    pub(super) async fn has_canary(&self, data: DataId, canary: u64) -> Result<bool, QueryError> {
        let database = self.known(data)?;
        let look = format!("SELECT 1 FROM canaries WHERE id = {canary}");
        Ok(!self.ask(&database, &look).await?.is_empty())
    }

    /// Copies orders that `from` has and `into` has not, and puts right what is wrong; returns how many of each.
    ///
    /// # Errors
    /// [`QueryError`] when a server does not answer.
    pub(super) async fn carry_over(&self, from: DataId, into: DataId) -> Result<(u64, u64), QueryError> {
        self.settle(from).await;
        self.settle(into).await;
        let (from, into) = (self.known(from)?, self.known(into)?);
        let (mut from, mut into) = (self.connect(&from).await?, self.connect(&into).await?);
        rows::carry_over(&mut from, &mut into).await
    }

    /// Returns where the server of a database listens, while it runs.
    fn address(&self, data: DataId) -> Option<SocketAddrV4> {
        *self.find(data)?.address.borrow()
    }

    fn each(&self) -> Vec<Arc<Database>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    fn find(&self, data: DataId) -> Option<Arc<Database>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).get(&data).cloned()
    }

    fn known(&self, data: DataId) -> Result<Arc<Database>, QueryError> {
        self.find(data).ok_or_else(|| QueryError::Broken(format!("there is no server of {data}")))
    }

    fn add(self: &Arc<Self>, (data, region): (DataId, Region), chart: Chart, make: Make) {
        let Some(standing) = self.standing.get().and_then(Weak::upgrade) else { return };
        let (database, tasks) = database(data, region, watch::Sender::new(None), chart);
        self.all.lock().unwrap_or_else(PoisonError::into_inner).insert(data, database.clone());
        let keeper = Keeper::new(database, self.clone(), standing).keep(make, tasks);
        let me = self.clone();
        // The set of keepers may be locked for a moment, and here nothing may wait.
        tokio::spawn(async move { me.keepers.lock().await.spawn(keeper) });
    }

    async fn connect(&self, database: &Database) -> Result<Client, QueryError> {
        let at = *database.address.borrow();
        let at = at.ok_or_else(|| QueryError::Broken(format!("the server {} does not run", database.name)))?;
        Client::open(at, "postgres", self.house.password(), DATABASE).await
    }

    /// Asks something over the connection that is kept for that; over a fresh one where it broke.
    async fn ask(&self, database: &Database, question: &str) -> Result<Vec<Row>, QueryError> {
        let asked = async {
            let mut reader = database.reader.lock().await;
            for fresh in [false, true] {
                let mut client = match reader.take() {
                    Some(client) if !fresh => client,
                    _ => self.connect(database).await?,
                };
                match client.query(question).await {
                    Ok(answer) => {
                        *reader = Some(client);
                        return Ok(answer);
                    }
                    Err(error) if fresh => return Err(error),
                    Err(_) => {}
                }
            }
            Err(QueryError::Broken("nobody asked".to_owned()))
        };
        let late = || QueryError::Broken(format!("it took longer than {} s", PATIENCE.as_secs()));
        tokio::time::timeout(PATIENCE, asked).await.unwrap_or_else(|_| Err(late()))
    }
}

/// Names the last nightly dump and its manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DumpKeys {
    pub(super) dump: String,
    pub(super) manifest: String,
}

impl DumpKeys {
    /// Names those of the night before; without servers, what the model has of it.
    pub(super) fn of(databases: Option<&Databases>) -> Self {
        let Some(databases) = databases else {
            return Self { dump: "nightly/shop-db-minus-1.sql".to_owned(), manifest: String::new() };
        };
        let night = Timeline::from(databases.history, 1).wall(opening::LAST_NIGHT).format("%Y-%m-%d");
        Self { dump: format!("nightly/{night}/shop.dump"), manifest: format!("nightly/{night}/shop.fingerprint.json") }
    }
}

fn database(
    id: DataId,
    region: Region,
    address: watch::Sender<Option<SocketAddrV4>>,
    chart: Chart,
) -> (Arc<Database>, mpsc::UnboundedReceiver<Task>) {
    // Unbounded: the model never waits, and what it orders is never dropped.
    let (tasks, receiver) = mpsc::unbounded_channel();
    let database = Database {
        id,
        name: id.to_string(),
        region,
        tasks,
        address,
        chart: Mutex::new(chart),
        reader: tokio::sync::Mutex::default(),
        seen: Mutex::default(),
    };
    (Arc::new(database), receiver)
}
