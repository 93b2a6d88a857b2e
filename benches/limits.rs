//! Measures lifeboat beside the limit that the machine sets, in the same run: `cargo bench --bench limits`.
//!
//! Prints one line a measure: ours, the limit, the ratio, the goal. README quotes the ratios; times depend on the machine.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a measurement that fails may stop")]

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, NativePtySystem, PtySize, PtySystem as _};

const LIFEBOAT: &str = env!("CARGO_BIN_EXE_lifeboat");
const MINIMAL: &str = "LIFEBOAT_BENCH_MINIMAL";

fn main() {
    if std::env::var_os(MINIMAL).is_some() {
        minimal();
        return;
    }
    version();
    first_frame();
    thousand_steps();
    flood();
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

/// The smallest ratatui program there is: one frame, then it waits for a key.
fn minimal() {
    let mut terminal = ratatui::init();
    terminal.draw(|frame| frame.render_widget("minimal", frame.area())).unwrap();
    drop(crossterm::event::read());
    ratatui::restore();
}

struct Screen {
    child: Box<dyn portable_pty::Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    bytes: mpsc::Receiver<Vec<u8>>,
    _master: Box<dyn portable_pty::MasterPty + Send>,
}

impl Screen {
    fn open(mut command: CommandBuilder) -> Self {
        command.env("TERM", "xterm-256color");
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let pair = NativePtySystem::default().openpty(size).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (tx, bytes) = mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = vec![0; 65536];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                if tx.send(buffer[..n].to_vec()).is_err() {
                    return;
                }
            }
        });
        let keys = pair.master.take_writer().unwrap();
        Self { child, keys, bytes, _master: pair.master }
    }

    fn wait_for(&self, text: &str) {
        let mut seen = Vec::new();
        let deadline = Instant::now() + Duration::from_secs(30);
        while Instant::now() < deadline {
            if let Ok(bytes) = self.bytes.recv_timeout(Duration::from_secs(1)) {
                seen.extend(bytes);
                if String::from_utf8_lossy(&seen).contains(text) {
                    return;
                }
            }
        }
        panic!("`{text}` never came; got {}", String::from_utf8_lossy(&seen));
    }

    fn end(mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn first_frame() {
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
    let ours = time(&|| CommandBuilder::new(LIFEBOAT), "region-failure");
    let theirs = || {
        let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
        command.env(MINIMAL, "1");
        command
    };
    say("first frame", ours, time(&theirs, "minimal"), "minimal ratatui", "4");
}

fn thousand_steps() {
    use std::fmt::Write as _;
    let folder = tempfile::tempdir().unwrap();
    let book = folder.path().join("thousand.md");
    let mut text = String::from("# Thousand\n\n## All\n\n");
    for n in 1..=1000 {
        write!(text, "### Step {n}\n\n```sh {{name=s{n} impact=observe}}\ntrue\n```\n\n").unwrap();
    }
    std::fs::write(&book, text).unwrap();
    let began = Instant::now();
    let status = Command::new(LIFEBOAT)
        .args(["run", "--unattended", "--runs"])
        .arg(folder.path().join("runs"))
        .arg(&book)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .unwrap();
    let ours = began.elapsed();
    assert!(status.success(), "{status}");
    let began = Instant::now();
    let dash = "i=0; while [ $i -lt 1000 ]; do sh -c true; i=$((i+1)); done";
    assert!(Command::new("dash").args(["-c", dash]).status().unwrap().success());
    let mut file = std::fs::File::create(folder.path().join("synced")).unwrap();
    for _ in 0..1000 {
        file.write_all(&[b'x'; 800]).unwrap();
        file.sync_data().unwrap();
    }
    say("1,000 steps, unattended", ours, began.elapsed(), "dash + 1,000 fdatasync", "1.3");
}

fn flood() {
    let folder = tempfile::tempdir().unwrap();
    let book = folder.path().join("flood.md");
    let block = "yes 'a line of output that fills some of the screen' | head -c 1073741824";
    std::fs::write(
        &book,
        format!("# Flood\n\n## All\n\n### Print\n\n```sh {{name=flood impact=observe}}\n{block}\n```\n"),
    )
    .unwrap();
    let runs = folder.path().join("runs");
    let mut command = CommandBuilder::new(LIFEBOAT);
    command.args(["run", "--onset", "-1m", "--runs"]);
    command.arg(&runs);
    command.arg(&book);
    command.cwd(folder.path());
    let mut screen = Screen::open(command);
    screen.wait_for("Print");
    // The idle figure is taken once the screen has been still for a while.
    while screen.bytes.recv_timeout(Duration::from_millis(900)).is_ok() {}
    let idle = memory(&runs);
    screen.keys.write_all(b"r").unwrap();
    let mut most = idle;
    let mut answers = Vec::new();
    let began = Instant::now();
    // `?` opens help and closes it again: each press changes the whole screen.
    while answers.len() < 200 && began.elapsed() < Duration::from_secs(60) {
        while screen.bytes.try_recv().is_ok() {}
        let pressed = Instant::now();
        screen.keys.write_all(b"?").unwrap();
        if screen.bytes.recv_timeout(Duration::from_secs(1)).is_ok() {
            answers.push(pressed.elapsed());
        }
        most = most.max(memory(&runs));
        drop(screen.bytes.recv_timeout(Duration::from_millis(15)));
    }
    let printed = std::fs::metadata(newest(&runs).join("output/1.1.out")).map_or(0, |data| data.len());
    answers.sort();
    let p99 = answers[answers.len() * 99 / 100];
    println!(
        "key to frame under a flood   p99 {p99:.2?} of {} keys, {} MB printed   goal 16 ms",
        answers.len(),
        printed >> 20
    );
    println!("memory under a flood         {} kB above idle ({idle} kB)   goal 65536 kB", most.saturating_sub(idle));
    screen.end();
}

fn newest(runs: &Path) -> PathBuf {
    let mut all: Vec<_> = std::fs::read_dir(runs).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all.pop().unwrap()
}

/// Resident memory of every lifeboat process that has to do with `runs`, in kB.
fn memory(runs: &Path) -> u64 {
    let mut sum = 0;
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let command = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        if !String::from_utf8_lossy(&command).contains(&*runs.to_string_lossy()) {
            continue;
        }
        let status = std::fs::read_to_string(entry.path().join("status")).unwrap_or_default();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        sum += resident.and_then(|rest| rest.trim().trim_end_matches("kB").trim().parse::<u64>().ok()).unwrap_or(0);
    }
    sum
}
