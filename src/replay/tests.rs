//! A recording gives back what was: every moment, forwards and backwards, and the frame in which the run ended.

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
use crate::ui::{Going, Mark, Model, Moment, Msg, Output, Played, Progress, Spot, Transport, Way, update, view};

#[path = "../../tests/fixtures/recorded.rs"]
mod recorded;

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

#[test]
fn every_moment_is_the_fold_of_the_facts_before_it_in_any_order() {
    let folder = drill();
    let mut player = opened(folder.path());
    let facts = facts(folder.path());
    let now = Instant::now();
    let count = facts.len() as u64;
    for number in (1..=count).rev().chain((1..=count).map(|n| n * 7_919 % count + 1)) {
        let said = player.go(number, 0, now);
        let moment = moment(&said);
        assert_eq!(moment.run, folded(&player, &facts[..number as usize]), "after {number} facts");
        assert_eq!(moment.told.len() as u64, number);
        assert_eq!((played(&said).fact, played(&said).facts), (number, count));
    }
}

#[test]
fn a_step_back_is_where_a_step_forward_came_from() {
    let folder = drill();
    let mut player = opened(folder.path());
    let now = Instant::now();
    let mut runs = vec![moment(&player.go(1, 0, now)).run.clone()];
    while player.cursor.next().is_some() {
        runs.push(moment(&player.wish(Transport::Event(Way::Down), now)).run.clone());
    }
    assert_eq!(runs.len(), facts(folder.path()).len());
    while runs.pop().is_some() && !runs.is_empty() {
        let said = player.wish(Transport::Event(Way::Up), now);
        assert_eq!(Some(&moment(&said).run), runs.last());
    }
}

#[test]
fn played_to_its_end_it_shows_the_frame_in_which_the_run_ended_at_every_speed() {
    let folder = drill();
    let facts = facts(folder.path());
    let mut frames = Vec::new();
    for (speed, step) in [(1, 100), (64, 40), (64, 5_000)] {
        let mut seen = Seen::of(opened(folder.path()));
        seen.player.pace = super::pace::Pace::of(speed);
        seen.play(Duration::from_millis(step));
        assert_eq!(seen.model.run_screen().unwrap().run, folded(&seen.player, &facts));
        frames.push(seen.body());
        seen.wish(Transport::To(Spot::Beginning));
        seen.wish(Transport::To(Spot::Ending));
        frames.push(seen.body());
    }
    // The run's own screen, told the same facts.
    let player = opened(folder.path());
    let theme = built_in("default").unwrap();
    let mut model = Model::run(Arc::clone(&player.recording.plan), "/log", &theme, player.recording.began);
    update(&mut model, Msg::Resize { columns: 100, rows: 29 });
    for fact in &facts {
        update(&mut model, Msg::Tick(fact.at));
        update(&mut model, Msg::Fact(Arc::new(fact.clone())));
    }
    let mut terminal = Terminal::new(TestBackend::new(100, 29)).unwrap();
    terminal.draw(|frame| view(&model, frame)).unwrap();
    let buffer = terminal.backend().buffer();
    let row = |y| (0..100).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
    let live = (1..26).map(row).collect::<Vec<_>>().join("\n");
    assert!(live.contains("RTO   MET"), "{live}");
    for frame in frames {
        assert_eq!(frame, live);
    }
}

#[test]
fn output_is_at_hand_as_it_was_then() {
    let folder = drill();
    let mut seen = Seen::of(opened(folder.path()));
    let began = seen.player.index().from;
    let facts = facts(folder.path());
    let (id, started, took, bytes) = facts
        .iter()
        .find_map(|fact| match &fact.event {
            crate::engine::Event::AttemptFinished { attempt, took_ms, streams, .. } if streams.err_bytes > 20 => {
                let run = folded(&seen.player, &facts);
                Some((attempt.clone(), run.attempts[attempt].started.mono, *took_ms, streams.err_bytes))
            }
            _ => None,
        })
        .unwrap();
    let at = |seen: &mut Seen, since: u64| {
        let said = seen.player.wish(Transport::To(Spot::Since(Duration::from_micros(since - began))), seen.now);
        let total = moment(&said).tails.get(&id).map_or(0, crate::ui::Tail::total);
        seen.hear(said);
        total
    };
    assert_eq!(at(&mut seen, started + took * 200), 0);
    assert_eq!(at(&mut seen, started + took * 400), bytes / 2);
    assert_eq!(at(&mut seen, started + took * 700), bytes);
    assert_eq!(at(&mut seen, started + took * 400), bytes / 2, "and back");
    // What is read at full height ends there, too.
    for key in [KeyCode::Char('z'), KeyCode::Tab] {
        seen.hear(vec![Msg::Key(KeyEvent::from(key))]);
    }
    assert!(seen.frame().contains(&format!("err of {id}")), "{}", seen.frame());
}

#[test]
fn marks_lead_forwards_and_back_and_say_when_there_are_no_more() {
    let folder = drill();
    let mut player = opened(folder.path());
    let now = Instant::now();
    for mark in [Mark::Step, Mark::Decision, Mark::Failure] {
        player.wish(Transport::To(Spot::Beginning), now);
        let mut passed = Vec::new();
        loop {
            let said = player.wish(Transport::Mark(mark, Way::Down), now);
            if !self::said(&said).is_empty() {
                break;
            }
            passed.push(played(&said).fact);
        }
        assert!(passed.len() > 2 && passed.is_sorted(), "{mark:?}: {passed:?}");
        while passed.pop().is_some() && !passed.is_empty() {
            let said = player.wish(Transport::Mark(mark, Way::Up), now);
            assert_eq!(Some(&played(&said).fact), passed.last(), "{mark:?}");
        }
    }
    assert_eq!(said(&player.wish(Transport::Mark(Mark::Breach, Way::Down), now)), "There is no further breach.");
}

#[test]
fn places_lead_where_they_say() {
    let folder = drill();
    let mut player = opened(folder.path());
    let now = Instant::now();
    let facts = facts(folder.path());
    let line = facts[40].seq;
    let said = player.wish(Transport::To(Spot::Line(line)), now);
    assert_eq!(moment(&said).run.last_seq, Some(line));
    let said = player.wish(Transport::To(Spot::Line(line + 1)), now);
    assert!(moment(&said).run.last_seq.unwrap() <= line + 1, "a line that is no fact");
    let said = player.wish(Transport::To(Spot::Wall(facts[40].at.utc.time())), now);
    assert!(moment(&said).at.utc >= facts[40].at.utc - chrono::TimeDelta::seconds(1));
    let onset = folded(&player, &facts).onset().unwrap();
    let said = player.wish(Transport::To(Spot::SinceOnset(Duration::from_secs(10))), now);
    let off = moment(&said).at.utc.signed_duration_since(onset).num_milliseconds() - 10_000;
    assert!(off.abs() < 100, "{off}");
    let said = player.wish(Transport::To(Spot::Percent(100)), now);
    assert_eq!((played(&said).going, played(&said).fact), (Going::Ended, facts.len() as u64));
    let said = player.wish(Transport::Play, now);
    assert_eq!((played(&said).going, played(&said).fact), (Going::Playing, 1), "from its end it plays anew");
}

#[test]
fn everything_that_was_printed_is_found_at_the_moment_it_came() {
    let folder = drill();
    let mut player = opened(folder.path());
    let now = Instant::now();
    let find = |player: &mut Player, text: &str, way| {
        let said = player.wish(Transport::Find(text.to_owned(), way), now);
        (player.time, self::said(&said).to_owned())
    };
    let (time, words) = find(&mut player, "err of 1.1", Way::Down);
    assert!(words.contains("came from 1.1 (stderr)"), "{words}");
    let mut times = vec![time];
    loop {
        let (time, words) = find(&mut player, " of ", Way::Down);
        if words.contains("not printed after") {
            break;
        }
        assert!(time > *times.last().unwrap());
        times.push(time);
    }
    assert!(times.len() > 10, "{times:?}");
    while times.pop().is_some() && !times.is_empty() {
        let (time, words) = find(&mut player, " of ", Way::Up);
        assert_eq!(Some(&time), times.last(), "{words}");
    }
}

#[test]
fn a_long_recording_is_as_near_at_every_moment_and_as_true_where_it_is_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let count = recorded::write(folder.path(), 30_000, 1 << 20);
    let mut player = opened(folder.path());
    assert_eq!(player.index().facts(), count);
    let facts = facts(folder.path());
    let now = Instant::now();
    let mut full = Run::new(Arc::clone(&player.recording.plan));
    let mut number = 0;
    for wanted in (1..=count).step_by(1_777).chain([count - 1, count]) {
        while number < wanted {
            evolve(&mut full, &facts[number as usize]).unwrap();
            number += 1;
        }
        let step = full.focus().map_or(full.current, |strand| strand.step).min(full.steps.len() - 1);
        player.shown = step;
        let said = player.go(wanted, 0, now);
        let moment = moment(&said);
        let run = &moment.run;
        assert_eq!((&run.steps, &run.vars, &run.running), (&full.steps, &full.vars, &full.running), "{wanted}");
        assert_eq!((&run.tries, run.last, run.spent), (&full.tries, full.last, full.spent));
        let of = |run: &Run| {
            let id = run.plan.steps[step].id.clone();
            let all: Vec<_> = run.order.iter().map(|id| (id.clone(), run.attempts[id].clone())).collect();
            let own: Vec<_> = all.into_iter().filter(|(_, attempt)| attempt.step.as_ref() == Some(&id)).collect();
            own[own.len().saturating_sub(24)..].to_vec()
        };
        let (have, had) = (of(run), of(&full));
        assert_eq!(have[have.len().saturating_sub(24)..], had, "{wanted}");
        assert_eq!(moment.told.last().unwrap().clone(), crate::ui::Told::of(&facts[wanted as usize - 1]));
    }
    // An earlier step that is looked at has its attempts and their output.
    player.go(count - 1, 0, now);
    let said = player.wish(Transport::Show(3), now);
    let moment = moment(&said);
    let of: Vec<_> = moment.run.order.iter().filter(|id| id.as_str().starts_with("4.")).collect();
    assert_eq!(of.len(), 24);
}

#[test]
fn where_it_plays_on_it_is_as_when_it_is_gone_to() {
    let folder = tempfile::tempdir().unwrap();
    recorded::write(folder.path(), 20_000, 1 << 18);
    let mut seen = Seen::of(opened(folder.path()));
    seen.wish(Transport::To(Spot::Percent(30)));
    seen.player.pace = super::pace::Pace::of(64);
    seen.wish(Transport::Play);
    for _ in 0..200 {
        seen.now += Duration::from_millis(50);
        let said = seen.player.advance(seen.now);
        seen.hear(said);
    }
    seen.wish(Transport::Play);
    let (time, facts) = (seen.player.time, seen.player.cursor.facts);
    assert!(facts > 8_192, "{facts}");
    let whole = seen.frame();
    let playing = seen.body();
    let said = seen.player.go(facts, time, seen.now);
    seen.hear(said);
    let frame = seen.frame();
    assert_eq!(playing, seen.body(), "{whole}\n{frame}");
}

/// Plays a cast on a terminal: what is seen at its end, the markers, and how long it took.
fn watched(lines: &str, cast: Cast) -> (String, Vec<String>, f64) {
    let mut lines = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let header = lines.next().unwrap();
    let size = match cast {
        Cast::V2 => (header["version"] == 2).then(|| (header["height"].as_u64(), header["width"].as_u64())),
        Cast::V3 => {
            (header["version"] == 3).then(|| (header["term"]["rows"].as_u64(), header["term"]["cols"].as_u64()))
        }
    };
    assert_eq!(size, Some((Some(24), Some(90))), "{header}");
    assert!(header["timestamp"].is_i64() && header["title"].is_string());
    let mut terminal = vt100::Parser::new(24.try_into().unwrap(), 90.try_into().unwrap(), 0);
    let (mut markers, mut at, mut last) = (Vec::new(), 0.0_f64, String::new());
    for event in lines {
        let [time, code, data] = event.as_array().unwrap().as_slice() else { panic!("{event}") };
        let time = time.as_f64().unwrap();
        match cast {
            Cast::V2 => assert!(time >= at, "times go on: {event}"),
            Cast::V3 => assert!(time >= 0.0, "{event}"),
        }
        at = if cast == Cast::V2 { time } else { at + time };
        code.as_str().unwrap().clone_into(&mut last);
        match last.as_str() {
            "o" => terminal.process(data.as_str().unwrap().as_bytes()),
            "m" => markers.push(data.as_str().unwrap().to_owned()),
            "x" => assert_eq!(data, "0"),
            other => panic!("no code of the format: {other}"),
        }
    }
    assert_eq!(last == "x", cast == Cast::V3, "the last event");
    (terminal.screen().contents(), markers, at)
}

#[test]
fn a_cast_plays_the_frames_with_its_steps_as_markers_and_ends_in_the_last_frame() {
    let folder = drill();
    let theme = built_in("default").unwrap();
    let film = |cast, speed, idle| {
        let filming = Filming { size: (90, 24), speed, idle, theme: &theme };
        let mut lines = Vec::new();
        let verdict = Some((crate::ui::Worth::Sound, "SEALED".to_owned()));
        super::cast(recording(folder.path()).unwrap(), &filming, cast, verdict, &mut lines).unwrap();
        watched(&String::from_utf8(lines).unwrap(), cast)
    };
    let (last, markers, long) = film(Cast::V2, 1, None);
    let (last3, markers3, short) = film(Cast::V3, 8, Some(Duration::from_secs(1)));
    assert!(last.contains("REPLAY") && last.contains("log SEALED") && last.contains("RTO   MET"), "{last}");
    let body = |frame: &str| frame.lines().take(20).collect::<Vec<_>>().join("\n");
    assert_eq!(body(&last), body(&last3));
    assert_eq!((markers.len(), &markers), (19, &markers3));
    assert_eq!(markers.first().map(String::as_str), Some("1 Look from outside"));
    assert!((25.0..30.0).contains(&long) && short < 8.0, "{long} {short}");
}

#[test]
fn a_picture_shows_the_frame_of_its_place() {
    let folder = drill();
    let theme = built_in("light").unwrap();
    let filming = Filming { size: (100, 30), speed: 1, idle: None, theme: &theme };
    let svg = |spot| super::svg(recording(folder.path()).unwrap(), &filming, None, spot).unwrap();
    assert!(svg(Spot::Ending).contains("Summary") && !svg(Spot::Beginning).contains("Summary"));
    assert!(svg(Spot::Beginning).contains("Look from outside"));
}

mod bad {
    //! Recordings that are not as they should be.

    use super::*;

    fn lines(folder: &Path) -> Vec<String> {
        let text = std::fs::read_to_string(folder.join("incident.jsonl")).unwrap();
        text.lines().map(|line| line.to_owned() + "\n").collect()
    }

    fn put(folder: &Path, text: impl AsRef<[u8]>) {
        std::fs::write(folder.join("incident.jsonl"), text).unwrap();
    }

    fn end(folder: &Path) -> (u64, String) {
        let mut player = opened(folder);
        let said = player.wish(Transport::To(Spot::Ending), Instant::now());
        let played = played(&said);
        assert_eq!(played.going, Going::Ended);
        (played.fact, played.remarks.join(" "))
    }

    #[test]
    fn open_torn_and_broken_ones_play_as_far_as_they_are_whole_and_say_where_they_end() {
        let folder = drill();
        let lines = lines(folder.path());
        let whole = end(folder.path());
        assert_eq!(whole.1, "");
        put(folder.path(), lines[..100].concat());
        let (open, said) = end(folder.path());
        assert!(open < whole.0 && !said.contains("ends here"), "{said}");
        put(folder.path(), lines[..100].concat() + lines[100].get(..20).unwrap());
        assert_eq!(end(folder.path()).0, open);
        assert!(end(folder.path()).1.contains("the 20 bytes behind its last whole line were torn off"));
        put(folder.path(), lines[..100].concat() + "{\"seq\":\n" + &lines[100..].concat());
        let (fact, said) = end(folder.path());
        assert!(fact == open && said.contains("The recording ends here: line 101"), "{said}");
        let twice = lines[..100].concat() + &lines[60..100].concat();
        put(folder.path(), twice);
        let (fact, said) = end(folder.path());
        assert!(fact == open && said.contains("does not fit what went before"), "{said}");
    }

    #[test]
    fn foreign_files_and_folders_without_their_runbook_are_refused_in_words() {
        let folder = drill();
        let refused = |folder: &Path| recording(folder).unwrap_err().to_string();
        std::fs::remove_file(folder.path().join("runbook.md")).unwrap();
        assert!(refused(folder.path()).contains("runbook.md can't be read"));
        std::fs::write(
            folder.path().join("runbook.md"),
            "# No\n\n### Step\n\n```sh {nonsense=1 impact=loud}\nx\n```\n",
        )
        .unwrap();
        assert!(refused(folder.path()).contains("is not understood by this lifeboat"));
        for text in ["", "{}\n", "\u{0}\u{1}\n", "{\"version\": 2, \"width\": 80}\n"] {
            put(folder.path(), text);
            let said = refused(folder.path());
            assert!(said.contains("is no recording: its first line begins no run"), "{text}: {said}");
        }
    }

    #[test]
    fn newer_formats_play_and_say_what_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        recorded::write(folder.path(), 300, 0);
        let mut lines = lines(folder.path());
        lines[0] = lines[0].replace("lifeboat-log/1", "lifeboat-log/2");
        let seq = lines.len() as u64;
        lines.push(recorded::line(seq, seq * 50_000, &json!({ "k": "teleported", "to": "mars" })));
        put(folder.path(), lines.concat());
        let (_, said) = end(folder.path());
        assert!(said.contains("a newer lifeboat (lifeboat-log/2)") && said.contains("1 lines are of kinds"), "{said}");
    }

    #[test]
    fn a_clock_that_ran_backwards_does_not_turn_the_recording_round() {
        let folder = tempfile::tempdir().unwrap();
        recorded::write(folder.path(), 300, 0);
        let mut lines = lines(folder.path());
        let half = lines.len() / 2;
        for (at, line) in lines.iter_mut().enumerate().skip(half) {
            // The machine booted anew, and its wall clock was an hour behind.
            *line =
                line.replace(&format!("\"mono\":{}", at as u64 * recorded::BETWEEN), &format!("\"mono\":{}", at * 7));
            *line = line.replace("T10:", "T09:");
        }
        put(folder.path(), lines.concat());
        let (facts, said) = end(folder.path());
        assert_eq!(facts, lines.len() as u64);
        assert!(said.contains("A clock was set back by"), "{said}");
        let mut player = opened(folder.path());
        let mut times = Vec::new();
        while player.cursor.next().is_some() {
            player.wish(Transport::Event(Way::Down), Instant::now());
            times.push(player.time);
        }
        assert!(times.is_sorted() && times.len() > 100);
    }

    #[test]
    fn missing_outputs_are_said_at_the_end_and_where_they_would_be_seen() {
        let folder = drill();
        std::fs::remove_dir_all(folder.path().join("output")).unwrap();
        let (_, said) = end(folder.path());
        assert!(said.contains("The output files of") && said.contains("are missing or too short"), "{said}");
        let mut seen = Seen::of(opened(folder.path()));
        let said = seen.player.wish(Transport::Seconds(Way::Down, 9), seen.now);
        let of = moment(&said).tails.values().flat_map(|tail| tail.lines().map(str::to_owned)).collect::<Vec<_>>();
        assert!(of.iter().any(|line| line.contains("missing from the recording")), "{of:?}");
        seen.hear(said);
        seen.wish(Transport::Mark(Mark::Failure, Way::Down));
        for key in [KeyCode::Char('z'), KeyCode::Tab] {
            seen.hear(vec![Msg::Key(KeyEvent::from(key))]);
        }
        assert!(seen.frame().contains("is missing from the recording"), "{}", seen.frame());
    }

    #[test]
    fn escape_sequences_reach_no_frame() {
        let folder = tempfile::tempdir().unwrap();
        recorded::write(folder.path(), 300, 1 << 12);
        for entry in std::fs::read_dir(folder.path().join("output")).unwrap().flatten() {
            if entry.path().extension().is_some_and(|ending| ending == "out") {
                let mut text = b"\x1b]0;title\x07\x1b[2J\x1b[31mred\x9b2J\x00\xff\xe2\x80\xae".to_vec();
                text.resize(entry.metadata().unwrap().len() as usize, b'x');
                std::fs::write(entry.path(), text).unwrap();
            }
        }
        let evil = "\u{1b}[2J\u{202e}evil\u{7}";
        let text: String = lines(folder.path())
            .iter()
            .map(|line| line.replace("alice", &serde_json::to_string(evil).unwrap().replace('"', "")))
            .collect();
        put(folder.path(), text);
        let mut seen = Seen::of(opened(folder.path()));
        let mut frames = String::new();
        for key in ['.', 'x', 'm', 'v', 'v', 'z', '/', 'x'] {
            seen.hear(vec![Msg::Key(KeyEvent::from(KeyCode::Char(key)))]);
            frames += &seen.frame();
        }
        assert!(frames.contains("evil"));
        let bad = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
        assert!(!frames.chars().any(bad));
    }

    #[test]
    fn an_open_run_whose_attempt_printed_on_ends_with_what_it_printed() {
        let folder = tempfile::tempdir().unwrap();
        recorded::write(folder.path(), 300, 1 << 12);
        let lines = lines(folder.path());
        let until = lines.iter().position(|line| line.contains("attempt-started")).unwrap();
        put(folder.path(), lines[..=until].concat());
        let mut player = opened(folder.path());
        let said = player.wish(Transport::To(Spot::Ending), Instant::now());
        assert!(played(&said).remarks.join(" ").contains("No end is recorded of 1.1"));
        let tail = moment(&said).tails.values().next().unwrap();
        let size = std::fs::metadata(folder.path().join("output/1.1.out")).unwrap().len();
        assert_eq!(tail.total(), size);
        assert!(played(&said).to >= (until as u64 + 1) * recorded::BETWEEN);
    }
}

#[test]
fn a_log_that_is_still_being_read_is_played_and_answers_once_it_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let count = recorded::write(folder.path(), 60_000, 0);
    let mut player = Player::open(recording(folder.path()).unwrap(), 1).unwrap();
    let now = Instant::now();
    assert!(!player.index().is_whole());
    let said = player.first();
    assert!(played(&said).reading.is_some_and(|percent| percent < 100) && played(&said).to > player.index().to);
    let said = player.wish(Transport::To(Spot::Ending), now);
    assert_eq!(self::said(&said), "That part of the log is being read …");
    let mut said = Vec::new();
    while !player.index().is_whole() {
        said = player.read_on(10_000, now);
    }
    assert_eq!((played(&said).fact, played(&said).reading), (count, None));
}

#[test]
fn progress_counts_both_streams() {
    let folder = drill();
    let mut player = opened(folder.path());
    player.pace = super::pace::Pace::of(64);
    let mut now = Instant::now();
    player.wish(Transport::Play, now);
    let mut totals: std::collections::BTreeMap<_, u64> = std::collections::BTreeMap::new();
    for _ in 0..100_000 {
        now += Duration::from_millis(50);
        for msg in player.advance(now) {
            if let Msg::Progress(Progress { attempt, total, .. }) = msg {
                let before = totals.insert(attempt, total).unwrap_or(0);
                assert!(total > before);
            }
        }
    }
    for fact in facts(folder.path()) {
        if let crate::engine::Event::AttemptFinished { attempt, streams, .. } = &fact.event {
            let printed = streams.out_bytes + streams.err_bytes;
            assert_eq!(totals.get(attempt).copied().unwrap_or(0), printed, "{attempt}");
        }
    }
}
