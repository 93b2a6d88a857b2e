//! One pass over the lines: each has to fit the one before, and every signature what it claims to sign.

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256, Sha512};
use ssh_key::PublicKey;

use super::anchor::Comparison;
use super::approval::Approvals;
use super::chain;
use super::clocks::{self, Said};
use super::consent::Consent;
use super::findings::{Coverage, OutputClaim, Severity, Signed, Verdict, Verification};
use super::line::{self, Head};
use super::parts;
use super::running::Running;
use super::sshsig::{self, Armour, SEAL_NAMESPACE, SESSION_NAMESPACE, SignatureError};
use super::verify::Trust;
use crate::engine::{Continues, Event, Mode, Opened, PartBefore, Streams};
use crate::kernel::{AttemptId, RunId, SafeText, Sha256Hex, sha256_hex};

#[derive(Clone, Copy, PartialEq)]
enum Intact {
    Yes,
    No,
}

struct Checkpoint {
    line: u64,
    sig: String,
    key: PublicKey,
    vouched: Vouched,
}

/// Says whether a person's key let a session's key sign.
#[derive(Clone, Copy, PartialEq)]
enum Vouched {
    Yes,
    No,
}

/// Is a line that began a session.
struct Began {
    line: u64,
    digest: Sha256Hex,
}

/// Walks over the lines and keeps what the next one has to fit.
pub(super) struct Pass<'a> {
    trust: &'a Trust,
    outputs: &'a mut dyn FnMut(OutputClaim),
    /// Hashes every byte, and keeps for each session the digest that its last checkpoint signs, in their order.
    running: &'a mut dyn Running,
    result: Verification,
    /// Lines so far.
    number: u64,
    /// The number that the next line should have.
    next: u64,
    digest: Option<[u8; 32]>,
    time: String,
    micros: i64,
    mono: u64,
    said: Said,
    opened: Option<Opened>,
    /// The key of the session that writes, as its line names it.
    session: Option<(PublicKey, String)>,
    /// The line that began the session; none where it is not there.
    began: Option<Began>,
    vouched: Vouched,
    last_checkpoint: Option<Checkpoint>,
    /// The last checkpoints of earlier sessions.
    earlier: Vec<Checkpoint>,
    consent: Consent,
    anchors: Comparison,
    sealing_by: Option<String>,
    sealed: Option<u64>,
    /// A further part of the log begins with the next line.
    begins: Option<u32>,
    /// The number of the last line before this part.
    before_part: u64,
    /// What a later part says the run was, where the first part is missing.
    headless: Option<Mode>,
    /// The parts so far.
    parts: Vec<(u32, PartBefore)>,
    /// Bytes of this part so far.
    bytes: u64,
    /// A wrong signature over an intact chain: the checkpoints can say where the damage is.
    only_the_seal_is_wrong: Intact,
}

#[derive(Deserialize)]
struct Delegation {
    by: String,
    statement: String,
    sig: String,
}

#[derive(Deserialize)]
struct Sealing {
    by: String,
}

#[derive(Deserialize)]
struct Seal {
    sig: String,
}

#[derive(Deserialize)]
struct Finished {
    attempt: AttemptId,
    streams: Streams,
    /// This and the next say when AWS answered; what makes no sense there tells nothing of clocks.
    #[serde(default)]
    took_ms: Value,
    #[serde(default)]
    aws: Value,
}

impl<'a> Pass<'a> {
    pub(super) fn new(trust: &'a Trust, outputs: &'a mut dyn FnMut(OutputClaim), running: &'a mut dyn Running) -> Self {
        let result = Verification {
            verdict: Verdict::Sealed,
            findings: Vec::new(),
            run: None,
            runbook_sha256: None,
            prev_run: None,
            delegated_by: None,
            sealed_by: None,
            countersigned_by: Vec::new(),
            approvals: Approvals::default(),
            anchored: Vec::new(),
            mode: Mode::Real,
            exercise: 0,
            log_sha512: [0; 64],
            parts: 0,
            coverage: Coverage::default(),
        };
        Self {
            trust,
            outputs,
            running,
            result,
            number: 0,
            next: 0,
            digest: None,
            time: String::new(),
            micros: 0,
            mono: 0,
            said: Said::default(),
            opened: None,
            session: None,
            began: None,
            vouched: Vouched::No,
            last_checkpoint: None,
            earlier: Vec::new(),
            consent: Consent::default(),
            anchors: Comparison::new(&trust.anchors),
            sealing_by: None,
            sealed: None,
            begins: None,
            before_part: 0,
            headless: None,
            parts: Vec::new(),
            bytes: 0,
            only_the_seal_is_wrong: Intact::No,
        }
    }

    pub(super) fn damage(&mut self, line: Option<u64>, text: impl Into<String>) {
        self.result.add(line, Severity::Damage, text);
    }

    pub(super) fn torn(&mut self, bytes: u64) {
        self.result.coverage.torn = bytes;
        if self.sealed.is_some() {
            self.damage(Some(self.number + 1), format!("{bytes} bytes follow the seal"));
        } else if self.number > 0 {
            let text = format!("the last line is not complete ({bytes} bytes): it was torn, or is being written");
            self.result.add(Some(self.number + 1), Severity::Open, text);
        }
    }

    pub(super) fn too_long(&mut self) {
        self.damage(Some(self.number + 1), "the line is longer than 1 MiB; nothing after it was read");
    }

    /// Says that another file begins.
    pub(super) fn part(&mut self, number: u32) {
        self.result.parts += 1;
        self.before_part = self.number;
        if number > 1 {
            self.earlier.extend(self.last_checkpoint.take());
            self.running.begin();
            (self.bytes, self.begins) = (0, Some(number));
        }
    }

    /// Says that a file ended, and how many bytes of it do not count.
    pub(super) fn part_ended(&mut self, number: u32, beyond: u64) {
        let sha512 = Sha256Hex::from_digest(&self.running.digest()).as_str().to_owned();
        let part = PartBefore { lines: self.number - self.before_part, bytes: self.bytes, sha512 };
        self.parts.push((number, part));
        if beyond > 0 {
            let text =
                format!("the last {beyond} bytes of {} do not count: writing them failed", parts::part_name(number));
            self.result.add(None, Severity::Note, text);
        }
    }

    /// Takes a line with its LF.
    pub(super) fn line(&mut self, whole: &[u8]) {
        let line = whole.strip_suffix(b"\n").unwrap_or(whole);
        self.number += 1;
        if self.sealed.is_some() {
            self.damage(Some(self.number), "the line follows the seal");
        }
        match line::parse(line) {
            Ok(head) => self.parsed(line, &head),
            Err(broken) => {
                self.damage(Some(self.number), format!("the line {broken}"));
                if self.number == 1 {
                    self.opened = None;
                }
            }
        }
        self.next += 1;
        let digest = Sha256::digest(line).into();
        self.anchors.line(self.number, &digest);
        self.digest = Some(digest);
        self.running.update(whole);
        self.bytes += whole.len() as u64;
    }

    fn parsed(&mut self, line: &[u8], head: &Head<'_>) {
        if let Some(part) = self.begins.take() {
            self.continues(line, part);
        } else if head.kind == "continues" {
            self.damage(Some(self.number), "another part of the log cannot begin here");
        }
        let linked = match &self.digest {
            // What came before is missing, and that was said.
            None if self.number > 1 => true,
            None => head.prev.is_empty(),
            Some(digest) => line::is_hex_of(head.prev, digest),
        };
        if head.seq != self.next {
            let text = format!(
                "the line has number {} where {} belongs: lines are missing, added or out of order",
                head.seq, self.next
            );
            self.damage(Some(self.number), text);
            self.next = head.seq;
        } else if !linked && self.number > 1 {
            let text = format!(
                "the line does not have the digest that line {} records: one of the two was changed",
                self.number
            );
            self.damage(Some(self.number - 1), text);
        } else if !linked {
            self.damage(Some(1), "the first line links to a line before it");
        }
        let micros = line::micros(head.time).unwrap_or(self.micros);
        if !self.time.is_empty() {
            self.clocks(head, micros);
        }
        self.said.line(self.number, head.kind, line);
        match head.kind {
            "continues" => {}
            "open" => self.open(line),
            "resumed" if self.number > 1 => self.resumed(line),
            _ if self.number == 1 => self.damage(Some(1), "the log does not begin with an open line"),
            "checkpoint" => self.checkpoint(head),
            "delegation" => self.delegation(line),
            "sealing" => match serde_json::from_slice::<Sealing>(line) {
                Ok(sealing) => self.sealing_by = Some(sealing.by),
                Err(_) => self.damage(Some(self.number), "the line does not say who seals"),
            },
            "seal" => self.seal(line, head),
            "attempt-finished" => self.finished(line, head),
            "exercise" => self.result.exercise += 1,
            _ => {
                let found = self.consent.line(line, head, self.opened.as_ref(), self.trust);
                self.found(found);
            }
        }
        if !matches!(head.kind, "sealing" | "checkpoint") {
            self.sealing_by = None;
        }
        head.time.clone_into(&mut self.time);
        self.micros = micros;
        self.mono = head.mono;
    }

    fn found(&mut self, found: Vec<(Severity, String)>) {
        for (severity, text) in found {
            self.result.add(Some(self.number), severity, text);
        }
    }

    fn finished(&mut self, line: &[u8], head: &Head<'_>) {
        if let Ok(Finished { attempt, streams, took_ms, aws }) = serde_json::from_slice::<Finished>(line) {
            let took = if took_ms.is_null() { Some(0) } else { took_ms.as_u64() };
            if let (Some(date), Some(took)) = (aws.get("date").and_then(Value::as_str), took) {
                self.said.answered(self.number, head, date, took);
            }
            (self.outputs)(OutputClaim { line: self.number, attempt, streams });
        } else {
            self.damage(Some(self.number), "the line does not vouch for what the attempt printed");
        }
    }

    fn clocks(&mut self, head: &Head<'_>, micros: i64) {
        let odd = clocks::between((self.micros, self.mono), (micros, head.mono));
        self.found(odd.map(|odd| (Severity::Warning, odd)).into_iter().collect());
    }

    fn open(&mut self, line: &[u8]) {
        let opened = match serde_json::from_slice::<Event>(line) {
            Ok(Event::Open(opened)) if self.number == 1 => *opened,
            _ => {
                self.damage(Some(self.number), "the line is no open line, or not at its place");
                return;
            }
        };
        if opened.v != "lifeboat-log/1" {
            let v = SafeText::line(&opened.v);
            self.result.add(Some(1), Severity::Warning, format!("the log's format is {v}, not lifeboat-log/1"));
        }
        self.session(&opened.session);
        self.begins_session(line);
        self.result.run = Some(opened.run.clone());
        self.result.runbook_sha256 = Some(opened.runbook_sha256.clone());
        self.result.prev_run = opened.prev_run.clone().map(|run| (run, opened.prev_sha512.clone()));
        self.opened = Some(opened);
    }

    /// Another engine took the run up: what follows is signed by its session's key, and by no earlier one.
    fn resumed(&mut self, line: &[u8]) {
        if let Ok(Event::Resumed(resumed)) = serde_json::from_slice::<Event>(line) {
            self.earlier.extend(self.last_checkpoint.take());
            self.session(&resumed.session);
            self.begins_session(line);
        } else {
            self.damage(Some(self.number), "the line does not say who took the run up, and with which key");
        }
    }

    /// Another part begins: it says what every part before was, and so vouches for them.
    fn continues(&mut self, line: &[u8], part: u32) {
        let Ok(Event::Continues(said)) = serde_json::from_slice::<Event>(line) else {
            // `part` was read from this very line.
            return self.damage(Some(self.number), "the line does not say which parts come before it");
        };
        let run = self.opened.as_ref().map_or(&said.run, |opened| &opened.run);
        if *run != said.run || said.parts.len() as u64 + 1 != u64::from(part) {
            self.damage(Some(self.number), "the line continues another log");
        }
        let mut lines = 0_u64;
        for (number, before) in (1..).zip(&said.parts) {
            let name = parts::part_name(number);
            match self.parts.iter().find(|(there, _)| *there == number).map(|(_, part)| part) {
                Some(there) if there == before => {}
                Some(there) => {
                    // Where a line was changed that is known already, and more exactly.
                    let text = format!(
                        "{name} has {} lines and {} bytes that are not the {} and {} that were there",
                        there.lines, there.bytes, before.lines, before.bytes
                    );
                    let end = if there.bytes < before.bytes { lines + there.lines + 1 } else { self.number };
                    if !self.result.has(Severity::Damage) {
                        self.damage(Some(end), text);
                    }
                }
                None => {
                    let text = format!(
                        "{name} is missing: {} lines, {} bytes, SHA-512 {}",
                        before.lines, before.bytes, before.sha512
                    );
                    self.result.add(None, Severity::Open, text);
                }
            }
            lines = lines.saturating_add(before.lines);
        }
        if self.parts.iter().all(|(there, _)| *there + 1 != part) {
            (self.number, self.next, self.digest) = (lines.saturating_add(1), lines, None);
            self.before_part = lines;
        }
        if self.opened.is_none() {
            self.missing_head(&said);
        } else if self.session.as_ref().map_or("", |(_, text)| text.as_str()) != said.session {
            self.gap_in_sessions(&said.session, part);
        }
    }

    /// Takes from a later part what the first one would have said.
    fn missing_head(&mut self, said: &Continues) {
        self.result.run = Some(said.run.clone());
        self.headless = Some(said.mode);
        self.session(&said.session);
    }

    /// With a part missing a session may have begun in it; else it has to be the one that wrote before.
    fn gap_in_sessions(&mut self, session: &str, part: u32) {
        if self.parts.iter().any(|(there, _)| *there + 1 == part) {
            self.damage(Some(self.number), "the line names another session than the part before");
        } else {
            self.session(session);
        }
    }

    /// Returns whether it was a drill.
    fn mode(&self) -> Mode {
        self.opened.as_ref().map(|opened| opened.mode).or(self.headless).unwrap_or(Mode::Real)
    }

    fn session(&mut self, text: &str) {
        (self.session, self.began, self.vouched) = (None, None, Vouched::No);
        if text.is_empty() {
            return;
        }
        match sshsig::session_key(text) {
            Some(key) => self.session = Some((key, text.to_owned())),
            None => self.damage(Some(self.number), "the session key is no ssh-ed25519 key"),
        }
    }

    fn begins_session(&mut self, line: &[u8]) {
        self.began = Some(Began { line: self.number, digest: sha256_hex(line) });
    }

    fn delegation(&mut self, line: &[u8]) {
        let Ok(delegation) = serde_json::from_slice::<Delegation>(line) else {
            self.damage(Some(self.number), "the delegation lacks a name, a statement or a signature");
            return;
        };
        let run = self.result.run.as_ref().map_or("", RunId::as_str);
        let session = self.session.as_ref().map_or("", |(_, text)| text.as_str());
        let stated = delegation.statement.rsplit_once("\nhead ").map(|(_, head)| head.trim_end_matches('\n'));
        // With the part missing in which the session began nobody knows its first line, and the part is named.
        let began = self.began.as_ref().map(|began| began.digest.as_str()).or(stated).unwrap_or_default();
        if delegation.statement != chain::statement(run, session, began) || self.session.is_none() {
            self.damage(Some(self.number), "the delegation is for another run, session or beginning");
            return;
        }
        let digest = Sha512::digest(delegation.statement.as_bytes()).into();
        let checked =
            Armour::read_exactly(&delegation.sig).and_then(|sig| sig.check(SESSION_NAMESPACE, &digest).map(|()| sig));
        match self.signer(checked, &delegation.by, SESSION_NAMESPACE, "the delegation's signature") {
            Some(signed) => self.result.delegated_by = Some(signed),
            None => return,
        }
        self.vouched = Vouched::Yes;
        self.covered(self.began.as_ref().map_or(0, |began| began.line));
    }

    fn checkpoint(&mut self, head: &Head<'_>) {
        self.result.coverage.checkpoints += 1;
        if head.time != self.time || head.mono != self.mono {
            self.damage(Some(self.number), "the checkpoint has another time than the line before it");
        }
        match (chain::checkpoint_sig(head), &self.session) {
            (None, _) => self.damage(Some(self.number), "the checkpoint is not in the one form of checkpoints"),
            (Some(_), None) => {
                self.damage(Some(self.number), "there is a checkpoint, but no session key in the line that begins it");
            }
            (Some(sig), Some((key, _))) => {
                self.running.keep(self.earlier.len());
                self.last_checkpoint = Some(Checkpoint {
                    line: self.number,
                    sig: sig.to_owned(),
                    key: key.clone(),
                    vouched: self.vouched,
                });
            }
        }
    }

    fn seal(&mut self, line: &[u8], head: &Head<'_>) {
        if self.sealed.is_none() {
            self.sealed = Some(self.number);
        }
        let Some(by) = self.sealing_by.clone() else {
            self.damage(Some(self.number), "no line before the seal says who seals");
            return;
        };
        let sig = serde_json::from_slice::<Seal>(line).map(|seal| seal.sig).unwrap_or_default();
        let exact = chain::seal_line(head.seq, head.prev, &self.time, self.mono, &sig);
        if exact.as_bytes() != line {
            self.damage(Some(self.number), "the seal is not in the one form of seals");
            return;
        }
        let digest = self.running.digest();
        let checked = Armour::read_exactly(&sig).and_then(|sig| sig.check(SEAL_NAMESPACE, &digest).map(|()| sig));
        if let Some(signed) = self.signer(checked, &by, SEAL_NAMESPACE, "the seal's signature") {
            self.result.sealed_by = Some(signed);
            self.covered(self.number);
        }
    }

    /// Judges a signature that fits, or reports that it does not.
    fn signer(
        &mut self,
        checked: Result<Armour, SignatureError>,
        by: &str,
        namespace: &str,
        what: &str,
    ) -> Option<Signed> {
        let sig = match checked {
            Ok(sig) => sig,
            Err(why) => {
                // Damage that is known already makes every later signature wrong; saying so again helps nobody.
                if why != SignatureError::Wrong || !self.result.has(Severity::Damage) {
                    let first = !self.result.has(Severity::Damage);
                    self.only_the_seal_is_wrong = if first { Intact::Yes } else { Intact::No };
                    self.damage(Some(self.number), format!("{what} {why}"));
                }
                return None;
            }
        };
        let signed = Signed::new(by, sig.key());
        if let Some(why) = self.trust.objection(by, sig.key(), namespace, self.mode()) {
            let text = format!("{what} is {}'s ({}), but {why}", signed.by, signed.fingerprint);
            self.result.add(Some(self.number), Severity::Distrust, text);
        }
        let found = self.consent.operator(&signed);
        self.found(found);
        Some(signed)
    }

    fn covered(&mut self, line: u64) {
        self.result.coverage.lines = self.result.coverage.lines.max(line);
    }

    /// Tells whether there was nothing to judge.
    pub(super) fn saw_nothing(&self) -> bool {
        self.number == 0 && !self.result.has(Severity::Damage)
    }

    /// Checks the one signature of each session that speaks for all its checkpoints, and tells whether one does not
    /// fit. With damage found already there is nothing to learn.
    pub(super) fn misfits(&mut self) -> bool {
        let mut last = std::mem::take(&mut self.earlier);
        last.extend(self.last_checkpoint.take());
        if self.result.has(Severity::Damage) && self.only_the_seal_is_wrong == Intact::No {
            return false;
        }
        for (number, checkpoint) in last.into_iter().enumerate() {
            let fits = |digest| sshsig::check_checkpoint(&checkpoint.key, &digest, &checkpoint.sig).is_ok();
            if !self.running.kept(number).is_some_and(fits) {
                return true;
            }
            if checkpoint.vouched == Vouched::Yes {
                self.covered(checkpoint.line);
            }
        }
        false
    }

    pub(super) fn conclude(mut self) -> Verification {
        let covered = self.result.coverage.lines;
        self.result.coverage.lines = self.number;
        self.result.log_sha512 = self.running.digest();
        self.result.mode = self.mode();
        self.result.approvals = self.consent.approvals;
        self.result.coverage.uncovered = self.number - covered.min(self.number);
        if self.sealed.is_none() {
            let text = format!("there is no seal; the last complete line is of {}", self.time);
            self.result.add(Some(self.number), Severity::Open, text);
            if self.result.delegated_by.is_none() {
                self.result.add(None, Severity::Distrust, "the log is not signed: no person's key vouches for it");
            } else if self.result.coverage.uncovered > 0 {
                let text = match self.result.coverage.uncovered {
                    1 => "no signature covers the last line".to_owned(),
                    lines => format!("no signature covers the last {lines} lines"),
                };
                self.result.add(Some(covered + 1), Severity::Open, text);
            }
        } else if self.result.delegated_by.is_none() {
            self.result.add(
                None,
                Severity::Note,
                "no person let a session key sign during the run; only the seal vouches",
            );
        }
        self.said.conclude(&mut self.result);
        self.anchors.conclude(&mut self.result, self.number);
        self.result.findings.sort_by(|a, b| b.severity.cmp(&a.severity).then(a.line.cmp(&b.line)));
        self.result
    }
}
