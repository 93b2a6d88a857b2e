//! The command lines of drills and of who facilitates them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum as _};

use super::{Common, Data, Words, fault};

/// Holds the options of a drill.
#[derive(Debug, Args)]
pub(in crate::cli) struct Drill {
    /// The runbook of what breaks, by name or path: region-failure, instance-failure ... A blind drill chooses one itself
    /// where none is named.
    #[arg(required_unless_present = "blind")]
    pub(in crate::cli) scenario: Option<String>,
    /// Begin with alarms and the list of runbooks, and don't say what is broken: whoever works it finds the runbook.
    /// What is broken is hidden in the log by a digest, and disclosed at the end.
    #[arg(long)]
    pub(in crate::cli) blind: bool,
    /// The folder of the blind drill in which this runbook was chosen.
    #[arg(long, value_name = "DIR", hide = true, conflicts_with = "blind")]
    pub(in crate::cli) blind_in: Option<PathBuf>,
    /// Break something else, now or later: FAULT or FAULT@+3m. May be given more than once.
    #[arg(long = "inject", value_name = "FAULT[@+TIME]", value_parser = fault)]
    pub(in crate::cli) faults: Vec<String>,
    /// The same seed gives the same estate and the same story (default: 1; any, where a blind drill chooses what breaks).
    #[arg(long)]
    pub(in crate::cli) seed: Option<u64>,
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
    /// Returns the seed: the one that was named, or the usual one.
    pub(in crate::cli) fn seed(&self) -> u64 {
        self.seed.unwrap_or(1)
    }

    /// Returns the runbook; none is named where a blind drill chooses.
    pub(in crate::cli) fn scenario(&self) -> &str {
        self.scenario.as_deref().unwrap_or_default()
    }

    /// Writes the command line of the engine that works a runbook that was chosen in a blind drill.
    pub(in crate::cli) fn choice(
        folder: &Path,
        (set, runs): (&[String], Option<&Path>),
        runbook: &str,
    ) -> Vec<OsString> {
        Words::of("drill").with("--blind-in", Some(folder)).each("--set", set).with("--runs", runs).then(Some(runbook))
    }

    /// Writes the command line of the engine that works it for screens.
    pub(in crate::cli) fn words(&self) -> Vec<OsString> {
        Words::of("drill")
            .each("--inject", &self.faults)
            .with("--seed", Some(self.seed().to_string()))
            .with("--speed", Some(self.speed.to_string()))
            .with("--facilitate", self.facilitate.as_ref())
            .with("--data", self.data.to_possible_value().map(|data| data.get_name().to_owned()))
            .common(&self.common)
            .then(self.scenario.as_ref())
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
