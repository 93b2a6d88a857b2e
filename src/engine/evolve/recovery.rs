//! The moments of a run, and since when service is restored.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Legal, known, require};
use crate::engine::objectives::between;
use crate::engine::state::{Candidate, Fixed, Recovery, Run};
use crate::kernel::AttemptId;
use crate::runbook::Moment;

/// Fixes a moment, or corrects it.
pub(super) fn fixed(run: &mut Run, moment: Moment, fixed: Fixed) {
    if let (Moment::Onset, Recovery::Restored { since, rto, .. }) = (moment, &mut run.recovery) {
        *rto = between(fixed.occurred_at, *since);
    }
    run.moments.entry(moment).or_default().push(fixed);
}

/// Notes a stretch that may become the recovery.
pub(super) fn seen(run: &mut Run, since: DateTime<Utc>, attempt: &AttemptId) -> Legal {
    known(run, attempt)?;
    require(run.recovery == Recovery::NotYet, "the recovery was seen already")?;
    run.recovery = Recovery::Holding(Candidate { since, watch: attempt.clone() });
    Ok(())
}

/// Notes that it did not hold.
pub(super) fn lost(run: &mut Run) -> Legal {
    require(matches!(run.recovery, Recovery::Holding(_)), "no recovery was seen")?;
    run.recovery = Recovery::NotYet;
    Ok(())
}

/// Notes that it held.
pub(super) fn restored(run: &mut Run, since: DateTime<Utc>, rto: Duration, seq: u64) -> Legal {
    let held = matches!(&run.recovery, Recovery::Holding(candidate) if candidate.since == since);
    require(held, "no recovery was seen since then")?;
    run.recovery = Recovery::Restored { since, rto, seq };
    Ok(())
}
