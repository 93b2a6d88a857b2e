//! A recording that was opened: whose run it is, by which plan, and whether it can be replayed at all.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::engine::Opened;
use crate::journal::read_entry;
use crate::kernel::{SafeText, Stamp, sha256_hex};
use crate::runbook::{Plan, parse};
use crate::store::{self, LineAt, LogPlace};

/// The major version of logs that this lifeboat writes.
const VERSION: &str = "lifeboat-log/1";

/// So much of the end of a log is read to see when it was written last.
const END: u64 = 64 * 1024;

/// Says why something can't be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It is something else.
    #[error("{} is no recording: its first line begins no run ({why})", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The log stands alone.
    #[error("{} is not in a run's folder: the runbook that ran is needed beside it", .0.display())]
    Alone(PathBuf),
    /// The runbook that ran is missing.
    #[error("{} can't be read: {error}; it is the text that ran, and without it the facts have no steps", path.display())]
    Runbook {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The runbook that ran makes no plan here.
    #[error("{} is not understood by this lifeboat: {why}", path.display())]
    Plan {
        /// The file.
        path: PathBuf,
        /// Why, rendered.
        why: String,
    },
    /// The log can't be read.
    #[error(transparent)]
    Store(#[from] store::StoreError),
    /// A thread could not be started.
    #[error("the recording can't be read beside the screen: {0}")]
    Thread(std::io::Error),
    /// The terminal.
    #[error(transparent)]
    Terminal(#[from] crate::term::TermError),
}

/// Is a recording.
#[derive(Clone, Debug)]
pub struct Recording {
    /// Where it lies.
    pub place: LogPlace,
    /// The run's folder.
    pub folder: PathBuf,
    /// The plan that was worked.
    pub plan: Arc<Plan>,
    /// The run's header.
    pub opened: Opened,
    /// When it began.
    pub began: Stamp,
    /// What has to be known about it before anything is seen.
    pub remarks: Vec<String>,
    /// Where the indexes of long ones are kept, if anywhere.
    pub cache: Option<PathBuf>,
}

impl Recording {
    /// Opens the recording of a run.
    ///
    /// # Errors
    /// [`ReplayError`] if there is none, or not all of it that is needed.
    pub fn open(place: LogPlace) -> Result<Self, ReplayError> {
        let (opened, began) = store::header(&place.log).map_err(|error| match error {
            store::StoreError::Io { source, .. } if source.kind() == std::io::ErrorKind::Other => {
                ReplayError::Foreign {
                    path: place.log.clone(),
                    why: "lifeboat's logs begin with a line of kind `open`".to_owned(),
                }
            }
            error => ReplayError::Store(error),
        })?;
        let folder = place.folder.clone().ok_or_else(|| ReplayError::Alone(place.log.clone()))?;
        let path = folder.join("runbook.md");
        let bytes = std::fs::read(&path).map_err(|error| ReplayError::Runbook { path: path.clone(), error })?;
        let plan = plan(&path, &bytes)?;
        let mut remarks = Vec::new();
        if opened.v != VERSION {
            remarks.push(format!(
                "It was written by a newer lifeboat ({}): what this one does not know is passed over.",
                SafeText::line(&opened.v)
            ));
        }
        if sha256_hex(&bytes) != opened.runbook_sha256 {
            remarks.push("The runbook in the folder is not the text that ran: steps may be named wrongly.".to_owned());
        }
        Ok(Self { place, folder, plan, opened, began, remarks, cache: None })
    }

    /// Keeps the index of a long recording in a folder, which need not exist.
    #[must_use]
    pub fn cached(mut self, folder: Option<PathBuf>) -> Self {
        self.cache = folder;
        self
    }
}

impl Recording {
    /// Returns when its last whole line was written, before everything is read.
    pub(super) fn promised(&self) -> u64 {
        let read = || {
            let mut file = File::open(self.place.last_part())?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(END)))?;
            let mut bytes = Vec::new();
            file.take(END).read_to_end(&mut bytes)?;
            Ok::<_, std::io::Error>(bytes)
        };
        let bytes = read().unwrap_or_default();
        let whole = bytes.split_inclusive(|byte| *byte == b'\n').rev().filter_map(|line| line.strip_suffix(b"\n"));
        whole.filter_map(|line| read_entry(line).ok()).map(|entry| entry.at.mono).next().unwrap_or_default()
    }

    /// Says how much of the log lies before a line, in percent.
    pub(super) fn part_read(&self, at: Option<LineAt>) -> u8 {
        let Some(at) = at else { return 100 };
        let sizes: Vec<u64> =
            self.place.parts().iter().map(|part| std::fs::metadata(part).map_or(0, |data| data.len())).collect();
        let before: u64 = sizes.iter().take(usize::from(at.part)).sum();
        let percent = before.saturating_add(at.byte).saturating_mul(100) / sizes.iter().sum::<u64>().max(1);
        u8::try_from(percent).unwrap_or(100).min(100)
    }
}

fn plan(path: &Path, bytes: &[u8]) -> Result<Arc<Plan>, ReplayError> {
    let parsed = parse(&path.display().to_string(), bytes);
    match parsed.plan {
        Some(ref plan) if parsed.errors().next().is_none() => Ok(Arc::new(plan.clone())),
        _ => {
            let errors: Vec<String> = parsed.errors().map(|problem| parsed.source.render(problem)).collect();
            Err(ReplayError::Plan { path: path.to_owned(), why: errors.join("\n") })
        }
    }
}
