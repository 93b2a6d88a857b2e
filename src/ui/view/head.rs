//! The banner: real or drill, what, where, who, which run, and whether the log holds.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::text::{cut, put, span, width};
use crate::engine::Mode;
use crate::kernel::{SafeText, clock};
use crate::settings::theme::{Glyphs, Role};
use crate::ui::message::LogHealth;
use crate::ui::model::{Model, RunScreen};
use crate::ui::replay::Worth;

/// Returns the word of the mode with its pattern, and its role.
pub(super) fn mode(model: &Model, screen: &RunScreen) -> (&'static str, Role) {
    if screen.replay.is_some() {
        // Neither of the colours that mean something: nothing happens here.
        let word = match (screen.mode(), model.palette.glyphs) {
            (Some(Mode::Real), Glyphs::Unicode) => "▌REPLAY▐ of a REAL INCIDENT",
            (Some(Mode::Real), Glyphs::Ascii) => "[REPLAY] of a REAL INCIDENT",
            (_, Glyphs::Unicode) => "▌REPLAY▐ of a drill",
            (_, Glyphs::Ascii) => "[REPLAY] of a drill",
        };
        return (word, Role::Ask);
    }
    match (screen.mode(), model.palette.glyphs) {
        (Some(Mode::Real), Glyphs::Unicode) => ("▌▌REAL INCIDENT▐▐", Role::Real),
        (Some(Mode::Real), Glyphs::Ascii) => ("## REAL INCIDENT ##", Role::Real),
        (Some(Mode::Drill), Glyphs::Unicode) => ("▌DRILL▐", Role::Drill),
        (Some(Mode::Drill), Glyphs::Ascii) => ("[DRILL]", Role::Drill),
        (None, _) => ("starting", Role::Dim),
    }
}

/// Returns the log's state in words, and its role.
pub(super) fn log(model: &Model, screen: &RunScreen) -> (String, Role) {
    if let Some(replay) = &screen.replay {
        return match replay.played.as_ref().and_then(|played| played.verdict.as_ref()) {
            None => ("log …".to_owned(), Role::Dim),
            Some(verified) => {
                let role = match verified.worth {
                    Worth::Sound => Role::Ok,
                    Worth::Doubtful => Role::Warn,
                    Worth::Damaged => Role::Fail,
                };
                (format!("log {}", SafeText::line(&verified.words)), role)
            }
        };
    }
    match screen.log {
        None => ("log …".to_owned(), Role::Dim),
        Some((LogHealth::Halted, _)) => ("NOTHING RECORDED".to_owned(), Role::Fail),
        Some((LogHealth::InMemory, _)) => ("LOG IN MEMORY".to_owned(), Role::Fail),
        Some((LogHealth::Elsewhere { age }, at)) => {
            (format!("log ELSEWHERE {} ago", clock(age.saturating_add(model.now.since(&at)))), Role::Warn)
        }
        Some((LogHealth::Lost, _)) => ("LOG LOST".to_owned(), Role::Fail),
        Some((LogHealth::Sound { age }, at)) => {
            (format!("log ok {} ago", clock(age.saturating_add(model.now.since(&at)))), Role::Ok)
        }
        Some((LogHealth::Unsigned { age }, at)) => {
            (format!("log UNSIGNED {} ago", clock(age.saturating_add(model.now.since(&at)))), Role::Warn)
        }
    }
}

pub(super) fn draw(model: &Model, screen: &RunScreen, area: Rect, buf: &mut Buffer) {
    let (mode, role) = mode(model, screen);
    buf.set_style(area.intersection(buf.area), model.palette.style(role));
    let (log, log_role) = log(model, screen);
    let log = format!(" {log} ");
    let free = usize::from(area.width).saturating_sub(width(mode) + width(&log) + 2);
    let mut line = Line::from(span(model, role, format!("{mode} {}", words(screen, free))));
    let gap = usize::from(area.width).saturating_sub(line.width() + width(&log));
    line.push_span(span(model, role, " ".repeat(gap)));
    // A lost or unsigned log stands out; a sound one is part of the banner.
    line.push_span(span(model, if log_role == Role::Ok || log_role == Role::Dim { role } else { log_role }, log));
    put(buf, area, &line);
}

/// A title that is cut shorter than this says nothing.
const TITLE: usize = 8;

/// Joins what fits: account, regions and run stay longest.
fn words(screen: &RunScreen, columns: usize) -> String {
    let plan = &screen.run.plan;
    let safe = |text: &str| SafeText::line(text).into_string();
    let title = safe(&plan.title);
    let Some(opened) = &screen.run.opened else { return cut(&title, columns) };
    let regions = match &plan.meta.regions {
        Some(regions) => format!("{}→{}", safe(&regions.lost), safe(&regions.recovery)),
        None => safe(&opened.region),
    };
    // A run that calls nothing of AWS has no account.
    let account = if opened.account == "none" { "no AWS".to_owned() } else { safe(&opened.account) };
    let place = format!("{account} {regions}").trim_end().to_owned();
    let run = safe(opened.run.as_str());
    let tail = format!("run {}", run.rsplit('-').next().unwrap_or_default());
    let (service, by) = (safe(&plan.meta.service), safe(&opened.by));
    let speed = if opened.speed > 1 { format!("×{}", opened.speed) } else { String::new() };
    let short = run.rsplit('-').next().unwrap_or_default().to_owned();
    let joined = |parts: &[&String]| {
        let parts: Vec<&str> = parts.iter().map(|part| part.as_str()).filter(|part| !part.is_empty()).collect();
        parts.join(" · ")
    };
    // Where the whole title does not fit, its beginning tells which runbook this is.
    let begun = |rest: &[&String]| {
        let room = columns.saturating_sub(width(&joined(rest)) + 3);
        let title = if room < TITLE { String::new() } else { cut(&title, room) };
        if title.is_empty() { String::new() } else { joined(&[&[&title], rest].concat()) }
    };
    // Who looks at a recording acts on no account: which one it is comes first.
    let recorded = screen.replay.is_some();
    let which = if recorded { begun(&[&short]) } else { String::new() };
    let title_alone = if recorded && columns >= TITLE { cut(&title, columns) } else { String::new() };
    let choices = [
        joined(&[&title, &service, &place, &by, &tail, &speed]),
        joined(&[&title, &service, &place, &tail, &speed]),
        joined(&[&title, &place, &tail, &speed]),
        joined(&[&title, &place, &tail]),
        begun(&[&place, &short]),
        begun(&[&place]),
        which,
        title_alone,
        joined(&[&place, &tail]),
    ];
    let fits = choices.into_iter().find(|words| !words.is_empty() && width(words) <= columns);
    fits.unwrap_or_else(|| cut(&place, columns))
}
