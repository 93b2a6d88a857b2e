//! Drills whose engine is killed at random moments, and taken up again until they are over: nothing lost, nothing twice.

use std::ops::AddAssign;
use std::process::{Child, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::support::{Home, Said, log, of_kind, processes_of};

/// How many engines are killed at least, unless `LIFEBOAT_KILLS` says otherwise.
const KILLS: u64 = 1;
/// How many drills are under way at once, unless `LIFEBOAT_SIDE_BY_SIDE` says otherwise: they wait more than they work.
const SIDE_BY_SIDE: usize = 4;
/// How often one drill's engine is killed at most.
const MOST: u64 = 6;
/// Longer than a drill takes on a machine that is busy with others.
const PATIENCE: Duration = Duration::from_secs(240);

/// The disasters, how long each takes undisturbed in milliseconds at speed 60, and what else its drill is given.
const CASES: [(&str, u64, &[&str]); 8] = [
    ("region-failure", 27_000, &[]),
    ("instance-failure", 7_000, &[]),
    ("az-failure", 1_500, &[]),
    ("region-failback", 20_000, &[]),
    ("data-corruption", 24_000, &[]),
    ("accidental-deletion", 9_000, &[]),
    ("accidental-deletion", 9_000, &["--inject", "accidental-deletion:objects"]),
    ("restore-drill", 10_000, &[]),
];

/// Counts what a campaign did and saw.
#[derive(Debug, Default)]
struct Tally {
    drills: u64,
    kills: u64,
    acknowledged: u64,
    attempts: u64,
    resumed: u64,
    recovered: u64,
    missed: u64,
    /// Attempts that were proven not to have happened, and tried again.
    undone: u64,
    /// Drills that their script ended, since something grave was in doubt that only a person may try again.
    in_doubt: u64,
    sealed: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.drills += other.drills;
        self.kills += other.kills;
        self.acknowledged += other.acknowledged;
        self.attempts += other.attempts;
        self.resumed += other.resumed;
        self.recovered += other.recovered;
        self.missed += other.missed;
        self.undone += other.undone;
        self.in_doubt += other.in_doubt;
        self.sealed += other.sealed;
    }
}

#[test]
fn a_drill_recovers_however_often_its_engine_is_killed() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let kills = number("LIFEBOAT_KILLS").unwrap_or(KILLS);
    let first = number("LIFEBOAT_SEED").unwrap_or(1);
    let beside = number("LIFEBOAT_SIDE_BY_SIDE").and_then(|count| usize::try_from(count).ok()).unwrap_or(SIDE_BY_SIDE);
    let (next, all, failed) = (AtomicU64::new(first), Mutex::new(Tally::default()), Mutex::new(Vec::new()));
    let work = || {
        while all.lock().unwrap().kills < kills {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            match std::panic::catch_unwind(|| survive(seed)) {
                Ok(tally) => {
                    let mut all = all.lock().unwrap();
                    *all += tally;
                    println!("seed {seed}: {all:?}");
                }
                Err(_) => failed.lock().unwrap().push(seed),
            }
            if failed.lock().unwrap().len() > 5 {
                return;
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..beside.min(usize::try_from(kills).unwrap_or(1)).max(1) {
            scope.spawn(work);
        }
    });
    println!("campaign from seed {first}: {:?}", all.lock().unwrap());
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "seeds that failed: {failed:?}; LIFEBOAT_SEED=N LIFEBOAT_KILLS=1 repeats one");
}

/// Drills one disaster and kills its engine again and again, until it is over.
fn survive(seed: u64) -> Tally {
    let mut random = fastrand::Rng::with_seed(seed);
    let nth = usize::try_from(seed).unwrap().wrapping_sub(1) % CASES.len();
    let (runbook, lasts, further) = *CASES.get(nth).unwrap();
    let planned = random.u64(1..=MOST);
    let home = Home::new();
    let _swept = Swept(&home);
    let name = format!("seed {seed}, {runbook}");
    let text = seed.to_string();
    let mut words = vec!["drill", runbook, "--unattended", "--speed", "60", "--data", "modelled", "--seed", &text];
    words.extend(further);
    let mut child = started(&mut home.command(&words));
    until(&name, "the drill begins", || home.runs().first().is_some_and(|run| log(run).len() > 3));
    let run = home.the_run();
    let mut tally = Tally { drills: 1, ..Tally::default() };
    let said = loop {
        let moment = Instant::now() + Duration::from_millis(random.u64(5..(lasts / planned).max(400)));
        while Instant::now() < moment && child.try_wait().unwrap().is_none() {
            std::thread::park_timeout(Duration::from_millis(2));
        }
        if tally.kills >= planned || child.try_wait().unwrap().is_some() {
            break ended(child, &name);
        }
        kill_process(Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap(), Signal::KILL).unwrap();
        child.wait().unwrap();
        tally.kills += 1;
        let before = std::fs::read(run.join("incident.jsonl")).unwrap();
        let (bytes, lines) = signed(&before);
        tally.acknowledged += lines;
        let verified = home.run(&["log", "verify", run.to_str().unwrap()]);
        if verified.code == Some(0) {
            // It was killed between its seal and its last words.
            break verified;
        }
        assert_eq!(verified.code, Some(3), "{name}: killed, it is OPEN: {verified:?}");
        child = started(&mut home.command(&["resume"]));
        until(&name, "it is taken up", || {
            of_kind(&log(&run), "resumed").len() as u64 == tally.kills || child.try_wait().unwrap().is_some()
        });
        let after = std::fs::read(run.join("incident.jsonl")).unwrap();
        assert!(after.starts_with(before.get(..bytes).unwrap()), "{name}: what was on the disk is lost");
    };
    let log = log(&run);
    let kind = |kind: &str| of_kind(&log, kind);
    for what in ["attempt-started", "attempt-finished"] {
        let mut attempts: Vec<_> = kind(what).iter().map(|line| line["attempt"].to_string()).collect();
        let all = attempts.len();
        attempts.sort();
        attempts.dedup();
        assert_eq!(attempts.len(), all, "{name}: {what} twice");
    }
    let how = kind("ended").first().and_then(|ended| ended["how"].as_str()).map(str::to_owned);
    let last = kind("attempt-finished");
    let ended_as = |wanted: &str| {
        last.iter().filter(|line| line.pointer("/outcome/how").is_some_and(|how| how == wanted)).count() as u64
    };
    let doubt = ended_as("in-doubt") > 0;
    tally.undone = ended_as("not-carried-out");
    match (how.as_deref(), said.code) {
        // Every death takes some of the time that the objectives leave.
        (Some("recovered" | "finished"), Some(0 | 10)) => tally.recovered = 1,
        (Some("stopped"), Some(11)) if doubt => tally.in_doubt = 1,
        _ => panic!("{name}, {} kills, {how:?}: {said:?}", tally.kills),
    }
    tally.missed = u64::from(said.code == Some(10));
    tally.attempts = kind("attempt-started").len() as u64;
    tally.resumed = kind("resumed").len() as u64;
    assert!(tally.resumed <= tally.kills && tally.resumed + 1 >= tally.kills, "{name}: {tally:?}");
    let verified = home.run(&["log", "verify", run.to_str().unwrap()]);
    assert_eq!(verified.code, Some(0), "{name}: {verified:?}");
    tally.sealed = 1;
    until(&name, "nothing is left", || processes_of(&home.path("state")).is_empty());
    tally
}

fn started(command: &mut std::process::Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Hears a drill to its end, which may take longer than what other tests do.
fn ended(mut child: Child, name: &str) -> Said {
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let read = |pipe: Option<Box<dyn std::io::Read + Send>>| {
        std::thread::spawn(move || {
            let mut text = String::new();
            pipe.map(|mut pipe| pipe.read_to_string(&mut text));
            text
        })
    };
    let out = read(out.map(|pipe| Box::new(pipe) as Box<dyn std::io::Read + Send>));
    let err = read(err.map(|pipe| Box::new(pipe) as Box<dyn std::io::Read + Send>));
    until(name, "it ends", || child.try_wait().unwrap().is_some());
    let code = child.wait().unwrap().code();
    let said = Said { code, out: out.join().unwrap(), err: err.join().unwrap() };
    assert!(!said.out.contains("panicked") && !said.err.contains("panicked"), "{name}: {said:?}");
    said
}

fn until(name: &str, what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{name}: never: {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// Leaves no process behind, however the drill went.
struct Swept<'h>(&'h Home);

impl Drop for Swept<'_> {
    fn drop(&mut self) {
        for pid in processes_of(&self.0.path("state")) {
            if let Some(pid) = pid.parse().ok().and_then(Pid::from_raw) {
                // It may have ended by itself meanwhile.
                kill_process(pid, Signal::KILL).ok();
            }
        }
    }
}

/// Returns the end of the last line that a signature covers, and how many facts lie before it.
fn signed(log: &[u8]) -> (usize, u64) {
    let (mut end, mut at, mut facts, mut covered) = (0, 0, 0, 0);
    for line in log.split_inclusive(|byte| *byte == b'\n') {
        at += line.len();
        let Ok(value) = serde_json::from_slice::<Value>(line) else { continue };
        match value.get("k").and_then(Value::as_str).unwrap_or_default() {
            "checkpoint" => (end, covered) = (at, facts),
            "heartbeat" | "delegation" | "sealing" | "seal" => {}
            _ => facts += 1,
        }
    }
    (end, covered)
}
