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
    // What was written since the last log was shipped is lost: five minutes at most.
    Case {
        runbook: "accidental-deletion",
        arguments: &["--seed", "3", "--set", "SOURCE=restore-east"],
        missing: 3_100,
        did: &["loss-retained", "restore-retained", "restored-east", "east-writes", "synthetic-order"],
    },
    Case {
        runbook: "accidental-deletion",
        arguments: &["--seed", "4", "--set", "WHAT=both", "--inject", "accidental-deletion:objects"],
        missing: 30,
        did: &["promote", "remove-markers", "markers-left", "synthetic-order"],
    },
    Case {
        runbook: "az-failure",
        arguments: &["--seed", "1"],
        missing: 0,
        did: &["suspend", "start-shift", "shifted", "writes", "synthetic-order", "loss"],
    },
    // Orders that were written wrongly are not brought back: the figures below say that nothing else is missing.
    Case {
        runbook: "data-corruption",
        arguments: &["--seed", "1"],
        missing: 2_500,
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
        assert!(missing <= case.missing, "{}: {seen}", case.runbook);
    }
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
