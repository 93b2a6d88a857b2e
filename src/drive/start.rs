//! Getting from a command line to a hosted run: text, plan, inputs, identity, folder, log, workers.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;

use super::anchor::Anchorer;
use super::approvals::Approvers;
use super::facilitate::{self, BookError, Injects};
use super::host::{Beginning, Heard, Host};
use super::hub::Hub;
use super::identity::{self, Identity};
use super::inputs;
use super::library::{LibraryError, Source};
use super::perform::{Performer, World};
use super::practice::{PracticeError, SCENARIOS};
use super::program;
use super::renewal::Renewal;
use super::show::Show;
use super::signing::KEY_PATIENCE;
use super::stage::{Stage, aws_context, aws_environment, needs_aws, practice, region, sources, vault, world};
use crate::clock::{Clock, SyncWatch};
use crate::engine::{Attended, Began, Blind, Disclosure, Exercise, Fact, Input, Mode, Notice, Opened, Run};
use crate::exec::aws::Aws;
use crate::exec::supervisor::{Supervisor, SupervisorError};
use crate::kernel::{RunId, sha256_hex};
use crate::runbook::{Plan, parse};
use crate::settings::config::Profile;
use crate::store::{self, KeyWish, LogWriter, Operator, RunFolder, Runs, SignError, Signing, StoreError};

/// Says why a run did not start. Nothing was executed.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The runbook could not be had.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// The runbook has errors, rendered with their places.
    #[error("the runbook has errors; nothing was executed\n\n{0}")]
    Runbook(String),
    /// The practice estate can't play it.
    #[error("{path} can't be drilled: its scenario is {scenario}, and the practice estate plays {}", SCENARIOS.join(", "))]
    Scenario {
        /// The runbook.
        path: String,
        /// What its front matter says, in words.
        scenario: String,
    },
    /// Inputs are missing or wrong.
    #[error("the inputs are not right; nothing was executed\n  {}", .0.join("\n  "))]
    Inputs(Vec<String>),
    /// A drill without a person would come to a question that nothing answers.
    #[error("nobody would be there to answer; nothing was executed\n  {}", .0.join("\n  "))]
    Unanswerable(Vec<String>),
    /// The onset makes no sense.
    #[error("--onset: {0}")]
    Onset(String),
    /// The state folder, the run's folder or its log.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The supervisor.
    #[error(transparent)]
    Supervisor(#[from] SupervisorError),
    /// The list of injects can't be had.
    #[error("{0}")]
    Injects(String),
    /// The facilitator's log could not be begun.
    #[error(transparent)]
    Book(#[from] BookError),
    /// The practice estate.
    #[error(transparent)]
    Practice(#[from] PracticeError),
    /// The resolved account is not the one that the profile pins.
    #[error("the credentials lead to account {resolved}, and the profile pins {pinned}; nothing was executed")]
    WrongAccount {
        /// What STS said.
        resolved: String,
        /// What the profile says.
        pinned: String,
    },
    /// The account could not be resolved and the profile pins one.
    #[error("the AWS account could not be resolved ({why}), and the profile pins {pinned}; nothing was executed")]
    NoAccount {
        /// Why.
        why: String,
        /// What the profile says.
        pinned: String,
    },
    /// Something of the host.
    #[error("{0}")]
    Host(String),
    /// The run can't be taken up again.
    #[error("{run} can't be taken up again: {why}; nothing was executed")]
    Again {
        /// The run.
        run: RunId,
        /// Why.
        why: String,
    },
}

/// Holds what drill and run have in common.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `--set`, taken apart.
    pub set: Vec<(String, String)>,
    /// `--runs`.
    pub runs: Option<PathBuf>,
    /// `--onset`.
    pub onset: Option<String>,
    /// The profile, in a real run.
    pub profile: Option<Profile>,
    /// Its name, if it was named.
    pub profile_name: Option<String>,
    /// Who attends the run.
    pub attended: Attended,
    /// The operator's name.
    pub by: String,
    /// The key file, if one is configured.
    pub key: Option<PathBuf>,
    /// Whose approvals count.
    pub approvers: Approvers,
    /// Where the log goes on, if it can't be written any more; the state folder comes after these.
    pub log_places: Vec<PathBuf>,
    /// What the record should hold besides, once the run began.
    pub remarks: Vec<String>,
    /// The injects of a drill that somebody facilitates.
    pub injects: Option<Injects>,
    /// How the team came to the runbook, where it was not told what is broken; and that.
    pub blind: Option<(Blind, Disclosure)>,
}

impl Options {
    /// Returns the account that the profile pins, if it pins one.
    pub(super) fn pin(&self) -> Option<&str> {
        self.profile.as_ref()?.account.as_deref()
    }
}

/// Is a run that is ready to be worked.
#[derive(Debug)]
pub struct Ready {
    /// The plan.
    pub plan: Arc<Plan>,
    /// Its host.
    pub host: Host,
    /// Where it begins.
    pub beginning: Beginning,
    /// The facts so far, of a run that is taken up again.
    pub past: Vec<Arc<Fact>>,
    /// Where wishes go.
    pub inbox: mpsc::UnboundedSender<Input>,
    /// What happens.
    pub heard: mpsc::UnboundedReceiver<Heard>,
    /// The run's folder.
    pub folder: RunFolder,
    /// How the log is signed.
    pub signing: Signing,
    /// The run's clock.
    pub clock: Clock,
    /// Anchors its log, if a place for that is configured.
    pub anchorer: Option<Anchorer>,
}

/// Reads a runbook into a plan.
///
/// # Errors
/// Every error of the file, rendered.
pub fn plan(source: &Source) -> Result<Arc<Plan>, StartError> {
    let parsed = parse(&source.path, &source.bytes);
    match parsed.plan {
        Some(ref plan) if parsed.errors().next().is_none() => Ok(Arc::new(plan.clone())),
        _ => {
            let errors: Vec<String> = parsed.errors().map(|problem| parsed.source.render(problem)).collect();
            Err(StartError::Runbook(errors.join("\n")))
        }
    }
}

/// Returns the scenario that a drill of the plan plays.
///
/// # Errors
/// If the practice estate has none of that name.
pub fn scenario(source: &Source, plan: &Plan) -> Result<String, StartError> {
    let named = plan.meta.scenario.as_str();
    if SCENARIOS.contains(&named) {
        return Ok(named.to_owned());
    }
    let scenario = if named.is_empty() { "not given".to_owned() } else { format!("`{named}`") };
    Err(StartError::Scenario { path: source.path.clone(), scenario })
}

/// Makes sure that a drill without a person comes to no question that nothing answers.
///
/// # Errors
/// One sentence for each such question.
pub fn answerable(plan: &Plan, stage: &Stage, options: &Options) -> Result<(), StartError> {
    let Some(practice) = practice(stage) else { return Ok(()) };
    let problems = super::script::unanswerable(plan, &practice.record().inputs, &options.set);
    if problems.is_empty() { Ok(()) } else { Err(StartError::Unanswerable(problems)) }
}

/// Makes a run's folder, before anything else of it exists.
///
/// # Errors
/// If the state folder can't be found or written.
pub fn folder(options: &Options) -> Result<(Runs, RunFolder, PathBuf), StartError> {
    let state = store::state_dir(&|name| std::env::var_os(name))?;
    let log_dir = options.profile.as_ref().and_then(|profile| profile.log_dir.as_ref()).map(PathBuf::from);
    let root = options.runs.clone().or(log_dir).unwrap_or_else(|| state.join("runs"));
    let spares = options.log_places.iter().cloned().chain([state.join("spare")]).collect();
    let runs = Runs::at(root).with_spares(spares);
    let folder = runs.create(Utc::now())?;
    Ok((runs, folder, state))
}

/// Makes everything ready: after this the log stands, nothing of the runbook has run.
///
/// # Errors
/// [`StartError`].
pub async fn ready(
    source: &Source,
    plan: Arc<Plan>,
    stage: &Stage,
    options: &Options,
    (runs, folder, state): (Runs, RunFolder, PathBuf),
    screens: Option<Hub>,
) -> Result<Ready, StartError> {
    let values = inputs::resolve(&plan, &sources(&plan, stage, options)).map_err(StartError::Inputs)?;
    let vault = vault(&plan, stage, options)?;
    let stands = vault.stand_in(&String::from_utf8_lossy(&source.bytes));
    let clock = Clock::start();
    let sync = tokio::spawn(SyncWatch::begin());
    let program =
        std::env::current_exe().map_err(|error| StartError::Host(format!("find lifeboat itself: {error}")))?;
    folder.write_runbook(&source.bytes)?;
    let supervisor = match stage {
        Stage::Real => Supervisor::start(&program, folder.path())?,
        Stage::Drill(_) => Supervisor::start_without(&program, folder.path(), &aws_environment())?,
    };
    let aws = Aws::new(aws_context(stage, options));
    let identity = match stage {
        Stage::Drill(_) => identity::resolve(&aws, &region(&plan, stage, options)).await,
        Stage::Real if needs_aws(&plan) || options.pin().is_some() => {
            identity::resolve(&aws, &region(&plan, stage, options)).await
        }
        Stage::Real => Ok(Identity::none()),
    };
    let (identity, unresolved) = pinned(identity, options, &plan)?;
    let onset = onset(options, stage).await?;
    let mode = match stage {
        Stage::Real => Mode::Real,
        Stage::Drill(_) => Mode::Drill,
    };
    let host_name = identity::host_name();
    let sync = sync.await.map_err(|error| StartError::Host(format!("ask how the clock is kept: {error}")))?;
    let previous = store::prev_run(&runs, &options.by, &host_name)?;
    let opened = Opened {
        v: "lifeboat-log/1".to_owned(),
        run: RunId::new(""),
        mode,
        by: options.by.clone(),
        session: String::new(),
        host: host_name,
        boot: identity::boot_id(),
        pid: std::process::id(),
        tool: program::said(&program, &state),
        runbook: source.path.clone(),
        runbook_sha256: sha256_hex(&source.bytes),
        account: identity.account,
        arn: identity.arn,
        region: region(&plan, stage, options),
        rto_s: plan.meta.objectives.rto.map_or(0, |rto| rto.as_secs()),
        rpo_s: plan.meta.objectives.rpo.as_ref().map_or(0, |rpo| rpo.max.as_secs()),
        seed: practice(stage).map(|practice| practice.record().seed),
        speed: practice(stage).map_or(1, |practice| practice.record().speed),
        clock: sync.seen(),
        prev_run: previous.as_ref().map(|previous| previous.run.clone()),
        prev_sha512: previous.map(|previous| previous.sha512),
        began: Began {
            profile: options.profile_name.clone(),
            cwd: std::env::current_dir().ok().map(|cwd| cwd.to_string_lossy().into_owned()),
            attended: options.attended,
        },
    };
    let renewal = renewal(&aws, (stage, &plan), (&opened.account, &opened.region), options);
    let exercise = match (&options.injects, mode) {
        (Some(injects), Mode::Drill) => {
            let hidden = options.blind.as_ref().map(|(_, hidden)| hidden);
            Some(facilitate::commit((injects, hidden), &opened, &folder, (&state, clock))?)
        }
        _ => None,
    };
    let (begun, operator) = begin(&folder, opened, (options, screens.as_ref()), state, clock).await?;
    begun.writer.watch_clock(move || sync.seen());
    let opening = match &begun.open.event {
        crate::engine::Event::Open(opened) => Input::Open { opened: opened.clone(), inputs: values, onset },
        _ => return Err(StartError::Host("the log does not begin with its header".to_owned())),
    };
    let beginning = Beginning::New { open: begun.open, opening: Box::new(opening) };
    let world = world(stage, options, &folder, supervisor, (aws, vault));
    let hub = screens.clone();
    let written = (begun.writer, operator, (begun.signing, begun.statement), options.approvers.clone());
    let run = Run::new(Arc::clone(&plan));
    let anchorer = anchorer(options, &folder, mode)?;
    let ready = joined(plan, (run, Vec::new(), beginning), written, world, (folder, clock, screens), anchorer);
    if let (Some(renewal), Some(hub)) = (renewal, hub) {
        renewal.attend(&hub, ready.inbox.clone());
    }
    let stands = stands.into_iter().map(|(name, line)| {
        format!("The value of {name} stands in the runbook's own text, line {line}, which is kept as it is: change one of the two.")
    });
    for remark in options.remarks.iter().cloned().chain(stands).chain(unresolved) {
        drop(ready.inbox.send(Input::Host(Notice::Remark(remark))));
    }
    if let Some((blind, _)) = &options.blind {
        drop(ready.inbox.send(Input::Host(Notice::Exercise(Exercise::Blind(Box::new(blind.clone()))))));
    }
    if let Some(what) = exercise {
        drop(ready.inbox.send(Input::Host(Notice::Exercise(what))));
    }
    if let Some(practice) = practice(stage) {
        // A drill's record says what it did not exercise.
        let remark = Notice::Remark(format!("the data are {}", practice.exercised().words()));
        drop(ready.inbox.send(Input::Host(remark)));
    }
    Ok(ready)
}

/// Says how credentials that are over are renewed, in a real run that calls AWS.
pub(super) fn renewal(
    aws: &Aws,
    (stage, plan): (&Stage, &Plan),
    (account, region): (&str, &str),
    options: &Options,
) -> Option<Renewal> {
    let known =
        Some(account).filter(|account| account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()));
    let account = known.or(options.pin()).map(str::to_owned);
    (matches!(stage, Stage::Real) && needs_aws(plan)).then(|| Renewal {
        aws: aws.clone(),
        account,
        region: region.to_owned(),
    })
}

/// Makes what anchors the log of a real run, if its profile names a place.
pub(super) fn anchorer(options: &Options, folder: &RunFolder, mode: Mode) -> Result<Option<Anchorer>, StartError> {
    let settings = options.profile.as_ref().and_then(|profile| profile.anchor.as_ref());
    let Some(settings) = settings.filter(|_| mode == Mode::Real) else { return Ok(None) };
    let anchorer = Anchorer::new(settings, folder.place(), folder.id().as_str());
    anchorer.map_err(|why| StartError::Host(format!("[anchor] s3: {why}")))
}

/// Joins what is ready to a host.
pub(super) fn joined(
    plan: Arc<Plan>,
    (run, past, beginning): (Run, Vec<Arc<Fact>>, Beginning),
    (writer, operator, (signing, statement), approvers): (
        LogWriter,
        Result<Operator, SignError>,
        (Signing, String),
        Approvers,
    ),
    world: World,
    (folder, clock, screens): (RunFolder, Clock, Option<Hub>),
    anchorer: Option<Anchorer>,
) -> Ready {
    let (to_host, inbox) = mpsc::unbounded_channel();
    let (tell, heard) = mpsc::unbounded_channel();
    let listeners =
        [tell].into_iter().chain(anchorer.clone().map(|anchorer| anchorer.begin(to_host.clone()))).collect();
    let performer = Performer::new(world, to_host.clone(), Show::new(screens.clone(), clock));
    let mut host =
        Host::new(run, (writer, operator, approvers, screens), performer, clock, (to_host.clone(), inbox), listeners);
    match &signing {
        Signing::Delegated { .. } => {}
        Signing::Unsigned { reason: SignError::Awaited } => host = host.asks_for(statement),
        // The record itself says why nobody vouches for it.
        Signing::Unsigned { reason } => drop(to_host.send(Input::Host(Notice::Remark(format!("UNSIGNED: {reason}"))))),
    }
    Ready { plan, host, beginning, past, inbox: to_host, heard, folder, signing, clock, anchorer }
}

async fn begin(
    folder: &RunFolder,
    opened: Opened,
    (options, screens): (&Options, Option<&Hub>),
    state: PathBuf,
    clock: Clock,
) -> Result<(store::Begun, Result<Operator, SignError>), StartError> {
    let folder = folder.clone();
    signing(options, (opened.mode, screens), state, move |operator| {
        LogWriter::begin(&folder, opened, operator, Box::new(move || clock.now()))
    })
    .await
}

/// Writes what needs the operator's key, which may have to be touched: not on a thread that others need. A real run that
/// has screens asks them for the signature, once they are there.
pub(super) async fn signing(
    options: &Options,
    (mode, screens): (Mode, Option<&Hub>),
    state: PathBuf,
    write: impl FnOnce(Result<&Operator, SignError>) -> Result<store::Begun, StoreError> + Send + 'static,
) -> Result<(store::Begun, Result<Operator, SignError>), StartError> {
    let (by, key) = (options.by.clone(), options.key.clone());
    let agent = std::env::var_os("SSH_AUTH_SOCK").map(PathBuf::from);
    let awaited = mode == Mode::Real && screens.is_some();
    let begun = tokio::task::spawn_blocking(move || {
        let wish = KeyWish {
            principal: &by,
            key: key.as_deref(),
            agent: agent.as_deref(),
            mode,
            state: &state,
            wait: KEY_PATIENCE,
        };
        let operator = store::operator(&wish);
        let first = if awaited { Err(SignError::Awaited) } else { operator.as_ref().map_err(Clone::clone) };
        let begun = write(first)?;
        Ok::<_, StoreError>((begun, operator))
    })
    .await
    .map_err(|error| StartError::Host(format!("begin the log: {error}")))??;
    Ok(begun)
}

/// Holds the account against the pinned one. Without `aws` fences it is that of shell blocks, which may call nobody: where it
/// can't be told, that is a remark.
fn pinned(
    identity: Result<Identity, String>,
    options: &Options,
    plan: &Plan,
) -> Result<(Identity, Option<String>), StartError> {
    match (identity, options.pin()) {
        (Ok(identity), Some(pinned)) if identity.account != *pinned => {
            Err(StartError::WrongAccount { resolved: identity.account, pinned: pinned.to_owned() })
        }
        (Ok(identity), _) => Ok((identity, None)),
        (Err(why), Some(pinned)) if needs_aws(plan) => Err(StartError::NoAccount { why, pinned: pinned.to_owned() }),
        (Err(why), pinned) => {
            let remark = pinned.map(|pinned| {
                format!("The AWS account could not be resolved ({why}), and the profile pins {pinned}: look where shell blocks go.")
            });
            Ok((Identity::unresolved(&why), remark))
        }
    }
}

async fn onset(options: &Options, stage: &Stage) -> Result<Option<(DateTime<Utc>, String)>, StartError> {
    if let Some(text) = &options.onset {
        let at = crate::kernel::parse_when(text, Utc::now()).map_err(StartError::Onset)?;
        return Ok(Some((at, format!("given as --onset {text}"))));
    }
    match stage {
        Stage::Real => Ok(None),
        Stage::Drill(practice) => Ok(practice.onset().await?),
    }
}

/// Says how a log is signed.
pub fn signed(signing: &Signing) -> String {
    match signing {
        Signing::Delegated { by, fingerprint, .. } => format!("signed by {by} ({fingerprint})"),
        Signing::Unsigned { reason } => format!("UNSIGNED: {reason}"),
    }
}
