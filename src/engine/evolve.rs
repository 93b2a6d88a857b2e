//! The legality table, and the only place where the state of a run changes.
//!
//! Whatever comes here was either decided a moment ago or read from a log; a fact that does not fit is refused with the
//! state untouched, so a forged or torn log cannot make a state that no run was ever in.

mod attempts;
mod course;
mod exercise;
mod rollback;
mod strands;

use std::time::Duration;

use super::decide::{is_read, same_person};
use super::event::{Event, Fact, Mode};
use super::objectives::between;
use super::state::{
    Agreed, Alarm, Alone, Approver, Attempt, AttemptState, Breach, Candidate, Condition, Ending, Fixed, Lane, Loss,
    Note, Progress, Prompt, Reading, Recovery, Run, Second, Stage, StepState, Stopping, Strand, Turn, Unapproved,
    Waiver,
};
use crate::kernel::{ActionName, AttemptId, StepId};
use crate::runbook::{Moment, Watching};
use attempts::{Starting, finish, look_asked, looked, retried, start};
use course::{decided, recall};
use strands::{askable, asked_at, change_turn, names, offer, open_strand, set_state, settle, stand};

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
        (Stage::Ended(_), Event::Resumed(_) | Event::Continues(_) | Event::RecordedAgain { .. }) => {
            // The run is over; only its seal is missing.
            run.last_seq = Some(fact.seq);
            return Ok(());
        }
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
            offer(run, at);
        }
        Event::InputSet { name, value, source, .. } => {
            require(is_read(run, name, value, *source), "no second person has read the value")?;
            run.vars.insert(name.clone(), value.clone());
            run.sources.insert(name.clone(), *source);
            run.entered.insert(name.clone());
            run.lost.remove(name);
            run.readings.remove(name);
            // What was confirmed was read with another value.
            for strand in run.open_strands() {
                change_turn(run, strand, |turn| {
                    turn.confirmed_at = None;
                    turn.agreed.clear();
                });
            }
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
            let strand = open_strand(run, step)?;
            let cursor = match run.state(strand) {
                Some(StepState::Ready { cursor } | StepState::Paused { cursor }) => *cursor,
                _ => return Err("it is not an action's turn".to_owned()),
            };
            require(names(run, strand, cursor, Some(action)), "it is another action's turn")?;
            recall(run, action, "not-applicable", None);
            stand(run, strand, cursor.saturating_add(1));
        }
        Event::NotApplicable { step, action: None, why } => {
            let strand = open_strand(run, step)?;
            require(run.state(strand) == Some(&StepState::Offered), "the step was not offered")?;
            settle(run, strand, StepState::NotApplicable { why: why.clone() }, at);
        }
        Event::StepOwed { step, owner, due, note, .. } => {
            let strand = open_strand(run, step)?;
            let owed = run.plan.steps.get(strand.step).is_some_and(|step| step.duty.owed.is_some());
            let stands = matches!(
                run.state(strand),
                Some(StepState::Offered | StepState::Paused { .. } | StepState::Failed { .. } | StepState::ByHand)
            );
            require(owed && stands && strand.item.is_none(), "the step cannot be left open from where it is")?;
            settle(run, strand, StepState::Owed { owner: owner.clone(), due: *due, note: note.clone() }, at);
        }
        Event::DeadlinePassed { step } => {
            let strand = open_strand(run, step)?;
            run.overdue.insert(strand.step);
        }
        Event::MessageSent { step, message, .. } => {
            let index = run.plan.step_index(step).ok_or("there is no such step")?;
            let has = run.plan.steps.get(index).is_some_and(|step| step.messages.iter().any(|m| m.name == *message));
            require(has && run.was_reached(index), "there is no such message yet")?;
            run.messages = run.messages.saturating_add(1);
            run.sent.insert(message.clone());
            run.sent_at.insert(message.clone(), run.messages);
            run.due.remove(message);
        }
        Event::Jumped { step, to, why, ruled_out } => course::jumped(run, step, to, why, ruled_out, at)?,
        Event::RollbackChosen { step, undo, .. } => rollback::chosen(run, step, undo)?,
        Event::WatchFailed { action, why } => {
            let known = run.plan.action(action).is_some_and(|(_, action)| action.watch == Watching::UntilTheEnd);
            require(known, "nobody looks at that")?;
            require(run.failing(action).is_none(), "it failed already")?;
            let alarm = Alarm { why: why.clone(), since: at, condition: Condition::Fails, seen_by: None };
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
        }
        Event::WatchHeld { action } => {
            let alarm = run.alarms.get_mut(action).filter(|alarm| alarm.condition == Condition::Fails);
            let alarm = alarm.ok_or("it did not fail")?;
            alarm.condition = Condition::Holds;
            if alarm.seen_by.is_some() {
                run.alarms.remove(action);
            }
        }
        Event::AlarmSeen { action, by, .. } => {
            let alarm = run.alarms.get_mut(action).filter(|alarm| alarm.seen_by.is_none());
            let alarm = alarm.ok_or("nothing was told about it")?;
            alarm.seen_by = Some(by.clone());
            if alarm.condition == Condition::Holds {
                run.alarms.remove(action);
            }
        }
        Event::MessageDue { message } => {
            require(run.sent_at.contains_key(message), "the message was never sent")?;
            run.due.insert(message.clone());
        }
        Event::Decided { step, branch, label, ruled_out, again, note, .. } => {
            decided(run, (step, *branch, label, note.as_ref()), ruled_out, again, at)?;
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
            let strand = open_strand(run, step)?;
            require(run.state(strand) == Some(&StepState::Offered), "the step was not offered")?;
            if let Some((started, _)) = run.step_times.get_mut(strand.step) {
                *started = Some(at);
            }
            stand(run, strand, 0);
        }
        Event::ItemsBegun { step, items } => {
            let strand = open_strand(run, step)?;
            let Some(StepState::Ready { cursor }) = run.state(strand) else {
                return Err("the step is not where its items could begin".to_owned());
            };
            let (from, whole) = (*cursor, strand.item.is_none());
            let step = run.plan.steps.get(strand.step);
            let spreads = step.is_some_and(|step| Run::spread_at(step, from).is_some());
            require(whole && spreads && !items.is_empty(), "the step does not run for items here")?;
            let first = run.lanes_of(strand.step).count();
            for (index, item) in items.iter().enumerate() {
                let lane = Lane {
                    from,
                    first,
                    item: item.clone(),
                    state: StepState::Ready { cursor: from },
                    turn: Turn::default(),
                    vars: std::collections::BTreeMap::new(),
                    times: (None, None),
                    undoes: None,
                };
                run.lanes.insert(Strand { step: strand.step, item: Some(first.saturating_add(index)) }, lane);
            }
            set_state(run, strand, StepState::Spread { cursor: from });
        }
        Event::ItemsPassed { step } => {
            let strand = open_strand(run, step)?;
            let Some(StepState::Spread { cursor }) = run.state(strand) else {
                return Err("the step does not run for items".to_owned());
            };
            let step = run.plan.steps.get(strand.step);
            let end = step.and_then(|step| Run::spread_at(step, *cursor)).map_or(usize::MAX, |(_, end)| end);
            stand(run, strand, end);
        }
        Event::ConfirmationAsked { prompt, step, action, impact, command, target, ask, also, approval } => {
            require(*prompt == run.prompts.saturating_add(1), "its prompt has a wrong number")?;
            match step {
                Some(step) => {
                    let strand = open_strand(run, step)?;
                    let cursor = askable(run, strand)?;
                    require(names(run, strand, cursor, action.as_ref()), "it asks for another action")?;
                    let other = run.prompt.as_ref().is_some_and(|open| open.step.as_ref() != Some(step));
                    require(!other, "another prompt is open")?;
                    for other in also {
                        let other = open_strand(run, &other.step)?;
                        let fits = other != strand && run.siblings(strand).any(|(sibling, _)| sibling == other);
                        require(fits, "it asks for what is not the same action of another item")?;
                    }
                    change_turn(run, strand, |turn| {
                        turn.retry = None;
                        turn.confirmed_at = None;
                    });
                    set_state(run, strand, StepState::Confirming { prompt: *prompt, cursor });
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
                also: also.clone(),
                approval: approval.clone(),
                approved: Vec::new(),
                alone: Alone::No,
                at,
            });
        }
        Event::Confirmed { prompt, step, how, .. } => {
            let real = run.opened.as_ref().is_none_or(|opened| opened.mode == Mode::Real);
            require(how != "drill-script" || !real, "a script confirmed in a real run")?;
            let open = answered(run, *prompt, step.as_ref())?;
            require(open.lacks() == 0, "approvals are missing")?;
            match step {
                Some(step) => {
                    let (strand, cursor) = asked_at(run, step)?;
                    set_state(run, strand, StepState::Ready { cursor });
                    change_turn(run, strand, |turn| turn.confirmed_at = Some(open.at));
                    for other in &open.also {
                        let Some(other_strand) = run.strand(&other.step) else { continue };
                        let agreed =
                            Agreed { command: other.command.clone(), target: other.target.clone(), at: open.at };
                        change_turn(run, other_strand, |turn| {
                            turn.agreed.insert(cursor, agreed);
                        });
                        if run.state(other_strand) == Some(&StepState::Paused { cursor }) {
                            set_state(run, other_strand, StepState::Ready { cursor });
                        }
                    }
                }
                None => run.improvising = Some(open.command),
            }
            run.prompt = None;
        }
        Event::Approved { prompt, approver, key, request, by, .. } => {
            let own = run.opened.as_ref().and_then(|opened| run.prompt.as_ref()?.request(opened));
            require(own.as_ref() == Some(request), "the approval is of another request")?;
            approved(run, *prompt, Approver { name: approver.clone(), key: Some(key.clone()) }, by)?;
        }
        Event::ApprovalStated { prompt, approver, command, by } => {
            let drill = run.opened.as_ref().is_some_and(|opened| opened.mode == Mode::Drill);
            require(drill, "an approval of a real run is signed")?;
            let same = run.prompt.as_ref().is_some_and(|open| open.command == *command);
            require(same, "the approval is of another command")?;
            approved(run, *prompt, Approver { name: approver.clone(), key: None }, by)?;
        }
        Event::ApprovalWaived { prompt, missing, waited_s, reason, by } => {
            let open = wanting(&mut run.prompt, *prompt)?;
            open.alone = Alone::Yes;
            let step = open.step.clone();
            let what = step.and_then(|step| run.strand(&step)).map(|strand| run.label(strand)).unwrap_or_default();
            let (missing, waited_s, reason, by) = (*missing, *waited_s, reason.clone(), by.clone());
            run.unapproved.push(Unapproved { what, missing, waited_s, reason, by });
        }
        Event::Declined { prompt, step, .. } => {
            let open = answered(run, *prompt, step.as_ref())?;
            if let Some(step) = step {
                let (strand, cursor) = asked_at(run, step)?;
                set_state(run, strand, StepState::Paused { cursor });
                for other in open.also.iter().filter_map(|also| run.strand(&also.step)).collect::<Vec<_>>() {
                    if run.state(other) == Some(&StepState::Ready { cursor }) {
                        set_state(run, other, StepState::Paused { cursor });
                    }
                }
            }
            run.prompt = None;
        }
        Event::AttemptStarted { attempt, step, action, impact, command, target } => {
            require(!run.attempts.contains_key(attempt), "an attempt cannot start twice")?;
            let what = Starting { action: action.as_ref(), impact: *impact, command, target };
            start(run, attempt, step.as_ref(), &what, at)?;
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
            match run.strand_of(attempt).and_then(|strand| run.lanes.get_mut(&strand)) {
                // Of an item alone; the list is made of those that are done.
                Some(lane) => lane.vars.insert(name.clone(), value.clone()),
                None => run.vars.insert(name.clone(), value.clone()),
            };
            run.lost.remove(name);
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
            let strand = open_strand(run, step)?;
            let tick = run.ticks.get_mut(strand.step).and_then(|ticks| ticks.get_mut(*item as usize));
            match tick {
                Some(tick) if !*tick => *tick = true,
                Some(_) => return Err("the item was ticked already".to_owned()),
                None => return Err("the step has no such item".to_owned()),
            }
        }
        Event::StepDone { step, how, note, .. } => {
            let strand = open_strand(run, step)?;
            let fits = match (how.as_str(), run.state(strand)) {
                ("ran" | "read", Some(StepState::Ready { cursor })) => run.action_at(strand, *cursor).is_none(),
                ("by-hand", Some(StepState::ByHand)) => {
                    run.plan.steps.get(strand.step).is_some_and(|step| step.decision.is_none())
                }
                ("marked", Some(state)) => {
                    matches!(state, StepState::Failed { .. } | StepState::Paused { .. } | StepState::Offered)
                }
                _ => false,
            };
            require(fits, "the step cannot be done from where it is")?;
            settle(run, strand, StepState::Done { how: how.clone(), note: note.clone() }, at);
        }
        Event::StepFailed { step, attempt, why } => {
            let strand = open_strand(run, step)?;
            let cursor = match run.state(strand) {
                Some(StepState::Ready { cursor } | StepState::Paused { cursor } | StepState::Spread { cursor })
                    if attempt.is_none() =>
                {
                    *cursor
                }
                Some(StepState::Running { attempt: ran, cursor })
                    if (attempt.as_ref() == Some(ran) || attempt.is_none()) && !run.running.contains(ran) =>
                {
                    *cursor
                }
                _ => return Err("the step cannot fail from where it is".to_owned()),
            };
            change_turn(run, strand, |turn| {
                turn.retry = None;
                turn.confirmed_at = None;
            });
            set_state(run, strand, StepState::Failed { attempt: attempt.clone(), cursor, why: why.clone() });
        }
        Event::StepSkipped { step, reason, .. } => {
            let strand = open_strand(run, step)?;
            let fits = match run.state(strand) {
                Some(
                    StepState::Offered
                    | StepState::Ready { .. }
                    | StepState::Paused { .. }
                    | StepState::Failed { .. }
                    | StepState::ByHand,
                ) => true,
                Some(StepState::Running { attempt, .. }) => !run.running.contains(attempt),
                Some(
                    StepState::Waiting
                    | StepState::Confirming { .. }
                    | StepState::Spread { .. }
                    | StepState::Done { .. }
                    | StepState::Skipped { .. }
                    | StepState::Owed { .. }
                    | StepState::NotApplicable { .. },
                )
                | None => false,
            };
            require(fits, "the step cannot be left out from where it is")?;
            settle(run, strand, StepState::Skipped { reason: reason.clone() }, at);
        }
        Event::LookAsked { step, attempt, .. } => look_asked(run, step, attempt)?,
        Event::Looked { attempt, seen, what } => looked(run, attempt, *seen, what)?,
        Event::RetryChosen { step, .. } => retried(run, step, None)?,
        Event::CommandEdited { step, action, after, .. } => retried(run, step, Some((action, after)))?,
        Event::JumpChosen { step, to, reason, ruled_out, again, .. } => {
            course::jump_chosen(run, (step, to, reason), ruled_out, again, at)?;
        }
        Event::FailurePassed { step, action, .. } => {
            let strand = open_strand(run, step)?;
            let Some(StepState::Running { attempt, cursor }) = run.state(strand) else {
                return Err("nothing failed that could be passed over".to_owned());
            };
            let cursor = *cursor;
            require(!run.running.contains(attempt), "the attempt still runs")?;
            require(names(run, strand, cursor, Some(action)), "another action failed")?;
            stand(run, strand, cursor.saturating_add(1));
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
        Event::Exercise(what) => exercise::exercised(run, what, at)?,
        Event::Facilitation(_) => return Err("it belongs in a facilitator's log".to_owned()),
        Event::Noticed { .. } | Event::Continues(_) | Event::WentUnrecorded { .. } | Event::RecordedAgain { .. } => {}
        Event::Resumed(_) => {
            // The engine before held them, in memory alone.
            let held = run.plan.secrets.iter().map(|secret| &secret.name).filter(|name| run.vars.contains_key(*name));
            run.lost = held.cloned().collect();
        }
        Event::StopAsked { how, reason, by } => {
            run.stopping = Some(Stopping { how: how.clone(), reason: reason.clone(), by: by.clone() });
            for strand in run.open_strands() {
                change_turn(run, strand, |turn| turn.retry = None);
            }
        }
        Event::Ended { how, reason, .. } => {
            run.prompt = None;
            run.stage = Stage::Ended(Ending { how: how.clone(), reason: reason.clone(), at });
        }
    }
    Ok(())
}

fn require(holds: bool, why: &str) -> Legal {
    if holds { Ok(()) } else { Err(why.to_owned()) }
}

/// Adds somebody who agreed: another person than those who act, and each one once.
fn approved(run: &mut Run, prompt: u64, approver: Approver, by: &str) -> Result<(), String> {
    let operator = run.opened.as_ref().map_or("", |opened| opened.by.as_str());
    let acts = same_person(&approver.name, by) || same_person(&approver.name, operator);
    require(!acts, "operators approve nothing")?;
    let open = wanting(&mut run.prompt, prompt)?;
    let key = |known: &Approver| known.key.is_some() && known.key == approver.key;
    let twice = open.approved.iter().any(|known| same_person(&known.name, &approver.name) || key(known));
    require(!twice, "the same person approved twice")?;
    open.approved.push(approver);
    Ok(())
}

/// Returns the open prompt of this number, if it still wants approvals.
fn wanting(open: &mut Option<Prompt>, number: u64) -> Result<&mut Prompt, String> {
    let wanting = open.as_mut().filter(|open| open.number == number && open.lacks() > 0);
    wanting.ok_or_else(|| "no such prompt wants an approval".to_owned())
}

fn answered(run: &Run, prompt: u64, step: Option<&StepId>) -> Result<Prompt, String> {
    match &run.prompt {
        Some(open) if open.number == prompt && open.step.as_ref() == step => Ok(open.clone()),
        _ => Err("no such prompt is open".to_owned()),
    }
}

/// Does a step of this strand require what a watch looks at?
fn requires(run: &Run, strand: Strand, watch: &ActionName) -> bool {
    let step = run.plan.steps.get(strand.step);
    step.is_some_and(|step| step.actions.iter().any(|action| action.require.contains(watch)))
}

fn known(run: &Run, attempt: &AttemptId) -> Legal {
    require(run.attempts.contains_key(attempt), "it names an attempt that never was")
}
