//! The file beside a sealed log that holds what came after: read, and added to under a lock.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::check::verify_log;
use super::error::{SignError, StoreError};
use super::operator::{Message, Operator};
use super::runs::LogPlace;
use crate::journal::{
    ADDENDUM_NAMESPACE, Addenda, Addition, ChainError, SignerKind, Trust, Verdict, Verification, WITNESS_NAMESPACE,
};
use crate::kernel::Stamp;

/// Is the name of the file.
pub(super) const FILE: &str = "addenda.jsonl";
/// How large it may be: it is read whole.
const LIMIT: u64 = 64 * 1024 * 1024;

/// Says why nothing was added. The file stands as before.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// A file cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Only a sealed log that is intact can be added to.
    #[error("{} is {verdict}: only to a log that is sealed and intact can something be added{hint}", log.display())]
    NotSealed {
        /// The log.
        log: PathBuf,
        /// What it is.
        verdict: String,
        /// The next step.
        hint: &'static str,
    },
    /// The log stands alone, without the folder of its run.
    #[error("{} is not in a run's folder as `incident.jsonl`, so there is no place for additions", log.display())]
    NoFolder {
        /// The log.
        log: PathBuf,
    },
    /// What was added before is damaged.
    #[error("{}: line {line} {why}; nothing is added to a damaged file", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
    /// There is no such issue.
    #[error("there is no open issue {0}; `lifeboat log show` lists what was added")]
    NoIssue(String),
    /// There is no such line.
    #[error("the log has no line {of}; its lines are 0 to {last} (`lifeboat log show`)")]
    NoLine {
        /// What was asked for.
        of: u64,
        /// The last one.
        last: u64,
    },
    /// The witness is the one who sealed.
    #[error(
        "the key {0} sealed this log: nobody can witness for themself; have somebody else countersign, with a key of their own"
    )]
    OwnSeal(String),
    /// A drill's practice key witnesses nothing.
    #[error("a practice key is nobody's, so it cannot witness; name a key with --key")]
    Practice,
    /// It does not fit a line.
    #[error(transparent)]
    Line(#[from] ChainError),
    /// The key did not sign.
    #[error("nothing was added: {0}")]
    Sign(#[from] SignError),
}

/// Reads what was added to a log; no file is an empty one.
///
/// # Errors
/// If it is there and cannot be read.
pub fn read(folder: &Path, log: &Verification, trust: &Trust) -> Result<Addenda, StoreError> {
    let path = folder.join(FILE);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Addenda::default()),
        Err(error) => return Err(StoreError::io("read", &path)(error)),
    };
    Ok(Addenda::read(&contents(file, &path)?, log, trust))
}

/// Adds something to a sealed log, in the operator's name. Gives the number of an issue, if it is one.
///
/// # Errors
/// If nothing was added, and why.
pub fn add(
    place: &LogPlace,
    what: Addition,
    operator: &Operator,
    trust: &Trust,
    at: Stamp,
) -> Result<Option<u64>, AddError> {
    let log = sealed(place, trust)?;
    write(place, &log, what, operator, trust, at)
}

/// Countersigns a sealed log: the operator vouches for it as it is, beside the one who sealed it.
///
/// # Errors
/// If it was not countersigned, and why.
pub fn countersign(place: &LogPlace, operator: &Operator, trust: &Trust, at: Stamp) -> Result<(), AddError> {
    let log = sealed(place, trust)?;
    if operator.kind() == SignerKind::Practice {
        return Err(AddError::Practice);
    }
    if log.sealed_by.as_ref().is_some_and(|sealed| sealed.fingerprint == operator.fingerprint()) {
        return Err(AddError::OwnSeal(operator.fingerprint()));
    }
    let last = place.last_part();
    let bytes = fs::metadata(&last).map_err(StoreError::io("read", &last))?.len();
    let message = Message::File { path: &last, bytes };
    let sig = operator.sign(WITNESS_NAMESPACE, &log.log_sha512, message)?;
    let sig = sig.text().map_err(|why| AddError::Sign(why.into()))?;
    write(place, &log, Addition::Countersigned { sig }, operator, trust, at).map(drop)
}

/// Verifies the log itself. A signer whom nobody here knows is no obstacle, damage is.
fn sealed(place: &LogPlace, trust: &Trust) -> Result<Verification, AddError> {
    // What is wrong with the additions is said when they are read.
    let log = verify_log(place, trust)?;
    if log.sealed_by.is_some() && log.verdict != Verdict::Tampered {
        return Ok(log);
    }
    let hint = if log.verdict == Verdict::Tampered { "" } else { "; notes of a run that goes on are made in it" };
    Err(AddError::NotSealed { log: place.log.clone(), verdict: log.words(), hint })
}

fn write(
    place: &LogPlace,
    log: &Verification,
    mut what: Addition,
    operator: &Operator,
    trust: &Trust,
    at: Stamp,
) -> Result<Option<u64>, AddError> {
    let folder = place.folder.as_ref().ok_or_else(|| AddError::NoFolder { log: place.log.clone() })?;
    let path = folder.join(FILE);
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(&path)
        .map_err(StoreError::beside("open", &path))?;
    // Two people may add at the same moment; the second one waits.
    file.lock().map_err(StoreError::beside("lock", &path))?;
    file.rewind().map_err(StoreError::io("read", &path))?;
    let old = contents(file.try_clone().map_err(StoreError::io("read", &path))?, &path)?;
    let addenda = Addenda::read(&old, log, trust);
    if let Some((line, why)) = addenda.damage() {
        return Err(AddError::Damaged { path, line, why: why.to_owned() });
    }
    let number = settle(&mut what, &addenda, log)?;
    let pending = addenda.draft(at, &what, operator.principal(), log)?;
    let whole = String::from_utf8_lossy(&old).into_owned() + &pending.lines;
    let sig = operator.sign(ADDENDUM_NAMESPACE, &pending.digest, Message::Text(&whole))?;
    let lines = pending.sign(&sig)?;
    file.write_all(lines.as_bytes()).and_then(|()| file.sync_all()).map_err(StoreError::beside("write", &path))?;
    super::runs::sync_folder(folder)?;
    Ok(number)
}

/// Numbers an issue, and refuses what speaks of nothing.
fn settle(what: &mut Addition, addenda: &Addenda, log: &Verification) -> Result<Option<u64>, AddError> {
    let issues = || {
        addenda.entries.iter().filter_map(|entry| match &entry.what {
            Addition::Issue { number, .. } => Some(*number),
            _ => None,
        })
    };
    match what {
        Addition::Issue { number, .. } => {
            *number = issues().max().unwrap_or(0) + 1;
            return Ok(Some(*number));
        }
        Addition::Closed { what, .. } => {
            let closed = |name: &str| {
                addenda.entries.iter().any(|entry| matches!(&entry.what, Addition::Closed { what, .. } if what == name))
            };
            // A name is something that the run owed; a number has to be one of the issues.
            if let Ok(number) = what.parse::<u64>()
                && (!issues().any(|known| known == number) || closed(what))
            {
                return Err(AddError::NoIssue(what.clone()));
            }
        }
        Addition::Correction { of, .. } if *of >= log.coverage.lines => {
            return Err(AddError::NoLine { of: *of, last: log.coverage.lines.saturating_sub(1) });
        }
        _ => {}
    }
    Ok(None)
}

fn contents(file: File, path: &Path) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::new();
    file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(StoreError::io("read", path))?;
    if bytes.len() as u64 > LIMIT {
        return Err(StoreError::io("read", path)(io::Error::other("it has more than 64 MiB")));
    }
    Ok(bytes)
}
