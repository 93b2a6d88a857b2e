//! Floor 3: the incident log as bytes: facts become chained lines, lines become facts, and a verifier says what they are worth.
//!
//! `docs/incident-log.md` is the format. Nothing here opens a file, reads a clock or asks for a key: bytes, times,
//! signatures and trust come in as arguments.

mod addenda;
mod anchor;
mod approval;
mod chain;
mod clocks;
mod consent;
mod entry;
mod findings;
mod line;
mod parts;
mod pass;
mod read;
mod removals;
mod running;
mod signers;
mod sshsig;
mod stamp;
mod strict;
mod verify;

pub use addenda::{Addenda, Addendum, Addition, Pending};
pub use anchor::{Anchor, Anchored, Vouched, Voucher};
pub use approval::{APPROVE_NAMESPACE, Answer, ApprovalError, Approvals};
pub use chain::{Chain, ChainError, Draft, Mark, Placed, wanted_statement};
pub use entry::{Body, Entry};
pub use findings::{Coverage, Finding, OutputClaim, Severity, Signed, SignerKind, Verdict, Verification};
pub use line::{Broken, MAX_LINE, time_text};
pub use parts::{Part, continues, in_order, part_name};
pub use read::{Reading, read_entry, read_log};
pub use removals::{Recorded as RecordedRemoval, Removal, Removals, Stage as RemovalStage};
pub use running::{Here, Running};
pub use signers::{AllowedSigners, Skipped, Standing};
pub use sshsig::{
    ADDENDUM_NAMESPACE, Armour, CHECKPOINT_NAMESPACE, Digest512, SEAL_NAMESPACE, SESSION_NAMESPACE, SessionKey,
    SignatureError, WITNESS_NAMESPACE, signed_blob,
};
pub use stamp::{Stamp, StampError, nonce_bytes, read_stamp, stamp_request};
pub use verify::{PRACTICE_PRINCIPAL, Trust, VerifyError, verify, verify_with};
