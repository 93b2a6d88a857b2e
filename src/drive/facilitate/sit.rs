//! A facilitator at a terminal: on a screen, or line by line.

use std::io::{BufRead, Write};
use std::path::Path;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};

use super::book::Book;
use super::conduct::{Conducted, Front, Seen, conduct};
use crate::clock::Clock;
use crate::drive::attach::{AttachError, Begun, Engine, Looks};
use crate::drive::wire::Wants;
use crate::engine::Fact;
use crate::runbook::Plan;
use crate::term;
use crate::ui::{FacilitatorLines, Model, Msg, Order, Output};

/// Is the run that is facilitated.
#[derive(Debug)]
pub enum Facilitated {
    /// An engine works it.
    Worked(Engine),
    /// It is over: its plan, its facts, and its clock.
    Over(Arc<Plan>, Vec<Fact>, Clock),
}

/// Is what both ways to sit need.
struct Ready {
    begun: Option<Begun>,
    plan: Arc<Plan>,
    past: Vec<Fact>,
    clock: Clock,
}

fn ready(run: Facilitated, by: &str, seen: &mpsc::Sender<Seen>) -> Result<Ready, AttachError> {
    match run {
        Facilitated::Over(plan, past, clock) => Ok(Ready { begun: None, plan, past, clock }),
        Facilitated::Worked(engine) => {
            let seen = seen.clone();
            // Whoever conducts may have ended.
            let hearer = move |msg| drop(seen.send(Seen::Engine(msg)));
            let begun = engine.begin(by, Wants::Facilitate, None, hearer)?;
            let (plan, clock) = (begun.plan.clone(), begun.clock);
            Ok(Ready { begun: Some(begun), plan, past: Vec::new(), clock })
        }
    }
}

/// Facilitates on a screen. Returns the book again, unless the thread that held it is gone.
///
/// # Errors
/// If the terminal does not work or the run's folder can't be read; the run goes on.
pub fn on_screen(
    mut book: Book,
    run: Facilitated,
    (by, folder): (&str, &Path),
    looks: &Looks,
) -> Result<Option<(Book, Conducted)>, AttachError> {
    // Unbounded, both ways: people and engines send little, and no fact may be dropped.
    let (order, seen) = mpsc::channel();
    let Ready { begun, plan, past, clock } = ready(run, by, &order)?;
    let (feed, inbox) = term::channel();
    let mut model = Model::facilitator(plan.clone(), folder.display().to_string(), &looks.theme, clock.now())
        .with_keys(looks.keys.clone());
    let (who, place, back) = (by.to_owned(), folder.to_owned(), order.clone());
    let work = move || {
        let tell = |msg| feed.send(msg);
        let front = Front { seen, back, tell };
        let how = conduct(&mut book, begun, (plan, past, clock), (&who, &place), front);
        feed.send(Msg::Closed);
        (book, how)
    };
    let thread = std::thread::Builder::new()
        .name("facilitator".to_owned())
        .spawn(work)
        .map_err(|error| AttachError::Answer { folder: folder.to_owned(), why: error.to_string() })?;
    let wishes = order.clone();
    let mut wish = |output: Output| {
        if let Output::Order(wanted) = output {
            // It has ended with the exercise, and the screen is about to.
            drop(wishes.send(Seen::Order(wanted)));
        }
    };
    let shown = term::run(&mut model, &inbox, &mut wish, &|| clock.now());
    // However the screen ended, whoever conducts ends with it.
    drop(order.send(Seen::Order(Order::Leave)));
    let ended = thread.join().ok();
    shown?;
    Ok(ended)
}

/// Facilitates line by line.
///
/// # Errors
/// If the run's folder can't be read; the run goes on.
pub fn on_lines(
    mut book: Book,
    run: Facilitated,
    (by, folder): (&str, &Path),
    (input, out): (impl BufRead + Send + 'static, impl Write + Send + 'static),
) -> Result<(Book, Conducted), AttachError> {
    let (order, seen) = mpsc::channel();
    let Ready { begun, plan, past, clock } = ready(run, by, &order)?;
    let lines = Arc::new(Mutex::new((FacilitatorLines::new(plan.clone(), clock.now()), out)));
    let print = {
        let lines = Arc::clone(&lines);
        move |said: &dyn Fn(&mut FacilitatorLines) -> Vec<String>| {
            let mut held = lines.lock().unwrap_or_else(PoisonError::into_inner);
            let (lines, out) = &mut *held;
            for line in said(lines) {
                // A reader that is gone has heard enough.
                drop(writeln!(out, "{line}"));
            }
            drop(out.flush());
        }
    };
    let (typing, orders) = (print.clone(), order.clone());
    // Not waited for: it ends with the input, or with the process.
    let reading = move || {
        for line in input.lines() {
            let Ok(line) = line else { break };
            let mut wanted = None;
            let parsed = std::cell::RefCell::new(&mut wanted);
            typing(&|lines| match lines.typed(&line) {
                Ok(Some(order)) => {
                    **parsed.borrow_mut() = Some(order);
                    Vec::new()
                }
                Ok(None) => lines.list(),
                Err(why) => vec![format!("REFUSED: {why}")],
            });
            if let Some(order) = wanted
                && orders.send(Seen::Order(order)).is_err()
            {
                return;
            }
        }
        drop(orders.send(Seen::Order(Order::Leave)));
    };
    std::thread::Builder::new()
        .name("lines".to_owned())
        .spawn(reading)
        .map_err(|error| AttachError::Answer { folder: folder.to_owned(), why: error.to_string() })?;
    let tell = |msg: Msg| print(&|lines| lines.hear(msg.clone(), clock.now()));
    let front = Front { seen, back: order, tell };
    let how = conduct(&mut book, begun, (plan, past, clock), (by, folder), front);
    Ok((book, how))
}
