//! A comparison, drawn: banner, list of steps with their bars, what both did beside each other, which was faster.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::detail::{Row, WHOLE, bar, length, rows, title};
use super::{Beside, Order, Pane as Place};
use crate::report::{Aligned, gap_words, step_shown};
use crate::settings::theme::{Glyphs, Role};
use crate::ui::model::Model;
use crate::ui::view::hints;
use crate::ui::view::pane::{Pane, foot};
use crate::ui::view::text::{cut, fold, put, put_all, span, split, width};

/// How wide the column is that says what is selected and what differs.
const MARK: usize = 3;
/// How wide the columns of times are.
const TIME: usize = 11;
/// How wide the one with the difference is.
const GAP: usize = 9;
/// How wide a bar is: so much of the list, and at most this.
const BAR: (usize, usize) = (6, 40);

/// Draws the whole screen.
pub(in crate::ui) fn draw(model: &Model, beside: &Beside, area: Rect, buf: &mut Buffer) {
    let (top, rest) = split(area, 1);
    banner(model, beside, top, buf);
    let (role, lines) = sentence(model, beside, usize::from(area.width.saturating_sub(2)));
    let below = lines.len() as u16 + 1;
    let (body, feet) = split(rest, rest.height.saturating_sub(below.min(rest.height.saturating_sub(1))));
    let style = model.palette.style(role);
    for (at, words) in lines.iter().enumerate() {
        let line = Rect { x: feet.x + 1, y: feet.y + at as u16, width: feet.width.saturating_sub(2), height: 1 };
        put(buf, line.intersection(feet), &Line::styled(words.clone(), style));
    }
    hints(model, Rect { y: area.bottom().saturating_sub(1), height: area.height.min(1), ..area }, buf);
    match beside.pane {
        Place::Whole => detail(model, beside, body, buf),
        // Where there is no room for both, what has the keys is seen.
        Place::Steps if body.height < 10 => list(model, beside, body, buf),
        Place::Detail if body.height < 10 => detail(model, beside, body, buf),
        Place::Steps | Place::Detail => {
            let wanted = beside.listed.len() as u16 + 4;
            let (above, under) = split(body, wanted.min(body.height.div_ceil(2)));
            list(model, beside, above, buf);
            detail(model, beside, under, buf);
        }
    }
}

fn banner(model: &Model, beside: &Beside, area: Rect, buf: &mut Buffer) {
    let word = match model.palette.glyphs {
        Glyphs::Unicode => "▌COMPARE▐",
        Glyphs::Ascii => "[COMPARE]",
    };
    let of = |what: &str| beside.compared.heads.iter().find(|head| head.what == what).map(|head| &head.of);
    let tail = |run: &str| run.rsplit('-').next().unwrap_or_default().to_owned();
    let runs = of("run").map(|of| format!("A {} · B {}", tail(&of.a), tail(&of.b))).unwrap_or_default();
    let title = of("runbook").map(|of| of.a.rsplit_once(" (").map_or(of.a.as_str(), |(title, _)| title));
    let words = format!("{word} {} · {runs}", title.unwrap_or_default());
    let style = model.palette.style(Role::Drill);
    buf.set_style(area.intersection(buf.area), style);
    put(buf, area, &Line::styled(cut(&words, usize::from(area.width)), style));
}

/// Says which was faster and why, or the news.
fn sentence(model: &Model, beside: &Beside, columns: usize) -> (Role, Vec<String>) {
    match model.news.first() {
        Some((role, news)) => (role, crate::ui::view::text::brief(&news, columns, 2)),
        None => (Role::Text, crate::ui::view::text::brief(&beside.compared.verdict.join(" "), columns, 2)),
    }
}

fn list(model: &Model, beside: &Beside, area: Rect, buf: &mut Buffer) {
    let steps = &beside.compared.steps;
    let differ = steps.iter().filter(|step| step.differs()).count();
    let right = format!("{} of {} differ", differ, steps.len());
    let title = match beside.order {
        Order::Planned => "Steps as planned",
        Order::ByDifference => "Steps by difference",
    };
    let border = if beside.pane == Place::Steps { Role::Focus } else { Role::Border };
    let inner = Pane { title, right: &right, border, ..Pane::default() }.draw(model, area, buf);
    let (head, body) = split(inner, 1);
    let columns = Columns::of(usize::from(inner.width));
    put(buf, head, &columns.line(model, Role::Dim, ("   ", "", "A", "B", "B - A"), ("", "")));
    let height = usize::from(body.height);
    let top = (beside.selected + 1).saturating_sub(height);
    let longest = steps.iter().flat_map(Aligned::took).max().unwrap_or(0);
    for (row, at) in (top..=beside.listed.len()).take(height).enumerate() {
        let selected = at == beside.selected;
        let line = match at.checked_sub(1).and_then(|at| beside.listed.get(at)).and_then(|at| steps.get(*at)) {
            None => runs(model, beside, &columns, selected),
            Some(step) => one(model, step, &columns, longest, selected),
        };
        put(buf, Rect { y: body.y + row as u16, height: 1, ..body }, &line);
    }
    // The heads of the columns are none of the rows.
    let rows = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    foot(model, rows, buf, top..beside.listed.len() + 1);
}

/// Is how much room the columns of the list have.
struct Columns {
    title: usize,
    gap: usize,
    bar: usize,
}

impl Columns {
    fn of(columns: usize) -> Self {
        let times = 2 * (TIME + 1);
        let gap = if columns < 48 { 0 } else { GAP + 1 };
        let bar = if columns < 64 { 0 } else { (columns / BAR.0).min(BAR.1) };
        let taken = MARK + times + gap + if bar > 0 { bar + 3 } else { 0 };
        Self { title: columns.saturating_sub(taken), gap, bar }
    }

    fn line(
        &self,
        model: &Model,
        role: Role,
        (mark, title, a, b, gap): (&str, &str, &str, &str, &str),
        (shared, more): (&str, &str),
    ) -> Line<'static> {
        let title = cut(title, self.title);
        let pad = " ".repeat(self.title.saturating_sub(width(&title)));
        let right = |text: &str, columns: usize| {
            let text = cut(text, columns);
            format!("{}{text}", " ".repeat(columns.saturating_sub(width(&text))))
        };
        let mut text = format!("{mark}{title}{pad} {} {}", right(a, TIME), right(b, TIME));
        if self.gap > 0 {
            text.push(' ');
            text.push_str(&right(gap, GAP));
        }
        let mut line = Line::from(span(model, role, text));
        if self.bar > 0 {
            line.push_span(span(model, Role::Dim, format!("  {shared}")));
            line.push_span(span(model, Role::Warn, more.to_owned()));
        }
        line
    }
}

fn shared(model: &Model) -> &'static str {
    model.palette.glyph("▒", "=")
}

fn runs(model: &Model, beside: &Beside, columns: &Columns, selected: bool) -> Line<'static> {
    let mark = if selected { model.palette.glyph("▶  ", ">  ") } else { "   " };
    let shown = |took: Option<u64>| took.map_or_else(|| "–".to_owned(), crate::report::exact);
    let [a, b] = beside.compared.restored_ms.each().map(|took| *took);
    let gap = a.zip(b).and_then(|(a, b)| Some(i64::try_from(b).ok()? - i64::try_from(a).ok()?));
    let gap = gap.map(gap_words).unwrap_or_default();
    let role = if selected { Role::Focus } else { Role::Title };
    let title = format!("{WHOLE}, until restored");
    columns.line(model, role, (mark, &title, &shown(a), &shown(b), &gap), ("", ""))
}

fn one(model: &Model, step: &Aligned, columns: &Columns, longest: u64, selected: bool) -> Line<'static> {
    let differs = if step.differs() { model.palette.glyph("≠", "!") } else { " " };
    let mark = format!("{}{differs} ", if selected { model.palette.glyph("▶", ">") } else { " " });
    let role = if selected { Role::Focus } else { Role::Text };
    let (a, b) = (step_shown(step.did.a.as_ref()), step_shown(step.did.b.as_ref()));
    let gap = step.gained().map(gap_words).unwrap_or_default();
    let (both, more) = bar(step.took(), longest, columns.bar, shared(model));
    columns.line(model, role, (&mark, &step.title, &a, &b, &gap), (&both, &more))
}

/// Draws what both did at what is selected.
fn detail(model: &Model, beside: &Beside, area: Rect, buf: &mut Buffer) {
    let border = if beside.pane == Place::Steps { Role::Border } else { Role::Focus };
    let title = title(beside);
    let right = if beside.pane == Place::Whole { "esc closes" } else { "A beside B" };
    let inner = Pane { title: &title, right, border, ..Pane::default() }.draw(model, area, buf);
    let columns = usize::from(inner.width);
    let lines: Vec<Line<'static>> = rows(beside).iter().flat_map(|row| laid(model, row, columns)).collect();
    let last = lines.len().saturating_sub(usize::from(inner.height));
    model.shelf.can_scroll_to(last);
    let top = beside.top.min(last);
    put_all(buf, inner, lines.get(top..).unwrap_or_default());
    foot(model, area, buf, top..lines.len());
}

/// Lays a row out as wide as the screen has room.
fn laid(model: &Model, row: &Row, columns: usize) -> Vec<Line<'static>> {
    match row {
        Row::Head(text) => vec![Line::from(span(model, Role::Title, cut(text, columns)))],
        Row::Said(role, text) => {
            let rows = crate::ui::view::text::wrap(text, columns.saturating_sub(2), usize::MAX);
            rows.into_iter().map(|row| Line::from(span(model, *role, format!("  {row}")))).collect()
        }
        Row::Bar { what, took, longest } => {
            let [a, b] = took.map(length);
            let room = columns.saturating_sub(32).min(BAR.1);
            let (both, more) = bar(*took, *longest, room, shared(model));
            vec![Line::from(vec![
                span(model, Role::Text, format!("  {what:<8} A {a:>7}  B {b:>7}  ")),
                span(model, Role::Dim, both),
                span(model, Role::Warn, more),
            ])]
        }
        Row::Sides { a, b, differ, role } => {
            let half = columns.saturating_sub(3) / 2;
            let mark = match (differ, a, b) {
                (false, ..) => model.palette.glyph("│", "|"),
                (true, Some(_), None) => "<",
                (true, None, Some(_)) => ">",
                (true, ..) => model.palette.glyph("≠", "!"),
            };
            let mark_role = if *differ { Role::Warn } else { Role::Border };
            let side = |text: &Option<String>| match text {
                Some(text) => fold(text, half, usize::MAX),
                None => Vec::new(),
            };
            let (a, b) = (side(a), side(b));
            let rows = a.len().max(b.len()).max(1);
            (0..rows)
                .map(|at| {
                    let text = |rows: &[String]| rows.get(at).cloned().unwrap_or_default();
                    let left = text(&a);
                    let pad = " ".repeat(half.saturating_sub(width(&left)));
                    Line::from(vec![
                        span(model, *role, left),
                        span(model, Role::Text, pad),
                        span(model, mark_role, format!(" {mark} ")),
                        span(model, *role, text(&b)),
                    ])
                })
                .collect()
        }
    }
}
