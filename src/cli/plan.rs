//! `lifeboat plan`: what a run would do, and nothing else.

use std::process::ExitCode;

use super::args::{Format, PlanArgs};
use super::failure::{Failure, Kind};
use super::{say, work};
use crate::drive::{dry_run::dry_run, start};
use crate::engine::Mode;
use crate::kernel::SafeText;
use crate::report;

/// Prints the whole plan; nothing is executed, nothing is written.
pub(super) fn plan(wanted: &PlanArgs) -> Result<ExitCode, Failure> {
    let source = work::find(&wanted.runbook)?;
    let plan = start::plan(&source).map_err(work::of_start)?;
    let (mode, profile) =
        if wanted.drill { (Mode::Drill, None) } else { (Mode::Real, Some(work::profile(wanted.profile.as_deref())?)) };
    let options = start::Options { set: work::set(&wanted.set)?, ..work::of_profile(profile, wanted.profile.clone()) };
    let (dry, problems) = dry_run(&plan, mode, &options);
    match wanted.format {
        Format::Json => {
            let text = serde_json::json!({ "runbook": source.path, "plan": dry, "problems": problems });
            say::line(format_args!("{text:#}"));
        }
        Format::Human => {
            for line in report::dry_run(&dry) {
                say::line(line);
            }
            if !problems.is_empty() {
                say::line("\nA RUN WOULD NOT BEGIN");
            }
            for problem in &problems {
                say::line(format_args!("  {}", SafeText::line(problem)));
            }
        }
    }
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(Kind::Problems as u8) })
}
