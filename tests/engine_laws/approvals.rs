//! Who has to agree besides the operator, and what happens when nobody can be reached.

use std::time::Duration;

use lifeboat::engine::*;
use lifeboat::runbook::*;

use super::rig::{Rig, action, kinds, opened, plan, step};

fn promote() -> Plan {
    let rules = vec![
        ApprovalRule { count: 1, when: None },
        ApprovalRule { count: 2, when: Some(Formula::parse("${LOSS_S} > 300").unwrap()) },
    ];
    let approvals = Some(Approvals { rules, role: "approver".into(), within: Duration::from_secs(300) });
    plan(vec![step("promote", vec![Action { approvals, ..action("promote", Impact::Irreversible) }])])
}

fn asked(loss: &str, mode: Mode) -> Rig {
    let mut rig = Rig::new(promote());
    let inputs = vec![("LOSS_S".into(), loss.into(), InputSource::Default)];
    rig.feed(&Input::Open { opened: Box::new(opened(mode)), inputs, onset: None }).unwrap();
    rig.run_step().unwrap();
    rig
}

#[test]
fn as_many_as_the_loss_asks_for() {
    for (loss, count) in [("42", 1), ("301", 2), ("unknown", 2)] {
        let rig = asked(loss, Mode::Real);
        assert_eq!(rig.run.prompt.as_ref().unwrap().lacks(), count, "a loss of {loss}");
    }
}

#[test]
fn nothing_is_confirmed_before_others_agreed() {
    let mut rig = asked("900", Mode::Real);
    let confirm = || Intent::Confirm { prompt: 1, typed: Some("promote".into()) };
    assert_eq!(rig.wish(confirm()), Err(Refusal::ApprovalMissing { missing: 2 }));
    assert_eq!(rig.approve("Alice"), Err(Refusal::SameApprover("Alice".into())), "the operator is no approver");
    assert_eq!(kinds(&rig.approve("bob").unwrap()), ["approved"]);
    assert_eq!(rig.approve("BOB"), Err(Refusal::SameApprover("BOB".into())));
    assert_eq!(rig.wish(confirm()), Err(Refusal::ApprovalMissing { missing: 1 }));
    rig.approve("carol").unwrap();
    assert_eq!(rig.approve("dora"), Err(Refusal::NoApprovalWanted));
    assert_eq!(kinds(&rig.wish(confirm()).unwrap()), ["confirmed", "attempt-started"]);
    assert!(lifeboat::report::summary(&rig.run, None).iter().all(|line| !line.starts_with("WAIVED")));
}

#[test]
fn a_missing_approver_never_blocks_and_the_summary_leads_with_it() {
    let mut rig = asked("900", Mode::Real);
    let waive = |reason: &str| Intent::Waive { prompt: 1, reason: reason.into() };
    assert_eq!(rig.wish(waive("")), Err(Refusal::ReasonMissing));
    rig.approve("bob").unwrap();
    rig.pass(Duration::from_secs(130));
    assert_eq!(kinds(&rig.wish(waive("nobody answers")).unwrap()), ["approval-waived"]);
    assert_eq!(rig.wish(waive("again")), Err(Refusal::NoApprovalWanted));
    rig.confirm().unwrap();
    let first = lifeboat::report::summary(&rig.run, None).remove(0);
    let words = "WAIVED 1 The promote ran with 1 approval missing, waited for 2:10: nobody answers (alice)";
    assert_eq!(first, words);
    rig.refold();
}

#[test]
fn who_agreed_agreed_to_what_was_shown() {
    let mut rig = asked("42", Mode::Drill);
    rig.approve("bob").unwrap();
    let plan = rig.run.plan.clone();
    assert!(plan.input("LOSS_S").is_none());
    rig.wish(Intent::Decline { prompt: 1 }).unwrap();
    rig.run_step().unwrap();
    assert_eq!(rig.run.prompt.as_ref().unwrap().lacks(), 1, "asked anew, it is agreed to anew");
}

#[test]
fn only_in_a_drill_is_a_name_enough() {
    let mut real = asked("42", Mode::Real);
    let name = |name: &str| Intent::Approve { prompt: 1, approver: name.into() };
    assert_eq!(real.wish(name("bob")), Err(Refusal::ApprovalUnsigned));
    let answer = Intent::HandIn { prompt: 1, answer: "-----BEGIN SSH SIGNATURE-----".into() };
    assert_eq!(real.wish(answer), Err(Refusal::Unverified), "nothing counts that nobody verified");
    let mut drill = asked("42", Mode::Drill);
    assert_eq!(drill.wish(name(" ")), Err(Refusal::ApproverMissing));
    assert_eq!(kinds(&drill.wish(name("bob")).unwrap()), ["approval-stated"]);
}

#[test]
fn a_signature_is_for_one_request_and_a_key_for_one_person() {
    let mut rig = asked("900", Mode::Real);
    let open = rig.run.prompt.clone().unwrap();
    let request = open.request(rig.run.opened.as_ref().unwrap()).unwrap();
    assert!(request.contains("attempt 1.1\n") && request.contains("operator alice\n"), "{request}");
    let signed = |request: &str, approver: &str| Input::Approval {
        by: "alice".into(),
        signed: SignedApproval {
            prompt: 1,
            approver: approver.into(),
            key: "SHA256:k".into(),
            request: request.into(),
            sig: "sig".into(),
        },
    };
    let edited = request.replace("attempt 1.1", "attempt 1.2");
    assert_eq!(rig.feed(&signed(&edited, "bob")), Err(Refusal::OtherRequest));
    rig.feed(&signed(&request, "bob")).unwrap();
    assert_eq!(rig.feed(&signed(&request, "carol")), Err(Refusal::SameApprover("carol".into())), "with the same key");
    rig.refold();
}
