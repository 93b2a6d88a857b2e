//! Decisions: the ways to go on, as they are read and chosen.

use std::sync::Arc;

use lifeboat::engine::{Event, Intent, Mode};
use lifeboat::runbook::{Branch, Decision, Formula, Plan, Step, Way};
use lifeboat::ui::Model;

use crate::support::{Screen, plan, theme};

fn deciding() -> Plan {
    let mut plan = plan();
    let branch = |label: &str, criterion: &str, way| Branch {
        label: label.to_owned(),
        criterion: criterion.to_owned(),
        way,
        when: None,
        steps: 0..0,
    };
    let when = Some(Formula::parse("3 > 2").unwrap());
    let decision = Decision {
        question: "How does the instance look?".to_owned(),
        branches: vec![
            branch("Wait", "it is rebooting", Way::Step(0)),
            Branch { when, steps: 1..2, ..branch("Check", "it is available and does not answer", Way::Step(1)) },
            branch("The region is gone", "", Way::Runbook("region-failure.md".to_owned())),
        ],
        default: None,
    };
    let first = plan.steps.first_mut().unwrap();
    *first = Step { decision: Some(decision), ..Step::plain("triage".into(), "What does the status say?", 1) };
    plan
}

fn decision(columns: u16, rows: u16) -> Screen {
    let now = Screen::new(columns, rows, &theme()).stamp();
    let model = Model::run(Arc::new(deciding()), "/var/lib/lifeboat/runs/x", &theme(), now);
    Screen::of(model, columns, rows).opened(Mode::Drill).onset().wait(1)
}

#[test]
fn the_ways_at_every_size() {
    for (columns, rows) in [(80, 24), (120, 40), (60, 16)] {
        insta::assert_snapshot!(format!("decision_{columns}x{rows}"), decision(columns, rows).show());
        let open = decision(columns, rows).keys("b").typed("2 two");
        insta::assert_snapshot!(format!("decision_open_{columns}x{rows}"), open.show());
    }
}

#[test]
fn what_is_typed_stays_in_sight_however_many_ways_there_are() {
    let mut plan = deciding();
    let decision = plan.steps.first_mut().and_then(|step| step.decision.as_mut()).unwrap();
    let long = Branch {
        criterion: "a criterion that takes more than one row of a narrow screen".to_owned(),
        ..decision.branches[1].clone()
    };
    decision.branches = vec![long; 12];
    decision.question = "A question that goes on and on, so that it takes rows of its own as well. ".repeat(4);
    let plan = Arc::new(plan);
    for (columns, rows, last) in [(120, 40, "12 Check"), (80, 24, "12 Check"), (60, 16, "more: esc shows the step")] {
        let now = Screen::new(columns, rows, &theme()).stamp();
        let model = Model::run(plan.clone(), "/var/lib/lifeboat/runs/x", &theme(), now);
        let screen = Screen::of(model, columns, rows).opened(Mode::Drill).onset().wait(1).keys("b").typed("3 since");
        let text = screen.text();
        assert!(
            text.contains("> 3 since") && text.contains(last) && text.contains("1 Check"),
            "{columns}x{rows}: {text}"
        );
    }
}

#[test]
fn a_number_chooses_and_words_behind_it_say_why() {
    for (typed, branch, note) in [("2", Some(1), ""), ("3 two zones are gone", Some(2), "two zones are gone")] {
        let mut screen = decision(80, 24).keys("b").typed(typed).keys("enter");
        let chosen = branch.map(|branch| Intent::Choose { step: "triage".into(), branch, note: note.to_owned() });
        assert_eq!(screen.intents(), chosen.into_iter().collect::<Vec<_>>(), "{typed}");
    }
    for (typed, why) in [("4", "There is no way 4."), ("0", "number of a way"), ("wait", "number of a way")] {
        let mut screen = decision(80, 24).keys("b").typed(typed).keys("enter");
        assert_eq!(screen.intents(), []);
        assert!(screen.text().contains(why), "{}", screen.text());
    }
    let mut screen = decision(80, 24).keys("d r");
    assert_eq!(screen.intents(), [], "a decision is neither run nor just done");
}

#[test]
fn what_was_decided_closes_the_question_and_is_shown() {
    let screen = decision(80, 24).fact(Event::StepStarted { step: "triage".into() }).keys("b");
    let screen = screen.fact(Event::Decided {
        step: "triage".into(),
        branch: 1,
        label: "Check".to_owned(),
        target: "check".to_owned(),
        ruled_out: vec!["promote".into()],
        again: Vec::new(),
        note: None,
        by: "alice".to_owned(),
    });
    assert!(!screen.text().contains("Write the number"), "{}", screen.text());
    assert!(screen.text().contains("not this case"), "{}", screen.text());
}
