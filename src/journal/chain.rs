//! Facts become lines: numbers without gaps, each line linked to the one before, signatures over everything so far.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha512};

use super::line::{self, Broken, MAX_LINE};
use super::sshsig::{Armour, Digest512, SessionKey, SignatureError, finish};
use crate::engine::{Event, PartBefore};
use crate::kernel::{ClockSync, RunId, Stamp, sha256_hex};

/// Numbers and times of a line may grow by this much between [`Chain::fits`] and the recording.
const HEAD_ROOM: usize = 64;

/// Says why a line was not made. Nothing of it was written, and the chain stands as before.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// The event does not fit a line.
    #[error(
        "the fact `{kind}` takes {bytes} bytes, and a line of the log holds at most {MAX_LINE}; keep the text in a file and record its digest"
    )]
    TooLong {
        /// The event's kind.
        kind: String,
        /// The length the line would have.
        bytes: usize,
    },
    /// The event is nothing that the log may hold.
    #[error("the fact cannot be recorded: its line {0}")]
    Unfit(Broken),
    /// The event could not be written as JSON.
    #[error("the fact cannot be recorded: {0}")]
    Json(String),
    /// The session key did not sign.
    #[error("the session key cannot sign: its signature {0}")]
    Session(#[from] SignatureError),
    /// The log is sealed; nothing follows a seal.
    #[error("the log is sealed; nothing can follow")]
    Sealed,
}

/// Writes a log, line by line, into buffers. It keeps digests, not lines.
#[derive(Debug)]
pub struct Chain {
    run: RunId,
    session: Option<SessionKey>,
    /// SHA-256 of the line that began the session, hex; empty before it.
    began: String,
    at: Mark,
}

/// Is how far a log has come: what the next line has to follow.
#[derive(Clone, Debug)]
pub struct Mark {
    /// The number of the next line.
    next: u64,
    /// The number of the first line of this part.
    first: u64,
    /// SHA-256 of the last line, hex; empty before the first.
    prev: String,
    /// Over every byte of this part so far.
    hash: Sha512,
    /// Bytes of this part.
    bytes: u64,
    /// Bytes since the last checkpoint.
    unsigned: u64,
    last: Stamp,
    sealed: bool,
}

impl Mark {
    /// Returns the time of the last line.
    pub fn last(&self) -> Stamp {
        self.last
    }

    /// Returns how many bytes this part has.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Describes this part, for the first line of the next one.
    pub fn as_part(&self) -> PartBefore {
        PartBefore { lines: self.next - self.first, bytes: self.bytes, sha512: hex(&finish(&self.hash)) }
    }
}

fn hex(digest: &Digest512) -> String {
    crate::kernel::Sha256Hex::from_digest(digest).as_str().to_owned()
}

/// Is what a line says after its head, found to be such as the strict reader accepts.
#[derive(Clone, Debug)]
pub struct Draft(String);

/// Says whether a fact holds where the log stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// It does, as of now.
    Here,
    /// It is not of that kind.
    Nowhere,
}

impl Chain {
    /// Begins a log. Without a session key there are no checkpoints.
    pub fn new(run: RunId, session: Option<SessionKey>) -> Self {
        let at = Mark {
            next: 0,
            first: 0,
            prev: String::new(),
            hash: Sha512::new(),
            bytes: 0,
            unsigned: 0,
            last: Stamp { utc: chrono::DateTime::UNIX_EPOCH, mono: 0 },
            sealed: false,
        };
        Self { run, session, began: String::new(), at }
    }

    /// Goes on with a log whose last part is `log`, every line of it whole, with the key of a new session.
    ///
    /// # Errors
    /// If the first or the last line is broken, or the last is a seal.
    pub fn go_on(run: RunId, session: SessionKey, log: &[u8]) -> Result<Self, ChainError> {
        let whole = log.strip_suffix(b"\n").unwrap_or(log);
        let first = whole.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let last = whole.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        let first = line::parse(first).map_err(ChainError::Unfit)?.seq;
        let head = line::parse(last).map_err(ChainError::Unfit)?;
        if head.kind == "seal" {
            return Err(ChainError::Sealed);
        }
        let at = head.stamp().ok_or_else(|| ChainError::Unfit(Broken::at(0, "has a time that no calendar knows")))?;
        let at = Mark {
            next: head.seq + 1,
            first,
            prev: sha256_hex(last).as_str().to_owned(),
            hash: Sha512::new_with_prefix(log),
            bytes: log.len() as u64,
            unsigned: 0,
            last: at,
            sealed: false,
        };
        Ok(Self { run, session: Some(session), began: String::new(), at })
    }

    /// Returns how far it has come.
    pub fn mark(&self) -> Mark {
        self.at.clone()
    }

    /// Takes back every line after a mark: they never came to be.
    pub fn back_to(&mut self, mark: Mark) {
        self.at = mark;
    }

    /// Begins another part: the lines go on, the bytes begin anew.
    pub fn begin_part(&mut self) {
        self.at = Mark { first: self.at.next, hash: Sha512::new(), bytes: 0, unsigned: 0, ..self.mark() };
    }

    /// Returns the run.
    pub fn run(&self) -> &RunId {
        &self.run
    }

    /// Returns the times of the last line.
    pub fn last(&self) -> Stamp {
        self.at.last
    }

    /// Returns how many bytes this part of the log has.
    pub fn bytes(&self) -> u64 {
        self.at.bytes
    }

    /// Returns how many lines the log has.
    pub fn lines(&self) -> u64 {
        self.at.next
    }

    /// Returns how many bytes no checkpoint covers yet.
    pub fn unsigned_bytes(&self) -> u64 {
        self.at.unsigned
    }

    /// Returns the SHA-512 of every byte of this part so far: what a seal signs.
    pub fn digest(&self) -> Digest512 {
        finish(&self.at.hash)
    }

    /// Records a fact and appends its line to `out`. Returns its number and the times as recorded: wall time in
    /// whole microseconds, monotonic time never before the line before.
    ///
    /// # Errors
    /// If the fact cannot be a line.
    pub fn event(&mut self, at: Stamp, event: &Event, out: &mut Vec<u8>) -> Result<(u64, Stamp), ChainError> {
        let draft = self.draft(event)?;
        let added = self.add(at, &draft, out)?;
        if matches!(event, Event::Open(_) | Event::Resumed(_)) {
            self.began.clone_from(&self.at.prev);
        }
        Ok(added)
    }

    /// Makes what a fact's line says after its head, if the fact can be a line at all: so a batch is recorded whole
    /// or not.
    ///
    /// # Errors
    /// If it cannot.
    pub fn draft(&self, event: &Event) -> Result<Draft, ChainError> {
        if self.at.sealed {
            return Err(ChainError::Sealed);
        }
        self.checked(members(event)?)
    }

    /// Fills in where the log stands, if the fact asks for approvals: they sign that, too.
    pub fn place(&self, event: &mut Event) -> Placed {
        let Event::ConfirmationAsked { approval: Some(approval), .. } = event else { return Placed::Nowhere };
        let Some(request) = &mut approval.request else { return Placed::Nowhere };
        (request.lines, request.head) = (self.at.next, self.at.prev.clone());
        Placed::Here
    }

    /// Makes anew what the line of a fact says that was [placed](Self::place) after it was drafted: its length differs by
    /// no more than the digits of a number.
    ///
    /// # Errors
    /// If it is no JSON, which its draft was.
    pub fn placed(&self, event: &Event) -> Result<Draft, ChainError> {
        members(event).map(Draft)
    }

    /// Records a drafted fact, as [`Self::event`] does.
    ///
    /// # Errors
    /// If the log was sealed meanwhile.
    pub fn add(&mut self, at: Stamp, draft: &Draft, out: &mut Vec<u8>) -> Result<(u64, Stamp), ChainError> {
        let utc = chrono::DateTime::from_timestamp_micros(at.utc.timestamp_micros()).unwrap_or(at.utc);
        let at = Stamp { utc, mono: at.mono.max(self.at.last.mono) };
        let seq = self.at.next;
        self.push(&self.compose(at, &draft.0), out)?;
        self.at.last = at;
        Ok((seq, at))
    }

    /// Records that nothing happened, and whether a time server keeps the machine's clock, where somebody looks at that.
    ///
    /// # Errors
    /// If the log is sealed.
    pub fn heartbeat(
        &mut self,
        at: Stamp,
        clock: Option<ClockSync>,
        out: &mut Vec<u8>,
    ) -> Result<(u64, Stamp), ChainError> {
        match clock {
            Some(clock) => self.line(at, &format!("\"k\":\"heartbeat\",\"clock\":\"{}\"}}", clock.word()), out),
            None => self.line(at, "\"k\":\"heartbeat\"}", out),
        }
    }

    /// Returns the statement that the operator signs to let the session key sign from the line on that began the
    /// session; `None` without a session key, or before that line.
    pub fn delegation_statement(&self) -> Option<String> {
        let session = self.session.as_ref().filter(|_| !self.began.is_empty())?.public_text();
        Some(statement(self.run.as_str(), &session, &self.began))
    }

    /// Records the operator's signature over [`Self::delegation_statement`].
    ///
    /// # Errors
    /// If there is no session key, or the log is sealed.
    pub fn delegation(&mut self, at: Stamp, by: &str, sig: &Armour, out: &mut Vec<u8>) -> Result<(), ChainError> {
        let statement =
            self.delegation_statement().ok_or_else(|| ChainError::Json("there is no session key".to_owned()))?;
        let members = format!(
            "\"k\":\"delegation\",\"by\":{},\"statement\":{},\"sig\":{}}}",
            quoted(by),
            quoted(&statement),
            quoted(&sig.text()?)
        );
        self.line(at, &members, out).map(drop)
    }

    /// Signs everything so far with the session key, unless nothing was added since the last time or there is no key.
    ///
    /// # Errors
    /// If the key does not sign.
    pub fn checkpoint(&mut self, out: &mut Vec<u8>) -> Result<(), ChainError> {
        let Some(session) = &self.session else { return Ok(()) };
        if self.at.unsigned == 0 {
            return Ok(());
        }
        let sig = session.sign(&self.digest())?;
        let line =
            checkpoint_line(self.at.next, &self.at.prev, &line::time_text(self.at.last.utc), self.at.last.mono, &sig);
        self.push(&line, out)?;
        self.at.unsigned = 0;
        Ok(())
    }

    /// Announces a seal, and by whom: the seal's own line holds nothing that the signature could not cover.
    ///
    /// # Errors
    /// If the log is sealed.
    pub fn sealing(&mut self, at: Stamp, by: &str, out: &mut Vec<u8>) -> Result<(), ChainError> {
        self.line(at, &format!("\"k\":\"sealing\",\"by\":{}}}", quoted(by)), out).map(drop)
    }

    /// Seals the log with a signature over [`Self::digest`]. Nothing can follow.
    ///
    /// # Errors
    /// If the log is sealed already.
    pub fn seal(&mut self, sig: &Armour, out: &mut Vec<u8>) -> Result<(), ChainError> {
        let time = line::time_text(self.at.last.utc);
        let line = seal_line(self.at.next, &self.at.prev, &time, self.at.last.mono, &sig.text()?);
        self.push(&line, out)?;
        self.at.sealed = true;
        Ok(())
    }

    fn line(&mut self, at: Stamp, members: &str, out: &mut Vec<u8>) -> Result<(u64, Stamp), ChainError> {
        let draft = self.checked(members.to_owned())?;
        self.add(at, &draft, out)
    }

    fn compose(&self, at: Stamp, members: &str) -> String {
        head(self.at.next, &self.at.prev, &line::time_text(at.utc), at.mono) + members
    }

    fn checked(&self, members: String) -> Result<Draft, ChainError> {
        let text = self.compose(self.at.last, &members);
        if text.len() > MAX_LINE - HEAD_ROOM {
            let kind = members.split('"').nth(3).unwrap_or_default().to_owned();
            return Err(ChainError::TooLong { kind, bytes: text.len() });
        }
        // What is written here, the strict reader has to accept; better to refuse a fact than to break the log.
        line::parse(text.as_bytes()).map_err(ChainError::Unfit)?;
        Ok(Draft(members))
    }

    fn push(&mut self, line: &str, out: &mut Vec<u8>) -> Result<(), ChainError> {
        if self.at.sealed {
            return Err(ChainError::Sealed);
        }
        sha256_hex(line.as_bytes()).as_str().clone_into(&mut self.at.prev);
        self.at.hash.update(line.as_bytes());
        self.at.hash.update(b"\n");
        self.at.next += 1;
        let length = line.len() as u64 + 1;
        self.at.bytes += length;
        self.at.unsigned += length;
        out.extend_from_slice(line.as_bytes());
        out.push(b'\n');
        Ok(())
    }
}

/// Returns the statement that a line of a log wants signed, if it begins a session of the run.
pub fn wanted_statement(run: &str, line: &[u8]) -> Option<String> {
    if !matches!(line::parse(line).ok()?.kind, "open" | "resumed") {
        return None;
    }
    let session = match serde_json::from_slice(line).ok()? {
        Event::Open(opened) if opened.run.as_str() == run => opened.session,
        Event::Resumed(resumed) => resumed.session,
        _ => return None,
    };
    Some(statement(run, &session, sha256_hex(line).as_str()))
}

/// Is what the operator signs for a session: see `docs/incident-log.md`, which gives it byte for byte.
pub(super) fn statement(run: &str, session: &str, head: &str) -> String {
    format!("lifeboat session delegation\nrun {run}\nsession {session}\nhead {head}\n")
}

/// Is the one form of a checkpoint's line: everything in it but the signature follows from the line before.
pub(super) fn checkpoint_line(seq: u64, prev: &str, time: &str, mono: u64, sig: &str) -> String {
    head(seq, prev, time, mono) + &format!("\"k\":\"checkpoint\",\"lines\":{seq},\"sig\":\"{sig}\"}}")
}

/// Returns the signature of a checkpoint that has the one form of checkpoints, as far as the line alone can say.
pub(super) fn checkpoint_sig<'l>(head: &line::Head<'l>) -> Option<&'l str> {
    let rest = head.rest.strip_prefix("\"k\":\"checkpoint\",\"lines\":")?;
    let (lines, rest) = rest.split_once(",\"sig\":\"")?;
    let sig = rest.strip_suffix("\"}")?;
    let base64 = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    (lines.parse() == Ok(head.seq) && sig.len() == 88 && sig.bytes().all(base64)).then_some(sig)
}

/// Is the one form of the seal's line, likewise.
pub(super) fn seal_line(seq: u64, prev: &str, time: &str, mono: u64, armour: &str) -> String {
    head(seq, prev, time, mono) + &format!("\"k\":\"seal\",\"sig\":{}}}", quoted(armour))
}

pub(super) fn head(seq: u64, prev: &str, time: &str, mono: u64) -> String {
    let mut text = String::with_capacity(512);
    // Writing to a String cannot fail.
    let _ = write!(text, "{{\"seq\":{seq},\"prev\":\"{prev}\",\"t\":\"{time}\",\"mono\":{mono},");
    text
}

/// Returns an event's JSON without its opening brace.
fn members(event: &Event) -> Result<String, ChainError> {
    let mut json = serde_json::to_string(event).map_err(|e| ChainError::Json(e.to_string()))?;
    if !json.starts_with('{') {
        return Err(ChainError::Json("it is no JSON object".to_owned()));
    }
    json.remove(0);
    Ok(json)
}

pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use chrono::{DateTime, TimeDelta};

    use super::*;
    use crate::journal::{Severity, Trust, Verdict, read_log, verify};

    fn stamp(seconds: i64, mono: u64) -> Stamp {
        Stamp { utc: DateTime::from_timestamp_nanos(1_800_000_000_123_456_789) + TimeDelta::seconds(seconds), mono }
    }

    fn open(session: &str) -> Event {
        let opened = serde_json::json!({
            "k": "open", "v": "lifeboat-log/1", "run": "r", "mode": "drill", "by": "a", "session": session,
            "host": "h", "boot": "b", "pid": 1, "tool": "t", "runbook": "r.md", "runbook_sha256": "", "account": "none",
            "arn": "", "region": "", "rto_s": 0, "rpo_s": 0, "seed": null, "speed": 1, "prev_run": null, "prev_sha512": null
        });
        serde_json::from_value(opened).unwrap()
    }

    fn note(text: &str) -> Event {
        Event::NoteAdded { text: text.to_owned(), occurred_at: None, by: "a".to_owned() }
    }

    #[test]
    fn facts_come_back_as_recorded_and_clocks_are_watched() {
        let session = SessionKey::from_seed(&[1; 32]);
        let first = open(&session.public_text());
        let mut chain = Chain::new(RunId::new("r"), Some(session));
        let mut log = Vec::new();
        chain.event(stamp(0, 0), &first, &mut log).unwrap();
        let (seq, at) = chain.event(stamp(60, 1_000_000), &note("an hour passed in a second"), &mut log).unwrap();
        let (_, back) = chain.event(stamp(1, 500_000), &note("mono never goes back"), &mut log).unwrap();
        assert_eq!((seq, at.utc.timestamp_subsec_nanos(), back.mono), (1, 123_456_000, 1_000_000));
        chain.checkpoint(&mut log).unwrap();
        let length = log.len();
        chain.checkpoint(&mut log).unwrap();
        assert_eq!((log.len(), chain.bytes()), (length, length as u64), "nothing new, nothing to sign");
        let facts = read_log(&log).into_facts();
        assert_eq!((facts[1].seq, facts[1].at), (seq, at));
        let found = verify(&mut [Cursor::new(log)], &Trust::default(), &mut |_| {}).unwrap();
        assert_eq!(found.verdict, Verdict::Untrusted);
        let jumps: Vec<_> = found.findings.iter().filter(|f| f.severity == Severity::Warning).collect();
        assert_eq!(jumps.len(), 2, "{jumps:?}");
        assert!(jumps[0].text.contains("ahead by 59 s") && jumps[1].text.contains("back by 59 s"), "{jumps:?}");
    }

    proptest::proptest! {
        /// Whatever text a fact holds, its line is one that the strict reader takes and gives back.
        #[test]
        fn any_text_survives(text in "\\PC{0,40}|[\\x00-\\x7f]{0,40}") {
            let first = open("");
            let mut chain = Chain::new(RunId::new("r"), None);
            let mut log = Vec::new();
            chain.event(stamp(0, 0), &first, &mut log).unwrap();
            chain.event(stamp(0, 1), &note(&text), &mut log).unwrap();
            let facts = read_log(&log).into_facts();
            proptest::prop_assert_eq!(&facts[1].event, &note(&text));
        }
    }
}
