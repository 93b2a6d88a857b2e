//! Values that a step asks for: the question, what is taken for what, the second reader.

use std::sync::Arc;

use chrono::FixedOffset;
use lifeboat::engine::{Event, InputSource, Intent, Mode};
use lifeboat::kernel::Stamp;
use lifeboat::runbook::{Evidence, InputDecl, InputType, Plan, Readers, Step};
use lifeboat::ui::Model;

use crate::support::{Screen, plan, theme};

const T: &str = "2026-11-22T03:14:00Z";

fn asking() -> Plan {
    let mut plan = plan();
    let t_bad = InputDecl {
        description: "First bad write".to_owned(),
        default: Some("${LIFEBOAT_ONSET}".to_owned()),
        readers: Readers::Two,
        ..InputDecl::plain("T_BAD", InputType::Time)
    };
    let choices = InputType::Choice(vec!["at-once".to_owned(), "five-minutes".to_owned()]);
    let candidate = InputDecl { description: "Which candidate".to_owned(), ..InputDecl::plain("CANDIDATE", choices) };
    let first = plan.steps.first_mut().unwrap();
    let body = "Read it from the deploy log and from the application's log.\n".to_owned();
    *first = Step {
        ask: vec!["T_BAD".to_owned(), "CANDIDATE".to_owned()],
        manual: Some(Evidence::Welcome),
        body,
        ..Step::plain("find".into(), "Find the first bad write", 1)
    };
    plan.meta.inputs = vec![t_bad, candidate];
    plan
}

fn asked(mode: Mode, columns: u16, rows: u16) -> Screen {
    let probe = Screen::new(columns, rows, &theme());
    let now: Stamp = probe.stamp();
    let model = Model::run(Arc::new(asking()), "/var/lib/lifeboat/runs/x", &theme(), now);
    let model = model.in_local_time(FixedOffset::east_opt(3600).unwrap());
    let mut screen = Screen::of(model, columns, rows).opened(mode).onset().wait(1);
    screen.outputs.clear();
    screen
}

fn first_read(screen: Screen) -> Screen {
    screen.fact(Event::StepStarted { step: "find".into() }).fact(Event::FirstRead {
        name: "T_BAD".to_owned(),
        value: T.to_owned(),
        by: "alice".to_owned(),
    })
}

fn entered(screen: Screen) -> Screen {
    screen.fact(Event::StepStarted { step: "find".into() }).fact(Event::InputSet {
        name: "T_BAD".to_owned(),
        value: T.to_owned(),
        source: InputSource::Operator,
        by: Some("alice".to_owned()),
    })
}

fn set(value: &str) -> Intent {
    Intent::SetInput { name: "T_BAD".to_owned(), value: value.to_owned() }
}

#[test]
fn the_question_at_every_size() {
    for (columns, rows) in [(80, 24), (120, 40), (60, 16)] {
        let screen = asked(Mode::Real, columns, rows).keys("e ^u").typed("2026-11-22T04:14:00+01:00");
        insta::assert_snapshot!(format!("value_{columns}x{rows}"), screen.show());
        let screen = first_read(asked(Mode::Real, columns, rows));
        insta::assert_snapshot!(format!("value_first_read_{columns}x{rows}"), screen.show());
    }
}

#[test]
fn the_proposal_is_there_and_enter_takes_it() {
    let mut screen = asked(Mode::Drill, 80, 24).keys("e");
    assert!(screen.text().contains("> 2026-11-22T10:18:00Z"), "the onset: {}", screen.text());
    assert!(screen.text().contains("here 2026-11-22 11:18:00 +01:00"), "{}", screen.text());
    screen = screen.keys("enter");
    assert_eq!(screen.intents(), [set("2026-11-22T10:18:00Z")]);
}

#[test]
fn what_is_no_time_stays_in_the_question() {
    let mut screen = asked(Mode::Drill, 80, 24).keys("e ^u").typed("2026-11-22 03:14").keys("enter");
    assert_eq!(screen.intents(), []);
    assert!(screen.text().contains("no zone"), "{}", screen.text());
    let mut screen = asked(Mode::Drill, 80, 24).keys("e ^u").typed("-20m").keys("enter");
    assert!(
        matches!(screen.intents().as_slice(), [Intent::SetInput { value, .. }] if value.starts_with("2026-11-22T10:00:"))
    );
}

#[test]
fn a_second_person_reads_it_under_their_name() {
    let at = || first_read(asked(Mode::Real, 80, 24)).wait(1);
    let mut screen = at().keys("e").typed("Alice").keys("enter");
    assert!(screen.text().contains("First bad write. A time"), "who was wrong enters it anew: {}", screen.text());
    screen = screen.keys("esc e").typed("bob").keys("enter");
    assert!(screen.text().contains("bob: what do you read for T_BAD?"), "{}", screen.text());
    assert!(!screen.text().contains("> 2026"), "the first reading is not shown in the field");
    screen = screen.typed(T).keys("enter");
    let read = Intent::ReadAgain { name: "T_BAD".to_owned(), value: T.to_owned(), reader: "bob".to_owned() };
    assert_eq!(screen.intents(), [read]);
    let mut screen = at().keys("w enter a l o n e enter");
    let waived = Intent::WaiveReader { name: "T_BAD".to_owned(), reason: "alone".to_owned() };
    assert_eq!(screen.intents(), [waived]);
    let mut screen = asked(Mode::Real, 80, 24).keys("w r d");
    assert_eq!(screen.intents(), [], "nothing to waive, to run or to finish before a value is there");
}

#[test]
fn choices_are_taken_by_number_or_word() {
    for (typed, wanted) in [("2", Some("five-minutes")), ("at-once", Some("at-once")), ("3", None), ("", None)] {
        let mut screen = entered(asked(Mode::Drill, 80, 24)).wait(1).keys("e");
        assert!(screen.text().contains("One of 1 at-once, 2 five-minutes."), "{}", screen.text());
        screen = screen.typed(typed).keys("enter");
        let intents = screen.intents();
        let value = intents.first().map(|intent| match intent {
            Intent::SetInput { value, .. } => value.as_str(),
            other => panic!("{other:?}"),
        });
        assert_eq!(value, wanted, "{typed}");
    }
}

#[test]
fn a_value_that_comes_closes_its_question() {
    let screen = entered(asked(Mode::Drill, 80, 24).keys("e"));
    assert!(!screen.text().contains("First bad write. A time"), "{}", screen.text());
}
