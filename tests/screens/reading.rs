//! What is read at full height, output and timeline, and the palette.

use std::sync::Arc;

use crate::support::{Screen, plan, screen, theme};
use lifeboat::engine::{Intent, Mode};
use lifeboat::ui::{Leaf, LeafLine, Model, Msg, Output, Seek, Stream, Want, Way};

const SIZES: [(u16, u16); 4] = [(60, 16), (80, 24), (120, 40), (200, 50)];

/// A step runs and prints.
fn running(columns: u16, rows: u16) -> Screen {
    screen(columns, rows).checking().output("2.1", "status modifying\n").wait(22)
}

/// Takes what the screen asks to read, the newest only.
fn seeks(screen: &mut Screen) -> Vec<Seek> {
    let outputs = std::mem::take(&mut screen.outputs);
    outputs.into_iter().filter_map(|output| if let Output::Seek(seek) = output { Some(seek) } else { None }).collect()
}

/// Answers as the reader of a file of a hundred lines of 40 bytes would.
fn answered(mut screen: Screen) -> Screen {
    while let Some(seek) = seeks(&mut screen).pop() {
        let (size, height) = (4_000, seek.lines as u64);
        let (at, hit) = match &seek.want {
            Want::End => (size, None),
            Want::At(at) => (*at, None),
            Want::Find { from, .. } => (from / 40 * 40, Some(from / 40 * 40)),
        };
        let (first, last) = ((at / 40).saturating_sub(height), (at / 40 + 2 * height).min(100));
        let text = |n: u64| match n {
            98 => "\u{1b}[31mred\u{1b}[0m \u{1b}]0;title\u{7}and a long line: ".to_owned() + &"word ".repeat(20),
            n => format!("10:24:{n:02} status modifying"),
        };
        let lines = (first..last).map(|n| LeafLine { at: n * 40, text: text(n) }).collect();
        let Seek { attempt, stream, want, .. } = seek;
        screen = screen.said(Msg::Leaf(Leaf { attempt, stream, want, size, lines, next: last * 40, hit }));
    }
    screen
}

#[test]
fn output_at_full_height() {
    for (columns, rows) in SIZES {
        let open = answered(running(columns, rows).keys("z"));
        insta::assert_snapshot!(format!("output_{columns}x{rows}"), open.show());
    }
    let open = answered(running(80, 24).keys("z"));
    insta::assert_snapshot!("output_cut_80x24", open.keys("w").show());
}

#[test]
fn output_is_searched_saved_and_closed() {
    let mut open = answered(answered(running(80, 24).keys("z")).keys("g")).keys("/").typed("STATUS");
    assert!(open.text().contains("/ > STATUS"), "{}", open.text());
    open = open.keys("enter");
    let found = seeks(&mut open);
    let find = |from, way| Want::Find { text: "STATUS".to_owned(), from, way };
    assert_eq!(found.last().map(|seek| &seek.want), Some(&find(40, Way::Down)));
    open.outputs.push(Output::Seek(found[0].clone()));
    open = answered(open).keys("n");
    assert_eq!(seeks(&mut open).last().map(|seek| seek.want.clone()), Some(find(80, Way::Down)));
    assert!(open.intents().is_empty(), "n is no note while there is a search");
    let mut saved = open.keys("s enter");
    let path = "./2.1.out".to_owned();
    let wanted = Output::Save { attempt: "2.1".into(), stream: Stream::Out, path };
    assert_eq!(saved.outputs.pop(), Some(wanted));
    let mut other = saved.keys("tab");
    assert_eq!(seeks(&mut other).pop().map(|seek| seek.stream), Some(Stream::Err));
    assert!(other.keys("esc").text().contains("Plan"), "it closes");
}

#[test]
fn the_end_is_followed_without_waiting_for_the_disk() {
    let mut open = answered(running(80, 24).keys("z"));
    open = open.output("2.1", "status modifying\nstatus rebooting\n");
    assert_eq!(seeks(&mut open).len(), 1);
    open = open.output("2.1", "status modifying\nstatus rebooting\nstatus available\n");
    assert!(seeks(&mut open).is_empty(), "one question at a time");
}

#[test]
fn nothing_runs_a_step_while_output_is_read() {
    let mut ready = running(80, 24).failed("2.1", "check", "refused").wait(1).keys("z r s");
    assert!(ready.intents().is_empty());
    assert!(ready.keys("esc esc").text().contains("FAILED"));
}

#[test]
fn the_timeline_at_every_size() {
    for (columns, rows) in SIZES {
        let open = running(columns, rows).keys("v");
        insta::assert_snapshot!(format!("timeline_{columns}x{rows}"), open.show());
    }
    let open = running(80, 24).keys("v /").typed("check began");
    assert!(open.text().contains("step check began") && !open.text().contains("declare"), "{}", open.text());
    let open = open.keys("enter");
    assert!(open.text().contains("only what has `check began` in it"), "{}", open.text());
    assert!(open.keys("/ esc v").text().contains("Plan"));
}

#[test]
fn a_time_tag_is_one_key() {
    let mut tagged = running(80, 24).keys("t");
    assert_eq!(tagged.intents(), [Intent::Note { text: "time tag".to_owned(), occurred_at: None }]);
}

#[test]
fn the_palette_at_every_size() {
    for (columns, rows) in SIZES {
        let open = running(columns, rows).keys(":").typed("st");
        insta::assert_snapshot!(format!("palette_{columns}x{rows}"), open.show());
    }
}

#[test]
fn the_palette_leads_to_questions_and_steps_and_runs_nothing() {
    let mut chosen = running(80, 24).keys(":").typed("stop").keys("enter");
    assert!(chosen.text().contains("Why? Steps that are not done"), "{}", chosen.text());
    assert!(chosen.intents().is_empty());
    let step = running(80, 24).keys(":").typed("move traffic").keys("enter");
    assert!(step.text().contains("4 Move the traffic"), "{}", step.text());
    let mut run = running(80, 24).keys(":").typed("interrupt").keys("enter");
    assert!(run.text().contains("Enter runs nothing. Press i for"), "{}", run.text());
    assert!(run.intents().is_empty());
    let refused = running(80, 24).keys(":").typed("retry").keys("enter");
    assert!(refused.text().contains("retry can't be had now: nothing has failed here."), "{}", refused.text());
    assert!(refused.keys("esc").text().contains("Plan"));
}

#[test]
fn where_nothing_was_printed_keys_move_in_the_steps_text() {
    let mut plan = plan();
    plan.steps[0].body = (1..=60).fold(String::new(), |text, n| text + &format!("Line {n} of what is read.\n\n"));
    let before = screen(80, 24);
    let model = Model::run(Arc::new(plan), "/var/lib/lifeboat/runs/20261122T102000Z-7f3k", &theme(), before.stamp());
    let open = Screen::of(model, 80, 24).opened(Mode::Drill).onset();
    assert!(open.text().contains("Line 1 of"), "{}", open.text());
    let down = open.keys("pgdn");
    assert!(!down.text().contains("Line 1 of") && down.text().contains("Line 9 of"), "{}", down.text());
    // There is no pane of output to stop at between the text and the plan.
    assert!(down.keys("tab tab pgup").text().contains("Line 1 of"));
}
