//! Seeded chance: the same seed gives the same numbers, on every machine.

/// Spreads the bits of `x` over the whole word (the finaliser of SplitMix64).
pub fn scramble(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Draws numbers one after the other (SplitMix64). Good enough for simulations, and for nothing that has to be secret.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Begins at a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Draws a number below `limit`; 0 where that is 0.
    pub fn below(&mut self, limit: u32) -> u32 {
        let bits = scramble(self.0);
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        u32::try_from(((bits >> 32) * u64::from(limit)) >> 32).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_repeat_stay_below_their_limit_and_are_even() {
        let draw = |seed| {
            let mut dice = Dice::new(seed);
            (0..100_000).map(|_| dice.below(10)).collect::<Vec<_>>()
        };
        let drawn = draw(1);
        assert_eq!(drawn, draw(1));
        assert_ne!(drawn, draw(2));
        for number in 0..10 {
            let count = drawn.iter().filter(|drawn| **drawn == number).count();
            assert!((9_700..10_300).contains(&count), "{number}: {count}");
        }
        assert_eq!(Dice::new(1).below(0), 0);
    }
}
