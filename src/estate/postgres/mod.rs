//! Real PostgreSQL for the estate: servers of its own in a folder of its own, started, broken, restored and removed.
//!
//! It needs nothing but PostgreSQL's server programs on this machine, listens on loopback alone, and leaves nothing: when
//! the process that owns a [`House`] ends in whatever way, a guard stops the servers and removes the folder.

mod client;
mod house;
mod programs;
mod server;

use std::io;
use std::path::PathBuf;

pub use client::{Client, QueryError, Row};
pub use house::House;
pub use programs::Programs;
pub use server::{Backup, Condition, Position, Server, Target, dump, slot};

/// Says why a server did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// The programs are not on this machine.
    #[error(
        "PostgreSQL's server programs are not on this machine ({0}); install the package `postgresql`, or name their \
         folder in LIFEBOAT_POSTGRES_BIN"
    )]
    Absent(String),
    /// A folder or a file could not be made, read or written.
    #[error("{doing} {}: {source}", path.display())]
    File {
        /// What was being done.
        doing: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A program could not be started.
    #[error("{program} could not be started: {source}")]
    Start {
        /// Which.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// A program failed.
    #[error("{program} for {server}: {said}")]
    Failed {
        /// Which.
        program: String,
        /// For which server.
        server: String,
        /// What it said.
        said: String,
    },
    /// A server did not do what the estate asked of it.
    #[error("the server {server} did not {what}: {source}")]
    Query {
        /// Which server.
        server: String,
        /// What was asked.
        what: &'static str,
        /// What it said.
        source: QueryError,
    },
    /// A server ended by itself.
    #[error("the server {server} ended by itself: {said}")]
    Died {
        /// Which.
        server: String,
        /// The end of its log.
        said: String,
    },
    /// Something took too long.
    #[error("the server {server} did not {what} within {within} s: {said}")]
    Late {
        /// Which.
        server: String,
        /// What was waited for.
        what: &'static str,
        /// For how long, in seconds.
        within: u64,
        /// The end of its log.
        said: String,
    },
}
