//! `lifeboat log`: verify, show, tail, audit.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use super::addenda;
use super::args::{Format, LogCommand, Require};
use super::failure::{Failure, Kind};
use super::places;
use crate::drive::record::Recording;
use crate::drive::{blind, facilitate};
use crate::engine::{Fate, Mode};
use crate::journal::Trust;
use crate::kernel::{SafeText, counted};
use crate::report::{fate_words, narrate};
use crate::store::{self, Follow, LogPlace};

/// How many lines `tail` begins with.
const TAIL: usize = 20;

/// Does what was asked of a log.
pub(super) fn log(command: LogCommand) -> Result<ExitCode, Failure> {
    let mut out = io::stdout().lock();
    match command {
        LogCommand::Verify { run, allowed_signers, require, anchor, timestamp_ca, runs } => {
            let place = find(&run, runs)?;
            let mut trust = trust(allowed_signers)?;
            let configured = places::config()?.anchor.and_then(|anchor| anchor.timestamp_ca);
            trust.authorities = timestamp_ca.or_else(|| configured.map(PathBuf::from));
            trust.anchors =
                anchor.iter().map(|path| store::given_anchor(path)).collect::<Result<_, _>>().map_err(unreadable)?;
            let mut result = store::verify_run(&place, &trust).map_err(unreadable)?;
            if require.contains(&Require::Approvals) {
                result.require_approvals();
            }
            if require.contains(&Require::Anchored) {
                result.require_anchored();
            }
            heard(store::write_verification(&result, &mut out))?;
            // To compare promises all facts are read; a log of a million lines without any is not read twice.
            let kept = result.exercise == 0 || promises(&place, &trust, &mut out)?;
            Ok(ExitCode::from(if kept { result.verdict.exit_code() } else { result.verdict.exit_code().max(1) }))
        }
        LogCommand::Anchor { run, profile, runs } => super::anchor::anchor(&run, profile.as_deref(), runs),
        LogCommand::Show { run, format, runs } => {
            let place = find(&run, runs)?;
            store::show(&place, shown(format), &narrate, &mut out).map_err(unreadable)?;
            after_the_seal(&place, shown(format), &mut out)?;
            Ok(ExitCode::SUCCESS)
        }
        LogCommand::Tail { run, no_follow, runs } => {
            let place = find(&run, runs)?;
            let never = || false;
            let follow = if no_follow { Follow::No } else { Follow::Until(&never) };
            store::tail(&place, TAIL, follow, store::Format::Text, &narrate, &mut out).map_err(unreadable)?;
            out.flush().ok();
            Ok(ExitCode::SUCCESS)
        }
        LogCommand::Audit { dir, allowed_signers } => audit(dir, trust(allowed_signers)?, &mut out),
        LogCommand::Add { to, what } => addenda::add(to, what),
        LogCommand::Countersign { to } => addenda::countersign(to),
    }
}

/// Says of a blind drill whether what was broken, and of a facilitated one whether its injects, are what the log promised at
/// its start. What nobody has disclosed yet breaks no promise.
fn promises(place: &LogPlace, trust: &Trust, out: &mut impl io::Write) -> Result<bool, Failure> {
    // What can't be read holds no promise that could be compared.
    let Ok(recording) = Recording::read(place, trust) else { return Ok(true) };
    let told = match blind::diagnosed(&recording) {
        None => true,
        Some(found) => {
            let was = found.broken.map(|broken| format!("{}, ", SafeText::line(&broken.scenario))).unwrap_or_default();
            heard(writeln!(out, "  broken     {was}{}", fate_words(found.fate)))?;
            matches!(found.fate, Fate::Kept | Fate::Hidden)
        }
    };
    let Some(fates) = facilitate::promised(&recording) else { return Ok(told) };
    let kept = fates.values().filter(|fate| **fate == Fate::Kept).count();
    heard(writeln!(out, "  injects    {kept} of {} are what they were at the start", fates.len()))?;
    for (number, fate) in fates.iter().filter(|(_, fate)| **fate != Fate::Kept) {
        heard(writeln!(out, "             {number}: {}", fate_words(*fate)))?;
    }
    Ok(told && fates.values().all(|fate| matches!(fate, Fate::Kept | Fate::Hidden)))
}

/// Loads whom to trust: the named file, the configuration's, and the practice key's.
pub(super) fn trust(allowed_signers: Option<PathBuf>) -> Result<Trust, Failure> {
    let state = places::state().ok();
    let mut signers: Vec<PathBuf> = allowed_signers.into_iter().collect();
    let config = places::config()?;
    signers.extend(config.allowed_signers.map(PathBuf::from));
    let revoked = config.revoked_keys.map(PathBuf::from);
    store::load_trust(&signers, revoked.as_deref(), state.as_deref(), chrono::Utc::now()).map_err(unreadable)
}

/// Shows what was added to a log that is sealed.
fn after_the_seal(place: &LogPlace, format: store::Format, out: &mut impl io::Write) -> Result<(), Failure> {
    let Some(folder) = place.folder.as_ref().filter(|_| format == store::Format::Text) else { return Ok(()) };
    if let Ok(log) = store::verify_log(place, &trust(None)?) {
        let addenda = store::read_addenda(folder, &log, &trust(None)?).map_err(unreadable)?;
        // A reader that goes away is no error.
        store::show_addenda(&addenda, out).ok();
    }
    Ok(())
}

/// Prints a line a run, then what is wrong with the row of them.
fn audit(dir: Option<PathBuf>, trust: Trust, out: &mut impl io::Write) -> Result<ExitCode, Failure> {
    let runs = places::runs(dir)?;
    if !runs.root().is_dir() {
        return Err(Failure::new(Kind::Usage, format!("there is no folder {}", runs.root().display())));
    }
    let found = store::audit(&runs, &trust).map_err(unreadable)?;
    let mut print = |line: String| heard(writeln!(out, "{line}"));
    for run in &found.runs {
        let mode = match run.mode {
            Some(Mode::Drill) => "drill",
            Some(Mode::Real) => "real",
            None => "?",
        };
        let (runbook, name) = (SafeText::line(&run.runbook), SafeText::line(run.run.as_str()));
        match &run.log {
            Ok(log) => print(format!("{:<9}  {name}  {mode:<5}  {runbook}", log.verdict.word()))?,
            Err(why) => print(format!("UNREADABLE {name}  {mode:<5}  {why}"))?,
        }
    }
    for text in &found.removed {
        print(format!("REMOVED    {}", SafeText::line(text)))?;
    }
    for text in &found.doubts {
        print(format!("UNTRUSTED  {}", SafeText::line(text)))?;
    }
    for text in &found.breaks {
        print(format!("MISSING    {}", SafeText::line(text)))?;
    }
    let wrong = found.breaks.len();
    print(format!("{}, {wrong} of them missing or replaced", counted(found.runs.len(), "run")))?;
    print("A run that no later run of the same operator and machine names can be missing unseen.".to_owned())?;
    Ok(ExitCode::from(found.exit_code()))
}

/// Finds a run that is only read: a packed one is opened.
pub(super) fn find(run: &str, runs: Option<PathBuf>) -> Result<LogPlace, Failure> {
    match places::runs(runs)?.find(run) {
        Err(store::StoreError::Packed { path }) => {
            store::open_pack(&path, &places::opened()).map_err(|error| Failure::new(Kind::Usage, error.to_string()))
        }
        found => found.map_err(unreadable),
    }
}

/// Finds a run that is written to: it has to be a folder.
pub(super) fn find_folder(run: &str, runs: Option<PathBuf>) -> Result<LogPlace, Failure> {
    places::runs(runs)?.find(run).map_err(unreadable)
}

fn shown(format: Format) -> store::Format {
    match format {
        Format::Human => store::Format::Text,
        Format::Json => store::Format::Json,
    }
}

pub(super) fn unreadable(error: store::StoreError) -> Failure {
    Failure::new(Kind::Usage, error.to_string())
}

/// A reader that went away (`| head`) has heard enough: the verdict is in the exit code too.
fn heard(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => {
            written.map_err(|error| Failure::new(Kind::Usage, format!("the answer could not be written: {error}")))
        }
    }
}
