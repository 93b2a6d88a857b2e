//! What a time will be, by what it was: a distribution that says no more than the samples do.
//!
//! The next one is as likely to fall into each of the gaps between the samples, below the least and above the greatest
//! (Hill's A(n)). So few samples give a wide spread, and many a narrow one, without a shape being assumed.

use crate::kernel::Dice;

/// How finely a distribution is cut: into so many pieces of equal chance.
const CELLS: usize = 256;

/// Is a distribution of times, in seconds, as values of equal chance in ascending order. Without any it is always nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Spread(Vec<f32>);

impl Spread {
    /// Is always the same time.
    pub(super) fn always(seconds: f32) -> Self {
        Self(if seconds > 0.0 { vec![seconds] } else { Vec::new() })
    }

    /// Predicts the next one from samples, in any order.
    pub(super) fn of(samples: Vec<f32>) -> Self {
        Self::left(samples, None)
    }

    /// Predicts what is left of one that has gone on for `gone` and has not ended; `None`: it has not begun.
    pub(super) fn left(mut samples: Vec<f32>, gone: Option<f32>) -> Self {
        samples.sort_by(f32::total_cmp);
        let (Some(least), Some(most)) = (samples.first().copied(), samples.last().copied()) else {
            return Self::default();
        };
        let spacing = match samples.len() {
            // One alone says little: it may as well be half as much again.
            1 => most / 2.0,
            count => (most - least) / (count - 1) as f32,
        };
        let Some(gone) = gone else {
            if most <= 0.0 {
                return Self::default();
            }
            if spacing <= f32::EPSILON {
                return Self::always(most);
            }
            return Self((0..CELLS).map(|cell| quantile(&samples, spacing, middle(cell, CELLS))).collect());
        };
        let cells = (0..CELLS).map(|cell| quantile(&samples, spacing, middle(cell, CELLS)));
        let left: Vec<f32> = cells.filter(|value| *value > gone).map(|value| value - gone).collect();
        if !left.is_empty() {
            return Self(left);
        }
        // It takes longer than it ever did, and the longer it does, the less is known of when it ends.
        let mean = spacing.max((gone - most) / 2.0).max(gone / 20.0);
        Self((0..CELLS).map(|cell| tail(mean, middle(cell, CELLS))).collect())
    }

    /// Draws one.
    pub(super) fn draw(&self, dice: &mut Dice) -> f32 {
        match self.0.as_slice() {
            [] => 0.0,
            [only] => *only,
            many => many.get(dice.below(many.len() as u32) as usize).copied().unwrap_or_default(),
        }
    }

    /// Returns the value below which so much of the chance lies.
    pub(super) fn at(&self, chance: f32) -> f32 {
        let last = self.0.len().saturating_sub(1);
        self.0.get(((chance * self.0.len() as f32) as usize).min(last)).copied().unwrap_or_default()
    }
}

fn middle(cell: usize, cells: usize) -> f32 {
    (cell as f32 + 0.5) / cells as f32
}

/// What is beyond all samples dies away as chance does that has no memory.
fn tail(mean: f32, chance: f32) -> f32 {
    -mean * (1.0 - chance).ln()
}

fn quantile(sorted: &[f32], spacing: f32, chance: f32) -> f32 {
    let place = chance * (sorted.len() + 1) as f32;
    let (gap, within) = (place as usize, place.fract());
    let sample = |at: usize| sorted.get(at).copied().unwrap_or_default();
    match gap {
        0 => {
            let from = (sample(0) - spacing).max(0.0);
            from + within * (sample(0) - from)
        }
        gap if gap < sorted.len() => sample(gap - 1) + within * (sample(gap) - sample(gap - 1)),
        _ => sample(sorted.len() - 1) + tail(spacing, within),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(spread: &Spread, holds: impl Fn(f32) -> bool) -> f32 {
        let mut dice = Dice::new(7);
        (0..20_000).filter(|_| holds(spread.draw(&mut dice))).count() as f32 / 20_000.0
    }

    #[test]
    fn the_next_one_is_as_likely_in_each_gap() {
        let spread = Spread::of(vec![30.0, 10.0, 20.0]);
        for (low, high) in [(0.0, 10.0), (10.0, 20.0), (20.0, 30.0), (30.0, f32::MAX)] {
            let part = share(&spread, |drawn| drawn > low && drawn <= high);
            assert!((part - 0.25).abs() < 0.02, "{low} to {high}: {part}");
        }
        assert!((spread.at(0.5) - 20.0).abs() < 1.0, "{}", spread.at(0.5));
    }

    #[test]
    fn nothing_known_is_nothing_and_what_never_differs_is_certain() {
        assert_eq!(Spread::of(Vec::new()), Spread::default());
        assert_eq!(Spread::of(vec![0.0; 4]), Spread::default());
        assert_eq!(Spread::of(vec![5.0; 4]), Spread::always(5.0));
        let one = Spread::of(vec![10.0]);
        assert!(share(&one, |drawn| drawn > 10.0) > 0.4 && share(&one, |drawn| drawn < 10.0) > 0.4, "one says little");
    }

    #[test]
    fn what_goes_on_ends_later_the_longer_it_has_gone_on() {
        let samples: Vec<f32> = (1..=20).map(|second| second as f32 * 10.0).collect();
        let left = |gone| Spread::left(samples.clone(), Some(gone)).at(0.5);
        assert!((left(0.0) - 105.0).abs() < 6.0, "{}", left(0.0));
        assert!((left(100.0) - 55.0).abs() < 6.0, "half of the rest: {}", left(100.0));
        assert!(left(199.0) > 1.0 && left(199.0) < 30.0, "{}", left(199.0));
        assert!(left(900.0) > left(300.0) && left(300.0) > 5.0, "nobody knows: {} {}", left(300.0), left(900.0));
    }
}
