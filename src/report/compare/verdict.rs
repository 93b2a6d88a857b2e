//! Which of two runs was faster, and which steps made it so.

use std::fmt::Write as _;
use std::time::Duration;

use super::{Aligned, SAME, ms, signed};
use crate::engine::{Recovery, Run};
use crate::kernel::clock;
use crate::report::narrate::exact;
use crate::runbook::Moment;

/// So many steps are named as the reasons.
const REASONS: usize = 3;

/// Says which was faster, and why, a sentence each.
pub(super) fn verdict(one: &Run, other: &Run, steps: &[Aligned]) -> Vec<String> {
    let (Some(a), Some(b)) = (restored(one), restored(other)) else {
        let not = |run: &Run, name: &'static str| restored(run).is_none().then_some(name);
        let which: Vec<&str> = [not(one, "A"), not(other, "B")].into_iter().flatten().collect();
        return vec![format!("Neither is faster: the service was not seen to be restored in {}.", which.join(" and "))];
    };
    let gap = signed(ms(b)) - signed(ms(a));
    if gap.unsigned_abs() < SAME {
        return vec![format!("Both took {} until the service was restored.", clock(a))];
    }
    let (faster, slower) = if gap > 0 { ("A", "B") } else { ("B", "A") };
    let mut first = format!("{faster} restored the service {} earlier than {slower}", exact(gap.unsigned_abs()));
    if one.speed() != other.speed() {
        first.push_str(", but the estate's speed was not the same");
    }
    first.push('.');
    let mut said = vec![first];
    let mut gained: Vec<(i64, &str)> =
        steps.iter().filter_map(|step| Some((step.gained()?, step.title.as_str()))).collect();
    gained.retain(|(gained, _)| (*gained > 0) == (gap > 0));
    gained.sort_by_key(|(gained, _)| std::cmp::Reverse(gained.unsigned_abs()));
    let mut reasons = String::new();
    for (gained, title) in gained.iter().take(REASONS) {
        let comma = if reasons.is_empty() { "" } else { ", " };
        // Writing to a String cannot fail.
        let _ = write!(reasons, "{comma}{title} ({})", exact(gained.unsigned_abs()));
    }
    if !reasons.is_empty() {
        said.push(format!("Most of it was gained in {reasons}."));
    }
    let people = signed(ms(other.spent.people)) - signed(ms(one.spent.people));
    if people.unsigned_abs() >= SAME && (people > 0) == (gap > 0) {
        said.push(format!("{slower} waited {} longer for people.", exact(people.unsigned_abs())));
    }
    said
}

/// Returns how long it took until the service was restored: since onset, or since the declaration where none is known.
pub(super) fn restored(run: &Run) -> Option<Duration> {
    match &run.recovery {
        Recovery::Restored { rto, since, .. } => Some(match (run.onset(), run.moment(Moment::Declared)) {
            (None, Some(declared)) => since.signed_duration_since(declared.occurred_at).to_std().unwrap_or(*rto),
            _ => *rto,
        }),
        Recovery::NotYet | Recovery::Holding(_) => None,
    }
}
