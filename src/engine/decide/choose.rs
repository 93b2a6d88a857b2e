//! Decisions of people: which way a run goes on, what that leaves out, what it does again.

use chrono::{DateTime, Utc};

use super::draft::Draft;
use super::operator::{free, interrupt_all, not_stopping, running, said, take_in_hand, turn};
use super::values::known_to;
use crate::engine::event::Event;
use crate::engine::objectives::runnable;
use crate::engine::refusal::Refusal;
use crate::engine::state::{Run, StepState, Strand};
use crate::kernel::StepId;
use crate::runbook::{Branch, Evidence, Way};

/// Decides for one branch of a step's decision.
pub(super) fn choose(draft: &mut Draft, id: &StepId, branch: u32, note: &str, by: &str) -> Result<(), Refusal> {
    not_stopping(draft)?;
    let (strand, state) = turn(draft, id)?;
    let index = strand.step;
    let plan = draft.run.plan.clone();
    let Some((step, decision)) = plan.steps.get(index).and_then(|step| Some((step, step.decision.as_ref()?))) else {
        return Err(Refusal::NothingToDecide(id.clone()));
    };
    let in_hand = state == StepState::ByHand || (state == StepState::Offered && runnable(step).is_empty());
    if !in_hand || strand.item.is_some() {
        return Err(Refusal::NotInYourHands(id.clone()));
    }
    let chosen = decision.branches.get(branch as usize).ok_or(Refusal::NoSuchBranch(branch.saturating_add(1)))?;
    if let Some(missing) = draft.run.asked_by(index).first() {
        return Err(Refusal::ValuesMissing(missing.name.clone()));
    }
    let open = draft.run.ticks.get(index).map_or(0, |ticks| ticks.iter().filter(|ticked| !**ticked).count());
    if open > 0 {
        return Err(Refusal::ItemsOpen { open });
    }
    if let Some(unsent) = draft.run.unsent(step) {
        return Err(Refusal::Unsent(unsent.name.clone()));
    }
    if step.manual == Some(Evidence::Required) && said(note).is_none() {
        return Err(Refusal::EvidenceMissing);
    }
    free(draft, strand)?;
    let open = draft.run.open_strands().into_iter();
    if let Some(other) = open.into_iter().find(|other| *other != strand && !draft.run.is_background(*other)) {
        return Err(Refusal::OthersOpen { step: id.clone(), other: draft.id(other) });
    }
    take_in_hand(draft, strand)?;
    let named = |steps: Vec<usize>| {
        steps.into_iter().filter_map(|at| plan.steps.get(at).map(|step| step.id.clone())).collect::<Vec<_>>()
    };
    draft.add(Event::Decided {
        step: id.clone(),
        branch,
        label: chosen.label.clone(),
        target: match &chosen.way {
            Way::Step(at) => plan.steps.get(*at).map(|step| step.id.as_str().to_owned()).unwrap_or_default(),
            Way::Runbook(path) => path.clone(),
        },
        ruled_out: named(ruled_out(&draft.run, index, chosen)),
        again: named(again(&draft.run, index, chosen)),
        note: said(note),
        by: by.to_owned(),
    })?;
    match &chosen.way {
        Way::Step(_) => Ok(()),
        Way::Runbook(path) => hand_over(draft, path, by),
    }
}

/// Goes on where the runbook says after a failure; `false` where something beside it is open, so that nothing is left.
pub(super) fn jump(draft: &mut Draft, strand: Strand, to: usize, why: &str) -> Result<bool, Refusal> {
    let alone = draft.run.open_strands().into_iter().all(|other| other == strand || draft.run.is_background(other));
    let Some(step) = draft.run.plan.steps.get(to).map(|step| step.id.clone()) else { return Ok(false) };
    if !alone || strand.item.is_some() || to <= strand.step {
        return Ok(false);
    }
    let waits = |at: &usize| draft.run.steps.get(*at) == Some(&StepState::Waiting);
    let passed = (strand.step.saturating_add(1)..to).filter(waits).map(|at| draft.id(Strand::whole(at)));
    let ruled_out = passed.collect();
    draft.add(Event::Jumped { step: draft.id(strand), to: step, why: why.to_owned(), ruled_out })?;
    Ok(true)
}

/// Goes on at another step than the next one, as the operator wishes: forwards, and what lies between is not for this case;
/// or backwards, and everything from there on is done again.
pub(super) fn jump_to(draft: &mut Draft, (id, to): (&StepId, &StepId), reason: &str, by: &str) -> Result<(), Refusal> {
    not_stopping(draft)?;
    let (strand, state) = turn(draft, id)?;
    match state {
        StepState::Offered | StepState::Paused { .. } | StepState::Failed { .. } | StepState::ByHand => {}
        StepState::Confirming { prompt, .. } => return Err(Refusal::PromptOpen(prompt)),
        StepState::Running { attempt, .. } => return Err(running(draft, attempt)),
        _ => return Err(Refusal::GoesOn(id.clone())),
    }
    if draft.run.is_rolling_back() {
        return Err(Refusal::RollingBack);
    }
    free(draft, strand)?;
    let others = draft.run.open_strands().into_iter();
    if let Some(other) = others.into_iter().find(|other| *other != strand && !draft.run.is_background(*other)) {
        return Err(Refusal::OthersOpen { step: id.clone(), other: draft.id(other) });
    }
    let reason = said(reason).ok_or(Refusal::ReasonMissing)?;
    let (from, at) = (strand.step, draft.run.plan.step_index(to).ok_or_else(|| Refusal::NoSuchStep(to.clone()))?);
    let waits = |at: &usize| draft.run.steps.get(*at) == Some(&StepState::Waiting);
    let nowhere = at == from || (at > from && !waits(&at)) || strand.item.is_some() || to.parts().1.is_some();
    if nowhere {
        return Err(Refusal::JumpsNowhere(to.clone()));
    }
    let named = |steps: Vec<usize>| steps.into_iter().map(|at| draft.id(Strand::whole(at))).collect::<Vec<_>>();
    let ruled_out = named((from.saturating_add(1)..at).filter(waits).collect());
    let again = if at < from { named(repeated(&draft.run, at, from)) } else { Vec::new() };
    draft.add(Event::JumpChosen {
        step: id.clone(),
        to: draft.id(Strand::whole(at)),
        reason,
        ruled_out,
        again,
        by: by.to_owned(),
    })
}

/// Lists the steps that are not for this case once a branch is chosen: those it passes over, and the other branches'.
pub(in crate::engine) fn ruled_out(run: &Run, index: usize, chosen: &Branch) -> Vec<usize> {
    let others = run.plan.steps.get(index).and_then(|step| step.decision.as_ref());
    let others = others.iter().flat_map(|decision| &decision.branches).flat_map(|branch| branch.steps.clone());
    let passed = match chosen.way {
        Way::Step(at) if at > index => index.saturating_add(1)..at,
        // Going back, the others are decided about again; handing over, the whole rest is the other runbook's.
        Way::Step(_) => return Vec::new(),
        Way::Runbook(_) => index.saturating_add(1)..run.plan.steps.len(),
    };
    let mut out: Vec<usize> = others.filter(|at| !chosen.steps.contains(at)).chain(passed).collect();
    out.retain(|at| *at > index && run.steps.get(*at) == Some(&StepState::Waiting));
    out.sort_unstable();
    out.dedup();
    out
}

/// Lists the steps that a jump backwards makes undone again: all from there to the decision, and what decisions among
/// them had ruled out.
fn again(run: &Run, index: usize, chosen: &Branch) -> Vec<usize> {
    let Some(back) = chosen.target().filter(|at| *at <= index) else { return Vec::new() };
    repeated(run, back, index)
}

/// Lists the steps from `back` to `index`, and what decisions among them had ruled out.
fn repeated(run: &Run, back: usize, index: usize) -> Vec<usize> {
    let later = run.ruled_out.iter().filter(|(_, decision)| (back..=index).contains(*decision)).map(|(at, _)| *at);
    let mut steps: Vec<usize> = (back..=index).chain(later).collect();
    steps.sort_unstable();
    steps.dedup();
    steps
}

/// Ends this runbook's part: another one goes on.
fn hand_over(draft: &mut Draft, path: &str, by: &str) -> Result<(), Refusal> {
    let (how, reason) = ("handed-over".to_owned(), Some(format!("go on with {path}")));
    if draft.run.running.is_empty() {
        return draft.end(&how, reason, by);
    }
    draft.add(Event::StopAsked { how, reason, by: by.to_owned() })?;
    interrupt_all(draft, false, by)
}

impl Run {
    /// Says which branch of a step's decision its conditions speak for: the first that holds, else the default.
    ///
    /// # Errors
    /// A sentence that says why a condition cannot be told.
    pub fn advice(&self, step: usize, now: DateTime<Utc>) -> Result<Option<usize>, String> {
        let Some(decision) = self.plan.steps.get(step).and_then(|step| step.decision.as_ref()) else { return Ok(None) };
        for (at, branch) in decision.branches.iter().enumerate() {
            let Some(when) = &branch.when else { continue };
            if when.holds(&known_to(self, &when.variables(), now)?)? {
                return Ok(Some(at));
            }
        }
        Ok(decision.default)
    }
}
