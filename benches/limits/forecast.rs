//! The forecast of a long plan by earlier runs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lifeboat::engine::{
    Attended, Began, Ended, Fact, Followed, History, Input, Intent, LIVE_ROUNDS, Mode, Opened, Outcome, Report,
    Streams, decide,
};

use crate::median;

/// Forecasts of a plan of 200 steps, by thirty runs of it, in the middle of its first step: as it is worked out before a
/// run, and as often as people look on.
pub(crate) fn forecast() {
    let text: String = (1..=200).fold(
        String::from("---\nobjectives: { rto: 1h }\nrecovered_when: last\n---\n# Long\n\n## All\n"),
        |text, nth| {
            let name = if nth == 200 { "last".to_owned() } else { format!("a{nth}") };
            text + &format!("\n### Step {nth}\n\n```sh {{name={name} impact=observe}}\ntrue\n```\n")
        },
    );
    let parsed = lifeboat::runbook::parse("long.md", text.as_bytes());
    let plan = Arc::new(parsed.plan.unwrap());
    let mut history = History::default();
    for seed in 0..30 {
        history.add(played(&plan, seed, 200).past());
    }
    let (now, begun) = {
        let begun = played(&plan, 99, 0);
        (begun.run().last.unwrap(), begun)
    };
    let time = |rounds| {
        let once = |_| {
            let began = Instant::now();
            let outlook = begun.outlook(&history, now, rounds).unwrap();
            assert!(outlook.low_ms < outlook.high_ms && outlook.new_steps == 0, "{outlook:?}");
            began.elapsed()
        };
        median((0..20).map(once).collect())
    };
    println!("{:<28} {:>9.2?}   goal 50 ms", "forecast, 10,000 rounds", time(10_000));
    println!("{:<28} {:>9.2?}", "forecast, live", time(LIVE_ROUNDS));
}

/// Plays so many steps of a plan; each takes some seconds, by the seed.
fn played(plan: &Arc<lifeboat::runbook::Plan>, seed: u64, steps: usize) -> Followed {
    let mut followed = Followed::new(plan.clone());
    let mut dice = lifeboat::kernel::Dice::new(seed);
    let mut now = lifeboat::kernel::Stamp { utc: chrono::DateTime::UNIX_EPOCH, mono: 0 };
    let mut seq = 0;
    let mut feed = |followed: &mut Followed, now: lifeboat::kernel::Stamp, input: &Input| {
        for event in decide(followed.run(), input, now).unwrap() {
            followed.learn(&Fact { seq, at: now, event }).unwrap();
            seq += 1;
        }
    };
    let none = lifeboat::kernel::Sha256Hex::from_digest(&[]);
    let opened = Opened {
        v: "lifeboat-log/1".into(),
        run: lifeboat::kernel::RunId::new("bench"),
        mode: Mode::Drill,
        by: "bench".into(),
        session: String::new(),
        host: String::new(),
        boot: String::new(),
        pid: 1,
        tool: String::new(),
        runbook: "long.md".into(),
        runbook_sha256: none,
        account: String::new(),
        arn: String::new(),
        region: String::new(),
        rto_s: 3_600,
        rpo_s: 0,
        seed: None,
        speed: 1,
        clock: lifeboat::kernel::ClockSync::Unknown,
        prev_run: None,
        prev_sha512: None,
        began: Began { attended: Attended::Nobody, ..Began::default() },
    };
    let onset = Some((now.utc, "bench".to_owned()));
    feed(&mut followed, now, &Input::Open { opened: Box::new(opened), inputs: Vec::new(), onset });
    feed(&mut followed, now, &Input::Operator { by: "bench".into(), intent: Intent::Auto { on: true } });
    for nth in 0..=steps.min(199) {
        let running: Vec<_> = followed.run().running.iter().cloned().collect();
        let Some(attempt) = running.first().filter(|_| nth < steps) else { break };
        let took = Duration::from_millis(u64::from(500 + dice.below(19_500)));
        now.utc += took;
        now.mono += u64::try_from(took.as_micros()).unwrap();
        let result = Ended {
            outcome: Outcome::Exited { code: 0 },
            stdout: String::new(),
            truncated: false,
            polls: 1,
            looked_at: now.utc,
            poll_failure: None,
            took_ms: 1,
            streams: Streams::default(),
            aws: None,
        };
        let finished = Report::Finished { attempt: attempt.clone(), result: Box::new(result) };
        feed(&mut followed, now, &Input::Report(finished));
    }
    if steps > 0 {
        assert!(!matches!(followed.run().recovery, lifeboat::engine::Recovery::NotYet), "it was played to its end");
    }
    followed
}
