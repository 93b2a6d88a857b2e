//! A recording as an asciicast, which asciinema plays: a line a frame, steps as markers. The versions 2 and 3 differ in
//! their header, and in whether times count from the beginning or from the event before.

use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Value, json};

use super::film::{Film, Filming};
use super::recording::{Recording, ReplayError};
use crate::kernel::SafeText;

/// What is told before the first frame: nothing that stood there is left, and no cursor is seen.
const CLEAR: &str = "\u{1b}[0m\u{1b}[2J\u{1b}[H\u{1b}[?25l";

/// Names the versions of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cast {
    /// For asciinema 2 and most players.
    V2,
    /// For asciinema 3.
    V3,
}

/// Says why a recording could not be rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// It can't be replayed.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// What was rendered can't be written.
    #[error("what was rendered can't be written: {0}")]
    Write(#[from] io::Error),
}

/// Writes a recording as an asciicast, frame by frame. Returns how long it plays.
///
/// # Errors
/// [`RenderError`]. A reader that goes away is an error, too.
pub fn cast(
    recording: Recording,
    filming: &Filming<'_>,
    version: Cast,
    verdict: Option<crate::ui::Verified>,
    out: &mut dyn Write,
) -> Result<Duration, RenderError> {
    let run = SafeText::line(recording.opened.run.as_str()).into_string();
    let title = format!("{} ({run})", SafeText::line(&recording.plan.title));
    let began = recording.began.utc.timestamp();
    let mut film = Film::open(recording, filming)?;
    if let Some(verified) = verdict {
        film.verified(verified);
    }
    writeln!(out, "{}", header(version, filming.size, began, &title))?;
    let mut last = Duration::ZERO;
    let mut put = |at: Duration, code: &str, data: &str| {
        let time = match version {
            Cast::V2 => at,
            Cast::V3 => at.saturating_sub(last),
        };
        last = at;
        // Microseconds are more than anybody sees.
        writeln!(out, "{}", json!([(time.as_secs_f64() * 1e6).round() / 1e6, code, data]))
    };
    put(Duration::ZERO, "o", CLEAR)?;
    film.play();
    let mut at = Duration::ZERO;
    while let Some(frame) = film.next()? {
        at = frame.at;
        // A frame is drawn in one piece: no character of it is cut.
        put(at, "o", &String::from_utf8_lossy(&frame.bytes))?;
        // Behind the frame: a player that pauses at a marker shows what it leads to.
        for step in &frame.steps {
            put(at, "m", SafeText::line(step).as_str())?;
        }
    }
    // What comes after it is the reader's own.
    put(at, "o", "\u{1b}[0m\u{1b}[?25h")?;
    if version == Cast::V3 {
        put(at, "x", "0")?;
    }
    Ok(at)
}

fn header(version: Cast, (columns, rows): (u16, u16), began: i64, title: &str) -> Value {
    match version {
        Cast::V2 => json!({
            "version": 2, "width": columns, "height": rows, "timestamp": began, "title": title,
            "env": { "TERM": "xterm-256color" },
        }),
        Cast::V3 => json!({
            "version": 3, "term": { "cols": columns, "rows": rows, "type": "xterm-256color" }, "timestamp": began,
            "title": title,
        }),
    }
}
