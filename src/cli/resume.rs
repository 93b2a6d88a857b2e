//! `lifeboat resume`: a run whose engine is gone goes on.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use super::args::Resume;
use super::failure::{Failure, Kind};
use super::{places, say, work};
use crate::drive::practice::Practice;
use crate::drive::resume::{self, Taken};
use crate::drive::start::{Options, Stage};
use crate::drive::{diagnostics, identity};
use crate::engine::{Attended, Input, Intent, Mode};
use crate::journal::Severity;
use crate::kernel::SafeText;
use crate::store::{self, End, LogPlace, Runs, StoreError};
use crate::term;

/// Takes a run up again.
pub(super) fn resume(wanted: &Resume) -> Result<ExitCode, Failure> {
    let config = places::config()?;
    let state = places::state()?;
    let place = find(wanted)?;
    let signers: Vec<PathBuf> = config.allowed_signers.iter().map(PathBuf::from).collect();
    let trust = store::load_trust(&signers, None, Some(&state), chrono::Utc::now()).map_err(places::of_store)?;
    let taken = resume::take(&place, &trust).map_err(work::of_start)?;
    let opened = taken.opened().clone();
    let options = options(wanted, &taken)?;
    // A real run that nobody attended goes on so only where that is asked for again.
    let alone = wanted.unattended || (opened.mode == Mode::Drill && opened.began.attended == Attended::Nobody);
    let screens = if alone { work::Screens::Lines } else { work::on_terminal(wanted.theme.as_deref())? };
    for finding in distrusted(&taken) {
        say::aside(format_args!("the log: {}", SafeText::line(&finding)));
    }
    taken.go_where_it_began().map_err(work::of_start)?;
    let runtime = work::runtime()?;
    let _diagnostics = diagnostics::begin(&state);
    let estate = taken.folder().path().join("estate");
    let (stage, gone) = match opened.mode {
        Mode::Real => (Stage::Real, None),
        Mode::Drill => match Practice::find(&estate) {
            Ok(practice) => (Stage::Drill(Arc::new(practice)), None),
            Err(why) => {
                let practice = Practice::gone(&estate, opened.seed.unwrap_or(1), opened.speed);
                (Stage::Drill(Arc::new(practice)), Some(why))
            }
        },
    };
    let (feed, inbox) = term::channel();
    let to_screen = screens.is_terminal().then(|| feed.clone());
    let preparing = resume::ready(taken, &stage, &options, state, to_screen);
    let ready = work::prepare(&runtime, preparing, &stage)?;
    if let Some(why) = gone {
        say::aside(format_args!("{why}; the drill can't go on, so it ends here and its log is sealed"));
        let reason = format!("{why}: a drill ends with its estate");
        // The host is not there yet: it finds this first.
        drop(ready.inbox.send(Input::Operator { by: options.by.clone(), intent: Intent::Stop { reason } }));
    }
    let worked = work::attend(&runtime, ready, &stage, &options.by, screens, (feed, inbox));
    if let Stage::Drill(practice) = &stage
        && let Err(error) = runtime.block_on(practice.down())
    {
        tracing::warn!(%error, "the practice estate did not answer at its end");
    }
    worked
}

fn find(wanted: &Resume) -> Result<LogPlace, Failure> {
    let root = match &wanted.runs {
        Some(root) => root.clone(),
        None => places::state()?.join("runs"),
    };
    let runs = Runs::at(root);
    if let Some(run) = &wanted.run {
        return runs.find(run).map_err(|error| Failure::new(Kind::Usage, error.to_string()));
    }
    let open =
        resume::standings(&runs).into_iter().find(|standing| matches!(standing.end, End::Open | End::Unsealed(_)));
    match open {
        Some(standing) => {
            runs.find(standing.run.as_str()).map_err(|error: StoreError| Failure::new(Kind::Usage, error.to_string()))
        }
        None => Err(Failure::new(Kind::Usage, format!("no run in {} can be taken up again", runs.root().display()))
            .hint("`lifeboat runs` lists them all; --runs DIR looks elsewhere")),
    }
}

/// Takes the profile with which the run began, as it is by now.
fn options(wanted: &Resume, taken: &Taken) -> Result<Options, Failure> {
    let opened = taken.opened();
    let attended = opened.began.attended;
    if opened.mode == Mode::Drill {
        return Ok(Options { attended, by: identity::user(), ..Options::default() });
    }
    let config = places::config()?;
    let name = wanted.profile.clone().or_else(|| opened.began.profile.clone());
    let profile = match &name {
        Some(name) => places::profile(&config, name)
            .map_err(|failure| failure.hint("the run began with it; --profile names another"))?,
        None => config.without_profile(),
    };
    Ok(Options { attended, ..work::of_profile(Some(profile), name) })
}

/// Lists what makes the log less than trusted, apart from its missing seal.
fn distrusted(taken: &Taken) -> Vec<String> {
    let found = taken.verified().findings.iter();
    found.filter(|finding| finding.severity == Severity::Distrust).map(|finding| finding.text.clone()).collect()
}
