//! What can go wrong with files and keys, in words for somebody on call.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::kernel::say_duration;

/// Says what could not be done with the files of a run.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no home for the state.
    #[error("there is no place for runs: neither XDG_STATE_HOME nor HOME is an absolute path; set one of them")]
    NoHome,
    /// The system refused.
    #[error("cannot {what} {}: {source}{}", path.display(), hint(source))]
    Io {
        /// What was tried: `create the folder`.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system refused a file that has its place beside what is there already, and no other.
    #[error("cannot {what} {}: {source}{}", path.display(), hint_beside(source, path))]
    Beside {
        /// What was tried: `write`.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Nothing has this name.
    #[error("there is no run `{name}` in {}, and no file of this name; any unique beginning of a run's name finds it, and so does the word at its end, as `7f3k`", runs.display())]
    NoSuchRun {
        /// What was asked for.
        name: String,
        /// Where it was looked for.
        runs: PathBuf,
    },
    /// Several runs begin like this.
    #[error("`{name}` is the beginning of {count} runs, for example {first} and {second}; write more of the name")]
    Ambiguous {
        /// What was asked for.
        name: String,
        /// How many begin like this.
        count: usize,
        /// One of them.
        first: String,
        /// Another one.
        second: String,
    },
    /// It is a packed run, and this needs a folder.
    #[error("{} is a packed run, and is only read: unpack it (`tar -xf`) and name the folder", path.display())]
    Packed {
        /// The pack.
        path: PathBuf,
    },
    /// Somebody else holds the log.
    #[error("{} is being written by another lifeboat", path.display())]
    Locked {
        /// The log.
        path: PathBuf,
    },
    /// The run is over.
    #[error("{} is sealed: the run is over, and nothing can follow; begin another run", path.display())]
    Sealed {
        /// The log.
        path: PathBuf,
    },
    /// It is evidence now, and nothing is added to it.
    #[error("{} was changed after it was written: line {line}: {what}; nothing is added to it, begin another run", path.display())]
    Damaged {
        /// The log.
        path: PathBuf,
        /// The first bad line, from 1.
        line: u64,
        /// What is wrong there.
        what: String,
    },
    /// Something between is not there.
    #[error("{} is missing: the log went on in another place after it; put it back beside the others", part.display())]
    Missing {
        /// The part.
        part: PathBuf,
    },
    /// The file holds nothing that could be judged.
    #[error("{}: {source}", path.display())]
    Verify {
        /// The log.
        path: PathBuf,
        /// Why.
        source: crate::journal::VerifyError,
    },
    /// The first lines cannot be made.
    #[error("the log cannot begin: {0}")]
    Begin(#[from] crate::journal::ChainError),
    /// There is no randomness.
    #[error("the system gives no random bytes: {0}")]
    Random(String),
}

impl StoreError {
    pub(super) fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { what, path, source }
    }

    /// Makes the error of a file that can't be kept elsewhere.
    pub(super) fn beside(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Beside { what, path, source }
    }
}

/// Names the next step for the failures that have one.
fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; choose another place with --runs DIR or log_dir in the configuration"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "; free some space, or choose another place with --runs DIR"
        }
        io::ErrorKind::NotADirectory => {
            "; a part of the path is a file: set XDG_STATE_HOME to a folder, or give --runs DIR"
        }
        io::ErrorKind::NotFound => "; set XDG_STATE_HOME to a folder that can be written, or give --runs DIR",
        _ => "",
    }
}

/// Names the next step where no other place will do.
fn hint_beside(error: &io::Error, path: &Path) -> String {
    let folder = path.parent().unwrap_or(path).display();
    match error.kind() {
        io::ErrorKind::ReadOnlyFilesystem => format!(
            "; it belongs beside what is there: mount that disk for writing, or copy {folder} to another disk and name the copy \
             by its path"
        ),
        io::ErrorKind::PermissionDenied => {
            format!("; `ls -ld {folder}` says who may write there: do it as that user")
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "; it belongs beside what is there: free some space on that disk".to_owned()
        }
        _ => String::new(),
    }
}

/// Says why the operator's key did not sign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// There is neither a key nor an agent.
    #[error("no key is configured and SSH_AUTH_SOCK is not set; start ssh-agent and ssh-add a key, or name a key file")]
    NoKey,
    /// Whoever holds control is asked, and nobody does yet.
    #[error("the screen in control is asked for a signature, and there is none yet")]
    Awaited,
    /// Nobody answers at the agent's socket.
    #[error("the key agent at {} cannot be reached: {error}; start it and set SSH_AUTH_SOCK, or name a `key` in the configuration", socket.display())]
    NoAgent {
        /// The socket.
        socket: PathBuf,
        /// What the system said.
        error: String,
    },
    /// The agent holds no key that serves.
    #[error("the key agent at {} holds no key; ssh-add one", socket.display())]
    Empty {
        /// The socket.
        socket: PathBuf,
    },
    /// The agent does not hold the key that was named.
    #[error("the key agent does not hold the key {fingerprint}; ssh-add it")]
    Missing {
        /// The key that was named.
        fingerprint: String,
    },
    /// The agent said no.
    #[error("the key agent refused to sign: {0}")]
    Refused(String),
    /// The screen that holds control did not sign.
    #[error("the screen that holds control did not sign: {0}")]
    Screen(String),
    /// Nobody answered in time.
    #[error("no signature came within {}; was the key's touch or the agent's question overlooked?", say_duration(*.0))]
    TimedOut(Duration),
    /// The key file is of no use.
    #[error("the key file {} cannot be used: {why}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why, and what to do.
        why: String,
    },
    /// ssh-keygen failed.
    #[error("ssh-keygen did not sign: {0}")]
    Keygen(String),
    /// The signature that came is of no use.
    #[error("the signature {0}")]
    Useless(#[from] crate::journal::SignatureError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_beside_a_log_is_not_sent_elsewhere() {
        let path = Path::new("/mnt/runs/7f3k/addenda.jsonl");
        let said = |kind: io::ErrorKind| StoreError::beside("open", path)(kind.into()).to_string();
        let of = [
            (io::ErrorKind::ReadOnlyFilesystem, "copy /mnt/runs/7f3k to another disk and name the copy by its path"),
            (io::ErrorKind::PermissionDenied, "`ls -ld /mnt/runs/7f3k` says who may write there"),
            (io::ErrorKind::StorageFull, "free some space on that disk"),
        ];
        for (kind, next) in of {
            let said = said(kind);
            assert!(said.starts_with("cannot open /mnt/runs/7f3k/addenda.jsonl: "), "{said}");
            assert!(said.contains(next) && !said.contains("--runs"), "{said}");
        }
        assert!(StoreError::io("write", path)(io::ErrorKind::ReadOnlyFilesystem.into()).to_string().contains("--runs"));
    }
}
