//! Floor 2: the recovery engine as three pure functions over one vocabulary of facts.
//!
//! ```text
//! decide(&Run, &Input, now) -> Result<Vec<Event>, Refusal>     what an input means, as facts
//! evolve(&mut Run, &Fact)   -> Result<(), IllegalHistory>      the only place where state changes
//! react(&Run, &Fact)        -> Vec<Effect>                     what to do about a fact
//! ```
//!
//! It does no I/O, reads no clock and spawns nothing; time comes in as an argument.

mod again;
mod decide;
mod dry_run;
mod effect;
mod event;
mod evolve;
mod forecast;
mod input;
mod judge;
mod measure;
mod objectives;
mod outcome;
mod prepare;
mod react;
mod refusal;
mod request;
mod state;
mod strand;
mod texts;

pub use again::{Again, Seen, Sight};
pub use decide::decide;
pub use dry_run::{
    ActionAhead, Agreement, AgreementRule, ByHand, Choice, Course, DecisionAhead, DryRun, Holds, Items, Known, Origin,
    Pending, PhaseAhead, StepAhead, Value, WayAhead, When, dry_run,
};
pub use effect::{Access, Database, Doubt, Effect, Job, Judge, Output, Poll, What};
pub use event::{
    ACKNOWLEDGED, Abandoned, Also, Approval, Ask, Attended, BROKEN, Began, Blind, Broken, Commitment, Continues,
    Disclosure, Event, Exercise, Facilitation, Fact, Fate, Fired, HowFired, InputSource, Mark, Mode, Opened,
    PartBefore, Requested, Resumed, Target, Torn, UNRECORDED_PHRASE, Undo, Verdict, compared, is_kind,
};
pub use evolve::{IllegalHistory, evolve};
pub use forecast::{Followed, Forecast, History, LIVE_ROUNDS, Outlook, Past, StepOutlook, Took, Usual};
pub use input::{Ended, Facilitate, Input, Intent, Notice, Report, SignedApproval, TimerId};
pub use judge::{holds, shown};
pub use outcome::{AWS_MAY_HAVE_ACTED, AwsReceipt, Outcome, Streams};
pub use react::{react, rearm};
pub use refusal::Refusal;
pub use request::{Asking, REQUEST_TITLE, find_request, is_whole, requested};
pub use state::{
    Acted, ActionResult, Agreed, Alarm, Alone, Approver, Attempt, AttemptState, Breach, Came, Candidate, Condition,
    Ending, Exercising, Fixed, Lane, Loss, Note, Pause, PendingRetry, PerStep, Progress, Prompt, Reading, Recovery,
    Run, Second, Spent, Stage, StepState, Stopping, Strand, Turn, Unapproved, Undoes, Waiver, Who,
};
