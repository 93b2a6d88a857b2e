//! Whether a run's facts show what an inject or an expectation waits for.

use crate::engine::{ACKNOWLEDGED, Event, Fact};
use crate::report::kind;
use crate::runbook::Plan;
use crate::runbook::injects::Trigger;

/// Finds the first fact behind a line that shows it; `None` is behind no line.
pub fn happened<'f>(trigger: &Trigger, plan: &Plan, facts: &'f [Fact], behind: Option<u64>) -> Option<&'f Fact> {
    facts.iter().filter(|fact| behind.is_none_or(|behind| fact.seq > behind)).find(|fact| shows(trigger, plan, fact))
}

fn shows(trigger: &Trigger, plan: &Plan, fact: &Fact) -> bool {
    let event = &fact.event;
    match trigger {
        Trigger::StepBegun(id) => matches!(event, Event::StepStarted { step } if step.as_str() == id),
        Trigger::StepSettled(id) => match event {
            Event::StepDone { step, .. }
            | Event::StepSkipped { step, .. }
            | Event::StepOwed { step, .. }
            | Event::NotApplicable { step, action: None, .. } => step.as_str() == id,
            _ => false,
        },
        Trigger::StepFailed(id) => matches!(event, Event::StepFailed { step, .. } if step.parts().0 == id),
        Trigger::Phase(anchor) => match event {
            Event::StepStarted { step } => {
                let phase =
                    plan.steps.iter().find(|known| known.id == *step).and_then(|step| plan.phases.get(step.phase));
                phase.is_some_and(|phase| phase.anchor == *anchor)
            }
            _ => false,
        },
        Trigger::Moment(moment) => matches!(event, Event::MomentFixed { moment: fixed, .. } if fixed == moment),
        Trigger::Fact(wanted) => kind(event) == *wanted && !only_acknowledges(event),
    }
}

/// Does a note say no more than that somebody saw what their screen told them? That is no answer to it.
fn only_acknowledges(event: &Event) -> bool {
    matches!(event, Event::NoteAdded { text, .. } if text.starts_with(ACKNOWLEDGED))
}
