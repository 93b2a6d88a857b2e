//! What people are asked before something acts, and what they answer.

use super::strands::{askable, asked_at, change_turn, names, open_strand, set_state};
use super::{Legal, require};
use crate::engine::decide::same_person;
use crate::engine::event::Mode;
use crate::engine::state::{Agreed, Alone, Approver, Prompt, Run, StepState, Unapproved};
use crate::kernel::StepId;

/// Opens a prompt.
pub(super) fn asked(run: &mut Run, open: Prompt) -> Legal {
    require(open.number == run.prompts.saturating_add(1), "its prompt has a wrong number")?;
    match &open.step {
        Some(step) => {
            let strand = open_strand(run, step)?;
            let cursor = askable(run, strand)?;
            require(names(run, strand, cursor, open.action.as_ref()), "it asks for another action")?;
            let other = run.prompt.as_ref().is_some_and(|other| other.step.as_ref() != Some(step));
            require(!other, "another prompt is open")?;
            for other in &open.also {
                let other = open_strand(run, &other.step)?;
                let fits = other != strand && run.siblings(strand).any(|(sibling, _)| sibling == other);
                require(fits, "it asks for what is not the same action of another item")?;
            }
            change_turn(run, strand, |turn| {
                turn.retry = None;
                turn.confirmed_at = None;
            });
            set_state(run, strand, StepState::Confirming { prompt: open.number, cursor });
        }
        None => require(run.prompt.is_none() && open.action.is_none() && !run.working(), "something else is open")?,
    }
    run.prompts = open.number;
    run.prompt = Some(open);
    Ok(())
}

/// Lets go on what was asked about, and the same for other items.
pub(super) fn confirmed(run: &mut Run, number: u64, step: Option<&StepId>, how: &str) -> Legal {
    let real = run.opened.as_ref().is_none_or(|opened| opened.mode == Mode::Real);
    require(how != "drill-script" || !real, "a script confirmed in a real run")?;
    let open = answered(run, number, step)?;
    require(open.lacks() == 0, "approvals are missing")?;
    match step {
        Some(step) => {
            let (strand, cursor) = asked_at(run, step)?;
            set_state(run, strand, StepState::Ready { cursor });
            change_turn(run, strand, |turn| turn.confirmed_at = Some(open.at));
            for other in &open.also {
                let Some(other_strand) = run.strand(&other.step) else { continue };
                let agreed = Agreed { command: other.command.clone(), target: other.target.clone(), at: open.at };
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
    Ok(())
}

/// Has what was asked about wait.
pub(super) fn declined(run: &mut Run, number: u64, step: Option<&StepId>) -> Legal {
    let open = answered(run, number, step)?;
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
    Ok(())
}

/// Takes a signed approval of `request`.
pub(super) fn approved(run: &mut Run, number: u64, approver: Approver, request: &String, by: &str) -> Legal {
    let own = run.opened.as_ref().and_then(|opened| run.prompt.as_ref()?.request(opened));
    require(own.as_ref() == Some(request), "the approval is of another request")?;
    agreed(run, number, approver, by)
}

/// Takes an approval that somebody says was given.
pub(super) fn approval_stated(run: &mut Run, number: u64, approver: &str, command: &str, by: &str) -> Legal {
    let drill = run.opened.as_ref().is_some_and(|opened| opened.mode == Mode::Drill);
    require(drill, "an approval of a real run is signed")?;
    let same = run.prompt.as_ref().is_some_and(|open| open.command == *command);
    require(same, "the approval is of another command")?;
    agreed(run, number, Approver { name: approver.to_owned(), key: None }, by)
}

/// Does without the approvals that are missing.
pub(super) fn approval_waived(run: &mut Run, number: u64, waived: impl FnOnce(String) -> Unapproved) -> Legal {
    let open = wanting(&mut run.prompt, number)?;
    open.alone = Alone::Yes;
    let step = open.step.clone();
    let what = step.and_then(|step| run.strand(&step)).map(|strand| run.label(strand)).unwrap_or_default();
    run.unapproved.push(waived(what));
    Ok(())
}

/// Adds somebody who agreed: another person than those who act, and each one once.
fn agreed(run: &mut Run, prompt: u64, approver: Approver, by: &str) -> Legal {
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
