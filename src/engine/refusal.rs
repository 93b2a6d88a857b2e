//! Why an input is refused, in sentences for the operator.

use super::evolve::IllegalHistory;
use crate::kernel::{ActionName, AttemptId, StepId, counted};
use crate::runbook::Moment;

/// Says why `decide` refuses an input. Nothing happened, and nothing is recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no run yet.
    #[error("The run has not begun.")]
    NotBegun,
    /// There is one already.
    #[error("The run has begun already.")]
    BegunAlready,
    /// It is over.
    #[error("The run has ended. Nothing can be added to it.")]
    Over,
    /// It is about to be over.
    #[error("The run is stopping. It ends when what runs has ended; stop again to end it at once.")]
    Stopping,
    /// The runbook has no such step.
    #[error("This runbook has no step `{0}`.")]
    NoSuchStep(StepId),
    /// An earlier step is not settled.
    #[error("It is not the turn of step `{step}`. First run, skip or finish `{current}`.")]
    NotItsTurn {
        /// The step that was named.
        step: StepId,
        /// The step whose turn it is.
        current: StepId,
    },
    /// Done, or left out.
    #[error("Step `{0}` is settled already.")]
    SettledAlready(StepId),
    /// The operator has to choose first.
    #[error("Step `{0}` failed. Choose: retry, skip with a reason, mark done with evidence, or a command of your own.")]
    Failed(StepId),
    /// There is nothing to choose.
    #[error("Step `{0}` has not failed.")]
    NotFailed(StepId),
    /// What must not run twice may have happened.
    #[error(
        "Step `{step}` is not just tried again: {why}. Look whether it happened, then say how you know that it did not; or mark it done."
    )]
    MayHaveHappened {
        /// The step.
        step: StepId,
        /// Why nobody can tell.
        why: String,
    },
    /// It happened, although it failed.
    #[error("Step `{step}` is not tried again: {what}. Mark it done, edit the command, or look again.")]
    Happened {
        /// The step.
        step: StepId,
        /// By what that is known.
        what: String,
    },
    /// The answer of a look is on its way.
    #[error("It is being looked at whether step `{0}` happened. Wait for what that tells.")]
    BeingLookedAt(StepId),
    /// There is nothing that tells.
    #[error("No call that only reads tells whether step `{0}` happened. Look at what it was to change.")]
    NothingLooks(StepId),
    /// The command is as it was.
    #[error("The command is as it was; retry runs it again.")]
    NothingEdited,
    /// A jump that leads nowhere.
    #[error("The run can't go on at step `{0}` from here: it is this one, or it is not for this case.")]
    JumpsNowhere(StepId),
    /// A person has the step in hand.
    #[error("Step `{0}` is in your hands. Tick its items and say that it is done.")]
    InYourHands(StepId),
    /// It cannot be declared done.
    #[error("Step `{0}` is not waiting for you to finish it. Run it first.")]
    NotInYourHands(StepId),
    /// Nothing has to be done for it to go on.
    #[error("Step `{0}` goes on by itself. Wait for it, or interrupt what runs.")]
    GoesOn(StepId),
    /// Something runs.
    #[error("Attempt {0} still runs. Wait for it, or interrupt it.")]
    Busy(AttemptId),
    /// Something waits to be tried again.
    #[error("Attempt {0} failed and is about to be tried again. Wait, or interrupt it.")]
    WaitsForRetry(AttemptId),
    /// A question is open.
    #[error("Confirmation {0} is open. Confirm or decline it first.")]
    PromptOpen(u64),
    /// No question is open.
    #[error("Nothing waits for a confirmation.")]
    NoPrompt,
    /// The answer is for another question than the one that is open.
    #[error("This answers confirmation {answered}, and confirmation {open} is open. Read it before you answer.")]
    StalePrompt {
        /// The prompt that was answered.
        answered: u64,
        /// The prompt that is open.
        open: u64,
    },
    /// The wrong words.
    #[error("That is not the phrase. Type `{phrase}` exactly.")]
    WrongPhrase {
        /// What is asked for.
        phrase: String,
    },
    /// Others have to agree first.
    #[error("{} missing. Hand in what they signed, or go on alone with a reason.", are(*missing))]
    ApprovalMissing {
        /// How many.
        missing: u32,
    },
    /// Nobody has to agree.
    #[error("No approval is wanted here.")]
    NoApprovalWanted,
    /// The word of the operator is no approval in a real run.
    #[error(
        "In a real run an approval is a signature. Paste what `lifeboat approve` gave, or name its file; or go on alone with a reason."
    )]
    ApprovalUnsigned,
    /// Nobody verified a signature: a fault of whoever hands it in.
    #[error("Nobody verified this approval, so it does not count.")]
    Unverified,
    /// Another text was signed.
    #[error("What was signed is another request than the one that is open.")]
    OtherRequest,
    /// An approval of nobody.
    #[error("A name is needed: who agreed?")]
    ApproverMissing,
    /// Somebody who does not count.
    #[error("`{0}` does not count: another person has to agree, and each one once.")]
    SameApprover(String),
    /// A condition that the action requires does not hold.
    #[error("`{watch}` does not hold ({why}), and this requires it. Acknowledge that first, or wait until it holds.")]
    WatchFails {
        /// The action that looks.
        watch: ActionName,
        /// Why.
        why: String,
    },
    /// Nothing acted that anything undoes.
    #[error("There is nothing to take back: nothing acted so far that the runbook says how to undo.")]
    NothingToUndo,
    /// A rollback goes on.
    #[error("What was done is being taken back. Undo or skip what is left of that first.")]
    RollingBack,
    /// There is nothing to acknowledge.
    #[error("No alarm of `{0}` waits to be acknowledged.")]
    NoAlarm(ActionName),
    /// A script does not confirm in a real run.
    #[error("A real run is confirmed by a person, never by a script.")]
    ScriptInRealRun,
    /// A sentence is missing.
    #[error("A reason is needed. It goes into the log.")]
    ReasonMissing,
    /// Proof is missing.
    #[error("Evidence is needed: what did you see that shows that it is done?")]
    EvidenceMissing,
    /// A note without text.
    #[error("The note is empty.")]
    NoteMissing,
    /// An improvised command without text.
    #[error("The command is empty.")]
    CommandMissing,
    /// The checklist is not finished.
    #[error("{open} of the step's items are not ticked.")]
    ItemsOpen {
        /// How many.
        open: usize,
    },
    /// The checklist has no such item.
    #[error("The step has no item {0}.")]
    NoSuchItem(u32),
    /// Ticked already.
    #[error("The item is ticked already.")]
    TickedAlready,
    /// The attempt does not run.
    #[error("Attempt {0} does not run.")]
    NotRunning(AttemptId),
    /// No such variable.
    #[error("This runbook has no input and no capture `{0}`.")]
    NoSuchInput(String),
    /// The value does not fit its declaration.
    #[error("{0}.")]
    BadValue(String),
    /// Nobody read it a first time.
    #[error("Nobody has entered `{0}` yet. Enter it first.")]
    NotRead(String),
    /// A second reader without a name.
    #[error("Who reads it? The name of the second reader goes into the log.")]
    ReaderMissing,
    /// One person is not two.
    #[error("`{0}` entered the value. Another person has to read it, or you waive that with a reason.")]
    SameReader(String),
    /// Two people read two values.
    #[error(
        "`{name}` was read as `{first}` and as `{second}`. Look again, both of you; whoever was wrong enters it anew."
    )]
    ReadDifferently {
        /// The input.
        name: String,
        /// What the first entered.
        first: String,
        /// What the second entered.
        second: String,
    },
    /// The step asks for values that are not there.
    #[error("The step asks for {0}. Enter it first.")]
    ValuesMissing(String),
    /// A decision is not just done.
    #[error("Step `{0}` is a decision. Choose one of its ways.")]
    ToDecide(StepId),
    /// There is no decision.
    #[error("Step `{0}` asks for no decision.")]
    NothingToDecide(StepId),
    /// The decision has no such way, counted from 1.
    #[error("There is no way {0} here.")]
    NoSuchBranch(u32),
    /// What runs or waits beside a decision may be ruled out by it.
    #[error("Step `{step}` decides how all goes on, and `{other}` beside it is still open. Settle that first.")]
    OthersOpen {
        /// The step with the decision.
        step: StepId,
        /// What is open.
        other: StepId,
    },
    /// It has to be done in the run.
    #[error("Step `{0}` cannot be left open: its runbook names nobody who would owe it.")]
    NotOwed(StepId),
    /// The runbook has no such message, or its step has not come.
    #[error("There is no message `{0}` to be sent now.")]
    NoSuchMessage(ActionName),
    /// Somebody has to be told first.
    #[error("The message `{0}` was not sent. Send it and say so.")]
    Unsent(ActionName),
    /// A moment after now.
    #[error("The moment `{}` cannot lie in the future.", .0.word())]
    InTheFuture(Moment),
    /// Only drills are exercises.
    #[error("This is a real run: nobody facilitates it, and nothing is injected.")]
    NoExercise,
    /// It began without a facilitator.
    #[error("This drill began without --facilitate: nothing at its start says what may be injected.")]
    NotFacilitated,
    /// Its injects are known already.
    #[error("This drill has its facilitator already.")]
    FacilitatedAlready,
    /// It is known already how the team came to the runbook.
    #[error("How the team came to this runbook is in the log already.")]
    BlindAlready,
    /// A runbook is chosen after the one before was left.
    #[error("The runbooks of a blind drill were chosen one after the other.")]
    BlindOutOfOrder,
    /// Nothing at the start speaks of it.
    #[error("There is no inject {0} in this exercise.")]
    NoSuchInject(u32),
    /// Nothing begins in a pause.
    #[error("THE EXERCISE IS PAUSED by {by}: {why}. Nothing is begun until it goes on; what runs goes on.")]
    Paused {
        /// Who paused it.
        by: String,
        /// Why.
        why: String,
    },
    /// One pause at a time.
    #[error("The exercise is paused already.")]
    PausedAlready,
    /// There is none.
    #[error("The exercise is not paused.")]
    NotPaused,
    /// What was decided does not fit the run: a fault of lifeboat.
    #[error("Lifeboat is at fault: it decided what cannot be. Nothing was done. ({0})")]
    Illegal(#[from] IllegalHistory),
}

/// Says that so many approvals are not there.
fn are(missing: u32) -> String {
    format!("{} {}", counted(missing as usize, "approval"), if missing == 1 { "is" } else { "are" })
}
