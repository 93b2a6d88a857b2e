//! A recording gives back what was. Here is what these tests share: recordings, and a screen with a player that answers it.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::json;

use super::cast::Cast;
use super::film::Filming;
use super::player::Player;
use super::recording::{Recording, ReplayError};
use crate::engine::{Fact, Run, evolve};
use crate::journal::read_log;
use crate::settings::theme::built_in;
use crate::store::Runs;
use crate::ui::{
    Going, Mark, Model, Moment, Msg, Output, Played, Progress, Spot, Transport, Verified, Way, update, view,
};

mod bad;
mod films;
mod long;
mod moments;
#[path = "../../../tests/fixtures/recorded.rs"]
mod recorded;
mod ways;

fn recording(folder: &Path) -> Result<Recording, ReplayError> {
    Recording::open(Runs::at("/nowhere").find(folder.to_str().unwrap()).unwrap())
}

fn opened(folder: &Path) -> Player {
    whole(Player::open(recording(folder).unwrap(), 1).unwrap())
}

fn whole(mut player: Player) -> Player {
    while !player.index().is_whole() {
        player.read_on(10_000, Instant::now());
    }
    player
}

/// Copies the recording of a drill, whose outputs are made up here.
fn drill() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let from = Path::new("tests/fixtures/recording");
    for name in ["incident.jsonl", "runbook.md"] {
        std::fs::copy(from.join(name), folder.path().join(name)).unwrap();
    }
    std::fs::create_dir(folder.path().join("output")).unwrap();
    for fact in facts(folder.path()) {
        if let crate::engine::Event::AttemptFinished { attempt, streams, took_ms, .. } = &fact.event {
            let mut index = String::new();
            for (kind, bytes) in [("out", streams.out_bytes), ("err", streams.err_bytes)] {
                if bytes > 0 {
                    let text: String = format!("{kind} of {attempt}\n").chars().cycle().take(bytes as usize).collect();
                    std::fs::write(folder.path().join(attempt.output_file(kind)), text).unwrap();
                    writeln!(index, "{} {kind} {}", took_ms * 300, bytes / 2).unwrap();
                    writeln!(index, "{} {kind} {bytes}", took_ms * 600).unwrap();
                }
            }
            let mut lines: Vec<&str> = index.lines().collect();
            lines.sort_by_key(|line| line.split(' ').next().unwrap().parse::<u64>().unwrap());
            std::fs::write(folder.path().join(attempt.output_file("idx")), lines.join("\n") + "\n").unwrap();
        }
    }
    folder
}

fn facts(folder: &Path) -> Vec<Fact> {
    read_log(&std::fs::read(folder.join("incident.jsonl")).unwrap()).into_facts()
}

fn folded(player: &Player, facts: &[Fact]) -> Run {
    let mut run = Run::new(Arc::clone(&player.recording.plan));
    for fact in facts {
        evolve(&mut run, fact).unwrap();
    }
    run
}

fn moment(said: &[Msg]) -> &Moment {
    said.iter().rev().find_map(|msg| if let Msg::Moment(moment) = msg { Some(moment) } else { None }).expect("a moment")
}

fn played(said: &[Msg]) -> &Played {
    said.iter().rev().find_map(|msg| if let Msg::Played(played) = msg { Some(played) } else { None }).expect("news")
}

fn said(said: &[Msg]) -> &str {
    said.iter().rev().find_map(|msg| if let Msg::Say(text) = msg { Some(text.as_str()) } else { None }).unwrap_or("")
}

/// Is a screen, and a player that answers it.
struct Seen {
    player: Player,
    model: Model,
    now: Instant,
    terminal: Terminal<TestBackend>,
}

impl Seen {
    fn of(mut player: Player) -> Self {
        let theme = built_in("default").unwrap();
        let model = Model::replay(Arc::clone(&player.recording.plan), "/log", &theme, player.recording.began);
        let first = player.first();
        let terminal = Terminal::new(TestBackend::new(100, 30)).unwrap();
        let mut seen = Self { player, model, now: Instant::now(), terminal };
        seen.hear(vec![Msg::Resize { columns: 100, rows: 30 }]);
        seen.hear(first);
        seen
    }

    fn hear(&mut self, said: Vec<Msg>) {
        // What is on its way comes before what is asked for because of it.
        let asked: Vec<Output> = said.into_iter().filter_map(|msg| update(&mut self.model, msg)).collect();
        for output in asked {
            match output {
                Output::Replay(wish) => self.wish(wish),
                Output::Seek(seek) => {
                    let leaf = self.player.leaf(&seek);
                    self.hear(vec![leaf]);
                }
                _ => {}
            }
        }
    }

    fn wish(&mut self, wish: Transport) {
        let said = self.player.wish(wish, self.now);
        self.hear(said);
        while self.player.searches() {
            let said = self.player.search_on(Duration::ZERO, self.now);
            self.hear(said);
        }
    }

    /// Plays until the recording stands, in steps of so long.
    fn play(&mut self, step: Duration) {
        self.wish(Transport::Play);
        for _ in 0..1_000_000 {
            self.now += step;
            let said = self.player.advance(self.now);
            self.hear(said);
            if self.player.going != Going::Playing {
                return;
            }
        }
        panic!("it never ended");
    }

    fn frame(&mut self) -> String {
        self.terminal.draw(|frame| view(&self.model, frame)).unwrap();
        let buffer = self.terminal.backend().buffer();
        let row = |y| (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        (0..buffer.area.height).map(|y| row(y).trim_end().to_owned() + "\n").collect()
    }

    /// The frame without the banner and the line of the recording: what the run's own screen shows, too.
    fn body(&mut self) -> String {
        let frame = self.frame();
        frame.lines().skip(1).take(25).collect::<Vec<_>>().join("\n")
    }
}
