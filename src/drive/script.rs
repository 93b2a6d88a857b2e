//! Nobody at the keyboard: what a drill's script does next, and where a real run stops.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::engine::{Intent, Mode, Progress, Run, Stage, StepState};
use crate::runbook::{Impact, Plan};

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
        let prompt = prompt.number;
        return if drill {
            Some(Intent::ConfirmByScript { prompt })
        } else {
            (!run.working()).then_some(Intent::GiveUpWaiting)
        };
    }
    if run.current >= run.steps.len() {
        // Everything is settled and nobody looks any more whether the service is restored.
        let lost = run.watch.is_none() && run.running.is_empty();
        let reason = "every step is settled and the service was not seen to be restored".to_owned();
        return lost.then_some(if drill { Intent::Stop { reason } } else { Intent::GiveUpWaiting });
    }
    let strand = run.focus().filter(|strand| run.awaits_person(*strand))?;
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
        StepState::ByHand if drill => {
            let open = run.ticks.get(strand.step).and_then(|ticks| ticks.iter().position(|ticked| !ticked));
            Some(match open.and_then(|item| u32::try_from(item).ok()) {
                Some(item) => Intent::Tick { step: id, item },
                None => Intent::Done { step: id, note: "drill script: nobody was there to look".to_owned() },
            })
        }
        StepState::Failed { why, cursor, .. } if drill => {
            let harmless =
                step.actions.get(*cursor).is_some_and(|action| action.impact == Impact::Observe || action.repeatable);
            Some(if harmless && failures <= RETRIES {
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
        | StepState::NotApplicable { .. } => None,
    }
}

/// Lists what a drill's script could not answer, a sentence each: such a drill does not begin.
pub fn unanswerable(plan: &Plan, answers: &BTreeMap<String, String>, given: &[(String, String)]) -> Vec<String> {
    let mut problems = Vec::new();
    for step in &plan.steps {
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
