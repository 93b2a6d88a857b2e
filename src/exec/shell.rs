//! How a shell block becomes a process: one shell for the whole block, which leaves its state behind as it goes.
//!
//! The shell sources what earlier blocks left, then the block, and on its way out (at the end, at `exit`, at the
//! first failing command) lists its variables and its directory with built-ins alone, so that carrying state over
//! costs no further process. A block that sets an EXIT trap of its own and leaves early, or replaces the shell
//! with `exec`, leaves nothing; then the last state stays. A plain block (see `plain`) is not asked at all.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
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
    /// Where the shell writes what it leaves; a block that surely leaves nothing is not asked.
    pub dump: Option<&'p Path>,
}

/// Remembers where the shells lie: else every block would have each folder of `PATH` tried again.
#[derive(Debug, Default)]
pub struct Shells {
    known: HashMap<Shell, PathBuf>,
}

impl Shells {
    /// Finds a shell; one that is not there any more is looked for again, one that is nowhere keeps its bare name.
    pub fn find(&mut self, shell: Shell) -> PathBuf {
        if let Some(known) = self.known.get(&shell).filter(|path| path.is_file()) {
            return known.clone();
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = std::env::split_paths(&path).map(|folder| folder.join(name(shell))).find(|path| {
            path.is_absolute() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok() && path.is_file()
        });
        let Some(found) = found else { return PathBuf::from(name(shell)) };
        self.known.insert(shell, found.clone());
        found
    }
}

/// Returns the name by which a shell is called.
pub fn name(shell: Shell) -> &'static str {
    match shell {
        Shell::Sh => "sh",
        Shell::Bash => "bash",
    }
}

/// Builds the command of a block, for the shell that lies at `program`: errors end it, standard input is empty; the caller adds environment and output.
pub fn command(shell: Shell, program: &Path, files: BlockFiles<'_>) -> Command {
    let (options, variables): (&[&str], _) = match shell {
        Shell::Sh => (&["-e"], "set; printf '%s\\n' '#lifeboat: exports'; export -p"),
        Shell::Bash => (&["-e", "-o", "pipefail"], "declare -p; printf '%s\\n' '#lifeboat: exports'"),
    };
    let mut wrapper = files.dump.map(|dump| leave(variables, dump)).unwrap_or_default();
    let bash_only = files.carried_bash.filter(|_| shell == Shell::Bash);
    for path in [files.carried, bash_only, Some(files.block)].into_iter().flatten() {
        wrapper.push_str(". ");
        wrapper.push_str(&quoted(path));
        wrapper.push('\n');
    }
    if files.dump.is_some() {
        wrapper.push_str("lifeboat_leave__\n");
    }
    let mut command = Command::new(program);
    command.args(options).arg("-c").arg(wrapper).arg(name(shell)).stdin(Stdio::null());
    command
}

/// Has the shell list its `variables` and its directory on its way out, whichever way that is.
fn leave(variables: &str, dump: &Path) -> String {
    let dump = quoted(dump);
    format!(
        "lifeboat_leave__() {{\n\
         lifeboat_status__=$?\n\
         [ -z \"${{lifeboat_left__-}}\" ] || exit \"$lifeboat_status__\"\n\
         lifeboat_left__=1\n\
         {{ set +eux; {variables}; printf '%s\\n' '#lifeboat: directory'; pwd; printf '%s\\n' '#lifeboat: end'; }} 2>/dev/null >|{dump}\n\
         exit \"$lifeboat_status__\"\n\
         }}\n\
         trap lifeboat_leave__ EXIT\n"
    )
}

/// Writes a path as one word of a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', r"'\''"))
}
