//! The legality table, and the only place where the state of a run changes.
//!
//! Whatever comes here was either decided a moment ago or read from a log; a fact that does not fit is refused with the
//! state untouched, so a forged or torn log cannot make a state that no run was ever in.

use std::time::Duration;

use super::decide::{is_read, same_person};
use super::event::{Event, Fact, Mode, Verdict};
use super::objectives::{between, runnable};
use super::outcome::Outcome;
use super::state::{
    ActionResult, Attempt, AttemptState, Breach, Candidate, Ending, Fixed, Loss, Note, PendingRetry, Progress, Prompt,
    Reading, Recovery, Run, Second, Stage, StepState, Stopping, Waiver,
};
use crate::kernel::{ActionName, AttemptId, Stamp, StepId};
use crate::runbook::{Impact, Moment, Step};

/// Says which fact does not fit, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("fact {seq} does not fit what went before: {why}")]
pub struct IllegalHistory {
    /// The fact's `seq`.
    pub seq: u64,
    /// Why.
    pub why: String,
}

type Legal = Result<(), String>;

/// Folds one fact into the state. A fact that is refused changes nothing.
///
/// # Errors
/// [`IllegalHistory`] if the fact cannot follow what went before.
pub fn evolve(run: &mut Run, fact: &Fact) -> Result<(), IllegalHistory> {
    let illegal = |why: String| IllegalHistory { seq: fact.seq, why };
    if run.last_seq.is_some_and(|last| last >= fact.seq) {
        return Err(illegal("its number is not above the last one's".to_owned()));
    }
    match (&run.stage, &fact.event) {
        (Stage::New, Event::Open(_)) | (Stage::Open, _) => {}
        (Stage::New, _) => return Err(illegal("the run has not begun".to_owned())),
        (Stage::Ended(_), _) => return Err(illegal("the run has ended".to_owned())),
    }
    // Time is attributed by the state in which it passed, so before the fact is applied.
    let spent = run.spent_at(fact.at);
    apply(run, fact).map_err(illegal)?;
    run.spent = spent;
    run.last = Some(fact.at);
    run.last_seq = Some(fact.seq);
    Ok(())
}

/// Every arm checks first and changes afterwards.
fn apply(run: &mut Run, fact: &Fact) -> Legal {
    let at = fact.at;
    match &fact.event {
        Event::Open(opened) => {
            require(run.stage == Stage::New, "the run has begun already")?;
            run.opened = Some((**opened).clone());
            run.stage = Stage::Open;
            offer(run);
        }
        Event::InputSet { name, value, source, .. } => {
            require(is_read(run, name, value, *source), "no second person has read the value")?;
            run.vars.insert(name.clone(), value.clone());
            run.sources.insert(name.clone(), *source);
            run.entered.insert(name.clone());
            run.readings.remove(name);
            // What was confirmed was read with another value.
            run.confirmed_at = None;
        }
        Event::FirstRead { name, value, by } => {
            let reading = Reading { value: value.clone(), by: by.clone(), second: Second::Missing };
            run.readings.insert(name.clone(), reading);
        }
        Event::SecondRead { name, by } => {
            let first = run.readings.get_mut(name).ok_or("nobody read the value a first time")?;
            require(!same_person(&first.by, by), "the second reader is the first")?;
            first.second = Second::Read;
        }
        Event::SecondReaderWaived { name, reason, by } => {
            let first = run.readings.get_mut(name).ok_or("nobody read the value a first time")?;
            first.second = Second::Waived;
            run.waivers.push(Waiver { name: name.clone(), reason: reason.clone(), by: by.clone() });
        }
        Event::NotApplicable { step, action: Some(action), .. } => {
            let index = current(run, step)?;
            let Some(StepState::Paused { cursor }) = run.steps.get(index) else {
                return Err("it is not an action's turn".to_owned());
            };
            let cursor = *cursor;
            require(names(run, index, cursor, Some(action)), "it is another action's turn")?;
            recall(run, action, "not-applicable", None);
            stand(run, cursor.saturating_add(1));
        }
        Event::NotApplicable { step, action: None, why } => {
            let index = current(run, step)?;
            require(run.steps.get(index) == Some(&StepState::Offered), "the step was not offered")?;
            settle(run, index, StepState::NotApplicable { why: why.clone() }, at);
        }
        Event::MomentFixed { moment, occurred_at, by, evidence } => {
            let fixed = Fixed { occurred_at: *occurred_at, by: by.clone(), evidence: evidence.clone(), seq: fact.seq };
            run.moments.entry(*moment).or_default().push(fixed);
            if let (Moment::Onset, Recovery::Restored { since, rto, .. }) = (moment, &mut run.recovery) {
                *rto = between(*occurred_at, *since);
            }
        }
        Event::AutoSwitched { on, .. } => {
            run.progress = if *on { Progress::Automatic } else { Progress::Manual };
        }
        Event::StepStarted { step } => {
            let index = current(run, step)?;
            require(run.steps.get(index) == Some(&StepState::Offered), "the step was not offered")?;
            if let Some((started, _)) = run.step_times.get_mut(index) {
                *started = Some(at);
            }
            stand(run, 0);
        }
        Event::ConfirmationAsked { prompt, step, action, impact, command, target, ask } => {
            require(*prompt == run.prompts.saturating_add(1), "its prompt has a wrong number")?;
            match step {
                Some(step) => {
                    let index = current(run, step)?;
                    let cursor = askable(run, index)?;
                    require(names(run, index, cursor, action.as_ref()), "it asks for another action")?;
                    require(run.prompt.as_ref().is_none_or(|open| open.step.is_some()), "another prompt is open")?;
                    run.retry = None;
                    run.confirmed_at = None;
                    set_state(run, index, StepState::Confirming { prompt: *prompt, cursor });
                }
                None => require(run.prompt.is_none() && action.is_none() && !run.working(), "something else is open")?,
            }
            run.prompts = *prompt;
            run.prompt = Some(Prompt {
                number: *prompt,
                step: step.clone(),
                action: action.clone(),
                impact: *impact,
                command: command.clone(),
                target: target.clone(),
                ask: ask.clone(),
                at,
            });
        }
        Event::Confirmed { prompt, step, how, .. } => {
            let real = run.opened.as_ref().is_none_or(|opened| opened.mode == Mode::Real);
            require(how != "drill-script" || !real, "a script confirmed in a real run")?;
            let open = answered(run, *prompt, step.as_ref())?;
            match step {
                Some(step) => {
                    resume_at_prompt(run, step)?;
                    run.confirmed_at = Some(open.at);
                }
                None => run.improvising = Some(open.command),
            }
            run.prompt = None;
        }
        Event::Declined { prompt, step, .. } => {
            answered(run, *prompt, step.as_ref())?;
            if let Some(step) = step {
                resume_at_prompt(run, step)?;
            }
            run.prompt = None;
        }
        Event::AttemptStarted { attempt, step, action, impact, command, target } => {
            require(!run.attempts.contains_key(attempt), "an attempt cannot start twice")?;
            start(run, attempt, step.as_ref(), action.as_ref(), *impact, command)?;
            run.running.insert(attempt.clone());
            run.order.push(attempt.clone());
            let started = Attempt {
                step: step.clone(),
                action: action.clone(),
                impact: *impact,
                command: command.clone(),
                target: target.clone(),
                started: at,
                state: AttemptState::Running,
            };
            run.attempts.insert(attempt.clone(), started);
        }
        Event::AttemptFinished { attempt, outcome, verdict, polls, streams, aws, .. } => {
            finish(run, attempt, outcome, verdict)?;
            run.running.remove(attempt);
            if let Some(known) = run.attempts.get_mut(attempt) {
                known.state = AttemptState::Finished {
                    at,
                    outcome: outcome.clone(),
                    verdict: verdict.clone(),
                    polls: *polls,
                    streams: streams.clone(),
                    aws: aws.clone(),
                };
            }
        }
        Event::Captured { name, value, attempt } => {
            known(run, attempt)?;
            run.vars.insert(name.clone(), value.clone());
        }
        Event::LossMeasured { attempt, of, low_ms, high_ms, orders, last_commit, method } => {
            known(run, attempt)?;
            require(low_ms <= high_ms, "its low end is above its high end")?;
            run.losses.push(Loss {
                of: *of,
                low: Duration::from_millis(*low_ms),
                high: Duration::from_millis(*high_ms),
                orders: *orders,
                last_commit: *last_commit,
                method: method.clone(),
                attempt: attempt.clone(),
                seq: fact.seq,
            });
        }
        Event::ItemTicked { step, item, .. } => {
            let index = current(run, step)?;
            let tick = run.ticks.get_mut(index).and_then(|ticks| ticks.get_mut(*item as usize));
            match tick {
                Some(tick) if !*tick => *tick = true,
                Some(_) => return Err("the item was ticked already".to_owned()),
                None => return Err("the step has no such item".to_owned()),
            }
        }
        Event::StepDone { step, how, note, .. } => {
            let index = current(run, step)?;
            let last = run.plan.steps.get(index).map_or(0, |step| runnable(step).len());
            let fits = match (how.as_str(), run.steps.get(index)) {
                ("ran" | "read", Some(StepState::Paused { cursor })) => *cursor >= last,
                ("by-hand", Some(StepState::ByHand)) => true,
                ("marked", Some(state)) => {
                    matches!(state, StepState::Failed { .. } | StepState::Paused { .. } | StepState::Offered)
                }
                _ => false,
            };
            require(fits, "the step cannot be done from where it is")?;
            settle(run, index, StepState::Done { how: how.clone(), note: note.clone() }, at);
        }
        Event::StepFailed { step, attempt, why } => {
            let index = current(run, step)?;
            let cursor = match run.steps.get(index) {
                Some(StepState::Paused { cursor }) if attempt.is_none() => *cursor,
                Some(StepState::Running { attempt: ran, cursor })
                    if (attempt.as_ref() == Some(ran) || attempt.is_none()) && !run.running.contains(ran) =>
                {
                    *cursor
                }
                _ => return Err("the step cannot fail from where it is".to_owned()),
            };
            run.retry = None;
            run.confirmed_at = None;
            set_state(run, index, StepState::Failed { attempt: attempt.clone(), cursor, why: why.clone() });
        }
        Event::StepSkipped { step, reason, .. } => {
            let index = current(run, step)?;
            let fits = match run.steps.get(index) {
                Some(StepState::Offered | StepState::Paused { .. } | StepState::Failed { .. } | StepState::ByHand) => {
                    true
                }
                Some(StepState::Running { attempt, .. }) => !run.running.contains(attempt),
                Some(
                    StepState::Waiting
                    | StepState::Confirming { .. }
                    | StepState::Done { .. }
                    | StepState::Skipped { .. }
                    | StepState::NotApplicable { .. },
                )
                | None => false,
            };
            require(fits, "the step cannot be left out from where it is")?;
            settle(run, index, StepState::Skipped { reason: reason.clone() }, at);
        }
        Event::RetryChosen { step, .. } => {
            let index = current(run, step)?;
            let Some(StepState::Failed { cursor, .. }) = run.steps.get(index) else {
                return Err("the step has not failed".to_owned());
            };
            let cursor = *cursor;
            set_state(run, index, StepState::Paused { cursor });
            run.tried = 0;
        }
        Event::FailurePassed { step, action, .. } => {
            let index = current(run, step)?;
            let Some(StepState::Running { attempt, cursor }) = run.steps.get(index) else {
                return Err("nothing failed that could be passed over".to_owned());
            };
            let cursor = *cursor;
            require(!run.running.contains(attempt), "the attempt still runs")?;
            require(names(run, index, cursor, Some(action)), "another action failed")?;
            stand(run, cursor.saturating_add(1));
        }
        Event::InterruptAsked { attempt, .. } => require(run.running.contains(attempt), "the attempt does not run")?,
        Event::NoteAdded { text, occurred_at, by } => {
            run.notes.push(Note { text: text.clone(), at, occurred_at: *occurred_at, by: by.clone() });
        }
        Event::RecoverySeen { since, attempt } => {
            known(run, attempt)?;
            require(run.recovery == Recovery::NotYet, "the recovery was seen already")?;
            run.recovery = Recovery::Holding(Candidate { since: *since, watch: attempt.clone() });
        }
        Event::RecoveryLost { .. } => {
            require(matches!(run.recovery, Recovery::Holding(_)), "no recovery was seen")?;
            run.recovery = Recovery::NotYet;
        }
        Event::Recovered { since, rto_ms, .. } => {
            let held = matches!(&run.recovery, Recovery::Holding(candidate) if candidate.since == *since);
            require(held, "no recovery was seen since then")?;
            run.recovery = Recovery::Restored { since: *since, rto: Duration::from_millis(*rto_ms), seq: fact.seq };
        }
        Event::Breached { objective, limit_ms, actual_ms } => run.breaches.push(Breach {
            objective: objective.clone(),
            limit: Duration::from_millis(*limit_ms),
            actual: Duration::from_millis(*actual_ms),
            seq: fact.seq,
        }),
        Event::Noticed { .. } => {}
        Event::StopAsked { how, reason, by } => {
            run.stopping = Some(Stopping { how: how.clone(), reason: reason.clone(), by: by.clone() });
            run.retry = None;
        }
        Event::Ended { how, reason, .. } => {
            run.prompt = None;
            run.stage = Stage::Ended(Ending { how: how.clone(), reason: reason.clone(), at });
        }
    }
    Ok(())
}

/// Checks that an attempt may start now. What does more than observe needs its confirmation, in any history.
fn start(
    run: &mut Run,
    attempt: &AttemptId,
    step: Option<&StepId>,
    action: Option<&ActionName>,
    impact: Impact,
    command: &str,
) -> Legal {
    require(run.stopping.is_none(), "the run is stopping")?;
    match (step, action) {
        (Some(step), action) => {
            let index = current(run, step)?;
            let cursor = startable(run, index)?;
            require(names(run, index, cursor, action), "it is another action's turn")?;
            require(impact == Impact::Observe || run.confirmed_at.is_some(), "nobody confirmed it")?;
            require(run.prompt.is_none() && !run.working(), "something else is open")?;
            run.retry = None;
            run.tried = run.tried.saturating_add(1);
            if let Some(tries) = run.tries.get_mut(index) {
                *tries = tries.saturating_add(1);
            }
            set_state(run, index, StepState::Running { attempt: attempt.clone(), cursor });
        }
        (None, Some(action)) => {
            require(run.plan.meta.recovered_when.as_ref() == Some(action), "only the recovery is watched")?;
            require(run.watch.is_none(), "the recovery is watched already")?;
            run.watches = run.watches.saturating_add(1);
            run.watch = Some(attempt.clone());
            if let Recovery::Holding(candidate) = &mut run.recovery {
                candidate.watch = attempt.clone();
            }
        }
        (None, None) => {
            require(run.improvising.as_deref() == Some(command), "nobody confirmed this command")?;
            require(!run.working(), "something else runs")?;
            run.improvising = None;
            run.improvised = run.improvised.saturating_add(1);
        }
    }
    Ok(())
}

fn finish(run: &mut Run, attempt: &AttemptId, outcome: &Outcome, verdict: &Verdict) -> Legal {
    require(run.running.contains(attempt), "the attempt does not run")?;
    if run.watch.as_ref() == Some(attempt) {
        run.watch = None;
        return Ok(());
    }
    let Some(StepState::Running { attempt: ran, cursor }) = run.steps.get(run.current) else { return Ok(()) };
    if ran != attempt {
        return Ok(());
    }
    let (index, cursor) = (run.current, *cursor);
    let Some(action) = run.plan.steps.get(index).and_then(|step| step.actions.get(cursor)) else { return Ok(()) };
    let observing = run.attempts.get(attempt).is_some_and(|attempt| attempt.impact == Impact::Observe);
    let again = run.stopping.is_none()
        && run.tried <= action.retry
        && (observing || action.repeatable)
        && *outcome != Outcome::Interrupted;
    let name = action.name.clone();
    let word = match (verdict, outcome) {
        (Verdict::Passed, _) => "ok",
        (Verdict::Failed { .. }, Outcome::TimedOut { .. }) => "timed-out",
        (Verdict::Failed { .. }, Outcome::Unreachable { .. }) => "unreachable",
        (Verdict::Failed { .. }, _) => "failed",
    };
    let exit = match outcome {
        Outcome::Exited { code } => Some(*code),
        _ => None,
    };
    let result = ActionResult { attempt: attempt.clone(), verdict: verdict.clone() };
    recall(run, &name, word, exit);
    run.results.insert(name, result);
    match verdict {
        Verdict::Passed => stand(run, cursor.saturating_add(1)),
        Verdict::Failed { .. } if again => {
            run.retries = run.retries.saturating_add(1);
            run.retry = Some(PendingRetry { number: run.retries, attempt: attempt.clone() });
        }
        Verdict::Failed { .. } => {}
    }
    Ok(())
}

fn require(holds: bool, why: &str) -> Legal {
    if holds { Ok(()) } else { Err(why.to_owned()) }
}

/// Returns the index of the current step if `id` names it.
fn current(run: &Run, id: &StepId) -> Result<usize, String> {
    match run.plan.steps.get(run.current) {
        Some(step) if &step.id == id => Ok(run.current),
        _ => Err(format!("it is not the turn of step `{id}`")),
    }
}

/// Returns the cursor of a step whose action may be asked for.
fn askable(run: &Run, index: usize) -> Result<usize, String> {
    match run.steps.get(index) {
        Some(StepState::Confirming { cursor, .. }) => Ok(*cursor),
        _ => startable(run, index),
    }
}

/// Returns the cursor of a step whose action may start.
fn startable(run: &Run, index: usize) -> Result<usize, String> {
    match run.steps.get(index) {
        Some(StepState::Paused { cursor }) => Ok(*cursor),
        Some(StepState::Running { cursor, .. }) if run.retry.is_some() => Ok(*cursor),
        _ => Err("the step is not where an action could start".to_owned()),
    }
}

fn names(run: &Run, index: usize, cursor: usize, action: Option<&ActionName>) -> bool {
    let turn = run.plan.steps.get(index).and_then(|step| runnable(step).get(cursor));
    turn.map(|turn| &turn.name) == action && action.is_some()
}

fn answered(run: &Run, prompt: u64, step: Option<&StepId>) -> Result<Prompt, String> {
    match &run.prompt {
        Some(open) if open.number == prompt && open.step.as_ref() == step => Ok(open.clone()),
        _ => Err("no such prompt is open".to_owned()),
    }
}

fn resume_at_prompt(run: &mut Run, step: &StepId) -> Legal {
    let index = current(run, step)?;
    let Some(StepState::Confirming { cursor, .. }) = run.steps.get(index) else {
        return Err("the step does not wait for a confirmation".to_owned());
    };
    let cursor = *cursor;
    set_state(run, index, StepState::Paused { cursor });
    Ok(())
}

fn known(run: &Run, attempt: &AttemptId) -> Legal {
    require(run.attempts.contains_key(attempt), "it names an attempt that never was")
}

fn set_state(run: &mut Run, index: usize, state: StepState) {
    if let Some(slot) = run.steps.get_mut(index) {
        *slot = state;
    }
}

/// Puts the current step before its action number `cursor`; past its last one a person has the rest, if there is any.
fn stand(run: &mut Run, cursor: usize) {
    let index = run.current;
    let by_hand =
        run.plan.steps.get(index).is_some_and(|step| cursor >= runnable(step).len() && owes(run, index, step));
    run.tried = 0;
    run.retry = None;
    run.confirmed_at = None;
    set_state(run, index, if by_hand { StepState::ByHand } else { StepState::Paused { cursor } });
}

/// Is a person's word missing before the step is done?
fn owes(run: &Run, index: usize, step: &Step) -> bool {
    step.manual.is_some() || run.ticks.get(index).is_some_and(|ticks| ticks.contains(&false))
}

fn settle(run: &mut Run, index: usize, state: StepState, at: Stamp) {
    // What did not run has an outcome as well, so that conditions can ask for it.
    let word = match &state {
        StepState::Skipped { .. } => Some("skipped"),
        StepState::NotApplicable { .. } => Some("not-applicable"),
        _ => None,
    };
    if let (Some(word), Some(step)) = (word, run.plan.clone().steps.get(index)) {
        for action in &step.actions {
            if !run.vars.contains_key(&format!("{}.outcome", action.name)) {
                recall(run, &action.name, word, None);
            }
        }
    }
    set_state(run, index, state);
    if let Some((_, settled)) = run.step_times.get_mut(index) {
        *settled = Some(at);
    }
    let next = index.saturating_add(1);
    let ahead = run.steps.iter().skip(next).take_while(|state| state.is_settled()).count();
    run.current = next.saturating_add(ahead);
    run.tried = 0;
    run.retry = None;
    run.confirmed_at = None;
    offer(run);
}

/// Keeps how an action ended, where other parts of the runbook use it.
fn recall(run: &mut Run, action: &ActionName, outcome: &str, exit: Option<i32>) {
    if !run.plan.recalled.contains(action) {
        return;
    }
    run.vars.insert(format!("{action}.outcome"), outcome.to_owned());
    run.vars.insert(format!("{action}.exit"), exit.map(|code| code.to_string()).unwrap_or_default());
}

fn offer(run: &mut Run) {
    set_state(run, run.current, StepState::Offered);
}
