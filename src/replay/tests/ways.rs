//! Ways through a recording: marks, places, what was printed.

use super::*;

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
        let mut said = player.wish(Transport::Find(text.to_owned(), way), now);
        while player.searches() {
            said = player.search_on(Duration::from_secs(1), now);
        }
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
fn a_search_goes_on_a_little_at_a_time_says_how_far_and_can_be_stopped() {
    let folder = tempfile::tempdir().unwrap();
    recorded::write(folder.path(), 300, 1 << 16);
    let mut player = opened(folder.path());
    let now = Instant::now();
    let begin = |player: &mut Player, text: &str, way| {
        player.search = Some(crate::replay::search::Search::begin(player, text.to_owned(), way, now));
    };
    let to_the_end = |player: &mut Player| {
        let (mut steps, mut said) = (0, Vec::new());
        while player.searches() {
            said = player.search_on(Duration::ZERO, now);
            steps += 1;
        }
        (steps, player.time, self::said(&said).to_owned())
    };
    for (text, way) in [("no such thing", Way::Down), ("line 3 of", Way::Down), ("line 3 of", Way::Up)] {
        player.wish(Transport::To(Spot::Percent(50)), now);
        begin(&mut player, text, way);
        let (steps, time, words) = to_the_end(&mut player);
        assert!(steps > 1, "{steps}");
        player.wish(Transport::To(Spot::Percent(50)), now);
        player.wish(Transport::Find(text.to_owned(), way), now);
        // On a busy machine the wish alone does not come to its end.
        to_the_end(&mut player);
        assert_eq!((time, player.searches()), (player.time, false), "{text}: {words}");
    }
    player.wish(Transport::To(Spot::Percent(50)), now);
    let stood = player.time;
    begin(&mut player, "no such thing", Way::Down);
    for _ in 0..20 {
        player.search_on(Duration::ZERO, now);
    }
    let said = player.wish(Transport::StopSearch, now);
    let words = self::said(&said);
    assert!(words.starts_with("The search for `no such thing` was stopped at ") && !words.contains(" 0 %"), "{words}");
    assert!(!player.searches() && player.time == stood && !played(&said).searching);
    // Whoever goes elsewhere is not led away again; whoever looks at another step goes nowhere.
    begin(&mut player, "no such thing", Way::Up);
    player.wish(Transport::Show(1), now);
    assert!(player.searches());
    player.wish(Transport::Event(Way::Down), now);
    assert!(!player.searches());
}

#[test]
fn escape_stops_a_search_where_one_goes_on_and_nothing_else() {
    let folder = drill();
    let mut seen = Seen::of(opened(folder.path()));
    let escape = |seen: &mut Seen| update(&mut seen.model, Msg::Key(KeyEvent::from(KeyCode::Esc)));
    assert_eq!(escape(&mut seen), None);
    let said = seen.player.first();
    let mut searching = played(&said).clone();
    searching.searching = true;
    update(&mut seen.model, Msg::Played(Box::new(searching)));
    assert_eq!(escape(&mut seen), Some(Output::Replay(Transport::StopSearch)));
}
