//! The palette: every action of the screen, every step and every runbook, by a few letters; and the choice of a run, likewise.

use crossterm::event::{KeyCode, KeyEvent};

use super::field::{Edited, Field};
use super::fuzzy::score;
use super::model::{Model, Place};
use super::offered::{below, why_not};
use crate::engine::Mode;
use crate::kernel::SafeText;
use crate::settings::keymap::{Command, Group};

/// Holds the palette while it is open.
#[derive(Clone, Debug, Default)]
pub(super) struct Finder {
    pub(super) field: Field,
    pub(super) selected: usize,
    pub(super) lists: Lists,
}

/// Says what is listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Lists {
    /// Everything that can be done or gone to.
    #[default]
    Everything,
    /// The runs that a recording can be compared with.
    Rivals,
}

impl Lists {
    /// Returns the heading.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Everything => "Palette",
            Self::Rivals => "Compare with which run?",
        }
    }
}

/// Is what the palette leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum To {
    /// What a key does.
    Command(Command),
    /// A step, by its index.
    Step(usize),
    /// A runbook of the list, by its index.
    Runbook(usize),
    /// A run that the recording is compared with, by its index.
    Rival(usize),
}

/// Is a line of the palette.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) to: To,
    /// The key that does the same, if there is one.
    pub(super) key: String,
    pub(super) name: String,
    pub(super) help: String,
    /// Why it can't be had now.
    pub(super) why_not: Option<String>,
}

/// Says what came of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Chosen {
    /// It stays open.
    Open,
    /// It was closed.
    Closed,
    /// Something was chosen.
    To(Found),
}

/// Lists what is found, the best first; what can't be had now stands below.
pub(super) fn found(model: &Model, finder: &Finder) -> Vec<Found> {
    let typed = finder.field.text();
    let listed = match finder.lists {
        Lists::Everything => everything(model),
        Lists::Rivals => rivals(model),
    };
    let mut list: Vec<(bool, i64, Found)> = listed
        .into_iter()
        .filter_map(|found| {
            let named = score(&typed, &found.name).map(|score| score + 50);
            let told = || holds(&typed, &found.help).then_some(0);
            Some((found.why_not.is_some(), named.or_else(told)?, found))
        })
        .collect();
    // A stable sort: without anything typed the order is that of the table.
    list.sort_by_key(|(disabled, score, _)| (*disabled, -score));
    list.into_iter().map(|(_, _, found)| found).collect()
}

/// Has the text every word that was typed?
fn holds(typed: &str, text: &str) -> bool {
    let text = text.to_lowercase();
    typed.split_whitespace().all(|word| text.contains(&word.to_lowercase()))
}

fn everything(model: &Model) -> Vec<Found> {
    let offers = below(model);
    let groups: &[Group] = match &model.place {
        Place::Picker(_) => &[Group::Picker, Group::Everywhere],
        Place::Facilitator(_) => &[Group::Facilitator, Group::Everywhere],
        Place::Compare(_) => &[Group::Compare, Group::Everywhere],
        Place::Run(screen) if screen.replay.is_some() => &[Group::Replay, Group::Output, Group::Everywhere],
        Place::Run(_) => &[Group::Run, Group::Output, Group::Everywhere],
    };
    let bindings = groups.iter().flat_map(|group| model.keymap.bindings().iter().filter(|b| b.group == *group));
    let mut all: Vec<Found> = bindings
        .filter(|binding| binding.command != Command::Palette)
        .map(|binding| Found {
            to: To::Command(binding.command),
            key: binding.chords.first().map(ToString::to_string).unwrap_or_default(),
            name: binding.hint.to_owned(),
            help: binding.help.to_owned(),
            why_not: (offers.iter().all(|offer| offer.command != binding.command))
                .then(|| why_not(model, binding.command)),
        })
        .collect();
    let safe = |text: &str| SafeText::line(text).into_string();
    match &model.place {
        Place::Run(screen) => all.extend(screen.run.plan.steps.iter().enumerate().map(|(at, step)| Found {
            to: To::Step(at),
            key: String::new(),
            name: format!("{} {}", step.number, safe(&step.title)),
            help: "Look at this step.".to_owned(),
            why_not: screen.is_ended().then(|| "the run is over".to_owned()),
        })),
        Place::Picker(picker) => all.extend(picker.entries.iter().enumerate().map(|(at, entry)| Found {
            to: To::Runbook(at),
            key: String::new(),
            name: safe(&entry.name),
            help: "Go to this runbook.".to_owned(),
            why_not: None,
        })),
        Place::Compare(beside) => all.extend(beside.compared.steps.iter().enumerate().map(|(at, step)| Found {
            to: To::Step(at),
            key: String::new(),
            name: step.title.clone(),
            help: "Go to this step.".to_owned(),
            why_not: None,
        })),
        Place::Facilitator(_) => {}
    }
    all
}

/// Lists the runs that a recording can be compared with, newest first.
fn rivals(model: &Model) -> Vec<Found> {
    let Place::Run(screen) = &model.place else { return Vec::new() };
    let safe = |text: &str| SafeText::line(text).into_string();
    let rival = |(at, run): (usize, &super::picker::PastRun)| Found {
        to: To::Rival(at),
        key: if run.mode == Mode::Real { "REAL" } else { "drill" }.to_owned(),
        name: safe(&run.run),
        help: format!("{}, {}, by {}", run.last.format("%Y-%m-%d %H:%M"), safe(&run.standing), safe(&run.by)),
        why_not: None,
    };
    let rivals = screen.replay.as_ref().and_then(|replay| replay.rivals.as_ref());
    rivals.into_iter().flat_map(|rivals| rivals.runs.iter().enumerate().map(rival)).collect()
}

/// Takes a key while the palette is open.
pub(super) fn press(model: &mut Model, key: KeyEvent) -> Chosen {
    let Some(finder) = &model.finder else { return Chosen::Closed };
    let list = found(model, finder);
    let last = list.len().saturating_sub(1);
    let at = finder.selected.min(last);
    let page = usize::from(model.rows.saturating_sub(6)).max(1);
    let Some(finder) = &mut model.finder else { return Chosen::Closed };
    finder.selected = match key.code {
        KeyCode::Esc => return Chosen::Closed,
        KeyCode::Enter => return list.into_iter().nth(at).map_or(Chosen::Open, Chosen::To),
        KeyCode::Up => at.saturating_sub(1),
        KeyCode::Down => (at + 1).min(last),
        KeyCode::PageUp => at.saturating_sub(page),
        KeyCode::PageDown => (at + page).min(last),
        _ if finder.field.key(key) == Edited::Yes => 0,
        _ => at,
    };
    Chosen::Open
}
