//! Performs a shell block through the supervisor, and says what its outcome alone does not.

use std::path::PathBuf;

use chrono::{DateTime, Utc};

use super::{Files, Performer, secrecy};
use crate::drive::look::Look;
use crate::engine::{Job, Outcome, What};
use crate::exec::Reply;
use crate::exec::folder::is_full;
use crate::exec::supervisor::{Revived, ShellEnd, ShellSpec, StateRule};
use crate::runbook::Keyboard;

/// Why an interactive block is not started without screens: it would wait for ever.
const NO_TERMINAL: &str = "it needs a terminal with a person at it, and this run has none; nothing of it was started: work \
                           the run on a screen, or do it by hand and mark it done";

impl Performer {
    /// Performs a shell block once.
    pub(super) async fn shell(&self, job: &Job, files: &mut Files, at: DateTime<Utc>) -> Look {
        let nothing = |outcome: Outcome| Look::of_reply(at, Reply::failed(outcome));
        let What::Shell { shell, script, cwd, keyboard } = &job.what else {
            return nothing(Outcome::Unusable { error: "this is no shell block".to_owned() });
        };
        if *keyboard == Keyboard::Operator && !self.show.has_screens() {
            return nothing(Outcome::Unusable { error: NO_TERMINAL.to_owned() });
        }
        match self.world.supervisor.revive(|| self.world.secrets()) {
            Ok(Revived::No) => {}
            Ok(Revived::Yes) => files.remark(
                "The supervisor process of this run was gone. Another one runs its shell blocks from here on."
                    .to_owned(),
            ),
            Err(error) => return nothing(Outcome::SpawnFailed { error: error.to_string() }),
        }
        let mut vars = job.vars.clone();
        vars.extend(self.world.env.iter().cloned());
        let spec = ShellSpec {
            attempt: job.attempt.clone(),
            shell: *shell,
            script: script.clone(),
            vars,
            cwd: cwd.as_ref().map(PathBuf::from),
            timeout: job.timeout,
            grace: ShellSpec::GRACE,
            state: if job.attempt.as_str().starts_with('w') {
                StateRule::Forget
            } else {
                StateRule::CarryOver(job.judge.exit.clone())
            },
            keyboard: *keyboard,
            output: secrecy(job),
        };
        let follow = self.show.follow(&self.world.folder, &job.attempt);
        let end = self.world.supervisor.run(spec).await;
        follow.finish().await;
        match end {
            Ok(end) => {
                self.say_of(&end, files);
                Look::of_shell(at, end)
            }
            // It may have been started, and may have come to its end: nobody runs it again unasked.
            Err(error) => nothing(Outcome::InDoubt { evidence: error.to_string() }),
        }
    }

    /// Says what an end does not tell by itself: what was ended with it, what is lost, and what it may have failed for.
    pub(super) fn say_of(&self, end: &ShellEnd, files: &mut Files) {
        let attempt = files.attempt.clone();
        if end.left_behind {
            files.remark(format!("Attempt {attempt} left processes behind in the background, and they were ended."));
        }
        if let Some(why) = &end.state_lost {
            files.remark(format!("What attempt {attempt} set in its shell is not there for later blocks: {why}."));
        }
        let output = self.world.folder.join("output");
        if end.outcome != (Outcome::Exited { code: 0 }) && is_full(&output) {
            files.remark(format!(
                "No space is left in {}: what attempt {attempt} printed is not whole, and it may have failed for that \
                 alone. Free some space before it is tried again.",
                output.display()
            ));
        }
    }
}
