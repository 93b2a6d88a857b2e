//! Seeded chance: every draw has a name, so adding one never changes the others, and none depends on when it is made.

use crate::kernel::scramble;

/// Is what all chance in an estate comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub u64);

impl Seed {
    /// Draws 64 bits under `name`.
    pub fn bits(self, name: &str) -> u64 {
        let hash = name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        scramble(hash ^ scramble(self.0))
    }

    /// Draws a number of milliseconds from `low` to `high` under `name`, in whole hundreds.
    pub fn millis(self, name: &str, low: i64, high: i64) -> i64 {
        let steps = ((high - low).max(0) / super::time::TICK).unsigned_abs() + 1;
        low + i64::try_from(self.bits(name) % steps).unwrap_or(0) * super::time::TICK
    }

    /// Draws lower-case hexadecimal digits under `name`, at most 64.
    pub fn hex(self, name: &str, digits: usize) -> String {
        let all = (0..4)
            .fold(String::new(), |all, part| all + &format!("{:016x}", scramble(self.bits(name).wrapping_add(part))));
        all.chars().take(digits).collect()
    }

    /// Draws an identifier of the shape of a UUID under `name`.
    pub fn uuid(self, name: &str) -> String {
        let (a, b) = (self.bits(name), scramble(self.bits(name).wrapping_add(1)));
        format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xfff,
            b >> 52,
            b & 0xffff_ffff_ffff
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_repeat_and_keep_their_limits() {
        for seed in 0..200 {
            let seed = Seed(seed);
            let drawn = seed.millis("gap", 500, 20_000);
            assert_eq!(drawn, seed.millis("gap", 500, 20_000));
            assert!((500..=20_000).contains(&drawn) && drawn % 100 == 0);
            assert_eq!(seed.uuid("x").len(), 36);
        }
        assert_ne!(Seed(1).bits("a"), Seed(2).bits("a"));
        assert_ne!(Seed(1).bits("a"), Seed(1).bits("b"));
    }
}
