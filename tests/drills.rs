//! The disasters of the library drilled with nobody at the keyboard: recovered, on the record, true by the customers' own.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something is wrong"
)]

#[path = "cli/support.rs"]
#[expect(dead_code, reason = "the support of the command line's tests, of which drills need a part")]
mod support;

use std::process::Stdio;
use std::sync::LazyLock;

use serde_json::Value;
use support::{Home, Said, heard, log, of_kind, processes_of};

/// Is a drill, and what it has to show.
struct Case {
    runbook: &'static str,
    arguments: &'static [&'static str],
    /// The most orders that were acknowledged and may be missing afterwards.
    missing: u64,
    /// Actions without which the recovery would not be what the runbook promises.
    did: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case {
        runbook: "instance-failure",
        arguments: &["--seed", "1"],
        missing: 0,
        did: &["synthetic-order", "loss", "standby-back"],
    },
    Case {
        runbook: "accidental-deletion",
        arguments: &["--seed", "1"],
        missing: 30,
        did: &["primary-gone", "loss", "set-latch", "answers-west", "promote", "synthetic-order"],
    },
    // Without a replica the ranking leads to the retained backups. What was written since the last log was shipped is
    // lost: five minutes at most.
    Case {
        runbook: "accidental-deletion",
        arguments: &["--seed", "3", "--set", "REPLICA_ID=shop-db-nowhere"],
        missing: 3_100,
        did: &["loss-retained", "restore-retained", "restored-east", "settings-east", "east-writes", "synthetic-order"],
    },
    Case {
        runbook: "accidental-deletion",
        arguments: &["--seed", "4", "--inject", "accidental-deletion:objects"],
        missing: 30,
        did: &["promote", "remove-markers", "markers-left", "synthetic-order"],
    },
    Case {
        runbook: "accidental-deletion",
        arguments: &["--seed", "5", "--inject", "accidental-deletion:versions"],
        missing: 30,
        did: &["promote", "copy-back", "keys-back", "synthetic-order"],
    },
    Case {
        runbook: "region-failure",
        arguments: &["--seed", "2"],
        missing: 250,
        did: &["set-latch", "answers-west", "loss", "promote", "promoted", "synthetic-order", "orders-summary"],
    },
    // It begins when a failover is over, and loses nothing: what was written in the meantime comes home.
    Case {
        runbook: "region-failback",
        arguments: &["--seed", "1"],
        missing: 0,
        did: &[
            "latch-set",
            "nobody-in",
            "old-renamed",
            "east-replicates",
            "orders-refused",
            "east-equal",
            "promote",
            "loss",
            "unlatch",
            "answers-east",
            "synthetic-order",
            "west-replicates",
        ],
    },
    Case {
        runbook: "restore-drill",
        arguments: &["--seed", "1"],
        missing: 0,
        did: &["restored", "in-sync", "restored-is-whole", "retrieve", "retrieved", "removed", "production-untouched"],
    },
    Case {
        runbook: "az-failure",
        arguments: &["--seed", "1"],
        missing: 0,
        did: &["suspend", "start-shift", "shifted", "writes", "synthetic-order", "loss"],
    },
    // Orders that were written wrongly are not brought back, and come until the freeze, however slow the machine: the
    // figures below say that nothing else is missing.
    Case {
        runbook: "data-corruption",
        arguments: &["--seed", "1"],
        missing: 0,
        did: &[
            "rename-corrupt",
            "rename-candidate",
            "carry-over",
            "synthetic-order",
            "validate",
            "hardened",
            "replicating",
        ],
    },
];

struct Drilled {
    case: &'static Case,
    home: Home,
    said: Said,
    log: Vec<Value>,
    left: Vec<String>,
}

/// All at once: a drill is mostly waiting.
static DRILLS: LazyLock<Vec<Drilled>> = LazyLock::new(|| {
    let started: Vec<_> = CASES
        .iter()
        .map(|case| {
            let home = Home::new();
            let mut command = home.command(&["drill", case.runbook, "--unattended", "--speed", "60"]);
            command.args(case.arguments);
            let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            (case, home, child)
        })
        .collect();
    started
        .into_iter()
        .map(|(case, home, child)| {
            let said = heard(child);
            let run = home.the_run();
            Drilled { case, left: processes_of(&run), log: log(&run), home, said }
        })
        .collect()
});

#[test]
fn every_disaster_ends_recovered_within_its_objectives_and_leaves_nothing() {
    for Drilled { case, said, left, home, log, .. } in DRILLS.iter() {
        let name = case.runbook;
        assert_eq!(said.code, Some(0), "{name}: {said:?}");
        for sentence in ["RECOVERED since", "RTO   MET: ", "RPO   MET: ", "log   SEALED by practice@lifeboat"] {
            assert!(said.out.contains(sentence), "{name}: {sentence}: {}", said.out);
        }
        assert!(!said.out.contains("objects of the shop are still missing"), "{name}: {}", said.out);
        // Modelled data answer no `sql` fence, and the summary says so.
        let sql =
            said.out.lines().find(|line| line.starts_with("SQL ")).unwrap_or_else(|| panic!("{name}: {}", said.out));
        assert!(sql.starts_with("SQL   0 of ") && sql.contains(", 0 failed, "), "{name}: {sql}");
        for action in case.did {
            assert!(finished_well(log, action), "{name}: {action}: {}", said.out);
        }
        assert!(left.is_empty(), "{name}: {left:?}");
        assert!(!home.the_run().join("estate").exists(), "{name}");
    }
}

/// Tells whether the last attempt of an action ended well.
fn finished_well(log: &[Value], action: &str) -> bool {
    let last = |kind, member: &str, value: &Value| {
        of_kind(log, kind).into_iter().rev().find(|line| line[member] == *value).cloned()
    };
    let started = last("attempt-started", "action", &Value::from(action));
    let finished = started.and_then(|started| last("attempt-finished", "attempt", &started["attempt"]));
    finished.is_some_and(|line| line["verdict"]["verdict"] == "passed")
}

#[test]
fn every_log_verifies() {
    for Drilled { case, home, .. } in DRILLS.iter() {
        let run = home.the_run();
        let verified = home.run(&["log", "verify", run.to_str().unwrap()]);
        assert_eq!(
            (verified.code, verified.out.lines().next()),
            (Some(0), Some("SEALED by a practice key")),
            "{}: {verified:?}",
            case.runbook
        );
    }
}

/// The shop's own record against the database that survived.
#[test]
fn no_more_orders_are_missing_than_the_runbook_allows() {
    for Drilled { case, said, .. } in DRILLS.iter() {
        let seen = said.out.lines().find(|line| line.starts_with("SEEN")).unwrap_or_else(|| panic!("{}", said.out));
        let words: Vec<&str> = seen.split_whitespace().collect();
        let missing = words.iter().position(|word| *word == "acknowledged").unwrap() - 1;
        let missing: u64 = words[missing].parse().unwrap();
        assert!(missing <= case.missing + written_wrong(said), "{}: {seen}", case.runbook);
    }
}

/// Counts the missing orders that were written wrong: ten come a second, from the first wrong one to the freeze.
fn written_wrong(said: &Said) -> u64 {
    let of_line = |end: &str| {
        let line = said.out.lines().find_map(|line| Some(line.split_once(end)?.0));
        line.map(|line| line.split_whitespace().next_back().unwrap().to_owned())
    };
    let Some(wrong) = of_line(" of the missing orders were written wrong") else { return 0 };
    let exposed = said.out.split_once("exposed for ").unwrap().1.split_once(';').unwrap().0;
    let seconds = |exposed: &str| {
        let parts = exposed.trim_end_matches(" s").split(':').map(|part| part.parse::<f64>().unwrap());
        parts.fold(0.0, |sum, part| sum * 60.0 + part)
    };
    let wrong: u64 = wrong.parse().unwrap();
    assert!(wrong as f64 <= 10.0 * (seconds(exposed) + 1.0), "{wrong} in {exposed}");
    wrong
}

/// After a corruption no good order is gone and no wrong row is left, by what the estate knows and no runbook can see.
#[test]
fn a_corruption_leaves_nothing_wrong_and_discards_nothing_good() {
    let cost = |drilled: &Drilled| drilled.said.out.lines().find(|line| line.starts_with("COST")).map(str::to_owned);
    let costs: Vec<String> =
        DRILLS.iter().filter(|drilled| drilled.case.runbook == "data-corruption").filter_map(cost).collect();
    assert_eq!(costs.len(), 1, "{costs:?}");
    for sentence in
        ["restored to ", " before the first bad write", " 0 good orders discarded", " 0 wrong rows are left"]
    {
        assert!(costs[0].contains(sentence), "{sentence}: {costs:?}");
    }
}

/// Is a value that makes no sense: where the drill ends, what it says, and what it must not have begun.
struct Wrong {
    runbook: &'static str,
    set: String,
    says: &'static str,
    /// The action at which it ended; `None` where nothing began.
    ends_at: Option<&'static str>,
    not_begun: &'static str,
}

#[test]
fn values_that_make_no_sense_end_a_drill_before_they_hurt() {
    let tomorrow = (chrono::Utc::now() + chrono::Duration::days(1)).format("%FT%TZ").to_string();
    let wrong =
        |runbook, set: &str, says, ends_at, not_begun| Wrong { runbook, set: set.to_owned(), says, ends_at, not_begun };
    let restore = "restore-candidate";
    let cases = [
        wrong("data-corruption", "T_BAD=2026-11-22T10:00:00", "zone", None, restore),
        wrong("data-corruption", &format!("T_BAD={tomorrow}"), "step moment FAILED", Some("onset"), restore),
        wrong("data-corruption", "T_BAD=2001-01-01T00:00:00Z", "step window FAILED", Some("still-kept"), restore),
        wrong("restore-drill", &format!("POINT={tomorrow}"), "step point FAILED", Some("not-too-new"), "restore"),
        wrong("restore-drill", "POINT=2001-01-01T00:00:00Z", "step point FAILED", Some("not-too-old"), "restore"),
        wrong("region-failure", "REPLICA_ID=shop-db", "DBInstanceNotFound", Some("replica-available"), "promote"),
        wrong("region-failure", "REPLICA_ID=shop-db; --x", "REPLICA_ID", None, "promote"),
    ];
    let started = cases.map(|case| {
        let home = Home::new();
        let mut command = home.command(&["drill", case.runbook, "--unattended", "--speed", "60", "--set", &case.set]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        (case, home, child)
    });
    for (case, home, child) in started {
        let said = heard(child);
        let what = format!("{} {}: {said:?}", case.runbook, case.set);
        assert!(said.code.is_some_and(|code| code != 0), "{what}");
        assert!(said.out.contains(case.says) || said.err.contains(case.says), "{}: {what}", case.says);
        let runs = home.runs();
        let log: Vec<Value> = runs.iter().flat_map(|run| log(run)).collect();
        let began = |action: &str| of_kind(&log, "attempt-started").iter().any(|line| line["action"] == action);
        assert!(!began(case.not_begun), "{what}");
        if let Some(action) = case.ends_at {
            assert!(began(action) && !finished_well(&log, action), "{action}: {what}");
            let verified = home.run(&["log", "verify", runs[0].to_str().unwrap()]);
            assert_eq!(verified.code, Some(0), "{what}: {verified:?}");
        }
        for run in &runs {
            assert!(processes_of(run).is_empty() && !run.join("estate").exists(), "{what}");
        }
    }
}

/// The triage of an instance goes by the status alone, whatever it was that came.
#[test]
fn an_instance_gets_the_remedy_that_its_status_names() {
    let page = std::fs::read_to_string("runbooks/instance-failure.md").unwrap();
    // Nothing is broken at first: what comes is injected.
    let page = page.replace("scenario: instance-failure", "scenario: restore-drill");
    let cases = [
        ("storage-full", "1", "grow", "force-failover"),
        ("kms-disabled", "2", "start-with-key", "force-failover"),
        ("instance-failure:gray", "1", "force-failover", "grow"),
        ("instance-failure:crash", "1", "synthetic-order", "force-failover"),
        ("instance-failure:alone", "1", "reboot", "force-failover"),
    ];
    let started = cases.map(|case| {
        let home = Home::new();
        let path = home.write("triage.md", &page);
        // How the scenario's own instance fails can be said with the scenario.
        let book = if case.0.starts_with("instance-failure:") { "instance-failure" } else { path.to_str().unwrap() };
        let mut command = home.command(&["drill", book, "--unattended", "--speed", "60"]);
        command.args(["--inject", case.0, "--seed", case.1]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        (case, home, child)
    });
    for ((fault, _, remedy, other), home, child) in started {
        let said = heard(child);
        let log = log(&home.the_run());
        assert_eq!(said.code, Some(0), "{fault}: {said:?}");
        assert!(finished_well(&log, remedy) && finished_well(&log, "synthetic-order"), "{fault}: {}", said.out);
        assert!(!of_kind(&log, "attempt-started").iter().any(|line| line["action"] == other), "{fault}: {}", said.out);
        assert!(said.out.contains("; 0 acknowledged orders are missing"), "{fault}: {}", said.out);
    }
}
