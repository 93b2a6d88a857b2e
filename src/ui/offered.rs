//! What the operator can do now: hints and keys both ask here, so that no hint lies and no key surprises.

use super::form::{FormKind, Opener};
use super::message::LogHealth;
use super::model::{Break, Model, Place, RunScreen};
use crate::engine::{Progress, Stage, StepState};
use crate::runbook::{Evidence, Section};
use crate::settings::keymap::Command;

/// Is a command with the words for the hint line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The command.
    pub command: Command,
    /// Its words, where they differ from the keymap's.
    pub words: Option<&'static str>,
}

impl From<Command> for Offer {
    fn from(command: Command) -> Self {
        Self { command, words: None }
    }
}

/// Lists what can be done now, the likeliest first.
pub fn offered(model: &Model) -> Vec<Offer> {
    use Command as C;
    if model.help.is_some() {
        return offers(&[C::Back, C::Up, C::Down]);
    }
    match &model.place {
        Place::Picker(picker) if picker.reading.is_some() => {
            offers(&[C::Drill, C::DryRun, C::Back, C::Up, C::Down, C::Help, C::PageUp, C::PageDown, C::Top, C::Bottom])
        }
        Place::Picker(picker) if picker.entries.is_empty() => offers(&[C::Help, C::Quit]),
        Place::Picker(_) => offers(&[C::Drill, C::DryRun, C::Show, C::Up, C::Down, C::Help, C::Quit]),
        Place::Run(screen) => in_run(screen),
    }
}

fn in_run(screen: &RunScreen) -> Vec<Offer> {
    use Command as C;
    if screen.breaking == Break::Asked {
        let mut list = Vec::new();
        if screen.running().is_some() {
            list.push(C::Interrupt.into());
        }
        if !screen.is_ended() {
            list.push(C::Stop.into());
        }
        list.push(C::Detach.into());
        list.push(Offer { command: C::Back, words: Some("go on") });
        return list;
    }
    match screen.run.stage {
        Stage::New => return offers(&[C::Help, C::Detach]),
        Stage::Ended(_) => {
            return offers(&[C::Quit, C::Up, C::Down, C::PageUp, C::PageDown, C::Top, C::Bottom, C::Help]);
        }
        Stage::Open => {}
    }
    let mut list: Vec<Offer> = Vec::new();
    if screen.look.is_some() {
        list.push(C::Back.into());
    }
    if matches!(screen.log, Some((LogHealth::Halted, _))) {
        list.push(C::Unrecorded.into());
    }
    let running = screen.running().is_some();
    if let Some(asked) = screen.run.asked().first() {
        if screen.run.readings.contains_key(&asked.name) {
            list.push(Offer { command: C::Enter, words: Some("second reader…") });
            list.push(C::Waive.into());
        } else {
            list.push(C::Enter.into());
        }
    }
    if screen.run.alarm().is_some() {
        list.push(C::SeeAlarm.into());
    }
    if screen.run.to_send().is_some() {
        list.push(C::Sent.into());
    }
    if let Some((step, state)) = screen.current() {
        // Whatever runs in it comes first.
        let runs = step.actions.iter().any(|action| action.section <= Section::Verify);
        let by_hand = !runs && (step.manual.is_some() || step.decision.is_some());
        match state {
            StepState::Offered | StepState::Ready { .. } | StepState::Paused { .. }
                if !by_hand && !screen.run.asked().is_empty() =>
            {
                list.push(C::Skip.into());
            }
            StepState::Offered | StepState::Paused { .. } if !by_hand => {
                list.extend(offers(&[C::Run, C::Skip]));
            }
            StepState::Offered | StepState::Paused { .. } | StepState::ByHand => {
                let at = screen.subject().map_or(screen.run.current, |strand| strand.step);
                let open = screen.run.ticks.get(at).is_some_and(|ticks| ticks.contains(&false));
                if open {
                    list.push(C::Tick.into());
                }
                if step.decision.is_some() && screen.run.asked().is_empty() && !open {
                    list.push(C::Choose.into());
                } else if step.manual.is_some() && screen.run.asked().is_empty() && step.decision.is_none() {
                    list.push(C::Done.into());
                }
                list.push(C::Skip.into());
            }
            StepState::Failed { .. } => {
                list.extend(offers(&[C::Retry, C::Skip, C::MarkDone]));
                if can_undo(screen) {
                    list.push(C::RollBack.into());
                }
            }
            StepState::Running { .. }
            | StepState::Ready { .. }
            | StepState::Spread { .. }
            | StepState::Confirming { .. }
            | StepState::Waiting
            | StepState::Done { .. }
            | StepState::Skipped { .. }
            | StepState::Owed { .. }
            | StepState::NotApplicable { .. } => {}
        }
    }
    let may_owe = screen.current().is_some_and(|(step, state)| {
        let stands = StepState::Offered == *state
            || matches!(state, StepState::Paused { .. } | StepState::Failed { .. } | StepState::ByHand);
        step.duty.owed.is_some() && stands
    });
    if may_owe {
        list.push(C::Owe.into());
    }
    if running {
        list.push(Offer { command: C::Interrupt, words: screen.interrupted.is_some().then_some("interrupt by force") });
    } else {
        list.push(C::Improvise.into());
    }
    list.push(C::Note.into());
    list.push(Offer {
        command: C::Auto,
        words: Some(match screen.run.progress {
            Progress::Automatic => "auto is on",
            Progress::Manual => "auto is off",
        }),
    });
    list.extend(offers(&[
        C::Stop,
        C::Help,
        C::NextPane,
        C::PreviousPane,
        C::Zoom,
        C::Onset,
        C::Copy,
        C::Detach,
        C::HandOver,
        C::Quit,
    ]));
    list.extend(offers(&[C::Up, C::Down, C::PageUp, C::PageDown, C::Top, C::Bottom]));
    list
}

/// Returns the question that a command opens now, if it opens one.
pub(super) fn question(screen: &RunScreen, command: Command) -> Option<FormKind> {
    let step = screen.current().map(|(step, _)| step);
    match command {
        Command::Skip => screen.current_id().map(FormKind::Skip),
        Command::MarkDone => screen.current_id().map(FormKind::MarkDone),
        Command::Done => step.map(|step| FormKind::Done(step.id.clone(), step.manual.unwrap_or(Evidence::Welcome))),
        Command::Improvise => Some(FormKind::Improvise),
        Command::Note => Some(FormKind::Note),
        Command::Stop => Some(FormKind::Stop),
        Command::RollBack => screen.current_id().map(FormKind::RollBack),
        Command::SeeAlarm => screen.run.alarm().cloned().map(FormKind::SeeAlarm),
        Command::Owe => step.map(|step| FormKind::Owe(step.id.clone())),
        Command::Choose => step.map(|step| FormKind::Choose(step.id.clone())),
        Command::Waive => screen.run.asked().first().map(|asked| FormKind::Waive(asked.name.clone())),
        Command::Onset => Some(FormKind::Onset(Opener::Operator)),
        Command::Unrecorded => Some(FormKind::Unrecorded),
        _ => None,
    }
}

/// Did something act that the runbook says how to undo, and is nothing being undone?
pub(super) fn can_undo(screen: &RunScreen) -> bool {
    !screen.run.is_rolling_back() && !screen.run.undoable().0.is_empty()
}

fn offers(commands: &[Command]) -> Vec<Offer> {
    commands.iter().map(|command| (*command).into()).collect()
}
