//! `lifeboat compare`: two runs of a runbook side by side, on a screen or as text.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use super::args::{CompareArgs, CompareFormat, Recorded};
use super::failure::{Failure, Kind};
use super::work::Seat;
use super::{replay as recordings, report as records, say, work};
use crate::clock::Clock;
use crate::drive::attach::Looks;
use crate::drive::outputs::outputs;
use crate::drive::record::Recording;
use crate::replay;
use crate::report::{Compared, Comparison, Sides, compare as compared, side_by_side};
use crate::term::Exit;
use crate::ui::{Behind, Beside, Model};

/// Shows how two runs differ: on a screen where there is one, else as text.
pub(super) fn compare(wanted: &CompareArgs) -> Result<ExitCode, Failure> {
    let read = |run: &str| {
        let (run, allowed_signers, runs) = (run.to_owned(), wanted.allowed_signers.clone(), wanted.runs.clone());
        records::read(&Recorded { run, allowed_signers, runs })
    };
    let (one, other) = (read(&wanted.one)?, read(&wanted.other)?);
    let comparison = beside(&one, &other)?;
    let on_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let seat = match wanted.format {
        Some(CompareFormat::Screen) => Some(work::seated(false, wanted.theme.as_deref())?),
        None if on_terminal => Some(work::seated(false, wanted.theme.as_deref())?),
        Some(CompareFormat::Text | CompareFormat::Json) | None => None,
    };
    if let Some(Seat::Screens(looks)) = seat {
        let mut model = model(comparison, (&one, &other), &looks, Behind::Nothing);
        return recordings::code(show(&mut model, &looks, wanted.allowed_signers.as_ref())?);
    }
    match wanted.format {
        Some(CompareFormat::Json) => say::line(format_args!("{:#}", serde_json::json!(comparison))),
        Some(CompareFormat::Screen | CompareFormat::Text) | None => say::line(side_by_side(&comparison).trim_end()),
    }
    for (name, of) in [("A", &one), ("B", &other)] {
        if !of.integrity.verdict.starts_with("SEALED") {
            say::aside(format_args!("note: the log of {name} is {}", of.integrity.verdict));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Compares the runs in two folders on the screen, and comes back.
pub(super) fn from_screen(
    (one, other): (&str, &str),
    looks: &Looks,
    allowed_signers: Option<&PathBuf>,
) -> Result<Exit, Failure> {
    let read = |run: &str| {
        records::read(&Recorded { run: run.to_owned(), allowed_signers: allowed_signers.cloned(), runs: None })
    };
    let (one, other) = (read(one)?, read(other)?);
    let comparison = beside(&one, &other)?;
    show(&mut model(comparison, (&one, &other), looks, Behind::Screen), looks, allowed_signers)
}

fn beside(one: &Recording, other: &Recording) -> Result<Comparison, Failure> {
    let (one, other) =
        (Compared { run: &one.run, facts: &one.facts }, Compared { run: &other.run, facts: &other.facts });
    compared(one, other).map_err(|error| {
        Failure::new(Kind::Usage, error.to_string()).hint("`lifeboat runs` lists runs with their runbooks")
    })
}

fn model(comparison: Comparison, (one, other): (&Recording, &Recording), looks: &Looks, behind: Behind) -> Model {
    let printed = |of: &Recording| outputs(&of.folder, &of.facts);
    let folder = |of: &Recording| of.folder.display().to_string();
    let printed = Sides { a: printed(one), b: printed(other) };
    let folders = Sides { a: folder(one), b: folder(other) };
    let beside = Beside::new(comparison, printed, folders);
    Model::compare(beside, &looks.theme, Clock::start().now()).with_keys(looks.keys.clone()).before(behind)
}

/// Shows a comparison; whoever watches one of the two comes back to it.
fn show(model: &mut Model, looks: &Looks, allowed_signers: Option<&PathBuf>) -> Result<Exit, Failure> {
    let now = Clock::start().now();
    loop {
        let exit = replay::beside(model, now).map_err(recordings::unusable)?;
        let Exit::Watch(watch) = exit else { return Ok(exit) };
        let exit = recordings::watch(&watch, allowed_signers.cloned(), looks)?;
        if exit != Exit::Back {
            return Ok(exit);
        }
    }
}
