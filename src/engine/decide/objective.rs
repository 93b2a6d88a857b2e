//! Moments, losses and breaches.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::draft::Draft;
use crate::engine::event::Event;
use crate::engine::measure::{Bounds, Figure, Measured, Range, bound};
use crate::engine::refusal::Refusal;
use crate::engine::state::Recovery;
use crate::kernel::AttemptId;
use crate::runbook::{LossKind, Moment};

/// Fixes a moment, and bounds the latest loss anew where the moment is one of its ends.
pub(super) fn fix(
    draft: &mut Draft,
    moment: Moment,
    occurred_at: DateTime<Utc>,
    by: &str,
    evidence: String,
) -> Result<(), Refusal> {
    draft.add(Event::MomentFixed { moment, occurred_at, by: by.to_owned(), evidence })?;
    let Some(loss) = draft.run.latest_loss().cloned() else { return Ok(()) };
    let (Some(last_commit), true) = (loss.last_commit, moment == Moment::Onset || Some(moment) == closing(loss.of))
    else {
        return Ok(());
    };
    // Where nothing was fenced the high end was the time of the measurement, which is found again by adding it.
    let high = chrono::Duration::from_std(loss.high).unwrap_or_default();
    let measured = last_commit.checked_add_signed(high).unwrap_or(draft.now.utc);
    let range = bound(loss.of, last_commit, bounds(draft, loss.of, measured));
    if (range.low, range.high) == (loss.low, loss.high) {
        return Ok(());
    }
    measured_as(draft, &loss.attempt, loss.of, range, loss.orders, Some(last_commit))
}

/// Records what an attempt measured.
pub(super) fn measure(draft: &mut Draft, attempt: &AttemptId, measured: &Measured) -> Result<(), Refusal> {
    let now = draft.now.utc;
    let of = draft.run.rpo_of();
    let behind = |lag: Duration| {
        let lag = chrono::Duration::from_std(lag).ok();
        lag.and_then(|lag| now.checked_sub_signed(lag)).unwrap_or(DateTime::<Utc>::MIN_UTC)
    };
    let (range, last_commit) = match measured.figure {
        Figure::Range(low, high) => (Range { low, high, method: "as the measurement gave it".to_owned() }, None),
        Figure::LastCommit(time) => (bound(of, time, bounds(draft, of, now)), Some(time)),
        Figure::Lag(lag) => {
            let time = behind(lag);
            let mut range = bound(of, time, bounds(draft, of, now));
            range.method.push_str("; last commit is measurement minus lag");
            (range, Some(time))
        }
    };
    measured_as(draft, attempt, of, range, measured.orders, last_commit)
}

fn measured_as(
    draft: &mut Draft,
    attempt: &AttemptId,
    of: LossKind,
    range: Range,
    orders: Option<u64>,
    last_commit: Option<DateTime<Utc>>,
) -> Result<(), Refusal> {
    draft.add(Event::LossMeasured {
        attempt: attempt.clone(),
        of,
        low_ms: millis(range.low),
        high_ms: millis(range.high),
        orders,
        last_commit,
        method: range.method,
    })?;
    let (Some(limit), true) = (draft.run.rpo(), of == draft.run.rpo_of()) else { return Ok(()) };
    let high = Duration::from_millis(millis(range.high));
    let said = draft.run.breaches.iter().rev().find(|breach| breach.objective == "rpo").map(|breach| breach.actual);
    if high > limit && said != Some(high) { breach(draft, "rpo", limit, high) } else { Ok(()) }
}

fn bounds(draft: &Draft, of: LossKind, measured: DateTime<Utc>) -> Bounds {
    let closed = closing(of).and_then(|moment| draft.run.moment(moment)).map(|fixed| fixed.occurred_at);
    Bounds { onset: draft.run.onset(), closed, measured }
}

/// Returns the moment after which nothing more could be lost.
fn closing(of: LossKind) -> Option<Moment> {
    match of {
        LossKind::Replication => Some(Moment::Fenced),
        LossKind::Discarded => Some(Moment::Frozen),
        LossKind::RecoveryPoint => None,
    }
}

/// Records a breach of the RTO: once, and again where the onset was corrected since `before`.
pub(super) fn look_at_rto(draft: &mut Draft, before: Option<DateTime<Utc>>) -> Result<(), Refusal> {
    if !draft.is_open() {
        return Ok(());
    }
    let (Some(limit), Some(figure)) = (draft.run.rto(), draft.run.rto_figure(draft.now.utc)) else { return Ok(()) };
    let over = match draft.run.recovery {
        Recovery::Restored { .. } => figure > limit,
        Recovery::NotYet | Recovery::Holding(_) => figure >= limit,
    };
    let said = draft.run.breaches.iter().any(|breach| breach.objective == "rto");
    let corrected = before != draft.run.onset();
    if over && (!said || corrected) { breach(draft, "rto", limit, figure) } else { Ok(()) }
}

fn breach(draft: &mut Draft, objective: &str, limit: Duration, actual: Duration) -> Result<(), Refusal> {
    draft.add(Event::Breached { objective: objective.to_owned(), limit_ms: millis(limit), actual_ms: millis(actual) })
}

/// Returns whole milliseconds, as the log keeps them.
pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
