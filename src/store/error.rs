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
