//! Floor 5: the only place that reads a clock, and asks the machine whether a time server keeps it.

mod sync;

use std::time::Instant;

use chrono::Utc;

pub use sync::{SyncWatch, sync};

use crate::kernel::Stamp;

/// Gives stamps of one run: wall time, and time since the run began on the monotonic clock.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    began: Instant,
    /// What the run's monotonic clock showed at `began`, in microseconds.
    showed: u64,
}

impl Clock {
    /// Starts the run's monotonic clock.
    pub fn start() -> Self {
        Self { began: Instant::now(), showed: 0 }
    }

    /// Goes on with the clock of a run that was left at `last`, by an engine that is gone or in another process. The
    /// wall clock says how long that is ago: the boot, or the machine, may be another.
    pub fn go_on(last: Stamp) -> Self {
        let away = Utc::now().signed_duration_since(last.utc).num_microseconds().unwrap_or(0);
        Self { began: Instant::now(), showed: last.mono.saturating_add(u64::try_from(away).unwrap_or(0)) }
    }

    /// Reads both clocks.
    pub fn now(&self) -> Stamp {
        let mono = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        Stamp { utc: Utc::now(), mono: mono.saturating_add(self.showed) }
    }
}
