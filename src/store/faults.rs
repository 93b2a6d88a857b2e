//! A disk that fails at a chosen call, below the writer of a log: short writes, ENOSPC, EIO, EROFS.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::error::{SignError, StoreError};
use super::fixture::{opened, stopped};
use super::log::LogNews;
use super::medium::{Made, Medium, Places, made};
use super::{AppendError, LogPlace, LogWriter, Runs, verify_log};
use crate::engine::{Event, Fact};
use crate::journal::{Severity, Trust, Verdict, part_name};
use crate::store::{Left, RunFolder};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// Half of it is written, and the rest with the next call.
    Short,
    /// Half of it is written, then the disk is full.
    ShortThenFull,
    Full,
    WriteFails,
    SyncFails,
    ReadOnly,
}

const FAULTS: [Fault; 6] =
    [Fault::Short, Fault::ShortThenFull, Fault::Full, Fault::WriteFails, Fault::SyncFails, Fault::ReadOnly];

/// Says at which call what goes wrong, and on how many files.
#[derive(Debug)]
struct Script {
    calls: AtomicUsize,
    at: usize,
    fault: Fault,
    /// How many files fail from that call on.
    files: AtomicUsize,
}

impl Script {
    fn new(fault: Fault, at: usize, files: usize) -> Arc<Self> {
        Arc::new(Self { calls: AtomicUsize::new(0), at, fault, files: AtomicUsize::new(files) })
    }

    fn due(&self) -> bool {
        self.calls.fetch_add(1, Ordering::SeqCst) >= self.at && self.files.load(Ordering::SeqCst) > 0
    }
}

#[derive(Debug)]
struct Disk {
    file: File,
    script: Arc<Script>,
    failed: Mutex<Option<Fault>>,
}

impl Disk {
    fn over(file: File, script: &Arc<Script>) -> Box<dyn Medium> {
        Box::new(Self { file, script: Arc::clone(script), failed: Mutex::new(None) })
    }

    fn fail(&self, fault: Fault) -> io::Error {
        let mut failed = self.failed.lock().unwrap();
        assert!(
            failed.is_none() || *failed == Some(Fault::ShortThenFull),
            "a file that failed is used again: {fault:?}"
        );
        if failed.replace(fault).is_none() {
            self.script.files.fetch_sub(1, Ordering::SeqCst);
        }
        io::Error::from_raw_os_error(match fault {
            Fault::Short | Fault::ShortThenFull | Fault::Full => 28,
            Fault::WriteFails | Fault::SyncFails => 5,
            Fault::ReadOnly => 30,
        })
    }
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if *self.failed.lock().unwrap() == Some(Fault::ShortThenFull) {
            return Err(self.fail(Fault::ShortThenFull));
        }
        if self.script.due() {
            match self.script.fault {
                Fault::SyncFails => {}
                Fault::Short => return self.file.write(&bytes[..bytes.len().div_ceil(2)]),
                Fault::ShortThenFull => {
                    drop(self.fail(Fault::ShortThenFull));
                    return self.file.write(&bytes[..bytes.len().div_ceil(2)]);
                }
                fault => return Err(self.fail(fault)),
            }
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Medium for Disk {
    fn length(&self) -> io::Result<u64> {
        self.file.length()
    }

    fn settle(&mut self) -> io::Result<()> {
        match self.script.fault {
            Fault::SyncFails if self.script.due() => Err(self.fail(Fault::SyncFails)),
            _ => Ok(()),
        }
    }
}

/// Two further places, whose files may fail as well.
#[derive(Debug)]
struct Elsewhere {
    folders: [PathBuf; 2],
    script: Arc<Script>,
}

impl Places for Elsewhere {
    fn make(&self, place: usize, part: u32) -> Option<Made> {
        let path = self.folders.get(place)?.join(part_name(part));
        Some(made(&path).map(|file| (Disk::over(file, &self.script), path)))
    }

    fn unmake(&self, path: &Path) {
        drop(std::fs::remove_file(path));
    }

    fn point(&self, _: &Path, _: u32) {}
}

struct Bench {
    root: tempfile::TempDir,
    folder: RunFolder,
}

impl Bench {
    fn new() -> Self {
        // Nothing here is about a real disk.
        let shm = Path::new("/dev/shm");
        let root = if shm.is_dir() { tempfile::tempdir_in(shm).unwrap() } else { tempfile::tempdir().unwrap() };
        let spares = vec![root.path().join("one"), root.path().join("two")];
        let folder =
            Runs::at(root.path().join("runs")).with_spares(spares).create(chrono::DateTime::UNIX_EPOCH).unwrap();
        for spare in &folder.place().spares {
            std::fs::create_dir_all(spare).unwrap();
        }
        Self { root, folder }
    }

    fn begin(&self, script: &Arc<Script>) -> Result<LogWriter, StoreError> {
        let file = Disk::over(made(&self.folder.log()).unwrap(), script);
        let [one, two] = &self.folder.place().spares[..] else { panic!() };
        let places = Box::new(Elsewhere { folders: [one.clone(), two.clone()], script: Arc::clone(script) });
        let at = (file, self.folder.log());
        let silence = Duration::from_secs(3600);
        let begun = LogWriter::begin_in(at, places, &self.folder, opened(), Err(SignError::NoKey), stopped(), silence)?;
        Ok(begun.writer)
    }

    fn operator(&self) -> crate::store::Operator {
        crate::store::practice_operator(&self.root.path().join("state"), Duration::from_secs(10)).unwrap()
    }

    fn place(&self) -> LogPlace {
        self.folder.place()
    }

    /// The log has no damage, and holds all of these notes once, in order.
    fn holds(&self, notes: &[String], name: &str) {
        let found = verify_log(&self.place(), &Trust::default()).unwrap();
        assert!(!found.has(Severity::Damage), "{name}: {:#?}", found.findings);
        assert_ne!(found.verdict, Verdict::Tampered, "{name}");
        let mut seen = Vec::new();
        let mut note = |event: &Event| {
            if let Event::NoteAdded { text, .. } = event {
                seen.push(text.clone());
            }
            String::new()
        };
        let note = std::cell::RefCell::new(&mut note);
        let narrate = |event: &Event| (note.borrow_mut())(event);
        crate::store::show(&self.place(), crate::store::Format::Text, &narrate, &mut io::sink()).unwrap();
        assert_eq!(seen, notes, "{name}");
    }
}

fn note(text: &str) -> Event {
    Event::NoteAdded { text: text.to_owned(), occurred_at: None, by: "a".to_owned() }
}

/// Appends four batches of two notes; gives what was acknowledged.
fn play(writer: &LogWriter, notes: &mut Vec<String>) -> Result<Vec<Fact>, AppendError> {
    let mut facts = Vec::new();
    for batch in 0..4 {
        let texts = [format!("{batch}, one"), format!("{batch}, two")];
        facts.extend(writer.append_blocking(texts.iter().map(|text| note(text)).collect())?);
        notes.extend(texts);
    }
    Ok(facts)
}

/// How many calls of write and sync a whole small run makes.
fn calls() -> usize {
    let bench = Bench::new();
    let script = Script::new(Fault::Full, usize::MAX, 0);
    let writer = bench.begin(&script).unwrap();
    play(&writer, &mut Vec::new()).unwrap();
    writer.seal_blocking(bench.operator()).unwrap();
    script.calls.load(Ordering::SeqCst)
}

#[test]
fn a_file_that_fails_at_any_call_is_followed_by_another_and_nothing_is_lost() {
    let calls = calls();
    assert!(calls >= 7, "{calls}");
    for fault in FAULTS {
        for files in [1, 2] {
            for at in 0..=calls {
                let name = format!("{fault:?} at call {at}, {files} files");
                let bench = Bench::new();
                let script = Script::new(fault, at, files);
                let mut notes = Vec::new();
                let Ok(writer) = bench.begin(&script) else {
                    let first = usize::from(fault == Fault::SyncFails);
                    assert!(at <= first && fault != Fault::Short, "{name}: only the first lines hold a run up");
                    continue;
                };
                let facts = play(&writer, &mut notes).unwrap_or_else(|error| panic!("{name}: {error}"));
                let moved = facts.iter().filter(|fact| matches!(fact.event, Event::Continues(_))).count();
                let sealed = writer.seal_blocking(bench.operator()).unwrap_or_else(|error| panic!("{name}: {error}"));
                drop(writer);
                bench.holds(&notes, &name);
                let parts = bench.place().parts().len();
                assert!(parts <= 2 && moved < parts.max(2), "{name}: {parts} parts, {moved} told");
                assert!(sealed.lines > 16, "{name}");
                let found = verify_log(&bench.place(), &Trust::default()).unwrap();
                assert_eq!((found.sealed_by.is_some(), found.parts as usize), (true, parts), "{name}");
            }
        }
    }
}

#[test]
fn with_no_place_left_nothing_is_acknowledged_until_there_is_one() {
    for fault in FAULTS.into_iter().filter(|fault| *fault != Fault::Short) {
        for at in 1..calls() - 3 {
            let name = format!("{fault:?} at call {at}, everywhere");
            let bench = Bench::new();
            let script = Script::new(fault, at, usize::MAX);
            let mut notes = Vec::new();
            let Ok(writer) = bench.begin(&script) else { continue };
            let (tell, news) = std::sync::mpsc::channel();
            writer.listen(move |heard| tell.send(heard).unwrap());
            let error = play(&writer, &mut notes).unwrap_err();
            assert!(matches!(error, AppendError::Final { .. }), "{name}: {error}");
            assert!(matches!(news.recv_timeout(Duration::from_secs(20)).unwrap(), LogNews::Halted(_)), "{name}");
            assert!(writer.append_blocking(vec![note("not now")]).is_err(), "{name}");
            // A crash here, and what was acknowledged is there.
            let left = verify_log(&bench.place(), &Trust::default()).unwrap();
            assert!(!left.has(Severity::Damage), "{name}: {:#?}", left.findings);
            script.files.store(0, Ordering::SeqCst);
            let news = news.recv_timeout(Duration::from_secs(20)).unwrap();
            assert!(matches!(news, LogNews::GoesOn(_)), "{name}: {news:?}");
            let told = writer.append_blocking(vec![note("now")]).unwrap();
            assert!(matches!(told[0].event, Event::Continues(_)), "{name}: {told:?}");
            notes.push("now".to_owned());
            drop(writer);
            bench.holds(&notes, &name);
            // An engine that comes later takes all parts up.
            let left = Left::take(&bench.place(), &Trust::default()).unwrap();
            assert!(left.facts().iter().any(|fact| matches!(fact.event, Event::Continues(_))), "{name}");
            // Looking for a place takes its time; the first calls and the last say enough.
            if at > 3 {
                break;
            }
        }
    }
}

#[test]
fn what_was_kept_in_memory_is_written_once_there_is_a_place() {
    let bench = Bench::new();
    let script = Script::new(Fault::Full, 3, usize::MAX);
    let mut notes = Vec::new();
    let writer = bench.begin(&script).unwrap();
    play(&writer, &mut notes).unwrap_err();
    let before = notes.len();
    writer.keep_in_memory();
    let kept = play(&writer, &mut notes).unwrap();
    assert!(matches!(kept[0].event, Event::Continues(_)), "{kept:?}");
    assert!(kept.windows(2).all(|pair| pair[0].seq < pair[1].seq), "{kept:?}");
    bench.holds(&notes[..before], "nothing of it is on a disk");
    script.files.store(0, Ordering::SeqCst);
    let deadline = Instant::now() + Duration::from_secs(20);
    let again = loop {
        let told = writer.append_blocking(Vec::new()).unwrap();
        if let Some(Event::RecordedAgain { facts, .. }) = told.first().map(|fact| &fact.event) {
            break *facts;
        }
        assert!(Instant::now() < deadline);
        std::thread::park_timeout(Duration::from_millis(5));
    };
    assert_eq!(again, 9, "the line that says why, and eight notes");
    bench.holds(&notes, "all of it is");
    writer.seal_blocking(bench.operator()).unwrap();
    drop(writer);
    let found = verify_log(&bench.place(), &Trust::default()).unwrap();
    assert_eq!((found.parts, found.sealed_by.is_some(), found.has(Severity::Damage)), (2, true, false));
}

#[test]
fn an_engine_that_comes_later_goes_on_elsewhere_too() {
    let bench = Bench::new();
    let script = Script::new(Fault::Full, usize::MAX, 0);
    let mut notes = Vec::new();
    let writer = bench.begin(&script).unwrap();
    play(&writer, &mut notes).unwrap();
    drop(writer);
    // A folder in its way: what is torn can't be set aside.
    let mut bytes = std::fs::read(bench.folder.log()).unwrap();
    bytes.extend_from_slice(b"{\"seq\":9");
    std::fs::write(bench.folder.log(), &bytes).unwrap();
    let mut left = Left::take(&bench.place(), &Trust::default()).unwrap();
    left.fail("the disk is read-only");
    let resumed = serde_json::from_value(serde_json::json!({
        "by": "b", "session": "", "host": "h", "boot": "b", "pid": 2, "tool": "t"
    }));
    let begun = LogWriter::go_on(left, resumed.unwrap(), Err(SignError::NoKey), stopped()).unwrap();
    let told = begun.writer.append_blocking(vec![note("after")]).unwrap();
    assert!(matches!((&told[0].event, &begun.open.event), (Event::Continues(_), Event::Resumed(_))), "{told:?}");
    notes.push("after".to_owned());
    drop(begun);
    bench.holds(&notes, "in two parts");
    let found = verify_log(&bench.place(), &Trust::default()).unwrap();
    assert!(found.findings.iter().any(|finding| finding.text.contains("do not count")), "{:#?}", found.findings);
}
