//! `lifeboat facilitate`: surprise the team of a drill from a second terminal, and see how they do.

use std::io::{self, BufReader};
use std::path::Path;
use std::process::ExitCode;

use super::args::FacilitateArgs;
use super::failure::{Failure, Kind};
use super::work::Seat;
use super::{front, log, places, resume, say, work};
use crate::clock::Clock;
use crate::drive::attach::{AttachError, Engine};
use crate::drive::blind::BlindDrill;
use crate::drive::facilitate::{self, Book, BookError, Conducted, Facilitated, WashError};
use crate::drive::identity;
use crate::drive::record::Recording;
use crate::engine::{Mode, Stage};
use crate::journal::Trust;
use crate::kernel::RunId;
use crate::store::{self, End, LogPlace, Operator, StoreError};

/// Facilitates a drill.
pub(super) fn facilitate(wanted: &FacilitateArgs) -> Result<ExitCode, Failure> {
    let worked = |end: &End| *end == End::Worked;
    let place = resume::find(wanted.run.as_deref(), wanted.runs.as_deref(), ("no run is worked now", worked))?;
    let (opened, _) = store::header(&place.log).map_err(places::of_store)?;
    let run = opened.run.clone();
    if opened.mode == Mode::Real {
        return Err(Failure::new(
            Kind::Usage,
            format!("{run} is a real run: nobody facilitates it, and nothing is injected"),
        )
        .hint("`lifeboat watch` looks on"));
    }
    let state = places::state()?;
    let trust = log::trust(None)?;
    // Before anybody is asked for anything: there may be nothing to facilitate.
    facilitate::place_of(&state, &run).map_err(of_book)?;
    let folder = place.folder.clone().unwrap_or_default();
    let folder = std::path::absolute(&folder).unwrap_or(folder);
    let facilitated = found(&place, &folder, &trust)?;
    let seat = work::seated(wanted.plain, wanted.theme.as_deref())?;
    let by = wanted.by.clone().unwrap_or_else(identity::user);
    let book = match Book::take(&state, &run, (&by, wanted.key.clone()), &trust) {
        // The exercise is over; what was promised may not have been disclosed yet.
        Err(BookError::Store(StoreError::Sealed { .. })) => {
            let operator = facilitate::key_of(&state, &by, wanted.key.as_deref());
            let operator =
                operator.map_err(|why| Failure::new(Kind::Usage, format!("there is no key to sign with: {why}")))?;
            return disclose(&operator, (&state, &run, &place), &trust);
        }
        book => book.map_err(of_book)?,
    };
    say::aside(format_args!("the facilitator's log: {}", book.signed));
    let (who, at) = (by.as_str(), folder.as_path());
    let sat = match seat {
        Seat::Screens(looks) => {
            facilitate::on_screen(book, facilitated, (who, at), &looks).map_err(front::of_attach)?
        }
        Seat::Lines(_) => {
            let ways = (BufReader::new(io::stdin()), io::stdout());
            Some(facilitate::on_lines(book, facilitated, (who, at), ways).map_err(front::of_attach)?)
        }
    };
    for what in sat.iter().flat_map(|(book, _)| &book.unwritten) {
        say::aside(format_args!("lifeboat: NOT in the facilitator's log, which can't be written: {what}"));
    }
    match sat {
        Some((book, Conducted::Closed)) => close(book, (&state, &run, &place), &trust),
        Some((_, Conducted::Left)) => {
            say::line(format_args!("the drill goes on; `lifeboat facilitate {run}` comes back"));
            Ok(ExitCode::SUCCESS)
        }
        None => Err(Failure::new(Kind::Internal, "whoever conducted the exercise ended by themself")
            .hint(format!("the drill goes on; `lifeboat facilitate {run}` comes back"))),
    }
}

/// Finds the engine of the run, or what is left of it where it is over.
fn found(place: &LogPlace, folder: &Path, trust: &Trust) -> Result<Facilitated, Failure> {
    match Engine::find(folder) {
        Ok(engine) => Ok(Facilitated::Worked(engine)),
        Err(error @ AttachError::NoEngine { .. }) => {
            let recording =
                Recording::read(place, trust).map_err(|error| Failure::new(Kind::Usage, error.to_string()))?;
            if !matches!(recording.run.stage, Stage::Ended(_)) {
                return Err(front::of_attach(error));
            }
            let clock = recording.facts.last().map_or_else(Clock::start, |last| Clock::go_on(last.at));
            Ok(Facilitated::Over(recording.run.plan.clone(), recording.facts, clock))
        }
        Err(error) => Err(front::of_attach(error)),
    }
}

/// Seals the facilitator's log, and discloses what was promised in it.
fn close(book: Book, (state, run, place): (&Path, &RunId, &LogPlace), trust: &Trust) -> Result<ExitCode, Failure> {
    let (sealed, operator) = book.seal().map_err(of_book)?;
    say::line(format_args!(
        "the facilitator's log is sealed by {} ({}), {} lines",
        operator.principal(),
        operator.fingerprint(),
        sealed.lines
    ));
    disclose(&operator, (state, run, place), trust)
}

/// Discloses the injects beside the run's log, once.
fn disclose(
    operator: &Operator,
    (state, run, place): (&Path, &RunId, &LogPlace),
    trust: &Trust,
) -> Result<ExitCode, Failure> {
    // A team that is not told what is broken would read it from them.
    if place.folder.as_deref().and_then(BlindDrill::of_run).is_some() {
        say::line("the blind drill goes on: the injects are disclosed when it is over");
        say::line("now:      lifeboat facilitate, for the runbook that the team opens next");
        say::line(format_args!("then:     lifeboat facilitate {run}"));
        return Ok(ExitCode::SUCCESS);
    }
    let own = facilitate::place_of(state, run).map_err(of_book)?;
    let disclosed = facilitate::disclose(state, (run, place), operator, trust)
        .map_err(|error| of_wash(error).hint(format!("`lifeboat facilitate {run}` tries it again")))?;
    let words = if disclosed { "disclosed beside the run's log" } else { "disclosed already" };
    say::line(format_args!("the injects are {words}, with their salts"));
    say::line(format_args!("verify:   lifeboat log verify {}", own.folder.unwrap_or(own.log).display()));
    say::line(format_args!("hot wash: lifeboat report {run} --hot-wash"));
    Ok(ExitCode::SUCCESS)
}

/// Says what is the matter with a facilitator's log.
fn of_book(error: BookError) -> Failure {
    let (kind, hint) = match &error {
        BookError::Missing(_) => (Kind::Usage, "begin the drill with `lifeboat drill RUNBOOK --facilitate`"),
        BookError::Store(StoreError::Locked { .. }) => (Kind::Usage, "one facilitator at a time: it is open elsewhere"),
        BookError::Store(StoreError::Sealed { .. }) => {
            (Kind::Usage, "the exercise is over; `lifeboat report RUN --hot-wash` prints the page")
        }
        _ => (Kind::Log, "the drill itself goes on"),
    };
    Failure::new(kind, error.to_string()).hint(hint)
}

/// Says why nothing was disclosed, or there is no page.
pub(super) fn of_wash(error: WashError) -> Failure {
    match error {
        WashError::Book(error) => of_book(error),
        WashError::NoExercise(run) => {
            Failure::new(Kind::Usage, format!("{run} was not facilitated: its log says nothing of injects"))
                .hint("`lifeboat report` without --hot-wash is for every run")
        }
        error @ (WashError::Record(_) | WashError::Add(_)) => Failure::new(Kind::Usage, error.to_string()),
    }
}
