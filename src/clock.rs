//! Floor 5: the only place that reads a clock.

use std::time::Instant;

use chrono::Utc;

use crate::kernel::Stamp;

/// Gives stamps of one run: wall time, and time since the run began on the monotonic clock.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    began: Instant,
}

impl Clock {
    /// Starts the run's monotonic clock.
    pub fn start() -> Self {
        Self { began: Instant::now() }
    }

    /// Reads both clocks.
    pub fn now(&self) -> Stamp {
        let mono = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        Stamp { utc: Utc::now(), mono }
    }
}
