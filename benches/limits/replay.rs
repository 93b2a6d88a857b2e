//! A long recording: opening it, going to any moment of it, the index that is kept, the memory that takes.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lifeboat::replay::{Player, Recording};
use lifeboat::store::Runs;
use lifeboat::ui::{Spot, Transport};
use sha2::{Digest as _, Sha256};

use super::{median, memory, say, setting};

#[path = "../../tests/fixtures/recorded.rs"]
pub(crate) mod recorded;

/// Names the folder that a child of the measurement works with.
pub(crate) const CHILD: &str = "LIFEBOAT_BENCH_REPLAY";

const FACTS: (&str, u32) = ("LIFEBOAT_BENCH_REPLAY_FACTS", 1_000_000);
const MEBIBYTES: (&str, u32) = ("LIFEBOAT_BENCH_REPLAY_MIB", 1_024);
/// How many moments are gone to.
const MOMENTS: u32 = 2_000;
const ROUNDS: usize = 5;

fn open(folder: &Path) -> Player {
    let place = Runs::at(folder).find(folder.join("run").to_str().unwrap()).unwrap();
    let recording = Recording::open(place).unwrap().cached(Some(folder.join("cache")));
    let mut player = Player::open(recording, 1).unwrap();
    player.first();
    player
}

/// Opens a recording for the first time and again, and goes to moments of it.
pub(crate) fn replay(state: &Path) {
    let facts = recorded::write(&state.join("run"), setting(FACTS).into(), u64::from(setting(MEBIBYTES)) << 20);
    let log = state.join("run/incident.jsonl");
    let bytes = size(&log)
        + std::fs::read_dir(state.join("run/output")).unwrap().map(|entry| size(&entry.unwrap().path())).sum::<u64>();
    println!("a recording of {facts} facts ({} MB of log) and {} MB in all", size(&log) >> 20, bytes >> 20);
    // In a process of its own, so that its memory is that of a replay alone.
    let child =
        Command::new(std::env::current_exe().unwrap()).env(CHILD, state).stderr(Stdio::inherit()).output().unwrap();
    assert!(child.status.success());
    print!("{}", String::from_utf8(child.stdout).unwrap());
    let index = std::fs::read_dir(state.join("cache")).unwrap().map(|entry| size(&entry.unwrap().path())).sum::<u64>();
    let percent = index as f64 * 100.0 / bytes as f64;
    println!(
        "{:<28} {:>6.1} MB   {percent:.2} % of the recording   goal 2 %",
        "replay, index on the disk",
        index as f64 / 1e6
    );
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).unwrap().len()
}

/// Measures in a process of its own.
pub(crate) fn child(folder: &Path) {
    let hashed = hashed(&folder.join("run/incident.jsonl"));
    let idle = memory(std::process::id(), "VmRSS:").unwrap();
    let began = Instant::now();
    let mut player = open(folder);
    let first = began.elapsed();
    while !player.index().is_whole() {
        player.read_on(10_000, Instant::now());
    }
    println!("{:<28} {first:>9.2?}   read to its end {:.2?}", "replay, first opening", began.elapsed());
    drop(player);
    let again = (0..ROUNDS).map(|_| {
        let began = Instant::now();
        let player = open(folder);
        assert!(player.index().is_whole());
        began.elapsed()
    });
    say("replay, opening", median(again.collect()), hashed, "SHA-256 of the log", "500 ms");
    let mut player = open(folder);
    let lines = player.index().facts();
    let mut dice = lifeboat::kernel::Dice::new(7);
    let went = |spot: Spot, player: &mut Player| {
        let began = Instant::now();
        let said = player.wish(Transport::To(spot), began);
        assert!(said.len() >= 2, "{spot:?}");
        began.elapsed()
    };
    let mut times: Vec<Duration> = Vec::new();
    for nth in 0..MOMENTS {
        let millionth = u64::from(dice.below(1_000_000));
        let line = lines * millionth / 1_000_000;
        let spot =
            if nth % 2 == 0 { Spot::Line(line) } else { Spot::Since(Duration::from_micros(line * recorded::BETWEEN)) };
        times.push(went(spot, &mut player));
    }
    times.sort();
    let (half, p99) = (times[times.len() / 2], times[times.len() * 99 / 100]);
    let worst = times[times.len() - 1];
    println!(
        "{:<28} {p99:>9.2?}   p50 {half:.2?}, worst {worst:.2?} of {MOMENTS}   goal 16 ms",
        "replay, any moment, p99"
    );
    let most = memory(std::process::id(), "VmHWM:").unwrap();
    println!(
        "{:<28} {:>6.1} MiB   at most, of all of this; {:.1} MiB before   goal 128 MiB",
        "replay, memory",
        most as f64 / 1024.0,
        idle as f64 / 1024.0
    );
}

/// What every opening takes at least: each byte of the log is looked at.
fn hashed(log: &Path) -> Duration {
    let once = |_| {
        let began = Instant::now();
        let (mut file, mut hash, mut buffer) = (std::fs::File::open(log).unwrap(), Sha256::new(), vec![0; 256 * 1024]);
        loop {
            match file.read(&mut buffer).unwrap() {
                0 => break,
                n => hash.update(&buffer[..n]),
            }
        }
        std::hint::black_box(hash.finalize());
        began.elapsed()
    };
    median((0..ROUNDS).map(once).collect())
}
