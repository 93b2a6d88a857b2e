//! Anchors: where the log stood, said outside of it. Whoever rewrites the log later does not fit them.
//!
//! A statement names a line and its digest, which stands for everything before it. Kept where its author can't change it
//! (a locked object, a time stamp, a ticket) it binds the author, too.

use chrono::{DateTime, Utc};

use super::findings::{Severity, Verification};
use super::line::time_text;
use crate::kernel::{SafeText, Sha256Hex};

/// Is the first line of a statement.
const TITLE: &str = "lifeboat log anchor 1";

/// Is what is anchored: a log had this line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The run.
    pub run: String,
    /// How many lines the log had; all its parts count.
    pub lines: u64,
    /// SHA-256 of the last of them, hex: what the next line's `prev` says.
    pub head: String,
}

impl Anchor {
    /// Writes the statement, byte for byte as it is anchored.
    pub fn text(&self) -> String {
        format!("{TITLE}\nrun {}\nlines {}\nhead {}\n", self.run, self.lines, self.head)
    }

    /// Reads a statement; nothing if it is none, byte for byte.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.split('\n');
        let mut field = |name: &str| lines.next()?.strip_prefix(name);
        field(TITLE)?;
        let (run, count, head) = (field("run ")?, field("lines ")?, field("head ")?);
        let anchor = Self { run: run.to_owned(), lines: count.parse().ok()?, head: head.to_owned() };
        (anchor.text() == text).then_some(anchor)
    }
}

/// Says who vouches for a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Voucher {
    /// Nobody but the folder in which it lies: it can be wrong, and proves nothing.
    Nobody,
    /// Whoever verifies got it from where its author can't change it.
    Reader,
    /// A time stamp authority: it was there then.
    Stamped(DateTime<Utc>),
}

/// Is a statement with who vouches for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vouched {
    /// The statement.
    pub anchor: Anchor,
    /// Its name for people.
    pub name: String,
    /// Who vouches.
    pub by: Voucher,
}

/// Is an anchor that the log fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchored {
    /// Up to which line.
    pub lines: u64,
    /// By whom, in words harmless for a terminal.
    pub by: String,
    /// When, where a time stamp says so.
    pub at: Option<DateTime<Utc>>,
}

/// Compares statements with a log, line by line.
#[derive(Debug)]
pub(super) struct Comparison {
    /// Those that still wait for their line, the next one last.
    waiting: Vec<Vouched>,
    fitting: Vec<Vouched>,
    wrong: Vec<(Option<u64>, String)>,
}

impl Comparison {
    pub(super) fn new(anchors: &[Vouched]) -> Self {
        let mut waiting = anchors.to_vec();
        waiting.sort_by_key(|one| std::cmp::Reverse(one.anchor.lines));
        Self { waiting, fitting: Vec::new(), wrong: Vec::new() }
    }

    /// Takes the digest of a line.
    pub(super) fn line(&mut self, number: u64, digest: &[u8; 32]) {
        while let Some(one) = self.waiting.pop_if(|one| one.anchor.lines <= number) {
            if one.anchor.lines == number && Sha256Hex::from_digest(digest).as_str() == one.anchor.head {
                self.fitting.push(one);
            } else {
                let text = format!("{} knows another line here: the log, or its beginning, was replaced", named(&one));
                self.wrong.push((Some(one.anchor.lines.max(1)), text));
            }
        }
    }

    /// Says what came of it.
    pub(super) fn conclude(self, result: &mut Verification, lines: u64) {
        let run = result.run.as_ref().map(|run| run.as_str().to_owned()).unwrap_or_default();
        let (fitting, strange): (Vec<_>, Vec<_>) = self.fitting.into_iter().partition(|one| one.anchor.run == run);
        for (line, text) in self.wrong {
            result.add(line, Severity::Anchor, text);
        }
        for one in strange {
            result.add(None, Severity::Anchor, format!("{} is of another run", named(&one)));
        }
        for one in self.waiting {
            let (name, known) = (named(&one), one.anchor.lines);
            let text = format!("{name} knows {known} lines, and the log has {lines}: its end is missing");
            result.add(Some(lines), Severity::Anchor, text);
        }
        for one in fitting {
            let (name, up_to) = (named(&one), one.anchor.lines);
            let at = match one.by {
                Voucher::Nobody => {
                    let text = format!("{name} fits up to line {up_to}; where it lies it proves nothing");
                    result.add(None, Severity::Note, text);
                    continue;
                }
                Voucher::Reader => None,
                Voucher::Stamped(at) => Some(at),
            };
            let by = at.map_or_else(|| name.clone(), |at| format!("{name}, stamped {}", time_text(at)));
            result.anchored.push(Anchored { lines: up_to, by, at });
        }
    }
}

fn named(one: &Vouched) -> String {
    SafeText::line(&one.name).into_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_read_as_written_and_nothing_else_is() {
        let anchor = Anchor { run: "r".to_owned(), lines: 41, head: "ab".repeat(32) };
        let text = anchor.text();
        assert_eq!(Anchor::parse(&text), Some(anchor));
        for wrong in
            [text.replace("41", "041"), text.replace('\n', "\r\n"), text.clone() + "x", text.replace("run", "Run")]
        {
            assert_eq!(Anchor::parse(&wrong), None, "{wrong}");
        }
    }
}
