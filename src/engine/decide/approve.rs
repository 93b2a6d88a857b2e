//! Approvals: who agreed, as the operator states it, and what happens when nobody can be reached.
//!
//! A missing approver never blocks a recovery: with a reason the operator goes on, and the summary leads with it.

use super::draft::Draft;
use super::operator::{open_prompt, said};
use super::values::same_person;
use crate::engine::event::Event;
use crate::engine::refusal::Refusal;

/// Takes the name of somebody who agreed.
pub(super) fn state(draft: &mut Draft, number: u64, approver: &str, by: &str) -> Result<(), Refusal> {
    let prompt = open_prompt(draft, number)?;
    if prompt.lacks() == 0 {
        return Err(Refusal::NoApprovalWanted);
    }
    let approver = said(approver).ok_or(Refusal::ApproverMissing)?;
    let operator = draft.run.opened.as_ref().map_or("", |opened| opened.by.as_str());
    let known = prompt.approved.iter().any(|name| same_person(name, &approver));
    if known || same_person(operator, &approver) || same_person(by, &approver) {
        return Err(Refusal::SameApprover(approver));
    }
    let (command, by) = (prompt.command, by.to_owned());
    draft.add(Event::ApprovalStated { prompt: number, approver, command, by })
}

/// Goes on without the approvals that are missing.
pub(super) fn waive(draft: &mut Draft, number: u64, reason: &str, by: &str) -> Result<(), Refusal> {
    let prompt = open_prompt(draft, number)?;
    if prompt.lacks() == 0 {
        return Err(Refusal::NoApprovalWanted);
    }
    let reason = said(reason).ok_or(Refusal::ReasonMissing)?;
    let waited_s = draft.now.since(&prompt.at).as_secs();
    draft.add(Event::ApprovalWaived { prompt: number, missing: prompt.lacks(), waited_s, reason, by: by.to_owned() })
}
