//! `estate.json`: where a standing estate can be reached, and the ways in which an estate fails to stand.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::postgres::PostgresError;

/// The name of the record in the estate's folder.
const FILE: &str = "estate.json";
/// A record is about two kilobytes; anything far larger is not one.
const LARGEST: u64 = 256 * 1024;

/// Describes a standing estate: the contents of `estate.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EstateRecord {
    /// The version of this format: 1.
    pub version: u32,
    /// The process that serves it.
    pub pid: u32,
    /// The seed it was made from.
    pub seed: u64,
    /// By how much its time runs faster than the wall clock.
    pub speed: u32,
    /// When its time began.
    pub started_at: DateTime<Utc>,
    /// The endpoint URL of all AWS services.
    pub aws_endpoint: String,
    /// The address of its DNS server.
    pub dns: String,
    /// The port of the shop in both regions.
    pub shop_port: u16,
    /// The URL of the console.
    pub console: String,
    /// What the header `x-console-token` of a request to the console must hold.
    pub console_token: String,
    /// Environment for whatever acts on the estate.
    pub env: BTreeMap<String, String>,
    /// Inputs of runbooks.
    pub inputs: BTreeMap<String, String>,
    /// Who keeps the data.
    #[serde(default)]
    pub data: DataServed,
}

/// Says who keeps the data of a standing estate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum DataServed {
    /// Real PostgreSQL of that version.
    Postgresql {
        /// The version.
        version: String,
    },
    /// The model.
    Modelled {
        /// Why, in words.
        why: String,
    },
}

impl Default for DataServed {
    fn default() -> Self {
        Self::Modelled { why: String::new() }
    }
}

/// Says why an estate does not stand.
#[derive(Debug, thiserror::Error)]
pub enum EstateError {
    /// The speed makes no sense.
    #[error("start the practice estate at speed {0}: choose a speed from 1 to 3600")]
    Speed(u32),
    /// A fault is none, or makes no sense.
    #[error("break the practice estate: {fault}: {why}")]
    Fault {
        /// What was asked for.
        fault: String,
        /// Why it did not happen.
        why: String,
    },
    /// Another estate stands in the same folder.
    #[error("start a practice estate in {}: one is standing there already (process {pid}); end it with `lifeboat estate down`", dir.display())]
    AlreadyStanding {
        /// The folder.
        dir: PathBuf,
        /// Its process.
        pid: u32,
    },
    /// A port was asked for that cannot be had.
    #[error(
        "listen on {address} for {part} of the practice estate: {source}; free the port, or leave the choice of ports to lifeboat"
    )]
    Listen {
        /// Which part.
        part: &'static str,
        /// The address that was tried.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// The database servers could not be made.
    #[error("make the practice estate's databases: {0}; `--data modelled` does without servers")]
    Databases(PostgresError),
    /// The record cannot be written, read or removed.
    #[error("{doing} {}: {source}; check the folder's owner, mode and free space", path.display())]
    Record {
        /// What was being done: `write`, `read`, `remove`, `create`.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The record is not one that this version can read.
    #[error("read {}: {reason}; if no estate is standing, delete the file", path.display())]
    NotARecord {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A listener ended though nothing asked it to.
    #[error("keep {part} of the practice estate standing: {reason}; start the estate again")]
    Fell {
        /// Which part.
        part: &'static str,
        /// Why.
        reason: String,
    },
    /// Signals cannot be received.
    #[error("listen for signals: {0}")]
    Signals(io::Error),
}

impl EstateRecord {
    /// Returns the path of the record of the estate in `dir`.
    pub fn path(dir: &Path) -> PathBuf {
        dir.join(FILE)
    }

    /// Reads the record of the estate in `dir`; `None` if there is none.
    ///
    /// # Errors
    /// When the file is there and cannot be read or understood.
    pub fn read(dir: &Path) -> Result<Option<Self>, EstateError> {
        let path = Self::path(dir);
        let record = |source| EstateError::Record { doing: "read", path: path.clone(), source };
        match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(record(error)),
            Ok(meta) if meta.len() > LARGEST => {
                return Err(EstateError::NotARecord { path, reason: format!("it has {} bytes", meta.len()) });
            }
            Ok(_) => {}
        }
        let bytes = fs::read(&path).map_err(record)?;
        let read: Self = serde_json::from_slice(&bytes)
            .map_err(|error| EstateError::NotARecord { path: path.clone(), reason: error.to_string() })?;
        if read.version == 1 {
            Ok(Some(read))
        } else {
            Err(EstateError::NotARecord { path, reason: format!("its version is {}, not 1", read.version) })
        }
    }

    /// Tells whether the process that serves it is alive.
    pub fn is_alive(&self) -> bool {
        i32::try_from(self.pid)
            .ok()
            .and_then(rustix::process::Pid::from_raw)
            .is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok())
    }

    /// Writes the record into `dir` so that a reader sees all of it or nothing; only its owner can read it.
    pub(super) fn write(&self, dir: &Path) -> Result<(), EstateError> {
        let path = Self::path(dir);
        let partial = dir.join(format!(".{FILE}.{}", self.pid));
        let failed = |source| EstateError::Record { doing: "write", path: path.clone(), source };
        let text = serde_json::to_vec_pretty(self).map_err(|error| failed(io::Error::other(error)))?;
        let written = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&partial)
            .and_then(|mut file| file.write_all(&text).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&partial, &path));
        written.map_err(|error| {
            drop(fs::remove_file(&partial));
            failed(error)
        })
    }

    /// Removes the record from `dir` if it is this one's.
    pub(super) fn remove(&self, dir: &Path) {
        if matches!(Self::read(dir), Ok(Some(found)) if found.pid == self.pid && found.started_at == self.started_at) {
            drop(fs::remove_file(Self::path(dir)));
        }
    }
}
