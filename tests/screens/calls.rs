//! Alarms and breaches: they shout on every screen until somebody acknowledges them, and call whoever looks away.

use std::sync::Arc;

use crate::support::{Screen, plan, screen, theme};
use lifeboat::engine::{Event, Intent, Mode};
use lifeboat::kernel::Stamp;
use lifeboat::runbook::Watching;
use lifeboat::ui::{LogHealth, Model, Msg};

/// Opens a drill in which the check of the replica goes on being looked at.
fn watched(columns: u16, rows: u16) -> Screen {
    let mut plan = plan();
    for action in plan.steps.iter_mut().flat_map(|step| &mut step.actions) {
        if action.name.as_str() == "check-replica" {
            action.watch = Watching::UntilTheEnd;
        }
    }
    let model = Model::run(
        Arc::new(plan),
        "/var/lib/lifeboat/runs/x",
        &theme(),
        Stamp { utc: chrono::DateTime::UNIX_EPOCH, mono: 0 },
    );
    Screen::of(model, columns, rows).opened(Mode::Drill).onset()
}

fn call(screen: &mut Screen) -> Option<String> {
    screen.model.take_call()
}

fn watch_fails(screen: Screen) -> Screen {
    screen.fact(Event::WatchFailed { action: "check-replica".into(), why: "it is gone".to_owned() })
}

#[test]
fn a_failing_watch_shouts_on_every_screen_until_it_is_acknowledged() {
    let covers = ["", "?", ":", "z", "v", "n", "^c"];
    for keys in covers {
        for (columns, rows) in [(80, 24), (60, 16), (30, 8)] {
            let mut covered = watched(columns, rows).first_steps();
            if !keys.is_empty() {
                covered = covered.keys(keys);
            }
            let before = covered.text();
            assert!(!before.contains("ALARM"), "{before}");
            let text = watch_fails(covered).wait(7).text();
            assert!(text.contains("ALARM check-replica does not"), "{keys} {columns}x{rows}: {text}");
        }
    }
    let shouts = watch_fails(watched(80, 24).first_steps());
    insta::assert_snapshot!("alarm_80x24", shouts.show());
    let seen = shouts.fact(Event::AlarmSeen { action: "check-replica".into(), note: None, by: "alice".to_owned() });
    assert!(!seen.text().contains("ALARM"), "{}", seen.text());
}

#[test]
fn the_key_that_acknowledges_works_from_the_help_and_the_timeline() {
    for keys in ["? a", "v a", "a"] {
        let mut asked = watch_fails(watched(80, 24).first_steps()).keys(keys);
        assert!(asked.text().contains("Alarm seen"), "{keys}: {}", asked.text());
        asked.outputs.clear();
        let mut said = asked.typed("known").keys("enter");
        assert_eq!(said.intents(), [Intent::SeeAlarm { action: "check-replica".into(), note: "known".to_owned() }]);
    }
}

#[test]
fn a_breach_shouts_until_it_is_acknowledged_which_is_a_note() {
    let over = |screen: Screen| {
        screen.wait(1_700).fact(Event::Breached {
            objective: "rto".to_owned(),
            limit_ms: 1_800_000,
            actual_ms: 1_800_000,
        })
    };
    let mut screen = over(screen(80, 24)).keys("v");
    assert!(screen.text().contains("RTO BREACHED: 30:00 of 30:00"), "{}", screen.text());
    screen.outputs.clear();
    let mut screen = screen.keys("a");
    let text = "seen: RTO BREACHED: 30:00 of 30:00".to_owned();
    assert_eq!(screen.intents(), [Intent::Note { text, occurred_at: None }]);
    assert!(!screen.text().contains("BREACHED: 30:00 of 30:00, "), "{}", screen.text());
}

#[test]
fn what_nobody_acknowledges_calls_again_and_old_news_do_not() {
    let mut shouts = watch_fails(watched(80, 24).first_steps());
    assert_eq!(call(&mut shouts).as_deref(), Some("Drill: ALARM: check-replica does not hold: it is gone"));
    assert_eq!(call(&mut shouts), None, "once");
    shouts = shouts.wait(30);
    assert_eq!(call(&mut shouts), None);
    shouts = shouts.wait(31);
    assert!(call(&mut shouts).is_some_and(|words| words.contains("ALARM check-replica does not hold")));
}

#[test]
fn the_clock_calls_when_it_turns() {
    let mut screen = screen(80, 24);
    let mut called = Vec::new();
    for _ in 0..32 {
        screen = screen.keys("l").wait(60);
        called.extend(call(&mut screen));
    }
    let turns = called.iter().filter(|words| words.contains("percent"));
    let percents: Vec<&str> = turns.map(|words| words.split(' ').nth(1).unwrap()).collect();
    assert_eq!(percents, ["50", "77", "90", "100"], "{called:?}");
}

#[test]
fn a_question_calls_whoever_has_not_pressed_a_key_for_a_while() {
    let asks = |screen: Screen| {
        let mut screen = screen.promotion();
        call(&mut screen);
        screen = screen.wait(1);
        call(&mut screen)
    };
    assert!(asks(screen(80, 24).keys("l")).is_some(), "the steps before took two minutes");
    let mut near = screen(80, 24).first_steps().keys("l");
    call(&mut near);
    let mut near = near.fact(Event::StepStarted { step: "promote".into() }).wait(1);
    assert_eq!(call(&mut near), None);
}

#[test]
fn a_log_that_cannot_be_written_calls() {
    let mut halted = screen(80, 24).said(Msg::Log(LogHealth::Halted));
    assert!(call(&mut halted).is_some_and(|words| words.contains("NOTHING IS RECORDED")));
}
