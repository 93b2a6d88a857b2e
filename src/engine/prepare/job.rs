//! The job of a recorded attempt: what the world is asked to do.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::calls::read_calls;
use super::database::{access, bound, database, secret_password};
use super::fill_expect;
use super::vars::{environment, vars};
use crate::engine::effect::{Job, Judge, Output, Poll, What};
use crate::engine::state::{Run, Strand};
use crate::kernel::{AttemptId, StepId};
use crate::runbook::{Action, Expect, Keyboard, Kind, Secrecy, Shell, words};

/// How long one look, request, query or AWS call may take where the author says nothing.
const LOOK: Duration = Duration::from_secs(20);

/// How long an AWS waiter waits where the author says nothing.
const WAITER: Duration = Duration::from_secs(30 * 60);

/// What a drill's speed leaves of a limit on one performance: processes and requests do not run faster in a drill.
const LEAST: Duration = Duration::from_secs(5);

/// Makes the job of a recorded attempt.
pub(in crate::engine) fn job(
    run: &Run,
    attempt: &AttemptId,
    step: Option<&StepId>,
    action: &Action,
    command: &str,
) -> Job {
    let at = run.attempts.get(attempt).map_or_else(DateTime::default, |attempt| attempt.started.utc);
    let strand = step.and_then(|step| run.strand(step)).unwrap_or(Strand::whole(run.current));
    let confirmed_at = run.turn(strand).and_then(|turn| turn.confirmed_at);
    let vars = vars(run, strand, confirmed_at.map_or(at, |stamp| stamp.utc));
    let speed = run.speed();
    let filled = |expect: &Expect| fill_expect(expect, &vars).unwrap_or_else(|_| expect.clone());
    let mut waits = false;
    let what = match action.kind {
        Kind::Shell(shell) => What::Shell {
            shell,
            script: command.to_owned(),
            cwd: action.cwd.as_ref().and_then(|cwd| words::fill(cwd, &vars).ok()),
            keyboard: action.keyboard,
        },
        Kind::Aws => {
            let calls = read_calls(command);
            waits = calls.iter().any(|call| call.get(1).is_some_and(|word| word == "wait"));
            What::Aws { calls }
        }
        Kind::Http => What::Http { request: command.to_owned() },
        Kind::Dns => What::Dns { query: command.to_owned() },
        Kind::Sql => What::Sql {
            script: command.to_owned(),
            line: action.line,
            access: access(action.impact),
            values: bound(command, &vars),
            database: database(&run.plan, action, &vars).map(Box::new),
            password_from: secret_password(&run.plan, action),
        },
    };
    let poll = action.until.as_ref().map(|until| Poll {
        every: divided(action.every, speed),
        limit: action.timeout.map(|limit| divided(limit, speed)),
        until: Some(filled(until)),
        hold: action.hold.map_or(Duration::ZERO, |hold| divided(hold, speed)),
        fail_if: action.fail_if.as_ref().map(filled),
    });
    let judge = judge_of(action, &vars);
    let timeout = match (action.kind, action.timeout, &poll) {
        (Kind::Shell(_), _, Some(poll)) => poll.limit,
        (_, limit, None) if waits => Some(divided(limit.unwrap_or(WAITER), speed).max(LEAST)),
        (_, Some(limit), None) => Some(divided(limit, speed).max(limit.min(LEAST))),
        (Kind::Shell(_), None, None) => None,
        (Kind::Aws | Kind::Http | Kind::Dns | Kind::Sql, None, None) | (_, _, Some(_)) => Some(LOOK),
    };
    let output = match action.secrecy {
        Secrecy::Open => Output::Kept,
        Secrecy::Secret => Output::Secret { captures: action.capture.clone() },
    };
    Job { attempt: attempt.clone(), step: step.cloned(), what, timeout, poll, judge, output, vars: environment(vars) }
}

/// Makes the job of an improvised command.
pub(in crate::engine) fn improvised_job(run: &Run, attempt: &AttemptId, command: &str, at: DateTime<Utc>) -> Job {
    Job {
        attempt: attempt.clone(),
        step: None,
        what: What::Shell { shell: Shell::Sh, script: command.to_owned(), cwd: None, keyboard: Keyboard::None },
        vars: environment(vars(run, Strand::whole(run.current), at)),
        timeout: None,
        poll: None,
        judge: Judge::default(),
        output: Output::Kept,
    }
}

/// Returns what counts as success of one performance, values put in.
pub(in crate::engine) fn judge_of(action: &Action, vars: &BTreeMap<String, String>) -> Judge {
    Judge {
        expect: action.expect.as_ref().map(|expect| fill_expect(expect, vars).unwrap_or_else(|_| expect.clone())),
        exit: action.exit.clone(),
        error: action.error.as_ref().map(|error| words::fill(error, vars).unwrap_or_else(|_| error.clone())),
        status: action.status.clone(),
    }
}

/// Divides a delay by the speed of a drill; it never becomes nothing.
pub(in crate::engine) fn divided(delay: Duration, speed: u32) -> Duration {
    if delay.is_zero() { delay } else { (delay / speed.max(1)).max(Duration::from_millis(1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drill_divides_delays_but_never_to_nothing() {
        assert_eq!(divided(Duration::from_secs(60), 60), Duration::from_secs(1));
        assert_eq!(divided(Duration::from_millis(1), 1000), Duration::from_millis(1));
        assert_eq!(divided(Duration::ZERO, 10), Duration::ZERO);
    }
}
