//! Plays a recording: wishes and real time in, messages for the run's screen out. It reads what it shows from the disk, a
//! little at a time; it starts no thread and writes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::cursor::Cursor;
use super::fold::EXACT;
use super::index::Index;
use super::outputs::{Answers, PIECE, Printed, Samples};
use super::pace::{Pace, Stretch};
use super::recording::{Recording, ReplayError};
use super::search::Search;
use crate::engine::{Attempt, AttemptState, Event, Run};
use crate::kernel::{AttemptId, Stamp, counted};
use crate::runbook::Kind;
use crate::ui::{Behind, Going, Marks, Moment, Msg, Played, Seek, Spot, Stream, Tail, Transport, Verified};

/// So many facts are read before anything is shown: all of what people record.
const AT_FIRST: u64 = 4 * EXACT;
/// So many facts are read at once beside playing.
pub(super) const BESIDE: u64 = 1_024;
/// So much of an output is brought to each moment: of those that matter most, and of the others.
const OF_ONE: u64 = 64 * 1024;
const OF_MANY: u64 = 8 * 1024;
/// So many outputs are brought whole; the others are those of earlier attempts of the same step.
const FOREMOST: usize = 3;
/// The newest attempts, whatever step they belong to: the screen shows the step before while nothing else ran.
const NEWEST: usize = 4;
/// So many indexes of outputs are kept at hand.
const INDEXES: usize = 128;
/// What falls behind by more than this does not try to catch up.
const BEHIND: Duration = Duration::from_millis(500);
/// No more facts are played at once; then wishes are heard.
const AT_ONCE: usize = 1_000;

/// Says how a replay begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// Where.
    pub at: Spot,
    /// By how much faster than it was.
    pub speed: u32,
    /// What lies behind the screen.
    pub behind: Behind,
}

/// Plays a recording.
#[derive(Debug)]
pub struct Player {
    pub(super) recording: Recording,
    pub(super) index: Index,
    pub(super) cursor: Cursor,
    /// The recording's time: that of the last fact, or later.
    pub(super) time: u64,
    pub(super) pace: Pace,
    pub(super) going: Going,
    pub(super) stretch: Stretch,
    pub(super) began: Instant,
    /// The step that the screen looks at.
    pub(super) shown: usize,
    samples: BTreeMap<AttemptId, Samples>,
    marks: (u64, Arc<Marks>),
    /// Where the log's last line says that it ends.
    promised: u64,
    verdict: Option<Verified>,
    /// What was asked for and lies beyond what was read.
    pub(super) pending: Option<Transport>,
    /// What has to be known, once everything was read.
    remarks: Vec<String>,
    /// The search that goes on.
    pub(super) search: Option<Search>,
}

impl Player {
    /// Opens a recording at its beginning, standing.
    ///
    /// # Errors
    /// If its first fact does not begin a run.
    pub fn open(recording: Recording, speed: u32) -> Result<Self, ReplayError> {
        let index = Index::open(&recording, AT_FIRST);
        let cursor = (index.facts() > 0).then(|| Cursor::at(&recording, &index, 1)).flatten();
        let Some(cursor) = cursor else {
            let why = index.end.as_ref().and_then(super::reader::End::remark).unwrap_or_default();
            return Err(ReplayError::Foreign { path: recording.place.log.clone(), why });
        };
        let (time, from) = (cursor.time, index.from);
        let mut player = Self {
            promised: recording.promised().max(from),
            recording,
            index,
            cursor,
            time,
            pace: Pace::of(speed),
            going: Going::Paused,
            stretch: Stretch::still(time),
            began: Instant::now(),
            shown: 0,
            samples: BTreeMap::new(),
            marks: (0, Arc::default()),
            verdict: None,
            pending: None,
            remarks: Vec::new(),
            search: None,
        };
        player.when_whole();
        Ok(player)
    }

    /// Plays as fast as this from now on.
    pub(super) fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
    }

    /// Returns the times of the recording as they are shown at a real time.
    pub(super) fn shown(&self, now: Instant) -> Stamp {
        let mono = match self.going {
            Going::Playing => self.stretch.after(now.saturating_duration_since(self.began)),
            Going::Paused | Going::Ended => self.time,
        };
        self.stamp_at(mono)
    }

    /// Returns what the index holds.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// Returns everything that a screen needs to begin with.
    pub fn first(&mut self) -> Vec<Msg> {
        vec![self.moment(), self.played()]
    }

    /// Takes the verdict on the log.
    pub(super) fn verified(&mut self, verified: Verified) -> Msg {
        self.verdict = Some(verified);
        self.played()
    }

    /// Returns the recording's time, as a clock shows it, at a real time.
    pub(super) fn stretch(&self) -> (Stretch, Instant, Stamp) {
        let base = Stamp { utc: self.cursor.stamp.utc, mono: self.cursor.time };
        (self.stretch, self.began, base)
    }

    /// Is the rest of the log still to be read?
    pub(super) fn has_more(&self) -> bool {
        !self.index.is_whole()
    }

    /// Reads the log a little further; says what became possible by that.
    pub fn read_on(&mut self, facts: u64, now: Instant) -> Vec<Msg> {
        self.index.read(facts);
        self.cursor.look_again(&self.index);
        self.when_whole();
        match self.pending.take() {
            Some(wish) => {
                let mut said = self.wish(wish, now);
                // Whatever came of it, it is not waited for any more, or still is.
                said.push(self.played());
                said
            }
            None => Vec::new(),
        }
    }

    fn when_whole(&mut self) {
        if !self.index.is_whole() || !self.remarks.is_empty() {
            return;
        }
        // What ran on when the recording ended printed on.
        let running: Vec<(AttemptId, Attempt)> = self.unended();
        for (id, attempt) in &running {
            let printed = self.printed(id, attempt);
            let last = std::iter::successors(printed.next(self.index.to), |at| printed.next(*at)).last();
            self.index.to = self.index.to.max(last.unwrap_or_default());
        }
        self.remarks = self.index.remarks(&self.recording);
        if self.index.run().running.is_empty() || matches!(self.index.run().stage, crate::engine::Stage::Ended(_)) {
        } else {
            let names: Vec<&str> = running.iter().map(|(id, _)| id.as_str()).collect();
            self.remarks.push(format!("No end is recorded of {}: it may have gone on.", names.join(", ")));
        }
        let gone = self.index.run().attempts.iter().filter(|(id, attempt)| self.is_gone(id, attempt)).count();
        if gone > 0 {
            self.remarks.push(format!("The output files of {} are missing or too short.", counted(gone, "attempt")));
        }
    }

    fn unended(&self) -> Vec<(AttemptId, Attempt)> {
        let run = self.index.run();
        run.running.iter().filter_map(|id| Some((id.clone(), run.attempts.get(id)?.clone()))).collect()
    }

    fn is_gone(&self, id: &AttemptId, attempt: &Attempt) -> bool {
        let AttemptState::Finished { streams, .. } = &attempt.state else { return false };
        let size =
            |kind| std::fs::metadata(self.recording.folder.join(id.output_file(kind))).map_or(0, |data| data.len());
        id.names_files() && (size("out") < streams.out_bytes || size("err") < streams.err_bytes)
    }

    /// Returns when the recording ends, as far as that is known.
    pub(super) fn end(&self) -> u64 {
        if self.index.is_whole() { self.index.to } else { self.promised.max(self.index.to) }
    }

    /// Says how it is played.
    pub(super) fn played(&mut self) -> Msg {
        let to = self.end();
        // While much is being read marks are drawn now and then.
        if self.marks.0 != self.index.facts() {
            self.marks = (self.index.facts(), Arc::new(self.index.marks(to)));
        }
        let whole = self.index.is_whole();
        Msg::Played(Box::new(Played {
            going: self.going,
            speed: self.pace.speed,
            idle: self.pace.idle,
            from: self.index.from,
            to,
            fact: self.cursor.facts,
            facts: self.index.facts(),
            marks: Arc::clone(&self.marks.1),
            reading: (!whole).then(|| self.recording.part_read(self.index.at())),
            searching: self.searches(),
            awaiting: self.pending.is_some(),
            verdict: self.verdict.clone(),
            remarks: if whole { self.remarks.clone() } else { self.recording.remarks.clone() },
        }))
    }

    /// Brings the run as it is here.
    pub(super) fn moment(&mut self) -> Msg {
        let mut run = self.cursor.run.clone();
        let own = run.focus().map_or(run.current, |strand| strand.step);
        let mut steps = vec![self.shown];
        if own != self.shown {
            steps.push(own);
        }
        if self.cursor.facts > EXACT {
            for step in &steps {
                for found in self.index.of_step(&self.recording, *step, self.cursor.facts) {
                    if !run.attempts.contains_key(&found.id) {
                        run.order.push(found.id.clone());
                        run.attempts.insert(found.id, found.attempt);
                    }
                }
            }
            let Run { order, attempts, .. } = &mut run;
            order.sort_by_key(|id| attempts.get(id).map_or(0, |attempt| attempt.started.mono));
        }
        let ids: Vec<String> =
            steps.iter().filter_map(|at| Some(run.plan.steps.get(*at)?.id.as_str().to_owned())).collect();
        let of_steps =
            |attempt: &Attempt| attempt.step.as_ref().is_some_and(|id| ids.iter().any(|step| step == id.parts().0));
        let newest = run.order.len().saturating_sub(NEWEST);
        let wanted = run.order.iter().enumerate().rev().filter_map(|(at, id)| {
            let attempt = run.attempts.get(id)?;
            let runs = attempt.state == AttemptState::Running;
            (runs || at >= newest || of_steps(attempt)).then(|| (id.clone(), attempt.clone()))
        });
        let wanted: Vec<(AttemptId, Attempt)> = wanted.collect();
        let mut tails: BTreeMap<AttemptId, Tail> = BTreeMap::new();
        for (at, (id, attempt)) in wanted.iter().enumerate() {
            let printed = self.printed(id, attempt);
            let most = if at < FOREMOST { OF_ONE } else { OF_MANY };
            let tail = printed.tail(&self.recording.folder, id, self.time, most);
            if tail.total() > 0 {
                tails.insert(id.clone(), tail);
            }
        }
        let told = self.cursor.told(&self.index);
        Msg::Moment(Box::new(Moment { run, tails, told, at: self.stamp() }))
    }

    pub(super) fn stamp(&self) -> Stamp {
        self.stamp_at(self.time)
    }

    fn stamp_at(&self, mono: u64) -> Stamp {
        let later = i64::try_from(mono.saturating_sub(self.cursor.time)).unwrap_or(i64::MAX);
        let utc = self.cursor.stamp.utc.checked_add_signed(chrono::TimeDelta::microseconds(later));
        Stamp { utc: utc.unwrap_or(self.cursor.stamp.utc), mono }
    }

    /// Returns the output of an attempt in the recording's time.
    pub(super) fn printed(&mut self, id: &AttemptId, attempt: &Attempt) -> Printed {
        if self.samples.len() > INDEXES {
            self.samples.clear();
        }
        let folder = &self.recording.folder;
        let samples = self.samples.entry(id.clone()).or_insert_with(|| Samples::read(folder, id)).clone();
        let started = attempt.started.mono;
        let size = |kind| std::fs::metadata(folder.join(id.output_file(kind))).map_or(0, |data| data.len());
        let ended = match &attempt.state {
            AttemptState::Finished { at, streams, .. } => {
                Some((at.mono.max(started), streams.out_bytes, streams.err_bytes))
            }
            // Nobody knows when it printed what: it is seen where the recording ends.
            AttemptState::Running if samples.is_empty() && self.index.is_whole() && id.names_files() => {
                let never = self.index.run().running.contains(id);
                never.then(|| (self.index.to, size("out"), size("err")))
            }
            AttemptState::Running => None,
        };
        let kind =
            attempt.action.as_ref().and_then(|name| self.recording.plan.action(name)).map(|(_, action)| &action.kind);
        let answers = match kind {
            Some(Kind::Shell { .. }) | None => Answers::AsPrinted,
            Some(_) => Answers::OneByOne,
        };
        Printed { started, ended, answers, samples }
    }

    /// Reads a leaf of an output as it was here.
    pub(super) fn leaf(&mut self, seek: &Seek) -> Msg {
        let attempt = self.cursor.run.attempts.get(&seek.attempt).cloned();
        let known = attempt.filter(|_| seek.attempt.names_files());
        let most = known.map_or(0, |attempt| {
            let (out, err) = self.printed(&seek.attempt, &attempt).sizes(self.time);
            if seek.stream == Stream::Out { out } else { err }
        });
        let name = seek.attempt.output_file(seek.stream.word());
        if most > 0 && !self.recording.folder.join(&name).exists() {
            return Msg::Refused(format!("{name} is missing from the recording."));
        }
        match crate::store::leaf(&self.recording.folder, seek, most) {
            Ok(leaf) => {
                let missed = matches!(seek.want, crate::ui::Want::Find { .. }) && leaf.hit.is_none();
                if missed { Msg::Say("That is not there at this moment.".to_owned()) } else { Msg::Leaf(leaf) }
            }
            Err(error) => Msg::Refused(format!("the output can't be read: {error}")),
        }
    }

    /// Returns how long nothing will happen by itself; `None`: nothing will.
    pub(super) fn due(&self, now: Instant) -> Option<Duration> {
        (self.going == Going::Playing)
            .then(|| self.stretch.takes.saturating_sub(now.saturating_duration_since(self.began)))
    }

    /// Stands, or goes on from here.
    pub(super) fn rebase(&mut self, now: Instant) {
        self.began = now;
        self.stretch = Stretch::still(self.time);
        if self.going == Going::Playing {
            self.stretch_on();
        }
    }

    /// Makes the stretch up to what comes next.
    fn stretch_on(&mut self) {
        let outputs = self.running();
        let printed = outputs.iter().filter_map(|(id, attempt)| {
            let printed = self.printed(id, attempt);
            printed.next(self.time)
        });
        let printed: Vec<u64> = printed.collect();
        let next = printed.into_iter().chain(self.cursor.next()).min().map(|next| next.max(self.time));
        match next {
            Some(next) => {
                let takes = self.pace.takes(next - self.time);
                self.stretch = Stretch { from: self.time, to: next, takes };
            }
            None if self.has_more() => self.stretch = Stretch::still(self.time),
            None => {
                self.time = self.time.max(self.end());
                (self.going, self.stretch) = (Going::Ended, Stretch::still(self.time));
            }
        }
    }

    fn running(&self) -> Vec<(AttemptId, Attempt)> {
        let run = &self.cursor.run;
        run.running.iter().filter_map(|id| Some((id.clone(), run.attempts.get(id)?.clone()))).collect()
    }

    /// Plays up to a real time.
    pub fn advance(&mut self, now: Instant) -> Vec<Msg> {
        let mut said = Vec::new();
        if self.going != Going::Playing {
            return said;
        }
        let before = self.cursor.facts;
        while said.len() < AT_ONCE && self.going == Going::Playing {
            let due = self.began + self.stretch.takes;
            if now < due || (self.stretch.takes.is_zero() && self.stretch.from == self.stretch.to && self.waits()) {
                break;
            }
            self.arrive(&mut said);
            self.began = if now.saturating_duration_since(due) > BEHIND { now } else { due };
            self.stretch_on();
        }
        if before / (EXACT / 2) != self.cursor.facts / (EXACT / 2) && self.cursor.facts > EXACT {
            // The screen keeps what it is told: a fresh state keeps it small.
            said = vec![self.moment()];
        }
        if self.cursor.facts != before || self.going != Going::Playing {
            said.push(self.played());
        }
        said
    }

    /// Is nothing known to come, although more of the log is to be read?
    fn waits(&self) -> bool {
        self.cursor.next().is_none() && self.has_more()
    }

    /// Comes to the end of a stretch: what was printed by then, and the facts of that time.
    fn arrive(&mut self, said: &mut Vec<Msg>) {
        let (from, to) = (self.time, self.stretch.to);
        let folder = self.recording.folder.clone();
        for (id, attempt) in self.running() {
            let printed = self.printed(&id, &attempt);
            said.extend(
                printed
                    .pieces(from, to)
                    .into_iter()
                    .map(|piece| Msg::Progress(printed.text(&folder, &id, piece, PIECE))),
            );
        }
        self.time = to;
        while self.cursor.next().is_some_and(|next| next <= to) && said.len() < AT_ONCE {
            let before = self.cursor.run.running.clone();
            let Some(fact) = self.cursor.advance(&self.index) else { break };
            if let Event::AttemptFinished { attempt: id, .. } = &fact.event
                && before.contains(id)
                && let Some(attempt) = self.cursor.run.attempts.get(id).cloned()
            {
                // What came since it was looked at last was printed before it ended.
                let ended = self.printed(id, &attempt);
                let had = Printed { ended: None, ..ended.clone() }.sizes(to);
                said.extend(
                    ended.rest(had).into_iter().map(|piece| Msg::Progress(ended.text(&folder, id, piece, PIECE))),
                );
            }
            said.push(Msg::Fact(Arc::new(fact)));
        }
    }
}
