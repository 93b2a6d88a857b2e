//! Frames as people see them, text and style runs, at the sizes that matter.

use crate::support::{Screen, screen, theme};
use lifeboat::engine::{Event, Mode};
use lifeboat::ui::{LogHealth, Msg};

fn at(name: &str, columns: u16, rows: u16, screen: &Screen) {
    insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), screen.show());
}

const SIZES: [(u16, u16); 4] = [(80, 24), (120, 40), (60, 16), (20, 5)];

fn at_all_sizes(name: &str, make: impl Fn(u16, u16) -> Screen) {
    for (columns, rows) in SIZES {
        at(name, columns, rows, &make(columns, rows));
    }
}

#[test]
fn a_step_done_by_hand() {
    at_all_sizes("by_hand", |c, r| {
        screen(c, r)
            .fact(Event::StepStarted { step: "declare".into() })
            .fact(Event::ItemTicked { step: "declare".into(), item: 0, by: "alice".to_owned() })
            .wait(61)
    });
}

#[test]
fn a_step_that_runs() {
    at_all_sizes("running", |c, r| {
        screen(c, r)
            .checking()
            .output("2.1", "10:24:11 \u{1b}[31mstatus\u{1b}[0m modifying\n10:24:26 status rebooting\n")
            .wait(22)
    });
}

#[test]
fn a_forecast_by_earlier_runs_stands_on_the_clock() {
    use lifeboat::engine::Outlook;
    let outlook = Outlook {
        low_ms: Some(1_080_000),
        middle_ms: Some(1_270_000),
        high_ms: None,
        chance: Some(87),
        runs: 24,
        new_steps: 0,
        unknown: 0,
    };
    let shown = |columns| screen(columns, 24).said(Msg::Outlook(Some(outlook.clone()))).show();
    assert!(shown(120).contains("forecast 21:10, RTO 87 % likely (18:00 to never)"), "{}", shown(120));
    assert!(shown(80).contains("forecast 21:10, RTO 87 % likely"), "{}", shown(80));
    let gone = screen(120, 24).said(Msg::Outlook(Some(outlook.clone()))).said(Msg::Outlook(None));
    assert!(!gone.show().contains("87 %"));
}

#[test]
fn a_confirmation_of_what_cannot_be_undone() {
    at_all_sizes("confirmation", |c, r| screen(c, r).promotion().typed("shop-db"));
}

#[test]
fn on_five_rows_the_command_that_a_phrase_confirms_is_read_whole_with_a_key() {
    let mut screen = screen(20, 5).promotion().typed("shop-db");
    let command = screen.run().prompt.as_ref().unwrap().command.clone();
    let mut read = String::new();
    for _ in 0..40 {
        let text = screen.text();
        let rows: Vec<&str> = text.lines().collect();
        // What answers it stays: the phrase, what was typed of it, and how to say no.
        assert_eq!(rows[2..4], ["type shop-db-west", "> shop-db▏"], "{text}");
        read.push_str(rows[1].trim_end_matches('…'));
        if !rows[4].contains("down more") {
            break;
        }
        assert!(rows[4].starts_with("down more  esc no"), "{text}");
        screen = screen.keys("down");
    }
    let packed = |text: &str| text.split_whitespace().collect::<String>();
    assert_eq!(packed(&read), packed(&format!("IRREVERSIBLE: {command}")));
    assert!(screen.text().contains("esc no, run nothing"), "{}", screen.text());
}

#[test]
fn a_failure_and_its_choices() {
    at_all_sizes("failure", |c, r| {
        screen(c, r).checking().output("2.1", "An error occurred (InvalidDBInstanceState)\n").wait(4).failed(
            "2.1",
            "check",
            "refused: InvalidDBInstanceState: Instance shop-db-west is not in available state",
        )
    });
}

#[test]
fn a_reason_that_is_missing() {
    at_all_sizes("reason", |c, r| {
        let broken = screen(c, r).first_steps().fact(Event::StepStarted { step: "promote".into() });
        broken.keys("S enter")
    });
}

#[test]
fn the_summary() {
    at_all_sizes("summary", |c, r| {
        screen(c, r)
            .first_steps()
            .fact(Event::Ended {
                how: "stopped".to_owned(),
                reason: Some("practice is over".to_owned()),
                by: "alice".to_owned(),
                machine_ms: 4_000,
                people_ms: 131_000,
                idle_ms: 0,
            })
            .said(Msg::Summary(vec!["Machine 0:04, people 2:11, idle 0:00".to_owned()]))
            .said(Msg::Truth(vec!["Down since 10:18:00, 12 orders lost".to_owned()]))
    });
}

#[test]
fn a_summary_takes_away_what_was_asked_for_before_it() {
    let asks = "Your key is asked to seal the log; touch it, if it wants that.";
    let at = screen(80, 24).first_steps().said(Msg::Say(asks.to_owned()));
    assert!(at.text().contains("touch it"));
    let at = at.said(Msg::Summary(vec!["log   SEALED by alice".to_owned()]));
    assert!(!at.text().contains("touch it"), "{}", at.text());
}

#[test]
fn a_real_run_whose_log_is_lost_asks_for_its_onset() {
    let real = |c, r| Screen::new(c, r, &theme()).opened(Mode::Real).said(Msg::Log(LogHealth::Lost)).wait(1);
    at_all_sizes("onset", real);
}

#[test]
fn an_unsigned_log_stands_out() {
    let health = LogHealth::Unsigned { age: std::time::Duration::from_secs(2) };
    let screen = Screen::new(80, 24, &theme()).opened(Mode::Real).said(Msg::Log(health)).wait(1);
    let banner = screen.text().lines().next().unwrap_or_default().to_owned();
    assert!(banner.contains("log UNSIGNED 0:03 ago"), "{banner}");
    assert!(screen.show().lines().nth(1).is_some_and(|styles| styles.contains("warn")), "{}", screen.show());
}

#[test]
fn without_colour_and_without_unicode() {
    let screen = Screen::ascii(80, 24).first_steps();
    at("ascii", 80, 24, &screen);
    assert!(screen.text().is_ascii(), "{}", screen.text());
}

#[test]
fn help_and_what_ctrl_c_asks() {
    at("help", 80, 24, &screen(80, 24).keys("?"));
    at("break", 80, 24, &screen(80, 24).keys("^c"));
}

#[test]
fn no_size_panics_and_the_clock_stays() {
    for columns in [1, 2, 7, 20, 43, 44, 60, 76, 100, 120] {
        for rows in [1, 2, 3, 5, 11, 12, 16, 23] {
            for (which, shown) in [
                screen(columns, rows).promotion().typed("x"),
                screen(columns, rows).first_steps(),
                screen(columns, rows).keys("n"),
                screen(columns, rows).keys("?"),
                screen(columns, rows).keys("^c"),
            ]
            .iter()
            .enumerate()
            {
                if columns >= 20 && which != 3 {
                    assert!(shown.text().contains("2:0") || shown.text().contains("4:1"), "{}", shown.text());
                }
            }
        }
    }
}
