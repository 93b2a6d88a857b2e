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
