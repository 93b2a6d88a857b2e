//! The list of runbooks and runs, its search, and what it learns behind its first frame.

use crate::support::{Screen, theme};
use chrono::DateTime;
use lifeboat::engine::Mode;
use lifeboat::kernel::Stamp;
use lifeboat::report::{Finding, Part};
use lifeboat::ui::{About, Entry, LastDrill, Learnt, Model, Msg, Output, PastRun, Watch};

const SIZES: [(u16, u16); 5] = [(80, 24), (120, 40), (200, 50), (60, 16), (20, 5)];

fn at(name: &str, columns: u16, rows: u16, screen: &Screen) {
    insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), screen.show());
}

fn entry(name: &str, problems: &[&str]) -> Entry {
    let strings = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    Entry {
        name: name.to_owned(),
        about: Some(About {
            title: name.replace('-', " "),
            scenario: "region-failure".to_owned(),
            service: "shop".to_owned(),
            rto: "30 min".to_owned(),
            rpo: "5 min".to_owned(),
            steps: 14,
            phases: vec![("Decide".to_owned(), 2), ("Fence and latch".to_owned(), 5), ("Promote".to_owned(), 7)],
            confirmations: strings(&[
                "3 times: 1 by y, 2 by a name that is typed, 1 with approvals",
                "5 fence-primary: y",
                "6 latch: type shop-latch",
                "9 promote-replica: type shop-db-west, approvals",
            ]),
            problems: strings(problems),
            text: "# Title\n\nWords of the runbook.\n".to_owned(),
            dry_run: strings(&[
                "DRY RUN of a REAL RUN: Region failure",
                "",
                "DECIDE",
                "  1 Look",
                "      look [observe]",
                "        | true",
            ]),
        }),
        drilled: Some(LastDrill::Met("2026-11-02, RTO MET 21:10 of 30:00, RPO MET".to_owned())),
    }
}

fn now() -> Stamp {
    Stamp { utc: DateTime::from_timestamp(1_795_342_800, 0).unwrap(), mono: 0 }
}

fn run(tail: &str, runbook: &str, waits: &str) -> PastRun {
    PastRun {
        run: format!("20261122T094800Z-{tail}"),
        folder: format!("/var/lib/lifeboat/runs/20261122T094800Z-{tail}"),
        runbook: runbook.to_owned(),
        mode: Mode::Real,
        by: "alice@example.com on bastion".to_owned(),
        last: now().utc - chrono::TimeDelta::minutes(12),
        standing: if waits.is_empty() { "recovered" } else { "not over; its engine is gone" }.to_owned(),
        waits: waits.to_owned(),
        clock: Some((now().utc - chrono::TimeDelta::minutes(24), 1800)),
    }
}

fn model() -> Model {
    let entries = vec![entry("region-failure", &[]), entry("corruption", &["line 7: `10 minutes` is not a duration"])];
    Model::picker(entries, &theme(), now())
}

fn screen(columns: u16, rows: u16) -> Screen {
    Screen::at(model(), columns, rows, now().utc)
}

fn with_runs(screen: Screen) -> Screen {
    screen.said(Msg::Learnt(Learnt::Runs {
        unfinished: vec![run("7f3k", "region-failure", "NEXT: 9 Promote the replica. It waits for you to confirm.")],
        ended: vec![run("aaaa", "corruption", ""), run("bbbb", "region-failure", "")],
        recordings: Vec::new(),
    }))
}

fn with_preflight(screen: Screen) -> Screen {
    screen.said(Msg::Learnt(Learnt::Preflight(vec![
        Finding::ok(Part::Terminal, "terminal", "xterm"),
        Finding::fail(Part::Signing, "key", "a real run would be UNSIGNED: no agent", "load a key"),
        Finding::ok(Part::Aws, "prod", "account 012345678901, pinned, as arn:aws:sts::012345678901:assumed-role/dr"),
        Finding::ok(Part::Tools, "on the path", "aws, psql"),
        Finding::warn(Part::Clock, "clock", "the machine says that no time server keeps it", "switch it on"),
        Finding::ok(Part::Log, "/var/lib/lifeboat/runs", "written; a line takes 0.4 ms to be on the disk"),
    ])))
}

#[test]
fn the_list_of_runbooks() {
    let unread = Model::picker(vec![Entry { name: "region-failure".to_owned(), ..Entry::default() }], &theme(), now());
    at("picker_unread", 80, 24, &Screen::at(unread, 80, 24, now().utc));
    for (columns, rows) in SIZES {
        at("picker", columns, rows, &screen(columns, rows).keys("down"));
        at("picker_text", columns, rows, &screen(columns, rows).keys("enter"));
        at("picker_dry_run", columns, rows, &screen(columns, rows).keys("n"));
        at("picker_whole", columns, rows, &with_preflight(with_runs(screen(columns, rows))));
        at("picker_run", columns, rows, &with_runs(screen(columns, rows)).keys("up"));
    }
}

#[test]
fn runs_come_in_above_and_below_and_the_selection_stays() {
    let screen = screen(80, 24).keys("down");
    assert!(screen.text().contains("▶ corruption"), "{}", screen.text());
    let screen = with_runs(screen);
    let text = screen.text();
    let line =
        |what: &str| text.lines().position(|line| line.contains(what)).unwrap_or_else(|| panic!("{what}: {text}"));
    assert!(line("↺ region-failure REAL 7f3k") < line("▶ corruption"), "{text}");
    assert!(line("▶ corruption") < line("corruption REAL aaaa"), "{text}");
    assert!(text.contains("1 run is not over"), "{text}");
}

#[test]
fn enter_goes_on_with_what_is_not_over_and_watches_what_is() {
    let mut screen = with_runs(screen(80, 24)).keys("up");
    let text = screen.text();
    assert!(text.contains("NEXT: 9 Promote the") && text.contains("24:00 of 30:00, GETTING LATE"), "{text}");
    screen.outputs.clear();
    let mut screen = screen.keys("d n enter");
    let folder = "/var/lib/lifeboat/runs/20261122T094800Z-7f3k".to_owned();
    assert_eq!(screen.outputs, [Output::Resume(folder)], "a run is no runbook: d and n mean nothing there");

    screen.outputs.clear();
    let mut screen = screen.keys("G enter");
    let folder = "/var/lib/lifeboat/runs/20261122T094800Z-bbbb".to_owned();
    assert_eq!(screen.outputs, [Output::Watch(Watch { folder: folder.clone(), seq: None })]);
    screen.outputs.clear();
    screen = screen.keys("r");
    assert_eq!(screen.outputs, [Output::Report(folder.clone())]);
    assert!(screen.text().contains("The log is being verified and read."), "{}", screen.text());
    let text = Ok("# Report\n\nRTO **MET**.\n".to_owned());
    screen = screen.said(Msg::Learnt(Learnt::Report { folder, text }));
    assert!(screen.text().contains("RTO MET."), "{}", screen.text());
    screen.outputs.clear();
    let screen = screen.keys("esc r");
    assert_eq!(screen.outputs, [], "what was made is shown again");
}

#[test]
fn a_few_letters_find_a_runbook_and_nothing_is_started_by_them() {
    let mut screen = with_runs(screen(80, 24)).keys("/").typed("dcorrq");
    assert!(screen.text().contains("Nothing here is called that."), "{}", screen.text());
    screen = screen.said(Msg::Paste(String::new())).press("^u").typed("corr");
    let text = screen.text();
    assert!(text.contains("▶ corruption") && !text.contains("region-failure REAL 7f3k"), "{text}");
    assert_eq!(screen.outputs, []);
    at("picker_find", 80, 24, &screen);
    screen = screen.keys("enter");
    assert!(screen.text().contains("only what has `corr` in it"), "{}", screen.text());
    screen = screen.keys("esc");
    assert!(screen.text().contains("↺ region-failure"), "{}", screen.text());
    assert_eq!(screen.keys("d").outputs, [Output::Drill("corruption".to_owned())]);
}

#[test]
fn two_runs_are_marked_one_after_the_other_and_compared() {
    let folder = |tail: &str| format!("/var/lib/lifeboat/runs/20261122T094800Z-{tail}");
    let mut screen = with_runs(screen(80, 24)).keys("down down c");
    let text = screen.text();
    assert!(text.contains("A corruption REAL aaaa") || text.contains("▶ corruption REAL aaaa"), "{text}");
    assert!(text.contains("Run aaaa is A: choose the run to compare it with"), "{text}");
    assert_eq!(screen.outputs, []);
    screen = screen.keys("down");
    let text = screen.text();
    assert!(text.contains("A corruption REAL aaaa") && text.contains("c compares A with run bbbb"), "{text}");
    at("picker_marked", 80, 24, &screen);
    screen = screen.keys("c");
    assert_eq!(screen.outputs, [Output::Compare(folder("aaaa"), folder("bbbb"))]);
    screen.outputs.clear();
    // Pressed twice on one run, and where no run that is over is selected, nothing is compared.
    let screen = screen.keys("c c g c down c");
    assert_eq!(screen.outputs, []);
}

#[test]
fn recordings_stand_below_and_are_watched() {
    let recorded = PastRun { folder: "recordings/az-failure".to_owned(), ..run("cccc", "az-failure", "") };
    let learnt = Learnt::Runs { unfinished: Vec::new(), ended: Vec::new(), recordings: vec![recorded] };
    let screen = screen(80, 24).said(Msg::Learnt(learnt)).keys("G");
    let text = screen.text();
    assert!(text.contains("Recordings") && text.contains("▶ az-failure REAL cccc"), "{text}");
    let screen = screen.keys("enter");
    assert_eq!(screen.outputs, [Output::Watch(Watch { folder: "recordings/az-failure".to_owned(), seq: None })]);
}
