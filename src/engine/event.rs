//! Facts: the one vocabulary of journal, state, screen, replay and report. Past tense, owned, serialisable.

mod asked;
mod exercise;
mod gap;
mod opened;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::again::Seen;
use super::outcome::{AwsReceipt, Outcome, Streams};
use crate::kernel::{ActionName, AttemptId, Stamp, StepId};
use crate::runbook::{Impact, LossKind, Moment};
pub use asked::{Also, Approval, Ask, Requested, Target, Undo, Verdict};
pub use exercise::{
    Abandoned, BROKEN, Blind, Broken, Commitment, Disclosure, Exercise, Facilitation, Fate, Fired, HowFired, Mark,
    compared, is_kind,
};
pub use gap::{Continues, PartBefore, UNRECORDED_PHRASE};
pub use opened::{Attended, Began, InputSource, Mode, Opened, Resumed, Torn};

/// Begins the note of somebody who only says that they saw what their screen told them.
pub const ACKNOWLEDGED: &str = "seen: ";

/// Is one line of the log that the engine understands: an event, when it was recorded and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// The line's `seq`. Lines that are no facts (checkpoints, heartbeats, the seal) take numbers too.
    pub seq: u64,
    /// When it was recorded.
    pub at: Stamp,
    /// What happened.
    pub event: Event,
}

/// Says what happened. Serialised with its kind in `k`; times are RFC 3339, durations integers with their unit in the name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "k", rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum Event {
    /// The run began. Always the first fact.
    Open(Box<Opened>),
    /// An input got its value.
    InputSet {
        /// The input.
        name: String,
        /// Its value.
        value: String,
        /// Where the value came from.
        source: InputSource,
        /// Who entered it, if somebody did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// Somebody entered a value that another person has to read as well; it is not set yet.
    FirstRead {
        /// The input.
        name: String,
        /// What was entered.
        value: String,
        /// Who.
        by: String,
    },
    /// Another person entered the same value.
    SecondRead {
        /// The input.
        name: String,
        /// Who.
        by: String,
    },
    /// The operator let a value stand that nobody else could read.
    SecondReaderWaived {
        /// The input.
        name: String,
        /// Why.
        reason: String,
        /// Who.
        by: String,
    },
    /// A moment was fixed, or corrected by a later fact of the same moment.
    MomentFixed {
        /// Which moment.
        moment: Moment,
        /// Its own time, which may lie before the fact.
        occurred_at: DateTime<Utc>,
        /// Who fixed it: a person, or `lifeboat`.
        by: String,
        /// On what evidence (an attempt, a sentence).
        evidence: String,
    },
    /// Automatic progress through observing steps was switched on or off.
    AutoSwitched {
        /// `on` or `off`.
        on: bool,
        /// Who.
        by: String,
    },
    /// A step began: its first action is about to run or to be confirmed, or its checklist is open.
    StepStarted {
        /// The step.
        step: StepId,
    },
    /// A step began to run what follows once for each of these items, side by side. From here on `STEP[0]` is what it
    /// does for the first.
    ItemsBegun {
        /// The step.
        step: StepId,
        /// The items, in order.
        items: Vec<String>,
    },
    /// Enough of a step's items are done: it goes on, and what is not done goes on beside it.
    ItemsPassed {
        /// The step.
        step: StepId,
    },
    /// Lifeboat asked for a confirmation.
    ConfirmationAsked {
        /// The prompt's number, counted from 1 in a run; an answer names it.
        prompt: u64,
        /// The step, or `None` for an improvised command.
        step: Option<StepId>,
        /// The action, or `None` for an improvised command.
        action: Option<ActionName>,
        /// How grave it is.
        impact: Impact,
        /// Exactly what will run, every value resolved.
        command: String,
        /// Where.
        target: Target,
        /// What is asked of the operator.
        ask: Ask,
        /// The same action for other items: one answer is for all.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        also: Vec<Also>,
        /// Whose agreement is wanted besides.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approval: Option<Approval>,
    },
    /// Somebody signed the request of an open confirmation.
    Approved {
        /// The prompt.
        prompt: u64,
        /// Who signed, as in the allowed signers.
        approver: String,
        /// The fingerprint of the key that signed.
        key: String,
        /// The whole text that was signed.
        request: String,
        /// The armoured signature over it.
        sig: String,
        /// Who handed it in.
        by: String,
    },
    /// Somebody agreed to what an open confirmation of a drill asks for, as the operator states it; nobody signed it.
    ApprovalStated {
        /// The prompt.
        prompt: u64,
        /// Who agreed.
        approver: String,
        /// Exactly what to, every value resolved.
        command: String,
        /// Who says so.
        by: String,
    },
    /// The operator goes on without approvals that are missing.
    ApprovalWaived {
        /// The prompt.
        prompt: u64,
        /// How many are missing.
        missing: u32,
        /// How long they were waited for, in seconds.
        waited_s: u64,
        /// Why.
        reason: String,
        /// Who.
        by: String,
    },
    /// The operator confirmed.
    Confirmed {
        /// The prompt.
        prompt: u64,
        /// The step.
        step: Option<StepId>,
        /// `key`, `typed` or `drill-script`.
        how: String,
        /// What was typed.
        typed: Option<String>,
        /// Who.
        by: String,
    },
    /// The operator declined; the step is offered again.
    Declined {
        /// The prompt.
        prompt: u64,
        /// The step.
        step: Option<StepId>,
        /// Who.
        by: String,
    },
    /// An attempt may have begun: recorded before anything acts, so it means "may have run".
    AttemptStarted {
        /// The attempt.
        attempt: AttemptId,
        /// The step; `None` for improvised commands and the recovery watch.
        step: Option<StepId>,
        /// The action; `None` for improvised commands.
        action: Option<ActionName>,
        /// How grave it is.
        impact: Impact,
        /// Exactly what runs, every value resolved.
        command: String,
        /// Where.
        target: Target,
    },
    /// An attempt ended and was judged.
    AttemptFinished {
        /// The attempt.
        attempt: AttemptId,
        /// How it ended.
        outcome: Outcome,
        /// What that means for its step.
        verdict: Verdict,
        /// How often it was performed (polls).
        polls: u32,
        /// How long it took, on the monotonic clock, in milliseconds.
        took_ms: u64,
        /// Its output files.
        streams: Streams,
        /// What AWS said.
        aws: Option<AwsReceipt>,
    },
    /// A variable took a value from an attempt's output.
    Captured {
        /// The variable.
        name: String,
        /// Its value.
        value: String,
        /// The attempt.
        attempt: AttemptId,
    },
    /// A loss was measured.
    LossMeasured {
        /// The attempt that measured it.
        attempt: AttemptId,
        /// Which loss.
        of: LossKind,
        /// The least that is lost, in milliseconds.
        low_ms: u64,
        /// The most that is lost, in milliseconds.
        high_ms: u64,
        /// Orders or rows, if the measurement counts them.
        orders: Option<u64>,
        /// The last commit that survives, if it is known.
        last_commit: Option<DateTime<Utc>>,
        /// How it was computed, in a sentence.
        method: String,
    },
    /// A checklist item was ticked.
    ItemTicked {
        /// The step.
        step: StepId,
        /// The item, from 0.
        item: u32,
        /// Who.
        by: String,
    },
    /// A step is done.
    StepDone {
        /// The step.
        step: StepId,
        /// `ran`, `read` (text alone), `by-hand` (ticked, or a manual step), `marked` (the operator says so, with evidence).
        how: String,
        /// The note or the evidence.
        note: Option<String>,
        /// Who.
        by: String,
    },
    /// A step failed; the operator has to choose.
    StepFailed {
        /// The step.
        step: StepId,
        /// The attempt that failed.
        attempt: Option<AttemptId>,
        /// Why, in words.
        why: String,
    },
    /// A step was left out.
    StepSkipped {
        /// The step.
        step: StepId,
        /// Why.
        reason: String,
        /// Who.
        by: String,
    },
    /// A step, or one action of it, is not for this case.
    NotApplicable {
        /// The step.
        step: StepId,
        /// The action; `None` if it is the whole step.
        action: Option<ActionName>,
        /// Why.
        why: String,
    },
    /// A person decided how the run goes on.
    Decided {
        /// The step with the decision.
        step: StepId,
        /// The branch, from 0.
        branch: u32,
        /// Its words.
        label: String,
        /// Where it leads: a step, or another runbook's path.
        target: String,
        /// Steps ahead that are not for this case now.
        ruled_out: Vec<StepId>,
        /// Steps that are to be done again, in a new pass; empty unless it leads back.
        again: Vec<StepId>,
        /// Why.
        note: Option<String>,
        /// Who.
        by: String,
    },
    /// A step failed, and the runbook says where the run goes on.
    Jumped {
        /// The step.
        step: StepId,
        /// Where it goes on.
        to: StepId,
        /// Why it failed, in words.
        why: String,
        /// Steps ahead that are not for this case now.
        ruled_out: Vec<StepId>,
    },
    /// A step was left to its owner, to be done after the run.
    StepOwed {
        /// The step.
        step: StepId,
        /// Who owes it.
        owner: String,
        /// Until when.
        due: DateTime<Utc>,
        /// What is to be said about it.
        note: Option<String>,
        /// Who left it.
        by: String,
    },
    /// A step waits for longer than its deadline. Nothing is chosen by that.
    DeadlinePassed {
        /// The step.
        step: StepId,
    },
    /// A person says that a message was sent.
    MessageSent {
        /// The step.
        step: StepId,
        /// The message.
        message: ActionName,
        /// Whom it is for.
        to: String,
        /// Exactly what was sent.
        text: String,
        /// Who.
        by: String,
    },
    /// A person chose to take back what was done, newest first; each way back is asked before it runs.
    RollbackChosen {
        /// The step that failed.
        step: StepId,
        /// What is undone, in order. From here on the next free `STEP[N]` is what undoes it.
        undo: Vec<Undo>,
        /// What can be undone no more.
        expired: Vec<ActionName>,
        /// Why.
        reason: String,
        /// Who.
        by: String,
    },
    /// A condition that is looked at again and again does not hold any more.
    WatchFailed {
        /// The action that looks.
        action: ActionName,
        /// Why, in words.
        why: String,
    },
    /// A condition that did not hold holds again.
    WatchHeld {
        /// The action that looks.
        action: ActionName,
    },
    /// Somebody has seen that a watched condition does not hold, or did not.
    AlarmSeen {
        /// The action that looks.
        action: ActionName,
        /// What is to be said about it.
        note: Option<String>,
        /// Who.
        by: String,
    },
    /// A message is due again: the service is not restored, and people wait for news.
    MessageDue {
        /// The message.
        message: ActionName,
    },
    /// The operator edited the command of a failed action, which is tried again with that. It is asked before it runs.
    CommandEdited {
        /// The step.
        step: StepId,
        /// The action.
        action: ActionName,
        /// What would have run, every value resolved.
        before: String,
        /// What is to run instead.
        after: String,
        /// Who.
        by: String,
    },
    /// The operator goes on at another step than the next one.
    JumpChosen {
        /// The step that is left.
        step: StepId,
        /// Where the run goes on.
        to: StepId,
        /// Why.
        reason: String,
        /// Steps between that are not for this case now, where it leads forwards.
        ruled_out: Vec<StepId>,
        /// Steps that are to be done again, where it leads backwards.
        again: Vec<StepId>,
        /// Who.
        by: String,
    },
    /// Somebody, or lifeboat, looks whether a failed attempt happened, by calls that only read.
    LookAsked {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: AttemptId,
        /// Who.
        by: String,
    },
    /// A look told whether a failed attempt happened.
    Looked {
        /// The attempt.
        attempt: AttemptId,
        /// What it tells.
        seen: Seen,
        /// By what that is known.
        what: String,
    },
    /// The operator chose to run a failed step's action again.
    RetryChosen {
        /// The step.
        step: StepId,
        /// How they know that it did not happen, where nothing else tells.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        evidence: Option<String>,
        /// Who.
        by: String,
    },
    /// A failure that does not stop the step was passed over (`on-failure=continue`, `optional`).
    FailurePassed {
        /// The step.
        step: StepId,
        /// The action.
        action: ActionName,
        /// Why it failed, in words.
        why: String,
    },
    /// The operator interrupted an attempt.
    InterruptAsked {
        /// The attempt.
        attempt: AttemptId,
        /// End it at once (KILL) instead of asking it to end (TERM).
        force: bool,
        /// Who.
        by: String,
    },
    /// A note was made.
    NoteAdded {
        /// Its text.
        text: String,
        /// When it was, if not now.
        occurred_at: Option<DateTime<Utc>>,
        /// Who.
        by: String,
    },
    /// `recovered_when` succeeded: the stretch that may become the recovery began.
    RecoverySeen {
        /// When it began.
        since: DateTime<Utc>,
        /// The attempt.
        attempt: AttemptId,
    },
    /// `recovered_when` failed before it had held long enough, or after: the candidate is discarded.
    RecoveryLost {
        /// Why, in words.
        why: String,
    },
    /// `recovered_when` held for `sustain`: service is restored since then.
    Recovered {
        /// The start of the stretch that held: where the RTO clock stops.
        since: DateTime<Utc>,
        /// How long it was watched, in seconds.
        held_s: u64,
        /// Onset to `since`, in milliseconds; from the declaration while no onset is known.
        rto_ms: u64,
    },
    /// An objective was breached. Recorded once an objective, and again where a corrected onset changes it.
    Breached {
        /// `rto` or `rpo`.
        objective: String,
        /// The objective, in milliseconds.
        limit_ms: u64,
        /// The figure, in milliseconds.
        actual_ms: u64,
    },
    /// Something of an exercise that the team sees.
    Exercise(Exercise),
    /// Something of an exercise that only its facilitator sees: in their own log, never in the run's.
    Facilitation(Box<Facilitation>),
    /// Something about the host that the record should hold: the screen was lost, the key agent went away.
    Noticed {
        /// What, in a sentence.
        what: String,
    },
    /// The end of the run was asked for while something ran; the run ends when that has ended.
    StopAsked {
        /// `stopped`, `waiting` or `handed-over`, as in [`Event::Ended`].
        how: String,
        /// Why, where somebody said so.
        reason: Option<String>,
        /// Who.
        by: String,
    },
    /// The run ended. Nothing follows but [`Event::Resumed`], where the log was not sealed any more,
    /// and news of the log itself.
    Ended {
        /// `recovered`, `finished` (all steps settled, nothing to recover), `stopped`, `waiting` (an unattended run that met a confirmation), `lost` (the screen is gone), `handed-over` (a decision led to another runbook).
        how: String,
        /// Why, where somebody said so.
        reason: Option<String>,
        /// Who.
        by: String,
        /// Time in which lifeboat worked, in milliseconds.
        machine_ms: u64,
        /// Time in which it waited for a person, in milliseconds.
        people_ms: u64,
        /// Time in which neither was so, in milliseconds.
        idle_ms: u64,
    },
    /// Another engine took the run up, after the one before it was gone. Nothing was started by that.
    Resumed(Box<Resumed>),
    /// The log goes on in this file, since the one before could not be written any more. First line of its part.
    Continues(Box<Continues>),
    /// The log could be written nowhere, and the operator chose to go on: facts are kept in memory from here on.
    WentUnrecorded {
        /// What was typed.
        typed: String,
        /// Who.
        by: String,
    },
    /// What was kept in memory is on a disk from here on.
    RecordedAgain {
        /// Since when it was kept.
        since: DateTime<Utc>,
        /// How many facts were.
        facts: u64,
    },
}
