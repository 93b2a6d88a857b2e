//! Which runs were removed from a folder of runs: `removed.jsonl` beside them, lines as in a log, signed by whoever removed.
//!
//! ```text
//! removals       the first line
//! removing …     what is about to be removed: on the disk before anything goes
//! signed         the author's signature over every byte of the file before this line
//! removed …      it is gone
//! ```

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256, Sha512};

use super::addenda::{Pending, signature};
use super::chain::ChainError;
use super::findings::Signed;
use super::line;
use super::verify::Trust;
use crate::engine::Mode;
use crate::kernel::{RunId, Sha256Hex, Stamp};

/// Is the name of the format.
const FORMAT: &str = "lifeboat-removals/1";

/// Is what is kept of a run that is removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// The run.
    pub run: RunId,
    /// Real, or a drill.
    pub mode: Mode,
    /// Its runbook, as its first line names it.
    pub runbook: String,
    /// When it began.
    pub began: DateTime<Utc>,
    /// What its log was worth: `SEALED` …
    pub verdict: String,
    /// How many lines the log had.
    pub lines: u64,
    /// SHA-512 of the log, of one in parts that of the last one.
    pub log_sha512: String,
    /// The digests by which later runs name it, and which its log had at the end of a line.
    pub named: Vec<String>,
    /// How many bytes its folder had.
    pub bytes: u64,
    /// Why it goes.
    pub why: String,
    /// Who removes it.
    pub by: String,
}

/// Says how far a removal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It was begun.
    Begun,
    /// It is done.
    Done,
}

/// Is a removal that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// What is kept of the run.
    pub removal: Removal,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// How far it is.
    pub stage: Stage,
    /// Who signed it, and counts.
    pub signed: Option<Signed>,
}

/// Is what the file says, and where it goes on.
#[derive(Clone, Debug, Default)]
pub struct Removals {
    /// The removals, in order.
    pub entries: Vec<Recorded>,
    /// What is wrong: the line from 1, and a fragment that follows "the line". What follows it does not count.
    pub damage: Option<(u64, String)>,
    /// Signatures that do not count, in sentences.
    pub distrust: Vec<String>,
    next: u64,
    prev: String,
    time: String,
    hash: Sha512,
    /// How many entries a signature covers.
    covered: usize,
}

#[derive(Deserialize)]
struct Begun {
    v: String,
}

#[derive(Serialize, Deserialize)]
struct Gone {
    run: RunId,
}

impl Removals {
    /// Reads the file. Whatever is wrong is a finding.
    pub fn read(bytes: &[u8], trust: &Trust) -> Self {
        let mut removals = Self::default();
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            let Some(text) = line.strip_suffix(b"\n") else {
                removals.damage = Some((removals.next + 1, "is not complete".to_owned()));
                break;
            };
            if let Err(why) = removals.line(text, trust) {
                removals.damage = Some((removals.next + 1, why));
                break;
            }
            removals.next += 1;
            removals.time = line::parse(text).map_or_else(|_| String::new(), |head| head.time.to_owned());
            Sha256Hex::from_digest(&Sha256::digest(text)).as_str().clone_into(&mut removals.prev);
            removals.hash.update(line);
        }
        removals
    }

    /// Finds the last removal of a run.
    pub fn of(&self, run: &RunId) -> Option<&Recorded> {
        self.entries.iter().rev().find(|entry| entry.removal.run == *run)
    }

    /// Makes the lines of removals that are about to begin, to be signed.
    ///
    /// # Errors
    /// If one does not fit a line.
    pub fn begin(&self, at: Stamp, what: &[Removal]) -> Result<Pending, ChainError> {
        let mut pending = Pending::behind(self.next, &self.prev, at);
        if self.next == 0 {
            pending.push(&format!("\"k\":\"removals\",\"v\":\"{FORMAT}\"}}"))?;
        }
        for removal in what {
            push(&mut pending, "removing", removal)?;
        }
        Ok(pending.digested(&self.hash))
    }

    /// Makes the line of a removal that is done.
    ///
    /// # Errors
    /// If it does not fit a line.
    pub fn done(&self, at: Stamp, run: &RunId) -> Result<String, ChainError> {
        let mut pending = Pending::behind(self.next, &self.prev, at);
        push(&mut pending, "removed", &Gone { run: run.clone() })?;
        Ok(pending.lines)
    }

    /// Takes one line; `Err` says what is wrong with it, as a fragment that follows "the line".
    fn line(&mut self, text: &[u8], trust: &Trust) -> Result<(), String> {
        let head = line::parse(text).map_err(|broken| broken.to_string())?;
        if head.seq != self.next || head.prev != self.prev {
            return Err("does not follow the line before it: something was changed, added or taken away".to_owned());
        }
        if (head.kind == "removals") != (head.seq == 0) {
            return Err("is not where it belongs".to_owned());
        }
        let at = head.stamp().ok_or("has a time that no calendar knows")?.utc;
        let unread = |error: serde_json::Error| format!("can't be read ({error})");
        match head.kind {
            "removals" => {
                let begun: Begun = serde_json::from_slice(text).map_err(unread)?;
                if begun.v == FORMAT { Ok(()) } else { Err(format!("has a format other than {FORMAT}")) }
            }
            "removing" => {
                let removal: Removal = serde_json::from_slice(text).map_err(unread)?;
                self.entries.push(Recorded { removal, at, stage: Stage::Begun, signed: None });
                Ok(())
            }
            "removed" => {
                let gone: Gone = serde_json::from_slice(text).map_err(unread)?;
                let begun = self.entries.iter_mut().rev().find(|entry| entry.removal.run == gone.run);
                begun.ok_or("removes what no line announced")?.stage = Stage::Done;
                Ok(())
            }
            "signed" => self.signed(text, &head, trust),
            // A kind of a later version is passed over.
            _ => Ok(()),
        }
    }

    fn signed(&mut self, text: &[u8], head: &line::Head<'_>, trust: &Trust) -> Result<(), String> {
        let sig = signature(text, head, &self.time, &self.hash)?;
        for entry in self.entries.iter_mut().skip(self.covered) {
            let by = entry.removal.by.clone();
            match trust.objection(&by, sig.key(), super::sshsig::ADDENDUM_NAMESPACE, entry.removal.mode) {
                None => entry.signed = Some(Signed::new(&by, sig.key())),
                Some(why) => self.distrust.push(format!(
                    "line {} signs the removal of {} in {by}'s name, but {why}: it does not count",
                    head.seq + 1,
                    entry.removal.run
                )),
            }
        }
        self.covered = self.entries.len();
        Ok(())
    }
}

fn push(pending: &mut Pending, kind: &str, what: &impl Serialize) -> Result<(), ChainError> {
    let json = serde_json::to_string(what).map_err(|error| ChainError::Json(error.to_string()))?;
    pending.push(&format!("\"k\":\"{kind}\",{}", json.strip_prefix('{').unwrap_or(&json)))
}
