//! Folders of runs: where they are, how they are named, how one is found again.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha512};

use super::error::StoreError;
use super::medium::Folders;
use crate::engine::Event;
use crate::journal::{Body, MAX_LINE, part_name, read_entry};
use crate::kernel::{RunId, spoken};

const LOG: &str = "incident.jsonl";

/// Returns lifeboat's state folder, `$XDG_STATE_HOME/lifeboat` or `~/.local/state/lifeboat`. `env` reads the environment.
///
/// # Errors
/// If neither variable is an absolute path.
pub fn state_dir(env: &dyn Fn(&str) -> Option<std::ffi::OsString>) -> Result<PathBuf, StoreError> {
    let absolute = |name: &str| env(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_STATE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/state")))
        .map(|state| state.join("lifeboat"))
        .ok_or(StoreError::NoHome)
}

/// Is a folder that holds runs: `<state>/runs`, or what `--runs DIR` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runs {
    root: PathBuf,
    /// Where else the logs of these runs may go on.
    spares: Vec<PathBuf>,
}

/// Is the folder of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFolder {
    id: RunId,
    path: PathBuf,
    /// The folders of this run in other places.
    spares: Vec<PathBuf>,
}

/// Is where a log was found: the file, and the folder if that may be a run's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPlace {
    /// The log, or its first part.
    pub log: PathBuf,
    /// The folder that may hold outputs and runbook beside it.
    pub folder: Option<PathBuf>,
    /// The folders of this run in other places, where further parts may lie.
    pub spares: Vec<PathBuf>,
}

impl Runs {
    /// Takes a folder, which need not exist yet.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), spares: Vec::new() }
    }

    /// Names the folders in which logs go on that can't be written here any more.
    #[must_use]
    pub fn with_spares(mut self, spares: Vec<PathBuf>) -> Self {
        self.spares = spares;
        self
    }

    /// Returns the folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Makes a run's folder, 0700, named by the time and a random tail.
    ///
    /// # Errors
    /// If it cannot be made: the message names the place and what to do.
    pub fn create(&self, now: DateTime<Utc>) -> Result<RunFolder, StoreError> {
        folder(&self.root)?;
        loop {
            let id = RunId::new(format!("{}-{}", now.format("%Y%m%dT%H%M%SZ"), random_tail()?));
            let path = self.root.join(id.as_str());
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => {}
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(e) => return Err(StoreError::io("create the folder", &path)(e)),
            }
            for part in ["output", "attempts"] {
                folder(&path.join(part))?;
            }
            sync_folder(&self.root)?;
            return Ok(RunFolder { spares: self.spares_of(&id), id, path });
        }
    }

    /// Makes the folder of a log that goes with a run, 0700, under a name that says with which.
    ///
    /// # Errors
    /// If it cannot be made, or is there already.
    pub fn create_named(&self, id: RunId) -> Result<RunFolder, StoreError> {
        folder(&self.root)?;
        let path = self.root.join(id.as_str());
        DirBuilder::new().mode(0o700).create(&path).map_err(StoreError::io("create the folder", &path))?;
        sync_folder(&self.root)?;
        Ok(RunFolder { spares: self.spares_of(&id), id, path })
    }

    /// Lists the runs, oldest first. A folder that does not exist holds none.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn list(&self) -> Result<Vec<RunId>, StoreError> {
        let entries = match fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(StoreError::io("read the folder", &self.root)(e)),
        };
        let mut runs: Vec<RunId> = entries
            .filter_map(Result::ok)
            .filter(|entry| entry.path().join(LOG).is_file())
            .filter_map(|entry| entry.file_name().into_string().ok())
            .map(RunId::new)
            .collect();
        runs.sort();
        Ok(runs)
    }

    /// Finds a log by the name of its run, by any unique beginning of it, by the word at its end, which is what a screen
    /// shows of it, or by the path of the folder or the file.
    /// `last` is the latest run.
    ///
    /// # Errors
    /// If there is none, or more than one.
    pub fn find(&self, name: &str) -> Result<LogPlace, StoreError> {
        let runs = self.list()?;
        let place = |id: &RunId| self.place(self.root.join(id.as_str()));
        if let Some(id) = runs.iter().find(|id| id.as_str() == name) {
            return Ok(place(id));
        }
        if name == "last"
            && let Some(id) = runs.last()
        {
            return Ok(place(id));
        }
        let path = Path::new(name);
        if path.is_dir() && (path.join(LOG).is_file() || !numbered(path).is_empty()) {
            return Ok(self.place(path.to_owned()));
        }
        if path.is_file() && super::pack::is_pack(path) {
            return Err(StoreError::Packed { path: path.to_owned() });
        }
        if path.is_file() {
            return Ok(match path.parent().filter(|_| path.file_name().is_some_and(|n| n == LOG)) {
                Some(folder) => self.place(folder.to_owned()),
                None => LogPlace { log: path.to_owned(), folder: None, spares: Vec::new() },
            });
        }
        let called = |id: &&RunId| id.as_str().starts_with(name) || id.as_str().rsplit('-').next() == Some(name);
        let found: Vec<_> = runs.iter().filter(|id| !name.is_empty() && called(id)).collect();
        match found.as_slice() {
            [only] => Ok(place(only)),
            [first, second, ..] => Err(StoreError::Ambiguous {
                name: name.to_owned(),
                count: found.len(),
                first: first.to_string(),
                second: second.to_string(),
            }),
            [] => Err(StoreError::NoSuchRun { name: name.to_owned(), runs: self.root.clone() }),
        }
    }
}

impl Runs {
    /// Returns the place of the run in a folder, which may be a copy under another name.
    pub fn place(&self, folder: PathBuf) -> LogPlace {
        let log = folder.join(LOG);
        let spares = match first_event(&log) {
            _ if self.spares.is_empty() => Vec::new(),
            Some(Event::Open(opened)) => self.spares_of(&opened.run),
            _ => folder.file_name().map(|name| self.spares_named(Path::new(name))).unwrap_or_default(),
        };
        LogPlace { log, folder: Some(folder), spares }
    }

    pub(super) fn spares_of(&self, id: &RunId) -> Vec<PathBuf> {
        self.spares_named(Path::new(id.as_str()))
    }

    /// A name that is no plain one leads nowhere.
    fn spares_named(&self, name: &Path) -> Vec<PathBuf> {
        let plain = name.file_name().is_some_and(|plain| plain == name);
        self.spares.iter().filter(|_| plain).map(|spare| spare.join(name)).collect()
    }
}

impl LogPlace {
    /// Lists the files of the log that are there, the first part first. A part that lies in two places was begun in one
    /// of them and failed there: the longer one counts.
    pub fn parts(&self) -> Vec<PathBuf> {
        let mut found: BTreeMap<u32, (u64, PathBuf)> = BTreeMap::new();
        for folder in self.folder.iter().chain(self.spares.iter().filter(|_| self.folder.is_some())) {
            for (number, length, path) in numbered(folder) {
                if found.get(&number).is_none_or(|(longest, _)| *longest < length) {
                    found.insert(number, (length, path));
                }
            }
        }
        let further: Vec<PathBuf> = found.into_values().map(|(_, path)| path).collect();
        let first = (further.is_empty() || self.log.is_file()).then(|| self.log.clone());
        first.into_iter().chain(further).collect()
    }

    /// Returns where the log goes on, if it can't be written any more.
    pub(super) fn further(&self) -> Folders {
        let own = self.folder.clone().or_else(|| self.log.parent().map(Path::to_owned));
        Folders { own: own.unwrap_or_default(), spares: self.spares.clone() }
    }

    /// Returns the file in which the log ends.
    pub fn last_part(&self) -> PathBuf {
        self.parts().pop().unwrap_or_else(|| self.log.clone())
    }
}

/// Lists the further parts of a log in a folder, with their lengths.
fn numbered(folder: &Path) -> Vec<(u32, u64, PathBuf)> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let part = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().ok()?;
        let number = name.strip_prefix("incident.")?.strip_suffix(".jsonl")?.parse().ok()?;
        let data = fs::metadata(entry.path()).ok()?;
        (part_name(number) == name && number > 1 && data.is_file()).then(|| (number, data.len(), entry.path()))
    };
    entries.filter_map(Result::ok).filter_map(part).collect()
}

impl RunFolder {
    /// Takes the folder of a run that there is.
    pub fn of(id: RunId, place: &LogPlace) -> Self {
        let path = place.folder.clone().unwrap_or_else(|| PathBuf::from("."));
        Self { id, path, spares: place.spares.clone() }
    }

    /// Returns where its log goes on, if it can't be written any more.
    pub(super) fn further(&self) -> Folders {
        self.place().further()
    }

    /// Removes the folder of a run that did not begin. One that has a log is kept, whatever else went wrong.
    pub fn abandon(&self) {
        if !self.log().exists() {
            // What can't be removed is empty of evidence, and the reason why nothing began is what matters now.
            drop(fs::remove_dir_all(&self.path));
        }
    }

    /// Returns the run's name.
    pub fn id(&self) -> &RunId {
        &self.id
    }

    /// Returns the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the path of the log.
    pub fn log(&self) -> PathBuf {
        self.path.join(LOG)
    }

    /// Returns the folder of the attempts' outputs, `<attempt>.out`, `.err`, `.idx`.
    pub fn output(&self) -> PathBuf {
        self.path.join("output")
    }

    /// Returns the folder of the attempts' specifications and outcomes.
    pub fn attempts(&self) -> PathBuf {
        self.path.join("attempts")
    }

    /// Returns where it is as a place to verify, show or follow.
    pub fn place(&self) -> LogPlace {
        LogPlace { log: self.log(), folder: Some(self.path.clone()), spares: self.spares.clone() }
    }

    /// Keeps the exact text that runs, as `runbook.md`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_runbook(&self, text: &[u8]) -> Result<(), StoreError> {
        let path = self.path.join("runbook.md");
        let mut file = create(&path)?;
        file.write_all(text).and_then(|()| file.sync_all()).map_err(StoreError::io("write", &path))
    }
}

/// Is the run before, as the next run's first line names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Previous {
    /// Its name.
    pub run: RunId,
    /// SHA-512 of its whole log as it is now, or of the last part of it; hex.
    pub sha512: String,
}

/// Finds the latest run of the same operator on the same host. Folders that cannot be read are passed over: they never hold up a run.
///
/// # Errors
/// If the folder of runs itself cannot be read.
pub fn prev_run(runs: &Runs, by: &str, host: &str) -> Result<Option<Previous>, StoreError> {
    for run in runs.list()?.into_iter().rev() {
        let place = runs.place(runs.root.join(run.as_str()));
        let same = first_event(&place.log).is_some_and(|event| match event {
            Event::Open(opened) => opened.by == by && opened.host == host,
            _ => false,
        });
        if same && let Ok(sha512) = sha512_of(&place.last_part()) {
            return Ok(Some(Previous { run, sha512 }));
        }
    }
    Ok(None)
}

/// Reads the first fact of a log.
pub(super) fn first_event(log: &Path) -> Option<Event> {
    let mut line = Vec::new();
    BufReader::new(File::open(log).ok()?.take(MAX_LINE as u64)).read_until(b'\n', &mut line).ok()?;
    match read_entry(line.strip_suffix(b"\n")?).ok()?.body {
        Body::Event(event) => Some(*event),
        _ => None,
    }
}

/// Says the digest of a log that is closed in words that can be spoken: as whoever verifies it will see them.
///
/// # Errors
/// If its last part can't be read.
pub fn in_words(place: &LogPlace) -> io::Result<String> {
    digest_of(&place.last_part()).map(|digest| spoken(&digest))
}

pub(super) fn sha512_of(path: &Path) -> io::Result<String> {
    digest_of(path).map(|digest| hex(&digest))
}

fn digest_of(path: &Path) -> io::Result<Vec<u8>> {
    let (mut file, mut hash, mut buffer) = (File::open(path)?, Sha512::new(), vec![0; 256 * 1024]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hash.finalize().to_vec()),
            n => hash.update(buffer.get(..n).unwrap_or_default()),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    crate::kernel::Sha256Hex::from_digest(bytes).as_str().to_owned()
}

/// Makes a folder and those above it, 0700.
pub(super) fn folder(path: &Path) -> Result<(), StoreError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(StoreError::io("create the folder", path))
}

/// Makes a new file, 0600; one that exists is an error.
pub(super) fn create(path: &Path) -> Result<File, StoreError> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(StoreError::io("create the file", path))
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(path: &Path) -> Result<(), StoreError> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(StoreError::io("make durable the folder", path))
}

pub(super) fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    use rand_core::RngCore as _;
    let mut bytes = [0; N];
    rand_core::OsRng.try_fill_bytes(&mut bytes).map_err(|e| StoreError::Random(e.to_string()))?;
    Ok(bytes)
}

/// Returns a number that nobody can guess.
///
/// # Errors
/// If the system gives no random bytes.
pub fn nonce() -> Result<u64, StoreError> {
    Ok(u64::from_be_bytes(random::<8>()?))
}

/// Returns 32 random bytes in hex.
///
/// # Errors
/// If the system gives no random bytes.
pub fn salt() -> Result<String, StoreError> {
    Ok(hex(&random::<32>()?))
}

/// Four characters without those that look alike.
pub(super) fn random_tail() -> Result<String, StoreError> {
    const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let bytes = random::<4>()?;
    Ok(bytes.iter().filter_map(|b| LETTERS.get(usize::from(b % 32))).map(|&b| char::from(b)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_found_by_its_name_its_beginning_and_the_word_at_its_end() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["20261128T110715Z-sy50", "20261128T110729Z-z5jd", "20261127T110000Z-z5jd"] {
            fs::create_dir(folder.path().join(name)).unwrap();
            File::create(folder.path().join(name).join(LOG)).unwrap();
        }
        let runs = Runs::at(folder.path());
        let found = |name: &str| {
            let place = runs.find(name).ok()?;
            place.folder?.file_name()?.to_str().map(str::to_owned)
        };
        let first = Some("20261128T110715Z-sy50".to_owned());
        assert_eq!(
            [found("20261128T110715Z-sy50"), found("20261128T11071"), found("sy50")],
            [first.clone(), first.clone(), first]
        );
        assert_eq!(found("last").as_deref(), Some("20261128T110729Z-z5jd"));
        assert!(matches!(runs.find("z5jd"), Err(StoreError::Ambiguous { count: 2, .. })));
        for nothing in ["", "y50", "5jd", "110715Z"] {
            assert_eq!(found(nothing), None, "{nothing:?}");
        }
    }
}
