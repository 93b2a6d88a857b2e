//! The engine is killed in the middle of a step; another one takes the run up.

use std::path::Path;
use std::process::Child;
use std::sync::Arc;
use std::time::Instant;

use lifeboat::engine::{Run, evolve};
use lifeboat::journal::read_log;
use lifeboat::replay::{Player, Recording};
use lifeboat::settings::theme::built_in;
use lifeboat::store::Runs;
use lifeboat::ui::{Model, Msg, Spot, Transport, update, view};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use rustix::process::{Pid, Signal, kill_process};

use super::support::{Home, Said, eventually, lives, log, of_kind, processes_of, started};

/// Its first step says in which folder and with which variables the second one begins, which lasts as long as it is let.
const LONG: &str = "\
# Long
## Prepare
```sh { impact=observe }
mkdir -p deep/er
cd deep/er
COLOUR=green
export SHAPE='a b'
```
## Wait
```sh { impact=observe }
echo begun
echo $$ > ../../pid
while [ ! -e ../../go ]; do sleep 0.02; done
echo once >> ../../times
echo finished
```
## Look
```sh { impact=observe expect=\"~green a b .*deep/er$\" }
echo \"$COLOUR $SHAPE $(pwd)\"
```
";

fn killed(mut child: Child) {
    kill_process(Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap(), Signal::KILL).unwrap();
    child.wait().unwrap();
}

fn resumed(home: &Home) -> Said {
    home.run(&["resume", "--unattended"])
}

/// Each attempt started once and ended once.
fn nothing_twice(run: &Path) {
    let log = log(run);
    for kind in ["attempt-started", "attempt-finished"] {
        let mut attempts: Vec<_> = of_kind(&log, kind).iter().map(|line| line["attempt"].to_string()).collect();
        let all = attempts.len();
        attempts.sort();
        attempts.dedup();
        assert_eq!(attempts.len(), all, "{kind} twice: {attempts:?}");
    }
}

/// The recording of a run ends in the state in which the run ended, and in the frame that says so.
fn ends_as_it_ended(run: &Path, said: &Said) {
    let recording = Recording::open(Runs::at("/nowhere").find(run.to_str().unwrap()).unwrap()).unwrap();
    let mut folded = Run::new(Arc::clone(&recording.plan));
    for fact in read_log(&std::fs::read(run.join("incident.jsonl")).unwrap()).into_facts() {
        evolve(&mut folded, &fact).unwrap();
    }
    let (theme, now) = (built_in("default").unwrap(), Instant::now());
    let mut model = Model::replay(Arc::clone(&recording.plan), "/log", &theme, recording.began);
    let mut player = Player::open(recording, 1).unwrap();
    update(&mut model, Msg::Resize { columns: 160, rows: 50 });
    for msg in player.first().into_iter().chain(player.wish(Transport::To(Spot::Ending), now)) {
        update(&mut model, msg);
    }
    assert_eq!(model.run_screen().unwrap().run, folded);
    let mut terminal = Terminal::new(TestBackend::new(160, 50)).unwrap();
    terminal.draw(|frame| view(&model, frame)).unwrap();
    let buffer = terminal.backend().buffer();
    let row = |y| (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
    let frame: Vec<String> = (0..buffer.area.height).map(row).collect();
    let seen = |words: &str| frame.iter().any(|row| row.contains(words));
    // What the program itself said at the run's end, wherever that was.
    for head in ["time  machine", "steps 3 of 3 done"] {
        let line = said.out.lines().find(|line| line.starts_with(head)).unwrap_or_else(|| panic!("{head}: {said:?}"));
        assert!(seen(line), "{line} is not in\n{}", frame.join("\n"));
    }
}

#[test]
fn a_step_that_outlived_its_engine_is_found_with_output_and_outcome() {
    for ends in ["before", "after"] {
        let home = Home::new();
        let child = started(&home, LONG);
        let run = home.the_run();
        killed(child);
        let pid = std::fs::read_to_string(home.path("pid")).unwrap();
        assert!(lives(&pid), "the step goes on without its engine");
        let listed = home.run(&["runs"]);
        assert!(listed.out.contains("NOT OVER") && listed.out.contains("lifeboat resume"), "{listed:?}");
        if ends == "before" {
            home.write("go", "");
            eventually("it ended", || !lives(&pid) && processes_of(&run).is_empty());
        } else {
            let go = home.path("go");
            let log_path = run.clone();
            std::thread::spawn(move || {
                let waits = |line: &&serde_json::Value| line["what"].as_str().unwrap().contains("it still runs");
                eventually("it is taken up", || of_kind(&log(&log_path), "noticed").iter().any(waits));
                std::fs::write(go, "").unwrap();
            });
        }
        let said = resumed(&home);
        assert_eq!(said.code, Some(0), "{said:?}");
        let found = if ends == "before" { "its supervisor saw it end" } else { "it still runs" };
        assert!(said.out.contains("TAKEN UP AGAIN by tester@") && said.out.contains(found), "{said:?}");
        assert_eq!(std::fs::read_to_string(home.path("times")).unwrap(), "once\n");
        assert_eq!(std::fs::read_to_string(run.join("output/2.1.out")).unwrap(), "begun\nfinished\n");
        assert!(std::fs::read_to_string(run.join("output/3.1.out")).unwrap().starts_with("green a b "));
        assert!(of_kind(&log(&run), "resumed")[0]["clock"].is_string(), "how its clock is kept");
        nothing_twice(&run);
        ends_as_it_ended(&run, &said);
        let verified = home.run(&["log", "verify", run.to_str().unwrap()]);
        assert!(!verified.out.contains("damage"), "{verified:?}");
        let again = resumed(&home);
        assert_eq!(again.code, Some(2), "it is over: {again:?}");
        eventually("nothing is left", || processes_of(&run).is_empty());
    }
}

#[test]
fn what_nobody_saw_end_is_in_doubt_and_does_not_run_again_by_itself() {
    let home = Home::new();
    let child = started(&home, LONG);
    let run = home.the_run();
    // Everything goes down at once: engine, supervisor, step.
    killed(child);
    for pid in processes_of(&run) {
        let _ = kill_process(Pid::from_raw(pid.parse().unwrap()).unwrap(), Signal::KILL);
    }
    let pid = std::fs::read_to_string(home.path("pid")).unwrap();
    let _ = kill_process(Pid::from_raw(pid.trim().parse().unwrap()).unwrap(), Signal::KILL);
    eventually("nothing is left", || processes_of(&run).is_empty() && !lives(&pid));
    home.write("go", "");
    let said = resumed(&home);
    assert_eq!(said.code, Some(13), "a person has to look: {said:?}");
    assert!(said.out.contains("it is in doubt") && said.out.contains("left no outcome"), "{said:?}");
    assert!(!home.path("times").exists(), "it did not run again");
    let log = log(&run);
    assert_eq!(of_kind(&log, "attempt-finished").last().unwrap()["outcome"]["how"], "in-doubt");
    nothing_twice(&run);
}

#[test]
fn a_copy_goes_on_and_what_was_changed_does_not() {
    let home = Home::new();
    let child = started(&home, LONG);
    let run = home.the_run();
    let taken = home.run(&["resume", "--unattended"]);
    assert_eq!(taken.code, Some(20), "it is worked: {taken:?}");
    let watched = home.run(&["watch"]);
    assert_eq!(watched.code, Some(2), "{watched:?}");
    assert!(watched.err.contains("is worked unattended") && watched.err.contains("`lifeboat log tail "), "{watched:?}");
    assert!(!watched.err.contains("lifeboat resume"), "{watched:?}");
    killed(child);
    let pid = std::fs::read_to_string(home.path("pid")).unwrap();
    home.write("go", "");
    eventually("it ended", || !lives(&pid) && processes_of(&run).is_empty());
    let copy = home.path("copy");
    let copied = std::process::Command::new("cp").arg("-r").args([&run, &copy]).status().unwrap();
    assert!(copied.success());
    let said = home.run(&["resume", copy.to_str().unwrap(), "--unattended"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(of_kind(&log(&run), "resumed").is_empty(), "the original is as it was");

    let path = run.join("incident.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    for (forged, why) in [
        (text.replacen("tester", "fester", 1), "was changed after it was written"),
        (format!("{}\n", text.lines().take(4).collect::<Vec<_>>().join("\n")), "the log was cut"),
    ] {
        std::fs::write(&path, &forged).unwrap();
        let said = home.run(&["resume", run.to_str().unwrap(), "--unattended"]);
        assert!(said.code != Some(0) && said.err.contains(why), "{why}: {said:?}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), forged, "nothing was added");
    }
}
