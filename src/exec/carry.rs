//! Shell state that one block leaves for the next: variables, exported or not, and the working directory.
//!
//! Rules:
//! - Only a block that ended well changes the state; after a failure the last good state stays, so that a retry
//!   begins where the first try began.
//! - A name that the engine gives (an input, a capture) is the engine's: what a block assigns to it lasts for that
//!   block. So a shell block and an `aws` block never see different values.
//! - What holds a secret of the run is not carried.
//! - What a shell sets by itself (`PWD`, `IFS`, `BASH_VERSION` …) is not carried; functions and options neither.
//! - What the block changed is merged into what is there, so that blocks that run side by side keep each other's.
//! - The state lies in `state/` as text that shells read (`carried.sh`, and arrays in `carried.bash`).

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use super::folder::{Durability, make_dir, write_whole};
use super::shell::{DIRECTORY, END, EXPORTS};
use super::words::{Line, lines};
use crate::runbook::Shell;

/// How much a block may leave, in bytes.
pub const LIMIT: u64 = 4 * 1024 * 1024;

const CWD_MARK: &[u8] = b": lifeboat-cwd ";

/// Is what is known of one variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A variable of the shell alone.
    Plain(Vec<u8>),
    /// A variable that its commands see too.
    Exported(Vec<u8>),
    /// An array, as bash declares it.
    Array(Vec<u8>),
    /// A variable of lifeboat's own environment that a block removed.
    Removed,
}

/// Is the state between two blocks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// Variables by name.
    pub vars: BTreeMap<Vec<u8>, Value>,
    /// The working directory, if a block changed it.
    pub cwd: Option<PathBuf>,
}

/// Says what a block does to the working directory of the blocks after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Directory {
    /// They begin where it ended.
    Follows,
    /// They begin where it would have begun without its `cwd` attribute.
    Stays,
}

/// Names the files of the state that are there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CarriedFiles {
    /// What every shell reads.
    pub sh: Option<PathBuf>,
    /// What bash alone reads.
    pub bash: Option<PathBuf>,
}

impl Carried {
    /// Reads the state of a run, and names its files; none is an empty one.
    pub fn load(run_dir: &Path) -> io::Result<(Self, CarriedFiles)> {
        let mut carried = Self::default();
        let mut read = |file: &str| {
            let path = run_dir.join("state").join(file);
            match std::fs::read(&path) {
                Ok(bytes) => {
                    carried.read(&bytes).map_err(|why| io::Error::new(io::ErrorKind::InvalidData, why))?;
                    Ok(Some(path))
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error),
            }
        };
        let files = CarriedFiles { sh: read("carried.sh")?, bash: read("carried.bash")? };
        Ok((carried, files))
    }

    fn read(&mut self, bytes: &[u8]) -> Result<(), String> {
        for line in lines(bytes)? {
            if let Some(word) = line.raw.strip_prefix(CWD_MARK) {
                let path = lines(&[b"X=", word].concat())?.pop().map(|line| line.value).unwrap_or_default();
                self.cwd = Some(PathBuf::from(OsString::from_vec(path)));
            } else if let Some(name) = line.raw.strip_prefix(b"unset ") {
                self.vars.insert(name.to_vec(), Value::Removed);
            } else if line.raw.starts_with(b"declare -") {
                self.vars.insert(line.name, Value::Array(line.raw));
            } else if line.raw.starts_with(b"export ") {
                self.vars.insert(line.name, Value::Exported(line.value));
            } else {
                self.vars.insert(line.name, Value::Plain(line.value));
            }
        }
        Ok(())
    }

    /// Writes the state, and names its files.
    pub fn save(&self, run_dir: &Path) -> io::Result<CarriedFiles> {
        let state = run_dir.join("state");
        make_dir(&state)?;
        let (mut sh, mut bash) = (Vec::new(), Vec::new());
        if let Some(cwd) = &self.cwd {
            sh.extend_from_slice(CWD_MARK);
            quote(cwd.as_os_str().as_bytes(), &mut sh);
            sh.push(b'\n');
        }
        for (name, value) in &self.vars {
            match value {
                Value::Plain(value) | Value::Exported(value) => {
                    if matches!(self.vars.get(name), Some(Value::Exported(_))) {
                        sh.extend_from_slice(b"export ");
                    }
                    sh.extend_from_slice(name);
                    sh.push(b'=');
                    quote(value, &mut sh);
                    sh.push(b'\n');
                }
                Value::Removed => {
                    sh.extend_from_slice(b"unset ");
                    sh.extend_from_slice(name);
                    sh.push(b'\n');
                }
                Value::Array(raw) => {
                    bash.extend_from_slice(raw);
                    bash.push(b'\n');
                }
            }
        }
        let files = [state.join("carried.sh"), state.join("carried.bash")];
        for (path, bytes) in files.iter().zip([sh, bash]) {
            write_whole(path, &bytes, Durability::Process)?;
        }
        let [sh, bash] = files;
        Ok(CarriedFiles { sh: Some(sh), bash: Some(bash) })
    }

    /// Forgets the names that the engine gives; tells whether there were any.
    pub fn yield_to<'n>(&mut self, given: impl Iterator<Item = &'n String>) -> bool {
        let before = self.vars.len();
        for name in given {
            self.vars.remove(name.as_bytes());
        }
        self.vars.len() != before
    }
}

/// Writes a value as one word of a shell.
pub(super) fn quote(value: &[u8], into: &mut Vec<u8>) {
    into.push(b'\'');
    for byte in value {
        if *byte == b'\'' {
            into.extend_from_slice(br"'\''");
        } else {
            into.push(*byte);
        }
    }
    into.push(b'\'');
}

/// Is what a block left when it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dump {
    vars: BTreeMap<Vec<u8>, Value>,
    cwd: PathBuf,
}

impl Dump {
    /// Reads the list that a shell wrote on its way out.
    ///
    /// # Errors
    /// Why it cannot be used: it is not whole, or says something that is not understood.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let body = bytes.strip_suffix(END).ok_or("the list of variables is not whole")?;
        // The directory stands last, since a path may hold anything, even these marks.
        let at = find_mark(body, EXPORTS).ok_or("the list of variables has no second part")?;
        let (listed, rest) = body.split_at(at);
        let rest = rest.strip_prefix(EXPORTS).unwrap_or(rest);
        let at = find_mark(rest, DIRECTORY).ok_or("the list of variables has no directory")?;
        let (exports, rest) = rest.split_at(at);
        let cwd = rest.strip_prefix(DIRECTORY).unwrap_or(rest);
        let cwd = cwd.strip_suffix(b"\n").unwrap_or(cwd);
        let mut vars = BTreeMap::new();
        for line in lines(listed)? {
            if let Some(value) = understood(&line) {
                vars.insert(line.name, value);
            }
        }
        for line in lines(exports)? {
            if let Some(Value::Plain(value)) = vars.remove(&line.name) {
                vars.insert(line.name, Value::Exported(value));
            }
        }
        Ok(Self { vars, cwd: PathBuf::from(OsStr::from_bytes(cwd)) })
    }

    /// Forgets the variables whose values are not to be kept.
    pub fn forget(&mut self, secret: impl Fn(&[u8]) -> bool) {
        self.vars.retain(|_, value| match value {
            Value::Plain(value) | Value::Exported(value) | Value::Array(value) => !secret(value),
            Value::Removed => true,
        });
    }
}

/// Finds a mark at the beginning of a line outside quotes.
fn find_mark(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(mark) {
            return Some(at);
        }
        at += super::words::line_len(rest)?;
    }
    None
}

fn understood(line: &Line) -> Option<Value> {
    if line.name.is_empty() || is_builtin(&line.name) {
        return None;
    }
    let Some(declared) = line.raw.strip_prefix(b"declare -") else {
        return line.assigned.then(|| Value::Plain(line.value.clone()));
    };
    if !line.assigned {
        return None;
    }
    let flags: &[u8] = declared.split(|byte| *byte == b' ').next().unwrap_or_default();
    let has = |flag: u8| flags.contains(&flag);
    match () {
        () if has(b'n') => None,
        () if has(b'a') || has(b'A') => {
            let kind = if has(b'A') { "declare -A " } else { "declare -a " };
            let at = line.raw.iter().position(|byte| *byte == b'=')?;
            Some(Value::Array([kind.as_bytes(), &line.name, line.raw.get(at..)?].concat()))
        }
        () if has(b'x') => Some(Value::Exported(line.value.clone())),
        () => Some(Value::Plain(line.value.clone())),
    }
}

/// Tells whether a shell sets this name by itself, so that it is not the author's.
fn is_builtin(name: &[u8]) -> bool {
    const NAMES: &[&str] = &[
        "_",
        "COLUMNS",
        "COMPREPLY",
        "DIRSTACK",
        "EPOCHREALTIME",
        "EPOCHSECONDS",
        "EUID",
        "FUNCNAME",
        "GROUPS",
        "HISTCMD",
        "HOSTNAME",
        "HOSTTYPE",
        "IFS",
        "LINENO",
        "LINES",
        "MACHTYPE",
        "MAILCHECK",
        "OLDPWD",
        "OPTARG",
        "OPTERR",
        "OPTIND",
        "OSTYPE",
        "PIPESTATUS",
        "POSIXLY_CORRECT",
        "PPID",
        "PS1",
        "PS2",
        "PS3",
        "PS4",
        "PWD",
        "RANDOM",
        "SECONDS",
        "SHELL",
        "SHELLOPTS",
        "SHLVL",
        "SRANDOM",
        "TERM",
        "UID",
    ];
    let Ok(name) = std::str::from_utf8(name) else { return true };
    NAMES.contains(&name)
        || name.starts_with("BASH")
        || name.starts_with("COMP_")
        || (name.starts_with("lifeboat_") && name.ends_with("__"))
}

/// Merges what a block left into the state.
///
/// `start` is the state it was started with, `given` the names the engine gave it, `environment` lifeboat's own.
pub fn merge(
    current: &mut Carried,
    start: &Carried,
    left: Dump,
    shell: Shell,
    given: &BTreeMap<String, String>,
    environment: &BTreeMap<Vec<u8>, Vec<u8>>,
    directory: Directory,
) {
    let given = |name: &[u8]| std::str::from_utf8(name).is_ok_and(|name| given.contains_key(name));
    let mut after = left.vars;
    let present: BTreeSet<Vec<u8>> = after.keys().cloned().collect();
    after.retain(|name, value| {
        !given(name) && !matches!(value, Value::Exported(value) if environment.get(name) == Some(value))
    });
    for name in environment.keys() {
        let named = name.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
            && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_');
        if named && !given(name) && !is_builtin(name) && !present.contains(name) {
            after.insert(name.clone(), Value::Removed);
        }
    }
    let names: BTreeSet<&Vec<u8>> = start.vars.keys().chain(after.keys()).collect();
    for name in names {
        let (before, now) = (start.vars.get(name), after.get(name));
        // A plain shell is not shown the arrays, so their absence says nothing.
        if before == now || (shell == Shell::Sh && now.is_none() && matches!(before, Some(Value::Array(_)))) {
            continue;
        }
        match now {
            Some(value) => current.vars.insert(name.clone(), value.clone()),
            None => current.vars.remove(name),
        };
    }
    if directory == Directory::Follows && start.cwd.as_ref() != Some(&left.cwd) {
        current.cwd = Some(left.cwd);
    }
}
