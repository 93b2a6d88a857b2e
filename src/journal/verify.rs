//! Says what a log is worth: one pass over its bytes in constant memory, a second one only to locate damage.

use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use sha2::{Digest as _, Sha512};
use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::anchor::Vouched;
use super::chain::checkpoint_sig;
use super::findings::{OutputClaim, Verification};
use super::line::{self, MAX_LINE};
use super::parts::{self, Part, in_order};
use super::pass::Pass;
use super::running::{Here, Running};
use super::signers::{AllowedSigners, Standing};
use super::sshsig;
use crate::engine::Mode;

/// Is the name under which practice keys sign. It counts in drills only.
pub const PRACTICE_PRINCIPAL: &str = "practice@lifeboat";

/// Says whom to trust, and when.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Who may sign.
    pub signers: AllowedSigners,
    /// Keys that count no more, whatever the file above says.
    pub revoked: Vec<PublicKey>,
    /// Where the log is known to have stood.
    pub anchors: Vec<Vouched>,
    /// Certificates of time stamp authorities whose stamps beside the log count.
    pub authorities: Option<PathBuf>,
    /// The time at which keys have to be valid: now, unless somebody asks for another time.
    pub at: DateTime<Utc>,
}

impl Trust {
    /// Says why a key that signs in somebody's name does not count, if it does not: a fragment that follows "but".
    pub(super) fn objection(&self, by: &str, key: &KeyData, namespace: &str, mode: Mode) -> Option<String> {
        if self.revoked.iter().any(|revoked| revoked.key_data() == key) {
            return Some("the key was revoked".to_owned());
        }
        if by == PRACTICE_PRINCIPAL && mode == Mode::Real {
            return Some("a practice key counts in drills only".to_owned());
        }
        match self.signers.standing(by, key, namespace, self.at) {
            Standing::Allowed => None,
            Standing::Unknown => {
                let skipped = self.signers.skipped().first().map(|s| format!("; {s}")).unwrap_or_default();
                Some(format!("no allowed signer has this name and key{skipped}"))
            }
            Standing::Namespace => Some(format!("the allowed signers do not let the key sign for {namespace}")),
            Standing::Expired => Some(format!("the key is not valid at {}", line::time_text(self.at))),
        }
    }
}

/// Says why nothing could be said.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// There is no complete line.
    #[error("there is no complete line in it, so there is nothing to verify")]
    Empty,
    /// The bytes could not be read.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
}

/// Verifies a log, whose parts come in any order. Every `attempt-finished` line is handed to `outputs`, since only the
/// caller can open files. Lines are counted through all parts.
///
/// # Errors
/// If there is nothing to verify or it cannot be read.
pub fn verify<R: Read + Seek>(
    logs: &mut [R],
    trust: &Trust,
    outputs: &mut dyn FnMut(OutputClaim),
) -> Result<Verification, VerifyError> {
    verify_with(&mut Here::default(), logs, trust, outputs)
}

/// Verifies a log as [`verify`] does. Every byte goes through `running`, which has seen none before.
///
/// # Errors
/// If there is nothing to verify or it cannot be read.
pub fn verify_with<R: Read + Seek>(
    running: &mut dyn Running,
    logs: &mut [R],
    trust: &Trust,
    outputs: &mut dyn FnMut(OutputClaim),
) -> Result<Verification, VerifyError> {
    let parts = in_order(logs)?;
    let mut pass = Pass::new(trust, outputs, running);
    for part in &parts {
        let Some(log) = logs.get_mut(part.index) else { continue };
        let length = parts::length(log)?;
        pass.part(part.number);
        read_part(&mut pass, log, part.counts)?;
        pass.part_ended(part.number, length.saturating_sub(part.counts.unwrap_or(length)));
    }
    if pass.saw_nothing() {
        return Err(VerifyError::Empty);
    }
    if pass.misfits() {
        let (from, to) = locate(logs, &parts)?;
        pass.damage(
            Some(to),
            format!(
                "the checkpoint does not fit: something in lines {from} to {to} was changed and the links made anew"
            ),
        );
    }
    Ok(pass.conclude())
}

fn read_part(pass: &mut Pass<'_>, log: &mut impl Read, counts: Option<u64>) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(256 * 1024, log.take(counts.unwrap_or(u64::MAX)));
    let mut buffer = Vec::with_capacity(64 * 1024);
    loop {
        match next_line(&mut reader, &mut buffer)? {
            Next::Line => pass.line(&buffer),
            Next::Torn(bytes) => {
                pass.torn(bytes);
                return Ok(());
            }
            Next::TooLong => {
                pass.too_long();
                return Ok(());
            }
            Next::End => return Ok(()),
        }
    }
}

enum Next {
    Line,
    Torn(u64),
    TooLong,
    End,
}

fn next_line(reader: &mut impl BufRead, buffer: &mut Vec<u8>) -> io::Result<Next> {
    buffer.clear();
    reader.by_ref().take(MAX_LINE as u64 + 1).read_until(b'\n', buffer)?;
    Ok(match buffer.last() {
        None => Next::End,
        Some(b'\n') => Next::Line,
        Some(_) if buffer.len() > MAX_LINE => Next::TooLong,
        Some(_) => Next::Torn(buffer.len() as u64),
    })
}

/// Finds the first checkpoint that does not fit; the damage lies between it and the one before.
fn locate<R: Read + Seek>(logs: &mut [R], parts: &[Part]) -> io::Result<(u64, u64)> {
    let mut buffer = Vec::new();
    let (mut number, mut good) = (0, 0);
    let mut session = None;
    for part in parts {
        let Some(log) = logs.get_mut(part.index) else { continue };
        log.rewind()?;
        let mut reader = BufReader::new(log.take(part.counts.unwrap_or(u64::MAX)));
        let mut hash = Sha512::new();
        while let Next::Line = next_line(&mut reader, &mut buffer)? {
            number += 1;
            let line = buffer.strip_suffix(b"\n").unwrap_or(&buffer);
            if let Ok(head) = line::parse(line) {
                if let Some(continues) = parts::continues(line) {
                    number = continues.parts.iter().map(|part| part.lines).sum::<u64>() + 1;
                }
                if matches!(head.kind, "open" | "resumed" | "continues") {
                    let begins = serde_json::from_slice::<Session>(line).ok();
                    session = begins.and_then(|begins| sshsig::session_key(&begins.session));
                }
                if let (Some(sig), Some(key)) = (checkpoint_sig(&head), &session) {
                    if sshsig::check_checkpoint(key, &sshsig::finish(&hash), sig).is_err() {
                        return Ok((good + 1, number));
                    }
                    good = number;
                }
            }
            hash.update(&buffer);
        }
    }
    Ok((good + 1, number))
}

/// Is the key that a line names which begins a session.
#[derive(Deserialize)]
struct Session {
    session: String,
}
