//! The command line of earlier runs: list them, pack one, remove old ones.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Format;

/// Holds what is asked of earlier runs.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(in crate::cli) struct RunsArgs {
    /// What else to do than to list them.
    #[command(subcommand)]
    pub(in crate::cli) command: Option<RunsCommand>,
    /// Which are listed, and how.
    #[command(flatten)]
    pub(in crate::cli) list: ListArgs,
}

/// Says which runs are listed, and how.
#[derive(Debug, Args)]
pub(in crate::cli) struct ListArgs {
    /// Of this runbook, by the name under which it is listed.
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) runbook: Option<String>,
    /// Real runs, or drills.
    #[arg(long, value_enum)]
    pub(in crate::cli) kind: Option<KindArg>,
    /// Of which the objectives went so.
    #[arg(long, value_enum)]
    pub(in crate::cli) verdict: Option<VerdictArg>,
    /// How far they are.
    #[arg(long, value_enum)]
    pub(in crate::cli) end: Option<EndArg>,
    /// Begun then or later: a day, a time with zone, or `-30d`.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(in crate::cli) since: Option<String>,
    /// Begun before: a day, a time with zone, or `-30d`.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(in crate::cli) until: Option<String>,
    /// The newest ones only, so many.
    #[arg(long, value_name = "N")]
    pub(in crate::cli) last: Option<usize>,
    /// How RTO and RPO of each runbook went from run to run, instead of the runs.
    #[arg(long)]
    pub(in crate::cli) trend: bool,
    /// Where runs are kept.
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) runs: Option<PathBuf>,
    /// How to say it.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(in crate::cli) format: Format,
}

/// Says which kind of runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum KindArg {
    /// Real ones.
    Real,
    /// Drills.
    Drill,
}

/// Says how objectives went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum VerdictArg {
    /// All that there are were met.
    Met,
    /// One was missed, or service was not restored.
    Missed,
    /// Neither can be said.
    Unknown,
}

/// Says how far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum EndArg {
    /// It is not over, and its engine is gone.
    Open,
    /// An engine works it.
    Worked,
    /// It is over, and its seal is missing.
    Unsealed,
    /// It is over and sealed.
    Sealed,
}

/// Lists what else can be done with earlier runs.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum RunsCommand {
    /// Pack a run into one file (tar), which replay, report, compare, export and `log verify` open as they do its folder.
    Export(PackArgs),
    /// Show which runs are beyond the limits of the configuration or of these options; with --yes remove them.
    Prune(PruneArgs),
}

/// Holds the options of packing a run.
#[derive(Debug, Args)]
pub(in crate::cli) struct PackArgs {
    /// A run id, a unique prefix of one, or a run's folder.
    pub(in crate::cli) run: String,
    /// The file, which must not exist (default: the run's name and `.tar`, here); `-` is standard output.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// Where runs are kept.
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) runs: Option<PathBuf>,
}

/// Holds the options of removing runs.
#[derive(Debug, Args)]
pub(in crate::cli) struct PruneArgs {
    /// Keep the newest, so many.
    #[arg(long, value_name = "N")]
    pub(in crate::cli) count: Option<usize>,
    /// Keep those that began so long ago at most: 400d.
    #[arg(long, value_name = "TIME", value_parser = crate::kernel::parse_duration)]
    pub(in crate::cli) age: Option<std::time::Duration>,
    /// Keep the newest that take so much in all: 20GiB.
    #[arg(long, value_name = "SIZE", value_parser = crate::kernel::parse_size)]
    pub(in crate::cli) size: Option<u64>,
    /// Let go runs that are not sealed, too.
    #[arg(long)]
    pub(in crate::cli) unsealed: bool,
    /// Let go runs that are anchored, too.
    #[arg(long)]
    pub(in crate::cli) anchored: bool,
    /// Remove them.
    #[arg(long)]
    pub(in crate::cli) yes: bool,
    /// The profile of the configuration file, for operator and key.
    #[arg(long)]
    pub(in crate::cli) profile: Option<String>,
    /// The key that signs what is removed: a private key file, or a public one whose other half the agent holds.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) key: Option<PathBuf>,
    /// The name under which it signs, as it stands in the allowed signers.
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) by: Option<String>,
    /// Where runs are kept.
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) runs: Option<PathBuf>,
}
