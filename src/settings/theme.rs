//! Themes: colours and glyphs by role, as TOML of a few lines.
//!
//! A theme says what a thing *is* (`real`, `warn`, `dim`) and which colour that gets; views name roles only. Colour is
//! never the only carrier: words, glyphs and places say the same.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Names what a piece of the screen means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
}

impl Role {
    /// Lists all roles.
    pub const ALL: [Self; 14] = [
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
        }
    }
}

/// Is a colour as a theme names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// One of the sixteen that the terminal's owner chose, from 0.
    Ansi(u8),
    /// One of the 256, from 0.
    Indexed(u8),
    /// `#rrggbb`.
    Rgb(u8, u8, u8),
}

/// Says how one role looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// The colour of the text; the terminal's own if there is none.
    pub fg: Option<Colour>,
    /// The colour behind it; the terminal's own if there is none.
    pub bg: Option<Colour>,
    /// Emphasis.
    pub emphasis: Vec<Emphasis>,
}

/// Names an emphasis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Emphasis {
    /// Bold.
    Bold,
    /// Dim.
    Dim,
    /// Underlined.
    Underline,
    /// Foreground and background exchanged.
    Reverse,
}

/// Names a set of glyphs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Glyphs {
    /// `✓ ▶ ✗`, line drawing, blocks.
    #[default]
    Unicode,
    /// `OK > XX`, `+--+`, `#`.
    Ascii,
}

/// Holds a theme, with every role filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Its name.
    pub name: String,
    /// Its glyphs.
    pub glyphs: Glyphs,
    looks: BTreeMap<Role, Look>,
}

impl Theme {
    /// Returns how `role` looks.
    pub fn look(&self, role: Role) -> Look {
        self.looks.get(&role).cloned().unwrap_or_default()
    }

    /// Returns this theme with other glyphs.
    #[must_use]
    pub fn with_glyphs(mut self, glyphs: Glyphs) -> Self {
        self.glyphs = glyphs;
        self
    }
}

/// Says why a theme cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThemeError {
    /// There is no theme of this name.
    #[error("no theme is called `{name}`; there are {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// It does not parse.
    #[error("theme `{name}` cannot be read: {why}")]
    Unreadable {
        /// The theme.
        name: String,
        /// Where and why.
        why: String,
    },
    /// A colour is not one.
    #[error(
        "theme `{name}`, role `{role}`: `{colour}` is no colour; write a name like `bright-red`, a number from 0 to 255, or `#rrggbb`"
    )]
    Colour {
        /// The theme.
        name: String,
        /// The role.
        role: &'static str,
        /// What was written.
        colour: String,
    },
    /// It inherits from itself, directly or around corners.
    #[error("theme `{name}` inherits from itself; remove one `inherits` line")]
    Circle {
        /// The theme.
        name: String,
    },
}

/// Names the themes that are built in, with their text.
pub const BUILT_IN: [(&str, &str); 2] =
    [("default", include_str!("../../themes/default.toml")), ("mono", include_str!("../../themes/mono.toml"))];

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawTheme {
    inherits: Option<String>,
    glyphs: Option<Glyphs>,
    #[serde(default)]
    roles: BTreeMap<Role, RawLook>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawLook {
    fg: Option<String>,
    bg: Option<String>,
    #[serde(default)]
    emphasis: Vec<Emphasis>,
}

/// Loads a built-in theme.
///
/// # Errors
/// When there is none of that name.
pub fn built_in(name: &str) -> Result<Theme, ThemeError> {
    load(name, &[])
}

/// Loads the theme `name` from `own` (names with their TOML), else from the built-in ones.
///
/// # Errors
/// When there is none of that name, or it or one it inherits from is wrong.
pub fn load(name: &str, own: &[(String, String)]) -> Result<Theme, ThemeError> {
    let mut theme = Theme { name: name.to_owned(), glyphs: Glyphs::default(), looks: BTreeMap::new() };
    let mut chain: Vec<(String, RawTheme)> = Vec::new();
    let mut next = Some(name.to_owned());
    while let Some(wanted) = next {
        if chain.iter().any(|(seen, _)| *seen == wanted) {
            return Err(ThemeError::Circle { name: wanted });
        }
        let text = own
            .iter()
            .map(|(own_name, text)| (own_name.as_str(), text.as_str()))
            .chain(BUILT_IN)
            .find_map(|(known, text)| (known == wanted).then_some(text))
            .ok_or_else(|| ThemeError::Unknown { name: wanted.clone(), known: known_names(own) })?;
        let mut raw: RawTheme = toml::from_str(text).map_err(|why| ThemeError::Unreadable {
            name: wanted.clone(),
            why: why.to_string().trim_end().to_owned(),
        })?;
        next = raw.inherits.take();
        chain.push((wanted, raw));
    }
    for (from, raw) in chain.into_iter().rev() {
        if let Some(glyphs) = raw.glyphs {
            theme.glyphs = glyphs;
        }
        for (role, look) in raw.roles {
            let colour = |text: Option<String>| -> Result<Option<Colour>, ThemeError> {
                text.map(|text| {
                    parse_colour(&text).ok_or(ThemeError::Colour {
                        name: from.clone(),
                        role: role.word(),
                        colour: text,
                    })
                })
                .transpose()
            };
            let look = Look { fg: colour(look.fg)?, bg: colour(look.bg)?, emphasis: look.emphasis };
            theme.looks.insert(role, look);
        }
    }
    Ok(theme)
}

fn known_names(own: &[(String, String)]) -> String {
    let names: Vec<String> = own
        .iter()
        .map(|(name, _)| name.as_str())
        .chain(BUILT_IN.iter().map(|(name, _)| *name))
        .map(|name| format!("`{name}`"))
        .collect();
    names.join(", ")
}

fn parse_colour(text: &str) -> Option<Colour> {
    const NAMES: [&str; 8] = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
    if let Some(hex) = text.strip_prefix('#') {
        let digits = (hex.len() == 6).then(|| u32::from_str_radix(hex, 16).ok()).flatten()?;
        let [_, r, g, b] = digits.to_be_bytes();
        return Some(Colour::Rgb(r, g, b));
    }
    if let Ok(number) = text.parse() {
        return Some(Colour::Indexed(number));
    }
    let (plain, offset) = text.strip_prefix("bright-").map_or((text, 0), |plain| (plain, 8));
    let at = NAMES.iter().position(|name| *name == plain)?;
    Some(Colour::Ansi(u8::try_from(at).ok()? + offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_themes_fill_every_role() {
        for (name, _) in BUILT_IN {
            let theme = built_in(name).unwrap();
            for role in Role::ALL {
                assert!(theme.looks.contains_key(&role), "{name} lacks {}", role.word());
            }
        }
    }

    #[test]
    fn the_monochrome_theme_has_no_colour() {
        let theme = built_in("mono").unwrap();
        assert!(Role::ALL.iter().all(|role| theme.look(*role).fg.is_none() && theme.look(*role).bg.is_none()));
    }

    #[test]
    fn a_theme_inherits_and_overrides() {
        let own = vec![("mine".to_owned(), "inherits = 'default'\n[roles.real]\nfg = '#ff8000'\n".to_owned())];
        let theme = load("mine", &own).unwrap();
        assert_eq!(theme.look(Role::Real).fg, Some(Colour::Rgb(255, 128, 0)));
        assert_eq!(theme.look(Role::Ok), built_in("default").unwrap().look(Role::Ok));
    }

    #[test]
    fn wrong_themes_are_explained() {
        let table = [
            ("inherits = 'gone'", "no theme is called `gone`; there are `mine`, `default`, `mono`"),
            ("inherits = 'mine'", "theme `mine` inherits from itself"),
            ("[roles.ok]\nfg = 'greenish'", "theme `mine`, role `ok`: `greenish` is no colour"),
            ("[roles.ok]\nfg = '#ff'", "`#ff` is no colour"),
            ("[roles.okay]\nfg = 'red'", "unknown variant `okay`"),
            ("[roles.ok]\ncolour = 'red'", "unknown field `colour`"),
            ("tone = 'dark'", "unknown field `tone`"),
        ];
        for (text, expected) in table {
            let said = load("mine", &[("mine".to_owned(), text.to_owned())]).unwrap_err().to_string();
            assert!(said.contains(expected), "{text}: {said}");
        }
    }

    #[test]
    fn colours_as_people_write_them() {
        assert_eq!(parse_colour("red"), Some(Colour::Ansi(1)));
        assert_eq!(parse_colour("bright-white"), Some(Colour::Ansi(15)));
        assert_eq!(parse_colour("208"), Some(Colour::Indexed(208)));
        assert_eq!(parse_colour("256"), None);
        assert_eq!(parse_colour("#äöü"), None);
    }
}
