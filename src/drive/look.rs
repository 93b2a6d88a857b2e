//! One look of a poll, and what it means for the next.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::engine::{AwsReceipt, Ended, Judge, Outcome, Poll, Streams, holds, shown};
use crate::exec::Reply;
use crate::exec::supervisor::ShellEnd;

/// Is what one performance gave.
#[derive(Clone, Debug)]
pub struct Look {
    /// When it began.
    pub at: DateTime<Utc>,
    /// How it ended.
    pub outcome: Outcome,
    /// The beginning of its standard output.
    pub stdout: String,
    /// Was there more?
    pub truncated: bool,
    /// The output files of a shell block.
    pub streams: Streams,
    /// What AWS said.
    pub aws: Option<AwsReceipt>,
}

impl Look {
    /// Takes the end of a shell block.
    pub fn of_shell(at: DateTime<Utc>, end: ShellEnd) -> Self {
        Self {
            at,
            outcome: end.outcome,
            stdout: end.stdout_head,
            truncated: end.truncated,
            streams: end.streams,
            aws: None,
        }
    }

    /// Takes the reply of a native call.
    pub fn of_reply(at: DateTime<Utc>, reply: Reply) -> Self {
        let head = reply.stdout.get(..Ended::STDOUT_CAP).unwrap_or(&reply.stdout);
        Self {
            at,
            outcome: reply.outcome,
            stdout: String::from_utf8_lossy(head).into_owned(),
            truncated: reply.stdout.len() > Ended::STDOUT_CAP,
            streams: Streams::default(),
            aws: reply.aws,
        }
    }
}

impl Look {
    /// Makes the end of an attempt whose last look this was.
    pub fn ended(self, streams: Streams, poll_failure: Option<String>, polls: u32, took: Duration) -> Ended {
        Ended {
            poll_failure,
            polls,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            streams,
            outcome: self.outcome,
            stdout: self.stdout,
            truncated: self.truncated,
            looked_at: self.at,
            aws: self.aws,
        }
    }
}

/// Says what a look means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The condition holds.
    Holds,
    /// It does not hold yet, for this reason.
    NotYet(String),
    /// It never will, for this reason.
    Failed(String),
}

/// Judges a look: `fail-if` ends a poll at once, so does an error that looking again will not mend.
pub fn judge(poll: &Poll, judge: &Judge, look: &Look) -> Verdict {
    if let Err(why) = judge.judge(&look.outcome, &look.stdout) {
        return if may_mend(&look.outcome) { Verdict::NotYet(why) } else { Verdict::Failed(why) };
    }
    if let Some(bad) = &poll.fail_if
        && holds(bad, &look.stdout).is_ok()
    {
        return Verdict::Failed(format!("{} ends the wait", shown(&look.stdout)));
    }
    match poll.until.as_ref().map_or(Ok(()), |until| holds(until, &look.stdout)) {
        Ok(()) => Verdict::Holds,
        Err(why) => Verdict::NotYet(why),
    }
}

/// May the next look see something else? A server's 5xx, 404 and 429 may pass, a shell test that fails may succeed later.
fn may_mend(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Answered { status } => status.is_none_or(|status| status >= 500 || status == 404 || status == 429),
        Outcome::Exited { .. } => true,
        Outcome::AwsRefused { .. }
        | Outcome::SqlRefused { .. }
        | Outcome::Unusable { .. }
        | Outcome::SpawnFailed { .. }
        | Outcome::Interrupted
        | Outcome::Signalled { .. } => false,
        other => other.is_transient(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::Expect;

    fn look(outcome: Outcome, stdout: &str) -> Look {
        Look {
            at: DateTime::UNIX_EPOCH,
            outcome,
            stdout: stdout.to_owned(),
            truncated: false,
            streams: Streams::default(),
            aws: None,
        }
    }

    #[test]
    fn a_poll_goes_on_through_what_may_mend_and_ends_on_what_will_not() {
        let poll = Poll {
            every: std::time::Duration::ZERO,
            limit: None,
            until: Some(Expect::Equals("available".into())),
            hold: std::time::Duration::ZERO,
            fail_if: Some(Expect::Matches("^failed".into())),
        };
        let ok = || Outcome::Answered { status: Some(200) };
        let is = |outcome, stdout: &str| judge(&poll, &Judge::default(), &look(outcome, stdout));
        assert_eq!(is(ok(), "available\n"), Verdict::Holds);
        assert!(matches!(is(ok(), "modifying"), Verdict::NotYet(_)));
        assert!(matches!(is(ok(), "failed"), Verdict::Failed(_)));
        assert!(matches!(is(Outcome::Answered { status: Some(503) }, ""), Verdict::NotYet(_)));
        assert!(matches!(is(Outcome::Answered { status: Some(403) }, ""), Verdict::Failed(_)));
        assert!(matches!(
            is(Outcome::Throttled { code: "Throttling".into(), message: String::new() }, ""),
            Verdict::NotYet(_)
        ));
        let gone = Outcome::AwsRefused { code: "DBInstanceNotFound".into(), message: String::new() };
        assert!(matches!(is(gone, ""), Verdict::Failed(_)));
    }

    #[test]
    fn what_ends_a_wait_is_said_in_one_short_line() {
        let poll = Poll {
            every: Duration::ZERO,
            limit: None,
            until: None,
            hold: Duration::ZERO,
            fail_if: Some(Expect::Matches("stopped".into())),
        };
        let said = |body: &str| {
            let seen = judge(&poll, &Judge::default(), &look(Outcome::Answered { status: Some(200) }, body));
            let Verdict::Failed(why) = seen else { panic!("{seen:?}") };
            why
        };
        assert_eq!(said("{\n    \"status\": \"stopped\"\n}\n"), "`{ \"status\": \"stopped\" }` ends the wait");
        let long = said(&format!("{{\n  \"status\": \"stopped\",\n{}}}", "  \"more\": [1, 2, 3],\n".repeat(500)));
        assert!(long.chars().count() < 150 && long.ends_with("…` ends the wait"), "{long}");
    }
}
