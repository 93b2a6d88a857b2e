//! What runs side by side: items of a list, and parallel steps.

use std::time::Duration;

use lifeboat::engine::*;
use lifeboat::runbook::*;

use super::rig::{Rig, action, kinds, plan, step};

const FAILED: Outcome = Outcome::Exited { code: 7 };

fn each(items: &str) -> Foreach {
    Foreach { name: "t".into(), items: items.into(), concurrency: 16, max_errors: 0, until: Until::All }
}

/// Restores three candidates side by side, waits for each, and names those that are ready.
fn restore(foreach: Foreach) -> Plan {
    let call = Action {
        kind: Kind::Aws,
        code: "aws rds modify-db-instance --db-instance-identifier c-${t.index} --preferred-backup-window ${t}".into(),
        ..action("restore", Impact::Change)
    };
    let ready = Action {
        code: "echo c-$t_index".into(),
        capture: vec!["CANDIDATES".into()],
        ..action("ready", Impact::Observe)
    };
    let restore = Step { foreach: Some(foreach), ..step("restore", vec![call, ready]) };
    let look = Action { code: "echo $CANDIDATES".into(), ..action("look", Impact::Observe) };
    plan(vec![restore, step("choose", vec![look])])
}

fn running(rig: &Rig) -> Vec<&str> {
    rig.run.running.iter().map(lifeboat::kernel::AttemptId::as_str).collect()
}

fn starts(events: &[Event]) -> Vec<(String, String)> {
    let start = |event: &Event| match event {
        Event::AttemptStarted { attempt, step, .. } => {
            Some((attempt.to_string(), step.as_ref().map(ToString::to_string).unwrap_or_default()))
        }
        _ => None,
    };
    events.iter().filter_map(start).collect()
}

#[test]
fn one_answer_is_for_all_items_and_each_goes_on_by_itself() {
    let mut rig = Rig::open(restore(each("a b c")), Mode::Real);
    let events = rig.run_step().unwrap();
    assert_eq!(kinds(&events), ["step-started", "items-begun", "confirmation-asked"]);
    let prompt = rig.run.prompt.clone().unwrap();
    assert!(prompt.command.contains("c-0 --preferred-backup-window a"), "{}", prompt.command);
    let also: Vec<_> = prompt.also.iter().map(|also| (also.step.to_string(), also.target.resource.clone())).collect();
    assert_eq!(also, [("restore[1]".to_owned(), "c-1".to_owned()), ("restore[2]".into(), "c-2".into())]);
    assert_eq!(rig.run.sentence(), "NEXT: 1 The restore [a] and 2 more. They wait for you to confirm.");
    let events = rig.confirm().unwrap();
    let begun = [("1.1", "restore[0]"), ("1.2", "restore[1]"), ("1.3", "restore[2]")];
    assert_eq!(starts(&events), begun.map(|(attempt, step)| (attempt.to_owned(), step.to_owned())));
    assert_eq!(
        rig.run.sentence(),
        "Running 1 The restore [a]. Nothing needed from you. Then 2 The choose will wait for you. 2 more run beside it."
    );
    assert_eq!(starts(&rig.ok("1.2", "")), [("1.4".to_owned(), "restore[1]".to_owned())]);
    let events = rig.ok("1.4", "c-1");
    assert_eq!(kinds(&events), ["attempt-finished", "captured", "step-done"]);
    assert_eq!(rig.run.vars["CANDIDATES"], "c-1");
    rig.ok("1.1", "");
    rig.ok("1.3", "");
    rig.ok("1.6", "c-2");
    let events = rig.ok("1.5", "c-0");
    assert_eq!(kinds(&events), ["attempt-finished", "captured", "step-done", "items-passed", "step-done"]);
    assert_eq!(rig.run.vars["CANDIDATES"], "c-0\nc-1\nc-2", "in the order of the items");
    assert_eq!((rig.run.current, rig.run.who()), (1, Who::Person));
    rig.refold();
}

#[test]
fn a_declined_question_stands_for_all_and_can_be_asked_again() {
    let mut rig = Rig::open(restore(each("a b")), Mode::Drill);
    rig.run_step().unwrap();
    assert_eq!(kinds(&rig.wish(Intent::Decline { prompt: 1 }).unwrap()), ["declined"]);
    assert_eq!(
        rig.run.sentence(),
        "NEXT: 1 The restore [a]. Nothing was run. Run it after all, or skip it. 1 more waits for you."
    );
    let events = rig.wish(Intent::Run { step: "restore[1]".into() }).unwrap();
    assert_eq!(kinds(&events), ["confirmation-asked"]);
    assert_eq!(starts(&rig.confirm().unwrap()).len(), 2);
}

#[test]
fn what_cannot_be_undone_is_asked_one_by_one() {
    let delete = Action { code: "rm $t".into(), ..action("delete", Impact::Irreversible) };
    let mut rig = Rig::open(plan(vec![Step { foreach: Some(each("a b")), ..step("go", vec![delete]) }]), Mode::Drill);
    rig.run_step().unwrap();
    assert!(rig.run.prompt.as_ref().is_some_and(|prompt| prompt.also.is_empty()));
    let events = rig.confirm().unwrap();
    assert_eq!(kinds(&events), ["confirmed", "attempt-started", "confirmation-asked"], "while the first one runs");
    assert_eq!(rig.run.who(), Who::Machine);
    rig.ok("1.1", "");
    rig.confirm().unwrap();
    rig.ok("1.2", "");
    assert_eq!(rig.ended(), Some("finished"));
}

#[test]
fn so_many_at_a_time_and_so_many_may_fail() {
    let look = Action { code: "look $t".into(), ..action("look", Impact::Observe) };
    let foreach = Foreach { concurrency: 2, max_errors: 1, ..each("${LIST}") };
    let go = Step { foreach: Some(foreach), ..step("go", vec![look]) };
    let mut rig = Rig::new(plan(vec![go]));
    let inputs = vec![("LIST".into(), "a b\nc\nd".into(), InputSource::Default)];
    let opened = Box::new(super::rig::opened(Mode::Real));
    rig.feed(&Input::Open { opened, inputs, onset: None }).unwrap();
    rig.run_step().unwrap();
    assert_eq!(running(&rig), ["1.1", "1.2"]);
    let [Effect::Start(first), Effect::Start(_)] = &rig.effects[..] else { panic!("{:?}", rig.effects) };
    assert_eq!((first.vars["t"].as_str(), first.vars["t_index"].as_str()), ("a b", "0"));
    assert!(!first.vars.contains_key("t.index"), "no shell has such a name");
    let events = rig.finish("1.1", FAILED, "").unwrap();
    assert_eq!(kinds(&events), ["attempt-finished", "step-failed", "attempt-started"], "one may fail");
    assert_eq!(rig.run.who(), Who::Machine);
    let events = rig.finish("1.3", FAILED, "").unwrap();
    assert_eq!(kinds(&events), ["attempt-finished", "step-failed"]);
    assert!(rig.run.sentence().starts_with("NEXT: 1 The go [a b] failed"), "{}", rig.run.sentence());
    let skip = Intent::Skip { step: "go[0]".into(), reason: "too old".into() };
    assert_eq!(kinds(&rig.wish(skip).unwrap()), ["step-skipped"]);
    let events = rig.ok("1.2", "");
    let batch = ["attempt-finished", "step-done", "items-passed", "step-done", "ended"];
    assert_eq!(kinds(&events), batch);
    rig.refold();
}

#[test]
fn one_that_is_ready_is_enough_and_the_others_go_on_behind() {
    let mut rig = Rig::open(restore(Foreach { until: Until::Any, ..each("a b c") }), Mode::Drill);
    rig.run_step().unwrap();
    rig.confirm().unwrap();
    for attempt in ["1.1", "1.2", "1.3"] {
        rig.ok(attempt, "");
    }
    let events = rig.ok("1.5", "c-1");
    let batch = ["attempt-finished", "captured", "step-done", "items-passed", "step-done"];
    assert_eq!(kinds(&events), batch);
    assert_eq!(running(&rig), ["1.4", "1.6"]);
    assert_eq!((rig.run.who(), rig.run.working()), (Who::Person, false), "nobody waits for the others");
    let events = rig.run_step().unwrap();
    assert_eq!(kinds(&events), ["step-started", "attempt-started"]);
    let events = rig.finish("1.4", FAILED, "").unwrap();
    assert_eq!(kinds(&events), ["attempt-finished", "step-failed"]);
    assert!(rig.run.sentence().starts_with("Running 2 The choose."), "{}", rig.run.sentence());
    let events = rig.ok("2.1", "");
    let batch = ["attempt-finished", "step-done", "stop-asked", "interrupt-asked"];
    assert_eq!(kinds(&events), batch, "what still runs is not waited for");
    let events = rig.finish("1.6", Outcome::Interrupted, "").unwrap();
    assert_eq!((kinds(&events), rig.ended()), (vec!["attempt-finished".into(), "ended".into()], Some("finished")));
    rig.refold();
}

#[test]
fn where_none_is_ready_somebody_is_asked() {
    let mut rig = Rig::open(restore(Foreach { until: Until::Any, ..each("a b") }), Mode::Drill);
    rig.run_step().unwrap();
    rig.confirm().unwrap();
    rig.finish("1.1", FAILED, "").unwrap();
    assert_eq!(rig.run.who(), Who::Machine);
    rig.finish("1.2", FAILED, "").unwrap();
    assert!(rig.run.sentence().starts_with("NEXT: 1 The restore [a] failed"), "{}", rig.run.sentence());
    let events = rig.wish(Intent::Retry { step: "restore[1]".into() }).unwrap();
    assert_eq!(kinds(&events), ["retry-chosen", "confirmation-asked"]);
    rig.confirm().unwrap();
    rig.ok("1.3", "");
    rig.ok("1.4", "c-1");
    assert_eq!(rig.run.current, 1);
}

#[test]
fn a_list_without_members_and_a_list_that_nobody_set_fail_the_step() {
    for (list, why) in [("${EMPTY}", "there is none"), ("${NOBODY}", "has no value")] {
        let mut plan = restore(each(list));
        plan.meta.inputs = vec![InputDecl { pattern: None, ..super::rig::input("EMPTY") }];
        let mut rig = Rig::new(plan);
        let inputs = vec![("EMPTY".into(), " ".into(), InputSource::Default)];
        let opened = Box::new(super::rig::opened(Mode::Drill));
        rig.feed(&Input::Open { opened, inputs, onset: None }).unwrap();
        let events = rig.run_step().unwrap();
        assert_eq!(kinds(&events), ["step-started", "step-failed"]);
        assert!(rig.run.sentence().contains(why), "{}", rig.run.sentence());
    }
}

#[test]
fn one_action_of_a_step_can_run_for_items() {
    let ping = Action {
        code: "ping $t".into(),
        foreach: Some(each("a b")),
        capture: vec!["RTT".into()],
        ..action("ping", Impact::Observe)
    };
    let steps = vec![step("go", vec![action("first", Impact::Observe), ping, action("last", Impact::Observe)])];
    let mut rig = Rig::open(plan(steps), Mode::Real);
    rig.run_step().unwrap();
    let events = rig.ok("1.1", "");
    assert_eq!(kinds(&events), ["attempt-finished", "items-begun", "attempt-started", "attempt-started"]);
    rig.ok("1.2", "7");
    let events = rig.ok("1.3", "9");
    let batch = ["attempt-finished", "captured", "step-done", "items-passed", "attempt-started"];
    assert_eq!(kinds(&events), batch);
    assert_eq!(rig.run.vars["RTT"], "7\n9");
    rig.ok("1.4", "");
    assert_eq!(rig.ended(), Some("finished"));
}

#[test]
fn parallel_steps_run_beside_each_other_and_one_question_is_open_at_a_time() {
    let beside = |id: &str, impact| Step { parallel: true, ..step(id, vec![action(&format!("do-{id}"), impact)]) };
    let last = Step { needs: vec!["a".into()], ..beside("c", Impact::Observe) };
    let steps = vec![
        beside("a", Impact::Change),
        beside("b", Impact::Change),
        last,
        step("d", vec![action("x", Impact::Observe)]),
    ];
    let mut rig = Rig::open(plan(steps), Mode::Drill);
    assert_eq!(rig.run.sentence(), "NEXT: 1 The a. It waits for you to run it. 1 more waits for you.");
    rig.run_step().unwrap();
    assert_eq!(rig.wish(Intent::Run { step: "b".into() }), Err(Refusal::PromptOpen(1)));
    rig.confirm().unwrap();
    assert_eq!(rig.run.focus(), Some(Strand { step: 1, item: None }), "the keys go to what waits for a person");
    rig.wish(Intent::Run { step: "b".into() }).unwrap();
    rig.confirm().unwrap();
    assert_eq!(running(&rig), ["1.1", "2.1"]);
    let early = Err(Refusal::NotItsTurn { step: "c".into(), current: "a".into() });
    assert_eq!(rig.wish(Intent::Run { step: "c".into() }), early);
    rig.ok("2.1", "");
    assert_eq!(*rig.run.steps.get(2).unwrap(), StepState::Waiting, "it needs the first");
    rig.ok("1.1", "");
    assert_eq!((rig.run.current, rig.run.steps.get(3).unwrap()), (2, &StepState::Waiting));
    rig.wish(Intent::Run { step: "c".into() }).unwrap();
    rig.ok("3.1", "");
    assert_eq!(*rig.run.steps.get(3).unwrap(), StepState::Offered);
    rig.refold();
}

#[test]
fn what_only_observes_begins_beside_the_rest_by_itself() {
    let beside = |id: &str, impact| Step { parallel: true, ..step(id, vec![action(&format!("do-{id}"), impact)]) };
    let steps = ["a", "b", "c"].map(|id| beside(id, if id == "b" { Impact::Change } else { Impact::Observe }));
    let mut rig = Rig::open(plan(steps.into()), Mode::Drill);
    rig.pass(Duration::from_secs(1));
    let events = rig.wish(Intent::Auto { on: true }).unwrap();
    assert_eq!(starts(&events).len(), 2);
    assert_eq!(rig.run.focus(), Some(Strand { step: 1, item: None }));
    let retry = Intent::Skip { step: "b".into(), reason: "not now".into() };
    rig.wish(retry).unwrap();
    rig.ok("1.1", "");
    rig.ok("3.1", "");
    assert_eq!(rig.ended(), Some("finished"));
}
