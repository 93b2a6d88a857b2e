//! Printing that nobody has to read: a pipe that was closed is no reason to stop, and none to panic.

use std::fmt::Display;
use std::io::{self, Write as _};

/// Prints a line on standard output.
pub(super) fn line(text: impl Display) {
    writeln!(io::stdout(), "{text}").ok();
}

/// Prints a line on standard error.
pub(super) fn aside(text: impl Display) {
    writeln!(io::stderr(), "{text}").ok();
}
