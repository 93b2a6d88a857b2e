//! Keys outside questions: the keymap says what a key may mean, the state of the run which of that is offered.

use std::ops::ControlFlow;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::blind::Ending;
use super::confirm::DEAD_TIME;
use super::field::{Edited, Field};
use super::finder::{self, Chosen, Finder, Lists, To};
use super::form::{Form, FormKind};
use super::message::{Output, Watch};
use super::model::{Behind, Break, Focus, Model, Place, RunScreen, Ticks, Zoom};
use super::offered::{again, may_jump, no_jump, offered, question, why_not};
use super::picker::{Page, Picker, Reading, Row};
use super::reader::Reader;
use super::replay;
use super::timeline::Timeline;
use super::view::text::capital;
use super::{question as questions, tail::Tail};
use crate::engine::{ACKNOWLEDGED, Again, Intent, Progress, StepState};
use crate::runbook::Kind;
use crate::settings::keymap::{Chord, Command};
use crate::settings::theme::Role;

/// Translates a terminal's key, as far as lifeboat binds it.
pub(super) fn chord(key: KeyEvent) -> Option<Chord> {
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    Some(match key.code {
        KeyCode::Char(c) if ctrl => Chord::Ctrl(c.to_ascii_lowercase()),
        KeyCode::Char(_) if key.modifiers.contains(KeyModifiers::ALT) => return None,
        KeyCode::Char(c) => Chord::Char(c),
        KeyCode::Enter => Chord::Enter,
        KeyCode::Esc => Chord::Esc,
        KeyCode::Tab => Chord::Tab,
        KeyCode::BackTab => Chord::BackTab,
        KeyCode::Up => Chord::Up,
        KeyCode::Down => Chord::Down,
        KeyCode::Left => Chord::Left,
        KeyCode::Right => Chord::Right,
        KeyCode::PageUp => Chord::PageUp,
        KeyCode::PageDown => Chord::PageDown,
        KeyCode::Home => Chord::Home,
        KeyCode::End => Chord::End,
        _ => return None,
    })
}

/// Takes a key.
pub(super) fn press(model: &mut Model, key: KeyEvent) -> Option<Output> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    if model.help.is_none() {
        // What came while the help covered it was not seen yet.
        model.news.seen();
    }
    let meant: Vec<Command> = chord(key).map(|chord| model.keymap.commands(chord).collect()).unwrap_or_default();
    if let Place::Picker(Picker { blind: Some(blind), .. }) = &mut model.place
        && !(meant.contains(&Command::Quit) || meant.contains(&Command::Break))
    {
        blind.ending = Ending::No;
    }
    if meant.contains(&Command::Break) {
        return break_off(model);
    }
    if meant.contains(&Command::Suspend) {
        return Some(Output::Suspend);
    }
    if meant.contains(&Command::Repaint) {
        return Some(Output::Repaint);
    }
    if meant.contains(&Command::SeeAlarm) && super::calls::shouts(model) {
        // What shouts over the help is answered there.
        model.help = None;
    }
    if model.help.is_some() {
        help(model, &meant);
        return None;
    }
    if model.finder.is_some() {
        let chosen = finder::press(model, key);
        return choose(model, chosen);
    }
    if let (Edited::Yes, output) = replay::typed(model, key) {
        return output;
    }
    let now = model.now;
    if let Place::Picker(picker) = &mut model.place
        && picker.typed(key) == Edited::Yes
    {
        return None;
    }
    if let Place::Run(screen) = &mut model.place {
        if screen.replay.is_some() {
            // What was asked then is seen, and nobody answers it now.
        } else if screen.breaking == Break::Asked {
            return questions::breaking(screen, key, &model.keymap);
        } else if screen.form.is_some() {
            return questions::form(screen, key, now, &model.keymap);
        } else if screen.confirmation.is_some() {
            return questions::confirmation(screen, key, now, &model.keymap);
        }
        match &mut screen.zoom {
            Zoom::Output(reader) => {
                if let ControlFlow::Break(output) = reader.typed(key) {
                    return output;
                }
            }
            Zoom::Timeline(timeline) => {
                if timeline.typed(key) == Edited::Yes {
                    return None;
                }
            }
            Zoom::Shared => {}
        }
    }
    let offers = offered(model);
    let Some(command) = meant.iter().copied().find(|command| offers.iter().any(|offer| offer.command == *command))
    else {
        return not_offered(model, &meant);
    };
    perform(model, command)
}

/// Begins the answer to whoever would try again what must not be.
pub(super) const NOT_AGAIN: &str = "It is not tried again";

fn not_offered(model: &mut Model, meant: &[Command]) -> Option<Output> {
    if meant.contains(&Command::Back) {
        if let Place::Run(screen) = &mut model.place {
            screen.look_back();
            screen.zoom = Zoom::Shared;
        }
    } else if let (true, Place::Run(screen)) = (meant.contains(&Command::Retry), &model.place)
        && let Some(Again::Looking | Again::Happened(_)) = again(screen)
    {
        let why = why_not(model, Command::Retry);
        model.news.answer(Role::Warn, format!("{NOT_AGAIN}: {why}."));
    } else if meant.contains(&Command::CompareWith) && is_replay(model) {
        let why = why_not(model, Command::CompareWith);
        model.news.answer(Role::Dim, format!("It can't be compared now: {why}."));
    } else if matches!(&model.place, Place::Run(screen) if screen.parted.is_some()) {
        // Why nothing can be done is on the screen already.
    } else if let (true, Place::Run(screen)) = (meant.contains(&Command::Jump), &model.place)
        && may_jump(screen)
        && let Some(why) = no_jump(screen)
    {
        model.news.answer(Role::Warn, format!("{}.", capital(&why)));
    } else if matches!(&model.place, Place::Run(screen) if screen.watches()) && !meant.is_empty() {
        model
            .news
            .answer(Role::Warn, "Nothing of that while you watch: `lifeboat resume --take-over WHY` takes control.");
    } else if !meant.is_empty() {
        model.news.answer(Role::Dim, "That key does nothing now; ? shows what does.");
    }
    None
}

fn is_replay(model: &Model) -> bool {
    matches!(&model.place, Place::Run(screen) if screen.replay.is_some())
}

/// Does what was chosen in the palette. Enter runs nothing, here or elsewhere: it says which key does.
fn choose(model: &mut Model, chosen: Chosen) -> Option<Output> {
    let found = match chosen {
        Chosen::Open => return None,
        Chosen::Closed => {
            model.finder = None;
            return None;
        }
        Chosen::To(found) => found,
    };
    if let Some(why) = found.why_not {
        model.news.answer(Role::Warn, format!("{} can't be had now: {why}.", found.name));
        return None;
    }
    model.finder = None;
    match (found.to, &mut model.place) {
        (To::Command(command), _) if acts(command) => {
            model.news.answer(Role::Ask, format!("Enter runs nothing. Press {} for: {}", found.key, found.help));
            None
        }
        (To::Command(command), _) => perform(model, command),
        (To::Step(at), Place::Run(screen)) => {
            screen.look_at(at);
            (screen.zoom, screen.focus) = (Zoom::Shared, Focus::Step);
            None
        }
        (To::Step(at), Place::Compare(beside)) => {
            beside.select(at);
            None
        }
        (To::Runbook(at), Place::Picker(picker)) => {
            (picker.selected, picker.reading) = (Row::Runbook(at), None);
            None
        }
        (To::Rival(at), Place::Run(screen)) => {
            let (one, other) = screen.replay.as_ref()?.beside(at)?;
            Some(Output::Compare(one, other))
        }
        (To::Step(_) | To::Runbook(_) | To::Rival(_), _) => None,
    }
}

/// Does the command act at once, without a question of its own?
fn acts(command: Command) -> bool {
    matches!(
        command,
        Command::Run
            | Command::Retry
            | Command::Interrupt
            | Command::Sent
            | Command::Tick
            | Command::Auto
            | Command::Drill
            | Command::Tag
    )
}

fn break_off(model: &mut Model) -> Option<Output> {
    match &mut model.place {
        // The list asks first where a drill ends with it.
        Place::Picker(picker) => in_picker(picker, Command::Quit, (1, 0)),
        Place::Facilitator(_) => Some(Output::Quit),
        Place::Compare(beside) => Some(beside.behind.left()),
        Place::Run(screen) if screen.replay.is_some() => Some(screen.behind.left()),
        Place::Run(screen) if screen.is_ended() => Some(Output::Quit),
        Place::Run(screen) if screen.breaking == Break::Asked => Some(Output::Detach),
        Place::Run(screen) => {
            model.help = None;
            screen.breaking = Break::Asked;
            None
        }
    }
}

pub(super) fn help(model: &mut Model, meant: &[Command]) {
    let Some(top) = model.help else { return };
    let last = super::view::help_lines(model).saturating_sub(1);
    let page = usize::from(model.rows.saturating_sub(4)).max(1);
    model.help = match meant.iter().find_map(|command| scrolled(*command, top, page, last)) {
        Some(top) => Some(top),
        None if [Command::Back, Command::Quit, Command::Help].iter().any(|command| meant.contains(command)) => None,
        None => Some(top),
    };
}

/// Returns where a scrolling command leads, for text that is read from the top.
pub(super) fn scrolled(command: Command, top: usize, page: usize, last: usize) -> Option<usize> {
    Some(match command {
        Command::Up => top.saturating_sub(1),
        Command::Down => top.saturating_add(1).min(last),
        Command::PageUp => top.saturating_sub(page),
        Command::PageDown => top.saturating_add(page).min(last),
        Command::Top => 0,
        Command::Bottom => last,
        _ => return None,
    })
}

fn perform(model: &mut Model, command: Command) -> Option<Output> {
    match command {
        Command::Help => {
            model.help = Some(0);
            return None;
        }
        Command::Palette => {
            model.finder = Some(Finder::default());
            return None;
        }
        Command::CompareWith => {
            model.finder = Some(Finder { lists: Lists::Rivals, ..Finder::default() });
            return None;
        }
        Command::Repaint => return Some(Output::Repaint),
        Command::Suspend => return Some(Output::Suspend),
        _ => {}
    }
    let now = model.now;
    let page = usize::from(model.rows.saturating_sub(10)).max(1);
    let last = model.shelf.last();
    let rows = model.rows;
    if let Place::Run(screen) = &mut model.place
        && let ControlFlow::Break(output) = in_zoom(screen, command, rows)
    {
        return output;
    }
    if let Place::Run(screen) = &mut model.place
        && let (looks, behind) = (screen.looks(), screen.behind)
        && let Some(replay) = &mut screen.replay
    {
        if command == Command::Quit {
            return Some(behind.left());
        }
        if command == Command::Back && !looks && !replay.searches() && behind == Behind::Screen {
            return Some(Output::Back);
        }
        if let ControlFlow::Break(output) = replay::perform(replay, command) {
            return output;
        }
    }
    match &mut model.place {
        Place::Picker(picker) => in_picker(picker, command, (page, last)),
        Place::Compare(beside) => super::compare::perform(beside, command, (rows, last)),
        // Its keys are its own.
        Place::Facilitator(_) => None,
        Place::Run(screen) if screen.is_ended() => {
            match scrolled(command, screen.summary_scroll, page, last) {
                Some(top) => screen.summary_scroll = top,
                None if command == Command::Quit => return Some(Output::Quit),
                None => {}
            }
            None
        }
        Place::Run(screen) => {
            if matches!(command, Command::Run | Command::Retry) && now.since(&screen.changed) < DEAD_TIME {
                model.news.answer(Role::Dim, "The screen had just changed; press again if you mean it.");
                return None;
            }
            if command == Command::Quit {
                let words = "The run is open. S stops it for good, D leaves the screen.";
                model.news.answer(Role::Warn, words);
                return None;
            }
            if command == Command::Enter {
                screen.form = super::asking::open(&screen.run, now.utc);
                return screen.form.is_some().then_some(Output::DropTypeahead);
            }
            in_run(screen, command, (page, last))
        }
    }
}

/// Does what concerns what is read at full height; goes on if the command does not.
fn in_zoom(screen: &mut RunScreen, command: Command, rows: u16) -> ControlFlow<Option<Output>> {
    let page = usize::from(rows.saturating_sub(7)).max(1);
    match (&mut screen.zoom, command) {
        (Zoom::Output(_), Command::Zoom | Command::Back) | (Zoom::Timeline(_), Command::Timeline | Command::Back) => {
            screen.zoom = Zoom::Shared;
            ControlFlow::Break(None)
        }
        (_, Command::Timeline) => {
            screen.zoom = Zoom::Timeline(Timeline::default());
            ControlFlow::Break(None)
        }
        (_, Command::Zoom) => {
            let shown = screen.outputs_of().last().map(|(attempt, _)| (*attempt).clone());
            let Some(attempt) = shown else { return ControlFlow::Continue(()) };
            let (reader, wish) = Reader::open(attempt, rows);
            screen.zoom = Zoom::Output(Box::new(reader));
            ControlFlow::Break(Some(wish))
        }
        (Zoom::Output(reader), command) if command.moves() || reads(command) => {
            ControlFlow::Break(reader.perform(command))
        }
        (Zoom::Timeline(timeline), command) if command.moves() || command == Command::Search => {
            let count = timeline.shown(&screen.told).len();
            timeline.perform(command, page, count);
            ControlFlow::Break(None)
        }
        _ => ControlFlow::Continue(()),
    }
}

/// Does it do something with an output that is read at full height, besides moving about in it?
fn reads(command: Command) -> bool {
    matches!(
        command,
        Command::NextPane
            | Command::PreviousPane
            | Command::Search
            | Command::NextMatch
            | Command::PreviousMatch
            | Command::Wrap
            | Command::Save
    )
}

/// A page has `page` rows, and what is read can be scrolled as far as `text_last`.
fn in_picker(picker: &mut Picker, command: Command, (page, text_last): (usize, usize)) -> Option<Output> {
    if let Some(blind) = picker.blind.as_mut().filter(|_| command == Command::Quit)
        && std::mem::replace(&mut blind.ending, Ending::Asked) == Ending::No
    {
        return None;
    }
    match (picker.reading, command) {
        (_, Command::Drill) => return picker.entry().map(|entry| Output::Drill(entry.name.clone())),
        (_, Command::Quit) => return Some(Output::Quit),
        (None, Command::Show) => return show(picker),
        (None, Command::Report) => return report(picker),
        (None, Command::Compare) => return picker.compare().map(|(one, other)| Output::Compare(one, other)),
        (_, Command::DryRun) => picker.reading = picker.entry().map(|_| Reading::begin(Page::DryRun)),
        (None, Command::Search) => picker.search(),
        (None, Command::Back) => picker.find = String::new(),
        (Some(_), Command::Back) => picker.reading = None,
        (Some(reading), command) => {
            let top = reading.top.min(text_last);
            let top = scrolled(command, top, page, text_last).unwrap_or(top);
            picker.reading = Some(Reading { top, ..reading });
        }
        (None, command) => {
            let rows = picker.rows();
            let at = rows.iter().position(|row| *row == picker.selected).unwrap_or_default();
            let to = scrolled(command, at, page, rows.len().saturating_sub(1));
            picker.selected = to.and_then(|to| rows.get(to)).copied().unwrap_or(picker.selected);
        }
    }
    None
}

/// Shows a runbook; watches a run that is over, goes on with one that is not.
fn show(picker: &mut Picker) -> Option<Output> {
    let folder = picker.run().map(|run| run.folder.clone());
    match (picker.selected, folder) {
        (Row::Runbook(_), _) => picker.reading = picker.entry().map(|_| Reading::begin(Page::Text)),
        (Row::Unfinished(_), Some(folder)) => return Some(Output::Resume(folder)),
        (Row::Ended(_) | Row::Recording(_), Some(folder)) => return Some(Output::Watch(Watch { folder, seq: None })),
        (Row::Unfinished(_) | Row::Ended(_) | Row::Recording(_), None) => {}
    }
    None
}

/// Shows the report of a run that is over.
fn report(picker: &mut Picker) -> Option<Output> {
    let folder = picker.run()?.folder.clone();
    picker.reading = Some(Reading::begin(Page::Report));
    let made = picker.report.as_ref().is_some_and(|(of, _)| *of == folder);
    (!made).then_some(Output::Report(folder))
}

/// Asks what runs to end; asked again, ends it.
pub(super) fn interrupt(screen: &mut RunScreen) -> Option<Output> {
    let attempt = screen.running().map(|(id, _)| id.clone())?;
    let force = screen.interrupted.as_ref() == Some(&attempt);
    screen.interrupted = Some(attempt.clone());
    Some(Output::Intent(Intent::Interrupt { attempt, force }))
}

fn in_run(screen: &mut RunScreen, command: Command, ways: (usize, usize)) -> Option<Output> {
    if let Some(kind) = question(screen, command) {
        let mut form = Form::new(kind);
        // The step that is looked at is the one that is meant.
        if let (FormKind::Jump(_), Some(at)) = (&form.kind, screen.look)
            && let Some(step) = screen.run.plan.steps.get(at)
        {
            form.field.insert(&format!("{} ", step.number));
        }
        screen.form = Some(form);
        return None;
    }
    let step = screen.current_id();
    match command {
        Command::Run => return step.map(|step| Output::Intent(Intent::Run { step })),
        Command::Look => return step.map(|step| Output::Intent(Intent::Look { step })),
        Command::Retry => return step.map(|step| Output::Intent(Intent::Retry { step })),
        Command::Tick => {
            let at = screen.subject()?.step;
            let item = screen.run.ticks.get(at)?.iter().position(|ticked| !ticked)?;
            let item = u32::try_from(item).ok()?;
            return step.map(|step| Output::Intent(Intent::Tick { step, item }));
        }
        Command::Sent => {
            let message = screen.run.to_send()?.name.clone();
            return Some(Output::Intent(Intent::Sent { message }));
        }
        Command::Edit => return edit(screen),
        Command::SeeAlarm => return seen(screen),
        Command::EndPause => return Some(Output::Intent(Intent::EndPause)),
        Command::Interrupt => return interrupt(screen),
        Command::Auto => {
            let on = screen.run.progress == Progress::Manual;
            return Some(Output::Intent(Intent::Auto { on }));
        }
        Command::Copy => return copied(screen).map(Output::Copy),
        Command::Terminal => return screen.run.at_keyboard().cloned().map(Output::Terminal),
        Command::HandOver => return Some(Output::HandOver),
        Command::Detach => return Some(Output::Detach),
        Command::Back => {
            screen.look_back();
            screen.zoom = Zoom::Shared;
        }
        Command::Tag => {
            return Some(Output::Intent(Intent::Note { text: "time tag".to_owned(), occurred_at: None }));
        }
        Command::NextPane | Command::PreviousPane => screen.turn(command),
        command => scroll(screen, command, ways),
    }
    None
}

/// Opens the command that failed: one line in place, more of them in the editor.
fn edit(screen: &mut RunScreen) -> Option<Output> {
    let strand = screen.subject()?;
    let (attempt, cursor) = match screen.run.state(strand)? {
        StepState::Failed { attempt, cursor, .. } => (attempt.clone(), *cursor),
        StepState::Paused { cursor } => (screen.run.failed_before(strand).cloned(), *cursor),
        _ => return None,
    };
    let action = screen.run.action_at(strand, cursor)?;
    // Below the statements of a query stands where they ran, which is no part of them.
    let written = screen.run.edited_before(strand).map(str::to_owned);
    let ran = attempt.as_ref().filter(|_| action.kind != Kind::Sql).and_then(|id| screen.run.attempts.get(id));
    let command = ran.map_or_else(|| action.code.clone(), |attempt| attempt.command.clone());
    // What was written instead and not run is what is edited further.
    let command = written.unwrap_or(command);
    let mut form = Form::new(FormKind::Edit(screen.current_id()?));
    let command = command.trim_end();
    let long = command.contains('\n') || command.len() >= Field::CAP;
    if !long {
        form.field.insert(command);
    }
    screen.form = Some(form);
    long.then(|| Output::Edit(command.to_owned()))
}

/// Acknowledges the oldest breach, or what was told first: that somebody saw it is a note, since the thing itself is
/// recorded.
fn seen(screen: &mut RunScreen) -> Option<Output> {
    if screen.calls.breaches.is_empty() {
        return None;
    }
    let text = format!("{ACKNOWLEDGED}{}", screen.calls.breaches.remove(0).words);
    Some(Output::Intent(Intent::Note { text, occurred_at: None }))
}

fn copied(screen: &RunScreen) -> Option<String> {
    if let Some(message) = screen.run.to_send() {
        return screen.run.message_text(message, screen.run.last?.utc).ok();
    }
    let shown = screen.output_of().map(|(_, attempt)| attempt.command.clone());
    shown.or_else(|| {
        let step = screen.run.plan.steps.get(screen.shown())?;
        step.actions.first().map(|action| action.code.clone())
    })
}

fn scroll(screen: &mut RunScreen, command: Command, (page, text_last): (usize, usize)) {
    match screen.focused() {
        Focus::Plan => {
            let last = screen.run.plan.steps.len().saturating_sub(1);
            if let Some(next) = scrolled(command, screen.shown(), page, last) {
                screen.look_at(next);
            }
        }
        Focus::Step => {
            let top = screen.step_scroll.min(text_last);
            screen.ticks = Ticks::AsScrolled;
            screen.step_scroll = scrolled(command, top, page, text_last).unwrap_or(top);
        }
        Focus::Table => screen.pick(command, page),
        Focus::Output => {
            let held = screen.lines_held();
            // The output is read from its end, so its arrows are the other way round.
            let back = match command {
                Command::Up => screen.output_back + 1,
                Command::Down => screen.output_back.saturating_sub(1),
                Command::PageUp => screen.output_back + page,
                Command::PageDown => screen.output_back.saturating_sub(page),
                Command::Top => Tail::LINES,
                Command::Bottom => 0,
                _ => screen.output_back,
            };
            screen.output_back = back.min(held.saturating_sub(1));
        }
    }
}
