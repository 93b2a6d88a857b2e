//! Recordings that are not as they should be.

use super::*;

fn lines(folder: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join("incident.jsonl")).unwrap();
    text.lines().map(|line| line.to_owned() + "\n").collect()
}

fn put(folder: &Path, text: impl AsRef<[u8]>) {
    std::fs::write(folder.join("incident.jsonl"), text).unwrap();
}

fn end(folder: &Path) -> (u64, String) {
    let mut player = opened(folder);
    let said = player.wish(Transport::To(Spot::Ending), Instant::now());
    let played = played(&said);
    assert_eq!(played.going, Going::Ended);
    (played.fact, played.remarks.join(" "))
}

#[test]
fn open_torn_and_broken_ones_play_as_far_as_they_are_whole_and_say_where_they_end() {
    let folder = drill();
    let lines = lines(folder.path());
    let whole = end(folder.path());
    assert_eq!(whole.1, "");
    put(folder.path(), lines[..100].concat());
    let (open, said) = end(folder.path());
    assert!(open < whole.0 && !said.contains("ends here"), "{said}");
    put(folder.path(), lines[..100].concat() + lines[100].get(..20).unwrap());
    assert_eq!(end(folder.path()).0, open);
    assert!(end(folder.path()).1.contains("the 20 bytes behind its last whole line were torn off"));
    put(folder.path(), lines[..100].concat() + "{\"seq\":\n" + &lines[100..].concat());
    let (fact, said) = end(folder.path());
    assert!(fact == open && said.contains("The recording ends here: line 101"), "{said}");
    let twice = lines[..100].concat() + &lines[60..100].concat();
    put(folder.path(), twice);
    let (fact, said) = end(folder.path());
    assert!(fact == open && said.contains("does not fit what went before"), "{said}");
}

#[test]
fn foreign_files_and_folders_without_their_runbook_are_refused_in_words() {
    let folder = drill();
    let refused = |folder: &Path| recording(folder).unwrap_err().to_string();
    std::fs::remove_file(folder.path().join("runbook.md")).unwrap();
    assert!(refused(folder.path()).contains("runbook.md can't be read"));
    std::fs::write(folder.path().join("runbook.md"), "# No\n\n### Step\n\n```sh {nonsense=1 impact=loud}\nx\n```\n")
        .unwrap();
    assert!(refused(folder.path()).contains("is not understood by this lifeboat"));
    for text in ["", "{}\n", "\u{0}\u{1}\n", "{\"version\": 2, \"width\": 80}\n"] {
        put(folder.path(), text);
        let said = refused(folder.path());
        assert!(said.contains("is no recording: its first line begins no run"), "{text}: {said}");
    }
}

#[test]
fn newer_formats_play_and_say_what_is_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    recorded::write(folder.path(), 300, 0);
    let mut lines = lines(folder.path());
    lines[0] = lines[0].replace("lifeboat-log/1", "lifeboat-log/2");
    let seq = lines.len() as u64;
    lines.push(recorded::line(seq, seq * 50_000, &json!({ "k": "teleported", "to": "mars" })));
    put(folder.path(), lines.concat());
    let (_, said) = end(folder.path());
    assert!(said.contains("a newer lifeboat (lifeboat-log/2)") && said.contains("1 lines are of kinds"), "{said}");
}

#[test]
fn a_clock_that_ran_backwards_does_not_turn_the_recording_round() {
    let folder = tempfile::tempdir().unwrap();
    recorded::write(folder.path(), 300, 0);
    let mut lines = lines(folder.path());
    let half = lines.len() / 2;
    for (at, line) in lines.iter_mut().enumerate().skip(half) {
        // The machine booted anew, and its wall clock was an hour behind.
        *line = line.replace(&format!("\"mono\":{}", at as u64 * recorded::BETWEEN), &format!("\"mono\":{}", at * 7));
        *line = line.replace("T10:", "T09:");
    }
    put(folder.path(), lines.concat());
    let (facts, said) = end(folder.path());
    assert_eq!(facts, lines.len() as u64);
    assert!(said.contains("A clock was set back by"), "{said}");
    let mut player = opened(folder.path());
    let mut times = Vec::new();
    while player.cursor.next().is_some() {
        player.wish(Transport::Event(Way::Down), Instant::now());
        times.push(player.time);
    }
    assert!(times.is_sorted() && times.len() > 100);
}

#[test]
fn missing_outputs_are_said_at_the_end_and_where_they_would_be_seen() {
    let folder = drill();
    std::fs::remove_dir_all(folder.path().join("output")).unwrap();
    let (_, said) = end(folder.path());
    assert!(said.contains("The output files of") && said.contains("are missing or too short"), "{said}");
    let mut seen = Seen::of(opened(folder.path()));
    let said = seen.player.wish(Transport::Seconds(Way::Down, 9), seen.now);
    let of = moment(&said).tails.values().flat_map(|tail| tail.lines().map(str::to_owned)).collect::<Vec<_>>();
    assert!(of.iter().any(|line| line.contains("missing from the recording")), "{of:?}");
    seen.hear(said);
    seen.wish(Transport::Mark(Mark::Failure, Way::Down));
    for key in [KeyCode::Char('z'), KeyCode::Tab] {
        seen.hear(vec![Msg::Key(KeyEvent::from(key))]);
    }
    assert!(seen.frame().contains("is missing from the recording"), "{}", seen.frame());
}

#[test]
fn escape_sequences_reach_no_frame() {
    let folder = tempfile::tempdir().unwrap();
    recorded::write(folder.path(), 300, 1 << 12);
    for entry in std::fs::read_dir(folder.path().join("output")).unwrap().flatten() {
        if entry.path().extension().is_some_and(|ending| ending == "out") {
            let mut text = b"\x1b]0;title\x07\x1b[2J\x1b[31mred\x9b2J\x00\xff\xe2\x80\xae".to_vec();
            text.resize(entry.metadata().unwrap().len() as usize, b'x');
            std::fs::write(entry.path(), text).unwrap();
        }
    }
    let evil = "\u{1b}[2J\u{202e}evil\u{7}";
    let text: String = lines(folder.path())
        .iter()
        .map(|line| line.replace("alice", &serde_json::to_string(evil).unwrap().replace('"', "")))
        .collect();
    put(folder.path(), text);
    let mut seen = Seen::of(opened(folder.path()));
    let mut frames = String::new();
    for key in ['.', 'x', 'm', 'v', 'v', 'z', '/', 'x'] {
        seen.hear(vec![Msg::Key(KeyEvent::from(KeyCode::Char(key)))]);
        frames += &seen.frame();
    }
    assert!(frames.contains("evil"));
    let bad = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
    assert!(!frames.chars().any(bad));
}

#[test]
fn an_open_run_whose_attempt_printed_on_ends_with_what_it_printed() {
    let folder = tempfile::tempdir().unwrap();
    recorded::write(folder.path(), 300, 1 << 12);
    let lines = lines(folder.path());
    let until = lines.iter().position(|line| line.contains("attempt-started")).unwrap();
    put(folder.path(), lines[..=until].concat());
    let mut player = opened(folder.path());
    let said = player.wish(Transport::To(Spot::Ending), Instant::now());
    assert!(played(&said).remarks.join(" ").contains("No end is recorded of 1.1"));
    let tail = moment(&said).tails.values().next().unwrap();
    let size = std::fs::metadata(folder.path().join("output/1.1.out")).unwrap().len();
    assert_eq!(tail.total(), size);
    assert!(played(&said).to >= (until as u64 + 1) * recorded::BETWEEN);
}

/// Everything below a folder: name, content, when it was changed.
fn everything(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>, std::time::SystemTime)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            all.extend(everything(&entry.path()));
        } else {
            let changed = entry.metadata().unwrap().modified().unwrap();
            all.push((entry.path(), std::fs::read(entry.path()).unwrap(), changed));
        }
    }
    all.sort();
    all
}

#[test]
fn a_folder_on_a_read_only_disk_plays_as_any_other_and_nothing_is_tried_in_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = drill();
    let (whole, before) = (end(folder.path()), everything(folder.path()));
    let mode = |mode: u32| {
        for path in [folder.path().join("output"), folder.path().to_owned()] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    mode(0o500);
    let (read_only, after) = (end(folder.path()), everything(folder.path()));
    mode(0o700);
    assert_eq!(whole, read_only);
    // Nor is anything where it could be, for whoever may write everywhere.
    assert_eq!(before, after);
}
