//! Taking back what was done: newest first, one after the other, each way back asked; nothing unasked.

use lifeboat::engine::*;
use lifeboat::runbook::*;

use super::rig::{Rig, action, kinds, plan, step};

fn back(name: &str) -> Action {
    Action { section: Section::Rollback, ..action(name, Impact::Change) }
}

/// Fence (undone by name), scale (undone by its step's rollback), look, and DNS, which fails.
fn failed(until: Option<UndoUntil>) -> Rig {
    let fence = Action { undo: Some("unfence".into()), undo_until: until, ..action("fence", Impact::Change) };
    let dns = Action { undo: Some("dns-back".into()), ..action("dns", Impact::Disrupt) };
    let plan = plan(vec![
        step("fence", vec![fence, back("unfence")]),
        step("scale", vec![action("scale", Impact::Change), back("scale-in")]),
        step("look", vec![Action { marks: Some(Moment::Traffic), ..action("look", Impact::Observe) }, back("nothing")]),
        step("dns", vec![dns, back("dns-back")]),
        step("last", vec![action("last", Impact::Observe)]),
    ]);
    let mut rig = Rig::open(plan, Mode::Drill);
    for attempt in ["1.1", "2.1", "3.1", "4.1"] {
        rig.run_step().unwrap();
        if rig.run.prompt.is_some() {
            rig.confirm().unwrap();
        }
        let code = i32::from(attempt == "4.1");
        rig.finish(attempt, Outcome::Exited { code }, "").unwrap();
    }
    rig
}

fn roll_back(rig: &mut Rig) -> Result<Vec<Event>, Refusal> {
    rig.wish(Intent::RollBack { step: "dns".into(), reason: "it made it worse".into() })
}

fn ids(undo: &[Undo]) -> Vec<&str> {
    undo.iter().map(|undo| undo.of.as_str()).collect()
}

#[test]
fn what_acted_is_undone_newest_first_and_each_way_back_is_asked() {
    let mut rig = failed(None);
    let events = roll_back(&mut rig).unwrap();
    assert_eq!(kinds(&events), ["rollback-chosen", "confirmation-asked"]);
    let Event::RollbackChosen { undo, expired, .. } = &events[0] else { panic!("{events:?}") };
    assert_eq!(ids(undo), ["dns", "scale", "fence"], "what only looked did nothing; what failed may have acted");
    assert!(expired.is_empty());
    for (attempt, command) in [("4.2", "do dns-back\n"), ("2.2", "do scale-in\n"), ("1.2", "do unfence\n")] {
        assert_eq!(rig.run.prompt.as_ref().unwrap().command, command);
        let retry = rig.wish(Intent::Retry { step: "dns".into() });
        assert_eq!(retry, Err(Refusal::RollingBack));
        rig.confirm().unwrap();
        assert_eq!(rig.run.running.first(), Some(&attempt.into()));
        rig.ok(attempt, "");
    }
    assert!(!rig.run.is_rolling_back());
    assert_eq!(rig.run.focus(), Some(Strand::whole(3)), "the failed step waits for its choice again");
    assert_eq!(roll_back(&mut rig), Err(Refusal::NothingToUndo));
    let lines = lifeboat::report::summary(&rig.run, None);
    for step in ["4 The dns", "2 The scale", "1 The fence"] {
        assert!(lines.contains(&format!("undone {step}")), "{lines:#?}");
    }
    rig.refold();
}

#[test]
fn after_its_moment_it_can_be_undone_no_more() {
    let fixed = UndoUntil::Moment(Moment::Traffic);
    for until in [fixed, UndoUntil::Done("look".into()), UndoUntil::Done("scale".into())] {
        let (undo, expired) = failed(Some(until)).run.undoable();
        assert_eq!((ids(&undo), expired), (vec!["dns", "scale"], vec!["fence".into()]));
    }
    for until in [UndoUntil::Moment(Moment::Protected), UndoUntil::Done("dns".into())] {
        assert!(failed(Some(until)).run.undoable().1.is_empty());
    }
}

#[test]
fn what_is_not_undone_is_owed() {
    let mut rig = failed(None);
    roll_back(&mut rig).unwrap();
    let prompt = rig.run.prompt.as_ref().unwrap().number;
    rig.wish(Intent::Decline { prompt }).unwrap();
    let step = rig.run.focus().and_then(|strand| rig.run.strand_id(strand)).unwrap();
    assert_eq!(step.as_str(), "dns[0]");
    rig.wish(Intent::Skip { step, reason: "DNS is right".into() }).unwrap();
    rig.confirm().unwrap();
    rig.finish("2.2", Outcome::Exited { code: 3 }, "").unwrap();
    assert!(rig.run.sentence().starts_with("NEXT: 2 The scale [undo] failed"), "{}", rig.run.sentence());
    rig.wish(Intent::MarkDone { step: "scale[0]".into(), evidence: "ticket 7".into() }).unwrap();
    rig.wish(Intent::Stop { reason: "enough".into() }).unwrap();
    let lines = lifeboat::report::summary(&rig.run, None);
    assert!(lines.contains(&"owed  4 The dns was not undone: DNS is right".to_owned()), "{lines:#?}");
    assert!(lines.contains(&"undone 2 The scale: UNVERIFIED, marked done: ticket 7".to_owned()), "{lines:#?}");
    assert!(lines.contains(&"owed  1 The fence was not undone".to_owned()), "{lines:#?}");
    rig.refold();
}

#[test]
fn what_ran_for_an_item_is_undone_for_that_item() {
    let make = Action { code: "make $t\n".into(), ..action("make", Impact::Change) };
    let drop = Action { code: "drop $t\n".into(), ..back("drop") };
    let foreach = Foreach { name: "t".into(), items: "a b".into(), concurrency: 2, max_errors: 0, until: Until::All };
    let mut rig = Rig::open(plan(vec![Step { foreach: Some(foreach), ..step("make", vec![make, drop]) }]), Mode::Drill);
    rig.run_step().unwrap();
    rig.confirm().unwrap();
    rig.ok("1.1", "");
    rig.finish("1.2", Outcome::Exited { code: 1 }, "").unwrap();
    rig.wish(Intent::RollBack { step: "make[1]".into(), reason: "x".into() }).unwrap();
    rig.confirm().unwrap();
    let Some(Effect::Start(job)) = rig.effects.last() else { panic!("{:?}", rig.effects) };
    assert_eq!(job.vars["t"], "b", "the newest first");
    rig.refold();
}
