//! `lifeboat` without a command: the list of runbooks and runs.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use super::args::{Common, Data, Drill, Resume};
use super::failure::{Failure, Kind};
use super::{blind, compare, front, log, places, replay, resume, themes, work};
use crate::clock::Clock;
use crate::drive::attach::Looks;
use crate::drive::blind::BlindDrill;
use crate::drive::doctor::{Wish, examine};
use crate::drive::dry_run::dry_run;
use crate::drive::library::Library;
use crate::drive::past;
use crate::drive::record::Recording;
use crate::drive::start::Options;
use crate::drive::wire::Wants;
use crate::engine::Mode;
use crate::kernel::say_duration;
use crate::report;
use crate::runbook::{Plan, parse};
use crate::settings::calls::Calls;
use crate::settings::config::Config;
use crate::store::{End, Runs, Standing};
use crate::term::{self, Exit, Feed};
use crate::ui::{About, Behind, Entry, Learnt, Model, Msg, Output, PastRun};

/// Where recordings lie that are listed, as `./runbooks` is for runbooks.
pub(super) const RECORDINGS: &str = "recordings";

/// Shows the list; a drill that is chosen there starts, a run that is not over goes on, and both come back to it.
pub(super) fn open() -> Result<ExitCode, Failure> {
    if !(std::io::stdin().is_terminal() && std::io::stdout().is_terminal()) {
        return Err(Failure::new(Kind::Usage, "there is no terminal to open the list of runbooks in")
            .hint("`lifeboat --help` lists the commands"));
    }
    if std::env::var("TERM").is_ok_and(|term| term == "dumb") {
        return Err(Failure::new(
            Kind::Usage,
            "TERM is dumb: the list of runbooks needs a terminal that can be drawn on",
        )
        .hint(
            "`lifeboat runs` and `lifeboat plan RUNBOOK` print lines, `lifeboat drill RUNBOOK` is worked line by line",
        ));
    }
    let looks = Looks { theme: themes::chosen(None), keys: work::keys(), calls: Calls::Off, behind: Behind::Nothing };
    let clock = Clock::start();
    let library = places::library();
    // With a configuration that is not right the list opens all the same.
    let configured = places::read_config();
    let (config, problems) = (configured.config, configured.problems);
    let file = configured.path.as_ref().and_then(|path| path.file_name()).unwrap_or_default().display().to_string();
    let names = library.names();
    let entries = names.iter().map(|name| Entry { name: name.clone(), ..Entry::default() }).collect();
    let mut model = Model::picker(entries, &looks.theme, clock.now()).with_keys(looks.keys.clone());
    let (names, config) = (Arc::new(names), Arc::new(config));
    let (feed, inbox) = term::channel();
    let (answers, refused) = (feed.clone(), feed.clone());
    for problem in problems {
        let what = problem.message.split(", expected").next().unwrap_or_default();
        let place = format!("{file}:{}:{}", problem.line, problem.column);
        feed.send(Msg::Refused(format!("{place}: {what}: {} `lifeboat config` says more.", problem.help)));
    }
    // Not waited for: it only reads, and ends with the last look or with the process.
    std::thread::Builder::new()
        .name("runbooks".to_owned())
        .spawn({
            let (names, config) = (Arc::clone(&names), Arc::clone(&config));
            move || look(&library, &names, &config, &feed)
        })
        .map_err(|error| Failure::new(Kind::Terminal, format!("the runbooks cannot be read: {error}")))?;
    let mut wish = |output: Output| {
        if let Output::Report(folder) = output {
            let answers = answers.clone();
            let make = move || {
                let text = reported(&folder);
                answers.send(Msg::Learnt(Learnt::Report { folder, text }));
            };
            // Without a thread the page goes on saying that the log is being read.
            drop(std::thread::Builder::new().name("report".to_owned()).spawn(make));
        }
    };
    // Whatever is opened from the list comes back to it, with what was wrong with it.
    loop {
        let exit = term::run(&mut model, &inbox, &mut wish, &|| clock.now())
            .map_err(|error| Failure::new(Kind::Terminal, error.to_string()))?;
        let (names, config, feed) = (Arc::clone(&names), Arc::clone(&config), refused.clone());
        let look_again = move |folder: PathBuf| {
            let look = move || came_back(&folder, &names, &config, &feed);
            // Without a thread the list stays as it was.
            drop(std::thread::Builder::new().name("runs".to_owned()).spawn(look));
        };
        let left = match exit {
            Exit::Watch(watch) => replay::watch(&watch, None, &looks).and_then(replay::code).map(drop),
            Exit::Compare(one, other) => {
                compare::from_screen((&one, &other), &looks, None).and_then(replay::code).map(drop)
            }
            Exit::Drill(scenario) => drilled(scenario, look_again),
            Exit::Resume(folder) => gone_on_with(folder, &refused, look_again),
            Exit::Quit | Exit::Detached | Exit::Back => return Ok(ExitCode::SUCCESS),
            Exit::HungUp | Exit::Signalled(_) => return Err(Failure::new(Kind::Terminal, "")),
        };
        match left {
            Ok(()) => {}
            Err(failure) if failure.is(Kind::Terminal) => return Err(failure),
            Err(failure) => refused.send(Msg::Refused(failure.in_a_line())),
        }
    }
}

/// Starts a drill and works it; `look_again` is called once it was left.
fn drilled(scenario: String, look_again: impl FnOnce(PathBuf)) -> Result<(), Failure> {
    let drill = Drill {
        facilitate: None,
        data: Data::default(),
        faults: Vec::new(),
        scenario: Some(scenario),
        blind: false,
        blind_in: None,
        seed: None,
        speed: 1,
        common: Common { set: Vec::new(), runs: None, onset: None, unattended: false, plain: false, theme: None },
    };
    let seat = work::seated(false, None)?.before(Behind::Screen);
    let folder = front::launch(drill.words())?;
    let left = front::attach(&folder, &front::Person::without_key(), Wants::Control, &seat);
    look_again(folder);
    left.map(drop)
}

/// Goes on with the run or the blind drill in a folder; `look_again` is called once it was left.
fn gone_on_with(folder: String, feed: &Feed, look_again: impl FnOnce(PathBuf)) -> Result<(), Failure> {
    let path = PathBuf::from(&folder);
    let hidden = blind::waiting().into_iter().find(|drill| drill.is_called(&folder));
    let hidden = hidden.or_else(|| BlindDrill::of_run(&path));
    let wanted = Resume {
        run: Some(folder),
        runs: None,
        profile: None,
        unattended: false,
        plain: false,
        take_over: None,
        theme: None,
    };
    let left = resume::resume(&wanted, || Ok(work::seated(false, None)?.before(Behind::Screen)));
    if let Some(drill) = hidden.filter(|drill| !drill.folder().exists()) {
        feed.send(Msg::Say(format!("The drill is over: {}.", blind::revealed(&drill))));
    }
    look_again(path);
    left.map(drop)
}

/// Looks at the runs again once somebody came back from the one in `folder`, and says what became of that.
fn came_back(folder: &Path, names: &[String], config: &Config, feed: &Feed) {
    let all = look_at_runs(names, config, feed);
    let Some(standing) = all.iter().find(|standing| standing.folder == folder) else { return };
    feed.send(Msg::Learnt(Learnt::Left(folder.display().to_string())));
    let run = standing.run.as_str().rsplit('-').next().unwrap_or_default();
    feed.send(Msg::Say(match &standing.end {
        End::Worked => format!("Run {run} goes on without this screen. Enter comes back to it."),
        End::Open => format!("Run {run} is not over, and its engine is gone. Enter goes on with it."),
        End::Unsealed(how) => format!("Run {run} is over: {how}. Its log is not sealed."),
        End::Sealed(Some(how)) => format!("Run {run} is over: {how}."),
        End::Sealed(None) => format!("Run {run} is over."),
    }));
}

/// Looks at everything while the list is on the screen already: runbooks, then runs, then the machine.
fn look(library: &Library, names: &[String], config: &Config, feed: &Feed) {
    let tell = |learnt: Learnt| feed.send(Msg::Learnt(learnt));
    let options = work::of_profile(Some(config.without_profile()), None);
    let plans = read(library, names, &options, feed);
    look_at_runs(names, config, feed);
    let named = config.profiles().filter_map(|name| Some((config.profile(name).ok()?, name.to_owned())));
    let mut profiles: Vec<Options> = named.map(|(profile, name)| work::of_profile(Some(profile), Some(name))).collect();
    if profiles.is_empty() {
        profiles.push(options);
    }
    if let (Ok(state), Ok(runtime)) = (places::state(), work::runtime()) {
        tell(Learnt::Preflight(runtime.block_on(examine(&Wish { profiles, runbooks: plans, state }))));
    }
}

/// Looks at the runs, and returns them.
fn look_at_runs(names: &[String], config: &Config, feed: &Feed) -> Vec<Standing> {
    let tell = |learnt: Learnt| feed.send(Msg::Learnt(learnt));
    let (unfinished, ended) = past::runs(&folders(config));
    let deserted = blind::deserted();
    let mut to_go_on_with: Vec<PastRun> =
        unfinished.iter().map(past::described).chain(deserted.iter().map(BlindDrill::described)).collect();
    to_go_on_with.sort_by_key(|run| std::cmp::Reverse(run.last));
    tell(Learnt::Runs {
        unfinished: to_go_on_with,
        ended: ended.iter().map(past::described).collect(),
        recordings: past::recordings(Path::new(RECORDINGS)),
    });
    for name in names {
        tell(Learnt::Drilled { name: name.clone(), how: past::last_drill(&ended, name) });
    }
    unfinished.into_iter().chain(ended).collect()
}

/// Reads every runbook, and tells what it says of itself.
pub(super) fn read(library: &Library, names: &[String], options: &Options, feed: &Feed) -> Vec<(String, Arc<Plan>)> {
    let mut plans = Vec::new();
    for name in names {
        let (about, plan) = about(library, name, options);
        feed.send(Msg::Learnt(Learnt::Runbook { name: name.clone(), about: Box::new(about) }));
        plans.extend(plan.map(|plan| (name.clone(), plan)));
    }
    plans
}

/// Lists the folders in which runs are kept: the state folder's, and those of the configuration.
pub(super) fn folders(config: &Config) -> Vec<Runs> {
    let profiles = config.profiles().filter_map(|name| config.profile(name).ok()?.log_dir);
    let mut roots: Vec<PathBuf> = config.log_dir.iter().cloned().chain(profiles).map(PathBuf::from).collect();
    roots.extend(places::state().map(|state| state.join("runs")));
    roots.sort();
    roots.dedup();
    roots.into_iter().map(|root| Runs::at(root).with_spares(places::spares(config))).collect()
}

/// Makes the report of a run that is over.
fn reported(folder: &str) -> Result<String, String> {
    let said = |failure: Failure| failure.over().message;
    let place = log::find(folder, None).map_err(said)?;
    let recording = Recording::read(&place, &log::trust(None).map_err(said)?).map_err(|error| error.to_string())?;
    Ok(report::markdown(&report::after_action(&recording.record())))
}

fn about(library: &Library, name: &str, options: &Options) -> (About, Option<Arc<Plan>>) {
    let source = match library.find(name) {
        Ok(source) => source,
        Err(error) => return (About { problems: vec![error.to_string()], ..About::default() }, None),
    };
    let parsed = parse(&source.path, &source.bytes);
    let text = String::from_utf8_lossy(&source.bytes).into_owned();
    let problems =
        parsed.problems.iter().map(|problem| format!("line {}: {}", problem.line, problem.message)).collect();
    let Some(plan) = parsed.plan else { return (About { problems, text, ..About::default() }, None) };
    let plan = Arc::new(plan);
    let (dry, _) = dry_run(&plan, Mode::Real, options);
    let objectives = &plan.meta.objectives;
    let about = About {
        title: plan.title.clone(),
        scenario: plan.meta.scenario.clone(),
        service: plan.meta.service.clone(),
        rto: objectives.rto.map(say_duration).unwrap_or_default(),
        rpo: objectives.rpo.as_ref().map(|rpo| say_duration(rpo.max)).unwrap_or_default(),
        steps: plan.steps.len(),
        phases: plan.phases.iter().map(|phase| (phase.title.clone(), phase.steps.len())).collect(),
        confirmations: report::confirmations(&dry),
        problems,
        text,
        dry_run: report::dry_run(&dry),
    };
    (about, Some(plan))
}
