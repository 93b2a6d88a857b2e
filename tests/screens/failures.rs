//! After a failure: what is known of whether it happened, which choices that leaves, and what each costs.

use lifeboat::engine::*;
use lifeboat::ui::{Effects, Msg};

use crate::support::{Screen, finished, plan_with, screen, screen_of, target};
use lifeboat::runbook::{Action, Impact, Section, Shell};
use lifeboat::settings::keymap::Command;

const WHY: &str = "unreachable: no answer in 20 s; whether AWS acted is not known: look before you do it again";

/// The promotion was confirmed and started, and nobody answered; the engine looks whether it happened.
fn unanswered(columns: u16, rows: u16) -> Screen {
    let started = screen(columns, rows)
        .promotion()
        .fact(Event::Confirmed {
            prompt: 1,
            step: Some("promote".into()),
            how: "typed".to_owned(),
            typed: Some("shop-db-west".to_owned()),
            by: "alice".to_owned(),
        })
        .fact(Event::AttemptStarted {
            attempt: "3.1".into(),
            step: Some("promote".into()),
            action: Some("promote-replica".into()),
            impact: Impact::Irreversible,
            command: "aws rds promote-read-replica --db-instance-identifier shop-db-west".to_owned(),
            target: target(),
        });
    let outcome = Outcome::Unreachable { error: format!("no answer in 20 s; {AWS_MAY_HAVE_ACTED}") };
    let failed = started.wait(20).failed_by(outcome, "3.1", "promote", WHY);
    failed.fact(Event::LookAsked { step: "promote".into(), attempt: "3.1".into(), by: "lifeboat".to_owned() })
}

fn told(columns: u16, rows: u16, seen: Seen) -> Screen {
    let what = match seen {
        Seen::Happened => {
            "`aws rds promote-read-replica` happened, says `aws rds describe-db-instances`: it is no replica any more"
        }
        Seen::NotHappened => {
            "`aws rds promote-read-replica` did not happen, says `aws rds describe-db-instances`: it is a replica of shop-db-east, and available"
        }
        Seen::Unclear => {
            "`aws rds describe-db-instances` does not tell whether `aws rds promote-read-replica` happened: unreachable: no answer"
        }
    };
    unanswered(columns, rows).fact(Event::Looked { attempt: "3.1".into(), seen, what: what.to_owned() }).wait(1)
}

#[test]
fn what_may_have_happened_is_not_just_tried_again() {
    for (columns, rows) in [(80, 24), (120, 40)] {
        for (name, screen) in [
            ("looking", unanswered(columns, rows).wait(1)),
            ("happened", told(columns, rows, Seen::Happened)),
            ("not_happened", told(columns, rows, Seen::NotHappened)),
            ("unclear", told(columns, rows, Seen::Unclear)),
        ] {
            insta::assert_snapshot!(format!("retry_{name}_{columns}x{rows}"), screen.show());
        }
    }
}

#[test]
fn the_retry_key_does_what_the_look_allows() {
    let step = || "promote".into();
    let mut looking = unanswered(100, 30).wait(1).keys("r");
    assert_eq!(looking.intents(), []);
    assert!(looking.text().contains("It is not tried again: it is being looked at"), "{}", looking.text());
    // What a look tells is newer than what was said before it.
    let what = || "`aws rds promote-read-replica` happened".to_owned();
    let looked = Event::Looked { attempt: "3.1".into(), seen: Seen::Happened, what: what() };
    let looked = unanswered(100, 30).wait(1).keys("r").fact(looked).text();
    assert!(!looked.contains("it is being looked at"), "{looked}");
    assert!(looked.contains("failed, and happened all the same. Mark it done, or look again."), "{looked}");
    let mut happened = told(100, 30, Seen::Happened).keys("r");
    assert_eq!(happened.intents(), []);
    assert!(happened.text().contains("It is not tried again: it happened"), "{}", happened.text());
    assert_eq!(told(100, 30, Seen::Happened).keys("h").intents(), [Intent::Look { step: step() }]);
    assert_eq!(told(100, 30, Seen::NotHappened).keys("r").intents(), [Intent::Retry { step: step() }]);
    let mut unclear = told(100, 30, Seen::Unclear).keys("r");
    assert!(unclear.text().contains("How do you know that it did not?"), "{}", unclear.text());
    unclear = unclear.keys("enter");
    assert_eq!(unclear.intents(), []);
    assert!(unclear.text().contains("Evidence is needed"), "{}", unclear.text());
    let evidence = "the console shows a replica".to_owned();
    let mut unclear = unclear.typed(&evidence).keys("enter");
    assert_eq!(unclear.intents(), [Intent::RetryOnWord { step: step(), evidence }]);
}

#[test]
fn a_word_is_asked_for_no_more_once_a_look_told() {
    let asked = told(100, 30, Seen::Unclear).keys("r");
    let asks = |screen: &Screen| screen.text().contains("Retry on your word");
    assert!(asks(&asked), "{}", asked.text());
    let by = || "bob".to_owned();
    let asked = asked.fact(Event::LookAsked { step: "promote".into(), attempt: "3.1".into(), by: by() });
    assert!(!asks(&asked), "{}", asked.text());
}

/// The latch was opened, and what comes behind it failed: it can be taken back.
fn after_the_latch(columns: u16, rows: u16) -> Screen {
    let act = |name: &str, section, minutes: u64| Action {
        section,
        expected: Some(std::time::Duration::from_secs(60 * minutes)),
        ..Action::plain(name.into(), lifeboat::runbook::Kind::Shell(Shell::Sh), Impact::Change, name, 1)
    };
    let plan = plan_with(|plan| {
        plan.steps[1].actions = vec![act("open", Section::Main, 1), act("close", Section::Rollback, 7)];
        plan.steps[2].actions = vec![act("switch", Section::Main, 4)];
    });
    let begin = |screen: Screen, attempt: &str, step: &str, action: &str, prompt| {
        screen
            .fact(Event::StepStarted { step: step.into() })
            .fact(Event::ConfirmationAsked {
                prompt,
                step: Some(step.into()),
                action: Some(action.into()),
                impact: Impact::Change,
                command: action.to_owned(),
                target: target(),
                ask: Ask::Key,
                also: Vec::new(),
                approval: None,
            })
            .fact(Event::Confirmed {
                prompt,
                step: Some(step.into()),
                how: "key".to_owned(),
                typed: None,
                by: "alice".to_owned(),
            })
            .fact(Event::AttemptStarted {
                attempt: attempt.into(),
                step: Some(step.into()),
                action: Some(action.into()),
                impact: Impact::Change,
                command: action.to_owned(),
                target: target(),
            })
    };
    let declared = screen_of(plan, columns, rows).fact(Event::StepStarted { step: "declare".into() }).settle("declare");
    let opened =
        begin(declared, "2.1", "check", "open", 1).fact(finished("2.1", Outcome::Exited { code: 0 }, Verdict::Passed));
    let failed = begin(opened.settle("check"), "3.1", "promote", "switch", 2);
    failed.failed_by(Outcome::Exited { code: 1 }, "3.1", "promote", "exited with 1").wait(1)
}

#[test]
fn each_choice_says_what_it_costs() {
    let (columns, rows) = (100, 30);
    let screen = after_the_latch(columns, rows);
    let text = screen.text();
    let of = |what: &str| text.lines().find(|line| line.contains(what)).unwrap_or_default().to_owned();
    // Onset is 2:01 ago; four minutes of it failed, two come behind, seven take back what was done.
    for (choice, back) in [
        ("r  retry", "→ 8:01"),
        ("e  edit…", "→ 8:01"),
        ("s  skip…", "→ 4:01"),
        ("m  mark done…", "→ 4:01"),
        ("u  undo…", "→ 15:01"),
        ("J  jump…", "at 4 → 4:01"),
    ] {
        assert!(of(choice).contains(back), "{choice} {back}\n{text}");
    }
    for (columns, rows) in [(80, 24), (120, 40)] {
        insta::assert_snapshot!(format!("costs_{columns}x{rows}"), after_the_latch(columns, rows).show());
    }
}

#[test]
fn a_jump_says_what_the_step_costs_that_is_typed() {
    let screen = after_the_latch(100, 30).keys("J").typed("2");
    assert!(
        screen.text().contains("= step 2 Check the replica; service back at 9:02 by the runbook"),
        "{}",
        screen.text()
    );
    let screen = after_the_latch(100, 30).keys("J").typed("9");
    assert!(screen.text().contains("There is no step 9."), "{}", screen.text());
}

#[test]
fn with_earlier_runs_each_choice_is_forecast_as_the_clock_is() {
    let outlook = |minutes: Option<u64>| Outlook {
        low_ms: Some(60_000),
        middle_ms: minutes.map(|minutes| minutes * 60_000),
        high_ms: None,
        chance: Some(87),
        runs: 24,
        new_steps: 0,
        unknown: 0,
    };
    let of = vec![
        (Command::Retry, Some(outlook(Some(21)))),
        (Command::Skip, Some(outlook(None))),
        (Command::RollBack, Some(outlook(Some(44)))),
        (Command::Jump, None),
    ];
    let screen = after_the_latch(100, 30)
        .said(Msg::Outlook(Some(outlook(Some(21)))))
        .said(Msg::Effects(Some(Effects { step: "promote".into(), of })));
    let text = screen.text();
    let line = |what: &str| text.lines().find(|line| line.contains(what)).unwrap_or_default().to_owned();
    assert!(line("r  retry").contains("→ 21:00"), "{text}");
    assert!(line("s  skip…").contains("→ never"), "{text}");
    assert!(line("u  undo…").contains("→ 44:00, OVER"), "{text}");
    assert!(!line("J  jump…").contains('→'), "nothing can be said\n{text}");
}
