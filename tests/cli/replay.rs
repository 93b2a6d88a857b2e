//! Recordings from the command line: what can be opened, what is refused and what is said then.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::screens::Screen;
use crate::support::Home;
use crate::terminals::press_until;

/// Puts the recording of a drill into a home.
pub(crate) fn recording(home: &Home, name: &str) -> std::path::PathBuf {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/recording");
    for file in ["incident.jsonl", "runbook.md"] {
        home.write(&format!("{name}/{file}"), std::fs::read(from.join(file)).unwrap());
    }
    home.path(name)
}

#[test]
fn what_is_no_recording_is_refused_with_the_next_step() {
    let home = Home::new();
    recording(&home, "bare");
    std::fs::remove_file(home.path("bare/runbook.md")).unwrap();
    home.write("foreign/incident.jsonl", "{\"version\": 2, \"width\": 80, \"height\": 24}\n");
    home.write("alone.jsonl", std::fs::read(recording(&home, "whole").join("incident.jsonl")).unwrap());
    for (name, why, next) in [
        ("nothing", "there is no run `nothing`", ""),
        ("foreign", "is no recording: its first line begins no run", "name a run"),
        ("alone.jsonl", "is not in a run's folder", "name a run"),
        ("bare", "runbook.md can't be read", "the whole folder"),
        ("whole", "there is no terminal", "lifeboat log show"),
    ] {
        let said = home.run(&["replay", name]);
        assert_eq!(said.code, Some(2), "{name}: {said:?}");
        assert!(said.err.contains(why) && said.err.contains(next), "{name}: {}", said.err);
    }
    let said = home.run(&["replay", "whole", "--at", "noon"]);
    assert!(said.err.contains("--at: `noon` is no place in a recording"), "{said:?}");
}

#[test]
fn nothing_is_written_into_a_recording() {
    let home = Home::new();
    let folder = recording(&home, "read-only");
    let mode = |mode| std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o500);
    let said = home.run(&["replay", "read-only"]);
    // Without a terminal it gets as far as opening it.
    assert!(said.err.contains("there is no terminal"), "{said:?}");
    for words in [
        &["export", "read-only", "--format", "svg"][..],
        &["export", "read-only", "--format", "json"],
        &["report", "read-only"],
        &["compare", "read-only", "read-only"],
        &["runs", "export", "read-only", "--out", "pack.tar"],
    ] {
        let said = home.run(words);
        assert_eq!(said.code, Some(0), "{words:?}: {said:?}");
    }
    let names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    mode(0o700);
}

#[test]
fn a_run_is_rendered_for_others() {
    let home = Home::new();
    recording(&home, "run");
    let cast =
        home.run(&["export", "run", "--format", "asciicast3", "--size", "80x24", "--speed", "64", "--idle", "100ms"]);
    assert_eq!(cast.code, Some(0), "{cast:?}");
    let header: serde_json::Value = serde_json::from_str(cast.out.lines().next().unwrap()).unwrap();
    assert_eq!((header["version"].as_u64(), header["term"]["cols"].as_u64()), (Some(3), Some(80)));
    assert!(cast.out.lines().skip(1).all(|line| serde_json::from_str::<(f64, String, String)>(line).is_ok()));
    let svg = home.run(&["export", "run", "--format", "svg", "--at", "0:20"]);
    assert!(svg.out.starts_with("<svg ") && svg.out.contains("</svg>"), "{svg:?}");
    for wrong in [["--size", "9000x9"], ["--idle", "soon"], ["--speed", "0"]] {
        let said = home.run(&[["export", "run", "--format", "asciicast2"].as_slice(), &wrong].concat());
        assert_eq!(said.code, Some(2), "{said:?}");
    }
}

#[test]
fn two_runs_are_compared_and_runs_of_different_runbooks_are_not() {
    let home = Home::new();
    recording(&home, "one");
    recording(&home, "two");
    let same = home.run(&["compare", "one", "two"]);
    assert!(same.code == Some(0) && same.out.contains("Both took 0:21 until the service was restored."), "{same:?}");
    assert!(same.err.contains("note: the log of A is UNTRUSTED"), "{same:?}");
    let json = home.run(&["compare", "one", "two", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((json["steps"].as_array().unwrap().len(), json["steps"][0]["gap_ms"].as_i64()), (19, Some(0)));
    let screen = home.run(&["compare", "one", "two", "--format", "screen"]);
    assert!(screen.code == Some(2) && screen.err.contains("there is no terminal"), "{screen:?}");
    home.write("other.md", "# Other\n\n### Another thing\n\n```sh {name=x impact=observe}\ntrue\n```\n");
    assert_eq!(home.run(&["run", "other.md", "--unattended"]).code, Some(0));
    let said = home.run(&["compare", "one", home.the_run().to_str().unwrap()]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains("share no step") && said.err.contains("`lifeboat runs` lists runs"), "{said:?}");
}

#[test]
fn from_the_list_a_run_is_watched_and_two_are_compared_and_esc_comes_back() {
    let home = Home::new();
    for name in ["state/lifeboat/runs/20261101T000000Z-one", "state/lifeboat/runs/20261102T000000Z-two"] {
        recording(&home, name);
    }
    // A third one, which can't be watched.
    std::fs::remove_file(recording(&home, "state/lifeboat/runs/20261103T000000Z-bad").join("runbook.md")).unwrap();
    let mut screen = Screen::open(&home, &[]);
    screen.wait("Ended runs");
    press_until(&mut screen, "G", "Enter watches run bad");
    screen.press("\r");
    screen.wait("runbook.md can't be read");
    screen.press("k");
    screen.wait("Enter watches run two");
    screen.press("\r");
    screen.wait("REPLAY");
    screen.press("\u{1b}");
    screen.wait("Enter watches run two");
    screen.press("c");
    screen.wait("is A: choose the run to compare it with");
    screen.press("k");
    screen.wait("c compares A with run");
    screen.press("c");
    screen.wait("COMPARE");
    // From there either run is watched, and esc leads back level by level.
    screen.press("b");
    screen.wait("REPLAY");
    screen.press("\u{1b}");
    screen.wait("COMPARE");
    screen.press("\u{1b}");
    screen.wait("Ended runs");
    screen.press("q");
    assert_eq!(screen.code(), 0);
}

#[test]
fn from_a_replay_another_run_is_compared_and_esc_comes_back_to_the_moment() {
    let home = Home::new();
    // Its own run is none of the others, wherever a copy of it lies.
    for name in ["state/lifeboat/runs/20261101T000000Z-one", "state/lifeboat/runs/20261102T000000Z-two"] {
        let folder = recording(&home, name);
        let log = std::fs::read_to_string(folder.join("incident.jsonl")).unwrap();
        let own =
            if name.ends_with("two") { log.replacen("20261127T225714Z-m5fd", "20261102T000000Z-two", 1) } else { log };
        std::fs::write(folder.join("incident.jsonl"), own).unwrap();
    }
    let mut screen = Screen::open(&home, &["replay", "20261101T000000Z-one", "--at", "#50"]);
    screen.wait("REPLAY");
    press_until(&mut screen, "c", "Compare with which run?");
    screen.wait("20261102T000000Z-two");
    screen.press("\r");
    screen.wait("COMPARE");
    screen.press("\u{1b}");
    screen.wait(" 0:10 of 0:26 ");
    screen.press("q");
    assert_eq!(screen.code(), 0);
}
