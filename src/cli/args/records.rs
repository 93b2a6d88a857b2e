//! The command line of what only reads: dry runs, reports, exports.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Format;

/// Holds the options of a dry run.
#[derive(Debug, Args)]
pub(in crate::cli) struct PlanArgs {
    /// The runbook, by path or name.
    pub(in crate::cli) runbook: String,
    /// The profile of the configuration file: account, region, inputs.
    #[arg(long)]
    pub(in crate::cli) profile: Option<String>,
    /// As a drill would be confirmed, instead of a real run.
    #[arg(long, conflicts_with = "profile")]
    pub(in crate::cli) drill: bool,
    /// Set an input: NAME=VALUE. May be given more than once.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub(in crate::cli) set: Vec<String>,
    /// How to say it.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(in crate::cli) format: Format,
}

/// Holds the options of a forecast.
#[derive(Debug, Args)]
pub(in crate::cli) struct ForecastArgs {
    /// The runbook, by path or name.
    pub(in crate::cli) runbook: String,
    /// By real runs in the account of this profile; without one, in that of the latest real run.
    #[arg(long)]
    pub(in crate::cli) profile: Option<String>,
    /// By drills, instead of by real runs.
    #[arg(long, conflicts_with = "profile")]
    pub(in crate::cli) drill: bool,
    /// By drills at this speed.
    #[arg(long, default_value_t = 1, requires = "drill", value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(in crate::cli) speed: u32,
    /// By runs that nobody attended.
    #[arg(long)]
    pub(in crate::cli) unattended: bool,
    /// Where runs are kept.
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) runs: Option<PathBuf>,
    /// How to say it.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(in crate::cli) format: Format,
}

/// Names a run whose record is read.
#[derive(Debug, Args)]
pub(in crate::cli) struct Recorded {
    /// A run id, a unique prefix of one, or a run's folder.
    pub(in crate::cli) run: String,
    /// Who may sign (OpenSSH's allowed_signers), besides the practice key of drills.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) allowed_signers: Option<PathBuf>,
    /// Where runs are kept.
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) runs: Option<PathBuf>,
}

/// Names two runs.
#[derive(Debug, Args)]
pub(in crate::cli) struct CompareArgs {
    /// A run: A.
    #[arg(value_name = "A")]
    pub(in crate::cli) one: String,
    /// The run to compare it with: B.
    #[arg(value_name = "B")]
    pub(in crate::cli) other: String,
    /// Who may sign (OpenSSH's allowed_signers), besides the practice key of drills.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) allowed_signers: Option<PathBuf>,
    /// Where runs are kept.
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) runs: Option<PathBuf>,
    /// How they are shown: on the screen where there is one, else as text.
    #[arg(long, value_enum)]
    pub(in crate::cli) format: Option<CompareFormat>,
    /// The theme.
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) theme: Option<String>,
}

/// Says how a comparison is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum CompareFormat {
    /// On a screen, to look around in.
    Screen,
    /// Line by line.
    Text,
    /// For programs.
    Json,
}

/// Holds the options of a replay.
#[derive(Debug, Args)]
pub(in crate::cli) struct ReplayArgs {
    /// Whose.
    #[command(flatten)]
    pub(in crate::cli) of: Recorded,
    /// Where to begin, standing: `12:30` since it began, `+12:30` since onset, `10:31:07Z`, `50%`, `#126`, `end`.
    #[arg(long, value_name = "PLACE")]
    pub(in crate::cli) at: Option<String>,
    /// How many times as fast as it was, up to 64.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(in crate::cli) speed: u32,
    /// The theme.
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) theme: Option<String>,
}

/// Holds the options of a report.
#[derive(Debug, Args)]
pub(in crate::cli) struct ReportArgs {
    /// Whose.
    #[command(flatten)]
    pub(in crate::cli) of: Recorded,
    /// Of a facilitated drill: the page for the hot wash, from both logs.
    #[arg(long)]
    pub(in crate::cli) hot_wash: bool,
    /// How it is written.
    #[arg(long, value_enum, default_value_t)]
    pub(in crate::cli) format: ReportFormat,
}

/// Says how a report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ReportFormat {
    /// Markdown.
    #[default]
    Md,
    /// One page that needs nothing else, with the log, charts and outputs.
    Html,
    /// For programs.
    Json,
}

/// Holds the options of an export.
#[derive(Debug, Args)]
pub(in crate::cli) struct ExportArgs {
    /// Whose.
    #[command(flatten)]
    pub(in crate::cli) of: Recorded,
    /// What is written.
    #[arg(long, value_enum)]
    pub(in crate::cli) format: ExportFormat,
    /// What is rendered: how wide and how high.
    #[arg(long, value_name = "COLUMNSxROWS", default_value = "100x30", value_parser = size)]
    pub(in crate::cli) size: (u16, u16),
    /// An asciicast: how many times as fast as it was, up to 64.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(in crate::cli) speed: u32,
    /// An asciicast: how long time in which nothing happens takes at most; `none` keeps it.
    #[arg(long, value_name = "TIME", default_value = "2s")]
    pub(in crate::cli) idle: String,
    /// A frame: where, as `lifeboat replay --at` takes it.
    #[arg(long, value_name = "PLACE", default_value = "end")]
    pub(in crate::cli) at: String,
    /// The theme of what is rendered.
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) theme: Option<String>,
}

/// Reads `100x30`.
fn size(text: &str) -> Result<(u16, u16), String> {
    let read = || {
        let (columns, rows) = text.split_once('x')?;
        let within = |text: &str, most: u16| text.parse().ok().filter(|n| (1..=most).contains(n));
        Some((within(columns, 500)?, within(rows, 200)?))
    };
    read().ok_or_else(|| format!("`{text}` is no size; write columns and rows, such as 100x30 (at most 500x200)"))
}

/// Says what is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ExportFormat {
    /// All facts, each with its number, time, kind and sentence.
    Json,
    /// The attempts as a trace that ui.perfetto.dev and Chrome open.
    Perfetto,
    /// Steps and objectives as JUnit's XML.
    Junit,
    /// The run's screen as a film for asciinema 3.
    Asciicast3,
    /// The same for asciinema 2 and other players.
    Asciicast2,
    /// One frame of the run's screen as a picture.
    Svg,
    /// One page that needs nothing else, on which the run can be watched again: clock, steps, log and outputs.
    Html,
}
