//! What makes every moment of a long recording near: the state at every so many facts, where the marks lie, and where the
//! lines of each attempt stand. It is made once, front to back, kept for the next time, and holds no output and no line.

mod rest;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::fold::{EXACT, fold};
use super::kept::Place;
use super::reader::{Clocks, End, Reader};
use super::recording::Recording;
use super::shelf::{Lies, Shelf};
use crate::engine::{Attempt, AttemptState, Event, Fact, Run, Verdict};
use crate::kernel::{AttemptId, Stamp};
use crate::store::LineAt;
use crate::ui::{Mark, Marks, Told};

/// It is known where every so many facts begin.
const EVERY: u64 = 256;
/// The state is kept at every so many facts: what lies between is folded anew in a few milliseconds.
const STATES: u64 = 2_048;
/// So many attempts of a step are found again, the newest: more are not shown.
const OF_A_STEP: usize = 24;

/// Is one of the facts between which everything lies.
#[derive(Clone, Debug)]
pub(super) struct Checkpoint {
    /// After so many facts.
    pub(super) facts: u64,
    /// The recording's time then.
    pub(super) time: u64,
    /// The last fact's `seq`.
    pub(super) seq: u64,
    /// Where the next line begins, and which one it is, from 0.
    pub(super) at: LineAt,
    pub(super) line: u64,
    state: State,
}

/// Says where the state of the run is at a checkpoint.
#[derive(Clone, Debug)]
enum State {
    /// It is folded from the checkpoint before.
    Folded,
    /// At hand: those of a run that is no longer than people work.
    Here(Box<Run>),
    /// On the shelf.
    Away(Lies),
}

/// Is a fact that is worth going to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Marked {
    /// Its number, from 1.
    pub(super) fact: u64,
    pub(super) time: u64,
}

/// Says where an attempt stands in the log: packed, since there may be hundreds of thousands.
#[derive(Clone, Copy, Debug)]
struct Stands {
    /// The number of the fact with which it began.
    fact: u32,
    /// How many facts later it ended; 0 while it has not.
    lasted: u32,
    part: u16,
    ended_part: u16,
    byte: u64,
    ended_byte: u64,
    /// When it ended.
    time: u64,
}

/// Is an attempt that was found again.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) id: AttemptId,
    pub(super) attempt: Attempt,
}

/// Holds what is known of a recording so far.
#[derive(Debug)]
pub struct Index {
    checkpoints: Vec<Checkpoint>,
    marks: BTreeMap<Mark, Vec<Marked>>,
    stands: Vec<Stands>,
    /// The attempts of each step of the plan, by their places in `stands`; what belongs to no step stands last.
    of_step: Vec<Vec<u32>>,
    running: BTreeMap<AttemptId, u32>,
    /// The first facts in words.
    told: Vec<Told>,
    /// When it begins, and the time up to which it was read.
    pub(super) from: u64,
    pub(super) to: u64,
    /// How many facts were read.
    pub(super) facts: u64,
    /// The last one's times.
    pub(super) last: Stamp,
    /// Why there are no more, once that is known.
    pub(super) end: Option<End>,
    unknown: u64,
    clocks: Clocks,
    run: Run,
    reader: Option<Reader>,
    shelf: Shelf,
    place: Option<Place>,
}

impl Index {
    /// Opens a recording: the index that was kept of it, else as much as is read at once.
    pub fn open(recording: &Recording, at_once: u64) -> Self {
        let mut index = Self::begin(recording);
        // What is told of the first facts is not kept.
        index.read(EXACT);
        if index.is_whole() {
            return index;
        }
        index.place = Place::of(recording);
        let kept = index.place.as_ref().and_then(Place::read);
        if kept.and_then(|(file, from, rest)| index.take_over(file, from, &rest)).is_none() {
            index.shelf = Shelf::begin(index.place.as_ref().and_then(Place::begin));
            index.read(at_once.saturating_sub(EXACT));
        }
        index
    }

    /// Begins to read a recording.
    pub fn begin(recording: &Recording) -> Self {
        let run = Run::new(Arc::clone(&recording.plan));
        let first = Checkpoint {
            facts: 0,
            time: recording.began.mono,
            seq: 0,
            at: LineAt::default(),
            line: 0,
            state: State::Here(Box::new(run.clone())),
        };
        let (reader, end) = match Reader::open(&recording.place, LineAt::default(), 0) {
            Ok(reader) => (Some(reader), None),
            Err(end) => (None, Some(end)),
        };
        Self {
            checkpoints: vec![first],
            marks: BTreeMap::new(),
            stands: Vec::new(),
            of_step: vec![Vec::new(); recording.plan.steps.len() + 1],
            running: BTreeMap::new(),
            told: Vec::new(),
            from: recording.began.mono,
            to: recording.began.mono,
            facts: 0,
            last: recording.began,
            end,
            unknown: 0,
            clocks: Clocks::default(),
            run,
            reader,
            shelf: Shelf::begin(None),
            place: None,
        }
    }

    /// Reads up to so many facts further.
    pub fn read(&mut self, most: u64) {
        let Some(mut reader) = self.reader.take() else { return };
        for _ in 0..most {
            match reader.next().map(|read| self.take(&read.fact, read.at)) {
                Ok(Ok(())) => {}
                Ok(Err(end)) | Err(end) => {
                    self.unknown = reader.unknown;
                    self.end = Some(end);
                    self.keep();
                    return;
                }
            }
            if self.facts.is_multiple_of(EVERY) {
                let (facts, time, seq) = (self.facts, self.to, self.run.last_seq.unwrap_or_default());
                let (at, line, state) = (reader.at(), reader.line, self.put_away());
                self.checkpoints.push(Checkpoint { facts, time, seq, at, line, state });
            }
        }
        self.reader = Some(reader);
    }

    fn put_away(&mut self) -> State {
        if !self.facts.is_multiple_of(STATES) {
            State::Folded
        } else if self.facts <= EXACT {
            State::Here(Box::new(self.run.clone()))
        } else {
            self.shelf.put(&self.run).map_or(State::Folded, State::Away)
        }
    }

    /// Is everything read that can be?
    pub fn is_whole(&self) -> bool {
        self.end.is_some()
    }

    /// Returns how many facts were read.
    pub fn facts(&self) -> u64 {
        self.facts
    }

    /// Returns how many bytes of the log were read, in its last part.
    pub(super) fn at(&self) -> Option<LineAt> {
        self.reader.as_ref().map(Reader::at)
    }

    fn take(&mut self, fact: &Fact, at: LineAt) -> Result<(), End> {
        let number = self.facts + 1;
        fold(&mut self.run, fact, number).map_err(|illegal| End::Senseless { seq: illegal.seq, why: illegal.why })?;
        (self.facts, self.to, self.last) = (number, self.clocks.at(fact), fact.at);
        if number <= EXACT {
            self.told.push(Told::of(fact));
        }
        if let Some(mark) = mark(&fact.event) {
            self.marks.entry(mark).or_default().push(Marked { fact: number, time: self.to });
        }
        match &fact.event {
            Event::AttemptStarted { attempt, step, .. } => {
                let whole = step.as_ref().and_then(|step| self.run.strand(step)).map(|strand| strand.step);
                let step = whole.unwrap_or(self.of_step.len() - 1);
                let place = self.stands.len() as u32;
                self.stands.push(Stands {
                    fact: number as u32,
                    lasted: 0,
                    part: at.part,
                    ended_part: 0,
                    byte: at.byte,
                    ended_byte: 0,
                    time: 0,
                });
                if let Some(of) = self.of_step.get_mut(step) {
                    of.push(place);
                }
                self.running.insert(attempt.clone(), place);
            }
            Event::AttemptFinished { attempt, .. } => {
                let place = self.running.remove(attempt).and_then(|place| self.stands.get_mut(place as usize));
                if let Some(stands) = place {
                    stands.lasted = (number as u32).saturating_sub(stands.fact).max(1);
                    (stands.ended_part, stands.ended_byte, stands.time) = (at.part, at.byte, self.to);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Returns the state nearest before a fact, with its checkpoint.
    pub(super) fn before(&self, facts: u64) -> Option<(&Checkpoint, Run)> {
        let known = self.checkpoints.partition_point(|checkpoint| checkpoint.facts <= facts);
        let plan = &self.run.plan;
        // One that can't be read is folded from an earlier one.
        self.checkpoints.get(..known)?.iter().rev().find_map(|checkpoint| match &checkpoint.state {
            State::Folded => None,
            State::Here(run) => Some((checkpoint, Run::clone(run))),
            State::Away(lies) => Some((checkpoint, self.shelf.get(*lies, plan)?)),
        })
    }

    /// Returns the last checkpoint at which a condition holds that holds from the beginning up to some fact.
    pub(super) fn last_with(&self, holds: impl Fn(&Checkpoint) -> bool) -> Option<&Checkpoint> {
        let at = self.checkpoints.partition_point(holds);
        self.checkpoints.get(at.saturating_sub(1))
    }

    /// Returns the next mark of a kind after a fact, or the one before it.
    pub(super) fn mark_after(&self, mark: Mark, facts: u64) -> Option<Marked> {
        let of = self.marks.get(&mark)?;
        of.get(of.partition_point(|marked| marked.fact <= facts)).copied()
    }

    /// Returns the last mark of a kind before a fact.
    pub(super) fn mark_before(&self, mark: Mark, facts: u64) -> Option<Marked> {
        let of = self.marks.get(&mark)?;
        of.get(of.partition_point(|marked| marked.fact < facts).checked_sub(1)?).copied()
    }

    /// Draws all marks between the beginning and a time.
    pub(super) fn marks(&self, to: u64) -> Marks {
        let mut marks = Marks::default();
        let whole = to.saturating_sub(self.from);
        for (mark, of) in &self.marks {
            for marked in of {
                marks.put(*mark, marked.time.saturating_sub(self.from), whole);
            }
        }
        marks
    }

    /// Returns the first facts in words, up to one, if they are all kept.
    pub(super) fn told(&self, facts: u64) -> Option<&[Told]> {
        if facts > EXACT { None } else { self.told.get(..usize::try_from(facts).ok()?) }
    }

    /// Returns the state at the last fact that was read.
    pub(super) fn run(&self) -> &Run {
        &self.run
    }

    /// Finds the newest attempts of a step again, as they were after so many facts.
    pub(super) fn of_step(&self, recording: &Recording, step: usize, facts: u64) -> Vec<Found> {
        let Some(of) = self.of_step.get(step) else { return Vec::new() };
        let began =
            |place: &u32| self.stands.get(*place as usize).is_some_and(|stands| u64::from(stands.fact) <= facts);
        let until = of.partition_point(began);
        let newest = of.get(until.saturating_sub(OF_A_STEP)..until).unwrap_or_default();
        newest.iter().filter_map(|place| self.found(recording, *place as usize, facts)).collect()
    }

    /// Returns how many attempts there are.
    pub(super) fn attempts(&self) -> usize {
        self.stands.len()
    }

    /// Says when an attempt ended; `None` if it never did.
    pub(super) fn ended(&self, place: usize) -> Option<u64> {
        self.stands.get(place).filter(|stands| stands.lasted > 0).map(|stands| stands.time)
    }

    /// Reads an attempt again, as it was after so many facts.
    pub(super) fn found(&self, recording: &Recording, place: usize, facts: u64) -> Option<Found> {
        let stands = self.stands.get(place)?;
        let read = |part: u16, byte: u64| Reader::open(&recording.place, LineAt { part, byte }, 0).ok()?.next().ok();
        let fact = read(stands.part, stands.byte)?.fact;
        let Event::AttemptStarted { attempt: id, step, action, impact, command, target } = fact.event else {
            return None;
        };
        let mut attempt =
            Attempt { step, action, impact, command, target, started: fact.at, state: AttemptState::Running };
        let ended = stands.lasted > 0 && u64::from(stands.fact) + u64::from(stands.lasted) <= facts;
        if ended
            && let Some(read) = read(stands.ended_part, stands.ended_byte)
            && let Event::AttemptFinished { outcome, verdict, polls, streams, aws, .. } = read.fact.event
        {
            attempt.state = AttemptState::Finished { at: read.fact.at, outcome, verdict, polls, streams, aws };
        }
        Some(Found { id, attempt })
    }

    /// Says in sentences what has to be known about the recording, by now.
    pub(super) fn remarks(&self, recording: &Recording) -> Vec<String> {
        let mut remarks = recording.remarks.clone();
        remarks.extend(self.end.as_ref().and_then(End::remark));
        if self.unknown > 0 {
            remarks.push(format!(
                "{} lines are of kinds that this lifeboat does not know; they are passed over.",
                self.unknown
            ));
        }
        remarks.extend(self.clocks.remark());
        remarks
    }
}

/// Says what kind of mark a fact is.
fn mark(event: &Event) -> Option<Mark> {
    Some(match event {
        Event::Breached { .. } => Mark::Breach,
        Event::AttemptFinished { verdict: Verdict::Failed { .. }, .. }
        | Event::StepFailed { .. }
        | Event::Jumped { .. }
        | Event::WatchFailed { .. }
        | Event::RecoveryLost { .. } => Mark::Failure,
        Event::Confirmed { .. }
        | Event::Declined { .. }
        | Event::Decided { .. }
        | Event::StepSkipped { .. }
        | Event::StepOwed { .. }
        | Event::RetryChosen { .. }
        | Event::RollbackChosen { .. }
        | Event::ApprovalWaived { .. }
        | Event::SecondReaderWaived { .. }
        | Event::WentUnrecorded { .. }
        | Event::StopAsked { .. } => Mark::Decision,
        Event::NoteAdded { .. } => Mark::Note,
        Event::StepStarted { .. } => Mark::Step,
        _ => return None,
    })
}
