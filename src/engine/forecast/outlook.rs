//! When service will probably be restored, by what earlier runs took: a simulation of what is ahead.

use std::time::Duration;

use serde::Serialize;

use super::ahead::{Ahead, Leg, Way};
use super::history::{Followed, History};
use crate::engine::decide::decide;
use crate::engine::event::Fact;
use crate::engine::input::{Input, Intent};
use crate::engine::objectives::between;
use crate::engine::state::Recovery;
use crate::kernel::{Dice, Stamp};
use crate::runbook::Moment;

/// The same run at the same time has the same forecast.
const SEED: u64 = 0x1eaf_0ca5;

/// How many simulations are worth their time while people look on.
pub const LIVE_ROUNDS: u32 = 2_000;

/// How many steps are tried at most with half their time.
const TRIED: usize = 8;

/// Says when service will probably be restored, by what earlier runs took.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outlook {
    /// Onset to recovery, in milliseconds: one in ten is faster.
    pub low_ms: Option<u64>,
    /// Half of them are faster. `None`: half of them never come there.
    pub middle_ms: Option<u64>,
    /// One in ten is slower.
    pub high_ms: Option<u64>,
    /// The chance to meet the RTO, in percent; `None` without one.
    pub chance: Option<u32>,
    /// From how many earlier runs it is.
    pub runs: usize,
    /// How many steps ahead no earlier run has worked as they are now.
    pub new_steps: usize,
    /// How many of their actions do not say how long they take either, and count as nothing.
    pub unknown: usize,
}

/// Says what a step ahead has to do with the recovery.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepOutlook {
    /// Its index in the plan.
    #[serde(skip)]
    pub at: usize,
    /// How long it takes, in milliseconds: one in ten is faster.
    pub low_ms: u64,
    /// Half of them are faster.
    pub middle_ms: u64,
    /// One in ten is slower.
    pub high_ms: u64,
    /// From how many earlier runs that is.
    pub runs: usize,
    /// How often the recovery hangs on it, in percent.
    pub critical: u32,
    /// How much sooner the recovery came if it took half as long, in milliseconds, where that was tried.
    pub halved_gains_ms: Option<u64>,
    /// The chance to meet the RTO then, in percent.
    pub halved_chance: Option<u32>,
}

impl Followed {
    /// Forecasts the recovery by so many simulations. `None` without history, without an onset to count from, once the
    /// service is restored or seems to be, and where nothing ahead would show that it is.
    pub fn outlook(&self, history: &History, now: Stamp, rounds: u32) -> Option<Outlook> {
        let run = &self.run;
        if history.is_empty() || run.recovery != Recovery::NotYet {
            return None;
        }
        let origin = run.onset().or_else(|| run.moment(Moment::Declared).map(|fixed| fixed.occurred_at))?;
        let ahead = Ahead::of(self, history, (Some(now), run.speed()));
        // Nothing else goes on before what is taken back was taken back.
        let back = run.rollback_left(now);
        let gone = between(origin, now.utc).saturating_add(back.takes);
        let play = Play { gone, rto: run.rto(), leads: Vec::new(), rounds, history };
        let outlook = ahead.outlook(&play)?;
        Some(Outlook { unknown: outlook.unknown + back.unknown, ..outlook })
    }

    /// Forecasts the recovery as it would be after a person's choice; `None` as in [`Self::outlook`], and where it can't
    /// be chosen now.
    pub fn outlook_if(&self, intent: &Intent, history: &History, now: Stamp, rounds: u32) -> Option<Outlook> {
        let mut chosen = self.clone();
        let input = Input::Operator { by: String::new(), intent: intent.clone() };
        for event in decide(&chosen.run, &input, now).ok()? {
            let seq = chosen.run.last_seq.map_or(0, |last| last.saturating_add(1));
            chosen.learn(&Fact { seq, at: now, event }).ok()?;
        }
        chosen.outlook(history, now, rounds)
    }

    /// Forecasts a recovery that has not begun, and what each step has to do with it. `speed` is what the estate's would
    /// be. `None` as in [`Self::outlook`].
    pub fn before(&self, history: &History, speed: u32, rounds: u32) -> Option<(Outlook, Vec<StepOutlook>)> {
        let rto = self.run.plan.meta.objectives.rto;
        let ahead = Ahead::of(self, history, (None, speed));
        let leads = history.runs.iter().map(|past| past.lead.unwrap_or_default().as_secs_f32()).collect();
        let play = Play { gone: Duration::ZERO, rto, leads, rounds, history };
        let outlook = (!history.is_empty()).then(|| ahead.outlook(&play)).flatten()?;
        let steps = ahead.steps(&play, &outlook);
        Some((outlook, steps))
    }
}

/// Says what is played, how often, and from when on.
struct Play<'h> {
    /// From onset until now.
    gone: Duration,
    rto: Option<Duration>,
    /// From onset to the beginning in each earlier run, where the beginning is ahead.
    leads: Vec<f32>,
    rounds: u32,
    history: &'h History,
}

impl Play<'_> {
    fn chance(&self, ends: &Ends) -> Option<u32> {
        let left = self.rto?.checked_sub(self.gone).map_or(-1.0, |left| left.as_secs_f32());
        Some((ends.below(left) * 100.0).round() as u32)
    }

    fn finish(&self, ends: &Ends, chance: f32) -> Option<u64> {
        let end = Some(ends.at(chance)).filter(|end| end.is_finite())?;
        Some(u64::try_from(self.gone.as_millis()).unwrap_or(u64::MAX).saturating_add(millis(end)))
    }
}

/// Holds when the recovery came in each play, in seconds from now.
///
/// What the plays take from earlier runs is no more than these runs: the next one may as well lie beyond them all, as
/// with one time alone.
struct Ends {
    sorted: Vec<f32>,
    /// From so many earlier runs.
    runs: f32,
}

impl Ends {
    fn of(mut ends: Vec<f32>, runs: usize) -> Self {
        ends.sort_unstable_by(f32::total_cmp);
        Self { sorted: ends, runs: runs.max(1) as f32 }
    }

    fn spacing(&self) -> f32 {
        let finite = self.sorted.partition_point(|end| end.is_finite());
        let (least, most) = (self.sorted.first(), finite.checked_sub(1).and_then(|last| self.sorted.get(last)));
        let (least, most) = (least.copied().unwrap_or_default(), most.copied().unwrap_or_default());
        if self.runs < 2.0 { most / 2.0 } else { (most - least) / (self.runs - 1.0) }
    }

    /// Returns the time below which so much of the chance lies.
    fn at(&self, chance: f32) -> f32 {
        let place = chance * (self.runs + 1.0) - 0.5;
        let sample = |part: f32| {
            let at = (part * self.sorted.len() as f32) as usize;
            self.sorted.get(at.min(self.sorted.len().saturating_sub(1))).copied().unwrap_or_default()
        };
        match place / self.runs {
            low if low < 0.0 => (sample(0.0) + place * 2.0 * self.spacing()).max(0.0),
            high if high > 1.0 => sample(1.0) + (place - self.runs) * 2.0 * self.spacing(),
            within => sample(within),
        }
    }

    /// Returns how much of the chance lies below a time.
    fn below(&self, time: f32) -> f32 {
        let met = self.sorted.partition_point(|end| *end <= time) as f32 / self.sorted.len().max(1) as f32;
        if time < 0.0 { 0.0 } else { (met * self.runs + 0.5) / (self.runs + 1.0) }
    }
}

impl Ahead {
    fn outlook(&self, play: &Play<'_>) -> Option<Outlook> {
        if !self.ways.iter().any(|way| way.recovers) {
            return None;
        }
        let ends = self.simulate(play, None, &mut |_, _| {});
        let on = |leg: &Leg| self.ways.iter().any(|way| way.legs.iter().any(|place| self.is(*place, leg)));
        let new: Vec<&Leg> = self.legs.iter().filter(|leg| leg.samples == 0 && on(leg)).collect();
        Some(Outlook {
            low_ms: play.finish(&ends, 0.1),
            middle_ms: play.finish(&ends, 0.5),
            high_ms: play.finish(&ends, 0.9),
            chance: play.chance(&ends),
            runs: self.alike.len(),
            new_steps: new.len(),
            unknown: new.iter().map(|leg| leg.unknown).sum(),
        })
    }

    fn is(&self, place: usize, leg: &Leg) -> bool {
        self.legs.get(place).is_some_and(|other| other.at == leg.at)
    }

    fn steps(&self, play: &Play<'_>, now: &Outlook) -> Vec<StepOutlook> {
        let mut critical = vec![0_u32; self.legs.len()];
        self.simulate(play, None, &mut |ends, last| {
            let mut place = Some(last);
            while let Some((at, end)) = place.and_then(|place| Some((place, ends.get(place)?))) {
                if end.took > 0.0
                    && let Some(count) = critical.get_mut(at)
                {
                    *count += 1;
                }
                place = end.behind;
            }
        });
        let mut out: Vec<StepOutlook> = self
            .legs
            .iter()
            .zip(&critical)
            .map(|(leg, critical)| StepOutlook {
                at: leg.at,
                low_ms: millis(leg.left[0].at(0.1)),
                middle_ms: millis(leg.left[0].at(0.5)),
                high_ms: millis(leg.left[0].at(0.9)),
                runs: leg.samples,
                critical: critical.saturating_mul(100) / play.rounds.max(1),
                halved_gains_ms: None,
                halved_chance: None,
            })
            .collect();
        let mut promising: Vec<usize> = (0..out.len()).collect();
        let worth = |at: &usize| out.get(*at).map_or(0, |step| u64::from(step.critical) * step.high_ms);
        promising.sort_by_key(|at| std::cmp::Reverse(worth(at)));
        promising.retain(|at| worth(at) > 0);
        promising.truncate(TRIED);
        for at in promising {
            let ends = self.simulate(play, Some(at), &mut |_, _| {});
            if let Some(step) = out.get_mut(at) {
                let sooner = now.middle_ms.zip(play.finish(&ends, 0.5));
                step.halved_gains_ms = sooner.map(|(now, then)| now.saturating_sub(then));
                step.halved_chance = play.chance(&ends);
            }
        }
        out
    }

    /// Plays what is ahead again and again, each time with the times of one earlier run that may be like this one: if one
    /// of its steps was slow, others were. `halved` is a leg that takes half as long. `seen` learns how each play went,
    /// and in which leg the recovery came.
    fn simulate(&self, play: &Play<'_>, halved: Option<usize>, seen: &mut dyn FnMut(&[LegEnd], usize)) -> Ends {
        let mut finishes = Vec::with_capacity(play.rounds as usize);
        let mut ends = vec![LegEnd::default(); self.legs.len()];
        let runs = self.alike.len().max(1);
        let theirs: Vec<(usize, Vec<&Way>)> = self.alike.iter().map(|run| (*run, self.ways_of(play, *run))).collect();
        for (nth, (run, ways)) in theirs.iter().enumerate() {
            // Each run gets its part of the rounds, without chance; so does each way.
            let from = play.rounds as usize * nth / runs;
            let rounds = play.rounds as usize * (nth + 1) / runs - from;
            let all: f64 = ways.iter().map(|way| way.weight).sum();
            let mut share = 0.0;
            for way in ways {
                let begin = (share * rounds as f64).round() as usize;
                share += way.weight / all.max(f64::EPSILON);
                for round in begin..(share * rounds as f64).round() as usize {
                    // The same round has the same chance, whatever is halved: so differences are those of the plan.
                    let mut dice = Dice::new(SEED ^ ((from + round) as u64) << 32);
                    let lead = play.leads.get(*run).copied().unwrap_or_default();
                    let (finish, last) = self.play(way, (*run, lead), &mut dice, halved, &mut ends);
                    finishes.push(if way.recovers { finish } else { f32::INFINITY });
                    if let Some(last) = last.filter(|_| way.recovers) {
                        seen(&ends, last);
                    }
                }
            }
        }
        Ends::of(finishes, self.alike.len())
    }

    /// Returns the ways that an earlier run went, or any where it went none of these.
    fn ways_of(&self, play: &Play<'_>, run: usize) -> Vec<&Way> {
        let past = play.history.runs.get(run);
        let went = |way: &&Way| {
            way.choices.iter().all(|(step, label)| past.and_then(|past| past.way(step)).is_none_or(|way| way == label))
        };
        let own: Vec<&Way> = self.ways.iter().filter(went).collect();
        if own.is_empty() { self.ways.iter().collect() } else { own }
    }

    /// Plays one way: steps one behind the other, parallel ones beside each other and behind what they need.
    fn play(
        &self,
        way: &Way,
        (run, begin): (usize, f32),
        dice: &mut Dice,
        halved: Option<usize>,
        ends: &mut [LegEnd],
    ) -> (f32, Option<usize>) {
        let (mut begin, mut behind) = (begin, None);
        let mut group: Option<(f32, Option<usize>)> = None;
        for end in ends.iter_mut() {
            *end = LegEnd::default();
        }
        for place in &way.legs {
            let Some(leg) = self.legs.get(*place) else { continue };
            match (&group, leg.parallel) {
                (None, true) => group = Some((begin, behind)),
                (Some(_), false) => group = None,
                (Some(_), true) | (None, false) => {}
            }
            let (mut from, mut after) = group.unwrap_or((begin, behind));
            if group.is_some() {
                for need in &leg.needs {
                    if let Some(needed) = ends.get(*need).filter(|needed| needed.at > from) {
                        (from, after) = (needed.at, Some(*need));
                    }
                }
            }
            let own = leg.by_run.get(run).copied().flatten();
            let mut took = own.unwrap_or_else(|| leg.left[0].draw(dice) + leg.left[1].draw(dice));
            if halved == Some(*place) {
                took /= 2.0;
            }
            let end = LegEnd { at: from + took, took, behind: after };
            if let Some(slot) = ends.get_mut(*place) {
                *slot = end;
            }
            if leg.goal {
                return (end.at, Some(*place));
            }
            if end.at >= begin {
                (begin, behind) = (end.at, Some(*place));
            }
        }
        (begin, behind)
    }
}

/// Says when a leg ended in a play, how long it took, and behind which one it began.
#[derive(Clone, Copy, Debug, Default)]
struct LegEnd {
    at: f32,
    took: f32,
    behind: Option<usize>,
}

fn millis(seconds: f32) -> u64 {
    (f64::from(seconds) * 1_000.0) as u64
}
