//! The SSH agent, asked with patience that ends: an agent that hangs must not hold up a recovery.

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use ssh_agent_client_rs::{Client, Identity};
use ssh_key::{PublicKey, Signature};

use super::error::SignError;

/// Lists the agent's plain keys (certificates are left out).
pub(super) fn keys(socket: &Path, wait: Duration) -> Result<Vec<PublicKey>, SignError> {
    ask(socket, wait, Client::list_all_identities).map(|identities| {
        identities
            .into_iter()
            .filter_map(|identity| match identity {
                Identity::PublicKey(key) => Some(key.into_owned()),
                Identity::Certificate(_) => None,
            })
            .collect()
    })
}

/// Asks the agent to sign; the person may have to touch the key or answer a question.
pub(super) fn sign(socket: &Path, key: &PublicKey, blob: Vec<u8>, wait: Duration) -> Result<Signature, SignError> {
    let key = key.clone();
    ask(socket, wait, move |client| client.sign(key, &blob))
}

/// Talks to the agent on a thread of its own. The thread ends at the latest when its socket's time-out passes; it is
/// not joined, since connecting to an agent that hangs can block for good, and all it holds is that socket.
fn ask<T: Send + 'static>(
    socket: &Path,
    wait: Duration,
    question: impl FnOnce(&mut Client) -> ssh_agent_client_rs::Result<T> + Send + 'static,
) -> Result<T, SignError> {
    // One answer at most: the bound is never reached.
    let (tx, rx) = mpsc::sync_channel(1);
    let path = socket.to_owned();
    let answer = move || -> Result<T, SignError> {
        let no_agent = |e: std::io::Error| SignError::NoAgent { socket: path.clone(), error: e.to_string() };
        let stream = UnixStream::connect(&path).map_err(no_agent)?;
        stream.set_read_timeout(Some(wait)).and_then(|()| stream.set_write_timeout(Some(wait))).map_err(no_agent)?;
        question(&mut Client::with_read_write(Box::new(stream))).map_err(|e| SignError::Refused(e.to_string()))
    };
    let spawned = std::thread::Builder::new().name("ssh-agent".to_owned()).spawn(move || {
        // Nobody listens any more if the patience has ended.
        drop(tx.send(answer()));
    });
    if let Err(e) = spawned {
        return Err(SignError::NoAgent { socket: socket.to_owned(), error: e.to_string() });
    }
    rx.recv_timeout(wait).unwrap_or(Err(SignError::TimedOut(wait)))
}
