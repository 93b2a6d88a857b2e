//! After a failure: the command is edited in place or in the operator's editor, the run goes on at another step, and each
//! choice says when service would be back.

use crate::support::{Screen, screen};
use lifeboat::engine::Intent;
use lifeboat::ui::{Msg, Output};

fn failed(columns: u16, rows: u16) -> Screen {
    screen(columns, rows).checking().wait(4).failed("2.1", "check", "refused")
}

#[test]
fn each_choice_says_when_service_would_be_back() {
    let text = failed(100, 30).text();
    let of = |what: &str| text.lines().find(|line| line.contains(what)).unwrap_or_default().to_owned();
    // Two minutes are expected of each of four actions.
    assert!(of("Run the failed action again").contains("→ 12:15"), "{text}");
    assert!(of("Leave the step out").contains("→ 10:15"), "{text}");
    assert!(of("edit…").contains("Edit the failed command") && of("jump…").contains("another step"), "{text}");
}

#[test]
fn a_command_is_edited_in_place_and_sent_as_it_stands_then() {
    let mut screen = failed(100, 30).keys("e");
    assert!(screen.text().contains("aws rds describe-db-instances"), "{}", screen.text());
    screen.outputs.clear();
    let mut screen = screen.typed(" --region us-west-2").keys("enter");
    let command = "aws rds describe-db-instances --db-instance-identifier shop-db-west --region us-west-2".to_owned();
    assert_eq!(screen.intents(), [Intent::Edit { step: "check".into(), command }]);
}

#[test]
fn the_editor_gets_the_command_and_gives_back_one_line_or_many() {
    let mut screen = failed(100, 30).keys("e");
    screen.outputs.clear();
    let mut screen = screen.keys("^o");
    let before = "aws rds describe-db-instances --db-instance-identifier shop-db-west".to_owned();
    assert_eq!(std::mem::take(&mut screen.outputs), [Output::Edit(before)]);
    screen = screen.said(Msg::Edited(Err("the editor ended with 1; nothing was edited".to_owned())));
    assert!(screen.text().contains("the editor ended with 1"), "{}", screen.text());
    screen = screen.said(Msg::Edited(Ok("aws rds one".to_owned())));
    assert!(screen.text().contains("> aws rds one"), "{}", screen.text());
    assert_eq!(screen.intents(), [], "one line can still be read and edited");
    screen = screen.said(Msg::Edited(Ok("aws rds one\naws rds two".to_owned())));
    let command = "aws rds one\naws rds two".to_owned();
    assert_eq!(screen.intents(), [Intent::Edit { step: "check".into(), command }]);
}

#[test]
fn a_jump_names_its_step_and_its_reason() {
    let mut screen = failed(100, 30).keys("J");
    let text = screen.text();
    assert!(text.contains("1 Declare the incident, done") && text.contains("4 Move the traffic"), "{text}");
    screen = screen.typed("4").keys("enter");
    assert!(screen.text().contains("A reason is needed behind the number"), "{}", screen.text());
    screen.outputs.clear();
    let mut screen = screen.typed(" the replica is promoted already").keys("enter");
    let reason = "the replica is promoted already".to_owned();
    assert_eq!(screen.intents(), [Intent::Jump { step: "check".into(), to: "traffic".into(), reason }]);
}

#[test]
fn the_step_that_is_looked_at_is_where_a_jump_leads() {
    let screen = failed(100, 30).keys("tab down J");
    assert!(screen.text().contains("> 3 "), "{}", screen.text());
}
