//! Drills whose engine is killed at random moments, and taken up again until they are over: nothing lost, nothing twice.

use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::support::{Home, eventually, heard, log, of_kind, processes_of};

/// How many drills, unless `LIFEBOAT_KILLS` says otherwise.
const DRILLS: u64 = 1;

#[test]
fn a_drill_recovers_however_often_its_engine_is_killed() {
    let drills = std::env::var("LIFEBOAT_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(DRILLS);
    for seed in 1..=drills {
        survive(seed);
    }
}

fn survive(seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let home = Home::new();
    let mut command = home.command(&["drill", "region-failure", "--unattended", "--speed", "60", "--data", "modelled"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    eventually("the drill begins", || home.runs().first().is_some_and(|run| log(run).len() > 3));
    let run = home.the_run();
    let path = run.join("incident.jsonl");
    let mut kills = 0;
    let said = loop {
        let moment = Instant::now() + Duration::from_millis(random.u64(20..3_000));
        while Instant::now() < moment && child.try_wait().unwrap().is_none() {
            std::thread::park_timeout(Duration::from_millis(2));
        }
        if kills < 4 && child.try_wait().unwrap().is_none() {
            kill_process(Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap(), Signal::KILL).unwrap();
            child.wait().unwrap();
            kills += 1;
        } else if kills >= 4 {
            break heard(child);
        }
        let before = std::fs::read(&path).unwrap();
        let signed = signed(&before);
        if of_kind(&log(&run), "seal").len() == 1 {
            break home.run(&["log", "verify", run.to_str().unwrap()]);
        }
        let mut command = home.command(&["resume"]);
        child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        eventually("it is taken up", || {
            of_kind(&log(&run), "resumed").len() == kills || child.try_wait().unwrap().is_some()
        });
        let after = std::fs::read(&path).unwrap();
        assert!(after.starts_with(before.get(..signed).unwrap()), "seed {seed}: what was on the disk is lost");
    };
    assert_eq!(said.code, Some(0), "seed {seed}, {kills} kills: {said:?}");
    let log = log(&run);
    for kind in ["attempt-started", "attempt-finished"] {
        let mut attempts: Vec<_> = of_kind(&log, kind).iter().map(|line| line["attempt"].to_string()).collect();
        let all = attempts.len();
        attempts.sort();
        attempts.dedup();
        assert_eq!(attempts.len(), all, "seed {seed}: {kind} twice");
    }
    let promoted = of_kind(&log, "attempt-started").iter().filter(|line| line["impact"] == "irreversible").count();
    let how = of_kind(&log, "ended").first().and_then(|ended| ended.get("how")).cloned();
    assert_eq!(how, Some("recovered".into()), "seed {seed}, {kills} kills, {promoted} promotions");
    assert_eq!(of_kind(&log, "resumed").len(), kills, "seed {seed}");
    let verified = home.run(&["log", "verify", run.to_str().unwrap()]);
    assert_eq!(verified.code, Some(0), "seed {seed}: {verified:?}");
    eventually("nothing is left", || processes_of(&home.path("state")).is_empty());
}

/// Returns the end of the last line that a signature covers.
fn signed(log: &[u8]) -> usize {
    let mut end = 0;
    let mut at = 0;
    for line in log.split_inclusive(|byte| *byte == b'\n') {
        at += line.len();
        if line.ends_with(b"\n") && String::from_utf8_lossy(line).contains("\"k\":\"checkpoint\"") {
            end = at;
        }
    }
    end
}
