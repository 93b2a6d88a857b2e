//! A decision late in a long run costs what an early one does.

use std::time::{Duration, Instant};

use lifeboat::engine::{Intent, Mode};
use lifeboat::runbook::Impact;

use super::rig::{Rig, action, opened, plan, step};

/// Runs a plan of `count` observing steps to its end and returns how long the three functions and the rig's laws took,
/// in the first tenth and in the last.
fn run(count: usize) -> (Duration, Duration) {
    let steps = (0..count).map(|at| {
        let name = format!("look-{at}");
        step(&name, vec![action(&name, Impact::Observe)])
    });
    let mut rig = Rig::open_with(plan(steps.collect()), opened(Mode::Drill), Some(-1));
    rig.lax = true;
    rig.wish(Intent::Auto { on: true }).unwrap();
    let tenth = count / 10;
    let (mut first, mut last) = (Duration::ZERO, Duration::ZERO);
    for at in 0..count {
        rig.pass(Duration::from_millis(1));
        let begun = Instant::now();
        rig.ok(&format!("{}.1", at + 1), "fine");
        let took = begun.elapsed();
        if at < tenth {
            first += took;
        } else if at >= count - tenth {
            last += took;
        }
    }
    assert_eq!(rig.ended(), Some("finished"));
    (first, last)
}

#[test]
fn a_thousand_steps_stay_fast() {
    let begun = Instant::now();
    let (first, last) = run(1000);
    let took = begun.elapsed();
    println!("1,000 steps: {took:?}; first hundred {first:?}, last hundred {last:?}");
    // Generous, since tests run beside others: quadratic copying would take many times as long.
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert!(last < first * 8 + Duration::from_millis(50), "first {first:?}, last {last:?}");
}
