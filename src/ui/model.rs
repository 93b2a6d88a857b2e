//! What the screen knows: the run as folded from facts, and where the operator is in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::FixedOffset;

use super::blind::Blind;
use super::calls::Calls;
use super::compare::Beside;
use super::confirm::Confirmation;
use super::effects::Effects;
use super::facilitator::Desk;
use super::finder::Finder;
use super::form::Form;
use super::message::{Holder, LogHealth, Output};
use super::news::News;
use super::page::Shelf;
use super::picker::{Entry, Picker};
use super::reader::{Asking, Reader};
use super::replay::Replay;
use super::side_by_side::LastLine;
use super::style::Palette;
use super::tail::Tail;
use super::timeline::{Timeline, Told};
use crate::engine::{Attempt, Mode, Outlook, Run, Stage, StepState, Strand, Usual};
use crate::kernel::{AttemptId, SafeText, Stamp, StepId};
use crate::runbook::{Plan, Step};
use crate::settings;
use crate::settings::keymap::{Command, Keymap};
use crate::settings::theme::{Role, Theme};

/// Holds everything a frame is made of.
#[derive(Clone, Debug)]
pub struct Model {
    /// Where the operator is.
    pub place: Place,
    pub(super) keymap: Keymap,
    pub(super) palette: Palette,
    pub(super) now: Stamp,
    pub(super) columns: u16,
    pub(super) rows: u16,
    /// The first visible line of help, while help is shown.
    pub(super) help: Option<usize>,
    /// The palette, while it is shown.
    pub(super) finder: Option<Finder>,
    pub(super) news: News,
    pub(super) dirty: bool,
    pub(super) shelf: Shelf,
    /// How far local time is from UTC, if that is known.
    pub(super) local: Option<FixedOffset>,
    pub(super) calls: settings::calls::Calls,
}

/// Names the places.
#[derive(Clone, Debug)]
pub enum Place {
    /// The list of runbooks.
    Picker(Picker),
    /// A run.
    Run(Box<RunScreen>),
    /// A run, as its facilitator sees it.
    Facilitator(Box<Desk>),
    /// Two runs side by side.
    Compare(Box<Beside>),
}

/// Says what lies behind a screen, which is where leaving it leads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Behind {
    /// The shell: there is nothing to go back to.
    #[default]
    Nothing,
    /// The screen from which it was opened.
    Screen,
}

impl Behind {
    /// Leaves a screen that only shows.
    pub(super) fn left(self) -> Output {
        match self {
            Self::Nothing => Output::Quit,
            Self::Screen => Output::Back,
        }
    }

    /// Says what quitting does, where that is not the end of the program.
    pub(super) fn words(self) -> Option<&'static str> {
        (self == Self::Screen).then_some("go back")
    }
}

/// Names the panes of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// The plan.
    Plan,
    /// The step's text.
    Step,
    /// The output.
    Output,
    /// The table of what is worked on side by side.
    Table,
}

/// Says whether the question after Ctrl-C is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Break {
    /// It is not.
    None,
    /// It is.
    Asked,
}

/// Says what the screen did about a missing onset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnsetAsked {
    /// Nothing yet.
    NotYet,
    /// It asked, once.
    Asked,
}

/// Says whether the step's pane follows its list while it is ticked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ticks {
    /// It stands where it was scrolled to.
    AsScrolled,
    /// The item that is ticked next is in sight.
    InSight,
}

/// Says whether something is read at full height.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Zoom {
    /// Panes share the screen.
    Shared,
    /// An attempt's output has it.
    Output(Box<Reader>),
    /// The timeline has it.
    Timeline(Timeline),
}

impl Zoom {
    /// Says what Enter does with what is being typed, if something is.
    pub(super) fn typed_for(&self) -> Option<&'static str> {
        match self {
            Self::Output(reader) => reader.asking.as_ref().map(|(asking, _)| match asking {
                Asking::Search => "search",
                Asking::Save => "save",
            }),
            Self::Timeline(timeline) => timeline.asking.as_ref().map(|_| "filter"),
            Self::Shared => None,
        }
    }
}

/// Holds a run and where the operator is in it.
#[derive(Clone, Debug)]
pub struct RunScreen {
    /// The run, folded from facts by the engine's own rule.
    pub run: Run,
    /// Where the log is.
    pub log_path: String,
    pub(super) log: Option<(LogHealth, Stamp)>,
    pub(super) behind: Behind,
    pub(super) tails: BTreeMap<AttemptId, Tail>,
    /// The last lines of outputs that are no longer at hand.
    pub(super) last_lines: BTreeMap<AttemptId, LastLine>,
    pub(super) focus: Focus,
    /// The step that is looked at, if it is not the current one.
    pub(super) look: Option<usize>,
    /// The item of the step that is looked at, of several.
    pub(super) picked: Option<Strand>,
    pub(super) step_scroll: usize,
    pub(super) ticks: Ticks,
    /// How many lines the output is scrolled back from its end.
    pub(super) output_back: usize,
    pub(super) summary_scroll: usize,
    pub(super) zoom: Zoom,
    /// Every fact in words.
    pub(super) told: Vec<Told>,
    pub(super) form: Option<Form>,
    pub(super) confirmation: Option<Confirmation>,
    pub(super) breaking: Break,
    pub(super) interrupted: Option<AttemptId>,
    pub(super) onset_asked: OnsetAsked,
    /// When what is asked of the operator last changed.
    pub(super) changed: Stamp,
    pub(super) summary: Vec<String>,
    pub(super) truth: Vec<String>,
    pub(super) calls: Calls,
    /// When service will probably be restored by what earlier runs took.
    pub(super) outlook: Option<Outlook>,
    /// What steps and their items usually take, by the same earlier runs.
    pub(super) usual: Arc<Usual>,
    /// What each choice after a failure leads to, by the same earlier runs.
    pub(super) effects: Option<Effects>,
    /// Why the facts no longer make sense, if so.
    pub(super) broken: Option<String>,
    pub(super) holder: Holder,
    /// Why the engine hears nothing from here any more, if so.
    pub(super) parted: Option<String>,
    /// Where the reader is in the recording, if that is what drives this screen.
    pub(super) replay: Option<Replay>,
}

impl Model {
    /// Makes the screen of a run whose facts are about to come.
    pub fn run(plan: Arc<Plan>, log_path: impl Into<String>, theme: &Theme, now: Stamp) -> Self {
        Self::new(Place::Run(Box::new(RunScreen::new(Run::new(plan), log_path.into(), now))), theme, now)
    }

    /// Makes the screen of a run that a recording drives.
    pub fn replay(plan: Arc<Plan>, log_path: impl Into<String>, theme: &Theme, now: Stamp) -> Self {
        let mut screen = RunScreen::new(Run::new(plan), log_path.into(), now);
        screen.replay = Some(Replay::default());
        Self::new(Place::Run(Box::new(screen)), theme, now)
    }

    /// Makes the screen of whoever facilitates a drill.
    pub fn facilitator(plan: Arc<Plan>, log_path: impl Into<String>, theme: &Theme, now: Stamp) -> Self {
        let screen = RunScreen::new(Run::new(plan), log_path.into(), now);
        Self::new(Place::Facilitator(Box::new(Desk::new(screen))), theme, now)
    }

    /// Makes the screen of two runs side by side.
    pub fn compare(beside: Beside, theme: &Theme, now: Stamp) -> Self {
        Self::new(Place::Compare(Box::new(beside)), theme, now)
    }

    /// Makes the list of runbooks.
    pub fn picker(entries: Vec<Entry>, theme: &Theme, now: Stamp) -> Self {
        Self::new(Place::Picker(Picker::new(entries)), theme, now)
    }

    /// Shows over the list what a team sees that is not told what is broken.
    #[must_use]
    pub fn blind(mut self, blind: Blind) -> Self {
        if let Place::Picker(picker) = &mut self.place {
            picker.blind = Some(blind);
        }
        self
    }

    fn new(place: Place, theme: &Theme, now: Stamp) -> Self {
        let mut news = News::default();
        if let Some(problem) = theme.problems.first() {
            news.add(Role::Warn, complaint(&theme.name, problem));
        }
        Self {
            place,
            keymap: Keymap::default(),
            palette: Palette::new(theme),
            now,
            columns: 80,
            rows: 24,
            help: None,
            finder: None,
            news,
            dirty: true,
            shelf: Shelf::default(),
            local: None,
            calls: settings::calls::Calls::Off,
        }
    }

    /// Goes by these keys.
    #[must_use]
    pub fn with_keys(self, keymap: Keymap) -> Self {
        Self { keymap, ..self }
    }

    /// Calls the operator back in this way.
    #[must_use]
    pub fn that_calls(self, calls: settings::calls::Calls) -> Self {
        Self { calls, ..self }
    }

    /// Says what lies behind it.
    #[must_use]
    pub fn before(mut self, behind: Behind) -> Self {
        match &mut self.place {
            Place::Run(screen) => screen.behind = behind,
            Place::Compare(beside) => beside.behind = behind,
            Place::Picker(_) | Place::Facilitator(_) => {}
        }
        self
    }

    /// Returns how the operator is called back.
    pub fn calls(&self) -> settings::calls::Calls {
        self.calls
    }

    /// Shows times in local time as well, so far from UTC.
    #[must_use]
    pub fn in_local_time(self, local: FixedOffset) -> Self {
        Self { local: Some(local), ..self }
    }

    /// Returns the run's screen, if a run is shown.
    pub fn run_screen(&self) -> Option<&RunScreen> {
        match &self.place {
            Place::Run(screen) => Some(screen),
            Place::Picker(_) | Place::Facilitator(_) | Place::Compare(_) => None,
        }
    }

    /// Returns how roles look here.
    pub fn palette(&self) -> &Palette {
        &self.palette
    }

    /// Says whether a frame is due, and forgets it.
    pub fn take_dirty(&mut self) -> bool {
        std::mem::take(&mut self.dirty)
    }
}

/// Says in a line what is wrong with a theme: what, and where.
fn complaint(name: &str, problem: &str) -> String {
    let mut lines = problem.lines().map(|line| line.trim_start_matches([' ', '-', '>']));
    let what = lines.next().and_then(|line| line.split_once(": ")).map_or(problem, |(_, what)| what);
    let place = lines.next().filter(|line| !line.starts_with('=')).unwrap_or_default();
    let place = if place.is_empty() { String::new() } else { format!(" ({place})") };
    SafeText::line(&format!("Theme {name}: {what}{place}. The rest of it is used.")).into_string()
}

impl RunScreen {
    fn new(run: Run, log_path: String, now: Stamp) -> Self {
        Self {
            run,
            log_path,
            log: None,
            behind: Behind::Nothing,
            tails: BTreeMap::new(),
            last_lines: BTreeMap::new(),
            focus: Focus::Output,
            look: None,
            picked: None,
            step_scroll: 0,
            ticks: Ticks::AsScrolled,
            output_back: 0,
            summary_scroll: 0,
            zoom: Zoom::Shared,
            told: Vec::new(),
            form: None,
            confirmation: None,
            breaking: Break::None,
            interrupted: None,
            onset_asked: OnsetAsked::NotYet,
            changed: now,
            summary: Vec::new(),
            truth: Vec::new(),
            calls: Calls::default(),
            outlook: None,
            usual: Arc::default(),
            effects: None,
            broken: None,
            holder: Holder::You,
            parted: None,
            replay: None,
        }
    }

    /// Returns the mode, once the run is open.
    pub fn mode(&self) -> Option<Mode> {
        self.run.opened.as_ref().map(|opened| opened.mode)
    }

    /// Does another screen hold control, or none, while the run is open?
    pub(super) fn watches(&self) -> bool {
        self.holder != Holder::You && matches!(self.run.stage, Stage::Open)
    }

    /// Is the run over?
    pub fn is_ended(&self) -> bool {
        matches!(self.run.stage, Stage::Ended(_))
    }

    /// Was the run of a blind drill stopped, so that another runbook can be chosen?
    pub(super) fn goes_on_blind(&self) -> bool {
        let stopped = matches!(&self.run.stage, Stage::Ended(ending) if ending.how == "stopped");
        stopped && self.run.exercise.blind.is_some() && self.replay.is_none()
    }

    /// Returns what the keys act on: the item or the step that is looked at if it is open, else where a person is needed,
    /// else what runs.
    pub(super) fn subject(&self) -> Option<Strand> {
        if let Some(picked) = self.picked().filter(|strand| self.run.open_strands().contains(strand)) {
            return Some(picked);
        }
        let looked_at = self.look.map(Strand::whole).filter(|strand| self.run.open_strands().contains(strand));
        match looked_at {
            Some(strand) => {
                let mut lanes = self.run.lanes_of(strand.step).map(|(lane, _)| lane);
                Some(lanes.find(|lane| self.run.awaits_person(*lane)).unwrap_or(strand))
            }
            None => self.run.focus(),
        }
    }

    /// Returns the step that the keys act on, and where it is; for an item of a step, where that is.
    pub(super) fn current(&self) -> Option<(&Step, &StepState)> {
        let strand = self.subject()?;
        self.run.plan.steps.get(strand.step).zip(self.run.state(strand))
    }

    /// Returns the id under which wishes name what the keys act on.
    pub(super) fn current_id(&self) -> Option<StepId> {
        self.run.strand_id(self.subject()?)
    }

    /// Returns the index of the step that is shown.
    pub(super) fn shown(&self) -> usize {
        let focus = || self.run.focus().map_or(self.run.current, |strand| strand.step);
        self.look.unwrap_or_else(focus).min(self.run.plan.steps.len().saturating_sub(1))
    }

    /// Returns what runs and can be interrupted: improvised commands first, then what the keys act on, then the rest of
    /// its step, then anything else. The watch on the recovery is none of these.
    pub(super) fn running(&self) -> Option<(&AttemptId, &Attempt)> {
        let running = || {
            let of = |id| self.run.attempts.get_key_value(id);
            self.run.running.iter().filter(|id| !self.run.is_watch(id)).filter_map(of)
        };
        let subject = self.subject();
        let of = |attempt: &Attempt| attempt.step.as_ref().and_then(|step| self.run.strand(step));
        let step = subject.map(|strand| strand.step);
        running()
            .find(|(_, attempt)| attempt.step.is_none())
            .or_else(|| running().find(|(_, attempt)| of(attempt) == subject && subject.is_some()))
            .or_else(|| running().find(|(_, attempt)| step.is_some() && of(attempt).map(|strand| strand.step) == step))
            .or_else(|| running().next())
    }

    /// Returns the attempts whose outputs are shown, in the order in which they began: all of the step that is shown, since
    /// one of its checks is not what another one said; where nothing of the current step has run yet, those of the step
    /// before, which it is about.
    pub(super) fn outputs_of(&self) -> Vec<(&AttemptId, &Attempt)> {
        /// More would not be found by scrolling.
        const MOST: usize = 24;
        let all = || self.run.order.iter().filter_map(|id| self.run.attempts.get_key_value(id));
        let of = |step: &str| {
            let own = all().filter(|(_, attempt)| attempt.step.as_ref().is_some_and(|id| id.parts().0 == step));
            let own: Vec<_> = own.collect();
            own.get(own.len().saturating_sub(MOST)..).unwrap_or_default().to_vec()
        };
        if let Some(picked) = self.picked() {
            let own: Vec<_> = self.attempts_at(picked).collect();
            return own.get(own.len().saturating_sub(MOST)..).unwrap_or_default().to_vec();
        }
        let last = self.output_of();
        let shown = self.run.plan.steps.get(self.shown()).map(|step| of(step.id.as_str())).unwrap_or_default();
        match (last, self.look) {
            (Some(last), _) if shown.last().is_some_and(|(id, _)| *id == last.0) => shown,
            (Some(last), _) => vec![last],
            (None, Some(_)) => shown,
            (None, None) => {
                let before =
                    all().filter_map(|(_, attempt)| attempt.action.as_ref().and(attempt.step.as_ref())).next_back();
                before.map(|step| of(step.parts().0)).unwrap_or_default()
            }
        }
    }

    /// Goes through the attempts at a strand, in the order in which they began.
    fn attempts_at(&self, strand: Strand) -> impl Iterator<Item = (&AttemptId, &Attempt)> {
        let id = self.run.strand_id(strand);
        let all = self.run.order.iter().filter_map(|id| self.run.attempts.get_key_value(id));
        all.filter(move |(_, attempt)| id.is_some() && attempt.step == id)
    }

    /// Returns the pane that keys move in: that of the output only where there is output, the table only while it is there.
    pub(super) fn focused(&self) -> Focus {
        match self.focus {
            Focus::Table if self.group().is_some() => Focus::Table,
            Focus::Table | Focus::Output if self.lines_held() == 0 => Focus::Step,
            Focus::Table => Focus::Output,
            focus => focus,
        }
    }

    /// Moves to the next pane, or to the one before; one that isn't there is passed over.
    pub(super) fn turn(&mut self, command: Command) {
        let mut round = vec![Focus::Plan, Focus::Step];
        if self.lines_held() > 0 {
            round.push(Focus::Output);
        }
        if self.group().is_some() {
            round.push(Focus::Table);
        }
        let at = round.iter().position(|pane| *pane == self.focused()).unwrap_or_default();
        let step = if command == Command::PreviousPane { round.len() - 1 } else { 1 };
        self.focus = round.get((at + step) % round.len()).copied().unwrap_or(Focus::Plan);
    }

    /// Returns how many lines of them there are to show, with one that names each where there are several.
    pub(super) fn lines_held(&self) -> usize {
        let outputs = self.outputs_of();
        let heads = if outputs.len() > 1 { outputs.len() } else { 0 };
        let held = outputs.iter().filter_map(|(id, _)| self.tails.get(*id)).map(|tail| tail.lines().len());
        heads + held.sum::<usize>()
    }

    /// Returns the attempt whose output belongs to the step that is shown.
    pub(super) fn output_of(&self) -> Option<(&AttemptId, &Attempt)> {
        if let Some(picked) = self.picked() {
            return self.attempts_at(picked).last();
        }
        if self.look.is_none()
            && let Some((id, attempt)) = self.running()
        {
            return Some((id, attempt));
        }
        let step = self.run.plan.steps.get(self.shown())?;
        let own = |id: &AttemptId| !self.run.is_watch(id);
        let newest =
            || self.run.order.iter().rev().filter(|id| own(id)).filter_map(|id| self.run.attempts.get_key_value(id));
        // A command of the operator's own is what they look at until something else ran.
        let improvised = newest().next().filter(|(_, attempt)| self.look.is_none() && attempt.action.is_none());
        improvised.or_else(|| {
            newest().find(|(_, attempt)| attempt.step.as_ref().is_some_and(|id| id.parts().0 == step.id.as_str()))
        })
    }
}
