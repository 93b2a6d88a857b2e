//! Drills with nobody at the keyboard: verdicts that are honest, logs that verify, stories that repeat, nothing left.

use std::collections::BTreeMap;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use chrono::NaiveTime;
use serde_json::Value;

use super::support::{Home, Said, heard, log, of_kind, processes_of, said};

const SPEED: u32 = 60;

struct Drilled {
    home: Home,
    said: Said,
    log: Vec<Value>,
    /// Processes that named the run's folder when the drill had ended.
    left: Vec<String>,
}

/// Three seeds and the first one again, all at once: a drill is mostly waiting.
static DRILLS: LazyLock<Vec<Drilled>> = LazyLock::new(|| {
    let started = ["1", "2", "3", "1"].map(|seed| {
        let home = Home::new();
        let speed = SPEED.to_string();
        let mut command = home.command(&["drill", "region-failure", "--unattended", "--speed", &speed, "--seed", seed]);
        let child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
        (home, child)
    });
    started
        .into_iter()
        .map(|(home, child)| {
            let said = heard(child);
            let run = home.the_run();
            Drilled { left: processes_of(&run), log: log(&run), home, said }
        })
        .collect()
});

#[test]
fn a_drill_recovers_says_so_line_by_line_and_leaves_nothing_behind() {
    for Drilled { home, said, left, .. } in DRILLS.iter() {
        assert_eq!(said.code, Some(0), "{said:?}");
        let run = home.the_run();
        for sentence in [
            "RTO   MET: ",
            "RPO   MET: ",
            "log   SEALED by practice@lifeboat",
            &format!("log:    {}/incident.jsonl", run.display()),
            &format!("verify: lifeboat log verify {}", run.display()),
        ] {
            assert!(said.out.contains(sentence), "{sentence}: {}", said.out);
        }
        let at = |text: &str| said.out.find(text).unwrap_or_else(|| panic!("{text}: {}", said.out));
        assert!(at("step promote began") < at("9.2 promote started"));
        assert!(at("RECOVERED since") < at("RTO   MET"));
        assert!(at("RTO   MET") < at("log:    "));

        assert!(left.is_empty(), "{left:?}");
        assert!(!run.join("estate").exists());
        let port = of_kind(&log(&run), "input-set")
            .iter()
            .find(|line| line["name"] == "LATCH_URL")
            .and_then(|line| line["value"].as_str()?.split('/').nth(2).map(str::to_owned))
            .unwrap();
        assert!(TcpStream::connect(&port).is_err(), "{port} still answers");
    }
}

#[test]
fn three_verifiers_accept_the_log() {
    let Drilled { home, .. } = &DRILLS[0];
    let run = home.the_run();
    let verified = home.run(&["log", "verify", run.to_str().unwrap()]);
    assert_eq!(
        (verified.code, verified.out.lines().next()),
        (Some(0), Some("SEALED by a practice key")),
        "{verified:?}"
    );
    let (code, out) = second_verifier(home, &run);
    assert_eq!((code, out.lines().next()), (Some(0), Some("SEALED by a practice key")), "{out}");
    for (title, commands) in stock_commands(home) {
        let said = said(Command::new("sh").args(["-ec", &commands]).current_dir(&run));
        assert_eq!(said.code, Some(0), "{title}: {said:?}");
        if title.starts_with("The seal") || title.starts_with("The delegation") {
            assert!(said.out.contains("Good \"s") && said.out.contains("practice@lifeboat"), "{title}: {said:?}");
        }
    }
}

#[test]
fn one_changed_byte_and_both_verifiers_refuse() {
    let Drilled { home, .. } = &DRILLS[0];
    let run = home.the_run();
    let sound = std::fs::read(run.join("incident.jsonl")).unwrap();
    let copy = home.path("edited");
    copy_folder(&run, &copy);
    let text = String::from_utf8(sound.clone()).unwrap();
    let inside = text.find("\"low_ms\":").unwrap() + 9;
    let sig = text.rfind("\"sig\":\"").unwrap() + 200;
    for (at, what) in
        [(30, "the first line"), (inside, "the measured loss"), (text.len() / 2, "the middle"), (sig, "the seal")]
    {
        let mut edited = sound.clone();
        edited[at] = if edited[at] == b'7' { b'8' } else { b'7' };
        std::fs::write(copy.join("incident.jsonl"), &edited).unwrap();
        let verified = home.run(&["log", "verify", copy.to_str().unwrap()]);
        assert_eq!((verified.code, verified.out.lines().next()), (Some(1), Some("TAMPERED")), "{what}: {verified:?}");
        let (code, out) = second_verifier(home, &copy);
        assert_eq!((code, out.lines().next()), (Some(1), Some("TAMPERED")), "{what}: {out}");
    }
    std::fs::write(copy.join("incident.jsonl"), &sound).unwrap();
    std::fs::write(copy.join("output/7.1.out"), "{}").unwrap();
    let verified = home.run(&["log", "verify", copy.to_str().unwrap()]);
    assert_eq!(verified.code, Some(1), "an output file: {verified:?}");
    assert!(verified.out.contains("7.1.out"), "{verified:?}");
}

/// RTO within one poll (5 s / speed), the loss within one replication step (a commit is at most 900 ms on its way, and
/// orders are 100 ms apart, by the estate's clock), each plus what two busy processors may add.
#[test]
fn the_verdict_is_what_the_customers_saw() {
    const SCHEDULING_MS: i64 = 150;
    for Drilled { said, log, .. } in DRILLS.iter() {
        let seen = said.out.lines().find(|line| line.starts_with("SEEN")).unwrap();
        let times: Vec<NaiveTime> = seen
            .split_whitespace()
            .filter_map(|word| NaiveTime::parse_from_str(word.trim_end_matches(','), "%H:%M:%S%.fZ").ok())
            .collect();
        let [failed, served] = times[..] else { panic!("{seen}") };
        let day = 24 * 3_600_000;
        let downtime = (served - failed).num_milliseconds().rem_euclid(day);
        let rto = of_kind(log, "recovered")[0]["rto_ms"].as_i64().unwrap();
        let poll = 5_000 / i64::from(SPEED);
        assert!((rto - downtime).abs() <= poll + SCHEDULING_MS, "RTO {rto} ms, downtime {downtime} ms: {seen}");

        let words: Vec<&str> = seen.split_whitespace().collect();
        let lost = words.iter().position(|word| *word == "acknowledged").unwrap() - 1;
        let lost: i64 = words[lost].parse().unwrap();
        let low = of_kind(log, "loss-measured")[0]["low_ms"].as_i64().unwrap() * i64::from(SPEED);
        // Two times in whole milliseconds, at the drill's speed.
        let rounding = 2 * i64::from(SPEED);
        assert!((low - lost * 100).abs() <= 900 + 100 + rounding, "low end {low} ms, {lost} orders lost: {seen}");
    }
}

#[test]
fn the_same_seed_tells_the_same_story() {
    let loss = |drilled: &Drilled| {
        let seen = drilled.said.out.lines().find(|line| line.starts_with("SEEN")).unwrap();
        let words: Vec<&str> = seen.split_whitespace().collect();
        words[words.iter().position(|word| *word == "acknowledged").unwrap() - 1].to_owned()
    };
    let [one, two, three, again] = &DRILLS[..] else { panic!() };
    assert_eq!(story(&one.log), story(&again.log));
    assert_eq!(loss(one), loss(again));
    assert!(loss(one) != loss(two) && loss(two) != loss(three), "{} {} {}", loss(one), loss(two), loss(three));
}

/// What happened, without times, counts, ports and ids. The watches go on beside the steps, so each one's facts stand by
/// themselves, under its attempt.
fn story(log: &[Value]) -> BTreeMap<String, Vec<String>> {
    let mut strands: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in log.iter().filter(|line| line["k"] != "checkpoint" && line["k"] != "heartbeat") {
        let words = ["k", "step", "action", "attempt", "moment", "name", "how", "source", "item"];
        let mut told: Vec<String> = words.iter().map(|word| line[*word].to_string()).collect();
        told.push(line.pointer("/outcome/how").map(Value::to_string).unwrap_or_default());
        told.push(line.pointer("/verdict/verdict").map(Value::to_string).unwrap_or_default());
        let strand = match (line["k"].as_str(), line["attempt"].as_str()) {
            (Some("recovered"), _) => "w.1",
            (_, Some(watch)) if watch.starts_with("w.") => watch,
            _ => "steps",
        };
        strands.entry(strand.to_owned()).or_default().push(told.join(" "));
    }
    strands
}

fn second_verifier(home: &Home, run: &Path) -> (Option<i32>, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verify_log.py");
    let allowed = home.path("state/lifeboat/practice/allowed_signers");
    let said = said(Command::new("python3").arg(script).arg(allowed).arg(run));
    (said.code, said.out + &said.err)
}

/// Takes the commands of the page about the log as they stand there, with the sentence before each; only the name of the
/// file of signers is put in, and an attempt that every drill has.
fn stock_commands(home: &Home) -> Vec<(String, String)> {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/incident-log.md")).unwrap();
    let page = page.split("## With stock tools").nth(1).unwrap().to_owned();
    let signers = home.path("state/lifeboat/practice/allowed_signers");
    let mut blocks = page.split("```");
    let mut found = Vec::new();
    while let (Some(title), Some(code)) = (blocks.next(), blocks.next()) {
        let code =
            code.strip_prefix("sh\n").unwrap().replace("-f allowed_signers", &format!("-f {}", signers.display()));
        found.push((title.trim().to_owned(), code));
    }
    assert_eq!(found.len(), 4, "{found:?}");
    found
}

fn copy_folder(from: &Path, to: &PathBuf) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

const LEAVES: &str = r#"---
scenario: region-failure
inputs:
  WEST_SHOP_URL: { default: "http://127.77.0.2", description: The shop }
---
# A runbook that wants out
## See
### Who am I
```aws { name=who }
aws sts get-caller-identity --region us-west-2 --query Account --output text
```
```sh { name=environment impact=observe }
env | grep '^AWS_' | sort
```
### Leave
```http { name=out timeout=5s }
GET http://192.0.2.1/
```
"#;

#[test]
fn a_drill_cannot_leave_the_estate() {
    let home = Home::new();
    home.write("leaves.md", LEAVES);
    let real = home.write(
        "aws-config",
        "[profile real]\nregion = eu-north-1\naws_access_key_id = AKIAREALREALREAL0000\naws_secret_access_key = x\n\
         endpoint_url = http://192.0.2.1\n",
    );
    let said = said(
        home.command(&["drill", "leaves.md", "--unattended", "--speed", "60"])
            .env("AWS_PROFILE", "real")
            .env("AWS_CONFIG_FILE", &real)
            .env("AWS_SHARED_CREDENTIALS_FILE", &real)
            .env("AWS_ACCESS_KEY_ID", "AKIAREALREALREAL0001")
            .env("AWS_SECRET_ACCESS_KEY", "realrealreal")
            .env("AWS_SESSION_TOKEN", "realtoken")
            .env("AWS_ENDPOINT_URL_STS", "http://192.0.2.1"),
    );
    assert_eq!(said.code, Some(11), "{said:?}");
    let run = home.the_run();
    assert_eq!(std::fs::read_to_string(run.join("output/1.1.out")).unwrap(), "000000000000\n");
    let environment = std::fs::read_to_string(run.join("output/1.2.out")).unwrap();
    assert!(!environment.to_lowercase().contains("real"), "{environment}");
    assert!(environment.contains("AWS_CONFIG_FILE=/dev/null\n"), "{environment}");
    assert!(environment.contains("AWS_ENDPOINT_URL=http://127.0.0.1:"), "{environment}");
    assert!(!environment.contains("AWS_SESSION_TOKEN") && !environment.contains("AWS_PROFILE"), "{environment}");
    let log = log(&run);
    let out = of_kind(&log, "attempt-finished").into_iter().find(|line| line["attempt"] == "2.1").unwrap();
    assert_eq!(out["outcome"]["how"], "unusable", "{out}");
    let error = out["outcome"]["error"].as_str().unwrap();
    assert!(error.contains("192.0.2.1") && error.contains("drill"), "{error}");
}
