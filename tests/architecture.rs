//! Holds the floors of ARCHITECTURE.md: reads the sources and complains by file and line.

#![expect(clippy::unwrap_used, clippy::string_slice, reason = "a test that cannot read the sources fails")]

use std::fs;
use std::path::{Path, PathBuf};

/// Each module's floor; `main.rs` and `lib.rs` see everything.
const FLOORS: &[(&str, u8)] = &[
    ("kernel", 0),
    ("runbook", 1),
    ("settings", 1),
    ("engine", 2),
    ("journal", 3),
    ("report", 3),
    ("ui", 4),
    ("exec", 5),
    ("store", 5),
    ("term", 5),
    ("estate", 5),
    ("clock", 5),
    ("drive", 6),
    ("replay", 6),
    ("cli", 7),
];

/// Below floor 5 nothing does I/O, reads a clock, spawns or knows an async runtime.
const BEHIND_THE_WALL: &[&str] = &[
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "std::thread",
    "tokio",
    "reqwest",
    "Instant::now",
    "SystemTime::now",
    "Utc::now",
    "Local::now",
    "println!",
    "eprintln!",
    "fastrand",
    "aws_sdk",
];

/// The most lines of a file, tests left out.
const MOST_LINES: usize = 600;

fn sources() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, into: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, into);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                into.push((path.clone(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut all = Vec::new();
    walk(Path::new("src"), &mut all);
    all
}

fn module_of(path: &Path) -> String {
    let first = path.strip_prefix("src").unwrap().components().next().unwrap();
    first.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()
}

fn floor_of(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == module).map(|(_, floor)| *floor)
}

/// The code of a file without its unit tests, comments blanked, line numbers kept. A file of tests has none.
fn code(path: &Path, text: &str) -> Vec<(usize, String)> {
    let stem = path.file_stem().unwrap().to_string_lossy();
    let among_tests = path.components().any(|part| part.as_os_str() == "tests");
    if among_tests || stem == "tests" || stem.ends_with("_tests") {
        return Vec::new();
    }
    text.lines()
        .enumerate()
        .take_while(|(_, line)| line.trim() != "#[cfg(test)]" || line.starts_with("    "))
        .map(|(at, line)| (at + 1, line.split("//").next().unwrap_or("").to_owned()))
        .collect()
}

#[test]
fn every_module_stands_on_a_floor() {
    for (path, _) in sources() {
        let module = module_of(&path);
        assert!(
            module == "main" || module == "lib" || floor_of(&module).is_some(),
            "{}: give `{module}` a floor here and in ARCHITECTURE.md",
            path.display()
        );
    }
}

#[test]
fn imports_go_down() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let module = module_of(&path);
        let Some(floor) = floor_of(&module) else { continue };
        for (line, code) in code(&path, &text) {
            for (at, _) in code.match_indices("crate::") {
                let target: String =
                    code[at + 7..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                let Some(target_floor) = floor_of(&target) else { continue };
                if target != module && target_floor >= floor {
                    wrong.push(format!(
                        "{}:{line}: floor {floor} imports {target} (floor {target_floor})",
                        path.display()
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_acts_below_the_wall() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        if floor_of(&module_of(&path)).is_none_or(|floor| floor >= 5) {
            continue;
        }
        for (line, code) in code(&path, &text) {
            for word in BEHIND_THE_WALL.iter().filter(|word| code.contains(**word)) {
                wrong.push(format!("{}:{line}: `{word}` below the wall", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_stay_small() {
    let long: Vec<String> = sources()
        .iter()
        .map(|(path, text)| (path, code(path, text).len()))
        .filter(|(_, lines)| *lines > MOST_LINES)
        .map(|(path, lines)| format!("{}: {lines} lines; split it by idea", path.display()))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn every_module_says_its_purpose() {
    for (path, text) in sources() {
        assert!(text.starts_with("//!"), "{}: begin with a line that says what it is for", path.display());
    }
}

#[test]
fn a_screen_cannot_act() {
    for (path, text) in sources() {
        if module_of(&path) == "ui" {
            for (line, code) in code(&path, &text) {
                assert!(!code.contains("engine::react") && !code.contains("react("), "{}:{line}", path.display());
            }
        }
    }
}

/// What a replay must not even be able to name.
const ACTS: &[&str] = &[
    "crate::exec",
    "crate::estate",
    "crate::drive",
    "react",
    "decide(",
    "LogWriter",
    "RunFolder",
    "std::process",
    "std::net",
    "tokio",
    "UnixStream",
    "create(",
    "create_new(",
    "OpenOptions",
    "fs::write",
    "fs::remove",
    "Intent",
];

#[test]
fn a_replay_cannot_act() {
    let mut files = 0;
    for (path, text) in sources() {
        if module_of(&path) == "replay" {
            files += 1;
            for (line, code) in code(&path, &text) {
                for word in ACTS {
                    assert!(!code.contains(word), "{}:{line}: `{word}` in what only replays", path.display());
                }
            }
        }
    }
    assert!(files > 5, "the replay has moved");
}
