//! Problems of a file that people write, and how they are shown: file, line, column, source line, caret, help.

use std::fmt::Write as _;
use std::ops::Range;

use serde::Serialize;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::SafeText;

/// Says how bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// It can be used; somebody should look.
    Warning,
}

impl Severity {
    /// Returns the word that is shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Is one thing wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// A stable name for the kind of problem: `unknown-attribute`.
    pub code: &'static str,
    /// How bad.
    pub severity: Severity,
    /// What is wrong, in a sentence without a period.
    pub message: String,
    /// What to do.
    pub help: String,
    /// Where, in bytes of the file.
    pub span: Range<usize>,
    /// The line, from 1; 0 if it is about the whole file.
    pub line: usize,
    /// The column in characters, from 1; 0 if it is about the whole file.
    pub column: usize,
}

/// Holds a file's text and knows its lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    path: String,
    text: String,
    lines: Vec<usize>,
}

impl Source {
    /// Takes a file's text.
    pub fn new(path: &str, text: String) -> Self {
        let lines = std::iter::once(0)
            .chain(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1))
            .collect();
        Self { path: path.to_owned(), text, lines }
    }

    /// Returns the path it was given.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the text between two places, empty if they are none.
    pub fn slice(&self, span: Range<usize>) -> &str {
        self.text.get(span).unwrap_or("")
    }

    /// Returns the line of a byte, from 1.
    pub fn line_of(&self, at: usize) -> usize {
        self.lines.partition_point(|start| *start <= at).max(1)
    }

    /// Returns a line without its end.
    pub fn line(&self, line: usize) -> &str {
        self.slice(self.line_span(line))
    }

    /// Returns where a line (from 1) stands, without its end.
    pub fn line_span(&self, line: usize) -> Range<usize> {
        let start = self.lines.get(line.saturating_sub(1)).copied().unwrap_or(self.text.len());
        let end = self.lines.get(line).copied().unwrap_or(self.text.len());
        let trimmed = self.slice(start..end).trim_end_matches(['\n', '\r']).len();
        start..start + trimmed
    }

    /// Makes a problem at a place.
    pub fn problem(
        &self,
        severity: Severity,
        code: &'static str,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Problem {
        let line = self.line_of(span.start);
        let column = self.slice(self.line_span(line).start..span.start).chars().count() + 1;
        Problem { code, severity, message: message.into(), help: help.into(), span, line, column }
    }

    /// Shows a problem as people read it; nothing in it can steer a terminal.
    pub fn render(&self, problem: &Problem) -> String {
        let mut shown = String::new();
        let message = SafeText::line(&problem.message);
        let path = SafeText::line(&self.path);
        // Writing to a String cannot fail.
        let _ = writeln!(shown, "{}[{}]: {message}", problem.severity.word(), problem.code);
        if problem.line == 0 {
            let _ = writeln!(shown, "  --> {path}");
        } else {
            let _ = writeln!(shown, "  --> {path}:{}:{}", problem.line, problem.column);
            let number = problem.line.to_string();
            let gutter = " ".repeat(number.len());
            let (line, caret) = self.excerpt(problem);
            let _ = writeln!(shown, "{gutter} |\n{number} | {line}\n{gutter} | {caret}");
        }
        if !problem.help.is_empty() {
            let _ = writeln!(shown, "   = help: {}", SafeText::line(&problem.help));
        }
        shown
    }

    /// Cuts the part of the line around the place, and draws carets under the place.
    fn excerpt(&self, problem: &Problem) -> (String, String) {
        const BEFORE: usize = 60;
        const MOST: usize = 110;
        let place = self.line_span(problem.line);
        let line = self.slice(place.clone());
        let from = problem.span.start.clamp(place.start, place.end) - place.start;
        let to = problem.span.end.clamp(place.start + from, place.end) - place.start;
        let (before, rest) = line.split_at_checked(from).unwrap_or((line, ""));
        let (marked, after) = rest.split_at_checked(to - from).unwrap_or((rest, ""));

        let (before, cut_before) = last_chars(SafeText::line(before).as_str(), BEFORE);
        let room = MOST.saturating_sub(before.chars().count());
        let (marked, cut_marked) = first_chars(SafeText::line(marked).as_str(), room);
        let room = room.saturating_sub(marked.chars().count());
        let (after, cut_after) = first_chars(SafeText::line(after).as_str(), if cut_marked { 0 } else { room });

        let lead = if cut_before { "…" } else { "" };
        let tail = if cut_marked || cut_after { "…" } else { "" };
        let indent = lead.chars().count() + before.width();
        let carets = marked.chars().map(|c| c.width().unwrap_or(0)).sum::<usize>().max(1);
        let shown = format!("{lead}{before}{marked}{after}{tail}");
        (shown.trim_end().to_owned(), format!("{}{}", " ".repeat(indent), "^".repeat(carets)))
    }
}

/// Suggests the known name nearest to a wrong one.
pub fn nearest<'k>(wrong: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    // A file with thousands of anchors and of broken links must not compare each with each.
    const MOST: usize = 100;
    let far = |name: &str| 1 + name.len() / 4;
    known
        .into_iter()
        .take(MOST)
        .filter(|name| name.len().abs_diff(wrong.len()) <= far(name))
        .map(|name| (strsim::damerau_levenshtein(wrong, name), name))
        .filter(|(distance, name)| *distance <= far(name))
        .min()
        .map(|(_, name)| name)
}

fn first_chars(text: &str, most: usize) -> (String, bool) {
    let cut: String = text.chars().take(most).collect();
    let is_cut = cut.len() < text.len();
    (cut, is_cut)
}

fn last_chars(text: &str, most: usize) -> (String, bool) {
    let skip = text.chars().count().saturating_sub(most);
    (text.chars().skip(skip).collect(), skip > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_place() {
        let source = Source::new("a.md", "first\n日本 wrong here\n".to_owned());
        let at = source.text().find("wrong").unwrap();
        let problem = source.problem(Severity::Error, "demo", at..at + 5, "this is wrong", "make it right");
        assert_eq!((problem.line, problem.column), (2, 4));
        assert_eq!(
            source.render(&problem),
            "error[demo]: this is wrong\n  --> a.md:2:4\n  |\n2 | 日本 wrong here\n  |      ^^^^^\n   = help: make it right\n"
        );
    }

    #[test]
    fn hostile_and_endless_lines_are_shown_harmless_and_short() {
        let text = format!("{}\u{1b}[2J{}", "a".repeat(5000), "b".repeat(5000));
        let source = Source::new("x\u{1b}.md", text);
        let problem = source.problem(Severity::Error, "demo", 5000..9000, "m\u{1b}", "h\u{9b}\nj");
        let shown = source.render(&problem);
        assert!(!shown.contains(['\u{1b}', '\u{9b}']));
        assert!(shown.lines().all(|line| line.chars().count() < 130), "{shown}");
    }

    #[test]
    fn lines_of_places() {
        let source = Source::new("", "a\r\n\nb".to_owned());
        assert_eq!([0, 2, 3, 4, 99].map(|at| source.line_of(at)), [1, 1, 2, 3, 3]);
        assert_eq!([1, 2, 3, 4].map(|line| source.line(line)), ["a", "", "b", ""]);
        assert_eq!(Source::new("", String::new()).line_of(0), 1);
    }
}
