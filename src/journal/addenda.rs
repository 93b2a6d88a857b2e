//! What is said about a sealed log afterwards: `addenda.jsonl`, lines as in the log, each addition signed by its author.
//!
//! ```text
//! addenda        which log: run, lines, SHA-512 of all its bytes
//! issue …        what is added, and by whom
//! signed         the author's signature over every byte of the file before this line
//! ```

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256, Sha512};

use super::chain::{self, ChainError, quoted};
use super::findings::{Severity, Signed, Verification};
use super::line::{self, MAX_LINE};
use super::sshsig::{ADDENDUM_NAMESPACE, Armour, Digest512, WITNESS_NAMESPACE};
use super::verify::Trust;
use crate::engine::Disclosure;
use crate::kernel::{SafeText, Sha256Hex, Stamp};

/// Is the name of the format.
const FORMAT: &str = "lifeboat-addenda/1";

/// Is one thing that is added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "k", rename_all = "kebab-case")]
pub enum Addition {
    /// Something worth knowing.
    Note {
        /// The text.
        text: String,
    },
    /// The log says something that was otherwise.
    Correction {
        /// The `seq` of the line that is corrected.
        of: u64,
        /// How it was.
        text: String,
    },
    /// Something is to be done.
    Issue {
        /// Its number in this file, from 1.
        number: u64,
        /// What.
        text: String,
        /// By whom.
        owner: String,
        /// Until when: `YYYY-MM-DD`.
        due: String,
    },
    /// An issue, or something that the run owed, is done.
    Closed {
        /// The issue's number, or the name of what was owed.
        what: String,
        /// How it is known.
        text: String,
    },
    /// The injects of an exercise, of which the log holds digests since its start.
    Disclosed {
        /// The injects, with their salts.
        injects: Vec<Disclosure>,
        /// SHA-512 of the facilitator's own log, all of it, hex.
        log_sha512: String,
    },
    /// What was broken in a blind drill, of which the log holds a digest since its start.
    Unblinded {
        /// It, with its salt.
        broken: Disclosure,
    },
    /// Somebody who did not seal it vouches for the log as it is.
    Countersigned {
        /// The armoured signature over every byte of the log.
        sig: String,
    },
}

/// Is one addition, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addendum {
    /// Its line's number.
    pub seq: u64,
    /// When it was added. The run's own clock has ended: `mono` is 0.
    pub at: Stamp,
    /// What it says.
    pub what: Addition,
    /// Who signed it; `None` where nobody did, or one who does not count.
    pub by: Option<Signed>,
}

/// Is what the file says, and where the next addition goes.
#[derive(Clone, Debug, Default)]
pub struct Addenda {
    /// The additions, in order.
    pub entries: Vec<Addendum>,
    /// What is wrong, with the line from 1.
    pub findings: Vec<(u64, Severity, String)>,
    next: u64,
    prev: String,
    hash: Sha512,
    /// The time of the last line.
    time: String,
    /// Who has to sign the last line, if that is an addition.
    author: Option<String>,
}

/// Is an addition that waits for its author's signature over [`Pending::digest`].
#[derive(Debug)]
pub struct Pending {
    /// The lines so far, each with its LF.
    pub lines: String,
    /// SHA-512 of the whole file with these lines.
    pub digest: Digest512,
    next: u64,
    prev: String,
    time: String,
}

#[derive(Deserialize)]
struct Begun {
    v: String,
    run: String,
    lines: u64,
    log_sha512: String,
}

/// Is an addition as its line holds it: the author's name stands under the author's signature.
#[derive(Serialize, Deserialize)]
struct Authored<A> {
    #[serde(flatten)]
    what: A,
    by: String,
}

#[derive(Deserialize)]
struct Signature {
    sig: String,
}

impl Addenda {
    /// Reads the file that belongs to a verified log. Whatever is wrong becomes a finding.
    pub fn read(bytes: &[u8], log: &Verification, trust: &Trust) -> Self {
        let mut addenda = Self::default();
        for (index, line) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
            let number = index as u64 + 1;
            let Some(text) = line.strip_suffix(b"\n") else {
                addenda.find(number, Severity::Damage, "is not complete");
                break;
            };
            if let Err(why) = addenda.line(text, log, trust) {
                addenda.find(number, Severity::Damage, why);
                break;
            }
            addenda.next += 1;
            addenda.time = line::parse(text).map_or_else(|_| String::new(), |head| head.time.to_owned());
            Sha256Hex::from_digest(&Sha256::digest(text)).as_str().clone_into(&mut addenda.prev);
            addenda.hash.update(line);
        }
        if addenda.author.is_some() {
            addenda.find(addenda.next, Severity::Warning, "is not signed, so it does not count");
        }
        addenda
    }

    /// Returns the damage for which nothing can be added, if there is any: the line, from 1, and what is wrong with it.
    pub fn damage(&self) -> Option<(u64, &str)> {
        let damage = self.findings.iter().find(|(_, severity, _)| *severity == Severity::Damage);
        damage.map(|(line, _, why)| (*line, why.as_str()))
    }

    /// Returns the additions that count.
    pub fn counting(&self) -> impl Iterator<Item = (&Addendum, &Signed)> {
        self.entries.iter().filter_map(|entry| entry.by.as_ref().map(|by| (entry, by)))
    }

    /// Makes the lines of an addition, the file's first line before the first one.
    ///
    /// # Errors
    /// If it does not fit a line.
    pub fn draft(&self, at: Stamp, what: &Addition, by: &str, log: &Verification) -> Result<Pending, ChainError> {
        let mut pending = Pending::behind(self.next, &self.prev, at);
        if self.next == 0 {
            let run = log.run.as_ref().map_or("", |run| run.as_str());
            pending.push(&format!(
                "\"k\":\"addenda\",\"v\":\"{FORMAT}\",\"run\":{},\"lines\":{},\"log_sha512\":\"{}\"}}",
                quoted(run),
                log.coverage.lines,
                Sha256Hex::from_digest(&log.log_sha512)
            ))?;
        }
        let entry = Authored { what, by: by.to_owned() };
        let json = serde_json::to_string(&entry).map_err(|error| ChainError::Json(error.to_string()))?;
        pending.push(json.strip_prefix('{').unwrap_or(&json))?;
        Ok(pending.digested(&self.hash))
    }

    fn find(&mut self, number: u64, severity: Severity, text: impl Into<String>) {
        self.findings.push((number, severity, text.into()));
    }

    /// Takes one line; `Err` says what is wrong with it, as a fragment that follows "the line".
    fn line(&mut self, text: &[u8], log: &Verification, trust: &Trust) -> Result<(), String> {
        let head = line::parse(text).map_err(|broken| broken.to_string())?;
        if head.seq != self.next || head.prev != self.prev {
            return Err("does not follow the line before it: something was changed, added or taken away".to_owned());
        }
        if (head.kind == "addenda") != (head.seq == 0) {
            return Err("is not where it belongs".to_owned());
        }
        match head.kind {
            "addenda" => {
                let begun: Begun = serde_json::from_slice(text).map_err(|error| format!("names no log ({error})"))?;
                let digest = Sha256Hex::from_digest(&log.log_sha512);
                let run = log.run.as_ref().map_or("", |run| run.as_str());
                if (begun.run.as_str(), begun.lines, begun.log_sha512.as_str())
                    != (run, log.coverage.lines, digest.as_str())
                {
                    return Err("speaks of another log, or the log was changed since".to_owned());
                }
                if begun.v != FORMAT {
                    let text = format!("has the format {}, not {FORMAT}", SafeText::line(&begun.v));
                    self.find(head.seq + 1, Severity::Warning, text);
                }
                Ok(())
            }
            "signed" => self.signed(text, &head, log, trust),
            _ => {
                if self.author.is_some() {
                    return Err("follows one that is not signed".to_owned());
                }
                let at = head.stamp().ok_or("has a time that no calendar knows")?;
                let Authored { by, .. } = serde_json::from_slice::<Authored<IgnoredAny>>(text)
                    .map_err(|error| format!("does not say who adds it ({error})"))?;
                self.author = Some(by);
                // A kind of a later version is passed over.
                match serde_json::from_slice::<Authored<Addition>>(text) {
                    Ok(Authored { what, .. }) => self.entries.push(Addendum { seq: head.seq, at, what, by: None }),
                    Err(_) => self.find(head.seq + 1, Severity::Note, "is of a kind that this version does not know"),
                }
                Ok(())
            }
        }
    }

    fn signed(&mut self, text: &[u8], head: &line::Head<'_>, log: &Verification, trust: &Trust) -> Result<(), String> {
        let number = head.seq + 1;
        let by = self.author.take().ok_or("signs nothing")?;
        let sig = signature(text, head, &self.time, &self.hash)?;
        let signed = Signed::new(&by, sig.key());
        let objection = trust.objection(&by, sig.key(), ADDENDUM_NAMESPACE, log.mode);
        let Some(entry) = self.entries.last_mut().filter(|entry| entry.seq + 1 == head.seq) else { return Ok(()) };
        let objection = objection.or_else(|| match &entry.what {
            Addition::Countersigned { sig } => witness(sig, &by, &signed, log, trust).err(),
            _ => None,
        });
        match objection {
            None => entry.by = Some(signed),
            Some(why) => {
                let text = format!("is {}'s ({}), but {why}: it does not count", signed.by, signed.fingerprint);
                self.find(number, Severity::Warning, text);
            }
        }
        Ok(())
    }
}

/// Checks a signature's line: in its one form, over every byte of the file before it.
pub(super) fn signature(text: &[u8], head: &line::Head<'_>, time: &str, before: &Sha512) -> Result<Armour, String> {
    let Signature { sig } = serde_json::from_slice(text).map_err(|error| format!("holds no signature ({error})"))?;
    // Its time is that of the line before: so every byte of it is determined, or is the signature.
    if signed_line(head.seq, head.prev, time, &sig).as_bytes() != text {
        return Err("is not in the one form of signatures".to_owned());
    }
    let digest: Digest512 = before.clone().finalize().into();
    Armour::read_exactly(&sig)
        .and_then(|sig| sig.check(ADDENDUM_NAMESPACE, &digest).map(|()| sig))
        .map_err(|why| format!("has a signature that {why}"))
}

/// Checks what a witness signed.
fn witness(sig: &str, by: &str, signed: &Signed, log: &Verification, trust: &Trust) -> Result<(), String> {
    let sig = Armour::read_exactly(sig)
        .and_then(|sig| sig.check(WITNESS_NAMESPACE, &log.log_sha512).map(|()| sig))
        .map_err(|why| format!("the witness's signature {why}"))?;
    if let Some(why) = trust.objection(by, sig.key(), WITNESS_NAMESPACE, log.mode) {
        return Err(why);
    }
    let witness = Signed::new(by, sig.key());
    match &log.sealed_by {
        Some(sealed) if sealed.fingerprint == witness.fingerprint => {
            Err("the same key sealed the log, and nobody can witness for themself".to_owned())
        }
        _ if witness.fingerprint != signed.fingerprint => Err("another key signed the log in this name".to_owned()),
        _ => Ok(()),
    }
}

impl Pending {
    /// Begins behind so many lines, of which this is the last one's digest.
    pub(super) fn behind(next: u64, prev: &str, at: Stamp) -> Self {
        Self { lines: String::new(), digest: [0; 64], next, prev: prev.to_owned(), time: line::time_text(at.utc) }
    }

    /// Takes the digest of everything before the signature: the file so far, and these lines.
    pub(super) fn digested(mut self, file: &Sha512) -> Self {
        let mut hash = file.clone();
        hash.update(&self.lines);
        self.digest = hash.finalize().into();
        self
    }

    pub(super) fn push(&mut self, members: &str) -> Result<(), ChainError> {
        let text = chain::head(self.next, &self.prev, &self.time, 0) + members;
        if text.len() > MAX_LINE {
            return Err(ChainError::TooLong { kind: "addendum".to_owned(), bytes: text.len() });
        }
        line::parse(text.as_bytes()).map_err(ChainError::Unfit)?;
        Sha256Hex::from_digest(&Sha256::digest(&text)).as_str().clone_into(&mut self.prev);
        self.next += 1;
        self.lines += &text;
        self.lines.push('\n');
        Ok(())
    }

    /// Completes the addition.
    ///
    /// # Errors
    /// Only if the signature is beyond encoding.
    pub fn sign(self, sig: &Armour) -> Result<String, ChainError> {
        let line = signed_line(self.next, &self.prev, &self.time, &sig.text()?);
        Ok(self.lines + &line + "\n")
    }
}

/// Is the one form of a signature's line.
fn signed_line(seq: u64, prev: &str, time: &str, sig: &str) -> String {
    chain::head(seq, prev, time, 0) + &format!("\"k\":\"signed\",\"sig\":{}}}", quoted(sig))
}
