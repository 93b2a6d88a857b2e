//! How careful an action is begun: what it does at worst, what is asked before it runs, and who has to agree.

use std::collections::BTreeMap;

use super::divided;
use crate::engine::event::{Approval, Ask, Mode, Target};
use crate::engine::state::{Run, StepState, Strand};
use crate::runbook::aws::operation;
use crate::runbook::{Action, ApprovalRule, Confirm, Impact, Kind, Step, words};

/// Does the action only observe, as far as can be told before its values are known? Unknown counts as no.
pub(in crate::engine) fn observes(action: &Action) -> bool {
    let own = match action.kind {
        Kind::Shell(_) | Kind::Http | Kind::Dns | Kind::Sql => Impact::Observe,
        Kind::Aws => words::calls(&action.code).map_or(Impact::Irreversible, |calls| {
            let heads =
                calls.iter().map(|call| call.iter().take(3).map_while(words::Word::literal).collect::<Vec<_>>());
            heads.map(|head| own_impact(&head)).fold(Impact::Observe, Ord::max)
        }),
    };
    action.impact.max(own) == Impact::Observe
}

/// Is something asked before the action runs, as far as can be told before its values are known? Unknown counts as yes.
fn asks(run: &Run, action: &Action) -> bool {
    let asks = action.confirm.is_some() || action.approvals.is_some();
    asks || !observes(action) || action.require.iter().any(|watch| run.failing(watch).is_some())
}

impl Run {
    /// Is something asked before anything of a strand runs that is begun where it stands?
    pub fn asks_first(&self, strand: Strand) -> bool {
        let cursor = self.state(strand).map(StepState::cursor).unwrap_or_default();
        for action in (cursor..).map_while(|at| self.action_at(strand, at)) {
            if asks(self, action) {
                return true;
            }
            // One that may not apply is passed over.
            if action.when.is_none() {
                break;
            }
        }
        false
    }
}

/// What an AWS operation does by itself. One that nobody knows asks at least for a key.
pub(super) fn own_impact(call: &[String]) -> Impact {
    operation(call).map_or(Impact::Change, |operation| operation.impact)
}

/// Decides what is asked before an action runs. The author can ask for more than the engine, never for less.
pub(super) fn ask(
    run: &Run,
    step: &Step,
    action: &Action,
    impact: Impact,
    target: &Target,
    vars: &BTreeMap<String, String>,
) -> Result<Option<Ask>, String> {
    let mode = run.opened.as_ref().map_or(Mode::Real, |opened| opened.mode);
    let phrase = match &action.confirm {
        Some(Confirm::Phrase(phrase)) => Some(words::fill(phrase, vars).map_err(|unset| unset.to_string())?),
        Some(Confirm::Key) | None => None,
    };
    let typed = matches!(action.confirm, Some(Confirm::Phrase(_)))
        || match mode {
            Mode::Real => impact > Impact::Observe,
            Mode::Drill => impact == Impact::Irreversible,
        };
    if typed {
        // Values can hold what no keyboard types; then the step's id is asked for.
        let typeable = |phrase: &String| !phrase.trim().is_empty() && !phrase.trim().contains(char::is_control);
        let resource = || Some(target.resource.clone()).filter(typeable);
        let phrase = phrase.filter(typeable).or_else(resource).unwrap_or_else(|| step.id.as_str().to_owned());
        return Ok(Some(Ask::Type { phrase: phrase.trim().to_owned() }));
    }
    let fails = action.require.iter().any(|watch| run.failing(watch).is_some());
    let asks = impact > Impact::Observe || action.confirm.is_some() || action.approvals.is_some() || fails;
    Ok(asks.then_some(Ask::Key))
}

/// Says what is asked before an improvised command runs.
pub(in crate::engine) fn ask_improvised(run: &Run) -> Ask {
    match run.opened.as_ref().map_or(Mode::Real, |opened| opened.mode) {
        Mode::Real => Ask::Type { phrase: "run".to_owned() },
        Mode::Drill => Ask::Key,
    }
}

/// Says whose agreement is wanted. Where nobody can tell whether a condition holds it counts as if it did.
pub(super) fn approval(run: &Run, action: &Action, vars: &BTreeMap<String, String>) -> Option<Approval> {
    let wanted = action.approvals.as_ref()?;
    let holds = |rule: &&ApprovalRule| rule.when.as_ref().is_none_or(|when| when.holds(vars).unwrap_or(true));
    let count = wanted.rules.iter().filter(holds).map(|rule| rule.count).max().filter(|count| *count > 0)?;
    let within_s = divided(wanted.within, run.speed()).as_secs();
    Some(Approval { count, role: wanted.role.clone(), within_s, request: None })
}
