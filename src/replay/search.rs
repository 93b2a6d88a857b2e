//! Search in everything that was printed: to the next moment at which a text came, or the one before. It goes on a little at
//! a time, so that it can be stopped, and says how far it is.

use std::fs::File;
use std::time::{Duration, Instant};

use super::index::Found;
use super::outputs::Printed;
use super::player::Player;
use crate::kernel::{AttemptId, SafeText};
use crate::ui::{Msg, Stream, Way};

/// So much of a file is searched at once.
const WINDOW: u64 = 4 * 1024 * 1024;
/// How far it is is said so often.
const NEWS: Duration = Duration::from_millis(250);

/// Is where a text was printed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Hit {
    time: u64,
    attempt: String,
    stream: Stream,
}

/// Is a search that goes on.
#[derive(Debug)]
pub(super) struct Search {
    text: String,
    way: Way,
    /// Where it began.
    time: u64,
    /// How many attempts were looked at.
    looked: usize,
    best: Option<Hit>,
    /// What is being searched, the next one last.
    files: Vec<Part>,
    told: Instant,
}

/// Is an output of an attempt that is searched from one place to another.
#[derive(Debug)]
struct Part {
    id: AttemptId,
    printed: Printed,
    stream: Stream,
    /// What is left of it.
    from: u64,
    to: u64,
    /// How much there was.
    whole: u64,
}

/// Says whether a search goes on.
enum Step {
    On,
    Over,
}

impl Search {
    /// Begins a search at the moment that is shown.
    pub(super) fn begin(player: &Player, text: String, way: Way, now: Instant) -> Self {
        Self { text, way, time: player.time, looked: 0, best: None, files: Vec::new(), told: now }
    }

    /// Says how much was searched, in percent.
    pub(super) fn percent(&self, attempts: usize) -> u8 {
        let part = self.files.last().map_or(0, |part| 1_000 - (part.to - part.from) * 1_000 / part.whole.max(1));
        let done = (self.looked as u64).saturating_sub(u64::from(!self.files.is_empty())) * 1_000 + part;
        u8::try_from(done / (attempts.max(1) as u64 * 10)).unwrap_or(100).min(100)
    }

    fn step(&mut self, player: &mut Player) -> Step {
        if let Some(part) = self.files.last_mut() {
            let folder = &player.recording.folder;
            let found = part.window(folder, &self.text, self.way, self.time);
            let over = found.is_some() || part.from >= part.to;
            self.best = better(self.best.take(), found, self.way);
            if over {
                self.files.pop();
            }
            return Step::On;
        }
        let attempts = player.index.attempts();
        let place = match self.way {
            Way::Down => Some(self.looked).filter(|place| *place < attempts),
            Way::Up => (attempts - self.looked.min(attempts)).checked_sub(1),
        };
        let Some(place) = place else { return Step::Over };
        self.looked += 1;
        match (self.way, player.index.ended(place), &self.best) {
            // It ended before.
            (Way::Down, Some(ended), _) if ended <= self.time => return Step::On,
            (Way::Up, Some(ended), Some(best)) if ended <= best.time => return Step::On,
            _ => {}
        }
        let Some(found) = player.index.found(&player.recording, place, u64::MAX) else { return Step::On };
        let started = found.attempt.started.mono;
        match self.way {
            // Those that follow began later still.
            Way::Down if self.best.as_ref().is_some_and(|best| started >= best.time) => return Step::Over,
            Way::Up if started >= self.time => return Step::On,
            Way::Down | Way::Up => {}
        }
        self.files = parts(player, &found, &self.text, self.way, self.time);
        Step::On
    }
}

/// Lists what of an attempt's outputs is searched.
fn parts(player: &mut Player, found: &Found, text: &str, way: Way, time: u64) -> Vec<Part> {
    if text.is_empty() || !found.id.names_files() {
        return Vec::new();
    }
    let printed = player.printed(&found.id, &found.attempt);
    let whole = printed.sizes(u64::MAX);
    let had = match way {
        Way::Down => printed.sizes(time),
        Way::Up => printed.sizes(time.saturating_sub(1)),
    };
    let part = |stream, had: u64, whole: u64| {
        let (from, to) = match way {
            // A text may have begun before, and be whole only now.
            Way::Down => (had.saturating_sub(text.len() as u64), whole),
            Way::Up => (0, had),
        };
        Part { id: found.id.clone(), printed: printed.clone(), stream, from, to, whole: (to - from.min(to)).max(1) }
    };
    let parts = [part(Stream::Out, had.0, whole.0), part(Stream::Err, had.1, whole.1)];
    parts.into_iter().filter(|part| part.from < part.to).collect()
}

impl Part {
    /// Searches a little of it; what was searched is no longer between `from` and `to`.
    fn window(&mut self, folder: &std::path::Path, text: &str, way: Way, time: u64) -> Option<Hit> {
        let Ok(mut file) = File::open(folder.join(self.id.output_file(self.stream.word()))) else {
            self.from = self.to;
            return None;
        };
        let size = file.metadata().map_or(0, |data| data.len());
        let length = text.len() as u64;
        // A text may lie across two windows.
        let overlap = 4 * length;
        match way {
            Way::Down => {
                let to = self.from.saturating_add(WINDOW).min(self.to);
                let most = to.saturating_add(overlap).min(self.to).min(size);
                let byte = crate::store::find(&mut file, (self.from, most), text, self.from, way).ok().flatten();
                let Some(byte) = byte else {
                    self.from = to;
                    return None;
                };
                self.from = byte + 1;
                let when = self.printed.when(self.stream, byte + length - 1);
                (when > time).then(|| self.hit(when))
            }
            Way::Up => {
                let from = self.to.saturating_sub(WINDOW).max(self.from);
                let most = self.to.saturating_add(overlap).min(self.whole).min(size);
                let byte = crate::store::find(&mut file, (from, most), text, self.to.min(size), way).ok().flatten();
                let Some(byte) = byte else {
                    self.to = from;
                    return None;
                };
                self.to = byte;
                let when = self.printed.when(self.stream, byte + length - 1);
                (when < time).then(|| self.hit(when))
            }
        }
    }

    fn hit(&self, time: u64) -> Hit {
        Hit { time, attempt: self.id.to_string(), stream: self.stream }
    }
}

fn better(one: Option<Hit>, other: Option<Hit>, way: Way) -> Option<Hit> {
    match (one, other) {
        (Some(one), Some(other)) => {
            let other_wins = if way == Way::Down { other.time < one.time } else { other.time > one.time };
            Some(if other_wins { other } else { one })
        }
        (one, other) => one.or(other),
    }
}

impl Player {
    /// Searches on for so long; goes to where the text was printed once that is known.
    pub fn search_on(&mut self, patience: Duration, now: Instant) -> Vec<Msg> {
        let Some(mut search) = self.search.take() else { return Vec::new() };
        let until = Instant::now() + patience;
        loop {
            if matches!(search.step(self), Step::Over) {
                return self.searched(search, now);
            }
            if Instant::now() >= until {
                break;
            }
        }
        let mut said = Vec::new();
        if search.told.elapsed() >= NEWS {
            search.told = Instant::now();
            let (percent, text) = (search.percent(self.index.attempts()), SafeText::line(&search.text));
            said.push(Msg::Say(format!("Searching `{text}`: {percent} % of the attempts. Esc stops it.")));
        }
        self.search = Some(search);
        said
    }

    /// Stops a search; says how far it came.
    pub(super) fn stop_search(&mut self) -> Vec<Msg> {
        let Some(search) = self.search.take() else { return Vec::new() };
        let (percent, text) = (search.percent(self.index.attempts()), SafeText::line(&search.text));
        vec![Msg::Say(format!("The search for `{text}` was stopped at {percent} %.")), self.played()]
    }

    /// Does a search go on?
    pub fn searches(&self) -> bool {
        self.search.is_some()
    }

    fn searched(&mut self, search: Search, now: Instant) -> Vec<Msg> {
        let text = search.text;
        let Some(hit) = search.best else {
            let words = match search.way {
                Way::Down if self.has_more() => "was not printed after this, as far as the log is read",
                Way::Down => "was not printed after this",
                Way::Up => "was not printed before this",
            };
            return vec![Msg::Say(format!("`{text}` {words}.")), self.played()];
        };
        let mut said = self.go_to(hit.time, now);
        said.push(Msg::Say(format!("`{text}` came from {} ({}).", hit.attempt, hit.stream.name())));
        said
    }
}
