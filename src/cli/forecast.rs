//! `lifeboat forecast`: when service would be restored, by what earlier runs took; nothing is executed.

use std::path::PathBuf;
use std::process::ExitCode;

use super::args::{ForecastArgs, Format};
use super::failure::Failure;
use super::{places, say, work};
use crate::drive::history::{Gathered, Kind, gather};
use crate::drive::{dry_run, start};
use crate::engine::{Attended, Followed, Mode};
use crate::kernel::{SafeText, sha256_hex};
use crate::report;

/// How many simulations are played.
const ROUNDS: u32 = 10_000;

/// Prints the forecast.
pub(super) fn forecast(wanted: &ForecastArgs) -> Result<ExitCode, Failure> {
    let source = work::find(&wanted.runbook)?;
    let plan = start::plan(&source).map_err(work::of_start)?;
    let (mode, profile) =
        if wanted.drill { (Mode::Drill, None) } else { (Mode::Real, Some(work::profile(wanted.profile.as_deref())?)) };
    let log_dir = profile.as_ref().and_then(|profile| profile.log_dir.as_ref()).map(PathBuf::from);
    let runs = places::runs(wanted.runs.clone().or(log_dir))?;
    let kind = Kind {
        runbook: report::runbook_name(&source.path),
        mode,
        account: profile.as_ref().and_then(|profile| profile.account.clone()),
        speed: wanted.speed,
        attended: if wanted.unattended { Attended::Nobody } else { Attended::Person },
    };
    let gathered = gather(&runs, &kind, &sha256_hex(&source.bytes), None);
    let kind = Kind { account: gathered.account.clone(), ..kind };
    let foreseen = Followed::new(plan.clone()).before(&gathered.history, wanted.speed, ROUNDS);
    let (expected, _) = dry_run::dry_run(&plan, mode, &work::of_profile(profile, wanted.profile.clone()));
    match wanted.format {
        Format::Json => {
            let (outlook, steps) = foreseen.unzip();
            let steps: Vec<serde_json::Value> = steps
                .iter()
                .flatten()
                .map(|step| {
                    let id = plan.steps.get(step.at).map(|step| step.id.as_str());
                    serde_json::json!({ "step": id, "takes": step })
                })
                .collect();
            let text = serde_json::json!({
                "runbook": source.path, "kind": kind.words(), "runs": gathered.runs, "others": gathered.others,
                "rto_s": expected.rto_s, "outlook": outlook, "steps": steps, "by_expected": expected.courses,
            });
            say::line(format_args!("{text:#}"));
        }
        Format::Human => {
            for line in basis(&plan.title, &kind, &gathered) {
                say::line(line);
            }
            match foreseen {
                Some((outlook, steps)) => {
                    for line in report::forecast(&plan, &outlook, &steps) {
                        say::line(line);
                    }
                }
                None => {
                    for line in report::times(&expected) {
                        say::line(line);
                    }
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Says what the forecast rests on, and what it leaves out.
fn basis(title: &str, kind: &Kind, gathered: &Gathered) -> Vec<String> {
    let title = SafeText::line(title);
    let mut lines = vec![format!("FORECAST of a {}: {title}. Nothing is executed.", kind.words())];
    let restored = gathered.history.restored();
    match gathered.span {
        None => lines.push(
            "no earlier run of this kind: what follows is what the runbook itself expects, without a chance".to_owned(),
        ),
        Some((first, last)) => {
            let (first, last) = (first.format("%Y-%m-%d"), last.format("%Y-%m-%d"));
            let when = if first.to_string() == last.to_string() {
                format!("of {first}")
            } else {
                format!("from {first} to {last}")
            };
            let count = match gathered.runs.len() {
                1 => "1 earlier run".to_owned(),
                count => format!("{count} earlier runs"),
            };
            let text = match gathered.other_text {
                0 => String::new(),
                other => format!("; {other} of them ran another text of it"),
            };
            lines.push(format!("by {count} {when}, {restored} of which restored the service{text}"));
        }
    }
    if !gathered.others.is_empty() {
        let others = gathered.others.iter().map(|(kind, count)| format!("{count} × {kind}"));
        let others = others.collect::<Vec<_>>().join(", ");
        lines.push(format!("not used, since their times are others: {}", SafeText::line(&others)));
    }
    lines
}
