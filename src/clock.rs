//! Floor 5: the only place that reads a clock, and asks the machine whether a time server keeps it.

mod asleep;
mod sync;

use std::time::Duration;

use chrono::Utc;

pub use asleep::pass;
pub use sync::{SyncWatch, sync};

use crate::kernel::Stamp;

/// Gives stamps of one run: wall time, and time since the run began on a clock that goes only forwards, also while the
/// machine sleeps: an incident does not stop because a lid closed.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// When the run began, since the machine booted.
    began: Duration,
    /// What the run's monotonic clock showed at `began`, in microseconds.
    showed: u64,
}

impl Clock {
    /// Starts the run's monotonic clock.
    pub fn start() -> Self {
        Self { began: asleep::since_boot(), showed: 0 }
    }

    /// Goes on with the clock of a run that was left at `last`, by an engine that is gone or in another process. The
    /// wall clock says how long that is ago: the boot, or the machine, may be another.
    pub fn go_on(last: Stamp) -> Self {
        let away = Utc::now().signed_duration_since(last.utc).num_microseconds().unwrap_or(0);
        Self { began: asleep::since_boot(), showed: last.mono.saturating_add(u64::try_from(away).unwrap_or(0)) }
    }

    /// Reads both clocks.
    pub fn now(&self) -> Stamp {
        let mono = u64::try_from(asleep::since_boot().saturating_sub(self.began).as_micros()).unwrap_or(u64::MAX);
        Stamp { utc: Utc::now(), mono: mono.saturating_add(self.showed) }
    }
}
