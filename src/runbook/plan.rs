//! What a runbook means: phases, steps, actions, inputs, objectives.
//!
//! A plan is total: every default is filled in, nothing is optional that the engine would have to guess.

mod moment;

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::connection::Connection;
use super::{Approvals, Capture, Decision, Duty, Foreach, Formula, InputDecl, Message, Secrecy, UndoUntil};
use crate::kernel::{ActionName, StepId};
pub use moment::{Measure, Moment};

/// Holds a whole runbook, checked and ready to run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The front matter's `title`, else the H1, else the file's name.
    pub title: String,
    /// The front matter.
    pub meta: Meta,
    /// Markdown between the title and the first phase, as written.
    pub preface: String,
    /// Phases in the author's order.
    pub phases: Vec<Phase>,
    /// Steps of all phases in the author's order; a step's index is its place in a run.
    pub steps: Vec<Step>,
    /// Every fence of the file, accounted for.
    pub fences: Vec<Fence>,
    /// Actions whose outcome, exit code or output other parts of the file use.
    pub recalled: BTreeSet<ActionName>,
    /// What `secret` fences capture, as inputs that somebody enters where a value was lost.
    pub secrets: Vec<InputDecl>,
}

impl Plan {
    /// Finds an action by its name, with the index of its step.
    pub fn action(&self, name: &ActionName) -> Option<(usize, &Action)> {
        self.steps
            .iter()
            .enumerate()
            .find_map(|(at, step)| step.actions.iter().find(|a| &a.name == name).map(|action| (at, action)))
    }

    /// Finds the declaration of an input, or of what a `secret` fence captures.
    pub fn input(&self, name: &str) -> Option<&InputDecl> {
        self.meta.inputs.iter().chain(&self.secrets).find(|input| input.name == name)
    }

    /// Is the value of this input asked for at a step?
    pub fn asks(&self, name: &str) -> bool {
        self.steps.iter().any(|step| step.ask.iter().any(|asked| asked == name))
    }

    /// Finds a step's index by its id, or by the id of what it does for one of its items.
    pub fn step_index(&self, id: &StepId) -> Option<usize> {
        let (id, _) = id.parts();
        self.steps.iter().position(|step| step.id.as_str() == id)
    }

    /// Returns the steps whose turns come together with that of a step: the parallel ones next to each other, or it alone.
    pub fn beside(&self, step: usize) -> Range<usize> {
        let parallel = |at: &usize| self.steps.get(*at).is_some_and(|step| step.parallel);
        if !parallel(&step) {
            return step..step.saturating_add(1);
        }
        let from = (0..step).rev().take_while(parallel).last().unwrap_or(step);
        from..step + (step..self.steps.len()).take_while(parallel).count()
    }

    /// Finds a step like [`Plan::step_index`].
    pub fn step(&self, id: &StepId) -> Option<&Step> {
        self.steps.get(self.step_index(id)?)
    }
}

/// Holds the front matter, with defaults filled in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meta {
    /// What disaster this is for: `region-failure`, `az-failure` …; empty if the file does not say.
    pub scenario: String,
    /// The service it recovers; empty if the file does not say.
    pub service: String,
    /// The region that is lost and the one that takes over.
    pub regions: Option<Regions>,
    /// RTO and RPO.
    pub objectives: Objectives,
    /// What onset means here: `first-failed-request`, `first-bad-write`, `service-stopped`.
    pub onset_means: String,
    /// The action whose success means "service restored".
    pub recovered_when: Option<ActionName>,
    /// How long `recovered_when` has to hold.
    pub sustain: Duration,
    /// Roles that take part.
    pub roles: Vec<String>,
    /// Inputs in the author's order.
    pub inputs: Vec<InputDecl>,
    /// Databases that `sql` fences reach, in the author's order.
    pub connections: Vec<Connection>,
    /// Who answers for this runbook.
    pub owners: Vec<String>,
    /// When somebody last read it against reality (`2026-10-01`).
    pub last_reviewed_on: Option<chrono::NaiveDate>,
    /// Who approved it, and when.
    pub approved: Option<Approved>,
}

/// Names the region that is lost and the one that takes over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Regions {
    /// `us-east-1`.
    pub lost: String,
    /// `us-west-2`.
    pub recovery: String,
}

/// Records an approval of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved {
    /// Who.
    pub by: String,
    /// When.
    pub on: chrono::NaiveDate,
}

/// Holds the recovery objectives; `None` where the runbook has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objectives {
    /// Recovery time objective, onset to the start of the stretch that held.
    pub rto: Option<Duration>,
    /// Recovery point objective.
    pub rpo: Option<Rpo>,
}

/// Bounds one kind of loss.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rpo {
    /// The most that may be lost.
    pub max: Duration,
    /// Which figure the bound is for.
    pub of: LossKind,
}

/// Says which loss is meant (see `docs/objectives.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LossKind {
    /// Commits that the replica had not received.
    Replication,
    /// First bad write minus restore time.
    RecoveryPoint,
    /// Acknowledged good writes between restore time and freeze.
    Discarded,
}

/// Groups steps under an H2.
#[derive(Clone, Debug, PartialEq)]
pub struct Phase {
    /// The heading.
    pub title: String,
    /// The heading's slug, as code-hosting sites make it.
    pub anchor: String,
    /// How long it may take.
    pub budget: Option<Duration>,
    /// Its steps, as indices into [`Plan::steps`].
    pub steps: Range<usize>,
    /// Markdown between the heading and the first step, as written.
    pub body: String,
    /// The heading's line, from 1.
    pub line: usize,
}

/// One thing to get done.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its id.
    pub id: StepId,
    /// Its place in the runbook, from 1, as shown to people.
    pub number: u32,
    /// The heading.
    pub title: String,
    /// The heading's slug.
    pub anchor: String,
    /// Index of its phase.
    pub phase: usize,
    /// Markdown of the step as written, without annotation comments.
    pub body: String,
    /// The step is for this case only.
    pub when: Option<Formula>,
    /// Inputs whose values are asked for here, before anything of the step runs.
    pub ask: Vec<String>,
    /// What a person decides once everything else of the step is done.
    pub decision: Option<Decision>,
    /// Who does it, until when, and whether it may be left open.
    pub duty: Duty,
    /// What people are told once everything that runs here has run.
    pub messages: Vec<Message>,
    /// What must be ticked before the step is done.
    pub checklist: Vec<CheckItem>,
    /// What runs, in order: first all of [`Section::Before`], then `Main`, then `Verify`; then `Rollback` and
    /// `OnFailure`, which run only when asked for. Empty for reading matter and manual steps.
    pub actions: Vec<Action>,
    /// A manual step is done by a person, with a note; `evidence=required` makes the note a must.
    pub manual: Option<Evidence>,
    /// How long it may take.
    pub budget: Option<Duration>,
    /// Cautions that belong to no action.
    pub cautions: Vec<String>,
    /// A step that may fail or be left out without failing the run.
    pub optional: Necessity,
    /// All its actions run once for each of these items, side by side.
    pub foreach: Option<Foreach>,
    /// It runs beside the steps next to it that are parallel too.
    pub parallel: bool,
    /// Steps that have to be settled before it begins.
    pub needs: Vec<StepId>,
    /// The heading's line, from 1.
    pub line: usize,
}

impl Step {
    /// Makes a step of the first phase in which nothing is to be done.
    pub fn plain(id: StepId, title: impl Into<String>, line: usize) -> Self {
        Self {
            anchor: id.as_str().to_owned(),
            id,
            number: 1,
            title: title.into(),
            phase: 0,
            body: String::new(),
            when: None,
            ask: Vec::new(),
            decision: None,
            duty: Duty::default(),
            messages: Vec::new(),
            checklist: Vec::new(),
            actions: Vec::new(),
            manual: None,
            budget: None,
            cautions: Vec::new(),
            optional: Necessity::Required,
            foreach: None,
            parallel: false,
            needs: Vec::new(),
            line,
        }
    }

    /// Is it text alone: nothing runs unasked, nothing is ticked, nobody vouches for it?
    pub fn is_reading(&self) -> bool {
        self.actions.iter().all(|action| action.section > Section::Verify)
            && self.checklist.is_empty()
            && self.manual.is_none()
            && self.ask.is_empty()
            && self.decision.is_none()
            && self.messages.is_empty()
    }
}

/// Says whether a manual step asks for evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// A note is welcome.
    Welcome,
    /// Without evidence it is not done.
    Required,
}

/// Says whether a failure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Necessity {
    /// It has to succeed.
    Required,
    /// Its failure does not fail the run.
    Optional,
}

/// A task list item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckItem {
    /// What is to be ticked.
    pub text: String,
    /// Its line, from 1.
    pub line: usize,
}

/// One runnable fence.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// Unique in the file.
    pub name: ActionName,
    /// Which part of the step it stands in.
    pub section: Section,
    /// What executes it.
    pub kind: Kind,
    /// The fence's text, as written.
    pub code: String,
    /// It is for this case only.
    pub when: Option<Formula>,
    /// How grave it is, as far as the author says or the language implies; for `aws` the engine raises it to the operation's own.
    pub impact: Impact,
    /// What the operator has to do at least.
    pub confirm: Option<Confirm>,
    /// When it is given up; `None`: 20 s for `http`, `dns`, `sql` and a single AWS call, no limit for a shell block.
    pub timeout: Option<Duration>,
    /// How often a failure is tried again by itself.
    pub retry: u32,
    /// Pause between polls and retries.
    pub every: Duration,
    /// Condition on trimmed standard output.
    pub expect: Option<Expect>,
    /// Exit codes that count as success.
    pub exit: Vec<i32>,
    /// An error that is the expected answer: an AWS error code (`DBInstanceNotFound`), an SQLSTATE (`25006`).
    pub error: Option<String>,
    /// HTTP statuses that count as success; empty: 200 to 299.
    pub status: Vec<u16>,
    /// Polled until this holds.
    pub until: Option<Expect>,
    /// Polling ends at once when this holds.
    pub fail_if: Option<Expect>,
    /// How long `until` has to stay true.
    pub hold: Option<Duration>,
    /// Variables that take the trimmed standard output, or members of it.
    pub capture: Vec<Capture>,
    /// Is what it prints, and so what it captures, secret?
    pub secrecy: Secrecy,
    /// Does it get a terminal with the operator's keyboard?
    pub keyboard: Keyboard,
    /// The moment that its success fixes.
    pub marks: Option<Moment>,
    /// What its standard output measures.
    pub measures: Option<Measure>,
    /// What a failure leads to.
    pub on_failure: OnFailure,
    /// Whether a failure counts.
    pub optional: Necessity,
    /// How long it usually takes.
    pub expected: Option<Duration>,
    /// How long it may take.
    pub budget: Option<Duration>,
    /// Running it again is harmless.
    pub repeatable: bool,
    /// Working directory of a shell block.
    pub cwd: Option<String>,
    /// The connection of an `sql` fence; `None`: the only one there is.
    pub db: Option<String>,
    /// It runs once for each of these items, side by side.
    pub foreach: Option<Foreach>,
    /// Does it look again and again once it passed?
    pub watch: Watching,
    /// Watches that have to hold when it is confirmed.
    pub require: Vec<ActionName>,
    /// The fence that undoes it.
    pub undo: Option<ActionName>,
    /// After what it can be undone no more.
    pub undo_until: Option<UndoUntil>,
    /// How many people besides the operator have to agree.
    pub approvals: Option<Approvals>,
    /// Cautions bound to it, shown again in its confirmation.
    pub cautions: Vec<String>,
    /// The line of the opening fence, from 1.
    pub line: usize,
}

/// Says whether an action gets a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keyboard {
    /// Its input is empty, and its output goes to files.
    None,
    /// It has a terminal of its own, at which the operator can sit down.
    Operator,
}

/// Says whether an action looks on after it passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watching {
    /// It runs when its turn comes.
    No,
    /// It runs when its turn comes, and again and again until the run ends.
    UntilTheEnd,
}

impl Action {
    /// How long a poll or a retry waits unless its author says otherwise.
    pub const EVERY: Duration = Duration::from_secs(5);

    /// Makes an action of the main section with every attribute at its default.
    pub fn plain(name: ActionName, kind: Kind, impact: Impact, code: impl Into<String>, line: usize) -> Self {
        Self {
            name,
            section: Section::Main,
            kind,
            code: code.into(),
            when: None,
            impact,
            confirm: None,
            timeout: None,
            retry: 0,
            every: Self::EVERY,
            expect: None,
            exit: Vec::new(),
            error: None,
            status: Vec::new(),
            until: None,
            fail_if: None,
            hold: None,
            capture: Vec::new(),
            secrecy: Secrecy::Open,
            keyboard: Keyboard::None,
            marks: None,
            measures: None,
            on_failure: OnFailure::Stop,
            optional: Necessity::Required,
            expected: None,
            budget: None,
            repeatable: false,
            cwd: None,
            db: None,
            foreach: None,
            undo: None,
            undo_until: None,
            approvals: None,
            watch: Watching::No,
            require: Vec::new(),
            cautions: Vec::new(),
            line,
        }
    }
}

/// Names the parts of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Section {
    /// H4 `Before`: preconditions.
    Before,
    /// The step itself.
    Main,
    /// H4 `Verify`: postconditions.
    Verify,
    /// H4 `Rollback`: how to undo it.
    Rollback,
    /// H4 `On failure`: what to do instead.
    OnFailure,
}

/// Names what executes a fence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A shell block.
    Shell(Shell),
    /// AWS calls in AWS CLI syntax.
    Aws,
    /// One HTTP request.
    Http,
    /// One DNS query.
    Dns,
    /// Statements for a PostgreSQL database.
    Sql,
}

/// Names a shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shell {
    /// `sh`, also `shell` and `shellscript`.
    Sh,
    /// `bash`.
    Bash,
}

/// Says how grave an action is, gravest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Impact {
    /// Reads only.
    Observe,
    /// Changes something that can be changed back.
    Change,
    /// A brief outage.
    Disrupt,
    /// Cannot be undone.
    Irreversible,
}

impl Impact {
    /// Returns the word that runbooks, log and screens use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Change => "change",
            Self::Disrupt => "disrupt",
            Self::Irreversible => "irreversible",
        }
    }
}

/// What an author asks of the operator before an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confirm {
    /// A key.
    Key,
    /// A phrase to type, which may use `${NAME}`.
    Phrase(String),
}

/// A condition on trimmed standard output; right sides may use `${NAME}`.
#[derive(Clone, Debug, PartialEq)]
pub enum Expect {
    /// `"available"`: equal, as text.
    Equals(String),
    /// `!=available`: not equal, as text.
    Differs(String),
    /// `~regex`: some line or part matches.
    Matches(String),
    /// `!~regex`: nothing matches.
    MatchesNot(String),
    /// `<300`: as numbers.
    Less(String),
    /// `<=300`.
    AtMost(String),
    /// `>0`.
    More(String),
    /// `>=1`.
    AtLeast(String),
    /// `!empty`.
    NotEmpty,
    /// `empty`.
    Empty,
    /// `fails`: failure is the proof.
    Fails,
}

impl Expect {
    /// Returns the right side, where there is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Equals(text)
            | Self::Differs(text)
            | Self::Matches(text)
            | Self::MatchesNot(text)
            | Self::Less(text)
            | Self::AtMost(text)
            | Self::More(text)
            | Self::AtLeast(text) => Some(text),
            Self::NotEmpty | Self::Empty | Self::Fails => None,
        }
    }
}

/// Says what a failure leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// The operator is asked.
    Stop,
    /// The step goes on; the failure is recorded.
    Continue,
    /// The run goes on at this step further ahead, by its index; what lies between is not for this case.
    Jump(usize),
}

/// Accounts for one fence of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    /// The line of the opening fence, from 1.
    pub line: usize,
    /// The info string as written.
    pub info: String,
    /// What became of it.
    pub used: FenceUse,
}

/// Says what became of a fence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FenceUse {
    /// An action of this name.
    Action(ActionName),
    /// A message of this name.
    Message(ActionName),
    /// Sample output, a configuration file, a language that never runs.
    Example,
}
