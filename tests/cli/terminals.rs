//! Interactive steps: their program has a terminal, the operator sits down at it and comes back.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::screens::{Screen, with_key};
use super::support::{Home, eventually, log, of_kind, processes_of};

const SIT: &str = "\
# Sit

## Ask

```sh { interactive impact=observe }
printf 'name? '; read -r NAME; stty size; echo \"hello $NAME\"
```

## Read

```sh { interactive impact=observe }
seq 1 500 > lines; LESS= less lines
```

## After

```sh { impact=observe }
echo \"$NAME\" > after
```
";

/// Presses a key until something is seen: keys that come before a step could be read are not taken.
pub(super) fn press_until(screen: &mut Screen, key: &str, what: &str) {
    let mut pressed: Option<Instant> = None;
    eventually(what, || {
        if pressed.is_none_or(|pressed| pressed.elapsed() > Duration::from_secs(1)) {
            screen.press(key);
            pressed = Some(Instant::now());
        }
        screen.seen().contains(what)
    });
}

fn opened(home: &Home) -> Screen {
    home.write("sit.md", SIT);
    with_key(home);
    let mut screen = Screen::open(home, &["run", "sit.md"]);
    screen.wait("r run");
    press_until(&mut screen, "r", "T its terminal");
    screen
}

#[test]
fn a_step_gets_a_terminal_and_gives_it_back() {
    let home = Home::new();
    let mut screen = opened(&home);
    screen.wait("has a terminal, and may wait for you");
    let run = home.the_run();
    screen.press("T");
    screen.wait("Ctrl-] comes back");
    screen.wait("name?");
    screen.press("alice\r");
    screen.wait("2 Read");
    eventually("it ended", || of_kind(&log(&run), "attempt-finished").len() == 1);
    let printed = std::fs::read_to_string(run.join("output/1.1.out")).unwrap();
    assert!(printed.contains("30 100\r\n") && printed.contains("hello alice"), "{printed:?}");

    screen.wait("r run");
    press_until(&mut screen, "r", "T its terminal");
    screen.press("T");
    screen.wait("\n7\n");
    // It comes back while the program runs, and finds it again as it was.
    screen.press("\u{1d}");
    screen.wait("Back from its terminal");
    // What it draws anew: a key that comes with the news of its terminal's size is lost to it.
    screen.wipe();
    screen.press("T");
    screen.wait("\n7\n");
    screen.press("G");
    screen.wait("\n499\n500");
    screen.press("q");
    screen.wait("r run");
    press_until(&mut screen, "r", "SEALED");
    assert_eq!(std::fs::read_to_string(home.path("after")).unwrap(), "alice\n", "what was read is carried over");
    screen.press("q");
    assert_eq!(screen.code(), 0);
    eventually("nothing is left", || processes_of(&run).is_empty());
    assert!(!run.join("attempts/1.1.tty").exists());
}

/// Engine and screen are killed; the program waits, and another screen of another engine sits down at it.
#[test]
fn a_terminal_outlives_screen_and_engine() {
    let home = Home::new();
    let mut screen = opened(&home);
    let run = home.the_run();
    screen.press("T");
    screen.wait("name?");
    let engine = of_kind(&log(&run), "open")[0]["pid"].to_string();
    screen.kill();
    kill_process(Pid::from_raw(engine.parse().unwrap()).unwrap(), Signal::KILL).unwrap();
    let mut again = Screen::open(&home, &["resume"]);
    again.wait("T its terminal");
    again.press("T");
    again.wait("Ctrl-] comes back");
    again.press("bob\r");
    again.wait("2 Read");
    let printed = std::fs::read_to_string(run.join("output/1.1.out")).unwrap();
    assert!(printed.contains("hello bob"), "{printed:?}");
    assert_eq!(of_kind(&log(&run), "attempt-started").len(), 1, "it ran once");
    again.press("Sdone\r");
    again.wait("SEALED");
    again.press("q");
    again.code();
    eventually("nothing is left", || processes_of(&run).is_empty());
}

#[test]
fn without_a_screen_nothing_of_it_is_started() {
    let home = Home::new();
    home.write("sit.md", SIT);
    let said = home.run(&["run", "sit.md", "--unattended"]);
    assert!(said.out.contains("it needs a terminal with a person at it"), "{said:?}");
    let run = home.the_run();
    assert!(!run.join("output/1.1.out").exists());
}

/// Opens a run of this runbook, starts its first step, and sits down at its terminal.
fn seated(home: &Home, runbook: &str, more: &[(&str, &std::path::Path)]) -> Screen {
    home.write("sit.md", runbook);
    with_key(home);
    let mut screen = Screen::open_with(home, &["run", "sit.md"], more);
    screen.wait("r run");
    press_until(&mut screen, "r", "T its terminal");
    screen.press("T");
    screen.wait("Ctrl-] comes back");
    screen
}

/// Waits until the first attempt ended.
fn ended(run: &std::path::Path) {
    eventually("it ended", || of_kind(&log(run), "attempt-finished").len() == 1);
}

/// Ends a run that waits for a choice, and its screen.
fn stopped(screen: &mut Screen, run: &std::path::Path) {
    press_until(screen, "S", "Why? Steps");
    screen.press("enough\r");
    screen.wait("SEALED");
    screen.press("q");
    screen.code();
    eventually("nothing is left", || processes_of(run).is_empty());
}

#[test]
fn whoever_sits_at_a_terminal_when_its_time_is_over_is_led_back_to_the_run() {
    let home = Home::new();
    let late = "# Late\n\n## Ask\n\n```sh { interactive impact=observe timeout=8s }\nprintf 'name? '; cat\n```\n";
    let mut screen = seated(&home, late, &[]);
    screen.wait("name?");
    screen.press("al");
    screen.wait("1 Ask FAILED");
    screen.wait("timed out after 8 s");
    let run = home.the_run();
    assert_eq!(of_kind(&log(&run), "attempt-finished")[0]["outcome"]["how"], "timed-out");
    assert_eq!(std::fs::read_to_string(run.join("output/1.1.out")).unwrap(), "name? al");
    assert!(!run.join("attempts/1.1.tty").exists());
    stopped(&mut screen, &run);
}

#[test]
fn whoever_takes_control_over_takes_the_seat_and_the_one_before_watches() {
    let home = Home::new();
    let ask = "# Sit\n\n## Ask\n\n```sh { interactive impact=observe }\nprintf 'name? '; read -r NAME; echo \"hello $NAME\"\n```\n\n\
               ## After\n\n```sh { impact=observe }\ntrue\n```\n";
    let mut first = seated(&home, ask, &[]);
    first.wait("name?");
    let mut second = Screen::open(&home, &["resume", "--take-over", "their terminal hangs"]);
    second.wait("T its terminal");
    second.press("T");
    second.wait("Ctrl-] comes back");
    // The seat is gone, and so is the way to it.
    first.wait("1 Ask");
    press_until(&mut first, "T", "you watch");
    first.press("mallory\r");
    second.press("carol\r");
    let run = home.the_run();
    ended(&run);
    let printed = std::fs::read_to_string(run.join("output/1.1.out")).unwrap();
    assert!(printed.contains("hello carol") && !printed.contains("mallory"), "{printed:?}");
    assert_eq!(of_kind(&log(&run), "attempt-started").len(), 1);
    stopped(&mut second, &run);
    first.wait("SEALED");
    first.press("q");
    first.code();
}

#[test]
fn what_a_terminal_prints_is_recorded_without_the_secrets_of_the_run() {
    let home = Home::new();
    let login = "---\ntitle: Log in\ninputs:\n  PW: { secret: true, from: env }\n---\n# Log in\n\n## Ask\n\n\
                 ```sh { interactive impact=observe }\n\
                 rest=${PW#???}; printf 'it is %s' \"${PW%\"$rest\"}\"; printf '%s, name? ' \"$rest\"; read -r NAME\n```\n\n\
                 ## After\n\n```sh { impact=observe }\ntrue\n```\n";
    let secret = "hunter2-4711";
    let mut screen = seated(&home, login, &[("PW", std::path::Path::new(secret))]);
    // Whoever sits there sees what the program prints.
    screen.wait("it is hunter2-4711, name?");
    screen.press("my hunter2-4711 it is\r");
    let run = home.the_run();
    ended(&run);
    let printed = std::fs::read_to_string(run.join("output/1.1.out")).unwrap();
    assert!(printed.starts_with("it is [secret:PW], name? my [secret:PW] it is"), "{printed:?}");
    stopped(&mut screen, &run);
    for entry in std::fs::read_dir(&run).unwrap().chain(std::fs::read_dir(run.join("output")).unwrap()) {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&bytes).contains(secret));
    }
}

#[test]
fn a_dry_run_says_where_somebody_has_to_sit_down_and_starts_nothing() {
    let home = Home::new();
    home.write("sit.md", SIT);
    let said = home.run(&["plan", "sit.md"]);
    assert_eq!(said.out.matches("at a terminal: somebody sits down at it").count(), 2, "{said:?}");
    let json: serde_json::Value = serde_json::from_str(&home.run(&["plan", "sit.md", "--format", "json"]).out).unwrap();
    let text = json.to_string();
    assert_eq!(text.matches("\"interactive\":true").count(), 2, "{text}");
    assert!(home.runs().is_empty() && !home.path("lines").exists());
}
