//! `lifeboat drill --blind`: alarms and the list of runbooks, then the run of what was chosen; and again, if that was wrong.

use std::io::{self, BufReader, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use chrono::Utc;
use tokio::runtime::Runtime;

use super::args::Drill;
use super::failure::{Failure, Kind};
use super::front::{self, Person};
use super::work::{self, Hosting, Seat};
use super::{log, picker, places, say};
use crate::clock::Clock;
use crate::drive::attach::Looks;
use crate::drive::blind::{self, Begins, BlindDrill, BlindError, Held, HideError, Wish, hide};
use crate::drive::diagnostics;
use crate::drive::practice::Practice;
use crate::drive::record::Recording;
use crate::drive::stage::Stage;
use crate::drive::start::{self, Options};
use crate::drive::typed::{Hears, Typed};
use crate::drive::wire::Wants;
use crate::kernel::{SafeText, counted};
use crate::store::{self, Runs};
use crate::term::{self, Exit, Feed};
use crate::ui::{Blind, Entry, Learnt, Model, Monitoring, Msg};

/// How often the monitoring is asked.
const LOOK: Duration = Duration::from_secs(1);

/// Seeds that are drawn are below this: people write them down.
const SEEDS: u64 = 1_000_000;

/// Breaks something without saying what, and lets whoever sits there find the runbook.
pub(super) fn drill(drill: &Drill) -> Result<ExitCode, Failure> {
    let refused = |why: &str, hint: &str| Err(Failure::new(Kind::Usage, why).hint(hint));
    if drill.common.unattended {
        return refused(
            "a blind drill is for whoever finds the runbook: with --unattended there is nobody who looks for it",
            "leave out --unattended, or name the scenario and leave out --blind",
        );
    }
    if drill.common.onset.is_some() {
        return refused(
            "the onset of a blind drill is what the estate's monitoring finds: --onset would give it away",
            "leave out --onset",
        );
    }
    let seat = work::seated(drill.common.plain, drill.common.theme.as_deref())?;
    let seed = match (drill.seed, &drill.scenario) {
        (Some(seed), _) => seed,
        (None, Some(_)) => drill.seed(),
        (None, None) => store::nonce().map_err(places::of_store)? % SEEDS,
    };
    let injects = drill.facilitate.as_ref().map(|named| in_full(&named.to_string_lossy()));
    let named = drill.scenario.as_deref().map(in_full);
    let wish = Wish { scenario: named.as_deref(), seed, faults: &drill.faults, injects: injects.as_deref() };
    let (broken, runbook) = hide(wish, &places::library()).map_err(of_hide)?;
    let scenario = broken.scenario.clone();
    let (set, runs) = (drill.common.set.clone(), drill.common.runs.clone());
    work::set(&set)?;
    let runs = runs.map(|runs| std::path::absolute(&runs).unwrap_or(runs));
    let begun = BlindDrill::begin(&places::state()?, Begins { broken, runbook, injects, set, runs });
    let mut blind = begun.map_err(of_blind)?;
    let held = held(&blind)?;
    let runtime = work::runtime()?;
    let raised = runtime.block_on(async {
        let practice = work::raise(drill, (seed, &scenario), &blind.estate(), &|what| say::aside(what)).await?;
        // Nobody is called before somebody was alarmed.
        practice.onset().await.map_err(|error| work::of_start(error.into()))?;
        practice.let_stand().await;
        Ok::<_, Failure>(())
    });
    if let Err(failure) = raised.and_then(|()| blind.shown().map_err(of_blind)) {
        drop(runtime.block_on(blind.clear()));
        return Err(failure);
    }
    drop(runtime);
    go_on(blind, held, &seat)
}

/// Names a file so that it is found from any folder; anything else stays as it is.
fn in_full(name: &str) -> String {
    let path = Path::new(name);
    let full = std::path::absolute(path).ok().filter(|_| path.is_file());
    full.map_or_else(|| name.to_owned(), |full| full.display().to_string())
}

/// Goes on with a blind drill where its run was stopped; else gives what the run's screen gave.
pub(super) fn and_then(folder: &Path, seat: &Seat, left: Result<ExitCode, Failure>) -> Result<ExitCode, Failure> {
    let Some(blind) = left_again(folder)? else { return left };
    match blind.hold().map_err(of_blind)? {
        Some(held) => go_on(blind, held, seat),
        // Whoever worked the run chooses again.
        None => left,
    }
}

/// Holds a drill.
pub(super) fn held(blind: &BlindDrill) -> Result<Held, Failure> {
    blind.hold().map_err(of_blind)?.ok_or_else(|| {
        Failure::new(Kind::Usage, "the runbook of this blind drill is being chosen on another screen")
            .hint("choose it there, or close that screen: then `lifeboat resume` comes to the choice")
    })
}

/// Goes on with a blind drill at the choice of its runbook; ends it where its estate is gone.
pub(super) fn take_up(blind: BlindDrill, seat: &Seat) -> Result<ExitCode, Failure> {
    let held = held(&blind)?;
    match blind.estate_gone() {
        None => go_on(blind, held, seat),
        Some(why) => {
            say::aside(format_args!("{why}; the drill can't go on, so it ends here"));
            end(blind)
        }
    }
}

/// Lists the blind drills whose runbook is to be chosen, newest first: none was opened yet, or each was left again.
pub(super) fn waiting() -> Vec<BlindDrill> {
    let Ok(state) = places::state() else { return Vec::new() };
    let to_choose = |drill: BlindDrill| match drill.last_run() {
        None => Some(drill),
        // What can't be read is no choice.
        Some(folder) => left_again(folder).ok().flatten(),
    };
    blind::all(&state).into_iter().filter_map(to_choose).collect()
}

/// Lists those of them that nobody holds.
pub(super) fn deserted() -> Vec<BlindDrill> {
    waiting().into_iter().filter(|drill| !drill.is_held()).collect()
}

/// Lets somebody choose a runbook, works it, and again, until the drill is over. Nobody else chooses meanwhile.
pub(super) fn go_on(mut blind: BlindDrill, _held: Held, seat: &Seat) -> Result<ExitCode, Failure> {
    let mut news = None;
    loop {
        let picked = match seat {
            Seat::Screens(looks) => on_screen(&blind, looks, news.take())?,
            Seat::Lines(typed) => on_lines(&blind, typed, news.take())?,
        };
        let runbook = match picked {
            Picked::Runbook(runbook) => runbook,
            Picked::End => return end(blind),
            // A terminal that is gone ends no drill: `lifeboat resume` comes back to the choice.
            Picked::Gone => return Err(Failure::new(Kind::Terminal, "")),
        };
        let begins = blind.begins();
        let command = Drill::choice(blind.folder(), (&begins.set, begins.runs.as_deref()), &runbook);
        let folder = match front::launch(command) {
            Ok(folder) => folder,
            Err(failure) => {
                news = Some(format!("{runbook} did not begin: {}", failure.in_a_line()));
                continue;
            }
        };
        let left = front::attach(&folder, &Person::without_key(), Wants::Control, seat);
        match left_again(&folder)? {
            Some(again) => blind = again,
            None => return left,
        }
    }
}

/// Returns the drill of a run that was stopped, so that another runbook can be chosen.
pub(super) fn left_again(folder: &Path) -> Result<Option<BlindDrill>, Failure> {
    let Some(mut blind) = BlindDrill::of_run(folder) else { return Ok(None) };
    let Some((how, at)) = how_it_ended(folder)? else { return Ok(None) };
    if !blind::goes_on(&how) {
        return Ok(None);
    }
    blind.leave(folder, at).map_err(of_blind)?;
    Ok(Some(blind))
}

/// Says how a run ended, and when, if it did.
fn how_it_ended(folder: &Path) -> Result<Option<(String, chrono::DateTime<Utc>)>, Failure> {
    let place = Runs::at(folder.parent().unwrap_or(folder)).place(folder.to_owned());
    let recording = Recording::read(&place, &log::trust(None)?);
    let recording = recording.map_err(|error| Failure::new(Kind::Usage, error.to_string()))?;
    Ok(blind::ended(&recording.facts))
}

/// Says what somebody chose.
enum Picked {
    /// This runbook.
    Runbook(String),
    /// To end the drill.
    End,
    /// Nothing: they are gone.
    Gone,
}

/// Shows alarms and runbooks on a screen.
fn on_screen(blind: &BlindDrill, looks: &Looks, news: Option<String>) -> Result<Picked, Failure> {
    let clock = Clock::start();
    let library = places::library();
    let names = library.names();
    let entries = names.iter().map(|name| Entry { name: name.clone(), ..Entry::default() }).collect();
    let mut model =
        Model::picker(entries, &looks.theme, clock.now()).with_keys(looks.keys.clone()).blind(Blind::new(blind.left()));
    let (feed, inbox) = term::channel();
    if let Some(news) = news {
        feed.send(Msg::Refused(news));
    }
    let failed = |error: io::Error| Failure::new(Kind::Terminal, format!("the monitoring cannot be read: {error}"));
    // Dropped with this list, it ends the thread that asks.
    let (here, gone) = mpsc::channel();
    let (estate, asking) = (blind.estate(), feed.clone());
    std::thread::Builder::new()
        .name("monitoring".to_owned())
        .spawn(move || watch(&estate, &asking, &gone))
        .map_err(failed)?;
    let options = work::of_profile(Some(places::read_config().config.without_profile()), None);
    // Not waited for: it only reads, and ends with the last runbook or with the process.
    let reading = move || drop(picker::read(&library, &names, &options, &feed));
    std::thread::Builder::new().name("runbooks".to_owned()).spawn(reading).map_err(failed)?;
    let exit = term::run(&mut model, &inbox, &mut |_| {}, &|| clock.now())
        .map_err(|error| Failure::new(Kind::Terminal, error.to_string()))?;
    drop::<mpsc::Sender<()>>(here);
    Ok(match exit {
        Exit::Drill(runbook) => Picked::Runbook(runbook),
        // The list of a blind drill has no runs to be gone on with, watched or compared.
        Exit::Quit | Exit::Detached | Exit::Back | Exit::Resume(_) | Exit::Watch(_) | Exit::Compare(..) => Picked::End,
        Exit::HungUp | Exit::Signalled(_) => Picked::Gone,
    })
}

/// Asks the monitoring until nobody looks any more.
fn watch(estate: &Path, feed: &Feed, gone: &mpsc::Receiver<()>) {
    loop {
        feed.send(Msg::Learnt(Learnt::Monitoring(monitoring(estate))));
        match gone.recv_timeout(LOOK) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn monitoring(estate: &Path) -> Result<Monitoring, String> {
    let practice = Practice::find(estate)?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(practice.monitoring()).map_err(|error| error.to_string())
}

/// Shows alarms and runbooks line by line.
fn on_lines(blind: &BlindDrill, typed: &Typed, news: Option<String>) -> Result<Picked, Failure> {
    let library = places::library();
    let names = library.names();
    let (tell, lines) = mpsc::channel();
    let listener = move |line| if tell.send(line).is_ok() { Hears::Yes } else { Hears::No };
    typed
        .to(|| BufReader::new(io::stdin()), listener)
        .map_err(|error| Failure::new(Kind::Terminal, format!("what is typed cannot be read: {error}")))?;
    say::line("DRILL: something is broken. Choose the runbook.");
    if let Some(news) = news {
        say::line(SafeText::line(&news));
    }
    look(blind);
    for (at, name) in names.iter().enumerate() {
        say::line(format_args!("  {} {}", at + 1, SafeText::line(name)));
    }
    say::line("  look  ask the monitoring again");
    say::line("  text N  read a runbook");
    say::line("  end  end the drill; it is said what was broken");
    let named = |word: &str| {
        let by_number = word.parse::<usize>().ok().and_then(|number| names.get(number.checked_sub(1)?));
        by_number.or_else(|| names.iter().find(|name| *name == word)).cloned()
    };
    loop {
        say::line("Which runbook? Its number or name:");
        drop(io::stdout().flush());
        let Ok(Some(line)) = lines.recv() else { return Ok(Picked::End) };
        match line.trim() {
            "" => {}
            "look" => look(blind),
            "end" => return Ok(Picked::End),
            word => match (named(word), word.strip_prefix("text ").map(|word| named(word.trim()))) {
                (Some(runbook), _) => return Ok(Picked::Runbook(runbook)),
                (None, Some(Some(runbook))) => match library.find(&runbook) {
                    Ok(source) => say::line(SafeText::new(&String::from_utf8_lossy(&source.bytes))),
                    Err(error) => say::line(error.to_string()),
                },
                (None, _) => say::line(format_args!(
                    "There is no runbook `{}`; there are {}.",
                    SafeText::line(word),
                    names.join(", ")
                )),
            },
        }
    }
}

/// Prints what the monitoring says.
fn look(blind: &BlindDrill) {
    let mut shown = Blind::new(blind.left());
    shown.monitoring = Some(monitoring(&blind.estate()));
    for known in shown.known(Utc::now()) {
        say::line(format_args!("{:<11}{}", known.about, known.text));
    }
}

/// Ends a drill in which nobody is any more: says what was broken, and discloses it.
fn end(blind: BlindDrill) -> Result<ExitCode, Failure> {
    say::line(format_args!("the drill is over: {}", revealed(&blind)));
    let failed = blind.disclose(&places::state()?);
    for why in &failed {
        say::aside(format_args!("lifeboat: what was broken is not disclosed beside {why}"));
    }
    match blind.runs() {
        0 => say::line("no runbook was opened: nothing was recorded"),
        runs if failed.is_empty() => {
            say::line(format_args!("that is disclosed beside the log of {}", counted(runs, "run")));
        }
        _ => {}
    }
    let runtime = work::runtime()?;
    runtime.block_on(blind.clear()).map_err(of_blind)?;
    Ok(ExitCode::from(Kind::Stopped as u8))
}

/// Says what was broken.
pub(super) fn revealed(blind: &BlindDrill) -> String {
    let broken = &blind.begins().broken;
    let besides = if broken.faults.is_empty() { String::new() } else { format!(", with {}", broken.faults.join(", ")) };
    format!("what was broken was {}{besides}", broken.scenario)
}

/// Works the runbook that was chosen, in this process.
pub(super) fn choice_here(drill: &Drill, folder: &Path, hosting: Hosting) -> Result<ExitCode, Failure> {
    let at = Utc::now();
    let mut blind = BlindDrill::open(folder).map_err(of_blind)?;
    let source = work::find(drill.scenario())?;
    let plan = start::plan(&source).map_err(work::of_start)?;
    let practice = Practice::find(&blind.estate()).map_err(|why| Failure::new(Kind::Internal, why))?;
    let approvers = work::approvers(&places::read_config().config.without_profile());
    let injects = blind.injects(&places::library()).map_err(work::of_start)?;
    let options = Options { approvers, injects, ..work::options(&drill.common, None, None)? };
    let runtime = work::runtime()?;
    let _diagnostics = diagnostics::begin(&places::state()?);
    let place = start::folder(&options).map_err(work::of_start)?;
    let run = place.1.clone();
    let chosen = blind.enter(&run, (&source, &plan), at).map_err(of_blind)?;
    let options = Options { blind: Some((chosen, blind.hidden().clone())), ..options };
    let stage = Stage::Drill(Arc::new(practice));
    let worked = work::work(&runtime, &source, plan, &stage, &options, place, hosting);
    if worked.is_err() && !run.log().exists() {
        run.abandon();
        blind.withdraw(run.id()).map_err(of_blind)?;
        return worked;
    }
    conclude(&runtime, run.path());
    worked
}

/// Ends the estate of a run's blind drill, if the run's end was the drill's. Says whether the run is part of one that was
/// not over.
pub(super) fn conclude(runtime: &Runtime, folder: &Path) -> Part {
    let Some(blind) = BlindDrill::of_run(folder) else { return Part::None };
    let over = matches!(how_it_ended(folder), Ok(Some((how, _))) if !blind::goes_on(&how));
    if over && let Err(error) = runtime.block_on(blind.clear()) {
        tracing::warn!(%error, "the blind drill's estate did not answer at its end");
    }
    Part::OfBlind
}

/// Says whether a run is part of a blind drill, whose estate is not its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// It is.
    OfBlind,
    /// It stands for itself.
    None,
}

fn of_blind(error: BlindError) -> Failure {
    match error {
        BlindError::Store(error) => places::of_store(error),
        BlindError::Practice(error) => work::of_start(error.into()),
        error @ (BlindError::File { .. } | BlindError::Senseless { .. }) => {
            Failure::new(Kind::Usage, error.to_string()).hint("`lifeboat drill --blind` begins another one")
        }
    }
}

fn of_hide(error: HideError) -> Failure {
    match error {
        HideError::Start(error) => work::of_start(error),
        error @ HideError::Silent(_) => Failure::new(Kind::Usage, error.to_string())
            .hint("leave out --blind, or name a scenario of which somebody is alarmed"),
        error @ HideError::NoInjects(_) => {
            Failure::new(Kind::Runbook, error.to_string()).hint("leave out --facilitate, or name the scenario")
        }
    }
}
