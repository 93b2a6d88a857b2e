//! The pieces of a page: text that is no markup, tables, cites that lead to their lines.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::chart;
use super::moments::Clock;
use super::outputs::Printed;
use crate::engine::{Event, Fact};
use crate::kernel::SafeText;
use crate::report::after::{Backticks, File, Report, Row};

/// Takes its meaning from what HTML would read, in text and in quoted attributes, and from what would steer a terminal or turn
/// lines around.
pub(super) fn escaped(text: &str) -> String {
    let text = SafeText::new(text);
    let mut safe = String::with_capacity(text.as_str().len());
    for c in text.as_str().chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// Writes text whose lines were joined as lines.
fn lined(text: &str) -> String {
    escaped(text).replace('\u{240a}', "<br/>")
}

/// Writes prose: what stands between backticks is code.
fn prose(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('`') {
        let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        let inside = from.trim_start_matches('`');
        let fence = from.get(..from.len() - inside.len()).unwrap_or_default();
        // As many backticks as open it close it.
        let end = inside.match_indices(fence).map(|(at, _)| at).find(|at| {
            let apart = |next: Option<char>| next != Some('`');
            let (code, after) = inside.split_at_checked(*at).unwrap_or_default();
            apart(code.chars().next_back()) && apart(after.chars().nth(fence.len()))
        });
        html.push_str(&lined(before));
        let Some((code, after)) = end.and_then(|end| inside.split_at_checked(end)) else {
            html.push_str(fence);
            rest = inside;
            continue;
        };
        // Writing to a String cannot fail.
        let _ = write!(html, "<code>{}</code>", lined(code));
        rest = after.get(fence.len()..).unwrap_or_default();
    }
    html + &lined(rest)
}

/// Says what a verdict is worth, as a class of the style sheet. The word itself stands beside the colour.
pub(super) fn worth(verdict: &str) -> &'static str {
    const BAD: [&str; 6] = ["MISSED", "NOT", "FAILED", "TAMPERED", "ANCHOR", "NOBODY"];
    const GOOD: [&str; 4] = ["MET", "SEALED", "passed", "as expected"];
    if BAD.iter().any(|word| verdict.starts_with(word)) {
        "bad"
    } else if GOOD.iter().any(|word| verdict.starts_with(word)) {
        "good"
    } else {
        "plain"
    }
}

/// Begins a table.
pub(super) fn open_table(body: &mut String, caption: &str, columns: &[&str]) {
    // Writing to a String cannot fail.
    let _ = write!(body, "<table><caption class=\"hidden\">{}</caption><thead><tr>", escaped(caption));
    for column in columns {
        let _ = write!(body, "<th scope=\"col\">{}</th>", escaped(column));
    }
    body.push_str("</tr></thead><tbody>\n");
}

/// Writes a row; its first cell is its heading.
pub(super) fn row_of(
    body: &mut String,
    (key, columns): (&'static str, &[&str]),
    (row, cited): (&Row, bool),
    places: &mut Places,
) {
    match places.begins_at(key, row) {
        Some(seq) => {
            let _ = write!(body, "<tr id=\"a{seq}\">");
        }
        None => body.push_str("<tr>"),
    }
    let last = row.cells.len().saturating_sub(1);
    for (at, cell) in row.cells.iter().enumerate() {
        let label = escaped(columns.get(at).copied().unwrap_or_default());
        let shown = match row.bar.filter(|_| at == last) {
            Some(bar) => chart::bar(bar, row.cells.get(1).map_or("", String::as_str)),
            None if row.backticks == Backticks::Code => prose(cell),
            None => lined(cell),
        };
        if at == 0 {
            let _ = write!(body, "<th scope=\"row\" data-label=\"{label}\">{shown}</th>");
            continue;
        }
        let class = match (key, at) {
            ("steps", 3) => "code",
            ("objectives" | "verification", 1) | ("steps", 4) => worth(cell),
            _ => "plain",
        };
        let _ = write!(body, "<td class=\"{class}\" data-label=\"{label}\">{shown}</td>");
    }
    if cited {
        let _ = write!(body, "<td class=\"cites\" data-label=\"lines\">{}</td>", cites(row, places));
    }
    body.push_str("</tr>\n");
}

/// Knows where on the page the lines are to which cites lead.
pub(super) struct Places {
    /// In which section an addition is at home that has not been written yet.
    homes: BTreeMap<u64, &'static str>,
    /// The additions that are somewhere on the page.
    additions: BTreeSet<u64>,
    /// The lines of the facilitator's log that are on the page.
    facilitator: BTreeSet<u64>,
}

impl Places {
    pub(super) fn of(report: &Report, facilitator: &[Fact]) -> Self {
        let mut homes = BTreeMap::new();
        for section in &report.sections {
            let cites = section.rows.iter().flat_map(|row| &row.cites).filter(|cite| cite.file == File::Addenda);
            for cite in cites {
                // The list of what was added is where each stands by itself.
                if section.key == "issues" {
                    homes.insert(cite.seq, section.key);
                } else {
                    homes.entry(cite.seq).or_insert(section.key);
                }
            }
        }
        let additions = homes.keys().copied().collect();
        Self { homes, additions, facilitator: facilitator.iter().map(|fact| fact.seq).collect() }
    }

    /// Takes the addition that is at home in this row, once.
    fn begins_at(&mut self, key: &'static str, row: &Row) -> Option<u64> {
        let at_home = |seq: &u64| self.homes.get(seq) == Some(&key);
        let additions = row.cites.iter().filter(|cite| cite.file == File::Addenda).map(|cite| cite.seq);
        let seq = additions.into_iter().find(at_home)?;
        self.homes.remove(&seq).map(|_| seq)
    }
}

/// Names the lines that a row comes from; each leads there.
pub(super) fn cites(row: &Row, places: &Places) -> String {
    let link = |cite: &crate::report::after::Cite| {
        let (at, file, there) = match cite.file {
            File::Log => ("f", "", true),
            File::Addenda => ("a", "addenda ", places.additions.contains(&cite.seq)),
            File::Facilitator => ("g", "facilitator ", places.facilitator.contains(&cite.seq)),
        };
        let (seq, kind) = (cite.seq, escaped(&cite.kind));
        if there {
            format!("<a class=\"cite\" href=\"#{at}{seq}\">{file}{seq} {kind}</a>")
        } else {
            format!("<span class=\"cite\">{file}{seq}</span>")
        }
    };
    row.cites.iter().map(link).collect::<Vec<_>>().join(" ")
}

/// Writes a line of the log, at the place where its cites lead.
pub(super) fn fact(
    body: &mut String,
    columns: &[&str; 4],
    (place, of): (char, &Fact),
    (kind, words): (&str, &str),
    printed: &[Printed],
    clock: Option<&Clock<'_>>,
) {
    let [seq, time, name, says] = columns;
    let output = match &of.event {
        Event::AttemptFinished { attempt, .. } => printed.iter().position(|printed| printed.attempt == *attempt),
        _ => None,
    };
    let output = output.map(|at| format!(" <a href=\"#o{at}\">output</a>")).unwrap_or_default();
    let at = timed(clock.map(|clock| clock.at(of.at.mono)));
    let _ = writeln!(
        body,
        "<tr id=\"{place}{0}\"{at}><th scope=\"row\" data-label=\"{seq}\">{0}</th><td class=\"plain\" data-label=\"{time}\"><time>{1}</time></td>\
         <td class=\"plain\" data-label=\"{name}\">{2}</td><td class=\"plain\" data-label=\"{says}\">{3}{output}</td></tr>",
        of.seq,
        of.at.utc.format("%Y-%m-%d %H:%M:%S%.3f"),
        escaped(kind),
        escaped(words).replace('\n', "<br/>")
    );
}

/// Says when something came, on a page that leads through time.
pub(super) fn timed(at: Option<u64>) -> String {
    at.map(|at| format!(" data-at=\"{at}\"")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_backticks_is_code_and_nothing_of_it_is_markup() {
        for (text, html) in [
            ("`a <b>` & `c`", "<code>a &lt;b&gt;</code> &amp; <code>c</code>"),
            ("``a ` b`` c", "<code>a ` b</code> c"),
            ("</code>`</code><script>`", "&lt;/code&gt;<code>&lt;/code&gt;&lt;script&gt;</code>"),
            ("one ` alone", "one ` alone"),
            ("a ``b` c", "a ``b` c"),
            ("`", "`"),
            ("é`é`é", "é<code>é</code>é"),
        ] {
            assert_eq!(prose(text), html, "{text}");
        }
    }
}
