//! Approvals: who agreed, by signature or in a drill by word of mouth, and what happens when nobody can be reached.
//!
//! A missing approver never blocks a recovery: with a reason the operator goes on, and the summary leads with it.

use super::draft::Draft;
use super::operator::{open_prompt, said};
use super::values::same_person;
use crate::engine::event::{Event, Mode};
use crate::engine::input::SignedApproval;
use crate::engine::refusal::Refusal;
use crate::engine::state::Prompt;

/// Takes somebody's verified signature of the request.
pub(super) fn signed(draft: &mut Draft, signed: &SignedApproval, by: &str) -> Result<(), Refusal> {
    let prompt = wanting(draft, signed.prompt)?;
    let SignedApproval { approver, key, request, sig, .. } = signed.clone();
    let own = draft.run.opened.as_ref().and_then(|opened| prompt.request(opened));
    if own.is_none_or(|own| own != request) {
        return Err(Refusal::OtherRequest);
    }
    let known = prompt.approved.iter().any(|known| known.key.as_ref() == Some(&key));
    if known || counts_already(draft, &prompt, &approver, by) {
        return Err(Refusal::SameApprover(approver));
    }
    draft.add(Event::Approved { prompt: prompt.number, approver, key, request, sig, by: by.to_owned() })
}

/// Takes the name of somebody who agreed, in a drill.
pub(super) fn state(draft: &mut Draft, number: u64, approver: &str, by: &str) -> Result<(), Refusal> {
    let prompt = wanting(draft, number)?;
    if draft.run.opened.as_ref().is_none_or(|opened| opened.mode != Mode::Drill) {
        return Err(Refusal::ApprovalUnsigned);
    }
    let approver = said(approver).ok_or(Refusal::ApproverMissing)?;
    if counts_already(draft, &prompt, &approver, by) {
        return Err(Refusal::SameApprover(approver));
    }
    let (command, by) = (prompt.command, by.to_owned());
    draft.add(Event::ApprovalStated { prompt: number, approver, command, by })
}

/// Returns the open prompt, if it still wants approvals.
fn wanting(draft: &Draft, number: u64) -> Result<Prompt, Refusal> {
    let prompt = open_prompt(draft, number)?;
    if prompt.lacks() == 0 { Err(Refusal::NoApprovalWanted) } else { Ok(prompt) }
}

/// Is it somebody who agreed already, or one of those who act?
fn counts_already(draft: &Draft, prompt: &Prompt, approver: &str, by: &str) -> bool {
    let operator = draft.run.opened.as_ref().map_or("", |opened| opened.by.as_str());
    let mut names = prompt.approved.iter().map(|known| known.name.as_str()).chain([operator, by]);
    names.any(|name| same_person(name, approver))
}

/// Goes on without the approvals that are missing.
pub(super) fn waive(draft: &mut Draft, number: u64, reason: &str, by: &str) -> Result<(), Refusal> {
    let prompt = wanting(draft, number)?;
    let reason = said(reason).ok_or(Refusal::ReasonMissing)?;
    let waited_s = draft.now.since(&prompt.at).as_secs();
    draft.add(Event::ApprovalWaived { prompt: number, missing: prompt.lacks(), waited_s, reason, by: by.to_owned() })
}
