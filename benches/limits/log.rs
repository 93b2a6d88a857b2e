//! The incident log beside its limits: verifying beside SHA-256, recording beside a bare group commit, taking up, attaching.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use lifeboat::engine::{Began, Event, Mode, Opened};
use lifeboat::journal::{Chain, SessionKey};
use lifeboat::kernel::{RunId, Stamp, sha256_hex};
use lifeboat::store::{LogWriter, RunFolder, Runs, SignError};
use portable_pty::CommandBuilder;
use sha2::{Digest as _, Sha256};

use super::{LIFEBOAT, Screen, median, memory, say, setting};

/// How many lines are verified, how many facts recorded and taken up, and how often each is measured, unless these are set.
const LINES: (&str, u32) = ("LIFEBOAT_BENCH_LINES", 1_000_000);
const RECORDED: (&str, u32) = ("LIFEBOAT_BENCH_RECORDED", 40_000);
const FACTS: (&str, u32) = ("LIFEBOAT_BENCH_FACTS", 100_000);
const ROUNDS: (&str, u32) = ("LIFEBOAT_BENCH_ROUNDS", 3);

/// How many record at once.
const WRITERS: u32 = 8;

/// A batch of facts has so many, then its checkpoint.
const BATCH: u32 = 9;

const RUNBOOK: &str = "# Wait\n\n## All\n\n### Wait\n\n```sh {impact=observe}\nsleep 60\n```\n";

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn opened(run: &str) -> Opened {
    Opened {
        v: "lifeboat-log/1".to_owned(),
        run: RunId::new(run),
        mode: Mode::Real,
        by: "bench".to_owned(),
        session: String::new(),
        host: "h".to_owned(),
        boot: "b".to_owned(),
        pid: 1,
        tool: "t".to_owned(),
        runbook: "wait.md".to_owned(),
        runbook_sha256: sha256_hex(RUNBOOK.as_bytes()),
        account: "none".to_owned(),
        arn: String::new(),
        region: String::new(),
        rto_s: 0,
        rpo_s: 0,
        seed: None,
        speed: 1,
        clock: lifeboat::kernel::ClockSync::Unknown,
        prev_run: None,
        prev_sha512: None,
        began: Began::default(),
    }
}

/// Is as long as facts are: some 400 bytes a line.
fn note(n: u32) -> Event {
    let text = format!("line {n}: {}", "what somebody saw and wrote down for those who come after. ".repeat(3));
    Event::NoteAdded { text, occurred_at: None, by: "bench".to_owned() }
}

/// Writes a log of so many facts, with a checkpoint behind every batch.
fn written(path: &Path, run: &str, facts: u32) -> u64 {
    let session = SessionKey::from_seed(&[7; 32]);
    let mut opened = opened(run);
    opened.session = session.public_text();
    let mut chain = Chain::new(RunId::new(run), Some(session));
    let mut out = BufWriter::new(File::create(path).unwrap());
    let mut buffer = Vec::new();
    let at = |n: u32| Stamp { utc: now() + Duration::from_millis(n.into()), mono: u64::from(n) * 1000 };
    chain.event(at(0), &Event::Open(Box::new(opened)), &mut buffer).unwrap();
    for n in 1..facts {
        chain.event(at(n), &note(n), &mut buffer).unwrap();
        if n % BATCH == 0 {
            chain.checkpoint(&mut buffer).unwrap();
            out.write_all(&buffer).unwrap();
            buffer.clear();
        }
    }
    chain.checkpoint(&mut buffer).unwrap();
    out.write_all(&buffer).unwrap();
    out.flush().unwrap();
    chain.lines()
}

/// The whole of `lifeboat log verify` beside nothing but SHA-256 of each line.
pub(super) fn verify(state: &Path) {
    let path = state.join("incident.jsonl");
    let lines = written(&path, "bench", setting(LINES) / (BATCH + 1) * BATCH);
    let (mut ours, mut hashed, mut most) = (Vec::new(), Vec::new(), 0);
    for _ in 0..setting(ROUNDS) {
        let began = Instant::now();
        let mut reader = BufReader::with_capacity(256 * 1024, File::open(&path).unwrap());
        let mut line = Vec::new();
        let mut last = [0; 32];
        while reader.read_until(b'\n', &mut line).unwrap() > 0 {
            last = Sha256::digest(&line).into();
            line.clear();
        }
        assert_ne!(std::hint::black_box(last), [0; 32]);
        hashed.push(began.elapsed());
        let began = Instant::now();
        let mut command = Command::new(LIFEBOAT);
        command.args(["log", "verify"]).arg(&path).env("XDG_STATE_HOME", state).env("XDG_CONFIG_HOME", state);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let ended = loop {
            most = most.max(memory(child.id(), "VmHWM:").unwrap_or(0));
            if let Some(ended) = child.try_wait().unwrap() {
                break ended;
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        ours.push(began.elapsed());
        assert_eq!(ended.code(), Some(4), "nobody signed it, and nothing was changed");
    }
    let megabytes = std::fs::metadata(&path).unwrap().len() as f64 / 1e6;
    println!("{lines} lines, {megabytes:.0} MB");
    say("log verify", median(ours), median(hashed), "SHA-256 of each line", "3");
    println!("{:<28} {:>6.1} MB at most", "", most as f64 / 1024.0);
}

/// Is a bare group commit: whatever waits is written and synced in one go.
fn group_commit(path: &Path, count: u32, line: &[u8]) -> Duration {
    let (submit, inbox) = mpsc::channel::<(Vec<u8>, mpsc::SyncSender<()>)>();
    let mut file = File::create(path).unwrap();
    let disk = std::thread::spawn(move || {
        while let Ok((mut buffer, first)) = inbox.recv() {
            let mut waiting = vec![first];
            while let Ok((line, answer)) = inbox.try_recv() {
                buffer.extend_from_slice(&line);
                waiting.push(answer);
            }
            file.write_all(&buffer).unwrap();
            file.sync_data().unwrap();
            for answer in waiting {
                answer.send(()).unwrap();
            }
        }
    });
    let took = at_once(count, |_| {
        let (answer, answered) = mpsc::sync_channel(1);
        submit.send((line.to_vec(), answer)).unwrap();
        answered.recv().unwrap();
    });
    drop(submit);
    disk.join().unwrap();
    took
}

/// Has everybody do their share, and measures the time.
fn at_once(count: u32, one: impl Fn(u32) + Sync) -> Duration {
    let began = Instant::now();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let one = &one;
            scope.spawn(move || (writer..count).step_by(WRITERS as usize).for_each(one));
        }
    });
    began.elapsed()
}

/// Facts that are recorded one by one by several, each waited for, beside the same lines group-committed bare.
pub(super) fn facts(state: &Path) {
    let count = setting(RECORDED);
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for round in 0..setting(ROUNDS) {
        let folder = Runs::at(state.join("runs")).create(now() + Duration::from_secs(round.into())).unwrap();
        let begun = Instant::now();
        let clock = Box::new(move || {
            let elapsed = begun.elapsed();
            Stamp { utc: now() + elapsed, mono: u64::try_from(elapsed.as_micros()).unwrap() }
        });
        let begun = LogWriter::begin(&folder, opened(""), Err(SignError::NoKey), clock).unwrap();
        ours.push(at_once(count, |n| drop(begun.writer.append_blocking(vec![note(n)]).unwrap())));
        let bytes = std::fs::metadata(folder.log()).unwrap().len() / u64::from(count);
        bare.push(group_commit(&state.join("bare"), count, &vec![b'x'; usize::try_from(bytes).unwrap()]));
    }
    let (ours, bare) = (median(ours), median(bare));
    say("log facts", ours, bare, "bare group commit", "1.25");
    let rate = |took: Duration| f64::from(count) / took.as_secs_f64();
    println!(
        "{:<28} {:.0} facts a second of {:.0}, {:.2} of them   goal 0.8",
        "",
        rate(ours),
        rate(bare),
        bare.as_secs_f64() / ours.as_secs_f64()
    );
}

/// A run of many facts, left behind by its engine.
fn left_behind(runs: &Path, facts: u32) -> RunFolder {
    let folder = Runs::at(runs).create(now()).unwrap();
    folder.write_runbook(RUNBOOK.as_bytes()).unwrap();
    written(&folder.log(), folder.id().as_str(), facts);
    folder
}

/// From the start of `lifeboat resume` until the log says who took the run up.
pub(super) fn resume(state: &Path) {
    let facts = setting(FACTS);
    let mut times = Vec::new();
    for round in 0..setting(ROUNDS) {
        let runs = state.join(format!("runs{round}"));
        let folder = left_behind(&runs, facts);
        let before = std::fs::metadata(folder.log()).unwrap().len();
        let began = Instant::now();
        let mut command = lifeboat(state);
        command.args(["resume", "--unattended", "--runs"]).arg(&runs).arg(folder.id().as_str());
        let mut child = command.spawn().unwrap();
        while std::fs::metadata(folder.log()).unwrap().len() == before {
            assert!(child.try_wait().unwrap().is_none(), "it ended: {:?}", child.wait());
            std::thread::sleep(Duration::from_millis(1));
        }
        times.push(began.elapsed());
        stopped(child.id());
        child.wait().unwrap();
    }
    println!("{:<28} {:>9.2?} for {facts} facts   goal 1 s", "log resume", median(times));
}

/// From the start of `lifeboat resume` until its screen shows a run that an engine works, a short and a long one.
pub(super) fn attach(state: &Path) {
    for facts in [1, 1000, setting(FACTS)] {
        let runs = state.join(format!("runs{facts}"));
        let folder = left_behind(&runs, facts);
        let resume = || {
            let mut command = CommandBuilder::new(LIFEBOAT);
            command.env("XDG_STATE_HOME", state);
            command.env("XDG_CONFIG_HOME", state);
            command.args(["resume", "--runs"]);
            command.arg(&runs);
            command.arg(folder.id().as_str());
            command
        };
        // The first one takes the run up; its engine stays when its screen goes.
        let first = Screen::open(resume());
        first.wait_for("NEXT");
        first.end();
        let once = |_| {
            let began = Instant::now();
            let screen = Screen::open(resume());
            screen.wait_for("NEXT");
            let took = began.elapsed();
            screen.end();
            took
        };
        let took = median((0..20).map(once).collect());
        println!("{:<28} {took:>9.2?} for {facts} facts   goal 100 ms", "log attach");
        for pid in super::resident(state, "VmRSS:").into_keys() {
            stopped(pid);
        }
    }
}

fn lifeboat(state: &Path) -> Command {
    let mut command = Command::new(LIFEBOAT);
    command.env("XDG_STATE_HOME", state).env("XDG_CONFIG_HOME", state).env_remove("SSH_AUTH_SOCK");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn stopped(pid: u32) {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw).unwrap();
    // It may have ended by itself.
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).ok();
}
