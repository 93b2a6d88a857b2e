//! `lifeboat runs`: which runs there are, which can be taken up again, and how RTO and RPO went from run to run.

use std::process::ExitCode;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use super::args::{EndArg, Format, KindArg, ListArgs, RunsArgs, RunsCommand, VerdictArg};
use super::failure::{Failure, Kind};
use super::{blind, pack, places, prune, say};
use crate::drive::blind::BlindDrill;
use crate::drive::figures::Figures;
use crate::drive::{history, past, resume};
use crate::engine::Mode;
use crate::kernel::{SafeText, parse_when, say_ago};
use crate::report::{Over, PastRow, Trend, Went, past_runs, runbook_name, trends};
use crate::store::{self, End, Runs, Standing};

/// Lists the runs, or does something else with them.
pub(super) fn runs(wanted: RunsArgs) -> Result<ExitCode, Failure> {
    match wanted.command {
        None => list(wanted.list),
        Some(RunsCommand::Export(wanted)) => pack::export(&wanted),
        Some(RunsCommand::Prune(wanted)) => prune::prune(&wanted),
    }
}

/// Is a run with what it came to.
struct Listed {
    standing: Standing,
    figures: Figures,
    rto: Went,
    rpo: Went,
}

fn list(wanted: ListArgs) -> Result<ExitCode, Failure> {
    let runs = places::runs(wanted.runs.clone())?;
    let time = |option: &str, text: &Option<String>| {
        text.as_deref()
            .map(|text| time(text).map_err(|why| Failure::new(Kind::Usage, format!("--{option}: {why}"))))
            .transpose()
    };
    let (since, until) = (time("since", &wanted.since)?, time("until", &wanted.until)?);
    let mut all = resume::standings(&runs);
    let (known, strange) = (all.len(), store::strange(&runs));
    // What the first and the last lines say first: the others' logs need not be read.
    all.retain(|standing| {
        let opened = &standing.opened;
        let began = began(standing);
        let kind = match opened.mode {
            Mode::Real => KindArg::Real,
            Mode::Drill => KindArg::Drill,
        };
        wanted.kind.is_none_or(|wanted| wanted == kind)
            && wanted.runbook.as_ref().is_none_or(|name| past::runbook_of(standing) == runbook_name(name))
            && wanted.end.is_none_or(|wanted| wanted == end(&standing.end))
            && since.is_none_or(|since| began >= since)
            && until.is_none_or(|until| began < until)
    });
    if let Some(last) = wanted.last.filter(|_| wanted.verdict.is_none()) {
        newest(&mut all, last, began);
    }
    let mut listed: Vec<Listed> = all.into_iter().map(|standing| came_to(&runs, standing)).collect();
    if let Some(verdict) = wanted.verdict {
        listed.retain(|listed| verdict == judged(listed.rto, listed.rpo));
        newest(&mut listed, wanted.last.unwrap_or(usize::MAX), |listed| began(&listed.standing));
    }
    match (wanted.format, wanted.trend) {
        (Format::Json, false) => listed.iter().for_each(|listed| say::line(json(listed))),
        (Format::Json, true) => trends_of(&listed).iter().for_each(|trend| say::line(trend_json(trend))),
        (Format::Human, _) if listed.is_empty() && known > 0 => {
            say::line(format_args!("none of the {known} runs in {} is one of these", runs.root().display()));
        }
        (Format::Human, _) if listed.is_empty() => say::line(format_args!("no runs in {}", runs.root().display())),
        (Format::Human, true) => trends(&trends_of(&listed)).iter().for_each(say::line),
        (Format::Human, false) => human(&listed),
    }
    if wanted.format == Format::Human && !wanted.trend {
        blind::deserted().iter().for_each(deserted);
    }
    for (name, why) in &strange {
        say::aside(format_args!("note: {} is passed over: {why}", SafeText::line(name)));
    }
    Ok(ExitCode::SUCCESS)
}

/// Keeps the newest of a list.
fn newest<T>(all: &mut Vec<T>, most: usize, began: impl Fn(&T) -> DateTime<Utc>) {
    let mut times: Vec<DateTime<Utc>> = all.iter().map(&began).collect();
    times.sort_unstable();
    if let Some(oldest) = times.len().checked_sub(most).and_then(|at| times.get(at)).copied() {
        all.retain(|one| began(one) >= oldest);
    }
}

fn came_to(runs: &Runs, standing: Standing) -> Listed {
    let place = runs.place(standing.folder.clone());
    let figures = Figures::read(&standing, &place);
    let over = if matches!(standing.end, End::Open | End::Worked) { Over::NotYet } else { Over::Yes };
    let rto = Went::rto(figures.rto_verdict(), over);
    let rpo = Went::rpo(figures.rpo_verdict(), figures.rpo.1.map(|(_, high)| high));
    Listed { standing, figures, rto, rpo }
}

/// Reads a time: a day in UTC, or what `parse_when` reads.
fn time(text: &str) -> Result<DateTime<Utc>, String> {
    match text.trim().parse::<NaiveDate>() {
        Ok(day) => Ok(day.and_time(NaiveTime::MIN).and_utc()),
        Err(_) => parse_when(text, Utc::now()),
    }
}

/// Returns when a run began; of one whose name does not say it, when it was written last.
fn began(standing: &Standing) -> DateTime<Utc> {
    standing.began.utc
}

fn end(end: &End) -> EndArg {
    match end {
        End::Open => EndArg::Open,
        End::Worked => EndArg::Worked,
        End::Unsealed(_) => EndArg::Unsealed,
        End::Sealed(_) => EndArg::Sealed,
    }
}

fn judged(rto: Went, rpo: Went) -> VerdictArg {
    let both = [rto, rpo];
    if both.iter().any(|went| matches!(went, Went::Missed(_) | Went::Never)) {
        VerdictArg::Missed
    } else if both.iter().any(|went| matches!(went, Went::Unknown | Went::NotShown(_)))
        || both == [Went::NoObjective, Went::NoObjective]
    {
        VerdictArg::Unknown
    } else {
        VerdictArg::Met
    }
}

fn human(listed: &[Listed]) {
    let rows: Vec<PastRow> = listed
        .iter()
        .map(|listed| PastRow {
            run: SafeText::line(listed.standing.run.as_str()).into_string(),
            mode: mode(listed.standing.opened.mode),
            runbook: past::runbook_of(&listed.standing),
            rto: listed.rto,
            rpo: listed.rpo,
            end: match &listed.standing.end {
                End::Open => "NOT OVER".to_owned(),
                End::Worked => "worked".to_owned(),
                End::Unsealed(_) => "unsealed".to_owned(),
                End::Sealed(how) => SafeText::line(how.as_deref().unwrap_or("sealed")).into_string(),
            },
        })
        .collect();
    past_runs(&rows).iter().for_each(say::line);
    let unsealed: Vec<&Standing> = listed
        .iter()
        .map(|listed| &listed.standing)
        .filter(|standing| !matches!(standing.end, End::Sealed(_)))
        .collect();
    if !unsealed.is_empty() {
        say::line("");
    }
    for standing in &unsealed {
        say::line(format_args!("{} {}", SafeText::line(standing.run.as_str()), words(standing)));
    }
    if let Some(open) = unsealed.iter().find(|standing| standing.end == End::Open) {
        say::line(format_args!("lifeboat resume {}   takes it up again; nothing is started by that", open.run));
    }
}

/// Says of a blind drill without a run that goes on that it is there.
fn deserted(drill: &BlindDrill) {
    let since = Utc::now().signed_duration_since(drill.last()).to_std().unwrap_or_default();
    let name = drill.name();
    say::line("");
    if drill.estate_gone().is_some() {
        say::line(format_args!("{name} is a blind drill that nobody went on with; its estate is gone"));
        say::line(format_args!("lifeboat resume {name}   ends it, and says what was broken"));
    } else {
        let ago = say_ago(since);
        say::line(format_args!(
            "{name} is a blind drill whose runbook is to be chosen; nobody is at it, last written {ago}"
        ));
        say::line(format_args!("lifeboat resume {name}   comes back to the alarms and the list of runbooks"));
    }
}

fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Real => "REAL",
        Mode::Drill => "drill",
    }
}

fn words(standing: &Standing) -> String {
    match &standing.end {
        End::Open => format!("is NOT OVER, its engine is gone; last written {}", ago(standing)),
        End::Worked => {
            format!("is worked now by process {} on {}", standing.opened.pid, SafeText::line(&standing.opened.host))
        }
        End::Unsealed(how) => format!("ended ({}), not sealed; {}", SafeText::line(how), ago(standing)),
        End::Sealed(_) => format!("is sealed; {}", ago(standing)),
    }
}

fn ago(standing: &Standing) -> String {
    say_ago(Utc::now().signed_duration_since(standing.last.utc).to_std().unwrap_or_default())
}

fn json(listed: &Listed) -> serde_json::Value {
    let Listed { standing, figures, rto, rpo } = listed;
    let (end, how) = match &standing.end {
        End::Open => ("open", None),
        End::Worked => ("worked", None),
        End::Unsealed(how) => ("unsealed", Some(how)),
        End::Sealed(how) => ("sealed", how.as_ref()),
    };
    let loss = figures
        .rpo
        .1
        .map(|(low, high)| serde_json::json!({ "low_ms": low.as_millis() as u64, "high_ms": high.as_millis() as u64 }));
    serde_json::json!({
        "run": standing.run, "folder": standing.folder, "mode": standing.opened.mode,
        "runbook": standing.opened.runbook, "by": standing.opened.by, "host": standing.opened.host,
        "began": standing.began.utc, "last": standing.last.utc, "end": end, "how": how,
        "rto_s": standing.opened.rto_s, "rto": rto, "rpo_s": standing.opened.rpo_s, "rpo": rpo, "loss": loss,
    })
}

/// Gathers runs that compare: of one runbook, real in one account or drilled at one speed, with or without a person.
fn trends_of(listed: &[Listed]) -> Vec<Trend> {
    let mut by: std::collections::BTreeMap<(String, String), Vec<&Listed>> = std::collections::BTreeMap::new();
    for one in listed {
        let kind = history::Kind::of(&one.standing.opened);
        let words = SafeText::line(&kind.words()).into_string();
        by.entry((kind.runbook, words)).or_default().push(one);
    }
    let trend = |((runbook, kind), mut runs): ((String, String), Vec<&Listed>)| {
        runs.sort_by_key(|one| began(&one.standing));
        let newest = runs.last().map(|one| one.figures).unwrap_or_default();
        let rto = runs.iter().map(|one| one.rto).collect();
        let rpo = runs.iter().map(|one| one.rpo).collect();
        Trend { runbook, kind, rto: (newest.rto.0, rto), rpo: (newest.rpo.0, rpo) }
    };
    by.into_iter().map(trend).collect()
}

fn trend_json(trend: &Trend) -> serde_json::Value {
    let limit = |limit: Option<std::time::Duration>| limit.map(|limit| limit.as_secs());
    serde_json::json!({
        "runbook": trend.runbook, "kind": trend.kind, "rto_s": limit(trend.rto.0), "rto": trend.rto.1,
        "rpo_s": limit(trend.rpo.0), "rpo": trend.rpo.1,
    })
}
