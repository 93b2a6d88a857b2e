//! RTO, RPO, corrections, breaches, forecast: what `docs/objectives.md` promises.

use std::time::Duration;

use lifeboat::engine::*;
use lifeboat::report::{Customers, Exercised, summary};
use lifeboat::runbook::*;

use super::rig::{Rig, action, kinds, opened, plan, step, time};

const MINUTE: Duration = Duration::from_secs(60);

/// A runbook whose second step proves the recovery, which has to hold for 30 seconds.
fn recovery() -> Plan {
    let proof = Action { expected: Some(MINUTE), ..action("order", Impact::Observe) };
    let promote = Action { expected: Some(5 * MINUTE), ..action("promote", Impact::Observe) };
    let mut plan = plan(vec![step("promote", vec![promote]), step("prove", vec![proof])]);
    plan.meta.recovered_when = Some("order".into());
    plan.meta.sustain = Duration::from_secs(30);
    plan
}

fn proven(rig: &mut Rig) {
    rig.run_step().unwrap();
    rig.ok("1.1", "");
    rig.run_step().unwrap();
    rig.ok("2.1", "");
}

fn breaches(rig: &Rig) -> Vec<(&str, u64)> {
    rig.run.breaches.iter().map(|breach| (breach.objective.as_str(), breach.actual.as_secs())).collect()
}

fn fix(rig: &mut Rig, moment: Moment, at: i64) -> Vec<Event> {
    rig.wish(Intent::FixMoment { moment, occurred_at: time(at), evidence: "graph".into() }).unwrap()
}

#[test]
fn the_rto_stops_at_the_start_of_the_stretch_that_held() {
    let mut rig = Rig::open(recovery(), Mode::Real);
    rig.pass(MINUTE);
    proven(&mut rig);
    assert!(matches!(&rig.effects[..], [Effect::Watch(job)]
        if job.attempt.as_str() == "w.1" && job.poll.as_ref().is_some_and(|poll| poll.limit.is_none())));
    let Recovery::Holding(candidate) = &rig.run.recovery else { panic!("not holding") };
    assert_eq!(candidate.since, time(60));
    rig.pass(Duration::from_secs(20));
    assert!(rig.look("w.1", Ok(())).unwrap().is_empty());
    assert_eq!(rig.run.elapsed(rig.now.utc), Some(Duration::from_secs(140)), "the clock never pauses");
    assert_eq!(rig.run.who(), Who::Nobody);
    rig.pass(Duration::from_secs(10));
    let events = rig.look("w.1", Ok(())).unwrap();
    assert_eq!(events, [Event::Recovered { since: time(60), held_s: 30, rto_ms: 120_000 }]);
    assert_eq!(rig.effects, [Effect::Unwatch("w.1".into())]);
    rig.pass(MINUTE);
    assert_eq!(rig.run.elapsed(rig.now.utc), Some(Duration::from_secs(120)));
    assert_eq!(rig.run.rto_left(rig.now.utc), Some(Ok(Duration::from_secs(1680))));
    // The end waits for the watch, whose output belongs to the record.
    let events = rig.finish("w.1", Outcome::Interrupted, "").unwrap();
    assert_eq!(kinds(&events), ["attempt-finished", "ended"]);
    assert_eq!((rig.ended(), &rig.effects[..]), (Some("recovered"), &[Effect::Seal][..]));
    rig.refold();
}

#[test]
fn a_stretch_that_breaks_is_discarded_and_a_later_one_counts_from_its_own_start() {
    let mut rig = Rig::open(recovery(), Mode::Real);
    proven(&mut rig);
    rig.pass(Duration::from_secs(10));
    assert_eq!(kinds(&rig.look("w.1", Err("500".into())).unwrap()), ["recovery-lost"]);
    assert!(rig.run.sentence().contains("not restored"), "{}", rig.run.sentence());
    assert_eq!(rig.run.who(), Who::Person);
    rig.pass(Duration::from_secs(10));
    assert_eq!(kinds(&rig.look("w.1", Ok(())).unwrap()), ["recovery-seen"]);
    rig.pass(Duration::from_secs(30));
    let events = rig.look("w.1", Ok(())).unwrap();
    assert_eq!(events, [Event::Recovered { since: time(20), held_s: 30, rto_ms: 80_000 }]);
    assert!(rig.look("w.1", Err("late".into())).unwrap().is_empty(), "a restored recovery is final");
}

#[test]
fn a_watch_that_dies_can_be_begun_again_by_running_the_step_again() {
    let mut rig = Rig::open(recovery(), Mode::Real);
    proven(&mut rig);
    let events = rig.finish("w.1", Outcome::Interrupted, "").unwrap();
    assert_eq!(kinds(&events), ["attempt-finished", "recovery-lost"]);
    assert!(rig.run.sentence().contains("Run 2 The prove again"), "{}", rig.run.sentence());
    assert_eq!(kinds(&rig.wish(Intent::Run { step: "prove".into() }).unwrap()), ["attempt-started"]);
    assert!(matches!(&rig.effects[..], [Effect::Watch(job)] if job.attempt.as_str() == "w.2"));
    rig.look("w.2", Ok(())).unwrap();
    rig.pass(MINUTE);
    rig.look("w.2", Ok(())).unwrap();
    rig.finish("w.2", Outcome::Interrupted, "").unwrap();
    assert_eq!(rig.ended(), Some("recovered"));
}

#[test]
fn a_breach_is_recorded_once_at_the_deadline() {
    let mut rig = Rig::open(recovery(), Mode::Real);
    let wake = Effect::Wake { timer: TimerId::Rto, after: Duration::from_secs(1740) };
    assert_eq!(rearm(&rig.run, rig.now), [wake]);
    rig.pass(Duration::from_secs(1739));
    assert!(rig.feed(&Input::Clock(TimerId::Rto)).unwrap().is_empty(), "too early");
    rig.pass(Duration::from_secs(1));
    let events = rig.feed(&Input::Clock(TimerId::Rto)).unwrap();
    assert_eq!(events, [Event::Breached { objective: "rto".into(), limit_ms: 1_800_000, actual_ms: 1_800_000 }]);
    rig.pass(MINUTE);
    assert!(rig.feed(&Input::Clock(TimerId::Rto)).unwrap().is_empty(), "once");
    assert_eq!(rig.run.rto_left(rig.now.utc), Some(Err(MINUTE)));
}

#[test]
fn a_stretch_that_began_in_time_is_no_breach_unless_it_breaks() {
    let mut rig = Rig::open(recovery(), Mode::Real);
    rig.pass(Duration::from_secs(1735));
    proven(&mut rig);
    rig.pass(Duration::from_secs(10));
    assert!(rig.feed(&Input::Clock(TimerId::Rto)).unwrap().is_empty());
    let events = rig.look("w.1", Err("500".into())).unwrap();
    assert_eq!(kinds(&events), ["recovery-lost", "breached"]);
    assert_eq!(breaches(&rig), [("rto", 1805)]);
}

#[test]
fn a_corrected_onset_breaches_retroactively_and_both_figures_stay() {
    // (onset at first, corrected to, breaches in seconds)
    let table: [(Option<i64>, i64, &[u64]); 5] = [
        (Some(-60), -120, &[]),
        (Some(-60), -1800, &[1800 + 30]),
        (None, -1800, &[1800 + 30]),
        (Some(-1800), -2000, &[1800, 2000 + 30]),
        (Some(-1800), -60, &[1800]),
    ];
    for (first, corrected, expected) in table {
        let mut rig = Rig::open_with(recovery(), opened(Mode::Real), first);
        rig.pass(Duration::from_secs(30));
        fix(&mut rig, Moment::Onset, corrected);
        let seconds: Vec<_> = breaches(&rig).iter().map(|breach| breach.1).collect();
        assert_eq!(seconds, expected, "{first:?} to {corrected}");
        rig.refold();
    }
    // After the recovery the correction moves the figure, which is what is compared.
    let mut rig = Rig::open(recovery(), Mode::Real);
    proven(&mut rig);
    rig.pass(MINUTE);
    rig.look("w.1", Ok(())).unwrap();
    fix(&mut rig, Moment::Onset, -1801);
    assert_eq!(breaches(&rig), [("rto", 1801)]);
    let Recovery::Restored { rto, .. } = &rig.run.recovery else { panic!("not restored") };
    assert_eq!(rto.as_secs(), 1801);
    assert!(rig.effects.is_empty(), "nothing is left to wake for");
    let later = Intent::FixMoment { moment: Moment::Onset, occurred_at: time(999), evidence: String::new() };
    assert_eq!(rig.wish(later), Err(Refusal::InTheFuture(Moment::Onset)));
}

#[test]
fn a_corrected_onset_arms_the_clock_anew() {
    let mut rig = Rig::open_with(recovery(), opened(Mode::Real), None);
    assert_eq!((rig.run.elapsed(rig.now.utc), rig.run.rto_left(rig.now.utc)), (None, None));
    assert!(rearm(&rig.run, rig.now).is_empty());
    fix(&mut rig, Moment::Onset, -600);
    assert_eq!(rig.effects, [Effect::Wake { timer: TimerId::Rto, after: Duration::from_secs(1200) }]);
}

/// A runbook that measures the loss, with an RPO of 300 s.
fn measuring() -> Plan {
    let measure = Action { measures: Some(Measure::Rpo), ..action("measure", Impact::Observe) };
    let again = Action { measures: Some(Measure::Rpo), ..action("again", Impact::Observe) };
    plan(vec![step("measure", vec![measure, again]), step("then", vec![action("then", Impact::Observe)])])
}

#[test]
fn a_loss_is_a_range_and_its_high_end_breaches() {
    // Onset at -60, measured at 240; last commit (or what is printed), fenced at, low, high, breached.
    let commit = |second: i64| format!("{{\"last_commit\": \"{}\"}}", time(second).to_rfc3339());
    for (stdout, fenced, low, high, breached) in [
        (commit(-100), Some(0), 40, 100, false),
        (commit(-100), None, 40, 340, true),
        (commit(-20), Some(10), 0, 30, false),
        ("400".to_owned(), None, 100, 400, true),
        ("400".to_owned(), Some(0), 100, 160, false),
        ("{\"low\": 1, \"high\": 301}".to_owned(), Some(0), 1, 301, true),
    ] {
        let mut rig = Rig::open(measuring(), Mode::Real);
        rig.pass(Duration::from_secs(240));
        if let Some(fenced) = fenced {
            fix(&mut rig, Moment::Fenced, fenced);
        }
        rig.run_step().unwrap();
        rig.ok("1.1", &stdout);
        let loss = rig.run.latest_loss().unwrap();
        assert_eq!((loss.low.as_secs(), loss.high.as_secs()), (low, high), "{stdout} {fenced:?} {}", loss.method);
        assert_eq!(breaches(&rig), if breached { vec![("rpo", high)] } else { vec![] }, "{stdout} {fenced:?}");
    }
}

#[test]
fn moments_that_come_later_bound_the_loss_anew() {
    let mut rig = Rig::open_with(measuring(), opened(Mode::Real), None);
    rig.pass(Duration::from_secs(240));
    rig.run_step().unwrap();
    rig.ok("1.1", "400");
    let figures = |rig: &Rig| rig.run.losses.iter().map(|l| (l.low.as_secs(), l.high.as_secs())).collect::<Vec<_>>();
    assert_eq!(figures(&rig), [(0, 400)]);
    assert!(rig.run.losses[0].method.contains("no onset"), "{}", rig.run.losses[0].method);
    assert_eq!(kinds(&fix(&mut rig, Moment::Onset, -60)), ["moment-fixed", "loss-measured"]);
    assert_eq!(kinds(&fix(&mut rig, Moment::Detected, -30)), ["moment-fixed"]);
    fix(&mut rig, Moment::Fenced, 200);
    assert_eq!(figures(&rig), [(0, 400), (100, 400), (100, 360)]);
    assert_eq!(breaches(&rig), [("rpo", 400), ("rpo", 360)]);
    rig.ok("1.2", "{\"low\": 3, \"high\": 4}");
    fix(&mut rig, Moment::Onset, -90);
    assert_eq!(figures(&rig).len(), 4, "what was given as a range stays as it was given");
    rig.refold();
}

/// What the summary says of a loss that is longer by the estate's clock than by ours.
#[test]
fn a_loss_by_the_estates_clock_is_told_beside_the_verdict() {
    let seconds = Duration::from_secs;
    let saw = |loss: u64, estate_loss: u64, before_opening: u64| Customers {
        failed_from: None,
        served_from: None,
        orders_lost: 10,
        loss: seconds(loss),
        estate_downtime: Some(seconds(600)),
        estate_loss: seconds(estate_loss),
        loss_before_opening: seconds(before_opening),
        corruption: None,
        objects_missing: 0,
        data: Exercised::Modelled("a test".to_owned()),
    };
    let told = |speed: u32, low: u64, customers: &Customers| {
        let mut plan = measuring();
        plan.meta.objectives.rpo = Some(Rpo { max: seconds(300), of: LossKind::Replication });
        let mut rig = Rig::open_with(plan, Opened { speed, ..opened(Mode::Drill) }, None);
        rig.run_step().unwrap();
        rig.ok("1.1", &format!("{{\"low\": {low}, \"high\": {low}}}"));
        summary(&rig.run, Some(customers)).into_iter().find(|line| line.contains("estate's clock"))
    };
    assert_eq!(told(1, 5, &saw(5, 5, 0)), None, "both clocks are one");
    let line = told(60, 5, &saw(5, 299, 0)).unwrap();
    assert!(line.contains("they were down for 10:00 and miss 4:59 of orders; the verdicts"), "{line}");
    let line = told(60, 5, &saw(5, 301, 0)).unwrap();
    assert!(line.contains(", MORE THAN THE RPO of 5:00"), "met by our clock alone: {line}");
    let line = told(60, 605, &saw(605, 900, 600)).unwrap();
    assert!(line.contains("of it from before the estate opened, which no speed shortens); the verdicts"), "{line}");
}

#[test]
fn a_loss_that_cannot_be_read_is_a_failure() {
    let mut rig = Rig::open(measuring(), Mode::Real);
    rig.run_step().unwrap();
    assert_eq!(kinds(&rig.ok("1.1", "unknown")), ["attempt-finished", "step-failed"]);
    assert!(rig.run.losses.is_empty());
}

#[test]
fn the_forecast_adds_what_is_left_up_to_the_proof() {
    let mut plan = recovery();
    plan.steps.push(Step { number: 3, ..step("tidy", vec![action("tidy", Impact::Observe)]) });
    let mut rig = Rig::open(plan, Mode::Real);
    let finish = |rig: &Rig| rig.run.forecast(rig.now).map(|f| (f.finish.as_secs(), f.known, f.unknown));
    assert_eq!(finish(&rig), Some((60 + 300 + 60, 2, 0)));
    rig.run_step().unwrap();
    rig.pass(2 * MINUTE);
    assert_eq!(finish(&rig), Some((420, 2, 0)), "as expected so far");
    rig.pass(4 * MINUTE);
    assert_eq!(finish(&rig), Some((60 + 360 + 60, 2, 0)), "a minute late");
    rig.ok("1.1", "");
    assert_eq!(rig.run.phase_time(0, rig.now), Some(6 * MINUTE));
    rig.run_step().unwrap();
    rig.ok("2.1", "");
    assert_eq!(finish(&rig), Some((60 + 360, 0, 0)), "it holds");
    let nothing_known = measuring();
    assert_eq!(finish(&Rig::open(nothing_known, Mode::Real)), None);
}

#[test]
fn time_goes_to_whoever_the_run_waited_for() {
    let mut rig = Rig::open(recovery(), Mode::Real);
    rig.pass(MINUTE);
    rig.run_step().unwrap();
    rig.pass(2 * MINUTE);
    rig.ok("1.1", "");
    rig.pass(3 * MINUTE);
    rig.run_step().unwrap();
    rig.ok("2.1", "");
    rig.pass(4 * MINUTE);
    rig.look("w.1", Ok(())).unwrap();
    rig.finish("w.1", Outcome::Interrupted, "").unwrap();
    let Some(Event::Ended { machine_ms, people_ms, idle_ms, .. }) = rig.facts.last().map(|fact| &fact.event) else {
        panic!("not ended")
    };
    assert_eq!((*machine_ms, *people_ms, *idle_ms), (120_000, 240_000, 240_000));
}

#[test]
fn a_drill_shortens_what_is_waited_for() {
    let mut plan = recovery();
    plan.steps[1].actions[0].until = Some(Expect::NotEmpty);
    plan.steps[1].actions[0].hold = Some(MINUTE);
    plan.steps[1].actions[0].timeout = Some(10 * MINUTE);
    let mut rig = Rig::open_with(plan, Opened { speed: 10, ..opened(Mode::Drill) }, Some(-60));
    rig.run_step().unwrap();
    rig.ok("1.1", "");
    rig.run_step().unwrap();
    let [Effect::Start(job)] = &rig.effects[..] else { panic!("{:?}", rig.effects) };
    let poll = job.poll.as_ref().unwrap();
    assert_eq!(poll.every, Duration::from_millis(500));
    assert_eq!((poll.hold, poll.limit), (Duration::from_secs(6), Some(MINUTE)));
    rig.ok("2.1", "yes");
    rig.pass(Duration::from_secs(3));
    assert_eq!(kinds(&rig.look("w.1", Ok(())).unwrap()), ["recovered"]);
}
