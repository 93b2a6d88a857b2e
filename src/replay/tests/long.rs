//! Recordings that are longer than people work.

use super::*;

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
    seen.player.pace = crate::replay::pace::Pace::of(64);
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
    assert!(played(&said).awaiting);
    let mut said = Vec::new();
    while !player.index().is_whole() {
        said = player.read_on(10_000, now);
    }
    let last = played(&said);
    assert_eq!((last.fact, last.reading, last.awaiting), (count, None, false));
}

#[test]
fn what_waits_for_the_log_says_so_until_it_is_there_and_whoever_goes_elsewhere_stays_there() {
    let folder = tempfile::tempdir().unwrap();
    let count = recorded::write(folder.path(), 60_000, 0);
    let mut seen = Seen::of(Player::open(recording(folder.path()).unwrap(), 1).unwrap());
    let words = "That part of the log is being read";
    let read_on = |seen: &mut Seen| {
        while !seen.player.index().is_whole() {
            let said = seen.player.read_on(10_000, seen.now);
            seen.hear(said);
        }
    };
    seen.wish(Transport::To(Spot::Ending));
    assert!(seen.frame().contains(words), "{}", seen.frame());
    read_on(&mut seen);
    let frame = seen.frame();
    assert!(!frame.contains(words) && frame.contains(&format!("fact {count} of {count}")), "{frame}");

    let mut seen = Seen::of(Player::open(recording(folder.path()).unwrap(), 1).unwrap());
    seen.wish(Transport::To(Spot::Ending));
    seen.wish(Transport::To(Spot::Beginning));
    assert!(!seen.frame().contains(words), "{}", seen.frame());
    read_on(&mut seen);
    let said = seen.player.played();
    assert_eq!(played(&[said]).fact, 1, "it is led away from where its reader went");
}

mod kept {
    //! The index that is kept from one opening to the next.

    use super::*;
    use crate::replay::index::Index;

    /// Enough that an index is worth keeping.
    const FACTS: u64 = 30_000;

    struct Home {
        folder: tempfile::TempDir,
        cache: tempfile::TempDir,
        facts: u64,
    }

    impl Home {
        fn new() -> Self {
            let (folder, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let facts = recorded::write(folder.path(), FACTS, 1 << 16);
            Self { folder, cache, facts }
        }

        fn index(&self, cache: &Path) -> Index {
            let recording = recording(self.folder.path()).unwrap().cached(Some(cache.to_owned()));
            Index::open(&recording, 10_000)
        }

        /// Reads it to its end, so that it is kept.
        fn keep(&self) -> std::path::PathBuf {
            let mut index = self.index(self.cache.path());
            assert!(!index.is_whole());
            index.read(u64::MAX);
            drop(index);
            self.files().pop().unwrap()
        }

        fn files(&self) -> Vec<std::path::PathBuf> {
            std::fs::read_dir(self.cache.path()).unwrap().map(|entry| entry.unwrap().path()).collect()
        }
    }

    #[test]
    fn what_is_kept_leads_to_the_same_moments_and_nothing_is_written_into_the_recording() {
        let home = Home::new();
        let list = || {
            let mut names: Vec<_> =
                std::fs::read_dir(home.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        let before = list();
        let file = home.keep();
        assert_eq!((home.files().len(), list()), (1, before), "{}", file.display());
        let fresh = opened(home.folder.path());
        let recording = recording(home.folder.path()).unwrap().cached(Some(home.cache.path().to_owned()));
        let mut kept = Player::open(recording, 1).unwrap();
        assert!(kept.index().is_whole() && kept.index().facts() == home.facts);
        let mut fresh = fresh;
        let now = Instant::now();
        let dice = [1, 500, 8_191, 8_192, 8_193, 10_239, 10_240, 10_241, 17_777, 25_000, home.facts - 1, home.facts];
        for facts in dice {
            let (one, other) = (fresh.go(facts, 0, now), kept.go(facts, 0, now));
            let (one, other) = (self::moment(&one), self::moment(&other));
            assert_eq!((&one.run, &one.told, one.at), (&other.run, &other.told, other.at), "{facts}");
            assert_eq!(one.tails.keys().collect::<Vec<_>>(), other.tails.keys().collect::<Vec<_>>(), "{facts}");
        }
        for wish in [
            Transport::Mark(Mark::Failure, Way::Up),
            Transport::Mark(Mark::Note, Way::Up),
            Transport::To(Spot::Ending),
            Transport::To(Spot::Percent(37)),
        ] {
            let (one, other) = (fresh.wish(wish.clone(), now), kept.wish(wish, now));
            assert_eq!(played(&one), played(&other));
        }
    }

    #[test]
    fn an_index_is_never_taken_for_a_log_of_which_one_byte_is_another() {
        let home = Home::new();
        home.keep();
        let log = home.folder.path().join("incident.jsonl");
        let modified = std::fs::metadata(&log).unwrap().modified().unwrap();
        let text = std::fs::read_to_string(&log).unwrap();
        // As long as before, as old as before, and another note in the middle of it.
        let at = text.match_indices("looked at").nth(2_000).unwrap().0;
        let mut bytes = text.into_bytes();
        bytes[at] = b'L';
        std::fs::write(&log, bytes).unwrap();
        std::fs::File::options().write(true).open(&log).unwrap().set_modified(modified).unwrap();
        let mut index = home.index(home.cache.path());
        assert!(!index.is_whole(), "it is read anew");
        index.read(u64::MAX);
        assert_eq!(home.files().len(), 2);
        assert!(home.index(home.cache.path()).is_whole());
        // The runbook says which steps there are.
        let runbook = home.folder.path().join("runbook.md");
        std::fs::write(&runbook, std::fs::read_to_string(&runbook).unwrap() + "\n").unwrap();
        assert!(!home.index(home.cache.path()).is_whole());
    }

    #[test]
    fn an_index_that_is_damaged_or_cut_is_made_anew() {
        let home = Home::new();
        let file = home.keep();
        let bytes = std::fs::read(&file).unwrap();
        let rest = bytes.len() - 44 - 2_000;
        for at in [bytes.len() - 1, bytes.len() - 40, bytes.len() - 44, rest] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            std::fs::write(&file, changed).unwrap();
            assert!(!home.index(home.cache.path()).is_whole(), "{at}");
        }
        for length in [0, 43, 44, bytes.len() / 2, bytes.len() - 1] {
            std::fs::write(&file, &bytes[..length]).unwrap();
            assert!(!home.index(home.cache.path()).is_whole(), "{length}");
        }
        // A state that is damaged is folded from the one before.
        let mut changed = bytes.clone();
        changed[100] ^= 1;
        std::fs::write(&file, changed).unwrap();
        let recording = recording(home.folder.path()).unwrap().cached(Some(home.cache.path().to_owned()));
        let mut kept = Player::open(recording, 1).unwrap();
        assert!(kept.index().is_whole());
        let (mut fresh, now) = (opened(home.folder.path()), Instant::now());
        let (one, other) = (fresh.go(10_300, 0, now), kept.go(10_300, 0, now));
        assert_eq!(self::moment(&one).run, self::moment(&other).run);
    }

    #[test]
    fn without_a_place_for_it_the_index_is_in_memory_and_half_a_one_does_not_stay() {
        let home = Home::new();
        let no_folder = home.cache.path().join("a-file");
        std::fs::write(&no_folder, "x").unwrap();
        let mut index = home.index(&no_folder);
        index.read(u64::MAX);
        assert!(index.is_whole() && index.before(20_000).is_some());
        std::fs::remove_file(&no_folder).unwrap();
        let half = home.index(home.cache.path());
        assert_eq!(home.files().len(), 1, "it is being made");
        drop(half);
        assert_eq!(home.files().len(), 0);
    }
}
