//! The folder in which an estate's servers live, and the guard that clears it when its owner is gone.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rand_core::{OsRng, RngCore as _};
use tokio::process::{Child, ChildStdin};
use tokio::sync::Mutex;

use super::PostgresError;
use super::programs::{Account, Programs};

/// What the names of such folders begin with.
const PREFIX: &str = "lifeboat-postgres-";
/// Who owns a folder: process id and the moment it started.
const OWNER: &str = "owner";
/// How long the guard may take to clear a folder.
const CLEARING: Duration = Duration::from_secs(20);

/// Waits until its input ends, that is until the owner has ended or let go; stops what runs in the folder; removes it.
/// A number that stands in a file and is another process's by now is left alone: a server's working directory is its data.
const GUARD: &str = r#"
cat >/dev/null
ours() { # ours PID DATA
  if [ -d /proc/self ]; then [ "$(readlink "/proc/$1/cwd")" = "$2" ]
  else ps -o command= -p "$1" 2>/dev/null | grep -q postgres; fi
}
for file in "$1"/servers/*/postmaster.pid; do
  [ -f "$file" ] || continue
  read -r pid <"$file" || continue
  ours "$pid" "${file%/postmaster.pid}" || continue
  kill -QUIT "$pid" 2>/dev/null
done
for file in "$1"/servers/*/postmaster.pid; do
  [ -f "$file" ] || continue
  read -r pid <"$file" || continue
  tries=0
  while ours "$pid" "${file%/postmaster.pid}" && kill -0 "$pid" 2>/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || { kill -KILL "$pid"; break; }
    sleep 0.05
  done
done
cd / && rm -rf "$1"
"#;

/// Is a folder with servers in it, and whoever looks after it.
#[derive(Debug)]
pub struct House {
    folder: PathBuf,
    programs: Programs,
    password: String,
    guard: Mutex<Guard>,
}

/// Is the process that clears the folder.
#[derive(Debug)]
struct Guard {
    process: Child,
    /// While this is open the guard waits.
    leash: Option<ChildStdin>,
}

impl House {
    /// Makes a folder of its own below the system's folder for temporary files; clears those whose owners are gone.
    ///
    /// # Errors
    /// When the folder cannot be made or the guard cannot be started.
    pub async fn build(programs: Programs) -> Result<Self, PostgresError> {
        let parent = parent(programs.account())?;
        sweep(&programs, &parent).await;
        let folder = parent.join(format!("{PREFIX}{}", random(8)));
        make(&folder, programs.account())?;
        for inner in ["servers", "backups", "archive"] {
            make(&folder.join(inner), programs.account())?;
        }
        let owner = folder.join(OWNER);
        let pid = std::process::id();
        let said = format!("{pid} {}\n", started(pid).unwrap_or_default());
        fs::write(&owner, said).map_err(|source| PostgresError::File { doing: "write", path: owner, source })?;
        let mut process = guard(&programs, &folder)?;
        let leash = process.stdin.take();
        let guard = Mutex::new(Guard { process, leash });
        Ok(Self { folder, programs, password: random(16), guard })
    }

    /// Returns the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the password of the servers' superuser `postgres`.
    pub fn password(&self) -> &str {
        &self.password
    }

    pub(super) fn programs(&self) -> &Programs {
        &self.programs
    }

    pub(super) fn data(&self, name: &str) -> PathBuf {
        self.folder.join("servers").join(name)
    }

    pub(in crate::estate) fn archive(&self, name: &str) -> PathBuf {
        self.folder.join("archive").join(name)
    }

    pub(in crate::estate) fn make(&self, folder: &Path) -> Result<(), PostgresError> {
        make(folder, self.programs.account())
    }

    /// Writes a file that the servers' account can read.
    pub(in crate::estate) fn write(&self, path: &Path, text: impl AsRef<[u8]>) -> Result<(), PostgresError> {
        let failed = |source| PostgresError::File { doing: "write", path: path.to_owned(), source };
        fs::write(path, text).map_err(failed)?;
        if let Account::Lesser { uid, gid } = self.programs.account() {
            std::os::unix::fs::chown(path, Some(*uid), Some(*gid)).map_err(failed)?;
        }
        Ok(())
    }

    /// Has the guard stop what runs and remove the folder, and waits until it has.
    ///
    /// # Errors
    /// When the folder is still there after twenty seconds.
    pub async fn clear(&self) -> Result<(), PostgresError> {
        let mut guard = self.guard.lock().await;
        drop(guard.leash.take());
        drop(tokio::time::timeout(CLEARING, guard.process.wait()).await);
        if self.folder.exists() {
            let source = std::io::Error::other("it is still there");
            return Err(PostgresError::File { doing: "remove", path: self.folder.clone(), source });
        }
        Ok(())
    }
}

/// Clears folders whose owners are gone. A folder of somebody else, without an owner's name, or with one who lives is
/// left alone.
async fn sweep(programs: &Programs, parent: &Path) {
    let uid = match programs.account() {
        Account::Ours => rustix::process::geteuid().as_raw(),
        Account::Lesser { uid, .. } => *uid,
    };
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let folder = entry.path();
        let ours = entry.file_name().to_string_lossy().starts_with(PREFIX)
            && fs::symlink_metadata(&folder).is_ok_and(|meta| meta.is_dir() && meta.uid() == uid);
        let owner = if ours { fs::read_to_string(folder.join(OWNER)).ok() } else { None };
        let Some((pid, since)) = owner.as_deref().and_then(|owner| owner.trim_end().split_once(' ')) else { continue };
        let Ok(pid) = pid.parse::<u32>() else { continue };
        if is_alive(pid) && started(pid).unwrap_or_default() == since {
            continue;
        }
        tracing::info!(folder = %folder.display(), pid, "clearing the database servers of an estate that is gone");
        if let Ok(mut guard) = guard(programs, &folder) {
            drop(guard.stdin.take());
            drop(tokio::time::timeout(CLEARING, guard.wait()).await);
        }
    }
}

fn guard(programs: &Programs, folder: &Path) -> Result<Child, PostgresError> {
    let mut command = programs.system("/bin/sh", Path::new("/"));
    command.args(["-c", GUARD, "lifeboat-postgres-guard"]).arg(folder);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().map_err(|source| PostgresError::Start { program: "/bin/sh".to_owned(), source })
}

fn make(folder: &Path, account: &Account) -> Result<(), PostgresError> {
    let failed = |source| PostgresError::File { doing: "create", path: folder.to_owned(), source };
    DirBuilder::new().mode(0o700).create(folder).map_err(failed)?;
    if let Account::Lesser { uid, gid } = account {
        std::os::unix::fs::chown(folder, Some(*uid), Some(*gid)).map_err(failed)?;
    }
    Ok(())
}

/// Finds a folder for temporary files that the servers' account can reach.
fn parent(account: &Account) -> Result<PathBuf, PostgresError> {
    let wanted = std::env::temp_dir();
    let reachable = |folder: &PathBuf| {
        *account == Account::Ours
            || folder.ancestors().all(|part| fs::metadata(part).is_ok_and(|meta| meta.mode() & 0o001 != 0))
    };
    let found = [wanted.clone(), PathBuf::from("/tmp"), PathBuf::from("/var/tmp")].into_iter().find(reachable);
    let found = found.unwrap_or(wanted);
    // A server's working directory is compared with its path: links in it would make them differ.
    found.canonicalize().map_err(|source| PostgresError::File { doing: "find", path: found, source })
}

fn is_alive(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    pid.is_some_and(|pid| match rustix::process::test_kill_process(pid) {
        Ok(()) => true,
        Err(error) => error == rustix::io::Errno::PERM,
    })
}

/// Returns when a process started, as the system counts; `None` where it does not say.
fn started(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The program's name stands in parentheses and may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(19).map(str::to_owned)
}

fn random(bytes: usize) -> String {
    let mut drawn = vec![0_u8; bytes];
    OsRng.fill_bytes(&mut drawn);
    drawn.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
