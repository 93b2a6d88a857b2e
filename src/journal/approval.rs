//! Approvals by signature: judged when they are handed in, and again whenever the log is verified.

use sha2::{Digest as _, Sha512};
use ssh_key::public::KeyData;

use super::findings::Signed;
use super::sshsig::{Armour, Digest512, SignatureError};
use super::verify::Trust;
use crate::engine::{Mode, SignedApproval};
use crate::kernel::SafeText;

/// Is the namespace of an approver's signature of a request.
pub const APPROVE_NAMESPACE: &str = "approve@lifeboat";

const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";

/// Says why an approval does not count. Nothing was recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalError {
    /// There is no signature in it.
    #[error(
        "There is no signature in it. Paste the whole of what `lifeboat approve` or `ssh-keygen -Y sign` gave, from {BEGIN} to {END}."
    )]
    NoSignature,
    /// The signature is of no use.
    #[error("The signature {0}.")]
    Unreadable(SignatureError),
    /// It was made for another run.
    #[error("It approves something in run {theirs}, and this is run {ours}.")]
    OtherRun {
        /// The run that it names.
        theirs: String,
        /// The run in which it was handed in.
        ours: String,
    },
    /// It was made for another text.
    #[error(
        "The signature does not fit this request: it approves another step or command, or the request as it was before. Send them the request that is shown now."
    )]
    OtherRequest,
    /// The operator cannot approve what the operator does.
    #[error("It is signed by {0}, who operates this run. Another person has to agree.")]
    Operator(String),
    /// The key has only patterns for names.
    #[error(
        "The allowed signers have no plain name for the key {0}. Put `approver NAME` on a line before the signature."
    )]
    Nameless(String),
    /// The signer does not count.
    #[error("The signature of {who} ({key}) does not count: {why}.")]
    DoesNotCount {
        /// Who signed.
        who: String,
        /// The fingerprint of the key.
        key: String,
        /// Why.
        why: String,
    },
}

/// Is what somebody handed in: a signature, and what stands around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    sig: Armour,
    approver: Option<String>,
    run: Option<String>,
}

impl Answer {
    /// Finds the signature in a text, and before it the lines `run …` and `approver …`, as `lifeboat approve` writes them.
    /// Blanks and line ends that the way here added do no harm.
    ///
    /// # Errors
    /// If there is none, or none that can be read.
    pub fn read(text: &str) -> Result<Self, ApprovalError> {
        let (before, rest) = text.split_once(BEGIN).ok_or(ApprovalError::NoSignature)?;
        let (inside, _) = rest.split_once(END).ok_or(ApprovalError::NoSignature)?;
        let base64: String = inside.split_whitespace().filter(|part| *part != ">").collect();
        let digits: Vec<char> = base64.chars().collect();
        let lines: Vec<String> = digits.chunks(70).map(|line| line.iter().collect()).collect();
        let armour = format!("{BEGIN}\n{}\n{END}\n", lines.join("\n"));
        let sig = Armour::read(&armour).map_err(ApprovalError::Unreadable)?;
        let said = |name: &str| {
            let line = before.lines().rev().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(' '));
            line.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
        };
        Ok(Self { sig, approver: said("approver"), run: said("run") })
    }

    /// Writes an answer: what [`Self::read`] reads.
    ///
    /// # Errors
    /// Only if the signature itself is beyond encoding.
    pub fn text(run: &str, approver: &str, sig: &Armour) -> Result<String, SignatureError> {
        Ok(format!("lifeboat approval\nrun {run}\napprover {approver}\n{}", sig.text()?))
    }

    /// Judges whether it approves this request. `operates` are the names of those who act; `own` tells their keys.
    ///
    /// # Errors
    /// Why it does not count.
    pub fn judge(
        self,
        (prompt, run, request): (u64, &str, &str),
        trust: &Trust,
        mode: Mode,
        operates: &[&str],
        own: &dyn Fn(&KeyData) -> bool,
    ) -> Result<SignedApproval, ApprovalError> {
        let Self { sig, approver, run: theirs } = self;
        if let Some(theirs) = theirs.filter(|theirs| theirs != run) {
            return Err(ApprovalError::OtherRun {
                theirs: SafeText::line(&theirs).into_string(),
                ours: run.to_owned(),
            });
        }
        match check(&sig, request) {
            Ok(()) => {}
            Err(SignatureError::Wrong) => return Err(ApprovalError::OtherRequest),
            Err(why) => return Err(ApprovalError::Unreadable(why)),
        }
        let fingerprint = Signed::new("", sig.key()).fingerprint;
        let names: Vec<&str> = trust.signers.names(sig.key()).collect();
        let known = approver.iter().map(String::as_str).chain(names.iter().copied());
        let operates = |name: &str| operates.iter().any(|operator| operator.trim().eq_ignore_ascii_case(name.trim()));
        if let Some(name) = known.clone().find(|name| operates(name)) {
            return Err(ApprovalError::Operator(SafeText::line(name).into_string()));
        }
        if own(sig.key()) {
            return Err(ApprovalError::Operator(fingerprint));
        }
        let objection = |name: &str| trust.objection(name, sig.key(), APPROVE_NAMESPACE, mode);
        let found = match &approver {
            Some(approver) => approver.as_str(),
            None => match names.iter().find(|name| objection(name).is_none()).or(names.first()) {
                Some(name) => name,
                None if trust.signers.has(sig.key()) => return Err(ApprovalError::Nameless(fingerprint)),
                None => "somebody",
            },
        };
        if let Some(why) = objection(found) {
            let who = SafeText::line(found).into_string();
            return Err(ApprovalError::DoesNotCount { who, key: fingerprint, why });
        }
        let sig = sig.text().map_err(ApprovalError::Unreadable)?;
        let (approver, request) = (found.to_owned(), request.to_owned());
        Ok(SignedApproval { prompt, approver, key: fingerprint, request, sig })
    }
}

/// Checks that a signature is one of this request.
pub(super) fn check(sig: &Armour, request: &str) -> Result<(), SignatureError> {
    let digest: Digest512 = Sha512::digest(request.as_bytes()).into();
    sig.check(APPROVE_NAMESPACE, &digest)
}

/// Counts the confirmations that wanted approvals and were given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Approvals {
    /// How many there were.
    pub confirmed: u64,
    /// How many of them had all the signatures that they wanted, each by somebody who counts.
    pub signed: u64,
}
