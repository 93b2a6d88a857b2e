//! Reads what an attempt printed: captures, times, losses.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::objectives::between;
use crate::runbook::LossKind;

/// Holds a loss as its measurement says it, before moments of the run bound it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Measured {
    pub(super) figure: Figure,
    pub(super) orders: Option<u64>,
}

/// Says what a measurement gave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Figure {
    /// The last commit that survives.
    LastCommit(DateTime<Utc>),
    /// How far the survivor was behind when it was looked at.
    Lag(Duration),
    /// Both ends, as given.
    Range(Duration, Duration),
}

/// Is a range of loss, and how it was computed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Range {
    pub(super) low: Duration,
    pub(super) high: Duration,
    pub(super) method: String,
}

/// Holds the moments that bound a loss.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// When customers began to fail, or the first bad write was.
    pub(super) onset: Option<DateTime<Utc>>,
    /// When nothing could be written any more: fenced, or frozen for what was discarded.
    pub(super) closed: Option<DateTime<Utc>>,
    /// When it was measured.
    pub(super) measured: DateTime<Utc>,
}

/// Reads a loss from trimmed standard output.
pub(super) fn read_loss(stdout: &str) -> Result<Measured, String> {
    let text = stdout.trim();
    let wrong = || {
        "its output is no loss; print seconds, `{\"last_commit\": \"2026-11-22T03:14:00Z\"}`, or \
         `{\"low\": 0, \"high\": 42}`"
            .to_owned()
    };
    let value: Value = serde_json::from_str(text).map_err(|_| wrong())?;
    if let Some(lag) = seconds(&value) {
        return Ok(Measured { figure: Figure::Lag(lag), orders: None });
    }
    let orders = value.get("orders").and_then(Value::as_u64);
    let figure = if let Some(time) = value.get("last_commit") {
        Figure::LastCommit(time.as_str().and_then(read_time).ok_or_else(wrong)?)
    } else {
        let end = |name: &str| value.get(name).and_then(seconds).ok_or_else(wrong);
        let (low, high) = (end("low")?, end("high")?);
        if low > high {
            return Err("its output is no loss: `low` is more than `high`".to_owned());
        }
        Figure::Range(low, high)
    };
    Ok(Measured { figure, orders })
}

/// Bounds a loss whose last surviving commit is known.
pub(super) fn bound(of: LossKind, last_commit: DateTime<Utc>, bounds: Bounds) -> Range {
    let since = |end: DateTime<Utc>| between(last_commit, end);
    let least = bounds.onset.map(since);
    let from = match least {
        Some(_) => "onset minus last recovered commit",
        None => "nothing, since no onset is known",
    };
    let (high, method) = match (of, bounds.onset, bounds.closed) {
        (LossKind::RecoveryPoint, Some(onset), _) => (since(onset), "onset minus recovered point".to_owned()),
        (LossKind::RecoveryPoint, None, _) => {
            (since(bounds.measured), "at most measurement minus recovered point, since no onset is known".to_owned())
        }
        (LossKind::Replication, _, Some(fenced)) => {
            (since(fenced), format!("from {from}, to fencing minus last recovered commit"))
        }
        (LossKind::Replication, _, None) => (
            since(bounds.measured),
            format!("from {from}, to measurement minus last recovered commit, since nothing is fenced"),
        ),
        (LossKind::Discarded, _, Some(frozen)) => (since(frozen), format!("from {from}, to freeze minus restore time")),
        (LossKind::Discarded, _, None) => {
            (since(bounds.measured), format!("from {from}, to measurement minus restore time, since nothing is frozen"))
        }
    };
    // Fenced before the onset means that nothing could be written when customers began to fail.
    Range { low: least.unwrap_or_default().min(high), high, method }
}

/// Reads an RFC 3339 time that is the whole of an output.
pub(super) fn read_time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text.trim()).ok().map(|time| time.with_timezone(&Utc))
}

fn seconds(value: &Value) -> Option<Duration> {
    Duration::try_from_secs_f64(value.as_f64()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_000_000 + second, 0).unwrap()
    }

    #[test]
    fn losses_as_they_are_printed() {
        let lag = |s| Ok(Measured { figure: Figure::Lag(Duration::from_secs_f64(s)), orders: None });
        assert_eq!(read_loss(" 42.5\n"), lag(42.5));
        assert_eq!(read_loss("0"), lag(0.0));
        assert_eq!(
            read_loss(r#"{"low": 1, "high": 2.5, "orders": 7}"#),
            Ok(Measured {
                figure: Figure::Range(Duration::from_secs(1), Duration::from_millis(2500)),
                orders: Some(7)
            })
        );
        let point = read_loss(r#"{"last_commit": "1970-01-12T13:46:40Z"}"#).unwrap();
        assert_eq!(point.figure, Figure::LastCommit(at(0)));
        for text in ["", "soon", "-1", "NaN", "1e400", "{}", "[1]", r#"{"low":2,"high":1}"#, r#"{"last_commit":1}"#] {
            assert!(read_loss(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_range_of_each_kind() {
        use LossKind::{Discarded, RecoveryPoint, Replication};
        // Last commit at 0, measured at 600.
        for (of, onset, closed, low, high) in [
            (Replication, Some(60), Some(90), 60, 90),
            (Replication, Some(60), None, 60, 600),
            (Replication, None, Some(90), 0, 90),
            (Replication, None, None, 0, 600),
            (Replication, Some(-30), Some(90), 0, 90),
            (Replication, Some(60), Some(-5), 0, 0),
            (RecoveryPoint, Some(60), None, 60, 60),
            (RecoveryPoint, None, None, 0, 600),
            (Discarded, Some(60), Some(300), 60, 300),
        ] {
            let bounds = Bounds { onset: onset.map(at), closed: closed.map(at), measured: at(600) };
            let range = bound(of, at(0), bounds);
            assert_eq!((range.low.as_secs(), range.high.as_secs()), (low, high), "{of:?} {onset:?} {closed:?}");
            assert_eq!(range.method.contains("no onset"), onset.is_none(), "{}", range.method);
        }
    }
}
