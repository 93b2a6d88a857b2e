//! `lifeboat drill` and `lifeboat run`: from the command line to the exit code.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::UnboundedSender;

use super::args::{Common, Drill, RunArgs};
use super::failure::{Failure, Kind};
use super::{blind, front, places, say, themes};
use crate::drive::approvals::Approvers;
use crate::drive::attach::Looks;
use crate::drive::facilitate;
use crate::drive::host::{Closing, Finale};
use crate::drive::hub::Hub;
use crate::drive::practice::Practice;
use crate::drive::stage::Stage;
use crate::drive::start::{self, Options, Ready, StartError};
use crate::drive::typed::Typed;
use crate::drive::wire::{Over, ToScreen};
use crate::drive::{changed, diagnostics, identity, inputs, library, live, unattended};
use crate::engine::{Attended, Input, Intent, Run, Stage as RunStage, evolve};
use crate::report::{RpoVerdict, RtoVerdict, rpo_verdict, rto_verdict, summary};
use crate::settings::calls::Calls;
use crate::settings::config::Profile;
use crate::settings::keymap::Keymap;
use crate::settings::theme::Theme;
use crate::store::RunFolder;
use crate::ui::Behind;

/// How long an end at once may take to end the practice estate.
const AT_ONCE: Duration = Duration::from_secs(1);

/// Drills a runbook: on a screen, which is attached to an engine, or line by line.
pub(super) fn drill(drill: &Drill) -> Result<ExitCode, Failure> {
    if drill.blind {
        return blind::drill(drill);
    }
    match seat(&drill.common)? {
        None => drill_here(drill, Hosting::Lines),
        Some(seat) => front::start(drill.words(), &front::Person::without_key(), &seat),
    }
}

/// Raises the estate, breaks it, and works the runbook in this process.
pub(super) fn drill_here(drill: &Drill, hosting: Hosting) -> Result<ExitCode, Failure> {
    if let Some(folder) = &drill.blind_in {
        return blind::choice_here(drill, folder, hosting);
    }
    let source = find(drill.scenario())?;
    let plan = start::plan(&source).map_err(of_start)?;
    let scenario = start::scenario(&source, &plan).map_err(of_start)?;
    // A drill takes nothing of the configuration but whose approvals count: what is wrong with the rest keeps nobody from it.
    let configured = places::read_config();
    for problem in &configured.problems {
        hosting.say(&format!("note: {problem}"));
    }
    let approvers = approvers(&configured.config.without_profile());
    // Read before anything is raised: what is wrong with the list is wrong before the drill begins.
    let injects = drill
        .facilitate
        .as_ref()
        .map(|named| facilitate::find(Some(Path::new(named)).filter(|_| !named.is_empty()), &source, &plan))
        .transpose()
        .map_err(of_start)?;
    let options = Options { approvers, injects, ..options(&drill.common, None, None)? };
    let runtime = runtime()?;
    let _diagnostics = diagnostics::begin(&places::state()?);
    let place = start::folder(&options).map_err(of_start)?;
    let folder = place.1.clone();
    let hosted = |what: &str| hosting.say(what);
    let estate = folder.path().join("estate");
    let raising = raise(drill, (drill.seed(), &scenario), &estate, &hosted);
    let worked = runtime.block_on(raising).and_then(|practice| {
        hosting.say(&format!("{scenario} is under way"));
        let practice = Arc::new(practice);
        let stage = Stage::Drill(Arc::clone(&practice));
        let worked = work(&runtime, &source, plan, &stage, &options, place, hosting);
        // The estate ends with its drill, whatever became of it.
        if let Err(error) = runtime.block_on(practice.down()) {
            tracing::warn!(%error, "the practice estate did not answer at its end");
        }
        worked
    });
    if worked.is_err() {
        folder.abandon();
    }
    worked
}

/// Raises the estate and breaks it; Ctrl-C meanwhile leaves nothing standing.
pub(super) async fn raise(
    drill: &Drill,
    (seed, scenario): (u64, &str),
    estate: &Path,
    say: &dyn Fn(&str),
) -> Result<Practice, Failure> {
    let program = std::env::current_exe()
        .map_err(|error| Failure::new(Kind::Internal, format!("lifeboat could not find itself: {error}")))?;
    // Before it is said: who reads it may press Ctrl-C at once.
    let signals = Signals::listen()?;
    say(&format!("raising the practice estate (seed {seed}, speed {})", drill.speed));
    let raised = async {
        let practice = Practice::raise(&program, estate, (seed, drill.speed), drill.data.into()).await?;
        practice.play(scenario, &drill.faults).await?;
        Ok(practice)
    };
    unless_signalled(signals, raised).await
}

/// Waits for what a drill needs before anything of the runbook runs; Ctrl-C ends the wait.
async fn unless_signalled<T>(
    mut signals: Signals,
    preparing: impl Future<Output = Result<T, StartError>>,
) -> Result<T, Failure> {
    tokio::select! {
        prepared = preparing => prepared.map_err(of_start),
        name = signals.next() => {
            Err(Failure::new(Kind::Stopped, format!("{name}: stopped before the drill began; nothing was executed")))
        }
    }
}

/// Works a runbook for real: on a screen, which is attached to an engine, or line by line.
pub(super) fn run(run: &RunArgs) -> Result<ExitCode, Failure> {
    match seat(&run.common)? {
        None => run_here(run, Hosting::Lines),
        Some(seat) => {
            let options = of_profile(Some(profile(run.profile.as_deref())?), run.profile.clone());
            front::start(run.words(), &front::Person::of(&options)?, &seat)
        }
    }
}

/// Takes a profile from the configuration; without a name, what is set for all.
pub(super) fn profile(name: Option<&str>) -> Result<Profile, Failure> {
    let config = places::config()?;
    match name {
        Some(name) => places::profile(&config, name),
        None => Ok(config.without_profile()),
    }
}

/// Works a runbook for real, in this process.
pub(super) fn run_here(run: &RunArgs, hosting: Hosting) -> Result<ExitCode, Failure> {
    let profile = profile(run.profile.as_deref())?;
    let source = find(&run.runbook)?;
    let plan = start::plan(&source).map_err(of_start)?;
    let log_places = places::config()?.log_places.iter().map(PathBuf::from).collect();
    let options = Options { log_places, ..options(&run.common, Some(profile), run.profile.clone())? };
    let runtime = runtime()?;
    let _diagnostics = diagnostics::begin(&places::state()?);
    let place = start::folder(&options).map_err(of_start)?;
    // Drills are kept where no option said otherwise.
    let mut looked = vec![place.0.clone()];
    looked.extend(places::runs(None).ok().filter(|usual| usual.root() != place.0.root()));
    let remarks: Vec<String> = changed::since_last_drill(&looked, &source).into_iter().collect();
    for remark in &remarks {
        hosting.say(&format!("note: {remark}"));
    }
    let options = Options { remarks, ..options };
    let folder = place.1.clone();
    let worked = work(&runtime, &source, plan, &Stage::Real, &options, place, hosting);
    if worked.is_err() {
        folder.abandon();
    }
    worked
}

/// Says for whom a run is worked in this process.
#[derive(Clone, Copy, Debug)]
pub(super) enum Hosting {
    /// For whoever reads the lines, with nobody at the keyboard.
    Lines,
    /// For screens in other processes.
    Screens,
}

impl Hosting {
    /// Returns the screens' hub, if there are any.
    pub(super) fn screens(self, hub: &Hub) -> Option<Hub> {
        matches!(self, Self::Screens).then(|| hub.clone())
    }

    /// Says something before the run is shown.
    pub(super) fn say(self, what: &str) {
        match self {
            Self::Lines => say::aside(what),
            Self::Screens => front::say(what),
        }
    }
}

/// Works a runbook on a stage, in this process.
pub(super) fn work(
    runtime: &Runtime,
    source: &library::Source,
    plan: Arc<crate::runbook::Plan>,
    stage: &Stage,
    options: &Options,
    place: (crate::store::Runs, RunFolder, PathBuf),
    hosting: Hosting,
) -> Result<ExitCode, Failure> {
    if matches!(hosting, Hosting::Lines) {
        start::answerable(&plan, stage, options).map_err(of_start)?;
    }
    let hub = Hub::default();
    let preparing = start::ready(source, plan, stage, options, place, hosting.screens(&hub));
    let ready = prepare(runtime, preparing, stage)?;
    attend(runtime, ready, stage, hosting, hub)
}

/// Works a run that is ready, with or without a person.
pub(super) fn attend(
    runtime: &Runtime,
    ready: Ready,
    stage: &Stage,
    hosting: Hosting,
    hub: Hub,
) -> Result<ExitCode, Failure> {
    let practice = match stage {
        Stage::Drill(practice) => Some(Arc::clone(practice)),
        Stage::Real => None,
    };
    let folder = ready.folder.clone();
    match hosting {
        Hosting::Lines => {
            let finale = runtime.block_on(lines(ready, practice))?;
            say_where(&folder);
            verdict(&finale).map(ExitCode::from)
        }
        Hosting::Screens => runtime.block_on(serve(ready, practice, hub)),
    }
}

/// Works for screens, until the run ended and every screen has heard so. A hang-up is none of its business.
async fn serve(ready: Ready, practice: Option<Arc<Practice>>, hub: Hub) -> Result<ExitCode, Failure> {
    let failed = |what: &str, error: std::io::Error| Failure::new(Kind::Internal, format!("{what}: {error}"));
    let folder = ready.folder.path().to_owned();
    let listening = hub
        .listen(&folder, ready.inbox.clone())
        .map_err(|error| failed("screens can't be attached to the run", error))?;
    let _deaf = signal(SignalKind::hangup()).map_err(|error| failed("signals can't be heard", error))?;
    let stopper = tokio::spawn(stop_on_signals(Signals::listen()?, ready.inbox.clone(), practice.clone()));
    front::ready(&folder);
    let finale = Box::pin(live::work(ready, hub.clone(), practice)).await;
    stopper.abort();
    let ended = verdict(&finale);
    let over = match &ended {
        Ok(code) => Over { code: *code, message: String::new(), hints: Vec::new() },
        Err(failure) => failure.over(),
    };
    hub.tell(&ToScreen::Over(over));
    hub.first().await;
    drop(listening);
    hub.close().await;
    ended.map(ExitCode::from)
}

/// Works without a person, line by line; Ctrl-C asks for the end, a second one ends at once.
async fn lines(ready: Ready, practice: Option<Arc<Practice>>) -> Result<Finale, Failure> {
    let Ready { plan, host, beginning, past, inbox, heard, signing, folder, anchorer, .. } = ready;
    say::line(start::signed(&signing));
    let stopper = tokio::spawn(stop_on_signals(Signals::listen()?, inbox.clone(), practice.clone()));
    let mut run = Run::new(plan);
    for fact in &past {
        evolve(&mut run, fact).map_err(|illegal| Failure::new(Kind::Internal, illegal.to_string()))?;
    }
    let hosting = tokio::spawn(host.work(beginning));
    let mut out = std::io::stdout();
    let answers = practice.as_ref().map(|practice| practice.record().inputs.clone()).unwrap_or_default();
    unattended::attend(run, heard, &inbox, &answers, &mut out).await;
    let finale =
        hosting.await.map_err(|error| Failure::new(Kind::Internal, format!("the engine ended by itself: {error}")))?;
    stopper.abort();
    let customers = live::customers(practice.as_deref()).await;
    writeln!(out).ok();
    for line in summary(&finale.run, customers.as_ref()) {
        writeln!(out, "{line}").ok();
    }
    let closing = live::closing(&finale.log, &folder.place());
    for line in closing.into_iter().chain(live::anchored(anchorer).await) {
        writeln!(out, "{line}").ok();
    }
    Ok(finale)
}

/// Gets ready; in a real run, where a person may be looking for their key, signals end lifeboat as they always do.
pub(super) fn prepare<T>(
    runtime: &Runtime,
    preparing: impl Future<Output = Result<T, StartError>>,
    stage: &Stage,
) -> Result<T, Failure> {
    match stage {
        Stage::Real => runtime.block_on(preparing).map_err(of_start),
        Stage::Drill(_) => runtime.block_on(async { unless_signalled(Signals::listen()?, preparing).await }),
    }
}

/// Is what the terminal or the system sends to end a run.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    pub(super) fn listen() -> Result<Self, Failure> {
        let failed = |error| Failure::new(Kind::Internal, format!("signals can't be heard: {error}"));
        let interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        Ok(Self { interrupt, terminate: signal(SignalKind::terminate()).map_err(failed)? })
    }

    pub(super) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "Ctrl-C",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }
}

async fn stop_on_signals(mut signals: Signals, inbox: UnboundedSender<Input>, practice: Option<Arc<Practice>>) {
    let name = signals.next().await;
    say::aside(format_args!(
        "lifeboat: {name}: what runs is asked to end, then the run ends and its log is sealed; once more ends at once"
    ));
    let intent = Intent::Stop { reason: format!("{name} from outside") };
    drop(inbox.send(Input::Operator { by: identity::user(), intent }));
    signals.next().await;
    say::aside("lifeboat: ended at once; the log stays open, what still runs goes on to its end");
    if let Some(practice) = practice {
        tokio::time::timeout(AT_ONCE, practice.down()).await.ok();
    }
    std::process::exit(Kind::Stopped as i32);
}

fn say_where(folder: &RunFolder) {
    say::line(format_args!("log:    {}", folder.log().display()));
    say::line(format_args!("verify: lifeboat log verify {}", folder.path().display()));
}

fn verdict(finale: &Finale) -> Result<u8, Failure> {
    if let Closing::Lost(why) = &finale.log {
        return Err(Failure::new(Kind::Log, format!("the log was lost: {why}"))
            .hint("free the disk; nothing more was started, and `lifeboat resume` goes on"));
    }
    let how = match &finale.run.stage {
        RunStage::Ended(ending) => ending.how.as_str(),
        RunStage::New | RunStage::Open => "lost",
    };
    let kind = match how {
        "stopped" => Kind::Stopped,
        "waiting" => return Err(needs_person(&finale.run)),
        "lost" => Kind::Terminal,
        "finished" | "recovered" if finale.run.plan.meta.recovered_when.is_none() => return Ok(0),
        _ => match (rto_verdict(&finale.run), rpo_verdict(&finale.run)) {
            (RtoVerdict::NotRestored, _) => Kind::NotRecovered,
            (RtoVerdict::Missed(_), _) | (_, RpoVerdict::Missed | RpoVerdict::NotShown) => Kind::Missed,
            _ => return Ok(0),
        },
    };
    Ok(kind as u8)
}

fn needs_person(run: &Run) -> Failure {
    let place = run.plan.steps.get(run.current).map_or_else(
        || "every step is settled, and whether the service is restored".to_owned(),
        |step| format!("step {} `{}`", step.number, step.title),
    );
    let mut actions = run.plan.steps.get(run.current).into_iter().flat_map(|step| &step.actions);
    let lacks = match actions.find_map(|action| action.approvals.as_ref()) {
        Some(approvals) if approvals.role.is_empty() => "; somebody else has to sign for it".to_owned(),
        Some(approvals) => format!("; somebody else has to sign for it, of the role {}", approvals.role),
        None => String::new(),
    };
    Failure::new(Kind::NeedsPerson, format!("{place} needs a person, and nobody is at the keyboard{lacks}"))
        .hint("work the runbook in a terminal, without --unattended; no option confirms for you")
}

pub(super) fn find(name: &str) -> Result<library::Source, Failure> {
    places::library().find(name).map_err(|error| of_start(error.into()))
}

/// Takes what the command line says.
pub(super) fn options(
    common: &Common,
    profile: Option<Profile>,
    profile_name: Option<String>,
) -> Result<Options, Failure> {
    let set = set(&common.set)?;
    let attended = if common.unattended { Attended::Nobody } else { Attended::Person };
    let onset = common.onset.clone();
    Ok(Options { set, runs: common.runs.clone(), onset, attended, ..of_profile(profile, profile_name) })
}

/// Takes `--set` apart.
pub(super) fn set(given: &[String]) -> Result<Vec<(String, String)>, Failure> {
    given.iter().map(|text| inputs::parse_set(text).map_err(|why| Failure::new(Kind::Usage, why))).collect()
}

/// Takes from a profile who operates and with which key.
pub(super) fn of_profile(profile: Option<Profile>, profile_name: Option<String>) -> Options {
    let by = profile.as_ref().and_then(|profile| profile.operator.clone()).unwrap_or_else(identity::user);
    let key = profile.as_ref().and_then(|profile| profile.key.as_ref()).map(PathBuf::from);
    let approvers = profile.as_ref().map(approvers).unwrap_or_default();
    Options { profile, profile_name, by, key, approvers, ..Options::default() }
}

/// Takes from a profile whose approvals count.
pub(super) fn approvers(profile: &Profile) -> Approvers {
    let path = |path: &Option<String>| path.as_ref().map(PathBuf::from);
    Approvers { signers: path(&profile.allowed_signers).into_iter().collect(), revoked: path(&profile.revoked_keys) }
}

/// Says how a person works a run.
#[derive(Clone, Debug)]
pub(super) enum Seat {
    /// On screens.
    Screens(Looks),
    /// Line by line.
    Lines(Typed),
}

impl Seat {
    /// Is the same place, before another screen.
    pub(super) fn before(self, behind: Behind) -> Self {
        match self {
            Self::Screens(looks) => Self::Screens(Looks { behind, ..looks }),
            Self::Lines(typed) => Self::Lines(typed),
        }
    }
}

/// Says where a person sits, unless nobody is to look.
fn seat(common: &Common) -> Result<Option<Seat>, Failure> {
    if common.unattended { Ok(None) } else { seated(common.plain, common.theme.as_deref()).map(Some) }
}

/// Decides between screens and lines: lines where they are asked for, and where the terminal can do nothing else.
pub(super) fn seated(plain: bool, theme_name: Option<&str>) -> Result<Seat, Failure> {
    let wanted = std::env::var("LIFEBOAT_PLAIN").is_ok_and(|value| !matches!(value.as_str(), "" | "0"));
    let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
    if plain || wanted || (dumb && std::io::stdin().is_terminal()) {
        return Ok(Seat::Lines(Typed::default()));
    }
    let looks = |theme| Looks { theme, keys: keys(), calls: calls(), behind: Behind::Nothing };
    on_terminal(theme_name).map(|theme| Seat::Screens(looks(theme)))
}

/// Loads the keys; what is wrong with the file of one's own is said, and the table's keys stand.
pub(super) fn keys() -> Keymap {
    let (keymap, problems) = places::keymap();
    problems.iter().for_each(say::aside);
    keymap
}

/// Says how screens call somebody back.
fn calls() -> Calls {
    let configured = places::read_config().config.calls;
    configured.unwrap_or_else(|| Calls::of_terminal(|name| std::env::var(name).ok()))
}

/// Makes sure that there is a terminal for screens, and loads their theme.
fn on_terminal(theme_name: Option<&str>) -> Result<Theme, Failure> {
    if !(std::io::stdin().is_terminal() && std::io::stdout().is_terminal()) {
        return Err(Failure::new(Kind::Usage, "there is no terminal to open the screens in")
            .hint("run it in a terminal, with --plain to work it line by line, or with --unattended and nobody at the keyboard"));
    }
    Ok(themes::chosen(theme_name))
}

pub(super) fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        // One: the engine waits more than it works, and handing a step from one worker to the next costs more than the
        // work itself.
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Kind::Internal, format!("the runtime did not start: {error}")))
}

pub(super) fn of_start(error: StartError) -> Failure {
    let kind = match &error {
        StartError::Library(_)
        | StartError::Onset(_)
        | StartError::WrongAccount { .. }
        | StartError::NoAccount { .. } => Kind::Usage,
        StartError::Again { .. }
        | StartError::Runbook(_)
        | StartError::Scenario { .. }
        | StartError::Inputs(_)
        | StartError::Injects(_)
        | StartError::Unanswerable(_) => Kind::Runbook,
        StartError::Store(_) | StartError::Book(_) => Kind::Log,
        StartError::Supervisor(error) if error.nothing_can_be_written().is_some() => Kind::Log,
        StartError::Supervisor(_) | StartError::Practice(_) | StartError::Host(_) => Kind::Internal,
    };
    let hint = match &error {
        StartError::Library(error) => Some(error.hint()),
        StartError::Runbook(_) => Some("`lifeboat check` lists warnings too".to_owned()),
        StartError::Scenario { .. } => Some(
            "`lifeboat run` works it for real; a drill needs a runbook whose front matter says `scenario: region-failure`"
                .to_owned(),
        ),
        StartError::Inputs(_) => Some(
            "give values with `--set NAME=VALUE` or under `inputs` of the profile; the runbook's front matter says what \
             each takes"
                .to_owned(),
        ),
        StartError::Injects(_) => Some(
            "docs/facilitator.md shows a list; it lies beside the runbook as NAME.injects.toml, or is named: --facilitate=FILE"
                .to_owned(),
        ),
        StartError::Supervisor(error) => error.nothing_can_be_written().map(|run| {
            format!(
                "a run is worked where it lies: free the disk, or `cp -r {0} DIR` to one that can be written and `lifeboat resume DIR`",
                run.display()
            )
        }),
        StartError::Unanswerable(_) => Some("work the drill in a terminal, without --unattended".to_owned()),
        StartError::WrongAccount { .. } => Some("log in to the pinned account, or choose another --profile".to_owned()),
        StartError::NoAccount { .. } => Some("renew the credentials (`aws sso login`), then start again".to_owned()),
        _ => None,
    };
    let failure = Failure::new(kind, error.to_string());
    hint.into_iter().fold(failure, Failure::hint)
}
