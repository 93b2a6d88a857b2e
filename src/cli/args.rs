//! The command line, as data.

mod codes;
mod exercise;
mod history;
mod records;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};

use codes::EXIT_CODES;
pub(super) use exercise::{Drill, FacilitateArgs};
pub(super) use history::{EndArg, KindArg, ListArgs, PackArgs, PruneArgs, RunsArgs, RunsCommand, VerdictArg};
pub(super) use records::{
    CompareArgs, CompareFormat, ExportArgs, ExportFormat, ForecastArgs, PlanArgs, Recorded, ReplayArgs, ReportArgs,
    ReportFormat,
};

/// Markdown runbooks that run, under the clock, on the record.
#[derive(Debug, Parser)]
#[command(name = "lifeboat", version, about, disable_help_subcommand = true, after_help = EXIT_CODES)]
pub(super) struct Cli {
    /// What to do; without it the picker opens.
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// Lists what lifeboat does.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Raise the practice estate, break it, and work the runbook to recovery.
    Drill(Drill),
    /// Work a runbook for real.
    Run(RunArgs),
    /// Facilitate a drill that began with --facilitate: injects, observations, pauses, from a second terminal.
    Facilitate(FacilitateArgs),
    /// Take up a run again whose lifeboat, terminal or machine went away; nothing is started by that.
    Resume(Resume),
    /// List runs: first those that can be taken up again. Pack one into a file, remove old ones.
    Runs(RunsArgs),
    /// Report every problem of runbooks; nothing is executed.
    Check {
        /// Runbooks, by path or name.
        #[arg(required = true)]
        runbooks: Vec<String>,
        /// How to say it.
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
    },
    /// Print what a run would do, with values, confirmations and times; nothing is executed.
    Plan(PlanArgs),
    /// Say when service would probably be restored, by what earlier runs of the runbook took; nothing is executed.
    Forecast(ForecastArgs),
    /// List the keys that could sign here: what each signs, and for whom it counts. Nothing is signed.
    Keys {
        /// With the key, the name and the allowed signers of this profile.
        #[arg(long)]
        profile: Option<String>,
    },
    /// Look whether this machine is ready: terminal, key, AWS, tools, clock, disk. Nothing is changed.
    Doctor {
        /// Look at this profile only, instead of at all of them.
        #[arg(long)]
        profile: Option<String>,
        /// How to say it.
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
    },
    /// Print the after-action report of a run: every figure with the lines of the log that it comes from.
    Report(ReportArgs),
    /// Watch a run again, at any speed, from any moment on; nothing is executed.
    Replay(ReplayArgs),
    /// Print two runs of a runbook side by side: where the time went, and what was done differently.
    Compare(CompareArgs),
    /// Print a run's record for other programs.
    Export(ExportArgs),
    /// List every file that is read, and what the configuration says, with where it comes from.
    Config {
        /// What else to do with it.
        #[command(subcommand)]
        command: Option<ConfigCommand>,
        /// The settings of this profile.
        #[arg(long)]
        profile: Option<String>,
        /// How to say it.
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
    },
    /// Print what a shell needs to complete the command line.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man {
        /// Write a page for each command into this folder instead.
        #[arg(long = "out", value_name = "DIR")]
        folder: Option<PathBuf>,
    },
    /// Verify and read incident logs.
    Log {
        /// What to do with the log.
        #[command(subcommand)]
        command: LogCommand,
    },
    /// Say what is in a PostgreSQL database without its data, or prove that a copy is one.
    Fingerprint(Fingerprint),
    /// The practice estate by itself.
    Estate {
        /// What to do with it.
        #[command(subcommand)]
        command: EstateCommand,
    },
    /// The AWS calls that runbooks can make.
    Aws {
        /// What to do with them.
        #[command(subcommand)]
        command: AwsCommand,
    },
    /// Show what somebody is asked to agree to, and sign it; what it prints is pasted into the run's screen.
    Approve(Approve),
    /// Show the themes of the screens, the user's own among them, as this terminal shows them.
    Themes {
        /// Themes, by name; without any all of them.
        names: Vec<String>,
    },
    /// Look on at a run that is being worked; nothing can be done from there.
    Watch {
        /// A run id, a unique prefix of one, or a run's folder; without it the latest run that is being worked.
        run: Option<String>,
        /// Where runs are kept.
        #[arg(long, value_name = "DIR")]
        runs: Option<PathBuf>,
        /// Print line by line.
        #[arg(long)]
        plain: bool,
        /// The theme.
        #[arg(long, value_name = "NAME")]
        theme: Option<String>,
    },
    /// The engine of a run, for screens in other processes.
    #[command(name = "__engine", hide = true)]
    Engine {
        /// What it works.
        #[command(subcommand)]
        command: EngineCommand,
    },
    /// The supervisor of a run.
    #[command(name = "__supervise", hide = true)]
    Supervise {
        /// The run's folder.
        folder: PathBuf,
    },
    /// The leader of the session on a step's terminal.
    #[command(name = "__terminal", hide = true)]
    Terminal {
        /// The program that it becomes, and its arguments.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        command: Vec<std::ffi::OsString>,
    },
}

/// Lists what an engine works.
#[derive(Debug, Subcommand)]
pub(super) enum EngineCommand {
    /// A drill.
    Drill(Drill),
    /// A real run.
    Run(RunArgs),
    /// A run whose engine is gone.
    Resume(Resume),
}

/// Writes a command line again, for the engine.
struct Words(Vec<OsString>);

impl Words {
    fn of(command: &str) -> Self {
        Self(vec![command.into()])
    }

    fn with(mut self, option: &str, value: Option<impl Into<OsString>>) -> Self {
        if let Some(value) = value {
            // In one word: a value may look like an option.
            let mut word = OsString::from(option);
            word.push("=");
            word.push(value.into());
            self.0.push(word);
        }
        self
    }

    fn each(self, option: &str, values: &[String]) -> Self {
        values.iter().fold(self, |words, value| words.with(option, Some(value)))
    }

    fn common(self, common: &Common) -> Self {
        self.each("--set", &common.set).with("--runs", common.runs.as_ref()).with("--onset", common.onset.as_ref())
    }

    fn then(mut self, last: Option<impl Into<OsString>>) -> Vec<OsString> {
        if let Some(last) = last {
            self.0.extend(["--".into(), last.into()]);
        }
        self.0
    }
}

impl RunArgs {
    /// Writes the command line of the engine that works it for screens.
    pub(super) fn words(&self) -> Vec<OsString> {
        Words::of("run").with("--profile", self.profile.as_ref()).common(&self.common).then(Some(&self.runbook))
    }
}

impl Resume {
    /// Writes the command line of the engine that takes up the run in `folder` for screens.
    pub(super) fn words(&self, folder: &Path) -> Vec<OsString> {
        Words::of("resume").with("--profile", self.profile.as_ref()).then(Some(folder))
    }
}

/// Holds the options of a fingerprint.
#[derive(Debug, Args)]
pub(super) struct Fingerprint {
    /// The database: postgresql://USER@HOST:PORT/DATABASE. Its password may come from PGPASSWORD.
    pub(super) url: String,
    /// Write the manifest to this new file.
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// Compare with this manifest; exit 1 if anything differs.
    #[arg(long, value_name = "MANIFEST")]
    pub(super) against: Option<PathBuf>,
    /// Compare append-only tables up to the manifest's watermarks, and nothing else of their kind.
    #[arg(long, requires = "against", conflicts_with = "out")]
    pub(super) up_to_watermark: bool,
    /// A table that only grows, and the column by which it does: public.orders:id. May be given more than once.
    #[arg(long, value_name = "TABLE:COLUMN", conflicts_with = "up_to_watermark")]
    pub(super) append_only: Vec<String>,
}

/// Holds what drill and run share.
#[derive(Debug, Args)]
pub(super) struct Common {
    /// Set an input: NAME=VALUE. May be given more than once.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub(super) set: Vec<String>,
    /// Keep the run's folder below this one (default: $XDG_STATE_HOME/lifeboat/runs).
    #[arg(long, value_name = "DIR")]
    pub(super) runs: Option<PathBuf>,
    /// When customers began to fail: a time with zone, or `-12m`.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(super) onset: Option<String>,
    /// Print lines instead of opening screens, with nobody at the keyboard.
    #[arg(long)]
    pub(super) unattended: bool,
    /// Ask and answer line by line: for screen readers, serial lines and terminals that can do nothing else.
    #[arg(long, conflicts_with = "unattended")]
    pub(super) plain: bool,
    /// The theme.
    #[arg(long, value_name = "NAME")]
    pub(super) theme: Option<String>,
}

/// Holds the options of taking a run up again.
#[derive(Debug, Args)]
pub(super) struct Resume {
    /// A run id, a unique prefix of one, or a run's folder; without it the latest run that is not over.
    pub(super) run: Option<String>,
    /// Where runs are kept.
    #[arg(long, value_name = "DIR")]
    pub(super) runs: Option<PathBuf>,
    /// The profile, if the configuration has another name for it by now.
    #[arg(long)]
    pub(super) profile: Option<String>,
    /// Print lines instead of opening screens, with nobody at the keyboard. A drill that began so goes on so by itself.
    #[arg(long)]
    pub(super) unattended: bool,
    /// Ask and answer line by line.
    #[arg(long, conflicts_with = "unattended")]
    pub(super) plain: bool,
    /// Take control from the screen that holds it, and say why: the log holds it.
    #[arg(long, value_name = "WHY")]
    pub(super) take_over: Option<String>,
    /// The theme.
    #[arg(long, value_name = "NAME")]
    pub(super) theme: Option<String>,
}

/// Holds the options of a real run.
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// The runbook, by path or name.
    pub(super) runbook: String,
    /// The profile of the configuration file: account, regions, inputs, key, log places.
    #[arg(long)]
    pub(super) profile: Option<String>,
    /// What drill and run share.
    #[command(flatten)]
    pub(super) common: Common,
}

/// Lists what else can be done with the configuration.
#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Print the JSON schema of `config.toml`, for editors.
    Schema,
}

/// Lists what can be done with a log.
#[derive(Debug, Subcommand)]
pub(super) enum LogCommand {
    /// Verify chain, checkpoints, seal and output files, without a network.
    Verify {
        /// A run id, a unique prefix of one, a run's folder, or a log file.
        run: String,
        /// Who may sign (OpenSSH's allowed_signers), besides the practice key of drills.
        #[arg(long, value_name = "FILE")]
        allowed_signers: Option<PathBuf>,
        /// Fail unless this holds as well; more than one with commas.
        #[arg(long, value_enum, value_delimiter = ',')]
        require: Vec<Require>,
        /// A statement from where its author can't change it: an anchor that has to fit. May be given more than once.
        #[arg(long, value_name = "FILE")]
        anchor: Vec<PathBuf>,
        /// Certificates of time stamp authorities (PEM) whose stamps beside the log count.
        #[arg(long, value_name = "FILE")]
        timestamp_ca: Option<PathBuf>,
        /// Where runs are kept.
        #[arg(long, value_name = "DIR")]
        runs: Option<PathBuf>,
    },
    /// Say outside of the log where it stands: in S3, and by a time stamp, as the configuration names them.
    Anchor {
        /// A run id, a unique prefix of one, or a run's folder.
        run: String,
        /// The profile of the configuration file, if not the one that the run began with.
        #[arg(long)]
        profile: Option<String>,
        /// Where runs are kept.
        #[arg(long, value_name = "DIR")]
        runs: Option<PathBuf>,
    },
    /// Print the log as sentences.
    Show {
        /// A run id, a unique prefix of one, a run's folder, or a log file.
        run: String,
        /// How to say it.
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
        /// Where runs are kept.
        #[arg(long, value_name = "DIR")]
        runs: Option<PathBuf>,
    },
    /// Print the log's last lines, and go on as it grows.
    Tail {
        /// A run id, a unique prefix of one, a run's folder, or a log file.
        run: String,
        /// Stop at the end instead of waiting for more.
        #[arg(long)]
        no_follow: bool,
        /// Where runs are kept.
        #[arg(long, value_name = "DIR")]
        runs: Option<PathBuf>,
    },
    /// Verify every run of a folder, and find those that are missing.
    Audit {
        /// The folder of runs (default: $XDG_STATE_HOME/lifeboat/runs).
        dir: Option<PathBuf>,
        /// Who may sign (OpenSSH's allowed_signers), besides the practice key of drills.
        #[arg(long, value_name = "FILE")]
        allowed_signers: Option<PathBuf>,
    },
    /// Add something to a sealed log, signed.
    Add {
        /// What it is added to, and who signs.
        #[command(flatten)]
        to: Sealed,
        /// What is added.
        #[command(subcommand)]
        what: Add,
    },
    /// Vouch for a sealed log that somebody else sealed.
    Countersign {
        /// What is signed, and who signs.
        #[command(flatten)]
        to: Sealed,
    },
}

/// Holds the options of an approval.
#[derive(Debug, Args)]
pub(super) struct Approve {
    /// The file with the request; without it, or as `-`, standard input.
    pub(super) file: Option<PathBuf>,
    /// Print the request that this run waits with, instead of answering one.
    #[arg(long, value_name = "RUN", conflicts_with_all = ["file", "key", "by", "profile"])]
    pub(super) request: Option<String>,
    /// The profile of the configuration file, for name and key.
    #[arg(long)]
    pub(super) profile: Option<String>,
    /// The key that signs: a private key file, or a public one whose other half the agent holds.
    #[arg(long, value_name = "FILE")]
    pub(super) key: Option<PathBuf>,
    /// The name under which it signs, as it stands in the allowed signers.
    #[arg(long, value_name = "NAME")]
    pub(super) by: Option<String>,
    /// Where runs are kept.
    #[arg(long, value_name = "DIR", requires = "request")]
    pub(super) runs: Option<PathBuf>,
}

/// Lists what `log verify` can insist on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Require {
    /// The log is sealed. Without a seal it is OPEN, and that is never success.
    Sealed,
    /// Every confirmation that wanted approvals had them all, signed by people who count.
    Approvals,
    /// An anchor that somebody vouches for covers the last line.
    Anchored,
}

/// Names a sealed log, and who signs something about it.
#[derive(Debug, Args)]
pub(super) struct Sealed {
    /// A run id, a unique prefix of one, or a run's folder.
    pub(super) run: String,
    /// The profile of the configuration file, for operator and key.
    #[arg(long)]
    pub(super) profile: Option<String>,
    /// The key that signs: a private key file, or a public one whose other half the agent holds.
    #[arg(long, value_name = "FILE")]
    pub(super) key: Option<PathBuf>,
    /// The name under which it signs, as it stands in the allowed signers.
    #[arg(long, value_name = "NAME")]
    pub(super) by: Option<String>,
    /// Who may sign (OpenSSH's allowed_signers), besides the practice key of drills.
    #[arg(long, value_name = "FILE")]
    pub(super) allowed_signers: Option<PathBuf>,
    /// Where runs are kept.
    #[arg(long, value_name = "DIR")]
    pub(super) runs: Option<PathBuf>,
}

/// Lists what can be added to a sealed log.
#[derive(Debug, Subcommand)]
pub(super) enum Add {
    /// Something worth knowing.
    Note {
        /// The text.
        text: String,
    },
    /// A line of the log says something that was otherwise.
    Correction {
        /// The line's number, as `log show` prints it.
        seq: u64,
        /// How it was.
        text: String,
    },
    /// Something to be done.
    Issue {
        /// What.
        text: String,
        /// By whom.
        #[arg(long)]
        owner: String,
        /// Until when: YYYY-MM-DD.
        #[arg(long, value_name = "DATE")]
        due: chrono::NaiveDate,
    },
    /// An issue, or something that the run owed, is done.
    Closed {
        /// The issue's number, or the name of what was owed.
        what: String,
        /// How it is known.
        text: String,
    },
}

/// Lists what can be done with AWS calls.
#[derive(Debug, Subcommand)]
pub(super) enum AwsCommand {
    /// List the operations, with impact and options.
    Operations {
        /// Words that have to be in its name: `rds promote`.
        words: Vec<String>,
        /// How to say it.
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
    },
}

/// Lists what can be done with an estate.
#[derive(Debug, Subcommand)]
pub(super) enum EstateCommand {
    /// Raise it and print how to reach it.
    Up {
        /// The same seed gives the same estate.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Shorten its durations by this factor.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=3600))]
        speed: u32,
        /// Who keeps the databases' data.
        #[arg(long, value_enum, default_value_t)]
        data: Data,
        /// Its folder (default: $XDG_STATE_HOME/lifeboat/estate).
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
        /// The port of its AWS endpoint (default: any that is free).
        #[arg(long)]
        port: Option<u16>,
        /// Break it, now or later: FAULT or FAULT@+3m. May be given more than once.
        #[arg(long = "inject", value_name = "FAULT[@+TIME]", value_parser = fault)]
        faults: Vec<String>,
        /// Leave the terminal's session.
        #[arg(long, hide = true)]
        own_session: bool,
    },
    /// End it.
    Down {
        /// Its folder.
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
    /// Break a standing one on purpose, now or later.
    #[command(alias = "inject")]
    Fault {
        /// The faults: FAULT or FAULT@+3m, in the estate's own time.
        #[arg(required = true, value_parser = fault)]
        faults: Vec<String>,
        /// Its folder.
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
}

/// Says who keeps the data of an estate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Data {
    /// Real PostgreSQL where its server programs are on this machine, else the model.
    #[default]
    Best,
    /// Real PostgreSQL, or nothing starts.
    Postgres,
    /// The model: nothing of PostgreSQL is exercised.
    Modelled,
}

impl From<Data> for crate::estate::DataWish {
    fn from(data: Data) -> Self {
        match data {
            Data::Best => Self::Best,
            Data::Postgres => Self::Postgres,
            Data::Modelled => Self::Modelled,
        }
    }
}

/// Takes the name of a fault, and when it comes, as it was typed.
fn fault(text: &str) -> Result<String, String> {
    crate::estate::model::fault::schedule(text).map(|_| text.to_owned())
}

/// Says how something is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Human,
    /// For programs.
    Json,
}
