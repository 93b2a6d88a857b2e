//! The log can't be written any more: it goes on in another place; without one nothing is started, and no step is ended.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::screens::begun;
use super::support::{Home, eventually, heard, of_kind, processes_of, started};

const STEPS: &str = "\
# Two
## Wait
```sh { impact=observe }
echo $$ > pid
while [ ! -e go ]; do sleep 0.02; done
echo finished
```
## Look
```sh { impact=observe }
echo looked > looked
```
";

/// Somebody writes into the log: this file is lost.
fn spoil(run: &Path) {
    let log = run.join("incident.jsonl");
    let mut bytes = std::fs::read(&log).unwrap();
    bytes.push(b'x');
    std::fs::write(log, bytes).unwrap();
}

/// Leaves no other place; gives what stands in the way of one.
fn block(home: &Home, run: &Path) -> PathBuf {
    std::fs::create_dir(run.join("incident.2.jsonl")).unwrap();
    home.write("state/lifeboat/spare", "")
}

/// All lines of a log, from whatever parts.
fn shown(home: &Home, run: &Path) -> Vec<Value> {
    let said = home.run(&["log", "show", run.to_str().unwrap(), "--format", "json"]);
    said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn it_goes_on_in_another_place_and_is_sealed_there() {
    let home = Home::new();
    let child = started(&home, STEPS);
    let run = home.the_run();
    spoil(&run);
    home.write("go", "");
    let said = heard(child);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("LOG GOES ON in ") && said.out.contains("THE LOG GOES ON IN ANOTHER PLACE"), "{said:?}");
    let name = run.file_name().unwrap().to_str().unwrap();
    let part = home.path("state/lifeboat/spare").join(name).join("incident.2.jsonl");
    assert!(part.is_file() && home.path("looked").exists());
    let log = shown(&home, &run);
    let seqs: Vec<_> = log.iter().map(|line| line["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (0..log.len() as u64).collect::<Vec<_>>());
    let continues = of_kind(&log, "continues");
    assert!(continues[0]["why"].as_str().unwrap().contains("something else writes"), "{continues:?}");
    let verified = home.run(&["log", "verify", name]);
    assert!(verified.out.contains("parts      2") && !verified.out.contains("damage"), "{verified:?}");
    assert!(home.run(&["runs", "--end", "sealed"]).out.contains(name));
    // The link in the run's folder is a help, not a need.
    std::fs::remove_file(run.join("incident.2.jsonl")).unwrap();
    assert!(home.run(&["log", "verify", name]).out.contains("parts      2"));
    std::fs::remove_file(part).unwrap();
    let cut = home.run(&["log", "verify", name]);
    assert!(cut.out.contains("no seal"), "{cut:?}");
}

#[test]
fn without_a_place_the_run_ends_unless_somebody_is_there_and_goes_on_later() {
    let home = Home::new();
    let child = started(&home, STEPS);
    let run = home.the_run();
    spoil(&run);
    let wall = block(&home, &run);
    home.write("go", "");
    let said = heard(child);
    assert_eq!(said.code, Some(20), "{said:?}");
    assert!(said.out.contains("LOG LOST") && said.out.contains("something else writes"), "{said:?}");
    assert!(!home.path("looked").exists(), "nothing more was started: {said:?}");
    let printed = std::fs::read_to_string(run.join("output/1.1.out")).unwrap();
    assert_eq!(printed, "finished\n", "what ran came to its end");
    std::fs::remove_file(wall).unwrap();
    std::fs::remove_dir(run.join("incident.2.jsonl")).unwrap();
    let said = home.run(&["resume", "--unattended"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(home.path("looked").exists());
    let log = shown(&home, &run);
    assert_eq!(of_kind(&log, "attempt-started").len(), 2);
    assert!(!home.run(&["log", "verify", run.to_str().unwrap()]).out.contains("damage"));
    eventually("nothing is left", || processes_of(&run).is_empty());
}

#[test]
fn a_person_may_go_on_without_a_record_and_it_is_written_later() {
    let home = Home::new();
    let mut screen = begun(&home);
    let run = home.the_run();
    spoil(&run);
    let wall = block(&home, &run);
    home.write("go", "");
    screen.wait("NOTHING RECORDED");
    screen.wait("Go on without a record");
    screen.press("go on\r");
    screen.wait("That is not");
    screen.press(" unrecorded\r");
    screen.wait("The run is over, and the end of its log is in memory only");
    let before = shown(&home, &run);
    assert!(of_kind(&before, "ended").is_empty(), "{before:?}");
    std::fs::remove_file(wall).unwrap();
    screen.wait("SEALED by");
    let log = shown(&home, &run);
    let kinds: Vec<_> = ["continues", "went-unrecorded", "attempt-finished", "ended", "recorded-again", "seal"]
        .map(|kind| of_kind(&log, kind).first().map(|line| line["seq"].as_u64().unwrap()))
        .into_iter()
        .collect();
    assert!(kinds.iter().all(Option::is_some) && kinds.is_sorted(), "{kinds:?}");
    assert_eq!(of_kind(&log, "went-unrecorded")[0]["typed"], "go on unrecorded");
    let verified = home.run(&["log", "verify", run.to_str().unwrap()]);
    assert!(verified.out.contains("parts      2") && !verified.out.contains("damage"), "{verified:?}");
    screen.press("q");
    assert_eq!(screen.code(), 0);
    eventually("nothing is left", || processes_of(&run).is_empty());
}
