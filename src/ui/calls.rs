//! What calls the operator back to the screen: alarms and breaches, failures, a question after a silence, a clock that
//! turns. Nothing of it is a fact, and nothing waits for it.

use std::sync::Arc;
use std::time::Duration;

use super::message::{LogHealth, Msg};
use super::model::{Model, Place, RunScreen};
use crate::engine::{Event, Exercise, Fact, Mode, Recovery, Who};
use crate::kernel::{SafeText, Stamp, clock};

/// What happened longer ago is told by the screen alone: a screen that attaches later does not ring for it.
const FRESH: Duration = Duration::from_secs(10);
/// Whoever pressed a key within this time sees what is asked.
const AT_THE_KEYS: Duration = Duration::from_secs(10);
/// An alarm that nobody acknowledges calls again after this time.
const AGAIN: Duration = Duration::from_secs(60);
/// The clock calls when so much of the RTO is gone, in percent.
const TURNS: [u128; 4] = [50, 75, 90, 100];

/// Is a breach of an objective, or what the team was told, that nobody at this screen has acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shout {
    /// `RTO` or `RPO`, and what was measured; or who told what.
    pub(super) words: String,
    /// Since when.
    pub(super) since: Stamp,
}

/// Remembers what was called for.
#[derive(Clone, Debug, Default)]
pub(super) struct Calls {
    /// The words of a call that was not made yet.
    waiting: Option<String>,
    /// When a key was pressed last.
    pub(super) pressed: Option<Stamp>,
    /// When an alarm called last.
    shouted: Option<Stamp>,
    /// How many of [`TURNS`] were passed when the clock was looked at last.
    turned: Option<usize>,
    /// How often what is asked of the operator changed, and how often that was so when it was looked at last.
    pub(super) changes: u32,
    asked: Option<u32>,
    /// Breaches that nobody has acknowledged, the oldest first.
    pub(super) breaches: Vec<Shout>,
}

impl Model {
    /// Returns what the operator is to be called back for, once.
    pub fn take_call(&mut self) -> Option<String> {
        match &mut self.place {
            Place::Run(screen) => screen.calls.waiting.take(),
            Place::Picker(_) | Place::Facilitator(_) | Place::Compare(_) => None,
        }
    }
}

/// Looks at what a message changed.
pub(super) fn look(model: &mut Model, msg: &Seen) {
    let now = model.now;
    let Place::Run(screen) = &mut model.place else { return };
    if screen.replay.is_some() {
        // It is over: nobody is called.
        return;
    }
    match msg {
        Seen::Key => screen.calls.pressed = Some(now),
        Seen::Fact(fact) => fresh(screen, fact, now),
        Seen::Tick => ticked(screen, now),
        Seen::Halted => call(screen, "NOTHING IS RECORDED: the log can't be written".to_owned()),
        Seen::Other => {}
    }
}

/// Is what a message is to those who call.
pub(super) enum Seen {
    Key,
    Fact(Arc<Fact>),
    Tick,
    Halted,
    Other,
}

impl Seen {
    pub(super) fn of(msg: &Msg) -> Self {
        match msg {
            Msg::Key(_) | Msg::Paste(_) => Self::Key,
            Msg::Fact(fact) => Self::Fact(Arc::clone(fact)),
            Msg::Tick(_) => Self::Tick,
            Msg::Log(LogHealth::Halted | LogHealth::Lost) => Self::Halted,
            _ => Self::Other,
        }
    }
}

fn call(screen: &mut RunScreen, words: String) {
    let mode = match screen.mode() {
        Some(Mode::Real) => "REAL INCIDENT",
        Some(Mode::Drill) | None => "Drill",
    };
    screen.calls.waiting = Some(SafeText::line(&format!("{mode}: {words}")).into_string());
}

/// Calls for a fact that has just come to be.
fn fresh(screen: &mut RunScreen, fact: &Fact, now: Stamp) {
    let age = now.utc.signed_duration_since(fact.at.utc).to_std().unwrap_or_default();
    if age > FRESH || screen.is_ended() {
        return;
    }
    match &fact.event {
        Event::WatchFailed { action, why } => {
            screen.calls.shouted = Some(now);
            call(screen, format!("ALARM: {action} does not hold: {why}"));
        }
        Event::Breached { objective, limit_ms, actual_ms } => {
            let of = |millis: &u64| clock(Duration::from_millis(*millis));
            let words = format!("{} BREACHED: {} of {}", objective.to_uppercase(), of(actual_ms), of(limit_ms));
            screen.calls.breaches.push(Shout { words: words.clone(), since: fact.at });
            screen.calls.shouted = Some(now);
            call(screen, words);
        }
        Event::StepFailed { step, .. } => {
            let label = screen.run.strand(step).map_or_else(|| step.to_string(), |strand| screen.run.label(strand));
            screen.calls.asked = Some(screen.calls.changes);
            call(screen, format!("FAILED: {label}"));
        }
        Event::Exercise(Exercise::Announced { text, by, .. }) => {
            let words = format!("TOLD by {}: {}", SafeText::line(by), SafeText::line(text));
            screen.calls.breaches.push(Shout { words: words.clone(), since: fact.at });
            screen.calls.shouted = Some(now);
            call(screen, words);
        }
        Event::Exercise(Exercise::Paused { why, .. }) => {
            screen.calls.shouted = Some(now);
            call(screen, format!("EXERCISE PAUSED: {why}"));
        }
        Event::Exercise(Exercise::WentOn { .. }) => call(screen, "the exercise goes on".to_owned()),
        _ => {}
    }
}

/// Calls for what time brings.
fn ticked(screen: &mut RunScreen, now: Stamp) {
    if screen.is_ended() {
        return;
    }
    if screen.calls.asked != Some(screen.calls.changes) {
        let first = screen.calls.asked.replace(screen.calls.changes).is_none();
        let away = screen.calls.pressed.is_none_or(|pressed| now.since(&pressed) >= AT_THE_KEYS);
        if !first && away && screen.run.who() == Who::Person {
            let words = screen.run.sentence();
            call(screen, words);
        }
    }
    if let (Some(used), Some(limit)) = (screen.run.elapsed(now.utc), screen.run.rto()) {
        let percent = used.as_millis().saturating_mul(100) / limit.as_millis().max(1);
        let passed = TURNS.iter().filter(|turn| percent >= **turn).count();
        let before = screen.calls.turned.replace(passed).unwrap_or(passed);
        let open = matches!(screen.run.recovery, Recovery::NotYet);
        if passed > before && open {
            call(screen, format!("{percent} percent of the RTO are gone: {} of {}", clock(used), clock(limit)));
        }
    }
    let open = screen.run.alarm().is_some() || !screen.calls.breaches.is_empty();
    let due = screen.calls.shouted.is_none_or(|shouted| now.since(&shouted) >= AGAIN);
    if open && due {
        screen.calls.shouted = Some(now);
        if let Some(words) = shout(screen, now) {
            call(screen, words);
        }
    }
}

/// Does anything shout?
pub(super) fn shouts(model: &Model) -> bool {
    matches!(&model.place, Place::Run(screen) if shout(screen, model.now).is_some())
}

/// Says what shouts on every screen: a pause of the exercise for as long as it lasts; until somebody acknowledges it a
/// failing watch, then breaches and what the team was told.
pub(super) fn shout(screen: &RunScreen, now: Stamp) -> Option<String> {
    if screen.is_ended() {
        return None;
    }
    if let Some(pause) = &screen.run.exercise.paused {
        let for_ = clock(now.since(&pause.since));
        let text = format!("EXERCISE PAUSED by {} ({for_}): {}", pause.by, pause.why);
        return Some(SafeText::line(&text).into_string());
    }
    if let Some(name) = screen.run.alarm()
        && let Some(alarm) = screen.run.alarms.get(name)
    {
        let how = match screen.run.failing(name) {
            Some(_) => "does not hold",
            None => "did not hold, and holds again",
        };
        let for_ = clock(now.since(&alarm.since));
        let text = format!("ALARM {name} {how} ({for_}): {}", alarm.why);
        return Some(SafeText::line(&text).into_string());
    }
    screen.calls.breaches.first().map(|breach| format!("{}, {} ago", breach.words, clock(now.since(&breach.since))))
}
