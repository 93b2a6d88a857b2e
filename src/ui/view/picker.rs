//! The list of runbooks with what the selected one is for.

use std::collections::BTreeMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::pane::{Pane, foot};
use super::text::{cut, line, put, put_all, span, split, width, wrap};
use crate::kernel::SafeText;
use crate::settings::theme::Role;
use crate::ui::model::Model;
use crate::ui::page::{self, Key, Of, Part};
use crate::ui::picker::{Entry, Page, Picker, Reading};

pub(super) fn draw(model: &Model, picker: &Picker, area: Rect, buf: &mut Buffer) {
    let (banner, rest) = split(area, 1);
    let count = picker.entries.len();
    put(
        buf,
        banner,
        &line(
            model,
            Role::Title,
            format!(" lifeboat  {count} {}, nothing is running", if count == 1 { "runbook" } else { "runbooks" }),
        ),
    );
    let (body, foot) = split(rest, rest.height.saturating_sub(2));
    let asked = match (&model.news, picker.entry()) {
        (Some((_, news)), _) => news.clone(),
        (None, Some(entry)) => {
            format!("d starts a drill of {} in the practice estate. Nothing real is touched.", safe(&entry.name))
        }
        (None, None) => "There are no runbooks: put Markdown files into ./runbooks.".to_owned(),
    };
    put(buf, foot, &line(model, Role::Text, format!(" {}", cut(&asked, usize::from(foot.width.saturating_sub(2))))));
    super::hints(model, Rect { y: foot.y + 1, height: foot.height.min(1), ..foot }.intersection(area), buf);
    match (picker.reading, picker.entry()) {
        (Some(reading), Some(entry)) => read(model, entry, reading, body, buf),
        _ if body.width < 70 => list(model, picker, body, buf),
        _ => {
            let left = Rect { width: body.width / 2, ..body };
            let right = Rect { x: body.x + left.width, width: body.width - left.width, ..body };
            list(model, picker, left, buf);
            if let Some(entry) = picker.entry() {
                details(model, entry, right, buf);
            }
        }
    }
}

fn safe(text: &str) -> String {
    SafeText::line(text).into_string()
}

fn list(model: &Model, picker: &Picker, area: Rect, buf: &mut Buffer) {
    let pane = Pane { title: "Runbooks", border: Role::Focus, ..Pane::default() };
    let inner = if area.height < 5 { area } else { pane.draw(model, area, buf) };
    let height = usize::from(inner.height);
    let top = (picker.selected + 1).saturating_sub(height);
    for (row, (at, entry)) in picker.entries.iter().enumerate().skip(top).take(height).enumerate() {
        let selected = at == picker.selected;
        let problems = entry.about.as_ref().map_or(0, |about| about.problems.len());
        let mark = match (selected, problems == 0) {
            (true, _) => model.palette.glyph("▶", ">"),
            (false, true) => " ",
            (false, false) => "!",
        };
        let right = match (&entry.about, problems) {
            (None, _) => String::new(),
            (Some(about), 0) if about.rto.is_empty() => String::new(),
            (Some(about), 0) => format!("RTO {}", safe(&about.rto)),
            (Some(_), count) => format!("{count} problems"),
        };
        let columns = usize::from(inner.width);
        let name = cut(&format!("{mark} {}", safe(&entry.name)), columns.saturating_sub(width(&right) + 1));
        let gap = columns.saturating_sub(width(&name) + width(&right));
        let role = match (selected, problems == 0) {
            (true, _) => Role::Focus,
            (false, true) => Role::Text,
            (false, false) => Role::Warn,
        };
        let text = Line::from(span(model, role, format!("{name}{}{right}", " ".repeat(gap))));
        put(buf, Rect { y: inner.y + row as u16, height: 1, ..inner }, &text);
    }
}

fn details(model: &Model, entry: &Entry, area: Rect, buf: &mut Buffer) {
    let Some(about) = &entry.about else {
        let inner = Pane { title: &safe(&entry.name), ..Pane::default() }.draw(model, area, buf);
        return put(buf, inner, &line(model, Role::Dim, "It is being read.".to_owned()));
    };
    let title = safe(&about.title);
    let inner = Pane { title: &title, ..Pane::default() }.draw(model, area, buf);
    let columns = usize::from(inner.width);
    let mut lines = Vec::new();
    let steps = format!("{} steps", about.steps);
    let rows = [
        ("Scenario", &about.scenario),
        ("Service", &about.service),
        ("RTO", &about.rto),
        ("RPO", &about.rpo),
        ("Length", &steps),
    ];
    for (head, text) in rows.into_iter().filter(|(_, text)| !text.is_empty()) {
        let text = cut(&safe(text), columns.saturating_sub(10));
        lines.push(Line::from(vec![span(model, Role::Dim, format!("{head:<10}")), span(model, Role::Text, text)]));
    }
    lines.push(Line::default());
    if about.problems.is_empty() {
        lines.push(line(model, Role::Ok, format!("{} The check found no problems.", model.palette.glyph("✓", "+"))));
    }
    for problem in &about.problems {
        let rows = wrap(&format!("! {}", safe(problem)), columns, 4);
        lines.extend(rows.into_iter().map(|row| line(model, Role::Warn, row)));
    }
    put_all(buf, inner, &lines);
}

fn read(model: &Model, entry: &Entry, reading: Reading, area: Rect, buf: &mut Buffer) {
    let title = match reading.page {
        Page::Text => safe(&entry.name),
        Page::DryRun => format!("Dry run of {}", safe(&entry.name)),
    };
    let inner =
        Pane { title: &title, right: "esc closes", border: Role::Focus, ..Pane::default() }.draw(model, area, buf);
    let (columns, height) = (usize::from(inner.width), usize::from(inner.height));
    let Some(about) = &entry.about else { return };
    let (rows, count) = match reading.page {
        Page::Text => {
            let how = page::Reading { columns, glyphs: model.palette.glyphs, part: Part::Whole, value: &|_| None };
            let key = Key { of: Of::Runbook(entry.name.clone()), columns, values: BTreeMap::new() };
            let page = model.shelf.page(key, || how.read(&about.text));
            let top = reading.top.min(page.rows().saturating_sub(height));
            (page.lines(&model.palette, top, height), page.rows())
        }
        Page::DryRun => {
            let mut rows = Vec::new();
            for text in about.dry_run.iter().skip(reading.top) {
                if rows.len() >= height {
                    break;
                }
                let role = match text.trim_start() {
                    code if code.starts_with("| ") => Role::Code,
                    whole if whole.len() == text.len() => Role::Title,
                    _ => Role::Text,
                };
                rows.extend(wrap(&safe(text), columns, height).into_iter().map(|row| line(model, role, row)));
            }
            (rows, about.dry_run.len())
        }
    };
    let last = count.saturating_sub(height);
    model.shelf.can_scroll_to(last);
    put_all(buf, inner, &rows);
    foot(model, area, buf, reading.top.min(last)..count);
}
