//! One frame of a recording as a picture: SVG with the theme's colours, which any browser and any wiki shows.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr as _;

use super::cast::RenderError;
use super::film::{Film, Filming};
use super::recording::Recording;
use crate::kernel::SafeText;
use crate::settings::theme::{Colour, Theme};
use crate::ui::Spot;

/// The size of a cell: no higher than a line of the font, so that frames are whole lines.
const WIDE: f32 = 8.4;
const HIGH: f32 = 16.0;
/// Around the frame.
const EDGE: f32 = 12.0;

/// Draws the frame of a recording at a place.
///
/// # Errors
/// [`RenderError`] if it can't be replayed.
pub fn svg(
    recording: Recording,
    filming: &Filming<'_>,
    verdict: Option<crate::ui::Verified>,
    spot: Spot,
) -> Result<String, RenderError> {
    let title = format!("{} ({})", recording.plan.title, recording.opened.run);
    let mut film = Film::open(recording, filming)?;
    if let Some(verified) = verdict {
        film.verified(verified);
    }
    let buffer = film.still(spot)?;
    Ok(picture(&buffer, filming.theme, &title))
}

/// Is how a cell looks.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Look {
    fg: (u8, u8, u8),
    bg: (u8, u8, u8),
    modifier: Modifier,
}

fn look(cell: &Cell, theme: &Theme) -> Look {
    let colour = |colour: Color, own: Colour| match colour {
        Color::Indexed(number) => Colour::Indexed(number).rgb(),
        Color::Rgb(r, g, b) => (r, g, b),
        _ => own.rgb(),
    };
    let (fg, bg) = (colour(cell.fg, theme.made_for.ink), colour(cell.bg, theme.made_for.ground));
    let (fg, bg) = if cell.modifier.contains(Modifier::REVERSED) { (bg, fg) } else { (fg, bg) };
    Look { fg, bg, modifier: cell.modifier.difference(Modifier::REVERSED) }
}

fn picture(buffer: &Buffer, theme: &Theme, title: &str) -> String {
    let (columns, rows) = (buffer.area.width, buffer.area.height);
    let (width, height) = (f32::from(columns) * WIDE + 2.0 * EDGE, f32::from(rows) * HIGH + 2.0 * EDGE);
    let ground = hex(theme.made_for.ground.rgb());
    let mut svg = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.1} {height:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" \
         font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"14\">\n<title>{}</title>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{ground}\"/>",
        escaped(title)
    );
    for y in 0..rows {
        let mut x = 0;
        while x < columns {
            let Some(first) = buffer.cell((x, y)) else { break };
            let look = self::look(first, theme);
            let (mut text, begin) = (String::new(), x);
            while let Some(cell) = buffer.cell((x, y)).filter(|cell| x < columns && self::look(cell, theme) == look) {
                text.push_str(cell.symbol());
                x += (cell.symbol().width() as u16).max(1);
            }
            run(&mut svg, &text, (begin, y, x - begin), look, &ground);
        }
    }
    svg.push_str("</svg>\n");
    svg
}

/// Draws cells of one look.
fn run(svg: &mut String, text: &str, (x, y, columns): (u16, u16, u16), look: Look, ground: &str) {
    let (left, top, width) = (f32::from(x) * WIDE + EDGE, f32::from(y) * HIGH + EDGE, f32::from(columns) * WIDE);
    let bg = hex(look.bg);
    if bg != ground {
        let _ = writeln!(
            svg,
            "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{HIGH}\" fill=\"{bg}\"/>"
        );
    }
    let kept = text.trim_end();
    if kept.trim().is_empty() {
        return;
    }
    let mut style = String::new();
    for (modifier, attribute) in [
        (Modifier::BOLD, " font-weight=\"bold\""),
        (Modifier::DIM, " opacity=\"0.6\""),
        (Modifier::ITALIC, " font-style=\"italic\""),
        (Modifier::UNDERLINED, " text-decoration=\"underline\""),
    ] {
        if look.modifier.contains(modifier) {
            style.push_str(attribute);
        }
    }
    // Where the font's width is another one the columns stay where they are.
    let length = kept.width() as f32 * WIDE;
    let _ = writeln!(
        svg,
        "<text x=\"{left:.1}\" y=\"{:.1}\" textLength=\"{length:.1}\" lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\" \
         fill=\"{}\"{style}>{}</text>",
        top + HIGH * 0.78,
        hex(look.fg),
        escaped(kept)
    );
}

fn hex((r, g, b): (u8, u8, u8)) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn escaped(text: &str) -> String {
    let safe = SafeText::line(text).into_string();
    safe.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;
    use crate::settings::theme::built_in;

    #[test]
    fn frames_are_whole_lines() {
        let theme = built_in("default").unwrap();
        let mut buffer = Buffer::empty(Rect::new(0, 0, 1, 2));
        (0..2).for_each(|y| buffer.set_string(0, y, "│", Style::new()));
        let svg = picture(&buffer, &theme, "frame");
        let texts = svg.lines().filter(|line| line.starts_with("<text"));
        let y = |text: &str| text.split(" y=\"").nth(1)?.split('"').next()?.parse::<f32>().ok();
        let at: Vec<f32> = texts.map(|text| y(text).unwrap()).collect();
        // The monospaced fonts that are named give a line 1.16 or 1.17 times their size.
        assert!(at[1] - at[0] <= 14.0 * 1.16, "a gap between the rows: {at:?}");
    }

    #[test]
    fn cells_of_one_look_are_one_text_and_nothing_of_them_is_markup() {
        let theme = built_in("default").unwrap();
        let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 2));
        buffer.set_string(0, 0, "a<b>&\"c\"", Style::new().fg(Color::Indexed(203)));
        buffer.set_string(0, 1, "漢 x", Style::new().bg(Color::Rgb(1, 2, 3)).add_modifier(Modifier::BOLD));
        let svg = picture(&buffer, &theme, "<title>");
        assert!(svg.contains(">a&lt;b&gt;&amp;&quot;c&quot;</text>"), "{svg}");
        assert!(
            svg.contains("fill=\"#ff5f5f\"")
                && svg.contains("fill=\"#010203\"")
                && svg.contains("font-weight=\"bold\"")
        );
        assert_eq!(svg.matches("<text").count(), 2);
        let mut reader = quick_xml::Reader::from_str(&svg);
        loop {
            match reader.read_event() {
                Ok(quick_xml::events::Event::Eof) => break,
                Ok(_) => {}
                Err(error) => panic!("{error}: {svg}"),
            }
        }
    }
}
