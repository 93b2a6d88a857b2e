//! Virtual time: moments in milliseconds since the estate came up, and how they map to the wall clock.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// How far one step of the machine goes, in virtual milliseconds.
pub const TICK: i64 = 100;

/// One second in virtual milliseconds.
pub const SECOND: i64 = 1_000;

/// One day in virtual milliseconds.
pub const DAY: i64 = 86_400 * SECOND;

/// Is a point in virtual time: milliseconds since the estate came up, negative before that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub i64);

impl Moment {
    /// When the estate came up.
    pub const START: Self = Self(0);

    /// Returns the moment `millis` later (earlier if negative).
    #[must_use]
    pub const fn plus(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Returns how many milliseconds after `earlier` this is.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Returns the last tick that is not after this moment.
    #[must_use]
    pub const fn tick(self) -> Self {
        Self(self.0 - self.0.rem_euclid(TICK))
    }
}

/// Maps virtual time to the wall clock: what lies before the start is as long ago as it says, what follows runs faster.
#[derive(Clone, Copy, Debug)]
pub struct Timeline {
    /// The wall clock when the estate came up.
    pub started: DateTime<Utc>,
    /// The wall clock at which what lies before the start ends: a little earlier, where servers had to be made first.
    pub history: DateTime<Utc>,
    /// By how much virtual time is faster.
    pub speed: u32,
}

impl Timeline {
    /// Maps from `started` on, with nothing between that and what lies before it.
    pub const fn from(started: DateTime<Utc>, speed: u32) -> Self {
        Self { started, history: started, speed }
    }

    /// Returns when `moment` is on the wall clock.
    pub fn wall(&self, moment: Moment) -> DateTime<Utc> {
        let micros = moment.0.saturating_mul(1_000);
        let (from, real) =
            if micros > 0 { (self.started, micros / i64::from(self.speed.max(1))) } else { (self.history, micros) };
        from.checked_add_signed(TimeDelta::microseconds(real)).unwrap_or(from)
    }

    /// Returns the moment at which the estate is when it has stood for `elapsed` of real time.
    pub fn moment(&self, elapsed: Duration) -> Moment {
        let millis = elapsed.as_micros().saturating_mul(u128::from(self.speed)) / 1_000;
        Moment(i64::try_from(millis).unwrap_or(i64::MAX / 4))
    }

    /// Returns the moment at which the wall clock shows `time`.
    pub fn moment_of(&self, time: DateTime<Utc>) -> Moment {
        let after = |from: DateTime<Utc>| time.signed_duration_since(from).num_microseconds().unwrap_or(i64::MAX / 4);
        let since = after(self.started);
        let micros = if since > 0 {
            since.saturating_mul(i64::from(self.speed.max(1)))
        } else {
            // Nothing happened between the end of what lies before the start, and the start.
            after(self.history).min(0)
        };
        Moment(micros.div_euclid(1_000))
    }

    /// Returns how many real milliseconds `millis` virtual ones take.
    pub fn real(&self, millis: i64) -> i64 {
        millis / i64::from(self.speed.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_is_real_and_the_future_runs_faster() {
        let line = Timeline::from(DateTime::from_timestamp(1_000_000, 0).unwrap(), 60);
        assert_eq!(line.wall(Moment(60_000)).timestamp(), 1_000_001);
        assert_eq!(line.wall(Moment(-60_000)).timestamp(), 1_000_000 - 60);
        assert_eq!(line.moment(Duration::from_secs(2)), Moment(120_000));
        assert_eq!(Moment(1_234).tick(), Moment(1_200));
        for moment in [Moment(-86_400_000), Moment(-1), Moment(0), Moment(600), Moment(3_600_000)] {
            assert_eq!(line.moment_of(line.wall(moment)), moment);
        }
        let late = Timeline { history: line.started - TimeDelta::seconds(4), ..line };
        assert_eq!(late.wall(Moment(-1_000)).timestamp(), 1_000_000 - 5);
        assert_eq!(late.moment_of(late.started - TimeDelta::seconds(1)), Moment(0));
        for moment in [Moment(-86_400_000), Moment(-1), Moment(0), Moment(600), Moment(3_600_000)] {
            assert_eq!(late.moment_of(late.wall(moment)), moment);
        }
    }
}
