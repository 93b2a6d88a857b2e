//! A run's record read back from its folder: facts, the run that they make, what the log is worth, what was added to it.

use std::fmt::Write as _;

use crate::engine::{Fact, Run, evolve};
use crate::journal::{Addition, Severity, Signed, read_log};
use crate::kernel::spoken;
use crate::report::{Added, Afterword, Integrity, Record};
use crate::store::{self, LogPlace, StoreError};

use super::library::Source;
use super::start::{self, StartError};
use crate::journal::{Trust, Verification};

/// Says why a record could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The log or a file beside it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of the folder.
    #[error("{path} can't be read: {error}")]
    File {
        /// Which.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// The log stands alone.
    #[error("{0} is not in a run's folder: the runbook that ran is needed beside it")]
    Alone(String),
    /// The runbook beside the log.
    #[error("the runbook beside the log: {0}")]
    Runbook(#[from] StartError),
}

fn hex(digest: &[u8]) -> String {
    let mut hex = String::with_capacity(2 * digest.len());
    for byte in digest {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

fn named(signed: &Signed) -> String {
    format!("{} ({})", signed.by, signed.fingerprint)
}

/// Says what a log is worth by what was verified of it.
pub(super) fn integrity(verified: &Verification, findings: Vec<String>) -> Integrity {
    Integrity {
        verdict: verified.words(),
        lines: verified.coverage.lines,
        uncovered: verified.coverage.uncovered,
        checkpoints: verified.coverage.checkpoints,
        sha512: hex(&verified.log_sha512),
        spoken: spoken(&verified.log_sha512),
        delegated_by: verified.delegated_by.as_ref().map(named),
        sealed_by: verified.sealed_by.as_ref().map(named),
        countersigned_by: verified.countersigned_by.iter().map(named).collect(),
        findings,
    }
}

/// Reads the facts of a log from all of its parts, as far as they can be read.
pub(super) fn facts(place: &LogPlace) -> std::io::Result<Vec<Fact>> {
    let mut facts = Vec::new();
    for part in place.parts() {
        let reading = read_log(&std::fs::read(&part)?);
        let broken = reading.broken.is_some();
        facts.extend(reading.into_facts());
        if broken {
            break;
        }
    }
    Ok(facts)
}

/// Holds a record.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The run that the facts make.
    pub run: Run,
    /// The facts, as far as they make sense.
    pub facts: Vec<Fact>,
    /// What the log is worth.
    pub integrity: Integrity,
    /// What was added after the seal.
    pub additions: Vec<Afterword>,
    /// The run's folder.
    pub folder: std::path::PathBuf,
}

impl Recording {
    /// Reads the folder of a run. A log that is torn, open or damaged is read as far as it makes sense, and says so.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn read(place: &LogPlace, trust: &Trust) -> Result<Self, RecordError> {
        let folder = place.folder.as_ref().ok_or_else(|| RecordError::Alone(place.log.display().to_string()))?;
        let read = |path: &std::path::Path| {
            std::fs::read(path).map_err(|error| RecordError::File { path: path.display().to_string(), error })
        };
        let verified = store::verify_run(place, trust)?;
        let runbook = folder.join("runbook.md");
        let plan = start::plan(&Source { path: runbook.display().to_string(), bytes: read(&runbook)? })?;
        let mut findings: Vec<String> = verified
            .findings
            .iter()
            .filter(|finding| finding.severity != Severity::Note)
            .map(|finding| finding.text.clone())
            .collect();
        let mut run = Run::new(plan);
        let mut facts = Vec::new();
        // A log that could not be written any more goes on in another file.
        'parts: for part in place.parts() {
            let reading = read_log(&read(&part)?);
            if let Some((line, _)) = &reading.broken {
                let name = part.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                findings
                    .push(format!("from line {line} of {name} on the log can't be read: this report ends before it"));
            }
            let broken = reading.broken.is_some();
            for fact in reading.into_facts() {
                if let Err(illegal) = evolve(&mut run, &fact) {
                    findings.push(format!("line {} makes no sense ({illegal}): this report ends before it", fact.seq));
                    break 'parts;
                }
                facts.push(fact);
            }
            if broken {
                break;
            }
        }
        let addenda = store::read_addenda(folder, &verified, trust)?;
        findings.extend(addenda.findings.iter().map(|(line, _, text)| format!("addenda, line {line}: {text}")));
        let additions = addenda.entries.into_iter().map(|entry| Afterword {
            seq: entry.seq,
            at: entry.at,
            by: entry.by.as_ref().map(named),
            what: match entry.what {
                Addition::Note { text } => Added::Note(text),
                Addition::Correction { of, text } => Added::Correction { of, text },
                Addition::Issue { number, text, owner, due } => Added::Issue { number, text, owner, due },
                Addition::Closed { what, text } => Added::Closed { what, text },
                Addition::Disclosed { injects, log_sha512 } => Added::Disclosed { injects, log_sha512 },
                Addition::Unblinded { broken } => Added::Unblinded(broken),
                Addition::Countersigned { .. } => Added::Countersigned,
            },
        });
        let integrity = integrity(&verified, findings);
        Ok(Self { run, facts, integrity, additions: additions.collect(), folder: folder.clone() })
    }

    /// Returns what a report is made from.
    pub fn record(&self) -> Record<'_> {
        Record { run: &self.run, facts: &self.facts, integrity: &self.integrity, additions: &self.additions }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Runs;

    #[test]
    fn a_log_that_went_on_in_another_file_is_read_to_its_end() {
        let (from, folder) = (std::path::Path::new("tests/fixtures/recording"), tempfile::tempdir().unwrap());
        std::fs::copy(from.join("runbook.md"), folder.path().join("runbook.md")).unwrap();
        let text = std::fs::read_to_string(from.join("incident.jsonl")).unwrap();
        let whole = read_log(text.as_bytes()).into_facts();
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let (first, second) = lines.split_at(100);
        std::fs::write(folder.path().join("incident.jsonl"), first.concat()).unwrap();
        std::fs::write(folder.path().join("incident.2.jsonl"), second.concat()).unwrap();
        let place = Runs::at("/nowhere").find(folder.path().to_str().unwrap()).unwrap();
        let read = Recording::read(&place, &Trust::default()).unwrap();
        assert_eq!((read.facts.len(), &read.facts), (whole.len(), &whole));
        assert_eq!(read.run.last_seq, whole.last().map(|fact| fact.seq));
    }
}
