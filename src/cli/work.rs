//! `lifeboat drill` and `lifeboat run`: from the command line to the exit code.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::runtime::Runtime;

use super::args::{Common, Drill, RunArgs};
use super::failure::{Failure, Kind};
use super::places;
use crate::drive::host::{Closing, Finale};
use crate::drive::practice::Practice;
use crate::drive::start::{self, Options, Ready, Stage, StartError};
use crate::drive::{diagnostics, identity, inputs, library, live, unattended};
use crate::engine::{Input, Intent, Run, Stage as RunStage};
use crate::report::{RpoVerdict, RtoVerdict, rpo_verdict, rto_verdict, summary};
use crate::settings::config::Profile;
use crate::settings::theme::{self, Theme};
use crate::store::RunFolder;
use crate::term::{self, Exit};

/// Raises the estate, breaks it, and works the runbook.
pub(super) fn drill(drill: &Drill) -> Result<ExitCode, Failure> {
    let source = find(&drill.scenario)?;
    let plan = start::plan(&source).map_err(of_start)?;
    let scenario = plan.meta.scenario.clone();
    let options = options(&drill.common, None)?;
    let screens = screens(&drill.common)?;
    let runtime = runtime()?;
    let _diagnostics = diagnostics::begin(&places::state()?);
    let (runs, folder, state) = start::folder(&options).map_err(of_start)?;
    let program = std::env::current_exe()
        .map_err(|error| Failure::new(Kind::Internal, format!("lifeboat could not find itself: {error}")))?;
    eprintln!("raising the practice estate (seed {}, speed {})", drill.seed, drill.speed);
    let estate = folder.path().join("estate");
    let practice = runtime
        .block_on(Practice::raise(&program, &estate, drill.seed, drill.speed))
        .map_err(|error| of_start(error.into()))?;
    let practice = Arc::new(practice);
    let worked = runtime.block_on(practice.inject(&scenario)).map_err(|error| of_start(error.into())).and_then(|()| {
        eprintln!("{scenario} is under way");
        let stage = Stage::Drill(Arc::clone(&practice));
        work(&runtime, &source, plan, &stage, &options, (runs, folder, state), screens)
    });
    // The estate ends with its drill, whatever became of it.
    if let Err(error) = runtime.block_on(practice.down()) {
        tracing::warn!(%error, "the practice estate did not answer at its end");
    }
    worked
}

/// Works a runbook for real.
pub(super) fn run(run: &RunArgs) -> Result<ExitCode, Failure> {
    let config = places::config()?;
    let profile = match &run.profile {
        Some(name) => places::profile(&config, name)?,
        None => config.without_profile(),
    };
    let source = find(&run.runbook)?;
    let plan = start::plan(&source).map_err(of_start)?;
    let options = options(&run.common, Some(profile))?;
    let screens = screens(&run.common)?;
    let runtime = runtime()?;
    let _diagnostics = diagnostics::begin(&places::state()?);
    let place = start::folder(&options).map_err(of_start)?;
    work(&runtime, &source, plan, &Stage::Real, &options, place, screens)
}

/// Says how a run is shown.
enum Screens {
    Lines,
    Terminal(Box<Theme>),
}

fn work(
    runtime: &Runtime,
    source: &library::Source,
    plan: Arc<crate::runbook::Plan>,
    stage: &Stage,
    options: &Options,
    place: (crate::store::Runs, RunFolder, PathBuf),
    screens: Screens,
) -> Result<ExitCode, Failure> {
    let practice = match stage {
        Stage::Drill(practice) => Some(Arc::clone(practice)),
        Stage::Real => None,
    };
    match screens {
        Screens::Lines => {
            let ready = runtime.block_on(start::ready(source, plan, stage, options, place, None)).map_err(of_start)?;
            let folder = ready.folder.clone();
            let finale = runtime.block_on(lines(ready, practice.as_deref()))?;
            say_where(&folder);
            verdict(&finale)
        }
        Screens::Terminal(theme) => {
            let (feed, inbox) = term::channel();
            let ready = runtime
                .block_on(start::ready(source, plan, stage, options, place, Some(feed.clone())))
                .map_err(of_start)?;
            let folder = ready.folder.clone();
            let (exit, finale) = live::show(runtime, ready, (feed, inbox), practice, &theme, &options.by)
                .map_err(|error| Failure::new(Kind::Terminal, error.to_string()))?;
            if exit == Exit::HungUp {
                return Err(Failure::new(Kind::Terminal, ""));
            }
            say_where(&folder);
            finale.map_or_else(
                || Err(Failure::new(Kind::Terminal, "the screen was left while the run was open")),
                |finale| verdict(&finale),
            )
        }
    }
}

/// Works without a person, line by line; Ctrl-C asks for the end, a second one ends at once.
async fn lines(ready: Ready, practice: Option<&Practice>) -> Result<Finale, Failure> {
    let Ready { plan, host, open, opening, inbox, heard, signing, .. } = ready;
    println!("{}", start::signed(&signing));
    let stopper = tokio::spawn(stop_on_signals(inbox.clone()));
    let hosting = tokio::spawn(host.work(open, opening));
    let mut out = std::io::stdout();
    let attended = unattended::attend(Run::new(plan), heard, &inbox, &mut out).await;
    if let Err(error) = attended {
        // Nobody reads the lines any more; the record goes on without them.
        tracing::warn!(%error, "standard output is gone");
    }
    let finale =
        hosting.await.map_err(|error| Failure::new(Kind::Internal, format!("the engine ended by itself: {error}")))?;
    stopper.abort();
    let customers = live::customers(practice).await;
    writeln!(out).ok();
    for line in summary(&finale.run, customers.as_ref()) {
        writeln!(out, "{line}").ok();
    }
    writeln!(out, "{}", live::closing(&finale.log)).ok();
    Ok(finale)
}

async fn stop_on_signals(inbox: tokio::sync::mpsc::UnboundedSender<Input>) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return;
    };
    let mut asked = false;
    loop {
        let name = tokio::select! {
            _ = interrupt.recv() => "Ctrl-C",
            _ = terminate.recv() => "SIGTERM",
        };
        if asked {
            eprintln!("lifeboat: ended at once; the log stays open, what runs goes on to its end");
            std::process::exit(Kind::Stopped as i32);
        }
        asked = true;
        eprintln!("lifeboat: {name}: stopping when what runs has ended; once more ends at once");
        let intent = Intent::Stop { reason: format!("{name} from outside") };
        drop(inbox.send(Input::Operator { by: identity::user(), intent }));
    }
}

fn say_where(folder: &RunFolder) {
    println!("log:    {}", folder.log().display());
    println!("verify: lifeboat log verify {}", folder.path().display());
}

fn verdict(finale: &Finale) -> Result<ExitCode, Failure> {
    if let Closing::Lost(why) = &finale.log {
        return Err(Failure::new(Kind::Log, format!("the log was lost: {why}"))
            .hint("free the disk, see what still runs, and go on by hand: nothing more was started"));
    }
    let how = match &finale.run.stage {
        RunStage::Ended(ending) => ending.how.as_str(),
        RunStage::New | RunStage::Open => "lost",
    };
    let kind = match how {
        "stopped" => Kind::Stopped,
        "waiting" => Kind::NeedsPerson,
        "lost" => Kind::Terminal,
        "finished" | "recovered" if finale.run.plan.meta.recovered_when.is_none() => return Ok(ExitCode::SUCCESS),
        _ => match (rto_verdict(&finale.run), rpo_verdict(&finale.run)) {
            (RtoVerdict::NotRestored, _) => Kind::NotRecovered,
            (RtoVerdict::Missed(_), _) | (_, RpoVerdict::Missed | RpoVerdict::NotShown) => Kind::Missed,
            _ => return Ok(ExitCode::SUCCESS),
        },
    };
    Ok(ExitCode::from(kind as u8))
}

fn find(name: &str) -> Result<library::Source, Failure> {
    places::library().find(name).map_err(|error| of_start(error.into()))
}

fn options(common: &Common, profile: Option<Profile>) -> Result<Options, Failure> {
    let set = common
        .set
        .iter()
        .map(|text| inputs::parse_set(text).map_err(|why| Failure::new(Kind::Usage, why)))
        .collect::<Result<_, _>>()?;
    let by = profile.as_ref().and_then(|profile| profile.operator.clone()).unwrap_or_else(identity::user);
    let key = profile.as_ref().and_then(|profile| profile.key.as_ref()).map(PathBuf::from);
    Ok(Options { set, runs: common.runs.clone(), onset: common.onset.clone(), profile, by, key })
}

fn screens(common: &Common) -> Result<Screens, Failure> {
    if common.unattended {
        return Ok(Screens::Lines);
    }
    if !(std::io::stdin().is_terminal() && std::io::stdout().is_terminal()) {
        return Err(Failure::new(Kind::Usage, "there is no terminal to open the screens in")
            .hint("run it in a terminal, or with --unattended for lines with nobody at the keyboard"));
    }
    Ok(Screens::Terminal(Box::new(theme(common.theme.as_deref())?)))
}

/// Loads the theme that was asked for; without colours (`NO_COLOR`) the one that needs none.
pub(super) fn theme(name: Option<&str>) -> Result<Theme, Failure> {
    let colourless = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let name = name.unwrap_or(if colourless { "mono" } else { "default" });
    theme::built_in(name).map_err(|error| Failure::new(Kind::Usage, error.to_string()))
}

fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Kind::Internal, format!("the runtime did not start: {error}")))
}

fn of_start(error: StartError) -> Failure {
    let kind = match &error {
        StartError::Library(_)
        | StartError::Onset(_)
        | StartError::WrongAccount { .. }
        | StartError::NoAccount { .. } => Kind::Usage,
        StartError::Runbook(_) | StartError::Inputs(_) => Kind::Runbook,
        StartError::Store(_) => Kind::Log,
        StartError::Supervisor(_) | StartError::Practice(_) | StartError::Host(_) => Kind::Internal,
    };
    let hint = match &error {
        StartError::Library(error) => Some(error.hint()),
        StartError::Runbook(_) => Some("`lifeboat check` lists warnings too".to_owned()),
        StartError::WrongAccount { .. } => Some("log in to the pinned account, or choose another --profile".to_owned()),
        StartError::NoAccount { .. } => Some("renew the credentials (`aws sso login`), then start again".to_owned()),
        _ => None,
    };
    let failure = Failure::new(kind, error.to_string());
    hint.into_iter().fold(failure, Failure::hint)
}
