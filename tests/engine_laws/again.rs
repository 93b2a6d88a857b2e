//! What failed and must not run twice: it is looked at by reads, and tried again only once it is known not to have happened.

use lifeboat::drive::script;
use lifeboat::engine::*;
use lifeboat::runbook::*;

use super::laws::resumed;
use super::rig::{Rig, action, east, kinds, plan, step};

const PROMOTE: &str = "aws rds promote-read-replica --db-instance-identifier west\n";
const TWO: &str =
    "aws rds delete-db-instance --db-instance-identifier a\naws rds delete-db-instance --db-instance-identifier b\n";
const LOOK: &str = "aws rds describe-db-instances\n";

fn unreachable() -> Outcome {
    Outcome::Unreachable { error: format!("no answer; {AWS_MAY_HAVE_ACTED}") }
}

fn refused() -> Outcome {
    Outcome::AwsRefused { code: "AccessDenied".into(), message: "no".into() }
}

fn in_doubt() -> Outcome {
    Outcome::InDoubt { evidence: "its supervisor is gone, too".into() }
}

fn of(kind: Kind, code: &str, impact: Impact) -> Action {
    Action { kind, code: code.into(), expect: Some(Expect::Equals("ready".into())), ..action("act", impact) }
}

/// A run whose only action ended so.
fn ended(act: Action, mode: Mode, outcome: Outcome) -> (Rig, Vec<Event>) {
    let mut plan = plan(vec![step("go", vec![act])]);
    plan.meta.connections = vec![east()];
    let mut rig = Rig::open(plan, mode);
    rig.run_step().unwrap();
    if rig.run.prompt.is_some() {
        rig.confirm().unwrap();
    }
    let events = rig.finish("1.1", outcome, "").unwrap();
    (rig, events)
}

fn told(rig: &mut Rig, seen: Seen) -> Result<Vec<Event>, Refusal> {
    let what = "it is a replica of east, and available".to_owned();
    rig.feed(&Input::Report(Report::Looked { attempt: "1.1".into(), seen, what }))
}

fn again(rig: &Rig) -> &'static str {
    match rig.run.again(Strand::whole(0)) {
        Again::Free => "free",
        Again::NotHappened(_) => "not happened",
        Again::Looking => "looking",
        Again::Happened(_) => "happened",
        Again::Untold(_) => "untold",
    }
}

#[test]
fn how_it_ended_says_whether_it_is_just_tried_again() {
    use Impact::{Change, Irreversible, Observe};
    let (aws, sh, post) = (Kind::Aws, Kind::Shell(Shell::Sh), "POST https://shop.example.com/orders");
    let answered = || Outcome::Answered { status: Some(200) };
    let undone = || Outcome::NotCarriedOut { evidence: "it is not there".into() };
    let table: [(Kind, &str, Impact, Outcome, &str, bool); 18] = [
        // What AWS may have got is looked at at once.
        (aws, PROMOTE, Irreversible, unreachable(), "looking", true),
        (aws, PROMOTE, Irreversible, Outcome::TimedOut { after_ms: 9 }, "looking", true),
        (aws, PROMOTE, Change, Outcome::Interrupted, "looking", true),
        (aws, PROMOTE, Change, answered(), "looking", true),
        (aws, TWO, Irreversible, refused(), "looking", true),
        // What AWS refused did nothing, and what reads harms nobody.
        (aws, PROMOTE, Irreversible, refused(), "free", false),
        (aws, PROMOTE, Irreversible, Outcome::Unreachable { error: "no connection".into() }, "free", false),
        (aws, PROMOTE, Irreversible, Outcome::Unusable { error: "no region".into() }, "free", false),
        (aws, LOOK, Observe, unreachable(), "free", false),
        (aws, LOOK, Change, unreachable(), "free", false),
        // It was looked at when its end became known.
        (aws, PROMOTE, Irreversible, undone(), "not happened", false),
        (aws, PROMOTE, Irreversible, in_doubt(), "untold", false),
        // Nothing but a person tells of these.
        (sh, "promote-it", Change, in_doubt(), "untold", false),
        (Kind::Http, post, Change, unreachable(), "untold", false),
        (Kind::Sql, "DELETE FROM orders", Change, unreachable(), "untold", false),
        // Everybody saw how these ended.
        (sh, "promote-it", Irreversible, Outcome::Exited { code: 1 }, "free", false),
        (sh, "promote-it", Change, Outcome::TimedOut { after_ms: 9 }, "free", false),
        (Kind::Http, post, Change, Outcome::Answered { status: Some(500) }, "free", false),
    ];
    for (kind, code, impact, outcome, expected, looks) in table {
        let case = format!("{code} {outcome:?}");
        let (mut rig, events) = ended(of(kind, code, impact), Mode::Real, outcome.clone());
        assert_eq!(again(&rig), expected, "{case}");
        assert_eq!(kinds(&events).contains(&"look-asked".to_owned()), looks, "{case}: {events:?}");
        assert_eq!(matches!(&rig.effects[..], [Effect::Look(_)]), looks, "{case}: {:?}", rig.effects);
        let retried = rig.wish(Intent::Retry { step: "go".into() });
        assert_eq!(retried.is_ok(), matches!(expected, "free" | "not happened"), "{case}: {retried:?}");
        let (rig, _) = ended(Action { repeatable: true, ..of(kind, code, impact) }, Mode::Real, outcome);
        assert_eq!(again(&rig), "free", "{case}, and to run it again is harmless");
    }
}

#[test]
fn a_retry_is_had_where_a_look_says_that_it_did_not_happen() {
    let (mut rig, _) = ended(of(Kind::Aws, PROMOTE, Impact::Irreversible), Mode::Real, unreachable());
    let retry = || Intent::Retry { step: "go".into() };
    let word = |text: &str| Intent::RetryOnWord { step: "go".into(), evidence: text.into() };
    let look = || Intent::Look { step: "go".into() };
    assert_eq!(rig.wish(retry()), Err(Refusal::BeingLookedAt("go".into())));
    assert_eq!(rig.wish(word("I saw it")), Err(Refusal::BeingLookedAt("go".into())));
    assert_eq!(rig.wish(look()), Err(Refusal::BeingLookedAt("go".into())));
    assert_eq!(kinds(&told(&mut rig, Seen::Unclear).unwrap()), ["looked"]);
    assert!(matches!(rig.wish(retry()), Err(Refusal::MayHaveHappened { .. })));
    // Somebody looks again: it happened, so that no word helps.
    assert_eq!(kinds(&rig.wish(look()).unwrap()), ["look-asked"]);
    told(&mut rig, Seen::Happened).unwrap();
    assert!(matches!(rig.wish(retry()), Err(Refusal::Happened { .. })));
    assert!(matches!(rig.wish(word("I saw it")), Err(Refusal::Happened { .. })));
    rig.wish(look()).unwrap();
    told(&mut rig, Seen::NotHappened).unwrap();
    assert!(told(&mut rig, Seen::Happened).is_err(), "nobody asked");
    let events = rig.wish(retry()).unwrap();
    assert_eq!(kinds(&events), ["retry-chosen", "confirmation-asked"], "it is confirmed again, too");
    rig.refold();
}

#[test]
fn a_lone_operator_goes_on_with_their_word_which_is_recorded() {
    let (mut rig, _) = ended(of(Kind::Shell(Shell::Sh), "promote-it", Impact::Change), Mode::Real, in_doubt());
    let word = |text: &str| Intent::RetryOnWord { step: "go".into(), evidence: text.into() };
    assert_eq!(rig.wish(Intent::Look { step: "go".into() }), Err(Refusal::NothingLooks("go".into())));
    assert_eq!(rig.wish(word("  ")), Err(Refusal::EvidenceMissing));
    let events = rig.wish(word(" its host was down ")).unwrap();
    let Event::RetryChosen { evidence, .. } = &events[0] else { panic!("{events:?}") };
    assert_eq!(evidence.as_deref(), Some("its host was down"));
    let told = lifeboat::report::narrate(&events[0]);
    assert!(told.contains("on their word that it did not happen: its host was down"), "{told}");
}

#[test]
fn the_other_choices_stay_while_it_is_looked_at() {
    for intent in [
        Intent::Skip { step: "go".into(), reason: "not needed".into() },
        Intent::MarkDone { step: "go".into(), evidence: "seen".into() },
        Intent::Edit { step: "go".into(), command: "aws rds describe-db-instances".into() },
        Intent::Improvise { command: "uptime".into() },
        Intent::Stop { reason: "enough".into() },
    ] {
        let (mut rig, _) = ended(of(Kind::Aws, PROMOTE, Impact::Change), Mode::Real, unreachable());
        rig.wish(intent.clone()).unwrap();
        // What the look tells comes later; it is of no use any more, and no harm.
        let late = told(&mut rig, Seen::NotHappened);
        assert!(late.is_ok() || late == Err(Refusal::Over), "{intent:?}: {late:?}");
        rig.refold();
    }
}

#[test]
fn whoever_takes_the_run_up_looks_again_where_the_answer_is_missing() {
    let (rig, _) = ended(of(Kind::Aws, PROMOTE, Impact::Change), Mode::Real, unreachable());
    let resumed = Fact { seq: rig.facts.last().unwrap().seq + 1, at: rig.now, event: resumed() };
    let effects = react(&rig.run, &resumed);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Look(_))), "{effects:?}");
}

/// A drill's script waits for what the look tells, and tries again only what did not happen.
#[test]
fn a_drill_s_script_waits_for_the_look() {
    let (mut rig, _) = ended(of(Kind::Aws, PROMOTE, Impact::Irreversible), Mode::Drill, unreachable());
    rig.wish(Intent::Auto { on: true }).unwrap();
    let next = |rig: &Rig| script::next(&rig.run, 1, &std::collections::BTreeMap::new(), rig.now.utc);
    assert_eq!(next(&rig), None);
    told(&mut rig, Seen::NotHappened).unwrap();
    assert!(matches!(next(&rig), Some(Intent::Retry { .. })));
    rig.wish(Intent::Look { step: "go".into() }).unwrap();
    told(&mut rig, Seen::Happened).unwrap();
    assert!(matches!(next(&rig), Some(Intent::Stop { .. })));
}
