//! The key of the person at a screen, asked over its socket.

use std::path::Path;
use std::time::Duration;

use super::{Asked, Hub};
use crate::drive::signing::{ToSign, Wanted};
use crate::drive::wire::ToScreen;
use crate::journal::Digest512;
use crate::kernel::{SafeText, Sha256Hex};
use crate::store::{FarKey, SignError};

/// Is the key that a screen reaches.
#[derive(Debug)]
pub(super) struct KeyOfScreen {
    pub(super) hub: Hub,
    pub(super) screen: u64,
}

impl FarKey for KeyOfScreen {
    fn seal(&self, log: &Path, bytes: u64, digest: &Digest512, wait: Duration) -> Result<String, SignError> {
        let sha512 = Sha256Hex::from_digest(digest).as_str().to_owned();
        self.sign(Wanted::Seal { log: log.to_owned(), bytes, sha512 }, wait)
    }

    fn delegate(&self, statement: &str, wait: Duration) -> Result<String, SignError> {
        self.sign(Wanted::Delegation { statement: statement.to_owned() }, wait)
    }
}

impl KeyOfScreen {
    fn sign(&self, what: Wanted, wait: Duration) -> Result<String, SignError> {
        let (answer, answered) = std::sync::mpsc::sync_channel(1);
        let id = {
            let mut inner = self.hub.lock();
            if !inner.screens.contains_key(&self.screen) {
                return Err(SignError::Screen("it is gone".to_owned()));
            }
            inner.signing += 1;
            let id = inner.signing;
            inner.asked.insert(id, Asked { screen: self.screen, answer });
            id
        };
        self.hub.say_to(self.screen, &ToScreen::Sign(ToSign { id, what }));
        let answered = answered.recv_timeout(wait);
        self.hub.lock().asked.remove(&id);
        match answered {
            Ok(Ok(sig)) => Ok(sig),
            Ok(Err(why)) => Err(SignError::Screen(SafeText::line(&why).into_string())),
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => Err(SignError::TimedOut(wait)),
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => Err(SignError::Screen("it is gone".to_owned())),
        }
    }
}
