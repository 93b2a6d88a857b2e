//! What the attempts of a run printed, as far as a page has room for it.

use std::fmt::Write as _;

use super::moments::Clock;
use super::parts::{escaped, timed};
use crate::engine::{Attempt, AttemptState};
use crate::kernel::{AttemptId, SafeText};
use crate::report::after::Record;

/// Of an output that is no longer than this everything is seen at once.
const SHORT: usize = 1_500;

/// Holds what an attempt printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    /// The attempt.
    pub attempt: AttemptId,
    /// `stdout` and `stderr`, as far as there is something in them.
    pub streams: Vec<Excerpt>,
}

/// Holds an output file, or its beginning and its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// `stdout`, `stderr`.
    pub name: &'static str,
    /// Where the whole of it lies, from the run's folder.
    pub file: String,
    /// How many bytes there are in all, as the log has it.
    pub bytes: u64,
    /// SHA-256 of all of it, as the log has it.
    pub sha256: String,
    /// Its text up to the cut; `Err`: why there is none.
    pub head: Result<String, String>,
    /// How many bytes are left out.
    pub left_out: u64,
    /// What follows the cut.
    pub tail: String,
}

/// Writes the outputs.
pub(super) fn section(
    body: &mut String,
    number: usize,
    record: &Record<'_>,
    printed: &[Printed],
    clock: Option<&Clock<'_>>,
) {
    // Writing to a String cannot fail.
    let _ = writeln!(
        body,
        "<section id=\"outputs\" aria-labelledby=\"h-outputs\"><h2 id=\"h-outputs\">{number} Outputs</h2>"
    );
    if printed.is_empty() {
        body.push_str("<p class=\"nothing\">Nothing was printed.</p>\n");
    }
    for (at, of) in printed.iter().enumerate() {
        let attempt = record.run.attempts.get(&of.attempt);
        let step = attempt.and_then(|attempt| attempt.step.as_ref()).and_then(|id| record.run.plan.step(id));
        let step = step.map(|step| format!(" {} {}", step.number, step.title)).unwrap_or_default();
        let action = attempt.and_then(|attempt| attempt.action.as_ref());
        let action = action.map(|name| format!(", {name}")).unwrap_or_default();
        let all: usize =
            of.streams.iter().map(|stream| stream.head.as_ref().map_or(0, String::len) + stream.tail.len()).sum();
        let open = if all <= SHORT { " open=\"\"" } else { "" };
        let bytes: u64 = of.streams.iter().map(|stream| stream.bytes).sum();
        let (began, ended) = attempt.map(times).unwrap_or_default();
        let from = timed(clock.map(|clock| clock.at(began)));
        let _ = writeln!(
            body,
            "<details id=\"o{at}\"{from}{open}><summary><strong>{}</strong>{} <span class=\"size\">{bytes} bytes</span></summary>",
            escaped(of.attempt.as_str()),
            escaped(&SafeText::line(&format!("{step}{action}")).into_string())
        );
        for stream in &of.streams {
            excerpt(body, &of.attempt, stream, clock.map(|clock| (clock, ended)));
        }
        body.push_str("</details>\n");
    }
    body.push_str("</section>\n");
}

/// Returns when an attempt began and ended, as far as that is known.
fn times(attempt: &Attempt) -> (u64, u64) {
    let ended = match &attempt.state {
        AttemptState::Finished { at, .. } => at.mono,
        AttemptState::Running => attempt.started.mono,
    };
    (attempt.started.mono, ended)
}

/// Writes the beginning of an output, in the pieces in which it came where the page leads through time.
fn head(body: &mut String, attempt: &AttemptId, of: &Excerpt, text: &str, clock: Option<(&Clock<'_>, u64)>) {
    let Some((clock, ended)) = clock else {
        body.push_str(&escaped(text));
        return;
    };
    for (at, piece) in clock.pieces((attempt, of.name), text, ended) {
        let _ = write!(body, "<span{}>{}</span>", timed(Some(at)), escaped(piece));
    }
}

fn excerpt(body: &mut String, attempt: &AttemptId, of: &Excerpt, clock: Option<(&Clock<'_>, u64)>) {
    let _ = writeln!(
        body,
        "<p class=\"file\">{}: <code>{}</code>, {} bytes, SHA-256 <code>{}</code></p>",
        of.name,
        escaped(&of.file),
        of.bytes,
        escaped(&of.sha256)
    );
    match &of.head {
        Err(why) => {
            let _ = writeln!(body, "<p class=\"cut\">{}</p>", escaped(why));
        }
        Ok(text) => {
            body.push_str("<pre tabindex=\"0\">");
            head(body, attempt, of, text, clock);
            if of.left_out > 0 {
                let _ = write!(
                    body,
                    "</pre>\n<p class=\"cut\">{} bytes are left out here; all of it is in <code>{}</code> of the run's \
                     folder.</p>\n<pre tabindex=\"0\"><span{}>{}</span>",
                    of.left_out,
                    escaped(&of.file),
                    timed(clock.map(|(clock, ended)| clock.at(ended))),
                    escaped(&of.tail)
                );
            }
            body.push_str("</pre>\n");
        }
    }
}
