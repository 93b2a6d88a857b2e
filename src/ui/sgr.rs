//! Colours of other people's output: the sequences that set them are kept, every other one is taken out.

use ratatui::style::{Color, Modifier, Style};

use crate::kernel::SafeText;

/// Splits a line of output into pieces of one style each, all of them harmless.
pub(super) fn pieces(line: &str) -> Vec<(Style, String)> {
    let mut pieces: Vec<(Style, String)> = Vec::new();
    let mut style = Style::new();
    let mut rest = line;
    while let Some(at) = rest.find(['\u{1b}', '\u{9b}', '\r', '\u{8}']) {
        let (before, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
        push(&mut pieces, style, before);
        rest = match after.strip_prefix('\r') {
            // What is written over again is not seen.
            Some("") => "",
            Some(over) => {
                pieces.clear();
                over
            }
            None => sequence(after, &mut style),
        };
    }
    push(&mut pieces, style, rest);
    pieces
}

fn push(pieces: &mut Vec<(Style, String)>, style: Style, text: &str) {
    if text.is_empty() {
        return;
    }
    let text = SafeText::line(text).into_string();
    match pieces.last_mut() {
        Some((last, into)) if *last == style => into.push_str(&text),
        _ => pieces.push((style, text)),
    }
}

/// Takes a sequence away from the front, and its colours into `style` if it sets any. Returns what follows.
fn sequence<'t>(text: &'t str, style: &mut Style) -> &'t str {
    let mut chars = text.chars();
    let first = chars.next();
    let after = chars.as_str();
    let csi = match (first, after.chars().next()) {
        (Some('\u{9b}'), _) => Some(after),
        (Some('\u{1b}'), Some('[')) => after.get(1..),
        // Operating system commands and their like end with a bell or a terminator.
        (Some('\u{1b}'), Some(']' | 'P' | 'X' | '^' | '_')) => {
            let ends = [after.find('\u{7}').map(|at| at + 1), after.find("\u{1b}\\").map(|at| at + 2)];
            let end = ends.into_iter().flatten().min().unwrap_or(after.len());
            return after.get(end..).unwrap_or_default();
        }
        (Some('\u{1b}'), Some(other)) => {
            // An intermediate character has another one behind it.
            let skip = if matches!(other, '\u{20}'..='\u{2f}') { 2 } else { 1 };
            let mut rest = after.chars();
            rest.by_ref().take(skip).for_each(drop);
            return rest.as_str();
        }
        _ => return after,
    };
    let csi = csi.unwrap_or_default();
    let Some(end) = csi.find(|c| !matches!(c, '\u{20}'..='\u{3f}')) else { return "" };
    let (parameters, rest) = csi.split_at_checked(end).unwrap_or((csi, ""));
    let mut rest = rest.chars();
    if rest.next() == Some('m') {
        set(style, parameters);
    }
    rest.as_str()
}

fn set(style: &mut Style, parameters: &str) {
    if parameters.is_empty() {
        *style = Style::new();
        return;
    }
    let mut numbers = parameters.split([';', ':']).map(|number| number.parse::<u16>().unwrap_or(0));
    while let Some(number) = numbers.next() {
        let ansi = |number: u16| Color::Indexed(u8::try_from(number).unwrap_or_default());
        match number {
            0 => *style = Style::new(),
            1 => *style = style.add_modifier(Modifier::BOLD),
            2 => *style = style.add_modifier(Modifier::DIM),
            3 => *style = style.add_modifier(Modifier::ITALIC),
            4 => *style = style.add_modifier(Modifier::UNDERLINED),
            7 => *style = style.add_modifier(Modifier::REVERSED),
            22 => style.add_modifier.remove(Modifier::BOLD | Modifier::DIM),
            23 => style.add_modifier.remove(Modifier::ITALIC),
            24 => style.add_modifier.remove(Modifier::UNDERLINED),
            27 => style.add_modifier.remove(Modifier::REVERSED),
            30..=37 => style.fg = Some(ansi(number - 30)),
            39 => style.fg = None,
            40..=47 => style.bg = Some(ansi(number - 40)),
            49 => style.bg = None,
            90..=97 => style.fg = Some(ansi(number - 82)),
            100..=107 => style.bg = Some(ansi(number - 92)),
            38 | 48 => {
                let part = |number: Option<u16>| u8::try_from(number.unwrap_or_default()).unwrap_or(u8::MAX);
                let colour = match numbers.next() {
                    Some(5) => Some(Color::Indexed(part(numbers.next()))),
                    Some(2) => Some(Color::Rgb(part(numbers.next()), part(numbers.next()), part(numbers.next()))),
                    _ => None,
                };
                if number == 38 {
                    style.fg = colour;
                } else {
                    style.bg = colour;
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(line: &str) -> String {
        pieces(line).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn colours_are_kept_and_the_rest_is_harmless() {
        let red = Style::new().fg(Color::Indexed(1));
        assert_eq!(
            pieces("a\u{1b}[31mred\u{1b}[0mb"),
            [(Style::new(), "a".to_owned()), (red, "red".to_owned()), (Style::new(), "b".to_owned())]
        );
        let table = [
            ("\u{1b}[1;38;5;208mx", Style::new().fg(Color::Indexed(208)).add_modifier(Modifier::BOLD)),
            ("\u{1b}[48;2;1;2;3mx", Style::new().bg(Color::Rgb(1, 2, 3))),
            ("\u{1b}[97mx", Style::new().fg(Color::Indexed(15))),
            ("\u{9b}32mx", Style::new().fg(Color::Indexed(2))),
            ("\u{1b}[31m\u{1b}[39mx", Style::new()),
            ("\u{1b}[38;9mx", Style::new()),
        ];
        for (line, style) in table {
            assert_eq!(pieces(line), [(style, "x".to_owned())], "{line:?}");
        }
        for (line, text) in [
            ("a\u{1b}[2Jb\u{1b}[10;3Hc", "abc"),
            ("\u{1b}]0;title\u{7}x\u{1b}]8;;http://a\u{1b}\\y", "xy"),
            ("\u{1b}]52;c;never ends", ""),
            ("10%\r50%\r100%\r", "100%"),
            ("\u{1b}(Bx\u{202e}", "x\u{fffd}"),
            ("a\u{1b}", "a"),
            ("\u{1b}[31", ""),
        ] {
            assert_eq!(plain(line), text, "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_steers_the_terminal(line in "(\\PC|[\u{1b}\u{9b}\u{7}\r;:m\\[\\]0-9]){0,60}") {
            prop_assert!(!plain(&line).chars().any(char::is_control), "{line:?}");
        }
    }
}
