//! Nobody at the keyboard: what a drill's script does next, and where a real run stops.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::engine::{Again, AttemptState, Intent, Mode, Outcome, Progress, Run, Stage, StepState, Strand};
use crate::kernel::{AttemptId, StepId};
use crate::runbook::{Impact, Plan, Way};

/// How often the script tries a failed step again before it gives the drill up.
const RETRIES: usize = 2;

/// Says what comes next without a person; `None` while lifeboat itself is at work.
///
/// A drill's script confirms, ticks and notes, and the log says that it was the script. A real run goes on through what
/// only observes and gives up waiting at the first thing that only a person may do.
/// `answers` are values that the practice estate knows; they go before what the runbook proposes.
pub fn next(run: &Run, failures: usize, answers: &BTreeMap<String, String>, now: DateTime<Utc>) -> Option<Intent> {
    if run.stage != Stage::Open || run.stopping.is_some() {
        return None;
    }
    // The engine goes on by itself through what only observes: the end of a step and the start of the next are one
    // decision then, and one write.
    if run.progress == Progress::Manual {
        return Some(Intent::Auto { on: true });
    }
    let drill = run.opened.as_ref().is_some_and(|opened| opened.mode == Mode::Drill);
    if let Some(prompt) = &run.prompt {
        let action = prompt.action.as_ref().and_then(|name| run.plan.action(name));
        let mut required = action.into_iter().flat_map(|(_, action)| &action.require);
        let failing = required.find_map(|name| Some((name, run.failing(name)?)));
        if let Some((watch, why)) = failing.filter(|_| drill) {
            let reason = format!("drill script: {watch} does not hold ({why}), and what comes next requires it");
            return Some(Intent::Stop { reason });
        }
        let prompt = prompt.number;
        let lacks = run.prompt.as_ref().map_or(0, crate::engine::Prompt::lacks);
        return if drill && lacks > 0 {
            Some(Intent::Approve { prompt, approver: format!("practice-approver-{lacks}") })
        } else if drill {
            Some(Intent::ConfirmByScript { prompt })
        } else {
            (!run.working()).then_some(Intent::GiveUpWaiting)
        };
    }
    if run.current >= run.steps.len() {
        // Everything is settled and nobody looks any more whether the service is restored.
        let lost = run.watch.is_none() && run.running.iter().all(|attempt| run.is_watch(attempt));
        let reason = "every step is settled and the service was not seen to be restored".to_owned();
        return lost.then_some(if drill { Intent::Stop { reason } } else { Intent::GiveUpWaiting });
    }
    if let Some(message) = run.to_send().filter(|_| drill) {
        return Some(Intent::Sent { message: message.name.clone() });
    }
    if let Some(action) = run.alarm().filter(|_| drill) {
        let note = "drill script: nobody was there to look".to_owned();
        return Some(Intent::SeeAlarm { action: action.clone(), note });
    }
    let strand = to_answer(run)?;
    let (step, id) = (run.plan.steps.get(strand.step)?, run.strand_id(strand)?);
    if let Some(asked) = run.asked().first()
        && !matches!(run.state(strand)?, StepState::Failed { .. } | StepState::Confirming { .. })
    {
        if !drill {
            return (!run.working()).then_some(Intent::GiveUpWaiting);
        }
        let name = asked.name.clone();
        let known = answers.get(&name).cloned().map(Ok).or_else(|| run.proposal(asked, now));
        return Some(match known {
            Some(Ok(value)) => Intent::SetInput { name, value },
            Some(Err(why)) => Intent::Stop { reason: format!("drill script: {name} has no value: {why}") },
            None => Intent::Stop { reason: format!("drill script: nothing proposes a value for {name}") },
        });
    }
    match run.state(strand)? {
        StepState::Offered | StepState::Paused { .. } => Some(Intent::Run { step: id }),
        StepState::ByHand if drill && step.duty.owed.is_some() => {
            Some(Intent::Owe { step: id, note: "drill script: left to its owner".to_owned() })
        }
        StepState::ByHand if drill && step.decision.is_some() && !open_items(run, strand.step) => {
            Some(match run.advice(strand.step, now) {
                Ok(Some(branch)) => choice(id, branch, "its condition holds, or it is the default"),
                Ok(None) => choice(id, 0, "nothing speaks for another way than the first"),
                Err(why) => {
                    Intent::Stop { reason: format!("drill script: step {} cannot be decided: {why}", step.number) }
                }
            })
        }
        StepState::ByHand if drill => {
            let open = run.ticks.get(strand.step).and_then(|ticks| ticks.iter().position(|ticked| !ticked));
            Some(match open.and_then(|item| u32::try_from(item).ok()) {
                Some(item) => Intent::Tick { step: id, item },
                None => Intent::Done { step: id, note: "drill script: nobody was there to look".to_owned() },
            })
        }
        StepState::Failed { why, cursor, attempt } if drill => {
            let harmless =
                step.actions.get(*cursor).is_some_and(|action| action.impact == Impact::Observe || action.repeatable);
            let undone = attempt.as_ref().is_some_and(|attempt| was_not_carried_out(run, attempt));
            let again = run.again(strand);
            if again == Again::Looking {
                return None;
            }
            let looked = matches!(again, Again::NotHappened(_));
            Some(if undone || ((harmless || looked) && failures <= RETRIES) {
                Intent::Retry { step: id }
            } else {
                Intent::Stop { reason: format!("drill script: step {} failed: {why}", run.label(strand)) }
            })
        }
        // What runs beside it may still come to its end.
        StepState::ByHand | StepState::Failed { .. } => (!run.working()).then_some(Intent::GiveUpWaiting),
        StepState::Waiting
        | StepState::Ready { .. }
        | StepState::Spread { .. }
        | StepState::Confirming { .. }
        | StepState::Running { .. }
        | StepState::Done { .. }
        | StepState::Skipped { .. }
        | StepState::Owed { .. }
        | StepState::NotApplicable { .. } => None,
    }
}

/// Was it shown that nothing of the attempt happened? Only then something grave may be tried again without a person.
fn was_not_carried_out(run: &Run, attempt: &AttemptId) -> bool {
    run.attempts.get(attempt).is_some_and(|attempt| {
        matches!(&attempt.state, AttemptState::Finished { outcome: Outcome::NotCarriedOut { .. }, .. })
    })
}

/// Returns what the script answers next: a decision comes after all that is open beside it.
fn to_answer(run: &Run) -> Option<Strand> {
    let focus = run.focus().filter(|strand| run.awaits_person(*strand))?;
    let decides = run.plan.steps.get(focus.step).is_some_and(|step| step.decision.is_some());
    if !decides || run.state(focus) != Some(&StepState::ByHand) {
        return Some(focus);
    }
    let open = run.open_strands().into_iter();
    let beside: Vec<Strand> = open.filter(|other| *other != focus && !run.is_background(*other)).collect();
    if beside.is_empty() { Some(focus) } else { beside.into_iter().find(|other| run.awaits_person(*other)) }
}

fn choice(step: StepId, branch: usize, why: &str) -> Intent {
    Intent::Choose { step, branch: u32::try_from(branch).unwrap_or(u32::MAX), note: format!("drill script: {why}") }
}

fn open_items(run: &Run, step: usize) -> bool {
    run.ticks.get(step).is_some_and(|ticks| ticks.contains(&false))
}

/// Lists what a drill's script could not answer, a sentence each: such a drill does not begin.
pub fn unanswerable(plan: &Plan, answers: &BTreeMap<String, String>, given: &[(String, String)]) -> Vec<String> {
    let mut problems = Vec::new();
    for (at, step) in plan.steps.iter().enumerate() {
        // Whether such a step's turn comes is told when it does; what is missing then ends the drill.
        if step.when.is_some() || may_be_passed_over(plan, at) {
            continue;
        }
        for name in &step.ask {
            let known = answers.contains_key(name) || given.iter().any(|(given, _)| given == name);
            let proposed = plan.input(name).is_some_and(|input| input.value.is_some() || input.default.is_some());
            if !known && !proposed {
                problems.push(format!(
                    "step {} `{}` asks for {name}, which has no `value` and no `default`; give it with `--set {name}=VALUE`",
                    step.number, step.title
                ));
            }
        }
    }
    problems
}

/// Can a decision before this step lead to another way?
fn may_be_passed_over(plan: &Plan, step: usize) -> bool {
    plan.steps.iter().take(step).enumerate().any(|(at, deciding)| {
        deciding.decision.iter().flat_map(|decision| &decision.branches).any(|branch| match branch.way {
            Way::Step(to) => to > at && (step < to || branch.steps.contains(&step)),
            Way::Runbook(_) => true,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::{Branch, Decision, Formula, InputDecl, InputType, Step};

    fn plan() -> Plan {
        let branch = |to: usize| Branch {
            label: "so".to_owned(),
            criterion: String::new(),
            way: Way::Step(to),
            when: None,
            steps: to..to + 1,
        };
        let step = |id: &str, asks: &str| Step { ask: vec![asks.to_owned()], ..Step::plain(id.into(), id, 1) };
        let decision = Decision { question: String::new(), branches: vec![branch(2), branch(3)], default: None };
        let mut plan = Plan {
            steps: vec![
                Step { ask: vec!["PROPOSED".to_owned(), "BARE".to_owned()], ..step("first", "") },
                Step { decision: Some(decision), ask: Vec::new(), ..step("decide", "") },
                step("one", "ONE"),
                step("other", "OTHER"),
                Step { when: Some(Formula::parse("1 > 2").unwrap()), ..step("never", "NEVER") },
                step("last", "LAST"),
            ],
            ..Plan::default()
        };
        plan.meta.inputs = vec![
            InputDecl { default: Some("x".to_owned()), ..InputDecl::plain("PROPOSED", InputType::Text) },
            InputDecl::plain("BARE", InputType::Text),
        ];
        plan
    }

    #[test]
    fn what_will_be_asked_and_nothing_answers_is_named_before_anything_runs() {
        let named = |answers: &[&str], given: &[&str]| {
            let answers = answers.iter().map(|name| ((*name).to_owned(), "y".to_owned())).collect();
            let given: Vec<_> = given.iter().map(|name| ((*name).to_owned(), "z".to_owned())).collect();
            unanswerable(&plan(), &answers, &given)
        };
        let problems = named(&[], &[]);
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(problems[0].contains("`first` asks for BARE") && problems[0].contains("--set BARE=VALUE"));
        assert!(problems[1].contains("`last` asks for LAST"), "{problems:?}");
        assert_eq!(named(&["BARE"], &[]).len(), 1);
        assert_eq!(named(&["BARE"], &["LAST"]).len(), 0);
    }
}
