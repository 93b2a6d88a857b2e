//! Time as data: stamps, durations as people write them, clocks as people read them.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Says when something was: wall time for people, monotonic time for durations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stamp {
    /// The wall clock, in UTC. It may jump.
    pub utc: DateTime<Utc>,
    /// Microseconds since the run began, on a clock that never goes back and goes on while the machine sleeps.
    pub mono: u64,
}

impl Stamp {
    /// Returns how long after `earlier` this is on the monotonic clock (zero if it is not after it).
    pub fn since(&self, earlier: &Self) -> Duration {
        Duration::from_micros(self.mono.saturating_sub(earlier.mono))
    }
}

/// Says whether a time server kept a machine's clock, as the machine said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClockSync {
    /// One did.
    Synced,
    /// None did.
    Unsynced,
    /// The machine did not say, or nobody asked.
    #[default]
    Unknown,
}

impl ClockSync {
    /// Returns the word that stands in logs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Synced => "synced",
            Self::Unsynced => "unsynced",
            Self::Unknown => "unknown",
        }
    }

    /// Says it in words, behind `the clock is`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Synced => "kept by a time server, as the machine says",
            Self::Unsynced => "kept by no time server, as the machine says",
            Self::Unknown => "not known to be kept by a time server",
        }
    }
}

/// Reads a duration as runbooks write it: `90s`, `10m`, `1h30m`, `250ms`, `14d`, or several with spaces between.
///
/// # Errors
/// A sentence that says what was expected.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a duration; write for example `90s`, `10m`, `1h30m`, `250ms`");
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(wrong());
    }
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, tail) = rest.split_at_checked(digits).ok_or_else(wrong)?;
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let unit_len = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(unit_len).ok_or_else(wrong)?;
        let millis_per_unit: u64 = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        let millis = number.checked_mul(millis_per_unit).ok_or_else(wrong)?;
        total = total.checked_add(Duration::from_millis(millis)).ok_or_else(wrong)?;
        rest = tail.trim_start();
    }
    Ok(total)
}

/// Reads a point in time: RFC 3339 with `Z` or an offset, or `-12m` for twelve minutes before `now`.
///
/// # Errors
/// A sentence that says what was expected; a time without zone is refused, since a wrong zone loses hours.
pub fn parse_when(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
    let text = text.trim();
    if let Some(ago) = text.strip_prefix('-') {
        let ago = parse_duration(ago)?;
        return chrono::Duration::from_std(ago)
            .ok()
            .and_then(|ago| now.checked_sub_signed(ago))
            .ok_or_else(|| format!("`{text}` lies too far back"));
    }
    DateTime::parse_from_rfc3339(text).map(|t| t.with_timezone(&Utc)).map_err(|_| {
        format!(
            "`{text}` is not a time; write `2026-11-22T03:14:00Z`, the same with an offset like `+01:00`, or `-12m`"
        )
    })
}

/// Shows a duration as a clock does: `0:42`, `11:42`, `1:02:03`.
pub fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if h > 0 { format!("{h}:{m:02}:{s:02}") } else { format!("{m}:{s:02}") }
}

/// Shows a duration in words short enough for a sentence: `250 ms`, `42 s`, `12 min`, `1 h 30 min`.
pub fn say_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0) => format!("{} ms", duration.as_millis()),
        (0, 0, s) => format!("{s} s"),
        (0, m, 0) => format!("{m} min"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, 0, _) => format!("{h} h"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

/// Says how long ago something was, in the one unit that matters: `12 min ago`.
pub fn say_ago(ago: Duration) -> String {
    let rounded = match ago.as_secs() {
        seconds @ 0..60 => seconds,
        seconds @ 60..86_400 => seconds / 60 * 60,
        seconds => seconds / 3_600 * 3_600,
    };
    format!("{} ago", say_duration(Duration::from_secs(rounded.max(1))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_people_write_them() {
        for (text, millis) in [
            ("90s", 90_000),
            ("10m", 600_000),
            ("1h30m", 5_400_000),
            ("1h 30m", 5_400_000),
            ("250ms", 250),
            ("2d", 172_800_000),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "10", "m", "10 minutes", "-5m", "1.5h", "99999999999999999999s", "9999999999999999h"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_needs_a_zone() {
        let now = DateTime::from_timestamp(1_000_000, 0).unwrap();
        assert!(parse_when("2026-11-22T03:14:00", now).is_err());
        assert!(parse_when("2026-11-22T03:14:00+01:00", now).is_ok());
        assert_eq!(parse_when("-12m", now).unwrap().timestamp(), 1_000_000 - 720);
    }

    #[test]
    fn clocks_and_words() {
        assert_eq!(clock(Duration::from_secs(702)), "11:42");
        assert_eq!(clock(Duration::from_secs(3723)), "1:02:03");
        assert_eq!(say_duration(Duration::from_secs(5400)), "1 h 30 min");
        assert_eq!(say_duration(Duration::from_millis(250)), "250 ms");
    }
}
