//! A run worked line by line, with a script that answers what is asked.

use std::time::Instant;

use crate::support::{Home, log, of_kind, processes_of};
use crate::talk::{PATIENCE, Talk};

const RUNBOOK: &str = r#"---
title: Lines
objectives: { rto: 30m }
inputs:
  WHICH: { choices: [one, two], description: Which one }
---
# Lines

### Ask

<!-- step: ask=WHICH -->

The text of the step.

- [ ] It was looked at

### Touch

```sh {name=touch confirm="touch ${WHICH}"}
printf '%s\n' "printed $WHICH"; touch "$WHICH"
```

### Way

Which way?

- [Fail](#fail) when it is to fail
- [Leave](#leave) when not

### Fail

```sh {name=fail impact=observe}
test -e absent
```

### Leave

- [ ] Left
"#;

#[test]
fn a_run_is_worked_line_by_line_with_the_rules_of_the_screens() {
    let home = Home::new();
    home.write("lines.md", RUNBOOK);
    let mut talk = Talk::begin(&home, &["run", "lines.md", "--plain", "--onset", "-1m"]);
    talk.wait("Step 1 of 5: Ask");
    talk.wait("The text of the step.");
    talk.wait("It asks for WHICH.");
    let enter = talk.number("enter value…");
    talk.type_in(&enter);
    talk.wait("One of 1 one, 2 two.");
    talk.type_in("three");
    talk.wait("three");
    talk.type_in("2");
    talk.wait("WHICH is `two` (entered by");
    let tick = talk.number("tick");
    talk.type_in(&tick);
    talk.wait("item 1 ticked");
    let done = talk.number("done…");
    talk.type_in(&done);
    talk.wait("Done by hand:");
    talk.type_in("looked");
    talk.wait("step ask done");
    // A number runs nothing that changes something: it asks.
    let run = talk.number("run…");
    talk.answer(&run, "To run it, type  touch two");
    talk.answer("touch tw", "That is not the phrase");
    assert!(!home.path("two").exists());
    talk.answer("y", "That is not the phrase");
    talk.answer("touch two", "confirmed by");
    talk.wait("step touch done");
    assert!(home.path("two").exists());
    talk.type_in("o");
    talk.wait("printed two");
    talk.type_in("t");
    talk.wait("RTO 1:");
    let note = talk.number("note…");
    talk.type_in(&note);
    talk.wait("Note:");
    talk.type_in("seen from here");
    talk.wait("note by tester");
    let choose = talk.number("choose…");
    talk.type_in(&choose);
    talk.wait("  1 Fail");
    talk.type_in("1 it is a test");
    talk.wait("step way decided by tester");
    // What only reads asks nothing.
    let run = talk.number("run");
    talk.answer(&run, "step fail FAILED");
    talk.wait("Choose what to do.");
    let skip = talk.number("skip…");
    talk.type_in(&skip);
    talk.wait("Skip the step:");
    talk.type_in("");
    talk.wait("A reason is needed");
    talk.type_in("on purpose");
    talk.wait("step fail SKIPPED by tester");
    let (code, said) = {
        talk.wait("verify: lifeboat log verify");
        talk.end()
    };
    assert_eq!(code, Some(0), "{}", said.join("\n"));
    let run = home.the_run();
    let facts = log(&run);
    assert_eq!(of_kind(&facts, "confirmed").len(), 1);
    assert_eq!(of_kind(&facts, "confirmed")[0]["how"], "typed");
    assert!(processes_of(&run).is_empty());
}

#[test]
fn the_end_of_the_input_leaves_the_run_which_is_taken_up_again() {
    let home = Home::new();
    home.write("lines.md", RUNBOOK);
    let mut talk = Talk::begin(&home, &["run", "lines.md", "--plain", "--onset", "-1m"]);
    talk.wait("It asks for WHICH.");
    let (code, said) = talk.end();
    assert_eq!(code, Some(0));
    assert!(said.last().unwrap().contains("the run goes on"), "{said:?}");
    let mut again = Talk::begin(&home, &["resume", "--plain"]);
    again.wait("It asks for WHICH.");
    assert_eq!(again.stop(), Some(11));
}

/// Does what a drill asks for, whatever it is, until it is over.
#[test]
fn a_drill_is_worked_wholly_by_lines() {
    let home = Home::new();
    let mut talk = Talk::begin(&home, &["drill", "instance-failure", "--plain", "--speed", "60", "--data", "modelled"]);
    let until = Instant::now() + PATIENCE;
    let mut numbers: Vec<(String, String)> = Vec::new();
    let mut phrase = None;
    let mut proposed = false;
    // The way that the runbook's own conditions speak for.
    let mut way = "1".to_owned();
    while let Some(line) = talk.next(until) {
        if line.contains("verify: lifeboat log verify") {
            break;
        }
        if let Some((_, typed)) = line.split_once("To run it, type  ") {
            phrase = Some(typed.to_owned());
        }
        match line.trim() {
            "Type y to run it, n to run nothing." => talk.type_in("y"),
            "A point alone runs nothing and goes back." => {
                talk.type_in(phrase.as_deref().unwrap_or("alone for the test"));
            }
            "A point alone goes back." => {
                let answer = format!("{way} done in a test");
                talk.type_in(if std::mem::take(&mut proposed) { "" } else { &answer });
            }
            text if text.contains("Answer again") => talk.type_in(phrase.as_deref().unwrap_or("y")),
            text if text.contains("press again") || text.contains("lines that were typed") => talk.type_in("?"),
            text if text.starts_with("t  clock") => {
                let wanted = [
                    "tick",
                    "run",
                    "run…",
                    "done…",
                    "choose…",
                    "retry",
                    "message sent",
                    "enter value…",
                    "seen",
                    "seen…",
                ];
                let found = wanted.iter().find_map(|hint| numbers.iter().find(|(_, said)| said == hint));
                if let Some((number, _)) = found {
                    talk.type_in(&number.clone());
                }
                numbers.clear();
            }
            text => {
                if let Some((number, hint)) = text.split_once("  ")
                    && number.parse::<u32>().is_ok()
                {
                    numbers.push((number.to_owned(), hint.to_owned()));
                }
                if text.contains("[its condition holds") {
                    way = text.split_whitespace().next().unwrap().to_owned();
                }
                proposed |= text.starts_with("Enter alone takes");
                if text.starts_with("CONFIRM") {
                    phrase = None;
                }
            }
        }
    }
    let (code, said) = talk.end();
    assert!(matches!(code, Some(0 | 10)), "{code:?}\n{}", said.join("\n"));
    let facts = log(&home.the_run());
    assert_eq!(of_kind(&facts, "recovered").len(), 1, "{}", said.join("\n"));
    for confirmed in of_kind(&facts, "confirmed") {
        assert!(matches!(confirmed["how"].as_str(), Some("typed" | "key")), "{confirmed}");
    }
}
