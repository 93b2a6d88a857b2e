//! A recorded drill beside itself, beside a slower one, and beside one that was worked otherwise.

use std::sync::Arc;

use super::*;
use crate::engine::evolve;
use crate::journal::read_log;
use crate::runbook::parse;

fn recorded(change: impl Fn(&mut Fact)) -> (Run, Vec<Fact>) {
    let mut facts = read_log(include_bytes!("../../../tests/fixtures/recording/incident.jsonl")).into_facts();
    facts.iter_mut().for_each(change);
    let parsed = parse("runbook.md", include_bytes!("../../../tests/fixtures/recording/runbook.md"));
    let mut run = Run::new(Arc::new(parsed.plan.unwrap()));
    for fact in &facts {
        evolve(&mut run, fact).unwrap();
    }
    (run, facts)
}

fn said(one: &(Run, Vec<Fact>), other: &(Run, Vec<Fact>)) -> String {
    let of = |(run, facts): &'static (Run, Vec<Fact>)| Compared { run, facts };
    let keep = |pair: &(Run, Vec<Fact>)| -> &'static (Run, Vec<Fact>) { Box::leak(Box::new(pair.clone())) };
    side_by_side(&compare(of(keep(one)), of(keep(other))).unwrap())
}

#[test]
fn a_run_is_as_fast_as_itself_and_did_the_same() {
    let one = recorded(|_| {});
    let said = said(&one, &one);
    assert!(said.contains("nothing that is recorded") && said.contains("Both took 0:21"), "{said}");
    assert!(said.contains("1 Look from outside"), "{said}");
}

#[test]
fn what_took_longer_is_found_and_named() {
    let one = recorded(|_| {});
    // Everything from the promotion on came ten seconds later, and somebody else had another value.
    let promoted = one.1.iter().find(|fact| matches!(&fact.event, Event::StepStarted { step } if one.0.plan.step(step).is_some_and(|step| step.number == 9)));
    let from = promoted.unwrap().seq;
    let other = recorded(|fact| {
        if fact.seq > from {
            fact.at.mono += 10_000_000;
            fact.at.utc += chrono::TimeDelta::seconds(10);
        }
        match &mut fact.event {
            Event::Recovered { since, rto_ms, .. } => {
                *since += chrono::TimeDelta::seconds(10);
                *rto_ms += 10_000;
            }
            Event::RecoverySeen { since, .. } => {
                *since += chrono::TimeDelta::seconds(10);
            }
            Event::InputSet { name, value, .. } if name == "REPLICA_ID" => *value = "other-west".to_owned(),
            _ => {}
        }
    });
    let text = said(&one, &other);
    assert!(text.contains("B waited 10.0 s longer for people."), "{text}");
    assert!(text.contains("A restored the service 10.0 s earlier than B."), "{text}");
    assert!(text.contains("Most of it was gained in 9 Promote the replica (10.0 s)"), "{text}");
    assert!(text.contains("REPLICA_ID: A `shop-db-west`, B `other-west`"), "{text}");
    let back = said(&other, &one);
    assert!(back.contains("B restored the service 10.0 s earlier than A."), "{back}");
}

#[test]
fn runs_that_share_no_step_are_refused_by_name() {
    let one = recorded(|_| {});
    let parsed = parse("other.md", b"# Other\n\n### Another thing\n\n```sh {name=x impact=observe}\ntrue\n```\n");
    let other = Run::new(Arc::new(parsed.plan.unwrap()));
    let refused = compare(Compared { run: &one.0, facts: &one.1 }, Compared { run: &other, facts: &[] }).unwrap_err();
    assert!(refused.to_string().contains("share no step") && refused.to_string().contains("`Other`"), "{refused}");
}

#[test]
fn a_step_has_what_either_ran_and_where_they_differ() {
    let one = recorded(|_| {});
    let other = recorded(|fact| {
        if let Event::AttemptStarted { step: Some(step), command, .. } = &mut fact.event
            && step.as_str() == "promote"
        {
            command.push_str("\n--tags x");
        }
    });
    let compared =
        compare(Compared { run: &one.0, facts: &one.1 }, Compared { run: &other.0, facts: &other.1 }).unwrap();
    let promote = compared.steps.iter().find(|step| step.title.starts_with("9 ")).unwrap();
    let [a, b] = promote.did.each().map(|did| did.as_ref().unwrap());
    assert_eq!((a.attempts.len(), a.state, a.took_ms), (b.attempts.len(), b.state, b.took_ms));
    assert!(b.attempts[0].command.ends_with("\n--tags x") && !a.attempts[0].command.contains('\n'), "{b:?}");
    let json = serde_json::json!(compared);
    assert_eq!(json["steps"][8]["a"]["attempts"][0]["attempt"], "9.1", "{json}");
    assert_eq!(json["heads"][0]["what"], "run");
}

#[test]
fn what_people_did_otherwise_stands_at_its_step() {
    let one = recorded(|_| {});
    let step = one.0.plan.steps[8].id.clone();
    let more = |event| Fact { event, ..one.1.last().unwrap().clone() };
    let mut facts = one.1.clone();
    facts.push(more(Event::RetryChosen { step: step.clone(), evidence: None, by: "bob".to_owned() }));
    facts.push(more(Event::CommandEdited {
        step,
        action: "promote".into(),
        before: "a".to_owned(),
        after: "b".to_owned(),
        by: "bob".to_owned(),
    }));
    let compared = compare(Compared { run: &one.0, facts: &one.1 }, Compared { run: &one.0, facts: &facts }).unwrap();
    let said = "A nothing; B tried again by a person, command of promote edited";
    assert_eq!(compared.steps[8].differences, [said]);
    assert!(compared.steps[8].differs() && !compared.steps[0].differs());
    assert!(side_by_side(&compared).contains(&format!("9 Promote the replica: {said}")));
}

#[test]
fn a_bar_says_who_took_longer_and_by_how_much() {
    assert_eq!(bar_parts([10, 20], 20, 20), (10, "B", 10));
    assert_eq!(bar_parts([20, 10], 20, 20), (10, "A", 10));
    assert_eq!(bar_parts([1, 0], 1_000_000, 20), (0, "A", 1), "what took any time is seen");
    assert_eq!(bar_parts([0, 0], 0, 20), (0, "B", 0));
}
