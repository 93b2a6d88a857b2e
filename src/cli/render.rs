//! `lifeboat export` of what people look at: the run's screen as a film or a picture.

use std::io::{BufWriter, ErrorKind, Write as _, stdout};
use std::process::ExitCode;

use super::args::ExportArgs;
use super::failure::{Failure, Kind};
use super::{log, places, replay, say};
use crate::kernel::parse_duration;
use crate::replay::{self as film, Cast, Filming, Recording, RenderError};
use crate::settings::theme::{self, Theme};
use crate::ui::{Spot, Verified};

/// Prints an asciicast.
pub(super) fn cast(wanted: &ExportArgs, version: Cast) -> Result<ExitCode, Failure> {
    let idle = match wanted.idle.as_str() {
        "none" => None,
        text => Some(parse_duration(text).map_err(|why| Failure::new(Kind::Usage, format!("--idle: {why}")))?),
    };
    let theme = themed(wanted);
    let (recording, verdict) = open(wanted)?;
    let filming = Filming { size: wanted.size, speed: wanted.speed, idle, theme: &theme };
    let mut out = BufWriter::new(stdout().lock());
    let done = film::cast(recording, &filming, version, Some(verdict), &mut out);
    match done.and_then(|_| out.flush().map_err(RenderError::from)) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => failed(error),
    }
}

/// Prints a frame as SVG.
pub(super) fn svg(wanted: &ExportArgs) -> Result<ExitCode, Failure> {
    let spot = Spot::parse(&wanted.at).map_err(|why| Failure::new(Kind::Usage, format!("--at: {why}")))?;
    let theme = themed(wanted);
    let (recording, verdict) = open(wanted)?;
    let filming = Filming { size: wanted.size, speed: 1, idle: None, theme: &theme };
    match film::svg(recording, &filming, Some(verdict), spot) {
        Ok(svg) => {
            say::line(svg.trim_end());
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => failed(error),
    }
}

/// Takes the theme that was named, whatever this terminal can show: what is rendered is looked at elsewhere.
fn themed(wanted: &ExportArgs) -> Theme {
    let theme = theme::load(wanted.theme.as_deref().unwrap_or("default"), &places::themes());
    for problem in &theme.problems {
        say::aside(problem.trim_end());
    }
    theme
}

fn open(wanted: &ExportArgs) -> Result<(Recording, Verified), Failure> {
    let recording = replay::open(&wanted.of)?;
    let trust = log::trust(wanted.of.allowed_signers.clone())?;
    let verdict = film::verify(&recording.place, &trust);
    Ok((recording, verdict))
}

fn failed(error: RenderError) -> Result<ExitCode, Failure> {
    match error {
        // Whoever reads (`| head`) has seen enough.
        RenderError::Write(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        RenderError::Replay(error) => Err(replay::unusable(error)),
        error @ RenderError::Write(_) => Err(Failure::new(Kind::Usage, error.to_string())),
    }
}
