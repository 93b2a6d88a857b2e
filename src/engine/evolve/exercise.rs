//! What facts of an exercise change, and which of them fit.

use super::{Legal, require};
use crate::engine::event::{Exercise, Mode};
use crate::engine::state::{Pause, Run};
use crate::kernel::Stamp;

/// Takes a fact that the team sees.
pub(super) fn exercised(run: &mut Run, what: &Exercise, at: Stamp) -> Legal {
    let drill = run.opened.as_ref().is_some_and(|opened| opened.mode == Mode::Drill);
    require(drill, "a real run is no exercise")?;
    let facilitated = run.exercise.committed.is_some();
    match what {
        Exercise::Committed { injects, .. } => {
            require(!facilitated, "the injects of this exercise are known already")?;
            run.exercise.committed = Some(injects.clone());
        }
        Exercise::Announced { inject, text, .. } => {
            let known =
                run.exercise.committed.as_ref().is_some_and(|injects| {
                    inject.is_none_or(|number| injects.iter().any(|known| known.inject == number))
                });
            require(known, "nothing at the start of the exercise speaks of this inject")?;
            run.exercise.told = Some((text.clone(), at));
        }
        Exercise::Paused { why, by } => {
            require(facilitated, "nobody facilitates")?;
            require(run.exercise.paused.is_none(), "the exercise is paused already")?;
            run.exercise.paused = Some(Pause { why: why.clone(), by: by.clone(), since: at });
            run.exercise.pauses = run.exercise.pauses.saturating_add(1);
        }
        Exercise::WentOn { .. } => {
            require(run.exercise.paused.is_some(), "the exercise is not paused")?;
            run.exercise.paused_for = run.exercise.paused_by(at);
            run.exercise.paused = None;
        }
        Exercise::Blind(blind) => {
            require(run.exercise.blind.is_none(), "how the team came to this runbook is known already")?;
            require(blind.is_in_order(), "the runbooks were chosen one after the other")?;
            run.exercise.blind = Some(blind.as_ref().clone());
        }
    }
    Ok(())
}
