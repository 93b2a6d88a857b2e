//! The screen on a real pseudo-terminal: keys, resizes, hang-up, panic. The test binary runs itself as the program.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot be set up has failed"
)]

use std::io::{Read as _, Write as _};
use std::num::NonZero;
use std::os::unix::net::UnixStream;
use std::process::exit;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use lifeboat::engine::{Event, Fact, Outcome, Streams, Target, Verdict};
use lifeboat::kernel::{AttemptId, Stamp, sha256_hex};
use lifeboat::runbook::{Action, Impact, Keyboard, Kind, Plan, Shell, Step};
use lifeboat::settings::calls::Calls;
use lifeboat::settings::theme::built_in;
use lifeboat::term::{self, Exit};
use lifeboat::ui::{Entry, Model, Msg, Output};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// Longer than anything here takes, so that what hangs fails instead.
const PATIENCE: Duration = Duration::from_secs(20);
const ROLE: &str = "LIFEBOAT_TEST_SCREEN";

/// What the environment tells of a terminal.
type Environment<'e> = &'e [(&'e str, &'e str)];

/// Is the program under test, when this binary is started as that.
#[test]
fn program() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let start = Instant::now();
    let clock = move || Stamp { utc: chrono::Utc::now(), mono: start.elapsed().as_micros() as u64 };
    if role.starts_with("calls") {
        called(&role, clock);
    }
    if let Some(there) = role.strip_prefix("seated ") {
        seated(there, clock);
    }
    let entries = (0..2000).map(|n| Entry { name: format!("runbook-{n}"), ..Entry::default() }).collect();
    let mut model = Model::picker(entries, &built_in("default").unwrap(), clock());
    let (feed, inbox) = term::channel();
    drop(feed);
    let fails = role == "panic";
    let ticking = || {
        assert!(!(fails && start.elapsed() > Duration::from_millis(300)), "failed on purpose");
        clock()
    };
    exit_as(term::run(&mut model, &inbox, &mut |_| {}, &ticking).unwrap());
}

/// Ends as the screen did.
fn exit_as(ended: Exit) -> ! {
    exit(match ended {
        Exit::Quit => 0,
        Exit::Detached => 10,
        Exit::Drill(name) => {
            println!("drill {name}");
            11
        }
        Exit::Resume(_) => 12,
        Exit::HungUp => 129,
        Exit::Watch(_) | Exit::Compare(..) | Exit::Back => 15,
        Exit::Signalled(signal) => 100 + signal,
    })
}

/// A screen of a run has heard what the engine says, up to the start of the only attempt.
struct Begun {
    model: Model,
    feed: term::Feed,
    inbox: term::Inbox,
    seq: u64,
}

impl Begun {
    fn new(role: &str, action: Action, calls: Calls, now: Stamp) -> Self {
        let step = Step { actions: vec![action], ..Step::plain("check".into(), "Check the replica; now", 1) };
        let plan = Arc::new(Plan { title: "Region failure".to_owned(), steps: vec![step], ..Plan::default() });
        let (theme, log) = (built_in("default").unwrap(), "/var/lib/lifeboat/runs/x");
        let model = match role {
            "calls replayed" => Model::replay(plan, log, &theme, now),
            _ => Model::run(plan, log, &theme, now),
        };
        let (feed, inbox) = term::channel();
        let mut begun = Self { model: model.that_calls(calls), feed, inbox, seq: 0 };
        let opened = serde_json::json!({
            "k": "open", "v": "lifeboat-log/1", "run": "20261122T102000Z-7f3k", "mode": "drill", "by": "alice", "session": "",
            "host": "bastion", "boot": "b", "pid": 1, "tool": "lifeboat", "runbook": "region.md",
            "runbook_sha256": sha256_hex(b""), "account": "000000000000", "arn": "", "region": "us-west-2", "rto_s": 0,
            "rpo_s": 0, "seed": null, "speed": 1, "prev_run": null, "prev_sha512": null
        });
        begun.tell(now, serde_json::from_value(opened).unwrap());
        begun.tell(now, Event::StepStarted { step: "check".into() });
        let started = Event::AttemptStarted {
            attempt: "1.1".into(),
            step: Some("check".into()),
            action: Some("check".into()),
            impact: Impact::Observe,
            command: "check".to_owned(),
            target: Target::default(),
        };
        begun.tell(now, started);
        begun
    }

    fn tell(&mut self, at: Stamp, event: Event) {
        self.feed.send(Msg::Fact(Arc::new(Fact { seq: self.seq, at, event })));
        self.seq += 1;
    }
}

fn check() -> Action {
    Action::plain("check".into(), Kind::Shell(Shell::Sh), Impact::Observe, "check", 1)
}

/// Shows a run whose only step fails, which calls somebody back as this terminal is known to understand.
fn called(role: &str, clock: impl Fn() -> Stamp + 'static) -> ! {
    let of_terminal = || Calls::of_terminal(|name| std::env::var(name).ok());
    let calls = if role == "calls off" { Calls::Off } else { of_terminal() };
    let mut begun = Begun::new(role, check(), calls, clock());
    let finished = Event::AttemptFinished {
        attempt: "1.1".into(),
        outcome: Outcome::Exited { code: 1 },
        verdict: Verdict::Failed { why: "exited with 1".to_owned() },
        polls: 1,
        took_ms: 5,
        streams: Streams::default(),
        aws: None,
    };
    begun.tell(clock(), finished);
    let why = "exited with 1".to_owned();
    begun.tell(clock(), Event::StepFailed { step: "check".into(), attempt: Some("1.1".into()), why });
    exit_as(term::run(&mut begun.model, &begun.inbox, &mut |_| {}, &clock).unwrap())
}

/// Shows a run whose only attempt has a terminal, from when on there is the file that the role names.
fn seated(there: &str, clock: impl Fn() -> Stamp + 'static) -> ! {
    let mut begun = Begun::new("seated", Action { keyboard: Keyboard::Operator, ..check() }, Calls::Off, clock());
    let engine = begun.feed.clone();
    let mut wishes = |output: Output| {
        if let Output::Terminal(attempt) = output {
            engine.send(Msg::Terminal(attempt));
        }
    };
    let attempt = std::cell::OnceCell::new();
    let sit = |_: &AttemptId| {
        std::fs::metadata(there)?;
        let (here, mut program) = UnixStream::pair()?;
        program.write_all(b"name? ")?;
        attempt.set(program).unwrap();
        Ok(here)
    };
    exit_as(term::run_seated(&mut begun.model, &begun.inbox, &mut wishes, &clock, &sit).unwrap())
}

fn wide(count: u16) -> NonZero<u16> {
    NonZero::new(count).unwrap()
}

/// What was printed so far, and the news that it is more.
struct Seen {
    parser: Mutex<vt100::Parser>,
    more: Condvar,
}

impl Seen {
    /// Waits until the screen is as it should be; `judge` says how it is as long as it is not.
    fn until(&self, judge: impl Fn(&vt100::Screen) -> Result<(), String>) {
        let until = Instant::now() + PATIENCE;
        let mut parser = self.parser.lock().unwrap();
        while let Err(how) = judge(parser.screen()) {
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{how}");
            parser = self.more.wait_timeout(parser, left).unwrap().0;
        }
    }
}

/// Waits until it holds, looking again every 5 ms: a process that nobody reads from tells nothing by itself.
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "waited in vain for {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

struct Term {
    master: Option<Box<dyn MasterPty + Send>>,
    child: Box<dyn Child + Send + Sync>,
    seen: Arc<Seen>,
    /// Every byte that was written.
    raw: Arc<Mutex<Vec<u8>>>,
    writer: Option<Box<dyn std::io::Write + Send>>,
    stop: Arc<AtomicBool>,
    reading: Option<JoinHandle<()>>,
}

fn start(role: &str, shell: Option<&str>) -> Term {
    let terminal = if role == "no-term" { &[][..] } else { &[("TERM", "xterm-256color")] };
    start_in(role, shell, terminal)
}

/// Starts it on a terminal of which the environment tells this much.
fn start_in(role: &str, shell: Option<&str>, terminal: Environment<'_>) -> Term {
    let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).unwrap();
    let own = std::env::current_exe().unwrap();
    let mut command = match shell {
        None => CommandBuilder::new(&own),
        Some(script) => {
            let mut command = CommandBuilder::new("sh");
            command.args(["-c", script]);
            command.arg(&own);
            command
        }
    };
    command.args(["--exact", "program", "--nocapture", "--test-threads", "1"]);
    command.env(ROLE, role);
    for name in ["TERM", "VTE_VERSION", "TMUX"] {
        command.env_remove(name);
    }
    for (name, value) in terminal {
        command.env(name, value);
    }
    command.env("RUST_BACKTRACE", "0");
    command.cwd(std::env::current_dir().unwrap());
    let child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let parser = Mutex::new(vt100::Parser::new(wide(24), wide(80), 0));
    let seen = Arc::new(Seen { parser, more: Condvar::new() });
    let mut reader = pair.master.try_clone_reader().unwrap();
    let raw = Arc::new(Mutex::new(Vec::new()));
    let (into, kept) = (Arc::clone(&seen), Arc::clone(&raw));
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let reading = std::thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(count @ 1..) = reader.read(&mut buffer) {
            kept.lock().unwrap().extend_from_slice(&buffer[..count]);
            into.parser.lock().unwrap().process(&buffer[..count]);
            into.more.notify_all();
            if stopped.load(Ordering::SeqCst) {
                break;
            }
        }
    });
    let writer = pair.master.take_writer().unwrap();
    Term { master: Some(pair.master), child, seen, raw, writer: Some(writer), stop, reading: Some(reading) }
}

impl Term {
    fn wait(&self, what: &str) {
        self.seen.until(|screen| {
            let seen = screen.contents();
            if seen.contains(what) { Ok(()) } else { Err(format!("waited for {what:?}, saw:\n{seen}")) }
        });
    }

    fn lacks(&self, what: &str) {
        self.seen.until(|screen| {
            let seen = screen.contents();
            if seen.contains(what) { Err(format!("waited for the end of {what:?}, saw:\n{seen}")) } else { Ok(()) }
        });
    }

    fn press(&mut self, keys: &str) {
        self.writer.as_mut().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    fn resize(&self, rows: u16, cols: u16) {
        self.seen.parser.lock().unwrap().screen_mut().set_size(wide(rows), wide(cols));
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        self.master.as_ref().unwrap().resize(size).unwrap();
    }

    fn code(&mut self) -> u32 {
        until("its end", || self.child.try_wait().unwrap()).exit_code()
    }

    fn restored(&self) {
        self.seen.until(|screen| {
            let left = (screen.alternate_screen(), screen.bracketed_paste(), screen.hide_cursor());
            let restored = left == (false, false, false);
            if restored { Ok(()) } else { Err(format!("alternate screen, bracketed paste, hidden cursor: {left:?}")) }
        });
    }
}

#[test]
fn it_starts_takes_keys_and_restores_the_terminal() {
    let mut term = start("plain", None);
    term.wait("runbook-0 ");
    assert!(term.seen.parser.lock().unwrap().screen().alternate_screen());
    term.press("j");
    term.wait("▶ runbook-1");
    term.press("\u{1b}[200~q\u{1b}[201~k");
    term.wait("▶ runbook-0");
    term.press("q");
    assert_eq!(term.code(), 0);
    term.restored();
}

#[test]
fn no_key_is_lost_while_the_terminal_is_resized() {
    let mut term = start("plain", None);
    term.wait("▶ runbook-0");
    for n in 0..500_u16 {
        term.press("j");
        if n % 2 == 0 {
            term.resize(20 + n % 7, 80 + n % 11);
        }
    }
    term.wait("▶ runbook-500");
    term.press("d");
    assert_eq!(term.code(), 11);
    term.wait("drill runbook-500");
    term.restored();
}

#[test]
fn a_signal_to_end_and_a_panic_restore_the_terminal() {
    let mut term = start("plain", None);
    term.wait("runbook-0 ");
    let pid = rustix::process::Pid::from_raw(term.child.process_id().unwrap().cast_signed()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(term.code(), 115);
    term.restored();
    let mut term = start("panic", None);
    assert_ne!(term.code(), 0);
    term.restored();
    term.wait("failed on purpose");
}

#[test]
fn ctrl_z_stops_the_screen_and_it_comes_back_whole() {
    let mut term = start("plain", None);
    term.wait("▶ runbook-0");
    term.press("\u{1a}");
    term.restored();
    let pid = rustix::process::Pid::from_raw(term.child.process_id().unwrap().cast_signed()).unwrap();
    until("the stop", || stat(pid.as_raw_nonzero().get()).filter(|(state, _)| *state == 'T'));
    rustix::process::kill_process(pid, rustix::process::Signal::CONT).unwrap();
    term.wait("▶ runbook-0");
    term.press("jq");
    assert_eq!(term.code(), 0);
    term.restored();
}

#[test]
fn ten_megabytes_are_pasted_and_the_next_key_is_taken() {
    let mut term = start("plain", None);
    term.wait("▶ runbook-0");
    // The search takes what is pasted; this is refused, with its size.
    term.press("/");
    term.wait("/ ");
    let mut paste = "\u{1b}[200~".to_owned();
    paste.push_str(&"q".repeat(10 * 1024 * 1024));
    paste.push_str("\u{1b}[201~");
    term.press(&paste);
    term.wait("What was pasted has 10240 KiB");
    term.press("1999");
    term.wait("▶ runbook-1999");
    term.press("\u{1b}");
    term.wait("find…");
    term.press("q");
    assert_eq!(term.code(), 0);
    term.restored();
}

#[test]
fn answers_that_come_late_or_never_are_no_keys() {
    // Nobody answers what this terminal is asked: the screen asks nothing, and stands all the same.
    let mut term = start("plain", None);
    term.wait("▶ runbook-0");
    // Colour, name, size and place, as they were asked for by whoever had the terminal before.
    term.press("\u{1b}]11;rgb:1e1e/dddd/1e1e\u{1b}\\\u{1b}P>|dq(390)\u{1b}\\\u{1b}[?62;22c\u{1b}[3;1R\u{1b}]10;rgb:dddd/q\u{7}j");
    term.wait("▶ runbook-1 ");
    term.press("q");
    assert_eq!(term.code(), 0);
    term.restored();
}

#[test]
fn without_term_the_screen_is_drawn_all_the_same() {
    let mut term = start("no-term", None);
    term.wait("▶ runbook-0");
    term.press("j");
    term.wait("▶ runbook-1 ");
    term.press("q");
    assert_eq!(term.code(), 0);
    term.restored();
}

#[test]
fn a_failure_calls_as_the_terminal_understands_it_once_and_a_replay_never() {
    const WORDS: &str = "Drill: FAILED: 1 Check the replica; now";
    let osc9 = format!("\u{1b}]9;lifeboat: {WORDS}\u{1b}\\\u{7}");
    let osc777 = format!("\u{1b}]777;notify;lifeboat;{}\u{1b}\\\u{7}", WORDS.replace(';', ","));
    let tmux = format!("\u{1b}Ptmux;\u{1b}\u{1b}]9;lifeboat: {WORDS}\u{1b}\u{1b}\\\u{1b}\\\u{7}");
    let (xterm, inside) = (("TERM", "xterm-256color"), ("TMUX", "/tmp/tmux-1000/default,1,0"));
    let table: [(&str, Environment<'_>, &str); 8] = [
        ("calls", &[xterm], &osc9),
        ("calls", &[xterm, ("VTE_VERSION", "7003")], &osc777),
        ("calls", &[("TERM", "foot")], &osc777),
        ("calls", &[("TERM", "linux")], "\u{7}"),
        ("calls", &[("TERM", "tmux-256color"), inside], &tmux),
        ("calls", &[("TERM", "linux"), inside], "\u{7}"),
        ("calls off", &[xterm], ""),
        ("calls replayed", &[xterm], ""),
    ];
    for (role, terminal, written) in table {
        let mut term = start_in(role, None, terminal);
        term.wait("✗ 1 Check the replica; now FAILED");
        term.press(if role == "calls replayed" { "q" } else { "D" });
        assert!([0, 10].contains(&term.code()), "{role} {terminal:?}");
        term.restored();
        let raw = String::from_utf8(term.raw.lock().unwrap().clone()).unwrap();
        // The bell ends what is written, and nothing else rings it.
        let rung = raw.matches('\u{7}').count();
        assert_eq!(rung, usize::from(!written.is_empty()), "{role} {terminal:?}: {raw:?}");
        assert!(raw.contains(written), "{role} {terminal:?}: {raw:?}");
        let notified = raw.matches("]9;").count() + raw.matches("]777;").count();
        assert_eq!(notified, usize::from(written.len() > 1), "{role} {terminal:?}: {raw:?}");
    }
}

#[test]
fn a_terminal_that_is_not_there_yet_is_waited_for_until_a_key_says_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let there = folder.path().join("1.1.tty");
    let mut term = start(&format!("seated {}", there.display()), None);
    term.wait("T its terminal");
    term.press("T");
    term.wait("Waiting for the terminal of attempt 1.1");
    // Whoever does something else meanwhile stays: a second later the screen still takes the keys.
    term.press("j");
    term.lacks("Waiting for the terminal");
    std::fs::write(&there, "").unwrap();
    let before = term.seen.parser.lock().unwrap().screen().contents();
    until("the next second", || (term.seen.parser.lock().unwrap().screen().contents() != before).then_some(()));
    term.press("n");
    term.wait("Note");
    term.press("\u{1b}");
    term.lacks("Note");
    std::fs::remove_file(&there).unwrap();
    term.press("T");
    term.wait("Waiting for the terminal of attempt 1.1");
    std::fs::write(&there, "").unwrap();
    term.wait("Ctrl-] comes back");
    term.wait("name?");
    term.press("\u{1d}");
    term.wait("Back from its terminal");
    term.press("D");
    assert_eq!(term.code(), 10);
    term.restored();
}

/// Returns the state of a process and the CPU time it used, in clock ticks of 10 ms.
fn stat(pid: i32) -> Option<(char, u64)> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = text.rsplit_once(") ")?.1.split(' ').collect();
    let ticks = |at: usize| fields.get(at)?.parse::<u64>().ok();
    Some((fields.first()?.chars().next()?, ticks(11)? + ticks(12)?))
}

/// Hangs up and returns how long the screen lived on, and how much CPU it used for that in clock ticks.
fn hang_up(term: &mut Term, pid: i32) -> (Duration, u64) {
    // The kernel hangs up when the last holder of the terminal's other end lets go: the reading thread too.
    term.stop.store(true, Ordering::SeqCst);
    term.press("j");
    term.reading.take().unwrap().join().unwrap();
    let before = stat(pid).unwrap().1;
    let began = Instant::now();
    drop(term.writer.take());
    drop(term.master.take());
    let mut used = before;
    loop {
        match stat(pid) {
            Some((state, ticks)) if state != 'Z' => used = ticks,
            _ => return (began.elapsed(), used - before),
        }
        if began.elapsed() > Duration::from_secs(20) {
            let pid = rustix::process::Pid::from_raw(pid).unwrap();
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            panic!("it outlives its terminal and used {} ticks", used - before);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_hang_up_ends_the_screen_at_once_whatever_becomes_of_the_signal() {
    // By the signal; by the signal although it was ignored at the start; and with no signal at all, since the
    // session's leader is a shell that ignores it.
    let scripts = [None, Some(r#"trap "" HUP; exec "$0" "$@""#), Some(r#"trap "" HUP; "$0" "$@"; exit 0"#)];
    for script in scripts {
        let mut term = start("plain", script);
        term.wait("runbook-0 ");
        let leader = term.child.process_id().unwrap().cast_signed();
        let children = std::fs::read_to_string(format!("/proc/{leader}/task/{leader}/children")).unwrap();
        let pid = children.split_whitespace().next().map_or(leader, |child| child.parse().unwrap());
        assert_eq!(script.is_some_and(|script| !script.contains("exec")), pid != leader, "{script:?}");
        let (lived, used) = hang_up(&mut term, pid);
        assert!(lived < Duration::from_secs(1), "{script:?}: {lived:?}");
        assert!(used < 10, "{script:?}: {used} ticks of 10 ms");
        if pid == leader {
            assert_eq!(term.code(), 129, "{script:?}");
        }
    }
}
