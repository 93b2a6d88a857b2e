//! Dry runs: the whole plan said, nothing of it done.

use serde_json::Value;

use crate::support::Home;

const RUNBOOK: &str = r#"---
title: Small
objectives: { rto: 10m }
recovered_when: served
inputs:
  NAME: { default: one }
  HUSH: { secret: true, from: env }
  GONE: { description: what nobody gives }
---
# Small

### Touch

```sh {name=touch expected=2m undo=untouch undo-until=serve}
touch "$NAME-was-here"
```

#### Rollback

```sh {name=untouch}
rm "$NAME-was-here"
```

### Serve

<!-- step: id=serve -->

```sh {name=served impact=observe}
true
```
"#;

#[test]
fn a_plan_says_everything_and_does_nothing() {
    let home = Home::new();
    home.write("small.md", RUNBOOK);
    let said = home.run(&["plan", "small.md", "--set", "NAME=two", "--set", "GONE=x"]);
    // The secret is not in the environment: a run would not begin, and the plan says so besides.
    assert_eq!(said.code, Some(1), "{said:?}");
    for line in [
        "DRY RUN of a REAL RUN: Small. Nothing is executed, nothing is written.",
        "RTO 10:00, no RPO; recovered when served succeeds and holds for",
        "  NAME  two  (--set)",
        "  HUSH  -  (secret, from the environment, shown nowhere)",
        "  1 Touch · expected 2:00",
        "confirmed by typing  touch",
        "undone by untouch, until serve; then no more",
        "service restored after 2:00 at least: 1 of 2 actions don't say; 8:00 of RTO 10:00 are left for people",
        "critical path: step 1",
        "A RUN WOULD NOT BEGIN",
        "  HUSH is secret and is not in the environment; export it",
    ] {
        assert!(said.out.contains(line), "{line}\n{}", said.out);
    }
    let state = std::fs::read_dir(home.path("state"));
    assert!(state.is_err() && !home.path("two-was-here").exists(), "something was written");
}

#[test]
fn as_json_a_plan_has_every_action_with_how_it_is_confirmed() {
    let home = Home::new();
    let said = home.run(&["plan", "region-failure", "--format", "json"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let plan: Value = serde_json::from_str(&said.out).unwrap();
    let steps: Vec<&Value> = plan["plan"]["phases"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|phase| phase["steps"].as_array().unwrap())
        .collect();
    assert_eq!(steps.len(), 20);
    let actions = || steps.iter().flat_map(|step| step["actions"].as_array().unwrap());
    let grave = |action: &&Value| action["impact"] == "irreversible" && action["section"] == "main";
    let promote = actions().find(grave).unwrap();
    assert_eq!(promote["confirm"]["phrase"], "shop-db-west");
    assert_eq!(promote["target"]["region"], "us-west-2");
    for action in actions() {
        let asks = action["confirm"]["ask"].as_str();
        assert_eq!(action["impact"] != "observe", asks == Some("type"), "{action:#}");
    }
    assert_eq!(plan["problems"], serde_json::json!([]));
}

#[test]
fn what_cannot_run_has_no_plan() {
    let home = Home::new();
    home.write("bad.md", "# Bad\n\n```sh {impcat=observe}\ntrue\n```\n");
    assert_eq!(home.run(&["plan", "bad.md"]).code, Some(3));
    assert_eq!(home.run(&["plan", "nowhere"]).code, Some(2));
    assert_eq!(home.run(&["plan", "region-failure", "--profile", "prod"]).code, Some(2));
    assert_eq!(home.run(&["plan", "region-failure", "--set", "nonsense"]).code, Some(2));
}
