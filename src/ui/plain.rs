//! The screen line by line, for screen readers, serial lines and terminals that can do nothing else.
//!
//! It drives the same model with the same keys: what is offered, asked and refused is what the screen offers, asks and
//! refuses. Lines in, lines out; it does no I/O.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::asking;
use super::confirm::{Answer, DEAD_TIME};
use super::form::FormKind;
use super::message::{Msg, Output};
use super::model::{Model, RunScreen};
use super::offered::{Offer, offered};
use super::update::update;
use super::view::{clock_lines, confirm_lines, filled};
use crate::engine::{Ask, Event, Who};
use crate::kernel::SafeText;
use crate::report::narrate;
use crate::settings::keymap::{Chord, Command};

/// How many lines of output are read out at once.
const OUTPUT: usize = 20;
/// Where the clock speaks by itself, in percent of the RTO.
const THRESHOLDS: [u128; 4] = [50, 75, 90, 100];

/// The first and the last line of a signature, which comes in several.
const SIGNATURE: (&str, &str) = ("-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----");

/// Holds the model and what was said of it.
#[derive(Debug)]
pub struct Plain {
    model: Model,
    asked: Option<Asked>,
    read: Option<usize>,
    percent: u128,
    /// A signature of which some lines were read.
    signature: String,
}

/// Is what a message or an answer led to.
#[derive(Debug, Default)]
pub struct Said {
    /// Lines to print, harmless.
    pub lines: Vec<String>,
    /// What is asked of those who drive it.
    pub outputs: Vec<Output>,
}

/// Names what was asked last: it is said again only when it changes.
#[derive(Clone, Debug, PartialEq)]
enum Asked {
    Menu(String, Vec<Offer>),
    Form(FormKind),
    Confirmation(u64, String),
}

impl Plain {
    /// Takes a model of a run.
    pub fn new(model: Model) -> Self {
        Self { model, asked: None, read: None, percent: 0, signature: String::new() }
    }

    /// Is the run over?
    pub fn is_ended(&self) -> bool {
        self.model.run_screen().is_some_and(RunScreen::is_ended)
    }

    /// Is what is typed now a secret, which must not stand on the terminal?
    pub fn hides(&self) -> bool {
        self.model
            .run_screen()
            .and_then(|screen| Some(asking::hides(&screen.run, &screen.form.as_ref()?.kind)))
            .unwrap_or_default()
    }

    /// Takes a message. What is asked is said with the next [`Msg::Tick`], once all that was on its way has come.
    pub fn hear(&mut self, msg: Msg) -> Said {
        let mut said = Said::default();
        match &msg {
            Msg::Fact(fact) if !matches!(fact.event, Event::ConfirmationAsked { .. }) => {
                said.lines.push(format!("{}  {}", fact.at.utc.format("%H:%M:%S"), narrate(&fact.event)));
            }
            Msg::Summary(lines) => {
                said.lines.push(String::new());
                said.lines.extend(lines.iter().map(|line| SafeText::line(line).into_string()));
            }
            Msg::Parted(why) | Msg::Refused(why) => said.lines.push(SafeText::line(why).into_string()),
            _ => {}
        }
        let settled = matches!(msg, Msg::Tick(_));
        self.update(msg, &mut said);
        if settled {
            self.thresholds(&mut said);
            self.ask(&mut said);
        }
        said
    }

    /// Takes a line that was typed.
    pub fn answer(&mut self, line: &str) -> Said {
        let mut said = Said::default();
        let line = line.trim_end_matches(['\r', '\n']);
        let (form, confirmation) = self.model.run_screen().map_or((false, false), |screen| {
            (screen.form.is_some(), screen.confirmation.is_some() && screen.form.is_none())
        });
        if form {
            self.fill(line, &mut said);
        } else if confirmation {
            self.confirm(line, &mut said);
        } else {
            self.choose(line.trim(), &mut said);
        }
        said
    }

    fn update(&mut self, msg: Msg, said: &mut Said) {
        // These were said already.
        let told = matches!(msg, Msg::Fact(_) | Msg::Refused(_));
        said.outputs.extend(update(&mut self.model, msg));
        said.lines.extend(self.model.news.take().filter(|_| !told));
    }

    fn key(&mut self, code: KeyCode, said: &mut Said) {
        self.update(Msg::Key(KeyEvent::new(code, KeyModifiers::NONE)), said);
    }

    /// Types a line in place of what stands there, and Enter.
    fn typed(&mut self, line: &str, said: &mut Said) {
        self.key(KeyCode::End, said);
        self.update(Msg::Key(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL)), said);
        line.chars().for_each(|c| self.key(KeyCode::Char(c), said));
        self.key(KeyCode::Enter, said);
    }

    fn fill(&mut self, line: &str, said: &mut Said) {
        match line.trim() {
            "." => self.key(KeyCode::Esc, said),
            "" => self.key(KeyCode::Enter, said),
            _ => self.typed(line, said),
        }
        let problem = self.model.run_screen().and_then(|screen| screen.form.as_ref()?.problem.clone());
        said.lines.extend(problem);
    }

    fn confirm(&mut self, line: &str, said: &mut Said) {
        if line.trim() == SIGNATURE.0 || !self.signature.is_empty() {
            self.signature.push_str(line.trim());
            self.signature.push('\n');
            if line.trim() == SIGNATURE.1 {
                let text = std::mem::take(&mut self.signature);
                self.update(Msg::Paste(text), said);
            }
            return;
        }
        let Some(screen) = self.model.run_screen() else { return };
        let Some((prompt, confirmation)) = screen.run.prompt.as_ref().zip(screen.confirmation.as_ref()) else { return };
        if !confirmation.is_awake(self.model.now) {
            let after = DEAD_TIME.as_millis();
            said.lines.push(format!("That came within {after} ms of the question, and was dropped. Answer again."));
            return;
        }
        let action = prompt.action.as_ref().and_then(|name| screen.run.plan.action(name));
        let blocked = action.is_some_and(|(_, action)| screen.run.blocked_by(action).is_some());
        let by_key = prompt.ask == Ask::Key && prompt.lacks() == 0 && !blocked;
        match line.trim() {
            "." => self.key(KeyCode::Esc, said),
            "y" | "yes" if by_key => self.press(Command::Yes, said),
            "n" | "no" if by_key => self.key(KeyCode::Esc, said),
            _ if by_key => said.lines.push("Type y to run it, n to run nothing.".to_owned()),
            "" => self.key(KeyCode::Enter, said),
            line => self.typed(line, said),
        }
        let problem = self.model.run_screen().and_then(|screen| screen.confirmation.as_ref()?.problem.clone());
        said.lines.extend(problem);
    }

    fn choose(&mut self, line: &str, said: &mut Said) {
        let offers = self.offers();
        match line {
            "" | "?" => self.menu(&offers, said),
            "t" => said
                .lines
                .extend(self.model.run_screen().into_iter().flat_map(|screen| clock_lines(&self.model, screen))),
            "b" => {
                if let Some(at) = self.step() {
                    self.body(at, said);
                }
            }
            "o" => self.output(said),
            number => {
                let at = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
                if let Some(offer) = at.and_then(|at| offers.get(at)) {
                    self.press(offer.command, said);
                } else {
                    said.lines.push(format!("{} is none of the numbers.", SafeText::line(number)));
                    self.menu(&offers, said);
                }
            }
        }
    }

    /// Presses the key of a command.
    fn press(&mut self, command: Command, said: &mut Said) {
        let chord = self.model.keymap.binding(command).and_then(|binding| binding.chords.first().copied());
        let Some(chord) = chord else { return };
        let (code, modifiers) = pressed(chord);
        self.update(Msg::Key(KeyEvent::new(code, modifiers)), said);
    }

    /// Lists what can be done here: what moves about on a screen is left out.
    fn offers(&self) -> Vec<Offer> {
        let mut offers = offered(&self.model);
        let ended = self.is_ended();
        offers.retain(|offer| match offer.command {
            // What these two show is printed as it comes.
            command if command.moves() || matches!(command, Command::Palette | Command::Timeline) => false,
            Command::NextPane | Command::PreviousPane | Command::Zoom | Command::Copy | Command::Help => false,
            Command::Quit => ended,
            _ => true,
        });
        offers
    }

    fn menu(&self, offers: &[Offer], said: &mut Said) {
        for (at, offer) in offers.iter().enumerate() {
            let Some(binding) = self.model.keymap.binding(offer.command) else { continue };
            said.lines.push(format!("  {}  {}", at + 1, offer.words.unwrap_or(binding.hint)));
        }
        said.lines.push("  t  clock   b  read the step   o  last output   Enter  these lines again".to_owned());
    }

    fn step(&self) -> Option<usize> {
        let screen = self.model.run_screen()?;
        screen.subject().map(|strand| strand.step)
    }

    /// Reads a step out: heading, text with values, cautions and what is ticked.
    fn body(&mut self, at: usize, said: &mut Said) {
        self.read = Some(at);
        let Some(screen) = self.model.run_screen() else { return };
        let Some(step) = screen.run.plan.steps.get(at) else { return };
        said.lines.push(String::new());
        said.lines.push(format!(
            "Step {} of {}: {}",
            step.number,
            screen.run.plan.steps.len(),
            SafeText::line(&step.title)
        ));
        let text = filled(screen, &step.body);
        let lines = text.lines().map(|line| SafeText::line(line).into_string());
        // Items are read below, with what became of them.
        let lines = lines.filter(|line| !line.trim_start().starts_with("- [ ]"));
        said.lines.extend(lines.skip_while(|line| line.trim().is_empty()));
        let ticks = screen.run.ticks.get(at);
        for (item, ticked) in step.checklist.iter().zip(ticks.into_iter().flatten()) {
            let state = if *ticked { "done" } else { "open" };
            said.lines.push(format!("  {state}: {}", SafeText::line(&item.text)));
        }
    }

    fn output(&self, said: &mut Said) {
        let Some(screen) = self.model.run_screen() else { return };
        let last = screen.run.order.iter().rev().find_map(|id| Some((id, screen.tails.get(id)?)));
        let Some((attempt, tail)) = last else {
            return said.lines.push("Nothing was printed yet.".to_owned());
        };
        said.lines.push(format!("Last output of {attempt}:"));
        let lines = tail.lines();
        let before = lines.len().saturating_sub(OUTPUT);
        said.lines.extend(lines.skip(before).map(str::to_owned));
    }

    fn thresholds(&mut self, said: &mut Said) {
        let Some(screen) = self.model.run_screen() else { return };
        let run = &screen.run;
        let (Some(limit), Some(used)) = (run.rto(), run.elapsed(self.model.now.utc)) else { return };
        if screen.is_ended() || matches!(run.recovery, crate::engine::Recovery::Restored { .. }) {
            return;
        }
        let percent = used.as_millis().saturating_mul(100) / limit.as_millis().max(1);
        let passed = THRESHOLDS.into_iter().rev().find(|threshold| percent >= *threshold).unwrap_or(0);
        if passed > self.percent {
            said.lines.push(format!("CLOCK: {passed} percent of the RTO are used."));
            said.lines.extend(clock_lines(&self.model, screen));
        }
        self.percent = self.percent.max(passed);
    }

    /// Says what is asked, where that is not what was said last.
    fn ask(&mut self, said: &mut Said) {
        let asked = self.asked();
        if asked == self.asked {
            return;
        }
        self.asked.clone_from(&asked);
        match asked {
            None => {}
            Some(Asked::Form(kind)) => self.question(&kind, said),
            Some(Asked::Confirmation(..)) => {
                if let Some(screen) = self.model.run_screen() {
                    said.lines.push(String::new());
                    said.lines.extend(confirm_lines(&self.model, screen));
                }
                // What was printed can be read from now on.
                self.update(Msg::Drawn, said);
            }
            Some(Asked::Menu(sentence, offers)) => {
                let waits = self.model.run_screen().is_some_and(|screen| screen.run.who() == Who::Person);
                let step = self.step().filter(|at| waits && self.read != Some(*at));
                if let Some(at) = step {
                    self.body(at, said);
                }
                said.lines.push(sentence);
                if waits {
                    self.menu(&offers, said);
                }
            }
        }
    }

    fn asked(&self) -> Option<Asked> {
        let screen = self.model.run_screen()?;
        if let Some(form) = &screen.form {
            return Some(Asked::Form(form.kind.clone()));
        }
        if let Some((prompt, confirmation)) = screen.run.prompt.as_ref().zip(screen.confirmation.as_ref()) {
            if confirmation.answer == Answer::Sent {
                return self.asked.clone();
            }
            // Another approval, or a watch that fails, makes it another question.
            let state = format!("{}{:?}{}", prompt.lacks(), prompt.alone, screen.run.alarm().is_some());
            return Some(Asked::Confirmation(prompt.number, state));
        }
        if screen.is_ended() || screen.run.opened.is_none() {
            return None;
        }
        Some(Asked::Menu(screen.run.sentence(), self.offers()))
    }

    fn question(&self, kind: &FormKind, said: &mut Said) {
        let Some((screen, form)) = self.model.run_screen().and_then(|screen| Some((screen, screen.form.as_ref()?)))
        else {
            return;
        };
        let words = asking::question(&screen.run, kind).unwrap_or_else(|| form.question().to_owned());
        said.lines.extend([String::new(), format!("{}: {words}", form.title())]);
        if let FormKind::Choose(step) = kind {
            said.lines.extend(asking::ways(&screen.run, step).into_iter().map(|way| format!("  {way}")));
        }
        let proposed = form.field.text();
        if !proposed.is_empty() {
            said.lines.push(format!("Enter alone takes  {proposed}"));
        }
        said.lines.push("A point alone goes back.".to_owned());
    }
}

/// Returns the key of a chord.
fn pressed(chord: Chord) -> (KeyCode, KeyModifiers) {
    let plain = |code| (code, KeyModifiers::NONE);
    match chord {
        Chord::Char(c) => plain(KeyCode::Char(c)),
        Chord::Ctrl(c) => (KeyCode::Char(c), KeyModifiers::CONTROL),
        Chord::Enter => plain(KeyCode::Enter),
        Chord::Esc => plain(KeyCode::Esc),
        Chord::Tab => plain(KeyCode::Tab),
        Chord::BackTab => plain(KeyCode::BackTab),
        Chord::Up => plain(KeyCode::Up),
        Chord::Down => plain(KeyCode::Down),
        Chord::Left => plain(KeyCode::Left),
        Chord::Right => plain(KeyCode::Right),
        Chord::PageUp => plain(KeyCode::PageUp),
        Chord::PageDown => plain(KeyCode::PageDown),
        Chord::Home => plain(KeyCode::Home),
        Chord::End => plain(KeyCode::End),
    }
}
