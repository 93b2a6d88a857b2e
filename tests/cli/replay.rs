//! Recordings from the command line: what can be opened, what is refused and what is said then.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::support::Home;

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
    let names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    mode(0o700);
}
