//! Forecasts by earlier runs: what they teach, what is left out, what the chance says.

use std::time::Duration;

use lifeboat::engine::*;
use lifeboat::runbook::*;

use super::rig::{Rig, action, plan, step};

const SECOND: Duration = Duration::from_secs(1);

/// Three steps: the second one a person confirms, the third one proves the recovery, a fourth one comes behind it.
fn runbook() -> Plan {
    let mut plan = plan(vec![
        step("look", vec![action("look", Impact::Observe)]),
        step("mend", vec![action("mend", Impact::Change)]),
        step("order", vec![action("order", Impact::Observe)]),
        step("tidy", vec![action("tidy", Impact::Observe)]),
    ]);
    plan.meta.recovered_when = Some("order".into());
    plan
}

fn follow(rig: &Rig) -> Followed {
    let mut followed = Followed::new(rig.run.plan.clone());
    for fact in &rig.facts {
        followed.learn(fact).unwrap();
    }
    followed
}

/// Plays the runbook: the onset lies a minute before the run, then come the look, a person's doubt, the mending, the proof.
fn played([look, doubt, mend, order]: [u32; 4]) -> Rig {
    let mut rig = Rig::open(runbook(), Mode::Real);
    rig.run_step().unwrap();
    rig.pass(look * SECOND);
    rig.ok("1.1", "");
    rig.run_step().unwrap();
    rig.pass(doubt * SECOND);
    rig.confirm().unwrap();
    rig.pass(mend * SECOND);
    rig.ok("2.1", "");
    rig.run_step().unwrap();
    rig.pass(order * SECOND);
    rig.ok("3.1", "");
    rig
}

fn history(runs: &[[u32; 4]]) -> History {
    let mut history = History::default();
    for run in runs {
        let past = follow(&played(*run)).past();
        // The stretch that held began with the look that proved it, not when that was over.
        let whole: u32 = run[..3].iter().sum();
        assert_eq!(past.restored().map(|at| at.as_secs()), Some(u64::from(60 + whole)));
        history.add(past);
    }
    history
}

fn seconds(outlook: &Outlook) -> [u64; 3] {
    [outlook.low_ms, outlook.middle_ms, outlook.high_ms].map(|ms| ms.unwrap() / 1_000)
}

#[test]
fn what_always_took_the_same_is_forecast_so_people_included() {
    let history = history(&[[10, 120, 300, 5]; 6]);
    let mut rig = Rig::open(runbook(), Mode::Real);
    let outlook = |rig: &Rig| follow(rig).outlook(&history, rig.now, 2_000);
    assert_eq!(seconds(&outlook(&rig).unwrap()), [60 + 430; 3], "without the step behind the proof");
    assert_eq!(outlook(&rig).unwrap().chance, Some(93), "six runs say no more");
    rig.run_step().unwrap();
    rig.pass(4 * SECOND);
    assert_eq!(seconds(&outlook(&rig).unwrap())[1], 60 + 430, "what goes on is counted from its beginning");
    rig.pass(2 * SECOND);
    rig.ok("1.1", "");
    assert_eq!(seconds(&outlook(&rig).unwrap()), [60 + 6 + 420; 3], "it was faster");
    rig.run_step().unwrap();
    rig.pass(500 * SECOND);
    let late = outlook(&rig).unwrap();
    assert!(seconds(&late)[0] > 60 + 506 + 300, "nobody knows when the person confirms: {late:?}");
    assert!(late.high_ms > late.low_ms, "{late:?}");
    rig.confirm().unwrap();
    assert_eq!(seconds(&outlook(&rig).unwrap()), [60 + 506 + 300; 3], "the doubt is spent, the mending is ahead");
    rig.pass(2_000 * SECOND);
    let late = outlook(&rig).unwrap();
    assert_eq!(late.chance, Some(0), "{late:?}");
    rig.ok("2.1", "");
    rig.run_step().unwrap();
    rig.ok("3.1", "");
    assert_eq!(outlook(&rig), None, "restored");
}

#[test]
fn the_spread_holds_eight_of_ten_and_the_chance_is_a_share() {
    let runs: Vec<[u32; 4]> = (1..=19).map(|nth| [0, 0, nth * 100, 0]).collect();
    let mut history = history(&runs);
    history.add(follow(&played([0, 0, 2_000, 0])).past());
    let rig = Rig::open(runbook(), Mode::Real);
    let outlook = follow(&rig).outlook(&history, rig.now, 20_000).unwrap();
    let [low, middle, high] = seconds(&outlook);
    assert!((60 + 190..=60 + 230).contains(&low), "{outlook:?}");
    assert!((60 + 1_000..=60 + 1_100).contains(&middle), "{outlook:?}");
    assert!((60 + 1_860..=60 + 1_920).contains(&high), "{outlook:?}");
    // 1740 s are left of the RTO, and 17.4 of 21 gaps lie below.
    assert!((80..=85).contains(&outlook.chance.unwrap()), "{outlook:?}");
    assert_eq!(outlook.runs, 20);
    let again = follow(&rig).outlook(&history, rig.now, 20_000).unwrap();
    assert_eq!(outlook, again, "chance is seeded");
}

#[test]
fn without_history_there_is_none_and_a_new_step_counts_as_it_is_expected() {
    let rig = Rig::open(runbook(), Mode::Real);
    assert_eq!(follow(&rig).outlook(&History::default(), rig.now, 100), None);
    let history = history(&[[10, 20, 30, 5]; 3]);
    let mut plan = runbook();
    let lasting = Action { expected: Some(100 * SECOND), ..action("wait", Impact::Observe) };
    plan.steps.insert(1, step("wait", vec![lasting, action("silent", Impact::Observe)]));
    let rig = Rig::open(plan, Mode::Real);
    let outlook = follow(&rig).outlook(&history, rig.now, 100).unwrap();
    assert_eq!(seconds(&outlook), [60 + 60 + 100; 3]);
    assert_eq!((outlook.new_steps, outlook.unknown), (1, 1));
}

#[test]
fn a_run_that_was_not_restored_teaches_only_what_it_came_to() {
    let mut rig = Rig::open(runbook(), Mode::Real);
    rig.run_step().unwrap();
    rig.pass(40 * SECOND);
    rig.ok("1.1", "");
    rig.wish(Intent::Stop { reason: "given up".into() }).unwrap();
    let mut history = history(&[[10, 20, 30, 5]; 4]);
    let past = follow(&rig).past();
    assert_eq!(past.restored(), None);
    history.add(past);
    let rig = Rig::open(runbook(), Mode::Real);
    let [low, _, high] = seconds(&follow(&rig).outlook(&history, rig.now, 5_000).unwrap());
    assert!((60 + 52..=60 + 60).contains(&low) && (60 + 88..=60 + 105).contains(&high), "{low} to {high}");
}

#[test]
fn parallel_steps_run_beside_each_other_and_the_longest_one_is_critical() {
    let beside = |id: &str| Step { parallel: true, ..step(id, vec![action(id, Impact::Observe)]) };
    let mut plan = plan(vec![
        beside("short"),
        beside("long"),
        Step { needs: vec!["short".into()], ..beside("after") },
        step("order", vec![action("order", Impact::Observe)]),
    ]);
    plan.meta.recovered_when = Some("order".into());
    let mut history = History::default();
    for _ in 0..3 {
        let mut rig = Rig::open(plan.clone(), Mode::Real);
        for id in ["short", "long"] {
            rig.wish(Intent::Run { step: id.into() }).unwrap();
        }
        rig.pass(20 * SECOND);
        rig.ok("1.1", "");
        rig.wish(Intent::Run { step: "after".into() }).unwrap();
        rig.pass(30 * SECOND);
        rig.ok("3.1", "");
        rig.pass(50 * SECOND);
        rig.ok("2.1", "");
        rig.run_step().unwrap();
        rig.pass(10 * SECOND);
        rig.ok("4.1", "");
        history.add(follow(&rig).past());
    }
    let (outlook, steps) = Followed::new(plan.into()).before(&history, 1, 1_000).unwrap();
    assert_eq!(seconds(&outlook), [60 + 100; 3], "{steps:?}");
    let critical: Vec<u32> = steps.iter().map(|step| step.critical).collect();
    assert_eq!(critical, [0, 100, 0, 0]);
    let gains: Vec<_> = steps.iter().map(|step| step.halved_gains_ms).collect();
    assert_eq!(gains, [None, Some(50_000), None, None], "then the two others hang behind each other");
}

#[test]
fn a_decision_goes_as_it_went_and_what_it_rules_out_takes_no_time() {
    let mut plan = runbook();
    let branch = |label: &str, to: usize, steps| Branch {
        label: label.into(),
        criterion: String::new(),
        way: Way::Step(to),
        when: None,
        steps,
    };
    plan.steps.insert(
        1,
        Step {
            decision: Some(Decision {
                question: "Mend?".into(),
                branches: vec![branch("mend", 2, 2..3), branch("leave", 3, 3..3)],
                default: None,
            }),
            ..step("decide", Vec::new())
        },
    );
    for (number, step) in (1..).zip(&mut plan.steps) {
        step.number = number;
    }
    let played = |way: u32| {
        let mut rig = Rig::open(plan.clone(), Mode::Drill);
        rig.run_step().unwrap();
        rig.pass(10 * SECOND);
        rig.ok("1.1", "");
        if *rig.run.steps.get(1).unwrap() == StepState::Offered {
            rig.run_step().unwrap();
        }
        rig.wish(Intent::Choose { step: "decide".into(), branch: way, note: "so".into() }).unwrap();
        if way == 0 {
            rig.run_step().unwrap();
            rig.confirm().unwrap();
            rig.pass(300 * SECOND);
            rig.ok("3.1", "");
        }
        rig.run_step().unwrap();
        rig.pass(5 * SECOND);
        rig.ok("4.1", "");
        follow(&rig).past()
    };
    let mut history = History::default();
    for way in [0, 0, 0, 1] {
        history.add(played(way));
    }
    let rig = Rig::open(plan.clone(), Mode::Drill);
    let outlook = follow(&rig).outlook(&history, rig.now, 1_000).unwrap();
    assert_eq!(seconds(&outlook), [70, 370, 370], "one in four leaves it: {outlook:?}");
}

#[test]
fn what_a_step_usually_takes_is_counted_from_its_start_to_its_end() {
    let history = history(&[[10, 120, 300, 5], [20, 60, 300, 5], [40, 0, 300, 5]]);
    let run = Rig::open(runbook(), Mode::Real).run;
    let took = |plan: &Plan, step: usize| {
        let took = history.usual(plan).of(&run, Strand::whole(step))?;
        Some((took.middle.as_secs(), took.longest.as_secs()))
    };
    assert_eq!(took(&run.plan, 0), Some((20, 40)));
    assert_eq!(took(&run.plan, 1), Some((360, 420)), "a person's doubt is in it");
    assert_eq!(took(&run.plan, 3), None, "nobody worked it");
    let mut other = runbook();
    other.steps[0].actions.push(action("more", Impact::Observe));
    assert_eq!(took(&other, 0), None, "it is another step now");
}
