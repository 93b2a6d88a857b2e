//! The dry run at plans that have something of everything.

use super::*;
use crate::runbook::parse;

fn of(text: &str, mode: Mode, set: &[(&str, &str)]) -> DryRun {
    let parsed = parse("test.md", text.as_bytes());
    let errors: Vec<_> = parsed.errors().map(|problem| problem.message.clone()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let values = set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned(), InputSource::Set));
    let known = Known {
        mode,
        account: Some("012345678901".to_owned()),
        region: "us-west-2".to_owned(),
        by: "alice".to_owned(),
        values: values.collect(),
    };
    dry_run(&Arc::new(parsed.plan.unwrap()), &known)
}

fn action<'r>(run: &'r DryRun, name: &str) -> &'r ActionAhead {
    let actions = run.phases.iter().flat_map(|phase| &phase.steps).flat_map(|step| &step.actions);
    actions.into_iter().find(|action| action.name.as_str() == name).unwrap()
}

const VALUES: &str = r#"---
objectives: { rto: 30m }
inputs:
  DB: { default: shop-db }
  WANTED: { description: Which one }
  CLONE: { value: "${WANTED}-clone" }
  TAG: { value: "${DB}-tag" }
---
# Values

### Find

<!-- step: ask=WANTED -->

```sh {name=find impact=observe capture=FOUND}
echo "$DB"
```

### Promote

- [ ] ${DB} and ${FOUND} were looked at

#### Before

```sh {name=look impact=observe}
test -n "$FOUND"
```

```aws {name=promote}
aws rds promote-read-replica --db-instance-identifier ${FOUND} --backup-retention-period 14
```

```aws {name=tag when="${DB} == other" undo=untag undo-until=promote approvals="1; 2 if ${FOUND} == x"}
aws rds modify-db-instance --db-instance-identifier ${CLONE} --db-parameter-group-name ${TAG}
```

#### Rollback

```sh {name=untag}
echo "$CLONE"
```
"#;

#[test]
fn what_is_not_known_stays_a_name_and_says_where_it_comes_from() {
    let run = of(VALUES, Mode::Real, &[("DB", "shop-db")]);
    let promote = action(&run, "promote");
    assert_eq!(
        promote.command,
        "aws rds promote-read-replica --db-instance-identifier ${FOUND} --backup-retention-period 14"
    );
    assert_eq!(promote.impact, Impact::Irreversible);
    assert_eq!(promote.target.resource, "${FOUND}");
    assert_eq!(promote.confirm, Some(Ask::Type { phrase: "${FOUND}".to_owned() }));
    let origin = Origin::Captured { step: 1, action: "find".to_owned() };
    assert_eq!(promote.pending, [Pending { name: "FOUND".to_owned(), origin }]);
    let tag = action(&run, "tag");
    assert!(tag.command.contains("--db-parameter-group-name shop-db-tag"), "{}", tag.command);
    assert!(tag.command.contains("${CLONE}"), "{}", tag.command);
    assert_eq!(tag.when.as_ref().unwrap().holds, Holds::No);
    assert_eq!(tag.undo, [ActionName::new("untag")]);
    assert_eq!(tag.undo_until.as_deref(), Some("promote"));
    let rules = &tag.approvals.as_ref().unwrap().rules;
    assert_eq!(rules[1].when.as_ref().unwrap().holds, Holds::InTheRun);
    assert_eq!(run.phases[0].steps[1].checklist, ["shop-db and ${FOUND} were looked at"]);
    assert_eq!(action(&run, "find").confirm, None);
    assert_eq!(action(&run, "find").values["DB"], "shop-db");
    let origins: Vec<_> = run.inputs.iter().map(|input| (input.value.as_deref(), &input.origin)).collect();
    assert_eq!(origins[1], (None, &Origin::Asked { step: 1 }));
    assert_eq!(origins[2], (None, &Origin::WorkedOut { of: vec!["WANTED".to_owned()] }));
    assert_eq!(origins[3].0, Some("shop-db-tag"));
}

#[test]
fn a_drill_asks_for_a_key_where_a_real_run_asks_for_a_phrase() {
    let [real, drill] = [Mode::Real, Mode::Drill].map(|mode| of(VALUES, mode, &[("DB", "shop-db")]));
    assert!(matches!(action(&real, "tag").confirm, Some(Ask::Type { .. })));
    assert_eq!(action(&drill, "tag").confirm, Some(Ask::Key));
    assert!(matches!(action(&drill, "promote").confirm, Some(Ask::Type { .. })));
}

const COURSES: &str = r"---
objectives: { rto: 10m }
recovered_when: served
---
# Courses

### Which

Which way?

- [Restore](#restore) when the data are wrong
- [Promote](#promote) when the region is gone
- [Another one](other.md) when it is something else

### Restore

```sh {name=restore impact=observe expected=20m}
true
```

### Promote

<!-- step: parallel -->

```sh {name=promote impact=observe expected=2m}
true
```

### Scale

<!-- step: parallel id=scale -->

```sh {name=scale-up impact=observe expected=3m}
true
```

### Warm

<!-- step: parallel needs=scale -->

```sh {name=warm-up impact=observe expected=1m}
true
```

### Serve

```http {name=served expected=30s}
GET http://localhost/
```

```sh {name=after impact=observe}
true
```
";

#[test]
fn every_way_has_its_time_and_the_steps_that_it_hangs_on() {
    let run = of(COURSES, Mode::Real, &[]);
    let [restore, promote, other] = run.courses.as_slice() else { panic!("{:#?}", run.courses) };
    assert_eq!(restore.choices[0].label, "Restore");
    // 20 min of the restore, then the group of which scale and warm take longest.
    assert_eq!((promote.recovered_s, promote.whole_s), (Some(3 * 60 + 60 + 30), 270));
    assert_eq!(promote.critical, [4, 5, 6]);
    assert_eq!(promote.steps, [1, 3, 4, 5, 6]);
    assert_eq!((promote.known, promote.unknown), (4, 1));
    assert_eq!(restore.recovered_s.unwrap(), 20 * 60 + 270);
    assert_eq!(other.hands_over_to.as_deref(), Some("other.md"));
    assert_eq!((other.recovered_s, other.whole_s), (None, 0));
}

#[test]
fn a_dry_run_of_what_comes_with_lifeboat_knows_every_command() {
    for name in std::fs::read_dir("runbooks").unwrap() {
        let path = name.unwrap().path();
        let parsed = parse("x.md", &std::fs::read(&path).unwrap());
        let plan = Arc::new(parsed.plan.unwrap());
        let defaults = plan
            .meta
            .inputs
            .iter()
            .filter(|input| !plan.asks(&input.name))
            .filter_map(|input| Some((input.name.clone(), input.default.clone()?, InputSource::Default)));
        let known = Known {
            mode: Mode::Real,
            account: None,
            region: String::new(),
            by: "alice".to_owned(),
            values: defaults.collect(),
        };
        let run = dry_run(&plan, &known);
        let actions = run.phases.iter().flat_map(|phase| &phase.steps).flat_map(|step| &step.actions);
        for action in actions {
            // A connection's port is a number: one that only the run gives cannot be told before, and is named.
            let named = |why: &str| action.pending.iter().any(|value| why.contains(&format!("${{{}}}", value.name)));
            let told = action.unclear.as_deref().is_none_or(named);
            assert!(told, "{}: {}: {:?}", path.display(), action.name, action.unclear);
            assert!(!action.command.contains("@@"), "{}", action.command);
        }
        assert!(!run.courses.is_empty(), "{}", path.display());
    }
}
