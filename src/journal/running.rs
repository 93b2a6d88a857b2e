//! The running SHA-512 of a log, of which its signatures speak: behind a seam, since it takes longer than all else that is
//! done for a line, and can be done beside it.

use sha2::{Digest as _, Sha512};

use super::sshsig::{Digest512, finish};

/// Hashes the parts of a log, and keeps digests of what stood before some of its lines.
pub trait Running {
    /// Begins another part, with no bytes yet.
    fn begin(&mut self);

    /// Takes the next bytes of the part.
    fn update(&mut self, bytes: &[u8]);

    /// Keeps the digest of the part so far under a number, in place of what was kept under it. Numbers begin with 0 and
    /// leave none out.
    fn keep(&mut self, number: usize);

    /// Returns what was kept under a number.
    fn kept(&mut self, number: usize) -> Option<Digest512>;

    /// Returns the digest of the part so far.
    fn digest(&mut self) -> Digest512;
}

/// Hashes at once, for whoever calls.
#[derive(Clone, Debug, Default)]
pub struct Here {
    hash: Sha512,
    /// What the digests are made of, once somebody asks.
    kept: Vec<Sha512>,
}

impl Running for Here {
    fn begin(&mut self) {
        self.hash = Sha512::new();
    }

    fn update(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
    }

    fn keep(&mut self, number: usize) {
        match self.kept.get_mut(number) {
            Some(kept) => kept.clone_from(&self.hash),
            None => self.kept.push(self.hash.clone()),
        }
    }

    fn kept(&mut self, number: usize) -> Option<Digest512> {
        self.kept.get(number).map(finish)
    }

    fn digest(&mut self) -> Digest512 {
        finish(&self.hash)
    }
}
