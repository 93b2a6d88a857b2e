//! Ctrl-C and SIGTERM, once and twice.

use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};

use super::support::{Home, eventually, heard, lives, log, of_kind, processes_of, started};

/// Ends by itself when it is told to; what it says on the way shows that it heard.
const PATIENT: &str = "\
# Patient
## Wait
```sh { impact=observe }
trap 'echo heard; exit 3' INT TERM
echo $$ > pid
while [ ! -e go ]; do sleep 0.02; done
```
## Never
```sh { impact=observe }
touch executed
```
";

/// Doesn't let itself be told.
const DEAF: &str = "\
# Deaf
## Wait
```sh { impact=observe }
trap '' INT TERM HUP
echo $$ > pid
while [ ! -e go ]; do sleep 0.02; done
echo done
```
";

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap(), signal).unwrap();
}

#[test]
fn once_asks_for_the_end_and_the_log_is_sealed() {
    for (signal, name) in [(Signal::INT, "Ctrl-C"), (Signal::TERM, "SIGTERM")] {
        let home = Home::new();
        let child = started(&home, PATIENT);
        send(&child, signal);
        let said = heard(child);
        assert_eq!(said.code, Some(11), "{said:?}");
        assert!(said.err.contains(&format!("{name}: what runs is asked to end")), "{said:?}");
        assert!(said.out.contains("log   SEALED by "), "{said:?}");
        assert!(!home.path("executed").exists());
        let run = home.the_run();
        let log = log(&run);
        let ended = of_kind(&log, "ended")[0];
        assert_eq!((&ended["how"], &ended["reason"]), (&"stopped".into(), &format!("{name} from outside").into()));
        assert_eq!(of_kind(&log, "attempt-finished")[0]["outcome"]["how"], "interrupted");
        let verified = home.run(&["log", "verify", run.to_str().unwrap()]);
        assert_eq!(verified.code, Some(4), "sealed by a key that nobody listed: {verified:?}");
        assert!(!verified.out.contains("there is no seal"), "{verified:?}");
    }
}

#[test]
fn twice_ends_at_once_and_what_runs_goes_on_to_its_end() {
    let home = Home::new();
    let child = started(&home, DEAF);
    let run = home.the_run();
    send(&child, Signal::INT);
    eventually("the wish is recorded", || !of_kind(&log(&run), "stop-asked").is_empty());
    send(&child, Signal::INT);
    let said = heard(child);
    assert_eq!(said.code, Some(11), "{said:?}");
    assert!(said.err.contains("ended at once; the log stays open"), "{said:?}");

    let pid = std::fs::read_to_string(home.path("pid")).unwrap();
    assert!(lives(&pid), "the step was not told to end by force");
    let verified = home.run(&["log", "verify", run.to_str().unwrap()]);
    assert!(verified.out.contains("there is no seal"), "{verified:?}");
    let public = std::fs::read_to_string(home.path("key.pub")).unwrap();
    let operator = of_kind(&log(&run), "open")[0]["by"].as_str().unwrap().to_owned();
    let allowed = home.write("allowed", format!("{operator} {public}"));
    let arguments = ["log", "verify", run.to_str().unwrap(), "--allowed-signers", allowed.to_str().unwrap()];
    let verified = home.run(&arguments);
    assert_eq!((verified.code, verified.out.lines().next()), (Some(3), Some("OPEN")), "{verified:?}");

    home.write("go", "");
    let outcomes = run.join("attempts/1.jsonl");
    let ended = || std::fs::read_to_string(&outcomes).unwrap().lines().any(|line| line.starts_with(r#"{"ended""#));
    eventually("the outcome is written", ended);
    eventually("nothing is left", || processes_of(&run).is_empty() && !lives(&pid));
    assert_eq!(std::fs::read_to_string(run.join("output/1.1.out")).unwrap(), "done\n");
}

#[test]
fn a_drill_that_is_interrupted_leaves_no_estate() {
    // While the estate comes up, while the outage reaches the customers, and twice while the runbook is worked.
    for (moment, signals) in [("raising", 1), ("is under way", 1), ("1.1 east-fails started", 2)] {
        let home = Home::new();
        let (out, err) = (home.path("out"), home.path("err"));
        let file = |path: &std::path::Path| std::fs::File::create(path).unwrap();
        let mut command = home.command(&["drill", "region-failure", "--unattended", "--speed", "10"]);
        let child = command.stdout(file(&out)).stderr(file(&err)).spawn().unwrap();
        let says = |words: &str| [&out, &err].iter().any(|path| std::fs::read_to_string(path).unwrap().contains(words));
        eventually(moment, || says(moment));
        let estate = processes_of(&home.path("state"));
        send(&child, Signal::INT);
        if signals == 2 {
            eventually("it heard", || says("once more ends at once"));
            assert!(!estate.is_empty());
            send(&child, Signal::INT);
        }
        let said = heard(child);
        assert_eq!(said.code, Some(11), "{moment}: {said:?}");
        eventually("nothing is left", || processes_of(&home.path("state")).is_empty());
        if signals == 1 {
            assert!(says("stopped before the drill began; nothing was executed"), "{moment}");
            assert!(home.runs().is_empty(), "{moment}");
        }
    }
}
