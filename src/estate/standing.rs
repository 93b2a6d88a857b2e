//! A standing estate as its servers share it: the world behind one lock, the clock that moves it, and its end.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use tokio::sync::watch;

use super::databases::Databases;
use super::model::time::TICK;
use super::model::{Moment, Seed, Timeline, World};

/// How much of the estate's own time has passed when it opens: customers have been served for a minute.
const WARM_UP: Duration = Duration::from_secs(60);
/// How long a call that nobody answers is held at most.
const LONGEST_HANG: Duration = Duration::from_secs(900);

/// How far the estate's clock goes on at once at most, in its own milliseconds.
const LONGEST_SKIP: i64 = 1_800_000;

/// Is how its time maps to the wall clock, and how much of it had passed when it opened.
#[derive(Clone, Copy)]
struct Clock {
    line: Timeline,
    head_start: Duration,
}

/// Is what the servers of an estate share.
pub(super) struct Standing {
    world: Mutex<World>,
    opened: Instant,
    clock: RwLock<Clock>,
    used: AtomicU64,
    requests: AtomicU64,
    ended: watch::Sender<bool>,
    seed: Seed,
    /// The servers that keep the data; `None` where the modelled data serve.
    databases: Option<Arc<Databases>>,
}

impl Standing {
    /// Opens the estate `world` now.
    pub(super) fn open(world: World, speed: u32, databases: Option<Arc<Databases>>) -> Self {
        let seed = world.seed;
        let head_start = WARM_UP / speed.max(1);
        let started = Utc::now() - TimeDelta::from_std(head_start).unwrap_or_default();
        let history = databases.as_ref().map_or(started, |databases| databases.history().min(started));
        Self {
            world: Mutex::new(world),
            opened: Instant::now(),
            clock: RwLock::new(Clock { line: Timeline { history, ..Timeline::from(started, speed) }, head_start }),
            used: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            ended: watch::Sender::new(false),
            seed,
            databases,
        }
    }

    /// Does something with the world as it is now. The lock is never held across an await.
    pub(super) fn with<R>(&self, act: impl FnOnce(&mut World) -> R) -> R {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        let clock = self.clock();
        world.advance(clock.line.moment(self.opened.elapsed() + clock.head_start));
        let answer = act(&mut world);
        self.pass_on(&mut world, &clock.line);
        answer
    }

    /// Hands what is to be done with data to the servers that keep them; under the world's lock, so in its order.
    fn pass_on(&self, world: &mut World, line: &Timeline) {
        if let Some(databases) = &self.databases {
            let effects = world.rds.outbox.take();
            if !effects.is_empty() {
                databases.dispatch(effects, line);
            }
        }
    }

    /// Returns the servers that keep the data; `None` where the modelled data serve.
    pub(super) fn databases(&self) -> Option<&Arc<Databases>> {
        self.databases.as_ref()
    }

    fn clock(&self) -> Clock {
        *self.clock.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns how its time maps to the wall clock.
    pub(super) fn line(&self) -> Timeline {
        self.clock().line
    }

    /// Lets the estate's clock go on at once until something holds, the alarm for one: whoever begins an exercise does
    /// not wait for minutes in which nobody has noticed anything. What lies before is as much longer ago; where a server
    /// keeps the data, its rows are moved as far into the past before it writes what happens meanwhile.
    pub(super) fn skip_until(&self, holds: impl Fn(&World) -> bool) {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        let before = world.now();
        let mut rehearsed = world.clone();
        while !holds(&rehearsed) && rehearsed.now().since(before) < LONGEST_SKIP {
            let next = rehearsed.now().plus(TICK);
            rehearsed.advance(next);
        }
        let to = rehearsed.now();
        drop(rehearsed);
        let skipped = u64::try_from(to.since(before)).unwrap_or(0);
        let mut clock = self.clock.write().unwrap_or_else(PoisonError::into_inner);
        let real = Duration::from_millis(skipped) / clock.line.speed.max(1);
        let earlier = TimeDelta::from_std(real).unwrap_or_default();
        self.pass_on(&mut world, &clock.line);
        if let Some(databases) = &self.databases {
            databases.backdate(earlier);
        }
        clock.head_start += real;
        clock.line.started -= earlier;
        clock.line.history -= earlier;
        world.advance(to);
        self.pass_on(&mut world, &clock.line);
    }

    /// Notes that somebody uses it.
    pub(super) fn touch(&self) {
        self.used.store(self.age(), Ordering::Relaxed);
    }

    /// Returns for how long nobody has used it.
    pub(super) fn unused_for(&self) -> Duration {
        Duration::from_millis(self.age().saturating_sub(self.used.load(Ordering::Relaxed)))
    }

    fn age(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Makes a request id.
    pub(super) fn request_id(&self) -> String {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        self.seed.uuid(&format!("request/{number}"))
    }

    /// Returns `moment` on the wall clock as AWS writes times.
    pub(super) fn iso(&self, moment: Moment) -> String {
        rfc3339(self.line().wall(moment))
    }

    /// Tells everybody that it ends.
    pub(super) fn end(&self) {
        self.ended.send_replace(true);
    }

    /// Waits until it ends.
    pub(super) fn ended(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut ended = self.ended.subscribe();
        async move {
            // An error means that the estate is gone, which is its end too.
            drop(ended.wait_for(|ended| *ended).await);
        }
    }

    /// Lets a caller wait for so much of the estate's time.
    pub(super) async fn dawdle(&self, length: Duration) {
        drop(tokio::time::timeout(length / self.line().speed.max(1), self.ended()).await);
    }

    /// Leaves a caller without an answer, as a lost region does, until it gives up or the estate ends.
    pub(super) async fn hang(&self) {
        drop(tokio::time::timeout(LONGEST_HANG, self.ended()).await);
    }
}

/// Writes a time with milliseconds and a `Z`.
pub(super) fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
