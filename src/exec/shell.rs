//! How a shell block becomes a process: one shell for the whole block, which leaves its state behind as it goes.
//!
//! The shell sources what earlier blocks left, then the block, and on its way out (at the end, at `exit`, at the
//! first failing command) lists its variables and its directory with built-ins alone, so that carrying state over
//! costs no further process. A block that sets an EXIT trap of its own and leaves early, or replaces the shell
//! with `exec`, leaves nothing; then the last state stays.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::runbook::Shell;

/// Separates the list of variables from the list of exported ones.
pub const EXPORTS: &[u8] = b"#lifeboat: exports\n";
/// Separates the lists from the working directory.
pub const DIRECTORY: &[u8] = b"#lifeboat: directory\n";
/// Ends a whole dump.
pub const END: &[u8] = b"#lifeboat: end\n";

/// Names the files that one performance of a block needs.
#[derive(Clone, Copy, Debug)]
pub struct BlockFiles<'p> {
    /// The block, as written.
    pub block: &'p Path,
    /// What earlier blocks left for every shell, if anything.
    pub carried: Option<&'p Path>,
    /// What earlier blocks left for bash alone, if anything.
    pub carried_bash: Option<&'p Path>,
    /// Where the shell writes what it leaves.
    pub dump: &'p Path,
}

/// Builds the command of a block: errors end it, standard input is empty; the caller adds environment and output.
pub fn command(shell: Shell, files: BlockFiles<'_>) -> Command {
    let (program, options, variables): (_, &[&str], _) = match shell {
        Shell::Sh => ("sh", &["-e"], "set; printf '%s\\n' '#lifeboat: exports'; export -p"),
        Shell::Bash => ("bash", &["-e", "-o", "pipefail"], "declare -p; printf '%s\\n' '#lifeboat: exports'"),
    };
    let dump = quoted(files.dump);
    let mut wrapper = format!(
        "lifeboat_leave__() {{\n\
         lifeboat_status__=$?\n\
         [ -z \"${{lifeboat_left__-}}\" ] || exit \"$lifeboat_status__\"\n\
         lifeboat_left__=1\n\
         {{ set +eux; {variables}; printf '%s\\n' '#lifeboat: directory'; pwd; printf '%s\\n' '#lifeboat: end'; }} 2>/dev/null >|{dump}\n\
         exit \"$lifeboat_status__\"\n\
         }}\n\
         trap lifeboat_leave__ EXIT\n"
    );
    let bash_only = files.carried_bash.filter(|_| shell == Shell::Bash);
    for path in [files.carried, bash_only, Some(files.block)].into_iter().flatten() {
        wrapper.push_str(". ");
        wrapper.push_str(&quoted(path));
        wrapper.push('\n');
    }
    wrapper.push_str("lifeboat_leave__\n");
    let mut command = Command::new(program);
    command.args(options).arg("-c").arg(wrapper).arg(program).stdin(Stdio::null());
    command
}

/// Writes a path as one word of a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', r"'\''"))
}
