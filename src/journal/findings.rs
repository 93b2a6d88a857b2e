//! What `verify` found out, as data: a verdict, the lines that speak for it, and how far signatures reach.

use chrono::{DateTime, Utc};
use ssh_key::public::KeyData;
use ssh_key::{HashAlg, PublicKey};

use super::anchor::Anchored;
use super::approval::Approvals;
use super::sshsig::Digest512;
use super::verify::PRACTICE_PRINCIPAL;
use crate::engine::{Mode, Streams};
use crate::kernel::{AttemptId, RunId, SafeText, Sha256Hex, counted};

/// Says what a log is worth, gravest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Intact, sealed by a key that is trusted.
    Sealed,
    /// Intact as far as signatures reach, without a seal.
    Open,
    /// Intact, but not signed, or by a key that is not trusted.
    Untrusted,
    /// Not the log that was anchored, or not the whole of it.
    AnchorMismatch,
    /// Changed.
    Tampered,
}

impl Verdict {
    /// Returns the word that opens the answer.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sealed => "SEALED",
            Self::Open => "OPEN",
            Self::Untrusted => "UNTRUSTED",
            Self::AnchorMismatch => "ANCHOR MISMATCH",
            Self::Tampered => "TAMPERED",
        }
    }

    /// Returns the exit code. 2 is for wrong usage and unreadable files.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Sealed => 0,
            Self::Tampered => 1,
            Self::Open => 3,
            Self::Untrusted => 4,
            Self::AnchorMismatch => 5,
        }
    }
}

/// Says how grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Strange, but no proof of anything.
    Warning,
    /// The reason why the log is open.
    Open,
    /// The reason why the log is not trusted.
    Distrust,
    /// An anchor knows another log.
    Anchor,
    /// The log was changed here.
    Damage,
}

/// Is one thing found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The line of the file, from 1, if it concerns one.
    pub line: Option<u64>,
    /// How grave it is.
    pub severity: Severity,
    /// What it is, in words, harmless for a terminal.
    pub text: String,
}

/// Says who signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The name that the log gives, harmless for a terminal.
    pub by: String,
    /// The key's fingerprint, `SHA256:…`.
    pub fingerprint: String,
    /// Is it a key of the practice drills?
    pub kind: SignerKind,
}

impl Signed {
    /// Describes a signature by its name and key.
    pub fn new(by: &str, key: &KeyData) -> Self {
        let kind = if by == PRACTICE_PRINCIPAL { SignerKind::Practice } else { SignerKind::Operator };
        let fingerprint = PublicKey::from(key.clone()).fingerprint(HashAlg::Sha256).to_string();
        Self { by: SafeText::line(by).into_string(), fingerprint, kind }
    }
}

/// Says what kind of key signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignerKind {
    /// A person's.
    Operator,
    /// One that a drill made for itself.
    Practice,
}

/// Says how far signatures reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Complete lines of the file.
    pub lines: u64,
    /// Lines at the end that no valid signature covers.
    pub uncovered: u64,
    /// Bytes after the last LF.
    pub torn: u64,
    /// Checkpoints.
    pub checkpoints: u64,
}

/// Names the output files that an `attempt-finished` line vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputClaim {
    /// The line, from 1.
    pub line: u64,
    /// The attempt.
    pub attempt: AttemptId,
    /// Sizes and digests.
    pub streams: Streams,
}

/// Is the whole answer of `verify`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// What the log is worth.
    pub verdict: Verdict,
    /// What was found, gravest first, at most twenty of a severity.
    pub findings: Vec<Finding>,
    /// The run, if the first line could be read.
    pub run: Option<RunId>,
    /// The digest of the runbook that the first line vouches for.
    pub runbook_sha256: Option<Sha256Hex>,
    /// The run before, and the SHA-512 of its log.
    pub prev_run: Option<(RunId, Option<String>)>,
    /// Who let the session key sign.
    pub delegated_by: Option<Signed>,
    /// Who sealed.
    pub sealed_by: Option<Signed>,
    /// Who else signed the sealed log, as far as they count: nobody of them is the one who sealed.
    pub countersigned_by: Vec<Signed>,
    /// How many confirmations wanted approvals, and had them signed.
    pub approvals: Approvals,
    /// Which anchors it fits, as far as somebody vouches for them.
    pub anchored: Vec<Anchored>,
    /// Was it a drill?
    pub mode: Mode,
    /// How many lines are about an exercise: a promise of what is disclosed at its end, a word to the team.
    pub exercise: u64,
    /// SHA-512 of all complete lines; of a log in parts that of the last one, which vouches for the others.
    pub log_sha512: Digest512,
    /// In how many files it lies, as far as they are there.
    pub parts: u32,
    /// How far signatures reach.
    pub coverage: Coverage,
}

/// Is how many findings of a severity are kept.
const MAX_FINDINGS: usize = 20;

impl Verification {
    /// Says the verdict in words: `SEALED`, `SEALED by a practice key`, `TAMPERED` …
    pub fn words(&self) -> String {
        let practice = self.sealed_by.as_ref().is_some_and(|signed| signed.kind == SignerKind::Practice);
        let words = match self.verdict {
            Verdict::Sealed if practice => "SEALED by a practice key",
            verdict => verdict.word(),
        };
        let anchored = if self.verdict == Verdict::Sealed && self.is_anchored() { ", ANCHORED" } else { "" };
        format!("{words}{anchored}")
    }

    /// Does an anchor cover the last line?
    pub fn is_anchored(&self) -> bool {
        self.anchored.iter().any(|anchor| anchor.lines == self.coverage.lines)
    }

    /// Returns since when the whole log is known, by a time stamp.
    pub fn stamped(&self) -> Option<DateTime<Utc>> {
        let whole = self.anchored.iter().filter(|anchor| anchor.lines == self.coverage.lines);
        whole.filter_map(|anchor| anchor.at).min()
    }

    /// Distrusts a log whose last line no anchor covers.
    pub fn require_anchored(&mut self) {
        if !self.is_anchored() {
            self.add(None, Severity::Distrust, "no anchor that somebody vouches for covers the last line");
        }
    }

    /// Adds a finding; damage makes the verdict TAMPERED, distrust UNTRUSTED, unless it is worse already.
    pub fn add(&mut self, line: Option<u64>, severity: Severity, text: impl Into<String>) {
        self.verdict = self.verdict.max(match severity {
            Severity::Damage => Verdict::Tampered,
            Severity::Anchor => Verdict::AnchorMismatch,
            Severity::Distrust => Verdict::Untrusted,
            Severity::Open => Verdict::Open,
            Severity::Note | Severity::Warning => Verdict::Sealed,
        });
        if self.findings.iter().filter(|f| f.severity == severity).count() < MAX_FINDINGS {
            self.findings.push(Finding { line, severity, text: text.into() });
        }
    }

    /// Distrusts a log in which something was confirmed without all the signatures that it wanted.
    pub fn require_approvals(&mut self) {
        let Approvals { confirmed, signed } = self.approvals;
        if signed < confirmed {
            let text = format!(
                "signed approvals are lacking for {} of {}",
                confirmed - signed,
                counted(confirmed as usize, "confirmation")
            );
            self.add(None, Severity::Distrust, text);
        }
    }

    /// Tells whether a finding of this severity was made.
    pub fn has(&self, severity: Severity) -> bool {
        self.findings.iter().any(|f| f.severity == severity)
    }
}
