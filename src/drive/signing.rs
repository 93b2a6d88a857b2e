//! The operator's signature from the screen that holds control: that is where the key is, not where the engine runs.
//!
//! The engine names a log and its digest; the screen reads the log itself, and signs a seal and nothing else.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha512};

use crate::engine::Mode;
use crate::journal::SEAL_NAMESPACE;
use crate::kernel::Sha256Hex;
use crate::store::{self, KeyWish, Message, Operator, SignError};

/// How long a person may take to touch their key.
pub(super) const KEY_PATIENCE: Duration = Duration::from_secs(60);

/// Is what a screen is asked to sign: the seal of a log that has these bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToSeal {
    /// Names the answer.
    pub id: u64,
    /// The log.
    pub log: PathBuf,
    /// How many bytes of it.
    pub bytes: u64,
    /// Their SHA-512, hex.
    pub sha512: String,
}

/// Says with which key a screen can sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningKey {
    /// The name, as it stands in the allowed signers.
    pub by: String,
    /// The public key, as one line.
    pub key: String,
}

/// Knows what a person has at hand at their screen: their key, and what leads to AWS.
#[derive(Clone, Debug)]
pub struct Signer {
    /// The name, as it stands in the allowed signers.
    pub by: String,
    /// The key file, if one is configured.
    pub key: Option<PathBuf>,
    /// The state folder.
    pub state: PathBuf,
    /// The profile of the AWS configuration that has the credentials, if one is configured.
    pub aws_profile: Option<String>,
}

impl Signer {
    /// Finds the key. An agent that hangs is waited for a while.
    ///
    /// # Errors
    /// Why there is none.
    pub fn operator(&self) -> Result<Operator, SignError> {
        let agent = std::env::var_os("SSH_AUTH_SOCK").map(PathBuf::from);
        store::operator(&KeyWish {
            principal: &self.by,
            key: self.key.as_deref(),
            agent: agent.as_deref(),
            mode: Mode::Real,
            state: &self.state,
            wait: KEY_PATIENCE,
        })
    }
}

impl SigningKey {
    /// Says with which key an operator signs.
    pub fn of(operator: &Operator) -> Self {
        Self { by: operator.principal().to_owned(), key: operator.public_text() }
    }
}

/// Signs a seal, if the log is what the engine says that it is. Returns the armour.
///
/// # Errors
/// Why not, in words.
pub fn seal(operator: &Arc<Operator>, asked: &ToSeal) -> Result<String, String> {
    let unreadable = |error: io::Error| format!("{} can't be read: {error}", asked.log.display());
    let mut log = File::open(&asked.log).map_err(unreadable)?.take(asked.bytes);
    let mut hash = Sha512::new();
    io::copy(&mut log, &mut hash).map_err(unreadable)?;
    let digest: [u8; 64] = hash.finalize().into();
    if Sha256Hex::from_digest(&digest).as_str() != asked.sha512 {
        return Err(format!("{} is not what the engine wants sealed; nothing was signed", asked.log.display()));
    }
    let message = Message::File { path: &asked.log, bytes: asked.bytes };
    let sig = operator.sign(SEAL_NAMESPACE, &digest, message).map_err(|why| why.to_string())?;
    sig.text().map_err(|why| format!("the signature {why}"))
}
