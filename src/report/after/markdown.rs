//! The report as Markdown.

use std::fmt::Write as _;

use super::{Cite, File, Report, Row, Section};

/// Writes a report as Markdown. What came from outside stands in it as text, never as markup.
pub fn markdown(report: &Report) -> String {
    let mut text = format!("# {}: {}\n\nRun {}. ", report.heading, escaped(&report.title), escaped(&report.run));
    text.push_str(
        "Numbers in brackets are lines of the log, by `seq` and kind; `lifeboat log show` prints them. `addenda` are lines \
         of what was added after the seal",
    );
    let mut cites = report.sections.iter().flat_map(|section| &section.rows).flat_map(|row| &row.cites);
    let joined = cites.any(|cite| cite.file == File::Facilitator);
    text.push_str(if joined { ", `facilitator` those of the facilitator's own log.\n" } else { ".\n" });
    for row in &report.first {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "\n> **{}** {}",
            row.cells.iter().map(|cell| escaped(cell)).collect::<Vec<_>>().join(" "),
            cited(row)
        );
    }
    for (at, section) in report.sections.iter().enumerate() {
        let _ = writeln!(text, "\n## {} {}\n", at + 1, section.title);
        of_section(section, &mut text);
    }
    text
}

fn of_section(section: &Section, text: &mut String) {
    if section.rows.is_empty() {
        text.push_str("Nothing is recorded.\n");
        return;
    }
    let cites = section.rows.iter().any(|row| !row.cites.is_empty());
    let last = if cites { " lines |" } else { "" };
    let _ = writeln!(text, "| {} |{last}", section.columns.join(" | "));
    let _ = writeln!(text, "|{}{}", "---|".repeat(section.columns.len()), if cites { "---|" } else { "" });
    for row in &section.rows {
        let cells: Vec<String> = row.cells.iter().map(|cell| escaped(cell)).collect();
        let last = if cites { format!(" {} |", cited(row)) } else { String::new() };
        let _ = writeln!(text, "| {} |{last}", cells.join(" | "));
    }
}

fn cited(row: &Row) -> String {
    let name = |cite: &Cite| match cite.file {
        File::Log => format!("{} {}", cite.seq, cite.kind),
        File::Addenda => format!("addenda {} {}", cite.seq, cite.kind),
        File::Facilitator => format!("facilitator {}", cite.seq),
    };
    if row.cites.is_empty() {
        return String::new();
    }
    format!("\\[{}\\]", row.cites.iter().map(name).collect::<Vec<_>>().join(", "))
}

/// Takes its meaning from what Markdown and HTML would read.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '&' => safe.push_str("&amp;"),
            '\\' | '`' | '*' | '|' | '[' | ']' | '#' | '~' | '!' => safe.extend(['\\', c]),
            '\u{240a}' => safe.push_str("<br>"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_is_no_markup() {
        assert_eq!(escaped("a|b `c` <img> [x](y)\u{240a}d"), "a\\|b \\`c\\` &lt;img> \\[x\\](y)<br>d");
    }
}
