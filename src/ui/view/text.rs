//! Text to lines: widths, wrapping, cutting, placing. No more is wrapped than is asked for.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::settings::theme::Role;
use crate::ui::model::Model;

/// Returns a line's text without its looks.
pub(in crate::ui) fn plain(line: &Line<'_>) -> String {
    line.spans.iter().map(|span| span.content.as_ref()).collect()
}

/// Returns how many columns `text` takes.
pub(in crate::ui) fn width(text: &str) -> usize {
    text.width()
}

/// Begins a text with a capital letter.
pub(in crate::ui) fn capital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map(|first| first.to_uppercase().chain(rest).collect()).unwrap_or_default()
}

/// Makes a span of a role.
pub(in crate::ui) fn span(model: &Model, role: Role, text: impl Into<String>) -> Span<'static> {
    Span::styled(text.into(), model.palette.style(role))
}

/// Makes a line of a role.
pub(in crate::ui) fn line(model: &Model, role: Role, text: impl Into<String>) -> Line<'static> {
    Line::from(span(model, role, text))
}

/// Puts a line on the first row of `area`, over whatever style was there.
pub(in crate::ui) fn put(buf: &mut Buffer, area: Rect, line: &Line<'_>) {
    let area = area.intersection(buf.area);
    if area.width > 0 && area.height > 0 {
        let covered = Rect { width: area.width.min(line.width() as u16), height: 1, ..area };
        buf.set_style(covered, Style::reset());
        buf.set_line(area.x, area.y, line, area.width);
    }
}

/// Puts lines below each other, as many as fit.
pub(in crate::ui) fn put_all(buf: &mut Buffer, area: Rect, lines: &[Line<'_>]) {
    for (at, line) in lines.iter().take(usize::from(area.height)).enumerate() {
        put(buf, Rect { y: area.y + at as u16, height: 1, ..area }, line);
    }
}

/// Splits an area into the first `height` rows and the rest.
pub(in crate::ui) fn split(area: Rect, height: u16) -> (Rect, Rect) {
    let height = height.min(area.height);
    (Rect { height, ..area }, Rect { y: area.y + height, height: area.height - height, ..area })
}

/// Cuts `text` to `columns`, with `…` where something is missing.
pub(in crate::ui) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide + 1 > columns {
            break;
        }
        used += wide;
        kept.push(c);
    }
    if columns > 0 {
        kept.push('…');
    }
    kept
}

/// Breaks `text` at spaces into lines of at most `columns`, at most `limit` of them; words that are too long are broken.
pub(in crate::ui) fn wrap(text: &str, columns: usize, limit: usize) -> Vec<String> {
    let columns = columns.max(2);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        if lines.len() >= limit {
            break;
        }
        let indent = paragraph.chars().take_while(|c| *c == ' ').take(columns / 2).count();
        let mut line = " ".repeat(indent);
        let mut used = indent;
        for word in paragraph.split(' ').filter(|word| !word.is_empty()) {
            let gap = usize::from(used > indent);
            if used + gap + width(word) > columns && used > indent {
                lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
                used = indent;
            } else if gap == 1 {
                line.push(' ');
                used += 1;
            }
            for c in word.chars() {
                let wide = c.width().unwrap_or(0);
                if used + wide > columns {
                    lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
                    used = indent;
                    if lines.len() >= limit {
                        lines.truncate(limit);
                        return lines;
                    }
                }
                line.push(c);
                used += wide;
            }
        }
        lines.push(line);
    }
    lines.truncate(limit);
    lines
}

/// Breaks `text` as [`wrap`] does, into at most `limit` lines: of what is longer whole sentences are kept, and of the first
/// one as much as there is room for.
pub(in crate::ui) fn brief(text: &str, columns: usize, limit: usize) -> Vec<String> {
    let rows = |text: &str| wrap(text, columns, limit.saturating_add(1));
    let whole = rows(text);
    if whole.len() <= limit {
        return whole;
    }
    let ends = text.match_indices(['.', '?']).map(|(at, _)| at + 1);
    let ends = ends.filter(|at| text.get(*at..).is_some_and(|rest| rest.starts_with(' ')));
    let kept = ends.filter_map(|at| text.get(..at)).map(rows).take_while(|rows| rows.len() <= limit).last();
    kept.unwrap_or_else(|| clipped(text, columns, limit))
}

/// Breaks `text` as [`wrap`] does, into at most `limit` lines, with `…` at the end where something is missing.
pub(in crate::ui) fn clipped(text: &str, columns: usize, limit: usize) -> Vec<String> {
    let mut rows = wrap(text, columns, limit.saturating_add(1));
    if rows.len() > limit {
        rows.truncate(limit);
        if let Some(last) = rows.last_mut() {
            // The blank stands for what is missing, so that even a full row is cut.
            *last = if width(last) < columns { format!("{last}…") } else { cut(&format!("{last} "), columns) };
        }
    }
    rows
}

/// Breaks code where the columns end, keeping every space; continuation lines are set in by two.
pub(in crate::ui) fn fold(text: &str, columns: usize, limit: usize) -> Vec<String> {
    let columns = columns.max(4);
    let mut lines = Vec::new();
    for row in text.split('\n') {
        let mut line = String::new();
        let mut used = 0;
        for c in row.chars() {
            if lines.len() >= limit {
                return lines;
            }
            let wide = c.width().unwrap_or(0);
            if used + wide > columns {
                lines.push(std::mem::replace(&mut line, "  ".to_owned()));
                used = 2;
            }
            line.push(c);
            used += wide;
        }
        lines.push(line);
    }
    lines.truncate(limit);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_wrap_and_long_ones_break() {
        assert_eq!(wrap("one two three", 7, 9), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh ij", 4, 9), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("  - set in\nnext", 8, 9), ["  - set", "  in", "next"]);
        assert_eq!(wrap("", 8, 9), [""]);
        assert_eq!(fold("aws rds x", 6, 9), ["aws rd", "  s x"]);
        assert_eq!(cut("promote", 4), "pro…");
    }

    #[test]
    fn whole_sentences_stay_and_a_cut_is_seen() {
        assert_eq!(brief("One. Two three.", 9, 2), ["One. Two", "three."]);
        assert_eq!(brief("One. Two three four.", 9, 1), ["One."]);
        assert_eq!(brief("Is it? Then 5.3 is next. And so on.", 12, 2), ["Is it? Then", "5.3 is next."]);
        assert_eq!(brief("one two three four", 8, 2), ["one two", "three…"]);
        assert_eq!(clipped("one two three four", 9, 1), ["one two…"]);
        assert_eq!(clipped("one two", 9, 1), ["one two"]);
        assert_eq!(clipped("one two", 3, 1), ["on…"]);
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_asked(text in "[ -~äß漢\n]{0,200}", columns in 4_usize..40, limit in 1_usize..9) {
            let (brief, clipped) = (brief(&text, columns, limit), clipped(&text, columns, limit));
            let all = wrap(&text, columns, limit).into_iter().chain(fold(&text, columns, limit));
            for line in &all.chain(brief).chain(clipped).collect::<Vec<_>>() {
                prop_assert!(width(line) <= columns, "{line:?}");
            }
            prop_assert!(wrap(&text, columns, limit).len() <= limit);
        }
    }
}
