//! The part of a page that leads through the run's time: a slider, the clock, the steps as they were, what was said last.
//!
//! What it needs stands on the page as text and as numbers in `data-` members; `page.js` shows it as far as it had happened.
//! The policy of the page allows that one script, by its digest, and no other.

use std::fmt::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::parts::escaped;
use crate::engine::{Event, Fact, Run, evolve};
use crate::kernel::AttemptId;
use crate::report::after::Record;
use crate::report::steps::word;

/// The one script.
pub(super) const SCRIPT: &str = include_str!("page.js");

/// Says when an output came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrivals {
    /// Of which attempt.
    pub attempt: AttemptId,
    /// `stdout`, `stderr`.
    pub stream: &'static str,
    /// When how many bytes of it were there, in microseconds of the run's own clock, oldest first.
    pub sizes: Vec<(u64, u64)>,
}

/// Says whether a page is read only, or also leads through the run's time.
#[derive(Clone, Copy, Debug)]
pub enum Page<'p> {
    /// It is read.
    Read,
    /// The run can be watched again on it.
    Watched(&'p [Arrivals]),
    /// It is read, with the lines of the log of whoever facilitated the run.
    Washed(&'p [Fact]),
}

impl<'p> Page<'p> {
    /// Returns the lines of the facilitator's log that are on it.
    pub(super) fn facilitator(self) -> &'p [Fact] {
        match self {
            Self::Read | Self::Watched(_) => &[],
            Self::Washed(facts) => facts,
        }
    }
}

/// Is the clock of a page that leads through time: milliseconds since the run began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock<'p> {
    from: u64,
    came: &'p [Arrivals],
}

impl<'p> Clock<'p> {
    /// Returns the clock of a page, if it has one.
    pub(super) fn of(page: Page<'p>, record: &Record<'_>) -> Option<Self> {
        match page {
            Page::Read | Page::Washed(_) => None,
            Page::Watched(came) => Some(Self { from: record.facts.first().map_or(0, |fact| fact.at.mono), came }),
        }
    }

    pub(super) fn at(&self, mono: u64) -> u64 {
        mono.saturating_sub(self.from) / 1_000
    }

    /// Cuts the beginning of an output where it came piece by piece. What is not known to have come before came at the
    /// end of its attempt.
    pub(super) fn pieces<'t>(
        &self,
        (attempt, stream): (&AttemptId, &str),
        text: &'t str,
        ended: u64,
    ) -> Vec<(u64, &'t str)> {
        let came = self.came.iter().find(|came| came.attempt == *attempt && came.stream == stream);
        let (mut pieces, mut rest, mut had) = (Vec::new(), text, 0_u64);
        for (mono, size) in came.iter().flat_map(|came| &came.sizes) {
            let wanted = usize::try_from(size.saturating_sub(had)).unwrap_or(usize::MAX).min(rest.len());
            // A character that came in two pieces is seen with the second.
            let cut = (0..=wanted).rev().find(|at| rest.is_char_boundary(*at)).unwrap_or(0);
            if cut > 0
                && let Some((piece, after)) = rest.split_at_checked(cut)
            {
                pieces.push((self.at((*mono).min(ended)), piece));
                (rest, had) = (after, had + cut as u64);
            }
        }
        if !rest.is_empty() {
            pieces.push((self.at(ended), rest));
        }
        pieces
    }
}

/// Names the script in a policy.
pub(super) fn digest() -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(SCRIPT)))
}

/// Writes the part.
pub(super) fn section(body: &mut String, record: &Record<'_>, clock: &Clock<'_>) {
    let (Some(first), Some(last)) = (record.facts.first(), record.facts.last()) else { return };
    let began = first.at.utc.timestamp_millis();
    let length = clock.at(last.at.mono);
    // Writing to a String cannot fail.
    let _ = write!(
        body,
        "<section id=\"replay\" aria-labelledby=\"h-replay\" hidden=\"\" data-began=\"{began}\" data-length=\"{length}\""
    );
    if let Some(onset) = record.run.onset() {
        let _ = write!(body, " data-onset=\"{}\"", onset.timestamp_millis().saturating_sub(began));
    }
    if let Some(rto) = record.run.rto() {
        let _ = write!(body, " data-rto=\"{}\"", rto.as_millis());
    }
    let restored = |fact: &Fact| match fact.event {
        Event::Recovered { rto_ms, .. } => Some((clock.at(fact.at.mono), rto_ms)),
        _ => None,
    };
    if let Some((at, rto_ms)) = record.facts.iter().find_map(restored) {
        let _ = write!(body, " data-restored-at=\"{at}\" data-restored=\"{rto_ms}\"");
    }
    let _ = writeln!(
        body,
        "><h2 id=\"h-replay\">Watch it again</h2>\n\
         <div class=\"player\"><p class=\"clock\"><strong id=\"r-clock\">-</strong> <span id=\"r-time\">-</span></p>\n\
         <input type=\"range\" id=\"r-at\" min=\"0\" max=\"{length}\" step=\"1\" value=\"{length}\" aria-label=\"Time in the run\"/>"
    );
    marks(body, record, clock, length.max(1));
    body.push_str(
        "<p class=\"keys\"><button type=\"button\" id=\"r-play\">Play</button> <button type=\"button\" id=\"r-back\">Fact back</button> \
         <button type=\"button\" id=\"r-on\">Fact on</button> <label>Speed <select id=\"r-speed\"><option value=\"1\">1</option>\
         <option value=\"4\" selected=\"\">4</option><option value=\"16\">16</option><option value=\"64\">64</option></select></label></p>\
         </div>\n<div class=\"then\"><ol id=\"r-steps\">\n",
    );
    for (step, states) in record.run.plan.steps.iter().zip(states(record, clock)) {
        let words: Vec<String> = states.iter().map(|(at, word)| format!("{at}|{word}")).collect();
        let _ = writeln!(
            body,
            "<li data-states=\"{}\"><span class=\"name\">{} {}</span> <span class=\"state\">{}</span></li>",
            words.join(";"),
            step.number,
            escaped(&step.title),
            states.last().map_or("waiting", |(_, word)| word)
        );
    }
    body.push_str(
        "</ol>\n<div><h3>Recorded last</h3><ol id=\"r-latest\"></ol><h3>Printed last</h3><pre id=\"r-printed\" tabindex=\"0\"></pre></div></div>\n\
         <p class=\"note\">The lines of the log and the outputs below are shown as far as they had come by then. On paper all of it is.</p>\n\
         </section>\n",
    );
}

/// Says when each step came into which state, by the engine's own rule.
fn states(record: &Record<'_>, clock: &Clock<'_>) -> Vec<Vec<(u64, &'static str)>> {
    let mut run = Run::new(Arc::clone(&record.run.plan));
    let mut all: Vec<Vec<(u64, &'static str)>> = run.steps.iter().map(|_| vec![(0, "waiting")]).collect();
    for fact in record.facts {
        if evolve(&mut run, fact).is_err() {
            break;
        }
        for (states, state) in all.iter_mut().zip(run.steps.iter()) {
            let word = word(state);
            if states.last().is_none_or(|(_, last)| *last != word) {
                states.push((clock.at(fact.at.mono), word));
            }
        }
    }
    all
}

/// Marks on a line what lies where: steps that began, failures, the recovery.
fn marks(body: &mut String, record: &Record<'_>, clock: &Clock<'_>, length: u64) {
    body.push_str("<svg class=\"marks\" viewBox=\"0 0 1000 12\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
    for fact in record.facts {
        let class = match &fact.event {
            Event::StepFailed { .. } | Event::Breached { .. } => "over",
            Event::Recovered { .. } => "good",
            Event::StepStarted { .. } => "used",
            _ => continue,
        };
        let x = clock.at(fact.at.mono) as f64 * 998.0 / length as f64;
        let _ = write!(body, "<rect class=\"{class}\" x=\"{x:.1}\" y=\"0\" width=\"2\" height=\"12\"/>");
    }
    body.push_str("</svg>\n");
}
