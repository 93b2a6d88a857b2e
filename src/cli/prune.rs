//! `lifeboat runs prune`: what is beyond the limits goes, if somebody says so, and leaves word of it.

use std::process::ExitCode;

use super::args::PruneArgs;
use super::failure::{Failure, Kind};
use super::{addenda, log, places, say};
use crate::drive::past;
use crate::engine::Mode;
use crate::kernel::{SafeText, say_size};
use crate::store::{self, Asked, Beyond, Limits, RemoveError, Remover};

/// Shows which runs are beyond the limits, and removes them if that was said.
pub(super) fn prune(wanted: &PruneArgs) -> Result<ExitCode, Failure> {
    let configured = places::config()?.retention.unwrap_or_default();
    let limits = Limits {
        count: wanted.count.or(configured.count),
        age: wanted.age.or(configured.age),
        bytes: wanted.size.or(configured.size),
    };
    if limits == Limits::default() {
        return Err(Failure::new(Kind::Usage, "nothing says which runs are kept").hint(
            "give --count N, --age TIME or --size SIZE, or write [retention] into the configuration (docs/runs.md)",
        ));
    }
    let (runs, trust) = (places::runs(wanted.runs.clone())?, log::trust(None)?);
    let asked = Asked { unsealed: wanted.unsealed, anchored: wanted.anchored };
    let (beyond, count) = store::beyond(&runs, &limits, asked, &trust, chrono::Utc::now());
    let (go, stay): (Vec<Beyond>, Vec<Beyond>) = beyond.into_iter().partition(|beyond| beyond.goes.is_ok());
    for beyond in &stay {
        let why = beyond.goes.as_ref().err().map(String::as_str).unwrap_or_default();
        say::line(format_args!("stays  {}, {}: {}", line(beyond), beyond.why, SafeText::line(why)));
    }
    for beyond in &go {
        say::line(format_args!("goes   {}: {}", line(beyond), beyond.why));
    }
    let bytes = go.iter().map(|beyond| beyond.bytes).sum();
    if !wanted.yes {
        say::line(format_args!(
            "{} of {count} runs would go, and free {}; nothing was removed",
            go.len(),
            say_size(bytes)
        ));
        if !go.is_empty() {
            say::line(
                "pack what is still wanted with `lifeboat runs export`; the same command with --yes removes them",
            );
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut remover = Remover::open(&runs, &trust).map_err(refused)?;
    for run in remover.finish(addenda::now()).map_err(refused)? {
        say::line(format_args!("finished the removal of {}, which was begun before", SafeText::line(run.as_str())));
    }
    // A practice key counts for drills alone.
    let real = go.iter().any(|beyond| beyond.standing.opened.mode == Mode::Real);
    let mode = if real { Mode::Real } else { Mode::Drill };
    let (operator, name) = addenda::signer(wanted.profile.as_deref(), wanted.by.clone(), wanted.key.clone(), mode)?;
    let operator = operator
        .inspect_err(|why| say::aside(format_args!("note: nobody signs it: {}", SafeText::line(&why.to_string()))))
        .ok();
    let by = operator.as_ref().map_or(name.as_str(), |operator| operator.principal()).to_owned();
    let begun = remover.begin(go, &by, operator.as_ref(), addenda::now()).map_err(refused)?;
    for (run, why) in &begun.stay {
        say::line(format_args!("stays  {}: {}", SafeText::line(run.as_str()), SafeText::line(why)));
    }
    let mut freed = 0;
    for going in &begun.going {
        remover.remove(going, addenda::now()).map_err(refused)?;
        freed += going.removal.bytes;
    }
    say::line(format_args!(
        "{} of {count} runs were removed, and freed {}; `lifeboat log audit` says which",
        begun.going.len(),
        say_size(freed)
    ));
    Ok(ExitCode::SUCCESS)
}

fn line(beyond: &Beyond) -> String {
    let mode = match beyond.standing.opened.mode {
        Mode::Real => "REAL",
        Mode::Drill => "drill",
    };
    let (run, runbook) = (SafeText::line(beyond.standing.run.as_str()), past::runbook_of(&beyond.standing));
    format!("{run}  {mode:<5}  {runbook}  {}", say_size(beyond.bytes))
}

fn refused(error: RemoveError) -> Failure {
    let failure = Failure::new(Kind::Usage, error.to_string());
    match error {
        RemoveError::Damaged { .. } => {
            failure.hint("`lifeboat log audit` says what is wrong; what is evidence is not mended here")
        }
        RemoveError::Store(_) | RemoveError::Line(_) | RemoveError::Sign(_) => failure,
    }
}
