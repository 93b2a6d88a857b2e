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
