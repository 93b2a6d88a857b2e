//! A drill that does not say what is broken: the team finds the runbook, leaves a wrong one, and all of it is on the record.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::exercises::tick;
use crate::screens::Screen;
use crate::support::{Home, eventually, log, of_kind};
use crate::talk::Talk;

fn runbook(title: &str, scenario: &str) -> String {
    format!(
        "---\ntitle: {title}\nscenario: {scenario}\n---\n# {title}\n\n## First\n\n### Fence\n\n- [ ] It is fenced\n\n### Promote\n\n- [ ] It is promoted\n"
    )
}

/// The right runbook and a wrong one, by names that say nothing.
fn home() -> Home {
    let home = Home::new();
    home.write("runbooks/plan-a.md", runbook("Plan A", "az-failure"));
    home.write("runbooks/plan-b.md", runbook("Plan B", "instance-failure"));
    home
}

const DRILL: [&str; 7] = ["drill", "plan-b", "--blind", "--plain", "--data=modelled", "--speed=60", "--seed=3"];

/// Lists the runs, oldest first.
fn runs(home: &Home) -> Vec<PathBuf> {
    let mut runs = home.runs();
    let began = |run: &PathBuf| log(run).first().map(|line| line["t"].to_string());
    runs.sort_by_key(began);
    runs
}

fn blind(run: &Path) -> Value {
    let log = log(run);
    of_kind(&log, "exercise").into_iter().find(|line| line["what"] == "blind").unwrap().clone()
}

fn leave(team: &mut Talk) {
    let stop = team.number("stop…");
    team.answer(&stop, "Leave this runbook");
    team.answer("this is not it", "BLIND the drill goes on");
}

/// Neither its estate nor what it hid is left.
fn cleared(home: &Home) {
    eventually("the drill's folder is gone", || {
        std::fs::read_dir(home.path("state/lifeboat/blind")).unwrap().next().is_none()
    });
}

#[test]
fn a_team_finds_the_runbook_and_the_record_says_how() {
    let home = home();
    let mut team = Talk::begin(&home, &DRILL);
    team.wait("DRILL: something is broken. Choose the runbook.");
    team.wait("of their last");
    team.wait("Which runbook?");
    team.type_in("plan-z");
    team.wait("There is no runbook `plan-z`");
    team.type_in("plan-a");
    team.wait("this drill is blind: the log holds a digest of what is broken");
    let wrong = home.the_run();

    // Nothing that the team can see says what is broken.
    let text = std::fs::read_to_string(wrong.join("incident.jsonl")).unwrap();
    assert!(!text.contains("instance-failure"), "{text}");
    for arguments in [&["runs"][..], &["log", "show", wrong.to_str().unwrap()], &["report", wrong.to_str().unwrap()]] {
        let said = home.run(arguments);
        assert!(!said.out.contains("instance-failure") && !said.err.contains("instance-failure"), "{said:?}");
    }
    let commands = std::fs::read_dir("/proc").unwrap().flatten().filter_map(|process| {
        let environment = std::fs::read(process.path().join("environ")).ok()?;
        let own = String::from_utf8_lossy(&environment).contains(home.path("").to_str()?);
        own.then(|| {
            String::from_utf8_lossy(&std::fs::read(process.path().join("cmdline")).unwrap_or_default()).into_owned()
        })
    });
    let commands: Vec<String> = commands.collect();
    assert!(commands.len() >= 3, "screen, engine, estate: {commands:?}");
    for command in commands.iter().filter(|command| !command.contains("--blind\0")) {
        assert!(!command.contains("instance-failure") && !command.contains("plan-b"), "{command}");
    }

    // The wrong one is left, and the drill goes on from where it began.
    leave(&mut team);
    team.wait("verify: lifeboat log verify");
    team.wait("Left       plan-a");
    team.wait("Which runbook?");
    let said = home.run(&["log", "verify", wrong.to_str().unwrap()]);
    assert!(said.out.contains("  broken     NOT DISCLOSED") && said.code == Some(0), "{said:?}");
    team.type_in("plan-b");
    team.wait("this drill is blind");
    let [_, right] = runs(&home).try_into().unwrap();
    let (first, second) = (blind(&wrong), blind(&right));
    assert_eq!((&first["sha256"], &first["shown_at"]), (&second["sha256"], &second["shown_at"]));
    assert_eq!(first["before"], serde_json::json!([]));
    assert_eq!(second["before"][0]["scenario"], "az-failure");
    let onset = |run| {
        of_kind(&log(run), "moment-fixed")
            .iter()
            .find(|fact| fact["moment"] == "onset")
            .map(|fact| fact["occurred_at"].clone())
    };
    assert_eq!(onset(&wrong), onset(&right), "one clock runs from one onset");

    tick(&mut team);
    tick(&mut team);
    team.wait("CHOSE the right runbook ");
    team.wait("verify: lifeboat log verify");
    let (code, said) = team.end();
    assert_eq!(code, Some(0), "{}", said.join("\n"));
    let chose = said.iter().find(|line| line.contains("CHOSE the right runbook")).unwrap();
    assert!(
        chose.contains("after the onset, after ") && chose.contains("plan-a") && chose.contains("(WRONG, "),
        "{chose}"
    );
    assert!(chose.ends_with("broken was instance-failure"), "{chose}");
    for run in [&wrong, &right] {
        let verified = home.run(&["log", "verify", run.to_str().unwrap()]);
        assert_eq!(verified.code, Some(0), "{verified:?}");
        assert!(verified.out.contains("  broken     instance-failure, as it was at the start"), "{}", verified.out);
    }
    let report = home.run(&["report", right.to_str().unwrap()]);
    assert!(report.out.contains("Diagnosis: how the team came to this runbook"), "{}", report.out);
    assert!(report.out.contains("| this run | right |") && report.out.contains("| WRONG |"), "{}", report.out);
    cleared(&home);
}

#[test]
fn a_blind_drill_survives_its_engine_and_its_screen() {
    let home = home();
    let mut team = Talk::begin(&home, &DRILL);
    team.wait("Which runbook?");
    team.type_in("plan-a");
    team.wait("this drill is blind");
    let run = home.the_run();
    team.kill();
    let mut again = Talk::begin(&home, &["resume", "--plain"]);
    again.wait("this drill is blind");
    leave(&mut again);
    again.wait("Which runbook?");
    again.kill();
    // The run is over, and its drill is not: named, it leads back to the choice.
    let mut last = Talk::begin(&home, &["resume", run.to_str().unwrap(), "--plain"]);
    last.wait("Left       plan-a");
    last.wait("Which runbook?");
    last.type_in("end");
    last.wait("the drill is over: what was broken was instance-failure");
    let (code, said) = last.end();
    assert_eq!(code, Some(11), "{}", said.join("\n"));
    let verified = home.run(&["log", "verify", run.to_str().unwrap()]);
    assert!(verified.out.contains("  broken     instance-failure, as it was at the start"), "{}", verified.out);
    let report = home.run(&["report", run.to_str().unwrap()]);
    assert!(report.out.contains("| this run | WRONG |"), "{}", report.out);
    cleared(&home);
}

/// Is the name of the only blind drill.
fn drill(home: &Home) -> String {
    let mut folders = std::fs::read_dir(home.path("state/lifeboat/blind")).unwrap().flatten();
    folders.next().unwrap().file_name().into_string().unwrap()
}

#[test]
fn a_screen_that_is_lost_before_the_first_choice_is_come_back_to() {
    let home = home();
    let mut team = Talk::begin(&home, &DRILL);
    team.wait("Which runbook?");
    let name = drill(&home);
    // While somebody chooses nobody else does.
    assert!(!home.run(&["runs"]).out.contains(&name));
    let said = home.run(&["resume", &name, "--plain"]);
    assert!(said.code == Some(2) && said.err.contains("is being chosen on another screen"), "{said:?}");
    team.kill();
    let listed = home.run(&["runs"]).out;
    assert!(listed.contains("a blind drill whose runbook is to be chosen"), "{listed}");
    assert!(listed.contains(&format!("lifeboat resume {name} ")) && !listed.contains("instance-failure"), "{listed}");

    let mut again = Talk::begin(&home, &["resume", "--plain"]);
    again.wait("DRILL: something is broken. Choose the runbook.");
    again.wait("of their last");
    again.wait("Which runbook?");
    again.type_in("plan-b");
    again.wait("this drill is blind");
    tick(&mut again);
    tick(&mut again);
    again.wait("CHOSE the right runbook ");
    let (code, said) = again.end();
    assert_eq!(code, Some(0), "{}", said.join("\n"));
    cleared(&home);
    assert!(!home.run(&["runs"]).out.contains(&name));
}

#[test]
fn a_choice_whose_estate_is_gone_ends_the_drill_and_says_what_was_broken() {
    let home = home();
    let mut team = Talk::begin(&home, &DRILL);
    team.wait("Which runbook?");
    let name = drill(&home);
    team.kill();
    let estate = home.path("state/lifeboat/blind").join(&name).join("estate");
    let down = home.run(&["estate", "down", "--dir", estate.to_str().unwrap()]);
    assert_eq!(down.code, Some(0), "{down:?}");
    let listed = home.run(&["runs"]).out;
    assert!(listed.contains("a blind drill that nobody went on with; its estate is gone"), "{listed}");
    let said = home.run(&["resume", "--plain"]);
    assert_eq!(said.code, Some(11), "{said:?}");
    assert!(said.err.contains("the drill can't go on, so it ends here"), "{said:?}");
    assert!(said.out.contains("the drill is over: what was broken was instance-failure"), "{said:?}");
    assert!(said.out.contains("no runbook was opened: nothing was recorded"), "{said:?}");
    cleared(&home);
}

#[test]
fn a_facilitator_knows_and_tells_nobody() {
    let home = home();
    home.write(
        "runbooks/plan-b.injects.toml",
        "title = \"Secret\"\n[[inject]]\nname = \"a caller\"\non = \"step-settled:fence\"\nsees = \"The CEO asks.\"\n",
    );
    let mut team = Talk::begin(&home, &[&DRILL[..], &["--facilitate"]].concat());
    team.wait("Which runbook?");
    team.type_in("plan-a");
    team.wait("1 inject may come");
    let wrong = home.the_run();
    let mut eve = Talk::begin(&home, &["facilitate", "--plain", "--by", "eve"]);
    eve.wait("inject 1 a caller: in the right runbook");
    eve.wait("BLIND, the team chose the WRONG runbook");
    leave(&mut team);
    eve.wait("run ended by");
    eve.type_in("end");
    eve.wait("the blind drill goes on: the injects are disclosed when it is over");
    assert_eq!(eve.end().0, Some(0));
    team.wait("Which runbook?");
    assert!(!log(&wrong).iter().any(|line| line["what"] == "announced"), "nothing came in the wrong runbook");
    assert!(!wrong.join("addenda.jsonl").exists());

    team.type_in("plan-b");
    team.wait("1 inject may come");
    let mut eve = Talk::begin(&home, &["facilitate", "--plain", "--by", "eve"]);
    eve.wait("BLIND, the team chose the right runbook");
    tick(&mut team);
    team.wait("TOLD by eve (inject 1): The CEO asks.");
    tick(&mut team);
    team.wait("CHOSE the right runbook ");
    assert_eq!(team.end().0, Some(0));
    eve.wait("run ended by");
    eve.type_in("end");
    eve.wait("hot wash: lifeboat report");
    assert_eq!(eve.end().0, Some(0));
    let [_, right] = runs(&home).try_into().unwrap();
    let page = home.run(&["report", right.to_str().unwrap(), "--hot-wash"]);
    assert_eq!(page.code, Some(0), "{page:?}");
    assert!(page.out.contains("| diagnosis | the right runbook ") && page.out.contains("| WRONG |"), "{}", page.out);
    eventually("the drill is over, and the first injects can be disclosed", || {
        home.run(&["facilitate", wrong.to_str().unwrap(), "--plain"]).out.contains("are disclosed beside the run's log")
    });
}

#[test]
fn on_a_screen_one_key_ends_no_drill() {
    let home = home();
    let mut team = Screen::open(&home, &["drill", "plan-b", "--blind", "--data=modelled", "--speed=60"]);
    team.wait("Something is broken. Choose the runbook.");
    team.wait("of their last");
    team.press("/plan-a\r");
    team.wait("d opens plan-a");
    team.press("d");
    team.wait("▌DRILL▐ Plan A");
    team.press("S");
    team.wait("Leave this runbook");
    team.press("not it\r");
    team.wait("BLIND the drill goes on");
    team.press("q");
    team.wait("Left       plan-a");
    team.press("q");
    team.wait("End the drill?");
    team.press("q");
    team.wait("the drill is over: what was broken was instance-failure");
    assert_eq!(team.code(), 11);
    cleared(&home);
}

#[test]
fn a_drill_that_is_ended_from_the_list_says_there_what_was_broken() {
    let home = home();
    let team = Screen::open(&home, &["drill", "plan-b", "--blind", "--data=modelled", "--speed=60"]);
    team.wait("Something is broken. Choose the runbook.");
    team.kill();
    let mut list = Screen::open(&home, &[]);
    list.wait("1 run is not over");
    list.press("k");
    list.wait("enter go on with it");
    list.press("\r");
    list.wait("q end the drill");
    list.press("q");
    list.wait("End the drill?");
    list.press("q");
    list.wait("The drill is over: what was broken was instance-failure.");
    list.wait("q quit");
    assert!(!list.seen().contains("is not over"), "{}", list.seen());
    list.press("q");
    assert_eq!(list.code(), 0);
    cleared(&home);
}

#[test]
fn what_can_not_be_hidden_is_refused_with_the_reason() {
    let home = home();
    for (arguments, code, why) in [
        (&["drill", "plan-b", "--blind", "--unattended"][..], 2, "there is nobody who looks for it"),
        (&["drill", "--blind", "--plain", "--onset=-5m"], 2, "--onset would give it away"),
        (&["drill", "restore-drill", "--blind", "--plain"], 2, "nobody is alarmed of restore-drill"),
        (&["drill", "no-such", "--blind", "--plain"], 2, "there is no runbook `no-such`"),
        (&["drill", "--blind", "--facilitate=none.toml", "--plain"], 3, "none.toml can't be read"),
        (&["drill", "--plain"], 2, "required arguments"),
    ] {
        let said = home.run(arguments);
        assert!(said.code == Some(code) && said.err.contains(why), "{arguments:?}: {said:?}");
    }
    assert!(home.runs().is_empty() && !home.path("state/lifeboat/blind").exists());
}
