//! Frames: pure functions of the model that lay out no more than what is seen.

mod clock;
mod dialog;
mod failure;
mod finder;
mod head;
mod help;
mod leaf;
mod monitoring;
mod output;
pub(super) mod pane;
mod picker;
mod plan;
mod preview;
mod scrubber;
mod side_by_side;
mod step;
mod summary;
pub(super) mod text;
mod timeline;
mod tiny;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::calls::shout;
use super::message::Holder;
use super::model::{Break, Focus, Model, Place, RunScreen, Zoom};
use super::offered::offered;
use super::side_by_side::Group;
use crate::engine::{StepState, Who};
use crate::kernel::SafeText;
use crate::settings::keymap::Command;
use crate::settings::theme::Role;

pub(super) use clock::{draw as clock_draw, lines as clock_lines};
pub(super) use dialog::confirm_lines;
pub(super) use help::help_lines;
pub(super) use step::filled;

/// Draws a frame.
pub fn view(model: &Model, frame: &mut Frame<'_>) {
    let area = frame.area();
    let buf = frame.buffer_mut();
    match &model.place {
        Place::Picker(picker) => picker::draw(model, picker, area, buf),
        Place::Facilitator(desk) => super::facilitator::draw(model, desk, area, buf),
        Place::Compare(beside) => super::compare::draw(model, beside, area, buf),
        Place::Run(screen) if is_tiny(area) => tiny::draw(model, screen, area, buf),
        Place::Run(screen) => run(model, screen, area, buf),
    }
    // Banner, clock and alarms stay in view on every screen that has room for them.
    let below = match &model.place {
        Place::Run(screen) if !is_tiny(area) => {
            let head = head_rows(model, screen);
            row(area, head, area.height.saturating_sub(head))
        }
        Place::Run(screen) if area.height > 3 && shout(screen, model.now).is_some() => row(area, 2, area.height - 2),
        Place::Run(_) | Place::Picker(_) => area,
        Place::Compare(_) => row(area, 1, area.height.saturating_sub(1)),
        Place::Facilitator(_) => row(area, 3, area.height.saturating_sub(3)),
    };
    if model.help.is_some() {
        help::draw(model, below, buf);
    } else if let Some(finder) = &model.finder {
        // The sentence stays in view: it says why what was chosen can't be had.
        let foot = match &model.place {
            Place::Run(screen) => asked(model, screen, area).len().max(1) + 1,
            Place::Picker(_) | Place::Facilitator(_) | Place::Compare(_) => 2,
        };
        let height = below.height.saturating_sub(foot as u16).max(below.height.min(3));
        finder::draw(model, finder, Rect { height, ..below }, buf);
    }
    model.palette.paint_ground(buf);
    for cell in &mut buf.content {
        if let Some(ascii) = model.palette.stand_in(cell.symbol()) {
            cell.set_symbol(ascii);
        }
    }
}

/// With so many rows what shouts is seen whole, if it is not too long.
const ROOMY: u16 = 20;

/// From so many rows on a failure and the table of what is worked on beside it both have room.
const ROOM_FOR_BOTH: u16 = 28;

fn is_tiny(area: Rect) -> bool {
    area.width < 44 || area.height < 12
}

/// Counts the rows of banner and clock, and of what shouts.
fn head_rows(model: &Model, screen: &RunScreen) -> u16 {
    3 + shouted(model, screen).0.len() as u16
}

fn run(model: &Model, screen: &RunScreen, area: Rect, buf: &mut Buffer) {
    head::draw(model, screen, row(area, 0, 1), buf);
    clock::draw(model, screen, row(area, 1, 2), buf);
    alarm(model, screen, row(area, 3, area.height.saturating_sub(3)), buf);
    let lines = asked(model, screen, area);
    let head = head_rows(model, screen);
    let below = 1 + lines.len().max(1) as u16 + u16::from(screen.replay.is_some());
    let body = row(area, head, area.height.saturating_sub(head + below));
    if screen.breaking == Break::Asked || screen.form.is_some() || screen.confirmation.is_some() {
        dialog::draw(model, screen, body, buf);
    } else if let Zoom::Output(reader) = &screen.zoom {
        leaf::draw(model, screen, reader, body, buf);
    } else if let Zoom::Timeline(timeline) = &screen.zoom {
        timeline::draw(model, screen, timeline, body, buf);
    } else if screen.is_ended() {
        summary::draw(model, screen, body, buf);
    } else {
        panes(model, screen, body, buf);
    }
    let mut bottom = body.bottom();
    if let Some(replay) = &screen.replay {
        scrubber::draw(model, replay, row(area, bottom - area.y, 1), buf);
        bottom += 1;
    }
    for (at, (role, line)) in lines.iter().enumerate() {
        let y = bottom + at as u16;
        let style = model.palette.style(*role);
        buf.set_style(Rect { y, height: 1, ..area }.intersection(area), style);
        let inner = Rect { x: area.x + 1, y, width: area.width.saturating_sub(2), height: 1 };
        text::put(buf, inner, &Line::styled(line.clone(), style));
    }
    hints(model, row(area, area.height.saturating_sub(1), 1), buf);
}

/// Lays out what there is to shout about, as far as there is room, and which key answers it.
fn shouted(model: &Model, screen: &RunScreen) -> (Vec<String>, String) {
    let Some(words) = shout(screen, model.now) else { return (Vec::new(), String::new()) };
    let typing = screen.form.is_some() || screen.confirmation.is_some() || model.finder.is_some();
    let paused = screen.run.exercise.paused.is_some();
    let (command, does) = if paused { (Command::EndPause, "go on") } else { (Command::SeeAlarm, "seen") };
    let key = model.keymap.binding(command).and_then(|binding| binding.chords.first());
    let key = key.filter(|_| screen.replay.is_none());
    let key = key.map(|key| format!("  {}{key}: {does} ", if typing { "esc, " } else { "" })).unwrap_or_default();
    let mark = model.palette.glyph("▲", "!!");
    let room = usize::from(model.columns).saturating_sub(text::width(&key) + text::width(mark) + 2);
    let most = if model.rows < ROOMY { 1 } else { 3 };
    let mut rows = text::wrap(&words, room, usize::MAX);
    if rows.len() > most {
        let rest = rows.split_off(most - 1).join(" ");
        rows.push(text::cut(&rest, room));
    }
    let indent = " ".repeat(text::width(mark));
    let rows = rows.into_iter().enumerate();
    (rows.map(|(at, row)| format!(" {} {row}", if at == 0 { mark } else { &indent })).collect(), key)
}

/// Shouts, where there is something to shout about.
fn alarm(model: &Model, screen: &RunScreen, area: Rect, buf: &mut Buffer) {
    let (rows, key) = shouted(model, screen);
    let style = model.palette.style(Role::Fail);
    for (at, words) in rows.into_iter().enumerate().take(usize::from(area.height)) {
        let place = row(area, at as u16, 1);
        buf.set_style(place.intersection(buf.area), style);
        let key = if at == 0 { key.as_str() } else { "" };
        let gap = usize::from(area.width).saturating_sub(text::width(&words) + text::width(key));
        text::put(buf, place, &Line::styled(format!("{words}{}{key}", " ".repeat(gap)), style));
    }
}

/// Lays out what is asked of the operator, and above it the news if there are any: on few rows instead of it.
fn asked(model: &Model, screen: &RunScreen, area: Rect) -> Vec<(Role, String)> {
    /// On fewer rows the step would have too few.
    const ROOM_FOR_BOTH: u16 = 20;
    let rows = |(role, words): (Role, String)| {
        let rows = text::brief(&words, usize::from(area.width.saturating_sub(2)), 2);
        rows.into_iter().map(move |row| (role, row))
    };
    let news = news(model, screen);
    let alone = news.is_some() && area.height < ROOM_FOR_BOTH;
    let sentence = (!alone).then(|| sentence(screen));
    news.into_iter().chain(sentence).flat_map(rows).collect()
}

/// Returns what there is to say besides what is asked.
fn news(model: &Model, screen: &RunScreen) -> Option<(Role, String)> {
    model.news.first().filter(|_| screen.broken.is_none())
}

fn panes(model: &Model, screen: &RunScreen, body: Rect, buf: &mut Buffer) {
    let group = screen.group();
    let failed = |state: Option<&StepState>| matches!(state, Some(StepState::Failed { .. }));
    let failed = match screen.picked() {
        Some(picked) => failed(screen.run.state(picked)),
        None => screen.look.is_none() && failed(screen.current().map(|(_, state)| state)),
    };
    let plan_width = match body.width {
        120.. => 44,
        100..120 if group.is_none() || failed => 38,
        76..100 if group.is_none() && !failed => 30,
        _ => 0,
    };
    let mut rest = Rect { x: body.x + plan_width, width: body.width - plan_width, ..body };
    if plan_width > 0 {
        plan::draw(model, screen, Rect { width: plan_width, ..body }, buf);
    }
    if failed {
        if let Some(group) = group.filter(|_| rest.height >= ROOM_FOR_BOTH) {
            let table = side_by_side::height(screen, &group).min(rest.height / 3);
            let (above, below) = text::split(rest, rest.height - table);
            side_by_side::draw(model, screen, &group, below, buf);
            rest = above;
        }
        failure::draw(model, screen, rest, buf);
        return;
    }
    if plan_width == 0 {
        let (line, below) = text::split(rest, 1);
        plan::one_line(model, screen, line, buf);
        rest = below;
    }
    if let Some(group) = group {
        beside(model, screen, &group, rest, buf);
        return;
    }
    let text = || step::rows(model, screen, usize::from(rest.width.saturating_sub(2)));
    let output_height = output::height(screen, rest.height, text);
    let (above, below) = text::split(rest, rest.height - output_height);
    step::draw(model, screen, above, buf);
    if output_height > 0 {
        output::draw(model, screen, below, buf);
    }
}

/// Draws a table of what is worked on side by side, and below it what the operator needs now: the text of a step that waits
/// for somebody, else what is printed, both where both have room.
fn beside(model: &Model, screen: &RunScreen, group: &Group, area: Rect, buf: &mut Buffer) {
    let most = (area.height * 3 / 5).min(area.height.saturating_sub(4)).max(4);
    let (table, rest) = text::split(area, side_by_side::height(screen, group).min(most));
    side_by_side::draw(model, screen, group, table, buf);
    let person = screen.look.is_some() || screen.subject().is_some_and(|strand| screen.run.awaits_person(strand));
    if rest.height >= 14 {
        let held = u16::try_from(screen.lines_held()).unwrap_or(u16::MAX).saturating_add(2);
        let words = step::rows(model, screen, usize::from(rest.width.saturating_sub(2)));
        let words = u16::try_from(words).unwrap_or(u16::MAX).saturating_add(2);
        let (above, below) = text::split(rest, words.min(rest.height - held.clamp(5, rest.height / 2)));
        step::draw(model, screen, above, buf);
        output::draw(model, screen, below, buf);
    } else if (person && screen.picked().is_none()) || screen.focused() == Focus::Step {
        step::draw(model, screen, rest, buf);
    } else {
        output::draw(model, screen, rest, buf);
    }
}

/// Says what is asked of the operator now.
fn sentence(screen: &RunScreen) -> (Role, String) {
    if let Some(broken) = &screen.broken {
        return (
            Role::Fail,
            format!("The facts that arrive make no sense: {broken}. Leave with D and verify the log."),
        );
    }
    if let Some(parted) = screen.parted.as_ref().filter(|_| !screen.is_ended()) {
        return (Role::Fail, parted.clone());
    }
    if let Some((role, words)) = screen.replay.as_ref().and_then(scrubber::sentence) {
        return (role, SafeText::line(&words).into_string());
    }
    if screen.breaking == Break::Asked {
        return (Role::Ask, "Nothing was interrupted. What now?".to_owned());
    }
    if let Some(form) = &screen.form {
        let question = super::asking::question(&screen.run, &form.kind);
        return (Role::Ask, question.unwrap_or_else(|| form.question().to_owned()));
    }
    let role = match (screen.run.who(), &screen.holder) {
        (Who::Person, Holder::You) => Role::Ask,
        (Who::Person | Who::Machine | Who::Nobody, _) => Role::Text,
    };
    let watches = match &screen.holder {
        Holder::You => String::new(),
        Holder::Other(by) => format!("You watch; {by} holds control. "),
        Holder::Nobody => "You watch; nobody holds control. ".to_owned(),
    };
    (role, SafeText::line(&(watches + &screen.run.told())).into_string())
}

/// Draws keys and words of what is offered, as many as fit.
pub(super) fn hints(model: &Model, area: Rect, buf: &mut Buffer) {
    let mut line = Line::default();
    let mut free = usize::from(area.width.saturating_sub(1));
    let mut put = |(key, words): (String, &'static str)| {
        line.push_span(text::span(model, Role::Key, key));
        line.push_span(text::span(model, Role::Text, format!(" {words}  ")));
    };
    let mut words = hint_words(model);
    let wide = |(key, words): &(String, &'static str)| text::width(key) + text::width(words) + 3;
    // Help has its place: it tells what there was no room for.
    let help = model.keymap.binding(Command::Help).map(|binding| binding.hint);
    let fits = words.iter().map(wide).sum::<usize>() <= free + 2;
    let at = words.iter().position(|(_, hint)| Some(*hint) == help).filter(|_| !fits);
    let help = at.map(|at| words.remove(at)).filter(|help| free > 4 * wide(help));
    free = free.saturating_sub(help.as_ref().map_or(0, wide));
    for hint in words {
        if wide(&hint) > free + 2 {
            break;
        }
        free = free.saturating_sub(wide(&hint));
        put(hint);
    }
    help.into_iter().for_each(put);
    text::put(buf, Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area }, &line);
}

/// Lists what the hint line says, most useful first.
fn hint_words(model: &Model) -> Vec<(String, &'static str)> {
    if let Place::Picker(picker) = &model.place
        && picker.finding.is_some()
        && model.help.is_none()
        && model.finder.is_none()
    {
        return [("enter", "keep what is found"), ("esc", "all again"), ("up", "up"), ("down", "down")]
            .map(|(key, words)| (key.to_owned(), words))
            .to_vec();
    }
    if let Place::Facilitator(desk) = &model.place
        && model.help.is_none()
        && let Some(words) = desk.asking_hints()
    {
        return words;
    }
    if let Place::Run(screen) = &model.place
        && screen.replay.as_ref().is_some_and(|replay| replay.asking.is_some())
    {
        return vec![("enter".to_owned(), "go"), ("esc".to_owned(), "back")];
    }
    if let Place::Run(screen) = &model.place
        && model.help.is_none()
        && model.finder.is_none()
        && screen.breaking == Break::None
        && let Some(does) = screen.zoom.typed_for().filter(|_| screen.form.is_none() && screen.confirmation.is_none())
    {
        return vec![("enter".to_owned(), does), ("esc".to_owned(), "back")];
    }
    if let Place::Run(screen) = &model.place
        && model.help.is_none()
        && model.finder.is_none()
        && screen.breaking == Break::None
        && screen.replay.is_none()
    {
        if let Some(form) = &screen.form {
            let what = match form.kind {
                super::FormKind::Edit(_) | super::FormKind::Improvise => {
                    return vec![
                        ("enter".to_owned(), "go on to the confirmation"),
                        ("^O".to_owned(), "editor"),
                        ("esc".to_owned(), "back"),
                    ];
                }
                super::FormKind::Reader(_) => "go on to the value",
                super::FormKind::Unrecorded => "go on, after the whole phrase",
                _ => "write it into the log",
            };
            return vec![("enter".to_owned(), what), ("esc".to_owned(), "back")];
        }
        if screen.run.prompt.as_ref().is_some_and(|prompt| prompt.lacks() > 0) {
            let copy = ("^Y".to_owned(), "copy the request");
            return vec![("esc".to_owned(), "no, run nothing"), copy, ("enter".to_owned(), "hand in what was typed")];
        }
        if screen.run.prompt.as_ref().is_some_and(|prompt| dialog::blocked_by(screen, prompt).is_some()) {
            return vec![("esc".to_owned(), "no, run nothing"), ("enter".to_owned(), "acknowledge")];
        }
        if screen.confirmation.is_some() {
            let yes = match screen.run.prompt.as_ref().map(|prompt| &prompt.ask) {
                Some(crate::engine::Ask::Type { .. }) => ("enter".to_owned(), "run it, after the whole phrase"),
                Some(crate::engine::Ask::Key) | None => ("y".to_owned(), "yes, run it"),
            };
            return vec![("esc".to_owned(), "no, run nothing"), yes];
        }
    }
    let moves = [Command::Up, Command::Down, Command::PageUp, Command::PageDown, Command::Top, Command::Bottom];
    offered(model)
        .into_iter()
        .filter(|offer| !moves.contains(&offer.command) && offer.command != Command::PreviousPane)
        .filter_map(|offer| {
            let binding = model.keymap.binding(offer.command)?;
            Some((binding.chords.first()?.to_string(), offer.words.unwrap_or(binding.hint)))
        })
        .collect()
}

fn row(area: Rect, y: u16, height: u16) -> Rect {
    Rect { x: area.x, y: area.y + y, width: area.width, height }.intersection(area)
}
