//! A comparison as lines of text.

use std::fmt::Write as _;

use super::{Aligned, Comparison, Did, gap_words};
use crate::kernel::SafeText;
use crate::report::narrate::exact;

/// How wide the longest bar is.
const BAR: usize = 20;

/// Writes a comparison for people who read lines.
pub fn side_by_side(of: &Comparison) -> String {
    let mut text = String::new();
    for head in &of.heads {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{:<10} A  {:<44} B  {}", head.what, cut(&head.of.a, 44), head.of.b);
    }
    text.push('\n');
    let mut line = |cells: [&str; 5]| {
        let [step, one, other, gap, bar] = cells;
        let row = format!("{:<40} {:>13} {:>13} {:>10}  {bar}", cut(step, 40), cut(one, 13), cut(other, 13), gap);
        let _ = writeln!(text, "{}", row.trim_end());
    };
    line(["step", "A", "B", "B - A", "where the time went"]);
    let longest = of.steps.iter().flat_map(Aligned::took).max().unwrap_or(0);
    for step in &of.steps {
        let alone = match (&step.did.a, &step.did.b) {
            (None, _) => " (B alone)",
            (_, None) => " (A alone)",
            _ => "",
        };
        let gap = step.gained().map(gap_words).unwrap_or_default();
        let (both, who, more) = bar_parts(step.took(), longest, BAR);
        line([
            &format!("{}{alone}", cut(&step.title, 40 - alone.len())),
            &step_shown(step.did.a.as_ref()),
            &step_shown(step.did.b.as_ref()),
            &gap,
            &format!("{}{}", "▒".repeat(both), who.repeat(more)),
        ]);
    }
    text.push_str("\nIn a bar ▒ is what both took; A or B took as much longer as the bar says so.\n");
    text.push_str("\nwhat was done differently\n");
    let of_steps =
        of.steps.iter().flat_map(|step| step.differences.iter().map(move |said| format!("{}: {said}", step.title)));
    let all: Vec<String> = of.differences.iter().cloned().chain(of_steps).collect();
    for difference in &all {
        let _ = writeln!(text, "  {difference}");
    }
    if all.is_empty() {
        text.push_str("  nothing that is recorded\n");
    }
    text.push('\n');
    for said in &of.verdict {
        let _ = writeln!(text, "{said}");
    }
    SafeText::new(&text).into_string()
}

/// Splits a bar of at most `columns`: what both took, and who took how much longer. What took any time is seen.
pub fn bar_parts([a, b]: [u64; 2], longest: u64, columns: usize) -> (usize, &'static str, usize) {
    let wide = |ms: u64| {
        let exact = u128::from(ms) * columns as u128;
        usize::try_from(exact.div_ceil(u128::from(longest.max(1)))).unwrap_or(columns).min(columns)
    };
    let (wide_a, wide_b) = (wide(a), wide(b));
    (wide_a.min(wide_b), if a > b { "A" } else { "B" }, wide_a.abs_diff(wide_b))
}

/// Says in a word how long a step took, or what became of it.
pub fn step_shown(did: Option<&Did>) -> String {
    match did {
        None => "–".to_owned(),
        Some(Did { state: "done", took_ms: Some(took), .. }) => exact(*took),
        Some(did) => did.state.to_owned(),
    }
}

pub(super) fn cut(text: &str, columns: usize) -> String {
    let text = SafeText::line(text).into_string();
    match text.char_indices().nth(columns) {
        None => text,
        Some(_) => text.chars().take(columns.saturating_sub(1)).chain(['…']).collect(),
    }
}
