//! Are forecasts as sure as they say? Seeded drills that nobody attends, each forecast by those before it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lifeboat::drive::history::past;
use lifeboat::drive::past::recorded;
use lifeboat::engine::{Event, Followed, History};

use super::support::Home;

/// So many drills teach before the first one is forecast: in a calibration, and where it is only seen that it works.
const TAUGHT: (u64, u64) = (20, 3);
/// So many are forecast of the last disaster, unless `LIFEBOAT_CALIBRATION` asks for more, of each.
const FORECAST: u64 = 2;
/// From so many on it counts how many outcomes lie where they should.
const COUNTS: u64 = 100;
/// So many are under way at once.
const BESIDE: u64 = 4;
/// The disasters whose recovery takes no two times the same way, and their speeds.
const CASES: [(&str, &str); 2] = [("instance-failure", "30"), ("az-failure", "30")];

#[test]
fn eight_of_ten_outcomes_lie_where_forecasts_say() {
    let asked: Option<u64> = std::env::var("LIFEBOAT_CALIBRATION").ok().map(|text| text.parse().unwrap());
    let (count, taught) = asked.map_or((FORECAST, TAUGHT.1), |asked| (asked, TAUGHT.0));
    let cases = CASES.iter().skip(if asked.is_some() { 0 } else { CASES.len() - 1 });
    let home = Home::new();
    // Drills that are there already are not drilled again.
    let kept = std::env::var_os("LIFEBOAT_CALIBRATION_DIR").map_or_else(|| home.path("drills"), PathBuf::from);
    let mut wrong = Vec::new();
    for (scenario, speed) in cases.copied() {
        let place = kept.join(format!("{scenario}-{speed}"));
        let next = AtomicU64::new(1);
        std::thread::scope(|scope| {
            for _ in 0..BESIDE {
                scope.spawn(|| {
                    while let Some(seed) =
                        Some(next.fetch_add(1, Ordering::SeqCst)).filter(|seed| *seed <= taught + count)
                    {
                        drilled(&home, &place.join(seed.to_string()), (scenario, speed, seed));
                    }
                });
            }
        });
        let runs: Vec<PathBuf> = (1..=taught + count).filter_map(|seed| run(&place.join(seed.to_string()))).collect();
        for (moment, steps) in [("at the first step", 0), ("two steps are over", 2)] {
            let seen = calibrated(&runs, taught, steps);
            println!("{scenario} at speed {speed}, {moment}: {seen:?}");
            assert_eq!(seen.all as u64, count, "{scenario}, {moment}: some were not forecast");
            if count >= COUNTS && !(70..=90).contains(&(seen.within * 100 / seen.all.max(1))) {
                wrong.push(format!("{scenario}, {moment}: {seen:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Counts where the outcomes lie.
#[derive(Debug, Default)]
struct Seen {
    all: usize,
    within: usize,
    below: usize,
    above: usize,
    /// The median width of the intervals, and the median outcome, in milliseconds.
    width: u64,
    outcome: u64,
}

fn calibrated(runs: &[PathBuf], taught: u64, steps: usize) -> Seen {
    let (mut history, mut seen) = (History::default(), Seen::default());
    let (mut widths, mut outcomes) = (Vec::new(), Vec::new());
    for (nth, folder) in (0_u64..).zip(runs) {
        let past = past(folder).unwrap();
        if nth >= taught
            && let Some(restored) = past.restored()
            && let Some((low, high)) = forecast(folder, &history, steps)
        {
            let outcome = u64::try_from(restored.as_millis()).unwrap();
            seen.all += 1;
            seen.within += usize::from((low..=high).contains(&outcome));
            seen.below += usize::from(outcome < low);
            seen.above += usize::from(outcome > high);
            widths.push(high - low);
            outcomes.push(outcome);
        }
        history.add(past);
    }
    let median = |mut all: Vec<u64>| {
        all.sort_unstable();
        all.get(all.len() / 2).copied().unwrap_or_default()
    };
    (seen.width, seen.outcome) = (median(widths), median(outcomes));
    seen
}

/// Forecasts a drill when so many of its steps are over and the next one begins.
fn forecast(folder: &Path, history: &History, steps: usize) -> Option<(u64, u64)> {
    let (plan, facts) = recorded(folder).unwrap();
    let mut followed = Followed::new(plan);
    let mut over = 0;
    for fact in facts {
        followed.learn(&fact).unwrap();
        match fact.event {
            Event::StepDone { .. } | Event::Decided { .. } => over += 1,
            Event::StepStarted { .. } if over >= steps => {
                let outlook = followed.outlook(history, fact.at, 2_000)?;
                return outlook.low_ms.zip(outlook.high_ms);
            }
            _ => {}
        }
    }
    None
}

fn drilled(home: &Home, state: &Path, (scenario, speed, seed): (&str, &str, u64)) {
    if run(state).is_some() {
        return;
    }
    std::fs::create_dir_all(state).unwrap();
    let seed = seed.to_string();
    let words = ["drill", scenario, "--unattended", "--speed", speed, "--data", "modelled", "--seed", &seed];
    let mut child =
        home.command(&words).env("XDG_STATE_HOME", state).stdout(std::process::Stdio::null()).spawn().unwrap();
    let deadline = std::time::Instant::now() + Duration::from_secs(240);
    while child.try_wait().unwrap().is_none() {
        assert!(std::time::Instant::now() < deadline, "{scenario}, seed {seed}: it did not end");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// Returns the folder of the run that is there.
fn run(state: &Path) -> Option<PathBuf> {
    let mut runs = std::fs::read_dir(state.join("lifeboat/runs")).ok()?.map(|run| run.unwrap().path());
    runs.find(|run| run.join("incident.jsonl").is_file())
}
