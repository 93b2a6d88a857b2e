//! What was printed: by all fences of a step, and by the step before where nothing has run yet.

use lifeboat::engine::{Event, Mode, StepState};

use crate::support::screen;

#[test]
fn the_outputs_of_a_step_stand_under_each_other_and_scroll() {
    let refused = "refused: InvalidDBInstanceState";
    let retried = |columns, rows| {
        screen(columns, rows)
            .fact(Event::StepStarted { step: "declare".into() })
            .settle("declare")
            .fact(Event::StepStarted { step: "check".into() })
            .started("2.1", "check", "check-replica")
            .output("2.1", "what the first one said\n")
            .failed("2.1", "check", refused)
            .fact(Event::RetryChosen { step: "check".into(), evidence: None, by: "alice".to_owned() })
            .started("2.2", "check", "check-replica")
            .output("2.2", "what the second one says\nand more\n")
    };
    let text = retried(120, 40).text();
    let place = |words: &str| text.find(words).unwrap_or_else(|| panic!("{words}: {text}"));
    let order =
        ["2.1 check-replica: ", "what the first one said", "2.2 check-replica: runs", "what the second one says"];
    let places = order.map(place);
    assert!(places.is_sorted(), "{text}");
    assert!(text.contains("Output of 2.1 to 2.2"), "{text}");
    // Three rows are the end; the arrows lead to what came before.
    let back = retried(80, 24).keys("up up up").text();
    assert!(back.contains("what the first one said") && !back.contains("and more"), "{back}");
}

#[test]
fn a_step_that_has_not_run_is_read_beside_what_the_step_before_said() {
    let next = |columns, rows| screen(columns, rows).first_steps();
    assert_eq!(*next(120, 40).run().steps.get(2).unwrap(), StepState::Offered);
    let wide = next(120, 40).text();
    assert!(wide.contains("Output of 2.1") && wide.contains("status available"), "{wide}");
    // On a smaller one it has what the step's own text leaves.
    assert!(next(80, 24).text().contains("status available"), "{}", next(80, 24).text());
    let small = next(60, 16);
    assert!(!small.text().contains("Output of"), "{}", small.text());
    assert!(small.keys("z").text().contains("status available"), "one key shows it");
    // What has its own output shows nothing else.
    let own =
        next(120, 40).fact(Event::StepStarted { step: "promote".into() }).started("3.1", "promote", "promote-replica");
    assert!(!own.text().contains("status available"), "{}", own.text());
    assert_eq!(own.run().opened.as_ref().map(|opened| opened.mode), Some(Mode::Drill));
}
