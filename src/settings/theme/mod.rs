//! Themes: colours and glyphs by role, as TOML of a few lines.
//!
//! A theme says what a thing *is* (`real`, `warn`, `dim`) and which colour that gets; views name roles only. Colour is
//! never the only carrier: words, glyphs and places say the same.

mod colour;
mod read;

use std::collections::BTreeMap;

pub use colour::{Colour, Depth};
pub use read::{BUILT_IN, Own, built_in, load};

/// Names what a piece of the screen means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Ordinary text.
    Text,
    /// What matters less.
    Dim,
    /// Headings and names.
    Title,
    /// The banner of a real run.
    Real,
    /// The banner of a drill.
    Drill,
    /// Done, met, sound.
    Ok,
    /// Getting late, needs a look.
    Warn,
    /// Failed, breached, lost, irreversible.
    Fail,
    /// What runs now, what is selected.
    Focus,
    /// The sentence that says what is asked of the operator.
    Ask,
    /// Keys in hints and help.
    Key,
    /// What was typed into a field.
    Input,
    /// Commands that run.
    Code,
    /// Frames of panes.
    Border,
    /// What a text stresses most.
    Strong,
    /// What a text stresses.
    Emph,
    /// Where a text points to.
    Link,
    /// What a search found.
    Match,
}

impl Role {
    /// Lists all roles.
    pub const ALL: [Self; 18] = [
        Self::Text,
        Self::Dim,
        Self::Title,
        Self::Real,
        Self::Drill,
        Self::Ok,
        Self::Warn,
        Self::Fail,
        Self::Focus,
        Self::Ask,
        Self::Key,
        Self::Input,
        Self::Code,
        Self::Border,
        Self::Strong,
        Self::Emph,
        Self::Link,
        Self::Match,
    ];

    /// Returns the word that themes use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Dim => "dim",
            Self::Title => "title",
            Self::Real => "real",
            Self::Drill => "drill",
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Focus => "focus",
            Self::Ask => "ask",
            Self::Key => "key",
            Self::Input => "input",
            Self::Code => "code",
            Self::Border => "border",
            Self::Strong => "strong",
            Self::Emph => "emph",
            Self::Link => "link",
            Self::Match => "match",
        }
    }

    /// Says what it is for, as `docs/themes.md` has it.
    pub fn purpose(self) -> &'static str {
        match self {
            Self::Text => "ordinary text; its colours are everybody's who has none",
            Self::Dim => "what matters less",
            Self::Title => "headings and names",
            Self::Real => "the banner of a real run",
            Self::Drill => "the banner of a drill",
            Self::Ok => "done, met, sound",
            Self::Warn => "getting late, needs a look",
            Self::Fail => "failed, breached, lost, irreversible",
            Self::Focus => "what runs now, what is selected",
            Self::Ask => "the sentence that says what is asked of you",
            Self::Key => "keys in hints and help",
            Self::Input => "what you type",
            Self::Code => "commands that run",
            Self::Border => "frames of panes",
            Self::Strong => "what a text stresses most",
            Self::Emph => "what a text stresses",
            Self::Link => "where a text points to",
            Self::Match => "what a search found",
        }
    }
}

/// Says how one role looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// The colour of the text; that of the role `text` if there is none.
    pub fg: Option<Colour>,
    /// The colour behind it; that of the role `text` if there is none.
    pub bg: Option<Colour>,
    /// Emphasis.
    pub emphasis: Vec<Emphasis>,
}

/// Names an emphasis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emphasis {
    /// Bold.
    Bold,
    /// Dim.
    Dim,
    /// Italic.
    Italic,
    /// Underlined.
    Underline,
    /// Foreground and background exchanged.
    Reverse,
}

impl Emphasis {
    /// Lists all of them, with the word that themes use.
    pub(super) const ALL: [(&str, Self); 5] = [
        ("bold", Self::Bold),
        ("dim", Self::Dim),
        ("italic", Self::Italic),
        ("underline", Self::Underline),
        ("reverse", Self::Reverse),
    ];
}

/// Names a set of glyphs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Glyphs {
    /// `✓ ▶ ✗`, line drawing, blocks.
    #[default]
    Unicode,
    /// `OK > XX`, `+--+`, `#`.
    Ascii,
}

/// Says which colours the terminal itself has where a theme names none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ground {
    /// Behind the text.
    pub ground: Colour,
    /// The text.
    pub ink: Colour,
}

/// Holds a theme, with every role filled in as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Its name.
    pub name: String,
    /// Its glyphs.
    pub glyphs: Glyphs,
    /// How many colours the terminal shows.
    pub depth: Depth,
    /// What it takes the terminal's own colours for; contrast is counted against that.
    pub made_for: Ground,
    /// What is wrong with it, each with its place as people read it. The rest of it is used.
    pub problems: Vec<String>,
    looks: BTreeMap<Role, Look>,
}

impl Theme {
    /// Returns how `role` looks.
    pub fn look(&self, role: Role) -> Look {
        self.looks.get(&role).cloned().unwrap_or_default()
    }

    /// Returns the colours that `role` ends up with: text, and what is behind it.
    pub fn colours(&self, role: Role) -> (Colour, Colour) {
        let (look, text) = (self.look(role), self.look(Role::Text));
        let fg = look.fg.or(text.fg).unwrap_or(self.made_for.ink);
        let bg = look.bg.or(text.bg).unwrap_or(self.made_for.ground);
        if look.emphasis.contains(&Emphasis::Reverse) { (bg, fg) } else { (fg, bg) }
    }

    /// Returns this theme with other glyphs.
    #[must_use]
    pub fn with_glyphs(mut self, glyphs: Glyphs) -> Self {
        self.glyphs = glyphs;
        self
    }

    /// Returns this theme as a terminal of so many colours shows it. Where a text would no longer stand out from what is
    /// behind it, it becomes black or white.
    #[must_use]
    pub fn reduced(mut self, depth: Depth) -> Self {
        let whole = self.clone();
        self.depth = depth;
        for (role, look) in &mut self.looks {
            let (fg, bg) = (look.fg, look.bg);
            look.fg = fg.and_then(|colour| colour.reduced(depth));
            look.bg = bg.and_then(|colour| colour.reduced(depth));
            let behind = look.bg.or_else(|| whole.look(Role::Text).bg.and_then(|colour| colour.reduced(depth)));
            if let (Some(fg), Some(behind)) = (look.fg, behind)
                && depth < Depth::Indexed
                && fg.contrast(behind) < READABLE
            {
                let (black, white) = (Colour::Ansi(0), Colour::Ansi(15));
                look.fg = Some(if black.contrast(behind) > white.contrast(behind) { black } else { white });
            }
            // A banner that was told by its colour alone would be lost.
            if depth == Depth::None && bg.is_some() && *role != Role::Text {
                look.emphasis.push(Emphasis::Reverse);
            }
        }
        self
    }
}

/// The contrast that a text has with what is behind it, at least.
pub const READABLE: f64 = 4.5;

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> impl Iterator<Item = Theme> {
        BUILT_IN.iter().map(|(name, _)| built_in(name).unwrap())
    }

    #[test]
    fn built_in_themes_are_sound_and_fill_every_role() {
        for theme in all() {
            assert_eq!(theme.problems, Vec::<String>::new());
            for role in Role::ALL {
                assert!(theme.looks.contains_key(&role), "{} lacks {}", theme.name, role.word());
            }
        }
    }

    #[test]
    fn every_text_of_a_built_in_theme_reads_well() {
        let mut dull = Vec::new();
        for theme in all() {
            // On 256 colours as on all of them; the sixteen are whatever their owner chose.
            for shown in [theme.clone(), theme.clone().reduced(Depth::Indexed)] {
                for role in Role::ALL {
                    let (fg, bg) = shown.colours(role);
                    let wanted = match role {
                        Role::Border => 3.0,
                        _ if theme.name == "high-contrast" => 7.0,
                        _ => READABLE,
                    };
                    let contrast = fg.contrast(bg);
                    if contrast < wanted {
                        dull.push(format!("{} {}: {contrast:.2} of {wanted}", theme.name, role.word()));
                    }
                }
            }
        }
        assert!(dull.is_empty(), "{}", dull.join("\n"));
    }

    #[test]
    fn sixteen_colours_never_put_a_text_on_its_like() {
        for theme in all() {
            let shown = theme.reduced(Depth::Sixteen);
            for role in Role::ALL {
                let look = shown.look(role);
                if let (Some(fg), Some(bg)) = (look.fg, look.bg.or(shown.look(Role::Text).bg)) {
                    assert!(fg.contrast(bg) >= READABLE, "{} {}: {fg:?} on {bg:?}", shown.name, role.word());
                }
            }
        }
    }

    #[test]
    fn without_colour_nothing_has_one_and_the_banners_stay() {
        for theme in all() {
            let shown = theme.reduced(Depth::None);
            assert!(Role::ALL.iter().all(|role| shown.look(*role).fg.is_none() && shown.look(*role).bg.is_none()));
            assert!(shown.look(Role::Real).emphasis.contains(&Emphasis::Reverse), "{}", shown.name);
        }
        let mono = built_in("mono").unwrap();
        assert!(Role::ALL.iter().all(|role| mono.look(*role).fg.is_none() && mono.look(*role).bg.is_none()));
    }

    #[test]
    fn the_page_of_themes_has_every_theme_and_every_role() {
        let page = include_str!("../../../docs/themes.md");
        for (name, _) in BUILT_IN {
            assert!(page.contains(&format!("| `{name}` |")), "{name}");
        }
        for role in Role::ALL {
            assert!(page.contains(&format!("| `{}` | {} |", role.word(), role.purpose())), "{}", role.word());
        }
        for (word, _) in Emphasis::ALL {
            assert!(page.contains(&format!("`{word}`")), "{word}");
        }
    }
}
