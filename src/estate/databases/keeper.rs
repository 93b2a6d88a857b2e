//! Looks after one server: makes it, writes into it, and does to it in turn what the model orders.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::chart::Chart;
use super::link::{Link, Way};
use super::rows::{self, Due};
use super::{Database, Databases, opening, shelf};
use crate::estate::model::Moment;
use crate::estate::model::effect::{DataId, DataPoint, EffectId, Flow};
use crate::estate::model::ledger::Write;
use crate::estate::model::numbers::Numbers;
use crate::estate::model::place::DATABASE;
use crate::estate::model::time::SECOND;
use crate::estate::postgres::{Client, Condition, Position, PostgresError, QueryError, Server, Target, slot};
use crate::estate::standing::Standing;

/// How often a server is looked at that has nothing to do.
const LOOK: Duration = Duration::from_millis(100);
/// How long a server is tried to be started: one that died may have left processes that are still ending.
const STARTING: Duration = Duration::from_secs(10);
/// How long a restore waits for what it needs: a base backup under way, a segment on its way to the shelf.
const WAITING: Duration = Duration::from_secs(30);
/// How often the log is closed, so that it reaches the shelf: what the model says of the latest restorable time.
const SHIPPING: i64 = 300 * SECOND;

/// Is what a keeper has to do.
#[derive(Debug)]
pub(super) enum Task {
    /// Nothing, and that is done.
    Pass {
        effect: EffectId,
    },
    Write(Due),
    Snapshot {
        effect: EffectId,
        name: String,
    },
    Promote {
        effect: EffectId,
        at: Moment,
    },
    Restart {
        effect: EffectId,
    },
    Halt,
    Resume,
    Flow(Flow),
    Delete,
    Backdate(TimeDelta),
    /// Answers once everything before is done: whether all writes since the last time were written.
    Settle(oneshot::Sender<bool>),
}

/// Says where a server comes from.
#[derive(Debug)]
pub(super) enum Make {
    Primary(Server),
    Follower { server: Server, link: Link, source: DataId },
    Follow { effect: EffectId, source: DataId },
    Restore { effect: EffectId, from: DataPoint, at: Moment },
}

/// Looks after one server.
pub(super) struct Keeper {
    database: Arc<Database>,
    databases: Arc<Databases>,
    standing: Arc<Standing>,
    server: Option<Server>,
    /// The link to what it follows, and what that is.
    link: Option<(Link, DataId)>,
    lag: Duration,
    writer: Option<Client>,
    halted: bool,
    unwritten: bool,
    shipped: i64,
    /// Base backups under way.
    copies: JoinSet<()>,
    taken: u32,
}

impl Keeper {
    pub(super) fn new(database: Arc<Database>, databases: Arc<Databases>, standing: Arc<Standing>) -> Self {
        Self {
            database,
            databases,
            standing,
            server: None,
            link: None,
            lag: Duration::ZERO,
            writer: None,
            halted: false,
            unwritten: false,
            shipped: 0,
            copies: JoinSet::new(),
            taken: 0,
        }
    }

    /// Makes the server and looks after it until it is deleted or the estate ends.
    pub(super) async fn keep(mut self, make: Make, mut tasks: mpsc::UnboundedReceiver<Task>) {
        let effect = match &make {
            Make::Primary(_) | Make::Follower { .. } => None,
            Make::Follow { effect, .. } | Make::Restore { effect, .. } => Some(*effect),
        };
        let made = self.make(make).await;
        if let Some(effect) = effect {
            self.report(effect, made, "it could not be made");
        }
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut next = None;
        loop {
            let task = if let Some(task) = next.take() {
                task
            } else {
                tokio::select! {
                    task = tasks.recv() => {
                        let Some(task) = task else { return };
                        task
                    }
                    _ = looks.tick() => {
                        self.look();
                        continue;
                    }
                }
            };
            if let Task::Write(first) = task {
                let mut due = vec![first];
                while let Ok(task) = tasks.try_recv() {
                    match task {
                        Task::Write(more) => due.push(more),
                        other => {
                            next = Some(other);
                            break;
                        }
                    }
                }
                self.write(&due).await;
                continue;
            }
            self.act(task).await;
        }
    }

    async fn make(&mut self, make: Make) -> Result<(), PostgresError> {
        match make {
            Make::Primary(server) => self.server = Some(server),
            Make::Follower { server, link, source } => {
                self.link = Some((link, source));
                self.server = Some(server);
                self.set_lag();
            }
            Make::Follow { source, .. } => {
                let watched = self.databases.find(source).map(|source| source.address.subscribe());
                let watched = watched.ok_or_else(|| self.nothing("its source has no server"))?;
                let laid = Link::lay(watched).await;
                let link = laid.map_err(|source| PostgresError::File {
                    doing: "listen on",
                    path: "127.0.0.1".into(),
                    source,
                })?;
                let server =
                    Server::follow(&self.databases.house, link.at(), &self.database.name, opening::free()?).await?;
                self.link = Some((link, source));
                self.server = Some(server);
                self.set_lag();
            }
            Make::Restore { from, at, .. } => {
                self.server = Some(self.restore(from).await?);
                self.own_log(at).await?;
            }
        }
        self.database.address.send_replace(self.server.as_ref().map(Server::at));
        Ok(())
    }

    /// Restores what another database held, from a base backup and its log.
    async fn restore(&self, from: DataPoint) -> Result<Server, PostgresError> {
        let (source, through) = self.origin(from);
        let Some(source) = self.databases.find(source) else { return Err(self.nothing("its source is unknown")) };
        self.databases.settle(source.id).await;
        let began = Instant::now();
        let (base, position) = loop {
            if let Some(route) = source.chart().route(through) {
                break route;
            }
            if began.elapsed() > WAITING {
                return Err(self.nothing("no base backup reaches that far back"));
            }
            tokio::time::sleep(LOOK).await;
        };
        self.ship(&source).await;
        let folder = self.databases.house.folder().join(format!("{}.replay", self.database.name));
        let place = (&self.databases.house, &*self.standing);
        shelf::fetch(place, &source, &base.first_file, &folder).await?;
        let target = Target::Position(position);
        let name = &self.database.name;
        let made =
            Server::restore_with(&self.databases.house, (&base.backup, &folder), target, name, opening::free()?).await;
        drop(std::fs::remove_dir_all(&folder));
        made
    }

    /// Follows a point to the database in whose log it stands.
    fn origin(&self, from: DataPoint) -> (DataId, Moment) {
        let (mut data, mut through) = (from.data, from.through);
        // Each step leads to an older database; there are never many.
        for _ in 0..64 {
            let Some((source, until)) = self.databases.find(data).and_then(|known| known.chart().elsewhere(through))
            else {
                break;
            };
            (data, through) = (source, until);
        }
        (data, through)
    }

    /// Has a server that runs close the file of its log, and waits until that is on the shelf.
    async fn ship(&self, source: &Database) {
        let Ok(mut client) = self.databases.connect(source).await else { return };
        let Ok(rows) = client.query(opening::CLOSE_LOG).await else { return };
        let Some(file) = rows.first().and_then(|row| row.first()?.clone()) else { return };
        let began = Instant::now();
        while !shelf::holds(source, &self.databases.house, &self.standing, &file) && began.elapsed() < WAITING {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Begins a log of its own, with a base backup of its own.
    async fn own_log(&mut self, at: Moment) -> Result<(), PostgresError> {
        let position = self.position().await?;
        self.database.chart().mark(at, position);
        self.back_up(None);
        Ok(())
    }

    async fn position(&self) -> Result<Position, PostgresError> {
        let Some(server) = &self.server else { return Err(self.nothing("it has no server")) };
        let opened = Client::open(server.at(), "postgres", self.databases.house.password(), DATABASE).await;
        let mut client = opened.map_err(opening::query(&self.database.name, "answer"))?;
        opening::position(&mut client, &self.database.name).await
    }

    /// Begins a base backup beside what goes on; a snapshot waits for it.
    fn back_up(&mut self, effect: Option<EffectId>) {
        let Some(at) = self.server.as_ref().map(Server::at) else { return };
        self.taken += 1;
        let name = format!("{}-{}", self.database.name, self.taken);
        let (database, standing, house) = (self.database.clone(), self.standing.clone(), self.databases.house.clone());
        self.copies.spawn(async move {
            let taken = opening::base(&house, (&database.name, at), &name).await;
            let done = match taken {
                Ok(base) => {
                    database.chart().keep(base);
                    Ok(())
                }
                Err(error) => Err(error),
            };
            match effect {
                Some(effect) => tell(&standing, &database, effect, done, "its snapshot could not be taken"),
                None => {
                    if let Err(error) = done {
                        tracing::warn!(%error, "a base backup could not be taken");
                    }
                }
            }
        });
    }

    async fn act(&mut self, task: Task) {
        match task {
            Task::Pass { effect } => self.report(effect, Ok(()), ""),
            Task::Write(due) => self.write(&[due]).await,
            // What a replica holds stands in the log of its source.
            Task::Snapshot { effect, .. } if self.link.is_some() => self.report(effect, Ok(()), ""),
            Task::Snapshot { effect, name } => {
                tracing::debug!(name, "a snapshot is a base backup");
                self.back_up(Some(effect));
            }
            Task::Promote { effect, at } => {
                let promoted = self.promote(at).await;
                self.report(effect, promoted, "it could not be promoted");
            }
            Task::Restart { effect } => {
                let restarted = self.restart().await;
                self.report(effect, restarted, "it did not start again");
            }
            Task::Halt => self.halt().await,
            Task::Resume => {
                if let Err(error) = self.start().await {
                    self.complain(&error, "it did not start again");
                }
            }
            Task::Flow(flow) => self.flow(flow).await,
            Task::Delete => self.delete().await,
            Task::Backdate(length) => self.backdate(length).await,
            Task::Settle(answer) => {
                // Whoever asked may have had enough.
                answer.send(!std::mem::take(&mut self.unwritten)).ok();
            }
        }
    }

    async fn promote(&mut self, at: Moment) -> Result<(), PostgresError> {
        let Some(server) = self.server.as_mut() else { return Err(self.nothing("it has no server")) };
        server.promote().await?;
        let source = self.link.take().map(|(_, source)| source);
        // Before anybody writes: this is what survived.
        let signs = self.databases.signs(self.database.id, &self.standing.line()).await;
        let last = signs.map_err(opening::query(&self.database.name, "tell what it holds"))?.last_commit;
        self.standing.with(|world| world.found_at_promotion(self.database.id, last));
        if let Some(source) = source {
            *self.database.chart() = Chart::after(source, at);
            self.forget_slot(source);
        }
        self.own_log(at).await
    }

    /// Has what it followed keep nothing for it any more.
    fn forget_slot(&self, source: DataId) {
        let (databases, slot) = (self.databases.clone(), slot(&self.database.name));
        tokio::spawn(async move {
            let forget = format!(
                "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '{slot}' AND NOT active"
            );
            let Some(source) = databases.find(source) else { return };
            // Its sender takes a moment to see that nobody listens; a source that is gone keeps nothing.
            for _ in 0..20 {
                let Ok(mut client) = databases.connect(&source).await else { return };
                if client.query(&forget).await.is_ok_and(|rows| !rows.is_empty()) {
                    return;
                }
                tokio::time::sleep(LOOK).await;
            }
        });
    }

    async fn restart(&mut self) -> Result<(), PostgresError> {
        self.writer = None;
        if let Some(server) = self.server.as_mut() {
            server.crash().await?;
        }
        self.start().await
    }

    async fn start(&mut self) -> Result<(), PostgresError> {
        self.halted = false;
        let Some(server) = self.server.as_mut() else { return Err(self.nothing("it has no server")) };
        if server.condition() == Condition::Down {
            let began = Instant::now();
            while let Err(error) = server.start().await {
                if began.elapsed() > STARTING || !matches!(error, PostgresError::Died { .. }) {
                    return Err(error);
                }
                tokio::time::sleep(LOOK).await;
            }
        }
        self.database.address.send_replace(Some(server.at()));
        Ok(())
    }

    async fn halt(&mut self) {
        while self.copies.join_next().await.is_some() {}
        (self.halted, self.writer) = (true, None);
        self.database.address.send_replace(None);
        if let Some(server) = self.server.as_mut()
            && let Err(error) = server.crash().await
        {
            self.complain(&error, "it did not end");
        }
    }

    async fn delete(&mut self) {
        self.halt().await;
        if let Some((_, source)) = self.link.take() {
            self.forget_slot(source);
        }
        if let Some(server) = self.server.take()
            && let Err(error) = server.delete().await
        {
            self.complain(&error, "it could not be removed");
        }
    }

    fn set_lag(&mut self) {
        let lag = self.standing.with(|world| world.rds.data.follow(self.database.id).map_or(0, |follow| follow.lag));
        self.lag = self.real(lag);
        if let Some((link, _)) = &self.link {
            link.set(Way::Open(self.lag));
        }
    }

    fn real(&self, millis: i64) -> Duration {
        let micros = u64::try_from(millis).unwrap_or(0).saturating_mul(1_000);
        Duration::from_micros(micros / u64::from(self.standing.line().speed.max(1)))
    }

    async fn flow(&mut self, flow: Flow) {
        if let Flow::Lagging(millis) = flow {
            self.lag = self.real(millis);
        }
        let Some((link, source)) = &self.link else { return };
        match flow {
            Flow::Lagging(_) | Flow::Mended => link.set(Way::Open(self.lag)),
            Flow::Cut => {
                // What was committed before goes its way first.
                self.databases.settle(*source).await;
                link.set(Way::Cut);
            }
        }
    }

    async fn backdate(&mut self, length: TimeDelta) {
        if self.link.is_some() || self.server.is_none() {
            return;
        }
        let micros = length.num_microseconds().unwrap_or(0);
        if let Err(error) = self.query(&rows::backdate(micros)).await {
            self.complain(&opening::query(&self.database.name, "move its past")(error), "its times are wrong");
        }
    }

    /// Notices a server that ended by itself.
    fn look(&mut self) {
        while self.copies.try_join_next().is_some() {}
        if !self.halted && self.server.as_mut().is_some_and(|server| server.condition() == Condition::Down) {
            self.died(&[]);
        }
    }

    /// Tells the model that the server died, and which orders died with it.
    fn died(&mut self, unwritten: &[Due]) {
        (self.halted, self.writer) = (true, None);
        self.database.address.send_replace(None);
        let unwritten = orders(unwritten);
        self.standing.with(|world| world.server_died(self.database.id, &unwritten));
        tracing::warn!(server = self.database.name, "a database server ended by itself");
    }

    async fn write(&mut self, due: &[Due]) {
        let transactions = rows::transactions(due);
        let all: String = transactions.iter().map(|(_, sql)| sql.as_str()).collect();
        match self.query(&all).await {
            Ok(rows) => {
                let mut chart = self.database.chart();
                for ((at, _), row) in transactions.iter().zip(rows) {
                    if let Some(position) = row.first().and_then(|said| Position::read(said.as_deref()?)) {
                        chart.mark(*at, position);
                    }
                }
            }
            Err(error) => return self.lose(due, error),
        }
        let last = due.last().map_or(0, |due| due.at.0.div_euclid(SHIPPING));
        if last > self.shipped {
            self.shipped = last;
            // The next one closes it as well.
            drop(self.query(opening::CLOSE_LOG).await);
        }
    }

    /// Takes back what customers were told of orders that were not written.
    fn lose(&mut self, due: &[Due], error: QueryError) {
        self.unwritten = true;
        if !self.halted && self.server.as_mut().is_some_and(|server| server.condition() == Condition::Down) {
            return self.died(due);
        }
        self.complain(&opening::query(&self.database.name, "take writes")(error), "orders were not written");
        let unwritten = orders(due);
        self.standing.with(|world| world.customers.acknowledged.withdraw(&unwritten));
    }

    /// Asks over the writer's connection; over a fresh one where it broke and the server is there.
    async fn query(&mut self, sql: &str) -> Result<Vec<crate::estate::postgres::Row>, QueryError> {
        for fresh in [false, true] {
            let mut client = match self.writer.take() {
                Some(client) if !fresh => client,
                _ => self.databases.connect(&self.database).await?,
            };
            match client.query(sql).await {
                Ok(rows) => {
                    self.writer = Some(client);
                    return Ok(rows);
                }
                Err(error @ QueryError::Refused(_)) => {
                    // A transaction that failed halfway is still open.
                    client.query("ROLLBACK").await.ok();
                    self.writer = Some(client);
                    return Err(error);
                }
                Err(error) if fresh => return Err(error),
                Err(QueryError::Broken(_)) => {}
            }
        }
        Err(QueryError::Broken("nobody asked".to_owned()))
    }

    fn nothing(&self, why: &'static str) -> PostgresError {
        opening::query(&self.database.name, "come about")(QueryError::Refused(why.to_owned()))
    }

    fn report(&self, effect: EffectId, done: Result<(), PostgresError>, what: &str) {
        tell(&self.standing, &self.database, effect, done, what);
    }

    fn complain(&self, error: &PostgresError, what: &str) {
        complain(&self.standing, &self.database, error, what);
    }
}

fn orders(due: &[Due]) -> Numbers {
    Numbers::of(due.iter().filter_map(|due| match due.write {
        Write::Order(number) => Some((number, number)),
        _ => None,
    }))
}

/// Tells the model how an effect ended.
fn tell(standing: &Standing, database: &Database, effect: EffectId, done: Result<(), PostgresError>, what: &str) {
    if let Err(error) = &done {
        complain(standing, database, error, what);
    }
    standing.with(|world| match done {
        Ok(()) => world.rds.outbox.done(effect),
        Err(_) => world.rds.outbox.failed(effect),
    });
}

fn complain(standing: &Standing, database: &Database, error: &PostgresError, what: &str) {
    tracing::warn!(server = database.name, %error, what, "a database server did not do what it should");
    standing.with(|world| {
        let id = world.rds.by_data(database.id).map_or(database.name.clone(), |instance| instance.id.clone());
        world.tell(format!("the server of {id}: {what}: {error}"));
    });
}
