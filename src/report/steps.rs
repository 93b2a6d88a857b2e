//! The state of a step in a word, for whoever reads it without a screen.

use crate::engine::StepState;

/// Says in a word or two where a step is.
pub(super) fn word(state: &StepState) -> &'static str {
    match state {
        StepState::Waiting => "waiting",
        StepState::Offered | StepState::Paused { .. } | StepState::Ready { .. } => "next",
        StepState::Confirming { .. } => "asks",
        StepState::Running { .. } | StepState::Spread { .. } => "runs",
        StepState::ByHand => "by hand",
        StepState::Failed { .. } => "FAILED",
        StepState::Done { how, .. } if how == "marked" => "marked done",
        StepState::Done { .. } => "done",
        StepState::Owed { .. } => "owed",
        StepState::NotApplicable { .. } => "not this case",
        StepState::Skipped { .. } => "skipped",
    }
}
