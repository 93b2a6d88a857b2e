//! The variables of a run as an action sees them, and those of them that a shell can be given.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::engine::event::Mode;
use crate::engine::objectives::between;
use crate::engine::state::{Run, Strand};
use crate::kernel::marker;
use crate::runbook::Moment;
use crate::runbook::words::is_identifier;

/// The same in the whole run, so that what is named with it is found again by a retry.
const STAMP: &str = "LIFEBOAT_STAMP";

fn stamp(declared: DateTime<Utc>) -> String {
    declared.format("%Y%m%d-%H%M%S").to_string()
}

impl Run {
    /// Returns the value of a built-in that stays the same in the whole run: `LIFEBOAT_RUN`, `LIFEBOAT_MODE`,
    /// `LIFEBOAT_OPERATOR`, and once it is declared `LIFEBOAT_STAMP`.
    pub fn lasting(&self, name: &str) -> Option<String> {
        let opened = self.opened.as_ref()?;
        match name {
            "LIFEBOAT_RUN" => Some(opened.run.as_str().to_owned()),
            "LIFEBOAT_MODE" => Some(match opened.mode {
                Mode::Real => "real".to_owned(),
                Mode::Drill => "drill".to_owned(),
            }),
            "LIFEBOAT_OPERATOR" => Some(opened.by.clone()),
            STAMP => self.moment(Moment::Declared).map(|fixed| stamp(fixed.occurred_at)),
            _ => None,
        }
    }
}

/// Returns all variables and the `LIFEBOAT_*` built-ins as of `at`, as a strand sees them: for an item that is also the
/// item itself, its place in the list, and what was captured for it.
pub(in crate::engine) fn vars(run: &Run, strand: Strand, at: DateTime<Utc>) -> BTreeMap<String, String> {
    // Of a secret only its name is ever here; whoever performs something puts the value in.
    let secrets = run.plan.secret_inputs().map(|input| (input.name.clone(), marker(&input.name)));
    let mut vars: BTreeMap<String, String> = secrets.chain(run.vars.clone()).collect();
    // What undoes something sees what it saw.
    let own = run.lanes.get(&strand).filter(|lane| lane.undoes.is_some());
    let strand = own.and_then(|lane| lane.undoes.as_ref()).map_or(strand, |undoes| undoes.of);
    if let (Some(lane), Some((foreach, _))) = (run.lanes.get(&strand), run.spread_of(strand)) {
        let index = strand.item.unwrap_or_default().saturating_sub(lane.first).to_string();
        vars.extend(lane.vars.clone());
        vars.insert(foreach.name.clone(), lane.item.clone());
        // A shell has no names with points.
        vars.insert(format!("{}_index", foreach.name), index.clone());
        vars.insert(format!("{}.index", foreach.name), index);
    }
    vars.extend(own.into_iter().flat_map(|lane| lane.vars.clone()));
    if run.opened.is_none() {
        return vars;
    }
    let time = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
    let declared = run.moment(Moment::Declared).map_or(at, |fixed| fixed.occurred_at);
    let mut set = |name: &str, value: String| vars.insert(name.to_owned(), value);
    for name in ["LIFEBOAT_RUN", "LIFEBOAT_MODE", "LIFEBOAT_OPERATOR", STAMP] {
        if let Some(value) = run.lasting(name) {
            set(name, value);
        }
    }
    set("LIFEBOAT_NOW", time(at));
    if run.moment(Moment::Declared).is_none() {
        set(STAMP, stamp(at));
    }
    set("LIFEBOAT_ELAPSED_S", between(run.onset().unwrap_or(declared), at).as_secs().to_string());
    if let Some(onset) = run.onset() {
        set("LIFEBOAT_ONSET", time(onset));
    }
    vars
}

/// The longest value that goes into an environment, with its name: what Linux takes of one, and with it no program starts.
const LONGEST_VARIABLE: usize = 128 * 1024 - 2;

/// Leaves out what is no name of a shell's, which is what actions left, and what is too long for an environment.
pub(super) fn environment(mut vars: BTreeMap<String, String>) -> BTreeMap<String, String> {
    vars.retain(|name, value| is_identifier(name) && fits_environment(name, value));
    vars
}

pub(super) fn fits_environment(name: &str, value: &str) -> bool {
    name.len() + value.len() < LONGEST_VARIABLE
}
