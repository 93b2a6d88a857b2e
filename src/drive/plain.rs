//! A run worked line by line: the engine's messages and typed lines in, lines out.

use std::io::Write;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::attach::{AttachError, Begun, Engine, Left, wished};
use super::signing::Signer;
use super::typed::{Hears, Typed};
use super::wire::Wants;
use crate::kernel::counted;
use crate::settings::theme;
use crate::term::Exit;
use crate::ui::{Model, Msg, Output, Plain, Said};

/// How often the clock is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// What is said where somebody wants to sit down at a terminal.
const NO_TERMINAL: &str = "A terminal can't be shown line by line. Leave, and sit down at it with `lifeboat resume` on a \
                           screen; or interrupt the step.";

enum Heard {
    Msg(Msg),
    Line(String),
    /// Nothing more is typed.
    End,
}

impl Engine {
    /// Works the run line by line until it ends, or its person leaves.
    ///
    /// # Errors
    /// If the folder can't be read or the engine does not answer as one; the run goes on.
    pub fn speak(
        self,
        by: &str,
        wants: Wants,
        signer: Option<Signer>,
        input: &Typed,
        out: &mut impl Write,
    ) -> Result<Left, AttachError> {
        let (tell, heard) = mpsc::channel();
        let told = tell.clone();
        let mut begun = self.begin(by, wants, signer, move |msg| drop(told.send(Heard::Msg(msg))))?;
        let typed = move |line: Option<String>| match tell.send(line.map_or(Heard::End, Heard::Line)) {
            Ok(()) => Hears::Yes,
            Err(_) => Hears::No,
        };
        let stdin = || std::io::BufReader::new(std::io::stdin());
        input.to(stdin, typed).map_err(|error| begun.unusable(error))?;
        // Colours mean nothing here: any theme will do.
        let theme = theme::load("mono", &[]);
        let model = Model::run(begun.plan.clone(), begun.log.clone(), &theme, begun.clock.now());
        let exit = converse(&mut begun, Plain::new(model), &heard, out);
        begun.end(exit)
    }
}

/// Keeps the terminal from showing what is typed while that is a secret.
#[derive(Default)]
struct Echo {
    /// How the terminal was, while it shows nothing.
    before: Option<Termios>,
}

impl Echo {
    /// Lets the terminal show what is typed, or not.
    fn follow(&mut self, plain: &Plain) {
        let stdin = std::io::stdin();
        if !plain.hides() {
            self.again();
        } else if self.before.is_none()
            && let Ok(before) = tcgetattr(&stdin)
        {
            let mut silent = before.clone();
            silent.local_modes.remove(LocalModes::ECHO);
            // The end of the line is shown: else the answer would stand behind the question.
            silent.local_modes.insert(LocalModes::ECHONL);
            // What was typed and not read yet is meant for this question, too.
            if tcsetattr(&stdin, OptionalActions::Now, &silent).is_ok() {
                self.before = Some(before);
            }
        }
    }

    fn again(&mut self) {
        if let Some(before) = self.before.take() {
            // A terminal that is gone shows nothing any more.
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &before);
        }
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.again();
    }
}

fn converse(begun: &mut Begun, mut plain: Plain, heard: &mpsc::Receiver<Heard>, out: &mut impl Write) -> Exit {
    let mut echo = Echo::default();
    loop {
        echo.follow(&plain);
        let mut exit = None;
        let mut next = match heard.recv_timeout(LOOK) {
            Ok(next) => Some(next),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return Exit::Detached,
        };
        let nothing = next.is_none();
        // What is on its way is heard before anything is asked.
        while let Some(one) = next {
            let is_typed = matches!(one, Heard::Line(_));
            let said = match one {
                Heard::Msg(msg) => plain.hear(msg),
                Heard::Line(line) => plain.answer(&line),
                Heard::End => {
                    exit = exit.or(Some(Exit::Detached));
                    Said::default()
                }
            };
            // Before the question is read nobody answers it.
            echo.follow(&plain);
            exit = act(begun, said, heard, &mut plain, out).or(exit);
            // A line answers what was asked before it, and what comes of it is said before the next one.
            next = if is_typed { None } else { heard.try_recv().ok() };
        }
        let tick = plain.hear(Msg::Tick(begun.clock.now()));
        exit = act(begun, tick, heard, &mut plain, out).or(exit);
        // What the engine said before its last word is heard first.
        if nothing && begun.is_over() {
            return if plain.is_ended() { Exit::Quit } else { Exit::Detached };
        }
        if let Some(exit) = exit {
            return exit;
        }
    }
}

/// Prints what is to be said and does what is asked; returns how it is left.
fn act(
    begun: &Begun,
    mut said: Said,
    heard: &mpsc::Receiver<Heard>,
    plain: &mut Plain,
    out: &mut impl Write,
) -> Option<Exit> {
    let mut exit = None;
    for output in std::mem::take(&mut said.outputs) {
        match output {
            Output::Intent(_) | Output::HandOver | Output::HandIn { .. } => match wished(output) {
                Some(Ok(wish)) => begun.wish(wish),
                Some(Err(why)) => {
                    let more = plain.hear(Msg::Refused(why));
                    said.lines.extend(more.lines);
                    said.outputs.extend(more.outputs);
                }
                None => {}
            },
            Output::Detach => exit = Some(Exit::Detached),
            Output::Quit => exit = Some(Exit::Quit),
            Output::Gone => exit = Some(Exit::HungUp),
            Output::DropTypeahead => {
                let more = drop_typeahead(heard, plain);
                said.lines.extend(more.lines);
                said.outputs.extend(more.outputs);
            }
            Output::Terminal(_) | Output::SitDown(_) => said.lines.push(NO_TERMINAL.to_owned()),
            Output::Copy(_)
            | Output::Replay(_)
            | Output::Order(_)
            | Output::Suspend
            | Output::Repaint
            | Output::Drill(_)
            | Output::Resume(_)
            | Output::Edit(_)
            | Output::Report(_)
            | Output::Seek(_)
            | Output::Save { .. }
            | Output::Watch(_)
            | Output::Compare(..)
            | Output::Back => {}
        }
    }
    let printed = said.lines.iter().try_for_each(|line| writeln!(out, "{line}")).and_then(|()| out.flush());
    if printed.is_err() {
        // Nobody reads any more: the run goes on without this line of it.
        return Some(Exit::HungUp);
    }
    if said.outputs.is_empty() {
        exit
    } else {
        act(begun, Said { lines: Vec::new(), ..said }, heard, plain, out).or(exit)
    }
}

/// Drops lines that were typed before the question that is asked now; what the engine said meanwhile is heard.
fn drop_typeahead(heard: &mpsc::Receiver<Heard>, plain: &mut Plain) -> Said {
    if std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        // A terminal that takes no order keeps what was typed: then the dead time is what there is.
        rustix::termios::tcflush(std::io::stdin(), rustix::termios::QueueSelector::IFlush).ok();
    }
    let mut said = Said::default();
    let mut dropped = 0_usize;
    while let Ok(next) = heard.try_recv() {
        match next {
            Heard::Line(_) => dropped += 1,
            Heard::Msg(msg) => {
                let more = plain.hear(msg);
                said.lines.extend(more.lines);
                said.outputs.extend(more.outputs);
            }
            Heard::End => said.outputs.push(Output::Detach),
        }
    }
    if dropped > 0 {
        said.lines.push(format!("Dropped: {}, typed before the question.", counted(dropped, "line")));
    }
    said
}
