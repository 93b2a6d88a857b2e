//! `lifeboat report` and `lifeboat export`: what a run's record is good for.

use std::process::ExitCode;

use super::args::{ExportArgs, ExportFormat, Recorded, ReportArgs, ReportFormat};
use super::failure::{Failure, Kind};
use super::{facilitate, log, places, render, say};
use crate::drive::facilitate::{Hot, wash};
use crate::drive::outputs::outputs;
use crate::drive::record::{RecordError, Recording};
use crate::replay::{Cast, arrivals};
use crate::report::{self, Page, Report};

/// Prints the after-action report.
pub(super) fn report(wanted: &ReportArgs) -> Result<ExitCode, Failure> {
    let written: fn(&Report) -> String = match wanted.format {
        ReportFormat::Html => return page(wanted),
        ReportFormat::Md => report::markdown,
        ReportFormat::Json => |report| format!("{:#}", serde_json::json!(report)),
    };
    let (report, code) = if wanted.hot_wash { hot_wash(&wanted.of)? } else { after(&wanted.of)? };
    say::line(written(&report).trim_end());
    Ok(code)
}

fn after(of: &Recorded) -> Result<(Report, ExitCode), Failure> {
    Ok((report::after_action(&read(of)?.record()), ExitCode::SUCCESS))
}

/// Reads both logs of an exercise. It fails where an inject is not what it was promised to be.
fn hot_wash(of: &Recorded) -> Result<(Report, ExitCode), Failure> {
    let (report, kept) = both_logs(of)?.page();
    Ok((report, promised(kept)))
}

fn both_logs(of: &Recorded) -> Result<Hot, Failure> {
    let place = log::find(&of.run, of.runs.clone())?;
    let trust = log::trust(of.allowed_signers.clone())?;
    wash(&places::state()?, &place, &trust).map_err(facilitate::of_wash)
}

fn promised(kept: bool) -> ExitCode {
    if kept { ExitCode::SUCCESS } else { ExitCode::from(Kind::Problems as u8) }
}

/// Prints the report as a page to be read, with the log and the outputs.
fn page(wanted: &ReportArgs) -> Result<ExitCode, Failure> {
    if wanted.hot_wash {
        let hot = both_logs(&wanted.of)?;
        let printed = outputs(&hot.recording.folder, &hot.recording.facts);
        let (report, kept) = hot.page();
        say::line(report::html(&report, &hot.recording.record(), &printed, Page::Washed(hot.facilitator())).trim_end());
        return Ok(promised(kept));
    }
    let recording = read(&wanted.of)?;
    let record = recording.record();
    let printed = outputs(&recording.folder, &recording.facts);
    say::line(report::html(&report::after_action(&record), &record, &printed, Page::Read).trim_end());
    Ok(ExitCode::SUCCESS)
}

/// Prints the report as a page on which the run can be watched again.
fn watched(of: &Recorded) -> Result<ExitCode, Failure> {
    let recording = read(of)?;
    let record = recording.record();
    let printed = outputs(&recording.folder, &recording.facts);
    let arrivals = arrivals(&recording.folder, &recording.run);
    say::line(report::html(&report::after_action(&record), &record, &printed, Page::Watched(&arrivals)).trim_end());
    Ok(ExitCode::SUCCESS)
}

/// Prints the record for another program.
pub(super) fn export(wanted: &ExportArgs) -> Result<ExitCode, Failure> {
    match wanted.format {
        ExportFormat::Asciicast3 => return render::cast(wanted, Cast::V3),
        ExportFormat::Asciicast2 => return render::cast(wanted, Cast::V2),
        ExportFormat::Svg => return render::svg(wanted),
        ExportFormat::Html => return watched(&wanted.of),
        ExportFormat::Json | ExportFormat::Perfetto | ExportFormat::Junit => {}
    }
    let Recording { run, facts, integrity, .. } = read(&wanted.of)?;
    match wanted.format {
        ExportFormat::Json => say::line(format_args!("{:#}", report::json_of(&run, &facts, &integrity.verdict))),
        ExportFormat::Perfetto => say::line(report::trace(&run, &facts)),
        ExportFormat::Junit => say::line(report::junit(&run).trim_end()),
        ExportFormat::Asciicast3 | ExportFormat::Asciicast2 | ExportFormat::Svg | ExportFormat::Html => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads the record of a run.
pub(super) fn read(of: &Recorded) -> Result<Recording, Failure> {
    let place = log::find(&of.run, of.runs.clone())?;
    let trust = log::trust(of.allowed_signers.clone())?;
    Recording::read(&place, &trust).map_err(|error| match error {
        RecordError::Store(error) => log::unreadable(error),
        error @ (RecordError::File { .. } | RecordError::Alone(_) | RecordError::Runbook(_)) => {
            Failure::new(Kind::Usage, error.to_string()).hint("name a run, or the folder of one")
        }
    })
}
