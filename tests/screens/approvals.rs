//! What a confirmation asks while others have to agree first.

use lifeboat::engine::{Approval, Ask, Event, Intent, Mode, Requested};
use lifeboat::kernel::AttemptId;
use lifeboat::runbook::Impact;
use lifeboat::ui::{Msg, Output};

use crate::support::{Screen, screen, target, theme};

const PROMOTE: &str = "aws rds promote-read-replica --db-instance-identifier shop-db-west";

fn asked() -> Screen {
    ask(screen(80, 24))
}

fn ask(at: Screen) -> Screen {
    at.first_steps()
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
            approval: Some(Approval {
                count: 2,
                role: "approver".to_owned(),
                within_s: 300,
                request: Some(Requested { attempt: AttemptId::new("3.1"), lines: 42, head: "5ab0".repeat(16) }),
            }),
        })
        .wait(38)
}

fn real() -> Screen {
    let mut at = Screen::new(80, 24, &theme()).opened(Mode::Real).onset();
    at.outputs.clear();
    ask(at)
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

#[test]
fn in_a_real_run_a_signature_is_pasted_or_named_and_the_request_is_copied() {
    let mut at = real();
    insta::assert_snapshot!(at.show());
    at.outputs.clear();
    at = at.keys("^y");
    let [Output::Copy(request)] = &at.outputs[..] else { panic!("{:?}", at.outputs) };
    assert!(request.starts_with("lifeboat approval request 1\nrun 20261122T102000Z-7f3k\nmode real\n"), "{request}");
    assert!(request.contains(&format!("\n| {PROMOTE}\n")), "{request}");
    at.outputs.clear();
    let answer = "approver bob\n-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n";
    at = at.said(Msg::Paste(answer.to_owned()));
    assert_eq!(at.intents(), [Intent::HandIn { prompt: 1, answer: answer.to_owned() }]);
    at = at.keys("enter");
    assert_eq!(at.intents(), [], "nothing was typed");
    at = at.said(Msg::Refused("It is signed by alice, who operates this run.".to_owned()));
    assert!(at.text().contains("signed by alice, who operates"), "{}", at.text());
    // A name that somebody typed is no approval here: it is looked for as a file.
    at = at.typed("bob.sig").keys("enter");
    assert_eq!(at.outputs, [Output::HandIn { prompt: 1, file: "bob.sig".to_owned() }]);
    let request = request_of(&at);
    at = at.fact(Event::Approved {
        prompt: 1,
        approver: "bob".to_owned(),
        key: "SHA256:k".to_owned(),
        request,
        sig: String::new(),
        by: "alice@example.com".to_owned(),
    });
    assert!(at.text().contains("bob (signed)") && at.text().contains("1 missing"), "{}", at.text());
    at.outputs.clear();
    let mut at = at.said(Msg::Paste("alone: nobody else".to_owned())).keys("enter");
    assert!(matches!(at.intents()[..], [Intent::Waive { .. }]), "{}", at.text());
}

fn request_of(at: &Screen) -> String {
    at.run().prompt.as_ref().unwrap().request(at.run().opened.as_ref().unwrap()).unwrap()
}
