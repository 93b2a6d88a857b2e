//! The program: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    lifeboat::cli::run(std::env::args_os())
}
