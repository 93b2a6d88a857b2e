//! A standing estate as its servers share it: the world behind one lock, the clock that moves it, and its end.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use tokio::sync::watch;

use super::model::{Moment, Seed, Timeline, World};

/// How much of the estate's own time has passed when it opens: customers have been served for a minute.
const WARM_UP: Duration = Duration::from_secs(60);
/// How long a call that nobody answers is held at most.
const LONGEST_HANG: Duration = Duration::from_secs(900);

/// Is what the servers of an estate share.
pub(super) struct Standing {
    /// How its time maps to the wall clock.
    pub(super) line: Timeline,
    world: Mutex<World>,
    opened: Instant,
    head_start: Duration,
    used: AtomicU64,
    requests: AtomicU64,
    ended: watch::Sender<bool>,
    seed: Seed,
}

impl Standing {
    /// Opens an estate now.
    pub(super) fn open(seed: Seed, speed: u32) -> Self {
        let head_start = WARM_UP / speed.max(1);
        let started = Utc::now() - TimeDelta::from_std(head_start).unwrap_or_default();
        Self {
            line: Timeline { started, speed },
            world: Mutex::new(World::new(seed)),
            opened: Instant::now(),
            head_start,
            used: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            ended: watch::Sender::new(false),
            seed,
        }
    }

    /// Does something with the world as it is now. The lock is never held across an await.
    pub(super) fn with<R>(&self, act: impl FnOnce(&mut World) -> R) -> R {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.advance(self.line.moment(self.opened.elapsed() + self.head_start));
        act(&mut world)
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
        rfc3339(self.line.wall(moment))
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

    /// Leaves a caller without an answer, as a lost region does, until it gives up or the estate ends.
    pub(super) async fn hang(&self) {
        drop(tokio::time::timeout(LONGEST_HANG, self.ended()).await);
    }
}

/// Writes a time with milliseconds and a `Z`.
pub(super) fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
