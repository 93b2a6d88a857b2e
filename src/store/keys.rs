//! Chooses the operator's key: the one that is configured, else the agent's, and in a drill one made for practice.

use std::fs;
use std::path::Path;
use std::time::Duration;

use ssh_key::{Algorithm, PrivateKey, PublicKey};

use super::agent;
use super::error::SignError;
use super::operator::{Means, Operator};
use super::practice::{practice_key, practice_operator};
use crate::engine::Mode;

/// How long listing an agent's keys may take; nobody has to touch anything for it.
const LIST_WAIT: Duration = Duration::from_secs(5);

/// Says what is known about the key that shall sign.
#[derive(Clone, Copy, Debug)]
pub struct KeyWish<'w> {
    /// The operator's name, as it stands in the allowed signers.
    pub principal: &'w str,
    /// A key file: public (the agent signs) or private.
    pub key: Option<&'w Path>,
    /// The agent's socket, `SSH_AUTH_SOCK`.
    pub agent: Option<&'w Path>,
    /// A drill without a configured key makes its own.
    pub mode: Mode,
    /// The state folder, for the practice key.
    pub state: &'w Path,
    /// How long a signature may take: a person may have to find and touch a key.
    pub wait: Duration,
}

/// Finds the operator's key. A configured key is used or the run is unsigned; without one a drill takes its practice
/// key, a real run the agent's first Ed25519 key, else the agent's first key.
///
/// # Errors
/// Why there is none, in words: the run goes on unsigned and says so.
pub fn operator(wish: &KeyWish<'_>) -> Result<Operator, SignError> {
    match (wish.key, wish.mode) {
        (Some(path), _) => configured(path, wish),
        (None, Mode::Drill) => practice_operator(wish.state, wish.wait),
        (None, Mode::Real) => {
            let socket = wish.agent.ok_or(SignError::NoKey)?;
            let keys = agent::keys(socket, wish.wait.min(LIST_WAIT))?;
            let ed25519 = keys.iter().find(|key| key.algorithm() == Algorithm::Ed25519);
            let key = ed25519.or(keys.first()).ok_or_else(|| SignError::Empty { socket: socket.to_owned() })?;
            Ok(Operator::new(wish.principal, key.clone(), Means::Agent(socket.to_owned()), wish.wait))
        }
    }
}

/// Says where a key was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Where the configuration names it.
    Configured,
    /// In the agent.
    Agent,
    /// Made by an earlier drill, for drills.
    Practice,
}

/// Lists the keys that could sign here, each once, and what kept others from being found. No key is made and nobody is
/// asked for anything.
pub fn at_hand(wish: &KeyWish<'_>) -> (Vec<(Found, Operator)>, Vec<SignError>) {
    let (mut found, mut missed) = (Vec::new(), Vec::new());
    match wish.key.map(|path| configured(path, wish)) {
        Some(Ok(operator)) => found.push((Found::Configured, operator)),
        Some(Err(why)) => missed.push(why),
        None => {}
    }
    match wish.agent.map(|socket| (socket, agent::keys(socket, wish.wait.min(LIST_WAIT)))) {
        Some((socket, Ok(keys))) => {
            for key in keys {
                if found.iter().all(|(_, known): &(_, Operator)| !known.holds(key.key_data())) {
                    let means = Means::Agent(socket.to_owned());
                    found.push((Found::Agent, Operator::new(wish.principal, key, means, wish.wait)));
                }
            }
            if found.is_empty() && missed.is_empty() {
                missed.push(SignError::Empty { socket: socket.to_owned() });
            }
        }
        Some((_, Err(why))) => missed.push(why),
        None if wish.key.is_none() => missed.push(SignError::NoKey),
        None => {}
    }
    if practice_key(wish.state).exists() {
        match practice_operator(wish.state, wish.wait) {
            Ok(operator) => found.push((Found::Practice, operator)),
            Err(why) => missed.push(why),
        }
    }
    (found, missed)
}

fn configured(path: &Path, wish: &KeyWish<'_>) -> Result<Operator, SignError> {
    let unusable = |why: String| SignError::File { path: path.to_owned(), why };
    let text = fs::read_to_string(path).map_err(|e| unusable(e.to_string()))?;
    if !text.contains("PRIVATE KEY") {
        let key = PublicKey::from_openssh(text.trim())
            .map_err(|e| unusable(format!("it holds neither a private nor a public OpenSSH key ({e})")))?;
        return through_agent(&key, wish);
    }
    let private = PrivateKey::from_openssh(text.trim_start()).map_err(|e| {
        unusable(format!("{e}; if it is in the older PEM form, `ssh-keygen -p -f` writes it anew in OpenSSH's"))
    })?;
    let key = private.public_key().clone();
    let means = match key.algorithm() {
        _ if private.is_encrypted() => {
            return through_agent(&key, wish).map_err(|e| {
                unusable(format!("it is encrypted, so the agent has to sign, and {e}; `ssh-add {}`", path.display()))
            });
        }
        Algorithm::Rsa { .. } => Means::Keygen(path.to_owned()),
        _ => Means::File(Box::new(private)),
    };
    Ok(Operator::new(wish.principal, key, means, wish.wait))
}

fn through_agent(key: &PublicKey, wish: &KeyWish<'_>) -> Result<Operator, SignError> {
    let socket = wish.agent.ok_or(SignError::NoKey)?;
    let held = agent::keys(socket, wish.wait.min(LIST_WAIT))?;
    if held.iter().any(|candidate| candidate.key_data() == key.key_data()) {
        Ok(Operator::new(wish.principal, key.clone(), Means::Agent(socket.to_owned()), wish.wait))
    } else {
        Err(SignError::Missing { fingerprint: key.fingerprint(ssh_key::HashAlg::Sha256).to_string() })
    }
}
