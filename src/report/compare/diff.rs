//! Two texts side by side: which lines they share, in the order in which they stand.

/// Texts with more differing lines than this on a side are laid beside each other line by line.
const MOST: usize = 400;

/// Is a row of two texts side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Differing<'t> {
    /// Both have the line.
    Same(&'t str),
    /// They have different lines here; `None`: the other one has a line too many.
    Different(Option<&'t str>, Option<&'t str>),
}

/// Lays two texts beside each other. Between lines that both have, what differs stands on the same rows.
pub fn diff<'t>(one: &[&'t str], other: &[&'t str]) -> Vec<Differing<'t>> {
    let shared = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (head, one) = one.split_at(shared.min(one.len()));
    let (_, other) = other.split_at(shared.min(other.len()));
    let behind = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    let (one, tail) = one.split_at(one.len() - behind);
    let (other, _) = other.split_at(other.len() - behind);
    let mut rows: Vec<Differing<'t>> = head.iter().map(|line| Differing::Same(line)).collect();
    middle(&mut rows, one, other);
    rows.extend(tail.iter().map(|line| Differing::Same(line)));
    rows
}

fn middle<'t>(rows: &mut Vec<Differing<'t>>, one: &[&'t str], other: &[&'t str]) {
    let (mut left, mut right) = (0, 0);
    for (a, b) in common(one, other) {
        beside(rows, one.get(left..a), other.get(right..b));
        rows.extend(one.get(a).map(|line| Differing::Same(line)));
        (left, right) = (a + 1, b + 1);
    }
    beside(rows, one.get(left..), other.get(right..));
}

fn beside<'t>(rows: &mut Vec<Differing<'t>>, one: Option<&[&'t str]>, other: Option<&[&'t str]>) {
    let (one, other) = (one.unwrap_or_default(), other.unwrap_or_default());
    rows.extend(
        (0..one.len().max(other.len())).map(|at| Differing::Different(one.get(at).copied(), other.get(at).copied())),
    );
}

/// Finds the longest sequence of lines that both have, as places in either.
fn common(one: &[&str], other: &[&str]) -> Vec<(usize, usize)> {
    if one.len() > MOST || other.len() > MOST {
        return Vec::new();
    }
    // How many lines the rests share that begin at a place in either; a row and a column more for the ends.
    let width = other.len() + 1;
    let mut shared = vec![0_u16; (one.len() + 1) * width];
    let at = |shared: &[u16], a: usize, b: usize| shared.get(a * width + b).copied().unwrap_or(0);
    for (a, line) in one.iter().enumerate().rev() {
        for (b, its) in other.iter().enumerate().rev() {
            let most = if line == its {
                at(&shared, a + 1, b + 1) + 1
            } else {
                at(&shared, a + 1, b).max(at(&shared, a, b + 1))
            };
            if let Some(cell) = shared.get_mut(a * width + b) {
                *cell = most;
            }
        }
    }
    let (mut found, mut a, mut b) = (Vec::new(), 0, 0);
    while let (Some(line), Some(its)) = (one.get(a), other.get(b)) {
        if line == its {
            found.push((a, b));
            (a, b) = (a + 1, b + 1);
        } else if at(&shared, a + 1, b) >= at(&shared, a, b + 1) {
            a += 1;
        } else {
            b += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Differing::{Different, Same};
    use super::*;

    #[test]
    fn shared_lines_stand_beside_each_other_and_the_others_between_them() {
        let one = ["a", "b", "c", "d"];
        let other = ["a", "x", "c", "y", "d"];
        let rows = diff(&one, &other);
        assert_eq!(
            rows,
            [Same("a"), Different(Some("b"), Some("x")), Same("c"), Different(None, Some("y")), Same("d")]
        );
        assert_eq!(diff(&[], &["a"]), [Different(None, Some("a"))]);
        let (many, more) = (vec!["m"; 5_000], vec!["n"; 4_000]);
        assert_eq!(diff(&many, &more).len(), 5_000);
    }

    proptest! {
        #[test]
        fn nothing_of_either_text_is_lost(one in "[ab\n]{0,60}", other in "[ab\n]{0,60}") {
            let (one, other): (Vec<&str>, Vec<&str>) = (one.lines().collect(), other.lines().collect());
            let rows = diff(&one, &other);
            let side = |pick: fn(&Differing<'_>) -> Option<String>| rows.iter().filter_map(pick).collect::<Vec<_>>();
            let left = side(|row| match row { Same(line) => Some((*line).to_owned()), Different(line, _) => line.map(str::to_owned) });
            let right = side(|row| match row { Same(line) => Some((*line).to_owned()), Different(_, line) => line.map(str::to_owned) });
            prop_assert_eq!((left, right), (one.iter().map(ToString::to_string).collect(), other.iter().map(ToString::to_string).collect()));
            prop_assert_eq!(diff(&one, &one).iter().filter(|row| matches!(row, Same(_))).count(), one.len());
        }
    }
}
