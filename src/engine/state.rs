//! The state of a run: the fold of its facts. Changed by `evolve` alone.

mod asked;
mod exercise;
mod per_step;
mod stands;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::again::Sight;
use super::event::{InputSource, Opened, Target, Verdict};
use super::outcome::{AwsReceipt, Outcome, Streams};
use crate::kernel::{ActionName, AttemptId, Stamp, StepId};
use crate::runbook::{Impact, LossKind, Moment, Plan};
pub use asked::{Alone, Approver, Prompt, Unapproved};
pub use exercise::{Exercising, Pause};
pub use per_step::PerStep;
pub use stands::{Acted, Agreed, Lane, StepState, Strand, Turn, Undoes};

/// Holds everything that is known of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The runbook's plan; not part of what is put away.
    #[serde(skip)]
    pub plan: Arc<Plan>,
    /// The header; `None` before the first fact.
    pub opened: Option<Opened>,
    /// Where the run is.
    pub stage: Stage,
    /// Inputs and captures.
    pub vars: BTreeMap<String, String>,
    /// Where the values of inputs came from.
    pub sources: BTreeMap<String, InputSource>,
    /// Inputs that somebody or something gave a value since their step last asked for it.
    pub entered: BTreeSet<String>,
    /// Secrets whose values went with an engine that is gone, or that a step was to capture which did not run.
    pub lost: BTreeSet<String>,
    /// Values that were entered once and wait for a second reader.
    pub readings: BTreeMap<String, Reading>,
    /// Steps that a decision ruled out, with the step of that decision.
    pub ruled_out: BTreeMap<usize, usize>,
    /// When the turn of each step came, last time.
    pub came: PerStep<Option<Came>>,
    /// How many turns came.
    pub turns_come: u64,
    /// Steps that wait, or waited, for longer than their deadline.
    pub overdue: BTreeSet<usize>,
    /// Messages that were sent.
    pub sent: BTreeSet<ActionName>,
    /// At which number of messages each was sent last.
    pub sent_at: BTreeMap<ActionName, u64>,
    /// Messages that are due again.
    pub due: BTreeSet<ActionName>,
    /// How many messages were sent.
    pub messages: u64,
    /// Second readers that were done without, oldest first.
    pub waivers: Vec<Waiver>,
    /// One state a step of the plan, same order.
    pub steps: PerStep<StepState>,
    /// When each step started and was settled.
    pub step_times: PerStep<(Option<Stamp>, Option<Stamp>)>,
    /// How far the current action of each step is, same order.
    pub turns: PerStep<Turn>,
    /// What each step that runs for several items does for each of them.
    #[serde(with = "listed")]
    pub lanes: BTreeMap<Strand, Lane>,
    /// What may have acted and can be undone, oldest first.
    pub acted: Vec<Acted>,
    /// What a rollback has still to undo, in order; the first is being undone.
    pub rollback: Vec<Strand>,
    /// Ticked checklist items of each step.
    pub ticks: PerStep<Vec<bool>>,
    /// Index of the first step that is not settled; `steps.len()` when all are. Parallel steps behind it may be open too.
    pub current: usize,
    /// All attempts, by id.
    pub attempts: BTreeMap<AttemptId, Attempt>,
    /// Attempt ids in the order in which they started.
    pub order: Vec<AttemptId>,
    /// What looks at failed attempts tell: did they happen?
    pub sights: BTreeMap<AttemptId, Sight>,
    /// Attempts that run, as far as is known, watches included.
    pub running: BTreeSet<AttemptId>,
    /// How many attempts each step had, same order as the plan's steps.
    pub tries: PerStep<u32>,
    /// How many attempts were improvised.
    pub improvised: u32,
    /// How many recovery watches there were.
    pub watches: u32,
    /// The recovery watch that runs.
    pub watch: Option<AttemptId>,
    /// The watches of other conditions that run, with the actions that look.
    pub watching: BTreeMap<AttemptId, ActionName>,
    /// Watched conditions that do not hold, or that did not and nobody has seen it.
    pub alarms: BTreeMap<ActionName, Alarm>,
    /// How many automatic retries there were.
    pub retries: u64,
    /// The improvised command that was confirmed and has not started.
    pub improvising: Option<String>,
    /// The end that was asked for, while something still runs.
    pub stopping: Option<Stopping>,
    /// The open confirmation.
    pub prompt: Option<Prompt>,
    /// What was done without approvals that the runbook asks for.
    pub unapproved: Vec<Unapproved>,
    /// How many prompts there were.
    pub prompts: u64,
    /// Does it go on by itself through steps that only observe?
    pub progress: Progress,
    /// Fixed moments, each with its corrections, oldest first.
    pub moments: BTreeMap<Moment, Vec<Fixed>>,
    /// Measured losses, oldest first.
    pub losses: Vec<Loss>,
    /// What became of each named action, last result.
    pub results: BTreeMap<ActionName, ActionResult>,
    /// Recovery.
    pub recovery: Recovery,
    /// Breached objectives.
    pub breaches: Vec<Breach>,
    /// Notes.
    pub notes: Vec<Note>,
    /// What is known of the exercise that it may be.
    pub exercise: Exercising,
    /// Where the time went.
    pub spent: Spent,
    /// The last fact's stamp.
    pub last: Option<Stamp>,
    /// The last fact's `seq`.
    pub last_seq: Option<u64>,
}

/// Says where a run is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// No fact yet.
    New,
    /// Steps are being worked.
    Open,
    /// It ended.
    Ended(Ending),
}

/// Says how a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// As in [`super::Event::Ended`].
    pub how: String,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub at: Stamp,
}

/// Is the end that was asked for while something ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopping {
    /// As in [`super::Event::Ended`].
    pub how: String,
    /// Why.
    pub reason: Option<String>,
    /// Who asked.
    pub by: String,
}

/// Says when the turn of a step came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Came {
    /// Its number among the turns of the run, as in [`super::TimerId::Deadline`].
    pub number: u64,
    /// Since when it waits.
    pub since: Stamp,
}

/// Is an automatic retry that waits for its timer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingRetry {
    /// Its number in the run, as in [`super::TimerId::Retry`].
    pub number: u64,
    /// The attempt that failed.
    pub attempt: AttemptId,
}

/// Holds one attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// Its step, if it belongs to one.
    pub step: Option<StepId>,
    /// Its action; `None` if it was improvised.
    pub action: Option<ActionName>,
    /// How grave.
    pub impact: Impact,
    /// What ran.
    pub command: String,
    /// Where.
    pub target: Target,
    /// When it started.
    pub started: Stamp,
    /// Where it is.
    pub state: AttemptState,
}

/// Says where an attempt is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum AttemptState {
    /// It runs, as far as is known: found so after a crash it is in doubt.
    Running,
    /// It ended.
    Finished {
        /// When.
        at: Stamp,
        /// How.
        outcome: Outcome,
        /// What that means.
        verdict: Verdict,
        /// How often it was performed.
        polls: u32,
        /// Its output files.
        streams: Streams,
        /// What AWS said.
        aws: Option<AwsReceipt>,
    },
}

/// Says whether observing steps run by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Progress {
    /// The operator starts each step.
    Manual,
    /// Steps that only observe start by themselves.
    Automatic,
}

/// Is a fixed moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fixed {
    /// Its time.
    pub occurred_at: DateTime<Utc>,
    /// Who fixed it.
    pub by: String,
    /// On what evidence.
    pub evidence: String,
    /// The fact's `seq`.
    pub seq: u64,
}

/// Is a measured loss.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// Which.
    pub of: LossKind,
    /// At least.
    pub low: Duration,
    /// At most.
    pub high: Duration,
    /// Orders or rows, if counted.
    pub orders: Option<u64>,
    /// The last commit that survives.
    pub last_commit: Option<DateTime<Utc>>,
    /// How it was computed.
    pub method: String,
    /// The attempt.
    pub attempt: AttemptId,
    /// The fact's `seq`.
    pub seq: u64,
}

/// Holds the last result of an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionResult {
    /// The attempt.
    pub attempt: AttemptId,
    /// Did it do what was expected?
    pub verdict: Verdict,
}

/// Says how far the recovery is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Recovery {
    /// Service is not restored.
    NotYet,
    /// `recovered_when` succeeds; it has not held long enough.
    Holding(Candidate),
    /// Service is restored since then.
    Restored {
        /// The start of the stretch that held.
        since: DateTime<Utc>,
        /// Onset to `since`.
        rto: Duration,
        /// The fact's `seq`.
        seq: u64,
    },
}

/// Is a stretch that may become the recovery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// When it began.
    pub since: DateTime<Utc>,
    /// The watch that looks on.
    pub watch: AttemptId,
}

/// Is a breached objective.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breach {
    /// `rto` or `rpo`.
    pub objective: String,
    /// The objective.
    pub limit: Duration,
    /// The figure.
    pub actual: Duration,
    /// The fact's `seq`.
    pub seq: u64,
}

/// Is a note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Its text.
    pub text: String,
    /// When it was made.
    pub at: Stamp,
    /// When it was, if not then.
    pub occurred_at: Option<DateTime<Utc>>,
    /// Who.
    pub by: String,
}

/// Is a value that was entered once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// The value.
    pub value: String,
    /// Who entered it.
    pub by: String,
    /// What became of the second reader.
    pub second: Second,
}

/// Says what became of a second reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Second {
    /// Nobody read it yet.
    Missing,
    /// Somebody did.
    Read,
    /// It was done without.
    Waived,
}

/// Is a watched condition that does not hold, or did not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// Why, as the first look that failed says.
    pub why: String,
    /// Since when.
    pub since: Stamp,
    /// How it is now.
    pub condition: Condition,
    /// Who has seen it.
    pub seen_by: Option<String>,
}

/// Says how a watched condition is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Condition {
    /// It does not hold.
    Fails,
    /// It holds again.
    Holds,
}

/// Is a second reader that was done without.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    /// The input.
    pub name: String,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: String,
}

/// Says where the time went since the run began, up to the last fact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Lifeboat worked.
    pub machine: Duration,
    /// Lifeboat waited for a person.
    pub people: Duration,
    /// Neither.
    pub idle: Duration,
}

/// Says whom a run waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// An attempt runs.
    Machine,
    /// A confirmation, a failure, a manual or an offered step waits.
    Person,
    /// Neither: the recovery is being watched, or the run is over.
    Nobody,
}

/// Puts lanes away as a list: their names are no texts, which keys of JSON have to be.
mod listed {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize as _, Serializer};

    use super::{Lane, Strand};

    pub(super) fn serialize<S: Serializer>(lanes: &BTreeMap<Strand, Lane>, to: S) -> Result<S::Ok, S::Error> {
        lanes.iter().collect::<Vec<_>>().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<Strand, Lane>, D::Error> {
        Ok(Vec::<(Strand, Lane)>::deserialize(from)?.into_iter().collect())
    }
}

impl Run {
    /// Makes the state before the first fact.
    pub fn new(plan: Arc<Plan>) -> Self {
        let count = plan.steps.len();
        let ticks = plan.steps.iter().map(|step| vec![false; step.checklist.len()]).collect::<Vec<_>>().into();
        Self {
            plan,
            opened: None,
            stage: Stage::New,
            vars: BTreeMap::new(),
            sources: BTreeMap::new(),
            entered: BTreeSet::new(),
            lost: BTreeSet::new(),
            readings: BTreeMap::new(),
            ruled_out: BTreeMap::new(),
            came: vec![None; count].into(),
            turns_come: 0,
            overdue: BTreeSet::new(),
            sent: BTreeSet::new(),
            sent_at: BTreeMap::new(),
            due: BTreeSet::new(),
            messages: 0,
            waivers: Vec::new(),
            steps: vec![StepState::Waiting; count].into(),
            step_times: vec![(None, None); count].into(),
            turns: vec![Turn::default(); count].into(),
            lanes: BTreeMap::new(),
            acted: Vec::new(),
            rollback: Vec::new(),
            ticks,
            current: 0,
            attempts: BTreeMap::new(),
            order: Vec::new(),
            sights: BTreeMap::new(),
            running: BTreeSet::new(),
            tries: vec![0; count].into(),
            improvised: 0,
            watches: 0,
            watch: None,
            watching: BTreeMap::new(),
            alarms: BTreeMap::new(),
            retries: 0,
            improvising: None,
            stopping: None,
            prompt: None,
            unapproved: Vec::new(),
            prompts: 0,
            progress: Progress::Manual,
            moments: BTreeMap::new(),
            losses: Vec::new(),
            results: BTreeMap::new(),
            recovery: Recovery::NotYet,
            breaches: Vec::new(),
            notes: Vec::new(),
            exercise: Exercising::default(),
            spent: Spent::default(),
            last: None,
            last_seq: None,
        }
    }
}
