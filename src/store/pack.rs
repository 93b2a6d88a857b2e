//! A run in one file: packed as a plain tar, and opened again in a private folder that goes when the program ends.
//!
//! Nothing of a pack is trusted: names stay in their folder, a size is at most what the file has, and what the log vouches
//! for is verified as in any run's folder.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::error::StoreError;
use super::runs::{self, LogPlace};
use super::tar::{self, BLOCK, Entry, Kind};
use crate::kernel::SafeText;

/// The folders of a run that are packed.
const FOLDERS: [&str; 3] = ["anchors", "attempts", "output"];
/// The folder of a pack in which the log of the run's facilitator lies.
const FACILITATOR: &str = "facilitator";
/// How much is copied at once.
const CHUNK: usize = 256 * 1024;
/// Is locked while its folder is used.
const IN_USE: &str = ".in-use";

/// What this process opened.
static OPENED: Mutex<Vec<Opened>> = Mutex::new(Vec::new());

#[derive(Debug)]
struct Opened {
    folder: PathBuf,
    /// Locked for as long as it is held.
    _in_use: File,
}

/// Says why a run could not be packed, or a pack not be opened.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// The system refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file changed while it was packed.
    #[error("{} became shorter while it was packed; pack it again when nothing writes to it", .0.display())]
    Shrunk(PathBuf),
    /// A name does not fit.
    #[error("`{0}` is too long a name for a pack")]
    Name(String),
    /// It can't be written.
    #[error("the pack can't be written: {0}")]
    Write(io::Error),
    /// It is no pack that is opened.
    #[error("{} is no packed run that can be opened: it has {why}", path.display())]
    Refused {
        /// The pack.
        path: PathBuf,
        /// What it has, or what is wrong with it.
        why: String,
    },
}

/// Says what was packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Packed {
    /// How many files.
    pub files: usize,
    /// How large the pack is.
    pub bytes: u64,
    /// Files of the folder that are no evidence, and are not in it.
    pub left_out: usize,
}

/// Packs a run's folder, the log with all its parts: the same folder gives the same bytes. `name` is the folder's name in
/// the pack, `seconds` the time that all files get. With `facilitator` the log of whoever facilitated the run is in it, too.
///
/// # Errors
/// If something can't be read or written.
pub fn pack(
    (place, facilitator): (&LogPlace, Option<&LogPlace>),
    name: &str,
    seconds: u64,
    out: &mut dyn Write,
) -> Result<Packed, PackError> {
    let folder = place.folder.as_deref().unwrap_or(Path::new("."));
    let mut packed = Packed::default();
    // By their names, so that the order is always the same.
    let mut files: BTreeMap<String, PathBuf> = BTreeMap::new();
    for entry in entries(folder)? {
        let (file, path) = (entry.file_name().to_string_lossy().into_owned(), entry.path());
        let plain = fs::symlink_metadata(&path).is_ok_and(|data| data.is_file());
        match (plain, path.is_dir()) {
            (true, _) if is_evidence(&file) => drop(files.insert(file, path)),
            (false, true) if FOLDERS.contains(&file.as_str()) => {
                for inner in entries(&path)? {
                    let inner_name = format!("{file}/{}", inner.file_name().to_string_lossy());
                    match fs::symlink_metadata(inner.path()) {
                        Ok(data) if data.is_file() && safe(&inner_name).is_some() => {
                            files.insert(inner_name, inner.path());
                        }
                        _ => packed.left_out += 1,
                    }
                }
            }
            _ => packed.left_out += 1,
        }
    }
    let named = |part: &Path| part.file_name().map(|file| file.to_string_lossy().into_owned()).unwrap_or_default();
    for part in place.parts() {
        files.insert(named(&part), part);
    }
    for part in facilitator.map(LogPlace::parts).unwrap_or_default() {
        files.insert(format!("{FACILITATOR}/{}", named(&part)), part);
    }
    for (file, path) in &files {
        packed.bytes += append(&format!("{name}/{file}"), path, seconds, out)?;
        packed.files += 1;
    }
    out.write_all(&[0; 2 * BLOCK]).and_then(|()| out.flush()).map_err(PackError::Write)?;
    packed.bytes += 2 * BLOCK as u64;
    Ok(packed)
}

fn entries(folder: &Path) -> Result<Vec<fs::DirEntry>, StoreError> {
    let read = || fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>();
    read().map_err(StoreError::io("read the folder", folder))
}

/// Is it a file beside the log that belongs to the record?
fn is_evidence(name: &str) -> bool {
    let of_log = name.starts_with("incident.");
    let ending = Path::new(name).extension().is_some_and(|ending| ending == "jsonl" || ending == "md");
    !name.starts_with('.') && (of_log || ending) && safe(name).is_some()
}

/// Appends a file as it is now; returns how many bytes that took.
fn append(name: &str, path: &Path, seconds: u64, out: &mut dyn Write) -> Result<u64, PackError> {
    let failed = || StoreError::io("read", path);
    let mut file = File::open(path).map_err(failed())?;
    let size = file.metadata().map_err(failed())?.len();
    let header = tar::header(name, size, seconds).ok_or_else(|| PackError::Name(name.to_owned()))?;
    out.write_all(&header).map_err(PackError::Write)?;
    let (mut left, mut buffer) = (size, vec![0; CHUNK]);
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
        match file.read(buffer.get_mut(..most).unwrap_or_default()).map_err(failed())? {
            0 => return Err(PackError::Shrunk(path.to_owned())),
            n => {
                out.write_all(buffer.get(..n).unwrap_or_default()).map_err(PackError::Write)?;
                left -= n as u64;
            }
        }
    }
    let padding = padding(size);
    out.write_all(&vec![0; padding]).map_err(PackError::Write)?;
    Ok(BLOCK as u64 + size + padding as u64)
}

/// How many bytes follow a file of this size up to the next block.
fn padding(size: u64) -> usize {
    (BLOCK - usize::try_from(size % BLOCK as u64).unwrap_or(0)) % BLOCK
}

/// Does a file begin as a pack does?
pub fn is_pack(path: &Path) -> bool {
    let mut block = [0; BLOCK];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut block));
    read.is_ok() && block.get(257..262) == Some(b"ustar")
}

/// Opens a pack in a new folder below `into`, and what remained there of processes that are gone goes. The folder is
/// there until [`leave_packs`].
///
/// # Errors
/// If it can't be read or written, or is no pack of a run; nothing of it remains then.
pub fn open_pack(path: &Path, into: &Path) -> Result<LogPlace, PackError> {
    sweep(into);
    runs::folder(into)?;
    let folder = into.join(format!("{}-{}", std::process::id(), runs::random_tail()?));
    DirBuilder::new().mode(0o700).create(&folder).map_err(StoreError::io("create the folder", &folder))?;
    let in_use = runs::create(&folder.join(IN_USE))?;
    in_use.lock().map_err(StoreError::io("lock", &folder))?;
    OPENED.lock().unwrap_or_else(PoisonError::into_inner).push(Opened { folder: folder.clone(), _in_use: in_use });
    let run = folder.join("run");
    match unpack(path, &run) {
        Ok(()) => Ok(LogPlace { log: run.join("incident.jsonl"), folder: Some(run), spares: Vec::new() }),
        Err(error) => {
            OPENED.lock().unwrap_or_else(PoisonError::into_inner).retain(|opened| opened.folder != folder);
            drop(fs::remove_dir_all(&folder));
            Err(error)
        }
    }
}

/// Returns where the facilitator's log lies in the folder of a pack that was opened, if there is one in it.
pub fn packed_facilitator(folder: &Path) -> Option<LogPlace> {
    let folder = folder.join(FACILITATOR);
    let log = folder.join("incident.jsonl");
    log.is_file().then(|| LogPlace { log, folder: Some(folder), spares: Vec::new() })
}

/// Removes the folders of all packs that this process opened.
pub fn leave_packs() {
    for opened in OPENED.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        // What can't be removed now is removed by whoever opens a pack next.
        drop(fs::remove_dir_all(&opened.folder));
    }
}

/// Removes what processes left that are gone.
fn sweep(into: &Path) {
    for entry in fs::read_dir(into).into_iter().flatten().flatten() {
        let used = File::open(entry.path().join(IN_USE)).map(|file| file.try_lock().is_err());
        if used.is_ok_and(|used| !used) {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
}

fn unpack(path: &Path, into: &Path) -> Result<(), PackError> {
    let failed = || StoreError::io("read", path);
    let refused = |why: String| PackError::Refused { path: path.to_owned(), why: SafeText::line(&why).into_string() };
    let mut file = File::open(path).map_err(failed())?;
    let length = file.metadata().map_err(failed())?.len();
    runs::folder(into)?;
    let (mut at, mut top, mut log) = (0_u64, None, false);
    loop {
        let mut block = [0; BLOCK];
        if at + BLOCK as u64 > length {
            return Err(refused("no end: it was cut".to_owned()));
        }
        file.read_exact(&mut block).map_err(failed())?;
        at += BLOCK as u64;
        let Some(Entry { name, size, kind }) = tar::read(&block).map_err(&refused)? else { break };
        let inside = inside(&name, &mut top).map_err(|why| refused(format!("`{name}`, {why}")))?;
        let (Kind::File, Some(inside)) = (kind, inside) else {
            if size > 0 {
                return Err(refused(format!("`{name}`, a folder with content")));
            }
            continue;
        };
        let whole = size.checked_add(padding(size) as u64).filter(|whole| *whole <= length - at);
        let whole = whole.ok_or_else(|| refused(format!("`{name}`, which is said to be larger than what is there")))?;
        log |= inside == "incident.jsonl" || inside.starts_with("incident.");
        let to = into.join(&inside);
        if let Some(folder) = to.parent() {
            runs::folder(folder)?;
        }
        if to.exists() {
            return Err(refused(format!("`{name}` twice")));
        }
        let copied = runs::create(&to).map_err(PackError::Store).and_then(|mut out| {
            io::copy(&mut (&file).take(size), &mut out).map_err(StoreError::io("write", &to)).map_err(PackError::Store)
        })?;
        if copied != size {
            return Err(refused(format!("`{name}`, which ends too early")));
        }
        at += whole;
        file.seek(SeekFrom::Start(at)).map_err(failed())?;
    }
    if !log {
        return Err(refused("no incident.jsonl: it packs something else".to_owned()));
    }
    Ok(())
}

/// Returns the name of a file below the pack's one folder; nothing for the folder itself.
fn inside(name: &str, top: &mut Option<String>) -> Result<Option<String>, &'static str> {
    let name = name.strip_prefix("./").unwrap_or(name).trim_end_matches('/');
    if name.is_empty() || name == "." {
        return Ok(None);
    }
    let safe = safe(name).ok_or("a name that leads elsewhere or has strange characters")?;
    let (first, rest) = safe.split_once('/').map_or((safe, None), |(first, rest)| (first, Some(rest)));
    // Packed with its folder, or from inside it.
    let folder = |first: &str| FOLDERS.contains(&first) || first == FACILITATOR;
    let own = |first: &str| first == "incident.jsonl" || folder(first) || is_evidence(first);
    if top.is_none() {
        *top = Some(if own(first) { String::new() } else { first.to_owned() });
    }
    match (top.as_deref().unwrap_or_default(), rest) {
        ("", _) => Ok(Some(safe.to_owned())),
        (top, rest) if top == first => Ok(rest.map(str::to_owned)),
        _ => Err("which is in another folder than the rest: it packs more than one run"),
    }
}

/// Lets through names of few plain parts.
fn safe(name: &str) -> Option<&str> {
    let plain = |part: &str| {
        part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')) && !part.starts_with('.')
    };
    let parts = Path::new(name).components();
    let normal = parts.clone().all(|part| matches!(part, Component::Normal(part) if part.to_str().is_some_and(plain)));
    (!name.is_empty() && normal && parts.count() <= 3 && name.len() <= 255).then_some(name)
}
