//! `lifeboat check`: every problem of runbooks, with its place.

use std::process::ExitCode;

use super::args::Format;
use super::failure::{Failure, Kind};
use super::{places, say};
use crate::kernel::counted;
use crate::runbook::{Severity, check as problems_of, parse};

/// Checks runbooks; nothing is executed.
pub(super) fn check(runbooks: &[String], format: Format) -> Result<ExitCode, Failure> {
    let library = places::library();
    let today = chrono::Utc::now().date_naive();
    let (mut errors, mut warnings, mut all) = (0_usize, 0_usize, Vec::new());
    for name in runbooks {
        let source =
            library.find(name).map_err(|error| Failure::new(Kind::Usage, error.to_string()).hint(error.hint()))?;
        let parsed = parse(&source.path, &source.bytes);
        let problems = problems_of(&parsed, today);
        for problem in &problems {
            match problem.severity {
                Severity::Error => errors += 1,
                Severity::Warning => warnings += 1,
            }
            if format == Format::Human {
                say::line(parsed.source.render(problem));
            }
        }
        if format == Format::Human && problems.is_empty() {
            let steps = parsed.plan.as_ref().map_or(0, |plan| plan.steps.len());
            let (steps, fences) = (counted(steps, "step"), counted(parsed.fences.len(), "fence"));
            say::line(format_args!("{}: no problems ({steps}, {fences})", source.path));
        }
        all.push(serde_json::json!({ "file": source.path, "problems": problems }));
    }
    if format == Format::Json {
        say::line(format_args!("{:#}", serde_json::Value::Array(all)));
    } else if errors + warnings > 0 {
        say::line(format_args!("{}, {}", counted(errors, "error"), counted(warnings, "warning")));
    }
    Ok(if errors > 0 { ExitCode::from(Kind::Problems as u8) } else { ExitCode::SUCCESS })
}
