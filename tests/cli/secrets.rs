//! Secrets: what is executed has them, and nothing that is written does.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::screens::{Screen, with_key};
use super::support::{Home, eventually, heard, log, of_kind, said};

const PASSWORD: &str = "hun\"ter 2 it's";
const TOKEN: &str = "tok-4711-\\x";

/// Each block fails where the value that it gets is not the very one.
const RUNBOOK: &str = r#"---
title: Secrets
inputs:
  DB_PASSWORD: { secret: true, from: env }
---
# Secrets
## Print
```sh { name=leak impact=observe capture=DSN }
printf '%s' "postgres://dr:$DB_PASSWORD@h/shop"
echo "it is $DB_PASSWORD" >&2
COPY=$DB_PASSWORD
```
## Split
```sh { name=split impact=observe }
rest=${DB_PASSWORD#???}
printf '%s' "${DB_PASSWORD%"$rest"}"
printf '%s\n' "$rest"
[ "$DSN" = "postgres://dr:$DB_PASSWORD@h/shop" ]
[ "${COPY-none}" = none ]
```
## Fetch
```sh { name=fetch secret impact=observe capture=TOKEN }
echo "token for $DB_PASSWORD" >&2
printf '%s\n' "$EXPECTED_TOKEN"
```
## Use
```sh { name=use impact=observe expect="~kept" }
[ "$TOKEN" = "$EXPECTED_TOKEN" ] && echo "kept $TOKEN, [secret:TOKEN]"
```
## Fail
```sh { name=fail impact=observe expect=other optional }
echo "$TOKEN"
cd /no/such/folder/of/"$TOKEN"
```
"#;

fn run(home: &Home, runbook: &str, arguments: &[&str]) -> super::support::Said {
    home.write("secrets.md", runbook);
    let all = [&["run", "secrets.md", "--unattended"], arguments].concat();
    said(home.command(&all).env("DB_PASSWORD", PASSWORD).env("EXPECTED_TOKEN", TOKEN))
}

/// No byte window of any file below `folder` holds one of these, and neither does what was said.
fn nowhere(folder: &Path, secrets: &[&str]) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            nowhere(&path, secrets);
            continue;
        }
        let bytes = std::fs::read(&path).unwrap_or_default();
        hidden(&path.display().to_string(), &bytes, secrets);
    }
}

fn hidden(place: &str, bytes: &[u8], secrets: &[&str]) {
    for secret in secrets {
        let json = serde_json::to_string(secret).unwrap();
        for form in [secret.as_bytes(), json.trim_matches('"').as_bytes()] {
            let found = bytes.windows(form.len()).any(|window| window == form);
            assert!(!found, "`{secret}` stands in {place}:\n{}", String::from_utf8_lossy(bytes));
        }
    }
}

#[test]
fn what_runs_gets_the_values_and_no_file_holds_them() {
    let home = Home::new();
    let said = run(&home, RUNBOOK, &[]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let folder = home.the_run();
    // State and diagnostics lie there, too.
    nowhere(&home.path("state"), &[PASSWORD, TOKEN]);
    let read = |name: &str| std::fs::read_to_string(folder.join("output").join(name)).unwrap();
    assert_eq!(read("1.1.out"), "postgres://dr:[secret:DB_PASSWORD]@h/shop");
    assert_eq!(read("1.1.err"), "it is [secret:DB_PASSWORD]\n");
    assert_eq!(read("2.1.out"), "[secret:DB_PASSWORD]\n");
    assert_eq!((read("3.1.out").as_str(), read("3.1.err").as_str()), ("(its output is secret: not kept)\n", ""));
    // What looks like a marker is none unless lifeboat made it.
    assert_eq!(read("4.1.out"), "kept [secret:TOKEN], (secret:TOKEN]\n");
    let log = log(&folder);
    let captured: Vec<_> = of_kind(&log, "captured").iter().map(|line| line["value"].clone()).collect();
    assert_eq!(captured, ["postgres://dr:[secret:DB_PASSWORD]@h/shop", "[secret:TOKEN]"]);
    assert!(of_kind(&log, "failure-passed")[0]["why"].as_str().unwrap().contains("exited with"), "{log:?}");

    let run = folder.to_str().unwrap();
    for arguments in [
        ["log", "show", run].as_slice(),
        &["report", run],
        &["report", run, "--format", "json"],
        &["export", run],
        &["log", "verify", run],
    ] {
        let said = home.run(arguments);
        hidden(&format!("{arguments:?}"), (said.out + &said.err).as_bytes(), &[PASSWORD, TOKEN]);
    }
    hidden("what was said", (said.out + &said.err).as_bytes(), &[PASSWORD, TOKEN]);
    let verified = home.run(&["log", "verify", run]);
    assert!(!verified.out.contains("damage") && verified.code == Some(4), "unsigned, and whole: {verified:?}");
}

#[test]
fn a_value_that_cannot_be_kept_secret_is_refused_before_anything_runs() {
    let home = Home::new();
    home.write("secrets.md", RUNBOOK);
    for (value, why) in [("abc", "it has 3 of the 4 characters"), ("secret", "its value is part of")] {
        let said = said(home.command(&["run", "secrets.md", "--unattended"]).env("DB_PASSWORD", value));
        assert_eq!(said.code, Some(3), "{said:?}");
        assert!(said.err.contains("DB_PASSWORD can't be kept secret") && said.err.contains(why), "{said:?}");
    }
    assert_eq!(home.runs().iter().filter(|run| run.join("incident.jsonl").exists()).count(), 0);
}

#[test]
fn a_short_capture_fails_its_fence_and_an_unread_one_does_not_say_what_came() {
    for (code, why) in [
        ("capture=TOKEN }\necho abc", "TOKEN can't be kept secret: it has 3 of the 4 characters"),
        ("capture=TOKEN }\ntrue", "TOKEN is empty"),
        ("capture=\"TOKEN,MORE\" }\necho \"$EXPECTED_TOKEN\"", "is not what `capture` asks for"),
    ] {
        let home = Home::new();
        let said = run(&home, &format!("# T\n## S\n```sh {{ name=s secret impact=observe {code}\n```\n"), &[]);
        assert_eq!(said.code, Some(13), "{said:?}");
        let log = log(&home.the_run());
        let failed = of_kind(&log, "step-failed")[0]["why"].as_str().unwrap();
        assert!(failed.contains(why), "{failed}");
        nowhere(&home.path("state"), &[TOKEN]);
    }
}

#[test]
fn a_value_in_the_runbooks_own_text_is_told() {
    let home = Home::new();
    let said = run(&home, &RUNBOOK.replace("# Secrets\n", &format!("# Secrets\n\nIt is {PASSWORD}.\n")), &[]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let told = "The value of DB_PASSWORD stands in the runbook's own text, line 8";
    let log = log(&home.the_run());
    assert!(of_kind(&log, "noticed").iter().any(|line| line["what"].as_str().unwrap().contains(told)), "{log:?}");
}

/// The third step lasts until it is let go on; the fourth needs what the second captured.
const KILLED: &str = r#"---
title: Killed
inputs:
  DB_PASSWORD: { secret: true, from: env }
---
# Killed
## Fetch
```sh { name=fetch secret impact=observe capture=TOKEN }
printf '%s\n' "$EXPECTED_TOKEN"
```
## Wait
```sh { name=wait impact=observe }
echo "$TOKEN $DB_PASSWORD"
echo $$ > pid
while [ ! -e go ]; do sleep 0.02; done
echo "$TOKEN $DB_PASSWORD"
```
## Use
```sh { name=use impact=observe }
[ "$TOKEN" = "$EXPECTED_TOKEN" ] && echo "got $TOKEN"
```
"#;

#[test]
fn a_captured_secret_goes_with_its_engine_and_is_asked_for_again() {
    let home = Home::new();
    home.write("secrets.md", KILLED);
    let mut command = home.command(&["run", "secrets.md", "--unattended"]);
    command.env("DB_PASSWORD", PASSWORD).env("EXPECTED_TOKEN", TOKEN);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    eventually("the step runs", || std::fs::read_to_string(home.path("pid")).is_ok_and(|text| text.ends_with('\n')));
    child.kill().unwrap();
    heard(child);
    home.write("go", "");
    let resume = |with: &str| {
        said(home.command(&["resume", "--unattended"]).env("DB_PASSWORD", with).env("EXPECTED_TOKEN", TOKEN))
    };
    let said = resume(PASSWORD);
    assert_eq!(said.code, Some(13), "{said:?}");
    assert!(said.out.contains("went with the engine that is gone: TOKEN"), "{said:?}");
    let folder = home.the_run();
    // The supervisor that outlived the engine knew what to replace.
    let out = std::fs::read_to_string(folder.join("output/2.1.out")).unwrap();
    assert_eq!(out, "[secret:TOKEN] [secret:DB_PASSWORD]\n".repeat(2));
    let log = log(&folder);
    assert_eq!(of_kind(&log, "attempt-started").len(), 2, "what needs the secret does not run without it");
    nowhere(&home.path("state"), &[PASSWORD, TOKEN]);
}

/// Its secret step lasts until it is let go on, and says how often it ran.
const FETCHED: &str = r#"# Fetched

## Fetch

```sh { name=fetch secret impact=IMPACT capture=TOKEN }
echo $$ > pid
while [ ! -e go ]; do sleep 0.02; done
echo once >> times
printf '%s\n' "$EXPECTED_TOKEN"
```

## Use

```sh { name=use impact=observe }
[ "$TOKEN" = "$EXPECTED_TOKEN" ] && echo "got $TOKEN" > /dev/null && echo used > used
```
"#;

/// Lets the step succeed while its engine hangs, and kills the engine before it can hear of that.
fn killed_unheard(home: &Home, engine: Pid) {
    kill_process(engine, Signal::STOP).unwrap();
    home.write("go", "");
    let journal = home.the_run().join("attempts/1.jsonl");
    eventually("its supervisor saw it end", || {
        std::fs::read_to_string(&journal).is_ok_and(|text| text.contains("\"ended\""))
    });
    kill_process(engine, Signal::KILL).unwrap();
}

fn engine_of(home: &Home) -> Pid {
    let pid = of_kind(&log(&home.the_run()), "open").first().and_then(|open| open["pid"].as_i64());
    pid.and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw).unwrap()
}

/// Chooses what a line of words offers, once it is there.
fn choose(screen: &mut Screen, words: &str) {
    screen.wait(words);
    let seen = screen.seen();
    let line = seen.lines().rfind(|line| line.contains(words)).unwrap();
    let number = line.split_whitespace().next().unwrap().to_owned();
    screen.press(&format!("{number}\r"));
}

/// Chooses it again, as long as nothing comes of it: an answer that comes right after a change is not taken.
fn choose_until(screen: &mut Screen, words: &str, what: &str, holds: impl Fn() -> bool) {
    let mut chosen: Option<Instant> = None;
    eventually(what, || {
        if chosen.is_none_or(|chosen| chosen.elapsed() > Duration::from_secs(1)) {
            choose(screen, words);
            chosen = Some(Instant::now());
        }
        holds()
    });
}

fn runs_by_now(home: &Home) -> String {
    std::fs::read_to_string(home.path("times")).unwrap()
}

#[test]
fn a_secret_that_was_only_read_is_read_again_when_it_went_unheard() {
    let home = Home::new();
    home.write("fetched.md", FETCHED.replace("IMPACT", "observe"));
    let mut command = home.command(&["run", "fetched.md", "--unattended"]);
    let mut child = command.env("EXPECTED_TOKEN", TOKEN).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    eventually("the step runs", || home.path("pid").exists());
    killed_unheard(&home, engine_of(&home));
    child.wait().unwrap();
    assert_eq!(runs_by_now(&home), "once\n");
    let said = said(home.command(&["resume", "--unattended"]).env("EXPECTED_TOKEN", TOKEN));
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("its output is secret") && said.out.contains("so it runs again"), "{said:?}");
    assert!(home.path("used").exists());
    assert_eq!(of_kind(&log(&home.the_run()), "attempt-started").len(), 2, "the same attempt, read again");
    nowhere(&home.path("state"), &[TOKEN]);
}

#[test]
fn a_secret_step_that_changed_something_unheard_does_not_run_again_and_its_secret_is_asked_for() {
    let home = Home::new();
    with_key(&home);
    home.write("fetched.md", FETCHED.replace("IMPACT", "change"));
    let open = |arguments: &[&str]| Screen::open_with(&home, arguments, &[("EXPECTED_TOKEN", Path::new(TOKEN))]);
    let mut first = open(&["run", "fetched.md"]);
    first.wait("r run");
    super::terminals::press_until(&mut first, "r", "To run it, type");
    // What is typed before the question could be read is not taken.
    super::terminals::press_until(&mut first, "\u{15}fetch", "> fetch");
    first.press("\r");
    eventually("the step runs", || home.path("pid").exists());
    killed_unheard(&home, engine_of(&home));
    first.kill();
    let mut screen = open(&["resume", "--plain"]);
    screen.wait("went with the engine that was to capture it");
    choose(&mut screen, "mark done");
    assert_eq!(runs_by_now(&home), "once\n");
    screen.wait("The evidence goes into the log.");
    screen.press("its supervisor saw it succeed\r");
    screen.wait("It asks for TOKEN.");
    choose(&mut screen, "enter value");
    screen.wait("A point alone goes back.");
    screen.press(&format!("{TOKEN}\r"));
    choose_until(&mut screen, "1  run", "it is used", || home.path("used").exists());
    screen.wait("SEALED");
    assert!(!screen.seen().contains(TOKEN), "{}", screen.seen());
    assert_eq!(runs_by_now(&home), "once\n");
    let log = log(&home.the_run());
    let finished = of_kind(&log, "attempt-finished");
    assert_eq!(finished[0]["outcome"]["how"], "in-doubt");
    assert_eq!(
        std::fs::read_to_string(home.the_run().join("output/1.1.out")).unwrap(),
        "(its output is secret: not kept)\n"
    );
    nowhere(&home.path("state"), &[TOKEN]);
    let verified = home.run(&["log", "verify", home.the_run().to_str().unwrap()]);
    assert!(!verified.out.contains("damage"), "{verified:?}");
}

/// A secret that went with its engine is typed again, and does not stand on a terminal that is spoken to line by line.
#[test]
fn a_secret_that_is_typed_line_by_line_is_not_shown() {
    let home = Home::new();
    with_key(&home);
    home.write(
        "cap.md",
        "# Cap\n\n## Make\n\n```sh { name=make impact=observe secret capture=TOKEN }\necho first\n```\n\n## Use\n\n\
         ```sh { impact=observe }\nprintf %s \"$TOKEN\" | wc -c > got\n```\n",
    );
    let mut first = Screen::open(&home, &["run", "cap.md"]);
    first.wait("r run");
    super::terminals::press_until(&mut first, "r", "2 Use. It waits");
    first.kill();
    kill_process(engine_of(&home), Signal::KILL).unwrap();
    let mut screen = Screen::open(&home, &["resume", "--plain"]);
    choose(&mut screen, "enter value");
    screen.wait("A point alone goes back.");
    screen.press("hunter2hunter2\r");
    choose_until(&mut screen, "1  run", "it is used", || {
        std::fs::read_to_string(home.path("got")).is_ok_and(|got| got.trim() == "14")
    });
    screen.wait("SEALED");
    assert!(!screen.seen().contains("hunter2"), "{}", screen.seen());
}
