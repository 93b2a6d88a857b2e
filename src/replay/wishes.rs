//! What the reader of a recording asks for, and where that leads.

use std::time::{Duration, Instant};

use super::cursor::Cursor;
use super::player::Player;
use super::search::Search;
use crate::ui::{Going, Idle, Msg, Spot, Transport, Way};

/// A search that takes no longer is answered at once.
const AT_ONCE: Duration = Duration::from_millis(50);

impl Player {
    /// Goes to where so many facts were recorded, at a time not before the last of them.
    pub(super) fn go(&mut self, facts: u64, time: u64, now: Instant) -> Vec<Msg> {
        let Some(cursor) = Cursor::at(&self.recording, &self.index, facts) else {
            return vec![Msg::Refused("this part of the recording can't be read any more".to_owned())];
        };
        self.cursor = cursor;
        self.time = time.max(self.cursor.time);
        self.arrived(now)
    }

    /// Goes to a time.
    pub(super) fn go_to(&mut self, time: u64, now: Instant) -> Vec<Msg> {
        let time = time.clamp(self.index.from, self.end());
        let near = self.index.last_with(|checkpoint| checkpoint.time <= time).map_or(1, |near| near.facts.max(1));
        let Some(mut cursor) = Cursor::at(&self.recording, &self.index, near) else {
            return vec![Msg::Refused("this part of the recording can't be read any more".to_owned())];
        };
        while cursor.next().is_some_and(|next| next <= time) && cursor.advance(&self.index).is_some() {}
        self.cursor = cursor;
        self.time = time.max(self.cursor.time);
        self.arrived(now)
    }

    fn arrived(&mut self, now: Instant) -> Vec<Msg> {
        let at_end = !self.has_more() && self.cursor.next().is_none() && self.time >= self.end();
        self.going = match self.going {
            Going::Playing if !at_end => Going::Playing,
            _ if at_end => Going::Ended,
            _ => Going::Paused,
        };
        self.rebase(now);
        vec![self.moment(), self.played()]
    }

    /// Does what the reader asks for.
    pub fn wish(&mut self, wish: Transport, now: Instant) -> Vec<Msg> {
        // Time goes on up to the moment at which something else is asked for.
        if self.going == Going::Playing {
            self.time = self.stretch.after(now.saturating_duration_since(self.began));
        }
        if !matches!(wish, Transport::Show(_) | Transport::StopSearch) {
            // Whoever goes elsewhere does not want to be led away again.
            (self.search, self.pending) = (None, None);
        }
        match wish {
            Transport::Play => match self.going {
                Going::Playing => self.pause(now),
                Going::Paused => self.play(now),
                Going::Ended => {
                    self.going = Going::Playing;
                    self.go(1, 0, now)
                }
            },
            Transport::Speed(way) => {
                self.pace.change(way);
                self.rebase(now);
                vec![self.played()]
            }
            Transport::Idle => {
                self.pace.idle = if self.pace.idle == Idle::Kept { Idle::Shortened } else { Idle::Kept };
                self.rebase(now);
                vec![self.played()]
            }
            Transport::Event(way) => {
                self.going = Going::Paused;
                match way {
                    Way::Down if self.cursor.next().is_some() => self.go(self.cursor.facts + 1, 0, now),
                    Way::Down if self.has_more() => self.later(wish),
                    Way::Down => self.go_to(self.end(), now),
                    Way::Up if self.time > self.cursor.time => self.go(self.cursor.facts, 0, now),
                    Way::Up => self.go(self.cursor.facts.saturating_sub(1), 0, now),
                }
            }
            Transport::Seconds(way, seconds) => {
                let leap = u64::from(seconds) * 1_000_000;
                let time = match way {
                    Way::Down => self.time.saturating_add(leap),
                    Way::Up => self.time.saturating_sub(leap),
                };
                self.seek_time(time, wish, now)
            }
            Transport::Mark(mark, way) => {
                let found = match way {
                    Way::Down => self.index.mark_after(mark, self.cursor.facts),
                    Way::Up => self.index.mark_before(mark, self.cursor.facts),
                };
                match found {
                    Some(marked) => self.go(marked.fact, marked.time, now),
                    None if way == Way::Down && self.has_more() => self.later(wish),
                    None if way == Way::Down => vec![Msg::Say(format!("There is no further {}.", mark.word()))],
                    None => vec![Msg::Say(format!("There is no {} before.", mark.word()))],
                }
            }
            Transport::To(spot) => self.seek_spot(spot, wish, now),
            Transport::Find(text, way) => {
                self.search = Some(Search::begin(self, text, way, now));
                let mut said = self.search_on(AT_ONCE, now);
                if self.searches() {
                    // Now it can be stopped.
                    said.push(self.played());
                }
                said
            }
            Transport::StopSearch => self.stop_search(),
            Transport::Show(step) => {
                self.shown = step;
                vec![self.moment()]
            }
        }
    }

    /// Stands, if it plays: nobody looks.
    pub(super) fn rest(&mut self, now: Instant) -> Vec<Msg> {
        if self.going == Going::Playing { self.wish(Transport::Play, now) } else { Vec::new() }
    }

    fn play(&mut self, now: Instant) -> Vec<Msg> {
        self.going = Going::Playing;
        self.rebase(now);
        vec![self.played()]
    }

    fn pause(&mut self, now: Instant) -> Vec<Msg> {
        self.going = Going::Paused;
        self.rebase(now);
        vec![Msg::Tick(self.stamp()), self.played()]
    }

    /// Keeps a wish until more was read.
    fn later(&mut self, wish: Transport) -> Vec<Msg> {
        self.pending = Some(wish);
        vec![self.played()]
    }

    fn seek_time(&mut self, time: u64, wish: Transport, now: Instant) -> Vec<Msg> {
        if time > self.index.to && self.has_more() { self.later(wish) } else { self.go_to(time, now) }
    }

    fn seek_spot(&mut self, spot: Spot, wish: Transport, now: Instant) -> Vec<Msg> {
        let micros = |length: Duration| u64::try_from(length.as_micros()).unwrap_or(u64::MAX);
        let began = self.recording.began;
        let time = match spot {
            Spot::Beginning => return self.go(1, 0, now),
            Spot::Ending if self.has_more() => return self.later(wish),
            Spot::Ending => self.end(),
            Spot::Since(length) => self.index.from.saturating_add(micros(length)),
            Spot::Percent(percent) => {
                let length = u128::from(self.end().saturating_sub(self.index.from)) * u128::from(percent) / 100;
                self.index.from.saturating_add(u64::try_from(length).unwrap_or(u64::MAX))
            }
            Spot::SinceOnset(length) => {
                let Some(onset) = self.index.run().onset() else {
                    return vec![Msg::Refused("no onset is recorded".to_owned())];
                };
                let lies = onset.signed_duration_since(began.utc).num_microseconds().unwrap_or(0);
                began.mono.saturating_add(micros(length)).saturating_add_signed(lies)
            }
            Spot::Wall(time) => {
                let day = began.utc.date_naive();
                let that = day.and_time(time).and_utc();
                let next = that.checked_add_days(chrono::Days::new(1));
                let that = if that < began.utc { next.unwrap_or(that) } else { that };
                let lies = that.signed_duration_since(began.utc).num_microseconds().unwrap_or(0);
                began.mono.saturating_add_signed(lies)
            }
            Spot::Line(seq) => return self.seek_line(seq, wish, now),
        };
        self.seek_time(time, wish, now)
    }

    /// Goes to the last fact that stands on a line or before it.
    fn seek_line(&mut self, seq: u64, wish: Transport, now: Instant) -> Vec<Msg> {
        if self.has_more() && self.index.run().last_seq.is_none_or(|last| last < seq) {
            return self.later(wish);
        }
        let near = self.index.last_with(|checkpoint| checkpoint.seq <= seq).map_or(1, |near| near.facts.max(1));
        let Some(mut cursor) = Cursor::at(&self.recording, &self.index, near) else { return Vec::new() };
        while cursor.next_seq().is_some_and(|next| next <= seq) && cursor.advance(&self.index).is_some() {}
        self.cursor = cursor;
        self.time = self.cursor.time;
        self.arrived(now)
    }
}
