//! Deadlines, steps that are left to their owners, messages to people.

use std::time::Duration;

use lifeboat::engine::*;
use lifeboat::runbook::*;

use super::rig::{Rig, action, kinds, plan, step};

const MINUTE: Duration = Duration::from_secs(60);

fn manual(id: &str) -> Step {
    Step { manual: Some(Evidence::Welcome), ..step(id, Vec::new()) }
}

fn wake(effects: &[Effect]) -> Option<(TimerId, Duration)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Wake { timer, after } if *timer != TimerId::Rto => Some((*timer, *after)),
        _ => None,
    })
}

#[test]
fn a_deadline_reminds_and_never_chooses() {
    let duty =
        Duty { deadline: Some(5 * MINUTE), escalate: Some("page".into()), by: Some("ic".into()), ..Duty::default() };
    let page = manual("page");
    let mut rig = Rig::open(plan(vec![manual("first"), Step { duty, ..manual("decide") }, page]), Mode::Real);
    assert_eq!(wake(&rig.effects), None, "the first step has no deadline");
    rig.wish(Intent::Done { step: "first".into(), note: String::new() }).unwrap();
    let (timer, after) = wake(&rig.effects).unwrap();
    assert_eq!(after, 5 * MINUTE);
    rig.pass(after);
    assert_eq!(kinds(&rig.feed(&Input::Clock(timer)).unwrap()), ["deadline-passed"]);
    assert_eq!(*rig.run.steps.get(1).unwrap(), StepState::Offered, "nothing is chosen");
    let sentence = "NEXT: 2 The decide. It waits for you to say that it is done. OVERDUE. See 3 The page.";
    assert_eq!(rig.run.sentence(), sentence);
    assert_eq!(rig.feed(&Input::Clock(timer)).unwrap(), [], "once is enough");
    rig.wish(Intent::Done { step: "decide".into(), note: String::new() }).unwrap();
    assert_eq!(rig.feed(&Input::Clock(timer)).unwrap(), [], "a stale timer means nothing");
}

#[test]
fn a_deadline_goes_on_where_a_run_is_taken_up_again() {
    let duty = Duty { deadline: Some(5 * MINUTE), ..Duty::default() };
    let mut rig = Rig::open(plan(vec![Step { duty, ..manual("decide") }]), Mode::Drill);
    rig.pass(2 * MINUTE);
    let left = rearm(&rig.run, rig.now).iter().find_map(|effect| match effect {
        Effect::Wake { timer: TimerId::Deadline(_), after } => Some(*after),
        _ => None,
    });
    assert_eq!(left, Some(3 * MINUTE));
}

#[test]
fn what_is_owed_may_be_open_when_the_run_ends() {
    let duty = Duty { owed: Some(24 * 60 * MINUTE), owner: Some("dba".into()), ..Duty::default() };
    let replica = Step { duty, ..manual("replica") };
    let mut rig = Rig::open(plan(vec![manual("first"), replica]), Mode::Drill);
    let owe = |step: &str| Intent::Owe { step: step.into(), note: "tomorrow".into() };
    assert_eq!(rig.wish(owe("first")), Err(Refusal::NotOwed("first".into())));
    rig.wish(Intent::Done { step: "first".into(), note: String::new() }).unwrap();
    assert_eq!(kinds(&rig.wish(owe("replica")).unwrap()), ["step-owed", "ended"]);
    let summary = lifeboat::report::summary(&rig.run, None).join("\n");
    assert!(summary.contains("owed  2 The replica: dba owes it until 2027-01-16 08:00Z: tomorrow"), "{summary}");
}

fn telling(every: Option<Duration>) -> Plan {
    let message = |name: &str, to: &str, text: &str| Message {
        name: name.into(),
        to: to.into(),
        every,
        text: text.into(),
        line: 1,
    };
    let messages = vec![message("say", "bridge", "Lost ${REGION}."), message("page", "status-page", "We know.")];
    let mut plan = plan(vec![
        Step { messages, ..manual("tell") },
        step("prove", vec![action("prove", Impact::Observe)]),
        manual("rest"),
    ]);
    plan.meta.inputs = vec![InputDecl::plain("REGION", InputType::Text)];
    plan.meta.recovered_when = Some("prove".into());
    plan
}

fn sent(message: &str) -> Intent {
    Intent::Sent { message: message.into() }
}

#[test]
fn a_message_is_filled_in_and_recorded_as_it_was_sent() {
    for (mode, text) in [
        (Mode::Real, "Lost east."),
        (Mode::Drill, "EXERCISE EXERCISE EXERCISE\nLost east.\nEXERCISE EXERCISE EXERCISE"),
    ] {
        let mut rig = Rig::open(telling(None), mode);
        assert_eq!(rig.run.sentence(), "NEXT: 1 The tell. Send the message to bridge, and say so.");
        assert!(matches!(rig.wish(sent("say")), Err(Refusal::BadValue(why)) if why.contains("REGION")));
        rig.wish(Intent::SetInput { name: "REGION".into(), value: "east".into() }).unwrap();
        assert_eq!(rig.wish(sent("nobody")), Err(Refusal::NoSuchMessage("nobody".into())));
        let done = Intent::Done { step: "tell".into(), note: String::new() };
        assert_eq!(rig.wish(done), Err(Refusal::Unsent("say".into())));
        let events = rig.wish(sent("say")).unwrap();
        assert_eq!(kinds(&events), ["step-started", "message-sent"]);
        let Event::MessageSent { text: wrote, to, .. } = &events[1] else { panic!("{events:?}") };
        assert_eq!((wrote.as_str(), to.as_str()), (text, "bridge"));
        assert_eq!(wake(&rig.effects), None);
        assert_eq!(kinds(&rig.wish(sent("page")).unwrap()), ["message-sent", "step-done"]);
        rig.refold();
    }
}

#[test]
fn people_wait_for_news_until_the_service_is_restored() {
    let mut rig = Rig::open(telling(Some(15 * MINUTE)), Mode::Real);
    rig.wish(Intent::SetInput { name: "REGION".into(), value: "east".into() }).unwrap();
    rig.wish(sent("say")).unwrap();
    let (first, after) = wake(&rig.effects).unwrap();
    assert_eq!(after, 15 * MINUTE);
    rig.wish(sent("page")).unwrap();
    rig.pass(after);
    assert_eq!(kinds(&rig.feed(&Input::Clock(first)).unwrap()), ["message-due"]);
    assert_eq!(rig.run.to_send().unwrap().name.as_str(), "say");
    assert!(rig.run.sentence().ends_with("The message say is due again."), "{}", rig.run.sentence());
    assert_eq!(rig.feed(&Input::Clock(first)).unwrap(), [], "it nags once each time");
    rig.wish(sent("say")).unwrap();
    let (second, _) = wake(&rig.effects).unwrap();
    assert_eq!(rig.feed(&Input::Clock(first)).unwrap(), [], "it was sent since");
    rig.run_step().unwrap();
    rig.ok("2.1", "");
    rig.pass(MINUTE);
    let watch = rig.run.watch.clone();
    if let Some(watch) = watch {
        rig.look(watch.as_str(), Ok(())).unwrap();
    }
    assert!(matches!(rig.run.recovery, Recovery::Restored { .. }), "{:?}", rig.run.recovery);
    assert_eq!(rig.feed(&Input::Clock(second)).unwrap(), [], "nobody waits any more");
}
