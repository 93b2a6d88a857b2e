//! Taking up a run whose engine is gone, from its folder alone: log, runbook, what its supervisors wrote.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::changed;
use super::host::Beginning;
use super::hub::Hub;
use super::identity::{self, Identity};
use super::library::Source;
use super::program;
use super::stage::{self, Stage};
use super::start::{self, Options, Ready, StartError};
use crate::clock::{Clock, SyncWatch};
use crate::engine::{Fact, Input, Mode, Notice, Opened, Resumed, Run, evolve};
use crate::exec::aws::Aws;
use crate::exec::supervisor::{Supervisor, known};
use crate::journal::{Trust, Verification};
use crate::kernel::sha256_hex;
use crate::runbook::Plan;
use crate::store::{self, End, Left, LogPlace, LogWriter, RunFolder, Runs, Standing};

/// Is a run without an engine, read, verified and held: no other engine can take it.
#[derive(Debug)]
pub struct Taken {
    left: Left,
    folder: RunFolder,
    plan: Arc<Plan>,
    run: Run,
}

/// Reads and holds a run.
///
/// # Errors
/// If it is worked by an engine, over, or changed; if its runbook is not the one that ran; if its facts make no sense.
pub fn take(place: &LogPlace, trust: &Trust) -> Result<Taken, StartError> {
    let left = Left::take(place, trust)?;
    let folder = RunFolder::of(left.opened().run.clone(), place);
    let again = |why: String| StartError::Again { run: left.opened().run.clone(), why };
    let plan = plan(&folder, left.opened()).map_err(again)?;
    let mut run = Run::new(Arc::clone(&plan));
    for fact in left.facts() {
        evolve(&mut run, fact).map_err(|illegal| again(format!("{illegal}; is it a newer lifeboat's log?")))?;
    }
    let began = known(folder.path()).map_err(|error| again(format!("what its supervisors wrote: {error}")))?;
    if let Some(attempt) = began.iter().find(|attempt| !run.attempts.contains_key(*attempt)) {
        return Err(again(format!(
            "its supervisor began attempt {attempt}, and the log does not hold it: the log was cut after it was written"
        )));
    }
    Ok(Taken { left, folder, plan, run })
}

/// Parses the text that ran, which has to be the very same.
fn plan(folder: &RunFolder, opened: &Opened) -> Result<Arc<Plan>, String> {
    let path = folder.path().join("runbook.md");
    let bytes = std::fs::read(&path).map_err(|error| format!("{} can't be read: {error}", path.display()))?;
    if sha256_hex(&bytes) != opened.runbook_sha256 {
        return Err(format!("{} is not the text that ran: it was changed", path.display()));
    }
    start::plan(&Source { path: opened.runbook.clone(), bytes }).map_err(|error| error.to_string())
}

impl Taken {
    /// Returns the header.
    pub fn opened(&self) -> &Opened {
        self.left.opened()
    }

    /// Returns the folder.
    pub fn folder(&self) -> &RunFolder {
        &self.folder
    }

    /// Returns what the log's signatures are worth.
    pub fn verified(&self) -> &Verification {
        self.left.verified()
    }

    /// Goes to the folder in which lifeboat was started: where shell blocks begin that say nothing else.
    ///
    /// # Errors
    /// If it is not there.
    pub fn go_where_it_began(&self) -> Result<(), StartError> {
        let Some(cwd) = self.opened().began.cwd.as_ref().map(Path::new) else { return Ok(()) };
        std::env::set_current_dir(cwd).map_err(|error| {
            let why = format!("it was begun in {}, which is not there: {error}; make it", cwd.display());
            StartError::Again { run: self.opened().run.clone(), why }
        })
    }
}

/// Makes everything ready: after this the log says who took the run up, and nothing was started.
///
/// # Errors
/// [`StartError`].
pub async fn ready(
    taken: Taken,
    stage: &Stage,
    options: &Options,
    state: PathBuf,
    screens: Option<Hub>,
) -> Result<Ready, StartError> {
    let Taken { left, folder, plan, run } = taken;
    let opened = left.opened().clone();
    let program =
        std::env::current_exe().map_err(|error| StartError::Host(format!("find lifeboat itself: {error}")))?;
    let aws = Aws::new(stage::aws_context(stage, options));
    let remark = match (&stage, opened.mode) {
        (Stage::Real, Mode::Real) if stage::needs_aws(&plan) || options.pin().is_some() => {
            same_account(&aws, &opened, options, &plan).await?
        }
        (Stage::Real, Mode::Real) | (Stage::Drill(_), Mode::Drill) => None,
        (Stage::Real, Mode::Drill) | (Stage::Drill(_), Mode::Real) => {
            return Err(StartError::Host("a drill stays a drill, and a real run a real one".to_owned()));
        }
    };
    let changed = changed::since_start(&opened, folder.path());
    let vault = stage::vault(&plan, stage, options)?;
    let lost = lost(&plan, &run);
    let supervisor = match stage {
        Stage::Real => Supervisor::start(&program, folder.path())?,
        Stage::Drill(_) => Supervisor::start_without(&program, folder.path(), &stage::aws_environment())?,
    };
    let clock = Clock::go_on(left.last());
    let past: Vec<Arc<Fact>> = left.facts().iter().cloned().map(Arc::new).collect();
    let sync = SyncWatch::begin().await;
    let resumed = Resumed {
        by: options.by.clone(),
        session: String::new(),
        host: identity::host_name(),
        boot: identity::boot_id(),
        pid: std::process::id(),
        tool: program::said(&program, &state),
        clock: sync.seen(),
        torn: None,
    };
    let asked = (opened.mode, screens.as_ref());
    let (begun, operator) = start::signing(options, asked, state, move |operator| {
        LogWriter::go_on(left, resumed, operator, Box::new(move || clock.now()))
    })
    .await?;
    begun.writer.watch_clock(move || sync.seen());
    let beginning = Beginning::Again { resumed: begun.open };
    let renewal = start::renewal(&aws, (stage, &plan), (&opened.account, &opened.region), options);
    let hub = screens.clone();
    let world = stage::world(stage, options, &folder, supervisor, (aws, vault));
    let written = (begun.writer, operator, (begun.signing, begun.statement), options.approvers.clone());
    let anchorer = start::anchorer(options, &folder, opened.mode)?;
    let ready = start::joined(plan, (run, past, beginning), written, world, (folder, clock, screens), anchorer);
    if let (Some(renewal), Some(hub)) = (renewal, hub) {
        renewal.attend(&hub, ready.inbox.clone());
    }
    for remark in remark.into_iter().chain(changed).chain(lost) {
        // The host is not there yet: it finds this first.
        drop(ready.inbox.send(Input::Host(Notice::Remark(remark))));
    }
    Ok(ready)
}

/// Says which captured secrets went with the engine that is gone: nobody else held them.
fn lost(plan: &Plan, run: &Run) -> Option<String> {
    let lost = plan.secrets.iter().map(|secret| secret.name.as_str()).filter(|name| run.vars.contains_key(*name));
    let lost: Vec<&str> = lost.collect();
    (!lost.is_empty()).then(|| {
        format!(
            "What was captured as a secret went with the engine that is gone: {}. It is asked for where it is needed.",
            lost.join(", ")
        )
    })
}

/// Makes sure that the credentials lead to the account in which the run began. Where nobody can tell, that is said.
async fn same_account(
    aws: &Aws,
    opened: &Opened,
    options: &Options,
    plan: &Plan,
) -> Result<Option<String>, StartError> {
    let pin = options.pin().map(str::to_owned);
    let began = Some(opened.account.clone()).filter(|account| account.bytes().all(|byte| byte.is_ascii_digit()));
    let Some(pinned) = began.or(pin.clone()) else { return Ok(None) };
    match identity::resolve(aws, &opened.region).await {
        Ok(Identity { account, .. }) if account == pinned => Ok(None),
        Ok(Identity { account, .. }) => Err(StartError::WrongAccount { resolved: account, pinned }),
        Err(why) if pin.is_some() && stage::needs_aws(plan) => Err(StartError::NoAccount { why, pinned }),
        Err(why) => Ok(Some(format!("The AWS account could not be resolved ({why}); the run began in {pinned}."))),
    }
}

/// Lists the runs of a folder: first those that are not over, then the others, each newest first.
pub fn standings(runs: &Runs) -> Vec<Standing> {
    let mut all = store::standings(runs);
    all.reverse();
    all.sort_by_key(|standing| matches!(standing.end, End::Sealed(_)));
    all
}
