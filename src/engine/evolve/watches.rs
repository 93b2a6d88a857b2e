//! Conditions that are watched until the end: alarms, and who has seen them.

use super::strands::change_turn;
use super::{Legal, require};
use crate::engine::state::{Alarm, Condition, Run, Strand};
use crate::kernel::{ActionName, Stamp};
use crate::runbook::Watching;

/// Raises an alarm.
pub(super) fn failed(run: &mut Run, action: &ActionName, why: &str, at: Stamp) -> Legal {
    let known = run.plan.action(action).is_some_and(|(_, action)| action.watch == Watching::UntilTheEnd);
    require(known, "nobody looks at that")?;
    require(run.failing(action).is_none(), "it failed already")?;
    let alarm = Alarm { why: why.to_owned(), since: at, condition: Condition::Fails, seen_by: None };
    run.alarms.insert(action.clone(), alarm);
    // What was confirmed was confirmed while it held.
    for strand in run.open_strands() {
        if requires(run, strand, action) {
            change_turn(run, strand, |turn| {
                turn.confirmed_at = None;
                turn.agreed.clear();
            });
        }
    }
    Ok(())
}

/// Notes that a condition holds again.
pub(super) fn held(run: &mut Run, action: &ActionName) -> Legal {
    let alarm = run.alarms.get_mut(action).filter(|alarm| alarm.condition == Condition::Fails);
    let alarm = alarm.ok_or("it did not fail")?;
    alarm.condition = Condition::Holds;
    if alarm.seen_by.is_some() {
        run.alarms.remove(action);
    }
    Ok(())
}

/// Notes who has seen an alarm.
pub(super) fn seen(run: &mut Run, action: &ActionName, by: &str) -> Legal {
    let alarm = run.alarms.get_mut(action).filter(|alarm| alarm.seen_by.is_none());
    let alarm = alarm.ok_or("nothing was told about it")?;
    alarm.seen_by = Some(by.to_owned());
    if alarm.condition == Condition::Holds {
        run.alarms.remove(action);
    }
    Ok(())
}

/// Does a step of this strand require what a watch looks at?
fn requires(run: &Run, strand: Strand, watch: &ActionName) -> bool {
    let step = run.plan.steps.get(strand.step);
    step.is_some_and(|step| step.actions.iter().any(|action| action.require.contains(watch)))
}
