//! Which program this is: its version and digest, as the log says it.
//!
//! Reading and digesting the whole program takes longer than anything else at the start of a run, so the digest is kept
//! in the state folder, with what tells this file from any other and from itself after a change.

use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::exec::folder::{Durability, write_whole};
use crate::kernel::Sha256Hex;

/// Where the digest is kept, in the state folder.
const KEPT: &str = "program.json";

/// Is a digest, and the file that has it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Kept {
    /// Device, inode and size; when its content and when anything about it last changed, in seconds and nanoseconds.
    /// Nobody can set the last of these.
    file: [i64; 7],
    sha256: String,
}

fn identity(found: &Metadata) -> [i64; 7] {
    [
        found.dev().cast_signed(),
        found.ino().cast_signed(),
        found.size().cast_signed(),
        found.mtime(),
        found.mtime_nsec(),
        found.ctime(),
        found.ctime_nsec(),
    ]
}

/// Says which program this is, in words; one that can't be read has no digest.
pub(super) fn said(program: &Path, state: &Path) -> String {
    let digest = digest(program, state).map(|digest| format!(" (sha256 {digest})")).unwrap_or_default();
    format!("lifeboat {}{digest}", env!("CARGO_PKG_VERSION"))
}

fn digest(program: &Path, state: &Path) -> Option<String> {
    let mut file = File::open(program).ok()?;
    let (identity, place) = (identity(&file.metadata().ok()?), state.join(KEPT));
    let kept = std::fs::read(&place).ok().and_then(|bytes| serde_json::from_slice::<Kept>(&bytes).ok());
    if let Some(kept) = kept.filter(|kept| kept.file == identity) {
        return Some(kept.sha256);
    }
    let mut hash = Sha256::new();
    std::io::copy(&mut file, &mut hash).ok()?;
    let kept = Kept { file: identity, sha256: Sha256Hex::from_digest(&hash.finalize()).as_str().to_owned() };
    if let Ok(bytes) = serde_json::to_vec(&kept) {
        // Where it can't be kept it is made again next time.
        drop(write_whole(&place, &bytes, Durability::Process));
    }
    Some(kept.sha256)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::sha256_hex;

    #[test]
    fn a_program_that_changed_has_its_new_digest() {
        let state = tempfile::tempdir().unwrap();
        let program = state.path().join("lifeboat");
        for content in ["one", "two", "two"] {
            std::fs::write(&program, content).unwrap();
            // Asked twice: made, and kept.
            for _ in 0..2 {
                assert_eq!(digest(&program, state.path()), Some(sha256_hex(content.as_bytes()).as_str().to_owned()));
            }
        }
        let kept: Kept = serde_json::from_slice(&std::fs::read(state.path().join(KEPT)).unwrap()).unwrap();
        assert_eq!(kept.file, identity(&std::fs::metadata(&program).unwrap()));
        std::fs::write(state.path().join(KEPT), "{").unwrap();
        assert!(said(&program, state.path()).ends_with(&format!(" (sha256 {})", sha256_hex(b"two"))));
        let unwritable = said(&program, &state.path().join("missing"));
        assert!(unwritable.contains("sha256"), "{unwritable}");
        assert!(!said(&state.path().join("gone"), state.path()).contains("sha256"));
    }
}
