//! `lifeboat` without a command: the list of runbooks.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use super::args::{Common, Drill};
use super::failure::{Failure, Kind};
use super::{places, work};
use crate::clock::Clock;
use crate::kernel::say_duration;
use crate::runbook::parse;
use crate::term::{self, Exit, Suspend};
use crate::ui::{Entry, Model};

/// Shows the list; a drill that is chosen there starts.
pub(super) fn open() -> Result<ExitCode, Failure> {
    if !(std::io::stdin().is_terminal() && std::io::stdout().is_terminal()) {
        return Err(Failure::new(Kind::Usage, "there is no terminal to open the list of runbooks in")
            .hint("`lifeboat --help` lists the commands"));
    }
    let theme = work::theme(None)?;
    let clock = Clock::start();
    let mut model = Model::picker(entries(), &theme, clock.now());
    let (_feed, inbox) = term::channel();
    let exit = term::run(&mut model, inbox, Suspend::Stops, &mut |_| {}, &|| clock.now())
        .map_err(|error| Failure::new(Kind::Terminal, error.to_string()))?;
    match exit {
        Exit::Drill(scenario) => work::drill(&Drill {
            scenario,
            seed: 1,
            speed: 1,
            common: Common { set: Vec::new(), runs: None, onset: None, unattended: false, theme: None },
        }),
        Exit::Quit | Exit::Detached => Ok(ExitCode::SUCCESS),
        Exit::HungUp | Exit::Signalled(_) => Err(Failure::new(Kind::Terminal, "")),
    }
}

fn entries() -> Vec<Entry> {
    let library = places::library();
    let one = |name: String| {
        let source = match library.find(&name) {
            Ok(source) => source,
            Err(error) => return Entry { name, problems: vec![error.to_string()], ..Entry::default() },
        };
        let parsed = parse(&source.path, &source.bytes);
        let text = String::from_utf8_lossy(&source.bytes).into_owned();
        let problems =
            parsed.problems.iter().map(|problem| format!("line {}: {}", problem.line, problem.message)).collect();
        let Some(plan) = parsed.plan else { return Entry { name, problems, text, ..Entry::default() } };
        let objectives = &plan.meta.objectives;
        Entry {
            name,
            title: plan.title,
            scenario: plan.meta.scenario,
            service: plan.meta.service,
            rto: objectives.rto.map(|rto| format!("RTO {}", say_duration(rto))).unwrap_or_default(),
            rpo: objectives.rpo.as_ref().map(|rpo| format!("RPO {}", say_duration(rpo.max))).unwrap_or_default(),
            steps: plan.steps.len(),
            problems,
            text,
        }
    };
    library.names().into_iter().map(one).collect()
}
