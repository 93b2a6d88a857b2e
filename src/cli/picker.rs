//! `lifeboat` without a command: the list of runbooks.

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::Arc;

use super::args::{Common, Data, Drill};
use super::failure::{Failure, Kind};
use super::{places, themes, work};
use crate::clock::Clock;
use crate::drive::dry_run::dry_run;
use crate::drive::library::Library;
use crate::drive::start::Options;
use crate::engine::Mode;
use crate::kernel::say_duration;
use crate::report;
use crate::runbook::parse;
use crate::term::{self, Exit, Feed};
use crate::ui::{About, Entry, Model, Msg};

/// Shows the list; a drill that is chosen there starts.
pub(super) fn open() -> Result<ExitCode, Failure> {
    if !(std::io::stdin().is_terminal() && std::io::stdout().is_terminal()) {
        return Err(Failure::new(Kind::Usage, "there is no terminal to open the list of runbooks in")
            .hint("`lifeboat --help` lists the commands"));
    }
    let theme = themes::chosen(None);
    let clock = Clock::start();
    let library = places::library();
    // A configuration that is not right is said where it is needed: the list opens all the same.
    let options = work::of_profile(Some(places::read_config().config.without_profile()), None);
    let names = library.names();
    let entries = names.iter().map(|name| Entry { name: name.clone(), about: None }).collect();
    let mut model = Model::picker(entries, &theme, clock.now()).with_keys(work::keys());
    let (feed, inbox) = term::channel();
    // Not waited for: it only reads, and ends with the last runbook or with the process.
    std::thread::Builder::new()
        .name("runbooks".to_owned())
        .spawn(move || read(&library, &names, &options, &feed))
        .map_err(|error| Failure::new(Kind::Terminal, format!("the runbooks cannot be read: {error}")))?;
    let exit = term::run(&mut model, inbox, &mut |_| {}, &|| clock.now())
        .map_err(|error| Failure::new(Kind::Terminal, error.to_string()))?;
    match exit {
        Exit::Drill(scenario) => work::drill(&Drill {
            data: Data::default(),
            faults: Vec::new(),
            scenario,
            seed: 1,
            speed: 1,
            common: Common { set: Vec::new(), runs: None, onset: None, unattended: false, plain: false, theme: None },
        }),
        Exit::Quit | Exit::Detached => Ok(ExitCode::SUCCESS),
        Exit::HungUp | Exit::Signalled(_) => Err(Failure::new(Kind::Terminal, "")),
    }
}

/// Reads the runbooks while the list is on the screen already.
fn read(library: &Library, names: &[String], options: &Options, feed: &Feed) {
    for name in names {
        feed.send(Msg::Runbook { name: name.clone(), about: Box::new(about(library, name, options)) });
    }
}

fn about(library: &Library, name: &str, options: &Options) -> About {
    let source = match library.find(name) {
        Ok(source) => source,
        Err(error) => return About { problems: vec![error.to_string()], ..About::default() },
    };
    let parsed = parse(&source.path, &source.bytes);
    let text = String::from_utf8_lossy(&source.bytes).into_owned();
    let problems =
        parsed.problems.iter().map(|problem| format!("line {}: {}", problem.line, problem.message)).collect();
    let Some(plan) = parsed.plan else { return About { problems, text, ..About::default() } };
    let plan = Arc::new(plan);
    let dry_run = report::dry_run(&dry_run(&plan, Mode::Real, options).0);
    let objectives = &plan.meta.objectives;
    About {
        title: plan.title.clone(),
        scenario: plan.meta.scenario.clone(),
        service: plan.meta.service.clone(),
        rto: objectives.rto.map(say_duration).unwrap_or_default(),
        rpo: objectives.rpo.as_ref().map(|rpo| say_duration(rpo.max)).unwrap_or_default(),
        steps: plan.steps.len(),
        problems,
        text,
        dry_run,
    }
}
