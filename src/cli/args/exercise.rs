//! The command lines of drills and of who facilitates them.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum as _};

use super::{Common, Data, Words, fault};

/// Holds the options of a drill.
#[derive(Debug, Args)]
pub(in crate::cli) struct Drill {
    /// The runbook of what breaks, by name or path: region-failure, instance-failure ...
    pub(in crate::cli) scenario: String,
    /// Break something else, now or later: FAULT or FAULT@+3m. May be given more than once.
    #[arg(long = "inject", value_name = "FAULT[@+TIME]", value_parser = fault)]
    pub(in crate::cli) faults: Vec<String>,
    /// The same seed gives the same estate and the same story.
    #[arg(long, default_value_t = 1)]
    pub(in crate::cli) seed: u64,
    /// Shorten the estate's durations and all pauses by this factor.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(in crate::cli) speed: u32,
    /// Who keeps the databases' data.
    #[arg(long, value_enum, default_value_t)]
    pub(in crate::cli) data: Data,
    /// Let somebody facilitate it with `lifeboat facilitate`: the injects of FILE, or of the list beside the runbook, or
    /// of the one that comes with lifeboat. The log holds a digest of each from the start.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "",
          conflicts_with = "unattended")]
    pub(in crate::cli) facilitate: Option<OsString>,
    /// What drill and run share.
    #[command(flatten)]
    pub(in crate::cli) common: Common,
}

impl Drill {
    /// Writes the command line of the engine that works it for screens.
    pub(in crate::cli) fn words(&self) -> Vec<OsString> {
        Words::of("drill")
            .each("--inject", &self.faults)
            .with("--seed", Some(self.seed.to_string()))
            .with("--speed", Some(self.speed.to_string()))
            .with("--facilitate", self.facilitate.as_ref())
            .with("--data", self.data.to_possible_value().map(|data| data.get_name().to_owned()))
            .common(&self.common)
            .then(Some(&self.scenario))
    }
}

/// Holds the options of facilitating a drill.
#[derive(Debug, Args)]
pub(in crate::cli) struct FacilitateArgs {
    /// A run id, a unique prefix of one, or a run's folder; without it the latest run that is being worked.
    pub(in crate::cli) run: Option<String>,
    /// Who facilitates (default: the user's name).
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) by: Option<String>,
    /// The key that signs the facilitator's log: a private key file, or a public one whose other half the agent holds
    /// (default: the practice key).
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) key: Option<PathBuf>,
    /// Where runs are kept.
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) runs: Option<PathBuf>,
    /// Ask and answer line by line.
    #[arg(long)]
    pub(in crate::cli) plain: bool,
    /// The theme.
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) theme: Option<String>,
}
