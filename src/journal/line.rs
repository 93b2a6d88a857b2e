//! What every line begins with: number, link to the line before, the two times, the kind.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::kernel::Stamp;

/// Is the longest line, without its LF, in bytes.
pub const MAX_LINE: usize = 1 << 20;

/// Says why a line is broken: a fragment that follows "the line …", and where in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why} (byte {at} of the line)")]
pub struct Broken {
    /// What is wrong with it.
    pub why: &'static str,
    /// The place, in bytes from the start of the line.
    pub at: usize,
}

impl Broken {
    pub(super) fn at(at: usize, why: &'static str) -> Self {
        Self { why, at }
    }
}

/// Holds the five members with which every line begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head<'l> {
    pub(super) seq: u64,
    pub(super) prev: &'l str,
    /// The wall time as written.
    pub(super) time: &'l str,
    pub(super) mono: u64,
    pub(super) kind: &'l str,
    /// The line's text from `"k"` on.
    pub(super) rest: &'l str,
}

impl Head<'_> {
    /// Returns the two times; `None` if the wall time names no day of the calendar.
    pub(super) fn stamp(&self) -> Option<Stamp> {
        let utc = DateTime::parse_from_rfc3339(self.time).ok()?.with_timezone(&Utc);
        Some(Stamp { utc, mono: self.mono })
    }
}

/// Checks a whole line (without its LF) and takes its head.
pub(super) fn parse(line: &[u8]) -> Result<Head<'_>, Broken> {
    if line.len() > MAX_LINE {
        return Err(Broken::at(MAX_LINE, "is longer than 1 MiB"));
    }
    head(super::strict::check(line)?)
        .ok_or_else(|| Broken::at(0, "does not begin with seq, prev, t, mono and k in this order and form"))
}

// Every line of a log passes here: what is looked at byte by byte is looked at without a way out in the middle, so that
// the compiler can take many bytes at once.
fn head(text: &str) -> Option<Head<'_>> {
    let (seq, rest) = integer(text.strip_prefix("{\"seq\":")?)?;
    let (prev, rest) = rest.strip_prefix(",\"prev\":\"")?.split_once('"')?;
    let (time, rest) = rest.strip_prefix(",\"t\":\"")?.split_at_checked(TIME.len())?;
    let (mono, rest) = integer(rest.strip_prefix("\",\"mono\":")?)?;
    let rest = rest.strip_prefix(',')?;
    let (kind, _) = rest.strip_prefix("\"k\":\"")?.split_once('"')?;
    let hex = |b: u8| b.is_ascii_digit() | matches!(b, b'a'..=b'f');
    let digest_like = prev.is_empty() || (prev.len() == 64 && prev.bytes().fold(true, |all, b| all & hex(b)));
    let kind_like = !kind.is_empty() && kind.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    (digest_like && kind_like && time_like(time)).then_some(Head { seq, prev, time, mono, kind, rest })
}

/// Takes the digits in front.
fn integer(text: &str) -> Option<(u64, &str)> {
    let end = text.bytes().position(|b| !b.is_ascii_digit())?;
    let (digits, rest) = text.split_at_checked(end)?;
    Some((digits.parse().ok()?, rest))
}

const TIME: &[u8] = b"dddd-dd-ddTdd:dd:dd.ddddddZ";

/// `2026-11-22T09:26:30.114203Z`, and nothing else.
fn time_like(time: &str) -> bool {
    let fits = |b: u8, form: u8| if form == b'd' { b.is_ascii_digit() } else { b == form };
    time.len() == TIME.len() && time.bytes().zip(TIME).fold(true, |all, (b, form)| all & fits(b, *form))
}

/// Writes a wall time as the log does: UTC, six digits of a second, `Z`.
pub fn time_text(utc: DateTime<Utc>) -> String {
    utc.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Counts the microseconds between the epoch and a wall time in the log's form. Cheaper than a calendar for every line.
pub(super) fn micros(time: &str) -> Option<i64> {
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = time.as_bytes().get(from..to)?;
        Some(digits.iter().fold(0, |n, b| n * 10 + i64::from(b.wrapping_sub(b'0'))))
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    // Days since 1970 in the Gregorian calendar, with years that begin in March.
    let (y, m) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = y * 365 + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400) + (m * 153 + 2) / 5 + day - 719_469;
    let seconds = days * 86_400 + number(11, 13)? * 3600 + number(14, 16)? * 60 + number(17, 19)?;
    Some(seconds * 1_000_000 + number(20, 26)?)
}

/// Tells whether a text is a digest's hex.
pub(super) fn is_hex_of(hex: &str, digest: &[u8; 32]) -> bool {
    let digit = |nibble: u8| nibble + if nibble < 10 { b'0' } else { b'a' - 10 };
    let pairs = hex.as_bytes().chunks_exact(2).zip(digest);
    hex.len() == 64 && pairs.fold(true, |all, (pair, b)| all & (pair == [digit(b >> 4), digit(b & 15)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_as_written() {
        let line = br#"{"seq":7,"prev":"","t":"2026-11-22T09:26:30.114203Z","mono":42,"k":"note-added","text":"x"}"#;
        let head = parse(line).unwrap();
        assert_eq!((head.seq, head.prev, head.mono, head.kind), (7, "", 42, "note-added"));
        assert_eq!(time_text(head.stamp().unwrap().utc), head.time);
        for bad in [
            r#"{"prev":"","seq":7,"t":"2026-11-22T09:26:30.114203Z","mono":42,"k":"x"}"#,
            r#"{"seq":-7,"prev":"","t":"2026-11-22T09:26:30.114203Z","mono":42,"k":"x"}"#,
            r#"{"seq":7,"prev":"ab","t":"2026-11-22T09:26:30.114203Z","mono":42,"k":"x"}"#,
            r#"{"seq":7,"prev":"","t":"2026-11-22T09:26:30Z","mono":42,"k":"x"}"#,
            r#"{"seq":7,"prev":"","t":"2026-11-22T09:26:30.114203Z","mono":42,"k":"X y"}"#,
        ] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn microseconds_agree_with_the_calendar(at in 0_i64..253_402_300_799_999_999) {
            let utc = DateTime::from_timestamp_micros(at).unwrap();
            proptest::prop_assert_eq!(micros(&time_text(utc)), Some(at));
        }
    }
}
