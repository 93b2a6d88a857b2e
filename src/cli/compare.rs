//! `lifeboat compare`: two runs of a runbook side by side.

use std::process::ExitCode;

use super::args::{CompareArgs, Recorded};
use super::failure::{Failure, Kind};
use super::{report as records, say};
use crate::report::{Compared, compare as compared};

/// Prints how two runs differ.
pub(super) fn compare(wanted: &CompareArgs) -> Result<ExitCode, Failure> {
    let read = |run: &str| {
        let (run, allowed_signers, runs) = (run.to_owned(), wanted.allowed_signers.clone(), wanted.runs.clone());
        records::read(&Recorded { run, allowed_signers, runs })
    };
    let (one, other) = (read(&wanted.one)?, read(&wanted.other)?);
    let text =
        compared(Compared { run: &one.run, facts: &one.facts }, Compared { run: &other.run, facts: &other.facts });
    let text = text.map_err(|error| {
        Failure::new(Kind::Usage, error.to_string()).hint("`lifeboat runs` lists runs with their runbooks")
    })?;
    say::line(text.trim_end());
    for (name, of) in [("A", &one), ("B", &other)] {
        if !of.integrity.verdict.starts_with("SEALED") {
            say::aside(format_args!("note: the log of {name} is {}", of.integrity.verdict));
        }
    }
    Ok(ExitCode::SUCCESS)
}
