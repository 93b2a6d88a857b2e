//! Injects that are due, expectations that are judged, and the page that joins both logs.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::*;
use crate::engine::{
    Began, Disclosure, Event, Exercise, Facilitation, Fact, Fate, Fired, HowFired, Mark, Mode, Opened, Run, evolve,
};
use crate::kernel::{RunId, Stamp, sha256_hex};
use crate::report::{Added, Afterword, Integrity, Record, markdown};
use crate::runbook::injects::{Expectation, Inject, Trigger, When};
use crate::runbook::parse;

fn utc(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
}

fn stamp(second: i64) -> Stamp {
    Stamp { utc: utc(second), mono: u64::try_from(second * 1_000_000).unwrap() }
}

fn inject(name: &str, when: When, expects: Vec<Expectation>) -> Inject {
    Inject { name: name.into(), when, does: None, sees: Some("Look.".into()), expects }
}

fn expected(within_s: Option<u64>, met_by: Option<Trigger>) -> Expectation {
    Expectation { what: "they act".into(), within_ms: within_s.map(|within| within * 1000), met_by }
}

/// A run, its facts, and the facilitator's log of it.
struct Exercised {
    run: Run,
    facts: Vec<Fact>,
    own: Vec<Fact>,
    disclosures: Vec<Disclosure>,
}

impl Exercised {
    fn new(injects: &[Inject], speed: u32) -> Self {
        let text = "---\ntitle: Fail over\nscenario: region-failure\n---\n# Fail over\n\n## Fence the old side\n\n### Fence\n\nDo it.\n\n## Promote it\n\n### Promote\n\nDo it.\n";
        let plan = Arc::new(parse("a.md", text.as_bytes()).plan.unwrap());
        let disclosures: Vec<_> = injects
            .iter()
            .zip(1..)
            .map(|(inject, number)| Disclosure {
                inject: number,
                salt: format!("salt{number}"),
                text: inject.canonical(),
            })
            .collect();
        let mut exercised = Self { run: Run::new(plan), facts: Vec::new(), own: Vec::new(), disclosures };
        let opened = Opened {
            v: "lifeboat-log/1".into(),
            run: RunId::new("r1"),
            mode: Mode::Drill,
            by: "alice".into(),
            session: String::new(),
            host: "h".into(),
            boot: "b".into(),
            pid: 1,
            tool: "t".into(),
            runbook: "a.md".into(),
            runbook_sha256: sha256_hex(b""),
            account: "0".into(),
            arn: String::new(),
            region: String::new(),
            rto_s: 0,
            rpo_s: 0,
            seed: None,
            speed,
            clock: crate::kernel::ClockSync::Unknown,
            prev_run: None,
            prev_sha512: None,
            began: Began::default(),
        };
        exercised.fact(0, Event::Open(Box::new(opened)));
        let injects = exercised.disclosures.iter().map(Disclosure::commitment).collect();
        exercised.fact(0, Event::Exercise(Exercise::Committed { injects }));
        let prepared = Facilitation::Prepared {
            run: RunId::new("r1"),
            runbook_sha256: sha256_hex(b""),
            list: "a.toml".into(),
            title: "Surprises".into(),
            injects: exercised.disclosures.clone(),
            broken: None,
        };
        exercised.own(0, prepared);
        exercised
    }

    fn fact(&mut self, second: i64, event: Event) {
        let seq = self.facts.len() as u64;
        let fact = Fact { seq, at: stamp(second), event };
        evolve(&mut self.run, &fact).unwrap();
        self.facts.push(fact);
    }

    fn own(&mut self, second: i64, what: Facilitation) {
        let seq = self.own.len() as u64;
        self.own.push(Fact { seq, at: stamp(second), event: Event::Facilitation(Box::new(what)) });
    }

    fn fired(&mut self, second: i64, inject: u32) {
        let after_seq = self.facts.last().unwrap().seq;
        self.own(second, Facilitation::Fired(Fired { inject, how: HowFired::Time, after_seq, by: "eve".into() }));
    }

    fn begin(&mut self, second: i64, step: &str) {
        self.fact(second, Event::StepStarted { step: step.into() });
    }

    fn done(&mut self, second: i64, step: &str) {
        let (how, by) = ("read".to_owned(), "alice".to_owned());
        self.fact(second, Event::StepDone { step: step.into(), how, note: None, by });
    }

    fn end(&mut self, second: i64) {
        let (how, by) = ("finished".to_owned(), "alice".to_owned());
        self.fact(second, Event::Ended { how, reason: None, by, machine_ms: 0, people_ms: 0, idle_ms: 0 });
    }

    fn board(&self) -> Board {
        Board::of(&self.own).unwrap()
    }

    fn due(&self, second: i64) -> Vec<(u32, HowFired)> {
        let due = due(&self.board(), &self.run, &self.facts, stamp(second));
        due.into_iter().map(|due| (due.inject, due.how)).collect()
    }

    fn judged(&self, inject: u32) -> Judged {
        let board = self.board();
        let item = board.item(inject).unwrap();
        judge(item, 1, &item.inject.expects[0], &self.run, &self.facts)
    }

    fn wash(&self, additions: &[Afterword]) -> String {
        let (board, sound) = (self.board(), Integrity { verdict: "SEALED".into(), ..Integrity::default() });
        let record = Record { run: &self.run, facts: &self.facts, integrity: &sound, additions };
        let washed = Washed { record: &record, facilitator: Some((&self.own, &board, &sound)) };
        markdown(&hot_wash(&washed))
    }
}

#[test]
fn injects_are_due_at_their_time_and_by_what_happens() {
    let list = [
        inject("at a time", When::After(120_000), Vec::new()),
        inject("on a step", When::On(Trigger::StepBegun("promote".into())), Vec::new()),
        inject("on a phase", When::On(Trigger::Phase("promote-it".into())), Vec::new()),
        inject("by hand", When::ByHand, Vec::new()),
    ];
    let mut it = Exercised::new(&list, 1);
    assert_eq!(it.due(119), []);
    assert_eq!(it.due(120), [(1, HowFired::Time)]);
    it.fired(120, 1);
    assert_eq!(it.due(500), [], "none comes twice");
    it.begin(130, "fence");
    it.done(131, "fence");
    assert_eq!(it.due(500), []);
    it.begin(132, "promote");
    assert_eq!(it.due(132), [(2, HowFired::Trigger), (3, HowFired::Trigger)]);
    it.end(140);
    assert_eq!(it.due(600), [], "nothing comes once the run is over");
}

#[test]
fn times_are_those_of_the_estate_and_a_pause_puts_them_off() {
    let list = [inject("later", When::After(600_000), Vec::new())];
    let mut it = Exercised::new(&list, 10);
    assert_eq!(it.due(59), []);
    assert_eq!(it.due(60), [(1, HowFired::Time)], "ten minutes at speed 10");
    it.fact(50, Event::Exercise(Exercise::Paused { why: "smoke".into(), by: "eve".into() }));
    assert_eq!(it.due(600), [], "nothing comes in a pause");
    it.fact(650, Event::Exercise(Exercise::WentOn { by: "eve".into() }));
    assert_eq!(it.due(659), []);
    assert_eq!(it.due(660), [(1, HowFired::Time)]);
    it.own(655, Facilitation::Closed { by: "eve".into() });
    assert_eq!(it.due(700), [], "the exercise was ended");
}

#[test]
fn what_was_expected_is_met_late_missed_or_not_seen() {
    let settled = || Some(Trigger::StepSettled("promote".into()));
    let list = [inject("a", When::ByHand, vec![expected(Some(60), settled())])];
    let begun = |fired: i64| {
        let mut it = Exercised::new(&list, 1);
        it.begin(1, "fence");
        it.done(2, "fence");
        it.begin(3, "promote");
        it.fired(fired, 1);
        it
    };
    let mut met = begun(10);
    assert_eq!(met.judged(1).mark, None, "still open");
    met.done(70, "promote");
    let promoted = met.facts.last().unwrap().seq;
    assert_eq!(
        met.judged(1),
        Judged { mark: Some(Mark::Met), took: Some(Duration::from_secs(60)), by: By::Fact(promoted) }
    );
    let mut late = begun(10);
    late.done(71, "promote");
    assert_eq!(late.judged(1).mark, Some(Mark::Late));
    let mut missed = begun(10);
    missed.end(500);
    assert_eq!(missed.judged(1).mark, Some(Mark::Missed));
    // What was done before the inject came was not done because of it.
    let mut before = begun(10);
    before.own.pop();
    before.done(20, "promote");
    before.fired(30, 1);
    assert_eq!(before.judged(1).mark, None);
    // The facilitator's word goes first, and the facts still say when.
    let mut seen = begun(10);
    seen.done(40, "promote");
    let (note, by) = (Some("only when asked".to_owned()), "eve".to_owned());
    seen.own(50, Facilitation::Observed { inject: 1, expectation: 1, mark: Mark::Late, note, by });
    let judged = seen.judged(1);
    assert_eq!((judged.mark, judged.took), (Some(Mark::Late), Some(Duration::from_secs(30))));
    assert!(matches!(judged.by, By::Facilitator(_)));

    // Marked once the run was over, nobody knows when it was.
    let list = [inject("a", When::ByHand, vec![expected(None, None)])];
    let mut later = Exercised::new(&list, 1);
    later.fired(5, 1);
    later.end(9);
    later.own(90, Facilitation::Observed { inject: 1, expectation: 1, mark: Mark::Met, note: None, by: "eve".into() });
    assert_eq!((later.judged(1).mark, later.judged(1).took), (Some(Mark::Met), None));
    let mut nobody = Exercised::new(&list, 1);
    nobody.fired(5, 1);
    nobody.end(9);
    assert_eq!(nobody.judged(1).mark, Some(Mark::NotSeen));
}

#[test]
fn a_note_that_only_says_what_was_seen_answers_nothing() {
    let written = || Some(Trigger::Fact("note-added".into()));
    let mut it = Exercised::new(&[inject("a call", When::ByHand, vec![expected(Some(60), written())])], 1);
    it.fired(5, 1);
    let note = |text: &str| Event::NoteAdded { text: text.into(), occurred_at: None, by: "alice".into() };
    it.fact(6, note("seen: TOLD by eve: Support asks."));
    assert_eq!(it.judged(1).mark, None);
    it.fact(20, note("told support that we leave the region"));
    assert_eq!((it.judged(1).mark, it.judged(1).took), (Some(Mark::Met), Some(Duration::from_secs(15))));
}

fn disclosed(injects: Vec<Disclosure>) -> Afterword {
    let what = Added::Disclosed { injects, log_sha512: "00".into() };
    Afterword { seq: 1, at: stamp(0), by: Some("eve".into()), what }
}

#[test]
fn the_page_joins_both_logs() {
    let settled = Some(Trigger::StepSettled("promote".into()));
    let list = [
        inject("the CEO calls", When::After(5_000), vec![expected(Some(60), settled), expected(None, None)]),
        inject("never", When::ByHand, Vec::new()),
    ];
    let mut it = Exercised::new(&list, 1);
    it.begin(1, "fence");
    it.done(2, "fence");
    it.begin(3, "promote");
    it.fired(5, 1);
    it.fact(5, Event::Exercise(Exercise::Announced { inject: Some(1), text: "Look.".into(), by: "eve".into() }));
    it.done(45, "promote");
    let (note, by) = (Some("calm | clear".to_owned()), "eve".to_owned());
    it.own(50, Facilitation::Observed { inject: 1, expectation: 2, mark: Mark::Met, note, by: by.clone() });
    it.own(51, Facilitation::Noted { text: "nobody wrote down who decides".into(), by: by.clone() });
    it.own(52, Facilitation::Scored { area: "communication".into(), points: 4, note: None, by: by.clone() });
    it.end(60);
    it.own(61, Facilitation::Closed { by });
    let issue = Added::Issue { number: 1, text: "name a scribe".into(), owner: "bob".into(), due: "2027-02-01".into() };
    let additions =
        [disclosed(it.disclosures.clone()), Afterword { seq: 3, at: stamp(99), by: Some("bob".into()), what: issue }];
    insta::assert_snapshot!(it.wash(&additions));
}

/// Every link of the page leads somewhere on it, and every place has one name.
fn leads_somewhere(page: &str) {
    let attribute = |name: &str| -> Vec<String> {
        let begins = format!(" {name}=\"");
        let parts = page.split(&begins).skip(1);
        parts.map(|rest| rest.split('"').next().unwrap_or_default().to_owned()).collect()
    };
    let places = attribute("id");
    let names: std::collections::BTreeSet<_> = places.iter().collect();
    assert_eq!(names.len(), places.len(), "two places have one name");
    for href in attribute("href") {
        assert!(href.strip_prefix('#').is_some_and(|at| names.contains(&at.to_owned())), "{href} leads nowhere");
    }
}

#[test]
fn as_a_page_it_has_both_logs_and_every_cite_leads_there() {
    let mut it = blind("region-failure", "az-failure");
    it.fired(45, 1);
    let (text, by) = ("<b>nobody</b> wrote `down <i>` who decides".to_owned(), "eve".to_owned());
    it.own(50, Facilitation::Noted { text, by: by.clone() });
    it.own(52, Facilitation::Scored { area: "calm".into(), points: 4, note: None, by });
    it.end(60);
    let (board, sound) = (it.board(), Integrity { verdict: "SEALED".into(), ..Integrity::default() });
    let said = Afterword { seq: 1, at: stamp(70), by: None, what: Added::Unblinded(broken("region-failure")) };
    let issue = Added::Issue { number: 1, text: "name a scribe".into(), owner: "bob".into(), due: "2027-02-01".into() };
    let issue = Afterword { seq: 3, at: stamp(99), by: Some("bob".into()), what: issue };
    let additions = [said, issue];
    let record = Record { run: &it.run, facts: &it.facts, integrity: &sound, additions: &additions };
    let washed = Washed { record: &record, facilitator: Some((&it.own, &board, &sound)) };
    let page = crate::report::html(&hot_wash(&washed), &record, &[], crate::report::Page::Washed(&it.own));
    leads_somewhere(&page);
    assert!(page.contains("<p class=\"kicker\">Hot wash</p>") && page.contains("id=\"g1\""), "{page}");
    assert!(page.contains("&lt;b&gt;nobody&lt;/b&gt;") && !page.contains("<b>nobody"), "{page}");
    assert!(page.contains("wrote <code>down &lt;i&gt;</code> who"), "{page}");
    assert!(page.contains("<code>lifeboat log add RUN issue TEXT --owner WHO --due DATE</code>"), "{page}");
    // The log itself is shown as it is.
    assert!(page.contains("wrote `down &lt;i&gt;` who"), "{page}");
    assert!(page.contains("<dt>the facilitator&#39;s log</dt>"), "{page}");
    // Without the facilitator's log, what it says is named and leads nowhere.
    let alone = crate::report::html(&hot_wash(&washed), &record, &[], crate::report::Page::Read);
    leads_somewhere(&alone);
    assert!(alone.contains("<span class=\"cite\">facilitator "), "{alone}");
}

#[test]
fn the_page_says_first_what_was_changed() {
    let list = [inject("a", When::ByHand, Vec::new()), inject("b", When::ByHand, Vec::new())];
    let it = Exercised::new(&list, 1);
    let mut changed = it.disclosures.clone();
    changed[1].text = changed[1].text.replace("Look.", "Look away.");
    let page = it.wash(&[disclosed(changed)]);
    assert!(page.contains("> **Inject 2: DISPUTED"), "{page}");
    let sound = Integrity::default();
    let additions = [disclosed(vec![it.disclosures[0].clone()])];
    let record = Record { run: &it.run, facts: &it.facts, integrity: &sound, additions: &additions };
    let alone = Washed { record: &record, facilitator: None };
    assert_eq!(alone.fates().into_iter().collect::<Vec<_>>(), [(1, Fate::Kept), (2, Fate::Hidden)]);
    let page = markdown(&hot_wash(&alone));
    assert!(page.contains("not at hand") && page.contains("NOT DISCLOSED"), "{page}");
}

#[test]
fn another_log_is_no_facilitators() {
    let it = Exercised::new(&[], 1);
    assert!(Board::of(&it.facts).unwrap_err().contains("no facilitator's log"));
}

fn broken(scenario: &str) -> Disclosure {
    crate::engine::Broken { scenario: scenario.into(), faults: Vec::new() }.hidden("salt".into())
}

/// A run of the runbook for a lost region, whose onset was at 0, in a drill that hides `scenario`; an attempt with another
/// runbook came before.
fn blind(scenario: &str, before: &str) -> Exercised {
    let list = [inject("at once", When::After(0), Vec::new()), inject("by hand", When::ByHand, Vec::new())];
    let mut it = Exercised::new(&list, 1);
    it.fact(
        40,
        Event::MomentFixed {
            moment: crate::runbook::Moment::Onset,
            occurred_at: utc(0),
            by: "alice".into(),
            evidence: "the monitoring".into(),
        },
    );
    let abandoned = crate::engine::Abandoned {
        run: RunId::new("r0"),
        runbook: format!("embedded:{before}"),
        scenario: before.into(),
        chosen_at: utc(10),
        left_at: utc(35),
    };
    let chosen = crate::engine::Blind {
        sha256: broken(scenario).digest(),
        shown_at: utc(5),
        chosen_at: utc(40),
        before: vec![abandoned],
    };
    it.fact(40, Event::Exercise(Exercise::Blind(Box::new(chosen))));
    let prepared = it.own.remove(0);
    let Event::Facilitation(mut what) = prepared.event else { panic!("it is prepared") };
    if let Facilitation::Prepared { broken: hidden, .. } = what.as_mut() {
        *hidden = Some(broken(scenario));
    }
    it.own.insert(0, Fact { event: Event::Facilitation(what), ..prepared });
    it
}

#[test]
fn whether_the_team_chose_right_is_said_once_it_is_disclosed() {
    let it = blind("region-failure", "az-failure");
    let words = |disclosed: &[Disclosure]| diagnosis(&it.run, disclosed).unwrap().words();
    assert_eq!(
        words(&[]),
        "this runbook 0:40 after the onset, after az-failure (0:25 in it); whether it is the right one is said when the \
         drill is over"
    );
    assert_eq!(
        words(&[broken("region-failure")]),
        "the right runbook 0:40 after the onset, after az-failure (WRONG, 0:25 in it); broken was region-failure"
    );
    // What is disclosed has to be what was promised.
    let changed = diagnosis(&it.run, &[broken("az-failure")]).unwrap();
    assert_eq!((changed.fate, changed.broken.as_ref()), (Fate::Changed, None));
    assert!(changed.words().contains("CHANGED: it is not what the digest"), "{}", changed.words());
    let told = Exercised::new(&[], 1);
    assert_eq!(diagnosis(&told.run, &[]), None, "a team that was told what is broken diagnosed nothing");
}

#[test]
fn a_wrong_choice_is_said_and_so_is_a_right_one_that_was_left() {
    let of =
        |scenario: &str, before: &str| diagnosis(&blind(scenario, before).run, &[broken(scenario)]).unwrap().words();
    assert_eq!(
        of("data-corruption", "az-failure"),
        "the WRONG runbook: a, after az-failure (WRONG, 0:25 in it), 0:40 after the onset; broken was data-corruption"
    );
    assert_eq!(
        of("az-failure", "az-failure"),
        "the right runbook 0:10 after the onset, and LEFT IT AGAIN: az-failure (right, 0:25 in it); broken was az-failure"
    );
}

#[test]
fn nothing_comes_by_itself_where_the_team_is_in_a_wrong_runbook() {
    assert_eq!(blind("region-failure", "az-failure").due(60), [(1, HowFired::Time)]);
    assert_eq!(blind("data-corruption", "az-failure").due(60), []);
}

#[test]
fn the_page_says_how_the_team_found_the_runbook() {
    let mut it = blind("region-failure", "az-failure");
    it.end(60);
    let page = it.wash(&[]);
    for words in [
        "| az-failure | ",
        "| 0:10 | 0:25 | WRONG |",
        "| a | ",
        "| 0:40 | this run | right |",
        "| diagnosis | the right runbook 0:40 after the onset, after az-failure (WRONG, 0:25 in it); broken was region-failure |",
    ] {
        assert!(page.contains(words), "`{words}` is not in {page}");
    }
    // Whoever hid it says it beside the run's log, too: two different words are a dispute.
    let other = Afterword { seq: 1, at: stamp(70), by: None, what: Added::Unblinded(broken("az-failure")) };
    assert!(it.wash(&[other]).contains("DISPUTED"));
}
