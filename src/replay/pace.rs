//! How fast a recording plays: real time to the recording's time, with idle time shortened. Pure.

use std::time::Duration;

use crate::ui::{Idle, Way};

/// The fastest.
const FASTEST: u32 = 64;
/// That, unless somebody says otherwise.
pub(super) const SHORTENED: Duration = Duration::from_secs(2);

/// Says how fast it plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace {
    pub(super) speed: u32,
    pub(super) idle: Idle,
    /// How long idle time takes at most, where it is shortened.
    most: Duration,
}

impl Pace {
    /// Makes a pace of a speed that somebody asked for.
    pub(super) fn of(speed: u32) -> Self {
        Self { speed: speed.clamp(1, FASTEST), idle: Idle::Shortened, most: SHORTENED }
    }

    /// Shortens idle time to this, or not at all.
    pub(super) fn idling(self, most: Option<Duration>) -> Self {
        let idle = if most.is_some() { Idle::Shortened } else { Idle::Kept };
        Self { idle, most: most.unwrap_or(self.most), ..self }
    }

    /// Plays twice as fast, or half as fast.
    pub(super) fn change(&mut self, way: Way) {
        self.speed = match way {
            Way::Down => self.speed.saturating_mul(2).min(FASTEST),
            Way::Up => (self.speed / 2).max(1),
        };
    }

    /// Returns how long a stretch in which nothing happens takes to play.
    pub(super) fn takes(self, stretch: u64) -> Duration {
        let takes = Duration::from_micros(stretch / u64::from(self.speed.max(1)));
        match self.idle {
            Idle::Shortened => takes.min(self.most),
            Idle::Kept => takes,
        }
    }
}

/// Is a stretch between two things that happen, as it plays: it begins at a real time and takes so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    /// When it begins and ends, in the recording's time.
    pub(super) from: u64,
    pub(super) to: u64,
    /// How long it takes to play; zero while it stands.
    pub(super) takes: Duration,
}

impl Stretch {
    /// Stands at a time.
    pub(super) fn still(at: u64) -> Self {
        Self { from: at, to: at, takes: Duration::ZERO }
    }

    /// Returns the recording's time when the stretch has been playing for so long.
    pub(super) fn after(&self, played: Duration) -> u64 {
        if played >= self.takes {
            return self.to;
        }
        let part = u128::from(self.to.saturating_sub(self.from)) * played.as_micros() / self.takes.as_micros().max(1);
        self.from.saturating_add(u64::try_from(part).unwrap_or(u64::MAX)).min(self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speed_doubles_and_halves_between_its_limits() {
        let mut pace = Pace::of(1);
        let up: Vec<u32> = (0..8)
            .map(|_| {
                pace.change(Way::Down);
                pace.speed
            })
            .collect();
        assert_eq!(up, [2, 4, 8, 16, 32, 64, 64, 64]);
        (0..9).for_each(|_| pace.change(Way::Up));
        assert_eq!((pace.speed, Pace::of(1_000).speed, Pace::of(0).speed), (1, 64, 1));
    }

    #[test]
    fn idle_time_is_shortened_and_time_runs_through_it_evenly() {
        let mut pace = Pace::of(4);
        assert_eq!(pace.takes(4_000_000), Duration::from_secs(1));
        assert_eq!(pace.takes(3_600_000_000), SHORTENED);
        let stretch = Stretch { from: 1_000, to: 3_600_001_000, takes: pace.takes(3_600_000_000) };
        assert_eq!(stretch.after(Duration::from_secs(1)), 1_800_001_000);
        assert_eq!(stretch.after(Duration::from_secs(9)), 3_600_001_000);
        pace.idle = Idle::Kept;
        assert_eq!(pace.takes(3_600_000_000), Duration::from_secs(900));
        assert_eq!(Stretch::still(7).after(Duration::from_secs(9)), 7);
    }

    proptest::proptest! {
        #[test]
        fn time_never_goes_back(from in 0..u64::MAX / 2, length in 0..u64::MAX / 2, speed in 0_u32..200, step in 0_u64..5_000_000) {
            let stretch = Stretch { from, to: from + length, takes: Pace::of(speed).takes(length) };
            let (one, other) = (stretch.after(Duration::from_micros(step)), stretch.after(Duration::from_micros(2 * step)));
            proptest::prop_assert!(from <= one && one <= other && other <= stretch.to);
        }
    }
}
