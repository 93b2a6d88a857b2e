//! The program: everything is in the library.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_none_or(|word| word != "__supervise") {
        return ExitCode::SUCCESS;
    }
    let Some(run_dir) = arguments.next() else { return ExitCode::from(2) };
    match lifeboat::exec::supervisor::serve(Path::new(&run_dir)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
