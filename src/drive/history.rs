//! What earlier runs of a runbook teach, gathered from their folders: only from runs of one kind.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};

use super::past::{recorded, runbook_of};
use crate::engine::{Attended, Followed, History, Mode, Opened, Past};
use crate::kernel::{RunId, Sha256Hex};
use crate::report::runbook_name;
use crate::store::{self, End, Runs, Standing};

/// More runs would not be newer, and each has to be read.
const MOST: usize = 200;

/// Says which runs can be compared: of the same runbook, both real or both drills, in one account, at one speed, with
/// or without a person. Times of anything else are not these times, and no factor makes them so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The runbook's name.
    pub runbook: String,
    /// Real, or a drill.
    pub mode: Mode,
    /// The account; `None`: the one of the latest run.
    pub account: Option<String>,
    /// The speed of the estate.
    pub speed: u32,
    /// Who attends it.
    pub attended: Attended,
}

impl Kind {
    /// Returns the kind of a run.
    pub fn of(opened: &Opened) -> Self {
        Self {
            runbook: runbook_name(&opened.runbook),
            mode: opened.mode,
            account: Some(opened.account.clone()),
            speed: opened.speed,
            attended: opened.began.attended,
        }
    }

    fn holds(&self, opened: &Opened) -> bool {
        let account = self.account.as_ref().unwrap_or(&opened.account).clone();
        Self::of(opened) == Self { account: Some(account), ..self.clone() }
    }

    /// Says it in words.
    pub fn words(&self) -> String {
        let who = match self.attended {
            Attended::Person => "",
            Attended::Nobody => ", unattended",
        };
        match self.mode {
            Mode::Real => {
                format!("real in account {}{who}", self.account.as_deref().unwrap_or("(none known)"))
            }
            Mode::Drill => format!("drill at speed {}{who}", self.speed),
        }
    }
}

/// Is what was gathered.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    /// What the runs teach.
    pub history: History,
    /// Those that were read, oldest first.
    pub runs: Vec<RunId>,
    /// The account that they are of.
    pub account: Option<String>,
    /// When the first of them and when the last was written.
    pub span: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// How many of them ran another text of the runbook.
    pub other_text: usize,
    /// Runs of the same runbook that are not of this kind: how many of each.
    pub others: BTreeMap<String, usize>,
}

/// Gathers the runs of a kind. What can't be read, or makes no sense, teaches nothing.
pub fn gather(runs: &Runs, kind: &Kind, text: &Sha256Hex, except: Option<&RunId>) -> Gathered {
    let mut out = Gathered::default();
    let mut kind = kind.clone();
    let of_runbook = |standing: &Standing| runbook_of(standing) == kind.runbook && except != Some(&standing.run);
    let standings: Vec<Standing> = store::standings(runs).into_iter().filter(of_runbook).rev().collect();
    for standing in standings {
        if !kind.holds(&standing.opened) {
            *out.others.entry(Kind::of(&standing.opened).words()).or_default() += 1;
            continue;
        }
        if out.runs.len() >= MOST || standing.end == End::Worked {
            continue;
        }
        let Some(past) = past(&standing.folder) else { continue };
        kind.account.get_or_insert_with(|| standing.opened.account.clone());
        let last = standing.last.utc;
        out.span = Some(out.span.map_or((last, last), |(_, newest)| (last, newest)));
        out.other_text += usize::from(standing.opened.runbook_sha256 != *text);
        out.history.add(past);
        out.runs.push(standing.run);
    }
    out.runs.reverse();
    out.account = kind.account;
    out
}

/// Reads what one run teaches.
pub fn past(folder: &Path) -> Option<Past> {
    let (plan, facts) = recorded(folder)?;
    let mut followed = Followed::new(plan);
    for fact in facts {
        if followed.learn(&fact).is_err() {
            break;
        }
    }
    Some(followed.past())
}
