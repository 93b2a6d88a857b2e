//! A run on a real pseudo-terminal: its screen comes and goes, its engine stays; then its engine goes, and its step stays.

use std::io::{Read as _, Write as _};
use std::num::NonZero;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

use super::support::{Home, eventually, key_pair, lives, log, of_kind, processes_of};

/// Its only step lasts as long as it is let. What it prints no screen says before it has heard the engine.
const LONG: &str = "\
# Long
## Wait
```sh { impact=observe }
echo tick''ing
echo $$ > pid
while [ ! -e go ]; do sleep 0.02; done
echo finished
```
";

pub(crate) struct Screen {
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn std::io::Write + Send>>,
    child: Box<dyn Child + Send + Sync>,
    parser: Arc<Mutex<vt100::Parser>>,
    home: PathBuf,
}

impl Drop for Screen {
    /// Leaves nothing behind where a test failed: what was started in its home knows that by its environment.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        self.child.kill().ok();
        let home = self.home.to_string_lossy().into_owned();
        for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let of_home = std::fs::read(entry.path().join("environ"))
                .is_ok_and(|environment| String::from_utf8_lossy(&environment).contains(&home));
            let pid = entry.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw);
            if let Some(pid) = pid.filter(|_| of_home) {
                kill_process(pid, Signal::KILL).ok();
            }
        }
    }
}

impl Screen {
    pub(crate) fn open(home: &Home, arguments: &[&str]) -> Self {
        Self::open_with(home, arguments, &[])
    }

    /// Opens a screen that has more in its environment.
    pub(crate) fn open_with(home: &Home, arguments: &[&str], more: &[(&str, &Path)]) -> Self {
        let size = PtySize { rows: 30, cols: 100, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let plain = home.command(arguments);
        let mut command = CommandBuilder::new(plain.get_program());
        command.args(plain.get_args());
        command.env_clear();
        for (name, value) in plain.get_envs() {
            command.env(name, value.unwrap());
        }
        command.env("TERM", "xterm-256color");
        for (name, value) in more {
            command.env(name, value);
        }
        command.cwd(home.path(""));
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let size = |count: u16| NonZero::new(count).unwrap();
        let parser = Arc::new(Mutex::new(vt100::Parser::new(size(30), size(100), 0)));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let into = Arc::clone(&parser);
        std::thread::spawn(move || {
            let mut buffer = vec![0; 8192];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                into.lock().unwrap().process(buffer.get(..count).unwrap());
            }
        });
        let writer = Some(pair.master.take_writer().unwrap());
        Self { master: Some(pair.master), writer, child, parser, home: home.path("") }
    }

    pub(crate) fn seen(&self) -> String {
        self.parser.lock().unwrap().screen().contents()
    }

    /// Forgets what was printed so far, also before the screen of now.
    pub(crate) fn wipe(&self) {
        let mut parser = self.parser.lock().unwrap();
        let (rows, columns) = parser.screen().size();
        *parser = vt100::Parser::new(rows, columns, 0);
    }

    pub(crate) fn wait(&self, what: &str) {
        let until = Instant::now() + Duration::from_secs(30);
        while !self.seen().contains(what) {
            assert!(Instant::now() < until, "waited for {what:?}, saw:\n{}", self.seen());
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.writer.as_mut().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    pub(crate) fn code(&mut self) -> u32 {
        let mut code = None;
        eventually("the screen ends", || {
            code = self.child.try_wait().unwrap().map(|status| status.exit_code());
            code.is_some()
        });
        code.unwrap()
    }

    pub(crate) fn kill(&self) {
        let pid = i32::try_from(self.child.process_id().unwrap()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
    }
}

/// Makes a key.
fn key(home: &Home) -> PathBuf {
    key_pair(home, "key");
    home.path("key")
}

/// Has a key file sign for whoever works here.
pub(crate) fn with_key(home: &Home) {
    home.write("config/lifeboat/config.toml", format!("key = \"{}\"\n", key(home).display()));
}

/// Opens a screen that a key file signs for, and starts its step.
pub(crate) fn begun(home: &Home) -> Screen {
    with_key(home);
    started(home)
}

/// Opens the run's screen and starts its step.
fn started(home: &Home) -> Screen {
    home.write("runbook.md", LONG);
    let mut screen = Screen::open(home, &["run", "runbook.md"]);
    screen.wait("Wait");
    screen.wait("r run");
    // Keys that are pressed before a step could be read are not taken.
    let mut pressed = Instant::now();
    screen.press("r");
    eventually("the step runs", || {
        if pressed.elapsed() > Duration::from_millis(500) {
            screen.press("r");
            pressed = Instant::now();
        }
        std::fs::read_to_string(home.path("pid")).is_ok_and(|text| text.ends_with('\n'))
    });
    screen.wait("ticking");
    screen
}

fn remarks(run: &Path) -> String {
    let log = log(run);
    of_kind(&log, "noticed").iter().map(|line| line["what"].as_str().unwrap().to_owned() + "\n").collect()
}

#[test]
fn a_screen_comes_and_goes_and_the_run_goes_on() {
    let home = Home::new();
    let mut screen = begun(&home);
    let run = home.the_run();
    screen.press("D");
    assert_eq!(screen.code(), 0);
    screen.wait("the run goes on");
    eventually("it is recorded", || remarks(&run).contains("who held control, is gone"));
    assert_eq!(home.run(&["runs"]).out.matches("is worked now").count(), 1);

    let again = Screen::open(&home, &["resume"]);
    again.wait("ticking");
    let mut other = Screen::open(&home, &["watch"]);
    other.wait("ticking");
    other.press("nhello\r");
    other.wait("you watch");
    let mut late = Screen::open(&home, &["resume", "--take-over", "their terminal hangs"]);
    late.wait("ticking");
    again.wait("took control over");
    other.press("D");
    assert_eq!(other.code(), 0);

    // Whose terminal goes away leaves the run to itself.
    drop(late.writer.take());
    drop(late.master.take());
    late.kill();
    eventually("it is recorded", || remarks(&run).matches("who held control, is gone").count() == 2);
    home.write("go", "");
    eventually("it is sealed", || !of_kind(&log(&run), "seal").is_empty());
    again.wait("SEALED");
    assert!(remarks(&run).contains("took control over from"), "{}", remarks(&run));
    assert_eq!(of_kind(&log(&run), "attempt-started").len(), 1);
    eventually("nothing is left of the engine", || processes_of(&run).is_empty() && !run.join("engine.sock").exists());
}

#[test]
fn screen_and_engine_are_killed_and_the_step_is_found() {
    let home = Home::new();
    let screen = begun(&home);
    let run = home.the_run();
    let engine = of_kind(&log(&run), "open")[0]["pid"].to_string();
    screen.kill();
    kill_process(Pid::from_raw(engine.parse().unwrap()).unwrap(), Signal::KILL).unwrap();
    // Whoever resumes waits for the last thread of it.
    let step = std::fs::read_to_string(home.path("pid")).unwrap();
    assert!(lives(&step));

    let mut again = Screen::open(&home, &["resume"]);
    again.wait("ticking");
    eventually("it is taken up", || remarks(&run).contains("it still runs"));
    home.write("go", "");
    again.wait("SEALED");
    again.press("q");
    assert_eq!(again.code(), 0);
    assert_eq!(std::fs::read_to_string(run.join("output/1.1.out")).unwrap(), "ticking\nfinished\n");
    assert_eq!(of_kind(&log(&run), "attempt-started").len(), 1);
    eventually("nothing is left", || processes_of(&run).is_empty());
}

#[test]
fn an_engine_that_goes_away_is_said_and_its_run_is_taken_up() {
    let home = Home::new();
    let mut screen = begun(&home);
    let run = home.the_run();
    let engine = of_kind(&log(&run), "open")[0]["pid"].to_string();
    kill_process(Pid::from_raw(engine.parse().unwrap()).unwrap(), Signal::KILL).unwrap();
    screen.wait("The engine of this run is gone");
    screen.press("D");
    screen.code();
    home.write("go", "");
    let mut again = Screen::open(&home, &["resume"]);
    again.wait("SEALED");
    again.press("q");
    assert_eq!(again.code(), 0);
}

#[test]
fn an_engine_that_stands_still_is_said_to_until_it_goes_on() {
    let home = Home::new();
    let mut screen = begun(&home);
    let run = home.the_run();
    let engine = of_kind(&log(&run), "open")[0]["pid"].to_string();
    let send = |signal| kill_process(Pid::from_raw(engine.parse().unwrap()).unwrap(), signal).unwrap();
    send(Signal::STOP);
    screen.wait("has not answered for 10 s");
    screen.wait(&format!("`kill -9 {engine}`"));
    send(Signal::CONT);
    screen.wait("answers again");
    home.write("go", "");
    screen.wait("SEALED");
    screen.press("q");
    assert_eq!(screen.code(), 0);
}

/// The engine begins where there is no key; a person comes with theirs, and it vouches for the log and seals it.
#[test]
fn the_log_is_sealed_by_the_key_of_the_screen_in_control() {
    let home = Home::new();
    home.write("config/lifeboat/config.toml", "operator = \"alice@example.com\"\n");
    let mut first = started(&home);
    first.wait("UNSIGNED");
    let run = home.the_run();
    eventually("what it lacks is recorded", || {
        remarks(&run).contains("UNSIGNED: the screen that holds control did not")
    });
    first.press("D");
    assert_eq!(first.code(), 0);

    let socket = home.path("agent");
    let mut agent =
        std::process::Command::new("ssh-agent").arg("-D").arg("-a").arg(&socket).stdout(Stdio::null()).spawn().unwrap();
    eventually("the agent is up", || std::os::unix::net::UnixStream::connect(&socket).is_ok());
    let added = std::process::Command::new("ssh-add").arg("-q").arg(key(&home)).env("SSH_AUTH_SOCK", &socket).status();
    assert!(added.unwrap().success());
    let mut again = Screen::open_with(&home, &["resume"], &[("SSH_AUTH_SOCK", &socket)]);
    again.wait("ticking");
    let vouched = || of_kind(&log(&run), "delegation").first().map(|line| line["by"].to_string());
    eventually("it vouches for the log", || vouched().is_some_and(|by| by.contains("alice@example.com")));
    again.wait("Log signed by alice@example.com");
    home.write("go", "");
    again.wait("SEALED by alice@example.com");
    again.press("q");
    assert_eq!(again.code(), 0);
    agent.kill().unwrap();
    agent.wait().unwrap();
    let public = std::fs::read_to_string(home.path("key.pub")).unwrap();
    let allowed = home.write("allowed", format!("alice@example.com {public}"));
    let verified = home.run(&["log", "verify", run.to_str().unwrap(), "--allowed-signers", allowed.to_str().unwrap()]);
    assert_eq!((verified.code, verified.out.lines().next()), (Some(0), Some("SEALED")), "{verified:?}");
    assert!(verified.out.contains("signed by  alice@example.com"), "{verified:?}");
}

/// An engine of another lifeboat is recognised by its first line, whatever else the two would say.
#[test]
fn a_screen_and_an_engine_of_two_versions_say_so() {
    let home = Home::new();
    let mut screen = begun(&home);
    let run = home.the_run();
    // A screen of another version hears which lifeboat this is, and nothing more.
    let mut other = UnixStream::connect(run.join("engine.sock")).unwrap();
    other.write_all(b"{\"protocol\":1,\"version\":\"0.0.1\",\"by\":\"bob\",\"wants\":\"control\"}\n").unwrap();
    let mut heard = String::new();
    other.read_to_string(&mut heard).unwrap();
    let answer: serde_json::Value = serde_json::from_str(&heard).unwrap();
    assert_eq!(answer["version"], env!("CARGO_PKG_VERSION"), "{heard}");

    let engine = of_kind(&log(&run), "open")[0]["pid"].to_string();
    screen.press("D");
    screen.code();
    kill_process(Pid::from_raw(engine.parse().unwrap()).unwrap(), Signal::KILL).unwrap();
    home.write("go", "");
    eventually("nothing is left", || processes_of(&run).is_empty() && !lives(&engine));
    // In its place stands one that is newer.
    let held = std::fs::File::open(run.join("incident.jsonl")).unwrap();
    held.lock().unwrap();
    std::fs::remove_file(run.join("engine.sock")).unwrap();
    let newer = UnixListener::bind(run.join("engine.sock")).unwrap();
    let before = std::fs::read(run.join("incident.jsonl")).unwrap();
    let served = std::thread::spawn(move || {
        let (mut stream, _) = newer.accept().unwrap();
        let tells = "{\"protocol\":999,\"version\":\"9.9.9\",\"pid\":4711,\"more\":[]}\n{\"what\":\"nobody knows\"}\n";
        stream.write_all(tells.as_bytes()).unwrap();
        let mut told = String::new();
        stream.read_to_string(&mut told).unwrap();
        told
    });
    let mut again = Screen::open(&home, &["resume"]);
    again.wait("worked by lifeboat 9.9.9 (process 4711)");
    again.press("D");
    assert_eq!(again.code(), 2);
    again.wait("they do not understand each other");
    let told = served.join().unwrap();
    assert!(!told.contains("wish"), "{told}");
    assert_eq!(std::fs::read(run.join("incident.jsonl")).unwrap(), before);
}

/// Credentials end, the screen of that time has no others, and the next one has.
#[test]
fn credentials_that_are_over_are_renewed_from_the_screen_in_control() {
    let home = Home::new();
    let estate = super::estate::Estate::up(&home);
    let aws = estate.aws();
    let aws: Vec<(&str, &Path)> = aws.iter().map(|(name, value)| (name.as_str(), Path::new(value))).collect();
    home.write("who.md", super::estate::WHO);
    let fault = |fault: &str| assert_eq!(home.run(&["estate", "fault", fault]).code, Some(0));
    let mut screen = Screen::open_with(&home, &["run", "who.md"], &aws);
    screen.wait("r run");
    let run = home.the_run();
    fault("expired-credentials");
    let failed = |count: usize| {
        let log = log(&run);
        of_kind(&log, "attempt-finished").iter().filter(|end| end["verdict"]["verdict"] == "failed").count() == count
    };
    let pressed = |screen: &mut Screen, until: &dyn Fn() -> bool| {
        let mut pressed: Option<Instant> = None;
        eventually("the step ran", || {
            if pressed.is_none_or(|pressed| pressed.elapsed() > Duration::from_secs(2)) {
                screen.press("r");
                pressed = Some(Instant::now());
            }
            until()
        });
    };
    pressed(&mut screen, &|| failed(1));
    eventually("those of the screen are tried", || remarks(&run).contains("were not taken"));
    screen.press("D");
    assert_eq!(screen.code(), 0);
    fault("expired-credentials:off");
    let mut again = Screen::open_with(&home, &["resume"], &aws);
    again.wait("See");
    eventually("they are renewed", || remarks(&run).contains("AWS credentials were renewed from the screen of"));
    assert!(remarks(&run).contains("account 000000000000"), "{}", remarks(&run));
    again.wait("r retry");
    pressed(&mut again, &|| !of_kind(&log(&run), "ended").is_empty());
    let whole = std::fs::read_to_string(run.join("incident.jsonl")).unwrap();
    let (_, secret) = aws.iter().find(|(name, _)| *name == "AWS_SECRET_ACCESS_KEY").unwrap();
    assert!(!whole.contains(secret.to_str().unwrap()), "the log holds a secret");
}

#[test]
fn a_dumb_terminal_and_a_closed_output_get_a_sentence() {
    let home = Home::new();
    let dumb = Path::new("dumb");
    let mut list = Screen::open_with(&home, &[], &[("TERM", dumb)]);
    assert_eq!(list.code(), 2);
    list.wait("TERM is dumb");

    let closed = |arguments: &[&str]| {
        let plain = home.command(arguments);
        let mut command = std::process::Command::new("sh");
        command.args(["-c", r#"exec "$0" "$@" >&-"#]).arg(plain.get_program()).args(arguments);
        command.env_clear().envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        super::support::said(command.current_dir(home.path("")).stdin(Stdio::null()))
    };
    let list = closed(&[]);
    assert_eq!((list.code, list.err.contains("there is no terminal")), (Some(2), true), "{list:?}");
    assert_eq!(closed(&["runs"]).code, Some(0));
}

#[test]
fn what_a_failed_test_started_ends_with_it() {
    let home = Home::new();
    let folder = home.path("state");
    let failed = std::thread::scope(|scope| {
        let test = || {
            let _screen = begun(&home);
            panic!("failed on purpose");
        };
        scope.spawn(test).join()
    });
    assert!(failed.is_err());
    let pid = std::fs::read_to_string(home.path("pid")).unwrap();
    eventually("its step, its engine and its supervisor end", || {
        !lives(&pid) && processes_of(&folder).is_empty() && processes_of(&home.path("")).is_empty()
    });
}
