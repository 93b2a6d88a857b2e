//! Which runs are kept for how long: by their number, their age and what they take in all. It decides; it removes nothing.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::audit::began_as;
use super::check::verify_log;
use super::error::StoreError;
use super::runs::{LogPlace, Runs};
use super::standing::{End, Standing, standings};
use super::{anchors, grip, view};
use crate::journal::{Removal, Trust, Verdict, Verification};
use crate::kernel::{RunId, Sha256Hex, say_duration, say_size};

/// Says how much is kept. What is not said limits nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// The newest, so many.
    pub count: Option<usize>,
    /// Those that began so long ago at most.
    pub age: Option<Duration>,
    /// The newest that take so many bytes in all.
    pub bytes: Option<u64>,
}

/// Says what may go that does not go unasked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Runs without a seal.
    pub unsealed: bool,
    /// Runs of which something outside says where their log stood.
    pub anchored: bool,
}

/// Is a run that is beyond a limit.
#[derive(Debug)]
pub struct Beyond {
    /// The run.
    pub standing: Standing,
    /// Where it lies.
    pub place: LogPlace,
    /// How many bytes its folders have.
    pub bytes: u64,
    /// Which limit: a fragment such as `older than 400 days`.
    pub why: String,
    /// What its log is worth, and the digests by which later runs name it; or why it stays.
    pub goes: Result<Goes, String>,
}

/// Is what has to be known of a run that goes.
#[derive(Debug)]
pub struct Goes {
    log: Verification,
    named: Vec<String>,
}

impl Beyond {
    /// Writes what is kept of a run that goes; nothing of one that stays.
    pub fn removal(&self, by: &str) -> Option<Removal> {
        let goes = self.goes.as_ref().ok()?;
        Some(Removal {
            run: self.standing.run.clone(),
            mode: self.standing.opened.mode,
            runbook: self.standing.opened.runbook.clone(),
            began: self.standing.began.utc,
            verdict: goes.log.words(),
            lines: goes.log.coverage.lines,
            log_sha512: Sha256Hex::from_digest(&goes.log.log_sha512).as_str().to_owned(),
            named: goes.named.clone(),
            bytes: self.bytes,
            why: self.why.clone(),
            by: by.to_owned(),
        })
    }
}

/// Lists the runs that are beyond a limit, oldest first, each with why it goes or stays; and how many runs there are.
pub fn beyond(runs: &Runs, limits: &Limits, asked: Asked, trust: &Trust, now: DateTime<Utc>) -> (Vec<Beyond>, usize) {
    let mut all = standings(runs);
    all.sort_by_key(|standing| std::cmp::Reverse(standing.began.utc));
    let places: Vec<LogPlace> = all.iter().map(|standing| runs.place(standing.folder.clone())).collect();
    let sizes: Vec<u64> = all
        .iter()
        .zip(&places)
        .map(|(standing, place)| size(&standing.folder) + place.spares.iter().map(|spare| size(spare)).sum::<u64>())
        .collect();
    let ages: Vec<(DateTime<Utc>, u64)> = all.iter().map(|standing| standing.began.utc).zip(sizes).collect();
    let mut named: BTreeMap<RunId, Vec<(RunId, Option<String>)>> = BTreeMap::new();
    for standing in &all {
        if let Some(before) = &standing.opened.prev_run {
            let by = (standing.run.clone(), standing.opened.prev_sha512.clone());
            named.entry(before.clone()).or_default().push(by);
        }
    }
    let count = all.len();
    let over = over(limits, &ages, now);
    let rows = all.into_iter().zip(places).zip(ages).zip(over);
    let mut beyond: Vec<Beyond> = rows
        .filter_map(|(((standing, place), (_, bytes)), why)| {
            let why = why?;
            let by = named.get(&standing.run).map(Vec::as_slice).unwrap_or_default();
            let goes = goes(&standing, &place, by, asked, trust);
            Some(Beyond { standing, place, bytes, why, goes })
        })
        .collect();
    beyond.reverse();
    (beyond, count)
}

/// Says of each run, newest first, which limit it is beyond.
fn over(limits: &Limits, runs: &[(DateTime<Utc>, u64)], now: DateTime<Utc>) -> Vec<Option<String>> {
    let mut total = 0_u64;
    let judged = runs.iter().enumerate().map(|(at, (began, bytes))| {
        total = total.saturating_add(*bytes);
        let age = now.signed_duration_since(began).to_std().unwrap_or_default();
        if let Some(limit) = limits.age.filter(|limit| age > *limit) {
            return Some(format!("older than {}", days(limit)));
        }
        if let Some(limit) = limits.count.filter(|limit| at >= *limit) {
            return Some(format!("not among the newest {limit}"));
        }
        limits.bytes.filter(|limit| total > *limit).map(|limit| format!("beyond {} in all", say_size(limit)))
    });
    judged.collect()
}

fn days(age: Duration) -> String {
    match age.as_secs() / 86_400 {
        days @ 2.. => format!("{days} days"),
        _ => say_duration(age),
    }
}

/// Says what has to be known of a run that goes, or why it stays.
fn goes(
    standing: &Standing,
    place: &LogPlace,
    named_by: &[(RunId, Option<String>)],
    asked: Asked,
    trust: &Trust,
) -> Result<Goes, String> {
    if standing.opened.run != standing.run {
        return Err(format!("its folder holds the log of another run, {}", standing.opened.run));
    }
    if fs::symlink_metadata(&standing.folder).is_ok_and(|data| !data.is_dir()) {
        return Err("it is a link to a folder elsewhere".to_owned());
    }
    if standing.end == End::Worked || place.parts().iter().any(|part| view::is_being_written(part)) {
        return Err("an engine works it".to_owned());
    }
    if has_supervisor(&standing.folder) {
        return Err("something that it started still runs".to_owned());
    }
    if !matches!(standing.end, End::Sealed(_)) && !asked.unsealed {
        return Err("it is not sealed; --unsealed lets it go".to_owned());
    }
    if !anchors::statements(&standing.folder).is_empty() && !asked.anchored {
        return Err("it is anchored; --anchored lets it go".to_owned());
    }
    let log = verify_log(place, trust).map_err(|error| format!("its log can't be verified: {error}"))?;
    if matches!(log.verdict, Verdict::Tampered | Verdict::AnchorMismatch) {
        return Err(format!("its log is {}: evidence of that is not removed; take it away by hand", log.words()));
    }
    let mut named = Vec::new();
    for (run, digest) in named_by {
        let Some(digest) = digest else { continue };
        if !place.parts().iter().any(|part| matches!(began_as(part, digest), Ok(true))) {
            return Err(format!("its log is not what it was when {run} began: it was replaced or cut"));
        }
        named.push(digest.clone());
    }
    Ok(Goes { log, named })
}

/// Does a supervisor live? Each holds the lock of its journal.
fn has_supervisor(folder: &Path) -> bool {
    let entries = fs::read_dir(folder.join("attempts")).into_iter().flatten().flatten();
    let journals = entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "jsonl"));
    journals.filter_map(|path| File::open(path).ok()).any(|file| file.try_lock_shared().is_err())
}

/// Sums the sizes of everything below a folder; links are not followed.
fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let of = |entry: fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => size(&entry.path()),
        _ => entry.metadata().map_or(0, |data| data.len()),
    };
    entries.map(of).sum()
}

/// Holds the logs of a run, so that nobody takes it up again meanwhile.
pub(super) fn held(place: &LogPlace) -> Result<Vec<File>, StoreError> {
    let hold = |path: std::path::PathBuf| {
        let file = File::open(&path).map_err(StoreError::io("open the log", &path))?;
        grip::hold(&file).map_err(|_| StoreError::Locked { path })?;
        Ok(file)
    };
    place.parts().into_iter().map(hold).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_lets_go_what_is_beyond_it_and_nothing_else() {
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let day = |days: i64| now - chrono::TimeDelta::days(days);
        let runs = [(day(0), 10), (day(1), 20), (day(400), 30), (day(500), 40)];
        let gone = |limits: Limits| -> Vec<bool> { over(&limits, &runs, now).iter().map(Option::is_some).collect() };
        let none = Limits::default();
        assert_eq!(gone(none), [false; 4]);
        assert_eq!(gone(Limits { count: Some(3), ..none }), [false, false, false, true]);
        assert_eq!(gone(Limits { count: Some(0), ..none }), [true; 4]);
        let age = Some(Duration::from_secs(400 * 86_400));
        assert_eq!(gone(Limits { age, ..none }), [false, false, false, true], "400 days are not more than 400 days");
        assert_eq!(gone(Limits { bytes: Some(30), ..none }), [false, false, true, true]);
        assert_eq!(gone(Limits { bytes: Some(59), count: Some(9), age: None }), [false, false, true, true]);
        let said = over(&Limits { count: Some(1), age, bytes: Some(1 << 30) }, &runs, now);
        assert_eq!(said[1].as_deref(), Some("not among the newest 1"));
        assert_eq!(said[3].as_deref(), Some("older than 400 days"));
    }
}
