//! What the screen says in words: that it is seen whole, that it stays as long as it is so, and that nothing is said twice.

use lifeboat::engine::{Approval, Ask, Event, InputSource, Intent, Mode, Outcome, Requested, Verdict};
use lifeboat::kernel::AttemptId;
use lifeboat::runbook::{Action, CheckItem, Impact, Kind, Section, Shell};
use lifeboat::ui::{Holder, Msg, Output};

use crate::support::{Screen, finished, plan_with, screen, screen_of, target};

/// A promotion whose command, caution and way back are as long as those of real runbooks, and which others approve.
fn approval(columns: u16, rows: u16) -> Screen {
    let plan = plan_with(|plan| {
        let promote = &mut plan.steps[2];
        promote.cautions = vec!["From here on the old name does not exist, until another one has taken it.".repeat(2)];
        let back = "aws rds modify-db-instance --region us-east-1 --db-instance-identifier shop-db-corrupt-1 \
                    --new-db-instance-identifier shop-db --apply-immediately --no-multi-az --copy-tags-to-snapshot";
        let back = Action::plain("back".into(), Kind::Aws, Impact::Change, back, 1);
        promote.actions.push(Action { section: Section::Rollback, ..back });
    });
    let command = "aws rds modify-db-instance --region us-east-1 --db-instance-identifier shop-db \
                   --new-db-instance-identifier shop-db-corrupt-20261128 --apply-immediately";
    let at = screen_of(plan, columns, rows).first_steps().fact(Event::StepStarted { step: "promote".into() });
    at.fact(Event::ConfirmationAsked {
        prompt: 1,
        step: Some("promote".into()),
        action: Some("promote-replica".into()),
        impact: Impact::Disrupt,
        command: command.to_owned(),
        target: target(),
        ask: Ask::Type { phrase: "shop-db".to_owned() },
        also: Vec::new(),
        approval: Some(Approval {
            count: 1,
            role: "approver".to_owned(),
            within_s: 60,
            request: Some(Requested { attempt: AttemptId::new("3.1"), lines: 42, head: "5ab0".repeat(16) }),
        }),
    })
    .wait(2)
}

fn approved(at: Screen) -> Screen {
    let prompt = at.run().prompt.clone().unwrap();
    let by = "alice@example.com".to_owned();
    at.fact(Event::ApprovalStated { prompt: 1, approver: "bob".to_owned(), command: prompt.command, by })
}

#[test]
fn what_is_confirmed_is_seen_before_what_is_said_about_it() {
    let whole = |at: &Screen| {
        let text: String = at.text().chars().filter(|c| !c.is_whitespace() && *c != '│').collect();
        text.contains("--new-db-instance-identifiershop-db-corrupt-20261128--apply-immediately")
    };
    for at in [approval(80, 24), approved(approval(80, 24)).wait(1), approval(120, 40)] {
        assert!(whole(&at), "{}", at.text());
        assert!(at.text().contains("Caution   From here on the old name does not exist"), "{}", at.text());
    }
    // Where that is too small for it, its beginning is, and how to see the rest.
    let small = approval(60, 16);
    assert!(small.text().contains("  aws rds modify-db-instance"), "{}", small.text());
    assert!(small.text().contains("more lines: down shows them"), "{}", small.text());
    assert!(small.text().contains("Caution   From here on"), "{}", small.text());
    insta::assert_snapshot!(approval(80, 24).show());
}

#[test]
fn an_approval_that_is_late_says_so_in_a_word_and_the_sentence_says_what_is_missing() {
    let at = approval(80, 24);
    assert!(at.text().contains("It needs 1 approval before you confirm."), "{}", at.text());
    assert!(!at.text().contains("OVERDUE"), "{}", at.text());
    let at = at.wait(60);
    assert!(at.text().contains("OVERDUE"), "{}", at.text());
}

#[test]
fn a_refusal_is_said_once_and_goes_with_the_approval_that_was_taken() {
    let why = "bob.sig can't be read: No such file or directory";
    let at = approval(80, 24).said(Msg::Refused(why.to_owned()));
    assert_eq!(at.text().matches("can't be read").count(), 1, "{}", at.text());
    // A signature is pasted, and taken.
    let at = approved(at.said(Msg::Paste("run 1".to_owned())));
    assert!(!at.text().contains("can't be read"), "{}", at.text());
    assert!(at.text().contains("To run it, type  shop-db"), "{}", at.text());
}

#[test]
fn a_screen_that_lost_control_says_so_until_it_has_it_again() {
    let lost = Msg::Refused("bob took control over: my turn. You watch now.".to_owned());
    let at = screen(80, 24).said(Msg::Held(Holder::Other("bob".to_owned()))).said(lost);
    assert!(at.text().contains("bob took control over: my turn."), "{}", at.text());
    let at = at.keys("j j j");
    assert!(at.text().contains("You watch; bob holds control."), "{}", at.text());
    assert!(at.text().contains("NEXT: 1 Declare the incident."), "{}", at.text());
    let hints = at.text().lines().last().unwrap().to_owned();
    assert!(!hints.contains("skip") && hints.contains("D leave"), "{hints}");
    let mut at = at.keys("x");
    assert!(at.text().contains("`lifeboat resume --take-over WHY`"), "{}", at.text());
    assert_eq!(at.intents(), []);
    let at = at.keys("j").said(Msg::Held(Holder::Nobody));
    assert!(at.text().contains("You watch; nobody holds control."), "{}", at.text());
    let at = at.said(Msg::Held(Holder::You));
    assert!(!at.text().contains("You watch"), "{}", at.text());
}

#[test]
fn without_its_engine_a_screen_offers_nothing_that_acts_and_says_why_until_it_is_left() {
    let gone = "The engine of this run is gone. Leave with D, then `lifeboat resume`.";
    let mut at = screen(80, 24).promotion().wait(1).said(Msg::Parted(gone.to_owned())).keys("j x s r");
    let text = at.text();
    assert!(text.contains("The engine of this run is gone."), "{text}");
    assert!(text.contains("D leave") && !text.contains("own command"), "{text}");
    assert!(!text.contains("CONFIRM"), "nobody hears an answer: {text}");
    assert_eq!(at.intents(), []);
    let left = at.keys("D");
    assert!(left.outputs.contains(&Output::Detach));
}

#[test]
fn two_messages_come_one_after_the_other_and_what_is_asked_stays_in_sight() {
    let at = screen(80, 24).said(Msg::Say("The runbook was changed.".to_owned()));
    let at = at.said(Msg::Refused("Later.".to_owned()));
    // A warning says how things are now: it is not kept behind what was said before.
    assert!(at.text().contains("(1 of 2) Later."), "{}", at.text());
    assert!(at.text().contains("NEXT: 1 Declare the incident."), "{}", at.text());
    let at = at.said(Msg::Say("A key was asked.".to_owned()));
    assert!(at.text().contains("(1 of 3) Later."), "{}", at.text());
    let at = at.keys("j");
    assert!(at.text().contains("(1 of 2) The runbook was changed."), "{}", at.text());
    let at = at.keys("j");
    assert!(at.text().contains(" A key was asked."), "{}", at.text());
    let at = at.keys("j");
    assert!(
        !at.text().contains("A key was asked.") && at.text().contains("NEXT: 1 Declare the incident."),
        "{}",
        at.text()
    );
}

#[test]
fn what_a_key_wrote_into_the_log_is_said() {
    let mut at = screen(80, 24).keys("t");
    assert_eq!(at.intents(), [Intent::Note { text: "time tag".to_owned(), occurred_at: None }]);
    let note = |text: &str| Event::NoteAdded { text: text.to_owned(), occurred_at: None, by: "alice".to_owned() };
    let at = at.fact(note("time tag"));
    assert!(at.text().contains("In the log: note by alice: time tag."), "{}", at.text());
    let at = at.keys("j").wait(10).fact(note("of somebody else"));
    assert!(!at.text().contains("In the log"), "{}", at.text());
}

#[test]
fn help_has_its_place_in_the_line_of_keys() {
    for columns in [60, 80, 100, 200] {
        let at = screen(columns, 24);
        let text = at.text();
        assert!(text.lines().last().unwrap().contains("? help"), "{columns}: {text}");
    }
}

#[test]
fn a_question_that_is_too_long_for_its_line_ends_with_a_sentence() {
    let at = screen(80, 24).keys("o");
    let text = at.text();
    let said: Vec<&str> = text.lines().rev().skip(1).take(2).collect();
    assert!(said[0].ends_with(['.', ':', '…']), "{text}");
}

/// The change of the last step is a shell block that reads an input.
fn shell(columns: u16, rows: u16) -> Screen {
    let plan = plan_with(|plan| {
        let code = "echo \"attached ${VOLUME}\" $HOME";
        let latch = Action::plain("latch".into(), Kind::Shell(Shell::Sh), Impact::Change, code, 1);
        let back = Action::plain("back".into(), Kind::Shell(Shell::Sh), Impact::Change, "detach", 9);
        plan.steps[3].actions = vec![latch, Action { section: Section::Rollback, ..back }];
    });
    let volume = Event::InputSet {
        name: "VOLUME".to_owned(),
        value: "shop-vol-west".to_owned(),
        source: InputSource::Default,
        by: None,
    };
    let at = screen_of(plan, columns, rows).fact(volume).first_steps();
    at.fact(Event::StepSkipped { step: "promote".into(), reason: "no".to_owned(), by: "alice".to_owned() })
}

fn ask(at: Screen, prompt: u64, command: &str) -> Screen {
    at.fact(Event::ConfirmationAsked {
        prompt,
        step: Some("traffic".into()),
        action: Some("latch".into()),
        impact: Impact::Change,
        command: command.to_owned(),
        target: target(),
        ask: Ask::Key,
        also: Vec::new(),
        approval: None,
    })
    .wait(1)
}

#[test]
fn a_shell_block_is_confirmed_with_what_it_gets_from_its_environment() {
    let at = shell(80, 24).fact(Event::StepStarted { step: "traffic".into() });
    let at = ask(at, 1, "echo \"attached ${VOLUME}\" $HOME");
    assert!(at.text().contains("With      VOLUME=shop-vol-west"), "{}", at.text());
}

/// The last step's action failed, was tried again with another command, and that was declined.
fn declined(columns: u16, rows: u16) -> Screen {
    let confirmed = Event::Confirmed {
        prompt: 1,
        step: Some("traffic".into()),
        how: "key".to_owned(),
        typed: None,
        by: "alice".to_owned(),
    };
    let at = ask(shell(columns, rows).fact(Event::StepStarted { step: "traffic".into() }), 1, "attach").fact(confirmed);
    let started = Event::AttemptStarted {
        attempt: AttemptId::new("4.1"),
        step: Some("traffic".into()),
        action: Some("latch".into()),
        impact: Impact::Change,
        command: "attach".to_owned(),
        target: target(),
    };
    let at = at.fact(started).output("4.1", "no such device\n");
    let at = at.failed_by(Outcome::Exited { code: 1 }, "4.1", "traffic", "exited with 1");
    let at = at.fact(Event::CommandEdited {
        step: "traffic".into(),
        action: "latch".into(),
        before: "attach".to_owned(),
        after: "attach --force".to_owned(),
        by: "alice".to_owned(),
    });
    let at = ask(at, 2, "attach --force");
    at.fact(Event::Declined { prompt: 2, step: Some("traffic".into()), by: "alice".to_owned() }).wait(1)
}

#[test]
fn after_a_declined_retry_the_choices_of_the_failure_are_still_there() {
    let mut at = declined(80, 24);
    let text = at.text();
    assert!(text.contains("failed, and nothing was run since. Choose what to do."), "{text}");
    assert!(text.contains("e edit…") && text.contains("m mark done…"), "{text}");
    assert!(text.contains("Edited: what is run instead is `attach --force`"), "{text}");
    at = at.keys("e");
    assert!(at.text().contains("> attach --force"), "it goes on being edited: {}", at.text());
    let mut at = at.typed(" --twice").keys("enter");
    let command = "attach --force --twice".to_owned();
    assert_eq!(at.intents(), [Intent::Edit { step: "traffic".into(), command }]);
}

#[test]
fn what_the_step_before_printed_stands_where_the_text_leaves_room() {
    let at = screen(80, 24).checking().output("2.1", "status available\n").wait(4);
    let passed = finished("2.1", Outcome::Answered { status: Some(200) }, Verdict::Passed);
    let skipped = |step: &str| Event::StepSkipped { step: step.into(), reason: "no".to_owned(), by: "a".to_owned() };
    let at = at.fact(passed).settle("check").fact(skipped("promote"));
    assert!(at.text().contains("Output of 2.1") && at.text().contains("status available"), "{}", at.text());
}

#[test]
fn a_command_of_ones_own_is_shown_until_something_else_runs() {
    let improvised = Event::AttemptStarted {
        attempt: AttemptId::new("x.1"),
        step: None,
        action: None,
        impact: Impact::Change,
        command: "uptime".to_owned(),
        target: target(),
    };
    let ended = |attempt: &str| finished(attempt, Outcome::Exited { code: 0 }, Verdict::Passed);
    let asked = Event::ConfirmationAsked {
        prompt: 1,
        step: None,
        action: None,
        impact: Impact::Change,
        command: "uptime".to_owned(),
        target: target(),
        ask: Ask::Key,
        also: Vec::new(),
        approval: None,
    };
    let confirmed =
        Event::Confirmed { prompt: 1, step: None, how: "key".to_owned(), typed: None, by: "alice".to_owned() };
    let at = screen(80, 24).fact(Event::StepStarted { step: "declare".into() }).settle("declare");
    let at = at.fact(asked).wait(1);
    assert!(at.text().contains("your own command: nobody knows a way back"), "{}", at.text());
    let at = at.fact(confirmed).fact(improvised).output("x.1", "load average\n").fact(ended("x.1"));
    assert!(at.text().contains("load average"), "{}", at.text());
    let at = at.fact(Event::StepStarted { step: "check".into() }).started("2.1", "check", "check-replica");
    let at = at.output("2.1", "status available\n").fact(ended("2.1")).settle("check");
    assert!(!at.text().contains("load average"), "{}", at.text());
}

#[test]
fn a_rollback_names_what_it_takes_back_before_it_is_asked_why() {
    let at = declined(80, 24).keys("u");
    assert!(at.text().contains("4 Move the traffic is taken back"), "{}", at.text());
}

#[test]
fn a_run_that_calls_nothing_of_aws_says_so_in_its_banner() {
    let at = Screen::new(80, 24, &crate::support::theme()).opened_in("none", "", Mode::Real);
    let first = at.text().lines().next().unwrap().to_owned();
    assert!(first.contains("no AWS") && !first.contains("none"), "{first}");
}

#[test]
fn while_something_is_typed_the_keys_are_those_of_typing() {
    for (key, does) in [("/", "enter search"), ("s", "enter save")] {
        let at = screen(80, 24).checking().output("2.1", "status available\n").wait(1).keys("z").keys(key);
        let text = at.text();
        let hints = text.lines().last().unwrap();
        assert!(hints.contains(does) && !hints.contains("wrap"), "{text}");
    }
}

#[test]
fn the_item_that_is_ticked_next_is_in_sight() {
    let plan = plan_with(|plan| {
        let items = (1..=20).map(|n| CheckItem { text: format!("Item number {n:02}"), line: 1 });
        plan.steps[0].checklist = items.collect();
    });
    let mut at = screen_of(plan, 80, 24).fact(Event::StepStarted { step: "declare".into() });
    assert!(!at.text().contains("Item number 20"), "{}", at.text());
    for item in 0..19 {
        at = at.fact(Event::ItemTicked { step: "declare".into(), item, by: "alice".to_owned() });
        assert!(at.text().contains(&format!("☐ Item number {:02}", item + 2)), "{}", at.text());
    }
    let at = at.keys("g");
    assert!(at.text().contains("Item number 01"), "the arrows lead back: {}", at.text());
}

#[test]
fn that_a_key_is_asked_gives_way_to_what_came_of_it() {
    let at = screen(80, 24).said(Msg::Meanwhile("Your key is asked.".to_owned()));
    assert!(at.text().contains("Your key is asked."), "{}", at.text());
    let at = at.said(Msg::Say("Log signed by alice.".to_owned()));
    assert!(at.text().contains(" Log signed by alice.") && !at.text().contains("is asked."), "{}", at.text());
}
