//! `lifeboat replay`: a recording on the run's screen.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::args::{Recorded, ReplayArgs};
use super::failure::{Failure, Kind};
use super::work::Seat;
use super::{compare, log, picker, places, work};
use crate::drive::attach::Looks;
use crate::drive::past;
use crate::journal::Trust;
use crate::replay::{self, Beyond, Recording, ReplayError, Start};
use crate::store::Runs;
use crate::term::Exit;
use crate::ui::{Behind, Rivals, Spot, Watch};

/// Shows a recording.
pub(super) fn replay(wanted: &ReplayArgs) -> Result<ExitCode, Failure> {
    let recording = open(&wanted.of)?;
    let trust = log::trust(wanted.of.allowed_signers.clone())?;
    let at = wanted.at.as_deref().map_or(Ok(Spot::Beginning), Spot::parse);
    let at = at.map_err(|why| Failure::new(Kind::Usage, format!("--at: {why}")))?;
    let seat = work::seated(false, wanted.theme.as_deref()).map_err(|failure| {
        failure.hint("`lifeboat log show` prints what was recorded, `lifeboat export` renders it")
    })?;
    let Seat::Screens(looks) = seat else {
        return Err(Failure::new(Kind::Usage, "a replay needs a screen that can be drawn on")
            .hint("`lifeboat log show` prints what was recorded, line by line"));
    };
    let start = Start { at, speed: wanted.speed, behind: Behind::Nothing };
    code(shown(recording, trust, start, &looks, wanted.of.allowed_signers.as_ref())?)
}

/// Says how a screen that only shows was left.
pub(super) fn code(exit: Exit) -> Result<ExitCode, Failure> {
    match exit {
        Exit::Signalled(_) | Exit::HungUp => Err(Failure::new(Kind::Terminal, "")),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// Shows a recording from another screen.
pub(super) fn watch(watch: &Watch, allowed_signers: Option<PathBuf>, looks: &Looks) -> Result<Exit, Failure> {
    let trust = log::trust(allowed_signers.clone())?;
    let of = Recorded { run: watch.folder.clone(), allowed_signers: allowed_signers.clone(), runs: None };
    let recording = open(&of)?;
    let at = watch.seq.map_or(Spot::Beginning, Spot::Line);
    let start = Start { at, speed: 1, behind: Behind::Screen };
    shown(recording, trust, start, looks, allowed_signers.as_ref())
}

/// Shows a recording, and beside another run where that is wished.
fn shown(
    recording: Recording,
    trust: Trust,
    start: Start,
    looks: &Looks,
    allowed_signers: Option<&PathBuf>,
) -> Result<Exit, Failure> {
    let folder = recording.folder.clone();
    let rivals = Box::new(move || rivals(&folder));
    let mut compare = |one: &str, other: &str| {
        compare::from_screen((one, other), looks, allowed_signers).map_err(|failure| failure.over().message)
    };
    let beyond = Beyond { rivals, compare: &mut compare };
    replay::show(recording, trust, start, (&looks.theme, &looks.keys), beyond).map_err(unusable)
}

/// Finds the runs of a recording's runbook that are over: where runs are kept, among the recordings, and beside it.
fn rivals(folder: &Path) -> Rivals {
    // A configuration that is not right is said where it is needed.
    let mut roots = picker::folders(&places::read_config().config);
    roots.push(Runs::at(picker::RECORDINGS));
    roots.extend(folder.parent().map(Runs::at));
    Rivals { of: folder.display().to_string(), runs: past::beside(folder, &roots) }
}

/// Opens the recording that was named.
pub(super) fn open(of: &Recorded) -> Result<Recording, Failure> {
    let place = log::find(&of.run, of.runs.clone())?;
    Recording::open(place).map(|recording| recording.cached(places::cache())).map_err(unusable)
}

/// Makes a failure of what keeps a recording from being replayed.
pub(super) fn unusable(error: ReplayError) -> Failure {
    let hint = match &error {
        ReplayError::Foreign { .. } | ReplayError::Alone(_) => {
            "name a run (`lifeboat runs` lists them) or the folder of one"
        }
        ReplayError::Runbook { .. } => "a recording is the whole folder of a run: copy it with everything in it",
        ReplayError::Plan { .. } => {
            "use the lifeboat that worked the run; `lifeboat log show` reads the log all the same"
        }
        ReplayError::Store(_) | ReplayError::Thread(_) | ReplayError::Terminal(_) => {
            return Failure::new(
                if matches!(error, ReplayError::Terminal(_)) { Kind::Terminal } else { Kind::Usage },
                error.to_string(),
            );
        }
    };
    Failure::new(Kind::Usage, error.to_string()).hint(hint)
}
