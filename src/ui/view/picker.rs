//! The list of runbooks and runs, with what the selected one is for.

use std::collections::BTreeMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::dialog::field;
use super::pane::{Pane, foot};
use super::text::{brief, cut, line, put, put_all, span, split, width};
use super::{monitoring, preview};
use crate::engine::Mode;
use crate::kernel::{SafeText, say_ago};
use crate::settings::theme::Role;
use crate::ui::model::Model;
use crate::ui::page::{self, Key, Of, Part};
use crate::ui::picker::{Entry, Page, PastRun, Picker, Reading, Row};

pub(super) fn draw(model: &Model, picker: &Picker, area: Rect, buf: &mut Buffer) {
    let (top, rest) = split(area, 1);
    match picker.blind {
        Some(_) => put(buf, top, &monitoring::banner(model, usize::from(top.width))),
        None => put(buf, top, &banner(model, picker)),
    }
    let (body, foot) = split(rest, rest.height.saturating_sub(2));
    let body = match &picker.blind {
        Some(blind) if picker.reading.is_none() => monitoring::draw(model, blind, body, buf),
        _ => body,
    };
    let columns = usize::from(foot.width.saturating_sub(2));
    put(buf, foot, &line(model, Role::Text, format!(" {}", brief(&asked(model, picker), columns, 1).concat())));
    super::hints(model, Rect { y: foot.y + 1, height: foot.height.min(1), ..foot }.intersection(area), buf);
    match picker.reading {
        Some(reading) => read(model, picker, reading, body, buf),
        None if body.width < 70 => list(model, picker, body, buf),
        None => {
            let left = Rect { width: body.width / 2, ..body };
            let right = Rect { x: body.x + left.width, width: body.width - left.width, ..body };
            list(model, picker, left, buf);
            preview::draw(model, picker, right, buf);
        }
    }
}

fn banner(model: &Model, picker: &Picker) -> Line<'static> {
    let count = picker.entries.len();
    let runbooks = if count == 1 { "runbook" } else { "runbooks" };
    let said = format!(" lifeboat  {count} {runbooks}");
    match picker.unfinished.len() {
        0 => line(model, Role::Title, format!("{said}, nothing is running")),
        1 => Line::from(vec![span(model, Role::Title, said), span(model, Role::Warn, ", 1 run is not over")]),
        open => Line::from(vec![
            span(model, Role::Title, said),
            span(model, Role::Warn, format!(", {open} runs are not over")),
        ]),
    }
}

/// Says what the selected row is good for.
fn asked(model: &Model, picker: &Picker) -> String {
    if let Some((_, news)) = model.news.first() {
        return news;
    }
    if let Some(blind) = &picker.blind {
        return monitoring::asked(picker, blind);
    }
    match (picker.selected, picker.entry(), picker.run()) {
        (Row::Unfinished(_), _, Some(run)) => {
            format!("Enter goes on with run {}. Nothing is started by that.", tail(run))
        }
        (_, _, Some(run)) if picker.marked.as_ref() == Some(&run.folder) => {
            format!("Run {} is A: choose the run to compare it with, and press c there.", tail(run))
        }
        (_, _, Some(run)) if picker.marked.is_some() => {
            format!("c compares A with run {}. Enter watches it.", tail(run))
        }
        (_, _, Some(run)) => format!("Enter watches run {}: it is shown again, nothing is run.", tail(run)),
        (_, Some(entry), None) => {
            format!("d starts a drill of {} in the practice estate. Nothing real is touched.", safe(&entry.name))
        }
        (_, None, None) => "There are no runbooks: put Markdown files into ./runbooks.".to_owned(),
    }
}

pub(super) fn safe(text: &str) -> String {
    SafeText::line(text).into_string()
}

/// Returns the end of a run's id, by which people tell runs apart.
pub(super) fn tail(run: &PastRun) -> String {
    safe(run.run.rsplit('-').next().unwrap_or_default())
}

/// Says when a run was last written.
pub(super) fn ago(model: &Model, run: &PastRun) -> String {
    say_ago(model.now.utc.signed_duration_since(run.last).to_std().unwrap_or_default())
}

/// Is a line of the list: a heading or a row.
enum Listed {
    Head(&'static str),
    Row(Row),
}

/// Lists the rows with their headings, which are there only where there are runs.
fn listed(picker: &Picker) -> Vec<Listed> {
    let heads = !picker.unfinished.is_empty() || !picker.ended.is_empty() || !picker.recordings.is_empty();
    let mut listed = Vec::new();
    let mut last = None;
    for row in picker.rows() {
        let head = match row {
            Row::Unfinished(_) => "Not over",
            Row::Runbook(_) => "Runbooks",
            Row::Ended(_) => "Ended runs",
            Row::Recording(_) => "Recordings",
        };
        if heads && last.replace(head) != Some(head) {
            listed.push(Listed::Head(head));
        }
        listed.push(Listed::Row(row));
    }
    listed
}

fn list(model: &Model, picker: &Picker, area: Rect, buf: &mut Buffer) {
    let pane = Pane { title: "Runbooks", border: Role::Focus, ..Pane::default() };
    let mut inner = if area.height < 5 { area } else { pane.draw(model, area, buf) };
    if picker.finding.is_some() || !picker.find.is_empty() {
        let (line, rest) = split(inner, 1);
        search(model, picker, line, buf);
        inner = rest;
    }
    let height = usize::from(inner.height);
    let listed = listed(picker);
    let selected = listed.iter().position(|listed| matches!(listed, Listed::Row(row) if *row == picker.selected));
    // The heading above the first row comes into view with it.
    let top = (selected.unwrap_or(0) + 1).saturating_sub(height);
    for (row, listed) in listed.iter().skip(top).take(height).enumerate() {
        let at = Rect { y: inner.y + row as u16, height: 1, ..inner };
        let text = match listed {
            Listed::Head(head) => line(model, Role::Title, *head),
            Listed::Row(Row::Runbook(at)) => match picker.entries.get(*at) {
                Some(entry) => runbook(model, entry, picker.selected == Row::Runbook(*at), usize::from(inner.width)),
                None => continue,
            },
            Listed::Row(row @ (Row::Unfinished(_) | Row::Ended(_) | Row::Recording(_))) => match picker.run_of(*row) {
                Some(run) => past(model, picker, (*row, run), usize::from(inner.width)),
                None => continue,
            },
        };
        put(buf, at, &text);
    }
    if listed.is_empty() && !picker.wanted().is_empty() {
        put(buf, inner, &line(model, Role::Dim, "  Nothing here is called that."));
    }
}

fn search(model: &Model, picker: &Picker, area: Rect, buf: &mut Buffer) {
    if let Some(typed) = &picker.finding {
        put(buf, area, &line(model, Role::Key, "/ "));
        let rest = Rect { x: area.x + 2, width: area.width.saturating_sub(2), ..area };
        put(buf, rest, &field(model, typed, usize::from(rest.width)));
    } else {
        let words = format!("only what has `{}` in it", picker.find);
        put(buf, area, &line(model, Role::Warn, cut(&words, usize::from(area.width))));
    }
}

/// Lays out a row: what it is on the left, a word or two on the right.
fn row(model: &Model, role: Role, (left, right): (&str, &str), columns: usize) -> Line<'static> {
    let left = cut(left, columns.saturating_sub(width(right) + 1));
    let gap = columns.saturating_sub(width(&left) + width(right));
    Line::from(span(model, role, format!("{left}{}{right}", " ".repeat(gap))))
}

fn runbook(model: &Model, entry: &Entry, selected: bool, columns: usize) -> Line<'static> {
    let problems = entry.about.as_ref().map_or(0, |about| about.problems.len());
    let (mark, role) = match (selected, problems == 0) {
        (true, _) => (model.palette.glyph("▶", ">"), Role::Focus),
        (false, true) => (" ", Role::Text),
        (false, false) => ("!", Role::Warn),
    };
    let right = match (&entry.about, problems) {
        (None, _) => String::new(),
        (Some(about), 0) if about.rto.is_empty() => String::new(),
        (Some(about), 0) => format!("RTO {}", safe(&about.rto)),
        (Some(_), 1) => "1 problem".to_owned(),
        (Some(_), count) => format!("{count} problems"),
    };
    row(model, role, (&format!("{mark} {}", safe(&entry.name)), &right), columns)
}

fn past(model: &Model, picker: &Picker, (at, run): (Row, &PastRun), columns: usize) -> Line<'static> {
    let (open, selected) = (matches!(at, Row::Unfinished(_)), picker.selected == at);
    let (mark, role) = match (selected, open) {
        (true, _) => (model.palette.glyph("▶", ">"), Role::Focus),
        (false, _) if picker.marked.as_ref() == Some(&run.folder) => ("A", Role::Key),
        (false, true) => (model.palette.glyph("↺", "R"), Role::Warn),
        (false, false) => (" ", Role::Text),
    };
    let real = if run.mode == Mode::Real { " REAL" } else { "" };
    let left = format!("{mark} {}{real} {}", safe(&run.runbook), tail(run));
    let right = if open { ago(model, run) } else { safe(&run.standing) };
    row(model, role, (&left, &right), columns)
}

fn read(model: &Model, picker: &Picker, reading: Reading, area: Rect, buf: &mut Buffer) {
    let name = match (picker.entry(), picker.run()) {
        (Some(entry), _) => safe(&entry.name),
        (None, Some(run)) => safe(&run.run),
        (None, None) => return,
    };
    let title = match reading.page {
        Page::Text => name.clone(),
        Page::DryRun => format!("Dry run of {name}"),
        Page::Report => format!("Report of {name}"),
    };
    let inner =
        Pane { title: &title, right: "esc closes", border: Role::Focus, ..Pane::default() }.draw(model, area, buf);
    let (columns, height) = (usize::from(inner.width), usize::from(inner.height));
    let about = picker.entry().and_then(|entry| entry.about.as_ref());
    let page = |text: &str, of: String| {
        let how = page::Reading { columns, glyphs: model.palette.glyphs, part: Part::Whole, value: &|_| None };
        let key = Key { of: Of::Runbook(of), columns, values: BTreeMap::new() };
        let page = model.shelf.page(key, || how.read(text));
        let top = reading.top.min(page.rows().saturating_sub(height));
        (page.lines(&model.palette, top, height), page.rows())
    };
    let (rows, count) = match (reading.page, about) {
        (Page::Text, Some(about)) => page(&about.text, name),
        (Page::DryRun, Some(about)) => {
            (dry_run(model, &about.dry_run, reading.top, (columns, height)), about.dry_run.len())
        }
        (Page::Text | Page::DryRun, None) => return put(buf, inner, &line(model, Role::Dim, "It is being read.")),
        (Page::Report, _) => {
            let made =
                picker.report.as_ref().filter(|(folder, _)| picker.run().is_some_and(|run| run.folder == *folder));
            match made.map(|(_, text)| text) {
                Some(Ok(text)) => page(text, title.clone()),
                Some(Err(why)) => {
                    let rows = super::text::wrap(&safe(why), columns, 6);
                    (rows.into_iter().map(|row| line(model, Role::Fail, row)).collect(), 1)
                }
                None => return put(buf, inner, &line(model, Role::Dim, "The log is being verified and read.")),
            }
        }
    };
    let last = count.saturating_sub(height);
    model.shelf.can_scroll_to(last);
    put_all(buf, inner, &rows);
    foot(model, area, buf, reading.top.min(last)..count);
}

fn dry_run(model: &Model, said: &[String], top: usize, (columns, height): (usize, usize)) -> Vec<Line<'static>> {
    let mut rows = Vec::new();
    for text in said.iter().skip(top) {
        if rows.len() >= height {
            break;
        }
        let role = match text.trim_start() {
            code if code.starts_with("| ") => Role::Code,
            whole if whole.len() == text.len() => Role::Title,
            _ => Role::Text,
        };
        rows.extend(super::text::wrap(&safe(text), columns, height).into_iter().map(|row| line(model, role, row)));
    }
    rows
}
