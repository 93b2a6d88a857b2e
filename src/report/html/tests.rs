//! The page of a recorded drill, and of one that was forged to act on whoever reads it.

use std::collections::BTreeSet;
use std::sync::Arc;

use quick_xml::events::{BytesStart, Event as Xml};

use super::*;
use crate::engine::{Event, Fact, Run, evolve};
use crate::journal::read_log;
use crate::kernel::{AttemptId, Stamp};
use crate::report::{Added, Afterword, Integrity, after_action};
use crate::runbook::parse;

const HOSTILE: &str = "</pre></td><script>alert(1)</script><img src=http://x/ onerror='alert(2)'>\" onload=\"x\" &amp; \u{1b}[2J \
                       \u{202e}abc\u{0}";

fn facts() -> Vec<Fact> {
    read_log(include_bytes!("../../../tests/fixtures/recording/incident.jsonl")).into_facts()
}

fn run_of(facts: &[Fact], title: Option<&str>) -> Run {
    let mut plan = parse("runbook.md", include_bytes!("../../../tests/fixtures/recording/runbook.md")).plan.unwrap();
    if let Some(title) = title {
        title.clone_into(&mut plan.title);
        for step in &mut plan.steps {
            title.clone_into(&mut step.title);
        }
    }
    let mut run = Run::new(Arc::new(plan));
    for fact in facts {
        evolve(&mut run, fact).unwrap();
    }
    run
}

fn printed(text: &str, left_out: u64) -> Vec<Printed> {
    vec![Printed {
        attempt: AttemptId::new("1.1"),
        streams: vec![Excerpt {
            name: "stdout",
            file: "output/1.1.out".to_owned(),
            bytes: 1 << 30,
            sha256: text.to_owned(),
            head: Ok(text.to_owned()),
            left_out,
            tail: text.to_owned(),
        }],
    }]
}

fn page_of(facts: &[Fact], run: &Run, says: &str, printed: &[Printed]) -> String {
    page(facts, run, says, printed, Page::Read)
}

fn page(facts: &[Fact], run: &Run, says: &str, printed: &[Printed], page: Page<'_>) -> String {
    let integrity = Integrity { verdict: "SEALED".to_owned(), findings: vec![says.to_owned()], ..Integrity::default() };
    let at = Stamp { utc: chrono::DateTime::from_timestamp(1_790_000_000, 0).unwrap(), mono: 0 };
    let issue = Added::Issue { number: 1, text: says.to_owned(), owner: says.to_owned(), due: "2026-12-24".to_owned() };
    let additions = [Afterword { seq: 1, at, by: Some(says.to_owned()), what: issue }];
    let record = Record { run, facts, integrity: &integrity, additions: &additions };
    html(&after_action(&record), &record, printed, page)
}

/// The name of an element, and its attributes.
type Element = (String, Vec<(String, String)>);

/// Reads a page as strictly as XML is read, and returns its elements and the text between them.
fn read(page: &str) -> (Vec<Element>, String) {
    let (mut elements, mut text) = (Vec::new(), String::new());
    let mut reader = quick_xml::Reader::from_str(page);
    let element = |of: &BytesStart<'_>| {
        let name = of.name().as_ref().to_owned();
        let attributes = of.attributes().map(|attribute| {
            let attribute = attribute.unwrap();
            let key = attribute.key.as_ref().to_owned();
            (key, attribute.value.to_string())
        });
        (name, attributes.collect())
    };
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{error} at {}", reader.buffer_position())) {
            Xml::Start(of) | Xml::Empty(of) => elements.push(element(&of)),
            Xml::Text(of) => text.push_str(&of),
            Xml::Eof => return (elements, text),
            _ => {}
        }
    }
}

/// Looks at everything that a page could do besides being read.
fn assert_harmless(page: &str) {
    const KNOWN: &str = "html head meta title style body header p h1 dl div dt dd strong span a em code nav ol li main section h2 \
                         figure figcaption svg line text path circle rect table caption thead tbody tr th td br time details summary pre h3 input button label select option script";
    let known: BTreeSet<&str> = KNOWN.split_whitespace().collect();
    let (elements, _) = read(page);
    let attribute = |wanted: &str| {
        let all = elements.iter().flat_map(|(_, attributes)| attributes);
        all.filter(|(key, _)| key == wanted).map(|(_, value)| value.clone()).collect::<Vec<_>>()
    };
    let places: BTreeSet<String> = attribute("id").into_iter().map(|id| format!("#{id}")).collect();
    for (name, attributes) in &elements {
        assert!(known.contains(name.as_str()), "<{name}>");
        for (key, value) in attributes {
            assert!(!key.starts_with("on") && key != "src" && key != "style", "<{name} {key}={value}>");
        }
    }
    // One script at most, which is the program's own, and which the policy knows by its digest.
    let scripts: Vec<&str> = page.split("<script>").skip(1).filter_map(|rest| rest.split("</script>").next()).collect();
    let allowed = page.contains(&format!("script-src {}", moments::digest()));
    assert_eq!(scripts, if allowed { vec![moments::SCRIPT] } else { Vec::new() });
    assert_eq!(elements.iter().filter(|(name, _)| name == "script").count(), scripts.len());
    assert_eq!(attribute("id").len(), places.len(), "two places have one name");
    for href in attribute("href") {
        assert!(places.contains(&href), "{href} leads nowhere");
    }
    assert!(page.contains("default-src 'none'"));
    let steers = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
    assert!(!page.chars().any(steers), "something steers");
}

#[test]
fn the_page_has_all_of_the_report_and_every_cite_leads_to_its_line() {
    let facts = facts();
    let run = run_of(&facts, None);
    let page = page_of(&facts, &run, "a finding", &printed("hello", 0));
    assert_harmless(&page);
    let (elements, text) = read(&page);
    let integrity = Integrity::default();
    let record = Record { run: &run, facts: &facts, integrity: &integrity, additions: &[] };
    let report = after_action(&record);
    for section in &report.sections {
        assert!(text.contains(section.title), "{}", section.title);
    }
    let cites = elements.iter().filter(|(name, of)| name == "a" && of.iter().any(|(_, value)| value.starts_with("#f")));
    assert!(cites.count() > 100);
    for seq in facts.iter().map(|fact| fact.seq) {
        assert!(page.contains(&format!("<tr id=\"f{seq}\">")), "{seq}");
    }
    assert!(
        page.contains("<strong>MET</strong>") && page.contains("class=\"chart\"") && page.contains("class=\"over\"")
    );
    assert_eq!(page, page_of(&facts, &run, "a finding", &printed("hello", 0)), "the same record, other bytes");
}

#[test]
fn nothing_of_a_forged_recording_is_markup() {
    let mut facts = facts();
    let mut forged = 0;
    for fact in &mut facts {
        match &mut fact.event {
            Event::MomentFixed { evidence, .. } => HOSTILE.clone_into(evidence),
            Event::AttemptStarted { command, .. } => HOSTILE.clone_into(command),
            _ => continue,
        }
        forged += 1;
    }
    assert!(forged > 20);
    let run = run_of(&facts, Some(HOSTILE));
    let page = page_of(&facts, &run, HOSTILE, &printed(HOSTILE, 99));
    assert_harmless(&page);
    assert!(page.contains("&lt;script&gt;alert(1)") && page.contains("99 bytes are left out here"));
    let came = [Arrivals { attempt: AttemptId::new("1.1"), stream: "stdout", sizes: vec![(0, 3), (u64::MAX, 7)] }];
    let watched = self::page(&facts, &run, HOSTILE, &printed(HOSTILE, 99), Page::Watched(&came));
    assert_harmless(&watched);
    assert!(watched.contains("&lt;script&gt;alert(1)"));
}

/// As a run that is open or was broken off has it.
#[test]
fn a_page_can_be_made_of_every_beginning_of_a_record() {
    let all = facts();
    for end in (0..=all.len()).step_by(7) {
        let facts = &all[..end];
        assert_harmless(&page_of(facts, &run_of(facts, None), "-", &[]));
        assert_harmless(&page(facts, &run_of(facts, None), "-", &[], Page::Watched(&[])));
    }
}

#[test]
fn of_a_long_log_the_cited_lines_are_there() {
    let mut facts = facts();
    let last = facts.last().unwrap().clone();
    let run = run_of(&facts, None);
    for seq in 1..=MOST_LINES as u64 {
        facts.push(Fact { seq: last.seq + seq, ..last.clone() });
    }
    let page = page_of(&facts, &run, "-", &[]);
    assert_harmless(&page);
    assert!(page.contains("these are the ones that are cited") && page.len() < 8_000_000, "{}", page.len());
}

#[test]
fn on_a_page_that_is_watched_everything_has_its_time() {
    let facts = facts();
    let run = run_of(&facts, None);
    let attempt = AttemptId::new("1.1");
    let from = facts[0].at.mono;
    let came =
        [Arrivals { attempt: attempt.clone(), stream: "stdout", sizes: vec![(from + 5_000, 4), (from + 7_000, 9)] }];
    let watched = page(&facts, &run, "-", &printed("abcä\u{7a}efgh", 0), Page::Watched(&came));
    assert_harmless(&watched);
    // A character that came in two pieces is seen with the second.
    assert!(watched.contains("<span data-at=\"5\">abc</span><span data-at=\"7\">äzefg</span>"), "{watched}");
    let (elements, _) = read(&watched);
    let of = |name: &str, key: &str| -> Vec<String> {
        let named = elements.iter().filter(|(element, _)| element == name);
        named
            .flat_map(|(_, attributes)| attributes)
            .filter(|(its, _)| its == key)
            .map(|(_, value)| value.clone())
            .collect()
    };
    let times: Vec<u64> = of("tr", "data-at").iter().map(|at| at.parse().unwrap()).collect();
    assert!(times.len() == facts.len() && times.is_sorted());
    let states = of("li", "data-states");
    assert_eq!(states.len(), run.plan.steps.len());
    assert!(
        states[8].starts_with("0|waiting;") && states[8].contains("|asks;") && states[8].ends_with("|done"),
        "{}",
        states[8]
    );
    assert_eq!(of("section", "data-length"), [times.last().unwrap().to_string()]);
    assert!(!moments::SCRIPT.contains(['<', '&']), "it could not be read as strictly as the rest of the page");
}
