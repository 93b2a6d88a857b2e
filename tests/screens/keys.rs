//! What keys ask for: a script of keys, and the wishes that come of it.

use lifeboat::engine::{Event, Intent, Mode};
use lifeboat::settings::keymap::Keymap;
use lifeboat::ui::{Model, Msg, Output, offered};

use crate::support::{Screen, screen, theme};

fn by_hand() -> Screen {
    screen(80, 24).fact(Event::StepStarted { step: "declare".into() })
}

fn broken() -> Screen {
    let why = "refused: InvalidDBInstanceState";
    let runs = screen(80, 24).wait(1).settle("declare").fact(Event::StepStarted { step: "check".into() });
    runs.started("2.1", "check", "check-replica").wait(4).failed("2.1", "check", why)
}

fn real_promotion() -> Screen {
    Screen::new(80, 24, &theme()).opened(Mode::Real).onset().promotion()
}

#[test]
fn keys_become_wishes() {
    let check = || "check".into();
    let table: Vec<(Screen, &str, Vec<Intent>)> = vec![
        (screen(80, 24), "space", vec![Intent::Tick { step: "declare".into(), item: 0 }]),
        (screen(80, 24).wait(1).settle("declare").wait(1), "r", vec![Intent::Run { step: check() }]),
        (by_hand(), "space", vec![Intent::Tick { step: "declare".into(), item: 0 }]),
        (by_hand(), "d o k enter", vec![Intent::Done { step: "declare".into(), note: "ok".to_owned() }]),
        (by_hand(), "n h i enter", vec![Intent::Note { text: "hi".to_owned(), occurred_at: None }]),
        (by_hand(), "p", vec![Intent::Auto { on: true }]),
        (by_hand(), "S enter e n d enter", vec![Intent::Stop { reason: "end".to_owned() }]),
        (broken(), "r", vec![Intent::Retry { step: check() }]),
        (broken(), "s enter w h y enter", vec![Intent::Skip { step: check(), reason: "why".to_owned() }]),
        (broken(), "m a enter", vec![Intent::MarkDone { step: check(), evidence: "a".to_owned() }]),
        (broken(), "m a esc", vec![]),
        (broken(), "x l s enter", vec![Intent::Improvise { command: "ls".to_owned() }]),
        (broken(), "enter", vec![]),
        (broken(), "q", vec![]),
        (broken(), "z", vec![]),
    ];
    for (at, keys, wished) in table {
        let mut at = at.keys(keys);
        assert_eq!(at.intents(), wished, "{keys}");
    }
}

/// Whoever reads the help must not miss that a colleague took control.
#[test]
fn what_is_said_while_the_help_is_open_is_read_after_it() {
    let lost = "bob took control over: alice sleeps. You watch now.";
    let at = by_hand().keys("?").said(Msg::Refused(lost.to_owned()));
    assert!(!at.text().contains(lost), "the help covers it");
    let at = at.keys("down esc");
    assert!(at.text().contains(lost), "{}", at.text());
    assert!(!at.keys("down").text().contains(lost), "it was read");
}

#[test]
fn a_running_step_is_interrupted_and_then_by_force() {
    let runs = screen(80, 24).wait(1).settle("declare").fact(Event::StepStarted { step: "check".into() });
    let mut runs = runs.started("2.1", "check", "check-replica").keys("i i");
    let attempt = || "2.1".into();
    let wished =
        [Intent::Interrupt { attempt: attempt(), force: false }, Intent::Interrupt { attempt: attempt(), force: true }];
    assert_eq!(runs.intents(), wished);
}

#[test]
fn only_the_whole_phrase_runs_what_cannot_be_undone() {
    let confirm = Intent::Confirm { prompt: 1, typed: Some("shop-db-west".to_owned()) };
    let mut at = real_promotion().wait(1).keys("enter y enter");
    assert_eq!(at.intents(), []);
    assert!(at.text().contains("That is not the phrase; nothing was run."));
    let mut at = real_promotion().wait(1).typed("shop-db-west");
    assert_eq!(at.intents(), []);
    at = at.keys("enter enter enter");
    assert_eq!(at.intents(), [confirm], "an answer is sent once");
    let mut at = real_promotion().wait(1).typed("shop-db-west").keys("esc");
    assert_eq!(at.intents(), [Intent::Decline { prompt: 1 }]);
}

#[test]
fn what_was_typed_before_a_question_could_be_read_is_dropped() {
    let mut at = real_promotion();
    assert!(at.outputs.contains(&Output::DropTypeahead));
    for key in "shop-db-west".chars() {
        at = at.press(&key.to_string());
    }
    let mut at = at.press("enter").press("esc");
    assert_eq!(at.intents(), []);
    assert!(!at.wait(1).text().contains("> s"));
}

#[test]
fn a_paste_is_refused_in_a_real_run_only() {
    let paste = || Msg::Paste("shop-db-west".to_owned());
    let mut real = real_promotion().wait(1).said(paste()).keys("enter");
    assert_eq!(real.intents(), []);
    let real = real_promotion().wait(1).said(paste());
    assert!(real.text().contains("Pasting is refused here"), "{}", real.text());
    let mut drill = screen(80, 24).promotion().wait(1).said(paste()).keys("enter");
    assert_eq!(drill.intents().len(), 1);
    let mut note = screen(80, 24).keys("n").said(Msg::Paste("S\nq\u{1b}".to_owned())).keys("enter");
    assert_eq!(note.intents(), [Intent::Note { text: "S␊q␛".to_owned(), occurred_at: None }]);
}

#[test]
fn the_key_that_runs_steps_is_deaf_just_after_a_change() {
    let mut at = screen(80, 24).wait(1).settle("declare").press("r");
    assert_eq!(at.intents(), []);
    let mut at = at.keys("r");
    assert_eq!(at.intents(), [Intent::Run { step: "check".into() }]);
}

#[test]
fn ctrl_c_asks_and_leaves_when_pressed_twice() {
    let at = by_hand().keys("^c");
    assert!(at.text().contains("Nothing was interrupted"), "{}", at.text());
    assert_eq!(at.outputs, []);
    assert_eq!(by_hand().keys("^c ^c").outputs, [Output::Detach]);
    assert_eq!(by_hand().keys("^c esc q").outputs, []);
    assert_eq!(by_hand().keys("n ^c D").outputs, [Output::Detach]);
}

#[test]
fn the_clock_names_the_step_that_fixes_the_onset() {
    for (marks, says) in
        [(Some(lifeboat::runbook::Moment::Onset), "the clock begins with step 2"), (None, "onset unknown")]
    {
        let mut plan = crate::support::plan();
        plan.steps[1].actions[0].marks = marks;
        let now = Screen::new(80, 24, &theme()).stamp();
        let model = Model::run(std::sync::Arc::new(plan), "/var/lib/lifeboat/runs/x", &theme(), now);
        let screen = Screen::of(model, 80, 24).opened(Mode::Drill);
        assert!(screen.text().contains(says), "{}", screen.text());
    }
}

#[test]
fn an_onset_that_nobody_gave_is_asked_for_once() {
    let unasked = || Screen::new(80, 24, &theme()).opened(Mode::Real).wait(1);
    assert!(unasked().text().contains("When did customers begin to fail?"));
    let mut at = unasked().keys("- 1 2 m enter");
    assert!(matches!(at.intents().as_slice(), [Intent::FixMoment { .. }]));
    let later = unasked().keys("esc").wait(5);
    assert!(!later.text().contains("When did customers begin to fail?"));
    assert!(!unasked().onset().text().contains("When did customers"), "an onset that arrives closes the question");
}

#[test]
fn a_refusal_is_said_in_one_line() {
    let at = by_hand().said(Msg::Refused("Step 1 has open items.\nTick them".to_owned()));
    assert!(at.text().contains("Step 1 has open items.␊Tick them"));
}

#[test]
fn hints_offer_only_what_is_bound() {
    let keymap = Keymap::default();
    for at in [screen(80, 24), by_hand(), broken(), screen(80, 24).promotion()] {
        for offer in offered(&at.model) {
            assert!(keymap.binding(offer.command).is_some(), "{offer:?}");
        }
    }
}

#[test]
fn a_fact_that_cannot_be_is_said_and_does_not_panic() {
    let at = screen(80, 24).fact(Event::StepStarted { step: "no-such-step".into() });
    assert!(at.run().last_seq.is_some());
    assert!(at.text().contains("make no sense"), "{}", at.text());
}

#[test]
fn output_of_a_gigabyte_leaves_the_model_small_and_the_frame_quick() {
    let runs = screen(80, 24).wait(1).settle("declare").fact(Event::StepStarted { step: "check".into() });
    let mut runs = runs.started("2.1", "check", "check-replica");
    let piece = "x".repeat(79) + "\n";
    let piece = piece.repeat(1 << 9);
    for n in 1..=64_u64 {
        let at = runs.stamp();
        runs.msg(Msg::Progress(lifeboat::ui::Progress {
            attempt: "2.1".into(),
            text: piece.clone(),
            total: n << 24,
            at,
        }));
    }
    assert!(runs.text().contains("1.0 GB"), "{}", runs.text());
    let back = runs.keys("g");
    assert!(back.text().contains("lines back"), "{}", back.text());
}

#[test]
fn what_undoes_something_is_shown_with_the_names_of_this_run() {
    let mut plan = crate::support::plan();
    let promote = plan.steps.iter_mut().find(|step| step.id.as_str() == "promote").unwrap();
    promote.cautions = vec!["To go back, rename old-${LIFEBOAT_STAMP}, not ${NOBODY_KNOWS}.".to_owned()];
    let declared = Screen::new(120, 40, &theme()).stamp();
    let model = Model::run(std::sync::Arc::new(plan), "/var/lib/lifeboat/runs/x", &theme(), declared);
    let asked = Screen::of(model, 120, 40)
        .opened(Mode::Drill)
        .fact(Event::MomentFixed {
            moment: lifeboat::runbook::Moment::Declared,
            occurred_at: declared.utc,
            by: "lifeboat".to_owned(),
            evidence: "the run began".to_owned(),
        })
        .onset()
        .promotion();
    let stamp = declared.utc.format("%Y%m%d-%H%M%S");
    let shown = format!("rename old-{stamp}, not ${{NOBODY_KNOWS}}.");
    assert!(asked.text().contains(&shown), "{}", asked.text());
}
