//! What the screen shows and asks while several things run at once.

use std::sync::Arc;

use lifeboat::engine::{Ended, Input, InputSource, Intent, Mode, Outcome, Report, Streams, decide};
use lifeboat::runbook::parse;
use lifeboat::ui::Model;

use crate::support::{Screen, theme};

const RUNBOOK: &str = "---
objectives: { rto: 2h }
inputs:
  TIMES: { default: \"x\" }
---
# Bad data

## Restore

### Restore candidates
<!-- step: id=restore foreach=\"t in ${TIMES}\" until-any -->

```sh { name=restore impact=change }
restore --to candidate-$t_index --time $t
```

```aws { name=wait impact=change }
aws rds modify-db-instance --db-instance-identifier candidate-${t.index} --deletion-protection
```

### Freeze
<!-- step: id=freeze parallel -->

- [ ] Nothing is deployed

### Look
<!-- step: id=look parallel -->

```sh { name=look impact=observe }
look
```
";

/// Opens a drill of the runbook; the facts are those that the engine decides.
fn drill() -> Screen {
    let parsed = parse("data.md", RUNBOOK.as_bytes());
    let plan = Arc::new(parsed.plan.unwrap());
    let screen = Screen::new(80, 24, &theme());
    let model = Model::run(plan, "/var/lib/lifeboat/runs/20261122T102000Z-7f3k", &theme(), screen.stamp());
    let mut screen = Screen::of(model, 80, 24).opened(Mode::Drill).onset();
    screen = screen.fact(lifeboat::engine::Event::InputSet {
        name: "TIMES".into(),
        value: "03:13:59Z\n03:09:00Z\n02:14:00Z".into(),
        source: InputSource::Operator,
        by: None,
    });
    screen.outputs.clear();
    screen
}

fn wish(screen: Screen, intent: Intent) -> Screen {
    feed(screen, &Input::Operator { by: "alice".into(), intent })
}

fn feed(mut screen: Screen, input: &Input) -> Screen {
    let events = decide(screen.run(), input, screen.stamp()).unwrap();
    for event in events {
        screen = screen.fact(event);
    }
    screen
}

fn end(screen: Screen, attempt: &str, code: i32) -> Screen {
    let result = Ended {
        outcome: Outcome::Exited { code },
        stdout: String::new(),
        truncated: false,
        polls: 1,
        looked_at: screen.stamp().utc,
        poll_failure: None,
        took_ms: 5,
        streams: Streams::default(),
        aws: None,
    };
    feed(screen, &Input::Report(Report::Finished { attempt: attempt.into(), result: Box::new(result) }))
}

fn asked() -> Screen {
    wish(drill(), Intent::Run { step: "restore".into() }).wait(1)
}

fn running() -> Screen {
    wish(asked(), Intent::Confirm { prompt: 1, typed: None }).wait(5)
}

#[test]
fn one_question_for_all_items_shows_every_command() {
    insta::assert_snapshot!(asked().show());
}

#[test]
fn items_run_beside_each_other() {
    insta::assert_snapshot!(running().show());
}

#[test]
fn a_failed_item_is_the_one_that_the_keys_act_on() {
    let mut at = end(end(end(running(), "1.1", 7), "1.3", 7), "1.2", 7).wait(1);
    insta::assert_snapshot!(at.show());
    at = at.keys("s o l d enter");
    assert_eq!(at.intents(), [Intent::Skip { step: "restore[0]".into(), reason: "old".into() }]);
}

#[test]
fn parallel_steps_ask_one_after_the_other() {
    let mut at = end(running(), "1.2", 0).wait(1);
    at = wish(at, Intent::Confirm { prompt: 2, typed: None });
    at = end(at, "1.4", 0);
    insta::assert_snapshot!(at.wait(1).show());
}

const HOSTS: &str = "---
objectives: { rto: 2h }
inputs:
  HOSTS: { default: \"x\" }
---
# Caches

## Warm

### Warm the caches
<!-- step: id=warm foreach=\"h in ${HOSTS}\" concurrency=4 max-errors=1 -->

```sh { name=warm impact=observe expected=1m }
warm $h
```

### Purge the edge
<!-- step: id=purge -->

```sh { name=purge impact=observe }
purge
```
";

/// Opens a drill of the caches and runs the step of all hosts.
fn warming(columns: u16, rows: u16, hosts: &str) -> Screen {
    wish(opened(HOSTS, columns, rows, hosts), Intent::Run { step: "warm".into() })
}

fn opened(runbook: &str, columns: u16, rows: u16, hosts: &str) -> Screen {
    let plan = Arc::new(parse("caches.md", runbook.as_bytes()).plan.unwrap());
    let screen = Screen::new(columns, rows, &theme());
    let model = Model::run(plan, "/var/lib/lifeboat/runs/20261122T102000Z-7f3k", &theme(), screen.stamp());
    let mut screen = Screen::of(model, columns, rows).opened(Mode::Drill).onset();
    screen = screen.fact(lifeboat::engine::Event::InputSet {
        name: "HOSTS".into(),
        value: hosts.into(),
        source: InputSource::Operator,
        by: None,
    });
    screen.outputs.clear();
    screen
}

/// One host is done, one failed, one printed a while ago, one prints, two have not begun or just did.
fn warmed(columns: u16, rows: u16) -> Screen {
    let hosts = "cache-a\ncache-b\ncache-c\ncache-\u{1b}[2Jd.eu-west-1.compute.internal\ncache-e\ncache-f\ncache-g";
    let mut screen = warming(columns, rows, hosts).wait(3);
    screen = screen.output("1.1", "warmed 41,220 keys\n").output("1.2", "warmed 12 keys\n 71%\n\n");
    screen = end(screen.wait(8), "1.1", 0);
    screen = end(screen.wait(8).output("1.3", "refused\n"), "1.3", 7);
    screen
        .wait(50)
        .output("1.4", "connection to \u{1b}[31m10.2.4.7:6379\u{1b}[0m is \u{7}up, 漢字 of 4,096 sets are there\n")
}

#[test]
fn a_table_shows_state_time_what_is_usual_and_the_last_line() {
    for (columns, rows) in [(60, 16), (80, 24), (120, 40), (200, 50)] {
        insta::assert_snapshot!(format!("table_{columns}x{rows}"), warmed(columns, rows).show());
    }
}

#[test]
fn what_is_usual_is_what_earlier_runs_took_before_what_is_expected() {
    let shows = |screen: &Screen, row: &str| -> String {
        screen.text().lines().find(|line| line.contains(row)).unwrap().to_owned()
    };
    let mut screen = warmed(80, 24);
    assert!(shows(&screen, "cache-b").contains("1:09 !  exp 1:00"), "{}", screen.text());
    let mut history = lifeboat::engine::History::default();
    for (first, second) in [(20, 60), (30, 90)] {
        let mut before = warming(80, 24, "cache-a\ncache-b").wait(first);
        before = end(before, "1.1", 0).wait(second - first);
        history.add(past(&end(before, "1.2", 0)));
    }
    let usual = history.usual(&screen.run().plan);
    screen = screen.said(lifeboat::ui::Msg::Usual(Arc::new(usual)));
    assert!(shows(&screen, "cache-a").contains("0:11        0:25"), "its own two times: {}", screen.text());
    assert!(shows(&screen, "cache-b").contains("1:09        1:15"), "not longer than ever: {}", screen.text());
    assert!(shows(&screen, "cache-e").contains("0:45"), "a new one as any other: {}", screen.text());
    screen = screen.wait(22);
    assert!(shows(&screen, "cache-b").contains("1:31 !      1:15"), "longer than ever: {}", screen.text());
}

/// What a run teaches, from the facts that its screen was told.
fn past(screen: &Screen) -> lifeboat::engine::Past {
    let mut followed = lifeboat::engine::Followed::new(screen.run().plan.clone());
    for fact in &screen.facts {
        followed.learn(fact).unwrap();
    }
    followed.past()
}

#[test]
fn the_rows_of_two_hundred_items_are_reached_by_the_arrows_and_show_their_output() {
    let hosts: Vec<String> = (0..200).map(|host| format!("host-{host:03}")).collect();
    let mut screen = warming(80, 24, &hosts.join("\n"));
    for attempt in 1..=40_u32 {
        screen = screen.output(&format!("1.{attempt}"), &format!("line of {attempt}\n")).wait(1);
        screen = end(screen, &format!("1.{attempt}"), 0);
    }
    let text = screen.text();
    assert!(text.contains("1 Warm the caches: 200 items, 1 may fail"), "{text}");
    assert!(text.contains("40 of 200 settled, 4 running"), "{text}");
    assert!(text.contains("of 200 ┘") && text.contains("host-040"), "follows what runs: {text}");
    // From the output the next pane is the table.
    screen = screen.keys("tab");
    screen = screen.keys("g");
    let text = screen.text();
    assert!(text.contains("› ✓ host-000"), "{text}");
    assert!(text.contains("line of 1") && text.contains("Output of 1.1"), "its last line is kept: {text}");
    screen = screen.keys("G");
    let text = screen.text();
    assert!(text.contains("› ▷ host-199") && text.contains("194-200 of 200"), "{text}");
    screen = screen.keys("up esc");
    assert!(screen.text().contains("› ▶ host-040"), "follows again: {}", screen.text());
}

#[test]
fn the_keys_act_on_the_item_that_is_looked_at() {
    let mut screen = warmed(120, 40);
    screen = screen.keys("tab g down i");
    assert_eq!(screen.intents(), [Intent::Interrupt { attempt: "1.2".into(), force: false }]);
    screen = screen.keys("down");
    assert!(screen.text().contains("1 Warm the caches [cache-c] FAILED"), "{}", screen.text());
    screen = screen.keys("r");
    assert_eq!(screen.intents(), [Intent::Retry { step: "warm[2]".into() }]);
}

#[test]
fn an_item_can_not_leave_its_step_and_that_is_said() {
    let at = end(end(end(running(), "1.1", 7), "1.3", 7), "1.2", 7).wait(1).keys("J");
    assert!(at.text().contains("Not out of one item: skip it or mark it done, then jump."), "{}", at.text());
    assert!(at.text().contains("J  jump…        Not out of one item: skip it"), "{}", at.text());
}

#[test]
fn parallel_steps_share_a_table_with_their_items() {
    let mut at = end(running(), "1.2", 0).wait(1);
    at = wish(at, Intent::Confirm { prompt: 2, typed: None });
    at = end(at, "1.4", 0);
    at = wish(at, Intent::Run { step: "look".into() }).output("1.1", "late\n").output("3.1", "seen 3 of 4\n");
    for (columns, rows) in [(60, 16), (120, 40)] {
        at = at.resized(columns, rows);
        insta::assert_snapshot!(format!("parallel_{columns}x{rows}"), at.show());
    }
}

#[test]
fn a_failure_that_may_be_does_not_ask_while_the_others_go_on() {
    let at = end(warming(80, 24, "cache-a\ncache-b\ncache-c"), "1.1", 7).wait(1);
    let text = at.text();
    assert!(text.contains("Running 1 Warm the caches [cache-b]. Nothing needed from you."), "{text}");
    assert!(text.contains("✗ cache-a FAILED") && text.contains("2 running, 1 FAILED"), "{text}");
    let text = end(at, "1.2", 7).wait(1).text();
    assert!(text.contains("1 Warm the caches [cache-a] FAILED"), "one more is asked about: {text}");
}

#[test]
fn what_comes_then_is_what_has_not_begun() {
    let parallel = HOSTS
        .replace("id=warm foreach=\"h in ${HOSTS}\" concurrency=4 max-errors=1", "id=warm parallel")
        .replace("id=purge", "id=purge parallel");
    let mut at = opened(&parallel, 80, 24, "x");
    at = wish(at, Intent::Run { step: "warm".into() });
    at = wish(at, Intent::Run { step: "purge".into() });
    let text = end(at, "2.1", 0).wait(1).text();
    assert!(text.contains("Running 1 Warm the caches. Nothing needed from you.") && !text.contains("Then"), "{text}");
}
