//! The report as one HTML page that needs nothing else: no network, no font. All facts and the outputs are in it, so that every
//! figure leads to the lines that it comes from. A page on which the run can be watched again has one script, its own; one that
//! is read has none. Pure: the same record makes the same bytes.

mod chart;
mod moments;
mod outputs;
mod parts;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::after::{File, Record, Report, Section, kind};
use super::narrate;
use crate::engine::Fact;
use crate::kernel::SafeText;

use moments::Clock;
pub use moments::{Arrivals, Page};
pub use outputs::{Excerpt, Printed};
use parts::{Places, cites, escaped, fact, row_of};

/// Of a longer log the page has only the lines that are cited.
const MOST_LINES: usize = 10_000;

/// The heading over a facilitator's own log.
const FACILITATOR: &str = "The facilitator's log, line by line";

/// What a page may do is nothing, but look as it does. What else is allowed is written before it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Writes a report as a page, with the record that it was made from and what was printed.
pub fn html(report: &Report, record: &Record<'_>, printed: &[Printed], page: Page<'_>) -> String {
    let clock = Clock::of(page, record);
    let facilitator = page.facilitator();
    let mut body = String::new();
    let mut places = Places::of(report, facilitator);
    header(&mut body, report, &places);
    if let Some(clock) = &clock {
        moments::section(&mut body, record, clock);
    }
    let named = |section: &Section| (section.key, section.title);
    let own = [("outputs", "Outputs"), ("lines", "The log, line by line")];
    let theirs = (!facilitator.is_empty()).then_some(("facilitator", FACILITATOR));
    body.push_str("<nav aria-label=\"Sections\"><ol>");
    for (key, title) in report.sections.iter().map(named).chain(own).chain(theirs) {
        // Writing to a String cannot fail.
        let _ = write!(body, "<li><a href=\"#{key}\">{}</a></li>", escaped(title));
    }
    body.push_str("</ol></nav>\n<main>\n");
    for (at, section) in report.sections.iter().enumerate() {
        let _ = writeln!(
            body,
            "<section id=\"{0}\" aria-labelledby=\"h-{0}\"><h2 id=\"h-{0}\">{1} {2}</h2>",
            section.key,
            at + 1,
            escaped(section.title)
        );
        if section.key == "burn-down"
            && let Some(burn) = &report.burn_down
        {
            body.push_str(&chart::burn_down(burn));
        }
        table(&mut body, section, &mut places);
        body.push_str("</section>\n");
    }
    let next = report.sections.len() + 1;
    outputs::section(&mut body, next, record, printed, clock.as_ref());
    lines(&mut body, next + 1, (report, record, printed), clock.as_ref());
    if !facilitator.is_empty() {
        theirs_lines(&mut body, next + 2, facilitator);
    }
    body.push_str("</main>\n");
    let mut policy = POLICY.to_owned();
    if clock.is_some() {
        // Writing to a String cannot fail.
        let _ = write!(policy, "; script-src {}", moments::digest());
        let _ = writeln!(body, "<script>{}</script>", moments::SCRIPT);
    }
    let title = format!("{} ({})", report.title, report.run);
    whole(&title, &policy, &body)
}

/// Puts what was written into a whole page. The title is escaped here, the body is HTML.
fn whole(title: &str, policy: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"color-scheme\" content=\"light dark\"/>\n<meta name=\"referrer\" content=\"no-referrer\"/>\n\
         \n<title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n{body}</body>\n</html>\n",
        escaped(title),
        include_str!("page.css")
    )
}

/// Says before everything else how it went.
fn header(body: &mut String, report: &Report, places: &Places) {
    let _ = writeln!(
        body,
        "<header>\n<p class=\"kicker\">{}</p>\n<h1>{}</h1>\n<p class=\"run\">Run {}</p>\n<dl class=\"verdicts\">",
        escaped(report.heading),
        escaped(&report.title),
        escaped(&report.run)
    );
    let section = |key: &str| report.sections.iter().find(|section| section.key == key);
    let rows = |key: &str| section(key).map(|section| section.rows.as_slice()).unwrap_or_default();
    let cell = |cells: &[String], at: usize| cells.get(at).cloned().unwrap_or_default();
    for row in
        rows("objectives").iter().filter(|row| row.cells.first().is_some_and(|name| name == "RTO" || name == "RPO"))
    {
        let (name, verdict, figure) = (cell(&row.cells, 0), cell(&row.cells, 1), cell(&row.cells, 2));
        card(body, &name, &verdict, &format!("{} {}", escaped(&figure), cites(row, places)));
    }
    // The page of an exercise says it in its first section.
    for row in rows("exercise") {
        let (name, verdict) = (cell(&row.cells, 0), cell(&row.cells, 1));
        if ["RTO", "RPO", "the run's log", "the facilitator's log"].contains(&name.as_str()) {
            card(body, &name, &verdict, "<a href=\"#exercise\">the exercise</a>");
        }
    }
    if let Some(row) = rows("integrity").first() {
        card(body, "Log", &cell(&row.cells, 1), "<a href=\"#integrity\">integrity</a>");
    }
    body.push_str("</dl>\n");
    for row in &report.first {
        let _ = writeln!(
            body,
            "<p class=\"first\"><strong>{}</strong> {}</p>",
            row.cells.iter().map(|cell| escaped(cell)).collect::<Vec<_>>().join(" "),
            cites(row, places)
        );
    }
    body.push_str(
        "<p class=\"note\">Numbers such as <a class=\"cite\">126 moment-fixed</a> are lines of the log, by <code>seq</code> and \
         kind, and lead to them. Lines of <em>addenda</em> were added after the seal. What this page shows is a copy: \
         <code>lifeboat log verify</code> judges the log itself.</p>\n</header>\n",
    );
}

fn card(body: &mut String, name: &str, verdict: &str, below: &str) {
    let _ = writeln!(
        body,
        "<div class=\"card {}\"><dt>{}</dt><dd><strong>{}</strong><span>{below}</span></dd></div>",
        parts::worth(verdict),
        escaped(name),
        escaped(verdict)
    );
}

/// Writes the rows of a section as a table.
fn table(body: &mut String, section: &Section, places: &mut Places) {
    if section.rows.is_empty() {
        body.push_str("<p class=\"nothing\">Nothing is recorded.</p>\n");
        return;
    }
    let cited = section.rows.iter().any(|row| !row.cites.is_empty());
    let mut columns = section.columns.clone();
    if cited {
        columns.push("lines");
    }
    parts::open_table(body, section.title, &columns);
    for row in &section.rows {
        row_of(body, (section.key, &columns), (row, cited), places);
    }
    body.push_str("</tbody></table>\n");
}

/// Lists the facts of the record, each with a place of its own.
fn lines(
    body: &mut String,
    number: usize,
    (report, record, printed): (&Report, &Record<'_>, &[Printed]),
    clock: Option<&Clock<'_>>,
) {
    let _ = writeln!(
        body,
        "<section id=\"lines\" aria-labelledby=\"h-lines\"><h2 id=\"h-lines\">{number} The log, line by line</h2>"
    );
    let all = record.facts.len() <= MOST_LINES;
    let of_sections = report.sections.iter().flat_map(|section| &section.rows);
    let rows = report.first.iter().chain(of_sections);
    let cited: BTreeSet<u64> = rows
        .flat_map(|row| &row.cites)
        .filter(|cite| cite.file == File::Log)
        .map(|cite| cite.seq)
        .chain(report.burn_down.iter().flat_map(|burn| burn.settled.iter().map(|settled| settled.seq)))
        .collect();
    if !all {
        let _ = writeln!(
            body,
            "<p class=\"note\">Of {} facts these are the ones that are cited above. <code>lifeboat log show {}</code> prints \
             all.</p>",
            record.facts.len(),
            escaped(&report.run)
        );
    }
    let columns = ["seq", "time (UTC)", "kind", "what it says"];
    parts::open_table(body, "The log, line by line", &columns);
    for of in record.facts.iter().filter(|of| all || cited.contains(&of.seq)) {
        let words = (kind(&of.event), SafeText::new(&narrate(&of.event)).into_string());
        fact(body, &columns, ('f', of), (&words.0, &words.1), printed, clock);
    }
    body.push_str("</tbody></table>\n</section>\n");
}

/// Lists the lines of a facilitator's log.
fn theirs_lines(body: &mut String, number: usize, facilitator: &[Fact]) {
    let _ = writeln!(
        body,
        "<section id=\"facilitator\" aria-labelledby=\"h-facilitator\"><h2 id=\"h-facilitator\">{number} {FACILITATOR}</h2>"
    );
    let columns = ["seq", "time (UTC)", "kind", "what it says"];
    parts::open_table(body, FACILITATOR, &columns);
    for of in facilitator {
        let words = (kind(&of.event), SafeText::new(&narrate(&of.event)).into_string());
        fact(body, &columns, ('g', of), (&words.0, &words.1), &[], None);
    }
    body.push_str("</tbody></table>\n</section>\n");
}

#[cfg(test)]
mod tests;
