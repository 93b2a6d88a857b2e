//! `lifeboat estate`: the practice estate by itself.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use super::args::EstateCommand;
use super::failure::{Failure, Kind};
use super::{places, say};
use crate::drive::practice::{self, Practice};
use crate::estate::{self, EstateError, EstateRecord, Options};

/// Raises, breaks or ends an estate.
pub(super) fn estate(command: EstateCommand) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Kind::Internal, format!("the runtime did not start: {error}")))?;
    match command {
        EstateCommand::Up { seed, speed, data, dir, port, faults, own_session } => {
            if own_session {
                // It fails where this process leads its session already, which is what is wanted.
                rustix::process::setsid().ok();
            }
            let dir = folder(dir)?;
            let mut options = Options::new(dir.clone(), seed);
            options.speed = speed;
            options.ports.aws = port.unwrap_or(0);
            options.faults = faults;
            options.data = data.into();
            options.manifest = Some(practice::manifest_taker());
            runtime.block_on(async {
                let announced = tokio::spawn(announce(dir));
                let served = estate::serve(options).await;
                announced.abort();
                served
            })
        }
        .map(|()| ExitCode::SUCCESS)
        .map_err(of_estate),
        EstateCommand::Down { dir } => {
            let practice = find(dir)?;
            runtime.block_on(practice.down()).map_err(refused)?;
            say::line(format_args!("the practice estate in {} has ended", practice.folder().display()));
            Ok(ExitCode::SUCCESS)
        }
        EstateCommand::Fault { faults, dir } => {
            let practice = find(dir)?;
            for fault in faults {
                runtime.block_on(practice.inject(&fault)).map_err(refused)?;
                let comes = if fault.contains('@') { "will come" } else { "is under way" };
                say::line(format_args!("{fault} {comes}"));
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Prints how to reach the estate, as a shell reads it, once it stands.
async fn announce(dir: PathBuf) {
    loop {
        // One that stands there already, or was killed, has left a record too.
        if let Ok(Some(record)) = EstateRecord::read(&dir)
            && record.pid == std::process::id()
        {
            for (name, value) in record.env.iter().chain(&record.inputs) {
                say::line(format_args!("export {name}='{value}'"));
            }
            say::line(format_args!(
                "# it stands in {}; `lifeboat estate down --dir {}` ends it",
                dir.display(),
                dir.display()
            ));
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn folder(dir: Option<PathBuf>) -> Result<PathBuf, Failure> {
    dir.map_or_else(places::estate, Ok)
}

fn find(dir: Option<PathBuf>) -> Result<Practice, Failure> {
    let dir = folder(dir)?;
    Practice::find(&dir).map_err(|why| {
        Failure::new(Kind::Usage, why).hint("`lifeboat estate up` raises one; --dir names the folder it stands in")
    })
}

fn of_estate(error: EstateError) -> Failure {
    let kind = match &error {
        EstateError::Speed(_)
        | EstateError::Fault { .. }
        | EstateError::AlreadyStanding { .. }
        | EstateError::Databases(_)
        | EstateError::Listen { .. }
        | EstateError::Record { .. }
        | EstateError::NotARecord { .. } => Kind::Usage,
        EstateError::Fell { .. } | EstateError::Signals(_) => Kind::Internal,
    };
    Failure::new(kind, format!("cannot {error}"))
}

fn refused(error: crate::drive::practice::PracticeError) -> Failure {
    Failure::new(Kind::Usage, error.to_string())
}
