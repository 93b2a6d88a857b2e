//! Colours: as people write them, as terminals of few colours show them, and how well one reads on another.

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

/// Says how many colours a terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None at all: weight, underline and reverse video are left.
    None,
    /// The sixteen that its owner chose.
    Sixteen,
    /// 256 of them.
    Indexed,
    /// All of them.
    True,
}

/// The names of the first eight; `bright-` before one names its other half.
const NAMES: [&str; 8] = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

/// What xterm takes the sixteen for. Every terminal has its own; this is a guess to choose by.
const SIXTEEN: [(u8, u8, u8); 16] = [
    (0, 0, 0),
    (205, 0, 0),
    (0, 205, 0),
    (205, 205, 0),
    (0, 0, 238),
    (205, 0, 205),
    (0, 205, 205),
    (229, 229, 229),
    (127, 127, 127),
    (255, 0, 0),
    (0, 255, 0),
    (255, 255, 0),
    (92, 92, 255),
    (255, 0, 255),
    (0, 255, 255),
    (255, 255, 255),
];

/// The steps of the cube in the 256 colours.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

impl Colour {
    /// Reads a name like `bright-red`, a number from 0 to 255, or `#rrggbb`.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(hex) = text.strip_prefix('#') {
            let plain = hex.len() == 6 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
            let digits = plain.then(|| u32::from_str_radix(hex, 16).ok()).flatten()?;
            let [_, r, g, b] = digits.to_be_bytes();
            return Some(Self::Rgb(r, g, b));
        }
        if let Ok(number) = text.parse() {
            return Some(Self::Indexed(number));
        }
        let (plain, offset) = text.strip_prefix("bright-").map_or((text, 0), |plain| (plain, 8));
        let at = NAMES.iter().position(|name| *name == plain)?;
        Some(Self::Ansi(u8::try_from(at).ok()? + offset))
    }

    /// Lists the names that [`Self::parse`] knows.
    pub(super) fn names() -> impl Iterator<Item = String> {
        let plain = NAMES.iter().map(|name| (*name).to_owned());
        plain.chain(NAMES.iter().map(|name| format!("bright-{name}")))
    }

    /// Returns red, green and blue; for the sixteen that a terminal's owner chose, what xterm takes them for.
    pub fn rgb(self) -> (u8, u8, u8) {
        match self {
            Self::Rgb(r, g, b) => (r, g, b),
            Self::Ansi(number) | Self::Indexed(number @ 0..16) => {
                SIXTEEN.get(usize::from(number)).copied().unwrap_or_default()
            }
            Self::Indexed(number @ 16..232) => {
                let number = number - 16;
                let step = |at: u8| STEPS.get(usize::from(at)).copied().unwrap_or_default();
                (step(number / 36), step(number / 6 % 6), step(number % 6))
            }
            Self::Indexed(number) => {
                let grey = 8 + 10 * (number - 232);
                (grey, grey, grey)
            }
        }
    }

    /// Returns the colour that a terminal of `depth` shows in its place, if it shows any.
    pub fn reduced(self, depth: Depth) -> Option<Self> {
        match (depth, self) {
            (Depth::None, _) => None,
            (Depth::True, _) | (_, Self::Ansi(_)) | (Depth::Indexed, Self::Indexed(_)) => Some(self),
            (Depth::Indexed, Self::Rgb(..)) => nearest(16..=255, Self::Indexed, self.rgb()),
            (Depth::Sixteen, Self::Indexed(number @ 0..16)) => Some(Self::Ansi(number)),
            (Depth::Sixteen, Self::Indexed(_) | Self::Rgb(..)) => nearest(0..=15, Self::Ansi, self.rgb()),
        }
    }

    /// Says how well this reads on `ground`, or the other way round: from 1 to 21, as the WCAG counts it.
    pub fn contrast(self, ground: Self) -> f64 {
        let (one, other) = (self.luminance(), ground.luminance());
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        let (r, g, b) = self.rgb();
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    }
}

/// Finds the colour nearest to `wanted` as eyes judge it.
fn nearest(range: std::ops::RangeInclusive<u8>, make: fn(u8) -> Colour, wanted: (u8, u8, u8)) -> Option<Colour> {
    range.map(make).min_by_key(|colour| distance(colour.rgb(), wanted))
}

/// Weighs red, green and blue by how red the two are: close to how eyes tell colours apart, and cheap.
fn distance(one: (u8, u8, u8), other: (u8, u8, u8)) -> i64 {
    let apart = |a: u8, b: u8| i64::from(a) - i64::from(b);
    let (r, g, b) = (apart(one.0, other.0), apart(one.1, other.1), apart(one.2, other.2));
    let red = i64::midpoint(i64::from(one.0), i64::from(other.0));
    (512 + red) * r * r + 1024 * g * g + (767 - red) * b * b
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_as_people_write_them() {
        assert_eq!(Colour::parse("red"), Some(Colour::Ansi(1)));
        assert_eq!(Colour::parse("bright-white"), Some(Colour::Ansi(15)));
        assert_eq!(Colour::parse("208"), Some(Colour::Indexed(208)));
        for wrong in ["256", "#äöü", "#+fffff", "#fff", "bright-", "Red", ""] {
            assert_eq!(Colour::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn terminals_of_few_colours_get_the_nearest_they_have() {
        let table = [
            ("#d75f00", Depth::True, Some(Colour::Rgb(0xd7, 0x5f, 0))),
            ("#d75f00", Depth::Indexed, Some(Colour::Indexed(166))),
            ("#949494", Depth::Indexed, Some(Colour::Indexed(246))),
            ("#ff2010", Depth::Sixteen, Some(Colour::Ansi(9))),
            ("196", Depth::Sixteen, Some(Colour::Ansi(9))),
            ("7", Depth::Sixteen, Some(Colour::Ansi(7))),
            ("#ffffff", Depth::Sixteen, Some(Colour::Ansi(15))),
            ("red", Depth::Indexed, Some(Colour::Ansi(1))),
            ("red", Depth::None, None),
        ];
        for (text, depth, expected) in table {
            assert_eq!(Colour::parse(text).unwrap().reduced(depth), expected, "{text} {depth:?}");
        }
    }

    #[test]
    fn contrast_is_counted_as_the_wcag_does() {
        let of = |one, other| Colour::parse(one).unwrap().contrast(Colour::parse(other).unwrap());
        assert!((of("#ffffff", "#000000") - 21.0).abs() < 0.01);
        assert!((of("#777777", "#ffffff") - 4.48).abs() < 0.01, "{}", of("#777777", "#ffffff"));
        assert!((of("#336699", "#336699") - 1.0).abs() < 0.01);
    }
}
