//! Values: asked for, read by a second person, worked out, captured; what is for one case only.

use lifeboat::engine::*;
use lifeboat::runbook::*;

use super::rig::{Rig, action, kinds, plan, step, time};

fn time_input(name: &str) -> InputDecl {
    InputDecl::plain(name, InputType::Time)
}

fn derived(name: &str, kind: InputType, value: &str) -> InputDecl {
    let value = Some(Derivation::parse(&kind, value).unwrap());
    InputDecl { value, ..InputDecl::plain(name, kind) }
}

fn asks(id: &str, names: &[&str], actions: Vec<Action>) -> Step {
    let manual = actions.is_empty().then_some(Evidence::Welcome);
    Step { ask: names.iter().map(|name| (*name).to_owned()).collect(), manual, ..step(id, actions) }
}

fn set(name: &str, value: &str) -> Intent {
    Intent::SetInput { name: name.into(), value: value.into() }
}

fn read_again(value: &str, reader: &str) -> Intent {
    Intent::ReadAgain { name: "T_BAD".into(), value: value.into(), reader: reader.into() }
}

/// A step that asks for the first bad write, one that looks, and one that uses what follows from it.
fn corruption() -> Plan {
    let restore = Action {
        kind: Kind::Http,
        code: "GET http://h/${RESTORE}/${NAME}".into(),
        ..action("restore", Impact::Observe)
    };
    let mut plan = plan(vec![asks("find", &["T_BAD"], Vec::new()), step("restore", vec![restore])]);
    plan.meta.inputs = vec![
        InputDecl { readers: Readers::Two, default: Some("${LIFEBOAT_ONSET}".into()), ..time_input("T_BAD") },
        derived("RESTORE", InputType::Time, "${T_BAD} - 1s"),
        derived("NAME", InputType::Text, "pitr-${RESTORE}"),
    ];
    plan
}

const T: &str = "2027-01-15T08:00:00Z";

#[test]
fn a_value_is_entered_checked_kept_and_used() {
    let mut rig = Rig::open(corruption(), Mode::Drill);
    assert_eq!(rig.run.sentence(), "NEXT: 1 The find. It asks for T_BAD.");
    let done = Intent::Done { step: "find".into(), note: String::new() };
    assert_eq!(rig.wish(done), Err(Refusal::ValuesMissing("T_BAD".into())));
    let Err(Refusal::BadValue(why)) = rig.wish(set("T_BAD", "2027-01-15 08:00")) else { panic!("taken") };
    assert!(why.contains("no zone"), "{why}");
    let input = rig.run.plan.input("T_BAD").unwrap();
    assert_eq!(rig.run.proposal(input, rig.now.utc), Some(Ok("2027-01-15T07:59:00Z".into())), "the onset");
    let events = rig.wish(set("T_BAD", "2027-01-15T09:00:00+01:00")).unwrap();
    assert_eq!(kinds(&events), ["step-started", "input-set", "step-done"], "a drill needs no second reader");
    assert!(matches!(&events[1], Event::InputSet { value, by: Some(by), .. } if value == T && by == "alice"));
    let events = rig.run_step().unwrap();
    assert_eq!(kinds(&events), ["step-started", "input-set", "input-set", "attempt-started"], "needed, so worked out");
    assert_eq!(rig.run.sources["NAME"], InputSource::Derived);
    let [Effect::Start(job)] = &rig.effects[..] else { panic!("{:?}", rig.effects) };
    let wanted = "GET http://h/2027-01-15T07:59:59Z/pitr-2027-01-15T07:59:59Z";
    assert_eq!(job.what, What::Http { request: wanted.into() });
}

#[test]
fn what_follows_from_a_value_follows_its_correction() {
    let mut rig = Rig::open(corruption(), Mode::Drill);
    rig.wish(set("T_BAD", T)).unwrap();
    rig.run_step().unwrap();
    let events = rig.wish(set("T_BAD", "2027-01-15T07:00:00Z")).unwrap();
    assert_eq!(kinds(&events), ["input-set", "input-set", "input-set"]);
    assert_eq!(rig.run.vars["NAME"], "pitr-2027-01-15T06:59:59Z");
    assert_eq!(rig.wish(set("T_BAD", "2027-01-15T07:00:00Z")).unwrap(), [], "the same value is no news");
}

#[test]
fn in_a_real_run_another_person_reads_the_value() {
    let mut rig = Rig::open(corruption(), Mode::Real);
    assert_eq!(rig.wish(read_again(T, "bob")), Err(Refusal::NotRead("T_BAD".into())));
    assert_eq!(kinds(&rig.wish(set("T_BAD", T)).unwrap()), ["step-started", "first-read"]);
    assert!(!rig.run.vars.contains_key("T_BAD"), "one reader is not enough");
    assert_eq!(rig.run.sentence(), "NEXT: 1 The find. T_BAD waits for a second reader.");
    assert_eq!(rig.wish(read_again(T, " ALICE ")), Err(Refusal::SameReader("ALICE".into())));
    assert_eq!(rig.wish(read_again(T, " ")), Err(Refusal::ReaderMissing));
    let other = "2027-01-15T02:00:00Z";
    let differs = Refusal::ReadDifferently { name: "T_BAD".into(), first: T.into(), second: other.into() };
    assert_eq!(rig.wish(read_again(other, "bob")), Err(differs));
    let events = rig.wish(read_again("2027-01-15T03:00:00-05:00", "bob")).unwrap();
    assert_eq!(kinds(&events), ["second-read", "input-set", "step-done"]);
    assert_eq!(rig.run.vars["T_BAD"], T);
    assert!(rig.run.waivers.is_empty() && rig.run.readings.is_empty());
}

#[test]
fn a_lone_operator_waives_the_second_reader_with_a_reason() {
    let mut rig = Rig::open(corruption(), Mode::Real);
    let waive = |reason: &str| Intent::WaiveReader { name: "T_BAD".into(), reason: reason.into() };
    assert_eq!(rig.wish(waive("alone")), Err(Refusal::NotRead("T_BAD".into())));
    rig.wish(set("T_BAD", T)).unwrap();
    assert_eq!(rig.wish(waive("  ")), Err(Refusal::ReasonMissing));
    let events = rig.wish(waive("night shift, nobody answers")).unwrap();
    assert_eq!(kinds(&events), ["second-reader-waived", "input-set", "step-done"]);
    let summary = lifeboat::report::summary(&rig.run, None);
    assert_eq!(summary[0], "WAIVED nobody else read T_BAD: night shift, nobody answers (alice)");
}

#[test]
fn a_log_in_which_nobody_read_the_value_again_is_refused() {
    let mut rig = Rig::open(corruption(), Mode::Real);
    rig.wish(set("T_BAD", T)).unwrap();
    let before = rig.run.clone();
    let set = |value: &str| Event::InputSet {
        name: "T_BAD".into(),
        value: value.into(),
        source: InputSource::Operator,
        by: Some("alice".into()),
    };
    let second = |by: &str| Event::SecondRead { name: "T_BAD".into(), by: by.into() };
    for event in [set(T), set("2020-01-01T00:00:00Z"), second("Alice")] {
        let fact = Fact { seq: 1_000, at: rig.now, event };
        assert!(evolve(&mut rig.run, &fact).is_err(), "{fact:?}");
        assert_eq!(rig.run, before);
    }
}

#[test]
fn values_come_before_what_the_step_runs() {
    let look = Action { code: "echo $WHERE".into(), ..action("look", Impact::Observe) };
    let mut plan = plan(vec![asks("go", &["WHERE", "LEVEL"], vec![look])]);
    plan.meta.inputs = vec![
        InputDecl::plain("WHERE", InputType::ChoiceOf("${PLACES}".into())),
        InputDecl::plain("LEVEL", InputType::Integer),
        InputDecl::plain("PLACES", InputType::List(Box::new(InputType::Text))),
    ];
    let mut rig = Rig::open(plan, Mode::Drill);
    rig.wish(Intent::Auto { on: true }).unwrap();
    assert_eq!(*rig.run.steps.get(0).unwrap(), StepState::Offered, "automatic progress enters no values");
    rig.wish(set("PLACES", "east\nwest")).unwrap();
    assert_eq!(kinds(&rig.run_step().unwrap()), ["step-started"]);
    assert!(matches!(rig.wish(set("WHERE", "south")), Err(Refusal::BadValue(_))));
    assert_eq!(kinds(&rig.wish(set("WHERE", "west")).unwrap()), ["input-set"]);
    assert_eq!(rig.run.sentence(), "NEXT: 1 The go. It asks for LEVEL.");
    assert_eq!(kinds(&rig.wish(set("LEVEL", "3")).unwrap()), ["input-set", "attempt-started"]);
}

#[test]
fn what_is_not_for_this_case_is_passed_and_recorded() {
    let when = |text: &str| Some(Formula::parse(text).unwrap());
    let probe = action("probe", Impact::Observe);
    let only = Action { when: when("probe.outcome == failed && ${probe.exit} == 7"), ..action("only", Impact::Change) };
    let never = Action { when: when("\"${probe.stdout}\" =~ '^up'"), ..action("never", Impact::Change) };
    let mut plan = plan(vec![
        step("look", vec![Action { optional: Necessity::Optional, ..probe }]),
        Step { when: when("probe.outcome == ok"), ..step("well", vec![action("well", Impact::Change)]) },
        step("act", vec![never, only]),
        Step { when: when("well.outcome == ok"), manual: Some(Evidence::Welcome), ..step("say", Vec::new()) },
        Step { when: when("${NOBODY} > 1"), ..step("broken", vec![action("b", Impact::Observe)]) },
    ]);
    plan.recalled = ["probe".into(), "well".into()].into();
    let mut rig = Rig::open(plan, Mode::Drill);
    rig.run_step().unwrap();
    let events = rig.finish("1.1", Outcome::Exited { code: 7 }, "down\n").unwrap();
    let wanted = ["attempt-finished", "captured", "failure-passed", "step-done", "not-applicable"];
    assert_eq!(kinds(&events), wanted, "the second step is passed by itself");
    assert_eq!(
        *rig.run.steps.get(1).unwrap(),
        StepState::NotApplicable { why: "`probe.outcome == ok` does not hold".into() }
    );
    assert_eq!(
        (rig.run.vars["well.outcome"].as_str(), rig.run.vars["probe.stdout"].as_str()),
        ("not-applicable", "down")
    );
    let events = rig.run_step().unwrap();
    assert_eq!(kinds(&events), ["step-started", "not-applicable", "confirmation-asked"]);
    rig.confirm().unwrap();
    let [Effect::Start(job)] = &rig.effects[..] else { panic!("{:?}", rig.effects) };
    assert!(job.vars.keys().all(|name| !name.contains('.')), "no shell knows such names: {:?}", job.vars);
    let events = rig.ok("3.1", "");
    assert_eq!(kinds(&events), ["attempt-finished", "step-done", "not-applicable"]);
    let events = rig.run_step().unwrap();
    assert_eq!(kinds(&events), ["step-started", "step-failed"], "nobody guesses");
    let summary = lifeboat::report::summary(&rig.run, None).join("\n");
    assert!(summary.contains("2 The well: not for this case"), "{summary}");
}

#[test]
fn captured_members_and_lists_are_facts() {
    let config = Action { capture: vec!["CLASS".into(), "SGS[]".into()], ..action("config", Impact::Observe) };
    let code =
        "aws rds modify-db-instance --db-instance-identifier x --vpc-security-group-ids ${SGS[*]} --iops ${NONE[*]}";
    let change = Action { kind: Kind::Aws, code: code.into(), ..action("change", Impact::Change) };
    let mut plan = plan(vec![step("look", vec![config]), step("act", vec![change])]);
    plan.meta.inputs = vec![InputDecl::plain("NONE", InputType::Text)];
    let mut rig = Rig::open(plan, Mode::Drill);
    rig.wish(set("NONE", "")).unwrap();
    rig.run_step().unwrap();
    let events = rig.ok("1.1", r#"{"CLASS":"db.m6g","SGS":["sg-1","sg-2"]}"#);
    assert_eq!(kinds(&events), ["attempt-finished", "captured", "captured", "step-done"]);
    assert_eq!(rig.run.vars["SGS"], "sg-1\nsg-2");
    rig.run_step().unwrap();
    let command = rig.run.prompt.as_ref().unwrap().command.clone();
    assert_eq!(command, "aws rds modify-db-instance --db-instance-identifier x --vpc-security-group-ids sg-1 sg-2");
    assert!(rig.run.onset() == Some(time(-60)));
}

#[test]
fn a_secret_is_a_name_in_every_fact_and_is_asked_for_once_its_engine_is_gone() {
    let fetch =
        Action { secrecy: Secrecy::Secret, capture: vec![Capture::from("TOKEN")], ..action("fetch", Impact::Observe) };
    let call = Action {
        kind: Kind::Http,
        code: "GET http://h/\nA: ${TOKEN} ${PW}\n".into(),
        ..action("call", Impact::Observe)
    };
    let mut plan = plan(vec![step("fetch", vec![fetch]), step("call", vec![call])]);
    plan.secrets = vec![InputDecl { secrecy: Secrecy::Secret, ..InputDecl::plain("TOKEN", InputType::Text) }];
    plan.meta.inputs = vec![InputDecl { secrecy: Secrecy::Secret, ..InputDecl::plain("PW", InputType::Text) }];
    let mut rig = Rig::open(plan, Mode::Real);
    rig.run_step().unwrap();
    let Some(Effect::Start(job)) = rig.effects.first().cloned() else { panic!("{:?}", rig.effects) };
    assert_eq!(job.output, Output::Secret { captures: vec![Capture::from("TOKEN")] });
    // Whoever performs it keeps the value and hands on the name.
    rig.ok(job.attempt.as_str(), "[secret:TOKEN]");
    assert_eq!(rig.run.vars["TOKEN"], "[secret:TOKEN]");
    let Err(Refusal::BadValue(why)) = rig.wish(set("TOKEN", "[secret:TOKEN]")) else { panic!("taken") };
    assert!(why.contains("TOKEN is secret"), "{why}");

    let resumed = Fact { seq: 100, at: rig.now, event: super::laws::resumed() };
    let mut later = Rig::new((*rig.run.plan).clone());
    later.take_over(&rig.facts, resumed);
    let mut rig = later;
    assert_eq!(rig.run.asked().first().map(|input| input.name.as_str()), Some("TOKEN"));
    assert_eq!(kinds(&rig.run_step().unwrap()), ["step-started"], "it waits for the value");
    assert!(rig.wish(set("TOKEN", "4711")).is_err(), "a value itself never reaches the engine");
    let events = rig.wish(set("TOKEN", "[secret:TOKEN]")).unwrap();
    assert_eq!(kinds(&events), ["input-set", "attempt-started"]);
    let Some(Effect::Start(job)) = rig.effects.first() else { panic!("{:?}", rig.effects) };
    assert_eq!(job.what, What::Http { request: "GET http://h/\nA: [secret:TOKEN] [secret:PW]\n".into() });
}

/// However a shell block names it: without the value it would run with nothing, or with another one.
#[test]
fn a_lost_secret_is_asked_for_wherever_a_shell_block_may_read_it() {
    for (code, asked) in [
        ("curl $TOKEN", true),
        ("curl -H \"A: ${TOKEN}\"", true),
        ("echo ${#TOKEN}", true),
        ("echo ${TOKEN%%=*}", true),
        ("curl ${TOKEN:-none}", true),
        ("sh -c 'curl $TOKEN'", true),
        ("printenv TOKEN", true),
        ("echo $TOKENS", false),
    ] {
        let fetch = Action {
            secrecy: Secrecy::Secret,
            capture: vec![Capture::from("TOKEN")],
            ..action("fetch", Impact::Observe)
        };
        let call = Action { code: code.into(), ..action("call", Impact::Observe) };
        let mut plan = plan(vec![step("fetch", vec![fetch]), step("call", vec![call])]);
        plan.secrets = vec![InputDecl { secrecy: Secrecy::Secret, ..InputDecl::plain("TOKEN", InputType::Text) }];
        let mut rig = Rig::open(plan, Mode::Real);
        rig.run_step().unwrap();
        rig.ok("1.1", "[secret:TOKEN]");
        let resumed = Fact { seq: 100, at: rig.now, event: super::laws::resumed() };
        let mut later = Rig::new((*rig.run.plan).clone());
        later.take_over(&rig.facts, resumed);
        assert_eq!(later.run.asked().len(), usize::from(asked), "{code}");
    }
}

#[test]
fn a_secret_that_a_step_did_not_capture_is_asked_for_where_it_is_used() {
    let fetch =
        Action { secrecy: Secrecy::Secret, capture: vec![Capture::from("TOKEN")], ..action("fetch", Impact::Observe) };
    let request =
        Action { kind: Kind::Http, code: "GET http://h/\nA: ${TOKEN}\n".into(), ..action("use", Impact::Observe) };
    let secrets = vec![InputDecl { secrecy: Secrecy::Secret, ..InputDecl::plain("TOKEN", InputType::Text) }];
    let by_other_means = [
        Intent::Skip { step: "fetch".into(), reason: "the vault is gone".into() },
        Intent::MarkDone { step: "fetch".into(), evidence: "fetched by hand".into() },
    ];
    for other in by_other_means {
        let mut plan = plan(vec![step("fetch", vec![fetch.clone()]), step("use", vec![request.clone()])]);
        plan.secrets.clone_from(&secrets);
        let mut rig = Rig::open(plan, Mode::Real);
        if matches!(other, Intent::MarkDone { .. }) {
            rig.run_step().unwrap();
            rig.finish("1.1", Outcome::InDoubt { evidence: "it succeeded unheard".into() }, "").unwrap();
        }
        rig.wish(other.clone()).unwrap();
        let asked: Vec<_> = rig.run.asked().into_iter().map(|input| input.name.clone()).collect();
        assert_eq!(asked, ["TOKEN"], "{other:?}");
        rig.wish(set("TOKEN", "[secret:TOKEN]")).unwrap();
        assert!(rig.run.asked().is_empty());
    }
}
