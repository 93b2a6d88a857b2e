//! Floor 5: the practice estate: a small AWS of our own that can fail on purpose. It is reached through its wire protocols alone.
//!
//! [`model`] is the estate as a pure machine: virtual time and draws are arguments, nothing in it does I/O. `databases`
//! carries out with real PostgreSQL what the model wants of data. The other modules are thin servers around it. It knows nothing of runs, runbooks or journals.

pub mod model;
pub mod postgres;

mod aws;
mod console;
mod databases;
mod dns;
mod record;
mod serving;
mod shop;
mod standing;

use std::path::PathBuf;
use std::time::Duration;

pub use databases::ManifestTaker;
pub use record::{DataServed, EstateError, EstateRecord};
pub use serving::serve;

/// Says what estate to serve, and where.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder for `estate.json`. It is created if absent, and removed again if it was and is empty at the end.
    pub dir: PathBuf,
    /// What every duration and accident is drawn from: the same seed gives the same estate and the same story.
    pub seed: u64,
    /// By how much the estate's own time runs faster than the wall clock, at least 1.
    pub speed: u32,
    /// How long the estate stands unused before it ends by itself.
    pub idle_limit: Duration,
    /// Where to listen.
    pub ports: Ports,
    /// What is broken from the beginning, or later: `FAULT` or `FAULT@+3m`.
    pub faults: Vec<String>,
    /// Who keeps the data.
    pub data: DataWish,
    /// Takes the manifest that lies beside the nightly dump; `None`: none does.
    pub manifest: Option<ManifestTaker>,
}

/// Says who is to keep the data of an estate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DataWish {
    /// Real PostgreSQL where its server programs are on this machine, else the model.
    Best,
    /// Real PostgreSQL, or there is no estate.
    Postgres,
    /// The model.
    #[default]
    Modelled,
}

impl Options {
    /// Describes an estate in `dir` at real speed, on any free ports, with modelled data, that ends when unused for an
    /// hour.
    pub fn new(dir: impl Into<PathBuf>, seed: u64) -> Self {
        let (idle_limit, ports) = (Duration::from_secs(3600), Ports::default());
        Self {
            dir: dir.into(),
            seed,
            speed: 1,
            idle_limit,
            ports,
            faults: Vec::new(),
            data: DataWish::Modelled,
            manifest: None,
        }
    }
}

/// Names the ports to listen on; 0 means any that is free.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    /// The AWS endpoint, TCP on 127.0.0.1.
    pub aws: u16,
    /// The DNS server, UDP and TCP on 127.0.0.1.
    pub dns: u16,
    /// The shop, TCP on 127.77.0.1 and 127.77.0.2.
    pub shop: u16,
    /// The console, TCP on 127.0.0.1.
    pub console: u16,
}
