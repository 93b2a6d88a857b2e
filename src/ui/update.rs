//! What a message means for the screen.

use std::sync::Arc;

use super::calls;
use super::confirm::Confirmation;
use super::facilitator;
use super::form::{Form, FormKind, Opener};
use super::message::{LogHealth, Msg, Output, Progress};
use super::model::{Break, Model, OnsetAsked, Place, RunScreen, Ticks, Zoom};
use super::news::News;
use super::press::{NOT_AGAIN, press};
use super::question::{self, paste};
use super::replay;
use super::tail::Tail;
use super::timeline::Told;
use crate::engine::{Again, Fact, Stage, evolve};
use crate::kernel::{SafeText, Stamp};
use crate::settings::theme::Role;

/// What was recorded so soon after a key is what the key led to.
const JUST_NOW: std::time::Duration = std::time::Duration::from_secs(3);

/// Takes a message into the model, and says what it asks of those who drive the screen.
pub fn update(model: &mut Model, msg: Msg) -> Option<Output> {
    let seen = calls::Seen::of(&msg);
    let output = take(model, msg);
    calls::look(model, &seen);
    output.or_else(|| replay::missing(model))
}

fn take(model: &mut Model, msg: Msg) -> Option<Output> {
    if matches!(model.place, Place::Facilitator(_)) {
        return facilitator::take(model, msg);
    }
    match msg {
        Msg::Key(key) => {
            model.dirty = true;
            press(model, key)
        }
        Msg::Paste(text) => {
            model.dirty = true;
            paste(model, &text)
        }
        Msg::Resize { columns, rows } => {
            (model.columns, model.rows) = (columns, rows);
            model.dirty = true;
            on_run(model, |screen| {
                if let Zoom::Output(reader) = &mut screen.zoom {
                    reader.resize(rows);
                }
                None
            })
        }
        Msg::Tick(now) => {
            model.dirty |= now.mono / 1_000_000 != model.now.mono / 1_000_000;
            model.now = now;
            on_run(model, |screen| screen.settle(AskOnset::IfMissing))
        }
        Msg::Fact(fact) => {
            model.dirty = true;
            let now = model.now;
            match &mut model.place {
                Place::Run(screen) => {
                    answered(screen, &fact, now, &mut model.news);
                    screen.fact(&fact, now)
                }
                Place::Picker(_) | Place::Facilitator(_) | Place::Compare(_) => None,
            }
        }
        Msg::Progress(progress) => {
            model.dirty = true;
            on_run(model, |screen| screen.progress(progress))
        }
        Msg::Leaf(leaf) => {
            model.dirty = true;
            on_run(model, |screen| match &mut screen.zoom {
                Zoom::Output(reader) => reader.take(leaf),
                Zoom::Shared | Zoom::Timeline(_) => None,
            })
        }
        Msg::Moment(moment) => {
            model.dirty = true;
            model.now = moment.at;
            on_run(model, |screen| screen.moment(*moment))
        }
        Msg::Played(played) => {
            model.dirty = true;
            let first = on_replay(model, |replay| replay.played.replace(*played).is_none()) == Some(true);
            let remarks = on_replay(model, |replay| replay.played.as_ref().map(|played| played.remarks.join(" ")));
            if let Some(remarks) = remarks.flatten().filter(|remarks| first && !remarks.is_empty()) {
                model.news.add(Role::Warn, SafeText::line(&remarks).into_string());
            }
            None
        }
        Msg::Terminal(attempt) => Some(Output::SitDown(attempt)),
        Msg::Log(health) => {
            model.dirty = true;
            let now = model.now;
            on_run(model, |screen| {
                let halted = |log: Option<(LogHealth, Stamp)>| matches!(log, Some((LogHealth::Halted, _)));
                let before = halted(screen.log.replace((health, now)));
                if halted(screen.log) && !before && screen.form.is_none() && screen.confirmation.is_none() {
                    screen.form = Some(Form::new(FormKind::Unrecorded));
                    return Some(Output::DropTypeahead);
                }
                screen.drop_stale_form();
                None
            })
        }
        Msg::Refused(why) => {
            model.dirty = true;
            let why = SafeText::line(&why).into_string();
            let mut said = false;
            if let Place::Run(screen) = &mut model.place {
                screen.refused(&why);
                said = screen.confirmation.is_some() && screen.form.is_none();
            }
            // Once is enough, where the question says it.
            if !said {
                model.news.add(Role::Warn, why);
            }
            None
        }
        Msg::Say(what) => {
            model.dirty = true;
            model.news.add(Role::Text, SafeText::line(&what).into_string());
            None
        }
        Msg::Meanwhile(what) => {
            model.dirty = true;
            model.news.meanwhile(SafeText::line(&what).into_string());
            None
        }
        Msg::Held(holder) => {
            model.dirty = true;
            on_run(model, |screen| {
                screen.holder = holder;
                None
            })
        }
        Msg::Parted(why) => {
            model.dirty = true;
            let why = SafeText::line(&why).into_string();
            on_run(model, |screen| {
                screen.parted = Some(why);
                // Nobody hears an answer.
                (screen.form, screen.confirmation) = (None, None);
                None
            })
        }
        Msg::Summary(lines) => {
            model.dirty = true;
            // It says how the log ended: what was asked for meanwhile is answered.
            model.news.clear();
            on_run(model, |screen| {
                screen.summary = lines;
                None
            })
        }
        Msg::Outlook(outlook) => {
            model.dirty = true;
            on_run(model, |screen| {
                screen.outlook = outlook;
                None
            })
        }
        Msg::Usual(usual) => {
            model.dirty = true;
            on_run(model, |screen| {
                screen.usual = usual;
                None
            })
        }
        Msg::Effects(effects) => {
            model.dirty = true;
            on_run(model, |screen| {
                screen.effects = effects;
                None
            })
        }
        Msg::Truth(lines) => {
            model.dirty = true;
            on_run(model, |screen| {
                screen.truth = lines;
                None
            })
        }
        Msg::Edited(edited) => {
            model.dirty = true;
            match edited {
                Ok(text) => on_run(model, |screen| question::edited(screen, &text)),
                Err(why) => {
                    model.news.answer(Role::Warn, SafeText::line(&why).into_string());
                    None
                }
            }
        }
        // Only a facilitator's screen has one.
        Msg::Board(_) | Msg::Unwritten(_) | Msg::Closed => None,
        Msg::Rivals(rivals) => {
            model.dirty = true;
            if let Place::Run(screen) = &mut model.place
                && let Some(replay) = &mut screen.replay
            {
                replay.rivals = Some(rivals);
            }
            None
        }
        Msg::Learnt(learnt) => {
            model.dirty = true;
            if let Place::Picker(picker) = &mut model.place {
                picker.learn(learnt);
            }
            None
        }
        Msg::Drawn => {
            let now = model.now;
            let questions_hidden = model.help.is_some() || model.finder.is_some();
            on_run(model, |screen| {
                if !questions_hidden
                    && screen.breaking == Break::None
                    && screen.form.is_none()
                    && let Some(confirmation) = &mut screen.confirmation
                {
                    confirmation.shown.get_or_insert(now);
                }
                None
            })
        }
        Msg::Hangup => Some(Output::Gone),
    }
}

fn on_run(model: &mut Model, act: impl FnOnce(&mut RunScreen) -> Option<Output>) -> Option<Output> {
    match &mut model.place {
        Place::Run(screen) => act(screen),
        Place::Picker(_) | Place::Facilitator(_) | Place::Compare(_) => None,
    }
}

fn on_replay<T>(model: &mut Model, act: impl FnOnce(&mut replay::Replay) -> T) -> Option<T> {
    match &mut model.place {
        Place::Run(screen) => screen.replay.as_mut().map(act),
        Place::Picker(_) | Place::Facilitator(_) | Place::Compare(_) => None,
    }
}

/// What was said of an answer that was not taken is over once another one was; what was written is said to be.
fn answered(screen: &mut RunScreen, fact: &Fact, now: Stamp, news: &mut News) {
    use crate::engine::Event as E;
    match &fact.event {
        E::Approved { .. } | E::ApprovalStated { .. } | E::ApprovalWaived { .. } => {
            if let Some(confirmation) = &mut screen.confirmation {
                confirmation.problem = None;
            }
        }
        // What it tells stands on the screen.
        E::Looked { .. } => news.forget(NOT_AGAIN),
        E::NoteAdded { .. } | E::MomentFixed { .. } if screen.replay.is_none() => {
            // Of what was recorded before this screen came, or by others, the timeline tells.
            let pressed = screen.calls.pressed.is_some_and(|pressed| now.since(&pressed) < JUST_NOW);
            if pressed {
                news.add(Role::Ok, format!("In the log: {}.", crate::report::narrate(&fact.event)));
            }
        }
        _ => {}
    }
}

/// Says whether a missing onset is asked for: only once the facts that were on their way have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AskOnset {
    IfMissing,
    Later,
}

impl RunScreen {
    fn fact(&mut self, fact: &Arc<Fact>, now: Stamp) -> Option<Output> {
        let before = self.asked();
        self.told.push(Told::of(fact));
        if let Err(why) = evolve(&mut self.run, fact) {
            self.broken = Some(SafeText::line(&why.to_string()).into_string());
        }
        // What was typed was typed while it held.
        if let (crate::engine::Event::WatchFailed { action, .. }, Some(prompt)) = (&fact.event, &self.run.prompt) {
            let asked = prompt.action.as_ref().and_then(|name| self.run.plan.action(name));
            if asked.is_some_and(|(_, asked)| asked.require.contains(action)) {
                self.confirmation = None;
            }
        }
        if self.asked() != before {
            self.changed = now;
            self.calls.changes = self.calls.changes.saturating_add(1);
            self.step_scroll = 0;
            self.ticks = Ticks::AsScrolled;
            self.output_back = 0;
        }
        if let crate::engine::Event::ItemTicked { .. } = &fact.event {
            self.ticks = Ticks::InSight;
        }
        if self.is_ended() {
            self.form = None;
            self.breaking = Break::None;
            self.zoom = Zoom::Shared;
        }
        let asked = self.settle(AskOnset::Later);
        match (&fact.event, &mut self.zoom) {
            (crate::engine::Event::AttemptFinished { attempt, .. }, Zoom::Output(reader))
                if asked.is_none() && *attempt == reader.attempt =>
            {
                reader.grew()
            }
            _ => asked,
        }
    }

    /// What is asked of the operator: a change of it starts the dead time of the key that runs steps.
    fn asked(&self) -> (Option<crate::engine::Strand>, Option<u64>, Option<crate::engine::StepState>) {
        let focus = self.subject();
        (
            focus,
            self.run.prompt.as_ref().map(|prompt| prompt.number),
            focus.and_then(|strand| self.run.state(strand)).cloned(),
        )
    }

    /// Brings the screen's questions in line with the run.
    fn settle(&mut self, onset: AskOnset) -> Option<Output> {
        self.drop_stale_form();
        if self.interrupted.as_ref().is_some_and(|attempt| !self.run.running.contains(attempt)) {
            self.interrupted = None;
        }
        let heard = self.parted.is_none();
        let open = self.run.prompt.as_ref().map(|prompt| prompt.number).filter(|_| heard);
        if self.confirmation.as_ref().map(|confirmation| confirmation.prompt) != open {
            self.confirmation = open.map(Confirmation::new);
            if open.is_some() && self.replay.is_none() {
                self.look_back();
                return Some(Output::DropTypeahead);
            }
        }
        if onset == AskOnset::IfMissing
            && self.replay.is_none()
            && self.parted.is_none()
            && self.onset_asked == OnsetAsked::NotYet
            && matches!(self.run.stage, Stage::Open)
            && self.form.is_none()
            && self.confirmation.is_none()
        {
            self.onset_asked = OnsetAsked::Asked;
            // Where the runbook stops the service itself nobody has begun to fail yet.
            let planned = self.run.plan.meta.onset_means == "service-stopped";
            if !planned && self.run.onset().is_none() && (self.run.rto().is_some() || self.run.rpo().is_some()) {
                self.form = Some(Form::new(FormKind::Onset(Opener::Screen)));
                return Some(Output::DropTypeahead);
            }
        }
        None
    }

    /// A question about a step that is settled meanwhile, or about an onset that came, is no question any more.
    fn drop_stale_form(&mut self) {
        let Some(form) = &self.form else { return };
        let stale = match &form.kind {
            FormKind::Skip(step)
            | FormKind::MarkDone(step)
            | FormKind::Done(step, _)
            | FormKind::Choose(step)
            | FormKind::Owe(step)
            | FormKind::RollBack(step)
            | FormKind::Edit(step)
            | FormKind::Jump(step) => {
                let open = self.run.open_strands();
                self.run.strand(step).is_none_or(|strand| !open.contains(&strand))
            }
            FormKind::Value(name)
            | FormKind::Reader(name)
            | FormKind::SecondValue { name, .. }
            | FormKind::Waive(name) => self.run.asked().first().is_none_or(|asked| asked.name != *name),
            FormKind::Retry(step) => {
                let strand = self.run.strand(step);
                strand.is_none_or(|strand| !matches!(self.run.again(strand), Again::Untold(_)))
            }
            FormKind::SeeAlarm(action) => self.run.alarm() != Some(action),
            FormKind::Onset(Opener::Screen) => self.run.onset().is_some() && form.field.text().is_empty(),
            FormKind::Unrecorded => !matches!(self.log, Some((LogHealth::Halted, _))),
            FormKind::Onset(Opener::Operator)
            | FormKind::Improvise
            | FormKind::Note
            | FormKind::Stop
            | FormKind::Leave => false,
        };
        if stale {
            self.form = None;
        }
    }

    fn progress(&mut self, progress: Progress) -> Option<Output> {
        let attempt = progress.attempt.clone();
        let grown = self.heard(progress);
        if self.output_back > 0 {
            // The reader keeps the place; only the followed end moves.
            self.output_back = (self.output_back + grown).min(Tail::LINES);
        }
        match &mut self.zoom {
            Zoom::Output(reader) if reader.attempt == attempt => reader.grew(),
            Zoom::Output(_) | Zoom::Shared | Zoom::Timeline(_) => None,
        }
    }

    fn refused(&mut self, why: &str) {
        if let Some(confirmation) = &mut self.confirmation {
            confirmation.answer = super::confirm::Answer::Open;
            confirmation.problem = Some(why.to_owned());
        }
    }
}
