//! Charts of a page, as SVG within it; colours come from the style sheet, words say what the picture shows.

use std::fmt::Write as _;

use super::parts::escaped;
use crate::report::after::{Bar, BurnDown};
use crate::report::narrate::exact;

/// The drawing's own units: the browser makes it as wide as the page.
const WIDE: f64 = 720.0;
const HIGH: f64 = 260.0;
/// Around the field: left, right, top, bottom.
const EDGES: (f64, f64, f64, f64) = (44.0, 16.0, 24.0, 36.0);
/// How wide a bar's own field is.
const BAR: f64 = 200.0;

/// Draws a length against its budget.
pub(super) fn bar(bar: Bar, length: &str) -> String {
    let wide = |of: u64| BAR * (of as f64 / bar.whole.max(1) as f64).min(1.0);
    let full = wide(bar.part);
    let within = bar.budget.map_or(full, |budget| wide(budget).min(full));
    let said = match bar.budget {
        None => length.to_owned(),
        Some(budget) if bar.part > budget => format!("{length}, over its budget of {}", exact(budget)),
        Some(budget) => format!("{length}, within its budget of {}", exact(budget)),
    };
    let mut svg = format!(
        "<svg class=\"bar\" viewBox=\"0 0 {BAR} 14\" role=\"img\" preserveAspectRatio=\"none\"><title>{}</title>",
        escaped(&said)
    );
    if let Some(budget) = bar.budget {
        // Writing to a String cannot fail.
        let _ = write!(svg, "<rect class=\"room\" x=\"0\" y=\"0\" width=\"{:.1}\" height=\"14\"/>", wide(budget));
    }
    let _ = write!(svg, "<rect class=\"used\" x=\"0\" y=\"3\" width=\"{within:.1}\" height=\"8\"/>");
    if full > within {
        let _ =
            write!(svg, "<rect class=\"over\" x=\"{within:.1}\" y=\"3\" width=\"{:.1}\" height=\"8\"/>", full - within);
    }
    svg.push_str("</svg>");
    svg
}

/// Draws how many steps were left at which time since onset; each corner leads to the line that it comes from.
pub(super) fn burn_down(burn: &BurnDown) -> String {
    let (left, right, top, bottom) = EDGES;
    // An RTO far behind the end would leave the picture empty: it is said below, then.
    let far = burn.limit_ms > burn.end_ms.saturating_mul(2);
    let last = if far { burn.end_ms } else { burn.end_ms.max(burn.limit_ms) };
    let span = (last.max(1) as f64) * 1.04;
    let x = |ms: u64| left + (WIDE - left - right) * (ms as f64 / span).min(1.0);
    let y = |steps: usize| top + (HIGH - top - bottom) * (1.0 - steps as f64 / burn.steps.max(1) as f64);
    let restored = match burn.restored_ms {
        Some(at) => format!("service was restored after {}", exact(at)),
        None => "service was not restored".to_owned(),
    };
    let outside = if far { ", far to the right of this picture" } else { "" };
    let said = format!(
        "{} of {} steps settled within {} since onset; {restored}; the RTO is {}{outside}.",
        burn.settled.len(),
        burn.steps,
        exact(burn.end_ms),
        exact(burn.limit_ms)
    );
    let mut svg = format!(
        "<figure><svg class=\"chart\" viewBox=\"0 0 {WIDE} {HIGH}\" role=\"img\" aria-labelledby=\"burn-title\">\
         <title id=\"burn-title\">Steps left since onset. {0}</title>\n",
        escaped(&said)
    );
    let (floor, ceiling) = (HIGH - bottom, top);
    for steps in [0, burn.steps / 2, burn.steps] {
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{left}\" x2=\"{:.1}\" y1=\"{1:.1}\" y2=\"{1:.1}\"/>\
             <text class=\"axis end\" x=\"{2:.1}\" y=\"{3:.1}\">{steps}</text>",
            WIDE - right,
            y(steps),
            left - 8.0,
            y(steps) + 4.0
        );
    }
    for quarter in 0..=4_u64 {
        let ms = last.saturating_mul(quarter) / 4;
        let _ = writeln!(
            svg,
            "<text class=\"axis mid\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            x(ms),
            HIGH - 12.0,
            escaped(&exact(ms))
        );
    }
    let mut path = format!("M{:.1} {:.1}", x(0), y(burn.steps));
    for settled in &burn.settled {
        let _ = write!(path, "H{:.1}V{:.1}", x(settled.at_ms), y(settled.left));
    }
    let _ = write!(path, "H{:.1}", x(burn.end_ms));
    let _ = writeln!(
        svg,
        "<path class=\"area\" d=\"{path}V{floor:.1}H{:.1}Z\"/>\n<path class=\"line\" d=\"{path}\"/>",
        x(0)
    );
    for settled in &burn.settled {
        let _ = writeln!(
            svg,
            "<a href=\"#f{}\"><circle class=\"dot\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\"><title>{}: settled at {}, {} left</title></circle></a>",
            settled.seq,
            x(settled.at_ms),
            y(settled.left),
            escaped(&settled.what),
            exact(settled.at_ms),
            settled.left
        );
    }
    let mut upright = |class: &str, at: u64, word: &str| {
        // Where it stands near the right edge its word goes to its left.
        let (place, anchor) = if x(at) > WIDE * 0.8 { (x(at) - 6.0, "end") } else { (x(at) + 6.0, "begin") };
        let _ = writeln!(
            svg,
            "<line class=\"{class}\" x1=\"{0:.1}\" x2=\"{0:.1}\" y1=\"{ceiling:.1}\" y2=\"{floor:.1}\"/>\
             <text class=\"{class} {anchor}\" x=\"{place:.1}\" y=\"{1:.1}\">{word}</text>",
            x(at),
            ceiling - 8.0
        );
    };
    if let Some(at) = burn.restored_ms {
        upright("restored", at, "restored");
    }
    if !far {
        upright("limit", burn.limit_ms, "RTO");
    }
    let _ = writeln!(
        svg,
        "</svg><figcaption>Steps left, against the time since onset: {}</figcaption></figure>",
        escaped(&said)
    );
    svg
}
