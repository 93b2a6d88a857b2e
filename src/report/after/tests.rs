//! The report of a recorded drill, word for word, and what holds of any run's.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::*;
use crate::engine::evolve;
use crate::journal::read_log;
use crate::runbook::parse;

/// A drill of a failed region, as it was recorded: `tests/fixtures/recording`.
fn facts() -> Vec<Fact> {
    read_log(include_bytes!("../../../tests/fixtures/recording/incident.jsonl")).into_facts()
}

fn run_of(facts: &[Fact]) -> Run {
    let parsed = parse("runbook.md", include_bytes!("../../../tests/fixtures/recording/runbook.md"));
    let mut run = Run::new(Arc::new(parsed.plan.unwrap()));
    for fact in facts {
        evolve(&mut run, fact).unwrap();
    }
    run
}

fn integrity() -> Integrity {
    Integrity { verdict: "SEALED".to_owned(), lines: 1, sealed_by: Some("alice".to_owned()), ..Integrity::default() }
}

fn additions() -> Vec<Afterword> {
    let at = Stamp { utc: chrono::DateTime::from_timestamp(1_790_000_000, 0).unwrap(), mono: 0 };
    let word = |seq, by: Option<&str>, what| Afterword { seq, at, by: by.map(str::to_owned), what };
    let issue = |number, text: &str| Added::Issue {
        number,
        text: text.to_owned(),
        owner: "bob".to_owned(),
        due: "2026-12-24".to_owned(),
    };
    vec![
        word(1, Some("alice"), issue(1, "renew | the alarm")),
        word(3, None, issue(2, "second")),
        word(5, Some("alice"), Added::Closed { what: "1".to_owned(), text: "renewed".to_owned() }),
        word(7, Some("alice"), Added::Correction { of: 3, text: "it was Carol".to_owned() }),
    ]
}

fn report_of(facts: &[Fact]) -> Report {
    let (run, integrity, additions) = (run_of(facts), integrity(), additions());
    after_action(&Record { run: &run, facts, integrity: &integrity, additions: &additions })
}

fn cites(report: &Report) -> Vec<Cite> {
    let rows = report.first.iter().chain(report.sections.iter().flat_map(|section| &section.rows));
    rows.flat_map(|row| row.cites.clone()).collect()
}

#[test]
fn a_report_of_a_recorded_drill() {
    insta::assert_snapshot!(markdown(&report_of(&facts())));
}

/// At every prefix of the record, as a run that is open or broken off has it.
#[test]
fn every_line_that_is_cited_exists_and_is_of_the_kind_that_is_named() {
    let all = facts();
    let additions: BTreeSet<(u64, &str)> = [(1, "issue"), (3, "issue"), (5, "closed"), (7, "correction")].into();
    for end in 0..=all.len() {
        let facts = &all[..end];
        let lines: BTreeSet<(u64, String)> = facts.iter().map(|fact| (fact.seq, kind(&fact.event))).collect();
        for cite in cites(&report_of(facts)) {
            let known = match cite.file {
                File::Log => lines.contains(&(cite.seq, cite.kind.clone())),
                File::Facilitator => false,
                File::Addenda => additions.contains(&(cite.seq, cite.kind.as_str())),
            };
            assert!(known, "{cite:?} after {end} facts");
        }
    }
}

#[test]
fn figures_cite_what_they_come_from() {
    let report = report_of(&facts());
    let row = |key: &str, what: &str| {
        let section = report.sections.iter().find(|section| section.key == key).unwrap();
        section.rows.iter().find(|row| row.cells[0] == what).unwrap_or_else(|| panic!("{key}: {what}"))
    };
    let kinds = |row: &Row| row.cites.iter().map(|cite| cite.kind.clone()).collect::<Vec<_>>();
    assert_eq!(kinds(row("objectives", "RTO")), ["moment-fixed", "recovered"]);
    assert_eq!(row("objectives", "RTO").cells[1], "MET");
    assert_eq!(kinds(row("objectives", "RPO")), ["loss-measured"]);
    assert_eq!(kinds(row("who-pays", "who fixed the onset")), ["moment-fixed"]);
    assert_eq!(kinds(row("time", "machine")), ["ended"]);
    assert_eq!(row("issues", "issue 1").cells[1], "closed: renewed");
    assert!(row("issues", "issue 2").cells[1].starts_with("OPEN"));
    assert!(row("issues", "issue 2").cells[3].starts_with("NOBODY WHO COUNTS"));
    assert_eq!(row("not-evidenced", "fencing").cells.len(), 2);
    for section in report.sections.iter().filter(|section| section.key != "controls") {
        for row in &section.rows {
            assert_eq!(row.cells.len(), section.columns.len(), "{}: {row:?}", section.key);
        }
    }
}
