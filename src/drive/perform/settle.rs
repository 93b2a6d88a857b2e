//! Finds out how an attempt ended whose engine was gone before it did, and whether one that failed happened. What acts is
//! never performed again here.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use super::{Files, ONE_CALL, Performer, Word, pause};
use crate::drive::look::{self, Look, Verdict};
use crate::drive::probe::{Told, by_their_clock, probe, why_asked};
use crate::engine::{Access, Doubt, Ended, Input, Job, Notice, Outcome, Output, Report, Seen, What};
use crate::exec::Reply;
use crate::exec::folder::output_file;
use crate::exec::supervisor::{Found, ShellEnd, adopt};
use crate::kernel::AttemptId;
use crate::runbook::Impact;
use crate::runbook::aws::only_reads;

/// How often something is looked at that does not tell yet whether it happened.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// How long that may go on.
const LOOK_LIMIT: Duration = Duration::from_mins(10);
/// How long that may go on where a person waits for what it tells: they can look again.
const LOOK_NOW: Duration = Duration::from_secs(30);
/// How long it may go on while nobody answers: what is asked may be gone with its region.
const SILENCE_LIMIT: Duration = Duration::from_secs(20);
/// In how many looks in a row something has to be missing before it counts as not carried out: what was sent last may
/// still be on its way, and what looks may be behind.
const MISSING: u32 = 2;

/// Says what an orphan's supervisor tells.
enum Shell {
    Ended(Box<ShellEnd>),
    /// Nothing tells how it ended; what is known.
    Unknown(String),
}

impl Performer {
    /// Finds out how an attempt ended; it comes as [`Report::Finished`], what told it as a remark before.
    pub fn settle(&self, doubt: Doubt) {
        let me = self.clone();
        let mut word = self.enlist(&doubt.job.attempt);
        tokio::spawn(async move {
            let attempt = doubt.job.attempt.clone();
            let ended = match me.world.vault.fill(doubt.job.clone()) {
                Ok(job) => me.settled(&Doubt { job, ..doubt }, &mut word).await,
                // What is missed is missed by looks only; how it ended can be told without.
                Err(missed) => {
                    me.remark(&doubt, &missed);
                    me.settled(&doubt, &mut word).await
                }
            };
            me.dismiss(&attempt);
            me.orphans.lock().unwrap_or_else(PoisonError::into_inner).remove(&attempt);
            me.report(Report::Finished { attempt, result: Box::new(ended) });
        });
    }

    async fn settled(&self, doubt: &Doubt, word: &mut watch::Receiver<Word>) -> Ended {
        let observes = doubt.impact == Impact::Observe;
        match &doubt.job.what {
            What::Shell { .. } => self.shell_block(doubt, word).await,
            What::Aws { calls } if calls.iter().any(|call| !only_reads(call)) => self.calls(doubt, calls, word).await,
            What::Http { request } if !(observes && is_read(request)) => {
                self.in_doubt(doubt, "nothing tells whether the server got the request; look there".to_owned())
            }
            What::Sql { access: Access::ReadWrite, .. } => self.in_doubt(
                doubt,
                "nothing tells whether the database committed it; look at what it was to change".to_owned(),
            ),
            What::Aws { .. } | What::Http { .. } | What::Sql { .. } | What::Dns { .. } => {
                self.remark(doubt, "it only reads, so it reads again");
                let ended = self.looks(&doubt.job, word, began(doubt), 1).await;
                self.seal(&doubt.job, ended)
            }
        }
    }

    async fn shell_block(&self, doubt: &Doubt, word: &mut watch::Receiver<Word>) -> Ended {
        let polls_on = doubt.job.poll.is_some() && doubt.impact == Impact::Observe;
        let end = match self.end_of_shell(doubt).await {
            Shell::Ended(end) if wants_output(doubt) && doubt.job.judge.judge(&end.outcome, "").is_ok() => {
                return self.printed_for_nobody(doubt, word).await;
            }
            Shell::Ended(end) => {
                self.say_of(&end, &mut Files::new(self, &doubt.job));
                *end
            }
            Shell::Unknown(why) if polls_on => {
                self.remark(doubt, &format!("{why}; it only observes, so it looks again"));
                return self.looks(&doubt.job, word, began(doubt), 1).await;
            }
            Shell::Unknown(why) => return self.in_doubt(doubt, why),
        };
        let look = Look::of_shell(started(doubt), end);
        let streams = look.streams.clone();
        let Some(poll) = doubt.job.poll.as_ref().filter(|_| look.outcome != Outcome::Interrupted) else {
            return look.ended(streams, None, 1, doubt.age);
        };
        match look::judge(poll, &doubt.job.judge, &look) {
            Verdict::Holds if poll.hold.is_zero() => look.ended(streams, None, 2, doubt.age),
            Verdict::Failed(why) => look.ended(streams, Some(why), 1, doubt.age),
            Verdict::Holds | Verdict::NotYet(_) if polls_on => self.looks(&doubt.job, word, began(doubt), 1).await,
            Verdict::Holds => {
                let why = "its engine was gone before it had held long enough".to_owned();
                look.ended(streams, Some(why), 1, doubt.age)
            }
            Verdict::NotYet(why) => {
                let why = format!("its engine was gone before it was tried again: {why}");
                look.ended(streams, Some(why), 1, doubt.age)
            }
        }
    }

    /// It succeeded, and what it printed was secret and went with the engine that was to capture it.
    async fn printed_for_nobody(&self, doubt: &Doubt, word: &mut watch::Receiver<Word>) -> Ended {
        let why = "it succeeded, but its output is secret, and went with the engine that was to capture it";
        if doubt.impact == Impact::Observe {
            self.remark(doubt, &format!("{why}; it only observes, so it runs again"));
            let ended = self.looks(&doubt.job, word, began(doubt), 1).await;
            return self.seal(&doubt.job, ended);
        }
        self.in_doubt(
            doubt,
            format!(
                "{why}. Mark it done, and enter the value where it is asked for; run it again only if that does no harm"
            ),
        )
    }

    async fn end_of_shell(&self, doubt: &Doubt) -> Shell {
        let (folder, attempt) = (&self.world.folder, &doubt.job.attempt);
        let orphan = match adopt(folder, attempt) {
            Ok(Found::Ended(end)) => {
                self.show.all_of(folder, attempt);
                self.remark(doubt, &format!("its supervisor saw it end: it {}", end.outcome.words()));
                return Shell::Ended(end);
            }
            Ok(Found::Running(orphan)) => orphan,
            Ok(Found::InDoubt) => return Shell::Unknown(self.unknown(attempt)),
            Err(error) => return Shell::Unknown(format!("what its supervisor wrote can't be read: {error}")),
        };
        self.remark(doubt, "it still runs, and its supervisor waits for its end");
        self.orphans.lock().unwrap_or_else(PoisonError::into_inner).insert(attempt.clone(), orphan.clone());
        let follow = self.show.follow_from_start(folder, attempt);
        let end = orphan.end().await;
        follow.finish().await;
        match end {
            Ok(Some(end)) => Shell::Ended(Box::new(end)),
            Ok(None) => Shell::Unknown(self.unknown(attempt)),
            Err(error) => Shell::Unknown(format!("what its supervisor wrote can't be read: {error}")),
        }
    }

    fn unknown(&self, attempt: &AttemptId) -> String {
        self.show.all_of(&self.world.folder, attempt);
        let printed =
            |kind: &str| std::fs::metadata(output_file(&self.world.folder, attempt, kind)).map(|data| data.len());
        let printed = printed("out").unwrap_or(0) + printed("err").unwrap_or(0);
        format!(
            "its supervisor is gone, too, and left no outcome; it had printed {printed} bytes by then. Look at what it \
             was to do, and whether its processes still run"
        )
    }

    /// Looks at what AWS calls leave behind. Only if all of them happened does the block count as done.
    async fn calls(&self, doubt: &Doubt, calls: &[Vec<String>], word: &mut watch::Receiver<Word>) -> Ended {
        let mut files = Files::new(self, &doubt.job);
        match self.told_by_looks(doubt, calls, (LOOK_LIMIT, word), Some(&mut files)).await {
            Told::Happened(what) => self.remark(doubt, &what),
            Told::NotHappened(why) => return self.not_carried_out(doubt, why),
            Told::Unclear(why) => return self.in_doubt(doubt, why),
        }
        let look = Look::of_reply(
            started(doubt),
            Reply { outcome: Outcome::Answered { status: None }, stdout: Vec::new(), stderr: Vec::new(), aws: None },
        );
        let streams = files.finish(&look);
        look.ended(streams, None, 1, doubt.age)
    }

    /// Says of AWS calls that may have been made whether they were, by what they leave behind.
    async fn told_by_looks(
        &self,
        doubt: &Doubt,
        calls: &[Vec<String>],
        (limit, word): (Duration, &mut watch::Receiver<Word>),
        mut files: Option<&mut Files>,
    ) -> Told {
        // Looking takes a while, in which the call gets no younger.
        let made = started(doubt);
        let mut seen = Vec::new();
        for call in calls.iter().filter(|call| !only_reads(call)) {
            let name = call.iter().take(2).map(String::as_str).collect::<Vec<_>>().join(" ");
            let Some(probe) = probe(call) else {
                let why = why_asked(call);
                let why = format!(
                    "no read-only call tells whether `aws {name}` was carried out, since {why}; look at its target"
                );
                return Told::Unclear(why);
            };
            let until = Instant::now() + limit;
            let mut missing = 0;
            let mut answered = Instant::now();
            let told = loop {
                let reply = self.world.aws.call(&probe.words, ONE_CALL).await;
                let told = probe.tells(&reply, by_their_clock(&reply, made, Utc::now()));
                missing = if matches!(told, Told::NotHappened(_)) { missing + 1 } else { 0 };
                if !reply.outcome.is_transient() {
                    answered = Instant::now();
                }
                let over = Instant::now() >= until || answered.elapsed() >= SILENCE_LIMIT;
                let settled = matches!(told, Told::Happened(_)) || missing >= MISSING || over;
                if settled || pause(LOOK_AGAIN, word).await != Word::GoOn {
                    if let Some(files) = &mut files {
                        self.keep(files, &doubt.job.attempt, &reply);
                    }
                    break told;
                }
            };
            let looked = probe.words.iter().take(2).map(String::as_str).collect::<Vec<_>>().join(" ");
            match told {
                Told::Happened(what) => seen.push(format!("`aws {name}` happened, says `aws {looked}`: {what}")),
                Told::NotHappened(what) if missing >= MISSING && seen.is_empty() => {
                    return Told::NotHappened(format!("`aws {name}` did not happen, says `aws {looked}`: {what}"));
                }
                Told::NotHappened(what) => {
                    let why = format!("`aws {name}` seems not to have happened, says `aws {looked}`: {what}");
                    return Told::Unclear(seen.into_iter().chain([why]).collect::<Vec<_>>().join("; "));
                }
                Told::Unclear(what) => {
                    return Told::Unclear(format!(
                        "`aws {looked}` does not tell whether `aws {name}` happened: {what}"
                    ));
                }
            }
        }
        Told::Happened(seen.join("; "))
    }

    /// Looks whether a failed attempt happened; what that tells comes as [`Report::Looked`].
    pub fn look_at(&self, doubt: Doubt) {
        let me = self.clone();
        tokio::spawn(async move {
            // Nobody interrupts a look: it only reads, and it is short.
            let (_nobody, mut word) = watch::channel(Word::GoOn);
            let attempt = doubt.job.attempt.clone();
            let told = match me.world.vault.fill(doubt.job.clone()) {
                Ok(Job { what: What::Aws { calls }, .. }) => {
                    me.told_by_looks(&doubt, &calls, (LOOK_NOW, &mut word), None).await
                }
                Ok(_) => Told::Unclear("no call that only reads tells whether it happened".to_owned()),
                Err(missed) => Told::Unclear(missed),
            };
            let (seen, what) = match told {
                Told::Happened(what) => (Seen::Happened, what),
                Told::NotHappened(what) => (Seen::NotHappened, what),
                Told::Unclear(what) => (Seen::Unclear, what),
            };
            me.report(Report::Looked { attempt, seen, what });
        });
    }

    fn keep(&self, files: &mut Files, attempt: &AttemptId, reply: &Reply) {
        files.write(&reply.stdout, &reply.stderr);
        self.show.native(attempt, &self.redacted(reply.clone()));
    }

    /// Ends it as one that somebody has to look at.
    fn in_doubt(&self, doubt: &Doubt, evidence: String) -> Ended {
        self.remark(doubt, &format!("it is in doubt: {evidence}"));
        unseen(doubt, Outcome::InDoubt { evidence })
    }

    /// Ends it as one of which nothing happened. Whether it is tried again is not decided here.
    fn not_carried_out(&self, doubt: &Doubt, evidence: String) -> Ended {
        self.remark(doubt, &format!("it was not carried out: {evidence}"));
        unseen(doubt, Outcome::NotCarriedOut { evidence })
    }

    fn remark(&self, doubt: &Doubt, what: &str) {
        let text = format!("Attempt {} ran when its engine was gone: {what}", doubt.job.attempt);
        // A host that ended has no use for it.
        drop(self.inbox.send(Input::Host(Notice::Remark(text))));
    }
}

/// Is the end of an attempt that nobody saw.
fn unseen(doubt: &Doubt, outcome: Outcome) -> Ended {
    let look = Look::of_reply(started(doubt), Reply { outcome, stdout: Vec::new(), stderr: Vec::new(), aws: None });
    let streams = look.streams.clone();
    look.ended(streams, None, 0, doubt.age)
}

/// Is something captured of what it printed, and was that secret?
fn wants_output(doubt: &Doubt) -> bool {
    matches!(&doubt.job.output, Output::Secret { captures } if !captures.is_empty())
}

fn began(doubt: &Doubt) -> Instant {
    Instant::now().checked_sub(doubt.age).unwrap_or_else(Instant::now)
}

fn started(doubt: &Doubt) -> DateTime<Utc> {
    let age = chrono::Duration::from_std(doubt.age).unwrap_or_default();
    Utc::now().checked_sub_signed(age).unwrap_or_else(Utc::now)
}

/// Is it a request that servers answer without doing anything?
fn is_read(request: &str) -> bool {
    matches!(request.split_whitespace().next(), Some("GET" | "HEAD"))
}
