//! `lifeboat log`: verify, show, tail.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use super::args::{Format, LogCommand};
use super::failure::{Failure, Kind};
use super::places;
use crate::report::narrate;
use crate::store::{self, Follow, LogPlace, Runs};

/// How many lines `tail` begins with.
const TAIL: usize = 20;

/// Does what was asked of a log.
pub(super) fn log(command: LogCommand) -> Result<ExitCode, Failure> {
    let mut out = io::stdout().lock();
    match command {
        LogCommand::Verify { run, allowed_signers, runs } => {
            let place = find(&run, runs)?;
            let state = places::state().ok();
            let mut signers: Vec<PathBuf> = allowed_signers.into_iter().collect();
            signers.extend(places::config()?.allowed_signers.map(PathBuf::from));
            let trust = store::load_trust(&signers, None, state.as_deref(), chrono::Utc::now()).map_err(unreadable)?;
            let result = store::verify_run(&place, &trust).map_err(unreadable)?;
            store::write_verification(&result, &mut out).map_err(|error| broken(&error))?;
            Ok(ExitCode::from(result.verdict.exit_code()))
        }
        LogCommand::Show { run, format, runs } => {
            let place = find(&run, runs)?;
            store::show(&place, shown(format), &narrate, &mut out).map_err(unreadable)?;
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
    }
}

fn find(run: &str, runs: Option<PathBuf>) -> Result<LogPlace, Failure> {
    let root = match runs {
        Some(root) => root,
        None => store::state_dir(&|name| std::env::var_os(name)).map_err(unreadable)?.join("runs"),
    };
    Runs::at(root).find(run).map_err(unreadable)
}

fn shown(format: Format) -> store::Format {
    match format {
        Format::Human => store::Format::Text,
        Format::Json => store::Format::Json,
    }
}

fn unreadable(error: store::StoreError) -> Failure {
    Failure::new(Kind::Usage, error.to_string())
}

fn broken(error: &io::Error) -> Failure {
    Failure::new(Kind::Usage, format!("the answer could not be written: {error}"))
}
