//! What of an index lies behind the states when it is kept: everything else that is not made anew from the first facts.

use std::collections::BTreeMap;
use std::fs::File;

use serde::{Deserialize, Serialize};

use super::{Checkpoint, Index, Marked, Stands, State};
use crate::kernel::{AttemptId, Stamp};
use crate::replay::kept::{Numbers, Read};
use crate::replay::reader::{Clocks, End};
use crate::replay::shelf::{Lies, Shelf};
use crate::store::LineAt;
use crate::ui::Mark;

/// Is what there is one of.
#[derive(Serialize, Deserialize)]
struct Summary {
    facts: u64,
    to: u64,
    last: Stamp,
    end: Option<End>,
    unknown: u64,
    clocks: Clocks,
    running: BTreeMap<AttemptId, u32>,
    run: (u64, u32, u32),
}

impl Index {
    /// Keeps what was read to its end, if there is a place. That it can't be kept is no loss but of time.
    pub(super) fn keep(&mut self) -> Option<()> {
        let place = self.place.clone()?;
        let run = self.shelf.put(&self.run)?;
        let rest = self.rest(run)?;
        let behind = place.ended(self.shelf.end(), rest);
        self.shelf.keep(&behind)
    }

    fn rest(&self, run: Lies) -> Option<Vec<u8>> {
        let mut to = Numbers::default();
        let summary = Summary {
            facts: self.facts,
            to: self.to,
            last: self.last,
            end: self.end.clone(),
            unknown: self.unknown,
            clocks: self.clocks.clone(),
            running: self.running.clone(),
            run: (run.at, run.length, run.crc),
        };
        to.json(&summary).ok()?;
        // Those of the first facts are made anew.
        let away = |checkpoint: &&Checkpoint| checkpoint.facts > crate::replay::fold::EXACT;
        let checkpoints: Vec<&Checkpoint> = self.checkpoints.iter().filter(away).collect();
        to.put(checkpoints.len() as u64);
        let (mut facts, mut time, mut seq, mut byte, mut line) = (0, 0, 0, 0, 0);
        for checkpoint in checkpoints {
            to.step(&mut facts, checkpoint.facts);
            to.step(&mut time, checkpoint.time);
            to.step(&mut seq, checkpoint.seq);
            to.put(u64::from(checkpoint.at.part));
            to.step(&mut byte, checkpoint.at.byte);
            to.step(&mut line, checkpoint.line);
            match &checkpoint.state {
                State::Away(lies) => {
                    to.put(u64::from(lies.length));
                    to.put(lies.at);
                    to.put(u64::from(lies.crc));
                }
                State::Folded | State::Here(_) => to.put(0),
            }
        }
        for mark in Mark::ALL {
            let of = self.marks.get(&mark).map(Vec::as_slice).unwrap_or_default();
            to.put(of.len() as u64);
            let (mut fact, mut time) = (0, 0);
            for marked in of {
                to.step(&mut fact, marked.fact);
                to.step(&mut time, marked.time);
            }
        }
        to.put(self.stands.len() as u64);
        let (mut fact, mut byte, mut time) = (0, 0, 0);
        for stands in &self.stands {
            to.step(&mut fact, u64::from(stands.fact));
            to.put(u64::from(stands.lasted));
            to.put(u64::from(stands.part));
            to.put(u64::from(stands.ended_part));
            to.step(&mut byte, stands.byte);
            let mut from = stands.byte;
            to.step(&mut from, stands.ended_byte);
            to.step(&mut time, stands.time);
        }
        for of in &self.of_step {
            to.put(of.len() as u64);
            let mut place = 0;
            for one in of {
                to.step(&mut place, u64::from(*one));
            }
        }
        Some(to.0)
    }

    /// Takes over what was kept; `None`, and nothing changed, if it is not what it should be.
    pub(super) fn take_over(&mut self, file: File, from: u64, rest: &[u8]) -> Option<()> {
        let mut read = Read(rest);
        let summary: Summary = read.json()?;
        let mut checkpoints = Vec::new();
        let (mut facts, mut time, mut seq, mut byte, mut line) = (0, 0, 0, 0, 0);
        for _ in 0..read.count()? {
            let (facts, time, seq) = (read.step(&mut facts)?, read.step(&mut time)?, read.step(&mut seq)?);
            let at = LineAt { part: u16::try_from(read.take()?).ok()?, byte: read.step(&mut byte)? };
            let line = read.step(&mut line)?;
            let state = match read.small()? {
                0 => State::Folded,
                length => State::Away(Lies { length, at: read.take()?, crc: read.small()? }),
            };
            checkpoints.push(Checkpoint { facts, time, seq, at, line, state });
        }
        let mut marks: BTreeMap<Mark, Vec<Marked>> = BTreeMap::new();
        for mark in Mark::ALL {
            let (mut fact, mut time, count) = (0, 0, read.count()?);
            let mut of = Vec::with_capacity(count);
            for _ in 0..count {
                of.push(Marked { fact: read.step(&mut fact)?, time: read.step(&mut time)? });
            }
            marks.insert(mark, of);
        }
        let (mut fact, mut byte, mut time, count) = (0, 0, 0, read.count()?);
        let mut stands = Vec::with_capacity(count);
        for _ in 0..count {
            let fact = u32::try_from(read.step(&mut fact)?).ok()?;
            let (lasted, part, ended_part) = (read.small()?, read.small()?, read.small()?);
            let byte = read.step(&mut byte)?;
            let mut from = byte;
            let ended_byte = read.step(&mut from)?;
            let (part, ended_part) = (u16::try_from(part).ok()?, u16::try_from(ended_part).ok()?);
            stands.push(Stands { fact, lasted, part, ended_part, byte, ended_byte, time: read.step(&mut time)? });
        }
        let mut of_step = Vec::with_capacity(self.of_step.len());
        for _ in 0..self.of_step.len() {
            let (mut place, count) = (0, read.count()?);
            let mut of = Vec::with_capacity(count);
            for _ in 0..count {
                of.push(u32::try_from(read.step(&mut place)?).ok().filter(|place| (*place as usize) < stands.len())?);
            }
            of_step.push(of);
        }
        let shelf = Shelf::kept(file, from);
        let (at, length, crc) = summary.run;
        let run = shelf.get(Lies { at, length, crc }, &self.run.plan)?;
        (self.run, self.shelf) = (run, shelf);
        (self.facts, self.to, self.last, self.end) = (summary.facts, summary.to, summary.last, summary.end);
        (self.unknown, self.clocks, self.running) = (summary.unknown, summary.clocks, summary.running);
        (self.marks, self.stands, self.of_step) = (marks, stands, of_step);
        self.checkpoints.extend(checkpoints);
        self.reader = None;
        self.end.as_ref().map(|_| ())
    }
}
