//! Every moment, forwards and backwards, and the frame in which the run ended.

use super::*;

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
        seen.player.pace = crate::replay::pace::Pace::of(speed);
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
fn progress_counts_both_streams() {
    let folder = drill();
    let mut player = opened(folder.path());
    player.pace = crate::replay::pace::Pace::of(64);
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
