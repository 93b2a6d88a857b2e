//! Roles to terminal styles and states to glyphs: the only place that names either.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};

use crate::engine::StepState;
use crate::settings::theme::{Colour, Depth, Emphasis, Glyphs, Role, Theme};

/// Holds a theme in the terms of the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Palette {
    styles: [Style; Role::ALL.len()],
    /// The set of glyphs.
    pub glyphs: Glyphs,
    depth: Depth,
}

impl Palette {
    /// Translates a theme.
    pub fn new(theme: &Theme) -> Self {
        Self { styles: Role::ALL.map(|role| translate(theme, role)), glyphs: theme.glyphs, depth: theme.depth }
    }

    /// Returns the style of `role`.
    pub fn style(&self, role: Role) -> Style {
        Role::ALL
            .iter()
            .position(|known| *known == role)
            .and_then(|at| self.styles.get(at))
            .copied()
            .unwrap_or_default()
    }

    /// Returns the role that looks like `style`, the first if several do.
    pub fn role(&self, style: Style) -> Option<Role> {
        Role::ALL.into_iter().find(|role| self.style(*role) == style)
    }

    /// Gives every cell the theme's own ground where nothing else was asked for.
    pub(super) fn paint_ground(&self, buf: &mut Buffer) {
        let text = self.style(Role::Text);
        let (fg, bg) = (text.fg.unwrap_or_default(), text.bg.unwrap_or_default());
        if (fg, bg) == (Color::Reset, Color::Reset) {
            return;
        }
        for cell in &mut buf.content {
            if cell.fg == Color::Reset {
                cell.fg = fg;
            }
            if cell.bg == Color::Reset {
                cell.bg = bg;
            }
        }
    }

    /// Takes over the colours of other people's output, as far as this terminal and this theme have any.
    pub(super) fn foreign(&self, style: Style) -> Style {
        let reduced = |colour: Option<Color>| {
            let colour = match colour? {
                Color::Indexed(number @ 0..16) => Colour::Ansi(number),
                Color::Indexed(number) => Colour::Indexed(number),
                Color::Rgb(r, g, b) => Colour::Rgb(r, g, b),
                _ => return None,
            };
            colour.reduced(self.depth).map(translate_colour)
        };
        Style { fg: reduced(style.fg), bg: reduced(style.bg), ..style }
    }

    /// Picks one of two spellings of a glyph.
    pub fn glyph(&self, unicode: &'static str, ascii: &'static str) -> &'static str {
        match self.glyphs {
            Glyphs::Unicode => unicode,
            Glyphs::Ascii => ascii,
        }
    }

    /// Returns the ASCII stand-in of what the screen itself draws, where only ASCII is wanted. Text of others stays.
    pub(super) fn stand_in(&self, symbol: &str) -> Option<&'static str> {
        match (self.glyphs, symbol) {
            (Glyphs::Ascii, "…") => Some("~"),
            (Glyphs::Ascii, "·") => Some("-"),
            (Glyphs::Ascii, "→" | "≥") => Some(">"),
            (Glyphs::Ascii, "×") => Some("x"),
            (Glyphs::Ascii | Glyphs::Unicode, _) => None,
        }
    }

    /// Returns glyph, word and role of a step's state.
    pub fn state(&self, state: &StepState) -> (&'static str, &'static str, Role) {
        match state {
            StepState::Waiting => (self.glyph("·", "."), "", Role::Dim),
            StepState::Offered | StepState::Paused { .. } => (self.glyph("▶", ">"), "your turn", Role::Focus),
            StepState::Confirming { .. } => (self.glyph("▶", "?"), "confirm", Role::Warn),
            StepState::Running { .. } | StepState::Spread { .. } => (self.glyph("▶", ">"), "runs", Role::Focus),
            StepState::Ready { .. } => (self.glyph("▷", ">"), "next", Role::Dim),

            StepState::ByHand => (self.glyph("☐", "["), "by hand", Role::Warn),
            StepState::Failed { .. } => (self.glyph("✗", "X"), "FAILED", Role::Fail),
            StepState::Done { how, .. } => {
                (self.glyph("✓", "+"), if how == "marked" { "marked" } else { "" }, Role::Ok)
            }
            StepState::Owed { .. } => (self.glyph("↷", "-"), "owed", Role::Warn),
            StepState::NotApplicable { .. } => (self.glyph("–", "-"), "not this case", Role::Dim),
            StepState::Skipped { .. } => (self.glyph("↷", "-"), "skipped", Role::Dim),
        }
    }
}

fn translate(theme: &Theme, role: Role) -> Style {
    let look = theme.look(role);
    let mut style = Style::new();
    if let Some(colour) = look.fg {
        style = style.fg(translate_colour(colour));
    }
    if let Some(colour) = look.bg {
        style = style.bg(translate_colour(colour));
    }
    for emphasis in look.emphasis {
        style = style.add_modifier(match emphasis {
            Emphasis::Bold => Modifier::BOLD,
            Emphasis::Dim => Modifier::DIM,
            Emphasis::Italic => Modifier::ITALIC,
            Emphasis::Underline => Modifier::UNDERLINED,
            Emphasis::Reverse => Modifier::REVERSED,
        });
    }
    style
}

fn translate_colour(colour: Colour) -> Color {
    match colour {
        Colour::Ansi(number) | Colour::Indexed(number) => Color::Indexed(number),
        Colour::Rgb(r, g, b) => Color::Rgb(r, g, b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::theme::built_in;

    #[test]
    fn real_and_drill_differ_in_every_theme() {
        for (name, _) in crate::settings::theme::BUILT_IN {
            let palette = Palette::new(&built_in(name).unwrap());
            assert_ne!(palette.style(Role::Real), palette.style(Role::Drill), "{name}");
        }
    }

    #[test]
    fn ascii_glyphs_are_ascii() {
        let palette = Palette::new(&built_in("mono").unwrap().with_glyphs(Glyphs::Ascii));
        for state in [StepState::Waiting, StepState::Offered, StepState::ByHand, StepState::Paused { cursor: 0 }] {
            assert!(palette.state(&state).0.is_ascii());
        }
    }
}
