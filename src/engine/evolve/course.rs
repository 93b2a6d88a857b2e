//! Which way a run goes on after a decision, and what its actions left for conditions to look at.

use super::strands::{came, offer, open_strand, set_state, settle};
use super::{Legal, require};
use crate::engine::state::{Run, StepState, Strand, Turn};
use crate::kernel::{ActionName, Stamp, StepId};
use crate::runbook::OnFailure;

/// Settles a decision: forward over what it rules out, or back to the first of the steps that are to be done again.
pub(super) fn decided(
    run: &mut Run,
    (step, branch, label, note): (&StepId, u32, &str, Option<&String>),
    ruled_out: &[StepId],
    again: &[StepId],
    now: Stamp,
) -> Legal {
    let strand = open_strand(run, step)?;
    require(run.state(strand) == Some(&StepState::ByHand), "the step does not wait for a decision")?;
    let index = strand.step;
    let plan = run.plan.clone();
    let decision = plan.steps.get(index).and_then(|step| step.decision.as_ref());
    let known = decision.and_then(|decision| decision.branches.get(branch as usize));
    let chosen = known.ok_or("the decision has no such branch")?;
    let place = |id: &StepId| plan.step_index(id).ok_or_else(|| format!("there is no step `{id}`"));
    let out = ruled_out.iter().map(place).collect::<Result<Vec<_>, _>>()?;
    let back = again.iter().map(place).collect::<Result<Vec<_>, _>>()?;
    let waits = |at: &usize| *at > index && run.steps.get(*at) == Some(&StepState::Waiting);
    require(out.iter().all(waits), "it rules out a step that does not lie ahead")?;
    let undone = |at: &usize| *at <= index || run.ruled_out.contains_key(at);
    require(back.iter().all(undone), "it repeats a step that was not done")?;
    let first = chosen.target().filter(|at| *at <= index);
    require(first == back.iter().min().copied(), "it does not lead where its branch does")?;
    for at in out {
        let why = format!("`{label}` was chosen in step {}", plan.steps.get(index).map_or(0, |step| step.number));
        set_state(run, Strand::whole(at), StepState::NotApplicable { why });
        run.ruled_out.insert(at, index);
        recall_all(run, at, "not-applicable");
    }
    let words = note.map_or_else(|| label.to_owned(), |note| format!("{label}: {note}"));
    settle(run, strand, StepState::Done { how: "decided".to_owned(), note: Some(words) }, now);
    if let Some(first) = first {
        go_back(run, first, &back, now);
    }
    Ok(())
}

/// Makes steps undone again, from the first of them on.
fn go_back(run: &mut Run, first: usize, back: &[usize], now: Stamp) {
    let plan = run.plan.clone();
    for at in back {
        let at = *at;
        set_state(run, Strand::whole(at), StepState::Waiting);
        if let Some(turn) = run.turns.get_mut(at) {
            *turn = Turn::default();
        }
        run.ruled_out.remove(&at);
        run.overdue.remove(&at);
        came(run, at, None);
        for message in plan.steps.get(at).map(|step| step.messages.as_slice()).unwrap_or_default() {
            run.sent.remove(&message.name);
            run.due.remove(&message.name);
        }
        let asked = plan.steps.get(at).map(|step| step.ask.as_slice()).unwrap_or_default();
        for name in asked {
            run.entered.remove(name);
        }
        if let (Some(ticks), Some(step)) = (run.ticks.get_mut(at), plan.steps.get(at)) {
            *ticks = vec![false; step.checklist.len()];
        }
    }
    // What was offered behind the step that leads back waits again.
    for at in run.current..run.open_end() {
        if run.steps.get(at) == Some(&StepState::Offered) {
            set_state(run, Strand::whole(at), StepState::Waiting);
            came(run, at, None);
        }
    }
    run.current = first;
    offer(run, now);
}

/// Goes on at another step, as the operator chose: forwards over what lies between, or back to do it again.
pub(super) fn jump_chosen(
    run: &mut Run,
    (step, to, reason): (&StepId, &StepId, &str),
    ruled_out: &[StepId],
    again: &[StepId],
    now: Stamp,
) -> Legal {
    let strand = open_strand(run, step)?;
    let from = strand.step;
    let plan = run.plan.clone();
    let stands = matches!(
        run.state(strand),
        Some(StepState::Offered | StepState::Paused { .. } | StepState::Failed { .. } | StepState::ByHand)
    );
    require(stands && strand.item.is_none(), "the step does not wait for anybody")?;
    let place = |id: &StepId| plan.step_index(id).ok_or_else(|| format!("there is no step `{id}`"));
    let to = place(to)?;
    let number = |at: usize| plan.steps.get(at).map_or(0, |step| step.number);
    let out = ruled_out.iter().map(place).collect::<Result<Vec<_>, _>>()?;
    let back = again.iter().map(place).collect::<Result<Vec<_>, _>>()?;
    if to < from {
        let undone = |at: &usize| (to..=from).contains(at) || run.ruled_out.contains_key(at);
        require(out.is_empty() && back.iter().all(undone), "it repeats a step that was not done")?;
        require(back.iter().min() == Some(&to) && back.contains(&from), "it does not lead where it says")?;
        go_back(run, to, &back, now);
        return Ok(());
    }
    require(to > from && back.is_empty(), "it leads to the step itself")?;
    require(run.steps.get(to) == Some(&StepState::Waiting), "it leads to a step that does not wait")?;
    let waits = |at: &usize| (from..to).contains(at) && run.steps.get(*at) == Some(&StepState::Waiting);
    require(out.iter().all(waits), "it rules out a step that does not lie between")?;
    for at in out {
        let why = format!("the run went on at step {} instead of step {}", number(to), number(from));
        set_state(run, Strand::whole(at), StepState::NotApplicable { why });
        run.ruled_out.insert(at, from);
        recall_all(run, at, "not-applicable");
    }
    let reason = format!("the run went on at step {}: {reason}", number(to));
    settle(run, strand, StepState::Skipped { reason }, now);
    Ok(())
}

/// Leaves a step that failed for where the runbook says that the run goes on.
pub(super) fn jumped(run: &mut Run, step: &StepId, to: &StepId, why: &str, ruled_out: &[StepId], now: Stamp) -> Legal {
    let strand = open_strand(run, step)?;
    let plan = run.plan.clone();
    let to = plan.step_index(to).ok_or("it leads to no step")?;
    let leads = match run.state(strand) {
        Some(StepState::Running { attempt, cursor }) if !run.running.contains(attempt) => {
            run.action_at(strand, *cursor).is_some_and(|action| action.on_failure == OnFailure::Jump(to))
        }
        _ => false,
    };
    require(leads && to > strand.step && strand.item.is_none(), "nothing failed that leads there")?;
    let place = |id: &StepId| plan.step_index(id).ok_or_else(|| format!("there is no step `{id}`"));
    let out = ruled_out.iter().map(place).collect::<Result<Vec<_>, _>>()?;
    let waits = |at: &usize| (strand.step..to).contains(at) && run.steps.get(*at) == Some(&StepState::Waiting);
    require(out.iter().all(waits), "it rules out a step that does not lie between")?;
    let number = |at: usize| plan.steps.get(at).map_or(0, |step| step.number);
    for at in out {
        let why = format!("step {} failed, and the run went on at step {}", number(strand.step), number(to));
        set_state(run, Strand::whole(at), StepState::NotApplicable { why });
        run.ruled_out.insert(at, strand.step);
        recall_all(run, at, "not-applicable");
    }
    let reason = format!("it failed, and the runbook goes on at step {}: {why}", number(to));
    settle(run, strand, StepState::Skipped { reason }, now);
    Ok(())
}

/// Keeps how an action ended, where other parts of the runbook use it.
pub(super) fn recall(run: &mut Run, action: &ActionName, outcome: &str, exit: Option<i32>) {
    if !run.plan.recalled.contains(action) {
        return;
    }
    run.vars.insert(format!("{action}.outcome"), outcome.to_owned());
    run.vars.insert(format!("{action}.exit"), exit.map(|code| code.to_string()).unwrap_or_default());
}

/// Gives the actions of a step that did not run an outcome.
pub(super) fn recall_all(run: &mut Run, index: usize, outcome: &str) {
    let plan = run.plan.clone();
    for action in plan.steps.get(index).map(|step| step.actions.as_slice()).unwrap_or_default() {
        if !run.vars.contains_key(&format!("{}.outcome", action.name)) {
            recall(run, &action.name, outcome, None);
        }
    }
}
