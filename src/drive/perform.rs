//! Performs jobs: shell blocks through the supervisor, native calls here; polls, watches, interrupts.

mod settle;
mod shell;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::Utc;
use tokio::sync::{mpsc, watch};

use super::look::{self, Look, Verdict};
use super::show::Show;
use super::vault::Vault;
use crate::engine::{Database, Ended, Input, Job, Notice, Outcome, Output, Report, Streams, What};
use crate::exec::aws::Aws;
use crate::exec::dns::DnsContext;
use crate::exec::http::HttpContext;
use crate::exec::output::OutputFiles;
use crate::exec::sql::{self, SqlContext};
use crate::exec::supervisor::{Force, Orphan, Supervisor};
use crate::exec::{Reach, Reply, dns, http};
use crate::kernel::{AttemptId, Secret};
use crate::runbook::Secrecy;

/// How long one native call may take unless its author says otherwise.
const ONE_CALL: Duration = Duration::from_secs(20);

/// What an attempt is told while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    GoOn,
    /// The operator interrupted it.
    Interrupt,
    /// A watch has seen enough.
    Enough,
}

/// Everything that a job needs from the world.
#[derive(Debug)]
pub struct World {
    /// The run's folder.
    pub folder: PathBuf,
    /// Spawns shell blocks.
    pub supervisor: Supervisor,
    /// Makes AWS calls.
    pub aws: Aws,
    /// Makes HTTP requests.
    pub http: HttpContext,
    /// Makes DNS queries.
    pub dns: DnsContext,
    /// Environment that every shell block gets besides its variables (endpoints and credentials of the estate).
    pub env: Vec<(String, String)>,
    /// Holds the secrets of the run.
    pub vault: Vault,
}

/// Starts, watches and interrupts attempts; reports go to the engine's inbox.
#[derive(Clone, Debug)]
pub struct Performer {
    world: Arc<World>,
    // Unbounded: a report is small and must never be dropped; there is one for each attempt and look.
    inbox: mpsc::UnboundedSender<Input>,
    show: Show,
    running: Arc<Mutex<HashMap<AttemptId, watch::Sender<Word>>>>,
    /// Shell blocks of an engine that is gone, which their own supervisor ends.
    orphans: Arc<Mutex<HashMap<AttemptId, Orphan>>>,
}

impl Performer {
    /// Makes a performer.
    pub fn new(world: World, inbox: mpsc::UnboundedSender<Input>, show: Show) -> Self {
        world.keep_secret();
        Self { world: Arc::new(world), inbox, show, running: Arc::default(), orphans: Arc::default() }
    }

    /// Tells the supervisor what is secret by now.
    pub fn keep_secret(&self) {
        self.world.keep_secret();
    }

    /// Returns the vault of the run.
    pub fn vault(&self) -> &Vault {
        &self.world.vault
    }

    /// Performs an attempt; its end comes as [`Report::Finished`].
    pub fn start(&self, job: Job) {
        let me = self.clone();
        let mut word = self.enlist(&job.attempt);
        tokio::spawn(async move {
            let attempt = job.attempt.clone();
            let ended = match me.world.vault.fill(job) {
                Ok(job) => {
                    let ended = me.looks(&job, &mut word, Instant::now(), 0).await;
                    me.seal(&job, ended)
                }
                Err(missed) => nothing_done(missed),
            };
            me.dismiss(&attempt);
            me.report(Report::Finished { attempt, result: Box::new(ended) });
        });
    }

    /// Takes what is captured of a secret output into the vault, and tells the supervisor.
    fn seal(&self, job: &Job, ended: Ended) -> Ended {
        let ended = self.world.vault.seal(job, ended);
        if matches!(&job.output, Output::Secret { captures } if !captures.is_empty()) {
            self.world.keep_secret();
        }
        ended
    }

    /// Looks again and again, reporting each look as [`Report::Watched`], until [`Performer::enough`].
    pub fn watch(&self, job: Job) {
        let me = self.clone();
        let word = self.enlist(&job.attempt);
        tokio::spawn(async move {
            let attempt = job.attempt.clone();
            let ended = match me.world.vault.fill(job) {
                Ok(job) => me.watching(&job, word).await,
                Err(missed) => nothing_done(missed),
            };
            me.dismiss(&attempt);
            me.report(Report::Finished { attempt, result: Box::new(ended) });
        });
    }

    /// Ends a watch.
    pub fn enough(&self, attempt: &AttemptId) {
        self.tell(attempt, Word::Enough);
    }

    /// Interrupts an attempt.
    pub fn interrupt(&self, attempt: &AttemptId, force: Force) {
        // A shell block is interrupted by the supervisor; between two polls nobody but us would hear it.
        let orphan = self.orphans.lock().unwrap_or_else(PoisonError::into_inner).get(attempt).cloned();
        let heard = match orphan {
            Some(orphan) => orphan.interrupt(force).map_err(|error| error.to_string()),
            None => self.world.supervisor.interrupt(attempt, force).map_err(|error| error.to_string()),
        };
        if let Err(error) = heard {
            tracing::error!(%error, %attempt, "the supervisor did not hear of the interrupt");
        }
        self.tell(attempt, Word::Interrupt);
    }

    fn enlist(&self, attempt: &AttemptId) -> watch::Receiver<Word> {
        let (tx, rx) = watch::channel(Word::GoOn);
        self.lock().insert(attempt.clone(), tx);
        rx
    }

    fn dismiss(&self, attempt: &AttemptId) {
        self.lock().remove(attempt);
    }

    fn tell(&self, attempt: &AttemptId, word: Word) {
        if let Some(tx) = self.lock().get(attempt) {
            tx.send_replace(word);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<AttemptId, watch::Sender<Word>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn report(&self, report: Report) {
        // The engine may have ended before its last worker; then nobody is left to tell.
        drop(self.inbox.send(Input::Report(report)));
    }

    /// Performs an attempt that began at `began` and was performed `polls` times so far: once, or until its poll ends.
    async fn looks(&self, job: &Job, word: &mut watch::Receiver<Word>, began: Instant, mut polls: u32) -> Ended {
        let mut files = Files::new(self, job);
        let mut held_since: Option<Instant> = None;
        loop {
            polls += 1;
            let looked_at = Instant::now();
            let look = self.look(job, &mut files, word).await;
            let done = |look: Look, failure, files: &mut Files| {
                let streams = files.finish(&look);
                look.ended(streams, failure, polls, began.elapsed())
            };
            let Some(poll) = &job.poll else { return done(look, None, &mut files) };
            if look.outcome == Outcome::Interrupted {
                return done(look, None, &mut files);
            }
            let not_yet = match look::judge(poll, &job.judge, &look) {
                Verdict::Failed(why) => return done(look, Some(why), &mut files),
                Verdict::Holds => {
                    if held_since.get_or_insert(looked_at).elapsed() >= poll.hold {
                        return done(look, None, &mut files);
                    }
                    "it has not held long enough".to_owned()
                }
                Verdict::NotYet(why) => {
                    held_since = None;
                    why
                }
            };
            if poll.limit.is_some_and(|limit| began.elapsed() + poll.every >= limit) {
                let waited = crate::kernel::say_duration(began.elapsed());
                return done(look, Some(format!("gave up after {waited}: {not_yet}")), &mut files);
            }
            if pause(poll.every, word).await != Word::GoOn {
                let look = Look { outcome: Outcome::Interrupted, ..look };
                return done(look, None, &mut files);
            }
        }
    }

    async fn watching(&self, job: &Job, mut word: watch::Receiver<Word>) -> Ended {
        let began = Instant::now();
        let every = job.poll.as_ref().map_or(Duration::from_secs(5), |poll| poll.every);
        let mut files = Files::new(self, job);
        let mut polls = 0;
        loop {
            polls += 1;
            let look = self.look(job, &mut files, &mut word).await;
            let seen = match &job.poll {
                Some(poll) => match look::judge(poll, &job.judge, &look) {
                    Verdict::Holds => Ok(()),
                    Verdict::Failed(why) | Verdict::NotYet(why) => Err(why),
                },
                None => job.judge.judge(&look.outcome, &look.stdout),
            };
            if *word.borrow() == Word::GoOn {
                self.report(Report::Watched { attempt: job.attempt.clone(), looked_at: look.at, seen });
            }
            if pause(every, &mut word).await != Word::GoOn {
                let streams = files.finish(&look);
                return look.ended(streams, None, polls, began.elapsed());
            }
        }
    }

    /// Performs the job once.
    async fn look(&self, job: &Job, files: &mut Files, word: &mut watch::Receiver<Word>) -> Look {
        let at = Utc::now();
        if let What::Shell { .. } = &job.what {
            return self.shell(job, files, at).await;
        }
        if let What::Sql { script, line, access, values, database, password_from } = &job.what {
            let follow = self.show.follow(&self.world.folder, &job.attempt);
            let database =
                database.clone().and_then(|database| self.world.with_password(*database, password_from.as_deref()));
            let reply = match &database {
                Ok(database) => {
                    let cx = SqlContext {
                        timeout: job.timeout.unwrap_or(ONE_CALL),
                        resolver: self.world.http.resolver,
                        reach: self.world.http.reach,
                    };
                    let script = sql::Script { text: script, line: *line, access: *access, vars: values };
                    // Rows go straight to the file: there may be more of them than memory holds.
                    let mut out = |rows: &[u8]| files.append(rows, b"");
                    sql::run(&cx, database, script, &mut out, interrupted(word)).await
                }
                Err(error) => Reply::failed(Outcome::Unusable { error: error.clone() }),
            };
            files.write(&[], &reply.stderr);
            follow.finish().await;
            return Look::of_reply(at, self.kept(job, reply));
        }
        let reply = tokio::select! {
            reply = self.native(job) => reply,
            // A watch that has seen enough lets its look come to its end; it is bounded.
            () = interrupted(word) => Reply::failed(Outcome::Interrupted),
        };
        files.write(&reply.stdout, &reply.stderr);
        let reply = self.kept(job, reply);
        if secrecy(job) == Secrecy::Open {
            self.show.native(&job.attempt, &reply);
        }
        Look::of_reply(at, reply)
    }

    /// Replaces the secrets of the run in what a native action gave; what is secret as a whole nobody sees but the vault.
    fn kept(&self, job: &Job, reply: Reply) -> Reply {
        if secrecy(job) == Secrecy::Secret { reply } else { self.redacted(reply) }
    }

    fn redacted(&self, reply: Reply) -> Reply {
        let redactor = self.world.vault.redactor();
        if !redactor.guards() {
            return reply;
        }
        let clean = |bytes: &[u8]| redactor.output(bytes).into_owned();
        Reply { stdout: clean(&reply.stdout), stderr: clean(&reply.stderr), ..reply }
    }

    async fn native(&self, job: &Job) -> Reply {
        let timeout = job.timeout.unwrap_or(ONE_CALL);
        match &job.what {
            What::Aws { calls } => {
                let mut all: Option<Reply> = None;
                for words in calls {
                    let reply = match secrecy(job) {
                        Secrecy::Open => self.world.aws.call(words, timeout).await,
                        Secrecy::Secret => self.world.aws.call_secretly(words, timeout).await,
                    };
                    let went_wrong = !matches!(reply.outcome, Outcome::Answered { .. });
                    all = Some(match all {
                        None => reply,
                        Some(before) => Reply {
                            stdout: [before.stdout, reply.stdout].concat(),
                            stderr: [before.stderr, reply.stderr].concat(),
                            ..reply
                        },
                    });
                    if went_wrong {
                        break;
                    }
                }
                all.unwrap_or_else(|| {
                    Reply::failed(Outcome::Unusable { error: "the block holds no AWS call".to_owned() })
                })
            }
            What::Http { request } => http::request(&HttpContext { timeout, ..self.world.http.clone() }, request).await,
            What::Dns { query } => dns::query(&DnsContext { timeout, ..self.world.dns.clone() }, query).await,
            What::Shell { .. } | What::Sql { .. } => {
                Reply::failed(Outcome::Unusable { error: "this is no native call".to_owned() })
            }
        }
    }
}

/// The output files of a native action; a shell block writes its own. What is wrong with them is remarked, each thing once.
struct Files {
    native: Option<OutputFiles>,
    vault: Vault,
    attempt: AttemptId,
    failed: Option<String>,
    remarked: BTreeSet<String>,
    inbox: mpsc::UnboundedSender<Input>,
}

impl Files {
    fn new(performer: &Performer, job: &Job) -> Self {
        let (vault, inbox) = (performer.world.vault.clone(), performer.inbox.clone());
        let (attempt, remarked) = (job.attempt.clone(), BTreeSet::new());
        let none = Self { native: None, vault, attempt, failed: None, remarked, inbox };
        if matches!(job.what, What::Shell { .. }) || secrecy(job) == Secrecy::Secret {
            return none;
        }
        match OutputFiles::open(&performer.world.folder, &job.attempt) {
            Ok(files) => Self { native: Some(files), ..none },
            Err(error) => Self { failed: Some(error.to_string()), ..none },
        }
    }

    /// Has something recorded and shown, unless it was before.
    fn remark(&mut self, text: String) {
        if self.remarked.insert(text.clone()) {
            // A host that ended has no use for it.
            drop(self.inbox.send(Input::Host(Notice::Remark(text))));
        }
    }

    fn write(&mut self, stdout: &[u8], stderr: &[u8]) {
        if let Err(error) = self.append(stdout, stderr) {
            self.failed = Some(error.to_string());
        }
    }

    fn append(&mut self, stdout: &[u8], stderr: &[u8]) -> std::io::Result<()> {
        let redactor = self.vault.redactor();
        self.native.as_mut().map_or(Ok(()), |files| files.append(&redactor, stdout, stderr))
    }

    fn finish(&mut self, look: &Look) -> Streams {
        let redactor = self.vault.redactor();
        let streams = match self.native.as_mut().map(|files| files.end(&redactor)) {
            None => look.streams.clone(),
            Some((streams, Ok(()))) => streams,
            Some((streams, Err(error))) => {
                self.failed = Some(error.to_string());
                streams
            }
        };
        if let Some(error) = self.failed.take() {
            self.remark(format!("What attempt {} gave could not be kept whole: {error}.", self.attempt));
        }
        streams
    }
}

/// Is what a job prints secret as a whole?
fn secrecy(job: &Job) -> Secrecy {
    match job.output {
        Output::Kept => Secrecy::Open,
        Output::Secret { .. } => Secrecy::Secret,
    }
}

/// Ends an attempt that misses a secret: nothing of it was performed.
fn nothing_done(missed: String) -> Ended {
    let reply = Reply::failed(Outcome::Unusable { error: missed });
    Look::of_reply(Utc::now(), reply).ended(Streams::default(), None, 0, Duration::ZERO)
}

async fn interrupted(word: &mut watch::Receiver<Word>) {
    // A dropped sender means that nobody can interrupt any more.
    if word.wait_for(|word| *word == Word::Interrupt).await.is_err() {
        std::future::pending::<()>().await;
    }
}

async fn pause(every: Duration, word: &mut watch::Receiver<Word>) -> Word {
    let told = tokio::time::timeout(every, word.wait_for(|word| *word != Word::GoOn)).await;
    match told {
        Ok(Ok(word)) => *word,
        Ok(Err(_)) => Word::Enough,
        Err(_) => Word::GoOn,
    }
}

impl World {
    /// Tells the supervisor what is secret by now. Where it is gone nothing is written any more.
    fn keep_secret(&self) {
        if let Some(values) = self.secrets()
            && let Err(error) = self.supervisor.keep_secret(&values)
        {
            tracing::error!(%error, "the supervisor did not hear what is secret");
        }
    }

    /// Returns the values that are replaced in whatever is written, by name, if there are any.
    fn secrets(&self) -> Option<BTreeMap<String, String>> {
        self.vault.redactor().guards().then(|| self.vault.known())
    }

    /// Puts the password into a connection; a secret one was never anywhere but in the environment. A connection that names
    /// none takes `PGPASSWORD`, as PostgreSQL's own clients do.
    fn with_password(&self, database: Database, from: Option<&str>) -> Result<Database, String> {
        let found = |name: &str| {
            let given = self.env.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
            let held = given.or_else(|| self.vault.value(name).map(|value| value.reveal().clone()));
            // A drill's databases are the estate's: no other password goes to them.
            held.or_else(|| {
                std::env::var(name).ok().filter(|_| self.http.reach != Reach::LoopbackOnly || from.is_some())
            })
        };
        let password = match from {
            Some(name) => {
                Some(found(name).ok_or_else(|| format!("the connection's password: {}", self.vault.missed(name)))?)
            }
            None => found("PGPASSWORD").filter(|_| database.password.is_none()),
        };
        Ok(match password {
            Some(password) => Database { password: Some(Secret::new(password)), ..database },
            None => database,
        })
    }
}
