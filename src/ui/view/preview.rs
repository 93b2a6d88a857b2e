//! What the selected row of the list is for: a runbook's objectives, steps, confirmations, last drill and problems with
//! what was found about this machine; or what became of a run, and what it waits for.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::clock::lateness;
use super::pane::Pane;
use super::picker::{ago, safe, tail};
use super::text::{cut, line, put, put_all, span, wrap};
use crate::engine::Mode;
use crate::kernel::clock;
use crate::report::{Finding, Grade, Part};
use crate::settings::theme::Role;
use crate::ui::model::Model;
use crate::ui::picker::{About, Entry, LastDrill, PastRun, Picker, Row};

/// How many columns the heads of lines take.
const HEAD: usize = 10;

/// What is looked at before a run, in this order.
const LOOKED_AT: [(Part, &str); 5] = [
    (Part::Aws, "identity"),
    (Part::Signing, "agent"),
    (Part::Tools, "tools"),
    (Part::Clock, "clock"),
    (Part::Log, "log folder"),
];

pub(super) fn draw(model: &Model, picker: &Picker, area: Rect, buf: &mut Buffer) {
    match (picker.entry(), picker.run()) {
        (Some(entry), _) => runbook(model, picker, entry, area, buf),
        (None, Some(run)) => past(model, run, matches!(picker.selected, Row::Unfinished(_)), area, buf),
        (None, None) => {}
    }
}

/// Says something behind a head, on as many rows as it needs, `limit` at most.
fn said(model: &Model, head: &str, role: Role, text: &str, (columns, limit): (usize, usize)) -> Vec<Line<'static>> {
    let rows = wrap(&safe(text), columns.saturating_sub(HEAD), limit);
    let head = |at: usize| format!("{:<HEAD$}", if at == 0 { head } else { "" });
    let row = |(at, row): (usize, String)| Line::from(vec![span(model, Role::Dim, head(at)), span(model, role, row)]);
    rows.into_iter().enumerate().map(row).collect()
}

fn runbook(model: &Model, picker: &Picker, entry: &Entry, area: Rect, buf: &mut Buffer) {
    let Some(about) = &entry.about else {
        let inner = Pane { title: &safe(&entry.name), ..Pane::default() }.draw(model, area, buf);
        return put(buf, inner, &line(model, Role::Dim, "It is being read."));
    };
    let inner = Pane { title: &safe(&about.title), ..Pane::default() }.draw(model, area, buf);
    let (columns, height) = (usize::from(inner.width), usize::from(inner.height));
    let mut lines = Vec::new();
    let limits = [("RTO", &about.rto), ("RPO", &about.rpo)];
    let limits = limits.iter().filter(|(_, limit)| !limit.is_empty()).map(|(name, limit)| format!("{name} {limit}"));
    let of = [&about.scenario, &about.service].into_iter().filter(|text| !text.is_empty()).cloned();
    for (head, text) in [("For", of.collect::<Vec<_>>().join(" · ")), ("Limits", limits.collect::<Vec<_>>().join(", "))]
    {
        if !text.is_empty() {
            lines.extend(said(model, head, Role::Text, &text, (columns, 1)));
        }
    }
    lines.extend(said(model, "Steps", Role::Text, &steps(about), (columns, 3)));
    lines.extend(drill(model, entry.drilled.as_ref(), columns));
    if about.problems.is_empty() {
        let mark = model.palette.glyph("✓", "+");
        lines.extend(said(model, "Check", Role::Ok, &format!("{mark} no problems found"), (columns, 1)));
    }
    for problem in &about.problems {
        lines.extend(said(model, "Check", Role::Warn, &format!("! {problem}"), (columns, 4)));
    }
    // Nothing real follows where a team looks for the runbook of a drill.
    let preflight = match picker.blind {
        Some(_) => Vec::new(),
        None => preflight(model, picker.preflight.as_deref(), columns),
    };
    let room = height.saturating_sub(lines.len() + preflight.len());
    lines.extend(confirmations(model, about, (columns, room)));
    lines.extend(preflight);
    put_all(buf, inner, &lines);
}

fn steps(about: &About) -> String {
    let phases: Vec<String> = about.phases.iter().map(|(title, count)| format!("{title} {count}")).collect();
    let of = if phases.is_empty() { String::new() } else { format!(": {}", phases.join(", ")) };
    format!("{}{of}", about.steps)
}

fn drill(model: &Model, drilled: Option<&LastDrill>, columns: usize) -> Vec<Line<'static>> {
    let (role, text) = match drilled {
        None => return Vec::new(),
        Some(LastDrill::Never) => (Role::Warn, "never on this machine"),
        Some(LastDrill::Met(text)) => (Role::Ok, text.as_str()),
        Some(LastDrill::NotMet(text)) => (Role::Warn, text.as_str()),
    };
    said(model, "Drilled", role, text, (columns, 2))
}

/// Lists what a real run asks before something runs; what does not fit is counted.
fn confirmations(model: &Model, about: &About, (columns, room): (usize, usize)) -> Vec<Line<'static>> {
    let Some((count, each)) = about.confirmations.split_first() else { return Vec::new() };
    let mut lines = said(model, "Asks", Role::Text, count, (columns, 2));
    let left = room.saturating_sub(lines.len());
    let fit = if each.len() <= left { each.len() } else { left.saturating_sub(1) };
    let indented = |text: &str| cut(&format!("  {}", safe(text)), columns);
    lines.extend(each.iter().take(fit).map(|text| line(model, Role::Text, indented(text))));
    if fit < each.len() && left > 0 {
        lines.push(line(model, Role::Dim, indented(&format!("… {} more: n shows the dry run", each.len() - fit))));
    }
    lines
}

/// Says how this machine stands, one row a part, its gravest finding in words.
fn preflight(model: &Model, found: Option<&[Finding]>, columns: usize) -> Vec<Line<'static>> {
    let mut lines = vec![line(model, Role::Title, "This machine, for a real run")];
    let Some(found) = found else {
        lines.push(line(model, Role::Dim, "  being looked at"));
        return lines;
    };
    for (part, name) in LOOKED_AT {
        let Some(gravest) = found.iter().filter(|finding| finding.part == part).max_by_key(|finding| finding.grade)
        else {
            continue;
        };
        let (mark, role) = match gravest.grade {
            Grade::Ok => (model.palette.glyph("✓", "+"), Role::Ok),
            Grade::Warn => ("!", Role::Warn),
            Grade::Fail => (model.palette.glyph("✗", "X"), Role::Fail),
        };
        let says = cut(&safe(&gravest.says), columns.saturating_sub(15));
        lines.push(Line::from(vec![
            span(model, role, format!(" {mark} {name:<11} ")),
            span(model, if gravest.grade == Grade::Ok { Role::Text } else { role }, says),
        ]));
    }
    if found.iter().any(|finding| finding.grade != Grade::Ok) {
        lines.push(line(model, Role::Dim, cut("   lifeboat doctor says what to do", columns)));
    }
    lines
}

fn past(model: &Model, run: &PastRun, open: bool, area: Rect, buf: &mut Buffer) {
    let title = format!("Run {}", tail(run));
    let inner = Pane { title: &title, ..Pane::default() }.draw(model, area, buf);
    let columns = usize::from(inner.width);
    let (mode, mode_role) = match run.mode {
        Mode::Real => ("REAL INCIDENT", Role::Real),
        Mode::Drill => ("drill", Role::Text),
    };
    let mut lines = Vec::new();
    let written = format!("{}, {}", run.last.format("%Y-%m-%d %H:%M:%SZ"), ago(model, run));
    for (head, role, text) in [
        ("Runbook", Role::Text, &run.runbook),
        ("Kind", mode_role, &mode.to_owned()),
        ("Begun by", Role::Text, &run.by),
        ("Written", Role::Text, &written),
        ("Stands", if open { Role::Warn } else { Role::Text }, &run.standing),
    ] {
        lines.extend(said(model, head, role, text, (columns, 2)));
    }
    if let Some((onset, limit)) = run.clock.filter(|_| open) {
        let used = model.now.utc.signed_duration_since(onset).to_std().unwrap_or_default();
        let limit = std::time::Duration::from_secs(limit);
        let (words, role) = lateness(used, limit);
        lines.extend(said(model, "RTO", role, &format!("{} of {}, {words}", clock(used), clock(limit)), (columns, 2)));
    }
    if !run.waits.is_empty() {
        lines.extend(said(model, "Asks", Role::Ask, &run.waits, (columns, 6)));
    }
    lines.push(Line::default());
    lines.extend(said(model, "Id", Role::Dim, &run.run, (columns, 2)));
    lines.extend(said(model, "Folder", Role::Dim, &run.folder, (columns, 4)));
    put_all(buf, inner, &lines);
}
