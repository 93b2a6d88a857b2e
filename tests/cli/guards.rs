//! What is said of a runbook whose text is not the one that ran, or was drilled.

use rustix::process::{Pid, Signal, kill_process};

use super::support::{Home, eventually, lives, log, of_kind, processes_of, started};

const WAITS: &str = "\
# Waits
## Wait
```sh { impact=observe }
echo $$ > pid
while [ ! -e go ]; do sleep 0.02; done
```
## Look
```sh { impact=observe }
echo pinned
```
";

const DRILLED: &str = "\
---
scenario: az-failure
---
# Small
## Look
```sh { impact=observe }
echo seen
```
";

#[test]
fn a_run_is_pinned_to_its_text_and_says_what_changed_on_disk() {
    let home = Home::new();
    let mut child = started(&home, WAITS);
    let run = home.the_run();
    kill_process(Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap(), Signal::KILL).unwrap();
    child.wait().unwrap();
    let pid = std::fs::read_to_string(home.path("pid")).unwrap();
    home.write("go", "");
    eventually("it ended", || !lives(&pid) && processes_of(&run).is_empty());
    home.write("runbook.md", WAITS.replace("echo pinned", "touch changed"));
    let said = home.run(&["resume", "--unattended"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let words = "runbook.md was changed since the run began: line 9 was `echo pinned` and is `touch changed`";
    assert!(said.out.contains(words), "{said:?}");
    assert!(!home.path("changed").exists(), "what ran is the text that it began with");
    assert_eq!(std::fs::read_to_string(run.join("output/2.1.out")).unwrap(), "pinned\n");
}

#[test]
fn a_real_run_says_how_its_runbook_differs_from_its_last_drill() {
    let home = Home::new();
    home.write("small.md", DRILLED);
    let remarks = |said: &super::support::Said| {
        let named = said.out.lines().find_map(|line| line.strip_prefix("log:    ")).unwrap();
        let lines = log(std::path::Path::new(named).parent().unwrap());
        let noticed: Vec<_> = of_kind(&lines, "noticed").iter().map(|line| line["what"].to_string()).collect();
        (said.err.clone(), noticed.join("\n"))
    };
    let never = home.run(&["run", "small.md", "--unattended"]);
    let (said, kept) = remarks(&never);
    for text in [&said, &kept] {
        assert!(text.contains("no drill of small.md came to its end on this machine"), "{never:?}");
    }
    let drilled = home.run(&["drill", "small.md", "--unattended", "--speed", "60", "--data", "modelled"]);
    assert_eq!(drilled.code, Some(0), "{drilled:?}");
    let same = home.run(&["run", "small.md", "--unattended"]);
    let (said, kept) = remarks(&same);
    assert!(!said.contains("drill") && !kept.contains("drill"), "{same:?}");
    home.write("small.md", DRILLED.replace("echo seen", "echo other"));
    let other = home.run(&["run", "small.md", "--unattended"]);
    let (said, kept) = remarks(&other);
    for text in [&said, &kept] {
        assert!(text.contains("was changed since its last successful drill"), "{other:?}");
        assert!(text.contains("line 7 was `echo seen` and is `echo other`"), "{other:?}");
    }
}
