//! Ways of the operator's own: an edited command, and going on at another step. Both are asked, explained, recorded.

use lifeboat::engine::*;
use lifeboat::kernel::StepId;
use lifeboat::runbook::*;

use super::rig::{Rig, action, kinds, plan, step};

const FAILED: Outcome = Outcome::Exited { code: 7 };

fn five() -> Plan {
    plan(vec![
        step("look", vec![action("look", Impact::Observe)]),
        step("stop", vec![action("stop", Impact::Observe)]),
        step("fence", vec![action("fence", Impact::Change)]),
        step("promote", vec![action("promote", Impact::Change)]),
        step("open", vec![action("open", Impact::Observe)]),
    ])
}

/// Fails at the second step.
fn failed(mode: Mode) -> Rig {
    let mut rig = Rig::open(five(), mode);
    rig.run_step().unwrap();
    rig.ok("1.1", "");
    rig.run_step().unwrap();
    rig.finish("2.1", FAILED, "").unwrap();
    rig
}

fn edit(command: &str) -> Intent {
    Intent::Edit { step: "stop".into(), command: command.into() }
}

fn jump(from: &str, to: &str) -> Intent {
    Intent::Jump { step: from.into(), to: to.into(), reason: "it is needed first".into() }
}

fn named(ids: &[StepId]) -> Vec<&str> {
    ids.iter().map(StepId::as_str).collect()
}

#[test]
fn an_edited_command_is_asked_though_the_action_only_observes_and_its_difference_is_recorded() {
    let mut rig = failed(Mode::Drill);
    let events = rig.wish(edit("do stop --force")).unwrap();
    assert_eq!(kinds(&events), ["command-edited", "confirmation-asked"]);
    let Event::CommandEdited { action, before, after, by, .. } = &events[0] else { panic!("{events:?}") };
    assert_eq!((action.as_str(), before.as_str(), after.as_str()), ("stop", "do stop\n", "do stop --force"));
    assert!(!by.is_empty());
    let prompt = rig.run.prompt.clone().unwrap();
    assert_eq!((prompt.command.as_str(), prompt.impact), ("do stop --force", Impact::Change));
    rig.confirm().unwrap();
    assert_eq!(rig.run.attempts[&"2.2".into()].command, "do stop --force");
    rig.ok("2.2", "");
    assert_eq!(rig.run.current, 2);
}

#[test]
fn in_a_real_run_an_edited_command_is_typed_for() {
    let mut rig = failed(Mode::Real);
    rig.wish(edit("do stop --force")).unwrap();
    assert!(matches!(rig.run.prompt.as_ref().unwrap().ask, Ask::Type { .. }));
}

#[test]
fn a_retry_after_an_edit_runs_what_the_runbook_says() {
    let mut rig = failed(Mode::Drill);
    rig.wish(edit("do stop --force")).unwrap();
    rig.confirm().unwrap();
    rig.finish("2.2", FAILED, "").unwrap();
    let events = rig.wish(edit("do stop --harder")).unwrap();
    let Event::CommandEdited { before, .. } = &events[0] else { panic!("{events:?}") };
    assert_eq!(before, "do stop --force", "an edit of an edit");
    rig.wish(Intent::Decline { prompt: rig.run.prompt.as_ref().unwrap().number }).unwrap();
    let mut rig = failed(Mode::Drill);
    rig.wish(edit("do stop --force")).unwrap();
    rig.confirm().unwrap();
    rig.finish("2.2", FAILED, "").unwrap();
    rig.wish(Intent::Retry { step: "stop".into() }).unwrap();
    assert_eq!(rig.run.attempts[&"2.3".into()].command, "do stop\n");
}

#[test]
fn what_is_no_edit_is_refused() {
    let mut rig = failed(Mode::Drill);
    assert_eq!(rig.wish(edit(" ")), Err(Refusal::CommandMissing));
    assert_eq!(rig.wish(edit("do stop")), Err(Refusal::NothingEdited));
    rig.wish(Intent::Retry { step: "stop".into() }).unwrap();
    assert_eq!(rig.wish(edit("do more")), Err(Refusal::NotFailed("stop".into())));
}

#[test]
fn a_jump_forwards_passes_over_what_lies_between() {
    let mut rig = failed(Mode::Drill);
    let events = rig.wish(jump("stop", "promote")).unwrap();
    assert_eq!(kinds(&events), ["jump-chosen"], "the promotion is offered, and nothing of it runs");
    let Event::JumpChosen { ruled_out, again, .. } = &events[0] else { panic!("{events:?}") };
    assert_eq!((named(ruled_out), named(again)), (vec!["fence"], vec![]));
    assert!(
        matches!(rig.run.steps.get(1).unwrap(), StepState::Skipped { reason } if reason.contains("it is needed first"))
    );
    assert!(matches!(rig.run.steps.get(2).unwrap(), StepState::NotApplicable { .. }));
    assert_eq!((rig.run.current, rig.run.steps.get(3).unwrap()), (3, &StepState::Offered));
}

#[test]
fn a_jump_back_does_everything_again_and_asks_again() {
    let mut rig = failed(Mode::Drill);
    rig.wish(jump("stop", "fence")).unwrap();
    rig.run_step().unwrap();
    rig.confirm().unwrap();
    rig.ok("3.1", "");
    let events = rig.wish(jump("promote", "stop")).unwrap();
    let Event::JumpChosen { again, .. } = &events[0] else { panic!("{events:?}") };
    assert_eq!(named(again), ["stop", "fence", "promote"]);
    assert_eq!((rig.run.current, rig.run.steps.get(1).unwrap()), (1, &StepState::Offered));
    rig.run_step().unwrap();
    rig.ok("2.2", "");
    rig.run_step().unwrap();
    assert!(rig.run.prompt.is_some(), "what changes something is asked as at the first time");
}

#[test]
fn a_jump_without_reason_or_to_nowhere_is_refused() {
    let mut rig = failed(Mode::Drill);
    let silent = Intent::Jump { step: "stop".into(), to: "open".into(), reason: " ".into() };
    assert_eq!(rig.wish(silent), Err(Refusal::ReasonMissing));
    assert_eq!(rig.wish(jump("stop", "stop")), Err(Refusal::JumpsNowhere("stop".into())));
    assert_eq!(rig.wish(jump("stop", "nothing")), Err(Refusal::NoSuchStep("nothing".into())));
    rig.wish(Intent::Retry { step: "stop".into() }).unwrap();
    assert!(matches!(rig.wish(jump("stop", "open")), Err(Refusal::Busy(_))), "something runs");
}
