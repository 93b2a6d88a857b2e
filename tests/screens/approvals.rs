//! What a confirmation asks while others have to agree first.

use lifeboat::engine::{Approval, Ask, Event, Intent};
use lifeboat::runbook::Impact;

use crate::support::{Screen, screen, target};

const PROMOTE: &str = "aws rds promote-read-replica --db-instance-identifier shop-db-west";

fn asked() -> Screen {
    screen(80, 24)
        .first_steps()
        .fact(Event::StepStarted { step: "promote".into() })
        .fact(Event::ConfirmationAsked {
            prompt: 1,
            step: Some("promote".into()),
            action: Some("promote-replica".into()),
            impact: Impact::Irreversible,
            command: PROMOTE.to_owned(),
            target: target(),
            ask: Ask::Type { phrase: "shop-db-west".to_owned() },
            also: Vec::new(),
            approval: Some(Approval { count: 2, role: "approver".to_owned(), within_s: 300 }),
        })
        .wait(38)
}

fn approved(at: Screen, approver: &str) -> Screen {
    at.fact(Event::ApprovalStated {
        prompt: 1,
        approver: approver.to_owned(),
        command: PROMOTE.to_owned(),
        by: "alice@example.com".to_owned(),
    })
}

#[test]
fn it_asks_who_agreed_before_anything_else() {
    let mut at = asked();
    insta::assert_snapshot!(at.show());
    at = at.keys("enter");
    assert_eq!(at.intents(), [], "nobody is no approval");
    at = at.typed("bob").keys("enter");
    assert_eq!(at.intents(), [Intent::Approve { prompt: 1, approver: "bob".to_owned() }]);
    let mut at = approved(approved(at, "bob"), "carol").wait(1);
    insta::assert_snapshot!(at.show());
    at = at.typed("shop-db-west").keys("enter");
    let typed = Some("shop-db-west".to_owned());
    assert_eq!(at.intents(), [Intent::Confirm { prompt: 1, typed }]);
}

#[test]
fn whoever_is_alone_says_why() {
    let mut at = approved(asked(), "bob").typed("alone").keys("enter");
    assert_eq!(at.intents(), []);
    assert!(at.text().contains("Type why after `alone`."), "{}", at.text());
    at = at.typed(": nobody answers").keys("enter");
    let reason = "nobody answers".to_owned();
    assert_eq!(at.intents(), [Intent::Waive { prompt: 1, reason }]);
}
