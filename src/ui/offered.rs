//! What the operator can do now: hints and keys both ask here, so that no hint lies and no key surprises.

use super::form::{FormKind, Opener};
use super::message::{LogHealth, Stream};
use super::model::{Behind, Break, Model, Place, RunScreen, Zoom};
use super::picker::{Picker, Row};
use super::reader::Reader;
use super::replay::Replay;
use crate::engine::{Again, Progress, Stage, StepState};
use crate::kernel::SafeText;
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
    if model.help.is_some() || model.finder.is_some() {
        return offers(&[Command::Back, Command::Up, Command::Down]);
    }
    below(model)
}

/// Lists what can be done once help and palette are closed.
pub(super) fn below(model: &Model) -> Vec<Offer> {
    match &model.place {
        Place::Picker(picker) => in_picker(picker),
        Place::Facilitator(desk) => super::facilitator::offered(desk, model.now),
        Place::Compare(beside) => super::compare::offered(beside),
        Place::Run(screen) => match &screen.replay {
            Some(replay) => in_replay(screen, replay),
            None if screen.watches() => {
                // Nobody hears a wish from here.
                let heard = |offer: &Offer| reads(offer.command) || offer.command == Command::Detach;
                in_run(screen).into_iter().filter(heard).collect()
            }
            None => in_run(screen),
        },
    }
}

fn in_picker(picker: &Picker) -> Vec<Offer> {
    use Command as C;
    let mut list = match picker.selected {
        Row::Runbook(_) if picker.entry().is_some() && picker.blind.is_some() => {
            vec![Offer { command: C::Drill, words: Some("open it") }, C::DryRun.into()]
        }
        Row::Runbook(_) if picker.entry().is_some() => offers(&[C::Drill, C::DryRun]),
        Row::Runbook(_) | Row::Unfinished(_) | Row::Ended(_) | Row::Recording(_) => Vec::new(),
    };
    if picker.reading.is_some() {
        list.extend(offers(&[C::Back, C::Up, C::Down, C::Help, C::PageUp, C::PageDown, C::Top, C::Bottom]));
        return list;
    }
    match picker.selected {
        Row::Unfinished(_) => list.push(Offer { command: C::Show, words: Some("go on with it") }),
        Row::Ended(_) | Row::Recording(_) if picker.is_over() => {
            list.push(Offer { command: C::Show, words: Some("watch") });
            list.push(C::Report.into());
            list.push(Offer { command: C::Compare, words: picker.marked.as_ref().map(|_| "compare") });
        }
        Row::Runbook(_) if picker.entry().is_some() => list.push(C::Show.into()),
        Row::Runbook(_) | Row::Ended(_) | Row::Recording(_) => {}
    }
    if !picker.find.is_empty() {
        list.push(Offer { command: C::Back, words: Some("all again") });
    }
    list.push(Offer { command: C::Search, words: Some("find…") });
    let quit = Offer { command: C::Quit, words: picker.blind.as_ref().map(|_| "end the drill…") };
    list.extend(offers(&[C::Up, C::Down, C::Help, C::Palette]));
    list.push(quit);
    list.extend(offers(&[C::PageUp, C::PageDown, C::Top, C::Bottom]));
    list
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
    if screen.parted.is_some() && matches!(screen.zoom, Zoom::Shared) && !screen.is_ended() {
        let mut list = offers(&[C::Detach, C::Timeline]);
        if !screen.outputs_of().is_empty() {
            list.push(C::Zoom.into());
        }
        list.extend(offers(&[C::Help, C::Palette, C::NextPane, C::PreviousPane, C::Copy]));
        list.extend(offers(&MOVES));
        return list;
    }
    match (&screen.zoom, &screen.run.stage) {
        (_, Stage::New) => return offers(&[C::Help, C::Detach]),
        (Zoom::Output(reader), _) => return in_output(screen, reader),
        (Zoom::Timeline(_), _) => return in_timeline(screen),
        (Zoom::Shared, Stage::Ended(_)) => {
            let again = if screen.goes_on_blind() { Some("choose again") } else { screen.behind.words() };
            let mut list = vec![Offer { command: C::Quit, words: again }, C::Timeline.into()];
            if !screen.outputs_of().is_empty() {
                list.push(C::Zoom.into());
            }
            list.extend(offers(&[C::Help, C::Palette]));
            list.extend(offers(&MOVES));
            return list;
        }
        (Zoom::Shared, Stage::Open) => {}
    }
    let mut list: Vec<Offer> = Vec::new();
    if screen.looks() {
        list.push(C::Back.into());
    }
    if matches!(screen.log, Some((LogHealth::Halted, _))) {
        list.push(C::Unrecorded.into());
    }
    if screen.run.exercise.paused.is_some() {
        list.push(C::EndPause.into());
    }
    let running = screen.running().is_some();
    if screen.run.at_keyboard().is_some() {
        list.push(C::Terminal.into());
    }
    if let Some(asked) = screen.run.asked().first() {
        if screen.run.readings.contains_key(&asked.name) {
            list.push(Offer { command: C::Enter, words: Some("second reader…") });
            list.push(C::Waive.into());
        } else {
            list.push(C::Enter.into());
        }
    }
    list.extend(see(screen));
    if screen.run.to_send().is_some() {
        list.extend([C::Sent.into(), Offer { command: C::Copy, words: Some("copy it") }]);
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
                let asks = screen.subject().is_some_and(|strand| screen.run.asks_first(strand));
                list.push(Offer { command: C::Run, words: asks.then_some("run…") });
                list.push(C::Skip.into());
                // What failed and was not run again is still to be chosen about.
                if screen.subject().is_some_and(|strand| screen.run.failed_before(strand).is_some()) {
                    list.extend(offers(&[C::Edit, C::MarkDone]));
                    if can_undo(screen) {
                        list.push(C::RollBack.into());
                    }
                }
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
                match again(screen) {
                    Some(Again::Looking | Again::Happened(_)) => {}
                    Some(Again::Untold(_)) => list.push(Offer { command: C::Retry, words: Some("retry…") }),
                    Some(Again::Free | Again::NotHappened(_)) | None => list.push(C::Retry.into()),
                }
                if screen.subject().is_some_and(|strand| screen.run.can_look(strand).is_some()) {
                    list.push(C::Look.into());
                }
                if screen.run.asked().is_empty() {
                    list.push(C::Edit.into());
                }
                list.extend(offers(&[C::Skip, C::MarkDone]));
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
    if may_jump(screen) && no_jump(screen).is_none() {
        list.push(C::Jump.into());
    }
    list.extend(offers(&[C::Stop, C::Help, C::Palette, C::NextPane, C::PreviousPane]));
    if !screen.outputs_of().is_empty() {
        list.push(C::Zoom.into());
    }
    list.extend(offers(&[C::Timeline, C::Tag, C::Onset]));
    if screen.run.to_send().is_none() {
        list.push(C::Copy.into());
    }
    list.extend(offers(&[C::Detach, C::HandOver, C::Quit]));
    list.extend(offers(&MOVES));
    list
}

/// What leads through a recording, whatever is read.
const THROUGH: [Command; 21] = {
    use Command as C;
    [
        C::Play,
        C::Forward,
        C::Backward,
        C::NextEvent,
        C::PreviousEvent,
        C::Faster,
        C::Slower,
        C::GoTo,
        C::NextFailure,
        C::NextDecision,
        C::NextStep,
        C::PreviousFailure,
        C::PreviousDecision,
        C::PreviousStep,
        C::NextBreach,
        C::PreviousBreach,
        C::NextNote,
        C::PreviousNote,
        C::ShortenIdle,
        C::Beginning,
        C::Ending,
    ]
};

/// A recording is looked at: nothing that is offered acts.
fn in_replay(screen: &RunScreen, replay: &Replay) -> Vec<Offer> {
    use Command as C;
    let mut list: Vec<Offer> = match &screen.zoom {
        Zoom::Output(reader) => in_output(screen, reader).into_iter().filter(|offer| reads(offer.command)).collect(),
        Zoom::Timeline(_) => in_timeline(screen).into_iter().filter(|offer| reads(offer.command)).collect(),
        Zoom::Shared => {
            let back = match (screen.looks() || replay.searches(), screen.behind) {
                (true, _) => offers(&[C::Back]),
                (false, Behind::Screen) => vec![Offer { command: C::Back, words: Some("go back") }],
                (false, Behind::Nothing) => Vec::new(),
            };
            let matches = if replay.search.is_some() { offers(&[C::NextMatch, C::PreviousMatch]) } else { Vec::new() };
            back.into_iter().chain(matches).collect()
        }
    };
    // Of what leads through it a hint line holds the first few.
    let beside = list.len().min(2);
    let rest = list.split_off(beside);
    list.extend(offers(&THROUGH));
    list.extend(rest);
    let mut add = |offer: Offer| {
        if list.iter().all(|other| other.command != offer.command) {
            list.push(offer);
        }
    };
    let quit = Offer { command: C::Quit, words: screen.behind.words() };
    let more = [C::Search.into(), C::Help.into(), quit, C::Palette.into(), C::Timeline.into()];
    more.into_iter().for_each(&mut add);
    if replay.has_rivals() {
        add(C::CompareWith.into());
    }
    if !screen.outputs_of().is_empty() {
        add(C::Zoom.into());
    }
    [C::NextPane, C::PreviousPane, C::Copy].into_iter().chain(MOVES).map(Offer::from).for_each(add);
    list
}

/// Does a command only read?
fn reads(command: Command) -> bool {
    use Command as C;
    matches!(
        command,
        C::Back
            | C::Search
            | C::NextMatch
            | C::PreviousMatch
            | C::Bottom
            | C::Wrap
            | C::Save
            | C::NextPane
            | C::PreviousPane
            | C::Zoom
            | C::Timeline
            | C::Help
            | C::Palette
            | C::Copy
            | C::Quit
            | C::Up
            | C::Down
            | C::PageUp
            | C::PageDown
            | C::Top
    )
}

const MOVES: [Command; 6] =
    [Command::Up, Command::Down, Command::PageUp, Command::PageDown, Command::Top, Command::Bottom];

/// While something is read at full height its own keys come first, and nothing runs a step.
fn in_output(screen: &RunScreen, reader: &Reader) -> Vec<Offer> {
    use Command as C;
    let mut list = vec![Offer { command: C::Back, words: Some("close") }, C::Search.into()];
    if reader.search.is_some() {
        list.extend(offers(&[C::NextMatch, C::PreviousMatch]));
    }
    list.extend(offers(&[C::Bottom, C::Wrap, C::Save]));
    let other = match reader.stream {
        Stream::Out => Stream::Err.name(),
        Stream::Err => Stream::Out.name(),
    };
    list.push(Offer { command: C::NextPane, words: Some(other) });
    list.extend(offers(&[C::PreviousPane, C::Zoom, C::Timeline]));
    list.extend(beside(screen));
    if reader.search.is_none() {
        list.push(C::Note.into());
    }
    list.extend(offers(&MOVES));
    list
}

fn in_timeline(screen: &RunScreen) -> Vec<Offer> {
    use Command as C;
    let mut list = vec![
        Offer { command: C::Back, words: Some("close") },
        Offer { command: C::Search, words: Some("filter…") },
        C::Timeline.into(),
    ];
    if !screen.is_ended() {
        list.push(C::Note.into());
    }
    list.extend(beside(screen));
    list.extend(offers(&MOVES));
    list
}

/// Offers to see what shouts. What fails asks what is to be said about it; of the rest it is enough that it was seen.
fn see(screen: &RunScreen) -> Option<Offer> {
    let asks = screen.run.alarm().is_some();
    let words = (!asks).then_some("seen");
    (asks || !screen.calls.breaches.is_empty()).then_some(Offer { command: Command::SeeAlarm, words })
}

/// Lists what can be done whatever is read.
fn beside(screen: &RunScreen) -> Vec<Offer> {
    use Command as C;
    if screen.is_ended() {
        return offers(&[C::Quit, C::Help, C::Palette]);
    }
    let mut list = Vec::new();
    if screen.run.exercise.paused.is_some() {
        list.push(C::EndPause.into());
    }
    list.extend(see(screen));
    if screen.running().is_some() {
        list.push(Offer { command: C::Interrupt, words: screen.interrupted.is_some().then_some("interrupt by force") });
    }
    list.extend(offers(&[C::Help, C::Palette, C::Tag, C::Copy, C::Detach, C::Stop, C::Quit]));
    list
}

/// Says why a command can't be had now.
pub(super) fn why_not(model: &Model, command: Command) -> String {
    use Command as C;
    if let Place::Compare(beside) = &model.place {
        return super::compare::why_not(beside, command).to_owned();
    }
    let Place::Run(screen) = &model.place else {
        let words = match command {
            C::Back => "this is the list itself",
            C::Report | C::Compare => "no run that is over is selected",
            C::Drill | C::DryRun => "no runbook is selected",
            C::Show => "there is no runbook",
            _ => "it belongs to a run",
        };
        return words.to_owned();
    };
    if let Some(replay) = &screen.replay {
        let words = match command {
            C::NextMatch | C::PreviousMatch if replay.search.is_none() => "nothing was searched for",
            C::CompareWith if replay.rivals.is_none() => "other runs are still being looked for",
            C::CompareWith => "no other run of this runbook that is over was found",
            C::Wrap | C::Save => "no output is read; z opens it",
            C::Zoom => "nothing has run yet",
            C::Back => "this is the first level",
            _ => "it has no meaning in a replay",
        };
        return words.to_owned();
    }
    if let (C::Retry, Stage::Open, Zoom::Shared) = (command, &screen.run.stage, &screen.zoom) {
        match again(screen) {
            Some(Again::Looking) => return "it is being looked at whether it happened".to_owned(),
            Some(Again::Happened(what)) => return SafeText::line(&format!("it happened: {what}")).into_string(),
            Some(Again::Free | Again::NotHappened(_) | Again::Untold(_)) | None => {}
        }
    }
    if let (C::Jump, Stage::Open, Zoom::Shared, true) = (command, &screen.run.stage, &screen.zoom, may_jump(screen))
        && let Some(why) = no_jump(screen)
    {
        return why;
    }
    let words = match (command, &screen.run.stage) {
        (C::NextMatch | C::PreviousMatch, _) => "nothing was searched for in the output",
        (C::Wrap | C::Save | C::Search, _) => "no output is read; z opens it",
        (C::Zoom, _) => "nothing has run yet",
        (C::Back, _) => "this is the first level",
        (_, Stage::Open) if screen.parted.is_some() => "the engine hears nothing from here any more",
        (_, Stage::Open) if screen.watches() => "you watch; `lifeboat resume --take-over WHY` takes control",
        (_, Stage::New) => "the run has not begun",
        (_, Stage::Ended(_)) => "the run is over",
        (_, Stage::Open) if !matches!(screen.zoom, Zoom::Shared) => "something is read; esc closes it first",
        (C::Run, Stage::Open) if !screen.run.asked().is_empty() => "the step asks for a value first",
        (C::Run, Stage::Open) => "no step waits to be run",
        (C::Retry | C::Edit | C::MarkDone, Stage::Open) => "nothing has failed here",
        (C::Look, Stage::Open) => "nothing failed that a call which only reads could tell about",
        (C::RollBack, Stage::Open) => "nothing has failed that could be taken back",
        (C::Skip | C::Jump, Stage::Open) => "no step waits for you",
        (C::Tick, Stage::Open) => "no item is left to be ticked",
        (C::Done, Stage::Open) => "no step is done by hand now",
        (C::Sent, Stage::Open) => "no message waits to be sent",
        (C::SeeAlarm, Stage::Open) => "no watched condition fails, no objective was breached, and nobody told anything",
        (C::EndPause, Stage::Open) => "the exercise is not paused",
        (C::Owe, Stage::Open) => "the runbook names nobody to leave it to",
        (C::Choose, Stage::Open) => "there is nothing to decide",
        (C::Enter, Stage::Open) => "no value is asked for",
        (C::Waive, Stage::Open) => "no second reader is waited for",
        (C::Interrupt, Stage::Open) => "nothing runs",
        (C::Terminal, Stage::Open) => "nothing that runs has a terminal",
        (C::Improvise, Stage::Open) => "something runs; interrupt it, or wait",
        (_, Stage::Open) => "it has no meaning here",
    };
    words.to_owned()
}

/// Returns the question that a command opens now, if it opens one.
pub(super) fn question(screen: &RunScreen, command: Command) -> Option<FormKind> {
    let step = screen.current().map(|(step, _)| step);
    match command {
        Command::Skip => screen.current_id().map(FormKind::Skip),
        Command::Retry if matches!(again(screen), Some(Again::Untold(_))) => screen.current_id().map(FormKind::Retry),
        Command::MarkDone => screen.current_id().map(FormKind::MarkDone),
        Command::Done => step.map(|step| FormKind::Done(step.id.clone(), step.manual.unwrap_or(Evidence::Welcome))),
        Command::Improvise => Some(FormKind::Improvise),
        Command::Note => Some(FormKind::Note),
        Command::Stop if screen.run.exercise.blind.is_some() => Some(FormKind::Leave),
        Command::Stop => Some(FormKind::Stop),
        Command::Jump => step.map(|step| FormKind::Jump(step.id.clone())),
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

/// Says whether what the keys act on may be tried again, where it failed.
pub(super) fn again(screen: &RunScreen) -> Option<Again> {
    let strand = screen.subject()?;
    matches!(screen.run.state(strand)?, StepState::Failed { .. }).then(|| screen.run.again(strand))
}

/// Does the step wait for a person, so that the run can go on at another one?
pub(super) fn may_jump(screen: &RunScreen) -> bool {
    let waits = screen.current().is_some_and(|(_, state)| {
        matches!(state, StepState::Offered | StepState::Paused { .. } | StepState::Failed { .. } | StepState::ByHand)
    });
    waits && !screen.run.is_rolling_back() && screen.run.prompt.is_none()
}

/// Says why the run can't go on at another step from here, where something else has to be answered first.
pub(super) fn no_jump(screen: &RunScreen) -> Option<String> {
    let strand = screen.subject()?;
    if strand.item.is_some() {
        return Some("not out of one item: skip it or mark it done, then jump".to_owned());
    }
    let open = screen.run.open_strands();
    let other = open.iter().find(|other| **other != strand && !screen.run.is_background(**other))?;
    Some(format!("not while {} is open beside it", screen.run.label(*other)))
}

/// Did something act that the runbook says how to undo, and is nothing being undone?
pub(super) fn can_undo(screen: &RunScreen) -> bool {
    !screen.run.is_rolling_back() && !screen.run.undoable().0.is_empty()
}

fn offers(commands: &[Command]) -> Vec<Offer> {
    commands.iter().map(|command| (*command).into()).collect()
}
