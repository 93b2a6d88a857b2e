//! Forecasts before an incident: by runs of one kind only, and without any by what the runbook expects.

use serde_json::Value;

use crate::support::Home;

/// Puts the recorded drill there so many times, each under a name of its own.
fn home_with(count: usize) -> Home {
    let home = Home::new();
    for nth in 0..count {
        for file in ["incident.jsonl", "runbook.md"] {
            let text = std::fs::read(format!("tests/fixtures/recording/{file}")).unwrap();
            home.write(&format!("state/lifeboat/runs/2026112{nth}T000000Z-aaaa/{file}"), text);
        }
    }
    home.write("region-failure.md", std::fs::read("tests/fixtures/recording/runbook.md").unwrap());
    home
}

#[test]
fn it_goes_by_runs_of_the_same_kind_and_says_what_it_leaves_out() {
    let home = home_with(3);
    let like = ["forecast", "region-failure.md", "--drill", "--speed", "60", "--unattended"];
    let said = home.run(&like);
    assert_eq!(said.code, Some(0), "{said:?}");
    for text in [
        "by 3 earlier runs of 2026-11-27, 3 of which restored the service",
        "in eight of ten cases",
        "critical path: step",
    ] {
        assert!(said.out.contains(text), "{text}\n{}", said.out);
    }
    let json: Value = serde_json::from_str(&home.run(&[&like[..], &["--format", "json"]].concat()).out).unwrap();
    assert_eq!(json["outlook"]["runs"], 3);
    let middle = json["outlook"]["middle_ms"].as_u64().unwrap();
    let rto = home.run(&["export", "20261120T000000Z-aaaa", "--format", "json"]).out;
    let facts: Value = serde_json::from_str(&rto).unwrap();
    let recovered = facts["facts"].as_array().unwrap().iter().find(|fact| fact["k"] == "recovered").unwrap();
    let took = recovered["rto_ms"].as_u64().unwrap();
    assert!(took.abs_diff(middle) < 300, "the same run three times: {took} and {middle}");
    for other in
        [&["forecast", "region-failure.md", "--drill", "--speed", "60"][..], &["forecast", "region-failure.md"]]
    {
        let said = home.run(other);
        assert!(said.out.contains("no earlier run of this kind"), "{}", said.out);
        assert!(
            said.out.contains("not used, since their times are others: 3 × drill at speed 60, unattended"),
            "{}",
            said.out
        );
        assert!(said.out.contains("service restored after") && !said.out.contains("chance to meet"), "{}", said.out);
    }
}

#[test]
fn without_any_run_it_says_what_the_runbook_expects() {
    let said = Home::new().run(&["forecast", "region-failure", "--drill"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("without a chance") && said.out.contains("critical path"), "{}", said.out);
    assert!(!said.out.contains("not used"), "{}", said.out);
}
