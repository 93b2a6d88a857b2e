//! A theme at a glance: the lines that people see most, in the roles that they have there.

use ratatui::text::{Line, Span};

use super::style::Palette;
use crate::settings::theme::{Role, Theme};

/// Returns a few lines that show every role of a theme.
pub fn sample(theme: &Theme) -> Vec<Line<'static>> {
    let palette = Palette::new(theme);
    let ground = palette.style(Role::Text);
    let glyph = |unicode, ascii| palette.glyph(unicode, ascii);
    let (bar, left, done) = (glyph("│", "|"), glyph("▒", "="), glyph("✓", "+"));
    let (runs, failed, spent) = (glyph("▶", ">"), glyph("✗", "X"), glyph("█", "#"));
    let real = glyph("▌▌REAL INCIDENT▐▐", "## REAL INCIDENT ##");
    let drill = glyph("▌DRILL▐", "[DRILL]");
    let rows: [&[(Role, String)]; 6] = [
        &[
            (Role::Real, format!("{real} prod 012345678901 ")),
            (Role::Text, "  ".into()),
            (Role::Drill, format!("{drill} Region failure ")),
        ],
        &[
            (Role::Title, "RTO 11:42 of 30:00 ".into()),
            (Role::Ok, format!("{}{} in time", spent.repeat(6), left.repeat(4))),
            (Role::Warn, "  GETTING LATE".into()),
            (Role::Fail, "  OVER BY 1:30".into()),
            (Role::Dim, "  not measured yet".into()),
        ],
        &[
            (Role::Border, bar.into()),
            (Role::Ok, format!(" {done} 7 Check the replica ")),
            (Role::Focus, format!(" {runs} 9 Promote the replica ")),
            (Role::Fail, format!(" {failed} 5 FAILED ")),
            (Role::Border, bar.into()),
        ],
        &[
            (Role::Code, "aws rds promote-read-replica ".into()),
            (Role::Text, "makes it ".into()),
            (Role::Strong, "the primary".into()),
            (Role::Text, ", for ".into()),
            (Role::Emph, "good".into()),
            (Role::Text, "; see ".into()),
            (Role::Link, "failback".into()),
            (Role::Text, ", ".into()),
            (Role::Match, "found".into()),
        ],
        &[(Role::Key, "> ".into()), (Role::Input, "shop-db-west".into())],
        &[
            (Role::Ask, " NEXT: 9 Promote the replica. It waits for you to confirm. ".into()),
            (Role::Key, " esc".into()),
            (Role::Text, " no, run nothing".into()),
        ],
    ];
    let span = |(role, text): &(Role, String)| Span::styled(text.clone(), ground.patch(palette.style(*role)));
    rows.iter().map(|row| Line::from(row.iter().map(span).collect::<Vec<_>>())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::theme::{BUILT_IN, Glyphs, built_in};

    #[test]
    fn every_role_is_in_it_and_ascii_is_ascii() {
        for (name, _) in BUILT_IN {
            let theme = built_in(name).unwrap();
            let palette = Palette::new(&theme);
            let ground = palette.style(Role::Text);
            let spans: Vec<Span<'_>> = sample(&theme).into_iter().flat_map(|line| line.spans).collect();
            for role in Role::ALL {
                let wanted = ground.patch(palette.style(role));
                assert!(spans.iter().any(|span| span.style == wanted), "{name}: {}", role.word());
            }
            let ascii = sample(&theme.with_glyphs(Glyphs::Ascii));
            assert!(ascii.iter().all(|line| line.to_string().is_ascii()), "{name}");
        }
    }
}
