//! Earlier runs from the command line: listed, filtered, packed, removed; what is strange among them is named.

use std::path::{Path, PathBuf};

use crate::replay::recording;
use crate::support::{Home, key_pair};

const INSTANT: &str = "# Instant\n\n### Step\n\n```sh {name=x impact=observe}\ntrue\n```\n";

/// Puts the recordings that come with lifeboat among the runs of a home, under their own names.
fn samples(home: &Home) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings");
    let folders = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let mut names: Vec<String> = folders
        .map(|folder| {
            let log = std::fs::read_to_string(folder.join("incident.jsonl")).unwrap();
            let first: serde_json::Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
            let name = first.get("run").unwrap().as_str().unwrap().to_owned();
            for file in ["incident.jsonl", "runbook.md"] {
                home.write(&format!("state/lifeboat/runs/{name}/{file}"), std::fs::read(folder.join(file)).unwrap());
            }
            name
        })
        .collect();
    names.sort();
    names
}

/// A key, who trusts it, and runs that it sealed, oldest first.
fn sealed_runs(home: &Home, count: usize) -> Vec<PathBuf> {
    let (public, key) = (key_pair(home, "key"), home.path("key"));
    let signers = home.write("signers", format!("alice {public}"));
    let text =
        format!("operator = \"alice\"\nkey = \"{}\"\nallowed_signers = \"{}\"\n", key.display(), signers.display());
    home.write("config/lifeboat/config.toml", text);
    home.write("instant.md", INSTANT);
    for _ in 0..count {
        let said = home.run(&["run", "instant.md", "--unattended"]);
        assert_eq!(said.code, Some(0), "{said:?}");
        // A run is named by its second; two of one second would be sorted by chance.
        let second = chrono::Utc::now().timestamp();
        crate::support::eventually("the next second", || chrono::Utc::now().timestamp() > second);
    }
    let mut runs = home.runs();
    runs.sort();
    runs
}

fn name(run: &Path) -> &str {
    run.file_name().unwrap().to_str().unwrap()
}

#[test]
fn runs_are_listed_filtered_and_their_trend_is_said_within_eighty_columns() {
    let home = Home::new();
    assert!(home.run(&["runs"]).out.contains("no runs in"));
    let names = samples(&home);
    let said = home.run(&["runs"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.lines().all(|line| line.chars().count() <= 80), "{}", said.out);
    assert!(names.iter().all(|name| said.out.contains(name.as_str())), "{}", said.out);
    let rows = |words: &[&str]| -> Vec<serde_json::Value> {
        let said = home.run(&[&["runs", "--format", "json"], words].concat());
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{words:?}");
        said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let all = rows(&[]);
    assert_eq!(all.len(), names.len());
    let of = |runbook: &str| rows(&["--runbook", runbook]);
    assert_eq!((of("az-failure").len(), of("nothing").len()), (1, 0));
    assert_eq!((rows(&["--kind", "drill"]).len(), rows(&["--kind", "real"]).len()), (names.len(), 0));
    assert_eq!((rows(&["--end", "sealed"]).len(), rows(&["--end", "open"]).len()), (names.len(), 0));
    let met = rows(&["--verdict", "met"]);
    assert!(met.len() + rows(&["--verdict", "missed"]).len() + rows(&["--verdict", "unknown"]).len() == all.len());
    assert!(!met.is_empty() && met.iter().all(|row| row["rto"]["verdict"] == "met"), "{met:?}");
    let began = all.iter().map(|row| row["began"].as_str().unwrap()).max().unwrap();
    assert_eq!((rows(&["--since", began]).len(), rows(&["--until", began]).len()), (1, all.len() - 1));
    let (day, _) = began.split_once('T').unwrap();
    assert_eq!(rows(&["--since", day]).len() + rows(&["--until", day]).len(), all.len());
    let last = rows(&["--last", "2"]);
    assert!(last.len() == 2 && last.iter().any(|row| row["began"] == began));
    let trend = home.run(&["runs", "--trend"]);
    assert!(trend.out.lines().all(|line| line.chars().count() <= 80), "{}", trend.out);
    assert!(trend.out.contains("az-failure: drill at speed") && trend.out.contains("1 of 1 met"), "{}", trend.out);
    assert_eq!(rows(&["--trend"]).len(), 7);
    let none = home.run(&["runs", "--kind", "real"]);
    assert!(none.out.contains("is one of these"), "{none:?}");
    let wrong = home.run(&["runs", "--since", "yesterday"]);
    assert!(wrong.code == Some(2) && wrong.err.contains("--since"), "{wrong:?}");
}

#[test]
fn torn_hostile_and_foreign_folders_are_named_and_end_nothing() {
    let home = Home::new();
    let names = samples(&home);
    let root = home.path("state/lifeboat/runs");
    let log = std::fs::read(root.join(&names[0]).join("incident.jsonl")).unwrap();
    for (folder, text) in
        [("zeros", &[0; 4096][..]), ("empty", b""), ("cut", &log[..40]), ("foreign", b"{\"version\": 2}\n")]
    {
        home.write(&format!("state/lifeboat/runs/{folder}/incident.jsonl"), text);
    }
    home.write("state/lifeboat/runs/torn/incident.jsonl", &log[..log.len() / 2]);
    let evil = String::from_utf8(log.clone()).unwrap().replacen("embedded:", "\\u001b[2Jembedded:", 1);
    home.write("state/lifeboat/runs/evil\x1b[31m/incident.jsonl", evil);
    home.write("state/lifeboat/runs/no-log/readme.txt", "x");
    home.write("state/lifeboat/runs/a-file", "x");
    std::fs::create_dir(root.join("folder-as-log")).unwrap();
    std::fs::create_dir(root.join("folder-as-log/incident.jsonl")).unwrap();
    for words in
        [&["runs"][..], &["runs", "--trend"], &["runs", "--format", "json"], &["runs", "prune", "--count", "0"]]
    {
        let said = home.run(words);
        assert_eq!(said.code, Some(0), "{words:?}: {said:?}");
        assert!(!said.out.contains('\x1b') && !said.err.contains('\x1b'), "{said:?}");
    }
    let said = home.run(&["runs"]);
    for (folder, why) in [
        ("zeros", "begins no run"),
        ("empty", "begins no run"),
        ("cut", "begins no run"),
        ("foreign", "begins no run"),
        ("no-log", "holds no incident.jsonl"),
        ("folder-as-log", "holds no incident.jsonl"),
    ] {
        assert!(
            said.err.contains(&format!("{folder} is passed over: ")) && said.err.contains(why),
            "{folder}: {}",
            said.err
        );
    }
    assert!(said.out.contains("torn") && said.out.contains("NOT OVER"), "{}", said.out);
    assert!(!said.err.contains("a-file"), "{}", said.err);
}

#[test]
fn a_packed_run_opens_wherever_its_folder_does() {
    let home = Home::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings");
    let (sample, signers) = (root.join("az-failure"), root.join("allowed_signers"));
    let (sample, signers) = (sample.to_str().unwrap(), signers.to_str().unwrap());
    let said = home.run(&["runs", "export", sample, "--out", "pack.tar"]);
    assert!(said.code == Some(0) && said.out.contains("sha256"), "{said:?}");
    let again = home.run(&["runs", "export", sample, "--out", "pack.tar"]);
    assert!(again.code == Some(2) && again.err.contains("--out FILE"), "{again:?}");
    home.run(&["runs", "export", sample, "--out", "again.tar"]);
    let bytes = std::fs::read(home.path("pack.tar")).unwrap();
    assert_eq!(bytes, std::fs::read(home.path("again.tar")).unwrap(), "the same run is the same bytes");
    // Anybody can open it without lifeboat.
    let listed = std::process::Command::new("tar").arg("-tf").arg(home.path("pack.tar")).output().unwrap();
    assert!(listed.status.success() && String::from_utf8_lossy(&listed.stdout).contains("/runbook.md"), "{listed:?}");
    for words in [
        &["log", "verify", "RUN", "--allowed-signers", signers, "--require", "sealed"][..],
        &["log", "show", "RUN"],
        &["report", "RUN", "--allowed-signers", signers],
        &["export", "RUN", "--format", "json", "--allowed-signers", signers],
        &["export", "RUN", "--format", "svg", "--at", "50%", "--allowed-signers", signers],
        &["compare", "RUN", "RUN", "--allowed-signers", signers],
    ] {
        let of =
            |run: &str| home.run(&words.iter().map(|word| if *word == "RUN" { run } else { word }).collect::<Vec<_>>());
        let (folder, pack) = (of(sample), of("pack.tar"));
        assert_eq!((folder.code, &folder.out), (Some(0), &pack.out), "{words:?}: {}", pack.err);
        assert_eq!(pack.code, Some(0), "{words:?}");
    }
    let replayed = home.run(&["replay", "pack.tar"]);
    assert!(replayed.err.contains("there is no terminal"), "it gets as far as opening it: {replayed:?}");
    let added = home.run(&["log", "add", "pack.tar", "note", "x"]);
    assert!(added.code == Some(2) && added.err.contains("is a packed run, and is only read"), "{added:?}");
    assert_eq!(std::fs::read_dir(home.path("state/lifeboat/opened")).unwrap().count(), 0, "nothing is left");
    assert_eq!(std::fs::read(home.path("pack.tar")).unwrap(), bytes);
    // One changed byte of an output is found as in a folder; a cut pack is refused.
    let at = bytes.windows(18).position(|window| window == b"\"k\":\"step-started\"").unwrap();
    let mut changed = bytes.clone();
    changed[at + 5] = b'z';
    home.write("changed.tar", &changed);
    assert_eq!(home.run(&["log", "verify", "changed.tar"]).code, Some(1));
    home.write("cut.tar", &bytes[..bytes.len() / 2]);
    let cut = home.run(&["report", "cut.tar"]);
    assert!(cut.code == Some(2) && cut.err.contains("cut.tar is no packed run that can be opened"), "{cut:?}");
    let alone = recording(&home, "bare").join("incident.jsonl");
    std::fs::copy(alone, home.path("alone.jsonl")).unwrap();
    assert!(home.run(&["runs", "export", "alone.jsonl"]).err.contains("only folders are packed"));
}

#[test]
fn runs_beyond_a_limit_go_when_that_is_said_and_the_audit_says_who_removed_them() {
    let home = Home::new();
    let unlimited = home.run(&["runs", "prune"]);
    assert!(unlimited.code == Some(2) && unlimited.err.contains("nothing says which runs are kept"), "{unlimited:?}");
    let runs = sealed_runs(&home, 4);
    let shown = home.run(&["runs", "prune", "--count", "2"]);
    assert!(shown.out.contains("2 of 4 runs would go") && shown.out.contains("not among the newest 2"), "{shown:?}");
    assert!(runs.iter().all(|run| run.is_dir()), "nothing goes unasked");
    assert_eq!(home.run(&["log", "audit"]).code, Some(0));

    // The limits may stand in the configuration.
    let config = std::fs::read_to_string(home.path("config/lifeboat/config.toml")).unwrap();
    home.write("config/lifeboat/config.toml", config + "[retention]\ncount = 2\nage = \"400d\"\nsize = \"20GiB\"\n");
    let said = home.run(&["runs", "prune", "--yes"]);
    assert!(said.code == Some(0) && said.out.contains("2 of 4 runs were removed"), "{said:?}");
    let mut left = home.runs();
    left.retain(|path| path.join("incident.jsonl").is_file());
    left.sort();
    assert_eq!(left, &runs[2..]);
    let audit = home.run(&["log", "audit"]);
    assert_eq!(audit.code, Some(0), "{audit:?}");
    for run in &runs[..2] {
        let line = audit.out.lines().find(|line| line.contains(&format!("{} was removed on", name(run)))).unwrap();
        assert!(line.contains("by alice: not among the newest 2") && line.contains("SEALED, SHA-512"), "{line}");
    }
    // Whoever removes without saying so is found as before, and so is whoever changes what was said.
    std::fs::remove_dir_all(&runs[2]).unwrap();
    let missing = home.run(&["log", "audit"]);
    assert!(missing.code == Some(5) && missing.out.contains(&format!("{} is missing", name(&runs[2]))), "{missing:?}");
    let record = home.path("state/lifeboat/runs/removed.jsonl");
    let text = std::fs::read_to_string(&record).unwrap();
    std::fs::write(&record, text.replace("not among the newest 2", "not among the newest 9")).unwrap();
    let changed = home.run(&["log", "audit"]);
    assert!(changed.code == Some(5) && changed.out.contains("of removed.jsonl"), "{changed:?}");
    let refused = home.run(&["runs", "prune", "--count", "0", "--yes"]);
    assert!(refused.code == Some(2) && refused.err.contains("nothing is removed while"), "{refused:?}");
    assert!(runs[3].is_dir());
    // Without a signature it is only somebody's word.
    std::fs::write(&record, text.lines().take(3).collect::<Vec<_>>().join("\n") + "\n").unwrap();
    assert!(home.run(&["log", "audit"]).out.contains("was not finished"));
}

#[test]
fn a_removal_that_nobody_signs_is_somebodys_word_and_no_more() {
    let home = Home::new();
    samples(&home);
    std::fs::create_dir_all(home.path("state/lifeboat/practice")).unwrap();
    let key = home.write("broken", "no key");
    let said = home.run(&["runs", "prune", "--count", "0", "--yes", "--key", key.to_str().unwrap()]);
    assert!(said.code == Some(0) && said.err.contains("nobody signs it"), "{said:?}");
    assert!(said.out.contains("7 of 7 runs were removed"), "{said:?}");
    let audit = home.run(&["log", "audit"]);
    assert_eq!(audit.code, Some(4), "{audit:?}");
    assert_eq!(audit.out.matches("nobody who counts signed the removal").count(), 7, "{audit:?}");
}
