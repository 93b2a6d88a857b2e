//! Conditions that go on being looked at: alarms, who has seen them, and what requires that they hold.

use lifeboat::engine::*;
use lifeboat::runbook::*;

use super::rig::{Rig, action, kinds, plan, step};

/// Latch (watched), then promote, which requires that the latch holds.
fn latched(impact: Impact) -> Rig {
    let latch = Action { watch: Watching::UntilTheEnd, ..action("latch", Impact::Observe) };
    let promote = Action { require: vec!["latch".into()], ..action("promote", impact) };
    let mut rig = Rig::open(plan(vec![step("fence", vec![latch]), step("promote", vec![promote])]), Mode::Drill);
    rig.run_step().unwrap();
    rig.ok("1.1", "held");
    rig
}

fn fails(rig: &mut Rig, why: &str) -> Vec<String> {
    kinds(&rig.look("w.1", Err(why.into())).unwrap())
}

fn holds(rig: &mut Rig) -> Vec<String> {
    kinds(&rig.look("w.1", Ok(())).unwrap())
}

fn seen(rig: &mut Rig) -> Result<Vec<Event>, Refusal> {
    rig.wish(Intent::SeeAlarm { action: "latch".into(), note: "I look into it".into() })
}

#[test]
fn it_looks_on_with_what_passed() {
    let rig = latched(Impact::Change);
    let watch = &rig.run.attempts[&"w.1".into()];
    assert_eq!((watch.command.as_str(), watch.impact), ("do latch\n", Impact::Observe));
    assert!(rig.run.running.contains(&"w.1".into()), "{:?}", rig.run.running);
    assert!(!rig.run.working(), "nobody waits for it");
    assert_eq!(rig.run.sentence(), "NEXT: 2 The promote. It waits for you to run it.");
}

#[test]
fn only_a_change_is_a_fact_and_an_alarm_is_told_until_it_was_seen() {
    let mut rig = latched(Impact::Change);
    assert_eq!(holds(&mut rig), Vec::<String>::new());
    assert_eq!(seen(&mut rig), Err(Refusal::NoAlarm("latch".into())));
    assert_eq!(fails(&mut rig, "gone"), ["watch-failed"]);
    assert_eq!(fails(&mut rig, "still gone"), Vec::<String>::new());
    let next = "NEXT: 2 The promote. It waits for you to run it.";
    assert_eq!(rig.run.sentence(), format!("ALARM: latch does not hold (gone). {next}"));
    assert_eq!(holds(&mut rig), ["watch-held"]);
    assert_eq!(rig.run.sentence(), format!("ALARM: latch did not hold, and holds again (gone). {next}"));
    seen(&mut rig).unwrap();
    assert_eq!(rig.run.sentence(), next);
    assert!(rig.run.alarms.is_empty());
    assert_eq!(fails(&mut rig, "gone again"), ["watch-failed"]);
    rig.refold();
}

#[test]
fn what_requires_it_is_not_confirmed_while_it_fails_unseen() {
    let mut rig = latched(Impact::Change);
    rig.run_step().unwrap();
    fails(&mut rig, "gone");
    let refused = Refusal::WatchFails { watch: "latch".into(), why: "gone".into() };
    assert_eq!(rig.confirm(), Err(refused));
    holds(&mut rig);
    assert_eq!(kinds(&rig.confirm().unwrap()), ["confirmed", "attempt-started"], "it holds again");

    let mut rig = latched(Impact::Change);
    rig.run_step().unwrap();
    fails(&mut rig, "gone");
    seen(&mut rig).unwrap();
    assert!(rig.confirm().is_ok(), "a lone operator can always go on");
    assert!(lifeboat::report::summary(&rig.run, None).contains(&"ALARM latch does not hold: gone".to_owned()));
}

#[test]
fn what_only_observes_asks_while_what_it_requires_fails() {
    let mut rig = latched(Impact::Observe);
    fails(&mut rig, "gone");
    assert_eq!(kinds(&rig.run_step().unwrap()), ["step-started", "confirmation-asked"]);
}

#[test]
fn a_retry_of_what_was_confirmed_asks_again_once_the_watch_failed() {
    let latch = Action { watch: Watching::UntilTheEnd, ..action("latch", Impact::Observe) };
    let promote =
        Action { require: vec!["latch".into()], retry: 1, repeatable: true, ..action("promote", Impact::Change) };
    let mut rig = Rig::open(plan(vec![step("fence", vec![latch]), step("promote", vec![promote])]), Mode::Drill);
    rig.run_step().unwrap();
    rig.ok("1.1", "held");
    rig.run_step().unwrap();
    rig.confirm().unwrap();
    rig.finish("2.1", Outcome::Exited { code: 1 }, "").unwrap();
    fails(&mut rig, "gone");
    let events = rig.feed(&Input::Clock(TimerId::Retry(1))).unwrap();
    assert_eq!(kinds(&events), ["confirmation-asked"]);
}

#[test]
fn it_ends_with_the_run_and_its_own_end_is_an_alarm() {
    let mut rig = latched(Impact::Observe);
    rig.run_step().unwrap();
    rig.ok("2.1", "");
    assert_eq!(rig.effects, [Effect::Unwatch("w.1".into())], "nothing is left to be done");
    rig.finish("w.1", Outcome::Interrupted, "").unwrap();
    assert_eq!(rig.ended(), Some("finished"));
    rig.refold();

    let mut rig = latched(Impact::Observe);
    let events = rig.finish("w.1", Outcome::SpawnFailed { error: "no sh".into() }, "").unwrap();
    assert_eq!(kinds(&events), ["attempt-finished", "watch-failed"]);
}
