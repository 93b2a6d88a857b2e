//! The practice key: a drill on a bare machine seals and verifies without anything being configured.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ssh_key::private::Ed25519Keypair;
use ssh_key::{LineEnding, PrivateKey};

use super::error::{SignError, StoreError};
use super::operator::{Means, Operator};
use super::runs;
use crate::journal::PRACTICE_PRINCIPAL;

/// Returns where the practice key's `allowed_signers` stands in a state folder.
pub fn practice_signers(state: &Path) -> PathBuf {
    state.join("practice/allowed_signers")
}

/// Returns where the practice key stands in a state folder.
pub(super) fn practice_key(state: &Path) -> PathBuf {
    state.join("practice/key")
}

/// Takes the practice key of a state folder, and makes it with its `allowed_signers` if there is none. For drills only.
///
/// # Errors
/// If it can be neither read nor made.
pub fn practice_operator(state: &Path, wait: Duration) -> Result<Operator, SignError> {
    let path = practice_key(state);
    let unusable = |why: String| SignError::File { path: path.clone(), why };
    if !path.exists() {
        make(&path).map_err(|e| unusable(e.to_string()))?;
    }
    let key = PrivateKey::read_openssh_file(&path)
        .map_err(|e| unusable(format!("{e}; remove it, and the next drill makes another")))?;
    let signers = practice_signers(state);
    if !signers.exists() {
        let public = key.public_key().to_openssh().map_err(|e| unusable(e.to_string()))?;
        let line =
            format!("{PRACTICE_PRINCIPAL} namespaces=\"session@lifeboat,seal@lifeboat,addendum@lifeboat\" {public}\n");
        place(&signers, line.as_bytes()).map_err(|e| unusable(e.to_string()))?;
    }
    let public = key.public_key().clone();
    Ok(Operator::new(PRACTICE_PRINCIPAL, public, Means::File(Box::new(key)), wait))
}

fn make(path: &Path) -> Result<(), StoreError> {
    let pair = Ed25519Keypair::from_seed(&runs::random::<32>()?);
    let mut key = PrivateKey::from(pair);
    key.set_comment("lifeboat practice key");
    let text = key.to_openssh(LineEnding::LF).map_err(|e| StoreError::Random(e.to_string()))?;
    place(path, text.as_bytes())
}

/// Puts a whole file in its place, or leaves the one that another drill put there first.
fn place(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    if let Some(folder) = path.parent() {
        runs::folder(folder)?;
    }
    let fresh = path.with_extension(format!("new-{}", runs::random_tail()?));
    let mut file = runs::create(&fresh)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(StoreError::io("write", &fresh))?;
    let linked = fs::hard_link(&fresh, path);
    fs::remove_file(&fresh).map_err(StoreError::io("remove", &fresh))?;
    match linked {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => Err(StoreError::io("create the file", path)(e)),
        _ => Ok(()),
    }
}
