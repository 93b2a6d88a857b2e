//! What is handed in as an approval is verified here, by the files that say who counts as they are at that moment.

use std::path::PathBuf;

use chrono::{DateTime, Utc};

use crate::engine::{Opened, Run, SignedApproval};
use crate::journal::Answer;
use crate::store::{Operator, load_trust};

/// Names the files that say whose approval counts.
#[derive(Clone, Debug, Default)]
pub struct Approvers {
    /// Files of allowed signers.
    pub signers: Vec<PathBuf>,
    /// The file of keys that count no more.
    pub revoked: Option<PathBuf>,
}

impl Approvers {
    /// Verifies that `answer` approves what the open prompt asks for. `by` hands it in; `operators` have the keys of whoever
    /// operates.
    ///
    /// # Errors
    /// Why it does not count, in a sentence.
    pub async fn judge(
        &self,
        run: &Run,
        operators: Vec<Operator>,
        (prompt, answer): (u64, &str),
        by: &str,
        now: DateTime<Utc>,
    ) -> Result<SignedApproval, String> {
        let open = run.prompt.as_ref().filter(|open| open.number == prompt && open.lacks() > 0);
        let asked = open.zip(run.opened.as_ref()).and_then(|(open, opened)| Some((opened, open.request(opened)?)));
        let Some((opened, request)) = asked else { return Err("Nothing waits for this approval.".to_owned()) };
        let (files, answer, by) = (self.clone(), answer.to_owned(), by.to_owned());
        let opened = opened.clone();
        // Files are read, which may take its time.
        tokio::task::spawn_blocking(move || files.check(&opened, &operators, (prompt, &request, &answer), &by, now))
            .await
            .unwrap_or_else(|error| Err(format!("The approval could not be verified: {error}")))
    }

    fn check(
        &self,
        opened: &Opened,
        operators: &[Operator],
        (prompt, request, answer): (u64, &str, &str),
        by: &str,
        now: DateTime<Utc>,
    ) -> Result<SignedApproval, String> {
        let answer = Answer::read(answer).map_err(|why| why.to_string())?;
        if self.signers.is_empty() {
            return Err("Nobody can approve: no allowed signers are configured (`allowed_signers`).".to_owned());
        }
        let trust = load_trust(&self.signers, self.revoked.as_deref(), None, now).map_err(|why| why.to_string())?;
        let mut operates = vec![opened.by.as_str(), by];
        operates.extend(operators.iter().map(Operator::principal));
        let own = |key: &_| operators.iter().any(|operator| operator.holds(key));
        answer
            .judge((prompt, opened.run.as_str(), request), &trust, opened.mode, &operates, &own)
            .map_err(|why| why.to_string())
    }
}
