//! Floor 7: arguments to a driver; failures to messages and exit codes.

mod addenda;
mod anchor;
mod approve;
mod args;
mod aws;
mod blind;
mod check;
mod compare;
mod config;
mod doctor;
mod estate;
mod facilitate;
mod failure;
mod fingerprint;
mod forecast;
mod front;
mod keys;
mod log;
mod manual;
mod pack;
mod picker;
mod places;
mod plan;
mod prune;
mod render;
mod replay;
mod report;
mod resume;
mod runs;
mod say;
mod themes;
mod work;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

use args::{Cli, Command, EngineCommand};
use failure::{Failure, Kind};

/// Does what the command line says and returns the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Printing can fail only where nobody reads any more.
            error.print().ok();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let worked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(cli)));
    crate::store::leave_packs();
    worked.unwrap_or_else(|_| defect().exit())
}

/// Says what a panic means for whoever sits here: the terminal is restored by then, and the panic itself was printed.
fn defect() -> Failure {
    let failure = Failure::new(Kind::Internal, "a defect of lifeboat ended this process; what it said stands above")
        .hint("a run that was open goes on: `lifeboat runs` lists it, `lifeboat resume` attaches to it again");
    match places::state() {
        Ok(state) => failure.hint(format!("diagnostics are in {}", state.join("diagnostics").display())),
        Err(_) => failure,
    }
}

fn work(cli: Cli) -> ExitCode {
    let done = match cli.command {
        None => picker::open(),
        Some(Command::Drill(drill)) => work::drill(&drill),
        Some(Command::Run(run)) => work::run(&run),
        Some(Command::Facilitate(wanted)) => facilitate::facilitate(&wanted),
        Some(Command::Resume(wanted)) => {
            resume::resume(&wanted, || work::seated(wanted.plain, wanted.theme.as_deref()))
        }
        Some(Command::Runs(wanted)) => runs::runs(wanted),
        Some(Command::Check { runbooks, format }) => check::check(&runbooks, format),
        Some(Command::Keys { profile }) => keys::keys(profile.as_deref()),
        Some(Command::Doctor { profile, format }) => doctor::doctor(profile.as_deref(), format),
        Some(Command::Plan(wanted)) => plan::plan(&wanted),
        Some(Command::Forecast(wanted)) => forecast::forecast(&wanted),
        Some(Command::Config { command, profile, format }) => {
            config::config(command.as_ref(), profile.as_deref(), format)
        }
        Some(Command::Completions { shell }) => Ok(manual::completions(shell)),
        Some(Command::Man { folder }) => manual::man(folder.as_deref()),
        Some(Command::Compare(wanted)) => compare::compare(&wanted),
        Some(Command::Replay(wanted)) => replay::replay(&wanted),
        Some(Command::Report(wanted)) => report::report(&wanted),
        Some(Command::Export(wanted)) => report::export(&wanted),
        Some(Command::Log { command }) => log::log(command),
        Some(Command::Approve(wanted)) => approve::approve(wanted),
        Some(Command::Fingerprint(wanted)) => fingerprint::fingerprint(&wanted),
        Some(Command::Estate { command }) => estate::estate(command),
        Some(Command::Themes { names }) => Ok(themes::themes(&names)),
        Some(Command::Aws { command }) => aws::aws(command),
        Some(Command::Watch { run, runs, plain, theme }) => {
            resume::watch(run.as_deref(), runs, || work::seated(plain, theme.as_deref()))
        }
        Some(Command::Engine { command }) => return engine(&command),
        Some(Command::Terminal { command }) => {
            let (program, arguments) =
                command.split_first().map_or((OsString::new(), &[][..]), |(p, a)| (p.clone(), a));
            let error = crate::exec::supervisor::lead(&program, arguments);
            let name = program.display();
            Err(Failure::new(Kind::Internal, format!("cannot start `{name}` on a terminal: {error}")))
        }
        Some(Command::Supervise { folder }) => crate::exec::supervisor::serve(&folder)
            .map(|()| ExitCode::SUCCESS)
            .map_err(|error| Failure::new(Kind::Internal, error.to_string())),
    };
    done.unwrap_or_else(|failure| failure.exit())
}

/// Works a run for screens; what fails before there are any goes to whoever started the engine.
fn engine(command: &EngineCommand) -> ExitCode {
    let hosting = work::Hosting::Screens;
    let done = match command {
        EngineCommand::Drill(drill) => work::drill_here(drill, hosting),
        EngineCommand::Run(run) => work::run_here(run, hosting),
        EngineCommand::Resume(wanted) => resume::resume_here(wanted, hosting),
    };
    done.unwrap_or_else(|failure| {
        front::failed(&failure);
        failure.exit()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_defect_says_where_the_diagnostics_are_and_what_goes_on() {
        let over = defect().over();
        assert_eq!(over.code, 70);
        assert!(over.hints.iter().any(|hint| hint.contains("lifeboat resume")), "{over:?}");
        assert!(over.hints.iter().any(|hint| hint.ends_with("/diagnostics")), "{over:?}");
    }
}
