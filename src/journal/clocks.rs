//! What a log's clocks say of each other, and what AWS's clock says of them: an answer's `Date` was said while its
//! attempt lasted.

use chrono::NaiveDateTime;

use super::findings::{Severity, Verification};
use super::line::{self, Head};
use crate::kernel::say_duration;

/// A wall clock that differs by more than this from the monotonic clock between two lines has jumped.
const JUMP_MICROS: i64 = 2_000_000;

/// AWS says whole seconds, and its own clocks agree to about as much.
const AWS_MICROS: i64 = 2_000_000;

/// Is what AWS's answers said so far.
#[derive(Debug, Default)]
pub(super) struct AwsClock {
    answers: u64,
    /// The line that differs most, and by how much the log's clock was ahead there, in microseconds.
    worst: Option<(u64, i64)>,
}

impl AwsClock {
    /// Takes what an answer said of an attempt that ended in this line.
    pub(super) fn answered(&mut self, number: u64, head: &Head<'_>, date: &str, took_ms: u64) {
        let (Some(said), Some(end)) = (http_date(date), line::micros(head.time)) else { return };
        let took = i64::try_from(took_ms.saturating_mul(1_000)).unwrap_or(i64::MAX);
        self.answers += 1;
        // Between its beginning and its end: no difference.
        let ahead = (end.saturating_sub(took) - said).max(0) + (end - said).min(0);
        if ahead.abs() > AWS_MICROS && self.worst.is_none_or(|(_, worst)| ahead.abs() > worst.abs()) {
            self.worst = Some((number, ahead));
        }
    }

    /// Says what was found.
    pub(super) fn conclude(&self, result: &mut Verification) {
        match self.worst {
            _ if self.answers == 0 => {}
            None => {
                let answers = if self.answers == 1 { "1 answer" } else { &format!("{} answers", self.answers) };
                let text = format!("the wall clock agrees with AWS's in {answers}, to two seconds");
                result.add(None, Severity::Note, text);
            }
            Some((number, ahead)) => {
                let size = size(ahead);
                let text = if ahead < 0 {
                    format!("the wall clock was {size} behind AWS's")
                } else {
                    format!("the wall clock was {size} ahead of AWS's, or this was recorded that much later")
                };
                result.add(Some(number), Severity::Warning, text);
            }
        }
    }
}

/// Reads a time in the one form of HTTP: `Sun, 22 Nov 2026 10:00:31 GMT`. Gives microseconds since the epoch.
fn http_date(date: &str) -> Option<i64> {
    const FORM: &str = "%a, %d %b %Y %H:%M:%S GMT";
    let said = NaiveDateTime::parse_from_str(date, FORM).ok()?;
    (said.format(FORM).to_string() == date).then(|| said.and_utc().timestamp_micros())
}

/// Says by how much the wall clock jumped between two lines that are `elapsed` microseconds apart, if it did.
pub(super) fn jump(before: i64, after: i64, elapsed: u64) -> Option<String> {
    let jump = (after - before).saturating_sub(i64::try_from(elapsed).unwrap_or(i64::MAX));
    let way = if jump < 0 { "back" } else { "ahead" };
    (jump.abs() > JUMP_MICROS).then(|| format!("the wall clock was set {way} by {}", size(jump)))
}

fn size(micros: i64) -> String {
    say_duration(std::time::Duration::from_micros(micros.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use crate::journal::{Chain, Severity, Trust, verify};
    use crate::kernel::{RunId, Stamp};

    /// Verifies a log in which an attempt of five seconds ended at 10:00:30, and AWS answered at `date`.
    fn said(date: &str) -> (Severity, String) {
        let stamp = |time: &str| Stamp { utc: time.parse().unwrap(), mono: 0 };
        let mut chain = Chain::new(RunId::new("r"), None);
        let mut log = Vec::new();
        let open = serde_json::json!({
            "k": "open", "v": "lifeboat-log/1", "run": "r", "mode": "drill", "by": "a", "session": "", "host": "h",
            "boot": "b", "pid": 1, "tool": "t", "runbook": "r.md", "runbook_sha256": "", "account": "none", "arn": "",
            "region": "", "rto_s": 0, "rpo_s": 0, "seed": null, "speed": 1, "prev_run": null, "prev_sha512": null
        });
        let finished = serde_json::json!({
            "k": "attempt-finished", "attempt": "1.1", "outcome": {"how": "answered", "status": 200},
            "verdict": {"verdict": "passed"}, "polls": 1, "took_ms": 5000,
            "streams": {"out_bytes": 0, "out_sha256": null, "err_bytes": 0, "err_sha256": null},
            "aws": {"operation": "sts:GetCallerIdentity", "region": "r", "request_id": null, "status": 200, "date": date}
        });
        for event in [open, finished] {
            let event = serde_json::from_value(event).unwrap();
            chain.event(stamp("2026-11-22T10:00:30Z"), &event, &mut log).unwrap();
        }
        let found = verify(&mut [Cursor::new(log)], &Trust::default(), &mut |_| {}).unwrap().findings;
        let about = found.into_iter().find(|finding| finding.text.contains("AWS's")).unwrap();
        (about.severity, about.text)
    }

    #[test]
    fn an_answer_of_aws_says_whether_the_wall_clock_was_right() {
        for date in ["Sun, 22 Nov 2026 10:00:31 GMT", "Sun, 22 Nov 2026 10:00:24 GMT"] {
            let (severity, text) = said(date);
            assert_eq!((severity, text.contains("agrees with AWS's in 1 answer")), (Severity::Note, true), "{text}");
        }
        let (severity, text) = said("Sun, 22 Nov 2026 11:00:30 GMT");
        assert_eq!((severity, text.as_str()), (Severity::Warning, "the wall clock was 1 h behind AWS's"));
        let (severity, text) = said("Sun, 22 Nov 2026 09:50:25 GMT");
        assert_eq!((severity, text.contains("10 min ahead of AWS's")), (Severity::Warning, true), "{text}");
    }
}
