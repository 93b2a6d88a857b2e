//! `lifeboat resume`: a run whose engine is gone goes on.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use super::args::Resume;
use super::blind::{self, Part};
use super::failure::{Failure, Kind};
use super::{front, places, work};
use crate::drive::blind::BlindDrill;
use crate::drive::hub::Hub;
use crate::drive::practice::Practice;
use crate::drive::resume::{self, Taken};
use crate::drive::stage::Stage;
use crate::drive::start::Options;
use crate::drive::wire::{SOCKET, Wants};
use crate::drive::{diagnostics, identity};
use crate::engine::{Attended, Input, Intent, Mode, Opened};
use crate::journal::Severity;
use crate::kernel::SafeText;
use crate::store::{self, End, LogPlace};

/// Attaches to the engine that works the run; where it is gone, another one takes the run up. `seated` says where the person
/// sits, if there is to be one.
pub(super) fn resume(
    wanted: &Resume,
    seated: impl FnOnce() -> Result<work::Seat, Failure>,
) -> Result<ExitCode, Failure> {
    if let Some(drill) = to_choose(wanted)? {
        return blind::take_up(drill, &seated()?);
    }
    let place = find(wanted.run.as_deref(), wanted.runs.as_deref(), OPEN)?;
    let (opened, _) = store::header(&place.log).map_err(places::of_store)?;
    // An engine that was just killed would still take a screen, and tell it nothing.
    store::outlive_the_dying(&place, store::DYING);
    // A real run that nobody attended goes on so only where that is asked for again.
    if wanted.unattended || (opened.mode == Mode::Drill && opened.began.attended == Attended::Nobody) {
        return take_up(wanted, &place, work::Hosting::Lines);
    }
    screenless(&place)?;
    let seat = seated()?;
    let folder = place.folder.clone().unwrap_or_default();
    let folder = std::path::absolute(&folder).unwrap_or(folder);
    // A run that was stopped in a blind drill is over; the drill is not.
    if let Some(drill) = blind::left_again(&folder)? {
        return blind::take_up(drill, &seat);
    }
    let person = match opened.mode {
        Mode::Drill => front::Person::without_key(),
        Mode::Real => front::Person::of(&profiled(wanted, &opened)?)?,
    };
    if store::is_being_written(&place.log) {
        let wants = match &wanted.take_over {
            Some(why) if why.trim().is_empty() => {
                return Err(Failure::new(Kind::Usage, "--take-over: say why control is taken; the log holds it"));
            }
            Some(why) => Wants::TakeOver(why.clone()),
            None => Wants::Control,
        };
        let left = front::attach(&folder, &person, wants, &seat);
        return blind::and_then(&folder, &seat, left);
    }
    let left = front::start(wanted.words(&folder), &person, &seat);
    blind::and_then(&folder, &seat, left)
}

/// Finds the blind drill that is meant, where its runbook is to be chosen: that of the name, else the newest that nobody is
/// at, if no run was written later that is not over.
fn to_choose(wanted: &Resume) -> Result<Option<BlindDrill>, Failure> {
    if wanted.unattended {
        return Ok(None);
    }
    if let Some(name) = &wanted.run {
        return Ok(blind::waiting().into_iter().find(|drill| drill.is_called(name)));
    }
    let Some(drill) = blind::deserted().into_iter().next() else { return Ok(None) };
    let runs = places::runs(wanted.runs.clone())?;
    let open = resume::standings(&runs).into_iter().find(|standing| !matches!(standing.end, End::Sealed(_)));
    Ok(Some(drill).filter(|drill| open.is_none_or(|open| open.last.utc < drill.last())))
}

/// Attaches a screen that only looks on.
pub(super) fn watch(
    run: Option<&str>,
    runs: Option<PathBuf>,
    seated: impl FnOnce() -> Result<work::Seat, Failure>,
) -> Result<ExitCode, Failure> {
    let place = find(run, runs.as_deref(), ("no run is worked now", |end| *end == End::Worked))?;
    screenless(&place)?;
    let seat = seated()?;
    let folder = place.folder.clone().unwrap_or_default();
    front::attach(&folder, &front::Person::without_key(), Wants::Watch, &seat)
}

/// Refuses to attach a screen to a run that is worked unattended: its engine is the process that was started for it.
fn screenless(place: &LogPlace) -> Result<(), Failure> {
    let listens = place.folder.as_ref().is_some_and(|folder| folder.join(SOCKET).exists());
    if listens || !store::is_being_written(&place.log) {
        return Ok(());
    }
    let (opened, _) = store::header(&place.log).map_err(places::of_store)?;
    let run = &opened.run;
    Err(Failure::new(Kind::Usage, format!("{run} is worked unattended: no screen can be attached to it"))
        .hint(format!("`lifeboat log tail {run}` follows what it does")))
}

/// Takes a run up again in this process.
pub(super) fn resume_here(wanted: &Resume, hosting: work::Hosting) -> Result<ExitCode, Failure> {
    let place = find(wanted.run.as_deref(), wanted.runs.as_deref(), OPEN)?;
    store::outlive_the_dying(&place, store::DYING);
    take_up(wanted, &place, hosting)
}

fn take_up(wanted: &Resume, place: &LogPlace, hosting: work::Hosting) -> Result<ExitCode, Failure> {
    let config = places::config()?;
    let state = places::state()?;
    let signers: Vec<PathBuf> = config.allowed_signers.iter().map(PathBuf::from).collect();
    let revoked = config.revoked_keys.as_ref().map(PathBuf::from);
    let trust = store::load_trust(&signers, revoked.as_deref(), Some(&state), chrono::Utc::now());
    let trust = trust.map_err(places::of_store)?;
    let taken = resume::take(place, &trust).map_err(work::of_start)?;
    let opened = taken.opened().clone();
    let options = options(wanted, &taken)?;
    for finding in distrusted(&taken) {
        hosting.say(&format!("the log: {}", SafeText::line(&finding)));
    }
    taken.go_where_it_began().map_err(work::of_start)?;
    let runtime = work::runtime()?;
    let _diagnostics = diagnostics::begin(&state);
    let run = taken.folder().path().to_owned();
    let estate = run.join("estate");
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
    let hub = Hub::default();
    let ready = work::prepare(&runtime, resume::ready(taken, &stage, &options, state, hosting.screens(&hub)), &stage)?;
    if let Some(why) = gone {
        hosting.say(&format!("{why}; the drill can't go on, so it ends here and its log is sealed"));
        let reason = format!("{why}: a drill ends with its estate");
        // The host is not there yet: it finds this first.
        drop(ready.inbox.send(Input::Operator { by: options.by.clone(), intent: Intent::Stop { reason } }));
    }
    let worked = work::attend(&runtime, ready, &stage, hosting, hub);
    if let Stage::Drill(practice) = &stage
        && blind::conclude(&runtime, &run) == Part::None
        && let Err(error) = runtime.block_on(practice.down())
    {
        tracing::warn!(%error, "the practice estate did not answer at its end");
    }
    worked
}

/// Which run is meant where none is named: it is said if there is none, and which ends fit.
type Meant = (&'static str, fn(&End) -> bool);

/// A run that can be gone on with.
const OPEN: Meant = ("every run is over and sealed", |end| !matches!(end, End::Sealed(_)));

/// Finds the run that is named, else the latest one that is meant.
pub(super) fn find(run: Option<&str>, root: Option<&Path>, (none, wanted): Meant) -> Result<LogPlace, Failure> {
    let runs = places::runs(root.map(Path::to_owned))?;
    let found = |name: &str| runs.find(name).map_err(|error| Failure::new(Kind::Usage, error.to_string()));
    if let Some(run) = run {
        return found(run);
    }
    match resume::standings(&runs).into_iter().find(|standing| wanted(&standing.end)) {
        Some(standing) => found(standing.run.as_str()),
        None => Err(Failure::new(Kind::Usage, format!("{none} in {}", runs.root().display()))
            .hint("`lifeboat runs` lists them all; --runs DIR looks elsewhere")),
    }
}

/// Takes what the run is worked with, as it is by now.
fn options(wanted: &Resume, taken: &Taken) -> Result<Options, Failure> {
    let opened = taken.opened();
    let attended = opened.began.attended;
    if opened.mode == Mode::Drill {
        let approvers = work::approvers(&places::read_config().config.without_profile());
        return Ok(Options { attended, by: identity::user(), approvers, ..Options::default() });
    }
    Ok(Options { attended, ..profiled(wanted, opened)? })
}

/// Takes the profile with which a real run began.
fn profiled(wanted: &Resume, opened: &Opened) -> Result<Options, Failure> {
    let config = places::config()?;
    let name = wanted.profile.clone().or_else(|| opened.began.profile.clone());
    let profile = match &name {
        Some(name) => places::profile(&config, name)
            .map_err(|failure| failure.hint("the run began with it; --profile names another"))?,
        None => config.without_profile(),
    };
    Ok(work::of_profile(Some(profile), name))
}

/// Lists what makes the log less than trusted, apart from its missing seal.
fn distrusted(taken: &Taken) -> Vec<String> {
    let found = taken.verified().findings.iter();
    found.filter(|finding| finding.severity == Severity::Distrust).map(|finding| finding.text.clone()).collect()
}
