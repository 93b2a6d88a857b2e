//! The operator lets the session's key sign. The screen in control is asked first, since that is where the person is;
//! where it does not sign, the key that the engine reaches itself. Without either the log says what it lacks, and the
//! next screen that takes control is asked.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::hub::Hub;
use crate::engine::{Input, Notice};
use crate::kernel::SafeText;
use crate::store::{AppendError, LogWriter, Operator, SignError};

/// How long the first screen may take to come and to tell of its key, before the engine's own is asked.
const FIRST: Duration = Duration::from_secs(10);

/// How long a log that can't be written is left alone.
const AGAIN: Duration = Duration::from_secs(2);

/// Asks for the operator's signature as long as it lives.
#[derive(Debug)]
pub(super) struct Asking(JoinHandle<()>);

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Is what has to be signed, who may do it, and where that is recorded.
#[derive(Debug)]
pub(super) struct Delegation {
    pub(super) statement: String,
    pub(super) screens: Hub,
    pub(super) log: LogWriter,
    pub(super) inbox: mpsc::UnboundedSender<Input>,
}

impl Delegation {
    /// Begins to ask. `own` is the key that the engine reaches itself.
    pub(super) fn ask(self, own: Result<Operator, SignError>) -> Asking {
        Asking(tokio::spawn(self.work(own)))
    }

    async fn work(self, own: Result<Operator, SignError>) {
        let (mut own, mut asked, mut vouched) = (Some(own), BTreeSet::new(), false);
        loop {
            let told = self.screens.signer(&asked);
            let next = if own.is_some() { tokio::time::timeout(FIRST, told).await.ok() } else { Some(told.await) };
            let signer = next.map(|(screen, signer)| {
                asked.insert(screen);
                signer
            });
            if vouched {
                if let Some(Ok(operator)) = signer {
                    let (by, key) = (SafeText::line(operator.principal()), operator.fingerprint());
                    self.say(format!("The key of {by} ({key}) is at hand to seal the log."));
                }
                continue;
            }
            let lacks = match self.sign(signer.unwrap_or(Err(SignError::Awaited))).await {
                Ok(()) => None,
                Err(why) => Some(why.to_string()),
            };
            let lacks = match (lacks, own.take()) {
                (Some(screen), Some(own)) => self.sign(own).await.err().map(|why| and(screen, &why.to_string())),
                (lacks, _) => lacks,
            };
            match lacks {
                None => vouched = true,
                Some(why) => self.say(format!("UNSIGNED: {why}")),
            }
        }
    }

    async fn sign(&self, signer: Result<Operator, SignError>) -> Result<(), SignError> {
        let (operator, statement) = (signer?, self.statement.clone());
        let by = operator.principal().to_owned();
        // Somebody may have to touch a key.
        let signed = tokio::task::spawn_blocking(move || operator.delegate(&statement)).await;
        let sig = signed.map_err(|error| SignError::Refused(error.to_string()))??;
        loop {
            match self.log.delegate(&by, sig.clone()).await {
                // What is wrong with the log is said by others.
                Err(AppendError::Final { .. }) => tokio::time::sleep(AGAIN).await,
                Ok(()) | Err(AppendError::Unfit(_) | AppendError::Ended) => return Ok(()),
            }
        }
    }

    fn say(&self, what: String) {
        // A host that ended records nothing more.
        drop(self.inbox.send(Input::Host(Notice::Remark(what))));
    }
}

/// Joins what the screen lacks and what the engine lacks, which may be the same.
fn and(screen: String, engine: &str) -> String {
    if screen.ends_with(engine) { screen } else { format!("{screen}. The engine's own key: {engine}") }
}
