//! What an operator lives through: confirmations, failures, checklists, commands of one's own, the end.

use std::time::Duration;

use lifeboat::drive::script;
use lifeboat::engine::*;
use lifeboat::runbook::*;

use super::rig::{Rig, action, east, input, item, kinds, opened, plan, step};

const FAILED: Outcome = Outcome::Exited { code: 7 };

fn one(action: Action) -> Plan {
    plan(vec![step("go", vec![action])])
}

fn asked(plan: Plan, mode: Mode) -> Option<Ask> {
    let mut rig = Rig::open(plan, mode);
    rig.run_step().unwrap();
    rig.run.prompt.map(|prompt| prompt.ask)
}

#[test]
fn what_is_asked_before_an_action_runs() {
    use Impact::{Change, Disrupt, Irreversible, Observe};
    let typed = |phrase: &str| Some(Ask::Type { phrase: phrase.into() });
    let key = || Some(Confirm::Key);
    let phrase = || Some(Confirm::Phrase("yes, ${LIFEBOAT_OPERATOR}".into()));
    for (mode, impact, confirm, ask) in [
        (Mode::Drill, Observe, None, None),
        (Mode::Drill, Change, None, Some(Ask::Key)),
        (Mode::Drill, Disrupt, None, Some(Ask::Key)),
        (Mode::Drill, Irreversible, None, typed("go")),
        (Mode::Real, Observe, None, None),
        (Mode::Real, Change, None, typed("go")),
        (Mode::Real, Disrupt, None, typed("go")),
        (Mode::Real, Irreversible, None, typed("go")),
        (Mode::Real, Observe, key(), Some(Ask::Key)),
        (Mode::Drill, Observe, phrase(), typed("yes, alice")),
        (Mode::Drill, Irreversible, key(), typed("go")),
        (Mode::Real, Change, phrase(), typed("yes, alice")),
        (Mode::Real, Irreversible, Some(Confirm::Phrase("${EMPTY}".into())), typed("go")),
        (Mode::Drill, Observe, Some(Confirm::Phrase("a\n\u{7}b".into())), typed("go")),
    ] {
        let mut plan = one(Action { confirm: confirm.clone(), ..action("a", impact) });
        plan.meta.inputs = vec![InputDecl { pattern: None, ..input("EMPTY") }];
        let mut rig = Rig::new(plan);
        let inputs = vec![("EMPTY".into(), " ".into(), InputSource::Default)];
        rig.feed(&Input::Open { opened: Box::new(opened(mode)), inputs, onset: None }).unwrap();
        rig.run_step().unwrap();
        assert_eq!(rig.run.prompt.map(|prompt| prompt.ask), ask, "{mode:?} {impact:?} {confirm:?}");
    }
}

#[test]
fn an_operation_that_nobody_knows_is_no_observation() {
    let aws = |code: &str| Action { kind: Kind::Aws, code: code.into(), ..action("a", Impact::Observe) };
    assert_eq!(asked(one(aws("aws rds do-something-new --id x")), Mode::Drill), Some(Ask::Key));
    for row in lifeboat::runbook::aws::OPERATIONS.iter() {
        let plan = one(aws(&format!("aws {} {} {} shop-db --region eu-west-1", row.service, row.name, row.resource())));
        let mut rig = Rig::open(plan, Mode::Drill);
        rig.run_step().unwrap();
        match (row.impact, rig.run.prompt) {
            (Impact::Observe, None) => {}
            (_, Some(prompt)) => {
                assert_eq!(prompt.impact, row.impact);
                assert_eq!(prompt.target.region, "eu-west-1");
                let named = if row.resource().is_empty() { "" } else { "shop-db" };
                assert_eq!(prompt.target.resource, named, "{}", row.name);
            }
            other => panic!("{other:?} for {}", row.name),
        }
    }
}

#[test]
fn a_prompt_is_answered_as_asked_or_not_at_all() {
    let mut rig = Rig::open(one(action("a", Impact::Change)), Mode::Real);
    assert_eq!(kinds(&rig.run_step().unwrap()), ["step-started", "confirmation-asked"]);
    assert!(rig.effects.is_empty(), "nothing runs before it is confirmed");
    let answer = |prompt, typed: Option<&str>| Intent::Confirm { prompt, typed: typed.map(str::to_owned) };
    for (intent, refusal) in [
        (answer(1, None), Refusal::WrongPhrase { phrase: "go".into() }),
        (answer(1, Some("GO")), Refusal::WrongPhrase { phrase: "go".into() }),
        (answer(2, Some("go")), Refusal::StalePrompt { answered: 2, open: 1 }),
        (Intent::ConfirmByScript { prompt: 1 }, Refusal::ScriptInRealRun),
        (Intent::Run { step: "go".into() }, Refusal::PromptOpen(1)),
        (Intent::Skip { step: "go".into(), reason: "x".into() }, Refusal::PromptOpen(1)),
        (Intent::Improvise { command: "ls".into() }, Refusal::PromptOpen(1)),
    ] {
        assert_eq!(rig.wish(intent.clone()), Err(refusal), "{intent:?}");
    }
    assert_eq!(kinds(&rig.wish(Intent::Decline { prompt: 1 }).unwrap()), ["declined"]);
    assert_eq!(kinds(&rig.run_step().unwrap()), ["confirmation-asked"]);
    assert_eq!(rig.wish(answer(1, Some("go"))), Err(Refusal::StalePrompt { answered: 1, open: 2 }));
    let events = rig.wish(answer(2, Some("go"))).unwrap();
    assert_eq!(kinds(&events), ["confirmed", "attempt-started"]);
    assert!(matches!(&rig.effects[..], [Effect::Start(job)] if job.attempt.as_str() == "1.1"));
    assert_eq!(kinds(&rig.ok("1.1", "")), ["attempt-finished", "step-done", "ended"]);
    assert_eq!(rig.finish("1.1", FAILED, ""), Err(Refusal::Over));
}

#[test]
fn a_value_that_changes_while_a_prompt_is_open_is_asked_anew() {
    let code = "aws rds promote-read-replica --db-instance-identifier ${REPLICA}";
    let promote = Action { kind: Kind::Aws, code: code.into(), ..action("promote", Impact::Irreversible) };
    let mut plan = one(promote);
    plan.meta.inputs = vec![input("REPLICA")];
    let mut rig = Rig::open(plan, Mode::Drill);
    let set = |value: &str| Intent::SetInput { name: "REPLICA".into(), value: value.into() };
    let events = rig.run_step().unwrap();
    assert_eq!(kinds(&events), ["step-started", "step-failed"], "an unset variable fails before anything starts");
    let StepState::Failed { why, attempt: None, .. } = rig.run.steps.get(0).unwrap() else { panic!("not failed") };
    assert!(why.contains("REPLICA"), "{why}");
    assert!(matches!(rig.wish(set("No Good")), Err(Refusal::BadValue(_))));
    let other = Intent::SetInput { name: "OTHER".into(), value: "x".into() };
    assert_eq!(rig.wish(other), Err(Refusal::NoSuchInput("OTHER".into())));
    rig.wish(set("east")).unwrap();
    rig.wish(Intent::Retry { step: "go".into() }).unwrap();
    assert_eq!(kinds(&rig.wish(set("west")).unwrap()), ["input-set", "confirmation-asked"]);
    let confirm = Intent::Confirm { prompt: 1, typed: Some("east".into()) };
    assert_eq!(rig.wish(confirm), Err(Refusal::StalePrompt { answered: 1, open: 2 }));
    rig.confirm().unwrap();
    let [Effect::Start(job)] = &rig.effects[..] else { panic!("{:?}", rig.effects) };
    let What::Aws { calls } = &job.what else { panic!("{:?}", job.what) };
    assert_eq!(calls, &[["rds", "promote-read-replica", "--db-instance-identifier", "west"].map(str::to_owned)]);
}

#[test]
fn what_was_confirmed_is_what_runs_however_long_it_took_to_confirm() {
    let code = "GET https://shop.example.com/?now=${LIFEBOAT_NOW}";
    let request = Action { kind: Kind::Http, code: code.into(), ..action("a", Impact::Change) };
    let mut rig = Rig::open(one(request), Mode::Real);
    rig.run_step().unwrap();
    let prompt = rig.run.prompt.clone().unwrap();
    assert_eq!(prompt.ask, Ask::Type { phrase: "shop.example.com".into() });
    rig.pass(Duration::from_secs(300));
    rig.confirm().unwrap();
    let [Effect::Start(job)] = &rig.effects[..] else { panic!("{:?}", rig.effects) };
    assert_eq!(job.what, What::Http { request: prompt.command.clone() });
    assert!(prompt.command.ends_with(&job.vars["LIFEBOAT_NOW"]), "{}", prompt.command);
}

#[test]
fn an_end_and_the_next_beginning_are_one_batch() {
    let capture =
        Action { capture: vec!["FOUND".into()], marks: Some(Moment::Fenced), ..action("find", Impact::Observe) };
    let before = Action { section: Section::Before, ..action("check", Impact::Observe) };
    let verify = Action { section: Section::Verify, ..action("verify", Impact::Observe) };
    let undo = Action { section: Section::Rollback, ..action("undo", Impact::Irreversible) };
    let look = Action { code: "echo $FOUND $HOME".into(), ..action("look", Impact::Observe) };
    let mut rig = Rig::open(
        plan(vec![
            step("first", vec![before, capture, verify, undo]),
            step("second", vec![look]),
            step("third", vec![action("change", Impact::Change)]),
        ]),
        Mode::Drill,
    );
    rig.wish(Intent::Auto { on: true }).unwrap();
    assert_eq!(rig.run.attempts[&"1.1".into()].action, Some("check".into()), "it observes, so it began by itself");
    assert_eq!(kinds(&rig.ok("1.1", "")), ["attempt-finished", "attempt-started"]);
    let events = rig.ok("1.2", " a\nb \n");
    assert_eq!(kinds(&events), ["attempt-finished", "captured", "moment-fixed", "attempt-started"]);
    assert_eq!(rig.run.vars["FOUND"], "a\nb");
    let events = rig.ok("1.3", "");
    let batch = ["attempt-finished", "step-done", "step-started", "attempt-started"];
    assert_eq!(kinds(&events), batch, "the rollback runs only when asked for");
    let [Effect::Start(job)] = &rig.effects[..] else { panic!("{:?}", rig.effects) };
    assert_eq!((job.vars["FOUND"].as_str(), job.timeout), ("a\nb", None));
    assert_eq!(kinds(&rig.ok("2.1", "")), ["attempt-finished", "step-done"], "the third changes something");
    assert_eq!(rig.run.sentence(), "NEXT: 3 The third. It waits for you to run it.");
    assert_eq!(rig.wish(Intent::Run { step: "first".into() }), Err(Refusal::SettledAlready("first".into())));
}

#[test]
fn steps_run_in_order() {
    let steps = ["a", "b"].map(|id| step(id, vec![action(&format!("do-{id}"), Impact::Observe)]));
    let mut rig = Rig::open(plan(steps.into()), Mode::Drill);
    let early = Intent::Run { step: "b".into() };
    assert_eq!(rig.wish(early), Err(Refusal::NotItsTurn { step: "b".into(), current: "a".into() }));
    assert_eq!(rig.wish(Intent::Run { step: "c".into() }), Err(Refusal::NoSuchStep("c".into())));
    rig.run_step().unwrap();
    assert_eq!(rig.run_step(), Err(Refusal::Busy("1.1".into())));
    let skip = Intent::Skip { step: "a".into(), reason: "x".into() };
    assert_eq!(rig.wish(skip), Err(Refusal::Busy("1.1".into())));
}

#[test]
fn only_what_is_harmless_is_tried_again_unasked() {
    for (impact, repeatable, outcome, again) in [
        (Impact::Observe, false, FAILED, true),
        (Impact::Change, true, FAILED, true),
        (Impact::Change, false, FAILED, false),
        (Impact::Change, false, Outcome::Unreachable { error: "timeout".into() }, false),
        (Impact::Observe, true, Outcome::Interrupted, false),
    ] {
        let mut rig = Rig::open(one(Action { retry: 1, repeatable, ..action("a", impact) }), Mode::Drill);
        rig.run_step().unwrap();
        if rig.run.prompt.is_some() {
            rig.confirm().unwrap();
        }
        let events = rig.finish("1.1", outcome.clone(), "").unwrap();
        if !again {
            assert_eq!(kinds(&events), ["attempt-finished", "step-failed"], "{impact:?} {outcome:?}");
            continue;
        }
        assert_eq!(kinds(&events), ["attempt-finished"]);
        let wake = Effect::Wake { timer: TimerId::Retry(1), after: Duration::from_secs(5) };
        assert_eq!(rearm(&rig.run, rig.now).last(), Some(&wake));
        assert_eq!(rig.effects, [wake]);
        assert!(rig.run.sentence().contains("tried again"), "{}", rig.run.sentence());
        assert_eq!(rig.feed(&Input::Clock(TimerId::Retry(7))), Ok(vec![]), "a stale timer means nothing");
        assert_eq!(kinds(&rig.feed(&Input::Clock(TimerId::Retry(1))).unwrap()), ["attempt-started"]);
        assert_eq!(rig.feed(&Input::Clock(TimerId::Retry(1))), Ok(vec![]));
        let events = rig.finish("1.2", FAILED, "").unwrap();
        assert_eq!(kinds(&events), ["attempt-finished", "step-failed"], "one retry, no more");
    }
}

#[test]
fn after_a_failure_the_operator_chooses() {
    let failed = || {
        let mut rig = Rig::open(one(action("a", Impact::Change)), Mode::Drill);
        rig.run_step().unwrap();
        rig.confirm().unwrap();
        rig.finish("1.1", FAILED, "").unwrap();
        rig
    };
    let mut rig = failed();
    assert_eq!(rig.run_step(), Err(Refusal::Failed("go".into())));
    assert_eq!(rig.run.sentence(), "NEXT: 1 The go failed (exited with 7). Choose what to do.");
    let events = rig.wish(Intent::Retry { step: "go".into() }).unwrap();
    assert_eq!(kinds(&events), ["retry-chosen", "confirmation-asked"], "it changes something, so it is asked again");
    rig.confirm().unwrap();
    rig.ok("1.2", "");
    assert_eq!(rig.ended(), Some("finished"));

    let mut rig = failed();
    let skip = |reason: &str| Intent::Skip { step: "go".into(), reason: reason.into() };
    assert_eq!(rig.wish(skip(" ")), Err(Refusal::ReasonMissing));
    assert_eq!(kinds(&rig.wish(skip("done by hand")).unwrap()), ["step-skipped", "ended"]);

    let mut rig = failed();
    let mark = |evidence: &str| Intent::MarkDone { step: "go".into(), evidence: evidence.into() };
    assert_eq!(rig.wish(mark("")), Err(Refusal::EvidenceMissing));
    assert_eq!(kinds(&rig.wish(mark("console shows it")).unwrap()), ["step-done", "ended"]);
}

#[test]
fn a_failure_can_be_passed_over() {
    let optional = Action { optional: Necessity::Optional, ..action("a", Impact::Observe) };
    let mut rig = Rig::open(plan(vec![step("go", vec![optional, action("b", Impact::Observe)])]), Mode::Drill);
    rig.run_step().unwrap();
    let events = rig.finish("1.1", FAILED, "").unwrap();
    assert_eq!(kinds(&events), ["attempt-finished", "failure-passed", "attempt-started"]);

    let go = step("go", vec![action("a", Impact::Observe), action("b", Impact::Observe)]);
    let mut rig = Rig::open(plan(vec![Step { optional: Necessity::Optional, ..go }]), Mode::Drill);
    rig.run_step().unwrap();
    let events = rig.finish("1.1", FAILED, "").unwrap();
    let batch = ["attempt-finished", "failure-passed", "step-skipped", "ended"];
    assert_eq!(kinds(&events), batch, "the rest of an optional step is left out");
}

/// No program starts with such a variable in its environment: blocks that do not read it run all the same.
#[test]
fn a_value_that_is_too_long_for_an_environment_stops_only_what_reads_it() {
    let captures = Action { capture: vec!["BIG".into()], ..action("list", Impact::Observe) };
    let shell = |name: &str, code: &str| Action {
        kind: Kind::Shell(Shell::Sh),
        code: code.into(),
        ..action(name, Impact::Observe)
    };
    let steps = vec![
        step("list", vec![captures]),
        step("other", vec![shell("other", "echo fine")]),
        step("reader", vec![shell("reader", "echo \"$BIG\"")]),
    ];
    let mut rig = Rig::open(plan(steps), Mode::Drill);
    rig.run_step().unwrap();
    rig.ok("1.1", &"x".repeat(200 * 1024));
    rig.run_step().unwrap();
    let started = |effect: &Effect| match effect {
        Effect::Start(job) => Some(job.vars.contains_key("BIG")),
        _ => None,
    };
    let jobs: Vec<bool> = rig.effects.iter().filter_map(started).collect();
    assert_eq!(jobs, [false]);
    rig.ok("2.1", "fine");
    let events = rig.run_step().unwrap();
    let Some(Event::StepFailed { why, .. }) = events.last() else { panic!("{events:?}") };
    assert!(why.contains("`BIG` holds 200 KiB"), "{why}");
}

/// A tick behind a step is no proof that all of it worked: the summary names what did not, and nothing else.
#[test]
fn the_summary_names_what_was_passed_over_and_what_no_database_answered() {
    let optional = |name: &str, kind| Action { kind, optional: Necessity::Optional, ..action(name, Impact::Observe) };
    let never = Some(Formula::parse("1 > 2").unwrap());
    let go = vec![
        optional("fence", Kind::Aws),
        optional("rows", Kind::Sql),
        optional("lag", Kind::Sql),
        Action { when: never, ..optional("later", Kind::Sql) },
        Action { measures: Some(Measure::Rpo), ..action("loss", Impact::Observe) },
    ];
    let reading = step("what-goes-wrong", Vec::new());
    let mut plan = plan(vec![step("go", go), step("next", vec![action("next", Impact::Observe)]), reading]);
    plan.meta.connections = vec![east()];
    for action in &mut plan.steps[0].actions {
        match action.kind {
            Kind::Aws => action.code = "aws sts get-caller-identity".into(),
            Kind::Sql => action.code = "SELECT 1".into(),
            _ => {}
        }
    }
    let mut rig = Rig::open(plan, Mode::Drill);
    rig.run_step().unwrap();
    rig.finish("1.1", FAILED, "").unwrap();
    rig.ok("1.2", "1");
    rig.finish("1.3", FAILED, "").unwrap();
    rig.ok("1.4", "0");
    rig.wish(Intent::Stop { reason: "enough".into() }).unwrap();
    let said = lifeboat::report::summary(&rig.run, None).join("\n");
    for line in ["1 The go: fence FAILED and was passed over: ", "1 The go: lag FAILED and was passed over"] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert!(said.contains("SQL   1 of 3 `sql` fences ran on a database and held, 1 failed, 1 not exercised"), "{said}");
    assert!(said.contains("2 The next: NOT EXERCISED") && !said.contains("The what-goes-wrong"), "{said}");
    assert!(!said.contains("never proven"), "this runbook fences nothing: {said}");
}

#[test]
fn a_poll_is_judged_by_its_poller() {
    let poll = Action { until: Some(Expect::Equals("available".into())), ..action("a", Impact::Observe) };
    let mut rig = Rig::open(one(poll), Mode::Drill);
    rig.run_step().unwrap();
    let result = Ended {
        outcome: Outcome::Answered { status: Some(200) },
        stdout: "modifying".into(),
        truncated: false,
        polls: 9,
        looked_at: chrono::DateTime::UNIX_EPOCH,
        poll_failure: Some("not `available` within 10 min".into()),
        took_ms: 600_000,
        streams: Streams::default(),
        aws: None,
    };
    let report = Input::Report(Report::Finished { attempt: "1.1".into(), result: Box::new(result) });
    assert_eq!(kinds(&rig.feed(&report).unwrap()), ["attempt-finished", "step-failed"]);
    assert_eq!(rig.feed(&report), Err(Refusal::NotRunning("1.1".into())), "an end is reported once");
}

#[test]
fn checklists_and_manual_steps_are_a_persons() {
    let manual = Step { manual: Some(Evidence::Required), checklist: vec![item("one")], ..step("call", vec![]) };
    let listed = Step { checklist: vec![item("one"), item("two")], ..step("go", vec![action("a", Impact::Observe)]) };
    let mut rig = Rig::open(plan(vec![manual, listed, step("read", vec![])]), Mode::Drill);
    let tick = |step: &str, item| Intent::Tick { step: step.into(), item };
    let done = |step: &str, note: &str| Intent::Done { step: step.into(), note: note.into() };
    assert_eq!(kinds(&rig.run_step().unwrap()), ["step-started"]);
    assert_eq!(rig.wish(done("call", "")), Err(Refusal::ItemsOpen { open: 1 }));
    assert_eq!(rig.wish(tick("call", 1)), Err(Refusal::NoSuchItem(1)));
    rig.wish(tick("call", 0)).unwrap();
    assert_eq!(rig.wish(tick("call", 0)), Err(Refusal::TickedAlready));
    assert_eq!(rig.wish(done("call", " ")), Err(Refusal::EvidenceMissing));
    rig.wish(done("call", "spoke to Bob")).unwrap();

    rig.wish(tick("go", 1)).unwrap();
    assert_eq!(rig.wish(done("go", "")), Err(Refusal::NotInYourHands("go".into())), "its action has not run");
    rig.run_step().unwrap();
    assert_eq!(kinds(&rig.ok("2.1", "")), ["attempt-finished"]);
    assert_eq!(rig.run.sentence(), "NEXT: 2 The go. One item is to be ticked.");
    assert_eq!(rig.run_step(), Err(Refusal::InYourHands("go".into())));
    let last = kinds(&rig.wish(tick("go", 0)).unwrap());
    assert_eq!(
        last,
        ["item-ticked", "step-done", "step-started", "step-done", "ended"],
        "the last tick is the last word"
    );
    rig.refold();
}

#[test]
fn a_command_of_ones_own_is_confirmed_and_recorded_and_fails_nothing() {
    let mut rig = Rig::open(one(action("a", Impact::Observe)), Mode::Real);
    assert_eq!(rig.wish(Intent::Improvise { command: " ".into() }), Err(Refusal::CommandMissing));
    rig.wish(Intent::Improvise { command: "systemctl status shop".into() }).unwrap();
    assert_eq!(rig.run.prompt.as_ref().unwrap().ask, Ask::Type { phrase: "run".into() });
    assert_eq!(rig.run_step(), Err(Refusal::PromptOpen(1)));
    rig.confirm().unwrap();
    assert!(matches!(&rig.effects[..], [Effect::Start(job)] if job.attempt.as_str() == "x.1" && job.step.is_none()));
    assert_eq!(rig.run_step(), Err(Refusal::Busy("x.1".into())));
    assert_eq!(kinds(&rig.finish("x.1", FAILED, "").unwrap()), ["attempt-finished"]);
    assert_eq!(rig.run.steps, vec![StepState::Offered].into());
}

#[test]
fn a_stop_interrupts_and_waits_for_the_end_of_what_runs() {
    let mut rig = Rig::open(one(action("a", Impact::Observe)), Mode::Drill);
    let stop = || Intent::Stop { reason: "wrong region".into() };
    rig.run_step().unwrap();
    assert_eq!(kinds(&rig.wish(stop()).unwrap()), ["stop-asked", "interrupt-asked"]);
    assert_eq!(rig.effects, [Effect::Interrupt { attempt: "1.1".into(), force: false }]);
    assert_eq!(rig.wish(Intent::Improvise { command: "ls".into() }), Err(Refusal::Stopping));
    rig.wish(stop()).unwrap();
    assert_eq!(rig.effects, [Effect::Interrupt { attempt: "1.1".into(), force: true }]);
    let events = rig.finish("1.1", Outcome::Interrupted, "").unwrap();
    assert_eq!(kinds(&events), ["attempt-finished", "ended"]);
    assert_eq!((rig.ended(), &rig.effects[..]), (Some("stopped"), &[Effect::Seal][..]));

    let mut rig = Rig::open(one(action("a", Impact::Change)), Mode::Real);
    rig.run_step().unwrap();
    assert_eq!(kinds(&rig.wish(Intent::GiveUpWaiting).unwrap()), ["ended"]);
    assert_eq!(rig.ended(), Some("waiting"));

    let mut rig = Rig::open(one(action("a", Impact::Change)), Mode::Real);
    rig.feed(&Input::Host(Notice::ScreenLost)).unwrap();
    assert_eq!(rig.ended(), Some("lost"));
}

#[test]
fn an_interrupted_step_waits_for_a_choice_even_if_it_is_optional() {
    let optional = Action { optional: Necessity::Optional, ..action("a", Impact::Observe) };
    let mut rig = Rig::open(one(optional), Mode::Drill);
    rig.run_step().unwrap();
    rig.wish(Intent::Interrupt { attempt: "1.1".into(), force: false }).unwrap();
    let events = rig.finish("1.1", Outcome::Interrupted, "").unwrap();
    assert_eq!(kinds(&events), ["attempt-finished", "step-failed"]);
    let interrupt = Intent::Interrupt { attempt: "1.1".into(), force: true };
    assert_eq!(rig.wish(interrupt), Err(Refusal::NotRunning("1.1".into())));
}

#[test]
fn an_unconfirmed_change_is_illegal_in_any_log() {
    let mut run = Run::new(std::sync::Arc::new(one(action("a", Impact::Change))));
    let at = lifeboat::kernel::Stamp { utc: super::rig::time(0), mono: 0 };
    let started = Event::AttemptStarted {
        attempt: "1.1".into(),
        step: Some("go".into()),
        action: Some("a".into()),
        impact: Impact::Change,
        command: "do a".into(),
        target: Target::default(),
    };
    let log = [Event::Open(Box::new(opened(Mode::Real))), Event::StepStarted { step: "go".into() }, started];
    let folded: Vec<_> = (0..)
        .zip(log)
        .map(|(seq, event)| evolve(&mut run, &Fact { seq, at, event }).map_err(|e| e.to_string()))
        .collect();
    let why = "fact 2 does not fit what went before: nobody confirmed it".to_owned();
    assert_eq!(folded, [Ok(()), Ok(()), Err(why)]);
}

/// Of two that ended with their engine, the drill's script tries only the one again that is known not to have happened,
/// and asks for its confirmation anew; in a real run that is nobody's but a person's.
#[test]
fn what_was_not_carried_out_is_tried_again_by_a_drill_s_script_and_nothing_else() {
    let evidence = || "nothing of it is there".to_owned();
    let next = |rig: &Rig| script::next(&rig.run, 9, &std::collections::BTreeMap::new(), rig.now.utc);
    for (mode, outcome, retried) in [
        (Mode::Drill, Outcome::NotCarriedOut { evidence: evidence() }, true),
        (Mode::Drill, Outcome::InDoubt { evidence: evidence() }, false),
        (Mode::Drill, Outcome::Exited { code: 1 }, false),
        (Mode::Real, Outcome::NotCarriedOut { evidence: evidence() }, false),
    ] {
        let mut rig = Rig::open(one(action("a", Impact::Irreversible)), mode);
        rig.run_step().unwrap();
        rig.confirm().unwrap();
        let events = rig.finish("1.1", outcome.clone(), "").unwrap();
        assert_eq!(kinds(&events), ["attempt-finished", "step-failed"], "{outcome:?}");
        rig.wish(Intent::Auto { on: true }).unwrap();
        let wish = next(&rig);
        assert_eq!(matches!(wish, Some(Intent::Retry { .. })), retried, "{mode:?} {outcome:?}: {wish:?}");
        if let Some(Intent::Retry { step }) = wish {
            let events = rig.wish(Intent::Retry { step }).unwrap();
            assert!(kinds(&events).contains(&"confirmation-asked".to_owned()), "{events:?}");
            assert!(matches!(next(&rig), Some(Intent::ConfirmByScript { .. })));
        }
    }
}
