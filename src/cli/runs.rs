//! `lifeboat runs`: which runs there are, and which can be taken up again.

use std::path::PathBuf;
use std::process::ExitCode;

use chrono::Utc;

use super::args::Format;
use super::failure::Failure;
use super::{places, say};
use crate::drive::{past, resume};
use crate::engine::Mode;
use crate::kernel::{SafeText, say_ago};
use crate::store::{End, Standing};

/// Lists the runs.
pub(super) fn runs(root: Option<PathBuf>, format: Format) -> Result<ExitCode, Failure> {
    let runs = places::runs(root)?;
    let standings = resume::standings(&runs);
    match format {
        Format::Json => {
            for standing in &standings {
                say::line(json(standing));
            }
        }
        Format::Human if standings.is_empty() => say::line(format_args!("no runs in {}", runs.root().display())),
        Format::Human => {
            for standing in &standings {
                say::line(line(standing));
            }
            if let Some(open) = standings.iter().find(|standing| standing.end == End::Open) {
                say::line(format_args!(
                    "\nlifeboat resume {}   takes it up again; nothing is started by that",
                    open.run
                ));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn line(standing: &Standing) -> String {
    let mode = match standing.opened.mode {
        Mode::Real => "REAL ",
        Mode::Drill => "drill",
    };
    let name = past::runbook_of(standing);
    format!("{}  {mode}  {:<22}  {}", standing.run, name, words(standing))
}

fn words(standing: &Standing) -> String {
    match &standing.end {
        End::Open => format!("NOT OVER, its engine is gone; last written {}", ago(standing)),
        End::Worked => {
            format!("is worked now by process {} on {}", standing.opened.pid, SafeText::line(&standing.opened.host))
        }
        End::Unsealed(how) => format!("ended ({}), not sealed; {}", SafeText::line(how), ago(standing)),
        End::Sealed(how) => {
            let how = how.as_deref().unwrap_or("ended");
            format!("sealed, {}; {}", SafeText::line(how), ago(standing))
        }
    }
}

fn ago(standing: &Standing) -> String {
    say_ago(Utc::now().signed_duration_since(standing.last.utc).to_std().unwrap_or_default())
}

fn json(standing: &Standing) -> serde_json::Value {
    let (end, how) = match &standing.end {
        End::Open => ("open", None),
        End::Worked => ("worked", None),
        End::Unsealed(how) => ("unsealed", Some(how)),
        End::Sealed(how) => ("sealed", how.as_ref()),
    };
    serde_json::json!({
        "run": standing.run, "folder": standing.folder, "mode": standing.opened.mode,
        "runbook": standing.opened.runbook, "by": standing.opened.by, "host": standing.opened.host,
        "last": standing.last.utc, "end": end, "how": how,
    })
}
