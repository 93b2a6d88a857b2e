//! Facts to the state of the run, by the engine's own rule; of a very long run only what a frame can show.

use crate::engine::{AttemptState, Fact, IllegalHistory, Run, StepState, evolve};
use crate::kernel::AttemptId;

/// Up to so many facts everything is kept. Longer runs than people work have a state that would not fit anywhere.
pub(super) const EXACT: u64 = 8_192;
/// So many attempts that ended are kept beyond that, the newest.
const KEPT: usize = 32;
/// So many notes and losses.
const LISTED: usize = 32;
/// So many more are let come together before they are dropped at once.
const SLACK: usize = 16;

/// Folds fact number `number` (from 1) into the state.
pub(super) fn fold(run: &mut Run, fact: &Fact, number: u64) -> Result<(), IllegalHistory> {
    evolve(run, fact)?;
    if number > EXACT {
        forget(run);
    }
    Ok(())
}

/// Drops what no frame shows: old attempts that ended, old notes, all but the newest losses.
fn forget(run: &mut Run) {
    if run.order.len() > KEPT + SLACK + run.running.len() {
        let failed = run.steps.iter().filter_map(|state| match state {
            StepState::Failed { attempt, .. } => attempt.clone(),
            _ => None,
        });
        let mut keep: std::collections::BTreeSet<AttemptId> = failed.chain(run.running.iter().cloned()).collect();
        let ended = |id: &AttemptId| match &run.attempts.get(id)?.state {
            AttemptState::Finished { at, .. } => Some((at.mono, id.clone())),
            AttemptState::Running => None,
        };
        // By their ends: what ended last is spoken of next.
        let mut newest: Vec<(u64, AttemptId)> = run.order.iter().filter_map(ended).collect();
        newest.sort_unstable();
        keep.extend(newest.into_iter().rev().take(KEPT).map(|(_, id)| id));
        run.order.retain(|id| keep.contains(id));
        run.attempts.retain(|id, _| keep.contains(id));
    }
    if run.notes.len() > LISTED + SLACK {
        run.notes.drain(..run.notes.len() - LISTED);
    }
    if run.losses.len() > LISTED + SLACK {
        let counts = run.latest_loss().cloned();
        run.losses.drain(..run.losses.len() - LISTED);
        if let Some(counts) = counts.filter(|counts| !run.losses.contains(counts)) {
            run.losses.insert(0, counts);
        }
    }
}
