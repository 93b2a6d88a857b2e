//! What a log's clocks say of each other, what the machine said of them, and what AWS's clock says of them: an answer's
//! `Date` was said while its attempt lasted.

use chrono::NaiveDateTime;

use super::findings::{Severity, Verification};
use super::line::{self, Head};
use super::read::Beat;
use crate::kernel::{ClockSync, say_duration};

/// A wall clock that differs by more than this from the monotonic clock between two lines has jumped.
const JUMP_MICROS: i64 = 2_000_000;

/// AWS says whole seconds, and its own clocks agree to about as much.
const AWS_MICROS: i64 = 2_000_000;

/// Is what the machine and AWS said of the wall clock.
#[derive(Debug, Default)]
pub(super) struct Said {
    kept: KeptClock,
    aws: AwsClock,
}

impl Said {
    /// Takes a line in which the machine may say it.
    pub(super) fn line(&mut self, number: u64, kind: &str, line: &[u8]) {
        self.kept.line(number, kind, line);
    }

    /// Takes what an answer said of an attempt that ended in this line.
    pub(super) fn answered(&mut self, number: u64, head: &Head<'_>, date: &str, took_ms: u64) {
        self.aws.answered(number, head, date, took_ms);
    }

    /// Says what was found.
    pub(super) fn conclude(&self, result: &mut Verification) {
        if let Some((line, severity, text)) = self.kept.found() {
            result.add(line, severity, text);
        }
        self.aws.conclude(result);
    }
}

/// Is what AWS's answers said so far.
#[derive(Debug, Default)]
struct AwsClock {
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

/// Is what the machine said of its clock, when the run began, was taken up again, and in heartbeats.
#[derive(Debug, Default)]
struct KeptClock {
    synced: u64,
    unsynced: u64,
    /// The first line that says that no time server kept it.
    first: Option<u64>,
}

impl KeptClock {
    /// Takes a line, of those kinds that say it.
    pub(super) fn line(&mut self, number: u64, kind: &str, line: &[u8]) {
        if !matches!(kind, "open" | "resumed" | "heartbeat") {
            return;
        }
        match serde_json::from_slice::<Beat>(line).map(|beat| beat.clock).unwrap_or_default() {
            ClockSync::Synced => self.synced += 1,
            ClockSync::Unsynced => {
                self.unsynced += 1;
                self.first.get_or_insert(number);
            }
            ClockSync::Unknown => {}
        }
    }

    /// Says what was found. A machine that did not say is no news.
    fn found(&self) -> Option<(Option<u64>, Severity, String)> {
        let all = self.synced + self.unsynced;
        match self.first {
            None if self.synced == 0 => None,
            None => {
                let text = format!("the wall clock was kept by a time server, as the machine said {}", times(all));
                Some((None, Severity::Note, text))
            }
            Some(number) => {
                let often = if self.synced == 0 { times(all) } else { format!("{} of {}", self.unsynced, times(all)) };
                let text = format!("the wall clock was kept by no time server, as the machine said {often}");
                Some((Some(number), Severity::Warning, text))
            }
        }
    }
}

fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// Says what is odd between a line's clocks (wall and monotonic, in microseconds) and those of the next.
pub(super) fn between((before, mono): (i64, u64), (after, next): (i64, u64)) -> Option<String> {
    let Some(elapsed) = next.checked_sub(mono) else { return Some("the monotonic clock went back".to_owned()) };
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
    fn what_the_machine_said_of_its_clock_is_told_and_nothing_is_made_of_silence() {
        let said = |words: &[&str]| {
            let mut kept = super::KeptClock::default();
            for (number, word) in (1..).zip(words) {
                let clock = if word.is_empty() { String::new() } else { format!(r#","clock":"{word}""#) };
                kept.line(number, "heartbeat", format!(r#"{{"k":"heartbeat"{clock}}}"#).as_bytes());
            }
            kept.line(9, "noticed", br#"{"k":"noticed","clock":"unsynced"}"#);
            kept.found()
        };
        assert_eq!(said(&["", "unknown", "perhaps"]), None);
        let note = "the wall clock was kept by a time server, as the machine said 2 times".to_owned();
        assert_eq!(said(&["synced", "unknown", "synced"]), Some((None, Severity::Note, note)));
        let once = "the wall clock was kept by no time server, as the machine said once".to_owned();
        assert_eq!(said(&["unknown", "unsynced"]), Some((Some(2), Severity::Warning, once)));
        let lost = "the wall clock was kept by no time server, as the machine said 1 of 3 times".to_owned();
        assert_eq!(said(&["synced", "synced", "unsynced"]), Some((Some(3), Severity::Warning, lost)));
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
