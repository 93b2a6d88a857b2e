//! Slugs of headings, as code-hosting sites make them, so that links work there and here.

use std::collections::{BTreeMap, BTreeSet};

/// Makes slugs that are unique in their file.
#[derive(Debug, Default)]
pub(super) struct Anchors {
    taken: BTreeSet<String>,
    counts: BTreeMap<String, usize>,
}

impl Anchors {
    /// Makes the slug of a heading; a second heading of the same text gets `-1`, a third `-2`.
    pub(super) fn make(&mut self, heading: &str) -> String {
        self.unique(&slug(heading), "-")
    }

    /// Makes a name unique by adding a number.
    pub(super) fn unique(&mut self, name: &str, joint: &str) -> String {
        let mut unique = name.to_owned();
        let count = self.counts.entry(name.to_owned()).or_default();
        while self.taken.contains(&unique) {
            *count += 1;
            unique = format!("{name}{joint}{count}");
        }
        self.taken.insert(unique.clone());
        unique
    }

    /// Takes a name; says whether it was free.
    #[must_use]
    pub(super) fn take(&mut self, name: &str) -> bool {
        self.taken.insert(name.to_owned())
    }
}

/// Makes the slug of a heading: lower case, words joined by `-`, punctuation dropped.
pub(super) fn slug(heading: &str) -> String {
    heading
        .trim()
        .chars()
        .flat_map(char::to_lowercase)
        .filter_map(|c| match c {
            ' ' => Some('-'),
            '-' | '_' => Some(c),
            c if c.is_alphanumeric() => Some(c),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_as_sites_make_them() {
        let mut anchors = Anchors::default();
        for (heading, anchor) in [
            ("Promote the replica", "promote-the-replica"),
            ("Promote the replica", "promote-the-replica-1"),
            ("Promote the replica", "promote-the-replica-2"),
            ("4. Don't panic!", "4-dont-panic"),
            ("A / B", "a--b"),
            ("Größe_x", "größe_x"),
            ("", ""),
        ] {
            assert_eq!(anchors.make(heading), anchor, "{heading}");
        }
    }
}
