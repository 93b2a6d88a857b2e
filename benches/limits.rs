//! Measures lifeboat beside the limit that the machine sets, in the same run: `cargo bench --bench limits`.
//!
//! Prints one line a measure: ours, the limit, the ratio, the goal. README quotes the ratios; times depend on the machine.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a measurement that fails may stop")]

#[path = "limits/cast.rs"]
mod cast;
#[path = "limits/forecast.rs"]
mod forecast;
#[path = "limits/keys.rs"]
mod keys;
#[path = "limits/log.rs"]
mod log;
#[path = "limits/replay.rs"]
mod replay;
#[path = "limits/terminal.rs"]
mod terminal;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use lifeboat::estate::postgres::{House, Programs, Server};
use portable_pty::CommandBuilder;
use terminal::{Screen, the_minimal};

const LIFEBOAT: &str = env!("CARGO_BIN_EXE_lifeboat");

fn main() {
    if std::env::var_os(terminal::MINIMAL).is_some() {
        terminal::minimal();
        return;
    }
    if let Some(folder) = std::env::var_os(replay::CHILD) {
        replay::child(Path::new(&folder));
        return;
    }
    // A state folder of its own, inherited by everything that is started here.
    let home = tempfile::tempdir().unwrap();
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let run = |name: &str, measure: &dyn Fn(&Path)| {
        if wanted.is_empty() || wanted.iter().any(|wish| wish == name) {
            let state = home.path().join(name);
            std::fs::create_dir(&state).unwrap();
            measure(&state);
        }
    };
    run("version", &|_| version());
    run("frame", &first_frame);
    run("steps", &thousand_steps);
    run("keys", &keys::idle);
    run("scroll", &keys::scroll);
    run("flood", &keys::flood);
    run("minute", &keys::minute);
    run("drill", &drill);
    run("fingerprint", &fingerprint);
    run("forecast", &|_| forecast::forecast());
    run("replay", &replay::replay);
    run("cast", &cast::cast);
    run("log-verify", &log::verify);
    run("log-facts", &log::facts);
    run("log-resume", &log::resume);
    run("log-attach", &log::attach);
}

/// How many rows the table has that is fingerprinted, some 850 bytes each, and how often each is measured, unless these
/// are set.
const ROWS: (&str, u32) = ("LIFEBOAT_BENCH_ROWS", 4_000_000);
const ROUNDS: (&str, u32) = ("LIFEBOAT_BENCH_ROUNDS", 3);

fn setting((name, usual): (&str, u32)) -> u32 {
    std::env::var(name).map_or(usual, |given| given.replace('_', "").parse().unwrap())
}

/// A table's fingerprint beside what PostgreSQL needs to count it and to hash it.
fn fingerprint(state: &Path) {
    let out = state.join("big.json");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let house = Arc::new(House::build(Programs::find().unwrap()).await.unwrap());
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let at = std::net::SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, port);
        let server = Server::create(&house, "bench", at).await.unwrap();
        let rows = setting(ROWS);
        // Its log is kept too, and as large again. A table without one would not be read at all.
        let fill = format!(
            "CREATE TABLE big AS SELECT g AS id, g % 100003 AS customer, repeat(md5(g::text), 24) AS note \
             FROM generate_series(1, {rows}) g"
        );
        server.sql("postgres", &fill).await.unwrap();
        server.sql("postgres", "VACUUM (FREEZE, ANALYZE) big").await.unwrap();
        println!(
            "{rows} rows in a table of {}",
            server.sql("postgres", "SELECT pg_size_pretty(pg_table_size('big'))").await.unwrap()
        );
        let (mut counted, mut hashed, mut ours) = (Vec::new(), Vec::new(), Vec::new());
        let mut most = 0;
        for _ in 0..setting(ROUNDS) {
            let began = Instant::now();
            server.sql("postgres", "SELECT count(*) FROM big").await.unwrap();
            counted.push(began.elapsed());
            let began = Instant::now();
            server.sql("postgres", "SELECT sum(hashtextextended(big::text, 0)) FROM big").await.unwrap();
            hashed.push(began.elapsed());
            let began = Instant::now();
            let mut taken = Command::new(LIFEBOAT);
            taken.args(["fingerprint", &server.url("postgres"), "--out"]).arg(&out);
            taken.stdout(Stdio::null()).stderr(Stdio::null());
            let mut taken = taken.spawn().unwrap();
            let ended = loop {
                most = most.max(memory(taken.id(), "VmHWM:").unwrap_or(0));
                if let Some(ended) = taken.try_wait().unwrap() {
                    break ended;
                }
                std::thread::sleep(Duration::from_millis(20));
            };
            assert!(ended.success() && std::fs::read_to_string(&out).unwrap().contains("public.big"));
            ours.push(began.elapsed());
        }
        let (counted, hashed, ours) = (median(counted), median(hashed), median(ours));
        say("fingerprint", ours, counted + hashed, "count(*) and hashing", "1.5");
        say("", ours, hashed, "hashing alone", "");
        say("", ours, counted, "count(*) alone", "");
        println!("{:<28} {:>6.1} MB at most", "", most as f64 / 1024.0);
        server.delete().await.unwrap();
        Arc::into_inner(house).unwrap().clear().await.unwrap();
    });
}

fn say(measure: &str, ours: Duration, limit: Duration, what: &str, goal: &str) {
    let ratio = ours.as_secs_f64() / limit.as_secs_f64();
    println!("{measure:<28} {ours:>9.2?}   {what} {limit:>9.2?}   ratio {ratio:.2}   goal {goal}");
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn version() {
    let time = |program: &str, args: &[&str]| {
        let once = |_| {
            let began = Instant::now();
            Command::new(program).args(args).stdout(Stdio::null()).status().unwrap();
            began.elapsed()
        };
        median((0..50).map(once).collect())
    };
    say("--version", time(LIFEBOAT, &["--version"]), time("/bin/true", &[]), "/bin/true", "10 ms");
}

fn first_frame(state: &Path) {
    let time = |command: &dyn Fn() -> CommandBuilder, text: &str| {
        let once = |_| {
            let began = Instant::now();
            let screen = Screen::open(command());
            screen.wait_for(text);
            let took = began.elapsed();
            screen.end();
            took
        };
        median((0..30).map(once).collect())
    };
    let lifeboat = || {
        let mut command = CommandBuilder::new(LIFEBOAT);
        command.env("XDG_STATE_HOME", state);
        command
    };
    let ours = time(&lifeboat, "region-failure");
    say("first frame", ours, time(&the_minimal, "minimal"), "minimal ratatui", "4");
}

fn thousand_steps(state: &Path) {
    use std::fmt::Write as _;
    let folder = tempfile::tempdir().unwrap();
    let book = folder.path().join("thousand.md");
    let mut text = String::from("# Thousand\n\n## All\n\n");
    for n in 1..=1000 {
        write!(text, "### Step {n}\n\n```sh {{name=s{n} impact=observe}}\ntrue\n```\n\n").unwrap();
    }
    std::fs::write(&book, text).unwrap();
    let ours = || {
        let began = Instant::now();
        let status = Command::new(LIFEBOAT)
            .env("XDG_STATE_HOME", state)
            .args(["run", "--unattended", "--runs"])
            .arg(folder.path().join("runs"))
            .arg(&book)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "{status}");
        began.elapsed()
    };
    let limit = || {
        let began = Instant::now();
        let dash = "i=0; while [ $i -lt 1000 ]; do sh -c true; i=$((i+1)); done";
        assert!(Command::new("dash").args(["-c", dash]).status().unwrap().success());
        let mut file = std::fs::File::create(folder.path().join("synced")).unwrap();
        for _ in 0..1000 {
            file.write_all(&[b'x'; 800]).unwrap();
            file.sync_data().unwrap();
        }
        began.elapsed()
    };
    // By turns, so that a busy moment of the machine falls on both.
    let (ours, limits): (Vec<_>, Vec<_>) = (0..5).map(|_| (ours(), limit())).unzip();
    say("1,000 steps, unattended", median(ours), median(limits), "dash + 1,000 fdatasync", "1.3");
}

fn drill(state: &Path) {
    let began = Instant::now();
    let mut child = Command::new(LIFEBOAT)
        .env("XDG_STATE_HOME", state)
        .args(["drill", "region-failure", "--unattended", "--speed", "60"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut lines, &mut line).unwrap();
    let first = began.elapsed();
    let rest = std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
    let mut peaks = std::collections::BTreeMap::new();
    let status = loop {
        for (pid, (what, peak)) in resident(state, "VmHWM:") {
            let known = peaks.entry(pid).or_insert((what, 0));
            known.1 = known.1.max(peak);
        }
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    rest.join().unwrap().unwrap();
    println!("drill                        first line after {first:.2?}, over after {:.2?}: {status}", began.elapsed());
    let sum: u64 = peaks.values().map(|(_, peak)| peak).sum();
    for (what, peak) in peaks.values() {
        println!("  peak of `lifeboat {what}`{:>width$} kB", peak, width = 24_usize.saturating_sub(what.len()));
    }
    println!("memory of the drill          {sum} kB, the sum of the peaks   goal 204800 kB");
}

fn newest(runs: &Path) -> PathBuf {
    let mut all: Vec<_> = std::fs::read_dir(runs).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all.pop().unwrap()
}

/// Returns what a line of a process's status says, in kB.
fn memory(pid: u32, line: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let rest = status.lines().find_map(|found| found.strip_prefix(line))?;
    rest.trim().trim_end_matches("kB").trim().parse().ok()
}

/// A line of `/proc/PID/status`, in kB, and the first argument, of every lifeboat process that has this state folder.
fn resident(state: &Path, line: &str) -> std::collections::BTreeMap<u32, (String, u64)> {
    let ours = format!("XDG_STATE_HOME={}", state.display());
    let of = |pid: u32| -> Option<(String, u64)> {
        let folder = PathBuf::from(format!("/proc/{pid}"));
        let program = std::fs::read_link(folder.join("exe")).ok()?;
        let environment = std::fs::read(folder.join("environ")).ok()?;
        if program != Path::new(LIFEBOAT) || !environment.split(|byte| *byte == 0).any(|var| var == ours.as_bytes()) {
            return None;
        }
        let arguments = std::fs::read_to_string(folder.join("cmdline")).ok()?;
        Some((arguments.split('\0').nth(1).unwrap_or_default().to_owned(), memory(pid, line)?))
    };
    let pids =
        std::fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid: u32| Some((pid, of(pid)?))).collect()
}
