//! Time that goes on while the machine sleeps. The clocks of timers stand still meanwhile, and those of the standard
//! library with them.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// How long a timer may be late after the machine woke up.
const SLICE: Duration = Duration::from_secs(1);

/// Where the system has none that counts its sleep, the clock stands still meanwhile.
const CLOCK: ClockId = if cfg!(target_os = "linux") { ClockId::Boottime } else { ClockId::Monotonic };

/// Returns the time since the machine booted, its sleep included.
pub(super) fn since_boot() -> Duration {
    let now = clock_gettime(CLOCK);
    Duration::new(u64::try_from(now.tv_sec).unwrap_or(0), u32::try_from(now.tv_nsec).unwrap_or(0))
}

/// Waits until so much time has passed, the machine's sleep included.
pub async fn pass(span: Duration) {
    pass_by(since_boot, span).await;
}

async fn pass_by(clock: impl Fn() -> Duration, span: Duration) {
    let until = clock().saturating_add(span);
    loop {
        let left = until.saturating_sub(clock());
        if left.is_zero() {
            return;
        }
        tokio::time::sleep(left.min(SLICE)).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Instant;

    use super::*;

    #[tokio::test]
    async fn a_timer_ends_soon_after_a_sleep_that_was_longer() {
        // An hour has passed whenever somebody looks again, and the timers of the system know nothing of it.
        let looks = AtomicU64::new(0);
        let clock = || Duration::from_secs(3600 * looks.fetch_add(1, Ordering::Relaxed));
        let began = Instant::now();
        pass_by(clock, Duration::from_secs(2 * 3600)).await;
        assert!(began.elapsed() < Duration::from_secs(600), "{:?}", began.elapsed());
        assert_eq!(looks.into_inner(), 3);
    }

    #[tokio::test]
    async fn a_timer_is_not_early() {
        let span = Duration::from_millis(30);
        let before = since_boot();
        pass(span).await;
        assert!(since_boot().saturating_sub(before) >= span);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn sleep_counts_as_it_does_for_the_system() {
        // The system's uptime counts its sleep, to a hundredth of a second.
        let uptime = || -> f64 {
            let text = std::fs::read_to_string("/proc/uptime").unwrap();
            text.split(' ').next().unwrap().parse().unwrap()
        };
        let (before, ours, after) = (uptime(), since_boot().as_secs_f64(), uptime());
        assert!(before - 0.02 <= ours && ours <= after + 0.02, "{before} {ours} {after}");
    }
}
