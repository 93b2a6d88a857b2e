//! The index of a long recording, kept from one opening to the next: in the cache folder, never in the recording.
//!
//! ```text
//! states        one behind the other, as JSON
//! rest          summary as JSON, then numbers: checkpoints, marks, attempts
//! end           where the rest begins, its CRC-32, the key
//! ```
//!
//! The key comes from every byte of the log and of the runbook, and from this very program: whatever changed, there is no
//! index for it. Whatever is wrong with the file, there is none either, and another one is made.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::recording::Recording;
use crate::store::{Cache, Making};

/// Logs that are not larger are read as fast as an index.
const WORTH: u64 = 4 * 1024 * 1024;
/// The last bytes of the file.
const END: usize = 8 + 4 + 32;
/// Says how the file is made; a new number with every change of it.
const FORMAT: &[u8] = b"lifeboat replay index 2";
/// Is where the index of a recording is kept.
#[derive(Clone, Debug)]
pub(super) struct Place {
    cache: Cache,
    key: [u8; 32],
}

impl Place {
    /// Finds it by what the recording holds; `None` if it is not worth it, or there is no place.
    pub(super) fn of(recording: &Recording) -> Option<Self> {
        let cache = Cache::at(recording.cache.as_deref()?);
        let parts = recording.place.parts();
        let size: u64 = parts.iter().filter_map(|part| fs::metadata(part).ok()).map(|data| data.len()).sum();
        if size < WORTH {
            return None;
        }
        let mut key = Sha256::new();
        key.update(FORMAT);
        key.update(program().as_bytes());
        let mut buffer = vec![0; 256 * 1024];
        for path in parts.iter().chain([&recording.folder.join("runbook.md")]) {
            let (mut file, mut hash, mut length) = (File::open(path).ok()?, Sha256::new(), 0_u64);
            loop {
                match file.read(&mut buffer).ok()? {
                    0 => break,
                    n => {
                        length += n as u64;
                        hash.update(buffer.get(..n)?);
                    }
                }
            }
            key.update(length.to_le_bytes());
            key.update(hash.finalize());
        }
        Some(Self { cache, key: key.finalize().into() })
    }

    fn name(&self) -> String {
        crate::kernel::Sha256Hex::from_digest(&self.key).as_str().to_owned()
    }

    /// Begins to make it.
    pub(super) fn begin(&self) -> Option<Making> {
        self.cache.begin(&self.name())
    }

    /// Reads what lies behind the states: the file, where that begins, and the bytes.
    pub(super) fn read(&self) -> Option<(File, u64, Vec<u8>)> {
        let file = self.cache.find(&self.name())?;
        let length = file.metadata().ok()?.len();
        let mut end = [0; END];
        let rest_to = length.checked_sub(END as u64)?;
        file.read_exact_at(&mut end, rest_to).ok()?;
        let (from, tail) = end.split_first_chunk::<8>()?;
        let (crc, key) = tail.split_first_chunk::<4>()?;
        let from = u64::from_le_bytes(*from);
        let mut rest = vec![0; usize::try_from(rest_to.checked_sub(from)?).ok()?];
        file.read_exact_at(&mut rest, from).ok()?;
        let holds = *key == self.key && crc32fast::hash(&rest) == u32::from_le_bytes(*crc);
        holds.then_some((file, from, rest))
    }

    /// Ends what lies behind the states, which end at `from`.
    pub(super) fn ended(&self, from: u64, mut rest: Vec<u8>) -> Vec<u8> {
        let crc = crc32fast::hash(&rest);
        rest.extend(from.to_le_bytes());
        rest.extend(crc.to_le_bytes());
        rest.extend(self.key);
        rest
    }
}

/// Names this very program: another one may fold facts otherwise.
fn program() -> String {
    let data = std::env::current_exe().and_then(fs::metadata);
    let made = data.and_then(|data| Ok((data.len(), data.modified()?)));
    made.map_or_else(|_| String::new(), |(length, made)| format!("{length} {made:?} {}", env!("CARGO_PKG_VERSION")))
}

/// Writes numbers, small ones in few bytes.
#[derive(Debug, Default)]
pub(super) struct Numbers(pub(super) Vec<u8>);

impl Numbers {
    pub(super) fn put(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    /// Writes a number as its difference from the one before, whichever is larger.
    pub(super) fn step(&mut self, from: &mut u64, to: u64) {
        let difference = to.wrapping_sub(*from).cast_signed();
        self.put(((difference << 1) ^ (difference >> 63)).cast_unsigned());
        *from = to;
    }

    /// Writes something as JSON.
    pub(super) fn json(&mut self, what: &impl Serialize) -> io::Result<()> {
        let json = serde_json::to_vec(what)?;
        self.put(json.len() as u64);
        self.0.extend(json);
        Ok(())
    }
}

/// Reads what [`Numbers`] wrote.
#[derive(Debug)]
pub(super) struct Read<'b>(pub(super) &'b [u8]);

impl Read<'_> {
    pub(super) fn take(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    pub(super) fn step(&mut self, from: &mut u64) -> Option<u64> {
        let number = self.take()?;
        let difference = (number >> 1).cast_signed() ^ -(number & 1).cast_signed();
        *from = from.wrapping_add(difference.cast_unsigned());
        Some(*from)
    }

    pub(super) fn small(&mut self) -> Option<u32> {
        u32::try_from(self.take()?).ok()
    }

    /// Reads how many there are: never more than bytes are left, so that no wrong number takes memory.
    pub(super) fn count(&mut self) -> Option<usize> {
        usize::try_from(self.take()?).ok().filter(|count| *count <= self.0.len())
    }

    pub(super) fn json<T: for<'de> Deserialize<'de>>(&mut self) -> Option<T> {
        let length = self.count()?;
        let (json, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        serde_json::from_slice(json).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn numbers_come_back(numbers in proptest::collection::vec(proptest::num::u64::ANY, 0..50)) {
            let (mut bytes, mut from) = (Numbers::default(), 0);
            for number in &numbers {
                bytes.put(*number);
                bytes.step(&mut from, *number);
            }
            let (mut read, mut from) = (Read(&bytes.0), 0);
            for number in &numbers {
                proptest::prop_assert_eq!(read.take(), Some(*number));
                proptest::prop_assert_eq!(read.step(&mut from), Some(*number));
            }
            proptest::prop_assert_eq!(read.take(), None);
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..64)) {
            let mut read = Read(&bytes);
            let mut from = u64::MAX;
            while read.take().is_some() && read.step(&mut from).is_some() && read.small().is_some() && read.count().is_some() {}
        }
    }
}
