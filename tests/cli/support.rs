//! A home of its own for every test, and the program run in it.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longer than anything here takes, so that what hangs fails instead.
const PATIENCE: Duration = Duration::from_secs(100);

/// Is a home, state and configuration folder that nothing else uses.
pub(crate) struct Home {
    dir: tempfile::TempDir,
}

/// Is what the program said, and its exit code.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Prepares the program: no terminal, no key agent, nothing of the environment but the way to other programs.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lifeboat"));
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.dir.path())
            .env("XDG_STATE_HOME", self.path("state"))
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("USER", "tester")
            // Modelled data: what these tests are about needs no servers; tests/postgres has those.
            .env("LIFEBOAT_POSTGRES_BIN", "/nowhere")
            .current_dir(self.dir.path())
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        said(&mut self.command(arguments))
    }

    /// Lists the folders of runs.
    pub(crate) fn runs(&self) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(self.path("state/lifeboat/runs")) else { return Vec::new() };
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    /// Returns the folder of the only run.
    pub(crate) fn the_run(&self) -> PathBuf {
        let runs = self.runs();
        assert_eq!(runs.len(), 1, "{runs:?}");
        runs.into_iter().next().unwrap()
    }
}

/// Runs a command to its end.
pub(crate) fn said(command: &mut Command) -> Said {
    heard(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
}

/// Hears a started program to its end.
pub(crate) fn heard(mut child: Child) -> Said {
    fn whole(pipe: Option<impl std::io::Read + Send + 'static>) -> std::thread::JoinHandle<String> {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            if let Some(mut pipe) = pipe {
                pipe.read_to_end(&mut bytes).unwrap();
            }
            String::from_utf8(bytes).unwrap()
        })
    }
    let (out, err) = (whole(child.stdout.take()), whole(child.stderr.take()));
    let mut ended = None;
    let deadline = Instant::now() + PATIENCE;
    while ended.is_none() && Instant::now() < deadline {
        ended = child.try_wait().unwrap();
        std::thread::park_timeout(Duration::from_millis(2));
    }
    let Some(status) = ended else {
        child.kill().unwrap();
        panic!("it did not end: {} {}", out.join().unwrap(), err.join().unwrap());
    };
    let said = Said { code: status.code(), out: out.join().unwrap(), err: err.join().unwrap() };
    assert!(!said.out.contains("panicked") && !said.err.contains("panicked"), "{said:?}");
    said
}

/// Waits for a state.
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::park_timeout(Duration::from_millis(2));
    }
}

/// Reads the lines of a run's log, complete ones only.
pub(crate) fn log(run: &Path) -> Vec<Value> {
    let mut text = String::new();
    if let Ok(mut file) = std::fs::File::open(run.join("incident.jsonl")) {
        file.read_to_string(&mut text).unwrap();
    }
    text.split_inclusive('\n')
        .filter(|line| line.ends_with('\n'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Picks the lines of a kind.
pub(crate) fn of_kind<'l>(log: &'l [Value], kind: &str) -> Vec<&'l Value> {
    log.iter().filter(|line| line["k"] == kind).collect()
}

/// Tells whether any thread of a process lives: one that was killed holds its files and sockets until the last of them
/// is gone, and one may be waiting for the disk long after the first is a zombie.
pub(crate) fn lives(pid: &str) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{}/task", pid.trim()));
    threads.into_iter().flatten().flatten().any(|thread| {
        let stat = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        stat.rsplit_once(')').is_some_and(|(_, state)| !state.trim_start().starts_with(['Z', 'X']))
    })
}

/// Lists the processes whose command line names this path.
pub(crate) fn processes_of(path: &Path) -> Vec<String> {
    let wanted = path.to_str().unwrap();
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids =
        entries.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| name.parse::<u32>().is_ok());
    pids.filter(|pid| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(wanted) && lives(pid)
    })
    .collect()
}

/// Makes a key file of this name in the home, and returns its public half as one line.
pub(crate) fn key_pair(home: &Home, name: &str) -> String {
    let path = home.path(name);
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&path).status();
    assert!(made.unwrap().success());
    std::fs::read_to_string(home.path(&format!("{name}.pub"))).unwrap()
}

/// Starts a run that a key file signs, of a runbook whose first step writes its process id into `pid`.
pub(crate) fn started(home: &Home, runbook: &str) -> Child {
    home.write("runbook.md", runbook);
    key_pair(home, "key");
    home.write("config/lifeboat/config.toml", format!("key = \"{}\"\n", home.path("key").display()));
    let mut command = home.command(&["run", "runbook.md", "--unattended"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let pid = home.path("pid");
    eventually("the step runs", || std::fs::read_to_string(&pid).is_ok_and(|text| text.ends_with('\n')));
    child
}
