//! A log that an engine left behind: what of it counts, and what is set aside before another engine goes on.
//!
//! An engine acts on nothing before its checkpoint is on the disk. So what lies behind the last checkpoint was never
//! acted upon, if the end of it is torn: it is kept beside the log, and the log goes on from the checkpoint.

use std::fs::{File, OpenOptions};
use std::io::{self, Cursor, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

use sha2::{Digest as _, Sha512};

use super::beside::Beside;
use super::error::StoreError;
use super::grip;
use super::medium::{Folders, Medium, Places};
use super::runs::{self, LogPlace};
use crate::engine::{Event, Fact, Opened, PartBefore, Torn};
use crate::journal::{Body, Severity, Trust, Verification, in_order, part_name, read_entry, read_log, verify_with};
use crate::kernel::{Sha256Hex, Stamp, sha256_hex};

/// Is a log without an engine, held so that no other engine can take it.
#[derive(Debug)]
pub struct Left {
    /// The last part.
    file: File,
    path: PathBuf,
    /// Why it can't be written, if it can't.
    failed: Option<String>,
    /// The parts before, and their files, for their locks.
    before: Vec<PartBefore>,
    locks: Vec<File>,
    whole: Vec<u8>,
    torn: Vec<u8>,
    opened: Opened,
    facts: Vec<Fact>,
    last: Stamp,
    verified: Verification,
    places: Folders,
}

/// Is what an engine needs of it to go on.
pub(super) struct Held {
    pub(super) file: Box<dyn Medium>,
    pub(super) path: PathBuf,
    pub(super) failed: Option<String>,
    pub(super) locks: Vec<Box<dyn Medium>>,
    pub(super) before: Vec<PartBefore>,
    pub(super) whole: Vec<u8>,
    pub(super) torn: Option<Torn>,
    /// The public key of the session that wrote last.
    pub(super) session: String,
    pub(super) places: Box<dyn Places>,
}

/// Says what of a log counts.
struct Extent {
    /// Bytes up to the end of the last line that is signed, or complete where none is.
    whole: usize,
    facts: Vec<Fact>,
    last: Option<Stamp>,
    sealed: bool,
}

/// Is one part, read and locked.
struct Read {
    file: File,
    path: PathBuf,
    failed: Option<String>,
    bytes: Vec<u8>,
}

impl Read {
    /// One that can't be written can still be read: the log goes on in another place then.
    fn lock(path: PathBuf) -> Result<Self, StoreError> {
        let (mut file, failed) = match OpenOptions::new().read(true).write(true).open(&path) {
            Ok(file) => (file, None),
            Err(error) => {
                let file = File::open(&path).map_err(StoreError::io("open the log to go on with it", &path))?;
                (file, Some(error.to_string()))
            }
        };
        if grip::hold(&file).is_err() {
            return Err(StoreError::Locked { path });
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(StoreError::io("read the log", &path))?;
        Ok(Self { file, path, failed, bytes })
    }
}

impl Left {
    /// Reads the log of a run that no engine works, all parts of it, verifies it, and holds it.
    ///
    /// # Errors
    /// If another lifeboat writes it, if it is sealed, if it was changed, if a part is missing or cannot be read.
    pub fn take(place: &LogPlace, trust: &Trust) -> Result<Self, StoreError> {
        let mut parts = place.parts().into_iter().map(Read::lock).collect::<Result<Vec<_>, _>>()?;
        let mut views: Vec<_> = parts.iter().map(|part| Cursor::new(&part.bytes)).collect();
        let order = in_order(&mut views).map_err(StoreError::io("read the log", &place.log))?;
        for ((part, read), number) in order.iter().zip(&mut parts).zip(1..) {
            if part.number != number {
                return Err(StoreError::Missing { part: place.log.with_file_name(part_name(number)) });
            }
            if let Some(counts) = part.counts {
                read.bytes.truncate(usize::try_from(counts).unwrap_or(usize::MAX));
            }
        }
        let mut facts = Vec::new();
        let last = parts.pop().ok_or_else(|| StoreError::Missing { part: place.log.clone() })?;
        for part in &parts {
            facts.extend(read_log(&part.bytes).into_facts());
        }
        let Read { file, path, failed, bytes: mut whole } = last;
        let extent = extent(&whole);
        let torn = whole.split_off(extent.whole);
        if extent.sealed {
            return Err(StoreError::Sealed { path });
        }
        facts.extend(extent.facts);
        let mut views: Vec<_> = parts.iter().map(|part| &part.bytes).chain([&whole]).map(Cursor::new).collect();
        let verified = verify_with(&mut Beside::default(), &mut views, trust, &mut |_| {})
            .map_err(|source| StoreError::Verify { path: path.clone(), source })?;
        if let Some(damage) = verified.findings.iter().find(|finding| finding.severity == Severity::Damage) {
            return Err(StoreError::Damaged { path, line: damage.line.unwrap_or(1), what: damage.text.clone() });
        }
        let opened = match facts.first().map(|fact| &fact.event) {
            Some(Event::Open(opened)) => (**opened).clone(),
            _ => return Err(StoreError::Damaged { path, line: 1, what: "it does not begin a run".to_owned() }),
        };
        let before = parts.iter().map(|part| {
            let sha512 = Sha256Hex::from_digest(&Sha512::digest(&part.bytes)).as_str().to_owned();
            let lines = part.bytes.split_inclusive(|byte| *byte == b'\n').count() as u64;
            PartBefore { lines, bytes: part.bytes.len() as u64, sha512 }
        });
        Ok(Self {
            before: before.collect(),
            locks: parts.into_iter().map(|part| part.file).collect(),
            file,
            path,
            failed,
            whole,
            torn,
            opened,
            last: extent.last.unwrap_or(Stamp { utc: chrono::DateTime::UNIX_EPOCH, mono: 0 }),
            facts,
            verified,
            places: place.further(),
        })
    }

    /// Returns the header.
    pub fn opened(&self) -> &Opened {
        &self.opened
    }

    /// Returns the facts, the header among them, in order.
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// Returns the times of the last line.
    pub fn last(&self) -> Stamp {
        self.last
    }

    /// Returns what its signatures are worth.
    pub fn verified(&self) -> &Verification {
        &self.verified
    }

    #[cfg(test)]
    pub(super) fn fail(&mut self, why: &str) {
        self.failed = Some(why.to_owned());
    }

    /// Keeps what is torn in a file beside the log, and cuts it off. Where that can't be done the file has failed.
    pub(super) fn set_aside(self) -> Held {
        let Self { mut file, path, whole, torn, mut failed, .. } = self;
        let mut aside = None;
        if failed.is_none() {
            let cut = || -> Result<Option<Torn>, StoreError> {
                let aside = if torn.is_empty() { None } else { Some(keep(&path, &torn)?) };
                if aside.is_some() {
                    file.set_len(whole.len() as u64)
                        .and_then(|()| file.sync_all())
                        .map_err(StoreError::io("cut the torn end off", &path))?;
                }
                file.seek(SeekFrom::End(0)).map_err(StoreError::io("go on with", &path))?;
                Ok(aside)
            };
            match { cut }() {
                Ok(kept) => aside = kept,
                Err(error) => failed = Some(error.to_string()),
            }
        }
        let session = self.facts.iter().rev().find_map(|fact| match &fact.event {
            Event::Open(opened) => Some(opened.session.clone()),
            Event::Resumed(resumed) => Some(resumed.session.clone()),
            _ => None,
        });
        let locks = self.locks.into_iter().map(|file| Box::new(file) as Box<dyn Medium>);
        Held {
            file: Box::new(file),
            path,
            failed,
            locks: locks.collect(),
            before: self.before,
            whole,
            torn: aside,
            session: session.unwrap_or_default(),
            places: Box::new(self.places),
        }
    }
}

fn keep(log: &std::path::Path, torn: &[u8]) -> Result<Torn, StoreError> {
    for number in 1.. {
        let name = format!("incident.torn-{number}");
        let path = log.with_file_name(&name);
        let mut file = match runs::create(&path) {
            Ok(file) => file,
            Err(StoreError::Io { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(error),
        };
        file.write_all(torn).and_then(|()| file.sync_all()).map_err(StoreError::io("write", &path))?;
        if let Some(folder) = log.parent() {
            runs::sync_folder(folder)?;
        }
        return Ok(Torn { file: name, bytes: torn.len() as u64, sha256: sha256_hex(torn) });
    }
    Err(StoreError::io("set aside the torn end of", log)(io::Error::other("there is no name left for it")))
}

/// Reads lines up to the first broken one. A whole line that is broken stays: it is damage, and `verify` names it.
fn extent(bytes: &[u8]) -> Extent {
    let mut found = Extent { whole: 0, facts: Vec::new(), last: None, sealed: false };
    let (mut at, mut complete, mut signed) = (0, 0, None);
    let (mut facts_signed, mut last_signed) = (0, None);
    let mut broken = false;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        at += line.len();
        let Some(line) = line.strip_suffix(b"\n") else { break };
        complete = at;
        let Ok(entry) = read_entry(line) else {
            broken = true;
            continue;
        };
        found.last = Some(entry.at);
        found.sealed = entry.body == Body::Seal;
        if entry.body == Body::Checkpoint {
            (signed, facts_signed, last_signed) = (Some(at), found.facts.len(), found.last);
        }
        found.facts.extend(entry.into_fact());
    }
    found.whole = complete;
    // A batch is one write that ends with its checkpoint: whole lines behind the last one are part of a torn batch.
    if let Some(signed) = signed.filter(|_| !broken && !found.sealed) {
        found.whole = signed;
        found.facts.truncate(facts_signed);
        found.last = last_signed;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Resumed;
    use crate::store::fixture::{opened, stopped};
    use crate::store::{LogWriter, Runs, SignError, Signing};

    fn resumed() -> Resumed {
        let text = |text: &str| text.to_owned();
        Resumed {
            by: text("b"),
            session: text(""),
            host: text("h"),
            boot: text("b"),
            pid: 2,
            tool: text("t"),
            clock: crate::kernel::ClockSync::Unknown,
            torn: None,
        }
    }

    fn note(text: &str) -> Event {
        Event::NoteAdded { text: text.to_owned(), occurred_at: None, by: "a".to_owned() }
    }

    /// A log of three batches, whose engine is gone.
    fn left_behind() -> (tempfile::TempDir, LogPlace) {
        let root = tempfile::tempdir().unwrap();
        let folder = Runs::at(root.path()).create(chrono::DateTime::UNIX_EPOCH).unwrap();
        let begun = LogWriter::begin(&folder, opened(), Err(SignError::NoKey), stopped()).unwrap();
        for text in ["one", "two"] {
            begun.writer.append_blocking(vec![note(text), note("and")]).unwrap();
        }
        (root, folder.place())
    }

    fn notes(facts: &[Fact]) -> usize {
        facts.iter().filter(|fact| matches!(fact.event, Event::NoteAdded { .. })).count()
    }

    #[test]
    fn a_log_goes_on_with_another_key_and_verifies() {
        let (_root, place) = left_behind();
        let left = Left::take(&place, &Trust::default()).unwrap();
        assert_eq!(notes(left.facts()), 4);
        assert!(matches!(Left::take(&place, &Trust::default()), Err(StoreError::Locked { .. })));
        let begun = LogWriter::go_on(left, resumed(), Err(SignError::NoKey), stopped()).unwrap();
        assert!(matches!(begun.signing, Signing::Unsigned { .. }));
        let facts = begun.writer.append_blocking(vec![note("three")]).unwrap();
        assert_eq!(facts[0].seq, begun.open.seq + 2, "the line, its checkpoint, the next");
        drop(begun);
        let left = Left::take(&place, &Trust::default()).unwrap();
        assert_eq!((notes(left.facts()), left.verified().coverage.checkpoints), (5, 5));
        // What the first session signed is still checked, though the second one signed after it.
        let text = std::fs::read_to_string(&place.log).unwrap();
        drop(left);
        let forged = text.replacen("\"one\"", "\"eno\"", 1);
        std::fs::write(&place.log, forged).unwrap();
        assert!(matches!(Left::take(&place, &Trust::default()), Err(StoreError::Damaged { .. })));
    }

    #[test]
    fn wherever_the_last_batch_is_torn_the_signed_part_counts_and_the_rest_is_kept() {
        let (_root, place) = left_behind();
        let bytes = std::fs::read(&place.log).unwrap();
        let ends: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] == b'\n').map(|at| at + 1).collect();
        let [.., signed, _, _, whole] = ends[..] else { panic!("{ends:?}") };
        assert_eq!(whole, bytes.len());
        for cut in signed..=whole {
            std::fs::write(&place.log, &bytes[..cut]).unwrap();
            let left = Left::take(&place, &Trust::default()).unwrap();
            assert_eq!(notes(left.facts()), if cut == whole { 4 } else { 2 }, "cut at {cut} of {whole}");
            let Held { whole: kept, torn, failed, .. } = left.set_aside();
            assert_eq!(failed, None);
            assert_eq!(kept.len() as u64 + torn.as_ref().map_or(0, |torn| torn.bytes), cut as u64);
            if let Some(torn) = torn {
                let aside = std::fs::read(place.log.with_file_name(&torn.file)).unwrap();
                assert_eq!(aside, bytes[signed..cut]);
            }
        }
    }

    #[test]
    fn a_whole_line_that_is_broken_is_damage_and_zeros_at_the_end_are_not() {
        let (_root, place) = left_behind();
        let bytes = std::fs::read(&place.log).unwrap();
        std::fs::write(&place.log, [&bytes[..], &[0; 4096]].concat()).unwrap();
        assert_eq!(notes(Left::take(&place, &Trust::default()).unwrap().facts()), 4);
        std::fs::write(&place.log, [&bytes[..], b"\0\0\n"].concat()).unwrap();
        let error = Left::take(&place, &Trust::default()).unwrap_err().to_string();
        assert!(error.contains("line 9") && error.contains("was changed"), "{error}");
    }
}
