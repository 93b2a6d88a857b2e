//! What a team sees that is not told what is broken: monitoring over the list of runbooks, and the choice.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use lifeboat::engine::{Blind as Chosen, Broken, Event, Exercise, Intent, Mode};
use lifeboat::kernel::{Stamp, sha256_hex};
use lifeboat::settings::theme::{Glyphs, built_in};
use lifeboat::ui::{
    Alarm, Blind, Entry, Finding, Going, Idle, Learnt, Model, Monitoring, Msg, Output, Played, Region, Verified, Worth,
};

use crate::support::{Screen, plan, screen, theme};

const SIZES: [(u16, u16); 4] = [(80, 24), (100, 30), (60, 16), (20, 5)];

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_342_800, 0).unwrap()
}

fn ago(seconds: i64) -> DateTime<Utc> {
    now() - TimeDelta::seconds(seconds)
}

fn monitoring() -> Monitoring {
    let alarm = |name: &str, state: &str, about: &str| Alarm {
        name: name.to_owned(),
        state: state.to_owned(),
        since: ago(20),
        about: Some(about.to_owned()),
    };
    let lag = alarm("shop-replica-lag", "OK", "The recovery region's database is minutes behind");
    let hosts = alarm("shop-unhealthy-hosts", "ALARM", "Machines of the shop fail");
    let region = |name: &str, alarms| Region { name: name.to_owned(), alarms };
    Monitoring {
        failed: 93,
        asked: 100,
        found: Some(Finding { since: ago(42), says: "the shop's monitoring: first failed request".to_owned() }),
        regions: vec![region("us-east-1", Some(vec![hosts])), region("us-west-2", Some(vec![lag]))],
    }
}

fn picker(columns: u16, rows: u16, theme: &lifeboat::settings::theme::Theme) -> Screen {
    let entry = |name: &str| Entry { name: name.to_owned(), ..Entry::default() };
    let entries = ["az-failure", "instance-failure", "region-failure"].map(entry).to_vec();
    let model = Model::picker(entries, theme, Stamp { utc: now(), mono: 0 })
        .blind(Blind::new(vec![("az-failure".to_owned(), Duration::from_secs(65))]));
    Screen::at(model, columns, rows, now())
}

fn seen(columns: u16, rows: u16) -> Screen {
    picker(columns, rows, &theme()).said(Msg::Learnt(Learnt::Monitoring(Ok(monitoring()))))
}

#[test]
fn alarms_stand_over_the_runbooks() {
    for (columns, rows) in SIZES {
        insta::assert_snapshot!(format!("blind_{columns}x{rows}"), seen(columns, rows).keys("down").show());
    }
    let mono = built_in("mono").unwrap().with_glyphs(Glyphs::Ascii);
    insta::assert_snapshot!("blind_ascii_80x24", picker(80, 24, &mono).show());
}

#[test]
fn a_region_that_is_silent_and_a_monitoring_that_is_are_said() {
    let mut lost = monitoring();
    lost.regions[0].alarms = None;
    lost.found = None;
    let text = picker(100, 30, &theme()).said(Msg::Learnt(Learnt::Monitoring(Ok(lost)))).text();
    assert!(
        text.contains("us-east-1  CloudWatch does not answer") && text.contains("Found      nothing yet"),
        "{text}"
    );
    let gone = Msg::Learnt(Learnt::Monitoring(Err("no practice estate stands in /x".to_owned())));
    let text = picker(100, 30, &theme()).said(gone).text();
    assert!(text.contains("the monitoring does not answer: no practice estate stands in /x"), "{text}");
}

#[test]
fn times_run_and_nothing_moves() {
    let text = seen(100, 30).wait(60).text();
    assert!(text.contains("first failed request, 1:42 ago"), "{text}");
    assert!(text.contains("Left       az-failure, after 1:05 in it"), "{text}");
}

#[test]
fn d_opens_what_is_selected_and_leaving_is_asked_for() {
    let mut opened = seen(80, 24).keys("down d");
    assert_eq!(std::mem::take(&mut opened.outputs), [Output::Drill("instance-failure".to_owned())]);
    let mut asked = seen(80, 24).keys("q");
    assert_eq!(asked.outputs, [], "one key ends no drill");
    assert!(asked.text().contains("End the drill?"), "{}", asked.text());
    asked = asked.keys("x q");
    assert_eq!(asked.outputs, [], "any other key stays");
    assert_eq!(asked.keys("q").outputs, [Output::Quit]);
    assert_eq!(seen(80, 24).keys("^c").outputs, []);
    assert_eq!(seen(80, 24).keys("^c ^c").outputs, [Output::Quit]);
}

#[test]
fn a_runbook_that_is_left_says_that_the_drill_goes_on() {
    let chosen = Chosen { sha256: sha256_hex(b""), shown_at: now(), chosen_at: now(), before: Vec::new() };
    let blind = Event::Exercise(Exercise::Blind(Box::new(chosen)));
    let mut left = Screen::new(80, 24, &theme()).opened(Mode::Drill).onset().fact(blind).keys("S");
    insta::assert_snapshot!("blind_leave_80x24", left.show());
    left.outputs.clear();
    let mut left = left.typed("it is the whole region").keys("enter");
    assert_eq!(left.intents(), [Intent::Stop { reason: "it is the whole region".to_owned() }]);
    let told = screen(80, 24).keys("S").text();
    assert!(told.contains("Stop the run for good"), "{told}");
}

#[test]
fn a_replay_says_how_the_team_came_to_the_runbook_as_the_live_summary_does() {
    let hidden = Broken { scenario: "az-failure".into(), faults: Vec::new() }.hidden("salt".into());
    let chosen = Chosen { sha256: hidden.digest(), shown_at: now(), chosen_at: now(), before: Vec::new() };
    let blind = Event::Exercise(Exercise::Blind(Box::new(chosen)));
    let (how, by) = ("finished".to_owned(), "alice".to_owned());
    let ended = Event::Ended { how, reason: None, by, machine_ms: 0, people_ms: 0, idle_ms: 0 };
    let stamp = Screen::new(80, 24, &theme()).stamp();
    let model = Model::replay(Arc::new(plan()), "/runs/7f3k/incident.jsonl", &theme(), stamp);
    let watched = Screen::of(model, 80, 24).opened(Mode::Drill).fact(blind).fact(ended);
    let said = |screen: &Screen| screen.text().lines().find(|line| line.contains("CHOSE")).unwrap().to_owned();
    assert!(said(&watched).contains("CHOSE this runbook 0:00 after the alarms"), "{}", watched.text());
    let verified = Verified { worth: Worth::Sound, words: "SEALED".into(), disclosed: vec![hidden] };
    let played = Played {
        going: Going::Ended,
        speed: 1,
        idle: Idle::Kept,
        from: 0,
        to: 1,
        fact: 3,
        facts: 3,
        marks: Arc::default(),
        reading: None,
        searching: false,
        awaiting: false,
        verdict: Some(verified),
        remarks: Vec::new(),
    };
    let watched = watched.said(Msg::Played(Box::new(played)));
    assert!(said(&watched).contains("CHOSE the WRONG runbook: region-failure, 0:00 after"), "{}", watched.text());
    assert!(watched.text().contains("log SEALED"), "{}", watched.text());
}
