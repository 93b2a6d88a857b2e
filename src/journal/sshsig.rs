//! Signatures in OpenSSH's SSHSIG form over a running SHA-512, so that no message has to be held or hashed again.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use sha2::{Digest as _, Sha512};
use signature::{Signer as _, Verifier as _};
use ssh_key::public::{Ed25519PublicKey, KeyData};
use ssh_key::{Algorithm, HashAlg, LineEnding, PublicKey, Signature, SshSig};

/// Is the namespace of the operator's delegation of a session key.
pub const SESSION_NAMESPACE: &str = "session@lifeboat";
/// Is the namespace of the session key's checkpoints.
pub const CHECKPOINT_NAMESPACE: &str = "checkpoint@lifeboat";
/// Is the namespace of the operator's seal.
pub const SEAL_NAMESPACE: &str = "seal@lifeboat";
/// Is the namespace of what is added after the seal.
pub const ADDENDUM_NAMESPACE: &str = "addendum@lifeboat";
/// Is the namespace of a witness of a sealed log.
pub const WITNESS_NAMESPACE: &str = "witness@lifeboat";

/// Is the SHA-512 of a message to be signed.
pub type Digest512 = [u8; 64];

/// Says what is wrong with a signature: a fragment that follows "the signature …".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// It is written otherwise than lifeboat and ssh-keygen write it.
    #[error("is not in the one form that lifeboat writes")]
    NotCanonical,
    /// It was made for something else.
    #[error("is for {found}, not for {wanted}")]
    Namespace {
        /// The namespace in the signature.
        found: String,
        /// The namespace that belongs here.
        wanted: &'static str,
    },
    /// It is of another version of the form.
    #[error("is of version {0}, not {version}", version = SshSig::VERSION)]
    Version(u32),
    /// It uses another digest than SHA-512.
    #[error("uses another digest than sha512")]
    Hash,
    /// It does not fit the bytes.
    #[error("does not fit the bytes before it")]
    Wrong,
}

/// Returns the bytes that a key signs for a message of this SHA-512.
pub fn signed_blob(namespace: &str, digest: &Digest512) -> Vec<u8> {
    let mut blob = b"SSHSIG".to_vec();
    for part in [namespace.as_bytes(), b"", b"sha512", digest] {
        // The parts are a few dozen bytes: their lengths fit.
        blob.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        blob.extend_from_slice(part);
    }
    blob
}

/// Is an armoured SSHSIG, read or made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Armour(SshSig);

impl Armour {
    /// Wraps what a key made of [`signed_blob`].
    ///
    /// # Errors
    /// Only for an empty namespace.
    pub fn new(key: &PublicKey, namespace: &str, signature: Signature) -> Result<Self, SignatureError> {
        SshSig::new(key.key_data().clone(), namespace, HashAlg::Sha512, signature).map(Self).map_err(|e| unreadable(&e))
    }

    /// Reads `-----BEGIN SSH SIGNATURE-----` and so on, as `ssh-keygen -Y sign` prints it.
    ///
    /// # Errors
    /// If it is no SSHSIG over SHA-512.
    pub fn read(text: &str) -> Result<Self, SignatureError> {
        let signature = SshSig::from_pem(text.trim_ascii()).map_err(|e| unreadable(&e))?;
        if signature.hash_alg() != HashAlg::Sha512 || !signature.reserved().is_empty() {
            return Err(SignatureError::Hash);
        }
        // Version 0 is let pass by those who read: a byte that could be changed and would not be missed.
        if signature.version() != SshSig::VERSION {
            return Err(SignatureError::Version(signature.version()));
        }
        Ok(Self(signature))
    }

    /// Reads a signature out of a log line, in which only one spelling counts.
    pub(super) fn read_exactly(text: &str) -> Result<Self, SignatureError> {
        let signature = Self::read(text)?;
        if signature.text()? == text { Ok(signature) } else { Err(SignatureError::NotCanonical) }
    }

    /// Returns the armour, with LF after every line.
    ///
    /// # Errors
    /// Only if the signature itself is beyond encoding.
    pub fn text(&self) -> Result<String, SignatureError> {
        let text = self.0.to_pem(LineEnding::LF).map_err(|e| unreadable(&e))?;
        Ok(if text.ends_with('\n') { text } else { text + "\n" })
    }

    /// Returns the key that the signature names; nothing is proven by the name alone.
    pub fn key(&self) -> &KeyData {
        self.0.public_key()
    }

    /// Checks that the named key signed a message of this SHA-512 in this namespace.
    ///
    /// # Errors
    /// If it did not.
    pub fn check(&self, namespace: &'static str, digest: &Digest512) -> Result<(), SignatureError> {
        if self.0.namespace() != namespace {
            return Err(SignatureError::Namespace { found: self.0.namespace().to_owned(), wanted: namespace });
        }
        self.key().verify(&signed_blob(namespace, digest), self.0.signature()).map_err(|_| SignatureError::Wrong)
    }
}

fn unreadable(error: &ssh_key::Error) -> SignatureError {
    SignatureError::Unreadable(error.to_string())
}

/// Is the key of one session: made in memory, never written, erased when dropped.
pub struct SessionKey {
    // Kept as what signs: made anew of its bytes for every signature, its public half would be computed each time.
    private: SigningKey,
    public: PublicKey,
}

impl SessionKey {
    /// Makes the key of 32 random bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        // The private half erases itself when it is dropped.
        let private = SigningKey::from_bytes(seed);
        let public = Ed25519PublicKey(private.verifying_key().to_bytes());
        Self { private, public: PublicKey::new(KeyData::Ed25519(public), "") }
    }

    /// Returns the public half as `ssh-ed25519 AAAA…`.
    pub fn public_text(&self) -> String {
        key_text(&self.public)
    }

    /// Signs a checkpoint: base64 of the 64 signature bytes.
    pub(super) fn sign(&self, digest: &Digest512) -> Result<String, SignatureError> {
        let signature = self
            .private
            .try_sign(&signed_blob(CHECKPOINT_NAMESPACE, digest))
            .map_err(|e| SignatureError::Unreadable(e.to_string()))?;
        Ok(STANDARD.encode(signature.to_bytes()))
    }
}

impl std::fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SessionKey({})", self.public_text())
    }
}

/// Returns a public key as one line without a comment.
pub(super) fn key_text(key: &PublicKey) -> String {
    PublicKey::from(key.key_data().clone()).to_openssh().unwrap_or_default()
}

/// Reads a session's public key in the one spelling that counts.
pub(super) fn session_key(text: &str) -> Option<PublicKey> {
    let key = PublicKey::from_openssh(text).ok()?;
    (key.algorithm() == Algorithm::Ed25519 && key_text(&key) == text).then_some(key)
}

/// Checks a checkpoint's signature.
pub(super) fn check_checkpoint(key: &PublicKey, digest: &Digest512, sig: &str) -> Result<(), SignatureError> {
    let bytes = STANDARD.decode(sig).map_err(|_| SignatureError::NotCanonical)?;
    let signature = Signature::new(Algorithm::Ed25519, bytes).map_err(|_| SignatureError::NotCanonical)?;
    key.key_data().verify(&signed_blob(CHECKPOINT_NAMESPACE, digest), &signature).map_err(|_| SignatureError::Wrong)
}

/// Finishes a copy of a running SHA-512.
pub(super) fn finish(state: &Sha512) -> Digest512 {
    state.clone().finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_fits_its_bytes_only() {
        let key = SessionKey::from_seed(&[7; 32]);
        let public = session_key(&key.public_text()).unwrap();
        let digest = finish(&Sha512::new_with_prefix(b"abc"));
        let sig = key.sign(&digest).unwrap();
        assert_eq!(sig.len(), 88);
        assert_eq!(check_checkpoint(&public, &digest, &sig), Ok(()));
        let other = finish(&Sha512::new_with_prefix(b"abd"));
        assert_eq!(check_checkpoint(&public, &other, &sig), Err(SignatureError::Wrong));
    }

    #[test]
    fn the_blob_is_openssh_s_own() {
        let digest = finish(&Sha512::new_with_prefix(b"abc"));
        let theirs = SshSig::signed_data(SEAL_NAMESPACE, HashAlg::Sha512, b"abc").unwrap();
        assert_eq!(signed_blob(SEAL_NAMESPACE, &digest), theirs);
    }
}
