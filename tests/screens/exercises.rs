//! A drill with a facilitator: their screen, and what the team sees of them.

use chrono::{DateTime, Utc};
use lifeboat::engine::{Blind, Broken, Disclosure, Event, Exercise, Facilitation, Fact, Fired, HowFired, Mark, Mode};
use lifeboat::kernel::{RunId, Stamp, sha256_hex};
use lifeboat::report::Board;
use lifeboat::runbook::injects::{Expectation, Inject, Trigger, When};
use lifeboat::ui::{Model, Msg, Order, Output, Unwritten};

use crate::support::{Screen, plan, screen, theme};

const SIZES: [(u16, u16); 4] = [(80, 24), (100, 30), (60, 16), (20, 5)];

fn start() -> Stamp {
    Stamp { utc: DateTime::parse_from_rfc3339("2026-11-22T10:20:00Z").unwrap().with_timezone(&Utc), mono: 0 }
}

fn injects() -> Vec<Disclosure> {
    let expects = |what: &str, within_ms, met_by| Expectation { what: what.to_owned(), within_ms, met_by };
    let settled = Some(Trigger::StepSettled("check".to_owned()));
    let list = [
        Inject {
            name: "the CEO calls".to_owned(),
            when: When::After(60_000),
            does: None,
            sees: Some("The CEO asks when it is over.".to_owned()),
            expects: vec![
                expects("Somebody else answers", Some(300_000), settled),
                expects("Nobody promises a time", None, None),
            ],
        },
        Inject {
            name: "the interfaces are slow".to_owned(),
            when: When::On(Trigger::StepBegun("promote".to_owned())),
            does: Some("slow-api".to_owned()),
            sees: None,
            expects: Vec::new(),
        },
        Inject {
            name: "the approver is away".to_owned(),
            when: When::ByHand,
            does: None,
            sees: Some("Bob can't be reached.".to_owned()),
            expects: Vec::new(),
        },
    ];
    let of =
        |(inject, number): (&Inject, u32)| Disclosure { inject: number, salt: "s".into(), text: inject.canonical() };
    list.iter().zip(1..).map(of).collect()
}

/// The facilitator's log, with what happened in it.
fn board(broken: Option<&Broken>, happened: Vec<Facilitation>) -> Board {
    let prepared = Facilitation::Prepared {
        run: RunId::new("20261122T102000Z-7f3k"),
        runbook_sha256: sha256_hex(b""),
        list: "region-failure.injects.toml".into(),
        title: "Two surprises".into(),
        injects: injects(),
        broken: broken.map(|broken| broken.hidden("s".into())),
    };
    let all = std::iter::once(prepared).chain(happened).zip(0..);
    let fact = |(what, seq): (Facilitation, u64)| Fact { seq, at: start(), event: Event::Facilitation(Box::new(what)) };
    Board::of(&all.map(fact).collect::<Vec<_>>()).unwrap()
}

fn fired() -> Facilitation {
    Facilitation::Fired(Fired { inject: 1, how: HowFired::Time, after_seq: 2, by: "eve".into() })
}

fn committed() -> Event {
    let injects = injects().iter().map(Disclosure::commitment).collect();
    Event::Exercise(Exercise::Committed { injects })
}

fn announced() -> Event {
    let text = "The CEO asks when it is over.".to_owned();
    Event::Exercise(Exercise::Announced { inject: Some(1), text, by: "eve".into() })
}

fn paused() -> Event {
    Event::Exercise(Exercise::Paused { why: "the wrong account is on the screen".into(), by: "eve".into() })
}

fn desk(columns: u16, rows: u16, board: Board) -> Screen {
    let model = Model::facilitator(std::sync::Arc::new(plan()), "/runs/7f3k", &theme(), start());
    Screen::of(model, columns, rows).opened(Mode::Drill).onset().fact(committed()).said(Msg::Board(Box::new(board)))
}

#[test]
fn the_facilitators_screen() {
    for (columns, rows) in SIZES {
        let open = desk(columns, rows, board(None, Vec::new())).wait(20);
        insta::assert_snapshot!(format!("facilitator_{columns}x{rows}"), open.show());
    }
    let came = desk(80, 24, board(None, vec![fired()])).fact(announced()).wait(90).fact(paused()).wait(15);
    insta::assert_snapshot!("facilitator_paused_80x24", came.keys("down").show());
    let asked = desk(80, 24, board(None, Vec::new())).keys("down down i");
    insta::assert_snapshot!("facilitator_asked_80x24", asked.show());
    insta::assert_snapshot!(
        "facilitator_typing_80x24",
        desk(80, 24, board(None, Vec::new())).keys("t").typed("Look").show()
    );
    insta::assert_snapshot!("facilitator_help_80x24", desk(80, 24, board(None, vec![fired()])).keys("?").show());
}

#[test]
fn keys_of_the_facilitator_become_orders() {
    let orders = |screen: Screen| -> Vec<Order> {
        let of = |output| if let Output::Order(order) = output { Some(order) } else { None };
        screen.outputs.into_iter().filter_map(of).collect()
    };
    let open = || desk(80, 24, board(None, vec![fired()])).fact(announced());
    assert_eq!(orders(open().keys("i")), [], "it came already");
    assert_eq!(orders(open().keys("down down down i n")), []);
    assert_eq!(orders(open().keys("down down down i y")), [Order::Fire(2)]);
    let note = Some("they hung up".to_owned());
    let late = Order::Mark { inject: 1, expectation: 2, mark: Mark::Late, note };
    assert_eq!(orders(open().keys("down down l").typed("they hung up").keys("enter")), [late]);
    assert_eq!(orders(open().keys("p").typed("smoke").keys("enter")), [Order::Pause("smoke".to_owned())]);
    assert_eq!(orders(open().fact(paused()).keys("c")), [Order::GoOn]);
    assert_eq!(orders(open().keys("E y")), [Order::Close]);
    assert_eq!(orders(open().keys("q")), [Order::Leave]);
}

#[test]
fn a_facilitator_of_a_blind_drill_sees_whether_the_team_is_right() {
    let chosen = |seconds: i64| Blind {
        sha256: sha256_hex(b""),
        shown_at: start().utc,
        chosen_at: start().utc + chrono::TimeDelta::seconds(seconds),
        before: Vec::new(),
    };
    let of = |scenario: &str| {
        let broken = Broken { scenario: scenario.into(), faults: Vec::new() };
        let sha256 = broken.hidden("s".into()).digest();
        let blind = Event::Exercise(Exercise::Blind(Box::new(Blind { sha256, ..chosen(30) })));
        desk(80, 24, board(Some(&broken), Vec::new())).fact(blind).wait(20)
    };
    insta::assert_snapshot!("facilitator_blind_right_80x24", of("region-failure").show());
    let wrong = of("az-failure");
    assert!(wrong.text().contains("BLIND, the team chose the WRONG runbook"), "{}", wrong.text());
    let (how, by) = ("stopped".to_owned(), "alice".to_owned());
    let ended = Event::Ended { how, reason: None, by, machine_ms: 0, people_ms: 0, idle_ms: 0 };
    insta::assert_snapshot!("facilitator_blind_left_80x24", wrong.fact(ended).show());
}

/// What the team sees.
#[test]
fn a_pause_and_what_is_told_stand_on_every_screen_of_the_team() {
    let told = || screen(80, 24).fact(committed()).checking().fact(announced());
    insta::assert_snapshot!("operator_told_80x24", told().show());
    insta::assert_snapshot!("operator_paused_80x24", told().fact(paused()).wait(15).show());
    for (columns, rows) in [(100, 30), (60, 16), (20, 5)] {
        let paused = screen(columns, rows).fact(committed()).checking().fact(paused()).wait(15);
        insta::assert_snapshot!(format!("operator_paused_{columns}x{rows}"), paused.show());
    }
    // Help, palette and the whole output do not cover it.
    for keys in ["?", ":", "z"] {
        let text = told().fact(paused()).keys(keys).text();
        assert!(text.contains("EXERCISE PAUSED"), "{keys}: {text}");
    }
    // What is long is seen whole where there is room.
    let text =
        "Whoever you had in mind as approver does not answer. You have tried twice, and so has the incident commander.";
    let long = Event::Exercise(Exercise::Announced { inject: Some(1), text: text.to_owned(), by: "eve".to_owned() });
    let at = |columns, rows| screen(columns, rows).fact(committed()).checking().fact(long.clone()).text();
    assert!(at(80, 24).contains("so has the incident"), "{}", at(80, 24));
    assert!(!at(60, 16).contains("so has the incident") && at(60, 16).contains('…'), "{}", at(60, 16));
    let mut gone_on = told().fact(paused());
    gone_on.outputs.clear();
    assert_eq!(gone_on.keys("P").intents(), [lifeboat::engine::Intent::EndPause]);
}

#[test]
fn a_log_that_can_not_be_written_stands_on_the_facilitators_screen_until_it_can() {
    let why = "No space left on device (os error 28)";
    let lost = |kept| Msg::Unwritten(Some(Unwritten { why: why.to_owned(), kept }));
    let screen = desk(80, 24, board(None, vec![fired()])).said(lost(2));
    insta::assert_snapshot!("facilitator_unwritten_80x24", screen.show());
    let screen = screen.keys("down up");
    assert!(screen.text().contains("YOUR LOG CAN'T BE WRITTEN: No space left"), "{}", screen.text());
    let screen = screen.said(Msg::Unwritten(None));
    assert!(!screen.text().contains("CAN'T BE WRITTEN"), "{}", screen.text());
}
