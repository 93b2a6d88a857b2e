//! Drills with a facilitator: what they may do to a run, what a pause holds up, and what it does not.

use std::time::Duration;

use lifeboat::engine::*;
use lifeboat::report::{RtoVerdict, rto_verdict, summary};
use lifeboat::runbook::*;

use super::rig::{Rig, action, kinds, plan, step};

fn facilitated(plan: Plan) -> Rig {
    let mut rig = Rig::open(plan, Mode::Drill);
    let injects =
        (1..=2).map(|inject| Disclosure { inject, salt: "s".into(), text: "t".into() }.commitment()).collect();
    rig.feed(&Input::Host(Notice::Exercise(Exercise::Committed { injects }))).unwrap();
    rig
}

fn two_steps() -> Plan {
    let step_of = |name: &str, impact| step(name, vec![action(name, impact)]);
    plan(vec![step_of("look", Impact::Observe), step_of("freeze", Impact::Change)])
}

fn wish(rig: &mut Rig, wish: Facilitate) -> Result<Vec<Event>, Refusal> {
    rig.feed(&Input::Facilitator { by: "eve".into(), wish })
}

fn pause() -> Facilitate {
    Facilitate::Pause { why: "the wrong account is on the screen".into() }
}

#[test]
fn a_real_run_has_no_facilitator_and_a_drill_only_the_one_that_it_began_with() {
    let mut real = Rig::open(two_steps(), Mode::Real);
    for what in [pause(), Facilitate::GoOn, Facilitate::Announce { inject: None, text: "boo".into() }] {
        assert_eq!(wish(&mut real, what), Err(Refusal::NoExercise));
    }
    let begin = || Input::Host(Notice::Exercise(Exercise::Committed { injects: Vec::new() }));
    assert_eq!(real.feed(&begin()), Err(Refusal::NoExercise));
    let event = Event::Exercise(Exercise::WentOn { by: "eve".into() });
    let forged = Fact { seq: 99, at: real.now, event };
    assert!(evolve(&mut real.run.clone(), &forged).is_err(), "a log can't say so either");

    let mut alone = Rig::open(two_steps(), Mode::Drill);
    assert_eq!(wish(&mut alone, pause()), Err(Refusal::NotFacilitated));
    let mut rig = facilitated(two_steps());
    assert_eq!(rig.feed(&begin()), Err(Refusal::FacilitatedAlready));
}

#[test]
fn the_team_is_told_only_what_the_start_speaks_of() {
    let mut rig = facilitated(two_steps());
    let tell = |inject, text: &str| Facilitate::Announce { inject, text: text.into() };
    assert_eq!(wish(&mut rig, tell(Some(3), "boo")), Err(Refusal::NoSuchInject(3)));
    assert_eq!(wish(&mut rig, tell(Some(1), " ")), Err(Refusal::ReasonMissing));
    assert_eq!(kinds(&wish(&mut rig, tell(Some(2), "The CEO calls.")).unwrap()), ["exercise"]);
    assert_eq!(rig.run.exercise.told.as_ref().unwrap().0, "The CEO calls.");
    wish(&mut rig, tell(None, "Five minutes left.")).unwrap();
}

#[test]
fn nothing_begins_in_a_pause_and_what_runs_goes_on() {
    let mut rig = facilitated(two_steps());
    rig.run_step().unwrap();
    wish(&mut rig, pause()).unwrap();
    assert_eq!(wish(&mut rig, pause()), Err(Refusal::PausedAlready));
    let seen = kinds(&rig.ok("1.1", ""));
    assert!(seen.contains(&"attempt-finished".to_owned()), "what ran ended: {seen:?}");
    let refused = rig.run_step().unwrap_err();
    assert!(refused.to_string().contains("PAUSED by eve: the wrong account"), "{refused}");
    assert!(matches!(rig.wish(Intent::Improvise { command: "ls".into() }), Err(Refusal::Paused { .. })));
    rig.wish(Intent::Note { text: "we wait".into(), occurred_at: None }).unwrap();
    assert!(rig.run.running.is_empty());

    assert!(matches!(wish(&mut rig, Facilitate::GoOn).as_deref(), Ok([Event::Exercise(Exercise::WentOn { .. }), ..])));
    assert_eq!(wish(&mut rig, Facilitate::GoOn), Err(Refusal::NotPaused));
    rig.refold();
}

#[test]
fn a_prompt_waits_through_a_pause() {
    let mut rig = facilitated(plan(vec![step("freeze", vec![action("freeze", Impact::Change)])]));
    rig.run_step().unwrap();
    wish(&mut rig, pause()).unwrap();
    assert!(matches!(rig.confirm(), Err(Refusal::Paused { .. })));
    // Whoever facilitates may be gone: the operator goes on without them.
    assert_eq!(kinds(&rig.wish(Intent::EndPause).unwrap()), ["exercise"]);
    assert_eq!(rig.wish(Intent::EndPause), Err(Refusal::NotPaused));
    assert_eq!(kinds(&rig.confirm().unwrap()), ["confirmed", "attempt-started"]);
}

#[test]
fn a_run_can_always_be_stopped() {
    let mut rig = facilitated(two_steps());
    wish(&mut rig, pause()).unwrap();
    rig.wish(Intent::Stop { reason: "this is a real incident now".into() }).unwrap();
    assert_eq!(rig.ended(), Some("stopped"));
}

#[test]
fn what_goes_on_by_itself_stands_in_a_pause_and_goes_on_after_it() {
    let step_of = |name: &str| step(name, vec![action(name, Impact::Observe)]);
    let mut rig = facilitated(plan(vec![step_of("a"), step_of("b")]));
    rig.wish(Intent::Auto { on: true }).unwrap();
    assert!(!rig.run.running.is_empty());
    wish(&mut rig, pause()).unwrap();
    rig.ok("1.1", "");
    assert!(rig.run.running.is_empty(), "the next step waits");
    let after = kinds(&wish(&mut rig, Facilitate::GoOn).unwrap());
    assert_eq!(after, ["exercise", "step-done", "step-started", "attempt-started"]);
}

#[test]
fn the_clock_goes_on_and_the_summary_says_both() {
    let mut plan = two_steps();
    plan.meta.objectives.rto = Some(Duration::from_secs(300));
    plan.meta.recovered_when = Some("look".into());
    plan.meta.sustain = Duration::from_secs(30);
    let mut rig = facilitated(plan);
    wish(&mut rig, pause()).unwrap();
    rig.pass(Duration::from_secs(90));
    wish(&mut rig, Facilitate::GoOn).unwrap();
    rig.pass(Duration::from_secs(30));
    rig.run_step().unwrap();
    assert_eq!(rig.run.exercise.paused_by(rig.now), Duration::from_secs(90));
    rig.ok("1.1", "");
    rig.run_step().unwrap();
    rig.confirm().unwrap();
    rig.ok("2.1", "");
    let watch = rig.run.watch.clone().unwrap();
    rig.look(watch.as_str(), Ok(())).unwrap();
    rig.pass(Duration::from_secs(600));
    rig.look(watch.as_str(), Ok(())).unwrap();
    let lines = summary(&rig.run, None);
    let RtoVerdict::Met(rto) = rto_verdict(&rig.run) else { panic!("{lines:?}") };
    assert_eq!(rto, Duration::from_secs(180), "a minute before the drill, the pause, and half a minute");
    let wanted = "      INTERRUPTED: the exercise was paused once, 1:30 in all; 1:30 without them";
    assert!(lines.contains(&wanted.to_owned()), "{lines:#?}");
}

#[test]
fn how_a_team_found_its_runbook_is_said_once_and_only_in_a_drill() {
    let blind = |second: i64| {
        let (sha256, before) = (lifeboat::kernel::sha256_hex(b"x"), Vec::new());
        Blind { sha256, shown_at: super::rig::time(10), chosen_at: super::rig::time(second), before }
    };
    let chosen = |second: i64| Input::Host(Notice::Exercise(Exercise::Blind(Box::new(blind(second)))));
    assert_eq!(Rig::open(two_steps(), Mode::Real).feed(&chosen(20)), Err(Refusal::NoExercise));
    let mut rig = facilitated(two_steps());
    assert_eq!(rig.feed(&chosen(9)), Err(Refusal::BlindOutOfOrder), "nothing is chosen before there is a choice");
    let forged = Blind { chosen_at: super::rig::time(9), ..blind(20) };
    let forged = Event::Exercise(Exercise::Blind(Box::new(forged)));
    let forged = Fact { seq: 99, at: rig.now, event: forged };
    assert!(evolve(&mut rig.run.clone(), &forged).is_err(), "a log can't say so either");
    assert_eq!(kinds(&rig.feed(&chosen(20)).unwrap()), ["exercise"]);
    assert!(rig.run.exercise.blind.is_some());
    assert_eq!(rig.feed(&chosen(20)), Err(Refusal::BlindAlready));
}
