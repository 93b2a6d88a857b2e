//! Shell blocks through the supervisor: outcomes, state, interruptions, crashes.

#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lifeboat::engine::Outcome;
use lifeboat::exec::supervisor::{Force, Found, Revived, ShellEnd, ShellSpec, StateRule, Supervisor, adopt};
use lifeboat::kernel::{AttemptId, sha256_hex};
use lifeboat::runbook::{Secrecy, Shell};

const PROGRAM: &str = env!("CARGO_BIN_EXE_lifeboat");

struct Rig {
    dir: tempfile::TempDir,
    supervisor: Supervisor,
}

fn rig() -> Rig {
    let dir = tempfile::tempdir().unwrap();
    let supervisor = Supervisor::start(Path::new(PROGRAM), dir.path()).unwrap();
    Rig { dir, supervisor }
}

fn spec(attempt: &str, script: &str) -> ShellSpec {
    ShellSpec {
        attempt: AttemptId::from(attempt),
        shell: Shell::Sh,
        script: script.to_owned(),
        vars: BTreeMap::new(),
        cwd: None,
        timeout: Some(Duration::from_secs(30)),
        grace: Duration::from_millis(150),
        state: StateRule::CarryOver(vec![]),
        output: Secrecy::Open,
        keyboard: lifeboat::runbook::Keyboard::None,
    }
}

impl Rig {
    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    async fn run(&self, attempt: &str, script: &str) -> ShellEnd {
        self.supervisor.run(spec(attempt, script)).await.unwrap()
    }

    async fn bash(&self, attempt: &str, script: &str) -> ShellEnd {
        self.supervisor.run(ShellSpec { shell: Shell::Bash, ..spec(attempt, script) }).await.unwrap()
    }
}

fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::yield_now();
    }
}

fn alive(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, state)| !state.trim_start().starts_with('Z'))
}

#[tokio::test]
async fn every_way_to_end() {
    let rig = rig();
    let ended = Outcome::Exited { code: 0 };
    for (at, (script, outcome, out)) in [
        ("echo hello; echo oops >&2", ended.clone(), "hello\n"),
        ("", ended.clone(), ""),
        ("# only a comment", ended.clone(), ""),
        ("exit 7", Outcome::Exited { code: 7 }, ""),
        ("echo one; false; echo two", Outcome::Exited { code: 1 }, "one\n"),
        ("no-such-command-here", Outcome::Exited { code: 127 }, ""),
        ("kill -9 $$", Outcome::Signalled { signal: 9 }, ""),
        ("if", Outcome::Exited { code: 2 }, ""),
        ("cat; echo read nothing", ended.clone(), "read nothing\n"),
        ("exec echo replaced", ended, "replaced\n"),
    ]
    .into_iter()
    .enumerate()
    {
        let end = rig.run(&format!("1.{at}"), script).await;
        assert_eq!((end.outcome, end.stdout_head.as_str()), (outcome, out), "{script}");
        assert_eq!(end.streams.out_sha256, Some(sha256_hex(out.as_bytes())), "{script}");
        assert!(!end.left_behind, "{script}");
    }
    let err = std::fs::read_to_string(rig.path("output/1.0.err")).unwrap();
    assert_eq!(err, "oops\n");
    for file in ["output/1.0.out", "output/1.0.idx", "attempts/1.jsonl"] {
        assert_eq!(std::fs::metadata(rig.path(file)).unwrap().permissions().mode() & 0o777, 0o600, "{file}");
    }
    // What the shell lists at its end does not stay.
    for entry in std::fs::read_dir(rig.path("state")).unwrap() {
        let path = entry.unwrap().path();
        let left = path.extension().is_some_and(|kind| kind == "left");
        assert!(!left || std::fs::read(&path).unwrap().is_empty(), "{}", path.display());
    }
}

#[tokio::test]
async fn what_cannot_start_says_why() {
    let rig = rig();
    let nowhere = ShellSpec { cwd: Some(PathBuf::from("/no/such/folder")), ..spec("1.1", "true") };
    let Outcome::SpawnFailed { error } = rig.supervisor.run(nowhere).await.unwrap().outcome else { panic!() };
    assert!(error.contains("/no/such/folder"), "{error}");
    let nul = ShellSpec { vars: BTreeMap::from([("A".to_owned(), "b\0c".to_owned())]), ..spec("1.2", "true") };
    assert!(matches!(rig.supervisor.run(nul).await.unwrap().outcome, Outcome::SpawnFailed { .. }));
    assert!(matches!(rig.run("../1", "true").await.outcome, Outcome::Unusable { .. }));
    assert_eq!(rig.run("1.3", "echo still here").await.stdout_head, "still here\n");
}

#[tokio::test]
async fn state_carries_over() {
    let rig = rig();
    let nasty = "it's \"quoted\" $(touch pwned) `touch pwned` \\ * \n second line\n\n; touch pwned #";
    let vars = BTreeMap::from([("INPUT".to_owned(), nasty.to_owned())]);
    let given = |attempt: &str, script: &str| ShellSpec { vars: vars.clone(), ..spec(attempt, script) };
    let end = rig.supervisor.run(given("1.1", "printf %s \"$INPUT\"; COPY=$INPUT; export SHOWN=yes; EMPTY=")).await;
    assert_eq!(end.unwrap().stdout_head, nasty);
    let end =
        rig.run("1.2", "printf %s \"$COPY\"; printf '|%s|%s|' \"$SHOWN\" \"${EMPTY-unset}\"; mkdir sub; cd sub").await;
    assert_eq!(end.stdout_head, format!("{nasty}|yes||"), "{end:?}");
    // Exported or not stays as it was; the directory too.
    let end = rig
        .run("1.3", "sh -c 'printf \"%s %s \" \"${COPY-hidden}\" \"$SHOWN\"'; basename \"$PWD\"; cd ..; rmdir sub")
        .await;
    assert_eq!(end.stdout_head, "hidden yes sub\n");
    // A failing block changes nothing, and what it removed is back.
    let end = rig.run("1.4", "SHOWN=no; unset COPY; cd /; false").await;
    assert_eq!(end.outcome, Outcome::Exited { code: 1 });
    let end = rig.run("1.5", "echo $SHOWN ${#COPY}; unset COPY; [ \"$PWD\" != / ]").await;
    assert_eq!(end.stdout_head, format!("yes {}\n", nasty.len()));
    assert_eq!(rig.run("1.6", "echo ${COPY-gone}").await.stdout_head, "gone\n");
    // The engine's names are the engine's.
    let end = rig.supervisor.run(given("1.7", "INPUT=mine; echo $INPUT")).await.unwrap();
    assert_eq!(end.stdout_head, "mine\n");
    assert_eq!(rig.supervisor.run(given("1.8", "printf %s \"$INPUT\"")).await.unwrap().stdout_head, nasty);
    drop(rig.run("1.9", "CAPTURED=old").await);
    let captured = BTreeMap::from([("CAPTURED".to_owned(), "new".to_owned())]);
    let end = rig.supervisor.run(ShellSpec { vars: captured, ..spec("1.10", "echo $CAPTURED") }).await.unwrap();
    assert_eq!(end.stdout_head, "new\n");
    assert!(!rig.path("pwned").exists() && !Path::new("pwned").exists());
}

#[tokio::test]
async fn state_carries_over_between_shells_and_out_of_odd_blocks() {
    let rig = rig();
    let script = "A=$'tab\\tbell\\a\\nnew'; declare -a LIST=(one 'two words' $'three\\nlines'); declare -A MAP=([k]=v); export E=e; readonly R=r; declare -i N=5; false | true || X=pipefail";
    assert_eq!(rig.bash("1.1", script).await.state_lost, None);
    let end = rig.run("1.2", "printf '%s' \"$A\"; echo \"-$E-$R-$N-$X\"; A=changed").await;
    assert_eq!(end.stdout_head, "tab\tbell\u{7}\nnew-e-r-5-pipefail\n");
    let end = rig.bash("1.3", "echo \"$A ${LIST[1]} ${#LIST[2]} ${MAP[k]}\"; set -u; set -x; set -C; IFS=0").await;
    assert_eq!(end.stdout_head, "changed two words 11 v\n");
    // A trap of the block's own runs, and the state is kept where the block reaches its end …
    let end = rig.run("1.4", "trap 'echo bye' EXIT; T=trapped").await;
    assert_eq!((end.stdout_head.as_str(), end.state_lost), ("bye\n", None));
    // … `exit` and `return` are ends too; `exec` leaves nothing and says so.
    drop(rig.run("1.5", "U=$T; exit 0").await);
    drop(rig.run("1.6", "V=$U; return 0").await);
    assert!(rig.run("1.7", "V=lost; exec true").await.state_lost.is_some());
    assert_eq!(rig.run("1.8", "echo $V").await.stdout_head, "trapped\n");
    // Exit codes that count as success carry over; a watch leaves nothing.
    let end = ShellSpec { state: StateRule::CarryOver(vec![0, 2]), ..spec("1.9", "W=two; exit 2") };
    drop(rig.supervisor.run(end).await.unwrap());
    let watch = ShellSpec { state: StateRule::Forget, ..spec("w.1", "W=watched") };
    drop(rig.supervisor.run(watch).await.unwrap());
    assert_eq!(rig.run("1.10", "echo $W").await.stdout_head, "two\n");
    // A variable of lifeboat's own environment can be removed and changed.
    drop(rig.run("1.11", "unset HOME; PATH=$PATH:/x/y").await);
    assert_eq!(rig.run("1.12", "echo ${HOME-none} ${PATH##*:}").await.stdout_head, "none /x/y\n");
    let there = ShellSpec { cwd: Some(PathBuf::from("/usr")), ..spec("1.13", "pwd") };
    assert_eq!(rig.supervisor.run(there).await.unwrap().stdout_head, "/usr\n");
    assert_ne!(rig.run("1.14", "pwd").await.stdout_head, "/usr\n");
}

#[tokio::test]
async fn looks_append_and_blocks_run_side_by_side() {
    let rig = rig();
    for look in ["one", "two"] {
        let end = rig.run("2.1", &format!("echo {look}")).await;
        assert_eq!(end.stdout_head, format!("{look}\n"));
        let whole = std::fs::read(rig.path("output/2.1.out")).unwrap();
        assert_eq!(end.streams.out_sha256, Some(sha256_hex(&whole)));
    }
    let fifo = rig.path("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let (reads, writes) =
        (format!("read L <{0}; echo $L; A=1", fifo.display()), format!("echo met >{0}; B=2", fifo.display()));
    let (first, second) = tokio::join!(rig.run("3.1", &reads), rig.run("3.2", &writes));
    assert_eq!((first.stdout_head.as_str(), second.outcome), ("met\n", Outcome::Exited { code: 0 }));
    assert_eq!(rig.run("3.3", "echo $A$B").await.stdout_head, "12\n");
}

#[tokio::test]
async fn a_step_that_ignores_term_is_killed_after_the_grace() {
    let rig = rig();
    let stubborn = "trap '' TERM; sh -c 'echo $$; while :; do sleep 100; done'";
    let end = rig
        .supervisor
        .run(ShellSpec { timeout: Some(Duration::from_millis(200)), ..spec("1.1", stubborn) })
        .await
        .unwrap();
    assert_eq!(end.outcome, Outcome::TimedOut { after_ms: 200 });
    assert!(end.took >= Duration::from_millis(350) && end.took < Duration::from_secs(5), "{:?}", end.took);
    assert!(!alive(&end.stdout_head), "{}", end.stdout_head);
    // One that obeys is not kept waiting for the grace.
    let obeying = ShellSpec {
        timeout: Some(Duration::from_millis(50)),
        grace: Duration::from_secs(20),
        ..spec("1.2", "sleep 100")
    };
    let end = rig.supervisor.run(obeying).await.unwrap();
    assert_eq!(end.outcome, Outcome::TimedOut { after_ms: 50 });
    assert!(end.took < Duration::from_secs(5), "{:?}", end.took);
}

#[tokio::test]
async fn interruptions_gentle_and_at_once() {
    let rig = rig();
    for (attempt, force, script) in [
        ("1.1", Force::Gentle, "trap 'echo cleaned; exit 3' TERM; echo ready; while :; do sleep 0.01; done"),
        ("1.2", Force::AtOnce, "trap '' TERM; echo ready; sleep 100"),
    ] {
        let spec = ShellSpec { grace: Duration::from_secs(20), ..spec(attempt, script) };
        let interrupt = async {
            let out = rig.path(&format!("output/{attempt}.out"));
            let ready = || std::fs::read_to_string(&out).is_ok_and(|text| text.contains("ready"));
            while !ready() {
                tokio::task::yield_now().await;
            }
            rig.supervisor.interrupt(&AttemptId::from(attempt), force).unwrap();
        };
        let (end, ()) = tokio::join!(rig.supervisor.run(spec), interrupt);
        let end = end.unwrap();
        assert_eq!(end.outcome, Outcome::Interrupted);
        assert_eq!(end.stdout_head.contains("cleaned"), force == Force::Gentle);
        assert!(end.took < Duration::from_secs(10));
    }
    // Nobody is there to be interrupted.
    rig.supervisor.interrupt(&AttemptId::from("9.9"), Force::AtOnce).unwrap();
}

#[tokio::test]
async fn processes_left_behind_are_ended() {
    let rig = rig();
    let end = rig.run("1.1", "sleep 100 & echo $!").await;
    assert_eq!(end.outcome, Outcome::Exited { code: 0 });
    assert!(end.left_behind);
    assert!(end.took < Duration::from_secs(5), "{:?}", end.took);
    assert!(!alive(&end.stdout_head));
    // One that leaves by itself in a moment is no leak, and its output counts.
    let end = rig.bash("1.2", "exec > >(cat); echo late").await;
    assert_eq!((end.stdout_head.as_str(), end.left_behind), ("late\n", false));
}

#[tokio::test]
async fn an_attempt_outlives_its_engine() {
    let rig = rig();
    let (fifo, attempt) = (rig.path("fifo"), AttemptId::from("1.1"));
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let Rig { dir, supervisor } = rig;
    let script = format!("echo waiting; cat {} ; KEPT=yes", fifo.display());
    let out = dir.path().join("output/1.1.out");
    tokio::select! {
        biased;
        () = async { while !std::fs::read(&out).is_ok_and(|text| !text.is_empty()) { tokio::task::yield_now().await } } => {}
        _ = supervisor.run(spec("1.1", &script)) => panic!("it ended"),
    }
    let pid = supervisor.pid().to_string();
    drop(supervisor);
    let Found::Running(orphan) = adopt(dir.path(), &attempt).unwrap() else { panic!("not running") };
    std::fs::write(&fifo, "went on\n").unwrap();
    let end = orphan.end().await.unwrap().unwrap();
    assert_eq!((end.outcome, end.stdout_head.as_str()), (Outcome::Exited { code: 0 }, "waiting\nwent on\n"));
    assert!(matches!(adopt(dir.path(), &attempt).unwrap(), Found::Ended(_)));
    assert!(matches!(adopt(dir.path(), &AttemptId::from("7.7")).unwrap(), Found::InDoubt));
    // The supervisor leaves after its last attempt, and the next one finds the state.
    eventually("the supervisor leaves", || !alive(&pid));
    let supervisor = Supervisor::start(Path::new(PROGRAM), dir.path()).unwrap();
    assert_eq!(supervisor.run(spec("1.2", "echo $KEPT")).await.unwrap().stdout_head, "yes\n");
}

#[tokio::test]
async fn an_orphan_can_be_interrupted_and_a_killed_supervisor_leaves_doubt() {
    let Rig { dir, supervisor } = rig();
    let out = dir.path().join("output/1.1.out");
    let started = async |out: &Path| {
        while !std::fs::read(out).is_ok_and(|text| !text.is_empty()) {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        () = started(&out) => {}
        _ = supervisor.run(spec("1.1", "echo $$; exec sleep 100")) => panic!("it ended"),
    }
    drop(supervisor);
    let Found::Running(orphan) = adopt(dir.path(), &AttemptId::from("1.1")).unwrap() else { panic!("not running") };
    orphan.interrupt(Force::Gentle).unwrap();
    assert_eq!(orphan.end().await.unwrap().unwrap().outcome, Outcome::Interrupted);

    let supervisor = Supervisor::start(Path::new(PROGRAM), dir.path()).unwrap();
    let out = dir.path().join("output/1.2.out");
    let kill = async {
        started(&out).await;
        let pid = rustix::process::Pid::from_raw(supervisor.pid().try_into().unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    };
    let (end, ()) = tokio::join!(supervisor.run(spec("1.2", "echo $$; exec sleep 3")), kill);
    let error = end.unwrap_err().to_string();
    assert!(error.contains("1.2") && error.contains("may still be running"), "{error}");
    assert!(matches!(adopt(dir.path(), &AttemptId::from("1.2")).unwrap(), Found::InDoubt));
    let shell = std::fs::read_to_string(&out).unwrap();
    let pid = rustix::process::Pid::from_raw(shell.trim().parse().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

fn peak_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_supervisor_that_is_gone_is_followed_by_another_that_keeps_the_state_and_the_secrets() {
    let rig = rig();
    drop(rig.run("1.1", "KEPT=kept; cd /").await);
    assert_eq!(rig.supervisor.revive(|| panic!("it is there")).unwrap(), Revived::No);
    let pid = rustix::process::Pid::from_raw(rig.supervisor.pid().try_into().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    let secrets = || Some(BTreeMap::from([("TOKEN".to_owned(), "hushhush".to_owned())]));
    let deadline = Instant::now() + Duration::from_secs(20);
    while rig.supervisor.revive(secrets).unwrap() == Revived::No {
        assert!(Instant::now() < deadline, "nobody noticed");
        tokio::task::yield_now().await;
    }
    let end = rig.run("1.2", "echo $KEPT $PWD hushhush").await;
    assert_eq!((end.outcome, end.stdout_head.trim()), (Outcome::Exited { code: 0 }, "kept / [secret:TOKEN]"));
}

#[tokio::test]
async fn without_the_runs_folder_no_block_runs_in_a_shell_that_lacks_what_was_set() {
    let rig = rig();
    drop(rig.run("1.1", "X=kept").await);
    for part in ["state", "attempts", "output"] {
        std::fs::remove_dir_all(rig.path(part)).unwrap();
    }
    let end = rig.run("1.2", &format!("echo \"$X\" > {}", rig.path("looked").display())).await;
    let Outcome::SpawnFailed { error } = &end.outcome else { panic!("{end:?}") };
    assert!(error.contains("was removed, and with it what earlier blocks left in their shell"), "{error}");
    assert!(!rig.path("looked").exists());
}

#[tokio::test]
async fn a_flood_takes_no_memory_and_is_indexed() {
    const BYTES: u64 = 200 * 1024 * 1024;
    let rig = rig();
    drop(rig.run("1.0", "true").await);
    let (before, ours) = (peak_kib(rig.supervisor.pid()), peak_kib(std::process::id()));
    let end = rig.run("1.1", &format!("head -c {BYTES} /dev/zero")).await;
    assert_eq!((end.outcome, end.streams.out_bytes, end.truncated), (Outcome::Exited { code: 0 }, BYTES, true));
    assert_eq!(end.stdout_head.len(), lifeboat::engine::Ended::STDOUT_CAP);
    assert!(peak_kib(rig.supervisor.pid()) - before < 8 * 1024, "supervisor");
    assert!(peak_kib(std::process::id()) - ours < 32 * 1024, "engine");
    let index = std::fs::read_to_string(rig.path("output/1.1.idx")).unwrap();
    let last = index.lines().last().unwrap();
    assert!(last.ends_with(&format!(" out {BYTES}")), "{last}");
    let times: Vec<u64> = index.lines().map(|line| line.split(' ').next().unwrap().parse().unwrap()).collect();
    assert!(times.is_sorted() && times.len() as f64 <= 3.0 + 21.0 * end.took.as_secs_f64(), "{index}");
}

#[tokio::test]
async fn files_of_a_silent_block_serve_the_next_unless_something_lives_on() {
    let rig = rig();
    let output = |name: &str| std::fs::read_to_string(rig.path(&format!("output/{name}.out"))).ok();
    // A block keeps its files where there are fresh ones already, as the first one does, and any beside whose shell another
    // had no time to begin.
    let mut silent = 0;
    while silent < 2 || output(&format!("1.{}", silent - 1)).is_some() {
        silent += 1;
        assert!(silent < 1000, "no silent block's files ever served another");
        assert_eq!(rig.run(&format!("1.{silent}"), "true").await.streams.out_bytes, 0);
    }
    rig.run("1.said", "echo said").await;
    assert_eq!(output("1.said").as_deref(), Some("said\n"));
    // What left its group may still print: it keeps its files.
    let fifo = rig.path("fifo");
    let script = format!("mkfifo {0}; setsid sh -c 'read word < {0}; echo $word' & true", fifo.display());
    assert_eq!(rig.run("2.1", &script).await.streams.out_bytes, 0);
    rig.run("2.2", "echo mine").await;
    tokio::task::spawn_blocking(move || std::fs::write(fifo, "late\n")).await.unwrap().unwrap();
    while output("2.1").as_deref() != Some("late\n") {
        tokio::task::yield_now().await;
    }
    assert_eq!(output("2.2").as_deref(), Some("mine\n"));
}

/// Runs small blocks until a shell stands by for the next one; returns its process id.
async fn until_one_stands_by(rig: &Rig, name: &str) -> String {
    let mut n = 0;
    loop {
        n += 1;
        assert!(n < 1000, "no shell ever stood by");
        rig.supervisor.run(small(&format!("{name}.{n}"), "if true; then :; fi")).await.unwrap();
        // It is started right after the end was told.
        let deadline = Instant::now() + Duration::from_millis(500);
        while Instant::now() < deadline {
            if let Some(pid) = standing(rig).pop() {
                return pid;
            }
            std::thread::yield_now();
        }
    }
}

/// Lists the shells of a supervisor that stand by, or did before they had their block.
fn standing(rig: &Rig) -> Vec<String> {
    let supervisor = rig.supervisor.pid();
    let children = std::fs::read_to_string(format!("/proc/{supervisor}/task/{supervisor}/children"));
    let stands = |pid: &&str| {
        let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&command).contains("read -r lifeboat_go__")
    };
    children.unwrap_or_default().split_whitespace().filter(stands).map(str::to_owned).collect()
}

fn small(attempt: &str, script: &str) -> ShellSpec {
    let vars = BTreeMap::from([("LIFEBOAT_NOW".to_owned(), attempt.to_owned())]);
    ShellSpec { vars, ..spec(attempt, script) }
}

#[tokio::test]
async fn a_shell_that_stands_by_takes_the_next_block_only_if_it_fits() {
    let rig = rig();
    // The first block leaves a folder to the second, which begins otherwise.
    rig.run("1.0", "if true; then :; fi").await;
    let shell = until_one_stands_by(&rig, "a").await;
    // Like the others it is asked for its variables: a plain one is not, and its shell is started in another way.
    let script = "set >/dev/null; echo $$ $LIFEBOAT_NOW; cat; set | grep -c lifeboat_go__ || true";
    let end = rig.supervisor.run(small("fits", script)).await.unwrap();
    assert_eq!(end.stdout_head, format!("{shell} fits\n0\n"));

    let shell = until_one_stands_by(&rig, "b").await;
    let mut other = small("other", "set >/dev/null; echo $$ $GIVEN");
    other.vars.insert("GIVEN".to_owned(), "7".to_owned());
    let end = rig.supervisor.run(other).await.unwrap();
    let out = end.stdout_head;
    assert!(out.ends_with(" 7\n") && !out.starts_with(&shell), "{out}");
    eventually("the shell that did not fit is gone", || !alive(&shell));

    // A shell is no second performance's: its output would go elsewhere.
    let shell = until_one_stands_by(&rig, "c").await;
    let end = rig.supervisor.run(small("fits", "set >/dev/null; echo $$")).await.unwrap();
    assert!(!end.stdout_head.starts_with(&shell), "{end:?}");

    let shell = until_one_stands_by(&rig, "d").await;
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(rig.supervisor.pid().cast_signed()).unwrap(),
        rustix::process::Signal::KILL,
    )
    .unwrap();
    eventually("a shell without a supervisor leaves", || !alive(&shell));
}

#[tokio::test]
async fn beside_a_block_that_takes_long_nobody_stands_by() {
    let rig = rig();
    // The first block leaves a folder to the second, which begins otherwise.
    rig.run("1.0", "if true; then :; fi").await;
    let shell = until_one_stands_by(&rig, "a").await;
    let go = rig.path("go");
    let script = format!("set >/dev/null; echo $$; while [ ! -e {} ]; do sleep 0.01; done", go.display());
    let long = rig.supervisor.run(small("long", &script));
    let looks = async {
        let began = || std::fs::read_to_string(rig.path("output/long.out")).is_ok_and(|out| out.trim() == shell);
        eventually("the shell that stood by has the block", began);
        eventually("it is alone", || standing(&rig) == [shell.clone()]);
        std::fs::write(&go, "").unwrap();
    };
    let (end, ()) = tokio::join!(long, looks);
    assert_eq!(end.unwrap().outcome, Outcome::Exited { code: 0 });
}

#[tokio::test]
async fn the_files_of_a_silent_block_stay_with_what_it_left_behind_although_a_shell_stands_by() {
    let rig = rig();
    // The first block leaves a folder to the second, which begins otherwise.
    rig.run("1.0", "if true; then :; fi").await;
    until_one_stands_by(&rig, "a").await;
    let (go, done) = (rig.path("go"), rig.path("done"));
    let later = format!("while [ ! -e {} ]; do sleep 0.01; done; echo late; : >{}", go.display(), done.display());
    let script = format!("set >/dev/null; setsid sh -c '{later}' & true");
    let end = rig.supervisor.run(small("silent", &script)).await.unwrap();
    assert_eq!((end.outcome, end.left_behind, end.streams.out_bytes), (Outcome::Exited { code: 0 }, false, 0));
    for n in 1..4 {
        rig.supervisor.run(small(&format!("next.{n}"), "if true; then :; fi")).await.unwrap();
    }
    std::fs::write(&go, "").unwrap();
    eventually("it said something late", || done.exists());
    assert_eq!(std::fs::read_to_string(rig.path("output/silent.out")).unwrap(), "late\n");
    for n in 1..4 {
        let said = std::fs::read_to_string(rig.path(&format!("output/next.{n}.out"))).unwrap_or_default();
        assert_eq!(said, "", "next.{n}");
    }
}

#[tokio::test]
async fn no_window_of_any_file_holds_a_secret_however_it_is_printed() {
    use proptest::prelude::*;
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::{Config, TestRunner};
    let rig = rig();
    let mut runner = TestRunner::new(Config { cases: 24, ..Config::default() });
    let secret = "[ -Z^-~\u{e4}]{4,12}";
    let printed = (secret, prop::collection::vec((0_usize..3, "[ -~\n]{0,6}", any::<bool>()), 1..8));
    let mut tried = 0;
    for case in 0..24 {
        let (value, pieces) = printed.new_tree(&mut runner).unwrap().current();
        let known = BTreeMap::from([("PW".to_owned(), value.clone())]);
        if lifeboat::kernel::Redactor::new(&known).is_err() {
            continue;
        }
        tried += 1;
        rig.supervisor.keep_secret(&known).unwrap();
        // Each piece is a write of its own: the whole value, one half of it and then the other, or something else.
        let (mut vars, mut script) = (known.clone(), String::new());
        let half = value.char_indices().nth(value.chars().count() / 2).unwrap().0;
        let (first, rest) = value.split_at(half);
        vars.insert("FIRST".to_owned(), first.to_owned());
        vars.insert("REST".to_owned(), rest.to_owned());
        for (at, (kind, other, to_err)) in pieces.into_iter().enumerate() {
            vars.insert(format!("O{at}"), other);
            let to = if to_err { " >&2" } else { "" };
            let line = match kind {
                0 => format!("printf %s \"$PW\"{to}\nKEPT{at}=$PW\n"),
                1 => format!("printf %s \"$FIRST\"{to}\nprintf %s \"$REST\"{to}\n"),
                _ => format!("printf %s \"$O{at}\"{to}\nOTHER{at}=$O{at}\n"),
            };
            script.push_str(&line);
        }
        let end = rig.supervisor.run(ShellSpec { vars, ..spec(&format!("1.{case}"), &script) }).await.unwrap();
        assert_eq!(end.outcome, Outcome::Exited { code: 0 }, "{script}");
        assert!(!end.stdout_head.contains(&value), "{:?}", end.stdout_head);
        for folder in ["output", "attempts", "state"] {
            for entry in std::fs::read_dir(rig.path(folder)).unwrap() {
                let path = entry.unwrap().path();
                // What lies in memory is no file.
                let bytes = if path.is_symlink() { Vec::new() } else { std::fs::read(&path).unwrap() };
                let found = bytes.windows(value.len()).any(|window| window == value.as_bytes());
                // An earlier value may have been a piece of this one's surroundings.
                let own = path.to_string_lossy().contains(&format!("/1.{case}.")) || folder == "state";
                assert!(!(found && own), "{value:?} in {}: {bytes:?}", path.display());
            }
        }
    }
    assert!(tried > 10, "{tried}");
}

#[tokio::test]
async fn a_secret_output_is_in_memory_alone() {
    let rig = rig();
    let whole = |attempt: &str| ShellSpec { output: Secrecy::Secret, ..spec(attempt, "echo $$; echo why >&2; T=1") };
    let end = rig.supervisor.run(whole("1.1")).await.unwrap();
    assert!(end.stdout_head.trim().parse::<u32>().is_ok() && !end.truncated, "{end:?}");
    let read = |name: &str| std::fs::read_to_string(rig.path(&format!("output/{name}"))).unwrap();
    assert_eq!((read("1.1.out"), read("1.1.err")), ("(its output is secret: not kept)\n".to_owned(), String::new()));
    assert!(!std::fs::read_to_string(rig.path("attempts/1.jsonl")).unwrap().contains(end.stdout_head.trim()));
    assert_eq!(rig.run("1.2", "echo ${T-none}").await.stdout_head, "none\n", "it leaves no variables");
    // An engine that comes back learns how it ended, and not what it printed.
    let Found::Ended(found) = adopt(rig.dir.path(), &AttemptId::from("1.1")).unwrap() else { panic!() };
    assert_eq!((found.outcome, found.stdout_head.contains("not kept")), (Outcome::Exited { code: 0 }, true));
    let flood = ShellSpec { output: Secrecy::Secret, ..spec("1.3", "head -c 3000000 /dev/zero") };
    let end = rig.supervisor.run(flood).await.unwrap();
    assert_eq!((end.stdout_head.len(), end.truncated), (lifeboat::engine::Ended::STDOUT_CAP, true));
}

#[tokio::test]
async fn behind_pipes_a_block_ends_as_any_other_and_what_outlives_it_is_not_stopped() {
    let rig = rig();
    rig.supervisor.keep_secret(&BTreeMap::new()).unwrap();
    let end = rig.run("1.1", "head -c 20000000 /dev/zero; echo oops >&2; exit 3").await;
    assert_eq!(
        (end.outcome, end.streams.out_bytes, end.streams.err_bytes),
        (Outcome::Exited { code: 3 }, 20_000_000, 5)
    );
    let end = rig.run("1.2", "sleep 100 & echo $!").await;
    assert!(end.left_behind && !alive(&end.stdout_head), "{end:?}");
    // What left its group prints more than a pipe holds after the block is over, and goes on to its end.
    let script = "setsid sh -c 'while [ ! -e go ]; do sleep 0.01; done; head -c 300000 /dev/zero; : > done' & true";
    let cwd = Some(rig.path(""));
    let end = rig.supervisor.run(ShellSpec { cwd, ..spec("1.3", script) }).await.unwrap();
    assert_eq!((end.outcome, end.left_behind), (Outcome::Exited { code: 0 }, false));
    std::fs::write(rig.path("go"), "").unwrap();
    eventually("it went on", || rig.path("done").exists());
}
