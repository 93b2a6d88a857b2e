//! A recording as frames of one size: what a terminal would show, at the times at which it would change. No time passes
//! meanwhile: the player is told that it has.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};

use super::pace::Pace;
use super::player::{BESIDE, Player};
use super::recording::{Recording, ReplayError};
use crate::engine::Event;
use crate::settings::theme::Theme;
use crate::ui::{Going, Model, Msg, Output, Spot, Transport, Verified, update, view};

/// No more frames are made than one in this time.
const FRAME: Duration = Duration::from_millis(66);
/// While nothing happens the clock is seen to go on so often.
const CLOCK: Duration = Duration::from_millis(500);
/// Wishes of the screen that answer each other end after so many.
const ANSWERS: usize = 8;

/// Says how a recording is filmed.
#[derive(Clone, Copy, Debug)]
pub struct Filming<'t> {
    /// Columns and rows.
    pub size: (u16, u16),
    /// By how much faster than it was.
    pub speed: u32,
    /// How long time in which nothing happens takes at most; `None`: as long as it took.
    pub idle: Option<Duration>,
    /// The theme.
    pub theme: &'t Theme,
}

/// Is a change of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// When, since the film began.
    pub(super) at: Duration,
    /// The steps that began, by their titles.
    pub(super) steps: Vec<String>,
    /// What the terminal is told.
    pub(super) bytes: Vec<u8>,
}

#[derive(Clone, Debug, Default)]
struct Sink(Rc<RefCell<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Makes frames of a recording, one after another.
pub(super) struct Film {
    player: Player,
    model: Model,
    terminal: Terminal<CrosstermBackend<Sink>>,
    sink: Sink,
    began: Instant,
    now: Instant,
    steps: Vec<String>,
}

impl Film {
    /// Opens a recording at its beginning, all of it read.
    pub(super) fn open(recording: Recording, filming: &Filming<'_>) -> Result<Self, ReplayError> {
        // NO_COLOR is heeded where the theme is chosen.
        crossterm::style::force_color_output(true);
        let (columns, rows) = filming.size;
        let log = recording.place.log.display().to_string();
        let mut model = Model::replay(Arc::clone(&recording.plan), log, filming.theme, recording.began);
        let mut player = Player::open(recording, filming.speed)?;
        while player.has_more() {
            player.read_on(BESIDE, Instant::now());
        }
        player.set_pace(Pace::of(filming.speed).idling(filming.idle));
        let sink = Sink::default();
        let viewport = Viewport::Fixed(Rect::new(0, 0, columns, rows));
        let terminal = Terminal::with_options(CrosstermBackend::new(sink.clone()), TerminalOptions { viewport });
        let terminal = terminal.map_err(|error| ReplayError::Terminal(crate::term::TermError::Draw(error)))?;
        update(&mut model, Msg::Resize { columns, rows });
        let now = Instant::now();
        let first = player.first();
        let mut film = Self { player, model, terminal, sink, began: now, now, steps: Vec::new() };
        film.hear(first);
        Ok(film)
    }

    /// Takes the verdict on the log into the banner.
    pub(super) fn verified(&mut self, verified: Verified) {
        let msg = self.player.verified(verified);
        self.hear(vec![msg]);
    }

    fn hear(&mut self, said: Vec<Msg>) {
        let mut said = said;
        for _ in 0..ANSWERS {
            let mut asked = Vec::new();
            for msg in said {
                if let Msg::Fact(fact) = &msg
                    && let Event::StepStarted { step } = &fact.event
                    && let Some(step) = self.player.recording.plan.step(step)
                {
                    self.steps.push(format!("{} {}", step.number, step.title));
                }
                asked.extend(update(&mut self.model, msg));
            }
            said = Vec::new();
            for output in asked {
                if let Output::Replay(wish @ Transport::Show(_)) = output {
                    said.extend(self.player.wish(wish, self.now));
                }
            }
            if said.is_empty() {
                return;
            }
        }
    }

    /// Begins to play.
    pub(super) fn play(&mut self) {
        let said = self.player.wish(Transport::Play, self.now);
        self.hear(said);
    }

    /// Goes to a place, and draws what is seen there.
    pub(super) fn still(&mut self, spot: Spot) -> io::Result<Buffer> {
        let said = self.player.wish(Transport::To(spot), self.now);
        self.hear(said);
        let area = self.terminal.get_frame().area();
        let mut buffer = Buffer::empty(area);
        self.terminal.draw(|frame| {
            view(&self.model, frame);
            buffer = frame.buffer_mut().clone();
        })?;
        Ok(buffer)
    }

    /// Makes the next frame; `None` once the recording is over and its last frame was made.
    pub(super) fn next(&mut self) -> io::Result<Option<Frame>> {
        loop {
            let over = self.player.going != Going::Playing;
            if !over {
                let due = self.player.due(self.now).unwrap_or_default();
                self.now += due.clamp(FRAME, CLOCK);
                let said = self.player.advance(self.now);
                self.hear(said);
            }
            let tick = Msg::Tick(self.player.shown(self.now));
            self.hear(vec![tick]);
            if self.model.take_dirty() {
                self.terminal.draw(|frame| view(&self.model, frame))?;
            }
            let bytes = std::mem::take(&mut *self.sink.0.borrow_mut());
            let at = self.now.saturating_duration_since(self.began);
            if !bytes.is_empty() {
                return Ok(Some(Frame { at, steps: std::mem::take(&mut self.steps), bytes }));
            }
            if over {
                return Ok(None);
            }
        }
    }
}
