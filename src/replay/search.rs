//! Search in everything that was printed: to the next moment at which a text came, or the one before.

use std::fs::File;
use std::time::Instant;

use super::index::Found;
use super::player::Player;
use crate::ui::{Msg, Stream, Way};

/// Is where a text was printed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Hit {
    time: u64,
    attempt: String,
    stream: Stream,
}

/// Goes to the next moment at which a text was printed, or the one before.
pub(super) fn find(player: &mut Player, text: &str, way: Way, now: Instant) -> Vec<Msg> {
    let hit = match way {
        Way::Down => down(player, text),
        Way::Up => up(player, text),
    };
    let Some(hit) = hit else {
        let words = match way {
            Way::Down if player.has_more() => "was not printed after this, as far as the log is read",
            Way::Down => "was not printed after this",
            Way::Up => "was not printed before this",
        };
        return vec![Msg::Say(format!("`{text}` {words}."))];
    };
    let mut said = player.go_to(hit.time, now);
    said.push(Msg::Say(format!("`{text}` came from {} ({}).", hit.attempt, hit.stream.name())));
    said
}

fn down(player: &mut Player, text: &str) -> Option<Hit> {
    let time = player.time;
    let mut best: Option<Hit> = None;
    for place in 0..player.index.attempts() {
        if player.index.ended(place).is_some_and(|ended| ended <= time) {
            continue;
        }
        let Some(found) = player.index.found(&player.recording, place, u64::MAX) else { continue };
        if best.as_ref().is_some_and(|best| found.attempt.started.mono >= best.time) {
            // Those that follow began later still.
            break;
        }
        best = better(best, first(player, &found, text, time), Way::Down);
    }
    best
}

fn up(player: &mut Player, text: &str) -> Option<Hit> {
    let time = player.time;
    let mut best: Option<Hit> = None;
    for place in (0..player.index.attempts()).rev() {
        let too_early = |best: &Hit| player.index.ended(place).is_some_and(|ended| ended <= best.time);
        if best.as_ref().is_some_and(too_early) {
            continue;
        }
        let Some(found) = player.index.found(&player.recording, place, u64::MAX) else { continue };
        if found.attempt.started.mono < time {
            best = better(best, last(player, &found, text, time), Way::Up);
        }
    }
    best
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

/// Finds where a text came first after a time.
fn first(player: &mut Player, found: &Found, text: &str, time: u64) -> Option<Hit> {
    let printed = player.printed(&found.id, &found.attempt);
    let (out, err) = printed.sizes(time);
    let whole = printed.sizes(u64::MAX);
    let hits =
        [(Stream::Out, out, whole.0), (Stream::Err, err, whole.1)].into_iter().filter_map(|(stream, from, to)| {
            // A text may have begun before, and be whole only now.
            let from = from.saturating_sub(text.len() as u64);
            let mut from = from;
            loop {
                let byte = search(player, found, stream, text, from, to, Way::Down)?;
                let when = printed.when(stream, byte + text.len() as u64 - 1);
                if when > time {
                    return Some(Hit { time: when, attempt: found.id.to_string(), stream });
                }
                from = byte + 1;
            }
        });
    hits.min_by_key(|hit| hit.time)
}

/// Finds where a text came last before a time.
fn last(player: &mut Player, found: &Found, text: &str, time: u64) -> Option<Hit> {
    let printed = player.printed(&found.id, &found.attempt);
    let (out, err) = printed.sizes(time.saturating_sub(1));
    let hits = [(Stream::Out, out), (Stream::Err, err)].into_iter().filter_map(|(stream, size)| {
        let byte = search(player, found, stream, text, size, size, Way::Up)?;
        let when = printed.when(stream, byte + text.len() as u64 - 1);
        (when < time).then(|| Hit { time: when, attempt: found.id.to_string(), stream })
    });
    hits.max_by_key(|hit| hit.time)
}

fn search(player: &Player, found: &Found, stream: Stream, text: &str, from: u64, to: u64, way: Way) -> Option<u64> {
    if text.is_empty() || to == 0 || !found.id.names_files() {
        return None;
    }
    let mut file = File::open(player.recording.folder.join(found.id.output_file(stream.word()))).ok()?;
    let size = to.min(file.metadata().ok()?.len());
    crate::store::find(&mut file, size, text, from, way).ok().flatten()
}
