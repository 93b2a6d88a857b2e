//! Conducts an exercise: fires injects when they are due, hands on what the facilitator tells, keeps their log.
//!
//! Each inject is in the facilitator's log before anything of it happens, so none comes twice by itself. Whatever fails
//! here is said here: the drill goes on without it. While the log can't be written nothing comes, and what the facilitator
//! wrote is kept until it can be.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use super::book::{Book, BookError};
use crate::clock::Clock;
use crate::drive::attach::Begun;
use crate::drive::practice::Practice;
use crate::drive::wire::FromScreen;
use crate::engine::{Event, Facilitate, Facilitation, Fact, Fired, HowFired, Run, Stage, evolve};
use crate::report::{due, narrate};
use crate::runbook::Plan;
use crate::store::AppendError;
use crate::ui::{Msg, Order, Unwritten};

/// How often it is looked whether an inject is due.
const LOOK: Duration = Duration::from_millis(100);
/// How often it is tried whether the log can be written again.
const TRY: Duration = Duration::from_secs(2);

/// Is what reaches whoever conducts.
#[derive(Debug)]
pub(super) enum Seen {
    /// The engine said something.
    Engine(Msg),
    /// The facilitator wants something.
    Order(Order),
    /// A fault was handed to the estate, or refused.
    Did {
        /// As part of which inject.
        inject: u32,
        /// Why it did not happen, if so.
        result: Result<(), String>,
    },
}

/// Says how conducting ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conducted {
    /// The exercise was ended, and the run is over: nothing more is to come.
    Closed,
    /// The facilitator left before that.
    Left,
}

/// Is the way to and from the facilitator, the team, and the estate.
#[derive(Debug)]
pub(super) struct Front<T: Fn(Msg)> {
    /// What comes.
    pub(super) seen: Receiver<Seen>,
    /// Where what became of faults is sent.
    pub(super) back: Sender<Seen>,
    /// Tells the facilitator.
    pub(super) tell: T,
}

struct Desk<'d, T: Fn(Msg)> {
    book: &'d mut Book,
    begun: Option<Begun>,
    run: Run,
    facts: Vec<Fact>,
    clock: Clock,
    by: String,
    estate: PathBuf,
    front: Front<T>,
    /// Why the facilitator's log can't be written, and when that was tried last: nothing is fired meanwhile.
    broken: Option<(String, Instant)>,
    /// What is to be in the log, and waits until it can be written.
    kept: Vec<Facilitation>,
    /// The file in which the log goes on that its first one could not take, as the facilitator was told.
    elsewhere: Option<PathBuf>,
}

/// Conducts until the exercise is over or the facilitator leaves. Without an engine the run is over, and only what was
/// seen is still written down.
pub(super) fn conduct<T: Fn(Msg)>(
    book: &mut Book,
    begun: Option<Begun>,
    (plan, past, clock): (Arc<Plan>, Vec<Fact>, Clock),
    (by, folder): (&str, &Path),
    front: Front<T>,
) -> Conducted {
    let mut desk = Desk {
        book,
        begun,
        run: Run::new(plan),
        facts: Vec::new(),
        clock,
        by: by.to_owned(),
        estate: folder.join("estate"),
        front,
        broken: None,
        kept: Vec::new(),
        elsewhere: None,
    };
    for fact in past {
        desk.fact(&fact);
        (desk.front.tell)(Msg::Fact(Arc::new(fact)));
    }
    desk.show();
    let how = desk.work();
    if desk.broken.is_some() {
        desk.mend();
    }
    let said = |what: &Facilitation| narrate(&Event::Facilitation(Box::new(what.clone())));
    let unwritten = desk.kept.iter().map(said).collect();
    desk.book.unwritten = unwritten;
    how
}

impl<T: Fn(Msg)> Desk<'_, T> {
    fn work(&mut self) -> Conducted {
        loop {
            let next = self.front.seen.recv_timeout(LOOK);
            let quiet = next.is_err();
            match next {
                Ok(Seen::Engine(msg)) => {
                    if let Msg::Fact(fact) = &msg {
                        self.fact(fact);
                    }
                    (self.front.tell)(msg);
                }
                Ok(Seen::Order(Order::Leave)) | Err(RecvTimeoutError::Disconnected) => {
                    let closed = self.book.board.closed.is_some() && self.is_over();
                    return if closed { Conducted::Closed } else { Conducted::Left };
                }
                Ok(Seen::Order(order)) => {
                    if let Err(why) = self.order(order) {
                        (self.front.tell)(Msg::Refused(why));
                    }
                }
                Ok(Seen::Did { inject, result: Err(why) }) => {
                    (self.front.tell)(Msg::Refused(format!("inject {inject} did not happen: {why}")));
                    self.record(Facilitation::Refused { inject, why });
                }
                Ok(Seen::Did { inject, result: Ok(()) }) => {
                    (self.front.tell)(Msg::Say(format!("The estate does what inject {inject} says.")));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            if self.broken.as_ref().is_some_and(|(_, tried)| tried.elapsed() >= TRY) {
                self.mend();
            }
            if let Some(path) = self.book.moved().filter(|path| self.elsewhere.as_ref() != Some(path)) {
                let words = format!("YOUR LOG could not be written in its place: it goes on in {}.", path.display());
                (self.front.tell)(Msg::Say(words));
                self.elsewhere = Some(path);
            }
            if self.broken.is_none() {
                for due in due(&self.book.board, &self.run, &self.facts, self.clock.now()) {
                    self.fire(due.inject, due.how);
                }
            }
            // What the engine said before it was gone is heard first.
            if quiet && self.is_over() && self.book.board.closed.is_some() {
                return Conducted::Closed;
            }
        }
    }

    fn is_over(&mut self) -> bool {
        match &mut self.begun {
            Some(begun) => begun.is_over(),
            None => true,
        }
    }

    fn fact(&mut self, fact: &Fact) {
        if let Err(why) = evolve(&mut self.run, fact) {
            // What follows is judged by what came before.
            tracing::warn!(%why, "a fact of the run makes no sense");
        }
        self.facts.push(fact.clone());
    }

    fn order(&mut self, order: Order) -> Result<(), String> {
        let by = self.by.clone();
        let over = matches!(self.run.stage, Stage::Ended(_));
        match order {
            Order::Fire(number) => {
                let item = self.book.board.item(number).ok_or_else(|| format!("there is no inject {number}"))?;
                if let Some(came) = &item.came {
                    return Err(format!("inject {number} came at {}; none comes twice", came.at.format("%H:%M:%SZ")));
                }
                if over {
                    return Err("the run is over: nothing can happen to the team".to_owned());
                }
                if self.facts.is_empty() {
                    return Err("nothing was heard of the run yet; try again".to_owned());
                }
                self.fire(number, HowFired::Hand);
            }
            Order::Mark { inject, expectation, mark, note } => {
                let item = self.book.board.item(inject).ok_or_else(|| format!("there is no inject {inject}"))?;
                let at = usize::try_from(expectation).ok().and_then(|number| number.checked_sub(1));
                if at.and_then(|at| item.inject.expects.get(at)).is_none() {
                    return Err(format!("inject {inject} has no expectation {expectation}"));
                }
                if item.came.is_none() {
                    return Err(format!("inject {inject} has not come: nothing can be expected of the team yet"));
                }
                self.record(Facilitation::Observed { inject, expectation, mark, note, by });
            }
            Order::Note(text) => {
                self.record(Facilitation::Noted { text, by });
            }
            Order::Score { area, points, note } => {
                self.record(Facilitation::Scored { area, points, note, by });
            }
            Order::Tell(text) => self.wish(Facilitate::Announce { inject: None, text })?,
            Order::Pause(why) => self.wish(Facilitate::Pause { why })?,
            Order::GoOn => self.wish(Facilitate::GoOn)?,
            Order::Close => {
                if self.book.board.closed.is_some() {
                    return Err("the exercise was ended already; it is over when the run is".to_owned());
                }
                if self.record(Facilitation::Closed { by }) && !over {
                    let text = "END OF THE EXERCISE. Say where you are, then stop the run.".to_owned();
                    self.wish(Facilitate::Announce { inject: None, text })?;
                }
            }
            Order::Leave => {}
        }
        Ok(())
    }

    /// Hands something to the engine, which says what became of it.
    fn wish(&self, wish: Facilitate) -> Result<(), String> {
        match &self.begun {
            Some(begun) if !matches!(self.run.stage, Stage::Ended(_)) => {
                begun.wish(FromScreen::Facilitate(wish));
                Ok(())
            }
            _ => Err("the run is over: nobody is told anything any more".to_owned()),
        }
    }

    /// Lets an inject come: recorded first, so that it comes once.
    fn fire(&mut self, number: u32, how: HowFired) {
        let Some(item) = self.book.board.item(number) else { return };
        let (does, sees, name) = (item.inject.does.clone(), item.inject.sees.clone(), item.inject.name.clone());
        let after_seq = self.facts.last().map_or(0, |fact| fact.seq);
        let fired = Facilitation::Fired(Fired { inject: number, how, after_seq, by: self.by.clone() });
        if !self.record(fired) {
            return;
        }
        (self.front.tell)(Msg::Say(format!("Inject {number} comes: {name}.")));
        if let Some(text) = sees
            && let Err(why) = self.wish(Facilitate::Announce { inject: Some(number), text })
        {
            (self.front.tell)(Msg::Refused(why));
        }
        if let Some(fault) = does {
            let (estate, back) = (self.estate.clone(), self.front.back.clone());
            let work = move || {
                let result = break_it(&estate, &fault);
                // Whoever conducted may have left: the record says that it may have happened.
                drop(back.send(Seen::Did { inject: number, result }));
            };
            if let Err(error) = std::thread::Builder::new().name("inject".to_owned()).spawn(work) {
                self.record(Facilitation::Refused { inject: number, why: error.to_string() });
            }
        }
    }

    /// Records something, or keeps it where that can be done later. Says whether it is on the disk.
    fn record(&mut self, what: Facilitation) -> bool {
        if self.broken.is_some() {
            self.keep(what);
            return false;
        }
        match self.book.record(what.clone()) {
            Ok(_) => {
                self.show();
                true
            }
            Err(error @ BookError::Append(AppendError::Unfit(_))) => {
                (self.front.tell)(Msg::Refused(error.to_string()));
                false
            }
            Err(error) => {
                self.broken = Some((reason(error), Instant::now()));
                self.keep(what);
                false
            }
        }
    }

    /// Keeps what the facilitator wrote; what would happen to the team or to the exercise does not happen.
    fn keep(&mut self, what: Facilitation) {
        match &what {
            Facilitation::Observed { .. }
            | Facilitation::Noted { .. }
            | Facilitation::Scored { .. }
            | Facilitation::Refused { .. } => self.kept.push(what),
            Facilitation::Fired(fired) => {
                let why = format!("inject {} does not come: the facilitator's log can't be written", fired.inject);
                (self.front.tell)(Msg::Refused(why));
            }
            Facilitation::Closed { .. } | Facilitation::Prepared { .. } => {
                let why = "the exercise is not ended: the facilitator's log can't be written";
                (self.front.tell)(Msg::Refused(why.to_owned()));
            }
        }
        self.unwritten();
    }

    /// Tries whether the log can be written again; then what was kept is written first.
    fn mend(&mut self) {
        if let Err(error) = self.book.retake() {
            // Why it could not be written at first says more.
            tracing::info!(%error, "the facilitator's log can't be written yet");
            if let Some((_, tried)) = &mut self.broken {
                *tried = Instant::now();
            }
            return;
        }
        self.broken = None;
        for what in std::mem::take(&mut self.kept) {
            // It may have reached the disk although that was not heard of any more.
            let is_there = |fact: &Fact| matches!(&fact.event, Event::Facilitation(known) if **known == what);
            if self.broken.is_some() || !self.book.facts.iter().any(is_there) {
                self.record(what);
            }
        }
        self.show();
        if self.broken.is_none() {
            self.unwritten();
            (self.front.tell)(Msg::Say(
                "The facilitator's log is written again, with what was kept for it.".to_owned(),
            ));
        }
    }

    /// Says whether the log can be written.
    fn unwritten(&self) {
        let kept = self.kept.len();
        let unwritten = self.broken.as_ref().map(|(why, _)| Unwritten { why: why.clone(), kept });
        (self.front.tell)(Msg::Unwritten(unwritten));
    }

    fn show(&self) {
        (self.front.tell)(Msg::Board(Box::new(self.book.board.clone())));
    }
}

/// Says why a log can't be written, without its path: there is only one.
fn reason(error: BookError) -> String {
    match error {
        BookError::Append(AppendError::Final { why, .. }) => why,
        error => error.to_string(),
    }
}

/// Breaks something of the drill's own estate.
fn break_it(estate: &Path, fault: &str) -> Result<(), String> {
    let practice = Practice::find(estate)?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(practice.inject(fault)).map_err(|error| error.to_string())
}
