//! Lines with their colours outside of the screen, for whoever prints to a terminal.

use std::fmt::Write as _;

use crossterm::style::{
    Attribute, Color, ResetColor, SetAttribute, SetBackgroundColor, SetForegroundColor, force_color_output,
};
use ratatui::backend::IntoCrossterm;
use ratatui::style::Modifier;
use ratatui::text::Line;

/// Writes a line with the sequences that give it its colours, and the one that takes them back.
pub fn painted(line: &Line<'_>) -> String {
    const MODIFIERS: [(Modifier, Attribute); 5] = [
        (Modifier::BOLD, Attribute::Bold),
        (Modifier::DIM, Attribute::Dim),
        (Modifier::ITALIC, Attribute::Italic),
        (Modifier::UNDERLINED, Attribute::Underlined),
        (Modifier::REVERSED, Attribute::Reverse),
    ];
    // NO_COLOR is heeded where the theme is chosen.
    force_color_output(true);
    let mut text = String::new();
    // Writing to a String cannot fail.
    for span in &line.spans {
        let style = line.style.patch(span.style);
        let colour = |colour: Option<ratatui::style::Color>| {
            colour.map(IntoCrossterm::into_crossterm).filter(|colour| *colour != Color::Reset)
        };
        if let Some(fg) = colour(style.fg) {
            let _ = write!(text, "{}", SetForegroundColor(fg));
        }
        if let Some(bg) = colour(style.bg) {
            let _ = write!(text, "{}", SetBackgroundColor(bg));
        }
        for (modifier, attribute) in MODIFIERS {
            if style.add_modifier.contains(modifier) {
                let _ = write!(text, "{}", SetAttribute(attribute));
            }
        }
        let _ = write!(text, "{}{}{}", span.content, SetAttribute(Attribute::Reset), ResetColor);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Style;
    use ratatui::text::Span;

    #[test]
    fn every_span_takes_its_colours_back() {
        let bold = Style::new().fg(ratatui::style::Color::Indexed(39)).add_modifier(Modifier::BOLD);
        let line = Line::from(vec![Span::styled("a", bold), Span::raw("b")]);
        assert_eq!(painted(&line), "\u{1b}[38;5;39m\u{1b}[1ma\u{1b}[0m\u{1b}[0mb\u{1b}[0m\u{1b}[0m");
    }
}
