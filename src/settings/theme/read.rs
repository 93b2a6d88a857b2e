//! Reading themes: TOML to roles. What is wrong is said with its place, and what is good is used.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Colour, Depth, Emphasis, Glyphs, Ground, Look, Role, Theme};
use crate::kernel::{SafeText, Severity, Source, nearest};

/// Names the themes that are built in, with their text.
pub const BUILT_IN: [(&str, &str); 5] = [
    ("default", include_str!("../../../themes/default.toml")),
    ("light", include_str!("../../../themes/light.toml")),
    ("high-contrast", include_str!("../../../themes/high-contrast.toml")),
    ("colour-blind", include_str!("../../../themes/colour-blind.toml")),
    ("mono", include_str!("../../../themes/mono.toml")),
];

/// Is a theme of the user's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// Its name.
    pub name: String,
    /// The file, for messages.
    pub path: String,
    /// What it holds.
    pub text: String,
}

/// What every theme takes the terminal's own colours for, if it does not say.
const DARK: Ground = Ground { ground: Colour::Rgb(0x1e, 0x1e, 0x1e), ink: Colour::Rgb(0xd4, 0xd4, 0xd4) };

/// The theme that is built on where another can't be had.
const LAST: &str = "default";

/// Loads a built-in theme, if there is one of that name.
pub fn built_in(name: &str) -> Option<Theme> {
    BUILT_IN.iter().any(|(known, _)| *known == name).then(|| load(name, &[]))
}

/// Loads the theme `name` from `own`, else from the built-in ones, on those that it inherits from; the user's own stand
/// on the default one unless they say otherwise. What cannot be used is left out and stands in the theme's `problems`; if
/// there is no such theme at all, it is the default one.
pub fn load(name: &str, own: &[Own]) -> Theme {
    let mut problems = Vec::new();
    let mut chain: Vec<(String, Raw)> = Vec::new();
    let mut next = Some(name.to_owned());
    while let Some(wanted) = next.take() {
        let Some((path, text)) = find(&wanted, own) else {
            problems.push(unknown(&wanted, own));
            next = (wanted != LAST).then(|| LAST.to_owned());
            continue;
        };
        let source = Source::new(&path, text.to_owned());
        let mut reader = Reader { source: &source, problems: &mut problems };
        let mut raw = reader.theme(text);
        if let Some((parent, span)) = raw.inherits.take() {
            let seen = |name: &str| name == wanted || chain.iter().any(|(seen, _)| seen == name);
            if seen(&parent) {
                reader.complain(span, format!("`{wanted}` inherits from itself"), "remove one `inherits` line");
            } else if find(&parent, own).is_none() {
                let known = known(own);
                let help = advice(&parent, &known.iter().map(String::as_str).collect::<Vec<_>>());
                reader.complain(span, format!("no theme is called `{parent}`"), &help);
                next = Some(LAST.to_owned());
            } else {
                next = Some(parent);
            }
        } else if own.iter().any(|own| own.name == wanted) {
            next = Some(LAST.to_owned());
        }
        chain.push((wanted, raw));
        next = next.filter(|next| chain.iter().all(|(seen, _)| seen != next));
    }
    build(name, chain, problems, own)
}

fn find<'t>(name: &str, own: &'t [Own]) -> Option<(String, &'t str)> {
    let mine = own.iter().find(|own| own.name == name).map(|own| (own.path.clone(), own.text.as_str()));
    let built_in =
        || BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, text)| (format!("{name}.toml"), *text));
    mine.or_else(built_in)
}

/// Lists the names of all themes there are.
fn known(own: &[Own]) -> Vec<String> {
    let own = own.iter().map(|own| own.name.clone());
    own.chain(BUILT_IN.iter().map(|(name, _)| (*name).to_owned())).collect()
}

/// Names the known word that may be meant, else all there are.
fn advice(wrong: &str, known: &[&str]) -> String {
    match nearest(wrong, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
    }
}

fn unknown(name: &str, own: &[Own]) -> String {
    let known = known(own);
    let help = advice(name, &known.iter().map(String::as_str).collect::<Vec<_>>());
    let name = SafeText::line(name);
    format!("warning[theme]: no theme is called `{name}`; this is `{LAST}`\n   = help: {help}\n")
}

/// Puts a chain of themes, the one that was asked for first, on top of each other.
fn build(name: &str, chain: Vec<(String, Raw)>, mut problems: Vec<String>, own: &[Own]) -> Theme {
    let mut theme = Theme {
        name: name.to_owned(),
        glyphs: Glyphs::default(),
        depth: Depth::True,
        made_for: DARK,
        problems: Vec::new(),
        looks: std::collections::BTreeMap::new(),
    };
    let names: Vec<(String, Colour)> = chain.iter().flat_map(|(_, raw)| raw.palette.iter().cloned()).collect();
    for (from, raw) in chain.into_iter().rev() {
        let source = find(&from, own).map(|(path, text)| Source::new(&path, text.to_owned())).unwrap_or_default();
        let mut reader = Reader { source: &source, problems: &mut problems };
        theme.glyphs = raw.glyphs.unwrap_or(theme.glyphs);
        let mut colour = |written: Option<(String, Range<usize>)>| {
            let (text, span) = written?;
            // The child's own name for a colour is found before its parent's.
            let named = names.iter().find(|(known, _)| *known == text).map(|(_, colour)| *colour);
            let found = named.or_else(|| Colour::parse(&text));
            if found.is_none() {
                let known: Vec<String> = names.iter().map(|(name, _)| name.clone()).chain(Colour::names()).collect();
                let near = nearest(&text, known.iter().map(String::as_str));
                let help = near.map_or_else(|| COLOURS.to_owned(), |near| format!("did you mean `{near}`?"));
                reader.complain(span, format!("`{text}` is no colour"), &help);
            }
            found
        };
        theme.made_for.ground = colour(raw.ground).unwrap_or(theme.made_for.ground);
        theme.made_for.ink = colour(raw.ink).unwrap_or(theme.made_for.ink);
        for (role, look) in raw.roles {
            let look = Look { fg: colour(look.fg), bg: colour(look.bg), emphasis: look.emphasis };
            theme.looks.insert(role, look);
        }
    }
    theme.problems = problems;
    theme
}

const COLOURS: &str = "write a name like `bright-red`, a number from 0 to 255, `#rrggbb`, or a name of [palette]";

#[derive(Debug, Default)]
struct Raw {
    inherits: Option<(String, Range<usize>)>,
    glyphs: Option<Glyphs>,
    ground: Option<(String, Range<usize>)>,
    ink: Option<(String, Range<usize>)>,
    palette: Vec<(String, Colour)>,
    roles: Vec<(Role, RawLook)>,
}

#[derive(Debug, Default)]
struct RawLook {
    fg: Option<(String, Range<usize>)>,
    bg: Option<(String, Range<usize>)>,
    emphasis: Vec<Emphasis>,
}

struct Reader<'s, 'p> {
    source: &'s Source,
    problems: &'p mut Vec<String>,
}

type Text = (String, Range<usize>);

impl Reader<'_, '_> {
    fn complain(&mut self, span: Range<usize>, message: String, help: &str) {
        let problem = self.source.problem(Severity::Warning, "theme", span, message, help);
        self.problems.push(self.source.render(&problem));
    }

    fn theme(&mut self, text: &str) -> Raw {
        let (table, errors) = DeTable::parse_recoverable(text);
        // What follows the first mistake of the TOML itself is often its consequence.
        if let Some(error) = errors.first() {
            let message = error.message().lines().next().unwrap_or_default().to_owned();
            self.complain(error.span().unwrap_or(0..0), message, "docs/themes.md shows a whole theme");
        }
        let mut raw = Raw::default();
        for (key, value) in table.get_ref() {
            match key.get_ref().as_ref() {
                "inherits" => raw.inherits = self.text("inherits", value),
                "ground" => raw.ground = self.text("ground", value),
                "ink" => raw.ink = self.text("ink", value),
                "glyphs" => raw.glyphs = self.glyphs(value),
                "palette" => raw.palette = self.palette(value),
                "roles" => raw.roles = self.roles(value),
                _ => self.misspelt("key", key, &["inherits", "glyphs", "ground", "ink", "palette", "roles"]),
            }
        }
        raw
    }

    fn misspelt(&mut self, what: &str, key: &Spanned<std::borrow::Cow<'_, str>>, known: &[&str]) {
        let word = key.get_ref();
        self.complain(key.span(), format!("there is no {what} `{word}`"), &advice(word, known));
    }

    fn text(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Text> {
        match value.get_ref() {
            DeValue::String(text) => Some((text.to_string(), value.span())),
            DeValue::Integer(number) if number.radix() == 10 => Some((number.as_str().to_owned(), value.span())),
            other => {
                let message = format!("`{key}` is written in quotes, and this is {}", other.type_str());
                self.complain(value.span(), message, "docs/themes.md shows a whole theme");
                None
            }
        }
    }

    fn glyphs(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Glyphs> {
        let (text, span) = self.text("glyphs", value)?;
        match text.as_str() {
            "unicode" => Some(Glyphs::Unicode),
            "ascii" => Some(Glyphs::Ascii),
            _ => {
                self.complain(span, format!("there are no glyphs `{text}`"), "there are `unicode` and `ascii`");
                None
            }
        }
    }

    fn table<'v, 'i>(&mut self, key: &str, value: &'v Spanned<DeValue<'i>>) -> Option<&'v DeTable<'i>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            let message = format!("`{key}` is a table, and this is {}", value.get_ref().type_str());
            self.complain(value.span(), message, "docs/themes.md shows a whole theme");
        }
        table
    }

    fn palette(&mut self, value: &Spanned<DeValue<'_>>) -> Vec<(String, Colour)> {
        let mut named = Vec::new();
        for (name, value) in self.table("palette", value).into_iter().flatten() {
            let Some((text, span)) = self.text(name.get_ref(), value) else { continue };
            match Colour::parse(&text) {
                Some(colour) => named.push((name.get_ref().to_string(), colour)),
                None => self.complain(span, format!("`{text}` is no colour"), COLOURS),
            }
        }
        named
    }

    fn roles(&mut self, value: &Spanned<DeValue<'_>>) -> Vec<(Role, RawLook)> {
        let mut roles = Vec::new();
        for (name, value) in self.table("roles", value).into_iter().flatten() {
            let Some(role) = Role::ALL.into_iter().find(|role| role.word() == name.get_ref()) else {
                self.misspelt("role", name, &Role::ALL.map(Role::word));
                continue;
            };
            let Some(table) = self.table(role.word(), value) else { continue };
            let mut look = RawLook::default();
            for (key, value) in table {
                match key.get_ref().as_ref() {
                    "fg" => look.fg = self.text("fg", value),
                    "bg" => look.bg = self.text("bg", value),
                    "emphasis" => look.emphasis = self.emphasis(value),
                    _ => self.misspelt("key", key, &["fg", "bg", "emphasis"]),
                }
            }
            roles.push((role, look));
        }
        roles
    }

    fn emphasis(&mut self, value: &Spanned<DeValue<'_>>) -> Vec<Emphasis> {
        let Some(list) = value.get_ref().as_array() else {
            self.complain(value.span(), "`emphasis` is a list".to_owned(), "write it as [\"bold\", \"underline\"]");
            return Vec::new();
        };
        let mut found = Vec::new();
        for value in list {
            let Some((text, span)) = self.text("emphasis", value) else { continue };
            let known = Emphasis::ALL.into_iter().find(|(word, _)| *word == text);
            if known.is_none() {
                let help = advice(&text, &Emphasis::ALL.map(|(word, _)| word));
                self.complain(span, format!("there is no emphasis `{text}`"), &help);
            }
            found.extend(known.map(|(_, emphasis)| emphasis));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(name: &str, text: &str) -> Own {
        Own { name: name.to_owned(), path: format!("themes/{name}.toml"), text: text.to_owned() }
    }

    #[test]
    fn a_theme_inherits_and_overrides() {
        let mine = own(
            "mine",
            "inherits = 'colour-blind'\n[palette]\nsky = '#123456'\n[roles.real]\nfg = '#ff8000'\n[roles.ok]\nfg = 'sky'\n",
        );
        let theme = load("mine", &[mine]);
        assert_eq!(theme.problems, Vec::<String>::new());
        assert_eq!(theme.look(Role::Real).fg, Some(Colour::Rgb(255, 128, 0)));
        let parent = built_in("colour-blind").unwrap();
        assert_eq!(theme.look(Role::Warn), parent.look(Role::Warn));
        assert_eq!(theme.look(Role::Ok).fg, Some(Colour::Rgb(0x12, 0x34, 0x56)));
        assert_ne!(theme.look(Role::Key), parent.look(Role::Key), "a colour's name is anew for all that use it");
    }

    #[test]
    fn what_is_wrong_is_shown_where_it_stands_and_the_rest_is_used() {
        let good = "[roles.ok]\nfg = '#00ff00'\n";
        let mut said = String::new();
        for wrong in [
            "inherits = 'ligth'\n",
            "inherits = 'mine'\n",
            "glyphs = 'runes'\n",
            "tone = 'dark'\n",
            "inherit = 'light'\n",
            "palette = 3\n",
            "[palette]\nsky = 'blueish'\n",
            "[roles.warn]\nfg = 'gren'\n",
            "[roles.warn]\nfg = true\n",
            "[roles.warn]\ncolour = 'red'\n",
            "[roles.wran]\nfg = 'red'\n",
            "[roles.warn]\nemphasis = 'bold'\n",
            "[roles.warn]\nemphasis = ['blod']\n",
            "[roles.warn\nfg = 'red'\n",
            "[roles.\u{1b}[2J]\nfg = 'red'\n",
        ] {
            let text = if wrong.starts_with('[') { format!("{good}{wrong}") } else { format!("{wrong}{good}") };
            let theme = load("mine", &[own("mine", &text)]);
            assert!(!theme.problems.is_empty(), "{wrong}");
            assert_eq!(theme.look(Role::Ok).fg, Some(Colour::Rgb(0, 255, 0)), "{wrong}");
            said.push_str(&theme.problems.concat());
            said.push('\n');
        }
        insta::assert_snapshot!(said);
    }

    #[test]
    fn a_theme_that_is_not_there_is_the_default_one() {
        let theme = load("lihgt", &[own("mine", "")]);
        assert_eq!(theme.look(Role::Fail), built_in("default").unwrap().look(Role::Fail));
        let [problem] = theme.problems.as_slice() else { panic!("{:?}", theme.problems) };
        assert!(problem.contains("did you mean `light`?"), "{problem}");
        assert!(built_in("lihgt").is_none());
    }

    #[test]
    fn circles_around_corners_end() {
        let theme = load("a", &[own("a", "inherits = 'b'"), own("b", "inherits = 'a'")]);
        assert!(theme.problems.concat().contains("inherits from itself"), "{:?}", theme.problems);
    }
}
