//! The theme of the screens: which one, in how many colours, with which glyphs; and `lifeboat themes`, which shows them.

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::process::ExitCode;

use super::failure::Kind;
use super::{places, say};
use crate::settings::theme::{self, BUILT_IN, Depth, Glyphs, Theme};
use crate::term;
use crate::ui::sample;

/// Returns the theme that was asked for: on the command line, by `NO_COLOR`, in the configuration. What is wrong with it
/// is said, and the rest of it is used: nobody is kept from a run by a colour.
pub(super) fn chosen(name: Option<&str>) -> Theme {
    let theme = shown(&wanted(name, std::env::var_os, configured), std::env::var_os);
    let theme = if name.is_none() && theme.name == "mono" { theme.reduced(Depth::None) } else { theme };
    for problem in &theme.problems {
        say::aside(problem.trim_end());
    }
    theme
}

fn configured() -> Option<String> {
    // A configuration that can't be read is said where it is needed.
    places::read_config().config.theme
}

fn wanted(
    name: Option<&str>,
    read: impl Fn(&'static str) -> Option<OsString>,
    configured: impl Fn() -> Option<String>,
) -> String {
    if let Some(name) = name {
        return name.to_owned();
    }
    let set = |name| read(name).filter(|value| !value.is_empty()).and_then(|value| value.into_string().ok());
    if set("NO_COLOR").is_some() {
        return "mono".to_owned();
    }
    // Some terminals say which of the sixteen their ground is: those from 7 on, grey apart, are light.
    let ground = set("COLORFGBG").and_then(|pair| pair.rsplit(';').next()?.parse::<u8>().ok());
    let own = if ground.is_some_and(|ground| ground == 7 || (9..16).contains(&ground)) { "light" } else { "default" };
    configured().unwrap_or_else(|| own.to_owned())
}

fn shown(name: &str, read: impl Fn(&'static str) -> Option<OsString>) -> Theme {
    let theme = theme::load(name, &places::themes()).reduced(depth(&read));
    if speaks_unicode(&read) { theme } else { theme.with_glyphs(Glyphs::Ascii) }
}

/// Says how many colours the terminal shows, as far as it says so itself.
fn depth(read: &impl Fn(&'static str) -> Option<OsString>) -> Depth {
    let text = |name| read(name).and_then(|value| value.into_string().ok()).unwrap_or_default();
    let terminal = text("TERM");
    if matches!(text("COLORTERM").as_str(), "truecolor" | "24bit") || terminal.ends_with("-direct") {
        return Depth::True;
    }
    match terminal.as_str() {
        "" | "dumb" => Depth::None,
        name if name.starts_with("vt1") || name.starts_with("vt2") || name.ends_with("-m") => Depth::None,
        name if name.contains("256color")
            || ["kitty", "alacritty", "ghostty", "foot"].iter().any(|of| name.contains(of)) =>
        {
            Depth::Indexed
        }
        _ => Depth::Sixteen,
    }
}

/// Says whether the terminal's locale has more than ASCII. One that is not set at all says nothing against it.
fn speaks_unicode(read: &impl Fn(&'static str) -> Option<OsString>) -> bool {
    let set = |name| read(name).filter(|value| !value.is_empty()).and_then(|value| value.into_string().ok());
    let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG"));
    locale.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// Shows themes, each with every role of it.
pub(super) fn themes(names: &[String]) -> ExitCode {
    let own = places::themes();
    let all = || {
        let built_in = BUILT_IN.iter().map(|(name, _)| (*name).to_owned());
        let mine = own.iter().map(|own| own.name.clone());
        built_in.filter(|name| own.iter().all(|own| own.name != *name)).chain(mine).collect()
    };
    let names: Vec<String> = if names.is_empty() { all() } else { names.to_vec() };
    let used = wanted(None, std::env::var_os, configured);
    let colours = std::io::stdout().is_terminal();
    let mut sound = true;
    for name in names {
        let theme = shown(&name, std::env::var_os);
        let from = own.iter().find(|own| own.name == name).map_or("built in", |own| own.path.as_str());
        let mark = if name == used { ", the one that is used" } else { "" };
        say::line(format_args!("{name} ({from}{mark})"));
        for line in sample(&theme) {
            say::line(format_args!("  {}", if colours { term::painted(&line) } else { line.to_string() }));
        }
        for problem in &theme.problems {
            say::line(problem.trim_end());
        }
        sound &= theme.problems.is_empty();
        say::line("");
    }
    if sound { ExitCode::SUCCESS } else { ExitCode::from(Kind::Problems as u8) }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Pairs = &'static [(&'static str, &'static str)];

    fn env(pairs: Pairs) -> impl Fn(&'static str) -> Option<OsString> {
        move |name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
    }

    #[test]
    fn the_command_line_then_no_color_then_the_configuration_choose_the_theme() {
        let mine = || Some("mine".to_owned());
        let table: [(Option<&str>, Pairs, &str); 6] = [
            (Some("light"), &[("NO_COLOR", "1")], "light"),
            (None, &[("NO_COLOR", "1")], "mono"),
            (None, &[("NO_COLOR", "")], "mine"),
            (None, &[("COLORFGBG", "0;15")], "mine"),
            (None, &[], "mine"),
            (Some("gone"), &[], "gone"),
        ];
        for (name, pairs, expected) in table {
            assert_eq!(wanted(name, env(pairs), mine), expected, "{name:?} {pairs:?}");
        }
        assert_eq!(wanted(None, env(&[("COLORFGBG", "0;default;15")]), || None), "light");
        assert_eq!(wanted(None, env(&[("COLORFGBG", "15;0")]), || None), "default");
        assert_eq!(wanted(None, env(&[("COLORFGBG", "7;8")]), || None), "default");
        assert_eq!(wanted(None, env(&[]), || None), "default");
    }

    #[test]
    fn a_terminal_gets_as_many_colours_as_it_says() {
        let table: [(Pairs, Depth); 8] = [
            (&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")], Depth::True),
            (&[("TERM", "xterm-direct")], Depth::True),
            (&[("TERM", "tmux-256color")], Depth::Indexed),
            (&[("TERM", "linux")], Depth::Sixteen),
            (&[("TERM", "xterm")], Depth::Sixteen),
            (&[("TERM", "vt220")], Depth::None),
            (&[("TERM", "dumb")], Depth::None),
            (&[], Depth::None),
        ];
        for (pairs, expected) in table {
            assert_eq!(depth(&env(pairs)), expected, "{pairs:?}");
        }
    }

    #[test]
    fn glyphs_follow_the_locale() {
        assert!(speaks_unicode(&env(&[])));
        assert!(speaks_unicode(&env(&[("LANG", "de_DE.UTF-8")])));
        assert!(speaks_unicode(&env(&[("LC_ALL", "C.utf8"), ("LANG", "C")])));
        assert!(!speaks_unicode(&env(&[("LANG", "de_DE.ISO-8859-1")])));
        assert!(!speaks_unicode(&env(&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")])));
    }
}
