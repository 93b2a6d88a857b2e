//! The screen of a recording: the same frames, driven by the player, at every size, by key script.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent};
use lifeboat::engine::Mode;
use lifeboat::replay::{Player, Recording};
use lifeboat::settings::theme::{Glyphs, Theme, built_in};
use lifeboat::store::Runs;
use lifeboat::ui::{Model, Msg, Output, PastRun, Rivals, Spot, Transport, Verified, Worth, update, view};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crate::support::theme;

const SIZES: [(u16, u16); 4] = [(60, 16), (80, 24), (120, 40), (200, 50)];

/// Is a screen with the recording of a drill, and the player that answers it.
struct Watched {
    player: Player,
    model: Model,
    outputs: Vec<Output>,
    now: Instant,
    terminal: Terminal<TestBackend>,
}

impl Watched {
    fn new(columns: u16, rows: u16, theme: &Theme) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/recording");
        let place = Runs::at("/nowhere").find(folder.to_str().unwrap()).unwrap();
        let recording = Recording::open(place).unwrap();
        let model = Model::replay(Arc::clone(&recording.plan), "/runs/m5fd/incident.jsonl", theme, recording.began);
        let mut player = Player::open(recording, 1).unwrap();
        let first = player.first();
        let terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        let mut watched = Self { player, model, outputs: Vec::new(), now: Instant::now(), terminal };
        watched.hear(vec![Msg::Resize { columns, rows }]);
        watched.hear(first);
        watched
    }

    fn hear(&mut self, said: Vec<Msg>) {
        let asked: Vec<Output> = said.into_iter().filter_map(|msg| update(&mut self.model, msg)).collect();
        for output in asked {
            match output {
                Output::Replay(wish) => {
                    let said = self.player.wish(wish, self.now);
                    self.hear(said);
                }
                output => self.outputs.push(output),
            }
        }
    }

    fn keys(mut self, script: &str) -> Self {
        for word in script.split(' ') {
            let code = match word {
                "space" => KeyCode::Char(' '),
                "enter" => KeyCode::Enter,
                "esc" => KeyCode::Esc,
                "left" => KeyCode::Left,
                "right" => KeyCode::Right,
                "tab" => KeyCode::Tab,
                word => KeyCode::Char(word.chars().next().unwrap()),
            };
            self.hear(vec![Msg::Key(KeyEvent::from(code))]);
        }
        self
    }

    fn typed(mut self, text: &str) -> Self {
        for c in text.chars() {
            self.hear(vec![Msg::Key(KeyEvent::from(KeyCode::Char(c)))]);
        }
        self
    }

    fn played(mut self, for_so_long: Duration) -> Self {
        let until = self.now + for_so_long;
        while self.now < until {
            self.now += Duration::from_millis(20);
            let said = self.player.advance(self.now);
            self.hear(said);
        }
        self
    }

    fn text(&mut self) -> String {
        self.terminal.draw(|frame| view(&self.model, frame)).unwrap();
        let buffer = self.terminal.backend().buffer();
        let row = |y| (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        (0..buffer.area.height).map(|y| row(y).trim_end().to_owned() + "\n").collect()
    }
}

#[test]
fn a_recording_at_every_size() {
    for (columns, rows) in SIZES {
        let mut watched = Watched::new(columns, rows, &theme()).keys("} } esc");
        insta::assert_snapshot!(format!("replay_{columns}x{rows}"), watched.text());
    }
    let ascii = built_in("mono").unwrap().with_glyphs(Glyphs::Ascii);
    let mut watched = Watched::new(80, 24, &ascii).keys("x");
    let text = watched.text();
    assert!(text.starts_with("[REPLAY] of a drill"), "{text}");
    assert!(text.lines().nth(21).unwrap().is_ascii(), "{text}");
}

#[test]
fn beside_a_long_verdict_the_banner_still_says_which_recording_it_is() {
    for (columns, banner) in [
        (80, "▌REPLAY▐ of a drill Region fail… · m5fd  log SEALED by a practice key, ANCHORED"),
        (70, "▌REPLAY▐ of a drill Region f…  log SEALED by a practice key, ANCHORED"),
    ] {
        let mut watched = Watched::new(columns, 24, &theme());
        let words = "SEALED by a practice key, ANCHORED".to_owned();
        let mut said = watched.player.wish(Transport::To(Spot::Beginning), watched.now);
        for msg in &mut said {
            if let Msg::Played(played) = msg {
                played.verdict = Some(Verified { worth: Worth::Sound, words: words.clone(), disclosed: Vec::new() });
            }
        }
        watched.hear(said);
        let text = watched.text();
        assert_eq!(text.lines().next().unwrap(), banner);
    }
}

#[test]
fn where_to_go_is_typed_and_what_is_no_place_stays_to_be_mended() {
    let mut watched = Watched::new(80, 24, &theme()).keys("t").typed("noon").keys("enter");
    let text = watched.text();
    assert!(text.contains("go to > noon") && text.contains("`noon` is no place in a recording"), "{text}");
    let mut watched = watched.keys("esc t").typed("0:20").keys("enter");
    assert!(watched.text().contains(" 0:20 of 0:26 "), "{}", watched.text());
    let mut watched = watched.keys("t").typed("end").keys("enter");
    let text = watched.text();
    assert!(text.contains(" 0:26 of 0:26 ") && text.contains("Summary"), "{text}");
    let mut watched = watched.keys("0 right");
    assert!(watched.text().contains(" 0:10 of 0:26 "), "{}", watched.text());
    let mut watched = watched.keys("left 0 . .");
    assert!(watched.text().contains("fact 3 of 159"), "{}", watched.text());
    let mut watched = watched.keys(",");
    assert!(watched.text().contains("fact 2 of 159"), "{}", watched.text());
}

#[test]
fn it_plays_pauses_and_goes_faster() {
    let watched = Watched::new(80, 24, &theme()).keys("space ] ] i").played(Duration::from_secs(2));
    let mut watched = watched;
    let text = watched.text();
    assert!(text.contains(" ▶ ×4 ") && text.contains("idle kept"), "{text}");
    let mut watched = watched.keys("space [");
    let before = watched.text();
    assert!(before.contains(" ‖ ×2 "), "{before}");
    let mut watched = watched.played(Duration::from_secs(2));
    assert_eq!(watched.text(), before, "it stands");
    let mut watched = watched.keys("space").played(Duration::from_secs(30));
    assert!(watched.text().contains(" ■ ×2 0:26 of 0:26 "), "{}", watched.text());
}

#[test]
fn nothing_is_wished_of_an_engine_whatever_is_pressed_wherever() {
    let keys: Vec<String> = (b'!'..=b'~').map(|byte| char::from(byte).to_string()).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).chain(["space", "enter", "tab", "left", "right"]).collect();
    for place in ["}", "d", "x", "$", "z", "v"] {
        let mut watched = Watched::new(80, 24, &theme());
        for key in &keys {
            watched = watched.keys("esc esc 0").keys(place).keys(key).keys("enter y esc");
            let wished = watched.outputs.iter().find(|output| {
                matches!(output, Output::Intent(_) | Output::HandIn { .. } | Output::HandOver | Output::Detach)
            });
            assert_eq!(wished, None, "{place} {key}");
        }
    }
}

#[test]
fn help_and_palette_name_what_a_replay_can_do() {
    let mut watched = Watched::new(100, 60, &theme()).keys("?");
    let text = watched.text();
    assert!(text.contains("In a replay") && !text.contains("In a run"), "{text}");
    let mut watched = watched.keys("esc :").typed("failure").keys("enter");
    assert!(watched.text().contains("✗") && !watched.text().contains("Palette"), "{}", watched.text());
}

#[test]
fn what_was_asked_then_is_seen_and_nobody_is_asked() {
    let mut watched = Watched::new(100, 30, &theme()).keys("d ,");
    for _ in 0..40 {
        if watched.text().contains("CONFIRM") {
            break;
        }
        watched = watched.keys("d ,");
    }
    let text = watched.text();
    assert!(text.contains("CONFIRM") && text.contains("play or pause"), "{text}");
}

/// Is a run that a recording can be compared with.
fn rival(tail: &str, standing: &str) -> PastRun {
    PastRun {
        run: format!("20261122T094800Z-{tail}"),
        folder: format!("/runs/20261122T094800Z-{tail}"),
        runbook: "region-failure".to_owned(),
        mode: Mode::Drill,
        by: "alice on bastion".to_owned(),
        last: chrono::DateTime::from_timestamp(1_795_341_200, 0).unwrap(),
        standing: standing.to_owned(),
        waits: String::new(),
        clock: None,
    }
}

#[test]
fn another_run_of_the_runbook_is_chosen_and_compared() {
    let mut watched = Watched::new(80, 24, &theme()).keys("c");
    assert!(watched.text().contains("other runs are still being looked for"), "{}", watched.text());
    let found = |runs| Msg::Rivals(Rivals { of: "/runs/m5fd".to_owned(), runs });
    watched.hear(vec![found(Vec::new())]);
    let mut watched = watched.keys("c");
    assert!(watched.text().contains("no other run of this runbook that is over was found"), "{}", watched.text());

    watched.hear(vec![found(vec![rival("aaaa", "recovered"), rival("bbbb", "stopped\u{1b}[2J")])]);
    let mut watched = watched.keys("} c");
    insta::assert_snapshot!("replay_rivals", watched.text());
    let mut watched = watched.typed("bbbb");
    let text = watched.text();
    assert!(text.contains("-bbbb") && !text.contains("-aaaa"), "{text}");
    let mut watched = watched.keys("enter");
    assert_eq!(watched.outputs, [Output::Compare("/runs/m5fd".to_owned(), "/runs/20261122T094800Z-bbbb".to_owned())]);
    assert!(!watched.text().contains("Compare with which run?"), "{}", watched.text());
    watched.outputs.clear();
    // Esc chooses nothing; the palette and the help have it too.
    let mut watched = watched.keys("c esc ? esc :").typed("compare with");
    assert!(watched.text().contains("Compare the recording with another ru…"), "{}", watched.text());
    let mut watched = watched.keys("enter");
    assert!(watched.text().contains("Compare with which run?") && watched.outputs.is_empty(), "{}", watched.text());
}
