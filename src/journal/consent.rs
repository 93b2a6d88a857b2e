//! The approvals of a log, followed line by line: was what was confirmed signed by those who had to agree, and did it run
//! as they signed it?

use super::approval::{APPROVE_NAMESPACE, Approvals, check};
use super::findings::{Severity, Signed};
use super::line::Head;
use super::sshsig::{Armour, SignatureError};
use super::verify::Trust;
use crate::engine::{Asking, Event, Opened, SignedApproval};
use crate::kernel::{SafeText, StepId};

/// Is what was found about a line: how grave, and a sentence without its period.
type Found = Vec<(Severity, String)>;

/// Follows the open question that wants approvals; there is one at a time.
#[derive(Debug, Default)]
pub(super) struct Consent {
    open: Option<Open>,
    /// What was approved and confirmed, and has to start next.
    starts: Option<(Option<StepId>, String)>,
    /// The operator's keys so far.
    operators: Vec<Signed>,
    /// The fingerprints of approvers that counted: the seal must not be one of theirs.
    counted: Vec<String>,
    pub(super) approvals: Approvals,
}

#[derive(Debug)]
struct Open {
    prompt: u64,
    step: Option<StepId>,
    command: String,
    wanted: u32,
    request: Option<String>,
    /// Name and fingerprint of those who count.
    agreed: Vec<(String, String)>,
}

/// How many keys are remembered; a log has a handful.
const KEYS: usize = 64;

impl Consent {
    /// Takes a key that signed for an operator, and says whether an approval was its own.
    pub(super) fn operator(&mut self, signed: &Signed) -> Found {
        let first = self.operators.is_empty();
        if self.operators.len() < KEYS && !self.operators.contains(signed) {
            self.operators.push(signed.clone());
        }
        // Who takes a run over after they approved something was another person then.
        if first && self.counted.contains(&signed.fingerprint) {
            self.approvals.signed = 0;
            let text =
                format!("{} signs for the operator, and signed an approval: no approval counts", signed.fingerprint);
            return vec![(Severity::Warning, text)];
        }
        Vec::new()
    }

    /// Takes a line, if it is of a kind that matters here.
    pub(super) fn line(&mut self, line: &[u8], head: &Head<'_>, opened: Option<&Opened>, trust: &Trust) -> Found {
        let kinds = ["confirmation-asked", "approved", "confirmed", "declined", "attempt-started"];
        let Some(opened) = opened.filter(|_| kinds.contains(&head.kind)) else { return Vec::new() };
        if head.kind == "attempt-started" && self.starts.is_none() {
            return Vec::new();
        }
        let Ok(event) = serde_json::from_slice::<Event>(line) else { return Vec::new() };
        match event {
            Event::ConfirmationAsked { prompt, step, impact, command, target, also, approval, .. } => {
                self.open = None;
                let Some(approval) = approval else { return Vec::new() };
                let asking = Asking {
                    step: step.as_ref(),
                    impact,
                    command: &command,
                    target: &target,
                    also: &also,
                    approval: &approval,
                };
                let request = asking.text(opened);
                let misplaced = approval
                    .request
                    .as_ref()
                    .is_some_and(|request| (request.lines, request.head.as_str()) != (head.seq, head.prev));
                let wanted = approval.count;
                self.open = Some(Open { prompt, step, command, wanted, request, agreed: Vec::new() });
                let text = "the line asks for approvals of another log: it does not stand where it says";
                if misplaced { vec![(Severity::Damage, text.to_owned())] } else { Vec::new() }
            }
            Event::Approved { prompt, approver, key, request, sig, by } => {
                self.approved(&SignedApproval { prompt, approver, key, request, sig }, &by, opened, trust)
            }
            Event::Confirmed { prompt, .. } => self.confirmed(prompt),
            Event::Declined { prompt, .. } => {
                self.open.take_if(|open| open.prompt == prompt);
                Vec::new()
            }
            Event::AttemptStarted { step, command, .. } => match self.starts.take() {
                Some((wanted, approved)) if wanted == step && approved != command => {
                    vec![(
                        Severity::Damage,
                        "what started is another command than the one that was approved".to_owned(),
                    )]
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    fn approved(&mut self, signed: &SignedApproval, by: &str, opened: &Opened, trust: &Trust) -> Found {
        let damage = |text: &str| vec![(Severity::Damage, text.to_owned())];
        let Some(open) = self.open.as_mut().filter(|open| open.prompt == signed.prompt) else {
            return damage("the approval answers no open question");
        };
        if open.request.as_ref() != Some(&signed.request) {
            return damage("what was approved is not what was asked, or the log before it was changed");
        }
        let sig = match Armour::read_exactly(&signed.sig).and_then(|sig| check(&sig, &signed.request).map(|()| sig)) {
            Ok(sig) => sig,
            Err(SignatureError::Wrong) => return damage("the approval's signature does not fit its request"),
            Err(why) => return damage(&format!("the approval's signature {why}")),
        };
        let who = Signed::new(&signed.approver, sig.key());
        if who.fingerprint != signed.key {
            return damage("the approval names another key than the one that signed");
        }
        let acts = |name: &str| name.trim().eq_ignore_ascii_case(signed.approver.trim());
        let own = self.operators.iter().any(|operator| operator.fingerprint == who.fingerprint);
        let objection = if own || acts(by) || acts(&opened.by) {
            Some("who operates the run cannot approve it".to_owned())
        } else if open.agreed.iter().any(|(name, key)| acts(name) || *key == who.fingerprint) {
            Some("the same person approved it already".to_owned())
        } else {
            trust.objection(&signed.approver, sig.key(), APPROVE_NAMESPACE, opened.mode)
        };
        if let Some(why) = objection {
            let text = format!("the approval is {}'s ({}), but {why}: it does not count", who.by, who.fingerprint);
            return vec![(Severity::Warning, text)];
        }
        if self.counted.len() < KEYS {
            self.counted.push(who.fingerprint.clone());
        }
        open.agreed.push((signed.approver.clone(), who.fingerprint));
        Vec::new()
    }

    fn confirmed(&mut self, prompt: u64) -> Found {
        let Some(open) = self.open.take_if(|open| open.prompt == prompt) else { return Vec::new() };
        self.approvals.confirmed += 1;
        let signed = open.agreed.len();
        self.starts = Some((open.step.clone(), open.command));
        if u32::try_from(signed).unwrap_or(u32::MAX) >= open.wanted {
            self.approvals.signed += 1;
            return Vec::new();
        }
        let step = open.step.map(|step| SafeText::line(step.as_str()).into_string()).unwrap_or_default();
        let text =
            format!("{step} was confirmed with {signed} of {} approvals signed by people who count", open.wanted);
        vec![(Severity::Note, text)]
    }
}
