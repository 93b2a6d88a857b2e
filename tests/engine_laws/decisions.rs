//! Decisions: forward, back, to another runbook; what they leave out and what they do again.

use lifeboat::engine::*;
use lifeboat::kernel::StepId;
use lifeboat::runbook::*;

use super::rig::{Rig, action, item, kinds, plan, step};

fn branch(label: &str, way: Way, steps: std::ops::Range<usize>) -> Branch {
    Branch { label: label.into(), criterion: String::new(), way, when: None, steps }
}

/// Look, decide (restart, restore, back to look, region), restart, restore, restore more, open.
fn triage() -> Plan {
    let look = Action { capture: vec!["STATUS".into()], ..action("look", Impact::Observe) };
    let when = |text: &str| Some(Formula::parse(text).unwrap());
    let branches = vec![
        Branch { when: when("${STATUS} == failed"), ..branch("Restore", Way::Step(3), 3..5) },
        branch("Restart", Way::Step(2), 2..3),
        branch("Look again", Way::Step(0), 0..0),
        branch("Region", Way::Runbook("region-failure.md".into()), 0..0),
    ];
    let decision = Some(Decision { question: "Which?".into(), branches, default: Some(1) });
    plan(vec![
        Step { ask: vec!["SEEN".into()], ..step("look", vec![look]) },
        Step { decision, checklist: vec![item("read")], ..step("decide", Vec::new()) },
        step("restart", vec![action("restart", Impact::Change)]),
        step("restore", vec![action("restore", Impact::Change)]),
        Step { manual: Some(Evidence::Welcome), ..step("more", Vec::new()) },
        Step { manual: Some(Evidence::Welcome), ..step("open", Vec::new()) },
    ])
}

fn at_decision(status: &str) -> Rig {
    let mut plan = triage();
    plan.meta.inputs = vec![InputDecl::plain("SEEN", InputType::Text)];
    let mut rig = Rig::open(plan, Mode::Drill);
    enter(&mut rig, status);
    rig
}

fn enter(rig: &mut Rig, status: &str) {
    rig.run_step().unwrap();
    rig.wish(Intent::SetInput { name: "SEEN".into(), value: status.into() }).unwrap();
    let attempt = rig.run.running.first().unwrap().clone();
    rig.ok(attempt.as_str(), status);
    rig.wish(Intent::Tick { step: "decide".into(), item: 0 }).unwrap();
}

fn choose(branch: u32) -> Intent {
    Intent::Choose { step: "decide".into(), branch, note: "it is so".into() }
}

#[test]
fn only_a_choice_settles_a_decision() {
    let mut rig = at_decision("failed");
    assert_eq!(rig.run.sentence(), "NEXT: 2 The decide. It waits for your decision.");
    let done = Intent::Done { step: "decide".into(), note: "x".into() };
    assert_eq!(rig.wish(done), Err(Refusal::ToDecide("decide".into())));
    assert_eq!(rig.wish(choose(4)), Err(Refusal::NoSuchBranch(5)));
    let other = Intent::Choose { step: "open".into(), branch: 0, note: String::new() };
    assert!(matches!(rig.wish(other), Err(Refusal::NotItsTurn { .. })));
    rig.wish(choose(1)).unwrap();
    let other = Intent::Choose { step: "restart".into(), branch: 0, note: String::new() };
    assert_eq!(rig.wish(other), Err(Refusal::NothingToDecide("restart".into())));
}

#[test]
fn the_way_that_is_not_taken_is_not_for_this_case() {
    for (branch, out) in [(0, vec!["restart"]), (1, vec!["restore", "more"])] {
        let mut rig = at_decision("failed");
        let events = rig.wish(choose(branch)).unwrap();
        let Event::Decided { ruled_out, again, note, .. } = &events[0] else { panic!("{events:?}") };
        assert_eq!(ruled_out.iter().map(StepId::as_str).collect::<Vec<_>>(), out);
        assert!(again.is_empty() && note.as_deref() == Some("it is so"));
        for (step, state) in rig.run.plan.steps.iter().zip(rig.run.steps.iter()) {
            let is_out = matches!(state, StepState::NotApplicable { .. });
            assert_eq!(is_out, out.contains(&step.id.as_str()), "{}", step.id);
        }
        let current = rig.run.plan.steps[rig.run.current].id.clone();
        assert_eq!(current.as_str(), if branch == 0 { "restore" } else { "restart" });
        // The branches rejoin by themselves.
        let skip = |rig: &mut Rig| {
            let step = rig.run.plan.steps[rig.run.current].id.clone();
            rig.wish(Intent::Skip { step, reason: "x".into() }).unwrap();
        };
        skip(&mut rig);
        if branch == 0 {
            skip(&mut rig);
        }
        assert_eq!(rig.run.plan.steps[rig.run.current].id.as_str(), "open");
    }
}

#[test]
fn a_way_back_is_a_new_pass() {
    let mut rig = at_decision("rebooting");
    let events = rig.wish(choose(2)).unwrap();
    let Event::Decided { again, ruled_out, .. } = &events[0] else { panic!("{events:?}") };
    assert_eq!(again.iter().map(StepId::as_str).collect::<Vec<_>>(), ["look", "decide"]);
    assert!(ruled_out.is_empty());
    assert_eq!((rig.run.current, rig.run.steps.get(0).unwrap()), (0, &StepState::Offered));
    assert_eq!(*rig.run.ticks.get(1).unwrap(), [false], "what was ticked is looked at again");
    assert_eq!(rig.run.sentence(), "NEXT: 1 The look. It asks for SEEN.", "and what was asked is asked again");
    enter(&mut rig, "failed");
    assert!(rig.run.attempts.contains_key(&"1.2".into()), "the look ran again under its next number");
    assert_eq!(rig.run.vars["STATUS"], "failed");
    rig.wish(choose(0)).unwrap();
    assert_eq!(rig.run.plan.steps[rig.run.current].id.as_str(), "restore");
    rig.refold();
}

#[test]
fn what_a_repeated_decision_had_ruled_out_is_open_again() {
    let mut plan = triage();
    plan.meta.inputs = vec![InputDecl::plain("SEEN", InputType::Text)];
    let back = branch("Decide again", Way::Step(1), 0..0);
    let on = branch("Go on", Way::Step(5), 5..6);
    plan.steps[2].decision = Some(Decision { question: "Well?".into(), branches: vec![back, on], default: None });
    let mut rig = Rig::open(plan, Mode::Drill);
    enter(&mut rig, "failed");
    rig.wish(choose(1)).unwrap();
    rig.run_step().unwrap();
    rig.confirm().unwrap();
    rig.ok("3.1", "");
    let again = Intent::Choose { step: "restart".into(), branch: 0, note: String::new() };
    let events = rig.wish(again).unwrap();
    let Event::Decided { again, .. } = &events[0] else { panic!("{events:?}") };
    assert_eq!(again.iter().map(StepId::as_str).collect::<Vec<_>>(), ["decide", "restart", "restore", "more"]);
    assert!(rig.run.ruled_out.is_empty());
    rig.wish(Intent::Tick { step: "decide".into(), item: 0 }).unwrap();
    rig.wish(choose(1)).unwrap();
    rig.run_step().unwrap();
    assert!(rig.run.prompt.is_some(), "what changes something asks again");
    rig.refold();
}

#[test]
fn a_failure_can_lead_ahead_by_itself() {
    let quick = Action { on_failure: OnFailure::Jump(2), ..action("quick", Impact::Observe) };
    let mut rig = Rig::open(
        plan(vec![
            step("quick", vec![quick]),
            step("check", vec![action("check", Impact::Observe)]),
            step("slow", vec![action("slow", Impact::Observe)]),
        ]),
        Mode::Drill,
    );
    rig.run_step().unwrap();
    let events = rig.finish("1.1", Outcome::Exited { code: 1 }, "").unwrap();
    assert_eq!(kinds(&events), ["attempt-finished", "jumped"]);
    let Event::Jumped { to, ruled_out, .. } = &events[1] else { panic!("{events:?}") };
    assert_eq!((to.as_str(), ruled_out.as_slice()), ("slow", ["check".into()].as_slice()));
    assert_eq!(rig.run.sentence(), "NEXT: 3 The slow. It waits for you to run it.");
    assert!(
        matches!(rig.run.steps.get(0).unwrap(), StepState::Skipped { reason } if reason.contains("goes on at step 3"))
    );
    rig.refold();
}

#[test]
fn whoever_interrupts_chooses_for_themselves() {
    let quick = Action { on_failure: OnFailure::Jump(1), ..action("quick", Impact::Observe) };
    let steps = vec![step("quick", vec![quick]), step("slow", vec![action("slow", Impact::Observe)])];
    let mut rig = Rig::open(plan(steps), Mode::Drill);
    rig.run_step().unwrap();
    let events = rig.finish("1.1", Outcome::Interrupted, "").unwrap();
    assert_eq!(kinds(&events), ["attempt-finished", "step-failed"]);
}

#[test]
fn another_runbook_ends_this_one() {
    let mut rig = at_decision("failed");
    let events = rig.wish(choose(3)).unwrap();
    assert_eq!(kinds(&events), ["decided", "ended"]);
    assert_eq!(rig.ended(), Some("handed-over"));
    let Some(Event::Ended { reason: Some(reason), .. }) = events.last() else { panic!("{events:?}") };
    assert_eq!(reason, "go on with region-failure.md");
    let out = rig.run.steps.iter().filter(|state| matches!(state, StepState::NotApplicable { .. })).count();
    assert_eq!(out, 4, "the rest is not this run's");
}

#[test]
fn conditions_advise_and_the_default_is_last() {
    for (status, advised) in [("failed", Some(0)), ("stopped", Some(1))] {
        let rig = at_decision(status);
        assert_eq!(rig.run.advice(1, rig.now.utc), Ok(advised), "{status}");
    }
}

#[test]
fn a_forged_decision_is_refused() {
    let mut rig = at_decision("failed");
    let before = rig.run.clone();
    let decided = |branch, ruled_out: &[&str], again: &[&str]| Event::Decided {
        step: "decide".into(),
        branch,
        label: "x".into(),
        target: "x".into(),
        ruled_out: ruled_out.iter().map(|id| (*id).into()).collect(),
        again: again.iter().map(|id| (*id).into()).collect(),
        note: None,
        by: "alice".into(),
    };
    for event in [
        decided(7, &[], &[]),
        decided(0, &["look"], &[]),
        decided(0, &["nowhere"], &[]),
        decided(0, &[], &["look"]),
        decided(2, &[], &[]),
        decided(2, &[], &["decide"]),
        decided(2, &[], &["look", "open"]),
    ] {
        let fact = Fact { seq: 1_000, at: rig.now, event };
        assert!(evolve(&mut rig.run, &fact).is_err(), "{fact:?}");
        assert_eq!(rig.run, before);
    }
}

/// A way that is not taken costs nothing: of those that are open the conditions or the default name one.
#[test]
fn the_forecast_counts_the_way_that_is_probably_taken() {
    let lasting = |mut step: Step, seconds: u64| {
        for action in &mut step.actions {
            action.expected = Some(std::time::Duration::from_secs(seconds));
        }
        step
    };
    let mut plan = triage();
    plan.meta.inputs = vec![InputDecl::plain("SEEN", InputType::Text)];
    for (at, seconds) in [(0, 5), (2, 60), (3, 600)] {
        plan.steps[at] = lasting(plan.steps[at].clone(), seconds);
    }
    plan.steps.push(lasting(step("order", vec![action("order", Impact::Change)]), 30));
    plan.meta.recovered_when = Some("order".into());
    let finish = |rig: &Rig| rig.run.forecast(rig.now).map(|f| (f.finish.as_secs(), f.known, f.unknown));
    let mut rig = Rig::open(plan.clone(), Mode::Drill);
    assert_eq!(finish(&rig), Some((60 + 5 + 60 + 30, 3, 1)), "nothing is known yet: the default");
    enter(&mut rig, "failed");
    assert_eq!(finish(&rig), Some((60 + 600 + 30, 2, 1)), "its condition holds");
    rig.wish(choose(1)).unwrap();
    assert_eq!(finish(&rig), Some((60 + 60 + 30, 2, 0)), "somebody decided");
    plan.steps[1].decision.as_mut().unwrap().default = None;
    assert_eq!(finish(&Rig::open(plan, Mode::Drill)), Some((60 + 5 + 60 + 30, 3, 1)), "the shortest");
}
