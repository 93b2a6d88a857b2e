//! Text to rows, one after the other: nothing is kept, so that a row far down costs no memory.

use std::ops::Range;

use unicode_width::UnicodeWidthChar as _;

/// Says where a row may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrap {
    /// Between words; words that are too long are broken.
    Words,
    /// Wherever the columns end, keeping every space.
    Columns,
}

/// Returns the row that begins at `from`, and where the one after it begins; `None` behind the last one.
pub(super) fn row(text: &str, from: usize, columns: usize, wrap: Wrap) -> Option<(Range<usize>, usize)> {
    let rest = text.get(from..).filter(|rest| !rest.is_empty())?;
    let columns = columns.max(1);
    let mut used = 0;
    // The last run of spaces: where it begins, and what follows it.
    let mut gap: Option<Range<usize>> = None;
    for (at, c) in rest.char_indices() {
        let here = from + at;
        if c == '\n' {
            return Some((from..here, here + 1));
        }
        let wide = c.width().unwrap_or(0);
        if used + wide > columns && here > from {
            return Some(match (wrap, gap) {
                (Wrap::Words, _) if c == ' ' => {
                    let spaces = rest.get(at..).unwrap_or_default().chars().take_while(|c| *c == ' ').count();
                    (from..here, here + spaces)
                }
                (Wrap::Words, Some(gap)) if gap.start > from => (from..gap.start, gap.end),
                (Wrap::Words | Wrap::Columns, _) => (from..here, here),
            });
        }
        if c == ' ' {
            gap = match gap {
                Some(gap) if gap.end == here => Some(gap.start..here + 1),
                _ => Some(here..here + 1),
            };
        }
        used += wide;
    }
    Some((from..text.len(), text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr as _;

    fn rows(text: &str, columns: usize, wrap: Wrap) -> Vec<&str> {
        let mut rows = Vec::new();
        let mut from = 0;
        while let Some((row, next)) = row(text, from, columns, wrap) {
            assert!(next > from, "no way forward in {text:?}");
            rows.push(text.get(row).unwrap());
            from = next;
        }
        rows
    }

    #[test]
    fn words_wrap_and_long_ones_break() {
        assert_eq!(rows("one two three", 7, Wrap::Words), ["one two", "three"]);
        assert_eq!(rows("abcdefgh ij", 4, Wrap::Words), ["abcd", "efgh", "ij"]);
        assert_eq!(rows("abc   def", 3, Wrap::Words), ["abc", "def"]);
        assert_eq!(rows("a\n\nb", 9, Wrap::Words), ["a", "", "b"]);
        assert_eq!(rows("日本語", 4, Wrap::Words), ["日本", "語"]);
        assert_eq!(rows("aws  rds x", 6, Wrap::Columns), ["aws  r", "ds x"]);
    }

    proptest! {
        #[test]
        fn no_row_is_too_wide_and_no_word_is_lost(text in "[ a-zß漢\u{301}\n]{0,200}", columns in 2_usize..40) {
            for wrap in [Wrap::Words, Wrap::Columns] {
                let rows = rows(&text, columns, wrap);
                prop_assert!(rows.iter().all(|row| row.width() <= columns), "{rows:?}");
                let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
                prop_assert_eq!(letters(&rows.concat()), letters(&text));
            }
        }
    }
}
