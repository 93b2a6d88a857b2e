//! How long a key waits for its frame: on a screen that is idle, under a flood of output, in a long plan and a long text.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use portable_pty::CommandBuilder;

use super::terminal::{Presser, Screen, the_minimal};
use super::{LIFEBOAT, newest, resident};

/// How many keys are pressed at least.
const KEYS: usize = 300;
/// What prints 1 GiB.
const FLOOD: &str = "yes 'a line of output that fills some of the screen' | head -c 1073741824";
const GOAL: &str = "goal p99 16 ms";

/// Two keys that open and close a program's help, and a word of it.
struct Help {
    open: &'static str,
    close: &'static str,
    word: &'static str,
}

impl Help {
    const OURS: Self = Self { open: "?", close: "?", word: "Help" };
    const TMUX: Self = Self { open: "\x02?", close: "q", word: "Send the prefix key" };
    const BTOP: Self = Self { open: "h", close: "h", word: "Shows this window" };

    fn press(&self, presser: &mut Presser) -> Duration {
        let opened = presser.contents().contains(self.word);
        let key = if opened { self.close } else { self.open };
        presser.press(key, &|shown| shown.contains(self.word) != opened)
    }
}

fn run(state: &Path, folder: &Path, text: &str) -> CommandBuilder {
    let book = folder.join("book.md");
    std::fs::write(&book, text).unwrap();
    let mut command = CommandBuilder::new(LIFEBOAT);
    command.env("XDG_STATE_HOME", state);
    command.args(["run", "--onset", "-1m", "--runs"]);
    command.arg(folder.join("runs"));
    command.arg(&book);
    command.cwd(folder);
    command
}

/// Waits until a screen has been still for a while.
fn still(screen: &Screen) {
    while screen.bytes.recv_timeout(Duration::from_millis(900)).is_ok() {}
}

/// Opens and closes the help of a run screen on which nothing happens, and of others.
pub(crate) fn idle(state: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let ours =
        run(state, folder.path(), "# Idle\n\n## All\n\n### Look\n\n```sh {name=look impact=observe}\ntrue\n```\n");
    let mut programs =
        vec![("ours", ours, "Look", Help::OURS, GOAL), ("minimal ratatui", the_minimal(), "minimal", Help::OURS, "")];
    let server = format!("lifeboat-bench-{}", std::process::id());
    if there("tmux", "-V") {
        let mut tmux = CommandBuilder::new("tmux");
        tmux.args(["-L", &server, "-f", "/dev/null", "new-session", "sh"]);
        tmux.env_remove("TMUX");
        programs.push(("tmux", tmux, "[0] 0:", Help::TMUX, ""));
    }
    if there("btop", "--version") {
        let mut btop = CommandBuilder::new("btop");
        btop.env("XDG_CONFIG_HOME", folder.path());
        btop.env("LC_ALL", "C.UTF-8");
        programs.push(("btop", btop, "cpu", Help::BTOP, ""));
    }
    for (whose, command, word, help, goal) in programs {
        let mut presser = Presser::new(Screen::open(command));
        presser.press("", &|shown| shown.contains(word));
        for _ in 0..KEYS {
            let answered = help.press(&mut presser);
            presser.answers.push(answered);
        }
        presser.say("key to frame, idle", whose, goal);
    }
    Command::new("tmux").args(["-L", &server, "kill-server"]).output().ok();
}

/// Says whether a program is installed; what is not is not measured.
fn there(program: &str, asked: &str) -> bool {
    let found = Command::new(program).arg(asked).output().is_ok();
    if !found {
        println!("key to frame, idle           {program}: not installed, not measured");
    }
    found
}

/// Walks a plan of 2,000 steps and scrolls a step's text of 1 MB.
pub(crate) fn scroll(state: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let mut plan = String::from("# Plan\n\n## All\n\n");
    for n in 1..=2000 {
        write!(plan, "### Step {n}\n\nBody of number {n}.\n\n```sh {{name=s{n} impact=observe}}\ntrue\n```\n\n")
            .unwrap();
    }
    let mut presser = Presser::new(Screen::open(run(state, folder.path(), &plan)));
    presser.press("", &|shown| shown.contains("Body of number 1."));
    // From the step's pane to that of the plan.
    presser.screen.keys.write_all(b"\x1b[Z").unwrap();
    presser.press("G", &|shown| shown.contains("Body of number 2000."));
    presser.press("g", &|shown| shown.contains("Body of number 1."));
    for n in 2..=KEYS {
        presser.answer("j", &|shown| shown.contains(&format!("Body of number {n}.")));
    }
    for _ in 0..20 {
        presser.answer("G", &|shown| shown.contains("Body of number 2000."));
        presser.answer("g", &|shown| shown.contains("Body of number 1."));
    }
    presser.say("a plan of 2,000 steps", "ours", GOAL);

    let mut text = String::from("# Text\n\n## All\n\n### Long\n\n");
    let mut lines = 0;
    while text.len() < 1_000_000 {
        lines += 1;
        write!(text, "Line {lines}; of a text that is read while an incident goes on.\n\n").unwrap();
    }
    text.push_str("```sh {name=long impact=observe}\ntrue\n```\n");
    let folder = tempfile::tempdir().unwrap();
    let mut presser = Presser::new(Screen::open(run(state, folder.path(), &text)));
    presser.press("", &|shown| shown.contains("Line 1;"));
    let first = |shown: &str| shown.split_once("Line ").map(|(_, rest)| rest.split(';').next().unwrap().to_owned());
    for _ in 0..KEYS {
        let before = first(&presser.contents());
        presser.answer("\x1b[6~", &|shown| first(shown) != before);
    }
    for _ in 0..20 {
        presser.answer("G", &|shown| shown.contains(&format!("Line {lines};")));
        presser.answer("g", &|shown| shown.contains("Line 1;"));
    }
    presser.say("a step's text of 1 MB", "ours", GOAL);
}

/// What the machine leaves for keys while the same output goes from a shell straight to a file.
fn beside_minimal(folder: &Path) {
    let mut presser = Presser::new(Screen::open(the_minimal()));
    presser.press("", &|shown| shown.contains("minimal"));
    for n in 0..4 {
        let file = std::fs::File::create(folder.join(format!("flood{n}"))).unwrap();
        let mut shell = Command::new("sh").args(["-c", FLOOD]).stdout(file).spawn().unwrap();
        while shell.try_wait().unwrap().is_none() {
            let answered = Help::OURS.press(&mut presser);
            presser.answers.push(answered);
        }
        // As long as the other one pauses between its steps.
        std::thread::sleep(Duration::from_secs(2));
    }
    presser.say(UNDER, "minimal ratatui", "");
}

const UNDER: &str = "key to frame under a flood";

/// Presses keys while steps print as fast as they can.
pub(crate) fn flood(state: &Path) {
    let folder = tempfile::tempdir().unwrap();
    beside_minimal(folder.path());
    // Four times, since once is over before the keys are pressed often enough; each attempt prints 1 GiB.
    let mut text = String::from("# Flood\n\n## All\n\n");
    for n in 1..=4 {
        write!(text, "### Print {n}\n\n```sh {{name=flood{n} impact=observe}}\n{FLOOD}\n```\n\n").unwrap();
    }
    let runs = folder.path().join("runs");
    let screen = Screen::open(run(state, folder.path(), &text));
    screen.wait_for("Print");
    // The idle figure is taken once the screen has been still for a while.
    still(&screen);
    let idle = held(state);
    let mut presser = Presser::new(screen);
    let mut most = idle;
    let mut step = 1;
    presser.screen.keys.write_all(b"r").unwrap();
    let began = Instant::now();
    while step <= 4 && began.elapsed() < Duration::from_secs(180) {
        if printed(&runs, step) == 1 << 30 {
            step += 1;
            // The digest goes on for a moment; what runs next is what the screen offers next.
            std::thread::sleep(Duration::from_secs(2));
            if step <= 4 {
                if presser.contents().contains(Help::OURS.word) {
                    Help::OURS.press(&mut presser);
                    std::thread::sleep(Duration::from_millis(300));
                }
                presser.screen.keys.write_all(b"r").unwrap();
            }
            continue;
        }
        let before = printed(&runs, step);
        let answered = Help::OURS.press(&mut presser);
        if before > 0 {
            presser.answers.push(answered);
        }
        most = most.max(held(state));
    }
    let keys = presser.answers.len();
    assert!(keys >= KEYS, "only {keys} keys while it printed");
    presser.say(UNDER, "ours", GOAL);
    println!("memory under a flood         {} kB above idle ({idle} kB)   goal 65536 kB", most.saturating_sub(idle));
}

/// A minute of output: what is written to the terminal, and whether the memory grows.
pub(crate) fn minute(state: &Path) {
    let folder = tempfile::tempdir().unwrap();
    // A shell's own loop, which prints some ten megabytes a second: `yes` would fill the disk.
    let text = "# Minute\n\n## All\n\n### Print\n\n```sh {name=print impact=observe}\n\
                end=$(($(date +%s) + 60)); while [ $(date +%s) -lt $end ]; do i=0; while [ $i -lt 200000 ]; do \
                echo \"line $i of some output\"; i=$((i + 1)); done; done\n```\n";
    let runs = folder.path().join("runs");
    let screen = Screen::open(run(state, folder.path(), text));
    screen.wait_for("Print");
    // A key that comes before the engine was heard does nothing.
    still(&screen);
    let mut presser = Presser::new(screen);
    presser.screen.keys.write_all(b"r").unwrap();
    let began = Instant::now();
    let (mut early, mut late, mut from) = (0, 0, 0);
    while began.elapsed() < Duration::from_secs(58) {
        std::thread::sleep(Duration::from_millis(100));
        presser.read();
        match began.elapsed().as_secs() {
            0..2 => from = presser.written,
            2..12 => early = early.max(held(state)),
            _ => late = late.max(held(state)),
        }
    }
    assert!(printed(&runs, 1) > 0, "nothing was printed: {}", presser.contents());
    let seconds = began.elapsed().as_secs_f64() - 2.0;
    let rate = (presser.written - from) as f64 / seconds / 1e3;
    println!(
        "a minute of output           {} MB printed; {rate:.1} kB/s to the terminal   goal 200 kB/s",
        printed(&runs, 1) >> 20
    );
    println!("memory over that minute      {early} kB in its first 12 s, {late} kB after   goal: flat");
    presser.screen.end();
}

/// How much an attempt of a step has printed.
fn printed(runs: &Path, step: usize) -> u64 {
    std::fs::metadata(newest(runs).join(format!("output/{step}.1.out"))).map_or(0, |data| data.len())
}

/// What the run's lifeboat processes hold of the memory, in kB.
fn held(state: &Path) -> u64 {
    resident(state, "VmRSS:").into_values().map(|(_, kilobytes)| kilobytes).sum()
}
