//! What each choice after a failure does to the forecast: which wishes are played, and how what comes of them is said.

use std::time::Duration;

use super::model::RunScreen;
use crate::engine::{Again, Intent, Outlook, Run, Strand};
use crate::kernel::{Stamp, StepId, clock};
use crate::settings::keymap::Command;

/// Holds the forecasts after each choice at a step that failed, by what earlier runs took.
#[derive(Clone, Debug, PartialEq)]
pub struct Effects {
    /// The step, or the item of it.
    pub step: StepId,
    /// What each choice leads to; `None` where nothing can be said.
    pub of: Vec<(Command, Option<Outlook>)>,
}

/// Says whether a choice leads beyond the RTO.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Late {
    No,
    Yes,
}

/// Lists the choices at a strand that failed as wishes, for playing only: what people would say with them stands open.
pub fn choices(run: &Run, strand: Strand) -> Vec<(Command, Intent)> {
    let Some(step) = run.strand_id(strand) else { return Vec::new() };
    let said = || "?".to_owned();
    let retry = match run.again(strand) {
        Again::Free | Again::NotHappened(_) => Some(Intent::Retry { step: step.clone() }),
        Again::Untold(_) => Some(Intent::RetryOnWord { step: step.clone(), evidence: said() }),
        Again::Looking | Again::Happened(_) => None,
    };
    let next = run.plan.steps.get(strand.step.saturating_add(1));
    let jump = next.map(|next| Intent::Jump { step: step.clone(), to: next.id.clone(), reason: said() });
    let mut choices = vec![
        (Command::Edit, Intent::Edit { step: step.clone(), command: "true".to_owned() }),
        (Command::Skip, Intent::Skip { step: step.clone(), reason: said() }),
        (Command::MarkDone, Intent::MarkDone { step: step.clone(), evidence: said() }),
        (Command::RollBack, Intent::RollBack { step, reason: said() }),
    ];
    choices.extend(retry.map(|retry| (Command::Retry, retry)));
    choices.extend(jump.map(|jump| (Command::Jump, jump)));
    choices
}

/// Says when service would be back after a choice: by earlier runs as the clock's own forecast is, else by what the
/// runbook says of its actions.
pub(super) fn effect(screen: &RunScreen, command: Command, now: Stamp) -> Option<(String, Late)> {
    let strand = screen.subject()?;
    let (_, intent) = choices(&screen.run, strand).into_iter().find(|(of, _)| *of == command)?;
    if let Some(known) =
        screen.effects.as_ref().filter(|effects| screen.run.strand_id(strand) == Some(effects.step.clone()))
        && screen.outlook.is_some()
    {
        let (_, outlook) = known.of.iter().find(|(of, _)| *of == command)?;
        let outlook = outlook.as_ref()?;
        return Some(match outlook.middle_ms.map(Duration::from_millis) {
            Some(finish) => said(screen, finish, outlook.unknown),
            None => ("never".to_owned(), Late::Yes),
        });
    }
    effect_of(screen, &intent, now)
}

/// Says when service would be back after a wish, by what the runbook says of its actions.
pub(super) fn effect_of(screen: &RunScreen, intent: &Intent, now: Stamp) -> Option<(String, Late)> {
    let forecast = screen.run.forecast_if(intent, now)?;
    Some(said(screen, forecast.finish, forecast.unknown))
}

fn said(screen: &RunScreen, finish: Duration, unknown: usize) -> (String, Late) {
    let sign = if unknown > 0 { "≥" } else { "" };
    let late = if screen.run.rto().is_some_and(|limit| finish > limit) { Late::Yes } else { Late::No };
    let word = if late == Late::Yes { ", OVER" } else { "" };
    (format!("{sign}{}{word}", clock(finish)), late)
}
