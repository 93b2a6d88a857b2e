//! Text from outside, made harmless, and secrets, kept out of sight.

/// Says how many there are of a thing whose name makes its plural with an s: "1 step", "2 steps".
pub fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Says a range by the words of its ends: "1 s to 2 s", and once where both read the same.
pub fn range(low: &str, high: &str) -> String {
    if low == high { high.to_owned() } else { format!("{low} to {high}") }
}

/// Holds text in which nothing can move a cursor, change a colour or reorder what is read.
///
/// Control characters become their pictures (`␛`, `␀`), tabs become spaces, C1 controls, bidirectional overrides
/// and other invisible format characters become `�`. A line feed stays a line feed.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SafeText(String);

impl SafeText {
    /// Makes `raw` harmless, keeping line feeds.
    pub fn new(raw: &str) -> Self {
        let mut safe = String::with_capacity(raw.len());
        for c in raw.chars() {
            match c {
                '\n' => safe.push('\n'),
                '\t' => safe.push_str("    "),
                '\u{7f}' => safe.push('\u{2421}'),
                c if (c as u32) < 0x20 => {
                    safe.push(char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}'));
                }
                '\u{80}'..='\u{9f}'
                | '\u{ad}'
                | '\u{61c}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}' => safe.push('\u{fffd}'),
                c => safe.push(c),
            }
        }
        Self(safe)
    }

    /// Makes `raw` harmless and puts it on one line: line feeds become `␊`.
    pub fn line(raw: &str) -> Self {
        Self(Self::new(raw).0.replace('\n', "\u{240a}"))
    }

    /// Returns the harmless text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Gives the harmless text away.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl std::fmt::Display for SafeText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

/// Holds a value that is never printed: `Debug` and `Display` show `•••`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Takes a value into custody.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// Shows the value to the one who needs it.
    pub fn reveal(&self) -> &T {
        &self.0
    }
}

impl<T> std::fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("•••")
    }
}

impl<T> std::fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("•••")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_whose_ends_read_the_same_is_said_once() {
        assert_eq!(range("1.0 s", "1.0 s"), "1.0 s");
        assert_eq!(range("1.0 s", "1.1 s"), "1.0 s to 1.1 s");
    }

    #[test]
    fn nothing_that_steers_a_terminal_survives() {
        let safe = SafeText::new("a\u{1b}[2Jb\u{9b}c\u{202e}d\te\r\n");
        assert_eq!(safe.as_str(), "a␛[2Jb\u{fffd}c\u{fffd}d    e␍\n");
        assert_eq!(SafeText::line("a\nb").as_str(), "a␊b");
    }

    #[test]
    fn a_secret_does_not_print() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret:?} {secret}"), "••• •••");
    }
}
