//! What reaches the engine: wishes of people, reports of workers, timers, news of the host.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::again::Seen;
use super::event::{Exercise, InputSource, Opened};
use super::outcome::{AwsReceipt, Outcome, Streams};
use crate::kernel::{ActionName, AttemptId, StepId};
use crate::runbook::Moment;

/// Is anything that reaches the engine.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// Opens the run: its first input.
    Open {
        /// The header.
        opened: Box<Opened>,
        /// Resolved inputs in the runbook's order: name, value, source.
        inputs: Vec<(String, String, InputSource)>,
        /// When customers began to fail, if it is known.
        onset: Option<(DateTime<Utc>, String)>,
    },
    /// A person's wish, or the drill script's.
    Operator {
        /// Who.
        by: String,
        /// What.
        intent: Intent,
    },
    /// A facilitator's wish.
    Facilitator {
        /// Who.
        by: String,
        /// What.
        wish: Facilitate,
    },
    /// An approval whose signature was verified.
    Approval {
        /// Who handed it in.
        by: String,
        /// What was signed, and by whom.
        signed: SignedApproval,
    },
    /// A worker's report.
    Report(Report),
    /// A timer went off.
    Clock(TimerId),
    /// News of the host.
    Host(Notice),
}

/// Identifies a timer; a stale one is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TimerId {
    /// The RTO runs out.
    Rto,
    /// The step whose turn it is waits too long (number of the turn in the run).
    Deadline(u64),
    /// A message is due again (how many were sent by then).
    Message(u64),
    /// A failed attempt is to be tried again (number of the retry in the run).
    Retry(u64),
}

/// Is a wish. `decide` may refuse it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "intent", rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum Intent {
    /// Run the offered step (or open its confirmation).
    Run {
        /// The step.
        step: StepId,
    },
    /// Confirm the prompt.
    Confirm {
        /// The prompt that was read.
        prompt: u64,
        /// What was typed; `None` for a key.
        typed: Option<String>,
    },
    /// Confirm by the drill's script: refused unless the run is a drill.
    ConfirmByScript {
        /// The prompt.
        prompt: u64,
    },
    /// Hand in somebody's signature of the prompt's request. The host verifies it first.
    HandIn {
        /// The prompt.
        prompt: u64,
        /// What `lifeboat approve` or `ssh-keygen -Y sign` gave.
        answer: String,
    },
    /// Somebody agreed to what the prompt asks for, as the operator states it: in drills only.
    Approve {
        /// The prompt.
        prompt: u64,
        /// Who agreed.
        approver: String,
    },
    /// Go on without the approvals that are missing.
    Waive {
        /// The prompt.
        prompt: u64,
        /// Why; must not be empty.
        reason: String,
    },
    /// Decline the prompt.
    Decline {
        /// The prompt.
        prompt: u64,
    },
    /// Tick a checklist item of the current step.
    Tick {
        /// The step.
        step: StepId,
        /// The item, from 0.
        item: u32,
    },
    /// A manual step is done.
    Done {
        /// The step.
        step: StepId,
        /// Note or evidence.
        note: String,
    },
    /// Run a failed step's action again.
    Retry {
        /// The step.
        step: StepId,
    },
    /// Run a failed step's action again although nothing tells whether it happened.
    RetryOnWord {
        /// The step.
        step: StepId,
        /// How the operator knows that it did not; must not be empty.
        evidence: String,
    },
    /// Look whether a failed step's action happened, by calls that only read.
    Look {
        /// The step.
        step: StepId,
    },
    /// Run a failed step's action again with another command. Asks for confirmation first.
    Edit {
        /// The step.
        step: StepId,
        /// The command.
        command: String,
    },
    /// Go on at another step.
    Jump {
        /// The step that is left.
        step: StepId,
        /// Where to go on.
        to: StepId,
        /// Why; must not be empty.
        reason: String,
    },
    /// Leave a step out.
    Skip {
        /// The step.
        step: StepId,
        /// Why; must not be empty.
        reason: String,
    },
    /// A failed step was done by other means.
    MarkDone {
        /// The step.
        step: StepId,
        /// Evidence; must not be empty.
        evidence: String,
    },
    /// Run a command of one's own, in the run's shell state. Asks for confirmation first.
    Improvise {
        /// The command.
        command: String,
    },
    /// Interrupt a running attempt.
    Interrupt {
        /// The attempt.
        attempt: AttemptId,
        /// At once.
        force: bool,
    },
    /// Make a note.
    Note {
        /// Its text.
        text: String,
        /// When it was, if not now.
        occurred_at: Option<DateTime<Utc>>,
    },
    /// Fix or correct a moment.
    FixMoment {
        /// Which.
        moment: Moment,
        /// When it was.
        occurred_at: DateTime<Utc>,
        /// On what evidence.
        evidence: String,
    },
    /// Give a value to an input.
    SetInput {
        /// The input.
        name: String,
        /// The value.
        value: String,
    },
    /// Enter a value a second time, as another person.
    ReadAgain {
        /// The input.
        name: String,
        /// The value as the second person reads it.
        value: String,
        /// Who reads it.
        reader: String,
    },
    /// Let a value stand that nobody else can read.
    WaiveReader {
        /// The input.
        name: String,
        /// Why; must not be empty.
        reason: String,
    },
    /// Choose one way of the current step's decision.
    Choose {
        /// The step.
        step: StepId,
        /// The branch, from 0.
        branch: u32,
        /// Why; may be empty where the step asks for no evidence.
        note: String,
    },
    /// Leave the current step to its owner, if the runbook allows that.
    Owe {
        /// The step.
        step: StepId,
        /// What is to be said about it; may be empty.
        note: String,
    },
    /// Take back what was done, from a step that failed. Each way back is asked before it runs.
    RollBack {
        /// The step that failed.
        step: StepId,
        /// Why; must not be empty.
        reason: String,
    },
    /// An alarm of a watched condition was seen.
    SeeAlarm {
        /// The action that looks.
        action: ActionName,
        /// What is to be said about it; may be empty.
        note: String,
    },
    /// A message was sent.
    Sent {
        /// The message.
        message: ActionName,
    },
    /// Switch automatic progress through observing steps.
    Auto {
        /// On or off.
        on: bool,
    },
    /// The exercise goes on after a pause.
    EndPause,
    /// End the run.
    Stop {
        /// Why; must not be empty.
        reason: String,
    },
    /// An unattended real run met something only a person may do.
    GiveUpWaiting,
    /// Go on although nothing can be recorded.
    GoOnUnrecorded {
        /// What was typed; has to be [`UNRECORDED_PHRASE`](super::UNRECORDED_PHRASE).
        typed: String,
    },
}

/// Is what a facilitator wishes of a run: to be heard, and nothing else. `decide` may refuse it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum Facilitate {
    /// Tell the team something.
    Announce {
        /// As part of which inject.
        inject: Option<u32>,
        /// The words; must not be empty.
        text: String,
    },
    /// Pause the exercise.
    Pause {
        /// Why; must not be empty.
        why: String,
    },
    /// Go on after a pause.
    GoOn,
}

/// Is an approval whose signature was verified: by an allowed signer, over this request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedApproval {
    /// The prompt.
    pub prompt: u64,
    /// Who signed.
    pub approver: String,
    /// The fingerprint of their key.
    pub key: String,
    /// The text that was signed.
    pub request: String,
    /// The armoured signature.
    pub sig: String,
}

/// Is news of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The screen is gone and nobody can come back to this run.
    ScreenLost,
    /// Something the record should hold.
    Remark(String),
    /// Something of the exercise that this run is.
    Exercise(Exercise),
}

/// Is what a worker reports.
#[derive(Clone, Debug, PartialEq)]
pub enum Report {
    /// An attempt ended.
    Finished {
        /// Which.
        attempt: AttemptId,
        /// How.
        result: Box<Ended>,
    },
    /// One look of the recovery watch.
    Watched {
        /// The watch's attempt.
        attempt: AttemptId,
        /// When the look began.
        looked_at: DateTime<Utc>,
        /// `Ok` if `recovered_when` succeeded, else why not.
        seen: Result<(), String>,
    },
    /// What a look at a failed attempt tells.
    Looked {
        /// The attempt.
        attempt: AttemptId,
        /// What it tells.
        seen: Seen,
        /// By what that is known.
        what: String,
    },
}

/// Holds what came of an attempt, as its worker saw it.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    /// How the last performance ended.
    pub outcome: Outcome,
    /// Standard output of the last performance, at most [`Ended::STDOUT_CAP`] bytes, lossily decoded.
    pub stdout: String,
    /// Was it longer than that?
    pub truncated: bool,
    /// How often it was performed.
    pub polls: u32,
    /// When the last performance began.
    pub looked_at: DateTime<Utc>,
    /// The poller's own verdict, where it ended by one (`fail-if` held, time ran out while `until` did not hold).
    pub poll_failure: Option<String>,
    /// How long it took, in milliseconds on the monotonic clock.
    pub took_ms: u64,
    /// The output files.
    pub streams: Streams,
    /// What AWS said.
    pub aws: Option<AwsReceipt>,
}

impl Ended {
    /// How much standard output conditions and captures see, in bytes.
    pub const STDOUT_CAP: usize = 256 * 1024;
}
