//! Shell blocks whose surroundings fail: their supervisor is killed, their disk is full; what they leave behind and what is lost
//! of them is said.

use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::screens::{Screen, with_key};
use super::support::{Home, Said, eventually, lives, log, of_kind, processes_of};
use crate::small_disk::Small;

fn noticed(home: &Home) -> String {
    let log = log(&home.the_run());
    of_kind(&log, "noticed").iter().map(|line| line["what"].as_str().unwrap().to_owned() + "\n").collect()
}

fn worked(home: &Home, runbook: &str) -> Said {
    home.write("runbook.md", runbook);
    home.run(&["run", "runbook.md", "--unattended"])
}

/// Runs the step that waits: a key that comes before it could be read is not taken.
fn begin(screen: &mut Screen, run: &Path, attempts: usize) {
    let mut pressed: Option<Instant> = None;
    eventually("it began", || {
        if pressed.is_none_or(|pressed| pressed.elapsed() > Duration::from_secs(1)) {
            screen.press("r");
            pressed = Some(Instant::now());
        }
        of_kind(&log(run), "attempt-started").len() == attempts
    });
}

#[test]
fn a_supervisor_that_was_killed_leaves_doubt_and_the_next_block_runs() {
    let home = Home::new();
    with_key(&home);
    home.write(
        "runbook.md",
        "# Two\n## Set\n```sh { impact=observe }\nKEPT=kept\n```\n## Wait\n```sh { impact=observe }\n\
         echo $$ > pid\nwhile [ ! -e go ]; do sleep 0.02; done\n```\n## Look\n```sh { impact=observe }\necho $KEPT > looked\n```\n",
    );
    let mut screen = Screen::open(&home, &["run", "runbook.md"]);
    screen.wait("1 Set. It waits for you to run it.");
    let run = home.the_run();
    begin(&mut screen, &run, 1);
    screen.wait("2 Wait. It waits for you to run it.");
    begin(&mut screen, &run, 2);
    eventually("it runs", || std::fs::read_to_string(home.path("pid")).is_ok_and(|text| text.ends_with('\n')));
    let supervisors = processes_of(&run);
    let supervisor = supervisors.iter().find(|pid| {
        let words = std::fs::read(format!("/proc/{}/cmdline", pid.trim())).unwrap_or_default();
        String::from_utf8_lossy(&words).contains("__supervise")
    });
    kill_process(Pid::from_raw(supervisor.unwrap().trim().parse().unwrap()).unwrap(), Signal::KILL).unwrap();
    screen.wait("in doubt");
    let outcome = of_kind(&log(&run), "attempt-finished").last().unwrap()["outcome"].clone();
    assert_eq!(outcome["how"], "in-doubt", "{outcome}");
    let block = std::fs::read_to_string(home.path("pid")).unwrap();
    assert!(lives(&block), "nobody ended what it ran");
    home.write("go", "");

    screen.press("s");
    screen.wait("reason");
    screen.press("seen\r");
    screen.wait("3 Look. It waits for you to run it.");
    begin(&mut screen, &run, 3);
    screen.wait("SEALED");
    assert_eq!(std::fs::read_to_string(home.path("looked")).unwrap(), "kept\n");
    let noticed = noticed(&home);
    assert_eq!(noticed.matches("Another one runs its shell blocks from here on").count(), 1, "{noticed}");
    assert_eq!(of_kind(&log(&run), "attempt-started").len(), 3, "nothing ran twice");
    let verified = home.run(&["log", "verify", run.to_str().unwrap()]);
    assert!(!verified.out.contains("damage"), "{verified:?}");
    screen.press("q");
    assert_eq!(screen.code(), 0);
    eventually("nothing is left", || processes_of(&run).is_empty() && !lives(&block));
}

#[test]
fn what_a_block_left_behind_and_what_is_lost_of_it_is_said() {
    let home = Home::new();
    let said = worked(
        &home,
        "# Two\n## Leave\n```sh { impact=observe }\nsleep 1000 &\necho $! > pid\n```\n\
         ## Replace\n```sh { impact=observe }\nLOST=lost\nexec true\n```\n",
    );
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(!lives(&std::fs::read_to_string(home.path("pid")).unwrap()));
    let noticed = noticed(&home);
    assert!(noticed.contains("Attempt 1.1 left processes behind in the background, and they were ended."), "{noticed}");
    assert!(noticed.contains("What attempt 2.1 set in its shell is not there for later blocks: "), "{noticed}");
    assert!(said.out.contains("left processes behind"), "{said:?}");
}

#[test]
fn a_block_that_fails_on_a_full_disk_says_what_it_may_have_failed_for() {
    let home = Home::new();
    let Some(small) = Small::mounted(&home.path("small"), "1m") else { return };
    home.write(
        "runbook.md",
        "# Full\n## Print\n```sh { impact=observe }\ncat /dev/zero > small/junk 2> /dev/null\necho printed\n```\n",
    );
    let runs = small.path().join("runs");
    let said = home.run(&["run", "runbook.md", "--unattended", "--runs", runs.to_str().unwrap()]);
    assert!(said.code != Some(0), "{said:?}");
    assert!(said.out.contains("No space is left in ") && said.out.contains("may have failed for that"), "{said:?}");
}

#[test]
fn a_run_on_a_disk_that_was_shut_says_how_a_copy_of_it_goes_on() {
    let home = Home::new();
    let Some(small) = Small::mounted(&home.path("small"), "1m") else { return };
    home.write(
        "runbook.md",
        "# Stop\n## Look\n```sh { impact=observe }\ntrue\n```\n## Change\n```sh { impact=change }\ntrue\n```\n",
    );
    let runs = small.path().join("runs");
    let stopped = home.run(&["run", "runbook.md", "--unattended", "--runs", runs.to_str().unwrap()]);
    assert_eq!(stopped.code, Some(13), "{stopped:?}");
    let run = std::fs::read_dir(&runs).unwrap().next().unwrap().unwrap().path();
    eventually("nothing of it is left, and it is shut", || small.shut());
    let said = home.run(&["resume", run.to_str().unwrap(), "--unattended"]);
    assert_eq!(said.code, Some(20), "{said:?}");
    assert!(said.err.contains(&format!("`cp -r {} DIR`", run.display())), "{said:?}");
    let copy = home.path("copy");
    assert!(std::process::Command::new("cp").arg("-r").args([&run, &copy]).status().unwrap().success());
    let said = home.run(&["resume", copy.to_str().unwrap(), "--unattended"]);
    assert_eq!(said.code, Some(13), "{said:?}");
}
