//! A drill with a facilitator in a second terminal: injects by trigger and by hand, a pause, both logs, the hot wash.

use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::{Home, eventually, log, of_kind};
use crate::talk::Talk;

const RUNBOOK: &str = r"---
title: Exercise
scenario: restore-drill
---
# Exercise

## Fence the old side

### Fence

- [ ] It is fenced

### Promote

- [ ] It is promoted
";

const INJECTS: &str = r#"
title = "Two surprises"

[[inject]]
name = "a caller"
on = "step-settled:fence"
sees = "The CEO asks when it is over."

[[inject.expects]]
what = "Somebody answers"
within = "1h"
met_by = "fact:note-added"

[[inject]]
name = "throttled"
does = "throttling"

[[inject.expects]]
what = "They wait"
"#;

fn exercises(home: &Home) -> Vec<Value> {
    let log = log(&home.the_run());
    of_kind(&log, "exercise").into_iter().cloned().collect()
}

fn own(home: &Home) -> std::path::PathBuf {
    let run = home.the_run().file_name().unwrap().to_str().unwrap().to_owned();
    home.path(&format!("state/lifeboat/facilitated/{run}-facilitator"))
}

/// Does everything under a step that is ticked.
pub(crate) fn tick(team: &mut Talk) {
    let tick = team.number("tick");
    team.answer(&tick, "ticked by");
    let done = team.number("done…");
    team.answer(&done, "Done by hand");
    team.answer("", "done (");
}

/// Begins a drill that somebody may facilitate.
fn drill() -> (Home, Talk) {
    let home = Home::new();
    home.write("mine.md", RUNBOOK);
    home.write("mine.injects.toml", INJECTS);
    let mut team = Talk::begin(&home, &["drill", "mine.md", "--facilitate", "--plain", "--data", "modelled"]);
    team.wait("2 injects may come");
    (home, team)
}

#[test]
fn a_facilitator_surprises_the_team_and_nothing_is_read_early_or_changed_late() {
    let (home, mut team) = drill();
    let run = home.the_run();

    // Neither the run's log nor what the team is told says what comes.
    let text = std::fs::read_to_string(run.join("incident.jsonl")).unwrap();
    assert!(!text.contains("CEO") && !text.contains("throttl") && !text.contains("surprises"), "{text}");
    let committed = exercises(&home).remove(0);
    assert_eq!(committed["injects"].as_array().unwrap().len(), 2, "{committed}");
    assert_eq!(committed["injects"][0].as_object().unwrap().len(), 2, "number and digest only: {committed}");
    let mode = |path: &Path| std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).unwrap().permissions());
    assert_eq!((mode(&own(&home)) & 0o777, mode(&own(&home).join("incident.jsonl")) & 0o777), (0o700, 0o600));

    let mut eve = Talk::begin(&home, &["facilitate", "--plain", "--by", "eve"]);
    eve.wait("inject 1 a caller: on step-settled:fence");
    team.wait("eve came to facilitate");
    eve.type_in("met 1.1");
    eve.wait("REFUSED: inject 1 has not come");
    eve.type_in("fyre 1");
    eve.wait("did you mean `fire`?");

    // By its trigger, without anybody's help.
    tick(&mut team);
    team.wait("TOLD by eve (inject 1): The CEO asks when it is over.");
    eve.wait("inject 1 a caller: came");
    let note = team.number("note…");
    team.answer(&note, "Note");
    team.answer("the commander answered", "note by");
    eve.wait("expected 1.1 Somebody answers: MET");

    // By hand, once, and it reaches the estate.
    eve.type_in("fire 2");
    eve.wait("The estate does what inject 2 says.");
    eve.type_in("fire 2");
    eve.wait("none comes twice");
    eve.type_in("late 2.1 they tried twice first");
    eve.wait("expected 2.1 They wait: LATE");

    // A pause holds the team up, never silently.
    eve.type_in("pause the wrong account is on the screen");
    team.wait("EXERCISE PAUSED by eve: the wrong account is on the screen");
    eve.type_in("go");
    team.wait("the exercise goes on (by eve)");
    eve.type_in("score communication 4 clear roles");
    eve.type_in("note nobody wrote down who decides");

    tick(&mut team);
    eve.wait("run ended by");
    team.wait("verify: lifeboat log verify");
    let (code, said) = team.end();
    assert_eq!(code, Some(0), "{}", said.join("\n"));
    assert!(said.iter().any(|line| line.contains("INTERRUPTED: the exercise was paused once")), "{}", said.join("\n"));
    eve.type_in("end");
    eve.wait("hot wash: lifeboat report");
    let (code, said) = eve.end();
    assert_eq!(code, Some(0), "{}", said.join("\n"));
    assert!(
        said.iter().any(|line| line == "the injects are disclosed beside the run's log, with their salts"),
        "{said:?}"
    );

    // Both logs verify, and the page joins them.
    for folder in [&run, &own(&home)] {
        let verified = home.run(&["log", "verify", folder.to_str().unwrap()]);
        assert_eq!(verified.code, Some(0), "{verified:?}");
        assert!(verified.out.starts_with("SEALED"), "{}", verified.out);
    }
    let verified = home.run(&["log", "verify", run.to_str().unwrap()]);
    assert!(verified.out.contains("  injects    2 of 2 are what they were at the start"), "{}", verified.out);
    let page = home.run(&["report", run.to_str().unwrap(), "--hot-wash"]);
    assert_eq!(page.code, Some(0), "{page:?}");
    for words in [
        "# Hot wash: Exercise",
        "| 1 | a caller; on step-settled:fence | as it was at the start | at ",
        "inject 2 fired by hand (by eve): throttled (the estate: throttling)",
        "| 2.1 | They wait | no limit | LATE |",
        "| communication | 4 of 5 points: clear roles (eve) |",
        "| note by eve | nobody wrote down who decides | nobody yet |",
        "What do we change first?",
    ] {
        assert!(page.out.contains(words), "`{words}` is not in {}", page.out);
    }
    let again = home.run(&["facilitate", run.to_str().unwrap(), "--plain"]);
    assert!(again.out.contains("disclosed already"), "{again:?}");

    // As one file, and as a page: both logs, also where only the pack is.
    let packed = home.run(&["runs", "export", run.to_str().unwrap(), "--out", "run.tar"]);
    assert!(packed.out.contains("its facilitator's log is in it"), "{packed:?}");
    std::fs::rename(home.path("state/lifeboat/facilitated"), home.path("elsewhere")).unwrap();
    let alone = home.run(&["report", run.to_str().unwrap(), "--hot-wash"]);
    assert!(alone.out.contains("not at hand"), "{}", alone.out);
    let page = home.run(&["report", "run.tar", "--hot-wash", "--format", "html"]);
    assert_eq!(page.code, Some(0), "{page:?}");
    for words in
        ["<p class=\"kicker\">Hot wash</p>", "note by eve: nobody wrote down who decides", "id=\"facilitator\""]
    {
        assert!(page.out.contains(words), "`{words}` is not in {}", page.out);
    }
    assert!(page.out.starts_with("<!DOCTYPE html>") && page.out.trim_end().ends_with("</html>"));
    std::fs::rename(home.path("elsewhere"), home.path("state/lifeboat/facilitated")).unwrap();

    // Whoever changes what was disclosed is found out.
    let addenda = run.join("addenda.jsonl");
    let text = std::fs::read_to_string(&addenda).unwrap();
    std::fs::write(&addenda, text.replace("CEO", "CFO")).unwrap();
    let verified = home.run(&["log", "verify", run.to_str().unwrap()]);
    assert_ne!(verified.code, Some(0), "{verified:?}");
}

#[test]
fn engine_and_both_screens_are_killed_and_no_inject_comes_twice() {
    let (home, mut team) = drill();
    let mut eve = Talk::begin(&home, &["facilitate", "--plain", "--by", "eve"]);
    eve.wait("inject 1 a caller: on step-settled:fence");
    tick(&mut team);
    team.wait("TOLD by eve (inject 1): The CEO asks when it is over.");
    eve.wait("inject 1 a caller: came");
    let run = home.the_run();
    let engine = log(&run)[0]["pid"].as_i64().unwrap();
    kill_process(Pid::from_raw(i32::try_from(engine).unwrap()).unwrap(), Signal::KILL).unwrap();
    team.kill();
    eve.kill();
    let verified = home.run(&["log", "verify", run.to_str().unwrap()]);
    assert!(verified.out.contains("1: NOT DISCLOSED"), "nothing is read early: {}", verified.out);

    let mut team = Talk::begin(&home, &["resume", "--plain"]);
    team.wait("TAKEN UP AGAIN");
    let mut eve = Talk::begin(&home, &["facilitate", "--plain", "--by", "eve"]);
    eve.wait("inject 1 a caller: came");
    eve.wait("TAKEN UP AGAIN");
    eve.type_in("fire 1");
    eve.wait("none comes twice");
    eve.type_in("fire 2");
    eve.wait("The estate does what inject 2 says.");
    tick(&mut team);
    eve.wait("run ended by");
    assert_eq!(team.end().0, Some(0));
    eve.type_in("end");
    eve.wait("hot wash: lifeboat report");
    assert_eq!(eve.end().0, Some(0));
    let announced = exercises(&home).iter().filter(|line| line["what"] == "announced" && line["inject"] == 1).count();
    let fired = log(&own(&home)).iter().filter(|line| line["what"] == "fired").count();
    assert_eq!((announced, fired), (1, 2));
    for folder in [&run, &own(&home)] {
        let verified = home.run(&["log", "verify", folder.to_str().unwrap()]);
        assert!(verified.code == Some(0) && verified.out.starts_with("SEALED"), "{verified:?}");
    }
}

#[test]
fn a_facilitator_is_told_that_their_log_goes_on_in_another_file() {
    let (home, mut team) = drill();
    let mut eve = Talk::begin(&home, &["facilitate", "--plain", "--by", "eve"]);
    eve.wait("eve came to facilitate");
    // Somebody else writes into it.
    let own = own(&home);
    let mut log = std::fs::File::options().append(true).open(own.join("incident.jsonl")).unwrap();
    std::io::Write::write_all(&mut log, b"x").unwrap();
    eve.type_in("note seen after that");
    let second = own.join("incident.2.jsonl");
    eve.wait(&format!("YOUR LOG could not be written in its place: it goes on in {}.", second.display()));
    assert!(std::fs::read_to_string(&second).unwrap().contains("seen after that"));
    // Whoever sits down there later is told as well.
    eve.kill();
    let mut bob = Talk::begin(&home, &["facilitate", "--plain", "--by", "bob"]);
    bob.wait("it goes on in ");
    bob.kill();
    tick(&mut team);
    tick(&mut team);
    assert_eq!(team.end().0, Some(0));
}

#[test]
fn a_log_that_can_not_be_written_keeps_what_was_seen_and_no_inject_comes_until_it_can() {
    let (home, mut team) = drill();
    let mut eve = Talk::begin(&home, &["facilitate", "--plain", "--by", "eve"]);
    eve.wait("inject 1 a caller: on step-settled:fence");
    eve.wait("eve came to facilitate");

    // Somebody else writes into it, and its folder, where it could go on, is gone.
    let own = own(&home);
    let mut log = std::fs::File::options().append(true).open(own.join("incident.jsonl")).unwrap();
    std::io::Write::write_all(&mut log, b"x").unwrap();
    std::fs::rename(&own, home.path("elsewhere")).unwrap();
    eve.type_in("note the first that is seen");
    eve.wait("the drill goes on. It is tried again every few seconds. One entry of yours is kept until then.");
    eve.type_in("fire 2");
    eve.wait("REFUSED: inject 2 does not come: the facilitator's log can't be written");
    eve.type_in("end");
    eve.wait("REFUSED: the exercise is not ended");
    tick(&mut team);

    // It can be written again: first what was kept, then what was due meanwhile.
    std::fs::rename(home.path("elsewhere"), &own).unwrap();
    eve.wait("The facilitator's log is written again, with what was kept for it.");
    team.wait("TOLD by eve (inject 1): The CEO asks when it is over.");
    // It may go on in another file, and all of it is read.
    let noted = || {
        let parts = ["incident.jsonl", "incident.2.jsonl"].map(|part| std::fs::read_to_string(own.join(part)));
        parts.iter().flatten().map(|text| text.matches("the first that is seen").count()).sum::<usize>()
    };
    assert_eq!(noted(), 1);
    eve.type_in("fire 2");
    eve.wait("The estate does what inject 2 says.");
    tick(&mut team);
    eve.wait("run ended by");
    assert_eq!(team.end().0, Some(0));
    eve.type_in("end");
    eve.wait("hot wash: lifeboat report");
    assert_eq!(eve.end().0, Some(0));
    let verified = home.run(&["log", "verify", own.to_str().unwrap()]);
    assert!(verified.code == Some(0) && verified.out.starts_with("SEALED"), "{verified:?}");
    assert_eq!(noted(), 1);
    let page = home.run(&["report", home.the_run().to_str().unwrap(), "--hot-wash"]);
    for words in ["the first that is seen", "inject 1 fired", "inject 2 fired by hand (by eve): throttled"] {
        assert!(page.out.contains(words), "`{words}` is not in {}", page.out);
    }
}

#[test]
fn a_drill_needs_no_facilitator_and_real_runs_have_none() {
    let (home, mut team) = drill();
    // Somebody came, and went without a word.
    let mut eve = Talk::begin(&home, &["facilitate", "--plain", "--by", "eve"]);
    eve.wait("inject 1 a caller");
    eve.type_in("pause smoke");
    team.wait("EXERCISE PAUSED by eve: smoke");
    eve.kill();
    let go_on = team.number("go on after the pause");
    team.answer(&go_on, "the exercise goes on (by tester");
    tick(&mut team);
    tick(&mut team);
    team.wait("verify: lifeboat log verify");
    let (code, said) = team.end();
    assert_eq!(code, Some(0), "{}", said.join("\n"));
    // Whoever comes later ends it.
    let run = home.the_run();
    eventually("the killed facilitator is gone", || {
        let mut late = Talk::begin(&home, &["facilitate", run.to_str().unwrap(), "--plain", "--by", "carol"]);
        late.type_in("end");
        late.end().1.iter().any(|line| line.starts_with("hot wash:"))
    });
    let page = home.run(&["report", run.to_str().unwrap(), "--hot-wash"]);
    assert!(
        page.out.contains("| 1 | a caller; on step-settled:fence | as it was at the start | never used |"),
        "{}",
        page.out
    );

    let real = home.run(&["run", "mine.md", "--unattended"]);
    assert_eq!(real.code, Some(13), "{real:?}");
    let real = home.runs().into_iter().find(|folder| *folder != run).unwrap();
    let refused = home.run(&["facilitate", real.to_str().unwrap(), "--plain"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.err.contains("is a real run: nobody facilitates it"), "{}", refused.err);
}

#[test]
fn a_list_that_is_wrong_is_wrong_before_the_drill_begins() {
    let home = Home::new();
    home.write("mine.md", RUNBOOK);
    home.write("mine.injects.toml", "[[inject]]\nname = \"a\"\non = \"step-begun:fense\"\nsees = \"b\"\n");
    let said = home.run(&["drill", "mine.md", "--facilitate", "--plain"]);
    assert_eq!(said.code, Some(3), "{said:?}");
    assert!(said.err.contains("mine.injects.toml:3:6") && said.err.contains("did you mean `fence`?"), "{}", said.err);
    assert!(home.runs().is_empty());
    let said = home.run(&["drill", "mine.md", "--facilitate=none.toml", "--plain"]);
    assert!(said.err.contains("the list of injects none.toml can't be read"), "{}", said.err);
    let said = home.run(&["drill", "mine.md", "--facilitate", "--unattended"]);
    assert_eq!(said.code, Some(2), "nobody would be there to be surprised: {said:?}");
}
