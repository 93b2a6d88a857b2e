//! PostgreSQL's server programs: where they are, and as whom they run. They refuse to run as root.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::PostgresError;

/// What is needed of them.
const NEEDED: [&str; 8] =
    ["initdb", "postgres", "pg_ctl", "pg_basebackup", "pg_dump", "pg_restore", "psql", "pg_controldata"];

/// Says as whom the programs run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Account {
    /// As this process.
    Ours,
    /// As somebody with fewer rights, since this process is root's.
    Lesser { uid: u32, gid: u32 },
}

/// Holds the programs of one version.
#[derive(Clone, Debug)]
pub struct Programs {
    folder: PathBuf,
    account: Account,
}

impl Programs {
    /// Finds the programs: in `LIFEBOAT_POSTGRES_BIN`, on the path, where Debian and others keep them; the newest first.
    ///
    /// # Errors
    /// [`PostgresError::Absent`], saying what was missing where.
    pub fn find() -> Result<Self, PostgresError> {
        let named = std::env::var_os("LIFEBOAT_POSTGRES_BIN").map(PathBuf::from);
        let folder = match named {
            Some(folder) => match missing(&folder) {
                None => folder,
                Some(program) => {
                    return Err(PostgresError::Absent(format!("{} holds no {program}", folder.display())));
                }
            },
            None => candidates().into_iter().find(|folder| missing(folder).is_none()).ok_or_else(|| {
                PostgresError::Absent("neither on the path nor under /usr/lib/postgresql or /usr/pgsql-*".to_owned())
            })?,
        };
        Ok(Self { folder, account: account()? })
    }

    /// Returns the folder that holds them.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn account(&self) -> &Account {
        &self.account
    }

    /// Prepares a program; it sees nothing of this process's environment but the path and the language of messages.
    pub(super) fn command(&self, program: &str, folder: &Path) -> Command {
        self.prepared(Command::new(self.folder.join(program)), folder)
    }

    /// Prepares a program of the system, as the same account.
    pub(super) fn system(&self, program: &str, folder: &Path) -> Command {
        self.prepared(Command::new(program), folder)
    }

    fn prepared(&self, mut command: Command, folder: &Path) -> Command {
        let path = std::env::var_os("PATH").unwrap_or_else(|| OsString::from("/usr/bin:/bin"));
        command.env_clear().env("PATH", path).env("LC_ALL", "C").env("TZ", "UTC").current_dir(folder);
        command.stdin(std::process::Stdio::null());
        // Whoever presses Ctrl-C at the estate means the estate, which ends its servers in order.
        command.process_group(0);
        if let Account::Lesser { uid, gid } = self.account {
            command.uid(uid).gid(gid);
        }
        command
    }
}

fn missing(folder: &Path) -> Option<&'static str> {
    NEEDED.into_iter().find(|program| !folder.join(program).is_file())
}

fn candidates() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default();
    for (parent, tail) in [("/usr/lib/postgresql", "bin"), ("/usr/local/pgsql", ""), ("/opt/homebrew/opt", "bin")] {
        found.extend(versions(Path::new(parent), "").into_iter().map(|folder| folder.join(tail)));
    }
    found.extend(versions(Path::new("/usr"), "pgsql-").into_iter().map(|folder| folder.join("bin")));
    found
}

/// Lists sub-folders, the one with the largest number in its name first.
fn versions(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(parent) else { return Vec::new() };
    let mut found: Vec<(u32, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let digits: String = name.strip_prefix(prefix)?.chars().filter(char::is_ascii_digit).collect();
            Some((digits.parse().unwrap_or(0), entry.path()))
        })
        .collect();
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, folder)| folder).collect()
}

fn account() -> Result<Account, PostgresError> {
    if !rustix::process::geteuid().is_root() {
        return Ok(Account::Ours);
    }
    let path = Path::new("/etc/passwd");
    let known = std::fs::read_to_string(path);
    let known = known.map_err(|source| PostgresError::File { doing: "read", path: path.to_owned(), source })?;
    let lesser = ["postgres", "nobody"].into_iter().find_map(|name| {
        let line = known.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2).map(str::parse::<u32>);
        Some(Account::Lesser { uid: fields.next()?.ok()?, gid: fields.next()?.ok()? })
    });
    lesser.filter(|account| !matches!(account, Account::Lesser { uid: 0, .. })).ok_or_else(|| {
        PostgresError::Absent(
            "they refuse to run as root, and there is neither a user `postgres` nor `nobody`".to_owned(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_comes_first() {
        let parent = tempfile::tempdir().unwrap();
        for name in ["9.6", "15", "14", "other"] {
            std::fs::create_dir(parent.path().join(name)).unwrap();
        }
        let names: Vec<_> = versions(parent.path(), "")
            .iter()
            .map(|folder| folder.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        assert_eq!(names, ["96", "15", "14", "other"].map(|name| if name == "96" { "9.6" } else { name }));
    }
}
