//! Conditions that go on being looked at while steps run: how a watch begins, what its looks say, who has seen an alarm.

use super::draft::Draft;
use super::operator::said;
use crate::engine::event::Event;
use crate::engine::refusal::Refusal;
use crate::engine::state::{Attempt, Condition, Run};
use crate::kernel::{ActionName, AttemptId};
use crate::runbook::{Action, Impact, Watching};

/// Begins to look on, with exactly the command that passed.
pub(super) fn begin(draft: &mut Draft, passed: &Attempt, action: &Action) -> Result<(), Refusal> {
    let known = draft.run.watching.values().any(|name| *name == action.name);
    if action.watch == Watching::No || known || draft.run.stopping.is_some() {
        return Ok(());
    }
    if passed.impact > Impact::Observe {
        let what = format!("{} does more than observe and is not looked at again.", action.name);
        return draft.add(Event::Noticed { what });
    }
    super::recovery::look_on(draft, passed.clone())
}

/// One look. Only a change is a fact.
pub(super) fn looked(draft: &mut Draft, attempt: &AttemptId, seen: Result<&(), &String>) -> Result<(), Refusal> {
    let name = draft.run.watching.get(attempt).cloned();
    let action = name.ok_or_else(|| Refusal::NotRunning(attempt.clone()))?;
    if draft.run.stopping.is_some() {
        return Ok(());
    }
    let failing = draft.run.failing(&action).is_some();
    match seen {
        Err(why) if !failing => draft.add(Event::WatchFailed { action, why: why.clone() }),
        Ok(()) if failing => draft.add(Event::WatchHeld { action }),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The watch ended; if nobody asked for that, nobody looks any more.
pub(super) fn ended(draft: &mut Draft, action: ActionName, why: &str) -> Result<(), Refusal> {
    if draft.run.stopping.is_some() || draft.run.failing(&action).is_some() {
        return Ok(());
    }
    draft.add(Event::WatchFailed { action, why: format!("nobody looks any more, the watch {why}") })
}

/// Somebody has seen an alarm.
pub(super) fn acknowledge(draft: &mut Draft, action: &ActionName, note: &str, by: &str) -> Result<(), Refusal> {
    if draft.run.alarms.get(action).is_none_or(|alarm| alarm.seen_by.is_some()) {
        return Err(Refusal::NoAlarm(action.clone()));
    }
    draft.add(Event::AlarmSeen { action: action.clone(), note: said(note), by: by.to_owned() })
}

impl Run {
    /// Returns why a watched condition does not hold now; `None` if it does, or if nobody looks.
    pub fn failing(&self, action: &ActionName) -> Option<&str> {
        let alarm = self.alarms.get(action).filter(|alarm| alarm.condition == Condition::Fails)?;
        Some(&alarm.why)
    }

    /// Returns the alarm that is told until somebody has seen it, the oldest first.
    pub fn alarm(&self) -> Option<&ActionName> {
        let open = self.alarms.iter().filter(|(_, alarm)| alarm.seen_by.is_none());
        open.min_by_key(|(_, alarm)| alarm.since.mono).map(|(name, _)| name)
    }

    /// Returns the watch that an action requires, that fails, and that nobody has seen failing.
    pub fn blocked_by<'a>(&self, action: &'a Action) -> Option<&'a ActionName> {
        let open = |name: &&ActionName| {
            self.failing(name).is_some() && self.alarms.get(*name).is_some_and(|alarm| alarm.seen_by.is_none())
        };
        action.require.iter().find(open)
    }
}
