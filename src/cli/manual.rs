//! What a shell and `man` want to know of the command line, generated from its own definition.

use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::args::Cli;
use super::failure::{Failure, Kind};

/// Prints the completions of a shell.
pub(super) fn completions(shell: Shell) -> ExitCode {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "lifeboat", &mut text);
    super::say::line(String::from_utf8_lossy(&text).trim_end());
    ExitCode::SUCCESS
}

/// Writes the pages of the manual into a folder, one for each command; without one prints the first.
pub(super) fn man(folder: Option<&Path>) -> Result<ExitCode, Failure> {
    let failed = |what: &str, error: std::io::Error| Failure::new(Kind::Usage, format!("{what}: {error}"));
    let Some(folder) = folder else {
        let mut text = Vec::new();
        clap_mangen::Man::new(Cli::command())
            .render(&mut text)
            .map_err(|error| failed("the page could not be written", error))?;
        super::say::line(String::from_utf8_lossy(&text).trim_end());
        return Ok(ExitCode::SUCCESS);
    };
    std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), folder))
        .map_err(|error| failed(&folder.display().to_string(), error))?;
    Ok(ExitCode::SUCCESS)
}
