//! The operator's signatures from the screen that holds control: that is where the key is, not where the engine runs.
//!
//! The engine says what it wants signed; the screen reads the log itself, and signs what the log holds and nothing else.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha512};

use crate::engine::Mode;
use crate::journal::{Armour, SEAL_NAMESPACE};
use crate::kernel::Sha256Hex;
use crate::store::{self, KeyWish, LogPlace, Message, Operator, SignError};

/// How long a person may take to touch their key.
pub(super) const KEY_PATIENCE: Duration = Duration::from_secs(60);

/// Is what a screen is asked to sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToSign {
    /// Names the answer.
    pub id: u64,
    /// What it is.
    pub what: Wanted,
}

/// Says what is to be signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wanted {
    /// The delegation of the session that writes the log.
    Delegation {
        /// The whole statement.
        statement: String,
    },
    /// The seal of a log that has these bytes.
    Seal {
        /// The log.
        log: PathBuf,
        /// How many bytes of it.
        bytes: u64,
        /// Their SHA-512, hex.
        sha512: String,
    },
}

impl Wanted {
    /// Says what it is, after "to".
    pub fn words(&self) -> &'static str {
        match self {
            Self::Delegation { .. } => "sign for the log",
            Self::Seal { .. } => "seal the log",
        }
    }
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

/// Signs what an engine wants signed, if the log in `folder` wants that as well. Returns the armour.
///
/// # Errors
/// Why not, in words.
pub fn sign(operator: &Operator, folder: &Path, wanted: &Wanted) -> Result<String, String> {
    let sig = match wanted {
        Wanted::Delegation { statement } => delegate(operator, folder, statement),
        Wanted::Seal { log, bytes, sha512 } => seal(operator, log, (*bytes, sha512)),
    };
    sig?.text().map_err(|why| format!("the signature {why}"))
}

fn delegate(operator: &Operator, folder: &Path, statement: &str) -> Result<Armour, String> {
    let place = LogPlace { log: folder.join("incident.jsonl"), folder: Some(folder.to_owned()), spares: Vec::new() };
    let wanted = store::open_session(&place).map_err(|why| why.to_string())?;
    if wanted.as_deref() != Some(statement) {
        return Err(format!("{} begins another session than the engine's; nothing was signed", place.log.display()));
    }
    operator.delegate(statement).map_err(|why| why.to_string())
}

fn seal(operator: &Operator, path: &Path, (bytes, sha512): (u64, &str)) -> Result<Armour, String> {
    let unreadable = |error: io::Error| format!("{} can't be read: {error}", path.display());
    let mut log = File::open(path).map_err(unreadable)?.take(bytes);
    let mut hash = Sha512::new();
    io::copy(&mut log, &mut hash).map_err(unreadable)?;
    let digest: [u8; 64] = hash.finalize().into();
    if Sha256Hex::from_digest(&digest).as_str() != sha512 {
        return Err(format!("{} is not what the engine wants sealed; nothing was signed", path.display()));
    }
    operator.sign(SEAL_NAMESPACE, &digest, Message::File { path, bytes }).map_err(|why| why.to_string())
}
