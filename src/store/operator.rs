//! The operator's key, however it can be reached: agent, file, or ssh-keygen for what the library cannot sign.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha512};
use signature::Signer as _;
use ssh_key::public::KeyData;
use ssh_key::{HashAlg, PrivateKey, PublicKey};

use super::agent;
use super::error::SignError;
use crate::journal::{
    AllowedSigners, Armour, Digest512, PRACTICE_PRINCIPAL, SEAL_NAMESPACE, SESSION_NAMESPACE, SignerKind, Standing,
    signed_blob,
};

/// Is a message to be signed, for signers that want to read it themselves.
#[derive(Clone, Copy, Debug)]
pub enum Message<'m> {
    /// A text.
    Text(&'m str),
    /// The first bytes of a file.
    File {
        /// The file.
        path: &'m Path,
        /// How many bytes of it.
        bytes: u64,
    },
}

/// Signs in the name of a person.
#[derive(Clone, Debug)]
pub struct Operator {
    principal: String,
    key: PublicKey,
    means: Means,
    wait: Duration,
}

#[derive(Clone, Debug)]
pub(super) enum Means {
    Agent(PathBuf),
    File(Box<PrivateKey>),
    Keygen(PathBuf),
    Far(Arc<dyn FarKey>),
}

/// Reaches a key somewhere else.
pub trait FarKey: std::fmt::Debug + Send + Sync {
    /// Has a log of this SHA-512 sealed, and returns the armour; blocks for no longer than `wait`.
    ///
    /// # Errors
    /// Why there is no signature.
    fn seal(&self, log: &Path, bytes: u64, digest: &Digest512, wait: Duration) -> Result<String, SignError>;

    /// Has a session's delegation signed, and returns the armour; blocks for no longer than `wait`.
    ///
    /// # Errors
    /// Why there is no signature.
    fn delegate(&self, statement: &str, wait: Duration) -> Result<String, SignError>;
}

impl Operator {
    pub(super) fn new(principal: &str, key: PublicKey, means: Means, wait: Duration) -> Self {
        Self { principal: principal.to_owned(), key, means, wait }
    }

    /// Makes an operator whose key is somewhere else: `public` is its other half, as one line.
    ///
    /// # Errors
    /// If that is no public key.
    pub fn far(principal: &str, public: &str, key: Arc<dyn FarKey>, wait: Duration) -> Result<Self, SignError> {
        let public = PublicKey::from_openssh(public.trim()).map_err(|e| SignError::Refused(e.to_string()))?;
        Ok(Self::new(principal, public, Means::Far(key), wait))
    }

    /// Returns the name that stands in the allowed signers.
    pub fn principal(&self) -> &str {
        &self.principal
    }

    /// Returns the key's fingerprint.
    pub fn fingerprint(&self) -> String {
        self.key.fingerprint(HashAlg::Sha256).to_string()
    }

    /// Returns the public key as one line.
    pub fn public_text(&self) -> String {
        self.key.to_openssh().unwrap_or_default()
    }

    /// Returns the key that others verify with.
    pub fn key_data(&self) -> &KeyData {
        self.key.key_data()
    }

    /// Tells whether it is this key.
    pub fn holds(&self, key: &KeyData) -> bool {
        self.key.key_data() == key
    }

    /// Says whether it is a person's key or one made for drills.
    pub fn kind(&self) -> SignerKind {
        if self.principal == PRACTICE_PRINCIPAL { SignerKind::Practice } else { SignerKind::Operator }
    }

    /// Says how this key stands as a signer of seals at a time.
    pub fn standing(&self, signers: &AllowedSigners, at: DateTime<Utc>) -> Standing {
        signers.standing(&self.principal, self.key.key_data(), SEAL_NAMESPACE, at)
    }

    /// Signs a session's delegation.
    ///
    /// # Errors
    /// As [`Self::sign`].
    pub fn delegate(&self, statement: &str) -> Result<Armour, SignError> {
        let digest = Sha512::digest(statement.as_bytes()).into();
        self.sign(SESSION_NAMESPACE, &digest, Message::Text(statement))
    }

    /// Signs a message of this SHA-512 and checks the answer. It returns within the operator's patience.
    ///
    /// # Errors
    /// In words for the banner and the log.
    pub fn sign(&self, namespace: &'static str, digest: &Digest512, message: Message<'_>) -> Result<Armour, SignError> {
        let blob = signed_blob(namespace, digest);
        let armour = match &self.means {
            Means::Agent(socket) => {
                Armour::new(&self.key, namespace, agent::sign(socket, &self.key, blob, self.wait)?)?
            }
            Means::File(key) => {
                let signature = key.try_sign(&blob).map_err(|e| SignError::Refused(e.to_string()))?;
                Armour::new(&self.key, namespace, signature)?
            }
            Means::Far(far) => match message {
                Message::File { path, bytes } if namespace == SEAL_NAMESPACE => {
                    Armour::read(&far.seal(path, bytes, digest, self.wait)?)?
                }
                Message::Text(statement) if namespace == SESSION_NAMESPACE => {
                    Armour::read(&far.delegate(statement, self.wait)?)?
                }
                _ => {
                    return Err(SignError::Refused(
                        "a screen signs seals and delegations, and nothing else".to_owned(),
                    ));
                }
            },
            Means::Keygen(file) => Armour::read(&keygen(file, namespace, message, self.wait)?)?,
        };
        armour.check(namespace, digest)?;
        if armour.key() != self.key.key_data() {
            return Err(SignError::Refused("another key signed than the one that was announced".to_owned()));
        }
        Ok(armour)
    }
}

/// Has `ssh-keygen -Y sign` sign, for RSA keys in files.
fn keygen(key: &Path, namespace: &str, message: Message<'_>, wait: Duration) -> Result<String, SignError> {
    let failed = |e: io::Error| SignError::Keygen(e.to_string());
    let mut child = Command::new("ssh-keygen")
        .args(["-Y", "sign", "-q", "-n", namespace, "-f"])
        .arg(key)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let mut stdin = child.stdin.take();
    let fed = match (message, &mut stdin) {
        (_, None) => Ok(()),
        (Message::Text(text), Some(stdin)) => stdin.write_all(text.as_bytes()),
        (Message::File { path, bytes }, Some(stdin)) => {
            File::open(path).and_then(|file| io::copy(&mut file.take(bytes), stdin)).map(drop)
        }
    };
    drop(stdin);
    let deadline = Instant::now() + wait;
    loop {
        match child.try_wait().map_err(failed)? {
            Some(_) => break,
            None if Instant::now() >= deadline => {
                // It may have ended in this moment; then there is nothing to kill.
                drop(child.kill());
                drop(child.wait());
                return Err(SignError::TimedOut(wait));
            }
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    }
    // A signature and a message of ssh-keygen fit the pipes, so nothing could block above.
    let output = child.wait_with_output().map_err(failed)?;
    if output.status.success() && fed.is_ok() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(SignError::Keygen(String::from_utf8_lossy(&output.stderr).trim().escape_debug().to_string()))
    }
}
