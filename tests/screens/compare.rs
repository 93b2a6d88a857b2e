//! Two runs side by side on the screen, by key script.

use std::sync::Arc;

use chrono::TimeDelta;
use lifeboat::engine::{Event, Fact, Run, evolve};
use lifeboat::journal::read_log;
use lifeboat::kernel::{AttemptId, Stamp};
use lifeboat::report::{Compared, Excerpt, Printed, Sides, compare};
use lifeboat::runbook::parse;
use lifeboat::settings::theme::{Glyphs, built_in};
use lifeboat::ui::{Behind, Beside, Model, Output, Watch};

use crate::support::{Screen, theme};

/// The step that takes ten seconds longer in the second run, and whose command is another one there.
const SLOWER: &str = "promote";

fn recorded(change: impl Fn(&mut Fact)) -> (Run, Vec<Fact>) {
    let mut facts = read_log(include_bytes!("../fixtures/recording/incident.jsonl")).into_facts();
    facts.iter_mut().for_each(change);
    let parsed = parse("runbook.md", include_bytes!("../fixtures/recording/runbook.md"));
    let mut run = Run::new(Arc::new(parsed.plan.unwrap()));
    for fact in &facts {
        evolve(&mut run, fact).unwrap();
    }
    (run, facts)
}

fn slower(of: &[Fact]) -> (Run, Vec<Fact>) {
    let is = |event: &Event| matches!(event, Event::StepStarted { step } if step.as_str() == SLOWER);
    let from = of.iter().find(|fact| is(&fact.event)).unwrap().seq;
    recorded(|fact| {
        if fact.seq > from {
            fact.at.mono += 10_000_000;
            fact.at.utc += TimeDelta::seconds(10);
        }
        match &mut fact.event {
            Event::Open(opened) => opened.run = lifeboat::kernel::RunId::new("20261127T050505Z-b2b2"),
            Event::Recovered { since, rto_ms, .. } => {
                *since += TimeDelta::seconds(10);
                *rto_ms += 10_000;
            }
            Event::RecoverySeen { since, .. } => *since += TimeDelta::seconds(10),
            Event::AttemptStarted { step: Some(step), command, .. } if step.as_str() == SLOWER => {
                command.push_str(" --tags \u{1b}[31mlater");
            }
            _ => {}
        }
    })
}

fn printed(text: &str) -> Vec<Printed> {
    let excerpt = Excerpt {
        name: "stdout",
        file: "output/9.1.out".to_owned(),
        bytes: text.len() as u64,
        sha256: String::new(),
        head: Ok(text.to_owned()),
        left_out: 0,
        tail: String::new(),
    };
    vec![Printed { attempt: AttemptId::new("9.1"), streams: vec![excerpt] }]
}

fn beside() -> Beside {
    let one = recorded(|_| {});
    let other = slower(&one.1);
    let of = |(run, facts): &'static (Run, Vec<Fact>)| Compared { run, facts };
    let kept = |pair: (Run, Vec<Fact>)| -> &'static (Run, Vec<Fact>) { Box::leak(Box::new(pair)) };
    let compared = compare(of(kept(one)), of(kept(other))).unwrap();
    let printed = Sides {
        a: printed("status available\nwritable\n"),
        b: printed("status available\nstatus \u{1b}]0;x\u{7}modifying\nwritable\n"),
    };
    Beside::new(compared, printed, Sides { a: "/runs/a".to_owned(), b: "/runs/b".to_owned() })
}

fn screen(columns: u16, rows: u16) -> Screen {
    let now = Stamp { utc: chrono::DateTime::UNIX_EPOCH, mono: 0 };
    Screen::of(Model::compare(beside(), &theme(), now).before(Behind::Screen), columns, rows)
}

#[test]
fn two_runs_side_by_side_at_every_size() {
    for (columns, rows) in [(80, 24), (120, 40)] {
        insta::assert_snapshot!(format!("compare_{columns}x{rows}"), screen(columns, rows).show());
        let promote = screen(columns, rows).keys("d");
        insta::assert_snapshot!(format!("compare_step_{columns}x{rows}"), promote.show());
    }
    for (columns, rows) in [(200, 50), (60, 16), (44, 12), (20, 5), (1, 1)] {
        let text = screen(columns, rows).keys("d z tab o").text();
        assert!(columns < 20 || text.contains("COMPARE"), "{text}");
    }
}

#[test]
fn differences_are_found_by_a_key_and_by_their_size() {
    let screen = screen(120, 40).keys("d");
    assert!(screen.text().contains("▶≠ 9 Promote the replica"), "{}", screen.text());
    let screen = screen.keys("o");
    let text = screen.text();
    assert!(text.contains("Steps by difference"), "{text}");
    let rows: Vec<&str> = text.lines().filter(|line| line.contains('≠')).collect();
    assert!(rows[0].contains("▶≠ 9 Promote the replica") && rows[0].contains("+10.0 s"), "{text}");
    let screen = screen.keys("o g");
    assert!(screen.text().contains("▶  Both runs as wholes"), "{}", screen.text());
    let screen = screen.keys(":").typed("look from").keys("enter");
    assert!(screen.text().contains("▶  1 Look from outside"), "{}", screen.text());
}

#[test]
fn what_either_ran_and_printed_stands_beside_the_others_and_steers_nothing() {
    let screen = screen(120, 40).keys("d z");
    let text = screen.text();
    assert!(text.contains("esc closes") && !text.contains("Steps as planned"), "{text}");
    assert!(text.contains("> status modifying") || text.contains(">   status modifying"), "{text}");
    assert!(text.contains("≠") && text.contains("later") && !text.contains('\u{1b}'), "{text}");
    assert_eq!(text.matches("writable").count(), 2, "{text}");
    let screen = screen.keys("esc");
    assert!(screen.text().contains("Steps as planned"), "{}", screen.text());
}

#[test]
fn it_leads_to_either_recording_and_back_and_wishes_nothing_else() {
    let mut screen = screen(80, 24).keys("d a b");
    let promote = |outputs: &[Output], at: usize| match &outputs[at] {
        Output::Watch(Watch { folder, seq: Some(seq) }) => (folder.clone(), *seq),
        other => panic!("{other:?}"),
    };
    let ((a, at), (b, same)) = (promote(&screen.outputs, 0), promote(&screen.outputs, 1));
    assert_eq!((a.as_str(), b.as_str(), at), ("/runs/a", "/runs/b", same));
    screen.outputs.clear();
    let screen = screen.keys("g a esc q");
    let whole = Output::Watch(Watch { folder: "/runs/a".to_owned(), seq: None });
    assert_eq!(screen.outputs, [whole, Output::Back, Output::Back], "both lead to the screen before");
    // From the command line there is nothing to go back to.
    let now = Stamp { utc: chrono::DateTime::UNIX_EPOCH, mono: 0 };
    let alone = Screen::of(Model::compare(beside(), &theme(), now), 80, 24).keys("esc");
    assert_eq!(alone.outputs, []);
    assert_eq!(alone.keys("q").outputs, [Output::Quit]);
    for key in (b'!'..=b'~').map(char::from) {
        let pressed = Screen::of(Model::compare(beside(), &theme(), now), 80, 24).keys(&format!("{key} enter y"));
        let wished = pressed.outputs.iter().find(|output| !matches!(output, Output::Watch(_) | Output::Quit));
        assert_eq!(wished, None, "{key}");
    }
}

#[test]
fn help_names_its_keys_and_ascii_is_ascii() {
    let text = screen(120, 40).keys("?").text();
    assert!(text.contains("In a comparison") && text.contains("next step that differs"), "{text}");
    let ascii = built_in("mono").unwrap().with_glyphs(Glyphs::Ascii);
    let now = Stamp { utc: chrono::DateTime::UNIX_EPOCH, mono: 0 };
    let text = Screen::of(Model::compare(beside(), &ascii, now), 100, 30).keys("d").text();
    // What others wrote stays as it is.
    assert!(text.replace('\u{241b}', "").is_ascii(), "{text}");
}
