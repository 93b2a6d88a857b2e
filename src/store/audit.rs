//! A folder of runs as a whole: is every log in order, and is any run missing that another one names?

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use sha2::{Digest as _, Sha512};

use super::check::verify_run;
use super::error::StoreError;
use super::removals::removals;
use super::runs::{Runs, first_event};
use crate::engine::{Event, Mode};
use crate::journal::{Removal, RemovalStage, Removals, Trust, Verdict, Verification};
use crate::kernel::{RunId, Sha256Hex};

/// Is one run of an audit.
#[derive(Debug)]
pub struct Audited {
    /// Its name.
    pub run: RunId,
    /// Its runbook, as its first line names it.
    pub runbook: String,
    /// Was it a drill?
    pub mode: Option<Mode>,
    /// What its log is worth, or why that cannot be said.
    pub log: Result<Verification, StoreError>,
}

/// Is what an audit found.
#[derive(Debug, Default)]
pub struct Audit {
    /// The runs, oldest first.
    pub runs: Vec<Audited>,
    /// What is wrong with the row of runs: sentences that name both.
    pub breaks: Vec<String>,
    /// Runs that are not there because somebody removed them, and said so: sentences.
    pub removed: Vec<String>,
    /// What is said of removed runs and not signed by anybody who counts, or not done: sentences.
    pub doubts: Vec<String>,
}

impl Audit {
    /// Returns the exit code: 5 for a run that is missing or was replaced, else that of the gravest log, or of what is
    /// said of removed runs.
    pub fn exit_code(&self) -> u8 {
        if !self.breaks.is_empty() {
            return 5;
        }
        let doubt = (!self.doubts.is_empty()).then_some(Verdict::Untrusted);
        let worst = self.runs.iter().map(|run| run.log.as_ref().map_or(Verdict::Tampered, |log| log.verdict)).max();
        worst.max(doubt).map_or(0, Verdict::exit_code)
    }
}

/// Verifies every run of a folder, and that each run which another names as the one before is there as it was then.
///
/// # Errors
/// If the folder cannot be read.
pub fn audit(runs: &Runs, trust: &Trust) -> Result<Audit, StoreError> {
    let mut found = Audit::default();
    for run in runs.list()? {
        let place = runs.find(run.as_str())?;
        let (runbook, mode) = match first_event(&place.log) {
            Some(Event::Open(opened)) => (opened.runbook, Some(opened.mode)),
            _ => (String::new(), None),
        };
        let log = verify_run(&place, trust);
        if let Ok(log) = &log
            && let Some(named) = log.run.as_ref().filter(|named| **named != run)
        {
            found.breaks.push(format!("the folder {run} holds the log of another run, {named}"));
        }
        found.runs.push(Audited { run, runbook, mode, log });
    }
    let removals = removals(runs, trust)?;
    said_of(&removals, &mut found);
    for run in &found.runs {
        let Some((before, digest)) = run.log.as_ref().ok().and_then(|log| log.prev_run.clone()) else { continue };
        if found.runs.iter().all(|other| other.run != before)
            && let Some(entry) = removals.of(&before)
        {
            if digest.is_some_and(|digest| !entry.removal.named.contains(&digest)) {
                found.breaks.push(format!(
                    "{before} was removed, and nobody looked then whether it was as {} names it",
                    run.run
                ));
            }
        } else if found.runs.iter().all(|other| other.run != before) {
            found.breaks.push(format!("{before} is missing: {} names it as the run before", run.run));
        } else if let Some(digest) = digest {
            let parts = runs.find(before.as_str())?.parts();
            // The run before may have gone on, or been sealed, after this one began: then it begins as it was then.
            if !parts.iter().any(|part| matches!(began_as(part, &digest), Ok(true))) {
                found
                    .breaks
                    .push(format!("{before} is not what it was when {} began: its log was replaced or cut", run.run));
            }
        }
    }
    Ok(found)
}

/// Says which runs were removed, by whom and why.
fn said_of(removals: &Removals, found: &mut Audit) {
    if let Some((line, why)) = &removals.damage {
        let text = format!("line {line} of removed.jsonl {why}: what follows it of removed runs does not count");
        found.breaks.push(text);
    }
    found.doubts.extend(removals.distrust.iter().cloned());
    for entry in &removals.entries {
        let Removal { run, verdict, lines, log_sha512, why, by, .. } = &entry.removal;
        let day = entry.at.format("%Y-%m-%d %H:%MZ");
        let there = found.runs.iter().any(|other| other.run == *run);
        if removals.of(run) != Some(entry) {
            continue;
        }
        if there || entry.stage == RemovalStage::Begun {
            found.doubts.push(if there {
                format!(
                    "the removal of {run} by {by} on {day} was begun, and it is there: not carried out, or put back"
                )
            } else {
                format!("the removal of {run} by {by} on {day} was not finished; `lifeboat runs prune --yes` does it")
            });
            continue;
        }
        let digest: String = log_sha512.chars().take(16).collect();
        let log = format!("{lines} lines, {verdict}, SHA-512 {digest}…");
        found.removed.push(format!("{run} was removed on {day} by {by}: {why}; its log had {log}"));
        if entry.signed.is_none() {
            found.doubts.push(format!("nobody who counts signed the removal of {run}"));
        }
    }
}

/// Tells whether a log, at the end of one of its lines, had this SHA-512.
pub(super) fn began_as(log: &Path, digest: &str) -> std::io::Result<bool> {
    let mut reader = BufReader::new(File::open(log)?);
    let (mut hash, mut line) = (Sha512::new(), Vec::new());
    while reader.read_until(b'\n', &mut line)? > 0 {
        hash.update(&line);
        line.clear();
        if Sha256Hex::from_digest(&hash.clone().finalize()).as_str() == digest {
            return Ok(true);
        }
    }
    Ok(false)
}
