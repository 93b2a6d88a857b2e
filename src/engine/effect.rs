//! What the engine wants done. Effects are never recorded; facts are.

use std::collections::BTreeMap;
use std::time::Duration;

use super::input::TimerId;
use super::outcome::Outcome;
use crate::kernel::{AttemptId, Secret, StepId};
use crate::runbook::{Capture, Expect, Impact, Keyboard, Shell, SslMode};

/// Is something to do in the world.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Perform an attempt and report its end.
    Start(Box<Job>),
    /// Look again and again and report each look, until told to stop.
    Watch(Box<Job>),
    /// Find out how an attempt ended that may have run when its engine was gone, and report its end. Nothing that acts is
    /// performed again.
    Settle(Box<Doubt>),
    /// Look whether a failed attempt happened, by calls that only read, and report what that tells.
    Look(Box<Doubt>),
    /// Stop watching.
    Unwatch(AttemptId),
    /// Interrupt an attempt.
    Interrupt {
        /// Which.
        attempt: AttemptId,
        /// At once (KILL) instead of gently (TERM, grace, KILL).
        force: bool,
    },
    /// Call back after a while.
    Wake {
        /// The timer.
        timer: TimerId,
        /// After how long, real time.
        after: Duration,
    },
    /// Seal the log: the run ended.
    Seal,
}

/// Describes one attempt completely: a worker needs nothing else.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// The attempt; output goes to files of this name.
    pub attempt: AttemptId,
    /// Its step, if it belongs to one.
    pub step: Option<StepId>,
    /// What to perform.
    pub what: What,
    /// Variables: the environment of shell blocks, the substitutions of everything else were made already.
    pub vars: BTreeMap<String, String>,
    /// When one performance is given up, already divided by the speed of a drill. `None`: never.
    pub timeout: Option<Duration>,
    /// Polling, if the action has `until`.
    pub poll: Option<Poll>,
    /// What counts as success of one performance.
    pub judge: Judge,
    /// What becomes of what it prints.
    pub output: Output,
}

/// Says what becomes of what an attempt prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// It is kept and shown, the secrets of the run replaced.
    Kept,
    /// It is neither. What is captured of it becomes known as secret.
    Secret {
        /// What is captured.
        captures: Vec<Capture>,
    },
}

/// Is an attempt of which it is not known whether it happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Doubt {
    /// What was started.
    pub job: Job,
    /// How grave it is.
    pub impact: Impact,
    /// How long ago it started.
    pub age: Duration,
}

/// Says what is performed.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A shell block, as written; variables come as environment.
    Shell {
        /// Which shell.
        shell: Shell,
        /// The block.
        script: String,
        /// Working directory, if the author set one.
        cwd: Option<String>,
        /// Does it get a terminal?
        keyboard: Keyboard,
    },
    /// AWS calls, each as the words after `aws`, variables substituted.
    Aws {
        /// One element a call.
        calls: Vec<Vec<String>>,
    },
    /// One HTTP request in the `.http` convention, variables substituted.
    Http {
        /// The request: request line, headers, blank line, body.
        request: String,
    },
    /// One DNS query, variables substituted: `name TYPE [@server[:port]]`.
    Dns {
        /// The query.
        query: String,
    },
    /// Statements for a PostgreSQL database; values are bound as parameters.
    Sql {
        /// The fence's text.
        script: String,
        /// The line of the runbook before its first.
        line: usize,
        /// What it may do.
        access: Access,
        /// What is bound to its variables.
        values: BTreeMap<String, String>,
        /// Where; or why nobody can say.
        database: Result<Box<Database>, String>,
        /// The variable of the process environment that holds the password, if that is secret.
        password_from: Option<String>,
    },
}

/// Says what statements may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read: they run in a read-only transaction.
    ReadOnly,
    /// Change things.
    ReadWrite,
}

/// Says how a database is reached, variables substituted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// What the runbook calls it; empty if nobody named it.
    pub name: String,
    /// A host name, an address, or the folder of a Unix socket.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The database.
    pub dbname: String,
    /// The role.
    pub user: String,
    /// Its password.
    pub password: Option<Secret<String>>,
    /// How the connection is protected.
    pub sslmode: SslMode,
    /// A PEM file with trusted certificates.
    pub sslrootcert: Option<String>,
}

impl Database {
    /// Names it for people: `west (shop at shop-db-west.example:5432)`.
    pub fn words(&self) -> String {
        let place = format!("{} at {}:{}", self.dbname, self.host, self.port);
        if self.name.is_empty() { place } else { format!("{} ({place})", self.name) }
    }
}

/// Says how an action is polled.
#[derive(Clone, Debug, PartialEq)]
pub struct Poll {
    /// Pause between looks, already divided by the speed of a drill.
    pub every: Duration,
    /// How long to go on, likewise. `None`: until told to stop.
    pub limit: Option<Duration>,
    /// Done when this holds …
    pub until: Option<Expect>,
    /// … for this long, likewise divided.
    pub hold: Duration,
    /// Failed at once when this holds.
    pub fail_if: Option<Expect>,
}

/// Says what counts as success. Values are resolved.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judge {
    /// On trimmed standard output.
    pub expect: Option<Expect>,
    /// Exit codes; empty: 0.
    pub exit: Vec<i32>,
    /// An AWS error code that is the expected answer.
    pub error: Option<String>,
    /// HTTP statuses; empty: 200 to 299.
    pub status: Vec<u16>,
}

impl Judge {
    /// Judges one performance: did it do what was expected? `Err` says why not, in words for the operator.
    pub fn judge(&self, outcome: &Outcome, stdout: &str) -> Result<(), String> {
        super::judge::judge(self, outcome, stdout)
    }
}
